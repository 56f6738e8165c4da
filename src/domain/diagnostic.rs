//! What is wrong with a text that somebody wrote, and where: spans, findings about them, and the
//! report that shows each with its line and a caret.
//!
//! Nothing here knows a file format. Estate files, settings, themes and runbooks all end up as a
//! [`Source`] and a list of [`Diagnostic`]s, so that a mistake reads the same everywhere.

mod nearest;
mod render;
mod source;

pub use nearest::nearest;
pub use source::{Position, Source, Span};

use std::fmt;

/// How bad a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The text cannot be used as it is.
    Error,
    /// The text can be used, but probably does not mean what its author wanted.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One thing that is wrong at one place of a [`Source`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the text can still be used.
    pub severity: Severity,
    /// The bytes of the source that are at fault.
    pub span: Span,
    /// What was found, in one line without a full stop.
    pub message: String,
    /// What to do, shown beside the caret; empty if the message says it all.
    pub label: String,
    /// What would have been valid, one line each.
    pub notes: Vec<String>,
    /// Another place that explains this one, such as the first of two equal keys.
    pub related: Option<Box<(Span, String)>>,
}

impl Diagnostic {
    /// A mistake that makes the text unusable.
    pub fn error(span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, span, message.into())
    }

    /// A likely mistake that does not stop the text from being used.
    pub fn warning(span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, span, message.into())
    }

    fn new(severity: Severity, span: Span, message: String) -> Self {
        Self {
            severity,
            span,
            message,
            label: String::new(),
            notes: Vec::new(),
            related: None,
        }
    }

    /// The same with words beside the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same with one more line below the snippet.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The same with a second place of the source.
    #[must_use]
    pub fn related(mut self, span: Span, words: impl Into<String>) -> Self {
        self.related = Some(Box::new((span, words.into())));
        self
    }
}

/// A source and everything that was found wrong with it, in the order of the source.
///
/// As an [`std::error::Error`] its text is the whole report: `file:line:column: error: …` with the
/// line, a caret and what would have been valid, then a line that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    source: Source,
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// Sorts the findings by place and drops repetitions (an alias shows one mistake many times).
    pub fn new(source: Source, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by(|a, b| {
            (a.span.start, a.severity, &a.message).cmp(&(b.span.start, b.severity, &b.message))
        });
        diagnostics.dedup();
        Self { source, diagnostics }
    }

    /// The text that the findings are about.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The findings in the order of the source.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Whether nothing at all was found.
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// Whether the source cannot be used.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many findings have this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|d| d.severity == severity).count()
    }

    /// The first finding as one line, for a place that has room for no more.
    pub fn headline(&self) -> Option<String> {
        self.diagnostics
            .first()
            .map(|first| render::headline(&self.source, first))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::report(self, f)
    }
}

impl std::error::Error for Report {}

/// A piece of foreign text as it may stand in a message: in backquotes, cut to 60 characters, and
/// with everything replaced that would do something to a terminal.
pub fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut cut = render::visible(&text.chars().take(LONGEST).collect::<String>());
    if text.chars().nth(LONGEST).is_some() {
        cut.push('…');
    }
    format!("`{cut}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_sorted_and_says_each_thing_once() {
        let source = Source::new("x.yaml", "a: 1\nb: 2\n");
        let second = Diagnostic::error(Span::new(5, 6), "second");
        let first = Diagnostic::warning(Span::new(0, 1), "first");
        let report = Report::new(source, vec![second.clone(), first.clone(), second.clone()]);
        assert_eq!(report.diagnostics(), [first, second]);
        assert!(report.has_errors());
        assert_eq!(report.headline().as_deref(), Some("x.yaml:1:1: warning: first"));
    }

    #[test]
    fn long_foreign_text_is_cut() {
        assert_eq!(quoted("short"), "`short`");
        assert_eq!(quoted(&"x".repeat(61)), format!("`{}…`", "x".repeat(60)));
        assert_eq!(quoted("a\u{1b}[31m"), "`a\u{fffd}[31m`");
    }
}
