//! What holds for every action: it keeps its own word. Each case is an action with arguments on a world
//! in which there is something for it to do.

mod copies;
mod delivery;
mod edge;
mod estate;
mod night;
mod refusals;
mod rollback;
mod world;

use jiff::SignedDuration;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::ALL;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::{Receipt, Token};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, Change, Progress, Proposal, RefusalKind, Sight, Stamp, Standing, Undo, View,
    find, is_known_after, standing, was_made,
};
use crate::runbook::catalogue;
use crate::runbook::schema::{Presence, Role};
use world::{NOW, arguments, read, site, view};

/// An action, and arguments with which it has something to do in [`view`].
fn cases() -> Vec<(&'static str, Value)> {
    vec![
        ("acm.validate", json!({"certificate": delivery::CERTIFICATE})),
        ("alarm.disable_actions", json!({"alarm": "errors"})),
        ("alarm.enable_actions", json!({"alarm": "muted"})),
        (
            "asg.set_capacity",
            json!({"group": "workers", "min": 0, "desired": 1}),
        ),
        ("asg.set_capacity", json!({"group": "workers", "desired": 5})),
        (
            "asg.set_warm_pool",
            json!({"group": "pooled", "min": 1, "max_prepared": -1}),
        ),
        ("asg.set_warm_pool", json!({"group": "pooled", "max_prepared": 0})),
        (
            "asg.suspend_processes",
            json!({"group": "workers", "processes": ["AZRebalance", "AlarmNotification"]}),
        ),
        (
            "asg.resume_processes",
            json!({"group": "workers", "processes": ["AZRebalance", "AlarmNotification"]}),
        ),
        (
            "asg.protect",
            json!({"group": "workers", "instances": ["i-1", "i-2"]}),
        ),
        (
            "asg.protect",
            json!({"group": "workers", "instances": ["i-1", "i-3"], "protected": false}),
        ),
        (
            "asg.terminate_instance",
            json!({"group": "workers", "instance": "i-2"}),
        ),
        (
            "asg.put_scheduled_action",
            json!({"group": "workers", "name": "up", "recurrence": "0 7 * * *", "min": 1, "desired": 2}),
        ),
        (
            "asg.put_scheduled_action",
            json!({"group": "workers", "name": "down", "recurrence": "0 20 * * *", "min": 0, "desired": 0}),
        ),
        (
            "asg.delete_scheduled_action",
            json!({"group": "workers", "name": "down"}),
        ),
        (
            "asg.start_refresh",
            json!({"group": "workers", "min_healthy_percent": 50}),
        ),
        (
            "asg.start_refresh",
            json!({"group": "workers", "template_version": "6", "warmup_s": 30}),
        ),
        ("asg.cancel_refresh", json!({"group": "refreshing"})),
        ("asg.rollback_refresh", json!({"group": "refreshing"})),
        ("ec2.stop", json!({"instance": "i-alone"})),
        ("ec2.start", json!({"instance": "i-stopped"})),
        ("ec2.reboot", json!({"instance": "i-alone"})),
        (
            "ecs.deploy",
            json!({"cluster": "main", "service": "api", "task_definition": "api:5"}),
        ),
        (
            "ecs.stop_deployment",
            json!({"cluster": "main", "service": "stuck"}),
        ),
        (
            "ecs.scale",
            json!({"cluster": "main", "service": "api", "desired": 4}),
        ),
        (
            "ecs.scale",
            json!({"cluster": "main", "service": "api", "desired": 0}),
        ),
        ("ecs.restart", json!({"cluster": "main", "service": "api"})),
        (
            "ecs.stop_task",
            json!({"cluster": "main", "service": "api", "task": "t1"}),
        ),
        (
            "elasticache.failover",
            json!({"group": "sessions", "shard": "0001"}),
        ),
        (
            "elasticache.promote",
            json!({"group": "manual", "node": "manual-002"}),
        ),
        (
            "elasticache.resize",
            json!({"cache": "sessions", "node_type": "cache.t4g.medium"}),
        ),
        ("elb.deregister", json!({"target_group": "api", "target": "i-1"})),
        (
            "elb.register",
            json!({"target_group": "api", "target": "i-9", "port": 80}),
        ),
        (
            "rds.restore_snapshot",
            json!({"instance": "main", "snapshot": "latest", "new_instance": "main-new"}),
        ),
        (
            "rds.restore_point_in_time",
            json!({"instance": "main", "new_instance": "main-new"}),
        ),
        ("rds.rename", json!({"instance": "main", "to": "main-old"})),
        ("rds.stop", json!({"instance": "main"})),
        ("rds.start", json!({"instance": "asleep"})),
        ("rds.reboot", json!({"instance": "main"})),
        ("rds.reboot", json!({"instance": "pending", "if_pending": true})),
        (
            "rds.snapshot",
            json!({"instance": "main", "snapshot": "main-now"}),
        ),
        (
            "rds.modify",
            json!({"instance": "main", "class": "db.t4g.large", "deletion_protection": false}),
        ),
        ("rds.modify", json!({"instance": "main", "storage_gib": 120})),
        ("rds.copy_settings", json!({"instance": "bare", "like": "main"})),
        (
            "rds.delete_instance",
            json!({"instance": world::COPY, "run": world::RUN}),
        ),
        (
            "rds.cluster_snapshot",
            json!({"cluster": "aurora", "snapshot": "aurora-now"}),
        ),
        (
            "rds.restore_cluster_snapshot",
            json!({"cluster": "aurora", "snapshot": "latest", "new_cluster": "aurora-new"}),
        ),
        (
            "rds.restore_cluster_point_in_time",
            json!({"cluster": "aurora", "new_cluster": "aurora-new"}),
        ),
        ("rds.add_members", json!({"cluster": "empty", "like": "aurora"})),
        (
            "rds.copy_cluster_settings",
            json!({"cluster": "empty", "like": "aurora"}),
        ),
        (
            "rds.rename_cluster",
            json!({"cluster": "aurora", "to": "aurora-old"}),
        ),
        (
            "rds.modify_cluster",
            json!({
                "cluster": "aurora",
                "backup_retention_days": 14,
                "deletion_protection": false,
                "log_exports": ["postgresql", "instance"],
                "parameter_group": "own",
                "storage_type": "aurora-iopt1",
            }),
        ),
        (
            "rds.modify_cluster",
            json!({"cluster": "aurora", "engine_version": "17.2", "allow_major": true}),
        ),
        ("rds.stop_cluster", json!({"cluster": "aurora"})),
        ("rds.start_cluster", json!({"cluster": "sleeping"})),
        ("rds.failover_cluster", json!({"cluster": "aurora"})),
        (
            "elasticache.snapshot",
            json!({"group": "sessions", "snapshot": "before"}),
        ),
        ("sqs.redrive", json!({"queue": "jobs-dead"})),
        (
            "cloudfront.invalidate",
            json!({"distribution": "E1", "paths": ["/*"]}),
        ),
        (
            "tags.put",
            json!({"kind": "asg", "resource": "workers", "key": "team", "value": "ml"}),
        ),
        (
            "tags.put",
            json!({"kind": "ec2-instance", "resource": "i-alone", "key": "team", "value": "ml"}),
        ),
        (
            "tags.put",
            json!({"kind": "rds-instance", "resource": "main", "key": "team", "value": "ml"}),
        ),
        (
            "tags.remove",
            json!({"kind": "asg", "resource": "down", "key": "quarterdeck:night"}),
        ),
        ("gpu.await_idle", json!({"instance": "i-alone"})),
        ("gpu.night_down", json!({"target": "training"})),
        ("gpu.night_down", json!({"target": "training", "keep": 1})),
        ("gpu.night_down", json!({"target": "i-alone", "busy": "force"})),
        ("gpu.night_down", json!({"target": "i-alone", "busy": "drain"})),
        ("gpu.morning_up", json!({"target": "down"})),
        ("gpu.drain", json!({"instance": "i-t1"})),
        ("gpu.drain", json!({"instance": "i-alone"})),
        ("estate.stop", json!({"estate": "lab", "part": "groups"})),
        ("estate.start", json!({"estate": "lab", "part": "instances"})),
        (
            "codepipeline.hold",
            json!({"pipeline": "api-pipeline", "stage": "Deploy"}),
        ),
        (
            "codepipeline.release",
            json!({"pipeline": "held", "stage": "Release"}),
        ),
        (
            "codepipeline.retry_stage",
            json!({"pipeline": "release", "stage": "Test"}),
        ),
        (
            "codepipeline.answer",
            json!({"pipeline": "release", "answer": "approve"}),
        ),
        (
            "codepipeline.answer",
            json!({"pipeline": "release", "answer": "reject", "summary": "not today"}),
        ),
        (
            "codepipeline.rollback_stage",
            json!({"pipeline": "release", "stage": "Ship"}),
        ),
        (
            "ecr.retag",
            json!({"repository": "app", "to": world::digest('a')}),
        ),
        (
            "ecr.retag",
            json!({"repository": "app", "to": "last-good", "tag": "latest"}),
        ),
        (
            "ecr.keep",
            json!({"repository": "app", "image": world::digest('d')}),
        ),
        (
            "ecs.register_copy",
            json!({"cluster": "main", "service": "api", "source": "api:9", "images": {"api": "repo/api@sha256:1"}}),
        ),
        (
            "ecs.rollback",
            json!({"cluster": "main", "service": "api", "task_definition": "api:5"}),
        ),
        (
            "ecs.rollback",
            json!({"cluster": "main", "service": "api", "task_definition": "api:9"}),
        ),
        ("ecs.rollback", json!({"cluster": "main", "service": "stuck"})),
        (
            "ecs.scaling_bounds",
            json!({"cluster": "main", "service": "api", "min": 2, "max": 4}),
        ),
        ("sagemaker.update_endpoint", json!({"endpoint": "render"})),
        (
            "sagemaker.update_endpoint",
            json!({"endpoint": "render", "config": "render-v1"}),
        ),
        ("sagemaker.scale", json!({"endpoint": "render", "count": 4})),
        (
            "sagemaker.scale",
            json!({"endpoint": "render", "variant": "AllTraffic", "count": 1}),
        ),
        (
            "sagemaker.scaling_bounds",
            json!({"endpoint": "render", "variant": "AllTraffic", "min": 2, "max": 5}),
        ),
        ("sagemaker.stop_notebook", json!({"notebook": "lab"})),
        (
            "sagemaker.stop_notebook",
            json!({"notebook": "lab", "on_hours": 12}),
        ),
        ("sagemaker.start_notebook", json!({"notebook": "asleep"})),
        ("sagemaker.delete_endpoint", json!({"endpoint": "idle"})),
        (
            "sagemaker.create_endpoint",
            json!({"endpoint": "fresh", "config": "fresh-v1"}),
        ),
    ]
}

/// Actions whose effect no read of a resource shows, so that what holds for all others holds for them
/// in part; they have tests of their own.
const UNSEEN: [&str; 4] = ["exec.run", "notify.sns", "notify.webhook", "ssm.run_document"];

/// Actions that are tried in whole runs only, against simulated functions and node groups.
const IN_RUNS: [&str; 4] = [
    "eks.scale_nodegroup",
    "lambda.concurrency",
    "lambda.rollback_alias",
    "lambda.throttle",
];

/// Actions that are not there already after they were made: each time is another time.
const REPEATABLE: &[&str] = &[
    "codepipeline.retry_stage",
    "codepipeline.answer",
    "codepipeline.rollback_stage",
    "ec2.reboot",
    "asg.start_refresh",
    "ecs.register_copy",
    "ecs.restart",
    "ecs.rollback",
    "rds.reboot",
    "rds.failover_cluster",
    "elasticache.failover",
    "sagemaker.update_endpoint",
    "cloudfront.invalidate",
];

fn planned(action: &dyn Action, with: &Arguments, view: &View) -> Proposal {
    action
        .plan(with, view, &site())
        .unwrap_or_else(|refusal| panic!("{}: {refusal}", action.name()))
}

fn applied() -> Applied {
    Applied {
        at: NOW.parse().unwrap(),
        receipt: Receipt::default(),
    }
}

fn expect_here(action: &dyn Action, change: &Change, view: &View) -> Sight {
    let sight = action.sight(change, view);
    assert!(matches!(sight, Sight::Here(_)), "{}: {sight:?}", action.name());
    sight
}

#[test]
fn every_action_has_a_case_and_a_schema_of_its_name() {
    for action in ALL {
        let name = action.name();
        let is_elsewhere = UNSEEN.contains(&name) || IN_RUNS.contains(&name);
        assert!(
            cases().iter().any(|(case, _)| *case == name) != is_elsewhere,
            "{name} has no case"
        );
        let schema = action.schema();
        assert_eq!((schema.name, schema.role), (name, Role::Action));
        assert!(
            schema.floor >= ConfirmLevel::Ack || action.is_message(),
            "{name} changes something unasked"
        );
        assert!(std::ptr::addr_eq(
            std::ptr::from_ref(find(name).unwrap()),
            std::ptr::from_ref(*action)
        ));
        let pace = action.pace();
        assert!(
            pace.every_s > 0 && pace.every_s < pace.timeout_s && pace.settle_s < pace.timeout_s,
            "{name}"
        );
    }
    let mut names: Vec<&str> = ALL.iter().map(|action| action.name()).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(catalogue().of_role(Role::Action).count() == all);
}

#[test]
fn arguments_are_what_the_schema_says() {
    for (name, with) in cases() {
        let action = find(name).unwrap();
        let with = arguments(&with);
        action.reads(&with).unwrap();
        let mut more = with.clone();
        more.insert("typo".to_owned(), json!(1));
        assert!(action.reads(&more).is_err(), "{name} takes anything");
        let schema = action.schema();
        for given in with.keys() {
            assert!(
                schema.field(given).is_some(),
                "{name}: {given} is not in the schema"
            );
        }
        for field in schema
            .fields
            .iter()
            .filter(|field| field.presence == Presence::Required)
        {
            let mut less = with.clone();
            less.remove(field.name);
            assert!(action.reads(&less).is_err(), "{name} does without {}", field.name);
        }
    }
}

#[test]
fn a_plan_says_what_is_and_what_will_be() {
    for (name, with) in cases() {
        let mut view = view();
        let proposal = planned(find(name).unwrap(), &arguments(&with), &view);
        assert!(!proposal.changes.is_empty(), "{name}: nothing to do");
        for change in &proposal.changes {
            let action = find(&change.action).unwrap();
            let sight = expect_here(action, change, &view);
            assert_eq!(was_made(change, &sight), Some(false), "{name}");
            assert_eq!(standing(change, sight), Standing::AsPlanned, "{name}");
            assert_ne!(change.before, change.after, "{name}");
            assert!(!change.summary.is_empty(), "{name}");
            assert!(change.floor >= ConfirmLevel::Ack, "{name}");
            let token = Token("token".to_owned());
            let stamp = Stamp {
                status: "running",
                made: None,
                run: "r1",
                token: &token,
            };
            action.apply(change, &stamp).unwrap();
            // What it needs to be looked at can be asked from the change alone.
            action.reads(&change.with).unwrap();
            action.watch(change, &applied()).unwrap();
            let text = serde_json::to_string(change).unwrap();
            assert_eq!(&serde_json::from_str::<Change>(&text).unwrap(), change, "{name}");
            assert!(
                !matches!(action.progress(change, &applied(), &view), Progress::Done),
                "{name}: done unmade"
            );
            // What comes later builds on what came before.
            action.project(change, &mut view);
        }
    }
}

#[test]
fn a_change_that_came_about_is_seen_and_not_planned_again() {
    for (name, with) in cases() {
        let action = find(name).unwrap();
        let mut view = view();
        let proposal = planned(action, &arguments(&with), &view);
        for change in &proposal.changes {
            let action = find(&change.action).unwrap();
            action.project(change, &mut view);
            let sight = expect_here(action, change, &view);
            assert_eq!(was_made(change, &sight), Some(true), "{name}: {sight:?}");
            if !change.after.values().any(is_known_after) {
                assert_eq!(standing(change, sight), Standing::AlreadyThere, "{name}");
            }
            assert_eq!(
                action.progress(change, &applied(), &view),
                Progress::Done,
                "{name}"
            );
        }
        let ends = [
            "asg.terminate_instance",
            "gpu.drain",
            "rds.delete_instance",
            "sagemaker.delete_endpoint",
        ]
        .contains(&name);
        // The image before this one is another one by then.
        let relative = name == "ecr.retag" && with["to"] == "last-good";
        if !REPEATABLE.contains(&name) && !name.starts_with("rds.re") && !ends && !relative {
            assert_eq!(planned(action, &arguments(&with), &view).changes, [], "{name}");
        }
    }
}

#[test]
fn undo_leads_back_to_where_it_was() {
    for (name, with) in cases() {
        let action = find(name).unwrap();
        let mut view = view();
        let proposal = planned(action, &arguments(&with), &view);
        for change in &proposal.changes {
            let action = find(&change.action).unwrap();
            action.project(change, &mut view);
        }
        let ends = |change: &Change| change.action == "asg.terminate_instance";
        for change in proposal.changes.iter().rev() {
            let action = find(&change.action).unwrap();
            let Undo::By(parts) = action.invert(change) else {
                continue;
            };
            for part in &parts {
                let inverse = find(&part.action).unwrap();
                inverse.reads(&part.with).unwrap();
                let sight = expect_here(inverse, part, &view);
                let standing_now = standing(part, sight);
                // Of an instance that has ended nothing is left to be taken back.
                if standing_now == Standing::AlreadyThere && proposal.changes.iter().any(ends) {
                    continue;
                }
                assert_eq!(standing_now, Standing::AsPlanned, "undo of {name}");
                inverse.project(part, &mut view);
                let sight = expect_here(inverse, part, &view);
                assert_eq!(standing(part, sight), Standing::AlreadyThere, "undo of {name}");
                assert_eq!(
                    inverse.progress(part, &applied(), &view),
                    Progress::Done,
                    "undo of {name}"
                );
            }
            // An instance that was terminated is not the same again.
            if !proposal.changes.iter().any(ends) {
                let sight = expect_here(action, change, &view);
                assert_eq!(standing(change, sight), Standing::AsPlanned, "{name}");
            }
        }
    }
}

#[test]
fn what_cannot_be_read_is_neither_planned_nor_judged() {
    let fault = Fault::new(FaultKind::Throttled, "x", "DescribeX", "Rate exceeded");
    for (name, with) in cases() {
        let action = find(name).unwrap();
        let with = arguments(&with);
        let blind = View::new(
            action
                .reads(&with)
                .unwrap()
                .into_iter()
                .map(|query| (query, Err(fault.clone())))
                .collect(),
        );
        let refusal = action.plan(&with, &blind, &site()).unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Unreadable, "{name}");
        let change = &planned(action, &with, &view()).changes[0];
        let action = find(&change.action).unwrap();
        assert!(
            matches!(action.sight(change, &blind), Sight::Unreadable(_)),
            "{name}"
        );
        assert!(
            matches!(action.progress(change, &applied(), &blind), Progress::Waiting(_)),
            "{name}"
        );
    }
}

#[test]
fn what_is_gone_is_refused_and_seen_as_gone() {
    for (name, with) in cases() {
        let action = find(name).unwrap();
        let with = arguments(&with);
        let empty = world::empty(&action.reads(&with).unwrap());
        // Of an estate there may be nothing.
        if name.starts_with("estate.") {
            assert_eq!(planned(action, &with, &empty).changes, [], "{name}");
            continue;
        }
        let refusal = action.plan(&with, &empty, &site()).unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Absent, "{name}: {refusal}");
        let change = &planned(action, &with, &view()).changes[0];
        let action = find(&change.action).unwrap();
        let empty = world::empty(&action.reads(&change.with).unwrap());
        let sight = action.sight(change, &empty);
        // What is to be made is not there before, ECS forgets stopped tasks, and what is gone is as wanted
        // where it is to go.
        let unseen = [
            "acm.validate",
            "ecs.stop_task",
            "rds.add_members",
            "rds.delete_instance",
            "sagemaker.delete_endpoint",
            "sagemaker.create_endpoint",
        ];
        if !name.starts_with("rds.restore") && !unseen.contains(&name) {
            assert_eq!(sight, Sight::Gone, "{name}");
        }
    }
}

#[test]
fn a_list_with_gaps_proves_no_absence() {
    let gap = Fault::new(FaultKind::AccessDenied, "x", "DescribeX", "denied");
    for (name, with) in cases() {
        let action = find(name).unwrap();
        let with = arguments(&with);
        let queries = action.reads(&with).unwrap();
        let partial = View::new(
            queries
                .iter()
                .map(|query| {
                    let mut reply = read(&world::nothing(), query);
                    reply.gaps.push(gap.clone());
                    (query.clone(), Ok(reply))
                })
                .collect(),
        );
        let refusal = action.plan(&with, &partial, &site()).unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::Credentials, "{name}: {refusal}");
        let change = &planned(action, &with, &view()).changes[0];
        let action = find(&change.action).unwrap();
        assert!(
            matches!(action.sight(change, &partial), Sight::Unreadable(_)),
            "{name}"
        );
    }
}

#[test]
fn plans_grow_old_gracefully() {
    // A wait that began long ago is still only a wait.
    let view = view();
    let late = Applied {
        at: applied().at - SignedDuration::from_hours(100),
        receipt: Receipt::default(),
    };
    for (name, with) in cases() {
        let action = find(name).unwrap();
        let change = &planned(action, &arguments(&with), &view).changes[0];
        let action = find(&change.action).unwrap();
        assert!(
            !matches!(action.progress(change, &late, &view), Progress::Done),
            "{name}"
        );
    }
}
