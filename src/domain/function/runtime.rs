//! Until when AWS keeps Lambda's runtimes alive.

use jiff::civil::{Date, date};

/// The day on which the table was compared with AWS's.
pub const CHECKED: Date = date(2026, 7, 25);

/// The day of deprecation: from then on a runtime gets no more patches, later functions of it can be
/// neither made nor changed. AWS moves these days now and then; what is not here is not known.
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html>
const UNTIL: &[(&str, Date)] = &[
    ("dotnet10", date(2028, 11, 14)),
    ("dotnet6", date(2024, 12, 20)),
    ("dotnet8", date(2026, 11, 10)),
    ("dotnetcore2.1", date(2022, 1, 5)),
    ("dotnetcore3.1", date(2023, 4, 3)),
    ("go1.x", date(2024, 1, 8)),
    ("java11", date(2027, 6, 30)),
    ("java11.al2023", date(2029, 6, 30)),
    ("java17", date(2027, 6, 30)),
    ("java17.al2023", date(2029, 6, 30)),
    ("java21", date(2029, 6, 30)),
    ("java25", date(2029, 6, 30)),
    ("java8", date(2024, 1, 8)),
    ("java8.al2", date(2027, 6, 30)),
    ("java8.al2023", date(2029, 6, 30)),
    ("nodejs12.x", date(2023, 3, 31)),
    ("nodejs14.x", date(2023, 12, 4)),
    ("nodejs16.x", date(2024, 6, 12)),
    ("nodejs18.x", date(2025, 9, 1)),
    ("nodejs20.x", date(2026, 4, 30)),
    ("nodejs22.x", date(2027, 4, 30)),
    ("nodejs24.x", date(2028, 4, 30)),
    ("provided", date(2024, 1, 8)),
    ("provided.al2023", date(2029, 6, 30)),
    ("python2.7", date(2021, 7, 15)),
    ("python3.6", date(2022, 7, 18)),
    ("python3.7", date(2023, 12, 4)),
    ("python3.8", date(2024, 10, 14)),
    ("python3.9", date(2025, 12, 15)),
    ("python3.10", date(2026, 10, 31)),
    ("python3.11", date(2027, 6, 30)),
    ("python3.12", date(2028, 10, 31)),
    ("python3.13", date(2029, 6, 30)),
    ("python3.14", date(2029, 6, 30)),
    ("ruby2.7", date(2023, 12, 7)),
    ("ruby3.2", date(2026, 3, 31)),
    ("ruby3.3", date(2027, 3, 31)),
    ("ruby4.0", date(2029, 3, 31)),
];

/// The last day on which AWS keeps a runtime alive; `None` if that is not known.
pub fn supported_until(runtime: &str) -> Option<Date> {
    UNTIL
        .iter()
        .find(|(name, _)| *name == runtime)
        .map(|(_, until)| *until)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn runtimes_are_listed_once_and_the_rest_is_unknown() {
        let names: BTreeSet<&str> = UNTIL.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), UNTIL.len());
        assert_eq!(supported_until("python3.9"), Some(date(2025, 12, 15)));
        assert_eq!(supported_until("nodejs99.x"), None);
    }
}
