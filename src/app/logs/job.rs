//! Work over many lines: what is to be found or written, over a snapshot that no longer changes.
//! The console runs it off the drawing thread.

use std::sync::Arc;

use crate::app::logs::buffer::{LineKey, Segment, Snapshot};
use crate::app::logs::pattern::Pattern;

/// Which lines are wanted: any of the included patterns, if there are some, and none of the
/// excluded ones.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Test {
    /// At least one of these, if there are any.
    pub include: Vec<Pattern>,
    /// None of these.
    pub exclude: Vec<Pattern>,
}

impl Test {
    /// Whether every line passes.
    pub fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// Whether a line passes.
    pub fn passes(&self, text: &str) -> bool {
        (self.include.is_empty() || self.include.iter().any(|pattern| pattern.matches(text)))
            && !self.exclude.iter().any(|pattern| pattern.matches(text))
    }

    /// The keys of a segment's lines that pass, oldest first.
    pub fn scan(&self, segment: &Segment) -> Vec<LineKey> {
        segment
            .lines()
            .filter(|line| self.passes(line.text))
            .map(|line| line.key)
            .collect()
    }
}

/// What found lines are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// They are shown, and no others.
    Filter,
    /// They are what `n` and `N` go to.
    Search,
}

/// Finds lines.
#[derive(Debug, Clone)]
pub struct Job {
    /// The tail.
    pub tail: u64,
    /// Told back with what is found.
    pub epoch: u64,
    /// What for.
    pub task: Task,
    /// Which lines.
    pub test: Test,
    /// Where.
    pub snapshot: Snapshot,
}

/// Writes lines to a new file.
#[derive(Debug, Clone)]
pub struct SaveJob {
    /// The file's path as the user typed it.
    pub path: String,
    /// Which lines.
    pub test: Test,
    /// Where from.
    pub snapshot: Snapshot,
    /// The names of the groups.
    pub groups: Vec<String>,
}

/// Two jobs are the same if they answer the same question; the snapshot only carries its lines.
impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        (self.tail, self.epoch, self.task, &self.test) == (other.tail, other.epoch, other.task, &other.test)
    }
}

impl PartialEq for SaveJob {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, &self.test, &self.groups) == (&other.path, &other.test, &other.groups)
    }
}

impl Job {
    /// Portions of so many segments, newest first, so that the screen fills from where the user
    /// looks; within a portion the oldest segment is first.
    pub fn portions(&self, size: usize) -> impl Iterator<Item = &[Arc<Segment>]> {
        self.snapshot.segments.rchunks(size.max(1))
    }
}
