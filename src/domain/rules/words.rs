//! How numbers, spans and moments read in a finding: short enough for a row, always with a unit.

use jiff::{SignedDuration, Timestamp};

use crate::domain::policy::Zone;
use crate::domain::text;
use crate::domain::units::BYTES_PER_GIB;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const MIB: f64 = 1_048_576.0;

/// How much of a foreign text a finding keeps: far more than AWS says, and little enough for a hostile
/// one. What does not fit into a row is the view's to cut.
const MOST_CHARS: usize = 2000;

/// A span in its one or two greatest units: `40s`, `14m`, `2h05m`, `3d`, `3d4h`. Less than nothing is `0s`.
pub fn span(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    if seconds < MINUTE {
        format!("{seconds}s")
    } else if seconds < HOUR {
        format!("{}m", seconds / MINUTE)
    } else if seconds < DAY {
        match (seconds / HOUR, seconds % HOUR / MINUTE) {
            (hours, 0) => format!("{hours}h"),
            (hours, minutes) => format!("{hours}h{minutes:02}m"),
        }
    } else {
        match (seconds / DAY, seconds % DAY / HOUR) {
            (days, 0) => format!("{days}d"),
            (days, hours) if days < 10 => format!("{days}d{hours}h"),
            (days, _) => format!("{days}d"),
        }
    }
}

/// From one moment to a later one, as [`span`] writes it.
pub fn since(from: Timestamp, to: Timestamp) -> String {
    span(to.duration_since(from))
}

/// A moment with its day and zone: `2026-11-21 11:49 KST`.
pub fn moment(at: Timestamp, zone: &Zone) -> String {
    at.to_zoned(zone.rules().clone())
        .strftime("%Y-%m-%d %H:%M %Z")
        .to_string()
}

/// The day alone: `2026-11-24`.
pub fn day(at: Timestamp, zone: &Zone) -> String {
    at.to_zoned(zone.rules().clone()).date().to_string()
}

/// The time of day alone, for a row whose header names the zone: `11:49`.
pub fn time_of_day(at: Timestamp, zone: &Zone) -> String {
    at.to_zoned(zone.rules().clone()).strftime("%H:%M").to_string()
}

/// A number with as many decimals as it needs to tell something: `1,234`, `21.5`, `0.04`.
pub fn number(value: f64) -> String {
    let size = value.abs();
    let text = if size >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else if size >= 1.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    };
    let trimmed = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    if trimmed == "-0" {
        "0".to_owned()
    } else {
        grouped(trimmed)
    }
}

/// A number with up to so many digits after the point.
pub fn number_to(value: f64, places: usize) -> String {
    let text = format!("{value:.places$}");
    let trimmed = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    grouped(trimmed)
}

/// The digits before the point in threes: `10,000,000,000`.
fn grouped(number: &str) -> String {
    let (sign, rest) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (whole, fraction) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
    let mut out = sign.to_owned();
    for (place, digit) in whole.char_indices() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(fraction);
    out
}

/// A share in percent: `88%`, `6.2%`.
pub fn percent(value: f64) -> String {
    format!("{}%", number(value))
}

/// An amount of US dollars: `$2.01`, `$1,210`, `-$3.20`.
pub fn usd(amount: f64) -> String {
    let sign = if amount < 0.0 { "-" } else { "" };
    let size = amount.abs();
    if size >= 100.0 {
        format!("{sign}${}", grouped(&format!("{size:.0}")))
    } else {
        format!("{sign}${size:.2}")
    }
}

/// Bytes in binary units: `3.1 GiB`, `512 MiB`.
pub fn bytes(value: f64) -> String {
    if value.abs() >= BYTES_PER_GIB {
        format!("{} GiB", number(value / BYTES_PER_GIB))
    } else {
        format!("{} MiB", number(value / MIB))
    }
}

/// A count with its noun: `1 task`, `3 tasks`. The plural only adds an s.
pub fn count(many: usize, noun: &str) -> String {
    crate::domain::counted::counted(many, noun)
}

/// A count with the noun for one or for several: `1 launch`, `3 launches`.
pub fn count_of(many: usize, one: &str, several: &str) -> String {
    if many == 1 {
        format!("1 {one}")
    } else {
        format!("{many} {several}")
    }
}

/// A foreign text in one line that a terminal can show; of a hostile one the first 2,000 characters.
pub fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = text::clean(&line).into_owned();
    if let Some((end, _)) = out.char_indices().nth(MOST_CHARS) {
        out.truncate(end);
        out.push('…');
    }
    out
}

/// The same, cut after so many characters.
pub fn short(text: &str, most: usize) -> String {
    let mut out = excerpt(text);
    if out.chars().count() > most
        && let Some((end, _)) = out.char_indices().nth(most - 1)
    {
        out.truncate(end);
        out.push('…');
    }
    out
}

/// `family:revision` as people say it inside its own service: `rev 4`.
pub fn revision(task_definition: &str) -> String {
    match task_definition.rsplit_once(':') {
        Some((_, revision)) => format!("rev {revision}"),
        None => task_definition.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_at_most_two_units() {
        for (seconds, text) in [
            (-5, "0s"),
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (14 * 60 + 59, "14m"),
            (3600, "1h"),
            (2 * 3600 + 5 * 60, "2h05m"),
            (86_400, "1d"),
            (3 * 86_400 + 4 * 3600, "3d4h"),
            (12 * 86_400 + 4 * 3600, "12d"),
        ] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn numbers_keep_what_tells_something() {
        for (value, text) in [
            (0.0, "0"),
            (-0.001, "0"),
            (0.04, "0.04"),
            (0.5, "0.5"),
            (1.0, "1"),
            (1.04, "1"),
            (21.5, "21.5"),
            (99.96, "100"),
            (1234.4, "1,234"),
            (-123_456.0, "-123,456"),
            (1e10, "10,000,000,000"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(percent(6.24), "6.2%");
        assert_eq!(usd(2.012), "$2.01");
        assert_eq!(usd(-790.2), "-$790");
        assert_eq!(usd(1210.0), "$1,210");
        assert_eq!(bytes(3.1 * BYTES_PER_GIB), "3.1 GiB");
        assert_eq!(bytes(512.0 * MIB), "512 MiB");
    }

    #[test]
    fn moments_name_their_zone() {
        let at: Timestamp = "2026-11-21T02:49:10Z".parse().unwrap();
        let seoul = Zone::named("Asia/Seoul").unwrap();
        assert_eq!(moment(at, &seoul), "2026-11-21 11:49 KST");
        assert_eq!(moment(at, &Zone::utc()), "2026-11-21 02:49 UTC");
        assert_eq!(time_of_day(at, &seoul), "11:49");
    }

    #[test]
    fn excerpts_are_one_line_of_whole_characters() {
        assert_eq!(excerpt("한복을\n 입은\t고양이"), "한복을 입은 고양이");
        let long = excerpt(&"한".repeat(MOST_CHARS + 1));
        assert_eq!(long.chars().count(), MOST_CHARS + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_revision_is_named_by_its_number() {
        assert_eq!(revision("invokeai-api:4"), "rev 4");
        assert_eq!(revision("odd"), "odd");
    }
}
