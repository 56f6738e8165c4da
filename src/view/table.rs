//! Tables: columns fitted to the width, rows in a window, the selected one marked.

use std::borrow::Cow;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use unicode_width::UnicodeWidthStr;

use crate::app::table::{Align, Cell, Column, Cut, Reach, Row, RowKey, Section, Tables};
use crate::app::tables::{Direction, Sort, TableView};
use crate::view::spark;
use crate::view::styles::Styles;

/// Draws the tables of a pane from the view's offset on.
pub fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    tables: &Tables,
    view: &TableView,
    marks: Marks<'_>,
    styles: &Styles,
) {
    let mut canvas = Canvas {
        area,
        skip: view.offset,
        y: area.y,
    };
    for (number, section) in tables.sections.iter().enumerate() {
        let widths = fit(
            &with_arrow(&section.columns, view.sort),
            &content(section, view.sort),
            area.width.saturating_sub(1),
        );
        let matching = view.visible.iter().filter(|(of, _)| *of == number).count();
        if !section.title.is_empty() {
            let chosen = chosen(section, view, matching, marks);
            canvas.line(frame, |frame, row| {
                title(frame, row, section, chosen.as_deref(), styles);
            });
        }
        if section.columns.iter().any(|column| !column.title.is_empty()) {
            canvas.line(frame, |frame, row| {
                headings(frame, row, section, &widths, view.sort, styles);
            });
        }
        let mut rows = view.visible.iter().filter(|(of, _)| *of == number).peekable();
        if rows.peek().is_none() {
            let empty = if section.rows.is_empty() {
                section.empty.as_str()
            } else {
                "nothing passes the filter; Esc takes it away"
            };
            canvas.line(frame, |frame, row| {
                put(frame, row, 1, row.width, empty, styles.muted)
            });
        }
        for (_, index) in rows {
            let row = &section.rows[*index];
            canvas.line(frame, |frame, place| {
                cells(frame, place, row, &section.columns, &widths, marks, styles);
            });
        }
        if canvas.is_full() {
            break;
        }
    }
}

/// The columns, of which the one that is sorted by has room for its title and the arrow beside it.
fn with_arrow(columns: &[Column], sort: Option<Sort>) -> Cow<'_, [Column]> {
    let Some(sorted) = sort.and_then(|sort| columns.iter().position(|column| column.title == sort.column))
    else {
        return Cow::Borrowed(columns);
    };
    let mut columns = columns.to_vec();
    let column = &mut columns[sorted];
    let room = u16::try_from(column.title.width() + 1).unwrap_or(u16::MAX);
    column.min = column.min.max(room);
    column.max = column.max.max(room);
    Cow::Owned(columns)
}

/// The widest cell of each column, with room for the arrow beside the title that is sorted by.
fn content(section: &Section, sort: Option<Sort>) -> Vec<u16> {
    let mut content = section.content.clone();
    for (column, widest) in section.columns.iter().zip(&mut content) {
        if sort.is_some_and(|sort| sort.column == column.title) && *widest > 0 {
            let title = u16::try_from(column.title.width() + 1).unwrap_or(u16::MAX);
            *widest = (*widest).max(title);
        }
    }
    content
}

/// What the user did to a section's rows: marks and the filter.
fn chosen(section: &Section, view: &TableView, matching: usize, marks: Marks<'_>) -> Option<String> {
    let mut said = Vec::new();
    if !marks.marked.is_empty() {
        let rows = section.rows.iter();
        match rows.filter(|row| marks.marked.contains(&row.key)).count() {
            0 => {}
            some => said.push(format!("{some} marked")),
        }
    }
    if !view.filter.is_empty() {
        said.push(format!(
            "{matching} of {} pass /{}",
            section.rows.len(),
            view.filter
        ));
    }
    (!said.is_empty()).then(|| said.join(", "))
}

/// What distinguishes rows: the selected one and the marked ones.
#[derive(Clone, Copy)]
pub struct Marks<'a> {
    /// The selected row.
    pub selected: Option<&'a RowKey>,
    /// The marked rows.
    pub marked: &'a std::collections::BTreeSet<RowKey>,
}

/// Lines from top to bottom, the first few of which are scrolled away.
struct Canvas {
    area: Rect,
    skip: usize,
    y: u16,
}

impl Canvas {
    fn line<T>(&mut self, frame: &mut Frame<'_>, draw: impl FnOnce(&mut Frame<'_>, Rect) -> T) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if !self.is_full() {
            draw(
                frame,
                Rect {
                    y: self.y,
                    height: 1,
                    ..self.area
                },
            );
            self.y += 1;
        }
    }

    const fn is_full(&self) -> bool {
        self.y >= self.area.y + self.area.height
    }
}

/// Widths of the columns that fit; zero for those that had to go. A column is as wide as its widest
/// cell if it can be; the columns that yield go before a name has to be cut.
pub fn fit(columns: &[Column], content: &[u16], width: u16) -> Vec<u16> {
    let wanted: Vec<u16> = columns
        .iter()
        .zip(content.iter().chain(std::iter::repeat(&0)))
        .map(|(column, content)| {
            let title = u16::try_from(column.title.width()).unwrap_or(0);
            if *content == 0 && column.yields > 0 {
                0
            } else {
                (*content).max(title).min(column.max)
            }
        })
        .collect();
    let mut widths: Vec<u16> = columns
        .iter()
        .zip(&wanted)
        .map(|(column, wanted)| column.min.min(*wanted))
        .collect();
    let used = |widths: &[u16]| {
        widths
            .iter()
            .filter(|width| **width > 0)
            .map(|width| width + 1)
            .sum::<u16>()
    };
    let first_to_go = |widths: &[u16], least: u8| {
        let droppable = |index: &usize| widths[*index] > 0 && columns[*index].yields >= least;
        (0..columns.len())
            .filter(droppable)
            .max_by_key(|index| columns[*index].yields)
    };
    while used(&widths) > width + 1
        && let Some(index) = first_to_go(&widths, 1)
    {
        widths[index] = 0;
    }
    // Names are worth more than what yields early.
    let names = |widths: &[u16]| -> u16 {
        (0..columns.len())
            .filter(|index| widths[*index] > 0 && is_essential(&columns[*index]))
            .map(|index| wanted[index] - widths[index])
            .sum()
    };
    while names(&widths) > (width + 1).saturating_sub(used(&widths))
        && let Some(index) = first_to_go(&widths, 3)
    {
        widths[index] = 0;
    }
    let room = (width + 1).saturating_sub(used(&widths));
    grow(columns, &wanted, &mut widths, room);
    // On a wide terminal nothing is cut while there is room to the right of it.
    let whole: Vec<u16> = wanted
        .iter()
        .zip(content.iter().chain(std::iter::repeat(&0)))
        .map(|(wanted, content)| (*wanted).max(*content))
        .collect();
    let room = (width + 1).saturating_sub(used(&widths));
    grow(columns, &whole, &mut widths, room);
    widths
}

/// Whether a column is to be whole before columns that yield early have any room: it never yields,
/// or it says which resource it is.
fn is_essential(column: &Column) -> bool {
    column.yields == 0 || (column.yields <= 2 && column.cut == Cut::Middle)
}

/// Gives room away, first to the columns that matter most.
fn grow(columns: &[Column], wanted: &[u16], widths: &mut [u16], mut room: u16) {
    for essential in [true, false] {
        let mut grown = true;
        while room > 0 && grown {
            grown = false;
            for index in 0..columns.len() {
                let due = is_essential(&columns[index]) == essential;
                if due && room > 0 && widths[index] > 0 && widths[index] < wanted[index] {
                    widths[index] += 1;
                    room -= 1;
                    grown = true;
                }
            }
        }
    }
}

fn title(frame: &mut Frame<'_>, area: Rect, section: &Section, filter: Option<&str>, styles: &Styles) {
    let rule: String = std::iter::repeat_n(styles.rule(), usize::from(area.width)).collect();
    put(frame, area, 0, area.width, &rule, styles.heading);
    let mut x = 3;
    x += put(
        frame,
        area,
        x,
        area.width,
        &format!(" {} ", section.title),
        styles.strong,
    );
    if let Some(filter) = filter {
        x += 1;
        x += put(
            frame,
            area,
            x,
            area.width.saturating_sub(x + 2),
            &format!(" {} ", crate::domain::text::clean(filter)),
            styles.accent,
        );
    }
    if let Some((note, tone)) = &section.note {
        put(
            frame,
            area,
            x + 1,
            area.width.saturating_sub(x + 3),
            &format!(" {note} "),
            styles.tone(*tone),
        );
    }
}

fn headings(
    frame: &mut Frame<'_>,
    area: Rect,
    section: &Section,
    widths: &[u16],
    sort: Option<Sort>,
    styles: &Styles,
) {
    let mut x = 1;
    for (column, width) in section
        .columns
        .iter()
        .zip(widths)
        .filter(|(_, width)| **width > 0)
    {
        // Whatever is below it, a title is read from its beginning.
        let column = Column {
            cut: Cut::End,
            ..*column
        };
        match sort.filter(|sort| sort.column == column.title) {
            None => aligned(frame, area, x, *width, column.title, column, styles.heading),
            Some(sort) => {
                let arrow = match sort.direction {
                    Direction::Up => '↑',
                    Direction::Down => '↓',
                };
                // The arrow stays even where the title has to give way to it.
                let room = usize::from(*width).saturating_sub(1);
                let kept: String = column.title.chars().take(room).collect();
                let text = format!("{kept}{arrow}");
                aligned(frame, area, x, *width, &text, column, styles.accent);
            }
        }
        x += width + 1;
    }
}

fn cells(
    frame: &mut Frame<'_>,
    area: Rect,
    row: &Row,
    columns: &[Column],
    widths: &[u16],
    marks: Marks<'_>,
    styles: &Styles,
) {
    let selected = marks.selected == Some(&row.key);
    let cursor = match (selected, marks.marked.contains(&row.key)) {
        (true, true) => "»",
        (true, false) => ">",
        (false, true) => "*",
        (false, false) => " ",
    };
    put(frame, area, 0, 1, cursor, styles.accent);
    let mut x = 1;
    for ((column, width), cell) in columns
        .iter()
        .zip(widths)
        .zip(&row.cells)
        .filter(|((_, width), _)| **width > 0)
    {
        if cell.reach == Reach::Row {
            put(frame, area, x, area.width, &cell.text, styles.tone(cell.tone));
            break;
        }
        cell_at(frame, area, x, *width, cell, *column, styles);
        x += width + 1;
    }
    if selected {
        frame.buffer_mut().set_style(area, styles.selection);
    }
}

fn cell_at(
    frame: &mut Frame<'_>,
    area: Rect,
    x: u16,
    width: u16,
    cell: &Cell,
    column: Column,
    styles: &Styles,
) {
    let style = styles.tone(cell.tone);
    if let Some(share) = cell.bar {
        let bar = spark::bar(share, usize::from(width), styles.ascii);
        put(frame, area, x, width, &bar, style);
        return;
    }
    match &cell.spark {
        Some(values) => {
            let graph = spark::line(values, usize::from(width), styles.ascii);
            put(frame, area, x, width, &graph, style);
        }
        None => aligned(frame, area, x, width, &cell.text, column, style),
    }
}

fn aligned(frame: &mut Frame<'_>, area: Rect, x: u16, width: u16, text: &str, column: Column, style: Style) {
    let shorter = match column.cut {
        Cut::End => cut(text, usize::from(width)),
        Cut::Middle => cut_middle(text, usize::from(width)),
    };
    let text = shorter.as_str();
    let align = column.align;
    let wide = u16::try_from(text.width()).unwrap_or(u16::MAX);
    let x = match align {
        Align::Right if wide < width => x + width - wide,
        Align::Left | Align::Right => x,
    };
    let room = if align == Align::Right && wide < width {
        wide
    } else {
        width
    };
    put(frame, area, x, room, text, style);
}

/// Puts text at a column of a row, cut to a width with an ellipsis; gives the columns used.
pub fn put(frame: &mut Frame<'_>, area: Rect, x: u16, width: u16, text: &str, style: Style) -> u16 {
    if x >= area.width {
        return 0;
    }
    let width = width.min(area.width - x);
    let shown = cut(text, usize::from(width));
    let wide = u16::try_from(shown.width()).unwrap_or(width);
    frame.render_widget(
        Line::styled(shown, style),
        Rect {
            x: area.x + x,
            y: area.y,
            width: wide.min(width),
            height: 1,
        },
    );
    wide
}

/// The text in at most so many terminal columns; what is cut off leaves an ellipsis.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for character in text.chars() {
        let wide = unicode_width::UnicodeWidthChar::width(character).unwrap_or(0);
        if used + wide + 1 > width {
            break;
        }
        out.push(character);
        used += wide;
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// The same, but what is cut off is in the middle: both ends of a name tell it from others.
pub fn cut_middle(text: &str, width: usize) -> String {
    /// Narrower than this, two ends of a name say less than one.
    const LEAST: usize = 12;
    if text.width() <= width || width < LEAST {
        return cut(text, width);
    }
    let wide = |character: char| unicode_width::UnicodeWidthChar::width(character).unwrap_or(0);
    let mut room = width / 2;
    let tail_from = text
        .char_indices()
        .rev()
        .take_while(|(_, character)| {
            let fits = wide(*character) <= room;
            room = room.saturating_sub(if fits { wide(*character) } else { room });
            fits
        })
        .last()
        .map_or(text.len(), |(at, _)| at);
    let tail = &text[tail_from..];
    let head = cut(text, width - tail.width());
    format!("{head}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_are_cut_whole() {
        assert_eq!(cut("한국어 서비스", 7), "한국어…");
        assert_eq!(cut("한국어 서비스", 6), "한국…");
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("x", 0), "");
    }

    #[test]
    fn names_keep_both_ends() {
        assert_eq!(cut_middle("invokeai-generation-dlq", 13), "invoke…on-dlq");
        assert_eq!(cut_middle("short-name", 10), "short-name");
        assert_eq!(cut_middle("invokeai-generation", 6), "invok…");
        assert_eq!(cut_middle("이미지-생성-대기열", 13), "이미지…대기열");
        for width in 0..24 {
            for text in ["invokeai-generation-queue", "이미지-생성-대기열-운영"] {
                assert!(cut_middle(text, width).width() <= width, "{width}");
            }
        }
    }

    #[test]
    fn columns_that_yield_go_before_the_name_is_lost() {
        let columns = [
            Column::words("NAME", 10, 40, 0),
            Column::words("REGION", 10, 10, 1),
            Column::words("TAGS", 20, 20, 2),
        ];
        assert_eq!(fit(&columns, &[40, 9, 20], 80), [40, 9, 20]);
        assert_eq!(fit(&columns, &[40, 9, 20], 30), [20, 9, 0]);
        assert_eq!(fit(&columns, &[40, 9, 20], 12), [12, 0, 0]);
        assert_eq!(
            fit(&columns, &[12, 0, 5], 80),
            [12, 0, 5],
            "a column without content takes no room"
        );
    }

    #[test]
    fn the_title_that_is_sorted_by_stays_whole_beside_its_arrow() {
        let columns = [
            Column::names("SERVICE", 16, 40, 0),
            Column::numbers("RUN/WANT", 8, 0),
            Column::words("ROLLOUT", 11, 24, 1),
        ];
        let sort = Some(Sort {
            column: "RUN/WANT",
            direction: Direction::Up,
        });
        let sorted = with_arrow(&columns, sort);
        for width in 30..80 {
            assert_eq!(fit(&sorted, &[30, 9, 11], width)[1], 9, "{width}");
            assert_eq!(fit(&with_arrow(&columns, None), &[30, 3, 11], width)[1], 8);
        }
    }

    #[test]
    fn nothing_is_cut_while_there_is_room_beside_it() {
        let columns = [
            Column::words("NAME", 10, 20, 0),
            Column::numbers("WHEN", 8, 1),
            Column::words("REASON", 10, 30, 2),
        ];
        assert_eq!(fit(&columns, &[12, 11, 90], 200), [12, 11, 90]);
        assert_eq!(fit(&columns, &[12, 11, 90], 80), [12, 11, 55]);
        assert_eq!(fit(&columns, &[12, 11, 90], 52), [12, 8, 30]);
    }
}
