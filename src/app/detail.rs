//! Details: everything known of one resource, as blocks from top to bottom.

use jiff::Timestamp;

use crate::app::state::{Level, State};
use crate::app::table::Section;
use crate::app::table::{Cell, Row, Tone};

/// A detail.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Detail {
    /// What it is of.
    pub title: String,
    /// From top to bottom.
    pub blocks: Vec<Block>,
}

/// A part of a detail.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// Names and values.
    Facts(Vec<(String, Cell)>),
    /// Lines of text.
    Lines(Vec<Vec<Cell>>),
    /// A table.
    Table(Section),
    /// A graph.
    Chart(Chart),
}

/// A graph of one metric over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows, with its unit.
    pub title: String,
    /// The newest value as text, or that there is none.
    pub latest: String,
    /// Values with the start of their period, oldest first.
    pub points: Vec<(Timestamp, f64)>,
    /// The limit that matters, drawn as a line.
    pub limit: Option<f64>,
    /// How it looks.
    pub tone: Tone,
}

/// Rows of a graph.
pub const CHART_HEIGHT: usize = 6;

impl Block {
    /// Lines that it takes.
    pub fn height(&self) -> usize {
        match self {
            Self::Heading(_) => 2,
            Self::Facts(facts) => facts.len(),
            Self::Lines(lines) => lines.len(),
            Self::Table(section) => crate::app::panes::heading_height(section) + section.rows.len().max(1),
            Self::Chart(_) => CHART_HEIGHT,
        }
    }
}

impl Detail {
    /// Lines that it takes.
    pub fn height(&self) -> usize {
        self.blocks.iter().map(Block::height).sum()
    }
}

/// The detail of a level.
pub fn build(state: &State, level: &Level) -> Detail {
    match level {
        Level::Detail { key, .. } => Detail {
            title: key
                .resource()
                .map_or_else(String::new, |resource| resource.id.to_string()),
            blocks: findings(state, key),
        },
        Level::Changes { .. } => Detail {
            title: "what changed".to_owned(),
            blocks: Vec::new(),
        },
    }
}

fn findings(state: &State, key: &crate::app::table::RowKey) -> Vec<Block> {
    let Some(resource) = key.resource() else {
        return Vec::new();
    };
    let lines: Vec<Vec<Cell>> = crate::app::panes::findings_of(state, resource)
        .flat_map(|finding| finding.evidence.iter().map(|line| vec![Cell::new(line)]))
        .collect();
    let _: Option<Row> = None;
    vec![Block::Lines(lines)]
}
