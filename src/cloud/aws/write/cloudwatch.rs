//! Changes of CloudWatch.

use aws_sdk_cloudwatch::operation::RequestId;

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::Fault;
use crate::domain::ops::cloudwatch::Write;
use crate::domain::ops::{Receipt, Token};

/// The most alarms that AWS takes in one call.
const MOST_ALARMS: usize = 100;

/// Makes a change, once. Actions that are on or off already stay so, which is why more alarms than
/// one call takes may go in several.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let operation = change.operation();
    let client = caller.cloudwatch();
    let mut receipt = Receipt::default();
    match change {
        Write::EnableAlarmActions { alarms } => {
            for names in alarms.chunks(MOST_ALARMS) {
                let call = client
                    .enable_alarm_actions()
                    .set_alarm_names(Some(names.to_vec()));
                let answer = caller.call(operation, call.send()).await?;
                receipt.request_id = answer.request_id().map(str::to_owned);
            }
        }
        Write::DisableAlarmActions { alarms } => {
            for names in alarms.chunks(MOST_ALARMS) {
                let call = client
                    .disable_alarm_actions()
                    .set_alarm_names(Some(names.to_vec()));
                let answer = caller.call(operation, call.send()).await?;
                receipt.request_id = answer.request_id().map(str::to_owned);
            }
        }
    }
    Ok(receipt)
}
