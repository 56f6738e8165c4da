//! `ecs.deploy`: another revision of a service's task definition.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rollout::{self, Wanted};
use super::{controlled_by_ecs, history, owner_warning, service, sight, target};
use crate::domain::ecs::{Service, ServiceDeployment, TaskDefinition};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, ecs};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `ecs.deploy`.
pub struct Deploy;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    service: String,
    task_definition: String,
    #[serde(default)]
    undo: Return,
}

/// What undo does.
#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Return {
    /// The revision before is deployed.
    #[default]
    Deploy,
    /// Nothing: the revision before was not well.
    Leave,
}

/// The word for the revision that ran before the present one and was well.
pub(super) const LAST_GOOD: &str = "last-good";

fn read(with: &Arguments) -> Result<With, BadArguments> {
    let with: With = parse(with)?;
    if with.task_definition == LAST_GOOD {
        return Ok(with);
    }
    let revision = with
        .task_definition
        .rsplit_once(':')
        .is_some_and(|(family, number)| !family.is_empty() && number.parse::<u32>().is_ok());
    if revision {
        Ok(with)
    } else {
        Err(BadArguments(format!(
            "{} is no family:revision, and a bare family would mean its latest revision",
            with.task_definition
        )))
    }
}

pub(super) fn task_definitions(revision: &str) -> Query {
    Query::Ecs(ecs::Read::TaskDefinitions {
        revisions: vec![revision.to_owned()],
    })
}

/// The revision that is meant. The last good one is never simply the number before, which may not have
/// been deployed at all, or have been the broken one.
fn resolved(wanted: &With, service: &Service, deployments: &[ServiceDeployment]) -> Result<String, Refusal> {
    if wanted.task_definition != LAST_GOOD {
        return Ok(wanted.task_definition.clone());
    }
    let name = &service.name;
    if history::under_way(deployments).is_some() {
        return Err(Refusal::state(format!(
            "a deployment of {name} is under way: stop it with ecs.stop_deployment, which goes back by itself"
        )));
    }
    history::last_good(service, deployments)
        .and_then(|good| history::brings(good.deployment))
        // One number with two images cannot be told apart by its name: `ecs.rollback` pins the image.
        .filter(|revision| *revision != service.task_definition)
        .map(str::to_owned)
        .ok_or_else(|| {
            Refusal::state(format!(
                "AWS knows no successful deployment of {name} that brought another revision: name it"
            ))
        })
}

/// The change of a service to another revision.
pub(super) fn change(service: &Service, (revision, undo): (&str, Return), site: &Site<'_>) -> Change {
    let mut with = Arguments::new();
    for (name, value) in [
        ("cluster", &service.cluster[..]),
        ("service", &service.name),
        ("task_definition", revision),
    ] {
        with.insert(name.to_owned(), json!(value));
    }
    if undo == Return::Leave {
        with.insert("undo".to_owned(), json!(undo));
    }
    Change {
        summary: format!("{} → {revision}", service.task_definition),
        before: fields([("task_definition", json!(service.task_definition))]),
        after: fields([("task_definition", json!(revision))]),
        impact: Impact {
            tasks_removed: service.running,
            dependents: service
                .target_groups
                .iter()
                .filter_map(|arn| arn.split('/').nth(1))
                .map(|name| format!("target group {name}"))
                .collect(),
            ..Impact::default()
        },
        ..Change::draft(&Deploy, target(site, service), &with)
    }
}

/// The task definition that a change leads to.
fn wanted(change: &Change) -> Result<&str, BadArguments> {
    change
        .after
        .get("task_definition")
        .and_then(Value::as_str)
        .ok_or_else(|| BadArguments("the change has no task definition".to_owned()))
}

impl Action for Deploy {
    fn name(&self) -> &'static str {
        "ecs.deploy"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Deploys a revision of a task definition to an ECS service.\n\
                Nothing but the revision is sent: a desired count would overwrite what scaling has set. The \
                revision must be active; `last-good` is that of the newest successful deployment that \
                brought something else than what runs. It has succeeded once it is the one primary, completed deployment, \
                and AWS calls the deployment itself successful; that the service is stable proves nothing. \
                Services of CodeDeploy and of external controllers are refused. Undo deploys the revision \
                before.",
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The cluster's name."),
                FieldSchema::required("service", Type::Text, "The service."),
                FieldSchema::required(
                    "task_definition",
                    Type::Text,
                    "`family:revision`, or `last-good`.",
                ),
                FieldSchema::optional(
                    "undo",
                    Type::Text,
                    "`deploy`",
                    "Whether undo deploys the revision before, or leaves what is there since that one was not well.",
                )
                .one_of(&["deploy", "leave"]),
            ],
            outputs: vec![OutputSchema::new("task_definition", Type::Text, "The revision.")],
            live: vec![OutputSchema::new("task_definition", Type::Text, "The revision.")],
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::EcsService),
        }
    }

    fn pace(&self) -> Pace {
        rollout::PACE
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with = read(with)?;
        let mut queries = rollout::reads(&with.cluster, &with.service);
        if with.task_definition != LAST_GOOD {
            queries.push(task_definitions(&with.task_definition));
        }
        Ok(queries)
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        let Ok(with) = read(with) else {
            return Vec::new();
        };
        let service = view.service(&with.cluster, &with.service).ok().flatten();
        let history = view.deployments(&with.cluster, &with.service).ok();
        match (service, history) {
            (Some(service), Some(history)) => resolved(&with, service, history)
                .map(|revision| vec![task_definitions(&revision)])
                .unwrap_or_default(),
            _ => Vec::new(),
        }
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
        let revision = &resolved(&wanted, service, known)?;
        let definition = view
            .task_definition(revision)?
            .ok_or_else(|| Refusal::absent(format!("there is no task definition {revision}")))?;
        if definition.status != "ACTIVE" {
            return Err(Refusal::state(format!(
                "{revision} is {}, and ECS deploys only active revisions: register it anew",
                definition.status
            )));
        }
        if &service.task_definition == revision {
            return Ok(Proposal::nothing());
        }
        let mut proposal = Proposal::one(change(service, (revision, wanted.undo), site));
        proposal.warnings = warnings(service, definition);
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        match read(&change.with) {
            Ok(with) => sight(view, (&with.cluster, &with.service), |service| {
                fields([("task_definition", json!(service.task_definition))])
            }),
            Err(_) => Sight::Gone,
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with = read(&change.with)?;
        Ok(Mutation::Ecs(ecs::Write::UpdateService {
            cluster: with.cluster,
            service: with.service,
            task_definition: Some(wanted(change)?.to_owned()),
            desired: None,
            force_new_deployment: false,
        }))
    }

    fn progress(&self, change: &Change, applied: &Applied, view: &View) -> Progress {
        match (read(&change.with), wanted(change)) {
            (Ok(with), Ok(revision)) => rollout::progress(
                &Wanted {
                    cluster: &with.cluster,
                    service: &with.service,
                    task_definition: revision,
                    replaces: None,
                },
                applied,
                view,
            ),
            (Err(error), _) | (_, Err(error)) => Progress::Failed(error.to_string()),
        }
    }

    fn invert(&self, change: &Change) -> Undo {
        let revision = |fields: &crate::runbook::action::Fields| {
            fields
                .get("task_definition")
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let leaves = read(&change.with).is_ok_and(|with| with.undo == Return::Leave);
        match (revision(&change.before), revision(&change.after)) {
            (Some(before), _) if leaves => Undo::Impossible(format!(
                "{before} was not well, and is not deployed again: name the revision that is wanted"
            )),
            (Some(before), Some(after)) => {
                let mut back = change.swapped(format!("{after} → {before}"));
                back.with.insert("task_definition".to_owned(), json!(before));
                Undo::By(vec![back])
            }
            _ => Undo::Impossible("the revision before is not known".to_owned()),
        }
    }

    fn project(&self, change: &Change, view: &mut View) {
        if let (Ok(with), Ok(revision)) = (read(&change.with), wanted(change)) {
            rollout::project(
                &Wanted {
                    cluster: &with.cluster,
                    service: &with.service,
                    task_definition: revision,
                    replaces: None,
                },
                view,
            );
        }
    }
}

fn warnings(service: &Service, definition: &TaskDefinition) -> Vec<String> {
    let name = &service.name;
    let mut warnings: Vec<String> = owner_warning(service).into_iter().collect();
    if service.is_deploying() {
        warnings.push(format!(
            "{name}: a deployment of {} is under way",
            service.task_definition
        ));
    }
    if service.desired == 0 {
        warnings.push(format!(
            "{name}: no task is wanted, so nothing will prove the revision"
        ));
    }
    for container in &definition.containers {
        if !container.image.contains("@sha256:") {
            warnings.push(format!(
                "{name}: the image {} is a tag, and may not be what it was when the revision ran",
                container.image
            ));
        }
    }
    warnings
}
