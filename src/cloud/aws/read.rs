//! Reads: each service answers its own questions.

#[cfg(feature = "aws-extra")]
mod acm;
mod advice;
mod application_auto_scaling;
mod autoscaling;
mod cloudformation;
#[cfg(feature = "aws-extra")]
mod cloudfront;
mod cloudtrail;
mod cloudwatch;
#[cfg(feature = "aws-extra")]
mod codebuild;
mod codepipeline;
mod cost;
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
mod listing;
mod logs;
mod offered;
mod rds;
#[cfg(feature = "aws-extra")]
mod route53;
#[cfg(feature = "aws-extra")]
mod s3;
#[cfg(feature = "aws-extra")]
mod sagemaker;
#[cfg(feature = "aws-extra")]
mod secretsmanager;
mod sns;
mod sqs;
mod ssm;
mod sts;

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::Fault;
use crate::domain::ops::{Query, Reply};

/// Answers a question.
pub(super) async fn read(caller: &Caller<'_>, query: &Query) -> Result<Reply, Fault> {
    match query {
        Query::Sts(read) => sts::read(caller, read).await,
        Query::Ecs(read) => ecs::read(caller, read).await,
        Query::AutoScaling(read) => autoscaling::read(caller, read).await,
        Query::Ec2(read) => ec2::read(caller, read).await,
        Query::Ssm(read) => ssm::read(caller, read).await,
        Query::Rds(read) => rds::read(caller, read).await,
        Query::ElastiCache(read) => elasticache::read(caller, read).await,
        Query::Elb(read) => elb::read(caller, read).await,
        Query::CloudWatch(read) => cloudwatch::read(caller, read).await,
        Query::Sqs(read) => sqs::read(caller, read).await,
        Query::Logs(read) => logs::read(caller, read).await,
        Query::Cost(read) => cost::read(caller, read).await,
        Query::CloudTrail(read) => cloudtrail::read(caller, read).await,
        Query::Sns(read) => sns::read(caller, read).await,
        Query::Http(read) => http::read(caller, read).await,
        Query::Ecr(read) => ecr::read(caller, read).await,
        Query::CodePipeline(read) => codepipeline::read(caller, read).await,
        Query::CloudFormation(read) => cloudformation::read(caller, read).await,
        Query::ApplicationAutoScaling(read) => application_auto_scaling::read(caller, read).await,
        #[cfg(feature = "aws-extra")]
        Query::Sagemaker(read) => sagemaker::read(caller, read).await,
        #[cfg(not(feature = "aws-extra"))]
        Query::Sagemaker(_) => Err(Fault::not_in_this_build(query.operations())),
        #[cfg(feature = "aws-extra")]
        Query::S3(read) => s3::read(caller, read).await,
        #[cfg(feature = "aws-extra")]
        Query::CloudFront(read) => cloudfront::read(caller, read).await,
        #[cfg(feature = "aws-extra")]
        Query::Acm(read) => acm::read(caller, read).await,
        #[cfg(feature = "aws-extra")]
        Query::Route53(read) => route53::read(caller, read).await,
        #[cfg(feature = "aws-extra")]
        Query::SecretsManager(read) => secretsmanager::read(caller, read).await,
        #[cfg(feature = "aws-extra")]
        Query::CodeBuild(read) => codebuild::read(caller, read).await,
        #[cfg(not(feature = "aws-extra"))]
        Query::S3(_)
        | Query::CloudFront(_)
        | Query::Acm(_)
        | Query::Route53(_)
        | Query::SecretsManager(_)
        | Query::CodeBuild(_) => Err(Fault::not_in_this_build(query.operations())),
        Query::Advice(read) => advice::read(caller, read).await,
        #[cfg(feature = "aws-extra")]
        Query::Lambda(read) => lambda::read(caller, read).await,
        #[cfg(feature = "aws-extra")]
        Query::Eks(read) => eks::read(caller, read).await,
        #[cfg(not(feature = "aws-extra"))]
        Query::Lambda(_) | Query::Eks(_) => Err(Fault::not_in_this_build(query.operations())),
    }
}
