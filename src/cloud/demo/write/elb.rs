//! Changes of target groups.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html>

use super::super::sim::target::{Backend, CHECK, DRAIN};
use super::super::sim::{Sim, Timer};
use super::{Refusal, record};
use crate::domain::fault::Fault;
use crate::domain::ops::elb::Write;

pub fn apply(sim: &mut Sim, write: &Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let (Write::DeregisterTargets {
        target_group,
        targets,
    }
    | Write::RegisterTargets {
        target_group,
        targets,
    }) = write;
    let name = sim.target_group_name(target_group).ok_or_else(|| {
        refuse.absent(
            "TargetGroupNotFound",
            format!("Target groups '{target_group}' not found"),
        )
    })?;
    let now = sim.now;
    let group = &sim.targets[&name];
    let instances_only = matches!(group.backend, Backend::Group(_));
    let here: Vec<String> = sim
        .list_targets(group, now)
        .into_iter()
        .map(|target| target.id)
        .collect();
    for (id, _) in targets {
        let registering = matches!(write, Write::RegisterTargets { .. });
        if instances_only && registering && !sim.instances.contains_key(id) {
            return Err(refuse.invalid(
                "InvalidTarget",
                format!("The following targets are not valid instances: '{id}'"),
            ));
        }
        // To take out what is not in is fine; AWS says nothing of it.
        if !registering && !here.contains(id) {
            continue;
        }
        if let Some(group) = sim.targets.get_mut(&name) {
            if registering {
                group.removed.remove(id);
                group.added.insert(id.clone(), now);
            } else {
                group.added.remove(id);
                group.removed.insert(id.clone(), now);
            }
        }
    }
    sim.note_targets(&name, now);
    // It matters again when the drain is over, or the first checks are.
    sim.set_timer(now + DRAIN.max(CHECK), Timer::Targets { name: name.clone() });
    record(sim, refuse, &[&name]);
    Ok(None)
}
