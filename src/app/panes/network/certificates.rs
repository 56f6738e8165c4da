//! Certificates and health checks: what viewers meet first.

use crate::app::format;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::certificate::Certificate;
use crate::domain::dns::{CheckState, HealthCheck};
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::{ScopeState, Source};

/// Certificates of the regions, and those of CloudFront.
pub(super) fn certificates(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("CERTIFICATE", 20, 40, 0),
        Column::words("STATUS", 8, 20, 0),
        Column::numbers("DAYS", 5, 0),
        Column::words("RENEWAL", 9, 22, 0),
        Column::numbers("USED BY", 7, 2),
        Column::words("FROM", 8, 8, 3),
        Column::names("WHERE", 5, 20, 1),
    ];
    let mut sketch = Sketch::new(state, Kind::Certificate, columns, "no certificates here");
    for scope in state.picture.inventory.shown() {
        for one in scope.certificates.get().into_iter().flatten() {
            let place = scope_label(state, scope);
            sketch.push(scope, &one.arn, || certificate_cells(state, one, &place));
        }
        for one in scope.edge_certificates.get().into_iter().flatten() {
            let key = ResourceKey::new(&scope.scope.global_name(), Kind::Certificate, &one.arn);
            sketch.push_key(key, || certificate_cells(state, one, "us-east-1"));
        }
    }
    sketch.finish("certificates", Told::of(state, &[Source::Certificates]))
}

fn certificate_cells(state: &State, one: &Certificate, place: &str) -> Vec<Cell> {
    let days = one.days_left(state.picture.at).map(|days| days as f64);
    vec![
        Cell::new(&one.domain).tone(Tone::Strong),
        Cell::new(&one.status).tone(if one.status == "ISSUED" {
            Tone::Plain
        } else {
            Tone::Warn
        }),
        Cell::number(days, |days| format!("{days:.0}")),
        Cell::new(one.renewal.as_deref().unwrap_or(match one.renewable {
            Some(true) => "eligible",
            Some(false) => "not eligible",
            None => format::UNKNOWN,
        }))
        .tone(Tone::Muted),
        Cell::number(Some(one.in_use_by.len() as f64), format::number),
        Cell::new(one.origin.word()).tone(Tone::Muted),
        Cell::new(place).tone(Tone::Muted),
    ]
}

/// Health checks of Route 53.
pub(super) fn health_checks(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("HEALTH CHECK", 16, 34, 0),
        Column::words("STATE", 9, 10, 0),
        Column::words("CHECKERS", 8, 16, 0),
        Column::names("TARGET", 20, 60, 0),
        Column::words("FORM", 8, 18, 3),
        Column::names("WHERE", 5, 20, 1),
    ];
    let mut sketch = Sketch::new(state, Kind::HealthCheck, columns, "no health checks here");
    let mut zones: Option<u64> = None;
    for scope in state.picture.inventory.shown() {
        let Some(dns) = scope.dns.get() else { continue };
        zones = zones.into_iter().chain(dns.hosted_zones).reduce(|a, b| a + b);
        for check in &dns.health_checks {
            sketch.push(scope, &check.id, || check_cells(state, scope, check));
        }
    }
    let title = match zones {
        Some(1) => "Route 53, 1 hosted zone, health checks".to_owned(),
        Some(zones) => format!("Route 53, {zones} hosted zones, health checks"),
        None => "Route 53 health checks".to_owned(),
    };
    sketch.finish(&title, Told::of_account(state, &[Source::Dns]))
}

fn check_cells(state: &State, scope: &ScopeState, check: &HealthCheck) -> Vec<Cell> {
    let standing = check.state();
    let tone = match standing {
        Some(CheckState::Healthy) => Tone::Ok,
        Some(CheckState::Unhealthy) => Tone::Crit,
        Some(CheckState::Disabled) => Tone::Muted,
        None => Tone::Unknown,
    };
    let checkers = check.well().map_or_else(
        || format::UNKNOWN.to_owned(),
        |(well, all)| format!("{well}/{all} well"),
    );
    vec![
        Cell::new(check.name()).tone(Tone::Strong),
        Cell::new(standing.map_or(format::UNKNOWN, CheckState::word)).tone(tone),
        Cell::new(checkers),
        Cell::new(check.target.as_deref().unwrap_or_default()),
        Cell::new(&check.form).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}
