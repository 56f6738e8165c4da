//! Executions of pipelines. Those of ordinary deployments are told by the deployments that they end
//! in; those that fail, wait for somebody or go back are kept as what they are, and move by themselves.

use std::sync::Arc;

use super::super::plan::delivery::Stage as Plan;
use super::super::signal;
use super::super::time::{MINUTE, Ms, SECOND, part};
use super::ecs::Rollout;
use super::{Sim, Timer};

/// How long after its beginning an execution's build begins.
const SOURCE: Ms = 20 * SECOND;
/// How long a build takes.
const BUILD: Ms = 150 * SECOND;
/// How long before its deployment an ordinary execution begins.
const BEFORE_DEPLOY: Ms = 5 * MINUTE;

/// An execution that is more than a deployment.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// The pipeline's index.
    pub pipeline: usize,
    /// The index of the service that it delivers.
    pub service: usize,
    /// The image that it builds, which is the short commit.
    pub image: String,
    /// When it began.
    pub started: Ms,
    /// The index of the stage that it is in.
    pub stage: usize,
    /// Where it is in that stage.
    pub state: State,
    /// Since when.
    pub since: Ms,
    /// Who brought it there, and what was said.
    pub answer: Option<(String, String)>,
    /// The execution that it goes back to.
    pub back_to: Option<String>,
    /// The deployment that it ended in.
    pub rollout: Option<usize>,
    /// What else its stage deploys: an execution that goes back brings every service of the stage.
    pub beside: Vec<Beside>,
    /// Builds of it that failed: when.
    pub failed_builds: Vec<Ms>,
    /// Whether the next build fails.
    pub build_fails: bool,
    /// When the build ended that succeeded.
    pub built: Option<Ms>,
}

/// Another service that an execution brings.
#[derive(Debug, Clone)]
pub struct Beside {
    /// The service's index.
    pub service: usize,
    /// Its image.
    pub image: String,
    /// The deployment that it ended in.
    pub rollout: Option<usize>,
}

/// Where an execution is in its stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Before it, since the transition is disabled.
    Before,
    /// Under way.
    Going,
    /// Ended badly.
    Failed,
    /// Through, and it was the last.
    Done,
}

/// What became of a stage in an execution.
#[derive(Debug, Clone)]
pub struct Passage {
    /// `Succeeded`, `Failed`, `InProgress`.
    pub status: &'static str,
    /// Since when.
    pub since: Ms,
    /// Who did it, where somebody did.
    pub by: Option<String>,
    /// What was said.
    pub summary: Option<String>,
    /// Code and message of what went wrong.
    pub error: Option<(&'static str, String)>,
    /// The build.
    pub build: Option<String>,
}

/// An execution as it is seen.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its id.
    pub id: String,
    /// The index of the service that it delivers.
    pub service: usize,
    /// The image, which is the short commit.
    pub image: String,
    /// When it began.
    pub started: Ms,
    /// When it last changed.
    pub updated: Ms,
    /// `Succeeded`, `Failed`, `InProgress`.
    pub status: &'static str,
    /// The execution that it goes back to.
    pub back_to: Option<String>,
    /// The stages that it entered, in the pipeline's order.
    pub passages: Vec<Passage>,
    /// The index of the stage with the first of them.
    pub from: usize,
    /// Whether it waits before the stage after those.
    pub waits: bool,
    /// Builds of it that failed before the one that counts: when.
    pub failed_builds: Vec<Ms>,
}

impl Run {
    /// Whether a deployment of a service is its own.
    fn brought(&self, service: usize, rollout: usize) -> bool {
        let beside = self.beside.iter().map(|one| (one.service, one.rollout));
        std::iter::once((self.service, self.rollout))
            .chain(beside)
            .any(|own| own == (service, Some(rollout)))
    }
}

impl Seen {
    /// What became of a stage.
    pub fn passage(&self, stage: usize) -> Option<&Passage> {
        self.passages.get(stage.checked_sub(self.from)?)
    }
}

/// The error of a build that could not fetch its base image.
const PULL_LIMIT: &str = "Error while executing command: docker build -t $ECR_REPO:$IMAGE_TAG -f Dockerfile.prod .. \
                          Reason: exit status 1 (toomanyrequests: You have reached your unauthenticated pull rate limit)";

/// The phase, code and message of such a build.
pub const FAILED_PHASE: (&str, &str, &str) = ("BUILD", "COMMAND_EXECUTION_ERROR", PULL_LIMIT);

impl Sim {
    /// Executions of a pipeline, newest first.
    pub fn executions(&self, pipeline: usize) -> Vec<Seen> {
        let plan = &self.plan.pipelines[pipeline];
        let runs = || self.runs.iter().filter(|run| run.pipeline == pipeline);
        let mut seen: Vec<Seen> = runs().map(|run| self.run_seen(run)).collect();
        for (stage_index, stage) in plan.stages.iter().enumerate() {
            for (cluster, name) in &stage.deploys {
                let Some(service) = self.find_service(cluster, name) else {
                    continue;
                };
                for (index, rollout) in self.services[service].rollouts.iter().enumerate() {
                    let told = runs().any(|run| run.brought(service, index))
                        || runs().any(|run| run.id == self.execution_id(&rollout.arn));
                    if rollout.by_pipeline && !told {
                        seen.push(self.rollout_seen(pipeline, (service, stage_index), rollout));
                    }
                }
            }
        }
        seen.sort_by(|a, b| b.started.cmp(&a.started).then_with(|| a.id.cmp(&b.id)));
        seen
    }

    /// The id of the execution that ended in a deployment.
    fn execution_id(&self, rollout: &str) -> String {
        signal::uuid(&[self.seed, signal::name(rollout), 71])
    }

    /// The image that a deployment brings.
    fn image_of(&self, rollout: &Rollout) -> String {
        self.revision(&rollout.brings)
            .map_or_else(String::new, |revision| revision.image.clone())
    }

    fn rollout_seen(&self, pipeline: usize, (service, deploy): (usize, usize), rollout: &Rollout) -> Seen {
        let plan = Arc::clone(&self.plan);
        let stages = &plan.pipelines[pipeline].stages;
        let id = self.execution_id(&rollout.arn);
        let started = rollout.started - BEFORE_DEPLOY;
        let mut passages: Vec<Passage> = stages[..deploy]
            .iter()
            .map(|stage| self.passed(stage, (&id, 0), service, started))
            .collect();
        passages.push(deployed(rollout));
        let last = passages.last().map(|passage| (passage.status, passage.since));
        let (status, updated) = last.unwrap_or(("Succeeded", started));
        Seen {
            id,
            service,
            image: self.image_of(rollout),
            started,
            updated,
            status,
            back_to: None,
            passages,
            from: 0,
            waits: false,
            failed_builds: Vec::new(),
        }
    }

    /// A stage that an execution is through.
    fn passed(&self, stage: &Plan, build: (&str, usize), service: usize, started: Ms) -> Passage {
        let at = if !stage.builds.is_empty() {
            started + SOURCE + BUILD
        } else if stage.approval.is_some() {
            started + BEFORE_DEPLOY - 20 * SECOND
        } else {
            started + SOURCE
        };
        Passage {
            status: "Succeeded",
            since: at,
            by: stage.approval.as_ref().map(|_| self.plan.person.clone()),
            summary: stage.approval.as_ref().map(|_| "확인했습니다".to_owned()),
            error: None,
            build: self.build_id(stage, build, service),
        }
    }

    /// The id of the nth build of an execution in a stage: of the project that builds the service's image.
    pub fn build_id(&self, stage: &Plan, (execution, nth): (&str, usize), service: usize) -> Option<String> {
        let project = self.project_of(stage, service)?;
        let id = signal::uuid(&[signal::name(execution), signal::name(&project), nth as u64]);
        Some(format!("{project}:{id}"))
    }

    fn project_of(&self, stage: &Plan, service: usize) -> Option<String> {
        let repository = &self.plan.services[service].repository;
        let builds = self.plan.builds.iter();
        let mut fitting = builds.filter(|build| stage.builds.contains(&build.name));
        fitting
            .find(|build| build.repository == *repository)
            .map(|build| build.name.clone())
    }

    fn run_seen(&self, run: &Run) -> Seen {
        let plan = Arc::clone(&self.plan);
        let stages = &plan.pipelines[run.pipeline].stages;
        let from = if run.back_to.is_some() { run.stage } else { 0 };
        let attempts = run.failed_builds.len();
        let mut passages: Vec<Passage> = stages[from..run.stage]
            .iter()
            .map(|stage| {
                let mut passage = self.passed(stage, (&run.id, attempts), run.service, run.started);
                if let (Some(_), Some((by, said))) = (&stage.approval, &run.answer) {
                    passage.by = Some(by.clone());
                    passage.summary = Some(said.clone());
                }
                passage.since = match run.built.filter(|_| !stage.builds.is_empty()) {
                    Some(built) => built,
                    None => passage.since.min(run.since),
                };
                passage
            })
            .collect();
        if run.state != State::Before {
            passages.push(self.now_in(run, &stages[run.stage]));
        }
        let is_last = run.stage + 1 == stages.len();
        let status = match passages.last().map(|passage| passage.status) {
            Some("Succeeded") if !is_last || run.state == State::Before => "InProgress",
            Some(status) => status,
            None => "InProgress",
        };
        let updated = passages
            .last()
            .map_or(run.since, |passage| passage.since.max(run.since));
        Seen {
            id: run.id.clone(),
            service: run.service,
            image: run.image.clone(),
            started: run.started,
            updated,
            status,
            back_to: run.back_to.clone(),
            passages,
            from,
            waits: run.state == State::Before,
            failed_builds: run.failed_builds.clone(),
        }
    }

    /// The stage that a run is in.
    fn now_in(&self, run: &Run, stage: &Plan) -> Passage {
        if let Some(rollout) = run
            .rollout
            .and_then(|index| self.services[run.service].rollouts.get(index))
        {
            let beside = run.beside.iter().filter_map(|one| {
                let rollouts = &self.services[one.service].rollouts;
                rollouts.get(one.rollout?)
            });
            // The stage is as far as the worst of its deployments.
            let rank = |passage: &Passage| match passage.status {
                "Failed" => 0,
                "InProgress" => 1,
                _ => 2,
            };
            let all = std::iter::once(rollout).chain(beside).map(deployed);
            let worst = all.min_by_key(|passage| (rank(passage), std::cmp::Reverse(passage.since)));
            return worst.unwrap_or_else(|| deployed(rollout));
        }
        let failed = run.state == State::Failed;
        let answer = stage.approval.as_ref().and(run.answer.as_ref());
        // The build that failed is the newest one.
        let attempt = run.failed_builds.len() - usize::from(failed && !stage.builds.is_empty());
        Passage {
            status: match run.state {
                State::Failed => "Failed",
                State::Done => "Succeeded",
                State::Going | State::Before => "InProgress",
            },
            since: run.since,
            by: answer.map(|(by, _)| by.clone()),
            summary: answer.map(|(_, said)| said.clone()),
            error: failed.then(|| match &stage.approval {
                Some(_) => (
                    "Rejected",
                    answer.map_or_else(String::new, |(_, said)| format!("Approval rejected: {said}")),
                ),
                None => ("JobFailed", "Build terminated with state: FAILED".to_owned()),
            }),
            build: self.build_id(stage, (&run.id, attempt), run.service),
        }
    }

    /// Begins an execution that delivers a service; its index. `None` if no pipeline delivers it.
    pub fn begin_run(&mut self, service: usize, image: &str, at: Ms) -> Option<usize> {
        let plan = Arc::clone(&self.plan);
        let wanted = &plan.services[service];
        let is_wanted = |stage: &Plan| {
            let mut deploys = stage.deploys.iter();
            deploys.any(|(cluster, name)| *cluster == wanted.cluster && *name == wanted.name)
        };
        let pipeline = plan
            .pipelines
            .iter()
            .position(|pipeline| pipeline.stages.iter().any(is_wanted))?;
        self.runs.push(Run {
            id: signal::uuid(&[self.seed, signal::name(image), part(at), 72]),
            pipeline,
            service,
            image: image.to_owned(),
            started: at,
            stage: 0,
            state: State::Going,
            since: at,
            answer: None,
            back_to: None,
            rollout: None,
            beside: Vec::new(),
            failed_builds: Vec::new(),
            build_fails: false,
            built: None,
        });
        let run = self.runs.len() - 1;
        self.set_timer(at + SOURCE, Timer::Pipeline { run });
        Some(run)
    }

    /// What a run has waited for has come.
    pub fn step_run(&mut self, run: usize, at: Ms) {
        let plan = Arc::clone(&self.plan);
        let one = &mut self.runs[run];
        let stage = &plan.pipelines[one.pipeline].stages[one.stage];
        // An approval ends by its answer alone, a deployment by itself.
        if one.state != State::Going || stage.approval.is_some() || one.rollout.is_some() {
            return;
        }
        if !stage.builds.is_empty() && one.build_fails {
            one.build_fails = false;
            one.state = State::Failed;
            one.since = at;
            one.failed_builds.push(at);
            return;
        }
        if !stage.builds.is_empty() {
            one.built = Some(at);
        }
        self.enter_next(run, at);
    }

    /// A run goes on to its next stage, or is through.
    fn enter_next(&mut self, run: usize, at: Ms) {
        let one = &mut self.runs[run];
        let last = self.plan.pipelines[one.pipeline].stages.len() - 1;
        one.since = at;
        if one.stage == last {
            one.state = State::Done;
            return;
        }
        one.stage += 1;
        self.enter(run, at);
    }

    /// A run enters its stage, unless somebody keeps it out.
    pub fn enter(&mut self, run: usize, at: Ms) {
        let plan = Arc::clone(&self.plan);
        let one = &mut self.runs[run];
        let pipeline = &plan.pipelines[one.pipeline];
        let stage = &pipeline.stages[one.stage];
        one.since = at;
        if self
            .held
            .contains_key(&(pipeline.name.clone(), stage.name.clone()))
        {
            one.state = State::Before;
            return;
        }
        one.state = State::Going;
        if !stage.deploys.is_empty() {
            let (service, image) = (one.service, one.image.clone());
            let failure = self.failure_of_image(service, &image);
            self.deploy(service, &image, failure, at);
            self.runs[run].rollout = Some(self.services[service].rollouts.len() - 1);
            for nth in 0..self.runs[run].beside.len() {
                let Beside { service, image, .. } = self.runs[run].beside[nth].clone();
                let failure = self.failure_of_image(service, &image);
                self.deploy(service, &image, failure, at);
                self.runs[run].beside[nth].rollout = Some(self.services[service].rollouts.len() - 1);
            }
        } else if !stage.builds.is_empty() {
            self.set_timer(at + BUILD, Timer::Pipeline { run });
        } else if stage.approval.is_none() {
            self.set_timer(at + SOURCE, Timer::Pipeline { run });
        }
    }

    /// How revisions that were made for an image fail.
    fn failure_of_image(&self, service: usize, image: &str) -> Option<super::super::plan::ecs::Failure> {
        let revisions = self.families.get(&self.plan.services[service].family)?;
        let mut made = revisions.iter().rev().filter(|revision| revision.image == image);
        made.next()?.failure
    }

    /// Runs that wait before a stage enter it.
    pub fn let_in(&mut self, stage: &(String, String), at: Ms) {
        let waiting: Vec<usize> = (0..self.runs.len())
            .filter(|index| {
                let run = &self.runs[*index];
                let pipeline = &self.plan.pipelines[run.pipeline];
                run.state == State::Before
                    && pipeline.name == stage.0
                    && pipeline.stages[run.stage].name == stage.1
            })
            .collect();
        for run in waiting {
            self.enter(run, at);
        }
    }

    /// Answers the approval in which a run is.
    pub fn answer_run(&mut self, run: usize, (by, said): (String, String), approved: bool, at: Ms) {
        self.runs[run].answer = Some((by, said));
        if approved {
            self.enter_next(run, at);
        } else {
            self.runs[run].state = State::Failed;
            self.runs[run].since = at;
        }
    }

    /// Runs the stage again in which an execution failed.
    pub fn retry(&mut self, pipeline: usize, stage: usize, seen: &Seen, at: Ms) {
        let run = self.runs.iter().position(|run| run.id == seen.id);
        let run = run.unwrap_or_else(|| {
            self.runs.push(Run {
                id: seen.id.clone(),
                pipeline,
                service: seen.service,
                image: seen.image.clone(),
                started: seen.started,
                stage,
                state: State::Failed,
                since: seen.updated,
                answer: None,
                back_to: None,
                rollout: None,
                beside: Vec::new(),
                failed_builds: Vec::new(),
                build_fails: false,
                built: None,
            });
            self.runs.len() - 1
        });
        self.runs[run].rollout = None;
        self.runs[run].answer = None;
        self.enter(run, at);
    }

    /// Brings a stage back to what an earlier execution delivered; the id of the new execution.
    pub fn roll_stage_back(&mut self, pipeline: usize, stage: usize, to: &Seen, at: Ms) -> String {
        let id = signal::uuid(&[self.seed, signal::name(&to.id), part(at), 73]);
        let beside = self.delivered_beside((pipeline, stage), to);
        self.runs.push(Run {
            id: id.clone(),
            pipeline,
            service: to.service,
            image: to.image.clone(),
            started: at,
            stage,
            state: State::Going,
            since: at,
            answer: None,
            back_to: Some(to.id.clone()),
            rollout: None,
            beside,
            failed_builds: Vec::new(),
            build_fails: false,
            built: None,
        });
        self.enter(self.runs.len() - 1, at);
        id
    }

    /// What an execution would have deployed besides its own service: of each other service of the stage
    /// the image that was the last to be delivered by then.
    fn delivered_beside(&self, (pipeline, stage): (usize, usize), to: &Seen) -> Vec<Beside> {
        let deploys = &self.plan.pipelines[pipeline].stages[stage].deploys;
        deploys
            .iter()
            .filter_map(|(cluster, name)| self.find_service(cluster, name))
            .filter(|service| *service != to.service)
            .filter_map(|service| {
                let delivered = self.services[service]
                    .rollouts
                    .iter()
                    .filter(|rollout| rollout.status == "SUCCESSFUL")
                    .filter(|rollout| rollout.finished.is_some_and(|at| at <= to.updated))
                    .max_by_key(|rollout| rollout.finished)?;
                Some(Beside {
                    service,
                    image: self.image_of(delivered),
                    rollout: None,
                })
            })
            .collect()
    }
}

/// The stage in which a deployment is.
fn deployed(rollout: &Rollout) -> Passage {
    let status = match rollout.status {
        "SUCCESSFUL" => "Succeeded",
        "PENDING" | "IN_PROGRESS" => "InProgress",
        _ => "Failed",
    };
    let reason = rollout.reason.clone();
    Passage {
        status,
        since: rollout.finished.unwrap_or(rollout.started),
        by: None,
        summary: None,
        error: (status == "Failed").then(|| {
            let message = reason.unwrap_or_else(|| "The deployment did not succeed.".to_owned());
            ("JobFailed", message)
        }),
        build: None,
    }
}
