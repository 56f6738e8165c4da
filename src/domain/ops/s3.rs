//! Questions to Amazon S3: about buckets, never about what is in them.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All buckets of the account with what decides who can read them → `Buckets`.
    Buckets {
        /// The account, whose own public access block holds for each bucket.
        account: String,
    },
    /// Size and number of objects of these buckets, day by day for two weeks → `BucketStorage`. From
    /// CloudWatch of each bucket's region: listing the objects would take, and cost, far more.
    Storage {
        /// Name and region.
        buckets: Vec<(String, String)>,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Buckets { .. } => {
                const {
                    &[
                        Operation::allowed_by("s3", "ListBuckets", "s3:ListAllMyBuckets"),
                        Operation::allowed_by(
                            "s3control",
                            "GetPublicAccessBlock",
                            "s3:GetAccountPublicAccessBlock",
                        ),
                        Operation::allowed_by("s3", "GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
                        Operation::new("s3", "GetBucketPolicyStatus"),
                        Operation::new("s3", "GetBucketVersioning"),
                        Operation::allowed_by(
                            "s3",
                            "GetBucketLifecycleConfiguration",
                            "s3:GetLifecycleConfiguration",
                        ),
                    ]
                }
            }
            Self::Storage { .. } => {
                const {
                    &[
                        Operation::new("cloudwatch", "ListMetrics"),
                        Operation::new("cloudwatch", "GetMetricData"),
                    ]
                }
            }
        }
    }
}
