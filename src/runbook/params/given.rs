//! What an operator gave, layer by layer, read as the parameters' types want it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::diagnostic::{Diagnostic, Report, nearest, quoted};
use crate::domain::document::{Value as Tree, yaml};
use crate::runbook::decode::literal;
use crate::runbook::model::{Param, Runbook};
use crate::runbook::types::{Type, read_literal};
use crate::runbook::value::{SecretRef, Value};

/// Names of environment variables that give parameters begin so; the rest is the parameter's name in
/// capitals.
pub const ENVIRONMENT_PREFIX: &str = "QD_PARAM_";

/// Where a value came from; the greater wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// Everything that was found, since the runbook says so.
    Found,
    /// The runbook's default.
    Default,
    /// An environment variable.
    Environment,
    /// The file of parameters.
    File,
    /// `--set`.
    Set,
    /// Somebody was asked.
    Asked,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Found => "found",
            Self::Default => "default",
            Self::Environment => "environment",
            Self::File => "--params-file",
            Self::Set => "--set",
            Self::Asked => "asked",
        })
    }
}

/// Everything that may give parameters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sources<'a> {
    /// `--set` in the order of the command line, name and text.
    pub set: &'a [(String, String)],
    /// The file of parameters: what messages call it, and its text.
    pub file: Option<(&'a str, &'a [u8])>,
    /// The environment.
    pub environment: Option<&'a BTreeMap<String, String>>,
}

/// A value that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The parameter.
    pub param: String,
    /// Where the value came from.
    pub layer: Layer,
    /// What is wrong, in one line without a full stop.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "parameter {} ({}): {}",
            quoted(&self.param),
            self.layer,
            self.message
        )
    }
}

/// Everything that is wrong with what was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Mistakes of the command line and the environment.
    pub problems: Vec<Problem>,
    /// Mistakes of the file of parameters.
    pub report: Option<Report>,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut blocks: Vec<String> = Vec::new();
        if !self.problems.is_empty() {
            let lines: Vec<String> = self.problems.iter().map(Problem::to_string).collect();
            blocks.push(lines.join("\n"));
        }
        blocks.extend(self.report.as_ref().map(Report::to_string));
        f.write_str(&blocks.join("\n\n"))
    }
}

impl std::error::Error for Invalid {}

/// What was given, typed. Resources are still names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    values: BTreeMap<String, (Value, Layer)>,
}

impl Given {
    /// Reads all layers, and finds everything that is wrong in any of them.
    pub fn read(runbook: &Runbook, sources: Sources<'_>) -> Result<Self, Invalid> {
        let mut reader = Reader {
            runbook,
            given: Self::default(),
            problems: Vec::new(),
        };
        if let Some(environment) = sources.environment {
            reader.environment(environment);
        }
        let report = sources.file.map(|(name, bytes)| reader.file(name, bytes));
        reader.set(sources.set);
        let report = report.filter(Report::has_errors);
        if reader.problems.is_empty() && report.is_none() {
            Ok(reader.given)
        } else {
            Err(Invalid {
                problems: reader.problems,
                report,
            })
        }
    }

    /// Adds what somebody typed when asked, read as on the command line; secrets are kept elsewhere
    /// and given as [`SecretRef::Asked`].
    pub fn asked(&mut self, param: &Param, text: &str) -> Result<(), Problem> {
        let name = param.name.value.clone();
        let value = if param.ty.value == Type::Secret {
            Ok(Value::Secret(SecretRef::Asked(name.clone())))
        } else {
            from_text(&param.written_type(), text)
        };
        match value {
            Ok(value) => {
                self.values.insert(name, (value, Layer::Asked));
                Ok(())
            }
            Err(message) => Err(Problem {
                param: name,
                layer: Layer::Asked,
                message,
            }),
        }
    }

    /// The value of a parameter that was given, and by whom.
    pub fn value(&self, name: &str) -> Option<(&Value, Layer)> {
        self.values.get(name).map(|(value, layer)| (value, *layer))
    }

    pub(super) fn layer(&self, name: &str) -> Layer {
        self.values.get(name).map_or(Layer::Default, |(_, layer)| *layer)
    }
}

struct Reader<'a> {
    runbook: &'a Runbook,
    given: Given,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, param: &str, layer: Layer, message: impl Into<String>) {
        self.problems.push(Problem {
            param: param.to_owned(),
            layer,
            message: message.into(),
        });
    }

    fn take(&mut self, name: &str, value: Value, layer: Layer) {
        self.given.values.insert(name.to_owned(), (value, layer));
    }

    fn environment(&mut self, environment: &BTreeMap<String, String>) {
        for param in &self.runbook.params {
            let name = param.name.value.as_str();
            let variable = format!("{ENVIRONMENT_PREFIX}{}", name.to_ascii_uppercase());
            let Some(text) = environment.get(&variable) else {
                continue;
            };
            if param.ty.value == Type::Secret {
                let secret = Value::Secret(SecretRef::Environment(variable));
                self.take(name, secret, Layer::Environment);
                continue;
            }
            match from_text(&param.written_type(), text) {
                Ok(value) => self.take(name, value, Layer::Environment),
                Err(message) => self.problem(name, Layer::Environment, message),
            }
        }
    }

    fn set(&mut self, set: &[(String, String)]) {
        let mut lists: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        let mut seen: Vec<&str> = Vec::new();
        for (name, text) in set {
            let Some(param) = self.runbook.param(name) else {
                let message = self.unknown(name);
                self.problem(name, Layer::Set, message);
                continue;
            };
            if param.ty.value == Type::Secret {
                let message = "a secret is never given on the command line, where others can read it; \
                               leave it out to be asked, or set the environment variable";
                self.problem(name, Layer::Set, message);
                continue;
            }
            match from_text(&param.written_type(), text) {
                Ok(Value::List(items)) => lists.entry(name).or_default().extend(items),
                Ok(_) if seen.contains(&name.as_str()) => {
                    self.problem(name, Layer::Set, "it is given twice");
                }
                Ok(value) => self.take(name, value, Layer::Set),
                Err(message) => self.problem(name, Layer::Set, message),
            }
            seen.push(name);
        }
        for (name, items) in lists {
            self.take(name, Value::List(items), Layer::Set);
        }
    }

    fn unknown(&self, name: &str) -> String {
        let names = || self.runbook.params.iter().map(|param| param.name.as_str());
        let guess = nearest(name, names());
        let guess = guess.map_or_else(String::new, |guess| format!("; did you mean `{guess}`?"));
        format!("{} has no such parameter{guess}", quoted(&self.runbook.name))
    }

    fn file(&mut self, name: &str, bytes: &[u8]) -> Report {
        let parsed = yaml::parse(name, bytes);
        let mut found = parsed.diagnostics;
        if let Some(root) = &parsed.root {
            let Tree::Map(entries) = &root.value else {
                found.push(Diagnostic::error(
                    root.span,
                    "parameters are a mapping, name by name",
                ));
                return Report::new(parsed.source, found);
            };
            for entry in entries {
                let key = entry.key.text.as_str();
                let Some(param) = self.runbook.param(key) else {
                    let guess = nearest(key, self.runbook.params.iter().map(|param| param.name.as_str()));
                    let message = format!("{} has no parameter {}", quoted(&self.runbook.name), quoted(key));
                    found.push(
                        Diagnostic::error(entry.key.span, message).label(
                            guess.map_or_else(String::new, |guess| format!("did you mean `{guess}`?")),
                        ),
                    );
                    continue;
                };
                // A key without a value counts as left out.
                if entry.value.value == Tree::Null {
                    continue;
                }
                if param.ty.value == Type::Secret {
                    found.push(
                        Diagnostic::error(entry.key.span, "a secret is never kept in a file of parameters")
                            .label("leave it out to be asked, or set the environment variable"),
                    );
                    continue;
                }
                let value = literal(&entry.value).ok_or_else(|| "this is not a finite number".to_owned());
                let value = value.and_then(|value| {
                    read_literal(&value, &param.written_type()).map_err(|error| error.message)
                });
                match value {
                    Ok(value) => self.take(key, value, Layer::File),
                    Err(message) => found.push(Diagnostic::error(entry.value.span, message)),
                }
            }
        }
        Report::new(parsed.source, found)
    }
}

fn has_leading_zero(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    digits > 1 && unsigned.starts_with('0')
}

/// A value from text as it is typed: a list with commas, a mapping as `key=value` with commas.
fn from_text(ty: &Type, text: &str) -> Result<Value, String> {
    match ty {
        Type::Text | Type::Duration | Type::Size | Type::Time => {
            read_literal(&Value::text(text), ty).map_err(|error| error.message)
        }
        // Nobody agrees on what `010` is.
        Type::Int | Type::Number if has_leading_zero(text) => Err(format!(
            "{} begins with 0: leave it out, so that nobody takes it for octal",
            quoted(text)
        )),
        Type::Int => text
            .parse()
            .map(Value::Int)
            .map_err(|_| format!("{} is not a whole number", quoted(text))),
        Type::Number => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Number(number)),
            _ => Err(format!("{} is not a number", quoted(text))),
        },
        Type::Bool => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(format!("{} is neither `true` nor `false`", quoted(text))),
        },
        Type::List(_) if text.is_empty() => Ok(Value::List(Vec::new())),
        Type::List(of) => text
            .split(',')
            .map(|item| from_text(of, item.trim()))
            .collect::<Result<_, _>>()
            .map(Value::List),
        Type::Map(of) => {
            let mut entries = BTreeMap::new();
            for pair in text.split(',').filter(|pair| !pair.is_empty()) {
                let Some((key, value)) = pair.split_once('=') else {
                    return Err(format!("{} is not `key=value`", quoted(pair)));
                };
                if entries
                    .insert(key.trim().to_owned(), from_text(of, value.trim())?)
                    .is_some()
                {
                    return Err(format!("the key {} is given twice", quoted(key)));
                }
            }
            Ok(Value::Map(entries))
        }
        other => Err(format!("{} cannot be given as text", other.words())),
    }
}
