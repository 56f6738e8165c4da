//! What the engine gives a cloud: its clock, the rate budgets and the meter.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::cloud::meter::{Call, CallEnd};
use crate::cloud::{BoxFuture, Cloud, Host};
use crate::domain::meter::MeterReading;
use crate::domain::ops::Operation;
use crate::domain::scope::{Scope, ScopeName};
use crate::engine::budget::Budgets;
use crate::engine::clock::Clock;
use crate::engine::meter::Meter;

/// Makes the cloud once there is a host for it. Only `main` knows how to make one, and a console draws its
/// first frame before it does.
pub type MakeCloud = Box<dyn FnOnce(Arc<EngineHost>) -> anyhow::Result<Arc<dyn Cloud>> + Send>;

/// The [`Host`] of a process: one, shared by every scope, so that budgets and meter see every call.
pub struct EngineHost {
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    budgets: Budgets,
    meter: Meter,
    /// Account and region of a scope, once its identity is known; until then its name stands in.
    places: BTreeMap<ScopeName, String>,
}

impl EngineHost {
    /// A host on the cloud's clock.
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            clock,
            inner: Mutex::default(),
        })
    }

    /// Notes which account is behind a scope, so that scopes of one account share its budgets.
    pub fn place(&self, scope: &Scope, account: &str) {
        self.lock()
            .places
            .insert(scope.name.clone(), format!("{account}/{}", scope.region));
    }

    /// What the meter shows.
    pub fn meter(&self) -> MeterReading {
        let now = self.clock.now();
        let mut inner = self.lock();
        MeterReading {
            backing_off: inner.budgets.backing_off(now),
            ..inner.meter.reading(now)
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Host for EngineHost {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'static, ()> {
        self.clock.sleep(span)
    }

    fn admit(&self, scope: &Scope, operation: Operation) -> BoxFuture<'static, ()> {
        let wait = {
            let mut inner = self.lock();
            let place = inner
                .places
                .get(&scope.name)
                .cloned()
                .unwrap_or_else(|| scope.name.to_string());
            inner.budgets.take(&place, operation, self.clock.now())
        };
        if wait.is_zero() {
            Box::pin(std::future::ready(()))
        } else {
            self.clock.sleep(wait)
        }
    }

    fn metered(&self, call: Call) {
        let now = self.clock.now();
        let mut inner = self.lock();
        if call.end == CallEnd::Throttled {
            let place = inner
                .places
                .get(&call.scope)
                .cloned()
                .unwrap_or_else(|| call.scope.to_string());
            inner.budgets.throttled(&place, call.operation, now);
        }
        tracing::debug!(scope = %call.scope, operation = %call.operation, end = ?call.end, "called");
        inner.meter.count(&call, now);
    }
}
