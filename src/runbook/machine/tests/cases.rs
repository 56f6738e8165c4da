//! Cases in which runbook engines are known to fail, as far as they concern planning and the machine.
//! `docs/failure-cases.md` maps all of them.

use serde_json::json;

use super::driver::{Driver, Planned, StepSpec, assert_nothing_twice, capacity, interrupt};
use super::world::{Fate, World};
use crate::domain::alarm::AlarmState;
use crate::domain::exit::Exit;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::{Mutation, Query, autoscaling};
use crate::runbook::action::View;
use crate::runbook::machine::{Command, Event, Happening};
use crate::runbook::plan::{FailurePolicy, GuardBaseline, Plan};
use crate::runbook::planner::tests::{plan_of, plan_with, refused_at};
use crate::runbook::record::{Act, Resume, RunId, Status, Then};
use crate::runbook::value::{SecretRef, Value};

fn down(names: &[&str]) -> Planned {
    let lanes = names.iter().map(|name| capacity(name, 0)).collect();
    Planned::new(vec![StepSpec::new("down", "asg.set_capacity", lanes)])
}

fn end(plan: Plan, world: &mut World) -> super::Summary {
    Driver::new(plan, world).drive(world).expect("it does not die")
}

#[test]
fn what_people_type_stays_data() {
    let hostile = [
        "${params.x}",
        "{{ x }}",
        "$(rm -rf /)",
        "; rm -rf /",
        "a\nb",
        "\u{1b}]0;title\u{7}\u{1b}[31mred",
        "\u{202e}drowssap",
    ];
    for text in hostile {
        let body = r#"
params:
  x: {type: string, about: Anything}
steps:
  - {id: tell, action: notify.sns, with: {topic: "arn:aws:sns:us-east-1:123456789012:ops", title: "${params.x}", text: "about ${params.x}"}}
  - {id: run, action: exec.run, with: {argv: [/usr/bin/true, "${params.x}"]}}
"#;
        let plan = plan_with(body, &[("x", Value::text(text))], &mut World::new(&["a"])).unwrap();
        assert_eq!(plan.changes[0].with["text"], json!(format!("about {text}")));
        assert_eq!(
            plan.changes[1].with["argv"][1],
            json!(text),
            "not split, not expanded"
        );
        for change in &plan.changes {
            assert_eq!(
                crate::domain::text::clean(&change.summary),
                change.summary,
                "{text:?}"
            );
        }
        let mut world = World::new(&["a"]);
        let summary = end(plan, &mut world);
        assert_eq!(summary.exit, Exit::Done);
        let Mutation::Exec(crate::domain::ops::exec::Write::Run { arguments, .. }) = &world.writes[1].0
        else {
            panic!("{:?}", world.writes);
        };
        assert_eq!(arguments, &[text.to_owned()]);
    }
}

#[test]
fn names_and_tags_of_resources_are_not_evaluated_again() {
    let mut world = World::new(&["${params.x}"]);
    let body = r#"
params:
  fleet: {type: list<aws/asg>, about: Groups}
steps:
  - id: down
    action: asg.set_capacity
    for_each: params.fleet
    with: {group: "${each.name}", min: 0, desired: 0}
    wait: {timeout: 5m}
"#;
    let fleet = crate::runbook::planner::tests::fleet(&mut world);
    let plan = plan_with(body, &[("fleet", fleet)], &mut world).unwrap();
    assert_eq!(plan.changes[0].with["group"], json!("${params.x}"));
    assert_eq!(end(plan, &mut world).exit, Exit::Done);
}

#[test]
fn a_secret_is_only_ever_named() {
    let body = r#"
params:
  hook: {type: secret, about: Where, from: {ssm: /ops/hook}}
steps:
  - {id: tell, action: notify.webhook, with: {url: "${params.hook}", title: done}}
"#;
    let secret = Value::Secret(SecretRef::Ssm("/ops/hook".to_owned()));
    let mut world = World::new(&["a"]);
    let plan = plan_with(body, &[("hook", secret)], &mut world).unwrap();
    let mut driver = Driver::new(plan.clone(), &world);
    let summary = driver.drive(&mut world).unwrap();
    assert_eq!(summary.exit, Exit::Done);
    assert_eq!(plan.params["hook"], json!("secret(ssm /ops/hook)"));
    assert!(driver.journal.contains(r#""to":{"ssm":"/ops/hook"}"#));
}

#[test]
fn a_webhook_is_told_over_tls_or_not_at_all() {
    for (url, why) in [
        ("http://hooks.example.com/x", "over https"),
        ("http://169.254.169.254/latest", "metadata"),
        ("https://user:word@example.com/", "user or password"),
        ("ftp://example.com/", "begins with"),
    ] {
        let body = format!(
            "steps:\n  - {{id: tell, action: notify.webhook, with: {{url: \"{url}\", title: done}}}}\n"
        );
        let refused = plan_of(&body, &mut World::new(&["a"])).unwrap_err();
        assert!(refused.reasons[0].contains(why), "{refused}");
    }
    let body = "steps:\n  - {id: tell, action: notify.webhook, with: {url: \"http://localhost:8080/x\", title: done}}\n";
    assert!(plan_of(body, &mut World::new(&["a"])).is_ok());
}

#[test]
fn a_read_that_fails_makes_no_plan() {
    let body = "steps:\n  - {id: down, action: asg.set_capacity, with: {group: a, desired: 0, min: 0}, wait: {timeout: 5m}}\n";
    for (kind, exit) in [
        (FaultKind::AccessDenied, Exit::Credentials),
        (FaultKind::Throttled, Exit::Precondition),
    ] {
        let refused = refused_at(body, |query| {
            matches!(query, Query::AutoScaling(autoscaling::Read::Groups))
                .then(|| Fault::new(kind.clone(), "autoscaling", "DescribeAutoScalingGroups", "no"))
        });
        assert_eq!(refused.exit, exit, "{refused}");
    }
}

#[test]
fn planning_changes_nothing() {
    let mut world = World::new(&["a", "b"]);
    let before = world.clone();
    let body = "steps:\n  - {id: down, action: asg.set_capacity, with: {group: a, desired: 0, min: 0}, wait: {timeout: 5m}}\n";
    plan_of(body, &mut world).unwrap();
    assert!(world.writes.is_empty());
    assert_eq!(world.groups, before.groups);
}

#[test]
fn a_loop_over_nothing_does_nothing_and_asks_nobody() {
    let body = r#"
params:
  fleet: {type: list<aws/asg>, about: Groups}
steps:
  - id: down
    action: asg.set_capacity
    for_each: params.fleet
    with: {group: "${each.name}", min: 0, desired: 0}
    wait: {timeout: 5m}
"#;
    let mut world = World::new(&["a"]);
    let plan = plan_with(body, &[("fleet", Value::List(Vec::new()))], &mut world).unwrap();
    assert!(plan.is_empty());
    let mut driver = Driver::new(plan, &world);
    assert_eq!(driver.drive(&mut world).unwrap().exit, Exit::Done);
    assert_eq!(driver.journal, "");
}

#[test]
fn a_list_that_changes_under_way_is_the_one_of_the_plan() {
    let mut world = World::new(&["a", "b"]);
    let plan = down(&["a", "b"]).plan(&mut world);
    let mut driver = Driver::new(plan, &world).hooked(|world, command| {
        if matches!(command, Command::Write { .. }) && world.groups.len() == 2 {
            world.groups.push(World::new(&["c"]).groups.remove(0));
        }
        Vec::new()
    });
    let summary = driver.drive(&mut world).unwrap();
    drop(driver);
    assert_eq!(summary.exit, Exit::Done);
    assert_eq!(world.sizes(), [(0, 6, 0), (0, 6, 0), (1, 6, 4)]);
}

#[test]
fn a_condition_without_a_value_is_no_plan() {
    let body = r"
params:
  number: {type: int, about: x}
steps:
  - {id: down, when: 1 / params.number == 1, action: asg.set_capacity, with: {group: a, desired: 0, min: 0}, wait: {timeout: 5m}}
";
    for (number, is_planned) in [(1, true), (0, false)] {
        let planned = plan_with(body, &[("number", Value::Int(number))], &mut World::new(&["a"]));
        assert_eq!(planned.is_ok(), is_planned, "{planned:?}");
        if let Err(refused) = planned {
            assert_eq!(refused.exit, Exit::Usage, "{refused}");
        }
    }
}

#[test]
fn a_token_belongs_to_one_side_of_one_change_of_one_run() {
    let mut seen = std::collections::BTreeSet::new();
    for run in ["r1", "r2"] {
        for change in 0..50 {
            for act in [Act::make(change), Act::undo(change, 0), Act::undo(change, 1)] {
                let token = super::super::flight::token(&RunId(run.to_owned()), act);
                assert_eq!(token, super::super::flight::token(&RunId(run.to_owned()), act));
                assert!(token.0.len() <= 64 && token.0.is_ascii());
                assert!(seen.insert(token.0), "{run} {act:?}");
            }
        }
    }
}

#[test]
fn a_role_session_that_ends_before_the_deadline_is_warned_of() {
    for (minutes, warned) in [(30, true), (90, false)] {
        let mut world = World::new(&["a"]);
        world.session_ends_at = Some(world.now + jiff::SignedDuration::from_mins(minutes));
        let plan = down(&["a"]).plan(&mut world);
        let mut driver = Driver::new(plan, &world);
        assert_eq!(driver.drive(&mut world).unwrap().exit, Exit::Done);
        let said = driver.happenings.iter().any(|happening| {
            matches!(happening, Happening::Warning(text) if text.contains("before the run's deadline"))
        });
        assert_eq!(said, warned, "{minutes}");
    }
}

#[test]
fn denied_at_any_step_takes_back_all_before_it() {
    for place in 0..3 {
        let names = ["a", "b", "c"];
        let mut world = World::new(&names);
        let plan = down(&names).plan(&mut world);
        world.denied.push(names[place].to_owned());
        let summary = end(plan, &mut world);
        let exit = if place == 0 {
            Exit::Credentials
        } else {
            Exit::RolledBack
        };
        assert_eq!((summary.exit, summary.changed), (exit, place > 0), "{place}");
        assert_eq!(world.sizes(), [(1, 6, 4); 3]);
        assert_nothing_twice(&world);
    }
}

#[test]
fn a_description_that_lags_the_call_is_waited_for_and_not_believed_too_early() {
    let mut world = World::new(&["a"]);
    let plan = down(&["a"]).plan(&mut world);
    let began = world.now;
    let summary = end(plan, &mut world);
    assert_eq!(summary.exit, Exit::Done);
    // Its instances follow half a minute later.
    assert!(world.now.duration_since(began).as_secs() >= 30);
    assert!(world.groups[0].instances.is_empty());
}

#[test]
fn what_vanishes_while_it_is_waited_for_has_failed() {
    let mut world = World::new(&["a", "b"]);
    let plan = down(&["a", "b"]).plan(&mut world);
    let mut driver = Driver::new(plan, &world).hooked(|world, command| {
        if matches!(command, Command::Emit(Happening::Waiting { .. })) {
            world.groups.retain(|group| group.name != "a");
        }
        Vec::new()
    });
    let summary = driver.drive(&mut world).unwrap();
    drop(driver);
    assert_eq!(summary.exit, Exit::RollbackFailed, "{summary:#?}");
    assert!(
        summary.remains[0].contains("does not exist"),
        "{:?}",
        summary.remains
    );
    assert_eq!(world.sizes(), [(1, 6, 4)], "the other was never begun");
}

#[test]
fn something_made_anew_under_the_same_name_is_another() {
    let mut world = World::new(&["a"]);
    let plan = down(&["a"]).plan(&mut world);
    world.groups[0].arn = world.groups[0].arn.replace(":x:", ":y:");
    let summary = end(plan, &mut world);
    assert_eq!(
        (summary.exit, world.writes.len()),
        (Exit::Drift, 0),
        "{summary:#?}"
    );
}

#[test]
fn what_runs_at_the_end_cannot_hang_a_run() {
    use crate::runbook::plan::Role;
    let mut world = World::new(&["a", "b"]);
    let mut planned = down(&["a"]);
    let mut last = StepSpec::new("last", "asg.set_capacity", vec![capacity("b", 1)]);
    last.role = Role::Always;
    last.timeout_s = 120;
    planned.steps.push(last);
    let plan = planned.plan(&mut world);
    world.stuck.push("b".to_owned());
    let began = world.now;
    let summary = end(plan, &mut world);
    assert_eq!((summary.exit, summary.status), (Exit::Done, Status::Succeeded));
    assert!(world.now.duration_since(began).as_secs() < 600);
}

#[test]
fn a_guard_does_not_stop_a_rollback() {
    use super::trouble::guarded;
    let (mut world, plan) = guarded(GuardBaseline::RequireOk, AlarmState::Ok);
    world.fates = [None, Some(Fate::Refused("denied"))].into();
    let mut driver = Driver::new(plan, &world).hooked(|world, command| {
        if matches!(command, Command::Emit(Happening::RollingBack)) {
            world.alarms[0].state = AlarmState::Alarm;
            world.alarms[0].since = Some(world.now);
        }
        Vec::new()
    });
    let summary = driver.drive(&mut world).unwrap();
    drop(driver);
    assert_eq!(summary.exit, Exit::RolledBack);
    assert_eq!(world.sizes(), [(1, 6, 4); 2]);
}

#[test]
fn an_alarm_that_cannot_be_judged_stops_or_is_let_pass_as_the_runbook_says() {
    let body = |lenient: &str| {
        format!(
            "guards:\n  - {{alarm: errors, {lenient}}}\nsteps:\n  \
             - {{id: down, action: asg.set_capacity, with: {{group: a, desired: 0, min: 0}}, wait: {{timeout: 5m}}}}\n"
        )
    };
    for (lenient, state, exit) in [
        (
            "insufficient_data: stop",
            Some(AlarmState::InsufficientData),
            Exit::Precondition,
        ),
        (
            "insufficient_data: warn",
            Some(AlarmState::InsufficientData),
            Exit::Done,
        ),
        (
            "states: [ALARM, INSUFFICIENT_DATA]",
            Some(AlarmState::InsufficientData),
            Exit::Precondition,
        ),
        ("unreadable: stop", None, Exit::Precondition),
        ("unreadable: warn", None, Exit::Done),
    ] {
        let mut world = World::new(&["a"]);
        if let Some(state) = state {
            world = world.with_alarm("errors", state);
        }
        let planned = plan_of(&body(lenient), &mut world).map_or_else(|refused| refused.exit, |_| Exit::Done);
        assert_eq!(planned, exit, "{lenient}");
        // It was well when the run was planned.
        let mut well = World::new(&["a"]).with_alarm("errors", AlarmState::Ok);
        let plan = plan_of(&body(lenient), &mut well).unwrap();
        assert_eq!(end(plan, &mut world).exit, exit, "{lenient}");
    }
}

#[test]
fn a_change_window_that_closes_stops_the_run() {
    // Two in the morning, and the window closes a minute later.
    let body = r#"
guards:
  - {check: time.window, with: {from: "01:00", to: "02:01", time_zone: UTC}, every: 15s}
preconditions:
  - {check: time.window, with: {from: "01:00", to: "02:01", time_zone: UTC}}
steps:
  - {id: down, action: asg.set_capacity, with: {group: a, desired: 0, min: 0}, wait: {timeout: 5m}}
  - {id: more, action: asg.set_capacity, with: {group: b, desired: 0, min: 0}, wait: {timeout: 5m}}
  - {id: last, action: asg.set_capacity, with: {group: c, desired: 0, min: 0}, wait: {timeout: 5m}}
"#;
    let names = ["a", "b", "c"];
    let mut world = World::new(&names);
    let plan = plan_of(body, &mut world).unwrap();
    let summary = end(plan, &mut world);
    assert_eq!(summary.exit, Exit::RolledBack, "{summary:#?}");
    assert!(
        summary.reasons[0].contains("time.window"),
        "{:?}",
        summary.reasons
    );
    assert_eq!(world.sizes(), [(1, 6, 4); 3]);
    // Outside of it nothing is planned.
    let mut late = World::new(&names);
    late.now += jiff::SignedDuration::from_mins(5);
    let refused = plan_of(body, &mut late).unwrap_err();
    assert_eq!(refused.exit, Exit::Precondition, "{refused}");
}

#[test]
fn what_cannot_be_taken_back_is_said_and_the_rest_is_taken_back() {
    let body = r"
steps:
  - {id: first, action: asg.set_capacity, with: {group: a, desired: 0, min: 0}, wait: {timeout: 5m}}
  - {id: run, action: exec.run, with: {argv: [/usr/bin/true]}}
  - {id: last, action: asg.set_capacity, with: {group: b, desired: 0, min: 0}, wait: {timeout: 5m}}
";
    let mut world = World::new(&["a", "b"]);
    let plan = plan_of(body, &mut world).unwrap();
    assert_eq!(plan.blast_radius.irreversible, 1);
    world.denied.push("b".to_owned());
    let summary = end(plan, &mut world);
    assert_eq!(summary.exit, Exit::Partial, "{summary:#?}");
    assert_eq!(summary.remains.len(), 1);
    assert_eq!(world.sizes(), [(1, 6, 4); 2]);
}

#[test]
fn a_state_that_cannot_be_brought_back_any_more_is_a_failed_rollback() {
    let mut world = World::new(&["a", "b", "c"]);
    let plan = down(&["a", "b", "c"]).plan(&mut world);
    // The third is refused, and then AWS takes the old state of the second no more.
    let refused = Some(Fate::Refused("denied"));
    world.fates = [None, None, refused, refused].into();
    let summary = end(plan, &mut world);
    assert_eq!(summary.exit, Exit::RollbackFailed, "{summary:#?}");
    assert_eq!(world.sizes(), [(1, 6, 4), (0, 6, 0), (1, 6, 4)]);
    assert!(summary.remains[0].starts_with("b: "), "{:?}", summary.remains);
}

#[test]
fn a_lock_that_is_lost_stops_before_the_next_change() {
    let mut world = World::new(&["a", "b", "c"]);
    let plan = down(&["a", "b", "c"]).plan(&mut world);
    let mut driver = Driver::new(plan, &world).hooked(|world, command| {
        if matches!(command, Command::Emit(Happening::Waiting { .. })) && world.writes.len() == 1 {
            return vec![Event::LockLost];
        }
        Vec::new()
    });
    let summary = driver.drive(&mut world).unwrap();
    let journal = driver.journal.clone();
    drop(driver);
    assert_eq!(
        (summary.exit, summary.status),
        (Exit::Partial, Status::Interrupted)
    );
    assert_eq!(world.writes.len(), 1);
    let summary = Driver::resume(&journal, Resume::Forward, &world)
        .drive(&mut world)
        .unwrap();
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    assert_nothing_twice(&world);
}

#[test]
fn an_interrupt_is_obeyed_in_every_phase() {
    // At each command of a run that fails and is taken back.
    let plan = || {
        let mut world = World::new(&["a", "b"]);
        let mut planned = down(&["a", "b"]);
        planned.frame.on_failure = FailurePolicy::RollBack;
        let plan = planned.plan(&mut world);
        world.denied.push("b".to_owned());
        (plan, world)
    };
    let (first, mut world) = plan();
    let mut count = 0;
    let mut driver = Driver::new(first, &world).hooked(|_, _| {
        count += 1;
        Vec::new()
    });
    driver.drive(&mut world).unwrap();
    drop(driver);
    for stop_at in 1..count {
        for then in [Then::Stop, Then::RollBack] {
            let (plan, mut world) = plan();
            let mut seen = 0;
            let mut driver = Driver::new(plan, &world).hooked(|_, _| {
                seen += 1;
                if seen == stop_at {
                    vec![interrupt(then)]
                } else {
                    Vec::new()
                }
            });
            let summary = driver.drive(&mut world).unwrap();
            let journal = driver.journal.clone();
            drop(driver);
            assert_nothing_twice(&world);
            if summary.status == Status::Interrupted && !journal.is_empty() {
                let summary = Driver::resume(&journal, Resume::RollBack, &world)
                    .drive(&mut world)
                    .unwrap();
                assert_eq!(
                    summary.status,
                    Status::RolledBack,
                    "{stop_at} {then:?} {summary:#?}"
                );
            }
            assert_eq!(world.sizes(), [(1, 6, 4); 2], "{stop_at} {then:?}");
        }
    }
}

#[test]
fn a_view_of_nothing_is_no_plan() {
    // What was never read is asked for, and never taken for absent.
    let body = "steps:\n  - {id: down, action: asg.set_capacity, with: {group: a, desired: 0, min: 0}, wait: {timeout: 5m}}\n";
    let asked = crate::runbook::planner::tests::asked(body, &View::default());
    assert!(!asked.is_empty());
}
