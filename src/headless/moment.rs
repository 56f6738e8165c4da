//! Moments in JSON documents: RFC 3339, in UTC, to the second, so that they sort as text and every tool reads them.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// A moment, to the second that it lies in.
///
/// # Errors
/// The serializer's.
pub fn whole<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    second_of(*at).serialize(serializer)
}

/// A moment that may not be known.
///
/// # Errors
/// The serializer's.
#[expect(clippy::ref_option, reason = "serde passes fields so")]
pub fn whole_or_null<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(second_of).serialize(serializer)
}

fn second_of(at: Timestamp) -> Timestamp {
    // A whole second of a time that is one already is always one.
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Both {
        #[serde(serialize_with = "whole")]
        at: Timestamp,
        #[serde(serialize_with = "whole_or_null")]
        since: Option<Timestamp>,
    }

    #[test]
    fn fractions_are_left_out() {
        let at: Timestamp = "2026-11-22T00:20:44.478282Z".parse().unwrap();
        let both = |since| serde_json::to_string(&Both { at, since }).unwrap();
        assert_eq!(both(None), r#"{"at":"2026-11-22T00:20:44Z","since":null}"#);
        assert_eq!(
            both(Some(at)),
            r#"{"at":"2026-11-22T00:20:44Z","since":"2026-11-22T00:20:44Z"}"#
        );
    }
}
