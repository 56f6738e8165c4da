//! Changes: what is sent, once, and what is told of it.

use pretty_assertions::assert_eq;
use quarterdeck::domain::fault::FaultKind;
use quarterdeck::domain::ops::{Mutation, Receipt, cloudwatch, elasticache, elb, rds, sqs};
use serde_json::json;

use super::super::server::{Answer, Request};
use super::{Canned, now, result};

fn text(text: &str) -> String {
    text.to_owned()
}

/// Some parameters of a call, by name.
fn sent<const N: usize>(call: &Request, names: [&str; N]) -> [Option<String>; N] {
    names.map(|name| call.form(name))
}

fn some<const N: usize>(values: [&str; N]) -> [Option<String>; N] {
    values.map(|value| Some(value.to_owned()))
}

#[tokio::test]
async fn a_restore_carries_the_settings_that_aws_would_drop() {
    let server = Canned::start(|call| {
        result(
            call,
            "<DBInstance><DBInstanceArn>arn:new</DBInstanceArn><DbiResourceId>db-NEW</DbiResourceId></DBInstance>",
        )
    });
    let settings = rds::RestoreSettings {
        class: Some(text("db.t4g.medium")),
        multi_az: Some(true),
        subnet_group: Some(text("private")),
        security_groups: vec![text("sg-1"), text("sg-2")],
        parameter_group: Some(text("pg16")),
        option_group: Some(text("og")),
        storage_type: Some(text("gp3")),
        deletion_protection: Some(true),
        publicly_accessible: Some(false),
        iam_authentication: Some(true),
        ca_certificate: Some(text("rds-ca-rsa4096-g1")),
        backup_retention_days: Some(7),
        ..rds::RestoreSettings::default()
    };
    let changes = [
        rds::Write::RestoreFromSnapshot {
            snapshot: text("snap"),
            instance: text("orders-2"),
            settings: Box::new(settings.clone()),
        },
        rds::Write::RestoreToPointInTime {
            source: text("orders"),
            instance: text("orders-2"),
            at: Some(now()),
            settings: Box::new(settings),
        },
    ];
    for change in changes {
        let receipt = server.write(Mutation::Rds(change)).await.expect("it is made");
        let expected = Receipt {
            request_id: Some(text("req-1")),
            // What a rename leaves alone.
            created: Some(text("db-NEW")),
        };
        assert_eq!(receipt, expected);
    }
    let calls = server.arrived();
    for call in &calls {
        let names = [
            "DBInstanceClass",
            "MultiAZ",
            "DBSubnetGroupName",
            "VpcSecurityGroupIds.VpcSecurityGroupId.2",
            "DBParameterGroupName",
            "OptionGroupName",
            "StorageType",
            "DeletionProtection",
            "PubliclyAccessible",
            "EnableIAMDatabaseAuthentication",
            "CACertificateIdentifier",
            "BackupRetentionPeriod",
        ];
        let values = [
            "db.t4g.medium",
            "true",
            "private",
            "sg-2",
            "pg16",
            "og",
            "gp3",
            "true",
            "false",
            "true",
            "rds-ca-rsa4096-g1",
            "7",
        ];
        assert_eq!(sent(call, names), some(values));
    }
    assert_eq!(
        sent(&calls[0], ["DBSnapshotIdentifier", "DBInstanceIdentifier"]),
        some(["snap", "orders-2"])
    );
    assert_eq!(
        sent(
            &calls[1],
            [
                "SourceDBInstanceIdentifier",
                "TargetDBInstanceIdentifier",
                "RestoreTime"
            ]
        ),
        some(["orders", "orders-2", "2026-11-21T02:34:56Z"])
    );
    assert_eq!(calls[1].form("UseLatestRestorableTime"), None);
}

#[tokio::test]
async fn a_restore_to_no_stated_time_is_to_the_latest_one() {
    let server = Canned::start(|call| result(call, ""));
    let change = rds::Write::RestoreToPointInTime {
        source: text("orders"),
        instance: text("orders-2"),
        at: None,
        settings: Box::new(rds::RestoreSettings::default()),
    };
    let receipt = server.write(Mutation::Rds(change)).await.expect("it is made");
    assert_eq!(receipt.created, None);
    let call = &server.arrived()[0];
    assert_eq!(call.form("UseLatestRestorableTime").as_deref(), Some("true"));
    let absent = [
        "RestoreTime",
        "MultiAZ",
        "VpcSecurityGroupIds.VpcSecurityGroupId.1",
    ];
    assert_eq!(sent(call, absent), [None, None, None]);
}

#[tokio::test]
async fn each_change_of_a_database_is_the_call_it_says() {
    let server = Canned::start(|call| {
        result(
            call,
            "<DBSnapshot><DBSnapshotArn>arn:snap</DBSnapshotArn></DBSnapshot>",
        )
    });
    let cases = [
        (
            rds::Write::Rename {
                instance: text("orders"),
                to: text("orders-old"),
            },
            "ModifyDBInstance",
            vec![
                ("NewDBInstanceIdentifier", "orders-old"),
                ("ApplyImmediately", "true"),
            ],
        ),
        (
            rds::Write::CreateSnapshot {
                instance: text("orders"),
                snapshot: text("before"),
            },
            "CreateDBSnapshot",
            vec![("DBSnapshotIdentifier", "before")],
        ),
        (
            rds::Write::Stop {
                instance: text("orders"),
            },
            "StopDBInstance",
            vec![],
        ),
        (
            rds::Write::Start {
                instance: text("orders"),
            },
            "StartDBInstance",
            vec![],
        ),
        (
            rds::Write::Reboot {
                instance: text("orders"),
                failover: true,
            },
            "RebootDBInstance",
            vec![("ForceFailover", "true")],
        ),
    ];
    for (change, operation, params) in cases {
        let receipt = server.write(Mutation::Rds(change)).await.expect("it is made");
        assert_eq!(receipt.request_id.as_deref(), Some("req-1"));
        let created = (operation == "CreateDBSnapshot").then_some("arn:snap");
        assert_eq!(receipt.created.as_deref(), created);
        let calls = server.arrived_as(operation);
        assert_eq!(calls.len(), 1, "{operation}");
        assert_eq!(calls[0].form("DBInstanceIdentifier").as_deref(), Some("orders"));
        for (name, value) in params {
            assert_eq!(calls[0].form(name).as_deref(), Some(value), "{name}");
        }
    }
}

#[tokio::test]
async fn a_change_that_aws_fails_is_not_tried_again() {
    let server = Canned::start(|call| Answer::refuse(call, 500, "InternalFailure", "try later"));
    let change = rds::Write::CreateSnapshot {
        instance: text("orders"),
        snapshot: text("before"),
    };
    let fault = server.write(Mutation::Rds(change)).await.expect_err("it failed");
    assert_eq!(fault.kind, FaultKind::Server);
    assert_eq!(fault.request_id.as_deref(), Some("req-1"));
    assert_eq!(server.arrived().len(), 1);
}

#[tokio::test]
async fn a_shard_is_failed_over() {
    let server = Canned::start(|call| result(call, ""));
    let change = elasticache::Write::TestFailover {
        group: text("sessions"),
        shard: text("0001"),
    };
    let receipt = server
        .write(Mutation::ElastiCache(change))
        .await
        .expect("it is made");
    assert_eq!(receipt.request_id.as_deref(), Some("req-1"));
    let call = &server.arrived_as("TestFailover")[0];
    assert_eq!(
        sent(call, ["ReplicationGroupId", "NodeGroupId"]),
        some(["sessions", "0001"])
    );
}

#[tokio::test]
async fn a_replica_is_promoted_by_name() {
    let server = Canned::start(|call| result(call, ""));
    let change = elasticache::Write::Promote {
        group: text("sessions"),
        node: text("sessions-002"),
    };
    server
        .write(Mutation::ElastiCache(change))
        .await
        .expect("it is made");
    let call = &server.arrived_as("ModifyReplicationGroup")[0];
    assert_eq!(
        sent(
            call,
            ["ReplicationGroupId", "PrimaryClusterId", "ApplyImmediately"]
        ),
        some(["sessions", "sessions-002", "true"])
    );
}

#[tokio::test]
async fn targets_go_out_and_in() {
    let server = Canned::start(|call| result(call, ""));
    let targets = vec![(text("i-1"), Some(8080)), (text("i-2"), None)];
    let changes = [
        elb::Write::DeregisterTargets {
            target_group: text("arn:tg"),
            targets: targets.clone(),
        },
        elb::Write::RegisterTargets {
            target_group: text("arn:tg"),
            targets,
        },
    ];
    for change in changes {
        let receipt = server.write(Mutation::Elb(change)).await.expect("it is made");
        assert_eq!(receipt.request_id.as_deref(), Some("req-1"));
    }
    let calls = server.arrived();
    let operations: Vec<_> = calls.iter().map(Request::operation).collect();
    assert_eq!(operations, ["DeregisterTargets", "RegisterTargets"]);
    for call in &calls {
        let names = [
            "TargetGroupArn",
            "Targets.member.1.Id",
            "Targets.member.1.Port",
            "Targets.member.2.Id",
            "Targets.member.2.Port",
        ];
        let values = [Some("arn:tg"), Some("i-1"), Some("8080"), Some("i-2"), None];
        assert_eq!(sent(call, names), values.map(|value| value.map(str::to_owned)));
    }
}

#[tokio::test]
async fn the_actions_of_many_alarms_are_switched_a_hundred_at_a_time() {
    let server = Canned::start(|_| Answer::binary(json!({})));
    let alarms: Vec<_> = (0..101).map(|number| format!("alarm-{number}")).collect();
    let change = cloudwatch::Write::DisableAlarmActions {
        alarms: alarms.clone(),
    };
    let receipt = server
        .write(Mutation::CloudWatch(change))
        .await
        .expect("it is made");
    assert_eq!(receipt.request_id.as_deref(), Some("req-1"));
    let named: Vec<_> = server
        .arrived_as("DisableAlarmActions")
        .iter()
        .map(|call| call.json()["AlarmNames"].clone())
        .collect();
    assert_eq!(named, [json!(alarms[..100]), json!(alarms[100..])]);
    let change = cloudwatch::Write::EnableAlarmActions {
        alarms: vec![text("cpu")],
    };
    server
        .write(Mutation::CloudWatch(change))
        .await
        .expect("it is made");
    let calls = server.arrived_as("EnableAlarmActions");
    assert_eq!(calls[0].json()["AlarmNames"], json!(["cpu"]));
}

#[tokio::test]
async fn dead_letters_go_back_to_where_they_came_from() {
    let server = Canned::start(|_| Answer::json(&json!({ "TaskHandle": "task-1" })));
    let change = sqs::Write::StartMessageMoveTask {
        source: text("arn:dead"),
    };
    let receipt = server.write(Mutation::Sqs(change)).await.expect("it is made");
    let expected = Receipt {
        request_id: Some(text("req-1")),
        created: Some(text("task-1")),
    };
    assert_eq!(receipt, expected);
    // Without a destination, that is what the task does.
    assert_eq!(server.arrived()[0].json(), json!({ "SourceArn": "arn:dead" }));
}
