//! The whole binary against a local AWS endpoint: what `qd status` lists, and what the console does
//! while calls hang, are refused or throttled.

mod runs;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::front::{Front, RENDER, SHOP};
use crate::support::qd::{Finished, Qd, qd};
use crate::support::screen::Screen;

/// `qd` in both regions of the endpoint.
fn both(front: &Front) -> Qd {
    qd().on(front, SHOP).args(["--region", SHOP, "--region", RENDER])
}

#[track_caller]
fn status(qd: &Qd, more: &[&str]) -> Value {
    let finished = qd
        .clone()
        .args(["status", "-o", "json"])
        .args(more.iter().copied())
        .run();
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    finished.json()
}

/// The names of a kind in a region.
fn names(status: &Value, kind: &str, region: &str) -> Vec<String> {
    let field = if ["ec2-instance", "health-check"].contains(&kind) {
        "id"
    } else {
        "name"
    };
    let mut names: Vec<String> = resources(status, kind)
        .filter(|one| text(one, "scope").ends_with(&format!("/{region}")))
        .map(|one| text(one, field).to_owned())
        .collect();
    names.sort();
    names
}

fn resources<'a>(status: &'a Value, kind: &str) -> impl Iterator<Item = &'a Value> {
    status["resources"][kind].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// Where what the account has once is listed.
const GLOBAL: &str = "global";

/// Holds every kind, in both regions and of the account, to what boto3 finds.
#[track_caller]
fn assert_everything_is_listed(front: &Front, status: &Value) {
    let inventory = front.inventory();
    for region in [SHOP, RENDER, GLOBAL] {
        let kinds = inventory[region].as_object().expect("names by kind");
        assert!(!kinds.is_empty(), "nothing in {region}");
        for (kind, expected) in kinds {
            let mut expected: Vec<&str> = expected
                .as_array()
                .expect("names")
                .iter()
                .filter_map(Value::as_str)
                .collect();
            expected.sort_unstable();
            assert_eq!(names(status, kind, region), expected, "{kind} in {region}");
        }
    }
}

/// Holds every kind that is listed to be one that boto3 was asked about, with something to find.
#[track_caller]
fn assert_nothing_escapes(front: &Front, status: &Value) {
    let inventory = front.inventory();
    let places = inventory.as_object().expect("kinds by place").values();
    let asked: BTreeSet<&str> = places
        .filter_map(Value::as_object)
        .flatten()
        .filter(|(_, names)| names != &&json!([]))
        .map(|(kind, _)| kind.as_str())
        .collect();
    // Cards and their hosts are no listing of AWS's; advice is of services that moto lacks.
    let of_other_sources = ["gpu", "gpu-host", "advice"];
    let listed: BTreeSet<&str> = status["resources"]
        .as_object()
        .expect("resources by kind")
        .keys()
        .map(String::as_str)
        .filter(|kind| !of_other_sources.contains(kind))
        .collect();
    assert_eq!(listed, asked);
}

#[test]
fn status_lists_what_boto3_lists_in_both_regions() {
    let Some(front) = Front::start_whole() else { return };
    let status = status(&both(&front), &[]);
    assert_eq!(status["errors"], json!([]));
    assert_everything_is_listed(&front, &status);
    assert_nothing_escapes(&front, &status);
    assert_eq!(
        names(&status, "ecs-service", SHOP).len(),
        12,
        "more than one call describes"
    );
    for service in resources(&status, "ecs-service") {
        let arguments = json!({ "cluster": service["cluster"], "services": [service["name"]] });
        let region = text(service, "scope").rsplit('/').next().expect("a region");
        let described = front.aws(region, "ecs", "describe_services", arguments);
        let described = &described["services"][0];
        for (ours, theirs) in [
            ("desired", "desiredCount"),
            ("running", "runningCount"),
            ("pending", "pendingCount"),
        ] {
            assert_eq!(service[ours], described[theirs], "{ours} of {}", service["name"]);
        }
    }
}

#[test]
fn lists_are_read_to_their_last_page() {
    let Some(front) = Front::start_whole() else { return };
    front.page_cap(2);
    let status = status(&both(&front), &["--no-probe"]);
    assert_eq!(status["errors"], json!([]));
    front.page_cap(0);
    assert_everything_is_listed(&front, &status);
}

#[test]
fn gpu_rows_are_what_the_hosts_printed() {
    let Some(front) = Front::shared() else { return };
    let status = status(&qd().on(front, RENDER), &["gpu", "gpu-host"]);
    let card = |util: f64| {
        resources(&status, "gpu")
            .find(|card| card["util_percent"].as_f64() == Some(util) && card["mem_used_mib"] == 18840)
            .unwrap_or_else(|| panic!("no such card: {}", status["resources"]["gpu"]))
    };
    let busy = card(97.0);
    assert_eq!(busy["asg"], "render-gpu");
    assert_eq!(busy["temp_c"], 64.0);
    assert_eq!(busy["idle"], false);
    assert!((busy["power_w"].as_f64().expect("power is known") - 271.33).abs() < 0.01);
    let processes: Vec<(Option<i64>, Option<&str>)> = busy["processes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|process| (process["pid"].as_i64(), process["name"].as_str()))
        .collect();
    assert_eq!(
        processes,
        [
            (Some(981), Some("python3")),
            (Some(982), Some("/srv/worker, queue=render"))
        ]
    );
    let hosts: BTreeSet<&str> = resources(&status, "gpu-host")
        .map(|host| text(host, "probe"))
        .collect();
    let expected = ["agent-offline", "driver-error", "no-agent", "no-nvidia-smi", "ok"];
    assert_eq!(hosts, BTreeSet::from(expected));
}

#[test]
fn throttling_is_waited_out() {
    let Some(front) = Front::start() else { return };
    front.rules(json!([{ "service": "ecs", "fault": "throttle", "times": 3 }]));
    let status = status(&both(&front), &["--no-probe"]);
    assert_everything_is_listed(&front, &status);
    assert!(
        status["api"]["throttled"].as_u64() >= Some(3),
        "{}",
        status["api"]
    );
    let refused = front.calls().iter().filter(|call| call.fault.is_some()).count();
    assert_eq!(refused, 3);
}

#[test]
fn what_is_denied_hides_nothing_else() {
    let Some(front) = Front::start() else { return };
    front.rules(json!([{ "service": "rds", "fault": "denied" }]));
    let qd = qd().on(&front, SHOP);
    let denied = status(&qd, &["--no-probe"]);
    let kinds: BTreeSet<&str> = denied["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| text(error, "kind"))
        .collect();
    assert!(
        !kinds.is_empty() && kinds.iter().all(|kind| kind.starts_with("rds-")),
        "{kinds:?}"
    );
    assert_eq!(names(&denied, "ecs-service", SHOP).len(), 12);
    assert!(
        denied["resources"].get("rds-instance").is_none_or(Value::is_null),
        "what is not read is not []"
    );
    let watched = qd
        .args(["status", "--no-probe", "--fail-on", "warn", "-o", "json"])
        .run();
    assert_eq!(watched.code(), 15);
    let watched = watched.json();
    let findings = watched["findings"].as_array().into_iter().flatten();
    let rules: BTreeSet<&str> = findings.map(|finding| text(finding, "rule")).collect();
    assert!(rules.contains("collect.unreadable"), "{rules:?}");
}

#[test]
fn an_expired_session_ends_with_the_way_to_mend_it() {
    let Some(front) = Front::start() else { return };
    front.rules(json!([{ "fault": "expired" }]));
    let finished: Finished = qd().on(&front, SHOP).args(["status", "--no-probe"]).run();
    assert_eq!(finished.code(), 14, "{finished:#?}");
    assert!(finished.stderr.contains("expired"), "{}", finished.stderr);
}

/// A console that has read the services.
fn console(front: &Front) -> Screen {
    let mut screen = qd().on(front, SHOP).screen(120, 40);
    screen.send_keys("2");
    screen.wait_for_text("shop-checkout");
    screen
}

#[test]
fn keys_answer_while_every_call_hangs() {
    let Some(front) = Front::start() else { return };
    front.rules(json!([{ "fault": "hang" }]));
    let mut screen = qd().on(&front, SHOP).screen(80, 24);
    screen.wait_for_text("changed in the last 2 h");
    for (key, shown) in [
        ("2", "ECS services"),
        ("4", "RDS"),
        ("8", "CloudWatch alarms"),
        ("?", "keys and commands"),
    ] {
        let pressed = Instant::now();
        screen.send_keys(key);
        screen.wait_for_text(shown);
        assert!(
            pressed.elapsed() < Duration::from_secs(1),
            "{key} took {:?}",
            pressed.elapsed()
        );
    }
    front.rules(json!([]));
    screen.send_keys("\x1b");
    // The next key in the same breath would be read as Alt and that key.
    screen.wait_until("the help to go", |seen| {
        !seen.contents().contains("keys and commands")
    });
    screen.send_keys("2");
    screen.wait_for_text("shop-checkout");
    screen.send_keys("qq");
    assert_eq!(screen.wait_for_end().exit_code(), 0);
}

#[test]
fn an_expired_session_leaves_the_data_and_recovers() {
    let Some(front) = Front::start() else { return };
    let mut screen = console(&front);
    front.rules(json!([{ "fault": "expired" }]));
    screen.send_keys("r");
    screen.wait_until("that the session has expired", |seen| {
        seen.contents().to_lowercase().contains("expired")
    });
    let shown = screen.contents();
    assert!(shown.contains("shop-checkout"), "{shown}");
    assert!(
        shown.contains("profile default has ended: run `aws sso login"),
        "{shown}"
    );
    front.rules(json!([]));
    screen.wait_until("the end of it", |seen| !seen.contents().contains("has ended"));
    assert!(screen.contents().contains("shop-checkout"));
}

#[test]
fn what_is_denied_while_it_runs_is_marked_and_stays() {
    let Some(front) = Front::start() else { return };
    let mut screen = console(&front);
    front.rules(json!([{ "service": "ecs", "fault": "denied" }]));
    screen.send_keys("r");
    screen.wait_until("that the services are stale", |seen| {
        let shown = seen.contents();
        shown.contains("shop-checkout") && (shown.contains("denied") || shown.contains("STALE"))
    });
    front.rules(json!([]));
    screen.send_keys("r");
    screen.wait_until("services that are fresh again", |seen| {
        let shown = seen.contents();
        shown.contains("shop-checkout") && !shown.contains("denied") && !shown.contains("STALE")
    });
}
