//! `rds.restore_cluster_snapshot` and `rds.restore_cluster_point_in_time`: always into a new cluster,
//! which has no instances yet.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::super::database::{self, Database};
use super::super::restoring::{From, LATEST, RUN, check_key, loss, moment, pick};
use super::super::settings::{own_tags, proxies_of};
use super::{find, makes_its_own};
use crate::domain::datastore::DbCluster;
use crate::domain::ids::{Kind, Tag};
use crate::domain::ops::rds::{ClusterOrigin, ClusterRestoreSettings};
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, CostDelta, Pace, Progress, Proposal, Refusal, Sight,
    Site, Stamp, Undo, View, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// Restores into a new cluster.
pub struct RestoreCluster {
    from: From,
}

/// `rds.restore_cluster_snapshot`.
pub const SNAPSHOT: RestoreCluster = RestoreCluster { from: From::Snapshot };

/// `rds.restore_cluster_point_in_time`.
pub const POINT_IN_TIME: RestoreCluster = RestoreCluster { from: From::Time };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    new_cluster: String,
    snapshot: Option<String>,
    at: Option<Timestamp>,
    /// Written by the plan.
    settings: Option<ClusterRestoreSettings>,
    /// The moment that the data is of, written by the plan for whoever measures.
    #[expect(dead_code, reason = "read from the journal by runbook::measure")]
    data_at: Option<Timestamp>,
}

impl RestoreCluster {
    fn read(&self, with: &Arguments) -> Result<With, BadArguments> {
        let with: With = parse(with)?;
        self.from.check(with.snapshot.as_deref(), with.at)?;
        Ok(with)
    }
}

/// What AWS would drop, as far as it is known of the source.
fn carried(source: &DbCluster, from: From) -> ClusterRestoreSettings {
    let own = &source.settings;
    ClusterRestoreSettings {
        engine: source.engine.clone(),
        // A snapshot may be of an older version, and is not restored into an older one than it is.
        engine_version: None,
        engine_mode: own.engine_mode.clone().filter(|_| from == From::Snapshot),
        port: own.port,
        parameter_group: own.parameter_group.clone(),
        subnet_group: own.subnet_group.clone(),
        security_groups: own.security_groups.clone(),
        storage_type: own.storage_type.clone(),
        iops: own.iops,
        class: own.class.clone(),
        serverless_acu: source.serverless_acu,
        kms_key: own.kms_key.clone(),
        iam_authentication: own.iam_authentication,
        log_exports: own.log_exports.clone(),
        backtrack_s: own.backtrack_s,
        copy_tags_to_snapshots: own.copy_tags_to_snapshots,
        deletion_protection: Some(source.deletion_protection),
        network_type: own.network_type.clone(),
        lifecycle_support: own.lifecycle_support.clone(),
        backup_retention_days: Some(source.backup_retention_days),
        backup_window: source.backup_window.clone(),
        tags: own_tags(&source.tags),
    }
}

/// What no restore brings over, in sentences about `new`.
fn left_behind(source: &DbCluster, new: &str) -> Vec<String> {
    let (own, name) = (&source.settings, &source.name);
    let mut left = Vec::new();
    if own.subnet_group.is_none() || own.security_groups.is_empty() {
        left.push(format!(
            "{new}: the network of {name} is not known, AWS takes the default one"
        ));
    }
    left.push(format!(
        "{new}: it has the passwords of that time, not those that were changed since"
    ));
    if own.managed_secret.is_some() {
        left.push(format!(
            "{new}: the secret in which RDS keeps the password of {name} is not taken over"
        ));
    }
    if own.iam_authentication == Some(true) {
        let id = own.resource_id.as_deref().unwrap_or("of the old cluster");
        left.push(format!(
            "{new}: IAM policies that allow to log in name the resource id {id}; {new} gets another one"
        ));
    }
    let mut list = |what: &str, items: &[String]| {
        if !items.is_empty() {
            left.push(format!("{new}: {what} not taken over: {}", items.join(", ")));
        }
    };
    list("endpoints of its own", &own.custom_endpoints);
    list("IAM roles", &own.roles);
    list("directories", &own.domains);
    if let Some(global) = &own.global {
        left.push(format!("{new}: it is not part of the global database {global}"));
    }
    if own.write_forwarding {
        left.push(format!("{new}: its readers pass no writes on"));
    }
    if own.activity_stream {
        left.push(format!("{new}: the activity stream is not taken over"));
    }
    left.push(format!(
        "{new}: event subscriptions, DMS tasks and backup plans that name {name} are not read here"
    ));
    left
}

fn refuse_sources(source: &DbCluster) -> Result<(), Refusal> {
    let name = &source.name;
    check_key(name, &source.status, source.settings.kms_key.as_deref())?;
    if source.settings.engine_mode.as_deref() == Some("serverless") {
        return Err(Refusal::state(format!(
            "{name} is Aurora Serverless v1, whose capacity is configured in a way of its own"
        )));
    }
    Ok(())
}

impl Action for RestoreCluster {
    fn name(&self) -> &'static str {
        match self.from {
            From::Snapshot => "rds.restore_cluster_snapshot",
            From::Time => "rds.restore_cluster_point_in_time",
        }
    }

    fn schema(&self) -> ActionSchema {
        let (about, own) = match self.from {
            From::Snapshot => (
                "Restores a snapshot of a DB cluster into a new cluster.\n\
                 The new one has no instances: `rds.add_members` makes them. The old one is left alone. What \
                 AWS takes with a restore is taken over from it, `rds.copy_cluster_settings` brings the rest. \
                 Undo deletes nothing.",
                FieldSchema::required("snapshot", Type::Text, "The snapshot's id, or `latest`."),
            ),
            From::Time => (
                "Restores a DB cluster as it was at a moment into a new cluster.\n\
                 The new one has no instances: `rds.add_members` makes them. The old one is left alone. What \
                 AWS takes with a restore is taken over from it, `rds.copy_cluster_settings` brings the rest. \
                 Undo deletes nothing.",
                FieldSchema::optional("at", Type::Time, "the latest restorable moment", "The moment."),
            ),
        };
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about,
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The source."),
                FieldSchema::required(
                    "new_cluster",
                    Type::Text,
                    "The new cluster's name, which must be free.",
                ),
                own,
            ],
            outputs: vec![OutputSchema::new(
                "exists",
                Type::Bool,
                "That the new cluster exists.",
            )],
            live: Vec::new(),
            risk: Risk::Irreversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::RdsCluster),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 60,
            timeout_s: 6 * 60 * 60,
            settle_s: 60,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        self.read(with)?;
        Ok(vec![
            Query::Rds(rds::Read::Clusters),
            Query::Rds(rds::Read::Snapshots),
        ])
    }

    fn follow_up(&self, _with: &Arguments, _view: &View) -> Vec<Query> {
        // Only for the plan: whether proxies can be read says nothing about the restore.
        vec![Query::Rds(rds::Read::Proxies)]
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted = self.read(with)?;
        let source = find(view, &wanted.cluster)?;
        let new = &wanted.new_cluster;
        database::free::<DbCluster>(view, new)?;
        refuse_sources(source)?;
        let mut own = with.clone();
        let (what, since) = match self.from {
            From::Snapshot => {
                let wanted = (wanted.snapshot.as_deref().unwrap_or(LATEST), true);
                let snapshot = pick(view.db_snapshots()?, &source.name, wanted)?;
                own.insert("snapshot".to_owned(), json!(snapshot.id));
                (format!("restore {}", snapshot.id), snapshot.created_at)
            }
            From::Time => {
                let kept = (source.latest_restorable_at, source.backup_retention_days);
                let at = moment(&source.name, wanted.at, kept, site)?;
                own.insert("at".to_owned(), json!(at));
                (
                    format!("restore {} as of {}", source.name, site.time(at)),
                    Some(at),
                )
            }
        };
        let settings = serde_json::to_value(carried(source, self.from)).unwrap_or_default();
        own.insert("settings".to_owned(), settings);
        if let Some(since) = since {
            own.insert("data_at".to_owned(), json!(since));
        }
        let mut warnings = vec![
            loss(since, new, site),
            format!("{new}: storage and instances of both clusters are billed until one is deleted"),
        ];
        warnings.append(&mut left_behind(source, new));
        let proxies = match proxies_of(view.db_proxies(), &source.name) {
            Ok(names) => names,
            Err(unread) => {
                warnings.push(format!(
                    "{}: whether a proxy stands before it {unread}",
                    source.name
                ));
                Vec::new()
            }
        };
        if !proxies.is_empty() {
            warnings.push(format!(
                "{new}: the proxies {} go on to lead to {}",
                proxies.join(", "),
                source.name
            ));
        }
        let mut change = Change {
            summary: format!("{what} into {new}"),
            before: database::exists(false),
            after: database::exists(true),
            // Instances are priced where they are made; Aurora's storage is paid by what is in use.
            cost: if makes_its_own(source) {
                CostDelta::Unknown(format!(
                    "no price for a Multi-AZ DB cluster such as {}",
                    source.name
                ))
            } else {
                CostDelta::None
            },
            ..Change::draft(
                self,
                site.target(Kind::RdsCluster, &database::beside(&source.arn, new), new),
                &own,
            )
        };
        change
            .impact
            .dependents
            .insert(format!("DB cluster {}", source.name));
        let proxies = proxies.iter().map(|name| format!("DB proxy {name}"));
        change.impact.dependents.extend(proxies);
        Ok(Proposal {
            changes: vec![change],
            warnings,
            ..Proposal::default()
        })
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        database::existence::<DbCluster>(view, &change.target.name)
    }

    fn apply(&self, change: &Change, stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with = self.read(&change.with)?;
        let Some(mut settings) = with.settings.map(Box::new) else {
            return Err(BadArguments("the change names no settings".to_owned()));
        };
        settings.tags.push(Tag {
            key: RUN.to_owned(),
            value: stamp.run.to_owned(),
        });
        let from = match (self.from, with.snapshot) {
            (From::Snapshot, Some(snapshot)) => ClusterOrigin::Snapshot { snapshot },
            (From::Snapshot, None) => return Err(BadArguments("the change names no snapshot".to_owned())),
            (From::Time, _) => ClusterOrigin::Time {
                source: with.cluster,
                at: with.at,
            },
        };
        Ok(Mutation::Rds(rds::Write::RestoreCluster {
            from,
            cluster: with.new_cluster,
            settings,
        }))
    }

    fn watch(&self, _change: &Change, _applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        Ok(vec![Query::Rds(rds::Read::Clusters)])
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        database::made(view, &change.target.name, DbCluster::at_rest)
    }

    fn invert(&self, change: &Change) -> Undo {
        Undo::Impossible(format!(
            "no data is deleted: {} stays, and its storage is billed, until somebody deletes it",
            change.target.name
        ))
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Some(source) = change.with.get("cluster").and_then(serde_json::Value::as_str) else {
            return;
        };
        let Some(all) = view.db_clusters_mut() else {
            return;
        };
        let Some(mut restored) = all.iter().find(|cluster| cluster.name == source).cloned() else {
            return;
        };
        restored.arn.clone_from(&change.target.id);
        restored.name.clone_from(&change.target.name);
        restored.endpoint = None;
        "available".clone_into(&mut restored.status);
        restored.members.clear();
        // What a restore does not take AWS chooses anew, or switches off.
        let own = &mut restored.settings;
        own.resource_id = None;
        own.maintenance_window = None;
        own.http_endpoint = None;
        own.managed_secret = None;
        own.roles.clear();
        own.domains.clear();
        own.custom_endpoints.clear();
        own.global = None;
        own.write_forwarding = false;
        own.activity_stream = false;
        all.push(restored);
    }
}
