//! Pipelines that wait: for an approval, behind a transition that somebody disabled, or for nothing
//! that anybody can see.

use jiff::Timestamp;

use super::{change, execution, pipelines};
use crate::domain::delivery::{Pipeline, Stage, StageAction};
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::{Kind, last_segment};
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};

/// `pipeline.approval-waiting`.
pub const APPROVAL: Rule = Rule {
    id: "pipeline.approval-waiting",
    kind: Kind::Pipeline,
    title: "A manual approval waits",
    what: "An approval action that has been waiting for somebody, with the change that waits. AWS rejects \
           it by itself after seven days unless the action names another time. Fresh ones are good to \
           know: somebody wants an answer.",
    severities: &[
        (Severity::Crit, "for the critical time"),
        (Severity::Warn, "for the warning time"),
        (Severity::Info, "for less"),
    ],
    thresholds: &["pipeline_approval_min"],
    runbooks: &["pipeline-approve"],
    reach: Reach::Scope,
    check: approvals,
};

/// `pipeline.transition-held`.
pub const HELD: Rule = Rule {
    id: "pipeline.transition-held",
    kind: Kind::Pipeline,
    title: "A transition has been disabled for long",
    what: "A transition into a stage that somebody disabled and has not enabled again, with the reason \
           that was given: changes stop before it without any error. An execution that waits before it \
           makes it a warning at once.",
    severities: &[
        (Severity::Crit, "for the critical time"),
        (Severity::Warn, "for the warning time, or an execution waits"),
    ],
    thresholds: &["pipeline_held_h"],
    runbooks: &["pipeline-release"],
    reach: Reach::Scope,
    check: held,
};

/// `pipeline.stuck`.
pub const STUCK: Rule = Rule {
    id: "pipeline.stuck",
    kind: Kind::Pipeline,
    title: "A stage does not come to an end",
    what: "A stage that has been under way for long with no approval pending in it. Executions that come \
           after it wait, and all but the newest of them are superseded.",
    severities: &[
        (Severity::Crit, "for the critical time"),
        (Severity::Warn, "for the warning time"),
    ],
    thresholds: &["pipeline_stuck_min"],
    runbooks: &[],
    reach: Reach::Scope,
    check: stuck,
};

fn approvals(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (pipeline, at) in pipelines(context) {
        let Some((stage, action)) = pipeline.approval() else {
            continue;
        };
        let waiting = action.changed_at.map(|since| at.duration_since(since));
        let limit = context.limits().pipeline_approval_min;
        let breach = waiting.and_then(|waiting| limit.judge(waiting.as_secs_f64() / 60.0));
        let for_long = waiting
            .map(|waiting| format!(" for {}", words::span(waiting)))
            .unwrap_or_default();
        let after: Vec<&str> = pipeline.after(&stage.name).map(|one| one.name.as_str()).collect();
        let next = if after.is_empty() {
            "No stage comes after it.".to_owned()
        } else {
            format!("After it: {}.", after.join(", "))
        };
        findings.push(
            APPROVAL
                .on(context, pipeline.id(), &pipeline.name)
                .since(action.changed_at)
                .because(format!(
                    "{} of {} waits{for_long}. {next}",
                    action.name, stage.name
                ))
                .perhaps_because(change(execution(context, stage.execution.as_deref())))
                .perhaps_because(action.summary.as_deref().map(words::excerpt))
                .report(
                    breach.map_or(Severity::Info, severity),
                    format!("approval of {} waits{for_long}", stage.name),
                ),
        );
    }
}

fn held(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (pipeline, at) in pipelines(context) {
        for stage in pipeline.stages.iter().filter(|stage| !stage.enabled) {
            findings.extend(held_stage(context, (pipeline, stage), at));
        }
    }
}

fn held_stage(
    context: &Context<'_>,
    (pipeline, stage): (&Pipeline, &Stage),
    at: Timestamp,
) -> Option<Finding> {
    let lasting = stage.disabled_at.map(|since| at.duration_since(since));
    let limit = context.limits().pipeline_held_h;
    let breach = lasting.and_then(|lasting| limit.judge(lasting.as_secs_f64() / 3600.0));
    let severity = breach
        .map(severity)
        .or_else(|| stage.waiting.then_some(Severity::Warn))?;
    let for_long = lasting
        .map(|lasting| format!(" for {}", words::span(lasting)))
        .unwrap_or_default();
    let who = stage
        .disabled_by
        .as_deref()
        .map_or_else(String::new, |who| format!(" by {}", last_segment(who)));
    let reason = stage.disabled_reason.as_deref().unwrap_or("no reason given");
    Some(
        HELD.on(context, pipeline.id(), &pipeline.name)
            .since(stage.disabled_at)
            .because(words::excerpt(&format!(
                "The transition into {} was disabled{who}: {reason}",
                stage.name
            )))
            .perhaps_because(stage.waiting.then(|| "An execution waits before it.".to_owned()))
            .report(severity, format!("{} held{for_long}", stage.name)),
    )
}

fn stuck(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (pipeline, at) in pipelines(context) {
        for stage in pipeline.stages.iter().filter(|stage| stage.is_busy()) {
            if stage.actions.iter().any(StageAction::awaits_approval) {
                continue;
            }
            let open = stage
                .actions
                .iter()
                .filter(|action| action.status.as_deref() == Some("InProgress"));
            let since = open.filter_map(|action| action.changed_at).min();
            let Some(since) = since else { continue };
            let lasting = at.duration_since(since);
            let limit = context.limits().pipeline_stuck_min;
            let Some(breach) = limit.judge(lasting.as_secs_f64() / 60.0) else {
                continue;
            };
            findings.push(
                STUCK
                    .on(context, pipeline.id(), &pipeline.name)
                    .since(Some(since))
                    .because(format!(
                        "{} has been under way for {} and nothing in it waits for a person.",
                        stage.name,
                        words::span(lasting)
                    ))
                    .perhaps_because(change(execution(context, stage.execution.as_deref())))
                    .perhaps_because(
                        stage
                            .waiting
                            .then(|| "Another execution waits before it.".to_owned()),
                    )
                    .report(
                        severity(breach),
                        format!("{} under way for {}", stage.name, words::span(lasting)),
                    ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at};

    fn bench(stages: Vec<Stage>) -> Bench {
        let mut bench = Bench::new();
        bench.know(
            Source::Pipelines,
            ReplyData::Pipelines(vec![sample::pipeline(stages)]),
        );
        bench.know(
            Source::PipelineExecutions,
            ReplyData::PipelineExecutions(vec![sample::execution()]),
        );
        bench
    }

    #[test]
    fn an_approval_is_worse_the_longer_it_waits() {
        let cases = [
            (170, Severity::Info, "approval of Approval waits for 10m"),
            (120, Severity::Warn, "approval of Approval waits for 1h"),
            (180 - 1440, Severity::Crit, "approval of Approval waits for 1d"),
        ];
        for (since, expected, title) in cases {
            let stages = vec![
                sample::stage("Approval", "InProgress", since),
                sample::stage("Deploy", "Succeeded", 0),
            ];
            let findings = bench(stages).check(&APPROVAL);
            assert_eq!(findings.len(), 1, "{since}");
            assert_eq!(findings[0].severity, expected, "{since}");
            assert!(findings[0].title.starts_with(title), "{}", findings[0].title);
            assert!(findings[0].evidence[0].ends_with("After it: Deploy."));
            assert_eq!(
                findings[0].evidence[1],
                "The change: 0123456 fix: 로그인 by Nharu."
            );
        }
        let answered = vec![sample::stage("Approval", "Succeeded", 0)];
        assert_eq!(bench(answered).check(&APPROVAL), []);
    }

    #[test]
    fn a_held_transition_is_told_once_it_is_old_or_something_waits() {
        let held = |since: i64, waiting: bool| {
            let mut stage = sample::stage("Deploy", "Succeeded", 0);
            stage.enabled = false;
            stage.disabled_at = Some(at(since));
            stage.disabled_by = Some("arn:aws:iam::1:user/jiwon.kim".to_owned());
            stage.disabled_reason = Some("배포 동결".to_owned());
            stage.waiting = waiting;
            bench(vec![stage]).check(&HELD)
        };
        assert_eq!(held(100, false), []);
        assert_eq!(held(100, true)[0].severity, Severity::Warn);
        let old = held(180 - 30 * 60, false);
        assert_eq!(
            old[0].evidence[0],
            "The transition into Deploy was disabled by jiwon.kim: 배포 동결"
        );
        assert_eq!(old[0].severity, Severity::Warn);
        assert_eq!(held(180 - 200 * 60, false)[0].severity, Severity::Crit);
    }

    #[test]
    fn a_stage_is_stuck_only_while_nobody_is_awaited() {
        let busy =
            |name: &str, since: i64| bench(vec![sample::stage(name, "InProgress", since)]).check(&STUCK);
        assert_eq!(busy("Build", 150), []);
        assert_eq!(busy("Build", 100)[0].severity, Severity::Warn);
        assert_eq!(busy("Approval", 0), []);
    }
}
