//! Whether GPU fleets are where the evening or the morning was to bring them.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Check, Verdict};
use crate::domain::asg::Group;
use crate::domain::ids::tag;
use crate::domain::ops::{Query, autoscaling, ec2};
use crate::domain::savings::{Off, Savings};
use crate::domain::units::{Usd, UsdPerHour};
use crate::runbook::action::{Arguments, BadArguments, Unread, View, parse};
use crate::runbook::actions::asg::Sizes;
use crate::runbook::actions::gpu::{NIGHT, instance_in, stopped_at};
use crate::runbook::actions::saved::{Saved, What};
use crate::runbook::schema::{ActionSchema, FieldSchema};
use crate::runbook::types::Type;

/// `gpu.is_down` and `gpu.is_up`.
pub struct Fleet {
    wanted: Wanted,
}

/// `gpu.is_down`.
pub static IS_DOWN: Fleet = Fleet { wanted: Wanted::Down };

/// `gpu.is_up`.
pub static IS_UP: Fleet = Fleet { wanted: Wanted::Up };

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Down,
    Up,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    targets: Vec<String>,
}

/// How far back an instance may have ended and still be part of this evening.
const REACH: SignedDuration = SignedDuration::from_hours(6);

impl Check for Fleet {
    fn name(&self) -> &'static str {
        match self.wanted {
            Wanted::Down => "gpu.is_down",
            Wanted::Up => "gpu.is_up",
        }
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            match self.wanted {
                Wanted::Down => {
                    "Whether everything that gpu.night_down noted is at its size at night.\n\
                     Says when the instances ended, and what is no longer billed since."
                }
                Wanted::Up => {
                    "Whether nothing of a GPU fleet is still noted as down, and every group has its instances."
                }
            },
            vec![FieldSchema::required(
                "targets",
                Type::list(Type::Text),
                "Groups by name and instances by id.",
            )],
            None,
        )
    }

    fn reads(&self, with: &Arguments, now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        let mut queries = vec![
            Query::AutoScaling(autoscaling::Read::Groups),
            Query::Ec2(ec2::Read::Instances),
        ];
        if self.wanted == Wanted::Down {
            let since = now.saturating_sub(REACH).unwrap_or(Timestamp::MIN);
            queries.push(Query::AutoScaling(autoscaling::Read::Activities { since }));
        }
        Ok(queries)
    }

    fn judge(&self, with: &Arguments, view: &View, now: Timestamp) -> Result<Verdict, BadArguments> {
        let With { targets } = parse(with)?;
        let judged = match self.wanted {
            Wanted::Down => down(&targets, view, now),
            Wanted::Up => up(&targets, view),
        };
        Ok(judged.unwrap_or_else(Verdict::from))
    }

    fn measured(&self, with: &Arguments, view: &View, now: Timestamp) -> Option<Savings> {
        let With { targets } = parse(with).ok()?;
        match self.wanted {
            Wanted::Down => {
                let evening = evening(&targets, view, now).ok()?;
                (evening.rest > 0).then(|| Savings::of(evening.off, evening.is_whole, now))
            }
            // What was off is told by the plan: its notes are gone by then.
            Wanted::Up => None,
        }
    }
}

/// What the evening brought.
#[derive(Default)]
struct Evening {
    rest: usize,
    wrong: Vec<String>,
    ends: Vec<Timestamp>,
    /// What is no longer billed, an hour; `None` once it is not known of one.
    saves: Option<UsdPerHour>,
    saved: Usd,
    /// The same, instance by instance.
    off: Vec<Off>,
    /// Whether those are all that was put to rest.
    is_whole: bool,
}

/// An instance that ended: which, if AWS says so, and when.
type End = (Option<String>, Timestamp);

fn down(targets: &[String], view: &View, now: Timestamp) -> Result<Verdict, Unread> {
    let evening = evening(targets, view, now)?;
    if !evening.wrong.is_empty() {
        return Ok(Verdict::Fail(evening.wrong.join("; ")));
    }
    Ok(Verdict::Pass(evening.words()))
}

fn evening(targets: &[String], view: &View, now: Timestamp) -> Result<Evening, Unread> {
    let mut evening = Evening {
        saves: Some(UsdPerHour::ZERO),
        is_whole: true,
        ..Evening::default()
    };
    for target in targets {
        if let Some(group) = view.group(target)? {
            let Some(text) = tag(&group.tags, NIGHT) else {
                continue;
            };
            match Saved::decode(text) {
                Ok(saved) => evening.group(group, &saved, view, now),
                Err(why) => evening.wrong.push(format!("{target}: {why}")),
            }
        } else if let Some(instance) = view.instance(target)? {
            let Some(text) = tag(&instance.tags, NIGHT) else {
                continue;
            };
            match Saved::decode(text) {
                Ok(saved) if instance.state == "stopped" => {
                    let end = stopped_at(instance.state_reason.as_deref());
                    let end: Vec<End> = end
                        .into_iter()
                        .map(|at| (Some(instance.id.clone()), at))
                        .collect();
                    evening.rests((target, &saved), &end, now);
                }
                Ok(_) => evening.wrong.push(format!("{target} is {}", instance.state)),
                Err(why) => evening.wrong.push(format!("{target}: {why}")),
            }
        }
    }
    Ok(evening)
}

impl Evening {
    fn group(&mut self, group: &Group, saved: &Saved, view: &View, now: Timestamp) {
        let name = &group.name;
        let What::Group { left, .. } = &saved.what else {
            self.wrong
                .push(format!("{name}: its note is not that of a group"));
            return;
        };
        let sizes = Sizes::of(group);
        if sizes != *left {
            self.wrong
                .push(format!("{name} is at min/max/desired {sizes}, not {left}"));
            return;
        }
        let here = group.instances.len();
        if !group.weighted && here > left.desired as usize {
            self.wrong.push(format!(
                "{name} still has {here} instances, {} wanted",
                left.desired
            ));
            return;
        }
        let ends: Vec<End> = view
            .activities()
            .unwrap_or_default()
            .iter()
            .filter(|activity| {
                &activity.group == name
                    && activity.started_at >= saved.at
                    && activity.status == "Successful"
                    && activity.description.starts_with("Terminating")
            })
            .filter_map(|activity| Some((instance_in(&activity.description), activity.ended_at?)))
            .collect();
        self.rests((name, saved), &ends, now);
    }

    fn rests(&mut self, (target, saved): (&str, &Saved), ends: &[End], now: Timestamp) {
        self.rest += 1;
        self.ends.extend(ends.iter().map(|(_, at)| *at));
        // Where AWS tells no end of what costs something, not all of it is measured.
        self.is_whole &= !ends.is_empty() || saved.saves == Some(UsdPerHour::ZERO);
        self.off.extend(ends.iter().map(|(instance, at)| Off {
            target: target.to_owned(),
            instance: instance.clone(),
            from: *at,
            until: None,
            usd_per_hour: saved.saves.map(|saves| saves.scale(1, ends.len() as u64)),
        }));
        match saved.saves {
            Some(saves) => {
                self.saves = self.saves.map(|total| total + saves);
                for (_, end) in ends {
                    let seconds = u64::try_from(now.duration_since(*end).as_secs()).unwrap_or(0);
                    self.saved += saves.for_seconds(seconds).scale(1, ends.len() as u64);
                }
            }
            None => self.saves = None,
        }
    }

    fn words(&self) -> String {
        let mut words = match self.rest {
            0 => return "nothing was put to rest".to_owned(),
            1 => "1 group or instance rests".to_owned(),
            many => format!("{many} groups and instances rest"),
        };
        if let (Some(first), Some(last)) = (self.ends.iter().min(), self.ends.iter().max()) {
            // As programs write it: whoever shows it says it in the zone of who reads.
            let time = |at: &Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            words.push_str(&format!(
                ", {} ended from {} to {}",
                self.ends.len(),
                time(first),
                time(last)
            ));
        }
        match self.saves {
            Some(saves) if saves > UsdPerHour::ZERO => words.push_str(&format!(
                "; {saves} is no longer billed, {} so far (list prices)",
                self.saved
            )),
            Some(_) => {}
            None => words.push_str("; what that saves is not known in full"),
        }
        words
    }
}

fn up(targets: &[String], view: &View) -> Result<Verdict, Unread> {
    let mut wrong = Vec::new();
    let mut there = Vec::new();
    for target in targets {
        if let Some(group) = view.group(target)? {
            let in_service = group.in_service();
            if tag(&group.tags, NIGHT).is_some() {
                wrong.push(format!("{target} still has the note of the evening"));
            } else if !group.weighted && in_service < group.desired as usize {
                wrong.push(format!(
                    "{target} has {in_service} of {} in service",
                    group.desired
                ));
            } else {
                there.push(format!("{target} {in_service} of {}", group.desired));
            }
        } else if let Some(instance) = view.instance(target)? {
            if tag(&instance.tags, NIGHT).is_some() {
                wrong.push(format!(
                    "{target} still has the note of the evening and is {}",
                    instance.state
                ));
            } else {
                there.push(format!("{target} {}", instance.state));
            }
        }
    }
    Ok(if wrong.is_empty() {
        Verdict::Pass(there.join(", "))
    } else {
        Verdict::Fail(wrong.join("; "))
    })
}
