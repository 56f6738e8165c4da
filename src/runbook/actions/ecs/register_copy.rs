//! `ecs.register_copy`: a revision anew, with some images named otherwise.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{service, target};
use crate::domain::ecs::TaskDefinition;
use crate::domain::ecs::short_task_definition;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, ecs};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site, Stamp,
    Undo, Unread, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `ecs.register_copy`.
pub struct RegisterCopy;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    service: String,
    source: String,
    #[serde(default)]
    images: BTreeMap<String, String>,
}

/// `family:revision` taken apart.
pub(super) fn numbered(revision: &str) -> Option<(&str, u32)> {
    let (family, number) = revision.rsplit_once(':')?;
    let number = number.parse().ok()?;
    (!family.is_empty()).then_some((family, number))
}

fn read(with: &Arguments) -> Result<With, BadArguments> {
    let with: With = parse(with)?;
    if numbered(&with.source).is_none() {
        return Err(BadArguments(format!("{} is no family:revision", with.source)));
    }
    Ok(with)
}

/// What must be read of a revision.
pub(super) fn definition(revision: &str) -> Query {
    Query::Ecs(ecs::Read::TaskDefinitions {
        revisions: vec![revision.to_owned()],
    })
}

/// What must be read of the family of a revision.
pub(super) fn family_of(revision: &str) -> Query {
    Query::Ecs(ecs::Read::Revisions {
        family: numbered(revision)
            .map_or(revision, |(family, _)| family)
            .to_owned(),
    })
}

/// The newest revision of the family, active or not: its number is never given again.
fn newest(view: &View, source: &str) -> Result<Option<u32>, Unread> {
    let family = numbered(source).map_or(source, |(family, _)| family);
    let revisions = view.revisions(family)?;
    Ok(revisions.iter().map(|name| name.revision).max())
}

fn revision_of(fields: &crate::runbook::action::Fields) -> Option<&str> {
    fields.get("task_definition").and_then(Value::as_str)
}

/// The images by container that the copy must have.
fn images_of(source: &TaskDefinition, replaced: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    source
        .containers
        .iter()
        .map(|container| {
            let image = replaced.get(&container.name).unwrap_or(&container.image);
            (container.name.clone(), image.clone())
        })
        .collect()
}

impl Action for RegisterCopy {
    fn name(&self) -> &'static str {
        "ecs.register_copy"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Registers a revision of a task definition that is a copy of another, but for some images.\n\
                Everything else, environment and secrets included, is read and sent in one go and written \
                down nowhere. It gets the next number of its family, which the plan names; if somebody \
                registers one at the same moment the run stops. Needs iam:PassRole for the roles that the \
                task definition names. Nothing runs of it until it is deployed, and undo leaves it.",
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The cluster's name."),
                FieldSchema::required("service", Type::Text, "The service that it is for."),
                FieldSchema::required("source", Type::Text, "`family:revision`, active or not."),
                FieldSchema::optional(
                    "images",
                    Type::Map(Box::new(Type::Text)),
                    "the source's own",
                    "Images by container, for containers that get another one.",
                ),
            ],
            outputs: vec![OutputSchema::new(
                "task_definition",
                Type::Text,
                "The new revision.",
            )],
            live: Vec::new(),
            risk: Risk::Reversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::EcsService),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 5,
            timeout_s: 2 * 60,
            settle_s: 20,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with = read(with)?;
        Ok(vec![
            Query::Ecs(ecs::Read::Fleet),
            family_of(&with.source),
            definition(&with.source),
        ])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted = read(with)?;
        let service = service(view, &wanted.cluster, &wanted.service)?;
        let source = view
            .task_definition(&wanted.source)?
            .ok_or_else(|| Refusal::absent(format!("there is no task definition {}", wanted.source)))?;
        if !matches!(source.status.as_str(), "ACTIVE" | "INACTIVE") {
            return Err(Refusal::state(format!("{} is {}", wanted.source, source.status)));
        }
        for container in wanted.images.keys() {
            if !source.containers.iter().any(|known| known.name == *container) {
                return Err(Refusal::state(format!(
                    "{} has no container {container}",
                    wanted.source
                )));
            }
        }
        let last = newest(view, &wanted.source)?
            .unwrap_or(source.revision)
            .max(source.revision);
        let next = last
            .checked_add(1)
            .ok_or_else(|| Refusal::state(format!("{} has no number left", source.family)))?;
        let name = |number: u32| format!("{}:{number}", source.family);
        let mut summary = format!("register {} as a copy of {}", name(next), wanted.source);
        for (container, image) in &wanted.images {
            summary.push_str(&format!(", {container} with {image}"));
        }
        Ok(Proposal::one(Change {
            summary,
            before: fields([("task_definition", json!(name(last)))]),
            after: fields([("task_definition", json!(name(next)))]),
            ..Change::draft(self, target(site, service), with)
        }))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = read(&change.with) else {
            return Sight::Gone;
        };
        match (
            view.service(&with.cluster, &with.service),
            newest(view, &with.source),
        ) {
            (Err(unread), _) | (_, Err(unread)) => Sight::Unreadable(unread),
            (Ok(None), _) => Sight::Gone,
            (Ok(Some(_)), Ok(last)) => {
                let (family, own) = numbered(&with.source).unwrap_or((&with.source, 0));
                let last = last.map_or(own, |last| last.max(own));
                Sight::Here(fields([("task_definition", json!(format!("{family}:{last}")))]))
            }
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with = read(&change.with)?;
        Ok(Mutation::Ecs(ecs::Write::RegisterCopy {
            source: with.source,
            images: with.images.into_iter().collect(),
        }))
    }

    fn watch(&self, change: &Change, _applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        let mut queries = self.reads(&change.with)?;
        queries.extend(revision_of(&change.after).map(definition));
        Ok(queries)
    }

    fn progress(&self, change: &Change, applied: &Applied, view: &View) -> Progress {
        let (Ok(with), Some(wanted)) = (read(&change.with), revision_of(&change.after)) else {
            return Progress::Failed("the change names no revision".to_owned());
        };
        if let Some(made) = applied.receipt.created.as_deref().map(short_task_definition)
            && made != wanted
        {
            return Progress::Failed(format!(
                "it was registered as {made} instead of {wanted}, since somebody registered another revision at \
                 the same moment: plan again"
            ));
        }
        Progress::of(
            view.task_definition(&with.source),
            &with.source,
            |source| match view.task_definition(wanted) {
                Err(_) | Ok(None) => Progress::Waiting(format!("{wanted} does not show yet")),
                Ok(Some(made)) if images_of(made, &BTreeMap::new()) == images_of(source, &with.images) => {
                    Progress::Done
                }
                Ok(Some(_)) => Progress::Failed(format!(
                    "{wanted} was registered by somebody else, and is no copy of {}",
                    with.source
                )),
            },
        )
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::NotNeeded("a revision that nothing runs costs nothing")
    }

    fn project(&self, change: &Change, view: &mut View) {
        let (Ok(with), Some((_, number))) =
            (read(&change.with), revision_of(&change.after).and_then(numbered))
        else {
            return;
        };
        let Ok(Some(source)) = view.task_definition(&with.source) else {
            return;
        };
        let mut copy = source.clone();
        copy.revision = number;
        copy.arn = copy
            .arn
            .rsplit_once(':')
            .map_or_else(String::new, |(family, _)| format!("{family}:{number}"));
        "ACTIVE".clone_into(&mut copy.status);
        for container in &mut copy.containers {
            if let Some(image) = with.images.get(&container.name) {
                container.image.clone_from(image);
            }
        }
        view.add_revision(copy);
    }
}
