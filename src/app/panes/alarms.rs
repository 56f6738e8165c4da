//! CloudWatch alarms.

use crate::app::format;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::alarm::{Alarm, AlarmState};
use crate::domain::ids::Kind;
use crate::domain::inventory::{ScopeState, Source};

/// One table: those that fire first.
pub(super) fn sections(state: &State) -> Vec<Section> {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::words("STATE", 5, 8, 0),
        Column::names("ALARM", 20, 48, 0),
        Column::numbers("SINCE", 7, 0),
        Column::words("ACTIONS", 7, 10, 3),
        Column::words("REASON", 16, 80, 1),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(
        state,
        Kind::Alarm,
        columns,
        "no alarms here: nothing would wake you",
    );
    for wanted in [AlarmState::Alarm, AlarmState::InsufficientData, AlarmState::Ok] {
        for scope in state.picture.inventory.shown() {
            for alarm in scope
                .alarms
                .get()
                .into_iter()
                .flatten()
                .filter(|alarm| alarm.state == wanted)
            {
                sketch.push(scope, &alarm.arn, || cells(state, scope, alarm));
            }
        }
    }
    vec![sketch.finish_unsorted("CloudWatch alarms", Told::of(state, &[Source::Alarms]))]
}

fn cells(state: &State, scope: &ScopeState, alarm: &Alarm) -> Vec<Cell> {
    let (word, tone) = match alarm.state {
        AlarmState::Alarm => ("ALARM", Tone::Crit),
        AlarmState::Ok => ("OK", Tone::Ok),
        AlarmState::InsufficientData => ("NO DATA", Tone::Unknown),
    };
    let actions = match (alarm.actions_enabled, alarm.alarm_actions.len()) {
        (false, _) => Cell::new("disabled").tone(Tone::Warn),
        (true, 0) => Cell::new("none").tone(Tone::Warn),
        (true, count) => Cell::new(count.to_string()),
    };
    let since = alarm
        .since
        .map(|at| state.picture.at.duration_since(at).as_secs_f64());
    vec![
        Cell::new(word).tone(tone),
        Cell::new(&alarm.name).tone(Tone::Strong),
        Cell::number(since, |seconds| {
            format::span(jiff::SignedDuration::from_secs_f64(seconds))
        }),
        actions,
        Cell::new(alarm.reason.as_deref().unwrap_or_default()).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}
