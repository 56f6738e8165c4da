//! `qd spend`: the month so far, what is expected, budgets, and what runs now by the hour.

pub mod build;
pub mod document;
pub mod text;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::domain::focus::{Focus, Probing};
use crate::domain::ids::Kind;
use crate::engine::cost_cache::{CALL_MICRO_USD, CALLS_OF_A_ROUND};
use crate::headless::job::Outcome;
use crate::headless::out::{Page, Report, complain};
use crate::headless::{Exit, Job, Out, status};
use document::{SCHEMA, SpendReport};

/// Whether what was read earlier is good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paid {
    /// Yes: Cost Explorer is asked a few times a day at most.
    Reuse,
    /// No: it is asked now, whatever it costs.
    Renew,
}

/// Asks, prints, and tells how it ended.
pub fn run(job: Job, paid: Paid, out: &Out) -> anyhow::Result<Exit> {
    if paid == Paid::Renew {
        let cents = CALLS_OF_A_ROUND as u64 * CALL_MICRO_USD / 10_000;
        complain(&format!(
            "qd: asking Cost Explorer again: {CALLS_OF_A_ROUND} paid calls, ${}.{:02}, for each account",
            cents / 100,
            cents % 100
        ));
    }
    let policies = job.policies.clone();
    let kinds = status::collected(&BTreeSet::from([Kind::Budget]));
    let picture = match job.collect(Focus::once(kinds, Probing::No))? {
        Outcome::Done(picture) => picture,
        Outcome::Stopped(exit) => return Ok(exit),
    };
    let report = SpendReport {
        schema: SCHEMA,
        at: status::build::second(picture.at),
        scopes: status::build::scopes(&picture),
        spend: build::spend(&picture, &policies),
        errors: status::build::errors(&picture),
        api: status::build::api(&picture),
    };
    out.report(&report)?;
    Ok(status::reach(&picture.inventory))
}

impl Report for SpendReport {
    fn text(&self, page: &Page) -> String {
        text::text(self, page)
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        let mut records =
            vec![json!({"type": "spend", "spend": self.spend, "schema": self.schema, "at": self.at})];
        for error in &self.errors {
            records.push(json!({"type": "error", "error": error}));
        }
        Ok(records)
    }
}
