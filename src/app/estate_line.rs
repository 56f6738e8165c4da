//! The estate in a few lines: one entry for each pane, for the overview.

use crate::app::pane::Pane;
use crate::app::state::State;
use crate::app::table::Tone;

/// An entry: the pane, and what there is to say of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The pane.
    pub pane: Pane,
    /// What it says.
    pub text: String,
    /// How it looks.
    pub tone: Tone,
}

/// The entries, in the order of the panes.
pub fn entries(state: &State) -> Vec<Entry> {
    let inventory = &state.picture.inventory;
    let services = inventory
        .shown()
        .filter_map(|scope| scope.ecs.get())
        .flat_map(|fleet| &fleet.services);
    let (total, short) = services.fold((0, 0), |(total, short), service| {
        (total + 1, short + u32::from(service.running < service.desired))
    });
    let tone = if short > 0 { Tone::Warn } else { Tone::Plain };
    vec![Entry {
        pane: Pane::Services,
        text: format!("ecs {}/{total}", total - short),
        tone,
    }]
}
