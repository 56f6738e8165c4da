//! `acm.validate`: the records by which ACM sees that the names of a certificate are ours.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::certificate::{Certificate, Origin};
use crate::domain::dns::{HostedZone, RecordSet, same_name, same_value, zones_of};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, acm, route53};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Fields, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse, records_of,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `acm.validate`.
pub struct Validate;

/// How long resolvers keep the record, seconds.
const TTL_S: u32 = 300;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    /// The certificate's ARN.
    certificate: String,
    /// The record, written by the plan.
    record: Option<Record>,
}

/// A record in its zone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    zone: String,
    name: String,
    value: String,
}

/// A record that ACM looks for: name and value.
type Wanted<'c> = (&'c str, &'c str);

/// `_a.example.com. CNAME _b.acm-validations.aws.`
fn by_hand((name, value): Wanted<'_>) -> String {
    format!("{name} CNAME {value}")
}

/// The records that ACM does not find, each once: a wildcard and its domain have the same.
fn missing(certificate: &Certificate) -> Result<Vec<Wanted<'_>>, Refusal> {
    let domain = &certificate.domain;
    if certificate.origin != Origin::Amazon {
        return Err(Refusal::state(format!(
            "{domain} is {}, not issued by ACM on a proof of its names",
            certificate.origin.word()
        )));
    }
    if ["FAILED", "VALIDATION_TIMED_OUT", "EXPIRED", "REVOKED"].contains(&certificate.status.as_str()) {
        return Err(Refusal::state(format!(
            "{domain} is {}{}: ACM looks for no proof any more, so a new certificate has to be asked for",
            certificate.status,
            certificate
                .failure
                .as_ref()
                .map_or_else(String::new, |why| format!(" ({why})"))
        )));
    }
    let mut records: Vec<Wanted<'_>> = Vec::new();
    for proof in certificate.unproven() {
        match (proof.method.as_deref(), &proof.record) {
            (None | Some("DNS"), Some((name, kind, value))) if kind == "CNAME" => {
                if !records.iter().any(|(known, _)| same_name(known, name)) {
                    records.push((name, value));
                }
            }
            (None | Some("DNS"), _) => {
                return Err(Refusal::state(format!(
                    "ACM has not told the record for {} yet: try again in a minute",
                    proof.domain
                )));
            }
            (Some(method), _) => {
                return Err(Refusal::state(format!(
                    "{} is proven by {method}, not by a record in DNS",
                    proof.domain
                )));
            }
        }
    }
    Ok(records)
}

/// The zone that a record belongs into.
fn zone<'z>(zones: &'z [HostedZone], wanted: Wanted<'_>) -> Result<&'z HostedZone, String> {
    match zones_of(zones, wanted.0).as_slice() {
        [one] => Ok(*one),
        [] => Err(format!(
            "no public hosted zone of this account has a name that {} ends with: where its domain is served, add {}",
            wanted.0,
            by_hand(wanted)
        )),
        several => {
            let ids: Vec<&str> = several.iter().map(|zone| zone.id.as_str()).collect();
            Err(format!(
                "{} public hosted zones are called {} ({}), and only one of them is asked by the world: into that one \
                 add {}",
                several.len(),
                several[0].name,
                ids.join(", "),
                by_hand(wanted)
            ))
        }
    }
}

/// Whether the record is to be written: it is if nothing stands under its name.
fn is_absent(found: &[RecordSet], wanted: Wanted<'_>) -> Result<bool, String> {
    let own = |set: &RecordSet| {
        set.kind == "CNAME" && matches!(set.values.as_slice(), [value] if same_value(value, wanted.1))
    };
    match found {
        [] => Ok(true),
        [one] if own(one) => Ok(false),
        others => {
            let stands: Vec<String> = others.iter().map(RecordSet::words).collect();
            Err(format!(
                "under {} stands {}, which is left alone: if nobody needs it, replace it by {}",
                wanted.0,
                stands.join(", "),
                by_hand(wanted)
            ))
        }
    }
}

fn state(record: &Record, found: &[RecordSet]) -> Fields {
    let (value, ttl) = match found {
        [] => (Value::Null, Value::Null),
        [one] if one.kind == "CNAME" && one.values.len() == 1 => {
            let value = if same_value(&one.values[0], &record.value) {
                &record.value
            } else {
                &one.values[0]
            };
            (json!(value), json!(one.ttl_s))
        }
        others => {
            let stands: Vec<String> = others.iter().map(RecordSet::words).collect();
            (json!(stands.join(", ")), Value::Null)
        }
    };
    fields([("name", json!(record.name)), ("value", value), ("ttl_s", ttl)])
}

fn record(change: &Change) -> Result<Record, BadArguments> {
    let with: With = parse(&change.with)?;
    with.record
        .ok_or_else(|| BadArguments("the change names no record".to_owned()))
}

/// Whether the record is there afterwards.
fn writes(change: &Change) -> bool {
    change.after.get("value").is_some_and(|value| !value.is_null())
}

impl Action for Validate {
    fn name(&self) -> &'static str {
        "acm.validate"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Writes the records into Route 53 by which ACM sees that the names of a certificate are ours.\n\
                For certificates whose issue or renewal waits for DNS; those of CloudFront in us-east-1 included. Each \
                record goes into the public hosted zone of this account with the longest name that the record's name \
                ends with. Where there is none, or something else stands under the name, nothing is written and the \
                record to add by hand is said. The step ends when every name server of Route 53 has the record; ACM \
                looks for it later, by itself (`acm.validated`). Undo removes the record that was written, and no \
                other.",
            fields: vec![FieldSchema::required(
                "certificate",
                Type::Text,
                "The certificate's ARN.",
            )],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Reversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Certificate),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 15,
            // AWS: normally within 60 seconds.
            timeout_s: 20 * 60,
            settle_s: 30,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with: With = parse(with)?;
        Ok(match with.record {
            Some(record) => vec![records_of(&record.zone, &record.name)],
            None => vec![
                Query::Acm(acm::Read::Certificates),
                Query::Acm(acm::Read::EdgeCertificates),
                Query::Route53(route53::Read::Zones),
            ],
        })
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        let Ok(With {
            certificate,
            record: None,
        }) = parse(with)
        else {
            return Vec::new();
        };
        let known = view.certificate(&certificate).ok().flatten();
        let records = known.and_then(|known| missing(known).ok()).unwrap_or_default();
        let zones = view.hosted_zones().unwrap_or_default();
        records
            .into_iter()
            .filter_map(|wanted| Some(records_of(&zone(zones, wanted).ok()?.id, wanted.0)))
            .collect()
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let given: With = parse(with)?;
        let known = view
            .certificate(&given.certificate)?
            .ok_or_else(|| Refusal::absent(format!("there is no certificate {}", given.certificate)))?;
        let domain = &known.domain;
        let records = missing(known)?;
        if records.is_empty() {
            return Ok(Proposal::passed_over(format!(
                "{domain}: ACM misses no proof of its names"
            )));
        }
        let zones = view.hosted_zones()?;
        let mut proposal = Proposal::nothing();
        let mut problems = Vec::new();
        for wanted in records {
            let zone = match zone(zones, wanted) {
                Ok(zone) => zone,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            match is_absent(view.records(&zone.id, wanted.0)?, wanted) {
                Err(problem) => problems.push(problem),
                Ok(false) => proposal.skipped.push(format!(
                    "{} is there already, in {}: if ACM does not find it within an hour, the domain is served \
                     elsewhere, or a CAA record stands in the way",
                    by_hand(wanted),
                    zone.name
                )),
                Ok(true) => {
                    let (name, value) = wanted;
                    let mut own = Arguments::new();
                    own.insert("certificate".to_owned(), json!(known.arn));
                    own.insert(
                        "record".to_owned(),
                        json!({"zone": zone.id, "name": name, "value": value}),
                    );
                    proposal.changes.push(Change {
                        summary: format!("in {}: {}", zone.name, by_hand(wanted)),
                        before: fields([
                            ("name", json!(name)),
                            ("value", Value::Null),
                            ("ttl_s", Value::Null),
                        ]),
                        after: fields([
                            ("name", json!(name)),
                            ("value", json!(value)),
                            ("ttl_s", json!(TTL_S)),
                        ]),
                        ..Change::draft(self, site.target(Kind::Certificate, &known.arn, domain), &own)
                    });
                }
            }
        }
        if !problems.is_empty() {
            return Err(Refusal::state(problems.join("; ")));
        }
        if !proposal.changes.is_empty() {
            proposal.warnings.push(format!(
                "{domain}: ACM looks for the record by itself, which takes up to 30 minutes and at times longer; a \
                 renewal may take hours"
            ));
            if let Some(why) = known.failure.as_deref() {
                proposal.warnings.push(format!(
                    "{domain}: ACM says {why}, which a record alone may not mend"
                ));
            }
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(record) = record(change) else {
            return Sight::Gone;
        };
        match view.records(&record.zone, &record.name) {
            Err(unread) => Sight::Unreadable(unread),
            Ok(found) => Sight::Here(state(&record, found)),
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let Record { zone, name, value } = record(change)?;
        let record = route53::Cname {
            zone,
            name,
            value,
            ttl_s: TTL_S,
        };
        Ok(Mutation::Route53(if writes(change) {
            route53::Write::Put(record)
        } else {
            route53::Write::Remove(record)
        }))
    }

    fn watch(&self, change: &Change, applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        let mut queries = self.reads(&change.with)?;
        if let Some(id) = &applied.receipt.created {
            queries.push(Query::Route53(route53::Read::Change { id: id.clone() }));
        }
        Ok(queries)
    }

    fn progress(&self, change: &Change, applied: &Applied, view: &View) -> Progress {
        let not_yet = if writes(change) {
            "the record does not show yet"
        } else {
            "the record is still there"
        };
        let seen = self
            .sight(change, view)
            .progress(change, not_yet, Progress::gone("the hosted zone"));
        // Where the answer was lost nobody knows the change's id, and that the record shows has to do.
        match (seen, &applied.receipt.created) {
            (Progress::Done, Some(id)) => match view.dns_change_status(id) {
                Ok(Some("PENDING")) => {
                    Progress::Waiting("not every name server of Route 53 has it yet".to_owned())
                }
                Ok(_) => Progress::Done,
                Err(unread) => Progress::Waiting(unread.to_string()),
            },
            (seen, _) => seen,
        }
    }

    fn invert(&self, change: &Change) -> Undo {
        match record(change) {
            Ok(record) => {
                let back = change.swapped(format!("remove {}", by_hand((&record.name, &record.value))));
                Undo::By(vec![back])
            }
            Err(_) => Undo::Impossible("the change names no record".to_owned()),
        }
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(record) = record(change) else { return };
        if let Some(found) = view.records_mut(&record.zone, &record.name) {
            found.clear();
            if writes(change) {
                found.push(RecordSet {
                    name: record.name,
                    kind: "CNAME".to_owned(),
                    ttl_s: Some(TTL_S),
                    values: vec![record.value],
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::certificate::Validation;

    fn certificate(status: &str, proofs: &[(&str, &str)]) -> Certificate {
        Certificate {
            arn: "arn:aws:acm:us-east-1:1:certificate/c".to_owned(),
            domain: "*.example.com".to_owned(),
            alternatives: Vec::new(),
            status: status.to_owned(),
            origin: Origin::Amazon,
            created_at: None,
            not_after: None,
            in_use_by: Vec::new(),
            renewable: None,
            renewal: None,
            failure: None,
            validations: proofs
                .iter()
                .map(|(method, status)| Validation {
                    domain: "example.com".to_owned(),
                    method: Some((*method).to_owned()),
                    status: Some((*status).to_owned()),
                    record: (*method == "DNS").then(|| {
                        (
                            "_a.example.com.".to_owned(),
                            "CNAME".to_owned(),
                            "_b.acm-validations.aws.".to_owned(),
                        )
                    }),
                })
                .collect(),
        }
    }

    const WANTED: Wanted<'static> = ("_a.example.com.", "_b.acm-validations.aws.");

    #[test]
    fn a_wildcard_and_its_domain_have_one_record() {
        let pending = ("DNS", "PENDING_VALIDATION");
        let both = certificate("ISSUED", &[pending, pending]);
        assert_eq!(missing(&both).unwrap(), [WANTED]);
        let proven = certificate("ISSUED", &[("DNS", "SUCCESS")]);
        assert_eq!(missing(&proven).unwrap(), []);
    }

    #[test]
    fn what_no_record_proves_is_refused() {
        let why = |one: Certificate| missing(&one).unwrap_err().to_string();
        let mail = certificate("PENDING_VALIDATION", &[("EMAIL", "PENDING_VALIDATION")]);
        assert!(why(mail).contains("proven by EMAIL"));
        let late = certificate("VALIDATION_TIMED_OUT", &[("DNS", "FAILED")]);
        assert!(why(late).contains("a new certificate has to be asked for"));
        let mut imported = certificate("ISSUED", &[]);
        imported.origin = Origin::Imported;
        assert!(why(imported).contains("is imported"));
        let mut untold = certificate("PENDING_VALIDATION", &[("DNS", "PENDING_VALIDATION")]);
        untold.validations[0].record = None;
        assert!(why(untold).contains("has not told the record"));
    }

    fn set(kind: &str, value: &str) -> RecordSet {
        RecordSet {
            name: WANTED.0.to_owned(),
            kind: kind.to_owned(),
            ttl_s: Some(60),
            values: vec![value.to_owned()],
        }
    }

    #[test]
    fn what_stands_there_is_left_alone() {
        assert_eq!(is_absent(&[], WANTED), Ok(true));
        let own = set("CNAME", "_B.acm-validations.aws");
        assert_eq!(is_absent(&[own], WANTED), Ok(false));
        for other in [set("CNAME", "_old.acm-validations.aws."), set("TXT", "\"x\"")] {
            let why = is_absent(&[other], WANTED).unwrap_err();
            assert!(why.contains("left alone"), "{why}");
            assert!(
                why.ends_with("_a.example.com. CNAME _b.acm-validations.aws."),
                "{why}"
            );
        }
    }

    #[test]
    fn without_a_zone_of_its_own_the_record_is_told() {
        let zone_named = |id: &str, name: &str| HostedZone {
            id: id.to_owned(),
            name: name.to_owned(),
            is_private: false,
        };
        let why = zone(&[zone_named("Z1", "example.org.")], WANTED).unwrap_err();
        assert!(
            why.ends_with("add _a.example.com. CNAME _b.acm-validations.aws."),
            "{why}"
        );
        let twice = [zone_named("Z1", "example.com."), zone_named("Z2", "example.com.")];
        let why = zone(&twice, WANTED).unwrap_err();
        assert!(why.contains("(Z1, Z2)"), "{why}");
    }

    #[test]
    fn another_lifetime_is_another_record_to_undo() {
        let record = Record {
            zone: "Z1".to_owned(),
            name: WANTED.0.to_owned(),
            value: WANTED.1.to_owned(),
        };
        let seen = state(&record, &[set("CNAME", "_b.acm-validations.aws")]);
        assert_eq!(seen["value"], json!(WANTED.1));
        assert_eq!(seen["ttl_s"], json!(60));
    }
}
