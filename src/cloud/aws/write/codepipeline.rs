//! Changes of AWS CodePipeline.

use aws_sdk_codepipeline::operation::RequestId;
use aws_sdk_codepipeline::types::{
    ApprovalResult, ApprovalStatus, StageRetryMode, StageState, StageTransitionType,
};

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::codepipeline::{Approval, RetryMode, Write};
use crate::domain::ops::{Operation, Receipt, Token};

const STATE: Operation = Operation::new("codepipeline", "GetPipelineState");

/// Makes a change, once. Transitions twice are the same; a stage that runs cannot be retried, and an
/// approval is answered by a token that is good for one answer.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let operation = change.operation();
    let mut created = None;
    let request_id = match change {
        Write::DisableTransition {
            pipeline,
            stage,
            reason,
        } => {
            let call = caller
                .codepipeline()
                .disable_stage_transition()
                .pipeline_name(pipeline)
                .stage_name(stage)
                .transition_type(StageTransitionType::Inbound)
                .reason(reason);
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
        Write::EnableTransition { pipeline, stage } => {
            let call = caller
                .codepipeline()
                .enable_stage_transition()
                .pipeline_name(pipeline)
                .stage_name(stage)
                .transition_type(StageTransitionType::Inbound);
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
        Write::RetryStage {
            pipeline,
            stage,
            execution,
            mode,
        } => {
            let call = caller
                .codepipeline()
                .retry_stage_execution()
                .pipeline_name(pipeline)
                .stage_name(stage)
                .pipeline_execution_id(execution)
                .retry_mode(match mode {
                    RetryMode::Failed => StageRetryMode::FailedActions,
                    RetryMode::All => StageRetryMode::AllActions,
                });
            let answer = caller.call(operation, call.send()).await?;
            created = answer.pipeline_execution_id().map(str::to_owned);
            answer.request_id().map(str::to_owned)
        }
        Write::Answer {
            pipeline,
            stage,
            action,
            execution,
            answer,
            summary,
        } => {
            let token = approval_token(caller, (pipeline, stage, action), execution).await?;
            let result = ApprovalResult::builder()
                .status(match answer {
                    Approval::Approve => ApprovalStatus::Approved,
                    Approval::Reject => ApprovalStatus::Rejected,
                })
                .summary(summary)
                .build()
                .expect("both fields are set");
            let call = caller
                .codepipeline()
                .put_approval_result()
                .pipeline_name(pipeline)
                .stage_name(stage)
                .action_name(action)
                .token(token)
                .result(result);
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
        Write::RollbackStage {
            pipeline,
            stage,
            target,
        } => {
            let call = caller
                .codepipeline()
                .rollback_stage()
                .pipeline_name(pipeline)
                .stage_name(stage)
                .target_pipeline_execution_id(target);
            let answer = caller.call(operation, call.send()).await?;
            created = Some(answer.pipeline_execution_id().to_owned());
            answer.request_id().map(str::to_owned)
        }
    };
    Ok(Receipt { request_id, created })
}

/// The token of an approval that waits: of the very execution that was looked at.
async fn approval_token(
    caller: &Caller<'_>,
    (pipeline, stage, action): (&str, &str, &str),
    execution: &str,
) -> Result<String, Fault> {
    let call = caller.codepipeline().get_pipeline_state().name(pipeline);
    let state = caller.call(STATE, call.send()).await?;
    let stages = state.stage_states();
    stages
        .iter()
        .find(|known| known.stage_name() == Some(stage))
        .and_then(|found| token_in(found, action, execution))
        .ok_or_else(|| {
            Fault::new(
                FaultKind::Conflict,
                STATE.service,
                STATE.name,
                format!("{action} of {stage} in {pipeline} no longer waits for an answer to {execution}"),
            )
        })
}

fn token_in(stage: &StageState, action: &str, execution: &str) -> Option<String> {
    let is_meant = stage
        .latest_execution()
        .is_some_and(|latest| latest.pipeline_execution_id() == execution);
    let mut actions = stage.action_states().iter().filter(|_| is_meant);
    let found = actions.find(|known| known.action_name() == Some(action))?;
    found.latest_execution()?.token().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use aws_sdk_codepipeline::types::{ActionExecution, ActionState, StageExecution, StageExecutionStatus};

    use super::*;

    #[test]
    fn what_is_read_first_is_declared() {
        let change = Write::Answer {
            pipeline: String::new(),
            stage: String::new(),
            action: String::new(),
            execution: String::new(),
            answer: Approval::Reject,
            summary: String::new(),
        };
        assert_eq!(change.prerequisites(), [STATE]);
    }

    #[test]
    fn only_the_execution_that_was_looked_at_is_answered() {
        let stage = StageState::builder()
            .stage_name("Approve")
            .latest_execution(
                StageExecution::builder()
                    .pipeline_execution_id("e-1")
                    .status(StageExecutionStatus::InProgress)
                    .build()
                    .unwrap(),
            )
            .action_states(
                ActionState::builder()
                    .action_name("release")
                    .latest_execution(ActionExecution::builder().token("t").build())
                    .build(),
            )
            .build();
        assert_eq!(token_in(&stage, "release", "e-1").as_deref(), Some("t"));
        assert_eq!(token_in(&stage, "release", "e-2"), None);
        assert_eq!(token_in(&stage, "other", "e-1"), None);
    }
}
