//! ECR, CodePipeline, CodeBuild, CloudFormation and Application Auto Scaling.

use std::collections::BTreeSet;

use super::super::plan::delivery::{Pipeline as PipelinePlan, Stage as StagePlan};
use super::super::selection::Scenario;
use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::pipeline::{FAILED_PHASE, Passage, Seen};
use super::super::time::{Ms, SECOND, stamp};
use crate::domain::codebuild::{self, FailedPhase, LogPlace, Project};
use crate::domain::delivery::{
    ActionError, Execution, Pipeline, Revision, Stack, Stage, StageAction, Trigger,
};
use crate::domain::ecr::lifecycle::Policy;
use crate::domain::ecr::{Image, Repository, Scan};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::scalable::{ScalableTarget, resource_of};

/// The most executions and builds that are told.
const MOST: usize = 10;

/// The images of a repository of this account.
pub fn images(sim: &Sim, registry: Option<&str>, repository: &str) -> Result<Vec<Image>, Fault> {
    let own = registry.is_none_or(|account| account == sim.plan.account);
    let images = sim.registry.get(repository).filter(|_| own).ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            "ecr",
            "DescribeImages",
            format!(
                "The repository with name '{repository}' does not exist in the registry with id '{}'",
                registry.unwrap_or(&sim.plan.account)
            ),
        )
        .with_code("RepositoryNotFoundException")
    })?;
    let scans = sim
        .plan
        .registry
        .iter()
        .any(|keeping| keeping.name == repository && keeping.scans);
    let mut found: Vec<Image> = images
        .iter()
        .map(|image| Image {
            digest: image.digest.clone(),
            tags: image.tags.clone(),
            pushed_at: Some(stamp(image.pushed)),
            size_bytes: Some(182 * 1024 * 1024 + image.digest.len() as u64),
            scan: scans.then(|| scan(&image.digest, image.pushed)),
        })
        .collect();
    found.sort_by(|a, b| {
        b.pushed_at
            .cmp(&a.pushed_at)
            .then_with(|| a.digest.cmp(&b.digest))
    });
    Ok(found)
}

/// What scanning an image found: a few things, and nothing critical.
fn scan(digest: &str, pushed: Ms) -> Scan {
    let count = |salt: u64, most: i64| {
        let count = signal::below(&[signal::name(digest), salt], most);
        u32::try_from(count).unwrap_or_default()
    };
    Scan {
        status: Some("COMPLETE".to_owned()),
        at: Some(stamp(pushed + 40 * SECOND)),
        counts: [
            ("HIGH", count(1, 3)),
            ("MEDIUM", count(2, 9)),
            ("LOW", 4 + count(3, 20)),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| (severity.to_owned(), count))
        .collect(),
    }
}

/// All repositories.
pub fn repositories(sim: &Sim) -> Result<Vec<Repository>, Fault> {
    let plan = &sim.plan;
    let whole = |name: &String| -> Result<Repository, Fault> {
        let keeping = plan.registry.iter().find(|keeping| keeping.name == *name);
        let immutable = keeping.is_some_and(|keeping| keeping.immutable);
        Ok(Repository {
            arn: plan.arn("ecr", &format!("repository/{name}")),
            name: name.clone(),
            uri: format!("{}.dkr.ecr.{}.amazonaws.com/{name}", plan.account, plan.region),
            created_at: Some(stamp(sim.epoch - 300 * super::super::time::DAY)),
            immutable,
            // On a quiet day nothing contradicts anything.
            excluded_tags: if immutable && sim.scenario == Scenario::Quiet {
                vec!["latest".to_owned()]
            } else {
                Vec::new()
            },
            scans_on_push: keeping.is_some_and(|keeping| keeping.scans),
            policy: Some(sim.policies.get(name).map(|rules| Policy {
                rules: rules.clone(),
                evaluated_at: None,
            })),
            images: Some(images(sim, None, name)?),
        })
    };
    sim.registry.keys().map(whole).collect()
}

/// All pipelines.
pub fn pipelines(sim: &Sim) -> Vec<Pipeline> {
    let plans = sim.plan.pipelines.iter().enumerate();
    plans
        .map(|(index, plan)| {
            let executions = sim.executions(index);
            let stages = plan.stages.iter().enumerate();
            Pipeline {
                name: plan.name.clone(),
                arn: Some(sim.plan.arn("codepipeline", &plan.name)),
                version: Some("V2".to_owned()),
                stages: stages
                    .map(|(nth, stage)| stage_of(sim, plan, (nth, stage), &executions))
                    .collect(),
            }
        })
        .collect()
}

fn stage_of(sim: &Sim, plan: &PipelinePlan, (nth, stage): (usize, &StagePlan), executions: &[Seen]) -> Stage {
    let hold = sim.held.get(&(plan.name.clone(), stage.name.clone()));
    let newest = executions
        .iter()
        .find_map(|seen| Some((seen, seen.passage(nth)?)));
    let waits = |seen: &Seen| seen.waits && seen.from + seen.passages.len() == nth;
    Stage {
        name: stage.name.clone(),
        deploys: stage.deploys.clone(),
        status: newest.map(|(_, passage)| passage.status.to_owned()),
        execution: newest.map(|(seen, _)| seen.id.clone()),
        enabled: hold.is_none(),
        disabled_reason: hold.map(|hold| hold.reason.clone()),
        disabled_by: hold.map(|hold| person(sim, &hold.by)),
        disabled_at: hold.map(|hold| stamp(hold.at)),
        waiting: hold.is_some_and(|hold| !hold.waiting.is_empty()) || executions.iter().any(waits),
        actions: if stage.deploys.is_empty() {
            newest
                .map(|(seen, passage)| actions(sim, (plan, stage), seen, passage))
                .unwrap_or_default()
        } else {
            deployments(sim, (nth, stage), executions)
        },
    }
}

/// The deployments of a stage: of each service the newest execution that was about it. One that failed before
/// the newest of all is over.
fn deployments(sim: &Sim, (nth, stage): (usize, &StagePlan), executions: &[Seen]) -> Vec<StageAction> {
    let newest = executions
        .iter()
        .find(|seen| seen.passage(nth).is_some())
        .map(|seen| seen.id.as_str());
    stage
        .deploys
        .iter()
        .filter_map(|(_, service)| {
            let mut own = executions
                .iter()
                .filter(|seen| sim.plan.services[seen.service].name == *service);
            let (seen, passage) = own.find_map(|seen| Some((seen, seen.passage(nth)?)))?;
            let holds = newest == Some(seen.id.as_str()) || passage.error.is_none();
            holds.then(|| action(sim, passage, service.clone(), ("Deploy", "ECS")))
        })
        .collect()
}

/// An action as a passage of its stage went.
fn action(sim: &Sim, passage: &Passage, name: String, (category, provider): (&str, &str)) -> StageAction {
    StageAction {
        name,
        category: category.to_owned(),
        provider: provider.to_owned(),
        project: None,
        status: Some(passage.status.to_owned()),
        summary: passage.summary.clone(),
        changed_at: Some(stamp(passage.since)),
        changed_by: passage.by.as_deref().map(|by| person(sim, by)),
        error: passage.error.as_ref().map(|(code, message)| ActionError {
            code: Some((*code).to_owned()),
            message: message.clone(),
        }),
        external_id: passage.build.clone(),
    }
}

fn person(sim: &Sim, name: &str) -> String {
    format!("arn:aws:sts::{}:assumed-role/oncall/{name}", sim.plan.account)
}

/// The actions of a stage that deploys nothing: of several builds the one that the execution is about.
fn actions(
    sim: &Sim,
    (plan, stage): (&PipelinePlan, &StagePlan),
    seen: &Seen,
    passage: &Passage,
) -> Vec<StageAction> {
    if let Some(name) = &stage.approval {
        return vec![action(sim, passage, name.clone(), ("Approval", "Manual"))];
    }
    if let Some(build) = &passage.build {
        let project = build.split(':').next().unwrap_or(build);
        return vec![StageAction {
            project: Some(project.to_owned()),
            ..action(sim, passage, project.to_owned(), ("Build", "CodeBuild"))
        }];
    }
    let source = action(
        sim,
        passage,
        plan.source.clone(),
        ("Source", "CodeStarSourceConnection"),
    );
    vec![StageAction {
        summary: Some(message(&seen.image).to_owned()),
        ..source
    }]
}

/// What the commit of an image is about.
fn message(image: &str) -> &'static str {
    const MESSAGES: [&str; 8] = [
        "feat: 협업 세션 재연결 시 커서 위치 복원",
        "fix: 프로젝트 ZIP 다운로드 파일 이름 깨짐",
        "perf: AI 리뷰 응답 캐시 키 정규화",
        "fix: 로그인 만료 후 무한 리다이렉트",
        "chore: 의존성 업데이트",
        "refactor: 파일 트리 상태 관리 분리",
        "feat: 터미널 붙여넣기 확인 창",
        "fix: 웹소켓 하트비트 간격 조정",
    ];
    let nth = signal::below(&[signal::name(image), 81], 8);
    MESSAGES[usize::try_from(nth).unwrap_or_default()]
}

fn author(image: &str) -> &'static str {
    const AUTHORS: [&str; 4] = ["Nharu", "jiwon.kim", "박서연", "minho.park"];
    let nth = signal::below(&[signal::name(image), 82], 4);
    AUTHORS[usize::try_from(nth).unwrap_or_default()]
}

/// The newest executions of pipelines.
pub fn executions(sim: &Sim, pipelines: &[String]) -> Vec<Execution> {
    let plans = sim.plan.pipelines.iter().enumerate();
    plans
        .filter(|(_, plan)| pipelines.contains(&plan.name))
        .flat_map(|(index, plan)| {
            let seen = sim.executions(index).into_iter().take(MOST);
            seen.map(|seen| execution(sim, plan, &seen)).collect::<Vec<_>>()
        })
        .collect()
}

/// Those of a pipeline, of which one tells who wrote its change.
pub fn change_in(sim: &Sim, pipeline: &str, id: &str) -> Result<Vec<Execution>, Fault> {
    known(sim, pipeline)?;
    let mut found = executions(sim, &[pipeline.to_owned()]);
    for execution in found.iter_mut().filter(|execution| execution.id == id) {
        for revision in &mut execution.revisions {
            let image: String = revision.id.iter().flat_map(|id| id.chars().take(7)).collect();
            revision.author = Some(author(&image).to_owned());
        }
    }
    Ok(found)
}

/// Those that succeeded in a stage.
pub fn succeeded_in(sim: &Sim, pipeline: &str, stage: &str) -> Result<Vec<Execution>, Fault> {
    let index = known(sim, pipeline)?;
    let plan = &sim.plan.pipelines[index];
    let Some(nth) = plan.stages.iter().position(|one| one.name == stage) else {
        return Err(Fault::new(
            FaultKind::NotFound,
            "codepipeline",
            "ListPipelineExecutions",
            format!("Pipeline '{pipeline}' does not have a stage with name '{stage}'"),
        )
        .with_code("StageNotFoundException"));
    };
    let succeeded = |seen: &Seen| {
        seen.passage(nth)
            .is_some_and(|passage| passage.status == "Succeeded")
    };
    let seen = sim.executions(index).into_iter().filter(succeeded);
    Ok(seen.map(|seen| execution(sim, plan, &seen)).collect())
}

fn known(sim: &Sim, pipeline: &str) -> Result<usize, Fault> {
    let mut plans = sim.plan.pipelines.iter();
    plans.position(|plan| plan.name == pipeline).ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            "codepipeline",
            "ListPipelineExecutions",
            format!(
                "Account '{}' does not have a pipeline with name '{pipeline}'",
                sim.plan.account
            ),
        )
        .with_code("PipelineNotFoundException")
    })
}

fn execution(sim: &Sim, plan: &PipelinePlan, seen: &Seen) -> Execution {
    let trigger = if seen.back_to.is_some() {
        Trigger {
            kind: "ManualRollback".to_owned(),
            detail: Some(person(sim, &sim.plan.person)),
        }
    } else {
        Trigger {
            kind: "WebhookV2".to_owned(),
            detail: Some(sim.plan.arn("codestar-connections", "connection/4f1c2b7e")),
        }
    };
    let repository = plan.source.split('@').next().unwrap_or(&plan.source);
    let commit = format!(
        "{}{}",
        seen.image,
        signal::hex(
            &[signal::name(&seen.image), 83],
            40_usize.saturating_sub(seen.image.len())
        )
    );
    Execution {
        pipeline: plan.name.clone(),
        id: seen.id.clone(),
        status: seen.status.to_owned(),
        summary: None,
        started_at: Some(stamp(seen.started)),
        updated_at: Some(stamp(seen.updated)),
        revisions: vec![Revision {
            action: plan.source.clone(),
            url: Some(format!("https://github.com/{repository}/commit/{commit}")),
            id: Some(commit),
            message: Some(message(&seen.image).to_owned()),
            author: None,
        }],
        trigger: Some(trigger),
        rollback_of: seen.back_to.clone(),
    }
}

/// All build projects with their newest builds.
pub fn projects(sim: &Sim) -> Vec<Project> {
    let plans = sim.plan.builds.iter();
    plans
        .map(|plan| {
            let uri = format!(
                "{}.dkr.ecr.{}.amazonaws.com/{}",
                sim.plan.account, sim.plan.region, plan.repository
            );
            let mut builds = builds(sim, &plan.name, &plan.log_group);
            builds.sort_by(|a, b| b.started_at.cmp(&a.started_at).then_with(|| a.id.cmp(&b.id)));
            let total = 40 + builds.len() as u64;
            builds.truncate(MOST);
            for (build, number) in builds.iter_mut().zip((0..total).rev()) {
                build.number = Some(number);
            }
            Project {
                arn: sim.plan.arn("codebuild", &format!("project/{}", plan.name)),
                name: plan.name.clone(),
                description: plan.description.clone(),
                compute: Some("BUILD_GENERAL1_SMALL".to_owned()),
                timeout_min: Some(30),
                log_group: Some(plan.log_group.clone()),
                pushes: plan.pushes.iter().map(|tag| format!("{uri}:{tag}")).collect(),
                builds: Some(builds),
            }
        })
        .collect()
}

/// Builds of a project, as the executions of pipelines ran them.
pub fn builds(sim: &Sim, project: &str, log_group: &str) -> Vec<codebuild::Build> {
    let mut builds = Vec::new();
    for (index, plan) in sim.plan.pipelines.iter().enumerate() {
        for seen in sim.executions(index) {
            for (nth, stage) in plan.stages.iter().enumerate() {
                let Some(passage) = seen.passage(nth) else {
                    continue;
                };
                let is_own = passage
                    .build
                    .as_ref()
                    .is_some_and(|build| build.split(':').next() == Some(project));
                if !is_own {
                    continue;
                }
                let attempts = seen.failed_builds.iter().enumerate();
                let failed = attempts
                    .filter_map(|(nth, at)| Some((sim.build_id(stage, (&seen.id, nth), seen.service)?, *at)));
                let mut known = BTreeSet::new();
                for (id, ended) in failed {
                    known.insert(id.clone());
                    builds.push(build(
                        &id,
                        "FAILED",
                        (ended - BUILD_LASTS, Some(ended)),
                        log_group,
                    ));
                }
                for id in passage.build.iter().filter(|id| !known.contains(*id)) {
                    let (status, times) = match passage.status {
                        "InProgress" => ("IN_PROGRESS", (passage.since, None)),
                        _ => ("SUCCEEDED", (passage.since - BUILD_LASTS, Some(passage.since))),
                    };
                    builds.push(build(id, status, times, log_group));
                }
                for build in &mut builds {
                    if build.source.is_none() {
                        build.source = Some(seen.image.clone());
                        build.initiator = Some(format!("codepipeline/{}", plan.name));
                    }
                }
            }
        }
    }
    builds
}

/// How long a build takes.
const BUILD_LASTS: Ms = 150 * SECOND;

fn build(id: &str, status: &str, (from, to): (Ms, Option<Ms>), log_group: &str) -> codebuild::Build {
    let failed = status == "FAILED";
    let (phase, code, message) = FAILED_PHASE;
    codebuild::Build {
        id: id.to_owned(),
        number: None,
        status: status.to_owned(),
        phase: Some(if to.is_some() { "COMPLETED" } else { "BUILD" }.to_owned()),
        started_at: Some(stamp(from)),
        ended_at: to.map(stamp),
        source: None,
        initiator: None,
        failure: failed.then(|| FailedPhase {
            phase: phase.to_owned(),
            code: Some(code.to_owned()),
            message: Some(message.to_owned()),
        }),
        log: Some(LogPlace {
            group: log_group.to_owned(),
            stream: id.split(':').nth(1).map(str::to_owned),
        }),
    }
}

/// A build as far as its log is concerned.
#[derive(Debug, Clone)]
pub struct BuildLog {
    /// The stream that it writes to.
    pub stream: String,
    /// When it begins.
    pub from: Ms,
    /// When it ends, if that is known.
    pub to: Option<Ms>,
    /// Whether it fails.
    pub failed: bool,
}

/// The builds that write into a log group.
pub fn build_logs(sim: &Sim, log_group: &str) -> Vec<BuildLog> {
    let ms = |at: Option<jiff::Timestamp>| at.map(jiff::Timestamp::as_millisecond);
    sim.plan
        .builds
        .iter()
        .filter(|plan| plan.log_group == log_group)
        .flat_map(|plan| builds(sim, &plan.name, log_group))
        .filter_map(|build| {
            let failed = build.has_failed();
            Some(BuildLog {
                stream: build.log?.stream?,
                from: ms(build.started_at)?,
                to: ms(build.ended_at),
                failed,
            })
        })
        .collect()
}

/// A stack by name.
pub fn stacks(sim: &Sim, name: &str) -> Vec<Stack> {
    sim.plan
        .stacks
        .iter()
        .filter(|plan| plan.name == name)
        .map(|plan| Stack {
            name: plan.name.clone(),
            status: "UPDATE_COMPLETE".to_owned(),
            reason: None,
        })
        .collect()
}

/// The bounds of all services that are scaled by themselves.
pub fn scalable_targets(sim: &Sim) -> Vec<ScalableTarget> {
    sim.plan
        .services
        .iter()
        .zip(&sim.services)
        .filter_map(|(plan, service)| {
            let (min, max) = service.bounds?;
            Some(ScalableTarget {
                resource: resource_of(&plan.cluster, &plan.name),
                min,
                max,
                suspended: Vec::new(),
            })
        })
        .collect()
}
