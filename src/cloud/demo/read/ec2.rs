//! EC2: instances, what their types have, Spot prices, NAT gateways.

use super::super::demand;
use super::super::metric::cards;
use super::super::plan::tags;
use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::instance::Instance as State;
use super::super::time::{HOUR, stamp};
use crate::domain::ec2::{Instance, InstanceTypeGpus, NatGateway, Purchase, SpotPrice};

/// All instances that are not long gone.
pub fn instances(sim: &Sim) -> Vec<Instance> {
    sim.instances.values().map(instance).collect()
}

fn instance(state: &State) -> Instance {
    Instance {
        id: state.id.clone(),
        name: Some(state.name.clone()),
        instance_type: state.kind.clone(),
        state: state.state.word().to_owned(),
        state_reason: state.reason.clone(),
        zone: state.zone.clone(),
        purchase: if state.spot {
            Purchase::Spot
        } else {
            Purchase::OnDemand
        },
        launched_at: Some(stamp(state.launched)),
        private_ip: Some(state.address.clone()),
        public_ip: state.public.clone(),
        instance_profile: state.profile.clone(),
        architecture: Some("x86_64".to_owned()),
        platform: Some("linux".to_owned()),
        tags: tags(&state.tags),
    }
}

/// The GPUs of these types; types without are left out.
pub fn instance_types(types: &[String]) -> Vec<InstanceTypeGpus> {
    types
        .iter()
        .filter_map(|name| {
            let kind = cards(name)?;
            Some(InstanceTypeGpus {
                instance_type: name.clone(),
                count: kind.count,
                model: kind.model.to_owned(),
                memory_mib: kind.stated_mib,
            })
        })
        .collect()
}

/// Current Spot prices. They drift a little each hour, differently in each zone.
pub fn spot_prices(sim: &Sim, types: &[String]) -> Vec<SpotPrice> {
    types
        .iter()
        .filter_map(|name| Some((name, *sim.plan.spot.get(name)?)))
        .flat_map(|(name, price)| {
            sim.plan.zones.iter().map(move |zone| {
                let seed = signal::hash(&[sim.seed, signal::name(name), signal::name(zone)]);
                let since = sim.now - sim.now.rem_euclid(HOUR);
                let factor = demand::smooth(seed, since, 6 * HOUR).mul_add(0.08, 1.0);
                SpotPrice {
                    instance_type: name.clone(),
                    zone: zone.clone(),
                    usd_per_hour: (price * factor * 10_000.0).round() / 10_000.0,
                    at: stamp(since),
                }
            })
        })
        .collect()
}

/// The id of the estate's VPC.
pub fn vpc_id(sim: &Sim) -> String {
    format!("vpc-0{}", signal::hex(&sim.key("vpc", 0), 16))
}

/// All NAT gateways.
pub fn nat_gateways(sim: &Sim) -> Vec<NatGateway> {
    sim.plan
        .nat_gateways
        .iter()
        .enumerate()
        .map(|(index, plan)| NatGateway {
            id: sim.nat_id(index),
            name: Some(plan.name.clone()),
            state: "available".to_owned(),
            vpc: Some(vpc_id(sim)),
            subnet: Some(format!("subnet-0{}", signal::hex(&sim.key(&plan.name, 9), 16))),
            public_addresses: 1,
        })
        .collect()
}
