//! What an estate's file and a few flags do to what is shown, on the demo as a user runs it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::qd::{Finished, Qd, qd};

/// The production half of the codemate world.
const PROD: &str = "
apiVersion: quarterdeck/v1
kind: Estate
name: codemate-prod
environment: prod
time_zone: Asia/Seoul
scopes:
  - region: ap-northeast-2
select:
  clusters: [codemate-cluster]
  names: ['*-prod', codemate-nat-a]
log_groups:
  - /aws/ecs/codemate-frontend
";

fn demo(world: &str) -> Qd {
    qd().args([format!("--demo={world}")])
}

/// An invocation with an estate file.
fn with_estate(world: &str, text: &str) -> Qd {
    let qd = demo(world);
    let path = qd.file("estate.yaml", text);
    qd.args(["--estate".into(), path.into_os_string()])
}

/// The names of the resources of a kind.
fn names(status: &Value, kind: &str) -> BTreeSet<String> {
    let list = status["resources"][kind].as_array();
    let list = list.unwrap_or_else(|| panic!("no list of {kind}: {}", status["errors"]));
    list.iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn status(qd: Qd) -> (Value, Finished) {
    let finished = qd.args(["status", "-o", "json"]).run();
    assert_eq!(finished.code(), 0, "{finished:?}");
    (finished.json(), finished)
}

#[test]
fn only_what_the_estate_selects_is_asked_for_and_shown() {
    let (all, _) = status(demo("codemate"));
    let (prod, _) = status(with_estate("codemate", PROD));
    assert!(names(&all, "rds-instance").contains("codemate-db-dev"));

    let services = prod["resources"]["ecs-service"].as_array().unwrap();
    let clusters: BTreeSet<&str> = services
        .iter()
        .map(|one| one["cluster"].as_str().unwrap())
        .collect();
    assert_eq!(
        (services.len(), clusters),
        (2, BTreeSet::from(["codemate-cluster"]))
    );
    assert_eq!(names(&prod, "rds-instance"), set(&["codemate-db-prod"]));
    assert_eq!(names(&prod, "redis"), set(&["codemate-redis-prod"]));
    assert_eq!(names(&prod, "load-balancer"), set(&["codemate-alb-prod"]));
    // No name of a target group matches: the selected services register with them.
    assert_eq!(
        names(&prod, "target-group"),
        set(&["codemate-backend-tg", "codemate-frontend-tg"])
    );
    assert_eq!(names(&prod, "nat-gateway"), set(&["codemate-nat-a"]));
    assert_eq!(names(&prod, "log-group"), set(&["/aws/ecs/codemate-frontend"]));

    for finding in prod["findings"].as_array().unwrap() {
        let about = finding["id"].as_str().unwrap();
        assert!(!about.contains("-dev"), "{finding}");
    }
    let dev = |status: &Value| status["findings"].to_string().contains("-dev");
    assert!(dev(&all) && !dev(&prod));

    let burn = |status: &Value| status["spend"]["burn_rate_per_hour"]["total"].as_f64().unwrap();
    assert!(burn(&prod) < burn(&all), "{} {}", burn(&prod), burn(&all));
    assert!(burn(&prod) > 0.0);
}

#[test]
fn a_selection_by_tag_takes_what_has_the_tag() {
    let (all, _) = status(demo("codemate"));
    let tags = "
apiVersion: quarterdeck/v1
kind: Estate
name: nothing
environment: dev
scopes:
  - region: ap-northeast-2
select:
  tags: {Project: of-somebody-else}
";
    let (none, _) = status(with_estate("codemate", tags));
    for kind in [
        "ecs-service",
        "rds-instance",
        "redis",
        "target-group",
        "alarm",
        "log-group",
    ] {
        assert_eq!(names(&none, kind), BTreeSet::new(), "{kind}");
        assert_ne!(names(&all, kind), BTreeSet::new(), "{kind}");
    }
    let (ours, _) = status(with_estate(
        "codemate",
        &tags.replace("of-somebody-else", "codemate"),
    ));
    assert_eq!(names(&ours, "ecs-service"), names(&all, "ecs-service"));
    assert_eq!(names(&ours, "rds-instance"), names(&all, "rds-instance"));
    assert_eq!(names(&ours, "target-group"), names(&all, "target-group"));
    // A kind asked for alone is narrowed by kinds that were not asked for.
    let alone = with_estate("codemate", &tags.replace("of-somebody-else", "codemate"));
    let alone = alone.args(["status", "target-group", "-o", "json"]).run().json();
    assert_eq!(names(&alone, "target-group"), names(&all, "target-group"));
    assert!(alone["resources"].get("ecs-service").is_none());
}

#[test]
fn doubtful_acceptances_are_said_and_nothing_is_refused() {
    let text = format!(
        "{PROD}
accept:
  - {{rule: rds.single-az-prd, match: codemate-db-prod, reason: by design, until: 2099-12-31}}
  - {{rule: redis.failover-off-prod, match: 'codemate-*', reason: small, until: 2020-01-31}}
"
    );
    let (_, finished) = status(with_estate("codemate", &text));
    assert!(
        finished.stderr.contains("no rule is called `rds.single-az-prd`"),
        "{finished:?}"
    );
    assert!(
        finished.stderr.contains("did you mean `rds.single-az-prod`?"),
        "{finished:?}"
    );
    assert!(
        finished
            .stderr
            .contains("the acceptance of `redis.failover-off-prod` for `codemate-*` ended on 2020-01-31"),
        "{finished:?}"
    );
    let (_, quiet) = status(with_estate("codemate", PROD));
    assert_eq!(quiet.stderr, "");

    let console = with_estate("codemate", &text);
    let screen = console.screen(120, 40);
    screen.wait_for_text("no rule is called `rds.single-az-prd`");
}

#[test]
fn without_probes_no_host_is_asked() {
    let (probed, _) = status(demo("invokeai"));
    assert_ne!(names(&probed, "gpu"), BTreeSet::new());
    let (silent, _) = status(demo("invokeai").args(["--no-probe"]));
    for kind in ["gpu", "gpu-host"] {
        assert!(silent["resources"].get(kind).is_none(), "{kind}");
    }
    let calls = silent["api"]["by_operation"].to_string();
    // The names of parameters are no host's.
    let calls = calls.replace("ssm:DescribeParameters", "");
    assert!(!calls.contains("ssm:"), "{calls}");
    assert!(
        probed["api"]["by_operation"]
            .to_string()
            .contains("ssm:SendCommand")
    );

    let mut screen = demo("invokeai").args(["--no-probe"]).screen(120, 40);
    screen.wait_for_text("ecs 1/1");
    screen.send_keys("3");
    screen.wait_for_text("invokeai-gpu-workers-spot");
    screen.wait_for_text("--no-probe");
}

#[test]
fn the_console_opens_on_a_resource() {
    for id in [
        "codemate-db-prod",
        "arn:aws:rds:ap-northeast-2:111122223333:db:codemate-db-prod",
    ] {
        let mut screen = demo("codemate").args(["--open", id]).screen(120, 40);
        // The detail, which the list has not.
        screen.wait_for_text("codemate-db-prod");
        screen.wait_for_text("postgres 17.2");
        screen.wait_for_text("max_connections");
        screen.send_keys("\x1b");
        screen.wait_for_text("RDS instances");
        screen.wait_until("the selection on it", |seen| {
            seen.rows(0, 120)
                .any(|row| row.starts_with('>') && row.contains("codemate-db-prod"))
        });
    }
}

#[test]
fn a_resource_that_is_not_there_is_said_and_nobody_is_moved() {
    let screen = demo("codemate")
        .args(["--open", "codemate-db-gone"])
        .screen(120, 40);
    screen.wait_for_text("open codemate-db-gone: not found here");
    assert!(
        screen.contents().contains("DEMO codemate"),
        "{}",
        screen.contents()
    );
}

#[test]
fn an_estate_chooses_its_world() {
    let alone = qd().args(["--demo", "--estate", "invokeai"]);
    let (status, _) = status(alone);
    let scopes = status["scopes"].to_string();
    assert!(
        scopes.contains("invokeai") && !scopes.contains("codemate"),
        "{scopes}"
    );
    let other = qd().args(["--demo=ecg", "--estate", "invokeai", "status"]).run();
    assert_eq!(other.code(), 2, "{other:?}");
}

#[test]
fn an_estate_is_not_blamed_for_its_accounts_bill() {
    let budget = qd()
        .args(["--demo", "--estate", "ecg", "status", "-o", "json"])
        .run();
    let document = budget.json();
    let findings = document["findings"].as_array().expect("a list");
    let budgets: Vec<&str> = findings
        .iter()
        .filter(|finding| finding["kind"] == "budget")
        .filter_map(|finding| finding["name"].as_str())
        .collect();
    assert_eq!(budgets, ["ecg-project-pipeline-dev-monthly"]);
}
