//! `gpu.morning_up`: what the evening noted on a group or an instance is brought back, and nothing else.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{NIGHT, named, owner_of_group};
use crate::domain::asg::{Activity, Group};
use crate::domain::ec2::Instance;
use crate::domain::ids::tag;
use crate::domain::ops::{Query, autoscaling, ec2};
use crate::domain::policy::ConfirmLevel;
use crate::domain::savings::Off;
use crate::domain::units::{Usd, UsdPerHour};
use crate::runbook::action::{Arguments, BadArguments, CostDelta, Refusal, View, parse};
use crate::runbook::actions::asg::{Prepared, RESUME_PROCESSES, SetCapacity, SetWarmPool, Sizes};
use crate::runbook::actions::saved::{Saved, What};
use crate::runbook::actions::script::{Draft, Script};
use crate::runbook::actions::{ec2 as power, tags};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `gpu.morning_up`.
pub struct MorningUp;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    target: String,
}

/// What the evening noted; nothing if there is no note.
fn saved(tags: &[crate::domain::ids::Tag], name: &str) -> Result<Option<Saved>, Refusal> {
    tag(tags, NIGHT)
        .map(|text| {
            Saved::decode(text).map_err(|why| Refusal::state(format!("{name}: the tag {NIGHT}: {why}")))
        })
        .transpose()
}

impl Script for MorningUp {
    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: "gpu.morning_up",
            role: Role::Action,
            about: "Brings a group of GPU hosts, or one on its own, back to what gpu.night_down noted on it.\n\
                What it suspended is resumed and nothing else; the three sizes come back in one call; the note \
                is removed last, once the instances are there. What differs from how the evening left it is \
                named. Without a note nothing is done. Capacity that AWS does not have leaves the note in place, \
                so that the same can be done again.",
            fields: vec![FieldSchema::required(
                "target",
                Type::Text,
                "The group's name or the instance's id.",
            )],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Reversible,
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
        ])
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        let since = parse::<With>(with).ok().and_then(|with| {
            let group = view.group(&with.target).ok()??;
            Some(saved(&group.tags, &group.name).ok()??.at)
        });
        since
            .map(|since| Query::AutoScaling(autoscaling::Read::Activities { since }))
            .into_iter()
            .collect()
    }

    fn write(&self, with: &Arguments, draft: &mut Draft<'_>) -> Result<(), Refusal> {
        let With { target } = parse(with)?;
        let view = draft.view.clone();
        if let Some(group) = view.group(&target)? {
            if super::is_foreign(&group.name, &group.tags, draft) {
                return Ok(());
            }
            return of_group(group, &view, draft);
        }
        match view.instance(&target)? {
            Some(instance) if super::is_foreign(super::name(instance), &instance.tags, draft) => Ok(()),
            Some(instance) => of_instance(instance, draft),
            None => Err(Refusal::absent(format!(
                "there is no Auto Scaling group and no instance {target}"
            ))),
        }
    }
}

fn of_group(group: &Group, view: &View, draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let name = group.name.as_str();
    if let Some(owner) = owner_of_group(group, view) {
        draft.skip(format!("{name} is run by {owner}, which decides about its size"));
        return Ok(());
    }
    let Some(saved) = saved(&group.tags, name)? else {
        if group.max == 0 {
            draft.warn(format!(
                "{name}: nothing was noted in the evening and its maximum is 0: set its sizes yourself \
                 (asg.set_capacity)"
            ));
        }
        draft.skip(format!("{name}: nothing was noted in the evening"));
        return Ok(());
    };
    let What::Group {
        was,
        left,
        held,
        pool,
    } = &saved.what
    else {
        return Err(Refusal::state(format!(
            "{name}: the tag {NIGHT} is not that of a group"
        )));
    };
    let now = Sizes::of(group);
    if now != *left && now != *was {
        draft.warn(format!(
            "{name}: somebody changed it since the evening, which left min/max/desired {left}: it is at {now}"
        ));
    }
    let (ours, gone): (Vec<&String>, Vec<&String>) = held
        .iter()
        .partition(|process| group.suspended.iter().any(|known| &known.name == *process));
    if !gone.is_empty() {
        let gone: Vec<&str> = gone.into_iter().map(String::as_str).collect();
        draft.warn(format!(
            "{name}: {} was suspended in the evening and is not any more",
            gone.join(" and ")
        ));
    }
    // What holds it back is let go first: with the maximum of the night nothing can grow before its time.
    if !ours.is_empty() {
        draft.add(&RESUME_PROCESSES, json!({"group": name, "processes": ours}))?;
        // That they are suspended is our own doing.
        let own = format!("{name}: ");
        draft
            .proposal
            .warnings
            .retain(|warning| !(warning.starts_with(&own) && warning.contains(" is suspended: ")));
    }
    draft.add(
        &SetCapacity,
        json!({"group": name, "min": was.min, "max": was.max, "desired": was.desired}),
    )?;
    if now.desired == left.desired {
        price_as_noted(draft, name, &saved);
    }
    refill(group, *pool, draft)?;
    draft.add(
        &tags::REMOVE,
        json!({"kind": "asg", "resource": name, "key": NIGHT}),
    )?;
    if was.desired > now.desired {
        draft.warn(format!(
            "{name}: AWS may not have the capacity just then; it is tried until the wait ends"
        ));
    }
    let ends = ends(view, name);
    tell_savings(draft, (name, name), saved.saves, &ends);
    Ok(())
}

/// What comes back costs what its going away saved: where nobody knows a price now, since an empty group does
/// not show how it pays for instances, the evening's stands in, with its day.
fn price_as_noted(draft: &mut Draft<'_>, name: &str, saved: &Saved) {
    let (Some(saves), Some(change)) = (saved.saves, draft.proposal.changes.last_mut()) else {
        return;
    };
    let CostDelta::Unknown(why) = &change.cost else {
        return;
    };
    let zone = draft.site.decisions.policy.time_zone.rules().clone();
    let as_of = saved.at.to_zoned(zone).date();
    let warning = format!("{name}: {why}; it is priced at what the evening of {as_of} noted");
    change.cost = CostDelta::Known {
        usd_per_hour: saves,
        as_of,
    };
    draft.warn(warning);
}

/// Lets a warm pool fill up again as it did before, if its size was noted.
pub fn refill(group: &Group, pool: Option<Prepared>, draft: &mut Draft<'_>) -> Result<(), Refusal> {
    match (pool, &group.warm_pool) {
        (None, _) => Ok(()),
        (Some(_), None) => {
            draft.warn(format!(
                "{}: its warm pool was taken away since, and stays so",
                group.name
            ));
            Ok(())
        }
        (Some(pool), Some(_)) => draft.add(&SetWarmPool, pool.arguments(&group.name)),
    }
}

/// An instance that ended: which, if AWS says so, and when.
type End = (Option<String>, Timestamp);

/// The instance in what Auto Scaling says of an activity: `Terminating EC2 instance: i-0abc`.
pub fn instance_in(description: &str) -> Option<String> {
    description
        .split([' ', ':', ','])
        .find(|word| word.starts_with("i-"))
        .map(str::to_owned)
}

/// When instances of a group ended since the evening, as its activities tell.
fn ends(view: &View, name: &str) -> Vec<End> {
    let ended = |activity: &Activity| {
        (activity.group == name
            && activity.status == "Successful"
            && activity.description.starts_with("Terminating"))
        .then_some(activity.ended_at)
        .flatten()
        .map(|at| (instance_in(&activity.description), at))
    };
    view.activities()
        .map(|all| all.iter().filter_map(ended).collect())
        .unwrap_or_default()
}

fn of_instance(instance: &Instance, draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let label = named(instance);
    let Some(saved) = saved(&instance.tags, &label)? else {
        draft.skip(format!("{label}: nothing was noted in the evening"));
        return Ok(());
    };
    if saved.what != What::Running {
        return Err(Refusal::state(format!(
            "{label}: the tag {NIGHT} is not that of an instance"
        )));
    }
    match instance.state.as_str() {
        "running" | "pending" => draft.warn(format!("{label}: somebody has started it since the evening")),
        "terminated" | "shutting-down" => {
            draft.skip(format!("{label} is {}", instance.state));
            return Ok(());
        }
        _ => {
            let stopped = stopped_at(instance.state_reason.as_deref());
            draft.add(&power::START, json!({"instance": instance.id}))?;
            price_as_noted(draft, &label, &saved);
            let ends: Vec<End> = stopped
                .into_iter()
                .map(|at| (Some(instance.id.clone()), at))
                .collect();
            tell_savings(draft, (&label, &instance.id), saved.saves, &ends);
        }
    }
    draft.add(
        &tags::REMOVE,
        json!({"kind": "ec2-instance", "resource": instance.id, "key": NIGHT}),
    )
}

/// When an instance was stopped, from what EC2 says: `User initiated (2026-11-20 11:00:41 GMT)`.
pub fn stopped_at(reason: Option<&str>) -> Option<Timestamp> {
    let (_, rest) = reason?.split_once('(')?;
    let (text, _) = rest.split_once(')')?;
    let text = text.trim_end_matches(" GMT").trim_end_matches(" UTC");
    let civil: jiff::civil::DateTime = text.replace(' ', "T").trim_end_matches('Z').parse().ok()?;
    Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

/// What the night saved, from when the instances ended until now.
fn tell_savings(
    draft: &mut Draft<'_>,
    (name, target): (&str, &str),
    saves: Option<UsdPerHour>,
    ends: &[End],
) {
    draft
        .proposal
        .was_off
        .extend(ends.iter().map(|(instance, at)| Off {
            target: target.to_owned(),
            instance: instance.clone(),
            from: *at,
            until: None,
            usd_per_hour: saves.map(|saves| saves.scale(1, ends.len() as u64)),
        }));
    let (Some(saves), Some(first)) = (saves, ends.iter().map(|(_, at)| at).min()) else {
        return;
    };
    let now = draft.site.now;
    let share = |(_, end): &End| {
        let seconds = u64::try_from(now.duration_since(*end).as_secs()).unwrap_or(0);
        saves.for_seconds(seconds).scale(1, ends.len() as u64)
    };
    let total: Usd = ends.iter().map(share).sum();
    let hours = now.duration_since(*first).as_secs_f64() / 3_600.0;
    draft.warn(format!(
        "{name}: {} off, the first for {hours:.1} h: that saved {total} at the list prices of the evening",
        if ends.len() == 1 {
            "1 instance was".to_owned()
        } else {
            format!("{} instances were", ends.len())
        }
    ));
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_time_of_the_stop_is_read_from_what_ec2_says() {
        for (text, expected) in [
            (
                Some("User initiated (2026-11-20 11:00:41 GMT)"),
                Some("2026-11-20T11:00:41Z"),
            ),
            (
                Some("User initiated (2026-11-20T11:00:41Z)"),
                Some("2026-11-20T11:00:41Z"),
            ),
            (Some("User initiated"), None),
            (Some("Server.SpotInstanceTermination: Spot (soon)"), None),
            (None, None),
        ] {
            let expected: Option<Timestamp> = expected.map(|text| text.parse().unwrap());
            assert_eq!(stopped_at(text), expected, "{text:?}");
        }
    }
}
