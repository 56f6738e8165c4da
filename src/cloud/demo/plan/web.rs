//! Buckets, distributions, certificates, health checks, secrets and parameters as an estate's file has
//! them.

use serde::Deserialize;

/// A bucket.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// The bucket's name.
    pub name: String,
    /// GiB in S3 Standard.
    pub gib: f64,
    /// GiB in Standard-Infrequent Access.
    #[serde(default)]
    pub infrequent_gib: f64,
    /// GiB by which it grows a day.
    #[serde(default)]
    pub growth_gib_per_day: f64,
    /// Objects.
    pub objects: u64,
    /// Whether every version is kept.
    #[serde(default)]
    pub versioned: bool,
    /// Whether its policy lets everybody in.
    #[serde(default)]
    pub public: bool,
    /// What its lifecycle rules do.
    #[serde(default)]
    pub lifecycle: Vec<LifecycleRule>,
}

/// What a lifecycle rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LifecycleRule {
    /// Objects go, or become cheaper.
    ThinOut,
    /// Unfinished uploads go.
    AbortUploads,
}

/// A distribution.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// What its owners call it: the comment.
    pub name: String,
    /// Names that viewers use.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Buckets that it fetches from.
    #[serde(default)]
    pub buckets: Vec<String>,
    /// Load balancers that it fetches from.
    #[serde(default)]
    pub balancers: Vec<String>,
    /// Where it answers from.
    pub price_class: String,
    /// Whose wishes it serves.
    pub traffic: String,
    /// Requests per minute at the peak.
    pub peak_rpm: f64,
    /// KiB of an answer.
    pub kib_each: f64,
    /// Share of answers from a cache, percent; absent where additional metrics are off.
    pub hit_percent: Option<f64>,
}

/// A certificate.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The name that it is for.
    pub domain: String,
    /// Further names.
    #[serde(default)]
    pub alternatives: Vec<String>,
    /// Days until it ends, counted from when the demo opens.
    pub days_left: i64,
    /// Whether it is in us-east-1, for CloudFront.
    #[serde(default)]
    pub edge: bool,
    /// Load balancers and distributions that use it, by name.
    #[serde(default)]
    pub used_by: Vec<String>,
}

/// A health check of Route 53.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthCheck {
    /// The value of the tag `Name`.
    pub name: String,
    /// What is asked for.
    pub url: String,
    /// The target group behind it.
    pub target_group: String,
}

/// A secret.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// The secret's name.
    pub name: String,
    /// What its owners wrote about it.
    pub description: Option<String>,
    /// Days since it was made.
    pub age_days: u32,
    /// Days since its value was read; absent if nobody has.
    pub read_days: Option<u32>,
    /// Days between two rotations, and days since the last one.
    pub rotation: Option<(u32, u32)>,
}

/// A parameter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The parameter's name.
    pub name: String,
    /// Whether its value is encrypted.
    #[serde(default)]
    pub secure: bool,
    /// Days since it was changed.
    pub age_days: u32,
    /// Its version.
    pub version: i64,
}

/// A VPC endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The last part of the service's name.
    pub service: String,
    /// In how many subnets an interface endpoint is; absent for a gateway endpoint.
    pub subnets: Option<u32>,
}
