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
           as is a status that we do not know. A status in which it stays until somebody does something \
           comes with what that is; restoring is offered only where nothing else brings it back. A stopped database is a warning in production and good \
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
        "rds-grow-storage",
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
    Broken(Broken),
    Unknown,
}

/// A status that goes on until somebody does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Broken {
    /// What happened, as a part of a sentence.
    what: &'static str,
    /// What to do next, in sentences.
    next: &'static str,
    /// Runbooks that do it.
    runbooks: &'static [&'static str],
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
        Service::Broken(Broken { what, next, runbooks }) => Some(
            draft
                .hurts(Impact::Customer)
                .helped_by(runbooks)
                .because(format!("The status is {status}: {what}."))
                .because(next)
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
                .helped_by(&[
                    "rds-reboot-failover",
                    "restore-rds-point-in-time",
                    "restore-rds-snapshot",
                ])
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
        other => broken(other).map_or(Service::Unknown, Service::Broken),
    }
}

/// What brings data back where the instance itself does not come back.
const RESTORE: &[&str] = &["restore-rds-point-in-time", "restore-rds-snapshot"];

/// What a status means in which a database does not serve until somebody does something about it.
fn broken(status: &str) -> Option<Broken> {
    let broken = |what, next, runbooks| Some(Broken { what, next, runbooks });
    match status {
        "failed" => broken(
            "RDS cannot recover it",
            "Restore it from a backup; its events say what happened.",
            RESTORE,
        ),
        "migration-failed" => broken(
            "its migration to Aurora failed",
            "Look at its events, and migrate again from the source, which is as it was.",
            &[],
        ),
        "storage-full" => broken(
            "there is no storage left and it accepts no writes",
            "Give it more storage, and a limit up to which it grows by itself; restarting it does not help.",
            &["rds-grow-storage"],
        ),
        "insufficient-capacity" => broken(
            "AWS has no capacity for its class in this zone",
            "Take another class or another zone, or delete it and try again later.",
            &[],
        ),
        "restore-error" => broken(
            "the restore failed",
            "Delete it once its events have said why, and restore again, from another moment or snapshot.",
            RESTORE,
        ),
        "inaccessible-encryption-credentials" => broken(
            "its KMS key cannot be used, and the instance does not come back",
            "Enable the key or restore its grant first: backups need it too. Then restore from one of them.",
            RESTORE,
        ),
        "inaccessible-encryption-credentials-recoverable" => broken(
            "its KMS key cannot be used",
            "Enable the key or restore its grant, and start the instance, within seven days.",
            &[],
        ),
        "incompatible-network" => broken(
            "its subnets have no address left, or its VPC cannot resolve names",
            "Free addresses in its subnet group or put the VPC's DNS right, and start the instance.",
            &[],
        ),
        "incompatible-option-group" => broken(
            "its option group cannot be applied",
            "Its events name the option; take that out, or give it another option group.",
            &[],
        ),
        "incompatible-parameters" => broken(
            "its parameter group does not fit its class or version, and it cannot start",
            "Put the parameters back to their defaults or give it another group, and restart it.",
            &[],
        ),
        "incompatible-restore" => broken(
            "it cannot be restored to that moment",
            "Its events name what is in the way; restore to another moment, or from a snapshot.",
            RESTORE,
        ),
        other if other.starts_with("incompatible-") => broken(
            "RDS cannot run it as it is configured",
            "Its events say what does not fit.",
            &[],
        ),
        _ => None,
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
                "The status is storage-full: there is no storage left and it accepts no writes.",
                "Give it more storage, and a limit up to which it grows by itself; restarting it does not help.",
            ]
        );
    }

    #[test]
    fn every_status_that_lasts_says_what_to_do_next() {
        let restorable = [
            "failed",
            "restore-error",
            "inaccessible-encryption-credentials",
            "incompatible-restore",
        ];
        let others = [
            "migration-failed",
            "storage-full",
            "insufficient-capacity",
            "inaccessible-encryption-credentials-recoverable",
            "incompatible-network",
            "incompatible-option-group",
            "incompatible-parameters",
            "incompatible-something-new",
        ];
        let mut said = std::collections::BTreeSet::new();
        for status in restorable.into_iter().chain(others) {
            let finding = bench(status).check(&RULE).remove(0);
            assert_eq!(
                (finding.severity, finding.title.as_str()),
                (Severity::Crit, status)
            );
            assert_eq!(finding.evidence.len(), 2, "{status}");
            said.insert(finding.evidence[1].clone());
            let expected: &[&str] = if restorable.contains(&status) {
                RESTORE
            } else if status == "storage-full" {
                &["rds-grow-storage"]
            } else {
                &[]
            };
            assert_eq!(finding.runbooks, expected, "{status}");
        }
        assert_eq!(said.len(), 12, "each of them has its own: {said:#?}");
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
