//! Lambda functions.

use crate::app::format;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::function::{Function, Reserved};
use crate::domain::ids::Kind;
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::metric::MetricGroup;
use crate::domain::metric_catalog::{MetricRef, lambda as metric};
use crate::domain::numbers;

/// One table of all functions.
pub(super) fn sections(state: &State) -> Vec<Section> {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("FUNCTION", 18, 44, 0),
        Column::words("ALIASES", 8, 26, 2),
        Column::numbers("CALLS/min", 9, 0),
        Column::words("", 8, 16, 6),
        Column::numbers("ERR/min", 7, 0),
        Column::numbers("THROTTLED", 9, 1),
        Column::numbers("LAG", 6, 1),
        Column::numbers("p95", 6, 1),
        Column::numbers("TIMEOUT", 7, 4),
        Column::numbers("AT ONCE", 8, 3),
        Column::words("RUNTIME", 8, 16, 5),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::Lambda, columns, "no Lambda functions here");
    for scope in state.picture.inventory.shown() {
        let known = scope.functions.get();
        for function in known.into_iter().flat_map(|known| &known.functions) {
            sketch.push(scope, &function.arn, || cells(state, scope, function));
        }
    }
    vec![sketch.finish(
        "Lambda functions",
        Told::of(state, &[Source::Functions, Source::Metrics(MetricGroup::Lambda)]),
    )]
}

fn cells(state: &State, scope: &ScopeState, function: &Function) -> Vec<Cell> {
    let now = state.picture.at;
    let name = function.name.as_str();
    let latest = |metric: MetricRef<'_>| scope.latest(&metric.id(), now);
    let calls = latest(metric::INVOCATIONS.of(name));
    // Lambda publishes a zero beside calls that went well.
    let errors = latest(metric::ERRORS.of(name));
    let failing = errors.is_some_and(|errors| errors > 0.0);
    vec![
        Cell::new(name).tone(Tone::Strong),
        aliases(function),
        Cell::number(calls, format::number),
        super::data::graph(scope.metric(&metric::INVOCATIONS.of(name).id())),
        Cell::number(errors, format::number).tone(if failing { Tone::Warn } else { Tone::Plain }),
        throttled(latest(metric::THROTTLES.of(name))),
        lag(state, scope, function),
        Cell::number(latest(metric::DURATION_P95.of(name)), |ms| {
            format::seconds(ms / 1000.0)
        }),
        Cell::number(function.timeout_s.map(f64::from), format::seconds).tone(Tone::Muted),
        at_once(function, latest(metric::CONCURRENT.of(name))),
        Cell::new(function.runtime.as_deref().unwrap_or("image")).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

fn aliases(function: &Function) -> Cell {
    let Some(aliases) = &function.aliases else {
        return Cell::new(format::UNKNOWN).tone(Tone::Unknown);
    };
    let words: Vec<String> = aliases
        .iter()
        .map(|alias| format!("{} {}", alias.name, alias.routing.words()))
        .collect();
    Cell::new(words.join("; "))
}

/// Calls turned away each minute.
fn throttled(calls: Option<f64>) -> Cell {
    let some = calls.is_some_and(|calls| calls > 0.0);
    Cell::number(calls, format::number).tone(if some { Tone::Warn } else { Tone::Plain })
}

/// How far the source is behind that is furthest; nothing for what Lambda reads nothing for.
fn lag(state: &State, scope: &ScopeState, function: &Function) -> Cell {
    if function.sources.is_empty() {
        return Cell::new("");
    }
    let behind = function
        .sources
        .iter()
        .filter_map(|source| numbers::behind_s(scope, function, source, state.picture.at))
        .fold(None, |most: Option<f64>, one| {
            Some(most.map_or(one, |most| most.max(one)))
        });
    Cell::number(behind, |seconds| {
        format::span(jiff::SignedDuration::from_secs_f64(seconds))
    })
}

/// Invocations at once, and the most that are reserved.
fn at_once(function: &Function, now: Option<f64>) -> Cell {
    match function.reserved {
        Reserved::Of(0) => Cell::new("stopped").tone(Tone::Warn),
        Reserved::Of(reserved) => {
            let now = now.map_or_else(|| format::UNKNOWN.to_owned(), format::number);
            Cell::new(format!("{now}/{reserved}"))
        }
        Reserved::Nothing | Reserved::Unread => Cell::number(now, format::number),
    }
}
