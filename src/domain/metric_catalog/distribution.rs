//! Metrics of CloudFront.
//!
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html>

use super::{Metric, Resolution, Stat};

const FAMILY: (&str, &[&str]) = ("AWS/CloudFront", &["DistributionId", "Region"]);
/// Requests of viewers, per minute.
pub const REQUESTS: Metric = Metric::new(FAMILY, "Requests", Stat::Sum, Resolution::Minute);
/// Bytes sent to viewers, per five minutes.
pub const BYTES: Metric = Metric::new(FAMILY, "BytesDownloaded", Stat::Sum, Resolution::FiveMinutes);
/// Share of requests answered with 4xx, percent.
pub const ERRORS_4XX: Metric = Metric::new(FAMILY, "4xxErrorRate", Stat::Average, Resolution::Minute);
/// Share of requests answered with 5xx, percent.
pub const ERRORS_5XX: Metric = Metric::new(FAMILY, "5xxErrorRate", Stat::Average, Resolution::Minute);
/// Share of requests answered from a cache, percent; only where additional metrics are turned on.
pub const HIT_RATE: Metric = Metric::new(FAMILY, "CacheHitRate", Stat::Average, Resolution::FiveMinutes);
