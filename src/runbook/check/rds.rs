//! Whether a database is well, and configured as another.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Check, Verdict};
use crate::domain::datastore::DbInstance;
use crate::domain::ids::Kind;
use crate::domain::ops::{Query, rds};
use crate::runbook::action::{Arguments, BadArguments, View, parse};
use crate::runbook::actions::rds::{cluster, settings};
use crate::runbook::schema::{ActionSchema, FieldSchema};
use crate::runbook::types::Type;

/// `rds.same_settings`.
pub struct SameSettings;

/// `rds.available`.
pub struct Available;

/// `rds.restored`.
pub struct Restored;

/// `rds.same_cluster_settings`.
pub struct SameClusterSettings;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    instance: String,
    like: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithInstance {
    instance: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithClusters {
    cluster: String,
    like: String,
}

/// What differs, or nothing.
fn verdict(name: &str, like: &str, differences: Vec<(String, serde_json::Value)>) -> Verdict {
    if differences.is_empty() {
        return Verdict::Pass(format!("{name} is available, and configured as {like}"));
    }
    let words: Vec<String> = differences
        .into_iter()
        .map(|(setting, wanted)| format!("{setting} is not {wanted}"))
        .collect();
    Verdict::Fail(format!("{name}: {}", words.join(", ")))
}

/// Why an instance cannot be used now; nothing if it can.
fn unusable(db: &DbInstance) -> Option<String> {
    if db.status != "available" {
        Some(format!("{} is {}", db.name, db.status))
    } else if db.endpoint.is_none() {
        Some(format!("{} has no address yet", db.name))
    } else {
        None
    }
}

impl Check for Available {
    fn name(&self) -> &'static str {
        "rds.available"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether an RDS DB instance is available under an address.",
            vec![FieldSchema::required("instance", Type::Text, "The instance.")],
            Some(Kind::RdsInstance),
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        parse::<WithInstance>(with)?;
        Ok(vec![Query::Rds(rds::Read::Instances)])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let WithInstance { instance } = parse(with)?;
        Ok(match view.db_instance(&instance) {
            Err(unread) => unread.into(),
            Ok(None) => Verdict::Fail(format!("there is no DB instance {instance}")),
            Ok(Some(db)) => match unusable(db) {
                Some(why) => Verdict::Fail(why),
                None => Verdict::Pass(format!("{instance} is available")),
            },
        })
    }
}

impl Check for Restored {
    fn name(&self) -> &'static str {
        "rds.restored"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether a restored RDS DB instance is available under an address, and runs the same version of \
             the same engine as its source.",
            vec![
                FieldSchema::required("instance", Type::Text, "The restored instance."),
                FieldSchema::required("like", Type::Text, "The source."),
            ],
            Some(Kind::RdsInstance),
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::Rds(rds::Read::Instances)])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let With { instance, like } = parse(with)?;
        let (db, source) = match (view.db_instance(&instance), view.db_instance(&like)) {
            (Err(unread), _) | (_, Err(unread)) => return Ok(unread.into()),
            (Ok(None), _) => return Ok(Verdict::Fail(format!("there is no DB instance {instance}"))),
            (_, Ok(None)) => return Ok(Verdict::Fail(format!("there is no DB instance {like}"))),
            (Ok(Some(db)), Ok(Some(source))) => (db, source),
        };
        if let Some(why) = unusable(db) {
            return Ok(Verdict::Fail(why));
        }
        let version = |db: &DbInstance| format!("{} {}", db.engine, db.engine_version);
        Ok(if version(db) == version(source) {
            Verdict::Pass(format!("{instance} is available and runs {}", version(db)))
        } else {
            Verdict::Fail(format!(
                "{instance} runs {}, {like} runs {}",
                version(db),
                version(source)
            ))
        })
    }
}

impl Check for SameSettings {
    fn name(&self) -> &'static str {
        "rds.same_settings"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether an RDS DB instance is available under an address, and configured as another.\n\
             What is not known of the other, or is off there, is not compared.",
            vec![
                FieldSchema::required("instance", Type::Text, "The instance."),
                FieldSchema::required("like", Type::Text, "The instance that it must be like."),
            ],
            Some(Kind::RdsInstance),
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::Rds(rds::Read::Instances)])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let with: With = parse(with)?;
        let (db, like) = match (view.db_instance(&with.instance), view.db_instance(&with.like)) {
            (Err(unread), _) | (_, Err(unread)) => return Ok(unread.into()),
            (Ok(None), _) => {
                return Ok(Verdict::Fail(format!(
                    "there is no DB instance {}",
                    with.instance
                )));
            }
            (_, Ok(None)) => return Ok(Verdict::Fail(format!("there is no DB instance {}", with.like))),
            (Ok(Some(db)), Ok(Some(like))) => (db, like),
        };
        if let Some(why) = unusable(db) {
            return Ok(Verdict::Fail(why));
        }
        Ok(verdict(&db.name, &like.name, settings::differences(like, db)))
    }
}

impl Check for SameClusterSettings {
    fn name(&self) -> &'static str {
        "rds.same_cluster_settings"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether a DB cluster is available, has as many instances as another, and is configured as that.\n\
             What is not known of the other is not compared.",
            vec![
                FieldSchema::required("cluster", Type::Text, "The cluster."),
                FieldSchema::required("like", Type::Text, "The cluster that it must be like."),
            ],
            Some(Kind::RdsCluster),
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        parse::<WithClusters>(with)?;
        Ok(vec![Query::Rds(rds::Read::Clusters)])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let with: WithClusters = parse(with)?;
        let (cluster, like) = match (view.db_cluster(&with.cluster), view.db_cluster(&with.like)) {
            (Err(unread), _) | (_, Err(unread)) => return Ok(unread.into()),
            (Ok(None), _) => {
                return Ok(Verdict::Fail(format!("there is no DB cluster {}", with.cluster)));
            }
            (_, Ok(None)) => return Ok(Verdict::Fail(format!("there is no DB cluster {}", with.like))),
            (Ok(Some(cluster)), Ok(Some(like))) => (cluster, like),
        };
        if cluster.status != "available" {
            return Ok(Verdict::Fail(format!("{} is {}", cluster.name, cluster.status)));
        }
        if cluster.members.len() < like.members.len() {
            return Ok(Verdict::Fail(format!(
                "{} has {} of {} instances",
                cluster.name,
                cluster.members.len(),
                like.members.len()
            )));
        }
        if !cluster.members.iter().any(|(_, writes)| *writes) {
            return Ok(Verdict::Fail(format!("{} has no writer", cluster.name)));
        }
        Ok(verdict(
            &cluster.name,
            &like.name,
            cluster::differences(like, cluster),
        ))
    }
}
