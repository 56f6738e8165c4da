//! Names of what is kept on disk: a letter for what it is, when it began, and four letters of chance.

use std::hash::{BuildHasher, RandomState};

use jiff::Timestamp;

/// What has such a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// A run: `r-20261121-020000-kqzt`.
    Run,
    /// The record of an incident: `i-20261121-020000-kqzt`.
    Incident,
}

/// Letters that are not mistaken for each other.
const LETTERS: &[u8; 24] = b"abcdefghjkmnpqrstuvwxyz2";

impl Named {
    const fn letter(self) -> &'static str {
        match self {
            Self::Run => "r",
            Self::Incident => "i",
        }
    }

    /// A new name, in UTC, so that names sort by time.
    pub(super) fn mint(self, now: Timestamp) -> String {
        // The standard library's own randomness: the keys of its hashers come from the system.
        let mut chance = RandomState::new().hash_one(now.as_nanosecond());
        let mut letters = String::with_capacity(4);
        for _ in 0..4 {
            let count = LETTERS.len() as u64;
            let at = usize::try_from(chance % count).unwrap_or_default();
            letters.push(char::from(LETTERS[at]));
            chance /= count;
        }
        format!("{}-{}-{letters}", self.letter(), now.strftime("%Y%m%d-%H%M%S"))
    }

    /// Whether a text has the form of such a name; nothing else becomes part of a path.
    pub(super) fn is_name(self, text: &str) -> bool {
        let mut parts = text.split('-');
        let digits = |part: Option<&str>, count: usize| {
            part.is_some_and(|part| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        parts.next() == Some(self.letter())
            && digits(parts.next(), 8)
            && digits(parts.next(), 6)
            && parts
                .next()
                .is_some_and(|part| part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            && parts.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_sort_by_time_and_differ() {
        let early = Named::Run.mint("2026-11-21T02:00:00Z".parse().unwrap());
        let late = Named::Run.mint("2026-11-21T02:00:01Z".parse().unwrap());
        assert!(early < late);
        assert!(early.starts_with("r-20261121-020000-"), "{early}");
        assert!(Named::Run.is_name(&early));
        let now = "2026-11-21T02:00:00Z".parse().unwrap();
        let many: BTreeSet<String> = (0..50).map(|_| Named::Incident.mint(now)).collect();
        assert!(many.len() > 45, "{many:?}");
        assert!(many.iter().all(|name| Named::Incident.is_name(name)), "{many:?}");
    }

    #[test]
    fn what_is_no_name_becomes_no_path() {
        for text in [
            "",
            "r-",
            "..",
            "../../etc/passwd",
            "r-../../x",
            "r-20261121-020000-kqz",
            "r-20261121-020000-kqzt-x",
            "r-2026112a-020000-kqzt",
            "r-20261121-020000-k/zt",
            "i-20261121-020000-kqzt",
        ] {
            assert!(!Named::Run.is_name(text), "{text}");
        }
        assert!(!Named::Incident.is_name("r-20261121-020000-kqzt"));
    }
}
