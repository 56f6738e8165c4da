//! Reads of Amazon SQS: queues and what is in them.

use std::collections::HashMap;

use aws_sdk_sqs::types::QueueAttributeName;

use super::listing::{of_part, one, some};
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ids::last_segment;
use crate::domain::ops::sqs::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};
use crate::domain::queue::Queue;

const LIST: Operation = Operation::new("sqs", "ListQueues");
const ATTRIBUTES: Operation = Operation::new("sqs", "GetQueueAttributes");

/// The most that AWS puts on a page; without it the answer ends at a thousand and has no token.
const PAGE: i32 = 1000;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Queues => queues(caller).await,
    }
}

async fn queues(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let Paged { items: urls, gap } = urls(caller).await?;
    let mut answers = each(urls, |url| async move { queue(caller, &url).await.map(one) }).await;
    // A queue that was deleted since it was listed is no gap: it is not there.
    answers.retain(|answer| !matches!(answer, Err(fault) if fault.kind == FaultKind::NotFound));
    let (mut found, mut gaps) = some(answers)?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    gaps.extend(gap);
    Ok(Reply {
        data: ReplyData::Queues(found),
        gaps,
    })
}

async fn urls(caller: &Caller<'_>) -> Result<Paged<String>, Fault> {
    pages(|token| async move {
        let call = caller.sqs().list_queues().max_results(PAGE).set_next_token(token);
        let page = caller.call(LIST, call.send()).await?;
        Ok(Page {
            items: page.queue_urls.unwrap_or_default(),
            next: page.next_token,
        })
    })
    .await
}

async fn queue(caller: &Caller<'_>, url: &str) -> Result<Queue, Fault> {
    // Asking for none by name would bring an empty map.
    let call = caller
        .sqs()
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(QueueAttributeName::QueueArn)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesDelayed)
        .attribute_names(QueueAttributeName::VisibilityTimeout)
        .attribute_names(QueueAttributeName::RedrivePolicy);
    let answer = caller
        .call(ATTRIBUTES, call.send())
        .await
        .map_err(|fault| of_part(fault, last_segment(url)))?;
    answer
        .attributes()
        .and_then(|attributes| queue_from_sdk(url, attributes))
        .ok_or_else(|| {
            Fault::new(
                FaultKind::Other,
                ATTRIBUTES.service,
                ATTRIBUTES.name,
                format!("{}: the answer lacks the queue's counts", last_segment(url)),
            )
        })
}

/// A queue; `None` without its ARN or its counts.
fn queue_from_sdk(url: &str, attributes: &HashMap<QueueAttributeName, String>) -> Option<Queue> {
    let count = |name: QueueAttributeName| attributes.get(&name)?.parse::<u64>().ok();
    let arn = attributes.get(&QueueAttributeName::QueueArn)?;
    Some(Queue {
        arn: arn.clone(),
        name: last_segment(arn).to_owned(),
        url: url.to_owned(),
        visible: count(QueueAttributeName::ApproximateNumberOfMessages)?,
        in_flight: count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)?,
        delayed: count(QueueAttributeName::ApproximateNumberOfMessagesDelayed)?,
        visibility_timeout_s: attributes
            .get(&QueueAttributeName::VisibilityTimeout)
            .and_then(|seconds| seconds.parse().ok()),
        dead_letter: attributes
            .get(&QueueAttributeName::RedrivePolicy)
            .and_then(|policy| dead_letter_from_policy(policy)),
    })
}

/// Where dead letters go and after how many receives. Older policies have the number as text.
fn dead_letter_from_policy(policy: &str) -> Option<(String, u32)> {
    let policy: serde_json::Value = serde_json::from_str(policy).ok()?;
    let arn = policy.get("deadLetterTargetArn")?.as_str()?;
    let most = policy.get("maxReceiveCount")?;
    let most = match most.as_str() {
        Some(text) => text.parse().ok()?,
        None => u32::try_from(most.as_u64()?).ok()?,
    };
    Some((arn.to_owned(), most))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn attributes() -> HashMap<QueueAttributeName, String> {
        [
            (QueueAttributeName::QueueArn, "arn:aws:sqs:us-east-1:1:jobs.fifo"),
            (QueueAttributeName::ApproximateNumberOfMessages, "43"),
            (QueueAttributeName::ApproximateNumberOfMessagesNotVisible, "4"),
            (QueueAttributeName::ApproximateNumberOfMessagesDelayed, "0"),
            (QueueAttributeName::VisibilityTimeout, "900"),
            (
                QueueAttributeName::RedrivePolicy,
                r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:dead","maxReceiveCount":"5"}"#,
            ),
        ]
        .into_iter()
        .map(|(name, value)| (name, value.to_owned()))
        .collect()
    }

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        assert_eq!(Read::Queues.operations(), [LIST, ATTRIBUTES]);
    }

    #[test]
    fn a_queue_is_what_its_attributes_say() {
        assert_eq!(
            queue_from_sdk("https://sqs/1/jobs.fifo", &attributes()),
            Some(Queue {
                arn: "arn:aws:sqs:us-east-1:1:jobs.fifo".to_owned(),
                name: "jobs.fifo".to_owned(),
                url: "https://sqs/1/jobs.fifo".to_owned(),
                visible: 43,
                in_flight: 4,
                delayed: 0,
                visibility_timeout_s: Some(900),
                dead_letter: Some(("arn:aws:sqs:us-east-1:1:dead".to_owned(), 5)),
            })
        );
    }

    #[test]
    fn a_count_that_is_missing_is_not_zero() {
        let mut attributes = attributes();
        attributes.remove(&QueueAttributeName::ApproximateNumberOfMessages);
        assert_eq!(queue_from_sdk("url", &attributes), None);
    }

    #[test]
    fn policies_of_both_generations_are_read() {
        let policy = |count: &str| {
            dead_letter_from_policy(&format!(
                r#"{{"deadLetterTargetArn":"dead","maxReceiveCount":{count}}}"#
            ))
        };
        assert_eq!(policy("3"), Some(("dead".to_owned(), 3)));
        assert_eq!(policy(r#""3""#), Some(("dead".to_owned(), 3)));
        assert_eq!(policy("null"), None);
        assert_eq!(dead_letter_from_policy("not JSON"), None);
    }
}
