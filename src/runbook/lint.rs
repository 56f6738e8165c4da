//! Whether a runbook makes sense: every name leads somewhere, every type fits, every action exists
//! and gets what it needs, and nothing is less careful than the actions demand.

mod action;
mod args;
mod params;
mod steps;

use std::collections::{BTreeSet, HashMap, HashSet};

use super::expr::{Expr, Known, Template};
use super::model::{Arg, Check, CheckCall, Guard, GuardOn, Runbook, Spanned};
use super::schema::{Catalogue, Role};
use super::types::Type;
use crate::domain::diagnostic::{Diagnostic, Span, quoted};
use crate::domain::document::{Node, Value as Tree};
use crate::domain::policy::ConfirmLevel;

/// What was in the file and could not be read: references to it are not reported again.
pub(super) struct Lost {
    params: Vec<String>,
    results: Vec<String>,
    broken: HashSet<Span>,
    /// Whether anything at all could not be read.
    is_partial: bool,
}

impl Lost {
    /// What is in the tree as it was written and not in the runbook.
    pub(super) fn between(root: &Node, runbook: &Runbook, broken: HashSet<Span>, is_partial: bool) -> Self {
        let params = match root.get("params").map(|params| &params.value) {
            Some(Tree::Map(entries)) => entries.iter().map(|entry| entry.key.text.clone()).collect(),
            _ => Vec::new(),
        };
        let mut results = Vec::new();
        if is_partial {
            registers(root, &mut results);
        }
        let read: Vec<&str> = runbook
            .all_steps()
            .into_iter()
            .filter_map(registered)
            .map(|(_, name)| name.value.as_str())
            .collect();
        results.retain(|name| !read.contains(&name.as_str()));
        Self {
            params: params
                .into_iter()
                .filter(|name| runbook.param(name).is_none())
                .collect(),
            results,
            broken,
            is_partial,
        }
    }
}

/// Every name under a `register` key.
fn registers(node: &Node, names: &mut Vec<String>) {
    match &node.value {
        Tree::Map(entries) => {
            for entry in entries {
                match &entry.value.value {
                    Tree::Text(name) if entry.key.text == "register" => names.push(name.clone()),
                    _ => registers(&entry.value, names),
                }
            }
        }
        Tree::List(items) => items.iter().for_each(|item| registers(item, names)),
        Tree::Null | Tree::Bool(_) | Tree::Integer(_) | Tree::Float(_) | Tree::Text(_) => {}
    }
}

/// Reports everything that does not make sense.
pub(super) fn lint(runbook: &Runbook, catalogue: &Catalogue, lost: &Lost, found: &mut Vec<Diagnostic>) {
    let mut lint = Lint {
        runbook,
        catalogue,
        lost,
        found,
        base: Known::new(),
        results: Vec::new(),
        registers: HashMap::new(),
        ids: HashMap::new(),
        floor: None,
        used: BTreeSet::new(),
        part: Part::Steps,
    };
    lint.run();
}

/// The action that demands most of the person who confirms.
struct Floor {
    level: ConfirmLevel,
    action: String,
    span: Span,
}

/// In which list of steps lint is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// `steps`, and the `block` of a step.
    Steps,
    /// The `rescue` of a block.
    Rescue,
    /// The `always` of a block.
    Cleanup,
    /// The `always` of the runbook.
    End,
    /// The `undo` of a step.
    Undo,
}

struct Lint<'a> {
    runbook: &'a Runbook,
    catalogue: &'a Catalogue,
    lost: &'a Lost,
    found: &'a mut Vec<Diagnostic>,
    /// Names that are known everywhere.
    base: Known,
    /// What has been registered so far.
    results: Vec<(String, Type)>,
    /// Everything that is registered anywhere, and by which step.
    registers: HashMap<String, (String, Span)>,
    ids: HashMap<String, Span>,
    floor: Option<Floor>,
    /// Parameters that something refers to.
    used: BTreeSet<String>,
    part: Part,
}

impl Lint<'_> {
    fn run(&mut self) {
        self.base = base(self.runbook, self.lost);
        for (step, name) in self.runbook.all_steps().into_iter().filter_map(registered) {
            self.registers
                .entry(name.value.clone())
                .or_insert_with(|| (step, name.span));
        }
        self.params();
        self.offers();
        for check in &self.runbook.preconditions {
            if check.within.is_some() {
                self.error(
                    check.span,
                    "a precondition is looked at once, `within` is for verify",
                    "",
                );
            }
            self.check(check, &self.base.clone());
        }
        for guard in &self.runbook.guards {
            self.guard(guard);
        }
        self.steps(&self.runbook.steps, None);
        let known = self.known();
        for check in &self.runbook.verify {
            self.check(check, &known);
        }
        self.afterwards();
        self.always();
        self.confirm();
        self.unused();
        if self.runbook.verify.is_empty() && !self.lost.is_partial {
            let span = self.runbook.name.span;
            self.found.push(
                Diagnostic::warning(span, "this runbook has no `verify`")
                    .label("a run that nothing proves is only said to have succeeded"),
            );
        }
    }

    fn error(&mut self, span: Span, message: impl Into<String>, label: impl Into<String>) {
        self.found.push(Diagnostic::error(span, message).label(label));
    }

    fn warn(&mut self, span: Span, message: impl Into<String>, label: impl Into<String>) {
        self.found.push(Diagnostic::warning(span, message).label(label));
    }

    /// What steps see at this point.
    fn known(&self) -> Known {
        let mut known = self.base.clone();
        let mut results = self.results.clone();
        results.extend(self.lost.results.iter().map(|name| (name.clone(), Type::Any)));
        known.set("results", Type::Record(results));
        for (name, (step, _)) in &self.registers {
            if !self.results.iter().any(|(own, _)| own == name) {
                let why = format!(
                    "step {} registers it, which is not done before this",
                    quoted(step)
                );
                known.explain(&["results", name], why);
            }
        }
        known
    }

    /// The type of an expression, and what is wrong with it.
    fn expr(&mut self, expr: &Expr, known: &Known) -> Type {
        for path in expr.references() {
            if let [root, name, ..] = path.as_slice()
                && root == "params"
            {
                self.used.insert(name.clone());
            } else if path == ["params"] {
                // Whoever takes all of them uses each.
                self.used
                    .extend(self.runbook.params.iter().map(|param| param.name.value.clone()));
            }
        }
        expr.check(known, self.found)
    }

    fn template(&mut self, template: &Template, known: &Known) {
        let exprs: Vec<Expr> = template.exprs().cloned().collect();
        for expr in &exprs {
            self.note_references(expr);
        }
        template.check(known, self.found);
    }

    fn note_references(&mut self, expr: &Expr) {
        for path in expr.references() {
            if let [root, name, ..] = path.as_slice()
                && root == "params"
            {
                self.used.insert(name.clone());
            }
        }
    }

    /// An expression that must be true or false.
    fn condition(&mut self, expr: &Expr, known: &Known) {
        let ty = self.expr(expr, known);
        match ty {
            Type::Bool | Type::Any => {}
            Type::Optional(of) if *of == Type::Bool => {
                self.error(
                    expr.span(),
                    "this may be nothing",
                    "say what counts then: `?? false`",
                );
            }
            other => {
                let message = format!(
                    "a condition is true or false, this is {}",
                    args::described(&other)
                );
                self.error(expr.span(), message, "");
            }
        }
    }

    /// The type of the items that an expression lists.
    fn items(&mut self, expr: &Expr, known: &Known) -> Type {
        match self.expr(expr, known) {
            Type::List(of) => *of,
            Type::Any => Type::Any,
            Type::Optional(of) if matches!(of.as_ref(), Type::List(_)) => {
                self.error(expr.span(), "this list may be nothing", "write `?? []` behind it");
                Type::Any
            }
            other => {
                let message = format!("`for_each` takes a list, this is {}", args::described(&other));
                self.error(expr.span(), message, "");
                Type::Any
            }
        }
    }

    /// What is known where there is no list, or none that could be read.
    fn without_list(&self, known: &Known, whole: Span) -> Known {
        let known = known.clone();
        if self.lost.broken.contains(&whole) {
            known.with("each", Type::Any)
        } else {
            known
        }
    }

    fn check(&mut self, check: &Check, known: &Known) {
        let inner = match &check.for_each {
            Some(list) => {
                let item = self.items(list, known);
                known.clone().with("each", item)
            }
            None => self.without_list(known, check.span),
        };
        if let Some(when) = &check.when {
            self.condition(when, &inner);
            self.constant(when, check.span);
        }
        if let Some(message) = &check.message {
            self.template(message, &inner);
        }
        self.check_call(&check.call, &inner);
    }

    fn check_call(&mut self, call: &CheckCall, known: &Known) {
        match call {
            CheckCall::Expr(expr) => {
                self.condition(expr, known);
                self.known_in_plan([expr], "a check");
            }
            CheckCall::Named { name, with } => {
                let Some(schema) = self.schema(name, Role::Check) else {
                    return;
                };
                self.inputs(name, with, &schema, known);
                self.known_in_plan(with.iter().flat_map(|input| input.arg.exprs()), "a check");
            }
        }
    }

    /// Whether an expression gives a list; what is wrong with it is said where it is checked.
    fn is_list(&mut self, expr: &Expr, known: &Known) -> bool {
        let before = self.found.len();
        let ty = self.expr(expr, known);
        self.found.truncate(before);
        matches!(ty, Type::List(_))
    }

    fn guard(&mut self, guard: &Guard) {
        let known = self.base.clone();
        match &guard.on {
            GuardOn::Alarm(alarm) => {
                let want = match &alarm.name.value {
                    Arg::Expr(expr) if self.is_list(expr, &known) => Type::list(Type::Text),
                    Arg::List(_) => Type::list(Type::Text),
                    Arg::Literal(_) | Arg::Expr(_) | Arg::Template(_) | Arg::Map(_) => Type::Text,
                };
                self.arg(&alarm.name, &want, &known, "the alarm's name");
            }
            GuardOn::Check(call) => self.check_call(call, &known),
        }
        if guard.every > self.runbook.limits.deadline {
            self.error(
                guard.span,
                "this guard would not be looked at before the deadline",
                "",
            );
        }
    }

    fn always(&mut self) {
        // Nothing is sure to have been done.
        for (_, ty) in &mut self.results {
            *ty = Type::optional(ty.clone());
        }
        let run = match self.base.get("run") {
            Some(Type::Record(fields)) => {
                let mut fields = fields.clone();
                fields.push(("status".to_owned(), Type::Text));
                fields.push(("summary".to_owned(), Type::Text));
                Type::Record(fields)
            }
            _ => Type::Any,
        };
        self.base.set("run", run);
        self.part = Part::End;
        self.steps(&self.runbook.always, None);
        self.part = Part::Steps;
    }

    /// Refuses what is only known at the end of the run where it would have to be known in the plan.
    fn known_in_plan<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>, what: &str) {
        for expr in exprs {
            if self.part == Part::End && is_late(expr) {
                self.error(
                    expr.span(),
                    format!("{what} cannot depend on how the run went"),
                    "`run.status` and `run.summary` stand in `when` and in texts of actions",
                );
            }
        }
    }

    fn confirm(&mut self) {
        let (Some(level), Some(floor)) = (&self.runbook.confirm.level, &self.floor) else {
            return;
        };
        if level.value < floor.level {
            let diagnostic = Diagnostic::error(
                level.span,
                format!(
                    "the level `{}` is below what {} demands",
                    level_name(level.value),
                    quoted(&floor.action)
                ),
            )
            .label(format!("at least `{}`", level_name(floor.level)))
            .note("a runbook may demand more than its actions, never less")
            .related(floor.span, "demanded by this");
            self.found.push(diagnostic);
        }
    }

    fn unused(&mut self) {
        if self.lost.is_partial {
            return;
        }
        for param in &self.runbook.params {
            if !self.used.contains(&param.name.value) {
                let message = format!("nothing uses the parameter {}", quoted(&param.name));
                self.warn(param.name.span, message, "");
            }
        }
    }

    /// Says so if a condition can only ever be one thing.
    fn constant(&mut self, condition: &Expr, whole: Span) {
        if !condition.references().is_empty() {
            return;
        }
        match condition.holds(&super::expr::Names::new()) {
            Ok(false) => {
                let label = format!("`{}` is never true", condition.source());
                self.warn(whole, "this is never done", label);
            }
            Ok(true) => self.warn(condition.span(), "this is always true", "leave the condition out"),
            // What is wrong with it has been reported.
            Err(_) => {}
        }
    }
}

/// Whether an expression depends on how the run went.
pub(super) fn is_late(expr: &Expr) -> bool {
    expr.references().iter().any(|path| {
        let mut path = path.iter().map(String::as_str);
        path.next() == Some("run") && matches!(path.next(), Some("status" | "summary"))
    })
}

/// What a level is called in a runbook.
pub(super) const fn level_name(level: ConfirmLevel) -> &'static str {
    match level {
        ConfirmLevel::None => "none",
        ConfirmLevel::Ack => "ack",
        ConfirmLevel::TypeName => "type_name",
    }
}

fn registered(step: &super::model::Step) -> Option<(String, &Spanned<String>)> {
    match &step.body {
        super::model::Body::Action(action) => Some((step.id.value.clone(), action.register.as_ref()?)),
        _ => None,
    }
}

/// The names that expressions know everywhere: `params`, `account`, `region`, `estate`, `run`.
fn base(runbook: &Runbook, lost: &Lost) -> Known {
    let mut fields: Vec<(String, Type)> = runbook
        .params
        .iter()
        .map(|param| (param.name.value.clone(), param.value_type()))
        .collect();
    fields.extend(lost.params.iter().map(|name| (name.clone(), Type::Any)));
    let mut known = global_names().with("params", Type::Record(fields));
    known.explain(&["each"], "only with `for_each`");
    known.explain(&["live"], "only in `wait`");
    known.explain(&["before"], "only in the steps of `undo`");
    known.explain(
        &["resource"],
        "only in `offers`, and in `afterwards` with a `kind`",
    );
    known.explain(&["results"], "nothing has been done yet");
    known.explain(&["run", "status"], "only in `always`");
    known.explain(&["run", "summary"], "only in `always`");
    known
}

/// The names that are the same for every runbook.
pub fn global_names() -> Known {
    Known::new()
        .with(
            "account",
            Type::record([("id", Type::Text), ("name", Type::optional(Type::Text))]),
        )
        .with("region", Type::Text)
        .with(
            "estate",
            Type::record([
                ("name", Type::optional(Type::Text)),
                ("environment", Type::Text),
                ("guard_alarms", Type::list(Type::Text)),
            ]),
        )
        .with(
            "run",
            Type::record([
                ("id", Type::Text),
                ("runbook", Type::Text),
                ("operator", Type::Text),
                ("reason", Type::optional(Type::Text)),
                ("started_at", Type::Time),
            ]),
        )
}
