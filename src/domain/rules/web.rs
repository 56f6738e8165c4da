//! What is behind the load balancers and in front of them: buckets and CloudFront. Once per account.

pub mod buckets;
pub mod distributions;
