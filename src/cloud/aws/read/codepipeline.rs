//! Reads of AWS CodePipeline: pipelines, what they deploy, and where their executions are.

use std::collections::BTreeMap;

use aws_sdk_codepipeline::types::{ActionDeclaration, StageDeclaration, StageState};
use futures_util::future::try_join;

use super::listing::{of_part, one, some};
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::cloud::aws::convert::text;
use crate::domain::delivery::{Pipeline, Stage};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::codepipeline::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const LIST: Operation = Operation::new("codepipeline", "ListPipelines");
const DECLARATION: Operation = Operation::new("codepipeline", "GetPipeline");
const STATE: Operation = Operation::new("codepipeline", "GetPipelineState");

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Pipelines => pipelines(caller).await,
    }
}

async fn pipelines(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let Paged { items: names, gap } = names(caller).await?;
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
        stages: declared
            .stages()
            .iter()
            .map(|stage| stage_from_sdk(stage, states.get(stage.name()).copied()))
            .collect(),
    })
}

fn stage_from_sdk(stage: &StageDeclaration, state: Option<&StageState>) -> Stage {
    let transition = state.and_then(StageState::inbound_transition_state);
    Stage {
        name: stage.name().to_owned(),
        deploys: stage.actions().iter().filter_map(ecs_deploy).collect(),
        status: state
            .and_then(StageState::latest_execution)
            .map(|execution| execution.status().as_str().to_owned()),
        // The first stage has no transition into it.
        enabled: transition.is_none_or(aws_sdk_codepipeline::types::TransitionState::enabled),
        disabled_reason: transition
            .filter(|transition| !transition.enabled())
            .and_then(|transition| text(transition.disabled_reason())),
        waiting: state.is_some_and(|state| {
            state.inbound_execution().is_some() || !state.inbound_executions().is_empty()
        }),
    }
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
        ActionCategory, ActionOwner, ActionTypeId, StageExecution, StageExecutionStatus, TransitionState,
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
