//! What DB instances and DB clusters have in common, for actions that there are for both.

use serde_json::json;

use crate::domain::datastore::{DbCluster, DbInstance};
use crate::runbook::action::{Fields, Progress, Refusal, Sight, Unread, View, fields};

/// A DB instance or a DB cluster.
pub(super) trait Database: Sized {
    /// What it is called in a sentence.
    const NOUN: &'static str;

    /// States from which it does not recover by itself.
    const FAILED: &'static [&'static str];

    /// States that last, the failed ones apart: in all others it is under way to another one.
    const LASTING: &'static [&'static str];

    /// All of them.
    fn all(view: &View) -> Result<&[Self], Unread>;

    /// The one of that name.
    fn named<'v>(view: &'v View, name: &str) -> Result<Option<&'v Self>, Unread>;

    /// Its name.
    fn name(&self) -> &str;

    /// The id that a rename leaves alone; `None` until AWS has made it.
    fn resource_id(&self) -> Option<&str>;

    /// Its state.
    fn status(&self) -> &str;

    /// What it waits for though it is available.
    fn unsettled(&self) -> Option<String> {
        None
    }

    /// Whether it has failed for good.
    fn has_failed(&self) -> bool {
        Self::FAILED.contains(&self.status())
    }

    /// Whether it has come to rest.
    fn at_rest(&self) -> Progress {
        if self.has_failed() {
            return Progress::Failed(format!("{} is {}", self.name(), self.status()));
        }
        if self.status() != "available" {
            return Progress::Waiting(format!("it is {}", self.status()));
        }
        self.unsettled().map_or(Progress::Done, Progress::Waiting)
    }

    /// What goes on with it that passes by itself, so that AWS will allow then what it refuses now.
    fn busy(&self) -> Option<String> {
        let lasts = Self::LASTING.contains(&self.status()) || self.has_failed();
        (!lasts).then(|| format!("it is {}", self.status()))
    }
}

impl Database for DbInstance {
    const NOUN: &'static str = "instance";

    const FAILED: &'static [&'static str] = &[
        "failed",
        "incompatible-restore",
        "incompatible-parameters",
        "incompatible-network",
        "incompatible-option-group",
        "insufficient-capacity",
        "restore-error",
        "inaccessible-encryption-credentials",
    ];

    const LASTING: &'static [&'static str] = &[
        "available",
        "stopped",
        "storage-full",
        "storage-optimization",
        "deleting",
    ];

    fn all(view: &View) -> Result<&[Self], Unread> {
        view.db_instances()
    }

    fn named<'v>(view: &'v View, name: &str) -> Result<Option<&'v Self>, Unread> {
        view.db_instance(name)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn resource_id(&self) -> Option<&str> {
        self.resource_id.as_deref()
    }

    fn status(&self) -> &str {
        &self.status
    }

    /// `available` comes and goes while it settles: nothing may be pending, and its parameters must be in
    /// force.
    fn unsettled(&self) -> Option<String> {
        if !self.pending_modifications.is_empty() {
            return Some(format!("pending: {}", self.pending_modifications.join(", ")));
        }
        let (_, state) = self.parameter_group.as_ref()?;
        (state == "applying").then(|| "parameters are being applied".to_owned())
    }
}

impl Database for DbCluster {
    const NOUN: &'static str = "cluster";

    const FAILED: &'static [&'static str] = &[
        "failed",
        "cloning-failed",
        "inaccessible-encryption-credentials",
        "migration-failed",
    ];

    const LASTING: &'static [&'static str] = &["available", "stopped", "deleting"];

    fn all(view: &View) -> Result<&[Self], Unread> {
        view.db_clusters()
    }

    fn named<'v>(view: &'v View, name: &str) -> Result<Option<&'v Self>, Unread> {
        view.db_cluster(name)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn resource_id(&self) -> Option<&str> {
        self.settings.resource_id.as_deref()
    }

    fn status(&self) -> &str {
        &self.status
    }
}

/// Refuses one that is anything but available.
pub(super) fn available(database: &impl Database) -> Result<(), Refusal> {
    if database.status() == "available" {
        Ok(())
    } else {
        Err(Refusal::state(format!(
            "{} is {}",
            database.name(),
            database.status()
        )))
    }
}

/// Refuses a name that it cannot be given, or that another one has.
pub(super) fn free<D: Database>(view: &View, name: &str) -> Result<(), Refusal> {
    check_name(name)?;
    match D::named(view, name)? {
        Some(_) => Err(Refusal::state(format!("the name {name} is taken"))),
        None => Ok(()),
    }
}

/// The ARN of another one beside it.
pub(super) fn beside(arn: &str, name: &str) -> String {
    arn.rsplit_once(':')
        .map_or_else(|| name.to_owned(), |(start, _)| format!("{start}:{name}"))
}

/// What the one of that name looks like, by a function of it.
pub(super) fn sight<D: Database>(view: &View, name: &str, fields: impl FnOnce(&D) -> Fields) -> Sight {
    Sight::of(D::named(view, name), fields)
}

/// How far a change of the one of that name is, by a function of it.
pub(super) fn progress<D: Database>(
    view: &View,
    name: &str,
    progress: impl FnOnce(&D) -> Progress,
) -> Progress {
    Progress::of(D::named(view, name), &format!("the {}", D::NOUN), progress)
}

/// What goes on with the one of that name that passes by itself.
pub(super) fn busy<D: Database>(view: &View, name: &str) -> Option<String> {
    D::named(view, name).ok().flatten()?.busy()
}

/// Whether there is one of that name, as changes that make one see it.
pub(super) fn existence<D: Database>(view: &View, name: &str) -> Sight {
    match D::named(view, name) {
        Err(unread) => Sight::Unreadable(unread),
        Ok(found) => Sight::Here(exists(found.is_some())),
    }
}

/// The same as fields of a change.
pub(super) fn exists(exists: bool) -> Fields {
    fields([("exists", json!(exists))])
}

/// How far a change is that makes the one of that name, by a function of it.
pub(super) fn made<D: Database>(view: &View, name: &str, progress: impl FnOnce(&D) -> Progress) -> Progress {
    match D::named(view, name) {
        Err(unread) => Progress::Waiting(unread.to_string()),
        Ok(None) => Progress::Waiting("it does not show yet".to_owned()),
        Ok(Some(database)) => progress(database),
    }
}

/// A name that RDS takes for an instance or a cluster.
pub(super) fn check_name(name: &str) -> Result<(), Refusal> {
    let fine = (1..=63).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .chars()
            .all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-')
        && !name.ends_with('-')
        && !name.contains("--");
    if fine {
        Ok(())
    } else {
        Err(Refusal::state(format!(
            "{name} is no name for a database: 1 to 63 small letters, digits and single hyphens, a letter first"
        )))
    }
}
