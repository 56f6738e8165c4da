//! `asg.schedule-without-time-zone`: a schedule that runs hours away from what its author meant.

use crate::domain::asg::ScheduledAction;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::{Context, Reach, Rule, asg, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "asg.schedule-without-time-zone",
    kind: Kind::Asg,
    title: "A schedule names no time zone",
    what: "Recurring scheduled actions without a time zone run in UTC. A warning in estates whose own \
           zone is another one; good to know elsewhere.",
    severities: &[
        (Severity::Warn, "the estate's time zone is not UTC"),
        (Severity::Info, "the estate's time zone is UTC, or not known"),
    ],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let zone = context.zone();
    let severity = if zone.name() == "UTC" {
        Severity::Info
    } else {
        Severity::Warn
    };
    for (group, _) in asg::groups(context) {
        let bare: Vec<(&ScheduledAction, &str)> = group
            .scheduled_actions
            .iter()
            .filter(|action| action.time_zone.is_none())
            .filter_map(|action| Some((action, action.recurrence.as_deref()?)))
            .collect();
        let Some((first, _)) = bare.first() else {
            continue;
        };
        let title = match bare.len() {
            1 => format!("{} has no time zone", first.name),
            many => format!("{many} schedules have no time zone"),
        };
        let mut draft = RULE.on(context, &group.arn, &group.name).hurts(Impact::Cost);
        for (action, recurrence) in &bare {
            let next = action
                .start
                .map(|start| format!("; the next time is {}", words::moment(start, zone)))
                .unwrap_or_default();
            draft = draft.because(format!("{} runs at `{recurrence}` in UTC{next}.", action.name));
        }
        findings.push(draft.report(severity, title));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at, group, prod};

    fn bench(time_zone: Option<&str>) -> Bench {
        let mut group = group("workers", 2);
        group.scheduled_actions = vec![ScheduledAction {
            name: "night-down".to_owned(),
            recurrence: Some("0 22 * * *".to_owned()),
            time_zone: time_zone.map(str::to_owned),
            start: Some(at(22 * 60)),
            min: Some(0),
            max: None,
            desired: Some(0),
        }];
        let mut bench = Bench::new();
        bench.know(Source::Groups, ReplyData::Groups(vec![group]));
        bench
    }

    #[test]
    fn the_next_time_is_shown_in_the_estates_zone() {
        let findings = bench(None).with_policy(prod()).check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Warn);
        assert_eq!(findings[0].title, "night-down has no time zone");
        assert_eq!(
            findings[0].evidence,
            ["night-down runs at `0 22 * * *` in UTC; the next time is 2026-11-22 07:00 KST."]
        );
        assert_eq!(bench(None).check(&RULE)[0].severity, Severity::Info);
    }

    #[test]
    fn schedules_with_a_zone_and_unread_groups_are_silent() {
        assert_eq!(bench(Some("Asia/Seoul")).with_policy(prod()).check(&RULE), []);
        assert_eq!(Bench::new().with_policy(prod()).check(&RULE), []);
    }
}
