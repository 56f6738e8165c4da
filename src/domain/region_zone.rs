//! The time zones of AWS's regions, for showing times as they are told where the machines stand.

/// The IANA time zone at a region, such as `Asia/Seoul` for `ap-northeast-2`; `None` for regions that
/// were not known when this was built.
/// <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>
pub fn of(region: &str) -> Option<&'static str> {
    Some(match region {
        "af-south-1" => "Africa/Johannesburg",
        "ap-east-1" => "Asia/Hong_Kong",
        "ap-east-2" => "Asia/Taipei",
        "ap-northeast-1" | "ap-northeast-3" => "Asia/Tokyo",
        "ap-northeast-2" => "Asia/Seoul",
        "ap-south-1" | "ap-south-2" => "Asia/Kolkata",
        "ap-southeast-1" => "Asia/Singapore",
        "ap-southeast-2" => "Australia/Sydney",
        "ap-southeast-3" => "Asia/Jakarta",
        "ap-southeast-4" => "Australia/Melbourne",
        "ap-southeast-5" => "Asia/Kuala_Lumpur",
        "ap-southeast-6" => "Pacific/Auckland",
        "ap-southeast-7" => "Asia/Bangkok",
        "ca-central-1" => "America/Toronto",
        "ca-west-1" => "America/Edmonton",
        "cn-north-1" | "cn-northwest-1" => "Asia/Shanghai",
        "eu-central-1" | "eusc-de-east-1" => "Europe/Berlin",
        "eu-central-2" => "Europe/Zurich",
        "eu-north-1" => "Europe/Stockholm",
        "eu-south-1" => "Europe/Rome",
        "eu-south-2" => "Europe/Madrid",
        "eu-west-1" => "Europe/Dublin",
        "eu-west-2" => "Europe/London",
        "eu-west-3" => "Europe/Paris",
        "il-central-1" => "Asia/Jerusalem",
        "me-central-1" => "Asia/Dubai",
        "me-south-1" => "Asia/Bahrain",
        "mx-central-1" => "America/Mexico_City",
        "sa-east-1" => "America/Sao_Paulo",
        "us-east-1" | "us-east-2" | "us-gov-east-1" => "America/New_York",
        "us-west-1" | "us-west-2" | "us-gov-west-1" => "America/Los_Angeles",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::Zone;

    #[test]
    fn zones_of_regions_are_known_to_the_database() {
        for region in ["ap-northeast-2", "us-east-1", "ap-southeast-1", "me-south-1"] {
            let name = of(region).expect("a known region");
            assert_eq!(Zone::named(name).expect("a known zone").name(), name);
        }
        assert_eq!(of("global"), None);
    }
}
