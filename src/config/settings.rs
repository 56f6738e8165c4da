//! Settings of one person on one machine, in layers: defaults, then the settings file, then the
//! environment, then flags. Each layer is one function from settings to settings, and what a later
//! layer says wins.
//!
//! A mistake in a file or variable never keeps the console from starting: it is left out and
//! becomes a [`Notice`]. The one thing that is never lost that way is a wish for read-only.

mod cadence;
mod environment;
mod file;
mod flags;
mod runbooks;
mod runs;

pub use cadence::Cadences;
pub use environment::VARIABLES;
#[cfg(test)]
pub(super) use file::shape;
pub use flags::Flags;
pub use runbooks::RunbookSettings;
pub use runs::Runs;

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::keys::Override;
use crate::domain::diagnostic::Source;
use crate::domain::policy::Zone;

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ColorChoice {
    /// As far as the terminal shows them; none if the output is no terminal.
    #[default]
    Auto,
    /// Even if the output is no terminal.
    Always,
    /// Not at all.
    Never,
}

/// What frames and symbols are drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Symbols {
    /// Box drawing, blocks and Braille.
    #[default]
    Unicode,
    /// ASCII alone, for terminals and fonts that have no more.
    Ascii,
}

/// How the console copies to the clipboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Clipboard {
    /// Through the terminal (OSC 52), which also works over SSH and in tmux.
    #[default]
    Osc52,
    /// Not at all; what would be copied is shown.
    Off,
}

/// Whether writes are possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Access {
    /// As the estate's policy says.
    #[default]
    EstateDefault,
    /// No, whatever the estate says.
    ReadOnly,
    /// Yes, even where the estate's default is read-only. Only a flag can ask for this.
    ReadWrite,
}

impl Access {
    /// Whether writes are refused, given the estate's default.
    pub fn is_read_only(self, estate_default: bool) -> bool {
        match self {
            Self::EstateDefault => estate_default,
            Self::ReadOnly => true,
            Self::ReadWrite => false,
        }
    }
}

/// Everything that a person can set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Name of the theme; none means the default one.
    pub theme: Option<String>,
    /// When colours are used.
    pub color: ColorChoice,
    /// What frames and symbols are drawn with.
    pub symbols: Symbols,
    /// Zone in which times are shown; none means the estate's.
    pub time_zone: Option<Zone>,
    /// Where runs, locks and caches are kept; none means the usual place.
    pub state_dir: Option<PathBuf>,
    /// Where the program's own log goes; none means nowhere.
    pub log_file: Option<PathBuf>,
    /// Estate to open, a file or the name of a shipped one.
    pub estate: Option<String>,
    /// Whether writes are possible.
    pub access: Access,
    /// How to copy.
    pub clipboard: Clipboard,
    /// How often data is refreshed.
    pub cadences: Cadences,
    /// How runs of runbooks behave.
    pub runs: Runs,
    /// What runbooks may run.
    pub runbooks: RunbookSettings,
    /// Keys that differ from the defaults; [`super::keys::Keymap::build`] checks them against the
    /// commands there are.
    pub keys: Vec<Override>,
}

impl Settings {
    /// The same with `~/` at the beginning of a path replaced by the home directory.
    #[must_use]
    pub fn resolve_home(mut self, home: &Path) -> Self {
        for path in [&mut self.state_dir, &mut self.log_file].into_iter().flatten() {
            if let Ok(rest) = path.strip_prefix("~") {
                *path = home.join(rest);
            }
        }
        self
    }
}

/// Something that could not be used, in words for a toast and for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// One line.
    pub headline: String,
    /// All of it, perhaps many lines; the same as the headline if there is no more to say.
    pub detail: String,
}

/// What a layer made of the settings.
#[derive(Clone, Debug)]
pub struct Layered {
    /// The settings with the layer on top.
    pub settings: Settings,
    /// What of the layer could not be used.
    pub notices: Vec<Notice>,
    /// The text that the places of key overrides refer to, if the layer was a file.
    pub source: Option<Source>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_outranks_the_estate_only_when_asked() {
        assert!(Access::EstateDefault.is_read_only(true));
        assert!(!Access::EstateDefault.is_read_only(false));
        assert!(Access::ReadOnly.is_read_only(false));
        assert!(!Access::ReadWrite.is_read_only(true));
    }

    #[test]
    fn a_tilde_stands_for_home() {
        let settings = Settings {
            state_dir: Some("~/state".into()),
            log_file: Some("/var/log/~x".into()),
            ..Settings::default()
        };
        let settings = settings.resolve_home(Path::new("/home/kim"));
        assert_eq!(settings.state_dir, Some("/home/kim/state".into()));
        assert_eq!(settings.log_file, Some("/var/log/~x".into()));
    }
}
