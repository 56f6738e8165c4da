//! Conversions that every service needs.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

use crate::domain::ids;

/// A time as AWS gave it; `None` beyond the years that we can count.
pub(super) fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}

/// A time that may be absent.
pub(super) fn timestamp_of(time: Option<&DateTime>) -> Option<Timestamp> {
    time.and_then(timestamp)
}

/// A time for a request.
pub(super) fn date_time(time: Timestamp) -> DateTime {
    DateTime::from_nanos(time.as_nanosecond()).expect("a Timestamp spans fewer years than a DateTime")
}

/// A number of things, which AWS gives as a signed one.
pub(super) fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

/// A tag; AWS lets both parts be absent.
pub(super) fn tag(key: Option<&str>, value: Option<&str>) -> ids::Tag {
    ids::Tag {
        key: key.unwrap_or_default().to_owned(),
        value: value.unwrap_or_default().to_owned(),
    }
}

/// Text that AWS gives as an empty string where there is none.
pub(super) fn text(value: Option<&str>) -> Option<String> {
    value.filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_the_way_there_and_back() {
        let time: Timestamp = "2026-11-21T02:00:00.25Z".parse().unwrap();
        assert_eq!(timestamp(&date_time(time)), Some(time));
        let before: Timestamp = "1969-12-31T23:59:59.5Z".parse().unwrap();
        assert_eq!(timestamp(&date_time(before)), Some(before));
        assert_eq!(timestamp(&DateTime::from_secs(i64::MAX)), None);
    }
}
