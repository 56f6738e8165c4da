//! How a source stands, whatever its value is.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::fault::Fault;
use crate::domain::loadable::{Failing, Loadable};

/// Age, failure and gaps of a source.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// When its value was true, if it has one.
    pub at: Option<Timestamp>,
    /// What is wrong with asking.
    pub failing: Option<Failing>,
    /// What the newest answer could not include.
    pub gaps: Arc<[Fault]>,
}

impl Standing {
    pub(super) fn of<T>(loadable: &Loadable<T>) -> Self {
        Self {
            at: loadable.at(),
            failing: loadable.failing.clone(),
            gaps: loadable.gaps.clone(),
        }
    }

    pub(super) fn of_any<T>(loadable: Option<&Loadable<T>>) -> Self {
        loadable.map_or_else(Self::default, Self::of)
    }

    /// Whether the source was ever answered, well or badly.
    pub fn is_settled(&self) -> bool {
        self.at.is_some() || self.failing.is_some()
    }
}
