//! `rds.modify_cluster`: settings of a DB cluster, changed at once.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::copying::reached;
use super::super::database::{self, Database, available};
use super::super::settings::plain;
use super::settings::facts;
use super::{find, makes_its_own, target};
use crate::domain::datastore::{DbCluster, engine_version};
use crate::domain::ids::Kind;
use crate::domain::ops::rds::{ClusterModification, LogExports};
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, CostDelta, Fields, Impact, Pace, Progress, Proposal,
    Refusal, Sight, Site, Stamp, Undo, View, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `rds.modify_cluster`.
pub struct ModifyCluster;

/// What `with:` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    backup_retention_days: Option<u32>,
    backup_window: Option<String>,
    maintenance_window: Option<String>,
    deletion_protection: Option<bool>,
    copy_tags_to_snapshots: Option<bool>,
    engine_version: Option<String>,
    allow_major: Option<bool>,
    min_acu: Option<f64>,
    max_acu: Option<f64>,
    parameter_group: Option<String>,
    iam_authentication: Option<bool>,
    log_exports: Option<Vec<String>>,
    storage_type: Option<String>,
    http_endpoint: Option<bool>,
}

impl With {
    fn read(with: &Arguments) -> Result<Self, BadArguments> {
        let with: Self = parse(with)?;
        let wrong = |text: String| Err(BadArguments(text));
        if let Some(days) = with.backup_retention_days
            && !(1..=35).contains(&days)
        {
            return wrong(format!(
                "backup_retention_days is {days}: of a cluster it is 1 to 35"
            ));
        }
        for (name, least, acu) in [("min_acu", 0.0, with.min_acu), ("max_acu", 1.0, with.max_acu)] {
            if let Some(acu) = acu
                && (!(least..=256.0).contains(&acu) || (acu * 2.0).fract() != 0.0)
            {
                return wrong(format!("{name} is {acu}: it is {least} to 256, in steps of 0.5"));
            }
        }
        Ok(with)
    }

    /// The settings that are asked for, by name.
    fn wanted(&self) -> Fields {
        let exports = self.log_exports.as_ref().map(|logs| {
            let mut logs = logs.clone();
            logs.sort();
            logs.dedup();
            logs
        });
        let all = [
            ("backup_retention_days", json!(self.backup_retention_days)),
            ("backup_window", json!(self.backup_window)),
            ("maintenance_window", json!(self.maintenance_window)),
            ("deletion_protection", json!(self.deletion_protection)),
            ("copy_tags_to_snapshots", json!(self.copy_tags_to_snapshots)),
            ("engine_version", json!(self.engine_version)),
            ("min_acu", json!(self.min_acu)),
            ("max_acu", json!(self.max_acu)),
            ("parameter_group", json!(self.parameter_group)),
            ("iam_authentication", json!(self.iam_authentication)),
            ("log_exports", json!(exports)),
            ("storage_type", json!(self.storage_type)),
            ("http_endpoint", json!(self.http_endpoint)),
        ];
        all.into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

/// What a cluster looks like, in the terms of a change of its settings.
fn sight_of(cluster: &DbCluster) -> Fields {
    let mut seen = facts(cluster);
    seen.insert("engine_version".to_owned(), json!(cluster.engine_version));
    let (least, most) = cluster.serverless_acu.unzip();
    seen.insert("min_acu".to_owned(), json!(least));
    seen.insert("max_acu".to_owned(), json!(most));
    // Null is what a cluster has that was never told.
    for name in [
        "deletion_protection",
        "copy_tags_to_snapshots",
        "iam_authentication",
        "http_endpoint",
    ] {
        if let Some(value) = seen.get_mut(name).filter(|value| value.is_null()) {
            *value = json!(false);
        }
    }
    // The standard storage of Aurora is not always named.
    if !makes_its_own(cluster)
        && let Some(value) = seen.get_mut("storage_type").filter(|value| value.is_null())
    {
        *value = json!("aurora");
    }
    seen
}

/// The same, with what AWS has accepted and not yet done.
fn heading_of(cluster: &DbCluster) -> Fields {
    let mut seen = sight_of(cluster);
    for (name, value) in pending_of(cluster) {
        seen.insert(name.to_owned(), value);
    }
    seen
}

/// The settings that AWS has accepted and not yet changed, by our names.
fn pending_of(cluster: &DbCluster) -> Vec<(&'static str, Value)> {
    let of = |one: &str| {
        let (key, value) = one.split_once('=')?;
        Some(match key {
            "BackupRetentionPeriod" => ("backup_retention_days", json!(value.parse::<u32>().ok())),
            "EngineVersion" => ("engine_version", json!(value)),
            "StorageType" => ("storage_type", json!(value)),
            "IAMDatabaseAuthenticationEnabled" => ("iam_authentication", json!(value == "true")),
            "CloudwatchLogsExports" => ("log_exports", json!(exports_after(cluster, value))),
            _ => return None,
        })
    };
    cluster
        .pending_modifications
        .iter()
        .filter_map(|one| of(one))
        .collect()
}

/// The exports of a cluster once `+one,-other` has come about.
fn exports_after(cluster: &DbCluster, pending: &str) -> Vec<String> {
    let with_sign = |sign: char| {
        pending
            .split(',')
            .filter_map(|one| one.strip_prefix(sign))
            .map(str::to_owned)
            .collect()
    };
    let exports = LogExports {
        enable: with_sign('+'),
        disable: with_sign('-'),
    };
    exports.applied_to(&cluster.settings.log_exports)
}

/// Refuses what AWS would, as far as the cluster shows it.
fn check(cluster: &DbCluster, with: &With, wanted: &Fields) -> Result<(), Refusal> {
    available(cluster)?;
    let name = &cluster.name;
    let wrong = |text: String| Err(Refusal::state(text));
    for (setting, value) in pending_of(cluster) {
        if wanted.contains_key(setting) {
            return wrong(format!(
                "{name} has {setting} {} waiting already, for its maintenance window {}: it cannot be told \
                 from one that is on its way",
                plain(&value),
                cluster
                    .settings
                    .maintenance_window
                    .as_deref()
                    .unwrap_or("(not known)")
            ));
        }
    }
    if wanted.contains_key("max_acu") {
        if cluster.serverless_acu.is_none() {
            return wrong(format!(
                "{name} has no Serverless v2 capacity, and once it has, it cannot be taken away again"
            ));
        }
        let acu = |name: &str| wanted.get(name).and_then(Value::as_f64).unwrap_or_default();
        if acu("min_acu") > acu("max_acu") {
            return wrong(format!(
                "{name}: min_acu {} is more than max_acu {}",
                acu("min_acu"),
                acu("max_acu")
            ));
        }
    }
    if let Some(version) = wanted.get("engine_version").and_then(Value::as_str) {
        let live = &cluster.engine_version;
        if engine_version::is_older(version, live) {
            return wrong(format!(
                "{name} has {live}: AWS does not go back to {version}; a restore of a snapshot does"
            ));
        }
        let major = |version| engine_version::major(&cluster.engine, version);
        if major(live) != major(version) && with.allow_major != Some(true) {
            return wrong(format!(
                "{live} → {version} is a step to another major version: it needs allow_major: true, and a \
                 parameter group of its family"
            ));
        }
    }
    match wanted.get("storage_type").and_then(Value::as_str) {
        Some("aurora" | "aurora-iopt1") if !makes_its_own(cluster) => Ok(()),
        Some(other) => wrong(format!(
            "{name} cannot have the storage type {other} here: Aurora has aurora and aurora-iopt1"
        )),
        None => Ok(()),
    }
}

/// What a plan says beside the change itself.
fn warnings(cluster: &DbCluster, wanted: &Fields) -> Vec<String> {
    let name = &cluster.name;
    let mut all = Vec::new();
    if !cluster.pending_modifications.is_empty() {
        all.push(format!(
            "{name}: what waits for the maintenance window is done at once too: {}",
            cluster.pending_modifications.join(", ")
        ));
    }
    if wanted.contains_key("parameter_group") {
        all.push(format!(
            "{name}: static parameters come into force with a restart of each instance only"
        ));
    }
    if wanted.contains_key("max_acu") {
        all.push(format!(
            "{name}: what follows the most capacity, such as max_connections, changes with a restart of each \
             instance only"
        ));
    }
    if wanted.get("storage_type") == Some(&json!("aurora-iopt1")) {
        all.push(format!(
            "{name}: AWS goes to aurora-iopt1 once in 30 days; the way back is open at any time"
        ));
    }
    if wanted.contains_key("engine_version") {
        all.push(format!(
            "{name}: AWS does not go back to an older version: take a snapshot first \
             (`rds.cluster_snapshot`)"
        ));
    }
    all
}

/// What the change does to the bill.
fn cost(wanted: &Fields) -> CostDelta {
    if wanted.contains_key("max_acu") {
        CostDelta::Unknown("Serverless v2 is billed by the capacity in use".to_owned())
    } else if wanted.contains_key("storage_type") {
        CostDelta::Unknown("it depends on how much is read and written".to_owned())
    } else {
        CostDelta::None
    }
}

fn modification(change: &Change) -> Result<ClusterModification, BadArguments> {
    let with = With::read(&change.with)?;
    let after = &change.after;
    let text = |name: &str| after.get(name).and_then(Value::as_str).map(str::to_owned);
    let flag = |name: &str| after.get(name).and_then(Value::as_bool);
    let acu = |name: &str| after.get(name).and_then(Value::as_f64);
    let list = |fields: &Fields| {
        fields
            .get("log_exports")
            .map(|logs| serde_json::from_value::<Vec<String>>(logs.clone()))
            .transpose()
    };
    let log_exports = list(&change.before)?
        .zip(list(after)?)
        .map(|(before, after)| LogExports::between(&before, &after));
    let engine_version = text("engine_version");
    Ok(ClusterModification {
        backup_retention_days: after
            .get("backup_retention_days")
            .and_then(Value::as_u64)
            .and_then(|days| u32::try_from(days).ok()),
        backup_window: text("backup_window"),
        maintenance_window: text("maintenance_window"),
        deletion_protection: flag("deletion_protection"),
        copy_tags_to_snapshots: flag("copy_tags_to_snapshots"),
        allow_major_upgrade: with.allow_major.filter(|_| engine_version.is_some()),
        engine_version,
        serverless_acu: acu("min_acu").zip(acu("max_acu")),
        parameter_group: text("parameter_group"),
        iam_authentication: flag("iam_authentication"),
        log_exports,
        storage_type: text("storage_type"),
        http_endpoint: flag("http_endpoint"),
    })
}

/// Gives a cluster the settings of a change.
fn write_into(cluster: &mut DbCluster, change: ClusterModification) {
    // Everything is named, so that a new setting cannot be forgotten here.
    let ClusterModification {
        backup_retention_days,
        backup_window,
        maintenance_window,
        deletion_protection,
        copy_tags_to_snapshots,
        engine_version,
        allow_major_upgrade: _,
        serverless_acu,
        parameter_group,
        iam_authentication,
        log_exports,
        storage_type,
        http_endpoint,
    } = change;
    cluster.backup_retention_days = backup_retention_days.unwrap_or(cluster.backup_retention_days);
    cluster.backup_window = backup_window.or(cluster.backup_window.take());
    cluster.deletion_protection = deletion_protection.unwrap_or(cluster.deletion_protection);
    if let Some(version) = engine_version {
        cluster.engine_version = version;
    }
    cluster.serverless_acu = serverless_acu.or(cluster.serverless_acu);
    let own = &mut cluster.settings;
    own.maintenance_window = maintenance_window.or(own.maintenance_window.take());
    own.copy_tags_to_snapshots = copy_tags_to_snapshots.or(own.copy_tags_to_snapshots);
    own.parameter_group = parameter_group.or(own.parameter_group.take());
    own.iam_authentication = iam_authentication.or(own.iam_authentication);
    own.storage_type = storage_type.or(own.storage_type.take());
    own.http_endpoint = http_endpoint.or(own.http_endpoint);
    if let Some(exports) = log_exports {
        own.log_exports = exports.applied_to(&own.log_exports);
    }
}

impl Action for ModifyCluster {
    fn name(&self) -> &'static str {
        "rds.modify_cluster"
    }

    fn schema(&self) -> ActionSchema {
        let setting = |name, ty, about| FieldSchema::optional(name, ty, "as it is", about);
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Changes settings of a DB cluster at once.\n\
                What already waits for the maintenance window is done with it: the plan names it. A new engine \
                version restarts every instance, a major one needs `allow_major` and a parameter group of its \
                family, and AWS never goes back. A parameter group comes into force with a restart of each \
                instance (`rds.reboot` with `if_pending`). Class, and what else instances have of their own, \
                is changed by `rds.modify`. Undo sets what was set before, but for the engine version and for \
                the way back to `aurora-iopt1`, which AWS goes once in 30 days.",
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The cluster."),
                setting(
                    "backup_retention_days",
                    Type::Int,
                    "Days that backups are kept, 1 to 35.",
                ),
                setting("backup_window", Type::Text, "The daily backup window, UTC."),
                setting(
                    "maintenance_window",
                    Type::Text,
                    "The weekly maintenance window, UTC.",
                ),
                setting("deletion_protection", Type::Bool, "Whether deletion is refused."),
                setting(
                    "copy_tags_to_snapshots",
                    Type::Bool,
                    "Whether snapshots get its tags.",
                ),
                setting("engine_version", Type::Text, "The engine's version, a newer one."),
                FieldSchema::optional(
                    "allow_major",
                    Type::Bool,
                    "false",
                    "Whether the engine's version may be another major one.",
                ),
                setting(
                    "min_acu",
                    Type::Number,
                    "The least Serverless v2 capacity, 0 to 256 ACUs; 0 lets it pause.",
                ),
                setting(
                    "max_acu",
                    Type::Number,
                    "The most Serverless v2 capacity, 1 to 256 ACUs.",
                ),
                setting("parameter_group", Type::Text, "The cluster's parameter group."),
                setting(
                    "iam_authentication",
                    Type::Bool,
                    "Whether IAM identities may log in.",
                ),
                setting(
                    "log_exports",
                    Type::list(Type::Text),
                    "Logs that it writes to CloudWatch Logs, all of them: `[postgresql]`.",
                ),
                setting(
                    "storage_type",
                    Type::Text,
                    "`aurora`, or `aurora-iopt1`, which is billed without I/O.",
                ),
                setting("http_endpoint", Type::Bool, "Whether the Data API answers."),
            ],
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
            timeout_s: 2 * 60 * 60,
            // Most settings are not shown as pending: a modification that is under way looks like none.
            settle_s: 5 * 60,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        With::read(with)?;
        Ok(vec![Query::Rds(rds::Read::Clusters)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let asked = With::read(with)?;
        let cluster = find(view, &asked.cluster)?;
        let live = sight_of(cluster);
        let mut wanted = asked.wanted();
        wanted.retain(|name, value| live.get(name) != Some(value));
        if wanted.is_empty() {
            return Ok(Proposal::nothing());
        }
        // AWS takes the two ends together: what is not asked for is told as it is.
        if wanted.contains_key("min_acu") || wanted.contains_key("max_acu") {
            for end in ["min_acu", "max_acu"] {
                let value = live.get(end).cloned().unwrap_or(Value::Null);
                wanted.entry(end.to_owned()).or_insert(value);
            }
        }
        check(cluster, &asked, &wanted)?;
        let before: Fields = wanted
            .keys()
            .map(|name| (name.clone(), live.get(name).cloned().unwrap_or(Value::Null)))
            .collect();
        let words: Vec<String> = wanted
            .iter()
            .filter(|(name, value)| before[*name] != **value)
            .map(|(name, value)| format!("{name} {} → {}", plain(&before[name]), plain(value)))
            .collect();
        let upgrades = wanted.contains_key("engine_version");
        let warnings = warnings(cluster, &wanted);
        let mut proposal = Proposal::one(Change {
            summary: words.join(", "),
            cost: cost(&wanted),
            impact: Impact {
                outage: upgrades.then(|| "every instance of the cluster restarts".to_owned()),
                dependents: if upgrades {
                    cluster.members.iter().map(|(name, _)| name.clone()).collect()
                } else {
                    Impact::default().dependents
                },
                ..Impact::default()
            },
            floor: if upgrades {
                ConfirmLevel::TypeName
            } else {
                ConfirmLevel::Ack
            },
            before,
            after: wanted,
            ..Change::draft(self, target(site, cluster), with)
        });
        proposal.warnings.extend(warnings);
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        database::sight(view, &change.target.name, heading_of)
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        database::busy::<DbCluster>(view, &change.target.name)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        Ok(Mutation::Rds(rds::Write::ModifyCluster {
            cluster: With::read(&change.with)?.cluster,
            change: Box::new(modification(change)?),
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        database::progress(view, &change.target.name, |cluster: &DbCluster| {
            match cluster.at_rest() {
                Progress::Done => reached(change, &sight_of(cluster)),
                other => other,
            }
        })
    }

    fn invert(&self, change: &Change) -> Undo {
        if change.before.contains_key("engine_version") {
            return Undo::Impossible("AWS does not go back to an older engine version".to_owned());
        }
        if change.before.get("storage_type") == Some(&json!("aurora-iopt1")) {
            return Undo::Impossible("AWS goes to aurora-iopt1 once in 30 days only".to_owned());
        }
        if let Some((name, _)) = change.before.iter().find(|(_, value)| value.is_null()) {
            return Undo::Impossible(format!("what {name} was before is not known"));
        }
        let words: Vec<String> = change
            .before
            .iter()
            .filter(|(name, value)| change.after.get(*name) != Some(value))
            .map(|(name, value)| format!("{name} → {}", plain(value)))
            .collect();
        let mut back = change.swapped(words.join(", "));
        for (name, value) in &change.before {
            back.with.insert(name.clone(), value.clone());
        }
        Undo::By(vec![back])
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(modification) = modification(change) else {
            return;
        };
        if let Some(all) = view.db_clusters_mut() {
            for cluster in all
                .iter_mut()
                .filter(|cluster| cluster.name == change.target.name)
            {
                write_into(cluster, modification.clone());
            }
        }
    }
}
