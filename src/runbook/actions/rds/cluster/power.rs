//! `rds.stop_cluster` and `rds.start_cluster`.

use serde::Deserialize;
use serde_json::json;

use super::super::database::{self, Database};
use super::super::settings::cost_of;
use super::{find, target};
use crate::domain::datastore::DbCluster;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, CostDelta, Impact, Pace, Progress, Proposal, Refusal,
    Sight, Site, Stamp, Undo, View, fields, parse,
};
use crate::runbook::actions::power::To;
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// Stops or starts a DB cluster.
pub struct Power {
    to: To,
}

/// `rds.stop_cluster`.
pub const STOP: Power = Power { to: To::Stopped };

/// `rds.start_cluster`.
pub const START: Power = Power { to: To::Running };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
}

/// Where a cluster is going.
fn heading(status: &str) -> &str {
    match status {
        "stopping" | "stopped" => "stopped",
        "available" | "starting" | "backing-up" => "running",
        other => other,
    }
}

/// Why AWS would not stop it.
pub(in crate::runbook::actions) fn unstoppable(cluster: &DbCluster) -> Option<&'static str> {
    if ["docdb", "neptune"].contains(&cluster.engine.as_str()) {
        return Some("is a cluster of another service");
    }
    if !cluster.engine.starts_with("aurora") {
        return Some("is a Multi-AZ DB cluster");
    }
    if cluster.settings.global.is_some() {
        return Some("is part of a global database");
    }
    if cluster.settings.replica_of.is_some() {
        return Some("replicates another one");
    }
    if cluster.settings.engine_mode.as_deref() == Some("serverless") {
        return Some("is Aurora Serverless v1, which stops by itself");
    }
    None
}

impl Action for Power {
    fn name(&self) -> &'static str {
        match self.to {
            To::Stopped => "rds.stop_cluster",
            To::Running => "rds.start_cluster",
        }
    }

    fn schema(&self) -> ActionSchema {
        let about = match self.to {
            To::Stopped => {
                "Stops an Aurora cluster with its instances.\n\
                 AWS starts it again by itself after seven days. Storage and backups are billed on. Clusters of \
                 a global database are refused. Undo starts it."
            }
            To::Running => "Starts a stopped Aurora cluster with its instances.\nUndo stops it.",
        };
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about,
            fields: vec![FieldSchema::required("cluster", Type::Text, "The cluster.")],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::RdsCluster),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 30,
            timeout_s: 60 * 60,
            settle_s: 30,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![
            Query::Rds(rds::Read::Clusters),
            Query::Rds(rds::Read::Instances),
        ])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let cluster = find(view, &wanted.cluster)?;
        let status = &cluster.status;
        if !self.to.is_needed(heading(status), (&cluster.name, status))? {
            return Ok(Proposal::nothing());
        }
        if let Some(why) = unstoppable(cluster) {
            return Err(Refusal::state(format!(
                "{} {why}, which cannot be stopped or started",
                cluster.name
            )));
        }
        let mut cost = CostDelta::None;
        for db in view
            .db_instances()?
            .iter()
            .filter(|db| db.cluster.as_deref() == Some(&cluster.name))
        {
            cost = cost.plus(cost_of(db, None, site));
        }
        let proposal = Proposal::one(Change {
            summary: self.to.summary(),
            before: self.to.other().fields(),
            after: self.to.fields(),
            cost: match self.to {
                To::Stopped => cost.reversed(),
                To::Running => cost,
            },
            impact: Impact {
                outage: (self.to == To::Stopped).then(|| "nobody can connect".to_owned()),
                dependents: cluster
                    .members
                    .iter()
                    .map(|(name, _)| format!("DB instance {name}"))
                    .collect(),
                ..Impact::default()
            },
            ..Change::draft(self, target(site, cluster), with)
        });
        Ok(match self.to {
            To::Stopped => proposal.warn(format!(
                "{}: AWS starts it again after seven days; storage and backups are billed on",
                cluster.name
            )),
            To::Running => proposal,
        })
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        database::sight(view, &change.target.name, |cluster: &DbCluster| {
            fields([("state", json!(heading(&cluster.status)))])
        })
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        database::busy::<DbCluster>(view, &change.target.name)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let With { cluster } = parse(&change.with)?;
        Ok(Mutation::Rds(match self.to {
            To::Stopped => rds::Write::StopCluster { cluster },
            To::Running => rds::Write::StartCluster { cluster },
        }))
    }

    fn watch(&self, _change: &Change, _applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        Ok(vec![Query::Rds(rds::Read::Clusters)])
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        database::progress(view, &change.target.name, |cluster: &DbCluster| match self.to {
            To::Running => cluster.at_rest(),
            To::Stopped if cluster.status == "stopped" => Progress::Done,
            To::Stopped if cluster.has_failed() => {
                Progress::Failed(format!("{} is {}", cluster.name, cluster.status))
            }
            To::Stopped => Progress::Waiting(format!("it is {}", cluster.status)),
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
        let name = &change.target.name;
        if let Some(all) = view.db_clusters_mut() {
            for cluster in all.iter_mut().filter(|cluster| cluster.name == *name) {
                status.clone_into(&mut cluster.status);
            }
        }
        if let Some(all) = view.db_instances_mut() {
            for db in all.iter_mut().filter(|db| db.cluster.as_ref() == Some(name)) {
                status.clone_into(&mut db.status);
            }
        }
    }
}
