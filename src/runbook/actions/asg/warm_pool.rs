//! `asg.set_warm_pool`: how many instances a warm pool keeps prepared.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{group, sight, target};
use crate::domain::asg::{Group, WarmPool};
use crate::domain::counted::counted;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, autoscaling, ec2};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, CostDelta, Fields, Impact, Pace, Progress, Proposal,
    Refusal, Sight, Site, Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `asg.set_warm_pool`.
pub struct SetWarmPool;

/// What AWS takes for a prepared capacity that is not set: the pool fills up to the group's maximum.
const UNSET: i64 = -1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    group: String,
    min: Option<u32>,
    max_prepared: Option<i64>,
}

/// How large a pool may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prepared {
    /// The least size.
    pub min: u32,
    /// The most prepared capacity; `None` is the group's maximum.
    pub max: Option<u32>,
}

impl Prepared {
    /// Of a pool as it is.
    pub const fn of(pool: &WarmPool) -> Self {
        Self {
            min: pool.min,
            max: pool.max_prepared,
        }
    }

    /// The same at a size of the group at which nothing is to be prepared beyond it.
    pub fn at_rest(self, size: u32) -> Self {
        Self {
            min: 0,
            max: self.max.map(|max| max.min(size)),
        }
    }

    /// As this action takes it.
    pub fn arguments(self, group: &str) -> Value {
        json!({"group": group, "min": self.min, "max_prepared": self.max.map_or(UNSET, i64::from)})
    }

    /// How many instances the pool keeps for a group of these sizes.
    fn size(self, group: &Group) -> u32 {
        let prepared = self.max.unwrap_or(group.max);
        prepared.saturating_sub(group.desired).max(self.min)
    }

    /// A pool of these sizes, and how it keeps its instances, which AWS is told each time.
    fn fields(self, pool: &WarmPool) -> Fields {
        fields([
            ("pool_min", json!(self.min)),
            ("pool_max", json!(self.max)),
            ("pool_state", json!(pool.state)),
            ("pool_reuse", json!(pool.reuse_on_scale_in)),
        ])
    }

    fn read(fields: &Fields) -> Result<Self, BadArguments> {
        let size = |name: &str| {
            fields
                .get(name)
                .and_then(Value::as_u64)
                .and_then(|size| u32::try_from(size).ok())
        };
        Ok(Self {
            min: size("pool_min").ok_or_else(|| BadArguments("the change has no pool_min".to_owned()))?,
            max: size("pool_max"),
        })
    }

    fn words(self) -> String {
        let max = self
            .max
            .map_or_else(|| "the group's maximum".to_owned(), |max| max.to_string());
        format!("min {}, prepared up to {max}", self.min)
    }
}

impl Action for SetWarmPool {
    fn name(&self) -> &'static str {
        "asg.set_warm_pool"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Sets how many instances the warm pool of an Auto Scaling group keeps prepared.\n\
                What the pool then has too many of is terminated: prepared instances, which serve nobody yet; \
                what hibernated ones hold in memory is lost. The state in which it keeps them and whether \
                instances return to it stay as they are. Undo brings both sizes back, with other instances.",
            fields: vec![
                FieldSchema::required("group", Type::Text, "The group."),
                FieldSchema::optional("min", Type::Int, "as it is", "The least size of the pool."),
                FieldSchema::optional(
                    "max_prepared",
                    Type::Int,
                    "as it is",
                    "The most instances of group and pool together; -1 is the group's maximum.",
                ),
            ],
            outputs: vec![
                OutputSchema::new("pool_min", Type::Int, "The least size of the pool."),
                OutputSchema::new(
                    "pool_max",
                    Type::optional(Type::Int),
                    "The most instances of group and pool together; null is the group's maximum.",
                ),
            ],
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Asg),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 15,
            timeout_s: 20 * 60,
            settle_s: 20,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![
            Query::AutoScaling(autoscaling::Read::Groups),
            Query::Ec2(ec2::Read::Instances),
        ])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let group = group(view, &wanted.group)?;
        let name = &group.name;
        let Some(pool) = &group.warm_pool else {
            return Err(Refusal::state(format!("{name} has no warm pool")));
        };
        let before = Prepared::of(pool);
        let after = Prepared {
            min: wanted.min.unwrap_or(before.min),
            max: match wanted.max_prepared {
                None => before.max,
                Some(UNSET) => None,
                Some(max) => Some(
                    u32::try_from(max)
                        .map_err(|_| BadArguments(format!("max_prepared {max} is neither a size nor -1")))?,
                ),
            },
        };
        if before == after {
            return Ok(Proposal::nothing());
        }
        let here = u32::try_from(pool.instances.len()).unwrap_or(u32::MAX);
        let then = after.size(group);
        let (gone, more) = (here.saturating_sub(then), then.saturating_sub(here));
        // Stopped instances cost their volumes alone, of which nothing is known here.
        let cost = match pool.state.as_str() {
            "Running" if gone > 0 || more > 0 => {
                super::cost::of(group, i64::from(then) - i64::from(here), view, site)
            }
            _ => CostDelta::None,
        };
        let mut proposal = Proposal::one(Change {
            summary: format!("warm pool: {} → {}", before.words(), after.words()),
            before: before.fields(pool),
            after: after.fields(pool),
            risk: if gone > 0 {
                Risk::Disruptive
            } else {
                Risk::Reversible
            },
            cost,
            impact: Impact {
                instances_removed: gone,
                instances_added: more,
                ..Impact::default()
            },
            ..Change::draft(self, target(site, group), with)
        });
        if gone > 0 && pool.state == "Hibernated" {
            proposal = proposal.warn(format!(
                "{name}: what {gone} hibernated instances of the warm pool hold in memory is lost"
            ));
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        sight(view, &change.target.id, |group| {
            group.warm_pool.as_ref().map_or_else(
                || fields([("pool_min", Value::Null), ("pool_state", Value::Null)]),
                |pool| Prepared::of(pool).fields(pool),
            )
        })
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let sizes = Prepared::read(&change.after)?;
        let text = |name: &str| change.after.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Mutation::AutoScaling(autoscaling::Write::PutWarmPool {
            group: change.target.name.clone(),
            min: sizes.min,
            max_prepared: sizes.max,
            state: text("pool_state")
                .ok_or_else(|| BadArguments("the change has no pool_state".to_owned()))?,
            reuse_on_scale_in: change
                .after
                .get("pool_reuse")
                .and_then(Value::as_bool)
                .unwrap_or(false),
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        Progress::of(view.group(&change.target.name), "the group", |group| {
            let Some(pool) = &group.warm_pool else {
                return Progress::Failed("the group has no warm pool any more".to_owned());
            };
            let Ok(wanted) = Prepared::read(&change.after) else {
                return Progress::Failed("the change has no sizes".to_owned());
            };
            let live = Prepared::of(pool);
            if live != wanted {
                return Progress::Waiting(format!("the warm pool says {}", live.words()));
            }
            // It fills up by and by; nobody waits for what is not needed yet.
            let (here, most) = (pool.instances.len(), wanted.size(group) as usize);
            if here > most {
                Progress::Waiting(format!(
                    "{} in the warm pool, {most} wanted",
                    counted(here, "instance")
                ))
            } else {
                Progress::Done
            }
        })
    }

    fn invert(&self, change: &Change) -> Undo {
        match (Prepared::read(&change.after), Prepared::read(&change.before)) {
            (Ok(from), Ok(to)) => {
                let summary = format!("warm pool: {} → {}", from.words(), to.words());
                Undo::By(vec![change.swapped(summary)])
            }
            _ => Undo::Impossible("the sizes of the warm pool before are not known".to_owned()),
        }
    }

    fn project(&self, change: &Change, view: &mut View) {
        let (Ok(sizes), Some(group)) = (Prepared::read(&change.after), view.group_mut(&change.target.name))
        else {
            return;
        };
        let size = sizes.size(group) as usize;
        if let Some(pool) = &mut group.warm_pool {
            pool.min = sizes.min;
            pool.max_prepared = sizes.max;
            pool.instances.truncate(size);
        }
    }
}
