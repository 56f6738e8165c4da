//! What AWS lets us do: credentials, clock, permissions by pane, and reaching the GPU hosts.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;

use super::{Check, CheckState, Machine};
use crate::cloud::Cloud;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::focus::Probing;
use crate::domain::gpu::{self, ProbeOutcome};
use crate::domain::ids::Kind;
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::ops::{Query, catalog, cloudtrail, ecs, logs};
use crate::domain::picture::Picture;
use crate::domain::ssm::Ping;
use crate::domain::units::HumanDuration;
use crate::engine::clock::Clock;
use crate::headless::status::build;

/// Credentials that end this soon are worth a warning.
const ENDS_SOON: SignedDuration = SignedDuration::from_mins(15);
/// Signatures are refused beyond five minutes.
const SKEW_REFUSED: SignedDuration = SignedDuration::from_mins(5);
/// A clock that is this far off is not kept by anybody.
const SKEW_ODD: SignedDuration = SignedDuration::from_secs(30);
/// How long a read that only the console does may take here.
const PATIENCE: Duration = Duration::from_secs(8);

/// A read that is done on request in the console, tried once.
pub struct Attempt {
    scope: String,
    pane: &'static str,
    result: Result<(), (Fault, String)>,
}

/// Tries what no refresh does: log events, tasks and deployments of a service, CloudTrail.
pub async fn attempts(cloud: &dyn Cloud, picture: &Picture, wall: &dyn Clock) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for state in picture.inventory.shown() {
        for (pane, query) in queries(state, picture) {
            let result = tokio::select! {
                result = cloud.read(&state.scope, &query) => result.map(|_| ()),
                () = wall.sleep(PATIENCE) => match query.operations().first() {
                    Some(operation) => Err(Fault::timeout(operation.service, operation.name)),
                    None => Ok(()),
                },
            };
            attempts.push(Attempt {
                scope: state.name().to_string(),
                pane,
                result: result.map_err(|fault| {
                    let hint = fault.hint(&state.scope);
                    (fault, hint)
                }),
            });
        }
    }
    attempts
}

fn queries(state: &ScopeState, picture: &Picture) -> Vec<(&'static str, Query)> {
    let mut queries = Vec::new();
    if state.identity.get().is_none() {
        return queries;
    }
    if let Some(service) = state.ecs.get().and_then(|fleet| fleet.services.first()) {
        let (cluster, name) = (service.cluster.clone(), service.name.clone());
        queries.push((
            "services",
            Query::Ecs(ecs::Read::Tasks {
                cluster: cluster.clone(),
                service: name.clone(),
            }),
        ));
        queries.push((
            "services",
            Query::Ecs(ecs::Read::Deployments {
                cluster,
                service: name,
            }),
        ));
    }
    let tailed = |group: &&crate::domain::logs::LogGroup| {
        group.class.as_deref().is_none_or(|class| class == "STANDARD")
    };
    if let Some(group) = state
        .log_groups
        .get()
        .and_then(|groups| groups.iter().find(tailed))
    {
        queries.push((
            "logs",
            Query::Logs(logs::Read::Events {
                group: group.name.clone(),
                stream: None,
                from_ms: picture.at.as_millisecond() - 60_000,
                to_ms: None,
                pattern: None,
                token: None,
            }),
        ));
    }
    queries.push((
        "overview",
        Query::CloudTrail(cloudtrail::Read::Lookup {
            resource: "quarterdeck".to_owned(),
            since: picture.at - SignedDuration::from_mins(5),
            region: None,
        }),
    ));
    queries
}

/// Who we are in each scope, by which credentials, and for how long.
pub fn credentials(picture: &Picture, machine: &Machine) -> Vec<Check> {
    let check = |state: &ScopeState| {
        let name = state.name().to_string();
        let from = machine.credentials_of(&state.scope);
        if let Some(failing) = &state.identity.failing {
            let fault = &failing.fault;
            return Check::new("credentials", name, CheckState::Fail, format!("{from}: {fault}"))
                .fix(fault.hint(&state.scope));
        }
        let Some(identity) = state.identity.get() else {
            return Check::new(
                "credentials",
                name,
                CheckState::Warn,
                format!("{from}: not asked"),
            );
        };
        let who = format!("{} by {from}", identity.arn);
        if let Some(other) = &state.merged_into {
            let detail = format!("{who}, which is the account and region of {other}: shown once");
            return Check::new("credentials", name, CheckState::Info, detail);
        }
        match identity.credentials_expire_at {
            None => Check::new("credentials", name, CheckState::Ok, who),
            Some(end) => {
                let left = end.duration_since(picture.at);
                let detail = format!("{who}, for {} more", HumanDuration::from(left));
                let state = if left < ENDS_SOON {
                    CheckState::Warn
                } else {
                    CheckState::Ok
                };
                Check::new("credentials", name, state, detail)
            }
        }
    };
    picture.inventory.scopes.iter().map(check).collect()
}

/// Whether this machine's clock is that of AWS.
pub fn clock(picture: &Picture) -> Option<Check> {
    let (skew, at) = picture.inventory.scopes.iter().find_map(|state| {
        let server = state.identity.get()?.server_time?;
        let at = state.identity.at()?;
        Some((at.duration_since(server), at))
    })?;
    let off = skew.abs();
    let direction = if skew.is_negative() { "behind" } else { "ahead of" };
    let fix = "run `timedatectl set-ntp true` or `chronyc makestep`";
    Some(if off > SKEW_REFUSED {
        let detail = format!(
            "{} {direction} AWS, at {at}: signatures are refused",
            HumanDuration::from(off)
        );
        Check::new("clock", "", CheckState::Fail, detail).fix(fix)
    } else if off > SKEW_ODD {
        let detail = format!("{} {direction} AWS", HumanDuration::from(off));
        Check::new("clock", "", CheckState::Warn, detail).fix(fix)
    } else {
        Check::new("clock", "", CheckState::Ok, "agrees with that of AWS")
    })
}

/// The pane that shows a kind.
const fn pane(kind: Kind) -> &'static str {
    match kind {
        Kind::EcsService | Kind::ScalableTarget => "services",
        Kind::Asg | Kind::Ec2Instance | Kind::Gpu | Kind::GpuHost => "gpu",
        Kind::RdsInstance | Kind::RdsCluster | Kind::Redis => "data",
        Kind::TargetGroup | Kind::LoadBalancer | Kind::Queue | Kind::NatGateway => "network",
        Kind::VpcEndpoint | Kind::Certificate | Kind::HealthCheck => "network",
        Kind::Bucket | Kind::Distribution => "web",
        Kind::Secret | Kind::Parameter => "secrets",
        Kind::LogGroup => "logs",
        Kind::Budget | Kind::Advice => "spend",
        Kind::Alarm => "alarms",
        Kind::Scope => "overview",
        Kind::SagemakerEndpoint | Kind::TrainingJob | Kind::NotebookInstance => "models",
        Kind::Pipeline | Kind::CodebuildProject | Kind::EcrRepository => "pipelines",
        Kind::Lambda => "functions",
        Kind::EksCluster | Kind::Nodegroup => "kubernetes",
    }
}

/// What each pane reads, and what of it is refused.
pub fn permissions(picture: &Picture, attempts: &[Attempt]) -> Vec<Check> {
    let mut checks = Vec::new();
    for state in picture.inventory.shown() {
        if state.identity.get().is_none() {
            continue;
        }
        let mut panes: BTreeMap<&str, (usize, Vec<Check>)> = BTreeMap::new();
        let mut note = |pane: &'static str, troubles: Vec<Check>| {
            let (reads, found) = panes.entry(pane).or_default();
            *reads += 1;
            found.extend(
                troubles
                    .into_iter()
                    .filter(|one| !found.contains(one))
                    .collect::<Vec<_>>(),
            );
        };
        let sources = build::sources(state).filter(|source| *source != Source::Identity);
        for source in sources {
            let standing = state.standing(&source);
            let failing = standing.failing.iter().map(|failing| &*failing.fault);
            let troubles = failing
                .chain(standing.gaps.iter())
                .filter(|fault| fault.kind != FaultKind::NoData)
                .map(|fault| {
                    refused(
                        state.name().as_str(),
                        pane(source.kind()),
                        fault,
                        &fault.hint(&state.scope),
                    )
                })
                .collect();
            note(pane(source.kind()), troubles);
        }
        let tried = attempts.iter().filter(|one| one.scope == state.name().as_str());
        for attempt in tried {
            let troubles = match &attempt.result {
                // The group or service may have gone in between.
                Err((fault, _)) if matches!(fault.kind, FaultKind::NotFound | FaultKind::NoData) => {
                    Vec::new()
                }
                Err((fault, hint)) => vec![refused(&attempt.scope, attempt.pane, fault, hint)],
                Ok(()) => Vec::new(),
            };
            note(attempt.pane, troubles);
        }
        for (pane, (reads, troubles)) in panes {
            let name = format!("{} {pane}", state.name());
            if troubles.is_empty() {
                let detail = if reads == 1 {
                    "1 read".to_owned()
                } else {
                    format!("{reads} reads")
                };
                checks.push(Check::new("permissions", name, CheckState::Ok, detail));
            } else {
                checks.extend(troubles);
            }
        }
    }
    checks
}

fn refused(scope: &str, pane: &str, fault: &Fault, hint: &str) -> Check {
    let action = catalog::read_operations()
        .iter()
        .find(|operation| operation.service == fault.service && operation.name == fault.operation)
        .and_then(crate::domain::ops::Operation::iam_action)
        .unwrap_or_else(|| format!("{}:{}", fault.service, fault.operation));
    let name = format!("{scope} {pane}");
    match fault.kind {
        FaultKind::AccessDenied => Check::new(
            "permissions",
            name,
            CheckState::Warn,
            format!("{action} is denied: {}", fault.message),
        ),
        FaultKind::Unsupported => Check::new(
            "permissions",
            name,
            CheckState::Info,
            format!("{action} is not offered here"),
        ),
        FaultKind::Credentials(_)
        | FaultKind::Throttled
        | FaultKind::NotFound
        | FaultKind::Timeout
        | FaultKind::Unreachable
        | FaultKind::Invalid
        | FaultKind::Conflict
        | FaultKind::Server
        | FaultKind::ReadOnly
        | FaultKind::NoData
        | FaultKind::Other => Check::new("permissions", name, CheckState::Fail, fault.to_string()),
    }
    .fix(hint)
}

/// Whether each GPU host can be asked.
pub fn gpu_hosts(picture: &Picture, probing: Probing) -> Vec<Check> {
    const GROUP: &str = "GPU hosts";
    let mut checks = Vec::new();
    for state in picture.inventory.shown() {
        let hosts: Vec<&str> = state
            .instances
            .get()
            .into_iter()
            .flatten()
            .filter(|instance| instance.is_running() && gpu::is_gpu_type(&instance.instance_type))
            .map(|instance| instance.id.as_str())
            .collect();
        if hosts.is_empty() {
            continue;
        }
        if probing == Probing::No {
            let detail = format!(
                "{} in {}, not asked because of --no-probe",
                hosts.len(),
                state.name()
            );
            checks.push(Check::new(GROUP, "", CheckState::Info, detail));
            continue;
        }
        for host in hosts {
            checks.push(host_check(GROUP, state, host));
        }
    }
    checks
}

fn host_check(group: &'static str, state: &ScopeState, host: &str) -> Check {
    let reading = state
        .gpu
        .get()
        .into_iter()
        .flatten()
        .find(|reading| reading.instance_id == host);
    if let Some(reading) = reading {
        let detail = reading.detail.as_deref().unwrap_or_default();
        let cards = reading.cards.len();
        return match reading.outcome {
            ProbeOutcome::Ok => {
                let text = if cards == 1 {
                    "1 card".to_owned()
                } else {
                    format!("{cards} cards")
                };
                Check::new(group, host, CheckState::Ok, format!("{text} {detail}"))
            }
            outcome => {
                let check = Check::new(group, host, CheckState::Warn, format!("{outcome}: {detail}"));
                match &reading.remedy {
                    Some(remedy) => check.fix(remedy),
                    None => check,
                }
            }
        };
    }
    let registered = state
        .hosts
        .get()
        .and_then(|hosts| hosts.iter().find(|known| known.instance_id == host));
    match registered.map(|known| known.ping) {
        Some(Ping::Online) => Check::new(
            group,
            host,
            CheckState::Warn,
            "its SSM agent answers, nvidia-smi was not run",
        ),
        Some(Ping::ConnectionLost | Ping::Inactive) => Check::new(
            group,
            host,
            CheckState::Warn,
            "its SSM agent has stopped answering",
        )
        .fix("restart amazon-ssm-agent on it, or look at its network"),
        None if state.hosts.get().is_some() => Check::new(
            group,
            host,
            CheckState::Warn,
            "it has not registered with Systems Manager",
        )
        .fix("attach an instance profile with AmazonSSMManagedInstanceCore and run the SSM agent"),
        None => Check::new(
            group,
            host,
            CheckState::Warn,
            "Systems Manager could not be asked",
        ),
    }
}
