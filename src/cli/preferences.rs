//! What this person on this machine prefers: settings in their layers (defaults, the file, the
//! environment, the flags), themes, keys.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use crate::app::state::default_bindings;
use crate::cli::global::Global;
use crate::cli::launch::Usage;
use crate::config::keys::Keymap;
use crate::config::settings::{Notice, Settings, Symbols};
use crate::config::theme::{self, ColorDepth, Themes};
use crate::domain::diagnostic::Report;
use crate::engine::environment::Environment;
use crate::headless::out::complain;
use crate::view::styles::{Glyphs, Styles};

/// Everything that was set, and what of it could not be used.
pub struct Preferences {
    /// The environment that they were read in.
    pub environment: Environment,
    /// The settings.
    pub settings: Settings,
    /// The themes there are.
    pub themes: Themes,
    /// The keys.
    pub keymap: Keymap,
    /// What could not be used, in words.
    pub notices: Vec<Notice>,
    /// The settings file, if there is one.
    pub file: Option<PathBuf>,
}

impl Preferences {
    /// Reads the settings file, the environment and the flags, in this order.
    pub fn read(global: &Global, environment: Environment) -> Self {
        let mut notices = Vec::new();
        let mut settings = Settings::default();
        let mut source = None;
        let mut file = None;
        let folder = environment.config_dir();
        if let Some(path) = folder.as_ref().map(|folder| folder.join("config.toml"))
            && let Some(bytes) = content(&path, &mut notices)
        {
            let layered = settings.with_file(&path.to_string_lossy(), &bytes);
            settings = layered.settings;
            notices.extend(layered.notices);
            source = layered.source;
            file = Some(path);
        }
        let layered = settings.with_environment(environment.variables());
        notices.extend(layered.notices);
        settings = layered.settings.with_flags(global.settings());
        if let Some(home) = environment.home() {
            settings = settings.resolve_home(&home);
        }
        let (themes, unusable) = themes(folder.as_deref(), &mut notices);
        notices.extend(unusable);
        // A theme that was typed is refused instead, by [`Preferences::check`].
        if global.theme.is_none()
            && let Some(Err(error)) = settings.theme.as_deref().map(|name| themes.get(name))
        {
            notices.push(Notice {
                headline: error.to_string(),
                detail: error.to_string(),
            });
            settings.theme = None;
        }
        let bindings = default_bindings();
        let keymap = Keymap::build(&bindings, &settings.keys).unwrap_or_else(|errors| {
            if let Some(source) = source {
                let diagnostics = errors.iter().map(crate::config::keys::KeymapError::diagnostic);
                let report = Report::new(source, diagnostics.collect());
                notices.push(Notice {
                    headline: "the keys of the settings are not used".to_owned(),
                    detail: report.to_string(),
                });
            }
            // A test builds the defaults.
            Keymap::build(&bindings, &[]).unwrap_or_default()
        });
        Self {
            environment,
            settings,
            themes,
            keymap,
            notices,
            file,
        }
    }

    /// Whether what was typed can be used, in commands too that have no use for it.
    pub fn check(&self, global: &Global) -> Result<(), Usage> {
        match &global.theme {
            Some(name) => self
                .themes
                .get(name)
                .map(|_| ())
                .map_err(|error| Usage(error.to_string())),
            None => Ok(()),
        }
    }

    /// Where runs, locks and caches are kept; none without a home.
    pub fn state_dir(&self) -> Option<PathBuf> {
        let chosen = self.settings.state_dir.clone();
        chosen.or_else(|| self.environment.state_dir())
    }

    /// The styles of a theme by name, as this terminal shows them; the default theme's without one.
    pub fn styles(&self, name: Option<&str>) -> Result<Styles, Usage> {
        let name = name.unwrap_or(theme::DEFAULT);
        let theme = self.themes.get(name).map_err(|error| Usage(error.to_string()))?;
        let depth = ColorDepth::detect(
            self.settings.color,
            io::stdout().is_terminal(),
            self.environment.variables(),
        );
        let glyphs = match self.settings.symbols {
            Symbols::Unicode => Glyphs::Unicode,
            Symbols::Ascii => Glyphs::Ascii,
        };
        Ok(Styles::of(&theme.at(depth), glyphs))
    }

    /// Every theme's styles, for switching while the console runs.
    pub fn every_style(&self) -> Vec<(String, Styles)> {
        self.themes
            .iter()
            .filter_map(|theme| Some((theme.name.clone(), self.styles(Some(&theme.name)).ok()?)))
            .collect()
    }

    /// Says what could not be used.
    pub fn tell(&self) {
        for notice in &self.notices {
            complain(&format!("qd: {}", notice.detail));
        }
    }
}

/// A file's bytes; a file that is there and cannot be read is a notice.
fn content(path: &Path, notices: &mut Vec<Notice>) -> Option<Vec<u8>> {
    match fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            let headline = format!("{}: {error}", path.display());
            notices.push(Notice {
                detail: headline.clone(),
                headline,
            });
            None
        }
    }
}

/// The shipped themes and those of the configuration folder.
fn themes(folder: Option<&Path>, notices: &mut Vec<Notice>) -> (Themes, Vec<Notice>) {
    let mut paths: Vec<PathBuf> = folder
        .and_then(|folder| fs::read_dir(folder.join("themes")).ok())
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    let files: Vec<(String, Vec<u8>)> = paths
        .iter()
        .filter_map(|path| Some((path.to_string_lossy().into_owned(), content(path, notices)?)))
        .collect();
    Themes::shipped().with_user(
        files
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice())),
    )
}
