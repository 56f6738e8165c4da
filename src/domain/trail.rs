//! CloudTrail: who changed what.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::ids::{Kind, ResourceKey, last_segment};
use crate::domain::inventory::ScopeState;

/// The region whose history has what was done to the services that a whole account has once.
pub const REGION_OF_GLOBAL: &str = "us-east-1";

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
    /// The region whose history has it, if it is not that of the scope.
    pub region: Option<String>,
}

impl Lookup {
    /// The question for a resource that is read through a scope. Each region has a history of its own: that of
    /// a bucket is where the bucket is, that of a distribution in [`REGION_OF_GLOBAL`].
    pub fn of(scope: &ScopeState, resource: &ResourceKey, back: Back) -> Self {
        let region = match resource.kind {
            Kind::Distribution | Kind::HealthCheck | Kind::Budget => Some(REGION_OF_GLOBAL),
            Kind::Bucket => {
                let mut buckets = scope.buckets.get().into_iter().flatten();
                let name = last_segment(&resource.id);
                let bucket = buckets.find(|bucket| last_segment(&bucket.name) == name);
                bucket.and_then(|bucket| bucket.region.as_deref())
            }
            _ => resource
                .id
                .strip_prefix("arn:")
                .and_then(|rest| rest.split(':').nth(2))
                .filter(|region| !region.is_empty()),
        };
        Self {
            resource: recorded_name(resource).to_owned(),
            back,
            region: region
                .filter(|region| *region != scope.scope.region)
                .map(str::to_owned),
        }
    }
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
    use crate::domain::rules::sample::Bench;
    use crate::domain::scope::ScopeName;

    #[test]
    fn each_region_has_a_history_of_its_own() {
        let mut bench = Bench::new();
        let state = bench.state();
        let asked = |kind, id: &str| {
            let key = ResourceKey::new(state.name(), kind, id);
            Lookup::of(state, &key, Back::Hours).region
        };
        let global = Some(REGION_OF_GLOBAL.to_owned());
        let distribution = "arn:aws:cloudfront::123456789012:distribution/E1";
        assert_eq!(asked(Kind::Distribution, distribution), global);
        let certificate = "arn:aws:acm:us-east-1:123456789012:certificate/1";
        assert_eq!(asked(Kind::Certificate, certificate), global);
        let region = &state.scope.region;
        assert_ne!(region, REGION_OF_GLOBAL);
        let service = format!("arn:aws:ecs:{region}:123456789012:service/shop/api");
        assert_eq!(asked(Kind::EcsService, &service), None);
        assert_eq!(asked(Kind::Ec2Instance, "i-1"), None);
    }

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
