//! Lifecycle policies of ECR: which images they expire, and when.
//!
//! All rules are evaluated first, then applied in the order of their priority. An image that the tagging
//! of a rule selects is expired by that rule or not at all, but counts in what rules after it select.
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html>

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Image;
use crate::domain::counted::counted;
use crate::domain::glob::Glob;

/// A lifecycle policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its rules.
    pub rules: Vec<Rule>,
    /// When AWS last evaluated it.
    #[serde(default)]
    pub evaluated_at: Option<Timestamp>,
}

/// A rule of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Lower ones are applied first.
    pub priority: u32,
    /// What somebody wrote about it; foreign text.
    #[serde(default)]
    pub description: Option<String>,
    /// Which images it is about.
    pub selects: Selects,
    /// Which of them it expires.
    pub expires: Expires,
}

/// Which images a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selects {
    /// All.
    Any,
    /// Those without a tag.
    Untagged,
    /// Those that have, for each of these, a tag that begins so.
    Prefixes(Vec<String>),
    /// Those that have, for each of these, a tag that fits; `*` stands for anything.
    Patterns(Vec<String>),
}

/// Which of the selected images a rule expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expires {
    /// All but so many of the newest.
    CountMoreThan(u32),
    /// Those that were pushed more than so many days ago.
    DaysSincePushed(u32),
    /// By a measure that is not known here: nothing is said of its images.
    Otherwise(String),
}

/// What a policy does with an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// The rule's priority.
    pub rule: u32,
    /// When.
    pub when: When,
}

/// When an image expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// At the next evaluation, within a day.
    Due,
    /// At a moment, if nothing changes.
    At(Timestamp),
    /// Once so many further images of its sort were pushed.
    AfterPushes(u32),
}

impl Selects {
    /// Whether an image is among them.
    pub fn has(&self, image: &Image) -> bool {
        let all = |wanted: &[String], fits: &dyn Fn(&str, &str) -> bool| {
            let has = |one: &String| image.tags.iter().any(|tag| fits(one, tag));
            !wanted.is_empty() && wanted.iter().all(has)
        };
        match self {
            Self::Any => true,
            Self::Untagged => image.tags.is_empty(),
            Self::Prefixes(prefixes) => all(prefixes, &|prefix, tag| tag.starts_with(prefix)),
            Self::Patterns(patterns) => all(patterns, &|pattern, tag| Glob::new(pattern).matches(tag)),
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Any => "all images".to_owned(),
            Self::Untagged => "untagged images".to_owned(),
            Self::Prefixes(prefixes) => format!("tags that begin with {}", prefixes.join(" and ")),
            Self::Patterns(patterns) => format!("tags like {}", patterns.join(" and ")),
        }
    }
}

impl Rule {
    /// In words: what it selects, and what it keeps.
    pub fn words(&self) -> String {
        let selects = self.selects.words();
        match &self.expires {
            Expires::CountMoreThan(count) => format!("of {selects} only the newest {count} stay"),
            Expires::DaysSincePushed(days) => {
                format!("{selects} go {} after they were pushed", counted(*days, "day"))
            }
            Expires::Otherwise(how) => format!("{selects} go by {how}"),
        }
    }
}

impl Policy {
    /// A rule by its priority.
    pub fn rule(&self, priority: u32) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.priority == priority)
    }

    /// What becomes of an image among the others of its repository; `None` if the policy keeps it, or
    /// that cannot be told.
    pub fn fate(&self, image: &Image, images: &[Image], now: Timestamp) -> Option<Fate> {
        let mut rules: Vec<&Rule> = self.rules.iter().collect();
        rules.sort_by_key(|rule| rule.priority);
        let rule = rules.into_iter().find(|rule| rule.selects.has(image))?;
        let pushed = image.pushed_at?;
        let when = match &rule.expires {
            Expires::DaysSincePushed(days) => {
                let at = pushed + SignedDuration::from_hours(24 * i64::from(*days));
                if at <= now { When::Due } else { When::At(at) }
            }
            Expires::CountMoreThan(count) => {
                let newer = images
                    .iter()
                    .filter(|other| rule.selects.has(other) && other.pushed_at > image.pushed_at)
                    .count();
                let newer = u32::try_from(newer).unwrap_or(u32::MAX);
                match count.saturating_sub(newer) {
                    0 => When::Due,
                    left => When::AfterPushes(left),
                }
            }
            Expires::Otherwise(_) => return None,
        };
        Some(Fate {
            rule: rule.priority,
            when,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64) -> Timestamp {
        Timestamp::from_second(number * 86_400).unwrap()
    }

    fn image(name: &str, pushed: i64, tags: &[&str]) -> Image {
        Image {
            digest: format!("sha256:{name}"),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            pushed_at: Some(day(pushed)),
            ..Image::default()
        }
    }

    fn rule(priority: u32, selects: Selects, expires: Expires) -> Rule {
        Rule {
            priority,
            description: None,
            selects,
            expires,
        }
    }

    fn list(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn tags_select_only_if_each_of_the_list_is_met() {
        let both = image("a", 1, &["prod-7", "eu"]);
        let one = image("b", 1, &["prod-7"]);
        let none = image("c", 1, &[]);
        let cases = [
            (Selects::Any, [true, true, true]),
            (Selects::Untagged, [false, false, true]),
            (Selects::Prefixes(list(&["prod"])), [true, true, false]),
            (Selects::Prefixes(list(&["prod", "eu"])), [true, false, false]),
            (Selects::Patterns(list(&["*-7"])), [true, true, false]),
            (Selects::Patterns(list(&["p*d-*", "e*"])), [true, false, false]),
            (Selects::Patterns(list(&["prod"])), [false, false, false]),
            (Selects::Prefixes(Vec::new()), [false, false, false]),
        ];
        for (selects, expected) in cases {
            assert_eq!(
                [&both, &one, &none].map(|image| selects.has(image)),
                expected,
                "{selects:?}"
            );
        }
    }

    #[test]
    fn all_but_the_newest_expire_and_the_next_pushes_are_counted() {
        let images = [
            image("new", 9, &["latest"]),
            image("mid", 8, &["a"]),
            image("old", 7, &["b"]),
        ];
        let policy = |count| Policy {
            rules: vec![rule(1, Selects::Any, Expires::CountMoreThan(count))],
            evaluated_at: None,
        };
        let fates = |count: u32| {
            let policy = policy(count);
            images
                .each_ref()
                .map(|one| policy.fate(one, &images, day(10)).map(|fate| fate.when))
        };
        assert_eq!(
            fates(2),
            [
                Some(When::AfterPushes(2)),
                Some(When::AfterPushes(1)),
                Some(When::Due)
            ]
        );
        assert_eq!(fates(5)[2], Some(When::AfterPushes(3)));
    }

    #[test]
    fn untagged_images_go_by_their_age() {
        let policy = Policy {
            rules: vec![rule(1, Selects::Untagged, Expires::DaysSincePushed(3))],
            evaluated_at: None,
        };
        let images = [image("a", 9, &["latest"]), image("b", 8, &[]), image("c", 5, &[])];
        let fate = |index: usize| {
            policy
                .fate(&images[index], &images, day(10))
                .map(|fate| fate.when)
        };
        assert_eq!(
            [fate(0), fate(1), fate(2)],
            [None, Some(When::At(day(11))), Some(When::Due)]
        );
    }

    #[test]
    fn a_rule_of_a_higher_priority_protects_what_it_selects_but_later_rules_count_it() {
        let policy = Policy {
            rules: vec![
                rule(2, Selects::Any, Expires::CountMoreThan(2)),
                rule(1, Selects::Prefixes(list(&["prod"])), Expires::CountMoreThan(9)),
            ],
            evaluated_at: None,
        };
        let images = [
            image("newest", 9, &["prod-2"]),
            image("middle", 8, &["prod-1"]),
            image("oldest", 7, &["dev-1"]),
        ];
        let fate = |index: usize| policy.fate(&images[index], &images, day(10));
        assert_eq!(
            fate(1),
            Some(Fate {
                rule: 1,
                when: When::AfterPushes(8)
            })
        );
        // The two of production count among all, so that the third is one too many.
        assert_eq!(
            fate(2),
            Some(Fate {
                rule: 2,
                when: When::Due
            })
        );
    }

    #[test]
    fn a_measure_that_is_not_known_says_nothing() {
        let policy = Policy {
            rules: vec![
                rule(1, Selects::Any, Expires::Otherwise("sinceImagePulled".to_owned())),
                rule(2, Selects::Any, Expires::CountMoreThan(1)),
            ],
            evaluated_at: None,
        };
        let images = [image("a", 1, &[])];
        assert_eq!(policy.fate(&images[0], &images, day(10)), None);
    }
}
