//! EC2 instances: status checks, and credits that run out.

pub mod cpu_credits;
pub mod ebs_burst;
pub mod status_check;

use crate::domain::ec2::Instance;
use crate::domain::rules::Context;

/// Instances that run.
fn running<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Instance> {
    context
        .state
        .instances
        .get()
        .into_iter()
        .flatten()
        .filter(|instance| instance.is_running())
}

/// What people call the instance.
fn name(instance: &Instance) -> &str {
    instance.name.as_deref().unwrap_or(&instance.id)
}
