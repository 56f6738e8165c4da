//! Estate files: what belongs to an estate and what its owners have decided about it.
//!
//! [`parse`] turns the text of a file into an [`Estate`], or into a report of every mistake in it.

mod check;
mod file;
mod reference;

pub use reference::reference;

use std::sync::LazyLock;

use jiff::Timestamp;

use crate::domain::diagnostic::{Diagnostic, Report, Source, nearest, quoted};
use crate::domain::document::{Node, Schema};
use crate::domain::glob::Glob;
use crate::domain::policy::{Policy, Selection};

use super::{schema, yaml};
use file::EstateFile;

/// The estates that come with the program, by name.
pub const SHIPPED: [(&str, &str); 6] = [
    ("fashion", include_str!("../../estates/fashion.yaml")),
    ("codemate", include_str!("../../estates/codemate.yaml")),
    ("codemate-dev", include_str!("../../estates/codemate-dev.yaml")),
    ("ecg", include_str!("../../estates/ecg.yaml")),
    ("ecommerce", include_str!("../../estates/ecommerce.yaml")),
    ("invokeai", include_str!("../../estates/invokeai.yaml")),
];

/// One estate.
#[derive(Clone, Debug, PartialEq)]
pub struct Estate {
    /// Its name, as the header shows it and as it is typed to allow writes.
    pub name: String,
    /// One line about it.
    pub description: Option<String>,
    /// The accounts and regions it lives in; at least one, each with its own name.
    pub scopes: Vec<ScopeSpec>,
    /// What of them belongs to it.
    pub selection: Selection,
    /// Name of an SSM document of its own that prints what nvidia-smi says.
    pub probe_document: Option<String>,
    /// Log groups at the top of the logs pane, names or patterns.
    pub log_groups: Vec<Glob>,
    /// What its owners have decided.
    pub policy: Policy,
}

/// One account and region, and how to reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeSpec {
    /// Its name on screen and in JSON.
    pub name: String,
    /// Profile of the AWS configuration; none means the usual credential chain.
    pub profile: Option<String>,
    /// Region.
    pub region: String,
    /// Role to assume.
    pub role_arn: Option<String>,
    /// External id for that role.
    pub external_id: Option<String>,
    /// MFA device whose code has to be asked for.
    pub mfa_serial: Option<String>,
    /// The account that this must turn out to be.
    pub account: Option<String>,
    /// What people call that account.
    pub account_name: Option<String>,
}

impl ScopeSpec {
    /// A profile, or else the usual credential chain, in a region; named `<profile>/<region>`.
    pub fn new(profile: Option<String>, region: impl Into<String>) -> Self {
        let region = region.into();
        Self {
            name: format!("{}/{region}", profile.as_deref().unwrap_or("default")),
            profile,
            region,
            role_arn: None,
            external_id: None,
            mfa_serial: None,
            account: None,
            account_name: None,
        }
    }
}

/// An estate that can be used, what is doubtful about its file, and where everything stands.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The estate.
    pub estate: Estate,
    source: Source,
    root: Node,
    warnings: Vec<Diagnostic>,
}

impl Loaded {
    /// What is doubtful, such as a region that this build does not know.
    pub fn warnings(&self) -> Report {
        Report::new(self.source.clone(), self.warnings.clone())
    }

    /// Adds a warning for each acceptance whose last day is over, since it has no effect any more.
    pub fn check_dates(&mut self, now: Timestamp) {
        let policy = &self.estate.policy;
        for (index, accepted) in policy.accepted.iter().enumerate() {
            if accepted.holds(now, &policy.time_zone) {
                continue;
            }
            let span = self.root.at(&["accept".into(), index.into(), "until".into()]);
            let message = format!(
                "the acceptance of {} for {} ended on {}",
                quoted(accepted.rule.as_str()),
                quoted(accepted.subject.as_str()),
                accepted.until
            );
            self.warnings.push(
                Diagnostic::warning(span, message)
                    .note("its findings count again; renew the date or remove it"),
            );
        }
    }

    /// Adds a warning for each accepted rule that is not among the rules there are, since accepting
    /// it has no effect.
    pub fn check_rules(&mut self, known: &[&str]) {
        for (index, accepted) in self.estate.policy.accepted.iter().enumerate() {
            if known.iter().any(|rule| accepted.rule.matches(rule)) {
                continue;
            }
            let rule = accepted.rule.as_str();
            let span = self.root.at(&["accept".into(), index.into(), "rule".into()]);
            let guess = nearest(rule, known.iter().copied());
            self.warnings.push(
                Diagnostic::warning(span, format!("no rule is called {}", quoted(rule)))
                    .label(guess.map_or_else(String::new, |guess| format!("did you mean `{guess}`?"))),
            );
        }
    }
}

/// Reads an estate file; `name` is what messages call it, usually its path.
pub fn parse(name: &str, bytes: &[u8]) -> Result<Loaded, Report> {
    let reading = schema::read::<EstateFile>(yaml::parse(name, bytes), shape());
    let mut diagnostics = reading.diagnostics;
    let checked = reading.value.map(|(file, root)| {
        let (estate, found) = check::estate(file, &root);
        diagnostics.extend(found);
        (estate, root)
    });
    let report = Report::new(reading.source, diagnostics);
    match checked {
        Some((estate, root)) if !report.has_errors() => Ok(Loaded {
            estate,
            source: report.source().clone(),
            root,
            warnings: report.diagnostics().to_vec(),
        }),
        _ => Err(report),
    }
}

/// The JSON schema of estate files, as `schemas/estate.schema.json` holds it.
pub fn estate_schema() -> String {
    schema::json_schema::<EstateFile>()
}

/// What an estate file looks like.
pub(super) fn shape() -> &'static Schema {
    static SHAPE: LazyLock<Schema> = LazyLock::new(schema::shape::<EstateFile>);
    &SHAPE
}
