//! `rds.delete_instance`: deletes a copy that the same run made, and nothing else.
//!
//! What holds a deletion to that copy, each by itself: it is planned only for an instance that an earlier
//! step of the same plan makes; its name carries the run's id; the tag that the restore gave it names the
//! run; and AWS's own resource id, which neither a rename nor a new instance of the same name takes over,
//! is the one that AWS answered the restore with. The last two are read again in the moment of the call.

use serde::Deserialize;
use serde_json::json;

use super::database::{self, Database};
use super::restoring::{PLANNED, RUN};
use super::settings::cost_of;
use super::target;
use crate::domain::datastore::DbInstance;
use crate::domain::ids::Kind;
use crate::domain::ops::rds::OwnCopy;
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Fields, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, known_after, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `rds.delete_instance`.
pub struct DeleteInstance;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    instance: String,
    run: String,
    /// Written by the plan.
    part: Option<Part>,
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Part {
    /// Switches the protection off that the copy has from its source.
    Unprotect,
    /// Deletes it.
    Delete,
}

/// The run that made an instance, as its tag says.
fn maker(db: &DbInstance) -> Option<&str> {
    let tag = db.tags.iter().find(|tag| tag.key == RUN)?;
    Some(&tag.value)
}

/// Whether it is the copy of this run, or the one that the plan makes.
fn is_own(db: &DbInstance, run: &str) -> bool {
    maker(db) == Some(run) || is_planned(db)
}

/// Whether an earlier step of the plan makes it: AWS knows no instance without an id.
fn is_planned(db: &DbInstance) -> bool {
    maker(db) == Some(PLANNED) && db.resource_id.is_none()
}

fn sight_of(db: Option<&DbInstance>, run: &str) -> Fields {
    match db {
        // Once AWS deletes it there is nothing that could still be done or undone.
        Some(db) if db.status != "deleting" => fields([
            ("exists", json!(true)),
            ("own", json!(is_own(db, run))),
            ("protected", json!(db.deletion_protection)),
            ("resource_id", json!(db.resource_id)),
        ]),
        Some(_) | None => fields([("exists", json!(false))]),
    }
}

/// The instance that a change is about: of that name; else what has the run's tag under another one.
fn find<'v>(with: &With, view: &'v View) -> Result<Option<&'v DbInstance>, crate::runbook::action::Unread> {
    let all = view.db_instances()?;
    let named = all.iter().find(|db| db.name == with.instance);
    Ok(named.or_else(|| all.iter().find(|db| maker(db) == Some(with.run.as_str()))))
}

impl Action for DeleteInstance {
    fn name(&self) -> &'static str {
        "rds.delete_instance"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Deletes an RDS DB instance that a restore of the same run made, and nothing else.\n\
                It is refused for everything that no earlier step of the same plan makes, and for names that \
                do not carry the run's id. At the call the tag of the run and AWS's resource id must still be \
                those of the copy: an instance that was renamed, or made anew under the same name, is left \
                alone. Protection against deletion, which a copy has from its source, is switched off on the \
                copy first. There is no final snapshot, since what the copy holds is a copy; its automated \
                backups go with it.",
            fields: vec![
                FieldSchema::required(
                    "instance",
                    Type::Text,
                    "The copy's name, with the run's id in it.",
                ),
                FieldSchema::required("run", Type::Text, "The run that makes it: `${run.id}`."),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Irreversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::RdsInstance),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 30,
            timeout_s: 2 * 60 * 60,
            settle_s: 60,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::Rds(rds::Read::Instances)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let name = &wanted.instance;
        if wanted.run.is_empty() || !name.contains(&wanted.run) {
            return Err(Refusal::state(format!(
                "{name} does not carry the run's id: only a copy that the run itself makes is deleted"
            )));
        }
        let db = view
            .db_instance(name)?
            .ok_or_else(|| Refusal::absent(format!("no step before makes {name}")))?;
        if !is_planned(db) {
            return Err(Refusal::state(format!(
                "{name} is made by no earlier step of this plan: only a copy that the run itself makes is \
                 deleted"
            )));
        }
        let change = |part: &str, summary: String, (before, after): (bool, Fields)| {
            let mut own = with.clone();
            own.insert("part".to_owned(), json!(part));
            Change {
                summary,
                before: fields([
                    ("exists", json!(true)),
                    ("own", json!(true)),
                    ("protected", json!(before)),
                    ("resource_id", known_after("the copy is made")),
                ]),
                after,
                ..Change::draft(self, target(site, db), &own)
            }
        };
        let mut changes = Vec::new();
        if db.deletion_protection {
            let after = fields([("exists", json!(true)), ("protected", json!(false))]);
            let summary = "deletion protection of the copy on → off".to_owned();
            changes.push(change("unprotect", summary, (true, after)));
        }
        let after = fields([("exists", json!(false))]);
        changes.push(Change {
            cost: cost_of(db, db.storage_gib, site).reversed(),
            ..change(
                "delete",
                format!("delete the copy {name}, without a final snapshot"),
                (false, after),
            )
        });
        Ok(Proposal {
            changes,
            ..Proposal::default()
        })
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = parse::<With>(&change.with) else {
            return Sight::Gone;
        };
        match find(&with, view) {
            Err(unread) => Sight::Unreadable(unread),
            Ok(db) => {
                let mut seen = sight_of(db, &with.run);
                // Under another name it is not what was planned, whoever made it.
                if db.is_some_and(|db| db.name != with.instance) {
                    seen.insert("own".to_owned(), json!(false));
                }
                Sight::Here(seen)
            }
        }
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        database::busy::<DbInstance>(view, &change.target.name)
    }

    fn apply(&self, change: &Change, stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        let name = with.instance;
        let resource_id = match stamp.made {
            // Only a plan asks, for the operation.
            None => String::new(),
            Some(_) if with.run != stamp.run || !name.contains(stamp.run) => {
                return Err(BadArguments(format!(
                    "{name} is a copy of the run {}, not of this one: it is not deleted",
                    with.run
                )));
            }
            Some(made) => made
                .get(&(Kind::RdsInstance, name.clone()))
                .cloned()
                .ok_or_else(|| {
                    BadArguments(format!(
                        "AWS's id of {name} is not in the journal of this run: it is not deleted"
                    ))
                })?,
        };
        let copy = OwnCopy {
            instance: name,
            resource_id,
            run: with.run,
        };
        Ok(Mutation::Rds(match with.part.unwrap_or(Part::Delete) {
            Part::Unprotect => rds::Write::UnprotectCopy { copy },
            Part::Delete => rds::Write::DeleteCopy { copy },
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let Ok(with) = parse::<With>(&change.with) else {
            return Progress::Failed("the change names no instance".to_owned());
        };
        match (view.db_instance(&with.instance), with.part) {
            (Err(unread), _) => Progress::Waiting(unread.to_string()),
            (Ok(Some(db)), Some(Part::Unprotect)) => {
                if db.deletion_protection {
                    Progress::Waiting("it is still protected".to_owned())
                } else {
                    db.at_rest()
                }
            }
            (Ok(None), Some(Part::Unprotect)) => Progress::gone("the instance"),
            (Ok(None), Some(Part::Delete) | None) => Progress::Done,
            (Ok(Some(db)), Some(Part::Delete) | None) => Progress::Waiting(format!("it is {}", db.status)),
        }
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::NotNeeded("nothing: it is a copy that this run made itself")
    }

    fn removes(&self, change: &Change) -> bool {
        parse::<With>(&change.with).is_ok_and(|with| with.part == Some(Part::Delete))
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<With>(&change.with) else {
            return;
        };
        let Some(all) = view.db_instances_mut() else {
            return;
        };
        match with.part {
            Some(Part::Unprotect) => {
                for db in all.iter_mut().filter(|db| db.name == with.instance) {
                    db.deletion_protection = false;
                }
            }
            Some(Part::Delete) | None => all.retain(|db| db.name != with.instance),
        }
    }
}
