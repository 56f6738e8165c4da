//! Image repositories: what is deployed must stay, and must be fit to stay.

pub mod deployed;
pub mod expiring;
pub mod immutable;

use std::collections::BTreeMap;

use crate::domain::ecr::{ImageName, Repository, needed};
use crate::domain::ecs::{Service, TaskDefinition};
use crate::domain::rules::Context;

/// All repositories.
fn repositories<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Repository> {
    context.state.repositories.get().into_iter().flatten()
}

/// The images of a repository that services run, as their task definitions name them, each with the
/// services' names.
fn deployed<'a>(context: &Context<'a>, repository: &Repository) -> BTreeMap<&'a str, Vec<String>> {
    let (services, definitions) = running(context);
    needed::deployed(repository, services, definitions)
}

/// Services and task definitions, as far as they were read.
fn running<'a>(context: &Context<'a>) -> (&'a [Service], &'a [TaskDefinition]) {
    let services = context.state.ecs.get().map(|fleet| fleet.services.as_slice());
    let definitions = context.state.task_definitions.get().map(Vec::as_slice);
    (services.unwrap_or_default(), definitions.unwrap_or_default())
}

/// An image's name without the registry: `web:latest`, `sha256:0123456789ab`.
fn short(repository: &Repository, image: &str) -> String {
    let name = ImageName::parse(image);
    match (name.digest, name.tag) {
        (Some(digest), _) => short_digest(digest),
        (None, tag) => format!("{}:{}", repository.name, tag.unwrap_or("latest")),
    }
}

/// A digest short enough to read: `sha256:0123456789ab`.
fn short_digest(digest: &str) -> String {
    digest.chars().take(19).collect()
}

#[cfg(test)]
pub(in crate::domain) mod sample {
    use crate::domain::ecr::{Image, Repository};
    use crate::domain::ecs::TaskDefinition;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{ACCOUNT, Bench, arn, at, container, service, task_definition};

    /// How images of the repository `api` are named.
    pub fn uri() -> String {
        format!("{ACCOUNT}.dkr.ecr.ap-northeast-2.amazonaws.com/api")
    }

    /// An image pushed so many hours before three o'clock.
    pub fn image(digit: char, tags: &[&str], hours: i64) -> Image {
        Image {
            digest: format!("sha256:{}", digit.to_string().repeat(64)),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            pushed_at: Some(at(180 - hours * 60)),
            ..Image::default()
        }
    }

    /// The repository `api` with these images.
    pub fn repository(images: Vec<Image>) -> Repository {
        Repository {
            arn: arn("ecr", "repository/api"),
            name: "api".to_owned(),
            uri: uri(),
            policy: Some(None),
            images: Some(images),
            ..Repository::default()
        }
    }

    /// A bench whose service `api` runs an image of the repository, by tag or digest: `:latest`.
    pub fn bench(repository: Repository, reference: &str) -> Bench {
        let mut bench = Bench::new();
        let mut api = service("api", 3);
        // After the last of the images was pushed.
        api.deployments[0].created_at = Some(at(180));
        bench.services(vec![api]);
        bench.know(
            Source::TaskDefinitions,
            ReplyData::TaskDefinitions(vec![TaskDefinition {
                containers: vec![container("api", &format!("{}{reference}", uri()))],
                ..task_definition("api", 3)
            }]),
        );
        bench.know(Source::Repositories, ReplyData::Repositories(vec![repository]));
        bench
    }
}
