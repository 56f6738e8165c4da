//! The page's section on money.

use super::{Page, item, or_unknown, section, usd};
use crate::domain::markdown::inline;
use crate::headless::spend::document::{CreditEntry, Spend};

impl Page<'_> {
    /// Spend: sums, credits, and what they are made of.
    pub(super) fn spend(&self, out: &mut String) {
        let Some(spend) = &self.status.spend else {
            return;
        };
        out.push_str("## Spend\n\n");
        if let Some(at) = spend.as_of {
            item(out, &format!("By Cost Explorer, read {}", self.moment(at)));
        }
        for line in totals(spend) {
            item(out, &line);
        }
        out.push('\n');
        let services = spend
            .by_service
            .iter()
            .map(|entry| vec![inline(&entry.service), usd(Some(entry.amount))]);
        section(
            out,
            "### This month by service",
            &["SERVICE", "AMOUNT"],
            services.collect(),
        );
        let tags = spend.by_tag.iter().flatten().map(|entry| {
            let value = match entry.value.as_str() {
                "" => "without it".to_owned(),
                value => inline(value),
            };
            vec![inline(&entry.key), value, usd(Some(entry.amount))]
        });
        section(
            out,
            "### This month by tag",
            &["TAG", "VALUE", "AMOUNT"],
            tags.collect(),
        );
        let fixed = spend.estates.iter().flat_map(|estate| &estate.fixed_monthly);
        let fixed = fixed.map(|entry| vec![inline(&entry.name), entry.amount.to_string()]);
        section(
            out,
            "### Fixed, a month, on no bill of AWS",
            &["WHAT", "AMOUNT"],
            fixed.collect(),
        );
        let items = spend.burn_rate_per_hour.items.iter();
        let items = items.map(|item| {
            vec![
                inline(&item.name),
                item.kind.name().to_owned(),
                or_unknown(item.per_hour().as_ref().map(ToString::to_string)),
            ]
        });
        section(
            out,
            "### What runs now",
            &["WHAT", "AS", "AN HOUR"],
            items.collect(),
        );
    }
}

/// The sums, a line each.
fn totals(spend: &Spend) -> Vec<String> {
    let mut lines = vec![format!("This month so far: {}", usd(spend.month_to_date))];
    let interval = match (spend.forecast_low, spend.forecast_high) {
        (Some(low), Some(high)) => format!(" (80 %: ${low:.2} to ${high:.2})"),
        _ => String::new(),
    };
    lines.push(format!(
        "Forecast of the month: {}{interval}",
        usd(spend.forecast)
    ));
    for estate in &spend.estates {
        if let Some(budget) = estate.monthly_budget {
            lines.push(format!("Budget of the estate: {}", usd(Some(budget))));
        }
    }
    for budget in &spend.budgets {
        lines.push(format!(
            "Budget {}: {} of {}",
            inline(&budget.name),
            usd(budget.actual),
            usd(budget.limit)
        ));
    }
    lines.extend(spend.credit_gauges.iter().map(credits));
    let burn = &spend.burn_rate_per_hour;
    let total = burn.total.as_ref().map(ToString::to_string);
    let unpriced = match burn.unpriced.len() {
        0 => String::new(),
        some => format!(", too low: {some} things have no price here"),
    };
    lines.push(format!(
        "What runs now, at list price: {}{unpriced}",
        or_unknown(total)
    ));
    lines
}

/// `Credits: $412.10 of $1000.00 left, 38 days at $10.84 a day, dry on 2026-12-29`.
fn credits(gauge: &CreditEntry) -> String {
    let most = if gauge.exact { "" } else { "at most " };
    let mut line = format!(
        "Credits: {most}{} of {} left",
        usd(gauge.left),
        usd(Some(gauge.amount))
    );
    if let (Some(days), Some(per_day)) = (gauge.days_left, gauge.per_day) {
        line.push_str(&format!(", {days:.0} days at ${per_day:.2} a day"));
    }
    if let Some(dry) = gauge.dry_on {
        line.push_str(&format!(", dry on {dry}"));
    }
    if let Some(until) = gauge.until {
        line.push_str(&format!("; they can be spent until {until}"));
    }
    let eaters: Vec<String> = gauge
        .eaters
        .iter()
        .take(3)
        .map(|eater| format!("{} ${:.2}", inline(&eater.service), eater.amount))
        .collect();
    if !eaters.is_empty() {
        line.push_str(&format!("; a day goes to {}", eaters.join(", ")));
    }
    line
}
