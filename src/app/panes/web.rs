//! Distributions and buckets, of each account once.

use crate::app::format;
use crate::app::panes::data::graph;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::bucket::{Bucket, BucketStorage, Exposure, Versioning};
use crate::domain::distribution::{Distribution, METRIC_REGION};
use crate::domain::ids::Kind;
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::metric::MetricGroup;
use crate::domain::metric_catalog::{Metric, distribution as metric};

/// Distributions, then buckets.
pub(super) fn sections(state: &State) -> Vec<Section> {
    vec![distributions(state), buckets(state)]
}

fn distributions(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("DISTRIBUTION", 18, 40, 0),
        Column::words("STATE", 8, 10, 0),
        Column::numbers("REQ/min", 7, 0),
        Column::words("", 8, 16, 6),
        Column::numbers("5xx", 6, 0),
        Column::numbers("4xx", 6, 1),
        Column::numbers("HITS", 6, 0),
        Column::numbers("OUT/min", 9, 3),
        Column::numbers("INVALIDATING", 12, 4),
        Column::words("ID", 14, 14, 5),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::Distribution, columns, "no distributions here");
    for scope in state.picture.inventory.shown() {
        for one in scope.distributions.get().into_iter().flatten() {
            sketch.push(scope, &one.arn, || distribution_cells(state, scope, one));
        }
    }
    let sources = [Source::Distributions, Source::Metrics(MetricGroup::Distribution)];
    sketch.finish("CloudFront distributions", Told::of_account(state, &sources))
}

fn distribution_cells(state: &State, scope: &ScopeState, one: &Distribution) -> Vec<Cell> {
    let now = state.picture.at;
    let id = |metric: &Metric| metric.of_both(&one.id, METRIC_REGION).id();
    let latest = |metric: &Metric| scope.latest(&id(metric), now);
    let share = |metric: &Metric| {
        let value = latest(metric);
        let bad = value.is_some_and(|share| share >= 1.0);
        Cell::number(value, |share| format!("{}%", format::number(share))).tone(if bad {
            Tone::Warn
        } else {
            Tone::Plain
        })
    };
    let (word, tone) = match (one.enabled, one.status.as_str()) {
        (Some(false), _) => ("disabled", Tone::Warn),
        (_, "Deployed") => ("deployed", Tone::Plain),
        (_, _) => ("deploying", Tone::Accent),
    };
    vec![
        Cell::new(one.name()).tone(Tone::Strong),
        Cell::new(word).tone(tone),
        Cell::number(latest(&metric::REQUESTS), format::number),
        graph(scope.metric(&id(&metric::REQUESTS))),
        share(&metric::ERRORS_5XX),
        share(&metric::ERRORS_4XX),
        Cell::number(latest(&metric::HIT_RATE), |share| {
            format!("{}%", format::number(share))
        }),
        Cell::number(latest(&metric::BYTES).map(|sum| sum / 5.0), format::bytes),
        Cell::number(one.in_progress().map(|count| count as f64), format::number),
        Cell::new(&one.id).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

fn buckets(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("BUCKET", 20, 48, 0),
        Column::numbers("SIZE", 9, 0),
        Column::numbers("OBJECTS", 9, 1),
        Column::numbers("GROWTH/day", 10, 3),
        Column::words("ACCESS", 7, 13, 0),
        Column::words("VERSIONS", 8, 9, 4),
        Column::words("LIFECYCLE", 9, 20, 0),
        Column::words("REGION", 9, 14, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::Bucket, columns, "no buckets here");
    for scope in state.picture.inventory.shown() {
        let storage = scope.bucket_storage.get();
        for bucket in scope.buckets.get().into_iter().flatten() {
            let held = storage.and_then(|all| all.iter().find(|one| one.bucket == bucket.name));
            sketch.push(scope, &bucket.arn(), || bucket_cells(bucket, held));
        }
    }
    let sources = [Source::Buckets, Source::BucketStorage];
    sketch.finish("S3 buckets", Told::of_account(state, &sources))
}

fn bucket_cells(bucket: &Bucket, held: Option<&BucketStorage>) -> Vec<Cell> {
    let exposure = bucket.exposure();
    let tone = match exposure {
        Some(Exposure::Public) => Tone::Warn,
        Some(Exposure::Blocked | Exposure::AclsPossible) => Tone::Plain,
        None => Tone::Unknown,
    };
    let lifecycle = match bucket.lifecycle {
        None => format::UNKNOWN.to_owned(),
        Some(lifecycle) if lifecycle.rules == 0 => "none".to_owned(),
        Some(lifecycle) if lifecycle.thins_out => format!("{} thin out", lifecycle.rules),
        Some(lifecycle) if lifecycle.rules == 1 => "1 rule".to_owned(),
        Some(lifecycle) => format!("{} rules", lifecycle.rules),
    };
    vec![
        Cell::new(&bucket.name).tone(Tone::Strong),
        Cell::number(held.and_then(BucketStorage::bytes), format::bytes),
        Cell::number(held.and_then(BucketStorage::objects), |count| {
            format::count(count as u64)
        }),
        Cell::number(held.and_then(BucketStorage::growth_per_day), format::bytes),
        Cell::new(exposure.map_or(format::UNKNOWN, Exposure::word)).tone(tone),
        Cell::new(bucket.versioning.map_or(format::UNKNOWN, Versioning::word)).tone(Tone::Muted),
        Cell::new(lifecycle),
        Cell::new(bucket.region.as_deref().unwrap_or(format::UNKNOWN)).tone(Tone::Muted),
    ]
}
