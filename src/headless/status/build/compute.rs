//! ECS services, Auto Scaling groups, instances, GPU cards and their hosts.

use std::collections::BTreeMap;

use super::{Writing, rounded, second};
use crate::domain::ec2::{Instance, Purchase};
use crate::domain::ecs::RolloutState;
use crate::domain::gpu::{self, GpuCard, HostReading};
use crate::domain::ids::Kind;
use crate::headless::status::document::{
    Asg, AsgInstance, Ec2Instance, EcsService, Gpu, GpuHost, GpuProcess, Resource, ScheduledAction,
};

pub(super) fn services(writing: &Writing<'_>) -> Option<Vec<Resource<EcsService>>> {
    let fleet = writing.state.ecs.get()?;
    let images: BTreeMap<String, Vec<String>> = writing
        .state
        .task_definitions
        .get()
        .into_iter()
        .flatten()
        .map(|definition| {
            let images = definition
                .containers
                .iter()
                .map(|container| container.image.clone())
                .collect();
            (format!("{}:{}", definition.family, definition.revision), images)
        })
        .collect();
    let services = fleet.services.iter().map(|service| {
        let facts = EcsService {
            cluster: service.cluster.clone(),
            desired: service.desired,
            running: service.running,
            pending: service.pending,
            task_definition: service.task_definition.clone(),
            images: images.get(&service.task_definition).cloned(),
            rollout: service
                .primary()
                .and_then(|deployment| deployment.rollout)
                .map(RolloutState::word),
        };
        writing.resource(Kind::EcsService, &service.arn, &service.name, facts)
    });
    Some(services.collect())
}

pub(super) fn groups(writing: &Writing<'_>) -> Option<Vec<Resource<Asg>>> {
    let instances: BTreeMap<&str, &Instance> = writing
        .state
        .instances
        .get()
        .into_iter()
        .flatten()
        .map(|instance| (instance.id.as_str(), instance))
        .collect();
    let groups = writing.state.groups.get()?.iter().map(|group| {
        let members: Vec<AsgInstance> = group
            .instances
            .iter()
            .map(|member| {
                let known = instances.get(member.id.as_str());
                AsgInstance {
                    id: member.id.clone(),
                    instance_type: member
                        .instance_type
                        .clone()
                        .or_else(|| known.map(|instance| instance.instance_type.clone())),
                    az: member.zone.clone(),
                    lifecycle: member.lifecycle.clone(),
                    purchase: known.map(|instance| purchase(instance.purchase)),
                }
            })
            .collect();
        let types: Vec<&str> = members
            .iter()
            .filter_map(|member| member.instance_type.as_deref())
            .chain(group.instance_types.iter().map(String::as_str))
            .collect();
        let facts = Asg {
            min: group.min,
            max: group.max,
            desired: group.desired,
            in_service: group.in_service(),
            gpu: (!types.is_empty()).then(|| types.into_iter().any(gpu::is_gpu_type)),
            instances: members,
            suspended_processes: group
                .suspended
                .iter()
                .map(|process| process.name.clone())
                .collect(),
            scheduled_actions: group
                .scheduled_actions
                .iter()
                .map(|action| ScheduledAction {
                    name: action.name.clone(),
                    recurrence: action.recurrence.clone(),
                    time_zone: action.time_zone.clone(),
                    min: action.min,
                    max: action.max,
                    desired: action.desired,
                })
                .collect(),
        };
        writing.resource(Kind::Asg, &group.arn, &group.name, facts)
    });
    Some(groups.collect())
}

pub(super) fn instances(writing: &Writing<'_>) -> Option<Vec<Resource<Ec2Instance>>> {
    let instances = writing.state.instances.get()?.iter().map(|instance| {
        let facts = Ec2Instance {
            instance_type: instance.instance_type.clone(),
            state: instance.state.clone(),
            gpu: gpu::is_gpu_type(&instance.instance_type),
            asg: instance.group().map(str::to_owned),
            az: instance.zone.clone(),
            purchase: purchase(instance.purchase),
        };
        let name = instance.name.as_deref().unwrap_or(&instance.id);
        writing.resource(Kind::Ec2Instance, &instance.id, name, facts)
    });
    Some(instances.collect())
}

/// The readings of all GPU hosts; none, and not unknown, where no host with GPUs runs.
fn readings<'a>(writing: &Writing<'a>) -> Option<&'a [HostReading]> {
    let state = writing.state;
    let no_hosts = state.instances.get().is_some_and(|instances| {
        !instances
            .iter()
            .any(|instance| instance.is_running() && gpu::is_gpu_type(&instance.instance_type))
    });
    match state.gpu.get() {
        Some(readings) => Some(readings),
        None if no_hosts => Some(&[]),
        None => None,
    }
}

pub(super) fn cards(writing: &Writing<'_>) -> Option<Vec<Resource<Gpu>>> {
    let cards = readings(writing)?
        .iter()
        .flat_map(|reading| reading.cards.iter().map(move |card| (reading, card)));
    let resources = cards.map(|(reading, card)| {
        let place = format!("{}/{}", reading.instance_id, card.index);
        // The id that findings about the card have.
        let id = card.uuid.as_deref().unwrap_or(&place);
        writing.resource(Kind::Gpu, id, &place, facts(writing, reading, card))
    });
    Some(resources.collect())
}

fn facts(writing: &Writing<'_>, reading: &HostReading, card: &GpuCard) -> Gpu {
    Gpu {
        instance_id: reading.instance_id.clone(),
        asg: writing.group_of(&reading.instance_id),
        index: card.index,
        uuid: card.uuid.clone(),
        product: card.product.clone(),
        util_percent: card.util_percent,
        mem_used_mib: card.mem_used_mib,
        mem_total_mib: card.mem_total_mib,
        temp_c: card.temp_c,
        power_w: card.power_w.map(rounded),
        power_limit_w: card.power_limit_w.map(rounded),
        ecc_uncorrected: card.ecc_uncorrected,
        throttle: card.throttle.map(|reasons| reasons.names().collect()),
        mig: card.mig,
        processes: card.processes.as_ref().map(|processes| {
            processes
                .iter()
                .map(|process| GpuProcess {
                    pid: process.pid,
                    name: process.name.clone(),
                    mem_mib: process.mem_mib,
                })
                .collect()
        }),
        idle: card.looks_idle(),
        source: reading.source,
        sampled_at: second(reading.sampled_at),
    }
}

pub(super) fn hosts(writing: &Writing<'_>) -> Option<Vec<Resource<GpuHost>>> {
    let hosts = readings(writing)?.iter().map(|reading| {
        let name = writing
            .state
            .instances
            .get()
            .into_iter()
            .flatten()
            .find(|instance| instance.id == reading.instance_id)
            .and_then(|instance| instance.name.clone());
        let facts = GpuHost {
            instance_id: reading.instance_id.clone(),
            asg: writing.group_of(&reading.instance_id),
            probe: reading.outcome.word(),
            detail: reading.detail.clone(),
            remedy: reading.remedy.clone(),
            driver: reading.driver.clone(),
            cards: reading.cards.len(),
            expected_cards: reading.expected_cards,
        };
        writing.resource(
            Kind::GpuHost,
            &reading.instance_id,
            name.as_deref().unwrap_or(&reading.instance_id),
            facts,
        )
    });
    Some(hosts.collect())
}

const fn purchase(purchase: Purchase) -> &'static str {
    match purchase {
        Purchase::OnDemand => "on-demand",
        Purchase::Spot => "spot",
        Purchase::CapacityBlock => "capacity-block",
    }
}
