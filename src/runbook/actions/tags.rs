//! `tags.put` and `tags.remove`: a tag on a resource. What one run has to tell a later one, perhaps from
//! another host, is kept in AWS itself.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::ids::{Kind, Tag, tag};
use crate::domain::ops::{Mutation, Query, autoscaling, ec2, ecs, lambda, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site, Stamp,
    Target, Undo, Unread, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// Writes or removes a tag.
pub struct Tagging {
    to: To,
}

/// `tags.put`.
pub const PUT: Tagging = Tagging { to: To::There };

/// `tags.remove`.
pub const REMOVE: Tagging = Tagging { to: To::Gone };

#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    There,
    Gone,
}

/// The most characters that AWS takes in a value.
pub const MOST_VALUE: usize = 256;

/// The most characters that AWS takes in a key.
const MOST_KEY: usize = 128;

/// The most tags that a resource can have; those of AWS itself do not count.
const MOST_TAGS: usize = 50;

/// What tags hang on.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Holder {
    Asg,
    Ec2Instance,
    EcsService,
    RdsCluster,
    RdsInstance,
    Lambda,
}

const HOLDERS: &[&str] = &[
    "asg",
    "ec2-instance",
    "ecs-service",
    "rds-cluster",
    "rds-instance",
    "lambda",
];

/// What every change here names; a `value` is there only where one is to be written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    kind: Holder,
    resource: String,
    key: String,
    value: Option<String>,
}

/// A resource that can be tagged.
struct Found<'v> {
    id: &'v str,
    name: &'v str,
    tags: &'v [Tag],
}

impl Holder {
    const fn kind(self) -> Kind {
        match self {
            Self::Asg => Kind::Asg,
            Self::Ec2Instance => Kind::Ec2Instance,
            Self::EcsService => Kind::EcsService,
            Self::RdsCluster => Kind::RdsCluster,
            Self::RdsInstance => Kind::RdsInstance,
            Self::Lambda => Kind::Lambda,
        }
    }

    fn query(self, resource: &str) -> Query {
        match self {
            Self::Asg => Query::AutoScaling(autoscaling::Read::Groups),
            Self::Ec2Instance => Query::Ec2(ec2::Read::Instances),
            Self::EcsService => Query::Ecs(ecs::Read::Fleet),
            Self::RdsCluster => Query::Rds(rds::Read::Clusters),
            Self::RdsInstance => Query::Rds(rds::Read::Instances),
            Self::Lambda => super::lambda::query(resource),
        }
    }

    fn find<'v>(self, view: &'v View, resource: &str) -> Result<Option<Found<'v>>, Unread> {
        Ok(match self {
            Self::Asg => view.group(resource)?.map(|group| Found {
                id: &group.arn,
                name: &group.name,
                tags: &group.tags,
            }),
            Self::Ec2Instance => view.instance(resource)?.map(|instance| Found {
                id: &instance.id,
                name: instance.name.as_deref().unwrap_or(&instance.id),
                tags: &instance.tags,
            }),
            Self::EcsService => view.service_by_arn(resource)?.map(|service| Found {
                id: &service.arn,
                name: &service.name,
                tags: &service.tags,
            }),
            Self::RdsCluster => view.db_cluster(resource)?.map(|cluster| Found {
                id: &cluster.arn,
                name: &cluster.name,
                tags: &cluster.tags,
            }),
            Self::RdsInstance => view.db_instance(resource)?.map(|db| Found {
                id: &db.arn,
                name: &db.name,
                tags: &db.tags,
            }),
            Self::Lambda => view.function(resource)?.map(|function| Found {
                id: &function.arn,
                name: &function.name,
                tags: &function.tags,
            }),
        })
    }

    fn tags_mut<'v>(self, view: &'v mut View, resource: &str) -> Option<&'v mut Vec<Tag>> {
        match self {
            Self::Asg => view.group_mut(resource).map(|group| &mut group.tags),
            Self::Ec2Instance => view.instance_mut(resource).map(|instance| &mut instance.tags),
            Self::EcsService => view.service_by_arn_mut(resource).map(|service| &mut service.tags),
            Self::RdsCluster => view
                .db_clusters_mut()?
                .iter_mut()
                .find(|cluster| cluster.name == resource)
                .map(|cluster| &mut cluster.tags),
            Self::RdsInstance => view
                .db_instances_mut()?
                .iter_mut()
                .find(|db| db.name == resource)
                .map(|db| &mut db.tags),
            Self::Lambda => view.function_mut(resource).map(|function| &mut function.tags),
        }
    }

    /// The call that writes the tag or removes it.
    fn call(self, target: &Target, resource: &str, key: &str, value: Option<&str>) -> Mutation {
        let tags = value.map(|value| {
            vec![Tag {
                key: key.to_owned(),
                value: value.to_owned(),
            }]
        });
        let keys = vec![key.to_owned()];
        let id = target.id.clone();
        match (self, tags) {
            (Self::Asg, Some(tags)) => Mutation::AutoScaling(autoscaling::Write::PutTags {
                group: resource.to_owned(),
                tags,
            }),
            (Self::Asg, None) => Mutation::AutoScaling(autoscaling::Write::DeleteTags {
                group: resource.to_owned(),
                keys,
            }),
            (Self::Ec2Instance, Some(tags)) => Mutation::Ec2(ec2::Write::PutTags { instance: id, tags }),
            (Self::Ec2Instance, None) => Mutation::Ec2(ec2::Write::DeleteTags { instance: id, keys }),
            (Self::EcsService, Some(tags)) => Mutation::Ecs(ecs::Write::PutTags { service: id, tags }),
            (Self::EcsService, None) => Mutation::Ecs(ecs::Write::DeleteTags { service: id, keys }),
            (Self::RdsCluster | Self::RdsInstance, Some(tags)) => {
                Mutation::Rds(rds::Write::PutTags { arn: id, tags })
            }
            (Self::RdsCluster | Self::RdsInstance, None) => {
                Mutation::Rds(rds::Write::DeleteTags { arn: id, keys })
            }
            (Self::Lambda, Some(tags)) => Mutation::Lambda(lambda::Write::PutTags { function: id, tags }),
            (Self::Lambda, None) => Mutation::Lambda(lambda::Write::DeleteTags { function: id, keys }),
        }
    }
}

impl Tagging {
    fn read(&self, with: &Arguments) -> Result<With, BadArguments> {
        let with: With = parse(with)?;
        match (self.to, &with.value) {
            (To::There, None) => return Err(BadArguments("value is missing".to_owned())),
            (To::Gone, Some(_)) => return Err(BadArguments("tags.remove takes no value".to_owned())),
            _ => {}
        }
        let long = |text: &str, most: usize| text.chars().count() > most;
        if with.key.is_empty() || long(&with.key, MOST_KEY) || with.key.starts_with("aws:") {
            return Err(BadArguments(format!("{:?} cannot be a tag's key", with.key)));
        }
        if with.value.as_ref().is_some_and(|value| long(value, MOST_VALUE)) {
            return Err(BadArguments(format!(
                "the value of the tag {} is longer than AWS's {MOST_VALUE} characters",
                with.key
            )));
        }
        Ok(with)
    }
}

impl Action for Tagging {
    fn name(&self) -> &'static str {
        match self.to {
            To::There => "tags.put",
            To::Gone => "tags.remove",
        }
    }

    fn schema(&self) -> ActionSchema {
        let mut schema = ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: match self.to {
                To::There => {
                    "Writes a tag on a resource.\n\
                     On a group it is not passed on to instances. Undo brings back the value before, or removes it."
                }
                To::Gone => "Removes a tag of a resource.\nUndo writes it again as it was.",
            },
            fields: vec![
                FieldSchema::required("kind", Type::Text, "The kind of resource.").one_of(HOLDERS),
                FieldSchema::required(
                    "resource",
                    Type::Text,
                    "The group's, DB instance's or function's name, the instance's id, the service's ARN.",
                ),
                FieldSchema::required("key", Type::Text, "The tag's key."),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Reversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Immediate,
            planning: Planning::Planned,
            target: None,
        };
        if self.to == To::There {
            let value = FieldSchema::required("value", Type::Text, "Its value, at most 256 characters.");
            schema.fields.push(value);
        }
        schema
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 5,
            timeout_s: 2 * 60,
            settle_s: 15,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with = self.read(with)?;
        Ok(vec![with.kind.query(&with.resource)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted = self.read(with)?;
        let found = wanted.kind.find(view, &wanted.resource)?.ok_or_else(|| {
            Refusal::absent(format!("there is no {} {}", wanted.kind.kind(), wanted.resource))
        })?;
        let before = tag(found.tags, &wanted.key);
        if before == wanted.value.as_deref() {
            return Ok(Proposal::nothing());
        }
        let own = found
            .tags
            .iter()
            .filter(|tag| !tag.key.starts_with("aws:"))
            .count();
        if before.is_none() && own >= MOST_TAGS {
            return Err(Refusal::state(format!(
                "{} has {own} tags, as many as AWS allows: nothing can be noted on it",
                found.name
            )));
        }
        Ok(Proposal::one(Change {
            summary: match &wanted.value {
                Some(value) => format!("tag {} = {value}", wanted.key),
                None => format!("remove the tag {}", wanted.key),
            },
            before: fields([("tag", json!(before))]),
            after: fields([("tag", json!(wanted.value))]),
            ..Change::draft(self, site.target(wanted.kind.kind(), found.id, found.name), with)
        }))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = self.read(&change.with) else {
            return Sight::Gone;
        };
        Sight::of(with.kind.find(view, &with.resource), |found| {
            fields([("tag", json!(tag(found.tags, &with.key)))])
        })
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with = self.read(&change.with)?;
        Ok(with
            .kind
            .call(&change.target, &with.resource, &with.key, with.value.as_deref()))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        self.sight(change, view).progress(
            change,
            "the tags do not show it yet",
            Progress::gone("the resource"),
        )
    }

    fn invert(&self, change: &Change) -> Undo {
        let Ok(with) = self.read(&change.with) else {
            return Undo::Impossible("the change names no tag".to_owned());
        };
        let mut back = change.swapped(String::new());
        match change.before.get("tag") {
            Some(Value::String(value)) => {
                PUT.name().clone_into(&mut back.action);
                back.with.insert("value".to_owned(), json!(value));
                back.summary = format!("tag {} = {value}", with.key);
            }
            _ => {
                REMOVE.name().clone_into(&mut back.action);
                back.with.remove("value");
                back.summary = format!("remove the tag {}", with.key);
            }
        }
        Undo::By(vec![back])
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = self.read(&change.with) else {
            return;
        };
        if let Some(tags) = with.kind.tags_mut(view, &with.resource) {
            tags.retain(|tag| tag.key != with.key);
            tags.extend(with.value.map(|value| Tag { key: with.key, value }));
        }
    }
}
