//! Changes of Elastic Load Balancing v2.

use aws_sdk_elasticloadbalancingv2::operation::RequestId;
use aws_sdk_elasticloadbalancingv2::types::TargetDescription;

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::Fault;
use crate::domain::ops::elb::Write;
use crate::domain::ops::{Receipt, Token};

/// Makes a change, once. Either change does nothing if it has been made before.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let operation = change.operation();
    let client = caller.elb();
    match change {
        Write::DeregisterTargets {
            target_group,
            targets,
        } => {
            let call = client
                .deregister_targets()
                .target_group_arn(target_group)
                .set_targets(Some(targets_to_sdk(targets)));
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer))
        }
        Write::RegisterTargets {
            target_group,
            targets,
        } => {
            let call = client
                .register_targets()
                .target_group_arn(target_group)
                .set_targets(Some(targets_to_sdk(targets)));
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer))
        }
    }
}

fn receipt(answer: &impl RequestId) -> Receipt {
    Receipt {
        request_id: answer.request_id().map(str::to_owned),
        created: None,
    }
}

/// Targets; without a port AWS takes the group's own.
fn targets_to_sdk(targets: &[(String, Option<u16>)]) -> Vec<TargetDescription> {
    targets
        .iter()
        .map(|(id, port)| {
            TargetDescription::builder()
                .id(id)
                .set_port(port.map(i32::from))
                .build()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_a_port_only_if_one_was_named() {
        let targets = targets_to_sdk(&[("i-1".to_owned(), None), ("10.0.1.7".to_owned(), Some(65_535))]);
        assert_eq!((targets[0].id(), targets[0].port), (Some("i-1"), None));
        assert_eq!(
            (targets[1].id(), targets[1].port),
            (Some("10.0.1.7"), Some(65_535))
        );
    }
}
