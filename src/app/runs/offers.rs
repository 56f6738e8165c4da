//! Which runbooks apply to a resource or a finding, best first, with their parameters filled in.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::runs::book::Book;
use crate::app::runs::subject::{Subject, resource};
use crate::app::state::{Environment, State};
use crate::domain::changes;
use crate::domain::health::Finding;
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::ScopeState;
use crate::domain::remedy;
use crate::domain::text;
use crate::runbook::expr::Names;
use crate::runbook::model::{self, Presence, Runbook};
use crate::runbook::plan::Afterwards;
use crate::runbook::types::Type;
use crate::runbook::value::{Resource, Value};

/// A runbook that applies.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// The runbook.
    pub book: Book,
    /// The runbook itself.
    pub runbook: Arc<Runbook>,
    /// Parameters that are filled in, as text.
    pub set: BTreeMap<String, String>,
    /// What it is filled in for, safe for a terminal; empty if it is not.
    pub about: String,
    /// Why it applies.
    pub why: Why,
}

/// Why a runbook applies; the best reason is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The finding that was selected names it, in this place of its list.
    Named(usize),
    /// It is made for findings of that rule.
    Rule,
    /// Another finding of the resource names it: which of them, worst first, and its place in that list.
    NamedElsewhere(usize, usize),
    /// It is made for another finding of the resource.
    RuleElsewhere,
    /// It is made for resources of the kind.
    Kind,
    /// It is made for a saving of the resource, which is no fault.
    Saving,
    /// A finding of what the resource stands on names it, or it is made for one: which of them, worst first, and
    /// its place in that finding's list.
    BeneathFinding(usize, usize),
    /// It is made for what the resource stands on.
    Beneath,
    /// It was called by its name.
    Called,
    /// A run that succeeded offers it.
    Afterwards,
}

impl Why {
    /// The reason in a few words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Named(_) | Self::Rule => "for this finding",
            Self::NamedElsewhere(..) | Self::RuleElsewhere => "for another finding of it",
            Self::Kind => "for resources like this",
            Self::Saving => "for a saving of it",
            Self::BeneathFinding(..) => "for a finding of what it stands on",
            Self::Beneath => "for what it stands on",
            Self::Called => "",
            Self::Afterwards => "after this run",
        }
    }
}

/// How well an offer fits the finding that it is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It names the finding's rule.
    Rule,
    /// It names none.
    Any,
}

/// Runbooks that apply to the subject, best first.
pub fn offers(state: &State, subject: &Subject) -> Vec<Offer> {
    let Some(scope) = state.picture.inventory.scope(&subject.scope) else {
        return Vec::new();
    };
    let reasons = Reasons::of(state, subject);
    let mut found: Vec<Offer> = Vec::new();
    let own: Vec<&ResourceKey> = subject.resources.iter().map(|chosen| &chosen.key).collect();
    let beneath: Vec<ResourceKey> = match own.as_slice() {
        [one] => beneath(state, scope, one),
        _ => Vec::new(),
    };
    let reasons_beneath: Vec<Reasons<'_>> = beneath.iter().map(|key| Reasons::beneath(state, key)).collect();
    for book in state.runs.books.iter().flatten() {
        let Some(runbook) = book.runbook().filter(|_| !book.is_hidden) else {
            continue;
        };
        let allowed = scope
            .account()
            .is_none_or(|account| runbook.target.allows(account, &scope.scope.region));
        if !allowed {
            continue;
        }
        let helped = reasons.helped_at(&book.name);
        let places = helped
            .iter()
            .map(|key| (vec![*key], Place::Helped))
            .chain(std::iter::once((own.clone(), Place::Own)))
            .chain(
                beneath
                    .iter()
                    .zip(&reasons_beneath)
                    .filter(|(key, _)| !helped.contains(key))
                    .map(|(key, its)| (vec![key], Place::Beneath(its))),
            );
        let before = found.len();
        for (keys, place) in places {
            let resources: Option<Vec<Arc<Resource>>> = keys.iter().map(|key| resource(state, key)).collect();
            let Some(resources) = resources.filter(|some| !some.is_empty()) else {
                continue;
            };
            if keys.iter().any(|key| remedy::is_in_vain(scope, &book.name, key)) {
                continue;
            }
            let best = runbook
                .offers
                .iter()
                .filter_map(|offer| {
                    let kind = resources[0].kind;
                    let (why, fit) = match place {
                        Place::Own => reasons.why(&book.name, offer, kind, Why::Kind),
                        Place::Helped => {
                            let its = Reasons::beneath(state, keys[0]);
                            reasons.why_helped(&book.name, offer, kind, &its)
                        }
                        Place::Beneath(its) => reasons.why_beneath(&book.name, offer, kind, its),
                    }?;
                    Some((why, fit, filled(state, scope, runbook, offer, &resources)?))
                })
                .min_by_key(|(why, fit, _)| (*why, *fit));
            if let Some((why, _, set)) = best {
                let names: Vec<&str> = resources.iter().map(|resource| resource.name.as_str()).collect();
                found.push(Offer {
                    book: book.clone(),
                    runbook: runbook.clone(),
                    set,
                    about: text::clean(&names.join(", ")).into_owned(),
                    why,
                });
            }
        }
        // A finding may know of a runbook that nobody can fill in from what the finding is about.
        if found.len() == before
            && let Some(place) = reasons.named(&book.name)
        {
            found.push(Offer {
                why: Why::Named(place),
                ..called(state, book, runbook)
            });
        }
    }
    found.sort_by(|a, b| a.why.cmp(&b.why).then_with(|| a.book.name.cmp(&b.book.name)));
    found
}

/// A runbook that was called by its name: nothing is filled in but the estate at hand.
pub fn called(state: &State, book: &Book, runbook: &Arc<Runbook>) -> Offer {
    Offer {
        book: book.clone(),
        runbook: runbook.clone(),
        set: at_hand(state, runbook),
        about: String::new(),
        why: Why::Called,
    }
}

/// What a run that succeeded offers next, filled in; what names a runbook that is not here is left out.
pub fn afterwards(state: &State, offered: &[Afterwards]) -> Vec<Offer> {
    offered
        .iter()
        .filter_map(|next| {
            let book = state.runs.book(&next.runbook)?;
            let mut offer = called(state, book, book.runbook()?);
            offer.set.extend(next.set.clone());
            let about = match (&next.subject, &next.unread) {
                (Some(subject), _) => subject.as_str(),
                (None, Some(_)) => "another one: not all could be listed",
                (None, None) => "",
            };
            Some(Offer {
                about: text::clean(about).into_owned(),
                why: Why::Afterwards,
                ..offer
            })
        })
        .collect()
}

/// The estate, where a runbook must be told it and there is one at hand. Several worlds of the demo are
/// several estates.
fn at_hand(state: &State, runbook: &Runbook) -> BTreeMap<String, String> {
    let several = state.setup.environment == Environment::Demo && state.picture.inventory.shown().count() > 1;
    let estate = state.setup.estate.as_ref().filter(|_| !several);
    let wanted = |name: &str| {
        let param = runbook.param(name)?;
        (param.presence == Presence::Required && param.from.is_none() && param.ty.value == Type::Text)
            .then_some(name.to_owned())
    };
    wanted("estate").zip(estate.cloned()).into_iter().collect()
}

/// What a resource stands on; a host is an instance too, and what is the account's stands on what this scope has.
fn beneath(state: &State, scope: &ScopeState, key: &ResourceKey) -> Vec<ResourceKey> {
    let here = ResourceKey::new(scope.name(), key.kind, &key.id);
    let mut keys = changes::beneath(&state.picture.inventory, &here);
    if key.kind == Kind::GpuHost {
        keys.insert(0, ResourceKey::new(&key.scope, Kind::Ec2Instance, &key.id));
    }
    keys
}

/// Where a runbook would do something.
#[derive(Clone, Copy)]
enum Place<'a> {
    /// On what was selected.
    Own,
    /// On what a finding of it names, since it helps there.
    Helped,
    /// On what it stands on, of which these are the findings.
    Beneath(&'a Reasons<'a>),
}

/// What the findings of the subject say.
struct Reasons<'a> {
    selected: Vec<&'a Finding>,
    /// Faults; what could be saved is no reason where something is broken.
    others: Vec<&'a Finding>,
    savings: Vec<&'a Finding>,
}

impl<'a> Reasons<'a> {
    fn of(state: &'a State, subject: &Subject) -> Self {
        let is_meant = |key: &ResourceKey| subject.resources.iter().any(|chosen| chosen.key == *key);
        Self::about(state, &is_meant, subject.rule.as_deref())
    }

    fn beneath(state: &'a State, key: &ResourceKey) -> Self {
        Self::about(state, &|known| known == key, None)
    }

    fn about(state: &'a State, is_meant: &dyn Fn(&ResourceKey) -> bool, rule: Option<&str>) -> Self {
        let picture = &state.picture;
        let split = |all: &'a [Finding]| -> (Vec<&'a Finding>, Vec<&'a Finding>) {
            all.iter()
                .filter(|finding| is_meant(&finding.resource))
                .partition(|finding| rule == Some(finding.rule.as_str()))
        };
        let (mut selected, others) = split(&picture.findings);
        let (chosen, savings) = split(&picture.savings);
        selected.extend(chosen);
        Self {
            selected,
            others,
            savings,
        }
    }

    /// Other resources on which a runbook helps, by the findings that name it.
    fn helped_at(&self, book: &str) -> Vec<&'a ResourceKey> {
        let mut found = Vec::new();
        for finding in self.selected.iter().chain(&self.others) {
            if finding.runbooks.iter().any(|name| name == book) {
                for key in &finding.helped_at {
                    if !found.contains(&key) {
                        found.push(key);
                    }
                }
            }
        }
        found
    }

    fn named(&self, book: &str) -> Option<usize> {
        let place = |finding: &&Finding| finding.runbooks.iter().position(|name| name == book);
        self.selected.iter().find_map(place)
    }

    /// Why an offer holds here, if it does, and how well it fits. An offer that is made for findings of
    /// some rules fills in what those ask for, which may be the opposite of what another one does.
    fn why(&self, book: &str, offer: &model::Offer, kind: Kind, plain: Why) -> Option<(Why, Fit)> {
        if offer.kind.value != kind {
            return None;
        }
        let is_for = |finding: &&Finding| offer.rules.iter().any(|glob| glob.matches(&finding.rule));
        let fit = |is_meant: bool| match (is_meant, offer.rules.is_empty()) {
            (true, _) => Some(Fit::Rule),
            (false, true) => Some(Fit::Any),
            (false, false) => None,
        };
        if let Some(place) = self.named(book) {
            return Some((Why::Named(place), fit(self.selected.iter().any(is_for))?));
        }
        if self.selected.iter().any(is_for) {
            return Some((Why::Rule, Fit::Rule));
        }
        let elsewhere = self.others.iter().enumerate().find_map(|(rank, finding)| {
            let place = finding.runbooks.iter().position(|name| name == book)?;
            Some((Why::NamedElsewhere(rank, place), fit(is_for(finding))?))
        });
        if elsewhere.is_some() {
            return elsewhere;
        }
        if self.others.iter().any(is_for) {
            return Some((Why::RuleElsewhere, Fit::Rule));
        }
        if offer.rules.is_empty() {
            return Some((plain, Fit::Any));
        }
        self.savings
            .iter()
            .any(is_for)
            .then_some((Why::Saving, Fit::Rule))
    }

    /// Why an offer holds where a finding says that the runbook helps: what it fills in follows `its` findings there.
    fn why_helped(
        &self,
        book: &str,
        offer: &model::Offer,
        kind: Kind,
        its: &Reasons<'_>,
    ) -> Option<(Why, Fit)> {
        if offer.kind.value != kind {
            return None;
        }
        let is_for = |finding: &&Finding| offer.rules.iter().any(|glob| glob.matches(&finding.rule));
        let fit = match (its.others.iter().any(is_for), offer.rules.is_empty()) {
            (true, _) => Fit::Rule,
            (false, true) => Fit::Any,
            (false, false) => return None,
        };
        if let Some(place) = self.named(book) {
            return Some((Why::Named(place), fit));
        }
        let elsewhere = self.others.iter().enumerate().find_map(|(rank, finding)| {
            let place = finding.runbooks.iter().position(|name| name == book)?;
            Some(Why::NamedElsewhere(rank, place))
        });
        elsewhere.map(|why| (why, fit))
    }

    /// Why an offer holds for something that the subject stands on, of which `its` findings are.
    fn why_beneath(
        &self,
        book: &str,
        offer: &model::Offer,
        kind: Kind,
        its: &Reasons<'_>,
    ) -> Option<(Why, Fit)> {
        let why = self.why(book, offer, kind, Why::Beneath);
        match why {
            Some((Why::Beneath, _)) | None => match its.why(book, offer, kind, Why::Beneath) {
                Some((Why::NamedElsewhere(rank, place), fit)) => {
                    Some((Why::BeneathFinding(rank, place), fit))
                }
                Some((Why::RuleElsewhere, fit)) => Some((Why::BeneathFinding(usize::MAX, 0), fit)),
                _ => why,
            },
            better => better,
        }
    }
}

/// The parameters that an offer fills in for these resources together; `None` if it takes one at a time.
fn filled(
    state: &State,
    scope: &ScopeState,
    runbook: &Runbook,
    offer: &model::Offer,
    resources: &[Arc<Resource>],
) -> Option<BTreeMap<String, String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (index, resource) in resources.iter().enumerate() {
        let names = names(state, scope).with("resource", Value::Resource(resource.clone()));
        for (name, expr) in &offer.set {
            let name = &name.value;
            let is_list = runbook
                .param(name)
                .is_some_and(|param| matches!(param.ty.value, Type::List(_)));
            // A form may stay empty where the resource does not say.
            let Ok(value) = expr.evaluate(&names) else {
                continue;
            };
            let texts = match value {
                Value::Null => continue,
                Value::List(items) => items.iter().map(text_of).collect(),
                one => vec![text_of(&one)],
            };
            let known = all.entry(name.clone()).or_default();
            if is_list {
                for text in texts {
                    if !known.contains(&text) {
                        known.push(text);
                    }
                }
            } else if index == 0 {
                *known = texts;
            } else if *known != texts {
                return None;
            }
        }
    }
    Some(
        all.into_iter()
            .map(|(name, texts)| (name, texts.join(",")))
            .collect(),
    )
}

/// How a value is given: a resource by its id, which nothing else has.
fn text_of(value: &Value) -> String {
    match value {
        Value::Resource(resource) => resource.id.clone(),
        other => other.to_string(),
    }
}

/// What expressions see beside the resource.
fn names(state: &State, scope: &ScopeState) -> Names<'static> {
    let record = |fields: [(&str, Value); 2]| {
        Value::Map(
            fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    };
    let maybe = |text: Option<&str>| text.map_or(Value::Null, Value::text);
    let estate = state.setup.estate.as_deref();
    Names::new()
        .with(
            "account",
            record([("id", maybe(scope.account())), ("name", Value::Null)]),
        )
        .with("region", Value::text(&scope.scope.region))
        .with(
            "estate",
            record([
                ("name", maybe(estate)),
                ("environment", Value::text(environment(state.setup.environment))),
            ]),
        )
}

/// The word of an environment in runbooks.
const fn environment(environment: Environment) -> &'static str {
    match environment {
        Environment::Prod => "prod",
        Environment::Staging => "staging",
        Environment::Dev => "dev",
        Environment::Demo | Environment::Unknown => "unknown",
    }
}
