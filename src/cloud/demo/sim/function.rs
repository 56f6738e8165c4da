//! Lambda functions: versions, where their aliases lead, and how calls fare.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::plan::Tags;
use super::super::signal;
use super::super::time::{DAY, MINUTE, Ms, part};
use super::Sim;
use super::trail::PIPELINE;
use crate::domain::function::Routing;

/// The share of calls that a broken version fails.
const BROKEN: f64 = 0.42;
/// What functions of the account may run at once.
pub const ACCOUNT_LIMIT: u32 = 1000;

/// A function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Published versions, oldest first; the first is version 1.
    pub versions: Vec<Version>,
    /// Where the alias led, oldest first.
    pub routes: Vec<(Ms, Routing)>,
    /// What was reserved, oldest first.
    pub reserved: Vec<(Ms, Option<u32>)>,
    /// Its tags.
    pub tags: Tags,
}

/// A published version.
#[derive(Debug, Clone)]
pub struct Version {
    /// What somebody wrote about it.
    pub description: String,
    /// When it was published.
    pub published: Ms,
    /// Whether it fails.
    pub broken: bool,
}

/// How calls of a function fared in a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Calls {
    /// Calls that ran.
    pub ran: f64,
    /// Those of them that failed.
    pub failed: f64,
    /// Calls that were turned away.
    pub turned_away: f64,
    /// How long one took, milliseconds.
    pub duration_ms: f64,
}

impl Function {
    /// Where the alias leads at a moment.
    pub fn route(&self, at: Ms) -> Option<&Routing> {
        let earlier = self.routes.iter().rev().find(|(since, _)| *since <= at);
        earlier.or(self.routes.first()).map(|(_, routing)| routing)
    }

    /// What is reserved at a moment.
    pub fn reserved_at(&self, at: Ms) -> Option<u32> {
        let earlier = self.reserved.iter().rev().find(|(since, _)| *since <= at);
        earlier
            .or(self.reserved.first())
            .and_then(|(_, reserved)| *reserved)
    }

    /// A version by its number.
    pub fn version(&self, number: &str) -> Option<&Version> {
        let index: usize = number.parse().ok()?;
        self.versions.get(index.checked_sub(1)?)
    }

    /// The share of calls that a version takes at a moment.
    pub fn share(&self, version: &str, at: Ms) -> f64 {
        self.route(at).map_or(0.0, |routing| {
            let shares = routing.shares();
            let own = shares.iter().find(|(served, _)| *served == version);
            own.map_or(0.0, |(_, share)| *share)
        })
    }

    /// Whether the version ever took calls in a span.
    pub fn ever_served(&self, version: &str, from: Ms, to: Ms) -> bool {
        let last_before = self
            .routes
            .iter()
            .rposition(|(since, _)| *since <= from)
            .unwrap_or(0);
        self.routes[last_before..]
            .iter()
            .filter(|(since, _)| *since < to)
            .any(|(_, routing)| routing.shares().iter().any(|(served, _)| *served == version))
    }
}

impl Sim {
    /// Starts every function: the version before the newest one served until three days ago.
    pub fn found_functions(&mut self) {
        let plan = Arc::clone(&self.plan);
        for function in &plan.functions {
            let count = function.versions.len();
            let versions: Vec<Version> = (0..)
                .zip(&function.versions)
                .map(|(nth, description)| Version {
                    description: description.clone(),
                    published: self.epoch - 3 * DAY - (count as Ms - 1 - nth) * 11 * DAY,
                    broken: false,
                })
                .collect();
            let newest = Routing::to(&count.to_string());
            let routes = match count {
                0 | 1 => vec![(Ms::MIN, newest)],
                _ => vec![
                    (Ms::MIN, Routing::to(&(count - 1).to_string())),
                    (self.epoch - 3 * DAY, newest),
                ],
            };
            self.functions.push(Function {
                versions,
                routes,
                reserved: vec![(Ms::MIN, function.reserved)],
                tags: function.tags.clone(),
            });
        }
    }

    /// The index of a function.
    pub fn find_function(&self, name: &str) -> Option<usize> {
        self.plan.functions.iter().position(|plan| plan.name == name)
    }

    /// The pipeline publishes a version that fails, and leads the alias to it.
    pub fn publish_broken(&mut self, index: usize, at: Ms) {
        let name = self.plan.functions[index].name.clone();
        let function = &mut self.functions[index];
        function.versions.push(Version {
            description: "라이브러리 업그레이드".to_owned(),
            published: at - 20_000,
            broken: true,
        });
        let number = function.versions.len().to_string();
        function.routes.push((at, Routing::to(&number)));
        for call in ["PublishVersion20150331", "UpdateAlias20150331"] {
            self.record(at, ("lambda.amazonaws.com", call), PIPELINE, &[&name]);
        }
    }

    /// How the calls of a function, or of one of its versions, fared in a minute.
    pub fn calls(&self, index: usize, version: Option<&str>, minute: Ms) -> Calls {
        let (plan, function) = (&self.plan.functions[index], &self.functions[index]);
        let key = [self.seed, signal::name(&plan.name), part(minute), 11];
        let demand = self.demand(&plan.load.traffic, minute);
        let jitter = signal::noise(&key).mul_add(0.1, 1.0);
        let wanted = (plan.load.peak_per_minute * demand * jitter).max(0.0);
        // A fraction of a call is a call in some minutes and none in others.
        let all = (wanted + signal::unit(&[key[0], key[1], key[2], 12])).floor();
        let Some(routing) = function.route(minute) else {
            return Calls::default();
        };
        let room = match function.reserved_at(minute) {
            Some(reserved) => f64::from(reserved) * MINUTE as f64 / plan.load.duration_ms.max(1.0),
            None => f64::INFINITY,
        };
        let taken = all.min(room);
        let shares: BTreeMap<&str, f64> = routing.shares().into_iter().collect();
        let mut calls = Calls {
            turned_away: if version.is_none() { all - taken } else { 0.0 },
            ..Calls::default()
        };
        let mut time = 0.0;
        for (served, share) in shares {
            if version.is_some_and(|wanted| wanted != served) {
                continue;
            }
            let broken = function.version(served).is_some_and(|version| version.broken);
            let ran = taken * share;
            let failing = if broken { BROKEN } else { plan.load.errors };
            calls.ran += ran;
            calls.failed += (ran * failing + signal::unit(&[key[0], key[1], key[2], 13]))
                .floor()
                .min(ran);
            time += ran * plan.load.duration_ms * if broken { 1.4 } else { 1.0 };
        }
        calls.ran = calls.ran.round();
        calls.duration_ms = if calls.ran > 0.0 {
            time / calls.ran * signal::noise(&[key[0], key[1], key[2], 14]).mul_add(0.06, 1.0)
        } else {
            0.0
        };
        calls
    }
}
