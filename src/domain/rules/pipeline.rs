//! Pipelines: stages that failed, and those that wait for somebody or for nothing.

pub mod failed;
pub mod waiting;

use jiff::Timestamp;

use crate::domain::delivery::{Execution, Pipeline};
use crate::domain::rules::Context;

/// All pipelines, and when they were read.
fn pipelines<'a>(context: &Context<'a>) -> impl Iterator<Item = (&'a Pipeline, Timestamp)> {
    let known = context.state.pipelines.value.as_ref();
    known
        .into_iter()
        .flat_map(|(pipelines, at)| pipelines.iter().map(|pipeline| (pipeline, *at)))
}

/// An execution by its id.
fn execution<'a>(context: &Context<'a>, id: Option<&str>) -> Option<&'a Execution> {
    let id = id?;
    let executions = context.state.executions.get()?;
    executions.iter().find(|execution| execution.id == id)
}

/// A sentence about the change that an execution brings, where it is known.
fn change(execution: Option<&Execution>) -> Option<String> {
    let execution = execution?;
    let change = execution.change();
    if change.is_empty() {
        return None;
    }
    let who = execution
        .who()
        .map_or_else(String::new, |who| format!(" by {who}"));
    Some(crate::domain::rules::words::excerpt(&format!(
        "The change: {change}{who}."
    )))
}

#[cfg(test)]
pub(super) mod sample {
    use crate::domain::delivery::{Execution, Pipeline, Revision, Stage, StageAction};
    use crate::domain::rules::sample::{arn, at};

    /// A stage with one action in a status since a minute.
    pub fn stage(name: &str, status: &str, since: i64) -> Stage {
        Stage {
            name: name.to_owned(),
            status: Some(status.to_owned()),
            execution: Some("e-1".to_owned()),
            enabled: true,
            actions: vec![StageAction {
                name: format!("{name}Action"),
                category: name.to_owned(),
                status: Some(status.to_owned()),
                changed_at: Some(at(since)),
                ..StageAction::default()
            }],
            ..Stage::default()
        }
    }

    /// A pipeline of stages.
    pub fn pipeline(stages: Vec<Stage>) -> Pipeline {
        Pipeline {
            name: "release".to_owned(),
            arn: Some(arn("codepipeline", "release")),
            version: Some("V2".to_owned()),
            stages,
        }
    }

    /// The execution that brings a change.
    pub fn execution() -> Execution {
        Execution {
            pipeline: "release".to_owned(),
            id: "e-1".to_owned(),
            status: "InProgress".to_owned(),
            revisions: vec![Revision {
                id: Some("0123456789".to_owned()),
                message: Some("fix: 로그인".to_owned()),
                author: Some("Nharu".to_owned()),
                ..Revision::default()
            }],
            ..Execution::default()
        }
    }
}
