//! `qd themes`: the themes there are.

use serde::Serialize;
use serde_json::Value;

use crate::headless::out::{Page, Report};
use crate::headless::table::{Cell, Column, Table};
use crate::headless::{Exit, Out};

/// A theme.
#[derive(Debug, Clone, Serialize)]
pub struct ThemeRow {
    /// Its name.
    pub name: String,
    /// What it is like.
    pub about: String,
    /// Whether the console would use it now.
    pub used: bool,
}

#[derive(Serialize)]
struct Listing {
    schema: &'static str,
    themes: Vec<ThemeRow>,
}

/// Prints them.
pub fn run(themes: Vec<ThemeRow>, out: &Out) -> anyhow::Result<Exit> {
    out.report(&Listing {
        schema: "quarterdeck.themes/1",
        themes,
    })?;
    Ok(Exit::Done)
}

impl Report for Listing {
    fn text(&self, page: &Page) -> String {
        let mut table = Table::new([
            Column::fixed("THEME"),
            Column::fixed("USED"),
            Column::words("ABOUT", 20),
        ]);
        for theme in &self.themes {
            table.row([
                Cell::new(&theme.name),
                Cell::new(if theme.used { "used" } else { "" }),
                Cell::new(&theme.about),
            ]);
        }
        table.render(page.width, page.paint)
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        self.themes.iter().map(serde_json::to_value).collect()
    }
}
