//! `qd themes`.

use crate::cli::preferences::Preferences;
use crate::config::theme::DEFAULT;
use crate::headless::themes::{self, ThemeRow};
use crate::headless::{Exit, Out};

/// Runs it.
pub fn run(preferences: &Preferences, out: &Out) -> anyhow::Result<Exit> {
    let used = preferences.settings.theme.as_deref().unwrap_or(DEFAULT);
    let rows = preferences
        .themes
        .iter()
        .map(|theme| ThemeRow {
            name: theme.name.clone(),
            about: theme.about.clone(),
            used: theme.name == used,
        })
        .collect();
    themes::run(rows, out)
}
