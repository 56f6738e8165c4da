//! `rds.snapshot` and `rds.cluster_snapshot`: a snapshot is taken, and kept.

use serde::Deserialize;

use super::{cluster, database, instance, target};
use crate::domain::datastore::{DbCluster, DbInstance, DbSnapshot};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site, Stamp,
    Undo, Unread, View, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// Takes a snapshot.
pub struct Take {
    of: Of,
}

/// `rds.snapshot`.
pub const TAKE: Take = Take { of: Of::Instance };

/// `rds.cluster_snapshot`.
pub const TAKE_OF_CLUSTER: Take = Take { of: Of::Cluster };

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Instance,
    Cluster,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    instance: Option<String>,
    cluster: Option<String>,
    snapshot: String,
}

impl Take {
    /// What a snapshot is taken of, and what it is called.
    fn read(&self, with: &Arguments) -> Result<(String, String), BadArguments> {
        let with: With = parse(with)?;
        match (self.of, with.instance, with.cluster) {
            (Of::Instance, Some(source), None) | (Of::Cluster, None, Some(source)) => {
                Ok((source, with.snapshot))
            }
            _ => Err(BadArguments(
                "it takes exactly what the snapshot is of".to_owned(),
            )),
        }
    }

    fn find<'v>(&self, id: &str, view: &'v View) -> Result<Option<&'v DbSnapshot>, Unread> {
        Ok(view
            .db_snapshot(id)?
            .filter(|known| known.of_cluster == (self.of == Of::Cluster)))
    }
}

impl Action for Take {
    fn name(&self) -> &'static str {
        match self.of {
            Of::Instance => "rds.snapshot",
            Of::Cluster => "rds.cluster_snapshot",
        }
    }

    fn schema(&self) -> ActionSchema {
        let (about, field, target) = match self.of {
            Of::Instance => (
                "Takes a snapshot of an RDS DB instance.\n\
                 A Single-AZ instance answers slowly for some seconds. The snapshot is kept, and billed, until \
                 somebody deletes it.",
                FieldSchema::required("instance", Type::Text, "The instance."),
                Kind::RdsInstance,
            ),
            Of::Cluster => (
                "Takes a snapshot of a DB cluster.\n\
                 The snapshot is kept, and billed, until somebody deletes it.",
                FieldSchema::required("cluster", Type::Text, "The cluster."),
                Kind::RdsCluster,
            ),
        };
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about,
            fields: vec![
                field,
                FieldSchema::required("snapshot", Type::Text, "The snapshot's name, which must be free."),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Reversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(target),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 30,
            timeout_s: 3 * 60 * 60,
            settle_s: 60,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        self.read(with)?;
        let source = match self.of {
            Of::Instance => rds::Read::Instances,
            Of::Cluster => rds::Read::Clusters,
        };
        Ok(vec![Query::Rds(source), Query::Rds(rds::Read::Snapshots)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let (source, id) = self.read(with)?;
        let target = match self.of {
            Of::Instance => {
                let db = instance(view, &source)?;
                database::available(db)?;
                target(site, db)
            }
            Of::Cluster => {
                let cluster = cluster::find(view, &source)?;
                database::available(cluster)?;
                cluster::target(site, cluster)
            }
        };
        if let Some(taken) = view.db_snapshot(&id)? {
            if taken.source == source && taken.of_cluster == (self.of == Of::Cluster) {
                return Ok(Proposal::nothing());
            }
            return Err(Refusal::state(format!("the name {id} is taken")));
        }
        database::check_name(&id)?;
        Ok(Proposal::one(Change {
            summary: format!("take the snapshot {id}"),
            before: database::exists(false),
            after: database::exists(true),
            ..Change::draft(self, target, with)
        }))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok((source, id)) = self.read(&change.with) else {
            return Sight::Gone;
        };
        let is_there = match self.of {
            Of::Instance => view.db_instance(&source).map(|db| db.is_some()),
            Of::Cluster => view.db_cluster(&source).map(|cluster| cluster.is_some()),
        };
        match (is_there, self.find(&id, view)) {
            (Err(unread), _) | (_, Err(unread)) => Sight::Unreadable(unread),
            (Ok(false), Ok(None)) => Sight::Gone,
            (Ok(_), Ok(found)) => Sight::Here(database::exists(found.is_some())),
        }
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        match self.of {
            Of::Instance => database::busy::<DbInstance>(view, &change.target.name),
            Of::Cluster => database::busy::<DbCluster>(view, &change.target.name),
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let (source, snapshot) = self.read(&change.with)?;
        Ok(Mutation::Rds(match self.of {
            Of::Instance => rds::Write::CreateSnapshot {
                instance: source,
                snapshot,
            },
            Of::Cluster => rds::Write::CreateClusterSnapshot {
                cluster: source,
                snapshot,
            },
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let Ok((_, id)) = self.read(&change.with) else {
            return Progress::Failed("the change names no snapshot".to_owned());
        };
        match self.find(&id, view) {
            Err(unread) => Progress::Waiting(unread.to_string()),
            Ok(None) => Progress::Waiting("it does not show yet".to_owned()),
            Ok(Some(snapshot)) => match (snapshot.status.as_str(), snapshot.percent_progress) {
                ("available", _) => Progress::Done,
                (status @ ("failed" | "incompatible-restore"), _) => {
                    Progress::Failed(format!("the snapshot is {status}"))
                }
                (status, Some(percent)) => Progress::Waiting(format!("it is {status}, {percent} % done")),
                (status, None) => Progress::Waiting(format!("it is {status}")),
            },
        }
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::NotNeeded("no data is deleted: the snapshot is kept")
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok((source, id)) = self.read(&change.with) else {
            return;
        };
        if let Some(all) = view.db_snapshots_mut() {
            all.push(DbSnapshot {
                arn: id.clone(),
                id,
                source,
                of_cluster: self.of == Of::Cluster,
                snapshot_type: "manual".to_owned(),
                status: "available".to_owned(),
                percent_progress: Some(100),
                created_at: None,
                storage_gib: None,
                encrypted: false,
                kms_key: None,
            });
        }
    }
}
