//! Details of spend: a budget, an anomaly, the account as a whole, a piece of advice.

use crate::app::detail::Block;
use crate::app::detail::blocks::{fact, maybe, when};
use crate::app::format;
use crate::app::panes::month_to_date;
use crate::app::state::State;
use crate::app::table::{Cell, Tone};
use crate::domain::cost::Anomaly;
use crate::domain::credit_gauge::CreditGauge;
use crate::domain::estate_bill::EstateBill;
use crate::domain::inventory::ScopeState;

/// A budget, an anomaly, or what the account spends where it is about no single one.
pub(super) fn budget(state: &State, scope: &ScopeState, name: &str) -> Vec<Block> {
    let budgets = scope.budgets.get().into_iter().flatten();
    if let Some(budget) = budgets.clone().find(|budget| budget.name == name) {
        return vec![Block::Facts(vec![
            fact("budget", &budget.name),
            fact("period", &budget.period),
            maybe("limit", budget.limit.map(format::usd)),
            maybe("actual", budget.actual.map(format::usd)),
            maybe("forecast", budget.forecast.map(format::usd)),
        ])];
    }
    if name == crate::app::panes::ESTATE_BUDGET {
        return vec![Block::Facts(estate(state, scope))];
    }
    let mut anomalies = scope.anomalies.get().into_iter().flatten();
    if let Some(anomaly) = anomalies.find(|anomaly| anomaly.id == name) {
        return self::anomaly(anomaly);
    }
    let usage = scope.usage.get();
    let spent = usage.and_then(|usage| month_to_date(state, usage));
    let forecast = scope.forecast.get();
    let rest = forecast.map(|forecast| forecast.rest_of_month);
    let interval = spent.zip(forecast).and_then(|(spent, forecast)| {
        Some(format!(
            "{} to {} at 80 %",
            format::usd(spent + forecast.low?),
            format::usd(spent + forecast.high?)
        ))
    });
    let mut facts = vec![
        fact("account", scope.account().unwrap_or(format::UNKNOWN)),
        maybe("month to date", spent.map(format::usd)),
        maybe("rest of the month", rest.map(format::usd)),
        maybe("whole month", interval),
        maybe("as of", scope.usage.at().map(|at| when(state, at))),
    ];
    for budget in budgets {
        facts.push(maybe(
            &format!("budget {}", budget.name),
            budget.limit.map(format::usd),
        ));
    }
    let mut blocks = vec![Block::Facts(facts)];
    if let Some(gauge) = crate::app::panes::gauge_of(state, scope) {
        blocks.push(Block::Heading("credits".to_owned()));
        blocks.push(Block::Facts(credits(&gauge)));
    }
    blocks.push(Block::Facts(vec![fact(
        "more",
        "7 shows services, days, savings and what runs now",
    )]));
    blocks
}

/// The estate's own budget: what of it AWS knows, and what not.
fn estate(state: &State, scope: &ScopeState) -> Vec<(String, Cell)> {
    let policy = state.setup.policies.of(scope.name());
    let today = state.picture.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let bill = EstateBill::of(scope, policy, today);
    let share = |usd: Option<f64>| {
        let (usd, planned) = usd.zip(bill.planned)?;
        Some(if planned > 0.0 {
            format!("{}, {:.0}%", format::usd(usd), 100.0 * usd / planned)
        } else {
            format::usd(usd)
        })
    };
    let mut facts = vec![maybe("budget", policy.monthly_budget_usd.map(format::usd))];
    for cost in &policy.fixed_monthly_costs {
        facts.push(fact(
            &cost.name,
            format!("{}, which AWS does not know", format::usd(cost.monthly_usd)),
        ));
    }
    let tag = policy.cost_tag.as_ref();
    facts.extend([
        maybe("left for AWS", bill.planned.map(format::usd)),
        fact(
            "counted by",
            tag.map_or_else(
                || "the whole account".to_owned(),
                |tag| format!("the tag {} = {}", tag.key, tag.value),
            ),
        ),
        maybe("month to date", share(bill.actual)),
        maybe("whole month, expected", share(bill.expected())),
    ]);
    facts
}

fn anomaly(anomaly: &Anomaly) -> Vec<Block> {
    let mut blocks = vec![Block::Facts(vec![
        fact("anomaly", &anomaly.id),
        maybe("since", anomaly.start.as_deref()),
        fact("until", anomaly.end.as_deref().unwrap_or("it goes on")),
        fact("above the expected", format::usd(anomaly.impact_usd)),
        maybe("expected", anomaly.expected_usd.map(format::usd)),
        maybe("paid", anomaly.actual_usd.map(format::usd)),
        maybe("monitor", anomaly.monitor.as_deref()),
    ])];
    if !anomaly.causes.is_empty() {
        blocks.push(Block::Heading("causes, the largest first".to_owned()));
        let line = |cause: &String| vec![Cell::new(cause)];
        blocks.push(Block::Lines(anomaly.causes.iter().map(line).collect()));
    }
    blocks
}

fn credits(gauge: &CreditGauge) -> Vec<(String, Cell)> {
    let mut facts = vec![
        fact("at the start", format::usd(gauge.amount)),
        maybe(
            "used",
            gauge
                .used
                .map(|(used, since)| format!("{} since {since}", format::usd(used))),
        ),
        maybe("billed, not paid by them", gauge.paid_otherwise.map(format::usd)),
        maybe(
            if gauge.is_whole { "left" } else { "left at most" },
            gauge.left.map(format::usd),
        ),
        maybe("a day", gauge.per_day.map(format::usd)),
        maybe(
            "lasts",
            gauge.days_left.map(|days| format!("{:.0} days", days.floor())),
        ),
        maybe("gone on", gauge.dry_on.map(|day| day.to_string())),
        maybe("end", gauge.until.map(|day| day.to_string())),
    ];
    if gauge.is_dry_before_the_end() == Some(true) {
        facts.push((
            "so".to_owned(),
            Cell::new("they are gone before they end").tone(Tone::Warn),
        ));
    }
    for (service, per_day) in &gauge.eaters {
        facts.push(fact(service, format!("{} a day", format::usd(*per_day))));
    }
    facts
}

/// A piece of advice.
pub(super) fn advice(state: &State, scope: &ScopeState, id: &str) -> Option<Vec<Block>> {
    let given = [scope.trusted_advisor.get(), scope.recommendations.get()];
    let one = given
        .into_iter()
        .flatten()
        .flat_map(|given| &given.items)
        .find(|one| one.id == id)?;
    let mut blocks = vec![Block::Facts(vec![
        fact("adviser", one.adviser.name()),
        fact("advice", &one.name),
        fact("category", one.category.replace('_', " ")),
        fact("level", one.level.name()),
        fact("what", &one.what),
        maybe(
            "would save",
            one.saves_usd_per_month
                .map(|usd| format!("{} a month, by its own estimate", format::usd(usd))),
        ),
        maybe("looked", one.checked_at.map(|at| when(state, at))),
    ])];
    if !one.resources.is_empty() {
        blocks.push(Block::Heading(format!("resources, {} in all", one.flagged)));
        let line = |resource: &String| vec![Cell::new(resource)];
        blocks.push(Block::Lines(one.resources.iter().map(line).collect()));
    }
    Some(blocks)
}
