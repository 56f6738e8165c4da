//! Endpoints that were changed, and training jobs that ended.

use crate::domain::changes::{Change, Span, Word, key};
use crate::domain::ids::Kind;
use crate::domain::inventory::ScopeState;
use crate::domain::text::clean;

pub(super) fn collect(state: &ScopeState, span: Span, changes: &mut Vec<Change>) {
    for endpoint in state.endpoints.get().into_iter().flatten() {
        let pending = endpoint.pending.as_ref();
        let began = pending.and_then(|pending| pending.since);
        let Some(at) = began.or(endpoint.changed_at).filter(|at| span.has(*at)) else {
            continue;
        };
        let what = match pending {
            Some(pending) => format!("{}: {} on its way", endpoint.name, pending.config),
            // AWS tells when it was changed, and not what: the configuration, counts or weights.
            None => format!("{} changed, serves {}", endpoint.name, endpoint.config),
        };
        changes.push(Change {
            at,
            resource: Some(key(state, Kind::SagemakerEndpoint, &endpoint.arn)),
            word: Word::Deploy,
            what: clean(&what).into_owned(),
            who: None,
            id: None,
        });
    }
    for job in state.training_jobs.get().into_iter().flatten() {
        let Some(at) = job.ended_at.filter(|at| span.has(*at)) else {
            continue;
        };
        changes.push(Change {
            at,
            resource: Some(key(state, Kind::TrainingJob, &job.arn)),
            word: Word::Training,
            what: clean(&format!("{} {}", job.name, job.status)).into_owned(),
            who: None,
            id: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use pretty_assertions::assert_eq;

    use crate::domain::changes::recent;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at};
    use crate::domain::sagemaker::sample::{endpoint, job};
    use crate::domain::sagemaker::{PendingDeployment, TrainingJob};

    #[test]
    fn what_was_deployed_and_what_ended_lately_is_told() {
        let mut bench = Bench::new();
        let minute = bench.minute();
        let mut moving = endpoint("render");
        moving.pending = Some(PendingDeployment {
            config: "render-v3".to_owned(),
            since: Some(at(minute - 4)),
        });
        let mut changed = endpoint("recommend");
        changed.changed_at = Some(at(minute - 20));
        bench.know(
            Source::Endpoints,
            ReplyData::Endpoints(vec![moving, changed, endpoint("old")]),
        );
        let failed = TrainingJob {
            status: "Failed".to_owned(),
            ended_at: Some(at(minute - 50)),
            ..job("tryon")
        };
        bench.know(Source::TrainingJobs, ReplyData::TrainingJobs(vec![failed]));
        let told: Vec<String> = recent(&bench.inventory, at(minute), SignedDuration::from_hours(2))
            .into_iter()
            .map(|change| format!("{} {}", change.word, change.what))
            .collect();
        assert_eq!(
            told,
            [
                "deploy render: render-v3 on its way",
                "deploy recommend changed, serves recommend-v2",
                "training tryon Failed",
            ]
        );
    }
}
