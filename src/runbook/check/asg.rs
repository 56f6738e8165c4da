//! Whether Auto Scaling groups are at rest, and how the newest instance refresh of one has ended.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Check, Verdict};
use crate::domain::asg::InstanceRefresh;
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

/// `asg.refresh_settled`.
pub struct RefreshSettled;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfGroup {
    group: String,
}

impl Check for RefreshSettled {
    fn name(&self) -> &'static str {
        "asg.refresh_settled"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether the newest instance refresh of an Auto Scaling group has ended well.\n\
             It must be `Successful`, or, if it was rolled back, `RollbackSuccessful`: one that failed, was \
             cancelled, or whose rollback failed has left the group with instances of two versions.",
            vec![FieldSchema::required("group", Type::Text, "The group.")],
            Some(Kind::Asg),
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        let with: OfGroup = parse(with)?;
        Ok(vec![Query::AutoScaling(autoscaling::Read::InstanceRefreshes {
            group: with.group,
        })])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let with: OfGroup = parse(with)?;
        let newest = match view.refreshes(&with.group) {
            Ok(refreshes) => refreshes.first(),
            Err(unread) => return Ok(unread.into()),
        };
        Ok(newest.map_or_else(
            || Verdict::Fail(format!("{} has had no instance refresh", with.group)),
            how_it_ended,
        ))
    }
}

fn how_it_ended(refresh: &InstanceRefresh) -> Verdict {
    let of = &refresh.group;
    let why = refresh
        .reason
        .as_ref()
        .map_or_else(String::new, |reason| format!(": {reason}"));
    match refresh.status.as_str() {
        "Successful" => Verdict::Pass(format!("the instance refresh of {of} is Successful")),
        "RollbackSuccessful" => Verdict::Pass(format!(
            "the rollback of the instance refresh of {of} is successful"
        )),
        "RollbackFailed" => Verdict::Fail(format!(
            "the rollback of the instance refresh of {of} has failed{why}; its instances are of two versions: \
             begin a refresh with the number of the good one (asg.start_refresh)"
        )),
        status @ ("Failed" | "Cancelled") => Verdict::Fail(format!(
            "the instance refresh of {of} is {status}{why}; what it replaced stays replaced, what it had left \
             is as before"
        )),
        status => Verdict::Fail(format!(
            "the instance refresh of {of} is still {status}{why}, {} left",
            refresh
                .left
                .map_or_else(|| "an unknown number".to_owned(), |left| left.to_string())
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::ops::{Reply, ReplyData};

    fn judged(status: Option<&str>) -> Verdict {
        let with: Arguments = serde_json::from_value(json!({"group": "web"})).unwrap();
        let refreshes = status.into_iter().map(|status| InstanceRefresh {
            id: "r-1".to_owned(),
            group: "web".to_owned(),
            status: status.to_owned(),
            reason: Some("an instance did not pass its health checks".to_owned()),
            started_at: None,
            ended_at: None,
            percent: Some(40),
            left: Some(3),
            desired: None,
        });
        let reply = Reply {
            data: ReplyData::InstanceRefreshes(refreshes.collect()),
            gaps: Vec::new(),
        };
        let now = Timestamp::UNIX_EPOCH;
        let queries = RefreshSettled.reads(&with, now).unwrap();
        let view = View::new(
            queries
                .into_iter()
                .map(|query| (query, Ok(reply.clone())))
                .collect(),
        );
        RefreshSettled.judge(&with, &view, now).unwrap()
    }

    #[test]
    fn a_refresh_has_ended_well_only_if_it_is_successful_or_rolled_back() {
        for status in ["Successful", "RollbackSuccessful"] {
            assert!(judged(Some(status)).passed(), "{status}");
        }
        for (status, said) in [
            (
                "RollbackFailed",
                "the rollback of the instance refresh of web has failed: an instance did",
            ),
            ("Failed", "web is Failed: an instance did"),
            ("Cancelled", "what it replaced stays replaced"),
            ("RollbackInProgress", "still RollbackInProgress"),
            ("InProgress", "3 left"),
        ] {
            let verdict = judged(Some(status));
            assert!(
                !verdict.passed() && verdict.detail().contains(said),
                "{verdict:?}"
            );
        }
        assert_eq!(judged(None).detail(), "web has had no instance refresh");
    }
}
