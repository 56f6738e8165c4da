//! EKS node groups: updates of their sizes, which the Auto Scaling groups behind them carry out.

use std::collections::BTreeMap;

use super::super::plan::functions::Kubernetes as Plan;
use super::super::signal;
use super::super::time::{Ms, SECOND, iso, part};
use super::{Sim, Timer};

/// Updates by cluster and node group, oldest first.
pub type Updates = BTreeMap<(String, String), Vec<Update>>;

/// How long EKS takes for an update of sizes.
const LASTS: Ms = 25 * SECOND;

/// An update of a node group.
#[derive(Debug, Clone)]
pub struct Update {
    /// Its id.
    pub id: String,
    /// Until when it is in progress.
    pub until: Ms,
}

impl Sim {
    /// A cluster's plan and the index of the Auto Scaling group behind one of its node groups.
    pub fn find_nodegroup(&self, cluster: &str, name: &str) -> Option<(&Plan, usize)> {
        let plan = self.plan.kubernetes.iter().find(|plan| plan.name == cluster)?;
        let (_, behind) = plan.nodegroups.iter().find(|(group, _)| group == name)?;
        Some((plan, self.find_group(behind)?))
    }

    /// Whether a node group is being updated.
    pub fn is_updating(&self, cluster: &str, name: &str) -> bool {
        let key = (cluster.to_owned(), name.to_owned());
        let updates = self.node_updates.get(&key).into_iter().flatten();
        updates.into_iter().any(|update| update.until > self.now)
    }

    /// Sets the sizes of a node group; gives the update's id.
    pub fn resize_nodegroup(
        &mut self,
        key: (String, String),
        group: usize,
        sizes: (u32, u32, u32),
    ) -> String {
        let (min, max, desired) = sizes;
        let at = self.now;
        let state = &mut self.groups[group];
        state.cause = format!(
            "At {} a user request update of AutoScalingGroup constraints to min: {min}, max: {max}, desired: {desired} changing the desired capacity from {} to {desired}.  ",
            iso(at),
            state.desired
        );
        (state.min, state.max, state.desired) = (min, max, desired);
        self.set_timer(at, Timer::Group { group });
        let id = signal::uuid(&[self.seed, signal::name(&key.1), part(at), 21]);
        self.node_updates.entry(key).or_default().push(Update {
            id: id.clone(),
            until: at + LASTS,
        });
        id
    }
}
