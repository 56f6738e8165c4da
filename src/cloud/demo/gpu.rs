//! What the GPU probe prints on a simulated host: the text of nvidia-smi, with the values that
//! the host's cards have at that moment.

use super::metric::cards;
use super::plan::fleet::Host;
use super::signal;
use super::sim::Sim;
use super::sim::instance::Instance;

const DRIVER_DOWN: &str = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n";

/// Standard output of the probe on a host that answers.
pub fn probe_output(sim: &Sim, instance: &Instance) -> String {
    let Some(kind) = cards(&instance.instance_type) else {
        return "NOSMI\n".to_owned();
    };
    match instance.host {
        Host::NoNvidiaSmi => return "NOSMI\n".to_owned(),
        Host::DriverError => return format!("{DRIVER_DOWN}#RC=9\n"),
        _ => {}
    }
    let mut rows = String::new();
    let mut apps = String::new();
    for nth in 0..kind.count {
        let Some(card) = sim.card(instance, nth, sim.now) else {
            continue;
        };
        let uuid = format!(
            "GPU-{}",
            signal::uuid(&[sim.seed, signal::name(&instance.id), u64::from(nth), 1])
        );
        let active = card.utilisation > 0.0;
        let (pstate, clock) = if active { ("P0", kind.clock) } else { ("P8", 210) };
        let uncorrected = if instance.host == Host::Ecc { 3 } else { 0 };
        rows.push_str(&format!(
            "{nth}, {uuid}, {}, 550.127.05, {}, {}, {}, {}, {}, {:.2}, {:.2}, {pstate}, {clock}, {uncorrected}, [N/A]\n",
            kind.product,
            card.utilisation,
            card.memory_utilisation,
            card.used_mib,
            card.total_mib,
            card.temperature,
            card.power,
            card.limit,
        ));
        if card.used_mib > 0.0 {
            let pid = 3_000 + signal::hash(&sim.key(&instance.id, 12)) % 6_000;
            apps.push_str(&format!(
                "{uuid}, {pid}, {}, python3 -m invokeai.worker\n",
                card.used_mib - 260.0
            ));
        }
    }
    format!("{rows}#RC=0\n{apps}")
}
