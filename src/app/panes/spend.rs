//! Spend: the month, budgets, what runs now by the hour, services, days.

mod burn;
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
use crate::domain::estate_bill::EstateBill;
use crate::domain::health::Health;
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::{ScopeState, Source};

/// The id of the estate's own budget among those of its account.
pub(crate) const ESTATE: &str = "quarterdeck:estate";

/// Totals, budgets, burn rate, services, days.
pub(super) fn sections(state: &State) -> Vec<Section> {
    let mut sections = vec![accounts(state)];
    sections.extend(gauge::credits(state));
    sections.push(budgets(state));
    sections.extend(lists::anomalies(state));
    sections.push(burn::section(state));
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
    let (mut rows, mut of_aws) = (Vec::new(), 0);
    for scope in state.picture.inventory.account_leaders() {
        rows.extend(estates_row(state, scope));
        for budget in scope.budgets.get().into_iter().flatten() {
            rows.push(Row {
                key: RowKey::Resource(ResourceKey::new(scope.name(), Kind::Budget, &budget.name)),
                cells: budget_cells(
                    (&budget.name, &budget.period),
                    (budget.limit, budget.actual, budget.forecast),
                ),
                health: Health::Ok,
            });
            of_aws += 1;
        }
    }
    let told = Told::of_account(state, &[Source::Budgets]);
    Section {
        title: format!("budgets {}", told.count(of_aws)),
        empty: told.empty("no budgets: nobody is told when spend grows"),
        note: told.note(),
        columns,
        rows,
        ..Section::default()
    }
}

/// The estate's own budget beside its own part of the bill: without the fixed costs that AWS does not know.
fn estates_row(state: &State, scope: &ScopeState) -> Option<Row> {
    let policy = state.setup.policies.of(scope.name());
    let today = state.picture.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let bill = EstateBill::of(scope, policy, today);
    let planned = bill.planned?;
    let name = match &state.setup.estate {
        Some(estate) => format!("{estate}, this estate"),
        None => "this estate".to_owned(),
    };
    let of_aws = if policy.fixed_monthly_usd() > 0.0 {
        "of AWS"
    } else {
        "MONTHLY"
    };
    Some(Row {
        key: RowKey::Resource(ResourceKey::new(&scope.scope.global_name(), Kind::Budget, ESTATE)),
        cells: budget_cells((&name, of_aws), (Some(planned), bill.actual, bill.expected())),
        health: Health::Ok,
    })
}

/// A budget's name and period, its limit, what was and what will be spent.
fn budget_cells(
    (name, period): (&str, &str),
    (limit, actual, forecast): (Option<f64>, Option<f64>, Option<f64>),
) -> Vec<Cell> {
    let used = actual.zip(limit).filter(|(_, limit)| *limit > 0.0);
    let used = used.map(|(actual, limit)| 100.0 * actual / limit);
    let over = |value: Option<f64>| value.zip(limit).is_some_and(|(value, limit)| value > limit);
    let tone = |value| if over(value) { Tone::Crit } else { Tone::Plain };
    vec![
        Cell::new(name).tone(Tone::Strong),
        Cell::number(limit, format::usd),
        Cell::number(actual, format::usd).tone(tone(actual)),
        Cell::number(used, |value| format!("{value:.0}%")),
        Cell::number(forecast, format::usd).tone(tone(forecast)),
        Cell::new(period).tone(Tone::Muted),
    ]
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
