//! What is known of a run: the fold of its journal, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::exit::Exit;
use crate::domain::ops::Receipt;
use crate::domain::recovery::MeasuredRestore;
use crate::domain::savings::{Off, Savings};
use crate::runbook::action::{self, Applied, ErrorClass, Fields, Made as MadeIds, Undo};
use crate::runbook::measure::Measure;
use crate::runbook::plan::{Lane, Plan, Role, Step, Work};
use crate::runbook::record::{
    Act, Approval, End, Entry, Halt, Made, Moment, Outcome, Reconciled, Record, Resume, RunId, Status, Then,
    Who,
};

/// What is known of one side of one change.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// A call was about to be made, and nothing is known of it.
    Intended {
        /// Of which attempt.
        attempt: u32,
        /// Just before the call, on the cloud's clock.
        at: Timestamp,
    },
    /// A call was made, or not sent, without effect.
    Refused {
        /// Of which attempt.
        attempt: u32,
        /// Why; `None` if it was not sent.
        class: Option<ErrorClass>,
    },
    /// It was made, and is waited for.
    Applied(Applied),
    /// It has ended.
    Ended(End),
}

/// Why a journal cannot be taken up again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// Its first record is not a run's start.
    #[error("the journal does not begin with the start of a run")]
    NoStart,
    /// Its plan is not the one whose digest it has.
    #[error("the plan in the journal was changed")]
    Plan,
    /// It is over.
    #[error("the run is over ({0}); there is nothing to {1}")]
    Over(&'static str, &'static str),
}

/// What is known of a run: the fold of its journal, and of nothing else. Whoever drives a run, follows it or
/// lists it has the same ledger after the same records.
#[derive(Debug, Clone, PartialEq)]
pub struct Ledger {
    run: RunId,
    plan: Arc<Plan>,
    /// The step of each change.
    steps: Vec<Option<usize>>,
    started: Option<(Moment, Who, Option<String>, Approval)>,
    /// When the clock of the present leg began, on the cloud's clock.
    leg_at: Timestamp,
    fates: BTreeMap<Act, Fate>,
    befores: BTreeMap<Act, Fields>,
    /// What it measures, if it restores a database.
    measure: Measure,
    /// What a check at its end measured of what is saved.
    savings: Option<Box<Savings>>,
    /// When each change was first asked for, on the cloud's clock.
    asked_at: BTreeMap<usize, Timestamp>,
    /// AWS's own ids of what changes have made.
    made: BTreeMap<usize, String>,
    /// In the order in which they were first intended.
    began: Vec<Act>,
    steps_ended: BTreeMap<usize, u32>,
    continued: BTreeSet<usize>,
    rechecked: Option<BTreeMap<String, String>>,
    /// Of the present leg.
    halts: Vec<Halt>,
    mended: bool,
    rolling_back: bool,
    /// Somebody took the run up again to take everything back: that it was taken back is then what was wanted.
    asked_back: bool,
    verified: bool,
    /// Checks that did not hold since the last change or step: those of the end once it is verified.
    failing: Vec<String>,
    /// Checks that did not hold at the end, and only warn.
    unmet: Vec<String>,
    parked: bool,
    stopped: Option<(Status, Exit)>,
    closed: Option<(Status, Exit, Vec<String>)>,
}

impl Ledger {
    pub(super) fn new(run: RunId, plan: Arc<Plan>, now: Moment) -> Self {
        let mut steps = vec![None; plan.changes.len()];
        for (index, step) in plan.steps.iter().enumerate() {
            if let Work::Changes { lanes, .. } = &step.work {
                for change in lanes.iter().flat_map(|lane| &lane.changes) {
                    if let Some(place) = steps.get_mut(*change) {
                        *place = Some(index);
                    }
                }
            }
        }
        Self {
            run,
            plan,
            steps,
            started: None,
            leg_at: now.cloud,
            fates: BTreeMap::new(),
            befores: BTreeMap::new(),
            measure: Measure::default(),
            savings: None,
            asked_at: BTreeMap::new(),
            made: BTreeMap::new(),
            began: Vec::new(),
            steps_ended: BTreeMap::new(),
            continued: BTreeSet::new(),
            rechecked: None,
            halts: Vec::new(),
            mended: false,
            rolling_back: false,
            asked_back: false,
            verified: false,
            failing: Vec::new(),
            unmet: Vec::new(),
            parked: false,
            stopped: None,
            closed: None,
        }
    }

    /// An intent that could not be written down, so that its call was never made.
    pub(super) fn forget_intent(&mut self, act: Act) {
        self.fates.insert(
            act,
            Fate::Refused {
                attempt: self.attempts(act),
                class: None,
            },
        );
    }

    /// From a journal's entries.
    ///
    /// # Errors
    /// If they do not begin with a start, or the plan in it is not what its digest says.
    pub fn replay(entries: &[Entry]) -> Result<Self, ReplayError> {
        let first = entries.first().ok_or(ReplayError::NoStart)?;
        let Record::Started { run, plan, .. } = &first.record else {
            return Err(ReplayError::NoStart);
        };
        if !plan.is_sealed() {
            return Err(ReplayError::Plan);
        }
        let mut ledger = Self::new(run.clone(), Arc::new((**plan).clone()), first.at);
        for entry in entries {
            ledger.apply(entry);
        }
        Ok(ledger)
    }

    /// Takes in one record. The same for a run under way and for one read back.
    pub fn apply(&mut self, entry: &Entry) {
        self.measure.apply(entry, (&self.run, &self.plan));
        match &entry.record {
            Record::Started {
                who,
                reason,
                approval,
                ..
            } => {
                self.leg_at = entry.at.cloud;
                self.started = Some((entry.at, who.clone(), reason.clone(), approval.clone()));
            }
            Record::Rechecked { baseline } => self.rechecked = Some(baseline.clone()),
            Record::Intent {
                act, attempt, before, ..
            } => {
                if !self.began.contains(act) {
                    self.began.push(*act);
                }
                if !act.is_undo() {
                    self.asked_at.entry(act.change).or_insert(entry.at.cloud);
                }
                self.befores.insert(*act, before.clone());
                self.fates.insert(
                    *act,
                    Fate::Intended {
                        attempt: *attempt,
                        at: entry.at.cloud,
                    },
                );
            }
            Record::Outcome {
                act,
                attempt,
                outcome,
            } => self.outcome(*act, *attempt, outcome),
            Record::Reconciled {
                act,
                attempt,
                was,
                made,
            } => {
                self.note_made(*act, made.as_ref());
                let fate = match was {
                    Reconciled::Made => Fate::Applied(Applied {
                        at: self.intended_at(*act).unwrap_or(entry.at.cloud),
                        receipt: Receipt::default(),
                    }),
                    Reconciled::NotMade => Fate::Refused {
                        attempt: *attempt,
                        class: Some(ErrorClass::Timeout),
                    },
                };
                self.fates.insert(*act, fate);
            }
            Record::Ended { act, end } => {
                self.fates.insert(*act, Fate::Ended(end.clone()));
            }
            Record::StepEnded { step, failures } => {
                self.failing.clear();
                self.steps_ended.insert(*step, *failures);
            }
            Record::Continued { step, .. } => {
                self.continued.insert(*step);
            }
            Record::Halted { halt } => self.halts.push(halt.clone()),
            Record::Mended => self.mended = true,
            Record::RollingBack => self.rolling_back = true,
            Record::Parked { .. } => self.parked = true,
            Record::Unparked => {
                self.parked = false;
                self.leg_at = entry.at.cloud;
            }
            Record::Verified => {
                self.verified = true;
                self.unmet = std::mem::take(&mut self.failing);
            }
            Record::Checked {
                check,
                passed: false,
                detail,
                ..
            } => {
                let said = self.unmet_check(check, detail);
                self.failing.push(said);
            }
            Record::Stopped { status, exit } => self.stopped = Some((*status, *exit)),
            Record::Resumed { to, .. } => self.resumed(*to, entry.at.cloud),
            Record::Closed {
                status,
                exit,
                remains,
            } => self.closed = Some((*status, *exit, remains.clone())),
            Record::Checked {
                savings: Some(savings),
                ..
            } => self.savings = Some(savings.clone()),
            Record::Locked { .. } | Record::Checked { .. } | Record::Note { .. } => {}
        }
    }

    fn outcome(&mut self, act: Act, attempt: u32, outcome: &Outcome) {
        if let Outcome::Accepted(receipt) = outcome {
            self.note_made(act, receipt.created.as_ref());
        }
        let at = self.intended_at(act).unwrap_or(self.leg_at);
        let fate = match outcome {
            Outcome::Accepted(_) => outcome.applied(at).map(Fate::Applied),
            Outcome::Refused { class, .. } => Some(Fate::Refused {
                attempt,
                class: Some(*class),
            }),
            // Still only an intent: reading will tell.
            Outcome::Unanswered { .. } => None,
            Outcome::NotSent => Some(Fate::Refused { attempt, class: None }),
        };
        if let Some(fate) = fate {
            self.fates.insert(act, fate);
        }
    }

    fn note_made(&mut self, act: Act, id: Option<&String>) {
        if let (false, Some(id)) = (act.is_undo(), id) {
            self.made.insert(act.change, id.clone());
        }
    }

    /// AWS's own ids of what the run has made so far.
    pub(super) fn made(&self) -> MadeIds {
        let changes = &self.plan.changes;
        let ids = self.made.iter().filter_map(|(place, id)| {
            let target = &changes.get(*place)?.target;
            Some(((target.kind, target.name.clone()), id.clone()))
        });
        // Of several changes of one resource the first has made it.
        ids.rev().collect()
    }

    /// Whether a later change has removed the target of this one altogether.
    pub(super) fn is_removed(&self, change: usize) -> bool {
        let Some(own) = self.plan.changes.get(change) else {
            return false;
        };
        let key = own.target.lock_key();
        let later = self.plan.changes.iter().enumerate().skip(change + 1);
        let mut removals = later.filter(|(_, later)| {
            later.target.lock_key() == key
                && crate::runbook::action::find(&later.action).is_some_and(|action| action.removes(later))
        });
        removals.any(|(place, _)| {
            matches!(
                self.fates.get(&Act::make(place)),
                Some(Fate::Ended(End::Done | End::AlreadyThere))
            )
        })
    }

    fn resumed(&mut self, to: Resume, at: Timestamp) {
        self.leg_at = at;
        self.failing.clear();
        self.stopped = None;
        let was_over = self.closed.take().is_some();
        self.parked = false;
        match to {
            // The reason to stop was answered by taking it up again, unless it was already decided to
            // take everything back.
            Resume::Forward => {
                self.halts.retain(|halt| {
                    !matches!(halt, Halt::Interrupted { then: Then::Stop, .. } | Halt::LockLost)
                });
            }
            Resume::RollBack => {
                self.asked_back = true;
                let failed: Vec<Act> = self
                    .fates
                    .iter()
                    .filter(|(act, fate)| {
                        act.is_undo()
                            && matches!(
                                fate,
                                Fate::Ended(End::Failed { .. } | End::Drifted { .. } | End::Gone)
                                    | Fate::Refused { .. }
                            )
                    })
                    .map(|(act, _)| *act)
                    .collect();
                for act in failed {
                    self.fates.remove(&act);
                }
                self.halts
                    .retain(|halt| !matches!(halt, Halt::Deadline | Halt::Interrupted { .. }));
            }
            Resume::Abandon => {}
        }
        // What always runs at the end runs at this end too; a process that died at the first end goes on
        // with it.
        if !was_over {
            return;
        }
        let plan = Arc::clone(&self.plan);
        for (index, step) in plan.steps.iter().enumerate() {
            if step.role == Role::Always {
                self.steps_ended.remove(&index);
                if let Work::Changes { lanes, .. } = &step.work {
                    for change in lanes.iter().flat_map(|lane| &lane.changes) {
                        if !matches!(
                            self.fates.get(&Act::make(*change)),
                            Some(Fate::Intended { .. } | Fate::Applied(_))
                        ) {
                            self.fates.remove(&Act::make(*change));
                        }
                    }
                }
            }
        }
    }

    fn intended_at(&self, act: Act) -> Option<Timestamp> {
        match self.fates.get(&act)? {
            Fate::Intended { at, .. } => Some(*at),
            Fate::Applied(applied) => Some(applied.at),
            Fate::Refused { .. } | Fate::Ended(_) => None,
        }
    }

    /// What it has measured, if it restored a database.
    pub const fn measured(&self) -> Option<&MeasuredRestore> {
        self.measure.result()
    }

    /// The run's name.
    pub const fn run(&self) -> &RunId {
        &self.run
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Checks of the end that did not hold and only warn, in words.
    pub(super) fn unmet(&self) -> impl Iterator<Item = &str> {
        self.unmet.iter().map(String::as_str)
    }

    /// Whether a change's failure changes no verdict.
    pub(super) fn may_fail(&self, change: usize) -> bool {
        self.step_of(change).is_some_and(|step| {
            step.bears_failure()
                || matches!(
                    &step.work,
                    Work::Changes {
                        allow_failure: true,
                        ..
                    }
                )
        })
    }

    /// Why a change is not to be taken back, if its author says so.
    pub(super) fn kept(&self, change: usize) -> Option<&str> {
        match &self.step_of(change)?.work {
            Work::Changes { keep, .. } => keep.as_deref(),
            Work::Check { .. } | Work::Pause { .. } => None,
        }
    }

    pub(super) fn shared_plan(&self) -> Arc<Plan> {
        Arc::clone(&self.plan)
    }

    /// The lane that a change belongs to.
    pub(super) fn lane_of(&self, change: usize) -> Option<&Lane> {
        match &self.step_of(change)?.work {
            Work::Changes { lanes, .. } => lanes.iter().find(|lane| lane.changes.contains(&change)),
            Work::Check { .. } | Work::Pause { .. } => None,
        }
    }

    /// The place of the step that a change belongs to.
    pub(super) fn index_of(&self, change: usize) -> Option<usize> {
        *self.steps.get(change)?
    }

    /// The step that a change belongs to.
    pub fn step_of(&self, change: usize) -> Option<&Step> {
        self.plan.steps.get((*self.steps.get(change)?)?)
    }

    /// When it was started, by whom and why; `None` before it was.
    pub const fn started(&self) -> Option<&(Moment, Who, Option<String>, Approval)> {
        self.started.as_ref()
    }

    /// What is known of an act; `None` if it was never begun.
    pub fn fate(&self, act: Act) -> Option<&Fate> {
        self.fates.get(&act)
    }

    /// Everything known of acts.
    pub fn fates(&self) -> impl Iterator<Item = (Act, &Fate)> {
        self.fates.iter().map(|(act, fate)| (*act, fate))
    }

    /// The state seen just before an act.
    pub fn before(&self, act: Act) -> Option<&Fields> {
        self.befores.get(&act)
    }

    /// Why the run stopped going forward.
    pub fn halts(&self) -> &[Halt] {
        &self.halts
    }

    /// Whether the blocks that the run was in when it stopped have done what they have for that.
    pub const fn is_mended(&self) -> bool {
        self.mended
    }

    /// Whether it takes back what it did.
    pub const fn is_rolling_back(&self) -> bool {
        self.rolling_back
    }

    /// Whether every check of the verification passed.
    pub const fn is_verified(&self) -> bool {
        self.verified
    }

    /// Whether a step has ended, and how many of its lanes failed.
    pub fn step_ended(&self, step: usize) -> Option<u32> {
        self.steps_ended.get(&step).copied()
    }

    /// Guard alarms as they were at the start.
    pub const fn baseline(&self) -> Option<&BTreeMap<String, String>> {
        self.rechecked.as_ref()
    }

    pub(super) fn was_continued(&self, step: usize) -> bool {
        self.continued.contains(&step)
    }

    pub(super) const fn leg_at(&self) -> Timestamp {
        self.leg_at
    }

    /// Acts in the order in which they were first intended.
    pub fn began(&self) -> &[Act] {
        &self.began
    }

    /// How many attempts of an act were begun.
    pub(super) fn attempts(&self, act: Act) -> u32 {
        match self.fates.get(&act) {
            Some(Fate::Intended { attempt, .. } | Fate::Refused { attempt, .. }) => *attempt,
            Some(Fate::Applied(_) | Fate::Ended(_)) | None => 0,
        }
    }

    /// Whether a change of the plan was made, or may have been.
    pub fn was_made(&self, change: usize) -> Made {
        match self.fates.get(&Act::make(change)) {
            None | Some(Fate::Refused { .. }) => Made::No,
            Some(Fate::Intended { .. }) => Made::Unknown,
            Some(Fate::Applied(_)) => Made::Yes,
            Some(Fate::Ended(end)) => match end {
                End::Done => Made::Yes,
                End::Failed { made, .. } => *made,
                End::AlreadyThere | End::Drifted { .. } | End::Gone | End::NotUndone { .. } => Made::No,
            },
        }
    }

    /// Whether a rollback would do anything now: something that was made, or may have been, has a way back that
    /// was not gone yet.
    pub fn takes_back(&self) -> bool {
        (0..self.plan.changes.len())
            .any(|change| self.was_made(change) != Made::No && self.has_way_back(change))
    }

    /// Whether a rollback could do anything at all, were it asked for in mid-run.
    pub fn could_take_back(&self) -> bool {
        (0..self.plan.changes.len()).any(|change| self.has_way_back(change))
    }

    fn has_way_back(&self, change: usize) -> bool {
        let Some(planned) = self.plan.changes.get(change) else {
            return false;
        };
        let is_main = self.step_of(change).is_none_or(|step| step.role == Role::Main);
        if !is_main || planned.is_message() || self.is_removed(change) {
            return false;
        }
        // What was tried and failed is tried again.
        let mut undone = self
            .fates()
            .filter(|(act, _)| act.change == change && act.is_undo())
            .peekable();
        let is_settled = |fate: &Fate| {
            matches!(
                fate,
                Fate::Ended(End::Done | End::AlreadyThere | End::NotUndone { .. })
            )
        };
        if undone.peek().is_some() && undone.all(|(_, fate)| is_settled(fate)) {
            return false;
        }
        let mut made = planned.clone();
        if let Some(before) = self.before(Act::make(change)) {
            made.before.extend(before.clone());
        }
        let Some(action) = action::find(&made.action) else {
            return false;
        };
        let is_undone = || match self.lane_of(change).and_then(|lane| lane.undo.as_ref()) {
            Some(steps) => !steps.is_empty(),
            None => matches!(action.invert(&made), Undo::By(_)),
        };
        (self.kept(change).is_none() && is_undone()) || action.call_off(&made).is_some()
    }

    /// What was saved, as it was measured: of what the run put to rest, or of what was off until it brought it
    /// back. `None` of a run that does neither, or has not come so far.
    pub fn savings(&self) -> Option<Savings> {
        if let Some(savings) = &self.savings {
            return Some((**savings).clone());
        }
        let was_off = &self.plan.was_off;
        if was_off.is_empty() || !self.verified {
            return None;
        }
        let asked_back = |off: &Off| {
            let place = self.plan.changes.iter().position(|change| {
                matches!(change.action.as_str(), "asg.set_capacity" | "ec2.start")
                    && (change.target.name == off.target || change.target.id == off.target)
            })?;
            self.asked_at.get(&place).copied()
        };
        let instances: Vec<Off> = was_off
            .iter()
            .map(|off| Off {
                until: asked_back(off),
                ..off.clone()
            })
            .collect();
        let is_whole = instances.iter().all(|off| off.until.is_some());
        let now = instances.iter().filter_map(|off| off.until).max()?;
        Some(Savings::of(instances, is_whole, now).in_nights(self.plan.night))
    }

    /// Whether somebody asked for everything to be taken back, as opposed to a failure that led to it.
    pub(super) const fn was_asked_back(&self) -> bool {
        self.asked_back
    }

    /// What history lists it as.
    pub fn status(&self) -> Status {
        if let Some((status, ..)) = &self.closed {
            *status
        } else if let Some((status, _)) = &self.stopped {
            *status
        } else if self.parked {
            Status::WaitingCredentials
        } else {
            Status::Running
        }
    }

    /// The exit code, once it was left or is over.
    pub fn exit(&self) -> Option<Exit> {
        self.closed
            .as_ref()
            .map(|(_, exit, _)| *exit)
            .or(self.stopped.map(|(_, exit)| exit))
    }

    /// Whether it may be taken up again for that.
    pub(super) fn may_resume(&self, to: Resume) -> Result<(), ReplayError> {
        let status = self.status();
        let over = |verb| Err(ReplayError::Over(status.word(), verb));
        match (to, status) {
            (Resume::Forward, Status::Running | Status::WaitingCredentials | Status::Interrupted) => Ok(()),
            (Resume::Forward, _) => over("resume"),
            (
                Resume::RollBack,
                Status::Running
                | Status::WaitingCredentials
                | Status::Interrupted
                | Status::Partial
                | Status::Abandoned,
            ) => Ok(()),
            (Resume::RollBack, _) => over("roll back"),
            (
                Resume::Abandon,
                Status::Running | Status::WaitingCredentials | Status::Interrupted | Status::Partial,
            ) => Ok(()),
            (Resume::Abandon, _) => over("abandon"),
        }
    }
}
