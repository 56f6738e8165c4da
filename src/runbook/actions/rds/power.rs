//! `rds.stop` and `rds.start`.

use serde::Deserialize;
use serde_json::json;

use super::database::{self, Database};
use super::{instance, target};
use crate::domain::datastore::DbInstance;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::domain::price::{DbEngine, Deployment};
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, CostDelta, Impact, Pace, Progress, Proposal, Refusal,
    Sight, Site, Stamp, Undo, View, fields, parse,
};
use crate::runbook::actions::power::To;
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// Stops or starts a DB instance.
pub struct Power {
    to: To,
}

/// `rds.stop`.
pub const STOP: Power = Power { to: To::Stopped };

/// `rds.start`.
pub const START: Power = Power { to: To::Running };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    instance: String,
}

/// Where an instance is going.
fn heading(status: &str) -> &str {
    match status {
        "stopping" | "stopped" => "stopped",
        "available" | "starting" | "configuring-enhanced-monitoring" | "backing-up" => "running",
        other => other,
    }
}

impl Action for Power {
    fn name(&self) -> &'static str {
        match self.to {
            To::Stopped => "rds.stop",
            To::Running => "rds.start",
        }
    }

    fn schema(&self) -> ActionSchema {
        let about = match self.to {
            To::Stopped => {
                "Stops an RDS DB instance.\n\
                 AWS starts it again by itself after seven days. Storage and backups are billed on. Members of \
                 clusters and instances with read replicas are refused. Undo starts it."
            }
            To::Running => "Starts a stopped RDS DB instance.\nUndo stops it.",
        };
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about,
            fields: vec![FieldSchema::required("instance", Type::Text, "The instance.")],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::RdsInstance),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 30,
            timeout_s: 45 * 60,
            settle_s: 30,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::Rds(rds::Read::Instances)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let db = instance(view, &wanted.instance)?;
        let status = &db.status;
        if !self.to.is_needed(heading(status), (&db.name, status))? {
            return Ok(Proposal::nothing());
        }
        let replica = view
            .db_instances()?
            .iter()
            .any(|other| other.replica_of.as_deref() == Some(&db.name));
        if self.to == To::Stopped && (replica || db.replica_of.is_some()) {
            return Err(Refusal::state(format!(
                "{} is a read replica or has one, which AWS does not stop",
                db.name
            )));
        }
        let price = DbEngine::from_api(&db.engine, db.storage_type.as_deref()).and_then(|engine| {
            site.prices
                .rds(site.region, &db.class, engine, Deployment::of(db.multi_az))
        });
        let sign = if self.to == To::Stopped { -1 } else { 1 };
        let proposal = Proposal::one(Change {
            summary: self.to.summary(),
            before: self.to.other().fields(),
            after: self.to.fields(),
            cost: CostDelta::of(price, sign, &db.class),
            impact: Impact {
                outage: (self.to == To::Stopped).then(|| "nobody can connect".to_owned()),
                ..Impact::default()
            },
            ..Change::draft(self, target(site, db), with)
        });
        Ok(match self.to {
            To::Stopped => proposal.warn(format!(
                "{}: AWS starts it again after seven days; storage and backups are billed on",
                db.name
            )),
            To::Running => proposal,
        })
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        database::sight(view, &change.target.name, |db: &DbInstance| {
            fields([("state", json!(heading(&db.status)))])
        })
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        database::busy::<DbInstance>(view, &change.target.name)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let instance = change.target.name.clone();
        Ok(Mutation::Rds(match self.to {
            To::Stopped => rds::Write::Stop { instance },
            To::Running => rds::Write::Start { instance },
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        database::progress(view, &change.target.name, |db: &DbInstance| match self.to {
            To::Running => db.at_rest(),
            To::Stopped if db.status == "stopped" => Progress::Done,
            To::Stopped => Progress::Waiting(format!("it is {}", db.status)),
        })
    }

    fn invert(&self, change: &Change) -> Undo {
        let other = match self.to {
            To::Stopped => &START,
            To::Running => &STOP,
        };
        self.to.undo(change, other)
    }

    fn project(&self, change: &Change, view: &mut View) {
        let status = match self.to {
            To::Stopped => "stopped",
            To::Running => "available",
        };
        if let Some(all) = view.db_instances_mut() {
            for db in all.iter_mut().filter(|db| db.name == change.target.name) {
                status.clone_into(&mut db.status);
            }
        }
    }
}
