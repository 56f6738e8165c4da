//! Training jobs.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A training job. What only its description tells is `None` for jobs that ended long ago.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html>
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingJob {
    /// The job's ARN.
    pub arn: String,
    /// The job's name.
    pub name: String,
    /// `InProgress`, `Completed`, `Failed`, `Stopping`, `Stopped`.
    pub status: String,
    /// Where in its life it is: `Starting`, `Downloading`, `Training`, `Uploading`, …
    pub secondary: Option<String>,
    /// Why it failed; foreign text.
    pub failure_reason: Option<String>,
    /// When it was asked for.
    pub created_at: Option<Timestamp>,
    /// When its instances began to work.
    pub started_at: Option<Timestamp>,
    /// When they were done.
    pub ended_at: Option<Timestamp>,
    /// The instance type, such as `ml.g4dn.2xlarge`.
    pub instance_type: Option<String>,
    /// How many instances.
    pub instances: Option<u32>,
    /// How long it may train, seconds.
    pub max_runtime_s: Option<u64>,
    /// Whether it runs on Spot capacity.
    pub spot: Option<bool>,
    /// How long it has trained, seconds; AWS says so at its end.
    pub training_s: Option<u64>,
    /// How much of that is billed for each instance, seconds; AWS says so at its end.
    pub billable_s: Option<u64>,
    /// What it went through, oldest first.
    pub transitions: Vec<Transition>,
    /// Figures that the algorithm reported last, by name.
    pub figures: Vec<(String, f64)>,
}

/// A part of a training job's life.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_SecondaryStatusTransition.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// `Starting`, `Training`, `Interrupted`, …
    pub status: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it was over; `None` while it lasts.
    pub ended_at: Option<Timestamp>,
    /// AWS's words; foreign text.
    pub message: Option<String>,
}

impl TrainingJob {
    /// Whether it runs, and is paid for.
    pub fn is_running(&self) -> bool {
        matches!(self.status.as_str(), "InProgress" | "Stopping")
    }

    /// How long it has trained up to a moment, or in all.
    pub fn elapsed(&self, now: Timestamp) -> Option<SignedDuration> {
        let known = self.training_s.filter(|_| !self.is_running());
        if let Some(seconds) = known {
            return i64::try_from(seconds).ok().map(SignedDuration::from_secs);
        }
        let end = if self.is_running() { now } else { self.ended_at? };
        Some(end.duration_since(self.started_at?).max(SignedDuration::ZERO))
    }

    /// What of its time it has used, percent.
    pub fn runtime_percent(&self, now: Timestamp) -> Option<f64> {
        let most = self.max_runtime_s.filter(|most| *most > 0)?;
        Some(self.elapsed(now)?.as_secs_f64() / most as f64 * 100.0)
    }

    /// What Spot capacity saved, percent of the price on demand, as AWS reckons it.
    /// <https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html>
    pub fn spot_saving_percent(&self) -> Option<f64> {
        let trained = self.training_s.filter(|seconds| *seconds > 0)?;
        let billed = self.billable_s?;
        (self.spot == Some(true)).then(|| (1.0 - billed as f64 / trained as f64) * 100.0)
    }

    /// Hours of one instance that are paid so far, all instances together. On Spot that is known at the
    /// end alone.
    pub fn billed_instance_hours(&self, now: Timestamp) -> Option<f64> {
        let seconds = match self.billable_s {
            Some(seconds) => seconds as f64,
            None if self.spot == Some(false) => self.elapsed(now)?.as_secs_f64(),
            None => return None,
        };
        Some(seconds / 3600.0 * f64::from(self.instances?))
    }

    /// What it does now, and since when.
    pub fn phase(&self) -> Option<&Transition> {
        self.transitions
            .iter()
            .rev()
            .find(|transition| transition.ended_at.is_none())
    }

    /// How many times Spot capacity was taken from it.
    pub fn interruptions(&self) -> usize {
        self.transitions
            .iter()
            .filter(|transition| transition.status == "Interrupted")
            .count()
    }

    /// The dimension `Host` of its first instance's metrics.
    pub fn first_host(&self) -> String {
        format!("{}/algo-1", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_763_690_400 + minute * 60).unwrap()
    }

    fn job() -> TrainingJob {
        TrainingJob {
            arn: "arn".to_owned(),
            name: "tryon".to_owned(),
            status: "InProgress".to_owned(),
            secondary: Some("Training".to_owned()),
            failure_reason: None,
            created_at: Some(at(0)),
            started_at: Some(at(10)),
            ended_at: None,
            instance_type: Some("ml.g4dn.xlarge".to_owned()),
            instances: Some(2),
            max_runtime_s: Some(7200),
            spot: Some(false),
            training_s: None,
            billable_s: None,
            transitions: Vec::new(),
            figures: Vec::new(),
        }
    }

    #[test]
    fn a_running_job_is_paid_for_each_instance_since_it_began() {
        let job = job();
        assert_eq!(job.elapsed(at(70)), Some(SignedDuration::from_mins(60)));
        assert_eq!(job.runtime_percent(at(70)), Some(50.0));
        assert_eq!(job.billed_instance_hours(at(70)), Some(2.0));
        let spot = TrainingJob {
            spot: Some(true),
            ..job
        };
        assert_eq!(spot.billed_instance_hours(at(70)), None, "known at its end");
    }

    #[test]
    fn what_spot_saved_is_what_was_not_billed() {
        let done = TrainingJob {
            status: "Completed".to_owned(),
            ended_at: Some(at(130)),
            spot: Some(true),
            training_s: Some(7200),
            billable_s: Some(2160),
            ..job()
        };
        assert_eq!(done.spot_saving_percent().map(f64::round), Some(70.0));
        assert_eq!(done.billed_instance_hours(at(900)), Some(1.2));
        assert_eq!(done.elapsed(at(900)), Some(SignedDuration::from_mins(120)));
    }
}
