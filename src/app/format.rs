//! Numbers, ages and times as the console writes them.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What stands for a value that is not known.
pub const UNKNOWN: &str = "–";

/// An age or span with its two largest units at most: `42s`, `14m`, `2h05m`, `3d`.
pub fn span(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        _ if seconds < 864_000 => format!("{}d{:02}h", seconds / 86_400, seconds % 86_400 / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// How long ago something was.
pub fn age(now: Timestamp, at: Timestamp) -> String {
    span(now.duration_since(at))
}

/// A time of day, with the day where it is not today.
pub fn clock(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (then, today) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    if then.date() == today.date() {
        then.strftime("%H:%M").to_string()
    } else {
        then.strftime("%m-%d %H:%M").to_string()
    }
}

/// The time of day within the last twenty-four hours, else the month and day: five characters.
pub fn day_or_clock(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let then = at.to_zoned(zone.clone());
    let form = if now.duration_since(at) < SignedDuration::from_hours(24) {
        "%H:%M"
    } else {
        "%m-%d"
    };
    then.strftime(form).to_string()
}

/// A number with one decimal below ten and none above: `3.2`, `87`.
pub fn number(value: f64) -> String {
    if value.abs() < 9.95 && value.fract().abs() > 0.049 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// A percentage.
pub fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| format!("{}%", number(value)))
}

/// A count with thousands marked: `12,345`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes in binary units: `3.1 GiB`.
pub fn bytes(value: f64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let (mut value, mut unit) = (value, 0);
    while value.abs() >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{} {}", number(value), UNITS[unit])
}

/// Seconds below a minute with a sensible unit: `840ms`, `1.8s`.
pub fn seconds(value: f64) -> String {
    if value == 0.0 {
        "0s".to_owned()
    } else if value < 1.0 {
        format!("{:.0}ms", value * 1000.0)
    } else {
        format!("{}s", number(value))
    }
}

/// US dollars: cents below a hundred, none above.
pub fn usd(value: f64) -> String {
    if value.abs() < 100.0 {
        format!("${value:.2}")
    } else {
        format!("${}", grouped(value.round()))
    }
}

fn grouped(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{}", count(value.abs() as u64))
}

/// A region as AWS itself shortens it in zone ids: `ap-northeast-2` → `apne2`.
pub fn region(name: &str) -> String {
    let mut parts = name.split('-');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut rest = part;
        for (word, letter) in [
            ("north", 'n'),
            ("south", 's'),
            ("central", 'c'),
            ("east", 'e'),
            ("west", 'w'),
            ("gov", 'g'),
        ] {
            if let Some(after) = rest.strip_prefix(word) {
                out.push(letter);
                rest = after;
            }
        }
        // `northeast` is two words in one; what is left is a number, or a word nobody knew.
        out.push_str(rest);
    }
    out
}

/// A daily or weekly window of RDS, `18:00-19:00` or `sun:19:30-sun:20:30` in UTC, in the clock of a zone and
/// named with it, by the offset that the zone has now; as AWS writes it where it cannot be read.
pub fn window(window: &str, now: Timestamp, zone: &TimeZone, label: &str) -> String {
    let offset = zone.to_offset(now).seconds().div_euclid(60);
    let ends: Option<Vec<String>> = window.split('-').map(|end| shifted(end, offset)).collect();
    match ends.as_deref() {
        Some([from, to]) => format!("{from}-{to} {label}"),
        Some(_) | None => format!("{window} UTC"),
    }
}

/// A moment of a day or week, so many minutes later.
fn shifted(moment: &str, minutes: i32) -> Option<String> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    const DAY: i32 = 24 * 60;
    let (day, time) = match moment.split(':').count() {
        3 => moment.split_once(':').map(|(day, time)| (Some(day), time))?,
        _ => (None, moment),
    };
    let (hour, minute) = time.split_once(':')?;
    let (hour, minute): (i32, i32) = (hour.parse().ok()?, minute.parse().ok()?);
    let at = hour * 60 + minute + minutes;
    let clock = format!("{:02}:{:02}", at.rem_euclid(DAY) / 60, at.rem_euclid(DAY) % 60);
    let Some(day) = day else { return Some(clock) };
    let day = i32::try_from(DAYS.iter().position(|known| *known == day)?).ok()?;
    let day = usize::try_from((day + at.div_euclid(DAY)).rem_euclid(7)).ok()?;
    Some(format!("{}:{clock}", DAYS[day]))
}

/// The value, or the sign for not known.
pub fn or_unknown(value: Option<impl ToString>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_use_their_two_largest_units() {
        let of = |seconds| span(SignedDuration::from_secs(seconds));
        assert_eq!(
            [of(0), of(59), of(60), of(3661), of(90_000), of(900_000)],
            ["0s", "59s", "1m", "1h01m", "1d01h", "10d"]
        );
    }

    #[test]
    fn windows_are_told_in_the_clock_that_is_shown() {
        let now: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
        let seoul = TimeZone::get("Asia/Seoul").unwrap();
        let york = TimeZone::get("America/New_York").unwrap();
        let of = |text, zone, label| window(text, now, zone, label);
        assert_eq!(of("18:00-19:00", &seoul, "KST"), "03:00-04:00 KST");
        assert_eq!(
            of("sun:14:30-sun:15:30", &seoul, "KST"),
            "sun:23:30-mon:00:30 KST"
        );
        assert_eq!(of("mon:03:00-mon:05:30", &york, "EST"), "sun:22:00-mon:00:30 EST");
        assert_eq!(of("whenever", &seoul, "KST"), "whenever UTC");
    }

    #[test]
    fn regions_are_short_and_stay_apart() {
        let of = |name| region(name);
        assert_eq!(
            [
                of("ap-northeast-2"),
                of("us-east-1"),
                of("eu-central-1"),
                of("us-gov-west-1"),
                of("cn-northwest-1"),
                of("moon-base-1")
            ],
            ["apne2", "use1", "euc1", "usgw1", "cnnw1", "moonbase1"]
        );
    }

    #[test]
    fn numbers_carry_their_units() {
        assert_eq!(usd(5.1), "$5.10");
        assert_eq!(usd(12_345.6), "$12,346");
        assert_eq!(bytes(3.1 * 1024.0 * 1024.0 * 1024.0), "3.1 GiB");
        assert_eq!(seconds(0.84), "840ms");
        assert_eq!(seconds(0.0), "0s");
        assert_eq!(percent(None), UNKNOWN);
        assert_eq!(count(1_234_567), "1,234,567");
    }
}
