//! CloudWatch Logs: the events of each second are a function of the world, the group and the
//! second, so that any stretch of time can be asked for, in any order, again and again.

mod build;
mod crash;
mod lines;
mod pattern;

use std::cmp::Ordering;

use super::plan::watch::LogGroup as Plan;
use super::read::delivery::{self, BuildLog};
use super::signal;
use super::sim::Sim;
use super::sim::ecs::Span;
use super::time::{DAY, MINUTE, Ms, SECOND, minute_of, part, stamp};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::logs::{LogEvent, LogGroup, LogPage};
use crate::domain::ops::logs::Read;
use pattern::Pattern;

/// The most events of a page.
const PAGE_EVENTS: usize = 10_000;
/// The most text of a page, bytes.
const PAGE_BYTES: usize = 1_000_000;
/// The most events looked at for one page: with a rare pattern, pages are short or empty.
const PAGE_LOOKED_AT: usize = 25_000;
/// The most seconds looked at for one page.
const PAGE_SECONDS: i64 = 200_000;

/// All log groups.
pub fn groups(sim: &Sim) -> Vec<LogGroup> {
    let mut groups: Vec<LogGroup> = sim
        .plan
        .log_groups
        .iter()
        .map(|plan| LogGroup {
            arn: sim.plan.arn("logs", &format!("log-group:{}", plan.name)),
            name: plan.name.clone(),
            retention_days: plan.days,
            stored_bytes: Some(
                plan.stored_mib * 1024 * 1024 + signal::hash(&sim.key(&plan.name, 1)) % 900_000,
            ),
            class: Some(
                if plan.infrequent {
                    "INFREQUENT_ACCESS"
                } else {
                    "STANDARD"
                }
                .to_owned(),
            ),
            created_at: Some(stamp(sim.epoch - 200 * DAY)),
        })
        .collect();
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    groups
}

/// A page of a group's events, oldest first.
pub fn page(sim: &Sim, read: &Read) -> Result<LogPage, Fault> {
    let Read::Events {
        group,
        stream,
        from_ms,
        to_ms,
        pattern,
        token,
    } = read
    else {
        return Ok(LogPage::default());
    };
    let plan = sim
        .plan
        .log_groups
        .iter()
        .find(|plan| &plan.name == group)
        .ok_or_else(|| {
            refused(FaultKind::NotFound, "The specified log group does not exist.")
                .with_code("ResourceNotFoundException")
        })?;
    if plan.infrequent {
        return Err(refused(
            FaultKind::Invalid,
            "FilterLogEvents is not supported for log groups of the class INFREQUENT_ACCESS.",
        )
        .with_code("InvalidOperationException"));
    }
    let pattern = Pattern::parse(pattern.as_deref().unwrap_or_default()).ok_or_else(|| {
        refused(FaultKind::Invalid, "Invalid filter pattern").with_code("InvalidParameterException")
    })?;
    let kept = plan.days.map_or(Ms::MIN, |days| sim.now - Ms::from(days) * DAY);
    let range = ((*from_ms).max(kept), to_ms.unwrap_or(Ms::MAX).min(sim.now));
    let start = match token {
        None => (range.0.div_euclid(SECOND), 0),
        Some(token) => parse_token(token).ok_or_else(|| {
            refused(FaultKind::Invalid, "The specified nextToken is invalid.")
                .with_code("InvalidParameterException")
        })?,
    };
    let source = Source::new(sim, plan);
    let of_stream = |event: &LogEvent| stream.as_ref().is_none_or(|stream| event.stream == *stream);
    let wanted = |event: &LogEvent| of_stream(event) && pattern.matches(&event.message);
    Ok(collect(&source, wanted, (range, start)))
}

fn refused(kind: FaultKind, message: &str) -> Fault {
    Fault::new(kind, "logs", "FilterLogEvents", message)
}

fn parse_token(token: &str) -> Option<(i64, usize)> {
    let (second, nth) = token.strip_prefix("f/")?.split_once('/')?;
    Some((second.parse().ok()?, nth.parse().ok()?))
}

/// The range, and the second and event where the page begins.
type Stretch = ((Ms, Ms), (i64, usize));

fn collect(source: &Source<'_>, is_wanted: impl Fn(&LogEvent) -> bool, stretch: Stretch) -> LogPage {
    let ((from, to), (mut second, mut skip)) = stretch;
    let last = to.div_euclid(SECOND);
    let mut page = LogPage::default();
    let (mut bytes, mut looked_at, mut seconds) = (0, 0, 0);
    let mut weather = Weather::default();
    while second <= last {
        let start = second * SECOND;
        weather.turn(source, minute_of(start));
        for (nth, event) in source.events(start, &weather).into_iter().enumerate() {
            if nth < skip {
                continue;
            }
            looked_at += 1;
            let wanted = event.at_ms >= from
                && event.at_ms <= to
                && event.ingested_ms <= source.sim.now
                && is_wanted(&event);
            if !wanted {
                continue;
            }
            if page.events.len() == PAGE_EVENTS || bytes + event.message.len() > PAGE_BYTES {
                page.next = Some(format!("f/{second}/{nth}"));
                return page;
            }
            bytes += event.message.len();
            page.events.push(event);
        }
        skip = 0;
        second += 1;
        seconds += 1;
        if second <= last && (looked_at >= PAGE_LOOKED_AT || seconds >= PAGE_SECONDS) {
            page.next = Some(format!("f/{second}/0"));
            return page;
        }
    }
    page
}

/// How it goes in a minute: what all its events have in common.
#[derive(Debug, Default)]
struct Weather {
    minute: Option<Ms>,
    /// Events per second.
    rate: f64,
    /// Share of the events that tell of errors.
    errors: f64,
}

impl Weather {
    fn turn(&mut self, source: &Source<'_>, minute: Ms) {
        if self.minute == Some(minute) {
            return;
        }
        self.minute = Some(minute);
        let demand = source
            .plan
            .traffic
            .as_ref()
            .map_or(0.7, |traffic| source.sim.demand(traffic, minute));
        self.rate = source.plan.per_second * demand.mul_add(0.9, 0.1);
        // The minute before: this one may not be over, and what was written must not change.
        let serving = source
            .target_group
            .map(|name| source.sim.serving(name, minute - MINUTE))
            .filter(|serving| serving.requests > 0.0);
        let served = serving.map(|serving| (serving.errors + serving.refused) / serving.requests);
        let called = || {
            let name = source.plan.name.strip_prefix("/aws/lambda/")?;
            let index = source.sim.find_function(name)?;
            let calls = source.sim.calls(index, None, minute - MINUTE);
            let load = &source.sim.plan.functions[index].load;
            // What reads a stream complains of what it waits for.
            if source.plan.style == super::plan::watch::LogStyle::Events
                && calls.duration_ms > 4.0 * load.duration_ms
            {
                return Some(0.2);
            }
            (calls.ran > 0.0).then(|| calls.failed / calls.ran)
        };
        // What an endpoint writes is its requests, two of three lines: errors are those that metrics count.
        let asked = || source.sim.endpoint_failing(source.endpoint?, minute - MINUTE);
        self.errors = match asked() {
            Some(failing) => failing * 2.0 / 3.0,
            None => {
                let failing = served.or_else(called).unwrap_or(0.0);
                failing.mul_add(1.5, 0.012).min(0.8)
            }
        };
    }
}

/// Where the events of a group come from.
struct Source<'a> {
    sim: &'a Sim,
    plan: &'a Plan,
    group: u64,
    /// Streams with when they were written to.
    spans: Option<&'a [Span]>,
    /// What an awslogs stream begins with.
    prefix: Option<&'a str>,
    target_group: Option<&'a str>,
    /// The endpoint whose containers write to it.
    endpoint: Option<usize>,
    /// Builds that write to it.
    builds: Vec<BuildLog>,
}

impl<'a> Source<'a> {
    fn new(sim: &'a Sim, plan: &'a Plan) -> Self {
        let service = sim
            .plan
            .services
            .iter()
            .position(|service| service.log_group == plan.name);
        let group = plan.of.as_deref().and_then(|name| sim.find_group(name));
        Self {
            sim,
            plan,
            group: signal::name(&plan.name),
            spans: match (service, group) {
                (Some(index), _) => Some(&sim.services[index].spans),
                (None, Some(index)) => Some(&sim.groups[index].spans),
                (None, None) => None,
            },
            prefix: service.map(|index| sim.plan.services[index].container.as_str()),
            target_group: match (service, group) {
                (Some(index), _) => sim.plan.services[index].target_group.as_deref(),
                (None, Some(index)) => sim.plan.groups[index].behind.as_deref(),
                (None, None) => None,
            },
            endpoint: plan
                .name
                .strip_prefix("/aws/sagemaker/Endpoints/")
                .and_then(|name| sim.plan.models.endpoints.iter().position(|one| one.name == name)),
            builds: delivery::build_logs(sim, &plan.name),
        }
    }

    /// The events of the second that begins at `start`, in time order.
    fn events(&self, start: Ms, weather: &Weather) -> Vec<LogEvent> {
        let key = [self.sim.seed, self.group, part(start)];
        let count = (weather.rate + signal::unit(&key)).floor() as u64;
        let mut events = Vec::new();
        if count > 0 {
            let writers: Vec<&Span> = self
                .spans
                .into_iter()
                .flatten()
                .filter(|span| span.from <= start && span.to.is_none_or(|to| to > start))
                .filter(|span| span.failure.is_none())
                .collect();
            if self.spans.is_none() || !writers.is_empty() {
                for nth in 0..count {
                    let mut dice = lines::Dice::new([key[0], key[1], key[2], nth]);
                    let writer = dice.pick(&writers).map(|span| span.task.as_str());
                    let at = start + dice.below(1_000);
                    let bad = dice.unit() < weather.errors;
                    let message = lines::line(self.plan.style, &mut dice, at, bad);
                    events.push(self.event(dice, writer, at, message));
                }
            }
        }
        self.crashes(start, &mut events);
        self.of_builds(start, &mut events);
        events.sort_by(|a, b| match a.at_ms.cmp(&b.at_ms) {
            Ordering::Equal => a.id.cmp(&b.id),
            other => other,
        });
        events
    }

    /// What tasks of a bad revision write before they end.
    fn crashes(&self, start: Ms, events: &mut Vec<LogEvent>) {
        let bad = self
            .spans
            .into_iter()
            .flatten()
            .filter_map(|span| Some((span, span.failure?)))
            .filter(|(span, _)| span.from < start + SECOND && span.to.is_none_or(|to| to >= start));
        for (span, failure) in bad {
            let age = (start - span.from).div_euclid(SECOND);
            let mut dice =
                lines::Dice::new([self.sim.seed, self.group, part(start), signal::name(&span.task)]);
            let at = (start + dice.below(1_000)).max(span.from);
            if let Some(message) = crash::line(self.plan.style, &mut dice, (at, age), failure) {
                events.push(self.event(dice, Some(&span.task), at, message));
            }
        }
    }

    /// What builds write, each into a stream of its own.
    fn of_builds(&self, start: Ms, events: &mut Vec<LogEvent>) {
        let under_way = self
            .builds
            .iter()
            .filter(|build| build.from < start + SECOND && build.to.is_none_or(|to| to >= start));
        for build in under_way {
            let age = (start - build.from).div_euclid(SECOND);
            let left = build.to.map(|to| (to - start).div_euclid(SECOND));
            if let Some(message) = build::line(age, left, build.failed) {
                let dice = lines::Dice::new([
                    self.sim.seed,
                    self.group,
                    part(start),
                    signal::name(&build.stream),
                ]);
                let event = self.event(dice, None, start.max(build.from), message);
                events.push(LogEvent {
                    stream: build.stream.clone(),
                    ..event
                });
            }
        }
    }

    fn event(&self, mut dice: lines::Dice, writer: Option<&str>, at: Ms, message: String) -> LogEvent {
        let stream = match (writer, self.prefix) {
            (Some(task), Some(container)) => format!("{container}/{container}/{task}"),
            (Some(instance), None) => instance.to_owned(),
            (None, _) => self.own_stream(at),
        };
        // Agents send in batches; now and then one is held up.
        let lag = if dice.unit() < 0.015 {
            20_000 + dice.below(55_000)
        } else {
            700 + dice.below(5_300)
        };
        LogEvent {
            id: format!(
                "{at}{}{}",
                signal::decimal(&[self.group, part(at), dice.seed()], 38),
                signal::decimal(&[dice.seed(), 5], 5)
            ),
            stream,
            at_ms: at,
            ingested_ms: at + lag,
            message,
        }
    }

    fn own_stream(&self, at: Ms) -> String {
        let day = part(at.div_euclid(DAY));
        let hour = part(at.div_euclid(60 * MINUTE));
        match self.plan.style {
            super::plan::watch::LogStyle::Lambda | super::plan::watch::LogStyle::Events => {
                let date = stamp(at).to_string();
                format!(
                    "{}/[$LATEST]{}",
                    date.get(..10).unwrap_or_default().replace('-', "/"),
                    signal::hex(&[self.sim.seed, self.group, hour], 32)
                )
            }
            super::plan::watch::LogStyle::Build => signal::uuid(&[self.sim.seed, self.group, day]),
            _ => self
                .plan
                .of
                .as_ref()
                .and_then(|name| {
                    self.sim
                        .instances
                        .values()
                        .find(|instance| &instance.name == name)
                        .map(|instance| instance.id.clone())
                        .or_else(|| Some(name.clone()))
                })
                .unwrap_or_else(|| "default".to_owned()),
        }
    }
}
