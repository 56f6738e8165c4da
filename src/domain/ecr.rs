//! Amazon ECR: repositories, their images and lifecycle policies, and how an image's name is read.

pub mod lifecycle;
pub mod needed;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An image of a repository: one manifest, with the tags that point to it now.
/// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageDetail.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The digest, `sha256:…`.
    pub digest: String,
    /// The tags that point to it; none once a newer image took them.
    pub tags: Vec<String>,
    /// When it was pushed, or last tagged anew.
    pub pushed_at: Option<Timestamp>,
    /// Compressed size in bytes.
    pub size_bytes: Option<u64>,
    /// What scanning it found; `None` if it was never scanned.
    pub scan: Option<Scan>,
}

/// What scanning an image found.
/// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanFindingsSummary.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// `COMPLETE`, `ACTIVE`, `FAILED`, …
    pub status: Option<String>,
    /// When it was complete.
    pub at: Option<Timestamp>,
    /// Vulnerabilities by severity: `CRITICAL`, `HIGH`, …
    pub counts: BTreeMap<String, u32>,
}

impl Scan {
    /// Vulnerabilities of a severity.
    pub fn count(&self, severity: &str) -> u32 {
        self.counts.get(severity).copied().unwrap_or(0)
    }
}

/// A repository of the account's registry.
/// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Repository.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// The repository's ARN.
    pub arn: String,
    /// Its name, which may have slashes in it.
    pub name: String,
    /// What images are named with: `….dkr.ecr.….amazonaws.com/name`.
    pub uri: String,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Whether a tag stays with the image that it was given to.
    pub immutable: bool,
    /// Tags for which the other holds, `*` standing for anything.
    pub excluded_tags: Vec<String>,
    /// Whether images are scanned when they are pushed.
    pub scans_on_push: bool,
    /// Its lifecycle policy; `None` inside if it has none, `None` outside if that could not be read.
    pub policy: Option<Option<lifecycle::Policy>>,
    /// Its images, newest first; `None` if they could not be read.
    pub images: Option<Vec<Image>>,
}

impl Repository {
    /// Whether a tag, once given, can be given to no other image.
    pub fn keeps_tag(&self, tag: &str) -> bool {
        let excluded = self
            .excluded_tags
            .iter()
            .any(|pattern| crate::domain::glob::Glob::new(pattern).matches(tag));
        self.immutable != excluded
    }

    /// The image of this repository that a name means now.
    pub fn image(&self, name: &ImageName<'_>) -> Option<&Image> {
        self.images.iter().flatten().find(|image| match name.digest {
            Some(digest) => image.digest == digest,
            None => image.tags.iter().any(|tag| tag == name.tag.unwrap_or("latest")),
        })
    }

    /// The newest image that was pushed before another: what a rollback goes back to.
    pub fn before(&self, image: &Image) -> Option<&Image> {
        self.images
            .iter()
            .flatten()
            .filter(|other| other.digest != image.digest && other.pushed_at < image.pushed_at)
            .max_by_key(|other| other.pushed_at)
    }

    /// What all images take, bytes; `None` if one of them is unknown.
    pub fn size_bytes(&self) -> Option<u64> {
        self.images.as_ref()?.iter().map(|image| image.size_bytes).sum()
    }
}

/// An image's name as a task definition has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageName<'a> {
    /// Everything before tag and digest: registry and repository.
    pub repository: &'a str,
    /// The tag; `None` means `latest` if there is no digest either.
    pub tag: Option<&'a str>,
    /// The digest, `sha256:…`.
    pub digest: Option<&'a str>,
}

impl<'a> ImageName<'a> {
    /// Reads `registry/repository[:tag][@digest]`. A colon before the last slash is a port.
    pub fn parse(image: &'a str) -> Self {
        let (rest, digest) = match image.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (image, None),
        };
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
            _ => (rest, None),
        };
        Self {
            repository,
            tag,
            digest,
        }
    }

    /// The account, region and repository of a private ECR registry; `None` for any other registry.
    pub fn ecr(&self) -> Option<EcrRepository<'a>> {
        let (host, name) = self.repository.split_once('/')?;
        let (account, rest) = host.split_once(".dkr.ecr.")?;
        let (region, domain) = rest.split_once('.')?;
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        (is_account && domain.starts_with("amazonaws.com") && !name.is_empty()).then_some(EcrRepository {
            account,
            region,
            name,
        })
    }

    /// The same image by its digest, whatever the tag comes to mean.
    pub fn pinned(&self, digest: &str) -> String {
        format!("{}@{digest}", self.repository)
    }
}

/// A repository of a private registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EcrRepository<'a> {
    /// The registry's account, twelve digits.
    pub account: &'a str,
    /// Its region.
    pub region: &'a str,
    /// The repository's name.
    pub name: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let cases = [
            ("nginx", ("nginx", None, None)),
            ("nginx:1.27", ("nginx", Some("1.27"), None)),
            ("localhost:5000/api", ("localhost:5000/api", None, None)),
            ("localhost:5000/api:7", ("localhost:5000/api", Some("7"), None)),
            ("a/b@sha256:00", ("a/b", None, Some("sha256:00"))),
            ("a/b:t@sha256:00", ("a/b", Some("t"), Some("sha256:00"))),
        ];
        for (text, (repository, tag, digest)) in cases {
            let name = ImageName::parse(text);
            assert_eq!(
                (name.repository, name.tag, name.digest),
                (repository, tag, digest),
                "{text}"
            );
        }
        assert_eq!(ImageName::parse("a/b:t").pinned("sha256:1"), "a/b@sha256:1");
    }

    #[test]
    fn only_private_registries_can_be_asked() {
        let name = ImageName::parse("123456789012.dkr.ecr.us-east-1.amazonaws.com/team/api:1");
        assert_eq!(
            name.ecr(),
            Some(EcrRepository {
                account: "123456789012",
                region: "us-east-1",
                name: "team/api",
            })
        );
        for other in [
            "public.ecr.aws/team/api:1",
            "123.dkr.ecr.us-east-1.amazonaws.com/api",
            "123456789012.dkr.ecr.us-east-1.example.com/api",
            "nginx",
        ] {
            assert_eq!(ImageName::parse(other).ecr(), None, "{other}");
        }
    }
}
