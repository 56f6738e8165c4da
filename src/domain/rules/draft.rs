//! A finding while its rule writes it.

use jiff::Timestamp;

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::policy::Breach;
use crate::domain::rules::measured::Run;
use crate::domain::rules::{Context, Rule, words};
use crate::domain::scope::ScopeName;
use crate::domain::units::Usd;

/// A finding without severity and title yet.
pub struct Draft(Finding);

impl Rule {
    /// Begins a finding about a resource of the rule's kind in the context's scope.
    pub(super) fn on(&self, context: &Context<'_>, id: &str, name: &str) -> Draft {
        Draft(Finding {
            rule: self.id.to_owned(),
            severity: Severity::Info,
            impact: Impact::Risk,
            resource: ResourceKey::new(context.state.name(), self.kind, id),
            name: name.to_owned(),
            title: String::new(),
            evidence: Vec::new(),
            since: None,
            runbooks: self.runbooks.iter().map(|name| (*name).to_owned()).collect(),
            accepted: None,
            helped_at: Vec::new(),
            saves: None,
        })
    }
}

impl Draft {
    /// The resource is of another kind than the rule's.
    pub fn of_kind(mut self, kind: Kind) -> Self {
        self.0.resource.kind = kind;
        self
    }

    /// The resource belongs to another scope than the context's, such as the account's.
    pub fn in_scope(mut self, scope: ScopeName) -> Self {
        self.0.resource.scope = scope;
        self
    }

    /// Whom it hurts; [`Impact::Risk`] unless said.
    pub fn hurts(mut self, impact: Impact) -> Self {
        self.0.impact = impact;
        self
    }

    /// Since when, where that is known.
    pub fn since(mut self, since: Option<Timestamp>) -> Self {
        self.0.since = since;
        self
    }

    /// Since when, by the values that were read. Where it was so in the oldest of them already, nobody knows when
    /// it began, and a sentence says since when it has been so at least.
    pub fn held(mut self, context: &Context<'_>, run: Option<Run>) -> Self {
        let Some(run) = run else {
            return self;
        };
        self.0.since = run.since;
        if run.since.is_none() {
            self.0.evidence.push(format!(
                "It has been so at least since {}, where the values that were read begin.",
                words::moment(run.oldest, context.zone())
            ));
        }
        self
    }

    /// Adds a sentence of evidence.
    pub fn because(mut self, sentence: impl Into<String>) -> Self {
        self.0.evidence.push(sentence.into());
        self
    }

    /// Adds a sentence of evidence where there is one.
    pub fn perhaps_because(mut self, sentence: Option<String>) -> Self {
        self.0.evidence.extend(sentence);
        self
    }

    /// What would be saved in a month, where its price is known.
    pub fn saves(mut self, month: Option<Usd>) -> Self {
        self.0.saves = month;
        self
    }

    /// Other runbooks help here than the rule's, or in another order.
    pub fn helped_by(mut self, runbooks: &[&str]) -> Self {
        self.0.runbooks = runbooks.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// Where one of the runbooks helps, another helps before it.
    pub fn helped_before(mut self, one: &str, first: &str) -> Self {
        if self.0.runbooks.iter().any(|name| name == one) {
            self.0.runbooks.retain(|name| name != first);
            self.0.runbooks.insert(0, first.to_owned());
        }
        self
    }

    /// This one of the rule's runbooks does not help here.
    pub fn not_helped_by(mut self, runbook: &str) -> Self {
        self.0.runbooks.retain(|name| name != runbook);
        self
    }

    /// The runbooks help on these resources, the best one first.
    pub fn helped_at(mut self, resources: impl IntoIterator<Item = ResourceKey>) -> Self {
        self.0.helped_at.extend(resources);
        self
    }

    /// No runbook helps here.
    pub fn without_runbooks(mut self) -> Self {
        self.0.runbooks.clear();
        self
    }

    /// The finding.
    pub fn report(mut self, severity: Severity, title: impl Into<String>) -> Finding {
        self.0.severity = severity;
        self.0.title = title.into();
        self.0
    }
}

/// How bad a breach of a threshold is.
pub fn severity(breach: Breach) -> Severity {
    match breach {
        Breach::Warn => Severity::Warn,
        Breach::Crit => Severity::Crit,
    }
}
