//! A table of resources of one kind in the making: health first, worst on top.

use crate::app::panes::Told;
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::health::Health;
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::ScopeState;
use crate::domain::rules::Verdicts;

/// A table in the making; its first column is the health's sign.
pub(crate) struct Sketch<'a> {
    kind: Kind,
    columns: Vec<Column>,
    rows: Vec<Row>,
    empty: &'static str,
    verdicts: &'a Verdicts,
}

impl<'a> Sketch<'a> {
    /// An empty table.
    pub(crate) fn new(state: &'a State, kind: Kind, columns: Vec<Column>, empty: &'static str) -> Self {
        Self {
            kind,
            columns,
            rows: Vec::new(),
            empty,
            verdicts: &state.verdicts,
        }
    }

    /// Adds a resource; its cells are those of the columns after the first.
    pub(crate) fn push(&mut self, scope: &ScopeState, id: &str, cells: impl FnOnce() -> Vec<Cell>) {
        let key = if self.kind.is_account_wide() {
            ResourceKey::new(&scope.scope.global_name(), self.kind, id)
        } else {
            ResourceKey::new(scope.name(), self.kind, id)
        };
        self.push_key(key, cells);
    }

    /// Adds a resource of that name.
    pub(crate) fn push_key(&mut self, key: ResourceKey, cells: impl FnOnce() -> Vec<Cell>) {
        let health = self.verdicts.health(&key);
        let mut all = Vec::with_capacity(self.columns.len());
        all.push(
            Cell::new(glyph(health))
                .tone(Tone::of(health))
                .ranked(f64::from(health as u8)),
        );
        all.extend(cells());
        self.rows.push(Row {
            key: RowKey::Resource(key),
            cells: all,
            health,
        });
    }

    /// The table, what is worst on top, then by name.
    pub(crate) fn finish(mut self, title: &str, told: Told) -> Section {
        self.rows.sort_by(|a, b| {
            b.health
                .cmp(&a.health)
                .then_with(|| a.cells[1].text.cmp(&b.cells[1].text))
        });
        self.finish_unsorted(title, told)
    }

    /// The table in the order in which rows were added.
    pub(crate) fn finish_unsorted(self, title: &str, told: Told) -> Section {
        Section {
            title: format!("{title} {}", told.count(self.rows.len())),
            empty: told.empty(self.empty),
            note: told.note(),
            columns: self.columns,
            rows: self.rows,
            ..Section::default()
        }
    }
}

/// A health as one character, so that colour is never the only sign.
pub(crate) const fn glyph(health: Health) -> &'static str {
    match health {
        Health::Ok => "·",
        Health::Unknown => "?",
        Health::Warn => "!",
        Health::Crit => "X",
    }
}
