//! `asg.below-desired`: fewer instances in service than wanted.

use jiff::{SignedDuration, Timestamp};

use crate::domain::asg::{Activity, Group};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::asg::activities::{self, Activities, Cure};
use crate::domain::rules::asg::launch_failed;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, asg, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "asg.below-desired",
    kind: Kind::Asg,
    title: "A group has fewer instances in service than desired",
    what: "Instances in service against the desired capacity. How long is told from the activities: \
           from the oldest one since the group last came to rest. Where they do not tell, a shortage \
           is a warning unless instances are on their way. In groups that count in capacity units \
           only a group without any instance in service can be judged.",
    severities: &[
        (Severity::Crit, "for the critical time"),
        (
            Severity::Warn,
            "for the warning time, or for an unknown time with nothing on its way",
        ),
    ],
    thresholds: &["asg_below_desired_min"],
    runbooks: &["gpu-morning-up", "asg-scale", "asg-rollback-image"],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let activities = Activities::of(context);
    let limit = context.limits().asg_below_desired_min;
    for (group, at) in asg::groups(context) {
        let in_service = group.in_service();
        let is_short = if group.weighted {
            in_service == 0 && group.desired > 0
        } else {
            in_service < group.desired as usize
        };
        if !is_short {
            continue;
        }
        let of_group = activities
            .as_ref()
            .map_or(&[][..], |known| known.of_group(&group.name));
        let since = since(of_group, at);
        let lasting = since.map(|since| at.duration_since(since));
        let severity = match lasting {
            Some(lasting) => match limit.judge(lasting.as_secs_f64() / 60.0) {
                Some(breach) => severity(breach),
                None => continue,
            },
            None if is_starting(group) => continue,
            None => Severity::Warn,
        };
        let for_long = lasting
            .map(|lasting| format!(" for {}", words::span(lasting)))
            .unwrap_or_default();
        let failed = of_group
            .iter()
            .find(|activity| activity.is_failed_launch())
            .filter(|failed| at.duration_since(failed.started_at) <= SignedDuration::from_hours(24));
        let draft = RULE.on(context, &group.arn, &group.name);
        let no_capacity = failed.is_some_and(|failed| activities::cure(failed) == Cure::Others);
        let draft = if no_capacity {
            // No image brings capacity.
            draft
                .helped_by(&["gpu-morning-up", "asg-scale"])
                .helped_at(launch_failed::elsewhere(context, group))
        } else {
            draft
        };
        findings.push(
            draft
                .hurts(Impact::Capacity)
                .since(since)
                .because(format!(
                    "{in_service} of {} {}{for_long}; the group may have {} to {}.",
                    group.desired,
                    if group.weighted {
                        "capacity units are instances in service"
                    } else {
                        "instances are in service"
                    },
                    group.min,
                    group.max
                ))
                .perhaps_because(failed.map(|failed| {
                    format!(
                        "The newest failed launch was at {}: {}",
                        words::moment(failed.started_at, context.zone()),
                        words::excerpt(activities::said(failed))
                    )
                }))
                .perhaps_because(
                    failed
                        .and_then(|failed| activities::advice(failed))
                        .map(str::to_owned),
                )
                .perhaps_because(suspended(group))
                .report(
                    severity,
                    format!("{in_service}/{} in service{for_long}", group.desired),
                ),
        );
    }
}

fn is_starting(group: &Group) -> bool {
    group
        .instances
        .iter()
        .any(|instance| instance.lifecycle.starts_with("Pending"))
}

/// The start of the oldest activity since the group came to rest, going back from now: until a
/// launch that succeeded, or half an hour in which nothing happened. `None` if it rests now.
fn since(activities: &[&Activity], at: Timestamp) -> Option<Timestamp> {
    let pause = SignedDuration::from_mins(30);
    let mut since = None;
    let mut later = at;
    for activity in activities {
        let is_launch_done = activity.status == "Successful" && activity.description.starts_with("Launching");
        if is_launch_done || later.duration_since(activity.started_at) > pause {
            break;
        }
        since = Some(activity.started_at);
        later = activity.started_at;
    }
    since
}

fn suspended(group: &Group) -> Option<String> {
    group
        .suspended
        .iter()
        .any(|process| process.name == "Launch")
        .then(|| "The process Launch is suspended: the group starts nothing.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, activity, at, failed_launch, group, in_state};

    fn bench(change: impl FnOnce(&mut Group), activities: Vec<Activity>) -> Bench {
        let mut bench = Bench::new();
        let mut short = group("workers", 2);
        short.desired = 3;
        change(&mut short);
        bench.know(Source::Groups, ReplyData::Groups(vec![short]));
        bench.know(Source::Activities, ReplyData::Activities(activities));
        bench
    }

    #[test]
    fn a_shortage_lasts_since_the_first_failed_launch() {
        let no_capacity = "InsufficientInstanceCapacity - There is no Spot capacity available.";
        let findings = bench(
            |_| (),
            vec![
                failed_launch("workers", 178, no_capacity),
                failed_launch("workers", 170, no_capacity),
                failed_launch("workers", 160, no_capacity),
                activity("workers", 90, "Launching a new EC2 instance: i-1"),
            ],
        )
        .check(&RULE);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(finding.title, "2/3 in service for 20m");
        assert_eq!((finding.severity, finding.since), (Severity::Crit, Some(at(160))));
        assert_eq!(
            finding.evidence,
            [
                "2 of 3 instances are in service for 20m; the group may have 0 to 5.",
                "The newest failed launch was at 2026-11-21 02:58 UTC: InsufficientInstanceCapacity - There is no Spot capacity available.",
                "AWS has no such instance left in the zone: offer more types or zones, or take On-Demand in place of Spot.",
            ]
        );
        assert_eq!(
            finding.runbooks,
            ["gpu-morning-up", "asg-scale"],
            "no image brings capacity"
        );
    }

    #[test]
    fn a_short_shortage_is_silent() {
        let bench = bench(|_| (), vec![failed_launch("workers", 177, "no")]);
        assert_eq!(bench.check(&RULE), []);
    }

    #[test]
    fn without_activities_only_what_is_not_on_its_way_counts() {
        let quiet = bench(|_| (), Vec::new()).check(&RULE);
        assert_eq!(
            (quiet[0].severity, quiet[0].title.as_str()),
            (Severity::Warn, "2/3 in service")
        );
        let starting = bench(
            |group| group.instances.push(in_state("i-3", "Pending")),
            Vec::new(),
        );
        assert_eq!(starting.check(&RULE), []);
    }

    #[test]
    fn an_activity_of_long_ago_does_not_tell_how_long() {
        let findings = bench(|_| (), vec![failed_launch("workers", 100, "no")]).check(&RULE);
        assert_eq!((findings[0].severity, findings[0].since), (Severity::Warn, None));
    }

    #[test]
    fn a_suspended_launch_is_named() {
        let findings = bench(
            |group| {
                group.suspended = vec![crate::domain::asg::SuspendedProcess {
                    name: "Launch".to_owned(),
                    reason: "User suspended at 2026-11-21T01:00:00Z".to_owned(),
                }];
            },
            Vec::new(),
        )
        .check(&RULE);
        assert_eq!(
            findings[0].evidence[1],
            "The process Launch is suspended: the group starts nothing."
        );
    }

    #[test]
    fn full_groups_weighted_groups_and_unread_ones_are_silent() {
        assert_eq!(bench(|group| group.desired = 2, Vec::new()).check(&RULE), []);
        let weighted = bench(
            |group| {
                group.weighted = true;
                group.desired = 16;
            },
            Vec::new(),
        );
        assert_eq!(weighted.check(&RULE), []);
        assert_eq!(Bench::new().check(&RULE), []);
    }
}
