//! `alarm.disable_actions` and `alarm.enable_actions`.

use serde::Deserialize;
use serde_json::json;

use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, cloudwatch};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site, Stamp,
    Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// Turns the actions of an alarm on or off.
pub struct Actions {
    enabled: bool,
}

/// `alarm.disable_actions`.
pub const DISABLE: Actions = Actions { enabled: false };

/// `alarm.enable_actions`.
pub const ENABLE: Actions = Actions { enabled: true };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    alarm: String,
}

const fn word(enabled: bool) -> &'static str {
    if enabled { "on" } else { "off" }
}

impl Action for Actions {
    fn name(&self) -> &'static str {
        if self.enabled {
            "alarm.enable_actions"
        } else {
            "alarm.disable_actions"
        }
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: if self.enabled {
                "Turns the actions of a CloudWatch alarm on.\nAn alarm that fires already acts at once only on \
                 its next change. Undo turns them off."
            } else {
                "Turns the actions of a CloudWatch alarm off: it still fires, and tells nobody.\n\
                 Undo turns them on."
            },
            fields: vec![FieldSchema::required("alarm", Type::Text, "The alarm.")],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Reversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Immediate,
            planning: Planning::Planned,
            target: Some(Kind::Alarm),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 5,
            timeout_s: 2 * 60,
            settle_s: 15,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::CloudWatch(cloudwatch::Read::Alarms)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let alarm = view
            .alarm(&wanted.alarm)?
            .ok_or_else(|| Refusal::absent(format!("there is no alarm {}", wanted.alarm)))?;
        if alarm.actions_enabled == self.enabled {
            return Ok(Proposal::nothing());
        }
        let scales = alarm
            .alarm_actions
            .iter()
            .any(|arn| arn.contains(":scalingPolicy:"));
        let proposal = Proposal::one(Change {
            summary: format!("actions {} → {}", word(alarm.actions_enabled), word(self.enabled)),
            before: fields([("actions_enabled", json!(alarm.actions_enabled))]),
            after: fields([("actions_enabled", json!(self.enabled))]),
            ..Change::draft(self, site.target(Kind::Alarm, &alarm.arn, &alarm.name), with)
        });
        Ok(if scales && !self.enabled {
            proposal.warn(format!(
                "{}: a scaling policy depends on it and stops scaling",
                alarm.name
            ))
        } else {
            proposal
        })
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        Sight::of(view.alarm(&change.target.name), |alarm| {
            fields([("actions_enabled", json!(alarm.actions_enabled))])
        })
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let alarms = vec![change.target.name.clone()];
        Ok(Mutation::CloudWatch(if self.enabled {
            cloudwatch::Write::EnableAlarmActions { alarms }
        } else {
            cloudwatch::Write::DisableAlarmActions { alarms }
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        self.sight(change, view).progress(
            change,
            "the alarm does not show it yet",
            Progress::gone("the alarm"),
        )
    }

    fn invert(&self, change: &Change) -> Undo {
        let other = if self.enabled { &DISABLE } else { &ENABLE };
        let mut back = change.swapped(format!(
            "actions {} → {}",
            word(self.enabled),
            word(!self.enabled)
        ));
        other.name().clone_into(&mut back.action);
        Undo::By(vec![back])
    }

    fn project(&self, change: &Change, view: &mut View) {
        if let Some(alarm) = view.alarm_mut(&change.target.name) {
            alarm.actions_enabled = self.enabled;
        }
    }
}
