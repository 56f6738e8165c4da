//! Log groups. <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html>

use super::{Metric, Resolution, Stat};

/// Bytes of events taken in, uncompressed: what ingestion is billed by.
pub const INCOMING_BYTES: Metric = Metric::new(
    ("AWS/Logs", &["LogGroupName"]),
    "IncomingBytes",
    Stat::Sum,
    Resolution::Hour,
);
