//! What completions offer for runbooks and runs. Anything else may be typed as well: a path, the name of a
//! runbook of one's own, the id of a run, none of which a script that was written once can know.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};

use crate::runbook::shipped::SHIPPED;

/// A runbook: the names of those shipped are offered.
#[derive(Debug, Clone, Copy)]
pub struct ShippedNames;

/// A run: `last` is offered.
#[derive(Debug, Clone, Copy)]
pub struct KnownRuns;

impl TypedValueParser for ShippedNames {
    type Value = String;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(
            SHIPPED.iter().map(|(name, _)| PossibleValue::new(*name)),
        ))
    }
}

impl TypedValueParser for KnownRuns {
    type Value = String;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(std::iter::once(PossibleValue::new("last"))))
    }
}

#[cfg(test)]
mod tests {
    use clap_complete::Shell;

    #[test]
    fn every_shell_that_completes_words_offers_the_shipped_runbooks() {
        for shell in [Shell::Bash, Shell::Zsh] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut crate::cli::command(), "qd", &mut script);
            let script = String::from_utf8(script).unwrap();
            for (name, _) in crate::runbook::shipped::SHIPPED {
                assert!(script.contains(name), "{shell}: {name}");
            }
        }
    }

    #[test]
    fn what_is_not_offered_may_be_typed() {
        use clap::Parser;
        for runbook in ["./own.yaml", "mine", "ecs-scale"] {
            let cli = crate::cli::Cli::try_parse_from(["qd", "runbook", "show", runbook]);
            assert!(cli.is_ok(), "{runbook}: {cli:?}");
        }
    }
}
