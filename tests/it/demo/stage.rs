//! A demo on a clock that tests move.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use quarterdeck::cloud::demo::{self, AcceptedWrite, Demo, MemoryLog, Scenario, Settings, World, WriteLog, Worlds};
use quarterdeck::cloud::meter::Call;
use quarterdeck::cloud::{BoxFuture, Cloud, Host};
use quarterdeck::domain::fault::Fault;
use quarterdeck::domain::inventory::ScopeState;
use quarterdeck::domain::metric::{MetricGroup, MetricSpec};
use quarterdeck::domain::metric_catalog;
use quarterdeck::domain::ops::{self, Mutation, Operation, Query, Receipt, ReplyData, Token};
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
        *self.now.lock().unwrap()
    }

    fn sleep(&self, _span: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn admit(&self, _scope: &Scope, _operation: Operation) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn metered(&self, call: Call) {
        self.calls.lock().unwrap().push(call);
    }
}

/// A demo of one world.
pub struct Stage {
    pub demo: Demo,
    pub bench: Arc<Bench>,
    pub scope: Scope,
    pub log: Arc<MemoryLog>,
}

impl Stage {
    /// Opens a world at the epoch.
    pub fn open(world: World, scenario: Scenario) -> Self {
        Self::with(world, scenario, Vec::new())
    }

    /// Opens a world that has accepted writes before.
    pub fn with(world: World, scenario: Scenario, writes: Vec<AcceptedWrite>) -> Self {
        let epoch: Timestamp = EPOCH.parse().unwrap();
        let bench = Arc::new(Bench {
            now: Mutex::new(epoch),
            calls: Mutex::default(),
        });
        let log = Arc::new(MemoryLog::of(writes));
        let settings = Settings {
            worlds: Worlds::One(world),
            scenario,
            seed: 7,
            epoch,
        };
        let demo = Demo::new(bench.clone(), settings, Box::new(log.clone())).unwrap();
        Self {
            demo,
            bench,
            scope: demo::scopes(Worlds::One(world)).remove(0),
            log,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.bench.now()
    }

    /// Moves the clock on.
    pub fn pass(&self, span: SignedDuration) {
        *self.bench.now.lock().unwrap() += span;
    }

    pub fn try_read(&self, query: &Query) -> Result<ReplyData, Fault> {
        let reply = wait(self.demo.read(&self.scope, query))?;
        assert!(reply.gaps.is_empty(), "{:?}", reply.gaps);
        Ok(reply.data)
    }

    pub fn read(&self, query: &Query) -> ReplyData {
        self.try_read(query).unwrap()
    }

    pub fn write(&self, change: Mutation) -> Result<Receipt, Fault> {
        wait(self.demo.write(&self.scope, &change, &Token("test".to_owned())))
    }

    /// The code of the refusal that a change meets.
    pub fn refused(&self, change: Mutation) -> String {
        let before = self.log.load().unwrap().len();
        let fault = self.write(change).unwrap_err();
        assert_eq!(
            self.log.load().unwrap().len(),
            before,
            "a refused write must not be recorded"
        );
        fault.code.unwrap()
    }
}

/// Drives a future to its end.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
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
        Query::Logs(ops::logs::Read::Groups),
        Query::Cost(ops::cost::Read::Usage {
            from: first,
            to: today.tomorrow().unwrap(),
            month: first,
        }),
        Query::Cost(ops::cost::Read::Forecast {
            from: today,
            to: today.last_of_month().tomorrow().unwrap(),
        }),
        Query::Cost(ops::cost::Read::Anomalies { from: first }),
        Query::Cost(ops::cost::Read::Budgets {
            account: "0".to_owned(),
        }),
        Query::CloudTrail(ops::cloudtrail::Read::Lookup {
            resource: "codemate-frontend-service".to_owned(),
            since,
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
        .into_iter()
        .flat_map(|group| metric_catalog::specs(group, &state))
        .collect()
}
