//! Runbooks through the whole adapter: plans that change nothing, and runs whose one change is made once, whatever
//! befalls the call that makes it.

use serde_json::json;

use super::{status, text};
use crate::support::front::{Front, RENDER, SHOP};
use crate::support::qd::{Qd, qd};

const CART: [&str; 4] = ["--set", "cluster=shop-cluster", "--set", "service=shop-cart"];

/// Operations that change nothing. The probe of GPU hosts runs nvidia-smi, and is one of them.
fn is_reading(operation: &str) -> bool {
    ["Describe", "List", "Get", "Lookup"]
        .iter()
        .any(|beginning| operation.starts_with(beginning))
        || operation == "SendCommand"
}

fn scale(qd: &Qd, desired: u64) -> Qd {
    let desired = format!("desired={desired}");
    qd.clone()
        .args(["runbook", "run", "ecs-scale", "--yes", "-o", "json"])
        .args(CART)
        .args(["--set", desired.as_str()])
}

/// How many tasks of the cart are wanted, as boto3 reads it.
fn wanted(front: &Front) -> Option<u64> {
    let arguments = json!({ "cluster": "shop-cluster", "services": ["shop-cart"] });
    let described = front.aws(SHOP, "ecs", "describe_services", arguments);
    described["services"][0]["desiredCount"].as_u64()
}

#[test]
fn no_plan_makes_a_changing_call() {
    let Some(front) = Front::start() else { return };
    let cart = |more: &[&'static str]| [CART.as_slice(), more].concat();
    let checkout = vec!["--set", "cluster=shop-cluster", "--set", "service=shop-checkout"];
    let plans = [
        (SHOP, "ecs-scale", cart(&["--set", "desired=3"])),
        (SHOP, "ecs-restart", cart(&[])),
        (SHOP, "rollback-deploy", checkout),
        (SHOP, "rds-backup-now", vec!["--set", "instance=shop-db"]),
        (
            SHOP,
            "restore-rds-snapshot",
            vec!["--set", "instance=shop-db", "--set", "new_instance=shop-db-2"],
        ),
        (
            RENDER,
            "asg-scale",
            vec!["--set", "group=render-gpu", "--set", "desired=1"],
        ),
        (RENDER, "gpu-night-down", vec!["--set", "busy=force"]),
    ];
    for (region, runbook, set) in plans {
        front.clear();
        let planned = qd()
            .on(&front, region)
            .args(["runbook", "plan", runbook, "-o", "json"])
            .args(set)
            .run();
        assert_eq!(planned.code(), 0, "{runbook}: {}", planned.stderr);
        let changes = planned.json()["changes"].as_array().map(Vec::len);
        assert!(
            changes.is_some_and(|count| count > 0),
            "{runbook} plans something"
        );
        let calls = front.calls();
        assert!(!calls.is_empty());
        for call in calls {
            assert!(is_reading(&call.operation), "{runbook} made {call:?}");
        }
    }
}

#[test]
fn a_change_is_made_once_whatever_befalls_its_call() {
    let Some(front) = Front::start() else { return };
    let qd = qd().on(&front, SHOP);
    let on_update = |fault: &str, times: u32| json!([{ "service": "ecs", "operation": "UpdateService", "fault": fault, "times": times }]);
    let faults = [
        ("nothing", json!([])),
        ("throttled twice", on_update("throttle", 2)),
        ("done, and the answer lost", on_update("drop", 1)),
        ("done, and the answer cut in half", on_update("truncate", 1)),
        ("a page with status 500, nothing done", on_update("status", 1)),
    ];
    for (desired, (what, rules)) in (3..).zip(faults) {
        front.clear();
        front.rules(rules);
        let finished = scale(&qd, desired).run();
        assert_eq!(finished.code(), 0, "{what}: {}", finished.stderr);
        let run = finished.json();
        assert_eq!(
            (text(&run, "status"), &run["changed"]),
            ("succeeded", &json!(true)),
            "{what}"
        );
        let made = front.calls();
        let made = made
            .iter()
            .filter(|call| call.operation == "UpdateService" && call.status == Some(200))
            .count();
        assert_eq!(made, 1, "{what}");
        assert_eq!(wanted(&front), Some(desired), "{what}");
    }
    let listed = status(&qd, &["ecs-service", "--no-probe"]);
    let services = listed["resources"]["ecs-service"].as_array();
    let cart = services.and_then(|all| all.iter().find(|one| text(one, "name") == "shop-cart"));
    assert_eq!(cart.and_then(|cart| cart["desired"].as_u64()), wanted(&front));
}

#[test]
fn what_is_refused_changes_nothing_and_says_so_in_its_exit_code() {
    let Some(front) = Front::start() else { return };
    let qd = qd().on(&front, SHOP);
    let before = wanted(&front);
    front.rules(json!([{ "service": "ecs", "operation": "UpdateService", "fault": "denied" }]));
    let denied = scale(&qd, 9).run();
    assert_eq!(denied.code(), 14, "{}", denied.stderr);
    assert!(denied.stderr.contains("ecs:UpdateService"), "{}", denied.stderr);
    assert_eq!(denied.json()["changed"], json!(false));

    front.rules(json!([{ "fault": "expired" }]));
    let expired = scale(&qd, 9).run();
    assert_eq!(expired.code(), 14, "{}", expired.stderr);
    front.rules(json!([]));
    assert_eq!(wanted(&front), before);
}
