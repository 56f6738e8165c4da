//! Reads of AWS CodeBuild: projects and their newest builds.

use aws_sdk_codebuild::types::{
    Build as SdkBuild, EnvironmentVariableType, Project as SdkProject, StatusType,
};

use super::listing::{of_part, one, some};
use super::offered::or_absent;
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::cloud::aws::convert::{text, timestamp_of};
use crate::domain::codebuild::{Build, FailedPhase, LogPlace, Project, pushed_images};
use crate::domain::fault::Fault;
use crate::domain::ops::codebuild::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const LIST: Operation = Operation::new("codebuild", "ListProjects");
const PROJECTS: Operation = Operation::new("codebuild", "BatchGetProjects");
const LIST_BUILDS: Operation = Operation::new("codebuild", "ListBuildsForProject");
const BUILDS: Operation = Operation::new("codebuild", "BatchGetBuilds");

/// The most that one call describes.
const BATCH: usize = 100;
/// Builds that are read of a project: the newest.
const NEWEST: usize = 10;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Projects => projects(caller).await,
    }
}

async fn projects(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let Paged { items: names, gap } = names(caller).await.map_err(|fault| or_absent(caller, fault))?;
    let batches: Vec<Vec<String>> = names.chunks(BATCH).map(<[String]>::to_vec).collect();
    let described = each(batches, |batch| async move {
        let call = caller.codebuild().batch_get_projects().set_names(Some(batch));
        let answer = caller.call(PROJECTS, call.send()).await?;
        let items = answer.projects().iter().filter_map(project_from_sdk).collect();
        Ok(Paged { items, gap: None })
    })
    .await;
    let (mut found, mut gaps) = some(described)?;
    gaps.extend(gap);
    found.sort_by(|a: &Project, b| a.name.cmp(&b.name));
    gaps.extend(add_builds(caller, &mut found).await);
    Ok(Reply {
        data: ReplyData::BuildProjects(found),
        gaps,
    })
}

async fn names(caller: &Caller<'_>) -> Result<Paged<String>, Fault> {
    pages(|token| async move {
        let call = caller.codebuild().list_projects().set_next_token(token);
        let page = caller.call(LIST, call.send()).await?;
        Ok(Page {
            items: page.projects().to_vec(),
            next: page.next_token,
        })
    })
    .await
}

/// Adds the newest builds to projects; what could not be read stays unknown.
async fn add_builds(caller: &Caller<'_>, projects: &mut [Project]) -> Vec<Fault> {
    let asked: Vec<String> = projects.iter().map(|project| project.name.clone()).collect();
    let listed = each(asked, |name| async move {
        let call = caller.codebuild().list_builds_for_project().project_name(&name);
        let answer = caller
            .call(LIST_BUILDS, call.send())
            .await
            .map_err(|fault| of_part(fault, &name))?;
        let ids: Vec<String> = answer.ids().iter().take(NEWEST).cloned().collect();
        Ok(one((name, ids)))
    })
    .await;
    let (listed, mut gaps) = crate::cloud::aws::caller::gather(listed);
    let ids: Vec<String> = listed.iter().flat_map(|(_, ids)| ids.clone()).collect();
    let batches: Vec<Vec<String>> = ids.chunks(BATCH).map(<[String]>::to_vec).collect();
    let described = each(batches, |batch| async move {
        let call = caller.codebuild().batch_get_builds().set_ids(Some(batch));
        let answer = caller.call(BUILDS, call.send()).await?;
        let items: Vec<Build> = answer.builds().iter().filter_map(build_from_sdk).collect();
        Ok(Paged { items, gap: None })
    })
    .await;
    let (builds, missing) = crate::cloud::aws::caller::gather(described);
    let complete = missing.is_empty();
    gaps.extend(missing);
    for (name, ids) in listed.into_iter().filter(|_| complete) {
        let Some(project) = projects.iter_mut().find(|project| project.name == name) else {
            continue;
        };
        let mut own: Vec<Build> = builds
            .iter()
            .filter(|build| ids.contains(&build.id))
            .cloned()
            .collect();
        own.sort_by(|a, b| b.started_at.cmp(&a.started_at).then_with(|| a.id.cmp(&b.id)));
        project.builds = Some(own);
    }
    gaps
}

/// A project; `None` without its ARN and name. Values of variables fill in what is pushed and go no
/// further, since people put secrets there.
fn project_from_sdk(project: &SdkProject) -> Option<Project> {
    let environment = project.environment();
    let variables: Vec<(String, String)> = environment
        .map(aws_sdk_codebuild::types::ProjectEnvironment::environment_variables)
        .unwrap_or_default()
        .iter()
        .filter(|variable| matches!(variable.r#type(), None | Some(EnvironmentVariableType::Plaintext)))
        .map(|variable| (variable.name().to_owned(), variable.value().to_owned()))
        .collect();
    let specification = project.source().and_then(|source| source.buildspec());
    let logs = project.logs_config().and_then(|logs| logs.cloud_watch_logs());
    Some(Project {
        arn: project.arn()?.to_owned(),
        name: project.name()?.to_owned(),
        description: text(project.description()),
        compute: environment.map(|environment| environment.compute_type().as_str().to_owned()),
        timeout_min: project
            .timeout_in_minutes()
            .and_then(|minutes| u32::try_from(minutes).ok()),
        log_group: logs.and_then(|logs| text(logs.group_name())),
        pushes: specification.map_or_else(Vec::new, |commands| pushed_images(commands, &variables)),
        builds: None,
    })
}

/// A build; `None` without its id.
fn build_from_sdk(build: &SdkBuild) -> Option<Build> {
    let failed = |status: &StatusType| !matches!(status, StatusType::Succeeded | StatusType::InProgress);
    let failure = build
        .phases()
        .iter()
        .find(|phase| phase.phase_status().is_some_and(failed))
        .map(|phase| {
            let context = phase.contexts().first();
            FailedPhase {
                phase: phase
                    .phase_type()
                    .map_or_else(String::new, |phase| phase.as_str().to_owned()),
                code: context.and_then(|context| text(context.status_code())),
                message: context.and_then(|context| text(context.message())),
            }
        });
    Some(Build {
        id: build.id()?.to_owned(),
        number: build.build_number().and_then(|number| u64::try_from(number).ok()),
        status: build
            .build_status()
            .map_or_else(String::new, |status| status.as_str().to_owned()),
        phase: text(build.current_phase()),
        started_at: timestamp_of(build.start_time()),
        ended_at: timestamp_of(build.end_time()),
        source: text(build.resolved_source_version()).or_else(|| text(build.source_version())),
        initiator: text(build.initiator()),
        failure,
        log: build.logs().and_then(|logs| {
            Some(LogPlace {
                group: text(logs.group_name())?,
                stream: text(logs.stream_name()),
            })
        }),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_codebuild::types::{
        BuildPhase, BuildPhaseType, ComputeType, EnvironmentType, EnvironmentVariable, LogsLocation,
        PhaseContext, ProjectEnvironment, ProjectSource, SourceType,
    };
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        assert_eq!(Read::Projects.operations(), [LIST, PROJECTS, LIST_BUILDS, BUILDS]);
    }

    #[test]
    fn a_failed_build_says_where_and_why() {
        let phase = |kind: BuildPhaseType, status: StatusType| {
            BuildPhase::builder()
                .phase_type(kind)
                .phase_status(status)
                .contexts(
                    PhaseContext::builder()
                        .status_code("COMMAND_EXECUTION_ERROR")
                        .message("exit status 1")
                        .build(),
                )
                .build()
        };
        let build = SdkBuild::builder()
            .id("web:1")
            .build_status(StatusType::Failed)
            .phases(phase(BuildPhaseType::PreBuild, StatusType::Succeeded))
            .phases(phase(BuildPhaseType::Build, StatusType::Failed))
            .logs(
                LogsLocation::builder()
                    .group_name("/aws/codebuild/web")
                    .stream_name("1")
                    .build(),
            )
            .build();
        let found = build_from_sdk(&build).unwrap();
        assert_eq!(
            found.failure,
            Some(FailedPhase {
                phase: "BUILD".to_owned(),
                code: Some("COMMAND_EXECUTION_ERROR".to_owned()),
                message: Some("exit status 1".to_owned()),
            })
        );
        assert_eq!(
            found.log.map(|log| log.group).as_deref(),
            Some("/aws/codebuild/web")
        );
        assert_eq!(build_from_sdk(&SdkBuild::builder().build()), None);
    }

    #[test]
    fn variables_fill_in_what_is_pushed_and_go_no_further() {
        let variable = |name: &str, value: &str| {
            EnvironmentVariable::builder()
                .name(name)
                .value(value)
                .build()
                .unwrap()
        };
        let environment = ProjectEnvironment::builder()
            .r#type(EnvironmentType::LinuxContainer)
            .image("aws/codebuild/standard:7.0")
            .compute_type(ComputeType::BuildGeneral1Small)
            .environment_variables(variable("ECR_REPO", "1.dkr.ecr.r.amazonaws.com/web"))
            .environment_variables(variable("TOKEN", "hunter2"))
            .build()
            .unwrap();
        let source = ProjectSource::builder()
            .r#type(SourceType::NoSource)
            .buildspec("build:\n  - docker push $ECR_REPO:latest\n")
            .build()
            .unwrap();
        let project = SdkProject::builder()
            .arn("arn:aws:codebuild:r:1:project/web")
            .name("web")
            .environment(environment)
            .source(source)
            .build();
        let found = project_from_sdk(&project).unwrap();
        assert_eq!(found.pushes, ["1.dkr.ecr.r.amazonaws.com/web:latest"]);
        assert_eq!(found.compute.as_deref(), Some("BUILD_GENERAL1_SMALL"));
        assert!(!format!("{found:?}").contains("hunter2"));
    }
}
