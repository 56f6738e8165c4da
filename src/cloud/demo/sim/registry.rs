//! ECR: which images there are, and where tags point.

use std::collections::BTreeMap;

use super::super::plan::ecs::{Failure, Service as Plan};
use super::super::signal;
use super::super::time::{DAY, Ms};
use super::Sim;
use super::ecs::{Reference, Revision};

/// An image of a repository.
#[derive(Debug, Clone)]
pub struct Image {
    /// The digest.
    pub digest: String,
    /// The tags that point to it.
    pub tags: Vec<String>,
    /// When it was pushed.
    pub pushed: Ms,
}

/// Images by repository, in the order in which they came.
pub type Registry = BTreeMap<String, Vec<Image>>;

/// What a task definition's image turns out to be when it is deployed.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The digest; `None` if no image answers to the name.
    pub digest: Option<String>,
    /// How tasks with it fail.
    pub failure: Option<Failure>,
}

/// The digest of an image: of a build in a repository, so that one build has one digest.
pub fn digest(repository: &str, build: &str) -> String {
    format!(
        "sha256:{}",
        signal::hex(&[signal::name(repository), signal::name(build)], 64)
    )
}

impl Sim {
    /// Fills the repositories that no service runs from.
    pub fn found_registry(&mut self) {
        let plan = std::sync::Arc::clone(&self.plan);
        for keeping in &plan.registry {
            if !keeping.policy.is_empty() {
                self.policies.insert(keeping.name.clone(), keeping.policy.clone());
            }
        }
        for repository in &plan.repositories {
            let count = repository.images.len();
            for (nth, image) in repository.images.iter().enumerate() {
                let age = part_of_days(count - nth);
                let mut tags = vec![image.clone()];
                tags.extend(repository.mutable_tag.clone());
                let found = digest(&repository.name, image);
                self.push_image(&repository.name, &found, &tags, self.epoch - age);
            }
        }
    }

    /// Pushes an image with tags. Whichever image had a tag before loses it.
    pub fn push_image(&mut self, repository: &str, digest: &str, tags: &[String], at: Ms) {
        let images = self.registry.entry(repository.to_owned()).or_default();
        for image in images.iter_mut() {
            image.tags.retain(|tag| !tags.contains(tag));
        }
        match images.iter_mut().find(|image| image.digest == digest) {
            Some(image) => image.tags.extend(tags.iter().cloned()),
            None => images.push(Image {
                digest: digest.to_owned(),
                tags: tags.to_vec(),
                pushed: at,
            }),
        }
    }

    /// What a revision runs if it is deployed now: a tag is looked up anew each time.
    pub fn resolve_image(&self, plan: &Plan, brings: &(String, u32)) -> Resolved {
        let Some(revision) = self.revision(brings) else {
            return Resolved {
                digest: None,
                failure: None,
            };
        };
        let images = self.registry.get(&plan.repository);
        let images = images.map(Vec::as_slice).unwrap_or_default();
        let found = match &revision.reference {
            Reference::Tag(tag) => images.iter().find(|image| image.tags.contains(tag)),
            Reference::Digest(digest) => images.iter().find(|image| image.digest == *digest),
        };
        let Some(image) = found else {
            return Resolved {
                digest: None,
                failure: Some(Failure::NoImage),
            };
        };
        Resolved {
            digest: Some(image.digest.clone()),
            failure: self.failure_of(brings, revision, &image.digest),
        }
    }

    /// How a revision fails with an image: its own way with its own build, else as the family's
    /// revision that was made for that build does.
    fn failure_of(&self, brings: &(String, u32), revision: &Revision, digest: &str) -> Option<Failure> {
        if revision.digest == digest {
            return revision.failure;
        }
        self.families
            .get(&brings.0)?
            .iter()
            .find(|other| other.digest == digest)
            .and_then(|other| other.failure)
    }

    /// The image of a revision, as its task definition has it.
    pub fn image_name(&self, plan: &Plan, revision: &Revision) -> String {
        let repository = format!(
            "{}.dkr.ecr.{}.amazonaws.com/{}",
            self.plan.account, self.plan.region, plan.repository
        );
        match &revision.reference {
            Reference::Tag(tag) => format!("{repository}:{tag}"),
            Reference::Digest(digest) => format!("{repository}@{digest}"),
        }
    }

    /// Registers a copy of a revision with another image; the number that it gets. `None` if the
    /// source was never registered.
    pub fn register_copy(
        &mut self,
        source: &(String, u32),
        reference: Option<Reference>,
        at: Ms,
    ) -> Option<u32> {
        let old = self.revision(source)?.clone();
        let revisions = self.families.get_mut(&source.0)?;
        let number = revisions.iter().map(|revision| revision.number).max()? + 1;
        let made_for = match &reference {
            Some(Reference::Digest(digest)) => revisions.iter().find(|revision| revision.digest == *digest),
            Some(Reference::Tag(_)) | None => None,
        }
        .cloned()
        .unwrap_or_else(|| old.clone());
        revisions.push(Revision {
            number,
            image: made_for.image,
            digest: made_for.digest,
            reference: reference.unwrap_or(old.reference),
            active: true,
            failure: made_for.failure,
            registered_at: at,
        });
        Some(number)
    }
}

fn part_of_days(nth: usize) -> Ms {
    Ms::try_from(nth).unwrap_or_default() * 3 * DAY
}
