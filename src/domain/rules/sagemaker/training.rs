//! Training jobs that fail, run out of time, or stand still.

use jiff::SignedDuration;

use super::{per_hour, prices};
use crate::domain::gpu::is_gpu_type;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::training as metric;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};
use crate::domain::sagemaker::{TrainingJob, stem};

/// A training job failed.
pub const FAILED: Rule = Rule {
    id: "sagemaker.training-failed",
    kind: Kind::TrainingJob,
    title: "A training job failed",
    what: "Training jobs that failed within a day, with AWS's reason. A job of the same name but for its \
           version that runs or was completed since makes up for it.",
    severities: &[(Severity::Warn, "always")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: failed,
};

/// A training job runs out of time.
pub const RUNTIME: Rule = Rule {
    id: "sagemaker.training-runtime",
    kind: Kind::TrainingJob,
    title: "A training job runs out of time",
    what: "How long a running job has trained, of the time that it may. At its limit AWS stops it, and what \
           it has not saved is lost.",
    severities: &[
        (Severity::Crit, "at the critical share"),
        (Severity::Warn, "at the warning share"),
    ],
    thresholds: &["training_runtime_percent"],
    runbooks: &[],
    reach: Reach::Scope,
    check: runtime,
};

/// A training job stands still.
pub const STALLED: Rule = Rule {
    id: "sagemaker.training-stalled",
    kind: Kind::TrainingJob,
    title: "A training job makes no progress",
    what: "Running jobs whose first instance has used next to no GPU and CPU, or that have waited for \
           capacity, for the time of the threshold.",
    severities: &[
        (Severity::Crit, "for the critical time"),
        (Severity::Warn, "for the warning time"),
    ],
    thresholds: &["training_stalled_min"],
    runbooks: &[],
    reach: Reach::Scope,
    check: stalled,
};

/// How long a failure is news.
const NEWS: SignedDuration = SignedDuration::from_hours(24);

fn jobs<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a TrainingJob> {
    context.state.training_jobs.get().into_iter().flatten()
}

fn failed(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for job in jobs(context).filter(|job| job.status == "Failed") {
        let Some(ended) = job
            .ended_at
            .filter(|ended| context.now.duration_since(*ended) < NEWS)
        else {
            continue;
        };
        let made_up = jobs(context).any(|other| {
            stem(&other.name) == stem(&job.name)
                && other.created_at > job.created_at
                && (other.is_running() || other.status == "Completed")
        });
        if made_up {
            continue;
        }
        let lost = prices(context).training_so_far(job, context.now);
        let reason = job.failure_reason.as_deref().map(words::excerpt);
        findings.push(
            FAILED
                .on(context, &job.arn, &job.name)
                .hurts(Impact::Risk)
                .since(Some(ended))
                .perhaps_because(reason.clone())
                .perhaps_because(lost.map(|lost| format!("It cost {}.", words::usd(lost.as_f64()))))
                .report(
                    Severity::Warn,
                    reason.map_or_else(|| "failed".to_owned(), |reason| format!("failed: {reason}")),
                ),
        );
    }
}

fn runtime(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().training_runtime_percent;
    for job in jobs(context).filter(|job| job.is_running()) {
        let Some(percent) = job.runtime_percent(context.now) else {
            continue;
        };
        let (Some(breach), Some(elapsed), Some(most)) = (
            limit.judge(percent),
            job.elapsed(context.now),
            job.max_runtime_s
                .and_then(|seconds| i64::try_from(seconds).ok())
                .map(SignedDuration::from_secs),
        ) else {
            continue;
        };
        findings.push(
            RUNTIME
                .on(context, &job.arn, &job.name)
                .hurts(Impact::Risk)
                .because(format!(
                    "It has trained for {} of {}; then AWS stops it.",
                    words::span(elapsed),
                    words::span(most)
                ))
                .perhaps_because(
                    job.phase()
                        .and_then(|phase| phase.message.as_deref())
                        .map(words::excerpt),
                )
                .report(
                    severity(breach),
                    format!("{} of {} used", words::span(elapsed), words::span(most)),
                ),
        );
    }
}

/// How long, and doing what, a job has stood still.
fn standstill(context: &Context<'_>, job: &TrainingJob) -> Option<(SignedDuration, String)> {
    /// Percent of one GPU, and of one core, at which nothing is being computed.
    const IDLE_GPU: f64 = 2.0;
    const IDLE_CPU: f64 = 10.0;
    let phase = job.phase()?;
    let since = phase.started_at?;
    match phase.status.as_str() {
        "Training" => {
            let host = job.first_host();
            let cpu = context
                .metric(metric::CPU.of(&host))?
                .run(|value| value <= IDLE_CPU)?
                .lasts;
            let lasts = if job.instance_type.as_deref().is_some_and(is_gpu_type) {
                let gpu = context.metric(metric::GPU.of(&host))?;
                cpu.min(gpu.run(|value| value <= IDLE_GPU)?.lasts)
            } else {
                cpu
            };
            let trained = context.now.duration_since(since);
            Some((lasts.min(trained), "computes nothing".to_owned()))
        }
        "Starting" | "Pending" | "LaunchingMLInstances" | "PreparingTrainingStack" | "Interrupted" => {
            let at = context.state.training_jobs.at()?;
            Some((at.duration_since(since), "waits for capacity".to_owned()))
        }
        _ => None,
    }
}

fn stalled(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().training_stalled_min;
    for job in jobs(context).filter(|job| job.is_running()) {
        let Some((lasts, what)) = standstill(context, job) else {
            continue;
        };
        let Some(breach) = limit.judge(lasts.as_secs_f64() / 60.0) else {
            continue;
        };
        let rate = prices(context).training(job).map(|rate| rate.value);
        findings.push(
            STALLED
                .on(context, &job.arn, &job.name)
                .hurts(Impact::Cost)
                .because(format!(
                    "It {what} for {}, at {}.",
                    words::span(lasts),
                    per_hour(rate)
                ))
                .perhaps_because(
                    job.phase()
                        .and_then(|phase| phase.message.as_deref())
                        .map(words::excerpt),
                )
                .report(severity(breach), format!("{what} for {}", words::span(lasts))),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at};
    use crate::domain::sagemaker::Transition;
    use crate::domain::sagemaker::sample::job;

    fn bench(jobs: Vec<TrainingJob>) -> Bench {
        let mut bench = Bench::new();
        bench.know(Source::TrainingJobs, ReplyData::TrainingJobs(jobs));
        bench
    }

    fn failed_job(name: &str, minute: i64) -> TrainingJob {
        TrainingJob {
            status: "Failed".to_owned(),
            failure_reason: Some("AlgorithmError: CUDA out of memory".to_owned()),
            created_at: Some(at(minute - 90)),
            started_at: Some(at(minute - 60)),
            ended_at: Some(at(minute)),
            training_s: Some(3600),
            billable_s: Some(3600),
            ..job(name)
        }
    }

    #[test]
    fn a_failure_is_told_until_a_later_version_makes_up_for_it() {
        let minute = Bench::new().minute();
        let found = bench(vec![failed_job("tryon-v7", minute - 30)]).check(&FAILED);
        assert_eq!(found[0].title, "failed: AlgorithmError: CUDA out of memory");
        assert!(found[0].evidence.contains(&"It cost $0.91.".to_owned()));
        let again = TrainingJob {
            created_at: Some(at(minute - 20)),
            ..job("tryon-v8")
        };
        assert_eq!(
            bench(vec![again, failed_job("tryon-v7", minute - 30)]).check(&FAILED),
            []
        );
        assert_eq!(
            bench(vec![failed_job("tryon-v7", minute - 1500)]).check(&FAILED),
            [],
            "of the day before yesterday"
        );
    }

    #[test]
    fn a_job_near_its_limit_is_told_before_aws_stops_it() {
        let minute = Bench::new().minute();
        let near = |minutes| TrainingJob {
            started_at: Some(at(minute - minutes)),
            ..job("tryon")
        };
        assert_eq!(bench(vec![near(100)]).check(&RUNTIME), []);
        let warn = bench(vec![near(150)]).check(&RUNTIME);
        assert_eq!(
            (warn[0].severity, warn[0].title.as_str()),
            (Severity::Warn, "2h30m of 3h used")
        );
        assert_eq!(bench(vec![near(175)]).check(&RUNTIME)[0].severity, Severity::Crit);
    }

    #[test]
    fn standing_still_is_no_gpu_and_no_cpu_or_no_capacity() {
        let minute = Bench::new().minute();
        let mut one = job("tryon");
        one.transitions[0].started_at = Some(at(minute - 90));
        let mut bench = bench(vec![one.clone()]);
        bench.steady(metric::CPU.of("tryon/algo-1"), 4.0);
        bench.steady(metric::GPU.of("tryon/algo-1"), 80.0);
        assert_eq!(bench.check(&STALLED), []);
        bench.steady(metric::GPU.of("tryon/algo-1"), 0.0);
        let found = bench.check(&STALLED);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].title.starts_with("computes nothing for "),
            "{}",
            found[0].title
        );
        one.transitions = vec![Transition {
            status: "Interrupted".to_owned(),
            started_at: Some(at(minute - 45)),
            ended_at: None,
            message: Some("Interrupted: no Spot capacity".to_owned()),
        }];
        let found = self::bench(vec![one]).check(&STALLED);
        assert_eq!(found[0].title, "waits for capacity for 45m");
    }
}
