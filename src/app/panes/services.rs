//! ECS services, and what Application Auto Scaling moves.

use crate::app::format;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::ecs::{RolloutState, Service};
use crate::domain::ids::Kind;
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::rest;

/// A table of all services, and one of what is scaled by itself.
pub(super) fn sections(state: &State) -> Vec<Section> {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("SERVICE", 16, 40, 0),
        Column::names("CLUSTER", 10, 20, 2),
        Column::numbers("RUN/WANT", 8, 0),
        Column::names("TASK DEFINITION", 12, 36, 4),
        Column::words("ROLLOUT", 11, 24, 1),
        Column::words("SCALES", 8, 22, 5),
        Column::names("WHERE", 5, 20, 3),
    ];
    let mut sketch = Sketch::new(state, Kind::EcsService, columns, "no ECS services here");
    for scope in state.picture.inventory.shown() {
        for service in scope
            .ecs
            .get()
            .map(|fleet| fleet.services.as_slice())
            .unwrap_or_default()
        {
            sketch.push(scope, &service.arn, || cells(state, scope, service));
        }
    }
    let services = sketch.finish("ECS services", Told::of(state, &[Source::EcsFleet]));
    std::iter::once(services)
        .chain(super::scaling::section(state))
        .collect()
}

fn cells(state: &State, scope: &ScopeState, service: &Service) -> Vec<Cell> {
    let short = service.running < service.desired;
    let (rollout, tone) = rollout(state, service);
    vec![
        Cell::new(&service.name).tone(Tone::Strong),
        Cell::new(&service.cluster),
        Cell::new(format!("{}/{}", service.running, service.desired))
            .tone(if short { Tone::Crit } else { Tone::Plain })
            .ranked(f64::from(service.running) - f64::from(service.desired)),
        Cell::new(&service.task_definition),
        Cell::new(rollout).tone(tone),
        super::scaling::of_service(scope, &service.cluster, &service.name),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

fn rollout(state: &State, service: &Service) -> (String, Tone) {
    if let Some(rest) = rest::of_service(service) {
        let since = rest.since.map_or_else(String::new, |since| {
            format!(" {}", format::clock(since, state.picture.at, &state.zone().zone))
        });
        return (format!("at rest{since}"), Tone::Muted);
    }
    let Some(primary) = service.primary() else {
        return (service.status.clone(), Tone::Warn);
    };
    let age = primary.created_at.map_or_else(String::new, |at| {
        format!(" {}", format::age(state.picture.at, at))
    });
    match primary.rollout {
        Some(RolloutState::Completed) => ("completed".to_owned(), Tone::Plain),
        Some(RolloutState::Failed) => (format!("FAILED {} tasks", primary.failed), Tone::Crit),
        Some(RolloutState::InProgress) if primary.failed > 0 => {
            (format!("moving{age}, {} failed", primary.failed), Tone::Crit)
        }
        Some(RolloutState::InProgress) => (format!("moving{age}"), Tone::Accent),
        None => (format::UNKNOWN.to_owned(), Tone::Muted),
    }
}
