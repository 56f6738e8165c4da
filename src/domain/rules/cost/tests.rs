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
    let names =
        |bench: &Bench, rule| -> Vec<String> { bench.check(rule).into_iter().map(|one| one.name).collect() };
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
