//! A file and everything that it uses, to a runbook that can be trusted, or to every mistake.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::decode::{Decoder, Used};
use super::file;
use super::lint;
use super::model::{Body, Runbook};
use super::schema::Catalogue;
use crate::domain::diagnostic::{Diagnostic, Report, Span, nearest, quoted};
use crate::domain::document::{Parsed, Value as Tree, yaml};

/// Runbooks that use each other, the first one included.
pub const MOST_NESTED: usize = 5;

/// A runbook's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What it is, whatever it is called by: two files with one key are one file.
    pub key: String,
    /// What messages call it, usually its path.
    pub name: String,
    /// The text.
    pub bytes: Vec<u8>,
}

/// Where runbooks that others use are found.
pub trait Library {
    /// The runbook that the file of this key means by this name.
    fn find(&self, name: &str, from: &str) -> Found;
}

/// What became of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is here.
    File(File),
    /// There is none; these are the names there are.
    Missing(Vec<String>),
    /// It cannot be read, for this reason.
    Unreadable(String),
}

/// No runbooks at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLibrary;

impl Library for NoLibrary {
    fn find(&self, _: &str, _: &str) -> Found {
        Found::Missing(Vec::new())
    }
}

/// A runbook that can be used.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The runbook.
    pub runbook: Arc<Runbook>,
    /// What is doubtful, a report for each file in which something is.
    pub warnings: Vec<Report>,
}

/// Why a runbook cannot be used: its own report first, then those of files that it uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// The reports; at least one has errors.
    pub reports: Vec<Report>,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, report) in self.reports.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{report}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Unusable {}

/// Reads a runbook and all that it uses.
pub fn load(file: &File, library: &dyn Library, catalogue: &Catalogue) -> Result<Loaded, Unusable> {
    let mut loader = Loader {
        library,
        catalogue,
        done: HashMap::new(),
        open: Vec::new(),
        reports: Vec::new(),
    };
    let runbook = loader.file(file);
    // What is used is finished before what uses it.
    loader.reports.reverse();
    let reports: Vec<Report> = loader
        .reports
        .into_iter()
        .filter(|report| !report.is_empty())
        .collect();
    match runbook {
        Some(runbook) if !reports.iter().any(Report::has_errors) => Ok(Loaded {
            runbook,
            warnings: reports,
        }),
        _ => Err(Unusable { reports }),
    }
}

struct Loader<'a> {
    library: &'a dyn Library,
    catalogue: &'a Catalogue,
    /// Files that have been read, by key; nothing for those with errors.
    done: HashMap<String, Option<Arc<Runbook>>>,
    /// Keys of the files that are being read, the first one first.
    open: Vec<String>,
    reports: Vec<Report>,
}

impl Loader<'_> {
    fn file(&mut self, file: &File) -> Option<Arc<Runbook>> {
        self.open.push(file.key.clone());
        let runbook = self.read(file).map(Arc::new);
        self.open.pop();
        self.done.insert(file.key.clone(), runbook.clone());
        runbook
    }

    fn read(&mut self, file: &File) -> Option<Runbook> {
        let Parsed {
            source,
            root,
            mut diagnostics,
            ..
        } = yaml::parse(&file.name, &file.bytes);
        explain_quoting(source.text(), &mut diagnostics);
        let mut runbook = None;
        if let Some(root) = root {
            let checked = file::shape().check(&source, root.clone());
            let fits = checked.diagnostics.is_empty() && diagnostics.is_empty();
            diagnostics.extend(checked.diagnostics);
            let usable = if fits {
                checked.usable
            } else {
                file::lenient_shape().check(&source, root.clone()).usable
            };
            if let Some(usable) = usable.filter(|usable| matches!(usable.value, Tree::Map(_))) {
                let catalogue = self.catalogue;
                let own = digest(&file.bytes);
                let key = file.key.clone();
                let mut find = |name: &str| self.used(name, &key);
                let decoded = Decoder::new(&source, &mut find).runbook(&usable, own);
                let is_partial = !fits || !decoded.found.is_empty();
                diagnostics.extend(decoded.found);
                let lost = lint::Lost::between(&root, &decoded.runbook, decoded.broken, is_partial);
                lint::lint(&decoded.runbook, catalogue, &lost, &mut diagnostics);
                runbook = Some(decoded.runbook);
            }
        }
        let report = Report::new(source, diagnostics);
        let has_errors = report.has_errors();
        self.reports.push(report);
        let mut runbook = runbook.filter(|_| !has_errors)?;
        runbook.digest = whole_digest(&runbook);
        Some(runbook)
    }

    fn used(&mut self, name: &str, from: &str) -> Used {
        let unusable = |message: String, label: &str| Used::Unusable {
            message,
            label: label.to_owned(),
        };
        let file = match self.library.find(name, from) {
            Found::File(file) => file,
            Found::Missing(names) => {
                let guess = nearest(name, names.iter().map(String::as_str));
                let label = guess.map_or_else(String::new, |guess| format!("did you mean `{guess}`?"));
                return unusable(format!("there is no runbook {}", quoted(name)), &label);
            }
            Found::Unreadable(why) => return unusable(format!("{} cannot be read", quoted(name)), &why),
        };
        if let Some(at) = self.open.iter().position(|open| *open == file.key) {
            let message = if at + 1 == self.open.len() {
                "a runbook cannot use itself".to_owned()
            } else {
                format!("{} uses this runbook in turn", quoted(name))
            };
            return unusable(message, "runbooks cannot go round in a circle");
        }
        if self.open.len() >= MOST_NESTED {
            let message = format!("more than {MOST_NESTED} runbooks use each other");
            return unusable(message, "do it in fewer");
        }
        let runbook = match self.done.get(&file.key) {
            Some(runbook) => runbook.clone(),
            None => self.file(&file),
        };
        match runbook {
            Some(runbook) => Used::Ready(runbook),
            None => unusable(
                format!("{} has errors", quoted(name)),
                "they are reported with its own name",
            ),
        }
    }
}

/// `sha256:` and the digest of some bytes.
fn digest(bytes: &[u8]) -> String {
    let mut out = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

/// The digest of a runbook's own bytes and of all that it uses.
fn whole_digest(runbook: &Runbook) -> String {
    let used: Vec<&str> = runbook
        .all_steps()
        .into_iter()
        .filter_map(|step| match &step.body {
            Body::Use(used) => Some(used.runbook.digest.as_str()),
            Body::Action(_) | Body::Block(_) | Body::Check(_) | Body::Pause(_) => None,
        })
        .collect();
    if used.is_empty() {
        return runbook.digest.clone();
    }
    digest(format!("{}\n{}", runbook.digest, used.join("\n")).as_bytes())
}

/// An unquoted `${x}` inside `{…}` is wrong for YAML in ways that do not tell why.
fn explain_quoting(text: &str, diagnostics: &mut [Diagnostic]) {
    for diagnostic in diagnostics {
        let Span { start, .. } = diagnostic.span;
        let before = text.get(..start).unwrap_or(text);
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let end = text[line..].find('\n').map_or(text.len(), |at| line + at);
        let is_unquoted = text[line..end]
            .match_indices("${")
            .any(|(at, _)| !text[line..line + at].contains(['"', '\'']));
        if is_unquoted && diagnostic.label.is_empty() {
            diagnostic
                .label
                .push_str("write an expression with quotes: \"${…}\"");
        }
    }
}
