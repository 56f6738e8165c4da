//! What there is to say of the data behind a section: what is wrong with it, and how much of it was read.
//! What nobody read is never counted as none.

use crate::app::format;
use crate::app::state::State;
use crate::app::table::Tone;
use crate::domain::fault::{FaultKind, NOT_IN_THIS_BUILD};
use crate::domain::inventory::Source;

/// What is said of a source that has not answered yet.
const READING: &str = "reading …";

/// How much of what a section lists was ever read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    Nothing,
    Part,
    All,
}

/// What there is to say of a section's data.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    note: Option<(String, Tone)>,
    read: Read,
}

impl Told {
    /// Of sources that each of the scopes has.
    pub(crate) fn of(state: &State, sources: &[Source]) -> Self {
        let listings = || sources.iter().filter(|source| !is_beside(source));
        let mut has = state
            .picture
            .inventory
            .shown()
            .flat_map(|scope| listings().map(move |source| scope.standing(source).at.is_some()));
        let read = match has.next() {
            None => Read::Nothing,
            Some(first) if has.all(|one| one == first) => {
                if first {
                    Read::All
                } else {
                    Read::Nothing
                }
            }
            Some(_) => Read::Part,
        };
        Self {
            note: note(state, sources),
            read,
        }
    }

    /// Of sources of a whole account: they are asked through one of its scopes, and the others' silence says
    /// nothing.
    pub(crate) fn of_account(state: &State, sources: &[Source]) -> Self {
        let any = |is: &dyn Fn(&crate::domain::inventory::ScopeState, &Source) -> bool| {
            let mut shown = state.picture.inventory.shown();
            shown.any(|scope| sources.iter().any(|source| is(scope, source)))
        };
        let asked = any(&|scope, source| scope.standing(source).is_settled());
        let known = any(&|scope, source| scope.standing(source).at.is_some());
        Self {
            note: note(state, sources).filter(|(text, _)| !(asked && text == READING)),
            read: if known { Read::All } else { Read::Nothing },
        }
    }

    /// The same without a note, for a section beside the one that has it.
    pub(crate) fn quiet(mut self) -> Self {
        self.note = None;
        self
    }

    /// The same with another note where this one has nothing to say.
    pub(crate) fn or_note(mut self, other: Option<(String, Tone)>) -> Self {
        self.note = self.note.or(other);
        self
    }

    /// What is wrong, and how it looks.
    pub(crate) fn note(self) -> Option<(String, Tone)> {
        self.note
    }

    /// How many there are, as far as it is known.
    pub(crate) fn count(&self, rows: usize) -> String {
        match (self.read, rows) {
            (Read::Nothing, 0) => format::UNKNOWN.to_owned(),
            (Read::Nothing | Read::All, rows) => rows.to_string(),
            (Read::Part, rows) => format!("{rows}?"),
        }
    }

    /// What stands in place of rows; `none` where it is known that there are none.
    pub(crate) fn empty(&self, none: &str) -> String {
        match self.read {
            Read::All => none.to_owned(),
            Read::Part => "none in the part that was read".to_owned(),
            Read::Nothing => "nothing is known: it was not read".to_owned(),
        }
    }
}

/// Whether a source goes beside a listing, and is only asked where that has something to ask for.
const fn is_beside(source: &Source) -> bool {
    matches!(source, Source::Metrics(_) | Source::PipelineExecutions)
}

/// The worst of the sources in all scopes.
fn note(state: &State, sources: &[Source]) -> Option<(String, Tone)> {
    let now = state.picture.at;
    let mut worst: Option<(u8, String, Tone)> = None;
    let mut offer = |rank: u8, text: String, tone: Tone| {
        if worst.as_ref().is_none_or(|(best, ..)| rank > *best) {
            worst = Some((rank, text, tone));
        }
    };
    for scope in state.picture.inventory.shown() {
        for source in sources {
            let standing = scope.standing(source);
            match (&standing.failing, standing.at) {
                (Some(failing), None) if failing.fault.code.as_deref() == Some(NOT_IN_THIS_BUILD) => {
                    offer(2, "not in this build".to_owned(), Tone::Muted);
                }
                (Some(failing), Some(at)) => {
                    let mut text = format!("STALE {} {}", format::age(now, at), failing.fault.word());
                    if failing.fault.kind == FaultKind::AccessDenied {
                        // Credentials that fail altogether have a line of their own; all else mends itself.
                        text = format!("{text}: {}", failing.fault.hint(&scope.scope));
                    }
                    offer(3, text, Tone::Warn);
                }
                (Some(failing), None) => {
                    let hint = failing.fault.hint(&scope.scope);
                    offer(
                        4,
                        format!("{}: {} {hint}", failing.fault.word(), failing.fault.operation),
                        Tone::Crit,
                    );
                }
                // Metrics are only asked for where there is something to measure.
                (None, None) if is_beside(source) => {}
                (None, None) => offer(1, READING.to_owned(), Tone::Muted),
                (None, Some(_)) if !standing.gaps.is_empty() => {
                    offer(2, format!("partial: {}", standing.gaps[0]), Tone::Warn);
                }
                (None, Some(_)) => {}
            }
        }
    }
    worst.map(|(_, text, tone)| (text, tone))
}
