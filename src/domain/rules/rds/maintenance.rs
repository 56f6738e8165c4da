//! `rds.pending-maintenance`: what AWS is going to do to a database.

use std::collections::HashMap;

use jiff::SignedDuration;

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::{Kind, last_segment};
use crate::domain::rules::{Context, Reach, Rule, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "rds.pending-maintenance",
    kind: Kind::RdsInstance,
    title: "Maintenance is pending",
    what: "Maintenance actions that AWS has announced for an instance or a cluster: a warning when AWS \
           applies them within seven days, good to know otherwise.",
    severities: &[
        (Severity::Warn, "AWS applies it within seven days"),
        (Severity::Info, "announced"),
    ],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(pending) = context.state.maintenance.get() else {
        return;
    };
    let instances = context.state.db_instances.get().into_iter().flatten();
    let clusters = context.state.db_clusters.get().into_iter().flatten();
    let known: HashMap<&str, (Kind, &str)> = instances
        .map(|db| (db.arn.as_str(), (Kind::RdsInstance, db.name.as_str())))
        .chain(clusters.map(|cluster| (cluster.arn.as_str(), (Kind::RdsCluster, cluster.name.as_str()))))
        .collect();
    for action in pending {
        let (kind, name) = known
            .get(action.resource.as_str())
            .copied()
            .unwrap_or_else(|| (kind_of(&action.resource), last_segment(&action.resource)));
        let due = action
            .auto_applied_after
            .into_iter()
            .chain(action.forced_at)
            .min();
        let is_soon =
            due.is_some_and(|due| due.duration_since(context.now) <= SignedDuration::from_hours(7 * 24));
        let title = match due {
            Some(due) => format!("{} due {}", action.action, words::day(due, context.zone())),
            None => format!("{} available", action.action),
        };
        findings.push(
            RULE.on(context, &action.resource, name)
                .of_kind(kind)
                .hurts(Impact::Risk)
                .because(match &action.description {
                    Some(description) => format!("{}: {}", action.action, words::excerpt(description)),
                    None => format!("{} is pending.", action.action),
                })
                .perhaps_because(action.auto_applied_after.map(|after| {
                    format!(
                        "AWS applies it in the first maintenance window after {}.",
                        words::moment(after, context.zone())
                    )
                }))
                .perhaps_because(action.forced_at.map(|at| {
                    format!(
                        "AWS applies it at {}, window or not.",
                        words::moment(at, context.zone())
                    )
                }))
                .report(if is_soon { Severity::Warn } else { Severity::Info }, title),
        );
    }
}

fn kind_of(arn: &str) -> Kind {
    if arn.contains(":cluster:") {
        Kind::RdsCluster
    } else {
        Kind::RdsInstance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::datastore::PendingMaintenance;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at, db, prod};

    fn bench(after_days: Option<i64>) -> Bench {
        let mut bench = Bench::new();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db("shop-db")]));
        bench.know(
            Source::Maintenance,
            ReplyData::Maintenance(vec![PendingMaintenance {
                resource: db("shop-db").arn,
                action: "system-update".to_owned(),
                description: Some("New Operating System update is available".to_owned()),
                auto_applied_after: after_days.map(|days| at(days * 1440)),
                forced_at: None,
            }]),
        );
        bench
    }

    #[test]
    fn what_comes_soon_is_a_warning() {
        let findings = bench(Some(3)).with_policy(prod()).check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].severity, findings[0].name.as_str()),
            (Severity::Warn, "shop-db")
        );
        assert_eq!(findings[0].title, "system-update due 2026-11-24");
        assert_eq!(
            findings[0].evidence,
            [
                "system-update: New Operating System update is available",
                "AWS applies it in the first maintenance window after 2026-11-24 09:00 KST.",
            ]
        );
    }

    #[test]
    fn what_is_only_announced_is_good_to_know() {
        assert_eq!(bench(Some(30)).check(&RULE)[0].severity, Severity::Info);
        let open = bench(None).check(&RULE);
        assert_eq!(
            (open[0].severity, open[0].title.as_str()),
            (Severity::Info, "system-update available")
        );
    }

    #[test]
    fn nothing_pending_and_nothing_read_are_silent() {
        let mut bench = Bench::new();
        assert_eq!(bench.check(&RULE), []);
        bench.know(Source::Maintenance, ReplyData::Maintenance(Vec::new()));
        assert_eq!(bench.check(&RULE), []);
    }
}
