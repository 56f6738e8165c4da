//! The GPU probe's line of shell, run by real shells against a fake nvidia-smi.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pretty_assertions::assert_eq;
use quarterdeck::domain::gpu::probe::{ProbeLimits, SSM_OUTPUT_LIMIT, probe_line, probe_line_within};
use quarterdeck::domain::gpu::{HostFacts, HostReading, ProbeOutcome, RecoveryAction, parse};
use quarterdeck::domain::ssm::{ProbeEnd, ProbeOutput};
use tempfile::TempDir;

/// One run of the line.
struct Answer {
    shell: &'static str,
    stdout: String,
    reading: HostReading,
    /// The queries that nvidia-smi was asked.
    queries: Vec<String>,
    folder: TempDir,
}

/// What the host is like.
#[derive(Clone, Copy, Default)]
struct Host<'a> {
    cards: u8,
    refuses: &'a str,
    fails: &'a str,
    process: &'a str,
    processes: u32,
}

/// The shells of this machine that a host might use; `sh` is one of them anywhere.
fn shells() -> Vec<&'static [&'static str]> {
    const SHELLS: [&[&str]; 4] = [&["sh"], &["dash"], &["bash"], &["busybox", "sh"]];
    SHELLS
        .into_iter()
        .filter(|shell| {
            shell[0] == "sh"
                || Command::new(shell[0])
                    .args(&shell[1..])
                    .args(["-c", "exit 0"])
                    .stderr(Stdio::null())
                    .status()
                    .is_ok_and(|status| status.success())
        })
        .collect()
}

/// Runs the line with every shell there is.
fn run(line: &str, host: Host<'_>) -> Vec<Answer> {
    shells()
        .into_iter()
        .map(|shell| run_with(shell, line, host))
        .collect()
}

fn run_with(shell: &[&'static str], line: &str, host: Host<'_>) -> Answer {
    let folder = tempfile::tempdir().expect("a temporary folder");
    install_fake(folder.path());
    let log = folder.path().join("queries");
    let mut path = OsString::from(folder.path());
    path.push(":/usr/bin:/bin");
    let done = Command::new(shell[0])
        .args(&shell[1..])
        .args(["-c", line])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", path)
        .env("FAKE_CARDS", host.cards.to_string())
        .env("FAKE_REFUSES", host.refuses)
        .env("FAKE_FAILS", host.fails)
        .env("FAKE_PROCESS", host.process)
        .env("FAKE_PROCESSES", host.processes.to_string())
        .env("FAKE_LOG", &log)
        .stdin(Stdio::null())
        .output()
        .expect("the shell starts");
    let shell = shell[0];
    assert_eq!(done.status.code(), Some(0), "{shell}");
    assert_eq!(String::from_utf8_lossy(&done.stderr), "", "{shell}");
    let stdout = String::from_utf8_lossy(&done.stdout).into_owned();
    let output = ProbeOutput {
        instance_id: "i-1".to_owned(),
        end: ProbeEnd::Done,
        stdout: stdout.clone(),
        detail: String::new(),
        truncated: false,
        at: "2026-11-21T02:00:00Z".parse().expect("a time"),
    };
    let facts = HostFacts {
        expected_cards: Some(host.cards),
        ..HostFacts::UNKNOWN
    };
    Answer {
        shell,
        reading: parse(&output, &facts),
        stdout,
        queries: std::fs::read_to_string(&log)
            .unwrap_or_default()
            .lines()
            .map(str::to_owned)
            .collect(),
        folder,
    }
}

/// Copied by another process: had this one ever the file open for writing, a process that another
/// test starts at that moment could hold it open, and executing it would fail.
fn install_fake(folder: &Path) {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/nvidia-smi/fake.sh");
    let copied = Command::new("sh")
        .args(["-c", "cp \"$1\" \"$2\" && chmod +x \"$2\"", "sh", source])
        .arg(folder.join("nvidia-smi"))
        .status()
        .expect("sh starts");
    assert!(copied.success());
}

#[test]
fn a_healthy_host_tells_everything_in_three_runs() {
    let host = Host {
        cards: 2,
        process: "/opt/conda/bin/python",
        processes: 1,
        ..Host::default()
    };
    for answer in run(probe_line(), host) {
        let Answer { shell, reading, .. } = &answer;
        assert_eq!(
            (reading.outcome, reading.detail.as_deref()),
            (ProbeOutcome::Ok, None),
            "{shell}"
        );
        assert_eq!(
            (reading.cards.len(), reading.lost_cards, reading.truncated),
            (2, Some(0), false),
            "{shell}"
        );
        let card = &reading.cards[1];
        assert_eq!(
            card.uuid.as_deref(),
            Some("GPU-9a9a6c51-2a47-2f51-a902-b82c3b127e94"),
            "{shell}"
        );
        assert_eq!(card.product.as_deref(), Some("NVIDIA H100 80GB HBM3"), "{shell}");
        assert_eq!(
            (card.mem_used_mib, card.power_limit_w),
            (Some(80_123), Some(700.0)),
            "{shell}"
        );
        assert_eq!(
            card.throttle
                .map(|reasons| reasons.harmful().to_string())
                .as_deref(),
            Some("hw-thermal-slowdown"),
            "{shell}"
        );
        assert_eq!(
            (card.mig, card.remapped_rows_failure),
            (Some(false), Some(true)),
            "{shell}"
        );
        assert_eq!(
            card.recovery_action,
            Some(RecoveryAction::DrainAndReset),
            "{shell}"
        );
        let processes = card.processes.as_ref().unwrap();
        assert_eq!(
            (
                processes.len(),
                processes[0].pid,
                processes[0].name.as_str(),
                processes[0].mem_mib
            ),
            (1, 1100, "/opt/conda/bin/python", Some(12_345)),
            "{shell}"
        );
        assert_eq!(answer.queries.len(), 3, "{shell}: {:?}", answer.queries);
    }
}

#[test]
fn a_refused_field_costs_one_more_run_and_no_other_field() {
    let host = Host {
        cards: 1,
        refuses: "gpu_recovery_action remapped_rows.pending driver_version",
        ..Host::default()
    };
    for answer in run(probe_line(), host) {
        let Answer { shell, reading, .. } = &answer;
        assert_eq!(
            (reading.outcome, reading.detail.as_deref()),
            (ProbeOutcome::Ok, None),
            "{shell}"
        );
        assert_eq!(
            reading.refused_fields,
            ["driver_version", "remapped_rows.pending", "gpu_recovery_action"],
            "{shell}"
        );
        let card = &reading.cards[0];
        assert_eq!(
            (card.driver.as_deref(), card.util_percent),
            (None, Some(100.0)),
            "{shell}"
        );
        assert_eq!(
            (card.remapped_rows_pending, card.remapped_rows_failure),
            (None, Some(true)),
            "{shell}"
        );
        assert_eq!((card.mig, &card.recovery_action), (Some(false), &None), "{shell}");
        assert_eq!(card.product.as_deref(), Some("NVIDIA H100 80GB HBM3"), "{shell}");
        assert_eq!(card.processes, Some(Vec::new()), "{shell}");
        assert_eq!(answer.queries.len(), 6, "{shell}: {:?}", answer.queries);
    }
}

#[test]
fn a_driver_that_knows_no_optional_field_still_tells_the_core() {
    let host = Host {
        cards: 1,
        refuses: "gpu_recovery_action remapped_rows.pending remapped_rows.failure mig.mode.current clocks_throttle_reasons.active",
        ..Host::default()
    };
    for Answer {
        shell,
        reading,
        queries,
        ..
    } in run(probe_line(), host)
    {
        assert_eq!(
            (reading.outcome, reading.cards.len(), reading.detail),
            (ProbeOutcome::Ok, 1, None),
            "{shell}"
        );
        assert_eq!(reading.refused_fields.len(), 5, "{shell}");
        assert_eq!(queries.len(), 3 + 5, "{shell}: {queries:?}");
    }
}

#[test]
fn a_host_where_index_is_refused_does_not_loop() {
    let host = Host {
        cards: 1,
        refuses: "index",
        ..Host::default()
    };
    for Answer {
        shell,
        reading,
        queries,
        ..
    } in run(probe_line(), host)
    {
        assert_eq!(reading.outcome, ProbeOutcome::Error, "{shell}");
        assert_eq!(
            reading.detail.as_deref(),
            Some("nvidia-smi does not take the query: Field \"index\" is not a valid field to query."),
            "{shell}"
        );
        assert_eq!(queries.len(), 3, "{shell}");
    }
}

#[test]
fn a_host_without_nvidia_smi_says_so() {
    // This machine may have a real one.
    let line = probe_line().replace("nvidia-smi", "no-such-nvidia-smi");
    for Answer {
        shell,
        reading,
        stdout,
        ..
    } in run(&line, Host::default())
    {
        assert_eq!(reading.outcome, ProbeOutcome::NoNvidiaSmi, "{shell}");
        assert_eq!(stdout, "#nosmi\n#end 0\n", "{shell}");
    }
}

#[test]
fn a_dead_driver_is_asked_once() {
    let host = Host {
        cards: 4,
        fails: "driver",
        ..Host::default()
    };
    for Answer {
        shell,
        reading,
        queries,
        ..
    } in run(probe_line(), host)
    {
        assert_eq!(reading.outcome, ProbeOutcome::DriverError, "{shell}");
        assert_eq!(
            reading.detail.as_deref(),
            Some(
                "the NVIDIA driver is not loaded: NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running."
            ),
            "{shell}"
        );
        assert_eq!((reading.lost_cards, queries.len()), (None, 1), "{shell}");
    }
}

/// As short as limits can be.
const SHORT: ProbeLimits = ProbeLimits {
    core_s: 1,
    optional_s: 1,
    processes_s: 1,
};

#[test]
fn a_hanging_driver_is_given_up() {
    let host = Host {
        cards: 1,
        fails: "hang",
        ..Host::default()
    };
    let shells = u32::try_from(shells().len()).unwrap();
    let begin = Instant::now();
    for Answer {
        shell,
        reading,
        queries,
        ..
    } in run(&probe_line_within(SHORT), host)
    {
        assert_eq!(reading.outcome, ProbeOutcome::Timeout, "{shell}");
        assert_eq!(
            reading.detail.as_deref(),
            Some("nvidia-smi did not answer in time"),
            "{shell}"
        );
        assert_eq!(queries.len(), 1, "{shell}: {queries:?}");
    }
    assert!(begin.elapsed() < Duration::from_secs(15) * shells);
}

#[test]
fn processes_that_cannot_be_listed_are_unknown() {
    let host = Host {
        cards: 1,
        fails: "hang-processes",
        ..Host::default()
    };
    for Answer { shell, reading, .. } in run(&probe_line_within(SHORT), host) {
        assert_eq!(
            (reading.outcome, reading.truncated),
            (ProbeOutcome::Ok, false),
            "{shell}"
        );
        assert_eq!(reading.cards[0].processes, None, "{shell}");
        assert_eq!(
            reading.detail.as_deref(),
            Some("processes are not known"),
            "{shell}"
        );
    }
}

#[test]
fn eight_busy_cards_fit_into_what_ssm_returns() {
    let host = Host {
        cards: 8,
        process: "/opt/conda/envs/training/bin/python",
        processes: 1,
        ..Host::default()
    };
    for Answer {
        shell,
        reading,
        stdout,
        ..
    } in run(probe_line(), host)
    {
        assert!(stdout.len() < SSM_OUTPUT_LIMIT, "{shell}: {} bytes", stdout.len());
        assert_eq!(
            (reading.outcome, reading.detail),
            (ProbeOutcome::Ok, None),
            "{shell}"
        );
        assert_eq!(
            (
                reading.cards.len(),
                reading.lost_cards,
                reading.processes_left_out
            ),
            (8, Some(0), 0),
            "{shell}"
        );
        for card in &reading.cards {
            let names: Vec<&str> = card
                .processes
                .iter()
                .flatten()
                .map(|process| process.name.as_str())
                .collect();
            assert_eq!(
                names,
                ["/opt/conda/envs/training/bin/python"],
                "{shell}, card {}",
                card.index
            );
        }
    }
}

#[test]
fn processes_beyond_the_limit_are_counted() {
    let host = Host {
        cards: 8,
        process: "/opt/a/rather/long/path/that/would/fill/everything/there/is/if/it/stayed/bin/python",
        processes: 12,
        ..Host::default()
    };
    for Answer {
        shell,
        reading,
        stdout,
        ..
    } in run(probe_line(), host)
    {
        assert!(stdout.len() < SSM_OUTPUT_LIMIT, "{shell}: {} bytes", stdout.len());
        assert!(!reading.truncated, "{shell}");
        let listed: Vec<&str> = reading
            .cards
            .iter()
            .flat_map(|card| card.processes.iter().flatten())
            .map(|process| process.name.as_str())
            .collect();
        assert!(
            !listed.is_empty() && listed.iter().all(|name| *name == "python"),
            "{shell}: {listed:?}"
        );
        assert_eq!(
            listed.len() + reading.processes_left_out as usize,
            8 * 12,
            "{shell}"
        );
        assert!(
            reading
                .cards
                .iter()
                .all(|card| card.processes.as_ref().is_none_or(|list| !list.is_empty())),
            "{shell}"
        );
    }
}

#[test]
fn a_process_cannot_speak_for_the_probe() {
    for (name, shown) in [
        ("#end 0", "#end 0"),
        ("python, -c, x", "python, -c, x"),
        ("$(touch owned); `touch owned`", "$(touch owned); `touch owned`"),
        ("back\\slash \\n %s", "back\\slash \\n %s"),
        (
            "Field \"index\" is not a valid field to query.",
            "Field \"index\" is not a valid field to query.",
        ),
        ("* ? [a-z]", "* ? [a-z]"),
        ("  spaced  ", "spaced"),
        ("작업자", "작업자"),
        ("\u{1b}[31mred", "red"),
    ] {
        let host = Host {
            cards: 1,
            process: name,
            processes: 1,
            ..Host::default()
        };
        for answer in run(probe_line(), host) {
            let names: Vec<&str> = answer.reading.cards[0]
                .processes
                .iter()
                .flatten()
                .map(|process| process.name.as_str())
                .collect();
            assert_eq!(names, [shown], "{}", answer.shell);
            assert!(!answer.reading.truncated, "{}", answer.shell);
            assert!(!answer.folder.path().join("owned").exists(), "{}", answer.shell);
        }
    }
    // With a line break in its name, the second line is no row: what runs is then uncertain.
    let host = Host {
        cards: 2,
        process: "x\n#end 0",
        processes: 1,
        ..Host::default()
    };
    for answer in run(probe_line(), host) {
        let Answer {
            shell,
            reading,
            stdout,
            ..
        } = &answer;
        assert_eq!(
            (reading.truncated, reading.processes_left_out),
            (false, 2),
            "{shell}: {stdout}"
        );
        assert_eq!(reading.looks_idle(), Some(false), "{shell}");
    }
}
