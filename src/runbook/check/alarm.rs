//! Whether alarms are in the states that are wanted.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Check, Verdict};
use crate::domain::alarm::AlarmState;
use crate::domain::ids::Kind;
use crate::domain::ops::{Query, cloudwatch};
use crate::runbook::action::{Arguments, BadArguments, View, parse};
use crate::runbook::schema::{ActionSchema, FieldSchema};
use crate::runbook::types::Type;

/// `alarm.state`.
pub struct State;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    alarms: Vec<String>,
    #[serde(default)]
    is: Wanted,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    #[default]
    Ok,
    NotInAlarm,
    Alarm,
}

impl Check for State {
    fn name(&self) -> &'static str {
        "alarm.state"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(self.name(), "Whether every alarm is in the state wanted. An alarm that is missing or cannot be read fails the check.", vec![
                FieldSchema::required("alarms", Type::list(Type::Text), "The alarms."),
                FieldSchema::optional(
                    "is",
                    Type::Text,
                    "`ok`",
                    "What each must be: `ok`, `not_in_alarm` (which lets INSUFFICIENT_DATA pass), or `alarm`.",
                )
                .one_of(&["ok", "not_in_alarm", "alarm"]),
            ], Some(Kind::Alarm))
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::CloudWatch(cloudwatch::Read::Alarms)])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let with: With = parse(with)?;
        let mut wrong = Vec::new();
        for name in &with.alarms {
            match view.alarm(name) {
                Err(unread) => return Ok(unread.into()),
                Ok(None) => wrong.push(format!("{name} does not exist")),
                Ok(Some(alarm)) => {
                    let holds = match with.is {
                        Wanted::Ok => alarm.state == AlarmState::Ok,
                        Wanted::NotInAlarm => alarm.state != AlarmState::Alarm,
                        Wanted::Alarm => alarm.state == AlarmState::Alarm,
                    };
                    if !holds {
                        wrong.push(format!("{name} is {}", alarm.state.word()));
                    }
                }
            }
        }
        Ok(if wrong.is_empty() {
            Verdict::Pass(if with.alarms.len() == 1 {
                "the alarm is as wanted".to_owned()
            } else {
                format!("{} alarms are as wanted", with.alarms.len())
            })
        } else {
            Verdict::Fail(wrong.join(", "))
        })
    }
}
