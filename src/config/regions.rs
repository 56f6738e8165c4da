//! The regions that AWS had when this was built: enough to catch a slip, never to forbid a new one.

use crate::domain::diagnostic::nearest;

const KNOWN: [&str; 39] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// Whether this build knows the region.
pub(super) fn is_known(region: &str) -> bool {
    KNOWN.contains(&region)
}

/// The region that was probably meant.
pub(super) fn nearest_known(region: &str) -> Option<&'static str> {
    nearest(region, KNOWN)
}

/// Whether a text has the form of a region's name: lower-case words, then a number.
pub(super) fn is_well_formed(region: &str) -> bool {
    let parts: Vec<&str> = region.split('-').collect();
    let Some((number, words)) = parts.split_last() else {
        return false;
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = |word: &&str| word.len() >= 2 && word.bytes().all(|b| b.is_ascii_lowercase());
    is_number && words.len() >= 2 && words.iter().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_region_is_well_formed_and_listed_once() {
        for (index, region) in KNOWN.iter().enumerate() {
            assert!(is_well_formed(region), "{region}");
            assert!(!KNOWN[..index].contains(region), "{region}");
        }
    }

    #[test]
    fn zones_and_slips_are_told_apart() {
        assert!(!is_well_formed("ap-northeast-2a"));
        assert!(!is_well_formed("US-EAST-1"));
        assert!(!is_well_formed("seoul"));
        assert!(is_well_formed("ap-northeast-9"));
        assert_eq!(nearest_known("us-esat-1"), Some("us-east-1"));
        assert_eq!(nearest_known("ap-northeast-2a"), Some("ap-northeast-2"));
    }
}
