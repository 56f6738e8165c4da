//! DB clusters: what they are beside their instances, and the statuses they pass through.

use std::sync::Arc;

use super::super::plan::Tags;
use super::super::plan::store::{Database as MemberPlan, DatabaseCluster as Plan};
use super::super::signal;
use super::super::time::{DAY, MINUTE, Ms};
use super::course::{self, Course};
use super::database::{Effect as MemberEffect, Event, Step as MemberStep};
use super::{Sim, Timer};
use crate::domain::datastore::DbClusterSettings;
use crate::domain::ops::rds::ClusterModification;

/// A DB cluster.
#[derive(Debug, Clone)]
pub struct DatabaseCluster {
    /// `DbClusterResourceId`, which never changes.
    pub resource: String,
    /// Its name, which a rename changes.
    pub name: String,
    /// The status.
    pub status: &'static str,
    /// What comes next.
    pub course: Course<Effect>,
    /// The name in its endpoint; `None` while it has none.
    pub endpoint: Option<String>,
    /// Days that backups are kept.
    pub backup_days: u32,
    /// The daily backup window.
    pub backup_window: String,
    /// Whether deletion is refused.
    pub deletion_protection: bool,
    /// Serverless v2 capacity: least and most.
    pub serverless_acu: Option<(f64, f64)>,
    /// Modifications that are on their way, as `name=value`.
    pub pending: Vec<String>,
    /// When it was created.
    pub created: Ms,
    /// Since when it can be restored to a point in time.
    pub restorable_from: Ms,
    /// Tags.
    pub tags: Tags,
    /// How it is configured beside that.
    pub settings: DbClusterSettings,
    /// What the plan says of it.
    pub plan: Arc<Plan>,
    /// What the plan says of its writer: what its instances do.
    pub member: Option<Arc<MemberPlan>>,
}

/// Something that happens to a cluster.
pub type Step = course::Step<Effect>;

/// What a step changes beside the status.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Effect {
    /// Nothing.
    #[default]
    None,
    /// It has this name from then on.
    Rename(String),
    /// Its endpoint answers under its name from then on.
    Resolve,
    /// This instance writes from then on.
    Writer(String),
    /// These settings hold from then on.
    Modified(Box<ClusterModification>),
    /// AWS starts it, and its instances.
    Wake,
}

/// A manual snapshot of a cluster.
#[derive(Debug, Clone)]
pub struct ClusterSnapshot {
    /// `DBClusterSnapshotIdentifier`.
    pub id: String,
    /// The name of the cluster.
    pub source: String,
    /// What the plan says of the cluster.
    pub plan: Arc<Plan>,
    /// What the plan says of its instances.
    pub member: Option<Arc<MemberPlan>>,
    /// When it was begun.
    pub begun: Ms,
    /// When it is there.
    pub ready: Ms,
}

impl Sim {
    /// Starts every DB cluster as the plan has it. The instances are there already.
    pub fn found_database_clusters(&mut self) {
        let plan = Arc::clone(&self.plan);
        for cluster in &plan.database_clusters {
            let member = self
                .databases
                .iter()
                .find(|database| {
                    database.plan.cluster.as_deref() == Some(&cluster.name) && database.plan.writer
                })
                .map(|database| Arc::clone(&database.plan));
            let world = self.world.name();
            let mut settings = cluster.settings.clone();
            settings
                .subnet_group
                .get_or_insert_with(|| format!("{world}-db-subnets"));
            if settings.security_groups.is_empty() {
                settings.security_groups = vec![self.security_group(&format!("{world}-db"))];
            }
            settings
                .maintenance_window
                .get_or_insert_with(|| "sun:19:30-sun:20:30".to_owned());
            let settings = self.proposed_cluster(cluster, settings);
            self.database_clusters.push(DatabaseCluster {
                resource: self.cluster_resource(&cluster.name, self.epoch - 190 * DAY),
                name: cluster.name.clone(),
                status: "available",
                course: Course::idle(),
                endpoint: Some(cluster.name.clone()),
                backup_days: cluster.backup_days,
                backup_window: cluster.backup_window.clone(),
                deletion_protection: cluster.deletion_protection,
                serverless_acu: cluster.serverless_acu,
                pending: Vec::new(),
                created: self.epoch - 190 * DAY,
                restorable_from: self.epoch - Ms::from(cluster.backup_days) * DAY,
                tags: cluster.tags.clone(),
                settings,
                plan: Arc::new(cluster.clone()),
                member,
            });
        }
    }

    /// The resource id of a cluster that is made at a moment.
    pub fn cluster_resource(&self, name: &str, at: Ms) -> String {
        let key = [self.seed, signal::name(name), super::super::time::part(at)];
        format!("cluster-{}", signal::hex(&key, 26).to_uppercase())
    }

    /// Settings of a cluster with what AWS itself takes if it is not told.
    pub fn proposed_cluster(&self, plan: &Plan, own: DbClusterSettings) -> DbClusterSettings {
        let mysql = plan.engine.contains("mysql");
        let major = plan.version.split('.').next().unwrap_or_default();
        DbClusterSettings {
            port: own.port.or(Some(if mysql { 3306 } else { 5432 })),
            parameter_group: own
                .parameter_group
                .or_else(|| Some(format!("default.{}{major}", plan.engine))),
            subnet_group: own.subnet_group.or_else(|| Some("default".to_owned())),
            security_groups: if own.security_groups.is_empty() {
                vec![self.security_group("default")]
            } else {
                own.security_groups
            },
            storage_type: own.storage_type.or_else(|| Some("aurora".to_owned())),
            iam_authentication: own.iam_authentication.or(Some(false)),
            copy_tags_to_snapshots: own.copy_tags_to_snapshots.or(Some(false)),
            http_endpoint: own.http_endpoint.or(Some(false)),
            maintenance_window: own
                .maintenance_window
                .or_else(|| Some("thu:05:10-thu:05:40".to_owned())),
            network_type: own.network_type.or_else(|| Some("IPV4".to_owned())),
            lifecycle_support: own
                .lifecycle_support
                .or_else(|| Some("open-source-rds-extended-support".to_owned())),
            engine_mode: own.engine_mode.or_else(|| Some("provisioned".to_owned())),
            encrypted: Some(true),
            kms_key: own.kms_key.or_else(|| Some(self.database_key())),
            ..own
        }
    }

    /// The index of the DB cluster of that name.
    pub fn find_database_cluster(&self, name: &str) -> Option<usize> {
        self.database_clusters
            .iter()
            .position(|cluster| cluster.name == name)
    }

    /// The instances of a DB cluster, as indices.
    pub fn database_members(&self, cluster: &str) -> Vec<usize> {
        (0..self.databases.len())
            .filter(|index| self.databases[*index].plan.cluster.as_deref() == Some(cluster))
            .collect()
    }

    /// Gives a cluster its next steps, the first of them now.
    pub fn plan_cluster_steps(&mut self, index: usize, steps: Vec<Step>, at: Ms) {
        let cluster = &mut self.database_clusters[index];
        cluster.course.set(steps, at);
        let resource = cluster.resource.clone();
        self.step_database_cluster(&resource, at);
    }

    /// Takes the steps of a cluster that are due.
    pub fn step_database_cluster(&mut self, resource: &str, at: Ms) {
        let Some(index) = self
            .database_clusters
            .iter()
            .position(|cluster| cluster.resource == resource)
        else {
            return;
        };
        while let Some(step) = self.database_clusters[index].course.next(at) {
            self.take_cluster_step(index, step, at);
            if let Some(due) = self.database_clusters[index].course.later(at) {
                let resource = resource.to_owned();
                self.set_timer(due, Timer::DatabaseCluster { resource });
            }
        }
    }

    fn take_cluster_step(&mut self, index: usize, step: Step, at: Ms) {
        let name = self.database_clusters[index].name.clone();
        let members = self.database_members(&name);
        let cluster = &mut self.database_clusters[index];
        cluster.status = step.status;
        match step.effect {
            Effect::None => {}
            Effect::Rename(to) => {
                cluster.name.clone_from(&to);
                cluster.endpoint = None;
                for member in members {
                    Arc::make_mut(&mut self.databases[member].plan).cluster = Some(to.clone());
                }
            }
            Effect::Resolve => {
                cluster.endpoint = Some(cluster.name.clone());
                cluster.restorable_from = cluster.restorable_from.min(at);
            }
            Effect::Writer(writer) => {
                for member in members {
                    let database = &mut self.databases[member];
                    let writes = database.name == writer;
                    if database.plan.writer != writes {
                        Arc::make_mut(&mut database.plan).writer = writes;
                    }
                }
            }
            Effect::Modified(change) => {
                cluster.pending.clear();
                if let Some(version) = &change.engine_version {
                    for member in members {
                        Arc::make_mut(&mut self.databases[member].plan)
                            .version
                            .clone_from(version);
                    }
                }
                modified(&mut self.database_clusters[index], *change);
            }
            Effect::Wake => self.wake_members(&members, at),
        }
        if let Some(message) = step.event {
            let source = self.database_clusters[index].name.clone();
            self.database_events.push(Event { source, message, at });
        }
    }

    /// The instances of a cluster start with it.
    pub fn wake_members(&mut self, members: &[usize], at: Ms) {
        for member in members {
            let steps = vec![
                MemberStep::to(0, "starting"),
                MemberStep::to(4 * MINUTE, "available")
                    .telling("DB instance started")
                    .with(MemberEffect::Restart),
            ];
            self.plan_steps(*member, steps, at);
        }
    }
}

/// Gives a cluster the settings of a modification.
fn modified(cluster: &mut DatabaseCluster, change: ClusterModification) {
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
    if let Some(days) = backup_retention_days {
        cluster.backup_days = days;
    }
    if let Some(window) = backup_window {
        cluster.backup_window = window;
    }
    if let Some(protection) = deletion_protection {
        cluster.deletion_protection = protection;
    }
    if let Some(version) = engine_version {
        Arc::make_mut(&mut cluster.plan).version = version;
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
