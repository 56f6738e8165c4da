//! Hosted zones and their records, and the certificates that are proven by them.

use std::collections::BTreeMap;

use super::super::signal;
use super::super::time::{MINUTE, Ms, SECOND, part};
use super::{Sim, Timer};
use crate::domain::dns::{RecordSet, same_name, same_value};

/// How long every name server of Route 53 takes to have a change.
const IN_SYNC: Ms = 40 * SECOND;

/// How long ACM takes to find a record.
const ACM_LOOKS: Ms = 12 * MINUTE;

/// Route 53 and what hangs on it.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Records by zone; of all there are only those that matter here.
    pub records: BTreeMap<String, Vec<RecordSet>>,
    /// Changes by their id, and when every name server has them.
    pub changes: BTreeMap<String, Ms>,
    /// Certificates, by their place in the plan, that were renewed, and when.
    pub renewed: BTreeMap<usize, Ms>,
}

impl Sim {
    /// Puts the records into the zones by which all certificates are proven.
    pub fn found_names(&mut self) {
        for index in 0..self.plan.certificates.len() {
            for (name, value) in self.proofs(index) {
                self.put_record(&name, &value);
            }
        }
    }

    /// The id of a hosted zone.
    pub fn zone_id(&self, name: &str) -> String {
        format!("Z{}", signal::hex(&self.key(name, 12), 20).to_uppercase())
    }

    /// The zone of that id, by its name.
    pub fn find_zone(&self, id: &str) -> Option<String> {
        let mut zones = self.plan.hosted_zones.iter();
        zones.find(|name| self.zone_id(name) == id).cloned()
    }

    /// The record that proves a name: its own name and its value.
    pub fn proof_of(&self, domain: &str) -> (String, String) {
        let name = domain.trim_start_matches("*.");
        (
            format!("_{}.{name}.", signal::hex(&self.key(name, 8), 32)),
            format!(
                "_{}.mhbtsbpdnt.acm-validations.aws.",
                signal::hex(&self.key(name, 9), 32)
            ),
        )
    }

    /// The records that prove the names of a certificate.
    fn proofs(&self, index: usize) -> Vec<(String, String)> {
        let plan = &self.plan.certificates[index];
        std::iter::once(&plan.domain)
            .chain(&plan.alternatives)
            .map(|domain| self.proof_of(domain))
            .collect()
    }

    fn put_record(&mut self, name: &str, value: &str) {
        let zone = self
            .plan
            .hosted_zones
            .iter()
            .find(|zone| name.trim_end_matches('.').ends_with(&format!(".{zone}")))
            .map(|zone| self.zone_id(zone));
        let Some(zone) = zone else { return };
        let records = self.names.records.entry(zone).or_default();
        if !records.iter().any(|known| known.name == name) {
            records.push(RecordSet {
                name: name.to_owned(),
                kind: "CNAME".to_owned(),
                ttl_s: Some(300),
                values: vec![value.to_owned()],
            });
        }
    }

    /// Somebody removes the records of a certificate, which cannot be renewed then.
    pub fn lose_proofs(&mut self, index: usize) {
        for (name, _) in self.proofs(index) {
            for records in self.names.records.values_mut() {
                records.retain(|known| known.name != name);
            }
        }
        self.stuck_certificates.push(index);
    }

    /// Notes a change of DNS that was accepted; its id.
    pub fn change_names(&mut self, zone: &str, name: &str, at: Ms) -> String {
        let key = [signal::name(zone), signal::name(name), part(at)];
        let id = format!("/change/C{}", signal::hex(&key, 20).to_uppercase());
        self.names.changes.insert(id.clone(), at + IN_SYNC);
        for certificate in self.stuck_certificates.clone() {
            self.set_timer(at + ACM_LOOKS, Timer::Proof { certificate });
        }
        id
    }

    /// ACM looks for the records of a certificate.
    pub fn look_for_proof(&mut self, certificate: usize, at: Ms) {
        let proven = self.proofs(certificate).iter().all(|(name, value)| {
            self.names.records.values().flatten().any(|known| {
                same_name(&known.name, name)
                    && known.kind == "CNAME"
                    && known.values.iter().any(|own| same_value(own, value))
            })
        });
        if proven && self.stuck_certificates.contains(&certificate) {
            self.stuck_certificates.retain(|stuck| *stuck != certificate);
            self.names.renewed.insert(certificate, at);
        }
    }
}
