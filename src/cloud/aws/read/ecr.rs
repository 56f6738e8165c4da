//! Reads of Amazon ECR: the images of a repository.

use aws_sdk_ecr::types::ImageDetail;

use super::listing::{of_part, reply};
use crate::cloud::aws::caller::{Caller, Page, pages};
use crate::cloud::aws::convert::timestamp_of;
use crate::domain::ecr::Image;
use crate::domain::fault::Fault;
use crate::domain::ops::ecr::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const IMAGES: Operation = Operation::new("ecr", "DescribeImages");

/// The most that AWS puts on a page.
const PAGE: i32 = 1000;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Images { registry, repository } => images(caller, registry.as_deref(), repository).await,
    }
}

async fn images(caller: &Caller<'_>, registry: Option<&str>, repository: &str) -> Result<Reply, Fault> {
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
    Ok(reply(listed, ReplyData::Images))
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
    })
}

#[cfg(test)]
mod tests {
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
            })
        );
        assert_eq!(image_from_sdk(&ImageDetail::builder().build()), None);
    }
}
