//! Pieces that details have in common.

use jiff::Timestamp;

use crate::app::detail::{Block, Chart};
use crate::app::format;
use crate::app::state::State;
use crate::app::table::{Cell, Tone};
use crate::domain::ids::Tag;
use crate::domain::inventory::ScopeState;
use crate::domain::metric_catalog::{Metric, MetricRef};

/// A name and a value.
pub(super) fn fact(name: &str, value: impl AsRef<str>) -> (String, Cell) {
    (name.to_owned(), Cell::new(value))
}

/// A name and a value that may not be known.
pub(super) fn maybe(name: &str, value: Option<impl AsRef<str>>) -> (String, Cell) {
    match value {
        Some(value) => fact(name, value),
        None => (name.to_owned(), Cell::new(format::UNKNOWN).tone(Tone::Muted)),
    }
}

/// A time with its zone and how long ago it was.
pub(super) fn when(state: &State, at: Timestamp) -> String {
    let zone = state.zone();
    let then = at
        .to_zoned(zone.zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string();
    let now = state.picture.at;
    if at > now {
        format!("{then} {} (in {})", zone.label, format::age(at, now))
    } else {
        format!("{then} {} ({} ago)", zone.label, format::age(now, at))
    }
}

/// A graph of a metric, whatever is known of it.
pub(super) fn chart(
    state: &State,
    scope: &ScopeState,
    title: &str,
    metric: MetricRef<'_>,
    show: fn(f64) -> String,
) -> Chart {
    let series = scope.metric(&metric.id());
    let latest = scope.latest(&metric.id(), state.picture.at);
    let points = series.map(|series| series.points.clone()).unwrap_or_default();
    let largest = points.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    Chart {
        title: title.to_owned(),
        latest: latest.map_or_else(|| "no data".to_owned(), show),
        largest: scale(largest, show),
        points,
        tone: Tone::Accent,
    }
}

/// The top of a scale. What would be shown as nothing keeps its digits: columns stand below it.
fn scale(largest: f64, show: fn(f64) -> String) -> String {
    let nothing = show(0.0);
    let shown = show(largest);
    if shown != nothing || largest <= 0.0 {
        return shown;
    }
    let unit = nothing.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let places = (-largest.log10()).ceil().clamp(1.0, 9.0) as usize;
    format!("{largest:.places$}{unit}")
}

/// A graph to be drawn: its title with its unit, the metric, and how values are shown.
pub(super) type Graph = (&'static str, Metric, fn(f64) -> String);

/// Graphs of one resource, whose metrics `of` names.
pub(super) fn charts<'m>(
    state: &State,
    scope: &ScopeState,
    graphs: &[Graph],
    of: impl Fn(&Metric) -> MetricRef<'m>,
) -> Block {
    let drawn = graphs
        .iter()
        .map(|(title, metric, show)| chart(state, scope, title, of(metric), *show));
    Block::Charts(drawn.collect())
}

/// Tags, sorted, AWS's own last.
pub(super) fn tags(tags: &[Tag]) -> Vec<Block> {
    if tags.is_empty() {
        return Vec::new();
    }
    let mut tags: Vec<&Tag> = tags.iter().collect();
    tags.sort_by_key(|tag| (tag.key.starts_with("aws:"), tag.key.as_str()));
    let facts = tags.into_iter().map(|tag| fact(&tag.key, &tag.value)).collect();
    vec![Block::Heading("tags".to_owned()), Block::Facts(facts)]
}

/// A percentage.
pub(super) fn percent(value: f64) -> String {
    format!("{}%", format::number(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_never_stand_below_a_scale_of_nothing() {
        assert_eq!(scale(0.004, percent), "0.004%");
        assert_eq!(scale(0.0, percent), percent(0.0));
        assert_eq!(scale(42.0, percent), percent(42.0));
        assert_eq!(scale(0.02, |value| format!("{value:.0}")), "0.02");
    }
}
