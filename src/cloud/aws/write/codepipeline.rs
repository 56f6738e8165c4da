//! Changes of AWS CodePipeline.

use aws_sdk_codepipeline::operation::RequestId;
use aws_sdk_codepipeline::types::StageTransitionType;

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::Fault;
use crate::domain::ops::codepipeline::Write;
use crate::domain::ops::{Receipt, Token};

/// Makes a change, once. The same twice is the same.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let operation = change.operation();
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
    };
    Ok(Receipt {
        request_id,
        created: None,
    })
}
