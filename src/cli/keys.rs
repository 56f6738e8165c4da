//! `qd keys`.

use crate::app::command::REGISTRY;
use crate::cli::preferences::Preferences;
use crate::headless::keys::{self, KeyRow};
use crate::headless::{Exit, Out};

/// Runs it.
pub fn run(preferences: &Preferences, out: &Out) -> anyhow::Result<Exit> {
    let rows = REGISTRY
        .iter()
        .map(|entry| KeyRow {
            context: entry.context.name(),
            command: entry.id,
            title: entry.title,
            keys: preferences
                .keymap
                .chords(entry.context.name(), entry.id)
                .iter()
                .map(ToString::to_string)
                .collect(),
        })
        .collect();
    keys::run(rows, out)
}
