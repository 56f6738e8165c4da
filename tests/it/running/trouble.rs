//! What goes wrong while a run is under way: credentials, the disk, interrupts, death.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use quarterdeck::domain::exit::Exit;
use quarterdeck::engine::run::{Control, Equipment, IfLocked, Notice, Patience, RunEngine};
use quarterdeck::runbook::action::ErrorClass;
use quarterdeck::runbook::machine::Happening;
use quarterdeck::runbook::record::{Record, Resume, Signal, Status, Then};

use super::stage::{EPOCH, Stage, Watch, a_while, given, load_text, run, who};

fn waits(happening: &Happening) -> bool {
    matches!(happening, Happening::Waiting { .. })
}

const STOP: Control = Control::Interrupt {
    signal: Signal::Interrupt,
    then: Then::Stop,
};

#[tokio::test(start_paused = true)]
async fn credentials_that_end_in_a_wait_park_the_run_until_they_are_back() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let plan = stage.scale(5).await;
    let mut start = stage.unattended(&plan);
    start.patience = Patience::Endless;
    let mut watch = Watch::new(stage.engine.start(plan, start).unwrap());
    watch.until(waits).await;
    stage.cloud.expired.store(true, Ordering::SeqCst);
    watch
        .until_recorded(|record| matches!(record, Record::Parked { .. }))
        .await;
    let store = stage.engine.store().unwrap();
    assert_eq!(store.list().unwrap()[0].status, Status::WaitingCredentials);
    // Nothing is asked of a person in between: it is found out.
    let before = stage.cloud.forgotten.load(Ordering::SeqCst);
    while stage.cloud.forgotten.load(Ordering::SeqCst) < before + 3 {
        a_while().await;
    }
    stage.cloud.expired.store(false, Ordering::SeqCst);
    let summary = watch.end().await;
    assert_eq!((summary.exit, summary.status), (Exit::Done, Status::Succeeded));
    assert!(watch.happenings.contains(&Happening::Unparked));
    assert_eq!(stage.log.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_nobody_logs_in_for_is_left_and_resumed() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let plan = stage.scale(5).await;
    let start = stage.unattended(&plan);
    let mut watch = Watch::new(stage.engine.start(plan, start.clone()).unwrap());
    watch.until(waits).await;
    stage.cloud.expired.store(true, Ordering::SeqCst);
    let summary = watch.end().await;
    assert_eq!(
        (summary.exit, summary.status, summary.resumable),
        (Exit::Credentials, Status::WaitingCredentials, true),
        "{summary:#?}"
    );
    let store = stage.engine.store().unwrap();
    assert_eq!(store.list().unwrap()[0].status, Status::WaitingCredentials);
    assert_eq!(stage.engine.locks().unwrap().list().unwrap(), []);
    stage.cloud.expired.store(false, Ordering::SeqCst);
    let mut again = Watch::new(
        stage
            .engine
            .resume(&summary.run_id, Resume::Forward, start)
            .unwrap(),
    );
    assert_eq!(again.end().await.exit, Exit::Done);
    assert_eq!(stage.log.writes().len(), 1, "nothing was made twice");
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_in_a_wait_stops_or_takes_back() {
    for (then, exit, status, writes) in [
        (Then::Stop, Exit::Partial, Status::Interrupted, 1),
        (Then::RollBack, Exit::RolledBack, Status::RolledBack, 2),
    ] {
        let home = tempfile::tempdir().unwrap();
        let stage = Stage::open(home.path());
        let plan = stage.scale(5).await;
        let mut watch = stage.begin(plan);
        watch.until(waits).await;
        watch.tell(Control::Interrupt {
            signal: Signal::Terminate,
            then,
        });
        let summary = watch.end().await;
        assert_eq!((summary.exit, summary.status), (exit, status), "{summary:#?}");
        assert_eq!(stage.log.writes().len(), writes);
        assert_eq!(stage.engine.locks().unwrap().list().unwrap(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_in_flight_gets_five_seconds_and_a_second_interrupt_none() {
    for twice in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let stage = Stage::open(home.path());
        let plan = stage.scale(5).await;
        let start = stage.unattended(&plan);
        let mut watch = Watch::new(stage.engine.start(plan, start.clone()).unwrap());
        stage.cloud.hangs.store(true, Ordering::SeqCst);
        watch
            .until(|happening| matches!(happening, Happening::Writing { .. }))
            .await;
        while stage.log.writes().is_empty() {
            a_while().await;
        }
        watch.tell(STOP);
        if twice {
            watch.tell(STOP);
            loop {
                match watch.next().await {
                    Notice::Left { signal } => {
                        assert_eq!(signal, Signal::Interrupt);
                        break;
                    }
                    Notice::Ended(summary) => panic!("{summary:#?}"),
                    _ => {}
                }
            }
            let last = &watch.entries.last().unwrap().record;
            assert!(!matches!(last, Record::Stopped { .. }), "{last:?}");
        } else {
            let summary = watch.end().await;
            assert_eq!(
                (summary.exit, summary.targets.unknown),
                (Exit::Partial, 1),
                "{summary:#?}"
            );
        }
        // Whether it was made is read, once somebody takes it up; the call is not repeated.
        stage.cloud.hangs.store(false, Ordering::SeqCst);
        assert_eq!(stage.engine.locks().unwrap().list().unwrap(), []);
        let id = watch.handle.id.clone();
        let mut again = Watch::new(stage.engine.resume(&id, Resume::Forward, start).unwrap());
        assert_eq!(again.end().await.exit, Exit::Done);
        assert_eq!(stage.log.writes().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_where_no_journal_can_be_written() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    // Even root cannot make a folder where a file is.
    fs::create_dir(&state).unwrap();
    fs::write(state.join("runs"), "").unwrap();
    let stage = Stage::open(&state);
    let plan = stage.scale(5).await;
    let start = stage.unattended(&plan);
    let (summary, watch) = run(&stage.engine, plan, start).await;
    assert_eq!((summary.exit, summary.changed), (Exit::Internal, false));
    assert!(
        watch.warnings()[0].contains("nothing is begun"),
        "{:?}",
        watch.warnings()
    );
    assert_eq!(stage.cloud.writes.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_started_without_a_folder_or_leave_to_change() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let plan = stage.scale(5).await;
    let start = stage.unattended(&plan);
    let clocks = quarterdeck::engine::clock::Clocks {
        cloud: std::sync::Arc::new(stage.clock.clone()),
        wall: std::sync::Arc::new(stage.clock.clone()),
    };
    let homeless = RunEngine::new(Equipment {
        cloud: stage.cloud.clone(),
        clocks,
        read_only: stage.read_only.clone(),
        folder: None,
        allowed: quarterdeck::runbook::action::Allowances::default(),
    });
    assert_eq!(
        homeless.start(plan.clone(), start.clone()).unwrap_err().exit,
        Exit::Usage
    );
    stage.read_only.turn_on();
    let refused = stage.engine.start(plan.clone(), start.clone()).unwrap_err();
    assert_eq!(refused.exit, Exit::Usage);
    assert!(refused.reason.contains("read-only"), "{refused}");
    stage.read_only.turn_off();
    let mut elsewhere = start.clone();
    let mut scope = (*start.scope).clone();
    scope.name = quarterdeck::domain::scope::ScopeName::new("codemate/us-east-1");
    elsewhere.scope = std::sync::Arc::new(scope);
    assert_eq!(
        stage.engine.start(plan.clone(), elsewhere).unwrap_err().exit,
        Exit::Usage
    );
    let mut changed = plan;
    changed.deadline_s += 1;
    assert_eq!(stage.engine.start(changed, start).unwrap_err().exit, Exit::Drift);
    assert_eq!(stage.cloud.writes.load(Ordering::SeqCst), 0);
}

/// The test below in a process of its own: its limit on files holds for all of the process.
#[test]
fn a_disk_that_fills_up_stops_the_run_before_its_next_change() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "running::trouble::on_a_full_disk"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{output:?}"
    );
}

#[tokio::test(start_paused = true)]
#[ignore = "limits the files of its process: run by the test above"]
async fn on_a_full_disk() {
    // Whoever writes too much is told by a signal, which ends the process if nobody takes it.
    let too_much = tokio::signal::unix::SignalKind::from_raw(25);
    let _taken = tokio::signal::unix::signal(too_much).unwrap();
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let plan = stage.scale(5).await;
    let start = stage.unattended(&plan);
    // Nothing is read again, and so nothing is written, before the disk is full.
    stage.cloud.stalls.store(true, Ordering::SeqCst);
    let mut watch = Watch::new(stage.engine.start(plan, start).unwrap());
    watch
        .until_recorded(|record| matches!(record, Record::Locked { .. }))
        .await;
    let path = stage.engine.store().unwrap().journal_path(&watch.handle.id);
    let most = Some(fs::metadata(&path).unwrap().len() + 10);
    let limit = rustix::process::Rlimit {
        current: most,
        maximum: most,
    };
    rustix::process::setrlimit(rustix::process::Resource::Fsize, limit).unwrap();
    stage.cloud.stalls.store(false, Ordering::SeqCst);
    let summary = watch.end().await;
    assert_eq!(
        (summary.exit, summary.changed),
        (Exit::Internal, false),
        "{summary:#?}"
    );
    assert!(summary.resumable, "{summary:#?}");
    assert_eq!(stage.cloud.writes.load(Ordering::SeqCst), 0);
    // Half a line is left of what could not be written at most, and what came before is whole.
    let journal = stage.engine.store().unwrap().journal(&summary.run_id).unwrap();
    assert_eq!(journal.entries, watch.entries);
    assert_eq!(stage.engine.locks().unwrap().list().unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_killed_process_leaves_nothing_locked() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().to_owned();
    // The process: a runtime of its own that is dropped with everything in it.
    let (id, writes, at) = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let left = runtime.block_on(async {
            let stage = Stage::open(&state);
            let plan = stage.scale(5).await;
            let mut watch = stage.begin(plan);
            watch.until(waits).await;
            let at = watch.entries.last().unwrap().at.cloud;
            (watch.handle.id.clone(), stage.log.writes(), at)
        });
        runtime.shutdown_background();
        left
    })
    .join()
    .unwrap();
    let place = (
        quarterdeck::cloud::demo::World::Codemate,
        quarterdeck::cloud::demo::Scenario::Quiet,
    );
    let stage = Stage::new(place, writes, at + Duration::from_mins(1), home.path());
    let store = stage.engine.store().unwrap();
    let head = store.head(&id).unwrap();
    assert_eq!((head.status, head.ended_at), (Status::Interrupted, None));
    assert_eq!(stage.engine.locks().unwrap().list().unwrap(), []);
    let journal = store.journal(&id).unwrap();
    let Record::Started { plan, .. } = &journal.entries[0].record else {
        panic!("{:?}", journal.entries[0]);
    };
    let mut watch = Watch::new(
        stage
            .engine
            .resume(&id, Resume::RollBack, stage.unattended(plan))
            .unwrap(),
    );
    let summary = watch.end().await;
    assert_eq!((summary.status, summary.exit), (Status::RolledBack, Exit::Done));
}

#[tokio::test(start_paused = true)]
async fn giving_up_a_run_changes_nothing_and_needs_no_credentials() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let plan = stage.scale(5).await;
    let start = stage.unattended(&plan);
    let mut watch = Watch::new(stage.engine.start(plan, start.clone()).unwrap());
    watch.until(waits).await;
    watch.tell(STOP);
    let id = watch.end().await.run_id;
    stage.cloud.expired.store(true, Ordering::SeqCst);
    stage.read_only.turn_on();
    let mut watch = Watch::new(stage.engine.resume(&id, Resume::Abandon, start).unwrap());
    let summary = watch.end().await;
    assert_eq!((summary.status, summary.exit), (Status::Abandoned, Exit::Partial));
    assert!(
        summary.remains[0].contains("codemate-backend-service"),
        "{summary:#?}"
    );
    assert_eq!(stage.log.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn files_are_for_those_alone_who_may_see_them() {
    for (mode, file, folder) in [(0o700, 0o600, 0o700), (0o770, 0o660, 0o770)] {
        let home = tempfile::tempdir().unwrap();
        let state = home.path().join("state");
        fs::create_dir(&state).unwrap();
        fs::set_permissions(&state, fs::Permissions::from_mode(mode)).unwrap();
        let stage = Stage::open(&state);
        let plan = stage.scale(5).await;
        let start = stage.unattended(&plan);
        let (summary, _) = run(&stage.engine, plan, start).await;
        let path = stage.engine.store().unwrap().journal_path(&summary.run_id);
        let mode_of = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode_of(&path), file);
        assert_eq!(mode_of(&path.with_file_name("head.json")), file);
        assert_eq!(mode_of(path.parent().unwrap()), folder);
        assert_eq!(mode_of(&state.join("locks")), folder);
    }
}

#[tokio::test(start_paused = true)]
async fn a_runbook_that_ran_too_often_within_the_hour_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let text = quarterdeck::runbook::shipped::get("ecs-scale").unwrap();
    let text = String::from_utf8(text.bytes).unwrap();
    let limited = text.replace(
        "limits: {max_targets: 1,",
        "limits: {max_targets: 1, max_runs_per_hour: 2,",
    );
    assert_ne!(text, limited);
    let runbook = load_text(&limited);
    for (desired, minutes) in [("5", 0), ("6", 0), ("7", 0), ("7", 61)] {
        quarterdeck::engine::clock::Clock::sleep(&stage.clock, Duration::from_mins(minutes)).await;
        let mut preparation = stage.preparation_of(runbook.clone()).await;
        let set = [
            ("cluster", "codemate-cluster"),
            ("service", "codemate-backend-service"),
            ("desired", desired),
        ];
        let resolution = preparation.resolve(super::stage::given(&runbook, &set)).await;
        let planned = preparation
            .plan(&resolution.result.unwrap(), (&who("alice"), None))
            .await;
        let is_third = (desired, minutes) == ("7", 0);
        match planned {
            Ok(prepared) => {
                assert!(!is_third);
                let start = stage.unattended(&prepared.plan);
                assert_eq!(run(&stage.engine, prepared.plan, start).await.0.exit, Exit::Done);
            }
            Err(refused) => {
                assert!(is_third, "{refused}");
                assert_eq!(refused.exit, Exit::Precondition);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_lay_while_others_ran_is_held_to_the_limit_of_the_hour_too() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let text = quarterdeck::runbook::shipped::get("ecs-scale").unwrap();
    let text = String::from_utf8(text.bytes).unwrap();
    let limited = text.replace(
        "limits: {max_targets: 1,",
        "limits: {max_targets: 1, max_runs_per_hour: 1,",
    );
    assert_ne!(text, limited);
    let runbook = load_text(&limited);
    let mut plans = Vec::new();
    for desired in ["5", "6"] {
        let mut preparation = stage.preparation_of(runbook.clone()).await;
        let set = [
            ("cluster", "codemate-cluster"),
            ("service", "codemate-backend-service"),
            ("desired", desired),
        ];
        let resolution = preparation.resolve(super::stage::given(&runbook, &set)).await;
        let planned = preparation
            .plan(&resolution.result.unwrap(), (&who("alice"), None))
            .await;
        plans.push(planned.unwrap().plan);
    }
    let [first, second] = <[_; 2]>::try_from(plans).unwrap();
    let start = stage.unattended(&first);
    assert_eq!(run(&stage.engine, first, start).await.0.exit, Exit::Done);
    let writes = stage.log.writes().len();
    let start = stage.unattended(&second);
    let refused = stage.engine.start(second, start).unwrap_err();
    assert_eq!(refused.exit, Exit::Precondition);
    assert!(refused.reason.contains("ran 1 times"), "{refused}");
    assert_eq!(stage.log.writes().len(), writes);
}

#[tokio::test(start_paused = true)]
async fn what_has_expired_is_not_confirmed() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let plan = stage.scale(5).await;
    assert!(plan.expires_at > EPOCH.parse().unwrap());
    let mut start = stage.unattended(&plan);
    start.if_locked = IfLocked::Skip;
    quarterdeck::engine::clock::Clock::sleep(&stage.clock, Duration::from_hours(2)).await;
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!((summary.exit, summary.journaled), (Exit::Drift, false));
}

#[tokio::test(start_paused = true)]
async fn what_aws_refuses_for_a_moment_is_asked_again() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    for times in 1..=3 {
        // The identity, then a listing.
        stage.cloud.throttles.store(times, Ordering::SeqCst);
        let mut preparation = stage.preparation("ecs-scale").await;
        assert_eq!(stage.cloud.throttles.load(Ordering::SeqCst), 0);
        stage.cloud.throttles.store(times, Ordering::SeqCst);
        let set = [
            ("cluster", "codemate-cluster"),
            ("service", "codemate-backend-service"),
            ("desired", "5"),
        ];
        let given = given(preparation.runbook(), &set);
        let resolved = preparation.resolve(given).await.result.unwrap();
        stage.cloud.throttles.store(times, Ordering::SeqCst);
        preparation.plan(&resolved, (&who("alice"), None)).await.unwrap();
    }
    // So is the question who we are with which a run begins.
    let plan = stage.scale(5).await;
    let start = stage.unattended(&plan);
    stage.cloud.throttles.store(3, Ordering::SeqCst);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_stays_throttled_blames_aws_and_not_what_was_given() {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage::open(home.path());
    let mut preparation = stage.preparation("ecs-scale").await;
    let set = [
        ("cluster", "codemate-cluster"),
        ("service", "x"),
        ("desired", "5"),
    ];
    let given = given(preparation.runbook(), &set);
    stage.cloud.throttles.store(usize::MAX, Ordering::SeqCst);
    let before = stage.cloud.reads.load(Ordering::SeqCst);
    let resolution = preparation.resolve(given).await;
    let unresolved = resolution.result.unwrap_err();
    assert_eq!(unresolved.problems, []);
    let tried = stage.cloud.reads.load(Ordering::SeqCst) - before;
    assert!((2..=12).contains(&tried), "tried {tried} times");
    let unlisted = &unresolved.unlisted[0];
    assert_eq!(unlisted.class, Some(ErrorClass::Throttled));
    let said = unlisted.to_string();
    for part in [
        "`cluster`",
        "ecs:",
        "ThrottlingException",
        "account 111122223333",
        "region ap-northeast-2",
    ] {
        assert!(said.contains(part), "no {part} in {said}");
    }
    assert!(resolution.fields[0].problem.is_some());
}
