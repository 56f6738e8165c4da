//! Alarms and their history, GPU metrics that exist, queues, and CloudTrail.

use super::super::metric::cards;
use super::super::plan::watch::{AlarmStat, Comparison};
use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::alarm::Alarm as State;
use super::super::sim::instance::State as Life;
use super::super::time::{MINUTE, Ms, part, stamp};
use crate::domain::alarm::{Alarm, AlarmMetric, AlarmTransition};
use crate::domain::metric::{MetricId, Stat};
use crate::domain::queue::Queue;
use crate::domain::trail::TrailEvent;

/// How long CloudTrail needs until a call can be found.
const TRAIL_LAG: Ms = 2 * MINUTE;

/// All alarms.
pub fn alarms(sim: &Sim) -> Vec<Alarm> {
    let mut alarms: Vec<Alarm> = named(sim)
        .enumerate()
        .map(|(index, (name, state))| alarm(sim, index, name, state))
        .collect();
    alarms.sort_by(|a, b| a.name.cmp(&b.name));
    alarms
}

/// Changes of alarms since then, newest first.
pub fn history(sim: &Sim, since: Ms) -> Vec<AlarmTransition> {
    let mut all: Vec<AlarmTransition> = named(sim)
        .flat_map(|(name, state)| {
            state
                .transitions
                .iter()
                .filter(move |transition| transition.at >= since)
                .map(move |transition| AlarmTransition {
                    alarm: name.to_owned(),
                    at: stamp(transition.at),
                    summary: format!(
                        "Alarm updated from {} to {}",
                        transition.from.word(),
                        transition.to.word()
                    ),
                })
        })
        .collect();
    all.sort_by(|a, b| (b.at, &a.alarm).cmp(&(a.at, &b.alarm)));
    all
}

/// Alarms with their names, metric ones first.
fn named(sim: &Sim) -> impl Iterator<Item = (&str, &State)> {
    let names = sim.plan.alarms.iter().map(|plan| plan.name.as_str());
    let composites = sim.plan.composite_alarms.iter().map(|plan| plan.name.as_str());
    names.chain(composites).zip(&sim.alarms)
}

fn alarm(sim: &Sim, index: usize, name: &str, state: &State) -> Alarm {
    let plan = sim.plan.alarms.get(index);
    let composite = sim
        .plan
        .composite_alarms
        .get(index.wrapping_sub(sim.plan.alarms.len()));
    let notify = plan
        .map(|plan| &plan.notify)
        .or(composite.map(|plan| &plan.notify));
    let description = plan
        .and_then(|plan| plan.description.clone())
        .or_else(|| composite.and_then(|plan| plan.description.clone()));
    Alarm {
        arn: sim.plan.arn("cloudwatch", &format!("alarm:{name}")),
        name: name.to_owned(),
        description,
        state: state.state,
        reason: Some(state.reason.clone()),
        since: Some(stamp(state.since)),
        actions_enabled: state.actions_enabled,
        alarm_actions: notify
            .into_iter()
            .flatten()
            .map(|topic| sim.plan.arn("sns", topic))
            .collect(),
        metric: plan
            .zip(state.watched.as_ref())
            .map(|(plan, watched)| AlarmMetric {
                namespace: watched.id.namespace.clone(),
                name: watched.id.name.clone(),
                dimensions: watched.id.dimensions.clone(),
                comparison: match plan.when {
                    Comparison::Above => "GreaterThanThreshold",
                    Comparison::Below => "LessThanThreshold",
                }
                .to_owned(),
                threshold: Some(plan.threshold),
                period_s: Some(plan.period_s),
                statistic: Some(
                    match plan.stat {
                        AlarmStat::Average => "Average",
                        AlarmStat::Sum => "Sum",
                        AlarmStat::Maximum => "Maximum",
                        AlarmStat::Minimum => "Minimum",
                        AlarmStat::P95 => "p95",
                    }
                    .to_owned(),
                ),
                periods: Some(plan.periods),
                datapoints: Some(plan.periods),
            }),
        composite_rule: composite.map(|plan| {
            let rules: Vec<String> = plan
                .any_of
                .iter()
                .map(|name| format!("ALARM(\"{name}\")"))
                .collect();
            rules.join(" OR ")
        }),
    }
}

/// GPU metrics that the CloudWatch agent publishes.
pub fn gpu_metrics(sim: &Sim) -> Vec<MetricId> {
    const NAMES: [&str; 5] = [
        "nvidia_smi_utilization_gpu",
        "nvidia_smi_memory_used",
        "nvidia_smi_memory_total",
        "nvidia_smi_temperature_gpu",
        "nvidia_smi_power_draw",
    ];
    sim.instances
        .values()
        .filter(|instance| instance.state == Life::Running && sim.has_cloudwatch_agent(instance))
        .filter_map(|instance| Some((instance, cards(&instance.kind)?)))
        .flat_map(|(instance, kind)| {
            let host = format!("ip-{}", instance.address.replace('.', "-"));
            NAMES.map(|name| {
                MetricId::new(
                    "CWAgent",
                    name,
                    &[
                        ("InstanceId", &instance.id),
                        ("name", kind.product),
                        ("index", "0"),
                        ("host", &host),
                    ],
                    Stat::Average,
                )
            })
        })
        .collect()
}

/// All queues with their counts.
pub fn queues(sim: &Sim) -> Vec<Queue> {
    let arn = |name: &str| sim.plan.arn("sqs", name);
    let mut queues: Vec<Queue> = sim
        .plan
        .queues
        .iter()
        .zip(&sim.queues)
        .map(|(plan, state)| Queue {
            arn: arn(&plan.name),
            name: plan.name.clone(),
            url: format!(
                "https://sqs.{}.amazonaws.com/{}/{}",
                sim.plan.region, sim.plan.account, plan.name
            ),
            visible: state.visible() as u64,
            in_flight: state.in_flight as u64,
            delayed: 0,
            visibility_timeout_s: Some(plan.visibility_timeout_s),
            dead_letter: plan
                .dead_letter
                .as_ref()
                .map(|(name, receives)| (arn(name), *receives)),
        })
        .collect();
    queues.sort_by(|a, b| a.name.cmp(&b.name));
    queues
}

/// Writes that touched a resource, newest first.
pub fn trail(sim: &Sim, resource: &str, since: Ms) -> Vec<TrailEvent> {
    let mut events: Vec<TrailEvent> = sim
        .trail
        .iter()
        .filter(|entry| entry.at >= since && entry.at <= sim.now - TRAIL_LAG)
        .filter(|entry| entry.resources.iter().any(|name| name == resource))
        .map(|entry| TrailEvent {
            id: signal::uuid(&[sim.seed, part(entry.at), signal::name(entry.name)]),
            at: stamp(entry.at),
            name: entry.name.to_owned(),
            source: entry.source.to_owned(),
            user: Some(entry.user.clone()),
            resources: entry.resources.clone(),
        })
        .collect();
    events.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
    events
}
