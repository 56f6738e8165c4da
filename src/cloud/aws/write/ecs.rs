//! Changes through `ecs`.

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::Fault;
use crate::domain::ops::ecs::Write;
use crate::domain::ops::{Receipt, Token};

/// Makes a change, once.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    Err(caller.unsupported(&[change.operation()]))
}
