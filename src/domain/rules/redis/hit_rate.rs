//! `redis.hit-rate`: a cache that does not have what it is asked for.

use jiff::SignedDuration;

use crate::domain::datastore::{Cache, CacheForm};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::{MetricRef, cache as metric, serverless_cache};
use crate::domain::rules::draft::severity;
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
                    .report(severity(breach), format!("hit rate {share}, limit {level}")),
            );
        }
    }
}

/// Hits and misses per minute over all nodes, where both were read.
fn lookups(context: &Context<'_>, cache: &Cache) -> Option<(f64, f64)> {
    let per_minute = |metric: MetricRef<'_>| {
        let measured = context.metric(metric)?;
        measured.latest()?;
        let from = measured.as_of - SignedDuration::from_mins(MINUTES);
        Some(measured.sum_between(from, measured.as_of) / MINUTES as f64)
    };
    let pair = |hits: MetricRef<'_>, misses: MetricRef<'_>| Some((per_minute(hits)?, per_minute(misses)?));
    match cache.form {
        CacheForm::Serverless => pair(
            serverless_cache::HITS.of(&cache.name),
            serverless_cache::MISSES.of(&cache.name),
        ),
        CacheForm::Cluster | CacheForm::ReplicationGroup => redis::nodes(cache)
            .into_iter()
            .filter_map(|node| {
                pair(metric::HITS.of(node), metric::MISSES.of(node))
                    .or_else(|| pair(metric::GET_HITS.of(node), metric::GET_MISSES.of(node)))
            })
            .reduce(|(hits, misses), (more_hits, more_misses)| (hits + more_hits, misses + more_misses)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, cache};

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
            ["60% of 2,000 look-ups a minute find their key, over 15 minutes; the limit is 80%."]
        );
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
