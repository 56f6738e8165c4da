//! Which chord means which command in which context.

use std::collections::BTreeMap;

use super::{Chord, ChordError};
use crate::domain::diagnostic::{Diagnostic, Span, nearest, quoted};

/// The context whose bindings hold everywhere, unless another context binds the same chord.
pub const GLOBAL: &str = "global";

/// New keys for one command, replacing all those that it has by default in that context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// Name of the context.
    pub context: String,
    /// Where the context is named in the settings.
    pub context_at: Span,
    /// Id of the command, such as `open-logs`.
    pub command: String,
    /// Where the command is named in the settings.
    pub command_at: Span,
    /// The keys; none takes all keys from the command.
    pub chords: Vec<(Chord, Span)>,
}

/// Why a keymap cannot be built. A mistake in an override has a place in the settings; one in the
/// defaults has none and is a defect of the program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// The spelling of a default key.
    #[error("the default key {} of `{command}`: {error}", quoted(.chord))]
    BadDefault {
        /// The key as it was written.
        chord: String,
        /// The command.
        command: String,
        /// What is wrong with it.
        error: ChordError,
    },
    /// An override for a context that does not exist.
    #[error("there is no context {}", quoted(.context))]
    UnknownContext {
        /// Its name as given.
        context: String,
        /// The one that was probably meant.
        nearest: Option<String>,
        /// Where it is named.
        at: Span,
    },
    /// An override for a command that does not exist in that context.
    #[error("there is no command {} in `{context}`", quoted(.command))]
    UnknownCommand {
        /// Its id as given.
        command: String,
        /// The context.
        context: String,
        /// The one that was probably meant.
        nearest: Option<String>,
        /// A context that does have the command.
        elsewhere: Option<String>,
        /// Where it is named.
        at: Span,
    },
    /// One key for two commands of one context.
    #[error("`{chord}` would mean both `{first}` and `{second}` in `{context}`")]
    Duplicate {
        /// The key.
        chord: Chord,
        /// The context.
        context: String,
        /// The command that has it.
        first: String,
        /// The command that wants it too.
        second: String,
        /// Where the settings give it away, if they do.
        at: Option<Span>,
    },
}

impl KeymapError {
    /// The mistake as a finding about the settings; one without a place points at their beginning.
    pub fn diagnostic(&self) -> Diagnostic {
        let guess = |nearest: &Option<String>| {
            nearest
                .as_ref()
                .map_or_else(String::new, |name| format!("did you mean `{name}`?"))
        };
        let (at, label) = match self {
            Self::BadDefault { .. } => (Span::default(), String::new()),
            Self::UnknownContext { nearest, at, .. } => (*at, guess(nearest)),
            Self::UnknownCommand {
                nearest,
                elsewhere,
                at,
                ..
            } => {
                let label = elsewhere
                    .as_ref()
                    .map_or_else(|| guess(nearest), |context| format!("it belongs to `{context}`"));
                (*at, label)
            }
            Self::Duplicate { first, at, .. } => (
                at.unwrap_or_default(),
                format!("give `{first}` another key as well, or none: {first} = []"),
            ),
        };
        Diagnostic::error(at, self.to_string()).label(label)
    }
}

/// The chords of every context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    contexts: BTreeMap<String, BTreeMap<Chord, String>>,
}

/// A binding on its way into the map, with its place if it comes from the settings.
struct Wanted<'a> {
    context: &'a str,
    chord: Chord,
    command: &'a str,
    at: Option<Span>,
}

impl Keymap {
    /// Builds a map from the program's defaults (context, chord, command) and a user's overrides. A
    /// default with an empty chord declares a command that has no key.
    ///
    /// An override may name any command of its own context or of [`GLOBAL`]. Every mistake is
    /// returned, not only the first.
    pub fn build(defaults: &[(&str, &str, &str)], overrides: &[Override]) -> Result<Self, Vec<KeymapError>> {
        let mut errors = Vec::new();
        let overrides: Vec<&Override> = overrides
            .iter()
            .filter(|over| match known(defaults, over) {
                Ok(()) => true,
                Err(error) => {
                    errors.push(error);
                    false
                }
            })
            .collect();
        let mut wanted = Vec::new();
        for &(context, chord, command) in defaults {
            let overridden = overrides
                .iter()
                .any(|over| over.context == context && over.command == command);
            if chord.is_empty() || overridden {
                continue;
            }
            match chord.parse() {
                Ok(chord) => wanted.push(Wanted {
                    context,
                    chord,
                    command,
                    at: None,
                }),
                Err(error) => errors.push(KeymapError::BadDefault {
                    chord: chord.to_owned(),
                    command: command.to_owned(),
                    error,
                }),
            }
        }
        for over in overrides {
            wanted.extend(over.chords.iter().map(|&(chord, at)| Wanted {
                context: &over.context,
                chord,
                command: &over.command,
                at: Some(at),
            }));
        }
        let mut keymap = Self::default();
        for &(context, ..) in defaults {
            keymap.contexts.entry(context.to_owned()).or_default();
        }
        for binding in wanted {
            errors.extend(keymap.bind(&binding));
        }
        if errors.is_empty() {
            Ok(keymap)
        } else {
            Err(errors)
        }
    }

    fn bind(&mut self, wanted: &Wanted<'_>) -> Option<KeymapError> {
        let bindings = self.contexts.entry(wanted.context.to_owned()).or_default();
        match bindings.get(&wanted.chord) {
            Some(first) if first != wanted.command => Some(KeymapError::Duplicate {
                chord: wanted.chord,
                context: wanted.context.to_owned(),
                first: first.clone(),
                second: wanted.command.to_owned(),
                at: wanted.at,
            }),
            _ => {
                bindings.insert(wanted.chord, wanted.command.to_owned());
                None
            }
        }
    }

    /// The command of a chord: that of the context, else that of [`GLOBAL`].
    pub fn command(&self, context: &str, chord: Chord) -> Option<&str> {
        [context, GLOBAL]
            .iter()
            .find_map(|context| self.contexts.get(*context)?.get(&chord))
            .map(String::as_str)
    }

    /// The chords that mean a command in a context, for help and hints. A chord of [`GLOBAL`] that
    /// the context gives to another command is left out.
    pub fn chords(&self, context: &str, command: &str) -> Vec<Chord> {
        let mut chords: Vec<Chord> = [context, GLOBAL]
            .iter()
            .filter_map(|context| self.contexts.get(*context))
            .flatten()
            .filter(|(chord, bound)| *bound == command && self.command(context, **chord) == Some(command))
            .map(|(chord, _)| *chord)
            .collect();
        chords.sort_unstable();
        chords.dedup();
        chords
    }

    /// Every binding as (context, chord, command), sorted.
    pub fn bindings(&self) -> impl Iterator<Item = (&str, Chord, &str)> {
        self.contexts.iter().flat_map(|(context, bindings)| {
            bindings
                .iter()
                .map(|(chord, command)| (context.as_str(), *chord, command.as_str()))
        })
    }
}

/// Whether an override is about something that exists.
fn known(defaults: &[(&str, &str, &str)], over: &Override) -> Result<(), KeymapError> {
    let contexts = || defaults.iter().map(|&(context, ..)| context);
    if !contexts().any(|context| context == over.context) {
        return Err(KeymapError::UnknownContext {
            context: over.context.clone(),
            nearest: nearest(&over.context, contexts()).map(str::to_owned),
            at: over.context_at,
        });
    }
    let reachable = || {
        defaults
            .iter()
            .filter(|(context, ..)| *context == over.context || *context == GLOBAL)
            .map(|&(.., command)| command)
    };
    if reachable().any(|command| command == over.command) {
        return Ok(());
    }
    let elsewhere = defaults
        .iter()
        .find(|(.., command)| *command == over.command)
        .map(|&(context, ..)| context.to_owned());
    Err(KeymapError::UnknownCommand {
        command: over.command.clone(),
        context: over.context.clone(),
        nearest: nearest(&over.command, reachable()).map(str::to_owned),
        elsewhere,
        at: over.command_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    const DEFAULTS: [(&str, &str, &str); 7] = [
        (GLOBAL, "q", "back"),
        (GLOBAL, "esc", "back"),
        (GLOBAL, "l", "open-logs"),
        (GLOBAL, "", "copy-arn"),
        ("logs", "e", "next-error"),
        ("logs", "l", "wrap"),
        ("runs", "R", "rollback"),
    ];

    fn chord(text: &str) -> Chord {
        text.parse().expect(text)
    }

    fn over(context: &str, command: &str, chords: &[&str]) -> Override {
        Override {
            context: context.to_owned(),
            context_at: Span::new(1, 2),
            command: command.to_owned(),
            command_at: Span::new(3, 4),
            chords: chords.iter().map(|text| (chord(text), Span::new(5, 6))).collect(),
        }
    }

    fn build(overrides: &[Override]) -> Keymap {
        Keymap::build(&DEFAULTS, overrides).expect("valid")
    }

    fn errors(overrides: &[Override]) -> Vec<KeymapError> {
        Keymap::build(&DEFAULTS, overrides).expect_err("invalid")
    }

    #[test]
    fn a_context_comes_before_the_global_one() {
        let keymap = build(&[]);
        assert_eq!(keymap.command("services", chord("l")), Some("open-logs"));
        assert_eq!(keymap.command("logs", chord("l")), Some("wrap"));
        assert_eq!(keymap.command("logs", chord("q")), Some("back"));
        assert_eq!(keymap.command("services", chord("e")), None);
        assert_eq!(
            keymap.chords("logs", "back"),
            [chord("q"), chord("esc")],
            "in the order of chords"
        );
        assert_eq!(keymap.chords("logs", "open-logs"), [], "l is taken there");
        assert_eq!(keymap.bindings().count(), 6);
    }

    #[test]
    fn an_override_replaces_all_keys_of_its_command() {
        let keymap = build(&[
            over(GLOBAL, "back", &["ctrl-q"]),
            over(GLOBAL, "copy-arn", &["c", "alt-c"]),
            over("logs", "next-error", &[]),
            over("runs", "open-logs", &["o"]),
        ]);
        assert_eq!(keymap.command(GLOBAL, chord("q")), None);
        assert_eq!(keymap.command(GLOBAL, chord("esc")), None);
        assert_eq!(keymap.command(GLOBAL, chord("ctrl-q")), Some("back"));
        assert_eq!(keymap.command("logs", chord("alt-c")), Some("copy-arn"));
        assert_eq!(keymap.command("logs", chord("e")), None);
        assert_eq!(keymap.command("runs", chord("o")), Some("open-logs"));
        assert_eq!(keymap.command("runs", chord("l")), Some("open-logs"));
        assert_eq!(keymap.command("logs", chord("o")), None);
    }

    #[test]
    fn every_mistake_is_reported_with_its_place() {
        let found = errors(&[
            over("lgos", "wrap", &["w"]),
            over("logs", "nxt-error", &["w"]),
            over("logs", "rollback", &["w"]),
            over(GLOBAL, "copy-arn", &["q"]),
        ]);
        let shown: Vec<(String, String, Span)> = found
            .iter()
            .map(|error| {
                let diagnostic = error.diagnostic();
                (diagnostic.message, diagnostic.label, diagnostic.span)
            })
            .collect();
        let expected = [
            ("there is no context `lgos`", "did you mean `logs`?", (1, 2)),
            (
                "there is no command `nxt-error` in `logs`",
                "did you mean `next-error`?",
                (3, 4),
            ),
            (
                "there is no command `rollback` in `logs`",
                "it belongs to `runs`",
                (3, 4),
            ),
            (
                "`q` would mean both `back` and `copy-arn` in `global`",
                "give `back` another key as well, or none: back = []",
                (5, 6),
            ),
        ]
        .map(|(message, label, (start, end))| (message.to_owned(), label.to_owned(), Span::new(start, end)));
        assert_eq!(shown, expected);
    }

    #[test]
    fn taking_a_key_from_its_owner_first_is_no_conflict() {
        let keymap = build(&[over(GLOBAL, "copy-arn", &["q"]), over(GLOBAL, "back", &["esc"])]);
        assert_eq!(keymap.command(GLOBAL, chord("q")), Some("copy-arn"));
    }

    #[test]
    fn conflicting_or_misspelt_defaults_are_found() {
        let found = Keymap::build(
            &[
                (GLOBAL, "q", "back"),
                (GLOBAL, "q", "quit"),
                (GLOBAL, "entr", "open"),
            ],
            &[],
        )
        .expect_err("invalid");
        assert_eq!(
            found.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "the default key `entr` of `open`: no key is called `entr`",
                "`q` would mean both `back` and `quit` in `global`",
            ]
        );
    }

    #[test]
    fn the_same_binding_twice_is_harmless() {
        let defaults = [(GLOBAL, "q", "back"), (GLOBAL, "q", "back")];
        let keymap = Keymap::build(&defaults, &[]).expect("valid");
        assert_eq!(keymap.bindings().count(), 1);
    }
}
