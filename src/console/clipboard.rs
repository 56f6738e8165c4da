//! The user's clipboard through the terminal (OSC 52), so that it works over SSH and in tmux.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The most that terminals take: xterm's limit for the encoded text.
const MOST: usize = 74_994;

/// The bytes that make the terminal copy the text; `None` when it is too long for terminals.
pub fn sequence(text: &str, in_tmux: bool) -> Option<Vec<u8>> {
    let encoded = STANDARD.encode(text);
    if encoded.len() > MOST {
        return None;
    }
    let copy = format!("\x1b]52;c;{encoded}\x07");
    // tmux passes the sequence on with `set-clipboard on`, and with `allow-passthrough on` when it
    // is wrapped, its escapes doubled: send both, whichever of the two is set.
    Some(if in_tmux {
        format!("{copy}\x1bPtmux;{}\x1b\\", copy.replace('\x1b', "\x1b\x1b")).into_bytes()
    } else {
        copy.into_bytes()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_text_is_encoded_and_huge_text_refused() {
        assert_eq!(sequence("가", false).unwrap(), b"\x1b]52;c;6rCA\x07");
        assert!(
            sequence("가", true)
                .unwrap()
                .starts_with(b"\x1b]52;c;6rCA\x07\x1bPtmux;\x1b\x1b]52")
        );
        assert!(sequence(&"x".repeat(100_000), false).is_none());
    }
}
