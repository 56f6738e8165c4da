//! How many API calls AWS would take for an answer, and what it would bill: the demo keeps to the
//! rate budgets and feeds the meter like the real thing.

use super::sim::Sim;
use crate::domain::ops::{self, Operation, Query};
use crate::domain::policy::ClusterPart;

/// Calls of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calls {
    /// Which.
    pub operation: Operation,
    /// How many.
    pub count: usize,
    /// What all of them cost, micro-dollars.
    pub paid_micro_usd: u64,
}

/// A page of Cost Explorer.
const COST_EXPLORER: u64 = 10_000;
/// A metric of `GetMetricData`.
const METRIC: u64 = 10;

/// The calls behind a question.
pub fn of(sim: &Sim, query: &Query) -> Vec<Calls> {
    query
        .operations()
        .iter()
        .filter_map(|operation| {
            let count = count(sim, query, *operation);
            (count > 0).then(|| Calls {
                operation: *operation,
                count,
                paid_micro_usd: paid(query, operation, count),
            })
        })
        .collect()
}

fn count(sim: &Sim, query: &Query, operation: Operation) -> usize {
    let plan = &sim.plan;
    let pages = |items: usize, of: usize| items.div_ceil(of).max(1);
    match (operation.name, query) {
        ("ListServices", _) => plan
            .clusters
            .iter()
            .filter(|cluster| part_of(query, cluster) != ClusterPart::Nothing)
            .count(),
        ("DescribeServices", _) => plan
            .clusters
            .iter()
            .map(|cluster| {
                let services = plan
                    .services
                    .iter()
                    .filter(|service| {
                        &service.cluster == cluster && is_described(query, cluster, &service.name)
                    })
                    .count();
                services.div_ceil(10)
            })
            .sum(),
        // Running and stopped ones are asked for apart.
        ("ListTasks", _) => 2,
        ("DescribeTaskDefinition", Query::Ecs(ops::ecs::Read::TaskDefinitions { revisions })) => {
            revisions.len()
        }
        (
            "DescribeScalingActivities",
            Query::ApplicationAutoScaling(ops::application_auto_scaling::Read::Everything),
        ) => usize::from(plan.services.iter().any(|service| service.scaling.is_some())),
        ("DescribeAutoScalingGroups" | "DescribeScalingActivities" | "DescribePolicies", _) => {
            pages(plan.groups.len(), 100)
        }
        ("DescribeWarmPool", _) => plan
            .groups
            .iter()
            .filter(|group| group.warm_pool.is_some())
            .count(),
        ("DescribeLaunchTemplateVersions", _) => usize::from(!plan.groups.is_empty()),
        ("DescribeTargetHealth", _) => sim.targets.len(),
        ("DescribeListeners", Query::Elb(ops::elb::Read::Listeners { load_balancers })) => {
            load_balancers.len()
        }
        ("GetPublicAccessBlock", _) if operation.service == "s3control" => 1,
        (
            "GetPublicAccessBlock"
            | "GetBucketPolicyStatus"
            | "GetBucketVersioning"
            | "GetBucketLifecycleConfiguration",
            _,
        ) => plan.buckets.len(),
        ("ListMetrics", Query::S3(_)) => 1,
        ("ListInvalidations", Query::CloudFront(ops::cloudfront::Read::Distributions)) => {
            plan.distributions.len()
        }
        ("GetInvalidation", Query::CloudFront(ops::cloudfront::Read::Invalidations { distribution, .. })) => {
            sim.find_distribution(distribution)
                .map_or(0, |index| sim.distributions[index].invalidations.len().min(20))
        }
        ("DescribeCertificate", _) => plan.certificates.len(),
        ("GetHealthCheckStatus", _) => plan.health_checks.len(),
        ("ListTagsForResources", _) => plan.health_checks.len().div_ceil(10),
        ("GetMetricData", Query::CloudFront(ops::cloudfront::Read::Metrics { specs })) => {
            specs.len().div_ceil(500)
        }
        ("GetQueueAttributes", _) => plan.queues.len(),
        ("DescribeEndpoint" | "ListTags", Query::Sagemaker(_)) => sim.models.endpoints.len(),
        (
            "DescribeEndpointConfig",
            Query::Sagemaker(ops::sagemaker::Read::EndpointConfigs { name: None }),
        ) => sim.endpoint_configs(sim.now).count(),
        ("DescribeEndpointConfig", Query::Sagemaker(ops::sagemaker::Read::Endpoints)) => {
            sim.models.endpoints.len()
        }
        ("ListEndpointConfigs", Query::Sagemaker(ops::sagemaker::Read::EndpointConfigs { name })) => {
            usize::from(name.is_none())
        }
        ("DescribeTrainingJob", _) => plan.models.training.len(),
        ("GetPipeline" | "GetPipelineState", _) => plan.pipelines.len(),
        (
            "ListPipelineExecutions",
            Query::CodePipeline(ops::codepipeline::Read::Executions { pipelines }),
        ) => pipelines.len(),
        ("ListBuildsForProject", _) => plan.builds.len(),
        ("BatchGetProjects" | "BatchGetBuilds", _) => plan.builds.len().div_ceil(10),
        ("GetLifecyclePolicy" | "DescribeImages", Query::Ecr(ops::ecr::Read::Repositories)) => {
            sim.registry.len()
        }
        // Active and inactive ones are asked for apart.
        ("ListTaskDefinitions", _) => 2,
        ("GetMetricData", Query::CloudWatch(ops::cloudwatch::Read::Metrics { specs })) => {
            specs.len().div_ceil(500)
        }
        (
            "SendCommand" | "ListCommandInvocations",
            Query::Ssm(
                ops::ssm::Read::GpuProbe { instances, .. } | ops::ssm::Read::GpuSamples { instances, .. },
            ),
        ) => {
            let online = instances
                .iter()
                .filter_map(|id| sim.instances.get(id))
                .filter(|instance| instance.agent_answers(sim.now))
                .count();
            let times = match query {
                Query::Ssm(ops::ssm::Read::GpuSamples { samples, .. }) => *samples as usize,
                _ => 1,
            };
            // The answer is asked for until it is there.
            times * online.div_ceil(50) * if operation.name == "SendCommand" { 1 } else { 3 }
        }
        ("ListCommands", Query::Ssm(ops::ssm::Read::Command { id, .. })) => usize::from(id.is_none()),
        ("GetCommandInvocation", Query::Ssm(ops::ssm::Read::Command { .. })) => 1,
        ("GetCommandInvocation" | "CancelCommand", _) => 0,
        ("GetCostAndUsage", _) => 2,
        ("DescribeDBParameters", Query::Rds(ops::rds::Read::ConnectionLimits { parameter_groups })) => {
            parameter_groups.len()
        }
        ("DescribeDBProxyTargets", _) => plan.database_proxies.len(),
        (
            "ListTags" | "ListAliases" | "GetFunctionConcurrency" | "GetFunctionEventInvokeConfig",
            Query::Lambda(read),
        ) => match read {
            ops::lambda::Read::Functions => plan.functions.len(),
            ops::lambda::Read::FunctionsOf(selection) => plan
                .functions
                .iter()
                .filter(|function| selection.includes_name(&function.name))
                .count(),
            ops::lambda::Read::Function { .. } | ops::lambda::Read::Versions { .. } => 1,
        },
        ("DescribeCluster" | "ListNodegroups" | "ListAddons" | "ListInsights", Query::Eks(_)) => {
            plan.kubernetes.len()
        }
        ("DescribeNodegroup", _) => plan.kubernetes.iter().map(|one| one.nodegroups.len()).sum(),
        ("DescribeAddon" | "DescribeAddonVersions", _) => {
            plan.kubernetes.iter().map(|one| one.addons.len()).sum()
        }
        // Each namespace is asked for apart; the rest only of those that have something.
        (
            "DescribeScalableTargets",
            Query::ApplicationAutoScaling(ops::application_auto_scaling::Read::Everything),
        ) => 8,
        ("DescribeScalingPolicies", _) => {
            usize::from(plan.services.iter().any(|service| service.scaling.is_some()))
        }
        _ => 1,
    }
}

/// How much of a cluster a question is about.
fn part_of(query: &Query, cluster: &str) -> ClusterPart {
    match query {
        Query::Ecs(ops::ecs::Read::FleetOf(selection)) => selection.part_of_cluster(cluster),
        _ => ClusterPart::Everything,
    }
}

/// Whether a service has to be described to answer.
fn is_described(query: &Query, cluster: &str, service: &str) -> bool {
    match (part_of(query, cluster), query) {
        (ClusterPart::Everything, _) => true,
        (ClusterPart::Named, Query::Ecs(ops::ecs::Read::FleetOf(selection))) => {
            selection.includes_name(service)
        }
        (ClusterPart::Named | ClusterPart::Nothing, _) => false,
    }
}

fn paid(query: &Query, operation: &Operation, count: usize) -> u64 {
    match (operation.service, query) {
        ("ce", _) => COST_EXPLORER * count as u64,
        ("cloudwatch", Query::CloudWatch(ops::cloudwatch::Read::Metrics { specs })) => {
            METRIC * specs.len() as u64
        }
        ("cloudwatch", Query::CloudFront(ops::cloudfront::Read::Metrics { specs })) => {
            METRIC * specs.len() as u64
        }
        // Two classes and the number of objects of each.
        ("cloudwatch", Query::S3(ops::s3::Read::Storage { buckets }))
            if operation.name == "GetMetricData" =>
        {
            METRIC * 3 * buckets.len() as u64
        }
        _ => 0,
    }
}
