//! Reads what the probe printed, or what SSM says of a host where it printed nothing.
//!
//! Nothing in here fails: whatever a host prints becomes a reading of that host. Rows that cannot be
//! read are left out and counted, and what is then uncertain (is a card lost, does nothing run on it?)
//! is left unknown.

use crate::domain::gpu::card::GpuCard;
use crate::domain::gpu::failure::{self, exit_meaning, with_quote};
use crate::domain::gpu::host::{HostFacts, HostReading, InstanceProfile, ProbeOutcome};
use crate::domain::gpu::instance_type::Vendor;
use crate::domain::gpu::probe::Field;
use crate::domain::gpu::row::{self, Row};
use crate::domain::gpu::sections::{Section, Sections};
use crate::domain::ssm::{ProbeEnd, ProbeOutput};
use crate::domain::text;

/// Reads one host's answer.
pub fn parse(output: &ProbeOutput, host: &HostFacts<'_>) -> HostReading {
    let mut reading = match output.end {
        ProbeEnd::NotManaged => not_managed(output, host.profile),
        ProbeEnd::Offline => offline(output),
        ProbeEnd::Done | ProbeEnd::Failed | ProbeEnd::TimedOut => {
            let sections = Sections::read(&output.stdout);
            if sections.no_nvidia_smi {
                no_nvidia_smi(output, host.vendor)
            } else if let Some(cards) = &sections.cards {
                answered(output, host, &sections, cards)
            } else {
                said_nothing(output, &sections)
            }
        }
    };
    reading.expected_cards = host.expected_cards;
    reading
}

/// Whether the output has its end. If not, `GetCommandInvocation` returns more of it.
pub fn is_complete(stdout: &str) -> bool {
    Sections::read(stdout).left_out.is_some()
}

fn reading(output: &ProbeOutput, outcome: ProbeOutcome) -> HostReading {
    HostReading::without_cards(&output.instance_id, outcome, output.at)
}

fn failed(output: &ProbeOutput, outcome: ProbeOutcome, detail: String, remedy: &str) -> HostReading {
    HostReading {
        detail: Some(detail),
        remedy: Some(remedy.to_owned()),
        ..reading(output, outcome)
    }
}

fn not_managed(output: &ProbeOutput, profile: InstanceProfile<'_>) -> HostReading {
    const POLICY: &str = "AmazonSSMManagedInstanceCore";
    let (detail, remedy) = match profile {
        InstanceProfile::Missing => (
            "the instance has no instance profile, so it cannot register with Systems Manager".to_owned(),
            format!("attach an instance profile whose role has the policy {POLICY}"),
        ),
        InstanceProfile::Named(profile) => (
            format!(
                "the instance has never registered with Systems Manager; its instance profile is {}",
                text::clean(profile)
            ),
            format!(
                "attach the policy {POLICY} to the profile's role, start amazon-ssm-agent on the host, and check that it reaches the endpoints ssm and ssmmessages"
            ),
        ),
        InstanceProfile::Unknown => (
            "the instance has never registered with Systems Manager".to_owned(),
            format!(
                "attach an instance profile whose role has the policy {POLICY}, and start amazon-ssm-agent on the host"
            ),
        ),
    };
    failed(output, ProbeOutcome::NoAgent, detail, &remedy)
}

fn offline(output: &ProbeOutput) -> HostReading {
    failed(
        output,
        ProbeOutcome::AgentOffline,
        with_quote("the SSM agent does not answer", &output.detail),
        "restart amazon-ssm-agent on the host; if it does not take that either, reboot the instance",
    )
}

fn no_nvidia_smi(output: &ProbeOutput, vendor: Option<Vendor>) -> HostReading {
    let (detail, remedy) = match vendor {
        Some(Vendor::Amd) => (
            "the cards are AMD's, which nvidia-smi cannot read",
            "watch them with the CloudWatch agent or rocm-smi",
        ),
        Some(Vendor::Nvidia) | None => (
            "nvidia-smi is not installed",
            "install the NVIDIA driver, or use an image that has it",
        ),
    };
    failed(output, ProbeOutcome::NoNvidiaSmi, detail.to_owned(), remedy)
}

/// A host whose output holds nothing of the probe: SSM's words count, then the output's.
fn said_nothing(output: &ProbeOutput, sections: &Sections<'_>) -> HostReading {
    let said = if output.detail.trim().is_empty() {
        sections.noise.join("\n")
    } else {
        output.detail.clone()
    };
    // StatusDetails come with spaces in some APIs and without in others.
    let squashed: String = said
        .chars()
        .filter(|character| !character.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect();
    if squashed.contains("undeliverable") || squashed.contains("deliverytimedout") {
        return offline(output);
    }
    if output.end == ProbeEnd::TimedOut {
        return failed(
            output,
            ProbeOutcome::Timeout,
            with_quote("no answer in time", &said),
            "a hanging driver usually means a lost GPU: see `dmesg | grep Xid`, then stop and start the instance",
        );
    }
    if squashed.contains("nvidia-smi:notfound") || squashed.contains("nvidia-smi:commandnotfound") {
        return no_nvidia_smi(output, None);
    }
    let (what, remedy) = if squashed.contains("accessdenied") {
        (
            "Systems Manager refused the command",
            "allow ssm:SendCommand on the instance",
        )
    } else if squashed.contains("invalidplatform") {
        (
            "the probe is a line of shell, and the host does not run one",
            "the probe needs Linux",
        )
    } else if said.trim().is_empty() {
        ("the probe printed nothing", "run nvidia-smi on the host")
    } else {
        ("the probe did not run", "run nvidia-smi on the host")
    };
    failed(output, ProbeOutcome::Error, with_quote(what, &said), remedy)
}

/// A host on which nvidia-smi ran.
fn answered(
    output: &ProbeOutput,
    host: &HostFacts<'_>,
    sections: &Sections<'_>,
    section: &Section<'_>,
) -> HostReading {
    let mut reading = reading(output, ProbeOutcome::Ok);
    reading.expected_cards = host.expected_cards;
    reading.truncated = sections.left_out.is_none();
    let mut notes = Notes::default();

    let core = read_cards(section, &Field::CORE, &mut reading);
    if let Some(optional) = &sections.optional {
        read_optional(optional, &mut reading, &mut notes);
    }
    reading.driver = reading.cards.iter().find_map(|card| card.driver.clone());
    read_processes(sections, &mut reading, &mut notes);

    let seen = reading.cards.len() + core.malformed;
    if seen == 0 && !reading.truncated {
        let failure = failure::explain(section.exit, &core.messages.join("\n"));
        reading.outcome = failure.outcome;
        reading.lost_cards = host.expected_cards.filter(|_| failure.no_cards);
        reading.detail = Some(failure.detail);
        reading.remedy = Some(failure.remedy);
        return reading;
    }
    // The core is whole once something came after it.
    let core_is_whole = sections.optional.is_some() || sections.processes.is_some() || !reading.truncated;
    reading.lost_cards = lost_cards(&reading, host.expected_cards.filter(|_| core_is_whole), seen);
    let mut all = judge(output, section.exit, &core, &mut reading);
    notes.0.into_iter().for_each(|note| all.add(note));
    reading.detail = all.join();
    reading
}

/// Cards that the type has and that are not listed, and those that are listed as lost.
fn lost_cards(reading: &HostReading, expected: Option<u8>, seen: usize) -> Option<u8> {
    let said = reading.cards.iter().filter(|card| card.says_lost()).count();
    let missing = expected.map(|expected| usize::from(expected).saturating_sub(seen));
    let lost = match missing {
        Some(missing) => Some(missing + said),
        None => (said > 0).then_some(said),
    };
    lost.map(|lost| u8::try_from(lost).unwrap_or(u8::MAX))
}

/// What the host's row says of a probe that told of cards, or was cut before it could.
fn judge(output: &ProbeOutput, exit: Option<i32>, core: &CardRows, reading: &mut HostReading) -> Notes {
    let mut notes = Notes::default();
    if let Some(lost) = reading.lost_cards.filter(|lost| *lost > 0) {
        notes.first(match reading.expected_cards {
            Some(expected) => format!("{lost} of {expected} GPUs do not answer"),
            None => format!("{lost} GPUs do not answer"),
        });
        reading.remedy = Some(
            "`dmesg | grep Xid` has the cause; take the work off the host, then stop and start the instance"
                .to_owned(),
        );
    }
    if let Some(meaning) = exit.and_then(exit_meaning) {
        notes.add(meaning);
    }
    if let Some(message) = failure::quote(&core.messages.join("\n")) {
        notes.add(message);
    }
    if core.malformed > 0 {
        notes.add(format!("{} of the cards' rows cannot be read", core.malformed));
    }
    if reading.processes_left_out > 0 {
        notes.add(format!("{} processes are not listed", reading.processes_left_out));
    }
    if output.end == ProbeEnd::TimedOut || matches!(exit, Some(124 | 137 | 143)) {
        notes.first("nvidia-smi did not answer in time".to_owned());
        reading.outcome = ProbeOutcome::Timeout;
    } else if reading.truncated {
        notes.first("the output was cut".to_owned());
    }
    if reading.outcome == ProbeOutcome::Ok && reading.cards.is_empty() {
        reading.outcome = ProbeOutcome::Error;
    }
    notes
}

/// The rows of the cards and what else stood among them.
#[derive(Default)]
struct CardRows {
    malformed: usize,
    messages: Vec<String>,
}

fn read_cards(section: &Section<'_>, asked: &[Field], reading: &mut HostReading) -> CardRows {
    let fields = section.answered(asked);
    reading
        .refused_fields
        .extend(section.refused(asked).map(str::to_owned));
    let mut rows = CardRows::default();
    for line in &section.rows {
        match row::split(line, fields.len()) {
            Row::Card { index, columns } if reading.cards.iter().all(|card| card.index != index) => {
                let mut card = GpuCard::unknown(index);
                row::fill(&mut card, &fields, &columns);
                reading.cards.push(card);
            }
            // A second row of the same card is no further card.
            Row::Card { .. } => reading.skipped_rows += 1,
            Row::Malformed => {
                rows.malformed += 1;
                reading.skipped_rows += 1;
            }
            Row::Message(message) => rows.messages.push(message.to_owned()),
        }
    }
    reading.cards.sort_by_key(|card| card.index);
    rows
}

fn read_optional(section: &Section<'_>, reading: &mut HostReading, notes: &mut Notes) {
    let fields = section.answered(&Field::OPTIONAL);
    reading
        .refused_fields
        .extend(section.refused(&Field::OPTIONAL).map(str::to_owned));
    for line in &section.rows {
        match row::split(line, fields.len()) {
            Row::Card { index, columns } => match reading.cards.iter_mut().find(|card| card.index == index) {
                Some(card) => row::fill(card, &fields, &columns),
                None => reading.skipped_rows += 1,
            },
            Row::Malformed => reading.skipped_rows += 1,
            Row::Message(_) => {}
        }
    }
    if section.exit != Some(0) {
        notes.add("clock, MIG and memory health are not known".to_owned());
    }
}

fn read_processes(sections: &Sections<'_>, reading: &mut HostReading, notes: &mut Notes) {
    let Some(section) = &sections.processes else {
        return;
    };
    if section.exit != Some(0) {
        notes.add(with_quote("processes are not known", &section.rows.join("\n")));
        return;
    }
    for card in &mut reading.cards {
        card.processes = Some(Vec::new());
    }
    let mut unplaced = 0;
    for line in &section.rows {
        let Some((start, process)) = line.strip_prefix('=').and_then(row::process) else {
            reading.skipped_rows += 1;
            unplaced += 1;
            continue;
        };
        let mut matching = reading.cards.iter_mut().filter(|card| row::is_card(card, start));
        match (matching.next(), matching.next()) {
            (Some(card), None) => card.processes.get_or_insert_default().push(process),
            (None | Some(_), _) => unplaced += 1,
        }
    }
    reading.processes_left_out = sections.left_out.unwrap_or(0).saturating_add(unplaced);
    // A process that is missing here runs on some card: that none was seen on a card proves nothing.
    if reading.processes_left_out > 0 || sections.left_out.is_none() {
        for card in &mut reading.cards {
            card.processes = card.processes.take().filter(|processes| !processes.is_empty());
        }
    }
}

/// What there is to say of a host, most important first.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    fn add(&mut self, note: String) {
        if !self.0.contains(&note) {
            self.0.push(note);
        }
    }

    fn first(&mut self, note: String) {
        self.0.retain(|other| *other != note);
        self.0.insert(0, note);
    }

    fn join(self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.join("; "))
    }
}

#[cfg(test)]
mod tests;
