//! Styles: a theme in the terminal library's own terms. The only place that knows a colour.

use ratatui::style::{Color, Modifier, Style};

use crate::app::state::Environment;
use crate::app::table::Tone;
use crate::app::theme::{Ansi, Role, Theme, ThemeColor, ThemeModifiers, ThemeStyle};

/// How frames and graphs are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Box drawing and blocks.
    #[default]
    Unicode,
    /// Plain ASCII.
    Ascii,
}

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
    /// Old.
    pub stale: Style,
    /// Stands out.
    pub accent: Style,
    /// The selected row.
    pub selection: Style,
    /// Marked rows.
    pub marked: Style,
    /// Column titles and rules.
    pub heading: Style,
    /// Keys in hints.
    pub key: Style,
    /// A line being typed.
    pub input: Style,
    /// What a search found.
    pub search: Style,
    /// Boxes above the panes.
    pub overlay: Style,
    /// Graphs.
    pub chart: Style,
    /// Log levels: trace, debug, info, warning, error, fatal.
    pub log: [Style; 6],
    /// The header of each environment, in the order prod, staging, dev, demo, unknown.
    pub header: [Style; 5],
    /// Whether frames and graphs are plain ASCII.
    pub ascii: bool,
}

impl Styles {
    /// The styles of a theme that has been brought down to what the terminal shows.
    pub fn of(theme: &Theme, glyphs: Glyphs) -> Self {
        let role = |role| style(theme.style(role));
        Self {
            base: role(Role::Text),
            muted: role(Role::Muted),
            strong: Style::new().add_modifier(Modifier::BOLD),
            ok: role(Role::Ok),
            warn: role(Role::Warn),
            crit: role(Role::Crit),
            unknown: role(Role::Unknown),
            stale: role(Role::Stale),
            accent: role(Role::Accent),
            selection: role(Role::Selection),
            marked: role(Role::Marked),
            heading: role(Role::Title),
            key: role(Role::Key),
            input: role(Role::Input),
            search: role(Role::SearchMatch),
            overlay: role(Role::Overlay),
            chart: role(Role::Chart1),
            log: [
                role(Role::LogTrace),
                role(Role::LogDebug),
                role(Role::LogInfo),
                role(Role::LogWarn),
                role(Role::LogError),
                role(Role::LogFatal),
            ],
            header: [
                role(Role::HeaderProd),
                role(Role::HeaderStaging),
                role(Role::HeaderDev),
                role(Role::HeaderDemo),
                role(Role::Header),
            ],
            ascii: glyphs == Glyphs::Ascii,
        }
    }

    /// The style of a tone.
    pub const fn tone(&self, tone: Tone) -> Style {
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

fn style(of: ThemeStyle) -> Style {
    let ThemeStyle { fg, bg, modifiers } = of;
    let mut style = Style::new();
    if let Some(fg) = fg {
        style = style.fg(color(fg));
    }
    if let Some(bg) = bg {
        style = style.bg(color(bg));
    }
    let ThemeModifiers {
        bold,
        dim,
        italic,
        underline,
        reverse,
    } = modifiers;
    for (set, modifier) in [
        (bold, Modifier::BOLD),
        (dim, Modifier::DIM),
        (italic, Modifier::ITALIC),
        (underline, Modifier::UNDERLINED),
        (reverse, Modifier::REVERSED),
    ] {
        if set {
            style = style.add_modifier(modifier);
        }
    }
    style
}

fn color(of: ThemeColor) -> Color {
    match of {
        ThemeColor::Default => Color::Reset,
        ThemeColor::Ansi(ansi) => match ansi {
            Ansi::Black => Color::Black,
            Ansi::Red => Color::Red,
            Ansi::Green => Color::Green,
            Ansi::Yellow => Color::Yellow,
            Ansi::Blue => Color::Blue,
            Ansi::Magenta => Color::Magenta,
            Ansi::Cyan => Color::Cyan,
            Ansi::White => Color::Gray,
            Ansi::BrightBlack => Color::DarkGray,
            Ansi::BrightRed => Color::LightRed,
            Ansi::BrightGreen => Color::LightGreen,
            Ansi::BrightYellow => Color::LightYellow,
            Ansi::BrightBlue => Color::LightBlue,
            Ansi::BrightMagenta => Color::LightMagenta,
            Ansi::BrightCyan => Color::LightCyan,
            Ansi::BrightWhite => Color::White,
        },
        ThemeColor::Indexed(index) => Color::Indexed(index),
        ThemeColor::Rgb(rgb) => Color::Rgb(rgb.r, rgb.g, rgb.b),
    }
}
