//! Standard output: in which form, how wide, with which colours; and what happens when nobody reads
//! it any more.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::config::settings::ColorChoice;
use crate::config::theme::ColorDepth;
use crate::headless::format::{self, Format};
use crate::headless::paint::Paint;

/// Something that can be printed in every form.
pub trait Report: Serialize {
    /// As a person reads it: whole lines, safe for a terminal.
    fn text(&self, page: &Page) -> String;

    /// As records, each a line of JSON.
    fn records(&self) -> serde_json::Result<Vec<serde_json::Value>>;
}

/// What text is fitted to.
#[derive(Debug, Clone)]
pub struct Page {
    /// Columns; `None` is as wide as it takes.
    pub width: Option<usize>,
    /// Whether colours are written.
    pub paint: Paint,
    /// Whether columns are shown that a first look does not need.
    pub detail: Detail,
    /// The zone of all times, and its name.
    pub zone: (TimeZone, String),
}

/// How much of each thing is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What a first look needs.
    Normal,
    /// Everything.
    All,
}

/// Standard output.
#[derive(Debug, Clone)]
pub struct Out {
    format: Format,
    page: Page,
}

impl Page {
    /// A time of day, with the day where it is another than that of `now`.
    pub fn time(&self, at: Timestamp, now: Timestamp) -> String {
        let (then, today) = (
            at.to_zoned(self.zone.0.clone()),
            now.to_zoned(self.zone.0.clone()),
        );
        if then.date() == today.date() {
            then.strftime("%H:%M").to_string()
        } else if then.year() == today.year() {
            then.strftime("%m-%d %H:%M").to_string()
        } else {
            then.strftime("%Y-%m-%d").to_string()
        }
    }
}

/// The heading of a table of times: which zone they are of.
pub fn times_in(page: &Page) -> String {
    format!("times in {}\n", page.zone.1)
}

impl Out {
    /// Standard output as it is now.
    pub fn standard(
        format: Format,
        color: ColorChoice,
        zone: (TimeZone, String),
        variables: &BTreeMap<String, String>,
    ) -> Self {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        let columns = || {
            variables
                .get("COLUMNS")
                .and_then(|columns| columns.parse().ok())
                .filter(|columns| *columns > 0)
        };
        let terminal = || {
            let size = rustix::termios::tcgetwinsize(&stdout).ok()?;
            (size.ws_col > 0).then_some(usize::from(size.ws_col))
        };
        let width = match (format, is_terminal) {
            (Format::Wide, _) => None,
            // Where nothing tells, a terminal is taken to be as wide as they used to be.
            (_, true) => terminal().or_else(columns).or(Some(80)),
            (_, false) => columns(),
        };
        let paint = match ColorDepth::detect(color, is_terminal, variables) {
            ColorDepth::None => Paint::Off,
            ColorDepth::Ansi16 | ColorDepth::Indexed256 | ColorDepth::TrueColor => Paint::On,
        };
        let detail = match format {
            Format::Wide => Detail::All,
            Format::Table | Format::Json | Format::Jsonl | Format::Yaml => Detail::Normal,
        };
        Self {
            format,
            page: Page {
                width,
                paint,
                detail,
                zone,
            },
        }
    }

    /// The form.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// What text is fitted to.
    pub const fn page(&self) -> &Page {
        &self.page
    }

    /// The same with times in another zone.
    #[must_use]
    pub fn in_zone(mut self, zone: (TimeZone, String)) -> Self {
        self.page.zone = zone;
        self
    }

    /// The same in another form.
    #[must_use]
    pub fn in_format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Prints a report.
    pub fn report(&self, report: &impl Report) -> anyhow::Result<()> {
        let text = match self.format {
            Format::Table | Format::Wide => report.text(&self.page),
            Format::Json => format::json(report)?,
            Format::Yaml => format::yaml(report)?,
            Format::Jsonl => report
                .records()?
                .iter()
                .map(format::json_line)
                .collect::<serde_json::Result<String>>()?,
        };
        print(&text)?;
        Ok(())
    }
}

/// Writes to standard output. A reader that has gone away, as `head` does, wants no more, and that
/// is no failure.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a line to standard error. If that is gone there is nobody to tell.
pub fn complain(text: &str) {
    let mut line = crate::domain::text::clean_multiline(text).into_owned();
    if !line.ends_with('\n') {
        line.push('\n');
    }
    // Nothing is left to be told to.
    let _ = io::stderr().lock().write_all(line.as_bytes());
}
