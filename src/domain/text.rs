//! Text from outside (logs, tags, names, error messages, what hosts print), made safe for a terminal.
//!
//! Owns what is removed and what stands in its place; it does not measure, wrap or shorten. What goes:
//!
//! - Escape sequences, whole: CSI, OSC, DCS, SOS, PM, APC and the short ones, in their 7-bit and 8-bit
//!   spellings. A string sequence (OSC, DCS, …) that has no end on its line loses only its
//!   introducer: what follows stays visible, so that no log line can hide its successors.
//! - Every other C0 and C1 control character, and DEL.
//! - Bidirectional marks, embeddings, overrides and isolates: text is shown in the order in which it
//!   is stored.
//! - What is there and cannot be seen: zero-width and other format characters, tag characters, soft
//!   hyphens, variation selectors and the Hangul fillers. Terminals disagree about how wide a cluster
//!   made with a zero-width joiner or an emoji selector is, so these go too: an emoji family becomes
//!   its members, and columns line up everywhere. Persian and Indic text loses a shaping hint and
//!   stays readable.
//!
//! Hangul (conjoining jamo included), combining marks, wide characters and emoji stay.

use std::borrow::Cow;

/// Stands for a line break inside text that must fit one line.
pub const LINE_BREAK_MARK: char = '⏎';

/// Stands for a tab. Where tab stops are, only who draws knows.
const TAB: &str = "    ";

/// One line that a terminal shows as it is. Line breaks become [`LINE_BREAK_MARK`], at the end
/// nothing; tabs become four spaces. Borrowed where there is nothing to change.
pub fn clean(text: &str) -> Cow<'_, str> {
    sanitize(text, Breaks::Mark)
}

/// The same for text of several lines: `\n` stays, other line breaks become `\n`.
pub fn clean_multiline(text: &str) -> Cow<'_, str> {
    sanitize(text, Breaks::Keep)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Breaks {
    Mark,
    Keep,
}

/// What to do with a character.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Visible,
    Tab,
    Break,
    /// Opens a sequence that a terminal would obey.
    Sequence,
    Hidden,
}

fn sanitize(text: &str, breaks: Breaks) -> Cow<'_, str> {
    let Some(first) = first_change(text, breaks) else {
        return Cow::Borrowed(text);
    };
    let (untouched, mut rest) = text.split_at(first);
    let mut out = String::with_capacity(text.len());
    out.push_str(untouched);
    // Marks are written before the next visible character, so that none stands at the end.
    let mut owed_marks = 0;
    while let Some(character) = rest.chars().next() {
        let mut length = character.len_utf8();
        match class(character) {
            Class::Visible => {
                pay_marks(&mut out, &mut owed_marks);
                out.push(character);
            }
            Class::Tab => {
                pay_marks(&mut out, &mut owed_marks);
                out.push_str(TAB);
            }
            Class::Break => {
                if rest.starts_with("\r\n") {
                    length = 2;
                }
                match breaks {
                    Breaks::Mark => owed_marks += 1,
                    Breaks::Keep => out.push('\n'),
                }
            }
            Class::Sequence => length = sequence_length(rest),
            Class::Hidden => {}
        }
        rest = &rest[length..];
    }
    Cow::Owned(out)
}

fn pay_marks(out: &mut String, owed: &mut usize) {
    out.extend(std::iter::repeat_n(LINE_BREAK_MARK, *owed));
    *owed = 0;
}

/// Where the first character is that does not stay as it is.
fn first_change(text: &str, breaks: Breaks) -> Option<usize> {
    let plain = plain_ascii_prefix(text.as_bytes());
    text[plain..]
        .char_indices()
        .find(|(_, character)| {
            class(*character) != Class::Visible && !(breaks == Breaks::Keep && *character == '\n')
        })
        .map(|(at, _)| plain + at)
}

/// How many bytes at the start are certainly printable ASCII: a multiple of the block, or all.
/// Blocks without a branch inside are what the compiler turns into vector instructions.
fn plain_ascii_prefix(bytes: &[u8]) -> usize {
    const BLOCK: usize = 32;
    let plain = |block: &[u8]| {
        block
            .iter()
            .fold(true, |plain, byte| plain & (b' '..=b'~').contains(byte))
    };
    let blocks = bytes.chunks(BLOCK).take_while(|block| plain(block)).count();
    (blocks * BLOCK).min(bytes.len())
}

fn class(character: char) -> Class {
    match character {
        ' '..='~' => Class::Visible,
        '\t' => Class::Tab,
        // Vertical tab, form feed, next line, line and paragraph separator move down as well.
        '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Class::Break,
        '\u{1b}' | '\u{90}' | '\u{98}' | '\u{9b}' | '\u{9d}'..='\u{9f}' => Class::Sequence,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => Class::Hidden,
        other if is_invisible(other) => Class::Hidden,
        _ => Class::Visible,
    }
}

/// Format characters without a shape, and what Unicode calls default-ignorable; not the Hangul
/// jamo fillers U+115F and U+1160, which old Korean spelling needs.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}'        // soft hyphen, grapheme joiner, Arabic letter mark
        | '\u{17b4}' | '\u{17b5}'               // Khmer inherent vowels
        | '\u{180b}'..='\u{180f}'               // Mongolian selectors and vowel separator
        | '\u{200b}'..='\u{200f}'               // zero-width space and joiners, direction marks
        | '\u{202a}'..='\u{202e}'               // bidirectional embeddings and overrides
        | '\u{2060}'..='\u{206f}'               // word joiner, invisible operators, isolates
        | '\u{3164}' | '\u{ffa0}'               // Hangul fillers
        | '\u{fe00}'..='\u{fe0f}'               // variation selectors
        | '\u{feff}'                            // byte order mark
        | '\u{fff0}'..='\u{fffb}'               // unassigned, interlinear annotation
        | '\u{13430}'..='\u{1343f}'             // Egyptian hieroglyph format controls
        | '\u{1bca0}'..='\u{1bca3}'             // shorthand format controls
        | '\u{1d173}'..='\u{1d17a}'             // musical beams and slurs
        | '\u{e0000}'..='\u{e0fff}'             // tags, variation selectors supplement
    )
}

/// How many bytes of `text`, which starts with an introducer, belong to its sequence
/// (ECMA-48 section 5, and OSC ended by BEL as xterm does).
fn sequence_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    // As UTF-8 the C1 characters have two bytes, as have their 7-bit spellings.
    let body = 2;
    match (bytes[0], bytes.get(1)) {
        (0x1b, Some(b'[')) | (0xc2, Some(0x9b)) => control_sequence_end(bytes, body).unwrap_or(body),
        (0x1b, Some(b']' | b'P' | b'X' | b'^' | b'_')) | (0xc2, _) => {
            control_string_end(text, body).unwrap_or(body)
        }
        (0x1b, Some(b' '..=b'/')) => {
            let last = skip(bytes, 1, b' '..=b'/');
            match bytes.get(last) {
                Some(b'0'..=b'~') => last + 1,
                _ => 1,
            }
        }
        (0x1b, Some(b'0'..=b'~')) => 2,
        _ => 1,
    }
}

/// The end of a CSI sequence: parameters, intermediates, one final byte.
fn control_sequence_end(bytes: &[u8], body: usize) -> Option<usize> {
    let intermediates = skip(bytes, body, b'0'..=b'?');
    let last = skip(bytes, intermediates, b' '..=b'/');
    bytes
        .get(last)
        .is_some_and(|byte| (b'@'..=b'~').contains(byte))
        .then_some(last + 1)
}

/// The end of a control string, if the first control character after it is a terminator.
fn control_string_end(text: &str, body: usize) -> Option<usize> {
    let (at, stop) = text[body..]
        .char_indices()
        .find(|(_, character)| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}'))?;
    let at = body + at;
    match stop {
        '\u{7}' => Some(at + 1),
        '\u{9c}' => Some(at + 2),
        '\u{1b}' if text[at + 1..].starts_with('\\') => Some(at + 2),
        _ => None,
    }
}

fn skip(bytes: &[u8], from: usize, range: std::ops::RangeInclusive<u8>) -> usize {
    from + bytes[from..]
        .iter()
        .take_while(|byte| range.contains(byte))
        .count()
}

#[cfg(test)]
mod tests;
