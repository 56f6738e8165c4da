//! What of a tail is on screen: rows cut to the width, with what was searched for marked. Worked
//! out when something changes, never while drawing.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::app::logs::brief::brief;
use crate::app::logs::buffer::Line;
use crate::app::logs::tail::{Follow, Tail, Wrap};
use crate::domain::logs::level::Level;
use crate::domain::text::LINE_BREAK_MARK;

/// The rows on screen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Window {
    /// From top to bottom.
    pub rows: Vec<Row>,
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Whether the user is on its line.
    pub selected: bool,
    /// Time and group; blank where a line goes on from the row above.
    pub prefix: String,
    /// How urgent the line is; its letter is blank where a line goes on.
    pub level: Level,
    /// The level's letter.
    pub letter: &'static str,
    /// The text in pieces.
    pub pieces: Vec<Piece>,
}

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The text.
    pub text: String,
    /// Whether it is what was searched for.
    pub is_hit: bool,
}

/// How large the window is, and how times are written in it.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// The zone of times.
    pub zone: &'a TimeZone,
    /// The time now, by the cloud's clock.
    pub now: Timestamp,
}

/// The widest that a group's name is shown, columns.
const MOST_NAME: usize = 16;
/// Text is looked through for hits up to here, bytes; nobody scrolls further to the right.
const MOST_SEARCHED: usize = 64 * 1024;

impl Tail {
    /// Works the window out again.
    pub fn arrange(&mut self, frame: Frame<'_>) {
        self.window.rows.clear();
        let (Some(cursor), true) = (self.cursor, frame.height > 0) else {
            return;
        };
        let look = Look::new(self, frame);
        let place = self.place(cursor);
        let lowest = self.lowest_top(place, &look);
        let top = match (self.follow, self.top) {
            (Follow::End, _) | (_, None) => lowest,
            (Follow::Held(_), Some(top)) => self.place(top).clamp(lowest.min(place), place),
        };
        self.top = self.key_at(top);
        let mut rows = Vec::with_capacity(frame.height);
        for key in (top..self.count()).map_while(|place| self.key_at(place)) {
            if rows.len() >= frame.height {
                break;
            }
            if let Some(line) = self.buffer.line(key) {
                look.rows(self, &line, key == cursor, &mut rows);
            }
        }
        rows.truncate(frame.height);
        self.window.rows = rows;
    }

    /// The first place from which the line at `place` can still be seen whole.
    fn lowest_top(&self, place: usize, look: &Look<'_>) -> usize {
        let mut used = 0;
        let mut top = place;
        loop {
            used += self
                .key_at(top)
                .and_then(|key| self.buffer.line(key))
                .map_or(1, |line| look.height(&line));
            if used > look.frame.height {
                return (top + 1).min(place);
            }
            if top == 0 {
                return 0;
            }
            top -= 1;
        }
    }
}

/// How lines look in a window.
struct Look<'a> {
    frame: Frame<'a>,
    names: Vec<String>,
    name_width: usize,
    dated: bool,
    wrap: Wrap,
    left: usize,
}

impl<'a> Look<'a> {
    fn new(tail: &Tail, frame: Frame<'a>) -> Self {
        let names = if tail.targets.len() > 1 {
            tail.names()
        } else {
            Vec::new()
        };
        let name_width = names
            .iter()
            .map(|name| name.width())
            .max()
            .unwrap_or(0)
            .min(MOST_NAME);
        let day = |at: Timestamp| at.to_zoned(frame.zone.clone()).date();
        Self {
            names,
            name_width,
            dated: day(tail.from) != day(frame.now),
            wrap: tail.wrap,
            left: tail.left,
            frame,
        }
    }

    fn prefix_width(&self) -> usize {
        // Cursor sign, time, blank, and the name with its blank.
        1 + if self.dated { 14 } else { 12 }
            + 1
            + if self.name_width > 0 {
                self.name_width + 1
            } else {
                0
            }
    }

    /// Columns of text: what the prefix, the letter and its blank leave, but always some.
    fn text_width(&self) -> usize {
        self.frame.width.saturating_sub(self.prefix_width() + 2).max(10)
    }

    fn prefix(&self, line: &Line<'_>) -> String {
        let time = Timestamp::from_millisecond(line.key.at_ms).unwrap_or_default();
        let format = if self.dated {
            "%m-%d %H:%M:%S"
        } else {
            "%H:%M:%S%.3f"
        };
        let mut out = time
            .to_zoned(self.frame.zone.clone())
            .strftime(format)
            .to_string();
        out.push(' ');
        if let Some(name) = self.names.get(usize::from(line.group)) {
            let shown = ending(name, self.name_width);
            let used = shown.width();
            out.push_str(&shown);
            out.extend(std::iter::repeat_n(' ', self.name_width.saturating_sub(used) + 1));
        }
        out
    }

    fn height(&self, line: &Line<'_>) -> usize {
        match self.wrap {
            Wrap::Cut => 1,
            Wrap::Wrapped => wrapped(line.text, self.text_width(), self.frame.height)
                .len()
                .max(1),
        }
    }

    fn rows(&self, tail: &Tail, line: &Line<'_>, selected: bool, rows: &mut Vec<Row>) {
        let whole = hits(tail, line.text);
        let brief = match self.wrap {
            Wrap::Cut => brief(line.text),
            Wrap::Wrapped => Cow::Borrowed(line.text),
        };
        let in_brief = hits(tail, &brief);
        // What was searched for must be seen, even where it is not in what is brief.
        let (text, hits) = if in_brief.is_empty() && !whole.is_empty() {
            (line.text, whole)
        } else {
            (&*brief, in_brief)
        };
        let mut is_cut = false;
        let parts = match self.wrap {
            Wrap::Cut => {
                let (pad, part) = visible(text, self.left, self.text_width());
                is_cut = part.end < text.len();
                // The sign for what is cut off takes a column of its own.
                let room = self.text_width() - usize::from(is_cut);
                vec![if is_cut {
                    visible(text, self.left, room)
                } else {
                    (pad, part)
                }]
            }
            Wrap::Wrapped => {
                let mut parts = wrapped(text, self.text_width(), self.frame.height);
                if parts.is_empty() {
                    parts.push((0, 0..0));
                }
                parts
            }
        };
        for (number, (pad, part)) in parts.into_iter().enumerate() {
            let first = number == 0;
            let mut pieces = pieces(text, part, pad, &hits);
            if is_cut {
                pieces.push(Piece {
                    text: "…".to_owned(),
                    is_hit: false,
                });
            }
            rows.push(Row {
                selected,
                prefix: if first {
                    self.prefix(line)
                } else {
                    " ".repeat(self.prefix_width() - 1)
                },
                level: line.level,
                letter: if first { line.level.letter() } else { " " },
                pieces,
            });
        }
    }
}

/// Where in a text is what was searched for.
fn hits(tail: &Tail, text: &str) -> Vec<std::ops::Range<usize>> {
    let Some(search) = &tail.search else {
        return Vec::new();
    };
    let searched = &text[..text.floor_char_boundary(MOST_SEARCHED)];
    search
        .places(searched)
        .filter(|place| !place.is_empty())
        .collect()
}

/// A name in at most so many columns. What names of groups begin with says less than what they end
/// with, so the beginning goes.
fn ending(name: &str, width: usize) -> String {
    if name.width() <= width {
        return name.to_owned();
    }
    let mut used = 1;
    let from = name.char_indices().rev().find_map(|(at, character)| {
        used += character.width().unwrap_or(0);
        (used > width).then(|| at + character.len_utf8())
    });
    format!("…{}", &name[from.unwrap_or(0)..])
}

/// The part of a text between two columns, and the blanks that stand for a wide character which
/// the left edge cuts in two.
fn visible(text: &str, left: usize, width: usize) -> (usize, std::ops::Range<usize>) {
    let mut column = 0;
    let mut start = None;
    let mut end = 0;
    let mut pad = 0;
    for (at, character) in text.char_indices() {
        let wide = shown(character).width().unwrap_or(0);
        if start.is_none() && column >= left {
            start = Some(at);
            pad = column - left;
        }
        if start.is_some() && column + wide > left + width {
            break;
        }
        column += wide;
        end = at + character.len_utf8();
    }
    let start = start.unwrap_or(text.len());
    (pad, start..end.max(start))
}

/// The rows of a text that is wrapped, at most so many: parts of at most so many columns.
fn wrapped(text: &str, width: usize, most: usize) -> Vec<(usize, std::ops::Range<usize>)> {
    let mut parts = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        let mut from = start;
        let mut column = 0;
        for (at, character) in line.char_indices() {
            let wide = character.width().unwrap_or(0);
            if column + wide > width {
                parts.push((0, from..start + at));
                from = start + at;
                column = 0;
                if parts.len() >= most {
                    return parts;
                }
            }
            column += wide;
        }
        parts.push((0, from..start + line.len()));
        if parts.len() >= most {
            return parts;
        }
        start += line.len() + 1;
    }
    parts
}

const fn shown(character: char) -> char {
    if character == '\n' {
        LINE_BREAK_MARK
    } else {
        character
    }
}

/// The part of a text in pieces, by whether they are hits.
fn pieces(
    text: &str,
    part: std::ops::Range<usize>,
    pad: usize,
    hits: &[std::ops::Range<usize>],
) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    if pad > 0 {
        pieces.push(Piece {
            text: " ".repeat(pad),
            is_hit: false,
        });
    }
    let mut next = hits.partition_point(|hit| hit.end <= part.start);
    for (at, character) in text[part.clone()].char_indices() {
        let at = part.start + at;
        while hits.get(next).is_some_and(|hit| hit.end <= at) {
            next += 1;
        }
        let is_hit = hits.get(next).is_some_and(|hit| hit.contains(&at));
        match pieces.last_mut() {
            Some(piece) if piece.is_hit == is_hit => piece.text.push(shown(character)),
            _ => pieces.push(Piece {
                text: shown(character).to_string(),
                is_hit,
            }),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn cut(text: &str, left: usize, width: usize) -> String {
        let (pad, part) = visible(text, left, width);
        pieces(text, part, pad, &[])
            .into_iter()
            .map(|piece| piece.text)
            .collect()
    }

    #[test]
    fn long_names_lose_their_beginning() {
        assert_eq!(ending("shop-api", 8), "shop-api");
        assert_eq!(ending("codebuild/shop", 8), "…ld/shop");
        assert_eq!(ending("서비스/결제", 6), "…/결제");
        assert_eq!(ending("서비스/결제", 4), "…제", "wide characters are never torn");
    }

    #[test]
    fn wide_characters_are_never_torn() {
        assert_eq!(cut("한국어abc", 0, 5), "한국");
        assert_eq!(cut("한국어abc", 1, 5), " 국어");
        assert_eq!(cut("한국어abc", 2, 5), "국어a");
        assert_eq!(cut("a\nb", 0, 9), "a⏎b");
        assert_eq!(cut("abc", 7, 5), "");
        assert_eq!(cut("", 0, 5), "");
    }

    #[test]
    fn wrapped_text_keeps_every_character_once() {
        let text = "한국어 abc\n둘째 줄\n\nend";
        let parts = wrapped(text, 5, 99);
        let rows: Vec<&str> = parts.iter().map(|(_, part)| &text[part.clone()]).collect();
        assert_eq!(rows, ["한국", "어 ab", "c", "둘째 ", "줄", "", "end"]);
        assert_eq!(wrapped(text, 5, 2).len(), 2);
    }

    #[test]
    fn hits_are_pieces_of_their_own() {
        let text = "one two one";
        let hits = [0..3, 8..11];
        let of = |part: std::ops::Range<usize>| -> Vec<(String, bool)> {
            pieces(text, part, 0, &hits)
                .into_iter()
                .map(|piece| (piece.text, piece.is_hit))
                .collect()
        };
        assert_eq!(
            of(0..11),
            [
                ("one".into(), true),
                (" two ".into(), false),
                ("one".into(), true)
            ]
        );
        assert_eq!(
            of(2..9),
            [("e".into(), true), (" two ".into(), false), ("o".into(), true)]
        );
    }
}
