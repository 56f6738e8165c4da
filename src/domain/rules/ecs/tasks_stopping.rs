//! `ecs.tasks-stopping`: tasks end that nobody stopped, and why.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::ecs::{RolloutState, Service, Task};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::policy::Breach;
use crate::domain::rules::draft::severity;
use crate::domain::rules::ecs::stop_reason::StopReason;
use crate::domain::rules::{Context, Reach, Rule, ecs, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "ecs.tasks-stopping",
    kind: Kind::EcsService,
    title: "Tasks stop by themselves",
    what: "Tasks of a service that ended within the last hour without anybody asking for it, with the \
           reason by name: wrong architecture, image gone, out of memory, health check failed and so \
           on. Counted from the stopped tasks where these were read, or else from what the events of \
           the service complain of. What came before the newest completed deployment is over and not \
           counted once the service is whole, and neither is what came before a steady state that has \
           held for a quarter of an hour. A reason that cannot go away by trying again is a warning from \
           the first task on.",
    severities: &[
        (Severity::Crit, "stopped tasks at the critical level"),
        (
            Severity::Warn,
            "at the warning level, or one for want of a right image",
        ),
    ],
    thresholds: &["ecs_stopped_tasks"],
    runbooks: &["rollback-deploy"],
    reach: Reach::Scope,
    check,
};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// How long a steady state lasts before what came before it is over: tasks that fail every few minutes
/// reach one in between.
const HOLDS: SignedDuration = SignedDuration::from_mins(15);

/// One stop that nobody asked for.
struct Stop<'a> {
    at: Timestamp,
    reason: Option<StopReason>,
    said: &'a str,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (service, at) in ecs::services(context) {
        let tasks = context
            .state
            .tasks
            .get(&service.arn)
            .and_then(|tasks| tasks.value.as_ref())
            .filter(|(_, read)| at.duration_since(*read) <= HOUR);
        let mut stops = match tasks {
            Some((tasks, read)) => stopped_tasks(tasks, *read),
            None => complaints(service, at),
        };
        if let Some(settled) = settled_at(service, at) {
            stops.retain(|stop| stop.at > settled);
        }
        let by_count = context.limits().ecs_stopped_tasks.judge(stops.len() as f64);
        let is_final = stops
            .iter()
            .any(|stop| stop.reason.is_some_and(StopReason::is_final));
        let Some(breach) = by_count.max(is_final.then_some(Breach::Warn)) else {
            continue;
        };
        let mut many: BTreeMap<Option<StopReason>, (usize, &str)> = BTreeMap::new();
        for stop in &stops {
            many.entry(stop.reason).or_insert((0, stop.said)).0 += 1;
        }
        // Known reasons come before the unknown one, the most telling first.
        let mut reasons: Vec<_> = many.into_iter().collect();
        reasons.sort_by_key(|(reason, _)| (reason.is_none(), *reason));
        let what = if tasks.is_some() { "task" } else { "complaint" };
        let title = match reasons.first() {
            Some((Some(reason), _)) => {
                format!("{}: {}", reason.words(), words::count(stops.len(), what))
            }
            _ => format!("{} stopped in an hour", words::count(stops.len(), "task")),
        };
        let mut draft = RULE
            .on(context, &service.arn, &service.name)
            .hurts(Impact::Capacity)
            .since(stops.iter().map(|stop| stop.at).min())
            .because(if tasks.is_some() {
                format!(
                    "{} ended within an hour without being asked to; a warning begins at {}.",
                    words::count(stops.len(), "task"),
                    words::number(context.limits().ecs_stopped_tasks.warn)
                )
            } else {
                format!(
                    "The service complained {} within an hour; a warning begins at {}.",
                    if stops.len() == 1 {
                        "once".to_owned()
                    } else {
                        format!("{} times", stops.len())
                    },
                    words::number(context.limits().ecs_stopped_tasks.warn)
                )
            });
        for (reason, (many, said)) in reasons.into_iter().take(3) {
            draft = draft.because(format!("{many} × {}", words::excerpt(said)));
            draft = draft.perhaps_because(reason.map(|reason| reason.advice().to_owned()));
        }
        findings.push(draft.report(severity(breach), title));
    }
}

/// Since when a service that is whole now has been well: its newest completed deployment, or its newest
/// steady state if that has held.
fn settled_at(service: &Service, at: Timestamp) -> Option<Timestamp> {
    let rolled_out = match service.deployments.as_slice() {
        [only] => matches!(only.rollout, None | Some(RolloutState::Completed)),
        _ => false,
    };
    let is_whole = rolled_out && service.pending == 0 && service.running >= service.desired;
    if !is_whole {
        return None;
    }
    let said = |words: &str| {
        let mut events = service.events.iter();
        events
            .find(|event| event.message.contains(words))
            .map(|event| event.at)
    };
    let steady = said("has reached a steady state").filter(|steady| at.duration_since(*steady) >= HOLDS);
    said("deployment completed").max(steady)
}

fn stopped_tasks(tasks: &[Task], at: Timestamp) -> Vec<Stop<'_>> {
    tasks
        .iter()
        .filter(|task| !is_asked_for(task))
        .filter_map(|task| {
            let stopped = task
                .stopped_at
                .filter(|stopped| at.duration_since(*stopped) <= HOUR)?;
            let said = telling(task);
            Some(Stop {
                at: stopped,
                reason: reason(task),
                said,
            })
        })
        .collect()
}

/// Whether a person, a deployment or scaling stopped the task.
fn is_asked_for(task: &Task) -> bool {
    match task.stop_code.as_deref() {
        Some("UserInitiated") => true,
        Some("ServiceSchedulerInitiated") => task
            .stopped_reason
            .as_deref()
            .is_none_or(|reason| !reason.contains("health check")),
        Some(_) | None => false,
    }
}

fn reason(task: &Task) -> Option<StopReason> {
    let texts = task
        .containers
        .iter()
        .filter_map(|container| container.reason.as_deref())
        .chain(task.stopped_reason.as_deref());
    texts.filter_map(StopReason::of).min()
}

/// The sentence that says most: a container's own over that of the task.
fn telling(task: &Task) -> &str {
    let of_container = task
        .containers
        .iter()
        .filter_map(|container| container.reason.as_deref())
        .find(|reason| !reason.is_empty());
    of_container
        .or(task.stopped_reason.as_deref())
        .or(task.stop_code.as_deref())
        .unwrap_or("no reason given")
}

/// Events of the last hour that tell of a task's end.
fn complaints(service: &Service, at: Timestamp) -> Vec<Stop<'_>> {
    service
        .events
        .iter()
        .take_while(|event| at.duration_since(event.at) <= HOUR)
        .filter_map(|event| {
            let reason = StopReason::of(&event.message)?;
            Some(Stop {
                at: event.at,
                reason: Some(reason),
                said: &event.message,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at, event, service, stopped_task};

    const GONE: &str = "CannotPullContainerError: failed to resolve ref r/api:bad0bad: not found";

    fn with_tasks(tasks: Vec<Task>) -> Bench {
        let mut bench = Bench::new();
        let service = service("api", 5);
        bench.know(Source::EcsTasks(service.arn.clone()), ReplyData::EcsTasks(tasks));
        bench.services(vec![service]);
        bench
    }

    #[test]
    fn a_missing_image_is_named_from_the_first_task_on() {
        let findings = with_tasks(vec![stopped_task(170, "TaskFailedToStart", GONE)]).check(&RULE);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(finding.title, "image gone: 1 task");
        assert_eq!((finding.severity, finding.since), (Severity::Warn, Some(at(170))));
        assert_eq!(
            finding.evidence,
            [
                "1 task ended within an hour without being asked to; a warning begins at 2.",
                "1 × CannotPullContainerError: failed to resolve ref r/api:bad0bad: not found",
                "The image is not in the registry: a tag that was never pushed, or a lifecycle rule that removed it.",
            ]
        );
    }

    #[test]
    fn the_most_telling_reason_leads() {
        let mut wrong = stopped_task(
            171,
            "EssentialContainerExited",
            "Essential container in task exited",
        );
        wrong.containers[0].reason = Some("exec /bin/api: exec format error".to_owned());
        let exited = || {
            stopped_task(
                172,
                "EssentialContainerExited",
                "Essential container in task exited",
            )
        };
        let findings = with_tasks(vec![exited(), exited(), exited(), exited(), wrong]).check(&RULE);
        assert_eq!(findings[0].title, "wrong architecture: 5 tasks");
        assert_eq!(findings[0].severity, Severity::Crit);
        assert_eq!(findings[0].since, Some(at(171)));
    }

    #[test]
    fn stops_that_somebody_asked_for_or_long_past_are_silent() {
        let scaled = || {
            stopped_task(
                170,
                "ServiceSchedulerInitiated",
                "Scaling activity initiated by (deployment ecs-svc/1)",
            )
        };
        let asked = || stopped_task(171, "UserInitiated", "Task stopped by user");
        let old = || {
            stopped_task(
                60,
                "EssentialContainerExited",
                "Essential container in task exited",
            )
        };
        let bench = with_tasks(vec![scaled(), scaled(), asked(), asked(), old(), old()]);
        assert_eq!(bench.check(&RULE), []);
    }

    #[test]
    fn the_scheduler_also_stops_tasks_that_are_unhealthy() {
        let unhealthy = || {
            stopped_task(
                170,
                "ServiceSchedulerInitiated",
                "Task failed ELB health checks in (target-group tg)",
            )
        };
        let findings = with_tasks(vec![unhealthy(), unhealthy()]).check(&RULE);
        assert_eq!(findings[0].title, "health check failed: 2 tasks");
    }

    #[test]
    fn without_tasks_the_events_tell() {
        let mut bench = Bench::new();
        let mut service = service("api", 5);
        let complaint = "(service api) (task 1f) failed container health checks.";
        service.events = vec![event(179, complaint), event(175, complaint), event(60, complaint)];
        bench.services(vec![service]);
        let findings = bench.check(&RULE);
        assert_eq!(findings[0].title, "health check failed: 2 complaints");
        assert_eq!(
            findings[0].evidence[0],
            "The service complained 2 times within an hour; a warning begins at 2."
        );
    }

    #[test]
    fn what_a_completed_deployment_ended_is_over() {
        let complaint = "(service api) (task 1f) failed container health checks.";
        let completed = "(service api) (deployment ecs-svc/2) deployment completed.";
        let with_events = |events: Vec<_>, running: u32| {
            let mut bench = Bench::new();
            let mut service = service("api", 5);
            service.running = running;
            service.events = events;
            bench.services(vec![service]);
            bench.check(&RULE)
        };
        let healed = || {
            let mut events = vec![event(178, completed)];
            events.extend((140..177).rev().map(|minute| event(minute, complaint)));
            events
        };
        let wanted = service("api", 5).desired;
        assert_eq!(with_events(healed(), wanted), []);
        assert_eq!(
            with_events(healed(), wanted - 1)[0].title,
            "health check failed: 37 complaints",
            "not while tasks are missing"
        );
        let mut again = healed();
        again.splice(0..0, [event(179, complaint), event(179, complaint)]);
        assert_eq!(
            with_events(again, wanted)[0].title,
            "health check failed: 2 complaints"
        );
    }

    #[test]
    fn a_steady_state_between_two_failures_ends_nothing() {
        let complaint = "(service api) (task 1f) failed container health checks.";
        let steady = "(service api) has reached a steady state.";
        let after = |minute: i64| {
            let mut bench = Bench::new();
            let mut service = service("api", 5);
            service.events = vec![
                event(minute, steady),
                event(150, complaint),
                event(149, complaint),
            ];
            bench.services(vec![service]);
            bench.check(&RULE).len()
        };
        assert_eq!((after(176), after(155)), (1, 0));
    }

    #[test]
    fn quiet_services_and_unread_ones_are_silent() {
        let mut bench = Bench::new();
        bench.services(vec![service("api", 5)]);
        assert_eq!(bench.check(&RULE), []);
        assert_eq!(Bench::new().check(&RULE), []);
    }
}
