//! This machine: terminal, state folder, configuration files.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{Access, access};

use super::{Check, CheckState};
use crate::config::settings::ColorChoice;
use crate::config::theme::ColorDepth;
use crate::domain::reach::Reach;
use crate::domain::scope::Scope;
use crate::engine::environment::{Environment, SHARED_STATE};
use crate::engine::run::StateFolder;

/// Columns and lines below which the console says that there is no room.
const LEAST: (u16, u16) = (80, 24);

/// What is to be known of the machine.
pub struct Machine {
    /// The environment.
    pub environment: Environment,
    /// Where state is kept.
    pub state_dir: Option<PathBuf>,
    /// The settings file, if there is one.
    pub settings_file: Option<PathBuf>,
    /// Mistakes in settings and themes.
    pub notices: Vec<String>,
    /// The estate, if one was named.
    pub estate: Option<String>,
    /// Whether nothing of AWS is used.
    pub demo: bool,
    /// The machine's time.
    pub now: Timestamp,
}

impl Machine {
    /// Where the credentials of a scope come from, as far as flags and environment tell.
    pub fn credentials_of(&self, scope: &Scope) -> String {
        let base = match &scope.profile {
            _ if self.demo => "the demo".to_owned(),
            Some(profile) => format!("profile {profile}"),
            None if self.environment.variable("AWS_ACCESS_KEY_ID").is_some() => {
                "keys in the environment".to_owned()
            }
            None => {
                "the credential chain (profile default, web identity, container or instance role)".to_owned()
            }
        };
        match &scope.role {
            Some(role) => format!("{base}, then {}", role.role_arn),
            None => base,
        }
    }

    /// Everything about it.
    pub fn checks(&self) -> Vec<Check> {
        let mut checks = self.terminal();
        checks.push(self.state());
        checks.extend(self.configuration());
        checks
    }

    fn terminal(&self) -> Vec<Check> {
        const GROUP: &str = "terminal";
        let variables = self.environment.variables();
        let stdout = io::stdout();
        let mut checks = Vec::new();
        if !stdout.is_terminal() {
            checks.push(Check::new(
                GROUP,
                "",
                CheckState::Info,
                "standard output is no terminal, so its size is not known",
            ));
        } else if let Ok(size) = rustix::termios::tcgetwinsize(&stdout) {
            let detail = format!("{}x{}", size.ws_col, size.ws_row);
            checks.push(if size.ws_col < LEAST.0 || size.ws_row < LEAST.1 {
                Check::new(GROUP, "size", CheckState::Warn, detail)
                    .fix(format!("make it {}x{} or larger", LEAST.0, LEAST.1))
            } else {
                Check::new(GROUP, "size", CheckState::Ok, detail)
            });
        }
        let term = self.environment.variable("TERM");
        let name = term.as_deref().unwrap_or("TERM is not set");
        let choice = match self.environment.variable("NO_COLOR") {
            Some(_) => ColorChoice::Never,
            None => ColorChoice::Auto,
        };
        checks.push(match ColorDepth::detect(choice, true, variables) {
            ColorDepth::None => Check::new(GROUP, "colours", CheckState::Info, format!("none ({name})")),
            ColorDepth::Ansi16 => Check::new(GROUP, "colours", CheckState::Ok, format!("16 ({name})")),
            ColorDepth::Indexed256 => Check::new(GROUP, "colours", CheckState::Ok, format!("256 ({name})")),
            ColorDepth::TrueColor => Check::new(GROUP, "colours", CheckState::Ok, format!("all ({name})")),
        });
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| self.environment.variable(name));
        let is_utf8 = locale.as_ref().is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.ends_with("utf-8") || locale.ends_with("utf8")
        });
        checks.push(match (&locale, is_utf8) {
            (Some(locale), true) => Check::new(GROUP, "characters", CheckState::Ok, locale.as_str()),
            (locale, _) => Check::new(
                GROUP,
                "characters",
                CheckState::Warn,
                locale.as_deref().map_or_else(
                    || "no locale is set".to_owned(),
                    |locale| format!("{locale} is not UTF-8"),
                ),
            )
            .fix("set LANG=C.UTF-8, or start with --ascii"),
        });
        if self.environment.in_tmux() {
            checks.push(
                Check::new(
                    GROUP,
                    "tmux",
                    CheckState::Info,
                    "copying goes through tmux to the terminal outside",
                )
                .fix("set -g set-clipboard on, and on tmux 3.3 or newer set -g allow-passthrough on"),
            );
        }
        checks
    }

    fn state(&self) -> Check {
        const GROUP: &str = "state";
        let Some(folder) = &self.state_dir else {
            return Check::new(
                GROUP,
                "",
                CheckState::Fail,
                "no place for runs, locks and caches: HOME is not set",
            )
            .fix("pass --state-dir DIR, or set HOME");
        };
        let name = folder.display().to_string();
        if !can_be_written(folder) {
            return Check::new(GROUP, name, CheckState::Fail, "it cannot be written to")
                .fix("pass --state-dir DIR, or mend its permissions");
        }
        let reach = StateFolder::at(folder).reach;
        let locks = format!("locks: {}", reach.words());
        match reach {
            Reach::Host => Check::new(GROUP, name, CheckState::Ok, locks),
            Reach::Login => Check::new(GROUP, name, CheckState::Info, locks).fix(format!(
                "on a bastion that several people use: `sudo install -d -m 2775 -g GROUP {SHARED_STATE}`"
            )),
        }
    }

    fn configuration(&self) -> Vec<Check> {
        const GROUP: &str = "configuration";
        let mut checks = Vec::new();
        if !self.demo {
            let home = self.environment.home();
            let credentials = self
                .environment
                .variable("AWS_SHARED_CREDENTIALS_FILE")
                .map(PathBuf::from)
                .or_else(|| Some(home?.join(".aws/credentials")));
            let files = [
                ("AWS configuration", self.environment.aws_config_file()),
                ("AWS credentials", credentials),
            ];
            for (name, file) in files {
                let Some(file) = file else { continue };
                let detail = if file.is_file() {
                    file.display().to_string()
                } else {
                    format!("{} is not there", file.display())
                };
                checks.push(Check::new(GROUP, name, CheckState::Info, detail));
            }
        }
        let folder = self.environment.config_dir();
        let settings = match (&self.settings_file, &folder) {
            (Some(file), _) => file.display().to_string(),
            (None, Some(folder)) => format!("none ({} is not there)", folder.join("config.toml").display()),
            (None, None) => "none".to_owned(),
        };
        checks.push(Check::new(GROUP, "settings", CheckState::Info, settings));
        for notice in &self.notices {
            checks.push(Check::new(GROUP, "mistake", CheckState::Warn, notice.as_str()));
        }
        let estate = self.estate.as_deref().unwrap_or("none");
        checks.push(Check::new(GROUP, "estate", CheckState::Info, estate));
        let aws = if cfg!(feature = "aws") {
            "with AWS"
        } else {
            "demo only"
        };
        checks.push(Check::new(
            GROUP,
            "qd",
            CheckState::Info,
            format!("{} ({aws})", env!("CARGO_PKG_VERSION")),
        ));
        checks
    }
}

/// Whether the folder, or the nearest one above that exists, can be written to.
fn can_be_written(folder: &Path) -> bool {
    folder
        .ancestors()
        .find(|folder| folder.exists())
        .is_some_and(|folder| access(folder, Access::WRITE_OK).is_ok())
}
