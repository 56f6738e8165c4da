//! Answers of a cloud, as an action sees them: found, not there, or not known. The three are never
//! mixed up: an answer with gaps proves of nothing that it does not exist.

mod trail;

mod functions;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::ErrorClass;
use crate::domain::alarm::{Alarm, AlarmTransition};
use crate::domain::asg::{Activity, Group, GroupPolicy, InstanceRefresh};
use crate::domain::datastore::node_type::NodeTypes;
use crate::domain::datastore::{
    Cache, CacheSnapshot, DbCluster, DbInstance, DbProxy, DbSnapshot, StoreEvent,
};
use crate::domain::delivery::{Execution, Pipeline, Stack};
use crate::domain::ec2::{Instance, NatGateway, SpotPrice};
use crate::domain::ecr::Image;
use crate::domain::ecs::{Cluster, Fleet, RevisionName, Service, ServiceDeployment, Task, TaskDefinition};
use crate::domain::elb::{Balancing, LoadBalancer, TargetGroup};
use crate::domain::fault::Fault;
use crate::domain::function::{Functions, Version};
use crate::domain::kubernetes::{Kubernetes, Update};
use crate::domain::logs::LogGroup;
use crate::domain::metric::{MetricId, Series};
use crate::domain::ops::{
    Query, Reply, ReplyData, application_auto_scaling, autoscaling, cloudformation, cloudwatch, codepipeline,
    ec2, ecr, ecs, elasticache, elb, http, logs, rds, sns, sqs, ssm,
};
use crate::domain::queue::Queue;
use crate::domain::scalable::{ScalableTarget, resource_of};
use crate::domain::sns::Topic;
use crate::domain::ssm::{CommandRun, ManagedHost, ProbeOutput};
use crate::domain::web::HttpAnswer;

pub use names::records_of;

/// The answers that an action, a check or a plan may look at, all read at about one moment. Each method that
/// looks something up fails with [`Unread`] where the question was not asked or not answered: what is not
/// known is never taken for absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct View {
    answers: Vec<(Query, SharedReply)>,
}

/// What was answered: one answer may be long, and a thousand targets look at the same one.
pub type SharedReply = Arc<Result<Reply, Fault>>;

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// It was never asked, or answered with something else: a mistake of ours.
    NotAsked(&'static str),
    /// The question failed.
    Failed(Fault),
    /// The answer has gaps, and what was looked for may be in one of them.
    Partial(Fault),
}

impl Unread {
    /// The class of the failure behind it.
    pub fn class(&self) -> Option<ErrorClass> {
        match self {
            Self::NotAsked(_) => None,
            Self::Failed(fault) | Self::Partial(fault) => Some(ErrorClass::of(fault)),
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked(what) => write!(f, "{what} was not read"),
            Self::Failed(fault) => write!(f, "cannot be read: {fault}"),
            Self::Partial(fault) => write!(f, "not in the part that could be read: {fault}"),
        }
    }
}

/// Makes the getter of one read, and the one that lets [`super::Action::project`] change it.
macro_rules! getters {
    ($($name:ident, $name_mut:ident: $what:literal, $variant:ident, $type:ty;)*) => {
        $(
            getters! { $name: $what, $variant, $type; }

            fn $name_mut(&mut self, query: &Query) -> Option<&mut $type> {
                match self.get_mut(query)? {
                    Ok(Reply { data: ReplyData::$variant(data), .. }) => Some(data),
                    _ => None,
                }
            }
        )*
    };
    ($($name:ident: $what:literal, $variant:ident, $type:ty;)*) => {
        $(
            #[doc = concat!("The answer to `query`: ", $what, ".")]
            ///
            /// # Errors
            /// If it was not asked or failed; gaps are for the caller to look at.
            fn $name(&self, query: &Query) -> Result<(&$type, &[Fault]), Unread> {
                match self.get(query) {
                    None => Err(Unread::NotAsked($what)),
                    Some(Err(fault)) => Err(Unread::Failed(fault.clone())),
                    Some(Ok(Reply { data: ReplyData::$variant(data), gaps })) => Ok((data, gaps)),
                    Some(Ok(_)) => Err(Unread::NotAsked($what)),
                }
            }
        )*
    };
}

mod distributions;
mod gaps;
mod models;
mod names;
mod registry;

impl View {
    /// From questions and their answers.
    pub fn new(answers: Vec<(Query, Result<Reply, Fault>)>) -> Self {
        let shared = answers
            .into_iter()
            .map(|(query, answer)| (query, Arc::new(answer)));
        Self::shared(shared.collect())
    }

    /// From questions and answers that others look at too.
    pub fn shared(answers: Vec<(Query, SharedReply)>) -> Self {
        Self { answers }
    }

    /// The answer to a question.
    pub fn get(&self, query: &Query) -> Option<&Result<Reply, Fault>> {
        self.answers
            .iter()
            .find(|(asked, _)| asked == query)
            .map(|(_, answer)| &**answer)
    }

    /// A copy of its own where others look at the same.
    fn get_mut(&mut self, query: &Query) -> Option<&mut Result<Reply, Fault>> {
        self.answers
            .iter_mut()
            .find(|(asked, _)| asked == query)
            .map(|(_, answer)| Arc::make_mut(answer))
    }

    /// Adds what came later; a newer answer to the same question replaces the older one.
    pub fn extend(&mut self, newer: Self) {
        for (query, answer) in newer.answers {
            match self.answers.iter_mut().find(|(asked, _)| *asked == query) {
                Some((_, older)) => *older = answer,
                None => self.answers.push((query, answer)),
            }
        }
    }

    /// The questions that have an answer.
    pub fn asked(&self) -> impl Iterator<Item = &Query> {
        self.answers.iter().map(|(query, _)| query)
    }

    /// Everything that failed, whole answers and gaps.
    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.answers.iter().flat_map(|(_, answer)| match &**answer {
            Ok(reply) => reply.gaps.iter().collect::<Vec<_>>(),
            Err(fault) => vec![fault],
        })
    }

    getters! {
        ecs_fleet, ecs_fleet_mut: "the ECS services", EcsFleet, Fleet;
        ecs_tasks, ecs_tasks_mut: "the tasks of the service", EcsTasks, Vec<Task>;
        service_deployments, service_deployments_mut: "the service's deployments", ServiceDeployments, Vec<ServiceDeployment>;
        asg_groups, asg_groups_mut: "the Auto Scaling groups", Groups, Vec<Group>;
        asg_refreshes, asg_refreshes_mut: "the instance refreshes", InstanceRefreshes, Vec<InstanceRefresh>;
        ec2_instances, ec2_instances_mut: "the instances", Instances, Vec<Instance>;
        ssm_outputs, ssm_outputs_mut: "what the GPU probe printed", ProbeOutputs, Vec<ProbeOutput>;
        rds_instances, rds_instances_mut: "the DB instances", DbInstances, Vec<DbInstance>;
        rds_clusters, rds_clusters_mut: "the DB clusters", DbClusters, Vec<DbCluster>;
        rds_snapshots, rds_snapshots_mut: "the snapshots", DbSnapshots, Vec<DbSnapshot>;
        rds_events, rds_events_mut: "the events", StoreEvents, Vec<StoreEvent>;
        redis_caches, redis_caches_mut: "the caches", Caches, Vec<Cache>;
        redis_snapshots, redis_snapshots_mut: "the backups of the cache", CacheSnapshots, Vec<CacheSnapshot>;
        elb_balancing, elb_balancing_mut: "the target groups", Balancing, Balancing;
        cw_alarms, cw_alarms_mut: "the alarms", Alarms, Vec<Alarm>;
        sqs_queues, sqs_queues_mut: "the queues", Queues, Vec<Queue>;
        ecr_images, ecr_images_mut: "the images of the repository", Images, Vec<Image>;
        cp_pipelines, cp_pipelines_mut: "the pipelines", Pipelines, Vec<Pipeline>;
        ecs_revisions, ecs_revisions_mut: "the revisions of the family", Revisions, Vec<RevisionName>;
        lambda_functions, lambda_functions_mut: "the functions", Functions, Functions;
        eks_clusters, eks_clusters_mut: "the clusters and node groups", Kubernetes, Kubernetes;
        scalable_targets, scalable_targets_mut: "the scalable targets", ScalableTargets, Vec<ScalableTarget>;
        task_defs, task_defs_mut: "the task definitions", TaskDefinitions, Vec<TaskDefinition>;
    }

    getters! {
        eks_update: "the update of the node group", NodegroupUpdate, Option<Update>;
        redis_node_types: "the node types that the cache may be changed to", CacheNodeTypes, NodeTypes;
        lambda_versions: "the versions of the function", FunctionVersions, Vec<Version>;
        asg_activities: "the scaling activities", Activities, Vec<Activity>;
        asg_policies: "the scaling policies", GroupPolicies, Vec<GroupPolicy>;
        cw_metrics: "the metrics", Metrics, Vec<(MetricId, Series)>;
        cw_log_groups: "the log groups", LogGroups, Vec<LogGroup>;
        ec2_nat: "the NAT gateways", NatGateways, Vec<NatGateway>;
        cf_stacks: "the stack", Stacks, Vec<Stack>;
        cp_executions: "the executions", PipelineExecutions, Vec<Execution>;
        rds_proxies: "the DB proxies", DbProxies, Vec<DbProxy>;
        cw_history: "the alarm history", AlarmHistory, Vec<AlarmTransition>;
        ssm_hosts: "the hosts of Systems Manager", ManagedHosts, Vec<ManagedHost>;
        ssm_command: "the command", Command, Option<CommandRun>;
        sns_topic: "the topic", Topic, Option<Topic>;
        http_answer: "the answer of the service", HttpAnswer, HttpAnswer;
    }
}

fn is_store_events(query: &Query) -> bool {
    matches!(
        query,
        Query::Rds(rds::Read::Events { .. }) | Query::ElastiCache(elasticache::Read::Events { .. })
    )
}

/// Whether a question asks this host for what its cards do.
fn samples(query: &Query, instance: &str) -> bool {
    matches!(
        query,
        Query::Ssm(ssm::Read::GpuSamples { instances, .. }) if instances.iter().any(|id| id == instance)
    )
}

fn refreshes_of(group: &str) -> Query {
    Query::AutoScaling(autoscaling::Read::InstanceRefreshes {
        group: group.to_owned(),
    })
}

/// The one of a list, `None` if the whole list was read and it is not there.
fn one<'a, T>(
    (list, gaps): (&'a [T], &[Fault]),
    is_it: impl Fn(&T) -> bool,
) -> Result<Option<&'a T>, Unread> {
    match (list.iter().find(|item| is_it(item)), gaps.first()) {
        (Some(found), _) => Ok(Some(found)),
        (None, Some(gap)) => Err(Unread::Partial(gap.clone())),
        (None, None) => Ok(None),
    }
}

/// A list that must be whole.
fn whole<T>((list, gaps): (T, &[Fault])) -> Result<T, Unread> {
    match gaps.first() {
        Some(gap) => Err(Unread::Partial(gap.clone())),
        None => Ok(list),
    }
}

/// What actions ask of the answers. `Ok(None)` is proof of absence; `Err` is not knowing.
impl View {
    /// An ECS service.
    pub fn service(&self, cluster: &str, service: &str) -> Result<Option<&Service>, Unread> {
        let (fleet, gaps) = self.ecs_fleet(&Query::Ecs(ecs::Read::Fleet))?;
        one((&fleet.services, gaps), |known| {
            known.cluster == cluster && known.name == service
        })
    }

    /// The same, to be changed.
    pub fn service_mut(&mut self, cluster: &str, service: &str) -> Option<&mut Service> {
        self.ecs_fleet_mut(&Query::Ecs(ecs::Read::Fleet))?
            .services
            .iter_mut()
            .find(|known| known.cluster == cluster && known.name == service)
    }

    /// All ECS services.
    pub fn services(&self) -> Result<&[Service], Unread> {
        let (fleet, gaps) = self.ecs_fleet(&Query::Ecs(ecs::Read::Fleet))?;
        whole((fleet.services.as_slice(), gaps))
    }

    /// All ECS clusters.
    pub fn clusters(&self) -> Result<&[Cluster], Unread> {
        let (fleet, gaps) = self.ecs_fleet(&Query::Ecs(ecs::Read::Fleet))?;
        whole((fleet.clusters.as_slice(), gaps))
    }

    /// A host of Systems Manager.
    pub fn managed_host(&self, instance: &str) -> Result<Option<&ManagedHost>, Unread> {
        let (hosts, gaps) = self.ssm_hosts(&Query::Ssm(ssm::Read::Hosts))?;
        one((hosts, gaps), |host| host.instance_id == instance)
    }

    /// The command of a document on a host, whichever way it was asked for; `Ok(None)` if there is none.
    pub fn command(&self, document: &str, instance: &str) -> Result<Option<&CommandRun>, Unread> {
        let asked = self.asked().find(|query| {
            matches!(query, Query::Ssm(ssm::Read::Command { document: own, instance: host, .. })
                if own == document && host == instance)
        });
        match asked {
            Some(query) => Ok(whole(self.ssm_command(query)?)?.as_ref()),
            None => Err(Unread::NotAsked("the command")),
        }
    }

    /// A topic.
    pub fn topic(&self, arn: &str) -> Result<Option<&Topic>, Unread> {
        Ok(whole(self.sns_topic(&Query::Sns(sns::Read::Topic { arn: arn.to_owned() }))?)?.as_ref())
    }

    /// What a web service answered.
    pub fn http(&self, query: &http::Read) -> Result<&HttpAnswer, Unread> {
        whole(self.http_answer(&Query::Http(query.clone()))?)
    }

    /// All EC2 instances.
    pub fn instances(&self) -> Result<&[Instance], Unread> {
        Ok(whole(self.ec2_instances(&Query::Ec2(ec2::Read::Instances))?)?)
    }

    /// The node types that a cache may be changed to.
    pub fn cache_node_types(&self, nodes: &elasticache::Nodes) -> Result<&NodeTypes, Unread> {
        let query = Query::ElastiCache(elasticache::Read::NodeTypes(nodes.clone()));
        whole(self.redis_node_types(&query)?)
    }

    /// All caches.
    pub fn caches(&self) -> Result<&[Cache], Unread> {
        let query = Query::ElastiCache(elasticache::Read::Caches);
        Ok(whole(self.redis_caches(&query)?)?)
    }

    /// What the GPU probe printed on a host, one for each sample; `None` if the host was not asked.
    pub fn gpu_samples(&self, instance: &str) -> Result<Option<Vec<&ProbeOutput>>, Unread> {
        let asked = self.asked().find(|query| samples(query, instance));
        let Some(query) = asked else { return Ok(None) };
        let (outputs, _) = self.ssm_outputs(query)?;
        Ok(Some(
            outputs
                .iter()
                .filter(|output| output.instance_id == instance)
                .collect(),
        ))
    }

    /// The same, to be changed.
    pub fn gpu_samples_mut(&mut self, instance: &str) -> Option<Vec<&mut ProbeOutput>> {
        let query = self.asked().find(|query| samples(query, instance))?.clone();
        let outputs = self.ssm_outputs_mut(&query)?;
        Some(
            outputs
                .iter_mut()
                .filter(|output| output.instance_id == instance)
                .collect(),
        )
    }

    /// An ECS service by its ARN.
    pub fn service_by_arn(&self, arn: &str) -> Result<Option<&Service>, Unread> {
        let (fleet, gaps) = self.ecs_fleet(&Query::Ecs(ecs::Read::Fleet))?;
        one((&fleet.services, gaps), |service| service.arn == arn)
    }

    /// The same, to be changed.
    pub fn service_by_arn_mut(&mut self, arn: &str) -> Option<&mut Service> {
        self.ecs_fleet_mut(&Query::Ecs(ecs::Read::Fleet))?
            .services
            .iter_mut()
            .find(|service| service.arn == arn)
    }

    /// Spot prices, as far as they were asked for.
    pub fn spot_prices(&self) -> impl Iterator<Item = &SpotPrice> {
        self.answers
            .iter()
            .filter_map(|(_, answer)| match &**answer {
                Ok(Reply {
                    data: ReplyData::SpotPrices(prices),
                    ..
                }) => Some(prices),
                _ => None,
            })
            .flatten()
    }

    /// NAT gateways.
    pub fn nat_gateways(&self) -> Result<&[NatGateway], Unread> {
        Ok(whole(self.ec2_nat(&Query::Ec2(ec2::Read::NatGateways))?)?)
    }

    /// All load balancers.
    pub fn load_balancers(&self) -> Result<&[LoadBalancer], Unread> {
        let (balancing, gaps) = self.elb_balancing(&Query::Elb(elb::Read::Balancing))?;
        whole((balancing.load_balancers.as_slice(), gaps))
    }

    /// All target groups.
    pub fn target_groups(&self) -> Result<&[TargetGroup], Unread> {
        let (balancing, gaps) = self.elb_balancing(&Query::Elb(elb::Read::Balancing))?;
        whole((balancing.target_groups.as_slice(), gaps))
    }

    /// All alarms.
    pub fn alarms(&self) -> Result<&[Alarm], Unread> {
        let query = Query::CloudWatch(cloudwatch::Read::Alarms);
        Ok(whole(self.cw_alarms(&query)?)?)
    }

    /// All queues.
    pub fn queues(&self) -> Result<&[Queue], Unread> {
        Ok(whole(self.sqs_queues(&Query::Sqs(sqs::Read::Queues))?)?)
    }

    /// All log groups.
    pub fn log_groups(&self) -> Result<&[LogGroup], Unread> {
        Ok(whole(self.cw_log_groups(&Query::Logs(logs::Read::Groups))?)?)
    }

    /// Tasks of a service.
    pub fn tasks(&self, cluster: &str, service: &str) -> Result<&[Task], Unread> {
        let query = Query::Ecs(ecs::Read::Tasks {
            cluster: cluster.to_owned(),
            service: service.to_owned(),
        });
        Ok(whole(self.ecs_tasks(&query)?)?)
    }

    /// The same, to be changed.
    pub fn tasks_mut(&mut self, cluster: &str, service: &str) -> Option<&mut Vec<Task>> {
        self.ecs_tasks_mut(&Query::Ecs(ecs::Read::Tasks {
            cluster: cluster.to_owned(),
            service: service.to_owned(),
        }))
    }

    /// A task definition, of those asked for by `family:revision`.
    pub fn task_definition(&self, revision: &str) -> Result<Option<&TaskDefinition>, Unread> {
        let query = Query::Ecs(ecs::Read::TaskDefinitions {
            revisions: vec![revision.to_owned()],
        });
        let (list, gaps) = self.task_defs(&query)?;
        one((list, gaps), |known| {
            format!("{}:{}", known.family, known.revision) == revision
        })
    }

    /// A service's deployment history.
    pub fn deployments(&self, cluster: &str, service: &str) -> Result<&[ServiceDeployment], Unread> {
        let query = Query::Ecs(ecs::Read::Deployments {
            cluster: cluster.to_owned(),
            service: service.to_owned(),
        });
        Ok(whole(self.service_deployments(&query)?)?)
    }

    /// The same, to be changed.
    pub fn deployments_mut(&mut self, cluster: &str, service: &str) -> Option<&mut Vec<ServiceDeployment>> {
        self.service_deployments_mut(&Query::Ecs(ecs::Read::Deployments {
            cluster: cluster.to_owned(),
            service: service.to_owned(),
        }))
    }

    /// An Auto Scaling group, by its name or its ARN.
    pub fn group(&self, name: &str) -> Result<Option<&Group>, Unread> {
        let (groups, gaps) = self.asg_groups(&Query::AutoScaling(autoscaling::Read::Groups))?;
        one((groups, gaps), |group| group.name == name || group.arn == name)
    }

    /// The same, to be changed.
    pub fn group_mut(&mut self, name: &str) -> Option<&mut Group> {
        self.asg_groups_mut(&Query::AutoScaling(autoscaling::Read::Groups))?
            .iter_mut()
            .find(|group| group.name == name)
    }

    /// All Auto Scaling groups.
    pub fn groups(&self) -> Result<&[Group], Unread> {
        let query = Query::AutoScaling(autoscaling::Read::Groups);
        Ok(whole(self.asg_groups(&query)?)?)
    }

    /// Scaling policies of groups.
    pub fn group_policies(&self) -> Result<&[GroupPolicy], Unread> {
        let query = Query::AutoScaling(autoscaling::Read::Policies);
        Ok(whole(self.asg_policies(&query)?)?)
    }

    /// Scaling activities, of whichever time was asked for.
    pub fn activities(&self) -> Result<&[Activity], Unread> {
        let is_it =
            |query: &&Query| matches!(query, Query::AutoScaling(autoscaling::Read::Activities { .. }));
        let asked = self.asked().find(is_it);
        let query = asked.ok_or(Unread::NotAsked("the scaling activities"))?;
        Ok(whole(self.asg_activities(query)?)?)
    }

    /// Instance refreshes of a group, newest first.
    pub fn refreshes(&self, group: &str) -> Result<&[InstanceRefresh], Unread> {
        Ok(whole(self.asg_refreshes(&refreshes_of(group))?)?)
    }

    /// The same, to be changed.
    pub fn refreshes_mut(&mut self, group: &str) -> Option<&mut Vec<InstanceRefresh>> {
        self.asg_refreshes_mut(&refreshes_of(group))
    }

    /// An EC2 instance.
    pub fn instance(&self, id: &str) -> Result<Option<&Instance>, Unread> {
        let (instances, gaps) = self.ec2_instances(&Query::Ec2(ec2::Read::Instances))?;
        one((instances, gaps), |instance| instance.id == id)
    }

    /// The same, to be changed.
    pub fn instance_mut(&mut self, id: &str) -> Option<&mut Instance> {
        self.ec2_instances_mut(&Query::Ec2(ec2::Read::Instances))?
            .iter_mut()
            .find(|instance| instance.id == id)
    }

    /// A DB instance by name.
    pub fn db_instance(&self, name: &str) -> Result<Option<&DbInstance>, Unread> {
        let (instances, gaps) = self.rds_instances(&Query::Rds(rds::Read::Instances))?;
        one((instances, gaps), |instance| instance.name == name)
    }

    /// All DB instances, to be changed.
    pub fn db_instances_mut(&mut self) -> Option<&mut Vec<DbInstance>> {
        self.rds_instances_mut(&Query::Rds(rds::Read::Instances))
    }

    /// All DB instances.
    pub fn db_instances(&self) -> Result<&[DbInstance], Unread> {
        Ok(whole(self.rds_instances(&Query::Rds(rds::Read::Instances))?)?)
    }

    /// A DB cluster by name.
    pub fn db_cluster(&self, name: &str) -> Result<Option<&DbCluster>, Unread> {
        let (clusters, gaps) = self.rds_clusters(&Query::Rds(rds::Read::Clusters))?;
        one((clusters, gaps), |cluster| cluster.name == name)
    }

    /// All DB proxies.
    pub fn db_proxies(&self) -> Result<&[DbProxy], Unread> {
        Ok(whole(self.rds_proxies(&Query::Rds(rds::Read::Proxies))?)?)
    }

    /// All DB clusters.
    pub fn db_clusters(&self) -> Result<&[DbCluster], Unread> {
        Ok(whole(self.rds_clusters(&Query::Rds(rds::Read::Clusters))?)?)
    }

    /// The same, to be changed.
    pub fn db_clusters_mut(&mut self) -> Option<&mut Vec<DbCluster>> {
        self.rds_clusters_mut(&Query::Rds(rds::Read::Clusters))
    }

    /// A snapshot by its id.
    pub fn db_snapshot(&self, id: &str) -> Result<Option<&DbSnapshot>, Unread> {
        let (snapshots, gaps) = self.rds_snapshots(&Query::Rds(rds::Read::Snapshots))?;
        one((snapshots, gaps), |snapshot| snapshot.id == id)
    }

    /// All snapshots.
    pub fn db_snapshots(&self) -> Result<&[DbSnapshot], Unread> {
        Ok(whole(self.rds_snapshots(&Query::Rds(rds::Read::Snapshots))?)?)
    }

    /// The same, to be changed.
    pub fn db_snapshots_mut(&mut self) -> Option<&mut Vec<DbSnapshot>> {
        self.rds_snapshots_mut(&Query::Rds(rds::Read::Snapshots))
    }

    /// A cache by name.
    pub fn cache(&self, name: &str) -> Result<Option<&Cache>, Unread> {
        let (caches, gaps) = self.redis_caches(&Query::ElastiCache(elasticache::Read::Caches))?;
        one((caches, gaps), |cache| cache.name == name)
    }

    /// The same, to be changed.
    pub fn cache_mut(&mut self, name: &str) -> Option<&mut Cache> {
        self.redis_caches_mut(&Query::ElastiCache(elasticache::Read::Caches))?
            .iter_mut()
            .find(|cache| cache.name == name)
    }

    /// A backup of a replication group by its name.
    pub fn cache_snapshot(&self, group: &str, name: &str) -> Result<Option<&CacheSnapshot>, Unread> {
        let query = Query::ElastiCache(elasticache::Read::Snapshots {
            group: group.to_owned(),
        });
        let (snapshots, gaps) = self.redis_snapshots(&query)?;
        one((snapshots, gaps), |snapshot| snapshot.name == name)
    }

    /// All backups of a replication group, to be changed.
    pub fn cache_snapshots_mut(&mut self, group: &str) -> Option<&mut Vec<CacheSnapshot>> {
        self.redis_snapshots_mut(&Query::ElastiCache(elasticache::Read::Snapshots {
            group: group.to_owned(),
        }))
    }

    /// A target group by name or ARN.
    pub fn target_group(&self, name: &str) -> Result<Option<&TargetGroup>, Unread> {
        let (balancing, gaps) = self.elb_balancing(&Query::Elb(elb::Read::Balancing))?;
        one((&balancing.target_groups, gaps), |group| {
            group.name == name || group.arn == name
        })
    }

    /// The same, to be changed.
    pub fn target_group_mut(&mut self, name: &str) -> Option<&mut TargetGroup> {
        self.elb_balancing_mut(&Query::Elb(elb::Read::Balancing))?
            .target_groups
            .iter_mut()
            .find(|group| group.name == name || group.arn == name)
    }

    /// An alarm by name.
    pub fn alarm(&self, name: &str) -> Result<Option<&Alarm>, Unread> {
        let (alarms, gaps) = self.cw_alarms(&Query::CloudWatch(cloudwatch::Read::Alarms))?;
        one((alarms, gaps), |alarm| alarm.name == name)
    }

    /// The same, to be changed.
    pub fn alarm_mut(&mut self, name: &str) -> Option<&mut Alarm> {
        self.cw_alarms_mut(&Query::CloudWatch(cloudwatch::Read::Alarms))?
            .iter_mut()
            .find(|alarm| alarm.name == name)
    }

    /// Alarm transitions, of whichever time was asked for.
    pub fn alarm_history(&self) -> Result<&[AlarmTransition], Unread> {
        let query = self
            .asked()
            .find(|query| matches!(query, Query::CloudWatch(cloudwatch::Read::AlarmHistory { .. })))
            .ok_or(Unread::NotAsked("the alarm history"))?;
        Ok(whole(self.cw_history(query)?)?)
    }

    /// Events of RDS or ElastiCache, of whichever time was asked for.
    pub fn store_events(&self) -> Result<&[StoreEvent], Unread> {
        let query = self
            .asked()
            .find(|query| is_store_events(query))
            .ok_or(Unread::NotAsked("the events"))?;
        Ok(whole(self.rds_events(query)?)?)
    }

    /// Adds an event, asked for or not.
    pub fn add_store_event(&mut self, source: &str, message: &str) {
        let query = self
            .asked()
            .find(|query| is_store_events(query))
            .cloned()
            .unwrap_or(Query::Rds(rds::Read::Events {
                since: Timestamp::MIN,
            }));
        let event = StoreEvent {
            source: source.to_owned(),
            message: message.to_owned(),
            at: Timestamp::MAX,
        };
        match self.rds_events_mut(&query) {
            Some(events) => events.push(event),
            None => self.answers.push((
                query,
                Arc::new(Ok(Reply::whole(ReplyData::StoreEvents(vec![event])))),
            )),
        }
    }

    /// A queue by name or ARN.
    pub fn queue(&self, name: &str) -> Result<Option<&Queue>, Unread> {
        let (queues, gaps) = self.sqs_queues(&Query::Sqs(sqs::Read::Queues))?;
        one((queues, gaps), |queue| queue.name == name || queue.arn == name)
    }

    /// The same, to be changed.
    pub fn queue_mut(&mut self, name: &str) -> Option<&mut Queue> {
        self.sqs_queues_mut(&Query::Sqs(sqs::Read::Queues))?
            .iter_mut()
            .find(|queue| queue.name == name || queue.arn == name)
    }

    /// The revisions of a task definition family, newest first.
    pub fn revisions(&self, family: &str) -> Result<&[RevisionName], Unread> {
        Ok(whole(self.ecs_revisions(&revisions_of(family))?)?)
    }

    /// Adds a revision with its definition, as if it had been registered.
    pub fn add_revision(&mut self, definition: TaskDefinition) {
        if let Some(known) = self.ecs_revisions_mut(&revisions_of(&definition.family)) {
            known.insert(
                0,
                RevisionName {
                    family: definition.family.clone(),
                    revision: definition.revision,
                    active: true,
                },
            );
        }
        let query = Query::Ecs(ecs::Read::TaskDefinitions {
            revisions: vec![format!("{}:{}", definition.family, definition.revision)],
        });
        match self.task_defs_mut(&query) {
            Some(known) => known.push(definition),
            None => self.answers.push((
                query,
                Arc::new(Ok(Reply::whole(ReplyData::TaskDefinitions(vec![definition])))),
            )),
        }
    }

    /// The images of a repository; of another account's registry if one is named.
    pub fn images(&self, registry: Option<&str>, repository: &str) -> Result<&[Image], Unread> {
        Ok(whole(self.ecr_images(&images_of(registry, repository))?)?)
    }

    /// The images of a repository of this account, to be changed.
    pub fn images_mut(&mut self, repository: &str) -> Option<&mut Vec<Image>> {
        self.ecr_images_mut(&images_of(None, repository))
    }

    /// All pipelines.
    pub fn pipelines(&self) -> Result<&[Pipeline], Unread> {
        let query = Query::CodePipeline(codepipeline::Read::Pipelines);
        Ok(whole(self.cp_pipelines(&query)?)?)
    }

    /// A pipeline by name.
    pub fn pipeline(&self, name: &str) -> Result<Option<&Pipeline>, Unread> {
        let (pipelines, gaps) = self.cp_pipelines(&Query::CodePipeline(codepipeline::Read::Pipelines))?;
        one((pipelines, gaps), |pipeline| pipeline.name == name)
    }

    /// The same, to be changed.
    pub fn pipeline_mut(&mut self, name: &str) -> Option<&mut Pipeline> {
        self.cp_pipelines_mut(&Query::CodePipeline(codepipeline::Read::Pipelines))?
            .iter_mut()
            .find(|pipeline| pipeline.name == name)
    }

    /// An execution in the answer to a question about executions.
    pub fn execution(&self, query: &Query, id: &str) -> Result<Option<&Execution>, Unread> {
        let (executions, _) = self.cp_executions(query)?;
        Ok(executions.iter().find(|execution| execution.id == id))
    }

    /// The executions in the answer to a question about them.
    pub fn succeeded(&self, query: &Query) -> Result<&[Execution], Unread> {
        Ok(whole(self.cp_executions(query)?)?)
    }

    /// A stack by name.
    pub fn stack(&self, name: &str) -> Result<Option<&Stack>, Unread> {
        let query = Query::CloudFormation(cloudformation::Read::Stack {
            name: name.to_owned(),
        });
        let (stacks, gaps) = self.cf_stacks(&query)?;
        one((stacks, gaps), |stack| stack.name == name)
    }

    /// The bounds between which a service is scaled by itself.
    pub fn scalable_target(&self, cluster: &str, service: &str) -> Result<Option<&ScalableTarget>, Unread> {
        let resource = resource_of(cluster, service);
        let (targets, gaps) = self.scalable_targets(&ecs_targets())?;
        one((targets, gaps), |target| target.resource == resource)
    }

    /// The same, to be changed.
    pub fn scalable_target_mut(&mut self, cluster: &str, service: &str) -> Option<&mut ScalableTarget> {
        let resource = resource_of(cluster, service);
        self.scalable_targets_mut(&ecs_targets())?
            .iter_mut()
            .find(|target| target.resource == resource)
    }
}

fn revisions_of(family: &str) -> Query {
    Query::Ecs(ecs::Read::Revisions {
        family: family.to_owned(),
    })
}

fn images_of(registry: Option<&str>, repository: &str) -> Query {
    Query::Ecr(ecr::Read::Images {
        registry: registry.map(str::to_owned),
        repository: repository.to_owned(),
    })
}

fn ecs_targets() -> Query {
    Query::ApplicationAutoScaling(application_auto_scaling::Read::EcsTargets)
}
