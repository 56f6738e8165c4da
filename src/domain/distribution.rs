//! Amazon CloudFront: distributions, and what is taken out of their caches.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The value of the dimension `Region` of all metrics of CloudFront.
pub const METRIC_REGION: &str = "Global";

/// Paths that an account invalidates free of charge each month.
/// <https://aws.amazon.com/cloudfront/pricing/>
pub const FREE_PATHS_PER_MONTH: u64 = 1000;

/// A distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// The distribution's ARN.
    pub arn: String,
    /// Its id, such as `E2QWRUHAPOMQZL`.
    pub id: String,
    /// CloudFront's own name of it, `d111….cloudfront.net`.
    pub domain_name: String,
    /// What its owners wrote about it; foreign text.
    pub comment: Option<String>,
    /// Names that viewers use.
    pub aliases: Vec<String>,
    /// `Deployed` or `InProgress`.
    pub status: String,
    /// Whether it answers viewers; `None` where AWS does not say.
    pub enabled: Option<bool>,
    /// Where it fetches from: id and domain.
    pub origins: Vec<(String, String)>,
    /// The ARN of its certificate of ACM, in us-east-1.
    pub certificate: Option<String>,
    /// Where it answers from, such as `PriceClass_100`.
    pub price_class: Option<String>,
    /// When its configuration was changed last.
    pub modified_at: Option<Timestamp>,
    /// Its newest invalidations, newest first; `None` while they have not been read.
    pub invalidations: Option<Vec<InvalidationSummary>>,
}

/// An invalidation as a list has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvalidationSummary {
    /// Its id.
    pub id: String,
    /// `InProgress` or `Completed`.
    pub status: String,
    /// When it was asked for.
    pub created_at: Option<Timestamp>,
}

/// An invalidation with what it takes out of the caches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalidation {
    /// Its id.
    pub id: String,
    /// `InProgress` or `Completed`.
    pub status: String,
    /// When it was asked for.
    pub created_at: Option<Timestamp>,
    /// What whoever asked for it calls it: asked for twice under one name, it is made once.
    pub reference: String,
    /// Paths, each `/…`, perhaps with `*` at the end.
    pub paths: Vec<String>,
}

impl InvalidationSummary {
    /// Whether objects are still being taken out of caches.
    pub fn is_in_progress(&self) -> bool {
        !is_completed(&self.status)
    }
}

impl Invalidation {
    /// Whether it has reached every edge location.
    pub fn is_completed(&self) -> bool {
        is_completed(&self.status)
    }
}

/// Some endpoints write it in capitals.
fn is_completed(status: &str) -> bool {
    status.eq_ignore_ascii_case("completed")
}

impl Distribution {
    /// What people call it: its first alias, else what its owners wrote, else its id.
    pub fn name(&self) -> &str {
        self.aliases
            .first()
            .or(self.comment.as_ref())
            .map_or(&self.id, |name| name)
    }

    /// Invalidations in progress; `None` while they have not been read.
    pub fn in_progress(&self) -> Option<usize> {
        let all = self.invalidations.as_ref()?;
        Some(all.iter().filter(|one| one.is_in_progress()).count())
    }
}

/// Why a path cannot be invalidated; `None` if it can.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html>
pub fn bad_path(path: &str) -> Option<&'static str> {
    if !path.starts_with('/') {
        Some("a path begins with `/`")
    } else if path.chars().count() > 4000 {
        Some("a path has at most 4,000 characters")
    } else if path
        .chars()
        .any(|sign| sign.is_whitespace() || sign.is_control() || !sign.is_ascii())
    {
        Some("spaces and signs beyond ASCII are written as %20 and the like")
    } else if path[..path.len() - 1].contains('*') {
        Some("`*` stands for anything only at the end of a path")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_what_cloudfront_takes() {
        for path in ["/", "/*", "/index.html", "/images/*", "/a%20b", "/x?y=1"] {
            assert_eq!(bad_path(path), None, "{path}");
        }
        for path in ["", "index.html", "/a b", "/a*b", "/*/x", "/그림.png", "/a\nb"] {
            assert!(bad_path(path).is_some(), "{path:?}");
        }
    }
}
