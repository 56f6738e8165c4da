//! Themes: a style for each role on the screen, written as TOML over another theme.
//!
//! Nothing here paints. A [`Theme`] gives each [`Role`] a [`ThemeStyle`], already brought down to
//! what the terminal can show; the view turns that into the terminal library's own style.

mod color;
mod depth;
mod file;
mod role;
mod style;

pub use color::{Ansi, Rgb, ThemeColor};
pub use depth::ColorDepth;
pub use role::Role;
pub use style::{ThemeModifiers, ThemeStyle};

use std::collections::BTreeMap;

use super::settings::Notice;
use crate::domain::diagnostic::{Severity, nearest, quoted};

/// The theme that is used unless another is asked for.
pub const DEFAULT: &str = "quarterdeck";

/// The themes that come with the program, by name.
pub const SHIPPED: [(&str, &str); 6] = [
    ("quarterdeck", include_str!("../../themes/quarterdeck.toml")),
    ("night", include_str!("../../themes/night.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("color-blind", include_str!("../../themes/color-blind.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

/// A style for every role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    /// One line about it.
    pub about: String,
    styles: BTreeMap<Role, ThemeStyle>,
}

impl Theme {
    /// A theme without any style: the terminal's own colours everywhere.
    pub fn bare(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            about: String::new(),
            styles: BTreeMap::new(),
        }
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> ThemeStyle {
        self.styles.get(&role).copied().unwrap_or_default()
    }

    /// The same theme as far as a terminal can show it.
    #[must_use]
    pub fn at(&self, depth: ColorDepth) -> Self {
        let screen = self.style(Role::Text).bg;
        Self {
            name: self.name.clone(),
            about: self.about.clone(),
            styles: self
                .styles
                .iter()
                .map(|(role, style)| {
                    // A box has a frame to be seen by; reversed, it would glare.
                    let behind = if *role == Role::Overlay { style.bg } else { screen };
                    (*role, style.at(depth, behind))
                })
                .collect(),
        }
    }
}

/// There is no theme of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no theme {}{}", quoted(.found), .nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
pub struct UnknownTheme {
    /// The name as it was given.
    pub found: String,
    /// The name that was probably meant.
    pub nearest: Option<String>,
}

/// All themes there are: the shipped ones and the user's own, which win where the names are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Themes {
    themes: BTreeMap<String, Theme>,
}

impl Themes {
    /// The shipped themes.
    pub fn shipped() -> Self {
        let mut themes = BTreeMap::new();
        for (name, text) in SHIPPED {
            // A test loads each of them; a program without colours is better than none.
            let theme = file::parse(name, text.as_bytes(), &themes).unwrap_or_else(|_| Theme::bare(name));
            themes.insert(name.to_owned(), theme);
        }
        Self { themes }
    }

    /// Adds a user's themes, each a file name and its bytes. A file with a mistake is left out with
    /// a notice. A theme can extend shipped themes alone, so the order does not matter.
    #[must_use]
    pub fn with_user<'a>(
        mut self,
        files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> (Self, Vec<Notice>) {
        let shipped = Self::shipped().themes;
        let mut notices = Vec::new();
        for (file, bytes) in files {
            match file::parse(file, bytes, &shipped) {
                Ok(theme) => {
                    self.themes.insert(theme.name.clone(), theme);
                }
                Err(report) => notices.push(Notice {
                    headline: format!(
                        "the theme {file} is not used, it has {}",
                        match report.count(Severity::Error) {
                            1 => "a mistake".to_owned(),
                            many => format!("{many} mistakes"),
                        }
                    ),
                    detail: report.to_string(),
                }),
            }
        }
        (self, notices)
    }

    /// All themes by name.
    pub fn iter(&self) -> impl Iterator<Item = &Theme> {
        self.themes.values()
    }

    /// A theme by its name.
    pub fn get(&self, name: &str) -> Result<&Theme, UnknownTheme> {
        self.themes.get(name).ok_or_else(|| UnknownTheme {
            found: name.to_owned(),
            nearest: nearest(name, self.themes.keys().map(String::as_str)).map(str::to_owned),
        })
    }
}
