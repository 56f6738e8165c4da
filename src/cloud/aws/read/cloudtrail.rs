//! Reads of CloudTrail: who changed a resource.

use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey};
use jiff::Timestamp;

use crate::cloud::aws::caller::Caller;
use crate::cloud::aws::convert::{date_time, timestamp_of};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::cloudtrail::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};
use crate::domain::trail::TrailEvent;

const LOOKUP: Operation = Operation::new("cloudtrail", "LookupEvents");

/// The most that AWS puts on a page.
const PAGE: i32 = 50;

/// Two calls a second is all that AWS allows an account and region, and the customer's own tools
/// share it: the newest three hundred events have to do.
const MOST_PAGES: usize = 6;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        #[cfg(feature = "aws-extra")]
        Read::Lookup {
            resource,
            since,
            region,
        } => lookup(&caller.in_region(region.as_deref()), resource, *since).await,
        // What is outside the scope's region belongs to the further services.
        #[cfg(not(feature = "aws-extra"))]
        Read::Lookup { resource, since, .. } => lookup(caller, resource, *since).await,
    }
}

async fn lookup(caller: &Caller<'_>, resource: &str, since: Timestamp) -> Result<Reply, Fault> {
    let client = caller.cloudtrail();
    let by_name = LookupAttribute::builder()
        .attribute_key(LookupAttributeKey::ResourceName)
        .attribute_value(resource)
        .build()
        .map_err(|error| Fault::new(FaultKind::Invalid, LOOKUP.service, LOOKUP.name, error.to_string()))?;
    let (mut found, mut gaps) = (Vec::new(), Vec::new());
    let mut token = None;
    for page in 0..MOST_PAGES {
        // AWS takes one attribute only, so that reads have to be left out here.
        let call = client
            .lookup_events()
            .lookup_attributes(by_name.clone())
            .start_time(date_time(since))
            .max_results(PAGE)
            .set_next_token(token.clone());
        match caller.call(LOOKUP, call.send()).await {
            Ok(answer) => {
                found.extend(answer.events().iter().filter_map(trail_event_from_sdk));
                token = answer.next_token.filter(|token| !token.is_empty());
            }
            Err(fault) if page == 0 => return Err(fault),
            Err(fault) => {
                gaps.push(fault);
                break;
            }
        }
        if token.is_none() {
            break;
        }
    }
    if token.is_some() && gaps.is_empty() {
        gaps.push(Fault::new(
            FaultKind::NoData,
            LOOKUP.service,
            LOOKUP.name,
            format!(
                "only the newest {} events were looked at, reads among them",
                MOST_PAGES * usize::try_from(PAGE).unwrap_or_default()
            ),
        ));
    }
    found.sort_by_key(|event| std::cmp::Reverse(event.at));
    Ok(Reply {
        data: ReplyData::Trail(found),
        gaps,
    })
}

/// A write; `None` for a read, or without an id and a time.
fn trail_event_from_sdk(event: &Event) -> Option<TrailEvent> {
    if event.read_only() == Some("true") {
        return None;
    }
    Some(TrailEvent {
        id: event.event_id()?.to_owned(),
        at: timestamp_of(event.event_time())?,
        name: event.event_name.clone().unwrap_or_default(),
        source: event.event_source.clone().unwrap_or_default(),
        user: event.username.clone(),
        resources: event
            .resources()
            .iter()
            .filter_map(|resource| resource.resource_name.clone())
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudtrail::types::Resource;
    use aws_smithy_types::DateTime;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        let lookup = Read::Lookup {
            resource: String::new(),
            since: Timestamp::UNIX_EPOCH,
            region: None,
        };
        assert_eq!(lookup.operations(), [LOOKUP]);
    }

    #[test]
    fn writes_are_kept_and_reads_are_not() {
        let builder = Event::builder()
            .event_id("e1")
            .event_time(DateTime::from_secs(5))
            .event_name("UpdateService")
            .event_source("ecs.amazonaws.com")
            .username("alice")
            .resources(Resource::builder().resource_name("api").build());
        assert_eq!(
            trail_event_from_sdk(&builder.clone().read_only("true").build()),
            None
        );
        let write = TrailEvent {
            id: "e1".to_owned(),
            at: Timestamp::from_second(5).unwrap(),
            name: "UpdateService".to_owned(),
            source: "ecs.amazonaws.com".to_owned(),
            user: Some("alice".to_owned()),
            resources: vec!["api".to_owned()],
        };
        assert_eq!(
            trail_event_from_sdk(&builder.clone().read_only("false").build()),
            Some(write.clone())
        );
        // Insight events do not say; a change may not be hidden for that.
        assert_eq!(trail_event_from_sdk(&builder.build()), Some(write));
    }
}
