//! Waiting for a condition, with a deadline and without sleeping blindly.

use std::thread;
use std::time::{Duration, Instant};

/// Between two looks at a condition that nobody announces.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Looks until there is something, at most for `limit`; then the test fails and says `what` was missing.
#[track_caller]
pub fn wait_for<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} in vain for {what}");
        thread::park_timeout(BETWEEN_LOOKS);
    }
}

/// Looks until it is so; see [`wait_for`].
#[track_caller]
pub fn wait_until(limit: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    wait_for(limit, what, || is_so().then_some(()));
}
