//! Small graphs of one row.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 5] = ['_', '.', '-', '=', '^'];

/// Parts of a column that a bar can end with, an eighth to seven.
const PARTS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// A bar of a share of the width, 0 to 1; something is never nothing.
pub fn bar(share: f64, width: usize, ascii: bool) -> String {
    let eighths = (share.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
    if ascii {
        return "#".repeat(eighths.div_ceil(8));
    }
    let mut bar = "█".repeat(eighths / 8);
    if let Some(part) = (eighths % 8).checked_sub(1) {
        bar.push(PARTS[part]);
    }
    bar
}

/// The newest values, one a column, scaled from zero to the largest.
pub fn line(values: &[f64], width: usize, ascii: bool) -> String {
    let values = &values[values.len().saturating_sub(width)..];
    let largest = values.iter().copied().fold(0.0, f64::max);
    values
        .iter()
        .map(|value| {
            let share = if largest > 0.0 {
                (value / largest).clamp(0.0, 1.0)
            } else {
                0.0
            };
            let pick = |steps: &[char]| steps[((share * (steps.len() - 1) as f64).round()) as usize];
            if ascii { pick(&ASCII) } else { pick(&BLOCKS) }
        })
        .collect()
}
