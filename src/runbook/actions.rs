//! Every action there is, one file each, by AWS service.

mod alarm;
mod asg;
mod ec2;
mod ecs;
mod elasticache;
mod elb;
mod exec;
mod notify;
mod rds;
mod sqs;
mod ssm;

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
    &rds::SNAPSHOT,
    &rds::POINT_IN_TIME,
    &rds::Rename,
    &rds::STOP,
    &rds::START,
    &rds::Reboot,
    &sqs::Redrive,
    &exec::Run,
    &notify::Sns,
    &notify::Webhook,
    &ssm::RunDocument,
];

#[cfg(test)]
mod tests;
