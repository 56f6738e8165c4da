//! Findings that come and go: a target that fails every other check is one thing, not thirty-six lines.

use jiff::{SignedDuration, Timestamp};

use super::{Entry, Event, Incident, Seen};
use crate::domain::units::HumanDuration;

/// The longest absence that is passed over.
const BRIEF: SignedDuration = SignedDuration::from_mins(10);

/// A stretch of time in which a finding was there, short absences passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The finding at its worst.
    pub seen: Seen,
    /// When it appeared.
    pub from: Timestamp,
    /// When it went for good; `None` while it is there.
    pub to: Option<Timestamp>,
    /// How many times it came, at least once.
    pub times: usize,
    /// When it came last.
    last: Timestamp,
}

impl Stretch {
    /// How often it came and over what time; `None` of one that stayed.
    pub fn often(&self) -> Option<String> {
        let over = self.to.unwrap_or(self.last).duration_since(self.from);
        (self.times > 1).then(|| format!("{} times in {}", self.times, HumanDuration(over)))
    }

    /// Takes in that it was there once more.
    fn extend(&mut self, seen: &Seen, from: Timestamp, to: Option<Timestamp>) {
        if seen.severity >= self.seen.severity {
            self.seen = seen.clone();
        }
        self.times += 1;
        self.last = from;
        self.to = to;
    }
}

impl Incident {
    /// Every finding by stretches, in the order in which these began.
    pub fn stretches(&self) -> Vec<Stretch> {
        self.stretched(BRIEF)
    }

    /// Every finding once, in the order in which they appeared, however long it was away in between.
    pub fn courses(&self) -> Vec<Stretch> {
        self.stretched(SignedDuration::MAX)
    }

    fn stretched(&self, brief: SignedDuration) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        for (seen, from, to) in &self.findings {
            let key = seen.key();
            let before = stretches.iter_mut().rev().find(|known| known.seen.key() == key);
            match before.filter(|before| before.to.is_some_and(|gone| from.duration_since(gone) <= brief)) {
                Some(before) => before.extend(seen, *from, *to),
                None => stretches.push(Stretch {
                    seen: seen.clone(),
                    from: *from,
                    to: *to,
                    times: 1,
                    last: *from,
                }),
            }
        }
        stretches
    }
}

/// Whether an entry lies within a stretch: it neither begins nor ends one.
pub(super) fn is_passed_over(entry: &Entry, stretches: &[Stretch]) -> bool {
    let mut of_finding = stretches.iter();
    match &entry.event {
        Event::Appeared { finding } => {
            !of_finding.any(|one| one.seen.key() == finding.key() && one.from == entry.at)
        }
        Event::Gone { rule, resource } => !of_finding
            .any(|one| one.seen.rule == *rule && one.seen.resource == *resource && one.to == Some(entry.at)),
        Event::Started { .. }
        | Event::Changed { .. }
        | Event::Note { .. }
        | Event::Pinned { .. }
        | Event::Closed => false,
    }
}
