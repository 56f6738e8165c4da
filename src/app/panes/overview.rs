//! The overview: findings first, then what changed.

use crate::app::format;
use crate::app::panes::{is_accepted, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::health::{Finding, Severity};
use crate::domain::inventory::ScopeState;

/// Findings and changes.
pub(super) fn sections(state: &State) -> Vec<Section> {
    vec![findings(state)]
}

/// Every finding that is not accepted, most important first; then the accepted ones, muted.
pub(super) fn findings(state: &State) -> Section {
    let columns = vec![
        Column::words("", 4, 4, 0),
        Column::words("", 4, 4, 0),
        Column::words("", 12, 34, 0),
        Column::words("", 24, 70, 0),
        Column::words("", 5, 5, 2),
        Column::words("", 12, 16, 1),
        Column::words("", 8, 24, 4),
    ];
    let all = &state.picture.findings;
    let open = all.iter().filter(|finding| !is_accepted(state, finding));
    let accepted = all.iter().filter(|finding| is_accepted(state, finding));
    let rows = open.chain(accepted).map(|finding| row(state, finding)).collect();
    let unread = |scope: &ScopeState| scope.ecs.value.is_none() && scope.alarms.value.is_none();
    let empty = if state.picture.inventory.scopes.iter().any(unread) {
        "not everything has been read yet"
    } else {
        "nothing is wrong that quarterdeck can see"
    };
    Section {
        columns,
        rows,
        empty: empty.to_owned(),
        ..Section::default()
    }
}

fn row(state: &State, finding: &Finding) -> Row {
    let accepted = is_accepted(state, finding);
    let (word, tone) = match (accepted, finding.severity) {
        (true, _) => ("acc", Tone::Muted),
        (false, Severity::Crit) => ("CRIT", Tone::Crit),
        (false, Severity::Warn) => ("WARN", Tone::Warn),
        (false, Severity::Info) => ("info", Tone::Muted),
    };
    let text = if accepted { Tone::Muted } else { Tone::Plain };
    let since = finding.since.map_or_else(String::new, |at| {
        format::day_or_clock(at, state.picture.at, &state.zone().zone)
    });
    let scope = state.picture.inventory.scope(&finding.resource.scope);
    let place = scope.map_or_else(String::new, |scope| scope_label(state, scope));
    let runbook = finding
        .runbooks
        .first()
        .map_or_else(String::new, |name| format!("x:{}", short(name)));
    Row {
        key: RowKey::Finding(finding.rule.clone(), finding.resource.clone()),
        cells: vec![
            Cell::new(word).tone(tone),
            Cell::new(finding.resource.kind.short()).tone(Tone::Muted),
            Cell::new(&finding.name).tone(if accepted { Tone::Muted } else { Tone::Strong }),
            Cell::new(&finding.title).tone(text),
            Cell::new(since).tone(Tone::Muted),
            Cell::new(runbook).tone(Tone::Accent),
            Cell::new(place).tone(Tone::Muted),
        ],
        health: finding.severity.health(),
    }
}

/// A runbook's name as short as it stays clear.
fn short(runbook: &str) -> &str {
    match runbook {
        "rollback-deploy" => "rollback",
        "restore-rds-snapshot" => "restore",
        "restore-rds-point-in-time" => "restore-pit",
        "gpu-night-down" => "night-down",
        "gpu-morning-up" => "morning-up",
        "asg-instance-refresh-rollback" => "refresh-back",
        "rds-reboot-failover" => "failover",
        "redis-failover" => "failover",
        "sqs-redrive" => "redrive",
        other => other,
    }
}
