//! What the probe found on one host, read from what it printed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::gpu::card::{GpuCard, GpuProcess, ThrottleReasons};
use crate::domain::gpu::probe::CORE_FIELDS;
use crate::domain::ssm::{ProbeEnd, ProbeOutput};

/// A host's cards, or why they are not known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostReading {
    /// `i-…`.
    pub instance_id: String,
    /// How it went.
    pub outcome: ProbeOutcome,
    /// What is wrong and what to do, or what was left out; empty if nothing.
    pub detail: String,
    /// The driver's version.
    pub driver: Option<String>,
    /// The cards, by number.
    pub cards: Vec<GpuCard>,
    /// How many cards the instance type has, if that is known.
    pub expected_cards: Option<u8>,
    /// When the host answered.
    pub sampled_at: Timestamp,
    /// Who answered.
    pub source: ReadingSource,
}

/// How a probe went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeOutcome {
    /// The cards are known.
    Ok,
    /// The host has no SSM agent, or no role that lets it register.
    NoAgent,
    /// The agent does not answer.
    AgentOffline,
    /// nvidia-smi is not installed.
    NoNvidiaSmi,
    /// nvidia-smi cannot talk to the driver.
    DriverError,
    /// The host did not answer in time.
    Timeout,
    /// Anything else.
    Error,
}

impl ProbeOutcome {
    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NoAgent => "no-agent",
            Self::AgentOffline => "agent-offline",
            Self::NoNvidiaSmi => "no-nvidia-smi",
            Self::DriverError => "driver-error",
            Self::Timeout => "timeout",
            Self::Error => "error",
        }
    }
}

/// Who answered for a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadingSource {
    /// nvidia-smi through SSM.
    Ssm,
    /// Metrics that the CloudWatch agent publishes.
    CloudwatchAgent,
}

impl HostReading {
    /// Whether the host shows fewer cards than its type has.
    pub fn lost_cards(&self) -> Option<u8> {
        let expected = self.expected_cards?;
        let seen = u8::try_from(self.cards.len()).unwrap_or(u8::MAX);
        (self.outcome == ProbeOutcome::Ok && seen < expected).then(|| expected - seen)
    }

    /// Reads what the probe printed.
    pub fn read(output: &ProbeOutput, expected_cards: Option<u8>) -> Self {
        let mut reading = Self {
            instance_id: output.instance_id.clone(),
            outcome: ProbeOutcome::Ok,
            detail: String::new(),
            driver: None,
            cards: Vec::new(),
            expected_cards,
            sampled_at: output.at,
            source: ReadingSource::Ssm,
        };
        let (outcome, detail) = match output.end {
            ProbeEnd::Done => parse(&output.stdout, output.truncated, &mut reading),
            ProbeEnd::Failed if output.stdout.contains("#core") => parse(&output.stdout, output.truncated, &mut reading),
            ProbeEnd::Failed => (ProbeOutcome::Error, first_line(&output.detail)),
            ProbeEnd::TimedOut => {
                (ProbeOutcome::Timeout, "no answer in time; nvidia-smi hangs when a card has fallen off the bus".to_owned())
            }
            ProbeEnd::NotManaged => (
                ProbeOutcome::NoAgent,
                "not in Systems Manager: attach an instance profile with AmazonSSMManagedInstanceCore and run the SSM agent"
                    .to_owned(),
            ),
            ProbeEnd::Offline => {
                (ProbeOutcome::AgentOffline, "the SSM agent has stopped answering: restart amazon-ssm-agent".to_owned())
            }
        };
        reading.outcome = outcome;
        reading.detail = detail;
        reading
    }
}

fn first_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("no output")
        .to_owned()
}

/// Reads the sections of the output into cards.
fn parse(stdout: &str, truncated: bool, reading: &mut HostReading) -> (ProbeOutcome, String) {
    if stdout.lines().any(|line| line.trim() == "#nosmi") {
        return (
            ProbeOutcome::NoNvidiaSmi,
            "nvidia-smi is not installed: use an AMI with the NVIDIA driver".to_owned(),
        );
    }
    let mut section = Section::Core;
    let mut said = Vec::new();
    let mut skipped = 0_u32;
    let mut code: Option<u32> = None;
    let mut ended = false;
    for line in stdout.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("#core ") {
            code = rest.trim().parse().ok();
            section = Section::Other;
        } else if let Some(fields) = line.strip_prefix("#opt ") {
            section = Section::Optional(fields.split(',').map(|field| field.trim().to_owned()).collect());
        } else if line == "#apps" {
            section = Section::Apps;
        } else if line == "#end" {
            ended = true;
            break;
        } else {
            match &section {
                Section::Core => match core_row(line) {
                    Some((card, driver)) => {
                        reading.driver = driver.or(reading.driver.take());
                        reading.cards.push(card);
                    }
                    None => said.push(line.to_owned()),
                },
                Section::Optional(fields) => optional_row(line, fields, &mut reading.cards),
                Section::Apps => {
                    if !app_row(line, &mut reading.cards) {
                        skipped += 1;
                    }
                }
                Section::Other => {}
            }
        }
    }
    reading.cards.sort_by_key(|card| card.index);
    let message = said.first().cloned().unwrap_or_default();
    match code {
        Some(0) if reading.cards.is_empty() => (
            ProbeOutcome::Error,
            format!("nvidia-smi named no card: {message}"),
        ),
        Some(0) => {
            let mut notes = Vec::new();
            if !said.is_empty() {
                notes.push(format!("{} lines were not understood: {message}", said.len()));
            }
            if truncated || !ended {
                notes.push("the output was cut: not every process is listed".to_owned());
            } else if skipped > 0 {
                notes.push(format!("{skipped} process lines were not understood"));
            }
            (ProbeOutcome::Ok, notes.join("; "))
        }
        Some(124 | 137) => (
            ProbeOutcome::Timeout,
            "nvidia-smi hangs: a card may have fallen off the bus; reboot the host".to_owned(),
        ),
        Some(code) => (ProbeOutcome::DriverError, driver_error(code, &message)),
        None => (
            ProbeOutcome::Error,
            if message.is_empty() {
                "the probe printed nothing".to_owned()
            } else {
                message
            },
        ),
    }
}

enum Section {
    Core,
    Optional(Vec<String>),
    Apps,
    Other,
}

/// What nvidia-smi's exit codes mean, beside what it said.
fn driver_error(code: u32, said: &str) -> String {
    let meaning = match code {
        3 => "not available on this system",
        4 => "no permission",
        6 => "no card found",
        8 => "an external power cable is not attached",
        9 => "the NVIDIA driver is not loaded: load it or reboot the host",
        10 => "the driver sees an interrupt problem",
        12 => "the NVML library is missing",
        14 => "the card's infoROM is corrupt",
        15 => "a card has fallen off the bus: reboot the host",
        18 => "driver and library differ in version: reboot the host after the update",
        _ if said.contains("version mismatch") => {
            "driver and library differ in version: reboot the host after the update"
        }
        _ => "nvidia-smi failed",
    };
    if said.is_empty() {
        format!("{meaning} (exit {code})")
    } else {
        format!("{meaning} (exit {code}): {said}")
    }
}

/// A row of the core query; `None` if it is not one.
fn core_row(line: &str) -> Option<(GpuCard, Option<String>)> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    if fields.len() != CORE_FIELDS.split(',').count() || !fields[1].starts_with("GPU-") {
        return None;
    }
    let card = GpuCard {
        index: fields[0].parse().ok()?,
        uuid: fields[1].to_owned(),
        product: word(fields[2]).unwrap_or_default(),
        util_percent: number(fields[4]),
        mem_used_mib: number(fields[5]),
        mem_total_mib: number(fields[6]),
        temp_c: number(fields[7]),
        power_w: number(fields[8]),
        power_limit_w: number(fields[9]),
        pstate: word(fields[10]),
        sm_clock_mhz: number(fields[11]),
        ecc_uncorrected: fields[12].parse().ok(),
        mig: switch(fields[13]),
        ..GpuCard::default()
    };
    Some((card, word(fields[3])))
}

fn optional_row(line: &str, fields: &[String], cards: &mut [GpuCard]) {
    let values: Vec<&str> = line.split(',').map(str::trim).collect();
    if values.len() != fields.len() + 1 {
        return;
    }
    let Some(card) = values[0]
        .parse()
        .ok()
        .and_then(|index: u32| cards.iter_mut().find(|card| card.index == index))
    else {
        return;
    };
    for (field, value) in fields.iter().zip(&values[1..]) {
        match field.as_str() {
            "clocks_throttle_reasons.active" => {
                card.throttle = value
                    .strip_prefix("0x")
                    .and_then(|hex| u64::from_str_radix(hex, 16).ok())
                    .map(ThrottleReasons);
            }
            "remapped_rows.pending" => card.remap_pending = switch(value),
            "remapped_rows.failure" => card.remap_failed = switch(value),
            "temperature.memory" => card.mem_temp_c = number(value),
            "gpu_recovery_action" => card.recovery_action = word(value).filter(|action| action != "None"),
            _ => {}
        }
    }
}

/// A row of the process query; names may contain commas, so the name comes last.
fn app_row(line: &str, cards: &mut [GpuCard]) -> bool {
    let mut fields = line.splitn(4, ',').map(str::trim);
    let (Some(uuid), Some(pid), Some(memory), Some(name)) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return false;
    };
    let (Ok(pid), Some(card)) = (pid.parse(), cards.iter_mut().find(|card| card.uuid == uuid)) else {
        return false;
    };
    card.processes.push(GpuProcess {
        pid,
        name: name.to_owned(),
        mem_mib: number(memory),
    });
    true
}

/// A word, unless it is one of the ways in which nvidia-smi says that it does not know.
fn word(text: &str) -> Option<String> {
    let bare = text.trim_matches(['[', ']']).trim();
    let unknown = bare.is_empty()
        || matches!(
            bare.to_ascii_lowercase().as_str(),
            "n/a"
                | "not supported"
                | "unknown error"
                | "insufficient permissions"
                | "requested functionality has been deprecated"
                | "gpu requires reset"
                | "err!"
        );
    (!unknown).then(|| text.to_owned())
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

fn switch(text: &str) -> Option<bool> {
    match text {
        "Enabled" | "Yes" => Some(true),
        "Disabled" | "No" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(stdout: &str) -> ProbeOutput {
        ProbeOutput {
            instance_id: "i-0".to_owned(),
            end: ProbeEnd::Done,
            stdout: stdout.to_owned(),
            detail: String::new(),
            truncated: false,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    fn read(stdout: &str) -> HostReading {
        HostReading::read(&output(stdout), Some(1))
    }

    const T4: &str = "0, GPU-f1, Tesla T4, 515.105.01, 27, 9102, 15360, 51, 45.21, 70.00, P0, 1590, 0, [N/A]\n#core 0\n\
        #opt clocks_throttle_reasons.active,remapped_rows.pending,remapped_rows.failure,temperature.memory\n\
        0, 0x0000000000000004, [N/A], [N/A], N/A\n#apps\nGPU-f1, 4242, 9000, python3 -m worker, --gpu 0\n\n#end\n";

    #[test]
    fn a_busy_card_is_read_whole() {
        let reading = read(T4);
        assert_eq!(
            (reading.outcome, reading.driver.as_deref()),
            (ProbeOutcome::Ok, Some("515.105.01"))
        );
        let card = &reading.cards[0];
        assert_eq!(
            (card.util_percent, card.mem_used_mib, card.power_w),
            (Some(27.0), Some(9102.0), Some(45.21))
        );
        assert_eq!(
            card.processes,
            [GpuProcess {
                pid: 4242,
                name: "python3 -m worker, --gpu 0".to_owned(),
                mem_mib: Some(9000.0)
            }]
        );
        assert_eq!(
            (card.mig, card.remap_pending, card.mem_temp_c),
            (None, None, None)
        );
        assert_eq!(card.throttle.unwrap().to_string(), "power cap");
        assert!(!card.throttle.unwrap().is_harmful());
        assert_eq!(card.looks_idle(), Some(false));
        assert_eq!(reading.detail, "");
    }

    #[test]
    fn an_idle_card_that_the_query_woke_is_idle() {
        let reading = read(
            "0, GPU-a, NVIDIA L40S, 595.80, 100, 0, 46068, 30, 60.1, 350.00, P0, 2520, 0, [N/A]\n#core 0\n#apps\n#end\n",
        );
        assert_eq!(reading.cards[0].looks_idle(), Some(true));
    }

    #[test]
    fn a_split_card_has_no_utilisation_and_is_not_zero() {
        let reading = read(
            "0, GPU-a, NVIDIA H100 80GB HBM3, 590.48.01, [N/A], 59, 81559, 33, 71.30, 700.00, P0, 345, 0, Enabled\n#core 0\n#apps\n#end\n",
        );
        let card = &reading.cards[0];
        assert_eq!(
            (card.util_percent, card.mig, card.looks_idle()),
            (None, Some(true), Some(true))
        );
    }

    #[test]
    fn every_failure_is_named_with_what_to_do() {
        let of = |stdout: &str| {
            let reading = read(stdout);
            (reading.outcome, reading.detail)
        };
        assert_eq!(of("#nosmi\n").0, ProbeOutcome::NoNvidiaSmi);
        let (outcome, detail) =
            of("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n#core 9\n");
        assert_eq!(outcome, ProbeOutcome::DriverError);
        assert!(detail.starts_with("the NVIDIA driver is not loaded"), "{detail}");
        assert!(
            of("Failed to initialize NVML: Driver/library version mismatch\n#core 18\n")
                .1
                .contains("differ in version")
        );
        assert_eq!(of("#core 124\n").0, ProbeOutcome::Timeout);
        assert_eq!(of("").0, ProbeOutcome::Error);
        assert_eq!(of("No devices were found\n#core 0\n").0, ProbeOutcome::Error);
        assert_eq!(of("\u{1b}[31mjunk\n").0, ProbeOutcome::Error);
    }

    #[test]
    fn a_missing_card_and_a_cut_output_are_told() {
        let mut cut = output(
            "0, GPU-a, NVIDIA A10G, 535.1, 1, 10, 23028, 30, 20, 300, P8, 210, 0, [N/A]\n#core 0\n#apps\nGPU-a, 1, 5, pyth",
        );
        cut.truncated = true;
        let reading = HostReading::read(&cut, Some(4));
        assert_eq!(reading.lost_cards(), Some(3));
        assert!(reading.detail.contains("cut"), "{}", reading.detail);
    }

    #[test]
    fn hosts_that_cannot_be_asked_say_why() {
        for (end, outcome, word) in [
            (
                ProbeEnd::NotManaged,
                ProbeOutcome::NoAgent,
                "AmazonSSMManagedInstanceCore",
            ),
            (ProbeEnd::Offline, ProbeOutcome::AgentOffline, "amazon-ssm-agent"),
            (ProbeEnd::TimedOut, ProbeOutcome::Timeout, "in time"),
        ] {
            let reading = HostReading::read(&ProbeOutput { end, ..output("") }, None);
            assert_eq!(reading.outcome, outcome);
            assert!(reading.detail.contains(word), "{}", reading.detail);
        }
    }
}
