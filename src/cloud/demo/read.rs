//! Answers to questions.

mod ecs;
mod sts;

use jiff::Timestamp;

use super::{Estate, Settings};
use crate::domain::fault::Fault;
use crate::domain::ops::{self, Query, Reply, ReplyData};

/// Answers a question about an estate.
pub fn answer(estate: &Estate, settings: &Settings, now: Timestamp, query: &Query) -> Result<Reply, Fault> {
    let data = match query {
        Query::Sts(ops::sts::Read::CallerIdentity) => {
            ReplyData::Identity(sts::identity(estate, settings, now))
        }
        Query::Ecs(read) => match read {
            ops::ecs::Read::Fleet => ReplyData::EcsFleet(ecs::fleet(estate, settings)),
            ops::ecs::Read::Tasks { .. } => ReplyData::EcsTasks(Vec::new()),
            ops::ecs::Read::TaskDefinitions { .. } => ReplyData::TaskDefinitions(Vec::new()),
            ops::ecs::Read::Deployments { .. } => ReplyData::ServiceDeployments(Vec::new()),
        },
        Query::AutoScaling(read) => match read {
            ops::autoscaling::Read::Groups => ReplyData::Groups(Vec::new()),
            ops::autoscaling::Read::Activities { .. } => ReplyData::Activities(Vec::new()),
        },
        Query::Ec2(read) => match read {
            ops::ec2::Read::Instances => ReplyData::Instances(Vec::new()),
            ops::ec2::Read::InstanceTypes { .. } => ReplyData::InstanceTypes(Vec::new()),
            ops::ec2::Read::SpotPrices { .. } => ReplyData::SpotPrices(Vec::new()),
            ops::ec2::Read::NatGateways => ReplyData::NatGateways(Vec::new()),
        },
        Query::Ssm(read) => match read {
            ops::ssm::Read::Hosts => ReplyData::ManagedHosts(Vec::new()),
            ops::ssm::Read::GpuProbe { .. } => ReplyData::ProbeOutputs(Vec::new()),
        },
        Query::Rds(read) => match read {
            ops::rds::Read::Instances => ReplyData::DbInstances(Vec::new()),
            ops::rds::Read::Clusters => ReplyData::DbClusters(Vec::new()),
            ops::rds::Read::Snapshots => ReplyData::DbSnapshots(Vec::new()),
            ops::rds::Read::PendingMaintenance => ReplyData::Maintenance(Vec::new()),
            ops::rds::Read::Events { .. } => ReplyData::StoreEvents(Vec::new()),
            ops::rds::Read::ConnectionLimits { .. } => ReplyData::ConnectionLimits(Vec::new()),
        },
        Query::ElastiCache(read) => match read {
            ops::elasticache::Read::Caches => ReplyData::Caches(Vec::new()),
            ops::elasticache::Read::Events { .. } => ReplyData::StoreEvents(Vec::new()),
        },
        Query::Elb(ops::elb::Read::Balancing) => {
            ReplyData::Balancing(crate::domain::elb::Balancing::default())
        }
        Query::CloudWatch(read) => match read {
            ops::cloudwatch::Read::Alarms => ReplyData::Alarms(Vec::new()),
            ops::cloudwatch::Read::AlarmHistory { .. } => ReplyData::AlarmHistory(Vec::new()),
            ops::cloudwatch::Read::Metrics { .. } => ReplyData::Metrics(Vec::new()),
            ops::cloudwatch::Read::GpuMetricList => ReplyData::MetricList(Vec::new()),
        },
        Query::Sqs(ops::sqs::Read::Queues) => ReplyData::Queues(Vec::new()),
        Query::Logs(read) => match read {
            ops::logs::Read::Groups => ReplyData::LogGroups(Vec::new()),
            ops::logs::Read::Events { .. } => ReplyData::LogPage(crate::domain::logs::LogPage::default()),
        },
        Query::Cost(read) => match read {
            ops::cost::Read::Usage { .. } => ReplyData::Usage(crate::domain::cost::Usage {
                currency: "USD".to_owned(),
                metric: "UnblendedCost".to_owned(),
                daily: Vec::new(),
                by_account: Vec::new(),
                credits: None,
            }),
            ops::cost::Read::Forecast { from, .. } => ReplyData::Forecast(crate::domain::cost::Forecast {
                rest_of_month: 0.0,
                low: None,
                high: None,
                from: *from,
            }),
            ops::cost::Read::Anomalies { .. } => ReplyData::Anomalies(Vec::new()),
            ops::cost::Read::Budgets { .. } => ReplyData::Budgets(Vec::new()),
        },
        Query::CloudTrail(ops::cloudtrail::Read::Lookup { .. }) => ReplyData::Trail(Vec::new()),
    };
    Ok(Reply::whole(data))
}
