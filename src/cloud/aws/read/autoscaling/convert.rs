//! From the SDK's types of Auto Scaling to ours.

use aws_sdk_autoscaling::types;
use aws_sdk_ec2::types::LaunchTemplateVersion;

use crate::cloud::aws::convert::{count, tag, text, timestamp_of};
use crate::cloud::aws::memory::TemplateVersion;
use crate::domain::asg::{
    Activity, Desired, Group, GroupInstance, GroupPolicy, InstanceRefresh, LaunchTemplate, Mix, PolicyForm,
    PolicyStep, ScheduledAction, SuspendedProcess, WarmPool,
};

/// What other calls tell of a group.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) scheduled_actions: Vec<ScheduledAction>,
    pub(super) warm_instances: Vec<GroupInstance>,
    /// The instance type of the launch template.
    pub(super) template_type: Option<String>,
}

/// A group; `None` without its ARN or name.
pub(super) fn group_from_sdk(group: &types::AutoScalingGroup, parts: Parts) -> Option<Group> {
    let mut instances: Vec<GroupInstance> = group.instances().iter().filter_map(instance_from_sdk).collect();
    instances.sort_by(|a, b| a.id.cmp(&b.id));
    let mut instance_types = Vec::new();
    let running = instances
        .iter()
        .filter_map(|instance| instance.instance_type.clone());
    for name in override_types(group)
        .map(str::to_owned)
        .chain(parts.template_type)
        .chain(running)
    {
        if !instance_types.contains(&name) {
            instance_types.push(name);
        }
    }
    Some(Group {
        arn: group.auto_scaling_group_arn()?.to_owned(),
        name: group.auto_scaling_group_name()?.to_owned(),
        min: count(group.min_size().unwrap_or(0)),
        max: count(group.max_size().unwrap_or(0)),
        desired: count(group.desired_capacity().unwrap_or(0)),
        weighted: weighted(group),
        suspended: group
            .suspended_processes()
            .iter()
            .filter_map(|process| {
                Some(SuspendedProcess {
                    name: process.process_name()?.to_owned(),
                    reason: process.suspension_reason().unwrap_or_default().to_owned(),
                })
            })
            .collect(),
        scheduled_actions: parts.scheduled_actions,
        warm_pool: group
            .warm_pool_configuration()
            .map(|pool| warm_pool(pool, parts.warm_instances)),
        instance_types,
        launch_template: specification(group).and_then(launch_template_from_sdk),
        mix: group.mixed_instances_policy().map(mix_from_sdk),
        target_groups: target_groups(group),
        created_at: timestamp_of(group.created_time()),
        tags: group
            .tags()
            .iter()
            .map(|pair| tag(pair.key(), pair.value()))
            .collect(),
        instances,
    })
}

/// A scaling policy; `None` without its name or its group.
pub(super) fn policy_from_sdk(policy: &types::ScalingPolicy) -> Option<GroupPolicy> {
    let adjustment = || policy.adjustment_type().unwrap_or("ChangeInCapacity").to_owned();
    let form = match policy.policy_type().unwrap_or_default() {
        "TargetTrackingScaling" => {
            let tracking = policy.target_tracking_configuration()?;
            let predefined = tracking
                .predefined_metric_specification()
                .and_then(|metric| metric.predefined_metric_type())
                .map(|metric| metric.as_str().to_owned());
            let customized = || {
                let metric = tracking.customized_metric_specification()?;
                text(metric.metric_name())
            };
            PolicyForm::TargetTracking {
                metric: predefined.or_else(customized),
                target: tracking.target_value()?,
                only_out: tracking.disable_scale_in().unwrap_or(false),
            }
        }
        "StepScaling" => PolicyForm::Step {
            adjustment: adjustment(),
            steps: policy
                .step_adjustments()
                .iter()
                .map(|step| PolicyStep {
                    from: step.metric_interval_lower_bound(),
                    to: step.metric_interval_upper_bound(),
                    by: step.scaling_adjustment().unwrap_or(0),
                })
                .collect(),
        },
        "SimpleScaling" => PolicyForm::Simple {
            adjustment: adjustment(),
            by: policy.scaling_adjustment().unwrap_or(0),
            cooldown_s: policy.cooldown().and_then(|seconds| u32::try_from(seconds).ok()),
        },
        "PredictiveScaling" => PolicyForm::Predictive {
            only_forecasts: policy
                .predictive_scaling_configuration()
                .is_none_or(|predicting| {
                    predicting.mode() != Some(&types::PredictiveScalingMode::ForecastAndScale)
                }),
        },
        other => PolicyForm::Other(other.to_owned()),
    };
    Some(GroupPolicy {
        group: policy.auto_scaling_group_name()?.to_owned(),
        name: policy.policy_name()?.to_owned(),
        form,
        alarms: policy
            .alarms()
            .iter()
            .filter_map(|alarm| text(alarm.alarm_name()))
            .collect(),
        // Absent is on.
        enabled: policy.enabled().unwrap_or(true),
    })
}

/// The launch template's version that a group would launch from, where neither overrides nor
/// instances tell the type.
pub(super) fn template(group: &types::AutoScalingGroup) -> Option<TemplateVersion> {
    if !group.instances().is_empty() || override_types(group).next().is_some() {
        return None;
    }
    let template = launch_template_from_sdk(specification(group)?)?;
    Some((template.id, template.version))
}

/// How a policy of mixed instances pays for them; what it leaves out is on demand.
fn mix_from_sdk(policy: &types::MixedInstancesPolicy) -> Mix {
    let distribution = policy.instances_distribution();
    let number = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    let segments = distribution.is_some_and(|distribution| !distribution.distribution_segments().is_empty());
    Mix {
        on_demand_base: number(distribution.and_then(types::InstancesDistribution::on_demand_base_capacity))
            .unwrap_or(0),
        on_demand_percent: (!segments).then(|| {
            number(
                distribution.and_then(types::InstancesDistribution::on_demand_percentage_above_base_capacity),
            )
            .unwrap_or(100)
        }),
    }
}

/// What a group launches from, its own or that of its policy of mixed instances.
fn specification(group: &types::AutoScalingGroup) -> Option<&types::LaunchTemplateSpecification> {
    let of_policy = group
        .mixed_instances_policy()
        .and_then(|policy| policy.launch_template()?.launch_template_specification());
    group.launch_template().or(of_policy)
}

/// A launch template's version; `None` without id and name.
fn launch_template_from_sdk(template: &types::LaunchTemplateSpecification) -> Option<LaunchTemplate> {
    Some(LaunchTemplate {
        id: template
            .launch_template_id()
            .or(template.launch_template_name())?
            .to_owned(),
        // Absent is the default version.
        version: template.version().unwrap_or("$Default").to_owned(),
    })
}

/// An instance refresh; `None` without its id or its group.
pub(super) fn refresh_from_sdk(refresh: &types::InstanceRefresh) -> Option<InstanceRefresh> {
    let desired = refresh.desired_configuration().and_then(|desired| {
        if let Some(policy) = desired.mixed_instances_policy() {
            let template = policy
                .launch_template()
                .and_then(types::LaunchTemplate::launch_template_specification);
            return Some(Desired::Mixed(template.and_then(launch_template_from_sdk)));
        }
        Some(Desired::Template(launch_template_from_sdk(
            desired.launch_template()?,
        )?))
    });
    Some(InstanceRefresh {
        id: refresh.instance_refresh_id()?.to_owned(),
        group: refresh.auto_scaling_group_name()?.to_owned(),
        status: refresh
            .status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        reason: text(refresh.status_reason()),
        started_at: timestamp_of(refresh.start_time()),
        ended_at: timestamp_of(refresh.end_time()),
        percent: refresh.percentage_complete().map(count),
        left: refresh.instances_to_update().map(count),
        desired,
    })
}

/// Of the versions that AWS found the one that was asked for, by number or by its moving name.
pub(super) fn template_version<'a>(
    found: &'a [LaunchTemplateVersion],
    asked: &str,
) -> Option<&'a LaunchTemplateVersion> {
    match asked {
        "$Latest" => found.iter().max_by_key(|version| version.version_number()),
        "$Default" => found
            .iter()
            .find(|version| version.default_version() == Some(true)),
        number => {
            let number = number.parse().ok();
            found.iter().find(|version| version.version_number() == number)
        }
    }
}

fn overrides(group: &types::AutoScalingGroup) -> impl Iterator<Item = &types::LaunchTemplateOverrides> {
    group
        .mixed_instances_policy()
        .and_then(types::MixedInstancesPolicy::launch_template)
        .map(types::LaunchTemplate::overrides)
        .unwrap_or_default()
        .iter()
}

fn override_types(group: &types::AutoScalingGroup) -> impl Iterator<Item = &str> {
    overrides(group).filter_map(types::LaunchTemplateOverrides::instance_type)
}

/// Whether capacity units are not instances.
fn weighted(group: &types::AutoScalingGroup) -> bool {
    let by_type = group
        .desired_capacity_type()
        .is_some_and(|unit| !unit.is_empty() && unit != "units");
    by_type || overrides(group).any(|choice| choice.weighted_capacity().is_some_and(|weight| weight != "1"))
}

/// Target groups, in the older list and among the newer traffic sources.
fn target_groups(group: &types::AutoScalingGroup) -> Vec<String> {
    let mut arns = group.target_group_arns().to_vec();
    for source in group.traffic_sources() {
        if let Some(arn) = source.identifier()
            && arn.contains(":targetgroup/")
            && !arns.iter().any(|known| known == arn)
        {
            arns.push(arn.to_owned());
        }
    }
    arns
}

fn warm_pool(pool: &types::WarmPoolConfiguration, mut instances: Vec<GroupInstance>) -> WarmPool {
    instances.sort_by(|a, b| a.id.cmp(&b.id));
    WarmPool {
        // Absent is stopped.
        state: pool
            .pool_state()
            .map_or("Stopped", types::WarmPoolState::as_str)
            .to_owned(),
        min: count(pool.min_size().unwrap_or(0)),
        // AWS gives −1 where none is set.
        max_prepared: pool
            .max_group_prepared_capacity()
            .and_then(|most| u32::try_from(most).ok()),
        reuse_on_scale_in: pool
            .instance_reuse_policy()
            .and_then(types::InstanceReusePolicy::reuse_on_scale_in)
            .unwrap_or(false),
        instances,
    }
}

/// An instance of a group or a warm pool; `None` without its id.
pub(super) fn instance_from_sdk(instance: &types::Instance) -> Option<GroupInstance> {
    Some(GroupInstance {
        id: instance.instance_id()?.to_owned(),
        instance_type: text(instance.instance_type()),
        zone: instance.availability_zone().unwrap_or_default().to_owned(),
        lifecycle: instance
            .lifecycle_state()
            .map(|state| state.as_str().to_owned())
            .unwrap_or_default(),
        healthy: instance
            .health_status()
            .is_some_and(|health| health.eq_ignore_ascii_case("healthy")),
        protected: instance.protected_from_scale_in().unwrap_or(false),
    })
}

/// A scheduled action; `None` without its name.
pub(super) fn scheduled_action_from_sdk(
    action: &types::ScheduledUpdateGroupAction,
) -> Option<ScheduledAction> {
    let size = |size: Option<i32>| size.map(count);
    Some(ScheduledAction {
        name: action.scheduled_action_name()?.to_owned(),
        recurrence: text(action.recurrence()),
        time_zone: text(action.time_zone()),
        start: timestamp_of(action.start_time()),
        min: size(action.min_size()),
        max: size(action.max_size()),
        desired: size(action.desired_capacity()),
    })
}

/// An activity; `None` without its id, its group or its start.
pub(super) fn activity_from_sdk(activity: &types::Activity) -> Option<Activity> {
    Some(Activity {
        id: activity.activity_id()?.to_owned(),
        group: activity.auto_scaling_group_name()?.to_owned(),
        status: activity
            .status_code()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        description: activity.description().unwrap_or_default().to_owned(),
        cause: activity.cause().unwrap_or_default().to_owned(),
        message: text(activity.status_message()),
        started_at: timestamp_of(activity.start_time())?,
        ended_at: timestamp_of(activity.end_time()),
    })
}

#[cfg(test)]
mod tests;
