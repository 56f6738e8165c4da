//! Reads of AWS CodePipeline: pipelines, what they deploy, where their executions are, and what changes
//! these bring.

use std::collections::BTreeMap;

use aws_sdk_codepipeline::types::{
    ActionDeclaration, ActionExecution, ActionExecutionDetail, ActionExecutionFilter, ActionState,
    PipelineExecutionFilter, PipelineExecutionSummary, StageDeclaration, StageState, SucceededInStageFilter,
};
use futures_util::future::try_join;

use super::listing::{of_part, one, some};
use super::offered::or_absent;
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::cloud::aws::convert::{text, timestamp_of};
use crate::domain::delivery::{ActionError, Execution, Pipeline, Revision, Stage, StageAction, Trigger};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::codepipeline::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const LIST: Operation = Operation::new("codepipeline", "ListPipelines");
const DECLARATION: Operation = Operation::new("codepipeline", "GetPipeline");
const STATE: Operation = Operation::new("codepipeline", "GetPipelineState");
const EXECUTIONS: Operation = Operation::new("codepipeline", "ListPipelineExecutions");
const ACTIONS: Operation = Operation::new("codepipeline", "ListActionExecutions");

/// Executions that are read of a pipeline: the newest.
const NEWEST: i32 = 20;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Pipelines => pipelines(caller).await,
        Read::Executions { pipelines } => executions(caller, pipelines).await,
        Read::SucceededIn { pipeline, stage } => {
            let found = newest(caller, pipeline, Some(stage)).await?;
            Ok(Reply::whole(ReplyData::PipelineExecutions(found)))
        }
        Read::ChangeIn { pipeline, execution } => change_in(caller, pipeline, execution).await,
    }
}

async fn pipelines(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let Paged { items: names, gap } = names(caller).await.map_err(|fault| or_absent(caller, fault))?;
    let mut answers = each(
        names,
        |name| async move { pipeline(caller, &name).await.map(one) },
    )
    .await;
    // A pipeline that was deleted since it was listed is no gap: it is not there.
    answers.retain(|answer| !matches!(answer, Err(fault) if fault.kind == FaultKind::NotFound));
    let (mut found, mut gaps) = some(answers)?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    gaps.extend(gap);
    Ok(Reply {
        data: ReplyData::Pipelines(found),
        gaps,
    })
}

async fn names(caller: &Caller<'_>) -> Result<Paged<String>, Fault> {
    pages(|token| async move {
        let call = caller.codepipeline().list_pipelines().set_next_token(token);
        let page = caller.call(LIST, call.send()).await?;
        Ok(Page {
            items: page
                .pipelines()
                .iter()
                .filter_map(|summary| summary.name().map(str::to_owned))
                .collect(),
            next: page.next_token,
        })
    })
    .await
}

async fn pipeline(caller: &Caller<'_>, name: &str) -> Result<Pipeline, Fault> {
    let declared = caller.codepipeline().get_pipeline().name(name);
    let state = caller.codepipeline().get_pipeline_state().name(name);
    let (declared, state) = try_join(
        caller.call(DECLARATION, declared.send()),
        caller.call(STATE, state.send()),
    )
    .await
    .map_err(|fault| of_part(fault, name))?;
    let states: BTreeMap<&str, &StageState> = state
        .stage_states()
        .iter()
        .filter_map(|state| Some((state.stage_name()?, state)))
        .collect();
    let arn = declared.metadata().and_then(|metadata| metadata.pipeline_arn());
    let declared = declared.pipeline().ok_or_else(|| {
        Fault::new(
            FaultKind::Other,
            DECLARATION.service,
            DECLARATION.name,
            format!("{name}: the answer holds no pipeline"),
        )
    })?;
    Ok(Pipeline {
        name: name.to_owned(),
        arn: arn.map(str::to_owned),
        version: declared
            .pipeline_type()
            .map(|version| version.as_str().to_owned()),
        stages: declared
            .stages()
            .iter()
            .map(|stage| stage_from_sdk(stage, states.get(stage.name()).copied()))
            .collect(),
    })
}

fn stage_from_sdk(stage: &StageDeclaration, state: Option<&StageState>) -> Stage {
    let transition = state.and_then(StageState::inbound_transition_state);
    let disabled = transition.filter(|transition| !transition.enabled());
    let latest = state.and_then(StageState::latest_execution);
    let states: BTreeMap<&str, &ActionState> = state
        .map(StageState::action_states)
        .unwrap_or_default()
        .iter()
        .filter_map(|state| Some((state.action_name()?, state)))
        .collect();
    Stage {
        name: stage.name().to_owned(),
        deploys: stage.actions().iter().filter_map(ecs_deploy).collect(),
        status: latest.map(|execution| execution.status().as_str().to_owned()),
        execution: latest.map(|execution| execution.pipeline_execution_id().to_owned()),
        // The first stage has no transition into it.
        enabled: disabled.is_none(),
        disabled_reason: disabled.and_then(|transition| text(transition.disabled_reason())),
        disabled_by: disabled.and_then(|transition| text(transition.last_changed_by())),
        disabled_at: disabled.and_then(|transition| timestamp_of(transition.last_changed_at())),
        waiting: state.is_some_and(|state| {
            state.inbound_execution().is_some() || !state.inbound_executions().is_empty()
        }),
        actions: stage
            .actions()
            .iter()
            .map(|action| action_from_sdk(action, states.get(action.name()).copied()))
            .collect(),
    }
}

/// An action with what it did last. The token of an approval is left where it is.
fn action_from_sdk(action: &ActionDeclaration, state: Option<&ActionState>) -> StageAction {
    let kind = action.action_type_id();
    let latest = state.and_then(ActionState::latest_execution);
    let provider = kind.map_or("", |kind| kind.provider());
    let configured = |name: &str| action.configuration().and_then(|known| known.get(name)).cloned();
    StageAction {
        name: action.name().to_owned(),
        category: kind.map_or_else(String::new, |kind| kind.category().as_str().to_owned()),
        provider: provider.to_owned(),
        project: (provider == "CodeBuild")
            .then(|| configured("ProjectName"))
            .flatten(),
        status: latest
            .and_then(ActionExecution::status)
            .map(|status| status.as_str().to_owned()),
        summary: latest.and_then(|latest| text(latest.summary())),
        changed_at: latest.and_then(|latest| timestamp_of(latest.last_status_change())),
        changed_by: latest.and_then(|latest| text(latest.last_updated_by())),
        error: latest
            .and_then(ActionExecution::error_details)
            .map(|error| ActionError {
                code: text(error.code()),
                message: error.message().unwrap_or_default().to_owned(),
            }),
        external_id: latest.and_then(|latest| text(latest.external_execution_id())),
    }
}

async fn executions(caller: &Caller<'_>, pipelines: &[String]) -> Result<Reply, Fault> {
    let mut answers = each(pipelines, |name| async move {
        newest(caller, name, None)
            .await
            .map(|items| Paged { items, gap: None })
    })
    .await;
    answers.retain(|answer| !matches!(answer, Err(fault) if fault.kind == FaultKind::NotFound));
    let (mut found, gaps) = some(answers)?;
    found.sort_by(|a, b| {
        a.pipeline
            .cmp(&b.pipeline)
            .then_with(|| b.started_at.cmp(&a.started_at))
    });
    Ok(Reply {
        data: ReplyData::PipelineExecutions(found),
        gaps,
    })
}

/// The newest executions of a pipeline: all, or those that succeeded in a stage.
async fn newest(
    caller: &Caller<'_>,
    pipeline: &str,
    succeeded_in: Option<&str>,
) -> Result<Vec<Execution>, Fault> {
    let filter = succeeded_in.map(|stage| {
        let stage = SucceededInStageFilter::builder().stage_name(stage).build();
        PipelineExecutionFilter::builder()
            .succeeded_in_stage(stage)
            .build()
    });
    let call = caller
        .codepipeline()
        .list_pipeline_executions()
        .pipeline_name(pipeline)
        .max_results(NEWEST)
        .set_filter(filter);
    let answer = caller
        .call(EXECUTIONS, call.send())
        .await
        .map_err(|fault| of_part(fault, pipeline))?;
    Ok(answer
        .pipeline_execution_summaries()
        .iter()
        .filter_map(|summary| execution_from_sdk(pipeline, summary))
        .collect())
}

/// An execution; `None` without its id.
fn execution_from_sdk(pipeline: &str, summary: &PipelineExecutionSummary) -> Option<Execution> {
    Some(Execution {
        pipeline: pipeline.to_owned(),
        id: summary.pipeline_execution_id()?.to_owned(),
        status: summary
            .status()
            .map_or_else(String::new, |status| status.as_str().to_owned()),
        summary: text(summary.status_summary()),
        started_at: timestamp_of(summary.start_time()),
        updated_at: timestamp_of(summary.last_update_time()),
        revisions: summary
            .source_revisions()
            .iter()
            .map(|revision| {
                let told = revision.revision_summary();
                Revision {
                    action: revision.action_name().to_owned(),
                    id: text(revision.revision_id()),
                    message: text(told).map(|told| message(&told)),
                    author: None,
                    url: text(revision.revision_url()),
                }
            })
            .collect(),
        trigger: summary.trigger().and_then(|trigger| {
            Some(Trigger {
                kind: trigger.trigger_type()?.as_str().to_owned(),
                detail: text(trigger.trigger_detail()),
            })
        }),
        rollback_of: summary
            .rollback_metadata()
            .and_then(|metadata| text(metadata.rollback_target_pipeline_execution_id())),
    })
}

/// The message in a summary: connections to GitHub and the like wrap it in JSON.
/// <https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html>
fn message(summary: &str) -> String {
    let wrapped: Option<serde_json::Value> = serde_json::from_str(summary).ok();
    wrapped
        .as_ref()
        .and_then(|wrapped| wrapped.get("CommitMessage")?.as_str())
        .unwrap_or(summary)
        .to_owned()
}

/// The newest executions, of which one tells who wrote its change.
async fn change_in(caller: &Caller<'_>, pipeline: &str, execution: &str) -> Result<Reply, Fault> {
    let mut executions = newest(caller, pipeline, None).await?;
    let mut gaps = Vec::new();
    if let Some(found) = executions.iter_mut().find(|one| one.id == execution) {
        match authors(caller, pipeline, execution).await {
            Ok(authors) => {
                for revision in &mut found.revisions {
                    revision.author = authors.get(&revision.action).cloned();
                }
            }
            Err(fault) => gaps.push(of_part(fault, pipeline)),
        }
    }
    Ok(Reply {
        data: ReplyData::PipelineExecutions(executions),
        gaps,
    })
}

/// Who wrote the changes of an execution, by source action, where the source says so.
async fn authors(
    caller: &Caller<'_>,
    pipeline: &str,
    execution: &str,
) -> Result<BTreeMap<String, String>, Fault> {
    let filter = ActionExecutionFilter::builder()
        .pipeline_execution_id(execution)
        .build();
    let call = caller
        .codepipeline()
        .list_action_executions()
        .pipeline_name(pipeline)
        .filter(filter);
    let answer = caller.call(ACTIONS, call.send()).await?;
    let author = |detail: &ActionExecutionDetail| {
        let variables = detail.output()?.output_variables()?;
        let names = ["AuthorDisplayName", "AuthorId", "AuthorEmail"];
        let author = names.iter().find_map(|name| variables.get(*name))?;
        Some((detail.action_name()?.to_owned(), author.clone()))
    };
    let details = answer.action_execution_details().iter();
    Ok(details.filter_map(author).collect())
}

/// Cluster and service of an ECS deploy action. What names neither is of another sort.
fn ecs_deploy(action: &ActionDeclaration) -> Option<(String, String)> {
    if action.action_type_id()?.provider() != "ECS" {
        return None;
    }
    let configuration = action.configuration()?;
    Some((
        configuration.get("ClusterName")?.clone(),
        configuration.get("ServiceName")?.clone(),
    ))
}

#[cfg(test)]
mod tests {
    use aws_sdk_codepipeline::types::{
        ActionCategory, ActionExecutionStatus, ActionOwner, ActionTypeId, ErrorDetails, StageExecution,
        StageExecutionStatus, TransitionState,
    };
    use pretty_assertions::assert_eq;

    use super::*;

    fn action(provider: &str) -> ActionDeclaration {
        let kind = ActionTypeId::builder()
            .category(ActionCategory::Deploy)
            .owner(ActionOwner::Aws)
            .provider(provider)
            .version("1")
            .build()
            .unwrap();
        ActionDeclaration::builder()
            .name("deploy")
            .action_type_id(kind)
            .configuration("ClusterName", "main")
            .configuration("ServiceName", "api")
            .build()
            .unwrap()
    }

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        assert_eq!(Read::Pipelines.operations(), [LIST, DECLARATION, STATE]);
        let executions = Read::Executions {
            pipelines: Vec::new(),
        };
        assert_eq!(executions.operations(), [EXECUTIONS]);
        let change = Read::ChangeIn {
            pipeline: String::new(),
            execution: String::new(),
        };
        assert_eq!(change.operations(), [EXECUTIONS, ACTIONS]);
    }

    #[test]
    fn a_wrapped_message_is_taken_out() {
        let wrapped = r#"{"ProviderType":"GitHub","CommitMessage":"fix: 로그인"}"#;
        assert_eq!(message(wrapped), "fix: 로그인");
        assert_eq!(message("fix {1}"), "fix {1}");
    }

    #[test]
    fn an_action_tells_its_error_and_never_its_token() {
        let state = ActionState::builder()
            .action_name("deploy")
            .latest_execution(
                ActionExecution::builder()
                    .status(ActionExecutionStatus::Failed)
                    .token("b1946ac9")
                    .external_execution_id("web:1")
                    .error_details(ErrorDetails::builder().code("JobFailed").message("no").build())
                    .build(),
            )
            .build();
        let found = action_from_sdk(&action("CodeBuild"), Some(&state));
        assert_eq!(found.status.as_deref(), Some("Failed"));
        assert_eq!(found.external_id.as_deref(), Some("web:1"));
        assert_eq!(
            found.error,
            Some(ActionError {
                code: Some("JobFailed".to_owned()),
                message: "no".to_owned(),
            })
        );
        assert!(!format!("{found:?}").contains("b1946ac9"));
    }

    #[test]
    fn a_stage_says_what_it_deploys_and_where_its_execution_is() {
        let declared = StageDeclaration::builder()
            .name("Deploy")
            .actions(action("ECS"))
            .actions(action("CodeDeployToECS"))
            .build()
            .unwrap();
        let state = StageState::builder()
            .stage_name("Deploy")
            .latest_execution(
                StageExecution::builder()
                    .pipeline_execution_id("e")
                    .status(StageExecutionStatus::InProgress)
                    .build()
                    .unwrap(),
            )
            .inbound_transition_state(
                TransitionState::builder()
                    .enabled(false)
                    .disabled_reason("incident")
                    .build(),
            )
            .build();
        let stage = stage_from_sdk(&declared, Some(&state));
        assert!(stage.is_busy() && !stage.enabled && !stage.waiting);
        assert_eq!(stage.deploys, [("main".to_owned(), "api".to_owned())]);
        assert_eq!(stage.disabled_reason.as_deref(), Some("incident"));
        let unknown = stage_from_sdk(&declared, None);
        assert!(unknown.enabled && !unknown.is_busy());
    }
}
