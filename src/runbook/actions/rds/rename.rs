//! `rds.rename`: another name for a DB instance, which is followed by its resource id.

use serde::Deserialize;
use serde_json::{Value, json};

use super::settings::{attached, check_name};
use super::{at_rest, available, instance, target};
use crate::domain::datastore::DbInstance;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, Unread, View, fields, known_after, parse,
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

/// The instance of a change: by its resource id, which a rename leaves alone; by either name where that
/// was not known when it was planned.
fn find<'v>(change: &Change, view: &'v View) -> Result<Option<&'v DbInstance>, Unread> {
    let all = view.db_instances()?;
    // Taken back, the id that was found before the rename stands on the other side.
    let id = [&change.before, &change.after]
        .into_iter()
        .find_map(|fields| fields.get("resource_id").and_then(Value::as_str));
    if let Some(id) = id {
        return Ok(all.iter().find(|db| db.resource_id.as_deref() == Some(id)));
    }
    let name = |fields: &crate::runbook::action::Fields| fields.get("name").cloned();
    let (before, after) = (name(&change.before), name(&change.after));
    let called = |wanted: &Option<Value>| all.iter().find(|db| Some(json!(db.name)) == *wanted);
    Ok(called(&before).or_else(|| called(&after)))
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
        available(db)?;
        check_name(&wanted.to)?;
        if view.db_instance(&wanted.to)?.is_some() {
            return Err(Refusal::state(format!("the name {} is taken", wanted.to)));
        }
        let id = db
            .resource_id
            .as_ref()
            .map_or_else(|| known_after("it exists"), |id| json!(id));
        let mut after = fields([("name", json!(wanted.to))]);
        // It is the same before and after: what is only known later would look like a change.
        if let Some(id) = &db.resource_id {
            after.insert("resource_id".to_owned(), json!(id));
        }
        let replicas: Vec<&str> = view
            .db_instances()?
            .iter()
            .filter(|other| other.replica_of.as_deref() == Some(&db.name))
            .map(|other| other.name.as_str())
            .collect();
        let mut proposal = Proposal::one(Change {
            summary: format!("{} → {}", wanted.instance, wanted.to),
            before: fields([("name", json!(wanted.instance)), ("resource_id", id)]),
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
        match find(change, view) {
            Err(unread) => Sight::Unreadable(unread),
            Ok(None) => Sight::Gone,
            Ok(Some(db)) => Sight::Here(fields([
                ("name", json!(headed_for(db))),
                ("resource_id", json!(db.resource_id)),
            ])),
        }
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        super::passing(&find(change, view).ok().flatten()?.status)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        Ok(Mutation::Rds(rds::Write::Rename {
            instance: with.instance,
            to: with.to,
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        match find(change, view) {
            Err(unread) => Progress::Waiting(unread.to_string()),
            // While it is renamed AWS knows neither name for a while.
            Ok(None) => Progress::Waiting("it does not show under either name".to_owned()),
            Ok(Some(db)) if Some(&json!(db.name)) != change.after.get("name") => {
                Progress::Waiting(format!("it is still called {}", db.name))
            }
            Ok(Some(db)) => at_rest(db),
        }
    }

    fn invert(&self, change: &Change) -> Undo {
        let Ok(with) = parse::<With>(&change.with) else {
            return Undo::Impossible("the name before is not known".to_owned());
        };
        let mut back = change.swapped(format!("{} → {}", with.to, with.instance));
        back.with.insert("instance".to_owned(), json!(with.to));
        back.with.insert("to".to_owned(), json!(with.instance));
        Undo::By(vec![back])
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
