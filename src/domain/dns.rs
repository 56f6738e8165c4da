//! Amazon Route 53: health checks, hosted zones and records.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The share of checkers that must find an endpoint well for Route 53 to call it healthy, percent.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html>
pub const HEALTHY_ABOVE_PERCENT: f64 = 18.0;

/// What Route 53 has of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dns {
    /// Health checks, by name.
    pub health_checks: Vec<HealthCheck>,
    /// How many hosted zones there are; `None` if it could not be read.
    pub hosted_zones: Option<u64>,
}

/// A health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Its id.
    pub id: String,
    /// The value of the tag `Name`.
    pub name: Option<String>,
    /// `HTTPS`, `TCP`, `CALCULATED`, `CLOUDWATCH_METRIC`, …
    pub form: String,
    /// What is checked, such as `https://api.example.com:443/health`.
    pub target: Option<String>,
    /// Whether it is switched off: then Route 53 always takes it for healthy.
    pub disabled: bool,
    /// Whether its outcome is turned round.
    pub inverted: bool,
    /// What the checkers of all regions found; `None` for forms that have none, or if it could not be
    /// read.
    pub observations: Option<Vec<Observation>>,
}

/// What the checker of one region found last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Its region.
    pub region: String,
    /// `Success: HTTP Status Code 200, OK`, `Failure: Connection timed out.…`; foreign text.
    pub said: String,
    /// When.
    pub at: Option<Timestamp>,
}

/// A hosted zone.
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZone.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostedZone {
    /// Its id, without `/hostedzone/`.
    pub id: String,
    /// Its name, with a dot at the end.
    pub name: String,
    /// Whether only networks of ours ask it.
    pub is_private: bool,
}

/// The records of one type under one name.
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSet {
    /// The name, with a dot at the end.
    pub name: String,
    /// `CNAME`, `TXT`, …
    pub kind: String,
    /// How long resolvers keep it, seconds; `None` for an alias.
    pub ttl_s: Option<u32>,
    /// Its values; for an alias what it stands for.
    pub values: Vec<String>,
}

impl RecordSet {
    /// Type and values, in words.
    pub fn words(&self) -> String {
        format!("{} {}", self.kind, self.values.join(" "))
    }
}

/// Whether two names in DNS are the same: neither case nor a dot at the end counts.
pub fn same_name(a: &str, b: &str) -> bool {
    a.trim_end_matches('.')
        .eq_ignore_ascii_case(b.trim_end_matches('.'))
}

/// Whether two values of a CNAME are the same: they are names.
pub fn same_value(a: &str, b: &str) -> bool {
    same_name(a, b)
}

/// The public zones that a name belongs into: those with the longest name that it ends with. More than one if
/// several have that name, of which the world asks one.
pub fn zones_of<'z>(zones: &'z [HostedZone], name: &str) -> Vec<&'z HostedZone> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let holds = |zone: &&HostedZone| {
        let own = zone.name.trim_end_matches('.').to_ascii_lowercase();
        !zone.is_private && !own.is_empty() && (name == own || name.ends_with(&format!(".{own}")))
    };
    let fitting: Vec<&HostedZone> = zones.iter().filter(holds).collect();
    let length = |zone: &HostedZone| zone.name.trim_end_matches('.').len();
    let longest = fitting.iter().map(|zone| length(zone)).max();
    fitting
        .into_iter()
        .filter(|zone| Some(length(zone)) == longest)
        .collect()
}

/// How a health check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    /// Enough checkers find it well.
    Healthy,
    /// Route 53 takes it out of DNS.
    Unhealthy,
    /// It is switched off.
    Disabled,
}

impl CheckState {
    /// The word in JSON and on screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Disabled => "disabled",
        }
    }
}

impl Observation {
    /// Whether the checker found it well.
    pub fn is_well(&self) -> bool {
        self.said.starts_with("Success")
    }
}

impl HealthCheck {
    /// What people call it.
    pub fn name(&self) -> &str {
        self.name.as_ref().or(self.target.as_ref()).unwrap_or(&self.id)
    }

    /// Checkers that find it well, and all of them; `None` while that is not known.
    pub fn well(&self) -> Option<(usize, usize)> {
        let all = self.observations.as_ref().filter(|all| !all.is_empty())?;
        Some((all.iter().filter(|one| one.is_well()).count(), all.len()))
    }

    /// How it stands; `None` while what the checkers found is not known.
    pub fn state(&self) -> Option<CheckState> {
        if self.disabled {
            return Some(CheckState::Disabled);
        }
        let (well, all) = self.well()?;
        let healthy = well as f64 / all as f64 * 100.0 > HEALTHY_ABOVE_PERCENT;
        Some(if healthy == self.inverted {
            CheckState::Unhealthy
        } else {
            CheckState::Healthy
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(well: usize, ill: usize) -> HealthCheck {
        let said = |said: &str| Observation {
            region: "us-east-1".to_owned(),
            said: said.to_owned(),
            at: None,
        };
        let mut observations = vec![said("Success: HTTP Status Code 200, OK"); well];
        observations.extend(vec![said("Failure: Connection timed out."); ill]);
        HealthCheck {
            id: "7".to_owned(),
            name: None,
            form: "HTTPS".to_owned(),
            target: Some("https://api.example.com:443/health".to_owned()),
            disabled: false,
            inverted: false,
            observations: Some(observations),
        }
    }

    #[test]
    fn a_name_belongs_into_the_public_zone_with_the_longest_name() {
        let zone = |id: &str, name: &str, is_private| HostedZone {
            id: id.to_owned(),
            name: name.to_owned(),
            is_private,
        };
        let zones = [
            zone("Z1", "example.com.", false),
            zone("Z2", "Shop.example.com.", false),
            zone("Z3", "a.shop.example.com.", true),
            zone("Z4", "ample.com.", false),
        ];
        let of = |name: &str| -> Vec<&str> {
            zones_of(&zones, name)
                .into_iter()
                .map(|zone| zone.id.as_str())
                .collect()
        };
        assert_eq!(of("_x.a.shop.example.com."), ["Z2"]);
        assert_eq!(of("_x.EXAMPLE.com"), ["Z1"]);
        assert_eq!(of("example.com."), ["Z1"]);
        assert_eq!(of("_x.example.org."), [""; 0]);
        let twice = [
            zone("Z1", "example.com.", false),
            zone("Z2", "example.com", false),
        ];
        assert_eq!(zones_of(&twice, "_x.example.com.").len(), 2);
    }

    #[test]
    fn more_than_18_percent_of_the_checkers_decide() {
        assert_eq!(check(16, 0).state(), Some(CheckState::Healthy));
        assert_eq!(check(3, 13).state(), Some(CheckState::Healthy));
        assert_eq!(check(2, 14).state(), Some(CheckState::Unhealthy));
        assert_eq!(check(0, 0).state(), None);
        let mut inverted = check(16, 0);
        inverted.inverted = true;
        assert_eq!(inverted.state(), Some(CheckState::Unhealthy));
        inverted.disabled = true;
        assert_eq!(inverted.state(), Some(CheckState::Disabled));
    }
}
