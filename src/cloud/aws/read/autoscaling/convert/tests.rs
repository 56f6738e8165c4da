use aws_sdk_autoscaling::types::builders::AutoScalingGroupBuilder;
use aws_sdk_ec2::types::{InstanceType, ResponseLaunchTemplateData};
use pretty_assertions::assert_eq;

use super::*;

fn group() -> AutoScalingGroupBuilder {
    types::AutoScalingGroup::builder()
        .auto_scaling_group_arn("arn:group")
        .auto_scaling_group_name("workers")
        .min_size(0)
        .max_size(4)
        .desired_capacity(2)
}

fn instance(id: &str, state: types::LifecycleState) -> types::Instance {
    types::Instance::builder()
        .instance_id(id)
        .instance_type("g5.xlarge")
        .availability_zone("ap-northeast-2a")
        .lifecycle_state(state)
        .health_status("Healthy")
        .protected_from_scale_in(true)
        .build()
}

fn mixed(overrides: &[(&str, Option<&str>)]) -> types::MixedInstancesPolicy {
    let choices = overrides
        .iter()
        .map(|(name, weight)| {
            types::LaunchTemplateOverrides::builder()
                .instance_type(*name)
                .set_weighted_capacity(weight.map(str::to_owned))
                .build()
        })
        .collect();
    let template = types::LaunchTemplateSpecification::builder()
        .launch_template_id("lt-1")
        .version("$Latest")
        .build();
    types::MixedInstancesPolicy::builder()
        .launch_template(
            types::LaunchTemplate::builder()
                .launch_template_specification(template)
                .set_overrides(Some(choices))
                .build(),
        )
        .build()
}

#[test]
fn a_group_with_all_its_parts() {
    let sdk = group()
        .instances(instance(
            "i-2",
            types::LifecycleState::from("Terminating:Retained"),
        ))
        .instances(instance("i-1", types::LifecycleState::InService))
        .suspended_processes(
            types::SuspendedProcess::builder()
                .process_name("AZRebalance")
                .suspension_reason("User suspended at 2026-11-21T00:00:00Z")
                .build(),
        )
        .warm_pool_configuration(
            types::WarmPoolConfiguration::builder()
                .max_group_prepared_capacity(-1)
                .min_size(1)
                .instance_reuse_policy(
                    types::InstanceReusePolicy::builder()
                        .reuse_on_scale_in(true)
                        .build(),
                )
                .build(),
        )
        .target_group_arns("arn:x:targetgroup/a")
        .traffic_sources(
            types::TrafficSourceIdentifier::builder()
                .identifier("arn:x:targetgroup/a")
                .build(),
        )
        .traffic_sources(
            types::TrafficSourceIdentifier::builder()
                .identifier("arn:x:targetgroup/b")
                .build(),
        )
        .traffic_sources(
            types::TrafficSourceIdentifier::builder()
                .identifier("classic-lb")
                .build(),
        )
        .tags(
            types::TagDescription::builder()
                .key("Name")
                .value("workers")
                .build(),
        )
        .build();
    let warm = instance_from_sdk(&instance("i-9", types::LifecycleState::WarmedStopped)).unwrap();
    let found = group_from_sdk(
        &sdk,
        Parts {
            warm_instances: vec![warm.clone()],
            ..Parts::default()
        },
    )
    .unwrap();
    assert_eq!((found.min, found.max, found.desired), (0, 4, 2));
    let instances: Vec<_> = found
        .instances
        .iter()
        .map(|instance| (instance.id.as_str(), instance.lifecycle.as_str()))
        .collect();
    // A state that is newer than this program is kept as AWS says it.
    assert_eq!(instances, [("i-1", "InService"), ("i-2", "Terminating:Retained")]);
    assert!(found.instances[0].healthy && found.instances[0].protected);
    assert_eq!(found.suspended[0].name, "AZRebalance");
    assert_eq!(
        found.warm_pool,
        Some(WarmPool {
            state: "Stopped".to_owned(),
            min: 1,
            max_prepared: None,
            reuse_on_scale_in: true,
            instances: vec![warm],
        })
    );
    assert_eq!(
        found.target_groups,
        ["arn:x:targetgroup/a", "arn:x:targetgroup/b"]
    );
    assert_eq!(found.instance_types, ["g5.xlarge"]);
    assert!(!found.weighted);
    assert_eq!(found.tags[0].value, "workers");
}

#[test]
fn capacity_units_that_are_not_instances() {
    let weighted =
        |sdk: AutoScalingGroupBuilder| group_from_sdk(&sdk.build(), Parts::default()).unwrap().weighted;
    assert!(!weighted(group()));
    assert!(!weighted(group().desired_capacity_type("units")));
    assert!(weighted(group().desired_capacity_type("vcpu")));
    assert!(!weighted(group().mixed_instances_policy(mixed(&[
        ("g5.xlarge", None),
        ("g5.2xlarge", Some("1"))
    ]))));
    assert!(weighted(group().mixed_instances_policy(mixed(&[
        ("g5.xlarge", Some("1")),
        ("g5.2xlarge", Some("2"))
    ]))));
}

#[test]
fn a_template_is_asked_only_where_nothing_else_tells_the_type() {
    let plain = types::LaunchTemplateSpecification::builder()
        .launch_template_name("workers")
        .build();
    let named = ("workers".to_owned(), "$Default".to_owned());
    let empty = group().launch_template(plain.clone()).build();
    assert_eq!(templates(&empty), Some(named));
    let running = group()
        .launch_template(plain)
        .instances(instance("i-1", types::LifecycleState::InService))
        .build();
    assert_eq!(templates(&running), None);
    let overridden = group()
        .mixed_instances_policy(mixed(&[("g5.xlarge", None)]))
        .build();
    assert_eq!(templates(&overridden), None);
    let of_policy = group().mixed_instances_policy(mixed(&[])).build();
    assert_eq!(
        templates(&of_policy),
        Some(("lt-1".to_owned(), "$Latest".to_owned()))
    );
    let with_type = group_from_sdk(
        &of_policy,
        Parts {
            template_type: Some("g6.xlarge".to_owned()),
            ..Parts::default()
        },
    );
    assert_eq!(with_type.unwrap().instance_types, ["g6.xlarge"]);
}

#[test]
fn a_templates_version_is_found_by_number_and_by_its_moving_names() {
    let version = |number: i64, default: bool, name: &str| {
        LaunchTemplateVersion::builder()
            .version_number(number)
            .default_version(default)
            .launch_template_data(
                ResponseLaunchTemplateData::builder()
                    .instance_type(InstanceType::from(name))
                    .build(),
            )
            .build()
    };
    let found = [version(1, true, "g4dn.xlarge"), version(3, false, "g5.xlarge")];
    let number = |asked| template_version(&found, asked).and_then(LaunchTemplateVersion::version_number);
    assert_eq!(number("$Latest"), Some(3));
    assert_eq!(number("$Default"), Some(1));
    assert_eq!(number("3"), Some(3));
    assert_eq!(number("2"), None);
    assert_eq!(number("newest"), None);
}

#[test]
fn a_scheduled_action_without_a_zone_has_none() {
    let sdk = types::ScheduledUpdateGroupAction::builder()
        .scheduled_action_name("night")
        .recurrence("0 22 * * *")
        .desired_capacity(0)
        .build();
    assert_eq!(
        scheduled_action_from_sdk(&sdk),
        Some(ScheduledAction {
            name: "night".to_owned(),
            recurrence: Some("0 22 * * *".to_owned()),
            time_zone: None,
            start: None,
            min: None,
            max: None,
            desired: Some(0),
        })
    );
}

#[test]
fn a_failed_launch_keeps_its_reason() {
    let sdk = types::Activity::builder()
        .activity_id("a-1")
        .auto_scaling_group_name("workers")
        .description("Launching a new EC2 instance.  Status Reason: …")
        .cause("an instance was started in response to a difference")
        .start_time(aws_smithy_types::DateTime::from_secs(5))
        .status_code(types::ScalingActivityStatusCode::Failed)
        .status_message("We currently do not have sufficient g5.xlarge capacity")
        .build();
    let found = activity_from_sdk(&sdk).unwrap();
    assert!(found.is_failed_launch());
    assert_eq!(
        found.message.as_deref(),
        Some("We currently do not have sufficient g5.xlarge capacity")
    );
    assert_eq!(found.ended_at, None);
}
