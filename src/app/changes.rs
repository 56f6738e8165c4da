//! What changed, as lines.

use crate::app::estate_line;
use crate::app::format;
use crate::app::state::State;
use crate::app::table::{Cell, Tone};
use crate::domain::changes::Change;

/// What to say where there is no change to show.
pub fn nothing(state: &State) -> &'static str {
    if estate_line::unread(state).is_some() {
        "reading …"
    } else if estate_line::knows_anything(state) {
        "no deployment, scaling, event of a database or alarm; runs are in 9"
    } else {
        "nothing is known: it was not read"
    }
}

/// One change: when, what sort, what, who.
pub fn line(state: &State, change: &Change) -> Vec<Cell> {
    let mut cells = vec![
        Cell::new(format::clock(change.at, state.picture.at, &state.zone().zone)).tone(Tone::Muted),
        Cell::new(format!(" {:<8}", change.word.as_str())).tone(Tone::Accent),
        Cell::new(format!(" {}", change.what)),
    ];
    if let Some(who) = &change.who {
        cells.push(Cell::new(format!(" by {who}")).tone(Tone::Muted));
    }
    cells
}
