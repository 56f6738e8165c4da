//! What all changes of a plan come to together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::policy::BusinessHours;
use crate::domain::units::{Usd, UsdPerHour};
use crate::runbook::action::{Change, CostDelta};

/// What is touched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlastRadius {
    /// Resources that are changed, by kind.
    pub targets: BTreeMap<String, usize>,
    /// Instances that end or stop.
    pub instances_removed: u32,
    /// Instances that start.
    pub instances_added: u32,
    /// Tasks that are replaced or stopped.
    pub tasks_removed: u32,
    /// What depends on the targets.
    pub dependents: BTreeSet<String>,
    /// What users notice.
    pub outages: Vec<String>,
    /// Changes that nothing takes back.
    pub irreversible: usize,
}

impl BlastRadius {
    /// Of these changes.
    pub fn of(changes: &[Change]) -> Self {
        let mut radius = Self::default();
        let mut seen = BTreeSet::new();
        for change in changes.iter().filter(|change| !change.is_message()) {
            if seen.insert(&change.target) {
                *radius
                    .targets
                    .entry(change.target.kind.name().to_owned())
                    .or_default() += 1;
            }
            let impact = &change.impact;
            radius.instances_removed += impact.instances_removed;
            radius.instances_added += impact.instances_added;
            radius.tasks_removed += impact.tasks_removed;
            radius.dependents.extend(impact.dependents.iter().cloned());
            if let Some(outage) = &impact.outage {
                radius.outages.push(format!("{}: {outage}", change.target.name));
            }
            if !change.reversible {
                radius.irreversible += 1;
            }
        }
        radius
    }
}

/// What the changes do to the bill, at list price; negative is a saving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// US dollars per hour; `None` if any part is not known.
    pub usd_per_hour: Option<UsdPerHour>,
    /// US dollars per month of 730 hours; `None` if any part is not known.
    pub usd_per_month: Option<Usd>,
    /// The day of the oldest price in it; `None` if no price is.
    pub as_of: Option<Date>,
    /// What is not known, and why.
    pub unknown: Vec<String>,
}

impl Cost {
    /// Of these changes.
    pub fn of(changes: &[Change]) -> Self {
        let mut total = UsdPerHour::ZERO;
        let mut as_of: Option<Date> = None;
        let mut unknown = Vec::new();
        for change in changes {
            match &change.cost {
                CostDelta::None => {}
                CostDelta::Unknown(why) => unknown.push(format!("{}: {why}", change.target.name)),
                CostDelta::Known {
                    usd_per_hour,
                    as_of: day,
                } => {
                    total += *usd_per_hour;
                    as_of = Some(as_of.map_or(*day, |oldest| oldest.min(*day)));
                }
            }
        }
        let known = unknown.is_empty().then_some(total);
        Self {
            usd_per_hour: known,
            usd_per_month: known.map(UsdPerHour::per_month),
            as_of,
            unknown,
        }
    }
}

impl Cost {
    /// What is saved in a night of so many seconds, and in a month in which it is off whenever the estate does
    /// not work: a share of the month's hours, as `saving.night-scale-down` counts them. One night says nothing
    /// of a month, since those before a weekend are far longer. `None` if nothing is saved.
    pub fn savings(&self, seconds: u64, works: Option<&BusinessHours>) -> Option<String> {
        let (Some(per_hour), Some(as_of)) = (self.usd_per_hour, self.as_of) else {
            return (!self.unknown.is_empty()).then(|| {
                format!(
                    "what this saves is not known in full: {}",
                    self.unknown.join("; ")
                )
            });
        };
        if per_hour >= UsdPerHour::ZERO {
            return None;
        }
        let night = (-per_hour).for_seconds(seconds);
        let hours = seconds as f64 / 3_600.0;
        let month = match works.map(BusinessHours::share_off) {
            Some(share) => format!(
                "{} in a month of all such nights and weekends, {:.0} % of its hours",
                (-per_hour).per_month_for(share),
                100.0 * share
            ),
            None => "in a month it depends on business_hours, which the estate file does not have".to_owned(),
        };
        Some(format!(
            "saves {}: {night} in this night of {hours:.1} h, {month} (list prices of {as_of}; volumes, snapshots \
             and commitments are billed on)",
            -per_hour
        ))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::rules::sample::office_hours;

    fn cost() -> Cost {
        Cost {
            usd_per_hour: Some(-UsdPerHour::new("2".parse().unwrap())),
            usd_per_month: None,
            as_of: Some(date(2026, 11, 1)),
            unknown: Vec::new(),
        }
    }

    #[test]
    fn a_month_is_the_same_whichever_night_it_is_asked_in() {
        let works = office_hours();
        // 2 USD for 123 of 168 hours of 730, after a Wednesday and after a Friday.
        let month = "$1,069 in a month of all such nights and weekends, 73 % of its hours";
        for (hours, night) in [
            (15, "$30.00 in this night of 15.0 h"),
            (63, "$126 in this night of 63.0 h"),
        ] {
            let said = cost().savings(hours * 3_600, Some(&works)).unwrap();
            assert!(said.contains(&format!("{night}, {month} ")), "{said}");
        }
    }

    #[test]
    fn without_business_hours_no_month_is_promised() {
        let said = cost().savings(36_000, None).unwrap();
        assert!(
            said.contains("$20.00 in this night of 10.0 h, in a month it depends on"),
            "{said}"
        );
        assert_eq!(said.matches('$').count(), 2, "{said}");
    }
}
