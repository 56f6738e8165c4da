//! The incident that is being recorded: what is known of its record, and what is to be written down.

use jiff::Timestamp;

use crate::domain::incident::{Entry, Incident, IncidentId, Places, RunStory, kept};

/// What is known of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The record.
    pub incident: Incident,
    /// What runs did meanwhile.
    pub runs: Vec<RunStory>,
}

/// What incidents want done.
#[derive(Debug, Clone, PartialEq)]
pub enum IncidentEffect {
    /// Begin a record.
    Begin(Box<Entry>),
    /// Write entries down.
    Append {
        /// In which record.
        id: IncidentId,
        /// The entries.
        entries: Vec<Entry>,
    },
    /// Write a post-mortem to a new file.
    Export {
        /// Of which record.
        id: IncidentId,
        /// The file.
        path: String,
        /// How times are written.
        places: Places,
        /// Now, on the cloud's clock.
        now: Timestamp,
    },
}

/// What happened to records.
#[derive(Debug, Clone, PartialEq)]
pub enum IncidentMsg {
    /// The record of this estate, as it is on the disk.
    Known(Box<Known>),
    /// Something could not be written: why.
    Failed(String),
    /// A post-mortem was written.
    Exported(String),
}

/// Longest note or pinned line that is kept, characters.
const MOST_CHARS: usize = 4_000;

/// Text of a person or a log as a record keeps it: cleaned, without what looks like a secret, not endless.
pub fn cut(text: &str) -> String {
    let kept = kept(text);
    match kept.char_indices().nth(MOST_CHARS) {
        Some((end, _)) => format!("{} …", &kept[..end]),
        None => kept,
    }
}
