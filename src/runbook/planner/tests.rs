//! From the text of a runbook to a plan.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::domain::scope::ScopeName;
use crate::runbook::catalogue;
use crate::runbook::machine::tests_support::World;
use crate::runbook::plan::Work;
use crate::runbook::value::Resource;
use crate::runbook::{File, NoLibrary, load, observe};

const NIGHT: &str = r#"
apiVersion: quarterdeck/v1
kind: Runbook
name: night
title: Down for the night
params:
  fleet: {type: list<aws/asg>, about: Groups, from: {list: asg}}
  keep: {type: int, default: 0, min: 0, max: 4}
limits: {max_targets: 3, deadline: 45m}
preconditions:
  - {check: expr, that: "all(params.fleet, f -> (f.desired ?? 0) > 0)", message: some are down already}
steps:
  - id: hold
    action: asg.suspend_processes
    for_each: params.fleet
    with: {group: "${each.name}", processes: [AlarmNotification]}
  - id: down
    action: asg.set_capacity
    for_each: params.fleet
    concurrency: 3
    when: (each.desired ?? 0) > params.keep
    with: {group: "${each.name}", min: "${params.keep}", desired: "${params.keep}"}
    wait: {until: live.in_service == params.keep, timeout: 20m, every: 15s}
    register: down
verify:
  - {check: expr, that: "all(params.fleet, f -> f.in_service == params.keep)", within: 5m}
on_failure: rollback
"#;

fn runbook(text: &str) -> std::sync::Arc<Runbook> {
    let file = File {
        key: "night".to_owned(),
        name: "night.yaml".to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    match load(&file, &NoLibrary, catalogue()) {
        Ok(loaded) => loaded.runbook,
        Err(unusable) => panic!("{unusable:#?}"),
    }
}

fn identity() -> PlanIdentity {
    PlanIdentity {
        scope: ScopeName::new("default/us-east-1"),
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        arn: "arn:aws:sts::123456789012:assumed-role/oncall/alice".to_owned(),
        account_name: None,
        estate: None,
        environment: "dev".to_owned(),
    }
}

fn resources(world: &mut World) -> Vec<Resource> {
    let kind = crate::domain::ids::Kind::Asg;
    let answers = observe::queries(kind).into_iter().map(|query| {
        let answer = world.read(&query);
        (query, answer)
    });
    observe::resources(kind, &View::new(answers.collect())).unwrap()
}

/// The head of a runbook without parameters.
const HEAD: &str = "apiVersion: quarterdeck/v1\nkind: Runbook\nname: test\ntitle: A test\n";

/// The plan of a runbook without parameters, given all but its head.
pub fn plan_of(body: &str, world: &mut World) -> Result<Plan, Refused> {
    planned(&runbook(&format!("{HEAD}{body}")), &BTreeMap::new(), world).0
}

/// The same with values of its parameters.
pub fn plan_with(body: &str, params: &[(&str, Value)], world: &mut World) -> Result<Plan, Refused> {
    let params = params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    planned(&runbook(&format!("{HEAD}{body}")), &params, world).0
}

/// Every group as a value.
pub fn fleet(world: &mut World) -> Value {
    let all = resources(world).into_iter();
    Value::List(
        all.map(|resource| Value::Resource(std::sync::Arc::new(resource)))
            .collect(),
    )
}

/// Why there is no plan where some reads fail.
pub fn refused_at(body: &str, fails: impl Fn(&Query) -> Option<crate::domain::fault::Fault>) -> Refused {
    let mut world = World::new(&["a", "b"]);
    let runbook = runbook(&format!("{HEAD}{body}"));

    with_planner(&runbook, &BTreeMap::new(), &world.clone(), |planner| {
        let mut view = View::default();
        loop {
            match planner.plan(&view) {
                Ok(Next::Ready(plan)) => panic!("it is a plan: {plan:#?}"),
                Ok(Next::Read(queries)) => {
                    for query in queries {
                        let answer = fails(&query).map_or_else(|| world.read(&query), Err);
                        view.extend(View::new(vec![(query, answer)]));
                    }
                }
                Err(refused) => return refused,
            }
        }
    })
}

/// What planning asks for first.
pub fn asked(body: &str, view: &View) -> Vec<Query> {
    let runbook = runbook(&format!("{HEAD}{body}"));
    with_planner(
        &runbook,
        &BTreeMap::new(),
        &World::new(&["a"]),
        |planner| match planner.plan(view).unwrap() {
            Next::Read(queries) => queries,
            Next::Ready(plan) => panic!("it is a plan: {plan:#?}"),
        },
    )
}

/// The same with runbooks that it uses, by name.
pub fn plan_using(body: &str, used: &[(&'static str, String)], world: &mut World) -> Result<Plan, Refused> {
    struct Shelf<'a>(&'a [(&'static str, String)]);
    impl crate::runbook::Library for Shelf<'_> {
        fn find(&self, name: &str, _: &str) -> crate::runbook::Found {
            let (own, text) = self.0.iter().find(|(own, _)| *own == name).unwrap();
            crate::runbook::Found::File(File {
                key: (*own).to_owned(),
                name: format!("{own}.yaml"),
                bytes: format!("{}{text}", HEAD.replace("test", own)).into_bytes(),
            })
        }
    }
    let file = File {
        key: "test".to_owned(),
        name: "test.yaml".to_owned(),
        bytes: format!("{HEAD}{body}").into_bytes(),
    };
    let loaded = load(&file, &Shelf(used), catalogue()).unwrap_or_else(|unusable| panic!("{unusable}"));
    planned(&loaded.runbook, &BTreeMap::new(), world).0
}

/// Plans until nothing is missing; how often it asked.
fn plan(text: &str, keep: i64, world: &mut World) -> (Result<Plan, Refused>, usize) {
    let runbook = runbook(text);
    let fleet = resources(world)
        .into_iter()
        .map(|resource| Value::Resource(std::sync::Arc::new(resource)))
        .collect();
    let params = BTreeMap::from([
        ("fleet".to_owned(), Value::List(fleet)),
        ("keep".to_owned(), Value::Int(keep)),
    ]);
    planned(&runbook, &params, world)
}

/// What tests allow.
fn allowed() -> Allowances {
    Allowances {
        programs: vec!["/usr/bin/true".to_owned()],
        documents: vec!["drain-host".to_owned()],
    }
}

fn planned(
    runbook: &Runbook,
    params: &BTreeMap<String, Value>,
    world: &mut World,
) -> (Result<Plan, Refused>, usize) {
    with_planner(runbook, params, &world.clone(), |planner| {
        let mut view = View::default();
        for round in 0..5 {
            match planner.plan(&view) {
                Ok(Next::Ready(plan)) => return (Ok(*plan), round),
                Ok(Next::Read(queries)) => {
                    for query in queries {
                        assert!(view.get(&query).is_none(), "asked twice: {query:?}");
                        let answer = world.read(&query);
                        view.extend(View::new(vec![(query, answer)]));
                    }
                }
                Err(refused) => return (Err(refused), round),
            }
        }
        panic!("it never ends");
    })
}

fn with_planner<T>(
    runbook: &Runbook,
    params: &BTreeMap<String, Value>,
    world: &World,
    use_it: impl FnOnce(&Planner<'_>) -> T,
) -> T {
    let (identity, decisions) = (identity(), Decisions::default());
    let allowed = allowed();
    let run = RunNames {
        id: "r1".to_owned(),
        operator: "alice".to_owned(),
        reason: None,
    };
    use_it(&Planner {
        runbook,
        params,
        identity: &identity,
        confirm_at_least: ConfirmLevel::None,
        decisions: &decisions,
        prices: PriceTable::shipped(),
        allowed: &allowed,
        run: &run,
        now: world.now,
        wall: world.now,
    })
}

#[test]
fn loops_are_unrolled_and_conditions_judged() {
    let mut world = World::new(&["a", "b", "c"]);
    world.group("b").desired = 1;
    let (planned, rounds) = plan(NIGHT, 1, &mut world);
    let planned = planned.unwrap();
    assert_eq!(rounds, 1);
    assert!(world.writes.is_empty());
    let Work::Changes {
        lanes,
        canary,
        concurrency,
        ..
    } = &planned.steps[1].work
    else {
        panic!("{:?}", planned.steps[1]);
    };
    assert_eq!((lanes.len(), *canary, *concurrency), (2, 1, 3));
    assert_eq!(lanes[0].label, "a");
    assert_eq!(planned.changes.len(), 5);
    assert_eq!(planned.changes[3].after["desired"], json!(1));
    assert_eq!(planned.skipped.len(), 1, "{:?}", planned.skipped);
    assert_eq!(planned.confirm.level, ConfirmLevel::Ack);
    assert_eq!(planned.deadline_s, 45 * 60);
    assert!(planned.is_sealed());
    // The same again is the same plan.
    assert_eq!(plan(NIGHT, 1, &mut world).0.unwrap().digest, planned.digest);
}

#[test]
fn a_runbook_goes_from_text_to_verified() {
    use crate::domain::exit::Exit;
    use crate::runbook::machine::tests_support::run;
    let mut world = World::new(&["a", "b"]);
    let planned = plan(NIGHT, 0, &mut world).0.unwrap();
    let summary = run(planned, &mut world);
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    assert_eq!(world.sizes(), [(0, 6, 0); 2]);
}

#[test]
fn limits_preconditions_and_places_refuse() {
    let mut many = World::new(&["a", "b", "c", "d"]);
    let refused = plan(NIGHT, 0, &mut many).0.unwrap_err();
    assert_eq!(refused.exit, Exit::Precondition);
    assert!(refused.reasons[0].contains("changes 4 resources"), "{refused}");
    let mut down = World::new(&["a"]);
    down.group("a").desired = 0;
    let refused = plan(NIGHT, 0, &mut down).0.unwrap_err();
    assert_eq!(refused.exit, Exit::Precondition);
    assert!(refused.reasons[0].contains("some are down already"), "{refused}");
    let elsewhere = NIGHT.replace("limits:", "target: {regions: [eu-central-1]}\nlimits:");
    let refused = plan(&elsewhere, 0, &mut World::new(&["a"])).0.unwrap_err();
    assert!(refused.reasons[0].contains("may not be used"), "{refused}");
}

#[test]
fn every_refusal_is_told() {
    let mut world = World::new(&["a", "b"]);
    for name in ["a", "b"] {
        world.group(name).tags.push(crate::domain::ids::Tag {
            key: "eks:cluster-name".to_owned(),
            value: "x".to_owned(),
        });
    }
    let refused = plan(NIGHT, 0, &mut world).0.unwrap_err();
    assert_eq!(refused.reasons.len(), 4, "{refused}");
}

#[test]
fn what_cannot_be_read_is_no_plan() {
    let mut world = World::new(&["a"]);
    resources(&mut world);
    let runbook = runbook(NIGHT);
    assert_eq!(runbook.all_steps().len(), 2);
    let refused = {
        world.throttled_reads = 0;
        let text = NIGHT.replace(
            "for_each: params.fleet\n    with: {group: \"${each.name}\"",
            "with: {group: \"nowhere\"",
        );
        plan(&text, 0, &mut world).0.unwrap_err()
    };
    assert!(
        refused.reasons[0].contains("no Auto Scaling group nowhere"),
        "{refused}"
    );
}
