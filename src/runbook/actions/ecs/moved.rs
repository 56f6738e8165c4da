//! Whether new tasks of the same revision would run other images: a tag that was moved since the service's
//! deployment began. A restart of that deploys, and nothing names what ran before any more.

use std::collections::BTreeSet;

use crate::domain::ecr::ImageName;
use crate::domain::ecs::{Service, ServiceDeployment};
use crate::domain::ops::{Query, ecr};
use crate::runbook::action::View;

/// What is known of the tags that a service's images are named by.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Moved {
    /// Tags that mean another image than the one that runs, each in a sentence.
    pub tags: Vec<String>,
    /// What could not be made sure.
    pub doubts: Vec<String>,
}

/// A container's image that a deployment found by a tag, in a repository of the service's account and region.
struct Tagged<'a> {
    /// The tag's repository, without the registry.
    repository: &'a str,
    account: &'a str,
    tag: &'a str,
    /// What it was when the deployment began.
    digest: &'a str,
}

/// The deployment that brought what runs.
fn current<'v>(service: &Service, history: &'v [ServiceDeployment]) -> Option<&'v ServiceDeployment> {
    history
        .iter()
        .filter(|one| matches!(one.status.as_str(), "SUCCESSFUL" | "IN_PROGRESS"))
        .filter(|one| {
            let target = one.target.as_ref();
            target.and_then(|target| target.task_definition.as_deref()) == Some(&service.task_definition)
        })
        .max_by_key(|one| one.started_at)
}

fn tagged<'v>(service: &Service, deployment: &'v ServiceDeployment) -> Vec<Tagged<'v>> {
    let place: Vec<&str> = service.arn.split(':').collect();
    let images = deployment.target.iter().flat_map(|target| &target.images);
    images
        .filter_map(|(_, image, digest)| {
            let name = ImageName::parse(image);
            let own = name.ecr().filter(|_| name.digest.is_none())?;
            (place.get(3..5) == Some(&[own.region, own.account])).then_some(Tagged {
                repository: own.name,
                account: own.account,
                tag: name.tag.unwrap_or("latest"),
                digest: digest.as_deref()?,
            })
        })
        .collect()
}

/// What must be read of ECR to tell.
pub(super) fn reads(service: &Service, history: &[ServiceDeployment]) -> Vec<Query> {
    let images = current(service, history).map(|deployment| tagged(service, deployment));
    let repositories: BTreeSet<(&str, &str)> = images
        .iter()
        .flatten()
        .map(|image| (image.account, image.repository))
        .collect();
    repositories
        .into_iter()
        .map(|(account, repository)| {
            Query::Ecr(ecr::Read::Images {
                registry: Some(account.to_owned()),
                repository: repository.to_owned(),
            })
        })
        .collect()
}

/// Which tags were moved since the deployment that runs began.
pub(super) fn judge(service: &Service, history: &[ServiceDeployment], view: &View) -> Moved {
    let mut moved = Moved::default();
    let Some(deployment) = current(service, history) else {
        return moved;
    };
    for image in tagged(service, deployment) {
        let called = format!("{}:{}", image.repository, image.tag);
        let Ok(images) = view.images(Some(image.account), image.repository) else {
            moved.doubts.push(format!(
                "{}: whether {called} has been moved since its deployment began could not be read",
                service.name
            ));
            continue;
        };
        let Some(now) = images
            .iter()
            .find(|one| one.tags.iter().any(|tag| tag == image.tag))
        else {
            moved.doubts.push(format!(
                "{}: there is no image {called} any more, and no new task can start",
                service.name
            ));
            continue;
        };
        // The digest of a part of an image for several platforms is none of those that the tag is listed with.
        let is_newer = now.pushed_at > deployment.started_at;
        if now.digest != image.digest && is_newer {
            let pushed = now
                .pushed_at
                .map_or_else(String::new, |at| format!(", pushed {at:.0}"));
            moved.tags.push(format!(
                "{}: {called} is {} now{pushed}; what runs is {}. This starts the other image",
                service.name,
                short(&now.digest),
                short(image.digest)
            ));
        }
    }
    moved
}

/// A digest as people tell digests apart.
fn short(digest: &str) -> &str {
    digest.get(..19).unwrap_or(digest)
}
