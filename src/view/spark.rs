//! Small graphs of one row.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 5] = ['_', '.', '-', '=', '^'];

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
