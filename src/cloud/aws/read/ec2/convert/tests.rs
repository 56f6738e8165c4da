use aws_smithy_types::DateTime;
use jiff::Timestamp;
use pretty_assertions::assert_eq;

use super::*;

fn tagged(key: &str, value: &str) -> types::Tag {
    types::Tag::builder().key(key).value(value).build()
}

#[test]
fn an_instance_as_aws_describes_it() {
    let sdk = types::Instance::builder()
        .instance_id("i-1")
        .instance_type(types::InstanceType::from("g7.xlarge"))
        .state(
            types::InstanceState::builder()
                .name(types::InstanceStateName::Stopped)
                .build(),
        )
        .state_transition_reason("User initiated (2026-11-21 02:00:00 GMT)")
        .placement(
            types::Placement::builder()
                .availability_zone("us-east-1a")
                .build(),
        )
        .instance_lifecycle(types::InstanceLifecycleType::Spot)
        .launch_time(DateTime::from_secs(60))
        .private_ip_address("10.0.0.1")
        .iam_instance_profile(
            types::IamInstanceProfile::builder()
                .arn("arn:aws:iam::123456789012:instance-profile/path/gpu-host")
                .build(),
        )
        .architecture(types::ArchitectureValues::X8664)
        .tags(tagged("Name", "worker-1"))
        .tags(tagged("aws:autoscaling:groupName", "workers"))
        .build();
    let found = instance_from_sdk(&sdk).unwrap();
    assert_eq!(
        found,
        Instance {
            id: "i-1".to_owned(),
            name: Some("worker-1".to_owned()),
            // A type that is newer than this program is kept as AWS says it.
            instance_type: "g7.xlarge".to_owned(),
            state: "stopped".to_owned(),
            state_reason: Some("User initiated (2026-11-21 02:00:00 GMT)".to_owned()),
            zone: "us-east-1a".to_owned(),
            purchase: Purchase::Spot,
            launched_at: Some(Timestamp::from_second(60).unwrap()),
            private_ip: Some("10.0.0.1".to_owned()),
            public_ip: None,
            instance_profile: Some("gpu-host".to_owned()),
            architecture: Some("x86_64".to_owned()),
            platform: Some("linux".to_owned()),
            tags: found.tags.clone(),
        }
    );
    assert_eq!(found.group(), Some("workers"));
}

#[test]
fn what_an_instance_may_lack() {
    let bare = types::Instance::builder().instance_id("i-1").build();
    let found = instance_from_sdk(&bare).unwrap();
    assert_eq!(found.purchase, Purchase::OnDemand);
    assert_eq!(found.name, None);
    let windows = types::Instance::builder()
        .instance_id("i-2")
        .platform(types::PlatformValues::Windows)
        .instance_lifecycle(types::InstanceLifecycleType::CapacityBlock)
        .build();
    let found = instance_from_sdk(&windows).unwrap();
    assert_eq!(found.platform.as_deref(), Some("windows"));
    assert_eq!(found.purchase, Purchase::CapacityBlock);
    assert_eq!(instance_from_sdk(&types::Instance::builder().build()), None);
}

fn type_with(devices: &[types::GpuDeviceInfo]) -> types::InstanceTypeInfo {
    types::InstanceTypeInfo::builder()
        .instance_type(types::InstanceType::from("x"))
        .gpu_info(types::GpuInfo::builder().set_gpus(Some(devices.to_vec())).build())
        .build()
}

fn device(maker: &str, count: i32) -> types::builders::GpuDeviceInfoBuilder {
    types::GpuDeviceInfo::builder()
        .manufacturer(maker)
        .name("A10G")
        .count(count)
        .memory_info(types::GpuDeviceMemoryInfo::builder().size_in_mib(22_888).build())
}

#[test]
fn only_the_cards_that_nvidia_smi_shows_are_counted() {
    let four = gpus_from_sdk(&type_with(&[device("NVIDIA", 4).build()])).unwrap();
    assert_eq!((four.count, four.memory_mib), (4, 22_888));
    assert_eq!(four.model, "A10G");
    let slice = device("Nvidia", 0).logical_gpu_count(1).build();
    assert_eq!(gpus_from_sdk(&type_with(&[slice])).unwrap().count, 1);
    assert_eq!(gpus_from_sdk(&type_with(&[device("AMD", 1).build()])), None);
    assert_eq!(
        gpus_from_sdk(
            &types::InstanceTypeInfo::builder()
                .instance_type(types::InstanceType::T3Micro)
                .build()
        ),
        None
    );
}

#[test]
fn a_spot_price_that_cannot_be_read_is_none() {
    let price = |text: &str| {
        let sdk = types::SpotPrice::builder()
            .instance_type(types::InstanceType::from("g5.xlarge"))
            .availability_zone("us-east-1a")
            .spot_price(text)
            .timestamp(DateTime::from_secs(1))
            .build();
        spot_price_from_sdk(&sdk).map(|price| price.usd_per_hour)
    };
    assert_eq!(price("0.402100"), Some(0.4021));
    assert_eq!(price("free"), None);
}
