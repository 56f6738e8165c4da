//! Data stores: RDS, Aurora and ElastiCache by class.

use super::document::Section;
use super::{PriceTable, Priced, compute};
use crate::domain::datastore::support::SupportYears;
use crate::domain::units::UsdPerHour;

/// A database engine without a licence fee. Oracle, SQL Server and Db2 are priced by edition and
/// licence, which the table does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DbEngine {
    /// RDS for PostgreSQL.
    Postgres,
    /// RDS for MySQL.
    Mysql,
    /// RDS for MariaDB.
    Mariadb,
    /// Aurora PostgreSQL.
    AuroraPostgres(AuroraStorage),
    /// Aurora MySQL.
    AuroraMysql(AuroraStorage),
}

/// How an Aurora cluster pays for its storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuroraStorage {
    /// By the gigabyte and by the request.
    Standard,
    /// By the gigabyte alone; instances cost more.
    IoOptimized,
}

impl AuroraStorage {
    /// Both.
    const ALL: [Self; 2] = [Self::Standard, Self::IoOptimized];

    /// The name in price keys.
    const fn key(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::IoOptimized => "io-optimized",
        }
    }
}

/// Whether a standby stands by. Aurora has no standby: each of its instances is paid on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deployment {
    /// One instance.
    SingleAz,
    /// One instance and one standby in another zone.
    MultiAz,
}

impl Deployment {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::SingleAz, Self::MultiAz];

    /// From `MultiAZ` of an RDS instance.
    pub const fn of(multi_az: bool) -> Self {
        if multi_az { Self::MultiAz } else { Self::SingleAz }
    }

    /// The name in price keys.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::SingleAz => "single-az",
            Self::MultiAz => "multi-az",
        }
    }
}

impl DbEngine {
    /// From `Engine` and `StorageType` of an RDS instance; `None` for engines with a licence.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html>
    pub fn from_api(engine: &str, storage_type: Option<&str>) -> Option<Self> {
        let storage = match storage_type {
            Some("aurora-iopt1") => AuroraStorage::IoOptimized,
            _ => AuroraStorage::Standard,
        };
        match engine {
            "postgres" => Some(Self::Postgres),
            "mysql" => Some(Self::Mysql),
            "mariadb" => Some(Self::Mariadb),
            "aurora-postgresql" => Some(Self::AuroraPostgres(storage)),
            "aurora-mysql" | "aurora" => Some(Self::AuroraMysql(storage)),
            _ => None,
        }
    }

    /// Section, engine in price keys, and for Aurora its storage.
    pub(super) const fn place(self) -> (Section, &'static str, Option<AuroraStorage>) {
        match self {
            Self::Postgres => (Section::Rds, "postgres", None),
            Self::Mysql => (Section::Rds, "mysql", None),
            Self::Mariadb => (Section::Rds, "mariadb", None),
            Self::AuroraPostgres(storage) => (Section::Aurora, "aurora-postgresql", Some(storage)),
            Self::AuroraMysql(storage) => (Section::Aurora, "aurora-mysql", Some(storage)),
        }
    }
}

/// A cache engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CacheEngine {
    /// Redis OSS.
    Redis,
    /// Valkey.
    Valkey,
    /// Memcached.
    Memcached,
}

impl CacheEngine {
    /// All.
    const ALL: [Self; 3] = [Self::Redis, Self::Valkey, Self::Memcached];

    /// From `Engine` of an ElastiCache cluster, replication group or serverless cache.
    pub fn from_api(engine: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.key() == engine)
    }

    /// The name in price keys and in the API.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Valkey => "valkey",
            Self::Memcached => "memcached",
        }
    }
}

impl PriceTable {
    /// A database instance of a class such as `db.t4g.medium`, its standby included, its storage not.
    /// Aurora's instances ignore the deployment; `db.serverless` is paid by capacity, see
    /// [`PriceTable::aurora_capacity_unit`].
    pub fn rds(
        &self,
        region: &str,
        class: &str,
        engine: DbEngine,
        deployment: Deployment,
    ) -> Option<Priced<UsdPerHour>> {
        let (section, engine, storage) = engine.place();
        let last = storage.map_or_else(|| deployment.key(), AuroraStorage::key);
        self.hourly(region, section, &format!("{engine}/{class}/{last}"))
    }

    /// What a vCPU of an instance of RDS costs more when its version is in extended support.
    pub fn rds_extended_support(&self, region: &str, years: SupportYears) -> Option<Priced<UsdPerHour>> {
        self.hourly(region, Section::Rds, extended_key(years))
    }

    /// One Aurora capacity unit (ACU) of Serverless v2 for an hour; `None` for engines that have none.
    pub fn aurora_capacity_unit(&self, region: &str, engine: DbEngine) -> Option<Priced<UsdPerHour>> {
        let (section, engine, storage) = engine.place();
        self.hourly(
            region,
            section,
            &format!("{engine}/{SERVERLESS_ACU}/{}", storage?.key()),
        )
    }

    /// One cache node of a type such as `cache.t4g.small`.
    pub fn elasticache(
        &self,
        region: &str,
        node_type: &str,
        engine: CacheEngine,
    ) -> Option<Priced<UsdPerHour>> {
        self.hourly(
            region,
            Section::Elasticache,
            &format!("{}/{node_type}", engine.key()),
        )
    }

    /// One gigabyte stored in a serverless cache for an hour; requests are paid on top.
    pub fn serverless_cache_gb(&self, region: &str, engine: CacheEngine) -> Option<Priced<UsdPerHour>> {
        self.hourly(
            region,
            Section::Elasticache,
            &format!("{}/serverless/gb-hour", engine.key()),
        )
    }
}

/// What stands for a class in the keys of Aurora Serverless v2.
const SERVERLESS_ACU: &str = "serverless-v2-acu";

/// The key of a vCPU in extended support.
const fn extended_key(years: SupportYears) -> &'static str {
    match years {
        SupportYears::FirstTwo => "extended-support/vcpu-hour",
        SupportYears::Third => "extended-support-year-3/vcpu-hour",
    }
}

/// Whether a key is `engine/db.class/deployment` or one of extended support.
pub(super) fn knows_rds_key(key: &str) -> bool {
    if [SupportYears::FirstTwo, SupportYears::Third]
        .into_iter()
        .any(|years| extended_key(years) == key)
    {
        return true;
    }
    let [engine, class, deployment] = key.split('/').collect::<Vec<_>>()[..] else {
        return false;
    };
    matches!(engine, "postgres" | "mysql" | "mariadb")
        && class.strip_prefix("db.").is_some_and(compute::is_instance_type)
        && Deployment::ALL.iter().any(|known| known.key() == deployment)
}

/// Whether a key is `engine/db.class/storage` or the one of capacity units.
pub(super) fn knows_aurora_key(key: &str) -> bool {
    let [engine, class, storage] = key.split('/').collect::<Vec<_>>()[..] else {
        return false;
    };
    matches!(engine, "aurora-postgresql" | "aurora-mysql")
        && (class == SERVERLESS_ACU || class.strip_prefix("db.").is_some_and(compute::is_instance_type))
        && AuroraStorage::ALL.iter().any(|known| known.key() == storage)
}

/// Whether a key is `engine/cache.type` or one of serverless caches.
pub(super) fn knows_cache_key(key: &str) -> bool {
    let Some((engine, rest)) = key.split_once('/') else {
        return false;
    };
    CacheEngine::from_api(engine).is_some()
        && (matches!(rest, "serverless/gb-hour" | "serverless/ecpu")
            || rest.strip_prefix("cache.").is_some_and(compute::is_instance_type))
}
