//! Changes, each with the refusals that AWS has for it.

mod alarms;
mod asg;
mod cloudfront;
mod delivery;
mod ec2;
mod ecs;
mod elasticache;
mod elb;
mod functions;
mod models;
mod rds;
mod route53;
mod sqs;
mod told;

use super::signal;
use super::sim::Sim;
use super::time::part;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ids::Tag;
use crate::domain::ops::{Mutation, Receipt};

/// Makes a change now, or refuses it as AWS does. A refused change may leave the world half
/// changed: callers try it on a copy.
pub fn apply(sim: &mut Sim, change: &Mutation) -> Result<Receipt, Fault> {
    let refuse = Refusal::of(change);
    let created = match change {
        Mutation::Ecs(write) => ecs::apply(sim, write, &refuse)?,
        Mutation::AutoScaling(write) => asg::apply(sim, write, &refuse)?,
        Mutation::Ec2(write) => ec2::apply(sim, write, &refuse)?,
        Mutation::Rds(write) => rds::apply(sim, write, &refuse)?,
        Mutation::ElastiCache(write) => elasticache::apply(sim, write, &refuse)?,
        Mutation::Elb(write) => elb::apply(sim, write, &refuse)?,
        Mutation::CloudWatch(write) => alarms::apply(sim, write, &refuse)?,
        Mutation::Sqs(write) => sqs::apply(sim, write, &refuse)?,
        Mutation::Ssm(write) => told::command(sim, write, &refuse)?,
        Mutation::Sns(write) => told::publish(sim, write, &refuse)?,
        Mutation::Http(write) => told::post(write, &refuse)?,
        Mutation::Exec(write) => Some(told::exec(write)),
        Mutation::Ecr(write) => delivery::images(sim, write, &refuse)?,
        Mutation::CodePipeline(write) => delivery::pipelines(sim, write, &refuse)?,
        Mutation::ApplicationAutoScaling(write) => delivery::bounds(sim, write, &refuse)?,
        Mutation::Sagemaker(write) => models::apply(sim, write, &refuse)?,
        Mutation::Lambda(write) => functions::lambda(sim, write, &refuse)?,
        Mutation::Eks(write) => functions::eks(sim, write, &refuse)?,
        Mutation::CloudFront(write) => cloudfront::apply(sim, write, &refuse)?,
        Mutation::Route53(write) => route53::apply(sim, write, &refuse)?,
    };
    let operation = change.operation();
    Ok(Receipt {
        request_id: Some(signal::uuid(&[
            sim.seed,
            part(sim.now),
            signal::name(operation.name),
        ])),
        created,
    })
}

/// Makes the faults of one operation.
struct Refusal {
    service: &'static str,
    operation: &'static str,
}

impl Refusal {
    fn of(change: &Mutation) -> Self {
        let operation = change.operation();
        Self {
            service: operation.service,
            operation: operation.name,
        }
    }

    fn make(&self, kind: FaultKind, code: &str, message: impl Into<String>) -> Fault {
        Fault::new(kind, self.service, self.operation, message).with_code(code)
    }

    /// The request is wrong.
    fn invalid(&self, code: &str, message: impl Into<String>) -> Fault {
        self.make(FaultKind::Invalid, code, message)
    }

    /// What it is about is not there.
    fn absent(&self, code: &str, message: impl Into<String>) -> Fault {
        self.make(FaultKind::NotFound, code, message)
    }

    /// What it is about is in a state that does not allow it.
    fn conflict(&self, code: &str, message: impl Into<String>) -> Fault {
        self.make(FaultKind::Conflict, code, message)
    }
}

/// Refuses tags that no service of AWS takes.
fn check_tags(tags: &[Tag], refuse: &Refusal) -> Result<(), Fault> {
    for tag in tags {
        if tag.key.is_empty() || tag.key.starts_with("aws:") {
            return Err(refuse.invalid(
                "ValidationError",
                "aws: prefixed tag key names are not allowed for external use.",
            ));
        }
        if tag.key.chars().count() > 128 || tag.value.chars().count() > 256 {
            return Err(refuse.invalid(
                "ValidationError",
                "A tag key has at most 128 characters and a value at most 256.",
            ));
        }
    }
    Ok(())
}

/// Records a call of the console's user in CloudTrail.
fn record(sim: &mut Sim, refuse: &Refusal, resources: &[&str]) {
    let source = match refuse.service {
        "elasticloadbalancing" => "elasticloadbalancing.amazonaws.com",
        "autoscaling" => "autoscaling.amazonaws.com",
        "elasticache" => "elasticache.amazonaws.com",
        "cloudwatch" => "monitoring.amazonaws.com",
        "ecs" => "ecs.amazonaws.com",
        "ec2" => "ec2.amazonaws.com",
        "rds" => "rds.amazonaws.com",
        "sqs" => "sqs.amazonaws.com",
        "ssm" => "ssm.amazonaws.com",
        "ecr" => "ecr.amazonaws.com",
        "codepipeline" => "codepipeline.amazonaws.com",
        "sagemaker" => "sagemaker.amazonaws.com",
        "application-autoscaling" => "autoscaling.amazonaws.com",
        "lambda" => "lambda.amazonaws.com",
        "eks" => "eks.amazonaws.com",
        "cloudfront" => "cloudfront.amazonaws.com",
        "route53" => "route53.amazonaws.com",
        _ => "aws.amazonaws.com",
    };
    let user = sim.plan.person.clone();
    sim.record(sim.now, (source, refuse.operation), &user, resources);
}
