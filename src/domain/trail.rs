//! CloudTrail: who changed what.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A write that CloudTrail recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailEvent {
    /// The event's id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The API operation.
    pub name: String,
    /// The service, such as `ecs.amazonaws.com`.
    pub source: String,
    /// Who.
    pub user: Option<String>,
    /// The names of the resources it touched.
    pub resources: Vec<String>,
}
