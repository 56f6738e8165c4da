//! What the console says is the same wherever it says it, and what it has to say unasked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;
use pretty_assertions::assert_eq;
use quarterdeck::app::effect::Effect;
use quarterdeck::app::estate_line;
use quarterdeck::app::logs::LogsEffect;
use quarterdeck::app::msg::Msg;
use quarterdeck::app::open::Opening;
use quarterdeck::app::pane::Pane;
use quarterdeck::app::state::{Level, State};
use quarterdeck::app::table::RowKey;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::fault::{Fault, FaultKind};
use quarterdeck::domain::glob::Glob;
use quarterdeck::domain::health::Health;
use quarterdeck::domain::inventory::{Answer, Source, SourceKey};
use quarterdeck::domain::loadable::Loadable;
use quarterdeck::domain::picture::Picture;
use quarterdeck::domain::rules::Policies;
use quarterdeck::domain::scope::{Scope, ScopeName};
use quarterdeck::headless::status::{KINDS, build};

use crate::screens::stage::Stage;

/// The health of the rows of a pane, by kind and id.
fn rows(stage: &mut Stage, pane: Pane) -> BTreeMap<(String, String), Health> {
    match pane.digit() {
        Some(digit) => stage.keys(&[&digit.to_string()]),
        None => {
            let letters: Vec<String> = pane.name().chars().map(String::from).collect();
            stage.keys(&[":"]);
            stage.keys(&letters.iter().map(String::as_str).collect::<Vec<_>>());
            stage.keys(&["enter"]);
        }
    }
    assert_eq!(stage.state.pane, pane);
    let rows = stage
        .state
        .tables
        .sections
        .iter()
        .flat_map(|section| &section.rows);
    rows.filter_map(|row| match &row.key {
        RowKey::Resource(key) => Some(((key.kind.name().to_owned(), key.id.to_string()), row.health)),
        _ => None,
    })
    .collect()
}

/// The health of all resources in the document of `qd status`.
fn status(picture: &Picture) -> BTreeMap<(String, String), Health> {
    let kinds: BTreeSet<_> = KINDS.iter().copied().collect();
    let document = build::status(picture, &Policies::default(), &kinds);
    let document = serde_json::to_value(&document).unwrap();
    let resources = document["resources"].as_object().unwrap();
    resources
        .iter()
        .flat_map(|(kind, list)| list.as_array().unwrap().iter().map(move |one| (kind, one)))
        .map(|(kind, one)| {
            let id = one["id"].as_str().unwrap().to_owned();
            let health: Health = serde_json::from_value(one["health"].clone()).unwrap();
            ((kind.clone(), id), health)
        })
        .collect()
}

fn denied(stage: &mut Stage, source: Source) {
    let mut picture = (*stage.state.picture).clone();
    let state = &picture.inventory.scopes[0];
    let (scope, epoch) = (state.name().clone(), state.epoch);
    picture.inventory.apply(&Answer {
        key: SourceKey { scope, source },
        epoch,
        asked_at: picture.at,
        at: picture.at,
        result: Err(Fault::new(
            FaultKind::AccessDenied,
            "rds",
            "DescribeDBInstances",
            "no",
        )),
    });
    stage.send(Msg::Picture(Arc::new(picture)));
}

#[test]
fn what_was_not_read_is_never_counted_as_none() {
    let mut stage = Stage::unread(World::Invokeai);
    for pane in Pane::ALL.iter().copied() {
        rows(&mut stage, pane);
        for section in &stage.state.tables.sections {
            // What the console itself keeps is always known.
            if matches!(pane, Pane::Runs | Pane::Incident) || !section.rows.is_empty() {
                continue;
            }
            let (title, empty) = (&section.title, &section.empty);
            assert!(!title.ends_with(" 0"), "{pane:?}: {title}");
            assert!(!empty.starts_with("no "), "{pane:?}: {title}: {empty}");
        }
    }
}

#[test]
fn rows_and_status_tell_of_the_same_health() {
    for (world, scenario) in [
        (World::Invokeai, Scenario::BadDeploy),
        (World::Invokeai, Scenario::GpuIdleNight),
        (World::Codemate, Scenario::DbStorageLow),
        (World::Ecommerce, Scenario::RedisEvictions),
    ] {
        let mut stage = Stage::one(world, scenario);
        // What cannot be read is unknown in both.
        denied(&mut stage, Source::DbInstances);
        let status = status(&stage.state.picture);
        let mut compared = 0;
        let panes = [
            Pane::Services,
            Pane::Gpu,
            Pane::Data,
            Pane::Network,
            Pane::Logs,
            Pane::Alarms,
            Pane::Web,
            Pane::Secrets,
        ];
        for pane in panes {
            for (resource, health) in rows(&mut stage, pane) {
                // A host that did not answer has no card to be well.
                if let Some(said) = status.get(&resource).filter(|_| resource.0 != "gpu-host") {
                    assert_eq!(health, *said, "{world} {scenario}: {resource:?}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 10, "{world}: {compared}");
        let databases = status.iter().filter(|((kind, _), _)| kind == "rds-instance");
        for (id, health) in databases {
            assert!(*health >= Health::Unknown, "{id:?}");
        }
    }
}

/// The number before `bad` in an entry of the estate.
fn bad(state: &State, pane: Pane) -> usize {
    let entries = estate_line::entries(state);
    let entry = entries.iter().find(|entry| entry.pane == pane).unwrap();
    let words: Vec<&str> = entry.text.split(' ').collect();
    let before = words
        .iter()
        .position(|word| *word == "bad")
        .map(|at| words[at - 1]);
    before.map_or(0, |count| count.parse().unwrap())
}

#[test]
fn the_count_of_the_bad_is_that_of_the_list() {
    let mut seen = 0;
    for (world, scenario) in [
        (World::Invokeai, Scenario::BadDeploy),
        (World::Codemate, Scenario::DbStorageLow),
        (World::Ecommerce, Scenario::RedisEvictions),
    ] {
        let mut stage = Stage::one(world, scenario);
        for pane in [Pane::Services, Pane::Data, Pane::Network] {
            let listed = rows(&mut stage, pane);
            let listed = listed
                .values()
                .filter(|health| **health > Health::Unknown)
                .count();
            assert_eq!(bad(&stage.state, pane), listed, "{world} {scenario} {pane:?}");
            seen += listed;
        }
        // Accepting what is wrong makes both numbers smaller.
        stage.keys(&["1"]);
        let findings = stage.state.tables.sections[0].rows.len();
        for _ in 0..findings {
            stage.keys(&["a", "down"]);
        }
        for pane in [Pane::Services, Pane::Data, Pane::Network] {
            let listed = rows(&mut stage, pane);
            let listed = listed
                .values()
                .filter(|health| **health > Health::Unknown)
                .count();
            assert_eq!(
                bad(&stage.state, pane),
                listed,
                "{world} {scenario} {pane:?} accepted"
            );
        }
    }
    assert!(seen > 2, "{seen}");
}

fn said(state: &State) -> Vec<&str> {
    state.notices.iter().map(|notice| notice.text.as_str()).collect()
}

#[test]
fn merged_scopes_and_changed_accounts_are_said_once() {
    let mut stage = Stage::one(World::Invokeai, Scenario::Quiet);
    let mut picture = (*stage.state.picture).clone();
    let first = &picture.inventory.scopes[0];
    let mut second = first.clone();
    second.scope = Arc::new(Scope {
        name: ScopeName::new("other/us-east-1"),
        ..(*first.scope).clone()
    });
    second.merged_into = Some(first.name().clone());
    picture.inventory.scopes.push(second);
    stage.send(Msg::Picture(Arc::new(picture.clone())));
    let words = "other/us-east-1 is the account and region of invokeai/us-east-1: shown once";
    assert_eq!(said(&stage.state), [words]);
    stage.send(Msg::Picture(Arc::new(picture.clone())));
    assert_eq!(said(&stage.state), [words]);

    let identity = picture.inventory.scopes[0].identity.value.as_mut().unwrap();
    Arc::make_mut(&mut identity.0).account = "999988887777".to_owned();
    stage.send(Msg::Picture(Arc::new(picture)));
    let last = stage.state.notices.back().unwrap();
    assert_eq!(
        last.text,
        "invokeai/us-east-1 is account 999988887777 now, not 555566667777: what was known of it is forgotten"
    );
}

fn opening(stage: &mut Stage, wanted: &str) {
    stage.state.opening = Some(Opening {
        wanted: wanted.to_owned(),
        until: stage.state.now + SignedDuration::from_secs(30),
    });
}

#[test]
fn who_goes_elsewhere_is_not_taken_away() {
    let mut stage = Stage::one(World::Codemate, Scenario::Quiet);
    let picture = stage.state.picture.clone();
    opening(&mut stage, "codemate-db-prod");
    stage.keys(&["2"]);
    stage.send(Msg::Picture(picture.clone()));
    assert_eq!(
        (stage.state.pane, stage.state.levels.as_slice()),
        (Pane::Services, &[][..])
    );

    opening(&mut stage, "codemate-db-prod");
    stage.send(Msg::Picture(picture));
    assert_eq!(stage.state.pane, Pane::Data);
    assert!(matches!(stage.state.levels.as_slice(), [Level::Detail { .. }]));
}

#[test]
fn a_name_of_several_opens_none_of_them() {
    let mut stage = Stage::one(World::Codemate, Scenario::Quiet);
    let picture = stage.state.picture.clone();
    // There is one in each of two clusters.
    opening(&mut stage, "codemate-backend-service");
    stage.send(Msg::Picture(picture));
    assert_eq!(
        said(&stage.state),
        ["open codemate-backend-service: 2 resources are called so; give the id"]
    );
    assert_eq!(stage.state.levels, []);
}

#[test]
fn a_resource_that_never_comes_is_given_up_in_time() {
    let mut stage = Stage::one(World::Codemate, Scenario::Quiet);
    let now = stage.state.now;
    // One list is still on its way, so that nobody can say that the resource is not there.
    let mut picture = (*stage.state.picture).clone();
    picture.inventory.scopes[0].caches = Loadable::default();
    opening(&mut stage, "codemate-db-gone");
    stage.send(Msg::Picture(Arc::new(picture)));
    assert_eq!(said(&stage.state), [] as [&str; 0]);
    stage.send(Msg::Tick(now + SignedDuration::from_secs(29)));
    assert!(stage.state.opening.is_some());
    assert!(stage.send(Msg::Tick(now + SignedDuration::from_secs(30))));
    assert_eq!(said(&stage.state), ["open codemate-db-gone: not found here"]);
    assert_eq!(stage.state.opening, None);
}

#[test]
fn pinned_log_groups_come_first_and_a_service_finds_its_own() {
    let mut stage = Stage::one(World::Codemate, Scenario::Quiet);
    stage.state.setup.pinned_logs = vec![Glob::new("/aws/ecs/*-frontend")];
    stage.keys(&["6"]);
    let first = &stage.state.tables.sections[0];
    let names: Vec<&str> = first.rows.iter().map(|row| row.cells[1].text.as_str()).collect();
    assert_eq!(names, ["/aws/ecs/codemate-frontend"]);
    assert!(stage.state.tables.sections[1].rows.len() > 3);

    stage.keys(&["2"]);
    stage.filter("codemate-backend-service");
    stage.keys(&["l"]);
    let targets: Vec<String> = stage
        .effects
        .iter()
        .find_map(|effect| match effect {
            Effect::Logs(LogsEffect::Open { targets, .. }) => {
                Some(targets.iter().map(|target| target.group.clone()).collect())
            }
            _ => None,
        })
        .expect("a tail was opened");
    assert_eq!(targets, ["/aws/ecs/codemate-backend"]);
}

#[test]
fn a_failed_build_opens_its_own_log_from_its_beginning() {
    let mut stage = Stage::one(World::Codemate, Scenario::PipelineFailed);
    let state = &stage.state.picture.inventory.scopes[0];
    let projects = state.build_projects.get().expect("projects were read");
    let build = projects
        .iter()
        .find_map(quarterdeck::domain::codebuild::Project::newest_failure)
        .expect("a build failed")
        .clone();
    let log = build.log.expect("it wrote a log");
    for pane in ["pipelines", "0"] {
        stage.effects.clear();
        if pane == "0" {
            stage.keys(&["q", "0"]);
        } else {
            stage.keys(&[":"]);
            let letters: Vec<String> = pane.chars().map(String::from).collect();
            stage.keys(&letters.iter().map(String::as_str).collect::<Vec<_>>());
            stage.keys(&["enter"]);
        }
        stage.filter("codemate-pipeline-prod");
        stage.keys(&["l"]);
        let opened = stage.effects.iter().find_map(|effect| match effect {
            Effect::Logs(LogsEffect::Open { targets, from, .. }) => Some((targets.clone(), *from)),
            _ => None,
        });
        let (targets, from) = opened.expect("a tail was opened");
        let [target] = targets.as_slice() else {
            panic!("one build, one stream: {targets:?}");
        };
        let stream = target.stream.as_ref().map(|stream| stream.name.clone());
        assert_eq!(
            (&target.group, stream),
            (&log.group, log.stream.clone()),
            "{pane}"
        );
        let began = build.started_at.expect("it began");
        let before = began.duration_since(from);
        assert!(
            before >= SignedDuration::ZERO && before <= SignedDuration::from_mins(3),
            "{before:?}"
        );
    }
}

#[test]
fn details_are_titled_by_what_people_call_the_thing() {
    let mut stage = Stage::all(Scenario::Everyday);
    for (pane, kind) in [(Pane::Network, "certificate"), (Pane::Web, "distribution")] {
        assert!(!rows(&mut stage, pane).is_empty());
        let key = stage
            .state
            .tables
            .sections
            .iter()
            .flat_map(|section| &section.rows)
            .map(|row| row.key.clone())
            .find(|key| key.resource().is_some_and(|one| one.kind.name() == kind))
            .unwrap_or_else(|| panic!("no {kind} in {}", pane.name()));
        let level = Level::Detail {
            key: key.clone(),
            scroll: 0,
            reveal: false,
        };
        let title = quarterdeck::app::detail::build(&stage.state, &level).title;
        let tail = key
            .resource()
            .and_then(|one| one.id.rsplit('/').next().map(str::to_owned));
        assert!(title.contains('.'), "{title}");
        assert!(!title.contains(&tail.expect("an id")), "{title}");
    }
}

/// The rows of the pane in front, as text beside their key.
fn told(stage: &Stage) -> Vec<(RowKey, String)> {
    let sections = stage.state.tables.sections.iter();
    sections
        .flat_map(|section| &section.rows)
        .map(|row| {
            let cells: Vec<&str> = row.cells.iter().map(|cell| cell.text.as_str()).collect();
            (row.key.clone(), cells.join(" "))
        })
        .collect()
}

/// Everything that the detail of a row says.
fn detail(stage: &Stage, key: &RowKey) -> (String, String) {
    let level = Level::Detail {
        key: key.clone(),
        scroll: 0,
        reveal: false,
    };
    let detail = quarterdeck::app::detail::build(&stage.state, &level);
    let text = detail.blocks.iter().map(|block| format!("{block:?}")).collect();
    (detail.title, text)
}

#[test]
fn what_is_paid_leads_to_what_it_is_paid_for() {
    let mut stage = Stage::one(World::Codemate, Scenario::Quiet);
    stage.keys(&["7"]);
    let rows = told(&stage);
    let find = |words: &str| {
        let mut found = rows.iter().filter(|(_, text)| text.starts_with(words));
        found.next().unwrap_or_else(|| panic!("{words}: {rows:#?}"))
    };
    // Of fifteen items twelve are shown one by one.
    assert_eq!(stage.state.picture.burn.items.len(), 15);
    assert!(find("and 3 more").1.contains("qd spend lists them"));
    let (title, _) = detail(&stage, &find("codemate-backend-service fargate").0);
    assert_eq!(title, "ecs-service codemate-backend-service");
    // The estate's own part, and its budget without what AWS does not know.
    let (key, row) = find("codemate, this estate");
    assert!(row.contains("$495"), "{row}");
    let (_, text) = detail(&stage, key);
    for words in [
        "AI code review API",
        "which AWS does not know",
        "Environment = prod",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // Why a saving is one stands in the detail of what it is about.
    let saving = &stage.state.picture.savings[0];
    let key = RowKey::Finding(saving.rule.clone(), saving.resource.clone());
    let (_, text) = detail(&stage, &key);
    assert!(text.contains(&saving.title), "{text}");
    let mut fashion = Stage::one(World::Fashion, Scenario::CreditBurn);
    fashion.keys(&["7"]);
    let rows = told(&fashion);
    let eaters = rows.iter().find(|(_, text)| text.starts_with("eaten a day by"));
    let (_, text) = detail(&fashion, &eaters.expect("what eats the credits").0);
    assert!(text.contains("billed, not paid by them"), "{text}");
}

#[test]
fn connections_stand_beside_the_most_that_there_can_be() {
    let mut stage = Stage::one(World::Codemate, Scenario::Quiet);
    stage.keys(&["4"]);
    for (name, most) in [("codemate-db-prod", "/~"), ("codemate-db-dev", "/~")] {
        let rows = told(&stage);
        let (key, row) = rows
            .iter()
            .find(|(_, text)| text.contains(name))
            .unwrap_or_else(|| panic!("{name}: {rows:#?}"));
        assert!(row.contains(most), "{row}");
        let (_, text) = detail(&stage, key);
        assert!(text.contains("% taken; "), "{text}");
        // 18:00-19:00 by UTC, as AWS has it.
        assert!(!text.contains(" UTC\""), "{text}");
    }
}
