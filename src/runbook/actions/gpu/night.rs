//! `gpu.night_down`: a group or an instance goes to its size at night, and what was there is noted on it.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use super::{NIGHT, drain, members, named, owner_of_group};
use crate::domain::asg::Group;
use crate::domain::counted::counted;
use crate::domain::ec2::{Instance, Purchase};
use crate::domain::gpu;
use crate::domain::ids::{Tag, tag};
use crate::domain::ops::{Query, autoscaling, ec2, sqs};
use crate::domain::policy::{ConfirmLevel, Environment};
use crate::domain::units::UsdPerHour;
use crate::runbook::action::{Arguments, BadArguments, CostDelta, Refusal, View, parse};
use crate::runbook::actions::asg::{
    HOLDS, Prepared, Protect, SUSPEND_PROCESSES, SetCapacity, SetWarmPool, Sizes, TerminateInstance,
    spot_query,
};
use crate::runbook::actions::saved::{Saved, What};
use crate::runbook::actions::script::{Draft, Script};
use crate::runbook::actions::{ec2 as power, estate, tags};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::survey::{self, Work};
use crate::runbook::types::Type;

/// `gpu.night_down`.
pub struct NightDown;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    target: String,
    #[serde(default)]
    keep: u32,
    #[serde(default)]
    busy: Busy,
}

/// What becomes of hosts that work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Busy {
    /// Nothing is done.
    #[default]
    Refuse,
    /// They are waited for; those that cannot be asked stay.
    Drain,
    /// They go too.
    Force,
}

/// How long a night is if nobody said when work begins, seconds.
const NIGHT_S: u64 = 10 * 3_600;

/// What a name stands for.
enum Thing<'v> {
    Group(&'v Group),
    Instance(&'v Instance),
}

fn thing<'v>(view: &'v View, name: &str) -> Result<Thing<'v>, Refusal> {
    if let Some(group) = view.group(name)? {
        return Ok(Thing::Group(group));
    }
    match view.instance(name)? {
        Some(instance) => Ok(Thing::Instance(instance)),
        None => Err(Refusal::absent(format!(
            "there is no Auto Scaling group and no instance {name}"
        ))),
    }
}

impl Script for NightDown {
    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: "gpu.night_down",
            role: Role::Action,
            about: "Takes a group of GPU hosts, or one on its own, down for the night.\n\
                What was there is noted once, in the tag quarterdeck:night, for gpu.morning_up. A group is held \
                against alarms and scheduled actions and its maximum is lowered with it, so that no policy fills it \
                again; a warm pool keeps nothing prepared; what somebody had suspended before is left alone. The estate's \
                night capacity counts before `keep`. Hosts with work, by processes and memory in several \
                samples and by messages in flight in the estate's queues, and hosts that cannot be asked are \
                refused, drained or forced. What EKS, Karpenter, ECS, Batch or SageMaker run is passed over. \
                Instances that are protected from scale-in stay, unless forced. Forcing asks for a name in \
                production.",
            fields: vec![
                FieldSchema::required("target", Type::Text, "The group's name or the instance's id."),
                FieldSchema::optional(
                    "keep",
                    Type::Int,
                    "0",
                    "Instances that stay in a group without a night capacity of its own.",
                ),
                FieldSchema::optional("busy", Type::Text, "`refuse`", "What becomes of hosts with work.")
                    .one_of(&["refuse", "drain", "force"]),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: None,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![
            Query::AutoScaling(autoscaling::Read::Groups),
            Query::Ec2(ec2::Read::Instances),
            Query::Sqs(sqs::Read::Queues),
        ])
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        let Ok(with) = parse::<With>(with) else {
            return Vec::new();
        };
        match thing(view, &with.target) {
            Ok(Thing::Group(group)) => {
                let mut queries = vec![Query::AutoScaling(autoscaling::Read::InstanceRefreshes {
                    group: group.name.clone(),
                })];
                queries.extend(spot_query(members(group, view)));
                // Hosts of others are none of our business: nothing is run on them.
                if owner_of_group(group, view).is_none() {
                    let running = members(group, view).into_iter().filter(|host| host.is_running());
                    queries.extend(survey::query(running.map(|host| host.id.clone())));
                }
                queries
            }
            Ok(Thing::Instance(instance)) if instance.is_running() && instance.foreign_owner().is_none() => {
                survey::query([instance.id.clone()]).into_iter().collect()
            }
            Ok(Thing::Instance(_)) | Err(_) => Vec::new(),
        }
    }

    fn write(&self, with: &Arguments, draft: &mut Draft<'_>) -> Result<(), Refusal> {
        let with: With = parse(with)?;
        let view = draft.view.clone();
        let found = thing(&view, &with.target)?;
        let is_foreign = match &found {
            Thing::Group(group) => super::is_foreign(&group.name, &group.tags, draft),
            Thing::Instance(instance) => super::is_foreign(super::name(instance), &instance.tags, draft),
        };
        if is_foreign {
            return Ok(());
        }
        let tagged = match found {
            Thing::Group(group) => {
                Evening {
                    view: &view,
                    group,
                    with: &with,
                }
                .write(draft)?;
                is_tagged_production(&group.tags)
            }
            Thing::Instance(instance) => {
                alone(instance, with.busy, &view, draft)?;
                is_tagged_production(&instance.tags)
            }
        };
        let prod = draft.site.decisions.policy.environment == Environment::Prod || tagged;
        if with.busy == Busy::Force && prod {
            draft.ask_for(ConfirmLevel::TypeName);
        }
        if !draft.proposal.changes.is_empty() {
            draft.proposal.off_s = Some(night_s(draft));
        }
        Ok(())
    }
}

/// Whether the tags themselves say that it is production.
fn is_tagged_production(tags: &[Tag]) -> bool {
    estate::environment(tags).is_some_and(estate::is_production)
}

/// How long the night is, seconds: until people are at work again, if the estate says when.
fn night_s(draft: &Draft<'_>) -> u64 {
    let policy = &draft.site.decisions.policy;
    let Some(hours) = &policy.business_hours else {
        return NIGHT_S;
    };
    let here = draft.site.now.to_zoned(policy.time_zone.rules().clone());
    (0..8)
        .find_map(|days| {
            let day = here.date().checked_add(jiff::Span::new().days(days)).ok()?;
            let start = day
                .to_datetime(hours.from)
                .to_zoned(here.time_zone().clone())
                .ok()?;
            let is_work = hours.days.contains(&day.weekday());
            (is_work && start > here).then(|| start.timestamp().duration_since(draft.site.now).as_secs())
        })
        .and_then(|seconds| u64::try_from(seconds).ok())
        .unwrap_or(NIGHT_S)
}

/// What the changes so far save an hour, if that is known.
fn saves(draft: &Draft<'_>) -> Option<UsdPerHour> {
    let total = draft
        .proposal
        .changes
        .iter()
        .map(|change| change.cost.clone())
        .fold(CostDelta::None, CostDelta::plus);
    match total {
        CostDelta::Known { usd_per_hour, .. } if usd_per_hour < UsdPerHour::ZERO => Some(-usd_per_hour),
        _ => None,
    }
}

/// Notes on a resource what was there, as the first of the changes.
fn note(draft: &mut Draft<'_>, kind: &str, resource: &str, what: What) -> Result<(), Refusal> {
    let saved = Saved {
        what,
        at: draft.site.now,
        estate: None,
        saves: saves(draft),
    };
    let value = saved
        .encode()
        .ok_or_else(|| Refusal::state(format!("what is on {resource} does not fit into a tag")))?;
    let rest = std::mem::take(&mut draft.proposal.changes);
    draft.add(
        &tags::PUT,
        json!({"kind": kind, "resource": resource, "key": NIGHT, "value": value}),
    )?;
    draft.proposal.changes.extend(rest);
    Ok(())
}

/// A group in the evening.
struct Evening<'a> {
    view: &'a View,
    group: &'a Group,
    with: &'a With,
}

/// What the hosts of a group do, by id.
#[derive(Default)]
struct Hosts {
    /// With work.
    busy: Vec<(String, String)>,
    /// That cannot be asked.
    silent: Vec<(String, String)>,
    /// That somebody protects.
    protected: BTreeSet<String>,
}

impl Evening<'_> {
    fn write(&self, draft: &mut Draft<'_>) -> Result<(), Refusal> {
        let (group, name) = (self.group, self.group.name.as_str());
        if let Some(owner) = owner_of_group(group, self.view) {
            draft.skip(format!("{name} is run by {owner}, which decides about its size"));
            return Ok(());
        }
        let saved = tag(&group.tags, NIGHT)
            .map(|text| {
                Saved::decode(text).map_err(|why| Refusal::state(format!("{name}: the tag {NIGHT}: {why}")))
            })
            .transpose()?;
        let (was, noted) = match saved.as_ref().map(|saved| &saved.what) {
            Some(What::Group { was, pool, .. }) => (*was, *pool),
            Some(What::Running | What::Tasks(_) | What::Concurrency(_)) => {
                return Err(Refusal::state(format!(
                    "{name}: the tag {NIGHT} is not that of a group"
                )));
            }
            None => (Sizes::of(group), None),
        };
        let size = self.size(draft, was);
        let hosts = self.hosts();
        let stay = self.stay(&hosts);
        let night = Sizes {
            min: size.min,
            desired: size.desired.max(count(stay.len())),
            max: size.desired.max(count(stay.len())),
        };
        let now = Sizes::of(group);
        let is_held = HOLDS
            .iter()
            .all(|process| group.suspended.iter().any(|known| known.name == *process));
        // What a pool keeps prepared comes on top of the group; without a note it could not be brought back.
        let pool = group
            .warm_pool
            .as_ref()
            .map(Prepared::of)
            .filter(|_| saved.is_none() || noted.is_some())
            .filter(|pool| *pool != pool.at_rest(night.max));
        if saved.is_some() && now == night && is_held && pool.is_none() {
            draft.skip(format!("{name} is down already"));
            return Ok(());
        }
        // Whatever could raise it is no matter then; a group at nothing that a policy may raise is held.
        if saved.is_none() && now.max <= night.max && pool.is_none() {
            draft.skip(format!("{name} is no larger than at night: max {}", now.max));
            return Ok(());
        }
        self.refreshing(draft)?;
        self.judge(draft, &hosts, night)?;
        self.changes(draft, (&hosts, &stay), (saved.is_none(), was, night), pool)
    }

    /// The size at night: the estate's own for this group, else `keep`; never more than by day.
    fn size(&self, draft: &Draft<'_>, was: Sizes) -> Sizes {
        let keep = self.with.keep;
        let night = draft.site.decisions.policy.night_capacity.get(&self.group.name);
        let (min, desired) = night.map_or((keep, keep), |night| (night.min, night.desired.max(keep)));
        let desired = desired.min(was.desired);
        Sizes {
            min: min.min(desired),
            max: desired,
            desired,
        }
    }

    fn hosts(&self) -> Hosts {
        let mut hosts = Hosts::default();
        for host in members(self.group, self.view) {
            match survey::work(host, self.view) {
                Work::Idle => {}
                Work::Busy { what, .. } => hosts.busy.push((host.id.clone(), what)),
                Work::Unknown { why, .. } => hosts.silent.push((host.id.clone(), why)),
            }
        }
        let protected = self.group.instances.iter().filter(|member| member.protected);
        hosts.protected = protected.map(|member| member.id.clone()).collect();
        hosts
    }

    /// Hosts that stay, whatever the size at night is.
    fn stay(&self, hosts: &Hosts) -> BTreeSet<String> {
        match self.with.busy {
            Busy::Force => BTreeSet::new(),
            Busy::Refuse => hosts.protected.clone(),
            Busy::Drain => {
                let silent = hosts.silent.iter().map(|(id, _)| id.clone());
                hosts.protected.iter().cloned().chain(silent).collect()
            }
        }
    }

    /// While its instances are being replaced a group is left alone.
    fn refreshing(&self, draft: &mut Draft<'_>) -> Result<(), Refusal> {
        let name = &self.group.name;
        match self.view.refreshes(name) {
            Ok(all) => match all.iter().find(|refresh| refresh.is_active()) {
                Some(active) => Err(Refusal::state(format!(
                    "an instance refresh of {name} is under way ({}): wait for it, or cancel it",
                    active.status
                ))),
                None => Ok(()),
            },
            Err(unread) => {
                draft.warn(format!(
                    "{name}: whether an instance refresh is under way is not known: {unread}"
                ));
                Ok(())
            }
        }
    }

    /// Says what work there is, and refuses if it must not be ended.
    fn judge(&self, draft: &mut Draft<'_>, hosts: &Hosts, night: Sizes) -> Result<(), Refusal> {
        let name = &self.group.name;
        let mut work: Vec<String> = Vec::new();
        let working = hosts.busy.iter().chain(&hosts.silent);
        let going = working.filter(|(id, _)| !hosts.protected.contains(id)).count();
        let room = (night.desired as usize).saturating_sub(hosts.protected.len());
        if going > room {
            work.extend(
                hosts
                    .busy
                    .iter()
                    .map(|(id, what)| format!("{id} is busy ({what})")),
            );
            work.extend(
                hosts
                    .silent
                    .iter()
                    .map(|(id, why)| format!("{id} cannot be asked ({why})")),
            );
        }
        let policy = &draft.site.decisions.policy;
        let mut waiting = Vec::new();
        for queue in policy.queues_of(name) {
            match self.view.queue(&queue.queue) {
                Ok(Some(known)) if known.in_flight > 0 => {
                    work.push(format!(
                        "{} has {} in flight",
                        queue.queue,
                        counted(known.in_flight, "message")
                    ));
                }
                Ok(Some(known)) if known.visible > 0 => {
                    waiting.push(format!(
                        "{name}: {} messages of {} wait until the morning",
                        known.visible, queue.queue
                    ));
                }
                Ok(Some(_)) => {}
                Ok(None) => work.push(format!("there is no queue {}", queue.queue)),
                Err(unread) => work.push(format!("{}: {unread}", queue.queue)),
            }
        }
        for warning in waiting {
            draft.warn(warning);
        }
        if work.is_empty() {
            return Ok(());
        }
        let work = work.join(", ");
        match self.with.busy {
            Busy::Refuse => Err(Refusal::state(format!(
                "{name} has work: {work}; wait, or give busy=drain or busy=force"
            ))),
            Busy::Drain => {
                draft.warn(format!("{name} has work, which is waited for: {work}"));
                Ok(())
            }
            Busy::Force => {
                draft.warn(format!("{name} has work, which ENDS: {work}"));
                Ok(())
            }
        }
    }

    fn changes(
        &self,
        draft: &mut Draft<'_>,
        (hosts, stay): (&Hosts, &BTreeSet<String>),
        (first, was, night): (bool, Sizes, Sizes),
        pool: Option<Prepared>,
    ) -> Result<(), Refusal> {
        let name = self.group.name.as_str();
        self.warnings(draft, stay, was);
        let held: Vec<&str> = HOLDS
            .into_iter()
            .filter(|process| !self.group.suspended.iter().any(|known| known.name == *process))
            .collect();
        draft.add(&SUSPEND_PROCESSES, json!({"group": name, "processes": HOLDS}))?;
        // First, so that what leaves the group finds no room in the pool either.
        if let Some(pool) = pool {
            draft.add(&SetWarmPool, pool.at_rest(night.max).arguments(name))?;
        }
        // Whom scale-in must not take: those that work, and those that somebody protects.
        let working: BTreeSet<&String> = match self.with.busy {
            Busy::Force => hosts.protected.iter().collect(),
            Busy::Refuse | Busy::Drain => hosts
                .busy
                .iter()
                .map(|(id, _)| id)
                .chain(hosts.silent.iter().map(|(id, _)| id))
                .chain(stay)
                .collect(),
        };
        let all = count(members(self.group, self.view).len());
        let first_desired = night.desired.max(count(working.len()).min(all));
        let excess = first_desired.saturating_sub(night.desired) as usize;
        // Who has room at night stays; the others go one by one.
        let leaving: Vec<&String> = working
            .iter()
            .copied()
            .filter(|id| !stay.contains(*id))
            .rev()
            .take(excess)
            .collect();
        let kept: Vec<&String> = working
            .iter()
            .copied()
            .filter(|id| !hosts.protected.contains(*id) && !leaving.contains(id))
            .collect();
        let is_guarded = first_desired < all;
        if is_guarded && !kept.is_empty() {
            draft.add(&Protect, json!({"group": name, "instances": kept}))?;
        }
        for id in leaving.iter().filter(|id| !hosts.protected.contains(**id)) {
            draft.add(&Protect, json!({"group": name, "instances": [id]}))?;
        }
        draft.add(
            &SetCapacity,
            json!({"group": name, "min": night.min, "max": first_desired, "desired": first_desired}),
        )?;
        for id in leaving {
            if self.with.busy == Busy::Force {
                draft.add(
                    &TerminateInstance,
                    json!({"group": name, "instance": id, "even_protected": true}),
                )?;
            } else {
                drain::out_of_group(draft, name, id)?;
            }
        }
        if excess > 0 {
            draft.add(&SetCapacity, json!({"group": name, "max": night.max}))?;
        }
        if is_guarded && !kept.is_empty() {
            draft.add(
                &Protect,
                json!({"group": name, "instances": kept, "protected": false}),
            )?;
        }
        if first {
            let what = What::Group {
                was,
                left: night,
                held: held.into_iter().map(str::to_owned).collect(),
                pool,
            };
            note(draft, "asg", name, what)?;
        }
        Ok(())
    }

    /// What keeps the group from going down all the way, or makes it cost more than it seems.
    fn warnings(&self, draft: &mut Draft<'_>, stay: &BTreeSet<String>, was: Sizes) {
        let (group, name) = (self.group, &self.group.name);
        let now = Sizes::of(group);
        if now != was {
            draft.warn(format!(
                "{name}: it was noted at min/max/desired {was} and is at {now} now: the morning brings back {was}"
            ));
        }
        for member in group.instances.iter().filter(|member| stay.contains(&member.id)) {
            let why = if member.protected {
                "it is protected from scale-in"
            } else {
                "it cannot be asked what it does"
            };
            draft.skip(format!("{} of {name} stays: {why}", member.id));
        }
        if group.weighted {
            draft.warn(format!("{name}: sizes are in capacity units, not in instances"));
        }
    }
}

/// An instance of no group in the evening.
fn alone(instance: &Instance, busy: Busy, view: &View, draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let label = named(instance);
    if let Some(group) = instance.group() {
        return Err(Refusal::state(format!(
            "{label} is in the Auto Scaling group {group}: name the group, or drain the host (gpu.drain)"
        )));
    }
    if let Some(owner) = instance.foreign_owner() {
        draft.skip(format!("{label} is run by {owner}, which decides about it"));
        return Ok(());
    }
    if !gpu::is_gpu_type(&instance.instance_type) {
        return Err(Refusal::state(format!(
            "{label} is a {}, which has no GPU",
            instance.instance_type
        )));
    }
    if !instance.is_running() {
        draft.skip(format!("{label} is {} already", instance.state));
        return Ok(());
    }
    match instance.purchase {
        Purchase::OnDemand => {}
        Purchase::Spot => {
            draft.skip(format!(
                "{label} is a Spot instance, which only its request can stop"
            ));
            return Ok(());
        }
        Purchase::CapacityBlock => {
            draft.skip(format!(
                "{label} is of a Capacity Block, which is paid for anyway"
            ));
            return Ok(());
        }
    }
    let mut work = Vec::new();
    let asked = survey::work(instance, view);
    match &asked {
        Work::Idle => {}
        Work::Busy { what, .. } => work.push(format!("busy ({what})")),
        Work::Unknown { why, .. } => work.push(format!("cannot be asked ({why})")),
    }
    for queue in draft.site.decisions.policy.queues_of(super::name(instance)) {
        match view.queue(&queue.queue) {
            Ok(Some(known)) if known.in_flight > 0 => {
                work.push(format!(
                    "{} has {} in flight",
                    queue.queue,
                    counted(known.in_flight, "message")
                ));
            }
            Ok(Some(_)) => {}
            Ok(None) => work.push(format!("there is no queue {}", queue.queue)),
            Err(unread) => work.push(format!("{}: {unread}", queue.queue)),
        }
    }
    let words = work.join(", ");
    let id = json!(instance.id);
    match (busy, work.is_empty(), &asked) {
        (Busy::Refuse, false, _) => {
            return Err(Refusal::state(format!(
                "{label} has work: {words}; wait, or give busy=drain or busy=force"
            )));
        }
        (Busy::Drain, false, Work::Unknown { .. }) => {
            draft.skip(format!("{label} stays: {words}"));
            return Ok(());
        }
        (Busy::Drain, false, _) => {
            draft.warn(format!("{label} has work, which is waited for: {words}"));
            drain::stop_when_idle(draft, &instance.id)?;
        }
        (Busy::Force, false, _) => {
            draft.warn(format!("{label} has work, which ENDS: {words}"));
            draft.add(&power::STOP, json!({"instance": id}))?;
        }
        (_, true, _) => draft.add(&power::STOP, json!({"instance": id}))?,
    }
    if tag(&instance.tags, NIGHT).is_none() {
        note(draft, "ec2-instance", &instance.id, What::Running)?;
    }
    Ok(())
}

fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}
