//! Names of runs: when they were prepared, and four letters of chance.

use std::hash::{BuildHasher, RandomState};

use jiff::Timestamp;

use crate::runbook::record::RunId;

/// Letters that are not mistaken for each other.
const LETTERS: &[u8; 24] = b"abcdefghjkmnpqrstuvwxyz2";

/// A new name, such as `r-20261121-020000-kqzt`: UTC, so that names sort by time.
pub fn mint(now: Timestamp) -> RunId {
    // The standard library's own randomness: the keys of its hashers come from the system.
    let mut chance = RandomState::new().hash_one(now.as_nanosecond());
    let mut letters = String::with_capacity(4);
    for _ in 0..4 {
        let count = LETTERS.len() as u64;
        let at = usize::try_from(chance % count).unwrap_or_default();
        letters.push(char::from(LETTERS[at]));
        chance /= count;
    }
    RunId(format!("r-{}-{letters}", now.strftime("%Y%m%d-%H%M%S")))
}

/// Whether a text has the form of a run's name; nothing else becomes part of a path.
pub fn is_name(text: &str) -> bool {
    let mut parts = text.split('-');
    let digits = |part: Option<&str>, count: usize| {
        part.is_some_and(|part| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    parts.next() == Some("r")
        && digits(parts.next(), 8)
        && digits(parts.next(), 6)
        && parts
            .next()
            .is_some_and(|part| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_time_and_differ() {
        let early = mint("2026-11-21T02:00:00Z".parse().unwrap());
        let late = mint("2026-11-21T02:00:01Z".parse().unwrap());
        assert!(early < late);
        assert!(early.0.starts_with("r-20261121-020000-"), "{early}");
        assert!(is_name(&early.0));
        let now = "2026-11-21T02:00:00Z".parse().unwrap();
        let many: std::collections::BTreeSet<RunId> = (0..50).map(|_| mint(now)).collect();
        assert!(many.len() > 45, "{many:?}");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            "r-",
            "../../etc/passwd",
            "r-20261121-020000-kqz",
            "r-20261121-020000-kqzt-x",
            "r-2026112a-020000-kqzt",
            "r-20261121-020000-k/zt",
        ] {
            assert!(!is_name(text), "{text}");
        }
    }
}
