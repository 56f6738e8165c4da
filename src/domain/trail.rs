//! CloudTrail: who changed what.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::ids::{Kind, ResourceKey, last_segment};

/// A write that CloudTrail recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailEvent {
    /// The event's id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The API operation.
    pub name: String,
    /// The service, such as `ecs.amazonaws.com`.
    pub source: String,
    /// Who.
    pub user: Option<String>,
    /// The names of the resources it touched.
    pub resources: Vec<String>,
}

/// Whose writes are looked up, and how far back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lookup {
    /// The resource's name as CloudTrail records it.
    pub resource: String,
    /// How far back.
    pub back: Back,
}

/// How far back CloudTrail is asked: it keeps ninety days, and answers slowly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Back {
    /// What may have broken it just now.
    Hours,
    /// Since yesterday at this time.
    Day,
    /// A week.
    Week,
}

impl Back {
    /// The span of it.
    pub const fn span(self) -> SignedDuration {
        match self {
            Self::Hours => SignedDuration::from_hours(2),
            Self::Day => SignedDuration::from_hours(24),
            Self::Week => SignedDuration::from_hours(7 * 24),
        }
    }

    /// The span in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Hours => "2 hours",
            Self::Day => "24 hours",
            Self::Week => "7 days",
        }
    }

    /// The next longer one.
    pub const fn wider(self) -> Option<Self> {
        match self {
            Self::Hours => Some(Self::Day),
            Self::Day => Some(Self::Week),
            Self::Week => None,
        }
    }
}

/// The name under which CloudTrail records calls that touch a resource: that of the request, which for a
/// secret is its ARN, since a name may contain slashes and is used again after a deletion.
pub fn recorded_name(resource: &ResourceKey) -> &str {
    match resource.kind {
        Kind::Secret => &resource.id,
        _ => last_segment(&resource.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scope::ScopeName;

    #[test]
    fn a_secret_is_recorded_by_its_arn_and_the_rest_by_name() {
        let of = |kind, id: &str| {
            recorded_name(&ResourceKey::new(&ScopeName::new("default/us-east-1"), kind, id)).to_owned()
        };
        let secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/prod/db-a1B2c3";
        assert_eq!(of(Kind::Secret, secret), secret);
        let service = "arn:aws:ecs:us-east-1:123456789012:service/shop/api";
        assert_eq!(of(Kind::EcsService, service), "api");
    }
}
