//! A theme as it is written.
//!
//! ```toml
//! name = "mine"
//! extends = "night"          # a shipped theme, or "none"
//!
//! [palette]                  # colours with names of one's own
//! sea = "#2a6f97"
//!
//! [styles]
//! accent = "sea"             # the colour of the text
//! crit = { fg = 196, bg = "black", modifiers = ["bold"] }
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;

use super::style::{ThemeModifiers, ThemeStyle};
use super::{DEFAULT, Role, SHIPPED, Theme, ThemeColor};
use crate::config::{schema, toml};
use crate::domain::diagnostic::{Diagnostic, Report, nearest, quoted};
use crate::domain::document::{Field, Node, Schema, Shape, Step};

/// The base without any style.
const NONE: &str = "none";

#[derive(Debug, Deserialize)]
struct ThemeFile {
    name: String,
    about: Option<String>,
    extends: Option<String>,
    #[serde(default)]
    palette: BTreeMap<String, ColorFile>,
    #[serde(default)]
    styles: BTreeMap<String, StyleFile>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ColorFile {
    Index(u8),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum StyleFile {
    Fg(ColorFile),
    Full {
        fg: Option<ColorFile>,
        bg: Option<ColorFile>,
        modifiers: Option<Vec<ModifierFile>>,
    },
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum ModifierFile {
    Bold,
    Dim,
    Italic,
    Underline,
    Reverse,
}

const MODIFIERS: [&str; 5] = ["bold", "dim", "italic", "underline", "reverse"];

/// Reads a theme; `bases` are the themes that it may extend.
pub(super) fn parse(name: &str, bytes: &[u8], bases: &BTreeMap<String, Theme>) -> Result<Theme, Report> {
    let reading = schema::read::<ThemeFile>(toml::parse(name, bytes), &shape());
    let mut diagnostics = reading.diagnostics;
    let theme = reading.value.map(|(file, root)| {
        let mut reader = Reader {
            root: &root,
            palette: BTreeMap::new(),
            found: Vec::new(),
        };
        let theme = reader.theme(file, bases);
        diagnostics.extend(reader.found);
        theme
    });
    match theme {
        Some(theme) if diagnostics.is_empty() => Ok(theme),
        _ => Err(Report::new(reading.source, diagnostics)),
    }
}

struct Reader<'a> {
    root: &'a Node,
    palette: BTreeMap<String, ThemeColor>,
    found: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn theme(&mut self, file: ThemeFile, bases: &BTreeMap<String, Theme>) -> Theme {
        for (name, color) in &file.palette {
            let steps = ["palette".into(), name.as_str().into()];
            // Names in the palette stand for colours, not for each other.
            if let Some(color) = self.color(color, &steps) {
                self.palette.insert(name.clone(), color);
            }
        }
        let base = file.extends.as_deref().unwrap_or(DEFAULT);
        let mut theme = match bases.get(base) {
            Some(base) => base.clone(),
            None => Theme::bare(base),
        };
        for (key, style) in file.styles {
            let Some(role) = Role::named(&key) else {
                continue;
            };
            let inherited = theme.style(role);
            let style = self.style(&style, &key, inherited);
            theme.styles.insert(role, style);
        }
        theme.name = file.name;
        theme.about = file.about.unwrap_or_default();
        theme
    }

    /// What the file says of a style over what the base has.
    fn style(&mut self, file: &StyleFile, key: &str, base: ThemeStyle) -> ThemeStyle {
        let at = [Step::from("styles"), key.into()];
        match file {
            StyleFile::Fg(color) => ThemeStyle {
                fg: self.named_color(color, &at).or(base.fg),
                ..base
            },
            StyleFile::Full { fg, bg, modifiers } => {
                let mut color = |file: &Option<ColorFile>, part: &'static str| {
                    let steps = [at[0], at[1], part.into()];
                    file.as_ref().and_then(|color| self.named_color(color, &steps))
                };
                ThemeStyle {
                    fg: color(fg, "fg").or(base.fg),
                    bg: color(bg, "bg").or(base.bg),
                    modifiers: modifiers.as_deref().map_or(base.modifiers, theme_modifiers),
                }
            }
        }
    }

    /// A colour by its name in the palette, or by itself.
    fn named_color(&mut self, file: &ColorFile, steps: &[Step<'_>]) -> Option<ThemeColor> {
        if let ColorFile::Text(name) = file
            && let Some(color) = self.palette.get(name)
        {
            return Some(*color);
        }
        self.color(file, steps)
    }

    fn color(&mut self, file: &ColorFile, steps: &[Step<'_>]) -> Option<ThemeColor> {
        let text = match file {
            ColorFile::Index(index) => return Some(ThemeColor::Indexed(*index)),
            ColorFile::Text(text) => text,
        };
        match ThemeColor::parse(text) {
            Ok(color) => Some(color),
            Err(error) => {
                let guess = nearest(text, self.palette.keys().map(String::as_str))
                    .or(error.nearest)
                    .map_or_else(String::new, |name| format!("did you mean `{name}`?"));
                self.found.push(
                    Diagnostic::error(
                        self.root.at(steps),
                        format!("{} is no colour", quoted(text)),
                    )
                    .label(guess)
                    .note("a name such as `bright-red`, a number from 0 to 255, `#rrggbb`, `default`, or a name of the palette"),
                );
                None
            }
        }
    }
}

fn theme_modifiers(names: &[ModifierFile]) -> ThemeModifiers {
    ThemeModifiers {
        bold: names.contains(&ModifierFile::Bold),
        dim: names.contains(&ModifierFile::Dim),
        italic: names.contains(&ModifierFile::Italic),
        underline: names.contains(&ModifierFile::Underline),
        reverse: names.contains(&ModifierFile::Reverse),
    }
}

/// What a theme file looks like; the roles are its keys.
fn shape() -> Schema {
    let field = |name: &str, about: &str, shape: Shape| Field {
        name: name.to_owned(),
        required: false,
        about: about.to_owned(),
        shape,
    };
    let words = |words: &[&str]| Shape::Choice(words.iter().map(|w| (*w).to_owned()).collect());
    let color = || Shape::Either(vec![Shape::Text, Shape::Whole { min: 0, max: 255 }]);
    let style = Shape::Either(vec![
        Shape::Text,
        Shape::Whole { min: 0, max: 255 },
        Shape::Record(vec![
            field("fg", "Colour of the text.", color()),
            field("bg", "Colour behind the text.", color()),
            field(
                "modifiers",
                "What else is done to the text.",
                Shape::List {
                    of: Box::new(words(&MODIFIERS)),
                    at_least: 0,
                },
            ),
        ]),
    ]);
    let roles = Role::ALL
        .iter()
        .map(|role| field(role.name(), role.about(), Shape::Named("style".to_owned())))
        .collect();
    let bases: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).chain([NONE]).collect();
    let mut name = field("name", "Name of the theme, for `--theme`.", Shape::Text);
    name.required = true;
    Schema {
        root: Shape::Record(vec![
            name,
            field("about", "One line about the theme.", Shape::Text),
            field(
                "extends",
                "The shipped theme whose styles hold where this one has none.",
                words(&bases),
            ),
            field(
                "palette",
                "Colours with names of your own.",
                Shape::Table(Box::new(color())),
            ),
            field("styles", "A style for each role.", Shape::Record(roles)),
        ]),
        named: BTreeMap::from([("style".to_owned(), style)]),
    }
}
