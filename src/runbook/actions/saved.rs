//! What was there before something was put to rest, as a tag keeps it: short, of characters that every
//! service of AWS takes in tags, and versioned.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::asg::{Prepared, Sizes};
use super::tags::MOST_VALUE;
use crate::domain::units::UsdPerHour;

/// The version of the notation.
const VERSION: &str = "v1";

/// What was there.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    /// What exactly.
    pub what: What,
    /// When it was noted.
    pub at: Timestamp,
    /// The estate that was put to rest with it, where a whole estate was.
    pub estate: Option<String>,
    /// What the rest saves an hour at list price, if that was known.
    pub saves: Option<UsdPerHour>,
}

/// What was there, by the kind of resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A group of these sizes.
    Group {
        /// As it was.
        was: Sizes,
        /// As it was left.
        left: Sizes,
        /// Processes that were suspended with it; those that somebody had suspended before are not
        /// among them.
        held: Vec<String>,
        /// How large its warm pool could be, where that was changed with it.
        pool: Option<Prepared>,
    },
    /// Something that ran.
    Running,
    /// A service of so many tasks.
    Tasks(u32),
    /// A function with so much concurrency reserved; `None` for no reservation.
    Concurrency(Option<u32>),
}

impl Saved {
    /// As a tag's value; `None` if it is too long for one.
    pub fn encode(&self) -> Option<String> {
        let mut text = VERSION.to_owned();
        match &self.what {
            What::Group {
                was,
                left,
                held,
                pool,
            } => {
                text.push_str(&format!(" was={was} left={left}"));
                if !held.is_empty() {
                    text.push_str(&format!(" held={}", held.join("+")));
                }
                if let Some(Prepared { min, max }) = pool {
                    let max = max.map_or_else(|| "-".to_owned(), |max| max.to_string());
                    text.push_str(&format!(" pool={min}/{max}"));
                }
            }
            What::Running => text.push_str(" state=running"),
            What::Tasks(tasks) => text.push_str(&format!(" tasks={tasks}")),
            What::Concurrency(None) => text.push_str(" reserved=none"),
            What::Concurrency(Some(reserved)) => text.push_str(&format!(" reserved={reserved}")),
        }
        text.push_str(&format!(" at={:.0}", self.at));
        if let Some(estate) = &self.estate {
            text.push_str(&format!(" of={estate}"));
        }
        if let Some(saves) = self.saves {
            text.push_str(&format!(" usd-h={:.4}", saves.per_hour().as_f64()));
        }
        (text.chars().count() <= MOST_VALUE).then_some(text)
    }

    /// From a tag's value.
    ///
    /// # Errors
    /// If somebody else wrote it, or a newer version of this program.
    pub fn decode(text: &str) -> Result<Self, String> {
        let mut words = text.split(' ');
        if words.next() != Some(VERSION) {
            return Err(format!("{text:?} is not of the notation that this version reads"));
        }
        let fields: BTreeMap<&str, &str> = words.filter_map(|word| word.split_once('=')).collect();
        let wrong = || format!("{text:?} cannot be read");
        let what = if let Some(was) = fields.get("was") {
            What::Group {
                was: Sizes::parse(was).ok_or_else(wrong)?,
                left: fields
                    .get("left")
                    .and_then(|left| Sizes::parse(left))
                    .ok_or_else(wrong)?,
                held: fields
                    .get("held")
                    .map(|held| held.split('+').map(str::to_owned).collect())
                    .unwrap_or_default(),
                pool: match fields.get("pool") {
                    None => None,
                    Some(pool) => Some(prepared(pool).ok_or_else(wrong)?),
                },
            }
        } else if fields.get("state") == Some(&"running") {
            What::Running
        } else if let Some(reserved) = fields.get("reserved") {
            What::Concurrency(match *reserved {
                "none" => None,
                count => Some(count.parse().map_err(|_| wrong())?),
            })
        } else {
            let tasks = fields.get("tasks").and_then(|tasks| tasks.parse().ok());
            What::Tasks(tasks.ok_or_else(wrong)?)
        };
        Ok(Self {
            what,
            at: fields
                .get("at")
                .and_then(|at| at.parse().ok())
                .ok_or_else(wrong)?,
            estate: fields.get("of").map(|estate| (*estate).to_owned()),
            saves: fields
                .get("usd-h")
                .and_then(|usd| usd.parse().ok())
                .map(UsdPerHour::new),
        })
    }
}

/// `0/3`, or `2/-` for a pool that fills up to its group's maximum.
fn prepared(text: &str) -> Option<Prepared> {
    let (min, max) = text.split_once('/')?;
    Some(Prepared {
        min: min.parse().ok()?,
        max: match max {
            "-" => None,
            max => Some(max.parse().ok()?),
        },
    })
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn saved(what: What) -> Saved {
        Saved {
            what,
            at: "2026-11-21T11:00:03Z".parse().unwrap(),
            estate: None,
            saves: Some(UsdPerHour::new("2.0100".parse().unwrap())),
        }
    }

    #[test]
    fn what_is_noted_is_read_back() {
        let sizes = |min, max, desired| Sizes { min, max, desired };
        for (what, expected) in [
            (
                What::Group {
                    was: sizes(1, 10, 2),
                    left: sizes(0, 0, 0),
                    held: vec!["AlarmNotification".to_owned(), "ScheduledActions".to_owned()],
                    pool: None,
                },
                "v1 was=1/10/2 left=0/0/0 held=AlarmNotification+ScheduledActions at=2026-11-21T11:00:03Z usd-h=2.0100",
            ),
            (
                What::Group {
                    was: sizes(1, 10, 2),
                    left: sizes(0, 0, 0),
                    held: Vec::new(),
                    pool: Some(Prepared { min: 0, max: Some(3) }),
                },
                "v1 was=1/10/2 left=0/0/0 pool=0/3 at=2026-11-21T11:00:03Z usd-h=2.0100",
            ),
            (
                What::Group {
                    was: sizes(1, 10, 2),
                    left: sizes(0, 0, 0),
                    held: Vec::new(),
                    pool: Some(Prepared { min: 2, max: None }),
                },
                "v1 was=1/10/2 left=0/0/0 pool=2/- at=2026-11-21T11:00:03Z usd-h=2.0100",
            ),
            (
                What::Running,
                "v1 state=running at=2026-11-21T11:00:03Z usd-h=2.0100",
            ),
            (What::Tasks(3), "v1 tasks=3 at=2026-11-21T11:00:03Z usd-h=2.0100"),
            (
                What::Concurrency(None),
                "v1 reserved=none at=2026-11-21T11:00:03Z usd-h=2.0100",
            ),
            (
                What::Concurrency(Some(20)),
                "v1 reserved=20 at=2026-11-21T11:00:03Z usd-h=2.0100",
            ),
        ] {
            let text = saved(what.clone()).encode().unwrap();
            assert_eq!(text, expected);
            assert_eq!(Saved::decode(&text), Ok(saved(what)));
            let allowed = |letter: char| letter.is_alphanumeric() || " _.:/=+-@".contains(letter);
            assert!(text.chars().all(allowed), "{text}");
        }
        let bare = Saved {
            saves: None,
            estate: Some("codemate-dev".to_owned()),
            ..saved(What::Running)
        };
        assert_eq!(Saved::decode(&bare.encode().unwrap()), Ok(bare));
    }

    #[test]
    fn the_longest_note_fits_in_a_tag() {
        let sizes = Sizes {
            min: u32::MAX,
            max: u32::MAX,
            desired: u32::MAX,
        };
        let what = What::Group {
            was: sizes,
            left: sizes,
            held: vec!["AlarmNotification".to_owned(), "ScheduledActions".to_owned()],
            pool: Some(Prepared {
                min: u32::MAX,
                max: Some(u32::MAX),
            }),
        };
        assert!(saved(what.clone()).encode().is_some());
        let What::Group { was, left, .. } = what else {
            unreachable!()
        };
        let held = vec!["AlarmNotification".to_owned(); 12];
        let what = What::Group {
            was,
            left,
            held,
            pool: None,
        };
        assert_eq!(saved(what).encode(), None);
    }

    #[test]
    fn what_somebody_else_wrote_is_not_taken_for_ours() {
        for text in [
            "",
            "v2 was=1/1/1",
            "v1 was=1/1 left=0/0/0 at=2026-11-21T11:00:03Z",
            "v1 was=1/1/1 at=2026-11-21T11:00:03Z",
            "v1 was=1/1/1 left=0/0/0 pool=3 at=2026-11-21T11:00:03Z",
            "v1 tasks=x at=2026-11-21T11:00:03Z",
            "v1 state=running",
        ] {
            assert!(Saved::decode(text).is_err(), "{text}");
        }
    }
}
