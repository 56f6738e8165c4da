//! Changes of Application Auto Scaling.

use aws_sdk_applicationautoscaling::operation::RequestId;
use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::application_auto_scaling::Write;
use crate::domain::ops::{Operation, Receipt, Token};

/// Makes a change, once. The same twice is the same.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let operation = change.operation();
    match change {
        Write::SetBounds { resource, min, max } => {
            let (namespace, dimension) = place_of(resource);
            // Neither the role nor what is suspended is sent: both stay as they are.
            let call = caller
                .application_auto_scaling()
                .register_scalable_target()
                .service_namespace(namespace)
                .scalable_dimension(dimension)
                .resource_id(resource)
                .min_capacity(capacity(operation, *min)?)
                .max_capacity(capacity(operation, *max)?);
            let answer = caller.call(operation, call.send()).await?;
            Ok(Receipt {
                request_id: answer.request_id().map(str::to_owned),
                created: None,
            })
        }
    }
}

/// What a resource's id belongs to.
fn place_of(resource: &str) -> (ServiceNamespace, ScalableDimension) {
    if resource.starts_with("endpoint/") {
        (
            ServiceNamespace::Sagemaker,
            ScalableDimension::SageMakerVariantDesiredInstanceCount,
        )
    } else {
        (ServiceNamespace::Ecs, ScalableDimension::EcsServiceDesiredCount)
    }
}

fn capacity(operation: Operation, count: u32) -> Result<i32, Fault> {
    i32::try_from(count).map_err(|_| {
        Fault::new(
            FaultKind::Invalid,
            operation.service,
            operation.name,
            "more than Application Auto Scaling can count",
        )
    })
}
