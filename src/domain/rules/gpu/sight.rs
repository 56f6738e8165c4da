//! What the rules take from a card's reading: the one place that knows its fields.

use jiff::Timestamp;

use crate::domain::gpu::history::{CardKey, GpuHistory};
use crate::domain::gpu::{GpuCard, HostReading, ProbeOutcome, RecoveryAction};
use crate::domain::policy::Thresholds;

/// Since when the card has been idle, as far as somebody watched.
pub fn idle_since(history: &GpuHistory, reading: &HostReading, card: &GpuCard) -> Option<Timestamp> {
    history
        .card(&CardKey::new(&reading.instance_id, card))?
        .idle_since()
}

/// What the product is called, without its maker.
pub fn product(card: &GpuCard) -> &str {
    let product = card.product.as_deref().unwrap_or_default();
    let product = product.trim_start_matches("NVIDIA ").trim();
    if product.is_empty() { "GPU" } else { product }
}

/// Reasons that hold the clocks back and should not.
pub fn harmful_throttle(card: &GpuCard) -> Option<String> {
    let harmful = card.throttle?.harmful();
    (!harmful.is_empty()).then(|| harmful.to_string())
}

/// Why the card has to be reset or replaced, and whether it cannot go on at all.
pub fn defect(card: &GpuCard) -> Option<(String, bool)> {
    if card.remapped_rows_failure == Some(true) {
        return Some((
            "A memory row could not be remapped: the card has to be replaced.".to_owned(),
            true,
        ));
    }
    let asked = card
        .recovery_action
        .as_ref()
        .filter(|action| **action != RecoveryAction::Nothing);
    if let Some(action) = asked {
        return Some((
            format!("The driver asks for this to recover the card: {}.", action.word()),
            false,
        ));
    }
    (card.remapped_rows_pending == Some(true)).then(|| {
        (
            "A memory row waits to be remapped: the card has to be reset.".to_owned(),
            false,
        )
    })
}

/// Whether the card does nothing, as far as this sample tells. With a list of processes an empty one
/// and little memory in use are enough, since asking alone wakes an idle card up to 100 %; without a
/// list the utilisation has to be low as well.
pub fn is_idle(card: &GpuCard, limits: &Thresholds) -> Option<bool> {
    let allowed = card.mem_total_mib.map_or(limits.gpu_idle_memory_mib, |total| {
        (total as f64 / 100.0).max(limits.gpu_idle_memory_mib)
    });
    let is_memory_free = card.mem_used_mib? as f64 <= allowed;
    match &card.processes {
        Some(processes) => Some(is_memory_free && processes.is_empty()),
        None => Some(is_memory_free && card.util_percent? <= limits.gpu_idle_util_percent),
    }
}

/// What is wrong with asking the host, if anything: the words, and what to do.
pub fn silence(reading: &HostReading) -> Option<(&'static str, String)> {
    let words = match reading.outcome {
        ProbeOutcome::Ok => return None,
        ProbeOutcome::NoAgent => "no SSM agent or role",
        ProbeOutcome::AgentOffline => "SSM agent offline",
        ProbeOutcome::NoNvidiaSmi => "no nvidia-smi",
        ProbeOutcome::DriverError => "driver error",
        ProbeOutcome::Timeout => "nvidia-smi timed out",
        ProbeOutcome::Error => "probe failed",
    };
    // A sentence's own full stop must not stand before the semicolon.
    let said = [reading.detail.as_deref(), reading.remedy.as_deref()]
        .into_iter()
        .flatten()
        .map(|part| part.trim_end_matches(['.', ' ']))
        .filter(|part| !part.is_empty());
    Some((words, said.collect::<Vec<_>>().join("; ")))
}

/// How many cards of the instance type do not answer, and how many it has.
pub fn lost(reading: &HostReading) -> Option<(u8, u8)> {
    Some((
        reading.lost_cards.filter(|lost| *lost > 0)?,
        reading.expected_cards?,
    ))
}
