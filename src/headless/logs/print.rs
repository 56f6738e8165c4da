//! Log events on standard output, in each form.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::domain::logs::level::Level;
use crate::domain::logs::{TailLine, TailTarget};
use crate::domain::text;
use crate::headless::Out;
use crate::headless::format::{self, Format};
use crate::headless::paint::{Paint, Tone};

/// Whether somebody still reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    There,
    Gone,
}

/// Prints events as they come.
pub(super) struct Printer {
    format: Format,
    paint: Paint,
    zone: TimeZone,
    groups: Vec<String>,
    printed: u64,
    /// YAML is one document, written at the end.
    kept: Vec<serde_json::Value>,
}

/// What `qd logs -o json` and `-o yaml` print.
const SCHEMA: &str = "quarterdeck.logs/1";

/// Every event that was asked for, in YAML; JSON is written as it is read, in the same form.
#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    events: Vec<serde_json::Value>,
}

/// An event in JSON. Unknown is `null`.
#[derive(Debug, Serialize)]
struct Record<'a> {
    at: Option<Timestamp>,
    group: &'a str,
    stream: &'a str,
    id: Option<&'a str>,
    message: &'a str,
    level: Option<&'static str>,
}

impl Printer {
    pub(super) fn new(out: &Out, targets: &[TailTarget]) -> Self {
        Self {
            format: out.format(),
            paint: out.page().paint,
            zone: out.page().zone.0.clone(),
            groups: targets.iter().map(|target| target.group.clone()).collect(),
            printed: 0,
            kept: Vec::new(),
        }
    }

    pub(super) fn begin(&mut self) -> io::Result<Reader> {
        match self.format {
            Format::Json => write(&format!("{{\"schema\":\"{SCHEMA}\",\"events\":[")),
            Format::Table | Format::Wide | Format::Jsonl | Format::Yaml => Ok(Reader::There),
        }
    }

    pub(super) fn end(&mut self) -> anyhow::Result<()> {
        match self.format {
            Format::Json if self.printed == 0 => write("]}\n")?,
            Format::Json => write("\n]}\n")?,
            Format::Yaml => write(&format::yaml(&Document {
                schema: SCHEMA,
                events: std::mem::take(&mut self.kept),
            })?)?,
            Format::Table | Format::Wide | Format::Jsonl => Reader::There,
        };
        Ok(())
    }

    pub(super) fn lines(&mut self, lines: &[TailLine]) -> anyhow::Result<Reader> {
        let mut text = String::new();
        for line in lines {
            self.one(line, &mut text)?;
            self.printed += 1;
        }
        Ok(if text.is_empty() {
            Reader::There
        } else {
            write(&text)?
        })
    }

    fn one(&mut self, line: &TailLine, text: &mut String) -> anyhow::Result<()> {
        let event = &line.event;
        let group = self
            .groups
            .get(usize::from(line.group))
            .map_or("", String::as_str);
        let clean = text::clean_multiline(event.message.trim_end());
        let level = Level::detect(&clean);
        let at = Timestamp::from_millisecond(event.at_ms).ok();
        let record = || Record {
            at,
            group,
            stream: &event.stream,
            id: (!event.id.is_empty()).then_some(event.id.as_str()),
            message: event.message.trim_end(),
            level: level.word(),
        };
        match self.format {
            Format::Table | Format::Wide => {
                let time = at.map_or_else(String::new, |at| {
                    at.to_zoned(self.zone.clone())
                        .strftime("%Y-%m-%dT%H:%M:%S%.3f%:z")
                        .to_string()
                });
                let tone = match level {
                    Level::Error => Tone::Crit,
                    Level::Warn => Tone::Warn,
                    Level::Debug => Tone::Muted,
                    Level::Info | Level::Unknown => Tone::Plain,
                };
                text.push_str(&self.paint.apply(Tone::Muted, &time));
                text.push(' ');
                text.push_str(&self.paint.apply(Tone::Muted, &text::clean(group)));
                text.push(' ');
                text.push_str(&self.paint.apply(tone, &clean));
                text.push('\n');
            }
            Format::Jsonl => text.push_str(&format::json_line(&record())?),
            Format::Json => {
                text.push_str(if self.printed == 0 { "\n  " } else { ",\n  " });
                text.push_str(format::json_line(&record())?.trim_end());
            }
            Format::Yaml => self.kept.push(serde_json::to_value(record())?),
        }
        Ok(())
    }
}

/// Writes at once: whoever follows must not wait for a buffer to fill.
fn write(text: &str) -> io::Result<Reader> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(error),
    }
}
