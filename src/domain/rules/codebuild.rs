//! `codebuild.failing`: builds of a project fail again and again.

use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "codebuild.failing",
    kind: Kind::CodebuildProject,
    title: "Builds fail in a row",
    what: "Builds of a project that failed one after the other, with the phase and message of the newest. \
           Builds under way and those that somebody stopped neither count nor end the row.",
    severities: &[
        (Severity::Crit, "so many in a row as the critical level"),
        (Severity::Warn, "as the warning level"),
    ],
    thresholds: &["codebuild_failed_builds"],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().codebuild_failed_builds;
    for project in context.state.build_projects.get().into_iter().flatten() {
        let failed = project.failed_in_a_row();
        let (Some(breach), Some(newest)) = (limit.judge(failed as f64), project.newest_failure()) else {
            continue;
        };
        let known = project.builds.iter().flatten();
        let first = known.filter(|build| build.has_failed()).nth(failed - 1);
        let phase = newest.failure.as_ref();
        let title = match phase {
            Some(phase) => format!(
                "{} failed in a row, in {}",
                words::count(failed, "build"),
                phase.phase
            ),
            None => format!("{} failed in a row", words::count(failed, "build")),
        };
        let message = phase.map(|phase| {
            words::excerpt(&format!(
                "{}: {}",
                phase.code.as_deref().unwrap_or(&phase.phase),
                phase.message.as_deref().unwrap_or("no message")
            ))
        });
        findings.push(
            RULE.on(context, &project.arn, &project.name)
                .since(first.and_then(|build| build.started_at))
                .because(format!(
                    "The newest {} ended badly; a warning begins at {}.",
                    words::count(failed, "build"),
                    words::number(limit.warn)
                ))
                .perhaps_because(message)
                .perhaps_because(
                    newest
                        .log
                        .as_ref()
                        .map(|log| format!("Its log is in {}.", log.group)),
                )
                .report(severity(breach), title),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::codebuild::{Build, FailedPhase, Project};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn, at};

    fn bench(states: &[&str]) -> Bench {
        let builds = states.iter().zip(0..).map(|(status, nth)| Build {
            id: format!("web:{nth}"),
            status: (*status).to_owned(),
            started_at: Some(at(170 - nth * 10)),
            failure: (*status == "FAILED").then(|| FailedPhase {
                phase: "BUILD".to_owned(),
                code: Some("COMMAND_EXECUTION_ERROR".to_owned()),
                message: Some("pnpm build: exit status 1".to_owned()),
            }),
            ..Build::default()
        });
        let mut bench = Bench::new();
        bench.know(
            Source::BuildProjects,
            ReplyData::BuildProjects(vec![Project {
                arn: arn("codebuild", "project/web"),
                name: "web".to_owned(),
                builds: Some(builds.collect()),
                ..Project::default()
            }]),
        );
        bench
    }

    #[test]
    fn a_row_of_failures_is_told_with_the_newest_reason() {
        let findings = bench(&["FAILED", "FAILED", "SUCCEEDED", "FAILED"]).check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "2 builds failed in a row, in BUILD");
        assert_eq!(
            (findings[0].severity, findings[0].since),
            (Severity::Warn, Some(at(160)))
        );
        assert_eq!(
            findings[0].evidence[1],
            "COMMAND_EXECUTION_ERROR: pnpm build: exit status 1"
        );
        assert_eq!(bench(&["FAILED"; 5]).check(&RULE)[0].severity, Severity::Crit);
    }

    #[test]
    fn one_failure_and_old_ones_are_silent() {
        for states in [
            &["FAILED", "SUCCEEDED"][..],
            &["SUCCEEDED", "FAILED", "FAILED"],
            &[],
        ] {
            assert_eq!(bench(states).check(&RULE), [], "{states:?}");
        }
        assert_eq!(Bench::new().check(&RULE), []);
    }
}
