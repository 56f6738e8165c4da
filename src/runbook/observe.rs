//! Resources as expressions see them, from what was read: the facts of [`super::facts`], and the same
//! resources again at a later moment. What parameters may be chosen from is beside them.

mod edge;
mod listing;

pub use listing::{Candidates, candidates, listing_queries};

use std::collections::BTreeMap;
use std::sync::Arc;

use super::action::{Unread, View};
use super::actions::gpu::NIGHT;
use super::facts;
use super::survey;
use super::value::{Resource, Value};
use crate::domain::asg::Group;
use crate::domain::delivery::{Pipeline, Stage};
use crate::domain::ec2::{Instance, foreign_owner};
use crate::domain::ecs::{Controller, Service};
use crate::domain::fault::Fault;
use crate::domain::function::Function;
use crate::domain::gpu;
use crate::domain::ids::{Kind, Tag};
use crate::domain::kubernetes::{Autoscaler, Nodegroup};
use crate::domain::ops::{
    Query, acm, autoscaling, cloudfront, cloudwatch, codepipeline, ec2, ecr, ecs, eks, elasticache, elb,
    lambda, logs, rds, sagemaker, sqs,
};
use crate::domain::sagemaker::Endpoint;

/// The fact that takes asking hosts.
pub const BUSY_GPUS: &str = "busy_gpus";

/// What has to be asked to know how busy the cards of all groups and instances in these values are.
pub fn probes<'v>(values: impl Iterator<Item = &'v Value>) -> impl Iterator<Item = Query> {
    let mut hosts = Vec::new();
    for value in values {
        gpu_hosts(value, &mut hosts);
    }
    let probe = survey::query(hosts);
    let instances = probe.is_some().then_some(Query::Ec2(ec2::Read::Instances));
    instances.into_iter().chain(probe)
}

fn gpu_hosts(value: &Value, hosts: &mut Vec<String>) {
    match value {
        Value::Resource(resource) if resource.facts.get("gpu") == Some(&Value::Bool(true)) => {
            match (resource.kind, resource.facts.get("instances")) {
                (Kind::Ec2Instance, _) => hosts.push(resource.id.clone()),
                (_, Some(Value::List(members))) => {
                    hosts.extend(members.iter().filter_map(Value::as_text).map(str::to_owned));
                }
                _ => {}
            }
        }
        Value::List(items) => items.iter().for_each(|item| gpu_hosts(item, hosts)),
        Value::Map(entries) => entries.values().for_each(|item| gpu_hosts(item, hosts)),
        _ => {}
    }
}

/// Cards at work in a group, cards that could not be asked included; unknown if nobody asked.
fn busy_in_group(group: &Group, view: &View) -> Value {
    if !has_gpus(group) || !view.asked().any(survey::is_query) {
        return Value::Null;
    }
    let cards = group
        .instances
        .iter()
        .filter(|member| !member.lifecycle.starts_with("Terminat"))
        .map(|member| match view.instance(&member.id) {
            Ok(Some(instance)) => survey::work(instance, view).busy_cards(),
            _ => survey::expected_cards(member.instance_type.as_deref().unwrap_or_default()),
        })
        .sum();
    count(Some(cards))
}

/// The same of an instance.
fn busy_on_instance(instance: &Instance, view: &View) -> Value {
    if !gpu::is_gpu_type(&instance.instance_type) || !view.asked().any(survey::is_query) {
        return Value::Null;
    }
    count(Some(survey::work(instance, view).busy_cards()))
}

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
        Kind::SagemakerEndpoint => vec![Query::Sagemaker(sagemaker::Read::Endpoints)],
        Kind::NotebookInstance => vec![Query::Sagemaker(sagemaker::Read::Notebooks)],
        Kind::Distribution => vec![Query::CloudFront(cloudfront::Read::Distributions)],
        Kind::Pipeline => vec![Query::CodePipeline(codepipeline::Read::Pipelines)],
        Kind::Lambda => vec![Query::Lambda(lambda::Read::Functions)],
        Kind::Nodegroup | Kind::EksCluster => vec![Query::Eks(eks::Read::Clusters)],
        Kind::EcrRepository => vec![Query::Ecr(ecr::Read::Repositories)],
        Kind::Certificate => vec![
            Query::Acm(acm::Read::Certificates),
            Query::Acm(acm::Read::EdgeCertificates),
        ],
        Kind::Gpu
        | Kind::GpuHost
        | Kind::LoadBalancer
        | Kind::NatGateway
        | Kind::Budget
        | Kind::Scope
        | Kind::TrainingJob
        | Kind::CodebuildProject
        | Kind::Bucket
        | Kind::VpcEndpoint
        | Kind::HealthCheck
        | Kind::Secret
        | Kind::Parameter
        | Kind::ScalableTarget
        | Kind::Advice => Vec::new(),
    }
}

/// Resources of a kind, all of them.
///
/// # Errors
/// If they could not be read, or not all of them.
pub fn resources(kind: Kind, view: &View) -> Result<Vec<Resource>, Unread> {
    Ok(match kind {
        Kind::EcsService => view.services()?.iter().map(service).collect(),
        Kind::Asg => view.groups()?.iter().map(|known| group(known, view)).collect(),
        Kind::Ec2Instance => view
            .instances()?
            .iter()
            .map(|known| instance(known, view))
            .collect(),
        Kind::RdsInstance => view
            .db_instances()?
            .iter()
            .map(|db| {
                resource(
                    kind,
                    (&db.arn, &db.name),
                    [
                        ("engine", text(&db.engine)),
                        ("engine_version", text(&db.engine_version)),
                        ("class", text(&db.class)),
                        ("status", text(&db.status)),
                        ("multi_az", Value::Bool(db.multi_az)),
                        ("storage_gib", count(db.storage_gib)),
                        ("max_storage_gib", count(db.max_storage_gib)),
                        ("cluster", maybe(db.cluster.as_deref())),
                        ("backup_days", count(Some(db.backup_retention_days))),
                        ("tags", tags(&db.tags)),
                    ],
                )
            })
            .collect(),
        Kind::RdsCluster => view
            .db_clusters()?
            .iter()
            .map(|cluster| {
                let members = |writes: bool| {
                    cluster
                        .members
                        .iter()
                        .filter(move |(_, writer)| *writer == writes)
                        .map(|(name, _)| text(name))
                };
                resource(
                    kind,
                    (&cluster.arn, &cluster.name),
                    [
                        ("engine", text(&cluster.engine)),
                        ("engine_version", text(&cluster.engine_version)),
                        ("status", text(&cluster.status)),
                        ("writer", members(true).next().unwrap_or(Value::Null)),
                        ("readers", Value::List(members(false).collect())),
                        ("tags", tags(&cluster.tags)),
                    ],
                )
            })
            .collect(),
        Kind::Redis => view
            .caches()?
            .iter()
            .map(|cache| {
                resource(
                    kind,
                    (&cache.arn, &cache.name),
                    [
                        ("form", text(cache.form.name())),
                        ("status", text(&cache.status)),
                        ("node_type", maybe(cache.node_type.as_deref())),
                        ("nodes", number(cache.node_count())),
                        (
                            "shards",
                            texts(cache.shards.iter().map(|shard| shard.id.as_str())),
                        ),
                    ],
                )
            })
            .collect(),
        Kind::TargetGroup => view
            .target_groups()?
            .iter()
            .map(|group| {
                let balancer = group.load_balancers.first().and_then(|arn| arn.split('/').nth(2));
                let of = |state| group.count(state).map_or(Value::Null, number);
                resource(
                    kind,
                    (&group.arn, &group.name),
                    [
                        ("load_balancer", maybe(balancer)),
                        ("healthy", of("healthy")),
                        ("unhealthy", of("unhealthy")),
                    ],
                )
            })
            .collect(),
        Kind::Alarm => view
            .alarms()?
            .iter()
            .map(|alarm| {
                resource(
                    kind,
                    (&alarm.arn, &alarm.name),
                    [
                        ("state", text(alarm.state.word())),
                        ("reason", maybe(alarm.reason.as_deref())),
                    ],
                )
            })
            .collect(),
        Kind::Queue => view
            .queues()?
            .iter()
            .map(|queue| {
                resource(
                    kind,
                    (&queue.arn, &queue.name),
                    [
                        (
                            "visible",
                            number(usize::try_from(queue.visible).unwrap_or(usize::MAX)),
                        ),
                        (
                            "in_flight",
                            number(usize::try_from(queue.in_flight).unwrap_or(usize::MAX)),
                        ),
                    ],
                )
            })
            .collect(),
        Kind::LogGroup => view
            .log_groups()?
            .iter()
            .map(|group| resource(kind, (&group.arn, &group.name), []))
            .collect(),
        Kind::SagemakerEndpoint => view.endpoints()?.iter().map(endpoint).collect(),
        Kind::NotebookInstance => view
            .notebooks()?
            .iter()
            .map(|notebook| {
                resource(
                    kind,
                    (&notebook.arn, &notebook.name),
                    [
                        ("form", text(notebook.form.word())),
                        ("status", text(&notebook.status)),
                        ("type", maybe(notebook.instance_type.as_deref())),
                    ],
                )
            })
            .collect(),
        Kind::Distribution => view.distributions()?.iter().map(edge::distribution).collect(),
        Kind::EcrRepository => view.repositories()?.iter().map(edge::repository).collect(),
        Kind::Certificate => view.certificates()?.into_iter().map(edge::certificate).collect(),
        Kind::Pipeline => view.pipelines()?.iter().map(pipeline).collect(),
        Kind::Lambda => view.functions()?.iter().map(function).collect(),
        Kind::Nodegroup => view.kubernetes()?.nodegroups.iter().map(nodegroup).collect(),
        Kind::EksCluster => view
            .kubernetes()?
            .clusters
            .iter()
            .map(|cluster| {
                resource(
                    kind,
                    (&cluster.arn, &cluster.name),
                    [
                        ("version", text(&cluster.version)),
                        ("status", text(&cluster.status)),
                        ("tags", tags(&cluster.tags)),
                    ],
                )
            })
            .collect(),
        Kind::Gpu
        | Kind::GpuHost
        | Kind::LoadBalancer
        | Kind::NatGateway
        | Kind::Budget
        | Kind::Scope
        | Kind::TrainingJob
        | Kind::CodebuildProject
        | Kind::Bucket
        | Kind::VpcEndpoint
        | Kind::HealthCheck
        | Kind::Secret
        | Kind::Parameter
        | Kind::ScalableTarget
        | Kind::Advice => Vec::new(),
    })
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn maybe(known: Option<&str>) -> Value {
    known.map_or(Value::Null, Value::text)
}

fn number(count: usize) -> Value {
    i64::try_from(count).map_or(Value::Null, Value::Int)
}

fn count(known: Option<u32>) -> Value {
    known.map_or(Value::Null, |count| Value::Int(i64::from(count)))
}

fn texts<'t>(items: impl Iterator<Item = &'t str>) -> Value {
    Value::List(items.map(Value::text).collect())
}

fn tags(tags: &[Tag]) -> Value {
    Value::Map(
        tags.iter()
            .map(|tag| (tag.key.clone(), Value::text(&tag.value)))
            .collect(),
    )
}

/// A resource; every fact of its kind that is not given is null, and tags are none.
fn resource<const N: usize>(kind: Kind, (id, name): (&str, &str), known: [(&str, Value); N]) -> Resource {
    let mut facts: BTreeMap<String, Value> = facts::of_kind(kind)
        .iter()
        .map(|fact| {
            let nothing = match fact.name {
                "tags" => Value::Map(BTreeMap::new()),
                _ => Value::Null,
            };
            (fact.name.to_owned(), nothing)
        })
        .collect();
    facts.extend(known.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Resource {
        kind,
        id: id.to_owned(),
        name: name.to_owned(),
        facts,
    }
}

fn endpoint(endpoint: &Endpoint) -> Resource {
    let counts: Option<u32> = endpoint
        .variants
        .iter()
        .map(|variant| variant.counts().map(|(current, _)| current))
        .sum();
    resource(
        Kind::SagemakerEndpoint,
        (&endpoint.arn, &endpoint.name),
        [
            ("status", text(&endpoint.status)),
            ("config", text(&endpoint.config)),
            (
                "variants",
                texts(endpoint.variants.iter().map(|variant| variant.name.as_str())),
            ),
            ("instances", count(counts)),
            ("tags", tags(&endpoint.tags)),
        ],
    )
}

fn pipeline(pipeline: &Pipeline) -> Resource {
    let name = |stage: Option<&Stage>| maybe(stage.map(|stage| stage.name.as_str()));
    let mut deploying = pipeline.stages.iter().rev();
    resource(
        Kind::Pipeline,
        (pipeline.id(), &pipeline.name),
        [
            ("version", maybe(pipeline.version.as_deref())),
            ("failed_stage", name(pipeline.failed())),
            ("busy_stage", name(pipeline.busy())),
            ("held_stage", name(pipeline.held())),
            (
                "approval_stage",
                name(pipeline.approval().map(|(stage, _)| stage)),
            ),
            (
                "deploy_stage",
                name(deploying.find(|stage| !stage.deploys.is_empty())),
            ),
        ],
    )
}

fn service(service: &Service) -> Resource {
    let controller = match service.controller {
        Controller::Ecs => "ECS",
        Controller::CodeDeploy => "CODE_DEPLOY",
        Controller::External => "EXTERNAL",
    };
    let rollout = service.primary().and_then(|primary| primary.rollout);
    resource(
        Kind::EcsService,
        (&service.arn, &service.name),
        [
            ("cluster", text(&service.cluster)),
            ("desired", count(Some(service.desired))),
            ("running", count(Some(service.running))),
            ("pending", count(Some(service.pending))),
            ("task_definition", text(&service.task_definition)),
            (
                "rollout",
                maybe(rollout.map(crate::domain::ecs::RolloutState::word)),
            ),
            ("controller", text(controller)),
            ("launch_type", maybe(service.capacity.first().map(String::as_str))),
            ("tags", tags(&service.tags)),
        ],
    )
}

fn function(function: &Function) -> Resource {
    let aliases = || function.aliases.iter().flatten().map(|alias| alias.name.as_str());
    let only = match function.aliases.as_deref() {
        Some([only]) => Some(only.name.as_str()),
        _ => None,
    };
    resource(
        Kind::Lambda,
        (&function.arn, &function.name),
        [
            ("runtime", maybe(function.runtime.as_deref())),
            ("alias", maybe(only)),
            ("aliases", texts(aliases())),
            ("reserved", count(function.reserved.count())),
            ("tags", tags(&function.tags)),
        ],
    )
}

fn nodegroup(group: &Nodegroup) -> Resource {
    let autoscaler = Autoscaler::of_tags(&group.tags).map(Autoscaler::name);
    resource(
        Kind::Nodegroup,
        (&group.arn, &group.name),
        [
            ("cluster", text(&group.cluster)),
            ("status", text(&group.status)),
            ("min", count(Some(group.min))),
            ("max", count(Some(group.max))),
            ("desired", count(Some(group.desired))),
            ("version", maybe(group.version.as_deref())),
            ("autoscaler", maybe(autoscaler)),
            ("tags", tags(&group.tags)),
        ],
    )
}

/// Whether a group launches instances with GPUs. One that chooses its types by their properties names none
/// while it is empty; that it was taken down for the night as a fleet of GPUs is written on it.
fn has_gpus(group: &Group) -> bool {
    let taken_down = group.tags.iter().any(|tag| tag.key == NIGHT);
    taken_down
        || group
            .instances
            .iter()
            .filter_map(|member| member.instance_type.as_deref())
            .chain(group.instance_types.iter().map(String::as_str))
            .any(gpu::is_gpu_type)
}

fn group(group: &Group, view: &View) -> Resource {
    resource(
        Kind::Asg,
        (&group.arn, &group.name),
        [
            ("min", count(Some(group.min))),
            ("max", count(Some(group.max))),
            ("desired", count(Some(group.desired))),
            ("in_service", number(group.in_service())),
            (
                "instances",
                texts(group.instances.iter().map(|member| member.id.as_str())),
            ),
            (
                "suspended_processes",
                texts(group.suspended.iter().map(|known| known.name.as_str())),
            ),
            ("warm_pool", Value::Bool(group.warm_pool.is_some())),
            ("gpu", Value::Bool(has_gpus(group))),
            (BUSY_GPUS, busy_in_group(group, view)),
            ("owner", maybe(foreign_owner(&group.tags))),
            ("tags", tags(&group.tags)),
        ],
    )
}

fn instance(instance: &Instance, view: &View) -> Resource {
    let name = instance.name.as_deref().unwrap_or(&instance.id);
    resource(
        Kind::Ec2Instance,
        (&instance.id, name),
        [
            ("type", text(&instance.instance_type)),
            ("state", text(&instance.state)),
            ("asg", maybe(instance.group())),
            ("gpu", Value::Bool(gpu::is_gpu_type(&instance.instance_type))),
            (BUSY_GPUS, busy_on_instance(instance, view)),
            ("owner", maybe(instance.foreign_owner())),
            ("tags", tags(&instance.tags)),
        ],
    )
}

/// The kinds of all resources in a value.
pub fn kinds(value: &Value, found: &mut Vec<Kind>) {
    match value {
        Value::Resource(resource) => {
            if !found.contains(&resource.kind) {
                found.push(resource.kind);
            }
        }
        Value::List(items) => items.iter().for_each(|item| kinds(item, found)),
        Value::Map(entries) => entries.values().for_each(|item| kinds(item, found)),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Duration(_)
        | Value::Size(_)
        | Value::Time(_)
        | Value::Secret(_) => {}
    }
}

/// The same value with its resources as they are now. One that does not exist any more has no facts.
///
/// # Errors
/// If a resource in it could not be read.
pub fn refreshed(value: &Value, view: &View) -> Result<Value, Unread> {
    let mut wanted = Vec::new();
    kinds(value, &mut wanted);
    let mut now = Now::default();
    for kind in wanted {
        let found = match resources(kind, view) {
            Err(Unread::Partial(gap)) => {
                now.gaps.insert(kind, gap);
                resources(kind, &view.gaps_aside())?
            }
            found => found?,
        };
        for resource in found {
            now.found.insert((kind, resource.id.clone()), Arc::new(resource));
        }
    }
    now.of(value)
}

/// Resources as they are now.
#[derive(Default)]
struct Now {
    found: BTreeMap<(Kind, String), Arc<Resource>>,
    /// Kinds of which not all was read.
    gaps: BTreeMap<Kind, Fault>,
}

impl Now {
    fn of(&self, value: &Value) -> Result<Value, Unread> {
        Ok(match value {
            Value::Resource(old) => match self.found.get(&(old.kind, old.id.clone())) {
                Some(now) => Value::Resource(now.clone()),
                None => match self.gaps.get(&old.kind) {
                    Some(gap) => return Err(Unread::Partial(gap.clone())),
                    None => Value::Resource(Arc::new(resource(old.kind, (&old.id, &old.name), []))),
                },
            },
            Value::List(items) => {
                Value::List(items.iter().map(|item| self.of(item)).collect::<Result<_, _>>()?)
            }
            Value::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|(name, item)| Ok((name.clone(), self.of(item)?)))
                    .collect::<Result<_, Unread>>()?,
            ),
            other => other.clone(),
        })
    }
}
