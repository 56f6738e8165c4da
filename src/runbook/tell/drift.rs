//! What is not as planned, in words.

use super::values::{NOTHING, value};
use crate::runbook::action::Difference;

/// How a target differs that does not exist any more.
pub const GONE: &str = "it does not exist any more";

/// What differs from the plan: planned, live and wanted.
pub fn drift(differences: &[Difference]) -> String {
    let texts: Vec<String> = differences
        .iter()
        .map(|difference| {
            format!(
                "{} was {} when planned, is {}, was to become {}",
                difference.field,
                value(&difference.planned),
                value(&difference.live),
                value(&difference.wanted)
            )
        })
        .collect();
    if texts.is_empty() {
        NOTHING.to_owned()
    } else {
        texts.join("; ")
    }
}

/// Why a run stops whose target differs; `reason` is empty in journals of before it was kept.
pub fn not_as_planned(target: &str, reason: &str) -> String {
    if reason.is_empty() {
        format!("{target} is not as planned")
    } else {
        format!("{target} is not as planned: {reason}")
    }
}
