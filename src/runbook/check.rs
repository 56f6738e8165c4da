//! What a runbook can look at without changing anything: preconditions, verification, steps that wait.

mod acm;
mod alarm;
mod asg;
mod delivery;
mod ecs;
mod estate;
mod gpu;
mod http;
mod image;
mod lambda;
mod rds;
mod sagemaker;
mod window;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::action::{Arguments, BadArguments, ErrorClass, Unread, View};
use super::expr::{Expr, Names, Place};
use super::observe;
use super::plan::CheckItem;
use super::schema::ActionSchema;
use super::value::Value;
use crate::domain::ops::Query;
use crate::domain::savings::Savings;

/// Something that can be looked at. Implementations hold no state.
pub trait Check: Sync {
    /// The name in a runbook.
    fn name(&self) -> &'static str;

    /// What it takes; the source of lint, forms and documentation.
    fn schema(&self) -> ActionSchema;

    /// What must be read.
    ///
    /// # Errors
    /// If the arguments are not what [`Check::schema`] says.
    fn reads(&self, with: &Arguments, now: Timestamp) -> Result<Vec<Query>, BadArguments>;

    /// What the answers show.
    ///
    /// # Errors
    /// As of [`Check::reads`].
    fn judge(&self, with: &Arguments, view: &View, now: Timestamp) -> Result<Verdict, BadArguments>;

    /// What the same answers show of what is saved, for the result; `None` where nothing is measured.
    fn measured(&self, _with: &Arguments, _view: &View, _now: Timestamp) -> Option<Savings> {
        None
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds: what was seen.
    Pass(String),
    /// It does not: what was seen.
    Fail(String),
    /// It could not be seen: counts as failed.
    Unclear {
        /// What was said.
        reason: String,
        /// The sort of failure, if a read failed.
        class: Option<ErrorClass>,
    },
}

impl Verdict {
    /// Whether it holds.
    pub const fn passed(&self) -> bool {
        matches!(self, Self::Pass(_))
    }

    /// What was seen or said.
    pub fn detail(&self) -> &str {
        match self {
            Self::Pass(detail) | Self::Fail(detail) => detail,
            Self::Unclear { reason, .. } => reason,
        }
    }
}

impl From<Unread> for Verdict {
    fn from(unread: Unread) -> Self {
        Self::Unclear {
            class: unread.class(),
            reason: unread.to_string(),
        }
    }
}

/// The check that is an expression: `that` over `params` and the rest, with resources as they are now.
pub const EXPR: &str = "expr";

/// What a check of a plan must read; nothing if its arguments cannot be understood, which
/// [`judge`] then says.
pub fn reads(item: &CheckItem, names: &BTreeMap<String, Value>, now: Timestamp) -> Vec<Query> {
    if item.check == EXPR {
        let mut kinds = Vec::new();
        for value in names.values().chain(item.names.values()) {
            observe::kinds(value, &mut kinds);
        }
        let mut queries: Vec<Query> = Vec::new();
        let mut add = |query: Query| {
            if !queries.contains(&query) {
                queries.push(query);
            }
        };
        kinds.into_iter().flat_map(observe::queries).for_each(&mut add);
        // What cards do is asked for only where somebody wants to know.
        let source = item.with.get("that").and_then(serde_json::Value::as_str);
        if source.is_some_and(|source| source.contains(observe::BUSY_GPUS)) {
            observe::probes(names.values().chain(item.names.values())).for_each(add);
        }
        return queries;
    }
    find(&item.check)
        .and_then(|check| check.reads(&item.with, now).ok())
        .unwrap_or_default()
}

/// What a check of a plan measures of what is saved.
pub fn measured(item: &CheckItem, view: &View, now: Timestamp) -> Option<Savings> {
    find(&item.check)?.measured(&item.with, view, now)
}

/// What a check of a plan finds. What cannot be judged has not passed.
pub fn judge(item: &CheckItem, names: &BTreeMap<String, Value>, view: &View, now: Timestamp) -> Verdict {
    let unclear = |reason: String| Verdict::Unclear { reason, class: None };
    if item.check == EXPR {
        return judge_expression(item, names, view);
    }
    match find(&item.check) {
        None => unclear(format!("this version does not know the check {}", item.check)),
        Some(check) => check
            .judge(&item.with, view, now)
            .unwrap_or_else(|error| unclear(error.to_string())),
    }
}

fn judge_expression(item: &CheckItem, names: &BTreeMap<String, Value>, view: &View) -> Verdict {
    let unclear = |reason: String| Verdict::Unclear { reason, class: None };
    let Some(source) = item.with.get("that").and_then(serde_json::Value::as_str) else {
        return unclear("the check has no expression".to_owned());
    };
    let mut own = Names::new();
    for (name, value) in names.iter().chain(&item.names) {
        match observe::refreshed(value, view) {
            Ok(value) => own.set(name.clone(), value),
            Err(unread) => return unread.into(),
        }
    }
    match holds(source, &own) {
        Ok(true) => Verdict::Pass(format!("`{source}` holds")),
        Ok(false) => Verdict::Fail(format!("`{source}` does not hold")),
        Err(error) => unclear(format!("`{source}`: {error}")),
    }
}

/// Whether a bare expression holds.
///
/// # Errors
/// If it has no value, or one that is neither true nor false.
pub fn holds(source: &str, names: &Names<'_>) -> Result<bool, String> {
    let expr = Expr::parse(source, Place::own()).map_err(|error| error.message)?;
    expr.holds(names).map_err(|error| error.to_string())
}

/// Every check, by name.
pub static ALL: &[&dyn Check] = &[
    &acm::Validated,
    &alarm::State,
    &asg::NoActivityInProgress,
    &asg::RefreshSettled,
    &ecs::Settled,
    &http::Health,
    &image::RunsTag,
    &lambda::Routed,
    &window::Window,
    &delivery::PipelinesIdle,
    &delivery::StackIdle,
    &estate::RESTS,
    &estate::IS_AWAKE,
    &gpu::IS_DOWN,
    &gpu::IS_UP,
    &rds::Available,
    &rds::Restored,
    &rds::SameSettings,
    &rds::SameClusterSettings,
    &sagemaker::Serves,
    &sagemaker::NotebooksOff,
];

/// The check of that name.
pub fn find(name: &str) -> Option<&'static dyn Check> {
    ALL.iter().copied().find(|check| check.name() == name)
}
