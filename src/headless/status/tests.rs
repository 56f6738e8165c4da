use std::collections::BTreeSet;

use super::*;
use crate::domain::fault::{CredentialFault, Fault, FaultKind};
use crate::domain::inventory::Source;
use crate::domain::ops::ReplyData;
use crate::domain::picture::Picture;
use crate::domain::rules::Policies;
use crate::domain::rules::sample::{Bench, service};

fn exit_of(bench: &Bench, fail_on: Option<Severity>) -> Exit {
    let mut picture = Picture::empty(bench.inventory.clone(), bench.now);
    picture.findings = bench.evaluate();
    let kinds: BTreeSet<Kind> = KINDS.iter().copied().collect();
    let status = build::status(&picture, &Policies::default(), &kinds);
    exit(&picture.inventory, &status, fail_on)
}

fn denied() -> Fault {
    Fault::new(FaultKind::AccessDenied, "ecs", "ListClusters", "no")
}

#[test]
fn kinds_that_cannot_be_read_do_not_fail_a_status_that_nobody_watches() {
    let mut bench = Bench::new();
    bench.know(Source::Queues, ReplyData::Queues(Vec::new()));
    bench.fail(Source::EcsFleet, denied());
    assert_eq!(exit_of(&bench, None), Exit::Done);
}

#[test]
fn a_watch_never_passes_blind() {
    let mut bench = Bench::new();
    bench.know(Source::Queues, ReplyData::Queues(Vec::new()));
    assert_eq!(exit_of(&bench, Some(Severity::Warn)), Exit::Done);
    bench.fail(Source::EcsFleet, denied());
    assert_eq!(exit_of(&bench, Some(Severity::Warn)), Exit::Findings);
    assert_eq!(exit_of(&bench, Some(Severity::Crit)), Exit::Done);
}

#[test]
fn findings_count_from_their_severity_on() {
    let mut down = service("api", 3);
    down.running = 0;
    let mut bench = Bench::new();
    bench.services(vec![down]);
    assert_eq!(exit_of(&bench, Some(Severity::Crit)), Exit::Findings);
    assert_eq!(exit_of(&bench, None), Exit::Done);
}

#[test]
fn an_accepted_finding_fails_nothing() {
    let mut down = service("api", 3);
    down.running = 0;
    let arn = down.arn.clone();
    let mut bench = Bench::new();
    bench.services(vec![down]);
    let scope = bench.state().name().clone();
    bench.session = bench
        .evaluate()
        .into_iter()
        .map(|finding| crate::domain::rules::SessionAccept {
            rule: finding.rule,
            resource: crate::domain::ids::ResourceKey::new(&scope, Kind::EcsService, &arn),
        })
        .collect();
    assert_eq!(exit_of(&bench, Some(Severity::Warn)), Exit::Done);
}

#[test]
fn a_scope_of_which_nothing_was_read_tells_why() {
    let fail = |kind: FaultKind| {
        let mut bench = Bench::new();
        let fault = Fault::new(kind, "sts", "GetCallerIdentity", "no");
        bench.state().identity = crate::domain::loadable::Loadable::default();
        bench.fail(Source::Identity, fault);
        exit_of(&bench, None)
    };
    assert_eq!(
        fail(FaultKind::Credentials(CredentialFault::Missing)),
        Exit::Credentials
    );
    assert_eq!(fail(FaultKind::Unreachable), Exit::Deadline);
    assert_eq!(fail(FaultKind::Timeout), Exit::Deadline);
}

#[test]
fn denied_everywhere_is_a_matter_of_permissions() {
    let mut bench = Bench::new();
    bench.fail(Source::EcsFleet, denied());
    bench.fail(Source::Queues, Fault::timeout("sqs", "ListQueues"));
    assert_eq!(exit_of(&bench, None), Exit::Credentials);
}
