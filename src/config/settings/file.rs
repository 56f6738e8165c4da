//! The layer of the settings file, `config.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Access, Cadences, Clipboard, ColorChoice, Layered, Notice, RunbookSettings, Runs, Settings, Symbols,
};
use crate::config::keys::{Chord, Override};
use crate::config::{schema, toml};
use crate::domain::diagnostic::{Diagnostic, Report, Severity, Span};
use crate::domain::document::{Node, Parsed, Schema, Value};
use crate::domain::policy::Zone;

/// The settings file as it is written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "quarterdeck settings")]
pub struct SettingsFile {
    /// Name of a theme; `qd themes` lists them.
    theme: Option<String>,
    /// When colours are used.
    color: Option<ColorChoice>,
    /// Whether to draw with ASCII alone.
    ascii: Option<bool>,
    /// IANA name of the zone in which times are shown. Default: the estate's.
    time_zone: Option<String>,
    /// Folder for runs, locks and caches.
    state_dir: Option<String>,
    /// File for the program's own log.
    log_file: Option<String>,
    /// Estate to open, a file or the name of a shipped one.
    estate: Option<String>,
    /// `true` refuses all writes; `false` leaves it to the estate.
    read_only: Option<bool>,
    /// How to copy to the clipboard.
    clipboard: Option<Clipboard>,
    /// How often data is read.
    refresh: Option<Cadences>,
    /// How runs of runbooks behave.
    runs: Option<Runs>,
    /// What runbooks may run on this machine and on hosts. Nothing by default.
    runbooks: Option<RunbookSettings>,
    /// New keys for commands, by context: a key, a list of keys, or none. `qd keys` lists them.
    #[serde(default)]
    keys: BTreeMap<String, BTreeMap<String, KeysOf>>,
}

/// The keys of a command.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum KeysOf {
    /// One.
    One(String),
    /// Several, or none.
    Some(Vec<String>),
}

impl Settings {
    /// Puts a settings file on top; `name` is what messages call it.
    ///
    /// A file with a mistake is not used at all, except for `read_only = true`: somebody who wanted
    /// to be safe must not become unsafe by a slip elsewhere in the file.
    #[must_use]
    pub fn with_file(self, name: &str, bytes: &[u8]) -> Layered {
        let parsed = toml::parse(name, bytes);
        let wants_read_only = asks_for_read_only(&parsed);
        let mut settings = self.clone();
        let reading = schema::read::<SettingsFile>(parsed, &shape());
        let mut diagnostics = reading.diagnostics;
        if let Some((file, root)) = reading.value {
            diagnostics.extend(settings.take(file, &root));
        }
        if diagnostics.is_empty() {
            return Layered {
                settings,
                notices: Vec::new(),
                source: Some(reading.source),
            };
        }
        let report = Report::new(reading.source, diagnostics);
        let mut settings = self;
        let mut headline = format!(
            "{name} is not used, it has {}",
            match report.count(Severity::Error) {
                1 => "a mistake".to_owned(),
                many => format!("{many} mistakes"),
            }
        );
        if wants_read_only {
            settings.access = Access::ReadOnly;
            headline.push_str("; its `read_only = true` holds");
        }
        Layered {
            settings,
            notices: vec![Notice {
                headline,
                detail: report.to_string(),
            }],
            source: Some(report.source().clone()),
        }
    }

    /// Takes what the file says; the mistakes in its meaning are returned.
    fn take(&mut self, file: SettingsFile, root: &Node) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let SettingsFile {
            theme,
            color,
            ascii,
            time_zone,
            state_dir,
            log_file,
            estate,
            read_only,
            clipboard,
            refresh,
            runs,
            runbooks,
            keys,
        } = file;
        self.theme = theme.or(self.theme.take());
        self.color = color.unwrap_or(self.color);
        self.symbols = ascii.map_or(self.symbols, symbols);
        match time_zone.as_deref().map(Zone::named) {
            None => {}
            Some(Ok(zone)) => self.time_zone = Some(zone),
            Some(Err(unknown)) => {
                let guess = unknown.nearest.as_ref();
                found.push(
                    Diagnostic::error(root.at(&["time_zone".into()]), unknown.to_string())
                        .label(guess.map_or_else(String::new, |zone| format!("did you mean `{zone}`?"))),
                );
            }
        }
        self.state_dir = state_dir.map(PathBuf::from).or(self.state_dir.take());
        self.log_file = log_file.map(PathBuf::from).or(self.log_file.take());
        self.estate = estate.or(self.estate.take());
        self.access = read_only.map_or(self.access, access);
        self.clipboard = clipboard.unwrap_or(self.clipboard);
        self.cadences = refresh.unwrap_or(self.cadences);
        self.runs = runs.unwrap_or(self.runs);
        if let Some(runbooks) = runbooks {
            for (nth, program) in runbooks.programs.iter().enumerate() {
                if !program.starts_with('/') {
                    found.push(
                        Diagnostic::error(
                            root.at(&["runbooks".into(), "programs".into(), nth.into()]),
                            "a program is named by its absolute path",
                        )
                        .label("such as `/usr/local/bin/drain`"),
                    );
                }
            }
            self.runbooks = runbooks;
        }
        if !keys.is_empty() {
            self.keys = overrides(keys, root, &mut found);
        }
        found
    }
}

pub(super) fn symbols(ascii: bool) -> Symbols {
    if ascii { Symbols::Ascii } else { Symbols::Unicode }
}

/// `true` refuses writes. `false` takes nothing away from the estate's protection, since lifting
/// that is a decision for one session, not for a file that is forgotten.
pub(super) fn access(read_only: bool) -> Access {
    if read_only {
        Access::ReadOnly
    } else {
        Access::EstateDefault
    }
}

fn overrides(
    keys: BTreeMap<String, BTreeMap<String, KeysOf>>,
    root: &Node,
    found: &mut Vec<Diagnostic>,
) -> Vec<Override> {
    let table = root.get("keys");
    let key_span = |node: Option<&Node>, key: &str| {
        node.and_then(|node| node.entry(key))
            .map_or_else(Span::default, |entry| entry.key.span)
    };
    let mut overrides = Vec::new();
    for (context, commands) in keys {
        let context_at = key_span(table, &context);
        let inner = table.and_then(|table| table.get(&context));
        for (command, keys) in commands {
            let texts = match keys {
                KeysOf::One(text) => vec![(text, vec!["keys", &context, &command], None)],
                KeysOf::Some(texts) => texts
                    .into_iter()
                    .enumerate()
                    .map(|(at, text)| (text, vec!["keys", &context, &command], Some(at)))
                    .collect(),
            };
            let mut chords = Vec::new();
            for (text, path, index) in texts {
                let steps: Vec<_> = path
                    .into_iter()
                    .map(Into::into)
                    .chain(index.map(Into::into))
                    .collect();
                let span = root.at(&steps);
                match text.parse::<Chord>() {
                    Ok(chord) => chords.push((chord, span)),
                    Err(error) => found.push(
                        Diagnostic::error(span, error.to_string()).label(
                            error
                                .nearest()
                                .map_or_else(String::new, |name| format!("did you mean `{name}`?")),
                        ),
                    ),
                }
            }
            overrides.push(Override {
                context: context.clone(),
                context_at,
                command_at: key_span(inner, &command),
                command,
                chords,
            });
        }
    }
    overrides
}

fn asks_for_read_only(parsed: &Parsed) -> bool {
    let root = parsed.root.as_ref();
    root.and_then(|root| root.get("read_only"))
        .is_some_and(|node| node.value == Value::Bool(true))
}

/// What a settings file looks like.
pub(in crate::config) fn shape() -> Schema {
    schema::shape::<SettingsFile>()
}
