//! What goes wrong under way: throttling, credentials, guards, a full disk, people who interfere.

use serde_json::json;

use super::driver::{Driver, Planned, StepSpec, assert_nothing_twice, capacity, interrupt};
use super::world::{Fate, World};
use crate::domain::alarm::{AlarmState, AlarmTransition};
use crate::domain::exit::Exit;
use crate::runbook::machine::{Command, Event, Happening};
use crate::runbook::plan::{FailurePolicy, Guard, GuardBaseline, OnUnclear, Plan};
use crate::runbook::record::{Resume, Status, Then};

fn down(names: &[&str]) -> Planned {
    let lanes = names.iter().map(|name| capacity(name, 0)).collect();
    Planned::new(vec![StepSpec::new("down", "asg.set_capacity", lanes)])
}

#[test]
fn throttling_is_waited_out_and_in_the_end_given_up() {
    let mut world = World::new(&["a"]);
    let plan = down(&["a"]).plan(&mut world);
    world.fates = vec![Some(Fate::Refused("throttled")); 3].into();
    world.throttled_reads = 3;
    let mut driver = Driver::new(plan.clone(), &world);
    assert_eq!(driver.drive(&mut world).unwrap().exit, Exit::Done);
    assert_nothing_twice(&world);

    let mut world = World::new(&["a"]);
    world.fates = vec![Some(Fate::Refused("throttled")); 40].into();
    let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
    assert_eq!((summary.exit, summary.changed), (Exit::Precondition, false));
    assert_eq!(world.fates.len(), 36, "four attempts and no more");
}

#[test]
fn a_refusal_is_never_tried_again() {
    let mut world = World::new(&["a"]);
    let plan = down(&["a"]).plan(&mut world);
    world.fates = [Some(Fate::Refused("denied")), None].into();
    let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
    assert_eq!(summary.exit, Exit::Credentials);
    assert_eq!(world.fates.len(), 1);
}

#[test]
fn credentials_that_end_park_the_run_and_it_goes_on_after_login() {
    // They end at the first call, while waiting, or in the middle of a rollback.
    for (fates, rolls_back) in [
        (vec![Some(Fate::Expired)], false),
        (vec![None, Some(Fate::Expired)], false),
        (
            vec![None, None, Some(Fate::Refused("denied")), Some(Fate::Expired)],
            true,
        ),
    ] {
        let names = ["a", "b", "c"];
        let mut world = World::new(&names);
        let plan = down(&names).plan(&mut world);
        world.fates = fates.clone().into();
        let mut parked = 0;
        let mut driver = Driver::new(plan, &world).hooked(|world, command| match command {
            Command::Emit(Happening::Parked { .. }) => {
                parked += 1;
                assert!(parked < 9);
                // The first try comes too early.
                world.expired = parked == 1;
                vec![Event::CredentialsRenewed]
            }
            _ => Vec::new(),
        });
        let summary = driver.drive(&mut world).unwrap();
        drop(driver);
        assert_eq!(parked, 2, "{fates:?}");
        assert_nothing_twice(&world);
        let expected = if rolls_back {
            (Exit::RolledBack, 4)
        } else {
            (Exit::Done, 0)
        };
        assert_eq!((summary.exit, world.groups[0].desired), expected, "{fates:?}");
    }
}

#[test]
fn credentials_of_somebody_else_do_not_continue_a_run() {
    let mut world = World::new(&["a"]);
    let plan = down(&["a"]).plan(&mut world);
    world.fates = [Some(Fate::Expired)].into();
    let mut tries = 0;
    let mut driver = Driver::new(plan, &world).hooked(|world, command| match command {
        Command::Emit(Happening::Parked { .. }) => {
            world.expired = false;
            world.account = "999999999999".to_owned();
            tries += 1;
            vec![if tries < 3 {
                Event::CredentialsRenewed
            } else {
                Event::GiveUp
            }]
        }
        _ => Vec::new(),
    });
    let summary = driver.drive(&mut world).unwrap();
    drop(driver);
    assert_eq!(
        (summary.exit, summary.status),
        (Exit::Credentials, Status::WaitingCredentials)
    );
    assert_eq!(world.writes, []);
}

#[test]
fn a_parked_run_is_left_and_taken_up_by_another_process() {
    let names = ["a", "b"];
    let mut world = World::new(&names);
    let plan = down(&names).plan(&mut world);
    world.fates = [None, Some(Fate::Expired)].into();
    let mut driver = Driver::new(plan, &world).hooked(|_, command| match command {
        Command::Emit(Happening::Parked { .. }) => vec![Event::GiveUp],
        _ => Vec::new(),
    });
    let summary = driver.drive(&mut world).unwrap();
    let journal = driver.journal.clone();
    drop(driver);
    assert_eq!(
        (summary.exit, summary.status),
        (Exit::Credentials, Status::WaitingCredentials)
    );
    assert_eq!(world.sizes(), [(0, 6, 0), (1, 6, 4)], "nothing was taken back");
    // Still without credentials: nothing is written.
    let mut early = Driver::resume(&journal, Resume::Forward, &world);
    assert_eq!(early.drive(&mut world).unwrap().exit, Exit::Credentials);
    assert_eq!(early.journal, journal);
    world.expired = false;
    let summary = Driver::resume(&journal, Resume::Forward, &world)
        .drive(&mut world)
        .unwrap();
    assert_eq!((summary.exit, summary.status), (Exit::Done, Status::Succeeded));
    assert_nothing_twice(&world);
}

#[test]
fn stopping_a_parked_run_leaves_it() {
    let mut world = World::new(&["a", "b"]);
    let plan = down(&["a", "b"]).plan(&mut world);
    world.fates = [None, Some(Fate::Expired)].into();
    let mut driver = Driver::new(plan, &world).hooked(|_, command| match command {
        Command::Emit(Happening::Parked { .. }) => vec![interrupt(Then::Stop)],
        _ => Vec::new(),
    });
    let summary = driver.drive(&mut world).unwrap();
    assert_eq!(
        (summary.exit, summary.status),
        (Exit::Partial, Status::Interrupted)
    );
}

fn guard(baseline: GuardBaseline) -> Guard {
    Guard {
        alarm: "errors".to_owned(),
        baseline,
        unreadable: OnUnclear::Stop,
        insufficient_data: OnUnclear::Warn,
        every_s: 15,
    }
}

pub fn guarded(baseline: GuardBaseline, state: AlarmState) -> (World, Plan) {
    let mut world = World::new(&["a", "b"]).with_alarm("errors", state);
    let plan = down(&["a", "b"]).guard(guard(baseline)).plan(&mut world);
    (world, plan)
}

#[test]
fn a_guard_that_fires_stops_the_run_and_takes_it_back() {
    // It fires and stays, or clears before anybody looks.
    for clears in [false, true] {
        let (mut world, plan) = guarded(GuardBaseline::RequireOk, AlarmState::Ok);
        let mut fired = false;
        let mut driver = Driver::new(plan, &world).hooked(|world, command| {
            if matches!(command, Command::Emit(Happening::Waiting { .. })) && !fired {
                fired = true;
                let at = world.now + jiff::SignedDuration::from_secs(1);
                world.history.push(AlarmTransition {
                    alarm: "errors".to_owned(),
                    at,
                    summary: "Alarm updated from OK to ALARM".to_owned(),
                });
                if !clears {
                    world.alarms[0].state = AlarmState::Alarm;
                    world.alarms[0].since = Some(at);
                }
            }
            Vec::new()
        });
        let summary = driver.drive(&mut world).unwrap();
        drop(driver);
        assert_eq!(
            (summary.exit, summary.status),
            (Exit::RolledBack, Status::RolledBack),
            "{clears}"
        );
        assert_eq!(world.sizes(), [(1, 6, 4); 2]);
        assert!(summary.reasons[0].contains("errors"), "{:?}", summary.reasons);
    }
}

#[test]
fn a_guard_in_alarm_at_the_start_refuses_or_is_let_pass() {
    let (mut world, plan) = guarded(GuardBaseline::RequireOk, AlarmState::Alarm);
    let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
    assert_eq!((summary.exit, world.writes.len()), (Exit::Precondition, 0));
    let (mut world, plan) = guarded(GuardBaseline::Transition, AlarmState::Alarm);
    let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
    assert_eq!(summary.exit, Exit::Done);
}

#[test]
fn a_guard_that_is_not_there_refuses() {
    let (mut world, plan) = guarded(GuardBaseline::RequireOk, AlarmState::Ok);
    world.alarms.clear();
    let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
    assert_eq!((summary.exit, world.writes.len()), (Exit::Precondition, 0));
}

#[test]
fn a_tripped_guard_with_nothing_changed_is_nine() {
    let (mut world, plan) = guarded(GuardBaseline::RequireOk, AlarmState::Ok);
    // The first call is throttled until the guard fires.
    world.fates = vec![Some(Fate::Refused("throttled")); 9].into();
    let mut driver = Driver::new(plan, &world).hooked(|world, command| {
        if matches!(command, Command::Emit(Happening::Retrying { .. })) {
            world.alarms[0].state = AlarmState::Alarm;
            world.now += jiff::SignedDuration::from_secs(20);
        }
        Vec::new()
    });
    let summary = driver.drive(&mut world).unwrap();
    assert_eq!((summary.exit, summary.changed), (Exit::GuardTripped, false));
}

#[test]
fn a_full_disk_stops_before_the_next_call() {
    for line in 0..20 {
        let mut world = World::new(&["a", "b"]);
        let plan = down(&["a", "b"]).plan(&mut world);
        let mut driver = Driver::new(plan, &world);
        driver.journal_fails_at = Some(line);
        let summary = driver.drive(&mut world).unwrap();
        if summary.status == Status::Succeeded {
            assert!(line >= driver.lines());
            continue;
        }
        let intents = driver.journal.matches("\"intent\"").count();
        assert!(
            world.writes.len() <= intents,
            "line {line}: a call without an intent on the disk"
        );
        let exit = if world.writes.is_empty() {
            Exit::Internal
        } else {
            Exit::Partial
        };
        assert_eq!(summary.exit, exit, "line {line}");
    }
}

#[test]
fn what_somebody_changed_since_is_not_taken_back() {
    let mut world = World::new(&["a", "b"]);
    let plan = down(&["a", "b"]).plan(&mut world);
    world.fates = [None, Some(Fate::Refused("denied"))].into();
    let mut driver = Driver::new(plan, &world).hooked(|world, command| {
        if matches!(command, Command::Emit(Happening::RollingBack)) {
            world.group("a").desired = 2;
        }
        Vec::new()
    });
    let summary = driver.drive(&mut world).unwrap();
    let journal = driver.journal.clone();
    drop(driver);
    assert_eq!(summary.exit, Exit::RollbackFailed);
    assert_eq!(world.sizes()[0], (0, 6, 2), "the newer change stays");
    assert!(
        summary.remains[0].contains("somebody changed it"),
        "{:?}",
        summary.remains
    );
    // A person puts it back and asks again.
    world.group("a").desired = 0;
    let summary = Driver::resume(&journal, Resume::RollBack, &world)
        .drive(&mut world)
        .unwrap();
    assert_eq!((summary.exit, world.sizes()[0]), (Exit::Done, (1, 6, 4)));
}

#[test]
fn one_failing_inverse_does_not_stop_the_others() {
    let names = ["a", "b", "c"];
    let mut world = World::new(&names);
    let plan = down(&names).plan(&mut world);
    // a and b are made, c is refused; taking back b is refused, a goes through.
    world.fates = [
        None,
        None,
        Some(Fate::Refused("denied")),
        Some(Fate::Refused("denied")),
    ]
    .into();
    let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
    assert_eq!(summary.exit, Exit::RollbackFailed);
    assert_eq!(world.sizes(), [(1, 6, 4), (0, 6, 0), (1, 6, 4)]);
    assert_eq!(summary.remains.len(), 1, "{:?}", summary.remains);
}

#[test]
fn a_rollback_that_is_stopped_can_be_finished() {
    let names = ["a", "b", "c"];
    let mut world = World::new(&names);
    let plan = down(&names).plan(&mut world);
    world.fates = [None, None, Some(Fate::Refused("denied"))].into();
    let mut stopped = false;
    let mut driver = Driver::new(plan, &world).hooked(|world, command| {
        if matches!(command, Command::Write { .. }) && world.writes.len() == 2 && !stopped {
            stopped = true;
            return vec![interrupt(Then::Stop)];
        }
        Vec::new()
    });
    driver.drive(&mut world).unwrap();
    let summary = driver.run.summary().unwrap().clone();
    let journal = driver.journal.clone();
    drop(driver);
    assert_eq!(
        (summary.exit, summary.status),
        (Exit::Partial, Status::Interrupted)
    );
    for (to, exit) in [
        (Resume::Forward, Exit::RolledBack),
        (Resume::RollBack, Exit::Done),
    ] {
        let mut world = world.clone();
        let summary = Driver::resume(&journal, to, &world).drive(&mut world).unwrap();
        assert_eq!(
            (summary.exit, summary.status),
            (exit, Status::RolledBack),
            "{to:?} {summary:#?}"
        );
        assert_eq!(world.sizes(), [(1, 6, 4); 3]);
        assert_nothing_twice(&world);
    }
}

#[test]
fn an_unknown_call_is_looked_into_before_it_is_said_what_remains() {
    for fate in [Fate::ActedUnanswered, Fate::LostUnanswered] {
        let mut world = World::new(&["a"]);
        let mut planned = down(&["a"]).on_failure(FailurePolicy::Stop);
        planned.steps[0].attempts = 1;
        let plan = planned.plan(&mut world);
        world.fates.push_back(Some(fate));
        let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
        match fate {
            Fate::ActedUnanswered => assert_eq!(summary.exit, Exit::Done),
            _ => assert_eq!((summary.exit, summary.changed), (Exit::Deadline, false)),
        }
        assert_eq!(summary.targets.unknown, 0);
    }
}

#[test]
fn a_thousand_targets_are_no_burden() {
    let names: Vec<String> = (0..300).map(|number| format!("g{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut world = World::new(&names);
    let lanes = names
        .iter()
        .map(|name| json!({"group": name, "processes": ["AZRebalance"]}))
        .collect();
    let mut planned = Planned::new(vec![StepSpec::new("hold", "asg.suspend_processes", lanes)]);
    planned.steps[0].concurrency = 10;
    let plan = planned.plan(&mut world);
    let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
    assert_eq!((summary.exit, summary.targets.ok), (Exit::Done, 300));
}
