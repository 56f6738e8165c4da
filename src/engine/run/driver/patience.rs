//! Waiting for credentials: whether they work again is asked now and then, for as long as it was said.

use std::sync::Arc;
use std::time::Duration;

use super::{Driver, Inside};
use crate::domain::ops::{Query, sts};
use crate::engine::run::Patience;

/// How often it is asked at first, on the user's clock; each time half as long again, up to the most.
const FIRST: Duration = Duration::from_secs(5);
const MOST: Duration = Duration::from_secs(30);

impl Driver {
    /// Begins to ask, unless it is being asked.
    pub(super) fn begin_probe(&mut self) {
        if self.probe.as_ref().is_some_and(|probe| !probe.is_finished()) {
            return;
        }
        let wall = Arc::clone(&self.inner.clocks.wall);
        let cloud = Arc::clone(&self.inner.cloud);
        let scope = Arc::clone(&self.scope);
        let inside = self.inside.clone();
        let patience = self.patience;
        self.probe = Some(tokio::spawn(async move {
            let begun = wall.now();
            let mut pause = FIRST;
            loop {
                let waited = Duration::try_from(wall.now().duration_since(begun)).unwrap_or_default();
                let left = match patience {
                    Patience::Endless => Duration::MAX,
                    Patience::For(span) => span.saturating_sub(waited),
                };
                if left.is_zero() {
                    // The run may be over by now, here and below.
                    let _ = inside.send(Inside::OutOfPatience);
                    return;
                }
                wall.sleep(pause.min(left)).await;
                pause = pause.mul_f32(1.5).min(MOST);
                cloud.forget(&scope);
                if cloud
                    .read(&scope, &Query::Sts(sts::Read::CallerIdentity))
                    .await
                    .is_ok()
                {
                    let _ = inside.send(Inside::Renewed);
                    return;
                }
            }
        }));
    }

    pub(super) fn end_probe(&mut self) {
        if let Some(probe) = self.probe.take() {
            probe.abort();
        }
    }
}
