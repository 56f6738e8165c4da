//! Arguments before they are parsed. `--demo` takes a world only if the next word is one, so that
//! `qd --demo status` is the status of all worlds; no parser has a rule like that.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cloud::demo::World;
use crate::domain::diagnostic::{nearest, quoted};

/// The flag.
const DEMO: &str = "--demo";

/// Joins `--demo` and the world after it.
pub fn prepare(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut prepared: Vec<OsString> = Vec::new();
    let mut rest = arguments.into_iter().peekable();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            prepared.push(argument);
            prepared.extend(rest);
            break;
        }
        let world = match rest.peek() {
            Some(next) if argument == DEMO => world(next),
            _ => None,
        };
        match world {
            Some(world) => {
                rest.next();
                prepared.push(format!("{DEMO}={world}").into());
            }
            None => prepared.push(argument),
        }
    }
    prepared
}

fn world(word: &OsStr) -> Option<World> {
    word.to_str()?.parse().ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(line: &str) -> String {
        let words = prepare(line.split(' ').map(OsString::from));
        let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
        words.join(" ")
    }

    #[test]
    fn demo_takes_the_next_word_only_if_it_is_a_world() {
        for (line, expected) in [
            ("qd --demo", "qd --demo"),
            ("qd --demo status", "qd --demo status"),
            ("qd --demo codemate status", "qd --demo=codemate status"),
            ("qd status --demo ecg asg", "qd status --demo=ecg asg"),
            ("qd --demo --scenario quiet", "qd --demo --scenario quiet"),
            ("qd --demo=ecg", "qd --demo=ecg"),
            ("qd --demo atlantis", "qd --demo atlantis"),
            ("qd x -- --demo ecg", "qd x -- --demo ecg"),
        ] {
            assert_eq!(prepared(line), expected);
        }
    }
}
