//! The lines under the header that say which credentials fail and what mends them.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use crate::view::styles::Styles;

/// Lines that one profile's trouble may take: the command must not be cut.
const MOST: u16 = 2;

/// How many lines are needed in this width.
pub fn height(lines: &[String], width: u16) -> u16 {
    let room = usize::from(width.saturating_sub(2)).max(1);
    match lines {
        [] => 0,
        [line] if line.width() <= room => 1,
        _ => MOST,
    }
}

/// Draws what fails: one profile in full; of several the first, and how many there are.
pub fn draw(frame: &mut Frame<'_>, area: Rect, lines: &[String], styles: &Styles) {
    let text = match lines {
        [] => return,
        [line] => line.clone(),
        [line, rest @ ..] => format!("{line} (and {} more: see the overview)", rest.len()),
    };
    let inner = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        ..area
    };
    frame.render_widget(
        Paragraph::new(text).style(styles.crit).wrap(Wrap { trim: true }),
        inner,
    );
}
