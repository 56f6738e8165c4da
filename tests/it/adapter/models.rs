//! Changes of SageMaker and EKS, as they are sent.

use pretty_assertions::assert_eq;
use quarterdeck::domain::fault::FaultKind;
use quarterdeck::domain::ids::Tag;
use quarterdeck::domain::ops::{Mutation, eks, sagemaker};
use quarterdeck::domain::sagemaker::{AppOwner, NotebookForm};
use serde_json::{Value, json};

use super::fixture::Fixture;
use super::server::{Answer, Server};

fn name(text: &str) -> String {
    text.to_owned()
}

fn app(owner: AppOwner, image: Option<&str>) -> NotebookForm {
    NotebookForm::App {
        domain: name("d-1"),
        owner,
        kind: name("JupyterLab"),
        app: name("default"),
        image: image.map(str::to_owned),
        image_version: image.map(|image| format!("{image}/2")),
        lifecycle: image.map(|_| name("arn:lifecycle")),
    }
}

fn nodes(max: u32) -> Mutation {
    Mutation::Eks(eks::Write::ScaleNodegroup {
        cluster: name("main"),
        nodegroup: name("gpu"),
        min: 0,
        max,
        desired: 2,
    })
}

/// Every change of SageMaker with its operation and what is sent for it.
fn changes() -> Vec<(sagemaker::Write, &'static str, Value)> {
    use sagemaker::Write;
    vec![
        (
            Write::UpdateEndpoint {
                endpoint: name("ranker"),
                config: name("ranker-7"),
            },
            "UpdateEndpoint",
            // Counts and weights stay as they are.
            json!({
                "EndpointName": "ranker", "EndpointConfigName": "ranker-7",
                "RetainAllVariantProperties": true,
            }),
        ),
        (
            Write::ScaleVariant {
                endpoint: name("ranker"),
                variant: name("main"),
                count: 3,
            },
            "UpdateEndpointWeightsAndCapacities",
            // Without a weight, which would be set with it.
            json!({
                "EndpointName": "ranker",
                "DesiredWeightsAndCapacities": [{"VariantName": "main", "DesiredInstanceCount": 3}],
            }),
        ),
        (
            Write::DeleteEndpoint {
                endpoint: name("ranker"),
            },
            "DeleteEndpoint",
            json!({"EndpointName": "ranker"}),
        ),
        (
            Write::CreateEndpoint {
                endpoint: name("ranker"),
                config: name("ranker-7"),
                tags: vec![Tag {
                    key: name("team"),
                    value: name("search"),
                }],
            },
            "CreateEndpoint",
            json!({
                "EndpointName": "ranker", "EndpointConfigName": "ranker-7",
                "Tags": [{"Key": "team", "Value": "search"}],
            }),
        ),
        (
            Write::CreateEndpoint {
                endpoint: name("ranker"),
                config: name("ranker-7"),
                tags: Vec::new(),
            },
            "CreateEndpoint",
            json!({"EndpointName": "ranker", "EndpointConfigName": "ranker-7"}),
        ),
        (
            Write::StopNotebook {
                notebook: name("lab"),
            },
            "StopNotebookInstance",
            json!({"NotebookInstanceName": "lab"}),
        ),
        (
            Write::StartNotebook {
                notebook: name("lab"),
            },
            "StartNotebookInstance",
            json!({"NotebookInstanceName": "lab"}),
        ),
        (
            Write::DeleteApp {
                app: app(AppOwner::User(name("ana")), Some("arn:image")),
            },
            "DeleteApp",
            json!({
                "DomainId": "d-1", "UserProfileName": "ana", "AppType": "JupyterLab", "AppName": "default",
            }),
        ),
        (
            Write::CreateApp {
                app: app(AppOwner::Space(name("shared")), Some("arn:image")),
                instance_type: Some(name("ml.g5.xlarge")),
            },
            "CreateApp",
            json!({
                "DomainId": "d-1", "SpaceName": "shared", "AppType": "JupyterLab", "AppName": "default",
                "ResourceSpec": {
                    "SageMakerImageArn": "arn:image", "SageMakerImageVersionArn": "arn:image/2",
                    "LifecycleConfigArn": "arn:lifecycle", "InstanceType": "ml.g5.xlarge",
                },
            }),
        ),
        (
            Write::CreateApp {
                app: app(AppOwner::User(name("ana")), None),
                instance_type: None,
            },
            "CreateApp",
            json!({
                "DomainId": "d-1", "UserProfileName": "ana", "AppType": "JupyterLab", "AppName": "default",
                "ResourceSpec": {},
            }),
        ),
    ]
}

#[tokio::test]
async fn changes_of_sagemaker_say_what_is_to_be_and_no_more() {
    for (change, operation, expected) in changes() {
        let server = Server::start(|_| Answer::json(&json!({})).with("x-amzn-requestid", "req-1"));
        let fixture = Fixture::new(&server);
        let receipt = fixture.change(Mutation::Sagemaker(change)).await.unwrap();
        assert_eq!(receipt.request_id.as_deref(), Some("req-1"));
        let sent = server.all().remove(0);
        assert_eq!(sent.header("x-amz-target"), format!("SageMaker.{operation}"));
        assert_eq!(sent.json(), expected, "{operation}");
        assert_eq!(server.total(), 1);
    }
}

#[tokio::test]
async fn a_refused_change_of_sagemaker_keeps_aws_words() {
    let cases = [
        (
            "ValidationException",
            "Cannot update in-progress endpoint",
            FaultKind::Invalid,
        ),
        ("ResourceNotFound", "RecordNotFound", FaultKind::NotFound),
        ("ResourceInUse", "it is in use", FaultKind::Conflict),
        ("ResourceLimitExceeded", "0 Instances", FaultKind::Other),
    ];
    for (change, operation, _) in changes() {
        for (code, message, kind) in cases.clone() {
            let server = Server::start(move |_| Answer::json_error(code, message));
            let fixture = Fixture::new(&server);
            let fault = fixture
                .change(Mutation::Sagemaker(change.clone()))
                .await
                .unwrap_err();
            assert_eq!((fault.kind, fault.operation.as_str()), (kind, operation));
            assert!(fault.message.contains(message), "{}", fault.message);
            assert_eq!(server.total(), 1);
        }
    }
}

#[tokio::test]
async fn what_sagemaker_cannot_be_asked_is_not_sent() {
    let server = Server::start(|_| Answer::json(&json!({})));
    let fixture = Fixture::new(&server);
    let impossible = [
        sagemaker::Write::DeleteApp {
            app: NotebookForm::Instance,
        },
        sagemaker::Write::ScaleVariant {
            endpoint: name("ranker"),
            variant: name("main"),
            count: u32::MAX,
        },
    ];
    for change in impossible {
        let fault = fixture.change(Mutation::Sagemaker(change)).await.unwrap_err();
        assert_eq!((fault.kind, server.total()), (FaultKind::Invalid, 0));
    }
}

#[tokio::test]
async fn nodes_are_counted_in_one_call_that_can_be_told_apart() {
    let server = Server::start(|_| Answer::json(&json!({"update": {"id": "u-1"}})));
    let fixture = Fixture::new(&server);
    let receipt = fixture.change(nodes(4)).await.unwrap();
    // What is waited for.
    assert_eq!(receipt.created.as_deref(), Some("u-1"));
    let sent = server.all().remove(0);
    assert_eq!(sent.line(), "POST /clusters/main/node-groups/gpu/update-config");
    // EKS makes the change of one token once.
    assert_eq!(
        sent.json(),
        json!({
            "clientRequestToken": "token-1",
            "scalingConfig": {"minSize": 0, "maxSize": 4, "desiredSize": 2},
        })
    );
    let fault = fixture.change(nodes(u32::MAX)).await.unwrap_err();
    assert_eq!((fault.kind, server.total()), (FaultKind::Invalid, 1));
}

#[tokio::test]
async fn what_eks_refuses_is_told_apart() {
    let cases = [
        (409, "ResourceInUseException", FaultKind::Conflict),
        (404, "ResourceNotFoundException", FaultKind::NotFound),
        (400, "InvalidRequestException", FaultKind::Invalid),
        (500, "ServerException", FaultKind::Server),
    ];
    for (status, code, kind) in cases {
        let server = Server::start(move |_| Answer::json_failure(status, code, "no"));
        let fixture = Fixture::new(&server);
        let fault = fixture.change(nodes(4)).await.unwrap_err();
        assert_eq!((fault.kind, fault.code.as_deref()), (kind, Some(code)));
        assert_eq!(server.total(), 1);
    }
}
