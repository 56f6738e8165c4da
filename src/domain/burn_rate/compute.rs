//! EC2 instances and Fargate tasks.

use std::collections::BTreeMap;

use super::Pricing;
use crate::domain::ec2::{Instance, Purchase};
use crate::domain::ecs::{Service, TaskDefinition};
use crate::domain::inventory::ScopeState;
use crate::domain::price::{Arch, BurnItem, BurnKind, FargateSize};

/// Instances that cost the same: of one group (or one alone), type, purchase and, for Spot, zone.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Alike<'a> {
    owner: &'a str,
    instance_type: &'a str,
    purchase: Purchase,
    zone: Option<&'a str>,
    windows: bool,
}

/// Running instances, those of a group together.
pub(super) fn instances(state: &ScopeState, pricing: &Pricing<'_>, items: &mut Vec<BurnItem>) {
    let mut alike: BTreeMap<Alike<'_>, Vec<&Instance>> = BTreeMap::new();
    for instance in state.instances.get().into_iter().flatten() {
        if !instance.is_running() {
            continue;
        }
        let key = Alike {
            owner: instance.group().unwrap_or(&instance.id),
            instance_type: &instance.instance_type,
            purchase: instance.purchase,
            zone: (instance.purchase == Purchase::Spot).then_some(instance.zone.as_str()),
            windows: instance.platform.as_deref() == Some("windows"),
        };
        alike.entry(key).or_default().push(instance);
    }
    for (key, members) in alike {
        let Some(first) = members.first() else { continue };
        let name = match first.group() {
            Some(group) => group,
            None => first.name.as_deref().unwrap_or(&first.id),
        };
        let kind = match key.purchase {
            Purchase::Spot => BurnKind::Ec2Spot,
            Purchase::OnDemand | Purchase::CapacityBlock => BurnKind::Ec2,
        };
        let (price, note) = match (key.purchase, key.windows) {
            (Purchase::CapacityBlock, _) => (None, format!("{}, capacity block", key.instance_type)),
            (_, true) => (None, format!("{}, Windows", key.instance_type)),
            (Purchase::OnDemand, false) => (
                pricing.table.ec2(pricing.region, key.instance_type),
                key.instance_type.to_owned(),
            ),
            (Purchase::Spot, false) => (
                pricing.spot.get(pricing.region, key.instance_type, key.zone),
                format!("{}, Spot", key.instance_type),
            ),
        };
        items.push(
            BurnItem::new(kind, key.owner, name)
                .times(count(members.len()))
                .noted(note)
                .priced(price),
        );
    }
}

/// Fargate tasks of services; on instances tasks cost nothing of their own.
pub(super) fn tasks(state: &ScopeState, pricing: &Pricing<'_>, items: &mut Vec<BurnItem>) {
    let definitions: BTreeMap<String, &TaskDefinition> = state
        .task_definitions
        .get()
        .into_iter()
        .flatten()
        .map(|definition| {
            (
                format!("{}:{}", definition.family, definition.revision),
                definition,
            )
        })
        .collect();
    let services = state.ecs.get().into_iter().flat_map(|fleet| &fleet.services);
    for service in services.filter(|service| service.running > 0) {
        let Some(kind) = fargate(service) else { continue };
        let size = definitions
            .get(&service.task_definition)
            .and_then(|definition| FargateSize::of(definition));
        let mut note = match size {
            Some((arch, size)) => format!(
                "{} vCPU, {} GiB{}",
                quantity(f64::from(size.cpu_units) / 1024.0),
                quantity(size.memory.0 as f64 / 1024.0),
                match arch {
                    Arch::X86 => "",
                    Arch::Arm => ", arm64",
                }
            ),
            None => "task size not read".to_owned(),
        };
        // Which tasks are on Spot is known of each task alone: without Spot it cannot cost more.
        if kind == BurnKind::Fargate && service.capacity.iter().any(|one| one == "FARGATE_SPOT") {
            note.push_str(", at most: some may be on Spot");
        }
        let price = match (kind, size) {
            (BurnKind::Fargate, Some((arch, size))) => pricing.table.fargate(pricing.region, arch, size),
            _ => None,
        };
        items.push(
            BurnItem::new(kind, &service.arn, &service.name)
                .times(service.running)
                .noted(note)
                .priced(price),
        );
    }
}

/// As what a service's tasks are paid; `None` for those on instances.
fn fargate(service: &Service) -> Option<BurnKind> {
    let on = |name: &str| service.capacity.iter().any(|one| one == name);
    match (on("FARGATE"), on("FARGATE_SPOT")) {
        (true, _) => Some(BurnKind::Fargate),
        (false, true) => Some(BurnKind::FargateSpot),
        (false, false) => None,
    }
}

/// A number without a fraction that says nothing: `2`, `0.5`.
fn quantity(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn count(many: usize) -> u32 {
    u32::try_from(many).unwrap_or(u32::MAX)
}
