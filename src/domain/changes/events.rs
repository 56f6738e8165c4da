//! Events of databases and caches, alarm transitions, and instances of no group.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::domain::changes::{Change, Span, Word, key};
use crate::domain::datastore::StoreEvent;
use crate::domain::ec2::Instance;
use crate::domain::ids::Kind;
use crate::domain::inventory::ScopeState;
use crate::domain::metric_catalog;
use crate::domain::text::clean;

pub(super) fn collect(state: &ScopeState, span: Span, changes: &mut Vec<Change>) {
    stores(state, span, changes);
    alarms(state, span, changes);
    for instance in state.instances.get().into_iter().flatten() {
        if instance.group().is_none() {
            started_or_stopped(state, instance, span, changes);
        }
    }
}

fn stores(state: &ScopeState, span: Span, changes: &mut Vec<Change>) {
    let mut databases: HashMap<&str, (Kind, &str)> = HashMap::new();
    for cluster in state.db_clusters.get().into_iter().flatten() {
        databases.insert(&cluster.name, (Kind::RdsCluster, &cluster.arn));
    }
    for db in state.db_instances.get().into_iter().flatten() {
        databases.insert(&db.name, (Kind::RdsInstance, &db.arn));
    }
    let mut caches: HashMap<&str, (Kind, &str)> = HashMap::new();
    for cache in state.caches.get().into_iter().flatten() {
        caches.insert(&cache.name, (Kind::Redis, &cache.arn));
        for node in metric_catalog::nodes(cache) {
            caches.insert(&node.cluster_id, (Kind::Redis, &cache.arn));
        }
    }
    let sources = [
        (&state.db_events, Word::Rds, &databases),
        (&state.cache_events, Word::Redis, &caches),
    ];
    for (events, word, known) in sources {
        for event in events.get().into_iter().flatten() {
            if span.has(event.at) {
                changes.push(of_store(state, event, word, known));
            }
        }
    }
}

fn of_store(
    state: &ScopeState,
    event: &StoreEvent,
    word: Word,
    known: &HashMap<&str, (Kind, &str)>,
) -> Change {
    Change {
        at: event.at,
        resource: known
            .get(event.source.as_str())
            .map(|(kind, arn)| key(state, *kind, arn)),
        word,
        what: format!("{}: {}", clean(&event.source), clean(event.message.trim())),
        who: None,
        id: None,
    }
}

fn alarms(state: &ScopeState, span: Span, changes: &mut Vec<Change>) {
    let Some(history) = state.alarm_history.get() else {
        return;
    };
    let arns: HashMap<&str, &str> = state
        .alarms
        .get()
        .into_iter()
        .flatten()
        .map(|alarm| (alarm.name.as_str(), alarm.arn.as_str()))
        .collect();
    for transition in history.iter().filter(|transition| span.has(transition.at)) {
        let name = clean(&transition.alarm);
        changes.push(Change {
            at: transition.at,
            resource: arns
                .get(transition.alarm.as_str())
                .map(|arn| key(state, Kind::Alarm, arn)),
            word: Word::Alarm,
            what: match states(&transition.summary) {
                Some((from, to)) => format!("{name} {}>{}", clean(from), clean(to)),
                None => format!("{name}: {}", clean(&transition.summary)),
            },
            who: None,
            id: None,
        });
    }
}

/// The states of `Alarm updated from OK to ALARM`.
fn states(summary: &str) -> Option<(&str, &str)> {
    let (from, to) = summary.split_once(" from ")?.1.split_once(" to ")?;
    Some((from.trim(), to.trim()))
}

fn started_or_stopped(state: &ScopeState, instance: &Instance, span: Span, changes: &mut Vec<Change>) {
    let name = clean(instance.name.as_deref().unwrap_or(&instance.id));
    let resource = Some(key(state, Kind::Ec2Instance, &instance.id));
    let mut push = |at: Timestamp, what: String, who: Option<String>| {
        if span.has(at) {
            changes.push(Change {
                at,
                resource: resource.clone(),
                word: Word::Instance,
                what,
                who,
                id: None,
            });
        }
    };
    if let Some(at) = instance.launched_at {
        push(at, format!("{name} started"), None);
    }
    if !instance.is_running()
        && let Some(reason) = &instance.state_reason
        && let Some(at) = moment(reason)
    {
        let who = reason.starts_with("User initiated").then(|| "a user".to_owned());
        push(at, format!("{name} {}", clean(&instance.state)), who);
    }
}

/// The moment in `User initiated (2026-11-21 02:00:00 GMT)`.
fn moment(reason: &str) -> Option<Timestamp> {
    let (_, rest) = reason.split_once('(')?;
    let time = rest.split(')').next()?.trim().strip_suffix("GMT")?.trim();
    let time = DateTime::strptime("%Y-%m-%d %H:%M:%S", time).ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::alarm::AlarmTransition;
    use crate::domain::changes::recent;
    use crate::domain::ids::Tag;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at, cache, db, instance};

    fn told(bench: &Bench) -> Vec<(Word, String, Option<Kind>)> {
        recent(&bench.inventory, bench.now, SignedDuration::from_hours(2))
            .into_iter()
            .map(|change| (change.word, change.what, change.resource.map(|key| key.kind)))
            .collect()
    }

    #[test]
    fn store_events_find_their_resource_also_by_a_node() {
        let event = |source: &str, minute: i64, message: &str| StoreEvent {
            source: source.to_owned(),
            message: message.to_owned(),
            at: at(minute),
        };
        let mut bench = Bench::new();
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![db("shop-db")]));
        bench.know(Source::Caches, ReplyData::Caches(vec![cache("sessions", 2)]));
        bench.know(
            Source::DbEvents,
            ReplyData::StoreEvents(vec![
                event("shop-db", 170, "DB instance restarted"),
                event("gone-db", 160, "DB instance deleted"),
                event("shop-db", 10, "long ago"),
            ]),
        );
        bench.know(
            Source::CacheEvents,
            ReplyData::StoreEvents(vec![event("sessions-002", 175, "Failover complete\u{1b}[31m")]),
        );
        assert_eq!(
            told(&bench),
            [
                (
                    Word::Redis,
                    "sessions-002: Failover complete".to_owned(),
                    Some(Kind::Redis)
                ),
                (
                    Word::Rds,
                    "shop-db: DB instance restarted".to_owned(),
                    Some(Kind::RdsInstance)
                ),
                (Word::Rds, "gone-db: DB instance deleted".to_owned(), None),
            ]
        );
    }

    #[test]
    fn alarm_transitions_are_told_in_two_words() {
        let transition = |minute: i64, summary: &str| AlarmTransition {
            alarm: "5xx".to_owned(),
            at: at(minute),
            summary: summary.to_owned(),
        };
        let mut bench = Bench::new();
        bench.know(
            Source::AlarmHistory,
            ReplyData::AlarmHistory(vec![
                transition(172, "Alarm updated from OK to ALARM"),
                transition(172, "Alarm updated from OK to ALARM"),
                transition(100, "Something new"),
            ]),
        );
        assert_eq!(
            told(&bench),
            [
                (Word::Alarm, "5xx OK>ALARM".to_owned(), None),
                (Word::Alarm, "5xx: Something new".to_owned(), None),
            ]
        );
    }

    #[test]
    fn instances_of_no_group_that_start_and_stop_are_told() {
        let mut started = instance("i-1", "g4dn.xlarge");
        started.launched_at = Some(at(150));
        let mut stopped = instance("i-2", "g4dn.xlarge");
        stopped.state = "stopped".to_owned();
        stopped.launched_at = Some(at(-5000));
        stopped.state_reason = Some("User initiated (2026-11-21 02:40:00 GMT)".to_owned());
        let mut grouped = instance("i-3", "g4dn.xlarge");
        grouped.launched_at = Some(at(150));
        grouped.tags = vec![Tag {
            key: "aws:autoscaling:groupName".to_owned(),
            value: "workers".to_owned(),
        }];
        let mut bench = Bench::new();
        bench.know(
            Source::Instances,
            ReplyData::Instances(vec![started, stopped, grouped]),
        );
        assert_eq!(
            told(&bench),
            [
                (
                    Word::Instance,
                    "host-i-2 stopped".to_owned(),
                    Some(Kind::Ec2Instance)
                ),
                (
                    Word::Instance,
                    "host-i-1 started".to_owned(),
                    Some(Kind::Ec2Instance)
                ),
            ]
        );
    }
}
