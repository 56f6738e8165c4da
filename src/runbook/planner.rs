//! From a runbook and its parameters to a plan. Pure: [`Planner::plan`] is asked again and again, and
//! says each time what it must still read, until there is a plan or a reason why there is none. Every
//! reason is told in one pass, as far as they do not follow from each other.
//!
//! Here loops are unrolled, conditions judged and expressions evaluated, each exactly once. Steps are
//! planned in order, against the answers as the steps before will leave them.

mod afterwards;
mod checks;
mod steps;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::action::{Allowances, Decisions, Refusal, RefusalKind, Site, View};
use super::check::Verdict;
use super::expr::{EvalError, Names};
use super::machine::guards::{Hindrance, may_begin};
use super::model::Limits;
use super::model::{OnFailure, Runbook};
use super::plan::{
    Assembly, BlastRadius, CheckItem, FailurePolicy, Frame, Guard, GuardCheck, Plan, PlanIdentity, RunbookRef,
};
use super::value::Value;
use crate::domain::counted::counted;
use crate::domain::exit::Exit;
use crate::domain::ops::{Query, cloudwatch};
use crate::domain::policy::ConfirmLevel;
use crate::domain::price::PriceTable;

/// Everything that a plan is made from, apart from what is read: [`Planner::plan`] is a pure function of this
/// and of the answers so far.
#[derive(Debug, Clone, Copy)]
pub struct Planner<'a> {
    /// The runbook.
    pub runbook: &'a Runbook,
    /// Its parameters, resolved.
    pub params: &'a BTreeMap<String, Value>,
    /// Whom and where it is for.
    pub identity: &'a PlanIdentity,
    /// The least confirmation that the estate asks for.
    pub confirm_at_least: ConfirmLevel,
    /// What the owners of the estate have decided.
    pub decisions: &'a Decisions,
    /// List prices.
    pub prices: &'a PriceTable,
    /// What the operator's settings allow.
    pub allowed: &'a Allowances,
    /// What the run is called in expressions.
    pub run: &'a RunNames,
    /// Now, on the cloud's clock.
    pub now: Timestamp,
    /// Now, on the user's clock.
    pub wall: Timestamp,
}

/// What expressions see of the run itself.
#[derive(Debug, Clone, PartialEq)]
pub struct RunNames {
    /// Its id; a plan that is not yet a run has one for its run to be.
    pub id: String,
    /// Who runs it.
    pub operator: String,
    /// Why.
    pub reason: Option<String>,
}

/// How far planning is.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// This must be read first, and added to the view.
    Read(Vec<Query>),
    /// The plan.
    Ready(Box<Plan>),
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", reasons.join("; "))]
pub struct Refused {
    /// The exit.
    pub exit: Exit,
    /// The reasons.
    pub reasons: Vec<String>,
}

/// What surrounds the steps: that of the runbook itself, and of those that it uses.
#[derive(Debug, Default)]
struct Around {
    preconditions: Vec<CheckItem>,
    guards: Vec<Guard>,
    guard_checks: Vec<GuardCheck>,
}

/// What planning finds on its way.
#[derive(Debug, Default)]
struct Found {
    /// Not yet read.
    missing: Vec<Query>,
    exits: Vec<Exit>,
    reasons: Vec<String>,
    /// Whether a step was refused, so that what it would give is not known to those after it.
    refused_step: bool,
}

impl Found {
    fn need(&mut self, queries: Vec<Query>, view: &View) -> bool {
        let before = self.missing.len();
        let mut complete = true;
        for query in queries {
            if view.get(&query).is_none() {
                complete = false;
                if !self.missing.contains(&query) {
                    self.missing.push(query);
                }
            }
        }
        complete && self.missing.len() == before
    }

    fn refuse(&mut self, exit: Exit, reason: String) {
        self.exits.push(exit);
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn refusal(&mut self, place: &str, refusal: &Refusal) {
        let exit = match refusal.kind {
            RefusalKind::Arguments => Exit::Usage,
            RefusalKind::Credentials => Exit::Credentials,
            RefusalKind::Unreachable => Exit::Deadline,
            RefusalKind::Absent | RefusalKind::Unreadable | RefusalKind::State => Exit::Precondition,
        };
        self.refused_step = true;
        self.refuse(exit, format!("{place}: {}", refusal.reason));
    }

    /// An expression without a value. While a step before it is not planned, that may follow from there,
    /// and is looked at again once it is.
    fn evaluation(&mut self, place: &str, error: &EvalError) {
        if self.refused_step || !self.missing.is_empty() {
            return;
        }
        self.refuse(Exit::Usage, format!("{place}: {error}"));
    }
}

impl Planner<'_> {
    /// Plans with what was read so far.
    ///
    /// # Errors
    /// If the runbook cannot be planned here: the account is not allowed, a resource is missing or does
    /// not allow it, a precondition fails, a limit is exceeded.
    pub fn plan(&self, view: &View) -> Result<Next, Refused> {
        let mut found = Found::default();
        let identity = self.identity;
        if !self.runbook.target.allows(&identity.account, &identity.region) {
            found.refuse(
                Exit::Precondition,
                format!(
                    "{} may not be used in account {} and region {}",
                    *self.runbook.name, identity.account, identity.region
                ),
            );
            return Err(found.into());
        }
        let site = Site {
            scope: &identity.scope,
            account: &identity.account,
            region: &identity.region,
            now: self.now,
            prices: self.prices,
            estate: identity.estate.as_deref(),
            decisions: self.decisions,
        };
        let base = self.names();
        let mut assembly = Assembly::new(view.clone(), site);
        let mut results = BTreeMap::new();
        let own = BTreeMap::new();
        let mut around = Around {
            preconditions: checks::items(&self.runbook.preconditions, (&base, &own), &mut found),
            ..Around::default()
        };
        checks::guards(&self.runbook.guards, (&base, &own), (&mut around, &mut found));
        let mut pen = steps::Pen {
            assembly: &mut assembly,
            found: &mut found,
            around: &mut around,
            planner: self,
        };
        steps::plan(self.runbook, &base, &mut results, &mut pen);
        if steps::only_tells(self.runbook, &assembly) {
            assembly.clear();
            assembly.skip("nothing is to be done, so nobody is told".to_owned());
        }
        let names = Names::within(&base).with("results", Value::Map(results));
        let verify = checks::items(&self.runbook.verify, (&names, &own), &mut found);
        let afterwards = if assembly.is_empty() {
            Vec::new()
        } else {
            let scene = (&names, view, &self.decisions.selection);
            afterwards::of(&self.runbook.afterwards, scene, &mut found)
        };
        let Around {
            preconditions,
            guards,
            guard_checks,
        } = around;
        // A check looks at the world as it is, not as the plan leaves it.
        for item in &preconditions {
            let reads = super::check::reads(item, &self.shared_names(), self.now);
            if found.need(reads, view) {
                let verdict = super::check::judge(item, &self.shared_names(), view, self.now);
                weigh(item, &verdict, (&mut assembly, &mut found));
            }
        }
        let alarms = Query::CloudWatch(cloudwatch::Read::Alarms);
        for guard in &guards {
            if !assembly.is_empty()
                && found.need(vec![alarms.clone()], view)
                && let Err(Hindrance { reason, class }) = may_begin(guard, view)
            {
                let exit = class.map_or(Exit::Precondition, super::machine::exit_of);
                found.refuse(exit, format!("precondition: {reason}"));
            }
        }
        if !found.reasons.is_empty() {
            return Err(found.into());
        }
        if !found.missing.is_empty() {
            return Ok(Next::Read(found.missing));
        }
        let level = self
            .runbook
            .confirm
            .level
            .map_or(ConfirmLevel::None, |level| level.value);
        let limits = &self.runbook.limits;
        let plan = assembly
            .finish(Frame {
                runbook: RunbookRef {
                    name: self.runbook.name.value.clone(),
                    digest: self.runbook.digest.clone(),
                },
                identity: identity.clone(),
                params: self
                    .params
                    .iter()
                    .map(|(name, value)| (name.clone(), value.to_json()))
                    .collect(),
                names: self.shared_names(),
                created_at: self.wall,
                expires_at: self
                    .wall
                    .saturating_add(self.runbook.confirm.expires)
                    .unwrap_or(Timestamp::MAX),
                confirm_at_least: level.max(self.confirm_at_least),
                preconditions,
                guards,
                guard_checks,
                verify,
                on_failure: match self.runbook.on_failure {
                    OnFailure::Rollback => FailurePolicy::RollBack,
                    OnFailure::Stop => FailurePolicy::Stop,
                },
                deadline_s: seconds(limits.deadline),
                rollback_deadline_s: seconds(limits.rollback_deadline),
                max_runs_per_hour: limits.max_runs_per_hour,
                afterwards,
            })
            .map_err(|error| Refused {
                exit: Exit::Internal,
                reasons: vec![error.to_string()],
            })?;
        self.within_limits(&plan)?;
        Ok(Next::Ready(Box::new(plan)))
    }

    /// What every expression sees.
    fn names(&self) -> Names<'static> {
        let mut names = Names::new();
        for (name, value) in self.shared_names() {
            names.set(name, value);
        }
        names
    }

    /// The same, to be kept in the plan for expressions of waits and checks.
    fn shared_names(&self) -> BTreeMap<String, Value> {
        let identity = self.identity;
        let run = record([
            ("id", Value::text(&self.run.id)),
            ("runbook", Value::text(&*self.runbook.name.value)),
            ("operator", Value::text(&self.run.operator)),
            ("reason", self.run.reason.as_deref().into()),
            ("started_at", Value::Time(self.wall)),
        ]);
        BTreeMap::from([
            ("params".to_owned(), Value::Map(self.params.clone())),
            (
                "account".to_owned(),
                record([
                    ("id", Value::text(&identity.account)),
                    ("name", identity.account_name.as_deref().into()),
                ]),
            ),
            ("region".to_owned(), Value::text(&identity.region)),
            (
                "estate".to_owned(),
                record([
                    ("name", identity.estate.as_deref().into()),
                    ("environment", Value::text(&identity.environment)),
                    (
                        "guard_alarms",
                        Value::List(
                            self.decisions
                                .policy
                                .guard_alarms
                                .iter()
                                .map(Value::text)
                                .collect(),
                        ),
                    ),
                ]),
            ),
            ("run".to_owned(), run),
        ])
    }

    fn within_limits(&self, plan: &Plan) -> Result<(), Refused> {
        let reasons = beyond(&self.runbook.limits, &plan.blast_radius, "the runbook");
        if reasons.is_empty() {
            Ok(())
        } else {
            Err(Refused {
                exit: Exit::Precondition,
                reasons,
            })
        }
    }
}

/// Where a blast radius is beyond limits; `who` sets them.
fn beyond(limits: &Limits, radius: &BlastRadius, who: &str) -> Vec<String> {
    let targets = u32::try_from(radius.targets.values().sum::<usize>()).unwrap_or(u32::MAX);
    let removed = radius.instances_removed.saturating_add(radius.tasks_removed);
    let mut reasons = Vec::new();
    if let Some(most) = limits.max_targets.filter(|most| targets > *most) {
        reasons.push(format!(
            "the plan changes {}, {who} allows {most}",
            counted(targets, "resource")
        ));
    }
    if let Some(most) = limits.max_removed.filter(|most| removed > *most) {
        reasons.push(format!(
            "the plan takes away {removed} instances and tasks, {who} allows {most}"
        ));
    }
    reasons
}

/// What a precondition means for the plan.
fn weigh(
    item: &super::plan::CheckItem,
    verdict: &Verdict,
    (assembly, found): (&mut Assembly<'_>, &mut Found),
) {
    let said = item.message.as_deref().unwrap_or(&item.check);
    let detail = verdict.detail();
    match (verdict, item.severity) {
        (Verdict::Pass(_), _) => {}
        (_, super::plan::Severity::Warn) => assembly.warn(format!("{said}: {detail}")),
        (
            Verdict::Unclear {
                class: Some(class), ..
            },
            _,
        ) => {
            found.refuse(super::machine::exit_of(*class), format!("{said}: {detail}"));
        }
        (Verdict::Fail(_) | Verdict::Unclear { .. }, _) => {
            found.refuse(Exit::Precondition, format!("precondition: {said}: {detail}"));
        }
    }
}

impl From<Found> for Refused {
    fn from(found: Found) -> Self {
        // A mistake in the runbook or its parameters is named before what follows from it.
        let exit = if found.exits.contains(&Exit::Usage) {
            Exit::Usage
        } else {
            Exit::worst(found.exits)
        };
        Self {
            exit,
            reasons: found.reasons,
        }
    }
}

fn record<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Map(
        fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

/// Whole seconds, at least one.
fn seconds(span: SignedDuration) -> u64 {
    u64::try_from(span.as_secs()).unwrap_or(0).max(1)
}

#[cfg(test)]
pub(super) mod tests;
