//! The layer of command line flags, already parsed.

use std::path::PathBuf;

use super::{Access, ColorChoice, Settings, Symbols};

/// The flags that set something; what was not given stays as the other layers have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--theme NAME`.
    pub theme: Option<String>,
    /// `--color WHEN`.
    pub color: Option<ColorChoice>,
    /// `--ascii`.
    pub symbols: Option<Symbols>,
    /// `--state-dir DIR`.
    pub state_dir: Option<PathBuf>,
    /// `--log-file FILE`.
    pub log_file: Option<PathBuf>,
    /// `--estate FILE|NAME`.
    pub estate: Option<String>,
    /// `--read-only` or `--read-write`.
    pub access: Option<Access>,
}

impl Settings {
    /// Puts flags on top.
    #[must_use]
    pub fn with_flags(self, flags: Flags) -> Self {
        Self {
            theme: flags.theme.or(self.theme),
            color: flags.color.unwrap_or(self.color),
            symbols: flags.symbols.unwrap_or(self.symbols),
            state_dir: flags.state_dir.or(self.state_dir),
            log_file: flags.log_file.or(self.log_file),
            estate: flags.estate.or(self.estate),
            access: flags.access.unwrap_or(self.access),
            ..self
        }
    }
}
