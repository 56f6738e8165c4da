//! `rds.add_members`: a cluster gets instances like those of another.

use serde::Deserialize;
use serde_json::json;

use super::super::database::{self, Database};
use super::super::settings::{a_day, cost_of, own_tags};
use super::{find, makes_its_own};
use crate::domain::datastore::{DbCluster, DbInstance};
use crate::domain::ids::Kind;
use crate::domain::ops::rds::MemberSettings;
use crate::domain::ops::{Mutation, Query, rds};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `rds.add_members`.
pub struct AddMembers;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    like: String,
    /// Written by the plan: the instance that this change makes, and how it is configured.
    instance: Option<String>,
    settings: Option<MemberSettings>,
}

fn settings(member: &DbInstance, rank: u32) -> MemberSettings {
    let own = &member.settings;
    MemberSettings {
        engine: member.engine.clone(),
        class: member.class.clone(),
        promotion_tier: own.promotion_tier.or(Some(rank.min(15))),
        parameter_group: member.parameter_group.as_ref().map(|(name, _)| name.clone()),
        publicly_accessible: Some(member.publicly_accessible),
        minor_upgrades: own.minor_upgrades,
        maintenance_window: member.maintenance_window.clone(),
        ca_certificate: own.ca_certificate.clone(),
        performance_insights: own.performance_insights.clone(),
        monitoring: own.monitoring.clone(),
        copy_tags_to_snapshots: own.copy_tags_to_snapshots,
        tags: own_tags(&member.tags),
    }
}

impl Action for AddMembers {
    fn name(&self) -> &'static str {
        "rds.add_members"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Makes instances in a DB cluster like those of another cluster.\n\
                A restored Aurora cluster has none, and nobody can connect to it until it has. They are called \
                after the cluster: `NAME-1`, `NAME-2`, …; the first is the writer. AWS makes those of a \
                Multi-AZ DB cluster itself. Undo deletes nothing.",
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The cluster that gets instances."),
                FieldSchema::required("like", Type::Text, "The cluster whose instances they are like."),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Irreversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::RdsInstance),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 30,
            timeout_s: 2 * 60 * 60,
            settle_s: 60,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![
            Query::Rds(rds::Read::Clusters),
            Query::Rds(rds::Read::Instances),
        ])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let cluster = find(view, &wanted.cluster)?;
        let like = find(view, &wanted.like)?;
        if makes_its_own(cluster) || cluster.members.len() >= like.members.len() {
            return Ok(Proposal::nothing());
        }
        let mut models = Vec::new();
        // The writer first: it is the first to be made.
        for writes in [true, false] {
            for (name, _) in like.members.iter().filter(|(_, writer)| *writer == writes) {
                let model = view
                    .db_instance(name)?
                    .ok_or_else(|| Refusal::absent(format!("there is no DB instance {name}")))?;
                models.push(model);
            }
        }
        let arn = |name: &str| {
            models
                .first()
                .map_or_else(|| name.to_owned(), |model| database::beside(&model.arn, name))
        };
        let mut proposal = Proposal::nothing();
        for (rank, model) in (0_u32..).zip(&models).skip(cluster.members.len()) {
            let name = format!("{}-{}", cluster.name, rank + 1);
            database::free::<DbInstance>(view, &name)?;
            let cost = cost_of(model, None, site);
            let mut change = Change {
                summary: format!(
                    "make {name} ({}) in {}, like {}",
                    model.class, cluster.name, model.name
                ),
                before: database::exists(false),
                after: database::exists(true),
                impact: Impact::default(),
                cost,
                ..Change::draft(self, site.target(Kind::RdsInstance, &arn(&name), &name), with)
            };
            change.with.insert("instance".to_owned(), json!(name));
            let settings = serde_json::to_value(settings(model, rank)).unwrap_or_default();
            change.with.insert("settings".to_owned(), settings);
            proposal.changes.push(change);
        }
        if like.members.is_empty() {
            return Err(Refusal::state(format!("{} has no instances", like.name)));
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        database::existence::<DbInstance>(view, &change.target.name)
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        let with: With = parse(&change.with).ok()?;
        database::busy::<DbCluster>(view, &with.cluster)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        let (Some(instance), Some(settings)) = (with.instance, with.settings) else {
            return Err(BadArguments("the change names no instance".to_owned()));
        };
        Ok(Mutation::Rds(rds::Write::CreateMember {
            cluster: with.cluster,
            instance,
            settings: Box::new(settings),
        }))
    }

    fn watch(&self, _change: &Change, _applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        Ok(vec![Query::Rds(rds::Read::Instances)])
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        database::made(view, &change.target.name, DbInstance::at_rest)
    }

    fn invert(&self, change: &Change) -> Undo {
        Undo::Impossible(format!(
            "nothing is deleted: {} stays and {} until somebody deletes it",
            change.target.name,
            a_day(&change.cost)
        ))
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<With>(&change.with) else {
            return;
        };
        let model = view
            .db_cluster(&with.like)
            .ok()
            .flatten()
            .and_then(|like| like.members.first().map(|(name, _)| name.clone()));
        let name = change.target.name.clone();
        if let Some(all) = view.db_instances_mut()
            && let Some(mut made) = all.iter().find(|db| Some(&db.name) == model.as_ref()).cloned()
        {
            made.arn.clone_from(&change.target.id);
            made.name.clone_from(&name);
            made.cluster = Some(with.cluster.clone());
            made.resource_id = None;
            made.endpoint = None;
            "available".clone_into(&mut made.status);
            if let Some(settings) = with.settings {
                made.class = settings.class;
            }
            all.push(made);
        }
        if let Some(all) = view.db_clusters_mut() {
            for cluster in all.iter_mut().filter(|cluster| cluster.name == with.cluster) {
                let writes = !cluster.members.iter().any(|(_, writer)| *writer);
                cluster.members.push((name.clone(), writes));
            }
        }
    }
}
