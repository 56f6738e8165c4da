//! What becomes of hosts as a whole.

use pretty_assertions::assert_eq;

use super::*;
use crate::domain::ec2::{Instance, InstanceTypeGpus, Purchase};

#[test]
fn lost_cards_are_counted_against_the_instance_type() {
    let two = two_cards("#end 0\n");
    for (expected, lost) in [
        (Some(8), Some(6)),
        (Some(2), Some(0)),
        (Some(1), Some(0)),
        (None, None),
    ] {
        let facts = HostFacts {
            expected_cards: expected,
            ..HostFacts::UNKNOWN
        };
        let reading = parse(&output(ProbeEnd::Done, &two, ""), &facts);
        assert_eq!(
            (reading.outcome, reading.lost_cards),
            (ProbeOutcome::Ok, lost),
            "{expected:?}"
        );
        assert_eq!(reading.has_lost_cards(), lost == Some(6));
        assert_eq!(reading.remedy.is_some(), lost == Some(6));
        assert_eq!(
            reading.looks_idle(),
            if lost == Some(6) { None } else { Some(true) }
        );
    }

    // Fell off while nvidia-smi looked: the others answer, the status and a message tell.
    let fell = format!(
        "#gpu 15\n{}Unable to determine the device handle for GPU 0000:00:1E.0: GPU is lost.  Reboot the system to recover this GPU\n#ext 15\n0, 0x1, [N/A], No, No, None\n#apps 0\n#end 0\n",
        core_row(0, UUID_A)
    );
    let reading = parse(&output(ProbeEnd::Done, &fell, ""), &with_cards(4));
    assert_eq!((reading.outcome, reading.lost_cards), (ProbeOutcome::Ok, Some(3)));
    assert_eq!(
        reading.detail.as_deref(),
        Some(
            "3 of 4 GPUs do not answer; a GPU has fallen off the bus; Unable to determine the device handle for GPU 0000:00:1E.0: GPU is lost.  Reboot the system to recover this GPU; clock, MIG and memory health are not known"
        )
    );

    // Still listed, and every field says so.
    let listed = format!(
        "#gpu 0\n{}1, [GPU is lost], 595.80{}\n#apps 0\n#end 0\n",
        core_row(0, UUID_A),
        ", [GPU is lost]".repeat(10)
    );
    assert_eq!(
        parse(&output(ProbeEnd::Done, &listed, ""), &with_cards(2)).lost_cards,
        Some(1)
    );
    assert_eq!(read(&listed).lost_cards, Some(1));

    let none = parse(
        &output(ProbeEnd::Done, "#gpu 6\nNo devices were found\n#end 0\n", ""),
        &with_cards(8),
    );
    assert_eq!(
        (none.outcome, none.lost_cards),
        (ProbeOutcome::DriverError, Some(8))
    );
}

#[test]
fn every_failure_of_a_host_is_told_apart() {
    let mismatch = "#gpu 18\nFailed to initialize NVML: Driver/library version mismatch\nNVML library version: 535.183\n#end 0\n";
    for (end, stdout, detail, outcome, says) in [
        (
            ProbeEnd::Done,
            "#nosmi\n#end 0\n",
            "",
            ProbeOutcome::NoNvidiaSmi,
            "nvidia-smi is not installed",
        ),
        (
            ProbeEnd::Done,
            mismatch,
            "",
            ProbeOutcome::DriverError,
            "the NVIDIA kernel module and library are of different versions: Failed to initialize NVML: Driver/library version mismatch",
        ),
        (
            ProbeEnd::Done,
            "#gpu 124\n\n#end 0\n",
            "",
            ProbeOutcome::Timeout,
            "nvidia-smi did not answer in time",
        ),
        (
            ProbeEnd::Done,
            "#gpu 0\n\n#ext 0\n\n#apps 0\n#end 0\n",
            "",
            ProbeOutcome::DriverError,
            "the driver finds no GPU: No devices were found",
        ),
        (
            ProbeEnd::Done,
            "",
            "",
            ProbeOutcome::Error,
            "the probe printed nothing",
        ),
        (
            ProbeEnd::Done,
            " \n\n",
            "",
            ProbeOutcome::Error,
            "the probe printed nothing",
        ),
        (
            ProbeEnd::Done,
            "Welcome\u{7} to the host\n",
            "",
            ProbeOutcome::Error,
            "the probe did not run: Welcome to the host",
        ),
        (
            ProbeEnd::Done,
            "#gpu",
            "",
            ProbeOutcome::Error,
            "the output was cut",
        ),
        (
            ProbeEnd::Done,
            "#gpu x\n\n#end 0\n",
            "",
            ProbeOutcome::Error,
            "nvidia-smi did not say how it ended",
        ),
        (
            ProbeEnd::TimedOut,
            "",
            "ExecutionTimedOut",
            ProbeOutcome::Timeout,
            "no answer in time: ExecutionTimedOut",
        ),
        (
            ProbeEnd::TimedOut,
            "",
            "",
            ProbeOutcome::Timeout,
            "no answer in time",
        ),
        (
            ProbeEnd::TimedOut,
            "",
            "Delivery Timed Out",
            ProbeOutcome::AgentOffline,
            "the SSM agent does not answer: Delivery Timed Out",
        ),
        (
            ProbeEnd::Failed,
            "",
            "Undeliverable",
            ProbeOutcome::AgentOffline,
            "the SSM agent does not answer: Undeliverable",
        ),
        (
            ProbeEnd::Failed,
            "",
            "Access Denied",
            ProbeOutcome::Error,
            "Systems Manager refused the command: Access Denied",
        ),
        (
            ProbeEnd::Failed,
            "",
            "InvalidPlatform",
            ProbeOutcome::Error,
            "the probe is a line of shell, and the host does not run one: InvalidPlatform",
        ),
        (
            ProbeEnd::Failed,
            "",
            "Terminated",
            ProbeOutcome::Error,
            "the probe did not run: Terminated",
        ),
        (
            ProbeEnd::Failed,
            "sh: 1: nvidia-smi: not found\n",
            "",
            ProbeOutcome::NoNvidiaSmi,
            "nvidia-smi is not installed",
        ),
        (
            ProbeEnd::Offline,
            "",
            "",
            ProbeOutcome::AgentOffline,
            "the SSM agent does not answer",
        ),
    ] {
        let reading = parse(&output(end, stdout, detail), &HostFacts::UNKNOWN);
        assert_eq!(
            (reading.outcome, reading.detail.as_deref()),
            (outcome, Some(says)),
            "{end:?} {stdout:?} {detail:?}"
        );
        assert!(reading.cards.is_empty());
        assert_eq!(reading.looks_idle(), None);
        assert_eq!(reading.remedy.is_some(), says != "the output was cut", "{says}");
    }
}

#[test]
fn an_unmanaged_host_names_the_policy_and_what_else_is_missing() {
    for (profile, detail) in [
        (
            InstanceProfile::Missing,
            "the instance has no instance profile, so it cannot register with Systems Manager",
        ),
        (
            InstanceProfile::Named("gpu-worker"),
            "the instance has never registered with Systems Manager; its instance profile is gpu-worker",
        ),
        (
            InstanceProfile::Unknown,
            "the instance has never registered with Systems Manager",
        ),
    ] {
        let facts = HostFacts {
            profile,
            ..with_cards(4)
        };
        let reading = parse(&output(ProbeEnd::NotManaged, "", ""), &facts);
        assert_eq!(
            (reading.outcome, reading.detail.as_deref()),
            (ProbeOutcome::NoAgent, Some(detail))
        );
        assert!(reading.remedy.unwrap().contains("AmazonSSMManagedInstanceCore"));
        assert_eq!((reading.expected_cards, reading.lost_cards), (Some(4), None));
    }
}

#[test]
fn facts_come_from_ec2() {
    let mut instance = Instance {
        id: "i-1".to_owned(),
        name: None,
        instance_type: "g5.12xlarge".to_owned(),
        state: "running".to_owned(),
        state_reason: None,
        zone: "us-east-1a".to_owned(),
        purchase: Purchase::Spot,
        launched_at: None,
        private_ip: None,
        public_ip: None,
        instance_profile: None,
        architecture: None,
        platform: None,
        tags: Vec::new(),
    };
    let facts = HostFacts::of(&instance, &[]);
    assert_eq!(
        (facts.expected_cards, facts.profile),
        (Some(4), InstanceProfile::Missing)
    );
    let said = InstanceTypeGpus {
        instance_type: "g5.12xlarge".to_owned(),
        count: 3,
        model: "A10G".to_owned(),
        memory_mib: 22_888,
    };
    assert_eq!(
        HostFacts::of(&instance, &[said]).expected_cards,
        Some(3),
        "AWS knows better"
    );

    instance.instance_type = "g4ad.xlarge".to_owned();
    instance.instance_profile = Some("worker".to_owned());
    let facts = HostFacts::of(&instance, &[]);
    assert_eq!(facts.profile, InstanceProfile::Named("worker"));
    let reading = parse(&output(ProbeEnd::Done, "#nosmi\n#end 0\n", ""), &facts);
    assert_eq!(reading.outcome, ProbeOutcome::NoNvidiaSmi);
    assert_eq!(
        reading.detail.as_deref(),
        Some("the cards are AMD's, which nvidia-smi cannot read")
    );
}
