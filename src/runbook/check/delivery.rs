//! Whether something else is deploying: pipelines and stacks.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Check, Verdict};
use crate::domain::fault::FaultKind;
use crate::domain::ids::Kind;
use crate::domain::ops::{Query, cloudformation, codepipeline};
use crate::runbook::action::{Arguments, BadArguments, Unread, View, parse};
use crate::runbook::schema::{ActionSchema, FieldSchema};
use crate::runbook::types::Type;

/// `codepipeline.idle`.
pub struct PipelinesIdle;

/// `cloudformation.idle`.
pub struct StackIdle;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfService {
    cluster: String,
    service: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfStack {
    stack: String,
}

impl Check for PipelinesIdle {
    fn name(&self) -> &'static str {
        "codepipeline.idle"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether no pipeline is deploying an ECS service.\n\
                Pipelines with an ECS deploy action for the service count while an execution is in that action's \
                stage. Blue/green deployments by CodeDeploy name no service and are not seen.",
            vec![
                FieldSchema::required("cluster", Type::Text, "The cluster's name."),
                FieldSchema::required("service", Type::Text, "The service."),
            ],
            Some(Kind::EcsService),
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        parse::<OfService>(with)?;
        Ok(vec![Query::CodePipeline(codepipeline::Read::Pipelines)])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let with: OfService = parse(with)?;
        let pipelines = match view.pipelines() {
            // Where the service does not exist no pipeline can deploy.
            Err(Unread::Failed(fault)) if fault.kind == FaultKind::Unsupported => {
                return Ok(Verdict::Pass("CodePipeline is not offered here".to_owned()));
            }
            Err(unread) => return Ok(unread.into()),
            Ok(pipelines) => pipelines,
        };
        let mut deploying = Vec::new();
        let mut idle = Vec::new();
        for pipeline in pipelines {
            for stage in pipeline.stages_of(&with.cluster, &with.service) {
                let name = format!("{} in its stage {}", pipeline.name, stage.name);
                if stage.is_busy() {
                    deploying.push(name);
                } else {
                    idle.push(name);
                }
            }
        }
        Ok(match (deploying.as_slice(), idle.as_slice()) {
            ([], []) => Verdict::Pass("no pipeline deploys it".to_owned()),
            ([], idle) => Verdict::Pass(format!("nothing is under way: {}", idle.join(", "))),
            (deploying, _) => Verdict::Fail(format!("deploying now: {}", deploying.join(", "))),
        })
    }
}

impl Check for StackIdle {
    fn name(&self) -> &'static str {
        "cloudformation.idle"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether a CloudFormation stack is not being changed.",
            vec![FieldSchema::required("stack", Type::Text, "The stack's name.")],
            None,
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        let with: OfStack = parse(with)?;
        Ok(vec![Query::CloudFormation(cloudformation::Read::Stack {
            name: with.stack,
        })])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let with: OfStack = parse(with)?;
        Ok(match view.stack(&with.stack) {
            Err(unread) => unread.into(),
            Ok(None) => Verdict::Pass("it does not exist any more".to_owned()),
            Ok(Some(stack)) if stack.is_busy() => {
                let reason = stack.reason.as_deref().unwrap_or("no reason given");
                Verdict::Fail(format!("it is {}: {reason}", stack.status))
            }
            Ok(Some(stack)) => Verdict::Pass(format!("it is {}", stack.status)),
        })
    }
}
