//! Scaling activities by group, and what their sentences tell.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::asg::Activity;
use crate::domain::rules::{Context, words};

/// How far back counts per hour reach.
pub const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The activities of a scope by the name of their group, newest first, and when they were read.
pub struct Activities<'a> {
    by_group: HashMap<&'a str, Vec<&'a Activity>>,
    /// When they were read.
    pub at: Timestamp,
}

impl<'a> Activities<'a> {
    /// The activities, if they were read.
    pub fn of(context: &Context<'a>) -> Option<Self> {
        let (activities, at) = context.state.activities.value.as_ref()?;
        let mut by_group: HashMap<&str, Vec<&Activity>> = HashMap::new();
        for activity in activities.iter() {
            by_group.entry(&activity.group).or_default().push(activity);
        }
        for activities in by_group.values_mut() {
            activities.sort_by_key(|activity| std::cmp::Reverse(activity.started_at));
        }
        Some(Self { by_group, at: *at })
    }

    /// Those of a group, newest first.
    pub fn of_group(&self, group: &str) -> &[&'a Activity] {
        self.by_group.get(group).map_or(&[], Vec::as_slice)
    }
}

/// What can help where a launch failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cure {
    /// What is launched is wrong: the image or the launch template of before.
    Before,
    /// AWS gives no such instance: others, elsewhere, or fewer.
    Others,
    /// Only somebody who changes the account or the network.
    Nobody,
}

/// Error codes of EC2 that say why a launch failed, with what they mean and what can help.
const CODES: [(&str, &str, Cure); 12] = [
    (
        "InsufficientInstanceCapacity",
        "AWS has no such instance left in the zone: offer more types or zones, or take On-Demand in place of \
         Spot.",
        Cure::Others,
    ),
    (
        "UnfulfillableCapacity",
        "AWS cannot fulfil the request as it is: offer more types or zones, or take On-Demand in place of Spot.",
        Cure::Others,
    ),
    (
        "MaxSpotInstanceCountExceeded",
        "The account's Spot quota is used up: ask for a higher one, or take On-Demand.",
        Cure::Others,
    ),
    (
        "VcpuLimitExceeded",
        "The account's vCPU quota for this family is used up: ask for a higher one.",
        Cure::Others,
    ),
    (
        "InstanceLimitExceeded",
        "The account's instance quota is used up: ask for a higher one.",
        Cure::Others,
    ),
    (
        "SpotMaxPriceTooLow",
        "The Spot price is above the price that the group would pay.",
        Cure::Others,
    ),
    (
        "InsufficientFreeAddressesInSubnet",
        "The subnet has no free address left.",
        Cure::Nobody,
    ),
    (
        "InvalidAMIID",
        "The image of the launch template is gone.",
        Cure::Before,
    ),
    (
        "InvalidLaunchTemplate",
        "The launch template, or its version, is gone.",
        Cure::Before,
    ),
    (
        "InvalidKeyPair",
        "The key pair of the launch template is gone.",
        Cure::Before,
    ),
    (
        "InvalidSecurityGroup",
        "A security group of the launch template is gone.",
        Cure::Before,
    ),
    (
        "UnauthorizedOperation",
        "The group's role may not launch this.",
        Cure::Nobody,
    ),
];

/// What a failed launch says: AWS's code, or else the beginning of its sentence.
pub fn failure(activity: &Activity) -> String {
    let said = said(activity);
    match code(said) {
        Some((code, ..)) => code.to_owned(),
        None => words::excerpt(said),
    }
}

/// What to do about a failed launch, if its code is known.
pub fn advice(activity: &Activity) -> Option<&'static str> {
    code(said(activity)).map(|(_, advice, _)| advice)
}

/// What can help; what nobody has seen before may be of the launch template's making.
pub fn cure(activity: &Activity) -> Cure {
    code(said(activity)).map_or(Cure::Before, |(.., cure)| cure)
}

/// What AWS says of an activity.
pub fn said(activity: &Activity) -> &str {
    activity.message.as_deref().unwrap_or(&activity.description)
}

fn code(said: &str) -> Option<(&'static str, &'static str, Cure)> {
    CODES.iter().copied().find(|(code, ..)| said.contains(code))
}

/// Whether AWS took Spot capacity back, or warned that it will.
pub fn is_interruption(activity: &Activity) -> bool {
    let tells = |text: &str| {
        let text = text.to_lowercase();
        (text.contains("spot") && text.contains("interrupt")) || text.contains("rebalance recommendation")
    };
    tells(&activity.cause) || tells(&activity.description)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::sample::activity;

    #[test]
    fn failures_are_named_by_code_or_sentence() {
        let mut failed = activity("workers", 100, "Launching a new EC2 instance.");
        failed.message = Some(
            "Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity due to your request configuration."
                .to_owned(),
        );
        assert_eq!(failure(&failed), "UnfulfillableCapacity");
        assert!(advice(&failed).is_some());
        failed.message = Some("Something that nobody has seen before, at length and in detail".to_owned());
        assert_eq!(
            failure(&failed),
            "Something that nobody has seen before, at length and in detail"
        );
        assert_eq!(advice(&failed), None);
    }

    #[test]
    fn interruptions_are_told_from_cause_and_description() {
        for (cause, expected) in [
            (
                "At 2026-11-21T02:00:00Z an instance was taken out of service in response to an EC2 Spot Instance interruption notice.",
                true,
            ),
            (
                "At 2026-11-21T02:00:00Z an instance was taken out of service in response to an EC2 instance rebalance recommendation.",
                true,
            ),
            (
                "At 2026-11-21T02:00:00Z an instance was taken out of service in response to an ELB system health check failure.",
                false,
            ),
        ] {
            let mut activity = activity("workers", 100, "Terminating EC2 instance: i-1");
            activity.cause = cause.to_owned();
            assert_eq!(is_interruption(&activity), expected, "{cause}");
        }
    }
}
