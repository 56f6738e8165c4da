//! What instances and nodes cost once somebody has committed to them for a year without paying
//! upfront: EC2 standard reserved instances, reserved DB instances, reserved cache nodes.
//!
//! The hour is paid whether the thing runs or not, so that this is a saving only for what runs all
//! the time. <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-reserved-instances.html>

use super::document::Section;
use super::{CacheEngine, DbEngine, Deployment, PriceTable, Priced, store};
use crate::domain::price::compute;
use crate::domain::units::UsdPerHour;

impl PriceTable {
    /// An EC2 instance of Linux, reserved for a year, no upfront, standard.
    pub fn reserved_ec2(&self, region: &str, instance_type: &str) -> Option<Priced<UsdPerHour>> {
        self.hourly(region, Section::Reserved, &format!("ec2/{instance_type}"))
    }

    /// A database instance, reserved for a year, no upfront, its standby included; `None` for Aurora,
    /// whose reserved prices the table does not have.
    pub fn reserved_rds(
        &self,
        region: &str,
        class: &str,
        engine: DbEngine,
        deployment: Deployment,
    ) -> Option<Priced<UsdPerHour>> {
        let (_, engine, storage) = engine.place();
        if storage.is_some() {
            return None;
        }
        let key = format!("rds/{engine}/{class}/{}", deployment.key());
        self.hourly(region, Section::Reserved, &key)
    }

    /// A cache node, reserved for a year, no upfront.
    pub fn reserved_cache(
        &self,
        region: &str,
        node_type: &str,
        engine: CacheEngine,
    ) -> Option<Priced<UsdPerHour>> {
        let key = format!("elasticache/{}/{node_type}", engine.key());
        self.hourly(region, Section::Reserved, &key)
    }
}

/// Whether a key is one that is asked for here.
pub(super) fn knows_key(key: &str) -> bool {
    match key.split_once('/') {
        Some(("ec2", rest)) => compute::is_instance_type(rest),
        Some(("rds", rest)) => store::knows_rds_key(rest),
        Some(("elasticache", rest)) => store::knows_cache_key(rest) && !rest.contains("serverless"),
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_costs_less_than_on_demand_and_more_than_half_of_it() {
        let table = PriceTable::shipped();
        for region in ["us-east-1", "ap-northeast-2"] {
            for (reserved, listed) in [
                (
                    table.reserved_ec2(region, "g5.xlarge"),
                    table.ec2(region, "g5.xlarge"),
                ),
                (
                    table.reserved_ec2(region, "t3.small"),
                    table.ec2(region, "t3.small"),
                ),
                (
                    table.reserved_rds(region, "db.t4g.medium", DbEngine::Mysql, Deployment::SingleAz),
                    table.rds(region, "db.t4g.medium", DbEngine::Mysql, Deployment::SingleAz),
                ),
                (
                    table.reserved_cache(region, "cache.t4g.small", CacheEngine::Redis),
                    table.elasticache(region, "cache.t4g.small", CacheEngine::Redis),
                ),
            ] {
                let (reserved, listed) = (reserved.unwrap().value, listed.unwrap().value);
                assert!(
                    reserved < listed && reserved + reserved > listed,
                    "{region}: {reserved} of {listed}"
                );
            }
        }
    }

    #[test]
    fn aurora_and_unlisted_types_have_no_reserved_price() {
        let table = PriceTable::shipped();
        let aurora = DbEngine::from_api("aurora-postgresql", None).unwrap();
        assert_eq!(
            table.reserved_rds("us-east-1", "db.r6g.large", aurora, Deployment::SingleAz),
            None
        );
        assert_eq!(table.reserved_ec2("us-east-1", "z9.huge"), None);
        assert!(!knows_key("redis/cache.t4g.small"));
        assert!(!knows_key("elasticache/redis/serverless/gb-hour"));
    }
}
