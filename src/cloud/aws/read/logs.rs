//! Reads of CloudWatch Logs: groups, and events a page at a time.

use aws_sdk_cloudwatchlogs::types;
use jiff::Timestamp;

use super::listing::reply;
use crate::cloud::aws::caller::{Caller, Page, pages};
use crate::domain::fault::Fault;
use crate::domain::logs::{LogEvent, LogGroup, LogPage};
use crate::domain::ops::logs::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const GROUPS: Operation = Operation::new("logs", "DescribeLogGroups");
const EVENTS: Operation = Operation::new("logs", "FilterLogEvents");

/// The most that AWS puts on a page of groups.
const GROUPS_PAGE: i32 = 50;

/// The most that AWS puts on a page of events; a page also ends at a megabyte.
const EVENTS_PAGE: i32 = 10_000;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Groups => groups(caller).await,
        Read::Events {
            group,
            stream,
            from_ms,
            to_ms,
            pattern,
            token,
        } => {
            let call = caller
                .logs()
                .filter_log_events()
                .log_group_name(group)
                .set_log_stream_names(stream.clone().map(|stream| vec![stream]))
                .start_time(*from_ms)
                .set_end_time(*to_ms)
                .set_filter_pattern(pattern.clone())
                .set_next_token(token.clone())
                .limit(EVENTS_PAGE);
            let page = caller.call(EVENTS, call.send()).await?;
            Ok(Reply::whole(ReplyData::LogPage(LogPage {
                events: events_from_sdk(page.events.unwrap_or_default()),
                // The same token again would be followed for ever.
                next: page.next_token.filter(|next| Some(next) != token.as_ref()),
            })))
        }
    }
}

async fn groups(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let listed = pages(|token| async move {
        let call = caller
            .logs()
            .describe_log_groups()
            .limit(GROUPS_PAGE)
            .set_next_token(token);
        let page = caller.call(GROUPS, call.send()).await?;
        Ok(Page {
            items: page.log_groups().iter().filter_map(log_group_from_sdk).collect(),
            next: page.next_token,
        })
    })
    .await?;
    Ok(reply(listed, ReplyData::LogGroups))
}

/// A log group; `None` without a name.
fn log_group_from_sdk(group: &types::LogGroup) -> Option<LogGroup> {
    let name = group.log_group_name()?;
    // The newer field has no `:*` at its end; endpoints that lack it give the older one.
    let arn = group
        .log_group_arn()
        .or(group.arn())
        .map_or(name, |arn| arn.strip_suffix(":*").unwrap_or(arn));
    Some(LogGroup {
        arn: arn.to_owned(),
        name: name.to_owned(),
        retention_days: group.retention_in_days.and_then(|days| u32::try_from(days).ok()),
        stored_bytes: group.stored_bytes.and_then(|bytes| u64::try_from(bytes).ok()),
        class: group.log_group_class().map(|class| class.as_str().to_owned()),
        created_at: group
            .creation_time
            .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
    })
}

/// A page of events in time order; those of one millisecond stay as they came.
fn events_from_sdk(events: Vec<types::FilteredLogEvent>) -> Vec<LogEvent> {
    let mut events: Vec<_> = events.into_iter().filter_map(event_from_sdk).collect();
    events.sort_by_key(|event| (event.at_ms, event.ingested_ms));
    events
}

/// An event; `None` without a time.
fn event_from_sdk(event: types::FilteredLogEvent) -> Option<LogEvent> {
    let at_ms = event.timestamp?;
    let ingested_ms = event.ingestion_time.unwrap_or(at_ms);
    let stream = event.log_stream_name.unwrap_or_default();
    let message = event.message.unwrap_or_default();
    Some(LogEvent {
        // Events are told apart by their id; where there is none, by all that is known of them.
        id: event
            .event_id
            .unwrap_or_else(|| format!("{stream}/{at_ms}/{ingested_ms}/{message}")),
        stream,
        at_ms,
        ingested_ms,
        message,
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        let events = Read::Events {
            group: String::new(),
            stream: None,
            from_ms: 0,
            to_ms: None,
            pattern: None,
            token: None,
        };
        assert_eq!(Read::Groups.operations(), [GROUPS]);
        assert_eq!(events.operations(), [EVENTS]);
    }

    #[test]
    fn the_arn_of_a_group_never_ends_in_a_star() {
        let builder = types::LogGroup::builder()
            .log_group_name("/ecs/api")
            .arn("arn:aws:logs:us-east-1:1:log-group:/ecs/api:*")
            .retention_in_days(14)
            .stored_bytes(1024)
            .creation_time(1500)
            .log_group_class(types::LogGroupClass::from("ARCHIVE"));
        let old = log_group_from_sdk(&builder.clone().build()).unwrap();
        assert_eq!(
            old,
            LogGroup {
                arn: "arn:aws:logs:us-east-1:1:log-group:/ecs/api".to_owned(),
                name: "/ecs/api".to_owned(),
                retention_days: Some(14),
                stored_bytes: Some(1024),
                class: Some("ARCHIVE".to_owned()),
                created_at: Timestamp::from_millisecond(1500).ok(),
            }
        );
        let new = builder.log_group_arn("arn:aws:logs:us-east-1:1:log-group:/ecs/api");
        assert_eq!(log_group_from_sdk(&new.build()), Some(old));
    }

    fn event(id: Option<&str>, at_ms: Option<i64>, ingested_ms: i64, text: &str) -> types::FilteredLogEvent {
        types::FilteredLogEvent::builder()
            .set_event_id(id.map(str::to_owned))
            .set_timestamp(at_ms)
            .ingestion_time(ingested_ms)
            .log_stream_name("app/1")
            .message(text)
            .build()
    }

    #[test]
    fn events_come_in_time_order_whatever_stream_they_were_in() {
        let page = events_from_sdk(vec![
            event(Some("3"), Some(20), 21, "c"),
            event(Some("2"), Some(10), 15, "b"),
            event(Some("1"), Some(10), 12, "a"),
            event(Some("0"), None, 12, "no time"),
        ]);
        let ids: Vec<_> = page.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(ids, ["1", "2", "3"]);
    }

    #[test]
    fn events_without_an_id_stay_apart() {
        let page = events_from_sdk(vec![
            event(None, Some(10), 11, "same time"),
            event(None, Some(10), 11, "other text"),
        ]);
        assert_ne!(page[0].id, page[1].id);
    }
}
