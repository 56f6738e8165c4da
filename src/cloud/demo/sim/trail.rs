//! Who changed what: CloudTrail's record.

use super::super::time::Ms;
use super::Sim;

/// A write that CloudTrail has recorded.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When.
    pub at: Ms,
    /// The API operation.
    pub name: &'static str,
    /// The service, such as `ecs.amazonaws.com`.
    pub source: &'static str,
    /// Who.
    pub user: String,
    /// The names of the resources.
    pub resources: Vec<String>,
}

/// Who deploys from the pipeline.
pub const PIPELINE: &str = "github-actions";

impl Sim {
    /// Records a write.
    pub fn record(&mut self, at: Ms, call: (&'static str, &'static str), user: &str, resources: &[&str]) {
        let (source, name) = call;
        self.trail.push(Entry {
            at,
            name,
            source,
            user: user.to_owned(),
            resources: resources.iter().map(|name| (*name).to_owned()).collect(),
        });
    }
}
