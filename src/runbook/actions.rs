//! Every action there is, one file each, by AWS service.

mod acm;
mod alarm;
pub(in crate::runbook) mod asg;
mod bounds;
mod cloudfront;
mod codepipeline;
mod ec2;
mod ecr;
mod ecs;
mod eks;
mod elasticache;
mod elb;
pub(in crate::runbook) mod estate;
mod exec;
pub(in crate::runbook) mod gpu;
mod lambda;
mod notify;
mod power;
pub(in crate::runbook) mod rds;
mod sagemaker;
pub(in crate::runbook) mod saved;
mod script;
mod sqs;
mod ssm;
mod tags;

use super::action::Action;

/// Every action, by service and verb.
pub static ALL: &[&dyn Action] = &[
    &acm::Validate,
    &alarm::DISABLE,
    &alarm::ENABLE,
    &asg::SetCapacity,
    &asg::SetWarmPool,
    &asg::SUSPEND_PROCESSES,
    &asg::RESUME_PROCESSES,
    &asg::Protect,
    &asg::TerminateInstance,
    &asg::PutScheduledAction,
    &asg::DeleteScheduledAction,
    &asg::StartRefresh,
    &asg::CANCEL_REFRESH,
    &asg::ROLLBACK_REFRESH,
    &cloudfront::Invalidate,
    &ec2::STOP,
    &ec2::START,
    &ec2::Reboot,
    &codepipeline::Hold,
    &codepipeline::Release,
    &codepipeline::RetryStage,
    &codepipeline::Answer,
    &codepipeline::RollbackStage,
    &ecr::Retag,
    &ecr::Keep,
    &ecs::Deploy,
    &ecs::Rollback,
    &ecs::RegisterCopy,
    &ecs::ScalingBounds,
    &ecs::StopDeployment,
    &ecs::Scale,
    &ecs::Restart,
    &ecs::StopTask,
    &eks::ScaleNodegroup,
    &elasticache::Failover,
    &elasticache::Promote,
    &elasticache::Resize,
    &elasticache::Snapshot,
    &elb::DEREGISTER,
    &elb::REGISTER,
    &estate::STOP,
    &estate::START,
    &gpu::AwaitIdle,
    &gpu::NIGHT_DOWN,
    &gpu::MORNING_UP,
    &gpu::DRAIN,
    &lambda::Concurrency,
    &lambda::Rollback,
    &lambda::THROTTLE,
    &rds::SNAPSHOT,
    &rds::POINT_IN_TIME,
    &rds::Rename,
    &rds::STOP,
    &rds::START,
    &rds::Reboot,
    &rds::TAKE,
    &rds::Modify,
    &rds::CopySettings,
    &rds::DeleteInstance,
    &rds::TAKE_OF_CLUSTER,
    &rds::CLUSTER_SNAPSHOT,
    &rds::CLUSTER_POINT_IN_TIME,
    &rds::AddMembers,
    &rds::CopyClusterSettings,
    &rds::ModifyCluster,
    &rds::RenameCluster,
    &rds::CLUSTER_STOP,
    &rds::CLUSTER_START,
    &rds::FailoverCluster,
    &sagemaker::UpdateEndpoint,
    &sagemaker::Scale,
    &sagemaker::ScalingBounds,
    &sagemaker::STOP,
    &sagemaker::START,
    &sagemaker::DELETE,
    &sagemaker::CREATE,
    &sqs::Redrive,
    &exec::Run,
    &notify::Sns,
    &notify::Webhook,
    &ssm::RunDocument,
    &tags::PUT,
    &tags::REMOVE,
];

#[cfg(test)]
mod tests;
