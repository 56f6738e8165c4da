//! `rds.rename_cluster`: another name for a DB cluster, which is followed by its resource id.

use serde::Deserialize;
use serde_json::json;

use super::super::settings::attached;
use super::super::{database, renaming};
use super::{find, target};
use crate::domain::datastore::DbCluster;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `rds.rename_cluster`.
pub struct RenameCluster;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    to: String,
}

/// The name that a cluster has; neither while a rename that AWS accepted has not come about yet.
fn headed_for<'c>(change: &Change, cluster: &'c DbCluster) -> &'c str {
    match cluster.status.as_str() {
        "renaming" if Some(&json!(cluster.name)) == change.before.get("name") => "(being renamed)",
        _ => &cluster.name,
    }
}

impl Action for RenameCluster {
    fn name(&self) -> &'static str {
        "rds.rename_cluster"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Renames a DB cluster at once.\n\
                Its own addresses, for writing and for reading, change with it; its instances keep their names \
                and addresses. The new name must be free. Undo renames it back; what was written meanwhile \
                stays where it is.",
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The name it has."),
                FieldSchema::required("to", Type::Text, "The name it gets."),
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
            every_s: 30,
            timeout_s: 40 * 60,
            settle_s: 90,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::Rds(rds::Read::Clusters)])
    }

    fn follow_up(&self, _with: &Arguments, _view: &View) -> Vec<Query> {
        // Only for the plan: whether proxies can be read says nothing about the rename.
        vec![Query::Rds(rds::Read::Proxies)]
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let cluster = find(view, &wanted.cluster)?;
        if wanted.cluster == wanted.to {
            return Ok(Proposal::nothing());
        }
        database::available(cluster)?;
        database::free::<DbCluster>(view, &wanted.to)?;
        let (before, after) = renaming::sides(cluster, &wanted.to);
        let members: Vec<String> = cluster.members.iter().map(|(name, _)| name.clone()).collect();
        let mut proposal = Proposal::one(Change {
            summary: format!("{} → {}", wanted.cluster, wanted.to),
            before,
            after,
            impact: Impact {
                outage: Some("its addresses change, and the new ones work after some minutes".to_owned()),
                dependents: members.iter().map(|name| format!("DB instance {name}")).collect(),
                ..Impact::default()
            },
            ..Change::draft(self, target(site, cluster), with)
        });
        // Of a cluster that an earlier step makes, nobody knows yet.
        if cluster.settings.resource_id.is_some() {
            proposal.warnings = attached(&cluster.name, &[], view.db_proxies());
            proposal.warnings.push(format!(
                "{}: who connects to {} by their own addresses goes on to reach them; alarms and metrics follow \
                 names; connection pools keep old connections until they are restarted (ecs-restart)",
                cluster.name,
                members.join(", ")
            ));
            if !cluster.settings.custom_endpoints.is_empty() {
                proposal.warnings.push(format!(
                    "{}: endpoints of its own are not made anew: {}",
                    cluster.name,
                    cluster.settings.custom_endpoints.join(", ")
                ));
            }
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        renaming::sight(change, view, |cluster: &DbCluster| headed_for(change, cluster))
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        renaming::busy::<DbCluster>(change, view)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        Ok(Mutation::Rds(rds::Write::RenameCluster {
            cluster: with.cluster,
            to: with.to,
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        renaming::progress::<DbCluster>(change, view)
    }

    fn invert(&self, change: &Change) -> Undo {
        renaming::undo(change, "cluster")
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<With>(&change.with) else {
            return;
        };
        if let Some(all) = view.db_clusters_mut() {
            for cluster in all.iter_mut().filter(|cluster| cluster.name == with.cluster) {
                cluster.arn = cluster.arn.replace(
                    &format!(":cluster:{}", with.cluster),
                    &format!(":cluster:{}", with.to),
                );
                cluster.name.clone_from(&with.to);
            }
        }
        if let Some(all) = view.db_instances_mut() {
            for db in all
                .iter_mut()
                .filter(|db| db.cluster.as_ref() == Some(&with.cluster))
            {
                db.cluster = Some(with.to.clone());
            }
        }
    }
}
