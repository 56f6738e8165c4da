//! The panes. Ten have a digit key; the others are reached by their names, from findings, and from the
//! overview's line of further families.

use std::collections::BTreeSet;

use crate::domain::focus::{Focus, Probing};
use crate::domain::ids::Kind;

/// A pane of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pane {
    /// What is wrong, what changed, and the estate in a few lines.
    Overview,
    /// Every finding.
    Findings,
    /// ECS services.
    Services,
    /// Auto Scaling groups, instances and GPU cards.
    Gpu,
    /// RDS, Aurora and ElastiCache.
    Data,
    /// Load balancers, target groups, queues and NAT gateways.
    Network,
    /// Log tails.
    Logs,
    /// Spend, budgets and burn rate.
    Spend,
    /// Alarms.
    Alarms,
    /// Live runs, history, runbooks.
    Runs,
    /// SageMaker: endpoints, training jobs, notebooks.
    Models,
    /// Pipelines, builds and image repositories.
    Pipelines,
    /// Buckets and distributions.
    Web,
    /// Secrets and parameters.
    Secrets,
    /// What would come back after a disaster, and how soon.
    Recovery,
    /// The record of the incident.
    Incident,
    /// EKS clusters and node groups.
    Kubernetes,
    /// Lambda functions.
    Functions,
}

impl Pane {
    /// Every pane: those with a digit in its order, then the others.
    pub const ALL: &'static [Self] = &[
        Self::Overview,
        Self::Findings,
        Self::Services,
        Self::Gpu,
        Self::Data,
        Self::Network,
        Self::Logs,
        Self::Spend,
        Self::Alarms,
        Self::Runs,
        Self::Models,
        Self::Pipelines,
        Self::Web,
        Self::Secrets,
        Self::Recovery,
        Self::Incident,
        Self::Kubernetes,
        Self::Functions,
    ];

    /// The digit that opens it; `None` where only the name does.
    pub const fn digit(self) -> Option<u8> {
        Some(match self {
            Self::Overview => 0,
            Self::Findings => 1,
            Self::Services => 2,
            Self::Gpu => 3,
            Self::Data => 4,
            Self::Network => 5,
            Self::Logs => 6,
            Self::Spend => 7,
            Self::Alarms => 8,
            Self::Runs => 9,
            Self::Models
            | Self::Pipelines
            | Self::Web
            | Self::Secrets
            | Self::Recovery
            | Self::Incident
            | Self::Kubernetes
            | Self::Functions => return None,
        })
    }

    /// The pane after this one, in a circle.
    pub fn next(self) -> Self {
        let after = Self::ALL.iter().skip_while(|pane| **pane != self).nth(1);
        after.copied().unwrap_or(Self::Overview)
    }

    /// The name after `:`, and in the tab line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Findings => "findings",
            Self::Services => "services",
            Self::Gpu => "gpu",
            Self::Data => "data",
            Self::Network => "network",
            Self::Logs => "logs",
            Self::Spend => "spend",
            Self::Alarms => "alarms",
            Self::Runs => "runs",
            Self::Models => "models",
            Self::Pipelines => "pipelines",
            Self::Web => "web",
            Self::Secrets => "secrets",
            Self::Recovery => "recovery",
            Self::Incident => "incident",
            Self::Kubernetes => "kubernetes",
            Self::Functions => "functions",
        }
    }

    /// The pane in which resources of a kind are listed.
    pub const fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::EcsService | Kind::ScalableTarget => Self::Services,
            Kind::Asg | Kind::Ec2Instance | Kind::Gpu | Kind::GpuHost => Self::Gpu,
            Kind::RdsInstance | Kind::RdsCluster | Kind::Redis => Self::Data,
            Kind::TargetGroup
            | Kind::LoadBalancer
            | Kind::Queue
            | Kind::NatGateway
            | Kind::VpcEndpoint
            | Kind::Certificate
            | Kind::HealthCheck => Self::Network,
            Kind::Bucket | Kind::Distribution => Self::Web,
            Kind::Secret | Kind::Parameter => Self::Secrets,
            Kind::LogGroup => Self::Logs,
            Kind::Budget | Kind::Advice => Self::Spend,
            Kind::Alarm => Self::Alarms,
            Kind::Scope => Self::Findings,
            Kind::SagemakerEndpoint | Kind::TrainingJob | Kind::NotebookInstance => Self::Models,
            Kind::Pipeline | Kind::CodebuildProject | Kind::EcrRepository => Self::Pipelines,
            Kind::EksCluster | Kind::Nodegroup => Self::Kubernetes,
            Kind::Lambda => Self::Functions,
        }
    }

    /// The kinds that the pane shows, which are read quickly while it is in front.
    fn kinds(self) -> BTreeSet<Kind> {
        let all = Kind::ALL.iter().copied();
        match self {
            // The overview needs no quicker metrics than alarms and the slow cadence give, but
            // customer impact is what it is for.
            Self::Overview | Self::Findings | Self::Incident => {
                BTreeSet::from([Kind::EcsService, Kind::TargetGroup, Kind::Alarm])
            }
            Self::Recovery => BTreeSet::from([Kind::RdsInstance, Kind::RdsCluster, Kind::Redis]),
            Self::Services
            | Self::Gpu
            | Self::Data
            | Self::Network
            | Self::Logs
            | Self::Spend
            | Self::Alarms
            | Self::Runs
            | Self::Models
            | Self::Pipelines
            | Self::Web
            | Self::Secrets
            | Self::Kubernetes
            | Self::Functions => all.filter(|kind| Self::of_kind(*kind) == self).collect(),
        }
    }

    /// What collecting should attend to while the pane is in front.
    pub fn focus(self) -> Focus {
        let gpu = match self {
            Self::Gpu | Self::Overview => Probing::Yes,
            Self::Findings
            | Self::Services
            | Self::Data
            | Self::Network
            | Self::Logs
            | Self::Spend
            | Self::Alarms
            | Self::Runs
            | Self::Models
            | Self::Pipelines
            | Self::Web
            | Self::Secrets
            | Self::Recovery
            | Self::Incident
            | Self::Kubernetes
            | Self::Functions => Probing::No,
        };
        Focus {
            front: self.kinds(),
            gpu,
            ..Focus::default()
        }
    }
}
