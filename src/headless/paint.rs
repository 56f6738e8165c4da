//! Colour on standard output: a few meanings, the terminal's own sixteen colours, and never the only
//! sign of anything.

use crate::domain::health::{Health, Severity};

/// Whether colours are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Yes.
    On,
    /// No.
    Off,
}

/// What a text means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Plain,
    /// Less important.
    Muted,
    /// More important.
    Strong,
    /// Well.
    Ok,
    /// Wrong, and it can wait.
    Warn,
    /// Wrong, now.
    Crit,
    /// Not known.
    Unknown,
}

impl Paint {
    /// The text in its tone. What is painted must be free of control characters.
    pub fn apply(self, tone: Tone, text: &str) -> String {
        match (self, tone.code()) {
            (Self::On, Some(code)) if !text.is_empty() => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }
}

impl Tone {
    /// The parameters of the SGR sequence.
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Muted => Some("2"),
            Self::Strong => Some("1"),
            Self::Ok => Some("32"),
            Self::Warn => Some("33"),
            Self::Crit => Some("1;31"),
            Self::Unknown => Some("35"),
        }
    }
}

impl From<Health> for Tone {
    fn from(health: Health) -> Self {
        match health {
            Health::Ok => Self::Ok,
            Health::Unknown => Self::Unknown,
            Health::Warn => Self::Warn,
            Health::Crit => Self::Crit,
        }
    }
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Plain,
            Severity::Warn => Self::Warn,
            Severity::Crit => Self::Crit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colour_nothing_is_added() {
        assert_eq!(Paint::Off.apply(Tone::Crit, "CRIT"), "CRIT");
        assert_eq!(Paint::On.apply(Tone::Plain, "name"), "name");
        assert_eq!(Paint::On.apply(Tone::Crit, ""), "");
        assert_eq!(Paint::On.apply(Tone::Crit, "CRIT"), "\u{1b}[1;31mCRIT\u{1b}[0m");
    }
}
