//! Everything that Application Auto Scaling moves, namespace by namespace: it has no list of them all.

use aws_sdk_applicationautoscaling::types::{
    ScalingActivity as SdkActivity, ScalingPolicy as SdkPolicy, ServiceNamespace,
    TargetTrackingScalingPolicyConfiguration,
};

use super::{TARGETS, suspended};
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::cloud::aws::convert::{count, text, timestamp, timestamp_of};
use crate::cloud::aws::read::listing::{of_part, some};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::{Operation, Reply, ReplyData};
use crate::domain::scalable::{Scaled, ScalingActivity, ScalingPolicy};

pub(super) const POLICIES: Operation = Operation::new("application-autoscaling", "DescribeScalingPolicies");
pub(super) const ACTIVITIES: Operation =
    Operation::new("application-autoscaling", "DescribeScalingActivities");

/// The namespaces that are asked: those that what is shown here can be of.
const NAMESPACES: [ServiceNamespace; 8] = [
    ServiceNamespace::Ecs,
    ServiceNamespace::Sagemaker,
    ServiceNamespace::Lambda,
    ServiceNamespace::Elasticache,
    ServiceNamespace::Rds,
    ServiceNamespace::Dynamodb,
    ServiceNamespace::Ec2,
    ServiceNamespace::CustomResource,
];

/// Activities that are read of each namespace, newest first: a page.
const NEWEST: i32 = 50;

/// Answers the read.
pub(super) async fn read(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let mut answers = each(NAMESPACES, |namespace| async move {
        of_namespace(caller, namespace).await
    })
    .await;
    // A region that does not have a service refuses its namespace: there is nothing of it.
    answers.retain(|answer| !matches!(answer, Err(fault) if fault.kind == FaultKind::Invalid));
    let (mut found, gaps) = some(answers)?;
    found.sort_by(|a: &Scaled, b| {
        (&a.namespace, &a.resource, &a.dimension).cmp(&(&b.namespace, &b.resource, &b.dimension))
    });
    Ok(Reply {
        data: ReplyData::Scaling(found),
        gaps,
    })
}

async fn of_namespace(caller: &Caller<'_>, namespace: ServiceNamespace) -> Result<Paged<Scaled>, Fault> {
    let asked = &namespace;
    let mut listed = pages(|token| async move {
        let call = caller
            .application_auto_scaling()
            .describe_scalable_targets()
            .service_namespace(asked.clone())
            .set_next_token(token);
        let page = caller
            .call(TARGETS, call.send())
            .await
            .map_err(|fault| of_part(fault, asked.as_str()))?;
        Ok(Page {
            items: page.scalable_targets().iter().map(scaled_from_sdk).collect(),
            next: page.next_token,
        })
    })
    .await?;
    if listed.items.is_empty() {
        return Ok(listed);
    }
    let policies = pages(|token| async move {
        let call = caller
            .application_auto_scaling()
            .describe_scaling_policies()
            .service_namespace(asked.clone())
            .set_next_token(token);
        let page = caller.call(POLICIES, call.send()).await?;
        Ok(Page {
            items: page.scaling_policies.unwrap_or_default(),
            next: page.next_token,
        })
    })
    .await;
    match policies {
        Ok(Paged { items, gap: None }) => add_policies(&mut listed.items, &items),
        Ok(Paged { gap: Some(fault), .. }) | Err(fault) => {
            listed.gap.get_or_insert(of_part(fault, asked.as_str()));
        }
    }
    let call = caller
        .application_auto_scaling()
        .describe_scaling_activities()
        .service_namespace(asked.clone())
        .include_not_scaled_activities(true)
        .max_results(NEWEST);
    match caller.call(ACTIVITIES, call.send()).await {
        Ok(page) => {
            let is_whole = page.next_token().is_none();
            add_activities(&mut listed.items, page.scaling_activities(), is_whole);
        }
        Err(fault) => {
            listed.gap.get_or_insert(of_part(fault, asked.as_str()));
        }
    }
    Ok(listed)
}

fn scaled_from_sdk(target: &aws_sdk_applicationautoscaling::types::ScalableTarget) -> Scaled {
    let (namespace, dimension) = (
        target.service_namespace().as_str(),
        target.scalable_dimension().as_str(),
    );
    Scaled {
        id: target.scalable_target_arn().map_or_else(
            || format!("{namespace}/{dimension}/{}", target.resource_id()),
            str::to_owned,
        ),
        namespace: namespace.to_owned(),
        resource: target.resource_id().to_owned(),
        dimension: dimension.to_owned(),
        min: count(target.min_capacity()),
        max: count(target.max_capacity()),
        suspended: target.suspended_state().map(suspended).unwrap_or_default(),
        policies: None,
        activities: None,
    }
}

fn add_policies(targets: &mut [Scaled], policies: &[SdkPolicy]) {
    for target in targets {
        let own = policies.iter().filter(|policy| {
            policy.resource_id() == target.resource
                && policy.scalable_dimension().as_str() == target.dimension
        });
        target.policies = Some(own.map(policy_from_sdk).collect());
    }
}

fn policy_from_sdk(policy: &SdkPolicy) -> ScalingPolicy {
    let tracking = policy.target_tracking_scaling_policy_configuration();
    let metric = tracking.and_then(|tracking| {
        let predefined = tracking
            .predefined_metric_specification()
            .map(|metric| metric.predefined_metric_type().as_str().to_owned());
        let custom = tracking
            .customized_metric_specification()
            .and_then(|metric| metric.metric_name().map(str::to_owned));
        predefined.or(custom)
    });
    ScalingPolicy {
        name: policy.policy_name().to_owned(),
        kind: policy.policy_type().as_str().to_owned(),
        metric,
        target: tracking.map(TargetTrackingScalingPolicyConfiguration::target_value),
        only_out: tracking
            .and_then(TargetTrackingScalingPolicyConfiguration::disable_scale_in)
            .unwrap_or(false),
    }
}

/// Of a target that a page of activities does not name, nothing is known unless the page is the only one.
fn add_activities(targets: &mut [Scaled], activities: &[SdkActivity], is_whole: bool) {
    for target in targets {
        let own: Vec<ScalingActivity> = activities
            .iter()
            .filter(|activity| {
                activity.resource_id() == target.resource
                    && activity.scalable_dimension().as_str() == target.dimension
            })
            .filter_map(activity_from_sdk)
            .collect();
        target.activities = (is_whole || !own.is_empty()).then_some(own);
    }
}

fn activity_from_sdk(activity: &SdkActivity) -> Option<ScalingActivity> {
    Some(ScalingActivity {
        description: activity.description().to_owned(),
        cause: activity.cause().to_owned(),
        status: activity.status_code().as_str().to_owned(),
        message: text(activity.status_message()),
        not_scaled: activity
            .not_scaled_reasons()
            .iter()
            .map(|reason| reason.code().to_owned())
            .collect(),
        started_at: timestamp(activity.start_time())?,
        ended_at: timestamp_of(activity.end_time()),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_applicationautoscaling::types::{
        MetricType, PolicyType, PredefinedMetricSpecification, ScalableDimension, ScalableTarget,
        ScalingActivityStatusCode,
    };
    use aws_smithy_types::DateTime;
    use pretty_assertions::assert_eq;

    use super::*;

    const API: &str = "service/main/api";

    fn target(resource: &str) -> Scaled {
        scaled_from_sdk(
            &ScalableTarget::builder()
                .service_namespace(ServiceNamespace::Ecs)
                .resource_id(resource)
                .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                .min_capacity(2)
                .max_capacity(6)
                .role_arn("r")
                .creation_time(DateTime::from_secs(0))
                .build()
                .unwrap(),
        )
    }

    #[test]
    fn policies_and_activities_go_to_their_own_target() {
        let metric = PredefinedMetricSpecification::builder()
            .predefined_metric_type(MetricType::EcsServiceAverageCpuUtilization)
            .build()
            .unwrap();
        let tracking = TargetTrackingScalingPolicyConfiguration::builder()
            .target_value(60.0)
            .predefined_metric_specification(metric)
            .build()
            .unwrap();
        let policy = SdkPolicy::builder()
            .policy_arn("p")
            .policy_name("cpu")
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id(API)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .policy_type(PolicyType::TargetTrackingScaling)
            .target_tracking_scaling_policy_configuration(tracking)
            .creation_time(DateTime::from_secs(0))
            .build()
            .unwrap();
        let activity = SdkActivity::builder()
            .activity_id("a")
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id(API)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .description("Setting desired count to 6.")
            .cause("alarm")
            .start_time(DateTime::from_secs(1_796_169_600))
            .status_code(ScalingActivityStatusCode::Failed)
            .build()
            .unwrap();
        let mut targets = vec![target(API), target("service/main/web")];
        add_policies(&mut targets, &[policy]);
        add_activities(&mut targets, &[activity], false);
        assert_eq!(targets[0].policies_in_words().as_deref(), Some("CPU 60"));
        assert!(targets[0].activities.as_ref().unwrap()[0].has_failed());
        assert_eq!(targets[1].policies_in_words().as_deref(), Some("no policy"));
        assert_eq!(targets[1].activities, None, "older pages may name it");
    }
}
