//! `qd runbook lint`.

use serde::Serialize;
use serde_json::Value;

use crate::domain::counted::counted;
use crate::domain::diagnostic::{Diagnostic, Report as Diagnosis, Severity, Span};
use crate::headless::out::{Page, Report};
use crate::headless::{Exit, Out};
use crate::runbook::schema::Catalogue;
use crate::runbook::{File, Library, load};

#[derive(Serialize)]
struct Linted {
    schema: &'static str,
    files: Vec<FileRow>,
    errors: usize,
    warnings: usize,
}

/// A file, and what is wrong with it; the files that it uses are rows of their own if something is
/// wrong with them.
#[derive(Serialize)]
struct FileRow {
    file: String,
    runbook: Option<String>,
    digest: Option<String>,
    diagnostics: Vec<Finding>,
    #[serde(skip)]
    text: String,
}

#[derive(Serialize)]
struct Finding {
    severity: &'static str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    message: String,
    label: Option<String>,
    notes: Vec<String>,
}

/// Checks the files.
pub fn run(files: &[File], library: &dyn Library, catalogue: &Catalogue, out: &Out) -> anyhow::Result<Exit> {
    let mut rows: Vec<FileRow> = Vec::new();
    for file in files {
        let (reports, runbook) = match load(file, library, catalogue) {
            Ok(loaded) => (loaded.warnings, Some(loaded.runbook)),
            Err(unusable) => (unusable.reports, None),
        };
        let mut others: Vec<FileRow> = reports.iter().map(row).collect();
        if !others.iter().any(|row| row.file == file.name) {
            others.insert(0, FileRow::clean(file));
        }
        for mut row in others {
            if row.file == file.name
                && let Some(runbook) = &runbook
            {
                row.runbook = Some(runbook.name.value.clone());
                row.digest = Some(runbook.digest.clone());
            }
            // What several use is said once.
            match rows.iter_mut().find(|other| other.file == row.file) {
                Some(other) if other.runbook.is_none() && row.runbook.is_some() => *other = row,
                Some(_) => {}
                None => rows.push(row),
            }
        }
    }
    let count = |wanted: &str| {
        let all = rows.iter().flat_map(|row| &row.diagnostics);
        all.filter(|finding| finding.severity == wanted).count()
    };
    let linted = Linted {
        schema: "quarterdeck.lint/1",
        errors: count("error"),
        warnings: count("warning"),
        files: rows,
    };
    out.report(&linted)?;
    Ok(if linted.errors > 0 {
        Exit::Usage
    } else {
        Exit::Done
    })
}

impl FileRow {
    fn clean(file: &File) -> Self {
        Self {
            file: file.name.clone(),
            runbook: None,
            digest: None,
            diagnostics: Vec::new(),
            text: String::new(),
        }
    }
}

fn row(report: &Diagnosis) -> FileRow {
    let finding = |diagnostic: &Diagnostic| {
        let Span { start, end } = diagnostic.span;
        let (start, end) = (report.source().position(start), report.source().position(end));
        Finding {
            severity: match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            message: diagnostic.message.clone(),
            label: Some(diagnostic.label.clone()).filter(|label| !label.is_empty()),
            notes: diagnostic.notes.clone(),
        }
    };
    FileRow {
        file: report.source().name().to_owned(),
        runbook: None,
        digest: None,
        diagnostics: report.diagnostics().iter().map(finding).collect(),
        text: report.to_string(),
    }
}

impl Report for Linted {
    fn text(&self, _: &Page) -> String {
        let mut blocks: Vec<String> = self
            .files
            .iter()
            .map(|row| row.text.trim_end().to_owned())
            .filter(|text| !text.is_empty())
            .collect();
        let files = match self.files.len() {
            1 => "1 runbook".to_owned(),
            many => format!("{many} runbooks"),
        };
        let clean = self.files.iter().filter(|row| row.diagnostics.is_empty()).count();
        blocks.push(match (self.errors, self.warnings) {
            (0, 0) => format!("{files}: nothing is wrong"),
            (errors, warnings) => format!(
                "{files}, {clean} clean: {}, {}",
                counted(errors, "error"),
                counted(warnings, "warning")
            ),
        });
        blocks.join("\n\n") + "\n"
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        self.files.iter().map(serde_json::to_value).collect()
    }
}
