//! How urgent a log line says it is, whatever program wrote it.

/// The urgency of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The line does not say.
    Unknown,
    /// For developers.
    Debug,
    /// Ordinary.
    Info,
    /// Unusual.
    Warn,
    /// Something failed.
    Error,
}

/// Bytes at the start of a line in which a level is looked for; later words belong to the message.
const HEAD: usize = 256;

/// Words that name a level, upper case; only whole words count.
const WORDS: [(&str, Level); 19] = [
    ("ERROR", Level::Error),
    ("INFO", Level::Info),
    ("WARN", Level::Warn),
    ("WARNING", Level::Warn),
    ("DEBUG", Level::Debug),
    ("ERR", Level::Error),
    ("FATAL", Level::Error),
    ("CRITICAL", Level::Error),
    ("CRIT", Level::Error),
    ("SEVERE", Level::Error),
    ("PANIC", Level::Error),
    ("EMERG", Level::Error),
    ("ALERT", Level::Error),
    ("NOTICE", Level::Info),
    ("NOTE", Level::Info),
    ("LOG", Level::Info),
    ("TRACE", Level::Debug),
    ("VERBOSE", Level::Debug),
    ("DBG", Level::Debug),
];

/// Keys under which JSON lines carry their level, the colon not included.
const KEYS: [&str; 6] = [
    "\"level\"",
    "\"severity\"",
    "\"levelname\"",
    "\"log.level\"",
    "\"lvl\"",
    "\"loglevel\"",
];

impl Level {
    /// One letter, so that colour is never the only sign; a blank where the line does not say.
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Error => "E",
            Self::Warn => "W",
            Self::Info => "I",
            Self::Debug => "D",
            Self::Unknown => " ",
        }
    }

    /// The word in JSON output; `None` where the line does not say.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Error => Some("error"),
            Self::Warn => Some("warn"),
            Self::Info => Some("info"),
            Self::Debug => Some("debug"),
            Self::Unknown => None,
        }
    }

    /// The level of a line of text.
    ///
    /// An HTTP status of 500 and more is an error whatever else the line says: access logs call
    /// every request `INFO`.
    pub fn detect(text: &str) -> Self {
        let head = &text[..text.floor_char_boundary(HEAD)];
        if text.trim_start().starts_with('{') {
            if let Some(level) = of_json(text) {
                return level;
            }
        } else if server_error(head) {
            return Self::Error;
        }
        of_words(head).unwrap_or_else(|| of_signs(head))
    }
}

/// `"level":"error"`, or the numbers of pino and bunyan.
fn of_json(text: &str) -> Option<Level> {
    KEYS.iter().find_map(|key| {
        let after = text.split_once(key)?.1.trim_start().strip_prefix(':')?;
        let value = after.trim_start();
        match value.strip_prefix('"') {
            Some(word) => of_word(word.split('"').next()?),
            None => {
                let digits = value.bytes().take_while(u8::is_ascii_digit).count();
                Some(match value[..digits].parse::<u32>().ok()? {
                    50.. => Level::Error,
                    40..50 => Level::Warn,
                    30..40 => Level::Info,
                    _ => Level::Debug,
                })
            }
        }
    })
}

fn of_word(word: &str) -> Option<Level> {
    WORDS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(word))
        .map(|(_, level)| *level)
}

/// The first whole word that names a level: in capitals anywhere, else only where programs put
/// it, as in `[error]`, `level=warn` or `error:`.
fn of_words(head: &str) -> Option<Level> {
    let bytes = head.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
            at += 1;
        }
        // The longest word has eight letters; most words are longer or shorter than any.
        if !(3..=8).contains(&(at - start)) {
            continue;
        }
        let word = &head[start..at];
        let before = start.checked_sub(1).map(|before| bytes[before]);
        let after = bytes.get(at).copied();
        let marked = match (before, after) {
            (Some(b'['), Some(b']')) | (Some(b'<'), Some(b'>')) | (Some(b'='), _) => true,
            (None, Some(b':')) => true,
            _ => false,
        };
        if (marked || word.bytes().all(|byte| byte.is_ascii_uppercase()))
            && let Some(level) = of_word(word)
        {
            return Some(level);
        }
    }
    None
}

/// Signs of trouble in lines without a level.
fn of_signs(head: &str) -> Level {
    let has = |sign: &str| head.contains(sign);
    if has("오류") || has("에러") || has("Traceback (most recent call last)") || has("Exception") {
        Level::Error
    } else if has("경고") {
        Level::Warn
    } else {
        Level::Unknown
    }
}

/// Whether an access log line tells of an HTTP status of 500 and more: `HTTP/1.1" 502 `.
fn server_error(head: &str) -> bool {
    let Some(at) = head.find("HTTP/") else {
        return false;
    };
    let rest = head[at + 5..].trim_start_matches(|character: char| {
        character.is_ascii_digit() || character == '.' || character == '"'
    });
    let Some(status) = rest.trim_start().get(..3) else {
        return false;
    };
    status.starts_with('5') && status.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_many_programs() {
        for (line, level) in [
            (r#"{"level":"error","msg":"x"}"#, Level::Error),
            (r#"{"msg":"INFO","severity" : "WARNING"}"#, Level::Warn),
            (r#"{"level":30,"msg":"ok"}"#, Level::Info),
            (r#"{"level":50}"#, Level::Error),
            (r#"{"time":1,"lvl":"dbg"}"#, Level::Debug),
            (r#"{"msg":"no level"}"#, Level::Unknown),
            (
                "2026-11-21 02:00:00.123  INFO 1 --- [nio-8080-exec-1] c.e.App : after an ERROR",
                Level::Info,
            ),
            (
                "2026-11-21 02:00:00.123 ERROR 1 --- [main] c.e.App : x",
                Level::Error,
            ),
            (r#"INFO:     10.0.0.1:1 - "GET /a HTTP/1.1" 200 OK"#, Level::Info),
            (
                r#"INFO:     10.0.0.1:1 - "GET /a HTTP/1.1" 500 Internal Server Error"#,
                Level::Error,
            ),
            (
                r#"10.0.0.1 - - [21/Nov/2026:02:00:00 +0900] "GET / HTTP/2.0" 502 157 "-""#,
                Level::Error,
            ),
            (
                r#"10.0.0.1 - - [21/Nov/2026:02:00:00 +0900] "GET / HTTP/1.1" 404 500 "-""#,
                Level::Unknown,
            ),
            (
                "2026/11/21 02:00:00 [error] 31#31: *1 connect() failed",
                Level::Error,
            ),
            (
                "2026-11-21T02:00:00Z 0 [Warning] [MY-010068] CA certificate",
                Level::Warn,
            ),
            ("time=x level=warn msg=slow", Level::Warn),
            ("error: could not open file", Level::Error),
            ("2026-11-21 02:00:00 UTC:LOG:  checkpoint starting", Level::Info),
            ("결제 오류: 카드사 응답 없음", Level::Error),
            ("경고: 디스크 사용량 91%", Level::Warn),
            ("Traceback (most recent call last)", Level::Error),
            ("no error was found", Level::Unknown),
            ("ERRORS=0", Level::Unknown),
            ("", Level::Unknown),
        ] {
            assert_eq!(Level::detect(line), level, "{line}");
        }
    }

    #[test]
    fn a_head_that_ends_inside_a_character_is_no_trouble() {
        let text = format!("{}가나다", "x".repeat(HEAD - 1));
        assert_eq!(Level::detect(&text), Level::Unknown);
    }
}
