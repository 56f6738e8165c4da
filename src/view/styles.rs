//! Styles: the only place that knows a colour.

use ratatui::style::{Color, Modifier, Style};

use crate::app::state::Environment;
use crate::app::table::Tone;

/// Everything that looks like something.
#[derive(Debug, Clone)]
pub struct Styles {
    /// Where nothing else is said.
    pub base: Style,
    /// Less important text.
    pub muted: Style,
    /// More important text.
    pub strong: Style,
    /// Well.
    pub ok: Style,
    /// Wrong, not urgent.
    pub warn: Style,
    /// Wrong, urgent.
    pub crit: Style,
    /// Not known.
    pub unknown: Style,
    /// Stands out.
    pub accent: Style,
    /// The selected row.
    pub selection: Style,
    /// Column titles and rules.
    pub heading: Style,
    /// The header of each environment, in the order prod, staging, dev, demo, unknown.
    pub header: [Style; 5],
    /// Borders and rules of plain ASCII.
    pub ascii: bool,
}

impl Styles {
    /// The terminal's own sixteen colours.
    pub fn ansi() -> Self {
        let plain = Style::new();
        let banner = |color| {
            Style::new()
                .fg(Color::Black)
                .bg(color)
                .add_modifier(Modifier::BOLD)
        };
        Self {
            base: plain,
            muted: plain.fg(Color::DarkGray),
            strong: plain.add_modifier(Modifier::BOLD),
            ok: plain.fg(Color::Green),
            warn: plain.fg(Color::Yellow),
            crit: plain.fg(Color::Red).add_modifier(Modifier::BOLD),
            unknown: plain.fg(Color::Magenta),
            accent: plain.fg(Color::Cyan),
            selection: plain.add_modifier(Modifier::REVERSED),
            heading: plain.fg(Color::DarkGray),
            header: [
                banner(Color::Red),
                banner(Color::Yellow),
                banner(Color::Green),
                banner(Color::Cyan),
                banner(Color::Gray),
            ],
            ascii: false,
        }
    }

    /// The style of a tone.
    pub const fn of(&self, tone: Tone) -> Style {
        match tone {
            Tone::Plain => self.base,
            Tone::Muted => self.muted,
            Tone::Strong => self.strong,
            Tone::Ok => self.ok,
            Tone::Warn => self.warn,
            Tone::Crit => self.crit,
            Tone::Unknown => self.unknown,
            Tone::Accent => self.accent,
        }
    }

    /// The header's style.
    pub const fn environment(&self, environment: Environment) -> Style {
        self.header[match environment {
            Environment::Prod => 0,
            Environment::Staging => 1,
            Environment::Dev => 2,
            Environment::Demo => 3,
            Environment::Unknown => 4,
        }]
    }

    /// The character of a horizontal rule.
    pub const fn rule(&self) -> char {
        if self.ascii { '-' } else { '─' }
    }
}
