//! `rds.rename`: another name for a DB instance, which is followed by its resource id.

use serde::Deserialize;

use super::settings::attached;
use super::{database, instance, renaming, target};
use crate::domain::datastore::DbInstance;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `rds.rename`.
pub struct Rename;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    instance: String,
    to: String,
}

/// The name that an instance has, or is being given: a rename that AWS accepted counts as made.
fn headed_for(db: &DbInstance) -> &str {
    let pending = db
        .pending_modifications
        .iter()
        .find_map(|pending| pending.strip_prefix("DBInstanceIdentifier="));
    match pending {
        Some(next) => next,
        // Somebody renames it, to what is not said.
        None if db.status == "renaming" => "(being renamed)",
        None => &db.name,
    }
}

impl Action for Rename {
    fn name(&self) -> &'static str {
        "rds.rename"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Renames an RDS DB instance at once.\n\
                Renaming restarts it; the old address is gone at once and the new one works after about ten \
                minutes. The new name must be free. Read replicas, alarms and metrics follow the name or the \
                instance, not both. Undo renames it back; what was written meanwhile stays where it is.",
            fields: vec![
                FieldSchema::required("instance", Type::Text, "The name it has."),
                FieldSchema::required("to", Type::Text, "The name it gets."),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::TypeName,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::RdsInstance),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 30,
            timeout_s: 40 * 60,
            settle_s: 60,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::Rds(rds::Read::Instances)])
    }

    fn follow_up(&self, _with: &Arguments, _view: &View) -> Vec<Query> {
        // Only for the plan: whether proxies can be read says nothing about the rename.
        vec![Query::Rds(rds::Read::Proxies)]
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let db = instance(view, &wanted.instance)?;
        if wanted.instance == wanted.to {
            return Ok(Proposal::nothing());
        }
        database::available(db)?;
        database::free::<DbInstance>(view, &wanted.to)?;
        let (before, after) = renaming::sides(db, &wanted.to);
        let replicas: Vec<&str> = view
            .db_instances()?
            .iter()
            .filter(|other| other.replica_of.as_deref() == Some(&db.name))
            .map(|other| other.name.as_str())
            .collect();
        let mut proposal = Proposal::one(Change {
            summary: format!("{} → {}", wanted.instance, wanted.to),
            before,
            after,
            impact: Impact {
                outage: Some("it restarts, and its address changes for about ten minutes".to_owned()),
                dependents: replicas
                    .iter()
                    .map(|name| format!("read replica {name}"))
                    .collect(),
                ..Impact::default()
            },
            ..Change::draft(self, target(site, db), with)
        });
        // Of an instance that an earlier step makes, nobody knows yet.
        if db.resource_id.is_some() {
            proposal.warnings = attached(&db.name, &replicas, view.db_proxies());
            proposal.warnings.push(format!(
                "{}: alarms and metrics follow the name; connection pools keep old connections until they are \
                 restarted (ecs-restart)",
                db.name
            ));
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        renaming::sight(change, view, headed_for)
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        renaming::busy::<DbInstance>(change, view)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        Ok(Mutation::Rds(rds::Write::Rename {
            instance: with.instance,
            to: with.to,
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        renaming::progress::<DbInstance>(change, view)
    }

    fn invert(&self, change: &Change) -> Undo {
        renaming::undo(change, "instance")
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<With>(&change.with) else {
            return;
        };
        if let Some(all) = view.db_instances_mut() {
            for db in all.iter_mut().filter(|db| db.name == with.instance) {
                db.arn = db
                    .arn
                    .replace(&format!(":db:{}", with.instance), &format!(":db:{}", with.to));
                db.name.clone_from(&with.to);
            }
        }
    }
}
