//! Disaster recovery: what an estate's owners want back, and how soon, against what is there.
//!
//! How much would be lost is read from AWS: the latest restorable moment, else the newest snapshot. How
//! long being back takes nothing can be asked of: only a restore that somebody made tells it, and what
//! such runs took is in their journals ([`MeasuredRestore`]).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::datastore::{Cache, DbCluster, DbInstance, DbSnapshot};
use crate::domain::ids::{self, Kind, Tag};
use crate::domain::inventory::ScopeState;
use crate::domain::ops::rds::OwnCopy;
use crate::domain::policy::{Environment, Objectives, Policy};
use crate::domain::rules::non_production;

/// How far the latest restorable moment is behind while all is well: AWS keeps logs each five minutes.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html>
pub const LOG_INTERVAL: SignedDuration = SignedDuration::from_mins(5);

/// What a run that restored a database has measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuredRestore {
    /// The run.
    pub run: String,
    /// The runbook.
    pub runbook: String,
    /// The account's twelve digits.
    pub account: String,
    /// The region.
    pub region: String,
    /// Whether an instance or a cluster was restored.
    pub kind: Kind,
    /// The name of what was restored.
    pub source: String,
    /// The name of what it was restored into.
    pub into: String,
    /// When the run began, on the cloud's clock.
    pub started_at: Timestamp,
    /// When the data could be used: all that the run had to make of it was there.
    pub ready_at: Timestamp,
    /// Seconds from asking AWS for the copy until AWS called it available.
    pub restore_s: i64,
    /// Seconds from the beginning of the run until the data could be used.
    pub ready_s: i64,
    /// The moment that the restored data is of.
    pub data_at: Option<Timestamp>,
}

impl MeasuredRestore {
    /// From the beginning of the run until the data could be used.
    pub const fn took(&self) -> SignedDuration {
        SignedDuration::from_secs(self.ready_s)
    }

    /// How old the restored data was when the run began.
    pub fn data_age(&self) -> Option<SignedDuration> {
        self.data_at.map(|at| self.started_at.duration_since(at))
    }
}

/// What is known of how a database, a cluster or a cache would come back.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing<'a> {
    /// Which sort.
    pub kind: Kind,
    /// Its ARN.
    pub arn: &'a str,
    /// Its name.
    pub name: &'a str,
    /// When this was read.
    pub read_at: Timestamp,
    /// What is wanted.
    pub objectives: Objectives,
    /// The newest moment that it can be restored to.
    pub restorable_at: Option<Timestamp>,
    /// Days that automated backups are kept; 0 is none.
    pub backup_days: u32,
    /// The newest snapshot that can be used; `None` if there is none, or snapshots were not read.
    pub snapshot: Option<(&'a str, Timestamp)>,
    /// Whether a standby is in another zone.
    pub multi_az: bool,
    /// Whether backups are copied to another region; `None` where AWS does not say.
    pub other_region: Option<bool>,
    /// The newest restore of it that was measured.
    pub last: Option<&'a MeasuredRestore>,
    /// The newest restore of another database here, to guess by.
    pub like: Option<&'a MeasuredRestore>,
    /// Whether nothing is written that could be lost.
    pub idle: bool,
}

/// Whether an objective is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// There is none.
    NotSet,
    /// It is.
    Met,
    /// It is not.
    Missed,
    /// Nobody can say.
    Unknown,
}

impl Verdict {
    /// As JSON has it: `null` where there is no objective, or nobody can say.
    pub const fn met(self) -> Option<bool> {
        match self {
            Self::Met => Some(true),
            Self::Missed => Some(false),
            Self::NotSet | Self::Unknown => None,
        }
    }
}

impl<'a> Standing<'a> {
    /// The moment of the newest data that would come back.
    pub fn newest(&self) -> Option<Timestamp> {
        let snapshot = self.snapshot.map(|(_, at)| at);
        self.restorable_at.max(snapshot)
    }

    /// How much would be lost if it were gone now: the age of the newest data that would come back, at
    /// the moment of reading.
    pub fn exposure(&self) -> Option<SignedDuration> {
        self.newest()
            .map(|at| self.read_at.duration_since(at).max(SignedDuration::ZERO))
    }

    /// Whether no more would be lost than may be. An interval of AWS's logs is allowed for: the newest
    /// restorable moment stands still for so long.
    pub fn rpo(&self) -> Verdict {
        let Some(rpo) = self.objectives.rpo else {
            return Verdict::NotSet;
        };
        match self.exposure() {
            Some(_) if self.idle => Verdict::Met,
            Some(age) if age > rpo + LOG_INTERVAL => Verdict::Missed,
            Some(_) => Verdict::Met,
            // AWS does not say what a cache's newest backup is without being asked for each.
            None if self.kind == Kind::Redis && self.backup_days > 0 => Verdict::Unknown,
            None => Verdict::Missed,
        }
    }

    /// What is allowed on top of the objective for what may be lost, where it is met by that alone.
    pub fn leeway(&self) -> Option<SignedDuration> {
        let needed = self.exposure()? > self.objectives.rpo?;
        (needed && self.rpo() == Verdict::Met && !self.idle).then_some(LOG_INTERVAL)
    }

    /// Whether a restore is known to take no longer than it may. What was measured longer ago than
    /// `lasts` proves nothing any more.
    pub fn rto(&self, lasts: SignedDuration) -> Verdict {
        let Some(rto) = self.objectives.rto else {
            return Verdict::NotSet;
        };
        match self.last {
            Some(last) if last.took() > rto => Verdict::Missed,
            Some(last) if self.read_at.duration_since(last.ready_at) <= lasts => Verdict::Met,
            Some(_) | None => Verdict::Unknown,
        }
    }

    /// What a restore may take, guessed by that of another database.
    pub fn estimate(&self) -> Option<(SignedDuration, &'a MeasuredRestore)> {
        self.like
            .filter(|_| self.last.is_none())
            .map(|like| (like.took(), like))
    }
}

/// Every database, cluster and cache of a scope that stands for itself: members of clusters and read
/// replicas come back with their source.
pub fn standings<'a>(state: &'a ScopeState, policy: &Policy) -> Vec<Standing<'a>> {
    let looker = Looker { state, policy };
    let instances = state.db_instances.value.as_ref();
    let instances = instances.into_iter().flat_map(|(all, at)| {
        all.iter()
            .filter(|db| db.replica_of.is_none() && db.cluster.is_none() && !comes_or_goes(&db.status))
            .map(|db| looker.instance(db, *at))
    });
    let clusters = state.db_clusters.value.as_ref();
    let clusters = clusters.into_iter().flat_map(|(all, at)| {
        all.iter()
            .filter(|cluster| !comes_or_goes(&cluster.status))
            .map(|cluster| looker.cluster(cluster, *at))
    });
    let caches = state.caches.value.as_ref();
    let caches = caches.into_iter().flat_map(|(all, at)| {
        all.iter()
            .filter(|cache| cache.engine != "memcached" && !comes_or_goes(&cache.status))
            .map(|cache| looker.cache(cache, *at))
    });
    instances.chain(clusters).chain(caches).collect()
}

struct Looker<'a, 'p> {
    state: &'a ScopeState,
    policy: &'p Policy,
}

impl<'a> Looker<'a, '_> {
    fn instance(&self, db: &'a DbInstance, at: Timestamp) -> Standing<'a> {
        let (last, like) = self.measured(Kind::RdsInstance, &db.name);
        Standing {
            kind: Kind::RdsInstance,
            arn: &db.arn,
            name: &db.name,
            read_at: at,
            objectives: self.objectives(&db.name, &db.tags),
            restorable_at: db.latest_restorable_at,
            backup_days: db.backup_retention_days,
            snapshot: self.snapshot(&db.name, false),
            multi_az: db.multi_az,
            other_region: Some(db.settings.backup_replication),
            last,
            like,
            idle: db.status == "stopped",
        }
    }

    fn cluster(&self, cluster: &'a DbCluster, at: Timestamp) -> Standing<'a> {
        let (last, like) = self.measured(Kind::RdsCluster, &cluster.name);
        Standing {
            kind: Kind::RdsCluster,
            arn: &cluster.arn,
            name: &cluster.name,
            read_at: at,
            objectives: self.objectives(&cluster.name, &cluster.tags),
            restorable_at: cluster.latest_restorable_at,
            backup_days: cluster.backup_retention_days,
            snapshot: self.snapshot(&cluster.name, true),
            multi_az: cluster.multi_az,
            other_region: None,
            last,
            like,
            idle: cluster.status == "stopped",
        }
    }

    fn cache(&self, cache: &'a Cache, at: Timestamp) -> Standing<'a> {
        Standing {
            kind: Kind::Redis,
            arn: &cache.arn,
            name: &cache.name,
            read_at: at,
            // What a cache holds can usually be had again: only who names one wants it back.
            objectives: self.policy.recovery.named(&cache.name).unwrap_or_default(),
            restorable_at: None,
            backup_days: cache.snapshot_retention_days,
            snapshot: None,
            multi_az: cache.multi_az,
            other_region: None,
            last: None,
            like: None,
            idle: false,
        }
    }

    /// What the estate wants of it. Of what does not serve customers a productive estate wants nothing, unless its
    /// file names it; so it does of a copy that stands beside production for a drill, and bears the run's name.
    fn objectives(&self, name: &str, tags: &[Tag]) -> Objectives {
        let recovery = &self.policy.recovery;
        let is_copy = ids::tag(tags, OwnCopy::TAG).is_some_and(|run| !run.is_empty() && name.ends_with(run));
        let beside =
            is_copy || (self.policy.environment == Environment::Prod && non_production::says_so(name, tags));
        if beside && recovery.named(name).is_none() {
            Objectives::default()
        } else {
            recovery.of(name)
        }
    }

    fn snapshot(&self, name: &str, of_cluster: bool) -> Option<(&'a str, Timestamp)> {
        let usable = |known: &&DbSnapshot| {
            known.source == name && known.of_cluster == of_cluster && known.status == "available"
        };
        self.state
            .db_snapshots
            .get()?
            .iter()
            .filter(usable)
            .filter_map(|known| Some((known.id.as_str(), known.created_at?)))
            .max_by_key(|(_, at)| *at)
    }

    /// The newest restore of it, and that of another one here.
    fn measured(&self, kind: Kind, name: &str) -> (Option<&'a MeasuredRestore>, Option<&'a MeasuredRestore>) {
        let Some(account) = self.state.account() else {
            return (None, None);
        };
        let here = |known: &&MeasuredRestore| {
            known.account == account && known.region == self.state.scope.region && known.kind == kind
        };
        let newest = |own: bool| {
            self.state
                .restores
                .iter()
                .filter(here)
                .filter(|known| (known.source == name) == own)
                .max_by_key(|known| known.ready_at)
        };
        (newest(true), newest(false))
    }
}

fn comes_or_goes(status: &str) -> bool {
    matches!(status, "creating" | "deleting")
}

#[cfg(test)]
mod tests;
