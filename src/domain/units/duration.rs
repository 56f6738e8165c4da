//! Lengths of time as operators write and read them.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;

/// A length of time. Read from `2h30m`, `90s`, `1d12h` (units `w d h m s`, largest first, each once);
/// a day is 24 hours. Shown with the two largest units that matter: `45s`, `14m`, `2h30m`, `3d`, `1d12h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HumanDuration(pub SignedDuration);

/// A text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Nothing, or something else than numbers and units.
    #[error("{0:?} is not a duration; write it like 90s, 15m, 2h30m or 1d12h")]
    NotADuration(String),
    /// A number without a unit.
    #[error("{0:?} lacks a unit; write {number}s, {number}m, {number}h or {number}d", number = .1)]
    NoUnit(String, u64),
    /// A unit twice, or a larger one after a smaller one.
    #[error("{0:?} has its units out of order; write the largest first and each once, like 1d12h")]
    UnitOrder(String),
    /// More than can be counted.
    #[error("{0:?} is too long")]
    TooLong(String),
}

/// Units by letter and length in seconds, largest first.
const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl HumanDuration {
    /// From whole seconds.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(SignedDuration::from_secs(seconds))
    }
}

impl From<SignedDuration> for HumanDuration {
    fn from(duration: SignedDuration) -> Self {
        Self(duration)
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs().unsigned_abs();
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
        let sign = if self.0.as_secs() < 0 { "-" } else { "" };
        let text = match (days, hours, minutes) {
            (0, 0, 0) => format!("{sign}{seconds}s"),
            (0, 0, minutes) => format!("{sign}{minutes}m"),
            (0, hours, 0) => format!("{sign}{hours}h"),
            (0, hours, minutes) => format!("{sign}{hours}h{minutes:02}m"),
            (10.., _, _) | (_, 0, _) => format!("{sign}{days}d"),
            (days, hours, _) => format!("{sign}{days}d{hours}h"),
        };
        f.pad(&text)
    }
}

impl FromStr for HumanDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let not_a_duration = || DurationError::NotADuration(text.to_owned());
        let too_long = || DurationError::TooLong(text.to_owned());
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(not_a_duration());
        }
        let mut total = 0_u64;
        let mut allowed = &UNITS[..];
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return Err(not_a_duration());
            }
            let number: u64 = rest[..digits].parse().map_err(|_| too_long())?;
            let mut after = rest[digits..].chars();
            let Some(letter) = after.next() else {
                return Err(DurationError::NoUnit(text.to_owned(), number));
            };
            let Some(&(_, length)) = UNITS.iter().find(|(unit, _)| *unit == letter) else {
                return Err(not_a_duration());
            };
            let Some(index) = allowed.iter().position(|(unit, _)| *unit == letter) else {
                return Err(DurationError::UnitOrder(text.to_owned()));
            };
            allowed = &allowed[index + 1..];
            total = number
                .checked_mul(length)
                .and_then(|seconds| total.checked_add(seconds))
                .ok_or_else(too_long)?;
            rest = after.as_str();
        }
        i64::try_from(total).map(Self::from_secs).map_err(|_| too_long())
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn seconds(text: &str) -> Result<i64, DurationError> {
        text.parse::<HumanDuration>().map(|duration| duration.0.as_secs())
    }

    #[test]
    fn durations_are_read() {
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("2h30m"), Ok(9_000));
        assert_eq!(seconds("1d12h"), Ok(129_600));
        assert_eq!(seconds("2w"), Ok(1_209_600));
        assert_eq!(seconds("1w2d3h4m5s"), Ok(788_645));
        assert_eq!(seconds(" 15m "), Ok(900));
        assert_eq!(seconds("0s"), Ok(0));
    }

    #[test]
    fn what_is_no_duration_is_refused_with_the_way_to_write_it() {
        for text in ["", " ", "m", "-5m", "5 m", "5x", "1.5h", "5M", "two hours", "5분"] {
            assert!(
                matches!(seconds(text), Err(DurationError::NotADuration(_))),
                "{text:?}"
            );
        }
        assert_eq!(
            seconds("90").unwrap_err().to_string(),
            "\"90\" lacks a unit; write 90s, 90m, 90h or 90d"
        );
        assert!(matches!(seconds("2h30"), Err(DurationError::NoUnit(_, 30))));
        for text in ["30m2h", "1h1h", "5s1m"] {
            assert!(
                matches!(seconds(text), Err(DurationError::UnitOrder(_))),
                "{text:?}"
            );
        }
        for text in [
            "99999999999999999999s",
            "99999999999999999w",
            "18446744073709551615s",
        ] {
            assert!(
                matches!(seconds(text), Err(DurationError::TooLong(_))),
                "{text:?}"
            );
        }
    }

    #[test]
    fn durations_are_shown_with_two_units_at_most() {
        let cases = [
            (0, "0s"),
            (45, "45s"),
            (59, "59s"),
            (60, "1m"),
            (14 * 60 + 50, "14m"),
            (3_600, "1h"),
            (2 * 3_600 + 5 * 60, "2h05m"),
            (9_000, "2h30m"),
            (86_399, "23h59m"),
            (86_400, "1d"),
            (129_600, "1d12h"),
            (3 * 86_400 + 59, "3d"),
            (12 * 86_400 + 7_200, "12d"),
            (-840, "-14m"),
        ];
        for (seconds, shown) in cases {
            assert_eq!(HumanDuration::from_secs(seconds).to_string(), shown, "{seconds}");
        }
        assert_eq!(
            HumanDuration::from(SignedDuration::from_millis(900)).to_string(),
            "0s"
        );
        assert_eq!(format!("{:>6}", HumanDuration::from_secs(840)), "   14m");
        assert_eq!(
            HumanDuration::from_secs(i64::MIN).to_string(),
            "-106751991167300d"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "[0-9wdhms .-]{0,24}|.{0,16}") {
            if let Ok(duration) = text.parse::<HumanDuration>() {
                prop_assert!(duration.0.as_secs() >= 0);
            }
        }

        #[test]
        fn parts_add_up(days in 0_i64..400, hours in 0_i64..24, minutes in 0_i64..60, secs in 0_i64..60) {
            let text = format!("{days}d{hours}h{minutes}m{secs}s");
            prop_assert_eq!(seconds(&text), Ok(((days * 24 + hours) * 60 + minutes) * 60 + secs));
        }
    }
}
