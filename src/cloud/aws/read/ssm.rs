//! Reads of `ssm`.

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::Fault;
use crate::domain::ops::Reply;
use crate::domain::ops::ssm::Read;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    Err(caller.unsupported(read.operations()))
}
