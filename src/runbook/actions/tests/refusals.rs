//! What AWS would let happen, or refuse only in the middle of a run.

use serde_json::{Value, json};

use super::world::{NOW, World, arguments, seen, service_deployment, site, world};
use crate::domain::asg::SuspendedProcess;
use crate::domain::ec2::Purchase;
use crate::domain::ecr::Image;
use crate::domain::ecs::{Controller, RolloutState};
use crate::domain::ops::Receipt;
use crate::domain::rules::sample::{self, ACCOUNT};
use crate::runbook::action::{Applied, Change, CostDelta, Progress, Undo, find};

fn refused(name: &str, with: Value, world: &World) -> String {
    let action = find(name).unwrap();
    let with = arguments(&with);
    if let Err(error) = action.reads(&with) {
        return error.to_string();
    }
    match action.plan(&with, &seen(world), &site()) {
        Ok(proposal) => panic!("{name} was planned: {proposal:#?}"),
        Err(refusal) => refusal.to_string(),
    }
}

fn planned(name: &str, with: Value, world: &World) -> (Change, Vec<String>) {
    let mut proposal = find(name)
        .unwrap()
        .plan(&arguments(&with), &seen(world), &site())
        .unwrap();
    (proposal.changes.remove(0), proposal.warnings)
}

#[test]
fn each_refusal_names_its_reason() {
    type Change = fn(&mut World);
    let cases: Vec<(&str, Value, Change, &str)> = vec![
        (
            "asg.set_capacity",
            json!({"group": "owned", "desired": 0}),
            |_| {},
            "EKS",
        ),
        (
            "asg.set_capacity",
            json!({"group": "workers", "desired": 0}),
            |_| {},
            "outside min 1",
        ),
        (
            "asg.set_capacity",
            json!({"group": "workers", "min": 9, "desired": 9}),
            |_| {},
            "more than max",
        ),
        (
            "asg.set_capacity",
            json!({"group": "workers", "desired": 2}),
            |world| suspend(world, "Terminate"),
            "Terminate is suspended",
        ),
        (
            "asg.set_capacity",
            json!({"group": "workers", "desired": 4}),
            |world| suspend(world, "Launch"),
            "Launch is suspended",
        ),
        (
            "asg.suspend_processes",
            json!({"group": "workers", "processes": []}),
            |_| {},
            "all of them",
        ),
        (
            "asg.suspend_processes",
            json!({"group": "workers", "processes": ["Sleep"]}),
            |_| {},
            "no scaling process Sleep",
        ),
        (
            "asg.protect",
            json!({"group": "workers", "instances": ["i-9"]}),
            |_| {},
            "not in workers",
        ),
        (
            "asg.terminate_instance",
            json!({"group": "workers", "instance": "i-3"}),
            |_| {},
            "protected",
        ),
        (
            "asg.terminate_instance",
            json!({"group": "workers", "instance": "i-1"}),
            |world| world.groups[0].min = 3,
            "lower the minimum",
        ),
        (
            "asg.put_scheduled_action",
            json!({"group": "workers", "name": "x", "recurrence": "0 1 * * *"}),
            |_| {},
            "at least one",
        ),
        (
            "asg.put_scheduled_action",
            json!({"group": "workers", "name": "x", "min": 1}),
            |_| {},
            "recurrence or a start",
        ),
        (
            "asg.put_scheduled_action",
            json!({"group": "workers", "name": "x", "min": 1, "start": "2026-11-01T00:00:00Z"}),
            |_| {},
            "in the past",
        ),
        (
            "ec2.stop",
            json!({"instance": "i-1"}),
            |_| {},
            "Auto Scaling group workers",
        ),
        (
            "ec2.stop",
            json!({"instance": "i-alone"}),
            |world| world.instances[0].purchase = Purchase::Spot,
            "Spot",
        ),
        (
            "ecs.deploy",
            json!({"cluster": "main", "service": "api", "task_definition": "api"}),
            |_| {},
            "family:revision",
        ),
        (
            "ecs.deploy",
            json!({"cluster": "main", "service": "api", "task_definition": "api:9"}),
            |_| {},
            "INACTIVE",
        ),
        (
            "ecs.deploy",
            json!({"cluster": "main", "service": "api", "task_definition": "api:5"}),
            |world| world.fleet.services[0].controller = Controller::CodeDeploy,
            "CodeDeploy",
        ),
        (
            "ecs.deploy",
            json!({"cluster": "main", "service": "api", "task_definition": "api:5"}),
            |world| world.fleet.services[0].controller = Controller::External,
            "external controller",
        ),
        (
            "ecs.scale",
            json!({"cluster": "main", "service": "api", "desired": 1}),
            |world| world.fleet.services[0].status = "DRAINING".to_owned(),
            "DRAINING",
        ),
        (
            "ec2.reboot",
            json!({"instance": "i-stopped"}),
            |_| {},
            "only what runs",
        ),
        (
            "elasticache.promote",
            json!({"group": "sessions", "node": "sessions-002"}),
            |_| {},
            "use elasticache.failover",
        ),
        (
            "elasticache.promote",
            json!({"group": "manual", "node": "manual-002"}),
            |world| world.caches[1].shards[0].nodes[1].status = Some("modifying".to_owned()),
            "manual-002 is modifying",
        ),
        (
            "elasticache.failover",
            json!({"group": "sessions", "shard": "0001"}),
            |world| world.caches = vec![sample::cache("sessions", 1)],
            "no replica",
        ),
        (
            "elasticache.failover",
            json!({"group": "sessions", "shard": "0001"}),
            |world| world.caches = vec![sample::serverless("sessions")],
            "serverless",
        ),
        (
            "elb.deregister",
            json!({"target_group": "api", "target": "i-1"}),
            |world| {
                world.balancing.target_groups[0].targets.as_mut().unwrap()[1].state = "unhealthy".to_owned();
            },
            "only healthy target",
        ),
        (
            "rds.restore_snapshot",
            json!({"instance": "main", "snapshot": "latest", "new_instance": "asleep"}),
            |_| {},
            "taken",
        ),
        (
            "rds.restore_snapshot",
            json!({"instance": "main", "snapshot": "rds:main-2026-11-20", "new_instance": "new"}),
            |world| world.snapshots[0].status = "creating".to_owned(),
            "creating",
        ),
        (
            "rds.restore_snapshot",
            json!({"instance": "main", "snapshot": "latest", "new_instance": "new"}),
            |world| world.dbs[0].cluster = Some("aurora".to_owned()),
            "member of the cluster aurora",
        ),
        (
            "rds.restore_point_in_time",
            json!({"instance": "main", "at": "2026-11-22T00:00:00Z", "new_instance": "new"}),
            |_| {},
            "can be restored up to",
        ),
        (
            "rds.restore_point_in_time",
            json!({"instance": "main", "new_instance": "new"}),
            |world| world.dbs[0].backup_retention_days = 0,
            "keeps no backups",
        ),
        (
            "rds.restore_point_in_time",
            json!({"instance": "main", "at": "2026-11-10T00:00:00Z", "new_instance": "new"}),
            |_| {},
            "keeps backups for 7 days",
        ),
        (
            "rds.restore_snapshot",
            json!({"instance": "main", "snapshot": "latest", "new_instance": "new"}),
            |world| world.dbs[0].status = "storage-full".to_owned(),
            "storage-full",
        ),
        (
            "rds.restore_snapshot",
            json!({"instance": "main", "snapshot": "latest", "new_instance": "new"}),
            |world| world.dbs[0].status = "inaccessible-encryption-credentials".to_owned(),
            "KMS key",
        ),
        (
            "rds.restore_snapshot",
            json!({"instance": "main", "snapshot": "rds:main-2026-11-20", "new_instance": "new"}),
            |world| world.snapshots[0].snapshot_type = "shared".to_owned(),
            "copied first",
        ),
        (
            "rds.restore_snapshot",
            json!({"instance": "main", "snapshot": "rds:aurora-2026-11-20", "new_instance": "new"}),
            |_| {},
            "snapshot of a cluster",
        ),
        (
            "rds.restore_snapshot",
            json!({"instance": "main", "snapshot": "latest", "new_instance": "No_Name"}),
            |_| {},
            "no name for a database",
        ),
        (
            "rds.restore_cluster_snapshot",
            json!({"cluster": "aurora", "snapshot": "latest", "new_cluster": "sleeping"}),
            |_| {},
            "taken",
        ),
        (
            "rds.restore_cluster_snapshot",
            json!({"cluster": "aurora", "snapshot": "latest", "new_cluster": "new"}),
            |world| world.clusters[0].settings.engine_mode = Some("serverless".to_owned()),
            "Serverless v1",
        ),
        (
            "rds.restore_cluster_point_in_time",
            json!({"cluster": "aurora", "at": "2026-11-22T00:00:00Z", "new_cluster": "new"}),
            |_| {},
            "can be restored up to",
        ),
        (
            "rds.rename_cluster",
            json!({"cluster": "aurora", "to": "empty"}),
            |_| {},
            "taken",
        ),
        (
            "rds.failover_cluster",
            json!({"cluster": "aurora"}),
            |world| world.clusters[0].members.truncate(1),
            "no reader",
        ),
        (
            "rds.failover_cluster",
            json!({"cluster": "aurora", "to": "main"}),
            |_| {},
            "no reader",
        ),
        (
            "rds.stop_cluster",
            json!({"cluster": "aurora"}),
            |world| world.clusters[0].settings.global = Some("world".to_owned()),
            "global database",
        ),
        (
            "rds.modify",
            json!({"instance": "main", "storage_gib": 105}),
            |_| {},
            "10 %",
        ),
        (
            "rds.modify",
            json!({"instance": "aurora-0", "backup_retention_days": 1}),
            |_| {},
            "for all of them",
        ),
        (
            "rds.modify_cluster",
            json!({"cluster": "aurora", "engine_version": "17.2"}),
            |_| {},
            "needs allow_major: true",
        ),
        (
            "rds.modify_cluster",
            json!({"cluster": "aurora", "engine_version": "15.9"}),
            |_| {},
            "does not go back",
        ),
        (
            "rds.modify_cluster",
            json!({"cluster": "aurora", "max_acu": 8}),
            |_| {},
            "no Serverless v2 capacity",
        ),
        (
            "rds.modify_cluster",
            json!({"cluster": "aurora", "min_acu": 8}),
            |world| world.clusters[0].serverless_acu = Some((0.5, 4.0)),
            "min_acu 8 is more than max_acu 4",
        ),
        (
            "rds.modify_cluster",
            json!({"cluster": "aurora", "backup_retention_days": 3}),
            |world| world.clusters[0].pending_modifications = vec!["BackupRetentionPeriod=3".to_owned()],
            "waiting already",
        ),
        (
            "rds.modify_cluster",
            json!({"cluster": "aurora", "storage_type": "gp3"}),
            |_| {},
            "aurora-iopt1",
        ),
        (
            "rds.snapshot",
            json!({"instance": "asleep", "snapshot": "now"}),
            |_| {},
            "stopped",
        ),
        (
            "elasticache.failover",
            json!({"group": "sessions", "shard": "0001"}),
            |world| world.caches[0].shards[0].nodes[1].status = Some("rebooting".to_owned()),
            "no replica",
        ),
        (
            "rds.rename",
            json!({"instance": "main", "to": "asleep"}),
            |_| {},
            "taken",
        ),
        (
            "rds.reboot",
            json!({"instance": "main", "failover": true}),
            |_| {},
            "no standby",
        ),
        (
            "rds.stop",
            json!({"instance": "main"}),
            |world| world.dbs[1].replica_of = Some("main".to_owned()),
            "read replica",
        ),
        (
            "sqs.redrive",
            json!({"queue": "jobs"}),
            |_| {},
            "dead-letter queue of no queue",
        ),
        (
            "cloudfront.invalidate",
            json!({"distribution": "E2", "paths": ["/*"]}),
            |_| {},
            "no distribution E2",
        ),
        (
            "cloudfront.invalidate",
            json!({"distribution": "E1", "paths": ["/a", "/b"], "most_paths": 1}),
            |_| {},
            "2 paths are more than the 1",
        ),
    ];
    for (name, with, change, expected) in cases {
        let mut world = world();
        change(&mut world);
        let reason = refused(name, with.clone(), &world);
        assert!(reason.contains(expected), "{name} {with}: {reason}");
    }
}

fn suspend(world: &mut World, process: &str) {
    world.groups[0].suspended.push(SuspendedProcess {
        name: process.to_owned(),
        reason: String::new(),
    });
}

#[test]
fn what_somebody_else_suspended_is_not_resumed_by_undo() {
    let (change, _) = planned(
        "asg.suspend_processes",
        json!({"group": "workers", "processes": ["AZRebalance", "AlarmNotification"]}),
        &world(),
    );
    assert_eq!(change.summary, "suspend AlarmNotification");
    let crate::runbook::action::Undo::By(parts) = find(&change.action).unwrap().invert(&change) else {
        panic!("no inverse");
    };
    assert_eq!(parts[0].with["processes"], json!(["AlarmNotification"]));
}

#[test]
fn what_fights_back_is_said() {
    let mut world = world();
    world.groups[0].warm_pool = Some(crate::domain::asg::WarmPool {
        state: "Stopped".to_owned(),
        min: 0,
        max_prepared: None,
        reuse_on_scale_in: false,
        instances: Vec::new(),
    });
    let (_, warnings) = planned(
        "asg.set_capacity",
        json!({"group": "workers", "min": 0, "desired": 0}),
        &world,
    );
    for expected in ["scheduled action down", "protected", "max stays 5", "warm pool"] {
        assert!(
            warnings.iter().any(|warning| warning.contains(expected)),
            "{expected}: {warnings:?}"
        );
    }
}

#[test]
fn a_saving_is_known_only_where_it_is() {
    let mut mixed = world();
    let (change, _) = planned(
        "asg.set_capacity",
        json!({"group": "workers", "desired": 2}),
        &mixed,
    );
    let CostDelta::Known { usd_per_hour, .. } = change.cost else {
        panic!("{:?}", change.cost);
    };
    assert!(usd_per_hour.per_hour().is_negative());
    mixed.groups[0].instances[0].instance_type = Some("g5.2xlarge".to_owned());
    let (change, _) = planned(
        "asg.set_capacity",
        json!({"group": "workers", "desired": 2}),
        &mixed,
    );
    assert!(matches!(change.cost, CostDelta::Unknown(_)));
}

fn after_deploy(change: impl FnOnce(&mut World)) -> Progress {
    let (deploy, _) = planned(
        "ecs.deploy",
        json!({"cluster": "main", "service": "api", "task_definition": "api:5"}),
        &world(),
    );
    let mut world = world();
    let service = &mut world.fleet.services[0];
    service.task_definition = "api:5".to_owned();
    service.deployments = vec![sample::deployment("api", 5, 181)];
    let mut ours = service_deployment("d7", "api:5", "SUCCESSFUL");
    ours.started_at = Some("2026-11-21T03:00:01Z".parse().unwrap());
    world.deployments.push(("api", ours));
    change(&mut world);
    let applied = Applied {
        at: NOW.parse().unwrap(),
        receipt: Receipt::default(),
    };
    find("ecs.deploy")
        .unwrap()
        .progress(&deploy, &applied, &seen(&world))
}

#[test]
fn stable_is_not_the_same_as_deployed() {
    assert_eq!(after_deploy(|_| {}), Progress::Done);
    // The circuit breaker went back: stable, and not what was wanted.
    let back = after_deploy(|world| {
        world.fleet.services[0].task_definition = "api:6".to_owned();
        world.fleet.services[0].deployments = vec![sample::deployment("api", 6, 182)];
        world.deployments.last_mut().unwrap().1.status = "ROLLBACK_SUCCESSFUL".to_owned();
    });
    assert!(
        matches!(&back, Progress::Failed(why) if why.contains("ROLLBACK_SUCCESSFUL")),
        "{back:?}"
    );
    // Reads lag the write: the old one is still primary, and nothing is proven.
    let early = after_deploy(|world| {
        world.fleet.services[0].task_definition = "api:6".to_owned();
        world.fleet.services[0].deployments = vec![sample::deployment("api", 6, -1440)];
        world.deployments.pop();
    });
    assert!(matches!(early, Progress::Waiting(_)), "{early:?}");
    // All tasks run, and AWS still bakes.
    let baking =
        after_deploy(|world| world.deployments.last_mut().unwrap().1.status = "IN_PROGRESS".to_owned());
    assert!(
        matches!(&baking, Progress::Waiting(why) if why.contains("successful")),
        "{baking:?}"
    );
    // An older deployment of the same revision proves nothing of this one.
    let stale = after_deploy(|world| {
        world.deployments.pop();
    });
    assert!(matches!(stale, Progress::Waiting(_)), "{stale:?}");
    let failing = after_deploy(|world| {
        let primary = &mut world.fleet.services[0].deployments[0];
        primary.rollout = Some(RolloutState::Failed);
        primary.rollout_reason = Some("tasks failed to start".to_owned());
    });
    assert!(
        matches!(&failing, Progress::Failed(why) if why.contains("tasks failed to start")),
        "{failing:?}"
    );
    let old_tasks = after_deploy(|world| {
        let mut old = sample::deployment("api", 6, -1440);
        old.role = crate::domain::ecs::DeploymentRole::Active;
        world.fleet.services[0].deployments.push(old);
    });
    assert!(matches!(old_tasks, Progress::Waiting(_)), "{old_tasks:?}");
}

#[test]
fn a_deploy_sends_no_count() {
    let (deploy, _) = planned(
        "ecs.deploy",
        json!({"cluster": "main", "service": "api", "task_definition": "api:5"}),
        &world(),
    );
    let token = crate::domain::ops::Token("t".to_owned());
    let stamp = crate::runbook::action::Stamp {
        status: "running",
        made: None,
        run: "r",
        token: &token,
    };
    let call = format!(
        "{:?}",
        find("ecs.deploy").unwrap().apply(&deploy, &stamp).unwrap()
    );
    assert!(call.contains("desired: None"), "{call}");
}

#[test]
fn a_restore_says_what_is_lost_and_what_it_costs() {
    let (change, warnings) = planned(
        "rds.restore_snapshot",
        json!({"instance": "main", "snapshot": "latest", "new_instance": "main-new"}),
        &world(),
    );
    assert!(
        warnings.iter().any(|warning| warning.contains("10h")),
        "{warnings:?}"
    );
    assert!(!change.reversible);
    let undo = find(&change.action).unwrap().invert(&change);
    let crate::runbook::action::Undo::Impossible(why) = undo else {
        panic!("undo would delete data: {undo:?}");
    };
    assert!(why.contains("a day"), "{why}");
}

#[test]
fn a_restore_takes_over_what_aws_would_drop() {
    let (change, warnings) = planned(
        "rds.restore_snapshot",
        json!({"instance": "main", "snapshot": "latest", "new_instance": "main-new"}),
        &world(),
    );
    let settings: crate::domain::ops::rds::RestoreSettings =
        serde_json::from_value(change.with["settings"].clone()).unwrap();
    let own = super::world::configured();
    assert_eq!(settings.subnet_group, own.subnet_group);
    assert_eq!(settings.security_groups, own.security_groups);
    assert_eq!(settings.option_group, own.option_group);
    assert_eq!(settings.port, own.port);
    assert_eq!(settings.iam_authentication, Some(true));
    assert_eq!(settings.ca_certificate, own.ca_certificate);
    assert_eq!(settings.log_exports, own.log_exports);
    assert_eq!(settings.network_type, own.network_type);
    assert_eq!(settings.lifecycle_support, own.lifecycle_support);
    assert_eq!(settings.deletion_protection, Some(true));
    assert_eq!(settings.backup_retention_days, Some(7));
    // 100 GiB of gp3 have the baseline, which AWS refuses to be told.
    assert_eq!((settings.iops, settings.storage_throughput), (None, None));
    // Only a point in time takes it.
    assert_eq!(settings.max_storage_gib, None);
    for expected in ["s3Import", "db-main", "passwords"] {
        assert!(
            warnings.iter().any(|warning| warning.contains(expected)),
            "{expected}: {warnings:?}"
        );
    }
    let mut large = world();
    large.snapshots[0].storage_gib = Some(600);
    let (change, _) = planned(
        "rds.restore_snapshot",
        json!({"instance": "main", "snapshot": "latest", "new_instance": "main-new"}),
        &large,
    );
    assert_eq!(change.with["settings"]["iops"], json!(3000));
}

#[test]
fn what_hangs_on_a_name_is_said_before_it_is_renamed() {
    let mut world = world();
    world.dbs[1].replica_of = Some("main".to_owned());
    let (_, warnings) = planned(
        "rds.rename",
        json!({"instance": "main", "to": "main-old"}),
        &world,
    );
    for expected in ["read replicas asleep", "proxies front", "ecs-restart"] {
        assert!(
            warnings.iter().any(|warning| warning.contains(expected)),
            "{expected}: {warnings:?}"
        );
    }
}

#[test]
fn proxies_that_lead_to_a_cluster_depend_on_what_is_restored() {
    let with = json!({"cluster": "aurora", "snapshot": "latest", "new_cluster": "new"});
    let (change, warnings) = planned("rds.restore_cluster_snapshot", with.clone(), &world());
    let proxies = |change: &Change| {
        let dependents = change.impact.dependents.iter();
        dependents.filter(|name| name.contains("proxy")).count()
    };
    assert_eq!(proxies(&change), 0);
    assert!(!warnings.join("\n").contains("prox"), "{warnings:?}");
    let mut world = world();
    world.proxies[0].targets.push("aurora".to_owned());
    let (change, warnings) = planned("rds.restore_cluster_snapshot", with, &world);
    assert!(change.impact.dependents.contains("DB proxy front"), "{change:?}");
    let said = "new: the proxies front go on to lead to aurora".to_owned();
    assert!(warnings.contains(&said), "{warnings:?}");
}

#[test]
fn a_restart_of_what_is_in_force_is_none() {
    let action = find("rds.reboot").unwrap();
    let with = arguments(&json!({"instance": "main", "if_pending": true}));
    let proposal = action.plan(&with, &seen(&world()), &site()).unwrap();
    assert_eq!(proposal.changes, []);
}

#[test]
fn a_restart_that_starts_another_image_says_so_and_is_not_taken_back() {
    let uri = format!("{ACCOUNT}.dkr.ecr.ap-northeast-2.amazonaws.com/api:latest");
    let (old, new) = (
        format!("sha256:{}", "b".repeat(64)),
        format!("sha256:{}", "a".repeat(64)),
    );
    let mut deployment = service_deployment("d6", "api:6", "SUCCESSFUL");
    deployment.target.as_mut().unwrap().images = vec![("api".to_owned(), uri, Some(old.clone()))];
    let mut world = world();
    world.deployments = vec![("api", deployment)];
    let image = |digest: &str, tags: &[&str], at: &str| Image {
        digest: digest.to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        pushed_at: Some(at.parse().unwrap()),
        ..Image::default()
    };
    let with = json!({"cluster": "main", "service": "api"});
    let action = find("ecs.restart").unwrap();
    let more = action.follow_up(&arguments(&with), &seen(&world));
    assert_eq!(more.len(), 1, "the repository is asked: {more:?}");

    world.images = vec![image(&old, &["latest"], "2026-11-19T00:00:00Z")];
    let (change, warnings) = planned("ecs.restart", with.clone(), &world);
    assert_eq!(
        (change.summary.as_str(), warnings.len()),
        ("new tasks of api:6", 0)
    );
    assert!(matches!(action.invert(&change), Undo::NotNeeded(_)));

    world.images = vec![
        image(&new, &["latest"], "2026-11-20T22:00:00Z"),
        image(&old, &[], "2026-11-19T00:00:00Z"),
    ];
    let (change, warnings) = planned("ecs.restart", with, &world);
    assert_eq!(change.summary, "new tasks of api:6, of another image");
    assert_eq!(
        warnings,
        [
            "api: api:latest is sha256:aaaaaaaaaaaa now, pushed 2026-11-20T22:00:00Z; what runs is \
             sha256:bbbbbbbbbbbb. This starts the other image"
        ]
    );
    assert!(matches!(action.invert(&change), Undo::Impossible(_)));
}

fn last_good(world: &World) -> Result<String, String> {
    let action = find("ecs.deploy").unwrap();
    let with = arguments(&json!({"cluster": "main", "service": "api", "task_definition": "last-good"}));
    let more = action.follow_up(&with, &seen(world));
    match action.plan(&with, &seen(world), &site()) {
        Ok(proposal) => {
            assert_eq!(more.len(), 1, "the revision is looked up before it is planned");
            let change = &proposal.changes[0];
            // What is confirmed is a revision, not a word.
            assert_eq!(change.with["task_definition"], change.after["task_definition"]);
            Ok(change.after["task_definition"].as_str().unwrap().to_owned())
        }
        Err(refusal) => Err(refusal.to_string()),
    }
}

#[test]
fn the_last_good_revision_is_the_one_that_ran() {
    let deployment = |arn: &str, revision: &str, status: &str, day: u32, digest: &str| {
        let mut deployment = service_deployment(arn, revision, status);
        let at: jiff::Timestamp = format!("2026-11-{day:02}T00:00:00Z").parse().unwrap();
        (deployment.started_at, deployment.finished_at) = (Some(at), Some(at));
        let image = (
            "api".to_owned(),
            "repo/api:latest".to_owned(),
            Some(digest.to_owned()),
        );
        deployment.target.as_mut().unwrap().images = vec![image];
        ("api", deployment)
    };
    let mut world = world();
    // 5 was never successful, 4 brought the same image as 6 does now.
    world.deployments = vec![
        deployment("d3", "api:3", "SUCCESSFUL", 1, "sha256:a"),
        deployment("d4", "api:4", "SUCCESSFUL", 3, "sha256:b"),
        deployment("d5", "api:5", "ROLLBACK_SUCCESSFUL", 4, "sha256:c"),
        deployment("d6", "api:6", "SUCCESSFUL", 5, "sha256:b"),
    ];
    let mut third = world.definitions[0].clone();
    third.revision = 3;
    world.definitions.push(third);
    assert_eq!(last_good_of(&world), "api:3");
    // The order in which AWS lists them means nothing.
    world.deployments.reverse();
    assert_eq!(last_good_of(&world), "api:3");
    world
        .deployments
        .push(deployment("d7", "api:7", "IN_PROGRESS", 6, "sha256:d"));
    assert!(last_good(&world).unwrap_err().contains("under way"));
    world
        .deployments
        .retain(|(_, known)| known.arn == "d6" || known.arn == "d5");
    assert!(
        last_good(&world)
            .unwrap_err()
            .contains("no successful deployment")
    );
}

fn last_good_of(world: &World) -> String {
    // The test's view holds the answers for a few revisions only.
    let action = find("ecs.deploy").unwrap();
    let with = arguments(&json!({"cluster": "main", "service": "api", "task_definition": "last-good"}));
    let mut view = seen(world);
    let more = action.follow_up(&with, &view);
    view.extend(super::world::of(world, &more));
    let proposal = action.plan(&with, &view, &site()).unwrap();
    proposal.changes[0].after["task_definition"]
        .as_str()
        .unwrap()
        .to_owned()
}
