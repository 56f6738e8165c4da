//! Amazon S3: buckets, who can read them, how they grow.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::metric::Series;

/// A bucket. Each answer about it is a call of its own: what could not be read is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// The bucket's name, unique in the world.
    pub name: String,
    /// The region in which it lies.
    pub region: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// What its own public access block keeps out.
    pub block: Option<AccessBlock>,
    /// What the block of its account keeps out, whatever the bucket's own says.
    pub account_block: Option<AccessBlock>,
    /// Whether S3 judges its policy to be public; `false` also without a policy.
    pub policy_is_public: Option<bool>,
    /// Whether older versions of objects are kept.
    pub versioning: Option<Versioning>,
    /// What its lifecycle rules do.
    pub lifecycle: Option<Lifecycle>,
}

/// The public access block of a bucket, or of an account: each keeps out what either keeps out.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html>
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessBlock {
    /// Public ACLs are ignored.
    pub acls: bool,
    /// A public policy lets in nobody from outside the account.
    pub policies: bool,
}

impl AccessBlock {
    /// What two blocks keep out together: S3 applies the stricter of each setting.
    pub fn with(self, other: Self) -> Self {
        Self {
            acls: self.acls || other.acls,
            policies: self.policies || other.policies,
        }
    }
}

/// Whether older versions of objects are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Versioning {
    /// It was never turned on.
    Off,
    /// Every version is kept.
    Enabled,
    /// Versions of before are kept, new ones are not.
    Suspended,
}

impl Versioning {
    /// The word in JSON and on screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Enabled => "enabled",
            Self::Suspended => "suspended",
        }
    }
}

/// What the lifecycle rules of a bucket that are enabled do together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// How many rules are enabled.
    pub rules: u32,
    /// Objects are deleted or moved to a cheaper class after a while.
    pub thins_out: bool,
    /// Uploads that nobody finished are removed: their parts are paid for and listed nowhere.
    pub aborts_uploads: bool,
}

/// Who can read a bucket, as far as its settings and its account's tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exposure {
    /// Nobody without credentials: neither by policy nor by ACL.
    Blocked,
    /// Its policy lets everybody in.
    Public,
    /// Its policy is not public, but public ACLs would be honoured; whether an object has one is not
    /// read.
    AclsPossible,
}

impl Exposure {
    /// The word in JSON and on screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Public => "public",
            Self::AclsPossible => "acls-possible",
        }
    }
}

impl Bucket {
    /// The bucket's ARN, which needs neither account nor region.
    pub fn arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.name)
    }

    /// Who can read it; `None` while what decides that has not been read. Without the account's block it is
    /// what the bucket's own settings say, which the account's can only make stricter.
    pub fn exposure(&self) -> Option<Exposure> {
        let block = match (self.block, self.account_block) {
            (Some(own), Some(account)) => own.with(account),
            (Some(own), None) => own,
            // The account's alone decides only where it leaves nothing to the bucket's.
            (None, Some(account)) if account.acls && account.policies => account,
            (None, _) => return None,
        };
        let by_policy = !block.policies && self.policy_is_public?;
        Some(match (by_policy, block.acls) {
            (true, _) => Exposure::Public,
            (false, true) => Exposure::Blocked,
            (false, false) => Exposure::AclsPossible,
        })
    }
}

/// How much a bucket held, day by day: CloudWatch counts once a day.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html>
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BucketStorage {
    /// The bucket's name.
    pub bucket: String,
    /// Bytes by storage class, such as `StandardStorage`.
    pub classes: Vec<(String, Series)>,
    /// Objects of all classes.
    pub objects: Series,
}

impl BucketStorage {
    /// Bytes of each class on the newest day.
    pub fn by_class(&self) -> impl Iterator<Item = (&str, f64)> {
        let newest = self.newest();
        self.classes.iter().filter_map(move |(class, series)| {
            let (at, bytes) = series.points.last()?;
            (Some(*at) == newest).then_some((class.as_str(), *bytes))
        })
    }

    /// Bytes of all classes on the newest day; `None` if no day is known.
    pub fn bytes(&self) -> Option<f64> {
        self.by_class().map(|(_, bytes)| bytes).reduce(|a, b| a + b)
    }

    /// Objects on the newest day.
    pub fn objects(&self) -> Option<f64> {
        self.objects.points.last().map(|(_, count)| *count)
    }

    /// The newest day that is known.
    pub fn newest(&self) -> Option<Timestamp> {
        let days = self.classes.iter().filter_map(|(_, series)| series.points.last());
        days.map(|(at, _)| *at).max()
    }

    /// Bytes that it grows by each day; `None` with fewer than three days.
    pub fn growth_per_day(&self) -> Option<f64> {
        let slopes = self.classes.iter().filter(|(_, series)| series.points.len() >= 3);
        slopes
            .filter_map(|(_, series)| series.slope_per_day())
            .reduce(|a, b| a + b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(block: Option<AccessBlock>, policy: Option<bool>) -> Bucket {
        Bucket {
            name: "shop-images".to_owned(),
            region: None,
            created_at: None,
            block,
            account_block: None,
            policy_is_public: policy,
            versioning: None,
            lifecycle: None,
        }
    }

    #[test]
    fn a_bucket_is_public_only_by_what_was_read() {
        let open = AccessBlock::default();
        let shut = AccessBlock {
            acls: true,
            policies: true,
        };
        for (block, policy, expected) in [
            (None, Some(true), None),
            (Some(open), None, None),
            (Some(open), Some(true), Some(Exposure::Public)),
            (Some(open), Some(false), Some(Exposure::AclsPossible)),
            // A block of policies decides without the policy.
            (Some(shut), None, Some(Exposure::Blocked)),
            (Some(shut), Some(true), Some(Exposure::Blocked)),
        ] {
            assert_eq!(bucket(block, policy).exposure(), expected, "{block:?} {policy:?}");
        }
    }

    #[test]
    fn the_block_of_the_account_holds_for_each_of_its_buckets() {
        let open = AccessBlock::default();
        let acls = AccessBlock {
            acls: true,
            policies: false,
        };
        let policies = AccessBlock {
            acls: false,
            policies: true,
        };
        let shut = acls.with(policies);
        for (own, account, expected) in [
            (Some(open), Some(shut), Some(Exposure::Blocked)),
            (Some(acls), Some(policies), Some(Exposure::Blocked)),
            (Some(open), Some(policies), Some(Exposure::AclsPossible)),
            (Some(open), Some(acls), Some(Exposure::Public)),
            (Some(open), Some(open), Some(Exposure::Public)),
            // The bucket's own was not read: the account's may still decide.
            (None, Some(shut), Some(Exposure::Blocked)),
            (None, Some(policies), None),
        ] {
            let bucket = Bucket {
                account_block: account,
                ..bucket(own, Some(true))
            };
            assert_eq!(bucket.exposure(), expected, "{own:?} {account:?}");
        }
    }

    #[test]
    fn growth_and_size_are_those_of_all_classes_together() {
        let day = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let series = |values: &[f64]| Series {
            period_s: 86_400,
            points: (0..).map(day).zip(values.iter().copied()).collect(),
            partial: false,
        };
        let mut storage = BucketStorage {
            bucket: "b".to_owned(),
            classes: vec![
                ("StandardStorage".to_owned(), series(&[10.0, 20.0, 30.0])),
                ("StandardIAStorage".to_owned(), series(&[5.0, 6.0, 7.0])),
            ],
            objects: series(&[1.0, 2.0, 3.0]),
        };
        assert_eq!((storage.bytes(), storage.objects()), (Some(37.0), Some(3.0)));
        assert!((storage.growth_per_day().unwrap() - 11.0).abs() < 1e-9);
        // A class that was emptied days ago is not part of today.
        storage.classes[1].1.points.pop();
        assert_eq!(storage.bytes(), Some(30.0));
        storage.classes.clear();
        assert_eq!((storage.bytes(), storage.growth_per_day()), (None, None));
    }
}
