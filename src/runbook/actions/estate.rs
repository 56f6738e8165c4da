//! `estate.stop` and `estate.start`: everything of a development estate that can rest, at once.

use serde::Deserialize;
use serde_json::json;

use super::asg::Sizes;
use super::saved::{Saved, What};
use super::script::{Composed, Draft, Script};
use super::{asg, ec2 as power, ecs as tasks, gpu, rds as db, tags};
use crate::domain::asg::Group;
use crate::domain::datastore::{DbCluster, DbInstance};
use crate::domain::ec2::{Instance, Purchase};
use crate::domain::ecs::Service;
use crate::domain::ids::{Tag, tag};
use crate::domain::ops::{Query, application_auto_scaling, autoscaling, ec2, ecs, elasticache, elb, rds};
use crate::domain::policy::{ConfirmLevel, Environment, Selection};
use crate::runbook::action::{Arguments, BadArguments, Refusal, View, parse};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `estate.stop`.
pub const STOP: Composed<Power> = Composed::new("estate.stop", Power { to: To::Stopped });

/// `estate.start`.
pub const START: Composed<Power> = Composed::new("estate.start", Power { to: To::Running });

/// The tag that says what was there before an estate was stopped.
pub const STOPPED: &str = crate::domain::rest::STOPPED_TAG;

/// Stops an estate or starts it.
pub struct Power {
    to: To,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    Stopped,
    Running,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    estate: String,
    part: Part,
}

/// What is stopped or started; databases go last and come first.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Part {
    Services,
    Groups,
    Instances,
    Databases,
}

const PARTS: &[&str] = &["services", "groups", "instances", "databases"];

/// Keys under which people say what something is for, in small letters.
const KEYS: [&str; 5] = [
    "environment",
    "env",
    "stage",
    "stack-environment",
    "deployment-environment",
];

/// What something is for, as its tags say.
pub fn environment(tags: &[Tag]) -> Option<&str> {
    KEYS.iter().find_map(|key| {
        tags.iter()
            .find(|tag| tag.key.to_lowercase() == *key)
            .map(|tag| tag.value.trim())
            .filter(|value| !value.is_empty())
    })
}

/// Whether a word for an environment means production.
pub fn is_production(word: &str) -> bool {
    let word = word.to_lowercase();
    let has = |names: &[&str]| {
        word.split(|letter: char| !letter.is_alphanumeric())
            .any(|part| names.contains(&part))
    };
    let is_before_it = has(&["nonprod", "preprod", "non", "pre"]);
    has(&["prd", "live"]) || (word.contains("prod") && !is_before_it)
}

/// Whether something may be put to rest, by what its tags say that it is for.
#[derive(Debug, PartialEq, Eq)]
enum Leave<'t> {
    Given,
    Untagged,
    Production(&'t str),
}

fn leave(tags: &[Tag]) -> Leave<'_> {
    match environment(tags) {
        None => Leave::Untagged,
        Some(word) if is_production(word) => Leave::Production(word),
        Some(_) => Leave::Given,
    }
}

fn is_member(selection: &Selection, name: &str, tags: &[Tag]) -> bool {
    let pairs = tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
    selection.includes(name, pairs)
}

/// Something that can be stopped.
enum Thing<'v> {
    Service(&'v Service),
    Group(&'v Group),
    Instance(&'v Instance),
    Cluster(&'v DbCluster),
    Database(&'v DbInstance),
}

impl Thing<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Service(service) => &service.name,
            Self::Group(group) => &group.name,
            Self::Instance(instance) => instance.name.as_deref().unwrap_or(&instance.id),
            Self::Cluster(cluster) => &cluster.name,
            Self::Database(db) => &db.name,
        }
    }

    fn tags(&self) -> &[Tag] {
        match self {
            Self::Service(service) => &service.tags,
            Self::Group(group) => &group.tags,
            Self::Instance(instance) => &instance.tags,
            Self::Cluster(cluster) => &cluster.tags,
            Self::Database(db) => &db.tags,
        }
    }

    /// Its kind and its name, as `tags.put` takes them.
    fn tagged(&self) -> (&'static str, &str) {
        match self {
            Self::Service(service) => ("ecs-service", &service.arn),
            Self::Group(group) => ("asg", &group.name),
            Self::Instance(instance) => ("ec2-instance", &instance.id),
            Self::Cluster(cluster) => ("rds-cluster", &cluster.name),
            Self::Database(db) => ("rds-instance", &db.name),
        }
    }

    fn is_member(&self, selection: &Selection) -> bool {
        is_member(selection, self.name(), self.tags())
            || matches!(self, Self::Service(service) if selection.includes_cluster(&service.cluster))
    }

    /// Why it is not stopped, though it may be: it is not ours, rests already, or AWS cannot.
    fn passed_over(&self, view: &View) -> Option<String> {
        let name = self.name();
        match self {
            Self::Service(service) => (service.desired == 0).then(|| format!("{name} wants no task already")),
            Self::Group(group) => match gpu::owner_of_group(group, view) {
                Some(owner) => Some(format!("{name} is run by {owner}, which decides about its size")),
                None => (group.max == 0).then(|| format!("{name} is at max 0 already")),
            },
            Self::Instance(instance) => {
                if let Some(owner) = instance.foreign_owner() {
                    return Some(format!("{name} is run by {owner}, which decides about it"));
                }
                match instance.purchase {
                    Purchase::Spot => Some(format!(
                        "{name} is a Spot instance, which only its request can stop"
                    )),
                    Purchase::CapacityBlock => {
                        Some(format!("{name} is of a Capacity Block, which is paid for anyway"))
                    }
                    Purchase::OnDemand => {
                        (!instance.is_running()).then(|| format!("{name} is {} already", instance.state))
                    }
                }
            }
            Self::Cluster(cluster) => {
                if let Some(why) = db::cluster::unstoppable(cluster) {
                    return Some(format!("{name} {why}, which AWS does not stop"));
                }
                (cluster.status != "available").then(|| format!("{name} is {}", cluster.status))
            }
            Self::Database(db) => {
                if let Some(cluster) = &db.cluster {
                    return Some(format!(
                        "{name} is a member of the cluster {cluster}, and rests as that does"
                    ));
                }
                let replicas = view.db_instances().unwrap_or_default();
                if db.replica_of.is_some()
                    || replicas
                        .iter()
                        .any(|other| other.replica_of.as_deref() == Some(name))
                {
                    return Some(format!(
                        "{name} is a read replica or has one, which AWS does not stop"
                    ));
                }
                (db.status != "available").then(|| format!("{name} is {}", db.status))
            }
        }
    }
}

impl Part {
    fn queries(self) -> Vec<Query> {
        match self {
            Self::Services => vec![
                Query::Ecs(ecs::Read::Fleet),
                Query::ApplicationAutoScaling(application_auto_scaling::Read::EcsTargets),
            ],
            Self::Groups | Self::Instances => vec![
                Query::AutoScaling(autoscaling::Read::Groups),
                Query::Ec2(ec2::Read::Instances),
            ],
            Self::Databases => vec![Query::Rds(rds::Read::Clusters), Query::Rds(rds::Read::Instances)],
        }
    }

    fn things(self, view: &View) -> Result<Vec<Thing<'_>>, Refusal> {
        Ok(match self {
            Self::Services => view.services()?.iter().map(Thing::Service).collect(),
            Self::Groups => view.groups()?.iter().map(Thing::Group).collect(),
            Self::Instances => view
                .instances()?
                .iter()
                .filter(|instance| instance.group().is_none())
                .filter(|instance| !matches!(instance.state.as_str(), "terminated" | "shutting-down"))
                .map(Thing::Instance)
                .collect(),
            Self::Databases => {
                let clusters = view.db_clusters()?.iter().map(Thing::Cluster);
                clusters
                    .chain(view.db_instances()?.iter().map(Thing::Database))
                    .collect()
            }
        })
    }
}

impl Script for Power {
    fn schema(&self) -> ActionSchema {
        let (name, about, risk) = match self.to {
            To::Stopped => (
                "estate.stop",
                "Puts one part of a development estate to rest: services, groups, instances or databases.\n\
                 Services go to no task and groups to no instance, held against alarms and schedules; instances, \
                 databases and Aurora clusters are stopped. What was there is noted in the tag quarterdeck:stopped, for \
                 estate.start. A production estate is refused; one that reaches into resources tagged as \
                 production too; what has no tag that says its environment is never touched and is listed. RDS starts a database or a cluster \
                 again by itself after seven days.",
                Risk::Disruptive,
            ),
            To::Running => (
                "estate.start",
                "Brings one part of an estate back to what estate.stop noted on it.\n\
                 What has no note is left alone. The note is removed last.",
                Risk::Reversible,
            ),
        };
        ActionSchema {
            name,
            role: Role::Action,
            about,
            fields: vec![
                FieldSchema::required("estate", Type::Text, "The estate, by its name."),
                FieldSchema::required("part", Type::Text, "The part of it.").one_of(PARTS),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: None,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with: With = parse(with)?;
        let mut queries = with.part.queries();
        if self.to == To::Stopped && with.part == Part::Databases {
            queries.extend([
                Query::Ec2(ec2::Read::NatGateways),
                Query::Elb(elb::Read::Balancing),
                Query::ElastiCache(elasticache::Read::Caches),
            ]);
        }
        Ok(queries)
    }

    /// What things cost: the sizes of Fargate's tasks, and what Spot is at.
    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        match parse::<With>(with).map(|with| with.part) {
            Ok(Part::Services) => {
                let services = view.services().unwrap_or_default().iter();
                let touched = services.filter(|service| match self.to {
                    To::Stopped => service.desired > 0 && leave(&service.tags) == Leave::Given,
                    To::Running => tag(&service.tags, STOPPED).is_some(),
                });
                let mut queries: Vec<Query> = touched.filter_map(tasks::sizes).collect();
                queries.dedup();
                queries
            }
            Ok(Part::Groups) => {
                let instances = view.instances().unwrap_or_default();
                let members = instances.iter().filter(|instance| instance.group().is_some());
                asg::spot_query(members).into_iter().collect()
            }
            Ok(Part::Instances | Part::Databases) | Err(_) => Vec::new(),
        }
    }

    fn write(&self, with: &Arguments, draft: &mut Draft<'_>) -> Result<(), Refusal> {
        let with: With = parse(with)?;
        let decisions = draft.site.decisions;
        let known = draft.site.estate;
        if known != Some(with.estate.as_str()) {
            return Err(Refusal::state(format!(
                "the estate at hand is {}, not {}: name it with --estate {}",
                known.unwrap_or("not named"),
                with.estate,
                with.estate
            )));
        }
        if self.to == To::Stopped && decisions.policy.environment == Environment::Prod {
            return Err(Refusal::state(format!("{} is a production estate", with.estate)));
        }
        let view = draft.view.clone();
        let mut production = Vec::new();
        for thing in with.part.things(&view)? {
            if !thing.is_member(&decisions.selection) {
                continue;
            }
            match self.to {
                To::Running => start(&thing, draft)?,
                To::Stopped => match (leave(thing.tags()), thing.passed_over(&view)) {
                    (Leave::Production(word), _) => {
                        production.push(format!("{} is tagged {word}", thing.name()));
                    }
                    (Leave::Untagged, _) => draft.skip(format!(
                        "{} has no tag that says what environment it is of, so it is not touched",
                        thing.name()
                    )),
                    (Leave::Given, Some(why)) => draft.skip(why),
                    (Leave::Given, None) => stop(&thing, draft)?,
                },
            }
        }
        if !production.is_empty() {
            return Err(Refusal::state(format!(
                "{} reaches into production, so nothing of it is stopped: {}",
                with.estate,
                production.join(", ")
            )));
        }
        if self.to == To::Stopped && with.part == Part::Databases {
            tell_what_stays(draft);
        }
        if self.to == To::Stopped && !draft.proposal.changes.is_empty() {
            draft.proposal.off_s = Some(12 * 3_600);
        }
        Ok(())
    }
}

fn stop(thing: &Thing<'_>, draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let (kind, resource) = thing.tagged();
    let what = match thing {
        Thing::Service(service) => What::Tasks(service.desired),
        Thing::Instance(_) | Thing::Cluster(_) | Thing::Database(_) => What::Running,
        Thing::Group(group) => What::Group {
            was: Sizes::of(group),
            left: Sizes {
                min: 0,
                max: 0,
                desired: 0,
            },
            held: asg::HOLDS
                .iter()
                .filter(|process| !group.suspended.iter().any(|known| known.name == **process))
                .map(|process| (*process).to_owned())
                .collect(),
            pool: pool_in_the_way(group),
        },
    };
    // What an earlier stop noted is what the start brings back.
    if tag(thing.tags(), STOPPED).is_none() {
        let saved = Saved {
            what,
            at: draft.site.now,
            estate: draft.site.estate.map(str::to_owned),
            saves: None,
        };
        let value = saved
            .encode()
            .ok_or_else(|| Refusal::state(format!("what is on {} does not fit into a tag", thing.name())))?;
        draft.add(
            &tags::PUT,
            json!({"kind": kind, "resource": resource, "key": STOPPED, "value": value}),
        )?;
    }
    match thing {
        Thing::Service(service) => draft.add(
            &tasks::Scale,
            json!({"cluster": service.cluster, "service": service.name, "desired": 0}),
        ),
        Thing::Group(group) => {
            draft.add(
                &asg::SUSPEND_PROCESSES,
                json!({"group": group.name, "processes": asg::HOLDS}),
            )?;
            if let Some(pool) = pool_in_the_way(group) {
                draft.add(&asg::SetWarmPool, pool.at_rest(0).arguments(&group.name))?;
            }
            draft.add(
                &asg::SetCapacity,
                json!({"group": group.name, "min": 0, "max": 0, "desired": 0}),
            )
        }
        Thing::Instance(instance) => draft.add(&power::STOP, json!({"instance": instance.id})),
        Thing::Cluster(known) => draft.add(&db::CLUSTER_STOP, json!({"cluster": known.name})),
        Thing::Database(known) => draft.add(&db::STOP, json!({"instance": known.name})),
    }
}

fn start(thing: &Thing<'_>, draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let name = thing.name();
    let Some(text) = tag(thing.tags(), STOPPED) else {
        return Ok(());
    };
    let saved =
        Saved::decode(text).map_err(|why| Refusal::state(format!("{name}: the tag {STOPPED}: {why}")))?;
    if saved.estate.as_deref() != draft.site.estate {
        draft.skip(format!(
            "{name} was put to rest with the estate {}",
            saved.estate.as_deref().unwrap_or("of no name")
        ));
        return Ok(());
    }
    let wrong = || {
        Refusal::state(format!(
            "{name}: the tag {STOPPED} is not that of such a resource"
        ))
    };
    match (thing, &saved.what) {
        (Thing::Service(service), What::Tasks(desired)) => {
            if service.desired != 0 && service.desired != *desired {
                draft.warn(format!(
                    "{name}: somebody has set it to {} tasks since",
                    service.desired
                ));
            }
            draft.add(
                &tasks::Scale,
                json!({"cluster": service.cluster, "service": service.name, "desired": desired}),
            )?;
        }
        (
            Thing::Group(group),
            What::Group {
                was,
                left,
                held,
                pool,
            },
        ) => {
            let now = Sizes::of(group);
            if now != *left && now != *was {
                draft.warn(format!("{name}: somebody has set min/max/desired to {now} since"));
            }
            let ours: Vec<&String> = held
                .iter()
                .filter(|process| group.suspended.iter().any(|known| &known.name == *process))
                .collect();
            if !ours.is_empty() {
                draft.add(&asg::RESUME_PROCESSES, json!({"group": name, "processes": ours}))?;
            }
            draft.add(
                &asg::SetCapacity,
                json!({"group": name, "min": was.min, "max": was.max, "desired": was.desired}),
            )?;
            gpu::refill(group, *pool, draft)?;
        }
        (Thing::Instance(instance), What::Running) => {
            draft.add(&power::START, json!({"instance": instance.id}))?;
        }
        (Thing::Cluster(known), What::Running) => {
            draft.add(&db::CLUSTER_START, json!({"cluster": known.name}))?;
        }
        (Thing::Database(known), What::Running) => {
            draft.add(&db::START, json!({"instance": known.name}))?;
        }
        _ => return Err(wrong()),
    }
    let (kind, resource) = thing.tagged();
    draft.add(
        &tags::REMOVE,
        json!({"kind": kind, "resource": resource, "key": STOPPED}),
    )
}

/// How large a group's warm pool may be, if it would keep instances beside a group of none.
fn pool_in_the_way(group: &Group) -> Option<asg::Prepared> {
    let pool = asg::Prepared::of(group.warm_pool.as_ref()?);
    (pool != pool.at_rest(0)).then_some(pool)
}

/// What is billed on though the estate rests.
fn tell_what_stays(draft: &mut Draft<'_>) {
    let selection = &draft.site.decisions.selection;
    let mut stays = Vec::new();
    let named =
        |what: &str, names: Vec<String>| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
    if let Ok(gateways) = draft.view.nat_gateways() {
        let names = gateways
            .iter()
            .map(|gateway| gateway.name.clone().unwrap_or_else(|| gateway.id.clone()));
        stays.extend(named("NAT gateways", names.collect()));
    }
    if let Ok(balancers) = draft.view.load_balancers() {
        let names = balancers
            .iter()
            .map(|balancer| balancer.name.clone())
            .filter(|name| selection.includes_name(name));
        stays.extend(named("load balancers", names.collect()));
    }
    if let Ok(caches) = draft.view.caches() {
        let names = caches
            .iter()
            .map(|cache| cache.name.clone())
            .filter(|name| selection.includes_name(name));
        stays.extend(named("caches", names.collect()));
    }
    stays.push("volumes, database storage, snapshots, public addresses and stored logs".to_owned());
    draft.warn(format!("billed on while the estate rests: {}", stays.join("; ")));
    let stops = draft
        .proposal
        .changes
        .iter()
        .any(|change| ["rds.stop", "rds.stop_cluster"].contains(&change.action.as_str()));
    if stops
        && let Ok(day) = draft
            .site
            .now
            .checked_add(jiff::SignedDuration::from_hours(7 * 24))
    {
        draft.warn(format!(
            "RDS starts stopped databases and clusters again by itself after seven days, on {}",
            day.strftime("%Y-%m-%d")
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(key: &str, value: &str) -> Vec<Tag> {
        vec![Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        }]
    }

    #[test]
    fn only_what_is_tagged_as_something_else_than_production_may_rest() {
        for (key, value, expected) in [
            ("Environment", "dev", Leave::Given),
            ("env", "staging", Leave::Given),
            ("Stage", "nonprod", Leave::Given),
            ("environment", "pre-prod", Leave::Given),
            ("Environment", "prod", Leave::Production("prod")),
            ("ENV", "Production", Leave::Production("Production")),
            ("Environment", "eu-prod", Leave::Production("eu-prod")),
            ("Environment", "prd", Leave::Production("prd")),
            ("Environment", "live", Leave::Production("live")),
            ("Environment", " ", Leave::Untagged),
            ("Team", "dev", Leave::Untagged),
        ] {
            assert_eq!(leave(&tags(key, value)), expected, "{key}={value}");
        }
        assert_eq!(leave(&[]), Leave::Untagged);
    }
}
