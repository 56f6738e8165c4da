//! Lists beside the bill: possible savings, anomalies, what AWS advises, and the burn rate beside
//! a day's bill.

use crate::app::format;
use crate::app::panes::{Told, is_accepted};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::advice::{Advice, Advices};
use crate::domain::health::Health;
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::Source;
use crate::domain::reconcile::{ReconciledLine, reconcile};
use crate::domain::scope::ScopeName;
use crate::domain::units::Usd;

/// Services of the comparison that are shown one by one.
const MOST_SERVICES: usize = 12;

/// What could be saved, the largest first.
pub(super) fn savings(state: &State) -> Section {
    let columns = vec![
        Column::numbers("SAVES/MONTH", 11, 0),
        Column::words("KIND", 4, 5, 1),
        Column::names("NAME", 18, 36, 0),
        Column::words("HOW", 24, 60, 0),
        Column::words("FIX", 12, 14, 2),
    ];
    let rows: Vec<Row> = state
        .picture
        .savings
        .iter()
        .filter(|saving| !is_accepted(state, saving))
        .map(|saving| {
            let how = saving
                .title
                .split_once(": ")
                .map_or(saving.title.as_str(), |(_, how)| how);
            Row {
                key: RowKey::Finding(saving.rule.clone(), saving.resource.clone()),
                cells: vec![
                    Cell::number(saving.saves.map(Usd::as_f64), format::usd).tone(Tone::Ok),
                    Cell::new(saving.resource.kind.short()).tone(Tone::Muted),
                    Cell::new(&saving.name),
                    Cell::new(how),
                    Cell::new(
                        saving
                            .runbooks
                            .first()
                            .map(|name| format!("x:{name}"))
                            .unwrap_or_default(),
                    )
                    .tone(Tone::Accent),
                ],
                health: Health::Ok,
            }
        })
        .collect();
    Section {
        title: format!("possible savings {} (some exclude each other)", rows.len()),
        columns,
        rows,
        empty: "none that quarterdeck can see".to_owned(),
        ..Section::default()
    }
}

/// Anomalies of the last thirty days; no section without one.
pub(super) fn anomalies(state: &State) -> Option<Section> {
    let columns = vec![
        Column::words("ANOMALY SINCE", 13, 13, 0),
        Column::words("UNTIL", 10, 10, 1),
        Column::numbers("ABOVE", 8, 0),
        Column::numbers("EXPECTED", 9, 3),
        Column::words("CAUSES", 24, 90, 0),
    ];
    let mut rows = Vec::new();
    for scope in state.picture.inventory.account_leaders() {
        let global = scope.scope.global_name();
        for anomaly in scope.anomalies.get().into_iter().flatten() {
            let day = |text: Option<&String>| text.and_then(|text| text.get(..10)).map(str::to_owned);
            rows.push(Row {
                key: RowKey::Resource(ResourceKey::new(&global, Kind::Budget, &anomaly.id)),
                cells: vec![
                    Cell::new(day(anomaly.start.as_ref()).unwrap_or_else(|| format::UNKNOWN.to_owned())),
                    Cell::new(day(anomaly.end.as_ref()).unwrap_or_else(|| "goes on".to_owned()))
                        .tone(Tone::Muted),
                    Cell::number(Some(anomaly.impact_usd), format::usd).tone(Tone::Warn),
                    Cell::number(anomaly.expected_usd, format::usd),
                    Cell::new(anomaly.causes.join("; ")).tone(Tone::Muted),
                ],
                health: Health::Ok,
            });
        }
    }
    (!rows.is_empty()).then(|| Section {
        title: "anomalies of thirty days".to_owned(),
        note: Told::of_account(state, &[Source::Anomalies]).note(),
        columns,
        rows,
        ..Section::default()
    })
}

/// What Trusted Advisor and Compute Optimizer say; no section where neither is available.
pub(super) fn advice(state: &State) -> Option<Section> {
    let columns = vec![
        Column::numbers("SAVES/MONTH", 11, 0),
        Column::words("LEVEL", 7, 7, 2),
        Column::names("ADVICE OF AWS", 24, 50, 0),
        Column::words("WHAT", 20, 60, 1),
    ];
    let mut rows = Vec::new();
    for scope in state.picture.inventory.shown() {
        let global = scope.scope.global_name();
        rows.extend(advice_rows(scope.trusted_advisor.get(), &global));
        rows.extend(advice_rows(scope.recommendations.get(), scope.name()));
    }
    (!rows.is_empty()).then(|| Section {
        title: format!("advice of AWS {}", rows.len()),
        columns,
        rows,
        ..Section::default()
    })
}

fn advice_rows(given: Option<&Advices>, scope: &ScopeName) -> Vec<Row> {
    let row = |one: &Advice| Row {
        key: RowKey::Resource(ResourceKey::new(scope, Kind::Advice, &one.id)),
        cells: vec![
            Cell::number(one.saves_usd_per_month, format::usd).tone(Tone::Ok),
            Cell::new(one.level.name()).tone(Tone::Muted),
            Cell::new(&one.name),
            Cell::new(&one.what).tone(Tone::Muted),
        ],
        health: Health::Ok,
    };
    given
        .into_iter()
        .flat_map(|given| &given.items)
        .map(row)
        .collect()
}

/// The burn rate beside the bill of the newest day that AWS has counted.
pub(super) fn yesterday(state: &State) -> Section {
    let columns = vec![
        Column::words("SERVICE, A DAY", 22, 44, 0),
        Column::numbers("RUNS NOW", 9, 0),
        Column::numbers("BILLED", 8, 0),
        Column::numbers("DIFF", 8, 0),
        Column::words("BECAUSE", 20, 90, 1),
    ];
    let today = state.picture.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let both = reconcile(&state.picture.inventory, &state.picture.burn, today);
    let mut rows: Vec<Row> = both.lines.iter().take(MOST_SERVICES).map(line).collect();
    rows.extend(both.notes.iter().map(|text| Row {
        key: RowKey::Line(format!("note {text}")),
        cells: vec![Cell::new(text).tone(Tone::Muted).to_the_end()],
        health: Health::Ok,
    }));
    let total = |value: Option<f64>| value.map_or_else(|| format::UNKNOWN.to_owned(), format::usd);
    Section {
        title: format!(
            "what runs now for 24 h {}, billed for {} {}{}",
            total(both.running.map(Usd::as_f64)),
            both.day,
            total(both.billed),
            if both.estimated == Some(true) { "~" } else { "" }
        ),
        columns,
        rows,
        empty: "neither is known yet".to_owned(),
        ..Section::default()
    }
}

fn line(line: &ReconciledLine) -> Row {
    Row {
        key: RowKey::Line(format!("yesterday {}", line.service)),
        cells: vec![
            Cell::new(&line.service),
            Cell::number(line.running.map(Usd::as_f64), format::usd),
            Cell::number(line.billed, format::usd),
            Cell::number(line.difference(), |usd| {
                let sign = if usd < 0.0 { "-" } else { "+" };
                format!("{sign}{}", format::usd(usd.abs()))
            }),
            Cell::new(line.because.join("; ")).tone(Tone::Muted),
        ],
        health: Health::Ok,
    }
}
