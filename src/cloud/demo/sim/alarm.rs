//! Alarms: each minute they look at their metric, as CloudWatch does.

use std::sync::Arc;

use super::super::metric::Gauge;
use super::super::plan::watch::{Alarm as Plan, AlarmStat, Comparison};
use super::super::signal;
use super::super::time::{DAY, HOUR, Ms, SECOND, minute_of};
use super::Sim;
use crate::domain::alarm::AlarmState;
use crate::domain::metric::{MetricId, Stat};

/// An alarm.
#[derive(Debug, Clone)]
pub struct Alarm {
    /// Whether it fires.
    pub state: AlarmState,
    /// What CloudWatch says of the state.
    pub reason: String,
    /// When the state began.
    pub since: Ms,
    /// Whether its actions are enabled.
    pub actions_enabled: bool,
    /// What it watches; `None` for a composite one.
    pub watched: Option<Watched>,
    /// Changes of the state, oldest first.
    pub transitions: Vec<Transition>,
}

/// What an alarm watches.
#[derive(Debug, Clone)]
pub struct Watched {
    /// The metric.
    pub id: MetricId,
    /// The same, resolved; `None` for a metric that does not exist.
    pub gauge: Option<Gauge>,
}

/// A change of an alarm's state.
#[derive(Debug, Clone, Copy)]
pub struct Transition {
    /// When.
    pub at: Ms,
    /// From what.
    pub from: AlarmState,
    /// To what.
    pub to: AlarmState,
}

/// How far behind the present CloudWatch evaluates.
const LAG: Ms = 60 * SECOND;

impl Sim {
    /// Starts every alarm; at the origin none fires.
    pub fn found_alarms(&mut self) {
        let plan = Arc::clone(&self.plan);
        for alarm in &plan.alarms {
            let id = self.alarm_metric(alarm);
            let gauge = self.resolve(&id);
            let since = self.quiet_since(&alarm.name);
            self.alarms.push(Alarm {
                state: AlarmState::Ok,
                reason: "Threshold Crossed: no datapoints were received recently that crossed the threshold."
                    .to_owned(),
                since,
                actions_enabled: true,
                watched: Some(Watched { id, gauge }),
                transitions: Vec::new(),
            });
        }
        for alarm in &plan.composite_alarms {
            let since = self.quiet_since(&alarm.name);
            self.alarms.push(Alarm {
                state: AlarmState::Ok,
                reason: "no child alarm is in ALARM".to_owned(),
                since,
                actions_enabled: true,
                watched: None,
                transitions: Vec::new(),
            });
        }
    }

    fn quiet_since(&self, name: &str) -> Ms {
        self.origin - DAY - signal::below(&self.key(name, 11), 400) * HOUR
    }

    /// The metric that an alarm watches, with dimensions as CloudWatch has them.
    fn alarm_metric(&self, alarm: &Plan) -> MetricId {
        let dimensions = alarm
            .dimensions
            .iter()
            .map(|(name, value)| {
                let value = match name.as_str() {
                    "LoadBalancer" => crate::domain::elb::load_balancer_dimension(&self.balancer_arn(value))
                        .map(str::to_owned),
                    "TargetGroup" => self
                        .targets
                        .get(value)
                        .and_then(|group| crate::domain::elb::target_group_dimension(&group.arn))
                        .map(str::to_owned),
                    "InstanceId" => self
                        .instances
                        .values()
                        .find(|instance| &instance.name == value)
                        .map(|instance| instance.id.clone()),
                    _ => None,
                }
                .unwrap_or_else(|| value.clone());
                (name.clone(), value)
            })
            .collect();
        MetricId {
            namespace: alarm.namespace.clone(),
            name: alarm.metric.clone(),
            dimensions,
            stat: match alarm.stat {
                AlarmStat::Average => Stat::Average,
                AlarmStat::Sum => Stat::Sum,
                AlarmStat::Maximum => Stat::Maximum,
                AlarmStat::Minimum => Stat::Minimum,
                AlarmStat::P95 => Stat::P95,
            },
        }
    }

    /// Lets every alarm look at its metric.
    pub fn evaluate_alarms(&mut self, at: Ms) {
        let plan = Arc::clone(&self.plan);
        for (index, alarm) in plan.alarms.iter().enumerate() {
            let (state, reason) = self.judge(index, alarm, at);
            self.set_alarm(index, state, reason, at);
        }
        for (nth, composite) in plan.composite_alarms.iter().enumerate() {
            let firing: Vec<&str> = plan
                .alarms
                .iter()
                .zip(&self.alarms)
                .filter(|(alarm, now)| {
                    composite.any_of.contains(&alarm.name) && now.state == AlarmState::Alarm
                })
                .map(|(alarm, _)| alarm.name.as_str())
                .collect();
            let (state, reason) = if firing.is_empty() {
                (AlarmState::Ok, "no child alarm is in ALARM".to_owned())
            } else {
                (
                    AlarmState::Alarm,
                    format!("{} transitioned to ALARM", firing.join(", ")),
                )
            };
            self.set_alarm(plan.alarms.len() + nth, state, reason, at);
        }
    }

    fn judge(&self, index: usize, plan: &Plan, at: Ms) -> (AlarmState, String) {
        let now = &self.alarms[index];
        let Some(Watched {
            id,
            gauge: Some(gauge),
        }) = &now.watched
        else {
            return (
                AlarmState::InsufficientData,
                "Unchecked: no datapoints were received for the metric.".to_owned(),
            );
        };
        let period = Ms::from(plan.period_s) * SECOND;
        let last = minute_of(at) - LAG;
        let mut values = Vec::new();
        for nth in 0..plan.periods {
            let end = last - Ms::from(nth) * period;
            values.push(self.aggregate(gauge, id.stat, end - period, end));
        }
        // Counts that nobody reports are zero; anything else that is missing keeps the state.
        let counts = id.stat == Stat::Sum;
        let known: Vec<f64> = values
            .iter()
            .filter_map(|value| value.or(counts.then_some(0.0)))
            .collect();
        if known.is_empty() {
            return (
                AlarmState::InsufficientData,
                "Unchecked: no datapoints were received for the metric.".to_owned(),
            );
        }
        let crosses = |value: &f64| match plan.when {
            Comparison::Above => *value > plan.threshold,
            Comparison::Below => *value < plan.threshold,
        };
        let crossing = known.iter().filter(|value| crosses(value)).count();
        let word = match plan.when {
            Comparison::Above => "greater than",
            Comparison::Below => "less than",
        };
        let shown: Vec<String> = known
            .iter()
            .filter(|value| crosses(value))
            .take(5)
            .map(|value| format!("{value:.1}"))
            .collect();
        if crossing == plan.periods as usize {
            let reason = format!(
                "Threshold Crossed: {crossing} out of the last {} datapoints [{}] were {word} the threshold ({:.1}).",
                plan.periods,
                shown.join(", "),
                plan.threshold
            );
            (AlarmState::Alarm, reason)
        } else {
            let newest = known.first().copied().unwrap_or_default();
            let reason = format!(
                "Threshold Crossed: 1 out of the last {} datapoints [{newest:.1}] was not {word} the threshold ({:.1}) (minimum 1 datapoint for ALARM -> OK transition).",
                plan.periods, plan.threshold
            );
            (AlarmState::Ok, reason)
        }
    }

    fn set_alarm(&mut self, index: usize, state: AlarmState, reason: String, at: Ms) {
        let alarm = &mut self.alarms[index];
        if alarm.state == state {
            return;
        }
        alarm.transitions.push(Transition {
            at,
            from: alarm.state,
            to: state,
        });
        alarm.state = state;
        alarm.reason = reason;
        alarm.since = at;
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::plan::Plan as Estate;
    use super::super::super::selection::{Scenario, World};
    use super::*;

    #[test]
    fn every_alarm_watches_a_metric_that_exists() {
        for world in World::ALL {
            let plan = Arc::new(Estate::of(world).unwrap());
            let sim = Sim::new(Arc::clone(&plan), world, Scenario::Quiet, (0, 1_794_960_000_000));
            for (alarm, state) in plan.alarms.iter().zip(&sim.alarms) {
                let watched = state.watched.as_ref().unwrap();
                assert!(
                    watched.gauge.is_some(),
                    "{world}: {}: {:?}",
                    alarm.name,
                    watched.id
                );
            }
        }
    }
}
