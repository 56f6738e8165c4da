//! The list of log groups: those that the estate pins first, then all others.

use crate::app::format;
use crate::app::logs::tail::Tail;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::counted::counted;
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::logs::{LogGroup, TailTarget};

/// Two tables, or one where nothing is pinned.
pub(crate) fn sections(state: &State) -> Vec<Section> {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("GROUP", 24, 64, 0),
        Column::words("RETENTION", 9, 9, 2),
        Column::numbers("STORED", 9, 1),
        Column::words("TAIL", 8, 20, 3),
        Column::names("WHERE", 5, 20, 1),
    ];
    let empty = "no log groups here";
    let mut pinned = Sketch::new(state, Kind::LogGroup, columns.clone(), empty);
    let mut others = Sketch::new(state, Kind::LogGroup, columns, empty);
    let mut any_pinned = false;
    for scope in state.picture.inventory.shown() {
        for group in scope.log_groups.get().into_iter().flatten() {
            let sketch = if is_pinned(state, &group.name) {
                any_pinned = true;
                &mut pinned
            } else {
                &mut others
            };
            sketch.push(scope, &group.arn, || cells(state, scope, group));
        }
    }
    let told = Told::of(state, &[Source::LogGroups]);
    if any_pinned {
        vec![
            pinned.finish("pinned log groups", told.clone()),
            others.finish("other log groups", told.quiet()),
        ]
    } else {
        vec![others.finish("log groups", told)]
    }
}

/// Whether the estate wants the group on top.
pub(crate) fn is_pinned(state: &State, name: &str) -> bool {
    state.setup.pinned_logs.iter().any(|glob| glob.matches(name))
}

fn cells(state: &State, scope: &ScopeState, group: &LogGroup) -> Vec<Cell> {
    let tail = match (&state.logs.tail, group.class.as_deref()) {
        (_, Some("INFREQUENT_ACCESS")) => Cell::new("infrequent access").tone(Tone::Muted),
        (Some(tail), _) if is_target(tail, scope, group) => Cell::new("tailing").tone(Tone::Accent),
        _ => Cell::default(),
    };
    vec![
        Cell::new(&group.name).tone(Tone::Strong),
        group.retention_days.map_or_else(
            || Cell::new("for ever").tone(Tone::Muted),
            |days| Cell::new(counted(days, "day")).ranked(f64::from(days)),
        ),
        Cell::number(group.stored_bytes.map(|bytes| bytes as f64), format::bytes),
        tail,
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

fn is_target(tail: &Tail, scope: &ScopeState, group: &LogGroup) -> bool {
    tail.targets
        .iter()
        .any(|target| target.scope.name == *scope.name() && target.group == group.name)
}

/// The log group behind a row, as something to tail.
pub(crate) fn target(state: &State, key: &ResourceKey) -> Option<TailTarget> {
    let scope = state.picture.inventory.scope(&key.scope)?;
    let group = scope
        .log_groups
        .get()?
        .iter()
        .find(|group| group.arn == *key.id)?;
    Some(target_of(scope, group))
}

/// A log group as something to tail.
pub(crate) fn target_of(scope: &ScopeState, group: &LogGroup) -> TailTarget {
    TailTarget {
        scope: scope.scope.clone(),
        group: group.name.clone(),
        class: group.class.clone(),
        stream: None,
    }
}
