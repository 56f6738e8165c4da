//! One-line messages that come and go at the bottom of the screen.

use jiff::{SignedDuration, Timestamp};

use crate::app::table::Tone;
use crate::domain::text;

/// How long a notice stays.
const LIFE: SignedDuration = SignedDuration::from_secs(8);

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// What it says, safe for a terminal.
    pub text: String,
    /// How it looks.
    pub tone: Tone,
    /// When it leaves, by the wall clock.
    pub until: Timestamp,
}

impl Notice {
    /// A message that stays a few seconds.
    pub fn new(message: impl AsRef<str>, tone: Tone, now: Timestamp) -> Self {
        Self {
            text: text::clean(message.as_ref()).into_owned(),
            tone,
            until: now.saturating_add(LIFE).unwrap_or(Timestamp::MAX),
        }
    }
}
