//! Puts a plan together from steps whose arguments are resolved. Each change is planned against the
//! answers as the changes before it will leave them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value as Json;

use super::{
    Afterwards, BlastRadius, CheckItem, Confirm, Cost, FailurePolicy, Guard, GuardCheck, Plan, PlanError,
    PlanIdentity, RunbookRef, SCHEMA, Step,
};
use crate::domain::ops::Token;
use crate::domain::policy::{BusinessHours, ConfirmLevel};
use crate::domain::savings::{Night, Off};
use crate::runbook::action::{self, Action, Arguments, Change, Refusal, Site, Stamp, Undo, View};
use crate::runbook::value::Value;

/// A plan being put together.
#[derive(Debug)]
pub struct Assembly<'a> {
    /// The answers, with every change so far written into them.
    view: View,
    site: Site<'a>,
    changes: Vec<Change>,
    steps: Vec<Step>,
    warnings: Vec<String>,
    skipped: Vec<String>,
    /// How many seconds savings last each time, where they are put back every morning.
    off_s: Option<u64>,
    /// Instances that were off until now.
    was_off: Vec<Off>,
}

/// What surrounds the steps of a plan.
#[derive(Debug, Clone)]
pub struct Frame {
    /// What is run.
    pub runbook: RunbookRef,
    /// Whom and where it is for.
    pub identity: PlanIdentity,
    /// The parameters, for people.
    pub params: BTreeMap<String, Json>,
    /// What expressions see while the run is under way.
    pub names: BTreeMap<String, Value>,
    /// When it is made, on the user's clock.
    pub created_at: Timestamp,
    /// When it expires, on the user's clock.
    pub expires_at: Timestamp,
    /// The least confirmation that the runbook and the estate ask for.
    pub confirm_at_least: ConfirmLevel,
    /// What must hold before.
    pub preconditions: Vec<CheckItem>,
    /// What is watched.
    pub guards: Vec<Guard>,
    /// Checks that must go on holding.
    pub guard_checks: Vec<GuardCheck>,
    /// What must hold at the end.
    pub verify: Vec<CheckItem>,
    /// What to do on failure.
    pub on_failure: FailurePolicy,
    /// Seconds that going forward may take.
    pub deadline_s: u64,
    /// Seconds that taking back may take.
    pub rollback_deadline_s: u64,
    /// Runs within an hour.
    pub max_runs_per_hour: Option<u32>,
    /// What is offered once it has succeeded.
    pub afterwards: Vec<Afterwards>,
}

impl<'a> Assembly<'a> {
    /// Begins with what was read.
    pub const fn new(view: View, site: Site<'a>) -> Self {
        Self {
            view,
            site,
            changes: Vec::new(),
            steps: Vec::new(),
            warnings: Vec::new(),
            skipped: Vec::new(),
            off_s: None,
            was_off: Vec::new(),
        }
    }

    /// The answers, as the changes so far leave them.
    pub const fn view(&self) -> &View {
        &self.view
    }

    /// Goes on from other answers: what a block's rescue does is not there for the steps after it.
    pub fn look_from(&mut self, view: View) {
        self.view = view;
    }

    /// Plans an action. Gives the places of its changes; none if all is as wanted already.
    ///
    /// # Errors
    /// If the action refuses.
    pub fn plan(&mut self, action: &dyn Action, with: &Arguments) -> Result<Vec<usize>, Refusal> {
        let proposal = action.plan(with, &self.view, &self.site)?;
        for warning in proposal.warnings {
            self.warn(warning);
        }
        self.skipped.extend(proposal.skipped);
        if let Some(seconds) = proposal.off_s {
            self.off_s = Some(self.off_s.map_or(seconds, |other| other.min(seconds)));
        }
        self.was_off.extend(proposal.was_off);
        let mut places = Vec::with_capacity(proposal.changes.len());
        for mut change in proposal.changes {
            // A change may be another action's, such as the bounds that a count needs.
            let maker = action::find(&change.action).unwrap_or(action);
            complete(maker, &mut change)?;
            maker.project(&change, &mut self.view);
            places.push(self.changes.len());
            self.changes.push(change);
        }
        Ok(places)
    }

    /// Plans what would take back changes that were just planned, against the answers as those leave
    /// them and `aside` as the parts of the undo before this one do. It is no part of the plan's
    /// changes: the steps after are planned as if it never happened.
    ///
    /// # Errors
    /// If the action refuses.
    pub fn plan_undo(
        &mut self,
        action: &dyn Action,
        with: &Arguments,
        aside: &mut View,
    ) -> Result<Vec<Change>, Refusal> {
        let proposal = action.plan(with, aside, &self.site)?;
        self.warnings.extend(proposal.warnings);
        let mut changes = proposal.changes;
        for change in &mut changes {
            complete(action, change)?;
            action.project(change, aside);
        }
        Ok(changes)
    }

    /// How many steps there are so far.
    pub const fn steps(&self) -> usize {
        self.steps.len()
    }

    /// How many changes there are so far.
    pub const fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether there is no change so far.
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes from a place on.
    pub fn since(&self, place: usize) -> &[Change] {
        self.changes.get(place..).unwrap_or_default()
    }

    /// Leaves out everything that was to be done.
    pub fn clear(&mut self) {
        self.changes.clear();
        self.steps.clear();
    }

    /// A change that was planned.
    pub fn change(&self, place: usize) -> Option<&Change> {
        self.changes.get(place)
    }

    /// The same, so that a policy of the runbook can be written into it.
    pub fn change_mut(&mut self, place: usize) -> Option<&mut Change> {
        self.changes.get_mut(place)
    }

    /// Adds a step.
    pub fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Notes what somebody should know.
    pub fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Notes what is passed over, and why.
    pub fn skip(&mut self, what: String) {
        self.skipped.push(what);
    }

    /// The plan, sealed.
    ///
    /// # Errors
    /// If it cannot be written as JSON, which would be a mistake of ours.
    pub fn finish(mut self, frame: Frame) -> Result<Plan, PlanError> {
        let works = self.site.decisions.policy.business_hours.as_ref();
        let cost = Cost::of(&likely(&self.changes, &self.steps));
        if let Some(savings) = self.off_s.and_then(|seconds| cost.savings(seconds, works)) {
            self.warn(savings);
        }
        let night = match (self.off_s, self.was_off.is_empty()) {
            (Some(seconds), _) => Some(seconds),
            // What was off says how long the night was.
            (None, false) => Some(0),
            (None, true) => None,
        };
        let night = night.map(|seconds| Night::new(seconds, works.map(BusinessHours::share_off)));
        let mut plan = Plan {
            schema: SCHEMA.to_owned(),
            digest: String::new(),
            runbook: frame.runbook,
            created_at: frame.created_at,
            expires_at: frame.expires_at,
            identity: frame.identity,
            params: frame.params,
            names: frame.names,
            confirm: Confirm {
                level: ConfirmLevel::None,
                name: suffers_most(&self.changes).unwrap_or_default(),
            },
            blast_radius: BlastRadius::of(&self.changes),
            cost,
            changes: self.changes,
            warnings: self.warnings,
            skipped: self.skipped,
            steps: self.steps,
            preconditions: frame.preconditions,
            guards: frame.guards,
            guard_checks: frame.guard_checks,
            verify: frame.verify,
            on_failure: frame.on_failure,
            deadline_s: frame.deadline_s,
            rollback_deadline_s: frame.rollback_deadline_s,
            max_runs_per_hour: frame.max_runs_per_hour,
            afterwards: frame.afterwards,
            night,
            was_off: self.was_off,
        };
        // What would take a change back is confirmed with it.
        let floors = plan.changes.iter().chain(plan.undo_changes());
        if let Some(floor) = floors.map(|change| change.floor).max() {
            plan.confirm.level = floor.max(frame.confirm_at_least);
        }
        plan.sealed()
    }
}

/// The changes that are made if nothing fails.
fn likely(changes: &[Change], steps: &[Step]) -> Vec<Change> {
    let rescues: BTreeSet<usize> = steps
        .iter()
        .filter(|step| step.is_rescue())
        .flat_map(Step::changes)
        .collect();
    changes
        .iter()
        .enumerate()
        .filter(|(place, _)| !rescues.contains(place))
        .map(|(_, change)| change.clone())
        .collect()
}

/// What follows from the action's own words: the calls, and what undo does.
fn complete(action: &dyn Action, change: &mut Change) -> Result<(), Refusal> {
    let stamp = Stamp {
        run: "plan",
        token: &Token(String::new()),
        status: "running",
        made: None,
    };
    change.calls = vec![action.apply(change, &stamp)?.operation().to_string()];
    match action.invert(change) {
        Undo::By(changes) => {
            let steps: Vec<String> = changes.into_iter().map(|change| change.summary).collect();
            change.undo = steps.join(", then ");
        }
        Undo::NotNeeded(why) => why.clone_into(&mut change.undo),
        Undo::Impossible(why) => {
            change.reversible = false;
            change.undo = why;
        }
    }
    Ok(())
}

/// The name of what suffers most: by risk, then by how much goes away.
fn suffers_most(changes: &[Change]) -> Option<String> {
    changes
        .iter()
        .enumerate()
        .max_by_key(|(place, change)| {
            let impact = &change.impact;
            (
                change.floor,
                !change.reversible,
                change.risk,
                impact.outage.is_some(),
                impact.instances_removed + impact.tasks_removed,
                // Of equals the first.
                Reverse(*place),
            )
        })
        .map(|(_, change)| change.target.name.clone())
}
