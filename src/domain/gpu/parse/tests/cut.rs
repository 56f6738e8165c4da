//! Outputs that were cut, that others wrote into, and that are nothing at all.

use pretty_assertions::{assert_eq, assert_ne};
use proptest::prelude::*;

use super::*;

#[test]
fn a_host_that_ran_out_of_time_keeps_what_it_told() {
    let stdout = format!("#gpu 0\n{}{}", core_row(0, UUID_A), core_row(1, UUID_B));
    let reading = parse(
        &output(ProbeEnd::TimedOut, &stdout, "ExecutionTimedOut"),
        &with_cards(4),
    );
    assert_eq!(reading.outcome, ProbeOutcome::Timeout);
    assert_eq!(reading.cards.len(), 2);
    assert_eq!(
        (reading.truncated, reading.lost_cards, reading.looks_idle()),
        (true, None, None)
    );
    assert_eq!(
        reading.detail.as_deref(),
        Some("nvidia-smi did not answer in time")
    );
}

#[test]
fn what_the_ssm_agent_adds_is_not_the_probes() {
    let plain = two_cards("=9a9a6c50,1, 5, a\n#end 0\n");
    for suffix in [
        "\n----------ERROR-------\nsome warning",
        "\n----------ERROR-------\n9, not, a, card\n#gpu 9",
        "trailing\n#gpu 1\n#end 7\n",
    ] {
        assert_eq!(read(&format!("{plain}{suffix}")), read(&plain), "{suffix:?}");
    }
    assert_eq!(read(&format!("motd: welcome\n\n{plain}")), read(&plain));
    assert_eq!(read(&plain.replace('\n', "\r\n")), read(&plain));

    let cut = format!(
        "#gpu 0\n{}1, GPU-d37\n---Output truncated---",
        core_row(0, UUID_A)
    );
    let reading = parse(&output(ProbeEnd::Done, &cut, ""), &with_cards(2));
    assert!(reading.truncated && !is_complete(&cut) && is_complete(&plain));
    assert_eq!(
        (reading.cards.len(), reading.skipped_rows, reading.lost_cards),
        (1, 0, None)
    );
    assert_eq!(
        (reading.outcome, reading.detail.as_deref()),
        (ProbeOutcome::Ok, Some("the output was cut"))
    );
}

#[test]
fn wherever_the_output_is_cut_nothing_false_is_claimed() {
    let whole = two_cards("=9a9a6c50,1, 512, a\n#end 0\n");
    let reading = parse(&output(ProbeEnd::Done, &whole, ""), &with_cards(2));
    assert_eq!((reading.lost_cards, reading.truncated), (Some(0), false));
    // Without its last line break the output is still whole.
    for length in 0..whole.len() - 2 {
        let cut = &whole[..length];
        let reading = parse(&output(ProbeEnd::Done, cut, ""), &with_cards(2));
        assert!(!is_complete(cut), "{cut:?}");
        assert!(!reading.has_lost_cards(), "{cut:?}");
        assert_ne!(reading.looks_idle(), Some(true), "{cut:?}");
        assert_eq!(reading.skipped_rows, 0, "{cut:?}");
        assert!(
            reading
                .cards
                .iter()
                .all(|card| card.looks_idle() != Some(true) && card.unread.is_empty()),
            "{cut:?}"
        );
    }
}

/// Lines that look like the probe's, and worse.
fn noisy_output() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        prop::sample::select(vec![
            "#gpu 0",
            "#gpu 9",
            "#gpu",
            "#gpu x ,uuid",
            "#ext 0",
            "#ext 0 ,mig.mode.current",
            "#apps 0",
            "#apps 4",
            "#end 0",
            "#end 2",
            "#end",
            "#nosmi",
            "----------ERROR-------",
            "---Output truncated---",
            "=9a9a6c50,1, 5, a",
            "=,,,",
            "=9a9a6c50,1",
            "No devices were found",
            "0, 0x1, [N/A], No, No, None",
            "1, 0xzz, Maybe, Yes, [N/A], Pray",
        ])
        .prop_map(str::to_owned),
        (0u32..12).prop_map(|index| core_row(index, UUID_A).trim_end().to_owned()),
        "[0-9]{1,2}(, [-a-zA-Z0-9\\[\\]/. ]{0,12}){0,14}",
        any::<String>(),
    ];
    prop::collection::vec(line, 0..40).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn whatever_a_host_prints_is_a_reading(
        stdout in noisy_output(),
        detail in any::<String>(),
        end in prop::sample::select(vec![ProbeEnd::Done, ProbeEnd::Failed, ProbeEnd::TimedOut]),
        expected in prop::option::of(0u8..=16),
    ) {
        let facts = HostFacts { expected_cards: expected, ..HostFacts::UNKNOWN };
        let reading = parse(&output(end, &stdout, &detail), &facts);
        prop_assert!(reading.cards.len() <= stdout.lines().count());
        prop_assert!(reading.cards.windows(2).all(|pair| pair[0].index < pair[1].index));
        prop_assert!(reading.outcome != ProbeOutcome::Ok || !reading.cards.is_empty());
        prop_assert!(reading.outcome == ProbeOutcome::Ok || reading.detail.is_some());
        // All text may go to a terminal as it is.
        let json = serde_json::to_value(&reading).unwrap();
        let mut values = vec![&json];
        while let Some(value) = values.pop() {
            match value {
                serde_json::Value::String(text) => prop_assert_eq!(&*text::clean(text), text.as_str()),
                serde_json::Value::Array(items) => values.extend(items),
                serde_json::Value::Object(fields) => values.extend(fields.values()),
                _ => {}
            }
        }
    }
}
