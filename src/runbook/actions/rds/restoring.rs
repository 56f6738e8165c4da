//! What restores of DB instances and of DB clusters have in common: from where, to which moment, and that
//! something new comes of it.

use jiff::Timestamp;

use crate::domain::datastore::DbSnapshot;
use crate::domain::ops::rds::OwnCopy;
use crate::domain::units::HumanDuration;
use crate::runbook::action::{BadArguments, Refusal, Site};

/// A tag that names the run that made a database.
pub(super) const RUN: &str = OwnCopy::TAG;

/// What that tag says in a plan, whose run has not begun.
pub(super) const PLANNED: &str = "this plan";

/// Where a restore starts, as far as it decides what AWS takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Snapshot,
    Time,
}

impl From {
    /// Refuses arguments that do not belong to it.
    pub(super) fn check(self, snapshot: Option<&str>, at: Option<Timestamp>) -> Result<(), BadArguments> {
        match self {
            Self::Snapshot if snapshot.is_none() => Err(BadArguments("snapshot is missing".to_owned())),
            Self::Snapshot if at.is_some() => Err(BadArguments("a snapshot has its own time".to_owned())),
            Self::Time if snapshot.is_some() => Err(BadArguments("a time needs no snapshot".to_owned())),
            Self::Snapshot | Self::Time => Ok(()),
        }
    }
}

/// Refuses a source whose key RDS cannot use: nothing is restored without it.
pub(super) fn check_key(name: &str, status: &str, key: Option<&str>) -> Result<(), Refusal> {
    if !status.starts_with("inaccessible-encryption-credentials") {
        return Ok(());
    }
    let key = key.unwrap_or("its key");
    Err(Refusal::state(format!(
        "RDS cannot use the KMS key of {name}, {key}: enable the key and its grants first"
    )))
}

/// What is missing in a restore of this moment.
pub(super) fn loss(since: Option<Timestamp>, new: &str, site: &Site<'_>) -> String {
    match since {
        Some(since) => format!(
            "what was written in the last {} (since {}) is not in {new}",
            HumanDuration(site.now.duration_since(since)),
            site.time(since)
        ),
        None => format!("how much was written since is not known, and is not in {new}"),
    }
}

/// The word for the newest snapshot.
pub(super) const LATEST: &str = "latest";

/// The snapshot that is meant, of an instance or of a cluster.
pub(super) fn pick<'s>(
    all: &'s [DbSnapshot],
    source: &str,
    (wanted, of_cluster): (&str, bool),
) -> Result<&'s DbSnapshot, Refusal> {
    let kind = |of_cluster| if of_cluster { "a cluster" } else { "an instance" };
    let found = if wanted == LATEST {
        all.iter()
            .filter(|known| {
                known.source == source && known.of_cluster == of_cluster && known.status == "available"
            })
            .max_by_key(|known| known.created_at)
    } else {
        all.iter().find(|known| known.id == wanted)
    };
    let found = found.ok_or_else(|| Refusal::absent(format!("{source} has no snapshot {wanted}")))?;
    if found.of_cluster != of_cluster {
        return Err(Refusal::state(format!(
            "{} is a snapshot of {}, not of {}",
            found.id,
            kind(found.of_cluster),
            kind(of_cluster)
        )));
    }
    if found.status != "available" {
        let progress = found
            .percent_progress
            .map_or_else(String::new, |percent| format!(", {percent} % done"));
        return Err(Refusal::state(format!(
            "the snapshot {} is {}{progress}",
            found.id, found.status
        )));
    }
    if found.encrypted && found.snapshot_type == "shared" {
        return Err(Refusal::state(format!(
            "the snapshot {} is encrypted and shared by another account: it must be copied first",
            found.id
        )));
    }
    Ok(found)
}

/// A moment that is to be restored to, within what backups hold.
pub(super) fn moment(
    name: &str,
    at: Option<Timestamp>,
    (latest, days): (Option<Timestamp>, u32),
    site: &Site<'_>,
) -> Result<Timestamp, Refusal> {
    if days == 0 {
        return Err(Refusal::state(format!("{name} keeps no backups")));
    }
    let latest = latest.ok_or_else(|| Refusal::state(format!("{name} cannot be restored to a time yet")))?;
    let at = at.unwrap_or(latest);
    if at > latest {
        return Err(Refusal::state(format!(
            "{name} can be restored up to {}, not to {}",
            site.time(latest),
            site.time(at)
        )));
    }
    let oldest = site.now - jiff::SignedDuration::from_hours(24 * i64::from(days));
    if at < oldest {
        return Err(Refusal::state(format!(
            "{name} keeps backups for {days} days: it can be restored from {} on, not to {}",
            site.time(oldest),
            site.time(at)
        )));
    }
    Ok(at)
}
