//! What a picture adds to a record.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{Event, FindingKey, Incident, Seen, kept};
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::ResourceKey;
use crate::domain::picture::Picture;
use crate::domain::rules;

/// Changes this long before the beginning belong to it: what broke it came first.
const BEFORE: SignedDuration = SignedDuration::from_hours(1);

impl Incident {
    /// What is to be written down of a picture: findings that appeared and went, and what changed.
    /// Findings that are accepted or only good to know are left out. A finding that is not there counts
    /// as gone only if what it follows from was read, and not long ago with errors since.
    pub fn gather(&self, picture: &Picture) -> Vec<Event> {
        if !self.is_open() {
            return Vec::new();
        }
        let mut events = Vec::new();
        let counts = |finding: &&Finding| finding.accepted.is_none() && finding.severity > Severity::Info;
        let mut there: BTreeSet<FindingKey> = BTreeSet::new();
        for finding in picture.findings.iter().filter(counts) {
            let seen = Seen::of(finding);
            let key = seen.key();
            if !self.open.contains_key(&key) && !self.went_after(&key, picture.at) {
                events.push(Event::Appeared { finding: seen });
            }
            there.insert(key);
        }
        for (key, seen) in &self.open {
            if !there.contains(key) && is_read(picture, &seen.resource) {
                events.push(Event::Gone {
                    rule: seen.rule.clone(),
                    resource: seen.resource.clone(),
                });
            }
        }
        let from = self.started.0 - BEFORE;
        for change in picture.changes.iter().rev() {
            let text = kept(&change.what);
            if change.at >= from && !self.knows_change(change) {
                events.push(Event::Changed {
                    changed_at: change.at,
                    sort: change.word.as_str().to_owned(),
                    text,
                    who: change.who.as_deref().map(kept),
                    id: change.id.clone(),
                });
            }
        }
        events
    }
}

/// Whether what says something about a resource was read. What is denied for good says nothing and never
/// will; what was read once and fails now may say something else once it can be read again.
fn is_read(picture: &Picture, resource: &ResourceKey) -> bool {
    let mut states = picture
        .inventory
        .shown()
        .filter(|state| *state.name() == resource.scope || state.scope.global_name() == resource.scope);
    states.any(|state| {
        let mut sources = rules::sources().filter(|source| source.kind() == resource.kind);
        sources.all(|source| {
            let standing = state.standing(&source);
            match (standing.at, standing.failing) {
                (Some(_), None) | (None, Some(_)) => true,
                (Some(_), Some(_)) | (None, None) => false,
            }
        })
    })
}
