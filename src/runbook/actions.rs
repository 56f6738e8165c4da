//! Every action there is, one file each, by AWS service.

mod alarm;
mod asg;
mod ec2;
mod ecs;
mod elasticache;
mod elb;
mod estate;
mod gpu;
mod rds;
mod saved;
mod script;
mod sqs;
mod tags;

use super::action::Action;

/// Every action, by service and verb.
pub static ALL: &[&dyn Action] = &[
    &alarm::DISABLE,
    &alarm::ENABLE,
    &asg::SetCapacity,
    &asg::SuspendProcesses,
    &asg::ResumeProcesses,
    &asg::Protect,
    &asg::TerminateInstance,
    &asg::PutScheduledAction,
    &asg::DeleteScheduledAction,
    &asg::StartRefresh,
    &asg::CANCEL_REFRESH,
    &asg::ROLLBACK_REFRESH,
    &ec2::STOP,
    &ec2::START,
    &ecs::Deploy,
    &ecs::StopDeployment,
    &ecs::Scale,
    &ecs::Restart,
    &ecs::StopTask,
    &elasticache::Failover,
    &elb::DEREGISTER,
    &elb::REGISTER,
    &estate::STOP,
    &estate::START,
    &gpu::AwaitIdle,
    &gpu::NIGHT_DOWN,
    &gpu::MORNING_UP,
    &gpu::DRAIN,
    &rds::SNAPSHOT,
    &rds::POINT_IN_TIME,
    &rds::Rename,
    &rds::STOP,
    &rds::START,
    &rds::Reboot,
    &sqs::Redrive,
    &tags::PUT,
    &tags::REMOVE,
];

#[cfg(test)]
mod tests;
