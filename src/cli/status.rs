//! `qd status`.

use std::collections::BTreeSet;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::cli::global::Global;
use crate::cli::launch::{Launch, Usage};
use crate::domain::focus::Probing;
use crate::domain::health::Severity;
use crate::domain::ids::Kind;
use crate::headless::spend::Paid;
use crate::headless::status::{self, KINDS, Request};
use crate::headless::{Exit, Out};

/// What `qd status` takes.
#[derive(Debug, Clone, Args)]
pub struct StatusArgs {
    /// Only resources of these kinds
    #[arg(value_name = "KIND", value_parser = kinds(), hide_possible_values = false)]
    pub kinds: Vec<Kinds>,

    /// Exit with 15 if there are findings of this severity or worse, what could not be read included
    #[arg(long, value_name = "SEVERITY", value_parser = severities())]
    pub fail_on: Option<Severity>,
}

/// What a word for kinds stands for: a kind, or all that tables call by that word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kinds(Vec<Kind>);

/// Names of kinds; the short words of tables are understood as well.
fn kinds() -> impl TypedValueParser<Value = Kinds> {
    let value = |(index, kind): (usize, Kind)| {
        let (short, value) = (kind.short(), PossibleValue::new(kind.name()));
        let is_name = KINDS.iter().any(|other| other.name() == short);
        let is_taken = KINDS[..index].iter().any(|other| other.short() == short);
        if is_name || is_taken {
            value
        } else {
            value.alias(short)
        }
    };
    let values: Vec<PossibleValue> = KINDS.iter().copied().enumerate().map(value).collect();
    PossibleValuesParser::new(values).map(|word: String| {
        Kinds(word.parse().map_or_else(
            |_| {
                KINDS
                    .iter()
                    .copied()
                    .filter(|kind| kind.short() == word)
                    .collect()
            },
            |kind| vec![kind],
        ))
    })
}

/// The severities at which a command may be told to fail.
pub(super) fn severities() -> impl TypedValueParser<Value = Severity> {
    let all = [Severity::Warn, Severity::Crit];
    PossibleValuesParser::new(all.map(Severity::word)).map(move |word| {
        all.into_iter()
            .find(|severity| severity.word() == word)
            .unwrap_or(Severity::Warn)
    })
}

/// Runs it.
pub fn run(arguments: &StatusArgs, global: &Global, launch: &Launch, out: &Out) -> anyhow::Result<Exit> {
    let kinds: BTreeSet<Kind> = arguments.kinds.iter().flat_map(|kinds| kinds.0.clone()).collect();
    let by_probe = |kind: &Kind| matches!(kind, Kind::Gpu | Kind::GpuHost);
    if global.no_probe && !kinds.is_empty() && kinds.iter().all(by_probe) {
        return Err(
            Usage("gpu and gpu-host are what the probe reads: leave --no-probe out".to_owned()).into(),
        );
    }
    let request = Request {
        kinds,
        fail_on: arguments.fail_on,
        probing: if global.no_probe {
            Probing::No
        } else {
            Probing::Yes
        },
    };
    status::run(launch.job(Paid::Reuse), &request, out)
}
