//! What nvidia-smi means when it fails, and what to do about it.

use crate::domain::gpu::host::ProbeOutcome;
use crate::domain::text;

/// Longest quotation of what a host said, characters.
const QUOTE_CHARS: usize = 2000;

/// Why nvidia-smi told nothing of any card.
pub(super) struct Failure {
    pub(super) outcome: ProbeOutcome,
    /// What is wrong, with nvidia-smi's own words.
    pub(super) detail: String,
    /// What to do.
    pub(super) remedy: String,
    /// Whether it said that there is no card at all.
    pub(super) no_cards: bool,
}

struct Known {
    /// Parts of its messages; these are more telling than the status.
    says: &'static [&'static str],
    /// Exit statuses, of nvidia-smi's manual and of `timeout`.
    exits: &'static [i32],
    outcome: ProbeOutcome,
    what: &'static str,
    remedy: &'static str,
}

const NO_CARDS_SAYS: &str = "No devices were found";

static KNOWN: [Known; 11] = [
    Known {
        says: &["version mismatch"],
        exits: &[18],
        outcome: ProbeOutcome::DriverError,
        what: "the NVIDIA kernel module and library are of different versions",
        remedy: "reboot the host: its driver was upgraded while the old one was loaded",
    },
    Known {
        says: &["couldn't communicate with the NVIDIA driver", "Driver Not Loaded"],
        exits: &[9],
        outcome: ProbeOutcome::DriverError,
        what: "the NVIDIA driver is not loaded",
        remedy: "on the host see `lsmod | grep nvidia` and `dmesg`; after a kernel upgrade reboot or rebuild the module",
    },
    Known {
        says: &["couldn't find libnvidia-ml", "Library Not Found"],
        exits: &[12, 13],
        outcome: ProbeOutcome::DriverError,
        what: "the NVIDIA management library is missing or too old",
        remedy: "reinstall the NVIDIA driver on the host",
    },
    Known {
        says: &[NO_CARDS_SAYS],
        exits: &[6],
        outcome: ProbeOutcome::DriverError,
        what: "the driver finds no GPU",
        remedy: "stop and start the instance, which moves it to other hardware, or replace it",
    },
    Known {
        says: &["GPU is lost", "fallen off the bus"],
        exits: &[15],
        outcome: ProbeOutcome::DriverError,
        what: "a GPU has fallen off the bus",
        remedy: "stop and start the instance, which moves it to other hardware, or replace it; `dmesg | grep Xid` has the cause",
    },
    Known {
        says: &["infoROM is corrupted"],
        exits: &[14],
        outcome: ProbeOutcome::DriverError,
        what: "a GPU's infoROM is corrupted",
        remedy: "replace the instance",
    },
    Known {
        says: &["requires reset"],
        exits: &[16],
        outcome: ProbeOutcome::DriverError,
        what: "a GPU needs a reset",
        remedy: "take the work off the host and reboot it",
    },
    Known {
        says: &["Insufficient Permissions"],
        exits: &[4],
        outcome: ProbeOutcome::Error,
        what: "nvidia-smi may not read the GPUs",
        remedy: "the SSM agent has to run as root",
    },
    Known {
        says: &[
            "is not a valid field to query",
            "Invalid combination of input arguments",
        ],
        exits: &[2, 3],
        outcome: ProbeOutcome::Error,
        what: "nvidia-smi does not take the query",
        remedy: "upgrade the NVIDIA driver on the host",
    },
    Known {
        says: &[],
        exits: &[124, 137, 143],
        outcome: ProbeOutcome::Timeout,
        what: "nvidia-smi did not answer in time",
        remedy: "a hanging driver usually means a lost GPU: see `dmesg | grep Xid`, then stop and start the instance",
    },
    Known {
        says: &["nvidia-smi: not found", "nvidia-smi: command not found"],
        exits: &[126, 127],
        outcome: ProbeOutcome::NoNvidiaSmi,
        what: "nvidia-smi is not installed",
        remedy: "install the NVIDIA driver, or use an image that has it",
    },
];

/// Explains a run without a single row. The status may be missing.
pub(super) fn explain(exit: Option<i32>, output: &str) -> Failure {
    let said = output.to_ascii_lowercase();
    let says = |words: &&str| said.contains(&words.to_ascii_lowercase());
    let known = KNOWN
        .iter()
        .find(|known| known.says.iter().any(says))
        .or_else(|| exit.and_then(by_status));
    let no_cards = says(&NO_CARDS_SAYS) || exit == Some(6) || (exit == Some(0) && said.trim().is_empty());
    match known {
        Some(known) => Failure {
            outcome: known.outcome,
            detail: with_quote(known.what, output),
            remedy: known.remedy.to_owned(),
            no_cards,
        },
        None if no_cards => explain(Some(6), NO_CARDS_SAYS),
        None => Failure {
            outcome: ProbeOutcome::Error,
            detail: with_quote(&ended_with(exit), output),
            remedy: "run nvidia-smi on the host".to_owned(),
            no_cards,
        },
    }
}

/// What an exit status means beside rows that could be read; nothing if it is 0.
pub(super) fn exit_meaning(exit: i32) -> Option<String> {
    let meaning = || by_status(exit).map_or_else(|| ended_with(Some(exit)), |known| known.what.to_owned());
    (exit != 0).then(meaning)
}

fn by_status(exit: i32) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.exits.contains(&exit))
}

fn ended_with(exit: Option<i32>) -> String {
    match exit {
        Some(exit) => format!("nvidia-smi ended with status {exit}"),
        None => "nvidia-smi did not say how it ended".to_owned(),
    }
}

/// `what`, then the first line of `said` that says something, made safe and of a bearable length.
pub(super) fn with_quote(what: &str, said: &str) -> String {
    match quote(said) {
        Some(quote) => format!("{what}: {quote}"),
        None => what.to_owned(),
    }
}

/// The first line that says something.
pub(super) fn quote(said: &str) -> Option<String> {
    let line = said.lines().map(str::trim).find(|line| !line.is_empty())?;
    let clean = text::clean(line);
    let mut quote: String = clean.chars().take(QUOTE_CHARS).collect();
    if quote.len() < clean.len() {
        quote.push('…');
    }
    Some(quote)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn each_failure_is_told_apart() {
        for (exit, said, outcome, detail) in [
            (
                9,
                "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n",
                ProbeOutcome::DriverError,
                "the NVIDIA driver is not loaded: NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
            ),
            (
                18,
                "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 535.183\n",
                ProbeOutcome::DriverError,
                "the NVIDIA kernel module and library are of different versions: Failed to initialize NVML: Driver/library version mismatch",
            ),
            (
                255,
                "Failed to initialize NVML: Driver/library version mismatch",
                ProbeOutcome::DriverError,
                "the NVIDIA kernel module and library are of different versions: Failed to initialize NVML: Driver/library version mismatch",
            ),
            (
                12,
                "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system.",
                ProbeOutcome::DriverError,
                "the NVIDIA management library is missing or too old: NVIDIA-SMI couldn't find libnvidia-ml.so library in your system.",
            ),
            (
                6,
                "No devices were found",
                ProbeOutcome::DriverError,
                "the driver finds no GPU: No devices were found",
            ),
            (
                0,
                "",
                ProbeOutcome::DriverError,
                "the driver finds no GPU: No devices were found",
            ),
            (
                15,
                "Unable to determine the device handle for GPU 0000:00:1E.0: GPU is lost.  Reboot the system to recover this GPU",
                ProbeOutcome::DriverError,
                "a GPU has fallen off the bus: Unable to determine the device handle for GPU 0000:00:1E.0: GPU is lost.  Reboot the system to recover this GPU",
            ),
            (14, "", ProbeOutcome::DriverError, "a GPU's infoROM is corrupted"),
            (
                4,
                "Failed to initialize NVML: Insufficient Permissions",
                ProbeOutcome::Error,
                "nvidia-smi may not read the GPUs: Failed to initialize NVML: Insufficient Permissions",
            ),
            (
                2,
                "Field \"index\" is not a valid field to query.\n\n",
                ProbeOutcome::Error,
                "nvidia-smi does not take the query: Field \"index\" is not a valid field to query.",
            ),
            (
                124,
                "",
                ProbeOutcome::Timeout,
                "nvidia-smi did not answer in time",
            ),
            (
                143,
                "",
                ProbeOutcome::Timeout,
                "nvidia-smi did not answer in time",
            ),
            (
                127,
                "sh: 1: nvidia-smi: not found",
                ProbeOutcome::NoNvidiaSmi,
                "nvidia-smi is not installed: sh: 1: nvidia-smi: not found",
            ),
            (
                255,
                "\u{1b}[31mUnknown Error\u{1b}[0m",
                ProbeOutcome::Error,
                "nvidia-smi ended with status 255: Unknown Error",
            ),
        ] {
            let failure = explain(Some(exit), said);
            assert_eq!(
                (failure.outcome, failure.detail.as_str()),
                (outcome, detail),
                "{exit} {said:?}"
            );
            assert!(!failure.remedy.is_empty());
        }
    }

    #[test]
    fn only_a_host_that_says_so_has_no_cards() {
        for (exit, said, no_cards) in [
            (6, "No devices were found", true),
            (255, "No devices were found", true),
            (0, "", true),
            (9, "", false),
            (15, "GPU is lost", false),
            (0, "strange words", false),
        ] {
            assert_eq!(explain(Some(exit), said).no_cards, no_cards, "{exit} {said:?}");
        }
    }

    #[test]
    fn quotations_are_short() {
        let quote = quote(&"한".repeat(QUOTE_CHARS * 2)).unwrap();
        assert_eq!(quote.chars().count(), QUOTE_CHARS + 1);
        assert!(quote.ends_with('…'));
    }
}
