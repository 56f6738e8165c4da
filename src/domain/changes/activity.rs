//! Scaling activities of Auto Scaling groups, told once for each change of capacity.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::asg::Activity;
use crate::domain::changes::{Change, Span, Word, key};
use crate::domain::ids::Kind;
use crate::domain::inventory::ScopeState;
use crate::domain::rules::launch_failure;
use crate::domain::text::clean;

/// Activities of one change of capacity begin within this time of each other.
pub(super) const SAME: SignedDuration = SignedDuration::from_mins(5);

pub(super) fn collect(state: &ScopeState, span: Span, changes: &mut Vec<Change>) {
    let Some(activities) = state.activities.get() else {
        return;
    };
    let mut in_span: Vec<&Activity> = activities
        .iter()
        .filter(|activity| span.has(activity.started_at))
        .collect();
    if in_span.is_empty() {
        return;
    }
    in_span.sort_by_key(|activity| activity.started_at);
    let groups: HashMap<&str, &str> = state
        .groups
        .get()
        .into_iter()
        .flatten()
        .map(|group| (group.name.as_str(), group.arn.as_str()))
        .collect();
    // When the same was last told of a group: each instance has an activity of its own.
    let mut told: HashMap<(&str, String), Timestamp> = HashMap::new();
    for activity in in_span {
        let what = what(activity);
        let last = told.insert((&activity.group, what.clone()), activity.started_at);
        if last.is_some_and(|last| activity.started_at.duration_since(last) <= SAME) {
            continue;
        }
        changes.push(Change {
            at: activity.started_at,
            resource: groups
                .get(activity.group.as_str())
                .map(|arn| key(state, Kind::Asg, arn)),
            word: Word::Scaling,
            what,
            who: who(&activity.cause),
            id: None,
        });
    }
}

/// `workers 2>3`, `workers launch failed: InsufficientInstanceCapacity`, or what AWS says.
fn what(activity: &Activity) -> String {
    if activity.is_failed_launch() {
        return format!(
            "{} launch failed: {}",
            clean(&activity.group),
            launch_failure(activity)
        );
    }
    match capacity(&activity.cause) {
        Some((from, to)) => format!("{} {from}>{to}", clean(&activity.group)),
        None => format!("{}: {}", clean(&activity.group), clean(&activity.description)),
    }
}

/// The numbers of `… capacity from 2 to 3`.
fn capacity(cause: &str) -> Option<(u32, u32)> {
    let (_, rest) = cause.split_once("capacity from ")?;
    let mut words = rest.split_whitespace();
    let from = number(words.next()?)?;
    (words.next()? == "to").then_some(())?;
    Some((from, number(words.next()?)?))
}

fn number(word: &str) -> Option<u32> {
    word.trim_end_matches(['.', ',']).parse().ok()
}

/// Who or what asked for it, by AWS's sentence.
fn who(cause: &str) -> Option<String> {
    if let Some((_, rest)) = cause.split_once("triggered policy ") {
        let policy = rest.split(" changing the desired").next().unwrap_or(rest);
        return Some(format!("policy {}", clean(policy.trim())));
    }
    let sources = [
        ("user request", "a user"),
        ("scheduled action", "a schedule"),
        ("instance refresh", "an instance refresh"),
        ("rebalance recommendation", "AWS (Spot)"),
        ("Spot", "AWS (Spot)"),
        ("health check", "a health check"),
    ];
    sources
        .iter()
        .find(|(said, _)| cause.contains(said))
        .map(|(_, who)| (*who).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::changes::recent;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, activity, failed_launch, group};

    fn told(activities: Vec<Activity>) -> Vec<(String, Option<String>)> {
        let mut bench = Bench::new();
        bench.know(Source::Groups, ReplyData::Groups(vec![group("workers", 2)]));
        bench.know(Source::Activities, ReplyData::Activities(activities));
        let changes = recent(&bench.inventory, bench.now, SignedDuration::from_hours(2));
        assert!(changes.iter().all(|change| change.resource.is_some()));
        changes
            .into_iter()
            .map(|change| (change.what, change.who))
            .collect()
    }

    fn caused(minute: i64, cause: &str) -> Activity {
        Activity {
            cause: cause.to_owned(),
            ..activity("workers", minute, "Launching a new EC2 instance: i-1")
        }
    }

    #[test]
    fn one_change_of_capacity_is_told_once() {
        let by_user = "At 2026-11-21T02:31:00Z a user request update of AutoScalingGroup constraints to min: 1, max: 5, desired: 3 changing the desired capacity from 1 to 3.";
        assert_eq!(
            told(vec![caused(151, by_user), caused(152, by_user)]),
            [("workers 1>3".to_owned(), Some("a user".to_owned()))]
        );
    }

    #[test]
    fn whoever_asked_is_named() {
        for (cause, who) in [
            (
                "At 2026-11-21T02:31:00Z a monitor alarm high in state ALARM triggered policy scale up changing the desired capacity from 2 to 3.",
                Some("policy scale up"),
            ),
            (
                "At 2026-11-21T02:31:00Z a scheduled action update of AutoScalingGroup constraints to min: 1, max: 5, desired: 2 changing the desired capacity from 3 to 2.",
                Some("a schedule"),
            ),
            (
                "At 2026-11-21T02:31:00Z an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.",
                Some("a health check"),
            ),
            ("nothing we know", None),
        ] {
            assert_eq!(told(vec![caused(151, cause)])[0].1.as_deref(), who, "{cause}");
        }
    }

    #[test]
    fn failures_repeat_only_after_a_while() {
        let failed = |minute| failed_launch("workers", minute, "VcpuLimitExceeded - no more");
        let what: Vec<String> = told(vec![failed(100), failed(103), failed(107), failed(170)])
            .into_iter()
            .map(|(what, _)| what)
            .collect();
        assert_eq!(what, ["workers launch failed: VcpuLimitExceeded"; 2]);
    }

    #[test]
    fn activities_without_numbers_say_what_aws_says() {
        assert_eq!(
            told(vec![activity("workers", 170, "Terminating EC2 instance: i-1")])[0].0,
            "workers: Terminating EC2 instance: i-1"
        );
        assert_eq!(
            told(vec![activity("workers", 10, "Terminating EC2 instance: i-1")]),
            []
        );
    }
}
