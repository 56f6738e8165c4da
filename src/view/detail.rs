//! Details: blocks from top to bottom, scrolled.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::app::state::{Level, State};
use crate::view::overview::rule;
use crate::view::styles::Styles;

/// Draws a level; gives the lines in which it scrolls.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, _level: &Level, styles: &Styles) -> u16 {
    rule(frame, Rect { height: 1, ..area }, &state.detail.title, styles);
    area.height.saturating_sub(1)
}
