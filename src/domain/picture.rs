//! What the console shows and the headless commands print: everything known at one moment, and
//! what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::changes::Change;
use crate::domain::health::Finding;
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::Inventory;
use crate::domain::meter::MeterReading;
use crate::domain::price::BurnRate;

impl Picture {
    /// Nothing is known yet.
    pub fn empty(inventory: Inventory, at: Timestamp) -> Self {
        Self {
            inventory,
            findings: Vec::new(),
            savings: Vec::new(),
            changes: Vec::new(),
            burn: BurnRate::not_read(),
            meter: MeterReading::default(),
            at,
        }
    }

    /// What instances with findings, and cards of them, are called where their own names do not tell
    /// them apart: instances of a group all have its `Name` tag, so the end of the id goes with it.
    pub fn labels(&self) -> BTreeMap<&ResourceKey, String> {
        let on_hosts: Vec<(&Finding, &str, &str, &str)> = self
            .findings
            .iter()
            .filter_map(|finding| {
                let host = self.host_of(&finding.resource)?;
                let (name, card) = match finding.name.rfind(" #") {
                    Some(at) if finding.resource.kind == Kind::Gpu => finding.name.split_at(at),
                    _ => (finding.name.as_str(), ""),
                };
                Some((finding, host, name, card))
            })
            .collect();
        let mut called: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (_, host, name, _) in &on_hosts {
            called.entry(name).or_default().insert(host);
        }
        on_hosts
            .into_iter()
            .filter(|(_, _, name, _)| called.get(name).is_some_and(|hosts| hosts.len() > 1))
            .map(|(finding, host, name, card)| {
                let tail = host.char_indices().rev().nth(4).map_or(0, |(at, _)| at);
                (&finding.resource, format!("{name} …{}{card}", &host[tail..]))
            })
            .collect()
    }

    /// The instance that a resource is, or is a card of.
    fn host_of<'a>(&'a self, resource: &'a ResourceKey) -> Option<&'a str> {
        match resource.kind {
            Kind::Ec2Instance | Kind::GpuHost => Some(&resource.id),
            Kind::Gpu => self
                .inventory
                .scope(&resource.scope)?
                .gpu
                .get()?
                .iter()
                .find(|reading| {
                    let mut cards = reading.cards.iter();
                    cards.any(|card| card.id(&reading.instance_id) == *resource.id)
                })
                .map(|reading| reading.instance_id.as_str()),
            _ => None,
        }
    }
}

/// What is known of all scopes at one moment, with the findings, changes and costs that follow from just that:
/// whoever shows or prints one never mixes two moments.
#[derive(Debug, Clone)]
pub struct Picture {
    /// What is known.
    pub inventory: Inventory,
    /// What is wrong, most important first.
    pub findings: Vec<Finding>,
    /// What could be saved, the largest amount first; not among the findings.
    pub savings: Vec<Finding>,
    /// What changed in the last two hours, newest first.
    pub changes: Vec<Change>,
    /// What runs now costs by the hour at list price.
    pub burn: BurnRate,
    /// What watching has cost.
    pub meter: MeterReading,
    /// When this was put together, by the cloud's clock.
    pub at: Timestamp,
}
