//! Pipelines that deploy to services, and the bounds that Application Auto Scaling keeps.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::plan::delivery::Stage as Plan;
use super::super::time::Ms;
use super::{Sim, Timer};

/// Disabled transitions, by pipeline and stage.
pub type Held = BTreeMap<(String, String), Hold>;

/// A transition into a stage that is disabled.
#[derive(Debug, Clone)]
pub struct Hold {
    /// Why, as whoever disabled it wrote.
    pub reason: String,
    /// Who disabled it.
    pub by: String,
    /// When.
    pub at: Ms,
    /// Services whose next revision waits before the stage.
    pub waiting: Vec<usize>,
}

impl Sim {
    /// The stages that deploy a service: pipeline and stage.
    fn stages_of(&self, service: usize) -> Vec<(String, String)> {
        let plan = &self.plan.services[service];
        let deploys = |stage: &Plan| {
            stage
                .deploys
                .iter()
                .any(|(cluster, name)| *cluster == plan.cluster && *name == plan.name)
        };
        self.plan
            .pipelines
            .iter()
            .flat_map(|pipeline| {
                let stages = pipeline.stages.iter().filter(|stage| deploys(stage));
                stages.map(|stage| (pipeline.name.clone(), stage.name.clone()))
            })
            .collect()
    }

    /// Whether somebody keeps the pipeline from deploying a service.
    pub fn is_held(&self, service: usize) -> bool {
        self.stages_of(service)
            .iter()
            .any(|stage| self.held.contains_key(stage))
    }

    /// A revision waits before the stage that is held.
    pub fn queue_up(&mut self, service: usize) {
        for stage in self.stages_of(service) {
            if let Some(hold) = self.held.get_mut(&stage)
                && !hold.waiting.contains(&service)
            {
                hold.waiting.push(service);
            }
        }
    }

    /// Lets executions into a stage again; what waited comes now.
    pub fn release(&mut self, stage: &(String, String), at: Ms) {
        if let Some(hold) = self.held.remove(stage) {
            for service in hold.waiting {
                self.routine_deploy_now(service, at);
            }
            self.let_in(stage, at);
        }
    }

    /// ECS takes any count; Application Auto Scaling sets it back into its bounds.
    pub fn keep_bounds(&mut self, at: Ms) {
        let plan = Arc::clone(&self.plan);
        for (index, service_plan) in plan.services.iter().enumerate() {
            let service = &mut self.services[index];
            let Some((min, max)) = service.bounds else {
                continue;
            };
            let kept = service.desired.clamp(min, max);
            if kept != service.desired {
                service.desired = kept;
                service.tell(
                    at,
                    format!(
                        "Message: Successfully set desired count to {kept}. Change successfully fulfilled by ecs. Cause: bounds of scalable target service/{}/{}",
                        service_plan.cluster, service_plan.name
                    ),
                );
                self.set_timer(at, Timer::Reconcile { service: index });
            }
        }
    }
}
