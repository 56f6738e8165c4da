//! Details of VPC endpoints, certificates, health checks, secrets and parameters.

use crate::app::detail::Block;
use crate::app::detail::blocks::{fact, maybe, when};
use crate::app::format;
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::dns::CheckState;
use crate::domain::edge_cost;
use crate::domain::health::Health;
use crate::domain::inventory::ScopeState;

/// The blocks of a VPC endpoint.
pub(super) fn endpoint(scope: &ScopeState, id: &str) -> Option<Vec<Block>> {
    let endpoint = scope.vpc_endpoints.get()?.iter().find(|one| one.id == id)?;
    let cost = edge_cost::endpoint(scope, endpoint).map(|hour| hour.per_month().as_f64());
    Some(vec![Block::Facts(vec![
        fact("id", &endpoint.id),
        maybe("name", endpoint.name.as_ref()),
        fact("service", &endpoint.service),
        fact("form", &endpoint.form),
        fact("state", &endpoint.state),
        maybe("vpc", endpoint.vpc.as_ref()),
        fact("subnets", endpoint.subnets.to_string()),
        maybe("a month, without bytes", cost.map(format::usd)),
    ])])
}

/// The blocks of a certificate.
pub(super) fn certificate(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let own = scope.certificates.get().into_iter().flatten();
    let edge = scope.edge_certificates.get().into_iter().flatten();
    let one = own.chain(edge).find(|one| one.arn == arn)?;
    let renewable = one
        .renewable
        .map(|renewable| if renewable { "yes" } else { "no" });
    let mut facts = vec![
        fact("arn", &one.arn),
        fact("for", &one.domain),
        fact("also for", or_none(&one.alternatives.join(", "))),
        fact("status", &one.status),
        fact("issued by", one.origin.word()),
        maybe("asked for", one.created_at.map(|at| when(state, at))),
        maybe("ends", one.not_after.map(|at| when(state, at))),
        maybe("renewed by ACM", renewable),
        maybe("renewal", one.renewal.as_ref()),
        maybe("failure", one.failure.as_ref()),
    ];
    for user in &one.in_use_by {
        facts.push(fact("used by", user));
    }
    // Whole, since they are copied into a zone: a table would cut them.
    for proof in &one.validations {
        let waits = proof.status.as_deref() != Some("SUCCESS");
        if let Some((name, kind, value)) = proof.record.as_ref().filter(|_| waits) {
            facts.push(fact(&format!("{kind} to be made"), name));
            facts.push(fact("with the value", value));
        }
    }
    let columns = vec![
        Column::names("PROOF OF", 16, 40, 0),
        Column::words("STATUS", 8, 20, 0),
        Column::names("RECORD", 20, 60, 0),
        Column::words("", 5, 5, 1),
        Column::names("VALUE", 20, 80, 1),
    ];
    let rows = one
        .validations
        .iter()
        .map(|proof| {
            let status = proof.status.as_deref();
            let (name, kind, value) = proof
                .record
                .as_ref()
                .map_or(("", "", ""), |(name, kind, value)| (name, kind, value));
            Row {
                key: RowKey::Line(proof.domain.clone()),
                cells: vec![
                    Cell::new(&proof.domain),
                    Cell::new(status.unwrap_or(format::UNKNOWN)).tone(match status {
                        Some("SUCCESS") => Tone::Ok,
                        Some(_) => Tone::Warn,
                        None => Tone::Unknown,
                    }),
                    Cell::new(name),
                    Cell::new(kind),
                    Cell::new(value),
                ],
                health: Health::Ok,
            }
        })
        .collect();
    Some(vec![
        Block::Facts(facts),
        Block::Table(Section {
            title: "what proves the names".to_owned(),
            columns,
            rows,
            empty: "nothing: it was imported, or by mail".to_owned(),
            ..Section::default()
        }),
    ])
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "nothing else" } else { text }
}

/// The blocks of a health check.
pub(super) fn health_check(state: &State, scope: &ScopeState, id: &str) -> Option<Vec<Block>> {
    let check = scope
        .dns
        .get()?
        .health_checks
        .iter()
        .find(|check| check.id == id)?;
    let yes = |set: bool| if set { "yes" } else { "no" };
    let facts = vec![
        fact("id", &check.id),
        maybe("name", check.name.as_ref()),
        fact("form", &check.form),
        maybe("checks", check.target.as_ref()),
        maybe("state", check.state().map(CheckState::word)),
        fact("switched off", yes(check.disabled)),
        fact("turned round", yes(check.inverted)),
    ];
    let columns = vec![
        Column::words("CHECKER", 12, 16, 0),
        Column::words("SAID", 24, 120, 0),
        Column::words("AT", 20, 50, 1),
    ];
    let rows = check
        .observations
        .iter()
        .flatten()
        .enumerate()
        .map(|(number, one)| Row {
            key: RowKey::Line(format!("{number} {}", one.region)),
            cells: vec![
                Cell::new(&one.region),
                Cell::new(&one.said).tone(if one.is_well() { Tone::Ok } else { Tone::Warn }),
                Cell::new(one.at.map(|at| when(state, at)).unwrap_or_default()).tone(Tone::Muted),
            ],
            health: Health::Ok,
        })
        .collect();
    let empty = if check.observations.is_some() {
        "no checker has answered"
    } else {
        "checks of this form have no checkers, or they were not read"
    };
    Some(vec![
        Block::Facts(facts),
        Block::Table(Section {
            title: "what the checkers found".to_owned(),
            columns,
            rows,
            empty: empty.to_owned(),
            ..Section::default()
        }),
    ])
}

/// The blocks of a secret: everything but its value.
pub(super) fn secret(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let secret = scope.secrets.get()?.iter().find(|one| one.arn == arn)?;
    let rotation = &secret.rotation;
    let how = match (rotation.enabled, rotation.every_days) {
        (true, Some(1)) => "every day".to_owned(),
        (true, Some(days)) => format!("every {days} days"),
        (true, None) => "on".to_owned(),
        (false, _) => "off".to_owned(),
    };
    let users: Vec<String> = scope
        .task_definitions
        .get()
        .into_iter()
        .flatten()
        .filter(|definition| {
            let mut secrets = definition.containers.iter().flat_map(|one| &one.secrets);
            secrets.any(|(_, source)| secret.is_source(source))
        })
        .map(|definition| format!("{}:{}", definition.family, definition.revision))
        .collect();
    let mut facts = vec![
        fact("arn", &secret.arn),
        maybe("description", secret.description.as_ref()),
        maybe("managed by", secret.owner.as_ref()),
        maybe("made", secret.created_at.map(|at| when(state, at))),
        maybe("changed", secret.changed_at.map(|at| when(state, at))),
        maybe(
            "value read, to the day",
            secret.accessed_at.map(|at| when(state, at)),
        ),
        fact("rotation", how),
        maybe("rotated", rotation.last_at.map(|at| when(state, at))),
        maybe("next", rotation.due_at().map(|at| when(state, at))),
        fact(
            "task definitions in use",
            if users.is_empty() {
                "none that were read".to_owned()
            } else {
                users.join(", ")
            },
        ),
        maybe("a month", edge_cost::secret(&scope.scope.region).map(format::usd)),
    ];
    if rotation.pending {
        facts.push(fact("pending", "a version is staged and not current"));
    }
    if let Some(at) = secret.deleted_at {
        facts.push(fact("scheduled for deletion", when(state, at)));
    }
    Some(vec![Block::Facts(facts)])
}

/// The blocks of a parameter: everything but its value.
pub(super) fn parameter(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let parameter = scope.parameters.get()?.iter().find(|one| one.arn == arn)?;
    Some(vec![Block::Facts(vec![
        fact("arn", &parameter.arn),
        fact("name", &parameter.name),
        fact("form", &parameter.form),
        maybe("tier", parameter.tier.as_ref()),
        maybe("version", parameter.version.map(|version| version.to_string())),
        maybe("changed", parameter.modified_at.map(|at| when(state, at))),
        maybe("by", parameter.modified_by.as_ref()),
    ])])
}
