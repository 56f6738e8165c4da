//! Whether Auto Scaling groups are at rest.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Check, Verdict};
use crate::domain::ids::Kind;
use crate::domain::ops::{Query, autoscaling};
use crate::runbook::action::{Arguments, BadArguments, View, parse};
use crate::runbook::schema::{ActionSchema, FieldSchema};
use crate::runbook::types::Type;

/// `asg.no_activity_in_progress`.
pub struct NoActivityInProgress;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    groups: Vec<String>,
}

/// How far back an activity may have begun and still be under way: a lifecycle hook can hold an
/// instance for two days.
const REACH: SignedDuration = SignedDuration::from_hours(48);

impl Check for NoActivityInProgress {
    fn name(&self) -> &'static str {
        "asg.no_activity_in_progress"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether no scaling activity of these Auto Scaling groups is under way.",
            vec![FieldSchema::required(
                "groups",
                Type::list(Type::Text),
                "The groups.",
            )],
            Some(Kind::Asg),
        )
    }

    fn reads(&self, with: &Arguments, now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        let since = now.saturating_sub(REACH).unwrap_or(Timestamp::MIN);
        Ok(vec![Query::AutoScaling(autoscaling::Read::Activities { since })])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let with: With = parse(with)?;
        let activities = match view.activities() {
            Ok(activities) => activities,
            Err(unread) => return Ok(unread.into()),
        };
        let busy: Vec<String> = activities
            .iter()
            .filter(|activity| with.groups.contains(&activity.group) && activity.ended_at.is_none())
            .filter(|activity| !matches!(activity.status.as_str(), "Successful" | "Failed" | "Cancelled"))
            .map(|activity| format!("{}: {}", activity.group, activity.description))
            .collect();
        Ok(if busy.is_empty() {
            Verdict::Pass("no activity is under way".to_owned())
        } else {
            Verdict::Fail(busy.join(", "))
        })
    }
}
