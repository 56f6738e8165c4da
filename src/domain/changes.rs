//! What changed lately: deployments, scaling activities, events of data stores, alarm transitions.

use jiff::{SignedDuration, Timestamp};

use crate::domain::ecs::{DeploymentRole, RolloutState};
use crate::domain::ids::{Kind, ResourceKey, last_segment};
use crate::domain::inventory::{Inventory, ScopeState};

/// Something that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// What it happened to, where that is a resource we know.
    pub resource: Option<ResourceKey>,
    /// What sort of change: `deploy`, `scaling`, `rds`, `redis`, `alarm`.
    pub word: &'static str,
    /// What happened, in a line; foreign text in part.
    pub what: String,
    /// Who or what did it, where AWS says so.
    pub who: Option<String>,
}

/// Everything that changed within the window, newest first.
pub fn recent(inventory: &Inventory, now: Timestamp, window: SignedDuration) -> Vec<Change> {
    let since = now.saturating_sub(window).unwrap_or(Timestamp::MIN);
    let mut changes: Vec<Change> = inventory
        .shown()
        .flat_map(of_scope)
        .filter(|change| change.at >= since)
        .collect();
    changes.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.what.cmp(&b.what)));
    changes.dedup();
    changes
}

fn of_scope(scope: &ScopeState) -> Vec<Change> {
    let mut changes = deployments(scope);
    changes.extend(activities(scope));
    changes.extend(store_events(scope));
    changes.extend(transitions(scope));
    changes
}

fn deployments(scope: &ScopeState) -> Vec<Change> {
    let services = scope
        .ecs
        .get()
        .map(|fleet| fleet.services.as_slice())
        .unwrap_or_default();
    let registered_by = |revision: &str| {
        let definitions = scope.task_definitions.get()?;
        let found = definitions
            .iter()
            .find(|one| format!("{}:{}", one.family, one.revision) == revision)?;
        found
            .registered_by
            .as_deref()
            .map(|arn| last_segment(arn).to_owned())
    };
    let mut changes = Vec::new();
    for service in services {
        let resource = Some(ResourceKey::new(scope.name(), Kind::EcsService, &service.arn));
        let before = service
            .deployments
            .iter()
            .find(|deployment| deployment.role == DeploymentRole::Active);
        for deployment in service
            .deployments
            .iter()
            .filter(|deployment| deployment.role == DeploymentRole::Primary)
        {
            let was = before.map_or_else(String::new, |before| {
                format!(" (was {})", revision(&before.task_definition))
            });
            if let Some(at) = deployment.created_at {
                changes.push(Change {
                    at,
                    resource: resource.clone(),
                    word: "deploy",
                    what: format!("{} {}{was}", service.name, revision(&deployment.task_definition)),
                    who: registered_by(&deployment.task_definition),
                });
            }
            if let (Some(at), Some(RolloutState::Failed)) = (deployment.updated_at, deployment.rollout) {
                changes.push(Change {
                    at,
                    resource: resource.clone(),
                    word: "deploy",
                    what: format!(
                        "{} {} failed",
                        service.name,
                        revision(&deployment.task_definition)
                    ),
                    who: None,
                });
            }
        }
    }
    changes
}

/// `family:7` → `:7`.
fn revision(task_definition: &str) -> &str {
    task_definition
        .rfind(':')
        .map_or(task_definition, |at| &task_definition[at..])
}

fn activities(scope: &ScopeState) -> Vec<Change> {
    let groups = scope.groups.get().map(Vec::as_slice).unwrap_or_default();
    let activities = scope.activities.get().map(Vec::as_slice).unwrap_or_default();
    activities
        .iter()
        .map(|activity| {
            let group = groups.iter().find(|group| group.name == activity.group);
            let failed = if activity.status == "Failed" {
                " FAILED"
            } else {
                ""
            };
            Change {
                at: activity.started_at,
                resource: group.map(|group| ResourceKey::new(scope.name(), Kind::Asg, &group.arn)),
                word: "scaling",
                what: format!("{}: {}{failed}", activity.group, activity.description),
                who: cause(&activity.cause),
            }
        })
        .collect()
}

/// Who is behind an activity, in the first words of AWS's long sentence about it.
fn cause(text: &str) -> Option<String> {
    let known = [
        ("user request", "a user"),
        ("scheduled action", "a scheduled action"),
        ("monitor alarm", "an alarm"),
        ("policy", "a scaling policy"),
        ("unhealthy", "a health check"),
        ("Spot", "a Spot interruption"),
    ];
    known
        .iter()
        .find(|(words, _)| text.contains(words))
        .map(|(_, who)| (*who).to_owned())
}

fn store_events(scope: &ScopeState) -> Vec<Change> {
    let databases = scope.db_instances.get().map(Vec::as_slice).unwrap_or_default();
    let caches = scope.caches.get().map(Vec::as_slice).unwrap_or_default();
    let rds = scope
        .db_events
        .get()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .map(|event| {
            let found = databases.iter().find(|one| one.name == event.source);
            Change {
                at: event.at,
                resource: found.map(|one| ResourceKey::new(scope.name(), Kind::RdsInstance, &one.arn)),
                word: "rds",
                what: format!("{}: {}", event.source, event.message),
                who: None,
            }
        });
    let redis = scope
        .cache_events
        .get()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .map(|event| {
            let of = |cache: &&crate::domain::datastore::Cache| {
                let mut nodes = cache.shards.iter().flat_map(|shard| &shard.nodes);
                cache.name == event.source || nodes.any(|node| node.cluster_id == event.source)
            };
            let found = caches.iter().find(of);
            Change {
                at: event.at,
                resource: found.map(|one| ResourceKey::new(scope.name(), Kind::Redis, &one.arn)),
                word: "redis",
                what: format!("{}: {}", event.source, event.message),
                who: None,
            }
        });
    rds.chain(redis).collect()
}

fn transitions(scope: &ScopeState) -> Vec<Change> {
    let alarms = scope.alarms.get().map(Vec::as_slice).unwrap_or_default();
    let history = scope.alarm_history.get().map(Vec::as_slice).unwrap_or_default();
    history
        .iter()
        .map(|transition| {
            let found = alarms.iter().find(|alarm| alarm.name == transition.alarm);
            let summary = transition
                .summary
                .strip_prefix("Alarm updated ")
                .unwrap_or(&transition.summary);
            Change {
                at: transition.at,
                resource: found.map(|alarm| ResourceKey::new(scope.name(), Kind::Alarm, &alarm.arn)),
                word: "alarm",
                what: format!("{} {summary}", transition.alarm),
                who: None,
            }
        })
        .collect()
}
