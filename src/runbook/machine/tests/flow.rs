//! Confirmation, locks, order, canaries, interrupts, deadlines, verification.

use serde_json::json;

use super::driver::{Driver, Planned, StepSpec, assert_nothing_twice, capacity, interrupt};
use super::world::{Fate, World};
use crate::domain::exit::Exit;
use crate::domain::policy::ConfirmLevel;
use crate::runbook::machine::{Answer, Command, Event, Happening, Via};
use crate::runbook::plan::{CheckItem, FailurePolicy, Role, Severity};
use crate::runbook::record::{Record, Resume, Status, Then};

fn down(names: &[&str]) -> Planned {
    let lanes = names.iter().map(|name| capacity(name, 0)).collect();
    Planned::new(vec![StepSpec::new("down", "asg.set_capacity", lanes)])
}

#[test]
fn nothing_to_do_asks_nobody_and_writes_nothing() {
    let mut world = World::new(&["a"]);
    let plan = Planned::new(vec![StepSpec::new(
        "same",
        "asg.set_capacity",
        vec![json!({"group": "a", "desired": 4})],
    )])
    .plan(&mut world);
    assert!(plan.is_empty());
    let mut driver = Driver::new(plan, &world);
    driver.answers.push_back(Answer::No);
    let summary = driver.drive(&mut world).unwrap();
    assert_eq!((summary.exit, summary.status), (Exit::Done, Status::Succeeded));
    assert_eq!(driver.journal, "");
}

#[test]
fn a_plan_is_confirmed_at_its_level_or_not_at_all() {
    let digest = |digest: &str, name: Option<&str>| Answer::Digest {
        digest: digest.to_owned(),
        name: name.map(str::to_owned),
    };
    let name = |name: &str| Answer::Name(name.to_owned());
    let (ack, typed) = (ConfirmLevel::Ack, ConfirmLevel::TypeName);
    let cases = [
        (ack, Answer::Yes, Exit::Done),
        (ack, name("a"), Exit::Done),
        (ack, digest("THIS", None), Exit::Done),
        (ack, Answer::No, Exit::Declined),
        (ack, Answer::NoTerminal, Exit::NeedsTerminal),
        (ack, digest("sha256:other", None), Exit::Drift),
        (typed, name("a"), Exit::Done),
        (typed, digest("THIS", Some("a")), Exit::Done),
        (typed, Answer::Yes, Exit::NeedsTerminal),
        (typed, digest("THIS", None), Exit::NeedsTerminal),
        (typed, digest("sha256:other", Some("a")), Exit::Drift),
        (typed, name("a "), Exit::Declined),
        (typed, name("A"), Exit::Declined),
        (typed, name(""), Exit::Declined),
        (typed, Answer::No, Exit::Declined),
        (typed, Answer::NoTerminal, Exit::NeedsTerminal),
    ];
    for (level, answer, exit) in cases {
        let mut world = World::new(&["a"]);
        let mut planned = down(&["a"]);
        planned.frame.confirm_at_least = level;
        let plan = planned.plan(&mut world);
        assert_eq!(plan.confirm.level, level);
        let answer = match answer {
            Answer::Digest { digest, name } if digest == "THIS" => Answer::Digest {
                digest: plan.digest.clone(),
                name,
            },
            other => other,
        };
        let mut driver = Driver::new(plan, &world);
        driver.answers.push_back(answer.clone());
        let summary = driver.drive(&mut world).unwrap();
        assert_eq!(summary.exit, exit, "{level:?} {answer:?}");
        assert_eq!(world.writes.is_empty(), exit != Exit::Done);
        assert_eq!(driver.journal.is_empty(), exit != Exit::Done);
    }
}

#[test]
fn a_run_says_who_confirmed_it_or_why_nobody_did() {
    let of = |level, answer: Answer, via| {
        let mut world = World::new(&["a"]);
        let mut planned = down(&["a"]);
        planned.frame.confirm_at_least = level;
        let plan = planned.plan(&mut world);
        let mut driver = Driver::new(plan.clone(), &world);
        driver.answers.push_back(answer);
        driver.via = via;
        let summary = driver.drive(&mut world).unwrap();
        let line = driver.journal.lines().next().map(|line| {
            let entry: crate::runbook::record::Entry = serde_json::from_str(line).unwrap();
            let clock = crate::runbook::tell::Clock {
                zone: jiff::tz::TimeZone::UTC,
                now: entry.at.wall,
            };
            crate::runbook::tell::record(&entry, &plan, &clock).text()
        });
        (summary, line)
    };
    let name = |name: &str| Answer::Name(name.to_owned());
    let (ack, typed) = (ConfirmLevel::Ack, ConfirmLevel::TypeName);
    for (level, answer, via, said) in [
        (ack, Answer::Yes, Via::Flags, "confirmed with --yes"),
        (
            ack,
            Answer::Yes,
            Via::Person,
            "confirmed by alice, who typed apply",
        ),
        (typed, name("a"), Via::Flags, "confirmed with --confirm-name"),
        (
            typed,
            name("a"),
            Via::Person,
            "confirmed by alice, who typed the name",
        ),
    ] {
        let line = of(level, answer, via).1.unwrap();
        assert!(line.contains(said), "{line}");
    }
    for (level, answer, via, said) in [
        (ack, Answer::No, Via::Person, "nobody typed `apply`"),
        (typed, Answer::No, Via::Person, "nobody typed the name `a`"),
        (
            ack,
            name("b"),
            Via::Flags,
            "--confirm-name gives `b`, and this plan is confirmed with the name `a`",
        ),
        (
            typed,
            name("b"),
            Via::Person,
            "what was typed is `b`, and this plan is confirmed with the name `a`",
        ),
    ] {
        let summary = of(level, answer, via).0;
        assert_eq!(
            (summary.exit, &summary.reasons[..]),
            (Exit::Declined, &[said.to_owned()][..])
        );
    }
}

#[test]
fn a_plan_expires_while_the_prompt_is_open() {
    let mut world = World::new(&["a"]);
    let plan = down(&["a"]).plan(&mut world);
    let expires_at = plan.expires_at;
    let mut driver = Driver::new(plan, &world).hooked(move |world, command| {
        if matches!(command, Command::Ask { .. }) {
            world.now = expires_at + jiff::SignedDuration::from_secs(1);
        }
        Vec::new()
    });
    assert_eq!(driver.drive(&mut world).unwrap().exit, Exit::Drift);
    drop(driver);
    assert_eq!(world.writes, []);
}

#[test]
fn another_account_is_refused() {
    let mut world = World::new(&["a"]);
    let plan = down(&["a"]).plan(&mut world);
    world.account = "999999999999".to_owned();
    let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
    assert_eq!(summary.exit, Exit::Precondition);
    assert_eq!(world.writes, []);
}

#[test]
fn a_held_lock_ends_the_run_with_nothing_changed() {
    let mut world = World::new(&["a"]);
    let plan = down(&["a"]).plan(&mut world);
    let mut driver = Driver::new(plan, &world);
    driver.refuse_lock = true;
    let summary = driver.drive(&mut world).unwrap();
    assert_eq!(
        (summary.exit, summary.status, summary.changed),
        (Exit::LockHeld, Status::Failed, false)
    );
    assert_eq!(world.writes, []);
}

#[test]
fn drift_between_plan_and_lock_changes_nothing() {
    for change in [0, 1] {
        let mut world = World::new(&["a", "b"]);
        let plan = down(&["a", "b"]).plan(&mut world);
        if change == 0 {
            world.group("b").desired = 5;
        } else {
            world.groups.retain(|group| group.name != "b");
        }
        let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
        assert_eq!((summary.exit, summary.status), (Exit::Drift, Status::Failed));
        assert_eq!(world.writes, []);
    }
}

#[test]
fn what_is_there_already_is_left_alone_and_never_taken_back() {
    let mut world = World::new(&["a", "b"]);
    let plan = down(&["a", "b"]).plan(&mut world);
    // Somebody else did the first one meanwhile, and the second is refused.
    let group = world.group("a");
    (group.min, group.desired) = (0, 0);
    world.fates.push_back(Some(Fate::Refused("denied")));
    let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
    assert_eq!(world.sizes(), [(0, 6, 0), (1, 6, 4)]);
    assert_eq!((summary.exit, summary.changed), (Exit::Credentials, false));
}

#[test]
fn drift_between_two_changes_stops_and_takes_back_the_first() {
    let mut world = World::new(&["a", "b"]);
    let plan = down(&["a", "b"]).plan(&mut world);
    let mut driver = Driver::new(plan, &world).hooked(|world, command| {
        if matches!(command, Command::Write { .. }) && world.writes.is_empty() {
            world.group("b").desired = 6;
        }
        Vec::new()
    });
    let summary = driver.drive(&mut world).unwrap();
    drop(driver);
    assert_eq!(
        world.sizes(),
        [(1, 6, 4), (1, 6, 6)],
        "b is as somebody else left it"
    );
    assert_eq!((summary.exit, summary.rolled_back), (Exit::RolledBack, true));
}

#[test]
fn the_canary_goes_alone_and_its_failure_stops_the_rest() {
    let names = ["a", "b", "c", "d", "e"];
    let planned = |stop: u32| {
        let mut planned = down(&names);
        planned.steps[0].concurrency = 3;
        planned.steps[0].canary = 1;
        planned.steps[0].stop_after_failures = stop;
        planned
    };
    let mut world = World::new(&names);
    let plan = planned(1).plan(&mut world);
    let mut driver = Driver::new(plan, &world);
    assert_eq!(driver.drive(&mut world).unwrap().exit, Exit::Done);
    assert_eq!(driver.most_in_flight, 3);
    // While the first was waited for, nothing else was begun.
    let first_end = position(&driver.happenings, |happening| {
        matches!(happening, Happening::Ended { .. })
    });
    let writes = driver.happenings[..first_end]
        .iter()
        .filter(|happening| matches!(happening, Happening::Writing { .. }))
        .count();
    assert_eq!(writes, 1);

    let mut world = World::new(&names);
    let plan = planned(1).plan(&mut world);
    world.fates.push_back(Some(Fate::Refused("denied")));
    let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
    assert_eq!((summary.exit, summary.targets.skipped), (Exit::Credentials, 4));
    assert_eq!(world.writes, []);
}

fn position(happenings: &[Happening], is_it: impl Fn(&Happening) -> bool) -> usize {
    happenings.iter().position(is_it).unwrap()
}

#[test]
fn failures_below_the_limit_let_the_others_go_on_and_are_no_success() {
    let names = ["a", "b", "c"];
    let mut world = World::new(&names);
    let mut planned = down(&names);
    planned.steps[0].stop_after_failures = 2;
    let plan = planned.plan(&mut world);
    world.fates.push_back(Some(Fate::Refused("denied")));
    let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
    assert_eq!(world.sizes(), [(1, 6, 4), (0, 6, 0), (0, 6, 0)]);
    assert_eq!((summary.exit, summary.status), (Exit::Partial, Status::Partial));
    assert_eq!((summary.targets.ok, summary.targets.failed), (2, 1));
}

#[test]
fn two_changes_of_one_group_are_planned_one_after_the_other() {
    let mut world = World::new(&["a"]);
    let plan = Planned::new(vec![
        StepSpec::new("down", "asg.set_capacity", vec![capacity("a", 1)]),
        StepSpec::new(
            "up",
            "asg.set_capacity",
            vec![json!({"group": "a", "desired": 3})],
        ),
    ])
    .plan(&mut world);
    assert_eq!(plan.changes[1].before["desired"], json!(1));
    let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
    assert_eq!(summary.exit, Exit::Done);
    assert_eq!(world.sizes(), [(1, 6, 3)]);
}

#[test]
fn rolling_back_on_request_takes_back_in_reverse() {
    let mut world = World::new(&["a", "b"]);
    let plan = down(&["a", "b"]).plan(&mut world);
    let mut driver = Driver::new(plan, &world).hooked(|world, command| {
        if matches!(command, Command::Emit(Happening::Waiting { .. })) && world.writes.len() == 2 {
            return vec![interrupt(Then::RollBack)];
        }
        Vec::new()
    });
    let summary = driver.drive(&mut world).unwrap();
    drop(driver);
    assert_eq!(
        (summary.exit, summary.status),
        (Exit::RolledBack, Status::RolledBack)
    );
    assert_eq!(world.sizes(), [(1, 6, 4); 2]);
    let groups: Vec<String> = world
        .writes
        .iter()
        .map(|(change, _)| format!("{change:?}"))
        .collect();
    assert!(
        groups[2].contains("\"b\"") && groups[3].contains("\"a\""),
        "{groups:?}"
    );
}

#[test]
fn a_wait_that_never_ends_is_ended_and_taken_back() {
    let mut world = World::new(&["a", "b"]);
    let plan = down(&["a", "b"]).plan(&mut world);
    world.stuck.push("b".to_owned());
    let begun = world.now;
    let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
    // The group never moves, so the inverse is there at once.
    assert_eq!(
        (summary.exit, summary.status),
        (Exit::RolledBack, Status::RolledBack)
    );
    assert_eq!(world.sizes(), [(1, 6, 4); 2]);
    assert!(world.now.duration_since(begun).as_secs() < 1_500);
}

#[test]
fn the_deadline_ends_a_run_and_the_policy_decides() {
    for (policy, exit, sizes) in [
        (FailurePolicy::RollBack, Exit::RolledBack, (1, 6, 4)),
        (FailurePolicy::Stop, Exit::Partial, (0, 6, 0)),
    ] {
        let mut world = World::new(&["a"]);
        let mut planned = down(&["a"]).on_failure(policy);
        planned.frame.deadline_s = 60;
        planned.steps[0].timeout_s = 3_000;
        let plan = planned.plan(&mut world);
        world.stuck.push("a".to_owned());
        let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
        assert_eq!(summary.exit, exit);
        assert_eq!(world.sizes(), [sizes]);
    }
}

#[test]
fn asking_what_to_do_on_failure() {
    for (answer, exit, desired) in [
        (Answer::Yes, Exit::RolledBack, 4),
        (Answer::No, Exit::Partial, 0),
        (Answer::NoTerminal, Exit::Partial, 0),
    ] {
        let mut world = World::new(&["a", "b"]);
        let plan = down(&["a", "b"]).on_failure(FailurePolicy::Ask).plan(&mut world);
        world.fates = [None, Some(Fate::Refused("denied"))].into();
        let mut driver = Driver::new(plan, &world);
        driver.answers = [Answer::Yes, answer].into();
        let summary = driver.drive(&mut world).unwrap();
        assert_eq!(summary.exit, exit);
        assert_eq!(world.groups[0].desired, desired);
    }
}

#[test]
fn what_always_runs_runs_at_every_end_and_changes_no_verdict() {
    for refuse in [false, true] {
        for fail_always in [false, true] {
            let mut world = World::new(&["a", "b"]);
            let mut planned = down(&["a"]);
            let mut always = StepSpec::new(
                "tidy",
                "asg.suspend_processes",
                vec![json!({"group": "b", "processes": ["AZRebalance"]})],
            );
            always.role = Role::Always;
            planned.steps.push(always);
            let plan = planned.plan(&mut world);
            let fate = |fails: bool| fails.then_some(Fate::Refused("denied"));
            world.fates = [fate(refuse), fate(fail_always)].into();
            let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
            let exit = if refuse { Exit::Credentials } else { Exit::Done };
            assert_eq!(summary.exit, exit, "{summary:#?}");
            assert_eq!(world.group("b").suspended.len(), usize::from(!fail_always));
        }
    }
}

fn at_rest(group: &str) -> CheckItem {
    CheckItem {
        check: "asg.no_activity_in_progress".to_owned(),
        with: json!({"groups": [group]}).as_object().unwrap().clone(),
        message: None,
        severity: Severity::Error,
        timeout_s: 60,
        every_s: 10,
        names: std::collections::BTreeMap::new(),
    }
}

fn quiet(alarm: &str) -> CheckItem {
    CheckItem {
        check: "alarm.state".to_owned(),
        with: json!({"alarms": [alarm], "is": "not_in_alarm"})
            .as_object()
            .unwrap()
            .clone(),
        ..at_rest("a")
    }
}

#[test]
fn only_a_verified_run_has_succeeded() {
    use crate::domain::alarm::AlarmState;
    for (state, exit) in [
        (AlarmState::Ok, Exit::Done),
        (AlarmState::Alarm, Exit::RolledBack),
    ] {
        let mut world = World::new(&["a"]).with_alarm("errors", state);
        let plan = down(&["a"])
            .verify(quiet("errors"))
            .verify(at_rest("a"))
            .plan(&mut world);
        let mut driver = Driver::new(plan, &world);
        let summary = driver.drive(&mut world).unwrap();
        assert_eq!(summary.exit, exit);
        assert_eq!(driver.run.ledger().is_verified(), exit == Exit::Done);
    }
}

#[test]
fn a_failed_precondition_changes_nothing() {
    use crate::domain::alarm::AlarmState;
    let mut world = World::new(&["a"]).with_alarm("errors", AlarmState::Alarm);
    let mut planned = down(&["a"]);
    planned.frame.preconditions.push(quiet("errors"));
    let plan = planned.plan(&mut world);
    let summary = Driver::new(plan, &world).drive(&mut world).unwrap();
    assert_eq!((summary.exit, summary.changed), (Exit::Precondition, false));
    assert_eq!(world.writes, []);
}

#[test]
fn a_run_is_over_only_once() {
    let mut world = World::new(&["a"]);
    let plan = down(&["a"]).plan(&mut world);
    let mut driver = Driver::new(plan, &world);
    driver.drive(&mut world).unwrap();
    let journal = crate::runbook::record::read(&driver.journal).unwrap();
    for to in [Resume::Forward, Resume::RollBack, Resume::Abandon] {
        let again = super::super::Run::resume(&journal, to, (super::driver::who(), None), world.moment());
        assert!(again.is_err(), "{to:?}");
    }
    assert!(
        driver
            .run
            .step(interrupt(Then::RollBack), world.moment())
            .is_empty()
    );
    assert!(driver.run.step(Event::Locked, world.moment()).is_empty());
}

#[test]
fn abandoning_leaves_things_as_they_are_and_says_so() {
    let mut world = World::new(&["a", "b"]);
    let plan = down(&["a", "b"]).plan(&mut world);
    let mut driver = Driver::new(plan, &world).hooked(|world, _| {
        if world.writes.len() == 1 {
            vec![interrupt(Then::Stop)]
        } else {
            Vec::new()
        }
    });
    driver.drive(&mut world).unwrap();
    let journal = driver.journal.clone();
    drop(driver);
    let mut second = Driver::resume(&journal, Resume::Abandon, &world);
    let summary = second.drive(&mut world).unwrap();
    assert_eq!((summary.status, summary.exit), (Status::Abandoned, Exit::Partial));
    assert_eq!(summary.remains.len(), 1);
    assert_eq!(world.sizes(), [(0, 6, 0), (1, 6, 4)]);
    assert_nothing_twice(&world);
}

#[test]
fn the_journal_names_the_requests_and_who_made_them() {
    let mut world = World::new(&["a"]);
    let plan = down(&["a"]).plan(&mut world);
    let mut driver = Driver::new(plan, &world);
    driver.drive(&mut world).unwrap();
    let journal = crate::runbook::record::read(&driver.journal).unwrap();
    assert!(matches!(&journal.entries[0].record, Record::Started { who, .. } if who.user == "alice"));
    assert!(driver.journal.contains("request-1"));
}

#[test]
fn a_run_that_is_alive_elsewhere_is_not_touched() {
    let mut world = World::new(&["a", "b"]);
    let plan = down(&["a", "b"]).plan(&mut world);
    let mut driver = Driver::new(plan, &world);
    driver.death = super::driver::Death::After(8);
    assert_eq!(driver.drive(&mut world), None);
    for to in [Resume::Forward, Resume::RollBack, Resume::Abandon] {
        let mut second = Driver::resume(&driver.journal, to, &world);
        second.refuse_lock = true;
        let summary = second.drive(&mut world).unwrap();
        assert_eq!(
            (summary.exit, summary.status),
            (Exit::LockHeld, Status::Running),
            "{to:?}"
        );
        assert_eq!(
            second.journal, driver.journal,
            "{to:?}: the journal is another process's"
        );
    }
}

#[test]
fn a_run_that_is_resumed_after_its_plan_expired_is_confirmed_again() {
    for (answer, exit) in [
        (Answer::Yes, Exit::Done),
        (Answer::NoTerminal, Exit::NeedsTerminal),
    ] {
        let mut world = World::new(&["a", "b"]);
        let plan = down(&["a", "b"]).plan(&mut world);
        let mut driver = Driver::new(plan, &world);
        driver.death = super::driver::Death::After(8);
        assert_eq!(driver.drive(&mut world), None);
        world.now += jiff::SignedDuration::from_hours(9);
        let mut second = Driver::resume(&driver.journal, Resume::Forward, &world);
        second.answers.push_back(answer);
        assert_eq!(second.drive(&mut world).unwrap().exit, exit);
    }
}

#[test]
fn a_pause_waits_for_a_person() {
    use crate::runbook::plan::{Step, Work};
    for (answer, exit, desired) in [
        (Answer::Yes, Exit::Done, [0, 0]),
        (Answer::No, Exit::RolledBack, [4, 4]),
        (Answer::NoTerminal, Exit::Partial, [0, 4]),
    ] {
        let mut world = World::new(&["a", "b"]);
        let mut plan = Planned::new(vec![
            StepSpec::new("first", "asg.set_capacity", vec![capacity("a", 0)]),
            StepSpec::new("second", "asg.set_capacity", vec![capacity("b", 0)]),
        ])
        .plan(&mut world);
        let pause = Step::new(
            "look".to_owned(),
            Role::Main,
            Work::Pause {
                message: "Is it quiet?".to_owned(),
                timeout_s: 600,
            },
        );
        plan.steps.insert(1, pause);
        let plan = plan.sealed().unwrap();
        let mut driver = Driver::new(plan, &world);
        driver.answers = [Answer::Yes, answer.clone()].into();
        let summary = driver.drive(&mut world).unwrap();
        assert_eq!(summary.exit, exit, "{answer:?} {summary:#?}");
        let live: Vec<u32> = world.groups.iter().map(|group| group.desired).collect();
        assert_eq!(live, desired, "{answer:?}");
        // Without a terminal it is left where somebody can go on.
        if answer == Answer::NoTerminal {
            let summary = Driver::resume(&driver.journal, Resume::Forward, &world)
                .drive(&mut world)
                .unwrap();
            assert_eq!(summary.exit, Exit::Done);
        }
    }
}
