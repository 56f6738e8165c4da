//! Graphs of several rows: filled columns from zero to the largest value.

use ratatui::Frame;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::app::detail::Chart;
use crate::view::styles::Styles;
use crate::view::table::put;

const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 3] = [' ', '.', '#'];

/// Draws a graph: a title with the newest value, the columns, how far back they go.
pub fn draw(frame: &mut Frame<'_>, area: Rect, chart: &Chart, styles: &Styles) {
    let row = |index: u16| Rect {
        y: area.y + index,
        height: 1,
        ..area
    };
    let x = area.width.saturating_sub(chart.latest.width() as u16 + 1);
    put(frame, row(0), 1, x.saturating_sub(2), &chart.title, styles.muted);
    put(frame, row(0), x, area.width, &chart.latest, styles.strong);
    if chart.points.is_empty() {
        put(frame, row(2), 3, area.width, "no data points", styles.muted);
        return;
    }
    let width = usize::from(area.width.saturating_sub(2));
    let columns = resample(
        &chart.points.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
        width,
    );
    let largest = columns.iter().copied().fold(0.0, f64::max);
    let rows = area.height.saturating_sub(2);
    for line in 0..rows {
        let floor = f64::from(rows - 1 - line);
        let text: String = columns
            .iter()
            .map(|value| {
                let share = if largest > 0.0 {
                    value / largest * f64::from(rows)
                } else {
                    0.0
                };
                let steps: &[char] = if styles.ascii { &ASCII } else { &BLOCKS };
                let filled = ((share - floor).clamp(0.0, 1.0) * (steps.len() - 1) as f64).round();
                steps[filled as usize]
            })
            .collect();
        put(
            frame,
            row(1 + line),
            1,
            area.width,
            &text,
            styles.tone(chart.tone),
        );
    }
    let (first, last) = (chart.points[0].0, chart.points[chart.points.len() - 1].0);
    let span = crate::app::format::span(last.duration_since(first));
    let axis = format!("last {span}, scale 0 to {}", chart.largest);
    put(frame, row(area.height - 1), 1, area.width, &axis, styles.muted);
}

/// As many values as there are columns: the largest of each stretch, so that peaks stay visible.
fn resample(values: &[f64], columns: usize) -> Vec<f64> {
    if values.len() <= columns {
        return values.to_vec();
    }
    (0..columns)
        .map(|column| {
            let from = column * values.len() / columns;
            let to = ((column + 1) * values.len() / columns).max(from + 1);
            values[from..to].iter().copied().fold(0.0, f64::max)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_peak_survives_narrow_columns() {
        let mut values = vec![1.0; 100];
        values[37] = 9.0;
        let columns = resample(&values, 10);
        assert_eq!(columns.len(), 10);
        assert_eq!(columns[3], 9.0);
    }
}
