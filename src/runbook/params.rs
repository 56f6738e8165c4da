//! From what an operator gave to typed values: `--set` before the file of parameters, before the
//! environment, before the default. Every mistake of all of them in one pass.
//!
//! Nothing here reads the cloud. [`Resolver::next_listing`] says what has to be listed, and the driver brings
//! it: so names become resources, and a name that does not exist is refused.

mod given;
mod rules;

pub use given::{ENVIRONMENT_PREFIX, Given, Invalid, Layer, Problem, Sources};
pub use rules::{order, violations};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::action::ErrorClass;
use super::expr::{EvalError, Names};
use super::model::{Arg, Origin, Param, Presence, Runbook, Source, Spanned};
use super::types::Type;
use super::value::{Resource, Value};
use crate::domain::diagnostic::{nearest, quoted};

/// Parameters with their values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resolved {
    /// Values by name; every parameter has one, which may be nothing.
    pub values: BTreeMap<String, Value>,
    /// Where each came from.
    pub layers: BTreeMap<String, Layer>,
    /// What whoever is to confirm should know of how they were found, a line each without a full stop.
    pub cautions: Vec<String>,
}

impl Resolved {
    /// The values as `params` of expressions.
    pub fn as_value(&self) -> Value {
        Value::Map(self.values.clone())
    }
}

/// What has to be listed before a parameter has a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// The parameter.
    pub param: String,
    /// What to list.
    pub source: Source,
    /// What it is narrowed to.
    pub filters: BTreeMap<String, Value>,
}

/// Why not all that there is to choose from is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What sort of failure it was; `None` if it was none of a call.
    pub class: Option<ErrorClass>,
    /// What failed, in one line without a full stop.
    pub why: String,
}

/// What a value is looked up in.
#[derive(Clone, Copy)]
struct Choice<'c> {
    candidates: &'c [Value],
    gap: Option<&'c Gap>,
}

/// Why a value that was given is not taken.
enum Untaken {
    /// It is wrong.
    Wrong(String),
    /// Nobody knows: it may be in what was not read.
    Unknown(String),
}

/// Why there are no values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unresolved {
    /// Parameters that must be given and were not: exit code 6 without a terminal.
    pub missing: Vec<String>,
    /// Values that cannot be used: exit code 2.
    pub problems: Vec<Problem>,
    /// Parameters of which nobody knows what there is: nothing is wrong with what was given, and the exit
    /// says what the cloud refused.
    pub unlisted: Vec<Unlisted>,
}

/// A parameter whose candidates could not be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlisted {
    /// The parameter.
    pub param: String,
    /// What sort of failure it was; `None` if it was none of a call.
    pub class: Option<ErrorClass>,
    /// What failed, in one line without a full stop.
    pub message: String,
}

impl fmt::Display for Unlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "parameter {}: {}", quoted(&self.param), self.message)
    }
}

/// Works out parameters, one after the other, each once those that it is made from are known. Reads nothing
/// itself: [`Resolver::next_listing`] says what has to be listed, and the answer is given back.
#[derive(Debug)]
pub struct Resolver<'a> {
    order: Vec<&'a Param>,
    at: usize,
    given: Given,
    context: &'a Names<'a>,
    resolved: Resolved,
    /// Parameters without a value because of one that is missing or wrong.
    blocked: BTreeSet<String>,
    failed: Unresolved,
}

impl<'a> Resolver<'a> {
    /// Begins; `context` has `account`, `region` and `estate`.
    pub fn new(runbook: &'a Runbook, given: Given, context: &'a Names<'a>) -> Self {
        Self {
            // Lint has refused circles.
            order: order(&runbook.params).unwrap_or_default(),
            at: 0,
            given,
            context,
            resolved: Resolved::default(),
            blocked: BTreeSet::new(),
            failed: Unresolved::default(),
        }
    }

    /// What has to be listed next, to be answered with [`Resolver::listed`]; `None` once there is
    /// nothing more to list.
    pub fn next_listing(&mut self) -> Option<Listing> {
        while let Some(param) = self.order.get(self.at).copied() {
            let Some(Origin::Live(discovery)) = &param.from else {
                self.settle(param, None);
                continue;
            };
            let names = self.names();
            let filters: Result<BTreeMap<String, Value>, EvalError> = discovery
                .filters
                .iter()
                .map(|(name, arg)| Ok((name.value.clone(), arg.evaluate(&Type::Any, &names)?)))
                .collect();
            match filters {
                Ok(filters) => {
                    return Some(Listing {
                        param: param.name.value.clone(),
                        source: discovery.list.value,
                        filters,
                    });
                }
                Err(error) => {
                    if param.presence == Presence::Required && self.given.value(&param.name.value).is_none() {
                        self.failed.missing.push(param.name.value.clone());
                    }
                    if !self.is_blocked(discovery.filters.iter().map(|(_, arg)| arg)) {
                        self.problem(param, error.message);
                    }
                    self.block(param);
                }
            }
        }
        None
    }

    /// What was found for the parameter that [`Resolver::next_listing`] named: resources, or names.
    pub fn listed(&mut self, candidates: Vec<Value>) {
        if let Some(param) = self.order.get(self.at).copied() {
            self.settle(
                param,
                Some(Choice {
                    candidates: &candidates,
                    gap: None,
                }),
            );
        }
    }

    /// The same where there may be more than was found, and why. A value that was found is taken, with a
    /// caution; of one that was not, nobody can say that it does not exist.
    pub fn listed_in_part(&mut self, candidates: Vec<Value>, gap: &Gap) {
        if let Some(param) = self.order.get(self.at).copied() {
            self.settle(
                param,
                Some(Choice {
                    candidates: &candidates,
                    gap: Some(gap),
                }),
            );
        }
    }

    /// What could not be listed, for this reason: the parameter has no value.
    pub fn not_listed(&mut self, class: Option<ErrorClass>, why: &str) {
        if let Some(param) = self.order.get(self.at).copied() {
            self.failed.unlisted.push(Unlisted {
                param: param.name.value.clone(),
                class,
                message: format!("what there is could not be listed: {why}"),
            });
            self.block(param);
        }
    }

    /// The values that are known so far.
    pub const fn so_far(&self) -> &Resolved {
        &self.resolved
    }

    /// The values, if nothing is missing or wrong.
    pub fn finish(mut self) -> Result<Resolved, Unresolved> {
        // Whatever nobody listed cannot be relied on.
        while self.next_listing().is_some() {
            self.not_listed(None, "nobody asked");
        }
        if self.failed == Unresolved::default() {
            Ok(self.resolved)
        } else {
            Err(self.failed)
        }
    }

    fn names(&self) -> Names<'_> {
        Names::within(self.context).with("params", self.resolved.as_value())
    }

    fn problem(&mut self, param: &Param, message: impl Into<String>) {
        let name = param.name.value.clone();
        let layer = self.given.layer(&name);
        self.failed.problems.push(Problem {
            param: name,
            layer,
            message: message.into(),
        });
    }

    fn block(&mut self, param: &Param) {
        self.blocked.insert(param.name.value.clone());
        self.at += 1;
    }

    /// Whether an argument refers to a parameter without a value, which has been reported.
    fn is_blocked<'b>(&self, args: impl Iterator<Item = &'b Spanned<Arg>>) -> bool {
        args.flat_map(|arg| arg.exprs())
            .flat_map(super::expr::Expr::references)
            .any(|path| path.get(1).is_some_and(|name| self.blocked.contains(name)))
    }

    fn unlisted(&mut self, param: &Param, gap: Option<&Gap>, message: String) {
        self.failed.unlisted.push(Unlisted {
            param: param.name.value.clone(),
            class: gap.and_then(|gap| gap.class),
            message,
        });
    }

    /// Gives a parameter its value.
    fn settle(&mut self, param: &Param, choice: Option<Choice<'_>>) {
        let gap = choice.and_then(|choice| choice.gap);
        let name = &param.name.value;
        let written = match self.given.value(name) {
            Some((value, layer)) => Some((value.clone(), layer)),
            None => match &param.presence {
                Presence::Required => {
                    self.failed.missing.push(name.clone());
                    None
                }
                Presence::Optional => Some((Value::Null, Layer::Default)),
                Presence::Stored => match &param.from {
                    Some(Origin::Secret(secret)) => Some((Value::Secret(secret.clone()), Layer::Default)),
                    _ => None,
                },
                Presence::All => match (gap, choice) {
                    (Some(gap), _) => {
                        let message = format!(
                            "all that there is is wanted, and not all could be listed: {}",
                            gap.why
                        );
                        self.unlisted(param, Some(gap), message);
                        None
                    }
                    (None, choice) => {
                        let all = choice.map(|choice| choice.candidates.to_vec());
                        Some((Value::List(all.unwrap_or_default()), Layer::Found))
                    }
                },
                Presence::Default(default) => match default.evaluate(&param.written_type(), &self.names()) {
                    Ok(value) => Some((value, Layer::Default)),
                    Err(error) => {
                        if !self.is_blocked(std::iter::once(default)) {
                            self.problem(param, format!("its default has no value: {}", error.message));
                        }
                        None
                    }
                },
            },
        };
        let Some((value, layer)) = written else {
            self.block(param);
            return;
        };
        let found = match choice {
            Some(choice) => found(param, value, choice),
            None => Ok(value),
        };
        match found {
            Ok(value) => {
                let wrong = violations(param, &value);
                if wrong.is_empty() {
                    if let Some(gap) = gap.filter(|_| is_looked_up(param, &value)) {
                        self.resolved.cautions.push(format!(
                            "parameter {}: {} was found in what could be listed, which is not all that there is: {}",
                            quoted(name),
                            quoted(&value.to_string()),
                            gap.why
                        ));
                    }
                    self.resolved.values.insert(name.clone(), value);
                    self.resolved.layers.insert(name.clone(), layer);
                    self.at += 1;
                } else {
                    for message in wrong {
                        self.problem(param, message);
                    }
                    self.block(param);
                }
            }
            Err(reasons) => {
                for reason in reasons {
                    match reason {
                        Untaken::Wrong(message) => self.problem(param, message),
                        Untaken::Unknown(message) => self.unlisted(param, gap, message),
                    }
                }
                self.block(param);
            }
        }
    }
}

/// Whether a value is one of a listing, or several, rather than nothing or one of the runbook's own words.
fn is_looked_up(param: &Param, value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::List(items) => !items.is_empty(),
        value => !param.one_of.iter().any(|choice| choice.value == *value),
    }
}

/// The value with every name looked up among the candidates, or what is not among them.
fn found(param: &Param, value: Value, choice: Choice<'_>) -> Result<Value, Vec<Untaken>> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::List(items) => {
            let mut wrong = Vec::new();
            let mut looked_up: Vec<Value> = Vec::new();
            for item in items {
                match one(param, item, choice) {
                    Ok(value) if looked_up.contains(&value) => {
                        let twice = format!("{} is given twice", quoted(&value.to_string()));
                        wrong.push(Untaken::Wrong(twice));
                    }
                    Ok(value) => looked_up.push(value),
                    Err(reason) => wrong.push(reason),
                }
            }
            if wrong.is_empty() {
                Ok(Value::List(looked_up))
            } else {
                Err(wrong)
            }
        }
        value => one(param, value, choice).map_err(|reason| vec![reason]),
    }
}

fn one(param: &Param, value: Value, Choice { candidates, gap }: Choice<'_>) -> Result<Value, Untaken> {
    let Value::Text(wanted) = &value else {
        return Ok(value);
    };
    if param.one_of.iter().any(|choice| choice.value == value) {
        return Ok(value);
    }
    let name_of = |candidate: &Value| match candidate {
        Value::Resource(resource) => resource.name.clone(),
        other => other.to_string(),
    };
    let matching: Vec<&Value> = candidates
        .iter()
        .filter(|candidate| match candidate {
            Value::Resource(resource) => is_called(resource, wanted),
            other => *other == &value,
        })
        .collect();
    match (matching.as_slice(), gap) {
        ([], Some(gap)) => Err(Untaken::Unknown(format!(
            "{} could not be looked up because not all that there is could be listed: {}",
            quoted(wanted),
            gap.why
        ))),
        ([], None) => {
            let names: Vec<String> = candidates.iter().map(name_of).collect();
            let guess = nearest(wanted, names.iter().map(String::as_str));
            Err(Untaken::Wrong(match (guess, names.len()) {
                (Some(guess), _) => {
                    format!("there is no {}; did you mean {}?", quoted(wanted), quoted(guess))
                }
                (None, 0) => format!("there is no {}: nothing was found to choose from", quoted(wanted)),
                (None, 1..=8) => {
                    let all: Vec<String> = names.iter().map(|name| quoted(name)).collect();
                    format!("there is no {}; there is {}", quoted(wanted), all.join(", "))
                }
                (None, many) => format!("there is no {} among the {many} that were found", quoted(wanted)),
            }))
        }
        ([only], _) => Ok(match (only, element(&param.ty)) {
            (Value::Resource(resource), Type::Text) => Value::Text(resource.name.clone()),
            (only, _) => (*only).clone(),
        }),
        (several, _) => {
            let ids: Vec<String> = several
                .iter()
                .filter_map(|value| value.as_resource())
                .map(|resource| quoted(&resource.id))
                .collect();
            Err(Untaken::Wrong(format!(
                "{} is the name of several: give the id, one of {}",
                quoted(wanted),
                ids.join(", ")
            )))
        }
    }
}

fn is_called(resource: &Resource, wanted: &str) -> bool {
    resource.id == wanted || resource.name == wanted
}

/// The type of a list's items, or the type itself.
fn element(ty: &Type) -> &Type {
    match ty {
        Type::List(of) => of,
        other => other,
    }
}
