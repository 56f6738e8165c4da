//! Changes of hosted zones.
//! <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html>

use super::super::sim::Sim;
use super::{Refusal, record};
use crate::domain::dns::{RecordSet, same_name, same_value};
use crate::domain::fault::Fault;
use crate::domain::ops::route53::{Cname, Write};

pub fn apply(sim: &mut Sim, write: &Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let (Write::Put(one) | Write::Remove(one)) = write;
    let Cname {
        zone,
        name,
        value,
        ttl_s,
    } = one;
    let own = sim.find_zone(zone).ok_or_else(|| {
        refuse.absent(
            "NoSuchHostedZone",
            format!("No hosted zone found with ID: {zone}"),
        )
    })?;
    if !name.trim_end_matches('.').ends_with(&format!(".{own}")) {
        return Err(refuse.invalid(
            "InvalidChangeBatch",
            format!("RRSet with DNS name {name} is not permitted in zone {own}."),
        ));
    }
    let records = sim.names.records.entry(zone.clone()).or_default();
    match write {
        Write::Put(_) => {
            let is_other = |known: &RecordSet| same_name(&known.name, name) && known.kind != "CNAME";
            if let Some(other) = records.iter().find(|known| is_other(known)) {
                return Err(refuse.invalid(
                    "InvalidChangeBatch",
                    format!(
                        "RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records \
                         with the same DNS name in zone {own}. ({})",
                        other.kind
                    ),
                ));
            }
            records.retain(|known| !same_name(&known.name, name));
            records.push(RecordSet {
                name: name.clone(),
                kind: "CNAME".to_owned(),
                ttl_s: Some(*ttl_s),
                values: vec![value.clone()],
            });
        }
        Write::Remove(_) => {
            let is_it = |known: &RecordSet| {
                same_name(&known.name, name)
                    && known.kind == "CNAME"
                    && known.ttl_s == Some(*ttl_s)
                    && matches!(known.values.as_slice(), [own] if same_value(own, value))
            };
            let place = records.iter().position(is_it).ok_or_else(|| {
                refuse.invalid(
                    "InvalidChangeBatch",
                    format!(
                        "Tried to delete resource record set [name='{name}', type='CNAME'] but it was not found, or the \
                         values provided do not match the current values"
                    ),
                )
            })?;
            records.remove(place);
        }
    }
    let now = sim.now;
    let id = sim.change_names(zone, name, now);
    record(sim, refuse, &[zone]);
    Ok(Some(id))
}
