//! Buckets, CloudFront, certificates, health checks, VPC endpoints, secrets and parameters.

use super::super::plan::web::LifecycleRule;
use super::super::selection::Scenario;
use super::super::signal;
use super::super::sim::Sim;
use super::super::time::{DAY, HOUR, MINUTE, Ms, stamp};
use super::elb;
use crate::domain::bucket::{AccessBlock, Bucket, BucketStorage, Lifecycle, Versioning};
use crate::domain::certificate::{Certificate, Origin, Validation};
use crate::domain::distribution::{Distribution, Invalidation, InvalidationSummary};
use crate::domain::dns::{Dns, HealthCheck, HostedZone, Observation, RecordSet, same_name};
use crate::domain::ec2::VpcEndpoint;
use crate::domain::elb::Listener;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::metric::Series;
use crate::domain::secret::{Parameter, Rotation, Secret};
use jiff::Timestamp;

/// How many invalidations a list brings here.
const NEWEST: usize = 20;
/// Regions from which Route 53 checks.
const CHECKERS: [&str; 8] = [
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
];

/// Whether what could be better has been put right.
fn is_tidy(sim: &Sim) -> bool {
    sim.scenario == Scenario::Quiet
}

/// All buckets.
pub fn buckets(sim: &Sim) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = sim
        .plan
        .buckets
        .iter()
        .map(|plan| {
            let tidy = is_tidy(sim);
            let has = |rule| tidy || plan.lifecycle.contains(&rule);
            let public = plan.public && !tidy;
            Bucket {
                name: plan.name.clone(),
                region: Some(sim.plan.region.clone()),
                created_at: Some(stamp(sim.epoch - 310 * DAY)),
                block: Some(AccessBlock {
                    acls: true,
                    policies: !public,
                }),
                account_block: Some(AccessBlock {
                    acls: sim.plan.account_blocks_public,
                    policies: sim.plan.account_blocks_public,
                }),
                policy_is_public: Some(public),
                versioning: Some(if plan.versioned {
                    Versioning::Enabled
                } else {
                    Versioning::Off
                }),
                lifecycle: Some(Lifecycle {
                    rules: if tidy { 2 } else { plan.lifecycle.len() as u32 },
                    thins_out: has(LifecycleRule::ThinOut),
                    aborts_uploads: has(LifecycleRule::AbortUploads),
                }),
            }
        })
        .collect();
    buckets.sort_by(|a, b| a.name.cmp(&b.name));
    buckets
}

/// Size and objects of these buckets by day; CloudWatch has yesterday's in the course of today.
pub fn storage(sim: &Sim, wanted: &[(String, String)]) -> Vec<BucketStorage> {
    /// Days that are asked for.
    const DAYS: i64 = 14;
    let today = sim.now - sim.now.rem_euclid(DAY);
    let series = |value: &dyn Fn(f64) -> f64| Series {
        period_s: 86_400,
        points: (1..=DAYS)
            .rev()
            .map(|back| {
                let day = today - back * DAY;
                (stamp(day), value((day - sim.epoch) as f64 / DAY as f64))
            })
            .collect(),
        partial: false,
    };
    let gib = |gib: f64| (gib.max(0.0) * 1_073_741_824.0).round();
    sim.plan
        .buckets
        .iter()
        .filter(|plan| wanted.iter().any(|(name, _)| *name == plan.name))
        .map(|plan| {
            let mut classes = vec![(
                "StandardStorage".to_owned(),
                series(&|day| gib(plan.growth_gib_per_day.mul_add(day, plan.gib))),
            )];
            if plan.infrequent_gib > 0.0 {
                classes.push((
                    "StandardIAStorage".to_owned(),
                    series(&|_| gib(plan.infrequent_gib)),
                ));
            }
            let each = plan.objects as f64 / (plan.gib + plan.infrequent_gib).max(0.1);
            BucketStorage {
                bucket: plan.name.clone(),
                classes,
                objects: series(&|day| {
                    (plan.growth_gib_per_day * day)
                        .mul_add(each, plan.objects as f64)
                        .max(0.0)
                        .round()
                }),
            }
        })
        .collect()
}

/// All distributions with their newest invalidations.
pub fn distributions(sim: &Sim) -> Vec<Distribution> {
    let plan = &sim.plan;
    (0..plan.distributions.len())
        .map(|index| {
            let own = &plan.distributions[index];
            let id = sim.distribution_id(index);
            let buckets = own.buckets.iter().map(|name| {
                let domain = format!("{name}.s3.{}.amazonaws.com", plan.region);
                (format!("S3-{name}"), domain)
            });
            let balancers = own
                .balancers
                .iter()
                .map(|name| (format!("ALB-{name}"), elb::dns_name(sim, name)));
            let certificate = plan.certificates.iter().position(|one| one.edge);
            Distribution {
                arn: distribution_arn(sim, &id),
                domain_name: format!("d{}.cloudfront.net", signal::hex(&sim.key(&own.name, 5), 13)),
                comment: Some(own.name.clone()),
                aliases: own.aliases.clone(),
                status: "Deployed".to_owned(),
                enabled: Some(true),
                origins: buckets.chain(balancers).collect(),
                certificate: certificate
                    .filter(|_| !own.aliases.is_empty())
                    .map(|certificate| certificate_arn(sim, certificate)),
                price_class: Some(own.price_class.clone()),
                modified_at: Some(stamp(sim.epoch - 32 * DAY)),
                invalidations: Some(
                    newest(sim, index)
                        .map(|one| InvalidationSummary {
                            id: one.id.clone(),
                            status: status(sim, one.completes).to_owned(),
                            created_at: Some(stamp(one.created)),
                        })
                        .collect(),
                ),
                id,
            }
        })
        .collect()
}

fn distribution_arn(sim: &Sim, id: &str) -> String {
    format!("arn:aws:cloudfront::{}:distribution/{id}", sim.plan.account)
}

fn newest(sim: &Sim, index: usize) -> impl Iterator<Item = &super::super::sim::web::Invalidation> {
    sim.distributions[index].invalidations.iter().rev().take(NEWEST)
}

fn status(sim: &Sim, completes: Ms) -> &'static str {
    if sim.now >= completes {
        "Completed"
    } else {
        "InProgress"
    }
}

/// The newest invalidations of a distribution with their paths.
pub fn invalidations(sim: &Sim, id: &str, since: Option<Timestamp>) -> Result<Vec<Invalidation>, Fault> {
    let index = sim.find_distribution(id).ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            "cloudfront",
            "ListInvalidations",
            "The specified distribution does not exist.",
        )
        .with_code("NoSuchDistribution")
    })?;
    Ok(newest(sim, index)
        .filter(|one| since.is_none_or(|since| stamp(one.created) >= since))
        .map(|one| Invalidation {
            id: one.id.clone(),
            status: status(sim, one.completes).to_owned(),
            created_at: Some(stamp(one.created)),
            reference: one.reference.clone(),
            paths: one.paths.clone(),
        })
        .collect())
}

/// The ARN of a certificate.
pub fn certificate_arn(sim: &Sim, index: usize) -> String {
    let plan = &sim.plan.certificates[index];
    let region = if plan.edge { "us-east-1" } else { &sim.plan.region };
    let id = signal::uuid(&sim.key(&plan.domain, if plan.edge { 7 } else { 6 }));
    format!("arn:aws:acm:{region}:{}:certificate/{id}", sim.plan.account)
}

/// Certificates of the region, or those of us-east-1.
pub fn certificates(sim: &Sim, of_edge: bool) -> Vec<Certificate> {
    let at_home = sim.plan.region == "us-east-1";
    let wanted = |edge: bool| at_home || edge == of_edge;
    let all = (0..sim.plan.certificates.len()).filter(|index| wanted(sim.plan.certificates[*index].edge));
    all.map(|index| certificate(sim, index)).collect()
}

fn certificate(sim: &Sim, index: usize) -> Certificate {
    let plan = &sim.plan.certificates[index];
    let is_stuck = sim.stuck_certificates.contains(&index);
    let days_left = if is_stuck { 12 } else { plan.days_left };
    let renewed = sim.names.renewed.get(&index);
    let not_after = renewed.map_or(sim.epoch + days_left * DAY + 6 * HOUR, |at| at + 395 * DAY);
    let proof = |domain: &String| {
        let (name, value) = sim.proof_of(domain);
        Validation {
            domain: domain.clone(),
            method: Some("DNS".to_owned()),
            status: Some(if is_stuck { "PENDING_VALIDATION" } else { "SUCCESS" }.to_owned()),
            record: Some((name, "CNAME".to_owned(), value)),
        }
    };
    let names: Vec<String> = std::iter::once(&plan.domain)
        .chain(&plan.alternatives)
        .cloned()
        .collect();
    let users = plan.used_by.iter().filter_map(|name| {
        let distributions = &sim.plan.distributions;
        match distributions.iter().position(|own| own.name == *name) {
            Some(index) => Some(distribution_arn(sim, &sim.distribution_id(index))),
            None => sim
                .plan
                .balancers
                .iter()
                .any(|own| own.name == *name)
                .then(|| sim.balancer_arn(name)),
        }
    });
    Certificate {
        arn: certificate_arn(sim, index),
        domain: plan.domain.clone(),
        alternatives: plan.alternatives.clone(),
        status: "ISSUED".to_owned(),
        origin: Origin::Amazon,
        created_at: Some(stamp(not_after - 395 * DAY)),
        not_after: Some(stamp(not_after)),
        in_use_by: users.collect(),
        renewable: Some(!plan.used_by.is_empty()),
        renewal: if is_stuck {
            Some("PENDING_VALIDATION".to_owned())
        } else {
            renewed.map(|_| "SUCCESS".to_owned())
        },
        failure: None,
        validations: names.iter().map(proof).collect(),
    }
}

/// Health checks and hosted zones. What checkers find is what the target group has had in the last
/// minutes.
pub fn dns(sim: &Sim) -> Dns {
    let mut health_checks: Vec<HealthCheck> = sim
        .plan
        .health_checks
        .iter()
        .map(|plan| {
            let well = sim
                .targets
                .get(&plan.target_group)
                .is_some_and(|group| group.good.at(sim.now - MINUTE) > 0.5);
            let said = if well {
                "Success: HTTP Status Code 200, OK"
            } else {
                "Failure: HTTP Status Code 503, Service Temporarily Unavailable. Resolved IP: 52.78.41.9"
            };
            let observations = (0..16_usize)
                .map(|number| Observation {
                    region: CHECKERS[number % CHECKERS.len()].to_owned(),
                    said: said.to_owned(),
                    at: Some(stamp(sim.now - (number as Ms) * 1_700)),
                })
                .collect();
            HealthCheck {
                id: signal::uuid(&sim.key(&plan.name, 11)),
                name: Some(plan.name.clone()),
                form: "HTTPS".to_owned(),
                target: Some(plan.url.clone()),
                disabled: false,
                inverted: false,
                observations: Some(observations),
            }
        })
        .collect();
    health_checks.sort_by(|a, b| a.name().cmp(b.name()));
    Dns {
        health_checks,
        hosted_zones: u64::try_from(sim.plan.hosted_zones.len()).ok(),
    }
}

/// All hosted zones.
pub fn zones(sim: &Sim) -> Vec<HostedZone> {
    let mut zones: Vec<HostedZone> = sim
        .plan
        .hosted_zones
        .iter()
        .map(|name| HostedZone {
            id: sim.zone_id(name),
            name: format!("{name}."),
            is_private: false,
        })
        .collect();
    zones.sort_by(|a, b| a.name.cmp(&b.name));
    zones
}

/// The records under a name of a zone.
pub fn records(sim: &Sim, zone: &str, name: &str) -> Result<Vec<RecordSet>, Fault> {
    if sim.find_zone(zone).is_none() {
        return Err(Fault::new(
            FaultKind::NotFound,
            "route53",
            "ListResourceRecordSets",
            format!("No hosted zone found with ID: {zone}"),
        )
        .with_code("NoSuchHostedZone"));
    }
    let records = sim.names.records.get(zone).into_iter().flatten();
    Ok(records
        .filter(|known| same_name(&known.name, name))
        .cloned()
        .collect())
}

/// Where a change of DNS is.
pub fn dns_change(sim: &Sim, id: &str) -> Option<String> {
    let in_sync = *sim.names.changes.get(id)?;
    Some(if sim.now < in_sync { "PENDING" } else { "INSYNC" }.to_owned())
}

/// VPC endpoints; where everything has been put right there are the free ones.
pub fn endpoints(sim: &Sim) -> Vec<VpcEndpoint> {
    let mut wanted: Vec<(String, Option<u32>)> = sim
        .plan
        .vpc_endpoints
        .iter()
        .map(|plan| (plan.service.clone(), plan.subnets))
        .collect();
    if is_tidy(sim) && !sim.plan.nat_gateways.is_empty() {
        for service in ["s3", "dynamodb"] {
            if !wanted.iter().any(|(known, _)| known == service) {
                wanted.push((service.to_owned(), None));
            }
        }
    }
    wanted
        .into_iter()
        .map(|(service, subnets)| VpcEndpoint {
            id: format!("vpce-0{}", signal::hex(&sim.key(&service, 12), 16)),
            name: None,
            service: format!("com.amazonaws.{}.{service}", sim.plan.region),
            form: if subnets.is_some() { "Interface" } else { "Gateway" }.to_owned(),
            state: "available".to_owned(),
            vpc: Some(super::ec2::vpc_id(sim)),
            subnets: subnets.unwrap_or(0),
        })
        .collect()
}

/// Listeners of these load balancers: plain HTTP, or HTTPS with HTTP sent on to it.
pub fn listeners(sim: &Sim, wanted: &[String]) -> Vec<Listener> {
    let plan = &sim.plan;
    let asked = |name: &str| wanted.contains(&sim.balancer_arn(name));
    plan.balancers
        .iter()
        .filter(|balancer| asked(&balancer.name))
        .flat_map(|balancer| {
            let arn = sim.balancer_arn(&balancer.name);
            let certificate = plan
                .certificates
                .iter()
                .position(|one| !one.edge && one.used_by.contains(&balancer.name));
            let listener = |protocol: &str, port: u16, action: &str, certificates: Vec<String>| Listener {
                arn: format!(
                    "{}/{}",
                    arn.replace(":loadbalancer/", ":listener/"),
                    signal::hex(&sim.key(&balancer.name, u64::from(port)), 16)
                ),
                load_balancer: arn.clone(),
                protocol: Some(protocol.to_owned()),
                port: Some(port),
                default_action: Some(action.to_owned()),
                certificates,
            };
            match certificate {
                Some(index) => vec![
                    listener("HTTP", 80, "redirect", Vec::new()),
                    listener("HTTPS", 443, "forward", vec![certificate_arn(sim, index)]),
                ],
                None => vec![listener("HTTP", 80, "forward", Vec::new())],
            }
        })
        .collect()
}

/// The ARN of a secret.
pub fn secret_arn(sim: &Sim, name: &str) -> String {
    let ending = signal::hex(&sim.key(name, 0), 6);
    sim.plan.arn("secretsmanager", &format!("secret:{name}-{ending}"))
}

/// All secrets, without values.
pub fn secrets(sim: &Sim) -> Vec<Secret> {
    let midnight = |at: Ms| at - at.rem_euclid(DAY);
    let ago = |days: u32| sim.epoch - Ms::from(days) * DAY;
    let tidy = is_tidy(sim);
    let mut secrets: Vec<Secret> = sim
        .plan
        .secrets
        .iter()
        .map(|plan| {
            let read = match plan.read_days {
                _ if tidy => Some(1),
                days => days,
            };
            let rotation = plan.rotation.map(|(every, since)| {
                let since = if tidy { since.min(every / 2) } else { since };
                let last = ago(since) - 5 * HOUR;
                Rotation {
                    enabled: true,
                    last_at: Some(stamp(last)),
                    next_at: Some(stamp(last + Ms::from(every) * DAY)),
                    every_days: Some(every),
                    pending: since > every,
                }
            });
            Secret {
                arn: secret_arn(sim, &plan.name),
                name: plan.name.clone(),
                description: plan.description.clone(),
                created_at: Some(stamp(ago(plan.age_days))),
                changed_at: Some(stamp(ago(plan
                    .rotation
                    .map_or(plan.age_days, |(_, since)| since)))),
                accessed_at: read.map(|days| stamp(midnight(ago(days)))),
                rotation: rotation.unwrap_or_default(),
                deleted_at: None,
                owner: None,
            }
        })
        .collect();
    secrets.sort_by(|a, b| a.name.cmp(&b.name));
    secrets
}

/// All parameters, without values.
pub fn parameters(sim: &Sim) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = sim
        .plan
        .parameters
        .iter()
        .map(|plan| Parameter {
            arn: sim
                .plan
                .arn("ssm", &format!("parameter/{}", plan.name.trim_start_matches('/'))),
            name: plan.name.clone(),
            form: if plan.secure { "SecureString" } else { "String" }.to_owned(),
            tier: Some("Standard".to_owned()),
            version: Some(plan.version),
            modified_at: Some(stamp(sim.epoch - Ms::from(plan.age_days) * DAY)),
            modified_by: Some(format!(
                "arn:aws:sts::{}:assumed-role/oncall/{}",
                sim.plan.account, sim.plan.person
            )),
        })
        .collect();
    parameters.sort_by(|a, b| a.name.cmp(&b.name));
    parameters
}
