//! Changes of Amazon Route 53.

use aws_sdk_route53::error::BuildError;
use aws_sdk_route53::operation::RequestId;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::route53::{Cname, Write};
use crate::domain::ops::{Receipt, Token};

/// Makes a change, once. Putting the same record twice, or removing it twice, is no second change: the removal
/// of what is not there is refused.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let operation = change.operation();
    let (action, record) = match change {
        Write::Put(record) => (ChangeAction::Upsert, record),
        Write::Remove(record) => (ChangeAction::Delete, record),
    };
    let batch = batch(action, record).map_err(|error| {
        Fault::new(
            FaultKind::Invalid,
            operation.service,
            operation.name,
            error.to_string(),
        )
    })?;
    let call = caller
        .route53()
        .change_resource_record_sets()
        .hosted_zone_id(&record.zone)
        .change_batch(batch);
    let answer = caller.call(operation, call.send()).await?;
    Ok(Receipt {
        request_id: answer.request_id().map(str::to_owned),
        created: answer.change_info().map(|info| info.id().to_owned()),
    })
}

fn batch(action: ChangeAction, record: &Cname) -> Result<ChangeBatch, BuildError> {
    let set = ResourceRecordSet::builder()
        .name(&record.name)
        .r#type(RrType::Cname)
        .ttl(i64::from(record.ttl_s))
        .resource_records(ResourceRecord::builder().value(&record.value).build()?)
        .build()?;
    let change = Change::builder()
        .action(action)
        .resource_record_set(set)
        .build()?;
    ChangeBatch::builder().changes(change).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_names_the_record_whole() {
        let record = Cname {
            zone: "Z1".to_owned(),
            name: "_a.example.com.".to_owned(),
            value: "_b.acm-validations.aws.".to_owned(),
            ttl_s: 300,
        };
        let batch = batch(ChangeAction::Delete, &record).unwrap();
        let [change] = batch.changes() else {
            panic!("{batch:?}");
        };
        let set = change.resource_record_set().unwrap();
        assert_eq!(
            (change.action(), set.name(), set.r#type(), set.ttl()),
            (
                &ChangeAction::Delete,
                "_a.example.com.",
                &RrType::Cname,
                Some(300)
            )
        );
        assert_eq!(set.resource_records()[0].value(), "_b.acm-validations.aws.");
    }
}
