//! The port to a cloud: what AWS and the demo both are to the rest of the program.

#[cfg(feature = "aws")]
pub mod aws;
pub mod meter;
pub mod read_only;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::fault::Fault;
use crate::domain::ops::{Mutation, Operation, Query, Receipt, Reply, Token};
use crate::domain::scope::Scope;

pub mod demo;

/// A future that can be kept and sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Takes parts of an answer.
pub type Parts<'a> = &'a (dyn Fn(Reply) + Send + Sync);

/// A cloud that can be asked and changed: `cloud::aws` over the SDK, [`demo`] over simulated estates.
///
/// Whoever implements it asks its [`Host`] for leave before each call ([`Host::admit`]), tells it of each
/// attempt ([`Host::metered`]), and takes the time from nowhere else.
pub trait Cloud: Send + Sync {
    /// Answers a question, paged to the end. Fails as a whole only where nothing could be read;
    /// what is missing from a partial answer is in its gaps.
    fn read<'a>(&'a self, scope: &'a Scope, query: &'a Query) -> BoxFuture<'a, Result<Reply, Fault>>;

    /// Like [`Cloud::read`], and hands parts of the answer to `part` as they come. Only the GPU probe is
    /// worth it, since some hosts answer long before others; every other answer comes in one piece. What is
    /// returned at the end is whole in any case.
    fn read_in_parts<'a>(
        &'a self,
        scope: &'a Scope,
        query: &'a Query,
        _part: Parts<'a>,
    ) -> BoxFuture<'a, Result<Reply, Fault>> {
        self.read(scope, query)
    }

    /// Makes a change, once: no retry happens in here. `token` goes with the call where AWS takes one.
    ///
    /// A [`Fault`] says whether the change can have been made: after a timeout it may have been, and a read
    /// has to show it before anybody tries again.
    fn write<'a>(
        &'a self,
        scope: &'a Scope,
        change: &'a Mutation,
        token: &'a Token,
    ) -> BoxFuture<'a, Result<Receipt, Fault>>;

    /// Gives the code of an MFA device to a scope that asked for one.
    fn supply_mfa_code(&self, scope: &Scope, code: &str);

    /// Forgets credentials and connections of a scope, so that the next call starts anew.
    fn forget(&self, scope: &Scope);
}

/// What a cloud needs of the engine: time, waiting, and leave to make one more call.
pub trait Host: Send + Sync {
    /// The cloud's clock.
    fn now(&self) -> Timestamp;

    /// Waits on the cloud's clock.
    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()>;

    /// Waits until the rate budget of the operation in this scope allows one more call.
    fn admit(&self, scope: &Scope, operation: Operation) -> BoxFuture<'static, ()>;

    /// Tells of an attempt that was made, retries included.
    fn metered(&self, call: meter::Call);
}
