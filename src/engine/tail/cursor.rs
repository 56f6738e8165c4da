//! Where a tail is in one group.

use jiff::{SignedDuration, Timestamp};

use crate::domain::logs::{LogEvent, LogPage, TailState, TailTarget};
use crate::domain::ops::logs::Read;
use crate::engine::tail::OVERLAP;
use crate::engine::tail::seen::Seen;

/// How far back a question goes at the most while the group is quiet: a rare pattern would
/// otherwise read the same hours again and again.
const LOOK_BACK: SignedDuration = SignedDuration::from_mins(10);

/// The place of a tail in one group.
#[derive(Debug)]
pub(super) struct Cursor {
    /// When it is asked next.
    pub(super) due: Timestamp,
    /// Questions in a row that failed.
    pub(super) failures: u32,
    /// When everything there was had been read for the last time.
    pub(super) caught_up_at: Option<Timestamp>,
    /// Whether it is never asked again.
    pub(super) ended: bool,
    /// What was last said of it.
    pub(super) said: Option<TailState>,
    /// Where the pass under way, or the next one, begins.
    pub(super) from_ms: i64,
    /// Where the page before left off.
    token: Option<String>,
    /// When the pass under way was begun.
    begun: Option<Timestamp>,
    /// The newest event that was seen.
    newest_ms: Option<i64>,
    seen: Seen,
}

impl Cursor {
    /// A cursor that begins at a time.
    pub(super) fn new(from_ms: i64, now: Timestamp) -> Self {
        Self {
            due: now,
            failures: 0,
            caught_up_at: None,
            ended: false,
            said: None,
            from_ms,
            token: None,
            begun: None,
            newest_ms: None,
            seen: Seen::default(),
        }
    }

    /// The question for the next page; begins a pass unless one is under way.
    pub(super) fn question(&mut self, target: &TailTarget, pattern: Option<&str>, now: Timestamp) -> Read {
        self.begun.get_or_insert(now);
        Read::Events {
            group: target.group.clone(),
            stream: target.stream.as_ref().map(|stream| stream.name.clone()),
            from_ms: self.from_ms,
            to_ms: None,
            pattern: pattern.map(ToOwned::to_owned),
            token: self.token.clone(),
        }
    }

    /// Whether there are more pages to read at once.
    pub(super) const fn in_pass(&self) -> bool {
        self.token.is_some()
    }

    /// Whether lines of other groups have to wait for it: while it reads the past, unless it fails.
    pub(super) const fn holds_others_back(&self) -> bool {
        !self.ended && self.failures == 0 && self.caught_up_at.is_none()
    }

    /// How far it has come, milliseconds since 1970.
    pub(super) fn progress(&self) -> i64 {
        self.newest_ms.unwrap_or(i64::MIN).max(self.from_ms)
    }

    /// Takes a page in; gives its events that were not seen before.
    pub(super) fn take(&mut self, page: LogPage, now: Timestamp) -> Vec<LogEvent> {
        self.failures = 0;
        let fresh: Vec<LogEvent> = page
            .events
            .into_iter()
            .filter(|event| self.seen.insert(event))
            .collect();
        let newest = fresh.iter().map(|event| event.at_ms).max();
        self.newest_ms = self.newest_ms.max(newest);
        self.token = page.next;
        if self.token.is_none() {
            let begun = self.begun.take().unwrap_or(now);
            self.caught_up_at = Some(begun);
            self.from_ms = self.next_from(begun.as_millisecond());
            self.seen.forget_before(self.from_ms);
        }
        fresh
    }

    /// Where the next pass begins. The newest event does not count for more than the time of the
    /// pass: a producer whose clock is ahead must not make the others' events be skipped.
    fn next_from(&self, begun_ms: i64) -> i64 {
        let newest = self.newest_ms.unwrap_or(i64::MIN).min(begun_ms);
        let back = newest.max(begun_ms - ms(LOOK_BACK)) - ms(OVERLAP);
        back.max(self.from_ms).max(self.seen.floor_ms())
    }

    /// Forgets the token, if there is one, so that the pass begins anew.
    pub(super) fn forget_token(&mut self) -> bool {
        let floor = self.seen.floor_ms();
        self.from_ms = self.from_ms.max(floor);
        self.token.take().is_some()
    }
}

fn ms(span: SignedDuration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
