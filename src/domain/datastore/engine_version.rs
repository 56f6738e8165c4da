//! Versions of database engines: which is newer, and which step between two is a major one.

/// What AWS calls the major version: the first number of PostgreSQL's (`16` of `16.4`), the first two of
/// MySQL's and MariaDB's (`8.0` of `8.0.mysql_aurora.3.05.2`).
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.VersionPolicy.html>
pub fn major<'v>(engine: &str, version: &'v str) -> &'v str {
    let parts = if engine.contains("postgres") { 1 } else { 2 };
    version
        .match_indices('.')
        .nth(parts - 1)
        .map_or(version, |(end, _)| &version[..end])
}

/// Whether `version` is older than `than`; words between the numbers do not count.
pub fn is_older(version: &str, than: &str) -> bool {
    numbers(version) < numbers(than)
}

fn numbers(version: &str) -> Vec<u64> {
    version.split('.').filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_major_version_has_one_number_in_postgresql_and_two_in_mysql() {
        assert_eq!(major("aurora-postgresql", "16.4"), "16");
        assert_eq!(major("postgres", "17"), "17");
        assert_eq!(major("aurora-mysql", "8.0.mysql_aurora.3.05.2"), "8.0");
        assert_eq!(major("mysql", "8.4.3"), "8.4");
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert!(is_older("16.9", "16.10") && !is_older("16.10", "16.9"));
        assert!(!is_older("16.4", "16.4"));
        assert!(is_older("5.7.mysql_aurora.2.11.1", "8.0.mysql_aurora.3.05.2"));
        assert!(is_older("8.0.mysql_aurora.3.05.2", "8.0.mysql_aurora.3.10.0"));
    }
}
