//! `pipeline.stage-failed`: the newest execution of a stage failed, and why.

use super::{change, execution, pipelines};
use crate::domain::delivery::{Pipeline, Stage, StageAction};
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::{Kind, last_segment};
use crate::domain::rules::{Context, Reach, Rule, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "pipeline.stage-failed",
    kind: Kind::Pipeline,
    title: "A stage of a pipeline failed",
    what: "The newest execution of a stage ended with Failed: the error of the action that failed, and \
           for a build the phase, its message and where its log is. Until somebody retries or rolls back, \
           later changes stop there too. A stage behind one through which a newer execution goes counts \
           as well. An approval that was rejected is told as that, with who rejected it. Where a deployment \
           to production failed, going back to what was well comes before trying again.",
    severities: &[(Severity::Warn, "a stage failed, or its approval was rejected")],
    thresholds: &[],
    runbooks: &["pipeline-retry-stage", "pipeline-rollback-stage"],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (pipeline, _) in pipelines(context) {
        for stage in pipeline.stages.iter().filter(|stage| stage.has_failed()) {
            findings.push(finding(context, pipeline, stage));
        }
    }
}

fn finding(context: &Context<'_>, pipeline: &Pipeline, stage: &Stage) -> Finding {
    let failed: Vec<&StageAction> = stage.failures().collect();
    let title = match failed.first() {
        Some(action) if is_approval(action) => format!("{} rejected{}", stage.name, by(action)),
        Some(action) => format!("{} failed: {}", stage.name, brief(context, action)),
        None => format!("{} failed", stage.name),
    };
    let mut draft = RULE
        .on(context, pipeline.id(), &pipeline.name)
        .helped_by(remedies(context, pipeline, stage, &failed))
        .since(failed.iter().filter_map(|action| action.changed_at).min());
    for action in &failed {
        let said = action
            .error
            .as_ref()
            .map(|error| match &error.code {
                Some(code) => format!("{code}: {}", error.message),
                None => error.message.clone(),
            })
            .or_else(|| action.summary.clone())
            .unwrap_or_else(|| "AWS gives no reason".to_owned());
        let rejected = if is_approval(action) {
            format!("rejected{}: ", by(action))
        } else {
            String::new()
        };
        draft = draft.because(words::excerpt(&format!(
            "{} ({}): {rejected}{said}",
            action.name, action.category
        )));
        draft = draft.perhaps_because(build(context, action));
    }
    draft
        .perhaps_because(change(execution(context, stage.execution.as_deref())))
        .report(Severity::Warn, title)
}

fn is_approval(action: &StageAction) -> bool {
    action.category == "Approval"
}

/// Who changed an action last, by the end of the ARN; nothing if that is not known.
fn by(action: &StageAction) -> String {
    let who = action.changed_by.as_deref().map(last_segment);
    who.map_or_else(String::new, |who| format!(" by {}", words::excerpt(who)))
}

/// What helps, the likeliest first.
fn remedies(
    context: &Context<'_>,
    pipeline: &Pipeline,
    stage: &Stage,
    failed: &[&StageAction],
) -> &'static [&'static str] {
    let is_live = [&pipeline.name, &stage.name]
        .iter()
        .all(|name| context.is_prod_resource(name, &[]));
    if !failed.is_empty() && failed.iter().all(|action| is_approval(action)) {
        // Nothing went out that could be brought back: trying again asks once more.
        &["pipeline-retry-stage"]
    } else if is_live && failed.iter().any(|action| action.category == "Deploy") {
        &["pipeline-rollback-stage", "pipeline-retry-stage"]
    } else {
        RULE.runbooks
    }
}

/// What failed, short enough for a row: the phase of a build says more than CodePipeline does.
fn brief(context: &Context<'_>, action: &StageAction) -> String {
    if let Some(failure) = built(context, action).and_then(|build| build.failure.as_ref()) {
        return format!("{} in {}", action.name, failure.phase);
    }
    let code = action.error.as_ref().and_then(|error| error.code.as_deref());
    match code {
        Some(code) => format!("{} {code}", action.name),
        None => action.name.clone(),
    }
}

fn built<'a>(context: &Context<'a>, action: &StageAction) -> Option<&'a crate::domain::codebuild::Build> {
    let id = action.external_id.as_deref()?;
    let projects = context.state.build_projects.get()?;
    projects.iter().find_map(|project| project.build(id))
}

/// A sentence about the phase of a build that failed.
fn build(context: &Context<'_>, action: &StageAction) -> Option<String> {
    let build = built(context, action)?;
    let failure = build.failure.as_ref()?;
    let log = build
        .log
        .as_ref()
        .map_or_else(String::new, |log| format!("; its log is in {}", log.group));
    let message = failure.message.as_deref().unwrap_or("no message");
    Some(words::excerpt(&format!(
        "The build {} failed in {}: {message}{log}.",
        build.id, failure.phase
    )))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::codebuild::{Build, FailedPhase, LogPlace, Project};
    use crate::domain::delivery::ActionError;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::policy::Policy;
    use crate::domain::rules::sample::{Bench, at, prod};

    fn failed() -> Stage {
        let mut stage = sample::stage("Build", "Failed", 170);
        stage.actions[0].error = Some(ActionError {
            code: Some("JobFailed".to_owned()),
            message: "Build terminated with state: FAILED".to_owned(),
        });
        stage.actions[0].external_id = Some("web:1".to_owned());
        stage
    }

    fn bench(stage: Stage) -> Bench {
        let mut bench = Bench::new();
        let stages = vec![sample::stage("Source", "Succeeded", 160), stage];
        bench.know(
            Source::Pipelines,
            ReplyData::Pipelines(vec![sample::pipeline(stages)]),
        );
        bench
    }

    #[test]
    fn a_failed_stage_tells_its_error_and_the_change() {
        let mut bench = bench(failed());
        bench.know(
            Source::PipelineExecutions,
            ReplyData::PipelineExecutions(vec![sample::execution()]),
        );
        let findings = bench.check(&RULE);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(finding.title, "Build failed: BuildAction JobFailed");
        assert_eq!((finding.severity, finding.since), (Severity::Warn, Some(at(170))));
        assert_eq!(
            finding.evidence,
            [
                "BuildAction (Build): JobFailed: Build terminated with state: FAILED",
                "The change: 0123456 fix: 로그인 by Nharu.",
            ]
        );
    }

    #[test]
    fn a_rejected_approval_is_told_with_who_rejected_it() {
        let mut stage = sample::stage("Approval", "Failed", 170);
        stage.actions[0].changed_by =
            Some("arn:aws:sts::111122223333:assumed-role/oncall/jiwon.kim".to_owned());
        stage.actions[0].error = Some(ActionError {
            code: Some("Rejected".to_owned()),
            message: "Approval rejected: 내일 다시".to_owned(),
        });
        let findings = bench(stage.clone()).check(&RULE);
        assert_eq!(findings[0].title, "Approval rejected by jiwon.kim");
        assert_eq!(
            findings[0].evidence,
            ["ApprovalAction (Approval): rejected by jiwon.kim: Rejected: Approval rejected: 내일 다시"]
        );
        assert_eq!(findings[0].runbooks, ["pipeline-retry-stage"]);
        stage.actions[0].changed_by = None;
        assert_eq!(bench(stage).check(&RULE)[0].title, "Approval rejected");
    }

    #[test]
    fn a_failed_deployment_to_production_is_brought_back_before_it_is_tried_again() {
        let first = |name: &str, policy: Policy| {
            let mut stage = sample::stage(name, "Failed", 170);
            stage.actions[0].category = "Deploy".to_owned();
            let finding = bench(stage).with_policy(policy).check(&RULE).remove(0);
            finding.runbooks[0].clone()
        };
        assert_eq!(first("Deploy", prod()), "pipeline-rollback-stage");
        assert_eq!(first("Deploy-dev", prod()), "pipeline-retry-stage");
        assert_eq!(first("Deploy", Policy::default()), "pipeline-retry-stage");
    }

    #[test]
    fn a_build_says_in_which_phase_and_where_its_log_is() {
        let mut bench = bench(failed());
        let build = Build {
            id: "web:1".to_owned(),
            failure: Some(FailedPhase {
                phase: "POST_BUILD".to_owned(),
                code: Some("COMMAND_EXECUTION_ERROR".to_owned()),
                message: Some("docker push: exit status 1".to_owned()),
            }),
            log: Some(LogPlace {
                group: "/aws/codebuild/web".to_owned(),
                stream: Some("1".to_owned()),
            }),
            ..Build::default()
        };
        bench.know(
            Source::BuildProjects,
            ReplyData::BuildProjects(vec![Project {
                name: "web".to_owned(),
                builds: Some(vec![build]),
                ..Project::default()
            }]),
        );
        let findings = bench.check(&RULE);
        assert_eq!(findings[0].title, "Build failed: BuildAction in POST_BUILD");
        assert_eq!(
            findings[0].evidence[1],
            "The build web:1 failed in POST_BUILD: docker push: exit status 1; its log is in /aws/codebuild/web."
        );
    }

    #[test]
    fn stages_that_go_or_went_well_are_silent() {
        for status in ["Succeeded", "InProgress", "Stopped", "Cancelled"] {
            assert_eq!(
                bench(sample::stage("Build", status, 1)).check(&RULE),
                [],
                "{status}"
            );
        }
        assert_eq!(Bench::new().check(&RULE), []);
    }
}
