//! Systems Manager: which hosts have an agent, and what the GPU probe prints on them.

use super::super::gpu;
use super::super::metric::cards;
use super::super::plan::fleet::Host;
use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::instance::State;
use super::super::time::{HOUR, MINUTE, Ms, SECOND, stamp};
use crate::domain::ssm::{CommandRun, CommandState, ManagedHost, Ping, ProbeEnd, ProbeOutput};

/// All hosts that have registered.
pub fn hosts(sim: &Sim) -> Vec<ManagedHost> {
    sim.instances
        .values()
        .filter(|instance| instance.is_registered(sim.now))
        .filter(|instance| matches!(instance.state, State::Running | State::Stopping))
        .map(|instance| {
            let online = instance.agent_answers(sim.now);
            let silent_since = match (instance.host, instance.up_since) {
                (Host::AgentOffline, _) => {
                    let before = signal::below(&sim.key(&instance.id, 2), 90) * MINUTE;
                    (sim.epoch - 2 * HOUR - before).max(instance.launched)
                }
                // It is about to come back from a restart.
                (_, Some(up)) => up.min(sim.now) - 50 * SECOND,
                (_, None) => sim.now - 20 * SECOND,
            };
            let heard = if online {
                sim.now - 20 * SECOND
            } else {
                silent_since
            };
            ManagedHost {
                instance_id: instance.id.clone(),
                ping: if online {
                    Ping::Online
                } else {
                    Ping::ConnectionLost
                },
                last_ping_at: Some(stamp(heard)),
                agent_version: Some("3.3.1611.0".to_owned()),
                platform: Some(
                    if cards(&instance.kind).is_some() {
                        "Ubuntu"
                    } else {
                        "Amazon Linux"
                    }
                    .to_owned(),
                ),
            }
        })
        .collect()
}

/// How long a document takes on a host that answers.
const RUNS: Ms = 6 * SECOND;

/// How long Systems Manager waits for a host that does not.
const GIVES_UP: Ms = 2 * MINUTE;

/// A command on a host: by its id, else the newest of that document since a moment.
pub fn command(
    sim: &Sim,
    (document, instance): (&str, &str),
    (id, since): (Option<&str>, Ms),
) -> Option<CommandRun> {
    let command = sim.commands.iter().rev().find(|command| {
        command.document == document
            && command.instance == instance
            && match id {
                Some(id) => command.id == id,
                None => command.at >= since,
            }
    })?;
    let answers = sim
        .instances
        .get(instance)
        .is_some_and(|host| host.agent_answers(command.at) && host.host != Host::Hangs);
    let age = sim.now - command.at;
    let state = match answers {
        true if age >= RUNS => CommandState::Done,
        false if age >= GIVES_UP => CommandState::TimedOut,
        true | false => CommandState::Running,
    };
    Some(CommandRun {
        id: command.id.clone(),
        state,
        exit_code: (state == CommandState::Done).then_some(0),
        output: String::new(),
    })
}

/// What the probe prints on each of these hosts.
pub fn probe(sim: &Sim, wanted: &[String]) -> Vec<ProbeOutput> {
    wanted.iter().map(|id| probe_one(sim, id, sim.now)).collect()
}

/// What the probe prints several times over, the last time now.
pub fn samples(sim: &Sim, wanted: &[String], (samples, gap_s): (u32, u32)) -> Vec<ProbeOutput> {
    let mut outputs = Vec::new();
    for back in (0..i64::from(samples.max(1))).rev() {
        let at = sim.now - back * i64::from(gap_s) * SECOND;
        for id in wanted {
            let output = probe_one(sim, id, at);
            if output.end == ProbeEnd::Done || back == 0 {
                outputs.push(output);
            }
        }
    }
    outputs
}

fn probe_one(sim: &Sim, id: &str, at: Ms) -> ProbeOutput {
    let output = |end, stdout: String, detail: &str| ProbeOutput {
        instance_id: id.to_owned(),
        end,
        stdout,
        detail: detail.to_owned(),
        truncated: false,
        at: stamp(at),
    };
    let Some(instance) = sim
        .instances
        .get(id)
        .filter(|instance| instance.is_registered(sim.now))
    else {
        return output(ProbeEnd::NotManaged, String::new(), "");
    };
    if !instance.agent_answers(sim.now) {
        return output(ProbeEnd::Offline, String::new(), "ConnectionLost");
    }
    match instance.host {
        Host::Hangs => output(ProbeEnd::TimedOut, String::new(), "Execution Timed Out"),
        _ => output(ProbeEnd::Done, gpu::probe_output(sim, instance, at), ""),
    }
}
