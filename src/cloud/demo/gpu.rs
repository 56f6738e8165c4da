//! What the GPU probe prints on a simulated host: the text of nvidia-smi between the probe's own
//! markers (`domain::gpu::probe` has the line of shell), with the values that the host's cards have
//! at that moment.

use super::metric::cards;
use super::plan::fleet::Host;
use super::signal;
use super::sim::Sim;
use super::sim::instance::Instance;
use super::time::Ms;

const DRIVER: &str = "550.127.05";
const DRIVER_DOWN: &str = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n";
/// Clock throttle reasons as nvidia-smi prints them: an idle card, and one that is too hot.
const IDLE: &str = "0x0000000000000001";
const BUSY: &str = "0x0000000000000000";
const TOO_HOT: &str = "0x0000000000000020";

/// Standard output of the probe on a host that answers.
pub fn probe_output(sim: &Sim, instance: &Instance, at: Ms) -> String {
    let Some(kind) = cards(&instance.kind) else {
        return "#nosmi\n#end 0\n".to_owned();
    };
    match instance.host {
        Host::NoNvidiaSmi => return "#nosmi\n#end 0\n".to_owned(),
        Host::DriverError => return format!("#gpu 9\n{DRIVER_DOWN}#end 0\n"),
        Host::Normal
        | Host::Idle
        | Host::AgentOffline
        | Host::NoAgent
        | Host::Hangs
        | Host::Hot
        | Host::Ecc => {}
    }
    let (mut core, mut optional, mut processes) = (String::new(), String::new(), String::new());
    for nth in 0..kind.count {
        let Some(card) = sim.card(instance, nth, at) else {
            continue;
        };
        let uuid = signal::uuid(&[sim.seed, signal::name(&instance.id), u64::from(nth), 1]);
        let (pstate, clock) = if card.busy {
            ("P0", kind.clock)
        } else {
            ("P8", 210)
        };
        let uncorrected = if instance.host == Host::Ecc { 3 } else { 0 };
        core.push_str(&format!(
            "{nth}, GPU-{uuid}, {DRIVER}, {}, {}, {}, {}, {:.2}, {:.2}, {pstate}, {clock}, {uncorrected}, {}\n",
            card.utilisation,
            card.used_mib,
            card.total_mib,
            card.temperature,
            card.power,
            card.limit,
            kind.product,
        ));
        let throttled = match (instance.host, card.busy) {
            (Host::Hot, _) => TOO_HOT,
            (_, true) => BUSY,
            (_, false) => IDLE,
        };
        // Turing cards do not remap rows.
        let remapped = if kind.model == "T4" { "[N/A]" } else { "No" };
        optional.push_str(&format!("{nth}, {throttled}, [N/A], {remapped}, {remapped}\n"));
        if card.used_mib > 0.0 {
            let pid = 3_000 + signal::hash(&sim.key(&instance.id, 12)) % 6_000;
            let start = uuid.split('-').next().unwrap_or_default();
            processes.push_str(&format!(
                "={start},{pid}, {}, {}\n",
                card.used_mib - 260.0,
                program(sim, instance)
            ));
        }
    }
    // This driver is older than the field.
    format!("#gpu 0\n{core}#ext 0 ,gpu_recovery_action\n{optional}#apps 0\n{processes}#end 0\n")
}

/// What holds the card.
fn program(sim: &Sim, instance: &Instance) -> &'static str {
    match instance
        .group
        .map(|group| sim.plan.groups[group].cloudwatch_agent)
    {
        Some(true) => "python3 -m invokeai.worker",
        Some(false) => "/opt/tritonserver/bin/tritonserver",
        None => "/opt/conda/bin/python",
    }
}
