//! AWS Certificate Manager: certificates and whether they will be renewed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The certificate's ARN.
    pub arn: String,
    /// The name that it is for, such as `*.example.com`.
    pub domain: String,
    /// Further names.
    pub alternatives: Vec<String>,
    /// `ISSUED`, `PENDING_VALIDATION`, `EXPIRED`, `VALIDATION_TIMED_OUT`, `FAILED`, …
    pub status: String,
    /// Who issued it.
    pub origin: Origin,
    /// When it was asked for or imported.
    pub created_at: Option<Timestamp>,
    /// When it ends; `None` before it is issued.
    pub not_after: Option<Timestamp>,
    /// ARNs of what uses it.
    pub in_use_by: Vec<String>,
    /// Whether ACM may renew it: `false` where it is imported or nothing uses it.
    pub renewable: Option<bool>,
    /// Where ACM's renewal is: `PENDING_AUTO_RENEWAL`, `PENDING_VALIDATION`, `SUCCESS`, `FAILED`.
    pub renewal: Option<String>,
    /// Why it was not issued, or not renewed, in AWS's words: `CAA_ERROR`, `PCA_ACCESS_DENIED`, …
    pub failure: Option<String>,
    /// What proves, or should prove, that the names are ours.
    pub validations: Vec<Validation>,
}

/// Who issued a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// ACM, which renews it as long as it can prove the names.
    Amazon,
    /// A private authority of ours, through ACM.
    Private,
    /// Somebody else: it was imported, and has to be again before it ends.
    Imported,
}

impl Origin {
    /// The word in JSON and on screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Amazon => "amazon",
            Self::Private => "private",
            Self::Imported => "imported",
        }
    }
}

/// The proof that a name is ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// The name.
    pub domain: String,
    /// `DNS`, `EMAIL` or `HTTP`.
    pub method: Option<String>,
    /// `PENDING_VALIDATION`, `SUCCESS` or `FAILED`.
    pub status: Option<String>,
    /// The DNS record that has to stay: name, type, value.
    pub record: Option<(String, String, String)>,
}

impl Certificate {
    /// Names whose proof ACM does not find: those that are pending or failed.
    pub fn unproven(&self) -> impl Iterator<Item = &Validation> {
        self.validations
            .iter()
            .filter(|one| one.status.as_deref().is_some_and(|status| status != "SUCCESS"))
    }

    /// Whole days until it ends, less than none once it has.
    pub fn days_left(&self, now: Timestamp) -> Option<i64> {
        let left = self.not_after?.duration_since(now);
        Some(left.as_secs().div_euclid(86_400))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_down_to_the_end_and_below() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut certificate = Certificate {
            arn: String::new(),
            domain: String::new(),
            alternatives: Vec::new(),
            status: "ISSUED".to_owned(),
            origin: Origin::Amazon,
            created_at: None,
            not_after: Some(at(10 * 86_400)),
            in_use_by: Vec::new(),
            renewable: None,
            renewal: None,
            failure: None,
            validations: Vec::new(),
        };
        assert_eq!(certificate.days_left(at(0)), Some(10));
        assert_eq!(certificate.days_left(at(9 * 86_400 + 1)), Some(0));
        assert_eq!(certificate.days_left(at(10 * 86_400 + 1)), Some(-1));
        certificate.not_after = None;
        assert_eq!(certificate.days_left(at(0)), None);
    }
}
