//! What people read of plans and runs: lines of spans, each with the part it plays. Made once and here,
//! so that console, terminal and a log in CI say the same; who shows them only adds colour.
//!
//! No part is carried by colour alone: additions, removals and changes have their `+`, `-` and `~`,
//! and trouble has its word. Everything is made safe for a terminal as it becomes a span, and columns
//! are measured as a terminal shows them.

mod drift;
mod happening;
mod plan;
mod record;
mod state;
mod summary;
mod values;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::domain::text::clean;
use crate::domain::units::HumanDuration;
use crate::runbook::action::named_time;

pub use drift::{GONE, drift, not_as_planned};
pub use happening::{act as act_words, happening, question};
pub use plan::{WARNING, confirm_advice, framed_plan, plan, totals};
pub use record::{record, steps};
pub use state::{Standing, standings, state};
pub use summary::{Commands, afterwards, afterwards_command, status_role, summary};
pub use values::{money_per_hour, money_per_month, value};

/// The part that a text plays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Nothing in particular.
    #[default]
    Plain,
    /// What the lines below are about.
    Heading,
    /// Less important than the rest.
    Dim,
    /// Something comes into being, or becomes more.
    Add,
    /// Something goes away.
    Remove,
    /// Something becomes other than it is.
    Change,
    /// Somebody should know, and it can wait.
    Warn,
    /// Something went wrong, or cannot be taken back.
    Bad,
    /// Something went well.
    Good,
    /// What a person has to look at, type or run: accounts, names, commands.
    Key,
}

/// A text and the part it plays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    /// The part.
    pub role: Role,
    /// The text; safe for a terminal, without line breaks.
    pub text: String,
}

/// A line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Columns before the first span.
    pub indent: usize,
    /// Columns, after the indent, at which a line that is too long goes on.
    pub hang: usize,
    /// The texts, one after the other.
    pub spans: Vec<Span>,
}

impl Line {
    /// A line with nothing on it.
    pub fn blank() -> Self {
        Self::default()
    }

    /// A line that begins so many columns from the left.
    pub fn indented(indent: usize) -> Self {
        Self {
            indent,
            ..Self::default()
        }
    }

    /// A line of one text.
    pub fn of(role: Role, text: impl AsRef<str>) -> Self {
        Self::default().with(role, text)
    }

    /// The same with another text at its end; whatever a terminal would obey is taken out.
    #[must_use]
    pub fn with(mut self, role: Role, text: impl AsRef<str>) -> Self {
        let text = clean(text.as_ref());
        if !text.is_empty() {
            self.spans.push(Span {
                role,
                text: text.into_owned(),
            });
        }
        self
    }

    /// The same with a text that takes at least so many columns.
    #[must_use]
    pub fn padded(self, role: Role, text: impl AsRef<str>, columns: usize) -> Self {
        let text = clean(text.as_ref());
        let missing = columns.saturating_sub(text.width());
        self.with(role, &text).with(Role::Plain, " ".repeat(missing))
    }

    /// The same; what does not fit goes on below where the next text begins.
    #[must_use]
    pub fn hanging(mut self) -> Self {
        self.hang = self.spans.iter().map(|span| span.text.width()).sum();
        self
    }

    /// Its width in columns.
    pub fn width(&self) -> usize {
        self.indent + self.spans.iter().map(|span| span.text.width()).sum::<usize>()
    }

    /// The line without its parts.
    pub fn text(&self) -> String {
        let mut text = " ".repeat(self.indent);
        for span in &self.spans {
            text.push_str(&span.text);
        }
        text.truncate(text.trim_end().len());
        text
    }

    /// The line as lines of at most so many columns, broken at spaces where there are some.
    pub fn fit(self, columns: usize) -> Vec<Self> {
        if self.width() <= columns || columns == 0 {
            return vec![self];
        }
        // Where there is hardly any room beside it, what goes on does not hang.
        let deepest = columns / 2;
        let first = self.indent.min(deepest);
        let next = (self.indent + self.hang).min(deepest);
        let mut lines = Vec::new();
        let mut line = Self::indented(first);
        let mut wide = first;
        let mut fresh = true;
        for span in self.spans {
            for word in words(&span.text) {
                let mut word = word;
                let bare = word.trim_end().width();
                if !fresh && wide + bare > columns {
                    lines.push(std::mem::replace(&mut line, Self::indented(next)));
                    wide = next;
                    fresh = true;
                    word = word.trim_start();
                }
                while !word.is_empty() {
                    let (now, later) = if wide + word.trim_end().width() <= columns {
                        (word, "")
                    } else {
                        split_at(word, columns.saturating_sub(wide).max(2))
                    };
                    line.extend(span.role, now);
                    wide += now.width();
                    fresh = false;
                    word = later;
                    if !word.is_empty() {
                        lines.push(std::mem::replace(&mut line, Self::indented(next)));
                        wide = next;
                    }
                }
            }
        }
        lines.push(line);
        lines
    }

    /// Adds to the last span if it plays the same part.
    fn extend(&mut self, role: Role, text: &str) {
        match self.spans.last_mut() {
            Some(last) if last.role == role => last.text.push_str(text),
            _ => self.spans.push(Span {
                role,
                text: text.to_owned(),
            }),
        }
    }
}

/// Words, each with the spaces behind it; spaces at the start are a word of their own.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let word = rest.find(' ').unwrap_or(rest.len());
        let gap = rest[word..].len() - rest[word..].trim_start_matches(' ').len();
        let (now, later) = rest.split_at(word + gap);
        rest = later;
        Some(now)
    })
}

/// Splits a word so that the first part takes at most so many columns, and at least one character.
fn split_at(word: &str, columns: usize) -> (&str, &str) {
    let mut wide = 0;
    let mut at = 0;
    for (index, character) in word.char_indices() {
        wide += character.width().unwrap_or(0);
        if wide > columns && at > 0 {
            break;
        }
        at = index + character.len_utf8();
    }
    word.split_at(at)
}

/// Which time it is for whom.
#[derive(Debug, Clone)]
pub struct Clock {
    /// The zone of times that are shown.
    pub zone: TimeZone,
    /// Now, on the user's clock.
    pub now: Timestamp,
}

impl Clock {
    /// A moment, with its day where it is not today.
    pub fn time(&self, at: Timestamp) -> String {
        let (then, today) = (
            at.to_zoned(self.zone.clone()),
            self.now.to_zoned(self.zone.clone()),
        );
        let form = if then.date() == today.date() {
            "%H:%M:%S %Z"
        } else {
            "%Y-%m-%d %H:%M %Z"
        };
        then.strftime(form).to_string()
    }

    /// The same text with every moment that stands in it as programs write it, such as
    /// `2026-11-21T18:00:00Z`, in the zone that is shown.
    pub fn in_zone(&self, text: &str) -> String {
        told_in(text, &self.zone)
    }

    /// What the zone is called at a moment, such as `KST`.
    pub fn zone_name(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Z").to_string()
    }

    /// The time of day alone.
    pub fn hour(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%H:%M:%S").to_string()
    }
}

/// The same lines with every moment that stands in them as programs write it, such as
/// `2026-11-21T18:00:00Z`, in the zone that is shown.
pub fn in_zone(mut lines: Vec<Line>, zone: &TimeZone) -> Vec<Line> {
    for span in lines.iter_mut().flat_map(|line| &mut line.spans) {
        span.text = told_in(&span.text, zone);
    }
    lines
}

fn told_in(text: &str, zone: &TimeZone) -> String {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-:.+".contains(character);
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_part) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|character| !is_part(character)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        // A sentence may go on, or end, behind it.
        let moment = word.trim_end_matches([':', '.']);
        told.push_str(before);
        match moment.parse::<Timestamp>() {
            Ok(at) if moment.contains('T') => {
                told.push_str(&named_time(at, zone));
                told.push_str(&word[moment.len()..]);
            }
            _ => told.push_str(word),
        }
        rest = after;
    }
    told.push_str(rest);
    told
}

/// A number of seconds, as people say it.
pub fn seconds(seconds: u64) -> String {
    HumanDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)).to_string()
}

/// `1 change`, `2 changes`.
pub fn count(number: usize, one: &str) -> String {
    crate::domain::counted::counted(number, one)
}

#[cfg(test)]
mod tests;
