//! Spend as a person reads it.

use crate::domain::units::UsdPerHour;
use crate::headless::amount;
use crate::headless::out::{Detail, Page};
use crate::headless::paint::Tone;
use crate::headless::spend::document::{Burn, Spend, SpendReport};
use crate::headless::status::{self, push, section};
use crate::headless::table::{Cell, Column, Table, UNKNOWN};

/// Services and items that are shown unless everything is.
const MOST_ROWS: usize = 12;
/// Days that are shown unless everything is.
const MOST_DAYS: usize = 7;

/// The whole report.
pub fn text(report: &SpendReport, page: &Page) -> String {
    let spend = &report.spend;
    let mut out = status::scopes(&report.scopes, report.at, page);
    push(&mut out, &totals(spend, page));
    push(&mut out, &gauges(spend, page));
    push(&mut out, &budgets(spend, page));
    push(&mut out, &services(spend, page));
    push(&mut out, &tags(spend, page));
    push(&mut out, &anomalies(spend, page));
    push(&mut out, &days(spend, page));
    push(&mut out, &burn(&spend.burn_rate_per_hour, page));
    push(&mut out, &yesterday(spend, page));
    push(&mut out, &savings(spend, page));
    push(&mut out, &estates(spend, page));
    push(&mut out, &status::errors(&report.errors, page));
    push(&mut out, &status::api(&report.api));
    out
}

/// A few lines for the status.
pub fn summary(spend: &Spend, page: &Page) -> String {
    let mut out = totals(spend, page);
    let burn = &spend.burn_rate_per_hour;
    out.push_str(&format!("burn rate      {}\n", rate(burn.total, burn)));
    out
}

fn usd(amount: Option<f64>) -> String {
    amount.map_or_else(|| UNKNOWN.to_owned(), amount::usd)
}

fn totals(spend: &Spend, page: &Page) -> String {
    let as_of = spend.as_of.map_or_else(String::new, |at| {
        format!(
            ", as of {} {}",
            at.to_zoned(page.zone.0.clone()).strftime("%Y-%m-%d %H:%M"),
            page.zone.1
        )
    });
    let source = spend.source.as_deref().unwrap_or("Cost Explorer, not read");
    let title = page.paint.apply(Tone::Strong, "spend");
    let mut out = format!("{title} ({source}{as_of})\n");
    out.push_str(&format!("month to date  {}\n", usd(spend.month_to_date)));
    let interval = match (spend.forecast_low, spend.forecast_high) {
        (Some(low), Some(high)) => format!("  ({} to {} at 80 %)", usd(Some(low)), usd(Some(high))),
        _ => String::new(),
    };
    out.push_str(&format!("forecast       {}{interval}\n", usd(spend.forecast)));
    if spend.credits.is_some_and(|credits| credits != 0.0) {
        out.push_str(&format!("credits        {}\n", usd(spend.credits)));
    }
    out
}

fn budgets(spend: &Spend, page: &Page) -> String {
    let mut table = Table::new([
        Column::words("BUDGET", 12),
        Column::numbers("LIMIT"),
        Column::numbers("ACTUAL"),
        Column::numbers("USED"),
        Column::numbers("FORECAST"),
        Column::fixed("PERIOD").sheds(1),
        Column::words("SCOPE", 8).sheds(2),
    ]);
    let used = |actual: Option<f64>, limit: Option<f64>| {
        let (actual, limit) = (actual?, limit?);
        (limit > 0.0).then(|| (100.0 * actual / limit).round())
    };
    let share = |percent: Option<f64>| {
        let tone = match percent {
            Some(100.0..) => Tone::Crit,
            Some(80.0..) => Tone::Warn,
            Some(_) | None => Tone::Plain,
        };
        Cell::of(percent.map(|percent| format!("{percent:.0}%"))).tone(tone)
    };
    for budget in &spend.budgets {
        table.row([
            Cell::new(&budget.name),
            Cell::new(usd(budget.limit)),
            Cell::new(usd(budget.actual)),
            share(used(budget.actual, budget.limit)),
            Cell::new(usd(budget.forecast)),
            Cell::new(budget.period.to_lowercase()),
            Cell::new(&budget.scope),
        ]);
    }
    section("budgets", &table, page)
}

/// Credits as a fuel gauge.
fn gauges(spend: &Spend, page: &Page) -> String {
    let mut table = Table::new([
        Column::words("CREDITS", 12),
        Column::numbers("OF"),
        Column::numbers("LEFT"),
        Column::numbers("A DAY"),
        Column::numbers("DAYS"),
        Column::fixed("GONE ON"),
        Column::fixed("END").sheds(1),
        Column::words("MOST OF IT", 14).sheds(2),
    ]);
    for gauge in &spend.credit_gauges {
        let date = |date: Option<jiff::civil::Date>| {
            date.map_or_else(|| UNKNOWN.to_owned(), |date| date.to_string())
        };
        let early = gauge.dry_on.zip(gauge.until).is_some_and(|(dry, end)| dry < end);
        let at_most = if gauge.exact { "" } else { "≤ " };
        table.row([
            Cell::new(&gauge.scope),
            Cell::new(usd(Some(gauge.amount))),
            Cell::new(format!("{at_most}{}", usd(gauge.left))),
            Cell::new(usd(gauge.per_day)),
            Cell::of(gauge.days_left.map(|days| format!("{:.0}", days.floor()))),
            Cell::new(date(gauge.dry_on)).tone(if early { Tone::Warn } else { Tone::Plain }),
            Cell::new(date(gauge.until)),
            Cell::new(gauge.eaters.first().map_or("", |eater| eater.service.as_str())),
        ]);
    }
    section("credits", &table, page)
}

fn tags(spend: &Spend, page: &Page) -> String {
    let mut table = Table::new([
        Column::fixed("TAG"),
        Column::words("VALUE", 12),
        Column::numbers("MONTH TO DATE"),
    ]);
    for entry in spend.by_tag.iter().flatten() {
        table.row([
            Cell::new(&entry.key),
            if entry.value.is_empty() {
                Cell::new("no such tag").tone(Tone::Muted)
            } else {
                Cell::new(&entry.value)
            },
            Cell::new(usd(Some(entry.amount))),
        ]);
    }
    section("by cost allocation tag", &table, page)
}

fn anomalies(spend: &Spend, page: &Page) -> String {
    let mut table = Table::new([
        Column::fixed("SINCE"),
        Column::fixed("UNTIL"),
        Column::numbers("ABOVE"),
        Column::numbers("EXPECTED").sheds(1),
        Column::words("CAUSES", 20),
    ]);
    for anomaly in &spend.anomalies {
        table.row([
            Cell::new(anomaly.start.as_deref().unwrap_or(UNKNOWN)),
            Cell::new(anomaly.end.as_deref().unwrap_or("goes on")),
            Cell::new(usd(Some(anomaly.impact_usd))),
            Cell::new(usd(anomaly.expected_usd)),
            Cell::new(anomaly.causes.join("; ")),
        ]);
    }
    section("anomalies", &table, page)
}

/// The burn rate beside yesterday's bill.
fn yesterday(spend: &Spend, page: &Page) -> String {
    let both = &spend.yesterday;
    let mut table = Table::new([
        Column::words("SERVICE", 16),
        Column::numbers("RUNS NOW × 24 h"),
        Column::numbers("BILLED"),
        Column::numbers("DIFFERENCE"),
        Column::words("BECAUSE", 16).sheds(1),
    ]);
    let most = match page.detail {
        Detail::All => usize::MAX,
        Detail::Normal => MOST_ROWS,
    };
    for entry in both.by_service.iter().take(most) {
        table.row([
            Cell::new(&entry.service),
            Cell::new(usd(entry.running)),
            Cell::new(usd(entry.billed)),
            Cell::new(usd(entry.difference)),
            Cell::new(entry.because.join("; ")).tone(Tone::Muted),
        ]);
    }
    let title = format!(
        "the burn rate beside the bill of {}: {} and {}",
        both.date,
        usd(both.running),
        usd(both.billed)
    );
    let mut out = section(&title, &table, page);
    for line in crate::headless::table::wrapped(&both.notes.join(" "), page.width.unwrap_or(usize::MAX)) {
        out.push_str(&page.paint.apply(Tone::Muted, &line));
        out.push('\n');
    }
    out
}

/// What could be saved.
fn savings(spend: &Spend, page: &Page) -> String {
    let mut table = Table::new([
        Column::numbers("A MONTH"),
        Column::words("NAME", 14),
        Column::words("HOW", 20),
        Column::words("RULE", 10).sheds(1),
    ]);
    let most = match page.detail {
        Detail::All => usize::MAX,
        Detail::Normal => MOST_ROWS,
    };
    for entry in spend.savings.iter().take(most) {
        let how = entry
            .title
            .split_once(": ")
            .map_or(entry.title.as_str(), |(_, how)| how);
        table.row([
            Cell::new(usd(entry.saves_usd_per_month)),
            Cell::new(&entry.name),
            Cell::new(how),
            Cell::new(&entry.rule).tone(Tone::Muted),
        ]);
    }
    let mut out = section(
        "possible savings (some exclude each other: not to be added up)",
        &table,
        page,
    );
    let left_out = spend.savings.len().saturating_sub(most);
    if left_out > 0 {
        out.push_str(&format!("and {left_out} more, see -o wide\n"));
    }
    out
}

fn services(spend: &Spend, page: &Page) -> String {
    let mut table = Table::new([Column::words("SERVICE", 20), Column::numbers("MONTH TO DATE")]);
    let most = match page.detail {
        Detail::All => usize::MAX,
        Detail::Normal => MOST_ROWS,
    };
    for entry in spend.by_service.iter().take(most) {
        table.row([Cell::new(&entry.service), Cell::new(usd(Some(entry.amount)))]);
    }
    if let Some(rest) = spend.by_service.get(most..).filter(|rest| !rest.is_empty()) {
        let sum = rest.iter().map(|entry| entry.amount).sum();
        table.row([
            Cell::new(format!("{} more", rest.len())).tone(Tone::Muted),
            Cell::new(usd(Some(sum))),
        ]);
    }
    let mut out = section("by service", &table, page);
    if spend.by_account.len() > 1 {
        let mut table = Table::new([Column::fixed("ACCOUNT"), Column::numbers("MONTH TO DATE")]);
        for entry in &spend.by_account {
            table.row([Cell::new(&entry.account), Cell::new(usd(Some(entry.amount)))]);
        }
        push(&mut out, &section("by account", &table, page));
    }
    out
}

fn days(spend: &Spend, page: &Page) -> String {
    let mut table = Table::new([
        Column::fixed("DAY (UTC)"),
        Column::numbers("COST"),
        Column::fixed(""),
        Column::fixed(""),
    ]);
    let largest = spend.daily.iter().map(|day| day.amount).fold(0.0, f64::max);
    let first = match page.detail {
        Detail::All => 0,
        Detail::Normal => spend.daily.len().saturating_sub(MOST_DAYS),
    };
    for day in &spend.daily[first..] {
        table.row([
            Cell::new(day.date.to_string()),
            Cell::new(usd(Some(day.amount))),
            Cell::new(bar(day.amount, largest)),
            Cell::new(if day.estimated { "still counting" } else { "" }).tone(Tone::Muted),
        ]);
    }
    section("by day", &table, page)
}

/// A bar of `#`, which every terminal and file shows.
fn bar(amount: f64, largest: f64) -> String {
    /// Columns of the largest.
    const MOST: f64 = 30.0;
    if largest > 0.0 {
        "#".repeat((MOST * (amount / largest).clamp(0.0, 1.0)).round() as usize)
    } else {
        String::new()
    }
}

fn rate(total: Option<UsdPerHour>, burn: &Burn) -> String {
    let total = total.map_or_else(|| UNKNOWN.to_owned(), |rate| rate.to_string());
    let at_least = if burn.unpriced.is_empty() && !burn.unread {
        ""
    } else {
        "at least "
    };
    let month = burn
        .total
        .map_or_else(String::new, |rate| format!(", {} a month", rate.per_month()));
    format!("{at_least}{total}{month}")
}

fn burn(burn: &Burn, page: &Page) -> String {
    let mut table = Table::new([
        Column::fixed("KIND"),
        Column::words("NAME", 14),
        Column::numbers("COUNT"),
        Column::numbers("EACH").sheds(3),
        Column::numbers("PER HOUR"),
        Column::fixed("PRICE OF").sheds(2),
        Column::words("WHAT", 10).sheds(1),
    ]);
    let most = match page.detail {
        Detail::All => usize::MAX,
        Detail::Normal => MOST_ROWS,
    };
    for item in burn.items.iter().take(most) {
        table.row([
            Cell::new(item.kind.name()),
            Cell::new(&item.name),
            Cell::new(item.count.to_string()),
            Cell::of(item.unit),
            Cell::of(item.per_hour()),
            Cell::of(item.as_of),
            Cell::new(&item.note).tone(Tone::Muted),
        ]);
    }
    let left_out = burn.items.len().saturating_sub(most);
    let mut out = section(
        &format!("burn rate now: {}", rate(burn.total, burn)),
        &table,
        page,
    );
    if out.is_empty() {
        out = format!("burn rate now: {}\n", rate(burn.total, burn));
    }
    if left_out > 0 {
        out.push_str(&format!("and {left_out} more, see -o wide\n"));
    }
    let of = burn
        .prices_of
        .map_or_else(String::new, |day| format!(" of {day} or later"));
    let mut notes = format!("At list prices{of}, without {}.", burn.excludes);
    if !burn.unpriced.is_empty() {
        notes.push_str(&format!(
            " No price is known of {} of {} items.",
            burn.unpriced.len(),
            burn.items.len()
        ));
    }
    let width = page.width.unwrap_or(usize::MAX);
    for line in crate::headless::table::wrapped(&notes, width) {
        out.push_str(&page.paint.apply(Tone::Muted, &line));
        out.push('\n');
    }
    out
}

/// What the owners of the estates have said: the budget, and what AWS does not know.
fn estates(spend: &Spend, page: &Page) -> String {
    let mut table = Table::new([
        Column::words("ESTATE", 14),
        Column::words("WHAT", 14),
        Column::numbers("A MONTH"),
    ]);
    for estate in &spend.estates {
        let scopes = estate.scopes.join(", ");
        for cost in &estate.fixed_monthly {
            table.row([
                Cell::new(&scopes),
                Cell::new(&cost.name),
                Cell::new(format!("{:.2}", cost.amount)),
            ]);
        }
        if let Some(budget) = estate.monthly_budget {
            let what = if estate.fixed_monthly.is_empty() {
                "budget"
            } else {
                "budget, these costs included"
            };
            table.row([
                Cell::new(&scopes),
                Cell::new(what).tone(Tone::Strong),
                Cell::new(usd(Some(budget))),
            ]);
        }
    }
    section(
        "fixed costs that AWS does not know, and the estate's budget",
        &table,
        page,
    )
}
