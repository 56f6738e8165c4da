//! Whether the images of a revision still are what they were when it ran. A tag is looked up anew by
//! every deployment: one that has moved since is replaced by the digest that was recorded, and one whose
//! image is gone from ECR cannot be deployed at all.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::ecr::{EcrRepository, Image, ImageName};
use crate::domain::ecs::{ContainerDefinition, ServiceDeployment, Task, TaskDefinition};
use crate::domain::fault::FaultKind;
use crate::domain::ops::{Query, ecr};
use crate::runbook::action::{Refusal, Site, Unread, View};

/// What is known of a revision that is to run again.
pub(super) struct Wanted<'a> {
    /// The revision.
    pub definition: &'a TaskDefinition,
    /// The one that runs now, if it could be read.
    pub current: Option<&'a TaskDefinition>,
    /// The deployment that brought it, if one is known.
    pub deployment: Option<&'a ServiceDeployment>,
    /// Tasks of the service, running and lately stopped.
    pub tasks: &'a [Task],
}

/// What is to be done about its images.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pins {
    /// Containers whose image must be named by its digest.
    pub images: BTreeMap<String, String>,
    /// What could not be made sure.
    pub warnings: Vec<String>,
}

/// The repositories that can be asked from here: private ones of this account and region.
fn own<'a>(name: &ImageName<'a>, site: &Site<'_>) -> Option<EcrRepository<'a>> {
    name.ecr()
        .filter(|repository| repository.account == site.account && repository.region == site.region)
}

/// What must be read of ECR to judge a revision of a service, whose ARN tells account and region.
pub(super) fn reads(definition: &TaskDefinition, service: &str) -> Vec<Query> {
    let place: Vec<&str> = service.split(':').collect();
    let repositories: BTreeSet<(&str, &str)> = definition
        .containers
        .iter()
        .filter_map(|container| ImageName::parse(&container.image).ecr())
        .filter(|repository| place.get(3..5) == Some(&[repository.region, repository.account]))
        .map(|repository| (repository.account, repository.name))
        .collect();
    repositories
        .into_iter()
        .map(|(account, name)| {
            Query::Ecr(ecr::Read::Images {
                registry: Some(account.to_owned()),
                repository: name.to_owned(),
            })
        })
        .collect()
}

/// What must be pinned, and what cannot be told.
///
/// # Errors
/// If an image is gone, was never recorded though its tag means something else now, or could not be read.
pub(super) fn judge(wanted: &Wanted<'_>, view: &View, site: &Site<'_>) -> Result<Pins, Refusal> {
    let mut pins = Pins::default();
    for container in &wanted.definition.containers {
        let name = ImageName::parse(&container.image);
        let recorded = recorded(wanted, container);
        match own(&name, site) {
            Some(repository) => in_ecr(
                wanted,
                (container, &name, recorded),
                (repository, view),
                &mut pins,
            )?,
            None => elsewhere(wanted, (container, &name, recorded), &mut pins)?,
        }
    }
    Ok(pins)
}

/// The digest that a container's image had when the revision ran: of its service revision, else of a
/// task of it.
fn recorded<'a>(wanted: &Wanted<'a>, container: &ContainerDefinition) -> Option<&'a str> {
    let brought = wanted
        .deployment
        .and_then(|deployment| deployment.target.as_ref())
        .into_iter()
        .flat_map(|target| &target.images)
        .find(|(of, ..)| *of == container.name)
        .and_then(|(_, _, digest)| digest.as_deref());
    brought.or_else(|| {
        let revision = format!("{}:{}", wanted.definition.family, wanted.definition.revision);
        // Of one tag there may be tasks with two images; then none of them is proof.
        let seen: BTreeSet<&str> = wanted
            .tasks
            .iter()
            .filter(|task| task.task_definition == revision)
            .flat_map(|task| &task.containers)
            .filter(|known| known.name == container.name)
            .filter_map(|known| known.image_digest.as_deref())
            .collect();
        match (seen.first(), seen.len()) {
            (Some(only), 1) => Some(only),
            _ => None,
        }
    })
}

/// Whether the revision that runs now names the same image by the same words.
fn is_shared(wanted: &Wanted<'_>, container: &ContainerDefinition) -> bool {
    wanted.current.is_some_and(|current| {
        current
            .containers
            .iter()
            .any(|known| known.name == container.name && known.image == container.image)
    })
}

fn in_ecr(
    wanted: &Wanted<'_>,
    (container, name, recorded): (&ContainerDefinition, &ImageName<'_>, Option<&str>),
    (repository, view): (EcrRepository<'_>, &View),
    pins: &mut Pins,
) -> Result<(), Refusal> {
    let gone = |what: &str| {
        Refusal::state(format!(
            "the image {what} of the container {} is gone from the repository {}, and tasks could not start: \
             name another revision",
            container.name, repository.name
        ))
    };
    let images = match view.images(Some(repository.account), repository.name) {
        Ok(images) => images,
        Err(Unread::Failed(fault)) if fault.kind == FaultKind::NotFound => {
            return Err(gone(&container.image));
        }
        Err(unread) => return Err(unread.into()),
    };
    let has = |digest: &str| images.iter().any(|image| image.digest == digest);
    if let Some(digest) = name.digest {
        return if has(digest) { Ok(()) } else { Err(gone(digest)) };
    }
    let tag = name.tag.unwrap_or("latest");
    let means_now = images
        .iter()
        .find(|image: &&Image| image.tags.iter().any(|known| known == tag));
    match (recorded, means_now) {
        // ECS would start what the tag means anyway, and it is the same.
        (Some(digest), Some(image)) if image.digest == digest => {
            // A deployment of the same revision is none: only another revision replaces its tasks.
            if wanted.deployment.is_some() && runs_already(wanted) {
                pins.images.insert(container.name.clone(), name.pinned(digest));
            }
            Ok(())
        }
        (Some(digest), _) if has(digest) => {
            pins.images.insert(container.name.clone(), name.pinned(digest));
            Ok(())
        }
        // The revision that is to be left names the same tag: what it means now is what is to be left.
        (Some(digest), Some(image)) if !is_shared(wanted, container) => {
            pins.warnings.push(format!(
                "{}: the tag {tag} of {} means {} now, and what ran, {digest}, is gone from the repository: \
                 another build may start",
                container.name, repository.name, image.digest
            ));
            Ok(())
        }
        (Some(digest), _) => Err(gone(digest)),
        (None, None) => Err(gone(&container.image)),
        (None, Some(_)) if is_shared(wanted, container) => Err(unrecorded(wanted, container)),
        (None, Some(image)) => {
            pins.warnings.push(format!(
                "{}: what {} was when the revision ran is not recorded; now it is {}",
                container.name, container.image, image.digest
            ));
            Ok(())
        }
    }
}

fn runs_already(wanted: &Wanted<'_>) -> bool {
    wanted
        .current
        .is_some_and(|current| current.arn == wanted.definition.arn)
}

fn unrecorded(wanted: &Wanted<'_>, container: &ContainerDefinition) -> Refusal {
    Refusal::state(format!(
        "the revision that runs names {} too, and what it was when {}:{} ran is not recorded: deploying it would \
         start the same image again",
        container.image, wanted.definition.family, wanted.definition.revision
    ))
}

/// An image of a registry that cannot be asked from here.
fn elsewhere(
    wanted: &Wanted<'_>,
    (container, name, recorded): (&ContainerDefinition, &ImageName<'_>, Option<&str>),
    pins: &mut Pins,
) -> Result<(), Refusal> {
    let unchecked = format!(
        "{}: whether {} still exists cannot be checked from this account and region",
        container.name, container.image
    );
    match (name.digest, recorded, is_shared(wanted, container)) {
        // What runs now is of the same image.
        (Some(_), _, true) => {}
        (Some(_), _, false) => pins.warnings.push(unchecked),
        (None, Some(digest), true) => {
            // Sidecars name the same tag in all revisions; they are pinned only if that has moved.
            let now = now_runs(wanted, container);
            if now != Some(digest) {
                pins.images.insert(container.name.clone(), name.pinned(digest));
                pins.warnings.push(unchecked);
            }
        }
        // A tag with a name of its own is the same image in both; only one that moves may have moved.
        (None, None, true) if name.tag.is_some_and(|tag| tag != "latest") => {}
        (None, None, true) => pins.warnings.push(format!(
            "{}: {} is named by both revisions, and what it was then is not recorded: other tasks may start with \
             another build",
            container.name, container.image
        )),
        (None, _, false) => pins.warnings.push(unchecked),
    }
    Ok(())
}

/// The digest of a container's image in the tasks of the revision that runs.
fn now_runs<'a>(wanted: &Wanted<'a>, container: &ContainerDefinition) -> Option<&'a str> {
    let current = wanted.current?;
    let revision = format!("{}:{}", current.family, current.revision);
    wanted
        .tasks
        .iter()
        .filter(|task| task.task_definition == revision)
        .flat_map(|task| &task.containers)
        .filter(|known| known.name == container.name)
        .find_map(|known| known.image_digest.as_deref())
}
