//! Actions on EC2 Auto Scaling groups.

mod capacity;
mod cost;
mod processes;
mod protect;
mod refresh;
mod schedule;
mod sizes;
mod terminate;
mod warm_pool;

pub(super) use capacity::{SetCapacity, resize};
pub(super) use cost::{of as cost_of, spot_query};
pub(super) use processes::{RESUME as RESUME_PROCESSES, SUSPEND as SUSPEND_PROCESSES};
pub(super) use protect::Protect;
pub(super) use refresh::{CANCEL as CANCEL_REFRESH, ROLLBACK as ROLLBACK_REFRESH, StartRefresh};
pub(super) use schedule::{DeleteScheduledAction, PutScheduledAction};
pub use sizes::Sizes;
pub(super) use terminate::TerminateInstance;
pub(super) use warm_pool::{Prepared, SetWarmPool};

use crate::domain::asg::Group;
use crate::domain::ec2::foreign_owner;
use crate::domain::ids::Kind;
use crate::runbook::action::{Refusal, Sight, Site, Target, View};

/// Processes that would raise a group again that is put to rest.
pub(super) const HOLDS: [&str; 2] = ["AlarmNotification", "ScheduledActions"];

/// The group that is to be changed: it must be there, and be ours.
fn group<'v>(view: &'v View, name: &str) -> Result<&'v Group, Refusal> {
    let group = view
        .group(name)?
        .ok_or_else(|| Refusal::absent(format!("there is no Auto Scaling group {name}")))?;
    match foreign_owner(&group.tags) {
        Some(owner) => Err(Refusal::state(format!(
            "{name} is run by {owner}, which would undo the change: change it there"
        ))),
        None => Ok(group),
    }
}

fn target(site: &Site<'_>, group: &Group) -> Target {
    site.target(Kind::Asg, &group.arn, &group.name)
}

/// What the group of this ARN looks like, by a function of it. One that was made anew under the same name
/// is another.
fn sight(view: &View, id: &str, fields: impl FnOnce(&Group) -> crate::runbook::action::Fields) -> Sight {
    Sight::of(view.group(id), fields)
}
