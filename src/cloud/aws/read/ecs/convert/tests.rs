use aws_sdk_ecs::types::builders::{DeploymentBuilder, ServiceBuilder};
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use pretty_assertions::assert_eq;

use super::*;
use crate::domain::ids::Tag;

const ARN: &str = "arn:aws:ecs:ap-northeast-2:123456789012:service/main/api";

fn at(seconds: i64) -> DateTime {
    DateTime::from_secs(seconds)
}

fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn service() -> ServiceBuilder {
    types::Service::builder()
        .service_arn(ARN)
        .service_name("api")
        .cluster_arn("arn:aws:ecs:ap-northeast-2:123456789012:cluster/main")
        .status("ACTIVE")
        .desired_count(3)
        .running_count(2)
        .pending_count(1)
        .task_definition("arn:aws:ecs:ap-northeast-2:123456789012:task-definition/api:7")
        .created_at(at(100))
}

fn deployment(id: &str, status: &str, created: i64) -> DeploymentBuilder {
    types::Deployment::builder()
        .id(id)
        .status(status)
        .task_definition("arn:aws:ecs:ap-northeast-2:123456789012:task-definition/api:7")
        .created_at(at(created))
}

#[test]
fn a_rolling_service_as_aws_describes_it() {
    let configuration = types::DeploymentConfiguration::builder()
        .strategy(types::DeploymentStrategy::Rolling)
        .deployment_circuit_breaker(
            types::DeploymentCircuitBreaker::builder()
                .enable(true)
                .rollback(true)
                .build(),
        )
        .build();
    let balancer = types::LoadBalancer::builder().target_group_arn("tg-1").build();
    let event = |id: &str, seconds| {
        types::ServiceEvent::builder()
            .id(id)
            .created_at(at(seconds))
            .message("has started 1 tasks")
            .build()
    };
    let sdk = service()
        .launch_type(types::LaunchType::Fargate)
        .deployment_configuration(configuration)
        .deployments(
            deployment("ecs-svc/1", "ACTIVE", 200)
                .rollout_state(types::DeploymentRolloutState::Completed)
                .build(),
        )
        .deployments(
            deployment("ecs-svc/2", "PRIMARY", 300)
                .failed_tasks(4)
                .rollout_state(types::DeploymentRolloutState::InProgress)
                .build(),
        )
        .events(event("a", 10))
        .events(event("b", 20))
        .load_balancers(balancer)
        .tags(types::Tag::builder().key("team").value("ml").build())
        .build();
    let found = service_from_sdk(&sdk).unwrap();
    let expected_deployment = |id: &str, role, rollout, failed, created| Deployment {
        id: id.to_owned(),
        role,
        task_definition: "api:7".to_owned(),
        desired: 0,
        running: 0,
        pending: 0,
        failed,
        rollout: Some(rollout),
        rollout_reason: None,
        created_at: Some(time(created)),
        updated_at: None,
    };
    let expected_event = |id: &str, seconds| ServiceEvent {
        id: id.to_owned(),
        at: time(seconds),
        message: "has started 1 tasks".to_owned(),
    };
    assert_eq!(
        found,
        Service {
            arn: ARN.to_owned(),
            name: "api".to_owned(),
            cluster: "main".to_owned(),
            status: "ACTIVE".to_owned(),
            desired: 3,
            running: 2,
            pending: 1,
            task_definition: "api:7".to_owned(),
            controller: Controller::Ecs,
            strategy: Some("ROLLING".to_owned()),
            capacity: vec!["FARGATE".to_owned()],
            deployments: vec![
                expected_deployment(
                    "ecs-svc/2",
                    DeploymentRole::Primary,
                    RolloutState::InProgress,
                    4,
                    300
                ),
                expected_deployment(
                    "ecs-svc/1",
                    DeploymentRole::Active,
                    RolloutState::Completed,
                    0,
                    200
                ),
            ],
            events: vec![expected_event("b", 20), expected_event("a", 10)],
            circuit_breaker: Some(CircuitBreaker {
                enabled: true,
                rollback: true
            }),
            target_groups: vec!["tg-1".to_owned()],
            created_at: Some(time(100)),
            tags: vec![Tag {
                key: "team".to_owned(),
                value: "ml".to_owned()
            }],
        }
    );
}

#[test]
fn a_capacity_provider_strategy_takes_the_place_of_the_launch_type() {
    let item = |name: &str| {
        types::CapacityProviderStrategyItem::builder()
            .capacity_provider(name)
            .build()
            .unwrap()
    };
    let sdk = service()
        .capacity_provider_strategy(item("FARGATE_SPOT"))
        .capacity_provider_strategy(item("FARGATE"))
        .build();
    assert_eq!(
        service_from_sdk(&sdk).unwrap().capacity,
        ["FARGATE_SPOT", "FARGATE"]
    );
}

#[test]
fn code_deploy_keeps_everything_in_task_sets() {
    let controller = types::DeploymentController::builder()
        .r#type(types::DeploymentControllerType::CodeDeploy)
        .build()
        .unwrap();
    let set = types::TaskSet::builder()
        .id("ecs-svc/9")
        .status("PRIMARY")
        .task_definition("arn:aws:ecs:ap-northeast-2:123456789012:task-definition/api:3")
        .computed_desired_count(2)
        .running_count(2)
        .launch_type(types::LaunchType::Ec2)
        .load_balancers(types::LoadBalancer::builder().target_group_arn("blue").build())
        .build();
    let sdk = types::Service::builder()
        .service_arn(ARN)
        .deployment_controller(controller)
        .task_sets(set)
        .build();
    let found = service_from_sdk(&sdk).unwrap();
    assert_eq!(found.controller, Controller::CodeDeploy);
    assert_eq!(found.name, "api");
    assert_eq!(found.task_definition, "api:3");
    assert_eq!(found.capacity, ["EC2"]);
    assert_eq!(found.target_groups, ["blue"]);
    assert_eq!(found.circuit_breaker, None);
    assert_eq!(found.deployments[0].role, DeploymentRole::Primary);
    assert_eq!(found.deployments[0].rollout, None);
}

#[test]
fn blue_green_services_have_two_target_groups_and_no_circuit_breaker() {
    let configuration = types::DeploymentConfiguration::builder()
        .strategy(types::DeploymentStrategy::BlueGreen)
        .build();
    let advanced = types::AdvancedConfiguration::builder()
        .alternate_target_group_arn("green")
        .build();
    let balancer = types::LoadBalancer::builder()
        .target_group_arn("blue")
        .advanced_configuration(advanced)
        .build();
    let sdk = service()
        .deployment_configuration(configuration)
        .load_balancers(balancer)
        .build();
    let found = service_from_sdk(&sdk).unwrap();
    assert_eq!(found.target_groups, ["blue", "green"]);
    assert_eq!(found.circuit_breaker, None);
    assert_eq!(found.strategy.as_deref(), Some("BLUE_GREEN"));
}

#[test]
fn only_the_newest_events_are_kept() {
    let mut sdk = service();
    for second in 0..100 {
        sdk = sdk.events(
            types::ServiceEvent::builder()
                .id(second.to_string())
                .created_at(at(second))
                .message("m")
                .build(),
        );
    }
    let found = service_from_sdk(&sdk.build()).unwrap();
    assert_eq!(found.events.len(), EVENTS);
    assert_eq!(found.events[0].at, time(99));
}

#[test]
fn states_that_we_do_not_know_are_no_states_of_ours() {
    let controller = types::DeploymentController::builder()
        .r#type("ROBOT".into())
        .build()
        .unwrap();
    let sdk = service()
        .deployment_controller(controller)
        .launch_type("MOON".into())
        .deployments(
            deployment("ecs-svc/1", "PRIMARY", 1)
                .rollout_state("SIDEWAYS".into())
                .build(),
        )
        .build();
    let found = service_from_sdk(&sdk).unwrap();
    // No runbook of ours drives it.
    assert_eq!(found.controller, Controller::External);
    assert_eq!(found.capacity, ["MOON"]);
    assert_eq!(found.deployments[0].rollout, None);
    assert_eq!(service_from_sdk(&types::Service::builder().build()), None);
}

#[test]
fn a_stopped_task_tells_why() {
    let container = types::Container::builder()
        .name("api")
        .image("repo/api:bad")
        .last_status("STOPPED")
        .exit_code(137)
        .reason("OutOfMemoryError: killed")
        .build();
    let sdk = types::Task::builder()
        .task_arn("arn:task/1")
        .task_definition_arn("arn:aws:ecs:r:1:task-definition/api:8")
        .last_status("STOPPED")
        .desired_status("STOPPED")
        .stop_code(types::TaskStopCode::EssentialContainerExited)
        .stopped_reason("Essential container in task exited")
        .stopped_at(at(50))
        .containers(container)
        .build();
    let found = task_from_sdk(&sdk).unwrap();
    assert_eq!(found.task_definition, "api:8");
    assert_eq!(found.stop_code.as_deref(), Some("EssentialContainerExited"));
    assert_eq!(
        found.stopped_reason.as_deref(),
        Some("Essential container in task exited")
    );
    assert_eq!(found.stopped_at, Some(time(50)));
    assert_eq!(found.containers[0].exit_code, Some(137));
    assert_eq!(found.health, None);
}

#[test]
fn a_task_definition_hides_its_values_and_names_its_log_group() {
    let logs = types::LogConfiguration::builder()
        .log_driver(types::LogDriver::Awslogs)
        .options("awslogs-group", "/ecs/api")
        .build()
        .unwrap();
    let container = types::ContainerDefinition::builder()
        .name("api")
        .image("repo/api:1")
        .environment(
            types::KeyValuePair::builder()
                .name("KEY")
                .value("hunter2")
                .build(),
        )
        .secrets(
            types::Secret::builder()
                .name("DB")
                .value_from("arn:secret")
                .build()
                .unwrap(),
        )
        .log_configuration(logs)
        .build();
    let sdk = types::TaskDefinition::builder()
        .task_definition_arn("arn:aws:ecs:r:1:task-definition/api:7")
        .family("api")
        .revision(7)
        .status(types::TaskDefinitionStatus::Inactive)
        .cpu("1 vCPU")
        .memory("2048")
        .runtime_platform(
            types::RuntimePlatform::builder()
                .cpu_architecture(types::CpuArchitecture::Arm64)
                .build(),
        )
        .container_definitions(container)
        .build();
    let found = task_definition_from_sdk(&sdk).unwrap();
    assert_eq!(found.revision, 7);
    assert_eq!(found.status, "INACTIVE");
    assert_eq!(found.cpu_units, Some(1024));
    assert_eq!(found.memory_mib, Some(2048));
    assert_eq!(found.architecture.as_deref(), Some("ARM64"));
    let container = &found.containers[0];
    assert!(container.essential);
    assert_eq!(container.log_group.as_deref(), Some("/ecs/api"));
    assert_eq!(container.secrets, [("DB".to_owned(), "arn:secret".to_owned())]);
    assert_eq!(container.environment[0].1.reveal(), "hunter2");
    assert!(!format!("{found:?}").contains("hunter2"));
}

#[test]
fn units_of_task_sizes() {
    let cases = [
        ("256", "vcpu", Some(256)),
        (".5 vCPU", "vcpu", Some(512)),
        ("1 vcpu", "vcpu", Some(1024)),
        ("0.5GB", "gb", Some(512)),
        ("3 GB", "gb", Some(3072)),
        ("plenty", "gb", None),
        ("-1 GB", "gb", None),
        ("", "gb", None),
    ];
    for (text, thousands, expected) in cases {
        assert_eq!(units(text, thousands), expected, "{text:?}");
    }
}

#[test]
fn a_history_knows_what_each_deployment_brought() {
    let revision = types::ServiceRevision::builder()
        .service_revision_arn("rev-1")
        .task_definition("arn:aws:ecs:r:1:task-definition/api:7")
        .container_images(
            types::ContainerImage::builder()
                .container_name("api")
                .image("repo/api:latest")
                .image_digest("sha256:abc")
                .build(),
        )
        .build();
    let revision = service_revision_from_sdk(&revision).unwrap();
    assert_eq!(revision.task_definition.as_deref(), Some("api:7"));
    assert_eq!(
        revision.images,
        [(
            "api".to_owned(),
            "repo/api:latest".to_owned(),
            Some("sha256:abc".to_owned())
        )]
    );
    let revisions = BTreeMap::from([("rev-1", &revision)]);
    let deployed = |target: &str| {
        let sdk = types::ServiceDeployment::builder()
            .service_deployment_arn("dep-1")
            .status(types::ServiceDeploymentStatus::RollbackSuccessful)
            .created_at(at(10))
            .stopped_at(at(30))
            .target_service_revision(types::ServiceRevisionSummary::builder().arn(target).build())
            .rollback(types::Rollback::builder().service_revision_arn("rev-0").build())
            .build();
        service_deployment_from_sdk(&sdk, &revisions).unwrap()
    };
    let known = deployed("rev-1");
    assert_eq!(known.status, "ROLLBACK_SUCCESSFUL");
    assert_eq!(known.started_at, Some(time(10)));
    assert_eq!(known.finished_at, Some(time(30)));
    assert_eq!(known.target.as_ref(), Some(&revision));
    assert_eq!(known.rolled_back_to.as_deref(), Some("rev-0"));
    // A revision from before AWS kept them.
    let old = deployed("rev-old").target.unwrap();
    assert_eq!(old.arn, "rev-old");
    assert_eq!(old.task_definition, None);
}
