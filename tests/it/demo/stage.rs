//! A demo on a clock that tests move.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use quarterdeck::cloud::demo::{
    self, AcceptedWrite, Demo, MemoryLog, Scenario, Settings, World, Worlds, WriteLog,
};
use quarterdeck::cloud::meter::Call;
use quarterdeck::cloud::read_only::ReadOnlySwitch;
use quarterdeck::cloud::{BoxFuture, Cloud, Host};
use quarterdeck::domain::alarm::Alarm;
use quarterdeck::domain::asg::{Activity, Group};
use quarterdeck::domain::cost::DailyCost;
use quarterdeck::domain::datastore::{Cache, DbInstance, DbSnapshot};
use quarterdeck::domain::ec2::Instance;
use quarterdeck::domain::ecs::{Fleet, Service, ServiceDeployment, Task};
use quarterdeck::domain::elb::{self, TargetGroup};
use quarterdeck::domain::fault::Fault;
use quarterdeck::domain::gpu::{self, HostFacts, HostReading};
use quarterdeck::domain::inventory::ScopeState;
use quarterdeck::domain::logs::{LogEvent, LogPage};
use quarterdeck::domain::metric::{MetricGroup, MetricId, MetricSpec, Series, Stat};
use quarterdeck::domain::metric_catalog;
use quarterdeck::domain::ops::{self, Mutation, Operation, Query, Receipt, ReplyData, Token};
use quarterdeck::domain::queue::Queue;
use quarterdeck::domain::scope::Scope;

/// Saturday, 11:00 in Seoul.
pub const EPOCH: &str = "2026-11-21T02:00:00Z";

/// A clock that stands still until it is moved, and a meter that keeps everything.
pub struct Bench {
    now: Mutex<Timestamp>,
    pub calls: Mutex<Vec<Call>>,
}

impl Host for Bench {
    fn now(&self) -> Timestamp {
        *self.now.lock().expect("nobody panics while holding it")
    }

    fn sleep(&self, _span: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn admit(&self, _scope: &Scope, _operation: Operation) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn metered(&self, call: Call) {
        self.calls
            .lock()
            .expect("nobody panics while holding it")
            .push(call);
    }
}

fn settings(world: World, scenario: Scenario, epoch: Timestamp) -> Settings {
    Settings {
        worlds: Worlds::One(world),
        scenario,
        seed: 7,
        epoch,
    }
}

/// A demo of one world.
pub struct Stage {
    pub demo: Demo,
    pub bench: Arc<Bench>,
    pub scope: Scope,
    pub log: Arc<MemoryLog>,
    pub read_only: Arc<ReadOnlySwitch>,
}

impl Stage {
    /// Opens a world at the epoch.
    pub fn open(world: World, scenario: Scenario) -> Self {
        Self::with(world, scenario, Vec::new())
    }

    /// Opens a world some hours after the usual epoch.
    pub fn open_at(world: World, scenario: Scenario, hours: i64) -> Self {
        let epoch =
            EPOCH.parse::<Timestamp>().expect("the epoch is a time") + SignedDuration::from_hours(hours);
        Self::built(world, scenario, epoch, Vec::new())
    }

    /// Opens a world that has accepted writes before.
    pub fn with(world: World, scenario: Scenario, writes: Vec<AcceptedWrite>) -> Self {
        Self::built(
            world,
            scenario,
            EPOCH.parse().expect("the epoch is a time"),
            writes,
        )
    }

    /// Opens a world whose writes are recorded elsewhere.
    pub fn recorded_by(world: World, scenario: Scenario, log: Box<dyn WriteLog>) -> Self {
        let stage = Self::open(world, scenario);
        let settings = settings(world, scenario, EPOCH.parse().expect("the epoch is a time"));
        Self {
            demo: Demo::new(stage.bench.clone(), settings, log, stage.read_only.clone())
                .expect("the record can be read"),
            ..stage
        }
    }

    /// Opens a quiet world of another seed.
    pub fn seeded(world: World, seed: u64) -> Self {
        let stage = Self::open(world, Scenario::Quiet);
        let settings = Settings {
            seed,
            ..settings(
                world,
                Scenario::Quiet,
                EPOCH.parse().expect("the epoch is a time"),
            )
        };
        Self {
            demo: Demo::new(
                stage.bench.clone(),
                settings,
                Box::new(stage.log.clone()),
                stage.read_only.clone(),
            )
            .expect("the record can be read"),
            ..stage
        }
    }

    fn built(world: World, scenario: Scenario, epoch: Timestamp, writes: Vec<AcceptedWrite>) -> Self {
        let bench = Arc::new(Bench {
            now: Mutex::new(epoch),
            calls: Mutex::default(),
        });
        let log = Arc::new(MemoryLog::of(writes));
        let settings = settings(world, scenario, epoch);
        let read_only = Arc::new(ReadOnlySwitch::off());
        let demo = Demo::new(bench.clone(), settings, Box::new(log.clone()), read_only.clone())
            .expect("the record can be read");
        Self {
            demo,
            bench,
            scope: demo::scopes(Worlds::One(world)).remove(0),
            log,
            read_only,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.bench.now()
    }

    /// Moves the clock on.
    pub fn pass(&self, span: SignedDuration) {
        *self.bench.now.lock().expect("nobody panics while holding it") += span;
    }

    pub fn try_read(&self, query: &Query) -> Result<ReplyData, Fault> {
        let reply = wait(self.demo.read(&self.scope, query))?;
        assert!(reply.gaps.is_empty(), "{:?}", reply.gaps);
        Ok(reply.data)
    }

    pub fn read(&self, query: &Query) -> ReplyData {
        self.try_read(query).expect("the demo answers")
    }

    pub fn write(&self, change: Mutation) -> Result<Receipt, Fault> {
        wait(self.demo.write(&self.scope, &change, &Token("test".to_owned())))
    }

    /// The code of the refusal that a change meets.
    pub fn refused(&self, change: Mutation) -> String {
        let before = self.log.writes().len();
        let fault = self.write(change).expect_err("it should be refused");
        assert_eq!(
            self.log.writes().len(),
            before,
            "a refused write must not be recorded"
        );
        fault.code.expect("AWS gives a code")
    }
}

/// Drives a future to its end.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime without threads")
        .block_on(future)
}

/// What the console would ask at the start, metrics included.
pub fn everything(stage: &Stage) -> Vec<Query> {
    let now = stage.now();
    let since = now - SignedDuration::from_hours(2);
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let first = today.first_of_month();
    let mut queries = vec![
        Query::Sts(ops::sts::Read::CallerIdentity),
        Query::Ecs(ops::ecs::Read::Fleet),
        Query::AutoScaling(ops::autoscaling::Read::Groups),
        Query::AutoScaling(ops::autoscaling::Read::Activities { since }),
        Query::AutoScaling(ops::autoscaling::Read::Policies),
        Query::Ec2(ops::ec2::Read::Instances),
        Query::Ec2(ops::ec2::Read::NatGateways),
        Query::Ssm(ops::ssm::Read::Hosts),
        Query::Rds(ops::rds::Read::Instances),
        Query::Rds(ops::rds::Read::Clusters),
        Query::Rds(ops::rds::Read::Snapshots),
        Query::Rds(ops::rds::Read::PendingMaintenance),
        Query::Rds(ops::rds::Read::Events { since }),
        Query::ElastiCache(ops::elasticache::Read::Caches),
        Query::ElastiCache(ops::elasticache::Read::Events { since }),
        Query::Elb(ops::elb::Read::Balancing),
        Query::CloudWatch(ops::cloudwatch::Read::Alarms),
        Query::CloudWatch(ops::cloudwatch::Read::AlarmHistory { since }),
        Query::CloudWatch(ops::cloudwatch::Read::GpuMetricList),
        Query::Sqs(ops::sqs::Read::Queues),
        Query::Ec2(ops::ec2::Read::VpcEndpoints),
        Query::S3(ops::s3::Read::Buckets {
            account: "0".to_owned(),
        }),
        Query::CloudFront(ops::cloudfront::Read::Distributions),
        Query::Acm(ops::acm::Read::Certificates),
        Query::Acm(ops::acm::Read::EdgeCertificates),
        Query::Route53(ops::route53::Read::Dns),
        Query::SecretsManager(ops::secretsmanager::Read::Secrets),
        Query::Ssm(ops::ssm::Read::Parameters),
        Query::Logs(ops::logs::Read::Groups),
        Query::Cost(ops::cost::Read::Usage {
            from: first,
            to: today.tomorrow().expect("not the end of time"),
            month: first,
            tag: None,
            credits_since: None,
        }),
        Query::Cost(ops::cost::Read::Forecast {
            from: today,
            to: today.last_of_month().tomorrow().expect("not the end of time"),
        }),
        Query::Cost(ops::cost::Read::Anomalies { from: first }),
        Query::Advice(ops::advice::Read::TrustedAdvisor),
        Query::Cost(ops::cost::Read::Budgets {
            account: "0".to_owned(),
        }),
        Query::CloudTrail(ops::cloudtrail::Read::Lookup {
            resource: "codemate-frontend-service".to_owned(),
            since,
            region: None,
        }),
    ];
    let specs = metric_specs(stage);
    queries.push(Query::CloudWatch(ops::cloudwatch::Read::Metrics { specs }));
    queries
}

/// What the console knows of a world after its first round of questions.
pub fn state(stage: &Stage) -> ScopeState {
    let mut state = ScopeState::new(Arc::new(stage.scope.clone()));
    let now = stage.now();
    macro_rules! fill {
        ($field:ident, $kind:ident, $query:expr) => {
            if let ReplyData::$kind(value) = stage.read(&$query) {
                state.$field.settle(now, now, Ok((value, Vec::new())));
            }
        };
    }
    fill!(ecs, EcsFleet, Query::Ecs(ops::ecs::Read::Fleet));
    fill!(groups, Groups, Query::AutoScaling(ops::autoscaling::Read::Groups));
    fill!(instances, Instances, Query::Ec2(ops::ec2::Read::Instances));
    fill!(nat_gateways, NatGateways, Query::Ec2(ops::ec2::Read::NatGateways));
    fill!(db_instances, DbInstances, Query::Rds(ops::rds::Read::Instances));
    fill!(caches, Caches, Query::ElastiCache(ops::elasticache::Read::Caches));
    fill!(balancing, Balancing, Query::Elb(ops::elb::Read::Balancing));
    fill!(
        distributions,
        Distributions,
        Query::CloudFront(ops::cloudfront::Read::Distributions)
    );
    fill!(queues, Queues, Query::Sqs(ops::sqs::Read::Queues));
    fill!(
        gpu_metric_list,
        MetricList,
        Query::CloudWatch(ops::cloudwatch::Read::GpuMetricList)
    );
    state
}

/// Every metric that the console would ever ask for.
pub fn metric_specs(stage: &Stage) -> Vec<MetricSpec> {
    let state = state(stage);
    MetricGroup::ALL
        .iter()
        .flat_map(|group| metric_catalog::specs(*group, &state))
        .collect()
}

impl Stage {
    pub fn fleet(&self) -> Fleet {
        match self.read(&Query::Ecs(ops::ecs::Read::Fleet)) {
            ReplyData::EcsFleet(fleet) => fleet,
            other => panic!("{other:?}"),
        }
    }

    pub fn service(&self, cluster: &str, name: &str) -> Service {
        self.fleet()
            .services
            .into_iter()
            .find(|service| service.cluster == cluster && service.name == name)
            .expect("the world has it")
    }

    pub fn tasks(&self, cluster: &str, service: &str) -> Vec<Task> {
        match self.read(&Query::Ecs(ops::ecs::Read::Tasks {
            cluster: cluster.to_owned(),
            service: service.to_owned(),
        })) {
            ReplyData::EcsTasks(tasks) => tasks,
            other => panic!("{other:?}"),
        }
    }

    /// The deployment history, newest first.
    pub fn deployments(&self, cluster: &str, service: &str) -> Vec<ServiceDeployment> {
        match self.read(&Query::Ecs(ops::ecs::Read::Deployments {
            cluster: cluster.to_owned(),
            service: service.to_owned(),
        })) {
            ReplyData::ServiceDeployments(deployments) => deployments,
            other => panic!("{other:?}"),
        }
    }

    pub fn group(&self, name: &str) -> Group {
        match self.read(&Query::AutoScaling(ops::autoscaling::Read::Groups)) {
            ReplyData::Groups(groups) => groups
                .into_iter()
                .find(|group| group.name == name)
                .expect("the world has it"),
            other => panic!("{other:?}"),
        }
    }

    /// What groups did in the last hours, newest first.
    pub fn activities(&self, hours: i64) -> Vec<Activity> {
        match self.read(&Query::AutoScaling(ops::autoscaling::Read::Activities {
            since: self.now() - SignedDuration::from_hours(hours),
        })) {
            ReplyData::Activities(activities) => activities,
            other => panic!("{other:?}"),
        }
    }

    pub fn instances(&self) -> Vec<Instance> {
        match self.read(&Query::Ec2(ops::ec2::Read::Instances)) {
            ReplyData::Instances(instances) => instances,
            other => panic!("{other:?}"),
        }
    }

    pub fn databases(&self) -> Vec<DbInstance> {
        match self.read(&Query::Rds(ops::rds::Read::Instances)) {
            ReplyData::DbInstances(databases) => databases,
            other => panic!("{other:?}"),
        }
    }

    pub fn database(&self, name: &str) -> Option<DbInstance> {
        self.databases()
            .into_iter()
            .find(|database| database.name == name)
    }

    pub fn snapshots(&self) -> Vec<DbSnapshot> {
        match self.read(&Query::Rds(ops::rds::Read::Snapshots)) {
            ReplyData::DbSnapshots(snapshots) => snapshots,
            other => panic!("{other:?}"),
        }
    }

    pub fn cache(&self, name: &str) -> Cache {
        match self.read(&Query::ElastiCache(ops::elasticache::Read::Caches)) {
            ReplyData::Caches(caches) => caches
                .into_iter()
                .find(|cache| cache.name == name)
                .expect("the world has it"),
            other => panic!("{other:?}"),
        }
    }

    pub fn target_group(&self, name: &str) -> TargetGroup {
        match self.read(&Query::Elb(ops::elb::Read::Balancing)) {
            ReplyData::Balancing(balancing) => balancing
                .target_groups
                .into_iter()
                .find(|group| group.name == name)
                .expect("the world has it"),
            other => panic!("{other:?}"),
        }
    }

    pub fn alarm(&self, name: &str) -> Alarm {
        match self.read(&Query::CloudWatch(ops::cloudwatch::Read::Alarms)) {
            ReplyData::Alarms(alarms) => alarms
                .into_iter()
                .find(|alarm| alarm.name == name)
                .expect("the world has it"),
            other => panic!("{other:?}"),
        }
    }

    pub fn queue(&self, name: &str) -> Queue {
        match self.read(&Query::Sqs(ops::sqs::Read::Queues)) {
            ReplyData::Queues(queues) => queues
                .into_iter()
                .find(|queue| queue.name == name)
                .expect("the world has it"),
            other => panic!("{other:?}"),
        }
    }

    pub fn metrics(&self, specs: Vec<MetricSpec>) -> Vec<(MetricId, Series)> {
        match self.read(&Query::CloudWatch(ops::cloudwatch::Read::Metrics { specs })) {
            ReplyData::Metrics(metrics) => metrics,
            other => panic!("{other:?}"),
        }
    }

    pub fn series(&self, spec: MetricSpec) -> Series {
        self.metrics(vec![spec]).remove(0).1
    }

    /// The mean of a metric of a target group over the last ten minutes; 0 where nothing was counted.
    pub fn lately(&self, group: &str, metric: &str, stat: Stat) -> f64 {
        let group = self.target_group(group);
        let id = MetricId::new(
            "AWS/ApplicationELB",
            metric,
            &[
                (
                    "TargetGroup",
                    elb::target_group_dimension(&group.arn).expect("the world has it"),
                ),
                (
                    "LoadBalancer",
                    elb::load_balancer_dimension(&group.load_balancers[0]).expect("the world has it"),
                ),
            ],
            stat,
        );
        self.series(id.by_minute())
            .mean_over(self.now(), SignedDuration::from_mins(10))
            .unwrap_or(0.0)
    }

    pub fn log_page(&self, read: ops::logs::Read) -> LogPage {
        match self.read(&Query::Logs(read)) {
            ReplyData::LogPage(page) => page,
            other => panic!("{other:?}"),
        }
    }

    /// All events of a group in a stretch of time, and of how many pages they came.
    pub fn log_events(
        &self,
        group: &str,
        range: (Timestamp, Timestamp),
        pattern: &str,
    ) -> (Vec<LogEvent>, usize) {
        let (mut events, mut pages, mut token) = (Vec::new(), 0, None);
        loop {
            let page = self.log_page(ops::logs::Read::Events {
                group: group.to_owned(),
                stream: None,
                from_ms: range.0.as_millisecond(),
                to_ms: Some(range.1.as_millisecond()),
                pattern: (!pattern.is_empty()).then(|| pattern.to_owned()),
                token,
            });
            assert!(page.events.len() <= 10_000);
            events.extend(page.events);
            pages += 1;
            token = page.next;
            if token.is_none() {
                return (events, pages);
            }
        }
    }

    /// What hosts with GPUs say of themselves.
    pub fn probe(&self) -> Vec<HostReading> {
        let instances: Vec<Instance> = self
            .instances()
            .into_iter()
            .filter(|instance| instance.is_running() && gpu::is_gpu_type(&instance.instance_type))
            .collect();
        let query = Query::Ssm(ops::ssm::Read::GpuProbe {
            instances: instances.iter().map(|instance| instance.id.clone()).collect(),
            document: None,
        });
        let ReplyData::ProbeOutputs(outputs) = self.read(&query) else {
            panic!("no probe outputs");
        };
        outputs
            .iter()
            .zip(&instances)
            .map(|(output, instance)| gpu::parse(output, &HostFacts::of(instance, &[])))
            .collect()
    }

    /// What a day of this month cost.
    pub fn cost_of(&self, date: jiff::civil::Date) -> f64 {
        let query = Query::Cost(ops::cost::Read::Usage {
            from: date,
            to: date.tomorrow().expect("not the end of time"),
            month: date.first_of_month(),
            tag: None,
            credits_since: None,
        });
        match self.read(&query) {
            ReplyData::Usage(usage) => usage.daily.iter().map(DailyCost::total).sum(),
            other => panic!("{other:?}"),
        }
    }

    /// Moves the clock in small steps until something holds. Fails after `limit`.
    pub fn until(&self, limit: SignedDuration, holds: impl Fn(&Self) -> bool) -> SignedDuration {
        let step = SignedDuration::from_secs(5);
        let mut passed = SignedDuration::ZERO;
        while !holds(self) {
            assert!(passed < limit, "it has not come about in {limit:?}");
            self.pass(step);
            passed += step;
        }
        passed
    }
}
