//! Deployments of ECS services: what was brought, what was there before, and how it ended.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::changes::{Change, Span, Word, key};
use crate::domain::ecs::{Deployment, RolloutState, Service, ServiceDeployment, TaskDefinition};
use crate::domain::ids::Kind;
use crate::domain::inventory::ScopeState;
use crate::domain::scope::principal;

/// Two records of the same deployment differ by less than this in when it began.
pub(super) const SAME: SignedDuration = SignedDuration::from_secs(60);
/// Whoever registered a revision this long before its deployment also deployed it, most likely; a
/// rollback to an old revision is somebody else's.
const REGISTERED_BEFORE: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn collect(state: &ScopeState, span: Span, changes: &mut Vec<Change>) {
    let Some(fleet) = state.ecs.get() else {
        return;
    };
    let mut definitions: Option<HashMap<String, &TaskDefinition>> = None;
    for service in &fleet.services {
        let history: &[ServiceDeployment] = state
            .deployments
            .get(&service.arn)
            .and_then(|history| history.get())
            .map_or(&[], Vec::as_slice);
        let began = |deployment: &&Deployment| deployment.created_at.is_some_and(|at| span.has(at));
        let is_touched = service.deployments.iter().any(|deployment| began(&deployment))
            || history
                .iter()
                .any(|entry| entry.started_at.is_some_and(|at| span.has(at)))
            || service
                .deployments
                .iter()
                .any(|deployment| ended(deployment, span).is_some());
        if !is_touched {
            continue;
        }
        let definitions = definitions.get_or_insert_with(|| by_revision(state));
        let change = |at: Timestamp, (what, id): (String, String), who: Option<String>| Change {
            at,
            id: Some(id),
            resource: Some(key(state, Kind::EcsService, &service.arn)),
            word: Word::Deploy,
            what,
            who,
        };
        for deployment in &service.deployments {
            if let Some(at) = deployment.created_at.filter(|at| span.has(*at)) {
                let before = before(service, history, at);
                changes.push(change(
                    at,
                    (
                        brought(service, &deployment.task_definition, before, rollback(deployment)),
                        identity(service, &deployment.task_definition),
                    ),
                    registrar(definitions, &deployment.task_definition, at),
                ));
            }
            if let Some(at) = ended(deployment, span) {
                let name = named(service, &deployment.task_definition);
                let what = format!("{name} given up");
                let id = format!("{} given up", identity(service, &deployment.task_definition));
                changes.push(change(at, (what, id), None));
            }
        }
        for entry in history {
            let Some(at) = entry.started_at.filter(|at| span.has(*at)) else {
                continue;
            };
            let Some(revision) = entry
                .target
                .as_ref()
                .and_then(|target| target.task_definition.as_deref())
            else {
                continue;
            };
            let is_told = service
                .deployments
                .iter()
                .filter_map(|deployment| deployment.created_at)
                .any(|told| told.duration_since(at).abs() <= SAME);
            if !is_told {
                changes.push(change(
                    at,
                    (
                        brought(service, revision, before(service, history, at), outcome(entry)),
                        identity(service, revision),
                    ),
                    registrar(definitions, revision, at),
                ));
            }
        }
    }
}

/// What was deployed where. What was there before, and how it ended, is known only later.
fn identity(service: &Service, revision: &str) -> String {
    format!("{} {revision}", service.arn)
}

/// `api:4 (was :3)`, `api:4 (again)`, `api:3 (was :4, rollback)`.
fn brought(service: &Service, revision: &str, before: Option<&str>, note: Option<&str>) -> String {
    let was = before.map(|before| {
        if before == revision {
            return "again".to_owned();
        }
        match (revision.rsplit_once(':'), before.rsplit_once(':')) {
            (Some((family, _)), Some((other, number))) if family == other => format!("was :{number}"),
            _ => format!("was {before}"),
        }
    });
    let notes: Vec<&str> = was.as_deref().into_iter().chain(note).collect();
    let name = named(service, revision);
    if notes.is_empty() {
        name
    } else {
        format!("{name} ({})", notes.join(", "))
    }
}

/// The revision, with its service where the family's name does not tell.
fn named(service: &Service, revision: &str) -> String {
    match revision.rsplit_once(':') {
        Some((family, _)) if family == service.name => revision.to_owned(),
        _ => format!("{} {revision}", service.name),
    }
}

/// The revision of the newest deployment that began before that moment.
fn before<'a>(service: &'a Service, history: &'a [ServiceDeployment], at: Timestamp) -> Option<&'a str> {
    let shown = service
        .deployments
        .iter()
        .filter_map(|other| Some((other.created_at?, other.task_definition.as_str())));
    let told = history.iter().filter_map(|entry| {
        Some((
            entry.started_at?,
            entry.target.as_ref()?.task_definition.as_deref()?,
        ))
    });
    shown
        .chain(told)
        .filter(|(began, _)| at.duration_since(*began) > SAME)
        .max_by_key(|(began, _)| *began)
        .map(|(_, revision)| revision)
}

fn rollback(deployment: &Deployment) -> Option<&'static str> {
    deployment
        .rollout_reason
        .as_deref()
        .filter(|reason| reason.contains("rolling back") || reason.contains("rolled back"))
        .map(|_| "rollback")
}

fn outcome(entry: &ServiceDeployment) -> Option<&'static str> {
    match entry.status.as_str() {
        "ROLLBACK_SUCCESSFUL" => Some("rolled back"),
        "ROLLBACK_FAILED" => Some("rollback failed"),
        "STOPPED" => Some("stopped"),
        _ => None,
    }
}

/// When the circuit breaker gave the deployment up.
fn ended(deployment: &Deployment, span: Span) -> Option<Timestamp> {
    deployment
        .updated_at
        .filter(|at| deployment.rollout == Some(RolloutState::Failed) && span.has(*at))
}

fn by_revision(state: &ScopeState) -> HashMap<String, &TaskDefinition> {
    state
        .task_definitions
        .get()
        .into_iter()
        .flatten()
        .map(|definition| {
            (
                format!("{}:{}", definition.family, definition.revision),
                definition,
            )
        })
        .collect()
}

/// Who registered the revision shortly before it was deployed.
fn registrar(
    definitions: &HashMap<String, &TaskDefinition>,
    revision: &str,
    at: Timestamp,
) -> Option<String> {
    let definition = definitions.get(revision)?;
    let before = at.duration_since(definition.registered_at?);
    (before <= REGISTERED_BEFORE)
        .then(|| definition.registered_by.as_deref().map(principal))?
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::changes::recent;
    use crate::domain::ecs::{DeploymentRole, ServiceRevision};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, at, deployment, service};

    const TWO_HOURS: SignedDuration = SignedDuration::from_hours(2);

    fn told(bench: &Bench) -> Vec<(i64, String, Option<String>)> {
        recent(&bench.inventory, bench.now, TWO_HOURS)
            .into_iter()
            .map(|change| (change.at.duration_since(at(0)).as_mins(), change.what, change.who))
            .collect()
    }

    fn rolling() -> Service {
        let mut service = service("invokeai-api", 3);
        service.deployments[0].role = DeploymentRole::Active;
        service.deployments.insert(0, deployment("invokeai-api", 4, 169));
        service
    }

    fn definition(registered: i64) -> TaskDefinition {
        TaskDefinition {
            arn: "arn".to_owned(),
            family: "invokeai-api".to_owned(),
            revision: 4,
            status: "ACTIVE".to_owned(),
            cpu_units: None,
            memory_mib: None,
            architecture: None,
            registered_at: Some(at(registered)),
            registered_by: Some("arn:aws:sts::123456789012:assumed-role/ci-role/build-7".to_owned()),
            containers: Vec::new(),
        }
    }

    #[test]
    fn a_deployment_says_what_was_there_before_and_who_registered_it() {
        let mut bench = Bench::new();
        bench.services(vec![rolling()]);
        bench.know(
            Source::TaskDefinitions,
            ReplyData::TaskDefinitions(vec![definition(168)]),
        );
        assert_eq!(
            told(&bench),
            [(
                169,
                "invokeai-api:4 (was :3)".to_owned(),
                Some("ci-role".to_owned())
            )]
        );
        bench.know(
            Source::TaskDefinitions,
            ReplyData::TaskDefinitions(vec![definition(-4000)]),
        );
        assert_eq!(
            told(&bench)[0].2,
            None,
            "an old revision was registered by somebody else"
        );
    }

    #[test]
    fn a_rollback_and_a_deployment_that_was_given_up_are_told() {
        let mut service = rolling();
        service.deployments[0].rollout_reason = Some("rolling back to deploymentId ecs-svc/3".to_owned());
        service.deployments[1] = deployment("invokeai-api", 5, 100);
        service.deployments[1].rollout = Some(RolloutState::Failed);
        service.deployments[1].updated_at = Some(at(168));
        let mut bench = Bench::new();
        bench.services(vec![service]);
        let what: Vec<_> = told(&bench)
            .into_iter()
            .map(|(minute, what, _)| (minute, what))
            .collect();
        assert_eq!(
            what,
            [
                (169, "invokeai-api:4 (was :5, rollback)".to_owned()),
                (168, "invokeai-api:5 given up".to_owned()),
                (100, "invokeai-api:5".to_owned()),
            ]
        );
    }

    #[test]
    fn history_adds_only_what_the_service_no_longer_shows() {
        let service = rolling();
        let entry = |minute: i64, revision: u32, status: &str| ServiceDeployment {
            arn: format!("arn{minute}"),
            status: status.to_owned(),
            status_reason: None,
            started_at: Some(at(minute)),
            finished_at: None,
            target: Some(ServiceRevision {
                arn: "arn".to_owned(),
                task_definition: Some(format!("invokeai-api:{revision}")),
                images: Vec::new(),
            }),
            rolled_back_to: None,
        };
        let mut bench = Bench::new();
        bench.know(
            Source::EcsDeployments(service.arn.clone()),
            ReplyData::ServiceDeployments(vec![
                entry(169, 4, "IN_PROGRESS"),
                entry(120, 5, "ROLLBACK_SUCCESSFUL"),
                entry(10, 2, "SUCCESSFUL"),
            ]),
        );
        bench.services(vec![service]);
        let what: Vec<String> = told(&bench).into_iter().map(|(_, what, _)| what).collect();
        assert_eq!(
            what,
            ["invokeai-api:4 (was :5)", "invokeai-api:5 (was :2, rolled back)"]
        );
    }

    #[test]
    fn old_deployments_are_no_news_and_other_families_are_named() {
        let mut bench = Bench::new();
        bench.services(vec![service("web", 2)]);
        assert_eq!(told(&bench), []);
        let mut moved = service("web", 2);
        moved.deployments = vec![deployment("shop-web", 8, 170)];
        moved.deployments.push(deployment("shop-web", 8, -100));
        bench.services(vec![moved]);
        assert_eq!(told(&bench)[0].1, "web shop-web:8 (again)");
    }
}
