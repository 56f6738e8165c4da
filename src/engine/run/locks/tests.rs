use super::*;
use crate::domain::reach::Reach;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-21T02:00:00Z")
}

fn taker(run: &str) -> Taker {
    Taker {
        run: RunId(run.to_owned()),
        runbook: "ecs-scale".to_owned(),
        plan: "sha256:0".to_owned(),
        who: Who {
            user: "alice".to_owned(),
            host: "bastion".to_owned(),
            pid: 7,
            arn: String::new(),
            origin: "terminal".to_owned(),
            version: "test".to_owned(),
        },
    }
}

fn keys(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn locks() -> (tempfile::TempDir, Locks) {
    let home = tempfile::tempdir().unwrap();
    let locks = Locks::new(&StateFolder::at(&home.path().join("state")));
    (home, locks)
}

#[test]
fn all_are_taken_or_none_and_the_holder_is_named() {
    let (_home, locks) = locks();
    assert_eq!(locks.list().unwrap(), []);
    let first = locks.take(&keys(&["a", "b"]), &taker("r1"), now()).unwrap();
    let Err(LockError::Held(holders)) = locks.take(&keys(&["b", "c"]), &taker("r2"), now()) else {
        panic!("b is taken twice");
    };
    assert_eq!(holders.len(), 1);
    assert_eq!((holders[0].key.as_str(), holders[0].run.0.as_str()), ("b", "r1"));
    assert!(
        holders[0].to_string().contains("alice@bastion (pid 7)"),
        "{}",
        holders[0]
    );
    // What was free stays free.
    let third = locks.take(&keys(&["c"]), &taker("r3"), now()).unwrap();
    let listed: Vec<String> = locks
        .list()
        .unwrap()
        .into_iter()
        .map(|holder| holder.key)
        .collect();
    assert_eq!(listed, ["a", "b", "c"]);
    drop(first);
    let listed: Vec<String> = locks
        .list()
        .unwrap()
        .into_iter()
        .map(|holder| holder.key)
        .collect();
    assert_eq!(listed, ["c"]);
    assert!(third.is_intact());
    locks.take(&keys(&["a", "b"]), &taker("r4"), now()).unwrap();
}

#[test]
fn a_broken_lock_is_noticed_by_its_holder_and_free_for_others() {
    let (_home, locks) = locks();
    let held = locks.take(&keys(&["a"]), &taker("r1"), now()).unwrap();
    let id = locks.list().unwrap()[0].id.clone();
    let bob = taker("r2").who;
    let missing = locks.break_lock("no-such", (&bob, "stuck"), now());
    assert_eq!(missing, Err(LockError::Unknown("no-such".to_owned())));
    assert!(held.is_intact());
    let broken = locks.break_lock(&id, (&bob, "its host is gone"), now()).unwrap();
    assert_eq!(broken.run.0, "r1");
    assert!(!held.is_intact());
    let other = locks.take(&keys(&["a"]), &taker("r2"), now()).unwrap();
    // The former holder lets go of nothing that is another's.
    drop(held);
    assert!(other.is_intact());
    let kept = std::fs::read_to_string(locks.path.join("broken.jsonl")).unwrap();
    assert!(
        kept.contains("its host is gone") && kept.contains("\"run\":\"r1\""),
        "{kept}"
    );
}

#[test]
fn files_left_behind_are_no_locks() {
    let (_home, locks) = locks();
    locks.folder.make(&locks.path).unwrap();
    std::fs::write(locks.file("a"), "what a killed process left").unwrap();
    assert_eq!(locks.list().unwrap(), []);
    locks.take(&keys(&["a"]), &taker("r1"), now()).unwrap();
}

#[test]
fn what_cannot_hold_locks_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("state");
    std::fs::write(&path, "a file").unwrap();
    let locks = Locks::new(&StateFolder {
        path,
        reach: Reach::Login,
    });
    let refused = locks.take(&keys(&["a"]), &taker("r1"), now());
    assert!(matches!(refused, Err(LockError::Unusable(_))), "{refused:?}");
}

#[test]
fn policies_are_read_from_flags() {
    assert_eq!("fail".parse(), Ok(IfLocked::Fail));
    assert_eq!("skip".parse(), Ok(IfLocked::Skip));
    assert_eq!("wait=10m".parse(), Ok(IfLocked::Wait(Duration::from_mins(10))));
    for wrong in ["", "wait", "wait=", "wait=soon", "skip=1m", "Fail"] {
        assert!(wrong.parse::<IfLocked>().is_err(), "{wrong}");
    }
}
