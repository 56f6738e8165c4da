//! Pipelines, build projects, image repositories.

use super::{Writing, second};
use crate::domain::codebuild::Build;
use crate::domain::delivery::{Execution, Stage};
use crate::domain::ecr::lifecycle::Rule;
use crate::domain::ids::Kind;
use crate::headless::status::document::Resource;
use crate::headless::status::document::delivery::{
    ActionEntry, BuildEntry, CodebuildProject, EcrRepository, ExecutionEntry, ImageEntry, Pipeline,
    StageEntry,
};

/// Executions and images that are listed.
const MOST: usize = 10;

pub(super) fn pipelines(writing: &Writing<'_>) -> Option<Vec<Resource<Pipeline>>> {
    let executions = writing.state.executions.get();
    let pipelines = writing.state.pipelines.get()?.iter().map(|pipeline| {
        let facts = Pipeline {
            version: pipeline.version.clone(),
            stages: pipeline.stages.iter().map(stage).collect(),
            executions: executions.map(|known| {
                let own = known.iter().filter(|one| one.pipeline == pipeline.name);
                own.take(MOST).map(execution).collect()
            }),
        };
        writing.resource(Kind::Pipeline, pipeline.id(), &pipeline.name, facts)
    });
    Some(pipelines.collect())
}

fn stage(stage: &Stage) -> StageEntry {
    StageEntry {
        name: stage.name.clone(),
        status: stage.status.clone(),
        execution_id: stage.execution.clone(),
        enabled: stage.enabled,
        disabled_by: stage.disabled_by.clone(),
        disabled_at: stage.disabled_at.map(second),
        disabled_reason: stage.disabled_reason.clone(),
        waiting: stage.waiting,
        actions: stage
            .actions
            .iter()
            .map(|action| ActionEntry {
                name: action.name.clone(),
                category: action.category.clone(),
                provider: action.provider.clone(),
                status: action.status.clone(),
                changed_at: action.changed_at.map(second),
                error_code: action.error.as_ref().and_then(|error| error.code.clone()),
                error_message: action.error.as_ref().map(|error| error.message.clone()),
                external_id: action.external_id.clone(),
            })
            .collect(),
    }
}

fn execution(execution: &Execution) -> ExecutionEntry {
    let revision = execution.revisions.first();
    ExecutionEntry {
        id: execution.id.clone(),
        status: execution.status.clone(),
        started_at: execution.started_at.map(second),
        updated_at: execution.updated_at.map(second),
        commit: revision.and_then(|revision| revision.id.clone()),
        message: revision.and_then(|revision| revision.message.clone()),
        trigger: execution.trigger.as_ref().map(|trigger| trigger.kind.clone()),
        triggered_by: execution
            .trigger
            .as_ref()
            .and_then(|trigger| trigger.detail.clone()),
        rollback_of: execution.rollback_of.clone(),
    }
}

pub(super) fn projects(writing: &Writing<'_>) -> Option<Vec<Resource<CodebuildProject>>> {
    let projects = writing.state.build_projects.get()?.iter().map(|project| {
        let facts = CodebuildProject {
            compute: project.compute.clone(),
            log_group: project.log_group.clone(),
            pushes: project.pushes.clone(),
            failed_in_a_row: project.builds.as_ref().map(|_| project.failed_in_a_row()),
            builds: project
                .builds
                .as_ref()
                .map(|builds| builds.iter().take(MOST).map(build).collect()),
        };
        writing.resource(Kind::CodebuildProject, &project.arn, &project.name, facts)
    });
    Some(projects.collect())
}

fn build(build: &Build) -> BuildEntry {
    let failure = build.failure.as_ref();
    BuildEntry {
        id: build.id.clone(),
        number: build.number,
        status: build.status.clone(),
        started_at: build.started_at.map(second),
        ended_at: build.ended_at.map(second),
        source: build.source.clone(),
        initiator: build.initiator.clone(),
        failed_phase: failure.map(|failure| failure.phase.clone()),
        failure_code: failure.and_then(|failure| failure.code.clone()),
        failure_message: failure.and_then(|failure| failure.message.clone()),
        log_group: build.log.as_ref().map(|log| log.group.clone()),
        log_stream: build.log.as_ref().and_then(|log| log.stream.clone()),
    }
}

pub(super) fn repositories(writing: &Writing<'_>) -> Option<Vec<Resource<EcrRepository>>> {
    let repositories = writing.state.repositories.get()?.iter().map(|repository| {
        let images = repository.images.as_ref();
        let facts = EcrRepository {
            uri: repository.uri.clone(),
            immutable: repository.immutable,
            excluded_tags: repository.excluded_tags.clone(),
            scans_on_push: repository.scans_on_push,
            lifecycle_policy: repository.policy.as_ref().map(|policy| {
                let rules = policy.iter().flat_map(|policy| &policy.rules);
                rules.map(Rule::words).collect()
            }),
            image_count: images.map(Vec::len),
            size_bytes: repository.size_bytes(),
            images: images.map(|images| {
                images
                    .iter()
                    .take(MOST)
                    .map(|image| ImageEntry {
                        digest: image.digest.clone(),
                        tags: image.tags.clone(),
                        pushed_at: image.pushed_at.map(second),
                        size_bytes: image.size_bytes,
                        scan: image.scan.as_ref().map(|scan| scan.counts.clone()),
                    })
                    .collect()
            }),
        };
        writing.resource(Kind::EcrRepository, &repository.arn, &repository.name, facts)
    });
    Some(repositories.collect())
}
