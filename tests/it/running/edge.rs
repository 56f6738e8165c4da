//! What is wrong at the edge, from the finding to the runbook that mends it and back.

use jiff::SignedDuration;
use pretty_assertions::assert_eq;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::distribution::Invalidation;
use quarterdeck::domain::exit::Exit;
use quarterdeck::domain::health::Finding;
use quarterdeck::domain::ops::{Query, ReplyData, cloudfront};
use quarterdeck::engine::clock::Clock;
use quarterdeck::runbook::machine::Summary;

use super::stage::{EPOCH, Stage, run};
use crate::demo::findings::findings;
use crate::demo::stage::Stage as Demo;

const WORLD: (World, Scenario) = (World::Ecg, Scenario::StaleCdn);

fn open(home: &tempfile::TempDir) -> Stage {
    Stage::new(WORLD, Vec::new(), EPOCH.parse().unwrap(), home.path())
}

fn errors(found: Vec<Finding>) -> Option<Finding> {
    found
        .into_iter()
        .find(|finding| finding.rule == "distribution.errors")
}

/// Runs the runbook, and answers with its end and the invalidations that are there then.
async fn invalidate(stage: &Stage, name: &str, id: &str) -> (Summary, Vec<Invalidation>) {
    let plan = stage
        .plan("cloudfront-invalidate", &[("distribution", name)])
        .await
        .plan;
    assert!(plan.changes.iter().all(|change| !change.reversible));
    let warnings = plan.warnings.join("\n");
    assert!(
        warnings.contains("1 of the 1000 paths that are free"),
        "{warnings}"
    );
    assert!(warnings.contains("fetched from the origins again"), "{warnings}");
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    let query = Query::CloudFront(cloudfront::Read::Invalidations {
        distribution: id.rsplit('/').next().unwrap().to_owned(),
        since: None,
    });
    match stage.cloud.read(&stage.scope, &query).await.unwrap().data {
        ReplyData::Invalidations(all) => (summary, all),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_cached_badly_is_found_taken_out_and_gone() {
    let before = Demo::open(WORLD.0, WORLD.1);
    let finding = errors(findings(&before)).unwrap();
    assert_eq!(finding.runbooks, ["cloudfront-invalidate"]);
    assert!(
        finding.evidence.iter().any(|line| line.contains("Its origin")),
        "{:?}",
        finding.evidence
    );

    let home = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let (writes, ended) = runtime.block_on(async {
        let stage = open(&home);
        let (summary, invalidations) = invalidate(&stage, &finding.name, &finding.resource.id).await;
        assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
        assert_eq!(invalidations.len(), 1);
        assert!(invalidations[0].is_completed(), "{invalidations:?}");
        assert_eq!(invalidations[0].paths, ["/*"]);
        assert!(invalidations[0].reference.starts_with("quarterdeck-"));
        (stage.log.writes(), stage.clock.now())
    });

    let after = Demo::with(WORLD.0, WORLD.1, writes);
    let ran = ended.duration_since(after.now());
    after.pass(ran + SignedDuration::from_mins(8));
    assert_eq!(errors(findings(&after)), None);
}

#[test]
fn it_does_not_go_away_by_itself() {
    let stage = Demo::open(WORLD.0, WORLD.1);
    stage.pass(SignedDuration::from_mins(30));
    assert!(errors(findings(&stage)).is_some());
}

#[test]
fn a_certificate_that_will_not_be_renewed_names_its_records() {
    let stage = Demo::open(World::Codemate, Scenario::CertExpiring);
    let found = findings(&stage);
    let finding = found
        .iter()
        .find(|finding| finding.rule == "certificate.expiring")
        .unwrap();
    assert_eq!(finding.title, "12d left, renewal stuck");
    let records: Vec<&String> = finding
        .evidence
        .iter()
        .filter(|line| line.contains("add the record _") && line.contains(" CNAME _"))
        .collect();
    assert_eq!(records.len(), 2, "{:?}", finding.evidence);
    assert_eq!(finding.runbooks, ["acm-validate-certificate"]);
}
