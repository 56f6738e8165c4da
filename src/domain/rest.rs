//! What was put to rest on purpose: resources that stand still and have the note of `stop-estate`. That they do not
//! serve is wanted, and what stands in front of them cannot.

use jiff::Timestamp;

use crate::domain::changes;
use crate::domain::ecs::Service;
use crate::domain::ids::{Kind, ResourceKey, Tag, tag};
use crate::domain::inventory::{Inventory, ScopeState};

/// The tag that says what was there before an estate was stopped.
pub const STOPPED_TAG: &str = "quarterdeck:stopped";

/// The runbook that puts an estate to rest.
pub const STOP: &str = "stop-estate";

/// The runbook that ends the rest.
pub const WAKE: &str = "start-estate";

/// That something rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// Since when; `None` if its note does not say so.
    pub since: Option<Timestamp>,
}

impl Rest {
    /// Both at once: since the later of them all of it rests.
    fn and(self, other: Self) -> Self {
        Self {
            since: self.since.zip(other.since).map(|(one, other)| one.max(other)),
        }
    }
}

/// The note of a rest; `None` without one.
fn note(tags: &[Tag]) -> Option<Rest> {
    let text = tag(tags, STOPPED_TAG)?;
    let since = text
        .split(' ')
        .find_map(|word| word.strip_prefix("at=")?.parse().ok());
    Some(Rest { since })
}

/// Whether a service wants no task because it was put to rest.
pub fn of_service(service: &Service) -> Option<Rest> {
    note(&service.tags).filter(|_| service.desired == 0)
}

/// Everything of a scope that rests.
pub fn of_scope(state: &ScopeState) -> Vec<(Kind, Rest)> {
    let services = state.ecs.get().into_iter().flat_map(|fleet| &fleet.services);
    let services = services.map(|one| (Kind::EcsService, of_service(one)));
    let groups = state.groups.get().into_iter().flatten();
    let groups = groups.map(|one| (Kind::Asg, note(&one.tags).filter(|_| one.max == 0)));
    let instances = state.instances.get().into_iter().flatten();
    let instances = instances.map(|one| {
        (
            Kind::Ec2Instance,
            note(&one.tags).filter(|_| matches!(one.state.as_str(), "stopping" | "stopped")),
        )
    });
    let stands = |status: &str| matches!(status, "stopping" | "stopped");
    let databases = state.db_instances.get().into_iter().flatten();
    let databases = databases.map(|one| (Kind::RdsInstance, note(&one.tags).filter(|_| stands(&one.status))));
    let clusters = state.db_clusters.get().into_iter().flatten();
    let clusters = clusters.map(|one| (Kind::RdsCluster, note(&one.tags).filter(|_| stands(&one.status))));
    services
        .chain(groups)
        .chain(instances)
        .chain(databases)
        .chain(clusters)
        .filter_map(|(kind, rest)| Some((kind, rest?)))
        .collect()
}

/// Whether all that a resource stands on rests, as services behind a target group do; `None` also if nothing is
/// known to be beneath it.
pub fn beneath(inventory: &Inventory, key: &ResourceKey) -> Option<Rest> {
    let state = inventory.scope(&key.scope)?;
    let mut rests = changes::beneath(inventory, key)
        .into_iter()
        .map(|below| of_resource(state, &below));
    let first = rests.next()??;
    rests.try_fold(first, |so_far, rest| Some(so_far.and(rest?)))
}

fn of_resource(state: &ScopeState, key: &ResourceKey) -> Option<Rest> {
    let id = &*key.id;
    match key.kind {
        Kind::EcsService => {
            let mut services = state.ecs.get().into_iter().flat_map(|fleet| &fleet.services);
            of_service(services.find(|one| one.arn == id)?)
        }
        Kind::Asg => {
            let mut groups = state.groups.get().into_iter().flatten();
            let group = groups.find(|one| one.arn == id)?;
            note(&group.tags).filter(|_| group.max == 0)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::sample::{Bench, at, service, target_group_arn};

    fn tagged(value: &str) -> Vec<Tag> {
        vec![Tag {
            key: STOPPED_TAG.to_owned(),
            value: value.to_owned(),
        }]
    }

    fn resting(name: &str, desired: u32, value: &str) -> Service {
        let mut service = service(name, 3);
        service.desired = desired;
        service.tags = tagged(value);
        service.target_groups = vec![target_group_arn("api-tg")];
        service
    }

    const NOTE: &str = "v1 tasks=2 at=2026-11-21T02:47:00Z of=shop";

    #[test]
    fn what_wants_no_task_and_has_a_note_rests() {
        let of = |desired, value| of_service(&resting("api", desired, value));
        let since = Some(at(167));
        assert_eq!(of(0, NOTE), Some(Rest { since }));
        assert_eq!(of(1, NOTE), None, "somebody has woken it");
        assert_eq!(of(0, "by hand"), Some(Rest { since: None }));
        assert_eq!(of_service(&service("api", 3)), None);
    }

    #[test]
    fn a_target_group_rests_once_all_services_behind_it_do() {
        let mut bench = Bench::new();
        bench.target_group("api-tg", &[]);
        let key = ResourceKey::new(
            bench.state().name(),
            Kind::TargetGroup,
            &target_group_arn("api-tg"),
        );
        assert_eq!(
            beneath(&bench.inventory, &key),
            None,
            "nothing is known to stand behind it"
        );
        let later = "v1 tasks=1 at=2026-11-21T02:50:00Z of=shop";
        bench.services(vec![resting("api", 0, NOTE), resting("chat", 0, later)]);
        assert_eq!(
            beneath(&bench.inventory, &key),
            Some(Rest { since: Some(at(170)) })
        );
        assert_eq!(of_scope(bench.state()).len(), 2);
        bench.services(vec![resting("api", 0, NOTE), resting("chat", 1, later)]);
        assert_eq!(beneath(&bench.inventory, &key), None);
    }
}
