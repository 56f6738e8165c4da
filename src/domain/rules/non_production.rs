//! Resources that say of themselves that they are not production, whatever their estate is.

use crate::domain::ids::Tag;

/// Keys of tags that say what a resource is for, in any case.
const KEYS: [&str; 3] = ["environment", "env", "stage"];

/// What is not production, as the value of such a tag or as a part of a name, in any case.
const WORDS: [&str; 7] = ["dev", "development", "test", "staging", "stage", "qa", "sandbox"];

/// Whether a resource's tags or a part of its name between dashes and underscores say that it is not
/// production. `device` says nothing, `db-dev` does.
pub(in crate::domain) fn says_so(name: &str, tags: &[Tag]) -> bool {
    let is_among = |words: &[&str], text: &str| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    tags.iter()
        .any(|tag| is_among(&KEYS, tag.key.trim()) && is_among(&WORDS, tag.value.trim()))
        || name.split(['-', '_']).any(|part| is_among(&WORDS, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name, keys and values of tags, and whether they say so.
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], bool);

    #[test]
    fn names_and_tags_tell() {
        let cases: [Case<'_>; 16] = [
            ("codemate-db-dev", &[], true),
            ("codemate_redis_QA", &[], true),
            ("staging-db", &[], true),
            ("shop-sandbox-1", &[], true),
            ("test", &[], true),
            ("device-db", &[], false),
            ("codemate-developers", &[], false),
            ("latest-orders", &[], false),
            ("shop-db", &[], false),
            ("shop-db-prod", &[], false),
            ("shop-db", &[("Environment", "dev")], true),
            ("shop-db", &[("env", "Development")], true),
            ("shop-db", &[("Name", "shop"), ("STAGE", "Staging")], true),
            ("shop-db", &[("Environment", "production")], false),
            ("shop-db", &[("Owner", "dev")], false),
            ("shop-db", &[("Environment", "devices")], false),
        ];
        for (name, tags, expected) in cases {
            let tags: Vec<Tag> = tags
                .iter()
                .map(|(key, value)| Tag {
                    key: (*key).to_owned(),
                    value: (*value).to_owned(),
                })
                .collect();
            assert_eq!(says_so(name, &tags), expected, "{name} {tags:?}");
        }
    }
}
