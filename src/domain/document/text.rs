//! Bytes to text, with the refusals that every format shares.

use crate::domain::diagnostic::{Diagnostic, Source, Span};

/// More than any file that a person maintains; beyond it somebody named the wrong file.
pub const MOST_BYTES: usize = 1024 * 1024;

/// The text of a file, without a byte order mark, or what is wrong with its bytes.
///
/// On failure the source holds as much as can be shown.
pub fn read(name: &str, bytes: &[u8]) -> Result<Source, (Source, Vec<Diagnostic>)> {
    if bytes.len() > MOST_BYTES {
        let message = format!(
            "the file has {} bytes, more than the {MOST_BYTES} that are read",
            bytes.len()
        );
        return Err(refused(Source::new(name, ""), 0, message, ""));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let label = "save the file as UTF-8";
        return Err(refused(
            Source::new(name, ""),
            0,
            "the file is in UTF-16".to_owned(),
            label,
        ));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Source::new(name, text.strip_prefix('\u{feff}').unwrap_or(text))),
        Err(error) => {
            // Up to the bad byte the lossy text is the same, so that the place is right.
            let at = error.valid_up_to();
            let lossy = String::from_utf8_lossy(bytes).into_owned();
            let byte = bytes.get(at).copied().unwrap_or_default();
            let message = format!("the byte 0x{byte:02X} is not UTF-8");
            let source = Source::new(name, lossy);
            Err(refused(source, at, message, "save the file as UTF-8"))
        }
    }
}

fn refused(source: Source, at: usize, message: String, label: &str) -> (Source, Vec<Diagnostic>) {
    let diagnostic = Diagnostic::error(Span::new(at, at), message).label(label);
    (source, vec![diagnostic])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_dropped() {
        let source = read("x", b"\xef\xbb\xbfa: 1").expect("valid");
        assert_eq!(source.text(), "a: 1");
    }

    #[test]
    fn other_encodings_are_refused_at_the_first_bad_byte() {
        let (source, found) = read("x", b"name: caf\xe9\n").expect_err("Latin-1");
        assert_eq!(found[0].span, Span::new(9, 9));
        assert!(found[0].message.contains("0xE9"));
        assert_eq!(source.position(9).column, 10);
        assert!(read("x", b"\xff\xfea\x00").is_err());
    }

    #[test]
    fn a_huge_file_is_refused_unread() {
        let (source, found) = read("x", &vec![b'a'; MOST_BYTES + 1]).expect_err("too big");
        assert!(source.text().is_empty());
        assert_eq!(found.len(), 1);
    }
}
