//! Text from outside, made safe for a terminal.

use std::borrow::Cow;

/// One line without anything that a terminal would obey or that would hide what it says.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(|character| !is_unsafe(character)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .map(|character| if is_unsafe(character) { ' ' } else { character })
            .collect(),
    )
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
