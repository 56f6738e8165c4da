//! Questions to AWS Certificate Manager.

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All certificates of the region → `Certificates`.
    Certificates,
    /// All certificates of us-east-1, where those of CloudFront have to be → `Certificates`.
    EdgeCertificates,
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Certificates | Self::EdgeCertificates => {
                const {
                    &[
                        Operation::new("acm", "ListCertificates"),
                        Operation::new("acm", "DescribeCertificate"),
                    ]
                }
            }
        }
    }
}
