//! Log tails: polls `FilterLogEvents` for several groups in turn and gives each event once.
//!
//! Each group has a cursor of its own. A question begins [`OVERLAP`] before what was seen last,
//! because agents send in batches and events arrive late and out of order; what was seen before
//! is known by its event id. While the past is being read, the group that is furthest behind is
//! asked first and lines are held back until every group has come that far, so that several
//! groups come out merged in time order with at most a page of each in memory.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>

mod cursor;
mod seen;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};

use crate::cloud::Cloud;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::logs::{LogPage, TailLine, TailState, TailTarget};
use crate::domain::ops::{Query, ReplyData};
use crate::engine::clock::Clock;
use cursor::Cursor;

/// How far before the newest event a question begins.
pub const OVERLAP: SignedDuration = SignedDuration::from_secs(90);
/// How often a group is asked while somebody looks, unless the settings say otherwise.
pub const CADENCE: SignedDuration = SignedDuration::from_secs(3);
/// How many times that while nobody does.
const HIDDEN: i32 = 5;
/// Time between two questions of all groups together: less than two a second, since AWS allows
/// five in an account and region and others need some.
const SPACING: SignedDuration = SignedDuration::from_millis(600);
/// The longest that a failing group is left alone.
const LONGEST_BACKOFF: SignedDuration = SignedDuration::from_mins(1);
/// Lines of one message to whoever listens.
const BATCH: usize = 500;

/// What to tail.
#[derive(Debug, Clone)]
pub struct Request {
    /// The groups; lines name them by their place here.
    pub targets: Vec<TailTarget>,
    /// From when on.
    pub from: Timestamp,
    /// A CloudWatch filter pattern.
    pub pattern: Option<String>,
    /// How often a group is asked while somebody looks.
    pub cadence: SignedDuration,
    /// Whether to go on when what is there has been read.
    pub ending: Ending,
    /// What to do while nobody takes what was read.
    pub full: WhenFull,
}

/// Whether a tail ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It goes on until nobody listens.
    Follow,
    /// It ends when every group has been read to now. A group that keeps failing ends with its
    /// fault after so many questions in a row.
    AfterPast {
        /// Questions in a row that may fail.
        attempts: u32,
    },
}

/// What to do while the channel is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// Lines are dropped and counted: for a screen, which must not make the tail fall behind.
    Drop,
    /// The tail waits: for output that must be whole.
    Wait,
}

/// Who looks at a tail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attention {
    /// Somebody.
    Shown,
    /// Nobody: it polls more slowly.
    Hidden,
}

/// What a tail says.
#[derive(Debug, Clone, PartialEq)]
pub enum Update {
    /// Lines, in time order within a message.
    Lines {
        /// The lines.
        lines: Vec<TailLine>,
        /// Lines dropped before these because nobody took them.
        lost: u64,
    },
    /// How a group goes now.
    State {
        /// The group's place.
        group: usize,
        /// How it goes.
        state: TailState,
    },
}

/// Runs a tail until it ends by itself or nobody listens.
pub async fn run(
    cloud: Arc<dyn Cloud>,
    clock: Arc<dyn Clock>,
    request: Request,
    (out, attention): (mpsc::Sender<Update>, watch::Receiver<Attention>),
) {
    let now = clock.now();
    let cursors = request
        .targets
        .iter()
        .map(|_| Cursor::new(request.from.as_millisecond(), now))
        .collect();
    let tail = Tail {
        cloud,
        clock,
        cursors,
        held: Vec::new(),
        lost: 0,
        next_question: now,
        request,
        out,
    };
    tail.run(attention).await;
}

struct Tail {
    cloud: Arc<dyn Cloud>,
    clock: Arc<dyn Clock>,
    request: Request,
    cursors: Vec<Cursor>,
    /// Lines that wait until every group has come as far.
    held: Vec<TailLine>,
    lost: u64,
    /// When the next question may be asked at the earliest, whatever the group.
    next_question: Timestamp,
    out: mpsc::Sender<Update>,
}

/// Nobody listens any more.
struct Closed;

impl Tail {
    async fn run(mut self, mut attention: watch::Receiver<Attention>) {
        if self.refuse_what_cannot_be_tailed().await.is_err() {
            return;
        }
        while let Some((group, due)) = self.next_group() {
            let now = self.clock.now();
            let wait = due.max(self.next_question).duration_since(now);
            if let Ok(wait) = Duration::try_from(wait)
                && !wait.is_zero()
            {
                let timer = self.clock.sleep(wait);
                tokio::select! {
                    () = timer => {}
                    () = self.out.closed() => return,
                    Ok(()) = attention.changed() => {
                        self.reschedule(*attention.borrow_and_update());
                    }
                }
                continue;
            }
            self.next_question = now.saturating_add(SPACING).unwrap_or(Timestamp::MAX);
            let looked_at = *attention.borrow();
            if self.ask(group, looked_at).await.is_err() {
                return;
            }
        }
        // Whoever waits for the last lines gets them although a group may never have caught up.
        if !self.held.is_empty() {
            let lines = std::mem::take(&mut self.held);
            // Nobody listens: then nobody misses them.
            let _ = self.send_lines(lines).await;
        }
    }

    /// The class of infrequent access can be asked through Logs Insights only.
    async fn refuse_what_cannot_be_tailed(&mut self) -> Result<(), Closed> {
        for group in 0..self.cursors.len() {
            if self.request.targets[group].class.as_deref() == Some("INFREQUENT_ACCESS") {
                self.refuse(group, INFREQUENT.to_owned()).await?;
            }
        }
        Ok(())
    }

    async fn refuse(&mut self, group: usize, reason: String) -> Result<(), Closed> {
        self.cursors[group].ended = true;
        self.say(group, TailState::Refused(reason)).await?;
        self.release().await
    }

    /// Whose turn it is, and when: of those that are due the live ones, which are due rarely, then
    /// whoever is furthest behind. `None` when all have ended.
    fn next_group(&self) -> Option<(usize, Timestamp)> {
        let now = self.clock.now();
        self.cursors
            .iter()
            .enumerate()
            .filter(|(_, cursor)| !cursor.ended)
            .min_by_key(|(_, cursor)| {
                let behind = cursor.holds_others_back();
                let order = if behind { cursor.progress() } else { 0 };
                (cursor.due.max(now), behind, order, cursor.due)
            })
            .map(|(group, cursor)| (group, cursor.due))
    }

    /// Somebody looks, or no longer does: groups that wait for their turn get another one.
    fn reschedule(&mut self, attention: Attention) {
        let soon = self
            .clock
            .now()
            .saturating_add(self.cadence(attention))
            .unwrap_or(Timestamp::MAX);
        for cursor in &mut self.cursors {
            if cursor.failures == 0 && !cursor.in_pass() {
                cursor.due = cursor.due.min(soon);
            }
        }
    }

    fn cadence(&self, attention: Attention) -> SignedDuration {
        let least = match attention {
            Attention::Shown => self.request.cadence,
            Attention::Hidden => self.request.cadence * HIDDEN,
        };
        least.max(SPACING * i32::try_from(self.cursors.len()).unwrap_or(i32::MAX))
    }

    /// Reads one page of a group.
    async fn ask(&mut self, group: usize, attention: Attention) -> Result<(), Closed> {
        let target = self.request.targets[group].clone();
        let asked_at = self.clock.now();
        let query =
            Query::Logs(self.cursors[group].question(&target, self.request.pattern.as_deref(), asked_at));
        let cloud = self.cloud.clone();
        let result = tokio::select! {
            result = cloud.read(&target.scope, &query) => result,
            () = self.out.closed() => return Err(Closed),
        };
        match result.map(|reply| reply.data) {
            Ok(ReplyData::LogPage(page)) => self.take(group, page, attention).await,
            Ok(_) => {
                let fault = Fault::new(
                    FaultKind::Other,
                    "logs",
                    "FilterLogEvents",
                    "the answer is not a page of log events",
                );
                self.fail(group, fault).await
            }
            Err(fault) => self.fail(group, fault).await,
        }
    }

    async fn take(&mut self, group: usize, page: LogPage, attention: Attention) -> Result<(), Closed> {
        let now = self.clock.now();
        let cadence = self.cadence(attention);
        let cursor = &mut self.cursors[group];
        let place = u16::try_from(group).unwrap_or(u16::MAX);
        let fresh = cursor.take(page, now);
        self.held
            .extend(fresh.into_iter().map(|event| TailLine { group: place, event }));
        let state = if cursor.in_pass() {
            cursor.due = now;
            match cursor.caught_up_at {
                Some(at) => TailState::Live(at),
                None => TailState::Reading(Timestamp::from_millisecond(cursor.progress()).ok()),
            }
        } else {
            cursor.due = now.saturating_add(cadence).unwrap_or(Timestamp::MAX);
            cursor.ended = matches!(self.request.ending, Ending::AfterPast { .. });
            TailState::Live(cursor.caught_up_at.unwrap_or(now))
        };
        self.say(group, state).await?;
        self.release().await
    }

    async fn fail(&mut self, group: usize, fault: Fault) -> Result<(), Closed> {
        let now = self.clock.now();
        let cursor = &mut self.cursors[group];
        if fault.code.as_deref() == Some("InvalidOperationException") {
            let reason = format!("{INFREQUENT} ({})", fault.message);
            return self.refuse(group, reason).await;
        }
        if fault.kind == FaultKind::Invalid && cursor.forget_token() {
            // Tokens live a day at most; without one the pass begins anew and repeats nothing.
            cursor.due = now;
            return Ok(());
        }
        cursor.failures += 1;
        let again = now
            .saturating_add(backoff(&fault, cursor.failures))
            .unwrap_or(Timestamp::MAX);
        cursor.due = again;
        if let Ending::AfterPast { attempts } = self.request.ending
            && (cursor.failures >= attempts || !fault.is_transient())
        {
            cursor.ended = true;
        }
        self.say(group, TailState::Failing { fault, again }).await?;
        self.release().await
    }

    /// Gives away what no group can still have something before.
    async fn release(&mut self) -> Result<(), Closed> {
        let bound = self
            .cursors
            .iter()
            .filter(|cursor| cursor.holds_others_back())
            .map(Cursor::progress)
            .min()
            .unwrap_or(i64::MAX);
        self.held.sort_by_key(|line| line.event.at_ms);
        let ready = self.held.partition_point(|line| line.event.at_ms <= bound);
        if ready == 0 {
            return Ok(());
        }
        let rest = self.held.split_off(ready);
        let lines = std::mem::replace(&mut self.held, rest);
        self.send_lines(lines).await
    }

    async fn send_lines(&mut self, lines: Vec<TailLine>) -> Result<(), Closed> {
        let mut lines = lines.into_iter();
        loop {
            let batch: Vec<TailLine> = lines.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            let count = batch.len() as u64;
            let update = Update::Lines {
                lines: batch,
                lost: self.lost,
            };
            match self.request.full {
                WhenFull::Wait => self.out.send(update).await.map_err(|_| Closed)?,
                WhenFull::Drop => match self.out.try_send(update) {
                    Ok(()) => self.lost = 0,
                    Err(mpsc::error::TrySendError::Full(_)) => self.lost += count,
                    Err(mpsc::error::TrySendError::Closed(_)) => return Err(Closed),
                },
            }
        }
    }

    async fn say(&mut self, group: usize, state: TailState) -> Result<(), Closed> {
        if self.cursors[group].said.as_ref() == Some(&state) {
            return Ok(());
        }
        self.cursors[group].said = Some(state.clone());
        // States are few and must not be lost, so even a screen is waited for.
        self.out
            .send(Update::State { group, state })
            .await
            .map_err(|_| Closed)
    }
}

const INFREQUENT: &str =
    "class INFREQUENT_ACCESS: CloudWatch answers no tails of it, only Logs Insights queries";

/// How long to leave a failing group alone.
fn backoff(fault: &Fault, failures: u32) -> SignedDuration {
    if !fault.is_transient() && !matches!(fault.kind, FaultKind::Credentials(_)) {
        return LONGEST_BACKOFF;
    }
    let exponential = SignedDuration::from_secs(2 << failures.saturating_sub(1).min(5));
    let asked = fault
        .retry_after
        .and_then(|span| SignedDuration::try_from(span).ok())
        .unwrap_or(SignedDuration::ZERO);
    exponential.max(asked).min(LONGEST_BACKOFF)
}

#[cfg(test)]
mod tests;
