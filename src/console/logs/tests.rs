use pretty_assertions::assert_eq;

use super::*;
use crate::app::logs::buffer::Buffer;
use crate::app::logs::job::Task;
use crate::app::logs::pattern::Pattern;
use crate::domain::logs::{LogEvent, TailLine};

fn buffer(count: i64) -> Buffer {
    let mut buffer = Buffer::default();
    for nth in 0..count {
        buffer.push(&TailLine {
            group: 0,
            event: LogEvent {
                id: nth.to_string(),
                stream: String::new(),
                at_ms: nth,
                ingested_ms: nth,
                message: format!("line {nth}"),
            },
        });
    }
    buffer
}

fn test(text: &str) -> Test {
    Test {
        include: vec![Pattern::new(text).unwrap()],
        exclude: Vec::new(),
    }
}

#[test]
fn a_job_finds_everything_newest_portion_first_and_says_when_it_is_over() {
    let buffer = buffer(300_000);
    let job = Job {
        tail: 3,
        epoch: 5,
        task: Task::Search,
        test: test("99$"),
        snapshot: buffer.snapshot(),
    };
    let mut portions = Vec::new();
    let mut over = Vec::new();
    find(&job, |msg| {
        let Msg::Logs(LogsMsg::Found {
            tail: 3,
            epoch: 5,
            keys,
            end,
            ..
        }) = msg
        else {
            panic!("{msg:?}");
        };
        portions.push(keys);
        over.push(end == JobEnd::Done);
        true
    });
    assert_eq!(over.iter().filter(|over| **over).count(), 1);
    assert_eq!(over.last(), Some(&true));
    assert!(portions.len() > 2 && portions[0][0] > portions[1][0]);
    let mut all: Vec<i64> = portions.iter().flatten().map(|key| key.at_ms).collect();
    assert!(portions.iter().all(|keys| keys.is_sorted()));
    all.sort_unstable();
    assert_eq!(
        all,
        (0..300_000).filter(|nth| nth % 100 == 99).collect::<Vec<_>>()
    );
}

#[test]
fn a_job_stops_when_nobody_listens() {
    let buffer = buffer(300_000);
    let job = Job {
        tail: 1,
        epoch: 1,
        task: Task::Filter,
        test: test("line"),
        snapshot: buffer.snapshot(),
    };
    let mut told = 0;
    find(&job, |_| {
        told += 1;
        false
    });
    assert_eq!(told, 1);
}

#[test]
fn saving_writes_what_passes_and_never_over_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.log");
    let job = SaveJob {
        path: path.to_str().unwrap().to_owned(),
        test: test("[12]$"),
        snapshot: buffer(13).snapshot(),
        groups: vec!["/ecs/api".to_owned()],
    };
    assert_eq!(save(&job).unwrap(), 4);
    let expected = "1970-01-01T00:00:00.001Z /ecs/api line 1\n\
                    1970-01-01T00:00:00.002Z /ecs/api line 2\n\
                    1970-01-01T00:00:00.011Z /ecs/api line 11\n\
                    1970-01-01T00:00:00.012Z /ecs/api line 12\n";
    assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    assert_eq!(save(&job).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
}
