//! Changes of queues.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>

use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::queue::Move;
use super::super::time::{MINUTE, part};
use super::{Refusal, record};
use crate::domain::fault::Fault;
use crate::domain::ops::sqs::Write;

pub fn apply(sim: &mut Sim, write: &Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let Write::StartMessageMoveTask { source } = write;
    let index = sim
        .plan
        .queues
        .iter()
        .position(|plan| &sim.plan.arn("sqs", &plan.name) == source)
        .ok_or_else(|| {
            refuse.absent(
                "ResourceNotFoundException",
                "The resource that you specified for the SourceArn parameter doesn't exist.",
            )
        })?;
    let name = sim.plan.queues[index].name.clone();
    let is_dead_letter = sim
        .plan
        .queues
        .iter()
        .any(|plan| plan.dead_letter.as_ref().is_some_and(|(dead, _)| *dead == name));
    if !is_dead_letter {
        return Err(refuse.invalid(
            "InvalidParameterValue",
            "Source queue must be configured as a Dead Letter Queue.",
        ));
    }
    if sim.queues[index].moving.is_some() {
        return Err(refuse.conflict(
            "UnsupportedOperation",
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
        ));
    }
    sim.queues[index].moving = Some(Move {
        until: sim.now + 2 * MINUTE,
    });
    let handle = signal::hex(&[sim.seed, signal::name(&name), part(sim.now)], 48);
    record(sim, refuse, &[&name]);
    Ok(Some(handle))
}
