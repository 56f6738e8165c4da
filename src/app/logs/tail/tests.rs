use pretty_assertions::assert_eq;

use super::*;
use crate::app::logs::window::Frame;
use crate::domain::logs::LogEvent;

fn lines(range: std::ops::Range<i64>, text: impl Fn(i64) -> String) -> Vec<TailLine> {
    range
        .map(|nth| TailLine {
            group: 0,
            event: LogEvent {
                id: nth.to_string(),
                stream: "s".to_owned(),
                at_ms: nth * 1_000,
                ingested_ms: nth * 1_000,
                message: text(nth),
            },
        })
        .collect()
}

fn tail() -> Tail {
    Tail::new(
        1,
        Vec::new(),
        HumanDuration::from_secs(60),
        Timestamp::from_second(1_000).unwrap(),
    )
}

/// Does what the job says, newest portion first as the console does.
fn work(tail: &mut Tail, job: Option<Job>) {
    let job = job.unwrap();
    for portion in job.portions(1) {
        let keys = portion
            .iter()
            .flat_map(|segment| job.test.scan(segment))
            .collect();
        tail.found((job.task, job.epoch), keys, JobEnd::NotYet);
    }
    tail.found((job.task, job.epoch), Vec::new(), JobEnd::Done);
}

fn shown(tail: &Tail) -> Vec<i64> {
    (0..tail.count())
        .map(|place| tail.key_at(place).unwrap().at_ms / 1_000)
        .collect()
}

fn on(tail: &Tail) -> i64 {
    tail.cursor.unwrap().at_ms / 1_000
}

fn pattern(text: &str) -> Pattern {
    Pattern::new(text).unwrap()
}

#[test]
fn new_lines_move_the_end_until_somebody_scrolls_back() {
    let mut tail = tail();
    let mut rates = Rates::default();
    let plain = |nth| format!("line {nth}");
    tail.receive(&lines(0..50, plain), 0, &mut rates);
    assert_eq!((on(&tail), tail.follow), (49, Follow::End));
    tail.step(Step::By(-10));
    tail.receive(&lines(50..60, plain), 0, &mut rates);
    assert_eq!((on(&tail), tail.follow), (39, Follow::Held(10)));
    tail.step(Step::By(100));
    assert_eq!((on(&tail), tail.follow), (59, Follow::End));
    tail.step(Step::First);
    assert_eq!((on(&tail), tail.follow), (0, Follow::Held(0)));
}

#[test]
fn filters_hold_for_old_lines_and_for_those_that_arrive_meanwhile() {
    let mut tail = tail();
    let mut rates = Rates::default();
    let text = |nth: i64| {
        if nth % 3 == 0 {
            "health ok".to_owned()
        } else {
            format!("order {nth}")
        }
    };
    tail.receive(&lines(0..30_000, text), 0, &mut rates);
    let job = tail.set_test(Test {
        include: vec![pattern("order"), pattern("ok")],
        exclude: vec![pattern("health")],
    });
    tail.receive(&lines(30_000..30_010, text), 0, &mut rates);
    work(&mut tail, job);
    let expected: Vec<i64> = (0..30_010).filter(|nth| nth % 3 != 0).collect();
    assert_eq!(shown(&tail), expected);
    assert!(!tail.is_searching());
    let before = on(&tail);
    let job = tail.set_test(Test::default());
    assert_eq!(job, None, "nothing has to be found");
    assert_eq!((tail.count(), on(&tail) >= before), (30_010, true));
}

#[test]
fn what_an_older_question_finds_is_not_believed() {
    let mut tail = tail();
    let mut rates = Rates::default();
    tail.receive(&lines(0..10, |nth| format!("{nth}")), 0, &mut rates);
    let old = tail
        .set_test(Test {
            include: vec![pattern("1")],
            exclude: Vec::new(),
        })
        .unwrap();
    let new = tail.set_test(Test {
        include: vec![pattern("2")],
        exclude: Vec::new(),
    });
    let keys = old.test.scan(&old.snapshot.segments[0]);
    assert!(!tail.found((old.task, old.epoch), keys, JobEnd::Done));
    work(&mut tail, new);
    assert_eq!(shown(&tail), [2]);
}

#[test]
fn a_search_goes_to_the_hit_above_and_from_hit_to_hit() {
    let mut tail = tail();
    let mut rates = Rates::default();
    tail.receive(&lines(0..100, |nth| format!("id={nth}.")), 0, &mut rates);
    let job = tail.set_search(Some(pattern(r"id=\d0\.")));
    work(&mut tail, job);
    assert_eq!((on(&tail), tail.hit_count()), (90, (9, 9)));
    assert!(tail.to_hit(Way::Backward));
    assert_eq!(on(&tail), 80);
    assert!(tail.to_hit(Way::Forward));
    assert!(!tail.to_hit(Way::Forward), "there is none below");
    assert_eq!(on(&tail), 90);
    let job = tail.set_test(Test {
        include: vec![pattern("id=1")],
        exclude: Vec::new(),
    });
    work(&mut tail, job);
    assert!(tail.to_hit(Way::Backward));
    assert_eq!(on(&tail), 10, "hits that are not shown are passed over");
}

#[test]
fn errors_are_gone_to_in_both_directions() {
    let mut tail = tail();
    let mut rates = Rates::default();
    let text = |nth: i64| {
        if nth % 25 == 7 {
            "ERROR x".to_owned()
        } else {
            "INFO y".to_owned()
        }
    };
    tail.receive(&lines(0..100, text), 0, &mut rates);
    assert!(tail.to_error(Way::Backward));
    assert_eq!(on(&tail), 82);
    assert!(tail.to_error(Way::Backward));
    assert_eq!((on(&tail), tail.follow), (57, Follow::Held(0)));
    assert!(tail.to_error(Way::Forward));
    assert!(!tail.to_error(Way::Forward));
    assert_eq!(
        rates.per_minute(Timestamp::from_second(60).unwrap()),
        Some(3),
        "7, 32 and 57"
    );
}

#[test]
fn the_window_stands_still_while_lines_arrive_and_keeps_the_cursor_in_it() {
    let mut tail = tail();
    let mut rates = Rates::default();
    let zone = jiff::tz::TimeZone::UTC;
    let frame = Frame {
        height: 10,
        width: 60,
        zone: &zone,
        now: Timestamp::from_second(1_000).unwrap(),
    };
    let text = |nth: i64| format!("line {nth} {}", "한글 ".repeat(20));
    tail.receive(&lines(0..100, text), 0, &mut rates);
    tail.arrange(frame);
    assert_eq!(tail.window.rows.len(), 10);
    assert!(tail.window.rows[9].selected);
    tail.step(Step::By(-3));
    tail.arrange(frame);
    let before = tail.window.clone();
    assert!(
        before.rows[6].selected,
        "the window does not move while the cursor is in it"
    );
    tail.receive(&lines(100..200, text), 0, &mut rates);
    tail.arrange(frame);
    assert_eq!(tail.window, before);
    tail.wrap = Wrap::Wrapped;
    tail.step(Step::By(5));
    tail.arrange(frame);
    assert_eq!(tail.window.rows.len(), 10);
    let selected = tail.window.rows.iter().filter(|row| row.selected).count();
    assert!(
        selected >= 2,
        "a wrapped line has several rows, {selected} of them seen"
    );
}

#[test]
fn a_pattern_that_cloudwatch_refuses_gives_way_to_the_one_before() {
    use crate::domain::fault::Fault;
    let mut tail = tail();
    tail.states = vec![TailState::Waiting];
    tail.pattern_before = Some(Some("old".to_owned()));
    let refused = || TailState::Failing {
        fault: Fault::new(
            FaultKind::Invalid,
            "logs",
            "FilterLogEvents",
            "Invalid filter pattern",
        ),
        again: Timestamp::from_second(1).unwrap(),
    };
    assert_eq!(tail.note(0, refused()), Some(Some("old".to_owned())));
    assert_eq!(tail.note(0, refused()), None, "once");
    tail.pattern_before = Some(None);
    assert_eq!(tail.note(0, TailState::Live(Timestamp::UNIX_EPOCH)), None);
    assert_eq!(tail.note(0, refused()), None, "it was taken before");
}
