//! List prices, dated and with their source, and the burn rate that follows from them.
//!
//! The table ships as data (`data/prices/*.json`, one file per region) and is compiled in, so that a
//! console without a way to the Price List API still says what things cost. Every answer carries the
//! day and the source of its price; a price that the table lacks is `None`, never 0. Spot prices change
//! by the hour and are given at run time: see [`SpotPrices`].
//!
//! How the data came about and how it is brought up to date: `docs/prices.md`.

mod burn;
mod compute;
mod document;
mod network;
mod priced;
mod reserved;
mod spot;
mod storage;
mod store;
mod unit;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use jiff::civil::Date;

pub use burn::{BurnItem, BurnKind, BurnRate};
pub use compute::{Arch, FargateSize};
pub use document::PriceError;
pub use network::LoadBalancerKind;
pub use priced::{Checked, Priced, Provenance};
pub use spot::SpotPrices;
pub use storage::{DbStorage, DbVolumeKind, EbsKind, EbsVolume};
pub use store::{AuroraStorage, CacheEngine, DbEngine, Deployment};
pub use unit::Unit;

use crate::domain::units::{Usd, UsdPerHour};
use document::Section;

/// The prices of some regions.
#[derive(Debug, Clone, Default)]
pub struct PriceTable {
    regions: BTreeMap<String, RegionPrices>,
}

/// The prices of one region: section and key to the price and where it comes from.
type RegionPrices = HashMap<Section, HashMap<String, (Usd, Arc<Provenance>)>>;

/// The files that ship, one per region.
const SHIPPED: [&str; 2] = [
    include_str!("../../data/prices/ap-northeast-2.json"),
    include_str!("../../data/prices/us-east-1.json"),
];

impl PriceTable {
    /// Reads one price file.
    ///
    /// # Errors
    /// If it is not JSON of the schema `quarterdeck.prices/1`, names a price twice, or has a key that no
    /// lookup asks for, which would be a typing error that hides a price.
    pub fn parse(text: &str) -> Result<Self, PriceError> {
        document::parse(text)
    }

    /// Adds the regions of another table.
    ///
    /// # Errors
    /// If both have the same region.
    pub fn merge(mut self, other: Self) -> Result<Self, PriceError> {
        for (region, prices) in other.regions {
            if self.regions.contains_key(&region) {
                return Err(PriceError::RegionTwice { region });
            }
            self.regions.insert(region, prices);
        }
        Ok(self)
    }

    /// The table that is compiled in.
    pub fn shipped() -> &'static Self {
        static TABLE: LazyLock<PriceTable> = LazyLock::new(|| {
            SHIPPED.into_iter().fold(PriceTable::default(), |table, text| {
                PriceTable::parse(text)
                    .and_then(|region| table.merge(region))
                    .expect("the shipped price files are read by a test")
            })
        });
        &TABLE
    }

    /// The regions that it has prices for, sorted.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.regions.keys().map(String::as_str)
    }

    /// The day of the oldest price of a region; `None` if the region is not in the table.
    pub fn oldest(&self, region: &str) -> Option<Date> {
        let sections = self.regions.get(region)?.values();
        sections
            .flat_map(HashMap::values)
            .map(|(_, provenance)| provenance.as_of)
            .min()
    }

    /// The price under a key.
    fn find(&self, region: &str, section: Section, key: &str) -> Option<Priced<Usd>> {
        let (price, provenance) = self.regions.get(region)?.get(&section)?.get(key)?;
        Some(Priced::new(*price, Arc::clone(provenance)))
    }

    /// The price under a key that counts hours.
    fn hourly(&self, region: &str, section: Section, key: &str) -> Option<Priced<UsdPerHour>> {
        Some(self.find(region, section, key)?.map(UsdPerHour::new))
    }
}

#[cfg(test)]
mod tests;
