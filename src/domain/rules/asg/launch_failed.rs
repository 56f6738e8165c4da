//! `asg.launch-failed`: instances that could not be started, and why.

use std::collections::BTreeSet;

use crate::domain::asg::Group;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::policy::Breach;
use crate::domain::rules::asg::activities::{Activities, Cure, HOUR, advice, cure, failure, said};
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, asg, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "asg.launch-failed",
    kind: Kind::Asg,
    title: "Launches fail",
    what: "Launches of a group that failed within the last hour, with AWS's reason. Failures that a \
           successful launch has followed are a warning at most, and so are those of a group that has \
           all it wants by now. Rollbacks are named where what is launched may be wrong; where AWS has no \
           capacity, `asg-scale`: another group, or fewer for now.",
    severities: &[
        (
            Severity::Crit,
            "failures at the critical level, none has succeeded since and instances are missing",
        ),
        (Severity::Warn, "failures at the warning level"),
    ],
    thresholds: &["asg_launch_failures"],
    runbooks: &["asg-rollback-image", "asg-instance-refresh-rollback", "asg-scale"],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(activities) = Activities::of(context) else {
        return;
    };
    for (group, _) in asg::groups(context) {
        let recent = || {
            activities
                .of_group(&group.name)
                .iter()
                .take_while(|activity| activities.at.duration_since(activity.started_at) <= HOUR)
        };
        let failed: Vec<_> = recent().filter(|activity| activity.is_failed_launch()).collect();
        let Some(newest) = failed.first() else {
            continue;
        };
        let Some(breach) = context.limits().asg_launch_failures.judge(failed.len() as f64) else {
            continue;
        };
        let recovered = recent().find(|activity| {
            activity.status == "Successful"
                && activity.description.starts_with("Launching")
                && activity.started_at > newest.started_at
        });
        let in_service = group.in_service();
        let is_whole = !group.weighted && in_service >= group.desired as usize;
        let breach = if recovered.is_some() || is_whole {
            Breach::Warn
        } else {
            breach
        };
        let draft = RULE.on(context, &group.arn, &group.name);
        let draft = match cure(newest) {
            Cure::Before => draft.helped_by(&["asg-rollback-image", "asg-instance-refresh-rollback"]),
            Cure::Others => draft
                .helped_by(&["asg-scale"])
                .helped_at(elsewhere(context, group)),
            Cure::Nobody => draft.without_runbooks(),
        };
        findings.push(
            draft
                .hurts(Impact::Capacity)
                .since(failed.last().map(|oldest| oldest.started_at))
                .because(format!(
                    "{} failed within an hour, the newest at {}: {}",
                    words::count_of(failed.len(), "launch", "launches"),
                    words::moment(newest.started_at, context.zone()),
                    words::excerpt(said(newest))
                ))
                .perhaps_because(advice(newest).map(str::to_owned))
                .perhaps_because((cure(newest) == Cure::Others).then(|| others(context, group)))
                .perhaps_because(recovered.map(|launch| {
                    format!(
                        "A launch has succeeded since, at {}.",
                        words::moment(launch.started_at, context.zone())
                    )
                }))
                .perhaps_because(
                    is_whole
                        .then(|| format!("Nothing is missing now: {in_service} of {} run.", group.desired)),
                )
                .report(
                    severity(breach),
                    format!(
                        "{} failed: {}",
                        words::count_of(failed.len(), "launch", "launches"),
                        failure(newest)
                    ),
                ),
        );
    }
}

/// Which other groups do the same work, and what else can be scaled.
fn others(context: &Context<'_>, group: &Group) -> String {
    let mates: Vec<String> = mates(context, group)
        .into_iter()
        .map(|other| format!("{} ({} of at most {})", other.name, other.desired, other.max))
        .collect();
    if mates.is_empty() {
        "asg-scale with fewer keeps it from asking for what there is not.".to_owned()
    } else {
        format!(
            "asg-scale on {} does the same work with other instances; on this group, with fewer, it keeps it from \
             asking for what there is not.",
            mates.join(", ")
        )
    }
}

/// The other groups that work on the same queues.
fn mates<'a>(context: &Context<'a>, group: &Group) -> Vec<&'a Group> {
    let names: BTreeSet<&str> = context
        .policy
        .queues_of(&group.name)
        .flat_map(|work| &work.feeds)
        .map(String::as_str)
        .filter(|name| *name != group.name)
        .collect();
    let known = context.state.groups.get().into_iter().flatten();
    known
        .filter(|other| names.contains(other.name.as_str()))
        .collect()
}

/// Where others can be had, if AWS has no more of this group's: groups that do the same work.
pub(super) fn elsewhere(context: &Context<'_>, group: &Group) -> Vec<ResourceKey> {
    mates(context, group)
        .into_iter()
        .map(|other| ResourceKey::new(context.state.name(), Kind::Asg, &other.arn))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::asg::Activity;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::policy::WorkQueue;
    use crate::domain::rules::sample::{Bench, activity, at, failed_launch, group};

    const NO_CAPACITY: &str =
        "Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity.";

    fn bench(activities: Vec<Activity>) -> Bench {
        let mut bench = Bench::new();
        let mut short = group("workers-spot", 2);
        short.desired = 3;
        bench.know(Source::Groups, ReplyData::Groups(vec![short]));
        bench.know(Source::Activities, ReplyData::Activities(activities));
        bench
    }

    #[test]
    fn failures_of_a_group_that_has_what_it_wants_are_a_warning() {
        let many: Vec<Activity> = (0..5)
            .map(|minute| failed_launch("workers-spot", 170 - minute, NO_CAPACITY))
            .collect();
        let mut bench = bench(many);
        bench.know(Source::Groups, ReplyData::Groups(vec![group("workers-spot", 2)]));
        let findings = bench.check(&RULE);
        assert_eq!(findings[0].severity, Severity::Warn);
        assert!(
            findings[0]
                .evidence
                .contains(&"Nothing is missing now: 2 of 2 run.".to_owned()),
            "{:?}",
            findings[0].evidence
        );
    }

    #[test]
    fn failed_launches_are_counted_and_named() {
        let findings = bench(vec![
            failed_launch("workers-spot", 175, NO_CAPACITY),
            failed_launch("workers-spot", 150, NO_CAPACITY),
            failed_launch("workers-spot", 60, NO_CAPACITY),
        ])
        .check(&RULE);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(finding.title, "2 launches failed: UnfulfillableCapacity");
        assert_eq!((finding.severity, finding.since), (Severity::Warn, Some(at(150))));
        assert_eq!(
            finding.evidence,
            [
                "2 launches failed within an hour, the newest at 2026-11-21 02:55 UTC: Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity.",
                "AWS cannot fulfil the request as it is: offer more types or zones, or take On-Demand in place of Spot.",
                "asg-scale with fewer keeps it from asking for what there is not.",
            ]
        );
        assert_eq!(finding.runbooks, ["asg-scale"], "no rollback brings capacity");
    }

    #[test]
    fn the_group_that_does_the_same_work_is_named() {
        let mut bench = bench(vec![
            failed_launch("workers-spot", 175, NO_CAPACITY),
            failed_launch("workers-spot", 150, NO_CAPACITY),
        ]);
        let mut short = group("workers-spot", 2);
        short.desired = 3;
        bench.know(
            Source::Groups,
            ReplyData::Groups(vec![short, group("workers", 1), group("web", 4)]),
        );
        bench.policy.work_queues = vec![WorkQueue {
            queue: "jobs".to_owned(),
            feeds: vec!["workers".to_owned(), "workers-spot".to_owned()],
        }];
        let finding = bench.check(&RULE).remove(0);
        assert!(finding.evidence[2].starts_with("asg-scale on workers (1 of at most"));
        assert!(!finding.evidence[2].contains("web"));
    }

    #[test]
    fn a_launch_template_that_is_wrong_is_rolled_back_and_a_full_subnet_is_not() {
        let told = |message: &str| {
            let failed = [175, 150].map(|at| failed_launch("workers-spot", at, message));
            bench(failed.to_vec()).check(&RULE).remove(0).runbooks
        };
        assert_eq!(
            told("The image id 'ami-1' does not exist. InvalidAMIID.NotFound"),
            ["asg-rollback-image", "asg-instance-refresh-rollback"]
        );
        assert_eq!(told("InsufficientFreeAddressesInSubnet: none left"), [""; 0]);
    }

    #[test]
    fn many_failures_are_critical_until_a_launch_succeeds() {
        let mut many: Vec<Activity> = (0..5)
            .map(|minute| failed_launch("workers-spot", 170 - minute, NO_CAPACITY))
            .collect();
        assert_eq!(bench(many.clone()).check(&RULE)[0].severity, Severity::Crit);
        many.insert(
            0,
            activity("workers-spot", 176, "Launching a new EC2 instance: i-9"),
        );
        let findings = bench(many).check(&RULE);
        assert_eq!(findings[0].severity, Severity::Warn);
        assert_eq!(
            findings[0].evidence[3],
            "A launch has succeeded since, at 2026-11-21 02:56 UTC."
        );
    }

    #[test]
    fn success_old_failures_and_unread_activities_are_silent() {
        assert_eq!(
            bench(vec![activity(
                "workers-spot",
                175,
                "Launching a new EC2 instance: i-9"
            )])
            .check(&RULE),
            []
        );
        assert_eq!(
            bench(vec![failed_launch("workers-spot", 60, NO_CAPACITY)]).check(&RULE),
            []
        );
        let mut unread = Bench::new();
        unread.know(Source::Groups, ReplyData::Groups(vec![group("workers-spot", 2)]));
        assert_eq!(unread.check(&RULE), []);
    }
}
