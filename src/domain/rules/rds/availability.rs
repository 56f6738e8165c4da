//! `rds.not-available`: a database that does not serve.

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::{Kind, Tag};
use crate::domain::rules::{Context, Reach, Rule, rds};

/// The rule.
pub const RULE: Rule = Rule {
    id: "rds.not-available",
    kind: Kind::RdsInstance,
    title: "A database is not available",
    what: "The status of instances and clusters. Work that leaves the database reachable (backups, \
           modifications, storage optimisation) is none of this; work that interrupts it is a warning, \
           as is a status that we do not know. A stopped database is a warning in production and good \
           to know elsewhere; RDS starts it again after seven days.",
    severities: &[
        (
            Severity::Crit,
            "failed, full, or incompatible with its network, parameters, options or key",
        ),
        (
            Severity::Warn,
            "interrupted for a while, stopped in production, or in a status we do not know",
        ),
        (Severity::Info, "stopped outside of production"),
    ],
    thresholds: &[],
    runbooks: &[
        "rds-reboot-failover",
        "restore-rds-point-in-time",
        "restore-rds-snapshot",
    ],
    reach: Reach::Scope,
    check,
};

/// What a status means to whoever uses the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Serves,
    Interrupted,
    Stopped,
    /// With what happened.
    Broken(&'static str),
    Unknown,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (db, _) in rds::instances(context) {
        findings.extend(judge(
            context,
            Kind::RdsInstance,
            (&db.arn, &db.name, &db.tags),
            &db.status,
        ));
    }
    for cluster in context.state.db_clusters.get().into_iter().flatten() {
        findings.extend(judge(
            context,
            Kind::RdsCluster,
            (&cluster.arn, &cluster.name, &cluster.tags),
            &cluster.status,
        ));
    }
}

fn judge(
    context: &Context<'_>,
    kind: Kind,
    (arn, name, tags): (&str, &str, &[Tag]),
    status: &str,
) -> Option<Finding> {
    let draft = RULE.on(context, arn, name).of_kind(kind).hurts(Impact::Capacity);
    match service(status) {
        Service::Serves => None,
        Service::Broken(what) => Some(
            draft
                .hurts(Impact::Customer)
                .because(format!("The status is {status}: {what}."))
                .report(Severity::Crit, status),
        ),
        Service::Interrupted => Some(
            draft
                .because(format!(
                    "The status is {status}: connections are interrupted for a while."
                ))
                .without_runbooks()
                .report(Severity::Warn, status),
        ),
        Service::Stopped => {
            let severity = if context.is_prod_resource(name, tags) {
                Severity::Warn
            } else {
                Severity::Info
            };
            Some(
                draft
                    .because(format!(
                        "The status is {status}; RDS starts it again after seven days."
                    ))
                    .without_runbooks()
                    .report(severity, status),
            )
        }
        Service::Unknown => Some(
            draft
                .because(format!(
                    "The status is {status}, which quarterdeck does not know."
                ))
                .report(Severity::Warn, status),
        ),
    }
}

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html>
fn service(status: &str) -> Service {
    match status {
        "available"
        | "backing-up"
        | "backtracking"
        | "configuring-activity-stream"
        | "configuring-associated-roles"
        | "configuring-enhanced-monitoring"
        | "configuring-iam-database-auth"
        | "configuring-log-exports"
        | "converting-to-vpc"
        | "creating"
        | "delete-precheck"
        | "deleting"
        | "modifying"
        | "resetting-master-credentials"
        | "storage-config-upgrade"
        | "storage-initialization"
        | "storage-optimization"
        | "update-iam-db-auth" => Service::Serves,
        "failing-over" | "maintenance" | "migrating" | "moving-to-vpc" | "promoting" | "rebooting"
        | "renaming" | "starting" | "upgrading" => Service::Interrupted,
        "stopped" | "stopping" => Service::Stopped,
        "failed" | "migration-failed" => Service::Broken("RDS cannot recover it; restore it from a backup"),
        "storage-full" => {
            Service::Broken("there is no storage left and it accepts no writes; give it more storage")
        }
        "insufficient-capacity" => Service::Broken("AWS has no capacity for its class in this zone"),
        "restore-error" => Service::Broken("the restore failed"),
        "inaccessible-encryption-credentials" | "inaccessible-encryption-credentials-recoverable" => {
            Service::Broken("its KMS key cannot be used; enable the key or restore its grant")
        }
        "incompatible-network" => Service::Broken("its subnets have no room or no route"),
        "incompatible-option-group" => Service::Broken("its option group cannot be applied"),
        "incompatible-parameters" => Service::Broken("its parameter group does not fit; it cannot start"),
        "incompatible-restore" => Service::Broken("the restore cannot be done"),
        _ => Service::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, db, prod};

    fn bench(status: &str) -> Bench {
        let mut db = db("shop-db");
        db.status = status.to_owned();
        let mut bench = Bench::new();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db]));
        bench
    }

    #[test]
    fn a_database_that_cannot_serve_is_critical_and_says_why() {
        let findings = bench("storage-full").check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].severity, findings[0].impact),
            (Severity::Crit, Impact::Customer)
        );
        assert_eq!(findings[0].title, "storage-full");
        assert_eq!(
            findings[0].evidence,
            [
                "The status is storage-full: there is no storage left and it accepts no writes; give it more storage."
            ]
        );
    }

    #[test]
    fn interruptions_and_unknown_words_are_warnings() {
        for status in ["rebooting", "upgrading", "polishing"] {
            assert_eq!(bench(status).check(&RULE)[0].severity, Severity::Warn, "{status}");
        }
    }

    #[test]
    fn a_stopped_database_matters_in_production() {
        assert_eq!(bench("stopped").check(&RULE)[0].severity, Severity::Info);
        assert_eq!(
            bench("stopped").with_policy(prod()).check(&RULE)[0].severity,
            Severity::Warn
        );
    }

    #[test]
    fn databases_that_serve_and_unread_ones_are_silent() {
        for status in ["available", "backing-up", "modifying", "storage-optimization"] {
            assert_eq!(bench(status).check(&RULE), [], "{status}");
        }
        assert_eq!(Bench::new().check(&RULE), []);
    }
}
