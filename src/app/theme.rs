//! Themes, passed on to the view, which knows no configuration.

pub use crate::config::theme::{Ansi, Role, Theme, ThemeColor, ThemeModifiers, ThemeStyle};
