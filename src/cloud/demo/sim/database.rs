//! DB instances: what they are, and the statuses they pass through.

use std::sync::Arc;

use super::super::plan::Tags;
use super::super::plan::store::{Database as Plan, DatabaseLoad};
use super::super::signal;
use super::super::time::{DAY, HOUR, MINUTE, Ms, SECOND};
use super::super::track::Track;
use super::course::{self, Course};
use super::{Sim, Timer};
use crate::domain::datastore::DbSettings;
use crate::domain::ops::rds::DbModification;

/// A DB instance.
#[derive(Debug, Clone)]
pub struct Database {
    /// `DbiResourceId`, which never changes.
    pub resource: String,
    /// Its name, which a rename changes.
    pub name: String,
    /// The status.
    pub status: &'static str,
    /// What comes next.
    pub course: Course<Effect>,
    /// The class.
    pub class: String,
    /// Whether a standby runs.
    pub multi_az: bool,
    /// Storage, GiB.
    pub storage_gib: Option<u32>,
    /// The most storage that autoscaling may reach.
    pub max_storage_gib: Option<u32>,
    /// The storage type.
    pub storage_type: String,
    /// The DB parameter group.
    pub parameter_group: String,
    /// Whether deletion is refused.
    pub deletion_protection: bool,
    /// Whether anybody on the internet can reach it.
    pub public: bool,
    /// Days that automated backups are kept.
    pub backup_days: u32,
    /// The name in its endpoint; `None` while it has none.
    pub endpoint: Option<String>,
    /// The zone of the primary.
    pub zone: String,
    /// When it was created.
    pub created: Ms,
    /// Since when it can be restored to a point in time.
    pub restorable_from: Ms,
    /// The daily backup window.
    pub backup_window: String,
    /// The weekly maintenance window.
    pub maintenance_window: String,
    /// Whether the parameter group is in force: `in-sync` or `pending-reboot`.
    pub parameters: &'static str,
    /// Modifications that wait, as `name=value`.
    pub pending: Vec<String>,
    /// How it is configured beside that.
    pub settings: DbSettings,
    /// Tags.
    pub tags: Tags,
    /// Free storage over time.
    pub free: Vec<Free>,
    /// What the plan says of it: engine, windows, load.
    pub plan: Arc<Plan>,
}

/// Free storage from a moment on.
#[derive(Debug, Clone, Copy)]
pub struct Free {
    /// From when this holds.
    pub since: Ms,
    /// When it was this much.
    pub anchor: Ms,
    /// Free then, GiB.
    pub gib: f64,
    /// Used up per day, GiB.
    pub per_day: f64,
}

/// Something that happens to a database.
pub type Step = course::Step<Effect>;

/// What a step changes beside the status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    #[default]
    None,
    /// It has this name from then on.
    Rename(String),
    /// Its endpoint answers under its name from then on.
    Resolve,
    /// The standby has taken over.
    Failover,
    /// The server was restarted: temporary tables are gone.
    Restart,
    /// It can be restored to a point in time from then on.
    Restorable,
    /// These settings hold from then on.
    Modified(Box<DbModification>),
    /// It does not exist any more.
    Gone,
}

/// A manual snapshot.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// `DBSnapshotIdentifier`.
    pub id: String,
    /// The name of the instance.
    pub source: String,
    /// What the plan says of the instance.
    pub plan: Arc<Plan>,
    /// When it was begun.
    pub begun: Ms,
    /// When it is there; never, for one that is stuck.
    pub ready: Ms,
    /// Storage of the instance, GiB.
    pub storage_gib: Option<u32>,
    /// Whether the key that it is encrypted with can be used.
    pub readable: bool,
}

/// An event of RDS or ElastiCache.
#[derive(Debug, Clone)]
pub struct Event {
    /// The name of what it is about.
    pub source: String,
    /// What happened.
    pub message: String,
    /// When.
    pub at: Ms,
}

/// Free storage below this share stops the database, GiB.
const FULL: f64 = 0.15;

impl Database {
    /// Whether clients can work with it.
    pub fn is_up(&self) -> bool {
        self.endpoint.is_some()
            && matches!(
                self.status,
                "available" | "backing-up" | "modifying" | "storage-optimization"
            )
    }

    /// Free storage at a moment, GiB.
    pub fn free_gib(&self, at: Ms) -> f64 {
        self.free_part(at).map_or(0.0, |part| {
            let days = (at - part.anchor) as f64 / DAY as f64;
            part.per_day.mul_add(-days, part.gib).max(0.0)
        })
    }

    fn free_part(&self, at: Ms) -> Option<&Free> {
        let mut parts = self.free.iter().rev();
        parts.find(|part| part.since <= at).or_else(|| self.free.first())
    }

    /// What it does under its traffic.
    pub fn load(&self) -> &DatabaseLoad {
        &self.plan.load
    }
}

impl Sim {
    /// Starts every database as the plan has it.
    pub fn found_databases(&mut self) {
        let plan = Arc::clone(&self.plan);
        for (number, database) in (0_u64..).zip(&plan.databases) {
            let shared = Arc::new(database.clone());
            let key = self.key(&database.name, 0);
            for snapshot in &database.snapshots {
                let begun = self.epoch - Ms::from(snapshot.age_h) * HOUR;
                self.snapshots.push(Snapshot {
                    id: snapshot.id.clone(),
                    source: database.name.clone(),
                    plan: Arc::clone(&shared),
                    begun,
                    ready: if snapshot.creating {
                        Ms::MAX
                    } else {
                        begun + 4 * MINUTE
                    },
                    storage_gib: database.storage_gib,
                    readable: !snapshot.key_disabled,
                });
            }
            self.databases.push(Database {
                resource: format!("db-{}", signal::hex(&key, 26).to_uppercase()),
                name: database.name.clone(),
                status: "available",
                course: Course::idle(),
                class: database.class.clone(),
                multi_az: database.multi_az,
                storage_gib: database.storage_gib,
                max_storage_gib: database.max_storage_gib,
                storage_type: if database.cluster.is_some() {
                    "aurora"
                } else {
                    "gp3"
                }
                .to_owned(),
                parameter_group: database.parameter_group.clone(),
                deletion_protection: database.deletion_protection,
                public: false,
                backup_days: database.backup_days,
                endpoint: Some(database.name.clone()),
                zone: self.plan.zone(number),
                created: self.epoch - 190 * DAY,
                restorable_from: self.epoch - Ms::from(database.backup_days) * DAY,
                backup_window: database.backup_window.clone(),
                maintenance_window: database.maintenance_window.clone(),
                parameters: "in-sync",
                pending: database.pending.clone(),
                settings: self.settings_of(database),
                tags: database.tags.clone(),
                free: vec![Free {
                    since: Ms::MIN,
                    anchor: self.epoch,
                    gib: database.load.free_gib,
                    per_day: database.load.growth_gib_per_day,
                }],
                plan: shared,
            });
            self.database_up.insert(database.name.clone(), Track::new(1.0));
        }
    }

    /// How a database of the plan is configured: what it says, and what a wizard proposes.
    fn settings_of(&self, plan: &Plan) -> DbSettings {
        let name = self.world.name();
        let mut own = plan.settings.clone();
        own.subnet_group
            .get_or_insert_with(|| format!("{name}-db-subnets"));
        if own.security_groups.is_empty() {
            own.security_groups = vec![self.security_group(&format!("{name}-db"))];
        }
        own.copy_tags_to_snapshots.get_or_insert(true);
        self.proposed(plan, own)
    }

    /// The same with what AWS itself takes if it is not told.
    pub fn proposed(&self, plan: &Plan, own: DbSettings) -> DbSettings {
        let mysql = plan.engine.contains("mysql");
        let major = plan.version.split('.').next().unwrap_or_default();
        let family = if mysql {
            plan.version.split('.').take(2).collect::<Vec<_>>().join("-")
        } else {
            major.to_owned()
        };
        DbSettings {
            port: own.port.or(Some(if mysql { 3306 } else { 5432 })),
            subnet_group: own.subnet_group.or_else(|| Some("default".to_owned())),
            security_groups: if own.security_groups.is_empty() {
                vec![self.security_group("default")]
            } else {
                own.security_groups
            },
            option_group: own
                .option_group
                .or_else(|| Some(format!("default:{}-{family}", plan.engine))),
            license: own.license.or_else(|| {
                Some(
                    if mysql {
                        "general-public-license"
                    } else {
                        "postgresql-license"
                    }
                    .to_owned(),
                )
            }),
            ca_certificate: own
                .ca_certificate
                .or_else(|| Some("rds-ca-rsa2048-g1".to_owned())),
            iam_authentication: own.iam_authentication.or(Some(false)),
            copy_tags_to_snapshots: own.copy_tags_to_snapshots.or(Some(false)),
            minor_upgrades: own.minor_upgrades.or(Some(true)),
            network_type: own.network_type.or_else(|| Some("IPV4".to_owned())),
            lifecycle_support: own
                .lifecycle_support
                .or_else(|| Some("open-source-rds-extended-support".to_owned())),
            insights_mode: own.insights_mode.or_else(|| Some("standard".to_owned())),
            backup_target: own.backup_target.or_else(|| Some("region".to_owned())),
            iops: own.iops.or(plan.storage_gib.map(|_| 3000)),
            storage_throughput: own.storage_throughput.or(plan.storage_gib.map(|_| 125)),
            promotion_tier: own.promotion_tier.or(plan.cluster.as_ref().map(|_| 1)),
            encrypted: Some(true),
            kms_key: own.kms_key.or_else(|| Some(self.database_key())),
            ..own
        }
    }

    /// The id of a security group that has a name here.
    pub fn security_group(&self, name: &str) -> String {
        format!("sg-{}", signal::hex(&self.key(name, 31), 17))
    }

    /// The key that databases are encrypted with.
    pub fn database_key(&self) -> String {
        let id = signal::uuid(&self.key("aws/rds", 32));
        self.plan.arn("kms", &format!("key/{id}"))
    }

    /// The index of the database of that name.
    pub fn find_database(&self, name: &str) -> Option<usize> {
        self.databases.iter().position(|database| database.name == name)
    }

    /// Gives a database its next steps, the first of them now.
    pub fn plan_steps(&mut self, index: usize, steps: Vec<Step>, at: Ms) {
        let database = &mut self.databases[index];
        database.course.set(steps, at);
        let resource = database.resource.clone();
        self.step_database(&resource, at);
    }

    /// Takes the steps of a database that are due.
    pub fn step_database(&mut self, resource: &str, at: Ms) {
        let Some(index) = self
            .databases
            .iter()
            .position(|database| database.resource == resource)
        else {
            return;
        };
        while let Some(step) = self.databases[index].course.next(at) {
            let is_gone = step.effect == Effect::Gone;
            self.take_step(index, step, at);
            if is_gone {
                self.databases.remove(index);
                return;
            }
            if let Some(due) = self.databases[index].course.later(at) {
                let resource = resource.to_owned();
                self.set_timer(due, Timer::Database { resource });
            }
        }
    }

    fn take_step(&mut self, index: usize, step: Step, at: Ms) {
        let database = &mut self.databases[index];
        let name = database.name.clone();
        database.status = step.status;
        match step.effect {
            Effect::None | Effect::Gone => {}
            Effect::Rename(to) => {
                database.name = to;
                database.endpoint = None;
                database.pending.clear();
            }
            Effect::Resolve => database.endpoint = Some(database.name.clone()),
            Effect::Failover => {
                let zones = &self.plan.zones;
                if let Some(other) = zones.iter().find(|zone| **zone != database.zone) {
                    database.zone.clone_from(other);
                }
            }
            Effect::Restart => restart(database, at),
            Effect::Restorable => database.restorable_from = at,
            Effect::Modified(change) => modified(database, &change, at),
        }
        let now_named = database.name.clone();
        if let Some(message) = step.event {
            self.database_events.push(Event {
                source: now_named.clone(),
                message,
                at,
            });
        }
        self.note_database(&name, at);
        if now_named != name {
            self.note_database(&now_named, at);
        }
    }

    /// Notes whether clients reach a database under a name.
    pub fn note_database(&mut self, name: &str, at: Ms) {
        let up = self
            .databases
            .iter()
            .any(|database| database.endpoint.as_deref() == Some(name) && database.is_up());
        self.database_up
            .entry(name.to_owned())
            .or_insert_with(|| Track::new(0.0))
            .set(at, f64::from(u8::from(up)));
    }

    /// Stops databases whose storage is used up.
    pub fn check_storage(&mut self, at: Ms) {
        for index in 0..self.databases.len() {
            let database = &self.databases[index];
            if database.status == "available"
                && database.storage_gib.is_some()
                && database.free_gib(at) < FULL
            {
                let step = Step::to(0, "storage-full").telling(
                    "The free storage capacity for DB Instance is low. Allocated storage has been exhausted. Allocate additional storage to resolve.",
                );
                self.plan_steps(index, vec![step], at);
            }
        }
    }

    /// Whether the databases that a load needs answered in a minute: `0.0..=1.0`.
    pub fn database_share(&self, name: Option<&str>, from: Ms, to: Ms) -> f64 {
        name.and_then(|name| self.database_up.get(name))
            .map_or(1.0, |up| up.mean(from, to))
    }
}

/// Settings that were asked for come into force.
fn modified(database: &mut Database, change: &DbModification, at: Ms) {
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
    } = change.clone();
    database.pending.clear();
    if let (Some(new), Some(old)) = (storage_gib, database.storage_gib) {
        let part = Free {
            since: at,
            anchor: at,
            gib: database.free_gib(at) + f64::from(new.saturating_sub(old)),
            // Room does not end what fills it.
            per_day: database.free_part(at).map_or(0.0, |part| part.per_day),
        };
        database.free.push(part);
        database.storage_gib = Some(new);
    }
    if let Some(group) = parameter_group {
        database.parameter_group = group;
        database.parameters = "pending-reboot";
    }
    if performance_insights.is_some() && database.plan.engine == "mysql" {
        // It switches the performance schema on, which MySQL does only when it starts.
        database.parameters = "pending-reboot";
    }
    if let Some(class) = class {
        database.class = class;
    }
    database.multi_az = multi_az.unwrap_or(database.multi_az);
    database.max_storage_gib = max_storage_gib.or(database.max_storage_gib);
    let days = backup_retention_days.unwrap_or(database.backup_days);
    if database.backup_days == 0 && days > 0 {
        // The first backup is made now; nothing before it was kept.
        database.restorable_from = at;
    }
    database.backup_days = days;
    if let Some(window) = backup_window {
        database.backup_window = window;
    }
    if let Some(window) = maintenance_window {
        database.maintenance_window = window;
    }
    database.deletion_protection = deletion_protection.unwrap_or(database.deletion_protection);
    database.public = publicly_accessible.unwrap_or(database.public);
    let settings = &mut database.settings;
    settings.performance_insights = performance_insights.or(settings.performance_insights.take());
    settings.insights_mode = insights_mode.or(settings.insights_mode.take());
    settings.monitoring = monitoring.or(settings.monitoring.take());
    settings.promotion_tier = promotion_tier.or(settings.promotion_tier);
}

/// A restart of MySQL gives the space of temporary tables back; other engines have none to give.
fn restart(database: &mut Database, at: Ms) {
    database.parameters = "in-sync";
    let free = database.free_gib(at);
    let usual = Free {
        since: at + 20 * SECOND,
        anchor: at,
        gib: database.plan.load.free_gib,
        per_day: database.plan.load.growth_gib_per_day,
    };
    if database.plan.engine == "mysql" && free + 1.0 < usual.gib {
        database.free.push(usual);
    }
}
