//! How a command about runs ends that did not get as far as a run.

use serde::Serialize;
use serde_json::Value;

use crate::engine::run::store::StoreError;
use crate::headless::Exit;
use crate::headless::out::{Page, Report};

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit.
    pub exit: Exit,
    /// Why, each in a line; at least one.
    pub reasons: Vec<String>,
}

impl Failure {
    /// One reason.
    pub fn new(exit: Exit, reason: impl Into<String>) -> Self {
        Self {
            exit,
            reasons: vec![reason.into()],
        }
    }

    /// Something is wrong with what was asked for.
    pub fn usage(reason: impl Into<String>) -> Self {
        Self::new(Exit::Usage, reason)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Exit::Internal, format!("{error:#}"))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(error.exit(), error.to_string())
    }
}

/// What stands on standard output instead of a result, so that it is a document all the same.
#[derive(Debug, Serialize)]
pub struct Failed<'a> {
    schema: &'static str,
    exit_code: u8,
    meaning: &'static str,
    reasons: &'a [String],
}

impl<'a> Failed<'a> {
    /// Of a failure.
    pub fn of(failure: &'a Failure) -> Self {
        Self {
            schema: "quarterdeck.error/1",
            exit_code: failure.exit.code(),
            meaning: failure.exit.meaning(),
            reasons: &failure.reasons,
        }
    }
}

impl Report for Failed<'_> {
    fn text(&self, _page: &Page) -> String {
        String::new()
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        Ok(vec![serde_json::to_value(self)?])
    }
}
