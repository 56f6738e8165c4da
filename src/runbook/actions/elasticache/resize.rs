//! `elasticache.resize`: nodes of another type.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{at_rest, busy};
use crate::domain::datastore::node_type::{NodeTypes, memory_gib};
use crate::domain::datastore::{Cache, CacheForm};
use crate::domain::ids::Kind;
use crate::domain::ops::elasticache::Nodes;
use crate::domain::ops::{Mutation, Query, elasticache};
use crate::domain::policy::ConfirmLevel;
use crate::domain::price::CacheEngine;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, CostDelta, Impact, Pace, Progress, Proposal, Refusal,
    Sight, Site, Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `elasticache.resize`.
pub struct Resize;

/// The next larger type of the same family.
const NEXT_LARGER: &str = "next-larger";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cache: String,
    #[serde(default = "next_larger")]
    node_type: String,
}

fn next_larger() -> String {
    NEXT_LARGER.to_owned()
}

/// Whose nodes they are; why they cannot be replaced by those of another type.
fn nodes(cache: &Cache) -> Result<Nodes, Refusal> {
    let name = &cache.name;
    if cache.engine == "memcached" {
        return Err(Refusal::state(format!(
            "{name} is Memcached, whose node type cannot be changed: a cluster of another type begins empty"
        )));
    }
    match cache.form {
        CacheForm::Cluster => Ok(Nodes::Cluster(name.clone())),
        CacheForm::ReplicationGroup => Ok(Nodes::Group(name.clone())),
        CacheForm::Serverless => Err(Refusal::state(format!(
            "{name} is serverless: it has no nodes, and grows by itself up to its limits"
        ))),
    }
}

/// The node type that it has, or is on its way to.
fn heading(cache: &Cache) -> Option<&str> {
    cache.pending_node_type.as_deref().or(cache.node_type.as_deref())
}

fn text<'c>(of: &'c crate::runbook::action::Fields, name: &str) -> Option<&'c str> {
    of.get(name).and_then(Value::as_str)
}

/// Which type is meant; `None` if it is that already.
fn wanted<'t>(
    (cache, current): (&Cache, &str),
    given: &'t str,
    allowed: &'t NodeTypes,
) -> Result<Option<&'t str>, Refusal> {
    let name = &cache.name;
    let listed = |some: &[String]| match some {
        [] => "none".to_owned(),
        some => some.join(", "),
    };
    if given == NEXT_LARGER {
        return allowed.next_larger(current).map(Some).ok_or_else(|| {
            Refusal::state(format!(
                "AWS allows no larger type of the family of {current} for {name}: name one of {}",
                listed(&allowed.larger)
            ))
        });
    }
    if given == current {
        return Ok(None);
    }
    if !allowed.allows(given) {
        return Err(Refusal::state(format!(
            "AWS does not allow {given} for {name}, which is {current}: larger ones are {}; smaller ones are {}",
            listed(&allowed.larger),
            listed(&allowed.smaller)
        )));
    }
    Ok(Some(given))
}

fn cost(cache: &Cache, (from, to): (&str, &str), site: &Site<'_>) -> CostDelta {
    let Some(engine) = CacheEngine::from_api(&cache.engine) else {
        return CostDelta::Unknown(format!("no prices for {}", cache.engine));
    };
    let count = i64::try_from(cache.node_count()).unwrap_or(i64::MAX);
    let of = |node_type, count| {
        CostDelta::of(
            site.prices.elasticache(site.region, node_type, engine),
            count,
            node_type,
        )
    };
    of(to, count).plus(of(from, -count))
}

/// `cache.t4g.small (1.37 GiB)`, where the memory is known.
fn room(node_type: &str) -> String {
    match memory_gib(node_type) {
        Some(gib) => format!("{node_type} ({gib} GiB)"),
        None => node_type.to_owned(),
    }
}

/// Whether there is less room afterwards; of types whose memory is not known here, what AWS says.
fn shrinks((from, to): (&str, &str), allowed: &NodeTypes) -> bool {
    match (memory_gib(from), memory_gib(to)) {
        (Some(from), Some(to)) => to < from,
        _ => allowed.smaller.iter().any(|one| one == to),
    }
}

impl Action for Resize {
    fn name(&self) -> &'static str {
        "elasticache.resize"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Replaces the nodes of an ElastiCache cluster or replication group by those of another type.\n\
                For Redis and Valkey. New nodes are made, the data are copied to them while the old ones serve, \
                and addresses stay; reads and writes fail for some seconds when a new primary takes over. AWS \
                retains the data as well as it can. `next-larger` is the next larger type of the same family \
                that AWS allows. A parameter group that has `reserved-memory` must reserve what the new type \
                needs. Undo goes back to the former type, which AWS refuses if the data do not fit by then.",
            fields: vec![
                FieldSchema::required("cache", Type::Text, "The cluster or replication group."),
                FieldSchema::optional(
                    "node_type",
                    Type::Text,
                    "`next-larger`",
                    "The type, such as `cache.t4g.medium`, or `next-larger`.",
                ),
            ],
            outputs: vec![OutputSchema::new(
                "node_type",
                Type::Text,
                "The type that its nodes have afterwards.",
            )],
            live: vec![OutputSchema::new(
                "node_type",
                Type::Text,
                "The type that its nodes have, or that a change under way brings.",
            )],
            risk: Risk::Disruptive,
            floor: ConfirmLevel::TypeName,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Redis),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 30,
            // The more data, the longer it takes to copy them; each shard takes its time.
            timeout_s: 2 * 60 * 60,
            settle_s: 3 * 60,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with: With = parse(with)?;
        if with.node_type != NEXT_LARGER && !with.node_type.starts_with("cache.") {
            return Err(BadArguments(format!(
                "{} is neither {NEXT_LARGER} nor a node type (cache.…)",
                with.node_type
            )));
        }
        Ok(vec![Query::ElastiCache(elasticache::Read::Caches)])
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        let Ok(with) = parse::<With>(with) else {
            return Vec::new();
        };
        let cache = view.cache(&with.cache).ok().flatten();
        cache
            .and_then(|cache| nodes(cache).ok())
            .map(|nodes| Query::ElastiCache(elasticache::Read::NodeTypes(nodes)))
            .into_iter()
            .collect()
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let given: With = parse(with)?;
        let cache = view
            .cache(&given.cache)?
            .ok_or_else(|| Refusal::absent(format!("there is no cache {}", given.cache)))?;
        let name = &cache.name;
        let nodes = nodes(cache)?;
        let current =
            heading(cache).ok_or_else(|| Refusal::state(format!("the node type of {name} is not known")))?;
        if current == given.node_type {
            return Ok(Proposal::nothing());
        }
        if cache.status != "available" {
            return Err(Refusal::state(format!("{name} is {}", cache.status)));
        }
        let allowed = view.cache_node_types(&nodes)?;
        let Some(to) = wanted((cache, current), &given.node_type, allowed)? else {
            return Ok(Proposal::nothing());
        };
        let alone = cache.node_count() < 2;
        let outage = if alone {
            "its only node is replaced: reads and writes fail for some seconds when the new one takes its address"
        } else {
            "its nodes are replaced: reads and writes of a shard fail for some seconds when a new primary takes over"
        };
        let mut own = with.clone();
        own.insert("node_type".to_owned(), json!(to));
        let ends = (current, to);
        let mut proposal = Proposal::one(Change {
            summary: format!("node type {} → {}", room(current), room(to)),
            before: fields([("node_type", json!(current))]),
            after: fields([("node_type", json!(to))]),
            cost: cost(cache, ends, site),
            impact: Impact {
                outage: Some(outage.to_owned()),
                ..Impact::default()
            },
            ..Change::draft(self, site.target(Kind::Redis, &cache.arn, name), &own)
        });
        proposal = proposal.warn(if alone {
            format!(
                "{name}: the data are copied to the new node, as well as AWS can; with no replica, what is lost on \
                 the way is lost"
            )
        } else {
            format!("{name}: the data are copied to the new nodes, as well as AWS can")
        });
        Ok(if shrinks(ends, allowed) {
            proposal.warn(format!(
                "{name}: AWS refuses it if the data do not fit on {}",
                room(to)
            ))
        } else {
            proposal.warn(format!(
                "{name}: it can go back to {} only as long as the data fit there: AWS refuses it otherwise",
                room(current)
            ))
        })
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        Sight::of(view.cache(&change.target.name), |cache| {
            fields([("node_type", json!(heading(cache)))])
        })
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        busy(view, &change.target.name)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let node_type = text(&change.after, "node_type")
            .ok_or_else(|| BadArguments("the change names no node type".to_owned()))?;
        let name = change.target.name.clone();
        // `…:replicationgroup:sessions` and `…:cluster:sessions` are all that tells the two apart here.
        let nodes = if change.target.id.contains(":replicationgroup:") {
            Nodes::Group(name)
        } else {
            Nodes::Cluster(name)
        };
        Ok(Mutation::ElastiCache(elasticache::Write::Resize {
            nodes,
            node_type: node_type.to_owned(),
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let wanted = text(&change.after, "node_type");
        at_rest(view, &change.target.name, |cache| {
            let live = cache.node_type.as_deref();
            if cache.pending_node_type.is_none() && live == wanted {
                Progress::Done
            } else {
                Progress::Waiting(format!("its node type is still {}", live.unwrap_or("not told")))
            }
        })
    }

    fn invert(&self, change: &Change) -> Undo {
        let (Some(before), Some(after)) = (
            text(&change.before, "node_type"),
            text(&change.after, "node_type"),
        ) else {
            return Undo::Impossible("the node type before is not known".to_owned());
        };
        let mut back = change.swapped(format!(
            "node type {after} → {before}, if the data fit there by then"
        ));
        back.with.insert("node_type".to_owned(), json!(before));
        Undo::By(vec![back])
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Some(node_type) = text(&change.after, "node_type").map(str::to_owned) else {
            return;
        };
        if let Some(cache) = view.cache_mut(&change.target.name) {
            cache.node_type = Some(node_type);
            cache.pending_node_type = None;
        }
    }
}
