//! Single values as nvidia-smi prints them, and its many words for "there is none".

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::domain::gpu::probe::Field;
use crate::domain::gpu::throttle::ThrottleReasons;
use crate::domain::text;

/// Words, with or without brackets, for a value that the card does not have.
const ABSENT: [&str; 6] = [
    "",
    "n/a",
    "not supported",
    "not available",
    "unsupported",
    "requested functionality has been deprecated",
];

/// Words without brackets that say that the card failed to answer.
const COMPLAINTS: [&str; 4] = ["err!", "unknown error", "gpu is lost", "gpu requires reset"];

/// What a column holds.
enum Token<'a> {
    Word(&'a str),
    Absent,
    Complaint(&'a str),
}

fn token(column: &str) -> Token<'_> {
    let column = column.trim();
    let bracketed = column.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is = |words: &[&str]| {
        let word = bracketed.unwrap_or(column).trim();
        words.iter().any(|known| known.eq_ignore_ascii_case(word))
    };
    if is(&ABSENT) {
        Token::Absent
    } else if bracketed.is_some() || is(&COMPLAINTS) {
        Token::Complaint(column)
    } else {
        Token::Word(column)
    }
}

/// Reads the columns of one card. What is neither a value nor plainly absent is kept as it was printed.
pub(super) struct ColumnReader<'a> {
    unread: &'a mut BTreeMap<String, String>,
}

impl<'a> ColumnReader<'a> {
    pub(super) const fn new(unread: &'a mut BTreeMap<String, String>) -> Self {
        Self { unread }
    }

    /// The column's value, by `parse`.
    pub(super) fn read<T>(
        &mut self,
        field: Field,
        column: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let unreadable = match token(column) {
            Token::Absent => return None,
            Token::Complaint(raw) => raw,
            Token::Word(word) => match parse(word) {
                Some(value) => return Some(value),
                None => word,
            },
        };
        self.unread
            .insert(field.name().to_owned(), text::clean(unreadable).into_owned());
        None
    }
}

/// The column's value, by `parse`, where nothing needs to be kept.
pub(super) fn optional<T>(column: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    match token(column) {
        Token::Word(word) => parse(word),
        Token::Absent | Token::Complaint(_) => None,
    }
}

/// A number that is not negative, with its unit after a space or without.
pub(super) fn number(word: &str) -> Option<f64> {
    without_unit(word)?
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

/// A temperature: may be below zero.
pub(super) fn degrees(word: &str) -> Option<f64> {
    without_unit(word)?
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
}

/// A share, 0 to 100.
pub(super) fn percent(word: &str) -> Option<f64> {
    number(word).filter(|percent| *percent <= 100.0)
}

/// A count, with its unit after a space or without.
pub(super) fn count(word: &str) -> Option<u64> {
    without_unit(word)?.parse().ok()
}

/// A state that is on or off.
pub(super) fn switch(word: &str) -> Option<bool> {
    let is = |words: [&str; 3]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    if is(["Enabled", "Yes", "Active"]) {
        Some(true)
    } else if is(["Disabled", "No", "Not Active"]) {
        Some(false)
    } else {
        None
    }
}

/// The mask of reasons, in hexadecimal.
pub(super) fn throttle_reasons(word: &str) -> Option<ThrottleReasons> {
    let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"))?;
    u64::from_str_radix(digits, 16)
        .ok()
        .map(ThrottleReasons::from_bits)
}

/// Any text, made safe.
pub(super) fn words(word: &str) -> Option<String> {
    Some(text::clean(word))
        .filter(|clean| !clean.trim().is_empty())
        .map(Cow::into_owned)
}

fn without_unit(word: &str) -> Option<&str> {
    match word.split_once(' ') {
        None => Some(word),
        Some((number, "%" | "MiB" | "W" | "MHz" | "C")) => Some(number),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn read(column: &str) -> (Option<f64>, Option<String>) {
        let mut unread = BTreeMap::new();
        let value = ColumnReader::new(&mut unread).read(Field::PowerDraw, column, number);
        (value, unread.remove("power.draw"))
    }

    #[test]
    fn absent_values_leave_nothing_behind() {
        for column in [
            "[N/A]",
            "N/A",
            "n/a",
            "[Not Supported]",
            "Not Supported",
            "[Not Available]",
            "[Requested functionality has been deprecated]",
            "",
            " [N/A] ",
            "[]",
        ] {
            assert_eq!(read(column), (None, None), "{column:?}");
        }
    }

    #[test]
    fn complaints_and_the_unreadable_are_kept_as_printed() {
        for column in [
            "[Unknown Error]",
            "[Insufficient Permissions]",
            "[GPU requires reset]",
            "[GPU is lost]",
            "ERR!",
            "Unknown Error",
            "-1",
            "nan",
            "inf",
            "12 parsecs",
            "39,17",
            "P0",
        ] {
            assert_eq!(read(column), (None, Some(column.to_owned())), "{column:?}");
        }
        assert_eq!(read("\u{1b}[31mhot"), (None, Some("hot".to_owned())));
    }

    #[test]
    fn numbers_are_read_with_and_without_units() {
        for (column, value) in [
            ("39.17", 39.17),
            ("39.17 W", 39.17),
            ("0", 0.0),
            ("100 %", 100.0),
            (" 7 ", 7.0),
        ] {
            assert_eq!(read(column), (Some(value), None), "{column:?}");
        }
        assert_eq!(count("81559 MiB"), Some(81_559));
        assert_eq!(count("1.5"), None);
        assert_eq!(count("99999999999999999999"), None);
        assert_eq!(percent("101"), None);
        assert_eq!(degrees("-5"), Some(-5.0));
    }

    #[test]
    fn states_and_masks_are_read() {
        for (word, value) in [
            ("Enabled", Some(true)),
            ("Yes", Some(true)),
            ("No", Some(false)),
            ("Disabled", Some(false)),
            ("Not Active", Some(false)),
            ("Pending", None),
        ] {
            assert_eq!(switch(word), value, "{word}");
        }
        assert_eq!(
            throttle_reasons("0x0000000000000044").map(ThrottleReasons::bits),
            Some(0x44)
        );
        assert_eq!(throttle_reasons("44"), None);
        assert_eq!(throttle_reasons("0x"), None);
    }
}
