//! What Application Auto Scaling moves, beside the services.

use crate::app::format;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::ids::Kind;
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::scalable::Scaled;

/// The targets of every namespace; `None` where nothing is scaled by itself.
pub(super) fn section(state: &State) -> Option<Section> {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("SCALED", 16, 40, 0),
        Column::words("OF", 4, 12, 1),
        Column::numbers("MIN-MAX", 8, 0),
        Column::words("BY", 8, 30, 0),
        Column::words("SUSPENDED", 9, 40, 3),
        Column::words("LAST", 12, 60, 4),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(
        state,
        Kind::ScalableTarget,
        columns,
        "nothing is scaled by itself",
    );
    let mut any = false;
    for scope in state.picture.inventory.shown() {
        for target in scope.scaling.get().into_iter().flatten() {
            any = true;
            sketch.push(scope, &target.id, || cells(state, scope, target));
        }
    }
    let section = sketch.finish("Application Auto Scaling", Told::of(state, &[Source::Scaling]));
    any.then_some(section)
}

fn cells(state: &State, scope: &ScopeState, target: &Scaled) -> Vec<Cell> {
    let last = target.activities.as_ref().and_then(|all| all.first());
    vec![
        Cell::new(target.name()).tone(Tone::Strong),
        Cell::new(&target.namespace).tone(Tone::Muted),
        Cell::new(format!("{}-{}", target.min, target.max)),
        Cell::new(target.policies_in_words().as_deref().unwrap_or(format::UNKNOWN)),
        Cell::new(target.suspended.join(", ")).tone(Tone::Warn),
        match last {
            Some(last) => Cell::new(format!(
                "{} {}",
                format::age(state.picture.at, last.started_at),
                last.description
            ))
            .tone(if last.has_failed() {
                Tone::Warn
            } else {
                Tone::Plain
            }),
            None => Cell::new(""),
        },
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

/// What scales a service, in a few words for its row: `2-6 CPU 60`.
pub(super) fn of_service(scope: &ScopeState, cluster: &str, service: &str) -> Cell {
    let known = scope.scaling.get().into_iter().flatten();
    let Some(target) = known
        .into_iter()
        .find(|target| target.service() == Some((cluster, service)))
    else {
        return Cell::new("").tone(Tone::Muted);
    };
    let by = target.policies_in_words().unwrap_or_default();
    let text = format!("{}-{} {by}", target.min, target.max);
    if target.suspended.is_empty() {
        Cell::new(text)
    } else {
        Cell::new(format!("{text}, held")).tone(Tone::Warn)
    }
}
