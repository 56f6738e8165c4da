//! Reads of Amazon ECR: repositories, their lifecycle policies and their images.

mod policy;

use aws_sdk_ecr::types::{ImageDetail, ImageTagMutability, Repository as SdkRepository};
use futures_util::future::join;

use super::listing::{of_part, reply};
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::cloud::aws::convert::{count, timestamp_of};
use crate::domain::ecr::lifecycle::Policy;
use crate::domain::ecr::{Image, Repository, Scan};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::ecr::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const IMAGES: Operation = Operation::new("ecr", "DescribeImages");
const REPOSITORIES: Operation = Operation::new("ecr", "DescribeRepositories");
const POLICY: Operation = Operation::new("ecr", "GetLifecyclePolicy");

/// The most that AWS puts on a page.
const PAGE: i32 = 1000;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Images { registry, repository } => {
            let listed = images(caller, registry.as_deref(), repository).await?;
            Ok(reply(listed, ReplyData::Images))
        }
        Read::Repositories => repositories(caller).await,
    }
}

async fn repositories(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let listed = pages(|token| async move {
        let call = caller
            .ecr()
            .describe_repositories()
            .max_results(PAGE)
            .set_next_token(token);
        let page = caller.call(REPOSITORIES, call.send()).await?;
        Ok(Page {
            items: page
                .repositories()
                .iter()
                .filter_map(repository_from_sdk)
                .collect(),
            next: page.next_token,
        })
    })
    .await?;
    let Paged { items, gap } = listed;
    let answers = each(items, |repository| whole(caller, repository)).await;
    let mut gaps: Vec<Fault> = gap.into_iter().collect();
    let mut found = Vec::new();
    for (repository, missing) in answers {
        found.push(repository);
        gaps.extend(missing);
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Reply {
        data: ReplyData::Repositories(found),
        gaps,
    })
}

/// A repository with its policy and images; what could not be read stays unknown.
async fn whole(caller: &Caller<'_>, mut repository: Repository) -> (Repository, Vec<Fault>) {
    let (policy, images) = join(
        policy_of(caller, &repository.name),
        images(caller, None, &repository.name),
    )
    .await;
    let mut gaps = Vec::new();
    match policy {
        Ok(policy) => repository.policy = Some(policy),
        Err(fault) => gaps.push(of_part(fault, &repository.name)),
    }
    match images {
        // Of a part of the images nobody can say that one is gone.
        Ok(Paged { items, gap: None }) => repository.images = Some(items),
        Ok(Paged { gap: Some(fault), .. }) | Err(fault) => gaps.push(of_part(fault, &repository.name)),
    }
    (repository, gaps)
}

/// The lifecycle policy of a repository, if it has one.
async fn policy_of(caller: &Caller<'_>, repository: &str) -> Result<Option<Policy>, Fault> {
    let call = caller.ecr().get_lifecycle_policy().repository_name(repository);
    match caller.call(POLICY, call.send()).await {
        Ok(answer) => {
            let text = answer.lifecycle_policy_text().unwrap_or_default();
            let rules = policy::rules(text).map_err(|error| {
                Fault::new(FaultKind::Other, POLICY.service, POLICY.name, error.to_string())
            })?;
            Ok(Some(Policy {
                rules,
                evaluated_at: timestamp_of(answer.last_evaluated_at()),
            }))
        }
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// A repository without policy and images; `None` without its ARN and name.
fn repository_from_sdk(repository: &SdkRepository) -> Option<Repository> {
    let mutability = repository.image_tag_mutability();
    let immutable = matches!(
        mutability,
        Some(ImageTagMutability::Immutable | ImageTagMutability::ImmutableWithExclusion)
    );
    let filters = repository.image_tag_mutability_exclusion_filters();
    Some(Repository {
        arn: repository.repository_arn()?.to_owned(),
        name: repository.repository_name()?.to_owned(),
        uri: repository.repository_uri().unwrap_or_default().to_owned(),
        created_at: timestamp_of(repository.created_at()),
        immutable,
        excluded_tags: filters.iter().map(|filter| filter.filter().to_owned()).collect(),
        scans_on_push: repository
            .image_scanning_configuration()
            .is_some_and(aws_sdk_ecr::types::ImageScanningConfiguration::scan_on_push),
        policy: None,
        images: None,
    })
}

/// All images of a repository, newest first.
async fn images(
    caller: &Caller<'_>,
    registry: Option<&str>,
    repository: &str,
) -> Result<Paged<Image>, Fault> {
    let mut listed = pages(|token| async move {
        let call = caller
            .ecr()
            .describe_images()
            .set_registry_id(registry.map(str::to_owned))
            .repository_name(repository)
            .max_results(PAGE)
            .set_next_token(token);
        let page = caller
            .call(IMAGES, call.send())
            .await
            .map_err(|fault| of_part(fault, repository))?;
        Ok(Page {
            items: page.image_details().iter().filter_map(image_from_sdk).collect(),
            next: page.next_token,
        })
    })
    .await?;
    // The order is not documented.
    listed.items.sort_by(|a: &Image, b: &Image| {
        b.pushed_at
            .cmp(&a.pushed_at)
            .then_with(|| a.digest.cmp(&b.digest))
    });
    Ok(listed)
}

/// What scanning found; `None` if the image was never scanned.
fn scan_from_sdk(image: &ImageDetail) -> Option<Scan> {
    let findings = image.image_scan_findings_summary()?;
    Some(Scan {
        status: image
            .image_scan_status()
            .and_then(|status| status.status())
            .map(|status| status.as_str().to_owned()),
        at: timestamp_of(findings.image_scan_completed_at()),
        counts: findings
            .finding_severity_counts()
            .into_iter()
            .flatten()
            .map(|(severity, many)| (severity.as_str().to_owned(), count(*many)))
            .collect(),
    })
}

/// An image; `None` without its digest.
fn image_from_sdk(image: &ImageDetail) -> Option<Image> {
    Some(Image {
        digest: image.image_digest()?.to_owned(),
        tags: image.image_tags().to_vec(),
        pushed_at: timestamp_of(image.image_pushed_at()),
        size_bytes: image
            .image_size_in_bytes()
            .and_then(|size| u64::try_from(size).ok()),
        scan: scan_from_sdk(image),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecr::types::{ImageTagMutabilityExclusionFilter, ImageTagMutabilityExclusionFilterType};
    use aws_smithy_types::DateTime;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        let read = Read::Images {
            registry: None,
            repository: String::new(),
        };
        assert_eq!(read.operations(), [IMAGES]);
        assert_eq!(Read::Repositories.operations(), [REPOSITORIES, POLICY, IMAGES]);
    }

    #[test]
    fn immutability_may_have_exceptions() {
        let filter = ImageTagMutabilityExclusionFilter::builder()
            .filter_type(ImageTagMutabilityExclusionFilterType::Wildcard)
            .filter("latest*")
            .build()
            .unwrap();
        let repository = SdkRepository::builder()
            .repository_arn("arn:aws:ecr:r:1:repository/team/api")
            .repository_name("team/api")
            .image_tag_mutability(ImageTagMutability::ImmutableWithExclusion)
            .image_tag_mutability_exclusion_filters(filter)
            .build();
        let found = repository_from_sdk(&repository).unwrap();
        assert_eq!([found.keeps_tag("latest"), found.keeps_tag("1.0")], [false, true]);
    }

    #[test]
    fn an_image_is_what_the_registry_says() {
        let image = ImageDetail::builder()
            .image_digest("sha256:1")
            .image_tags("latest")
            .image_pushed_at(DateTime::from_secs(0))
            .image_size_in_bytes(12)
            .build();
        assert_eq!(
            image_from_sdk(&image),
            Some(Image {
                digest: "sha256:1".to_owned(),
                tags: vec!["latest".to_owned()],
                pushed_at: Some(jiff::Timestamp::UNIX_EPOCH),
                size_bytes: Some(12),
                scan: None,
            })
        );
        assert_eq!(image_from_sdk(&ImageDetail::builder().build()), None);
    }
}
