use std::sync::Arc;

use jiff::civil::date;
use pretty_assertions::assert_eq;

use super::*;
use crate::domain::cost::{Budget, DailyCost, Forecast, Usage};
use crate::domain::fault::Fault;
use crate::domain::inventory::{Answer, Inventory, Source, SourceKey};
use crate::domain::ops::{Reply, ReplyData};
use crate::domain::policy::FixedCost;
use crate::domain::rules::sample::{Bench, at, instance};
use crate::domain::scope::{Identity, Scope, ScopeName};

fn day(day: i8, amounts: &[(&str, f64)]) -> DailyCost {
    let first = date(2026, 11, 1);
    DailyCost {
        date: if day < 0 {
            date(2026, 10, -day)
        } else {
            first.with().day(day).build().unwrap()
        },
        estimated: day >= 20,
        by_service: amounts
            .iter()
            .map(|(service, amount)| ((*service).to_owned(), *amount))
            .collect(),
    }
}

fn usage(daily: Vec<DailyCost>, by_account: &[(&str, f64)]) -> ReplyData {
    ReplyData::Usage(Usage {
        currency: "USD".to_owned(),
        metric: "UnblendedCost".to_owned(),
        daily,
        by_account: by_account
            .iter()
            .map(|(account, amount)| ((*account).to_owned(), *amount))
            .collect(),
        credits: Some(-5.0),
        by_tag: None,
        credits_used: None,
    })
}

fn forecast(rest: f64) -> ReplyData {
    ReplyData::Forecast(Forecast {
        rest_of_month: rest,
        low: Some(rest - 10.0),
        high: Some(rest + 10.0),
        from: date(2026, 11, 22),
    })
}

/// Two accounts, one region each, with these answers.
fn accounts(answers: [Vec<(Source, Result<ReplyData, Fault>)>; 2]) -> Picture {
    let accounts = ["111111111111", "222222222222"];
    let scope = |account: &str| {
        Arc::new(Scope {
            name: ScopeName::new(&format!("{account}/us-east-1")),
            profile: Some(account.to_owned()),
            region: "us-east-1".to_owned(),
            role: None,
            expected_account: None,
            account_name: None,
        })
    };
    let mut inventory = Inventory::new(accounts.map(scope));
    for (account, answers) in accounts.into_iter().zip(answers) {
        let identity = ReplyData::Identity(Identity {
            account: account.to_owned(),
            arn: format!("arn:aws:iam::{account}:user/kim"),
            credentials_expire_at: None,
            server_time: None,
        });
        for (source, result) in std::iter::once((Source::Identity, Ok(identity))).chain(answers) {
            inventory.apply(&Answer {
                key: SourceKey {
                    scope: ScopeName::new(&format!("{account}/us-east-1")),
                    source,
                },
                epoch: 0,
                asked_at: at(180),
                at: at(180),
                result: result.map(|data| Arc::new(Reply::whole(data))),
            });
        }
    }
    Picture::empty(inventory, at(180))
}

fn of(picture: &Picture) -> Spend {
    spend(picture, &Policies::default())
}

#[test]
fn the_month_is_counted_from_its_first_day_and_the_forecast_adds_to_it() {
    let mut bench = Bench::new();
    let days = vec![
        day(-31, &[("EC2", 99.0)]),
        day(1, &[("EC2", 10.0), ("RDS", 5.0)]),
        day(20, &[("EC2", 2.5)]),
    ];
    bench.know(Source::Usage, usage(days, &[]));
    bench.know(Source::Forecast, forecast(100.0));
    let spend = of(&Picture::empty(bench.inventory.clone(), bench.now));
    assert_eq!(
        (
            spend.month_to_date,
            spend.forecast,
            spend.forecast_low,
            spend.forecast_high,
            spend.credits
        ),
        (Some(17.5), Some(117.5), Some(107.5), Some(127.5), Some(-5.0))
    );
    let services: Vec<(&str, f64)> = spend
        .by_service
        .iter()
        .map(|entry| (entry.service.as_str(), entry.amount))
        .collect();
    assert_eq!(services, [("EC2", 12.5), ("RDS", 5.0)]);
    let days: Vec<(f64, bool)> = spend
        .daily
        .iter()
        .map(|day| (day.amount, day.estimated))
        .collect();
    assert_eq!(days, [(99.0, false), (15.0, false), (2.5, true)]);
    assert_eq!(spend.by_account[0].account, "123456789012");
    assert_eq!(spend.source.as_deref(), Some("Cost Explorer, UnblendedCost"));
}

#[test]
fn what_was_not_read_is_unknown_and_not_nothing() {
    let spend = of(&Picture::empty(Bench::new().inventory, at(180)));
    assert_eq!(
        (spend.month_to_date, spend.forecast, spend.as_of),
        (None, None, None)
    );
    assert_eq!(spend.burn_rate_per_hour.total, None);
}

#[test]
fn a_sum_over_accounts_is_known_only_if_all_are() {
    let paid = |amount| (Source::Usage, Ok(usage(vec![day(2, &[("EC2", amount)])], &[])));
    let both = of(&accounts([vec![paid(1.0)], vec![paid(2.0)]]));
    assert_eq!(both.month_to_date, Some(3.0));
    let denied = (Source::Usage, Err(Fault::timeout("ce", "GetCostAndUsage")));
    let one = of(&accounts([vec![paid(1.0)], vec![denied]]));
    assert_eq!(one.month_to_date, None);
    assert_eq!(one.by_account.len(), 1, "what is known is shown");
}

#[test]
fn a_member_account_is_not_counted_beside_its_payer() {
    let linked = [("111111111111", 4.0), ("222222222222", 6.0)];
    let payer = (Source::Usage, Ok(usage(vec![day(2, &[("EC2", 10.0)])], &linked)));
    let member = (Source::Usage, Ok(usage(vec![day(2, &[("EC2", 6.0)])], &[])));
    let spend = of(&accounts([vec![payer], vec![member]]));
    assert_eq!(spend.month_to_date, Some(10.0));
    let accounts: Vec<(&str, f64)> = spend
        .by_account
        .iter()
        .map(|entry| (entry.account.as_str(), entry.amount))
        .collect();
    assert_eq!(accounts, [("222222222222", 6.0), ("111111111111", 4.0)]);
}

#[test]
fn budgets_and_estates_are_told_with_their_scopes() {
    let mut bench = Bench::new();
    bench.know(
        Source::Budgets,
        ReplyData::Budgets(vec![Budget {
            name: "monthly".to_owned(),
            limit: Some(100.0),
            unit: Some("USD".to_owned()),
            period: "MONTHLY".to_owned(),
            actual: Some(40.0),
            forecast: None,
        }]),
    );
    let policies = Policies {
        otherwise: Arc::new(Policy {
            monthly_budget_usd: Some(300.0),
            fixed_monthly_costs: vec![FixedCost {
                name: "AI API".to_owned(),
                monthly_usd: 60.0,
            }],
            ..Policy::default()
        }),
        ..Policies::default()
    };
    let spend = spend(&Picture::empty(bench.inventory.clone(), bench.now), &policies);
    assert_eq!(
        (spend.budgets[0].scope.as_str(), spend.budgets[0].forecast),
        ("default/global", None)
    );
    let estate = &spend.estates[0];
    assert_eq!(estate.scopes, ["default/ap-northeast-2"]);
    assert_eq!(estate.monthly_budget, Some(300.0));
    assert_eq!(estate.fixed_monthly[0].amount.to_string(), "$60.00");
}

#[test]
fn the_burn_rate_names_what_has_no_price() {
    let mut bench = Bench::new();
    bench.know(
        Source::Instances,
        ReplyData::Instances(vec![instance("i-1", "t3.small"), instance("i-2", "zz9.huge")]),
    );
    let mut picture = Picture::empty(bench.inventory.clone(), bench.now);
    picture.burn = burn_rate::of(&picture.inventory, crate::domain::price::PriceTable::shipped());
    let burn = of(&picture).burn_rate_per_hour;
    assert_eq!(burn.total.unwrap().to_string(), "$0.026/h");
    assert_eq!(burn.unpriced, ["host-i-2"]);
    assert_eq!(burn.by_kind.keys().copied().collect::<Vec<_>>(), ["ec2"]);
}
