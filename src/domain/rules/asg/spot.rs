//! `asg.spot-interruption`: AWS takes Spot instances back.

use crate::domain::ec2::{Instance, Purchase};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::asg::activities::{Activities, HOUR, is_interruption, said};
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, asg, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "asg.spot-interruption",
    kind: Kind::Asg,
    title: "AWS takes Spot instances back",
    what: "Activities of a group within the last hour that answer a Spot interruption or the \
           recommendation to rebalance; and Spot instances outside of groups that AWS has stopped or \
           terminated.",
    severities: &[
        (Severity::Crit, "interruptions at the critical level"),
        (Severity::Warn, "at the warning level"),
    ],
    thresholds: &["spot_interruptions"],
    runbooks: &["gpu-morning-up"],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    in_groups(context, findings);
    for instance in context.state.instances.get().into_iter().flatten() {
        if instance.group().is_none() && is_taken(instance) {
            let reason = instance.state_reason.as_deref().unwrap_or_default();
            let name = instance.name.as_deref().unwrap_or(&instance.id);
            findings.push(
                RULE.on(context, &instance.id, name)
                    .of_kind(Kind::Ec2Instance)
                    .hurts(Impact::Capacity)
                    .because(format!(
                        "The Spot instance {} ({}) is {}: {}",
                        instance.id,
                        instance.instance_type,
                        instance.state,
                        words::excerpt(reason)
                    ))
                    .without_runbooks()
                    .report(Severity::Warn, format!("Spot taken back, {}", instance.state)),
            );
        }
    }
}

fn in_groups(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(activities) = Activities::of(context) else {
        return;
    };
    for (group, _) in asg::groups(context) {
        let taken: Vec<_> = activities
            .of_group(&group.name)
            .iter()
            .take_while(|activity| activities.at.duration_since(activity.started_at) <= HOUR)
            .filter(|activity| is_interruption(activity))
            .collect();
        let Some(newest) = taken.first() else {
            continue;
        };
        if let Some(breach) = context.limits().spot_interruptions.judge(taken.len() as f64) {
            findings.push(
                RULE.on(context, &group.arn, &group.name)
                    .hurts(Impact::Capacity)
                    .since(taken.last().map(|oldest| oldest.started_at))
                    .because(format!(
                        "AWS took {} back within an hour, the newest at {}: {}",
                        words::count(taken.len(), "Spot instance"),
                        words::moment(newest.started_at, context.zone()),
                        words::excerpt(said(newest))
                    ))
                    .because(format!(
                        "{} in service now, {} wanted.",
                        words::count(group.in_service(), "instance"),
                        group.desired
                    ))
                    .report(
                        severity(breach),
                        format!("{} taken back", words::count(taken.len(), "Spot instance")),
                    ),
            );
        }
    }
}

/// Whether AWS took the instance back: the reason of its state says so.
fn is_taken(instance: &Instance) -> bool {
    instance.purchase == Purchase::Spot
        && !instance.is_running()
        && instance
            .state_reason
            .as_deref()
            .is_some_and(|reason| reason.contains("SpotInstance") || reason.contains("Spot Instance"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, activity, at, group, instance};

    fn bench(cause: &str) -> Bench {
        let mut taken = activity("workers-spot", 170, "Terminating EC2 instance: i-1");
        taken.cause = cause.to_owned();
        let mut bench = Bench::new();
        bench.know(Source::Groups, ReplyData::Groups(vec![group("workers-spot", 1)]));
        bench.know(Source::Activities, ReplyData::Activities(vec![taken]));
        bench
    }

    #[test]
    fn an_interruption_of_the_last_hour_is_a_warning() {
        let findings = bench(
            "At 2026-11-21T02:50:00Z an instance was taken out of service in response to an EC2 Spot Instance interruption.",
        )
        .check(&RULE);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(finding.title, "1 Spot instance taken back");
        assert_eq!((finding.severity, finding.since), (Severity::Warn, Some(at(170))));
        assert_eq!(
            finding.evidence,
            [
                "AWS took 1 Spot instance back within an hour, the newest at 2026-11-21 02:50 UTC: Terminating EC2 instance: i-1",
                "1 instance in service now, 1 wanted.",
            ]
        );
    }

    #[test]
    fn other_terminations_and_unread_activities_are_silent() {
        assert_eq!(bench("At 2026-11-21T02:50:00Z a user request.").check(&RULE), []);
        assert_eq!(Bench::new().check(&RULE), []);
    }

    #[test]
    fn an_instance_of_no_group_tells_by_its_state() {
        let mut taken = instance("i-7", "g5.xlarge");
        taken.purchase = Purchase::Spot;
        taken.state = "terminated".to_owned();
        taken.state_reason = Some("Server.SpotInstanceTermination: Spot instance termination".to_owned());
        let mut stopped = instance("i-8", "g5.xlarge");
        stopped.state = "stopped".to_owned();
        stopped.state_reason = Some("Client.UserInitiatedShutdown: User initiated shutdown".to_owned());
        let mut bench = Bench::new();
        bench.know(Source::Instances, ReplyData::Instances(vec![taken, stopped]));
        let findings = bench.check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "Spot taken back, terminated");
        assert_eq!(findings[0].resource.kind, Kind::Ec2Instance);
    }
}
