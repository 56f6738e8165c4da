//! The overview: findings first, then what changed.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::estate_line;
use crate::app::format;
use crate::app::panes::{is_accepted, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::ScopeState;

/// The findings without headings: the overview's own first line counts them.
pub(super) fn sections(state: &State) -> Vec<Section> {
    let mut section = findings(state);
    section.title.clear();
    for column in &mut section.columns {
        column.title = "";
    }
    vec![section]
}

/// Every finding that is not accepted, most important first; then the accepted ones, muted.
pub(super) fn findings(state: &State) -> Section {
    let columns = vec![
        Column::words("HOW", 4, 4, 0),
        Column::words("KIND", 4, 5, 0),
        Column::names("NAME", 19, 34, 0),
        Column::words("WHAT", 29, 70, 0),
        Column::words("SINCE", 5, 5, 2),
        Column::words("FIX", 12, 12, 1),
        Column::names("WHERE", 5, 20, 4),
    ];
    let all = &state.picture.findings;
    let open = all.iter().filter(|finding| !is_accepted(state, finding));
    let title = match all.iter().filter(|finding| is_accepted(state, finding)).count() {
        0 if all.is_empty() && !estate_line::knows_anything(state) => format!("findings {}", format::UNKNOWN),
        0 => format!("findings {}", all.len()),
        some => format!("findings {}, {some} of them accepted", all.len()),
    };
    let accepted = all.iter().filter(|finding| is_accepted(state, finding));
    let labels = state.picture.labels();
    let rows = open
        .chain(accepted)
        .map(|finding| row(state, finding, &labels))
        .collect();
    let unread = |scope: &ScopeState| scope.ecs.value.is_none() && scope.alarms.value.is_none();
    let empty = if state.picture.inventory.scopes.iter().any(unread) {
        "not everything has been read yet"
    } else {
        "nothing is wrong that quarterdeck can see"
    };
    Section {
        title,
        columns,
        rows,
        empty: empty.to_owned(),
        ..Section::default()
    }
}

fn row(state: &State, finding: &Finding, labels: &BTreeMap<&ResourceKey, String>) -> Row {
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
    let place = scope.map_or_else(
        || account_label(state, finding),
        |scope| scope_label(state, scope),
    );
    // What is wrong with a whole account is called the same in each of them.
    let name = match finding.resource.kind {
        Kind::Scope | Kind::Budget if !place.is_empty() => format!("{place}: {}", finding.name),
        _ => labels.get(&finding.resource).unwrap_or(&finding.name).clone(),
    };
    let runbook = finding
        .runbooks
        .first()
        .map_or_else(String::new, |name| format!("x:{}", short(name)));
    Row {
        key: RowKey::Finding(finding.rule.clone(), finding.resource.clone()),
        cells: vec![
            Cell::new(word)
                .tone(tone)
                .ranked(-f64::from(finding.severity as u8)),
            Cell::new(finding.resource.kind.short()).tone(Tone::Muted),
            Cell::new(name).tone(if accepted { Tone::Muted } else { Tone::Strong }),
            Cell::new(&finding.title).tone(text),
            Cell {
                rank: finding
                    .since
                    .map(|at| at.duration_since(state.picture.at).as_secs_f64()),
                ..Cell::new(since).tone(Tone::Muted)
            },
            Cell::new(runbook).tone(Tone::Accent),
            Cell::new(place).tone(Tone::Muted),
        ],
        health: finding.severity.health(),
    }
}

/// The profile of a finding about a whole account, where several are shown.
fn account_label(state: &State, finding: &Finding) -> String {
    let profiles: BTreeSet<&str> = state
        .picture
        .inventory
        .shown()
        .map(|scope| scope.scope.profile_name())
        .collect();
    let name = finding.resource.scope.as_str();
    match (profiles.len() > 1, name.split_once('/')) {
        (true, Some((profile, _))) => profile.to_owned(),
        (true, None) => name.to_owned(),
        (false, _) => String::new(),
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
        "drain-gpu-host" => "drain",
        "asg-instance-refresh-rollback" => "refresh",
        "rds-grow-storage" => "grow",
        "rds-backup-now" => "backup",
        "asg-rollback-image" => "image",
        "rds-reboot-failover" => "failover",
        "redis-failover" => "failover",
        "redis-resize" => "resize",
        "ecr-keep-image" => "keep",
        "stop-estate" => "stop",
        "start-estate" => "start",
        "acm-validate-certificate" => "validate",
        "sqs-redrive" => "redrive",
        "cloudfront-invalidate" => "invalidate",
        "pipeline-retry-stage" => "retry",
        "pipeline-rollback-stage" => "stage-back",
        "pipeline-approve" => "approve",
        "pipeline-release" => "release",
        "lambda-rollback-alias" => "rollback",
        "lambda-throttle" => "throttle",
        "eks-scale-nodegroup" => "nodes",
        other => other,
    }
}
