use std::os::unix::fs::PermissionsExt;

use jiff::SignedDuration;
use jiff::civil::date;

use super::*;
use crate::domain::cost::Anomaly;
use crate::domain::ops::{Query, ReplyData, cost};

const ACCOUNT: &str = "123456789012";

fn at(hour: i64) -> Timestamp {
    let midnight: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
    midnight + SignedDuration::from_hours(hour)
}

fn usage(month: i8) -> PaidQuestion {
    PaidQuestion::of(&Query::Cost(cost::Read::Usage {
        from: date(2026, month, 1),
        to: date(2026, month, 2),
        month: date(2026, month, 1),
        tag: None,
        credits_since: None,
    }))
    .unwrap()
}

fn anomalies() -> PaidQuestion {
    PaidQuestion::of(&Query::Cost(cost::Read::Anomalies {
        from: date(2026, 10, 1),
    }))
    .unwrap()
}

fn answer(id: &str) -> Arc<Reply> {
    Arc::new(Reply::whole(ReplyData::Anomalies(vec![Anomaly {
        id: id.to_owned(),
        start: None,
        end: None,
        impact_usd: 12.5,
        causes: Vec::new(),
        actual_usd: None,
        expected_usd: None,
        monitor: None,
    }])))
}

/// When it was answered and with which anomaly; `None` if it has to be asked.
fn recalled(cache: &FileCostCache, question: &PaidQuestion, now: Timestamp) -> Option<(Timestamp, String)> {
    match cache.recall(ACCOUNT, question, now) {
        Recall::Answered {
            at,
            result: Ok(reply),
        } => match &reply.data {
            ReplyData::Anomalies(anomalies) => Some((at, anomalies[0].id.clone())),
            other => panic!("{other:?}"),
        },
        Recall::Ask => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_process_reuses_an_answer_for_eighteen_hours() {
    let folder = tempfile::tempdir().unwrap();
    let open = || FileCostCache::new(folder.path(), None);
    assert_eq!(recalled(&open(), &anomalies(), at(0)), None);
    open().keep(ACCOUNT, &anomalies(), at(0), &Ok(answer("a")));
    let kept = Some((at(0), "a".to_owned()));
    assert_eq!(recalled(&open(), &anomalies(), at(18)), kept);
    assert_eq!(recalled(&open(), &anomalies(), at(19)), None);
    assert!(open().recall("999999999999", &anomalies(), at(1)).asks());
}

#[test]
fn four_calls_a_day_are_all_and_an_old_answer_is_better_than_none() {
    let folder = tempfile::tempdir().unwrap();
    let cache = FileCostCache::new(folder.path(), None);
    cache.keep(ACCOUNT, &usage(11), at(0), &Ok(answer("first")));
    cache.keep(ACCOUNT, &usage(11), at(1), &Ok(answer("second")));
    // Both took two calls. At hour 20 the answer is too old, and the day's calls are spent.
    assert_eq!(
        recalled(&cache, &usage(11), at(20)),
        Some((at(1), "second".to_owned()))
    );
    // Of last month's answer nothing can be shown for this month.
    assert!(matches!(
        cache.recall(ACCOUNT, &usage(12), at(20)),
        Recall::Spent(fault) if fault.message.contains("--refresh")
    ));
    // At hour 24 the first two calls are a day old.
    assert_eq!(recalled(&cache, &usage(11), at(24)), None);
}

#[test]
fn renewing_asks_whatever_it_costs() {
    let folder = tempfile::tempdir().unwrap();
    let cache = FileCostCache::new(folder.path(), None).renewing();
    for round in 0..5 {
        cache.keep(ACCOUNT, &usage(11), at(round), &Ok(answer("a")));
        assert!(cache.recall(ACCOUNT, &usage(11), at(round)).asks());
    }
}

#[test]
fn no_data_is_an_answer_and_a_refusal_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let cache = FileCostCache::new(folder.path(), None);
    let failed = |kind| Err(Fault::new(kind, "ce", "GetAnomalies", "no"));
    cache.keep(ACCOUNT, &anomalies(), at(0), &failed(FaultKind::AccessDenied));
    assert_eq!(recalled(&cache, &anomalies(), at(0)), None);
    cache.keep(ACCOUNT, &anomalies(), at(0), &failed(FaultKind::NoData));
    assert!(matches!(
        cache.recall(ACCOUNT, &anomalies(), at(1)),
        Recall::Answered { result: Err(fault), .. } if fault.kind == FaultKind::NoData
    ));
}

#[test]
fn a_call_that_nobody_heard_the_answer_of_counts() {
    let folder = tempfile::tempdir().unwrap();
    let cache = FileCostCache::new(folder.path(), None);
    let silent = Err(Fault::timeout("ce", "GetCostAndUsage"));
    cache.keep(ACCOUNT, &usage(11), at(0), &silent);
    cache.keep(ACCOUNT, &usage(11), at(1), &silent);
    assert!(matches!(
        cache.recall(ACCOUNT, &usage(11), at(2)),
        Recall::Spent(_)
    ));
}

#[test]
fn the_file_is_its_owners_and_a_damaged_one_is_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let cache = FileCostCache::new(folder.path(), None);
    cache.keep(ACCOUNT, &anomalies(), at(0), &Ok(answer("a")));
    let path = cache.path(ACCOUNT);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    fs::write(&path, b"{\"schema\":\"quarterdeck.cost-").unwrap();
    assert_eq!(recalled(&cache, &anomalies(), at(0)), None);
}

#[test]
fn an_endpoint_has_accounts_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    FileCostCache::new(folder.path(), Some("http://127.0.0.1:5000")).keep(
        ACCOUNT,
        &anomalies(),
        at(0),
        &Ok(answer("a")),
    );
    assert!(
        FileCostCache::new(folder.path(), None)
            .recall(ACCOUNT, &anomalies(), at(0))
            .asks()
    );
}

#[test]
fn without_a_writable_folder_the_process_remembers_alone() {
    let folder = tempfile::tempdir().unwrap();
    let occupied = folder.path().join("cost-explorer");
    fs::write(&occupied, b"a file where the folder should be").unwrap();
    let cache = FileCostCache::new(folder.path(), None);
    cache.keep(ACCOUNT, &anomalies(), at(0), &Ok(answer("a")));
    assert_eq!(
        recalled(&cache, &anomalies(), at(1)),
        Some((at(0), "a".to_owned()))
    );
}

impl Recall {
    fn asks(&self) -> bool {
        matches!(self, Self::Ask)
    }
}
