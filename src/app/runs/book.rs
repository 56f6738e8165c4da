//! Runbooks that can be run.

use std::sync::Arc;

use crate::runbook::Asks;
use crate::runbook::model::Runbook;

/// A runbook that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Book {
    /// The name by which it is called.
    pub name: String,
    /// Where it is.
    pub place: Place,
    /// Whether one of the same name is nearer.
    pub is_hidden: bool,
    /// The runbook, or what is wrong with its file, in a line.
    pub contents: Result<Arc<Runbook>, String>,
    /// What its plans ask for.
    pub asks: Asks,
}

/// Where a runbook is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Beside the estate's file.
    Estate,
    /// In the user's configuration folder.
    User,
    /// In the program.
    Shipped,
}

impl Place {
    /// The word in the list.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Estate => "estate",
            Self::User => "own",
            Self::Shipped => "shipped",
        }
    }
}

impl Book {
    /// The runbook, if its file can be used.
    pub fn runbook(&self) -> Option<&Arc<Runbook>> {
        self.contents.as_ref().ok()
    }
}
