//! A process that dies at any record of its journal, and another that takes the run up.

use serde_json::json;

use super::driver::{Death, Driver, Planned, StepSpec, assert_nothing_twice, capacity, interrupt};
use super::world::{Fate, World};
use crate::domain::exit::Exit;
use crate::runbook::plan::Plan;
use crate::runbook::record::{self, Resume, Status, Then};

fn night() -> Planned {
    let groups = ["a", "b", "c"];
    let mut down = StepSpec::new(
        "down",
        "asg.set_capacity",
        groups.map(|name| capacity(name, 0)).to_vec(),
    );
    down.concurrency = 2;
    down.canary = 1;
    Planned::new(vec![
        StepSpec::new(
            "hold",
            "asg.suspend_processes",
            groups
                .map(|name| json!({"group": name, "processes": ["AlarmNotification", "ScheduledActions"]}))
                .to_vec(),
        ),
        down,
    ])
}

fn world() -> World {
    World::new(&["a", "b", "c"])
}

fn plan() -> Plan {
    night().plan(&mut world())
}

/// Runs until it dies there; the journal and the world as they are then.
fn die(at: Death, mut world: World) -> Option<(String, World)> {
    let mut driver = Driver::new(plan(), &world);
    driver.death = at;
    match driver.drive(&mut world) {
        None => Some((driver.journal.clone(), world)),
        Some(_) => None,
    }
}

fn deaths() -> Vec<Death> {
    let mut world = world();
    let mut driver = Driver::new(plan(), &world);
    let summary = driver.drive(&mut world).unwrap();
    assert_eq!(summary.exit, Exit::Done);
    assert_eq!(world.sizes(), [(0, 6, 0); 3]);
    let lines = driver.lines();
    assert!(lines >= 25, "{lines}");
    (1..lines)
        .flat_map(|line| [Death::After(line), Death::Before(line)])
        .collect()
}

#[test]
fn a_run_that_died_anywhere_is_resumed_to_the_same_end() {
    for death in deaths() {
        let (journal, mut world) = die(death, world()).unwrap();
        let mut second = Driver::resume(&journal, Resume::Forward, &world);
        let summary = second.drive(&mut world).unwrap_or_else(|| panic!("{death:?}"));
        assert_eq!(
            summary.exit,
            Exit::Done,
            "{death:?}: {summary:#?}\n{}",
            second.journal
        );
        assert_eq!(summary.status, Status::Succeeded);
        assert_eq!(world.sizes(), [(0, 6, 0); 3], "{death:?}");
        assert!(
            world.groups.iter().all(|group| group.suspended.len() == 2),
            "{death:?}"
        );
        assert_nothing_twice(&world);
        assert_eq!(world.writes.len(), 6, "{death:?}");
        record::read(&second.journal).unwrap();
    }
}

#[test]
fn a_run_that_died_anywhere_is_rolled_back_to_where_it_began() {
    for death in deaths() {
        let (journal, mut world) = die(death, world()).unwrap();
        let made = world.writes.len();
        let mut second = Driver::resume(&journal, Resume::RollBack, &world);
        let summary = second.drive(&mut world).unwrap_or_else(|| panic!("{death:?}"));
        assert_eq!(world.sizes(), [(1, 6, 4); 3], "{death:?}\n{}", second.journal);
        assert!(
            world.groups.iter().all(|group| group.suspended.is_empty()),
            "{death:?}"
        );
        assert_eq!(summary.status, Status::RolledBack, "{death:?}: {summary:#?}");
        // It was asked for, and it was done.
        assert_eq!(summary.exit, Exit::Done, "{death:?}");
        assert_eq!(summary.rolled_back, made > 0, "{death:?}");
        assert_eq!(summary.remains, [] as [&str; 0], "{death:?}");
        assert_nothing_twice(&world);
        assert_eq!(
            world.writes.len(),
            2 * made,
            "{death:?}: only what was made is taken back"
        );
    }
}

#[test]
fn a_rollback_that_died_anywhere_is_taken_up_again() {
    // The last group refuses, so the run rolls back by itself.
    let broken = || {
        let mut world = world();
        world.denied.push("c".to_owned());
        world
    };
    let mut whole = broken();
    let mut driver = Driver::new(plan(), &whole);
    let summary = driver.drive(&mut whole).unwrap();
    assert_eq!(
        (summary.exit, summary.status),
        (Exit::RolledBack, Status::RolledBack)
    );
    let lines = driver.lines();
    for line in 1..lines {
        for death in [Death::After(line), Death::Before(line)] {
            let (journal, world) = die(death, broken()).unwrap();
            for to in [Resume::Forward, Resume::RollBack] {
                let mut world = world.clone();
                let mut second = Driver::resume(&journal, to, &world);
                let summary = second.drive(&mut world).unwrap();
                assert_nothing_twice(&world);
                assert_eq!(
                    world.sizes(),
                    [(1, 6, 4); 3],
                    "{death:?} {to:?}\n{}",
                    second.journal
                );
                assert_eq!(
                    summary.status,
                    Status::RolledBack,
                    "{death:?} {to:?} {summary:#?}"
                );
                // A failure that was taken back is one; a rollback that somebody wanted is not.
                if to == Resume::RollBack {
                    assert_eq!(summary.exit, Exit::Done, "{death:?} {summary:#?}");
                }
            }
        }
    }
}

#[test]
fn a_call_whose_answer_is_lost_is_not_repeated_if_it_was_made() {
    for fate in [Fate::ActedUnanswered, Fate::LostUnanswered] {
        for place in 0..6 {
            let mut world = world();
            world.fates = vec![None; place].into();
            world.fates.push_back(Some(fate));
            let mut driver = Driver::new(plan(), &world);
            let summary = driver.drive(&mut world).unwrap();
            assert_eq!(summary.exit, Exit::Done, "{fate:?} {place}: {}", driver.journal);
            assert_nothing_twice(&world);
            assert_eq!(world.writes.len(), 6);
        }
    }
}

#[test]
fn a_run_that_was_stopped_is_resumed() {
    let lines = 30;
    for stop_at in 0..lines {
        let mut world = world();
        let mut seen = 0;
        let mut driver = Driver::new(plan(), &world).hooked(|_, command| {
            if matches!(command, super::super::Command::Journal { .. }) {
                seen += 1;
                if seen == stop_at + 1 {
                    return vec![interrupt(Then::Stop)];
                }
            }
            Vec::new()
        });
        let summary = driver.drive(&mut world).unwrap();
        let journal = driver.journal.clone();
        drop(driver);
        if summary.status == Status::Succeeded {
            continue;
        }
        assert_eq!(summary.status, Status::Interrupted, "{stop_at}");
        let changed = !world.writes.is_empty();
        assert_eq!(summary.changed, changed, "{stop_at} {journal}");
        let exit = if changed { Exit::Partial } else { Exit::Interrupted };
        assert_eq!(summary.exit, exit, "{stop_at}");
        let mut second = Driver::resume(&journal, Resume::Forward, &world);
        let summary = second.drive(&mut world).unwrap();
        assert_eq!(
            summary.status,
            Status::Succeeded,
            "{stop_at} {summary:#?} {}",
            second.journal
        );
        assert_eq!(world.sizes(), [(0, 6, 0); 3]);
        assert_nothing_twice(&world);
    }
}
