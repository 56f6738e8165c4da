//! One change under way: read, intend, write, reconcile, wait. The same for making and taking back.

mod reconcile;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{Fate, Happening, Out, Parked, Phase, Run, Ticket, protocol::Command};
use crate::domain::fault::Fault;
use crate::domain::ops::{Mutation, Receipt, Token};
use crate::runbook::action::{
    Action, Applied, Change, Difference, Effect, ErrorClass, Fields, Progress, Stamp, Standing, Unread, View,
    is_known_after, standing,
};
use crate::runbook::check;
use crate::runbook::expr::Names;
use crate::runbook::plan::{Part, Retry, Wait, Work};
use crate::runbook::record::{Act, End, Halt, Made, Outcome, Record, RunId, Side, Status, Then};
use crate::runbook::tell::{GONE, drift};
use crate::runbook::value::Value;

/// How often a read before a change is tried.
const READ_ATTEMPTS: u32 = 6;

/// Milliseconds before a failed read is tried again the first time.
const READ_AGAIN_MS: u64 = 2_000;

/// How many settling times pass before a resource that is neither as it was nor as wanted is given up
/// as unknown.
const SETTLES: i32 = 4;

/// A change under way.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    stage: Stage,
    /// Reads that failed in a row.
    reads_failed: u32,
    /// When it was taken up, on the cloud's clock.
    since: Timestamp,
    /// How its call failed to be answered; `None` for a call of a process that is gone, which nobody can
    /// say to have failed.
    unanswered: Option<ErrorClass>,
}

#[derive(Debug, Clone)]
enum Stage {
    /// The resource is read.
    Reading(Purpose, Ticket),
    /// It is read again later.
    Resting(Purpose, Ticket),
    /// The intent is being written.
    Intending {
        seq: u64,
        attempt: u32,
        mutation: Box<Mutation>,
        token: Token,
    },
    /// The call is under way.
    Writing { ticket: Ticket, attempt: u32 },
    /// Credentials ended.
    Stuck,
}

/// What a read is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To see whether the resource is as planned.
    Before,
    /// To see whether a call without an answer was made.
    Reconcile,
    /// To see how far it is.
    Progress,
}

/// What comes from a retryable failure.
struct Setback {
    class: ErrorClass,
    attempt: u32,
    reason: String,
}

/// The token of an act: the same at every attempt and after every crash, another for every other act.
pub(super) fn token(run: &RunId, act: Act) -> Token {
    let side = match act.side {
        Side::Make => "make".to_owned(),
        Side::Undo(part) => format!("undo-{part}"),
    };
    let hash = Sha256::digest(format!("{run}/{}/{side}", act.change).as_bytes());
    let hex: String = hash[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    Token(format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    ))
}

impl Run {
    /// The change that waits for a ticket.
    pub(super) fn flight_of(&self, ticket: Ticket) -> Option<Act> {
        self.flights
            .iter()
            .find(|(_, flight)| match &flight.stage {
                Stage::Reading(_, wanted) | Stage::Resting(_, wanted) => *wanted == ticket,
                Stage::Writing { ticket: wanted, .. } => *wanted == ticket,
                Stage::Intending { .. } | Stage::Stuck => false,
            })
            .map(|(act, _)| *act)
    }

    /// Takes a change up where its fate says that it is.
    pub(super) fn take_off(&mut self, act: Act, out: &mut Out) {
        let purpose = match self.ledger.fate(act) {
            None | Some(Fate::Refused { .. }) => Purpose::Before,
            Some(Fate::Intended { .. }) => Purpose::Reconcile,
            Some(Fate::Applied(_)) => Purpose::Progress,
            Some(Fate::Ended(_)) => return,
        };
        self.flights.insert(
            act,
            Flight {
                stage: Stage::Stuck,
                reads_failed: 0,
                since: self.now.cloud,
                unanswered: None,
            },
        );
        if purpose == Purpose::Reconcile && !self.leaves_trace(act) {
            return self.land(act, unknowable(), out);
        }
        self.look_at(act, purpose, out);
    }

    /// Whether reading can show that an act was made.
    fn leaves_trace(&mut self, act: Act) -> bool {
        self.known(act).is_none_or(|(_, action)| action.leaves_trace())
    }

    fn stage(&mut self, act: Act, stage: Stage) {
        if let Some(flight) = self.flights.get_mut(&act) {
            flight.stage = stage;
        }
    }

    fn look_at(&mut self, act: Act, purpose: Purpose, out: &mut Out) {
        let Some((change, action)) = self.known(act) else {
            return self.land(act, unknown_action(), out);
        };
        let queries = match (purpose, self.ledger.fate(act)) {
            (Purpose::Progress, Some(Fate::Applied(applied))) => action.watch(&change, applied),
            (Purpose::Reconcile, Some(Fate::Intended { at, .. })) => action.watch(
                &change,
                &Applied {
                    at: *at,
                    receipt: Receipt::default(),
                },
            ),
            _ => action.reads(&change.with),
        };
        match queries {
            Ok(queries) => {
                let ticket = self.ticket();
                self.stage(act, Stage::Reading(purpose, ticket));
                out.push(Command::Read { ticket, queries });
            }
            Err(error) => self.land(
                act,
                End::Failed {
                    made: self.made(act),
                    reason: error.to_string(),
                    class: Some(ErrorClass::Invalid),
                },
                out,
            ),
        }
    }

    fn known(&mut self, act: Act) -> Option<(Change, &'static dyn Action)> {
        let change = self.change(act)?;
        let action = Self::action(&change)?;
        Some((change, action))
    }

    /// Whether an act was made, as far as the journal tells.
    fn made(&self, act: Act) -> Made {
        match self.ledger.fate(act) {
            None | Some(Fate::Refused { .. }) => Made::No,
            Some(Fate::Intended { .. }) => Made::Unknown,
            Some(Fate::Applied(_) | Fate::Ended(_)) => Made::Yes,
        }
    }

    pub(super) fn on_flight_due(&mut self, act: Act, out: &mut Out) {
        let purpose = match self.flights.get(&act).map(|flight| &flight.stage) {
            Some(Stage::Resting(purpose, _)) => *purpose,
            _ => return,
        };
        if self.parked == Parked::No {
            self.look_at(act, purpose, out);
        } else {
            self.stage(act, Stage::Stuck);
        }
    }

    pub(super) fn on_flight_read(&mut self, act: Act, view: &View, out: &mut Out) {
        let purpose = match self.flights.get(&act).map(|flight| &flight.stage) {
            Some(Stage::Reading(purpose, _)) => *purpose,
            _ => return,
        };
        if let Some(reason) = Self::credential_fault(view) {
            self.stage(act, Stage::Stuck);
            return self.park(reason, out);
        }
        let Some((change, action)) = self.known(act) else {
            return self.land(act, unknown_action(), out);
        };
        match purpose {
            Purpose::Before => self.judge_before(act, (&change, action), view, out),
            Purpose::Reconcile => self.judge_reconcile(act, (&change, action), view, out),
            Purpose::Progress => self.judge_progress(act, (&change, action), view, out),
        }
    }

    fn judge_before(
        &mut self,
        act: Act,
        (change, action): (&Change, &'static dyn Action),
        view: &View,
        out: &mut Out,
    ) {
        if let Some(detail) = action.busy(change, view)
            && self.waits_its_turn(act, action, detail, out)
        {
            return;
        }
        let sight = action.sight(change, view);
        let live = match &sight {
            crate::runbook::action::Sight::Here(live) => live.clone(),
            _ => Fields::new(),
        };
        match standing(change, sight) {
            Standing::AsPlanned if self.parked == Parked::No => {
                self.flights
                    .entry(act)
                    .and_modify(|flight| flight.reads_failed = 0);
                self.intend(act, (change, action), live, out);
            }
            Standing::AsPlanned => self.stage(act, Stage::Stuck),
            Standing::AlreadyThere => self.land(act, End::AlreadyThere, out),
            // A rescue meets the resource wherever the failure left it.
            Standing::Drifted(differences) if self.is_own_doing(act, change, &differences) => {
                self.intend(act, (change, action), live, out);
            }
            Standing::Drifted(differences) => self.land(act, End::Drifted { differences }, out),
            Standing::Gone => self.land(act, End::Gone, out),
            Standing::Unreadable(unread) => self.read_failed(act, Purpose::Before, &unread, out),
        }
    }

    /// Waits for what goes on with the resource, as long as the change itself may take.
    fn waits_its_turn(&mut self, act: Act, action: &dyn Action, detail: String, out: &mut Out) -> bool {
        let wait = self.wait(act, action);
        let Some(since) = self.flights.get(&act).map(|flight| flight.since) else {
            return false;
        };
        let elapsed_s = seconds(since, self.now.cloud);
        if elapsed_s >= wait.timeout_s {
            // AWS may allow it all the same, and says why not otherwise.
            return false;
        }
        Self::emit(
            Happening::Waiting {
                act,
                detail,
                elapsed_s,
                limit_s: wait.timeout_s,
            },
            out,
        );
        let left_ms = (wait.timeout_s - elapsed_s) * 1_000;
        self.rest(act, Purpose::Before, (wait.every_s * 1_000).min(left_ms), out);
        true
    }

    /// Whether a step of a block's rescue, or of what it does last, finds nothing but what this run's
    /// own changes before it made of the resource, or found there.
    fn is_own_doing(&self, act: Act, change: &Change, differences: &[Difference]) -> bool {
        let step = self.ledger.step_of(act.change);
        let mends = step.is_some_and(|step| matches!(step.part(), Some(Part::Rescue | Part::Always)))
            && !act.is_undo();
        let own: Vec<&Change> = self.plan().changes[..act.change.min(self.plan().changes.len())]
            .iter()
            .filter(|own| own.target.lock_key() == change.target.lock_key())
            .collect();
        mends
            && self.parked == Parked::No
            && differences.iter().all(|difference| {
                own.iter().any(|own| {
                    [&own.before, &own.after]
                        .into_iter()
                        .any(|fields| fields.get(&difference.field) == Some(&difference.live))
                })
            })
    }

    /// A read that shows nothing is tried again a few times, if that can help.
    fn read_failed(&mut self, act: Act, purpose: Purpose, unread: &Unread, out: &mut Out) {
        let class = unread.class().unwrap_or(ErrorClass::Other);
        let Some(flight) = self.flights.get_mut(&act) else {
            return;
        };
        flight.reads_failed += 1;
        let failures = flight.reads_failed;
        if class.is_transient() && failures < READ_ATTEMPTS {
            self.rest(act, purpose, READ_AGAIN_MS << failures.min(5), out);
        } else {
            let end = End::Failed {
                made: self.made(act),
                reason: unread.to_string(),
                class: Some(class),
            };
            self.land(act, end, out);
        }
    }

    fn rest(&mut self, act: Act, purpose: Purpose, after_ms: u64, out: &mut Out) {
        let ticket = self.timer(after_ms, out);
        self.stage(act, Stage::Resting(purpose, ticket));
    }

    fn intend(
        &mut self,
        act: Act,
        (change, action): (&Change, &'static dyn Action),
        live: Fields,
        out: &mut Out,
    ) {
        let token = token(self.ledger.run(), act);
        let status = if self.phase == Phase::Always {
            self.outcome_so_far().0
        } else {
            Status::Running
        };
        let made = self.ledger.made();
        let stamp = Stamp {
            status: status.word(),
            made: Some(&made),
            run: &self.ledger.run().0,
            token: &token,
        };
        let mutation = match action.apply(change, &stamp) {
            Ok(mutation) => mutation,
            Err(error) => {
                let end = End::Failed {
                    made: Made::No,
                    reason: error.to_string(),
                    class: Some(ErrorClass::Invalid),
                };
                return self.land(act, end, out);
            }
        };
        let attempt = self.ledger.attempts(act) + 1;
        let before: Fields = live
            .into_iter()
            .filter(|(name, _)| change.before.contains_key(name))
            .collect();
        let seq = self.write(
            Record::Intent {
                act,
                attempt,
                token: token.clone(),
                call: mutation.clone(),
                before,
            },
            out,
        );
        self.stage(
            act,
            Stage::Intending {
                seq,
                attempt,
                mutation: Box::new(mutation),
                token,
            },
        );
    }

    /// The intent is on the disk: the only place where a call is let go.
    pub(super) fn on_intent_journaled(&mut self, seq: u64, out: &mut Out) {
        let found = self.flights.iter().find_map(|(act, flight)| match &flight.stage {
            Stage::Intending {
                seq: wanted,
                attempt,
                mutation,
                token,
            } if *wanted == seq => Some((*act, *attempt, mutation.clone(), token.clone())),
            _ => None,
        });
        let Some((act, attempt, mutation, token)) = found else {
            return;
        };
        if !self.may_write() {
            self.write(
                Record::Outcome {
                    act,
                    attempt,
                    outcome: Outcome::NotSent,
                },
                out,
            );
            if self.stopping {
                self.flights.remove(&act);
            } else {
                self.stage(act, Stage::Stuck);
            }
            return;
        }
        let ticket = self.ticket();
        self.stage(act, Stage::Writing { ticket, attempt });
        Self::emit(Happening::Writing { act, attempt }, out);
        out.push(Command::Write {
            ticket,
            act,
            mutation: *mutation,
            token,
        });
    }

    pub(super) fn on_written(&mut self, ticket: Ticket, answer: Result<Receipt, Fault>, out: &mut Out) {
        let Some(act) = self.flight_of(ticket) else {
            return;
        };
        let attempt = match self.flights.get(&act).map(|flight| &flight.stage) {
            Some(Stage::Writing { attempt, .. }) => *attempt,
            _ => return,
        };
        match answer {
            Ok(receipt) => {
                self.outcome(act, attempt, Outcome::Accepted(receipt), out);
                if self.drops_waits() {
                    self.flights.remove(&act);
                } else {
                    self.look_at(act, Purpose::Progress, out);
                }
            }
            Err(fault) => {
                let class = ErrorClass::of(&fault);
                let reason = fault.to_string();
                match class.effect() {
                    Effect::None => {
                        self.outcome(act, attempt, Outcome::Refused { class, fault }, out);
                        if class == ErrorClass::Credentials {
                            self.stage(act, Stage::Stuck);
                            self.park(reason, out);
                        } else {
                            self.set_back(
                                act,
                                &Setback {
                                    class,
                                    attempt,
                                    reason,
                                },
                                out,
                            );
                        }
                    }
                    Effect::Unknown => {
                        self.outcome(act, attempt, Outcome::Unanswered { class, fault }, out);
                        if !self.leaves_trace(act) {
                            return self.land(act, unknowable(), out);
                        }
                        Self::emit(Happening::Reconciling { act, reason }, out);
                        if let Some(flight) = self.flights.get_mut(&act) {
                            flight.unanswered = Some(class);
                        }
                        if self.is_leaving() {
                            self.flights.remove(&act);
                        } else {
                            self.look_at(act, Purpose::Reconcile, out);
                        }
                    }
                }
            }
        }
    }

    fn outcome(&mut self, act: Act, attempt: u32, outcome: Outcome, out: &mut Out) {
        self.write(
            Record::Outcome {
                act,
                attempt,
                outcome,
            },
            out,
        );
    }

    /// Tries again later, or gives up.
    fn set_back(&mut self, act: Act, setback: &Setback, out: &mut Out) {
        let Setback {
            class,
            attempt,
            reason,
        } = setback;
        let retry = self.retry(act);
        let again = retry.errors.contains(class)
            && (class.is_transient() || *class == ErrorClass::Other)
            && *attempt < retry.attempts;
        if again && !self.stopping {
            let spread = token(self.ledger.run(), act)
                .0
                .bytes()
                .map(u64::from)
                .sum::<u64>()
                * 7919;
            let after_ms = retry.backoff.before(attempt + 1, spread + u64::from(*attempt));
            Self::emit(
                Happening::Retrying {
                    act,
                    reason: reason.clone(),
                    after_ms,
                },
                out,
            );
            self.rest(act, Purpose::Before, after_ms, out);
        } else {
            let end = End::Failed {
                made: Made::No,
                reason: reason.clone(),
                class: Some(*class),
            };
            self.land(act, end, out);
        }
    }

    fn judge_progress(
        &mut self,
        act: Act,
        (change, action): (&Change, &'static dyn Action),
        view: &View,
        out: &mut Out,
    ) {
        let Some(Fate::Applied(applied)) = self.ledger.fate(act).cloned() else {
            return;
        };
        let wait = self.wait(act, action);
        let progress = match action.progress(change, &applied, view) {
            Progress::Done => self.also(act, (change, action), &wait, view),
            Progress::Waiting(detail) => self
                .fails_early(act, (change, action), &wait, view)
                .unwrap_or(Progress::Waiting(detail)),
            failed @ Progress::Failed(_) => failed,
        };
        match progress {
            Progress::Done => self.land(act, End::Done, out),
            Progress::Failed(reason) => {
                let end = End::Failed {
                    made: Made::Yes,
                    reason,
                    class: None,
                };
                self.land(act, end, out);
            }
            Progress::Waiting(detail) => {
                let since = applied.at.max(self.ledger.leg_at());
                let elapsed_s = seconds(since, self.now.cloud);
                if elapsed_s >= wait.timeout_s {
                    let end = End::Failed {
                        made: Made::Yes,
                        reason: format!("not there after {} s: {detail}", wait.timeout_s),
                        class: Some(ErrorClass::Timeout),
                    };
                    return self.land(act, end, out);
                }
                Self::emit(
                    Happening::Waiting {
                        act,
                        detail,
                        elapsed_s,
                        limit_s: wait.timeout_s,
                    },
                    out,
                );
                let left_ms = (wait.timeout_s - elapsed_s) * 1_000;
                self.rest(act, Purpose::Progress, (wait.every_s * 1_000).min(left_ms), out);
            }
        }
    }

    /// What the author wants beside what the action itself holds for done.
    fn also(&self, act: Act, what: (&Change, &'static dyn Action), wait: &Wait, view: &View) -> Progress {
        let Some(until) = &wait.until else {
            return Progress::Done;
        };
        match check::holds(until, &self.live_names(act, what, view)) {
            Ok(true) => Progress::Done,
            Ok(false) => Progress::Waiting(format!("`{until}` does not hold yet")),
            Err(error) => Progress::Failed(format!("`{until}`: {error}")),
        }
    }

    fn fails_early(
        &self,
        act: Act,
        what: (&Change, &'static dyn Action),
        wait: &Wait,
        view: &View,
    ) -> Option<Progress> {
        let fails_if = wait.fails_if.as_ref()?;
        match check::holds(fails_if, &self.live_names(act, what, view)) {
            Ok(false) => None,
            Ok(true) => Some(Progress::Failed(format!("`{fails_if}` holds"))),
            Err(error) => Some(Progress::Failed(format!("`{fails_if}`: {error}"))),
        }
    }

    fn live_names(
        &self,
        act: Act,
        (change, action): (&Change, &'static dyn Action),
        view: &View,
    ) -> Names<'static> {
        let mut names = self.names_of_step(self.ledger.index_of(act.change));
        if let Some(lane) = self.ledger.lane_of(act.change) {
            names.set("each", lane.each.clone());
        }
        names.with("live", Value::Map(action.live(change, view)))
    }

    /// The end of an act.
    pub(super) fn land(&mut self, act: Act, end: End, out: &mut Out) {
        self.flights.remove(&act);
        Self::emit(
            Happening::Ended {
                act,
                end: end.clone(),
            },
            out,
        );
        let drifted = match &end {
            End::Drifted { differences } => Some(drift(differences)),
            End::Gone => Some(GONE.to_owned()),
            End::Done | End::AlreadyThere | End::Failed { .. } | End::NotUndone { .. } => None,
        };
        self.write(Record::Ended { act, end }, out);
        if let Some(reason) = drifted
            && !act.is_undo()
            && !self.ledger.may_fail(act.change)
        {
            let target = self
                .plan()
                .changes
                .get(act.change)
                .map(|change| self.plan().called(&change.target))
                .unwrap_or_default();
            self.halt(Halt::Drift { target, reason }, out);
        }
    }

    /// What the run was told to stop for lets go of everything that need not be waited for.
    pub(super) fn settle_flights(&mut self, _out: &mut Out) {
        let (waits, leaving) = (!self.drops_waits(), self.is_leaving());
        self.flights.retain(|_, flight| match &flight.stage {
            Stage::Intending { .. } | Stage::Writing { .. } => true,
            Stage::Reading(Purpose::Reconcile, _) | Stage::Resting(Purpose::Reconcile, _) => !leaving,
            Stage::Reading(Purpose::Progress, _) | Stage::Resting(Purpose::Progress, _) => waits,
            Stage::Reading(Purpose::Before, _) | Stage::Resting(Purpose::Before, _) | Stage::Stuck => false,
        });
    }

    /// Whether what is under way is no longer waited for: only a failure beside it lets it finish.
    fn drops_waits(&self) -> bool {
        self.stopping
            && self
                .ledger
                .halts()
                .last()
                .is_some_and(|halt| !matches!(halt, Halt::StepFailed { .. }))
    }

    /// Whether somebody waits for the process to end.
    pub(super) fn is_leaving(&self) -> bool {
        self.stopping
            && self.ledger.halts().iter().any(|halt| {
                matches!(
                    halt,
                    Halt::Interrupted { then: Then::Stop, .. } | Halt::JournalLost { .. }
                )
            })
    }

    /// Acts whose intent is not known to be on the disk: their calls were not made.
    pub(super) fn unsent(&self) -> Vec<Act> {
        self.flights
            .iter()
            .filter(|(_, flight)| matches!(flight.stage, Stage::Intending { .. }))
            .map(|(act, _)| *act)
            .collect()
    }

    /// Takes up again what waited for credentials.
    pub(super) fn free_stuck(&mut self, out: &mut Out) {
        let stuck: Vec<Act> = self
            .flights
            .iter()
            .filter(|(_, flight)| matches!(flight.stage, Stage::Stuck))
            .map(|(act, _)| *act)
            .collect();
        for act in stuck {
            self.take_off(act, out);
        }
    }

    fn work_of(&self, act: Act) -> Option<(&Retry, &Wait)> {
        match &self.ledger.step_of(act.change)?.work {
            Work::Changes { retry, wait, .. } => Some((retry, wait)),
            Work::Check { .. } | Work::Pause { .. } => None,
        }
    }

    /// Taking back is tried as patiently as anything can be.
    fn retry(&self, act: Act) -> Retry {
        match self.work_of(act) {
            Some((retry, _)) if !act.is_undo() => retry.clone(),
            _ => Retry::default(),
        }
    }

    /// How long an act is waited for. The inverse may be another action with another pace.
    fn wait(&self, act: Act, action: &dyn Action) -> Wait {
        let pace = action.pace();
        let own = Wait {
            timeout_s: pace.timeout_s,
            every_s: pace.every_s.max(1),
            until: None,
            fails_if: None,
        };
        match self.work_of(act) {
            Some((_, wait)) if !act.is_undo() => wait.clone(),
            Some((_, wait)) => Wait {
                timeout_s: own.timeout_s.max(wait.timeout_s),
                ..own
            },
            None => own,
        }
    }
}

/// The end of a call without an answer of which nothing can be read.
fn unknowable() -> End {
    End::Failed {
        made: Made::Unknown,
        reason: "there was no answer, and nothing can be read that would show whether it was done".to_owned(),
        class: None,
    }
}

fn unknown_action() -> End {
    End::Failed {
        made: Made::Unknown,
        reason: "this version does not know the action".to_owned(),
        class: None,
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_secs()).unwrap_or(0)
}

/// Whether a change still waits for what an earlier step brings.
pub(super) fn waits_for_earlier(change: &Change) -> bool {
    change.before.values().any(is_known_after)
}
