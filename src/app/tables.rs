//! What the user does with tables: filter, sort, select and scroll. Positions are worked out here,
//! when something changes, never while drawing.

use crate::app::table::{Row, RowKey, Tables};

/// The user's view of a pane's tables.
#[derive(Debug, Clone, Default)]
pub struct TableView {
    /// The text that rows must contain; empty for all. A leading `!` turns it round.
    pub filter: String,
    /// The column to sort by, by its place in each section that has it, and the direction.
    pub sort: Option<Sort>,
    /// Whether the user has chosen a row; until then the first one is selected, whichever it is.
    pub(crate) chosen: bool,
    /// The selected row, if it is still there or was when last seen.
    pub(crate) selected: Option<RowKey>,
    /// Where the selected row was, to find its neighbours when it has gone.
    pub(crate) position: usize,
    /// The first visible line.
    pub offset: usize,
    /// Rows that pass the filter, in order: section and row.
    pub visible: Vec<(usize, usize)>,
}

/// A sort order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The column's title.
    pub column: &'static str,
    /// Which way.
    pub direction: Direction,
}

/// Which way a column is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Up,
    /// Largest first.
    Down,
}

/// A movement of the selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// By so many rows, up if negative.
    By(isize),
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

impl TableView {
    /// Works out which rows are visible, and in what order, after the tables have changed.
    pub fn refresh(&mut self, tables: &Tables) {
        self.visible.clear();
        let (inverse, needle) = match self.filter.strip_prefix('!') {
            Some(rest) => (true, rest.to_lowercase()),
            None => (false, self.filter.to_lowercase()),
        };
        for (section_index, section) in tables.sections.iter().enumerate() {
            let mut rows: Vec<usize> = (0..section.rows.len())
                .filter(|index| needle.is_empty() || matches(&section.rows[*index], &needle) != inverse)
                .collect();
            if let Some(sort) = self.sort
                && let Some(column) = section
                    .columns
                    .iter()
                    .position(|column| column.title == sort.column)
            {
                rows.sort_by(|a, b| {
                    let (a, b) = (&section.rows[*a].cells[column], &section.rows[*b].cells[column]);
                    let order = match (a.rank, b.rank) {
                        (Some(a), Some(b)) => a.total_cmp(&b),
                        (Some(_), None) => return std::cmp::Ordering::Less,
                        (None, Some(_)) => return std::cmp::Ordering::Greater,
                        (None, None) => a.text.cmp(&b.text),
                    };
                    match sort.direction {
                        Direction::Up => order,
                        Direction::Down => order.reverse(),
                    }
                });
            }
            self.visible
                .extend(rows.into_iter().map(|row| (section_index, row)));
        }
        if self.selected.is_none() || !self.chosen {
            self.select_position(tables, 0);
        } else if let Some(found) = self.find(tables) {
            self.position = found;
        }
    }

    /// Filters the rows anew. A selected row that is hidden by that gives way to the first of those that are
    /// left, so that no key acts on what is not shown; one that has gone stays selected.
    pub fn set_filter(&mut self, tables: &Tables, filter: String) {
        self.filter = filter;
        self.refresh(tables);
        let hidden = self.find(tables).is_none()
            && self
                .selected
                .as_ref()
                .is_some_and(|selected| tables.has(selected));
        if hidden {
            self.selected = None;
            self.select_position(tables, 0);
        }
    }

    /// The selected row's place among the visible ones; `None` once it has gone or is filtered out.
    pub fn find(&self, tables: &Tables) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        let at = |index: usize| {
            self.visible
                .get(index)
                .map(|(section, row)| &tables.sections[*section].rows[*row].key)
        };
        if at(self.position) == Some(selected) {
            return Some(self.position);
        }
        (0..self.visible.len()).find(|index| at(*index) == Some(selected))
    }

    /// What is selected, there or gone.
    pub const fn selected(&self) -> Option<&RowKey> {
        self.selected.as_ref()
    }

    /// Selects a row by what it stands for.
    pub fn select(&mut self, tables: &Tables, key: RowKey) {
        self.selected = Some(key);
        self.chosen = true;
        if let Some(found) = self.find(tables) {
            self.position = found;
        }
    }

    /// Moves the selection.
    pub fn step(&mut self, tables: &Tables, step: Step) {
        self.chosen = true;
        let last = self.visible.len().saturating_sub(1);
        let position = match (step, self.find(tables)) {
            (Step::First, _) => 0,
            (Step::Last, _) => last,
            (Step::By(by), Some(from)) => from.saturating_add_signed(by).min(last),
            // The row has gone: the first step goes to whoever stands next to where it was.
            (Step::By(by), None) => self.position.saturating_add_signed(by.min(0)).min(last),
        };
        self.select_position(tables, position);
    }

    /// Scrolls so that the lines from `first` to `last`, of `all` there are, are within a window of so many
    /// lines: the last of them if they are more. No more is left empty below than there must be.
    pub fn keep_in_view(&mut self, (first, last): (usize, usize), all: usize, height: usize) {
        if height == 0 {
            return;
        }
        if first < self.offset {
            self.offset = first;
        }
        if last >= self.offset + height {
            self.offset = last + 1 - height;
        }
        self.offset = self.offset.min(all.saturating_sub(height));
    }

    fn select_position(&mut self, tables: &Tables, position: usize) {
        if let Some((section, row)) = self.visible.get(position) {
            self.position = position;
            self.selected = Some(tables.sections[*section].rows[*row].key.clone());
        }
    }
}

fn matches(row: &Row, needle: &str) -> bool {
    row.cells
        .iter()
        .any(|cell| cell.text.to_lowercase().contains(needle))
}
