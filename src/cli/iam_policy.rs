//! `qd iam-policy`.

use crate::cli::global::Global;
use crate::config::estate::Estate;
use crate::headless::iam_policy::{self, Grant, Probe};
use crate::headless::{Exit, Format, Out};

/// Runs it: JSON unless another form was asked for, since that is what a policy is.
pub fn run(global: &Global, estate: Option<&Estate>, out: &Out) -> anyhow::Result<Exit> {
    let grant = if global.read_only {
        Grant::ReadOnly
    } else {
        Grant::ReadWrite
    };
    let document = estate.and_then(|estate| estate.probe_document.as_deref());
    let probe = match (global.no_probe, document) {
        (true, _) => Probe::Never,
        (false, Some(document)) => Probe::Document(document),
        (false, None) => Probe::Shell,
    };
    let out = out.clone().in_format(global.output.unwrap_or(Format::Json));
    iam_policy::run(grant, probe, &out)
}
