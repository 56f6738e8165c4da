//! What AWS itself advises: checks of Trusted Advisor about cost and fault tolerance, and Compute
//! Optimizer's recommendations. Both are optional: a support plan, an opt-in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a service advises, or that it is not available here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advices {
    /// Why there is none to be had; `None` if there is.
    pub unavailable: Option<Unavailable>,
    /// The advice, the largest saving first.
    pub items: Vec<Advice>,
}

impl Advices {
    /// Advice that was given, put in order.
    pub fn given(mut items: Vec<Advice>) -> Self {
        items.sort_by(|a, b| {
            let saving = |advice: &Advice| advice.saves_usd_per_month.unwrap_or(-1.0);
            saving(b)
                .total_cmp(&saving(a))
                .then_with(|| b.level.cmp(&a.level))
                .then_with(|| a.name.cmp(&b.name))
                .then_with(|| a.id.cmp(&b.id))
        });
        Self {
            unavailable: None,
            items,
        }
    }

    /// None to be had.
    pub const fn unavailable(why: Unavailable) -> Self {
        Self {
            unavailable: Some(why),
            items: Vec::new(),
        }
    }
}

/// Why a service gives no advice. None of these is a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unavailable {
    /// Trusted Advisor's API wants Business Support or more.
    SupportPlan,
    /// Compute Optimizer was never turned on.
    NotEnrolled,
    /// The service is not there.
    Region,
    /// This build has no client for it.
    Build,
}

impl Unavailable {
    /// A sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::SupportPlan => "Trusted Advisor: not in this support plan",
            Self::NotEnrolled => "Compute Optimizer: not turned on",
            Self::Region => "not available here",
            Self::Build => "not in this build (feature aws-extra)",
        }
    }
}

/// Who advises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Adviser {
    /// AWS Trusted Advisor.
    TrustedAdvisor,
    /// AWS Compute Optimizer.
    ComputeOptimizer,
}

impl Adviser {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TrustedAdvisor => "trusted-advisor",
            Self::ComputeOptimizer => "compute-optimizer",
        }
    }
}

/// How pressing the adviser thinks it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdviceLevel {
    /// Could be better.
    Hint,
    /// Yellow.
    Warning,
    /// Red.
    Error,
}

impl AdviceLevel {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hint => "hint",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A piece of advice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advice {
    /// Tells it from others: the check's id, or the resource's ARN and what is advised.
    pub id: String,
    /// Who advises.
    pub adviser: Adviser,
    /// The check, or the resource's name; foreign text.
    pub name: String,
    /// `cost_optimizing`, `fault_tolerance`, or the kind of resource.
    pub category: String,
    /// How pressing.
    pub level: AdviceLevel,
    /// What is wrong or to be done, in a few words; foreign text.
    pub what: String,
    /// Resources that it is about, at most [`MOST_RESOURCES`]; foreign text.
    pub resources: Vec<String>,
    /// How many there are in all.
    pub flagged: u64,
    /// US dollars that it would save a month, by the adviser's own estimate.
    pub saves_usd_per_month: Option<f64>,
    /// When the adviser looked.
    pub checked_at: Option<Timestamp>,
}

/// Resources that are kept of a check.
pub const MOST_RESOURCES: usize = 10;

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn advice(name: &str, level: AdviceLevel, saves: Option<f64>) -> Advice {
        Advice {
            id: name.to_owned(),
            adviser: Adviser::TrustedAdvisor,
            name: name.to_owned(),
            category: "cost_optimizing".to_owned(),
            level,
            what: String::new(),
            resources: Vec::new(),
            flagged: 0,
            saves_usd_per_month: saves,
            checked_at: None,
        }
    }

    #[test]
    fn the_largest_saving_comes_first_then_what_is_pressing() {
        let given = Advices::given(vec![
            advice("b", AdviceLevel::Hint, None),
            advice("a", AdviceLevel::Error, None),
            advice("d", AdviceLevel::Hint, Some(3.0)),
            advice("c", AdviceLevel::Hint, Some(30.0)),
        ]);
        let names: Vec<&str> = given.items.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["c", "d", "a", "b"]);
    }
}
