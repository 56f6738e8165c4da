//! Arguments before they are parsed, for two rules that the parser cannot be taught. `--demo` takes the
//! next word only if it is a world or `all`, so that `qd --demo status` is the status of all worlds. And a
//! flag that can be repeated counts wherever it stands: of `qd --profile a status --profile b` the
//! parser would keep the last alone.

use std::ffi::{OsStr, OsString};

use clap::ValueEnum;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::global::ALL_WORLDS;
use crate::cloud::demo::World;
use crate::domain::diagnostic::{nearest, quoted};
use crate::headless::Format;

/// The flag.
const DEMO: &str = "--demo";

/// Flags with a value that can be repeated, before and after the command.
const REPEATED: [&str; 2] = ["--profile", "--region"];

/// Joins `--demo` and the world after it, and puts repeated flags before the command.
pub fn prepare(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments = arguments.into_iter();
    let mut prepared: Vec<OsString> = arguments.next().into_iter().collect();
    let mut others: Vec<OsString> = Vec::new();
    let mut rest = arguments.peekable();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            others.push(argument);
            others.extend(rest);
            break;
        }
        let next = rest.peek();
        if argument == DEMO
            && let Some(word) = next.and_then(|next| worlds(next))
        {
            others.push(format!("{DEMO}={word}").into());
            rest.next();
        } else if is_repeated_with_value(&argument) {
            prepared.push(argument);
        } else if REPEATED.iter().any(|flag| argument == *flag)
            && next.is_some_and(|next| !next.to_string_lossy().starts_with('-'))
        {
            prepared.push(argument);
            prepared.extend(rest.next());
        } else {
            others.push(argument);
        }
    }
    prepared.extend(others);
    prepared
}

/// `--profile=a`.
fn is_repeated_with_value(argument: &OsStr) -> bool {
    argument
        .to_str()
        .and_then(|argument| argument.split_once('='))
        .is_some_and(|(flag, _)| REPEATED.contains(&flag))
}

/// A word that says which worlds: the name of one, or `all`.
fn worlds(word: &OsStr) -> Option<&str> {
    let word = word.to_str()?;
    (word == ALL_WORLDS || word.parse::<World>().is_ok()).then_some(word)
}

/// What to say of a word after `--demo` that is no command and was probably meant as a world.
pub fn world_meant(arguments: &[OsString], error: &clap::Error) -> Option<String> {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return None;
    }
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else {
        return None;
    };
    let follows = arguments
        .windows(2)
        .any(|pair| pair[0] == DEMO && pair[1] == OsStr::new(word));
    if !follows {
        return None;
    }
    let names = World::ALL.map(World::name);
    let guess = nearest(word, names).map_or_else(String::new, |name| format!("did you mean {name}? "));
    Some(format!(
        "there is no world {}: {guess}the worlds are {}",
        quoted(word),
        names.join(", ")
    ))
}

/// The form of output that arguments ask for which could not be parsed; tables if none can be told.
pub fn format_meant(arguments: &[OsString]) -> Format {
    let words: Vec<&str> = arguments
        .iter()
        .take_while(|argument| *argument != "--")
        .map(|argument| argument.to_str().unwrap_or_default())
        .collect();
    let mut meant = Format::Table;
    for (at, word) in words.iter().enumerate() {
        let value = match *word {
            "-o" | "--output" => words.get(at + 1).copied(),
            word => word
                .strip_prefix("--output=")
                .or_else(|| word.strip_prefix("-o=").or_else(|| word.strip_prefix("-o"))),
        };
        if let Some(format) = value.and_then(|value| Format::from_str(value, false).ok()) {
            meant = format;
        }
    }
    meant
}

/// Whether arguments are of a command whose document is that of a run.
pub fn is_about_a_run(arguments: &[OsString]) -> bool {
    let command = super::command();
    let Some(runbook) = command.find_subcommand("runbook") else {
        return false;
    };
    // What stands before the verb are flags and their values.
    arguments
        .iter()
        .skip_while(|argument| *argument != "runbook")
        .skip(1)
        .find_map(|argument| runbook.find_subcommand(argument))
        .is_some_and(|verb| ["run", "resume", "rollback", "abandon"].contains(&verb.get_name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_parsed_still_says_how_it_wants_to_be_told() {
        for (line, format, is_run) in [
            ("qd status -o json --wrong", Format::Json, false),
            ("qd --output=jsonl runbook run --wrong", Format::Jsonl, true),
            ("qd runbook -o yaml resume", Format::Yaml, true),
            ("qd runbook history -ojson --limit x", Format::Json, false),
            ("qd --wrong -o", Format::Table, false),
            ("qd -o nonsense status", Format::Table, false),
            ("qd x -- -o json", Format::Table, false),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(format_meant(&words), format, "{line}");
            assert_eq!(is_about_a_run(&words), is_run, "{line}");
        }
    }

    fn prepared(line: &str) -> String {
        let words = prepare(line.split(' ').map(OsString::from));
        let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
        words.join(" ")
    }

    #[test]
    fn demo_takes_the_next_word_only_if_it_is_a_world_or_all() {
        for (line, expected) in [
            ("qd --demo", "qd --demo"),
            ("qd --demo status", "qd --demo status"),
            ("qd --demo codemate status", "qd --demo=codemate status"),
            ("qd status --demo ecg asg", "qd status --demo=ecg asg"),
            ("qd --demo --scenario quiet", "qd --demo --scenario quiet"),
            ("qd --demo all spend", "qd --demo=all spend"),
            ("qd spend --demo all", "qd spend --demo=all"),
            ("qd --demo=ecg", "qd --demo=ecg"),
            ("qd --demo atlantis", "qd --demo atlantis"),
            ("qd x -- --demo ecg", "qd x -- --demo ecg"),
        ] {
            assert_eq!(prepared(line), expected);
        }
    }

    #[test]
    fn repeated_flags_move_before_the_command_and_keep_their_order() {
        for (line, expected) in [
            (
                "qd --profile a status --profile b --region=x asg",
                "qd --profile a --profile b --region=x status asg",
            ),
            ("qd status --profile", "qd status --profile"),
            ("qd status --profile --demo", "qd status --profile --demo"),
            ("qd x -- --region y", "qd x -- --region y"),
        ] {
            assert_eq!(prepared(line), expected);
        }
    }
}
