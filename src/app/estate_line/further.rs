//! Families without a digit: an item for each that the estate has, beside the panes that have one.

use crate::app::pane::Pane;
use crate::app::state::State;

use super::{Entry, entry, functions, kubernetes, recovery};

/// A family: its pane, and what there is to say of it; `None` if the estate has nothing of it, or
/// nothing has been read yet.
struct Family {
    pane: Pane,
    text: fn(&State) -> Option<String>,
}

/// The families, in the order in which they are shown.
const FAMILIES: &[Family] = &[
    Family {
        pane: Pane::Recovery,
        text: recovery::text,
    },
    Family {
        pane: Pane::Kubernetes,
        text: kubernetes::text,
    },
    Family {
        pane: Pane::Functions,
        text: functions::text,
    },
];

/// The items, in the tones of what is wrong in their panes.
pub(super) fn items(state: &State) -> Vec<Entry> {
    let item = |family: &Family| Some(entry(state, family.pane, (family.text)(state)?));
    FAMILIES.iter().filter_map(item).collect()
}
