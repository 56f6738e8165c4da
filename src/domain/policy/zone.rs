//! A time zone by its IANA name, out of the database that is compiled in: the machine's own may be
//! old or missing, and a report must not depend on it.

use std::fmt;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::domain::diagnostic::{nearest, quoted};

/// A time zone and the name by which it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

/// There is no time zone of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone {}", quoted(.found))]
pub struct UnknownZone {
    /// The name as it was given.
    pub found: String,
    /// The name that was probably meant.
    pub nearest: Option<String>,
}

impl Zone {
    /// Coordinated universal time, the default everywhere.
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            rules: TimeZone::UTC,
        }
    }

    /// Looks up an IANA name such as `Asia/Seoul`; case does not matter.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Self::utc());
        }
        let database = TimeZoneDatabase::bundled();
        database
            .get(name)
            .map(|rules| Self {
                name: rules.iana_name().unwrap_or(name).to_owned(),
                rules,
            })
            .map_err(|_| {
                let names: Vec<String> = database.available().map(|known| known.to_string()).collect();
                UnknownZone {
                    found: name.to_owned(),
                    nearest: suggest(name, &names),
                }
            })
    }

    /// The IANA name, in the spelling of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its rules, for calculations.
    pub fn rules(&self) -> &TimeZone {
        &self.rules
    }
}

/// The nearest name of a place; a city alone (`seoul`) finds its zone. Abbreviations such as `EST`
/// are never suggested, since they are not places and mean different zones to different people.
fn suggest(found: &str, names: &[String]) -> Option<String> {
    let city = |name: &str| name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let wanted = city(found).replace(' ', "_");
    let places = || names.iter().filter(|name| name.contains('/'));
    places()
        .find(|name| city(name) == wanted)
        .map(String::as_str)
        .or_else(|| nearest(found, places().map(String::as_str)))
        .map(str::to_owned)
}

impl Default for Zone {
    fn default() -> Self {
        Self::utc()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_up_in_the_compiled_in_database() {
        let seoul = Zone::named("asia/seoul").expect("it exists");
        assert_eq!(seoul.name(), "Asia/Seoul");
        let noon: jiff::Timestamp = "2026-11-21T03:00:00Z".parse().expect("a timestamp");
        let there = noon.to_zoned(seoul.rules().clone());
        assert_eq!(there.to_string(), "2026-11-21T12:00:00+09:00[Asia/Seoul]");
        assert_eq!(Zone::named("utc"), Ok(Zone::utc()));
    }

    #[test]
    fn unknown_names_are_refused_with_a_guess() {
        for (found, guess) in [
            ("Asia/Soeul", Some("Asia/Seoul")),
            ("Seoul", Some("Asia/Seoul")),
            ("new york", Some("America/New_York")),
            ("KST", None),
        ] {
            let error = Zone::named(found).expect_err("it does not exist");
            assert_eq!(error.nearest.as_deref(), guess, "{found}");
        }
    }
}
