//! Credits as a fuel gauge, and what estates are a part of.

use crate::app::format;
use crate::app::panes::Told;
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::credit_gauge::CreditGauge;
use crate::domain::health::Health;
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::{ScopeState, Source};

/// The gauge of each account whose estate lives on credits; no section without one.
pub(super) fn credits(state: &State) -> Option<Section> {
    let columns = vec![
        Column::words("CREDITS", 12, 24, 0),
        Column::words("FUEL", 10, 20, 1),
        Column::numbers("LEFT", 8, 0),
        Column::numbers("OF", 7, 2),
        Column::numbers("A DAY", 7, 0),
        Column::numbers("DAYS", 5, 0),
        Column::words("GONE ON", 10, 10, 0),
        Column::words("END", 10, 10, 3),
    ];
    let mut rows = Vec::new();
    for scope in state.picture.inventory.account_leaders() {
        if let Some(gauge) = gauge_of(state, scope) {
            rows.extend(gauge_rows(state, scope, &gauge));
        }
    }
    (!rows.is_empty()).then(|| Section {
        title: "credits (at the mean of the last seven whole days)".to_owned(),
        note: Told::of_account(state, &[Source::Usage]).note(),
        columns,
        rows,
        ..Section::default()
    })
}

/// The gauge of an account, if its estate lives on credits.
pub(crate) fn gauge_of(state: &State, scope: &ScopeState) -> Option<CreditGauge> {
    let credits = state.setup.policies.of(scope.name()).credits.as_ref()?;
    let today = state.picture.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    Some(CreditGauge::of(credits, scope.usage.get(), today))
}

fn gauge_rows(state: &State, scope: &ScopeState, gauge: &CreditGauge) -> Vec<Row> {
    let key = ResourceKey::new(&scope.scope.global_name(), Kind::Budget, "credits");
    let health = crate::app::panes::health_of(state, &key);
    let tone = match health {
        Health::Crit => Tone::Crit,
        Health::Warn => Tone::Warn,
        Health::Ok | Health::Unknown => Tone::Plain,
    };
    let date = |date: Option<jiff::civil::Date>| {
        Cell::new(date.map_or_else(|| format::UNKNOWN.to_owned(), |date| date.to_string()))
    };
    let share = gauge.percent_left().map(|percent| percent / 100.0);
    let mut rows = vec![Row {
        key: RowKey::Resource(key.clone()),
        cells: vec![
            Cell::new(scope.scope.profile_name()).tone(Tone::Strong),
            share
                .map_or_else(|| Cell::new(format::UNKNOWN).tone(Tone::Muted), Cell::bar)
                .tone(tone),
            Cell::number(gauge.left, |left| {
                format!("{}{}", if gauge.is_whole { "" } else { "≤" }, format::usd(left))
            })
            .tone(tone),
            Cell::new(format::usd(gauge.amount)).tone(Tone::Muted),
            Cell::number(gauge.per_day, format::usd),
            Cell::number(gauge.days_left, |days| format!("{:.0}", days.floor())).tone(tone),
            date(gauge.dry_on).tone(tone),
            date(gauge.until).tone(Tone::Muted),
        ],
        health,
    }];
    if !gauge.eaters.is_empty() {
        let eaters: Vec<String> = gauge
            .eaters
            .iter()
            .take(3)
            .map(|(service, per_day)| format!("{service} {}", format::usd(*per_day)))
            .collect();
        rows.push(Row {
            key: RowKey::About(key, "eaters".to_owned()),
            cells: vec![
                Cell::new(format!("eaten a day by {}", eaters.join(", ")))
                    .tone(Tone::Muted)
                    .to_the_end(),
            ],
            health: Health::Ok,
        });
    }
    rows
}

/// Month to date by cost allocation tag; no section where no estate names one.
pub(super) fn tags(state: &State) -> Option<Section> {
    let columns = vec![
        Column::words("TAG, MONTH TO DATE", 18, 30, 0),
        Column::names("VALUE", 16, 44, 0),
        Column::numbers("USD", 10, 0),
        Column::words("", 6, 20, 1),
    ];
    let mut rows = Vec::new();
    for scope in state.picture.inventory.account_leaders() {
        let Some(costs) = scope.usage.get().and_then(|usage| usage.by_tag.as_ref()) else {
            continue;
        };
        let own = state.setup.policies.of(scope.name()).cost_tag.as_ref();
        for (value, amount) in &costs.by_value {
            let is_own = own.is_some_and(|tag| tag.key == costs.key && tag.value == *value);
            rows.push(Row {
                key: RowKey::Line(format!("tag {} {} {value}", scope.name(), costs.key)),
                cells: vec![
                    Cell::new(&costs.key).tone(Tone::Muted),
                    if value.is_empty() {
                        Cell::new("no such tag").tone(Tone::Muted)
                    } else {
                        Cell::new(value).tone(if is_own { Tone::Strong } else { Tone::Plain })
                    },
                    Cell::number(Some(*amount), format::usd),
                    Cell::new(if is_own { "this estate" } else { "" }).tone(Tone::Accent),
                ],
                health: Health::Ok,
            });
        }
    }
    (!rows.is_empty()).then(|| Section {
        title: "by cost allocation tag".to_owned(),
        columns,
        rows,
        ..Section::default()
    })
}
