//! Reads of the Security Token Service.

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::{CredentialFault, Fault, FaultKind};
use crate::domain::ops::sts::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};
use crate::domain::scope::Identity;

const GET_CALLER_IDENTITY: Operation = Operation::allowed_by("sts", "GetCallerIdentity", "");

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::CallerIdentity => identity(caller).await,
    }
}

async fn identity(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let answer = caller
        .call(GET_CALLER_IDENTITY, caller.sts().get_caller_identity().send())
        .await?;
    let identity = Identity {
        account: answer.account.unwrap_or_default(),
        arn: answer.arn.unwrap_or_default(),
        credentials_expire_at: caller.clients().credentials().expire_at().await,
        server_time: caller.clients().server_time(),
    };
    if let Some(expected) = &caller.scope().expected_account
        && *expected != identity.account
    {
        return Err(Fault::new(
            FaultKind::Credentials(CredentialFault::WrongAccount),
            GET_CALLER_IDENTITY.service,
            GET_CALLER_IDENTITY.name,
            format!("the account is {}, not {expected}", identity.account),
        ));
    }
    Ok(Reply::whole(ReplyData::Identity(identity)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        assert_eq!(Read::CallerIdentity.operations(), [GET_CALLER_IDENTITY]);
    }
}
