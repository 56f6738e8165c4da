//! Environment variables and the folders that follow from them, read once at the start.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The process's environment.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

/// State that root's cron and every login of a host share, if the folder is there.
pub const SHARED_STATE: &str = "/var/lib/quarterdeck";

impl Environment {
    /// The environment as it is now; variables that are no text are left out.
    pub fn read() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        )
    }

    /// One with these variables alone.
    #[cfg(test)]
    pub(in crate::engine) fn of(variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self(variables.iter().map(owned).collect())
    }

    /// A variable, unless it is unset or empty.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// All variables.
    pub const fn variables(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// The user's folder; under cron there may be none.
    pub fn home(&self) -> Option<PathBuf> {
        self.variable("HOME").map(PathBuf::from)
    }

    /// The configuration folder: `$XDG_CONFIG_HOME/quarterdeck`, else `~/.config/quarterdeck`.
    pub fn config_dir(&self) -> Option<PathBuf> {
        self.folder("XDG_CONFIG_HOME", ".config")
    }

    /// The state folder: the one that all logins share if it is there, its group may write to it and so may
    /// this process, else `$XDG_STATE_HOME/quarterdeck`, else `~/.local/state/quarterdeck`.
    pub fn state_dir(&self) -> Option<PathBuf> {
        let shared = Path::new(SHARED_STATE);
        // Root may write anywhere, which does not make a folder one that others share.
        let is_shared = std::fs::metadata(shared).is_ok_and(|meta| meta.is_dir() && meta.mode() & 0o020 != 0);
        if is_shared && rustix::fs::access(shared, rustix::fs::Access::WRITE_OK).is_ok() {
            Some(shared.to_owned())
        } else {
            self.folder("XDG_STATE_HOME", ".local/state")
        }
    }

    /// The AWS configuration file.
    pub fn aws_config_file(&self) -> Option<PathBuf> {
        self.variable("AWS_CONFIG_FILE")
            .map(PathBuf::from)
            .or_else(|| Some(self.home()?.join(".aws/config")))
    }

    /// Whether the process runs inside tmux.
    pub fn in_tmux(&self) -> bool {
        self.variable("TMUX").is_some()
    }

    fn folder(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        self.variable(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| Some(self.home()?.join(below_home)))
            .map(|path| path.join("quarterdeck"))
    }
}
