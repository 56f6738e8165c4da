//! One of everything.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::domain::alarm::{Alarm, AlarmState};
use crate::domain::asg::{
    Desired, Group, InstanceRefresh, LaunchTemplate, ScheduledAction, SuspendedProcess, WarmPool,
};
use crate::domain::certificate::Certificate;
use crate::domain::datastore::node_type::NodeTypes;
use crate::domain::datastore::{
    Cache, DbCluster, DbClusterSettings, DbInstance, DbProxy, DbSettings, DbSnapshot, Monitoring,
    PerformanceInsights,
};
use crate::domain::delivery::{Execution, Pipeline};
use crate::domain::distribution::Distribution;
use crate::domain::dns::HostedZone;
use crate::domain::ec2::Instance;
use crate::domain::ecr::Image;
use crate::domain::ecs::{
    Cluster, Container, Fleet, RevisionName, RolloutState, ServiceDeployment, ServiceRevision, Task,
    TaskDefinition,
};
use crate::domain::elb::{Balancing, Target, TargetGroup};
use crate::domain::ids::Tag;
use crate::domain::metric_catalog::endpoint as requests;
use crate::domain::ops::{
    Query, Reply, ReplyData, acm, autoscaling, cloudfront, cloudwatch, codepipeline, ecr, ecs, elasticache,
    rds, route53, sagemaker, ssm,
};
use crate::domain::price::PriceTable;
use crate::domain::queue::Queue;
use crate::domain::rules::sample;
use crate::domain::sagemaker::{ConfigVariant, Endpoint, EndpointConfig, Notebook, sample as models};
use crate::domain::scalable::{ScalableTarget, resource_of};
use crate::domain::scope::ScopeName;
use crate::domain::ssm::{ProbeEnd, ProbeOutput};
use crate::runbook::action::{Arguments, Decisions, Site, View};
use crate::runbook::actions::tests::delivery::{PROOF, certificate, image, release, repository, stage};
use crate::runbook::actions::tests::edge::distribution;

pub const RUN: &str = "r-20261121-090000-kqzt";

/// A copy that an earlier step of the plan makes.
pub const COPY: &str = "main-r-20261121-090000-kqzt";

pub const NOW: &str = "2026-11-21T03:00:00Z";

/// A card with a process on it.
pub const BUSY: &str = "#gpu 0\n0, GPU-9a9a6c50, 550, 93, 11662, 23028, 60, 200, 300, P0, 1710, 0, NVIDIA A10G\n#ext 0\n#apps 0\n=9a9a6c50,5762, 11402, python\n#end 0\n";

#[derive(Debug, Clone, Default)]
pub struct World {
    pub fleet: Fleet,
    pub tasks: Vec<Task>,
    pub definitions: Vec<TaskDefinition>,
    pub deployments: Vec<(&'static str, ServiceDeployment)>,
    pub groups: Vec<Group>,
    pub refreshes: Vec<InstanceRefresh>,
    /// What the probe prints, where it is not that of a host at rest.
    pub probed: BTreeMap<String, &'static str>,
    pub instances: Vec<Instance>,
    pub dbs: Vec<DbInstance>,
    pub clusters: Vec<DbCluster>,
    pub proxies: Vec<DbProxy>,
    pub snapshots: Vec<DbSnapshot>,
    pub caches: Vec<Cache>,
    pub balancing: Balancing,
    pub alarms: Vec<Alarm>,
    pub queues: Vec<Queue>,
    pub images: Vec<Image>,
    pub pipelines: Vec<Pipeline>,
    pub targets: Vec<ScalableTarget>,
    pub endpoints: Vec<Endpoint>,
    pub configs: Vec<EndpointConfig>,
    pub notebooks: Vec<Notebook>,
    pub distributions: Vec<Distribution>,
    pub certificates: Vec<Certificate>,
}

pub fn nothing() -> World {
    World::default()
}

pub fn arguments(with: &Value) -> Arguments {
    with.as_object().unwrap().clone()
}

pub fn site() -> Site<'static> {
    static SCOPE: LazyLock<ScopeName> = LazyLock::new(|| ScopeName::new("default/ap-northeast-2"));
    static DECISIONS: LazyLock<Decisions> = LazyLock::new(Decisions::default);
    Site {
        scope: &SCOPE,
        account: sample::ACCOUNT,
        region: "ap-northeast-2",
        now: NOW.parse().unwrap(),
        prices: PriceTable::shipped(),
        estate: Some("lab"),
        decisions: &DECISIONS,
    }
}

pub fn read(world: &World, query: &Query) -> Reply {
    Reply::whole(match query {
        Query::Ecs(ecs::Read::Fleet) => ReplyData::EcsFleet(world.fleet.clone()),
        Query::Ecs(ecs::Read::Tasks { service, .. }) => ReplyData::EcsTasks(if service == "api" {
            world.tasks.clone()
        } else {
            Vec::new()
        }),
        Query::Ecs(ecs::Read::TaskDefinitions { .. }) => {
            ReplyData::TaskDefinitions(world.definitions.clone())
        }
        Query::Ecs(ecs::Read::Deployments { service, .. }) => ReplyData::ServiceDeployments(
            world
                .deployments
                .iter()
                .filter(|(of, _)| of == service)
                .map(|(_, deployment)| deployment.clone())
                .collect(),
        ),
        Query::AutoScaling(autoscaling::Read::Groups) => ReplyData::Groups(world.groups.clone()),
        Query::AutoScaling(autoscaling::Read::Activities { .. }) => ReplyData::Activities(Vec::new()),
        Query::AutoScaling(autoscaling::Read::Policies) => ReplyData::GroupPolicies(Vec::new()),
        Query::AutoScaling(autoscaling::Read::InstanceRefreshes { group }) => ReplyData::InstanceRefreshes(
            world
                .refreshes
                .iter()
                .filter(|refresh| &refresh.group == group)
                .cloned()
                .collect(),
        ),
        Query::Ssm(ssm::Read::GpuSamples { instances, .. }) => ReplyData::ProbeOutputs(
            instances
                .iter()
                .map(|id| ProbeOutput {
                    instance_id: id.clone(),
                    end: ProbeEnd::Done,
                    stdout: world
                        .probed
                        .get(id)
                        .copied()
                        .unwrap_or(crate::runbook::survey::AT_REST)
                        .to_owned(),
                    detail: String::new(),
                    truncated: false,
                    at: NOW.parse().unwrap(),
                })
                .collect(),
        ),
        Query::Ec2(crate::domain::ops::ec2::Read::NatGateways) => ReplyData::NatGateways(Vec::new()),
        Query::Ec2(_) => ReplyData::Instances(world.instances.clone()),
        Query::Rds(rds::Read::Instances) => ReplyData::DbInstances(world.dbs.clone()),
        Query::Rds(rds::Read::Clusters) => ReplyData::DbClusters(world.clusters.clone()),
        Query::Rds(rds::Read::Proxies) => ReplyData::DbProxies(world.proxies.clone()),
        Query::ElastiCache(elasticache::Read::Snapshots { .. }) => ReplyData::CacheSnapshots(Vec::new()),
        Query::Rds(rds::Read::Snapshots) => ReplyData::DbSnapshots(world.snapshots.clone()),
        Query::Rds(rds::Read::Events { .. }) | Query::ElastiCache(elasticache::Read::Events { .. }) => {
            ReplyData::StoreEvents(Vec::new())
        }
        Query::ElastiCache(elasticache::Read::Caches) => ReplyData::Caches(world.caches.clone()),
        Query::ElastiCache(elasticache::Read::NodeTypes(_)) => ReplyData::CacheNodeTypes(NodeTypes {
            larger: vec!["cache.m6g.large".to_owned(), "cache.t4g.medium".to_owned()],
            smaller: vec!["cache.t4g.micro".to_owned()],
        }),
        Query::Elb(_) => ReplyData::Balancing(world.balancing.clone()),
        Query::CloudWatch(cloudwatch::Read::Alarms) => ReplyData::Alarms(world.alarms.clone()),
        Query::Sqs(_) => ReplyData::Queues(world.queues.clone()),
        Query::CloudFront(cloudfront::Read::Distributions) => {
            ReplyData::Distributions(world.distributions.clone())
        }
        Query::CloudFront(_) => ReplyData::Invalidations(Vec::new()),
        Query::Ecs(ecs::Read::Revisions { family }) => ReplyData::Revisions(
            world
                .definitions
                .iter()
                .filter(|definition| definition.family == *family)
                .map(|definition| RevisionName {
                    family: family.clone(),
                    revision: definition.revision,
                    active: definition.status == "ACTIVE",
                })
                .collect(),
        ),
        Query::Ecr(ecr::Read::Images { .. }) => ReplyData::Images(world.images.clone()),
        Query::Ecr(ecr::Read::Repositories) => ReplyData::Repositories(vec![repository(&world.images)]),
        Query::Acm(acm::Read::Certificates) => ReplyData::Certificates(world.certificates.clone()),
        Query::Acm(acm::Read::EdgeCertificates) => ReplyData::Certificates(Vec::new()),
        Query::Route53(route53::Read::Zones) => ReplyData::HostedZones(vec![HostedZone {
            id: "Z1".to_owned(),
            name: "example.com.".to_owned(),
            is_private: false,
        }]),
        Query::Route53(route53::Read::Records { .. }) => ReplyData::RecordSets(Vec::new()),
        Query::Sagemaker(read) => match read {
            sagemaker::Read::Endpoints => ReplyData::Endpoints(world.endpoints.clone()),
            sagemaker::Read::EndpointConfigs { name } => ReplyData::EndpointConfigs(
                world
                    .configs
                    .iter()
                    .filter(|config| name.as_ref().is_none_or(|name| config.name == *name))
                    .cloned()
                    .collect(),
            ),
            sagemaker::Read::TrainingJobs { .. } => ReplyData::TrainingJobs(Vec::new()),
            sagemaker::Read::Notebooks => ReplyData::Notebooks(world.notebooks.clone()),
        },
        Query::CloudWatch(cloudwatch::Read::Metrics { .. }) => ReplyData::Metrics(Vec::new()),
        Query::CodePipeline(codepipeline::Read::Pipelines) => ReplyData::Pipelines(world.pipelines.clone()),
        Query::CodePipeline(_) => ReplyData::PipelineExecutions(
            ["e-0", "e-1", "e-2"]
                .into_iter()
                .map(|id| Execution {
                    pipeline: "release".to_owned(),
                    id: id.to_owned(),
                    ..Execution::default()
                })
                .collect(),
        ),
        Query::ApplicationAutoScaling(_) => ReplyData::ScalableTargets(world.targets.clone()),
        other => panic!("nobody asks this here: {other:?}"),
    })
}

pub fn empty(queries: &[Query]) -> View {
    of(&nothing(), queries)
}

pub fn of(world: &World, queries: &[Query]) -> View {
    View::new(
        queries
            .iter()
            .map(|query| (query.clone(), Ok(read(world, query))))
            .collect(),
    )
}

/// Everything that any action of the tests asks.
pub fn view() -> View {
    seen(&world())
}

pub fn seen(world: &World) -> View {
    let service = |service: &str| ecs::Read::Deployments {
        cluster: "main".to_owned(),
        service: service.to_owned(),
    };
    let definition = |revision: &str| ecs::Read::TaskDefinitions {
        revisions: vec![revision.to_owned()],
    };
    let probe = |ids: &[&str]| crate::runbook::survey::query(ids.iter().map(|id| (*id).to_owned())).unwrap();
    let refreshes = |group: &str| {
        Query::AutoScaling(autoscaling::Read::InstanceRefreshes {
            group: group.to_owned(),
        })
    };
    let queries = [
        Query::Ecs(ecs::Read::Fleet),
        Query::Ecs(ecs::Read::Tasks {
            cluster: "main".to_owned(),
            service: "api".to_owned(),
        }),
        Query::Ecs(service("api")),
        Query::Ecs(service("stuck")),
        Query::Ecs(definition("api:5")),
        Query::Ecs(definition("api:6")),
        Query::Ecs(definition("api:9")),
        Query::Ecs(ecs::Read::Revisions {
            family: "api".to_owned(),
        }),
        Query::Ecr(crate::domain::ops::ecr::Read::Images {
            registry: None,
            repository: "app".to_owned(),
        }),
        Query::Ecr(crate::domain::ops::ecr::Read::Images {
            registry: Some(sample::ACCOUNT.to_owned()),
            repository: "api".to_owned(),
        }),
        Query::CodePipeline(codepipeline::Read::Pipelines),
        Query::CodePipeline(codepipeline::Read::SucceededIn {
            pipeline: "release".to_owned(),
            stage: "Ship".to_owned(),
        }),
        Query::CodePipeline(codepipeline::Read::ChangeIn {
            pipeline: "release".to_owned(),
            execution: "e-2".to_owned(),
        }),
        Query::ApplicationAutoScaling(crate::domain::ops::application_auto_scaling::Read::EcsTargets),
        Query::AutoScaling(autoscaling::Read::Groups),
        refreshes("workers"),
        refreshes("refreshing"),
        refreshes("training"),
        probe(&["i-alone"]),
        probe(&["i-t1", "i-t2"]),
        Query::Ec2(crate::domain::ops::ec2::Read::NatGateways),
        Query::Ec2(crate::domain::ops::ec2::Read::Instances),
        Query::Rds(rds::Read::Instances),
        Query::Rds(rds::Read::Clusters),
        Query::Rds(rds::Read::Proxies),
        Query::Rds(rds::Read::Snapshots),
        Query::ElastiCache(elasticache::Read::Caches),
        Query::ElastiCache(elasticache::Read::Snapshots {
            group: "sessions".to_owned(),
        }),
        Query::ElastiCache(elasticache::Read::NodeTypes(elasticache::Nodes::Group(
            "sessions".to_owned(),
        ))),
        Query::Elb(crate::domain::ops::elb::Read::Balancing),
        Query::CloudWatch(cloudwatch::Read::Alarms),
        Query::Sqs(crate::domain::ops::sqs::Read::Queues),
        Query::ApplicationAutoScaling(crate::domain::ops::application_auto_scaling::Read::EndpointTargets),
        Query::Sagemaker(sagemaker::Read::Endpoints),
        configs(None),
        configs(Some("render-v1")),
        configs(Some("idle-v2")),
        configs(Some("fresh-v1")),
        Query::Sagemaker(sagemaker::Read::Notebooks),
        Query::CloudWatch(cloudwatch::Read::Metrics {
            specs: vec![requests::INVOCATIONS.of_both("idle", "AllTraffic").spec()],
        }),
        Query::Ecr(ecr::Read::Repositories),
        Query::Acm(acm::Read::Certificates),
        Query::Acm(acm::Read::EdgeCertificates),
        Query::Route53(route53::Read::Zones),
        crate::runbook::action::records_of("Z1", PROOF.0),
        Query::CloudFront(cloudfront::Read::Distributions),
        Query::CloudFront(cloudfront::Read::Invalidations {
            distribution: "E1".to_owned(),
            since: None,
        }),
    ];
    of(world, &queries)
}

fn configs(name: Option<&str>) -> Query {
    Query::Sagemaker(sagemaker::Read::EndpointConfigs {
        name: name.map(str::to_owned),
    })
}

/// A configuration of one variant, made so many minutes after the beginning.
fn config(name: &str, model: &str, minute: i64) -> EndpointConfig {
    EndpointConfig {
        name: name.to_owned(),
        created_at: Some(sample::at(minute)),
        variants: vec![ConfigVariant {
            name: "AllTraffic".to_owned(),
            model: Some(model.to_owned()),
            instance_type: Some("ml.g4dn.xlarge".to_owned()),
        }],
    }
}

pub fn environment(name: &str) -> Tag {
    Tag {
        key: "Environment".to_owned(),
        value: name.to_owned(),
    }
}

/// What the evening notes.
pub fn note(text: &str) -> Tag {
    Tag {
        key: "quarterdeck:night".to_owned(),
        value: text.to_owned(),
    }
}

fn alarm(name: &str, actions_enabled: bool) -> Alarm {
    Alarm {
        arn: sample::arn("cloudwatch", &format!("alarm:{name}")),
        name: name.to_owned(),
        description: None,
        state: AlarmState::Ok,
        reason: None,
        since: None,
        actions_enabled,
        alarm_actions: Vec::new(),
        metric: None,
        composite_rule: None,
    }
}

fn definition(revision: u32, status: &str) -> TaskDefinition {
    TaskDefinition {
        status: status.to_owned(),
        cpu_units: Some(256),
        memory_mib: Some(512),
        containers: vec![sample::container("api", "repo/api:latest")],
        ..sample::task_definition("api", revision)
    }
}

pub fn service_deployment(arn: &str, revision: &str, status: &str) -> ServiceDeployment {
    ServiceDeployment {
        arn: arn.to_owned(),
        status: status.to_owned(),
        status_reason: None,
        started_at: Some("2026-11-20T00:00:00Z".parse().unwrap()),
        finished_at: Some("2026-11-20T00:10:00Z".parse().unwrap()),
        target: Some(ServiceRevision {
            arn: format!("{arn}/revision"),
            task_definition: Some(revision.to_owned()),
            images: Vec::new(),
        }),
        rolled_back_to: None,
    }
}

/// A cache in which no replica takes over by itself.
fn by_hand(name: &str) -> crate::domain::datastore::Cache {
    crate::domain::datastore::Cache {
        automatic_failover: false,
        multi_az: false,
        ..sample::cache(name, 2)
    }
}

fn queue(name: &str, visible: u64, dead_letter: Option<&str>) -> Queue {
    Queue {
        arn: sample::arn("sqs", name),
        name: name.to_owned(),
        url: format!("https://sqs/{name}"),
        visible,
        in_flight: 0,
        delayed: 0,
        visibility_timeout_s: None,
        dead_letter: dead_letter.map(|name| (sample::arn("sqs", name), 3)),
    }
}

fn template(version: &str) -> LaunchTemplate {
    LaunchTemplate {
        id: "lt-1".to_owned(),
        version: version.to_owned(),
    }
}

pub fn refresh(group: &str, status: &str, version: Option<&str>) -> InstanceRefresh {
    InstanceRefresh {
        id: format!("refresh-{status}-{}", version.unwrap_or("same")),
        group: group.to_owned(),
        status: status.to_owned(),
        reason: None,
        started_at: Some("2026-11-21T02:50:00Z".parse().unwrap()),
        ended_at: None,
        percent: Some(40),
        left: Some(1),
        desired: version.map(|version| Desired::Template(template(version))),
    }
}

pub fn world() -> World {
    let mut workers = sample::group("workers", 3);
    workers.min = 1;
    workers.instances[2].protected = true;
    workers.suspended.push(SuspendedProcess {
        name: "AZRebalance".to_owned(),
        reason: "User suspended at 2026-11-01".to_owned(),
    });
    workers.scheduled_actions.push(ScheduledAction {
        name: "down".to_owned(),
        recurrence: Some("0 22 * * *".to_owned()),
        time_zone: Some("Asia/Seoul".to_owned()),
        start: Some("2026-11-21T13:00:00Z".parse().unwrap()),
        min: Some(0),
        max: None,
        desired: Some(0),
    });
    let mut owned = sample::group("owned", 2);
    owned.tags.push(Tag {
        key: "eks:cluster-name".to_owned(),
        value: "prod".to_owned(),
    });
    workers.launch_template = Some(template("5"));
    let mut refreshing = sample::group("refreshing", 2);
    refreshing.launch_template = Some(template("6"));
    let mut stuck = sample::service("stuck", 4);
    let mut newest = sample::deployment("stuck", 4, -5);
    newest.rollout = Some(RolloutState::InProgress);
    newest.running = 0;
    stuck.deployments = vec![newest];
    let mut pooled = sample::group("pooled", 1);
    pooled.warm_pool = Some(WarmPool {
        state: "Stopped".to_owned(),
        min: 0,
        max_prepared: Some(3),
        reuse_on_scale_in: false,
        instances: ["i-w1", "i-w2"]
            .map(|id| sample::in_state(id, "Warmed:Stopped"))
            .to_vec(),
    });
    let mut training = sample::group("training", 2);
    training.instances = vec![
        sample::in_state("i-t1", "InService"),
        sample::in_state("i-t2", "InService"),
    ];
    training.tags.push(environment("dev"));
    let mut down = sample::group("down", 0);
    down.max = 0;
    down.tags.push(note(
        "v1 was=1/4/2 left=0/0/0 held=AlarmNotification+ScheduledActions at=2026-11-20T11:00:00Z usd-h=2.4",
    ));
    for process in ["AlarmNotification", "ScheduledActions"] {
        down.suspended.push(SuspendedProcess {
            name: process.to_owned(),
            reason: "User suspended".to_owned(),
        });
    }
    let of_training = ["i-t1", "i-t2"].map(|id| {
        let mut member = sample::instance(id, "g5.xlarge");
        member.tags.push(Tag {
            key: "aws:autoscaling:groupName".to_owned(),
            value: "training".to_owned(),
        });
        member
    });
    let mut stopped = sample::instance("i-stopped", "g5.xlarge");
    stopped.state = "stopped".to_owned();
    stopped.tags.push(Tag {
        key: "quarterdeck:stopped".to_owned(),
        value: "v1 state=running at=2026-11-20T11:00:00Z of=lab".to_owned(),
    });
    let mut member = sample::instance("i-1", "g5.xlarge");
    member.tags.push(Tag {
        key: "aws:autoscaling:groupName".to_owned(),
        value: "workers".to_owned(),
    });
    let mut asleep = sample::db("asleep");
    asleep.status = "stopped".to_owned();
    let mut main = sample::db("main");
    main.settings = configured();
    main.maintenance_window = Some("sun:19:00-sun:20:00".to_owned());
    main.max_storage_gib = Some(500);
    let mut pending = sample::db("pending");
    pending.parameter_group = Some(("tuned".to_owned(), "pending-reboot".to_owned()));
    let mut clusters = ["aurora", "empty", "sleeping"].map(cluster);
    clusters[1].members.clear();
    clusters[1].settings.maintenance_window = Some("tue:03:00-tue:03:30".to_owned());
    clusters[2].status = "stopped".to_owned();
    let members = clusters.iter().flat_map(|cluster| {
        cluster.members.iter().map(|(name, _)| {
            let mut member = sample::db(name);
            member.engine = "aurora-postgresql".to_owned();
            member.class = "db.r6g.large".to_owned();
            member.storage_type = Some("aurora".to_owned());
            member.storage_gib = None;
            member.cluster = Some(cluster.name.clone());
            member
        })
    });
    let mut copy = sample::db(COPY);
    copy.resource_id = None;
    copy.deletion_protection = true;
    copy.tags = vec![Tag {
        key: "quarterdeck:run".to_owned(),
        value: "this plan".to_owned(),
    }];
    let dbs = [main, asleep, pending, sample::db("bare"), copy]
        .into_iter()
        .chain(members)
        .collect();
    World {
        fleet: Fleet {
            clusters: vec![Cluster {
                arn: sample::arn("ecs", "cluster/main"),
                name: "main".to_owned(),
            }],
            services: vec![sample::service("api", 6), stuck],
        },
        tasks: vec![Task {
            arn: sample::arn("ecs", "task/main/t1"),
            task_definition: "api:6".to_owned(),
            last_status: "RUNNING".to_owned(),
            desired_status: "RUNNING".to_owned(),
            health: None,
            zone: None,
            started_at: None,
            stopped_at: None,
            stop_code: None,
            stopped_reason: None,
            containers: Vec::<Container>::new(),
        }],
        definitions: vec![
            definition(5, "ACTIVE"),
            definition(6, "ACTIVE"),
            definition(9, "INACTIVE"),
        ],
        deployments: vec![
            ("api", service_deployment("d5", "api:5", "SUCCESSFUL")),
            ("api", service_deployment("d6", "api:6", "SUCCESSFUL")),
            ("stuck", service_deployment("s3", "stuck:3", "SUCCESSFUL")),
            ("stuck", service_deployment("s4", "stuck:4", "IN_PROGRESS")),
        ],
        groups: vec![workers, owned, refreshing, training, pooled, down],
        refreshes: vec![refresh("refreshing", "InProgress", Some("7"))],
        probed: BTreeMap::from([("i-alone".to_owned(), BUSY)]),
        instances: [sample::instance("i-alone", "g5.xlarge"), stopped, member]
            .into_iter()
            .chain(of_training)
            .collect(),
        dbs,
        clusters: clusters.to_vec(),
        proxies: vec![DbProxy {
            name: "front".to_owned(),
            targets: vec!["main".to_owned()],
        }],
        snapshots: vec![snapshot("main", false), snapshot("aurora", true)],
        caches: vec![sample::cache("sessions", 2), by_hand("manual")],
        balancing: Balancing {
            load_balancers: Vec::new(),
            target_groups: vec![TargetGroup {
                arn: sample::target_group_arn("api"),
                name: "api".to_owned(),
                load_balancers: Vec::new(),
                protocol: Some("HTTP".to_owned()),
                port: Some(80),
                target_type: Some("instance".to_owned()),
                health_check_path: None,
                targets: Some(["i-1", "i-2"].map(target).to_vec()),
            }],
        },
        alarms: vec![alarm("errors", true), alarm("muted", false)],
        queues: vec![queue("jobs", 0, Some("jobs-dead")), queue("jobs-dead", 12, None)],
        images: vec![
            image('a', &["1.0"], "2026-11-01T00:00:00Z"),
            image('b', &["1.1"], "2026-11-10T00:00:00Z"),
            image('c', &["1.2", "latest"], "2026-11-20T00:00:00Z"),
            image('d', &[], "2026-11-15T00:00:00Z"),
        ],
        pipelines: vec![
            Pipeline {
                name: "api-pipeline".to_owned(),
                version: Some("V2".to_owned()),
                arn: None,
                stages: vec![stage("Build", true), stage("Deploy", true)],
            },
            Pipeline {
                name: "held".to_owned(),
                version: Some("V2".to_owned()),
                arn: None,
                stages: vec![stage("Release", false)],
            },
            release(),
        ],
        targets: vec![
            ScalableTarget {
                resource: resource_of("main", "api"),
                min: 1,
                max: 10,
                suspended: Vec::new(),
            },
            ScalableTarget {
                resource: "endpoint/render/variant/AllTraffic".to_owned(),
                min: 1,
                max: 3,
                suspended: Vec::new(),
            },
        ],
        endpoints: vec![
            models::endpoint("render"),
            Endpoint {
                tags: vec![environment("dev")],
                ..models::endpoint("idle")
            },
        ],
        configs: vec![
            config("render-v2", "render-model-v2", -100),
            config("render-v1", "render-model-v1", -900),
            config("other-v9", "other-model-v9", -300),
            config("idle-v2", "idle-model-v2", -500),
            config("fresh-v1", "fresh-model-v1", -50),
        ],
        distributions: vec![distribution()],
        certificates: vec![certificate()],
        notebooks: vec![
            models::notebook("lab", -2000),
            Notebook {
                status: "Stopped".to_owned(),
                running_since: None,
                ..models::notebook("asleep", -3000)
            },
        ],
    }
}

pub fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

/// An instance configured unlike anything that AWS would choose.
pub fn configured() -> DbSettings {
    DbSettings {
        port: Some(5433),
        subnet_group: Some("private".to_owned()),
        security_groups: vec!["sg-1".to_owned(), "sg-2".to_owned()],
        option_group: Some("own-options".to_owned()),
        license: Some("postgresql-license".to_owned()),
        iops: Some(3000),
        storage_throughput: Some(125),
        iam_authentication: Some(true),
        ca_certificate: Some("rds-ca-ecc384-g1".to_owned()),
        log_exports: vec!["postgresql".to_owned()],
        performance_insights: Some(PerformanceInsights {
            kms_key: Some("arn:aws:kms:::key/1".to_owned()),
            retention_days: Some(31),
        }),
        insights_mode: Some("standard".to_owned()),
        monitoring: Some(Monitoring {
            interval_s: 60,
            role: Some("arn:aws:iam::123456789012:role/monitoring".to_owned()),
        }),
        copy_tags_to_snapshots: Some(true),
        minor_upgrades: Some(false),
        network_type: Some("DUAL".to_owned()),
        lifecycle_support: Some("open-source-rds-extended-support-disabled".to_owned()),
        encrypted: Some(true),
        roles: vec!["arn:aws:iam::123456789012:role/s3 (s3Import)".to_owned()],
        ..DbSettings::default()
    }
}

fn cluster(name: &str) -> DbCluster {
    let mut cluster = sample::db_cluster(name, 2);
    cluster.settings = DbClusterSettings {
        resource_id: Some(format!("cluster-{name}")),
        subnet_group: Some("private".to_owned()),
        security_groups: vec!["sg-1".to_owned()],
        parameter_group: Some("default.aurora-postgresql16".to_owned()),
        maintenance_window: Some("sun:19:00-sun:20:00".to_owned()),
        http_endpoint: Some(true),
        ..DbClusterSettings::default()
    };
    cluster
}

fn snapshot(source: &str, of_cluster: bool) -> DbSnapshot {
    let id = format!("rds:{source}-2026-11-20");
    DbSnapshot {
        arn: sample::arn("rds", &format!("snapshot:{id}")),
        id,
        source: source.to_owned(),
        of_cluster,
        snapshot_type: "automated".to_owned(),
        status: "available".to_owned(),
        percent_progress: Some(100),
        created_at: Some("2026-11-20T17:00:00Z".parse().unwrap()),
        storage_gib: (!of_cluster).then_some(100),
        encrypted: true,
        kms_key: None,
    }
}

fn target(id: &str) -> Target {
    Target {
        id: id.to_owned(),
        port: Some(80),
        zone: None,
        state: "healthy".to_owned(),
        reason: None,
        description: None,
    }
}
