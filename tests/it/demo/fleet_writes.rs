//! Changes of Auto Scaling groups and instances, and what moves them without being asked.

use jiff::{SignedDuration, Timestamp};
use pretty_assertions::assert_eq;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::asg::ScheduledAction;
use quarterdeck::domain::ids::{self, Tag};
use quarterdeck::domain::ops::{Mutation, autoscaling, ec2};

use super::stage::Stage;

const WORKERS: &str = "invokeai-gpu-workers";
const SPOT: &str = "invokeai-gpu-workers-spot";
const SHOP: &str = "ecommerce-app-asg";
const MINUTES: fn(i64) -> SignedDuration = SignedDuration::from_mins;

fn update(group: &str, min: Option<u32>, max: Option<u32>, desired: Option<u32>) -> Mutation {
    Mutation::AutoScaling(autoscaling::Write::UpdateGroup {
        group: group.to_owned(),
        min,
        max,
        desired,
    })
}

fn suspend(group: &str, processes: &[&str]) -> Mutation {
    Mutation::AutoScaling(autoscaling::Write::SuspendProcesses {
        group: group.to_owned(),
        processes: processes.iter().map(|name| (*name).to_owned()).collect(),
    })
}

fn resume(group: &str, processes: &[&str]) -> Mutation {
    Mutation::AutoScaling(autoscaling::Write::ResumeProcesses {
        group: group.to_owned(),
        processes: processes.iter().map(|name| (*name).to_owned()).collect(),
    })
}

fn terminate(instance: &str) -> Mutation {
    Mutation::AutoScaling(autoscaling::Write::TerminateInstance {
        instance: instance.to_owned(),
    })
}

fn lifecycles(stage: &Stage, group: &str) -> Vec<String> {
    let mut all: Vec<String> = stage
        .group(group)
        .instances
        .into_iter()
        .map(|instance| instance.lifecycle)
        .collect();
    all.sort();
    all
}

#[test]
fn capacity_outside_of_its_bounds_is_refused() {
    let stage = Stage::open(World::Invokeai, Scenario::Quiet);
    assert_eq!(
        stage.refused(update(WORKERS, Some(5), Some(4), None)),
        "ValidationError"
    );
    assert_eq!(
        stage.refused(update(WORKERS, None, None, Some(11))),
        "ValidationError"
    );
    assert_eq!(
        stage.refused(update(WORKERS, None, None, Some(0))),
        "ValidationError"
    );
    assert_eq!(
        stage.refused(update("nobody", None, None, Some(1))),
        "ValidationError"
    );
}

#[test]
fn bounds_drag_the_capacity_along() {
    let stage = Stage::open(World::Invokeai, Scenario::Quiet);
    stage.write(update(SPOT, None, Some(2), None)).unwrap();
    assert_eq!(stage.group(SPOT).desired, 2);
    stage.write(update(SPOT, Some(4), Some(9), None)).unwrap();
    assert_eq!(stage.group(SPOT).desired, 4);
}

#[test]
fn instances_come_and_go_in_their_own_time() {
    let stage = Stage::open(World::Invokeai, Scenario::Quiet);
    stage.write(update(WORKERS, Some(4), Some(4), Some(4))).unwrap();
    stage.pass(SignedDuration::from_secs(2));
    assert_eq!(
        lifecycles(&stage, WORKERS),
        ["InService", "InService", "Pending", "Pending"]
    );
    let took = stage.until(MINUTES(2), |stage| stage.group(WORKERS).in_service() == 4);
    assert!(took >= SignedDuration::from_secs(30), "{took:?}");
    let launches: Vec<_> = stage
        .activities(1)
        .into_iter()
        .filter(|activity| activity.group == WORKERS && activity.description.starts_with("Launching"))
        .collect();
    assert_eq!(launches.len(), 2);
    assert!(launches[0].cause.contains("a user request update of AutoScalingGroup constraints to min: 4, max: 4, desired: 4 changing the desired capacity from 2 to 4"));

    let oldest = stage
        .group(WORKERS)
        .instances
        .into_iter()
        .map(|instance| instance.id)
        .min_by_key(|id| {
            let instance = stage
                .instances()
                .into_iter()
                .find(|other| other.id == *id)
                .unwrap();
            instance.launched_at
        })
        .unwrap();
    stage.write(update(WORKERS, Some(3), Some(3), Some(3))).unwrap();
    stage.pass(SignedDuration::from_secs(5));
    let leaving: Vec<String> = stage
        .group(WORKERS)
        .instances
        .into_iter()
        .filter(|instance| instance.lifecycle == "Terminating")
        .map(|instance| instance.id)
        .collect();
    assert_eq!(leaving, std::slice::from_ref(&oldest));
    stage.until(MINUTES(2), |stage| stage.group(WORKERS).instances.len() == 3);
    let gone = stage
        .instances()
        .into_iter()
        .find(|instance| instance.id == oldest)
        .unwrap();
    assert_eq!(gone.state, "terminated", "EC2 shows it for a while");
    stage.pass(SignedDuration::from_hours(3));
    assert!(stage.instances().iter().all(|instance| instance.id != oldest));
}

#[test]
fn suspended_processes_do_nothing() {
    let stage = Stage::open(World::Invokeai, Scenario::Quiet);
    assert_eq!(stage.refused(suspend(WORKERS, &["Sleep"])), "ValidationError");
    stage.write(suspend(WORKERS, &["Launch", "Terminate"])).unwrap();
    let names = |stage: &Stage| {
        stage
            .group(WORKERS)
            .suspended
            .into_iter()
            .map(|process| process.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&stage), ["Launch", "Terminate"]);
    assert!(
        stage.group(WORKERS).suspended[0]
            .reason
            .starts_with("User suspended at 2026-11-21")
    );
    stage.write(update(WORKERS, None, None, Some(4))).unwrap();
    stage.pass(MINUTES(3));
    assert_eq!(stage.group(WORKERS).instances.len(), 2);
    stage.write(update(WORKERS, None, None, Some(1))).unwrap();
    stage.pass(MINUTES(3));
    assert_eq!(stage.group(WORKERS).instances.len(), 2);
    stage.write(resume(WORKERS, &["Terminate"])).unwrap();
    stage.until(MINUTES(2), |stage| stage.group(WORKERS).instances.len() == 1);
    assert_eq!(names(&stage), ["Launch"]);
    // AWS takes an empty list for all of them.
    stage.write(suspend(WORKERS, &[])).unwrap();
    assert_eq!(names(&stage).len(), 9);
    stage.write(resume(WORKERS, &[])).unwrap();
    assert!(names(&stage).is_empty());
}

#[test]
fn an_instance_can_be_terminated_by_name_within_bounds() {
    let stage = Stage::open(World::Invokeai, Scenario::Quiet);
    let victim = stage.group(SPOT).instances[1].id.clone();
    stage.write(terminate(&victim)).unwrap();
    let group = stage.group(SPOT);
    assert_eq!(group.desired, 4);
    assert!(
        group
            .instances
            .iter()
            .any(|instance| instance.id == victim && instance.lifecycle == "Terminating")
    );
    stage.until(MINUTES(2), |stage| stage.group(SPOT).instances.len() == 4);

    assert_eq!(stage.refused(terminate("i-0none")), "ValidationError");
    stage.write(update(WORKERS, Some(2), None, None)).unwrap();
    let member = stage.group(WORKERS).instances[0].id.clone();
    assert_eq!(
        stage.refused(terminate(&member)),
        "ValidationError",
        "the least capacity holds"
    );
    stage.write(update(WORKERS, Some(2), Some(3), Some(3))).unwrap();
    stage.pass(SignedDuration::from_secs(3));
    let pending = stage
        .group(WORKERS)
        .instances
        .into_iter()
        .find(|instance| instance.lifecycle == "Pending")
        .unwrap();
    assert_eq!(stage.refused(terminate(&pending.id)), "ScalingActivityInProgress");
}

#[test]
fn tags_hold_what_somebody_saved() {
    let stage = Stage::open(World::Invokeai, Scenario::Quiet);
    let tag = |key: &str, value: &str| Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let put = |tags: Vec<Tag>| {
        Mutation::AutoScaling(autoscaling::Write::PutTags {
            group: WORKERS.to_owned(),
            tags,
        })
    };
    stage
        .write(put(vec![tag("quarterdeck:saved", "1/10/2")]))
        .unwrap();
    assert_eq!(
        ids::tag(&stage.group(WORKERS).tags, "quarterdeck:saved"),
        Some("1/10/2")
    );
    assert_eq!(stage.refused(put(vec![tag("aws:mine", "x")])), "ValidationError");
    assert_eq!(
        stage.refused(put(vec![tag("long", &"x".repeat(257))])),
        "ValidationError"
    );
    let delete = Mutation::AutoScaling(autoscaling::Write::DeleteTags {
        group: WORKERS.to_owned(),
        keys: vec!["quarterdeck:saved".to_owned()],
    });
    stage.write(delete).unwrap();
    assert_eq!(ids::tag(&stage.group(WORKERS).tags, "quarterdeck:saved"), None);
}

fn action(name: &str, cron: Option<&str>, start: Option<Timestamp>, desired: Option<u32>) -> Mutation {
    Mutation::AutoScaling(autoscaling::Write::PutScheduledAction {
        group: WORKERS.to_owned(),
        action: ScheduledAction {
            name: name.to_owned(),
            recurrence: cron.map(str::to_owned),
            time_zone: Some("Asia/Seoul".to_owned()),
            start,
            min: None,
            max: None,
            desired,
        },
    })
}

#[test]
fn scheduled_actions_fire_in_their_zone_and_are_missed_when_suspended() {
    let stage = Stage::open(World::Invokeai, Scenario::Quiet);
    assert_eq!(
        stage.refused(action("bad", Some("61 * * * *"), None, Some(1))),
        "ValidationError"
    );
    assert_eq!(
        stage.refused(action("bad", Some("* * * * *"), None, None)),
        "ValidationError"
    );
    assert_eq!(
        stage.refused(action("bad", None, None, Some(1))),
        "ValidationError"
    );
    let past = Some(stage.now() - MINUTES(1));
    assert_eq!(
        stage.refused(action("bad", None, past, Some(1))),
        "ValidationError"
    );

    // It is 11:00 in Seoul; at noon there shall be five.
    stage
        .write(action("noon", Some("0 12 * * *"), None, Some(5)))
        .unwrap();
    let noon = "2026-11-21T03:00:00Z".parse::<Timestamp>().unwrap();
    let listed = stage.group(WORKERS).scheduled_actions;
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[1].start, Some(noon));
    stage.pass(MINUTES(59));
    assert_eq!(stage.group(WORKERS).desired, 2);
    stage.pass(MINUTES(2));
    assert_eq!(stage.group(WORKERS).desired, 5);
    assert!(
        stage.activities(1)[0]
            .cause
            .contains("the scheduled action noon was executed")
    );

    // The same name replaces; what falls into a suspension is missed for good.
    stage
        .write(action("noon", Some("0 13 * * *"), None, Some(7)))
        .unwrap();
    assert_eq!(stage.group(WORKERS).scheduled_actions.len(), 2);
    stage.write(suspend(WORKERS, &["ScheduledActions"])).unwrap();
    stage.pass(MINUTES(62));
    stage.write(resume(WORKERS, &["ScheduledActions"])).unwrap();
    stage.pass(MINUTES(10));
    assert_eq!(stage.group(WORKERS).desired, 5);

    // A single time is over when it is over.
    let soon = stage.now() + MINUTES(5);
    stage.write(action("once", None, Some(soon), Some(3))).unwrap();
    stage.pass(MINUTES(7));
    assert_eq!(stage.group(WORKERS).desired, 3);
    assert_eq!(stage.group(WORKERS).scheduled_actions.len(), 2);
    let delete = |name: &str| {
        Mutation::AutoScaling(autoscaling::Write::DeleteScheduledAction {
            group: WORKERS.to_owned(),
            name: name.to_owned(),
        })
    };
    stage.write(delete("noon")).unwrap();
    assert_eq!(stage.refused(delete("noon")), "ValidationError");
}

#[test]
fn a_policy_fights_back_unless_it_is_held() {
    let stage = Stage::open(World::Invokeai, Scenario::QueueBacklog);
    stage.write(resume(WORKERS, &["AlarmNotification"])).unwrap();
    stage.write(update(WORKERS, Some(0), None, Some(1))).unwrap();
    stage.until(MINUTES(6), |stage| stage.group(WORKERS).desired > 1);
    // The most capacity holds it.
    stage.write(update(WORKERS, Some(0), Some(1), Some(1))).unwrap();
    stage.pass(MINUTES(15));
    assert_eq!(stage.group(WORKERS).desired, 1);
}

#[test]
fn a_warm_pool_grows_when_the_wanted_capacity_falls() {
    let stage = Stage::open(World::Ecommerce, Scenario::Quiet);
    stage
        .write(suspend(SHOP, &["AlarmNotification", "ScheduledActions"]))
        .unwrap();
    let pool = |stage: &Stage| {
        let instances = stage.group(SHOP).warm_pool.unwrap().instances;
        assert!(
            instances
                .iter()
                .all(|instance| instance.lifecycle == "Warmed:Stopped")
        );
        instances.len()
    };
    assert_eq!((stage.group(SHOP).desired, pool(&stage)), (2, 1));
    stage.write(update(SHOP, Some(0), None, Some(0))).unwrap();
    stage.pass(MINUTES(3));
    assert_eq!((stage.group(SHOP).instances.len(), pool(&stage)), (0, 3));
    // Instances of the pool are quicker than new ones.
    stage.write(update(SHOP, Some(2), None, Some(2))).unwrap();
    let took = stage.until(MINUTES(2), |stage| stage.group(SHOP).in_service() == 2);
    assert!(took < SignedDuration::from_secs(35), "{took:?}");
    assert!(stage.activities(1)[0].description.contains("warm pool"));
    assert_eq!(pool(&stage), 1);
}

#[test]
fn a_warm_pool_is_set_down_and_fills_up_again() {
    let stage = Stage::open(World::Ecommerce, Scenario::Quiet);
    let set = |group: &str, max_prepared: u32| {
        Mutation::AutoScaling(autoscaling::Write::PutWarmPool {
            group: group.to_owned(),
            min: 0,
            max_prepared: Some(max_prepared),
            state: "Stopped".to_owned(),
            reuse_on_scale_in: false,
        })
    };
    let pool = |stage: &Stage| stage.group(SHOP).warm_pool.unwrap().instances.len();
    assert_eq!(pool(&stage), 1);
    stage.write(set(SHOP, 0)).unwrap();
    stage.until(MINUTES(3), |stage| pool(stage) == 0);
    assert_eq!(stage.group(SHOP).in_service(), 2, "the group itself stays");
    stage.write(set(SHOP, 4)).unwrap();
    stage.until(MINUTES(3), |stage| pool(stage) == 2);
    let other = Stage::open(World::Invokeai, Scenario::Quiet);
    assert_eq!(other.refused(set(WORKERS, 1)), "ValidationError");
}

#[test]
fn stopping_an_instance_of_a_group_has_it_replaced() {
    let stage = Stage::open(World::Invokeai, Scenario::Quiet);
    let stop = |id: &str| {
        Mutation::Ec2(ec2::Write::StopInstances {
            instances: vec![id.to_owned()],
        })
    };
    let member = stage.group(WORKERS).instances[0].id.clone();
    stage.write(stop(&member)).unwrap();
    stage.until(MINUTES(6), |stage| {
        let group = stage.group(WORKERS);
        group.in_service() == 2 && group.instances.iter().all(|instance| instance.id != member)
    });
    assert!(
        stage
            .activities(1)
            .iter()
            .any(|activity| activity.cause.contains("EC2 health check"))
    );

    let spot = stage
        .instances()
        .into_iter()
        .find(|instance| instance.purchase == quarterdeck::domain::ec2::Purchase::Spot)
        .unwrap();
    assert_eq!(stage.refused(stop(&spot.id)), "UnsupportedOperation");
    assert_eq!(stage.refused(stop("i-0none")), "InvalidInstanceID.NotFound");
}

#[test]
fn a_standalone_server_stops_and_starts() {
    let stage = Stage::open(World::Ecg, Scenario::Quiet);
    let id = stage.instances()[0].id.clone();
    let of = |stage: &Stage| stage.instances().remove(0);
    let stop = Mutation::Ec2(ec2::Write::StopInstances {
        instances: vec![id.clone()],
    });
    let start = Mutation::Ec2(ec2::Write::StartInstances {
        instances: vec![id.clone()],
    });
    let reboot = Mutation::Ec2(ec2::Write::RebootInstances {
        instances: vec![id.clone()],
    });
    stage.write(stop.clone()).unwrap();
    assert_eq!(of(&stage).state, "stopping");
    assert_eq!(stage.refused(start.clone()), "IncorrectInstanceState");
    stage.until(MINUTES(2), |stage| of(stage).state == "stopped");
    assert_eq!(stage.refused(reboot.clone()), "IncorrectInstanceState");
    assert!(stage.probe().is_empty());
    stage.write(stop).unwrap();
    stage.write(start).unwrap();
    stage.until(MINUTES(1), |stage| of(stage).state == "running");
    assert!(of(&stage).launched_at.unwrap() > stage.now() - MINUTES(2));
    // The agent needs longer than the instance.
    use quarterdeck::domain::gpu::ProbeOutcome::{AgentOffline, Ok};
    assert_eq!(stage.probe()[0].outcome, AgentOffline);
    stage.until(MINUTES(2), |stage| stage.probe()[0].outcome == Ok);
    stage.write(reboot).unwrap();
    assert_eq!(of(&stage).state, "running");
    assert_eq!(stage.probe()[0].outcome, AgentOffline);
}
