//! Tables as values: what a pane shows, before anybody knows how wide the terminal is.

use std::sync::Arc;

use crate::domain::health::Health;
use crate::domain::ids::ResourceKey;
use crate::domain::text;
use crate::runbook::record::RunId;
use unicode_width::UnicodeWidthStr;

/// What a row stands for; selection and marks hold these, never positions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowKey {
    /// A resource.
    Resource(ResourceKey),
    /// A finding: the rule and the resource.
    Finding(String, ResourceKey),
    /// A change of a resource, or of the scope; told apart by a text.
    Change(Option<ResourceKey>, String),
    /// A line about a resource that is not its row, such as what it costs; told apart by a text.
    About(ResourceKey, String),
    /// A run, by its id.
    Run(RunId),
    /// A runbook, by its name and whether a nearer one hides it.
    Runbook(String, bool),
    /// A line of its own, such as a service's cost; told apart by a text.
    Line(String),
}

impl RowKey {
    /// The resource that the row is about.
    pub fn resource(&self) -> Option<&ResourceKey> {
        match self {
            Self::Resource(key) | Self::Finding(_, key) | Self::About(key, _) => Some(key),
            Self::Change(key, _) => key.as_ref(),
            Self::Run(_) | Self::Runbook(..) | Self::Line(_) => None,
        }
    }
}

/// How something should look; the theme says what that means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Tone {
    /// As text.
    #[default]
    Plain,
    /// Less important.
    Muted,
    /// More important.
    Strong,
    /// Well.
    Ok,
    /// Wrong, not urgent.
    Warn,
    /// Wrong, urgent.
    Crit,
    /// Not known.
    Unknown,
    /// Stands out without being good or bad.
    Accent,
}

impl Tone {
    /// The tone of a health.
    pub const fn of(health: Health) -> Self {
        match health {
            Health::Ok => Self::Ok,
            Health::Unknown => Self::Unknown,
            Health::Warn => Self::Warn,
            Health::Crit => Self::Crit,
        }
    }
}

/// One cell. Its text is always safe for a terminal: foreign text is cleaned on the way in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// How it looks.
    pub tone: Tone,
    /// A small graph instead of text, oldest value first.
    pub spark: Option<Arc<[f64]>>,
    /// A bar instead of text: the share of the column's width, 0 to 1.
    pub bar: Option<f64>,
    /// What to sort by, where the text will not do.
    pub rank: Option<f64>,
    /// How much room it takes.
    pub reach: Reach,
}

/// How much room a cell takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reach {
    /// Its own column.
    #[default]
    Column,
    /// Everything up to the end of the row; the cells after it are not shown.
    Row,
}

impl Cell {
    /// A cell with text of any origin.
    pub fn new(value: impl AsRef<str>) -> Self {
        Self {
            text: text::clean(value.as_ref()).into_owned(),
            ..Self::default()
        }
    }

    /// A number, sorted as one; unknown sorts last.
    pub fn number(value: Option<f64>, show: impl Fn(f64) -> String) -> Self {
        match value {
            Some(value) => Self {
                text: show(value),
                rank: Some(value),
                ..Self::default()
            },
            None => Self {
                text: crate::app::format::UNKNOWN.to_owned(),
                tone: Tone::Muted,
                ..Self::default()
            },
        }
    }

    /// A graph of values, oldest first.
    pub fn spark(values: impl Into<Arc<[f64]>>) -> Self {
        Self {
            spark: Some(values.into()),
            ..Self::default()
        }
    }

    /// A bar as long as a share of the column, 0 to 1; sorted by it.
    pub fn bar(share: f64) -> Self {
        let share = share.clamp(0.0, 1.0);
        Self {
            bar: Some(share),
            rank: Some(share),
            ..Self::default()
        }
    }

    /// The same in another tone.
    #[must_use]
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// The same, up to the end of the row: a sentence in place of values that there are not.
    #[must_use]
    pub fn to_the_end(mut self) -> Self {
        self.reach = Reach::Row;
        self
    }

    /// The same, sorted by a number.
    #[must_use]
    pub fn ranked(mut self, rank: f64) -> Self {
        self.rank = Some(rank);
        self
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its heading, with the unit where there is one.
    pub title: &'static str,
    /// The least width, in terminal columns.
    pub min: u16,
    /// The most width; columns grow from least to most while there is room.
    pub max: u16,
    /// When there is no room, the columns with the highest number go first; 0 never goes.
    pub yields: u8,
    /// Where its text stands.
    pub align: Align,
    /// What of its text goes when there is no room.
    pub cut: Cut,
}

/// What of a text goes when there is no room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The end.
    End,
    /// The middle: names of resources often differ only in how they end, `-dlq` or `-prod`.
    Middle,
}

/// Where a column's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

impl Column {
    /// A column of words.
    pub const fn words(title: &'static str, min: u16, max: u16, yields: u8) -> Self {
        Self {
            title,
            min,
            max,
            yields,
            align: Align::Left,
            cut: Cut::End,
        }
    }

    /// A column of names, which keep both their ends.
    pub const fn names(title: &'static str, min: u16, max: u16, yields: u8) -> Self {
        Self {
            cut: Cut::Middle,
            ..Self::words(title, min, max, yields)
        }
    }

    /// A column of numbers.
    pub const fn numbers(title: &'static str, width: u16, yields: u8) -> Self {
        Self {
            title,
            min: width,
            max: width,
            yields,
            align: Align::Right,
            cut: Cut::End,
        }
    }
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it stands for.
    pub key: RowKey,
    /// One cell for each column of its section.
    pub cells: Vec<Cell>,
    /// How well it is.
    pub health: Health,
}

/// A table with a heading of its own; panes with several kinds of resources have several.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What is wrong with the data: `stale 5m: denied`, in the tone that it deserves.
    pub note: Option<(String, Tone)>,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, in the section's own order.
    pub rows: Vec<Row>,
    /// What to say when there are no rows.
    pub empty: String,
    /// The widest cell of each column, in terminal columns; see [`Section::measure`].
    pub content: Vec<u16>,
}

impl Section {
    /// Measures the cells, so that drawing can fit the columns without looking at every row.
    pub fn measure(&mut self) {
        self.content = vec![0; self.columns.len()];
        for row in &self.rows {
            for ((widest, cell), column) in self.content.iter_mut().zip(&row.cells).zip(&self.columns) {
                let width = match (&cell.spark, cell.reach) {
                    // Bars take what room there is.
                    _ if cell.bar.is_some() => usize::from(column.max),
                    (Some(values), _) => values.len(),
                    (None, Reach::Column) => cell.text.width(),
                    (None, Reach::Row) => 0,
                };
                *widest = (*widest).max(u16::try_from(width).unwrap_or(u16::MAX));
            }
        }
    }
}

/// Everything that a pane shows as tables.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tables {
    /// From top to bottom.
    pub sections: Vec<Section>,
}

impl Tables {
    /// Whether a row stands for this.
    pub fn has(&self, key: &RowKey) -> bool {
        let mut rows = self.sections.iter().flat_map(|section| &section.rows);
        rows.any(|row| row.key == *key)
    }
}
