//! A part of an item: so many of something that has a price.

use serde::Deserialize;

use crate::domain::price::{
    Arch, CacheEngine, DbEngine, DbStorage, DbVolumeKind, Deployment, EbsKind, EbsVolume, FargateSize,
    PriceTable, Priced, Unit,
};
use crate::domain::units::{Gib, Mib, Usd, UsdPerHour};

/// Hours of a month, as AWS counts them in its examples.
pub(super) const HOURS_PER_MONTH: u64 = 730;

/// So many of a thing.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Part {
    /// What.
    #[serde(flatten)]
    thing: Thing,
    /// How many; a fraction stands for a part of the hours.
    count: f64,
}

/// Something that has a price.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "of", rename_all = "kebab-case")]
enum Thing {
    Ec2 {
        instance_type: String,
    },
    Ec2Reserved {
        instance_type: String,
    },
    Fargate {
        cpu_units: u32,
        memory_mib: u64,
    },
    Rds {
        class: String,
        engine: String,
        multi_az: bool,
    },
    RdsReserved {
        class: String,
        engine: String,
        multi_az: bool,
    },
    /// Gigabytes of gp3.
    RdsStorage {
        multi_az: bool,
    },
    Cache {
        node_type: String,
        engine: String,
    },
    CacheReserved {
        node_type: String,
        engine: String,
    },
    NatGateway,
    Alb,
    AlbCapacityUnit,
    PublicIpv4,
    /// Gigabytes of gp3.
    EbsGp3,
    /// Something paid by use, under its key in the price files.
    Unit {
        unit: String,
    },
}

/// A price by the hour or by the unit.
enum Rate {
    Hour(Priced<UsdPerHour>),
    Unit(Priced<Usd>),
}

/// What parts cost together.
pub(super) enum Sum {
    /// This; `None` if there are no parts, which costs nothing and has no source.
    Known(Option<Priced<Usd>>),
    /// A part has no price.
    Unknown,
}

/// The sum of the parts less that of others, over so many hours.
pub(super) fn sum(parts: &[Part], less: &[Part], region: &str, table: &PriceTable, hours: u64) -> Sum {
    let mut total: Option<Priced<Usd>> = None;
    let signed = parts
        .iter()
        .map(|part| (part, false))
        .chain(less.iter().map(|part| (part, true)));
    for (part, is_less) in signed {
        let Some(price) = part.price(region, table, hours) else {
            return Sum::Unknown;
        };
        let price = price.map(|amount| if is_less { -amount } else { amount });
        total = Some(match total {
            Some(sum) => sum.with(price, |sum, amount| sum + amount),
            None => price,
        });
    }
    Sum::Known(total)
}

impl Part {
    fn price(&self, region: &str, table: &PriceTable, hours: u64) -> Option<Priced<Usd>> {
        // Thousandths, so that money stays exact.
        let milli = (self.count * 1000.0).round();
        let milli = (milli >= 0.0).then_some(milli as u64)?;
        Some(match self.thing.rate(region, table)? {
            Rate::Hour(rate) => rate.map(|rate| rate.per_hour().scale(milli * hours, 1000)),
            Rate::Unit(price) => price.map(|price| price.scale(milli, 1000)),
        })
    }
}

impl Thing {
    fn rate(&self, region: &str, table: &PriceTable) -> Option<Rate> {
        let hourly = match self {
            Self::Ec2 { instance_type } => table.ec2(region, instance_type),
            Self::Ec2Reserved { instance_type } => table.reserved_ec2(region, instance_type),
            Self::Fargate {
                cpu_units,
                memory_mib,
            } => table.fargate(region, Arch::X86, FargateSize::new(*cpu_units, Mib(*memory_mib))),
            Self::Rds {
                class,
                engine,
                multi_az,
            } => table.rds(
                region,
                class,
                DbEngine::from_api(engine, None)?,
                Deployment::of(*multi_az),
            ),
            Self::RdsReserved {
                class,
                engine,
                multi_az,
            } => table.reserved_rds(
                region,
                class,
                DbEngine::from_api(engine, None)?,
                Deployment::of(*multi_az),
            ),
            Self::RdsStorage { multi_az } => table.rds_storage(
                region,
                DbStorage {
                    kind: DbVolumeKind::Gp3,
                    deployment: Deployment::of(*multi_az),
                    size: Gib(1),
                    paid_iops: 0,
                },
            ),
            Self::Cache { node_type, engine } => {
                table.elasticache(region, node_type, CacheEngine::from_api(engine)?)
            }
            Self::CacheReserved { node_type, engine } => {
                table.reserved_cache(region, node_type, CacheEngine::from_api(engine)?)
            }
            Self::NatGateway => table.nat_gateway(region),
            Self::Alb => table.alb(region),
            Self::AlbCapacityUnit => {
                table.capacity_unit(region, crate::domain::price::LoadBalancerKind::Application)
            }
            Self::PublicIpv4 => table.public_ipv4(region),
            Self::EbsGp3 => table.ebs(
                region,
                EbsVolume {
                    kind: EbsKind::Gp3,
                    size: Gib(1),
                    iops: EbsVolume::GP3_IOPS,
                    throughput_mibps: EbsVolume::GP3_THROUGHPUT_MIBPS,
                },
            ),
            Self::Unit { unit } => {
                return table.unit(region, Unit::from_key(unit)?).map(Rate::Unit);
            }
        };
        hourly.map(Rate::Hour)
    }
}
