//! `rds.single-az-prod`: production on one leg.

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::{Context, Reach, Rule, rds, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "rds.single-az-prod",
    kind: Kind::RdsInstance,
    title: "A production database has no standby",
    what: "Instances without Multi-AZ, and clusters with fewer than two members, in estates that are \
           marked as production. Read replicas and members of clusters are left out, and so is what says \
           by its name or tags that it is not production (`shop-db-dev`).",
    severities: &[(Severity::Warn, "always")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.is_prod() {
        return;
    }
    for (db, _) in rds::instances(context) {
        if !db.multi_az
            && db.replica_of.is_none()
            && db.cluster.is_none()
            && db.status != "deleting"
            && context.is_prod_resource(&db.name, &db.tags)
        {
            findings.push(
                RULE.on(context, &db.arn, &db.name)
                    .hurts(Impact::Risk)
                    .because(format!(
                        "Multi-AZ is off: without {} the database is gone until it is restored.",
                        db.zone.as_deref().unwrap_or("its zone")
                    ))
                    .report(Severity::Warn, "Multi-AZ is off in production"),
            );
        }
    }
    for cluster in context.state.db_clusters.get().into_iter().flatten() {
        if cluster.members.len() < 2
            && !cluster.multi_az
            && cluster.status != "deleting"
            && context.is_prod_resource(&cluster.name, &cluster.tags)
        {
            findings.push(
                RULE.on(context, &cluster.arn, &cluster.name)
                    .of_kind(Kind::RdsCluster)
                    .hurts(Impact::Risk)
                    .because(format!(
                        "The cluster has {}: nothing can take over.",
                        words::count(cluster.members.len(), "member")
                    ))
                    .report(Severity::Warn, "no second member in production"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, db, db_cluster, prod};

    fn bench() -> Bench {
        let mut standby = db("with-standby");
        standby.multi_az = true;
        let mut replica = db("replica");
        replica.replica_of = Some("shop-db".to_owned());
        let mut bench = Bench::new();
        bench.know(
            Source::DbInstances,
            ReplyData::DbInstances(vec![db("shop-db"), db("shop-db-dev"), standby, replica]),
        );
        bench.know(
            Source::DbClusters,
            ReplyData::DbClusters(vec![db_cluster("alone", 1), db_cluster("pair", 2)]),
        );
        bench
    }

    #[test]
    fn only_what_stands_alone_in_production_is_named() {
        let findings = bench().with_policy(prod()).check(&RULE);
        let named: Vec<&str> = findings.iter().map(|finding| finding.name.as_str()).collect();
        assert_eq!(named, ["shop-db", "alone"]);
        assert_eq!(
            findings[0].evidence,
            ["Multi-AZ is off: without ap-northeast-2a the database is gone until it is restored."]
        );
        assert_eq!(
            findings[1].evidence,
            ["The cluster has 1 member: nothing can take over."]
        );
    }

    #[test]
    fn other_estates_and_unread_databases_are_silent() {
        assert_eq!(bench().check(&RULE), []);
        assert_eq!(Bench::new().with_policy(prod()).check(&RULE), []);
    }
}
