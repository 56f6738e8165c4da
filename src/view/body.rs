//! Between header and footer: a pane, or the level above it.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::pane::Pane;
use crate::app::state::{Level, State};
use crate::view::styles::Styles;
use crate::view::table::{self, Marks};
use crate::view::{detail, logs, overview, runs};

/// Draws the body; gives the number of lines in which rows or details scroll.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, styles: &Styles) -> u16 {
    match state.levels.last() {
        Some(Level::Tail) => return logs::draw(frame, area, state, styles),
        Some(
            Level::Detail { scroll, .. } | Level::Changes { scroll, .. } | Level::LogLine { scroll, .. },
        ) => {
            return detail::draw(frame, area, state, *scroll, styles);
        }
        Some(Level::Prepare { scroll }) => return runs::prepare(frame, area, state, *scroll, styles),
        Some(Level::Run { run, scroll }) => return runs::run(frame, area, state, (run, *scroll), styles),
        None => {}
    }
    match state.pane {
        Pane::Overview => overview::draw(frame, area, state, styles),
        Pane::Findings
        | Pane::Services
        | Pane::Gpu
        | Pane::Data
        | Pane::Network
        | Pane::Logs
        | Pane::Spend
        | Pane::Alarms
        | Pane::Runs
        | Pane::Models
        | Pane::Pipelines
        | Pane::Web
        | Pane::Secrets
        | Pane::Recovery
        | Pane::Incident
        | Pane::Kubernetes
        | Pane::Functions => {
            table::draw(frame, area, &state.tables, state.view(), marks(state), styles);
            area.height
        }
    }
}

/// What distinguishes rows.
pub fn marks(state: &State) -> Marks<'_> {
    Marks {
        selected: state.view().selected(),
        marked: &state.marks,
    }
}
