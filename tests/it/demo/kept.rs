//! A demo in a folder: what a process leaves behind that ended in any way, and several at once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};
use pretty_assertions::assert_eq;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{FileLog, Keep, Opened, Opening, Past, Scenario, World};
use quarterdeck::domain::fault::FaultKind;
use quarterdeck::domain::ops::{Mutation, Token, autoscaling};
use tempfile::TempDir;

use super::stage::{self, EPOCH, Stage};

const GROUP: &str = "invokeai-gpu-workers";

fn keep(dir: &TempDir) -> Keep {
    Keep {
        dir: dir.path().to_owned(),
        scenario: Scenario::Quiet,
        seed: 7,
        forgotten_after: None,
    }
}

fn opening(wall: Timestamp) -> Opening {
    Opening {
        wall,
        speed: 1.0,
        past: Past::Kept,
    }
}

fn record(dir: &TempDir) -> PathBuf {
    dir.path().join("quiet-7.jsonl")
}

fn epoch() -> Timestamp {
    EPOCH.parse().expect("the epoch is a time")
}

/// Opens the demo of the folder at the usual epoch and puts it on a stage.
fn open(dir: &TempDir) -> Stage {
    let Opened { log, .. } = FileLog::open(&keep(dir), opening(epoch())).expect("it can be opened");
    Stage::recorded_by(World::Invokeai, Scenario::Quiet, Box::new(log))
}

fn sized(desired: u32) -> Mutation {
    Mutation::AutoScaling(autoscaling::Write::UpdateGroup {
        group: GROUP.to_owned(),
        min: Some(0),
        max: None,
        desired: Some(desired),
    })
}

fn desired(stage: &Stage) -> u32 {
    stage.group(GROUP).desired
}

/// Makes the demo's clock have been noted when the machine's showed this.
fn age_note(dir: &TempDir, wall: Timestamp) {
    let file = File::options()
        .write(true)
        .open(dir.path().join("quiet-7.clock"))
        .expect("the clock is noted");
    file.set_modified(SystemTime::from(wall))
        .expect("times can be set");
}

#[test]
fn a_world_is_found_as_it_was_left() {
    let dir = TempDir::new().unwrap();
    let night = open(&dir);
    night.pass(SignedDuration::from_secs(30));
    night.write(sized(1)).unwrap();
    night.pass(SignedDuration::from_secs(30));
    night.write(sized(2)).unwrap();
    // Nothing is closed, as when a process is killed.
    std::mem::forget(night);
    let morning = open(&dir);
    morning.pass(SignedDuration::from_mins(2));
    assert_eq!(desired(&morning), 2);
    morning.write(sized(4)).unwrap();
    assert_eq!(desired(&open(&dir)), 4);
}

#[test]
fn processes_that_share_a_world_see_what_the_other_does() {
    let dir = TempDir::new().unwrap();
    let (one, other) = (open(&dir), open(&dir));
    let before = desired(&one);
    assert_eq!(desired(&other), before);
    one.write(sized(before + 1)).unwrap();
    assert_eq!(desired(&other), before + 1);
    // Each writes without having looked first.
    one.write(sized(before + 2)).unwrap();
    other
        .write(Mutation::AutoScaling(autoscaling::Write::SuspendProcesses {
            group: GROUP.to_owned(),
            processes: vec!["Launch".to_owned()],
        }))
        .unwrap();
    for stage in [&one, &other, &open(&dir)] {
        let group = stage.group(GROUP);
        assert_eq!((group.desired, group.suspended.len()), (before + 2, 1));
    }
    // What the other did decides what is refused.
    one.write(Mutation::AutoScaling(autoscaling::Write::UpdateGroup {
        group: GROUP.to_owned(),
        min: None,
        max: Some(before + 2),
        desired: None,
    }))
    .unwrap();
    let refused = other.write(sized(before + 3)).unwrap_err();
    assert_eq!(refused.code.as_deref(), Some("ValidationError"));
    assert_eq!(fs::read_to_string(record(&dir)).unwrap().lines().count(), 5);
}

#[test]
fn half_a_line_is_written_over_by_the_next_change() {
    for rest in ["{\"at\":\"2026-11", "\0\0\0\0\n"] {
        let dir = TempDir::new().unwrap();
        open(&dir).write(sized(3)).unwrap();
        let whole = fs::read_to_string(record(&dir)).unwrap();
        fs::write(record(&dir), format!("{whole}{rest}")).unwrap();
        let opened = FileLog::open(&keep(&dir), opening(epoch())).unwrap();
        assert!(opened.notices[0].contains("cut off"), "{:?}", opened.notices);
        let stage = Stage::recorded_by(World::Invokeai, Scenario::Quiet, Box::new(opened.log));
        assert_eq!(desired(&stage), 3);
        stage.write(sized(2)).unwrap();
        let again = FileLog::open(&keep(&dir), opening(epoch())).unwrap();
        assert_eq!(again.notices, Vec::<String>::new());
        assert_eq!(desired(&open(&dir)), 2);
    }
}

#[test]
fn who_holds_a_demo_that_was_begun_anew_can_change_nothing_in_it() {
    let dir = TempDir::new().unwrap();
    let old = open(&dir);
    old.write(sized(3)).unwrap();
    let fresh = Opening {
        past: Past::Forgotten,
        ..opening(epoch())
    };
    FileLog::open(&keep(&dir), fresh).unwrap();
    let refused = old.write(sized(2)).unwrap_err();
    assert!(refused.message.contains("begun anew"), "{refused}");
    assert_eq!(fs::read_to_string(record(&dir)).unwrap().lines().count(), 1);
}

#[test]
fn the_clock_goes_on_where_it_was_and_never_back() {
    let dir = TempDir::new().unwrap();
    let fast = Opening {
        speed: 60.0,
        ..opening(epoch())
    };
    let opened = FileLog::open(&keep(&dir), fast).unwrap();
    let stage = Stage::recorded_by(World::Invokeai, Scenario::Quiet, Box::new(opened.log));
    stage.write(sized(1)).unwrap();
    stage.pass(SignedDuration::from_hours(3));
    assert_eq!(desired(&stage), 1);
    let noted = epoch() + SignedDuration::from_mins(3);
    age_note(&dir, noted);
    let reached = epoch() + SignedDuration::from_hours(3);
    // A machine whose clock was set back does not set the demo's back.
    for wall in [noted, noted - SignedDuration::from_hours(1)] {
        let now = FileLog::open(&keep(&dir), opening(wall)).unwrap().now;
        assert!(now >= reached, "{now} at {wall}");
        age_note(&dir, noted);
    }
}

#[test]
fn time_passes_at_the_usual_rate_while_nobody_looks() {
    let dir = TempDir::new().unwrap();
    let opened = FileLog::open(&keep(&dir), opening(epoch())).unwrap();
    let stage = Stage::recorded_by(World::Invokeai, Scenario::Quiet, Box::new(opened.log));
    stage.write(sized(1)).unwrap();
    age_note(&dir, epoch());
    let later = epoch() + SignedDuration::from_hours(9);
    let reopened = FileLog::open(&keep(&dir), opening(later)).unwrap();
    assert_eq!((reopened.epoch, reopened.now), (epoch(), later));
    assert_eq!(reopened.notices, Vec::<String>::new());
    // Somebody who finds a world of last week is told why it is not like new.
    age_note(&dir, later);
    let week = later + SignedDuration::from_hours(24 * 7);
    let old = FileLog::open(&keep(&dir), opening(week)).unwrap();
    assert!(
        old.notices[0].contains("began 7 days ago and remembers 1 change:"),
        "{:?}",
        old.notices
    );
}

#[test]
fn a_world_that_nobody_changed_is_new_again_after_a_while() {
    let dir = TempDir::new().unwrap();
    let epoch_at = |wall: Timestamp| FileLog::open(&keep(&dir), opening(wall)).unwrap().epoch;
    assert_eq!(epoch_at(epoch()), epoch());
    age_note(&dir, epoch());
    let soon = epoch() + SignedDuration::from_mins(9);
    assert_eq!(epoch_at(soon), epoch());
    age_note(&dir, soon);
    let late = soon + SignedDuration::from_mins(11);
    assert_eq!(epoch_at(late), late);
}

#[test]
fn changes_that_nobody_looks_at_are_forgotten_unless_the_folder_was_chosen() {
    let dir = TempDir::new().unwrap();
    open(&dir).write(sized(1)).unwrap();
    let weeks = epoch() + SignedDuration::from_hours(24 * 15);
    age_note(&dir, epoch());
    let chosen = FileLog::open(&keep(&dir), opening(weeks)).unwrap();
    assert_eq!(chosen.epoch, epoch());
    let default = Keep {
        forgotten_after: Some(SignedDuration::from_hours(24 * 7)),
        ..keep(&dir)
    };
    age_note(&dir, epoch() + SignedDuration::from_hours(24 * 9));
    let within = FileLog::open(&default, opening(weeks)).unwrap();
    assert_eq!(within.epoch, epoch());
    age_note(&dir, epoch() + SignedDuration::from_hours(24 * 7));
    let forgotten = FileLog::open(&default, opening(weeks)).unwrap();
    assert_eq!((forgotten.epoch, forgotten.now), (weeks, weeks));
    assert!(
        forgotten.notices[0].contains("for 8 days"),
        "{:?}",
        forgotten.notices
    );
    assert_eq!(lines(&record(&dir)), 1);
}

#[test]
fn nothing_is_changed_while_the_demo_is_read_only() {
    let dir = TempDir::new().unwrap();
    let stage = open(&dir);
    let before = desired(&stage);
    stage.read_only.turn_on();
    let refused = stage.write(sized(before + 1)).unwrap_err();
    assert_eq!(refused.kind, FaultKind::ReadOnly);
    assert!(refused.hint(&stage.scope).contains("--read-write"));
    assert_eq!(desired(&stage), before);
    let calls = stage.bench.calls.lock().unwrap().len();
    // As with AWS, what is refused here is no call.
    stage.write(sized(before + 1)).unwrap_err();
    assert_eq!(stage.bench.calls.lock().unwrap().len(), calls);
    assert_eq!(lines(&record(&dir)), 1);
    stage.read_only.turn_off();
    stage.write(sized(before + 1)).unwrap();
    assert_eq!(desired(&stage), before + 1);
    assert_eq!(lines(&record(&dir)), 2);
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap().lines().count()
}

#[test]
fn writes_from_many_threads_are_all_recorded_in_an_order() {
    let dir = TempDir::new().unwrap();
    let stages: Vec<Arc<Stage>> = (0..3).map(|_| Arc::new(open(&dir))).collect();
    std::thread::scope(|threads| {
        for nth in 0..12 {
            let stage = &stages[nth % 3];
            threads.spawn(move || {
                let change = Mutation::AutoScaling(autoscaling::Write::PutTags {
                    group: GROUP.to_owned(),
                    tags: vec![quarterdeck::domain::ids::Tag {
                        key: format!("key-{nth}"),
                        value: "x".to_owned(),
                    }],
                });
                stage::wait(stage.demo.write(&stage.scope, &change, &Token(nth.to_string()))).unwrap();
            });
        }
    });
    assert_eq!(lines(&record(&dir)), 13);
    for stage in &stages {
        let tags = stage.group(GROUP).tags;
        let ours = tags.iter().filter(|tag| tag.key.starts_with("key-")).count();
        assert_eq!(ours, 12);
    }
}
