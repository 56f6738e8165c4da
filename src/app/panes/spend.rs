//! Spend: the month, budgets, what runs now by the hour, services, days.

mod gauge;
mod lists;

pub(crate) use gauge::gauge_of;

use std::collections::BTreeMap;

use jiff::ToSpan;

use crate::app::format;
use crate::app::panes::Told;
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::cost::Usage;
use crate::domain::health::Health;
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::{ScopeState, Source};

/// Items of the burn rate that are shown one by one.
const MOST_ITEMS: usize = 12;

/// Totals, budgets, burn rate, services, days.
pub(super) fn sections(state: &State) -> Vec<Section> {
    let mut sections = vec![accounts(state)];
    sections.extend(gauge::credits(state));
    sections.push(budgets(state));
    sections.extend(lists::anomalies(state));
    sections.push(burn(state));
    sections.push(lists::savings(state));
    sections.push(days(state));
    sections.push(lists::yesterday(state));
    sections.push(services(state));
    sections.extend(gauge::tags(state));
    sections.extend(lists::advice(state));
    sections
}

/// Days of this month, by UTC as Cost Explorer counts; `None` before the first of them is known.
pub(crate) fn month_to_date(state: &State, usage: &Usage) -> Option<f64> {
    usage.month_to_date(state.picture.at.to_zoned(jiff::tz::TimeZone::UTC).date())
}

fn accounts(state: &State) -> Section {
    let columns = vec![
        Column::words("ACCOUNT", 12, 30, 0),
        Column::numbers("MONTH TO DATE", 13, 0),
        Column::numbers("FORECAST", 10, 0),
        Column::numbers("INTERVAL", 15, 2),
        Column::numbers("YESTERDAY", 10, 1),
        Column::words("", 12, 24, 4),
        Column::numbers("CREDITS", 10, 3),
        Column::numbers("AS OF", 8, 0),
    ];
    let rows = state
        .picture
        .inventory
        .account_leaders()
        .map(|scope| account_row(state, scope))
        .collect();
    Section {
        title: "spend (UnblendedCost, credits left out, ~ estimated)".to_owned(),
        note: Told::of_account(state, &[Source::Usage, Source::Forecast]).note(),
        columns,
        rows,
        empty: "Cost Explorer has not been read".to_owned(),
        ..Section::default()
    }
}

fn account_row(state: &State, scope: &ScopeState) -> Row {
    let usage = scope.usage.get();
    let spent = usage.and_then(|usage| month_to_date(state, usage));
    let forecast = scope.forecast.get();
    let total = spent
        .zip(forecast)
        .map(|(spent, forecast)| spent + forecast.rest_of_month);
    let interval = spent.zip(forecast).and_then(|(spent, forecast)| {
        Some(format!(
            "{}–{}",
            format::usd(spent + forecast.low?),
            format::usd(spent + forecast.high?)
        ))
    });
    let yesterday = state
        .picture
        .at
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
        .saturating_sub(1.day());
    let last = usage.and_then(|usage| usage.daily.iter().find(|day| day.date == yesterday));
    let daily: Vec<f64> = usage
        .map(|usage| {
            usage
                .daily
                .iter()
                .map(crate::domain::cost::DailyCost::total)
                .collect()
        })
        .unwrap_or_default();
    let name = scope.account().unwrap_or(format::UNKNOWN);
    Row {
        key: RowKey::Resource(ResourceKey::new(
            &scope.scope.global_name(),
            Kind::Budget,
            "spend",
        )),
        cells: vec![
            Cell::new(format!("{name} {}", scope.scope.profile_name())).tone(Tone::Strong),
            Cell::number(spent, format::usd),
            Cell::number(total, format::usd),
            Cell::new(interval.unwrap_or_else(|| format::UNKNOWN.to_owned())).tone(Tone::Muted),
            Cell::number(last.map(crate::domain::cost::DailyCost::total), |usd| {
                format!(
                    "{}{}",
                    format::usd(usd),
                    if last.is_some_and(|day| day.estimated) {
                        "~"
                    } else {
                        ""
                    }
                )
            }),
            Cell::spark(daily).tone(Tone::Accent),
            Cell::number(usage.and_then(|usage| usage.credits), format::usd),
            Cell::number(
                scope
                    .usage
                    .at()
                    .map(|at| state.picture.at.duration_since(at).as_secs_f64()),
                |seconds| {
                    format!(
                        "{} ago",
                        format::span(jiff::SignedDuration::from_secs_f64(seconds))
                    )
                },
            ),
        ],
        health: Health::Ok,
    }
}

fn budgets(state: &State) -> Section {
    let columns = vec![
        Column::names("BUDGET", 16, 44, 0),
        Column::numbers("LIMIT", 10, 0),
        Column::numbers("ACTUAL", 10, 0),
        Column::numbers("USED", 6, 0),
        Column::numbers("FORECAST", 10, 0),
        Column::words("PERIOD", 8, 10, 1),
    ];
    let mut rows = Vec::new();
    for scope in state.picture.inventory.account_leaders() {
        for budget in scope.budgets.get().into_iter().flatten() {
            let used = budget.actual.zip(budget.limit).filter(|(_, limit)| *limit > 0.0);
            let used = used.map(|(actual, limit)| 100.0 * actual / limit);
            let over = |value: Option<f64>| {
                value
                    .zip(budget.limit)
                    .is_some_and(|(value, limit)| value > limit)
            };
            let tone = |value| if over(value) { Tone::Crit } else { Tone::Plain };
            rows.push(Row {
                key: RowKey::Resource(ResourceKey::new(scope.name(), Kind::Budget, &budget.name)),
                cells: vec![
                    Cell::new(&budget.name).tone(Tone::Strong),
                    Cell::number(budget.limit, format::usd),
                    Cell::number(budget.actual, format::usd).tone(tone(budget.actual)),
                    Cell::number(used, |value| format!("{value:.0}%")),
                    Cell::number(budget.forecast, format::usd).tone(tone(budget.forecast)),
                    Cell::new(&budget.period).tone(Tone::Muted),
                ],
                health: Health::Ok,
            });
        }
    }
    let told = Told::of_account(state, &[Source::Budgets]);
    Section {
        title: format!("budgets {}", told.count(rows.len())),
        empty: told.empty("no budgets: nobody is told when spend grows"),
        note: told.note(),
        columns,
        rows,
        ..Section::default()
    }
}

fn burn(state: &State) -> Section {
    let burn = &state.picture.burn;
    let columns = vec![
        Column::names("RUNS NOW", 20, 44, 0),
        Column::words("KIND", 8, 14, 1),
        Column::numbers("COUNT", 6, 2),
        Column::numbers("EACH/h", 7, 4),
        Column::numbers("USD/h", 9, 0),
        Column::numbers("USD/month", 10, 0),
        Column::words("", 10, 60, 3),
        Column::words("PRICE OF", 10, 10, 5),
    ];
    let rows = burn
        .items
        .iter()
        .take(MOST_ITEMS)
        .map(|item| {
            let rate = item.per_hour();
            Row {
                key: RowKey::Line(format!("burn {} {}", item.kind, item.id)),
                cells: vec![
                    Cell::new(&item.name),
                    Cell::new(item.kind.to_string()).tone(Tone::Muted),
                    Cell::new(item.count.to_string()),
                    Cell::number(item.unit.map(|unit| unit.per_hour().as_f64()), |usd| {
                        format!("{usd:.4}")
                    })
                    .tone(Tone::Muted),
                    Cell::number(rate.map(|rate| rate.per_hour().as_f64()), |usd| {
                        format!("{usd:.3}")
                    }),
                    Cell::number(rate.map(|rate| rate.per_month().as_f64()), format::usd),
                    Cell::new(&item.note).tone(Tone::Muted),
                    Cell::new(item.as_of.map(|day| day.to_string()).unwrap_or_default()).tone(Tone::Muted),
                ],
                health: Health::Ok,
            }
        })
        .collect();
    let total = burn.total.map_or_else(
        || format::UNKNOWN.to_owned(),
        |rate| format::usd(rate.per_hour().as_f64()),
    );
    let partial = if burn.is_partial() { ", partial" } else { "" };
    let date = burn
        .as_of
        .map_or_else(String::new, |date| format!(", prices of {date}"));
    Section {
        title: format!("burn rate {total}/h at list price{partial}{date}"),
        note: None,
        columns,
        rows,
        empty: "nothing that runs by the hour is known yet".to_owned(),
        ..Section::default()
    }
}

fn services(state: &State) -> Section {
    let columns = vec![
        Column::words("SERVICE, MONTH TO DATE", 24, 60, 0),
        Column::numbers("USD", 10, 0),
        Column::numbers("SHARE", 6, 1),
    ];
    let first = state
        .picture
        .at
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
        .first_of_month();
    let mut by_service: BTreeMap<&str, f64> = BTreeMap::new();
    for usage in state
        .picture
        .inventory
        .account_leaders()
        .filter_map(|scope| scope.usage.get())
    {
        for day in usage.daily.iter().filter(|day| day.date >= first) {
            for (service, amount) in &day.by_service {
                *by_service.entry(service).or_default() += amount;
            }
        }
    }
    let total: f64 = by_service.values().sum();
    let mut sorted: Vec<(&str, f64)> = by_service.into_iter().collect();
    sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
    let rows = sorted
        .into_iter()
        .map(|(service, amount)| Row {
            key: RowKey::Line(format!("service {service}")),
            cells: vec![
                Cell::new(service),
                Cell::number(Some(amount), format::usd),
                Cell::number((total > 0.0).then(|| 100.0 * amount / total), |share| {
                    format!("{share:.0}%")
                }),
            ],
            health: Health::Ok,
        })
        .collect();
    Section {
        title: "by service".to_owned(),
        columns,
        rows,
        empty: "not read yet".to_owned(),
        ..Section::default()
    }
}

fn days(state: &State) -> Section {
    let columns = vec![
        Column::words("DAY (UTC)", 10, 12, 0),
        Column::numbers("USD", 9, 0),
        Column::words("", 10, 48, 1),
        Column::words("", 7, 13, 2),
    ];
    let mut by_day: BTreeMap<jiff::civil::Date, (f64, bool)> = BTreeMap::new();
    for usage in state
        .picture
        .inventory
        .account_leaders()
        .filter_map(|scope| scope.usage.get())
    {
        for day in &usage.daily {
            let entry = by_day.entry(day.date).or_default();
            entry.0 += day.total();
            entry.1 |= day.estimated;
        }
    }
    let largest = by_day.values().map(|(amount, _)| *amount).fold(0.0, f64::max);
    let rows = by_day
        .into_iter()
        .rev()
        .map(|(date, (amount, estimated))| Row {
            key: RowKey::Line(format!("day {date}")),
            cells: vec![
                Cell::new(date.to_string()),
                Cell::number(Some(amount), format::usd),
                Cell::bar(if largest > 0.0 { amount / largest } else { 0.0 }).tone(Tone::Accent),
                Cell::new(if estimated { "still counted" } else { "" }).tone(Tone::Muted),
            ],
            health: Health::Ok,
        })
        .collect();
    Section {
        title: "by day".to_owned(),
        columns,
        rows,
        empty: "not read yet".to_owned(),
        ..Section::default()
    }
}
