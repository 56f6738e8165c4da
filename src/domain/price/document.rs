//! The price file: text to table, refusing whatever would hide a price.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de};

use super::priced::{Checked, Provenance};
use super::{PriceTable, RegionPrices, compute, network, reserved, storage, store, unit};
use crate::domain::units::{MoneyError, Usd};

/// The schema that this version reads.
const SCHEMA: &str = "quarterdeck.prices/1";

/// Why a price file was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// It is not JSON, or not of the schema's shape; the text names line and column.
    #[error("price file: {0}")]
    Syntax(String),
    /// It is of another schema.
    #[error("price file: schema {found:?}, expected {SCHEMA:?}")]
    Schema {
        /// What it says.
        found: String,
    },
    /// It is not in US dollars.
    #[error("price file: currency {found:?}, expected \"USD\"")]
    Currency {
        /// What it says.
        found: String,
    },
    /// Two groups have the same price.
    #[error("price file: {section} {key:?} is priced twice")]
    PriceTwice {
        /// The section.
        section: &'static str,
        /// The key.
        key: String,
    },
    /// No lookup asks for this key.
    #[error("price file: {section} has the unknown key {key:?}")]
    UnknownKey {
        /// The section.
        section: &'static str,
        /// The key.
        key: String,
    },
    /// A price is not a decimal, is negative, or is 0: what costs nothing has no price.
    #[error("price file: {section} {key:?} is priced {price:?}, expected a decimal above 0")]
    Amount {
        /// The section.
        section: &'static str,
        /// The key.
        key: String,
        /// What it says.
        price: String,
    },
    /// Two files are of the same region.
    #[error("two price files are of region {region:?}")]
    RegionTwice {
        /// The region.
        region: String,
    },
}

/// What a group of prices is about. The names are those of `kind` in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Section {
    /// EC2 by instance type, per hour.
    Ec2,
    /// Fargate by architecture and resource.
    Fargate,
    /// RDS by engine, class and deployment, per hour.
    Rds,
    /// Aurora by engine, class and storage configuration, per hour.
    Aurora,
    /// Storage, IOPS and backups of RDS and Aurora.
    RdsStorage,
    /// ElastiCache by engine and node type, per hour.
    Elasticache,
    /// NAT gateways, load balancers, addresses, endpoints.
    Network,
    /// EKS clusters.
    Eks,
    /// EBS volumes and snapshots.
    Ebs,
    /// SageMaker by instance type, per hour.
    Sagemaker,
    /// Everything that is paid by use.
    Unit,
    /// Instances and nodes that are committed to for a year, per hour.
    Reserved,
}

impl Section {
    /// The name in the file.
    const fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Fargate => "fargate",
            Self::Rds => "rds",
            Self::Aurora => "aurora",
            Self::RdsStorage => "rds-storage",
            Self::Elasticache => "elasticache",
            Self::Network => "network",
            Self::Eks => "eks",
            Self::Ebs => "ebs",
            Self::Sagemaker => "sagemaker",
            Self::Unit => "unit",
            Self::Reserved => "reserved",
        }
    }

    /// Whether a lookup can ask for the key.
    fn knows(self, key: &str) -> bool {
        match self {
            Self::Ec2 => compute::is_instance_type(key),
            Self::Sagemaker => key.strip_prefix("ml.").is_some_and(compute::is_instance_type),
            Self::Fargate => compute::knows_fargate_key(key),
            Self::Rds => store::knows_rds_key(key),
            Self::Aurora => store::knows_aurora_key(key),
            Self::RdsStorage => storage::knows_db_key(key) || unit::is_key(self, key),
            Self::Elasticache => store::knows_cache_key(key),
            Self::Network => network::knows_key(key) || unit::is_key(self, key),
            Self::Eks => network::knows_eks_key(key),
            Self::Ebs => storage::knows_ebs_key(key) || unit::is_key(self, key),
            Self::Unit => unit::is_key(self, key),
            Self::Reserved => reserved::knows_key(key),
        }
    }
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: String,
    region: String,
    currency: String,
    groups: Vec<Group>,
}

/// Prices of one kind, day and source.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    kind: Section,
    as_of: Date,
    source: String,
    /// How the prices were checked; for readers of the file.
    #[serde(rename = "note")]
    _note: String,
    checked: bool,
    prices: Prices,
}

/// Key and price as text, in the order of the file.
struct Prices(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Prices {
    /// A map, of which serde would keep the last of two equal keys; here both are seen.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Prices;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of prices, each a decimal in quotes")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Prices, A::Error> {
                let mut prices = Vec::with_capacity(map.size_hint().unwrap_or_default());
                while let Some(entry) = map.next_entry()? {
                    prices.push(entry);
                }
                Ok(Prices(prices))
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

/// Reads a price file.
pub(super) fn parse(text: &str) -> Result<PriceTable, PriceError> {
    let document: Document =
        serde_json::from_str(text).map_err(|error| PriceError::Syntax(error.to_string()))?;
    if document.schema != SCHEMA {
        return Err(PriceError::Schema {
            found: document.schema,
        });
    }
    if document.currency != "USD" {
        return Err(PriceError::Currency {
            found: document.currency,
        });
    }
    let mut region = RegionPrices::new();
    for group in document.groups {
        add(&mut region, group)?;
    }
    Ok(PriceTable {
        regions: BTreeMap::from([(document.region, region)]),
    })
}

/// Adds the prices of a group.
fn add(region: &mut RegionPrices, group: Group) -> Result<(), PriceError> {
    let section = group.kind.name();
    let provenance = Arc::new(Provenance {
        as_of: group.as_of,
        source: group.source,
        checked: if group.checked { Checked::Yes } else { Checked::No },
    });
    let prices: &mut HashMap<_, _> = region.entry(group.kind).or_default();
    for (key, text) in group.prices.0 {
        if !group.kind.knows(&key) {
            return Err(PriceError::UnknownKey { section, key });
        }
        let price: Result<Usd, MoneyError> = text.parse();
        let Some(price) = price.ok().filter(|price| *price > Usd::ZERO) else {
            return Err(PriceError::Amount {
                section,
                key,
                price: text,
            });
        };
        if prices.contains_key(&key) {
            return Err(PriceError::PriceTwice { section, key });
        }
        prices.insert(key, (price, Arc::clone(&provenance)));
    }
    Ok(())
}
