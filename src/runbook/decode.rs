//! From a tree of the right shape to the model: durations, types, patterns and expressions are read,
//! and what cannot be is reported with its place. Whether it all makes sense together is
//! [`super::lint`]'s question.

mod checks;
mod params;
mod steps;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::SignedDuration;

use super::expr::{Expr, Place, Template, Text};
use super::model::{Afterwards, Arg, Confirm, Input, Limits, Offer, OnFailure, Runbook, Spanned, Target};
use super::value::{Value, parse_duration};
use crate::domain::diagnostic::{Diagnostic, Source, Span, quoted};
use crate::domain::document::{Node, Value as Tree};
use crate::domain::glob::Glob;
use crate::domain::policy::ConfirmLevel;

/// The longest time that a wait or a deadline may take. RDS restores take hours, nothing takes a
/// week.
pub(super) const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What became of a runbook that another one uses.
pub(super) enum Used {
    /// It can be used.
    Ready(Arc<Runbook>),
    /// It has mistakes of its own, reported elsewhere, or cannot be used, for the reason given.
    Unusable {
        /// In one line without a full stop.
        message: String,
        /// What to do.
        label: String,
    },
}

/// Finds a runbook by the name that a step gives.
pub(super) type FindUsed<'a> = dyn FnMut(&str) -> Used + 'a;

/// A runbook as far as it could be read.
pub(super) struct Decoded {
    pub(super) runbook: Runbook,
    /// What could not be read.
    pub(super) found: Vec<Diagnostic>,
    /// Places that something is missing from for that reason: nobody is to complain of it again.
    pub(super) broken: HashSet<Span>,
}

pub(super) struct Decoder<'a> {
    source: &'a Source,
    find_used: &'a mut FindUsed<'a>,
    found: Vec<Diagnostic>,
    broken: HashSet<Span>,
    /// Steps without a name of their own are named by their number.
    steps: usize,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(source: &'a Source, find_used: &'a mut FindUsed<'a>) -> Self {
        Self {
            source,
            find_used,
            found: Vec::new(),
            broken: HashSet::new(),
            steps: 0,
        }
    }

    pub(super) fn runbook(mut self, root: &Node, digest: String) -> Decoded {
        let name = Self::text(root, "name").unwrap_or_default();
        self.identifier(&name, "the name of a runbook", &['-']);
        let runbook = Runbook {
            title: Self::text(root, "title").unwrap_or_default().value,
            description: Self::text(root, "description").unwrap_or_default().value,
            owner: Self::text(root, "owner").map(|owner| owner.value),
            digest,
            params: self.params(root),
            target: self.target(root.get("target")),
            limits: self.limits(root.get("limits")),
            offers: self.each(root, "offers", Self::offer),
            preconditions: self.each(root, "preconditions", Self::check),
            guards: self.each(root, "guards", Self::guard),
            confirm: self.confirm(root.get("confirm")),
            steps: self.each(root, "steps", Self::step),
            verify: self.each(root, "verify", Self::check),
            on_failure: match Self::text(root, "on_failure").as_deref().map(String::as_str) {
                Some("stop") => OnFailure::Stop,
                _ => OnFailure::Rollback,
            },
            always: self.each(root, "always", Self::step),
            afterwards: self.each(root, "afterwards", Self::afterwards),
            name,
        };
        Decoded {
            runbook,
            found: self.found,
            broken: self.broken,
        }
    }

    pub(super) fn error(&mut self, span: Span, message: impl Into<String>, label: impl Into<String>) {
        self.found.push(Diagnostic::error(span, message).label(label));
    }

    /// Whatever can be read of a list.
    fn each<T>(&mut self, node: &Node, key: &str, read: fn(&mut Self, &Node) -> Option<T>) -> Vec<T> {
        match node.get(key).map(|list| &list.value) {
            Some(Tree::List(items)) => items.iter().filter_map(|item| read(self, item)).collect(),
            _ => Vec::new(),
        }
    }

    fn text(node: &Node, key: &str) -> Option<Spanned<String>> {
        let node = node.get(key)?;
        match &node.value {
            Tree::Text(text) => Some(Spanned::new(node.span, text.clone())),
            _ => None,
        }
    }

    fn count(node: &Node, key: &str) -> Option<u32> {
        match node.get(key)?.value {
            Tree::Integer(number) => u32::try_from(number).ok(),
            _ => None,
        }
    }

    fn switch(node: &Node, key: &str) -> bool {
        matches!(node.get(key).map(|node| &node.value), Some(Tree::Bool(true)))
    }

    /// A length of time between a second and a week.
    fn duration(&mut self, node: &Node, key: &str) -> Option<SignedDuration> {
        let text = Self::text(node, key)?;
        match parse_duration(&text) {
            Ok(duration) if duration < SignedDuration::from_secs(1) => {
                let message = format!("`{key}` cannot be {}", quoted(&text));
                self.error(text.span, message, "at least 1s");
                None
            }
            Ok(duration) if duration > LONGEST => {
                let message = format!("`{key}` cannot be {}", quoted(&text));
                self.error(text.span, message, "at most 7d");
                None
            }
            Ok(duration) => Some(duration),
            Err(error) => {
                self.error(text.span, error.to_string(), "");
                None
            }
        }
    }

    /// An expression-only field.
    fn expr(&mut self, node: &Node, key: &str) -> Option<Expr> {
        let node = node.get(key)?;
        match &node.value {
            Tree::Text(text) => self.parsed(node, text),
            Tree::Bool(value) => self.parsed(node, if *value { "true" } else { "false" }),
            _ => None,
        }
    }

    /// The list under `for_each`; if it cannot be read, `each` may be anything.
    fn for_each(&mut self, node: &Node) -> Option<Expr> {
        let list = self.expr(node, "for_each");
        if list.is_none() && node.get("for_each").is_some() {
            self.broken.insert(node.span);
        }
        list
    }

    fn parsed(&mut self, node: &Node, text: &str) -> Option<Expr> {
        match Expr::parse(text, Place::of(self.source, node, text)) {
            Ok(expr) => Some(expr),
            Err(diagnostic) => {
                self.found.push(diagnostic);
                None
            }
        }
    }

    /// A value with `${…}` in its texts.
    pub(super) fn arg(&mut self, node: &Node) -> Option<Arg> {
        Some(match &node.value {
            Tree::Null => Arg::Literal(Value::Null),
            Tree::Bool(value) => Arg::Literal(Value::Bool(*value)),
            Tree::Integer(number) => Arg::Literal(Value::Int(*number)),
            Tree::Float(number) if number.is_finite() => Arg::Literal(Value::Number(*number)),
            Tree::Float(_) => {
                self.error(node.span, "this is not a finite number", "");
                return None;
            }
            Tree::Text(text) => match Text::parse(text, Place::of(self.source, node, text)) {
                Ok(Text::Plain(text)) => Arg::Literal(Value::Text(text)),
                Ok(Text::Expr(expr)) => Arg::Expr(expr),
                Ok(Text::Template(template)) => Arg::Template(template),
                Err(found) => {
                    self.found.extend(found);
                    return None;
                }
            },
            Tree::List(items) => {
                let args: Vec<_> = items
                    .iter()
                    .map(|item| Some(Spanned::new(item.span, self.arg(item)?)))
                    .collect();
                Arg::List(args.into_iter().collect::<Option<_>>()?)
            }
            Tree::Map(entries) => Arg::Map(
                entries
                    .iter()
                    .map(|entry| self.input(&entry.key.text, entry.key.span, &entry.value))
                    .collect(),
            ),
        })
    }

    /// A key with its value; one that cannot be read is kept as nothing, so that it is not missed.
    fn input(&mut self, name: &str, span: Span, value: &Node) -> Input {
        let arg = self.arg(value).unwrap_or_else(|| {
            self.broken.insert(value.span);
            Arg::Literal(Value::Null)
        });
        Input {
            name: Spanned::new(span, name.to_owned()),
            arg: Spanned::new(value.span, arg),
        }
    }

    fn inputs(&mut self, node: &Node, key: &str) -> Vec<Input> {
        match node.get(key).map(|node| &node.value) {
            Some(Tree::Map(entries)) => entries
                .iter()
                .map(|entry| self.input(&entry.key.text, entry.key.span, &entry.value))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn template(&mut self, node: &Node, key: &str) -> Option<Template> {
        let node = node.get(key)?;
        match self.arg(node)? {
            Arg::Literal(value) => Some(Template::plain(value.to_string())),
            Arg::Expr(expr) => Some(Template::of(expr)),
            Arg::Template(template) => Some(template),
            Arg::List(_) | Arg::Map(_) => None,
        }
    }

    /// Refuses names that could not stand where they are used.
    pub(super) fn identifier(&mut self, name: &Spanned<String>, what: &str, also: &[char]) {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || also.contains(&c);
        let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase());
        if name.value.is_empty() || (starts_well && name.len() <= 60 && name.chars().all(allowed)) {
            return;
        }
        let also: String = also.iter().map(|c| format!(" and `{c}`")).collect();
        let message = format!("{} cannot be {what}", quoted(name));
        self.found
            .push(Diagnostic::error(name.span, message).note(format!(
                "up to 60 small letters, digits, `_`{also}, beginning with a letter"
            )));
    }

    fn target(&mut self, node: Option<&Node>) -> Target {
        let Some(node) = node else {
            return Target::default();
        };
        let accounts = self.texts(node, "accounts");
        for account in &accounts {
            if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
                let message = format!("{} is not an account id", quoted(account));
                self.error(account.span, message, "twelve digits");
            }
        }
        let regions = self.texts(node, "regions");
        for region in &regions {
            let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if !region.chars().all(allowed) || !region.contains('-') {
                let message = format!("{} is not a region", quoted(region));
                self.error(region.span, message, "such as `ap-northeast-2`");
            }
        }
        Target { accounts, regions }
    }

    fn texts(&mut self, node: &Node, key: &str) -> Vec<Spanned<String>> {
        self.each(node, key, |_, item| match &item.value {
            Tree::Text(text) => Some(Spanned::new(item.span, text.clone())),
            _ => None,
        })
    }

    fn limits(&mut self, node: Option<&Node>) -> Limits {
        let Some(node) = node else {
            return Limits::default();
        };
        Limits {
            max_targets: Self::count(node, "max_targets"),
            max_removed: Self::count(node, "max_removed"),
            max_runs_per_hour: Self::count(node, "max_runs_per_hour"),
            deadline: self.duration(node, "deadline").unwrap_or(Limits::DEADLINE),
            rollback_deadline: self
                .duration(node, "rollback_deadline")
                .unwrap_or(Limits::ROLLBACK_DEADLINE),
        }
    }

    /// Expressions by name.
    fn expressions(&mut self, node: &Node, key: &str) -> Vec<(Spanned<String>, Expr)> {
        match node.get(key).map(|set| &set.value) {
            Some(Tree::Map(entries)) => entries
                .iter()
                .filter_map(|entry| {
                    let Tree::Text(text) = &entry.value.value else {
                        return None;
                    };
                    let name = Spanned::new(entry.key.span, entry.key.text.clone());
                    Some((name, self.parsed(&entry.value, text)?))
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    fn afterwards(&mut self, node: &Node) -> Option<Afterwards> {
        let runbook = Self::text(node, "runbook")?;
        self.identifier(&runbook, "the name of a runbook", &['-']);
        let kind = match Self::text(node, "kind") {
            Some(kind) => Some(Spanned::new(kind.span, kind.parse().ok()?)),
            None => None,
        };
        Some(Afterwards {
            about: Self::text(node, "about")?.value,
            when: self.expr(node, "when"),
            kind,
            set: self.expressions(node, "set"),
            runbook,
        })
    }

    fn offer(&mut self, node: &Node) -> Option<Offer> {
        let kind = Self::text(node, "kind")?;
        let rules = self.texts(node, "rules");
        let set = self.expressions(node, "set");
        Some(Offer {
            kind: Spanned::new(kind.span, kind.parse().ok()?),
            rules: rules
                .into_iter()
                .map(|rule| Spanned::new(rule.span, Glob::new(rule.value)))
                .collect(),
            set,
        })
    }

    fn confirm(&mut self, node: Option<&Node>) -> Confirm {
        let Some(node) = node else {
            return Confirm::default();
        };
        let level = Self::text(node, "level").and_then(|word| {
            let level = match word.as_str() {
                "ack" => ConfirmLevel::Ack,
                "type_name" => ConfirmLevel::TypeName,
                "two_person" => {
                    self.error(
                        word.span,
                        "the level `two_person` is reserved and cannot be used yet",
                        "use `type_name`, and let the approval of your CI be the second person",
                    );
                    return None;
                }
                _ => ConfirmLevel::None,
            };
            Some(Spanned::new(word.span, level))
        });
        Confirm {
            level,
            expires: self.duration(node, "expires").unwrap_or(Confirm::EXPIRES),
        }
    }
}

impl Default for Spanned<String> {
    fn default() -> Self {
        Self::new(Span::default(), String::new())
    }
}

/// A literal of the tree, without looking for expressions.
pub(in crate::runbook) fn literal(node: &Node) -> Option<Value> {
    Some(match &node.value {
        Tree::Null => Value::Null,
        Tree::Bool(value) => Value::Bool(*value),
        Tree::Integer(number) => Value::Int(*number),
        Tree::Float(number) => Value::Number(Some(*number).filter(|number| number.is_finite())?),
        Tree::Text(text) => Value::Text(text.clone()),
        Tree::List(items) => Value::List(items.iter().map(literal).collect::<Option<_>>()?),
        Tree::Map(entries) => {
            let entries = entries
                .iter()
                .map(|entry| Some((entry.key.text.clone(), literal(&entry.value)?)));
            Value::Map(entries.collect::<Option<BTreeMap<_, _>>>()?)
        }
    })
}
