//! Executions of pipelines.

use jiff::Timestamp;

use crate::domain::changes::{Change, Span, Word, key};
use crate::domain::delivery::{Execution, Pipeline};
use crate::domain::ids::Kind;
use crate::domain::inventory::ScopeState;
use crate::domain::text::clean;

pub(super) fn collect(state: &ScopeState, span: Span, changes: &mut Vec<Change>) {
    let pipelines = state.pipelines.get().map(Vec::as_slice).unwrap_or_default();
    for execution in state.executions.get().into_iter().flatten() {
        let Some(at) = when(execution).filter(|at| span.has(*at)) else {
            continue;
        };
        let pipeline = pipelines.iter().find(|one| one.name == execution.pipeline);
        changes.push(Change {
            at,
            resource: pipeline.map(|pipeline| key(state, Kind::Pipeline, pipeline.id())),
            word: Word::Pipeline,
            what: what(execution, pipeline),
            who: execution.who().map(|who| clean(who).into_owned()),
            // Where it stands follows once the stages are read; how it ends is another thing to know.
            id: Some(format!("{} {}", execution.id, execution.status)),
        });
    }
}

/// When what is told of it came to be: how it ended when it ended, that it is under way when it began.
fn when(execution: &Execution) -> Option<Timestamp> {
    match execution.status.as_str() {
        "InProgress" => execution.started_at,
        _ => execution.updated_at.or(execution.started_at),
    }
}

/// `release failed in Build: 0123456 fix login`.
fn what(execution: &Execution, pipeline: Option<&Pipeline>) -> String {
    let stage = pipeline.and_then(|pipeline| {
        let mut stages = pipeline.stages.iter();
        stages.find(|stage| {
            stage.execution.as_ref() == Some(&execution.id) && stage.status.as_deref() != Some("Succeeded")
        })
    });
    let place = stage.map_or_else(String::new, |stage| format!(" in {}", clean(&stage.name)));
    let status = match execution.status.as_str() {
        "Succeeded" => " succeeded".to_owned(),
        "Failed" => format!(" failed{place}"),
        "InProgress" => format!(" under way{place}"),
        other => format!(" {}", other.to_lowercase()),
    };
    let back = if execution.rollback_of.is_some() {
        " (rollback)"
    } else {
        ""
    };
    let change = execution.change();
    let change = if change.is_empty() {
        String::new()
    } else {
        format!(": {}", clean(&change))
    };
    format!("{}{back}{status}{change}", clean(&execution.pipeline))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use crate::domain::changes::recent;
    use crate::domain::delivery::{Execution, Pipeline, Revision, Stage, Trigger};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn, at};

    #[test]
    fn executions_of_the_window_are_told_with_where_they_are() {
        let mut bench = Bench::new();
        bench.know(
            Source::Pipelines,
            ReplyData::Pipelines(vec![Pipeline {
                name: "release".to_owned(),
                arn: Some(arn("codepipeline", "release")),
                stages: vec![Stage {
                    name: "Build".to_owned(),
                    execution: Some("e-2".to_owned()),
                    status: Some("Failed".to_owned()),
                    ..Stage::default()
                }],
                ..Pipeline::default()
            }]),
        );
        let execution = |id: &str, minute: i64, status: &str| Execution {
            pipeline: "release".to_owned(),
            id: id.to_owned(),
            status: status.to_owned(),
            started_at: Some(at(minute)),
            revisions: vec![Revision {
                id: Some("0123456789".to_owned()),
                message: Some("fix: 로그인".to_owned()),
                ..Revision::default()
            }],
            trigger: Some(Trigger {
                kind: "StartPipelineExecution".to_owned(),
                detail: Some("arn:aws:iam::1:user/jiwon.kim".to_owned()),
            }),
            ..Execution::default()
        };
        bench.know(
            Source::PipelineExecutions,
            ReplyData::PipelineExecutions(vec![
                // Begun before the other one ended.
                Execution {
                    updated_at: Some(at(178)),
                    ..execution("e-2", 95, "Failed")
                },
                execution("e-1", 100, "Succeeded"),
                execution("e-0", 1, "Succeeded"),
            ]),
        );
        let changes = recent(&bench.inventory, bench.now, SignedDuration::from_hours(2));
        let told: Vec<(&str, Option<&str>)> = changes
            .iter()
            .map(|change| (change.what.as_str(), change.who.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("release failed in Build: 0123456 fix: 로그인", Some("jiwon.kim")),
                ("release succeeded: 0123456 fix: 로그인", Some("jiwon.kim")),
            ]
        );
    }
}
