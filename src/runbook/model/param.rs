//! What a runbook can be told.

use std::collections::BTreeMap;
use std::fmt;

use regex::{Regex, RegexBuilder};

use super::{Arg, Spanned};
use crate::runbook::types::{Type, read_literal};
use crate::runbook::value::{SecretRef, Value};

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Spanned<String>,
    /// What it means, for forms and help.
    pub about: String,
    /// What its value must be.
    pub ty: Spanned<Type>,
    /// What holds without a value.
    pub presence: Presence,
    /// What text must look like, each item of a list too.
    pub pattern: Option<Pattern>,
    /// The only values, each item of a list too; empty for any. With [`Param::from`]: values that are
    /// valid beside those that are found, such as `latest`.
    pub one_of: Vec<Spanned<Value>>,
    /// What those values mean, by value; without those of which the author says nothing.
    pub meanings: BTreeMap<String, String>,
    /// The least value, or the least length of text; for each item of a list too.
    pub min: Option<Spanned<Value>>,
    /// The greatest value, or the greatest length of text; for each item of a list too.
    pub max: Option<Spanned<Value>>,
    /// The least number of items of a list.
    pub min_items: Option<u32>,
    /// The greatest number of items of a list.
    pub max_items: Option<u32>,
    /// Where its values come from.
    pub from: Option<Origin>,
}

impl Param {
    /// The value that holds if none is given, where the file says it as it is.
    pub fn default_value(&self) -> Option<Value> {
        match &self.presence {
            Presence::Default(default) => read_literal(&default.as_literal()?, &self.written_type()).ok(),
            Presence::Required | Presence::Optional | Presence::Stored | Presence::All => None,
        }
    }

    /// Its type as expressions see it: what may be left out may be nothing.
    pub fn value_type(&self) -> Type {
        match self.presence {
            Presence::Optional => Type::optional(self.ty.value.clone()),
            Presence::Required | Presence::Default(_) | Presence::Stored | Presence::All => {
                self.ty.value.clone()
            }
        }
    }

    /// The type in which it is given: a resource by its name or id.
    pub fn written_type(&self) -> Type {
        fn written(ty: &Type) -> Type {
            match ty {
                Type::Resource(_) => Type::Text,
                Type::List(of) => Type::list(written(of)),
                Type::Map(of) => Type::Map(Box::new(written(of))),
                other => other.clone(),
            }
        }
        written(&self.ty)
    }
}

/// What holds for a parameter that nobody gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Presence {
    /// It must be given.
    Required,
    /// It is nothing.
    Optional,
    /// It is this, an expression over the other parameters or a literal.
    Default(Spanned<Arg>),
    /// It is a secret that is looked up where [`Param::from`] says.
    Stored,
    /// It is everything that [`Param::from`] finds; for lists alone.
    All,
}

/// Where values of a parameter come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// From live resources: the console offers them, and a value that is not among them is refused.
    Live(Discovery),
    /// A secret from its store.
    Secret(SecretRef),
}

/// Which live resources can be the values of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Discovery {
    /// What is listed.
    pub list: Spanned<Source>,
    /// What it is narrowed to: keys of [`Source::filters`], values that may refer to parameters.
    pub filters: Vec<(Spanned<String>, Spanned<Arg>)>,
}

/// What can be listed for a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// Names of ECS clusters.
    EcsCluster,
    /// ECS services.
    EcsService,
    /// `family:revision` of the task definitions of a service's family, newest first.
    TaskDefinition,
    /// Auto Scaling groups.
    Asg,
    /// EC2 instances.
    Ec2Instance,
    /// Auto Scaling groups with GPU instances, and GPU instances that are in no group.
    GpuFleet,
    /// RDS DB instances.
    RdsInstance,
    /// Aurora and Multi-AZ DB clusters.
    RdsCluster,
    /// Identifiers of DB snapshots that can be restored, newest first.
    RdsSnapshot,
    /// ElastiCache caches.
    Redis,
    /// Target groups.
    TargetGroup,
    /// CloudWatch alarms.
    Alarm,
    /// SQS queues.
    Queue,
    /// Log groups.
    LogGroup,
    /// SageMaker endpoints.
    SagemakerEndpoint,
    /// Names of the configurations that were made for an endpoint, newest first.
    EndpointConfig,
    /// Notebook instances and running applications of Studio.
    NotebookInstance,
    /// Pipelines.
    Pipeline,
    /// Lambda functions.
    Lambda,
    /// Aliases of a function, as names.
    LambdaAlias,
    /// Node groups of EKS.
    Nodegroup,
    /// CloudFront distributions.
    Distribution,
    /// ECR repositories.
    EcrRepository,
    /// Certificates of the region and of CloudFront.
    Certificate,
}

impl Source {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::EcsCluster,
        Self::EcsService,
        Self::TaskDefinition,
        Self::Asg,
        Self::Ec2Instance,
        Self::GpuFleet,
        Self::RdsInstance,
        Self::RdsCluster,
        Self::RdsSnapshot,
        Self::Redis,
        Self::TargetGroup,
        Self::Alarm,
        Self::Queue,
        Self::LogGroup,
        Self::SagemakerEndpoint,
        Self::EndpointConfig,
        Self::NotebookInstance,
        Self::Pipeline,
        Self::Lambda,
        Self::LambdaAlias,
        Self::Nodegroup,
        Self::Distribution,
        Self::EcrRepository,
        Self::Certificate,
    ];

    /// The word in a runbook.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EcsCluster => "ecs-cluster",
            Self::EcsService => "ecs-service",
            Self::TaskDefinition => "task-definition",
            Self::Asg => "asg",
            Self::Ec2Instance => "ec2-instance",
            Self::GpuFleet => "gpu-fleet",
            Self::RdsInstance => "rds-instance",
            Self::RdsCluster => "rds-cluster",
            Self::RdsSnapshot => "rds-snapshot",
            Self::Redis => "redis",
            Self::TargetGroup => "target-group",
            Self::Alarm => "alarm",
            Self::Queue => "queue",
            Self::LogGroup => "log-group",
            Self::SagemakerEndpoint => "sagemaker-endpoint",
            Self::EndpointConfig => "endpoint-config",
            Self::NotebookInstance => "notebook-instance",
            Self::Pipeline => "pipeline",
            Self::Lambda => "lambda",
            Self::LambdaAlias => "lambda-alias",
            Self::Nodegroup => "nodegroup",
            Self::Distribution => "distribution",
            Self::EcrRepository => "ecr-repository",
            Self::Certificate => "certificate",
        }
    }

    /// What `where:` may narrow it by, beside `name`, a pattern, which all have.
    pub const fn filters(self) -> &'static [&'static str] {
        match self {
            Self::EcsCluster
            | Self::Alarm
            | Self::LogGroup
            | Self::Pipeline
            | Self::Distribution
            | Self::EcrRepository
            | Self::Certificate
            | Self::NotebookInstance => &["name"],
            Self::EndpointConfig => &["name", "endpoint"],
            Self::EcsService => &["name", "cluster"],
            Self::Nodegroup => &["name", "cluster"],
            Self::LambdaAlias => &["name", "function"],
            Self::TaskDefinition => &["name", "cluster", "service"],
            Self::Asg | Self::Ec2Instance => &["name", "tag", "gpu"],
            Self::RdsSnapshot => &["name", "instance"],
            Self::GpuFleet
            | Self::RdsInstance
            | Self::RdsCluster
            | Self::Redis
            | Self::TargetGroup
            | Self::Lambda
            | Self::Queue
            | Self::SagemakerEndpoint => &["name", "tag"],
        }
    }

    /// The type of what it lists.
    pub fn ty(self) -> Type {
        use crate::domain::ids::Kind;
        let kind = match self {
            Self::EcsCluster
            | Self::TaskDefinition
            | Self::RdsSnapshot
            | Self::EndpointConfig
            | Self::LambdaAlias => {
                return Type::Text;
            }
            Self::GpuFleet => return Type::Resource(vec![Kind::Asg, Kind::Ec2Instance]),
            Self::EcsService => Kind::EcsService,
            Self::Asg => Kind::Asg,
            Self::Ec2Instance => Kind::Ec2Instance,
            Self::RdsInstance => Kind::RdsInstance,
            Self::RdsCluster => Kind::RdsCluster,
            Self::Redis => Kind::Redis,
            Self::TargetGroup => Kind::TargetGroup,
            Self::Alarm => Kind::Alarm,
            Self::Queue => Kind::Queue,
            Self::LogGroup => Kind::LogGroup,
            Self::SagemakerEndpoint => Kind::SagemakerEndpoint,
            Self::NotebookInstance => Kind::NotebookInstance,
            Self::Pipeline => Kind::Pipeline,
            Self::Lambda => Kind::Lambda,
            Self::Nodegroup => Kind::Nodegroup,
            Self::Distribution => Kind::Distribution,
            Self::EcrRepository => Kind::EcrRepository,
            Self::Certificate => Kind::Certificate,
        };
        Type::Resource(vec![kind])
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a whole text must look like. Matching takes time in proportion to the text, whatever the
/// pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    written: String,
    regex: Regex,
}

impl Pattern {
    /// Compiles a pattern; it always has to match the whole text. A pattern that is wrong, or that
    /// would need much memory, is an error in words.
    pub fn new(written: &str) -> Result<Self, String> {
        // The pattern alone first, so that no bracket of ours can complete a wrong one.
        for text in [written.to_owned(), format!("^(?:{written})$")] {
            let regex = RegexBuilder::new(&text)
                .size_limit(1 << 20)
                .nest_limit(50)
                .build();
            match regex {
                Ok(regex) if text != written => {
                    return Ok(Self {
                        written: written.to_owned(),
                        regex,
                    });
                }
                Ok(_) => {}
                Err(regex::Error::CompiledTooBig(_)) => return Err("it needs too much memory".to_owned()),
                Err(error) => {
                    let words = error.to_string();
                    let last = words.lines().last().unwrap_or_default();
                    return Err(last.trim_start_matches("error: ").to_owned());
                }
            }
        }
        Err("it cannot be used".to_owned())
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}
