//! `rds.restore_snapshot` and `rds.restore_point_in_time`: always into a new instance.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::database::{self, Database};
use super::instance;
use super::restoring::{From, LATEST, PLANNED, RUN, check_key, loss, moment, pick};
use super::settings::{a_day, carried, cost_of, left_behind};
use crate::domain::datastore::DbInstance;
use crate::domain::ids::{Kind, Tag};
use crate::domain::ops::rds::RestoreSettings;
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site, Stamp,
    Undo, View, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// Restores into a new instance.
pub struct Restore {
    from: From,
}

/// `rds.restore_snapshot`.
pub const SNAPSHOT: Restore = Restore { from: From::Snapshot };

/// `rds.restore_point_in_time`.
pub const POINT_IN_TIME: Restore = Restore { from: From::Time };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    instance: String,
    new_instance: String,
    snapshot: Option<String>,
    at: Option<Timestamp>,
    /// Written by the plan.
    settings: Option<RestoreSettings>,
    /// The moment that the data is of, written by the plan for whoever measures.
    #[expect(dead_code, reason = "read from the journal by runbook::measure")]
    data_at: Option<Timestamp>,
}

impl Restore {
    fn read(&self, with: &Arguments) -> Result<With, BadArguments> {
        let with: With = parse(with)?;
        self.from.check(with.snapshot.as_deref(), with.at)?;
        Ok(with)
    }
}

/// A tag that says what an instance was restored from.
const RESTORED_FROM: &str = "quarterdeck:restored-from";

/// States of a source from which a restore would come out no better.
fn restorable(source: &DbInstance) -> Result<(), Refusal> {
    let name = &source.name;
    if source.status == "storage-full" {
        return Err(Refusal::state(format!(
            "{name} is storage-full, and what is restored has as little room: give it more storage first \
             (rds.modify storage_gib)"
        )));
    }
    check_key(name, &source.status, source.settings.kms_key.as_deref())?;
    if source.engine.starts_with("custom-") || source.settings.custom_profile.is_some() {
        return Err(Refusal::state(format!(
            "{name} is an instance of RDS Custom, which is restored with a profile of its own"
        )));
    }
    Ok(())
}

impl Action for Restore {
    fn name(&self) -> &'static str {
        match self.from {
            From::Snapshot => "rds.restore_snapshot",
            From::Time => "rds.restore_point_in_time",
        }
    }

    fn schema(&self) -> ActionSchema {
        let (about, own) = match self.from {
            From::Snapshot => (
                "Restores a snapshot of an RDS DB instance into a new instance.\n\
                 The old one is left alone. Every setting that AWS takes with a restore is taken over from it, \
                 network, groups, Multi-AZ, storage, protection, logs and tags among them; \
                 `rds.copy_settings` brings the others, and what cannot be brought is listed. Undo deletes \
                 nothing: the new instance stays, and what it costs is said.",
                FieldSchema::required("snapshot", Type::Text, "The snapshot's id, or `latest`."),
            ),
            From::Time => (
                "Restores an RDS DB instance as it was at a moment into a new instance.\n\
                 The old one is left alone. Every setting that AWS takes with a restore is taken over from it, \
                 network, groups, Multi-AZ, storage, protection, logs and tags among them; \
                 `rds.copy_settings` brings the others, and what cannot be brought is listed. Undo deletes \
                 nothing: the new instance stays, and what it costs is said.",
                FieldSchema::optional("at", Type::Time, "the latest restorable moment", "The moment."),
            ),
        };
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about,
            fields: vec![
                FieldSchema::required("instance", Type::Text, "The source."),
                FieldSchema::required(
                    "new_instance",
                    Type::Text,
                    "The new instance's name, which must be free.",
                ),
                own,
            ],
            outputs: vec![OutputSchema::new(
                "exists",
                Type::Bool,
                "That the new instance exists.",
            )],
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
            every_s: 60,
            timeout_s: 6 * 60 * 60,
            settle_s: 60,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        self.read(with)?;
        Ok(vec![
            Query::Rds(rds::Read::Instances),
            Query::Rds(rds::Read::Snapshots),
        ])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted = self.read(with)?;
        let source = match view.db_instance(&wanted.instance)? {
            Some(DbInstance {
                cluster: Some(cluster),
                ..
            }) => {
                return Err(Refusal::state(format!(
                    "{} is a member of the cluster {cluster}: the cluster is restored \
                     (rds.restore_cluster_snapshot, rds.restore_cluster_point_in_time)",
                    wanted.instance
                )));
            }
            _ => instance(view, &wanted.instance)?,
        };
        database::free::<DbInstance>(view, &wanted.new_instance)?;
        restorable(source)?;
        let mut own = with.clone();
        let mut warnings = Vec::new();
        let (what, since, storage_gib) = match self.from {
            From::Snapshot => {
                let wanted = (wanted.snapshot.as_deref().unwrap_or(LATEST), false);
                let snapshot = pick(view.db_snapshots()?, &source.name, wanted)?;
                own.insert("snapshot".to_owned(), json!(snapshot.id));
                if snapshot.source != source.name {
                    warnings.push(format!(
                        "{} is a snapshot of {}, not of {}",
                        snapshot.id, snapshot.source, source.name
                    ));
                }
                let gib = snapshot.storage_gib.or(source.storage_gib);
                (format!("restore {}", snapshot.id), snapshot.created_at, gib)
            }
            From::Time => {
                let kept = (source.latest_restorable_at, source.backup_retention_days);
                let at = moment(&source.name, wanted.at, kept, site)?;
                own.insert("at".to_owned(), json!(at));
                let what = format!("restore {} as of {}", source.name, site.time(at));
                (what, Some(at), source.storage_gib)
            }
        };
        let arn = database::beside(&source.arn, &wanted.new_instance);
        let cost = cost_of(source, storage_gib, site);
        warnings.push(loss(since, &wanted.new_instance, site));
        warnings.push(format!(
            "{}: both instances are billed until one is deleted; it {}",
            wanted.new_instance,
            a_day(&cost)
        ));
        warnings.append(&mut left_behind(source, &wanted.new_instance));
        let mut change = Change {
            summary: format!("{what} into {}", wanted.new_instance),
            before: database::exists(false),
            after: database::exists(true),
            cost,
            ..Change::draft(
                self,
                site.target(Kind::RdsInstance, &arn, &wanted.new_instance),
                &own,
            )
        };
        change.with.insert(
            "settings".to_owned(),
            serde_json::to_value(carried(source, storage_gib, self.from)).unwrap_or_default(),
        );
        if let Some(since) = since {
            change.with.insert("data_at".to_owned(), json!(since));
        }
        change
            .impact
            .dependents
            .insert(format!("DB instance {}", source.name));
        Ok(Proposal {
            changes: vec![change],
            warnings,
            ..Proposal::default()
        })
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        database::existence::<DbInstance>(view, &change.target.name)
    }

    fn apply(&self, change: &Change, stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with = self.read(&change.with)?;
        let mut settings = Box::new(with.settings.unwrap_or_default());
        let origin = match (&with.snapshot, with.at) {
            (Some(snapshot), _) => snapshot.clone(),
            (None, Some(at)) => format!("{} {at}", with.instance),
            (None, None) => with.instance.clone(),
        };
        for (key, value) in [(RESTORED_FROM, origin), (RUN, stamp.run.to_owned())] {
            settings.tags.retain(|tag| tag.key != key);
            settings.tags.push(Tag {
                key: key.to_owned(),
                value,
            });
        }
        Ok(Mutation::Rds(match (self.from, with.snapshot) {
            (From::Snapshot, Some(snapshot)) => rds::Write::RestoreFromSnapshot {
                snapshot,
                instance: with.new_instance,
                settings,
            },
            (From::Snapshot, None) => return Err(BadArguments("the change names no snapshot".to_owned())),
            (From::Time, _) => rds::Write::RestoreToPointInTime {
                source: with.instance,
                instance: with.new_instance,
                at: with.at,
                settings,
            },
        }))
    }

    fn watch(&self, _change: &Change, _applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        Ok(vec![Query::Rds(rds::Read::Instances)])
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        database::made(view, &change.target.name, |db: &DbInstance| {
            if db.status == "storage-full" {
                Progress::Failed(format!("{} is storage-full", db.name))
            } else {
                db.at_rest()
            }
        })
    }

    fn made_id(&self, change: &Change, view: &View, run: &str) -> Option<String> {
        let db = view.db_instance(&change.target.name).ok()??;
        let is_own = db.tags.iter().any(|tag| tag.key == RUN && tag.value == run);
        db.resource_id.clone().filter(|_| is_own)
    }

    fn invert(&self, change: &Change) -> Undo {
        Undo::Impossible(format!(
            "no data is deleted: {} stays and {} until somebody deletes it",
            change.target.name,
            a_day(&change.cost)
        ))
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Some(source) = change.with.get("instance").and_then(serde_json::Value::as_str) else {
            return;
        };
        let Some(all) = view.db_instances_mut() else {
            return;
        };
        let Some(mut restored) = all.iter().find(|db| db.name == source).cloned() else {
            return;
        };
        restored.arn.clone_from(&change.target.id);
        restored.name.clone_from(&change.target.name);
        restored.resource_id = None;
        restored.created_at = None;
        restored.tags.retain(|tag| tag.key != RUN);
        restored.tags.push(Tag {
            key: RUN.to_owned(),
            value: PLANNED.to_owned(),
        });
        restored.replica_of = None;
        restored.endpoint = None;
        "available".clone_into(&mut restored.status);
        restored.pending_modifications.clear();
        // What a restore does not take AWS chooses anew, or switches off.
        restored.maintenance_window = None;
        if self.from == From::Snapshot {
            restored.max_storage_gib = None;
        }
        let own = &mut restored.settings;
        own.performance_insights = None;
        own.insights_mode = None;
        own.monitoring = None;
        own.managed_secret = None;
        own.roles.clear();
        own.domains.clear();
        own.activity_stream = false;
        own.backup_replication = false;
        all.push(restored);
    }
}
