use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::domain::logs::LogEvent;

fn line(group: u16, at_ms: i64, message: &str) -> TailLine {
    TailLine {
        group,
        event: LogEvent {
            id: format!("{group}-{at_ms}-{}", message.len()),
            stream: format!("stream-{}", at_ms % 3),
            at_ms,
            ingested_ms: at_ms + 1_500,
            message: message.to_owned(),
        },
    }
}

fn texts(buffer: &Buffer) -> Vec<String> {
    (0..buffer.len())
        .map(|place| buffer.at(place).unwrap().text.to_owned())
        .collect()
}

#[test]
fn lines_of_several_groups_stand_in_time_order_and_ties_as_they_came() {
    let mut buffer = Buffer::default();
    for (group, at, text) in [
        (0, 10, "a"),
        (1, 30, "d"),
        (0, 20, "b"),
        (1, 20, "c"),
        (0, 5, "first"),
    ] {
        buffer.push(&line(group, at, text)).unwrap();
    }
    assert_eq!(texts(&buffer), ["first", "a", "b", "c", "d"]);
    let found = buffer.at(3).unwrap();
    assert_eq!((found.group, found.lag_ms, found.id), (1, 1_500, "1-20-1"));
    assert_eq!(buffer.stream(&found), "stream-2");
}

#[test]
fn foreign_text_is_made_safe_on_the_way_in() {
    let mut buffer = Buffer::default();
    let key = buffer
        .push(&line(0, 1, "\x1b[2J결제\u{202e} ERROR\tx\nat a\n\n"))
        .unwrap();
    assert_eq!(buffer.line(key).unwrap().text, "결제 ERROR    x\nat a");
    assert_eq!(buffer.line(key).unwrap().level, Level::Error);
}

#[test]
fn the_cap_holds_and_what_goes_is_counted() {
    let cap = 1024 * 1024;
    let mut buffer = Buffer::new(cap);
    for at in 0..20_000 {
        buffer.push(&line(0, at, &"x".repeat(150))).unwrap();
        assert!(buffer.bytes() <= cap, "{} bytes", buffer.bytes());
    }
    assert!(buffer.len() > 1_500, "{} lines", buffer.len());
    assert_eq!(buffer.len() as u64 + buffer.dropped(), 20_000);
    assert_eq!(buffer.last().unwrap().at_ms, 19_999);
    let dropped = buffer.dropped();
    assert_eq!(buffer.push(&line(0, 3, "too late")), None, "its time has gone");
    assert_eq!(buffer.dropped(), dropped + 1);
}

#[test]
fn a_snapshot_does_not_change_while_lines_arrive() {
    let mut buffer = Buffer::default();
    for at in 0..40_000 {
        buffer.push(&line(0, at, "x")).unwrap();
    }
    let snapshot = buffer.snapshot();
    let count = |snapshot: &Snapshot| {
        snapshot
            .segments
            .iter()
            .map(|segment| segment.len())
            .sum::<usize>()
    };
    assert_eq!(count(&snapshot), 40_000);
    buffer.push(&line(1, 5, "late")).unwrap();
    assert_eq!(count(&snapshot), 40_000);
    assert_eq!(buffer.len(), 40_001);
    assert_eq!(buffer.at(6).unwrap().text, "late");
}

#[test]
fn errors_are_found_in_both_directions() {
    let mut buffer = Buffer::default();
    for at in 0..50_000 {
        let text = if at % 20_000 == 7 { "ERROR x" } else { "INFO x" };
        buffer.push(&line(0, at, text)).unwrap();
    }
    let start = buffer.first().unwrap();
    let next = |from, way| buffer.error(from, way, |_| true).map(|key| key.at_ms);
    assert_eq!(next(start, Way::Forward), Some(7));
    let first = buffer.at(7).unwrap().key;
    assert_eq!(next(first, Way::Forward), Some(20_007));
    assert_eq!(next(first, Way::Backward), None);
    assert_eq!(next(buffer.last().unwrap(), Way::Backward), Some(40_007));
    assert_eq!(next(buffer.last().unwrap(), Way::Forward), None);
}

proptest! {
    #[test]
    fn whatever_the_order_of_arrival_lines_stand_in_time_order_and_none_is_lost(
        times in prop::collection::vec(0_i64..400, 0..600),
        width in 1_usize..400,
    ) {
        // A cap so small that segments are sealed, split and dropped all the time.
        for cap in [usize::MAX / 2, 60_000] {
            let mut buffer = Buffer::new(cap);
            let mut taken = Vec::new();
            for at in &times {
                if let Some(key) = buffer.push(&line(0, *at, &"y".repeat(width))) {
                    taken.push(key);
                }
            }
            taken.sort_unstable();
            let kept: Vec<LineKey> =
                (0..buffer.len()).map(|place| buffer.at(place).unwrap().key).collect();
            prop_assert!(kept.is_sorted());
            prop_assert_eq!(kept.len() as u64 + buffer.dropped(), times.len() as u64);
            for (place, key) in kept.iter().enumerate() {
                prop_assert_eq!(buffer.place(*key), Ok(place));
                prop_assert_eq!(buffer.line(*key).map(|line| line.key), Some(*key));
            }
            if cap > 60_000 {
                prop_assert_eq!(kept, taken);
            }
        }
    }
}
