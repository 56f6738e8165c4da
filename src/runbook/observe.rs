//! Resources as expressions see them, from what was read: the facts of [`super::facts`], candidates for
//! parameters, and the same resources again at a later moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::action::{Unread, View};
use super::facts;
use super::model::Source;
use super::value::{Resource, Value};
use crate::domain::asg::Group;
use crate::domain::ec2::{Instance, foreign_owner};
use crate::domain::ecs::{Controller, Service};
use crate::domain::gpu;
use crate::domain::ids::{Kind, Tag, last_segment};
use crate::domain::ops::{Query, autoscaling, cloudwatch, ec2, ecs, elasticache, elb, logs, rds, sqs};

/// What has to be read to see resources of a kind; nothing for kinds that expressions do not see.
pub fn queries(kind: Kind) -> Vec<Query> {
    match kind {
        Kind::EcsService => vec![Query::Ecs(ecs::Read::Fleet)],
        Kind::Asg => vec![Query::AutoScaling(autoscaling::Read::Groups)],
        Kind::Ec2Instance => vec![Query::Ec2(ec2::Read::Instances)],
        Kind::RdsInstance => vec![Query::Rds(rds::Read::Instances)],
        Kind::RdsCluster => vec![Query::Rds(rds::Read::Clusters)],
        Kind::Redis => vec![Query::ElastiCache(elasticache::Read::Caches)],
        Kind::TargetGroup => vec![Query::Elb(elb::Read::Balancing)],
        Kind::Alarm => vec![Query::CloudWatch(cloudwatch::Read::Alarms)],
        Kind::Queue => vec![Query::Sqs(sqs::Read::Queues)],
        Kind::LogGroup => vec![Query::Logs(logs::Read::Groups)],
        Kind::Gpu | Kind::GpuHost | Kind::LoadBalancer | Kind::NatGateway | Kind::Budget | Kind::Scope => Vec::new(),
    }
}
