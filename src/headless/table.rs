//! Tables on standard output: columns that line up whatever is in them, fitted to a width.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::domain::text;
use crate::headless::paint::{Paint, Tone};

/// What stands for a value that is not known.
pub const UNKNOWN: &str = "–";

/// Columns between two cells.
const GAP: usize = 2;

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    title: &'static str,
    align: Align,
    /// The least width to which it is cut before others are left out.
    least: usize,
    /// 0 stays whatever the width; of the others the greatest goes first.
    sheds: u8,
}

/// On which side the text of a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

impl Column {
    /// A column of words, cut to no less than `least` columns.
    pub const fn words(title: &'static str, least: usize) -> Self {
        Self {
            title,
            align: Align::Left,
            least,
            sheds: 0,
        }
    }

    /// A column of numbers, never cut.
    pub const fn numbers(title: &'static str) -> Self {
        Self {
            title,
            align: Align::Right,
            least: usize::MAX,
            sheds: 0,
        }
    }

    /// A column of short words, never cut.
    pub const fn fixed(title: &'static str) -> Self {
        Self::words(title, usize::MAX)
    }

    /// The same, left out where there is no room; the greatest rank goes first.
    pub const fn sheds(mut self, rank: u8) -> Self {
        self.sheds = rank;
        self
    }
}

/// A cell: text that is safe for a terminal, and what it means.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A text; foreign text is cleaned.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self {
            text: text::clean(text.as_ref()).trim().to_owned(),
            tone: Tone::Plain,
        }
    }

    /// A value, or the sign for not known.
    pub fn of(value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => Self::new(value.to_string()),
            None => Self::new(UNKNOWN).tone(Tone::Muted),
        }
    }

    /// The same in a tone.
    #[must_use]
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self {
            columns: columns.into(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; cells that are missing are empty.
    pub fn row(&mut self, cells: impl Into<Vec<Cell>>) {
        self.rows.push(cells.into());
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines with their titles, no wider than `width` unless that cannot be done. Columns without
    /// anything in them are left out.
    pub fn render(&self, width: Option<usize>, paint: Paint) -> String {
        let shown = self.fitted(width);
        let mut out = String::new();
        let titles: Vec<Cell> = self
            .columns
            .iter()
            .map(|column| Cell::new(column.title).tone(Tone::Muted))
            .collect();
        for cells in std::iter::once(&titles).chain(&self.rows) {
            let mut line = String::new();
            let mut owed = 0;
            for (index, width) in &shown {
                let cell = cells.get(*index);
                let text = cut(cell.map_or("", |cell| &cell.text), *width);
                let rest = width - text.width();
                let (before, after) = match self.columns[*index].align {
                    Align::Left => (0, rest),
                    Align::Right => (rest, 0),
                };
                // Spaces are owed until something follows them: no line ends in one.
                owed += before;
                if !text.is_empty() {
                    line.extend(std::iter::repeat_n(' ', owed));
                    line.push_str(&paint.apply(cell.map_or(Tone::Plain, |cell| cell.tone), &text));
                    owed = 0;
                }
                owed += after + GAP;
            }
            out.push_str(&line);
            out.push('\n');
        }
        out
    }

    /// Which columns are shown, and how wide.
    fn fitted(&self, width: Option<usize>) -> Vec<(usize, usize)> {
        let mut shown: Vec<(usize, usize)> = (0..self.columns.len())
            .filter_map(|index| {
                let widest = self
                    .rows
                    .iter()
                    .filter_map(|cells| cells.get(index))
                    .map(|cell| cell.text.width())
                    .max()
                    .unwrap_or(0);
                let title = self.columns[index].title.width();
                (widest > 0 || self.rows.is_empty()).then_some((index, widest.max(title)))
            })
            .collect();
        let Some(width) = width else { return shown };
        loop {
            let excess = total(&shown).saturating_sub(width);
            if excess == 0 {
                return shown;
            }
            let room: usize = shown
                .iter()
                .map(|(index, wide)| wide.saturating_sub(self.columns[*index].least))
                .sum();
            let shed = shown
                .iter()
                .enumerate()
                .filter(|(_, (index, _))| self.columns[*index].sheds > 0)
                .max_by_key(|(_, (index, _))| self.columns[*index].sheds)
                .map(|(place, _)| place);
            match shed {
                Some(place) if room < excess => {
                    shown.remove(place);
                }
                _ => {
                    self.narrow(&mut shown, excess);
                    return shown;
                }
            }
        }
    }

    /// Takes so many columns away, from the widest that can be cut, one at a time.
    fn narrow(&self, shown: &mut [(usize, usize)], excess: usize) {
        for _ in 0..excess {
            let widest = shown
                .iter_mut()
                .filter(|(index, wide)| *wide > self.columns[*index].least)
                .max_by_key(|(_, wide)| *wide);
            match widest {
                Some((_, wide)) => *wide -= 1,
                None => return,
            }
        }
    }
}

fn total(shown: &[(usize, usize)]) -> usize {
    shown.iter().map(|(_, wide)| wide).sum::<usize>() + GAP * shown.len().saturating_sub(1)
}

/// The text, cut to a width in columns with a mark where it was cut.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut taken = 0;
    for cluster in text.graphemes(true) {
        let wide = cluster.width();
        if taken + wide + 1 > width {
            break;
        }
        out.push_str(cluster);
        taken += wide;
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// A text as lines of at most so many columns, broken at spaces where there are some.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new([
            Column::fixed("SEV"),
            Column::words("NAME", 6),
            Column::words("WHAT", 10),
            Column::numbers("COUNT").sheds(2),
            Column::words("WHY", 8).sheds(1),
        ]);
        table.row([
            Cell::new("CRIT").tone(Tone::Crit),
            "invokeai-api-tg".into(),
            "5xx 30/min, limit 10".into(),
            "12".into(),
            "because".into(),
        ]);
        table.row([
            Cell::new("WARN").tone(Tone::Warn),
            "결제-서비스".into(),
            "last read 02:58".into(),
            Cell::of(None::<u32>),
            Cell::default(),
        ]);
        table
    }

    fn lines(width: Option<usize>) -> Vec<String> {
        sample()
            .render(width, Paint::Off)
            .lines()
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn everything_is_shown_where_there_is_room() {
        let lines = lines(None);
        assert_eq!(
            lines,
            [
                "SEV   NAME             WHAT                  COUNT  WHY",
                "CRIT  invokeai-api-tg  5xx 30/min, limit 10     12  because",
                "WARN  결제-서비스      last read 02:58           –",
            ]
        );
        assert_eq!(self::lines(Some(59)), lines);
    }

    #[test]
    fn wide_columns_are_cut_first_then_columns_are_left_out() {
        assert_eq!(
            lines(Some(48)),
            [
                "SEV   NAME          WHAT          COUNT  WHY",
                "CRIT  invokeai-ap…  5xx 30/min,…     12  because",
                "WARN  결제-서비스   last read 0…      –",
            ]
        );
        assert_eq!(
            lines(Some(30)),
            [
                "SEV   NAME         WHAT",
                "CRIT  invokeai-a…  5xx 30/min…",
                "WARN  결제-서비스  last read …",
            ]
        );
    }

    #[test]
    fn no_line_is_wider_than_asked_while_columns_can_give_way() {
        for width in 24..60 {
            for line in lines(Some(width)) {
                assert!(line.width() <= width, "{width}: {line:?}");
                assert!(!line.ends_with(' '), "{line:?}");
            }
        }
    }

    #[test]
    fn a_column_without_anything_is_left_out() {
        let mut table = Table::new([Column::words("NAME", 4), Column::words("NOTE", 4)]);
        table.row(["api".into(), Cell::default()]);
        assert_eq!(table.render(None, Paint::Off), "NAME\napi\n");
    }

    #[test]
    fn what_is_cut_says_so_and_never_splits_a_wide_character() {
        assert_eq!(cut("결제서비스", 10), "결제서비스");
        assert_eq!(cut("결제서비스", 9), "결제서비…");
        assert_eq!(cut("결제서비스", 8), "결제서…");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn foreign_text_cannot_colour_or_break_a_line() {
        let mut table = Table::new([Column::words("NAME", 4)]);
        table.row([Cell::new("a\u{1b}[31mb\nc\u{202e}d")]);
        let rendered = table.render(None, Paint::Off);
        assert_eq!(rendered.lines().count(), 2);
        assert!(!rendered.contains(['\u{1b}', '\u{202e}']));
    }

    #[test]
    fn long_text_wraps_at_spaces() {
        assert_eq!(
            wrapped("allow ecs:DescribeServices for it", 14),
            ["allow", "ecs:DescribeServices", "for it"]
        );
    }
}
