//! From `x` to a run: which runbook, its parameters, its plan. One stage above the other; Esc goes one
//! back.

use std::sync::Arc;

use crate::app::runs::Prepared;
use crate::app::runs::book::Book;
use crate::app::runs::form::Form;
use crate::app::runs::offers::Offer;
use crate::domain::scope::ScopeName;
use crate::runbook::params::Resolved;

/// A run that is being prepared.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// What it is for, in a line; safe for a terminal. Empty for a runbook that was called by name.
    pub title: String,
    /// The stages so far, the one in front last; never empty.
    pub stages: Vec<Stage>,
}

/// A stage of the preparation.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Where a runbook that was called by name is to run.
    Where {
        /// What is to run.
        offer: Offer,
        /// The scopes, and what tells them from each other.
        scopes: Vec<(ScopeName, String)>,
        /// The highlighted one.
        at: usize,
    },
    /// Which of several runbooks.
    Choose {
        /// Where.
        scope: ScopeName,
        /// Those that apply, best first.
        offers: Vec<Offer>,
        /// The highlighted one.
        at: usize,
    },
    /// The parameters.
    Form(Box<Form>),
    /// The plan.
    Plan(Box<Planning>),
}

/// A plan that is made, shown, or could not be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Planning {
    /// The ticket of the question.
    pub ticket: u64,
    /// What is planned.
    pub book: Book,
    /// Where.
    pub scope: ScopeName,
    /// With these parameters.
    pub resolved: Resolved,
    /// How far it is.
    pub state: PlanState,
    /// Whether it was drawn as it is: until then, nothing confirms it.
    pub is_painted: bool,
    /// Whether the run is being started.
    pub is_starting: bool,
}

/// How far a plan is.
#[derive(Debug, Clone, PartialEq)]
pub enum PlanState {
    /// AWS is read.
    Making,
    /// It is there.
    Ready(Prepared),
    /// There is none: why, a reason each.
    Refused(Vec<String>),
}

impl Flow {
    /// The stage in front.
    pub fn front(&self) -> Option<&Stage> {
        self.stages.last()
    }

    /// The form in front.
    pub fn form(&mut self) -> Option<&mut Form> {
        match self.stages.last_mut() {
            Some(Stage::Form(form)) => Some(form),
            Some(Stage::Where { .. } | Stage::Choose { .. } | Stage::Plan(_)) | None => None,
        }
    }

    /// The plan in front, however far it is.
    pub fn planning(&self) -> Option<&Planning> {
        match self.front() {
            Some(Stage::Plan(planning)) => Some(planning),
            Some(Stage::Where { .. } | Stage::Choose { .. } | Stage::Form(_)) | None => None,
        }
    }

    /// The same, to be changed.
    pub fn planning_mut(&mut self) -> Option<&mut Planning> {
        match self.stages.last_mut() {
            Some(Stage::Plan(planning)) => Some(planning),
            Some(Stage::Where { .. } | Stage::Choose { .. } | Stage::Form(_)) | None => None,
        }
    }
}

impl Planning {
    /// The plan, once it is there.
    pub const fn ready(&self) -> Option<&Prepared> {
        match &self.state {
            PlanState::Ready(prepared) => Some(prepared),
            PlanState::Making | PlanState::Refused(_) => None,
        }
    }

    /// The plan itself.
    pub fn plan(&self) -> Option<&Arc<crate::runbook::plan::Plan>> {
        self.ready().map(|prepared| &prepared.plan)
    }
}
