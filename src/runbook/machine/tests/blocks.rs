//! Blocks with a rescue, undo by steps, checks under watch, steps that look and wait, and what is only
//! known at the end: from the text of a runbook to its end, and from every place where it may die.

use super::driver::{Death, Driver, assert_nothing_twice, interrupt};
use super::world::{Fate, World};
use crate::domain::exit::Exit;
use crate::domain::ops::{Mutation, sns};
use crate::runbook::machine::{Answer, Command, Happening, Summary};
use crate::runbook::plan::Plan;
use crate::runbook::planner::tests::plan_of;
use crate::runbook::record::{Resume, Status, Then};

const BLOCK: &str = r"
steps:
  - id: careful
    block:
      - {id: hold, action: asg.suspend_processes, with: {group: a, processes: [AlarmNotification]}}
      - {id: down, action: asg.set_capacity, with: {group: a, min: 0, desired: 0}, wait: {timeout: 5m}}
      - {id: other, action: asg.set_capacity, with: {group: b, min: 0, desired: 0}, wait: {timeout: 5m}}
    rescue:
      - {id: up, action: asg.set_capacity, with: {group: a, min: 2, desired: 2}, wait: {timeout: 5m}}
    always:
      - {id: release, action: asg.resume_processes, with: {group: a, processes: [AlarmNotification]}}
  - {id: last, action: asg.set_capacity, with: {group: c, min: 0, desired: 0}, wait: {timeout: 5m}}
";

fn world() -> World {
    World::new(&["a", "b", "c"])
}

fn plan(body: &str) -> Plan {
    plan_of(body, &mut world()).unwrap()
}

fn run(plan: &Plan, world: &mut World) -> (Summary, usize) {
    let mut driver = Driver::new(plan.clone(), world);
    let summary = driver.drive(world).expect("it does not die");
    (summary, driver.lines())
}

type Seen = (Status, Exit, Vec<(u32, u32, u32)>, Vec<usize>);

fn seen(summary: &Summary, world: &World) -> Seen {
    let suspended = world.groups.iter().map(|group| group.suspended.len()).collect();
    (summary.status, summary.exit, world.sizes(), suspended)
}

/// Wherever a run dies, it comes to the same end once it is taken up again, with nothing done twice.
fn survives(body: &str, world: impl Fn() -> World) -> Seen {
    let plan = plan_of(body, &mut world()).unwrap();
    let mut whole = world();
    let (summary, lines) = run(&plan, &mut whole);
    let expected = seen(&summary, &whole);
    for line in 1..lines {
        for death in [Death::After(line), Death::Before(line)] {
            let mut world = world();
            let mut first = Driver::new(plan.clone(), &world);
            first.death = death;
            assert!(first.drive(&mut world).is_none(), "{death:?}");
            let mut second = Driver::resume(&first.journal, Resume::Forward, &world);
            let summary = second.drive(&mut world).expect("it does not die");
            assert_eq!(
                seen(&summary, &world),
                expected,
                "{death:?} {summary:#?}\n{}",
                second.journal
            );
            assert_nothing_twice(&world);
        }
    }
    expected
}

#[test]
fn a_block_that_goes_well_needs_no_rescue_and_tidies_up() {
    let plan = plan(BLOCK);
    let mut world = world();
    let (summary, _) = run(&plan, &mut world);
    assert_eq!((summary.exit, summary.status), (Exit::Done, Status::Succeeded));
    assert_eq!(world.sizes(), [(0, 6, 0); 3]);
    assert!(world.groups[0].suspended.is_empty());
    assert_eq!((summary.targets.ok, summary.targets.skipped), (5, 0));
}

#[test]
fn a_rescue_runs_and_the_run_has_failed_all_the_same() {
    for (policy, status, exit, sizes) in [
        (
            "stop",
            Status::Partial,
            Exit::Partial,
            [(2, 6, 2), (1, 6, 4), (1, 6, 4)],
        ),
        (
            "rollback",
            Status::RolledBack,
            Exit::RolledBack,
            [(1, 6, 4), (1, 6, 4), (1, 6, 4)],
        ),
    ] {
        let body = format!("{BLOCK}on_failure: {policy}\n");
        let found = survives(&body, || {
            let mut world = world();
            world.denied.push("b".to_owned());
            world
        });
        assert_eq!(found, (status, exit, sizes.to_vec(), vec![0, 0, 0]), "{policy}");
    }
}

#[test]
fn a_rescue_meets_the_resource_where_the_failure_left_it() {
    // The first change of the group is refused, so it is not where the rescue was planned from.
    let found = survives(&format!("{BLOCK}on_failure: stop\n"), || {
        let mut world = world();
        world.denied.push("a".to_owned());
        world
    });
    assert_eq!(found.2[0], (2, 6, 2));
    assert_eq!(found.0, Status::Partial);
}

#[test]
fn a_rescue_leaves_alone_what_somebody_else_changed() {
    let plan = plan(&format!("{BLOCK}on_failure: stop\n"));
    let mut world = world();
    world.denied.push("b".to_owned());
    let mut driver = Driver::new(plan, &world).hooked(|world, command| {
        if matches!(command, Command::Emit(Happening::StepBegan { step }) if step == "up") {
            world.group("a").desired = 5;
        }
        Vec::new()
    });
    let summary = driver.drive(&mut world).unwrap();
    drop(driver);
    assert_eq!(world.group("a").desired, 5);
    assert_eq!(summary.exit, Exit::Partial);
}

#[test]
fn a_failing_rescue_changes_nothing_about_the_verdict() {
    let body = format!("{BLOCK}on_failure: rollback\n");
    let plan = plan(&body);
    let mut world = world();
    // The other group is refused, and so is the rescue.
    world.fates = [
        None,
        None,
        Some(Fate::Refused("denied")),
        Some(Fate::Refused("denied")),
    ]
    .into();
    let (summary, _) = run(&plan, &mut world);
    assert_eq!(world.sizes(), [(1, 6, 4); 3]);
    assert_eq!((summary.exit, summary.rolled_back), (Exit::RolledBack, true));
    assert!(world.groups[0].suspended.is_empty());
}

#[test]
fn a_tidying_up_that_fails_changes_no_verdict() {
    let plan = plan(BLOCK);
    let mut world = world();
    world.fates = [None, None, None, Some(Fate::Refused("denied"))].into();
    let (summary, _) = run(&plan, &mut world);
    assert_eq!((summary.exit, summary.status), (Exit::Done, Status::Succeeded));
    assert_eq!(world.groups[0].suspended.len(), 1);
    assert_eq!(summary.targets.failed, 1);
}

#[test]
fn an_interrupt_in_a_block_tidies_up_before_taking_back_and_rescues_nothing() {
    let plan = plan(BLOCK);
    let mut world = world();
    let mut driver = Driver::new(plan, &world).hooked(|_, command| {
        if matches!(command, Command::Emit(Happening::StepBegan { step }) if step == "other") {
            return vec![interrupt(Then::RollBack)];
        }
        Vec::new()
    });
    let summary = driver.drive(&mut world).unwrap();
    let steps: Vec<String> = driver
        .happenings
        .iter()
        .filter_map(|happening| match happening {
            Happening::StepBegan { step } => Some(step.clone()),
            _ => None,
        })
        .collect();
    drop(driver);
    assert_eq!(steps, ["hold", "down", "other", "release"]);
    assert_eq!(world.sizes(), [(1, 6, 4); 3]);
    assert!(world.groups[0].suspended.is_empty());
    assert_eq!(summary.exit, Exit::RolledBack);
}

#[test]
fn a_run_stopped_in_a_rescue_goes_on_with_it() {
    let plan = plan(&format!("{BLOCK}on_failure: rollback\n"));
    let mut world = world();
    world.denied.push("b".to_owned());
    let mut driver = Driver::new(plan, &world).hooked(|_, command| {
        if matches!(command, Command::Emit(Happening::StepBegan { step }) if step == "up") {
            return vec![interrupt(Then::Stop)];
        }
        Vec::new()
    });
    let summary = driver.drive(&mut world).unwrap();
    let journal = driver.journal.clone();
    drop(driver);
    assert_eq!(summary.status, Status::Interrupted);
    let summary = Driver::resume(&journal, Resume::Forward, &world)
        .drive(&mut world)
        .unwrap();
    assert_eq!(
        (summary.status, summary.exit),
        (Status::RolledBack, Exit::RolledBack)
    );
    assert_eq!(world.sizes(), [(1, 6, 4); 3]);
    assert_nothing_twice(&world);
}

const OWN_UNDO: &str = r#"
steps:
  - id: down
    action: asg.set_capacity
    with: {group: a, min: 0, desired: 0}
    wait: {timeout: 5m}
    undo:
      steps:
        - {id: half, action: asg.set_capacity, with: {group: a, min: 1, desired: "${before.desired / 2 == 2 ? 3 : 9}"}, wait: {timeout: 5m}}
        - {id: hold, action: asg.suspend_processes, with: {group: c, processes: [AlarmNotification]}}
  - {id: other, action: asg.set_capacity, with: {group: b, min: 0, desired: 0}, wait: {timeout: 5m}}
"#;

#[test]
fn a_step_is_taken_back_by_the_steps_that_its_author_gives() {
    let planned = plan(OWN_UNDO);
    assert_eq!(planned.changes.len(), 2, "undo is no change of the plan");
    assert!(
        planned.changes[0].undo.contains("desired"),
        "{}",
        planned.changes[0].undo
    );
    // What undo would touch is locked too.
    assert!(planned.lock_keys().iter().any(|key| key.ends_with("/c")));
    let found = survives(OWN_UNDO, || {
        let mut world = world();
        world.denied.push("b".to_owned());
        world
    });
    assert_eq!(
        found,
        (
            Status::RolledBack,
            Exit::RolledBack,
            vec![(1, 6, 3), (1, 6, 4), (1, 6, 4)],
            vec![0, 0, 1]
        )
    );
}

#[test]
fn steps_that_look_wait_until_it_holds_or_fail() {
    let body = |within: &str| {
        format!(
            r"
steps:
  - {{id: down, action: asg.set_capacity, with: {{group: a, min: 0, desired: 0}}, wait: {{timeout: 5m}}}}
  - {{id: quiet, check: asg.no_activity_in_progress, with: {{groups: [a]}}, within: {within}}}
  - {{id: well, check: alarm.state, with: {{alarms: [errors], is: ok}}, within: {within}, every: 30s, message: still errors}}
  - {{id: other, action: asg.set_capacity, with: {{group: b, min: 0, desired: 0}}, wait: {{timeout: 5m}}}}
"
        )
    };
    use crate::domain::alarm::AlarmState;
    let alarmed = || world().with_alarm("errors", AlarmState::Alarm);
    let plan = plan_of(&body("10m"), &mut alarmed()).unwrap();
    let mut ill = alarmed();
    let (summary, _) = run(&plan, &mut ill);
    assert_eq!(summary.exit, Exit::RolledBack);
    assert!(summary.reasons[0].contains("well"), "{:?}", summary.reasons);
    assert_eq!(ill.sizes(), [(1, 6, 4); 3]);
    // It gets well while it is looked at.
    let mut world = alarmed();
    let began = world.now;
    let (mut awaited, mut failed) = (Vec::new(), 0);
    let mut driver = Driver::new(plan, &world).hooked(|world, command| {
        if world.now.duration_since(began).as_secs() > 240 {
            world.alarms[0].state = AlarmState::Ok;
        }
        match command {
            Command::Emit(Happening::Awaited {
                elapsed_s, limit_s, ..
            }) => awaited.push((*elapsed_s, *limit_s)),
            Command::Emit(Happening::Checked { passed: false, .. }) => failed += 1,
            _ => {}
        }
        Vec::new()
    });
    let summary = driver.drive(&mut world).unwrap();
    drop(driver);
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    assert_eq!(
        awaited[..2],
        [(0, 600), (30, 600)],
        "what has time left has not failed"
    );
    assert_eq!(failed, 0);
    assert_eq!(world.sizes()[..2], [(0, 6, 0); 2]);
    let found = survives(&body("5m"), alarmed);
    assert_eq!(found.1, Exit::RolledBack);
}

#[test]
fn a_pause_is_answered_once_and_needs_somebody_to_answer() {
    let body = r#"
steps:
  - {id: down, action: asg.set_capacity, with: {group: a, min: 0, desired: 0}, wait: {timeout: 5m}}
  - {id: look, pause: "Is ${account.id} quiet?", timeout: 20m}
  - {id: other, action: asg.set_capacity, with: {group: b, min: 0, desired: 0}, wait: {timeout: 5m}}
"#;
    let planned = plan(body);
    assert_eq!(planned.first_pause().map(|step| step.id.as_str()), Some("look"));
    let found = survives(body, world);
    assert_eq!((found.0, found.1), (Status::Succeeded, Exit::Done));
    let mut world = world();
    let mut driver = Driver::new(planned, &world);
    driver.answers = [Answer::Yes, Answer::No].into();
    let summary = driver.drive(&mut world).unwrap();
    assert_eq!(summary.exit, Exit::RolledBack);
    assert_eq!(world.sizes(), [(1, 6, 4); 3]);
}

#[test]
fn a_check_under_watch_stops_the_run() {
    use crate::domain::alarm::AlarmState;
    let body = |baseline: &str| {
        format!(
            r#"
guards:
  - {{check: alarm.state, with: {{alarms: [errors]}}, baseline: {baseline}, every: 10s}}
  - {{check: expr, that: "account.id == '123456789012'", every: 20s}}
steps:
  - {{id: down, action: asg.set_capacity, with: {{group: a, min: 0, desired: 0}}, wait: {{timeout: 5m}}}}
  - {{id: other, action: asg.set_capacity, with: {{group: b, min: 0, desired: 0}}, wait: {{timeout: 5m}}}}
"#
        )
    };
    for (baseline, at_start, exit) in [
        ("require_ok", AlarmState::Ok, Exit::Done),
        ("require_ok", AlarmState::Alarm, Exit::Precondition),
        ("transition", AlarmState::Alarm, Exit::Done),
    ] {
        let mut world = world().with_alarm("errors", at_start);
        let plan = plan_of(&body(baseline), &mut world).unwrap();
        let (summary, _) = run(&plan, &mut world);
        assert_eq!(summary.exit, exit, "{baseline} {at_start:?} {summary:#?}");
    }
    // It holds, or comes to hold, and then does not any more.
    for at_start in [AlarmState::Ok, AlarmState::Alarm] {
        let mut world = world().with_alarm("errors", at_start);
        let plan = plan_of(&body("transition"), &mut world).unwrap();
        let mut looks = 0;
        let mut driver = Driver::new(plan, &world).hooked(move |world, command| {
            if matches!(command, Command::Emit(Happening::Guarded { alarm, .. }) if alarm.starts_with('1')) {
                looks += 1;
                world.alarms[0].state = if looks == 1 {
                    AlarmState::Ok
                } else {
                    AlarmState::Alarm
                };
            }
            Vec::new()
        });
        let summary = driver.drive(&mut world).unwrap();
        drop(driver);
        assert!(summary.reasons[0].contains("alarm.state"), "{summary:#?}");
        assert_eq!(world.sizes(), [(1, 6, 4); 3]);
    }
}

#[test]
fn what_runs_at_the_end_may_depend_on_how_it_went() {
    let body = r"
steps:
  - {id: down, action: asg.set_capacity, with: {group: a, min: 0, desired: 0}, wait: {timeout: 5m}}
always:
  - id: well
    when: run.status == 'succeeded'
    action: asg.suspend_processes
    with: {group: b, processes: [AlarmNotification]}
  - id: ill
    when: run.status != 'succeeded'
    action: asg.suspend_processes
    with: {group: c, processes: [AlarmNotification]}
";
    let found = survives(body, world);
    assert_eq!((found.1, found.3), (Exit::Done, vec![0, 1, 0]));
    let found = survives(body, || {
        let mut world = world();
        world.denied.push("a".to_owned());
        world
    });
    assert_eq!(found.3, [0, 0, 1]);
    assert_eq!(found.1, Exit::Credentials);
}

const USING: &str = r"
limits: {max_targets: 5}
steps:
  - {id: first, action: asg.suspend_processes, with: {group: c, processes: [AlarmNotification]}}
  - {id: down, use: down, with: {group: a, size: 0}}
always:
  - {id: after, use: hold, with: {group: b}}
";

const DOWN: &str = r#"
params:
  group: {type: string, about: The group}
  size: {type: int, about: How many stay}
  least: {type: int, about: The least, default: "${params.size}"}
TARGET
preconditions:
  - {check: expr, that: "params.size >= 0", message: nothing is less than none}
guards:
  - {check: expr, that: "params.group == 'a'"}
steps:
  - id: set
    action: asg.set_capacity
    with: {group: "${params.group}", min: "${params.least}", desired: "${params.size}"}
    wait: {until: live.in_service == params.size, timeout: 5m}
verify:
  - {check: expr, that: "params.size == 0 and params.group == 'a'", within: 1m}
always:
  - {id: tidy, action: asg.suspend_processes, with: {group: "${params.group}", processes: [AZRebalance]}}
"#;

const HOLD: &str = r#"
params:
  group: {type: string, about: The group}
steps:
  - {id: hold, action: asg.suspend_processes, with: {group: "${params.group}", processes: [AZRebalance]}}
"#;

#[test]
fn a_used_runbook_is_part_of_the_run_with_its_own_parameters_and_promises() {
    use crate::runbook::planner::tests::plan_using;
    let using = |target: &str| {
        [
            ("down", DOWN.replace("TARGET", target)),
            ("hold", HOLD.to_owned()),
        ]
    };
    let plan = plan_using(USING, &using(""), &mut world()).unwrap();
    assert_eq!((plan.preconditions.len(), plan.guard_checks.len()), (1, 1));
    let ids: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(
        ids,
        ["first", "down/set", "down/verify-1", "down/tidy", "after/hold"]
    );
    let mut world = world();
    let (summary, _) = run(&plan, &mut world);
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    assert_eq!(world.sizes()[0], (0, 6, 0));
    let suspended: Vec<usize> = world.groups.iter().map(|group| group.suspended.len()).collect();
    assert_eq!(suspended, [1, 1, 1]);
}

#[test]
fn the_target_and_the_limits_of_a_used_runbook_hold_for_who_uses_it() {
    use crate::runbook::planner::tests::plan_using;
    for (own, why) in [
        ("target: {regions: [eu-central-1]}", "may not be used in account"),
        ("limits: {max_removed: 3}", "takes away 4 instances"),
    ] {
        let library = [("down", DOWN.replace("TARGET", own)), ("hold", HOLD.to_owned())];
        let refused = plan_using(USING, &library, &mut world()).unwrap_err();
        assert_eq!(refused.exit, Exit::Precondition, "{refused}");
        assert!(refused.reasons[0].contains(why), "{refused}");
    }
}

const TELLS: &str = r#"
steps:
  - {id: begun, action: notify.sns, with: {topic: "arn:aws:sns:us-east-1:123456789012:ops", title: "down goes ${account.id}"}}
  - {id: down, action: asg.set_capacity, with: {group: a, min: 0, desired: 0}, wait: {timeout: 5m}}
always:
  - {id: ended, action: notify.sns, with: {topic: "arn:aws:sns:us-east-1:123456789012:ops", title: "it ${run.status}", text: "${run.summary}"}}
"#;

/// What was published: subjects and messages.
fn told(world: &World) -> Vec<(String, String)> {
    world
        .writes
        .iter()
        .filter_map(|(change, _)| match change {
            Mutation::Sns(sns::Write::Publish { subject, message, .. }) => {
                Some((subject.clone(), message.clone()))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn messages_say_how_it_went_and_are_sent_at_most_once() {
    let plan = plan(TELLS);
    assert!(plan.lock_keys().iter().all(|key| !key.contains("sns")));
    assert_eq!(plan.blast_radius.targets.values().sum::<usize>(), 1);
    let mut well = world();
    let (summary, lines) = run(&plan, &mut well);
    assert_eq!(summary.exit, Exit::Done);
    let told_well = told(&well);
    assert_eq!(told_well[0].0, "down goes 123456789012");
    assert!(
        told_well[0].1.contains("status: running\nrun: r1"),
        "{told_well:?}"
    );
    assert_eq!(told_well[1].0, "it succeeded");
    // It fails, and the people are told why; what was told is not taken back.
    let mut ill = world();
    ill.denied.push("a".to_owned());
    let (summary, _) = run(&plan, &mut ill);
    assert_eq!(
        (summary.exit, summary.changed),
        (Exit::Credentials, false),
        "{summary:#?}"
    );
    let told_ill = told(&ill);
    assert_eq!(told_ill[1].0, "it failed");
    assert!(told_ill[1].1.contains("step down failed"), "{told_ill:?}");
    // Whether a message was sent just before a process died cannot be seen: it is not sent again.
    for line in 1..lines {
        for death in [Death::After(line), Death::Before(line)] {
            let mut world = world();
            let mut first = Driver::new(plan.clone(), &world);
            first.death = death;
            assert!(first.drive(&mut world).is_none(), "{death:?}");
            let mut second = Driver::resume(&first.journal, Resume::Forward, &world);
            let summary = second.drive(&mut world).unwrap();
            assert_eq!(summary.exit, Exit::Done, "{death:?} {summary:#?}");
            assert_nothing_twice(&world);
            let subjects: Vec<String> = told(&world).into_iter().map(|(subject, _)| subject).collect();
            assert!(
                !subjects.is_empty() && subjects.len() <= 2,
                "{death:?} {subjects:?}"
            );
        }
    }
}

#[test]
fn nobody_is_told_of_nothing_and_a_message_that_fails_changes_no_verdict() {
    let mut done = world();
    (done.group("a").min, done.group("a").desired) = (0, 0);
    let empty = plan_of(TELLS, &mut done).unwrap();
    assert!(empty.is_empty() && empty.steps.is_empty(), "{:?}", empty.steps);
    for (said, exit) in [("", Exit::Done), (", allow_failure: false", Exit::Credentials)] {
        let body = TELLS.replacen("{account.id}\"}", &format!("{{account.id}}\"}}{said}"), 1);
        let plan = plan(&body);
        let mut world = world();
        world.fates = [Some(Fate::Refused("denied"))].into();
        let mut driver = Driver::new(plan.clone(), &world);
        let summary = driver.drive(&mut world).unwrap();
        assert_eq!(summary.exit, exit, "{said} {summary:#?}");
        // What changes no verdict is told all the same, by the journal alone too.
        if exit == Exit::Done {
            let [warning] = summary.warnings.as_slice() else {
                panic!("{summary:#?}");
            };
            assert!(
                warning.contains("was not delivered: sns:Publish: denied"),
                "{warning}"
            );
            let journal = crate::runbook::record::read(&driver.journal).unwrap();
            assert_eq!(Summary::of(&journal).unwrap().warnings, summary.warnings);
        }
    }
    let mut lost = world();
    lost.fates = [Some(Fate::ActedUnanswered)].into();
    let (summary, _) = run(&plan(TELLS), &mut lost);
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    assert!(
        summary.warnings[0].contains("nobody knows whether the notification to"),
        "{summary:#?}"
    );
}

#[test]
fn a_program_runs_at_most_once_and_only_if_it_is_allowed() {
    let body = |program: &str| {
        format!(
            r#"
steps:
  - {{id: down, action: asg.set_capacity, with: {{group: a, min: 0, desired: 0}}, wait: {{timeout: 5m}}}}
  - {{id: tell, action: exec.run, with: {{argv: ["{program}", "$(id)", "a b"]}}}}
"#
        )
    };
    let refused = plan_of(&body("/bin/rm"), &mut world()).unwrap_err();
    assert_eq!(refused.exit, Exit::Usage);
    assert!(refused.reasons[0].contains("runbooks.programs"), "{refused}");
    let plan = plan(&body("/usr/bin/true"));
    assert!(!plan.changes[1].reversible);
    let (summary, _) = run(&plan, &mut world());
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    // No answer: nobody knows, nothing is repeated, and the run says so.
    let mut lost = world();
    lost.fates = [None, Some(Fate::ActedUnanswered)].into();
    let (summary, _) = run(&plan, &mut lost);
    assert_eq!(
        (summary.exit, summary.targets.unknown),
        (Exit::Partial, 1),
        "{summary:#?}"
    );
    assert_eq!(lost.writes.len(), 3, "down, the program once, and up again");
    assert_eq!(lost.sizes()[0], (1, 6, 4));
    // It ends badly.
    let mut bad = world();
    bad.program_exit = 3;
    let (summary, _) = run(&plan, &mut bad);
    assert_eq!(summary.exit, Exit::Partial, "{summary:#?}");
    assert!(summary.remains[0].contains("/usr/bin/true"), "{summary:#?}");
}

#[test]
fn a_document_runs_once_on_a_host_that_answers_and_only_if_it_is_allowed() {
    let body = |document: &str, instance: &str| {
        format!(
            r"
steps:
  - id: drain
    action: ssm.run_document
    with: {{document: {document}, instance: {instance}, parameters: {{mode: [gentle]}}}}
    wait: {{timeout: 5m}}
"
        )
    };
    for (document, instance, why) in [
        ("other", "i-1", "runbooks.documents"),
        ("drain-host", "i-9", "not registered"),
        ("drain-host", "i-2", "does not answer"),
    ] {
        let refused = plan_of(&body(document, instance), &mut world()).unwrap_err();
        assert!(refused.reasons[0].contains(why), "{refused}");
    }
    let body = body("drain-host", "i-1");
    let found = survives(&body, world);
    assert_eq!((found.0, found.1), (Status::Succeeded, Exit::Done));
    for fate in [Fate::ActedUnanswered, Fate::LostUnanswered] {
        let plan = plan(&body);
        let mut world = world();
        world.fates.push_back(Some(fate));
        let (summary, _) = run(&plan, &mut world);
        assert_eq!(summary.exit, Exit::Done, "{fate:?} {summary:#?}");
        assert_eq!(world.writes.len(), 1, "{fate:?}");
    }
}
