//! What CloudTrail recorded of a resource.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Unread, View, whole};
use crate::domain::ops::{Query, Reply, ReplyData, cloudtrail};
use crate::domain::trail::TrailEvent;

fn is_lookup(query: &Query, of: &str) -> bool {
    matches!(query, Query::CloudTrail(cloudtrail::Read::Lookup { resource, .. }) if resource == of)
}

impl View {
    /// Writes that touched a resource, of whichever time was asked for.
    ///
    /// # Errors
    /// If nobody asked, or it could not be read whole.
    pub fn trail(&self, resource: &str) -> Result<&[TrailEvent], Unread> {
        const WHAT: &str = "the trail of the resource";
        let asked = self.answers.iter().find(|(query, _)| is_lookup(query, resource));
        match asked.map(|(_, answer)| &**answer) {
            None => Err(Unread::NotAsked(WHAT)),
            Some(Err(fault)) => Err(Unread::Failed(fault.clone())),
            Some(Ok(Reply {
                data: ReplyData::Trail(events),
                gaps,
            })) => Ok(whole((events.as_slice(), gaps.as_slice()))?),
            Some(Ok(_)) => Err(Unread::NotAsked(WHAT)),
        }
    }

    /// Adds a write to the trail, asked for or not.
    pub fn add_trail_event(&mut self, source: &str, name: &str, resource: &str) {
        let event = TrailEvent {
            id: String::new(),
            at: Timestamp::MAX,
            name: name.to_owned(),
            source: source.to_owned(),
            user: None,
            resources: vec![resource.to_owned()],
        };
        for (query, answer) in &mut self.answers {
            if is_lookup(query, resource)
                && let Ok(Reply {
                    data: ReplyData::Trail(events),
                    ..
                }) = Arc::make_mut(answer)
            {
                events.push(event);
                return;
            }
        }
        let query = Query::CloudTrail(cloudtrail::Read::Lookup {
            resource: resource.to_owned(),
            since: Timestamp::MIN,
            region: None,
        });
        self.answers
            .push((query, Arc::new(Ok(Reply::whole(ReplyData::Trail(vec![event]))))));
    }
}
