//! What Application Auto Scaling does, as a detail of its own and in that of a service.

use crate::app::detail::Block;
use crate::app::detail::blocks::{fact, maybe};
use crate::app::format;
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::health::Health;
use crate::domain::inventory::ScopeState;
use crate::domain::scalable::Scaled;

/// Activities shown.
const MOST_ACTIVITIES: usize = 12;

/// The blocks of a target.
pub(super) fn target(state: &State, scope: &ScopeState, id: &str) -> Option<Vec<Block>> {
    let target = scope.scaling.get()?.iter().find(|target| target.id == id)?;
    let mut blocks = vec![Block::Facts(vec![
        fact("resource", &target.resource),
        fact("of", &target.namespace),
        fact("dimension", &target.dimension),
        fact("bounds", format!("{} to {}", target.min, target.max)),
        fact("suspended", suspended(target)),
    ])];
    blocks.push(policies(target));
    blocks.push(activities(state, target));
    Some(blocks)
}

/// What scales a service, for its own detail; nothing where nothing does.
pub(super) fn of_service(state: &State, scope: &ScopeState, cluster: &str, service: &str) -> Vec<Block> {
    let known = scope.scaling.get().into_iter().flatten();
    let Some(target) = known
        .into_iter()
        .find(|one| one.service() == Some((cluster, service)))
    else {
        return Vec::new();
    };
    beside(state, target)
}

/// What scales a resource, by the namespace's own name of it; nothing where nothing does.
pub(super) fn of_resource(state: &State, scope: &ScopeState, resource: &str) -> Vec<Block> {
    let mut known = scope.scaling.get().into_iter().flatten();
    known
        .find(|one| one.resource == resource)
        .map(|target| beside(state, target))
        .unwrap_or_default()
}

fn beside(state: &State, target: &Scaled) -> Vec<Block> {
    vec![
        Block::Heading("Application Auto Scaling".to_owned()),
        Block::Facts(vec![
            fact("bounds", format!("{} to {}", target.min, target.max)),
            maybe("by", target.policies_in_words()),
            fact("suspended", suspended(target)),
        ]),
        policies(target),
        activities(state, target),
    ]
}

fn suspended(target: &Scaled) -> String {
    if target.suspended.is_empty() {
        "nothing".to_owned()
    } else {
        target.suspended.join(", ")
    }
}

fn policies(target: &Scaled) -> Block {
    let columns = vec![
        Column::names("POLICY", 14, 44, 0),
        Column::words("KIND", 12, 24, 0),
        Column::words("METRIC", 10, 44, 0),
        Column::numbers("KEPT AT", 8, 0),
        Column::words("", 8, 24, 1),
    ];
    let rows = target
        .policies
        .iter()
        .flatten()
        .map(|policy| Row {
            key: RowKey::Line(policy.name.clone()),
            cells: vec![
                Cell::new(&policy.name).tone(Tone::Strong),
                Cell::new(&policy.kind),
                Cell::new(policy.metric.as_deref().unwrap_or_default()),
                Cell::number(policy.target, format::number),
                Cell::new(if policy.only_out { "never scales in" } else { "" }).tone(Tone::Muted),
            ],
            health: Health::Ok,
        })
        .collect();
    let empty = if target.policies.is_some() {
        "none: only schedules move it, or nobody"
    } else {
        "policies have not been read"
    };
    Block::Table(Section {
        title: "policies".to_owned(),
        columns,
        rows,
        empty: empty.to_owned(),
        ..Section::default()
    })
}

fn activities(state: &State, target: &Scaled) -> Block {
    let columns = vec![
        Column::words("WHEN", 5, 8, 0),
        Column::words("STATUS", 8, 12, 0),
        Column::words("WHAT", 16, 60, 0),
        Column::words("WHY", 16, 120, 1),
    ];
    let now = state.picture.at;
    let rows = target
        .activities
        .iter()
        .flatten()
        .take(MOST_ACTIVITIES)
        .map(|activity| {
            let why = activity.message.as_deref().unwrap_or(&activity.cause);
            let not = activity.not_scaled.join(", ");
            Row {
                key: RowKey::Line(format!("{}{}", activity.started_at, activity.description)),
                cells: vec![
                    Cell::new(format::clock(activity.started_at, now, &state.zone().zone)).tone(Tone::Muted),
                    Cell::new(&activity.status).tone(if activity.has_failed() {
                        Tone::Warn
                    } else {
                        Tone::Plain
                    }),
                    Cell::new(&activity.description),
                    Cell::new(if not.is_empty() {
                        why.to_owned()
                    } else {
                        format!("{not}: {why}")
                    })
                    .tone(Tone::Muted),
                ],
                health: Health::Ok,
            }
        })
        .collect();
    let empty = if target.activities.is_some() {
        "it did nothing in the last six weeks"
    } else {
        "activities have not been read"
    };
    Block::Table(Section {
        title: format!("scaling activities, times in {}", state.zone().label),
        columns,
        rows,
        empty: empty.to_owned(),
        ..Section::default()
    })
}
