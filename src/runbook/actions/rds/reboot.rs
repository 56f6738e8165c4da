//! `rds.reboot`: a restart, with or without the standby taking over.

use serde::Deserialize;
use serde_json::json;

use super::database::{self, Database};
use super::{instance, target};
use crate::domain::datastore::DbInstance;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, known_after, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `rds.reboot`.
pub struct Reboot;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    instance: String,
    #[serde(default)]
    failover: bool,
    #[serde(default)]
    if_pending: bool,
}

/// What a parameter group waits for, as AWS says it.
const PENDING: &str = "pending-reboot";

/// What it is called once a restart has brought it into force.
const IN_SYNC: &str = "in-sync";

fn parameters(db: &DbInstance) -> Option<&str> {
    db.parameter_group.as_ref().map(|(_, state)| state.as_str())
}

/// A restart that is only made if parameters wait for it. Of an instance that an earlier step makes,
/// that shows only then.
fn if_pending(action: &Reboot, db: &DbInstance, (with, site): (&Arguments, &Site<'_>)) -> Proposal {
    let is_new = db.resource_id.is_none();
    if !is_new && parameters(db) != Some(PENDING) {
        return Proposal::nothing();
    }
    let mut before = fields([("parameters", json!(PENDING))]);
    if is_new {
        before.insert("resource_id".to_owned(), known_after("it exists"));
    }
    let draft = Change::draft(action, target(site, db), with);
    Proposal::one(Change {
        summary: "restart, if parameters wait for it".to_owned(),
        before,
        after: fields([("parameters", json!(IN_SYNC))]),
        // Nobody works with an instance that is only just being made.
        floor: if is_new {
            action.floor_of_new()
        } else {
            draft.floor
        },
        impact: Impact {
            outage: (!is_new).then(|| "connections break for a minute or two".to_owned()),
            ..Impact::default()
        },
        ..draft
    })
}

/// Whether events tell of a restart. There are none in the answers before the call.
fn restarted(view: &View, name: &str) -> bool {
    view.store_events().is_ok_and(|events| {
        events.iter().any(|event| {
            let message = event.message.to_ascii_lowercase();
            event.source == name && (message.contains("restart") || message.contains("failover"))
        })
    })
}

impl Action for Reboot {
    fn name(&self) -> &'static str {
        "rds.reboot"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Restarts an RDS DB instance, with failover to its standby if asked for.\n\
                Connections break for a minute or two. A failover needs Multi-AZ. With `if_pending` it is only \
                restarted if parameters wait for that, which is looked at just before. There is nothing to \
                take back.",
            fields: vec![
                FieldSchema::required("instance", Type::Text, "The instance."),
                FieldSchema::optional(
                    "failover",
                    Type::Bool,
                    "`false`",
                    "Whether the standby takes over.",
                ),
                FieldSchema::optional(
                    "if_pending",
                    Type::Bool,
                    "`false`",
                    "Whether it is left alone if no parameter waits for a restart.",
                ),
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

    fn floor_of_new(&self) -> ConfirmLevel {
        ConfirmLevel::Ack
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 15,
            timeout_s: 20 * 60,
            // Events come late, and a second restart would be a second outage.
            settle_s: 3 * 60,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::Rds(rds::Read::Instances)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let db = instance(view, &wanted.instance)?;
        if wanted.if_pending {
            return Ok(if_pending(self, db, (with, site)));
        }
        database::available(db)?;
        if wanted.failover && !db.multi_az {
            return Err(Refusal::state(format!(
                "{} has no standby to fail over to: it is Single-AZ",
                db.name
            )));
        }
        let how = if wanted.failover {
            "restart with failover"
        } else {
            "restart"
        };
        Ok(Proposal::one(Change {
            summary: how.to_owned(),
            before: fields([("restarted", json!(false)), ("state", json!("up"))]),
            after: fields([("restarted", json!(true)), ("state", json!("up"))]),
            impact: Impact {
                outage: Some("connections break for a minute or two".to_owned()),
                ..Impact::default()
            },
            ..Change::draft(self, target(site, db), with)
        }))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        database::sight(view, &change.target.name, |db: &DbInstance| {
            let rebooting = db.status == "rebooting";
            let state = if rebooting || db.status == "available" {
                "up"
            } else {
                db.status.as_str()
            };
            fields([
                ("restarted", json!(rebooting || restarted(view, &db.name))),
                ("state", json!(state)),
                ("parameters", json!(parameters(db))),
                ("resource_id", json!(db.resource_id)),
            ])
        })
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        database::busy::<DbInstance>(view, &change.target.name)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        Ok(Mutation::Rds(rds::Write::Reboot {
            instance: with.instance,
            failover: with.failover,
        }))
    }

    fn watch(&self, change: &Change, applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        let mut queries = self.reads(&change.with)?;
        queries.push(Query::Rds(rds::Read::Events { since: applied.at }));
        Ok(queries)
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        database::progress(view, &change.target.name, |db: &DbInstance| match db.at_rest() {
            Progress::Done if change.after.contains_key("parameters") => {
                if parameters(db) == Some(PENDING) {
                    Progress::Waiting("parameters still wait for a restart".to_owned())
                } else {
                    Progress::Done
                }
            }
            Progress::Done if !restarted(view, &db.name) => {
                Progress::Waiting("no event tells of the restart yet".to_owned())
            }
            other => other,
        })
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::NotNeeded("a restart leaves nothing behind")
    }

    fn project(&self, change: &Change, view: &mut View) {
        view.add_store_event(&change.target.name, "DB instance restarted");
        if let Some(all) = view.db_instances_mut() {
            for db in all.iter_mut().filter(|db| db.name == change.target.name) {
                if let Some((_, state)) = &mut db.parameter_group {
                    IN_SYNC.clone_into(state);
                }
            }
        }
    }
}
