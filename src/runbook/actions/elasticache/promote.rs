//! `elasticache.promote`: a replica that is named becomes the primary, where nothing does so by itself.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{at_rest, busy, impact, primary, replication_group};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, elasticache};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site, Stamp,
    Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `elasticache.promote`.
pub struct Promote;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    group: String,
    node: String,
}

fn wanted(change: &Change) -> Option<&str> {
    change.after.get("primary").and_then(Value::as_str)
}

impl Action for Promote {
    fn name(&self) -> &'static str {
        "elasticache.promote"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Makes a replica that is named the primary of an ElastiCache replication group.\n\
                For groups in which no replica takes over by itself: with cluster mode, automatic failover or \
                Multi-AZ AWS chooses the replica, and `elasticache.failover` is the way. Connections to the \
                primary break, and writes that had not reached the replica are lost. Undo makes the former \
                primary the primary again, as a second such outage.",
            fields: vec![
                FieldSchema::required("group", Type::Text, "The replication group."),
                FieldSchema::required("node", Type::Text, "The replica's cluster id: `sessions-002`, …."),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::TypeName,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Redis),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 15,
            timeout_s: 20 * 60,
            // Roles are told late, and a second promotion would be a second outage.
            settle_s: 3 * 60,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::ElastiCache(elasticache::Read::Caches)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let cache = replication_group(view, &wanted.group)?;
        let name = &cache.name;
        let chooses = [
            (cache.cluster_mode, "cluster mode"),
            (cache.automatic_failover, "automatic failover"),
            (cache.multi_az, "Multi-AZ"),
        ];
        if let Some((_, what)) = chooses.into_iter().find(|(is_on, _)| *is_on) {
            return Err(Refusal::state(format!(
                "{name} has {what}, with which AWS chooses the replica: use elasticache.failover"
            )));
        }
        let shard = cache
            .shards
            .iter()
            .find(|shard| shard.nodes.iter().any(|node| node.cluster_id == wanted.node))
            .ok_or_else(|| Refusal::absent(format!("{name} has no node {}", wanted.node)))?;
        let node = shard.nodes.iter().find(|node| node.cluster_id == wanted.node);
        if let Some(status) = node.and_then(|node| node.status.as_deref())
            && status != "available"
        {
            return Err(Refusal::state(format!("{} is {status}", wanted.node)));
        }
        let live = primary(shard);
        if live == Some(wanted.node.as_str()) {
            return Ok(Proposal::nothing());
        }
        if cache.status != "available" {
            return Err(Refusal::state(format!("{name} is {}", cache.status)));
        }
        Ok(Proposal::one(Change {
            summary: format!("primary {} → {}", live.unwrap_or("unknown"), wanted.node),
            before: fields([("primary", json!(live))]),
            after: fields([("primary", json!(wanted.node))]),
            impact: impact(),
            ..Change::draft(self, site.target(Kind::Redis, &cache.arn, name), with)
        }))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let found = view.cache(&change.target.name);
        Sight::of(found.map(|cache| cache?.shards.first()), |shard| {
            fields([("primary", json!(primary(shard)))])
        })
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        busy(view, &change.target.name)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let node = wanted(change).ok_or_else(|| BadArguments("the change names no node".to_owned()))?;
        Ok(Mutation::ElastiCache(elasticache::Write::Promote {
            group: change.target.name.clone(),
            node: node.to_owned(),
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        at_rest(view, &change.target.name, |cache| {
            match cache.shards.first().and_then(primary) {
                live if live == wanted(change) => Progress::Done,
                live => Progress::Waiting(format!("the primary is {}", live.unwrap_or("not told"))),
            }
        })
    }

    fn invert(&self, change: &Change) -> Undo {
        let Some(before) = change.before.get("primary").and_then(Value::as_str) else {
            return Undo::Impossible("nobody knows which node was the primary".to_owned());
        };
        let mut back = change.swapped(format!(
            "primary {} → {before}",
            wanted(change).unwrap_or("unknown")
        ));
        back.with.insert("node".to_owned(), json!(before));
        Undo::By(vec![back])
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Some(wanted) = wanted(change) else { return };
        if let Some(cache) = view.cache_mut(&change.target.name) {
            for node in cache.shards.iter_mut().flat_map(|shard| &mut shard.nodes) {
                let role = if node.cluster_id == wanted {
                    "primary"
                } else {
                    "replica"
                };
                node.role = Some(role.to_owned());
            }
        }
    }
}
