//! Alarms and log groups.

use super::Writing;
use crate::domain::ids::Kind;
use crate::headless::status::document::{Alarm, LogGroup, Resource};

pub(super) fn alarms(writing: &Writing<'_>) -> Option<Vec<Resource<Alarm>>> {
    let alarms = writing.state.alarms.get()?.iter().map(|alarm| {
        let facts = Alarm {
            state: alarm.state.word(),
            reason: alarm.reason.clone(),
            since: alarm.since,
        };
        writing.resource(Kind::Alarm, &alarm.arn, &alarm.name, facts)
    });
    Some(alarms.collect())
}

pub(super) fn log_groups(writing: &Writing<'_>) -> Option<Vec<Resource<LogGroup>>> {
    let groups = writing.state.log_groups.get()?.iter().map(|group| {
        let facts = LogGroup {
            retention_days: group.retention_days,
            stored_bytes: group.stored_bytes,
        };
        writing.resource(Kind::LogGroup, &group.arn, &group.name, facts)
    });
    Some(groups.collect())
}
