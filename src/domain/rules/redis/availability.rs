//! `redis.not-available` and `redis.failover-off-prod`: caches that are away, or that nothing would
//! replace.

use crate::domain::datastore::CacheForm;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog;
use crate::domain::rules::{Context, Reach, Rule, redis, words};

/// A cache is away.
pub const NOT_AVAILABLE: Rule = Rule {
    id: "redis.not-available",
    kind: Kind::Redis,
    title: "A cache is not available",
    what: "The status of a cache and of its nodes. Being created, modified, deleted or saved is none of \
           this.",
    severities: &[
        (Severity::Crit, "the cache failed, or its network does not fit"),
        (Severity::Warn, "a node is away, or a status that we do not know"),
    ],
    thresholds: &[],
    runbooks: &["redis-failover"],
    reach: Reach::Scope,
    check: not_available,
};

/// Nothing takes over.
pub const FAILOVER_OFF: Rule = Rule {
    id: "redis.failover-off-prod",
    kind: Kind::Redis,
    title: "A production cache cannot fail over",
    what: "Replication groups without automatic failover, and caches of a single node, in estates that \
           are marked as production. Memcached has no replicas and is left out, and so is what says by \
           its name that it is not production (`shop-redis-dev`).",
    severities: &[(Severity::Warn, "always")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: failover_off,
};

fn not_available(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for cache in redis::caches(context) {
        let draft = NOT_AVAILABLE
            .on(context, &cache.arn, &cache.name)
            .hurts(Impact::Capacity);
        match cache.status.to_ascii_lowercase().as_str() {
            "available" | "creating" | "modifying" | "snapshotting" | "deleting" => {}
            status @ ("create-failed" | "incompatible-network" | "restore-failed") => {
                findings.push(
                    draft
                        .because(format!("The status is {status}."))
                        .report(Severity::Crit, status),
                );
                continue;
            }
            status => {
                findings.push(
                    draft
                        .because(format!("The status is {status}."))
                        .report(Severity::Warn, words::excerpt(status)),
                );
                continue;
            }
        }
        if cache.status != "available" {
            continue;
        }
        let away: Vec<_> = metric_catalog::nodes(cache)
            .filter(|node| node.status.as_deref().is_some_and(|status| status != "available"))
            .collect();
        if let Some(first) = away.first() {
            findings.push(
                draft
                    .because(format!(
                        "{} of {} not available; {} is {}.",
                        away.len(),
                        words::count_of(cache.node_count(), "node is", "nodes are"),
                        first.cluster_id,
                        first.status.as_deref().unwrap_or("unknown")
                    ))
                    .report(
                        Severity::Warn,
                        format!("{} of {} nodes away", away.len(), cache.node_count()),
                    ),
            );
        }
    }
}

fn failover_off(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.is_prod() {
        return;
    }
    for cache in redis::caches(context) {
        // Tags of caches are not read.
        if cache.engine == "memcached" || !context.is_prod_resource(&cache.name, &[]) {
            continue;
        }
        let why = match cache.form {
            CacheForm::Serverless => continue,
            CacheForm::ReplicationGroup if cache.automatic_failover => continue,
            CacheForm::ReplicationGroup => {
                "Automatic failover is off: a lost primary stays lost until somebody promotes a replica."
            }
            CacheForm::Cluster => "The cache is a single node: with it everything in it is lost.",
        };
        findings.push(
            FAILOVER_OFF
                .on(context, &cache.arn, &cache.name)
                .hurts(Impact::Risk)
                .because(why)
                .report(Severity::Warn, "no failover in production"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::datastore::Cache;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, cache, prod, serverless};

    fn bench(caches: Vec<Cache>) -> Bench {
        let mut bench = Bench::new();
        bench.know(Source::Caches, ReplyData::Caches(caches));
        bench
    }

    #[test]
    fn caches_and_nodes_that_are_away_are_named() {
        let mut failed = cache("a", 2);
        failed.status = "create-failed".to_owned();
        let mut limping = cache("b", 2);
        limping.shards[0].nodes[1].status = Some("rebooting cache cluster nodes".to_owned());
        let findings = bench(vec![failed, limping]).check(&NOT_AVAILABLE);
        assert_eq!(findings.len(), 2);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Crit, "create-failed")
        );
        assert_eq!(
            (findings[1].severity, findings[1].title.as_str()),
            (Severity::Warn, "1 of 2 nodes away")
        );
        assert_eq!(
            findings[1].evidence,
            ["1 of 2 nodes are not available; b-002 is rebooting cache cluster nodes."]
        );
    }

    #[test]
    fn caches_that_serve_and_unread_ones_are_silent() {
        let mut busy = cache("c", 2);
        busy.status = "snapshotting".to_owned();
        let mut unknown = cache("d", 1);
        unknown.shards[0].nodes[0].status = None;
        assert_eq!(
            bench(vec![cache("a", 2), busy, unknown]).check(&NOT_AVAILABLE),
            []
        );
        assert_eq!(Bench::new().check(&NOT_AVAILABLE), []);
    }

    #[test]
    fn production_needs_failover() {
        let mut off = cache("off", 2);
        off.automatic_failover = false;
        let mut single = cache("single", 1);
        single.form = CacheForm::Cluster;
        let mut memcached = cache("memcached", 1);
        memcached.form = CacheForm::Cluster;
        memcached.engine = "memcached".to_owned();
        let mut development = cache("shop-redis-dev", 1);
        development.automatic_failover = false;
        let mut bench = bench(vec![
            cache("on", 2),
            off,
            single,
            memcached,
            development,
            serverless("tokens"),
        ]);
        assert_eq!(bench.check(&FAILOVER_OFF), []);
        let findings = bench.with_policy(prod()).check(&FAILOVER_OFF);
        let named: Vec<&str> = findings.iter().map(|finding| finding.name.as_str()).collect();
        assert_eq!(named, ["off", "single"]);
        assert_eq!(
            findings[1].evidence,
            ["The cache is a single node: with it everything in it is lost."]
        );
    }
}
