//! How much customers want at each minute: waves of the day in Seoul, where the estates' users
//! are, with weekends, drift and noise.

use super::plan::{Shape, Traffic};
use super::signal;
use super::time::{HOUR, MINUTE, Ms, part};

/// Korea has no daylight saving time.
const SEOUL: Ms = 9 * HOUR;

/// Share of the peak at each full hour in Seoul.
const OFFICE: [f64; 24] = [
    0.10, 0.08, 0.06, 0.05, 0.05, 0.06, 0.10, 0.20, 0.45, 0.80, 0.95, 1.00, 0.75, 0.90, 1.00, 0.98, 0.92,
    0.85, 0.60, 0.45, 0.38, 0.30, 0.22, 0.14,
];
const EVENING: [f64; 24] = [
    0.40, 0.24, 0.14, 0.09, 0.07, 0.08, 0.11, 0.20, 0.32, 0.42, 0.50, 0.56, 0.66, 0.60, 0.55, 0.55, 0.58,
    0.62, 0.72, 0.84, 0.96, 1.00, 0.90, 0.64,
];

/// Demand as a share of its peak: about `0.05..1.2`.
pub fn natural(traffic: &Traffic, seed: u64, minute: Ms) -> f64 {
    let local = minute + SEOUL;
    let base = match traffic.shape {
        Shape::Office => curve(&OFFICE, local),
        Shape::Evening => curve(&EVENING, local),
        Shape::Steady => 0.7,
    };
    // 1970-01-01 was a Thursday.
    let weekday = local.div_euclid(24 * HOUR).rem_euclid(7);
    let week = if weekday == 2 || weekday == 3 {
        traffic.weekend
    } else {
        1.0
    };
    let drift = smooth(seed, minute, 15 * MINUTE);
    let jitter = signal::noise(&[seed, part(minute)]);
    base * week * drift.mul_add(0.10, jitter.mul_add(0.05, 1.0))
}

/// Noise that changes gently: `-1.0..1.0`, with a new course each `step`.
pub fn smooth(seed: u64, at: Ms, step: Ms) -> f64 {
    let knot = at.div_euclid(step);
    let share = at.rem_euclid(step) as f64 / step as f64;
    let (from, to) = (
        signal::noise(&[seed, part(knot), 7]),
        signal::noise(&[seed, part(knot + 1), 7]),
    );
    let eased = share * share * 2.0_f64.mul_add(-share, 3.0);
    (to - from).mul_add(eased, from)
}

fn curve(points: &[f64; 24], local: Ms) -> f64 {
    let of_day = local.rem_euclid(24 * HOUR);
    let hour = usize::try_from(of_day / HOUR).unwrap_or_default();
    let share = (of_day % HOUR) as f64 / HOUR as f64;
    (points[(hour + 1) % 24] - points[hour]).mul_add(share, points[hour])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn office_hours_in_seoul_are_busy_and_nights_are_not() {
        let traffic = Traffic {
            shape: Shape::Office,
            weekend: 0.3,
        };
        // Wednesday, 2026-11-18: 02:00 UTC is 11:00 in Seoul, 18:00 UTC is 03:00 on Thursday.
        let wednesday = 1_794_960_000_000;
        let morning = natural(&traffic, 1, wednesday + 2 * HOUR);
        let night = natural(&traffic, 1, wednesday + 18 * HOUR);
        assert!(morning > 0.8 && night < 0.1, "{morning} {night}");
        let sunday = natural(&traffic, 1, wednesday + 4 * 24 * HOUR + 2 * HOUR);
        assert!(sunday < morning * 0.5, "{sunday}");
    }
}
