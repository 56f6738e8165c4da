//! Secrets and parameters: names and ages, never values.

use crate::app::format;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::ids::Kind;
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::secret::{Parameter, Secret};
use jiff::Timestamp;

/// Secrets, then parameters.
pub(super) fn sections(state: &State) -> Vec<Section> {
    vec![secrets(state), parameters(state)]
}

fn secrets(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("SECRET", 20, 48, 0),
        Column::numbers("CHANGED", 8, 0),
        Column::numbers("READ", 8, 0),
        Column::words("ROTATION", 8, 14, 0),
        Column::numbers("ROTATED", 8, 1),
        Column::numbers("NEXT", 8, 3),
        Column::words("OWNER", 5, 12, 5),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::Secret, columns, "no secrets here");
    for scope in state.picture.inventory.shown() {
        for secret in scope.secrets.get().into_iter().flatten() {
            sketch.push(scope, &secret.arn, || secret_cells(state, scope, secret));
        }
    }
    sketch.finish("secrets", Told::of(state, &[Source::Secrets]))
}

/// How long ago something was, sorted by that.
fn ago(state: &State, at: Option<Timestamp>) -> Cell {
    let now = state.picture.at;
    Cell::number(at.map(|at| now.duration_since(at).as_secs_f64()), |_| {
        at.map_or_else(String::new, |at| format::age(now, at))
    })
}

fn secret_cells(state: &State, scope: &ScopeState, secret: &Secret) -> Vec<Cell> {
    let now = state.picture.at;
    let (word, tone) = match (secret.deleted_at, &secret.rotation) {
        (Some(_), _) => ("to be deleted", Tone::Warn),
        (None, rotation) if rotation.enabled && rotation.pending => ("pending", Tone::Accent),
        (None, rotation) if rotation.enabled => ("on", Tone::Plain),
        (None, _) => ("off", Tone::Muted),
    };
    let next = secret.rotation.due_at();
    vec![
        Cell::new(&secret.name).tone(Tone::Strong),
        ago(state, secret.changed_at.or(secret.created_at)),
        ago(state, secret.accessed_at),
        Cell::new(word).tone(tone),
        ago(state, secret.rotation.last_at),
        Cell::number(next.map(|at| at.duration_since(now).as_secs_f64()), |left| {
            let span = next.map_or_else(String::new, |at| format::age(at.max(now), at.min(now)));
            if left < 0.0 { format!("-{span}") } else { span }
        }),
        Cell::new(secret.owner.as_deref().unwrap_or_default()).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

fn parameters(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("PARAMETER", 24, 60, 0),
        Column::words("FORM", 6, 12, 0),
        Column::words("TIER", 8, 12, 3),
        Column::numbers("VERSION", 7, 1),
        Column::numbers("CHANGED", 8, 0),
        Column::names("BY", 8, 30, 4),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::Parameter, columns, "no parameters here");
    for scope in state.picture.inventory.shown() {
        for parameter in scope.parameters.get().into_iter().flatten() {
            sketch.push(scope, &parameter.arn, || parameter_cells(state, scope, parameter));
        }
    }
    sketch.finish("parameters", Told::of(state, &[Source::Parameters]))
}

fn parameter_cells(state: &State, scope: &ScopeState, parameter: &Parameter) -> Vec<Cell> {
    let by = parameter
        .modified_by
        .as_deref()
        .map(crate::domain::ids::last_segment);
    vec![
        Cell::new(&parameter.name).tone(Tone::Strong),
        Cell::new(&parameter.form),
        Cell::new(parameter.tier.as_deref().unwrap_or(format::UNKNOWN)).tone(Tone::Muted),
        Cell::number(parameter.version.map(|version| version as f64), format::number),
        ago(state, parameter.modified_at),
        Cell::new(by.unwrap_or_default()).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}
