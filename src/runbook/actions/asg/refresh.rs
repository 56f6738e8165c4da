//! `asg.start_refresh`, `asg.cancel_refresh` and `asg.rollback_refresh`: the replacement of a group's
//! instances.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{group, target};
use crate::domain::asg::{Desired, Group, InstanceRefresh, LaunchTemplate, RefreshSettings, Spared};
use crate::domain::counted::counted;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, autoscaling};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Fields, Impact, Pace, Progress, Proposal, Refusal,
    Sight, Site, Stamp, Undo, Unread, View, fields, known_after, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `asg.start_refresh`.
pub struct StartRefresh;

/// Ends a refresh that is under way.
pub struct EndRefresh {
    to: End,
}

/// `asg.cancel_refresh`.
pub const CANCEL: EndRefresh = EndRefresh { to: End::Cancelled };

/// `asg.rollback_refresh`.
pub const ROLLBACK: EndRefresh = EndRefresh { to: End::RolledBack };

/// How a refresh is ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Cancelled,
    RolledBack,
}

impl End {
    const fn word(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::RolledBack => "rolled back",
        }
    }
}

/// The field that says whether any refresh goes on, in whichever direction.
const UNDER_WAY: &str = "under_way";

/// How often to look: there is nothing that AWS reports more often.
const PACE: Pace = Pace {
    every_s: 30,
    timeout_s: 60 * 60,
    settle_s: 30,
};

/// The share of the capacity that stays healthy unless said otherwise, percent; AWS's own default.
const MIN_HEALTHY: u32 = 90;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    group: String,
    min_healthy_percent: Option<u32>,
    max_healthy_percent: Option<u32>,
    warmup_s: Option<u32>,
    #[serde(default)]
    skip_matching: bool,
    spared: Option<Spared>,
    template_version: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Only {
    group: String,
}

/// What every change here names.
#[derive(Deserialize)]
struct Named {
    group: String,
}

fn reads(group: &str) -> Vec<Query> {
    vec![
        Query::AutoScaling(autoscaling::Read::Groups),
        Query::AutoScaling(autoscaling::Read::InstanceRefreshes {
            group: group.to_owned(),
        }),
    ]
}

/// A group and its newest refresh.
type Newest<'v> = (&'v Group, Option<&'v InstanceRefresh>);

/// A group that is there, and its newest refresh.
fn newest<'v>(view: &'v View, name: &str) -> Result<Option<Newest<'v>>, Unread> {
    match view.group(name)? {
        None => Ok(None),
        Some(group) => Ok(Some((group, view.refreshes(name)?.first()))),
    }
}

fn look(group: &str, view: &View, fields: impl FnOnce(&Group, Option<&InstanceRefresh>) -> Fields) -> Sight {
    Sight::of(newest(view, group), |(group, newest)| fields(group, newest))
}

/// A launch template's version as one text; no colon can be in its id or name.
fn named(template: &LaunchTemplate) -> String {
    format!("{}:{}", template.id, template.version)
}

/// The launch template's version that a change leads to.
fn wanted_template(change: &Change) -> Option<LaunchTemplate> {
    let (id, version) = change.after.get("template")?.as_str()?.rsplit_once(':')?;
    Some(LaunchTemplate {
        id: id.to_owned(),
        version: version.to_owned(),
    })
}

impl Start {
    fn settings(&self, template: Option<LaunchTemplate>) -> RefreshSettings {
        RefreshSettings {
            min_healthy_percent: self.min_healthy_percent.unwrap_or(MIN_HEALTHY),
            max_healthy_percent: self.max_healthy_percent,
            warmup_s: self.warmup_s,
            skip_matching: self.skip_matching,
            spared: self.spared.unwrap_or(Spared::Ignore),
            template,
        }
    }
}

/// Where a refresh is going: what is on its way counts as there.
fn heading(status: &str) -> &str {
    match status {
        "Pending" | "InProgress" | "Baking" => "forward",
        "Cancelling" | "Cancelled" => "cancelled",
        "RollbackInProgress" | "RollbackSuccessful" => "rolled back",
        "RollbackFailed" => "not rolled back",
        "Successful" => "successful",
        "Failed" => "failed",
        other => other,
    }
}

fn whereabouts(refresh: &InstanceRefresh) -> String {
    let mut words = refresh.status.clone();
    if let Some(percent) = refresh.percent {
        words.push_str(&format!(", {percent} %"));
    }
    if let Some(left) = refresh.left.filter(|left| *left > 0) {
        words.push_str(&format!(", {left} left"));
    }
    if let Some(reason) = &refresh.reason {
        words.push_str(&format!(": {reason}"));
    }
    words
}

/// How a refresh of these arguments goes about it.
fn settings(start: &Start, group: &Group) -> Result<RefreshSettings, Refusal> {
    if start.min_healthy_percent.is_some_and(|least| least > 100) {
        return Err(BadArguments("min_healthy_percent is more than 100".to_owned()).into());
    }
    if start
        .max_healthy_percent
        .is_some_and(|most| !(100..=200).contains(&most))
    {
        return Err(BadArguments("max_healthy_percent is not from 100 to 200".to_owned()).into());
    }
    let Some(version) = &start.template_version else {
        return Ok(start.settings(None));
    };
    let known = group
        .launch_template
        .as_ref()
        .ok_or_else(|| Refusal::state(format!("{} does not launch from a launch template", group.name)))?;
    let template = LaunchTemplate {
        id: known.id.clone(),
        version: version.clone(),
    };
    if template.is_pinned() {
        Ok(start.settings(Some(template)))
    } else {
        Err(BadArguments(format!("{version} is not the number of a version")).into())
    }
}

impl Action for StartRefresh {
    fn name(&self) -> &'static str {
        "asg.start_refresh"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Replaces the instances of an Auto Scaling group, a few at a time, by new ones.\n\
                The new ones are of the group's own configuration, or of another version of its launch \
                template. One that is under way is refused. Nothing takes a finished refresh back but \
                another one; one under way can be cancelled or rolled back.",
            fields: vec![
                FieldSchema::required("group", Type::Text, "The group."),
                FieldSchema::optional(
                    "min_healthy_percent",
                    Type::Int,
                    "90",
                    "The share of the capacity that stays healthy.",
                ),
                FieldSchema::optional(
                    "max_healthy_percent",
                    Type::Int,
                    "the group's own",
                    "How far beyond the capacity it may go, 100 to 200.",
                ),
                FieldSchema::optional(
                    "warmup_s",
                    Type::Int,
                    "the group's own",
                    "Seconds that a new instance is given to warm up.",
                ),
                FieldSchema::optional(
                    "skip_matching",
                    Type::Bool,
                    "`false`",
                    "Whether instances that are as wanted already are left alone.",
                ),
                FieldSchema::optional(
                    "spared",
                    Type::Text,
                    "`ignore`",
                    "What becomes of instances that are protected or in standby.",
                )
                .one_of(&["ignore", "replace", "wait"]),
                FieldSchema::optional(
                    "template_version",
                    Type::Text,
                    "as it is",
                    "The number of the launch template's version to bring.",
                ),
            ],
            outputs: vec![OutputSchema::new(
                "template",
                Type::optional(Type::Text),
                "The launch template and version that the instances are of, `lt-…:7`.",
            )],
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Asg),
        }
    }

    fn pace(&self) -> Pace {
        PACE
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        Ok(reads(&parse::<Start>(with)?.group))
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let start: Start = parse(with)?;
        let group = group(view, &start.group)?;
        let newest = view.refreshes(&group.name)?.first();
        if let Some(active) = newest.filter(|refresh| refresh.is_active()) {
            return Err(Refusal::state(format!(
                "an instance refresh of {} is under way ({}): cancel it or roll it back first",
                group.name,
                whereabouts(active)
            )));
        }
        let settings = settings(&start, group)?;
        let before = group.launch_template.as_ref().map(named);
        let after = settings.template.as_ref().map(named).or_else(|| before.clone());
        for process in ["Launch", "Terminate", "InstanceRefresh"] {
            if group.suspended.iter().any(|known| known.name == process) {
                return Err(Refusal::state(format!(
                    "{process} is suspended on {}: no instance would be replaced",
                    group.name
                )));
            }
        }
        let count = u32::try_from(group.instances.len()).unwrap_or(u32::MAX);
        let mut summary = format!("replace {}", counted(count, "instance"));
        if let (Some(before), Some(after)) = (&before, &after)
            && before != after
        {
            summary.push_str(&format!(", launch template {before} → {after}"));
        }
        let proposal = Proposal::one(Change {
            summary,
            before: fields([
                ("refresh", json!(newest.map(|refresh| &refresh.id))),
                ("template", json!(before)),
            ]),
            after: fields([("refresh", known_after("this step")), ("template", json!(after))]),
            impact: Impact {
                instances_removed: count,
                instances_added: count,
                ..Impact::default()
            },
            ..Change::draft(self, target(site, group), with)
        });
        let protected = group.instances.iter().filter(|member| member.protected).count();
        let name = &group.name;
        // What stands prepared has pulled what it runs at its first start.
        let prepared = group.warm_pool.as_ref().map_or(0, |pool| pool.instances.len());
        let proposal = if prepared > 0 && !settings.skip_matching {
            proposal.warn(format!(
                "{name}: {} of the warm pool {} replaced too",
                counted(u32::try_from(prepared).unwrap_or(u32::MAX), "instance"),
                if prepared == 1 { "is" } else { "are" }
            ))
        } else {
            proposal
        };
        if protected == 0 {
            return Ok(proposal);
        }
        Ok(proposal.warn(match settings.spared {
            Spared::Ignore => format!("{name}: {protected} protected instances stay as they are"),
            Spared::Replace => format!("{name}: {protected} protected instances are replaced too"),
            Spared::Wait => format!(
                "{name}: {protected} protected instances must be released within an hour, or it fails"
            ),
        }))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = parse::<Named>(&change.with) else {
            return Sight::Gone;
        };
        look(&with.group, view, |group, newest| {
            // Until it has ended a refresh does not change the group's own version.
            let brought = newest
                .filter(|newest| Some(&json!(newest.id)) != change.before.get("refresh"))
                .and_then(|newest| newest.desired.as_ref()?.template());
            fields([
                ("refresh", json!(newest.map(|refresh| &refresh.id))),
                (
                    "template",
                    json!(brought.or(group.launch_template.as_ref()).map(named)),
                ),
            ])
        })
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let start: Start = parse(&change.with)?;
        let template = match &start.template_version {
            None => None,
            Some(_) => Some(
                wanted_template(change)
                    .ok_or_else(|| BadArguments("the change names no launch template".to_owned()))?,
            ),
        };
        Ok(Mutation::AutoScaling(autoscaling::Write::StartInstanceRefresh {
            group: start.group.clone(),
            settings: start.settings(template),
        }))
    }

    fn progress(&self, change: &Change, applied: &Applied, view: &View) -> Progress {
        let Ok(with) = parse::<Named>(&change.with) else {
            return Progress::Failed("the change names no group".to_owned());
        };
        let refreshes = match (view.group(&with.group), view.refreshes(&with.group)) {
            (Err(unread), _) | (_, Err(unread)) => Err(unread),
            (Ok(group), Ok(refreshes)) => Ok(group.map(|_| refreshes)),
        };
        Progress::of(refreshes, "the group", |refreshes| {
            let own = match &applied.receipt.created {
                Some(id) => refreshes.iter().find(|refresh| &refresh.id == id),
                None => refreshes
                    .first()
                    .filter(|newest| Some(&json!(newest.id)) != change.before.get("refresh")),
            };
            match own {
                None => Progress::Waiting("the refresh is not listed yet".to_owned()),
                Some(refresh) if refresh.status == "Successful" => Progress::Done,
                Some(refresh) if refresh.is_forward() => Progress::Waiting(whereabouts(refresh)),
                Some(refresh) => Progress::Failed(format!("the refresh is {}", whereabouts(refresh))),
            }
        })
    }

    fn call_off(&self, change: &Change) -> Option<Change> {
        let group = parse::<Named>(&change.with).ok()?.group;
        let mut with = Arguments::new();
        with.insert("group".to_owned(), json!(group));
        Some(Change {
            summary: "cancel the instance refresh, if it is still under way".to_owned(),
            // One that somebody else has begun since is not this one.
            before: fields([
                (
                    "follows",
                    change.before.get("refresh").cloned().unwrap_or_default(),
                ),
                (UNDER_WAY, json!(true)),
            ]),
            after: fields([(UNDER_WAY, json!(false))]),
            ..Change::draft(&CANCEL, change.target.clone(), &with)
        })
    }

    fn invert(&self, change: &Change) -> Undo {
        match (change.before.get("template"), change.after.get("template")) {
            (before, after) if before == after => {
                Undo::NotNeeded("the instances are of the same configuration as before")
            }
            (Some(Value::String(before)), _) => Undo::Impossible(format!(
                "instances that were replaced stay so: bring {before} back by another refresh"
            )),
            _ => Undo::Impossible("instances that were replaced stay so".to_owned()),
        }
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<Named>(&change.with) else {
            return;
        };
        let template = wanted_template(change);
        if let Some(all) = view.refreshes_mut(&with.group) {
            let refresh = InstanceRefresh {
                id: "planned".to_owned(),
                group: with.group.clone(),
                status: "Successful".to_owned(),
                reason: None,
                started_at: None,
                ended_at: None,
                percent: Some(100),
                left: Some(0),
                desired: template.clone().map(Desired::Template),
            };
            all.insert(0, refresh);
        }
        if let (Some(group), Some(template)) = (view.group_mut(&with.group), template) {
            group.launch_template = Some(template);
        }
    }
}

impl EndRefresh {
    /// What brings back what was before a refresh that is over.
    fn anew(name: &str, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let refreshes = view.refreshes(name)?;
        let Some(newest) = refreshes.first() else {
            return Err(Refusal::state(format!("{name} has had no instance refresh")));
        };
        if newest.status == "RollbackSuccessful" {
            return Ok(Proposal::passed_over(format!(
                "the newest instance refresh of {name} is rolled back already"
            )));
        }
        if newest.status != "Successful" {
            return Err(Refusal::state(format!(
                "the newest instance refresh of {name} is {}: there is nothing to roll back",
                whereabouts(newest)
            )));
        }
        let brought = newest.desired.as_ref().and_then(Desired::template);
        let earlier = brought.and_then(|brought| {
            refreshes
                .iter()
                .skip(1)
                .filter(|refresh| refresh.status == "Successful")
                .filter_map(|refresh| refresh.desired.as_ref()?.template())
                .find(|template| {
                    template.is_pinned() && template.id == brought.id && template.version != brought.version
                })
        });
        let Some(earlier) = earlier else {
            return Err(Refusal::state(format!(
                "the instance refresh of {name} is over, and none before it tells which version of the \
                 launch template was good: begin one with that version (asg.start_refresh)"
            )));
        };
        let mut with = Arguments::new();
        with.insert("group".to_owned(), json!(name));
        with.insert("template_version".to_owned(), json!(earlier.version));
        with.insert("skip_matching".to_owned(), json!(true));
        Ok(StartRefresh.plan(&with, view, site)?.warn(format!(
            "{name}: the refresh is over, so another one brings version {} back",
            earlier.version
        )))
    }
}

impl Action for EndRefresh {
    fn name(&self) -> &'static str {
        match self.to {
            End::Cancelled => "asg.cancel_refresh",
            End::RolledBack => "asg.rollback_refresh",
        }
    }

    fn schema(&self) -> ActionSchema {
        let about = match self.to {
            End::Cancelled => {
                "Ends the instance refresh of an Auto Scaling group where it is.\n\
                 What is replaced stays replaced, so the group may be of two versions afterwards."
            }
            End::RolledBack => {
                "Rolls the instance refresh of an Auto Scaling group back.\n\
                 AWS can do that while it is under way, if it brings a configuration of its own and the group \
                 names a fixed version of its launch template. Of one that is over, the version before it, as \
                 earlier refreshes tell, is brought back by another refresh."
            }
        };
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about,
            fields: vec![FieldSchema::required("group", Type::Text, "The group.")],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Asg),
        }
    }

    fn pace(&self) -> Pace {
        PACE
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        Ok(reads(&parse::<Only>(with)?.group))
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let only: Only = parse(with)?;
        let group = group(view, &only.group)?;
        let name = &group.name;
        let newest = view.refreshes(name)?.first();
        let Some(active) = newest.filter(|refresh| refresh.is_active()) else {
            return match self.to {
                End::Cancelled => Ok(Proposal::nothing()),
                End::RolledBack => Self::anew(name, view, site),
            };
        };
        if heading(&active.status) == self.to.word() {
            return Ok(Proposal::nothing());
        }
        if !active.is_forward() {
            return Err(Refusal::state(format!(
                "the instance refresh of {name} is {}",
                whereabouts(active)
            )));
        }
        if self.to == End::RolledBack {
            if active.desired.is_none() {
                return Err(Refusal::state(format!(
                    "the instance refresh of {name} brings no configuration of its own, so AWS cannot roll it \
                     back: cancel it (asg.cancel_refresh)"
                )));
            }
            if let Some(moving) = group
                .launch_template
                .as_ref()
                .filter(|template| !template.is_pinned())
            {
                return Err(Refusal::state(format!(
                    "{name} launches from the version {} of its launch template, which moves, so AWS cannot \
                     roll the refresh back: cancel it and begin one with the number of the good version",
                    moving.version
                )));
            }
        }
        let verb = match self.to {
            End::Cancelled => "cancel",
            End::RolledBack => "roll back",
        };
        let state = |state: &str| fields([("refresh", json!(active.id)), ("state", json!(state))]);
        Ok(Proposal::one(Change {
            summary: format!("{verb} the instance refresh ({})", whereabouts(active)),
            before: state("forward"),
            after: state(self.to.word()),
            ..Change::draft(self, target(site, group), with)
        }))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = parse::<Named>(&change.with) else {
            return Sight::Gone;
        };
        let earlier = view.refreshes(&with.group).ok().and_then(|all| all.get(1));
        look(&with.group, view, |_, newest| {
            fields([
                ("refresh", json!(newest.map(|refresh| &refresh.id))),
                ("state", json!(newest.map(|refresh| heading(&refresh.status)))),
                ("follows", json!(earlier.map(|refresh| &refresh.id))),
                (UNDER_WAY, json!(newest.is_some_and(InstanceRefresh::is_active))),
            ])
        })
    }

    fn busy(&self, change: &Change, view: &View) -> Option<String> {
        let group = parse::<Named>(&change.with).ok()?.group;
        let newest = view.refreshes(&group).ok()?.first()?;
        (newest.is_active() && !newest.is_forward())
            .then(|| format!("the refresh is {}", whereabouts(newest)))
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let group = parse::<Only>(&change.with)?.group;
        Ok(Mutation::AutoScaling(match self.to {
            End::Cancelled => autoscaling::Write::CancelInstanceRefresh { group },
            End::RolledBack => autoscaling::Write::RollbackInstanceRefresh { group },
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let Ok(with) = parse::<Named>(&change.with) else {
            return Progress::Failed("the change names no group".to_owned());
        };
        Progress::of(newest(view, &with.group), "the group", |(_, newest)| {
            let is_ours = |newest: &InstanceRefresh| {
                let planned = change.before.get("refresh");
                planned.is_none_or(|planned| *planned == json!(newest.id))
            };
            let Some(refresh) = newest.filter(|newest| is_ours(newest)) else {
                return Progress::Failed("another refresh has begun".to_owned());
            };
            match (self.to, refresh.status.as_str()) {
                (End::Cancelled, "Cancelled") | (End::RolledBack, "RollbackSuccessful") => Progress::Done,
                // However it ended: it is not under way any more.
                _ if change.before.contains_key(UNDER_WAY) && !refresh.is_active() => Progress::Done,
                (End::Cancelled, "Cancelling") | (End::RolledBack, "RollbackInProgress") => {
                    Progress::Waiting(whereabouts(refresh))
                }
                // Reads lag writes.
                _ if refresh.is_forward() => Progress::Waiting(whereabouts(refresh)),
                _ => Progress::Failed(format!("the refresh is {}", whereabouts(refresh))),
            }
        })
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::Impossible(match self.to {
            End::Cancelled => "a cancelled refresh does not go on: begin another one".to_owned(),
            End::RolledBack => "what was rolled back does not come again: begin another refresh".to_owned(),
        })
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<Named>(&change.with) else {
            return;
        };
        if let Some(newest) = view.refreshes_mut(&with.group).and_then(|all| all.first_mut()) {
            let status = match self.to {
                End::Cancelled => "Cancelled",
                End::RolledBack => "RollbackSuccessful",
            };
            status.clone_into(&mut newest.status);
        }
    }
}
