//! Commands, messages and programs. Nothing leaves the process: a message is taken, a program is not run.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html>
//! <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>

use super::super::read::topic;
use super::super::signal;
use super::super::sim::{Command, Sim};
use super::super::time::part;
use super::{Refusal, record};
use crate::domain::fault::Fault;
use crate::domain::ops::{exec, http, sns, ssm};
use crate::domain::web::Address;

pub fn command(sim: &mut Sim, write: &ssm::Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let ssm::Write::RunDocument {
        document, instance, ..
    } = write;
    let host = sim
        .instances
        .get(instance)
        .filter(|host| host.is_registered(sim.now));
    if host.is_none() {
        return Err(refuse.invalid("InvalidInstanceId", "Instances not in a valid state for account"));
    }
    let id = signal::uuid(&[
        sim.seed,
        part(sim.now),
        signal::name(instance),
        signal::name(document),
    ]);
    sim.commands.push(Command {
        id: id.clone(),
        document: document.clone(),
        instance: instance.clone(),
        at: sim.now,
    });
    record(sim, refuse, &[instance]);
    Ok(Some(id))
}

pub fn publish(sim: &Sim, write: &sns::Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let sns::Write::Publish { topic: arn, .. } = write;
    if topic(sim, arn).is_none() {
        return Err(refuse.absent("NotFound", "Topic does not exist"));
    }
    // CloudTrail does not record what is published.
    Ok(Some(signal::uuid(&[sim.seed, part(sim.now), signal::name(arn)])))
}

pub fn post(write: &http::Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let http::Write::Post { to, .. } = write;
    if let http::Destination::Url(url) = to
        && !Address::parse(url).is_ok_and(|address| address.may_be_told())
    {
        return Err(refuse.invalid("InvalidAddress", "a webhook is told over https"));
    }
    Ok(None)
}

/// The demo runs nothing on anybody's machine; the program ends well as far as it is concerned.
pub fn exec(write: &exec::Write) -> String {
    let exec::Write::Run { program, .. } = write;
    let outcome = exec::Outcome {
        exit_code: Some(0),
        timed_out: false,
        output: format!("the demo does not run {program}"),
    };
    serde_json::json!(outcome).to_string()
}
