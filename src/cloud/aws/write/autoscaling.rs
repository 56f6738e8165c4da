//! Changes of EC2 Auto Scaling.

use aws_sdk_autoscaling::operation::RequestId;
use aws_sdk_autoscaling::types::{
    DesiredConfiguration, InstanceReusePolicy, LaunchTemplateSpecification, RefreshPreferences,
    ScaleInProtectedInstances, StandbyInstances, Tag, WarmPoolState,
};
use jiff::Timestamp;

use crate::cloud::aws::caller::Caller;
use crate::cloud::aws::convert::date_time;
use crate::domain::asg::{LaunchTemplate, RefreshSettings, ScheduledAction, Spared};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ids;
use crate::domain::ops::autoscaling::Write;
use crate::domain::ops::{Operation, Receipt, Token};

/// The most instances whose protection one call sets.
const PROTECTED: usize = 50;
/// What the tags of groups hang on.
const GROUP: &str = "auto-scaling-group";

/// Makes a change, once. Auto Scaling takes no tokens.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let client = caller.autoscaling();
    let operation = change.operation();
    let check = Check { operation };
    match change {
        Write::UpdateGroup {
            group,
            min,
            max,
            desired,
        } => {
            // All in one call: one after the other, AWS would move desired to fit in between.
            let call = client
                .update_auto_scaling_group()
                .auto_scaling_group_name(group)
                .set_min_size(check.size(*min)?)
                .set_max_size(check.size(*max)?)
                .set_desired_capacity(check.size(*desired)?);
            Ok(receipt(&caller.call(operation, call.send()).await?))
        }
        Write::PutWarmPool {
            group,
            min,
            max_prepared,
            state,
            reuse_on_scale_in,
        } => {
            // What is left out might be set back to its default.
            let reuse = InstanceReusePolicy::builder()
                .reuse_on_scale_in(*reuse_on_scale_in)
                .build();
            let call = client
                .put_warm_pool()
                .auto_scaling_group_name(group)
                .set_min_size(check.size(Some(*min))?)
                .max_group_prepared_capacity(check.size(*max_prepared)?.unwrap_or(-1))
                .pool_state(WarmPoolState::from(state.as_str()))
                .instance_reuse_policy(reuse);
            Ok(receipt(&caller.call(operation, call.send()).await?))
        }
        Write::SuspendProcesses { group, processes } => {
            let call = client
                .suspend_processes()
                .auto_scaling_group_name(group)
                .set_scaling_processes(Some(check.some(processes, "processes")?));
            Ok(receipt(&caller.call(operation, call.send()).await?))
        }
        Write::ResumeProcesses { group, processes } => {
            let call = client
                .resume_processes()
                .auto_scaling_group_name(group)
                .set_scaling_processes(Some(check.some(processes, "processes")?));
            Ok(receipt(&caller.call(operation, call.send()).await?))
        }
        Write::SetInstanceProtection {
            group,
            instances,
            protected,
        } => {
            let instances = check.some(instances, "instances")?;
            if instances.len() > PROTECTED {
                return Err(check.refuse(format!("more than {PROTECTED} instances at once")));
            }
            let call = client
                .set_instance_protection()
                .auto_scaling_group_name(group)
                .set_instance_ids(Some(instances))
                .protected_from_scale_in(*protected);
            Ok(receipt(&caller.call(operation, call.send()).await?))
        }
        Write::TerminateInstance { instance } => {
            let call = client
                .terminate_instance_in_auto_scaling_group()
                .instance_id(instance)
                // Else the group launches another one in its place.
                .should_decrement_desired_capacity(true);
            let answer = caller.call(operation, call.send()).await?;
            Ok(Receipt {
                created: answer
                    .activity()
                    .and_then(|activity| activity.activity_id())
                    .map(str::to_owned),
                ..receipt(&answer)
            })
        }
        Write::PutTags { group, tags } => {
            let tags = check.some(tags, "tags")?;
            let tags = tags
                .iter()
                .map(|ids::Tag { key, value }| tag(group, key).value(value).build())
                .collect();
            let call = client.create_or_update_tags().set_tags(Some(tags));
            Ok(receipt(&caller.call(operation, call.send()).await?))
        }
        Write::DeleteTags { group, keys } => {
            let keys = check.some(keys, "tags")?;
            let tags = keys.iter().map(|key| tag(group, key).build()).collect();
            let call = client.delete_tags().set_tags(Some(tags));
            Ok(receipt(&caller.call(operation, call.send()).await?))
        }
        Write::PutScheduledAction { group, action } => {
            let start = start(action, caller.host().now());
            let call = client
                .put_scheduled_update_group_action()
                .auto_scaling_group_name(group)
                .scheduled_action_name(&action.name)
                .set_recurrence(action.recurrence.clone())
                .set_time_zone(action.time_zone.clone())
                .set_start_time(start.map(date_time))
                .set_min_size(check.size(action.min)?)
                .set_max_size(check.size(action.max)?)
                .set_desired_capacity(check.size(action.desired)?);
            Ok(receipt(&caller.call(operation, call.send()).await?))
        }
        Write::DeleteScheduledAction { group, name } => {
            let call = client
                .delete_scheduled_action()
                .auto_scaling_group_name(group)
                .scheduled_action_name(name);
            Ok(receipt(&caller.call(operation, call.send()).await?))
        }
        Write::StartInstanceRefresh { group, settings } => {
            let call = client
                .start_instance_refresh()
                .auto_scaling_group_name(group)
                .set_desired_configuration(settings.template.as_ref().map(desired_configuration))
                .preferences(preferences(&check, settings)?);
            let answer = caller.call(operation, call.send()).await?;
            Ok(Receipt {
                created: answer.instance_refresh_id().map(str::to_owned),
                ..receipt(&answer)
            })
        }
        Write::CancelInstanceRefresh { group } => {
            let call = client.cancel_instance_refresh().auto_scaling_group_name(group);
            Ok(receipt(&caller.call(operation, call.send()).await?))
        }
        Write::RollbackInstanceRefresh { group } => {
            let call = client.rollback_instance_refresh().auto_scaling_group_name(group);
            let answer = caller.call(operation, call.send()).await?;
            Ok(Receipt {
                created: answer.instance_refresh_id().map(str::to_owned),
                ..receipt(&answer)
            })
        }
    }
}

/// What an instance refresh is to bring.
fn desired_configuration(template: &LaunchTemplate) -> DesiredConfiguration {
    let specification = LaunchTemplateSpecification::builder().version(&template.version);
    let specification = if template.id.starts_with("lt-") {
        specification.launch_template_id(&template.id)
    } else {
        specification.launch_template_name(&template.id)
    };
    DesiredConfiguration::builder()
        .launch_template(specification.build())
        .build()
}

/// How an instance refresh goes about it. What is protected or in standby is said explicitly: by
/// itself AWS waits an hour for it and fails then.
fn preferences(check: &Check, settings: &RefreshSettings) -> Result<RefreshPreferences, Fault> {
    let (protected, standby) = match settings.spared {
        Spared::Ignore => (ScaleInProtectedInstances::Ignore, StandbyInstances::Ignore),
        Spared::Replace => (ScaleInProtectedInstances::Refresh, StandbyInstances::Terminate),
        Spared::Wait => (ScaleInProtectedInstances::Wait, StandbyInstances::Wait),
    };
    Ok(RefreshPreferences::builder()
        .set_min_healthy_percentage(check.size(Some(settings.min_healthy_percent))?)
        .set_max_healthy_percentage(check.size(settings.max_healthy_percent)?)
        .set_instance_warmup(check.size(settings.warmup_s)?)
        .skip_matching(settings.skip_matching)
        .scale_in_protected_instances(protected)
        .standby_instances(standby)
        .build())
}

fn receipt(answer: &impl RequestId) -> Receipt {
    Receipt {
        request_id: answer.request_id().map(str::to_owned),
        created: None,
    }
}

/// Our tags say what a group is to be restored to; instances have no use for them.
fn tag(group: &str, key: &str) -> aws_sdk_autoscaling::types::builders::TagBuilder {
    Tag::builder()
        .resource_id(group)
        .resource_type(GROUP)
        .key(key)
        .propagate_at_launch(false)
}

/// The start to send. A recurring action keeps its first start, which lies in the past by the time
/// that it is put back, and which AWS would refuse.
fn start(action: &ScheduledAction, now: Timestamp) -> Option<Timestamp> {
    action
        .start
        .filter(|start| action.recurrence.is_none() || *start > now)
}

/// Refuses what AWS would take for something else.
struct Check {
    operation: Operation,
}

impl Check {
    /// A list that is not empty: to AWS an empty one means all.
    fn some<T: Clone>(&self, list: &[T], what: &str) -> Result<Vec<T>, Fault> {
        if list.is_empty() {
            return Err(self.refuse(format!("no {what} are named")));
        }
        Ok(list.to_vec())
    }

    fn size(&self, size: Option<u32>) -> Result<Option<i32>, Fault> {
        size.map(i32::try_from)
            .transpose()
            .map_err(|_| self.refuse("more than AWS can count".to_owned()))
    }

    fn refuse(&self, message: String) -> Fault {
        Fault::new(
            FaultKind::Invalid,
            self.operation.service,
            self.operation.name,
            message,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_is_refused_since_aws_reads_it_as_all() {
        let check = Check {
            operation: Operation::new("autoscaling", "SuspendProcesses"),
        };
        assert_eq!(
            check.some::<String>(&[], "processes").unwrap_err().kind,
            FaultKind::Invalid
        );
        assert_eq!(check.some(&["Launch"], "processes"), Ok(vec!["Launch"]));
    }

    #[test]
    fn the_past_start_of_a_recurring_action_is_left_out() {
        let now: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        let past: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
        let action = |recurrence: Option<&str>| ScheduledAction {
            name: "night".to_owned(),
            recurrence: recurrence.map(str::to_owned),
            time_zone: None,
            start: Some(past),
            min: None,
            max: None,
            desired: Some(0),
        };
        assert_eq!(start(&action(Some("0 22 * * *")), now), None);
        assert_eq!(start(&action(None), now), Some(past));
    }
}
