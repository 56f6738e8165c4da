//! What runs out: CPU credits of burstable classes, burst balances of volumes.

use jiff::SignedDuration;

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::metric_catalog::MetricRef;
use crate::domain::policy::Breach;
use crate::domain::rules::draft::{Draft, severity};
use crate::domain::rules::{Context, first_of, words};

/// A burstable instance of EC2 or RDS.
pub struct Burstable<'a> {
    /// Its type or class.
    pub class: &'a str,
    /// Its credits.
    pub credits: MetricRef<'a>,
}

/// Judges the credits: how many hours they last at the rate of the last hour.
pub fn credits(context: &Context<'_>, draft: Draft, burstable: &Burstable<'_>) -> Option<Finding> {
    let measured = context.metric(burstable.credits)?;
    let left = measured.latest()?;
    // Six values of five minutes: enough for a slope, and a host that has just started has fewer.
    let per_hour = measured.slope_per_day(SignedDuration::from_hours(1), 6)? / 24.0;
    let hours = if left <= 0.5 && per_hour <= 0.0 {
        0.0
    } else if per_hour < 0.0 {
        left / -per_hour
    } else {
        return None;
    };
    let limit = context.limits().cpu_credit_hours_left;
    let breach = limit.judge(hours)?;
    // The second generation is throttled by default; later ones go on and cost more.
    let is_throttled = generation(burstable.class) == Some('2');
    let breach = if is_throttled { breach } else { Breach::Warn };
    let title = if hours > 0.0 {
        format!("CPU credits last {} h", words::number(hours))
    } else {
        "CPU credits are spent".to_owned()
    };
    Some(
        draft
            .hurts(if is_throttled { Impact::Capacity } else { Impact::Cost })
            .since(measured.since(|value| value <= left.max(0.5)))
            .because(format!(
                "{} CPU credits are left, {} an hour; at this rate they last {} h, the limit is {} h.",
                words::number(left),
                words::number(per_hour),
                words::number(hours),
                words::number(limit.level(breach))
            ))
            .because(if is_throttled {
                format!(
                    "Without credits {} is throttled to its baseline, unless it runs in unlimited mode.",
                    burstable.class
                )
            } else {
                format!(
                    "Without credits {} goes on and each vCPU hour above the baseline is billed; in standard mode it is throttled.",
                    burstable.class
                )
            })
            .report(severity(breach), title),
    )
}

/// `2` of `t2.micro` and of `db.t2.micro`.
fn generation(class: &str) -> Option<char> {
    class.trim_start_matches("db.").strip_prefix('t')?.chars().next()
}

/// A share of a burst balance that is left, percent, and the words for it.
pub fn balance(context: &Context<'_>, draft: Draft, balances: &[(&str, MetricRef<'_>)]) -> Option<Finding> {
    let limit = context.limits().burst_balance_percent;
    let read: Vec<_> = balances
        .iter()
        .filter_map(|(what, metric)| {
            let measured = context.metric(*metric)?;
            let left = measured.latest()?;
            Some((*what, measured, left, limit.judge(left)?))
        })
        .collect();
    let (_, _, _, worst) = read.iter().max_by_key(|(_, _, _, breach)| *breach)?;
    let least = read
        .iter()
        .map(|(_, _, left, _)| *left)
        .fold(f64::INFINITY, f64::min);
    let mut draft = draft
        .hurts(Impact::Capacity)
        .since(first_of(read.iter().filter_map(|(_, measured, _, _)| {
            measured.run(|value| limit.judge(value).is_some())
        })));
    for (what, _, left, breach) in &read {
        draft = draft.because(format!(
            "{} of the {what} is left; the limit is {}. At none the volume falls to its baseline.",
            words::percent(*left),
            words::percent(limit.level(*breach))
        ));
    }
    let severity: Severity = severity(*worst);
    Some(draft.report(severity, format!("burst balance {} left", words::percent(least))))
}
