//! Changes: each is one call, made once.

mod application_auto_scaling;
mod autoscaling;
#[cfg(feature = "aws-extra")]
mod cloudfront;
mod cloudwatch;
mod codepipeline;
mod ec2;
mod ecr;
mod ecs;
#[cfg(feature = "aws-extra")]
mod eks;
mod elasticache;
mod elb;
mod http;
#[cfg(feature = "aws-extra")]
mod lambda;
mod rds;
#[cfg(feature = "aws-extra")]
mod route53;
#[cfg(feature = "aws-extra")]
mod sagemaker;
mod sns;
mod sqs;
mod ssm;

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::{Mutation, Receipt, Token};

/// Makes a change.
pub(super) async fn write(caller: &Caller<'_>, change: &Mutation, token: &Token) -> Result<Receipt, Fault> {
    match change {
        Mutation::Ecs(change) => ecs::write(caller, change, token).await,
        Mutation::AutoScaling(change) => autoscaling::write(caller, change, token).await,
        Mutation::Ec2(change) => ec2::write(caller, change, token).await,
        Mutation::Rds(change) => rds::write(caller, change, token).await,
        Mutation::ElastiCache(change) => elasticache::write(caller, change, token).await,
        Mutation::Elb(change) => elb::write(caller, change, token).await,
        Mutation::CloudWatch(change) => cloudwatch::write(caller, change, token).await,
        Mutation::Sqs(change) => sqs::write(caller, change, token).await,
        Mutation::Ssm(change) => ssm::write(caller, change, token).await,
        Mutation::Sns(change) => sns::write(caller, change, token).await,
        Mutation::Http(change) => http::write(caller, change, token).await,
        Mutation::Exec(change) => Err(Fault::new(
            FaultKind::Unsupported,
            change.operation().service,
            change.operation().name,
            "the operator's settings allow no program",
        )),
        Mutation::Ecr(change) => ecr::write(caller, change, token).await,
        Mutation::CodePipeline(change) => codepipeline::write(caller, change, token).await,
        Mutation::ApplicationAutoScaling(change) => {
            application_auto_scaling::write(caller, change, token).await
        }
        #[cfg(feature = "aws-extra")]
        Mutation::Sagemaker(change) => sagemaker::write(caller, change, token).await,
        #[cfg(not(feature = "aws-extra"))]
        Mutation::Sagemaker(change) => Err(Fault::not_in_this_build(&[change.operation()])),
        #[cfg(feature = "aws-extra")]
        Mutation::Lambda(change) => lambda::write(caller, change, token).await,
        #[cfg(feature = "aws-extra")]
        Mutation::Eks(change) => eks::write(caller, change, token).await,
        #[cfg(not(feature = "aws-extra"))]
        Mutation::Lambda(_) | Mutation::Eks(_) => Err(Fault::not_in_this_build(&[change.operation()])),
        #[cfg(feature = "aws-extra")]
        Mutation::CloudFront(change) => cloudfront::write(caller, change, token).await,
        #[cfg(not(feature = "aws-extra"))]
        Mutation::CloudFront(change) => Err(Fault::not_in_this_build(&[change.operation()])),
        #[cfg(feature = "aws-extra")]
        Mutation::Route53(change) => route53::write(caller, change, token).await,
        #[cfg(not(feature = "aws-extra"))]
        Mutation::Route53(change) => Err(Fault::not_in_this_build(&[change.operation()])),
    }
}
