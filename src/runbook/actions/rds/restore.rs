//! `rds.restore_snapshot` and `rds.restore_point_in_time`: always into a new instance.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{at_rest, instance};
use crate::domain::datastore::{DbInstance, DbSnapshot};
use crate::domain::ids::Kind;
use crate::domain::ops::rds::RestoreSettings;
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::domain::price::{DbEngine, Deployment};
use crate::domain::units::HumanDuration;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, CostDelta, Fields, Pace, Progress, Proposal, Refusal,
    Sight, Site, Stamp, Undo, View, fields, parse,
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Snapshot,
    Time,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    instance: String,
    new_instance: String,
    snapshot: Option<String>,
    at: Option<Timestamp>,
    /// Written by the plan.
    settings: Option<RestoreSettings>,
}

/// The word for the newest snapshot.
const LATEST: &str = "latest";

impl Restore {
    fn read(&self, with: &Arguments) -> Result<With, BadArguments> {
        let with: With = parse(with)?;
        match self.from {
            From::Snapshot if with.snapshot.is_none() => Err(BadArguments("snapshot is missing".to_owned())),
            From::Snapshot if with.at.is_some() => {
                Err(BadArguments("a snapshot has its own time".to_owned()))
            }
            From::Time if with.snapshot.is_some() => Err(BadArguments("a time needs no snapshot".to_owned())),
            From::Snapshot | From::Time => Ok(with),
        }
    }
}

/// The snapshot that is meant.
fn snapshot<'v>(view: &'v View, with: &With) -> Result<&'v DbSnapshot, Refusal> {
    let wanted = with.snapshot.as_deref().unwrap_or(LATEST);
    let found = if wanted == LATEST {
        view.db_snapshots()?
            .iter()
            .filter(|known| known.source == with.instance && !known.of_cluster && known.status == "available")
            .max_by_key(|known| known.created_at)
    } else {
        view.db_snapshot(wanted)?
    };
    let found =
        found.ok_or_else(|| Refusal::absent(format!("{} has no snapshot {wanted}", with.instance)))?;
    if found.of_cluster {
        return Err(Refusal::state(format!("{} is a snapshot of a cluster", found.id)));
    }
    if found.status != "available" {
        return Err(Refusal::state(format!(
            "the snapshot {} is {}",
            found.id, found.status
        )));
    }
    Ok(found)
}

/// What AWS would drop, as far as it is known of the source.
fn settings(source: &DbInstance) -> RestoreSettings {
    RestoreSettings {
        class: Some(source.class.clone()),
        multi_az: Some(source.multi_az),
        parameter_group: source.parameter_group.as_ref().map(|(name, _)| name.clone()),
        storage_type: source.storage_type.clone(),
        deletion_protection: Some(source.deletion_protection),
        publicly_accessible: Some(source.publicly_accessible),
        subnet_group: None,
        security_groups: Vec::new(),
        option_group: None,
    }
}

fn exists(value: bool) -> Fields {
    fields([("exists", json!(value))])
}

fn loss(since: Timestamp, now: Timestamp) -> HumanDuration {
    HumanDuration(now.duration_since(since))
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
                 The old one is left alone. Class, Multi-AZ, parameter group, storage type, deletion \
                 protection and reachability are taken over from it; what cannot be is listed. Undo deletes \
                 nothing: the new instance stays, and what it costs is said.",
                FieldSchema::required("snapshot", Type::Text, "The snapshot's id, or `latest`."),
            ),
            From::Time => (
                "Restores an RDS DB instance as it was at a moment into a new instance.\n\
                 The old one is left alone. Class, Multi-AZ, parameter group, storage type, deletion \
                 protection and reachability are taken over from it; what cannot be is listed. Undo deletes \
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
        let source = instance(view, &wanted.instance)?;
        if view.db_instance(&wanted.new_instance)?.is_some() {
            return Err(Refusal::state(format!(
                "the name {} is taken",
                wanted.new_instance
            )));
        }
        let mut own = with.clone();
        let (what, lost) = match self.from {
            From::Snapshot => {
                let snapshot = snapshot(view, &wanted)?;
                own.insert("snapshot".to_owned(), json!(snapshot.id));
                let lost = snapshot.created_at.map(|at| loss(at, site.now));
                (format!("restore {}", snapshot.id), lost)
            }
            From::Time => {
                if source.backup_retention_days == 0 {
                    return Err(Refusal::state(format!("{} keeps no backups", source.name)));
                }
                let latest = source.latest_restorable_at.ok_or_else(|| {
                    Refusal::state(format!("{} cannot be restored to a time yet", source.name))
                })?;
                let at = wanted.at.unwrap_or(latest);
                if at > latest {
                    return Err(Refusal::state(format!(
                        "{} can be restored up to {latest}, not to {at}",
                        source.name
                    )));
                }
                own.insert("at".to_owned(), json!(at));
                (
                    format!("restore {} as of {at}", source.name),
                    Some(loss(at, site.now)),
                )
            }
        };
        let arn = source.arn.rsplit_once(':').map_or_else(
            || wanted.new_instance.clone(),
            |(start, _)| format!("{start}:{}", wanted.new_instance),
        );
        let price = DbEngine::from_api(&source.engine, source.storage_type.as_deref()).and_then(|engine| {
            site.prices.rds(
                site.region,
                &source.class,
                engine,
                Deployment::of(source.multi_az),
            )
        });
        let mut change = Change {
            summary: format!("{what} into {}", wanted.new_instance),
            before: exists(false),
            after: exists(true),
            cost: CostDelta::of(price, 1, &source.class),
            ..Change::draft(
                self,
                site.target(Kind::RdsInstance, &arn, &wanted.new_instance),
                &own,
            )
        };
        change.with.insert(
            "settings".to_owned(),
            serde_json::to_value(settings(source)).unwrap_or_default(),
        );
        change
            .impact
            .dependents
            .insert(format!("DB instance {}", source.name));
        let mut proposal = Proposal::one(change).warn(format!(
            "{}: subnet group, security groups and option group are not taken over, nor are monitoring, \
             Performance Insights, log exports, roles, proxies and read replicas",
            wanted.new_instance
        ));
        match lost {
            Some(lost) => proposal.warnings.push(format!(
                "what was written in the last {lost} is not in {}",
                wanted.new_instance
            )),
            None => proposal.warnings.push(format!(
                "how much was written since is not known, and is not in {}",
                wanted.new_instance
            )),
        }
        proposal.warnings.push(format!(
            "{}: both instances are billed until one is deleted",
            wanted.new_instance
        ));
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        match view.db_instance(&change.target.name) {
            Err(unread) => Sight::Unreadable(unread),
            Ok(db) => Sight::Here(exists(db.is_some())),
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with = self.read(&change.with)?;
        let settings = with.settings.unwrap_or_default();
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
        match view.db_instance(&change.target.name) {
            Err(unread) => Progress::Waiting(unread.to_string()),
            Ok(None) => Progress::Waiting("it does not show yet".to_owned()),
            Ok(Some(db)) => at_rest(db),
        }
    }

    fn invert(&self, change: &Change) -> Undo {
        let cost = match &change.cost {
            CostDelta::Known { usd_per_hour, .. } => format!("costs {} a day", usd_per_hour.per_day()),
            CostDelta::None | CostDelta::Unknown(_) => "costs what its class costs".to_owned(),
        };
        Undo::Impossible(format!(
            "no data is deleted: {} stays and {cost} until somebody deletes it",
            change.target.name
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
        restored.replica_of = None;
        restored.endpoint = None;
        "available".clone_into(&mut restored.status);
        restored.pending_modifications.clear();
        all.push(restored);
    }
}
