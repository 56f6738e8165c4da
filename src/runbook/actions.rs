//! Every action there is, one file each, by AWS service.

mod asg;
mod ec2;
mod ecs;

use super::action::Action;

/// Every action, by service and verb.
pub static ALL: &[&dyn Action] = &[
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
];
