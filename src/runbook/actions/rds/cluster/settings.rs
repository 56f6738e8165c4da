//! `rds.copy_cluster_settings`: what the restore of a cluster does not take.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::copying::{Copying, reached};
use super::super::database::{self, Database};
use super::{find, target};
use crate::domain::datastore::DbCluster;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Fields, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// The settings of a cluster by name; null is not known, or off.
pub(super) fn facts(cluster: &DbCluster) -> Fields {
    let own = &cluster.settings;
    fields([
        ("port", json!(own.port)),
        ("parameter_group", json!(own.parameter_group)),
        ("subnet_group", json!(own.subnet_group)),
        ("security_groups", json!(own.security_groups)),
        ("storage_type", json!(own.storage_type)),
        ("iops", json!(own.iops)),
        ("class", json!(own.class)),
        ("serverless_acu", json!(cluster.serverless_acu)),
        ("kms_key", json!(own.kms_key)),
        ("iam_authentication", json!(own.iam_authentication)),
        ("log_exports", json!(own.log_exports)),
        ("backtrack_s", json!(own.backtrack_s)),
        ("copy_tags_to_snapshots", json!(own.copy_tags_to_snapshots)),
        ("deletion_protection", json!(cluster.deletion_protection)),
        ("network_type", json!(own.network_type)),
        ("lifecycle_support", json!(own.lifecycle_support)),
        ("backup_retention_days", json!(cluster.backup_retention_days)),
        ("backup_window", json!(cluster.backup_window)),
        ("maintenance_window", json!(own.maintenance_window)),
        ("http_endpoint", json!(own.http_endpoint)),
    ])
}

/// The settings that a modification brings over.
const MODIFIABLE: [&str; 2] = ["maintenance_window", "http_endpoint"];

/// Settings in which `other` is not as `source`, with the value of the source.
pub(in crate::runbook) fn differences(source: &DbCluster, other: &DbCluster) -> Vec<(String, Value)> {
    let live = facts(other);
    // What is off in one and not told of the other is the same.
    let same = |wanted: &Value, live: &Value| {
        wanted == live || (live.is_null() && *wanted == json!(false)) || *wanted == json!([])
    };
    facts(source)
        .into_iter()
        .filter(|(name, wanted)| !wanted.is_null() && !same(wanted, live.get(name).unwrap_or(&Value::Null)))
        .collect()
}

/// `rds.copy_cluster_settings`.
pub struct CopyClusterSettings;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    like: String,
    /// Written by the plan.
    set: Option<Map<String, Value>>,
}

impl Action for CopyClusterSettings {
    fn name(&self) -> &'static str {
        "rds.copy_cluster_settings"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Gives a DB cluster the settings of another that a restore does not take.\n\
                The maintenance window and the Data API. What else differs is said. Undo leaves the settings, \
                which belong to the new cluster.",
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The cluster that gets the settings."),
                FieldSchema::required("like", Type::Text, "The cluster that has them."),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Reversible,
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
            // A modification that is under way looks like none.
            settle_s: 5 * 60,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::Rds(rds::Read::Clusters)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let to = find(view, &wanted.cluster)?;
        let source = find(view, &wanted.like)?;
        let copying = Copying {
            source,
            to,
            differences: differences(source, to),
            modifiable: &MODIFIABLE,
            live: facts(to),
        };
        copying.check()?;
        Ok(copying.propose(Change::draft(self, target(site, to), with)))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        database::sight(view, &change.target.name, facts)
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        database::busy::<DbCluster>(view, &change.target.name)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        let Some(set) = with.set else {
            return Err(BadArguments("the change names no settings".to_owned()));
        };
        Ok(Mutation::Rds(rds::Write::ModifyCluster {
            cluster: with.cluster,
            change: Box::new(serde_json::from_value(Value::Object(set))?),
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        database::progress(view, &change.target.name, |cluster: &DbCluster| {
            match cluster.at_rest() {
                Progress::Done => reached(change, &facts(cluster)),
                other => other,
            }
        })
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::NotNeeded("the settings belong to the new cluster, which stays")
    }

    fn project(&self, change: &Change, view: &mut View) {
        let text = |name: &str| change.after.get(name).and_then(Value::as_str).map(str::to_owned);
        if let Some(all) = view.db_clusters_mut() {
            for cluster in all
                .iter_mut()
                .filter(|cluster| cluster.name == change.target.name)
            {
                let own = &mut cluster.settings;
                own.maintenance_window = text("maintenance_window").or(own.maintenance_window.take());
                own.http_endpoint = change
                    .after
                    .get("http_endpoint")
                    .and_then(Value::as_bool)
                    .or(own.http_endpoint);
            }
        }
    }
}
