//! Answers to questions, in the domain's words.

mod advice;
pub mod asg;
mod cost;
pub mod datastore;
pub mod delivery;
mod ec2;
mod ecs;
mod edge;
mod elb;
mod functions;
pub mod models;
mod ssm;
mod watch;
mod web;

pub use web::topic;

use super::sim::Sim;
use super::time::{HOUR, SECOND, ms, stamp};
use super::{Settings, logs};
use crate::domain::fault::Fault;
use crate::domain::metric::MetricSpec;
use crate::domain::ops::{self, Query, Reply, ReplyData};
use crate::domain::scope::Identity;

/// Answers a question about a world as it is now.
pub fn answer(sim: &Sim, settings: &Settings, query: &Query) -> Result<Reply, Fault> {
    let data = match query {
        Query::Sts(ops::sts::Read::CallerIdentity) => ReplyData::Identity(identity(sim, settings)),
        Query::Ecs(read) => match read {
            ops::ecs::Read::Fleet | ops::ecs::Read::FleetOf(_) => ReplyData::EcsFleet(ecs::fleet(sim)),
            ops::ecs::Read::Tasks { cluster, service } => {
                ReplyData::EcsTasks(ecs::tasks(sim, cluster, service)?)
            }
            ops::ecs::Read::TaskDefinitions { revisions } => {
                ReplyData::TaskDefinitions(ecs::task_definitions(sim, revisions)?)
            }
            ops::ecs::Read::Revisions { family } => ReplyData::Revisions(ecs::revisions(sim, family)),
            ops::ecs::Read::Deployments { cluster, service } => {
                ReplyData::ServiceDeployments(ecs::deployments(sim, cluster, service)?)
            }
        },
        Query::AutoScaling(read) => match read {
            ops::autoscaling::Read::Groups => ReplyData::Groups(asg::groups(sim)),
            ops::autoscaling::Read::Activities { since } => {
                ReplyData::Activities(asg::activities(sim, ms(*since)))
            }
            ops::autoscaling::Read::Policies => ReplyData::GroupPolicies(asg::policies(sim)),
            ops::autoscaling::Read::InstanceRefreshes { group } => {
                ReplyData::InstanceRefreshes(asg::refreshes(sim, group))
            }
        },
        Query::Ec2(read) => match read {
            ops::ec2::Read::Instances => ReplyData::Instances(ec2::instances(sim)),
            ops::ec2::Read::InstanceTypes { types } => ReplyData::InstanceTypes(ec2::instance_types(types)),
            ops::ec2::Read::SpotPrices { types } => ReplyData::SpotPrices(ec2::spot_prices(sim, types)),
            ops::ec2::Read::NatGateways => ReplyData::NatGateways(ec2::nat_gateways(sim)),
            ops::ec2::Read::VpcEndpoints => ReplyData::VpcEndpoints(edge::endpoints(sim)),
        },
        Query::Ssm(read) => match read {
            ops::ssm::Read::Hosts => ReplyData::ManagedHosts(ssm::hosts(sim)),
            ops::ssm::Read::Parameters => ReplyData::Parameters(edge::parameters(sim)),
            ops::ssm::Read::GpuProbe { instances, .. } => ReplyData::ProbeOutputs(ssm::probe(sim, instances)),
            ops::ssm::Read::GpuSamples {
                instances,
                samples,
                gap_s,
            } => ReplyData::ProbeOutputs(ssm::samples(sim, instances, (*samples, *gap_s))),
            ops::ssm::Read::Command {
                document,
                instance,
                id,
                since,
            } => ReplyData::Command(ssm::command(
                sim,
                (document, instance),
                (id.as_deref(), ms(*since)),
            )),
        },
        Query::Rds(read) => match read {
            ops::rds::Read::Instances => ReplyData::DbInstances(datastore::databases(sim)),
            ops::rds::Read::Clusters => ReplyData::DbClusters(datastore::clusters(sim)),
            ops::rds::Read::Snapshots => ReplyData::DbSnapshots(datastore::snapshots(sim)),
            ops::rds::Read::PendingMaintenance => ReplyData::Maintenance(datastore::maintenance(sim)),
            ops::rds::Read::Events { since } => {
                ReplyData::StoreEvents(datastore::database_events(sim, ms(*since)))
            }
            ops::rds::Read::ConnectionLimits { parameter_groups } => {
                ReplyData::ConnectionLimits(datastore::connection_limits(sim, parameter_groups))
            }
            ops::rds::Read::Proxies => ReplyData::DbProxies(datastore::proxies(sim)),
        },
        Query::ElastiCache(read) => match read {
            ops::elasticache::Read::Caches => ReplyData::Caches(datastore::caches(sim)),
            ops::elasticache::Read::Events { since } => {
                ReplyData::StoreEvents(datastore::cache_events(sim, ms(*since)))
            }
            ops::elasticache::Read::NodeTypes(nodes) => {
                ReplyData::CacheNodeTypes(datastore::cache_node_types(sim, nodes)?)
            }
            ops::elasticache::Read::Snapshots { group } => {
                ReplyData::CacheSnapshots(datastore::cache_snapshots(sim, group))
            }
        },
        Query::Elb(ops::elb::Read::Balancing) => ReplyData::Balancing(elb::balancing(sim)),
        Query::Elb(ops::elb::Read::Listeners { load_balancers }) => {
            ReplyData::Listeners(edge::listeners(sim, load_balancers))
        }
        Query::S3(read) => match read {
            ops::s3::Read::Buckets { .. } => ReplyData::Buckets(edge::buckets(sim)),
            ops::s3::Read::Storage { buckets } => ReplyData::BucketStorage(edge::storage(sim, buckets)),
        },
        Query::CloudFront(read) => match read {
            ops::cloudfront::Read::Distributions => ReplyData::Distributions(edge::distributions(sim)),
            ops::cloudfront::Read::Invalidations { distribution, since } => {
                ReplyData::Invalidations(edge::invalidations(sim, distribution, *since)?)
            }
            ops::cloudfront::Read::Metrics { specs } => metrics(sim, specs),
        },
        Query::Acm(read) => {
            ReplyData::Certificates(edge::certificates(sim, *read == ops::acm::Read::EdgeCertificates))
        }
        Query::Route53(read) => match read {
            ops::route53::Read::Dns => ReplyData::Dns(edge::dns(sim)),
            ops::route53::Read::Zones => ReplyData::HostedZones(edge::zones(sim)),
            ops::route53::Read::Records { zone, name } => {
                ReplyData::RecordSets(edge::records(sim, zone, name)?)
            }
            ops::route53::Read::Change { id } => ReplyData::DnsChange(edge::dns_change(sim, id)),
        },
        Query::SecretsManager(ops::secretsmanager::Read::Secrets) => ReplyData::Secrets(edge::secrets(sim)),
        Query::CloudWatch(read) => match read {
            ops::cloudwatch::Read::Alarms => ReplyData::Alarms(watch::alarms(sim)),
            ops::cloudwatch::Read::AlarmHistory { since } => {
                ReplyData::AlarmHistory(watch::history(sim, ms(*since)))
            }
            ops::cloudwatch::Read::Metrics { specs } => metrics(sim, specs),
            ops::cloudwatch::Read::GpuMetricList => ReplyData::MetricList(watch::gpu_metrics(sim)),
        },
        Query::Sqs(ops::sqs::Read::Queues) => ReplyData::Queues(watch::queues(sim)),
        Query::Logs(read) => match read {
            ops::logs::Read::Groups => ReplyData::LogGroups(logs::groups(sim)),
            ops::logs::Read::Events { .. } => ReplyData::LogPage(logs::page(sim, read)?),
        },
        Query::Cost(read) => match read {
            ops::cost::Read::Usage {
                from,
                to,
                month,
                tag,
                credits_since,
            } => ReplyData::Usage(cost::usage(
                sim,
                (*from, *to),
                *month,
                &cost::Split {
                    tag: tag.as_deref(),
                    credits_since: *credits_since,
                },
            )),
            ops::cost::Read::Forecast { from, to } => ReplyData::Forecast(cost::forecast(sim, *from, *to)),
            ops::cost::Read::Anomalies { from } => ReplyData::Anomalies(cost::anomalies(sim, *from)),
            ops::cost::Read::Budgets { .. } => ReplyData::Budgets(cost::budgets(sim)),
        },
        Query::Sns(ops::sns::Read::Topic { arn }) => ReplyData::Topic(web::topic(sim, arn)),
        Query::Http(ops::http::Read::Get { url, .. }) => ReplyData::HttpAnswer(web::get(sim, url)?),
        Query::CloudTrail(ops::cloudtrail::Read::Lookup { resource, since, .. }) => {
            ReplyData::Trail(watch::trail(sim, resource, ms(*since)))
        }
        Query::Ecr(read) => match read {
            ops::ecr::Read::Images { registry, repository } => {
                ReplyData::Images(delivery::images(sim, registry.as_deref(), repository)?)
            }
            ops::ecr::Read::Repositories => ReplyData::Repositories(delivery::repositories(sim)?),
        },
        Query::CodePipeline(read) => match read {
            ops::codepipeline::Read::Pipelines => ReplyData::Pipelines(delivery::pipelines(sim)),
            ops::codepipeline::Read::Executions { pipelines } => {
                ReplyData::PipelineExecutions(delivery::executions(sim, pipelines))
            }
            ops::codepipeline::Read::SucceededIn { pipeline, stage } => {
                ReplyData::PipelineExecutions(delivery::succeeded_in(sim, pipeline, stage)?)
            }
            ops::codepipeline::Read::ChangeIn { pipeline, execution } => {
                ReplyData::PipelineExecutions(delivery::change_in(sim, pipeline, execution)?)
            }
        },
        Query::CodeBuild(ops::codebuild::Read::Projects) => ReplyData::BuildProjects(delivery::projects(sim)),
        Query::CloudFormation(ops::cloudformation::Read::Stack { name }) => {
            ReplyData::Stacks(delivery::stacks(sim, name))
        }
        Query::ApplicationAutoScaling(ops::application_auto_scaling::Read::EcsTargets) => {
            ReplyData::ScalableTargets(delivery::scalable_targets(sim))
        }
        Query::ApplicationAutoScaling(ops::application_auto_scaling::Read::EndpointTargets) => {
            ReplyData::ScalableTargets(models::targets(sim))
        }
        Query::Sagemaker(read) => match read {
            ops::sagemaker::Read::Endpoints => ReplyData::Endpoints(models::endpoints(sim)),
            ops::sagemaker::Read::EndpointConfigs { name } => {
                ReplyData::EndpointConfigs(models::configs(sim, name.as_deref()))
            }
            ops::sagemaker::Read::TrainingJobs { since } => {
                ReplyData::TrainingJobs(models::training(sim, ms(*since)))
            }
            ops::sagemaker::Read::Notebooks => ReplyData::Notebooks(models::notebooks(sim)),
        },
        Query::Advice(read) => ReplyData::Advices(match read {
            ops::advice::Read::TrustedAdvisor => advice::trusted_advisor(sim),
            ops::advice::Read::ComputeOptimizer { .. } => advice::compute_optimizer(sim),
        }),
        Query::ApplicationAutoScaling(ops::application_auto_scaling::Read::Everything) => {
            ReplyData::Scaling(functions::scaling(sim))
        }
        Query::Lambda(read) => match read {
            ops::lambda::Read::Functions | ops::lambda::Read::FunctionsOf(_) => {
                ReplyData::Functions(functions::functions(sim, None))
            }
            ops::lambda::Read::Function { name } => {
                ReplyData::Functions(functions::functions(sim, Some(name)))
            }
            ops::lambda::Read::Versions { function } => {
                ReplyData::FunctionVersions(functions::versions(sim, function))
            }
        },
        Query::Eks(read) => match read {
            ops::eks::Read::Clusters => ReplyData::Kubernetes(functions::kubernetes(sim)),
            ops::eks::Read::Upgrades => ReplyData::ClusterUpgrades(functions::upgrades(sim)),
            ops::eks::Read::Update {
                cluster,
                nodegroup,
                id,
            } => ReplyData::NodegroupUpdate(functions::update(sim, cluster, nodegroup, id)),
        },
    };
    Ok(Reply::whole(data))
}

fn metrics(sim: &Sim, specs: &[MetricSpec]) -> ReplyData {
    ReplyData::Metrics(
        specs
            .iter()
            .map(|spec| (spec.id.clone(), sim.series(spec)))
            .collect(),
    )
}

/// How long a session lasts, on the demo's clock, seconds.
const SESSION_S: i64 = 8 * HOUR / SECOND;

/// The on-call session. It is renewed whenever it ends, as an SSO session is at a laptop.
fn identity(sim: &Sim, settings: &Settings) -> Identity {
    let epoch = settings.epoch.as_second();
    let age = (stamp(sim.now).as_second() - epoch).max(0);
    let ends = epoch + (age / SESSION_S + 1) * SESSION_S;
    Identity {
        account: sim.plan.account.clone(),
        arn: format!(
            "arn:aws:sts::{}:assumed-role/oncall/{}",
            sim.plan.account, sim.plan.person
        ),
        credentials_expire_at: Some(stamp(ends * SECOND)),
        server_time: Some(stamp(sim.now)),
    }
}
