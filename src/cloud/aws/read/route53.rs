//! Reads of Amazon Route 53: health checks, what their checkers found, hosted zones and records.

use std::collections::HashMap;

use aws_sdk_route53::types::{
    HealthCheck as SdkCheck, HealthCheckConfig, HealthCheckObservation, HealthCheckType,
    HostedZone as SdkZone, HostedZoneConfig, ResourceRecordSet, Tag, TagResourceType,
};

use super::listing::{of_part, reply};
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::cloud::aws::convert::timestamp_of;
use crate::domain::dns::{Dns, HealthCheck, HostedZone, Observation, RecordSet, same_name};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ids::last_segment;
use crate::domain::ops::route53::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const LIST: Operation = Operation::new("route53", "ListHealthChecks");
const TAGS: Operation = Operation::new("route53", "ListTagsForResources");
const STATUS: Operation = Operation::new("route53", "GetHealthCheckStatus");
const ZONES: Operation = Operation::new("route53", "GetHostedZoneCount");
const LIST_ZONES: Operation = Operation::new("route53", "ListHostedZones");
const RECORDS: Operation = Operation::new("route53", "ListResourceRecordSets");
const CHANGE: Operation = Operation::new("route53", "GetChange");

/// The most that AWS puts on a page.
const PAGE: i32 = 100;
/// The most resources whose tags are told at a time.
const TAGGED: usize = 10;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Dns => dns(caller).await,
        Read::Zones => Ok(reply(zones(caller).await?, ReplyData::HostedZones)),
        Read::Records { zone, name } => records(caller, (zone, name)).await,
        Read::Change { id } => change(caller, id).await,
    }
}

async fn zones(caller: &Caller<'_>) -> Result<Paged<HostedZone>, Fault> {
    pages(|marker| async move {
        let call = caller
            .route53()
            .list_hosted_zones()
            .max_items(PAGE)
            .set_marker(marker);
        let page = caller.call(LIST_ZONES, call.send()).await?;
        Ok(Page {
            items: page.hosted_zones().iter().map(zone_from_sdk).collect(),
            next: page.next_marker,
        })
    })
    .await
}

fn zone_from_sdk(zone: &SdkZone) -> HostedZone {
    HostedZone {
        id: last_segment(zone.id()).to_owned(),
        name: zone.name().to_owned(),
        is_private: zone.config().is_some_and(HostedZoneConfig::private_zone),
    }
}

/// The list begins with the name and goes on with those after it: one page has all types of a name.
async fn records(caller: &Caller<'_>, (zone, name): (&str, &str)) -> Result<Reply, Fault> {
    let call = caller
        .route53()
        .list_resource_record_sets()
        .hosted_zone_id(zone)
        .start_record_name(name)
        .max_items(PAGE);
    let answer = caller.call(RECORDS, call.send()).await?;
    let found = answer
        .resource_record_sets()
        .iter()
        .filter(|set| same_name(set.name(), name))
        .map(record_from_sdk)
        .collect();
    Ok(Reply::whole(ReplyData::RecordSets(found)))
}

fn record_from_sdk(set: &ResourceRecordSet) -> RecordSet {
    let alias = set.alias_target().map(|alias| alias.dns_name().to_owned());
    RecordSet {
        name: set.name().to_owned(),
        kind: set.r#type().as_str().to_owned(),
        ttl_s: set.ttl().and_then(|ttl| u32::try_from(ttl).ok()),
        values: set
            .resource_records()
            .iter()
            .map(|record| record.value().to_owned())
            .chain(alias)
            .collect(),
    }
}

async fn change(caller: &Caller<'_>, id: &str) -> Result<Reply, Fault> {
    let call = caller.route53().get_change().id(id);
    let status = match caller.call(CHANGE, call.send()).await {
        Ok(answer) => answer.change_info().map(|info| info.status().as_str().to_owned()),
        Err(fault) if fault.kind == FaultKind::NotFound => None,
        Err(fault) => return Err(fault),
    };
    Ok(Reply::whole(ReplyData::DnsChange(status)))
}

async fn dns(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let Paged { items, gap } = listed(caller).await?;
    let mut gaps: Vec<Fault> = gap.into_iter().collect();
    let names = names(caller, &items, &mut gaps).await;
    let answers = each(items, |mut check| async move {
        if !has_checkers(&check.form) {
            return (check, None);
        }
        let fault = match observations(caller, &check.id).await {
            Ok(found) => {
                check.observations = Some(found);
                None
            }
            Err(fault) => Some(fault),
        };
        (check, fault)
    })
    .await;
    let mut health_checks = Vec::new();
    for (mut check, fault) in answers {
        if fault
            .as_ref()
            .is_some_and(|fault| fault.kind == FaultKind::NotFound)
        {
            continue;
        }
        gaps.extend(fault);
        check.name = names.get(&check.id).cloned();
        health_checks.push(check);
    }
    health_checks.sort_by(|a, b| a.name().cmp(b.name()).then_with(|| a.id.cmp(&b.id)));
    let zones = caller
        .call(ZONES, caller.route53().get_hosted_zone_count().send())
        .await;
    let hosted_zones = match zones {
        Ok(answer) => u64::try_from(answer.hosted_zone_count()).ok(),
        Err(fault) => {
            gaps.push(fault);
            None
        }
    };
    Ok(Reply {
        data: ReplyData::Dns(Dns {
            health_checks,
            hosted_zones,
        }),
        gaps,
    })
}

async fn listed(caller: &Caller<'_>) -> Result<Paged<HealthCheck>, Fault> {
    pages(|marker| async move {
        let call = caller
            .route53()
            .list_health_checks()
            .max_items(PAGE)
            .set_marker(marker);
        let page = caller.call(LIST, call.send()).await?;
        Ok(Page {
            items: page.health_checks().iter().map(check_from_sdk).collect(),
            next: page.next_marker,
        })
    })
    .await
}

/// The tag `Name` of each check that has one.
async fn names(
    caller: &Caller<'_>,
    checks: &[HealthCheck],
    gaps: &mut Vec<Fault>,
) -> HashMap<String, String> {
    let chunks: Vec<Vec<String>> = checks
        .chunks(TAGGED)
        .map(|chunk| chunk.iter().map(|check| check.id.clone()).collect())
        .collect();
    let answers = each(chunks, |ids| async move {
        let call = caller
            .route53()
            .list_tags_for_resources()
            .resource_type(TagResourceType::Healthcheck)
            .set_resource_ids(Some(ids));
        caller.call(TAGS, call.send()).await
    })
    .await;
    let mut names = HashMap::new();
    for answer in answers {
        match answer {
            Ok(answer) => {
                for set in answer.resource_tag_sets() {
                    let name = set.tags().iter().find(|tag| tag.key() == Some("Name"));
                    let value = name.and_then(Tag::value).filter(|value| !value.is_empty());
                    if let (Some(id), Some(value)) = (set.resource_id(), value) {
                        names.insert(id.to_owned(), value.to_owned());
                    }
                }
            }
            Err(fault) => gaps.push(fault),
        }
    }
    names
}

async fn observations(caller: &Caller<'_>, id: &str) -> Result<Vec<Observation>, Fault> {
    let call = caller.route53().get_health_check_status().health_check_id(id);
    let answer = caller
        .call(STATUS, call.send())
        .await
        .map_err(|fault| of_part(fault, id))?;
    Ok(answer
        .health_check_observations()
        .iter()
        .filter_map(observation_from_sdk)
        .collect())
}

/// Whether endpoints are looked at: checks of other checks, of alarms and of routing controls have no
/// checkers to ask.
fn has_checkers(form: &str) -> bool {
    ![
        HealthCheckType::Calculated.as_str(),
        HealthCheckType::CloudwatchMetric.as_str(),
        HealthCheckType::RecoveryControl.as_str(),
    ]
    .contains(&form)
}

fn check_from_sdk(check: &SdkCheck) -> HealthCheck {
    let config = check.health_check_config();
    HealthCheck {
        id: check.id().to_owned(),
        name: None,
        form: config
            .map(|config| config.r#type().as_str().to_owned())
            .unwrap_or_default(),
        target: config.and_then(target_from_sdk),
        disabled: config.and_then(HealthCheckConfig::disabled) == Some(true),
        inverted: config.and_then(HealthCheckConfig::inverted) == Some(true),
        observations: None,
    }
}

/// `https://api.example.com:443/health`, `tcp://10.0.0.7:5432`.
fn target_from_sdk(config: &HealthCheckConfig) -> Option<String> {
    let host = config.fully_qualified_domain_name().or(config.ip_address())?;
    let form = config.r#type().as_str();
    let scheme = form.split('_').next().unwrap_or(form).to_ascii_lowercase();
    let port = config.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path = config.resource_path().unwrap_or_default();
    Some(format!("{scheme}://{host}{port}{path}"))
}

/// What a checker found; `None` if it has not said anything.
fn observation_from_sdk(found: &HealthCheckObservation) -> Option<Observation> {
    let report = found.status_report()?;
    Some(Observation {
        region: found
            .region()
            .map(|region| region.as_str().to_owned())
            .unwrap_or_default(),
        said: report.status()?.to_owned(),
        at: timestamp_of(report.checked_time()),
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        assert_eq!(Read::Dns.operations(), [LIST, TAGS, STATUS, ZONES]);
        assert_eq!(Read::Zones.operations(), [LIST_ZONES]);
        let records = Read::Records {
            zone: String::new(),
            name: String::new(),
        };
        assert_eq!(records.operations(), [RECORDS]);
        assert_eq!(Read::Change { id: String::new() }.operations(), [CHANGE]);
    }

    #[test]
    fn zones_and_records_are_told_as_they_are() {
        let zone = SdkZone::builder()
            .id("/hostedzone/Z0123")
            .name("example.com.")
            .caller_reference("once")
            .config(HostedZoneConfig::builder().private_zone(true).build())
            .build()
            .unwrap();
        assert_eq!(
            zone_from_sdk(&zone),
            HostedZone {
                id: "Z0123".to_owned(),
                name: "example.com.".to_owned(),
                is_private: true,
            }
        );
        let set = ResourceRecordSet::builder()
            .name("_a.example.com.")
            .r#type(aws_sdk_route53::types::RrType::Cname)
            .ttl(300)
            .resource_records(
                aws_sdk_route53::types::ResourceRecord::builder()
                    .value("_b.acm-validations.aws.")
                    .build()
                    .unwrap(),
            )
            .build()
            .unwrap();
        let record = record_from_sdk(&set);
        assert_eq!(
            (record.ttl_s, record.words().as_str()),
            (Some(300), "CNAME _b.acm-validations.aws.")
        );
    }

    #[test]
    fn a_check_names_what_it_looks_at() {
        let config = |form: HealthCheckType| HealthCheckConfig::builder().r#type(form);
        let https = config(HealthCheckType::HttpsStrMatch)
            .fully_qualified_domain_name("api.example.com")
            .port(443)
            .resource_path("/health")
            .build()
            .unwrap();
        assert_eq!(
            target_from_sdk(&https).as_deref(),
            Some("https://api.example.com:443/health")
        );
        let calculated = config(HealthCheckType::Calculated).build().unwrap();
        assert_eq!(target_from_sdk(&calculated), None);
        assert!(!has_checkers(calculated.r#type().as_str()));
        assert!(has_checkers(https.r#type().as_str()));
    }
}
