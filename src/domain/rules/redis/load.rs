//! `redis.memory`, `redis.evictions` and `redis.engine-cpu`: what the worst node of a cache says.

use jiff::{SignedDuration, Timestamp};

use crate::domain::datastore::{Cache, CacheForm};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::{MetricRef, cache as metric, serverless_cache};
use crate::domain::policy::{Breach, Limit};
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Measured, Reach, Rule, redis, words};

/// Memory is nearly used up.
pub const MEMORY: Rule = Rule {
    id: "redis.memory",
    kind: Kind::Redis,
    title: "A cache's memory is nearly used up",
    what: "Memory of each node as a share of its `maxmemory`, mean of the newest five minutes; the \
           fullest node speaks for the cache. Serverless caches grow by themselves and are not judged.",
    severities: &[
        (Severity::Crit, "at the critical level"),
        (Severity::Warn, "at the warning level"),
    ],
    thresholds: &["redis_memory_percent"],
    runbooks: &["redis-resize"],
    reach: Reach::Scope,
    check: memory,
};

/// Keys are thrown out.
pub const EVICTIONS: Rule = Rule {
    id: "redis.evictions",
    kind: Kind::Redis,
    title: "A cache throws keys out",
    what: "Keys that a node, or a serverless cache, throws out for want of memory, per minute over the \
           newest five minutes; the worst node speaks for the cache.",
    severities: &[
        (Severity::Crit, "at the critical level"),
        (Severity::Warn, "at the warning level"),
    ],
    thresholds: &["redis_evictions_per_minute"],
    runbooks: &["redis-resize"],
    reach: Reach::Scope,
    check: evictions,
};

/// The engine is busy.
pub const ENGINE_CPU: Rule = Rule {
    id: "redis.engine-cpu",
    kind: Kind::Redis,
    title: "A cache's engine is busy",
    what: "CPU of the engine of each node, which has one thread for commands, mean of the newest five \
           minutes; the busiest node speaks for the cache.",
    severities: &[
        (Severity::Crit, "at the critical level"),
        (Severity::Warn, "at the warning level"),
    ],
    thresholds: &["redis_engine_cpu_percent"],
    runbooks: &["redis-failover", "redis-resize"],
    reach: Reach::Scope,
    check: engine_cpu,
};

/// A node whose value breaches a limit.
struct Worst<'a> {
    node: &'a str,
    value: f64,
    breach: Breach,
    since: Option<Timestamp>,
    /// How many nodes breach the limit, and how many were read.
    many: (usize, usize),
}

fn memory(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().redis_memory_percent;
    for cache in redis::caches(context) {
        if let Some(worst) = worst(context, cache, limit, |node| metric::MEMORY.of(node), mean) {
            let used = words::percent(worst.value);
            let level = words::percent(limit.level(worst.breach));
            findings.push(
                MEMORY
                    .on(context, &cache.arn, &cache.name)
                    .hurts(Impact::Capacity)
                    .since(worst.since)
                    .because(format!(
                        "{} uses {used} of its memory, mean of five minutes; the limit is {level}.",
                        worst.node
                    ))
                    .perhaps_because(worst.others())
                    .report(severity(worst.breach), format!("memory {used}, limit {level}")),
            );
        }
    }
}

fn evictions(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().redis_evictions_per_minute;
    for cache in redis::caches(context) {
        let rate = |measured: &Measured<'_>| Some(measured.per_minute());
        let worst = worst(
            context,
            cache,
            limit,
            |node| match cache.form {
                CacheForm::Serverless => serverless_cache::EVICTIONS.of(node),
                CacheForm::Cluster | CacheForm::ReplicationGroup => metric::EVICTIONS.of(node),
            },
            rate,
        );
        if let Some(worst) = worst {
            let rate = words::number(worst.value);
            let level = words::number(limit.level(worst.breach));
            findings.push(
                EVICTIONS
                    .on(context, &cache.arn, &cache.name)
                    .hurts(Impact::Capacity)
                    .since(worst.since)
                    .because(format!(
                        "{} throws {rate} keys out a minute, mean of five minutes; the limit is {level}.",
                        worst.node
                    ))
                    .perhaps_because(worst.others())
                    .report(
                        severity(worst.breach),
                        format!("evicts {rate}/min, limit {level}"),
                    ),
            );
        }
    }
}

fn engine_cpu(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().redis_engine_cpu_percent;
    for cache in redis::caches(context) {
        if let Some(worst) = worst(context, cache, limit, |node| metric::ENGINE_CPU.of(node), mean) {
            let used = words::percent(worst.value);
            let level = words::percent(limit.level(worst.breach));
            findings.push(
                ENGINE_CPU
                    .on(context, &cache.arn, &cache.name)
                    .hurts(Impact::Capacity)
                    .since(worst.since)
                    .because(format!(
                        "The engine of {} is at {used} of its one core, mean of five minutes; the limit is {level}.",
                        worst.node
                    ))
                    .perhaps_because(worst.others())
                    .report(severity(worst.breach), format!("engine CPU {used}, limit {level}")),
            );
        }
    }
}

fn mean(measured: &Measured<'_>) -> Option<f64> {
    measured.mean(SignedDuration::from_mins(5))
}

fn worst<'a>(
    context: &Context<'_>,
    cache: &'a Cache,
    limit: Limit,
    metric: impl Fn(&'a str) -> MetricRef<'a>,
    value: impl Fn(&Measured<'_>) -> Option<f64>,
) -> Option<Worst<'a>> {
    let nodes = match cache.form {
        CacheForm::Serverless => vec![cache.name.as_str()],
        CacheForm::Cluster | CacheForm::ReplicationGroup => redis::nodes(cache),
    };
    let read: Vec<_> = nodes
        .into_iter()
        .filter_map(|node| {
            let measured = context.metric(metric(node))?;
            Some((node, measured, value(&measured)?))
        })
        .collect();
    let breaching = read
        .iter()
        .filter(|(_, _, value)| limit.judge(*value).is_some())
        .count();
    let (node, measured, value) = read.iter().max_by(|(_, _, a), (_, _, b)| a.total_cmp(b))?;
    Some(Worst {
        node,
        value: *value,
        breach: limit.judge(*value)?,
        since: measured.since(|value| limit.judge(value).is_some()),
        many: (breaching, read.len()),
    })
}

impl Worst<'_> {
    fn others(&self) -> Option<String> {
        let (breaching, read) = self.many;
        (read > 1).then(|| format!("{breaching} of {read} nodes are beyond the limit."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, cache, serverless};

    fn bench() -> Bench {
        let mut bench = Bench::new();
        bench.know(
            Source::Caches,
            ReplyData::Caches(vec![cache("sessions", 2), serverless("tokens")]),
        );
        bench
    }

    #[test]
    fn the_fullest_node_speaks() {
        let mut bench = bench();
        bench.steady(metric::MEMORY.of("sessions-001"), 92.5);
        bench.steady(metric::MEMORY.of("sessions-002"), 70.0);
        let findings = bench.check(&MEMORY);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "memory 92.5%, limit 90%");
        assert_eq!((findings[0].severity, findings[0].since), (Severity::Crit, None));
        assert_eq!(
            findings[0].evidence,
            [
                "sessions-001 uses 92.5% of its memory, mean of five minutes; the limit is 90%.",
                "1 of 2 nodes are beyond the limit.",
            ]
        );
    }

    #[test]
    fn evictions_are_counted_per_minute_also_of_serverless_caches() {
        let mut bench = bench();
        bench.steady(metric::EVICTIONS.of("sessions-001"), 1200.0);
        bench.steady(serverless_cache::EVICTIONS.of("tokens"), 150.0);
        let findings = bench.check(&EVICTIONS);
        assert_eq!(findings.len(), 2);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Crit, "evicts 1,200/min, limit 1,000")
        );
        assert_eq!(
            findings[1].evidence,
            ["tokens throws 150 keys out a minute, mean of five minutes; the limit is 100."]
        );
    }

    #[test]
    fn a_busy_engine_is_named() {
        let mut bench = bench();
        bench.steady(metric::ENGINE_CPU.of("sessions-002"), 84.0);
        let findings = bench.check(&ENGINE_CPU);
        assert_eq!(findings[0].title, "engine CPU 84%, limit 80%");
        assert_eq!(
            findings[0].evidence,
            ["The engine of sessions-002 is at 84% of its one core, mean of five minutes; the limit is 80%."]
        );
    }

    #[test]
    fn caches_with_room_and_unread_ones_are_silent() {
        let mut good = bench();
        good.steady(metric::MEMORY.of("sessions-001"), 60.0);
        good.steady(metric::EVICTIONS.of("sessions-001"), 3.0);
        good.steady(metric::ENGINE_CPU.of("sessions-001"), 7.0);
        for rule in [&MEMORY, &EVICTIONS, &ENGINE_CPU] {
            assert_eq!(good.check(rule), [], "{}", rule.id);
            assert_eq!(bench().check(rule), [], "{}", rule.id);
            assert_eq!(Bench::new().check(rule), [], "{}", rule.id);
        }
    }
}
