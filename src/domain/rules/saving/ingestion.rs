//! `saving.log-ingestion`: logs that cost more to take in than anybody reads.

use jiff::SignedDuration;

use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::logs::LogGroup;
use crate::domain::metric::MetricGroup;
use crate::domain::metric_catalog::logs as metric;
use crate::domain::price::{PriceTable, Unit};
use crate::domain::rules::saving::report;
use crate::domain::rules::{Context, Reach, Rule, words};
use crate::domain::units::HOURS_PER_MONTH;

/// The rule.
pub const RULE: Rule = Rule {
    id: "saving.log-ingestion",
    kind: Kind::LogGroup,
    title: "Taking logs in costs",
    what: "What a log group takes in, by the mean of the last week, and what a month of that costs: the most \
           that a filter or a higher log level could save. Asked of the hundred largest groups of the \
           standard class, and only while savings are looked at.",
    severities: &[(Severity::Info, "always")],
    thresholds: &["saving_usd"],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

/// How long a count of bytes is good for: it is a mean of a week.
const LASTS: SignedDuration = SignedDuration::from_hours(24);
/// A group that has been there for less says too little of a month.
const LEAST: SignedDuration = SignedDuration::from_hours(24);
/// What the metric is asked for.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let price = PriceTable::shipped().unit(&context.state.scope.region, Unit::LogsIngestedGb);
    for group in context.state.log_groups.get().into_iter().flatten() {
        let Some(bytes) = bytes_per_month(context, group) else {
            continue;
        };
        let month = price.as_ref().map(|price| price.value.scale(bytes, 1 << 30));
        let each = price
            .as_ref()
            .map(|price| format!("; a GB costs {}", price.value));
        let draft = RULE
            .on(context, &group.arn, &group.name)
            .because(format!(
                "It takes in {} a month by the mean of the last week{}.",
                words::bytes(bytes as f64),
                each.unwrap_or_default()
            ))
            .because(
                "What nobody reads need not be sent: a higher log level, no access logs of health checks, a \
                 filter before it leaves the host.",
            );
        findings.extend(report(
            context,
            draft,
            month,
            "at most, by a filter or a higher log level",
        ));
    }
}

/// What a group takes in in a month of 730 hours; `None` if that was not read, or is nothing.
fn bytes_per_month(context: &Context<'_>, group: &LogGroup) -> Option<u64> {
    let batch = context.state.metrics.get(&MetricGroup::Logs)?;
    let (values, read_at) = batch.value.as_ref()?;
    if context.now.duration_since(*read_at) > LASTS {
        return None;
    }
    let series = values.get(&metric::INCOMING_BYTES.of(&group.name).id())?;
    let age = group.created_at.map(|made| read_at.duration_since(made));
    let span = age.map_or(WEEK, |age| age.min(WEEK));
    if span < LEAST {
        return None;
    }
    // An hour in which nothing came has no value.
    let taken: f64 = series.between(*read_at - span, *read_at).sum();
    let month = taken / span.as_secs_f64() * 3600.0 * HOURS_PER_MONTH as f64;
    (month >= 1.0).then_some(month as u64)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn};

    fn group(name: &str, created_at: Option<Timestamp>) -> LogGroup {
        LogGroup {
            arn: arn("logs", &format!("log-group:{name}")),
            name: name.to_owned(),
            retention_days: Some(7),
            stored_bytes: Some(1 << 30),
            class: Some("STANDARD".to_owned()),
            created_at,
        }
    }

    /// So many bytes in each of the hours before now.
    fn takes_in(bench: &mut Bench, name: &str, hours: i64, bytes: f64) {
        let minute = bench.minute();
        let points: Vec<(i64, f64)> = (1..=hours)
            .rev()
            .map(|back| (minute - 60 * back, bytes))
            .collect();
        bench.metric(metric::INCOMING_BYTES.of(name), 3600, &points);
    }

    const GIB: f64 = 1_073_741_824.0;

    #[test]
    fn what_a_month_of_a_group_costs_follows_from_its_last_week() {
        let mut bench = Bench::new();
        let groups = ["/busy", "/quiet", "/unread"].map(|name| group(name, None));
        bench.know(Source::LogGroups, ReplyData::LogGroups(groups.to_vec()));
        // Seoul: 0.76 a GB. A fifth of a GB an hour, and a thousandth.
        takes_in(&mut bench, "/busy", 168, GIB / 5.0);
        takes_in(&mut bench, "/quiet", 168, GIB / 1000.0);
        let findings = bench.check(&RULE);
        assert_eq!(
            findings.len(),
            1,
            "the second is not worth it, the third is not known"
        );
        assert_eq!(
            findings[0].title,
            "$110.96 a month: at most, by a filter or a higher log level"
        );
        assert_eq!(
            findings[0].evidence[0],
            "It takes in 146 GiB a month by the mean of the last week; a GB costs $0.76."
        );
    }

    #[test]
    fn hours_without_a_value_are_hours_in_which_nothing_came() {
        let mut bench = Bench::new();
        bench.know(
            Source::LogGroups,
            ReplyData::LogGroups(vec![group("/batch", None)]),
        );
        takes_in(&mut bench, "/batch", 84, GIB / 5.0);
        let saves = bench.check(&RULE)[0].saves.unwrap();
        assert_eq!(format!("{saves:.2}"), "$55.48");
    }

    #[test]
    fn a_young_group_is_judged_by_its_own_time_or_not_at_all() {
        let mut bench = Bench::new();
        let two_days = bench.now - SignedDuration::from_hours(48);
        let minutes = bench.now - SignedDuration::from_mins(50);
        bench.know(
            Source::LogGroups,
            ReplyData::LogGroups(vec![
                group("/young", Some(two_days)),
                group("/born", Some(minutes)),
            ]),
        );
        takes_in(&mut bench, "/young", 48, GIB / 5.0);
        takes_in(&mut bench, "/born", 1, GIB);
        let findings = bench.check(&RULE);
        let names: Vec<&str> = findings.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["/young"]);
        assert_eq!(format!("{:.2}", findings[0].saves.unwrap()), "$110.96");
    }
}
