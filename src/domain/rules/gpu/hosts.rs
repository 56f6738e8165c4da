//! `gpu.lost` and `gpu.host-silent`: hosts with fewer cards than they should have, and hosts that
//! cannot be asked.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::draft::severity;
use crate::domain::rules::gpu::{self, Host, sight};
use crate::domain::rules::{Context, Reach, Rule, words};

/// Cards are missing.
pub const LOST: Rule = Rule {
    id: "gpu.lost",
    kind: Kind::GpuHost,
    title: "A GPU has fallen off the bus",
    what: "Hosts whose nvidia-smi lists fewer cards than their instance type has.",
    severities: &[(Severity::Crit, "always")],
    thresholds: &[],
    runbooks: &["drain-gpu-host"],
    reach: Reach::Scope,
    check: lost,
};

/// A host cannot be asked.
pub const SILENT: Rule = Rule {
    id: "gpu.host-silent",
    kind: Kind::GpuHost,
    title: "A GPU host cannot be asked",
    what: "Hosts whose cards could not be read, with what is in the way: no agent or role, agent offline, \
           no nvidia-smi, driver error, timeout. How long is known only of agents that once answered; \
           elsewhere it is a warning at once. Hosts in their first ten minutes are left out. What cannot be \
           asked cannot be drained either.",
    severities: &[
        (
            Severity::Crit,
            "an agent that has not answered for the critical time",
        ),
        (Severity::Warn, "for the warning time, or for an unknown time"),
    ],
    thresholds: &["gpu_host_silent_min"],
    runbooks: &[],
    reach: Reach::Scope,
    check: silent,
};

/// A host that has just started has no agent yet.
const STARTING: SignedDuration = SignedDuration::from_mins(10);

fn lost(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for host in gpu::hosts(context) {
        let Some((lost, expected)) = sight::lost(host.reading) else {
            continue;
        };
        let seen = expected - lost;
        findings.push(
            LOST.on(context, &host.reading.instance_id, host.name())
                .hurts(Impact::Capacity)
                .because(format!(
                    "nvidia-smi lists {seen} of the {expected} cards of {}{}; a reboot may bring the rest back.",
                    host.reading.instance_id,
                    instance_type(&host)
                ))
                .report(Severity::Crit, format!("{lost} of {expected} GPUs lost")),
        );
    }
}

fn silent(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let pings: HashMap<&str, Timestamp> = context
        .state
        .hosts
        .get()
        .into_iter()
        .flatten()
        .filter_map(|host| Some((host.instance_id.as_str(), host.last_ping_at?)))
        .collect();
    let limit = context.limits().gpu_host_silent_min;
    for host in gpu::hosts(context) {
        let Some((words, detail)) = sight::silence(host.reading) else {
            continue;
        };
        let asked_at = host.reading.sampled_at;
        let started = host.instance.and_then(|instance| instance.launched_at);
        if started.is_some_and(|started| asked_at.duration_since(started) < STARTING) {
            continue;
        }
        let since = pings
            .get(host.reading.instance_id.as_str())
            .copied()
            .filter(|_| words == "SSM agent offline");
        // Without an agent that says when it answered last, the cards say when they were read last.
        let read = context.state.gpu_history.last_read(&host.reading.instance_id);
        // The CloudWatch agent's numbers are of now, and say nothing of the host's answer.
        let read = read.filter(|read| *read < asked_at);
        let severity = match since {
            Some(since) => match limit.judge(asked_at.duration_since(since).as_secs_f64() / 60.0) {
                Some(breach) => severity(breach),
                None => continue,
            },
            None => Severity::Warn,
        };
        findings.push(
            SILENT
                .on(context, &host.reading.instance_id, host.name())
                .hurts(Impact::Capacity)
                .since(since.or(read))
                .because(format!(
                    "The cards of {}{} are not known: {words}.",
                    host.reading.instance_id,
                    instance_type(&host)
                ))
                .perhaps_because(
                    Some(detail)
                        .filter(|detail| !detail.is_empty())
                        .map(|detail| words::excerpt(&detail)),
                )
                .perhaps_because(since.map(|since| {
                    format!(
                        "The agent last answered at {}, {} before.",
                        words::moment(since, context.zone()),
                        words::since(since, asked_at)
                    )
                }))
                .perhaps_because(read.filter(|_| since.is_none()).map(|read| {
                    format!(
                        "Its cards were last read at {}, {} before.",
                        words::moment(read, context.zone()),
                        words::since(read, asked_at)
                    )
                }))
                .report(severity, words),
        );
    }
}

fn instance_type(host: &Host<'_>) -> String {
    host.instance
        .map(|instance| format!(" ({})", instance.instance_type))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gpu::ProbeOutcome;
    use crate::domain::ids::Tag;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at, card};
    use crate::domain::ssm::{ManagedHost, Ping};

    fn offline(last_ping: i64) -> Bench {
        let mut bench = Bench::new();
        bench.silent_gpu_host("i-7", "g4dn.xlarge", ProbeOutcome::AgentOffline);
        bench.know(
            Source::Hosts,
            ReplyData::ManagedHosts(vec![ManagedHost {
                instance_id: "i-7".to_owned(),
                ping: Ping::ConnectionLost,
                last_ping_at: Some(at(last_ping)),
                agent_version: None,
                platform: None,
            }]),
        );
        bench
    }

    #[test]
    fn missing_cards_are_counted_against_the_instance_type() {
        let mut bench = Bench::new();
        bench.gpu_host("i-7", "g5.12xlarge", vec![card(0, 60.0, 0), card(1, 60.0, 0)]);
        let findings = bench.check(&LOST);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Crit, "2 of 4 GPUs lost")
        );
        assert_eq!(
            findings[0].evidence,
            ["nvidia-smi lists 2 of the 4 cards of i-7 (g5.12xlarge); a reboot may bring the rest back."]
        );
        assert_eq!(findings[0].runbooks, ["drain-gpu-host"]);
        assert_eq!(bench.check(&SILENT), []);
    }

    #[test]
    fn a_host_that_others_look_after_is_not_offered_for_draining() {
        let mut bench = Bench::new();
        bench.gpu_host("i-7", "g5.12xlarge", vec![card(0, 60.0, 0), card(1, 60.0, 0)]);
        let mut instances = bench.state().instances.get().cloned().unwrap();
        instances[0].tags = vec![Tag {
            key: "karpenter.sh/nodepool".to_owned(),
            value: "gpu".to_owned(),
        }];
        bench.know(Source::Instances, ReplyData::Instances(instances));
        let lost = bench
            .evaluate()
            .into_iter()
            .find(|finding| finding.rule == LOST.id);
        assert_eq!(lost.expect("two cards are gone").runbooks, [""; 0]);
    }

    #[test]
    fn an_agent_that_stopped_answering_is_told_with_its_last_answer() {
        let findings = offline(150).check(&SILENT);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].severity, findings[0].since),
            (Severity::Crit, Some(at(150)))
        );
        assert_eq!(findings[0].title, "SSM agent offline");
        assert_eq!(findings[0].runbooks, [""; 0]);
        assert_eq!(
            findings[0].evidence[2],
            "The agent last answered at 2026-11-21 02:30 UTC, 30m before."
        );
        assert_eq!(offline(178).check(&SILENT), []);
    }

    #[test]
    fn a_host_that_was_read_before_is_silent_since_then() {
        let mut bench = Bench::new();
        bench.now = at(160);
        bench.gpu_host("i-7", "g4dn.xlarge", vec![card(0, 60.0, 0)]);
        bench.now = at(180);
        bench.silent_gpu_host("i-7", "g4dn.xlarge", ProbeOutcome::DriverError);
        let finding = bench.check(&SILENT).remove(0);
        assert_eq!((finding.severity, finding.since), (Severity::Warn, Some(at(160))));
        assert_eq!(
            finding.evidence.last().unwrap(),
            "Its cards were last read at 2026-11-21 02:40 UTC, 20m before."
        );
    }

    #[test]
    fn every_other_obstacle_is_a_warning_at_once() {
        for (outcome, title) in [
            (ProbeOutcome::NoAgent, "no SSM agent or role"),
            (ProbeOutcome::Timeout, "nvidia-smi timed out"),
            (ProbeOutcome::NoNvidiaSmi, "no nvidia-smi"),
            (ProbeOutcome::DriverError, "driver error"),
            (ProbeOutcome::Error, "probe failed"),
        ] {
            let mut bench = Bench::new();
            bench.silent_gpu_host("i-7", "g4dn.xlarge", outcome);
            let findings = bench.check(&SILENT);
            assert_eq!(
                (findings[0].severity, findings[0].title.as_str()),
                (Severity::Warn, title)
            );
            assert_eq!(findings[0].evidence[1], "what was said; what to do");
            assert_eq!(bench.check(&LOST), []);
        }
    }

    #[test]
    fn whole_hosts_starting_ones_and_unasked_ones_are_silent() {
        let mut whole = Bench::new();
        whole.gpu_host("i-7", "g4dn.xlarge", vec![card(0, 60.0, 0)]);
        let mut starting = Bench::new();
        starting.silent_gpu_host("i-7", "g4dn.xlarge", ProbeOutcome::NoAgent);
        let mut instances = starting.state().instances.get().cloned().unwrap();
        instances[0].launched_at = Some(at(175));
        starting.know(Source::Instances, ReplyData::Instances(instances));
        for rule in [&LOST, &SILENT] {
            assert_eq!(whole.check(rule), [], "{}", rule.id);
            assert_eq!(starting.check(rule), [], "{}", rule.id);
            assert_eq!(Bench::new().check(rule), [], "{}", rule.id);
        }
    }
}
