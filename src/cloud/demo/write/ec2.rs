//! Changes of EC2 instances.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html>

use super::super::sim::Sim;
use super::super::sim::instance::{Instance, State};
use super::super::time::{SECOND, iso};
use super::{Refusal, check_tags, record};
use crate::domain::fault::Fault;
use crate::domain::ops::ec2::Write;

pub fn apply(sim: &mut Sim, write: &Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let instances = match write {
        Write::StopInstances { instances }
        | Write::StartInstances { instances }
        | Write::RebootInstances { instances } => instances,
        Write::PutTags { instance, tags } => {
            check_tags(tags, refuse)?;
            let found = find(sim, instance, refuse)?;
            for tag in tags {
                found.tags.insert(tag.key.clone(), tag.value.clone());
            }
            record(sim, refuse, &[instance]);
            return Ok(None);
        }
        Write::DeleteTags { instance, keys } => {
            let found = find(sim, instance, refuse)?;
            found.tags.retain(|key, _| !keys.contains(key));
            record(sim, refuse, &[instance]);
            return Ok(None);
        }
    };
    // AWS does all of it or nothing.
    for id in instances {
        check(sim, id, write, refuse)?;
    }
    let now = sim.now;
    for id in instances {
        let state = sim.instances[id].state;
        match write {
            Write::StopInstances { .. } if matches!(state, State::Running | State::Pending) => {
                if let Some(instance) = sim.instances.get_mut(id) {
                    instance.reason = Some(format!("User initiated ({})", iso(now)));
                }
                sim.set_instance(id, State::Stopping, Some(40 * SECOND), now);
            }
            Write::StartInstances { .. } if state == State::Stopped => {
                if let Some(instance) = sim.instances.get_mut(id) {
                    instance.reason = None;
                }
                sim.set_instance(id, State::Pending, Some(14 * SECOND), now);
            }
            Write::RebootInstances { .. } => {
                // It stays `running`, and whoever looks into it waits for it to come back.
                if let Some(instance) = sim.instances.get_mut(id) {
                    instance.up_since = Some(now + 50 * SECOND);
                }
            }
            Write::StopInstances { .. }
            | Write::StartInstances { .. }
            | Write::PutTags { .. }
            | Write::DeleteTags { .. } => {}
        }
        record(sim, refuse, &[id]);
    }
    Ok(None)
}

fn find<'s>(sim: &'s mut Sim, id: &str, refuse: &Refusal) -> Result<&'s mut Instance, Fault> {
    sim.instances.get_mut(id).ok_or_else(|| {
        refuse.absent(
            "InvalidInstanceID.NotFound",
            format!("The instance ID '{id}' does not exist"),
        )
    })
}

fn check(sim: &Sim, id: &str, write: &Write, refuse: &Refusal) -> Result<(), Fault> {
    let instance = sim.instances.get(id).ok_or_else(|| {
        refuse.absent(
            "InvalidInstanceID.NotFound",
            format!("The instance ID '{id}' does not exist"),
        )
    })?;
    let wrong_state = |what: &str| {
        Err(refuse.conflict(
            "IncorrectInstanceState",
            format!("The instance '{id}' is not in a state from which it can be {what}."),
        ))
    };
    match (write, instance.state) {
        (Write::StopInstances { .. }, State::ShuttingDown | State::Terminated) => wrong_state("stopped"),
        (Write::StartInstances { .. }, State::Stopping | State::ShuttingDown | State::Terminated) => {
            wrong_state("started")
        }
        (Write::RebootInstances { .. }, state) if state != State::Running => wrong_state("rebooted"),
        (Write::StopInstances { .. }, _) if instance.spot => Err(refuse.invalid(
            "UnsupportedOperation",
            format!(
                "You can't stop the Spot Instance '{id}' because it is associated with a one-time Spot Instance request. You can only stop Spot Instances associated with persistent Spot Instance requests."
            ),
        )),
        _ => Ok(()),
    }
}
