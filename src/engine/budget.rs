//! Rate budgets: how many calls an account and region may get from us, per API.
//!
//! The limits are well below AWS's own, because the console, CI and autoscaling share the same
//! buckets: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html>.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::ops::Operation;

/// A limit: calls per second in the long run, and how many may come at once.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Limit {
    per_second: f64,
    burst: f64,
}

/// Operations that draw on one allowance: an API's name where it has its own, else its service.
fn allowance(operation: Operation) -> (&'static str, Limit) {
    let limit = |per_second, burst| Limit { per_second, burst };
    match (operation.service, operation.name) {
        // DescribeTasks and DescribeContainerInstances share about 20 a second.
        ("ecs", "DescribeTasks") => ("ecs:DescribeTasks", limit(8.0, 16.0)),
        ("ecs", "DescribeTaskDefinition") => ("ecs:DescribeTaskDefinition", limit(10.0, 20.0)),
        ("ecs", _) => ("ecs", limit(20.0, 240.0)),
        // Nine a second in a region, shared with ECS's own rollback alarms.
        ("cloudwatch", "DescribeAlarms") => ("cloudwatch:DescribeAlarms", limit(2.0, 6.0)),
        ("cloudwatch", _) => ("cloudwatch", limit(10.0, 20.0)),
        // Five a second in the archived quotas; we leave more than half of it to others.
        ("logs", "FilterLogEvents") => ("logs:FilterLogEvents", limit(2.0, 6.0)),
        ("logs", _) => ("logs", limit(4.0, 20.0)),
        ("elasticloadbalancing", _) => ("elasticloadbalancing", limit(4.0, 40.0)),
        ("rds", _) => ("rds", limit(4.0, 20.0)),
        ("elasticache", _) => ("elasticache", limit(4.0, 20.0)),
        ("autoscaling", _) => ("autoscaling", limit(5.0, 20.0)),
        ("ec2", _) => ("ec2", limit(10.0, 40.0)),
        // One second between polls of the same command is throttled in large fleets.
        ("ssm", _) => ("ssm", limit(4.0, 20.0)),
        ("sqs", _) => ("sqs", limit(20.0, 60.0)),
        ("ce", _) => ("ce", limit(0.5, 4.0)),
        ("cloudtrail", _) => ("cloudtrail", limit(1.0, 2.0)),
        // Two calls for each pipeline, and no listing that has both.
        ("codepipeline", _) => ("codepipeline", limit(8.0, 40.0)),
        // Fifteen a second for all of Lambda's control plane; four calls for each function.
        ("lambda", _) => ("lambda", limit(8.0, 60.0)),
        (service, _) => (service, limit(4.0, 10.0)),
    }
}

/// All budgets, by place (account and region) and allowance.
#[derive(Debug, Default)]
pub struct Budgets {
    buckets: BTreeMap<(String, &'static str), Bucket>,
}

#[derive(Debug)]
struct Bucket {
    limit: Limit,
    tokens: f64,
    filled_at: Timestamp,
    /// Halved by each throttle, doubled by each quiet half minute.
    factor: f64,
    held_until: Option<Timestamp>,
    operation: Operation,
}

/// The smallest share of its limit that throttling leaves a bucket.
const LEAST_FACTOR: f64 = 1.0 / 16.0;
/// How long a throttled bucket waits at the least.
const HOLD: SignedDuration = SignedDuration::from_secs(2);
/// How long without a throttle until a bucket's rate doubles again.
const RECOVERY: SignedDuration = SignedDuration::from_secs(30);

impl Budgets {
    /// Takes one call out of the budget; says how long to wait before making it.
    pub fn take(&mut self, place: &str, operation: Operation, now: Timestamp) -> Duration {
        let bucket = self.bucket(place, operation, now);
        bucket.refill(now);
        bucket.tokens -= 1.0;
        let owed = if bucket.tokens >= 0.0 {
            SignedDuration::ZERO
        } else {
            SignedDuration::from_secs_f64(-bucket.tokens / (bucket.limit.per_second * bucket.factor))
        };
        let held = bucket
            .held_until
            .map_or(SignedDuration::ZERO, |until| until.duration_since(now));
        Duration::try_from(owed.max(held)).unwrap_or(Duration::ZERO)
    }

    /// Notes that AWS throttled a call: the bucket runs slower and pauses.
    pub fn throttled(&mut self, place: &str, operation: Operation, now: Timestamp) {
        let bucket = self.bucket(place, operation, now);
        bucket.factor = (bucket.factor / 2.0).max(LEAST_FACTOR);
        bucket.tokens = bucket.tokens.min(0.0);
        let hold = HOLD.saturating_mul((1.0 / bucket.factor) as i32 / 2);
        bucket.held_until = now.checked_add(hold).ok();
        bucket.operation = operation;
    }

    /// What is held back at `now`: operation and until when.
    pub fn backing_off(&self, now: Timestamp) -> Vec<(String, Timestamp)> {
        self.buckets
            .values()
            .filter_map(|bucket| {
                Some((
                    bucket.operation.to_string(),
                    bucket.held_until.filter(|until| *until > now)?,
                ))
            })
            .collect()
    }

    fn bucket(&mut self, place: &str, operation: Operation, now: Timestamp) -> &mut Bucket {
        let (name, limit) = allowance(operation);
        self.buckets
            .entry((place.to_owned(), name))
            .or_insert_with(|| Bucket {
                limit,
                tokens: limit.burst,
                filled_at: now,
                factor: 1.0,
                held_until: None,
                operation,
            })
    }
}

impl Bucket {
    fn refill(&mut self, now: Timestamp) {
        if self.factor < 1.0
            && let Some(until) = self.held_until
            && now.duration_since(until) > RECOVERY
        {
            self.factor = (self.factor * 2.0).min(1.0);
            self.held_until = (self.factor < 1.0).then_some(now);
        }
        let elapsed = now.duration_since(self.filled_at).as_secs_f64().max(0.0);
        self.tokens = (self.tokens + elapsed * self.limit.per_second * self.factor).min(self.limit.burst);
        self.filled_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIBE: Operation = Operation::new("cloudwatch", "DescribeAlarms");

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_burst_passes_and_then_calls_are_spread() {
        let mut budgets = Budgets::default();
        for _ in 0..6 {
            assert_eq!(budgets.take("1/eu", DESCRIBE, at(0)), Duration::ZERO);
        }
        assert_eq!(budgets.take("1/eu", DESCRIBE, at(0)), Duration::from_millis(500));
        assert_eq!(
            budgets.take("2/eu", DESCRIBE, at(0)),
            Duration::ZERO,
            "another account has its own"
        );
    }

    #[test]
    fn throttling_slows_down_and_quiet_speeds_up_again() {
        let mut budgets = Budgets::default();
        budgets.throttled("1/eu", DESCRIBE, at(0));
        let first = budgets.take("1/eu", DESCRIBE, at(0));
        assert!(first >= Duration::from_secs(2), "{first:?}");
        budgets.throttled("1/eu", DESCRIBE, at(0));
        let second = budgets.take("1/eu", DESCRIBE, at(0));
        assert!(second > first, "{second:?} after {first:?}");
        assert_eq!(budgets.backing_off(at(1)).len(), 1);
        assert_eq!(budgets.take("1/eu", DESCRIBE, at(600)), Duration::ZERO);
        assert!(budgets.backing_off(at(600)).is_empty());
    }
}
