//! Two at once on one host: locks, waiting for them, taking them away, and one run taken up twice.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use quarterdeck::domain::exit::Exit;
use quarterdeck::engine::run::{CannotResume, Control, IfLocked, Notice};
use quarterdeck::runbook::machine::Happening;
use quarterdeck::runbook::plan::Plan;
use quarterdeck::runbook::record::{Record, Resume, Signal, Status, Then};

use super::stage::{Stage, Watch, a_while, run, who};

fn waits(happening: &Happening) -> bool {
    matches!(happening, Happening::Waiting { .. })
}

/// A run that holds its lock until the stage's calls are answered again.
async fn holder(stage: &Stage, plan: Plan) -> Watch {
    stage.cloud.hangs.store(true, Ordering::SeqCst);
    let mut watch = stage.begin(plan);
    watch
        .until(|happening| matches!(happening, Happening::Writing { .. }))
        .await;
    while stage.log.writes().is_empty() {
        a_while().await;
    }
    watch
}

#[tokio::test(start_paused = true)]
async fn the_second_on_one_resource_is_refused_and_told_who_holds_it() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let (first, second) = (stage.scale(5).await, stage.scale(6).await);
    let mut alice = holder(&stage, first).await;
    stage.clock.stand(true);
    let other = stage.another(home.path());
    let held = other.locks().unwrap().list().unwrap();
    assert_eq!(held.len(), 1);
    assert!(
        held[0].key.ends_with("codemate-backend-service"),
        "{}",
        held[0].key
    );

    // A plan for the same resource says so before anybody is asked.
    let set = [
        ("cluster", "codemate-cluster"),
        ("service", "codemate-backend-service"),
        ("desired", "7"),
    ];
    let cautions = stage.plan("ecs-scale", &set).await.cautions;
    assert!(
        cautions.iter().any(|caution| caution.contains("alice@bastion")),
        "{cautions:?}"
    );

    let mut start = stage.unattended(&second);
    start.who = who("bob");
    let (summary, bob) = run(&other, second, start).await;
    assert_eq!((summary.exit, summary.changed), (Exit::LockHeld, false));
    assert!(
        bob.warnings()[0].contains("alice@bastion"),
        "{:?}",
        bob.warnings()
    );
    assert_eq!(stage.cloud.writes.load(Ordering::SeqCst), 1);
    stage.cloud.hangs.store(false, Ordering::SeqCst);
    stage.clock.stand(false);
    assert_eq!(alice.end().await.exit, Exit::Done);
    assert_eq!(other.locks().unwrap().list().unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn different_resources_go_side_by_side() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let backend = stage.scale(5).await;
    let set = [
        ("cluster", "codemate-cluster"),
        ("service", "codemate-frontend-service"),
        ("desired", "4"),
    ];
    let frontend = stage.plan("ecs-scale", &set).await.plan;
    let (a, b) = (stage.unattended(&backend), stage.unattended(&frontend));
    let ((a, _), (b, _)) = tokio::join!(run(&stage.engine, backend, a), run(&stage.engine, frontend, b));
    assert_eq!((a.exit, b.exit), (Exit::Done, Exit::Done));
}

#[tokio::test(start_paused = true)]
async fn a_run_waits_for_a_lock_and_goes_on_once_it_is_free() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let (first, second) = (stage.scale(5).await, stage.scale(5).await);
    let mut alice = holder(&stage, first).await;
    stage.clock.stand(true);
    let mut start = stage.unattended(&second);
    start.if_locked = IfLocked::Wait(Duration::from_hours(1));
    let mut bob = Watch::new(stage.engine.start(second, start).unwrap());
    while !matches!(bob.next().await, Notice::WaitingForLock { .. }) {}
    stage.cloud.hangs.store(false, Ordering::SeqCst);
    stage.clock.stand(false);
    let (alice, bob) = tokio::join!(alice.end(), bob.end());
    assert_eq!(alice.exit, Exit::Done);
    // What it wanted was done by then.
    assert_eq!((bob.exit, bob.targets.ok), (Exit::Done, 1), "{bob:#?}");
    assert_eq!(stage.log.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_lock_ends_in_time_and_can_be_interrupted() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let held = stage.scale(5).await;
    let keys = held.lock_keys();
    let mut alice = holder(&stage, held).await;

    let plan = stage.scale(6).await;
    let mut start = stage.unattended(&plan);
    start.if_locked = IfLocked::Wait(Duration::from_secs(3));
    let (summary, watch) = run(&stage.engine, plan, start).await;
    assert!(watch.waited_for_lock);
    assert_eq!(summary.exit, Exit::LockHeld);

    let plan = stage.scale(6).await;
    let mut start = stage.unattended(&plan);
    start.if_locked = IfLocked::Wait(Duration::from_hours(1));
    let mut bob = Watch::new(stage.engine.start(plan, start).unwrap());
    while !matches!(bob.next().await, Notice::WaitingForLock { .. }) {}
    bob.tell(Control::Interrupt {
        signal: Signal::Terminate,
        then: Then::Stop,
    });
    let summary = bob.end().await;
    assert_eq!((summary.exit, summary.changed), (Exit::Terminated, false));
    stage.cloud.hangs.store(false, Ordering::SeqCst);
    alice.end().await;
    assert_eq!(stage.engine.locks().unwrap().holders(&keys).unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_taken_away_stops_its_run_before_its_next_change() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let plan = stage.scale(5).await;
    let start = stage.unattended(&plan);
    // What is read again under the lock is not answered yet, so nothing was changed either.
    stage.cloud.stalls.store(true, Ordering::SeqCst);
    let mut alice = Watch::new(stage.engine.start(plan, start).unwrap());
    alice
        .until_recorded(|record| matches!(record, Record::Locked { .. }))
        .await;
    let locks = stage.engine.locks().unwrap();
    let id = locks.list().unwrap()[0].id.clone();
    let broken = locks.break_lock(&id, (&who("bob"), "its host hangs"), Timestamp::UNIX_EPOCH);
    assert_eq!(broken.unwrap().who.user, "alice");
    stage.cloud.stalls.store(false, Ordering::SeqCst);
    let summary = alice.end().await;
    assert_eq!(
        (summary.exit, summary.changed),
        (Exit::Internal, false),
        "{summary:#?}"
    );
    assert!(
        summary.resumable && summary.reasons[0].contains("lock"),
        "{summary:#?}"
    );
    assert_eq!(stage.cloud.writes.load(Ordering::SeqCst), 0);

    // It can be taken up again, and then does what it was to do.
    let plan = stage.scale(5).await;
    let start = stage.unattended(&plan);
    let mut again = Watch::new(
        stage
            .engine
            .resume(&summary.run_id, Resume::Forward, start)
            .unwrap(),
    );
    assert_eq!(again.end().await.exit, Exit::Done);
}

#[tokio::test(start_paused = true)]
async fn a_run_is_taken_up_by_one_process_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let plan = stage.scale(5).await;
    let start = stage.unattended(&plan);
    let mut first = Watch::new(stage.engine.start(plan.clone(), start.clone()).unwrap());
    first.until(waits).await;
    let id = first.handle.id.clone();
    let other = stage.another(home.path());
    let refused = other.resume(&id, Resume::Forward, start.clone());
    let Err(CannotResume::Driven { by, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(by.contains("alice@bastion"), "{by}");

    first.tell(Control::Interrupt {
        signal: Signal::Interrupt,
        then: Then::Stop,
    });
    let left = first.end().await;
    assert_eq!((left.status, left.resumable), (Status::Interrupted, true));
    let mut second = Watch::new(other.resume(&id, Resume::Forward, start.clone()).unwrap());
    let again = stage.engine.resume(&id, Resume::Forward, start.clone());
    assert_eq!(again.unwrap_err().exit(), Exit::LockHeld);
    assert_eq!(second.end().await.exit, Exit::Done);
    // What is over is not taken up again.
    let over = stage.engine.resume(&id, Resume::Forward, start);
    assert_eq!(over.unwrap_err().exit(), Exit::Usage);
}
