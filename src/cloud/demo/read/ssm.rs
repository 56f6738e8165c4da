//! Systems Manager: which hosts have an agent, and what the GPU probe prints on them.

use super::super::gpu;
use super::super::metric::cards;
use super::super::plan::fleet::Host;
use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::instance::State;
use super::super::time::{HOUR, MINUTE, Ms, SECOND, stamp};
use crate::domain::ssm::{ManagedHost, Ping, ProbeEnd, ProbeOutput};

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
