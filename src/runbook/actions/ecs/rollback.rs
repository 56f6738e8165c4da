//! `ecs.rollback`: back to a revision that was well, whatever has to be done for it.

use serde::Deserialize;
use serde_json::Value;

use super::deploy::{self, Deploy, LAST_GOOD, Return};
use super::register_copy::{RegisterCopy, definition, family_of, numbered};
use super::stop_deployment::StopDeployment;
use super::{controlled_by_ecs, deployments, history, owner_warning, pin, service};
use crate::domain::ecs::{Service, ServiceDeployment};
use crate::domain::fault::FaultKind;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, application_auto_scaling, codepipeline, ecs};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site, Stamp,
    Undo, Unread, View, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `ecs.rollback`.
pub struct Rollback;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    service: String,
    #[serde(default = "last_good")]
    task_definition: String,
}

fn last_good() -> String {
    LAST_GOOD.to_owned()
}

fn read(with: &Arguments) -> Result<With, BadArguments> {
    let with: With = parse(with)?;
    if with.task_definition != LAST_GOOD && numbered(&with.task_definition).is_none() {
        return Err(BadArguments(format!(
            "{} is no family:revision, and a bare family would mean its latest revision",
            with.task_definition
        )));
    }
    Ok(with)
}

/// The action that makes a change which this one proposed.
fn maker(change: &Change) -> &'static dyn Action {
    match change.action.as_str() {
        "ecs.stop_deployment" => &StopDeployment,
        "ecs.register_copy" => &RegisterCopy,
        _ => &Deploy,
    }
}

/// Where the service is to go.
struct Goal<'v> {
    /// `family:revision`.
    revision: &'v str,
    /// The deployment that brought it, if one is known.
    deployment: Option<&'v ServiceDeployment>,
    warnings: Vec<String>,
}

/// The state of a service before anything is done.
enum Way<'v> {
    /// Everything is as wanted: why.
    Nothing(String),
    /// The deployment under way is stopped, which leads to the goal by itself.
    Stop,
    /// The deployment under way is stopped, and the goal is deployed then.
    StopAndDeploy(Goal<'v>),
    /// The goal is deployed.
    Deploy(Goal<'v>),
}

/// Which way it is from here, by the deployment history.
fn way<'v>(wanted: &'v With, service: &Service, known: &'v [ServiceDeployment]) -> Result<Way<'v>, Refusal> {
    let name = &service.name;
    if let Some(going_back) = history::going_back(known) {
        return Err(Refusal::state(format!(
            "ECS is taking back the deployment of {} already ({}): wait for it, and look again",
            history::brings(going_back).unwrap_or("an unknown revision"),
            going_back.status
        )));
    }
    let under_way = history::under_way(known);
    let stops_at = under_way
        .and_then(|_| history::completed(known))
        .and_then(history::brings);
    if under_way.is_none() && wanted.task_definition == service.task_definition {
        return Ok(Way::Nothing(format!(
            "{name}: {} is what it runs already; ecs-restart starts its tasks anew",
            service.task_definition
        )));
    }
    if wanted.task_definition != LAST_GOOD {
        let goal = Goal {
            revision: &wanted.task_definition,
            deployment: known
                .iter()
                .filter(|deployment| history::brings(deployment) == Some(&wanted.task_definition))
                .filter(|deployment| deployment.status == "SUCCESSFUL")
                .max_by_key(|deployment| deployment.started_at),
            warnings: Vec::new(),
        };
        return Ok(match stops_at {
            Some(good) if good == wanted.task_definition => Way::Stop,
            Some(_) => Way::StopAndDeploy(goal),
            // Nothing to go back to: the new deployment replaces the one under way.
            None => Way::Deploy(goal),
        });
    }
    if under_way.is_some() {
        return match stops_at {
            Some(_) => Ok(Way::Stop),
            None => Err(Refusal::state(format!(
                "a deployment of {name} is under way, and no successful one is known to go back to: name the revision"
            ))),
        };
    }
    if let Some(last) = history::rolled_back_already(service, known) {
        return Ok(Way::Nothing(format!(
            "{name}: ECS has taken back {} already, and {} runs; name a revision to go further back",
            history::brings(last).unwrap_or("the newest deployment"),
            service.task_definition
        )));
    }
    let good = history::last_good(service, known).ok_or_else(|| {
        Refusal::state(format!(
            "AWS knows no successful deployment of {name} that brought anything else (it forgets after about 90 \
             days): name the revision"
        ))
    })?;
    let mut warnings: Vec<String> = good
        .passed_over
        .iter()
        .map(|revision| format!("{name}: {revision} is passed over, since somebody went back from it"))
        .collect();
    if history::succeeded(service, known) && service.running >= service.desired && service.desired > 0 {
        warnings.push(format!(
            "{name}: {} is a deployment that succeeded, and {} of {} tasks run: be sure that it is what is bad",
            service.task_definition, service.running, service.desired
        ));
    }
    Ok(Way::Deploy(Goal {
        revision: history::brings(good.deployment).unwrap_or_default(),
        deployment: Some(good.deployment),
        warnings,
    }))
}

impl Goal<'_> {
    /// Registers a copy where that is needed, and deploys.
    fn changes(
        self,
        service: &Service,
        (known, view, undo): (&With, &View, Return),
        site: &Site<'_>,
    ) -> Result<Proposal, Refusal> {
        let Goal {
            revision,
            deployment,
            mut warnings,
        } = self;
        let absent = || Refusal::absent(format!("there is no task definition {revision}"));
        let wanted = match view.task_definition(revision) {
            Ok(found) => found.ok_or_else(absent)?,
            Err(Unread::Failed(fault)) if fault.kind == FaultKind::NotFound => return Err(absent()),
            Err(unread) => return Err(unread.into()),
        };
        if !matches!(wanted.status.as_str(), "ACTIVE" | "INACTIVE") {
            return Err(Refusal::state(format!("{revision} is {}", wanted.status)));
        }
        let pins = pin::judge(
            &pin::Wanted {
                definition: wanted,
                // Only tells what is shared; a revision that is gone shares nothing.
                current: view.task_definition(&service.task_definition).ok().flatten(),
                deployment,
                tasks: view.tasks(&known.cluster, &known.service).unwrap_or_default(),
            },
            view,
            site,
        )?;
        warnings.extend(pins.warnings);
        warnings.extend(wanted.containers.iter().map(|container| {
            let image = pins.images.get(&container.name).unwrap_or(&container.image);
            // Which registry it is says nothing: its account and region are those of the plan.
            let image = image.split_once('/').map_or(image.as_str(), |(_, short)| short);
            format!("{revision} runs {image} in its container {}", container.name)
        }));
        let mut changes = Vec::new();
        let mut deployed = revision.to_owned();
        if wanted.status != "ACTIVE" || !pins.images.is_empty() {
            let mut with = Arguments::new();
            for (name, value) in [
                ("cluster", Value::from(known.cluster.as_str())),
                ("service", Value::from(known.service.as_str())),
                ("source", Value::from(revision)),
            ] {
                with.insert(name.to_owned(), value);
            }
            if !pins.images.is_empty() {
                let images = pins
                    .images
                    .iter()
                    .map(|(name, image)| (name.clone(), image.as_str().into()));
                with.insert("images".to_owned(), Value::Object(images.collect()));
            }
            let mut copy = RegisterCopy.plan(&with, view, site)?;
            if let Some(change) = copy.changes.first()
                && let Some(made) = change.after.get("task_definition").and_then(Value::as_str)
            {
                made.clone_into(&mut deployed);
            }
            if wanted.status != "ACTIVE" {
                warnings.push(format!(
                    "{revision} is INACTIVE, and ECS deploys only active revisions: {deployed} is registered as its copy"
                ));
            }
            changes.append(&mut copy.changes);
        }
        if service.task_definition == deployed {
            return Ok(Proposal {
                changes,
                warnings,
                ..Proposal::default()
            });
        }
        if service.desired == 0 {
            warnings.push(format!(
                "{}: no task is wanted, so nothing will prove {deployed}",
                service.name
            ));
        }
        changes.push(deploy::change(service, (&deployed, undo), site));
        Ok(Proposal {
            changes,
            warnings,
            ..Proposal::default()
        })
    }
}

/// What somebody should know whichever way it goes.
fn general_warnings(service: &Service, wanted: &With, view: &View) -> Vec<String> {
    let name = &service.name;
    let mut warnings = vec![format!(
        "{name}: migrations of databases and whatever else the newer build did to data are not rolled back"
    )];
    warnings.extend(owner_warning(service));
    match view.scalable_target(&wanted.cluster, &wanted.service) {
        Ok(Some(target)) if target.min > service.desired => warnings.push(format!(
            "{name}: {} tasks are wanted, fewer than the {} that Application Auto Scaling keeps: it may start \
             more while this runs",
            service.desired, target.min
        )),
        Ok(_) => {}
        Err(unread) => warnings.push(format!("{name}: its scaling is not known: {unread}")),
    }
    match view.pipelines() {
        Ok(pipelines) => {
            for pipeline in pipelines {
                for stage in pipeline
                    .stages_of(&wanted.cluster, &wanted.service)
                    .filter(|stage| stage.enabled)
                {
                    warnings.push(format!(
                        "the pipeline {} deploys {name} in its stage {}, and its next execution brings the newer \
                         build again: hold it with hold_pipeline",
                        pipeline.name, stage.name
                    ));
                }
            }
        }
        Err(unread) => warnings.push(format!(
            "{name}: which pipelines deploy it is not known: {unread}"
        )),
    }
    warnings
}

impl Action for Rollback {
    fn name(&self) -> &'static str {
        "ecs.rollback"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Takes an ECS service back to a revision that was well.\n\
                A deployment under way is stopped with rollback. Otherwise the last good revision is deployed: \
                that of the newest successful deployment which brought something else and which nobody has \
                gone back from. Images are checked in ECR; a tag that means another image by now is replaced by \
                the digest that was recorded, and a revision that was deregistered is registered again, both as \
                a copy whose environment is written down nowhere. No count is ever sent. Services of CodeDeploy \
                and of external controllers are refused. It has succeeded once the wanted revision is the one \
                primary, completed deployment; a circuit breaker that goes back again is a failure. Undo deploys \
                the revision before if that was well; a stopped deployment is not started again.",
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The cluster's name."),
                FieldSchema::required("service", Type::Text, "The service."),
                FieldSchema::optional(
                    "task_definition",
                    Type::Text,
                    "`last-good`",
                    "`family:revision`, or `last-good`.",
                ),
            ],
            outputs: vec![OutputSchema::new(
                "task_definition",
                Type::Text,
                "The revision that runs afterwards; `last-good` if there was nothing to do.",
            )],
            live: vec![OutputSchema::new("task_definition", Type::Text, "The revision.")],
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::EcsService),
        }
    }

    fn pace(&self) -> Pace {
        Deploy.pace()
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with = read(with)?;
        Ok(vec![
            Query::Ecs(ecs::Read::Fleet),
            deployments(&with.cluster, &with.service),
            Query::Ecs(ecs::Read::Tasks {
                cluster: with.cluster,
                service: with.service,
            }),
            Query::ApplicationAutoScaling(application_auto_scaling::Read::EcsTargets),
            Query::CodePipeline(codepipeline::Read::Pipelines),
        ])
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        let Ok(with) = read(with) else {
            return Vec::new();
        };
        let service = view.service(&with.cluster, &with.service).ok().flatten();
        let known = view.deployments(&with.cluster, &with.service);
        let Some(service) = service else {
            return Vec::new();
        };
        let Ok(Way::Deploy(goal) | Way::StopAndDeploy(goal)) = way(&with, service, known.unwrap_or_default())
        else {
            return Vec::new();
        };
        let mut queries = vec![
            definition(goal.revision),
            definition(&service.task_definition),
            family_of(goal.revision),
        ];
        if let Ok(Some(wanted)) = view.task_definition(goal.revision) {
            queries.extend(pin::reads(wanted, &service.arn));
        }
        queries
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted = read(with)?;
        let service = service(view, &wanted.cluster, &wanted.service)?;
        controlled_by_ecs(service)?;
        // Endpoints without a history can still be told the revision.
        let known = match view.deployments(&wanted.cluster, &wanted.service) {
            Ok(known) => known,
            Err(unread) if wanted.task_definition == LAST_GOOD => return Err(unread.into()),
            Err(_) => &[],
        };
        let stop = || {
            let mut with = Arguments::new();
            with.insert("cluster".to_owned(), wanted.cluster.as_str().into());
            with.insert("service".to_owned(), wanted.service.as_str().into());
            StopDeployment.plan(&with, view, site)
        };
        let mut proposal = match way(&wanted, service, known)? {
            Way::Nothing(why) => return Ok(Proposal::nothing().warn(why)),
            Way::Stop => {
                let mut stop = stop()?;
                stop.warnings.clear();
                stop
            }
            Way::StopAndDeploy(goal) => {
                let mut stop = stop()?;
                let mut after = view.clone();
                for change in &stop.changes {
                    StopDeployment.project(change, &mut after);
                }
                let service = self::service(&after, &wanted.cluster, &wanted.service)?;
                let rest = goal.changes(service, (&wanted, &after, Return::Deploy), site)?;
                stop.changes.extend(rest.changes);
                stop.warnings = rest.warnings;
                stop
            }
            Way::Deploy(goal) => {
                // Nobody wants the revision again that never came up.
                let undo = if history::is_well(service, known) {
                    Return::Deploy
                } else {
                    Return::Leave
                };
                goal.changes(service, (&wanted, view, undo), site)?
            }
        };
        if !proposal.changes.is_empty() {
            proposal.warnings.extend(general_warnings(service, &wanted, view));
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        maker(change).sight(change, view)
    }

    fn apply(&self, change: &Change, stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        maker(change).apply(change, stamp)
    }

    fn watch(&self, change: &Change, applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        maker(change).watch(change, applied)
    }

    fn progress(&self, change: &Change, applied: &Applied, view: &View) -> Progress {
        maker(change).progress(change, applied, view)
    }

    fn invert(&self, change: &Change) -> Undo {
        maker(change).invert(change)
    }

    fn project(&self, change: &Change, view: &mut View) {
        maker(change).project(change, view);
    }
}
