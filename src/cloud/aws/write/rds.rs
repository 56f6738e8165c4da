//! Changes of Amazon RDS.

use aws_sdk_rds::operation::RequestId;
use aws_sdk_rds::types::{DbInstance, DbSnapshot, Tag};

use crate::cloud::aws::caller::Caller;
use crate::cloud::aws::convert::date_time;
use crate::domain::fault::Fault;
use crate::domain::ops::rds::Write;
use crate::domain::ops::{Receipt, Token};

/// A restore with its settings: one that is not passed falls back to AWS's default, not to the
/// source's value. The two restores have requests of different types with the same fields.
macro_rules! with_settings {
    ($call:expr, $settings:expr) => {
        $call
            .set_db_instance_class($settings.class.clone())
            .set_multi_az($settings.multi_az)
            .set_db_subnet_group_name($settings.subnet_group.clone())
            .set_vpc_security_group_ids(some(&$settings.security_groups))
            .set_db_parameter_group_name($settings.parameter_group.clone())
            .set_option_group_name($settings.option_group.clone())
            .set_storage_type($settings.storage_type.clone())
            .set_deletion_protection($settings.deletion_protection)
            .set_publicly_accessible($settings.publicly_accessible)
    };
}

/// Makes a change, once. RDS takes no token: that a snapshot or an instance of that name exists
/// is what tells of a change whose answer was lost.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let client = caller.rds();
    let operation = change.operation();
    match change {
        Write::CreateSnapshot { instance, snapshot } => {
            let call = client
                .create_db_snapshot()
                .db_instance_identifier(instance)
                .db_snapshot_identifier(snapshot);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(
                &answer,
                answer.db_snapshot().and_then(DbSnapshot::db_snapshot_arn),
            ))
        }
        Write::RestoreFromSnapshot {
            snapshot,
            instance,
            settings,
        } => {
            let call = client
                .restore_db_instance_from_db_snapshot()
                .db_snapshot_identifier(snapshot)
                .db_instance_identifier(instance);
            let call = with_settings!(call, settings);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, arn(answer.db_instance())))
        }
        Write::RestoreToPointInTime {
            source,
            instance,
            at,
            settings,
        } => {
            let call = client
                .restore_db_instance_to_point_in_time()
                .source_db_instance_identifier(source)
                .target_db_instance_identifier(instance);
            let call = match at {
                Some(at) => call.restore_time(date_time(*at)),
                None => call.use_latest_restorable_time(true),
            };
            let call = with_settings!(call, settings);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, arn(answer.db_instance())))
        }
        Write::Rename { instance, to } => {
            // Otherwise the name would wait for the maintenance window.
            let call = client
                .modify_db_instance()
                .db_instance_identifier(instance)
                .new_db_instance_identifier(to)
                .apply_immediately(true);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::Stop { instance } => {
            let call = client.stop_db_instance().db_instance_identifier(instance);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::Start { instance } => {
            let call = client.start_db_instance().db_instance_identifier(instance);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::Reboot { instance, failover } => {
            let call = client
                .reboot_db_instance()
                .db_instance_identifier(instance)
                .force_failover(*failover);
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::PutTags { arn, tags } => {
            let tags = tags
                .iter()
                .map(|tag| Tag::builder().key(&tag.key).value(&tag.value).build());
            let call = client
                .add_tags_to_resource()
                .resource_name(arn)
                .set_tags(Some(tags.collect()));
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
        Write::DeleteTags { arn, keys } => {
            let call = client
                .remove_tags_from_resource()
                .resource_name(arn)
                .set_tag_keys(Some(keys.clone()));
            let answer = caller.call(operation, call.send()).await?;
            Ok(receipt(&answer, None))
        }
    }
}

fn receipt(answer: &impl RequestId, created: Option<&str>) -> Receipt {
    Receipt {
        request_id: answer.request_id().map(str::to_owned),
        created: created.map(str::to_owned),
    }
}

fn arn(instance: Option<&DbInstance>) -> Option<&str> {
    instance.and_then(DbInstance::db_instance_arn)
}

/// An empty list is not sent: it would mean none, not the default.
fn some(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::ops::rds::RestoreSettings;

    fn settings() -> RestoreSettings {
        RestoreSettings {
            class: Some("db.t4g.medium".to_owned()),
            multi_az: Some(true),
            subnet_group: Some("private".to_owned()),
            security_groups: vec!["sg-1".to_owned(), "sg-2".to_owned()],
            parameter_group: Some("pg16".to_owned()),
            option_group: Some("default:postgres-16".to_owned()),
            storage_type: Some("gp3".to_owned()),
            deletion_protection: Some(true),
            publicly_accessible: Some(false),
        }
    }

    fn client() -> aws_sdk_rds::Client {
        let config = aws_sdk_rds::Config::builder()
            .behavior_version(aws_sdk_rds::config::BehaviorVersion::v2026_01_12())
            .build();
        aws_sdk_rds::Client::from_conf(config)
    }

    /// The settings that a request carries, read back from it.
    macro_rules! carried {
        ($call:expr) => {{
            let call = $call;
            RestoreSettings {
                class: call.get_db_instance_class().clone(),
                multi_az: *call.get_multi_az(),
                subnet_group: call.get_db_subnet_group_name().clone(),
                security_groups: call.get_vpc_security_group_ids().clone().unwrap_or_default(),
                parameter_group: call.get_db_parameter_group_name().clone(),
                option_group: call.get_option_group_name().clone(),
                storage_type: call.get_storage_type().clone(),
                deletion_protection: *call.get_deletion_protection(),
                publicly_accessible: *call.get_publicly_accessible(),
            }
        }};
    }

    #[test]
    fn both_restores_carry_every_setting() {
        let (client, settings) = (client(), settings());
        let from_snapshot = with_settings!(client.restore_db_instance_from_db_snapshot(), settings);
        let to_point_in_time = with_settings!(client.restore_db_instance_to_point_in_time(), settings);
        assert_eq!(carried!(from_snapshot), settings);
        assert_eq!(carried!(to_point_in_time), settings);
    }

    #[test]
    fn settings_that_are_not_known_are_not_sent() {
        let (client, nothing) = (client(), RestoreSettings::default());
        let call = with_settings!(client.restore_db_instance_from_db_snapshot(), nothing);
        assert_eq!(call.get_vpc_security_group_ids(), &None);
        assert_eq!(carried!(call), nothing);
    }
}
