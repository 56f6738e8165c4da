//! Lambda, EKS and Application Auto Scaling as they tell of themselves.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

use super::super::plan;
use super::super::selection::Scenario;
use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::function::ACCOUNT_LIMIT;
use super::super::time::{DAY, HOUR, MINUTE, stamp};
use crate::domain::function::{
    AccountConcurrency, Alias, EventSource, Function, Functions, Reserved, Version,
};
use crate::domain::kubernetes::{
    Addon, Cluster, Insight, Kubernetes, Minor, Nodegroup, Support, Update, Upgrades,
};
use crate::domain::sagemaker::scalable_resource;
use crate::domain::scalable::{Scaled, ScalingActivity, ScalingPolicy, resource_of};

/// All functions, or the one of a name.
pub fn functions(sim: &Sim, name: Option<&str>) -> Functions {
    let functions = (0..sim.plan.functions.len())
        .filter(|index| name.is_none_or(|name| sim.plan.functions[*index].name == name))
        .map(|index| function(sim, index))
        .collect();
    let reserved: u32 = sim
        .functions
        .iter()
        .filter_map(|function| function.reserved_at(sim.now))
        .sum();
    Functions {
        functions,
        account: Some(AccountConcurrency {
            limit: ACCOUNT_LIMIT,
            unreserved: Some(ACCOUNT_LIMIT - reserved.min(ACCOUNT_LIMIT)),
        }),
    }
}

fn function(sim: &Sim, index: usize) -> Function {
    let (plan, state) = (&sim.plan.functions[index], &sim.functions[index]);
    let key = [sim.seed, signal::name(&plan.name)];
    Function {
        arn: sim.plan.arn("lambda", &format!("function:{}", plan.name)),
        name: plan.name.clone(),
        runtime: Some(plan.runtime.clone()),
        memory_mib: Some(plan.memory),
        timeout_s: Some(plan.timeout_s),
        modified_at: state.versions.last().map(|version| stamp(version.published)),
        state: Some("Active".to_owned()),
        log_group: format!("/aws/lambda/{}", plan.name),
        dead_letter: plan.dead_letter.as_ref().map(|topic| sim.plan.arn("sns", topic)),
        on_failure: plan.on_failure.as_ref().map(|topic| sim.plan.arn("sns", topic)),
        aliases: Some(
            state
                .routes
                .iter()
                .rev()
                .find(|(since, _)| *since <= sim.now)
                .map(|(since, routing)| Alias {
                    name: plan.alias.clone(),
                    routing: routing.clone(),
                    revision: Some(signal::uuid(&[key[0], key[1], since.cast_unsigned()])),
                    description: None,
                })
                .into_iter()
                .collect(),
        ),
        reserved: state.reserved_at(sim.now).map_or(Reserved::Nothing, Reserved::Of),
        sources: plan
            .queue
            .iter()
            .map(|queue| EventSource {
                id: signal::uuid(&[key[0], key[1], 3]),
                source: Some(sim.plan.arn("sqs", queue)),
                state: "Enabled".to_owned(),
                reason: Some("USER_INITIATED".to_owned()),
                last_result: Some("OK".to_owned()),
                batch_size: Some(10),
            })
            .chain(plan.stream.iter().map(|(stream, _)| EventSource {
                id: signal::uuid(&[key[0], key[1], 4]),
                source: Some(sim.plan.arn("kinesis", &format!("stream/{stream}"))),
                state: "Enabled".to_owned(),
                reason: Some("User action".to_owned()),
                last_result: Some("OK".to_owned()),
                batch_size: Some(100),
            }))
            .collect(),
        tags: plan::tags(&state.tags),
    }
}

/// The published versions of a function, newest first.
pub fn versions(sim: &Sim, name: &str) -> Vec<Version> {
    let Some(index) = sim.find_function(name) else {
        return Vec::new();
    };
    let state = &sim.functions[index];
    let mut versions: Vec<Version> = (1..)
        .zip(&state.versions)
        .filter(|(_, version)| version.published <= sim.now)
        .map(|(number, version)| Version {
            number,
            modified_at: Some(stamp(version.published)),
            description: Some(version.description.clone()),
            code_sha256: Some(format!(
                "{}=",
                signal::hex(&[sim.seed, signal::name(name), number], 43)
            )),
            runtime: Some(sim.plan.functions[index].runtime.clone()),
        })
        .collect();
    versions.reverse();
    versions
}

/// All clusters and node groups.
pub fn kubernetes(sim: &Sim) -> Kubernetes {
    let clusters = sim.plan.kubernetes.iter().map(|plan| Cluster {
        arn: sim.plan.arn("eks", &format!("cluster/{}", plan.name)),
        name: plan.name.clone(),
        version: plan.version.clone(),
        status: "ACTIVE".to_owned(),
        platform: Some("eks.9".to_owned()),
        support: Some("EXTENDED".to_owned()),
        auto_mode: false,
        created_at: Some(stamp(sim.epoch - 124 * DAY)),
        issues: Vec::new(),
        tags: plan::tags(&plan.tags),
    });
    let nodegroups = sim.plan.kubernetes.iter().flat_map(|plan| {
        let groups = plan.nodegroups.iter();
        groups.filter_map(|(name, behind)| nodegroup(sim, plan, (name, behind)))
    });
    Kubernetes {
        clusters: clusters.collect(),
        nodegroups: nodegroups.collect(),
    }
}

fn nodegroup(
    sim: &Sim,
    plan: &plan::functions::Kubernetes,
    (name, behind): (&str, &str),
) -> Option<Nodegroup> {
    let index = sim.find_group(behind)?;
    let (group, state) = (&sim.plan.groups[index], &sim.groups[index]);
    let id = signal::uuid(&[sim.seed, signal::name(behind), 22]);
    let gpu = group
        .types
        .iter()
        .any(|kind| crate::domain::gpu::is_gpu_type(kind));
    Some(Nodegroup {
        arn: sim
            .plan
            .arn("eks", &format!("nodegroup/{}/{name}/{id}", plan.name)),
        name: name.to_owned(),
        cluster: plan.name.clone(),
        status: if sim.is_updating(&plan.name, name) {
            "UPDATING"
        } else {
            "ACTIVE"
        }
        .to_owned(),
        version: Some(plan.version.clone()),
        release: Some(format!("{}.0-20261103", plan.version)),
        ami: Some(
            if gpu {
                "AL2023_x86_64_NVIDIA"
            } else {
                "AL2023_x86_64_STANDARD"
            }
            .to_owned(),
        ),
        instance_types: group.types.clone(),
        capacity: Some("ON_DEMAND".to_owned()),
        min: state.min,
        max: state.max,
        desired: state.desired,
        groups: vec![behind.to_owned()],
        issues: Vec::new(),
        tags: plan::tags(&state.tags),
    })
}

/// How long an update of a node group is, or was.
pub fn update(sim: &Sim, cluster: &str, nodegroup: &str, id: &str) -> Option<Update> {
    let key = (cluster.to_owned(), nodegroup.to_owned());
    let update = sim
        .node_updates
        .get(&key)?
        .iter()
        .find(|update| update.id == id)?;
    Some(Update {
        id: update.id.clone(),
        status: if update.until > sim.now {
            "InProgress"
        } else {
            "Successful"
        }
        .to_owned(),
        errors: Vec::new(),
    })
}

/// Add-ons, insights and versions. Whenever the demo is opened, its clusters are in standard support: near its
/// end, with one thing to see to before the upgrade, unless nothing is to be wrong.
pub fn upgrades(sim: &Sim) -> Upgrades {
    let opened = stamp(sim.epoch).to_zoned(TimeZone::UTC).date();
    let after = |span: Span| opened.checked_add(span).unwrap_or(Date::MAX);
    let quiet = sim.scenario == Scenario::Quiet;
    let versions = sim
        .plan
        .kubernetes
        .iter()
        .filter_map(|plan| Minor::parse(&plan.version))
        .map(|version| Support {
            version,
            standard_until: after(if quiet { 126.days() } else { 54.days() }),
            extended_until: after(if quiet { 491.days() } else { 419.days() }),
        });
    let addons = sim.plan.kubernetes.iter().flat_map(|plan| {
        plan.addons.iter().map(|(name, version, default)| Addon {
            cluster: plan.name.clone(),
            name: name.clone(),
            version: Some(if quiet { default.clone() } else { version.clone() }),
            default_version: Some(default.clone()),
            status: "ACTIVE".to_owned(),
            issues: Vec::new(),
        })
    });
    let insights = sim.plan.kubernetes.iter().flat_map(|plan| {
        let names = [
            "Deprecated APIs removed in the next Kubernetes version",
            "Kubelet version skew",
            "EKS add-on version compatibility",
        ];
        names.map(|name| {
            // One of them: a CronJob of the batch team still asks the old API.
            let open = !quiet && name == names[0];
            Insight {
                cluster: plan.name.clone(),
                id: signal::uuid(&[sim.seed, signal::name(name)]),
                name: name.to_owned(),
                category: Some("UPGRADE_READINESS".to_owned()),
                version: Minor::parse(&plan.version)
                    .map(|Minor(major, minor)| Minor(major, minor + 1).to_string()),
                status: if open { "WARNING" } else { "PASSING" }.to_owned(),
                reason: open.then(|| {
                    "Deprecated API usage detected within last 30 days and your cluster is not yet on the \
                     version that removes it."
                        .to_owned()
                }),
                refreshed_at: Some(stamp(sim.now - sim.now.rem_euclid(DAY))),
            }
        })
    });
    Upgrades {
        versions: versions.collect(),
        addons: addons.collect(),
        insights: insights.collect(),
    }
}

/// Everything that Application Auto Scaling moves: services, and variants of endpoints. The demo keeps their
/// bounds; the count itself stays as it was set, so that the last activity is an old one.
pub fn scaling(sim: &Sim) -> Vec<Scaled> {
    let services = sim.plan.services.iter().zip(&sim.services);
    let services = services.filter_map(|(plan, service)| {
        let policy = |name: &str, metric: &str, target: f64| ScalingPolicy {
            name: format!("{}-{name}", plan.name),
            kind: "TargetTrackingScaling".to_owned(),
            metric: Some(format!("ECSServiceAverage{metric}Utilization")),
            target: Some(target),
            only_out: false,
        };
        let cpu = plan.scaling.map_or(60.0, |scaling| scaling.cpu);
        let memory = plan.scaling.and_then(|scaling| scaling.memory);
        let of_memory = memory.map(|memory| policy("memory", "Memory", memory));
        let policies = std::iter::once(policy("cpu", "CPU", cpu)).chain(of_memory);
        let resource = resource_of(&plan.cluster, &plan.name);
        let dimension = ("ecs", "ecs:service:DesiredCount");
        let set = format!("desired count to {}", plan.desired);
        Some(scaled(
            sim,
            (dimension, resource),
            (service.bounds?, policies.collect()),
            &set,
        ))
    });
    let endpoints = sim.plan.models.endpoints.iter().zip(&sim.models.endpoints);
    let variants = endpoints
        .filter(|(_, state)| state.exists(sim.now))
        .flat_map(|(endpoint, state)| {
            let variants = endpoint.variants.iter();
            variants.filter_map(move |plan| Some((endpoint, plan, *state.bounds.get(&plan.name)?)))
        })
        .map(|(endpoint, plan, bounds)| {
            let policy = ScalingPolicy {
                name: format!("{}-invocations", endpoint.name),
                kind: "TargetTrackingScaling".to_owned(),
                metric: Some("SageMakerVariantInvocationsPerInstance".to_owned()),
                target: plan.invocations,
                only_out: false,
            };
            let resource = scalable_resource(&endpoint.name, &plan.name);
            let dimension = ("sagemaker", "sagemaker:variant:DesiredInstanceCount");
            let set = format!("desired instance count to {}", plan.count);
            scaled(sim, (dimension, resource), (bounds, vec![policy]), &set)
        });
    services.chain(variants).collect()
}

/// A target with the one thing that it did, long ago.
fn scaled(
    sim: &Sim,
    ((namespace, dimension), resource): ((&str, &str), String),
    ((min, max), policies): ((u32, u32), Vec<ScalingPolicy>),
    set: &str,
) -> Scaled {
    let id = signal::hex(&[sim.seed, signal::name(&resource), 31], 12);
    let first = policies.first().map_or("", |policy| &policy.name);
    let cause =
        format!("monitor alarm TargetTracking-{resource}-AlarmLow in state ALARM triggered policy {first}");
    Scaled {
        id: sim
            .plan
            .arn("application-autoscaling", &format!("scalable-target/0ec5{id}")),
        namespace: namespace.to_owned(),
        resource,
        dimension: dimension.to_owned(),
        min,
        max,
        suspended: Vec::new(),
        activities: Some(vec![ScalingActivity {
            description: format!("Setting {set}."),
            cause,
            status: "Successful".to_owned(),
            message: Some(format!(
                "Successfully set {set}. Change successfully fulfilled by {namespace}."
            )),
            not_scaled: Vec::new(),
            started_at: stamp(sim.origin - 9 * HOUR),
            ended_at: Some(stamp(sim.origin - 9 * HOUR + MINUTE)),
        }]),
        policies: Some(policies),
    }
}
