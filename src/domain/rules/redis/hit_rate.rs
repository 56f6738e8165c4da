//! `redis.hit-rate`: a cache that does not have what it is asked for.

use jiff::{SignedDuration, Timestamp};

use crate::domain::datastore::{Cache, CacheForm};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::{MetricRef, cache as metric, serverless_cache};
use crate::domain::rules::draft::severity;
use crate::domain::rules::measured::{Measured, Run};
use crate::domain::rules::{Context, Reach, Rule, redis, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "redis.hit-rate",
    kind: Kind::Redis,
    title: "A cache misses too often",
    what: "The share of look-ups that find their key, over all nodes and the newest fifteen minutes; \
           not judged with too few look-ups. Queues and locks kept in Redis miss by nature: raise \
           `redis_lookups_least_per_minute` or accept the finding there.",
    severities: &[
        (Severity::Crit, "at or below the critical share"),
        (Severity::Warn, "at or below the warning share"),
    ],
    thresholds: &["redis_hit_rate_percent", "redis_lookups_least_per_minute"],
    runbooks: &["redis-resize"],
    reach: Reach::Scope,
    check,
};

const MINUTES: i64 = 15;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().redis_hit_rate_percent;
    for cache in redis::caches(context) {
        let Some((hits, misses)) = lookups(context, cache) else {
            continue;
        };
        let all = hits + misses;
        if all <= 0.0 || all < context.limits().redis_lookups_least_per_minute {
            continue;
        }
        let share = hits / all * 100.0;
        if let Some(breach) = limit.judge(share) {
            let (share, level) = (words::percent(share), words::percent(limit.level(breach)));
            findings.push(
                RULE.on(context, &cache.arn, &cache.name)
                    .hurts(Impact::Capacity)
                    .because(format!(
                        "{share} of {} look-ups a minute find their key, over {MINUTES} minutes; the limit is {level}.",
                        words::number(all)
                    ))
                    .held(context, low(context, cache))
                    .report(severity(breach), format!("hit rate {share}, limit {level}")),
            );
        }
    }
}

/// Hits and misses per minute over all nodes, where both were read.
fn lookups(context: &Context<'_>, cache: &Cache) -> Option<(f64, f64)> {
    let per_minute = |measured: &Measured<'_>| {
        let from = measured.as_of - SignedDuration::from_mins(MINUTES);
        measured.sum_between(from, measured.as_of) / MINUTES as f64
    };
    measured(context, cache)
        .iter()
        .map(|(hits, misses)| (per_minute(hits), per_minute(misses)))
        .reduce(|(hits, misses), (more_hits, more_misses)| (hits + more_hits, misses + more_misses))
}

/// Hits and misses of each node, or of a serverless cache as a whole, where both were read and are recent.
fn measured<'a>(context: &Context<'a>, cache: &Cache) -> Vec<(Measured<'a>, Measured<'a>)> {
    let recent = |metric: MetricRef<'_>| {
        let measured = context.metric(metric)?;
        measured.latest()?;
        Some(measured)
    };
    let pair = |hits: MetricRef<'_>, misses: MetricRef<'_>| Some((recent(hits)?, recent(misses)?));
    match cache.form {
        CacheForm::Serverless => pair(
            serverless_cache::HITS.of(&cache.name),
            serverless_cache::MISSES.of(&cache.name),
        )
        .into_iter()
        .collect(),
        CacheForm::Cluster | CacheForm::ReplicationGroup => redis::nodes(cache)
            .into_iter()
            .filter_map(|node| {
                pair(metric::HITS.of(node), metric::MISSES.of(node))
                    .or_else(|| pair(metric::GET_HITS.of(node), metric::GET_MISSES.of(node)))
            })
            .collect(),
    }
}

/// For how long the share over the last fifteen minutes has been low.
fn low(context: &Context<'_>, cache: &Cache) -> Option<Run> {
    let series: Vec<(Measured<'_>, Measured<'_>)> = measured(context, cache);
    let as_of = series.iter().map(|(hits, _)| hits.as_of).min()?;
    let first = series.iter().flat_map(|(hits, misses)| {
        let of = |measured: &Measured<'_>| measured.series.points.first().map(|(at, _)| *at);
        [of(hits), of(misses)]
    });
    let first = first.flatten().min()?;
    let limits = context.limits();
    let window = SignedDuration::from_mins(MINUTES);
    let is_low = |to: Timestamp| {
        let sum = |of: &dyn Fn(&(Measured<'_>, Measured<'_>)) -> f64| series.iter().map(of).sum::<f64>();
        let hits = sum(&|(hits, _)| hits.sum_between(to - window, to));
        let all = hits + sum(&|(_, misses)| misses.sum_between(to - window, to));
        all > 0.0
            && all / MINUTES as f64 >= limits.redis_lookups_least_per_minute
            && limits.redis_hit_rate_percent.judge(hits / all * 100.0).is_some()
    };
    let (mut oldest, mut is_start_seen) = (None, false);
    let mut to = as_of;
    while to - window >= first {
        if !is_low(to) {
            is_start_seen = true;
            break;
        }
        oldest = Some(to);
        to -= SignedDuration::from_mins(1);
    }
    let oldest = oldest?;
    Some(Run {
        oldest,
        lasts: as_of.duration_since(oldest),
        since: is_start_seen.then_some(oldest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at, cache};

    fn bench(hits: f64, misses: f64) -> Bench {
        let mut bench = Bench::new();
        bench.know(Source::Caches, ReplyData::Caches(vec![cache("sessions", 2)]));
        for node in ["sessions-001", "sessions-002"] {
            bench.steady(metric::HITS.of(node), hits);
            bench.steady(metric::MISSES.of(node), misses);
        }
        bench
    }

    #[test]
    fn a_low_rate_is_told_over_all_nodes() {
        let findings = bench(600.0, 400.0).check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "hit rate 60%, limit 80%");
        assert_eq!(findings[0].severity, Severity::Warn);
        assert_eq!(
            findings[0].evidence,
            [
                "60% of 2,000 look-ups a minute find their key, over 15 minutes; the limit is 80%.",
                "It has been so at least since 2026-11-21 02:44 UTC, where the values that were read begin.",
            ]
        );
    }

    #[test]
    fn the_share_over_a_quarter_of_an_hour_fell_at_some_minute() {
        let mut bench = bench(950.0, 50.0);
        let now = bench.minute();
        // Every look-up of the last twenty minutes misses as often as it hits.
        for node in ["sessions-001", "sessions-002"] {
            for (metric, before, after) in [(metric::HITS, 950.0, 500.0), (metric::MISSES, 50.0, 500.0)] {
                let value = |minute: i64| if minute >= now - 20 { after } else { before };
                let points: Vec<(i64, f64)> = (now - 60..now).map(|minute| (minute, value(minute))).collect();
                bench.metric(metric.of(node), 60, &points);
            }
        }
        let finding = bench.check(&RULE).remove(0);
        // Of fifteen minutes five must be bad for the share of all of them to be 80 %.
        assert_eq!(finding.since, Some(at(now - 15)));
        assert_eq!(finding.evidence.len(), 1);
    }

    #[test]
    fn a_high_rate_few_lookups_and_unread_ones_are_silent() {
        assert_eq!(bench(9000.0, 400.0).check(&RULE), []);
        assert_eq!(bench(10.0, 30.0).check(&RULE), []);
        let mut half = Bench::new();
        half.know(Source::Caches, ReplyData::Caches(vec![cache("sessions", 1)]));
        assert_eq!(half.check(&RULE), []);
        half.steady(metric::MISSES.of("sessions-001"), 5000.0);
        assert_eq!(half.check(&RULE), [], "without hits the rate is not known");
    }
}
