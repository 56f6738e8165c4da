//! `elasticache.snapshot`: a backup of a replication group is taken, and kept.

use serde::Deserialize;
use serde_json::json;

use crate::domain::datastore::{CacheForm, CacheSnapshot};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, elasticache};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site, Stamp,
    Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `elasticache.snapshot`.
pub struct Snapshot;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    group: String,
    snapshot: String,
}

impl Action for Snapshot {
    fn name(&self) -> &'static str {
        "elasticache.snapshot"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Takes a backup of an ElastiCache replication group.\n\
                It is taken from a replica where there is one; with a primary alone, saving can use up its \
                memory. The backup is kept, and billed, until somebody deletes it.",
            fields: vec![
                FieldSchema::required("group", Type::Text, "The replication group."),
                FieldSchema::required("snapshot", Type::Text, "The backup's name, which must be free."),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Reversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Redis),
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
        let With { group, .. } = parse(with)?;
        Ok(vec![
            Query::ElastiCache(elasticache::Read::Caches),
            Query::ElastiCache(elasticache::Read::Snapshots { group }),
        ])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let cache = view
            .cache(&wanted.group)?
            .ok_or_else(|| Refusal::absent(format!("there is no cache {}", wanted.group)))?;
        let name = &cache.name;
        if cache.form != CacheForm::ReplicationGroup {
            return Err(Refusal::state(format!(
                "{name} is a {}, not a replication group",
                cache.form.name()
            )));
        }
        if view.cache_snapshot(name, &wanted.snapshot)?.is_some() {
            return Ok(Proposal::nothing());
        }
        if cache.status != "available" {
            return Err(Refusal::state(format!("{name} is {}", cache.status)));
        }
        let alone = cache.shards.iter().any(|shard| shard.nodes.len() < 2);
        let proposal = Proposal::one(Change {
            summary: format!("take the backup {}", wanted.snapshot),
            before: fields([("exists", json!(false))]),
            after: fields([("exists", json!(true))]),
            ..Change::draft(self, site.target(Kind::Redis, &cache.arn, name), with)
        });
        Ok(if alone {
            proposal.warn(format!(
                "{name}: without a replica the primary itself saves, and needs memory for that"
            ))
        } else {
            proposal
        })
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = parse::<With>(&change.with) else {
            return Sight::Gone;
        };
        match (
            view.cache(&with.group),
            view.cache_snapshot(&with.group, &with.snapshot),
        ) {
            (Err(unread), _) | (_, Err(unread)) => Sight::Unreadable(unread),
            (Ok(None), Ok(None)) => Sight::Gone,
            (Ok(_), Ok(found)) => Sight::Here(fields([("exists", json!(found.is_some()))])),
        }
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        let with: With = parse(&change.with).ok()?;
        super::busy(view, &with.group)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let With { group, snapshot } = parse(&change.with)?;
        Ok(Mutation::ElastiCache(elasticache::Write::CreateSnapshot {
            group,
            snapshot,
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let Ok(with) = parse::<With>(&change.with) else {
            return Progress::Failed("the change names no backup".to_owned());
        };
        match view.cache_snapshot(&with.group, &with.snapshot) {
            Err(unread) => Progress::Waiting(unread.to_string()),
            Ok(None) => Progress::Waiting("it does not show yet".to_owned()),
            Ok(Some(snapshot)) => match snapshot.status.as_str() {
                "available" => Progress::Done,
                "failed" => Progress::Failed("the backup has failed".to_owned()),
                status => Progress::Waiting(format!("it is {status}")),
            },
        }
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::NotNeeded("no data is deleted: the backup is kept")
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<With>(&change.with) else {
            return;
        };
        if let Some(all) = view.cache_snapshots_mut(&with.group) {
            all.push(CacheSnapshot {
                name: with.snapshot,
                source: with.group,
                status: "available".to_owned(),
                created_at: None,
            });
        }
    }
}
