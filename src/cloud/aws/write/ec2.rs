//! Changes of Amazon EC2.

use aws_sdk_ec2::operation::RequestId;

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::ec2::Write;
use crate::domain::ops::{Operation, Receipt, Token};

/// Makes a change, once. EC2 takes no token for these: stopping what is stopped changes nothing.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let operation = change.operation();
    let request_id = match change {
        Write::StopInstances { instances } => {
            let call = caller
                .ec2()
                .stop_instances()
                .set_instance_ids(named(operation, instances)?);
            request_id(&caller.call(operation, call.send()).await?)
        }
        Write::StartInstances { instances } => {
            let call = caller
                .ec2()
                .start_instances()
                .set_instance_ids(named(operation, instances)?);
            request_id(&caller.call(operation, call.send()).await?)
        }
        Write::RebootInstances { instances } => {
            let call = caller
                .ec2()
                .reboot_instances()
                .set_instance_ids(named(operation, instances)?);
            request_id(&caller.call(operation, call.send()).await?)
        }
        Write::PutTags { instance, tags } => {
            let tags = tags.iter().map(|tag| {
                aws_sdk_ec2::types::Tag::builder()
                    .key(&tag.key)
                    .value(&tag.value)
                    .build()
            });
            let call = caller
                .ec2()
                .create_tags()
                .set_resources(named(operation, std::slice::from_ref(instance))?)
                .set_tags(Some(tags.collect()));
            request_id(&caller.call(operation, call.send()).await?)
        }
        Write::DeleteTags { instance, keys } => {
            // Without keys AWS would remove every tag.
            if keys.is_empty() {
                return Err(Fault::new(
                    FaultKind::Invalid,
                    operation.service,
                    operation.name,
                    "no tag is named",
                ));
            }
            let tags = keys
                .iter()
                .map(|key| aws_sdk_ec2::types::Tag::builder().key(key).build());
            let call = caller
                .ec2()
                .delete_tags()
                .set_resources(named(operation, std::slice::from_ref(instance))?)
                .set_tags(Some(tags.collect()));
            request_id(&caller.call(operation, call.send()).await?)
        }
    };
    Ok(Receipt {
        request_id,
        created: None,
    })
}

fn request_id(answer: &impl RequestId) -> Option<String> {
    answer.request_id().map(str::to_owned)
}

fn named(operation: Operation, instances: &[String]) -> Result<Option<Vec<String>>, Fault> {
    if instances.is_empty() {
        return Err(Fault::new(
            FaultKind::Invalid,
            operation.service,
            operation.name,
            "no instance is named",
        ));
    }
    Ok(Some(instances.to_vec()))
}
