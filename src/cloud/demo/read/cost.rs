//! Cost Explorer and Budgets: what the plan says it costs, and what the instances that ran did.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::super::plan::cost as plan;
use super::super::selection::Scenario;
use super::super::signal;
use super::super::sim::Sim;
use super::super::time::{DAY, HOUR, Ms, ms, part, stamp};
use super::models::training;
use crate::domain::cost::{Anomaly, Budget, CreditsUsed, DailyCost, Forecast, TagCosts, Usage};

/// The service under which Cost Explorer lists instances.
const EC2: &str = "Amazon Elastic Compute Cloud - Compute";
/// The service under which Cost Explorer lists endpoints.
const SAGEMAKER: &str = "Amazon SageMaker";
/// How far behind the present the bill is.
const BILL_LAG: Ms = 9 * HOUR;

/// How a bill is split beside services and accounts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Split<'a> {
    /// By the values of this tag.
    pub tag: Option<&'a str>,
    /// What credits have paid from the month of this day on.
    pub credits_since: Option<Date>,
}

/// Cost by day and service, and the month to date by account.
pub fn usage(sim: &Sim, range: (Date, Date), month: Date, split: &Split<'_>) -> Usage {
    let (from, to) = range;
    let days = |from: Date, to: Date| {
        let mut days = Vec::new();
        let mut date = from;
        while date < to {
            days.push(date);
            let Ok(next) = date.checked_add(1.day()) else {
                break;
            };
            date = next;
        }
        days
    };
    let daily: Vec<DailyCost> = days(from, to)
        .into_iter()
        .filter_map(|date| daily(sim, date))
        .collect();
    let month_to_date: f64 = days(month, to)
        .into_iter()
        .filter_map(|date| self::daily(sim, date))
        .map(|day| day.total())
        .sum();
    Usage {
        currency: "USD".to_owned(),
        metric: "UnblendedCost".to_owned(),
        daily,
        by_account: vec![(sim.plan.account.clone(), cents(month_to_date))],
        credits: (sim.plan.cost.credits > 0.0).then(|| {
            // Credits pay until they are used up.
            -month_to_date.min(credits_used(sim))
        }),
        by_tag: split.tag.map(|key| tag_costs(sim, key, month_to_date)),
        credits_used: split
            .credits_since
            .filter(|_| sim.plan.cost.credits > 0.0)
            .map(|since| CreditsUsed {
                since: since.first_of_month().max(month.saturating_sub(13.months())),
                amount: credits_used(sim),
            }),
    }
}

/// What credits have paid: what the plan says until the demo opened, and everything since.
fn credits_used(sim: &Sim) -> f64 {
    let cost = &sim.plan.cost;
    let left = cost
        .credits_left_in
        .get(sim.scenario.name())
        .unwrap_or(&cost.credits_left);
    // What was billed when the demo opened is in what the plan says.
    let (billed, known) = (sim.epoch - BILL_LAG, sim.now - BILL_LAG);
    let mut date = stamp(billed).to_zoned(TimeZone::UTC).date();
    let mut spent = 0.0;
    while let Some(start) = start_of(date).filter(|start| *start < known) {
        let until = |known: Ms| -> f64 {
            let end = (start + DAY).min(known.max(start));
            by_service(sim, start, end).iter().map(|(_, usd)| usd).sum()
        };
        spent += until(known) - until(billed);
        let Ok(next) = date.checked_add(1.day()) else {
            break;
        };
        date = next;
    }
    cents((cost.credits - left + spent).min(cost.credits))
}

/// The month by the values of a tag, as the plan splits it; what it does not name has no such tag.
fn tag_costs(sim: &Sim, key: &str, month_to_date: f64) -> TagCosts {
    let shares = sim.plan.cost.tags.get(key);
    let mut by_value: Vec<(String, f64)> = shares
        .into_iter()
        .flatten()
        .map(|(value, share)| (value.clone(), cents(month_to_date * share)))
        .collect();
    let known: f64 = by_value.iter().map(|(_, amount)| amount).sum();
    let rest = cents(month_to_date - known);
    if rest > 0.0 {
        by_value.push((String::new(), rest));
    }
    by_value.sort_by(|a, b| b.1.total_cmp(&a.1));
    TagCosts {
        key: key.to_owned(),
        by_value,
    }
}

/// A day's cost as far as it is known; `None` for a day that has not begun.
fn daily(sim: &Sim, date: Date) -> Option<DailyCost> {
    let start = start_of(date)?;
    let known_until = sim.now - BILL_LAG;
    if start >= sim.now {
        return None;
    }
    let end = (start + DAY).min(known_until.max(start));
    Some(DailyCost {
        date,
        estimated: sim.now - start < 2 * DAY,
        by_service: by_service(sim, start, end),
    })
}

/// What a day cost from its start up to a moment of it, the dearest service first.
fn by_service(sim: &Sim, start: Ms, end: Ms) -> Vec<(String, f64)> {
    let share = (end - start) as f64 / DAY as f64;
    let mut by_service: BTreeMap<&str, f64> = sim
        .plan
        .cost
        .daily
        .iter()
        .map(|(service, usd)| {
            let key = [sim.seed, signal::name(service), part(start)];
            (service.as_str(), usd * wobble(&key) * share)
        })
        .collect();
    for (service, usd) in [
        (SAGEMAKER, models(sim, start, end)),
        (EC2, instances(sim, start, end)),
    ] {
        if usd > 0.0 {
            *by_service.entry(service).or_default() += usd;
        }
    }
    for anomaly in present_anomalies(sim) {
        let (Some(service), Some(usd)) = (anomaly.causes.first(), extra(sim, anomaly, start)) else {
            continue;
        };
        *by_service.entry(service).or_default() += usd * share;
    }
    let mut by_service: Vec<(String, f64)> = by_service
        .into_iter()
        .map(|(service, usd)| (service.to_owned(), cents(usd)))
        .collect();
    by_service.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    by_service
}

/// How a day's bill differs from the next one's.
fn wobble(key: &[u64]) -> f64 {
    signal::noise(key).mul_add(0.02, 1.0)
}

/// What the instances of endpoints, training jobs and notebooks cost over a span.
fn models(sim: &Sim, from: Ms, to: Ms) -> f64 {
    let hours = |from: Ms, to: Ms| (to - from).max(0) as f64 / HOUR as f64;
    let price = |kind: &str| sim.plan.cost.hourly.get(kind).copied().unwrap_or_default();
    let mut total = 0.0;
    let mut at = from;
    while at < to {
        let next = (at + HOUR).min(to);
        total += serving(sim, at) * hours(at, next);
        at = next;
    }
    let notebooks = sim.plan.models.notebooks.iter().zip(&sim.models.notebooks);
    for (plan, state) in notebooks {
        for (nth, step) in state.power.iter().enumerate().filter(|(_, step)| step.value) {
            let off = state.power.get(nth + 1).map_or(to, |next| next.there);
            total += price(&plan.kind) * hours(step.there.max(from), off.min(to));
        }
    }
    for job in training(sim, from - DAY) {
        let (Some(kind), Some(started)) = (job.instance_type.as_deref(), job.started_at) else {
            continue;
        };
        let ended = job.ended_at.map_or(to, ms);
        let ran = hours(ms(started).max(from), ended.min(to));
        let billed = match (job.billable_s, job.training_s) {
            (Some(billed), Some(trained)) if trained > 0 => billed as f64 / trained as f64,
            _ => 1.0,
        };
        total += price(kind) * f64::from(job.instances.unwrap_or(1)) * ran * billed;
    }
    total
}

/// What the endpoints that are there at a moment cost by the hour.
fn serving(sim: &Sim, at: Ms) -> f64 {
    let all = sim.plan.models.endpoints.iter().zip(&sim.models.endpoints);
    // What was there when the demo opened took the place of one like it.
    all.filter(|(_, state)| state.exists(at.max(state.created.min(sim.epoch))))
        .flat_map(|(plan, state)| plan.variants.iter().map(move |variant| (variant, state)))
        .filter_map(|(variant, state)| {
            let price = sim.plan.cost.hourly.get(variant.kind.as_deref()?)?;
            Some(price * f64::from(state.count(&variant.name, at)))
        })
        .sum()
}

/// What instances cost over a span: as simulated since the origin, as usual before.
fn instances(sim: &Sim, from: Ms, to: Ms) -> f64 {
    if to <= from {
        return 0.0;
    }
    let split = sim.origin.clamp(from, to);
    let hours = |from: Ms, to: Ms| (to - from) as f64 / HOUR as f64;
    let groups: f64 = sim
        .plan
        .groups
        .iter()
        .zip(&sim.groups)
        .map(|(plan, state)| {
            let key = [sim.seed, signal::name(&plan.name), part(from), 13];
            let before = state.hourly.at(sim.origin - DAY) * hours(from, split) * wobble(&key);
            before + state.hourly.mean(split, to) * hours(split, to)
        })
        .sum();
    let alone: f64 = sim
        .instances
        .values()
        .filter(|instance| instance.group.is_none())
        .map(|instance| sim.instance_hourly(instance) * instance.up.mean(from, to) * hours(from, to))
        .sum();
    groups + alone
}

/// The rest of the month at the pace of the last week.
pub fn forecast(sim: &Sim, from: Date, to: Date) -> Forecast {
    let today = stamp(sim.now).to_zoned(TimeZone::UTC).date();
    let week: Vec<f64> = (2..=8)
        .filter_map(|back| today.checked_sub(back.days()).ok())
        .filter_map(|date| daily(sim, date))
        .map(|day| day.total())
        .collect();
    let mean = week.iter().sum::<f64>() / week.len().max(1) as f64;
    let days = f64::from(from.until(to).map_or(0, |span| span.get_days()).max(0));
    let rest = mean * days;
    Forecast {
        rest_of_month: cents(rest),
        low: Some(cents(rest * 0.92)),
        high: Some(cents(rest * 1.09)),
        from,
    }
}

/// The anomalies of the scenario.
fn present_anomalies(sim: &Sim) -> impl Iterator<Item = &plan::Anomaly> {
    let all = sim.plan.cost.anomalies.iter();
    all.filter(|_| sim.scenario != Scenario::Quiet).filter(|anomaly| {
        let only_in = anomaly.only_in.as_deref();
        only_in.is_none_or(|only_in| only_in == sim.scenario.name())
    })
}

/// The first day of an anomaly.
fn begin_of(sim: &Sim, anomaly: &plan::Anomaly) -> Option<Date> {
    let opened = stamp(sim.epoch).to_zoned(TimeZone::UTC).date();
    opened.checked_sub(anomaly.days_ago.days()).ok()
}

/// What an anomaly that is over adds to a day of it. One that goes on is in what runs.
fn extra(sim: &Sim, anomaly: &plan::Anomaly, start: Ms) -> Option<f64> {
    let days = anomaly.lasted_days?;
    let first = start_of(begin_of(sim, anomaly)?)?;
    (first..first + days * DAY)
        .contains(&start)
        .then_some(anomaly.impact_usd / days as f64)
}

/// Anomalies since then.
pub fn anomalies(sim: &Sim, from: Date) -> Vec<Anomaly> {
    present_anomalies(sim)
        .filter_map(|anomaly| {
            let start = begin_of(sim, anomaly)?;
            let end = match anomaly.lasted_days {
                Some(days) => Some(start.checked_add((days - 1).days()).ok()?),
                None => None,
            };
            (start >= from).then(|| Anomaly {
                id: signal::uuid(&[sim.seed, anomaly.days_ago.unsigned_abs(), 14]),
                start: Some(start.to_string()),
                end: end.map(|end| end.to_string()),
                impact_usd: anomaly.impact_usd,
                causes: anomaly.causes.clone(),
                actual_usd: anomaly
                    .expected_usd
                    .map(|expected| cents(expected + anomaly.impact_usd)),
                expected_usd: anomaly.expected_usd,
                monitor: Some(format!(
                    "arn:aws:ce::{}:anomalymonitor/{}",
                    sim.plan.account,
                    signal::uuid(&[sim.seed, 15])
                )),
            })
        })
        .collect()
}

/// All budgets.
pub fn budgets(sim: &Sim) -> Vec<Budget> {
    let today = stamp(sim.now).to_zoned(TimeZone::UTC).date();
    let first = today.first_of_month();
    let tomorrow = today.checked_add(1.day()).unwrap_or(today);
    let next_month = today.last_of_month().checked_add(1.day()).unwrap_or(today);
    let actual: f64 = usage(sim, (first, tomorrow), first, &Split::default())
        .by_account
        .iter()
        .map(|(_, amount)| amount)
        .sum();
    let rest = forecast(sim, today, next_month).rest_of_month;
    sim.plan
        .cost
        .budgets
        .iter()
        .map(|budget| Budget {
            name: budget.name.clone(),
            limit: Some(budget.limit),
            unit: Some("USD".to_owned()),
            period: "MONTHLY".to_owned(),
            actual: Some(cents(actual * budget.share)),
            forecast: Some(cents((actual + rest) * budget.share)),
        })
        .collect()
}

fn start_of(date: Date) -> Option<Ms> {
    let start: Timestamp = date.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(ms(start))
}

fn cents(usd: f64) -> f64 {
    (usd * 100.0).round() / 100.0
}
