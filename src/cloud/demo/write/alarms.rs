//! Changes of alarms.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DisableAlarmActions.html>

use super::super::sim::Sim;
use super::{Refusal, record};
use crate::domain::fault::Fault;
use crate::domain::ops::cloudwatch::Write;

/// The most alarms of one call.
const MOST: usize = 100;

pub fn apply(sim: &mut Sim, write: &Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let (enabled, alarms) = match write {
        Write::EnableAlarmActions { alarms } => (true, alarms),
        Write::DisableAlarmActions { alarms } => (false, alarms),
    };
    if alarms.len() > MOST {
        return Err(refuse.invalid("ValidationError", format!("At most {MOST} alarms can be given.")));
    }
    let plan = std::sync::Arc::clone(&sim.plan);
    let names = plan
        .alarms
        .iter()
        .map(|alarm| &alarm.name)
        .chain(plan.composite_alarms.iter().map(|alarm| &alarm.name));
    // CloudWatch says nothing of alarms that are not there.
    for (name, state) in names.zip(&mut sim.alarms) {
        if alarms.contains(name) {
            state.actions_enabled = enabled;
        }
    }
    let names: Vec<&str> = alarms.iter().map(String::as_str).collect();
    record(sim, refuse, &names);
    Ok(None)
}
