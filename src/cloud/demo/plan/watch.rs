//! Log groups and alarms as an estate's file has them.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A log group.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogGroup {
    /// The group's name.
    pub name: String,
    /// Days that events are kept; absent is for ever.
    pub days: Option<u32>,
    /// Size, MiB.
    pub stored_mib: u64,
    /// What its lines look like.
    pub style: LogStyle,
    /// The group, instance or database that writes to it, where no service does.
    pub of: Option<String>,
    /// Events per second at the peak.
    pub per_second: f64,
    /// Whose wishes make it busy; absent is steady.
    pub traffic: Option<String>,
    /// Whether it is of the class `INFREQUENT_ACCESS`, which cannot be tailed.
    #[serde(default)]
    pub infrequent: bool,
}

/// What the lines of a log group look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogStyle {
    /// JSON lines of a NestJS backend.
    Nest,
    /// A Next.js frontend.
    Next,
    /// InvokeAI's API: FastAPI behind uvicorn.
    Uvicorn,
    /// The API of a video pipeline, the same way.
    VideoApi,
    /// A model server on an instance, the same way.
    ModelServer,
    /// The container of a SageMaker endpoint, the same way.
    Endpoint,
    /// JupyterLab.
    Notebook,
    /// A training job.
    Training,
    /// Spring Boot.
    Spring,
    /// A Celery worker with PyTorch.
    Celery,
    /// PostgreSQL.
    Postgres,
    /// MySQL's error log.
    Mysql,
    /// The slow log of Redis.
    Redis,
    /// A build in CodeBuild.
    Build,
    /// A Lambda function.
    Lambda,
    /// A Lambda function that reads a stream.
    Events,
    /// nginx's access log.
    Nginx,
}

/// An alarm on a metric.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// The alarm's name.
    pub name: String,
    /// What its author wrote of it.
    pub description: Option<String>,
    /// The namespace.
    pub namespace: String,
    /// The metric's name.
    pub metric: String,
    /// Dimensions; load balancers and target groups by their names.
    pub dimensions: BTreeMap<String, String>,
    /// The statistic.
    pub stat: AlarmStat,
    /// How the value is compared.
    pub when: Comparison,
    /// With what, in the metric's unit.
    pub threshold: f64,
    /// Seconds per period.
    pub period_s: u32,
    /// How many periods in a row.
    pub periods: u32,
    /// Whom it tells: names of SNS topics.
    #[serde(default)]
    pub notify: Vec<String>,
}

/// The statistic of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmStat {
    /// The mean.
    Average,
    /// The sum.
    Sum,
    /// The largest sample.
    Maximum,
    /// The smallest sample.
    Minimum,
    /// The 95th percentile.
    P95,
}

/// How an alarm compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// `GreaterThanThreshold`.
    Above,
    /// `LessThanThreshold`.
    Below,
}

/// An alarm that fires while any of others does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composite {
    /// The alarm's name.
    pub name: String,
    /// What its author wrote of it.
    pub description: Option<String>,
    /// The others.
    pub any_of: Vec<String>,
    /// Whom it tells: names of SNS topics.
    #[serde(default)]
    pub notify: Vec<String>,
}
