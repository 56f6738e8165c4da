//! SageMaker: endpoints that go from one configuration or count to another, notebooks that go on and
//! off. What is on its way is noted with the moment at which it is there, so that nothing has to happen
//! in between. Training jobs are a function of the time alone.

use std::collections::BTreeMap;

use super::super::plan::models as plan;
use super::super::selection::Scenario;
use super::super::time::{HOUR, MINUTE, Ms};
use super::Sim;
use crate::domain::ids::Tag;
use crate::domain::sagemaker::scalable_resource;

/// What changes of SageMaker.
#[derive(Debug, Clone, Default)]
pub struct Models {
    /// Endpoints, in the plan's order.
    pub endpoints: Vec<Endpoint>,
    /// Notebooks, in the plan's order.
    pub notebooks: Vec<Notebook>,
}

/// An endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Configurations that it served and will serve, oldest first.
    pub configs: Vec<Step<String>>,
    /// Counts of its variants, oldest first.
    pub counts: BTreeMap<String, Vec<Step<u32>>>,
    /// Bounds of its variants.
    pub bounds: BTreeMap<String, (u32, u32)>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// When it was created, newest first since it may be deleted and created again.
    pub created: Ms,
    /// When it is gone.
    pub gone: Option<Ms>,
}

/// A value with when it was asked for and when it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<T> {
    /// When it was asked for.
    pub asked: Ms,
    /// When it is there.
    pub there: Ms,
    /// The value.
    pub value: T,
}

/// A notebook.
#[derive(Debug, Clone)]
pub struct Notebook {
    /// On and off, oldest first.
    pub power: Vec<Step<bool>>,
}

/// The newest value that is there; of none the first.
pub fn present<T>(steps: &[Step<T>], at: Ms) -> Option<&Step<T>> {
    steps.iter().rev().find(|step| step.there <= at).or(steps.first())
}

/// What is on its way.
pub fn coming<T>(steps: &[Step<T>], at: Ms) -> Option<&Step<T>> {
    steps.last().filter(|step| step.there > at)
}

impl Endpoint {
    /// Whether it is there, as far as lists tell.
    pub fn exists(&self, at: Ms) -> bool {
        self.created <= at && self.gone.is_none_or(|gone| at < gone)
    }

    /// Whether it answers.
    pub fn serves(&self, at: Ms) -> bool {
        self.exists(at) && self.gone.is_none() && self.configs.first().is_some_and(|first| first.there <= at)
    }

    /// AWS's word for what it does.
    pub fn status(&self, at: Ms) -> &'static str {
        let first_there = self.configs.first().is_some_and(|first| first.there <= at);
        let moves = coming(&self.configs, at).is_some()
            || self.counts.values().any(|steps| coming(steps, at).is_some());
        match (self.gone, first_there, moves) {
            (Some(_), ..) => "Deleting",
            (None, false, _) => "Creating",
            (None, true, true) => "Updating",
            (None, true, false) => "InService",
        }
    }

    /// When it was changed last.
    pub fn changed(&self, at: Ms) -> Ms {
        let configs = self.configs.iter().map(|step| (step.asked, step.there));
        let counts = self
            .counts
            .values()
            .flatten()
            .map(|step| (step.asked, step.there));
        configs
            .chain(counts)
            .flat_map(|(asked, there)| [asked, there])
            .filter(|moment| *moment <= at)
            .max()
            .unwrap_or(self.created)
    }

    /// How many instances a variant has.
    pub fn count(&self, variant: &str, at: Ms) -> u32 {
        self.counts
            .get(variant)
            .and_then(|steps| present(steps, at))
            .map_or(0, |step| step.value)
    }

    /// How many it is to have.
    pub fn wanted(&self, variant: &str) -> u32 {
        self.counts
            .get(variant)
            .and_then(|steps| steps.last())
            .map_or(0, |step| step.value)
    }

    /// Sends a variant to another count.
    pub fn scale(&mut self, variant: &str, count: u32, at: Ms) {
        let wanted = self.wanted(variant);
        if wanted == count {
            return;
        }
        // Instances have to be started and the model loaded; taking one away is quick.
        let takes = if count > wanted { 4 * MINUTE } else { 90_000 };
        if let Some(steps) = self.counts.get_mut(variant) {
            steps.push(Step {
                asked: at,
                there: at + takes,
                value: count,
            });
        }
    }
}

/// How long an endpoint takes to serve another configuration.
pub const DEPLOY: Ms = 6 * MINUTE;

impl Sim {
    /// Starts endpoints and notebooks.
    pub fn found_models(&mut self) {
        let degraded = self.scenario == Scenario::EndpointDegraded;
        let left_on = self.scenario == Scenario::NotebookLeftOn;
        let plan = self.plan.clone();
        self.models.endpoints = plan
            .models
            .endpoints
            .iter()
            .map(|endpoint| {
                let created = self.epoch - endpoint.hours * HOUR;
                let good = endpoint.configs.iter().rfind(|config| config.broken.is_none());
                let broken = endpoint
                    .configs
                    .iter()
                    .find(|config| config.broken.is_some())
                    .filter(|_| degraded);
                let step = |name: &str, asked: Ms| Step {
                    asked,
                    there: asked + DEPLOY,
                    value: name.to_owned(),
                };
                let mut configs: Vec<Step<String>> = good
                    .map(|config| step(&config.name, created))
                    .into_iter()
                    .collect();
                if let Some(config) = broken {
                    configs.push(step(&config.name, self.epoch - config.ago * MINUTE));
                }
                Endpoint {
                    configs,
                    counts: endpoint
                        .variants
                        .iter()
                        .filter(|variant| variant.kind.is_some())
                        .map(|variant| {
                            let first = Step {
                                asked: created,
                                there: created + DEPLOY,
                                value: variant.count,
                            };
                            (variant.name.clone(), vec![first])
                        })
                        .collect(),
                    bounds: endpoint
                        .variants
                        .iter()
                        .filter_map(|variant| Some((variant.name.clone(), variant.bounds?)))
                        .collect(),
                    tags: super::super::plan::tags(&endpoint.tags),
                    created,
                    gone: None,
                }
            })
            .collect();
        self.models.notebooks = plan
            .models
            .notebooks
            .iter()
            .map(|notebook| {
                let hours = match (left_on, self.scenario) {
                    (true, _) => notebook.left_on_hours.or(notebook.on_hours),
                    (false, Scenario::Quiet) => None,
                    (false, _) => notebook.on_hours,
                };
                let mut power = vec![Step {
                    asked: Ms::MIN,
                    there: Ms::MIN,
                    value: false,
                }];
                if let Some(hours) = hours {
                    // Nobody starts a notebook at the full hour.
                    let at = self.epoch - hours * HOUR - 23 * MINUTE;
                    power.push(Step {
                        asked: at - 3 * MINUTE,
                        there: at,
                        value: true,
                    });
                }
                Notebook { power }
            })
            .collect();
        for (index, endpoint) in plan.models.endpoints.iter().enumerate() {
            let pushed = self.models.endpoints[index].configs.get(1).cloned();
            if let Some(step) = pushed {
                self.record(
                    step.asked,
                    ("sagemaker.amazonaws.com", "UpdateEndpoint"),
                    super::trail::PIPELINE,
                    &[&endpoint.name],
                );
            }
        }
    }

    /// The index of an endpoint that is there.
    pub fn find_endpoint(&self, name: &str) -> Option<usize> {
        let index = self
            .plan
            .models
            .endpoints
            .iter()
            .position(|plan| plan.name == name)?;
        self.models.endpoints[index].exists(self.now).then_some(index)
    }

    /// A configuration by name, if it was made by then.
    pub fn endpoint_config(&self, name: &str, at: Ms) -> Option<&plan::Config> {
        self.endpoint_configs(at)
            .find(|(config, _)| config.name == name)
            .map(|(config, _)| config)
    }

    /// Every configuration that was made by then, and when.
    pub fn endpoint_configs(&self, at: Ms) -> impl Iterator<Item = (&plan::Config, Ms)> {
        let degraded = self.scenario == Scenario::EndpointDegraded;
        self.plan
            .models
            .endpoints
            .iter()
            .flat_map(|endpoint| &endpoint.configs)
            .filter(move |config| degraded || config.broken.is_none())
            .map(|config| {
                // One that is broken was made a little before it was deployed.
                let ago = match config.broken {
                    Some(_) => (config.ago + 2) * MINUTE,
                    None => config.ago * HOUR,
                };
                (config, self.epoch - ago)
            })
            .filter(move |(_, made)| *made <= at)
    }

    /// The variant that Application Auto Scaling means.
    pub fn find_scaled_variant(&self, resource: &str) -> Option<(usize, String)> {
        self.plan
            .models
            .endpoints
            .iter()
            .enumerate()
            .flat_map(|(index, endpoint)| {
                endpoint
                    .variants
                    .iter()
                    .map(move |variant| (index, endpoint, variant))
            })
            .find(|(_, endpoint, variant)| scalable_resource(&endpoint.name, &variant.name) == resource)
            .map(|(index, _, variant)| (index, variant.name.clone()))
    }

    /// Application Auto Scaling sets counts back into their bounds.
    pub fn keep_endpoint_bounds(&mut self, at: Ms) {
        for endpoint in &mut self.models.endpoints {
            if endpoint.status(at) != "InService" {
                continue;
            }
            for (variant, (min, max)) in endpoint.bounds.clone() {
                let kept = endpoint.wanted(&variant).clamp(min, max);
                endpoint.scale(&variant, kept, at);
            }
        }
    }
}
