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
        .filter(|planned| !is_told(planned, context, limit, |one| one.actual));
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
        .filter(|planned| !is_told(planned, context, limit, |one| one.forecast));
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
    planned: &f64,
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
mod tests {
    use super::*;
    use crate::domain::cost::{Anomaly, CreditsUsed, DailyCost, Forecast, TagCosts, Usage};
    use crate::domain::glob::Glob;
    use crate::domain::ids::Tag;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::policy::{CostTag, Credits, Environment, FixedCost, Selection};
    use crate::domain::rules::sample::{Bench, at, instance};
    use jiff::SignedDuration;

    fn budgeted(actual: Option<f64>, forecast: Option<f64>) -> Bench {
        let mut bench = Bench::new();
        bench.know(
            Source::Budgets,
            ReplyData::Budgets(vec![Budget {
                name: "invokeai-monthly".to_owned(),
                limit: Some(875.0),
                unit: Some("USD".to_owned()),
                period: "MONTHLY".to_owned(),
                actual,
                forecast,
            }]),
        );
        bench
    }

    fn spending(credits: Option<f64>) -> Bench {
        let mut bench = Bench::new();
        let daily = (1..=21)
            .map(|day| DailyCost {
                date: jiff::civil::date(2026, 11, day),
                estimated: day > 19,
                by_service: vec![("Amazon EC2".to_owned(), 20.0)],
            })
            .chain([DailyCost {
                date: jiff::civil::date(2026, 10, 31),
                estimated: false,
                by_service: vec![("Amazon EC2".to_owned(), 5000.0)],
            }])
            .collect();
        bench.know(
            Source::Usage,
            ReplyData::Usage(Usage {
                currency: "USD".to_owned(),
                metric: "UnblendedCost".to_owned(),
                daily,
                by_account: Vec::new(),
                credits,
                by_tag: None,
                credits_used: None,
            }),
        );
        bench
    }

    fn expects_180_more(bench: &mut Bench) {
        bench.know(
            Source::Forecast,
            ReplyData::Forecast(Forecast {
                rest_of_month: 180.0,
                low: None,
                high: None,
                from: jiff::civil::date(2026, 11, 22),
            }),
        );
    }

    fn of_invokeai() -> Selection {
        Selection {
            names: vec![Glob::new("invokeai-*")],
            ..Selection::default()
        }
    }

    fn estate(budget: f64) -> Policy {
        Policy {
            monthly_budget_usd: Some(budget),
            fixed_monthly_costs: vec![FixedCost {
                name: "Claude".to_owned(),
                monthly_usd: 80.0,
            }],
            ..Policy::default()
        }
    }

    #[test]
    fn a_budget_of_aws_is_judged_by_actual_and_forecast() {
        let bench = budgeted(Some(790.0), Some(1210.0));
        let spent = bench.check(&OVER_BUDGET);
        assert_eq!(spent.len(), 1);
        assert_eq!(
            (spent[0].severity, spent[0].title.as_str()),
            (Severity::Warn, "$790 spent of $875 (90%)")
        );
        assert_eq!(spent[0].resource.scope.as_str(), "default/global");
        assert_eq!(
            spent[0].evidence,
            ["$790 so far in this monthly period, against $875: a warning begins at 80%, critical is 100%."]
        );
        let expected = bench.check(&FORECAST_OVER_BUDGET);
        assert_eq!(
            (expected[0].severity, expected[0].title.as_str()),
            (Severity::Crit, "$1,210 expected of $875 (138%)")
        );
    }

    #[test]
    fn one_budget_is_told_once_though_aws_has_it_too() {
        let mut bench = spending(None);
        expects_180_more(&mut bench);
        bench.know(
            Source::Budgets,
            ReplyData::Budgets(vec![Budget {
                name: "all".to_owned(),
                limit: Some(500.0),
                unit: Some("USD".to_owned()),
                period: "MONTHLY".to_owned(),
                actual: Some(420.0),
                forecast: Some(610.0),
            }]),
        );
        bench.with_policy(estate(580.0));
        let names = |bench: &Bench, rule| -> Vec<String> {
            bench.check(rule).into_iter().map(|one| one.name).collect()
        };
        assert_eq!(names(&bench, &FORECAST_OVER_BUDGET), ["all"]);
        assert_eq!(names(&bench, &OVER_BUDGET), ["all"]);
        bench.policy = estate(600.0);
        assert_eq!(names(&bench, &FORECAST_OVER_BUDGET), ["all", "this month"]);
    }

    #[test]
    fn the_estates_budget_leaves_out_fixed_costs_and_other_months() {
        let mut bench = spending(None);
        expects_180_more(&mut bench);
        let spent = bench.with_policy(estate(580.0)).check(&OVER_BUDGET);
        assert_eq!(spent[0].title, "$420 spent of $500 (84%)");
        assert_eq!(
            spent[0].evidence[1],
            "The estate's budget is $580 a month, of which $80.00 go to costs that AWS does not know."
        );
        let expected = bench.check(&FORECAST_OVER_BUDGET);
        assert_eq!(
            (expected[0].severity, expected[0].title.as_str()),
            (Severity::Crit, "$600 expected of $500 (120%)")
        );
        let nothing = bench.with_policy(estate(80.0)).check(&OVER_BUDGET);
        assert_eq!(nothing[0].title, "$420 spent, nothing planned");
    }

    #[test]
    fn a_part_of_an_account_is_not_judged_by_the_accounts_bill() {
        let mut bench = spending(None);
        expects_180_more(&mut bench);
        bench.state().selection = of_invokeai().into();
        bench.with_policy(estate(100.0));
        let budget = |name: &str| Budget {
            name: name.to_owned(),
            limit: Some(100.0),
            unit: Some("USD".to_owned()),
            period: "MONTHLY".to_owned(),
            actual: Some(125.0),
            forecast: Some(150.0),
        };
        let budgets = vec![budget("codemate-prod-monthly"), budget("invokeai-monthly")];
        bench.know(Source::Budgets, ReplyData::Budgets(budgets));
        for rule in [&OVER_BUDGET, &FORECAST_OVER_BUDGET] {
            let findings = bench.check(rule);
            let named: Vec<&str> = findings.iter().map(|finding| finding.name.as_str()).collect();
            assert_eq!(named, ["invokeai-monthly"], "{}", rule.id);
        }
    }

    #[test]
    fn spend_within_budget_and_unknown_spend_are_silent() {
        assert_eq!(budgeted(Some(300.0), Some(800.0)).check(&OVER_BUDGET), []);
        assert_eq!(budgeted(None, None).check(&OVER_BUDGET), []);
        assert_eq!(budgeted(Some(300.0), None).check(&FORECAST_OVER_BUDGET), []);
        assert_eq!(spending(None).with_policy(estate(5000.0)).check(&OVER_BUDGET), []);
        assert_eq!(
            spending(None)
                .with_policy(estate(100.0))
                .check(&FORECAST_OVER_BUDGET),
            []
        );
        for rule in [&OVER_BUDGET, &FORECAST_OVER_BUDGET, &ANOMALY, &CREDITS] {
            assert_eq!(
                Bench::new().with_policy(estate(1.0)).check(rule),
                [],
                "{}",
                rule.id
            );
        }
    }

    #[test]
    fn anomalies_of_this_week_are_told_with_their_cause() {
        let anomaly = |id: &str, start: &str, end: Option<&str>, impact_usd: f64| Anomaly {
            id: id.to_owned(),
            start: Some(start.to_owned()),
            end: end.map(str::to_owned),
            impact_usd,
            causes: vec!["Amazon EC2, ap-northeast-2, BoxUsage:g5.xlarge: 48.20 USD".to_owned()],
            actual_usd: None,
            expected_usd: None,
            monitor: None,
        };
        let mut bench = Bench::new();
        bench.know(
            Source::Anomalies,
            ReplyData::Anomalies(vec![
                anomaly("new", "2026-11-18T00:00:00Z", Some("2026-11-19"), 48.2),
                anomaly("old", "2026-10-01", Some("2026-10-02"), 480.0),
                anomaly("small", "2026-11-18", None, 3.0),
            ]),
        );
        let findings = bench.check(&ANOMALY);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "$48.20 above the expected");
        // Not the amount at the end: a name is cut in its middle.
        assert_eq!(findings[0].name, "Amazon EC2, ap-northeast-2, BoxUsage:g5.xlarge");
        assert_eq!(findings[0].runbooks, [""; 0]);
        assert_eq!(findings[0].since, Some(at(-3 * 1440)));
        assert_eq!(
            findings[0].evidence,
            [
                "$48.20 more than expected from 2026-11-18 to 2026-11-19; the limit is $10.00.",
                "AWS names as causes: Amazon EC2, ap-northeast-2, BoxUsage:g5.xlarge: 48.20 USD.",
            ]
        );
        // What runs of the cause is named, but for what another service looks after.
        let mut host = instance("i-1", "g5.xlarge");
        host.name = Some("train-01".to_owned());
        host.launched_at = Some(bench.now - SignedDuration::from_hours(6 * 24));
        let mut node = instance("i-2", "g5.xlarge");
        node.tags = vec![Tag {
            key: "eks:nodegroup-name".to_owned(),
            value: "gpu".to_owned(),
        }];
        let others = vec![host, node, instance("i-3", "g5.2xlarge")];
        bench.know(Source::Instances, ReplyData::Instances(others));
        let findings = bench.check(&ANOMALY);
        assert_eq!(
            findings[0].evidence[2],
            "What runs of that now: train-01 (g5.xlarge, up 6d)."
        );
        assert_eq!(findings[0].runbooks, ["gpu-night-down"]);
    }

    #[test]
    fn a_tag_tells_the_estates_part_of_an_account() {
        let mut bench = spending(None);
        expects_180_more(&mut bench);
        bench.state().selection = of_invokeai().into();
        let Some((usage, _)) = &mut bench.state().usage.value else {
            panic!("the bill is known");
        };
        std::sync::Arc::make_mut(usage).by_tag = Some(TagCosts {
            key: "Project".to_owned(),
            by_value: vec![("codemate".to_owned(), 315.0), ("invokeai".to_owned(), 105.0)],
        });
        let tagged = |value: &str| Policy {
            cost_tag: Some(CostTag {
                key: "Project".to_owned(),
                value: value.to_owned(),
            }),
            monthly_budget_usd: Some(120.0),
            ..Policy::default()
        };
        let findings = bench.with_policy(tagged("invokeai")).check(&OVER_BUDGET);
        assert_eq!(findings[0].title, "$105 spent of $120 (88%)");
        let expected = bench.check(&FORECAST_OVER_BUDGET);
        assert_eq!(expected[0].title, "$150 expected of $120 (125%)");
        assert_eq!(bench.with_policy(tagged("nobody")).check(&OVER_BUDGET), []);
    }

    #[test]
    fn credits_are_a_gauge_that_warns() {
        let living = |until: Option<&str>| Policy {
            credits: Some(Credits {
                amount_usd: 1000.0,
                since: None,
                until: until.map(|until| until.parse().unwrap()),
            }),
            ..Policy::default()
        };
        // $20 a day: 580 last 29 days, which is within thirty.
        let month = spending(Some(-420.0))
            .with_policy(living(Some("2027-06-30")))
            .check(&CREDITS);
        assert_eq!(
            (month[0].severity, month[0].title.as_str()),
            (
                Severity::Warn,
                "29 days of credits, at most $580 left, to 2026-12-20"
            )
        );
        assert_eq!(
            month[0].evidence,
            [
                "Since 2026-11-01 they have paid $420 of $1,000; what earlier months used is not known.",
                "At $20.00 a day, the mean of the last seven days, what is left lasts 29 days: it is gone on \
                 2026-12-20, before their last day.",
                "Most of it goes to Amazon EC2 $20.00 a day.",
                "Their last day is in 221 days.",
            ]
        );
        assert!(month[0].runbooks.contains(&"gpu-night-down".to_owned()));
        assert!(month[0].runbooks.contains(&"stop-estate".to_owned()));
        let production = Policy {
            environment: Environment::Prod,
            ..living(Some("2027-06-30"))
        };
        let month = spending(Some(-420.0)).with_policy(production).check(&CREDITS);
        assert_eq!(month[0].runbooks, ["gpu-night-down", "sagemaker-stop-idle"]);
        let plenty = spending(Some(-20.0)).with_policy(living(None)).check(&CREDITS);
        assert_eq!(plenty[0].severity, Severity::Info, "{:?}", plenty[0].title);
        assert_eq!(plenty[0].runbooks, [""; 0]);
        let little = spending(Some(-960.0)).with_policy(living(None)).check(&CREDITS);
        assert_eq!(little[0].severity, Severity::Crit);
        let ending = Bench::new()
            .with_policy(living(Some("2026-12-10")))
            .check(&CREDITS);
        assert_eq!(
            (ending[0].severity, ending[0].title.as_str()),
            (Severity::Warn, "credits, until 2026-12-10")
        );
        assert_eq!(ending[0].evidence, ["Their last day is in 19 days."]);
        assert_eq!(Bench::new().with_policy(living(None)).check(&CREDITS), []);
    }

    #[test]
    fn credits_that_outlive_their_end_are_no_warning() {
        let mut bench = spending(None);
        let Some((usage, _)) = &mut bench.state().usage.value else {
            panic!("the bill is known");
        };
        std::sync::Arc::make_mut(usage).credits_used = Some(CreditsUsed {
            since: jiff::civil::date(2026, 9, 1),
            amount: 100.0,
        });
        let policy = Policy {
            credits: Some(Credits {
                amount_usd: 1000.0,
                since: Some(jiff::civil::date(2026, 9, 14)),
                until: Some(jiff::civil::date(2026, 12, 31)),
            }),
            ..Policy::default()
        };
        let findings = bench.with_policy(policy).check(&CREDITS);
        // 900 at 20 a day last 45 days, which is after the end of the year.
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Info, "45 days of credits, $900 left, to 2027-01-05")
        );
    }
}
