//! Which images of a repository are needed: those that services run, and those to which a rollback goes back.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::lifecycle::When;
use super::{Image, ImageName, Repository};
use crate::domain::ecs::{Service, TaskDefinition};
use crate::domain::rest;

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
    /// The image that runs.
    pub runs: Runs<'a>,
    /// The services that run that one, with their clusters.
    pub users: Vec<String>,
}

/// The image that a service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Runs<'a> {
    /// The image.
    pub image: &'a Image,
    /// The image to which the name points by now, if that is another one.
    pub moved_to: Option<&'a Image>,
}

/// Whether a service keeps its images in use: it wants tasks, or was put to rest and will want them again.
fn is_used(service: &Service) -> bool {
    service.desired > 0 || rest::of_service(service).is_some()
}

/// The service with its cluster.
fn user(service: &Service) -> String {
    let rests = if rest::of_service(service).is_some() {
        " (at rest)"
    } else {
        ""
    };
    format!("{} of {}{rests}", service.name, service.cluster)
}

/// Services that use an image of a repository, with the image as their task definitions name it.
fn uses<'s, 'a>(
    repository: &Repository,
    services: &'s [Service],
    definitions: &'a [TaskDefinition],
) -> Vec<(&'a str, &'s Service)> {
    let mut found = Vec::new();
    for definition in definitions {
        let revision = format!("{}:{}", definition.family, definition.revision);
        for container in &definition.containers {
            if ImageName::parse(&container.image).repository != repository.uri {
                continue;
            }
            let of = services
                .iter()
                .filter(|service| service.task_definition == revision);
            found.extend(
                of.filter(|service| is_used(service))
                    .map(|service| (container.image.as_str(), service)),
            );
        }
    }
    found
}

/// The images of a repository that services run, as their task definitions name them, each with the services'
/// names. Services that were put to rest are among them.
pub fn deployed<'a>(
    repository: &Repository,
    services: &[Service],
    definitions: &'a [TaskDefinition],
) -> BTreeMap<&'a str, Vec<String>> {
    let mut images: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, service) in uses(repository, services, definitions) {
        let (known, user) = (images.entry(name).or_default(), user(service));
        if !known.contains(&user) {
            known.push(user);
        }
    }
    images
}

/// The image that a service runs by that name. ECS takes a deployment's tasks from the digest that the tag meant
/// when the deployment began: a tag that was moved after that names what the next deployment starts, and what runs
/// is the newest image that was there before.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html#deployment-container-image-stability>
pub fn runs<'a>(repository: &'a Repository, service: &Service, name: &str) -> Option<Runs<'a>> {
    let name = ImageName::parse(name);
    let named = repository.image(&name)?;
    let began = service.primary().and_then(|deployment| deployment.created_at);
    let plain = Runs {
        image: named,
        moved_to: None,
    };
    let (Some(began), Some(pushed), None) = (began, named.pushed_at, name.digest) else {
        return Some(plain);
    };
    if pushed <= began {
        return Some(plain);
    }
    let others = || {
        let images = repository.images.iter().flatten();
        images.filter(|image| image.digest != named.digest)
    };
    // A tag that was given to keep an image makes it look as if it had been pushed then.
    let kept = others().filter(|image| image.pushed_at > Some(began) && is_kept(image));
    let before = others().filter(|image| image.pushed_at.is_some_and(|pushed| pushed <= began));
    let image = kept
        .max_by_key(|image| image.pushed_at)
        .or_else(|| before.max_by_key(|image| image.pushed_at));
    Some(image.map_or(plain, |image| Runs {
        image,
        moved_to: Some(named),
    }))
}

/// Whether an image has a tag by which it is kept: that ends in the first digits of its digest.
fn is_kept(image: &Image) -> bool {
    let digits = image
        .digest
        .split_once(':')
        .and_then(|(_, hex)| hex.get(..KEPT_DIGITS));
    digits.is_some_and(|digits| image.tags.iter().any(|tag| tag.ends_with(digits)))
}

/// How many digits of its digest the tag has by which an image is kept.
pub const KEPT_DIGITS: usize = 12;

/// The images of a repository that are needed, as far as it still has them.
pub fn needed<'a>(
    repository: &'a Repository,
    services: &[Service],
    definitions: &'a [TaskDefinition],
) -> Vec<Needed<'a>> {
    let mut running: Vec<(&str, Runs<'_>, Vec<String>)> = Vec::new();
    for (name, service) in uses(repository, services, definitions) {
        let Some(runs) = runs(repository, service, name) else {
            continue;
        };
        let user = user(service);
        let known = running
            .iter_mut()
            .find(|(of, image, _)| *of == name && *image == runs);
        match known {
            Some((.., users)) if users.contains(&user) => {}
            Some((.., users)) => users.push(user),
            None => running.push((name, runs, vec![user])),
        }
    }
    running.sort_by(|one, other| one.0.cmp(other.0));
    let mut all = Vec::new();
    for (name, runs, users) in running {
        let before = repository
            .before(runs.image)
            .map(|before| (Need::Rollback, before));
        for (need, image) in std::iter::once((Need::Deployed, runs.image)).chain(before) {
            all.push(Needed {
                image,
                need,
                name,
                runs,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecr::ImageName;
    use crate::domain::rules::ecr::sample;
    use crate::domain::rules::sample::{at, service};

    /// `:latest` was pushed an hour ago, `b` ten days ago and `c` twenty; the service was deployed so many hours ago.
    fn running(hours: i64, images: impl Fn(&mut Vec<Image>)) -> (char, bool) {
        let mut all = vec![
            sample::image('a', &["latest"], 1),
            sample::image('b', &[], 240),
            sample::image('c', &["old"], 480),
        ];
        images(&mut all);
        let repository = sample::repository(all);
        let mut api = service("api", 3);
        api.deployments[0].created_at = Some(at(180 - hours * 60));
        let name = format!("{}:latest", sample::uri());
        let runs = runs(&repository, &api, &name).expect("it has that tag");
        let digit = runs.image.digest.chars().nth(7).expect("a digest");
        let named = repository.image(&ImageName::parse(&name));
        assert_eq!(runs.moved_to, named.filter(|_| digit != 'a'));
        (digit, runs.moved_to.is_some())
    }

    #[test]
    fn what_was_pushed_after_the_deployment_began_does_not_run() {
        assert_eq!(running(0, |_| ()), ('a', false));
        assert_eq!(running(50, |_| ()), ('b', true));
        assert_eq!(running(300, |_| ()), ('c', true));
        // Of before that there is nothing left: what the tag means is all that is known.
        assert_eq!(running(1000, |_| ()), ('a', false));
    }

    #[test]
    fn a_tag_that_keeps_an_image_does_not_make_it_newer_than_the_deployment() {
        let keep = |images: &mut Vec<Image>| {
            images[1].tags = vec![format!("keep-{}", "b".repeat(KEPT_DIGITS))];
            images[1].pushed_at = Some(at(170));
        };
        assert_eq!(running(50, keep), ('b', true));
    }
}
