//! ECS: everything is paged to the end, in no more calls than it takes.

use std::collections::BTreeSet;

use pretty_assertions::assert_eq;
use quarterdeck::cloud::meter::CallEnd;
use quarterdeck::domain::ecs::{Fleet, ServiceDeployment};
use quarterdeck::domain::fault::{Fault, FaultKind};
use quarterdeck::domain::glob::Glob;
use quarterdeck::domain::ops::{Query, Reply, ReplyData, ecs};
use quarterdeck::domain::policy::{Selection, TagFilter};
use serde_json::{Value, json};

use super::fixture::Fixture;
use super::server::{Answer, Request, Server};

const CLUSTER: &str = "arn:aws:ecs:ap-northeast-2:123456789012:cluster";

/// Clusters by name with how many services each has, on pages of `page` at most.
struct World {
    clusters: Vec<(&'static str, usize)>,
    page: usize,
}

impl World {
    fn answer(&self, request: &Request) -> Answer {
        let body = request.json();
        let of_cluster = || {
            let name = body["cluster"].as_str().unwrap_or_default();
            let name = name.rsplit('/').next().unwrap_or_default();
            self.clusters
                .iter()
                .find(|(known, _)| *known == name)
                .copied()
                .unwrap_or(("", 0))
        };
        match request.operation().as_str() {
            "ListClusters" => {
                let arns: Vec<String> = self
                    .clusters
                    .iter()
                    .map(|(name, _)| format!("{CLUSTER}/{name}"))
                    .collect();
                Answer::json(&json!({ "clusterArns": arns }))
            }
            "ListServices" => {
                let (cluster, services) = of_cluster();
                let asked = body["maxResults"].as_u64().unwrap_or(10) as usize;
                let start: usize = body["nextToken"]
                    .as_str()
                    .map_or(0, |token| token.parse().expect("a token of ours"));
                let end = (start + asked.min(self.page)).min(services);
                let arns: Vec<String> = (start..end).map(|n| service_arn(cluster, n)).collect();
                let token = (end < services).then(|| end.to_string());
                Answer::json(&json!({ "serviceArns": arns, "nextToken": token }))
            }
            "DescribeServices" => {
                let (cluster, _) = of_cluster();
                let names = body["services"].as_array().cloned().unwrap_or_default();
                if names.len() > 10 {
                    return Answer::json_error("InvalidParameterException", "too many services");
                }
                let described: Vec<Value> = names
                    .iter()
                    .map(|arn| json!({"serviceArn": arn, "clusterArn": format!("{CLUSTER}/{cluster}"), "status": "ACTIVE"}))
                    .collect();
                Answer::json(&json!({ "services": described, "failures": [] }))
            }
            _ => Answer::page(500),
        }
    }
}

fn service_arn(cluster: &str, number: usize) -> String {
    format!("arn:aws:ecs:ap-northeast-2:123456789012:service/{cluster}/service-{number:04}")
}

fn start(clusters: &[(&'static str, usize)], page: usize) -> Server {
    let world = World {
        clusters: clusters.to_vec(),
        page,
    };
    Server::start(move |request| world.answer(request))
}

async fn fleet(fixture: &Fixture) -> Result<(Fleet, Vec<Fault>), Fault> {
    let Reply { data, gaps } = fixture.ask(Query::Ecs(ecs::Read::Fleet)).await?;
    let ReplyData::EcsFleet(fleet) = data else {
        panic!("not a fleet: {data:?}");
    };
    Ok((fleet, gaps))
}

#[tokio::test]
async fn every_service_is_listed_in_as_few_calls_as_it_takes() {
    // How many services, and how many of them AWS puts on a page that could hold a hundred.
    let cases = [
        (0, 100),
        (1, 100),
        (10, 100),
        (11, 100),
        (100, 100),
        (101, 100),
        (101, 33),
    ];
    for (services, page) in cases {
        let server = start(&[("main", services)], page);
        let fixture = Fixture::new(&server);
        let (fleet, gaps) = fleet(&fixture).await.unwrap();
        assert_eq!(gaps, []);
        let names: BTreeSet<_> = fleet.services.iter().map(|service| &service.name).collect();
        assert_eq!(names.len(), services);
        assert!(fleet.services.is_sorted_by_key(|service| &service.name));
        assert_eq!(fleet.clusters.len(), 1);
        assert_eq!(server.count("ListClusters"), 1);
        assert_eq!(server.count("ListServices"), services.div_ceil(page).max(1));
        assert_eq!(server.count("DescribeServices"), services.div_ceil(10));
        // Each call was admitted to the rate budget, and metered.
        assert_eq!(fixture.admitted(), server.total());
        assert_eq!(fixture.calls().len(), server.total());
    }
}

#[tokio::test]
async fn what_cannot_be_selected_is_not_described() {
    let globs = |patterns: &[&str]| patterns.iter().copied().map(Glob::new).collect::<Vec<_>>();
    let by_cluster = Selection {
        clusters: globs(&["shop-*"]),
        ..Selection::default()
    };
    let by_name = Selection {
        names: globs(&["service-0003"]),
        ..by_cluster.clone()
    };
    let by_tag = Selection {
        tags: vec![TagFilter {
            key: "Project".to_owned(),
            values: Vec::new(),
        }],
        ..by_cluster.clone()
    };
    // Lists and descriptions that it takes, and services that come back.
    for (selection, listed, described, found) in
        [(by_cluster, 1, 2, 20), (by_name, 2, 3, 21), (by_tag, 2, 7, 70)]
    {
        let server = start(&[("shop-main", 20), ("other", 50)], 100);
        let fixture = Fixture::new(&server);
        let query = Query::Ecs(ecs::Read::FleetOf(selection));
        let ReplyData::EcsFleet(fleet) = fixture.ask(query).await.unwrap().data else {
            panic!("not a fleet");
        };
        assert_eq!(fleet.services.len(), found);
        assert_eq!(server.count("ListServices"), listed);
        assert_eq!(server.count("DescribeServices"), described);
    }
}

#[tokio::test]
async fn clusters_are_read_side_by_side() {
    let server = start(&[("b", 120), ("a", 5), ("empty", 0)], 100);
    let fixture = Fixture::new(&server);
    let (fleet, gaps) = fleet(&fixture).await.unwrap();
    assert_eq!(gaps, []);
    let clusters: Vec<_> = fleet.clusters.iter().map(|cluster| &cluster.name).collect();
    assert_eq!(clusters, ["a", "b", "empty"]);
    assert_eq!(fleet.services.len(), 125);
    assert_eq!(fleet.services[0].cluster, "a");
    assert_eq!(server.count("ListServices"), 4);
    assert_eq!(server.count("DescribeServices"), 13);
}

#[tokio::test]
async fn a_throttled_call_is_tried_again_and_counted() {
    let world = World {
        clusters: vec![("main", 3)],
        page: 100,
    };
    let throttled = std::sync::atomic::AtomicBool::new(false);
    let server = Server::start(move |request| {
        let first = !throttled.swap(
            request.operation() == "DescribeServices",
            std::sync::atomic::Ordering::SeqCst,
        );
        if request.operation() == "DescribeServices" && first {
            return Answer::json_error("ThrottlingException", "Rate exceeded");
        }
        world.answer(request)
    });
    let fixture = Fixture::new(&server);
    let (fleet, gaps) = fleet(&fixture).await.unwrap();
    assert_eq!(fleet.services.len(), 3);
    assert_eq!(gaps, []);
    assert_eq!(
        fixture.ends("DescribeServices"),
        [CallEnd::Throttled, CallEnd::Answered]
    );
}

#[tokio::test]
async fn a_denied_cluster_is_a_gap_and_hides_no_other() {
    let world = World {
        clusters: vec![("open", 2), ("closed", 2)],
        page: 100,
    };
    let server = Server::start(move |request| {
        let cluster = request.json()["cluster"].as_str().unwrap_or_default().to_owned();
        if request.operation() == "ListServices" && cluster.ends_with("closed") {
            return Answer::json_error("AccessDeniedException", "not authorized");
        }
        world.answer(request)
    });
    let fixture = Fixture::new(&server);
    let (fleet, gaps) = fleet(&fixture).await.unwrap();
    assert_eq!(fleet.services.len(), 2);
    assert_eq!(fleet.clusters.len(), 2);
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].kind, FaultKind::AccessDenied);
    assert_eq!(gaps[0].message, "closed: not authorized");
}

#[tokio::test]
async fn nothing_at_all_is_a_failure_and_no_empty_fleet() {
    let world = World {
        clusters: vec![("a", 2), ("b", 2)],
        page: 100,
    };
    let server = Server::start(move |request| match request.operation().as_str() {
        "ListServices" => Answer::json_error("AccessDeniedException", "not authorized"),
        _ => world.answer(request),
    });
    let fixture = Fixture::new(&server);
    let fault = fleet(&fixture).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::AccessDenied);
    assert_eq!(fault.operation, "ListServices");
}

#[tokio::test]
async fn a_page_that_fails_leaves_what_was_read_and_a_gap() {
    let world = World {
        clusters: vec![("main", 150)],
        page: 100,
    };
    let server = Server::start(move |request| {
        let second = request.json()["nextToken"].is_string();
        if request.operation() == "ListServices" && second {
            return Answer::json_error("AccessDeniedException", "not authorized");
        }
        world.answer(request)
    });
    let fixture = Fixture::new(&server);
    let (fleet, gaps) = fleet(&fixture).await.unwrap();
    assert_eq!(fleet.services.len(), 100);
    assert_eq!(gaps.len(), 1);
}

#[tokio::test]
async fn a_service_deleted_since_it_was_listed_is_no_gap() {
    let server = Server::start(|request| match request.operation().as_str() {
        "ListClusters" => Answer::json(&json!({"clusterArns": [format!("{CLUSTER}/main")]})),
        "ListServices" => Answer::json(&json!({"serviceArns": ["a", "b", "c"]})),
        _ => Answer::json(&json!({
            "services": [{"serviceArn": "a"}],
            "failures": [{"arn": "b", "reason": "MISSING"}, {"arn": "c", "reason": "SOMETHING", "detail": "odd"}]
        })),
    });
    let fixture = Fixture::new(&server);
    let (fleet, gaps) = fleet(&fixture).await.unwrap();
    assert_eq!(fleet.services.len(), 1);
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].message, "c: odd");
}

#[tokio::test]
async fn tasks_are_those_that_run_and_those_that_stopped() {
    let server = Server::start(|request| {
        let body = request.json();
        match (request.operation().as_str(), body["desiredStatus"].as_str()) {
            ("ListTasks", Some("RUNNING")) => Answer::json(&json!({"taskArns": ["run"]})),
            ("ListTasks", Some("STOPPED")) => Answer::json(&json!({"taskArns": ["old", "new"]})),
            ("DescribeTasks", _) => Answer::json(&json!({"tasks": [
                {"taskArn": "old", "stoppedAt": 100},
                {"taskArn": "new", "stoppedAt": 200, "stoppedReason": "CannotPullContainerError"},
                {"taskArn": "run", "startedAt": 50}]})),
            _ => Answer::page(500),
        }
    });
    let fixture = Fixture::new(&server);
    let query = Query::Ecs(ecs::Read::Tasks {
        cluster: "main".to_owned(),
        service: "api".to_owned(),
    });
    let reply = fixture.ask(query).await.unwrap();
    let ReplyData::EcsTasks(tasks) = reply.data else {
        panic!("not tasks");
    };
    let order: Vec<_> = tasks.iter().map(|task| task.arn.as_str()).collect();
    assert_eq!(order, ["run", "new", "old"]);
    assert_eq!(
        tasks[1].stopped_reason.as_deref(),
        Some("CannotPullContainerError")
    );
    assert_eq!(server.count("DescribeTasks"), 1);
}

fn history(deployments: usize) -> Query {
    Query::Ecs(ecs::Read::Deployments {
        cluster: "main".to_owned(),
        service: format!("api-{deployments}"),
    })
}

async fn deployments(fixture: &Fixture) -> Vec<ServiceDeployment> {
    let reply = fixture.ask(history(0)).await.expect("it is answered");
    assert_eq!(reply.gaps, []);
    let ReplyData::ServiceDeployments(found) = reply.data else {
        panic!("not deployments");
    };
    found
}

#[tokio::test]
async fn a_history_is_described_by_twenties_with_each_revision_once() {
    let server = Server::start(|request| {
        let body = request.json();
        let arns = |key: &str| body[key].as_array().cloned().unwrap_or_default();
        match request.operation().as_str() {
            "ListServiceDeployments" => {
                let listed: Vec<Value> = (0..25)
                    .map(|n| json!({"serviceDeploymentArn": format!("dep-{n:02}"), "createdAt": n}))
                    .collect();
                Answer::json(&json!({ "serviceDeployments": listed }))
            }
            "DescribeServiceDeployments" => {
                let found: Vec<Value> = arns("serviceDeploymentArns")
                    .iter()
                    .map(|arn| {
                        let number: u32 = arn.as_str().unwrap()[4..].parse().unwrap();
                        json!({"serviceDeploymentArn": arn, "createdAt": number, "status": "SUCCESSFUL",
                               "targetServiceRevision": {"arn": format!("rev-{}", number % 2)}})
                    })
                    .collect();
                Answer::json(&json!({ "serviceDeployments": found, "failures": [] }))
            }
            "DescribeServiceRevisions" => Answer::json(&json!({
                "serviceRevisions": [{"serviceRevisionArn": "rev-1", "taskDefinition": "arn:x:task-definition/api:7"}],
                "failures": [{"arn": "rev-0", "reason": "MISSING"}]
            })),
            _ => Answer::page(500),
        }
    });
    let fixture = Fixture::new(&server);
    let found = deployments(&fixture).await;
    assert_eq!(found.len(), 25);
    assert_eq!(found[0].arn, "dep-24");
    let brought = |n: usize| {
        found[n]
            .target
            .as_ref()
            .and_then(|revision| revision.task_definition.as_deref())
    };
    assert_eq!((brought(0), brought(1)), (None, Some("api:7")));
    assert_eq!(server.count("DescribeServiceDeployments"), 2);
    assert_eq!(server.count("DescribeServiceRevisions"), 1);
}

#[tokio::test]
async fn an_endpoint_without_histories_says_so() {
    let server = Server::start(|_| Answer::page(404));
    let fixture = Fixture::new(&server);
    let fault = fixture.ask(history(1)).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unsupported);
    assert_eq!(fault.operation, "ListServiceDeployments");
}

#[tokio::test]
async fn a_task_definition_that_is_gone_is_a_gap() {
    let server = Server::start(|request| {
        let asked = request.json();
        match asked["taskDefinition"].as_str() {
            Some("api:7") => Answer::json(&json!({"taskDefinition": {
                "taskDefinitionArn": "arn:x:task-definition/api:7", "family": "api", "revision": 7}})),
            _ => Answer::json_error("ClientException", "Unable to describe task definition."),
        }
    });
    let fixture = Fixture::new(&server);
    let query = Query::Ecs(ecs::Read::TaskDefinitions {
        revisions: vec!["api:6".to_owned(), "api:7".to_owned()],
    });
    let reply = fixture.ask(query).await.unwrap();
    let ReplyData::TaskDefinitions(found) = reply.data else {
        panic!("not task definitions");
    };
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].revision, 7);
    assert_eq!(reply.gaps[0].kind, FaultKind::NotFound);
    assert_eq!(
        reply.gaps[0].message,
        "api:6: Unable to describe task definition."
    );
}
