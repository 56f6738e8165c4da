//! `rds.rename_cluster`: another name for a DB cluster, which is followed by its resource id.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::settings::{attached, check_name};
use super::{at_rest, available, find, target};
use crate::domain::datastore::DbCluster;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, Unread, View, fields, known_after, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `rds.rename_cluster`.
pub struct RenameCluster;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    to: String,
}

/// The cluster of a change: by its resource id, which a rename leaves alone; by either name where that
/// was not known when it was planned.
fn followed<'v>(change: &Change, view: &'v View) -> Result<Option<&'v DbCluster>, Unread> {
    let all = view.db_clusters()?;
    // Taken back, the id that was found before the rename stands on the other side.
    let id = [&change.before, &change.after]
        .into_iter()
        .find_map(|fields| fields.get("resource_id").and_then(Value::as_str));
    if let Some(id) = id {
        return Ok(all
            .iter()
            .find(|cluster| cluster.settings.resource_id.as_deref() == Some(id)));
    }
    let called = |name: Option<&Value>| all.iter().find(|cluster| Some(&json!(cluster.name)) == name);
    Ok(called(change.before.get("name")).or_else(|| called(change.after.get("name"))))
}

impl Action for RenameCluster {
    fn name(&self) -> &'static str {
        "rds.rename_cluster"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Renames a DB cluster at once.\n\
                Its own addresses, for writing and for reading, change with it; its instances keep their names \
                and addresses. The new name must be free. Undo renames it back; what was written meanwhile \
                stays where it is.",
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The name it has."),
                FieldSchema::required("to", Type::Text, "The name it gets."),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::TypeName,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::RdsCluster),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 30,
            timeout_s: 40 * 60,
            settle_s: 90,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::Rds(rds::Read::Clusters)])
    }

    fn follow_up(&self, _with: &Arguments, _view: &View) -> Vec<Query> {
        // Only for the plan: whether proxies can be read says nothing about the rename.
        vec![Query::Rds(rds::Read::Proxies)]
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let cluster = find(view, &wanted.cluster)?;
        if wanted.cluster == wanted.to {
            return Ok(Proposal::nothing());
        }
        available(cluster)?;
        check_name(&wanted.to)?;
        if view.db_cluster(&wanted.to)?.is_some() {
            return Err(Refusal::state(format!("the name {} is taken", wanted.to)));
        }
        let id = cluster
            .settings
            .resource_id
            .as_ref()
            .map_or_else(|| known_after("it exists"), |id| json!(id));
        let mut after = fields([("name", json!(wanted.to))]);
        // It is the same before and after: what is only known later would look like a change.
        if let Some(id) = &cluster.settings.resource_id {
            after.insert("resource_id".to_owned(), json!(id));
        }
        let members: Vec<String> = cluster.members.iter().map(|(name, _)| name.clone()).collect();
        let mut proposal = Proposal::one(Change {
            summary: format!("{} → {}", wanted.cluster, wanted.to),
            before: fields([("name", json!(wanted.cluster)), ("resource_id", id)]),
            after,
            impact: Impact {
                outage: Some("its addresses change, and the new ones work after some minutes".to_owned()),
                dependents: members.iter().map(|name| format!("DB instance {name}")).collect(),
                ..Impact::default()
            },
            ..Change::draft(self, target(site, cluster), with)
        });
        // Of a cluster that an earlier step makes, nobody knows yet.
        if cluster.settings.resource_id.is_some() {
            proposal.warnings = attached(&cluster.name, &[], view.db_proxies());
            proposal.warnings.push(format!(
                "{}: who connects to {} by their own addresses goes on to reach them; alarms and metrics follow \
                 names; connection pools keep old connections until they are restarted (ecs-restart)",
                cluster.name,
                members.join(", ")
            ));
            if !cluster.settings.custom_endpoints.is_empty() {
                proposal.warnings.push(format!(
                    "{}: endpoints of its own are not made anew: {}",
                    cluster.name,
                    cluster.settings.custom_endpoints.join(", ")
                ));
            }
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        match followed(change, view) {
            Err(unread) => Sight::Unreadable(unread),
            Ok(None) => Sight::Gone,
            Ok(Some(cluster)) => {
                // A rename that AWS accepted, and that has not come about yet, is neither name.
                let name = match cluster.status.as_str() {
                    "renaming" if Some(&json!(cluster.name)) == change.before.get("name") => {
                        "(being renamed)"
                    }
                    _ => &cluster.name,
                };
                Sight::Here(fields([
                    ("name", json!(name)),
                    ("resource_id", json!(cluster.settings.resource_id)),
                ]))
            }
        }
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        let cluster = followed(change, view).ok().flatten()?;
        super::busy(view, &cluster.name)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        Ok(Mutation::Rds(rds::Write::RenameCluster {
            cluster: with.cluster,
            to: with.to,
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        match followed(change, view) {
            Err(unread) => Progress::Waiting(unread.to_string()),
            Ok(None) => Progress::Waiting("it does not show under either name".to_owned()),
            Ok(Some(cluster)) if Some(&json!(cluster.name)) != change.after.get("name") => {
                Progress::Waiting(format!("it is still called {}", cluster.name))
            }
            Ok(Some(cluster)) => at_rest(cluster),
        }
    }

    fn invert(&self, change: &Change) -> Undo {
        let Ok(with) = parse::<With>(&change.with) else {
            return Undo::Impossible("the name before is not known".to_owned());
        };
        let mut back = change.swapped(format!("{} → {}", with.to, with.cluster));
        back.with.insert("cluster".to_owned(), json!(with.to));
        back.with.insert("to".to_owned(), json!(with.cluster));
        Undo::By(vec![back])
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<With>(&change.with) else {
            return;
        };
        if let Some(all) = view.db_clusters_mut() {
            for cluster in all.iter_mut().filter(|cluster| cluster.name == with.cluster) {
                cluster.arn = cluster.arn.replace(
                    &format!(":cluster:{}", with.cluster),
                    &format!(":cluster:{}", with.to),
                );
                cluster.name.clone_from(&with.to);
            }
        }
        if let Some(all) = view.db_instances_mut() {
            for db in all
                .iter_mut()
                .filter(|db| db.cluster.as_ref() == Some(&with.cluster))
            {
                db.cluster = Some(with.to.clone());
            }
        }
    }
}
