//! GPUs: cards that are hot, throttled, faulty, lost or idle while they are paid for, and hosts that
//! do not answer. Cards are only asked while somebody looks, so an old answer says nothing about now.

pub mod cards;
pub mod hosts;
pub mod idle;
mod sight;

use std::collections::HashMap;

use jiff::SignedDuration;

use crate::domain::ec2::Instance;
use crate::domain::gpu::HostReading;
use crate::domain::rules::Context;

/// Readings older than this say nothing about now.
const MOST_AGE: SignedDuration = SignedDuration::from_mins(15);

/// A host that was asked, with the instance as EC2 knows it.
struct Host<'a> {
    reading: &'a HostReading,
    instance: Option<&'a Instance>,
}

impl<'a> Host<'a> {
    /// What people call the host.
    fn name(&self) -> &'a str {
        self.instance
            .and_then(|instance| instance.name.as_deref())
            .unwrap_or(&self.reading.instance_id)
    }
}

/// All hosts that were asked lately.
fn hosts<'a>(context: &Context<'a>) -> Vec<Host<'a>> {
    let Some((readings, at)) = &context.state.gpu.value else {
        return Vec::new();
    };
    if context.now.duration_since(*at) > MOST_AGE {
        return Vec::new();
    }
    let instances: HashMap<&str, &Instance> = context
        .state
        .instances
        .get()
        .into_iter()
        .flatten()
        .map(|instance| (instance.id.as_str(), instance))
        .collect();
    readings
        .iter()
        .map(|reading| Host {
            reading,
            instance: instances.get(reading.instance_id.as_str()).copied(),
        })
        .collect()
}
