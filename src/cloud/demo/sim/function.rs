//! Lambda functions: versions, where their aliases lead, and how calls fare.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::super::metric::Sample;
use super::super::plan::Tags;
use super::super::signal;
use super::super::time::{DAY, MINUTE, Ms, part};
use super::Sim;
use super::trail::PIPELINE;
use crate::domain::function::Routing;

/// The share of calls that a broken version fails.
const BROKEN: f64 = 0.42;
/// How many times as long a slow version takes.
const SLOW: f64 = 14.0;
/// How often a minute the reader of a shard tries again when its call is turned away.
const TRIES: f64 = 6.0;
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
    /// The stream that is read for it, if there is one.
    pub stream: Option<Stream>,
}

/// A stream that is read for a function, batch by batch: nothing is lost, it waits.
#[derive(Debug, Clone, Default)]
pub struct Stream {
    /// Batches that wait: how many came when, oldest first.
    waiting: VecDeque<(Ms, f64)>,
    /// How each minute was, oldest first.
    minutes: VecDeque<StreamMinute>,
}

/// How a stream was read in a minute.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StreamMinute {
    /// The start of the minute.
    at: Ms,
    /// Batches that were read.
    read: f64,
    /// Calls that were turned away.
    turned_away: f64,
    /// The age of the last record that was read, milliseconds.
    pub age_ms: f64,
}

impl Stream {
    /// How a minute was; `None` before the memory begins and after it ends.
    pub fn minute(&self, at: Ms) -> Option<&StreamMinute> {
        let first = self.minutes.front()?;
        let nth = usize::try_from((at - first.at).div_euclid(MINUTE)).ok()?;
        self.minutes.get(nth)
    }

    /// Reads up to so many batches, oldest first; how many it were, and when the last of them came.
    fn read(&mut self, mut room: f64) -> (f64, Option<Ms>) {
        let (mut read, mut newest) = (0.0, None);
        while let Some((came, front)) = self.waiting.front_mut().filter(|_| room > 1e-9) {
            let some = front.min(room);
            *front -= some;
            (read, room, newest) = (read + some, room - some, Some(*came));
            if *front <= 1e-9 {
                self.waiting.pop_front();
            }
        }
        (read, newest)
    }
}

/// A published version.
#[derive(Debug, Clone)]
pub struct Version {
    /// What somebody wrote about it.
    pub description: String,
    /// When it was published.
    pub published: Ms,
    /// What is wrong with it.
    pub flaw: Option<Flaw>,
}

/// What is wrong with a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Many calls fail.
    Fails,
    /// Calls take far longer.
    Slow,
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
                    flaw: None,
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
                stream: function.stream.as_ref().map(|_| Stream::default()),
            });
        }
    }

    /// The index of a function.
    pub fn find_function(&self, name: &str) -> Option<usize> {
        self.plan.functions.iter().position(|plan| plan.name == name)
    }

    /// The pipeline publishes a version with a flaw, and leads the alias to it.
    pub fn publish_flawed(&mut self, index: usize, flaw: Flaw, at: Ms) {
        let name = self.plan.functions[index].name.clone();
        let function = &mut self.functions[index];
        function.versions.push(Version {
            description: match flaw {
                Flaw::Fails => "라이브러리 업그레이드",
                Flaw::Slow => "상품마다 추천 모델을 다시 호출",
            }
            .to_owned(),
            published: at - 20_000,
            flaw: Some(flaw),
        });
        let number = function.versions.len().to_string();
        function.routes.push((at, Routing::to(&number)));
        for call in ["PublishVersion20150331", "UpdateAlias20150331"] {
            self.record(at, ("lambda.amazonaws.com", call), PIPELINE, &[&name]);
        }
    }

    /// How many calls of a function there is room for in a minute, by what is reserved for it.
    fn room(&self, index: usize, minute: Ms) -> f64 {
        let (plan, function) = (&self.plan.functions[index], &self.functions[index]);
        let Some(reserved) = function.reserved_at(minute) else {
            return f64::INFINITY;
        };
        let shares = function.route(minute).map(Routing::shares).unwrap_or_default();
        let times: f64 = shares
            .iter()
            .map(|(served, share)| share * slower(function.version(served).and_then(|version| version.flaw)))
            .sum();
        let each_ms = plan.load.duration_ms * if times > 0.0 { times } else { 1.0 };
        f64::from(reserved) * MINUTE as f64 / each_ms.max(1.0)
    }

    /// Lets the minute that ends now happen in every stream that a function reads.
    pub fn run_streams(&mut self, at: Ms) {
        let plan = Arc::clone(&self.plan);
        let minute = at - MINUTE;
        for (index, function) in plan.functions.iter().enumerate() {
            let Some((_, shards)) = &function.stream else {
                continue;
            };
            let key = [self.seed, signal::name(&function.name), part(minute), 15];
            let demand = self.demand(&function.load.traffic, minute);
            let came = function.load.peak_per_minute * demand * signal::noise(&key).mul_add(0.1, 1.0);
            // Each shard is read by one call at a time; what is reserved may be less.
            let by_shard = f64::from(*shards) * MINUTE as f64 / function.load.duration_ms.max(1.0);
            let room = self.room(index, minute).min(by_shard);
            let reserved = self.functions[index].reserved_at(minute);
            let Some(stream) = &mut self.functions[index].stream else {
                continue;
            };
            if came > 0.0 {
                stream.waiting.push_back((minute + MINUTE / 2, came));
            }
            let (read, newest) = stream.read(room);
            let left: f64 = stream.waiting.iter().map(|(_, count)| count).sum();
            // Whoever reads a shard and is not let in tries again.
            let outside = reserved.map_or(0.0, |reserved| f64::from(shards.saturating_sub(reserved)));
            let turned_away = if left >= 1.0 { outside * TRIES } else { 0.0 };
            // What came in this minute waited for a moment only.
            let age_ms = match newest {
                Some(came) if came < minute => (at - came) as f64,
                _ if left >= 1.0 => stream.waiting.front().map_or(0.0, |(came, _)| (at - came) as f64),
                _ => 900.0 + 400.0 * signal::unit(&[key[0], key[1], key[2], 16]),
            };
            stream.minutes.push_back(StreamMinute {
                at: minute,
                read,
                turned_away,
                age_ms,
            });
        }
    }

    /// Drops minutes of streams that nobody can ask for any more.
    pub fn forget_streams(&mut self, past: Ms) {
        for stream in self
            .functions
            .iter_mut()
            .filter_map(|function| function.stream.as_mut())
        {
            while stream.minutes.front().is_some_and(|minute| minute.at < past) {
                stream.minutes.pop_front();
            }
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
        let read = function.stream.as_ref().and_then(|stream| stream.minute(minute));
        let (taken, turned_away) = match read {
            Some(read) => (read.read, read.turned_away),
            None => {
                let taken = all.min(self.room(index, minute));
                (taken, all - taken)
            }
        };
        let shares: BTreeMap<&str, f64> = routing.shares().into_iter().collect();
        let mut calls = Calls {
            turned_away: if version.is_none() { turned_away } else { 0.0 },
            ..Calls::default()
        };
        let mut time = 0.0;
        for (served, share) in shares {
            if version.is_some_and(|wanted| wanted != served) {
                continue;
            }
            let flaw = function.version(served).and_then(|version| version.flaw);
            let ran = taken * share;
            let failing = match flaw {
                Some(Flaw::Fails) => BROKEN,
                Some(Flaw::Slow) | None => plan.load.errors,
            };
            let each_ms = plan.load.duration_ms * slower(flaw);
            // What runs into the timeout is ended there, and counts as an error.
            let failing = Sample::share_over(each_ms, plan.timeout_ms()).max(failing);
            calls.ran += ran;
            calls.failed += (ran * failing + signal::unit(&[key[0], key[1], key[2], 13]))
                .floor()
                .min(ran);
            time += ran * each_ms.min(plan.timeout_ms());
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

/// How many times as long calls of a version take.
fn slower(flaw: Option<Flaw>) -> f64 {
    match flaw {
        Some(Flaw::Fails) => 1.4,
        Some(Flaw::Slow) => SLOW,
        None => 1.0,
    }
}
