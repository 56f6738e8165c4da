//! Demand as scenarios bend it.

use super::super::demand;
use super::super::signal;
use super::super::time::{MINUTE, Ms, minute_of};
use super::super::track::Track;
use super::Sim;

/// Bounds that a scenario puts on the demand of a traffic.
#[derive(Debug, Clone)]
pub struct Pressure {
    /// It is at least this share of the peak.
    pub floor: Track,
    /// It is at most this share of the peak.
    pub ceiling: Track,
}

impl Sim {
    /// Starts every traffic without bounds.
    pub fn found_traffic(&mut self) {
        self.pressure = self
            .plan
            .traffic
            .keys()
            .map(|name| {
                (
                    name.clone(),
                    Pressure {
                        floor: Track::new(0.0),
                        ceiling: Track::new(9.0),
                    },
                )
            })
            .collect();
    }

    /// How much they have wanted over the last hours: what credits are used up by.
    pub fn lasting_demand(&self, traffic: &str, at: Ms) -> f64 {
        let lately = (0..5).map(|back| self.demand(traffic, at - back * 40 * MINUTE));
        lately.sum::<f64>() / 5.0
    }

    /// How much customers want in the minute, as a share of the peak.
    pub fn demand(&self, traffic: &str, at: Ms) -> f64 {
        let minute = minute_of(at);
        let Some(habit) = self.plan.traffic.get(traffic) else {
            return 0.0;
        };
        let seed = signal::hash(&[self.seed, signal::name(traffic)]);
        let natural = demand::natural(habit, seed, minute);
        let Some(pressure) = self.pressure.get(traffic) else {
            return natural;
        };
        let floor = pressure.floor.at(minute);
        // The floor breathes too, or a day under pressure would look like a straight line.
        let floor = floor * demand::smooth(seed ^ 1, minute, 300_000).mul_add(0.08, 1.0);
        natural.max(floor).min(pressure.ceiling.at(minute))
    }
}
