//! Spend: budgets that are or will be exceeded, anomalies, and credits that run out. Once per account.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::changes;
use crate::domain::cost::Budget;
use crate::domain::counted::counted;
use crate::domain::credit_gauge::CreditGauge;
use crate::domain::ec2::Instance;
use crate::domain::estate_bill::EstateBill;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::policy::{Limit, Policy};
use crate::domain::rules::draft::{Draft, severity};
use crate::domain::rules::resting::helped;
use crate::domain::rules::{Context, Reach, Rule, words};

/// More was spent than planned.
pub const OVER_BUDGET: Rule = Rule {
    id: "cost.over-budget",
    kind: Kind::Budget,
    title: "A budget is used up",
    what: "What was spent so far against each budget of AWS Budgets, and the month to date against the \
           estate's own monthly budget less its fixed costs that AWS does not know. An estate that is a \
           part of its account has a bill of its own only by a cost allocation tag (`budget.cost_tag`); \
           without one only the budgets of AWS that its name patterns match are judged.",
    severities: &[
        (Severity::Crit, "at the critical share of the budget"),
        (Severity::Warn, "at the warning share of the budget"),
    ],
    thresholds: &["spend_budget_percent"],
    runbooks: &["gpu-night-down", "stop-estate"],
    reach: Reach::Account,
    check: over_budget,
};

/// More will be spent than planned.
pub const FORECAST_OVER_BUDGET: Rule = Rule {
    id: "cost.forecast-over-budget",
    kind: Kind::Budget,
    title: "A budget will be exceeded",
    what: "What AWS expects for the period against each budget of AWS Budgets, and month to date and \
           forecast together against the estate's own monthly budget less its fixed costs. An estate \
           that is a part of its account has a bill of its own only by a cost allocation tag \
           (`budget.cost_tag`); without one only the budgets of AWS that its name patterns match are judged.",
    severities: &[
        (Severity::Crit, "at the critical share of the budget"),
        (Severity::Warn, "at the warning share of the budget"),
    ],
    thresholds: &["spend_forecast_percent"],
    runbooks: &["gpu-night-down", "stop-estate"],
    reach: Reach::Account,
    check: forecast_over_budget,
};

/// Spend is unusual.
pub const ANOMALY: Rule = Rule {
    id: "cost.anomaly",
    kind: Kind::Budget,
    title: "Spend is unusual",
    what: "Anomalies that AWS Cost Anomaly Detection found, that go on or began within seven days, by \
           what they cost beyond the expected. Where a cause is an instance type with GPUs, those of it that \
           run are named, and the runbook that takes GPUs down is offered for them.",
    severities: &[
        (Severity::Crit, "at the critical impact"),
        (Severity::Warn, "at the warning impact"),
    ],
    thresholds: &["spend_anomaly_usd"],
    runbooks: &["gpu-night-down"],
    reach: Reach::Account,
    check: anomaly,
};

/// Credits run out.
pub const CREDITS: Rule = Rule {
    id: "cost.credits",
    kind: Kind::Budget,
    title: "Credits that the estate lives on",
    what: "A gauge for estates that name their AWS credits: what is left, the mean of what the last seven \
           whole days cost, and the day on which the credits are gone at that rate, with what eats them. \
           If the estate does not say since when it has them, only this month's use is known, and what \
           is left is the most that can be left.",
    severities: &[
        (
            Severity::Crit,
            "what is left, or the days that it lasts, is at the critical level, or the last day is over",
        ),
        (
            Severity::Warn,
            "at the warning level, or gone before their last day, or that is within thirty days",
        ),
        (Severity::Info, "otherwise"),
    ],
    thresholds: &["credits_left_percent", "credits_left_days"],
    runbooks: &["gpu-night-down", "sagemaker-stop-idle", "stop-estate"],
    reach: Reach::Account,
    check: credits,
};

/// The id of the findings about spend as a whole.
const SPEND: &str = "spend";

/// A budget of AWS or of the estate, as far as it is known.
struct Plan<'a> {
    id: &'a str,
    name: String,
    limit: f64,
    amount: f64,
    /// What the amount is, for the evidence.
    what: String,
}

fn over_budget(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().spend_budget_percent;
    for budget in budgets(context) {
        if let (Some(planned), Some(actual)) = (budget.limit, budget.actual) {
            let plan = Plan {
                id: &budget.name,
                name: budget.name.clone(),
                limit: planned,
                amount: actual,
                what: format!("{} so far in this {} period", words::usd(actual), period(budget)),
            };
            findings.extend(judge(&OVER_BUDGET, context, limit, &plan));
        }
    }
    let bill = EstateBill::of(context.state, context.policy, today(context.now));
    let own = bill
        .planned
        .filter(|planned| !is_told(*planned, context, limit, |one| one.actual));
    if let (Some(planned), Some(actual)) = (own, bill.actual) {
        let plan = Plan {
            id: SPEND,
            name: "month to date".to_owned(),
            limit: planned,
            amount: actual,
            what: format!("{} month to date", words::usd(actual)),
        };
        findings.extend(judge(&OVER_BUDGET, context, limit, &plan));
    }
}

fn forecast_over_budget(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().spend_forecast_percent;
    for budget in budgets(context) {
        if let (Some(planned), Some(forecast)) = (budget.limit, budget.forecast) {
            let plan = Plan {
                id: &budget.name,
                name: budget.name.clone(),
                limit: planned,
                amount: forecast,
                what: format!(
                    "{} expected for this {} period",
                    words::usd(forecast),
                    period(budget)
                ),
            };
            findings.extend(judge(&FORECAST_OVER_BUDGET, context, limit, &plan));
        }
    }
    let bill = EstateBill::of(context.state, context.policy, today(context.now));
    let own = bill
        .planned
        .filter(|planned| !is_told(*planned, context, limit, |one| one.forecast));
    if let (Some(planned), Some(actual), Some(rest)) = (own, bill.actual, bill.rest) {
        let plan = Plan {
            id: SPEND,
            name: "this month".to_owned(),
            limit: planned,
            amount: actual + rest,
            what: format!(
                "{} month to date and {} expected for the rest",
                words::usd(actual),
                words::usd(rest)
            ),
        };
        findings.extend(judge(&FORECAST_OVER_BUDGET, context, limit, &plan));
    }
}

/// Whether a budget of AWS of the same amount says it already: one trouble is told once.
fn is_told(
    planned: f64,
    context: &Context<'_>,
    limit: Limit,
    amount: impl Fn(&Budget) -> Option<f64>,
) -> bool {
    budgets(context).any(|budget| {
        let is_same = budget.limit.is_some_and(|limit| (limit - planned).abs() < 0.5);
        let share = budget
            .limit
            .zip(amount(budget))
            .map(|(of, amount)| amount / of * 100.0);
        is_same && budget.period == "MONTHLY" && share.is_some_and(|share| limit.judge(share).is_some())
    })
}

fn judge(rule: &Rule, context: &Context<'_>, limit: Limit, plan: &Plan<'_>) -> Option<Finding> {
    let verb = if rule.id == OVER_BUDGET.id {
        "spent"
    } else {
        "expected"
    };
    let (share, breach) = if plan.limit > 0.0 {
        let share = plan.amount / plan.limit * 100.0;
        (Some(share), limit.judge(share)?)
    } else if plan.amount > 0.0 {
        // Fixed costs alone use the budget up.
        (None, crate::domain::policy::Breach::Crit)
    } else {
        return None;
    };
    let (amount, planned) = (words::usd(plan.amount), words::usd(plan.limit));
    let title = match share {
        Some(share) => format!("{amount} {verb} of {planned} ({share:.0}%)"),
        None => format!("{amount} {verb}, nothing planned"),
    };
    Some(
        begin(rule, context, plan.id, &plan.name)
            .because(format!(
                "{}, against {planned}: a warning begins at {}, critical is {}.",
                plan.what,
                words::percent(limit.warn),
                words::percent(limit.crit)
            ))
            .perhaps_because((plan.id == SPEND).then(|| fixed(context.policy)).flatten())
            .report(severity(breach), title),
    )
}

fn fixed(policy: &Policy) -> Option<String> {
    let fixed = policy.fixed_monthly_usd();
    let budget = policy.monthly_budget_usd?;
    (fixed > 0.0).then(|| {
        format!(
            "The estate's budget is {} a month, of which {} go to costs that AWS does not know.",
            words::usd(budget),
            words::usd(fixed)
        )
    })
}

fn anomaly(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let today = today(context.now);
    let limit = context.limits().spend_anomaly_usd;
    for anomaly in context.state.anomalies.get().into_iter().flatten() {
        let start = anomaly.start.as_deref().and_then(day);
        let is_recent = start.is_none_or(|start| today.since(start).is_ok_and(|span| span.get_days() <= 7));
        if anomaly.end.is_some() && !is_recent {
            continue;
        }
        let Some(breach) = limit.judge(anomaly.impact_usd) else {
            continue;
        };
        let cause = anomaly.origin().map(words::excerpt);
        let hosts = changes::paid_hosts(context.state, anomaly);
        let when = match (start, anomaly.end.as_deref().and_then(day)) {
            (Some(start), Some(end)) => format!("from {start} to {end}"),
            (Some(start), None) => format!("since {start}"),
            (None, _) => "on an unknown day".to_owned(),
        };
        findings.push(
            begin(
                &ANOMALY,
                context,
                &anomaly.id,
                cause.as_deref().unwrap_or("anomaly"),
            )
            .since(start.and_then(|start| Some(start.to_zoned(TimeZone::UTC).ok()?.timestamp())))
            .because(format!(
                "{} more than expected {when}; the limit is {}.",
                words::usd(anomaly.impact_usd),
                words::usd(limit.level(breach))
            ))
            .perhaps_because((!anomaly.causes.is_empty()).then(|| {
                format!(
                    "AWS names as causes: {}.",
                    words::excerpt(&anomaly.causes.join("; "))
                )
            }))
            .perhaps_because((!hosts.is_empty()).then(|| running(&hosts, context.now)))
            .helped_by(if hosts.is_empty() { &[] } else { ANOMALY.runbooks })
            .report(
                severity(breach),
                format!("{} above the expected", words::usd(anomaly.impact_usd)),
            ),
        );
    }
}

/// Which instances run of the types that an anomaly comes from.
fn running(hosts: &[&Instance], now: Timestamp) -> String {
    /// Instances that are named.
    const MOST_NAMED: usize = 3;
    let named: Vec<String> = hosts
        .iter()
        .take(MOST_NAMED)
        .map(|host| {
            let name = words::excerpt(host.name.as_deref().unwrap_or(&host.id));
            let up = host
                .launched_at
                .map(|at| format!(", up {}", words::since(at, now)));
            format!("{name} ({}{})", host.instance_type, up.unwrap_or_default())
        })
        .collect();
    let more = match hosts.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("What runs of that now: {}{more}.", named.join(", "))
}

fn credits(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(credits) = &context.policy.credits else {
        return;
    };
    let today = today(context.now);
    let gauge = CreditGauge::of(credits, context.state.usage.get(), today);
    let days_to_end = gauge
        .until
        .map(|until| today.until(until).map_or(0, |span| span.get_days()));
    if gauge.left.is_none() && days_to_end.is_none() {
        return;
    }
    let limits = context.limits();
    let by_share = gauge
        .percent_left()
        .and_then(|share| limits.credits_left_percent.judge(share));
    let by_rate = gauge
        .days_left
        .and_then(|days| limits.credits_left_days.judge(days));
    let by_day = days_to_end.map(|days| match days {
        days if days < 0 => Severity::Crit,
        days if days <= 30 => Severity::Warn,
        _ => Severity::Info,
    });
    let by_end = (gauge.is_dry_before_the_end() == Some(true)).then_some(Severity::Warn);
    let worst = by_share
        .map(severity)
        .max(by_rate.map(severity))
        .max(by_day)
        .max(by_end)
        .unwrap_or(Severity::Info);
    let mut draft = begin(&CREDITS, context, "credits", "credits")
        .perhaps_because(credits_used(&gauge))
        .perhaps_because(credits_rate(&gauge))
        .perhaps_because(credits_eaters(&gauge))
        .perhaps_because(days_to_end.map(|days| match days {
            days if days < 0 => "Their last day is over.".to_owned(),
            0 => "Their last day is today.".to_owned(),
            days => format!("Their last day is in {}.", counted(days, "day")),
        }));
    if worst == Severity::Info {
        draft = draft.without_runbooks();
    }
    findings.push(draft.report(worst, credits_title(&gauge)));
}

fn credits_title(gauge: &CreditGauge) -> String {
    let until = gauge
        .until
        .map(|until| format!(", until {until}"))
        .unwrap_or_default();
    let Some(left) = gauge.left else {
        return format!("credits{until}");
    };
    let at_most = if gauge.is_whole { "" } else { "at most " };
    let left = format!("{at_most}{} left", words::usd(left));
    match gauge.days_left.map(f64::floor) {
        // The days come first: an end that is cut says nothing.
        Some(days) if days < 1.0 => format!("less than a day of credits, {left}"),
        Some(days) => {
            let dry = gauge.dry_on.map_or_else(String::new, |dry| format!(", to {dry}"));
            format!("{} of credits, {left}{dry}", counted(days as u64, "day"))
        }
        None => format!("credits, {left}{until}"),
    }
}

fn credits_used(gauge: &CreditGauge) -> Option<String> {
    let (used, since) = gauge.used?;
    let of = words::usd(gauge.amount);
    let used = words::usd(used);
    let before = if gauge.is_whole {
        ""
    } else {
        "; what earlier months used is not known"
    };
    let otherwise = gauge.paid_otherwise.map_or_else(String::new, |usd| {
        format!(
            " Another {} was billed in that time, and they did not pay it.",
            words::usd(usd)
        )
    });
    Some(format!(
        "Since {since} they have paid {used} of {of}{before}.{otherwise}"
    ))
}

fn credits_rate(gauge: &CreditGauge) -> Option<String> {
    let (per_day, days, dry) = (gauge.per_day?, gauge.days_left?, gauge.dry_on?);
    let before = match gauge.is_dry_before_the_end() {
        Some(true) => ", before their last day",
        Some(false) | None => "",
    };
    Some(format!(
        "At {} a day, the mean of the last seven days, what is left lasts {:.0} days: it is gone on \
         {dry}{before}.",
        words::usd(per_day),
        days.floor()
    ))
}

fn credits_eaters(gauge: &CreditGauge) -> Option<String> {
    let eaters: Vec<String> = gauge
        .eaters
        .iter()
        .take(3)
        .map(|(service, per_day)| format!("{} {} a day", words::excerpt(service), words::usd(*per_day)))
        .collect();
    (!eaters.is_empty()).then(|| format!("Most of it goes to {}.", eaters.join(", ")))
}

fn begin(rule: &Rule, context: &Context<'_>, id: &str, name: &str) -> Draft {
    let draft = rule
        .on(context, id, name)
        .in_scope(context.state.scope.global_name())
        .hurts(Impact::Cost);
    helped(context, draft)
}

fn budgets<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Budget> {
    context.state.budgets.get().into_iter().flatten()
}

fn period(budget: &Budget) -> String {
    budget.period.to_ascii_lowercase()
}

fn today(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

/// The day at the beginning of `2026-11-18` or `2026-11-18T00:00:00Z`.
fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

#[cfg(test)]
mod tests;
