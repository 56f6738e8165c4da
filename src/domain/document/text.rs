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
    if looks_like_utf16(bytes) {
        return Err(refused(
            Source::new(name, ""),
            0,
            "the file looks like UTF-16 without a byte order mark: every other byte of it is 0".to_owned(),
            "save the file as UTF-8",
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

/// How much of a file is looked at to guess its encoding.
const GUESSED_FROM: usize = 4096;

/// Whether zeros stand at every other place, as in UTF-16 of mostly ASCII, and nowhere else. No text that is
/// read here has any.
fn looks_like_utf16(bytes: &[u8]) -> bool {
    let pairs = bytes.get(..GUESSED_FROM).unwrap_or(bytes).as_chunks::<2>().0;
    let zeros = |place: usize| pairs.iter().filter(|pair| pair[place] == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    let (more, fewer) = (first.max(second), first.min(second));
    fewer == 0 && more > 0 && more * 4 >= pairs.len()
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
    fn utf16_without_its_mark_is_called_by_its_name() {
        let wide = "apiVersion: quarterdeck/v1\ntitle: 되돌리기\n".encode_utf16();
        let little: Vec<u8> = wide.clone().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = wide.flat_map(u16::to_be_bytes).collect();
        for bytes in [&little, &big] {
            let (_, found) = read("x", bytes).expect_err("UTF-16");
            assert!(found[0].message.contains("looks like UTF-16"), "{found:?}");
        }
        // A zero by mistake is none of that.
        assert!(read("x", b"a: 1\0\nb: 2\n").is_ok());
    }

    #[test]
    fn a_huge_file_is_refused_unread() {
        let (source, found) = read("x", &vec![b'a'; MOST_BYTES + 1]).expect_err("too big");
        assert!(source.text().is_empty());
        assert_eq!(found.len(), 1);
    }
}
