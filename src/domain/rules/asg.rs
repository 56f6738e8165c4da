//! Auto Scaling groups: instances that are missing, launches that fail, Spot capacity that AWS takes
//! back, and settings that somebody forgot.

pub mod activities;
pub mod below_desired;
pub mod launch_failed;
pub mod process_suspended;
pub mod schedule;
pub mod spot;

use jiff::Timestamp;

use crate::domain::asg::Group;
use crate::domain::rules::Context;

/// All groups, and when they were read.
fn groups<'a>(context: &Context<'a>) -> impl Iterator<Item = (&'a Group, Timestamp)> {
    let known = context.state.groups.value.as_ref();
    known
        .into_iter()
        .flat_map(|(groups, at)| groups.iter().map(|group| (group, *at)))
}
