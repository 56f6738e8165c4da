//! Clocks: the only code that touches the time of the machine or of tokio.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

use crate::cloud::BoxFuture;

/// Something that tells the time and waits.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Waits for a span of this clock's time.
    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()>;
}

/// The two clocks of a process.
#[derive(Clone)]
pub struct Clocks {
    /// AWS's: waits, deadlines, the age of data; accelerated in the demo.
    pub cloud: Arc<dyn Clock>,
    /// The user's: prompts, input, frames.
    pub wall: Arc<dyn Clock>,
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(span))
    }
}

/// How many times faster than the machine's a clock may run.
pub const SPEEDS: std::ops::RangeInclusive<f64> = 0.01..=10_000.0;

/// A clock that runs faster than the machine's, for the demo.
#[derive(Debug, Clone, Copy)]
pub struct ScaledClock {
    started: Timestamp,
    origin: Timestamp,
    speed: f64,
}

impl ScaledClock {
    /// A clock that shows `origin` now and runs `speed` times as fast as the machine's.
    pub fn new(origin: Timestamp, speed: f64) -> Self {
        Self {
            started: Timestamp::now(),
            origin,
            speed: speed.clamp(*SPEEDS.start(), *SPEEDS.end()),
        }
    }
}

impl Clock for ScaledClock {
    fn now(&self) -> Timestamp {
        let elapsed = Timestamp::now().duration_since(self.started).as_secs_f64() * self.speed;
        self.origin
            .saturating_add(SignedDuration::from_secs_f64(elapsed))
            .unwrap_or(Timestamp::MAX)
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(span.div_f64(self.speed)))
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Manual>>);

#[derive(Debug)]
struct Manual {
    now: Timestamp,
    sleepers: BTreeMap<(Timestamp, u64), oneshot::Sender<()>>,
    next: u64,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Manual {
            now,
            sleepers: BTreeMap::new(),
            next: 0,
        })))
    }

    /// Moves the clock on and wakes whoever is due.
    pub fn advance(&self, span: SignedDuration) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.now = inner.now.saturating_add(span).unwrap_or(Timestamp::MAX);
        let now = inner.now;
        let later = inner.sleepers.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut inner.sleepers, later);
        for sleeper in due.into_values() {
            // The sleeper may have been dropped: then nobody waits any more.
            let _ = sleeper.send(());
        }
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).now
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let at = inner
                .now
                .saturating_add(SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX))
                .unwrap_or(Timestamp::MAX);
            let id = inner.next;
            inner.next += 1;
            inner.sleepers.insert((at, id), sender);
        }
        Box::pin(async move {
            // An error means that the clock is gone, and with it the time to wait for.
            let _ = receiver.await;
        })
    }
}
