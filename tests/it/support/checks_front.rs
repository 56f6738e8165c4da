//! The helpers themselves: the local AWS endpoint.

use serde_json::json;

use super::front::{ACCOUNT, Front, RENDER, SHOP};
use super::http;
use super::qd::qd;

/// Calls `GetCallerIdentity` as an SDK does, without one.
fn who_am_i(front: &Front, key: &str) -> http::Answer {
    let address = front
        .endpoint()
        .strip_prefix("http://")
        .and_then(|rest| rest.parse().ok());
    let credential = format!("AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/sts/aws4_request, x");
    let headers = [
        ("Authorization", credential.as_str()),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("amz-sdk-request", "attempt=2; max=3"),
    ];
    let body = b"Action=GetCallerIdentity&Version=2011-06-15";
    http::request(address.expect("it has an address"), "POST /", &headers, body).expect("it answers")
}

#[test]
fn calls_are_logged_and_broken_by_rule() {
    let Some(front) = Front::start() else { return };
    front.rules(json!([{ "service": "sts", "fault": "expired", "access_key": "AKIAOLD", "times": 1 }]));
    let refused = who_am_i(&front, "AKIAOLD");
    assert_eq!(refused.status, 403);
    let answered = who_am_i(&front, "AKIAOLD");
    assert!(String::from_utf8_lossy(&answered.body).contains(ACCOUNT));
    let calls = front.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[0].error.as_deref(), Some("ExpiredToken"));
    assert_eq!(calls[0].fault.as_deref(), Some("expired"));
    assert_eq!((calls[1].status, calls[1].attempt), (Some(200), 2));
    assert_eq!(
        (calls[1].service.as_str(), calls[1].operation.as_str()),
        ("sts", "GetCallerIdentity")
    );
    assert_eq!(
        (calls[1].region.as_str(), calls[1].access_key.as_str()),
        (RENDER, "AKIAOLD")
    );
    assert!(calls[0].at <= calls[1].at && calls[1].invocation.is_empty());
    front.clear();
    assert!(front.calls().is_empty());
}

#[test]
fn the_world_can_be_read_and_changed() {
    let Some(front) = Front::start() else { return };
    assert_eq!(
        front.inventory()[SHOP]["ecs-service"].as_array().map(Vec::len),
        Some(12)
    );
    front.page_cap(1);
    let page = front.aws(SHOP, "ecs", "list_services", json!({ "cluster": "shop-cluster" }));
    assert_eq!(page["serviceArns"].as_array().map(Vec::len), Some(1));
    front.page_cap(0);
    front.steady(SHOP, "shop-cluster", "shop-checkout");
    let wanted = json!({ "cluster": "shop-cluster", "services": ["shop-checkout"] });
    let described = front.aws(SHOP, "ecs", "describe_services", wanted);
    assert_eq!(described["services"][0]["runningCount"], 3);
    let instance = front.inventory()[RENDER]["ec2-instance"][0].clone();
    front.host(RENDER, instance.as_str().expect("it has an id"), "no-smi");
}

#[test]
fn the_binary_is_pointed_at_the_endpoint() {
    let Some(front) = Front::shared() else { return };
    let finished = qd().on(front, SHOP).args(["--version"]).run();
    assert_eq!(finished.code(), 0, "{finished:?}");
}
