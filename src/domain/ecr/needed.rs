//! Which images of a repository are needed: those that services run, and those to which a rollback goes back.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::lifecycle::When;
use super::{Image, ImageName, Repository};
use crate::domain::ecs::{Service, TaskDefinition};

/// Why an image is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A service runs it.
    Deployed,
    /// It was pushed before one that a service runs.
    Rollback,
}

/// An image that is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed<'a> {
    /// The image.
    pub image: &'a Image,
    /// Why.
    pub need: Need,
    /// The image that runs, as task definitions name it.
    pub name: &'a str,
    /// The services that run that one, with their clusters.
    pub users: Vec<String>,
}

/// The images of a repository that services with desired tasks run, as their task definitions name them, each
/// with the services' names.
pub fn deployed<'a>(
    repository: &Repository,
    services: &[Service],
    definitions: &'a [TaskDefinition],
) -> BTreeMap<&'a str, Vec<String>> {
    let mut images: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for definition in definitions {
        let revision = format!("{}:{}", definition.family, definition.revision);
        let users: Vec<String> = services
            .iter()
            .filter(|service| service.desired > 0 && service.task_definition == revision)
            .map(|service| format!("{} of {}", service.name, service.cluster))
            .collect();
        if users.is_empty() {
            continue;
        }
        for container in &definition.containers {
            if ImageName::parse(&container.image).repository == repository.uri {
                let known = images.entry(&container.image).or_default();
                for user in &users {
                    if !known.contains(user) {
                        known.push(user.clone());
                    }
                }
            }
        }
    }
    images
}

/// The images of a repository that are needed, as far as it still has them.
pub fn needed<'a>(
    repository: &'a Repository,
    services: &[Service],
    definitions: &'a [TaskDefinition],
) -> Vec<Needed<'a>> {
    let mut all = Vec::new();
    for (name, users) in deployed(repository, services, definitions) {
        let Some(image) = repository.image(&ImageName::parse(name)) else {
            continue;
        };
        let before = repository.before(image).map(|before| (Need::Rollback, before));
        for (need, image) in std::iter::once((Need::Deployed, image)).chain(before) {
            all.push(Needed {
                image,
                need,
                name,
                users: users.clone(),
            });
        }
    }
    all
}

impl When {
    /// Whether somebody should know of it already: it is due, the next push does it, or it comes within so many
    /// days.
    pub fn is_soon(self, now: Timestamp, ahead_days: f64) -> bool {
        match self {
            Self::Due => true,
            Self::At(at) => {
                let ahead = SignedDuration::from_secs_f64(ahead_days * 86_400.0);
                at <= now.checked_add(ahead).unwrap_or(Timestamp::MAX)
            }
            Self::AfterPushes(pushes) => pushes <= 1,
        }
    }
}
