//! `asg.process-suspended`: scaling that somebody switched off and did not switch on again.

use jiff::Timestamp;

use crate::domain::asg::SuspendedProcess;
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::policy::Breach;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, asg, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "asg.process-suspended",
    kind: Kind::Asg,
    title: "Scaling is suspended",
    what: "Processes of a group that somebody suspended and that stayed so. AWS writes the moment into \
           the reason; a reason without one is a warning of unknown age. Only the processes that start, \
           stop and replace instances can make it critical.",
    severities: &[
        (
            Severity::Crit,
            "Launch, Terminate, ReplaceUnhealthy or HealthCheck for the critical time",
        ),
        (
            Severity::Warn,
            "any process for the warning time, or for an unknown time",
        ),
    ],
    thresholds: &["asg_suspended_min"],
    runbooks: &["gpu-morning-up", "asg-scale"],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().asg_suspended_min;
    for (group, at) in asg::groups(context) {
        // Processes that have been suspended too long, with since when and how bad it is.
        let forgotten: Vec<(&SuspendedProcess, Option<Timestamp>, Breach)> = group
            .suspended
            .iter()
            .filter_map(|process| {
                let since = suspended_at(&process.reason);
                let breach = match since {
                    Some(since) => limit.judge(at.duration_since(since).as_secs_f64() / 60.0)?,
                    None => Breach::Warn,
                };
                let breach = if is_vital(&process.name) {
                    breach
                } else {
                    Breach::Warn
                };
                Some((process, since, breach))
            })
            .collect();
        let Some(worst) = forgotten.iter().map(|(_, _, breach)| *breach).max() else {
            continue;
        };
        let since = forgotten.iter().filter_map(|(_, since, _)| *since).min();
        let names: Vec<&str> = forgotten
            .iter()
            .map(|(process, _, _)| process.name.as_str())
            .collect();
        let lasting = since
            .map(|since| format!(" for {}", words::since(since, at)))
            .unwrap_or_default();
        let what = match names.as_slice() {
            [one] => (*one).to_owned(),
            [one, two] => format!("{one}, {two}"),
            many => format!("{} processes", many.len()),
        };
        let mut draft = RULE.on(context, &group.arn, &group.name).since(since);
        for (process, _, _) in &forgotten {
            draft = draft.because(format!(
                "{} is suspended: {}.",
                process.name,
                words::excerpt(&process.reason)
            ));
        }
        findings.push(draft.report(severity(worst), format!("{what} suspended{lasting}")));
    }
}

fn is_vital(process: &str) -> bool {
    matches!(
        process,
        "Launch" | "Terminate" | "ReplaceUnhealthy" | "HealthCheck"
    )
}

/// The moment in a reason such as `User suspended at 2026-11-20T14:02:11Z`.
fn suspended_at(reason: &str) -> Option<Timestamp> {
    reason
        .split_whitespace()
        .find_map(|word| word.trim_end_matches(['.', ',', ')']).parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, group};

    fn bench(suspended: &[(&str, &str)]) -> Bench {
        let mut group = group("workers", 2);
        group.suspended = suspended
            .iter()
            .map(|(name, reason)| SuspendedProcess {
                name: (*name).to_owned(),
                reason: (*reason).to_owned(),
            })
            .collect();
        let mut bench = Bench::new();
        bench.know(Source::Groups, ReplyData::Groups(vec![group]));
        bench
    }

    #[test]
    fn a_forgotten_process_is_named_with_its_age() {
        let findings = bench(&[("Launch", "User suspended at 2026-11-20T14:00:00Z")]).check(&RULE);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(finding.title, "Launch suspended for 13h");
        assert_eq!(finding.severity, Severity::Crit);
        assert_eq!(finding.since, Some("2026-11-20T14:00:00Z".parse().unwrap()));
        assert_eq!(
            finding.evidence,
            ["Launch is suspended: User suspended at 2026-11-20T14:00:00Z."]
        );
    }

    #[test]
    fn less_vital_processes_stay_a_warning() {
        let findings = bench(&[
            ("AZRebalance", "User suspended at 2026-11-01T14:00:00Z"),
            ("AlarmNotification", "by hand"),
        ])
        .check(&RULE);
        assert_eq!(findings[0].severity, Severity::Warn);
        assert_eq!(
            findings[0].title,
            "AZRebalance, AlarmNotification suspended for 19d"
        );
    }

    #[test]
    fn a_process_suspended_just_now_and_none_at_all_are_silent() {
        assert_eq!(
            bench(&[("Launch", "User suspended at 2026-11-21T02:30:00Z")]).check(&RULE),
            []
        );
        assert_eq!(bench(&[]).check(&RULE), []);
        assert_eq!(Bench::new().check(&RULE), []);
    }
}
