//! Settings of a user, from all layers: defaults, the file, the environment, the flags.

use std::io::IsTerminal;

use crate::app::theme::Theme;
use crate::cli::global::{Color, Global};
use crate::cli::launch::Usage;
use crate::config::settings::{Access, ColorChoice, Flags, Settings, Symbols};
use crate::config::theme::{self, ColorDepth, Themes};
use crate::engine::environment::Environment;
use crate::view::styles::{Glyphs, Styles};

/// What a user prefers, and what of it could not be used.
pub struct Preferences {
    /// The settings.
    pub settings: Settings,
    /// The themes, the user's own among them.
    pub themes: Themes,
    /// One line for each thing that could not be used.
    pub notices: Vec<String>,
    depth: ColorDepth,
}

impl Preferences {
    /// Reads the settings file and themes of the configuration folder, and puts the layers together.
    pub fn of(global: &Global, environment: &Environment) -> Self {
        let mut notices = Vec::new();
        let folder = environment.config_dir();
        let mut settings = Settings::default();
        if let Some(file) = folder.as_ref().map(|folder| folder.join("config.toml"))
            && let Ok(bytes) = std::fs::read(&file)
        {
            let layer = settings.with_file(&file.to_string_lossy(), &bytes);
            notices.extend(layer.notices.into_iter().map(|notice| notice.headline));
            settings = layer.settings;
        }
        let layer = settings.with_environment(environment.variables());
        notices.extend(layer.notices.into_iter().map(|notice| notice.headline));
        settings = layer.settings.with_flags(flags(global));
        if let Some(home) = environment.home() {
            settings = settings.resolve_home(&home);
        }
        let files: Vec<(String, Vec<u8>)> = folder
            .and_then(|folder| std::fs::read_dir(folder.join("themes")).ok())
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let is_theme = path.extension().is_some_and(|extension| extension == "toml");
                let name = path.file_stem()?.to_string_lossy().into_owned();
                Some((name, std::fs::read(&path).ok().filter(|_| is_theme)?))
            })
            .collect();
        let (themes, broken) = Themes::shipped().with_user(
            files
                .iter()
                .map(|(name, bytes)| (name.as_str(), bytes.as_slice())),
        );
        notices.extend(broken.into_iter().map(|notice| notice.headline));
        let depth = ColorDepth::detect(
            settings.color,
            std::io::stdout().is_terminal(),
            environment.variables(),
        );
        Self {
            settings,
            themes,
            notices,
            depth,
        }
    }

    /// The styles of a theme by name, as this terminal shows them; the default theme's without one.
    pub fn styles(&self, name: Option<&str>) -> Result<Styles, Usage> {
        let name = name.unwrap_or(theme::DEFAULT);
        let theme: &Theme = self.themes.get(name).map_err(|error| Usage(error.to_string()))?;
        let glyphs = match self.settings.symbols {
            Symbols::Unicode => Glyphs::Unicode,
            Symbols::Ascii => Glyphs::Ascii,
        };
        Ok(Styles::of(&theme.at(self.depth), glyphs))
    }

    /// Every theme's styles, for switching while the console runs.
    pub fn every_style(&self) -> Vec<(String, Styles)> {
        let names: Vec<String> = self.themes.iter().map(|theme| theme.name.clone()).collect();
        names
            .into_iter()
            .filter_map(|name| Some((name.clone(), self.styles(Some(&name)).ok()?)))
            .collect()
    }
}

fn flags(global: &Global) -> Flags {
    Flags {
        theme: global.theme.clone(),
        color: match global.color {
            Color::Auto => None,
            Color::Always => Some(ColorChoice::Always),
            Color::Never => Some(ColorChoice::Never),
        },
        symbols: global.ascii.then_some(Symbols::Ascii),
        state_dir: global.state_dir.clone(),
        log_file: global.log_file.clone(),
        estate: global.estate.clone(),
        access: match (global.read_only, global.read_write) {
            (true, _) => Some(Access::ReadOnly),
            (false, true) => Some(Access::ReadWrite),
            (false, false) => None,
        },
    }
}
