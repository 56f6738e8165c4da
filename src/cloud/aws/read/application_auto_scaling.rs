//! Reads of Application Auto Scaling: between which counts ECS services and variants of endpoints are
//! scaled by themselves.

mod everything;

use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTarget as SdkTarget, ServiceNamespace, SuspendedState,
};

use super::listing::reply;
use crate::cloud::aws::caller::{Caller, Page, pages};
use crate::cloud::aws::convert::count;
use crate::domain::fault::Fault;
use crate::domain::ops::application_auto_scaling::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};
use crate::domain::scalable::ScalableTarget;

const TARGETS: Operation = Operation::new("application-autoscaling", "DescribeScalableTargets");

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::EcsTargets => {
            targets(
                caller,
                (ServiceNamespace::Ecs, ScalableDimension::EcsServiceDesiredCount),
            )
            .await
        }
        Read::EndpointTargets => {
            targets(
                caller,
                (
                    ServiceNamespace::Sagemaker,
                    ScalableDimension::SageMakerVariantDesiredInstanceCount,
                ),
            )
            .await
        }
        Read::Everything => everything::read(caller).await,
    }
}

async fn targets(
    caller: &Caller<'_>,
    (namespace, dimension): (ServiceNamespace, ScalableDimension),
) -> Result<Reply, Fault> {
    let (namespace, dimension) = (&namespace, &dimension);
    let listed = pages(|token| async move {
        let call = caller
            .application_auto_scaling()
            .describe_scalable_targets()
            .service_namespace(namespace.clone())
            .scalable_dimension(dimension.clone())
            .set_next_token(token);
        let page = caller.call(TARGETS, call.send()).await?;
        Ok(Page {
            items: page.scalable_targets().iter().map(target_from_sdk).collect(),
            next: page.next_token,
        })
    })
    .await?;
    Ok(reply(listed, ReplyData::ScalableTargets))
}

fn target_from_sdk(target: &SdkTarget) -> ScalableTarget {
    ScalableTarget {
        resource: target.resource_id.clone(),
        min: count(target.min_capacity),
        max: count(target.max_capacity),
        suspended: target.suspended_state().map(suspended).unwrap_or_default(),
    }
}

fn suspended(state: &SuspendedState) -> Vec<String> {
    [
        ("dynamic scaling in", state.dynamic_scaling_in_suspended()),
        ("dynamic scaling out", state.dynamic_scaling_out_suspended()),
        ("scheduled scaling", state.scheduled_scaling_suspended()),
    ]
    .into_iter()
    .filter(|(_, is_suspended)| *is_suspended == Some(true))
    .map(|(what, _)| what.to_owned())
    .collect()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        assert_eq!(Read::EcsTargets.operations(), [TARGETS]);
        assert_eq!(Read::EndpointTargets.operations(), [TARGETS]);
        assert_eq!(
            Read::Everything.operations(),
            [TARGETS, everything::POLICIES, everything::ACTIVITIES]
        );
    }

    #[test]
    fn what_is_suspended_is_named() {
        let state = SuspendedState::builder()
            .dynamic_scaling_in_suspended(false)
            .scheduled_scaling_suspended(true)
            .build();
        assert_eq!(suspended(&state), ["scheduled scaling"]);
    }
}
