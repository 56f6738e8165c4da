//! Reads of Amazon SNS.

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::sns::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};
use crate::domain::sns::Topic;

const GET: Operation = Operation::new("sns", "GetTopicAttributes");

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    let Read::Topic { arn } = read;
    let call = caller.sns().get_topic_attributes().topic_arn(arn);
    let topic = match caller.call(GET, call.send()).await {
        Ok(answer) => Some(Topic {
            arn: arn.clone(),
            confirmed: answer
                .attributes()
                .and_then(|attributes| attributes.get("SubscriptionsConfirmed"))
                .and_then(|count| count.parse().ok()),
        }),
        Err(fault) if fault.kind == FaultKind::NotFound => None,
        Err(fault) => return Err(fault),
    };
    Ok(Reply::whole(ReplyData::Topic(topic)))
}
