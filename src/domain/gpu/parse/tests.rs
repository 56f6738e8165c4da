use std::collections::BTreeMap;

use jiff::Timestamp;
use pretty_assertions::assert_eq;

use super::*;
use crate::domain::gpu::{GpuProcess, ReadingSource, RecoveryAction, ThrottleReasons};

mod cut;
mod hosts;

macro_rules! capture {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/nvidia-smi/",
            $name,
            ".txt"
        ))
    };
}

const UUID_A: &str = "GPU-9a9a6c50-2a47-2f51-a902-b82c3b127e94";
const UUID_B: &str = "GPU-d37e67a5-91dd-3774-a5cb-99096249601a";

fn at() -> Timestamp {
    "2026-11-21T02:00:00Z".parse().unwrap()
}

fn output(end: ProbeEnd, stdout: &str, detail: &str) -> ProbeOutput {
    ProbeOutput {
        instance_id: "i-1".to_owned(),
        end,
        stdout: stdout.to_owned(),
        detail: detail.to_owned(),
        truncated: false,
        at: at(),
    }
}

fn with_cards(expected_cards: u8) -> HostFacts<'static> {
    HostFacts {
        expected_cards: Some(expected_cards),
        ..HostFacts::UNKNOWN
    }
}

fn read(stdout: &str) -> HostReading {
    parse(&output(ProbeEnd::Done, stdout, ""), &HostFacts::UNKNOWN)
}

fn core_row(index: u32, uuid: &str) -> String {
    format!("{index}, {uuid}, 595.80, 5, 0, 23028, 30, 25.5, 300.00, P8, 210, 0, NVIDIA A10G\n")
}

/// Two idle cards, with these lines in the place of processes and the end.
fn two_cards(processes: &str) -> String {
    format!(
        "#gpu 0\n{}{}#ext 0\n0, 0x1, [N/A], No, No, None\n1, 0x1, [N/A], No, No, None\n#apps 0\n{processes}",
        core_row(0, UUID_A),
        core_row(1, UUID_B)
    )
}

#[test]
fn a_capture_is_read_whole() {
    assert_eq!(
        parse(&output(ProbeEnd::Done, capture!("t4"), ""), &with_cards(1)),
        HostReading {
            instance_id: "i-1".to_owned(),
            outcome: ProbeOutcome::Ok,
            detail: None,
            remedy: None,
            driver: Some("515.105.01".to_owned()),
            cards: vec![GpuCard {
                index: 0,
                uuid: Some(UUID_B.to_owned()),
                product: Some("Tesla T4".to_owned()),
                driver: Some("515.105.01".to_owned()),
                util_percent: Some(0.0),
                mem_used_mib: Some(1032),
                mem_total_mib: Some(15_360),
                temp_c: Some(40.0),
                power_w: Some(26.78),
                power_limit_w: Some(70.0),
                pstate: Some("P0".to_owned()),
                clocks_sm_mhz: Some(585),
                ecc_uncorrected: Some(0),
                throttle: Some(ThrottleReasons::NONE),
                remapped_rows_pending: None,
                remapped_rows_failure: None,
                recovery_action: None,
                mig: None,
                processes: Some(vec![GpuProcess {
                    pid: 5762,
                    name: "python".to_owned(),
                    mem_mib: Some(1005),
                }]),
                unread: BTreeMap::new(),
            }],
            expected_cards: Some(1),
            lost_cards: Some(0),
            skipped_rows: 0,
            processes_left_out: 0,
            truncated: false,
            refused_fields: vec!["gpu_recovery_action".to_owned()],
            source: ReadingSource::Ssm,
            sampled_at: at(),
        }
    );
}

#[test]
fn every_capture_tells_what_its_card_did() {
    struct Expected {
        util_percent: Option<f64>,
        mem_used_mib: u64,
        power_w: f64,
        ecc: Option<u64>,
        mig: Option<bool>,
        remapped_failure: Option<bool>,
        processes: usize,
        idle: bool,
    }
    let expect =
        |util_percent, mem_used_mib, power_w, ecc, mig, remapped_failure, processes, idle| Expected {
            util_percent,
            mem_used_mib,
            power_w,
            ecc,
            mig,
            remapped_failure,
            processes,
            idle,
        };
    let (no, yes) = (Some(false), Some(true));
    for (name, capture, expected) in [
        (
            "a10g",
            capture!("a10g"),
            expect(Some(0.0), 22, 25.58, Some(0), None, no, 0, true),
        ),
        (
            "h100-idle",
            capture!("h100-idle"),
            expect(Some(0.0), 0, 69.85, Some(0), no, no, 0, true),
        ),
        (
            "h100-load",
            capture!("h100-load"),
            expect(Some(100.0), 19_818, 631.95, Some(0), no, no, 3, false),
        ),
        // A card split by MIG has no utilisation of its own.
        (
            "h100-mig-idle",
            capture!("h100-mig-idle"),
            expect(None, 59, 71.15, Some(0), yes, None, 0, true),
        ),
        (
            "h100-mig-load",
            capture!("h100-mig-load"),
            expect(None, 11_125, 433.78, Some(0), yes, None, 3, false),
        ),
        // Idle, and 100 % all the same.
        (
            "l40s-idle",
            capture!("l40s-idle"),
            expect(Some(100.0), 0, 144.97, Some(0), None, no, 0, true),
        ),
        (
            "l40s-load",
            capture!("l40s-load"),
            expect(Some(9.0), 1235, 110.23, Some(0), None, no, 2, false),
        ),
        (
            "rtx2080s-idle",
            capture!("rtx2080s-idle"),
            expect(Some(0.0), 211, 39.17, None, None, None, 0, true),
        ),
        (
            "rtx2080s-load",
            capture!("rtx2080s-load"),
            expect(Some(8.0), 815, 98.14, None, None, None, 2, false),
        ),
    ] {
        let reading = parse(&output(ProbeEnd::Done, capture, ""), &with_cards(1));
        assert_eq!(
            (reading.outcome, &reading.detail, reading.lost_cards),
            (ProbeOutcome::Ok, &None, Some(0)),
            "{name}"
        );
        assert_eq!(reading.cards.len(), 1, "{name}");
        let card = &reading.cards[0];
        assert_eq!(card.util_percent, expected.util_percent, "{name}");
        assert_eq!(card.mem_used_mib, Some(expected.mem_used_mib), "{name}");
        assert_eq!(card.power_w, Some(expected.power_w), "{name}");
        assert_eq!(card.ecc_uncorrected, expected.ecc, "{name}");
        assert_eq!(card.mig, expected.mig, "{name}");
        assert_eq!(card.remapped_rows_failure, expected.remapped_failure, "{name}");
        assert_eq!(
            card.processes.as_ref().map(Vec::len),
            Some(expected.processes),
            "{name}"
        );
        assert_eq!(reading.looks_idle(), Some(expected.idle), "{name}");
        assert_eq!(card.unread, BTreeMap::new(), "{name}");
        let refused = reading
            .refused_fields
            .iter()
            .any(|field| field == "gpu_recovery_action");
        assert_eq!(
            card.recovery_action,
            (!refused).then_some(RecoveryAction::Nothing),
            "{name}"
        );
    }
}

#[test]
fn the_json_has_the_contracts_names() {
    let reading = read(capture!("t4"));
    let host = serde_json::to_value(&reading).unwrap();
    assert_eq!(host["probe"], "ok");
    assert_eq!(host["source"], "ssm");
    let card = &host["cards"][0];
    for name in [
        "index",
        "uuid",
        "product",
        "util_percent",
        "mem_used_mib",
        "mem_total_mib",
        "temp_c",
        "power_w",
        "power_limit_w",
        "ecc_uncorrected",
        "mig",
        "processes",
    ] {
        assert!(card.get(name).is_some(), "{name}");
    }
    assert_eq!(card["mig"], serde_json::Value::Null);
    assert_eq!(serde_json::from_value::<HostReading>(host).unwrap(), reading);
    for outcome in [
        ProbeOutcome::Ok,
        ProbeOutcome::NoAgent,
        ProbeOutcome::AgentOffline,
        ProbeOutcome::NoNvidiaSmi,
        ProbeOutcome::DriverError,
        ProbeOutcome::Timeout,
        ProbeOutcome::Error,
    ] {
        assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.word());
    }
}

#[test]
fn complaints_in_place_of_values_are_kept() {
    let reading = read(
        "#gpu 0\n0, GPU-1, 595.80, [Unknown Error], [GPU requires reset], 23028, ERR!, [Not Supported], N/A, , [N/A], many, [Insufficient Permissions]\n#apps 0\n#end 0\n",
    );
    let card = &reading.cards[0];
    assert_eq!(
        card.unread,
        [
            ("ecc.errors.uncorrected.volatile.total", "many"),
            ("memory.used", "[GPU requires reset]"),
            ("name", "[Insufficient Permissions]"),
            ("temperature.gpu", "ERR!"),
            ("utilization.gpu", "[Unknown Error]"),
        ]
        .map(|(field, raw)| (field.to_owned(), raw.to_owned()))
        .into()
    );
    assert_eq!(card.complaint(), Some("many"));
    assert_eq!(
        (
            card.mem_used_mib,
            card.temp_c,
            card.power_w,
            card.pstate.as_deref()
        ),
        (None, None, None, None)
    );
    assert_eq!(card.looks_idle(), None, "no memory was read");
}

#[test]
fn processes_find_their_cards() {
    let reading = read(&two_cards(
        "=9a9a6c50,100, 512, python train.py, --lr=0.1, #end 0\n\
         =d37e67a5,200, [N/A], [Not Found]\n\
         =d37e67a5,201, 310, \u{1b}[31mffmpeg\n\
         #end 0\n",
    ));
    let process = |pid, name: &str, mem_mib| GpuProcess {
        pid,
        name: name.to_owned(),
        mem_mib,
    };
    assert_eq!(
        reading.cards[0].processes,
        Some(vec![process(100, "python train.py, --lr=0.1, #end 0", Some(512))])
    );
    assert_eq!(
        reading.cards[1].processes,
        Some(vec![
            process(200, "[Not Found]", None),
            process(201, "ffmpeg", Some(310))
        ])
    );
    assert_eq!(
        (reading.processes_left_out, reading.looks_idle()),
        (0, Some(false))
    );
}

#[test]
fn a_card_is_not_without_processes_while_one_is_missing() {
    for (what, processes, left_out, on_first) in [
        ("found no place", "=9a9a6c50,1, 5, a\n#end 3\n", 3, 1),
        (
            "of an unknown card",
            "=9a9a6c50,1, 5, a\n=MIG-0badf00d-1,2, 5, b\n#end 0\n",
            1,
            1,
        ),
        (
            "of an ambiguous card",
            "=,2, 5, b\n=9a9a6c50,1, 5, a\n#end 0\n",
            1,
            1,
        ),
        ("unreadable", "=9a9a6c50,1, 5, a\n=9a9a6c50,many\n#end 0\n", 1, 1),
        (
            "not a row",
            "=9a9a6c50,1, 5, a\nWARNING: something\n#end 0\n",
            1,
            1,
        ),
        ("cut", "=9a9a6c50,1, 5, a\n=d37e67a5,2", 0, 1),
    ] {
        let reading = read(&two_cards(processes));
        let counts: Vec<Option<usize>> = reading
            .cards
            .iter()
            .map(|card| card.processes.as_ref().map(Vec::len))
            .collect();
        assert_eq!(
            (reading.processes_left_out, counts),
            (left_out, vec![Some(on_first), None]),
            "{what}"
        );
        assert_eq!(reading.cards[1].looks_idle(), None, "{what}");
    }
    let unknown = read(&two_cards("").replace("#apps 0", "#apps 124\n#end 0"));
    assert!(unknown.cards.iter().all(|card| card.processes.is_none()));
    assert_eq!(unknown.detail.as_deref(), Some("processes are not known"));
    assert_eq!(unknown.looks_idle(), None);
}

#[test]
fn rows_that_cannot_be_read_are_left_out_and_counted() {
    let stdout = format!(
        "#gpu 0\n{}1, GPU-2, 595.80, 5\n{}\u{fffd}\u{fffd}\n2, a, b, c, d, e, f, g, h, i, j, k, l, m, n\n#ext 0\n9, 0x1, [N/A], No, No, None\n0, 0x1\n#apps 0\n#end 0\n",
        core_row(0, UUID_A),
        core_row(0, UUID_B),
    );
    let reading = parse(&output(ProbeEnd::Done, &stdout, ""), &with_cards(4));
    assert_eq!(reading.cards.len(), 1);
    assert_eq!(reading.cards[0].uuid.as_deref(), Some(UUID_A));
    // Two rows with a wrong count, a second row of card 0, two optional rows.
    assert_eq!(reading.skipped_rows, 5);
    // Cards whose rows cannot be read are there; only the fourth is not.
    assert_eq!(reading.lost_cards, Some(1));
    assert_eq!(
        reading.detail.as_deref(),
        Some("1 of 4 GPUs do not answer; \u{fffd}\u{fffd}; 2 of the cards' rows cannot be read")
    );

    let reading = read("#gpu 0\n0, GPU-1\n#apps 0\n#end 0\n");
    assert_eq!(reading.outcome, ProbeOutcome::Error);
    assert_eq!(
        reading.detail.as_deref(),
        Some("1 of the cards' rows cannot be read")
    );
}

#[test]
fn refused_fields_are_unknown_and_shift_nothing() {
    let reading = read(
        "#gpu 0 ,driver_version\n0, GPU-1, 5, 0, 23028, 30, 25.5, 300.00, P8, 210, 0, NVIDIA A10G\n\
         #ext 0 ,clocks_throttle_reasons.active,remapped_rows.pending\n0, Disabled, Yes, Reset\n#apps 0\n#end 0\n",
    );
    let card = &reading.cards[0];
    assert_eq!(
        reading.refused_fields,
        [
            "driver_version",
            "clocks_throttle_reasons.active",
            "remapped_rows.pending"
        ]
    );
    assert_eq!((card.driver.as_deref(), card.util_percent), (None, Some(5.0)));
    assert_eq!((card.throttle, card.mig), (None, Some(false)));
    assert_eq!(
        (card.remapped_rows_pending, card.remapped_rows_failure),
        (None, Some(true))
    );
    assert_eq!(card.recovery_action, Some(RecoveryAction::Reset));
}

#[test]
fn the_core_stands_when_the_optional_fields_fail() {
    let stdout = format!("#gpu 0\n{}#ext 124\n\n#apps 0\n#end 0\n", core_row(0, UUID_A));
    let reading = parse(&output(ProbeEnd::Done, &stdout, ""), &with_cards(1));
    assert_eq!(
        (reading.outcome, reading.lost_cards, reading.looks_idle()),
        (ProbeOutcome::Ok, Some(0), Some(true))
    );
    assert_eq!(reading.cards[0].throttle, None);
    assert_eq!(
        reading.detail.as_deref(),
        Some("clock, MIG and memory health are not known")
    );
}
