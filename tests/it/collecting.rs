//! The collector at work on a demo that is watched: what it asks, how often, and what becomes of the
//! answers.

mod watched;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::SignedDuration;
use pretty_assertions::assert_eq;
use quarterdeck::config::settings::Cadences;
use quarterdeck::domain::focus::{Focus, Pace, Probing};
use quarterdeck::domain::glob::Glob;
use quarterdeck::domain::ids::Kind;
use quarterdeck::domain::metric::MetricGroup;
use quarterdeck::domain::metric_catalog::rds;
use quarterdeck::domain::numbers;
use quarterdeck::domain::ops::{self, Query};
use quarterdeck::domain::policy::Selection;
use quarterdeck::engine::collector::Order;
use quarterdeck::engine::schedule::Wishes;

use watched::{Desk, is};

fn front(kinds: &[Kind]) -> Focus {
    Focus {
        front: kinds.iter().copied().collect(),
        ..Focus::default()
    }
}

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

#[test]
fn clusters_outside_the_selection_are_left_out_of_the_question() {
    let selection = Selection {
        clusters: vec![Glob::new("codemate-cluster")],
        ..Selection::default()
    };
    let mut desk = Desk::of("codemate").wishing(Wishes {
        selection: Arc::new(selection.clone()),
        ..Wishes::default()
    });
    desk.start(front(&[Kind::EcsService]));
    desk.until("services", |picture| {
        picture.inventory.scopes[0].ecs.get().is_some()
    });
    let fleets = desk.asked(|query| {
        matches!(
            query,
            Query::Ecs(ops::ecs::Read::Fleet | ops::ecs::Read::FleetOf(_))
        )
    });
    assert!(!fleets.is_empty());
    for (_, query) in fleets {
        assert_eq!(query, Query::Ecs(ops::ecs::Read::FleetOf(selection.clone())));
    }
}

#[test]
fn the_document_of_the_estate_is_the_probe() {
    let mut desk = Desk::of("invokeai").wishing(Wishes {
        probe_document: Some("gpu-probe".to_owned()),
        ..Wishes::default()
    });
    desk.start(Focus {
        gpu: Probing::Yes,
        ..front(&[Kind::Gpu])
    });
    desk.until("cards", |picture| picture.inventory.scopes[0].gpu.get().is_some());
    let probes = desk.asked(is::probe);
    assert!(!probes.is_empty());
    for (_, query) in probes {
        let Query::Ssm(ops::ssm::Read::GpuProbe { document, .. }) = query else {
            unreachable!()
        };
        assert_eq!(document.as_deref(), Some("gpu-probe"));
    }
}

#[test]
fn the_settings_say_how_often() {
    for (services_s, queues_s) in [(20, 60), (200, 10)] {
        let mut desk = Desk::of("invokeai").wishing(Wishes {
            cadences: Cadences {
                services_s,
                deployment_s: services_s,
                queues_s,
                ..Cadences::default()
            },
            ..Wishes::default()
        });
        desk.start(front(&[Kind::EcsService, Kind::Queue]));
        desk.run(seconds(601));
        // Up to a tenth of jitter makes them fewer, never more.
        for (count, cadence) in [
            (desk.asked(is::fleet).len(), services_s),
            (desk.asked(is::queues).len(), queues_s),
        ] {
            let most = 1 + 600 / cadence as usize;
            let least = 600 * 10 / (cadence as usize * 11 + 10);
            assert!((least..=most).contains(&count), "each {cadence} s: {count} times");
        }
    }
}

#[test]
fn nothing_is_asked_while_paused_but_once_on_request() {
    let mut desk = Desk::of("invokeai");
    let focus = front(&[Kind::Queue]);
    desk.start(focus.clone());
    desk.run(seconds(30));
    desk.order(Order::Focus(Focus {
        pace: Pace::Paused,
        ..focus
    }));
    desk.run(seconds(5));
    let before = desk.asked(|_| true).len();
    desk.run(seconds(3600));
    assert_eq!(desk.asked(|_| true).len(), before);
    let queues = desk.asked(is::queues).len();
    desk.order(Order::Refresh);
    desk.run(seconds(3600));
    assert_eq!(desk.asked(is::queues).len(), queues + 1);
}

#[test]
fn a_host_that_hangs_keeps_nobody_waiting() {
    let mut desk = Desk::of("invokeai");
    desk.watched.hangs.store(true, Ordering::Relaxed);
    desk.start(Focus {
        gpu: Probing::Yes,
        ..front(&[Kind::Gpu])
    });
    desk.until("the probe under way", |picture| {
        picture.inventory.scopes[0].gpu.pending.is_some()
    });
    let asked = desk.now();
    // One host answers after two seconds, another never does.
    desk.until("the first cards", |picture| {
        picture.inventory.scopes[0]
            .gpu
            .get()
            .is_some_and(|hosts| !hosts.is_empty())
    });
    let waited = desk.now().duration_since(asked);
    assert!(waited < seconds(4), "{waited:?}");
    let state = &desk.picture().inventory.scopes[0];
    let first = state.gpu.get().unwrap().len();
    assert!(state.gpu.pending.is_some(), "the others are still asked");
    desk.until("the rest", |picture| {
        picture.inventory.scopes[0].gpu.pending.is_none()
    });
    let waited = desk.now().duration_since(asked);
    assert!(waited <= seconds(15), "{waited:?}");
    let last = desk.picture().inventory.scopes[0].gpu.get().unwrap().len();
    assert!(last > first, "{first} {last}");
}

#[test]
fn two_names_of_one_place_are_shown_once_and_come_apart_again() {
    let mut desk = Desk::named("invokeai", &["a", "b"]);
    desk.start(front(&[Kind::Queue]));
    desk.until("the second name merged", |picture| {
        picture.inventory.scopes[1].merged_into.is_some()
    });
    desk.run(seconds(120));
    let picture = desk.picture();
    assert_eq!(picture.inventory.shown().count(), 1);
    let asked = |desk: &Desk, scope: &str| {
        let all = desk.asked(is::queues);
        all.iter().filter(|(of, _)| of.as_str() == scope).count()
    };
    let of_b = asked(&desk, "b");
    assert!(asked(&desk, "a") > of_b);
    desk.run(seconds(600));
    assert_eq!(asked(&desk, "b"), of_b, "nobody asks twice for one place");

    // The second profile is logged in elsewhere: it is a place of its own from then on.
    desk.watched.log_in("b", "999988887777");
    desk.until("the second name apart", |picture| {
        picture.inventory.shown().count() == 2
    });
    desk.run(seconds(120));
    assert!(asked(&desk, "b") > of_b);
}

#[test]
fn another_account_behind_a_scope_makes_everything_forgotten() {
    let mut desk = Desk::named("invokeai", &["a"]);
    desk.start(front(&[Kind::Queue, Kind::EcsService]));
    desk.until("services", |picture| {
        picture.inventory.scopes[0].ecs.get().is_some()
    });
    let epoch = desk.picture().inventory.scopes[0].epoch;
    desk.watched.log_in("a", "999988887777");
    desk.until("the other account", |picture| {
        picture.inventory.scopes[0].account() == Some("999988887777")
    });
    let changed = desk.now();
    let picture = desk.picture();
    let state = &picture.inventory.scopes[0];
    assert!(state.epoch > epoch);
    let young = |at: Option<jiff::Timestamp>| at.is_none_or(|at| changed.duration_since(at) < seconds(1));
    assert!(young(state.ecs.at()) && young(state.queues.at()) && young(state.alarms.at()));
    // And all of it is asked again, of the account that it is now.
    desk.until("services again", |picture| {
        picture.inventory.scopes[0].ecs.get().is_some()
    });
    desk.until("alarms again", |picture| {
        picture.inventory.scopes[0].alarms.get().is_some()
    });
    assert!(desk.now().duration_since(changed) < seconds(5));
}

#[test]
fn numbers_hold_between_two_reads_of_metrics_that_nobody_looks_at() {
    let mut desk = Desk::of("codemate").wishing(Wishes {
        cadences: Cadences {
            metrics_background_s: 3600,
            ..Cadences::default()
        },
        ..Wishes::default()
    });
    desk.start(front(&[Kind::EcsService]));
    let read = |picture: &quarterdeck::domain::picture::Picture| {
        let state = &picture.inventory.scopes[0];
        state.metrics.contains_key(&MetricGroup::Rds) && state.metrics.contains_key(&MetricGroup::Redis)
    };
    desk.until("metrics of databases and caches", read);
    // To the end of an hour and to the next read.
    for _ in 0..7 {
        desk.run(seconds(600));
        let picture = desk.picture();
        let state = &picture.inventory.scopes[0];
        let database = &state.db_instances.get().unwrap()[0];
        let cpu = state.latest(&rds::CPU.of(&database.name).id(), picture.at);
        assert!(cpu.is_some(), "{} at {}", database.name, picture.at);
        let cache = &state.caches.get().unwrap()[0];
        let numbers = numbers::of_cache(state, cache, picture.at);
        assert!(numbers.cpu_percent.is_some() && numbers.memory_percent.is_some());
    }
}

#[test]
fn nothing_that_is_read_as_often_as_wanted_is_ever_called_old() {
    for world in ["codemate", "ecg", "ecommerce", "fashion", "invokeai"] {
        let mut desk = Desk::of(world);
        desk.start(front(&[Kind::EcsService]));
        desk.watch(seconds(4 * 3600), |picture| {
            let old = picture
                .findings
                .iter()
                .find(|finding| finding.rule == "collect.unreadable" && finding.title.contains("last read"));
            assert_eq!(
                old.map(|finding| &finding.title),
                None,
                "{world} at {}",
                picture.at
            );
        });
        let secrets = desk.asked(|query| matches!(query, Query::SecretsManager(_)));
        assert!(secrets.len() >= 4, "each hour once: {}", secrets.len());
        // What is looked at is asked at once, and is no more called old while the answer is under way.
        desk.order(Order::Focus(front(&[Kind::Secret, Kind::Certificate])));
        let picture = desk.picture();
        assert!(
            picture
                .findings
                .iter()
                .all(|finding| finding.rule != "collect.unreadable")
        );
    }
}

#[test]
fn a_list_that_is_wanted_each_hour_is_old_after_two() {
    use quarterdeck::domain::inventory::{Lasting, Source};
    let mut lasting = Lasting::default();
    assert_eq!(lasting.list(&Source::Secrets), seconds(3600));
    lasting.note(&Source::Secrets, seconds(3600));
    lasting.note(&Source::EcsFleet, seconds(60));
    assert_eq!(lasting.list(&Source::Secrets), seconds(7200));
    assert_eq!(lasting.list(&Source::EcsFleet), seconds(3600));
}
