//! Each incident is there when the demo opens, goes on, and ends when the right thing is done.

use jiff::SignedDuration;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::alarm::AlarmState;
use quarterdeck::domain::ecs::RolloutState;
use quarterdeck::domain::gpu::GpuCard;
use quarterdeck::domain::metric::{MetricId, Stat};
use quarterdeck::domain::ops::{self, Mutation, Query, ReplyData, autoscaling, ecs, rds};

use super::stage::Stage;

const MINUTES: fn(i64) -> SignedDuration = SignedDuration::from_mins;

fn update_service(cluster: &str, service: &str, revision: &str) -> Mutation {
    Mutation::Ecs(ecs::Write::UpdateService {
        cluster: cluster.to_owned(),
        service: service.to_owned(),
        task_definition: Some(revision.to_owned()),
        desired: None,
        force_new_deployment: false,
    })
}

fn update_group(group: &str, min: u32, max: u32, desired: u32) -> Mutation {
    Mutation::AutoScaling(autoscaling::Write::UpdateGroup {
        group: group.to_owned(),
        min: Some(min),
        max: Some(max),
        desired: Some(desired),
    })
}

#[test]
fn no_pipeline_overtakes_a_plan_in_a_quiet_world() {
    let revisions = |stage: &Stage| {
        let services = stage.fleet().services.into_iter();
        let of = services.map(|service| {
            let revision = service.deployments[0].task_definition.clone();
            (service.arn, (revision, service.deployments.len()))
        });
        of.collect::<std::collections::BTreeMap<_, _>>()
    };
    for world in World::ALL {
        let stage = Stage::open(world, Scenario::Quiet);
        let before = revisions(&stage);
        for _ in 0..23 {
            stage.pass(SignedDuration::from_hours(1));
            assert_eq!(revisions(&stage), before, "{world}");
        }
    }
    // On an ordinary day pipelines work.
    let stage = Stage::open(World::Codemate, Scenario::Everyday);
    let before = revisions(&stage);
    stage.pass(MINUTES(20));
    assert_ne!(revisions(&stage), before);
}

#[test]
fn quiet_is_quiet() {
    for world in World::ALL {
        let stage = Stage::open(world, Scenario::Quiet);
        for _ in 0..2 {
            let ReplyData::Alarms(alarms) = stage.read(&Query::CloudWatch(ops::cloudwatch::Read::Alarms))
            else {
                panic!("no alarms");
            };
            for alarm in alarms {
                assert_eq!(
                    alarm.state,
                    AlarmState::Ok,
                    "{world}: {}: {:?}",
                    alarm.name,
                    alarm.reason
                );
            }
            for service in stage.fleet().services {
                assert!(service.running >= service.desired, "{world}: {}", service.name);
                assert!(
                    service
                        .deployments
                        .iter()
                        .all(|deployment| deployment.failed == 0)
                );
            }
            stage.pass(SignedDuration::from_hours(5));
        }
    }
}

#[test]
fn bad_deploy_without_a_breaker_goes_on_until_it_is_stopped() {
    let stage = Stage::open(World::Invokeai, Scenario::BadDeploy);
    let (cluster, name) = ("invokeai-cluster", "invokeai-api");
    let service = stage.service(cluster, name);
    let primary = service.primary().unwrap();
    assert_eq!(primary.task_definition, "invokeai-api:4");
    assert_eq!(primary.rollout, Some(RolloutState::InProgress));
    assert!((4..30).contains(&primary.failed), "{}", primary.failed);
    assert!(
        service
            .events
            .iter()
            .any(|event| event.message.contains("is unhealthy in (target-group"))
    );
    assert!(
        service
            .events
            .iter()
            .any(|event| event.message.contains("unable to consistently start tasks"))
    );
    assert!(stage.tasks(cluster, name).iter().any(|task| {
        task.stopped_reason
            .as_deref()
            .is_some_and(|reason| reason.contains("ELB health checks"))
    }));
    let errors = stage.lately("invokeai-api-tg", "HTTPCode_Target_5XX_Count", Stat::Sum);
    assert!(errors > 10.0, "{errors}");
    assert!(stage.lately("invokeai-api-tg", "UnHealthyHostCount", Stat::Maximum) > 0.3);
    assert_eq!(stage.alarm("invokeai-api-5xx").state, AlarmState::Alarm);

    // It goes on.
    stage.pass(MINUTES(8));
    let worse = stage.service(cluster, name).primary().unwrap().failed;
    assert!(worse > primary.failed, "{worse}");

    // Stopping the deployment goes back to the last good revision.
    let running = stage.deployments(cluster, name).remove(0);
    assert_eq!(running.status, "IN_PROGRESS");
    stage
        .write(Mutation::Ecs(ecs::Write::StopServiceDeployment {
            arn: running.arn.clone(),
        }))
        .unwrap();
    assert_eq!(stage.deployments(cluster, name)[0].status, "ROLLBACK_REQUESTED");
    stage.until(MINUTES(3), |stage| {
        stage.deployments(cluster, name)[0].status == "ROLLBACK_SUCCESSFUL"
    });
    let over = stage.deployments(cluster, name).remove(0);
    assert_eq!(over.arn, running.arn);
    assert_eq!(
        over.target.unwrap().task_definition.as_deref(),
        Some("invokeai-api:4")
    );
    assert!(over.rolled_back_to.is_some());
    let service = stage.service(cluster, name);
    assert_eq!(service.deployments.len(), 1);
    assert_eq!(service.task_definition, "invokeai-api:3");
    stage.until(MINUTES(6), |stage| {
        stage.alarm("invokeai-api-5xx").state == AlarmState::Ok
    });
    stage.pass(MINUTES(13));
    let errors = stage.lately("invokeai-api-tg", "HTTPCode_Target_5XX_Count", Stat::Sum);
    assert!(errors < 5.0, "{errors}");
}

#[test]
fn bad_deploy_that_the_breaker_stopped_is_healed_by_the_last_good_revision() {
    let stage = Stage::open(World::Codemate, Scenario::BadDeploy);
    let (cluster, name) = ("codemate-cluster", "codemate-backend-service");
    let service = stage.service(cluster, name);
    assert_eq!((service.running, service.desired), (2, 3));
    let primary = service.primary().unwrap();
    assert_eq!(primary.rollout, Some(RolloutState::Failed));
    assert_eq!(primary.task_definition, "codemate-backend:5");
    assert_eq!(stage.alarm("codemate-5xx-errors").state, AlarmState::Alarm);
    assert_eq!(stage.alarm("codemate-prod-down").state, AlarmState::Alarm);
    let slow = stage.lately("codemate-backend-tg", "TargetResponseTime", Stat::P95);
    let stopped: Vec<_> = stage
        .tasks(cluster, name)
        .into_iter()
        .filter(|task| task.last_status == "STOPPED" && task.task_definition == "codemate-backend:5")
        .collect();
    assert_eq!(stopped.len(), 3);
    assert!(
        stopped
            .iter()
            .all(|task| task.containers[0].exit_code == Some(1) && task.stop_code.is_some())
    );

    // N-1 is good here, but N-2 was the bad build, and the oldest is gone.
    let history = stage.deployments(cluster, name);
    let status: Vec<(&str, &str)> = history
        .iter()
        .map(|entry| {
            let target = entry.target.as_ref().unwrap();
            (target.task_definition.as_deref().unwrap(), entry.status.as_str())
        })
        .collect();
    assert_eq!(
        status,
        [
            ("codemate-backend:5", "STOPPED"),
            ("codemate-backend:4", "SUCCESSFUL"),
            ("codemate-backend:3", "ROLLBACK_SUCCESSFUL"),
            ("codemate-backend:2", "SUCCESSFUL"),
            ("codemate-backend:1", "SUCCESSFUL"),
        ]
    );
    stage
        .write(update_service(cluster, name, "codemate-backend:4"))
        .unwrap();
    let took = stage.until(MINUTES(4), |stage| {
        stage.service(cluster, name).primary().unwrap().rollout == Some(RolloutState::Completed)
    });
    assert!(
        took >= SignedDuration::from_secs(50),
        "a rollout takes its time: {took:?}"
    );
    let service = stage.service(cluster, name);
    assert_eq!((service.running, service.deployments.len()), (3, 1));
    stage.until(MINUTES(10), |stage| {
        stage.alarm("codemate-5xx-errors").state == AlarmState::Ok
            && stage.alarm("codemate-ecs-cpu-high").state == AlarmState::Ok
    });
    stage.pass(MINUTES(12));
    let fast = stage.lately("codemate-backend-tg", "TargetResponseTime", Stat::P95);
    assert!(fast < slow / 3.0, "{slow} {fast}");
}

#[test]
fn idle_gpus_cost_until_the_groups_are_lowered() {
    let stage = Stage::open(World::Invokeai, Scenario::GpuIdleNight);
    let readings = stage.probe();
    let cards: Vec<_> = readings.iter().flat_map(|reading| &reading.cards).collect();
    assert!(cards.len() >= 5);
    assert!(cards.iter().all(|card| card.looks_idle() == Some(true)));
    assert_eq!(stage.queue("invokeai-generation-queue").in_flight, 0);

    let opened = stage.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let burnt = |stage: &Stage| stage.cost_of(opened);
    stage
        .write(update_group("invokeai-gpu-workers", 0, 0, 0))
        .unwrap();
    stage
        .write(update_group("invokeai-gpu-workers-spot", 0, 0, 0))
        .unwrap();
    // One Spot instance is protected from scale-in and stays.
    stage.until(MINUTES(3), |stage| {
        stage.group("invokeai-gpu-workers").instances.is_empty()
            && stage.group("invokeai-gpu-workers-spot").instances.len() == 1
    });
    assert!(stage.activities(1).iter().any(|activity| {
        activity
            .message
            .as_deref()
            .is_some_and(|message| message.contains("protected from scale-in"))
    }));
    let left = stage.group("invokeai-gpu-workers-spot").instances[0].clone();
    assert!(left.protected);
    stage
        .write(Mutation::AutoScaling(autoscaling::Write::SetInstanceProtection {
            group: "invokeai-gpu-workers-spot".to_owned(),
            instances: vec![left.id],
            protected: false,
        }))
        .unwrap();
    stage.until(MINUTES(3), |stage| {
        stage.group("invokeai-gpu-workers-spot").instances.is_empty()
    });
    let untouched = Stage::open(World::Invokeai, Scenario::GpuIdleNight);
    for stage in [&stage, &untouched] {
        stage.pass(SignedDuration::from_hours(48));
    }
    let (down, up) = (burnt(&stage), burnt(&untouched));
    assert!(down < up - 5.0, "{down} {up}");
}

#[test]
fn reclaimed_spot_capacity_does_not_come_back_by_asking() {
    let stage = Stage::open(World::Invokeai, Scenario::SpotReclaim);
    let group = stage.group("invokeai-gpu-workers-spot");
    assert!(group.in_service() < group.desired as usize);
    let activities = stage.activities(1);
    assert!(activities.iter().any(|activity| {
        activity.is_failed_launch()
            && activity
                .message
                .as_deref()
                .is_some_and(|message| message.contains("InsufficientInstanceCapacity"))
    }));
    assert!(
        activities
            .iter()
            .any(|activity| activity.cause.contains("Spot Instance interruption"))
    );
    assert!(stage.instances().iter().any(|instance| {
        instance
            .state_reason
            .as_deref()
            .is_some_and(|reason| reason.starts_with("Server.SpotInstanceTermination"))
    }));

    // On-demand instances of the other group do the work meanwhile.
    stage.pass(MINUTES(20));
    let deep = stage.queue("invokeai-generation-queue").visible;
    assert!(deep > 10, "{deep}");
    stage
        .write(update_group("invokeai-gpu-workers", 1, 10, 7))
        .unwrap();
    stage.until(MINUTES(30), |stage| {
        stage.queue("invokeai-generation-queue").visible <= 3
    });

    // And after an hour there is Spot capacity again.
    stage.pass(MINUTES(60));
    let group = stage.group("invokeai-gpu-workers-spot");
    assert_eq!(group.in_service(), 5);
}

#[test]
fn a_full_database_is_days_from_its_end_and_a_restart_frees_it() {
    let stage = Stage::open(World::Ecommerce, Scenario::DbStorageLow);
    let free = |stage: &Stage| {
        let id = MetricId::new(
            "AWS/RDS",
            "FreeStorageSpace",
            &[("DBInstanceIdentifier", "ecommerce-db")],
            Stat::Minimum,
        );
        let series = stage.series(id.by_hour());
        let gib = 1024.0_f64.powi(3);
        (
            series.recent(stage.now()).unwrap() / gib,
            series.slope_per_day().unwrap() / gib,
        )
    };
    let (now, slope) = free(&stage);
    assert!((2.5..3.5).contains(&now), "{now}");
    assert!((-3.5..-1.5).contains(&slope), "{slope}");
    assert_eq!(stage.alarm("ecommerce-P2-rds-storage").state, AlarmState::Alarm);
    assert_eq!(stage.database("ecommerce-db").unwrap().max_storage_gib, None);

    // Left alone it ends.
    let left_alone = Stage::open(World::Ecommerce, Scenario::DbStorageLow);
    left_alone.pass(SignedDuration::from_hours(40));
    assert_eq!(
        left_alone.database("ecommerce-db").unwrap().status,
        "storage-full"
    );
    left_alone.pass(MINUTES(12));
    assert!(left_alone.lately("ecommerce-app-tg", "HTTPCode_Target_5XX_Count", Stat::Sum) > 100.0);

    let reboot = Mutation::Rds(rds::Write::Reboot {
        instance: "ecommerce-db".to_owned(),
        failover: false,
    });
    stage.write(reboot).unwrap();
    assert_eq!(stage.database("ecommerce-db").unwrap().status, "rebooting");
    stage.until(MINUTES(3), |stage| {
        stage.database("ecommerce-db").unwrap().status == "available"
    });
    stage.until(MINUTES(15), |stage| {
        stage.alarm("ecommerce-P2-rds-storage").state == AlarmState::Ok
    });
}

#[test]
fn full_redis_evicts_and_the_database_pays() {
    let stage = Stage::open(World::Ecommerce, Scenario::RedisEvictions);
    let of = |stage: &Stage, name: &str, stat| {
        let id = MetricId::new(
            "AWS/ElastiCache",
            name,
            &[("CacheClusterId", "ecommerce-redis")],
            stat,
        );
        stage
            .series(id.by_minute())
            .mean_over(stage.now(), MINUTES(10))
            .unwrap()
    };
    let hit_rate = |stage: &Stage| {
        let (hits, misses) = (
            of(stage, "CacheHits", Stat::Sum),
            of(stage, "CacheMisses", Stat::Sum),
        );
        hits / (hits + misses)
    };
    let quiet = Stage::open(World::Ecommerce, Scenario::Quiet);
    assert!(of(&stage, "DatabaseMemoryUsagePercentage", Stat::Average) > 98.0);
    assert!(of(&stage, "Evictions", Stat::Sum) > 1_000.0);
    assert_eq!(of(&quiet, "Evictions", Stat::Sum), 0.0);
    assert!(hit_rate(&stage) < 0.7 && hit_rate(&quiet) > 0.9);
    assert_eq!(stage.alarm("ecommerce-P2-redis-memory").state, AlarmState::Alarm);
    let cpu = |stage: &Stage| {
        let id = MetricId::new(
            "AWS/RDS",
            "CPUUtilization",
            &[("DBInstanceIdentifier", "ecommerce-db")],
            Stat::Average,
        );
        stage.series(id.by_minute()).recent(stage.now()).unwrap()
    };
    assert!(cpu(&stage) > cpu(&quiet) + 15.0);
}

#[test]
fn a_backlog_is_worked_off_when_scaling_may_scale_again() {
    let stage = Stage::open(World::Invokeai, Scenario::QueueBacklog);
    let queue = stage.queue("invokeai-generation-queue");
    assert!(queue.visible > 200, "{}", queue.visible);
    assert_eq!(stage.alarm("invokeai-queue-depth").state, AlarmState::Alarm);
    let group = stage.group("invokeai-gpu-workers");
    assert_eq!(
        (group.desired, group.suspended[0].name.as_str()),
        (2, "AlarmNotification")
    );
    let age = MetricId::new(
        "AWS/SQS",
        "ApproximateAgeOfOldestMessage",
        &[("QueueName", "invokeai-generation-queue")],
        Stat::Maximum,
    );
    assert!(stage.series(age.clone().by_minute()).recent(stage.now()).unwrap() > 1_800.0);
    stage.pass(MINUTES(10));
    assert!(stage.queue("invokeai-generation-queue").visible > queue.visible);
    assert_eq!(
        stage.group("invokeai-gpu-workers").desired,
        2,
        "suspended is suspended"
    );

    stage
        .write(Mutation::AutoScaling(autoscaling::Write::ResumeProcesses {
            group: "invokeai-gpu-workers".to_owned(),
            processes: vec!["AlarmNotification".to_owned()],
        }))
        .unwrap();
    stage.until(MINUTES(5), |stage| {
        stage.group("invokeai-gpu-workers").desired == 10
    });
    assert!(
        stage.activities(1)[0]
            .cause
            .contains("triggered policy scale-up-on-queue-depth")
    );
    stage.until(SignedDuration::from_hours(3), |stage| {
        stage.queue("invokeai-generation-queue").visible < 10
    });
    stage.until(MINUTES(20), |stage| {
        stage.alarm("invokeai-queue-depth").state == AlarmState::Ok
    });
}

#[test]
fn the_same_incident_shows_at_any_hour() {
    // Scenarios do not depend on whether it is day or night in Seoul when the demo opens.
    for hours in [0, 7, 13, 19] {
        let stage = Stage::open_at(World::Invokeai, Scenario::BadDeploy, hours);
        assert_eq!(
            stage.alarm("invokeai-api-5xx").state,
            AlarmState::Alarm,
            "+{hours} h"
        );
        let stage = Stage::open_at(World::Codemate, Scenario::BadDeploy, hours);
        assert_eq!(
            stage.alarm("codemate-5xx-errors").state,
            AlarmState::Alarm,
            "+{hours} h"
        );
        let stage = Stage::open_at(World::Invokeai, Scenario::QueueBacklog, hours);
        assert!(
            stage.queue("invokeai-generation-queue").visible > 100,
            "+{hours} h"
        );
        let stage = Stage::open_at(World::Invokeai, Scenario::GpuIdleNight, hours);
        let readings = stage.probe();
        let cards = readings.iter().flat_map(|reading| &reading.cards);
        assert!(
            cards.map(GpuCard::looks_idle).all(|idle| idle == Some(true)),
            "+{hours} h"
        );
    }
}
