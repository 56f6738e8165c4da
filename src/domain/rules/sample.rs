//! A small estate for the rules' tests, filled the way answers fill it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Weekday, time};

use crate::domain::asg::{Activity, Group, GroupInstance};
use crate::domain::datastore::{Cache, CacheForm, CacheNode, CacheShard, DbCluster, DbInstance};
use crate::domain::ec2::{Instance, Purchase};
use crate::domain::ecs::{
    CircuitBreaker, Container, ContainerDefinition, Controller, Deployment, DeploymentRole, Fleet,
    RolloutState, Service, ServiceEvent, Task, TaskDefinition,
};
use crate::domain::elb::{Balancing, LoadBalancer, Target, TargetGroup};
use crate::domain::fault::Fault;
use crate::domain::gpu::{GpuCard, HostReading, ProbeOutcome, ReadingSource, ThrottleReasons, gpus_of_type};
use crate::domain::health::Finding;
use crate::domain::inventory::{Answer, Inventory, ScopeState, Source, SourceKey};
use crate::domain::metric::{MetricGroup, Series};
use crate::domain::metric_catalog::MetricRef;
use crate::domain::ops::{Reply, ReplyData};
use crate::domain::policy::{BusinessHours, Environment, Policy, Zone};
use crate::domain::rules::{Context, Policies, Rule, SessionAccept, Terms, evaluate};
use crate::domain::scope::{Identity, Scope, ScopeName};

/// Minutes after 2026-11-21T00:00:00Z, nine in the morning in Seoul.
pub fn at(minute: i64) -> Timestamp {
    let midnight: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
    midnight + jiff::SignedDuration::from_mins(minute)
}

/// The account of all samples.
pub const ACCOUNT: &str = "123456789012";
const REGION: &str = "ap-northeast-2";

/// One scope, its policy and the moment: 03:00 UTC, noon in Seoul.
pub struct Bench {
    pub inventory: Inventory,
    pub policy: Policy,
    pub session: Vec<SessionAccept>,
    pub now: Timestamp,
}

/// An ARN in the sample account.
pub fn arn(service: &str, rest: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}")
}

/// From nine to six, Monday to Friday.
pub fn office_hours() -> BusinessHours {
    BusinessHours {
        days: vec![
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday,
            Weekday::Friday,
        ],
        from: time(9, 0, 0, 0),
        to: time(18, 0, 0, 0),
    }
}

/// The policy of a production estate in Seoul.
pub fn prod() -> Policy {
    Policy {
        environment: Environment::Prod,
        time_zone: Zone::named("Asia/Seoul").unwrap(),
        ..Policy::default()
    }
}

impl Bench {
    /// A scope whose identity is known and nothing else.
    pub fn new() -> Self {
        let scope = Scope {
            name: ScopeName::new("default/ap-northeast-2"),
            profile: None,
            region: REGION.to_owned(),
            role: None,
            expected_account: None,
            account_name: None,
        };
        let mut bench = Self {
            inventory: Inventory::new([Arc::new(scope)]),
            policy: Policy::default(),
            session: Vec::new(),
            now: at(180),
        };
        bench.know(
            Source::Identity,
            ReplyData::Identity(Identity {
                account: ACCOUNT.to_owned(),
                arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/oncall/alice"),
                credentials_expire_at: None,
                server_time: None,
            }),
        );
        bench
    }

    /// The same with this policy.
    pub fn with_policy(&mut self, policy: Policy) -> &mut Self {
        self.policy = policy;
        self
    }

    /// The one scope.
    pub fn state(&mut self) -> &mut ScopeState {
        &mut self.inventory.scopes[0]
    }

    /// An answer that came just now.
    pub fn know(&mut self, source: Source, data: ReplyData) -> &mut Self {
        self.answer(source, Ok(Arc::new(Reply::whole(data))))
    }

    /// A failure that came just now.
    pub fn fail(&mut self, source: Source, fault: Fault) -> &mut Self {
        self.answer(source, Err(fault))
    }

    /// An answer or a failure that came just now.
    pub fn answer(&mut self, source: Source, result: Result<Arc<Reply>, Fault>) -> &mut Self {
        let scope = self.state().name().clone();
        let now = self.now;
        self.inventory.apply(&Answer {
            key: SourceKey { scope, source },
            epoch: 0,
            asked_at: now,
            at: now,
            result,
        });
        self
    }

    /// Values of a metric by minute of [`at`], asked for just now.
    pub fn metric(&mut self, metric: MetricRef<'_>, period_s: u32, points: &[(i64, f64)]) -> &mut Self {
        let id = metric.id();
        let group = match id.namespace.as_str() {
            "AWS/ECS" => MetricGroup::Ecs,
            "AWS/EC2" => MetricGroup::Ec2,
            "AWS/RDS" => MetricGroup::Rds,
            "AWS/ElastiCache" => MetricGroup::Redis,
            "AWS/SQS" => MetricGroup::Queue,
            "AWS/NATGateway" => MetricGroup::Nat,
            "AWS/SageMaker" | "/aws/sagemaker/Endpoints" | "/aws/sagemaker/TrainingJobs" => {
                MetricGroup::Sagemaker
            }
            "AWS/Lambda" => MetricGroup::Lambda,
            "AWS/CloudFront" => MetricGroup::Distribution,
            "AWS/Logs" => MetricGroup::Logs,
            _ => MetricGroup::Elb,
        };
        let now = self.now;
        let batch = self.state().metrics.entry(group).or_default();
        let mut series: BTreeMap<_, _> = batch.get().cloned().unwrap_or_default();
        series.insert(
            id,
            Series {
                period_s,
                points: points
                    .iter()
                    .map(|(minute, value)| (at(*minute), *value))
                    .collect(),
                partial: false,
            },
        );
        batch.value = Some((Arc::new(series), now));
        self
    }

    /// A metric that has had one value for the last half hour.
    pub fn steady(&mut self, metric: MetricRef<'_>, value: f64) -> &mut Self {
        let minute = self.minute();
        let points: Vec<(i64, f64)> = (minute - 31..minute).map(|minute| (minute, value)).collect();
        self.metric(metric, 60, &points)
    }

    /// The moment in minutes of [`at`].
    pub fn minute(&self) -> i64 {
        self.now.duration_since(at(0)).as_mins()
    }

    /// What one rule finds.
    pub fn check(&self, rule: &Rule) -> Vec<Finding> {
        let policies = self.policies();
        let terms = Terms {
            policies: &policies,
            session: &self.session,
        };
        let mut findings = Vec::new();
        (rule.check)(
            &Context::new(&self.inventory.scopes[0], &terms, self.now),
            &mut findings,
        );
        findings
    }

    /// What all rules find.
    pub fn evaluate(&self) -> Vec<Finding> {
        let policies = self.policies();
        let terms = Terms {
            policies: &policies,
            session: &self.session,
        };
        evaluate(&self.inventory, &terms, self.now)
    }

    fn policies(&self) -> Policies {
        Policies {
            of_scope: BTreeMap::new(),
            otherwise: Arc::new(self.policy.clone()),
        }
    }

    /// Adds a target group behind the load balancer `main` with targets in these states.
    pub fn target_group(&mut self, name: &str, targets: &[(&str, &str)]) -> &mut Self {
        let mut balancing = self.state().balancing.get().cloned().unwrap_or_default();
        let balancer = load_balancer("main");
        let group = TargetGroup {
            arn: target_group_arn(name),
            name: name.to_owned(),
            load_balancers: vec![balancer.arn.clone()],
            protocol: Some("HTTP".to_owned()),
            port: Some(80),
            target_type: Some("ip".to_owned()),
            health_check_path: Some("/health".to_owned()),
            targets: Some(
                targets
                    .iter()
                    .map(|(id, state)| Target {
                        id: (*id).to_owned(),
                        port: Some(80),
                        zone: None,
                        state: (*state).to_owned(),
                        reason: (*state == "unhealthy").then(|| "Target.ResponseCodeMismatch".to_owned()),
                        description: (*state == "unhealthy")
                            .then(|| "Health checks failed with these codes: [502]".to_owned()),
                    })
                    .collect(),
            ),
        };
        if balancing.load_balancers.is_empty() {
            balancing.load_balancers.push(balancer);
        }
        balancing.target_groups.push(group);
        self.balancing(balancing)
    }

    /// Services as given, the only ones.
    pub fn services(&mut self, services: Vec<Service>) -> &mut Self {
        let clusters = Vec::new();
        self.know(
            Source::EcsFleet,
            ReplyData::EcsFleet(Fleet { clusters, services }),
        )
    }

    /// A running host of no group with these cards, the only one, asked just now.
    pub fn gpu_host(&mut self, id: &str, instance_type: &str, cards: Vec<GpuCard>) -> &mut Self {
        let mut host = reading(id, cards);
        host.expected_cards = gpus_of_type(instance_type).map(|gpus| gpus.count);
        host.lost_cards = host
            .expected_cards
            .map(|expected| expected.saturating_sub(u8::try_from(host.cards.len()).unwrap()));
        self.know(
            Source::Instances,
            ReplyData::Instances(vec![instance(id, instance_type)]),
        );
        self.gpu_readings(vec![host])
    }

    /// A running host of no group that could not be asked, the only one.
    pub fn silent_gpu_host(&mut self, id: &str, instance_type: &str, outcome: ProbeOutcome) -> &mut Self {
        let mut host = reading(id, Vec::new());
        host.outcome = outcome;
        host.detail = Some("what was said".to_owned());
        host.remedy = Some("what to do".to_owned());
        self.know(
            Source::Instances,
            ReplyData::Instances(vec![instance(id, instance_type)]),
        );
        self.gpu_readings(vec![host])
    }

    /// What hosts with GPUs answered just now.
    pub fn gpu_readings(&mut self, mut readings: Vec<HostReading>) -> &mut Self {
        let now = self.now;
        let state = self.state();
        for reading in &mut readings {
            reading.sampled_at = now;
            Arc::make_mut(&mut state.gpu_history).record(reading);
        }
        state.gpu.value = Some((Arc::new(readings), now));
        self
    }

    /// Load balancers and target groups as given.
    pub fn balancing(&mut self, balancing: Balancing) -> &mut Self {
        self.know(Source::Balancing, ReplyData::Balancing(balancing))
    }
}

/// An Application Load Balancer.
pub fn load_balancer(name: &str) -> LoadBalancer {
    LoadBalancer {
        arn: arn("elasticloadbalancing", &format!("loadbalancer/app/{name}/1f")),
        name: name.to_owned(),
        form: "application".to_owned(),
        state: "active".to_owned(),
        dns_name: None,
        scheme: Some("internet-facing".to_owned()),
        created_at: None,
    }
}

/// The dimension of the load balancer `main`.
pub const MAIN: &str = "app/main/1f";

/// The ARN of a target group.
pub fn target_group_arn(name: &str) -> String {
    arn("elasticloadbalancing", &format!("targetgroup/{name}/2e"))
}

/// The dimension of a target group.
pub fn target_group_dimension(name: &str) -> String {
    format!("targetgroup/{name}/2e")
}

/// A service with two tasks of that revision, all well, without a circuit breaker.
pub fn service(name: &str, revision: u32) -> Service {
    Service {
        arn: arn("ecs", &format!("service/main/{name}")),
        name: name.to_owned(),
        cluster: "main".to_owned(),
        status: "ACTIVE".to_owned(),
        desired: 2,
        running: 2,
        pending: 0,
        task_definition: format!("{name}:{revision}"),
        controller: Controller::Ecs,
        strategy: Some("ROLLING".to_owned()),
        capacity: vec!["FARGATE".to_owned()],
        deployments: vec![deployment(name, revision, -1440)],
        events: Vec::new(),
        circuit_breaker: Some(CircuitBreaker {
            enabled: false,
            rollback: false,
        }),
        target_groups: Vec::new(),
        created_at: None,
        tags: Vec::new(),
    }
}

/// A revision of a task definition, in use, of which nothing more is known.
pub fn task_definition(family: &str, revision: u32) -> TaskDefinition {
    TaskDefinition {
        arn: arn("ecs", &format!("task-definition/{family}:{revision}")),
        family: family.to_owned(),
        revision,
        status: "ACTIVE".to_owned(),
        cpu_units: None,
        memory_mib: None,
        architecture: None,
        registered_at: None,
        registered_by: None,
        containers: Vec::new(),
    }
}

/// A container of a task definition.
pub fn container(name: &str, image: &str) -> ContainerDefinition {
    ContainerDefinition {
        name: name.to_owned(),
        image: image.to_owned(),
        essential: true,
        environment: Vec::new(),
        secrets: Vec::new(),
        log_group: None,
    }
}

/// A completed deployment that began at that minute.
pub fn deployment(family: &str, revision: u32, since: i64) -> Deployment {
    Deployment {
        id: format!("ecs-svc/{revision}"),
        role: DeploymentRole::Primary,
        task_definition: format!("{family}:{revision}"),
        desired: 2,
        running: 2,
        pending: 0,
        failed: 0,
        rollout: Some(RolloutState::Completed),
        rollout_reason: None,
        created_at: Some(at(since)),
        updated_at: Some(at(since)),
    }
}

/// An event of a service at that minute.
pub fn event(minute: i64, message: &str) -> ServiceEvent {
    ServiceEvent {
        id: format!("{minute}"),
        at: at(minute),
        message: message.to_owned(),
    }
}

/// A task that stopped at that minute.
pub fn stopped_task(minute: i64, code: &str, reason: &str) -> Task {
    Task {
        arn: arn("ecs", &format!("task/main/{minute}")),
        task_definition: "api:5".to_owned(),
        last_status: "STOPPED".to_owned(),
        desired_status: "STOPPED".to_owned(),
        health: None,
        zone: None,
        started_at: None,
        stopped_at: Some(at(minute)),
        stop_code: Some(code.to_owned()),
        stopped_reason: Some(reason.to_owned()),
        containers: vec![Container {
            name: "api".to_owned(),
            image: None,
            image_digest: None,
            last_status: Some("STOPPED".to_owned()),
            exit_code: None,
            reason: None,
        }],
    }
}

/// A group with that many instances, all in service and wanted.
pub fn group(name: &str, instances: u32) -> Group {
    Group {
        arn: arn(
            "autoscaling",
            &format!("autoScalingGroup:1f:autoScalingGroupName/{name}"),
        ),
        name: name.to_owned(),
        min: 0,
        max: 5,
        desired: instances,
        weighted: false,
        instances: (1..=instances)
            .map(|number| in_state(&format!("i-{number}"), "InService"))
            .collect(),
        suspended: Vec::new(),
        scheduled_actions: Vec::new(),
        warm_pool: None,
        instance_types: vec!["g5.xlarge".to_owned()],
        launch_template: None,
        mix: None,
        target_groups: Vec::new(),
        created_at: None,
        tags: Vec::new(),
    }
}

/// An instance of a group in that state.
pub fn in_state(id: &str, lifecycle: &str) -> GroupInstance {
    GroupInstance {
        id: id.to_owned(),
        instance_type: Some("g5.xlarge".to_owned()),
        zone: "ap-northeast-2a".to_owned(),
        lifecycle: lifecycle.to_owned(),
        healthy: true,
        protected: false,
    }
}

/// Something that a group did at that minute, and that succeeded.
pub fn activity(group: &str, minute: i64, description: &str) -> Activity {
    Activity {
        id: format!("{group}-{minute}"),
        group: group.to_owned(),
        status: "Successful".to_owned(),
        description: description.to_owned(),
        cause: String::new(),
        message: None,
        started_at: at(minute),
        ended_at: Some(at(minute + 1)),
    }
}

/// A launch that failed at that minute.
pub fn failed_launch(group: &str, minute: i64, message: &str) -> Activity {
    Activity {
        status: "Failed".to_owned(),
        message: Some(message.to_owned()),
        ..activity(group, minute, "Launching a new EC2 instance.")
    }
}

/// A running instance of no group.
pub fn instance(id: &str, instance_type: &str) -> Instance {
    Instance {
        id: id.to_owned(),
        name: Some(format!("host-{id}")),
        instance_type: instance_type.to_owned(),
        state: "running".to_owned(),
        state_reason: None,
        zone: "ap-northeast-2a".to_owned(),
        purchase: Purchase::OnDemand,
        launched_at: None,
        private_ip: None,
        public_ip: None,
        instance_profile: None,
        architecture: Some("x86_64".to_owned()),
        platform: None,
        tags: Vec::new(),
    }
}

/// An available PostgreSQL instance in one zone, backed up, with nothing wrong.
pub fn db(name: &str) -> DbInstance {
    DbInstance {
        arn: arn("rds", &format!("db:{name}")),
        name: name.to_owned(),
        resource_id: Some(format!("db-{name}")),
        engine: "postgres".to_owned(),
        engine_version: "16.4".to_owned(),
        class: "db.t4g.medium".to_owned(),
        status: "available".to_owned(),
        multi_az: false,
        storage_gib: Some(100),
        max_storage_gib: None,
        storage_type: Some("gp3".to_owned()),
        cluster: None,
        endpoint: None,
        zone: Some("ap-northeast-2a".to_owned()),
        latest_restorable_at: Some(at(176)),
        backup_retention_days: 7,
        backup_window: Some("17:00-17:30".to_owned()),
        maintenance_window: None,
        parameter_group: Some(("default.postgres16".to_owned(), "in-sync".to_owned())),
        deletion_protection: true,
        publicly_accessible: false,
        replica_of: None,
        created_at: None,
        pending_modifications: Vec::new(),
        tags: Vec::new(),
        settings: crate::domain::datastore::DbSettings::default(),
    }
}

/// An available Aurora cluster with that many members.
pub fn db_cluster(name: &str, members: usize) -> DbCluster {
    DbCluster {
        arn: arn("rds", &format!("cluster:{name}")),
        name: name.to_owned(),
        engine: "aurora-postgresql".to_owned(),
        engine_version: "16.4".to_owned(),
        status: "available".to_owned(),
        members: (0..members)
            .map(|number| (format!("{name}-{number}"), number == 0))
            .collect(),
        multi_az: false,
        latest_restorable_at: Some(at(176)),
        backup_retention_days: 7,
        backup_window: None,
        serverless_acu: None,
        endpoint: None,
        deletion_protection: true,
        pending_modifications: Vec::new(),
        tags: Vec::new(),
        settings: crate::domain::datastore::DbClusterSettings::default(),
    }
}

/// An available replication group of one shard with that many nodes: `name-001`, `name-002`, …
pub fn cache(name: &str, nodes: usize) -> Cache {
    Cache {
        arn: arn("elasticache", &format!("replicationgroup:{name}")),
        name: name.to_owned(),
        form: CacheForm::ReplicationGroup,
        status: "available".to_owned(),
        engine: "redis".to_owned(),
        engine_version: Some("7.1".to_owned()),
        node_type: Some("cache.t4g.small".to_owned()),
        pending_node_type: None,
        shards: vec![CacheShard {
            id: "0001".to_owned(),
            status: "available".to_owned(),
            slots: None,
            nodes: (1..=nodes)
                .map(|number| CacheNode {
                    cluster_id: format!("{name}-{number:03}"),
                    node_id: "0001".to_owned(),
                    role: Some(if number == 1 { "primary" } else { "replica" }.to_owned()),
                    zone: None,
                    status: Some("available".to_owned()),
                })
                .collect(),
        }],
        cluster_mode: false,
        automatic_failover: true,
        multi_az: true,
        snapshot_retention_days: 5,
        endpoint: None,
    }
}

/// A serverless cache.
pub fn serverless(name: &str) -> Cache {
    Cache {
        arn: arn("elasticache", &format!("serverlesscache:{name}")),
        form: CacheForm::Serverless,
        node_type: None,
        shards: Vec::new(),
        ..cache(name, 0)
    }
}

/// An idle A10G with that many uncorrected errors.
pub fn card(index: u32, temperature: f64, errors: u64) -> GpuCard {
    GpuCard {
        uuid: Some(format!("GPU-{index}")),
        product: Some("NVIDIA A10G".to_owned()),
        mem_used_mib: Some(12),
        mem_total_mib: Some(23_028),
        temp_c: Some(temperature),
        ecc_uncorrected: Some(errors),
        throttle: Some(ThrottleReasons::GPU_IDLE),
        processes: Some(Vec::new()),
        ..GpuCard::unknown(index)
    }
}

/// A host that answered with these cards.
pub fn reading(id: &str, cards: Vec<GpuCard>) -> HostReading {
    HostReading {
        instance_id: id.to_owned(),
        outcome: ProbeOutcome::Ok,
        detail: None,
        remedy: None,
        driver: None,
        cards,
        expected_cards: None,
        lost_cards: None,
        skipped_rows: 0,
        processes_left_out: 0,
        truncated: false,
        refused_fields: Vec::new(),
        source: ReadingSource::Ssm,
        sampled_at: at(180),
    }
}
