//! `qd keys`: what every key does, as the settings have it.

use serde::Serialize;
use serde_json::Value;

use crate::headless::out::{Page, Report};
use crate::headless::table::{Cell, Column, Table};
use crate::headless::{Exit, Out};

/// A command of the console and its keys.
#[derive(Debug, Clone, Serialize)]
pub struct KeyRow {
    /// Where its keys hold.
    pub context: &'static str,
    /// Its name after `:` and in the settings.
    pub command: &'static str,
    /// What it does.
    pub title: &'static str,
    /// Its keys; none if it is reached by name alone.
    pub keys: Vec<String>,
}

#[derive(Serialize)]
struct Listing {
    schema: &'static str,
    keys: Vec<KeyRow>,
}

/// Prints them.
pub fn run(keys: Vec<KeyRow>, out: &Out) -> anyhow::Result<Exit> {
    out.report(&Listing {
        schema: "quarterdeck.keys/1",
        keys,
    })?;
    Ok(Exit::Done)
}

impl Report for Listing {
    fn text(&self, page: &Page) -> String {
        let mut table = Table::new([
            Column::fixed("KEYS"),
            Column::words("WHAT IT DOES", 16),
            Column::fixed("COMMAND"),
            Column::fixed("WHERE").sheds(1),
        ]);
        for row in &self.keys {
            table.row([
                Cell::new(row.keys.join(" ")),
                Cell::new(row.title),
                Cell::new(format!(":{}", row.command)),
                Cell::new(row.context),
            ]);
        }
        table.render(page.width, page.paint)
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        self.keys.iter().map(serde_json::to_value).collect()
    }
}
