//! From the SDK's types of EC2 to ours.

use aws_sdk_ec2::types;

use crate::cloud::aws::convert::{tag, text, timestamp_of};
use crate::domain::ec2::{Instance, InstanceTypeGpus, NatGateway, Purchase, SpotPrice, VpcEndpoint};
use crate::domain::ids::{self, Tag, last_segment};

/// An instance; `None` without its id.
pub(super) fn instance_from_sdk(instance: &types::Instance) -> Option<Instance> {
    let tags = tags(instance.tags());
    Some(Instance {
        id: instance.instance_id()?.to_owned(),
        name: name(&tags),
        instance_type: instance
            .instance_type()
            .map(|name| name.as_str().to_owned())
            .unwrap_or_default(),
        state: instance
            .state()
            .and_then(types::InstanceState::name)
            .map(|state| state.as_str().to_owned())
            .unwrap_or_default(),
        state_reason: text(instance.state_reason().and_then(types::StateReason::message))
            .or_else(|| text(instance.state_transition_reason())),
        zone: instance
            .placement()
            .and_then(types::Placement::availability_zone)
            .unwrap_or_default()
            .to_owned(),
        purchase: match instance.instance_lifecycle() {
            Some(types::InstanceLifecycleType::Spot) => Purchase::Spot,
            Some(types::InstanceLifecycleType::CapacityBlock) => Purchase::CapacityBlock,
            _ => Purchase::OnDemand,
        },
        launched_at: timestamp_of(instance.launch_time()),
        private_ip: text(instance.private_ip_address()),
        public_ip: text(instance.public_ip_address()),
        instance_profile: instance
            .iam_instance_profile()
            .and_then(types::IamInstanceProfile::arn)
            .map(|arn| last_segment(arn).to_owned()),
        architecture: instance
            .architecture()
            .map(|architecture| architecture.as_str().to_owned()),
        // AWS names the platform only where it is Windows.
        platform: Some(match instance.platform() {
            Some(platform) => platform.as_str().to_ascii_lowercase(),
            None => "linux".to_owned(),
        }),
        tags,
    })
}

fn tags(tags: &[types::Tag]) -> Vec<Tag> {
    tags.iter().map(|pair| tag(pair.key(), pair.value())).collect()
}

fn name(tags: &[Tag]) -> Option<String> {
    text(ids::tag(tags, "Name"))
}

/// The NVIDIA GPUs of a type; `None` for a type without.
pub(super) fn gpus_from_sdk(info: &types::InstanceTypeInfo) -> Option<InstanceTypeGpus> {
    let devices: Vec<&types::GpuDeviceInfo> = info
        .gpu_info()?
        .gpus()
        .iter()
        .filter(|device| {
            device
                .manufacturer()
                .is_none_or(|maker| maker.eq_ignore_ascii_case("nvidia"))
        })
        .collect();
    let first = devices.first()?;
    let count: i32 = devices
        .iter()
        // A type with a slice of a card sees the slice as a card.
        .filter_map(|device| device.logical_gpu_count().or(device.count()))
        .sum();
    Some(InstanceTypeGpus {
        instance_type: info.instance_type()?.as_str().to_owned(),
        count: u8::try_from(count).ok()?,
        model: first.name().unwrap_or_default().to_owned(),
        memory_mib: first
            .memory_info()
            .and_then(types::GpuDeviceMemoryInfo::size_in_mib)
            .and_then(|size| u32::try_from(size).ok())
            .unwrap_or(0),
    })
}

/// A Spot price; `None` without any of its parts.
pub(super) fn spot_price_from_sdk(price: &types::SpotPrice) -> Option<SpotPrice> {
    Some(SpotPrice {
        instance_type: price.instance_type()?.as_str().to_owned(),
        zone: price.availability_zone()?.to_owned(),
        usd_per_hour: price.spot_price()?.parse().ok()?,
        at: timestamp_of(price.timestamp())?,
    })
}

/// A NAT gateway; `None` without its id.
pub(super) fn nat_gateway_from_sdk(gateway: &types::NatGateway) -> Option<NatGateway> {
    Some(NatGateway {
        id: gateway.nat_gateway_id()?.to_owned(),
        name: name(&tags(gateway.tags())),
        state: gateway
            .state()
            .map(|state| state.as_str().to_owned())
            .unwrap_or_default(),
        vpc: text(gateway.vpc_id()),
        subnet: text(gateway.subnet_id()),
        public_addresses: gateway
            .nat_gateway_addresses()
            .iter()
            .filter(|address| address.public_ip().is_some())
            .fold(0, |count, _| count + 1),
    })
}

/// A VPC endpoint; `None` without its id.
pub(super) fn vpc_endpoint_from_sdk(endpoint: &types::VpcEndpoint) -> Option<VpcEndpoint> {
    Some(VpcEndpoint {
        id: endpoint.vpc_endpoint_id()?.to_owned(),
        name: name(&tags(endpoint.tags())),
        service: endpoint.service_name.clone().unwrap_or_default(),
        form: endpoint
            .vpc_endpoint_type()
            .map(|form| form.as_str().to_owned())
            .unwrap_or_default(),
        state: endpoint
            .state()
            .map(|state| state.as_str().to_owned())
            .unwrap_or_default(),
        vpc: text(endpoint.vpc_id()),
        subnets: u32::try_from(endpoint.subnet_ids().len()).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests;
