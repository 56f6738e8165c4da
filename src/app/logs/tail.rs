//! The tail that is open: its lines, which of them are shown, and where the user is among them.

use jiff::Timestamp;

use crate::app::logs::JobEnd;
use crate::app::logs::buffer::{Buffer, LineKey, Way};
use crate::app::logs::job::{Job, SaveJob, Task, Test};
use crate::app::logs::pattern::Pattern;
use crate::app::logs::rates::Rates;
use crate::app::logs::window::Window;
use crate::app::tables::Step;
use crate::domain::fault::FaultKind;
use crate::domain::logs::level::Level;
use crate::domain::logs::{TailLine, TailState, TailTarget};
use crate::domain::text;
use crate::domain::units::HumanDuration;

/// A tail.
#[derive(Debug)]
pub struct Tail {
    /// What its messages carry.
    pub id: u64,
    /// The groups.
    pub targets: Vec<TailTarget>,
    /// How each group goes.
    pub states: Vec<TailState>,
    /// How far back it began.
    pub since: HumanDuration,
    /// When that was.
    pub from: Timestamp,
    /// CloudWatch's filter pattern.
    pub pattern: Option<String>,
    /// The pattern before this one, while it is not known whether CloudWatch takes this one.
    pub pattern_before: Option<Option<String>>,
    /// The lines.
    pub buffer: Buffer,
    /// Which lines are shown.
    pub test: Test,
    /// What is searched for.
    pub search: Option<Pattern>,
    /// The lines that pass the test; `None` while all do.
    kept: Option<Found>,
    /// The lines in which the search was successful.
    hits: Found,
    /// The line that the user is on.
    pub cursor: Option<LineKey>,
    /// The first line of the window.
    pub(super) top: Option<LineKey>,
    /// Whether the window follows the end.
    pub follow: Follow,
    /// Columns scrolled to the right.
    pub left: usize,
    /// What becomes of long lines.
    pub wrap: Wrap,
    /// Lines lost because the console did not take them in time.
    pub lost: u64,
    /// What the screen shows.
    pub window: Window,
    epoch: u64,
    jump: Jump,
}

/// Whether the window follows the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// It does.
    End,
    /// It stands still, and so many lines arrived since.
    Held(u64),
}

/// What becomes of lines that are longer than the screen is wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrap {
    /// They are cut; the window can be scrolled sideways.
    Cut,
    /// They go on in the next row.
    Wrapped,
}

/// Whether the next hit that is found is gone to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Jump {
    No,
    ToFirstFound,
}

/// Lines that a job found, and those that passed the same test since.
#[derive(Debug, Default)]
struct Found {
    epoch: u64,
    keys: Vec<LineKey>,
    running: bool,
}

impl Found {
    fn add(&mut self, key: LineKey) {
        if self.keys.last().is_none_or(|last| *last < key) {
            self.keys.push(key);
        } else if let Err(place) = self.keys.binary_search(&key) {
            self.keys.insert(place, key);
        }
    }

    fn merge(&mut self, keys: Vec<LineKey>) {
        self.keys.extend(keys);
        // Runs that are sorted already make this linear.
        self.keys.sort();
        self.keys.dedup();
    }

    fn forget_before(&mut self, first: LineKey) {
        if self.keys.first().is_some_and(|key| *key < first) {
            let gone = self.keys.partition_point(|key| *key < first);
            self.keys.drain(..gone);
        }
    }
}

impl Tail {
    /// A tail of which nothing has arrived yet.
    pub fn new(id: u64, targets: Vec<TailTarget>, since: HumanDuration, now: Timestamp) -> Self {
        Self {
            id,
            states: vec![TailState::Waiting; targets.len()],
            targets,
            since,
            from: now.saturating_sub(since.0).unwrap_or(Timestamp::UNIX_EPOCH),
            pattern: None,
            pattern_before: None,
            buffer: Buffer::default(),
            test: Test::default(),
            search: None,
            kept: None,
            hits: Found::default(),
            cursor: None,
            top: None,
            follow: Follow::End,
            left: 0,
            wrap: Wrap::Cut,
            lost: 0,
            window: Window::default(),
            epoch: 0,
            jump: Jump::No,
        }
    }

    /// Takes lines in.
    pub fn receive(&mut self, lines: &[TailLine], lost: u64, rates: &mut Rates) {
        self.lost += lost;
        for line in lines {
            let Some(key) = self.buffer.push(line) else {
                continue;
            };
            let Some(kept) = self.buffer.line(key) else {
                continue;
            };
            rates.count(key.at_ms, kept.level == Level::Error);
            let shown = self.test.passes(kept.text);
            if shown {
                if let Some(found) = &mut self.kept {
                    found.add(key);
                }
                if let Follow::Held(new) = &mut self.follow {
                    *new += 1;
                }
            }
            if self
                .search
                .as_ref()
                .is_some_and(|search| search.matches(kept.text))
            {
                self.hits.add(key);
            }
        }
        if let Some(first) = self.buffer.first() {
            self.hits.forget_before(first);
            if let Some(found) = &mut self.kept {
                found.forget_before(first);
            }
        }
        self.settle();
    }

    /// Notes how a group goes. Gives the pattern to go back to if CloudWatch refuses the new one.
    pub fn note(&mut self, group: usize, state: TailState) -> Option<Option<String>> {
        let refused = matches!(&state, TailState::Failing { fault, .. } if fault.kind == FaultKind::Invalid);
        let answered = matches!(state, TailState::Live(_) | TailState::Reading(_));
        if let Some(known) = self.states.get_mut(group) {
            *known = state;
        }
        if answered {
            self.pattern_before = None;
        }
        if refused { self.pattern_before.take() } else { None }
    }

    /// Takes in what a job found; `false` if it is of an older question.
    pub fn found(&mut self, (task, epoch): (Task, u64), keys: Vec<LineKey>, end: JobEnd) -> bool {
        let found = match task {
            Task::Filter => match &mut self.kept {
                Some(found) => found,
                None => return false,
            },
            Task::Search => &mut self.hits,
        };
        if found.epoch != epoch {
            return false;
        }
        found.merge(keys);
        if let Some(first) = self.buffer.first() {
            found.forget_before(first);
        }
        found.running = end == JobEnd::NotYet;
        if task == Task::Search && self.jump == Jump::ToFirstFound && !self.hits.keys.is_empty() {
            self.jump = Jump::No;
            self.to_hit(Way::Backward);
        }
        self.settle();
        true
    }

    /// Shows only lines that pass; gives the job that finds them.
    pub fn set_test(&mut self, test: Test) -> Option<Job> {
        self.epoch += 1;
        self.kept = (!test.is_empty()).then(|| Found {
            epoch: self.epoch,
            keys: Vec::new(),
            running: true,
        });
        self.test = test;
        self.settle();
        self.kept
            .as_ref()
            .map(|_| self.job(Task::Filter, self.test.clone()))
    }

    /// Searches; gives the job that does it.
    pub fn set_search(&mut self, pattern: Option<Pattern>) -> Option<Job> {
        self.epoch += 1;
        self.hits = Found {
            epoch: self.epoch,
            keys: Vec::new(),
            running: pattern.is_some(),
        };
        self.search.clone_from(&pattern);
        self.jump = Jump::ToFirstFound;
        let test = Test {
            include: vec![pattern?],
            exclude: Vec::new(),
        };
        Some(self.job(Task::Search, test))
    }

    fn job(&self, task: Task, test: Test) -> Job {
        Job {
            tail: self.id,
            epoch: self.epoch,
            task,
            test,
            snapshot: self.buffer.snapshot(),
        }
    }

    /// Writes what is shown to a file.
    pub fn save(&self, path: &str) -> SaveJob {
        SaveJob {
            path: path.to_owned(),
            test: self.test.clone(),
            snapshot: self.buffer.snapshot(),
            groups: self.targets.iter().map(|target| target.group.clone()).collect(),
        }
    }

    /// Lines that are shown.
    pub fn count(&self) -> usize {
        self.kept
            .as_ref()
            .map_or_else(|| self.buffer.len(), |found| found.keys.len())
    }

    /// The key of a shown line by its place.
    pub fn key_at(&self, place: usize) -> Option<LineKey> {
        match &self.kept {
            Some(found) => found.keys.get(place).copied(),
            None => self.buffer.at(place).map(|line| line.key),
        }
    }

    /// The place of a shown line, or where it would be.
    pub fn place(&self, key: LineKey) -> usize {
        let place = match &self.kept {
            Some(found) => found.keys.binary_search(&key),
            None => self.buffer.place(key),
        };
        place.unwrap_or_else(|place| place)
    }

    fn is_shown(&self, key: LineKey) -> bool {
        self.kept
            .as_ref()
            .is_none_or(|found| found.keys.binary_search(&key).is_ok())
    }

    /// Whether a job is still at it.
    pub fn is_searching(&self) -> bool {
        self.hits.running || self.kept.as_ref().is_some_and(|found| found.running)
    }

    /// Which of the hits the user is on or after, and how many there are.
    pub fn hit_count(&self) -> (usize, usize) {
        let before = self
            .cursor
            .map_or(0, |cursor| self.hits.keys.partition_point(|key| *key <= cursor));
        (before, self.hits.keys.len())
    }

    /// Moves the cursor; at the end the window follows again.
    pub fn step(&mut self, step: Step) {
        let last = self.count().saturating_sub(1);
        let here = self.cursor.map_or(last, |cursor| self.place(cursor)).min(last);
        let to = match step {
            Step::First => 0,
            Step::Last => last,
            Step::By(by) => here.saturating_add_signed(by).min(last),
        };
        if to == last && !matches!(step, Step::First) {
            self.follow_end();
        } else {
            self.hold();
            self.cursor = self.key_at(to);
        }
    }

    /// Follows the end.
    pub fn follow_end(&mut self) {
        self.follow = Follow::End;
        self.settle();
    }

    /// Stands still.
    pub fn hold(&mut self) {
        if self.follow == Follow::End {
            self.follow = Follow::Held(0);
        }
    }

    /// To the next or previous error that is shown; `false` if there is none.
    pub fn to_error(&mut self, way: Way) -> bool {
        let from = self.cursor.unwrap_or(LineKey {
            at_ms: i64::MIN,
            seq: 0,
        });
        let found = self.buffer.error(from, way, |key| self.is_shown(key));
        self.go_to(found)
    }

    /// To the next or previous line that the search found and that is shown; `false` if none is.
    pub fn to_hit(&mut self, way: Way) -> bool {
        let keys = &self.hits.keys;
        let cursor = self.cursor;
        let found = match (way, cursor) {
            (_, None) => keys.last().copied(),
            (Way::Forward, Some(from)) => keys[keys.partition_point(|key| *key <= from)..]
                .iter()
                .copied()
                .find(|key| self.is_shown(*key)),
            (Way::Backward, Some(from)) => keys[..keys.partition_point(|key| *key < from)]
                .iter()
                .rev()
                .copied()
                .find(|key| self.is_shown(*key)),
        };
        self.go_to(found)
    }

    fn go_to(&mut self, found: Option<LineKey>) -> bool {
        if found.is_some() {
            self.hold();
            self.cursor = found;
        }
        found.is_some()
    }

    /// Keeps the cursor on a line that is shown.
    fn settle(&mut self) {
        let Some(last) = self.count().checked_sub(1) else {
            self.cursor = None;
            self.top = None;
            return;
        };
        match (self.follow, self.cursor) {
            (Follow::End, _) | (_, None) => self.cursor = self.key_at(last),
            (Follow::Held(_), Some(cursor)) => {
                self.cursor = self.key_at(self.place(cursor).min(last));
            }
        }
    }

    /// The short names of the groups: without what all of them begin with, and with the region
    /// where a name stands for groups of several.
    pub fn names(&self) -> Vec<String> {
        let groups: Vec<&str> = self.targets.iter().map(|target| target.group.as_str()).collect();
        let Some(first) = groups.first() else {
            return Vec::new();
        };
        let shared = groups.iter().fold(first.len(), |shared, group| {
            let same = first.bytes().zip(group.bytes()).take_while(|(a, b)| a == b);
            shared.min(same.count())
        });
        // Names are cut at a separator, so that no word is torn.
        let from = first.as_bytes()[..shared]
            .iter()
            .rposition(|byte| *byte == b'/')
            .map_or(0, |slash| slash + 1);
        self.targets
            .iter()
            .map(|target| {
                let short = text::clean(target.group.get(from..).unwrap_or(&target.group)).into_owned();
                if groups.iter().filter(|group| **group == target.group).count() > 1 {
                    format!("{short}@{}", target.scope.region)
                } else {
                    short
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
