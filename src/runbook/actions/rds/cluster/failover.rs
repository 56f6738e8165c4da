//! `rds.failover_cluster`: a reader of a DB cluster becomes its writer.

use serde::Deserialize;
use serde_json::json;

use super::super::database::{self, Database};
use super::{find, target};
use crate::domain::datastore::DbCluster;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `rds.failover_cluster`.
pub struct FailoverCluster;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    to: Option<String>,
}

fn writer(cluster: &DbCluster) -> Option<&str> {
    cluster
        .members
        .iter()
        .find(|(_, writes)| *writes)
        .map(|(name, _)| name.as_str())
}

/// The reader that takes over: the one that was named, else the one that AWS would take, by its tier and
/// then by its class.
fn successor<'v>(cluster: &DbCluster, wanted: Option<&str>, view: &'v View) -> Result<&'v str, Refusal> {
    let mut readers = Vec::new();
    for (name, writes) in &cluster.members {
        let db = view
            .db_instance(name)?
            .ok_or_else(|| Refusal::absent(format!("there is no DB instance {name}")))?;
        if !writes && wanted.is_none_or(|wanted| wanted == db.name) {
            readers.push(db);
        }
    }
    let well = readers
        .iter()
        .filter(|db| db.status == "available")
        .min_by_key(|db| (db.settings.promotion_tier.unwrap_or(u32::MAX), &db.name));
    match (well, readers.first(), wanted) {
        (Some(db), _, _) => Ok(&db.name),
        (None, Some(db), _) => Err(Refusal::state(format!("{} is {}", db.name, db.status))),
        (None, None, Some(wanted)) => Err(Refusal::state(format!(
            "{wanted} is no reader of {}",
            cluster.name
        ))),
        (None, None, None) => Err(Refusal::state(format!(
            "{} has no reader to fail over to",
            cluster.name
        ))),
    }
}

impl Action for FailoverCluster {
    fn name(&self) -> &'static str {
        "rds.failover_cluster"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Makes a reader of a DB cluster its writer.\n\
                Connections break for up to a minute; the cluster's address follows the writer. There is nothing \
                to take back: the reader is as good a writer.",
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The cluster."),
                FieldSchema::optional(
                    "to",
                    Type::Text,
                    "the available reader of the lowest tier",
                    "The reader that becomes the writer.",
                ),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::TypeName,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::RdsCluster),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 15,
            timeout_s: 20 * 60,
            settle_s: 2 * 60,
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
        database::available(cluster)?;
        let Some(from) = writer(cluster) else {
            return Err(Refusal::state(format!("{} has no writer", cluster.name)));
        };
        if wanted.to.as_deref() == Some(from) {
            return Ok(Proposal::nothing());
        }
        let to = successor(cluster, wanted.to.as_deref(), view)?;
        let mut change = Change {
            summary: format!("writer {from} → {to}"),
            before: fields([("writer", json!(from))]),
            after: fields([("writer", json!(to))]),
            impact: Impact {
                outage: Some("connections break for up to a minute".to_owned()),
                ..Impact::default()
            },
            ..Change::draft(self, target(site, cluster), with)
        };
        // Who takes over is decided in the plan, so that it can be seen whether it has come about.
        change.with.insert("to".to_owned(), json!(to));
        Ok(Proposal::one(change))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        database::sight(view, &change.target.name, |cluster: &DbCluster| {
            fields([("writer", json!(writer(cluster)))])
        })
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        database::busy::<DbCluster>(view, &change.target.name)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let With { cluster, to } = parse(&change.with)?;
        Ok(Mutation::Rds(rds::Write::FailoverCluster { cluster, to }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        database::progress(view, &change.target.name, |cluster: &DbCluster| {
            match cluster.at_rest() {
                Progress::Done if Some(&json!(writer(cluster))) != change.after.get("writer") => {
                    Progress::Waiting("the writer is still the same".to_owned())
                }
                other => other,
            }
        })
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::NotNeeded("the reader is as good a writer")
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Some(to) = change.after.get("writer").and_then(serde_json::Value::as_str) else {
            return;
        };
        if let Some(all) = view.db_clusters_mut() {
            for cluster in all
                .iter_mut()
                .filter(|cluster| cluster.name == change.target.name)
            {
                for (name, writes) in &mut cluster.members {
                    *writes = name == to;
                }
            }
        }
    }
}
