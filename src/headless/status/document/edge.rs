//! Buckets, distributions, VPC endpoints, certificates, health checks, secrets and parameters.

use std::collections::BTreeMap;

use crate::headless::moment;
use jiff::Timestamp;
use serde::Serialize;

/// A bucket.
#[derive(Debug, Clone, Serialize)]
pub struct Bucket {
    /// The region in which it lies.
    pub region: Option<String>,
    /// Bytes of all storage classes, as CloudWatch counted them last.
    pub bytes: Option<f64>,
    /// Bytes by storage class.
    pub bytes_by_class: Option<BTreeMap<String, f64>>,
    /// Objects.
    pub objects: Option<f64>,
    /// Bytes by which it grows a day.
    pub growth_bytes_per_day: Option<f64>,
    /// The day that was counted.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub counted_at: Option<Timestamp>,
    /// `blocked`, `public` or `acls-possible`, by the bucket's public access block and its account's; without
    /// the latter, by the bucket's.
    pub access: Option<&'static str>,
    /// Whether the account's public access block ignores public ACLs; `null` where it could not be read.
    pub account_ignores_public_acls: Option<bool>,
    /// Whether the account's public access block restricts public policies; `null` where it could not be read.
    pub account_restricts_public_policies: Option<bool>,
    /// `enabled`, `suspended` or `off`.
    pub versioning: Option<&'static str>,
    /// Lifecycle rules that are enabled.
    pub lifecycle_rules: Option<u32>,
    /// Whether one of them deletes objects or moves them to a cheaper class.
    pub lifecycle_thins_out: Option<bool>,
    /// Whether one of them removes unfinished uploads.
    pub lifecycle_aborts_uploads: Option<bool>,
    /// What keeping it costs, US dollars a month, where each class has a price.
    pub storage_usd_per_month: Option<f64>,
}

/// A distribution.
#[derive(Debug, Clone, Serialize)]
pub struct Distribution {
    /// CloudFront's id.
    pub distribution_id: String,
    /// CloudFront's own name of it.
    pub domain_name: String,
    /// Names that viewers use.
    pub aliases: Vec<String>,
    /// `Deployed` or `InProgress`.
    pub status: String,
    /// Whether it answers viewers.
    pub enabled: Option<bool>,
    /// Domains that it fetches from.
    pub origins: Vec<String>,
    /// Requests per minute, mean of five minutes.
    pub requests_per_minute: Option<f64>,
    /// Share answered with 4xx, mean of five minutes.
    pub errors_4xx_percent: Option<f64>,
    /// Share answered with 5xx, mean of five minutes.
    pub errors_5xx_percent: Option<f64>,
    /// Share answered from a cache, mean of an hour; `None` without additional metrics.
    pub cache_hit_percent: Option<f64>,
    /// Bytes to viewers per minute, over the newest five minutes.
    pub bytes_per_minute: Option<f64>,
    /// Invalidations that have not reached every edge location.
    pub invalidations_in_progress: Option<usize>,
}

/// A VPC endpoint.
#[derive(Debug, Clone, Serialize)]
pub struct VpcEndpoint {
    /// The service, such as `com.amazonaws.us-east-1.s3`.
    pub service: String,
    /// `Gateway`, `Interface` or `GatewayLoadBalancer`.
    #[serde(rename = "type")]
    pub form: String,
    /// `available`, …
    pub state: String,
    /// Its VPC.
    pub vpc: Option<String>,
    /// Subnets of an interface endpoint.
    pub subnets: u32,
    /// What being there costs, US dollars a month.
    pub usd_per_month: Option<f64>,
}

/// A certificate.
#[derive(Debug, Clone, Serialize)]
pub struct Certificate {
    /// Further names.
    pub alternatives: Vec<String>,
    /// `ISSUED`, `PENDING_VALIDATION`, …
    pub status: String,
    /// `amazon`, `private` or `imported`.
    pub origin: &'static str,
    /// When it ends.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub not_after: Option<Timestamp>,
    /// Whole days until then.
    pub days_left: Option<i64>,
    /// ARNs of what uses it.
    pub in_use_by: Vec<String>,
    /// Whether ACM may renew it.
    pub renewable: Option<bool>,
    /// Where its renewal is.
    pub renewal: Option<String>,
    /// Names whose proof ACM does not find.
    pub unproven: Vec<String>,
}

/// A health check.
#[derive(Debug, Clone, Serialize)]
pub struct HealthCheck {
    /// `HTTPS`, `CALCULATED`, …
    #[serde(rename = "type")]
    pub form: String,
    /// What is checked.
    pub target: Option<String>,
    /// `healthy`, `unhealthy` or `disabled`.
    pub state: Option<&'static str>,
    /// Checkers that find it well.
    pub checkers_well: Option<usize>,
    /// Checkers that have answered.
    pub checkers: Option<usize>,
}

/// A secret, without its value.
#[derive(Debug, Clone, Serialize)]
pub struct Secret {
    /// When it was made.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub created_at: Option<Timestamp>,
    /// When its value or settings were changed last.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub changed_at: Option<Timestamp>,
    /// The day on which its value was read last.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub accessed_at: Option<Timestamp>,
    /// Whether it is rotated by itself.
    pub rotation_enabled: bool,
    /// When it was rotated last.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub rotated_at: Option<Timestamp>,
    /// When it is to be rotated again.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub next_rotation_at: Option<Timestamp>,
    /// Since when it is scheduled for deletion.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub deleted_at: Option<Timestamp>,
}

/// A parameter, without its value.
#[derive(Debug, Clone, Serialize)]
pub struct Parameter {
    /// `String`, `StringList` or `SecureString`.
    #[serde(rename = "type")]
    pub form: String,
    /// `Standard` or `Advanced`.
    pub tier: Option<String>,
    /// The version in use.
    pub version: Option<i64>,
    /// When it was changed last.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub modified_at: Option<Timestamp>,
}

/// A listener of a load balancer.
#[derive(Debug, Clone, Serialize)]
pub struct Listener {
    /// `HTTP`, `HTTPS`, …
    pub protocol: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// `forward`, `redirect`, …
    pub default_action: Option<String>,
}
