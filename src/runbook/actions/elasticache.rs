//! `elasticache.failover`: a replica of a shard becomes its primary. `elasticache.promote`: one that is named.
//! `elasticache.resize`: nodes of another type. `elasticache.snapshot`: a backup.

mod promote;
mod resize;
mod snapshot;

pub(super) use promote::Promote;
pub(super) use resize::Resize;
pub(super) use snapshot::Snapshot;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::datastore::{Cache, CacheForm, CacheShard};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, elasticache};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `elasticache.failover`.
pub struct Failover;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    group: String,
    shard: String,
}

fn shard<'c>(cache: &'c Cache, id: &str) -> Option<&'c CacheShard> {
    cache.shards.iter().find(|shard| shard.id == id)
}

fn primary(shard: &CacheShard) -> Option<&str> {
    let node = shard
        .nodes
        .iter()
        .find(|node| node.role.as_deref() == Some("primary"))?;
    Some(&node.cluster_id)
}

/// What goes on with a group that passes by itself.
fn busy(view: &View, group: &str) -> Option<String> {
    let status = &view.cache(group).ok().flatten()?.status;
    matches!(status.as_str(), "modifying" | "snapshotting").then(|| format!("it is {status}"))
}

/// The replication group of that name: nothing else has replicas that could take over.
fn replication_group<'v>(view: &'v View, name: &str) -> Result<&'v Cache, Refusal> {
    let cache = view
        .cache(name)?
        .ok_or_else(|| Refusal::absent(format!("there is no cache {name}")))?;
    if cache.form != CacheForm::ReplicationGroup {
        return Err(Refusal::state(format!(
            "{name} is a {}, not a replication group",
            cache.form.name()
        )));
    }
    Ok(cache)
}

/// What a change of the primary does to users.
fn impact() -> Impact {
    Impact {
        outage: Some("writes fail for some seconds, and the last of them may be lost".to_owned()),
        ..Impact::default()
    }
}

/// How far a change of the group is, by a function of it once nothing goes on with it any more.
fn at_rest(view: &View, group: &str, how_far: impl FnOnce(&Cache) -> Progress) -> Progress {
    Progress::of(view.cache(group), "the cache", |cache| {
        if cache.status == "available" {
            how_far(cache)
        } else {
            Progress::Waiting(format!("it is {}", cache.status))
        }
    })
}

/// Whether another node is the primary than before the change. Where AWS does not say who it is, only the
/// events tell.
fn has_moved(change: &Change, shard: &CacheShard) -> bool {
    let was = change.before.get("primary").and_then(Value::as_str);
    let live = primary(shard);
    was.is_some() && live.is_some() && was != live
}

/// Events of a failover of that shard, lower case. There are none in the answers before the call.
fn told(view: &View, cache: &Cache, shard: &CacheShard) -> Vec<String> {
    let is_ours = |source: &str, message: &str| {
        let names = |text: &str| {
            shard
                .nodes
                .iter()
                .any(|node| text.contains(node.cluster_id.as_str()))
        };
        // Of a group with one shard every event is about it.
        names(source)
            || (source == cache.name
                && (cache.shards.len() == 1 || names(message) || message.contains(&shard.id)))
    };
    view.store_events()
        .map(|events| {
            events
                .iter()
                .filter(|event| is_ours(&event.source, &event.message))
                .map(|event| event.message.to_ascii_lowercase())
                .filter(|message| message.contains("failover"))
                .collect()
        })
        .unwrap_or_default()
}

impl Action for Failover {
    fn name(&self) -> &'static str {
        "elasticache.failover"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Fails a shard of an ElastiCache replication group over to one of its replicas.\n\
                Connections to the primary break, and writes that had not reached the replica are lost. The \
                group needs automatic failover and the shard a replica. There is nothing to take back.",
            fields: vec![
                FieldSchema::required("group", Type::Text, "The replication group."),
                FieldSchema::required("shard", Type::Text, "The shard: `0001`, …."),
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
            // Events come late, and a second failover would be a second outage.
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
        if !cache.automatic_failover {
            return Err(Refusal::state(format!(
                "automatic failover is off on {name}: a replica is promoted by name (elasticache.promote)"
            )));
        }
        if cache.status != "available" {
            return Err(Refusal::state(format!("{name} is {}", cache.status)));
        }
        let shard = shard(cache, &wanted.shard)
            .ok_or_else(|| Refusal::absent(format!("{name} has no shard {}", wanted.shard)))?;
        if shard.nodes.len() < 2 {
            return Err(Refusal::state(format!("the shard {} has no replica", shard.id)));
        }
        let ill: Vec<&str> = shard
            .nodes
            .iter()
            .filter(|node| node.status.as_deref().is_some_and(|status| status != "available"))
            .map(|node| node.cluster_id.as_str())
            .collect();
        if ill.len() + 1 >= shard.nodes.len() && !ill.is_empty() {
            return Err(Refusal::state(format!(
                "no replica of the shard {} is known to be well: {} is not available",
                shard.id,
                ill.join(", ")
            )));
        }
        let before = fields([("primary", json!(primary(shard))), ("failed_over", json!(false))]);
        let mut after = before.clone();
        after.insert("failed_over".to_owned(), json!(true));
        after.insert(
            "primary".to_owned(),
            crate::runbook::action::known_after("this step"),
        );
        let proposal = Proposal::one(Change {
            summary: format!(
                "fail shard {} over from {}",
                shard.id,
                primary(shard).unwrap_or("its primary")
            ),
            before,
            after,
            impact: impact(),
            ..Change::draft(self, site.target(Kind::Redis, &cache.arn, name), with)
        });
        Ok(proposal.warn(format!(
            "{name}: AWS allows 15 such failovers in 24 hours, and may refuse them in large events"
        )))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = parse::<With>(&change.with) else {
            return Sight::Gone;
        };
        let found = view.cache(&with.group).map(|cache| {
            let cache = cache?;
            Some((cache, shard(cache, &with.shard)?))
        });
        Sight::of(found, |(cache, shard)| {
            // That it was asked for is enough to know that a call arrived.
            let failed_over = has_moved(change, shard) || !told(view, cache, shard).is_empty();
            fields([
                ("primary", json!(primary(shard))),
                ("failed_over", json!(failed_over)),
            ])
        })
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        let with: With = parse(&change.with).ok()?;
        busy(view, &with.group)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        Ok(Mutation::ElastiCache(elasticache::Write::TestFailover {
            group: with.group,
            shard: with.shard,
        }))
    }

    fn watch(&self, change: &Change, applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        let mut queries = self.reads(&change.with)?;
        queries.push(Query::ElastiCache(elasticache::Read::Events {
            since: applied.at,
        }));
        Ok(queries)
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let Ok(with) = parse::<With>(&change.with) else {
            return Progress::Failed("the change names no shard".to_owned());
        };
        at_rest(view, &with.group, |cache| {
            let Some(shard) = shard(cache, &with.shard) else {
                return Progress::gone(&format!("the shard {}", with.shard));
            };
            let completed = told(view, cache, shard)
                .iter()
                .any(|message| message.contains("completed"));
            if has_moved(change, shard) || completed {
                Progress::Done
            } else {
                Progress::Waiting("the primary is still the same".to_owned())
            }
        })
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::NotNeeded("the replica is as good a primary")
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<With>(&change.with) else {
            return;
        };
        let mut message = format!("Failover of {} completed", with.shard);
        if let Some(cache) = view.cache_mut(&with.group) {
            for shard in cache.shards.iter_mut().filter(|shard| shard.id == with.shard) {
                if let Some(node) = shard.nodes.first() {
                    message = format!("Failover of {} ({}) completed", with.shard, node.cluster_id);
                }
                let next = shard
                    .nodes
                    .iter()
                    .position(|node| node.role.as_deref() == Some("replica"));
                if let Some(next) = next {
                    for (index, node) in shard.nodes.iter_mut().enumerate() {
                        node.role = Some(if index == next { "primary" } else { "replica" }.to_owned());
                    }
                }
            }
        }
        view.add_store_event(&with.group, &message);
    }
}
