//! Volumes: storage of RDS and EBS, by size and by what is provisioned above the baseline.

use super::document::Section;
use super::store::Deployment;
use super::{PriceTable, Priced};
use crate::domain::units::{Gib, Usd, UsdPerHour};

/// A type of RDS storage, by `StorageType` of the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DbVolumeKind {
    /// General purpose, IOPS by size.
    Gp2,
    /// General purpose, IOPS and throughput apart.
    Gp3,
    /// Provisioned IOPS.
    Io1,
    /// Provisioned IOPS, the newer kind.
    Io2,
    /// Spinning disks.
    Magnetic,
}

impl DbVolumeKind {
    /// All.
    const ALL: [Self; 5] = [Self::Gp2, Self::Gp3, Self::Io1, Self::Io2, Self::Magnetic];

    /// From `StorageType` of an RDS instance; `None` for Aurora, which is paid by what it holds.
    pub fn from_api(storage_type: &str) -> Option<Self> {
        match storage_type {
            "gp2" => Some(Self::Gp2),
            "gp3" => Some(Self::Gp3),
            "io1" => Some(Self::Io1),
            "io2" => Some(Self::Io2),
            "standard" => Some(Self::Magnetic),
            _ => None,
        }
    }

    /// The name in price keys.
    const fn key(self) -> &'static str {
        match self {
            Self::Gp2 => "gp2",
            Self::Gp3 => "gp3",
            Self::Io1 => "io1",
            Self::Io2 => "io2",
            Self::Magnetic => "magnetic",
        }
    }
}

/// The storage of an RDS instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DbStorage {
    /// Its type.
    pub kind: DbVolumeKind,
    /// Whether a standby has a copy, which is paid as well.
    pub deployment: Deployment,
    /// Allocated storage.
    pub size: Gib,
    /// IOPS that are paid: all of io1 and io2; of gp3 those above what its size includes; else 0.
    pub paid_iops: u64,
}

/// A type of EBS volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EbsKind {
    /// General purpose, IOPS by size.
    Gp2,
    /// General purpose, IOPS and throughput apart.
    Gp3,
    /// Provisioned IOPS.
    Io1,
    /// Provisioned IOPS, the newer kind.
    Io2,
    /// Throughput optimised disks.
    St1,
    /// Cold disks.
    Sc1,
    /// Magnetic, the first kind.
    Standard,
}

impl EbsKind {
    /// All.
    const ALL: [Self; 7] = [
        Self::Gp2,
        Self::Gp3,
        Self::Io1,
        Self::Io2,
        Self::St1,
        Self::Sc1,
        Self::Standard,
    ];

    /// From `VolumeType` of a volume.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Volume.html>
    pub fn from_api(volume_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.key() == volume_type)
    }

    /// The name in price keys and in the API.
    const fn key(self) -> &'static str {
        match self {
            Self::Gp2 => "gp2",
            Self::Gp3 => "gp3",
            Self::Io1 => "io1",
            Self::Io2 => "io2",
            Self::St1 => "st1",
            Self::Sc1 => "sc1",
            Self::Standard => "standard",
        }
    }
}

/// An EBS volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EbsVolume {
    /// Its type.
    pub kind: EbsKind,
    /// Its size.
    pub size: Gib,
    /// Provisioned IOPS; gp3 includes 3,000, and only io1, io2 and gp3 pay for them.
    pub iops: u64,
    /// Provisioned throughput, MiB/s; gp3 includes 125, and only gp3 pays for it.
    pub throughput_mibps: u64,
}

impl EbsVolume {
    /// IOPS that every gp3 volume includes.
    pub const GP3_IOPS: u64 = 3_000;
    /// Throughput that every gp3 volume includes, MiB/s.
    pub const GP3_THROUGHPUT_MIBPS: u64 = 125;
    /// IOPS up to which io2 costs one price; above it falls in steps that the table does not have.
    pub const IO2_FIRST_TIER_IOPS: u64 = 32_000;

    /// A volume with what its type includes.
    pub const fn new(kind: EbsKind, size: Gib) -> Self {
        Self {
            kind,
            size,
            iops: 0,
            throughput_mibps: 0,
        }
    }

    /// IOPS and MiB/s that are paid; `None` if the table has no price for so many.
    fn paid(self) -> Option<(u64, u64)> {
        match self.kind {
            EbsKind::Gp3 => Some((
                self.iops.saturating_sub(Self::GP3_IOPS),
                self.throughput_mibps.saturating_sub(Self::GP3_THROUGHPUT_MIBPS),
            )),
            EbsKind::Io1 => Some((self.iops, 0)),
            EbsKind::Io2 => (self.iops <= Self::IO2_FIRST_TIER_IOPS).then_some((self.iops, 0)),
            EbsKind::Gp2 | EbsKind::St1 | EbsKind::Sc1 | EbsKind::Standard => Some((0, 0)),
        }
    }
}

/// A quantity of which nothing is provisioned costs nothing, whether its price is known or not.
fn add_paid(
    sum: Priced<Usd>,
    quantity: u64,
    price: impl FnOnce() -> Option<Priced<Usd>>,
) -> Option<Priced<Usd>> {
    if quantity == 0 {
        return Some(sum);
    }
    Some(sum.with(price()?, |sum, each| sum + each * quantity))
}

impl PriceTable {
    /// The storage of an RDS instance.
    pub fn rds_storage(&self, region: &str, storage: DbStorage) -> Option<Priced<UsdPerHour>> {
        let price = |what: &str| {
            let key = format!("{}/{}/{what}", storage.kind.key(), storage.deployment.key());
            self.find(region, Section::RdsStorage, &key)
        };
        let size = price("gb-month")?.map(|month| month * storage.size.0);
        let month = add_paid(size, storage.paid_iops, || price("iops-month"))?;
        Some(month.map(UsdPerHour::from_month))
    }

    /// An EBS volume, attached or not.
    pub fn ebs(&self, region: &str, volume: EbsVolume) -> Option<Priced<UsdPerHour>> {
        let price = |what: &str| self.find(region, Section::Ebs, &format!("{}/{what}", volume.kind.key()));
        let (iops, throughput) = volume.paid()?;
        let size = price("gb-month")?.map(|month| month * volume.size.0);
        let with_iops = add_paid(size, iops, || price("iops-month"))?;
        let month = add_paid(with_iops, throughput, || price("mibps-month"))?;
        Some(month.map(UsdPerHour::from_month))
    }
}

/// Whether a key is `kind/deployment/resource`.
pub(super) fn knows_db_key(key: &str) -> bool {
    let [kind, deployment, resource] = key.split('/').collect::<Vec<_>>()[..] else {
        return false;
    };
    DbVolumeKind::ALL.iter().any(|known| known.key() == kind)
        && Deployment::ALL.iter().any(|known| known.key() == deployment)
        && matches!(resource, "gb-month" | "iops-month")
}

/// Whether a key is `kind/resource`.
pub(super) fn knows_ebs_key(key: &str) -> bool {
    key.split_once('/').is_some_and(|(kind, resource)| {
        EbsKind::from_api(kind).is_some() && matches!(resource, "gb-month" | "iops-month" | "mibps-month")
    })
}
