//! Lambda functions, all versions and aliases together.
//! <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>

use super::{Metric, MetricId, MetricSpec, Resolution, Stat};

const FAMILY: (&str, &[&str]) = ("AWS/Lambda", &["FunctionName"]);
/// Invocations, per minute; throttled ones are not among them.
pub const INVOCATIONS: Metric = Metric::new(FAMILY, "Invocations", Stat::Sum, Resolution::Minute);
/// Invocations that ended in an error, per minute.
pub const ERRORS: Metric = Metric::new(FAMILY, "Errors", Stat::Sum, Resolution::Minute);
/// Invocations that were turned away for want of concurrency, per minute.
pub const THROTTLES: Metric = Metric::new(FAMILY, "Throttles", Stat::Sum, Resolution::Minute);
/// How long the code ran, milliseconds, 95th percentile.
pub const DURATION_P95: Metric = Metric::new(FAMILY, "Duration", Stat::P95, Resolution::Minute);
/// How long the code ran, milliseconds, the longest.
pub const DURATION_MAX: Metric = Metric::new(FAMILY, "Duration", Stat::Maximum, Resolution::Minute);
/// Invocations at once, the most of each minute.
pub const CONCURRENT: Metric = Metric::new(FAMILY, "ConcurrentExecutions", Stat::Maximum, Resolution::Minute);
/// Events that could not be put into the dead-letter queue, per minute.
pub const DEAD_LETTER_ERRORS: Metric = Metric::new(FAMILY, "DeadLetterErrors", Stat::Sum, Resolution::Minute);
/// Events that could not be sent to a destination, per minute.
pub const DESTINATION_FAILURES: Metric = Metric::new(
    FAMILY,
    "DestinationDeliveryFailures",
    Stat::Sum,
    Resolution::Minute,
);
/// The age of the last record that was read of a stream, milliseconds.
pub const ITERATOR_AGE: Metric = Metric::new(FAMILY, "IteratorAge", Stat::Maximum, Resolution::Minute);

/// A count of one version as it was called through an alias, by the hour of the last week.
pub fn of_version(name: &str, (function, alias, version): (&str, &str, &str)) -> MetricSpec {
    let resource = format!("{function}:{alias}");
    let dimensions = [
        ("FunctionName", function),
        ("Resource", resource.as_str()),
        ("ExecutedVersion", version),
    ];
    MetricId::new("AWS/Lambda", name, &dimensions, Stat::Sum).by_hour()
}
