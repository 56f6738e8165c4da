//! Changes of Amazon EKS.

use aws_sdk_eks::operation::RequestId;
use aws_sdk_eks::types::{NodegroupScalingConfig, Update};

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::eks::Write;
use crate::domain::ops::{Operation, Receipt, Token};

/// Makes a change, once: the token tells EKS which one it is.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, token: &Token) -> Result<Receipt, Fault> {
    let operation = change.operation();
    match change {
        Write::ScaleNodegroup {
            cluster,
            nodegroup,
            min,
            max,
            desired,
        } => {
            let sizes = NodegroupScalingConfig::builder()
                .min_size(size(operation, *min)?)
                .max_size(size(operation, *max)?)
                .desired_size(size(operation, *desired)?)
                .build();
            let call = caller
                .eks()
                .update_nodegroup_config()
                .cluster_name(cluster)
                .nodegroup_name(nodegroup)
                .scaling_config(sizes)
                .client_request_token(&token.0);
            let answer = caller.call(operation, call.send()).await?;
            Ok(Receipt {
                request_id: answer.request_id().map(str::to_owned),
                created: answer.update().and_then(Update::id).map(str::to_owned),
            })
        }
    }
}

fn size(operation: Operation, count: u32) -> Result<i32, Fault> {
    i32::try_from(count).map_err(|_| {
        Fault::new(
            FaultKind::Invalid,
            operation.service,
            operation.name,
            "more nodes than EKS can count",
        )
    })
}
