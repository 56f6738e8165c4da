//! `qd status`.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

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
    pub kinds: Vec<Kind>,

    /// Exit with 15 if there are findings of this severity or worse, what could not be read included
    #[arg(long, value_name = "SEVERITY", value_parser = severities())]
    pub fail_on: Option<Severity>,
}

fn kinds() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(KINDS.map(Kind::name)).try_map(|name| name.parse())
}

fn severities() -> impl TypedValueParser<Value = Severity> {
    let all = [Severity::Warn, Severity::Crit];
    PossibleValuesParser::new(all.map(Severity::word)).map(move |word| {
        all.into_iter()
            .find(|severity| severity.word() == word)
            .unwrap_or(Severity::Warn)
    })
}

/// Runs it.
pub fn run(arguments: &StatusArgs, global: &Global, launch: &Launch, out: &Out) -> anyhow::Result<Exit> {
    let by_probe = |kind: &Kind| matches!(kind, Kind::Gpu | Kind::GpuHost);
    if global.no_probe && !arguments.kinds.is_empty() && arguments.kinds.iter().all(by_probe) {
        return Err(
            Usage("gpu and gpu-host are what the probe reads: leave --no-probe out".to_owned()).into(),
        );
    }
    let request = Request {
        kinds: arguments.kinds.iter().copied().collect(),
        fail_on: arguments.fail_on,
        probing: if global.no_probe {
            Probing::No
        } else {
            Probing::Yes
        },
    };
    status::run(launch.job(Paid::Reuse), &request, out)
}
