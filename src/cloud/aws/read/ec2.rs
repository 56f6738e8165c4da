//! Reads of `ec2`.

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::Fault;
use crate::domain::ops::Reply;
use crate::domain::ops::ec2::Read;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    Err(caller.unsupported(read.operations()))
}
