//! The numbers at which the health rules complain.
//!
//! Each is declared once, below, with its meaning, unit, range and default. The struct that rules
//! read, the keys of an estate file, their JSON schema and the reference page all come from that
//! one declaration ([`Thresholds::ALL`]).

use serde::{Deserialize, Serialize};

/// On which side of a limit the trouble is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Values at or above the limit are bad, as with CPU.
    Above,
    /// Values at or below the limit are bad, as with free storage.
    Below,
}

/// How bad a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Breach {
    /// Somebody should look at it.
    Warn,
    /// Customers notice, or soon will.
    Crit,
}

/// Two levels of one measure. A value that reaches a level has breached it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Where a warning begins.
    pub warn: f64,
    /// Where it becomes critical; equal to `warn` if there is nothing in between.
    pub crit: f64,
    /// Which side of the levels is bad.
    pub side: Side,
}

impl Limit {
    /// A limit that greater values breach.
    pub const fn above(warn: f64, crit: f64) -> Self {
        Self {
            warn,
            crit,
            side: Side::Above,
        }
    }

    /// A limit that smaller values breach.
    pub const fn below(warn: f64, crit: f64) -> Self {
        Self {
            warn,
            crit,
            side: Side::Below,
        }
    }

    /// What a value amounts to; a value that is not a number breaches nothing.
    pub fn judge(&self, value: f64) -> Option<Breach> {
        let reaches = |level: f64| match self.side {
            Side::Above => value >= level,
            Side::Below => value <= level,
        };
        if reaches(self.crit) {
            Some(Breach::Crit)
        } else if reaches(self.warn) {
            Some(Breach::Warn)
        } else {
            None
        }
    }

    /// The level that a breach is about, for the words of a finding ("30/min, limit 10").
    pub fn level(&self, breach: Breach) -> f64 {
        match breach {
            Breach::Warn => self.warn,
            Breach::Crit => self.crit,
        }
    }

    fn is_ordered(&self) -> bool {
        match self.side {
            Side::Above => self.warn <= self.crit,
            Side::Below => self.warn >= self.crit,
        }
    }
}

/// What one threshold is set to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Setting {
    /// A warning level and a critical one.
    Limit(Limit),
    /// A plain number that a rule needs.
    Value(f64),
}

/// Why a threshold cannot be set to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// There is no threshold of that name.
    #[error("there is no such threshold")]
    Unknown,
    /// It has two levels but was given one number, or the other way round, or the wrong side.
    #[error("this threshold is of the other kind")]
    Kind,
    /// The warning level lies outside the range.
    #[error("the warning level is out of range")]
    WarnRange,
    /// The critical level lies outside the range.
    #[error("the critical level is out of range")]
    CritRange,
    /// The plain number lies outside the range.
    #[error("the number is out of range")]
    ValueRange,
    /// The warning would begin beyond the critical level.
    #[error("the warning level lies beyond the critical level")]
    Order,
}

/// The declaration of one threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Its key in an estate file and its field in [`Thresholds`].
    pub name: &'static str,
    /// What is measured.
    pub about: &'static str,
    /// Unit of every number of it.
    pub unit: &'static str,
    /// The least number allowed.
    pub min: f64,
    /// The greatest number allowed.
    pub max: f64,
    /// What it is set to unless an estate says otherwise.
    pub default: Setting,
}

impl Threshold {
    fn check(&self, setting: Setting) -> Result<(), SettingError> {
        let fits = |number: f64| (self.min..=self.max).contains(&number);
        match (self.default, setting) {
            (Setting::Value(_), Setting::Value(number)) if fits(number) => Ok(()),
            (Setting::Value(_), Setting::Value(_)) => Err(SettingError::ValueRange),
            (Setting::Limit(default), Setting::Limit(limit)) if default.side == limit.side => {
                if !fits(limit.warn) {
                    Err(SettingError::WarnRange)
                } else if !fits(limit.crit) {
                    Err(SettingError::CritRange)
                } else if limit.is_ordered() {
                    Ok(())
                } else {
                    Err(SettingError::Order)
                }
            }
            (Setting::Value(_) | Setting::Limit(_), Setting::Value(_) | Setting::Limit(_)) => {
                Err(SettingError::Kind)
            }
        }
    }
}

/// How a field of each kind is typed, written and read by the macro below.
trait Field: Copy {
    fn setting(self) -> Setting;
    fn from_setting(setting: Setting) -> Option<Self>;
}

impl Field for Limit {
    fn setting(self) -> Setting {
        Setting::Limit(self)
    }

    fn from_setting(setting: Setting) -> Option<Self> {
        match setting {
            Setting::Limit(limit) => Some(limit),
            Setting::Value(_) => None,
        }
    }
}

impl Field for f64 {
    fn setting(self) -> Setting {
        Setting::Value(self)
    }

    fn from_setting(setting: Setting) -> Option<Self> {
        match setting {
            Setting::Value(number) => Some(number),
            Setting::Limit(_) => None,
        }
    }
}

/// Declares the thresholds: `name: above(warn, crit)`, `below(warn, crit)` or `value(number)`, then
/// the unit and the range.
macro_rules! thresholds {
    (@type above) => { Limit };
    (@type below) => { Limit };
    (@type value) => { f64 };
    (@make above $warn:literal $crit:literal) => { Limit::above($warn, $crit) };
    (@make below $warn:literal $crit:literal) => { Limit::below($warn, $crit) };
    (@make value $number:literal) => { $number };
    (@setting above $warn:literal $crit:literal) => { Setting::Limit(Limit::above($warn, $crit)) };
    (@setting below $warn:literal $crit:literal) => { Setting::Limit(Limit::below($warn, $crit)) };
    (@setting value $number:literal) => { Setting::Value($number) };
    (@words above $warn:literal $crit:literal) => {
        concat!("warn at ", $warn, " and above, crit at ", $crit)
    };
    (@words below $warn:literal $crit:literal) => {
        concat!("warn at ", $warn, " and below, crit at ", $crit)
    };
    (@words value $number:literal) => { stringify!($number) };
    ($(
        $(#[doc = $doc:literal])+
        $name:ident: $kind:ident($($number:literal),+), $unit:literal, $min:literal..=$max:literal;
    )+) => {
        /// All thresholds of one estate.
        #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
        pub struct Thresholds {
            $(
                $(#[doc = $doc])+
                #[doc = ""]
                #[doc = concat!(
                    "Unit: ", $unit, "; range ", $min, " to ", $max, "; default ",
                    thresholds!(@words $kind $($number)+), "."
                )]
                pub $name: thresholds!(@type $kind),
            )+
        }

        impl Default for Thresholds {
            fn default() -> Self {
                Self { $($name: thresholds!(@make $kind $($number)+),)+ }
            }
        }

        impl Thresholds {
            /// Every threshold in the order of the reference page.
            pub const ALL: &'static [Threshold] = &[$(
                Threshold {
                    name: stringify!($name),
                    about: concat!($($doc, "\n"),+),
                    unit: $unit,
                    min: $min,
                    max: $max,
                    default: thresholds!(@setting $kind $($number)+),
                },
            )+];

            /// What a threshold is set to.
            pub fn get(&self, name: &str) -> Option<Setting> {
                match name {
                    $(stringify!($name) => Some(self.$name.setting()),)+
                    _ => None,
                }
            }

            /// Sets a threshold, if the numbers are in its range and in order.
            pub fn set(&mut self, name: &str, setting: Setting) -> Result<(), SettingError> {
                let declared = Self::ALL
                    .iter()
                    .find(|declared| declared.name == name)
                    .ok_or(SettingError::Unknown)?;
                declared.check(setting)?;
                match name {
                    $(stringify!($name) => {
                        self.$name = Field::from_setting(setting).ok_or(SettingError::Kind)?;
                    })+
                    _ => return Err(SettingError::Unknown),
                }
                Ok(())
            }
        }
    };
}

thresholds! {
    /// HTTP 5xx answers of a load balancer and its targets together.
    alb_5xx_per_minute: above(5.0, 10.0), "per minute", 0.0..=1e6;
    /// Share of requests that are answered with HTTP 5xx.
    alb_5xx_percent: above(1.0, 5.0), "percent", 0.0..=100.0;
    /// Fewer requests than this are too few to judge a share or a collapse by.
    alb_requests_least_per_minute: value(10.0), "per minute", 0.0..=1e6;
    /// Response time of targets, 95th percentile.
    alb_p95_s: above(1.0, 2.0), "seconds", 0.0..=3600.0;
    /// Request rate as a share of the rate in the same hour yesterday.
    alb_request_collapse_percent: below(50.0, 20.0), "percent of yesterday", 0.0..=100.0;
    /// Share of a target group's registered targets that are unhealthy.
    alb_unhealthy_percent: above(1.0, 50.0), "percent", 0.0..=100.0;

    /// Time that a manual approval of a pipeline has been waiting.
    pipeline_approval_min: above(30.0, 1440.0), "minutes", 0.0..=43200.0;
    /// Time that a transition into a stage of a pipeline has been disabled.
    pipeline_held_h: above(24.0, 168.0), "hours", 0.0..=8760.0;
    /// Time that a stage of a pipeline has been under way with nothing waiting for a person.
    pipeline_stuck_min: above(60.0, 240.0), "minutes", 1.0..=10080.0;
    /// Builds of a project that failed in a row.
    codebuild_failed_builds: above(2.0, 5.0), "builds", 1.0..=100.0;
    /// How long before a lifecycle policy deletes an image that is needed to complain of it.
    ecr_expiry_ahead_days: value(7.0), "days", 0.0..=90.0;
    /// Critical vulnerabilities of an image that is deployed.
    ecr_critical_findings: above(1.0, 1.0e6), "vulnerabilities", 1.0..=1e6;

    /// Time that a service has been running fewer tasks than desired.
    ecs_below_desired_min: above(2.0, 5.0), "minutes", 0.0..=1440.0;
    /// Age of a deployment that is not complete.
    ecs_deployment_stuck_min: above(10.0, 20.0), "minutes", 1.0..=1440.0;
    /// Tasks of one deployment that failed to start.
    ecs_failed_tasks: above(2.0, 5.0), "tasks", 1.0..=1000.0;
    /// Tasks of a service that stopped by themselves within an hour.
    ecs_stopped_tasks: above(2.0, 5.0), "tasks per hour", 1.0..=1000.0;

    /// Time that an Auto Scaling group has had fewer instances in service than desired.
    asg_below_desired_min: above(5.0, 15.0), "minutes", 0.0..=1440.0;
    /// Launches of an Auto Scaling group that failed within an hour.
    asg_launch_failures: above(1.0, 5.0), "launches per hour", 1.0..=1000.0;
    /// Spot instances that AWS has taken back within an hour.
    spot_interruptions: above(1.0, 5.0), "instances per hour", 1.0..=1000.0;
    /// Time that a scaling process has been suspended: somebody forgot to resume it.
    asg_suspended_min: above(60.0, 720.0), "minutes", 1.0..=10080.0;

    /// Temperature of a GPU.
    gpu_temp_c: above(83.0, 90.0), "degrees Celsius", 30.0..=120.0;
    /// Time that a GPU has done nothing while it is paid for.
    gpu_idle_min: above(15.0, 60.0), "minutes", 1.0..=1440.0;
    /// Utilisation up to which a GPU without processes counts as idle.
    gpu_idle_util_percent: value(5.0), "percent", 0.0..=100.0;
    /// Memory in use up to which a GPU without processes counts as idle; drivers keep some.
    gpu_idle_memory_mib: value(600.0), "MiB", 0.0..=100_000.0;
    /// Uncorrected memory errors of a GPU since its driver was loaded.
    gpu_ecc_uncorrected: above(1.0, 10.0), "errors", 1.0..=1e6;
    /// Time that a GPU host has not answered.
    gpu_host_silent_min: above(5.0, 15.0), "minutes", 1.0..=1440.0;

    /// CPU of a database instance, average of five minutes.
    rds_cpu_percent: above(80.0, 90.0), "percent", 1.0..=100.0;
    /// Connections as a share of what the parameter group, or else the class, allows.
    rds_connections_percent: above(80.0, 90.0), "percent", 1.0..=100.0;
    /// Free storage as a share of what is allocated.
    rds_free_storage_percent: below(20.0, 10.0), "percent", 0.0..=100.0;
    /// Days until the storage is full at the present slope.
    rds_storage_days_left: below(14.0, 3.0), "days", 0.0..=365.0;
    /// Free memory as a share of the class's memory.
    rds_free_memory_percent: below(10.0, 5.0), "percent", 0.0..=100.0;
    /// Swap that a database instance uses.
    rds_swap_mib: above(256.0, 1024.0), "MiB", 1.0..=1e6;
    /// How far a read replica is behind.
    rds_replica_lag_s: above(30.0, 300.0), "seconds", 1.0..=86400.0;
    /// Age of the latest moment that can be restored.
    rds_restorable_age_min: above(15.0, 60.0), "minutes", 5.0..=10080.0;

    /// Memory of a Redis node in use.
    redis_memory_percent: above(80.0, 90.0), "percent", 1.0..=100.0;
    /// Keys that a Redis node throws out for lack of memory.
    redis_evictions_per_minute: above(100.0, 1000.0), "per minute", 1.0..=1e7;
    /// Share of look-ups that find their key.
    redis_hit_rate_percent: below(80.0, 50.0), "percent", 0.0..=100.0;
    /// Fewer look-ups than this are too few to judge the hit rate by.
    redis_lookups_least_per_minute: value(100.0), "per minute", 0.0..=1e7;
    /// CPU of the Redis engine, which has one thread for commands.
    redis_engine_cpu_percent: above(80.0, 90.0), "percent", 1.0..=100.0;

    /// Hours until the CPU credits of a burstable instance are spent at the present rate.
    cpu_credit_hours_left: below(4.0, 1.0), "hours", 0.0..=168.0;
    /// Burst balance of a volume or database.
    burst_balance_percent: below(30.0, 10.0), "percent", 0.0..=100.0;

    /// Age of the oldest message in a queue.
    queue_oldest_s: above(300.0, 1800.0), "seconds", 1.0..=1_209_600.0;
    /// Messages waiting for each worker that the queue feeds; without workers, all of them.
    queue_visible_per_worker: above(5.0, 20.0), "messages", 0.0..=1e6;

    /// Share of an endpoint's requests that its model answers with HTTP 5xx.
    sagemaker_5xx_percent: above(1.0, 5.0), "percent", 0.0..=100.0;
    /// Fewer requests than this are too few to judge an endpoint's share of errors by.
    sagemaker_requests_least_per_minute: value(1.0), "per minute", 0.0..=1e6;
    /// Time that an endpoint takes to answer, model and SageMaker together, 95th percentile.
    sagemaker_latency_s: above(3.0, 10.0), "seconds", 0.0..=3600.0;
    /// Time that an endpoint has had no request while its instances are paid for.
    sagemaker_idle_h: value(6.0), "hours", 1.0..=24.0;
    /// Utilisation up to which the GPU of an endpoint that is used counts as idle, average of three hours.
    sagemaker_gpu_idle_percent: value(5.0), "percent", 0.0..=100.0;
    /// Time that a variant has had fewer instances than desired.
    sagemaker_below_desired_min: above(10.0, 30.0), "minutes", 0.0..=1440.0;
    /// Time that a training job has used of what it may.
    training_runtime_percent: above(80.0, 95.0), "percent of the limit", 1.0..=100.0;
    /// Time that a training job has done nothing while it is paid for, or waited for capacity.
    training_stalled_min: above(30.0, 120.0), "minutes", 5.0..=1440.0;
    /// Time that a notebook has been running.
    notebook_running_h: value(12.0), "hours", 1.0..=720.0;
    /// Errors as a share of a Lambda function's invocations.
    lambda_error_percent: above(5.0, 20.0), "percent", 0.0..=100.0;
    /// Fewer errors of a Lambda function than this are too few to judge a share by.
    lambda_errors_least_per_minute: value(1.0), "per minute", 0.0..=1e6;
    /// Invocations of a Lambda function that are turned away.
    lambda_throttles_per_minute: above(1.0, 60.0), "per minute", 0.0..=1e6;
    /// How long invocations take (p95) as a share of the Lambda function's timeout.
    lambda_timeout_percent: above(80.0, 95.0), "percent", 1.0..=100.0;
    /// Invocations at once as a share of what a Lambda function may run.
    lambda_concurrency_percent: above(80.0, 95.0), "percent", 1.0..=100.0;
    /// How far a Lambda function is behind the stream that is read for it.
    lambda_stream_behind_s: above(60.0, 900.0), "seconds", 1.0..=604_800.0;
    /// Days until AWS deprecates a Lambda runtime, from which on it is mentioned.
    lambda_runtime_days_left: value(60.0), "days", 0.0..=730.0;
    /// Days until the support that an EKS version has ends.
    eks_support_days_left: below(60.0, 14.0), "days", 0.0..=730.0;
    /// CPU of the nodes of an EKS node group that is as large as it may be, average of a quarter of an hour.
    nodegroup_cpu_percent: above(80.0, 92.0), "percent", 1.0..=100.0;
    /// Time that something has been at the maximum of Application Auto Scaling.
    scaling_at_maximum_min: above(30.0, 240.0), "minutes", 1.0..=10_080.0;
    /// Share of a CloudFront distribution's requests that are answered with HTTP 5xx.
    cdn_5xx_percent: above(1.0, 5.0), "percent", 0.0..=100.0;
    /// Share of a CloudFront distribution's requests that are answered from a cache.
    cdn_hit_rate_percent: below(50.0, 20.0), "percent", 0.0..=100.0;
    /// Fewer requests than this are too few to judge a distribution's shares by.
    cdn_requests_least_per_minute: value(10.0), "per minute", 0.0..=1e6;
    /// Growth of a bucket that no lifecycle rule thins out.
    bucket_growth_gib_per_month: above(30.0, 1000.0), "GiB in thirty days", 0.1..=1e6;
    /// What the bytes through the NAT gateways of a VPC without a gateway endpoint for S3 cost.
    nat_traffic_usd_per_month: above(30.0, 500.0), "US dollars a month", 0.0..=1e6;
    /// Connections that got no port of a NAT gateway.
    nat_port_errors: above(1.0, 100.0), "in five minutes", 1.0..=1e6;
    /// Days until a certificate in use ends.
    certificate_days_left: below(30.0, 7.0), "days", 0.0..=365.0;
    /// Share of a health check's checkers that find its endpoint ill.
    health_check_failing_percent: above(30.0, 82.0), "percent", 1.0..=100.0;
    /// Time since a secret should have been rotated.
    secret_rotation_overdue_h: above(24.0, 336.0), "hours", 1.0..=8760.0;
    /// Days for which nobody has read a secret.
    secret_unused_days: value(90.0), "days", 7.0..=3650.0;

    /// Spend of the month so far as a share of the budget.
    spend_budget_percent: above(80.0, 100.0), "percent of the budget", 1.0..=1000.0;
    /// Forecast of the month as a share of the budget.
    spend_forecast_percent: above(100.0, 120.0), "percent of the budget", 1.0..=1000.0;
    /// Impact of a cost anomaly of the last days.
    spend_anomaly_usd: above(10.0, 100.0), "US dollars", 0.0..=1e6;
    /// Credits that are left, as a share of what there was.
    credits_left_percent: below(20.0, 5.0), "percent", 0.0..=100.0;
    /// Days that credits last at the rate of the last week.
    credits_left_days: below(30.0, 7.0), "days", 0.0..=3650.0;
    /// Least amount that is worth being listed as a possible saving.
    saving_usd: value(1.0), "US dollars a month", 0.0..=1e6;

    /// After so long a restore that was measured proves nothing about the next one.
    recovery_drill_days: value(90.0), "days", 1.0..=3660.0;

    /// Time until the session's AWS credentials expire.
    credentials_left_min: below(15.0, 5.0), "minutes", 0.0..=720.0;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_value_that_reaches_a_level_breaches_it() {
        let cpu = Limit::above(80.0, 90.0);
        assert_eq!(cpu.judge(79.9), None);
        assert_eq!(cpu.judge(80.0), Some(Breach::Warn));
        assert_eq!(cpu.judge(90.0), Some(Breach::Crit));
        assert_eq!(cpu.judge(f64::NAN), None);
        let storage = Limit::below(20.0, 10.0);
        assert_eq!(storage.judge(20.1), None);
        assert_eq!(storage.judge(20.0), Some(Breach::Warn));
        assert_eq!(storage.judge(0.0), Some(Breach::Crit));
        assert_eq!(storage.judge(f64::NAN), None);
        assert_eq!(storage.level(Breach::Crit), 10.0);
    }

    #[test]
    fn every_default_is_valid_and_readable_by_name() {
        let defaults = Thresholds::default();
        for declared in Thresholds::ALL {
            assert_eq!(declared.check(declared.default), Ok(()), "{}", declared.name);
            assert_eq!(
                defaults.get(declared.name),
                Some(declared.default),
                "{}",
                declared.name
            );
            assert!(declared.about.trim().ends_with('.'), "{}", declared.name);
        }
        assert_eq!(defaults.get("no_such_thing"), None);
    }

    #[test]
    fn settings_are_checked_before_they_are_taken() {
        let mut thresholds = Thresholds::default();
        let set = |thresholds: &mut Thresholds, name: &str, setting| thresholds.set(name, setting);
        for (name, setting, expected) in [
            ("nope", Setting::Value(1.0), SettingError::Unknown),
            ("rds_cpu_percent", Setting::Value(1.0), SettingError::Kind),
            (
                "rds_cpu_percent",
                Setting::Limit(Limit::below(90.0, 80.0)),
                SettingError::Kind,
            ),
            (
                "rds_cpu_percent",
                Setting::Limit(Limit::above(95.0, 90.0)),
                SettingError::Order,
            ),
            (
                "rds_cpu_percent",
                Setting::Limit(Limit::above(80.0, 101.0)),
                SettingError::CritRange,
            ),
            (
                "rds_cpu_percent",
                Setting::Limit(Limit::above(0.0, 90.0)),
                SettingError::WarnRange,
            ),
            (
                "gpu_idle_util_percent",
                Setting::Value(f64::NAN),
                SettingError::ValueRange,
            ),
        ] {
            assert_eq!(set(&mut thresholds, name, setting), Err(expected), "{name}");
        }
        assert_eq!(thresholds, Thresholds::default());

        let limit = Limit::below(30.0, 15.0);
        assert_eq!(
            thresholds.set("rds_free_storage_percent", Setting::Limit(limit)),
            Ok(())
        );
        assert_eq!(thresholds.rds_free_storage_percent, limit);
    }

    proptest! {
        #[test]
        fn a_worse_value_is_never_judged_better(
            a in -10.0..200.0f64, b in -10.0..200.0f64, warn in 0.0..100.0f64, more in 0.0..50.0f64,
        ) {
            let above = Limit::above(warn, warn + more);
            let below = Limit::below(warn + more, warn);
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            prop_assert!(above.judge(low) <= above.judge(high));
            prop_assert!(below.judge(low) >= below.judge(high));
        }
    }
}
