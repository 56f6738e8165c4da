//! SQS: work that waits too long, too much of it for its workers, and messages that nobody could do.

use std::collections::{HashMap, HashSet};

use crate::domain::asg::{Group, SuspendedProcess};
use crate::domain::ecs::Service;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::metric_catalog::queue as metric;
use crate::domain::policy::WorkQueue;
use crate::domain::queue::Queue;
use crate::domain::remedy;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};

/// Messages wait too long.
pub const AGE: Rule = Rule {
    id: "queue.age",
    kind: Kind::Queue,
    title: "Messages wait too long",
    what: "The age of the oldest message of a queue. Dead-letter queues are left out: their messages \
           stay until somebody looks.",
    severities: &[
        (Severity::Crit, "at the critical age"),
        (Severity::Warn, "at the warning age"),
    ],
    thresholds: &["queue_oldest_s"],
    runbooks: &["gpu-morning-up", "asg-scale", "ecs-scale"],
    reach: Reach::Scope,
    check: age,
};

/// More work waits than the workers can do.
pub const DEPTH: Rule = Rule {
    id: "queue.depth-per-worker",
    kind: Kind::Queue,
    title: "More work waits than the workers can do",
    what: "Messages that wait for each worker of the queues that an estate file names under \
           `work_queues`: workers are the instances in service of its groups and the running tasks of \
           its services. Without any worker all messages count for one. Not judged where a group or \
           service of that name was not read.",
    severities: &[
        (Severity::Crit, "at the critical number for each worker"),
        (Severity::Warn, "at the warning number for each worker"),
    ],
    thresholds: &["queue_visible_per_worker"],
    runbooks: &["gpu-morning-up", "asg-scale", "ecs-scale"],
    reach: Reach::Scope,
    check: depth,
};

/// Messages that nobody could do.
pub const DEAD_LETTERS: Rule = Rule {
    id: "queue.dead-letters",
    kind: Kind::Queue,
    title: "Messages ended in a dead-letter queue",
    what: "Messages in a queue that another one names as its dead-letter queue.",
    severities: &[(Severity::Warn, "there is one or more")],
    thresholds: &[],
    runbooks: &["sqs-redrive"],
    reach: Reach::Scope,
    check: dead_letters,
};

fn queues<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Queue> {
    context.state.queues.get().into_iter().flatten()
}

/// ARNs of the queues that are dead-letter queues, with the queue that feeds each.
fn dead_letter_queues<'a>(context: &Context<'a>) -> HashMap<&'a str, &'a Queue> {
    queues(context)
        .filter_map(|queue| Some((queue.dead_letter.as_ref()?.0.as_str(), queue)))
        .collect()
}

fn age(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let dead = dead_letter_queues(context);
    let limit = context.limits().queue_oldest_s;
    for queue in queues(context) {
        if dead.contains_key(queue.arn.as_str()) || is_dead_by_name(&queue.name) {
            continue;
        }
        let Some(measured) = context.metric(metric::AGE.of(&queue.name)) else {
            continue;
        };
        let Some((seconds, breach)) = measured.latest().and_then(|age| Some((age, limit.judge(age)?))) else {
            continue;
        };
        let span = |seconds: f64| words::span(jiff::SignedDuration::from_secs(seconds as i64));
        let (oldest, level) = (span(seconds), span(limit.level(breach)));
        let fed = Fed::by(context, context.policy.feeds(&queue.name));
        findings.push(
            AGE.on(context, &queue.arn, &queue.name)
                .hurts(Impact::Customer)
                .since(measured.since(|value| limit.judge(value).is_some()))
                .because(format!(
                    "The oldest message has waited for {oldest}; the limit is {level}."
                ))
                .because(format!(
                    "{} wait, {} are being worked on.",
                    words::count(queue.visible as usize, "message"),
                    queue.in_flight
                ))
                .perhaps_because(fed.suspended())
                .helped_by(&fed.remedies())
                .helped_at(fed.resources(context))
                .report(severity(breach), format!("oldest {oldest}, limit {level}")),
        );
    }
}

fn depth(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.policy.work_queues.is_empty() {
        return;
    }
    let limit = context.limits().queue_visible_per_worker;
    let known = Workers::of(context);
    let by_name: HashMap<&str, &Queue> = queues(context)
        .map(|queue| (queue.name.as_str(), queue))
        .collect();
    for work in &context.policy.work_queues {
        let Some(queue) = by_name.get(work.queue.as_str()) else {
            continue;
        };
        let Some(workers) = known.feeding(work) else {
            continue;
        };
        let each = queue.visible as f64 / workers.max(1) as f64;
        if let Some(breach) = limit.judge(each) {
            let many = words::count(workers, "worker");
            let fed = Fed::by(context, &work.feeds);
            let too_many = |waiting: f64| limit.judge(waiting / workers.max(1) as f64).is_some();
            let run = context
                .metric(metric::VISIBLE.of(&queue.name))
                .and_then(|measured| measured.run(too_many));
            findings.push(
                DEPTH
                    .on(context, &queue.arn, &queue.name)
                    .hurts(Impact::Capacity)
                    .because(format!(
                        "{} wait for {many} of {}: {} for each; the limit is {}.",
                        words::count(queue.visible as usize, "message"),
                        work.feeds.join(", "),
                        words::number(each),
                        words::number(limit.level(breach))
                    ))
                    .perhaps_because(fed.suspended())
                    .perhaps_because(run.map(|_| {
                        "How many waited when is counted for the workers that there are now.".to_owned()
                    }))
                    .held(context, run)
                    .helped_by(&fed.remedies())
                    .helped_at(fed.resources(context))
                    .report(severity(breach), format!("{} waiting, {many}", queue.visible)),
            );
        }
    }
}

/// The groups and services that work on what a queue holds.
struct Fed<'a> {
    groups: Vec<&'a Group>,
    services: Vec<&'a Service>,
    /// Whether nobody has said who works on it.
    is_unsaid: bool,
}

impl<'a> Fed<'a> {
    fn by(context: &Context<'a>, feeds: &[String]) -> Self {
        let groups = context.state.groups.get().into_iter().flatten();
        let fleet = context.state.ecs.get().into_iter();
        let services = fleet.flat_map(|fleet| &fleet.services);
        Self {
            groups: groups.filter(|group| feeds.contains(&group.name)).collect(),
            services: services.filter(|service| feeds.contains(&service.name)).collect(),
            is_unsaid: feeds.is_empty(),
        }
    }

    /// What can do something about it: the morning where the evening noted something, and more of what there is.
    fn remedies(&self) -> Vec<&'static str> {
        let is_noted = self.groups.iter().any(|group| remedy::is_noted(&group.tags));
        [
            ("gpu-morning-up", is_noted),
            ("asg-scale", self.is_unsaid || !self.groups.is_empty()),
            ("ecs-scale", self.is_unsaid || !self.services.is_empty()),
        ]
        .into_iter()
        .filter_map(|(name, helps)| helps.then_some(name))
        .collect()
    }

    /// Where that can be done: first the groups that somebody holds back.
    fn resources(&self, context: &Context<'_>) -> Vec<ResourceKey> {
        let key = |kind, id: &str| ResourceKey::new(context.state.name(), kind, id);
        let mut groups = self.groups.clone();
        groups.sort_by_key(|group| !group.suspended.iter().any(holds_back));
        let groups = groups.into_iter().map(|group| key(Kind::Asg, &group.arn));
        let services = self.services.iter();
        groups
            .chain(services.map(|service| key(Kind::EcsService, &service.arn)))
            .collect()
    }

    /// That a group does not grow by itself, since somebody switched it off.
    fn suspended(&self) -> Option<String> {
        let told: Vec<String> = self
            .groups
            .iter()
            .filter_map(|group| {
                let names: Vec<&str> = group
                    .suspended
                    .iter()
                    .filter(|process| holds_back(process))
                    .map(|process| process.name.as_str())
                    .collect();
                (!names.is_empty()).then(|| format!("{} of {}", names.join(" and "), group.name))
            })
            .collect();
        let are = if told.len() > 1 || told.iter().any(|one| one.contains(" and ")) {
            "are"
        } else {
            "is"
        };
        (!told.is_empty()).then(|| {
            format!(
                "{} {are} suspended: it does not grow by itself until that is resumed.",
                told.join(", ")
            )
        })
    }
}

/// Whether a group does not grow by itself while this process is suspended.
fn holds_back(process: &SuspendedProcess) -> bool {
    matches!(
        process.name.as_str(),
        "Launch" | "AlarmNotification" | "ScheduledActions"
    )
}

/// How many workers each group and each service has.
struct Workers<'a>(HashMap<&'a str, usize>);

impl<'a> Workers<'a> {
    fn of(context: &Context<'a>) -> Self {
        let groups = context.state.groups.get().into_iter().flatten();
        let services = context
            .state
            .ecs
            .get()
            .into_iter()
            .flat_map(|fleet| &fleet.services);
        let mut workers: HashMap<&str, usize> = HashMap::new();
        for group in groups {
            *workers.entry(&group.name).or_default() += group.in_service();
        }
        for service in services {
            *workers.entry(&service.name).or_default() += service.running as usize;
        }
        Self(workers)
    }

    /// The workers of a queue; `None` unless all that it feeds was read.
    fn feeding(&self, work: &WorkQueue) -> Option<usize> {
        work.feeds
            .iter()
            .map(|name| self.0.get(name.as_str()).copied())
            .sum()
    }
}

fn dead_letters(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let dead = dead_letter_queues(context);
    let mut told: HashSet<&str> = HashSet::new();
    for queue in queues(context) {
        let Some(source) = dead.get(queue.arn.as_str()) else {
            continue;
        };
        if queue.visible == 0 || !told.insert(&queue.arn) {
            continue;
        }
        let receives = source.dead_letter.as_ref().map_or(0, |(_, receives)| *receives);
        let many = words::count(queue.visible as usize, "dead message");
        findings.push(
            DEAD_LETTERS
                .on(context, &queue.arn, &queue.name)
                .hurts(Impact::Customer)
                .because(format!(
                    "{many} of {}: each was received {receives} times and never deleted.",
                    source.name
                ))
                .report(Severity::Warn, many),
        );
    }
}

fn is_dead_by_name(name: &str) -> bool {
    let name = name.trim_end_matches(".fifo").to_ascii_lowercase();
    ["-dlq", "_dlq", "-dead-letter", "-deadletter"]
        .iter()
        .any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::policy::Policy;
    use crate::domain::rules::sample::{Bench, arn, at, group, service};

    fn queue(name: &str, visible: u64) -> Queue {
        Queue {
            arn: arn("sqs", name),
            name: name.to_owned(),
            url: format!("https://sqs/{name}"),
            visible,
            in_flight: 4,
            delayed: 0,
            visibility_timeout_s: Some(600),
            dead_letter: None,
        }
    }

    fn bench() -> Bench {
        let mut work = queue("jobs", 43);
        work.dead_letter = Some((arn("sqs", "jobs-dlq"), 3));
        let mut bench = Bench::new();
        bench.know(
            Source::Queues,
            ReplyData::Queues(vec![work, queue("jobs-dlq", 3), queue("idle", 0)]),
        );
        bench
    }

    fn feeding(feeds: &[&str]) -> Policy {
        Policy {
            work_queues: vec![WorkQueue {
                queue: "jobs".to_owned(),
                feeds: feeds.iter().map(|name| (*name).to_owned()).collect(),
            }],
            ..Policy::default()
        }
    }

    #[test]
    fn old_messages_are_told_with_age_and_depth() {
        let mut bench = bench();
        bench.steady(metric::AGE.of("jobs"), 310.0);
        bench.steady(metric::AGE.of("jobs-dlq"), 90_000.0);
        let findings = bench.check(&AGE);
        assert_eq!(findings.len(), 1, "dead letters are old by nature");
        assert_eq!(findings[0].title, "oldest 5m, limit 5m");
        assert_eq!((findings[0].severity, findings[0].since), (Severity::Warn, None));
        assert_eq!(
            findings[0].evidence,
            [
                "The oldest message has waited for 5m; the limit is 5m.",
                "43 messages wait, 4 are being worked on.",
            ]
        );
    }

    #[test]
    fn depth_is_judged_against_groups_and_services_together() {
        let mut bench = bench();
        bench.know(Source::Groups, ReplyData::Groups(vec![group("workers", 1)]));
        bench.services(vec![service("worker", 1)]);
        let findings = bench.with_policy(feeding(&["workers", "worker"])).check(&DEPTH);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "43 waiting, 3 workers");
        assert_eq!(findings[0].severity, Severity::Warn);
        assert_eq!(
            findings[0].evidence,
            ["43 messages wait for 3 workers of workers, worker: 14.3 for each; the limit is 5."]
        );
    }

    #[test]
    fn what_holds_its_workers_back_is_told_and_only_what_can_help_is_offered() {
        let mut held = group("workers", 1);
        held.suspended = vec![SuspendedProcess {
            name: "AlarmNotification".to_owned(),
            reason: "User suspended".to_owned(),
        }];
        let mut noted = group("spot", 1);
        noted.tags = vec![crate::domain::ids::Tag {
            key: crate::domain::asg::NIGHT_TAG.to_owned(),
            value: "was=1/2/4".to_owned(),
        }];
        let mut bench = bench();
        bench.know(Source::Groups, ReplyData::Groups(vec![held, noted]));
        bench.steady(metric::AGE.of("jobs"), 310.0);
        let bench = bench.with_policy(feeding(&["workers"]));
        for rule in [&DEPTH, &AGE] {
            let finding = bench.check(rule).remove(0);
            let told = "AlarmNotification of workers is suspended: it does not grow by itself until that is resumed.";
            assert!(
                finding.evidence.iter().any(|line| line == told),
                "{:?}",
                finding.evidence
            );
            assert_eq!(finding.runbooks, ["asg-scale"], "no service, nothing noted");
            assert_eq!(&*finding.helped_at[0].id, group("workers", 1).arn);
        }
        let bench = bench.with_policy(feeding(&["workers", "spot"]));
        let finding = bench.check(&DEPTH).remove(0);
        assert_eq!(finding.runbooks, ["gpu-morning-up", "asg-scale"]);
        assert_eq!(finding.helped_at.len(), 2);
    }

    #[test]
    fn too_many_wait_since_the_series_says_so() {
        let mut bench = bench();
        bench.know(Source::Groups, ReplyData::Groups(vec![group("workers", 3)]));
        bench.metric(
            metric::VISIBLE.of("jobs"),
            60,
            &[
                (170, 4.0),
                (171, 14.0),
                (172, 16.0),
                (173, 30.0),
                (174, 43.0),
                (175, 43.0),
                (176, 43.0),
            ],
        );
        let bench = bench.with_policy(feeding(&["workers"]));
        let finding = bench.check(&DEPTH).remove(0);
        // Three workers and five for each of them: fifteen.
        assert_eq!(finding.since, Some(at(172)));
        assert_eq!(
            finding.evidence[1],
            "How many waited when is counted for the workers that there are now."
        );
    }

    #[test]
    fn without_workers_all_messages_count() {
        let mut bench = bench();
        bench.know(Source::Groups, ReplyData::Groups(vec![group("workers", 0)]));
        let findings = bench.with_policy(feeding(&["workers"])).check(&DEPTH);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Crit, "43 waiting, 0 workers")
        );
    }

    #[test]
    fn dead_messages_name_where_they_come_from() {
        let findings = bench().check(&DEAD_LETTERS);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].name.as_str(), findings[0].title.as_str()),
            ("jobs-dlq", "3 dead messages")
        );
        assert_eq!(
            findings[0].evidence,
            ["3 dead messages of jobs: each was received 3 times and never deleted."]
        );
        assert_eq!(findings[0].runbooks, ["sqs-redrive"]);
    }

    #[test]
    fn young_messages_enough_workers_and_what_is_not_read_are_silent() {
        let mut bench = bench();
        bench.steady(metric::AGE.of("jobs"), 20.0);
        assert_eq!(bench.check(&AGE), []);
        assert_eq!(bench.check(&DEPTH), [], "no work queue is named");
        assert_eq!(
            bench.with_policy(feeding(&["workers"])).check(&DEPTH),
            [],
            "the group was not read"
        );
        bench.know(Source::Groups, ReplyData::Groups(vec![group("workers", 20)]));
        assert_eq!(bench.check(&DEPTH), []);
        for rule in [&AGE, &DEPTH, &DEAD_LETTERS] {
            assert_eq!(
                Bench::new().with_policy(feeding(&["workers"])).check(rule),
                [],
                "{}",
                rule.id
            );
        }
    }
}
