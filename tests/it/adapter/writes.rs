//! Changes: made once, or not at all.

use pretty_assertions::assert_eq;
use quarterdeck::cloud::meter::CallEnd;
use quarterdeck::domain::fault::FaultKind;
use quarterdeck::domain::ops::rds::{ClusterModification, LogExports};
use quarterdeck::domain::ops::{Mutation, Receipt, autoscaling, ec2, ecs, rds};
use serde_json::json;

use super::fixture::Fixture;
use super::server::{Answer, Server};

fn update(task_definition: &str) -> Mutation {
    Mutation::Ecs(ecs::Write::UpdateService {
        cluster: "main".to_owned(),
        service: "api".to_owned(),
        task_definition: Some(task_definition.to_owned()),
        desired: None,
        force_new_deployment: false,
    })
}

fn stop() -> Mutation {
    Mutation::Ec2(ec2::Write::StopInstances {
        instances: vec!["i-1".to_owned()],
    })
}

#[tokio::test]
async fn a_read_only_console_sends_nothing() {
    let server = Server::start(|_| Answer::json(&json!({})));
    let fixture = Fixture::new(&server);
    fixture.read_only.turn_on();
    let fault = fixture.change(update("api:7")).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::ReadOnly);
    assert_eq!(
        (fault.service.as_str(), fault.operation.as_str()),
        ("ecs", "UpdateService")
    );
    assert_eq!((server.total(), fixture.admitted()), (0, 0));

    fixture.read_only.turn_off();
    fixture.change(update("api:7")).await.unwrap();
    assert_eq!(server.count("UpdateService"), 1);
}

#[tokio::test]
async fn a_change_without_an_answer_is_made_once() {
    for answer in [Answer::Hang, Answer::Drop] {
        let server = Server::start(move |_| answer.clone());
        let fixture = Fixture::hasty(&server);
        let fault = fixture.change(update("api:7")).await.unwrap_err();
        // It may have happened.
        assert_eq!(fault.kind, FaultKind::Timeout);
        assert_eq!(server.count("UpdateService"), 1);
        assert_eq!(fixture.ends("UpdateService"), [CallEnd::Failed]);
    }
}

#[tokio::test]
async fn a_change_that_aws_throttles_or_fails_is_not_repeated() {
    let failed = Answer::Reply {
        status: 500,
        content_type: "application/x-amz-json-1.1",
        headers: Vec::new(),
        body: json!({"__type": "ServerException"}).to_string(),
    };
    let throttled = Answer::json_error("ThrottlingException", "Rate exceeded");
    for (answer, kind) in [(failed, FaultKind::Server), (throttled, FaultKind::Throttled)] {
        let server = Server::start(move |_| answer.clone());
        let fixture = Fixture::new(&server);
        assert_eq!(fixture.change(update("api:7")).await.unwrap_err().kind, kind);
        assert_eq!(server.total(), 1);
    }
}

#[tokio::test]
async fn a_rollback_sends_the_revision_and_nothing_else() {
    let server = Server::start(|_| {
        Answer::json(&json!({"service": {"serviceArn": "a", "currentServiceDeployment": "dep-1"}}))
            .with("x-amzn-requestid", "req-1")
    });
    let fixture = Fixture::new(&server);
    let receipt = fixture.change(update("api:7")).await.unwrap();
    assert_eq!(
        receipt,
        Receipt {
            request_id: Some("req-1".to_owned()),
            created: Some("dep-1".to_owned()),
        }
    );
    // A count would overwrite what autoscaling has set meanwhile.
    assert_eq!(
        server.requests("UpdateService")[0].json(),
        json!({"cluster": "main", "service": "api", "taskDefinition": "api:7"})
    );
    let fault = fixture.change(update("api")).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Invalid);
    assert_eq!(server.total(), 1);
}

#[tokio::test]
async fn stopping_a_deployment_always_rolls_back() {
    let server = Server::start(|_| Answer::json(&json!({})));
    let fixture = Fixture::new(&server);
    let change = Mutation::Ecs(ecs::Write::StopServiceDeployment {
        arn: "dep-1".to_owned(),
    });
    fixture.change(change).await.unwrap();
    assert_eq!(
        server.requests("StopServiceDeployment")[0].json(),
        json!({"serviceDeploymentArn": "dep-1", "stopType": "ROLLBACK"})
    );
}

#[tokio::test]
async fn capacity_is_set_in_one_call() {
    let server =
        Server::start(|request| Answer::query(&request.operation(), "").with("x-amzn-requestid", "req-1"));
    let fixture = Fixture::new(&server);
    let change = Mutation::AutoScaling(autoscaling::Write::UpdateGroup {
        group: "workers".to_owned(),
        min: Some(0),
        max: None,
        desired: Some(0),
    });
    let receipt = fixture.change(change).await.unwrap();
    assert_eq!(receipt.request_id.as_deref(), Some("req-1"));
    let sent = &server.requests("UpdateAutoScalingGroup")[0];
    assert_eq!(sent.form("MinSize").as_deref(), Some("0"));
    assert_eq!(sent.form("DesiredCapacity").as_deref(), Some("0"));
    assert_eq!(sent.form("MaxSize"), None);
}

#[tokio::test]
async fn a_warm_pool_is_told_everything_and_unset_is_minus_one() {
    let server = Server::start(|request| Answer::query(&request.operation(), ""));
    let fixture = Fixture::new(&server);
    for (max_prepared, expected) in [(Some(3), "3"), (None, "-1")] {
        let change = Mutation::AutoScaling(autoscaling::Write::PutWarmPool {
            group: "workers".to_owned(),
            min: 1,
            max_prepared,
            state: "Hibernated".to_owned(),
            reuse_on_scale_in: true,
        });
        fixture.change(change).await.unwrap();
        let calls = server.requests("PutWarmPool");
        let sent = calls.last().unwrap();
        assert_eq!(sent.form("MinSize").as_deref(), Some("1"));
        assert_eq!(sent.form("MaxGroupPreparedCapacity").as_deref(), Some(expected));
        assert_eq!(sent.form("PoolState").as_deref(), Some("Hibernated"));
        assert_eq!(
            sent.form("InstanceReusePolicy.ReuseOnScaleIn").as_deref(),
            Some("true")
        );
    }
}

#[tokio::test]
async fn tags_of_a_group_stay_off_its_instances() {
    let server = Server::start(|request| Answer::query(&request.operation(), ""));
    let fixture = Fixture::new(&server);
    let change = Mutation::AutoScaling(autoscaling::Write::PutTags {
        group: "workers".to_owned(),
        tags: vec![quarterdeck::domain::ids::Tag {
            key: "qd:night".to_owned(),
            value: "0/2/4".to_owned(),
        }],
    });
    fixture.change(change).await.unwrap();
    let sent = &server.requests("CreateOrUpdateTags")[0];
    assert_eq!(sent.form("Tags.member.1.ResourceId").as_deref(), Some("workers"));
    assert_eq!(sent.form("Tags.member.1.Value").as_deref(), Some("0/2/4"));
    assert_eq!(
        sent.form("Tags.member.1.PropagateAtLaunch").as_deref(),
        Some("false")
    );
}

#[tokio::test]
async fn an_instance_that_cannot_stop_is_a_conflict() {
    let server = Server::start(|_| {
        Answer::xml(
            400,
            "<Response><Errors><Error><Code>OperationNotPermitted</Code><Message>protected</Message></Error>\
             </Errors></Response>"
                .to_owned(),
        )
        .with("x-amzn-requestid", "req-4")
    });
    let fixture = Fixture::new(&server);
    let fault = fixture.change(stop()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Conflict);
    assert_eq!(fault.request_id.as_deref(), Some("req-4"));
}

#[tokio::test]
async fn settings_of_a_cluster_are_changed_at_once_and_nothing_else_is_named() {
    let server = Server::start(|request| Answer::query(&request.operation(), ""));
    let fixture = Fixture::new(&server);
    let modify = |change: ClusterModification| {
        Mutation::Rds(rds::Write::ModifyCluster {
            cluster: "aurora".to_owned(),
            change: Box::new(change),
        })
    };
    let whole = ClusterModification {
        backup_retention_days: Some(14),
        backup_window: Some("17:00-17:30".to_owned()),
        maintenance_window: Some("sun:19:30-sun:20:30".to_owned()),
        deletion_protection: Some(false),
        copy_tags_to_snapshots: Some(true),
        engine_version: Some("17.2".to_owned()),
        allow_major_upgrade: Some(true),
        serverless_acu: Some((0.5, 16.0)),
        parameter_group: Some("own-17".to_owned()),
        iam_authentication: Some(true),
        log_exports: Some(LogExports {
            enable: vec!["instance".to_owned()],
            disable: vec!["postgresql".to_owned()],
        }),
        storage_type: Some("aurora-iopt1".to_owned()),
        http_endpoint: Some(true),
    };
    fixture.change(modify(whole)).await.unwrap();
    fixture
        .change(modify(ClusterModification {
            deletion_protection: Some(true),
            ..ClusterModification::default()
        }))
        .await
        .unwrap();
    let sent = server.requests("ModifyDBCluster");
    let fields = [
        ("DBClusterIdentifier", "aurora"),
        ("BackupRetentionPeriod", "14"),
        ("PreferredBackupWindow", "17:00-17:30"),
        ("PreferredMaintenanceWindow", "sun:19:30-sun:20:30"),
        ("DeletionProtection", "false"),
        ("CopyTagsToSnapshot", "true"),
        ("EngineVersion", "17.2"),
        ("AllowMajorVersionUpgrade", "true"),
        ("ServerlessV2ScalingConfiguration.MinCapacity", "0.5"),
        ("ServerlessV2ScalingConfiguration.MaxCapacity", "16.0"),
        ("DBClusterParameterGroupName", "own-17"),
        ("EnableIAMDatabaseAuthentication", "true"),
        (
            "CloudwatchLogsExportConfiguration.EnableLogTypes.member.1",
            "instance",
        ),
        (
            "CloudwatchLogsExportConfiguration.DisableLogTypes.member.1",
            "postgresql",
        ),
        ("StorageType", "aurora-iopt1"),
        ("EnableHttpEndpoint", "true"),
        ("ApplyImmediately", "true"),
    ];
    for (name, value) in fields {
        assert_eq!(sent[0].form(name).as_deref(), Some(value), "{name}");
        let alone = match name {
            "DBClusterIdentifier" => Some("aurora"),
            "DeletionProtection" | "ApplyImmediately" => Some("true"),
            _ => None,
        };
        assert_eq!(sent[1].form(name).as_deref(), alone, "{name}");
    }
}
