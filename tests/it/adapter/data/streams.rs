//! CloudWatch Logs and CloudTrail.

use jiff::SignedDuration;
use pretty_assertions::assert_eq;
use quarterdeck::domain::fault::FaultKind;
use quarterdeck::domain::ops::{Query, cloudtrail, logs};
use serde_json::{Value, json};

use super::super::server::Answer;
use super::{Canned, data, now, whole};

#[tokio::test]
async fn log_groups_are_read_fifty_a_page() {
    let server = Canned::start(|call| {
        let asked = call.json();
        assert_eq!(asked["limit"], 50);
        let group = |name: &str| json!({ "logGroupName": name, "arn": format!("arn:aws:logs:x:1:log-group:{name}:*") });
        Answer::json(&match asked.get("nextToken") {
            None => json!({ "logGroups": [group("/ecs/api")], "nextToken": "2" }),
            Some(_) => json!({ "logGroups": [group("/ecs/web")] }),
        })
    });
    let found = data!(
        LogGroups,
        whole(server.read(Query::Logs(logs::Read::Groups)).await)
    );
    let arns: Vec<_> = found.iter().map(|group| group.arn.as_str()).collect();
    assert_eq!(
        arns,
        [
            "arn:aws:logs:x:1:log-group:/ecs/api",
            "arn:aws:logs:x:1:log-group:/ecs/web"
        ]
    );
}

fn events(token: Option<&str>) -> Query {
    Query::Logs(logs::Read::Events {
        group: "/ecs/api".to_owned(),
        stream: None,
        from_ms: 1_000,
        to_ms: None,
        pattern: Some("?ERROR ?WARN".to_owned()),
        token: token.map(str::to_owned),
    })
}

#[tokio::test]
async fn a_page_of_events_is_one_call_and_may_be_empty() {
    let server = Canned::start(|call| {
        Answer::json(&match call.json().get("nextToken") {
            None => json!({ "events": [], "nextToken": "2" }),
            Some(_) => json!({ "events": [
                { "eventId": "b", "timestamp": 1_200, "ingestionTime": 1_300, "message": "둘", "logStreamName": "s" },
                { "eventId": "a", "timestamp": 1_100, "ingestionTime": 1_400, "message": "하나", "logStreamName": "t" },
            ]}),
        })
    });
    let empty = data!(LogPage, whole(server.read(events(None)).await));
    assert_eq!((empty.events.len(), empty.next.as_deref()), (0, Some("2")));
    let page = data!(LogPage, whole(server.read(events(Some("2"))).await));
    let seen: Vec<_> = page.events.iter().map(|event| event.message.as_str()).collect();
    assert_eq!((seen, page.next), (vec!["하나", "둘"], None));
    let calls = server.arrived();
    assert_eq!(calls.len(), 2);
    assert_eq!(
        calls[0].json(),
        json!({
            "logGroupName": "/ecs/api", "startTime": 1_000, "filterPattern": "?ERROR ?WARN", "limit": 10_000,
        })
    );
    assert_eq!(calls[1].json()["nextToken"], "2");
}

#[tokio::test]
async fn a_group_that_is_gone_is_not_found() {
    let server =
        Canned::start(|call| Answer::refuse(call, 400, "ResourceNotFoundException", "no such group"));
    let fault = server.read(events(None)).await.expect_err("it is gone");
    assert_eq!(fault.kind, FaultKind::NotFound);
}

fn changed(id: &str, read_only: &str) -> Value {
    json!({
        "EventId": id, "EventTime": now().as_second(), "EventName": "UpdateService",
        "EventSource": "ecs.amazonaws.com", "ReadOnly": read_only, "Username": "alice",
    })
}

fn lookup() -> Query {
    Query::CloudTrail(cloudtrail::Read::Lookup {
        resource: "api".to_owned(),
        since: now() - SignedDuration::from_hours(2),
        region: None,
    })
}

#[tokio::test]
async fn a_trail_is_followed_for_six_pages_keeps_writes_and_says_where_it_ends() {
    let server = Canned::start(|call| {
        let page = call
            .json()
            .get("NextToken")
            .and_then(Value::as_str)
            .unwrap_or("1")
            .to_owned();
        Answer::json(&json!({
            "Events": [changed(&format!("read-{page}"), "true"), changed(&format!("write-{page}"), "false")],
            "NextToken": format!("{page}1"),
        }))
    });
    let reply = server.read(lookup()).await.expect("it is answered");
    let [gap] = reply.gaps.as_slice() else {
        panic!("{:?}", reply.gaps);
    };
    assert!(gap.message.contains("only the newest 300 events"), "{gap}");
    let found = data!(Trail, reply.data);
    let ids: Vec<_> = found.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids[..2], ["write-1", "write-11"]);
    let calls = server.arrived();
    assert_eq!((ids.len(), calls.len()), (6, 6));
    assert_eq!(
        calls[0].json()["LookupAttributes"],
        json!([{ "AttributeKey": "ResourceName", "AttributeValue": "api" }])
    );
    assert_eq!(calls[0].json()["MaxResults"], 50);
}

#[tokio::test]
async fn a_trail_whose_second_page_fails_keeps_the_first() {
    let server = Canned::start(|call| match call.json().get("NextToken") {
        None => Answer::json(&json!({ "Events": [changed("write", "false")], "NextToken": "2" })),
        Some(_) => Answer::refuse(call, 400, "InvalidNextTokenException", "too old"),
    });
    let reply = server.read(lookup()).await.expect("it is answered");
    assert_eq!(data!(Trail, reply.data).len(), 1);
    assert_eq!(reply.gaps.len(), 1);
}
