//! Logs: any stretch of time, again and again, with all that real ones have.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use pretty_assertions::assert_eq;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::fault::FaultKind;
use quarterdeck::domain::ops::{self, Query, ReplyData};

use super::stage::Stage;

const BACKEND: &str = "/aws/ecs/codemate-backend";

fn last(stage: &Stage, minutes: i64) -> (Timestamp, Timestamp) {
    (stage.now() - SignedDuration::from_mins(minutes), stage.now())
}

#[test]
fn the_same_stretch_gives_the_same_events_whole_or_in_parts() {
    let stage = Stage::open(World::Codemate, Scenario::BadDeploy);
    let range = (
        stage.now() - SignedDuration::from_mins(40),
        stage.now() - SignedDuration::from_mins(10),
    );
    let (whole, _) = stage.log_events(BACKEND, range, "");
    assert!(whole.len() > 2_000, "{}", whole.len());
    assert!(whole.is_sorted_by_key(|event| event.at_ms));
    let ids: BTreeSet<&str> = whole.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len(), whole.len(), "ids are unique");

    let middle = range.0 + SignedDuration::from_millis(13 * 60_000 + 417);
    let (mut parts, _) = stage.log_events(BACKEND, (range.0, middle), "");
    let (rest, _) = stage.log_events(BACKEND, (middle + SignedDuration::from_millis(1), range.1), "");
    parts.extend(rest);
    assert_eq!(parts, whole);

    stage.pass(SignedDuration::from_hours(3));
    let (later, _) = stage.log_events(BACKEND, range, "");
    assert_eq!(later, whole);
}

#[test]
fn events_arrive_after_they_happened_and_some_much_later() {
    let stage = Stage::open(World::Codemate, Scenario::Everyday);
    let range = last(&stage, 5);
    let (at_first, _) = stage.log_events(BACKEND, range, "");
    let seen: BTreeSet<String> = at_first.iter().map(|event| event.id.clone()).collect();
    let now = stage.now().as_millisecond();
    assert!(
        at_first
            .iter()
            .all(|event| event.ingested_ms <= now && event.ingested_ms > event.at_ms)
    );
    stage.pass(SignedDuration::from_secs(120));
    let (all, _) = stage.log_events(BACKEND, range, "");
    let late: Vec<_> = all.iter().filter(|event| !seen.contains(&event.id)).collect();
    assert!(
        late.iter().any(|event| event.ingested_ms - event.at_ms > 20_000),
        "{late:?}"
    );
    assert!(seen.len() + late.len() == all.len(), "nothing goes away");
}

#[test]
fn long_stretches_come_in_pages_without_loss() {
    let stage = Stage::open(World::Codemate, Scenario::Quiet);
    stage.pass(SignedDuration::from_hours(72));
    let (events, pages) = stage.log_events(BACKEND, last(&stage, 180), "");
    assert!(pages > 3, "{pages}");
    let ids: BTreeSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len(), events.len());
    let hours: Vec<usize> = (0..3)
        .map(|hour| {
            let to = stage.now() - SignedDuration::from_mins(60 * hour);
            let from = to - SignedDuration::from_millis(60 * 60_000 - 1);
            stage.log_events(BACKEND, (from, to), "").0.len()
        })
        .collect();
    let (whole, sum) = (events.len(), hours.iter().sum::<usize>());
    assert!(whole.abs_diff(sum) <= 3, "{whole} {sum}");
}

#[test]
fn a_rare_pattern_gives_empty_pages_with_a_token() {
    let stage = Stage::open(World::Codemate, Scenario::Quiet);
    stage.pass(SignedDuration::from_hours(72));
    let page = stage.log_page(ops::logs::Read::Events {
        group: BACKEND.to_owned(),
        stream: None,
        from_ms: last(&stage, 8 * 60).0.as_millisecond(),
        to_ms: None,
        pattern: Some("이런-말은-없다".to_owned()),
        token: None,
    });
    assert!(page.events.is_empty() && page.next.is_some());
}

#[test]
fn lines_are_as_wild_as_in_life() {
    let stage = Stage::open(World::Codemate, Scenario::Quiet);
    let (events, _) = stage.log_events(BACKEND, last(&stage, 6 * 60), "");
    let any = |holds: &dyn Fn(&str) -> bool| events.iter().any(|event| holds(&event.message));
    assert!(any(&|line| line.contains("협업")), "Korean");
    assert!(
        any(&|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
        "JSON"
    );
    assert!(any(&|line| line.chars().count() > 2_000), "long lines");
    assert!(any(&|line| line.contains('\u{1b}')), "escape sequences");
    assert!(
        any(&|line| line.contains('\u{202e}') || line.contains('\u{2066}')),
        "bidi controls"
    );

    let shop = Stage::open(World::Ecommerce, Scenario::Quiet);
    let (events, _) = shop.log_events("/aws/ec2/ecommerce-app", last(&shop, 6 * 60), "ERROR");
    assert!(
        events
            .iter()
            .any(|event| event.message.contains("\n\tat com.zaxxer.hikari")),
        "stack traces"
    );
    let streams: BTreeSet<&str> = events.iter().map(|event| event.stream.as_str()).collect();
    assert!(
        streams.iter().all(|stream| stream.starts_with("i-0")),
        "{streams:?}"
    );
}

#[test]
fn the_log_of_an_endpoint_tells_what_its_metrics_count() {
    let group = "/aws/sagemaker/Endpoints/fashion-ai-avatar-render";
    let count = |scenario, words: &[&str]| {
        let stage = Stage::open(World::Fashion, scenario);
        let (events, _) = stage.log_events(group, last(&stage, 10), "");
        let tells = |line: &str| words.iter().any(|word| line.contains(word));
        let told = events.iter().filter(|event| tells(&event.message)).count();
        (told, events.len())
    };
    let errors = ["ERROR", "HTTP/1.1\" 5"];
    let (failed, all) = count(Scenario::EndpointDegraded, &errors);
    assert!(failed * 6 > all && failed * 3 < all, "{failed} of {all}");
    // Metrics have one or none in ten minutes then, and no answer that is 4xx.
    let (failed, all) = count(Scenario::Quiet, &errors);
    assert!(failed <= 1 && all > 100, "{failed} of {all}");
    assert_eq!(count(Scenario::Quiet, &["HTTP/1.1\" 4"]).0, 0);
}

#[test]
fn patterns_choose_events() {
    let stage = Stage::open(World::Codemate, Scenario::Quiet);
    let (all, _) = stage.log_events(BACKEND, last(&stage, 60), "");
    let (errors, _) = stage.log_events(
        BACKEND,
        last(&stage, 60),
        "{ $.level = \"error\" && $.status >= 500 }",
    );
    assert!(!errors.is_empty() && errors.len() < all.len() / 10);
    assert!(
        errors
            .iter()
            .all(|event| event.message.contains("\"level\":\"error\""))
    );
    let (without, _) = stage.log_events(BACKEND, last(&stage, 60), "-error");
    assert!(without.iter().all(|event| !event.message.contains("error")));
}

#[test]
fn a_bad_revision_fills_the_log_with_errors() {
    let stage = Stage::open(World::Invokeai, Scenario::BadDeploy);
    let count = |from: i64, to: i64, pattern: &str| {
        let range = (
            stage.now() - SignedDuration::from_mins(from),
            stage.now() - SignedDuration::from_mins(to),
        );
        stage.log_events("/ecs/invokeai-api", range, pattern).0.len()
    };
    let (before, during) = (
        count(40, 30, "?ERROR ?\" 500 \""),
        count(12, 2, "?ERROR ?\" 500 \""),
    );
    assert!(during > before * 4 + 20, "{before} {during}");
    assert!(count(12, 2, "\"ValidationError: 1 validation error for Graph\"") > 10);
}

#[test]
fn what_cannot_be_tailed_is_refused() {
    let stage = Stage::open(World::Codemate, Scenario::Quiet);
    let read = |group: &str, pattern: Option<&str>| {
        Query::Logs(ops::logs::Read::Events {
            group: group.to_owned(),
            stream: None,
            from_ms: 0,
            to_ms: None,
            pattern: pattern.map(str::to_owned),
            token: None,
        })
    };
    let absent = stage.try_read(&read("/no/such/group", None)).unwrap_err();
    assert_eq!(absent.kind, FaultKind::NotFound);
    let infrequent = stage
        .try_read(&read("/aws/codebuild/codemate-frontend-build", None))
        .unwrap_err();
    assert_eq!(infrequent.code.as_deref(), Some("InvalidOperationException"));
    let pattern = stage.try_read(&read(BACKEND, Some("{ broken"))).unwrap_err();
    assert_eq!(pattern.code.as_deref(), Some("InvalidParameterException"));
}

#[test]
fn every_program_writes_of_what_it_does_itself() {
    for (world, group, own) in [
        (World::Ecg, "/ecs/ecg-project-pipeline-dev-api", "/api/videos"),
        (
            World::Ecg,
            "/ec2/ecg-project-pipeline-dev-model-server",
            "/v1/infer",
        ),
        (
            World::Fashion,
            "/aws/sagemaker/Endpoints/fashion-ai-avatar-render",
            "/invocations",
        ),
        (World::Fashion, "/aws/sagemaker/TrainingJobs", "train:loss"),
        (World::Fashion, "/aws/sagemaker/NotebookInstances", "ServerApp"),
        (World::Invokeai, "/ecs/invokeai-api", "/api/v1/queue"),
    ] {
        let stage = Stage::open(world, Scenario::Quiet);
        let (events, _) = stage.log_events(group, last(&stage, 6 * 60), "");
        let has = |word: &str| events.iter().any(|event| event.message.contains(word));
        assert!(has(own), "{group}: nothing of {own} in {} events", events.len());
        for foreign in ["/api/v1/", "invokeai"] {
            assert!(world == World::Invokeai || !has(foreign), "{group}: {foreign}");
        }
    }
}

#[test]
fn a_build_has_a_stream_of_its_own_that_ends_with_what_failed() {
    let stage = Stage::open(World::Codemate, Scenario::PipelineFailed);
    let projects = match stage.read(&Query::CodeBuild(ops::codebuild::Read::Projects)) {
        ReplyData::BuildProjects(projects) => projects,
        other => panic!("{other:?}"),
    };
    let failed: Vec<_> = projects
        .iter()
        .flat_map(|project| project.builds.iter().flatten())
        .filter(|build| build.has_failed())
        .collect();
    assert!(!failed.is_empty());
    for build in failed {
        let log = build.log.clone().unwrap();
        let page = stage.log_page(ops::logs::Read::Events {
            group: log.group,
            stream: log.stream.clone(),
            from_ms: build.started_at.unwrap().as_millisecond(),
            to_ms: None,
            pattern: None,
            token: None,
        });
        assert!(page.events.len() > 8, "{}", page.events.len());
        for event in &page.events {
            assert_eq!(Some(&event.stream), log.stream.as_ref());
        }
        let said = &build.failure.as_ref().unwrap().message;
        let text: Vec<&str> = page.events.iter().map(|event| event.message.as_str()).collect();
        assert!(text[0].contains("Waiting for agent"), "{text:?}");
        assert!(
            text.iter().any(|line| line.contains(said.as_deref().unwrap())),
            "{text:?}"
        );
    }
}
