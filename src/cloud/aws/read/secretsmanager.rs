//! Reads of AWS Secrets Manager: what there is to know of secrets without their values.

use aws_sdk_secretsmanager::types::{RotationRulesType, SecretListEntry};

use super::listing::reply;
use crate::cloud::aws::caller::{Caller, Page, pages};
use crate::cloud::aws::convert::{text, timestamp_of};
use crate::domain::fault::Fault;
use crate::domain::ops::secretsmanager::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};
use crate::domain::secret::{Rotation, Secret};

const LIST: Operation = Operation::new("secretsmanager", "ListSecrets");

/// The most that AWS puts on a page.
const PAGE: i32 = 100;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Secrets => secrets(caller).await,
    }
}

async fn secrets(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let mut listed = pages(|token| async move {
        let call = caller
            .secretsmanager()
            .list_secrets()
            .include_planned_deletion(true)
            .max_results(PAGE)
            .set_next_token(token);
        let page = caller.call(LIST, call.send()).await?;
        Ok(Page {
            items: page
                .secret_list()
                .iter()
                .filter_map(secret_from_sdk)
                .collect::<Vec<_>>(),
            next: page.next_token,
        })
    })
    .await?;
    listed.items.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(reply(listed, ReplyData::Secrets))
}

/// A secret; `None` without an ARN.
fn secret_from_sdk(entry: &SecretListEntry) -> Option<Secret> {
    let rules = entry.rotation_rules();
    let stages = entry.secret_versions_to_stages();
    let is_pending = |labels: &Vec<String>| {
        let has = |label: &str| labels.iter().any(|known| known == label);
        has("AWSPENDING") && !has("AWSCURRENT")
    };
    Some(Secret {
        arn: entry.arn()?.to_owned(),
        name: entry.name.clone().unwrap_or_default(),
        description: text(entry.description()),
        created_at: timestamp_of(entry.created_date()),
        changed_at: timestamp_of(entry.last_changed_date()),
        accessed_at: timestamp_of(entry.last_accessed_date()),
        rotation: Rotation {
            enabled: entry.rotation_enabled == Some(true),
            last_at: timestamp_of(entry.last_rotated_date()),
            next_at: timestamp_of(entry.next_rotation_date()),
            every_days: rules
                .and_then(RotationRulesType::automatically_after_days)
                .and_then(|days| u32::try_from(days).ok()),
            pending: stages.is_some_and(|stages| stages.values().any(is_pending)),
        },
        deleted_at: timestamp_of(entry.deleted_date()),
        owner: text(entry.owning_service()),
    })
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        assert_eq!(Read::Secrets.operations(), [LIST]);
    }

    #[test]
    fn a_version_that_never_became_current_tells_of_a_rotation_that_broke_off() {
        let entry = |pending: &[&str]| {
            let labels: Vec<String> = pending.iter().map(|label| (*label).to_owned()).collect();
            let entry = SecretListEntry::builder()
                .arn("arn:aws:secretsmanager:us-east-1:1:secret:db-AbCdEf")
                .name("db")
                .rotation_enabled(true)
                .rotation_rules(RotationRulesType::builder().automatically_after_days(30).build())
                .last_rotated_date(DateTime::from_secs(5))
                .secret_versions_to_stages("v1", vec!["AWSCURRENT".to_owned()])
                .secret_versions_to_stages("v2", labels)
                .build();
            secret_from_sdk(&entry).unwrap()
        };
        assert!(entry(&["AWSPENDING"]).rotation.pending);
        // Right after a rotation both labels are on the new version.
        assert!(!entry(&["AWSPENDING", "AWSCURRENT"]).rotation.pending);
        let secret = entry(&["AWSPREVIOUS"]);
        assert_eq!(
            (secret.rotation.enabled, secret.rotation.every_days),
            (true, Some(30))
        );
        assert_eq!(secret.deleted_at, None);
    }
}
