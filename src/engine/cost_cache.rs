//! Answers of Cost Explorer, kept between processes: each call is billed, and knows nothing new for
//! hours. A console that is opened ten times a morning, and a `qd status` in cron, pay once.

mod file;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::domain::fault::Fault;
use crate::domain::ops::{Query, Reply, advice, cost};

pub use file::FileCostCache;

/// How old an answer may be before it is asked for again.
pub const MOST_AGE: SignedDuration = SignedDuration::from_hours(18);
/// Paid calls of one account within [`DAY`].
pub const MOST_CALLS: usize = 4;
/// The day that [`MOST_CALLS`] is counted over; it ends now.
pub const DAY: SignedDuration = SignedDuration::from_hours(24);
/// What AWS bills for one call of Cost Explorer, micro-dollars.
/// <https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/>
pub const CALL_MICRO_USD: u64 = 10_000;
/// Calls of one round of all questions, if no answer has a second page.
pub const CALLS_OF_A_ROUND: usize = 4;

/// A question that AWS bills.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PaidQuestion {
    /// Which.
    pub name: &'static str,
    /// The month that the answer is about, such as `2026-11`: that of another is of no use.
    pub period: String,
    /// How many calls it takes, if the answer has no second page.
    pub calls: usize,
}

impl PaidQuestion {
    /// The paid question that a query is; `None` for those that are free.
    pub fn of(query: &Query) -> Option<Self> {
        let read = match query {
            Query::Cost(read) => read,
            // Free, but the same for hours, and asked for by every process.
            Query::Advice(advice::Read::TrustedAdvisor) => {
                return Some(Self {
                    name: "trusted-advisor",
                    period: String::new(),
                    calls: 0,
                });
            }
            Query::Advice(advice::Read::ComputeOptimizer { region }) => {
                return Some(Self {
                    name: "compute-optimizer",
                    period: region.clone(),
                    calls: 0,
                });
            }
            _ => return None,
        };
        let (name, period, calls) = match read {
            cost::Read::Usage {
                month,
                tag,
                credits_since,
                ..
            } => {
                // Another tag or another beginning is another answer.
                let mut period = month.strftime("%Y-%m").to_string();
                if let Some(tag) = tag {
                    period.push_str(&format!(" tag {tag}"));
                }
                if let Some(since) = credits_since {
                    period.push_str(&format!(" credits {since}"));
                }
                ("usage", period, 2)
            }
            cost::Read::Forecast { to, .. } => ("forecast", to.strftime("%Y-%m").to_string(), 1),
            // Anomalies are of any month.
            cost::Read::Anomalies { .. } => ("anomalies", String::new(), 1),
            cost::Read::Budgets { .. } => return None,
        };
        Some(Self { name, period, calls })
    }
}

/// What is to be done with a paid question.
#[derive(Debug, Clone)]
pub enum Recall {
    /// This was answered then.
    Answered {
        /// When.
        at: Timestamp,
        /// What; a fault where AWS had no data to answer with.
        result: Result<Arc<Reply>, Fault>,
    },
    /// AWS is to be asked, and the answer to be given to [`CostCache::keep`].
    Ask,
    /// AWS is not to be asked again today, and there is nothing to reuse.
    Spent(Fault),
}

/// Remembers answers that cost money. May block for as long as a small file takes.
pub trait CostCache: Send + Sync {
    /// What is known of a question about an account.
    fn recall(&self, account: &str, question: &PaidQuestion, now: Timestamp) -> Recall;

    /// Takes an answer in, and counts what it cost.
    fn keep(&self, account: &str, question: &PaidQuestion, at: Timestamp, result: &Result<Arc<Reply>, Fault>);
}
