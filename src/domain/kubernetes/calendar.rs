//! How long EKS keeps Kubernetes versions alive, for endpoints that cannot say it themselves.

use jiff::civil::{Date, date};

use super::{Minor, Support};

/// The day on which the table was compared with AWS's.
pub const CHECKED: Date = date(2026, 4, 24);

/// Version, end of standard support, end of extended support. What is not here is not known.
/// <https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html>
const CALENDAR: &[(Minor, Date, Date)] = &[
    (Minor(1, 27), date(2024, 7, 24), date(2025, 7, 24)),
    (Minor(1, 28), date(2024, 11, 26), date(2025, 11, 26)),
    (Minor(1, 29), date(2025, 3, 23), date(2026, 3, 23)),
    (Minor(1, 30), date(2025, 7, 23), date(2026, 7, 23)),
    (Minor(1, 31), date(2025, 11, 26), date(2026, 11, 26)),
    (Minor(1, 32), date(2026, 3, 23), date(2027, 3, 23)),
    (Minor(1, 33), date(2026, 7, 29), date(2027, 7, 29)),
    (Minor(1, 34), date(2026, 12, 2), date(2027, 12, 2)),
    (Minor(1, 35), date(2027, 3, 27), date(2028, 3, 27)),
];

/// How long a version is kept alive: as AWS said, else as the table says; `None` if neither knows it.
pub fn support_of(version: Minor, told: &[Support]) -> Option<Support> {
    let known = |support: &&Support| support.version == version;
    told.iter().find(known).copied().or_else(|| {
        let (_, standard_until, extended_until) = *CALENDAR.iter().find(|(one, ..)| *one == version)?;
        Some(Support {
            version,
            standard_until,
            extended_until,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_says_comes_before_the_table() {
        let told = Support {
            version: Minor(1, 34),
            standard_until: date(2027, 1, 1),
            extended_until: date(2028, 1, 1),
        };
        assert_eq!(support_of(Minor(1, 34), &[told]), Some(told));
        let known = support_of(Minor(1, 33), &[told]).unwrap();
        assert_eq!(known.standard_until, date(2026, 7, 29));
        assert_eq!(support_of(Minor(1, 99), &[]), None);
        assert!(CALENDAR.is_sorted());
    }
}
