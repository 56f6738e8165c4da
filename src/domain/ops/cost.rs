//! Questions to Cost Explorer and AWS Budgets. They are asked once for an account.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// Daily cost by service, month to date by account, credits apart → `Usage`. 0.01 USD a page.
    Usage {
        /// The first day.
        from: Date,
        /// The day after the last.
        to: Date,
        /// The first day of the month that "month to date" means.
        month: Date,
        /// The key of a cost allocation tag to group by, too; in the same call.
        tag: Option<String>,
        /// The first day from which on used credits are wanted; in the same call.
        credits_since: Option<Date>,
    },
    /// The rest of the month → `Forecast`. 0.01 USD.
    Forecast {
        /// Today.
        from: Date,
        /// The first day of next month.
        to: Date,
    },
    /// Anomalies since then → `Anomalies`. 0.01 USD.
    Anomalies {
        /// The first day.
        from: Date,
    },
    /// All budgets → `Budgets`. Free.
    Budgets {
        /// The account's twelve digits.
        account: String,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Usage { .. } => const { &[Operation::new("ce", "GetCostAndUsage")] },
            Self::Forecast { .. } => const { &[Operation::new("ce", "GetCostForecast")] },
            Self::Anomalies { .. } => const { &[Operation::new("ce", "GetAnomalies")] },
            Self::Budgets { .. } => {
                const {
                    &[Operation::allowed_by(
                        "budgets",
                        "DescribeBudgets",
                        "budgets:ViewBudget",
                    )]
                }
            }
        }
    }
}
