//! Queues.

use crate::app::format;
use crate::app::panes::data::graph;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::ids::{Kind, last_segment};
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::metric_catalog::{MetricRef, queue};
use crate::domain::queue::Queue;

/// SQS queues with what waits in them.
pub(super) fn queues(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("QUEUE", 16, 44, 0),
        Column::numbers("WAITING", 8, 0),
        Column::words("", 8, 16, 4),
        Column::numbers("IN FLIGHT", 9, 0),
        Column::numbers("DELAYED", 8, 3),
        Column::numbers("OLDEST", 7, 0),
        Column::names("DEAD LETTERS TO", 12, 30, 5),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::Queue, columns, "no queues here");
    for scope in state.picture.inventory.shown() {
        for one in scope.queues.get().into_iter().flatten() {
            sketch.push(scope, &one.arn, || queue_cells(state, scope, one));
        }
    }
    sketch.finish("SQS queues", Told::of(state, &[Source::Queues]))
}

fn queue_cells(state: &State, scope: &ScopeState, one: &Queue) -> Vec<Cell> {
    let now = state.picture.at;
    let series = |metric: MetricRef<'_>| scope.metric(&metric.id());
    let oldest = scope.latest(&queue::AGE.of(&one.name).id(), now);
    let count = |value: u64| Cell::number(Some(value as f64), |value| format::count(value as u64));
    vec![
        Cell::new(&one.name).tone(Tone::Strong),
        count(one.visible),
        graph(series(queue::VISIBLE.of(&one.name))),
        count(one.in_flight),
        count(one.delayed),
        Cell::number(oldest, |seconds| {
            format::span(jiff::SignedDuration::from_secs_f64(seconds))
        }),
        Cell::new(one.dead_letter.as_ref().map_or("", |(arn, _)| last_segment(arn))).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}
