//! `rds.modify` and `rds.copy_settings`: settings of a DB instance, changed at once.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::copying::{Copying, reached};
use super::database::{self, Database};
use super::settings::{MODIFIABLE, differences, facts, plain};
use super::{instance, target};
use crate::domain::datastore::DbInstance;
use crate::domain::ids::Kind;
use crate::domain::ops::rds::DbModification;
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, CostDelta, Fields, Impact, Pace, Progress, Proposal,
    Refusal, Sight, Site, Stamp, Undo, View, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// What an instance looks like, in the terms of a change of its settings.
fn sight_of(db: &DbInstance) -> Fields {
    let mut seen = facts(db);
    seen.insert("storage_gib".to_owned(), json!(db.storage_gib));
    // AWS knows no word for storage that does not grow by itself: its limit is what there is.
    seen.insert("max_storage_gib".to_owned(), json!(most(db)));
    seen.insert("resource_id".to_owned(), json!(db.resource_id));
    seen
}

/// Up to where storage grows by itself, which is what there is where it does not.
fn most(db: &DbInstance) -> Option<u32> {
    db.max_storage_gib.or(db.storage_gib)
}

/// The same, with what AWS has accepted and not yet done: a modification takes minutes to hours.
fn heading_of(db: &DbInstance) -> Fields {
    let mut seen = sight_of(db);
    for (key, value) in db
        .pending_modifications
        .iter()
        .filter_map(|one| one.split_once('='))
    {
        let pending = match key {
            "DBInstanceClass" => ("class", json!(value)),
            "MultiAZ" => ("multi_az", json!(value == "true")),
            "AllocatedStorage" => ("storage_gib", json!(value.parse::<u32>().ok())),
            "BackupRetentionPeriod" => ("backup_retention_days", json!(value.parse::<u32>().ok())),
            _ => continue,
        };
        seen.insert(pending.0.to_owned(), pending.1);
    }
    seen
}

fn sight(change: &Change, view: &View) -> Sight {
    database::sight(view, &change.target.name, heading_of)
}

fn progress(change: &Change, view: &View) -> Progress {
    database::progress(view, &change.target.name, |db: &DbInstance| match db.at_rest() {
        // Storage is there to be used long before AWS is done with it.
        _ if db.status == "storage-optimization" => reached(change, &sight_of(db)),
        Progress::Done => reached(change, &sight_of(db)),
        other => other,
    })
}

fn project(change: &Change, view: &mut View) {
    let Ok(modification) = serde_json::from_value::<DbModification>(json!(change.after)) else {
        return;
    };
    let Some(all) = view.db_instances_mut() else {
        return;
    };
    for db in all.iter_mut().filter(|db| db.name == change.target.name) {
        write_into(db, modification.clone());
    }
}

fn write_into(db: &mut DbInstance, change: DbModification) {
    // Everything is named, so that a new setting cannot be forgotten here.
    let DbModification {
        class,
        multi_az,
        storage_gib,
        max_storage_gib,
        parameter_group,
        backup_retention_days,
        backup_window,
        maintenance_window,
        deletion_protection,
        publicly_accessible,
        performance_insights,
        insights_mode,
        monitoring,
        promotion_tier,
    } = change;
    db.class = class.unwrap_or_else(|| db.class.clone());
    db.multi_az = multi_az.unwrap_or(db.multi_az);
    db.storage_gib = storage_gib.or(db.storage_gib);
    db.max_storage_gib = max_storage_gib.or(db.max_storage_gib);
    if let Some(group) = parameter_group {
        db.parameter_group = Some((group, "pending-reboot".to_owned()));
    }
    db.backup_retention_days = backup_retention_days.unwrap_or(db.backup_retention_days);
    db.backup_window = backup_window.or(db.backup_window.take());
    db.maintenance_window = maintenance_window.or(db.maintenance_window.take());
    db.deletion_protection = deletion_protection.unwrap_or(db.deletion_protection);
    db.publicly_accessible = publicly_accessible.unwrap_or(db.publicly_accessible);
    let own = &mut db.settings;
    own.performance_insights = performance_insights.or(own.performance_insights.take());
    own.insights_mode = insights_mode.or(own.insights_mode.take());
    own.monitoring = monitoring.or(own.monitoring.take());
    own.promotion_tier = promotion_tier.or(own.promotion_tier);
    if db.status == "storage-full" && storage_gib.is_some() {
        "available".clone_into(&mut db.status);
    }
}

fn pace() -> Pace {
    Pace {
        every_s: 30,
        timeout_s: 2 * 60 * 60,
        // Most settings are not shown as pending: a modification that is under way looks like none.
        settle_s: 5 * 60,
    }
}

/// `rds.modify`.
pub struct Modify;

/// The fields of `rds.modify` that are settings: all of them always have a value.
const SETTINGS: [&str; 10] = [
    "class",
    "multi_az",
    "storage_gib",
    "max_storage_gib",
    "parameter_group",
    "backup_retention_days",
    "backup_window",
    "maintenance_window",
    "deletion_protection",
    "publicly_accessible",
];

impl Modify {
    fn read(with: &Arguments) -> Result<(String, DbModification), BadArguments> {
        let mut rest = with.clone();
        rest.retain(|_, value| !value.is_null());
        let Some(Value::String(name)) = rest.remove("instance") else {
            return Err(BadArguments("instance is missing".to_owned()));
        };
        if let Some(unknown) = rest.keys().find(|name| !SETTINGS.contains(&name.as_str())) {
            return Err(BadArguments(format!("there is no setting {unknown}")));
        }
        Ok((name, parse(&rest)?))
    }
}

impl Action for Modify {
    fn name(&self) -> &'static str {
        "rds.modify"
    }

    fn schema(&self) -> ActionSchema {
        let setting = |name, ty, about| FieldSchema::optional(name, ty, "as it is", about);
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Changes settings of an RDS DB instance at once.\n\
                A change of class restarts it, or fails it over with Multi-AZ. Storage only grows, by 10 % at \
                least, and then not again for six hours. A parameter group comes into force with a restart \
                (`rds.reboot` with `if_pending`). Undo sets what was set before, but for storage.",
            fields: vec![
                FieldSchema::required("instance", Type::Text, "The instance."),
                setting("class", Type::Text, "The class, such as `db.r6g.large`."),
                setting("multi_az", Type::Bool, "Whether a standby runs in another zone."),
                setting("storage_gib", Type::Int, "Storage, GiB."),
                setting(
                    "max_storage_gib",
                    Type::Int,
                    "Up to where storage grows by itself, GiB; what there is switches that off.",
                ),
                setting("parameter_group", Type::Text, "The DB parameter group."),
                setting(
                    "backup_retention_days",
                    Type::Int,
                    "Days that backups are kept; 0 is none.",
                ),
                setting("backup_window", Type::Text, "The daily backup window, UTC."),
                setting(
                    "maintenance_window",
                    Type::Text,
                    "The weekly maintenance window, UTC.",
                ),
                setting("deletion_protection", Type::Bool, "Whether deletion is refused."),
                setting(
                    "publicly_accessible",
                    Type::Bool,
                    "Whether anybody on the internet can reach it.",
                ),
            ],
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
        pace()
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        Self::read(with)?;
        Ok(vec![Query::Rds(rds::Read::Instances)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let (name, _) = Self::read(with)?;
        let db = match view.db_instance(&name)? {
            // What a member has of its own is its class and its parameter group.
            Some(db) if db.cluster.is_some() => {
                let shared = with.keys().find(|key| {
                    ![
                        "instance",
                        "class",
                        "parameter_group",
                        "maintenance_window",
                        "publicly_accessible",
                    ]
                    .contains(&key.as_str())
                });
                match shared {
                    Some(shared) => {
                        return Err(Refusal::state(format!(
                            "{name} is a member of the cluster {}, which has {shared} for all of them",
                            db.cluster.as_deref().unwrap_or_default()
                        )));
                    }
                    None => db,
                }
            }
            _ => instance(view, &name)?,
        };
        let live = sight_of(db);
        let wanted: Fields = with
            .iter()
            .filter(|(key, value)| *key != "instance" && !value.is_null() && live.get(*key) != Some(value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if wanted.is_empty() {
            return Ok(Proposal::nothing());
        }
        let grows = wanted.get("storage_gib").and_then(Value::as_u64);
        if db.status != "available" && !(db.status == "storage-full" && grows.is_some()) {
            return Err(Refusal::state(format!("{} is {}", db.name, db.status)));
        }
        if let (Some(new), Some(old)) = (grows, db.storage_gib.map(u64::from))
            && new < old + old.div_ceil(10)
        {
            return Err(Refusal::state(format!(
                "{name} has {old} GiB: storage grows by 10 % at least, to {} GiB",
                old + old.div_ceil(10)
            )));
        }
        room(db, &wanted)?;
        let before: Fields = wanted
            .keys()
            .map(|key| (key.clone(), live.get(key).cloned().unwrap_or(Value::Null)))
            .collect();
        let words: Vec<String> = wanted
            .iter()
            .map(|(key, value)| format!("{key} {} → {}", plain(&before[key]), plain(value)))
            .collect();
        let moves = wanted.contains_key("class");
        let mut proposal = Proposal::one(Change {
            summary: words.join(", "),
            cost: cost(db, &wanted, site),
            impact: Impact {
                outage: moves.then(|| "it restarts, or fails over with Multi-AZ".to_owned()),
                ..Impact::default()
            },
            floor: if moves {
                ConfirmLevel::TypeName
            } else {
                ConfirmLevel::Ack
            },
            before,
            after: wanted.clone(),
            ..Change::draft(self, target(site, db), with)
        });
        if wanted.contains_key("parameter_group") {
            proposal.warnings.push(format!(
                "{name}: static parameters come into force with a restart only"
            ));
        }
        if grows.is_some() {
            proposal.warnings.push(format!(
                "{name}: storage cannot be made smaller again, nor be changed again for six hours"
            ));
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        sight(change, view)
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        database::busy::<DbInstance>(view, &change.target.name)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let (instance, _) = Self::read(&change.with)?;
        let modification = serde_json::from_value(json!(change.after))?;
        Ok(Mutation::Rds(rds::Write::Modify {
            instance,
            change: Box::new(modification),
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        progress(change, view)
    }

    fn invert(&self, change: &Change) -> Undo {
        if change.before.contains_key("storage_gib") {
            return Undo::Impossible("storage cannot be made smaller".to_owned());
        }
        let words: Vec<String> = change
            .before
            .iter()
            .map(|(key, value)| format!("{key} → {}", plain(value)))
            .collect();
        let mut back = change.swapped(words.join(", "));
        for (key, value) in &change.before {
            back.with.insert(key.clone(), value.clone());
        }
        Undo::By(vec![back])
    }

    fn project(&self, change: &Change, view: &mut View) {
        project(change, view);
    }
}

/// Refuses a limit of storage autoscaling that AWS would not take beside the storage.
fn room(db: &DbInstance, wanted: &Fields) -> Result<(), Refusal> {
    let number = |key: &str| wanted.get(key).and_then(Value::as_u64);
    let (grows, limit) = (number("storage_gib"), number("max_storage_gib"));
    if grows.is_none() && limit.is_none() {
        return Ok(());
    }
    let Some(storage) = grows.or(db.storage_gib.map(u64::from)) else {
        return Ok(());
    };
    let Some(limit) = limit.or(db.max_storage_gib.map(u64::from)) else {
        return Ok(());
    };
    let least = storage + storage.div_ceil(10);
    let switched_off = wanted.contains_key("max_storage_gib") && limit == storage;
    if limit >= least || switched_off {
        return Ok(());
    }
    Err(Refusal::state(format!(
        "{}: storage of {storage} GiB that grows by itself needs a limit of {least} GiB at least, not {limit}: \
         max_storage_gib sets it",
        db.name
    )))
}

/// What the change does to the bill.
fn cost(db: &DbInstance, wanted: &Fields, site: &Site<'_>) -> CostDelta {
    if !wanted
        .keys()
        .any(|key| ["class", "multi_az", "storage_gib"].contains(&key.as_str()))
    {
        return CostDelta::None;
    }
    let mut new = db.clone();
    if let Ok(change) = serde_json::from_value(json!(wanted)) {
        write_into(&mut new, change);
    }
    let each = |db: &DbInstance| super::settings::cost_of(db, db.storage_gib, site);
    each(&new).plus(each(db).reversed())
}

/// `rds.copy_settings`.
pub struct CopySettings;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    instance: String,
    like: String,
    /// Written by the plan.
    set: Option<Map<String, Value>>,
}

impl Action for CopySettings {
    fn name(&self) -> &'static str {
        "rds.copy_settings"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Gives an RDS DB instance the settings of another that a restore does not take.\n\
                Performance Insights, Enhanced Monitoring, the maintenance window and the limit of storage \
                autoscaling, and whatever else differs and can be modified. What differs and cannot be is \
                said. Undo leaves the settings, which belong to the new instance.",
            fields: vec![
                FieldSchema::required("instance", Type::Text, "The instance that gets the settings."),
                FieldSchema::required("like", Type::Text, "The instance that has them."),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Reversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::RdsInstance),
        }
    }

    fn pace(&self) -> Pace {
        pace()
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<Wanted>(with)?;
        Ok(vec![Query::Rds(rds::Read::Instances)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: Wanted = parse(with)?;
        let to = instance(view, &wanted.instance)?;
        let source = instance(view, &wanted.like)?;
        let copying = Copying {
            source,
            to,
            differences: differences(source, to),
            modifiable: &MODIFIABLE,
            live: sight_of(to),
        };
        copying.check()?;
        Ok(copying.propose(Change::draft(self, target(site, to), with)))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        sight(change, view)
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        database::busy::<DbInstance>(view, &change.target.name)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: Wanted = parse(&change.with)?;
        let Some(set) = with.set else {
            return Err(BadArguments("the change names no settings".to_owned()));
        };
        Ok(Mutation::Rds(rds::Write::Modify {
            instance: with.instance,
            change: Box::new(serde_json::from_value(Value::Object(set))?),
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        progress(change, view)
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::NotNeeded("the settings belong to the new instance, which stays")
    }

    fn project(&self, change: &Change, view: &mut View) {
        project(change, view);
    }
}
