//! Lines for people, on standard error or as a text: fitted to the terminal and painted.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};

use crate::config::settings::ColorChoice;
use crate::config::theme::ColorDepth;
use crate::headless::paint::{Paint, Tone};
use crate::runbook::tell::{Line, Role};

/// Says things on standard error.
#[derive(Debug, Clone, Copy)]
pub struct Teller {
    paint: Paint,
    /// Columns; `None` is as wide as it takes.
    width: Option<usize>,
}

impl Teller {
    /// Standard error as it is now.
    pub fn standard(color: ColorChoice, variables: &BTreeMap<String, String>) -> Self {
        let stderr = io::stderr();
        let is_terminal = stderr.is_terminal();
        let paint = match ColorDepth::detect(color, is_terminal, variables) {
            ColorDepth::None => Paint::Off,
            ColorDepth::Ansi16 | ColorDepth::Indexed256 | ColorDepth::TrueColor => Paint::On,
        };
        let width = is_terminal.then(|| {
            rustix::termios::tcgetwinsize(&stderr)
                .ok()
                .map(|size| usize::from(size.ws_col))
                .filter(|columns| *columns > 0)
                .unwrap_or(80)
        });
        Self { paint, width }
    }

    /// Says lines. Whoever has gone away hears nothing, and the work goes on.
    pub fn say(&self, lines: impl IntoIterator<Item = Line>) {
        write(&text(lines, self.paint, self.width));
    }

    /// Says one line of plain text.
    pub fn note(&self, text: impl AsRef<str>) {
        self.say([Line::of(Role::Plain, text)]);
    }

    /// Says that something deserves attention.
    pub fn warn(&self, text: impl AsRef<str>) {
        self.say([Line::of(Role::Warn, "warning: ")
            .hanging()
            .with(Role::Plain, text)]);
    }

    /// Asks: the line stays open for the answer.
    pub fn ask(&self, mark: &str) {
        write(mark);
    }
}

fn write(text: &str) {
    let mut out = io::stderr().lock();
    // If standard error is gone there is nobody to tell, and a run does not end for that.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Lines as text.
pub fn text(lines: impl IntoIterator<Item = Line>, paint: Paint, width: Option<usize>) -> String {
    let mut text = String::new();
    for line in lines {
        let fitted = match width {
            Some(columns) => line.fit(columns),
            None => vec![line],
        };
        for line in fitted {
            let mut painted = " ".repeat(line.indent);
            for span in &line.spans {
                painted.push_str(&paint.apply(tone(span.role), &span.text));
            }
            text.push_str(painted.trim_end());
            text.push('\n');
        }
    }
    text
}

/// How a part is painted.
pub const fn tone(role: Role) -> Tone {
    match role {
        Role::Plain => Tone::Plain,
        Role::Heading | Role::Key => Tone::Strong,
        Role::Dim => Tone::Muted,
        Role::Add | Role::Good => Tone::Ok,
        Role::Remove | Role::Bad => Tone::Crit,
        Role::Change | Role::Warn => Tone::Warn,
    }
}
