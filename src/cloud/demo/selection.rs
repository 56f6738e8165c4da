//! Which estates are simulated and what goes wrong in them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A simulated estate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum World {
    /// A virtual fitting room: EKS-owned GPU nodes, RDS and Aurora, Lambda.
    Fashion,
    /// A collaborative code editor: ECS on Fargate, PostgreSQL, Redis in cluster mode.
    Codemate,
    /// A video pipeline with a GPU model server.
    Ecg,
    /// A shop: an Auto Scaling group of Spring Boot, MySQL, one Redis node.
    Ecommerce,
    /// Image generation: a Fargate API, a queue, and groups of GPU workers.
    Invokeai,
}

impl World {
    /// Every world, in the order in which they are listed.
    pub const ALL: [Self; 5] = [
        Self::Fashion,
        Self::Codemate,
        Self::Ecg,
        Self::Ecommerce,
        Self::Invokeai,
    ];

    /// The name on the command line, which is the profile's name too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fashion => "fashion",
            Self::Codemate => "codemate",
            Self::Ecg => "ecg",
            Self::Ecommerce => "ecommerce",
            Self::Invokeai => "invokeai",
        }
    }

    /// The account's twelve digits.
    pub const fn account(self) -> &'static str {
        match self {
            Self::Codemate => "111122223333",
            Self::Fashion => "222233334444",
            Self::Ecg => "333344445555",
            Self::Ecommerce => "444455556666",
            Self::Invokeai => "555566667777",
        }
    }

    /// The region.
    pub const fn region(self) -> &'static str {
        match self {
            Self::Fashion | Self::Codemate | Self::Ecommerce => "ap-northeast-2",
            Self::Ecg | Self::Invokeai => "us-east-1",
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown world {0:?}: expected fashion, codemate, ecg, ecommerce or invokeai")]
pub struct UnknownWorld(pub String);

impl FromStr for World {
    type Err = UnknownWorld;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|world| world.name() == text)
            .ok_or_else(|| UnknownWorld(text.to_owned()))
    }
}

/// One world, or all of them as scopes side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Worlds {
    /// All five.
    #[default]
    All,
    /// One of them.
    One(World),
}

impl Worlds {
    /// The worlds meant, in the order in which they are listed.
    pub const fn list(&self) -> &[World] {
        match self {
            Self::All => &World::ALL,
            Self::One(world) => std::slice::from_ref(world),
        }
    }
}

/// What goes wrong. Each is a timeline around the epoch: the incident is some minutes old when the
/// demo opens, and goes on. A world where a scenario makes no sense is as it is when quiet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// Ordinary days: deployments roll out, and a few things could be better.
    Everyday,
    /// Nothing goes wrong at all.
    Quiet,
    /// A new revision of the API crash-loops: codemate, invokeai.
    BadDeploy,
    /// GPU workers run through the night without work: invokeai.
    GpuIdleNight,
    /// Spot capacity is taken back and does not return: invokeai.
    SpotReclaim,
    /// The database runs out of storage: ecommerce.
    DbStorageLow,
    /// Redis is full and evicts: ecommerce.
    RedisEvictions,
    /// Jobs come faster than the workers take them: invokeai.
    QueueBacklog,
    /// A new configuration of an endpoint answers with errors, and slowly: fashion.
    EndpointDegraded,
    /// Notebooks run for days without anybody: fashion.
    NotebookLeftOn,
    /// A bad object is cached at the edge: ecg.
    StaleCdn,
    /// A certificate's renewal finds no proof: codemate.
    CertExpiring,
    /// A build on the way to production failed: codemate.
    PipelineFailed,
    /// A change waits for somebody to let it into production: codemate.
    ApprovalWaiting,
    /// A lifecycle policy deletes the image that a rollback needs: ecg.
    ImageExpiring,
    /// A forgotten training instance eats the credits: fashion.
    CreditBurn,
    /// Backups of the database were switched off: ecommerce.
    DrGap,
    /// A new version of a function fails behind its alias: fashion.
    LambdaErrors,
    /// A function no longer keeps up with the stream that it reads: fashion.
    EventSourceLag,
    /// A node group has no room for what customers want: fashion.
    NodegroupShort,
}

impl Scenario {
    /// The scenarios that can be named on the command line.
    pub const NAMED: &'static [Self] = &[
        Self::Quiet,
        Self::BadDeploy,
        Self::GpuIdleNight,
        Self::SpotReclaim,
        Self::DbStorageLow,
        Self::RedisEvictions,
        Self::QueueBacklog,
        Self::EndpointDegraded,
        Self::NotebookLeftOn,
        Self::StaleCdn,
        Self::CertExpiring,
        Self::PipelineFailed,
        Self::ApprovalWaiting,
        Self::ImageExpiring,
        Self::CreditBurn,
        Self::DrGap,
        Self::LambdaErrors,
        Self::EventSourceLag,
        Self::NodegroupShort,
    ];

    /// The name on the command line; `everyday` is what no `--scenario` means.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Everyday => "everyday",
            Self::Quiet => "quiet",
            Self::BadDeploy => "bad-deploy",
            Self::GpuIdleNight => "gpu-idle-night",
            Self::SpotReclaim => "spot-reclaim",
            Self::DbStorageLow => "db-storage-low",
            Self::RedisEvictions => "redis-evictions",
            Self::QueueBacklog => "queue-backlog",
            Self::EndpointDegraded => "endpoint-degraded",
            Self::NotebookLeftOn => "notebook-left-on",
            Self::StaleCdn => "stale-cdn",
            Self::CertExpiring => "cert-expiring",
            Self::PipelineFailed => "pipeline-failed",
            Self::ApprovalWaiting => "approval-waiting",
            Self::ImageExpiring => "image-expiring",
            Self::CreditBurn => "credit-burn",
            Self::DrGap => "dr-gap",
            Self::LambdaErrors => "lambda-errors",
            Self::EventSourceLag => "event-source-lag",
            Self::NodegroupShort => "nodegroup-short",
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown scenario {0:?}: expected one of {names}",
    names = Scenario::NAMED.iter().map(|one| one.name()).collect::<Vec<_>>().join(", ")
)]
pub struct UnknownScenario(pub String);

impl FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::NAMED
            .iter()
            .copied()
            .find(|scenario| scenario.name() == text)
            .ok_or_else(|| UnknownScenario(text.to_owned()))
    }
}
