//! ECS services: tasks that are missing, deployments that go wrong, tasks that stop.

pub mod below_desired;
pub mod deployment;
pub mod stop_reason;
pub mod tasks_stopping;

use jiff::Timestamp;

use crate::domain::ecs::{Service, ServiceEvent};
use crate::domain::rules::Context;

/// Services that somebody wants to run, and when they were read.
fn services<'a>(context: &Context<'a>) -> impl Iterator<Item = (&'a Service, Timestamp)> {
    let known = context.state.ecs.value.as_ref();
    known.into_iter().flat_map(|(fleet, at)| {
        fleet
            .services
            .iter()
            .filter(|service| service.status == "ACTIVE")
            .map(|service| (service, *at))
    })
}

/// Events after the newest one that says that all is well, newest first.
fn events_since_steady(service: &Service) -> impl Iterator<Item = &ServiceEvent> {
    service
        .events
        .iter()
        .take_while(|event| !event.message.contains("has reached a steady state"))
}
