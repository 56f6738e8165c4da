//! How many calls are under way at a time over all services and scopes, so that a slow endpoint or a
//! thin link is not asked faster than it answers.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::cloud::Host;

/// Calls under way. At 50 ms a call, what an AWS region takes, that is 320 calls a second.
const PLACES: usize = 16;

/// How long a call keeps its place. One that is not answered by then waits on, but no longer in the way
/// of others: a service that hangs must not keep the other panes from being read.
const KEPT: Duration = Duration::from_secs(2);

/// The calls under way.
pub(super) struct Crowd {
    places: Semaphore,
}

impl Default for Crowd {
    fn default() -> Self {
        Self {
            places: Semaphore::new(PLACES),
        }
    }
}

impl Crowd {
    /// Waits for a place, then for the answer.
    pub(super) async fn join<T>(&self, host: &dyn Host, mut call: Pin<Box<impl Future<Output = T>>>) -> T {
        let place = self
            .places
            .acquire()
            .await
            .expect("the semaphore is never closed");
        tokio::select! {
            biased;
            answer = &mut call => return answer,
            () = host.sleep(KEPT) => drop(place),
        }
        call.await
    }
}
