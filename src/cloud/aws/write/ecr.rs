//! Changes of Amazon ECR.

use aws_sdk_ecr::operation::RequestId;
use aws_sdk_ecr::types::{Image, ImageIdentifier};

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::ecr::Write;
use crate::domain::ops::{Operation, Receipt, Token};

const MANIFEST: Operation = Operation::new("ecr", "BatchGetImage");

/// Every sort of manifest: of a sort that is not named ECR would make another one, with another digest.
const MANIFESTS: [&str; 4] = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
];

/// Makes a change, once. ECR takes no token; the same tag on the same image is refused as there already.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    match change {
        Write::PutTag {
            repository,
            digest,
            tag,
        } => {
            let image = manifest(caller, repository, digest).await?;
            let call = caller
                .ecr()
                .put_image()
                .repository_name(repository)
                .set_image_manifest(image.image_manifest)
                .set_image_manifest_media_type(image.image_manifest_media_type)
                .image_digest(digest)
                .image_tag(tag);
            let answer = caller.call(change.operation(), call.send()).await?;
            Ok(Receipt {
                request_id: answer.request_id().map(str::to_owned),
                created: None,
            })
        }
    }
}

/// The image as it was pushed.
async fn manifest(caller: &Caller<'_>, repository: &str, digest: &str) -> Result<Image, Fault> {
    let call = caller
        .ecr()
        .batch_get_image()
        .repository_name(repository)
        .image_ids(ImageIdentifier::builder().image_digest(digest).build())
        .set_accepted_media_types(Some(MANIFESTS.map(str::to_owned).to_vec()));
    let answer = caller.call(MANIFEST, call.send()).await?;
    // What is missing is told in the answer, which is no error.
    let failure = answer
        .failures()
        .first()
        .and_then(|failure| failure.failure_reason())
        .map(str::to_owned);
    answer
        .images
        .unwrap_or_default()
        .into_iter()
        .find(|image| image.image_manifest.is_some())
        .ok_or_else(|| {
            Fault::new(
                FaultKind::NotFound,
                MANIFEST.service,
                MANIFEST.name,
                failure.unwrap_or_else(|| format!("{repository} has no image {digest}")),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_first_is_declared() {
        let change = Write::PutTag {
            repository: String::new(),
            digest: String::new(),
            tag: String::new(),
        };
        assert_eq!(change.prerequisites(), [MANIFEST]);
    }
}
