//! A frame as text and as a map of styles.

use std::fmt::Write;
use std::rc::Rc;

use quarterdeck::app::msg::Msg;
use quarterdeck::app::update::update;
use quarterdeck::config::theme::{self, ColorDepth, Themes};
use quarterdeck::console::quiet::Quiet;
use quarterdeck::view;
use quarterdeck::view::styles::{Glyphs, Styles};
use ratatui::backend::{CrosstermBackend, TestBackend};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::{Terminal, TerminalOptions, Viewport};
use unicode_width::UnicodeWidthStr;

use super::stage::Stage;

/// Theme, colours and glyphs.
#[derive(Clone, Copy)]
pub struct Look {
    pub theme: &'static str,
    pub depth: ColorDepth,
    pub glyphs: Glyphs,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            theme: theme::DEFAULT,
            depth: ColorDepth::TrueColor,
            glyphs: Glyphs::Unicode,
        }
    }
}

/// The styles of a look.
pub fn styles(look: Look) -> Styles {
    let themes = Themes::shipped();
    let theme = themes.get(look.theme).expect("it is shipped");
    Styles::of(&theme.at(look.depth), look.glyphs)
}

/// The frame that the console would show in a terminal of this size.
pub fn frame(stage: &mut Stage, (width, height): (u16, u16), styles: &Styles) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory");
    // As the console does: what drawing measured comes back, and may change what is drawn.
    loop {
        let mut geometry = None;
        terminal
            .draw(|frame| geometry = Some(view::draw(frame, &stage.state, styles)))
            .expect("a terminal in memory takes it");
        let geometry = geometry.expect("it was drawn");
        if !update(&mut stage.state, Msg::Drawn(geometry)).redraw {
            return terminal.backend().buffer().clone();
        }
    }
}

/// Text, then the styles of each row in runs, then what the styles are.
pub fn paint(stage: &mut Stage, size: (u16, u16), styles: &Styles) -> String {
    let buffer = frame(stage, size, styles);
    let names = names(styles);
    let mut out = text(&buffer);
    out.push_str("\n== styles\n");
    let mut used: Vec<(String, Style)> = Vec::new();
    for y in 0..buffer.area.height {
        let mut runs: Vec<(String, u16)> = Vec::new();
        for (_, cell, wide) in cells(&buffer, y) {
            let name = name_of(&names, cell.style());
            if !used.iter().any(|(known, _)| *known == name) {
                used.push((name.clone(), cell.style()));
            }
            match runs.last_mut() {
                Some((last, count)) if *last == name => *count += wide,
                _ => runs.push((name, wide)),
            }
        }
        let runs: Vec<String> = runs
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        writeln!(out, "{:>2}: {}", y + 1, runs.join(", ")).expect("text takes it");
    }
    out.push_str("== legend\n");
    used.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, style) in used {
        writeln!(out, "{name}: {}", shown(style)).expect("text takes it");
    }
    out
}

/// The text alone, as a terminal shows it, blanks at the ends of lines left out.
pub fn text(buffer: &Buffer) -> String {
    let rows = (0..buffer.area.height).map(|y| {
        let row: String = cells(buffer, y).map(|(_, cell, _)| cell.symbol()).collect();
        row.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// The cells of a row with their columns and widths; what a wide character covers is left out.
fn cells(buffer: &Buffer, y: u16) -> impl Iterator<Item = (u16, &Cell, u16)> {
    let mut x = 0;
    std::iter::from_fn(move || {
        if x >= buffer.area.width {
            return None;
        }
        let at = x;
        let cell = &buffer[(x, y)];
        let wide = u16::try_from(cell.symbol().width())
            .expect("a cell is narrow")
            .max(1);
        x += wide;
        Some((at, cell, wide))
    })
}

fn names(styles: &Styles) -> Vec<(&'static str, Style)> {
    let mut names = vec![
        ("base", styles.base),
        ("muted", styles.muted),
        ("strong", styles.strong),
        ("ok", styles.ok),
        ("warn", styles.warn),
        ("crit", styles.crit),
        ("unknown", styles.unknown),
        ("stale", styles.stale),
        ("accent", styles.accent),
        ("heading", styles.heading),
        ("key", styles.key),
        ("input", styles.input),
        ("search", styles.search),
        ("overlay", styles.overlay),
        ("chart", styles.chart),
        ("marked", styles.marked),
        ("selection", styles.selection),
    ];
    for (name, style) in ["trace", "debug", "info", "warning", "error", "fatal"]
        .into_iter()
        .zip(styles.log)
    {
        names.push((name, style));
    }
    for (name, style) in ["prod", "staging", "dev", "demo", "unknown estate"]
        .into_iter()
        .zip(styles.header)
    {
        names.push((name, style));
    }
    names
}

/// The name of a style, or of two of which one lies over the other.
fn name_of(names: &[(&'static str, Style)], seen: Style) -> String {
    let blank = Style::new().fg(Color::Reset).bg(Color::Reset);
    let base = blank.patch(names[0].1);
    let same = |style: Style| shown(style) == shown(seen);
    let single = names.iter().find(|(_, style)| same(base.patch(*style)));
    if let Some((name, _)) = single {
        return (*name).to_owned();
    }
    for (under, below) in names {
        for (over, above) in names {
            if same(base.patch(*below).patch(*above)) {
                return format!("{under}+{over}");
            }
        }
    }
    shown(seen)
}

fn shown(style: Style) -> String {
    let color = |color: Option<Color>| color.unwrap_or(Color::Reset).to_string();
    let mut out = format!("{} on {}", color(style.fg), color(style.bg));
    let modifiers = style.add_modifier;
    for (modifier, name) in [
        (Modifier::BOLD, "bold"),
        (Modifier::DIM, "dim"),
        (Modifier::ITALIC, "italic"),
        (Modifier::UNDERLINED, "underlined"),
        (Modifier::REVERSED, "reversed"),
    ] {
        if modifiers.contains(modifier) {
            write!(out, " {name}").expect("text takes it");
        }
    }
    out
}

/// A terminal of which only what is written to it is known.
pub struct Wire {
    terminal: Terminal<Quiet<CrosstermBackend<Count>>>,
    written: Rc<Counter>,
}

type Counter = std::cell::Cell<usize>;

/// Counts what it is given.
struct Count(Rc<Counter>);

impl Wire {
    /// A terminal on which nothing has been drawn.
    pub fn new((width, height): (u16, u16)) -> Self {
        let written = Rc::new(Counter::new(0));
        let backend = Quiet::new(CrosstermBackend::new(Count(written.clone())));
        let options = TerminalOptions {
            viewport: Viewport::Fixed(Rect::new(0, 0, width, height)),
        };
        Self {
            terminal: Terminal::with_options(backend, options).expect("a terminal of a known size"),
            written,
        }
    }

    /// Draws, and gives the bytes that this took.
    pub fn draw(&mut self, stage: &mut Stage, styles: &Styles) -> usize {
        let before = self.written.get();
        let mut geometry = None;
        self.terminal
            .draw(|frame| geometry = Some(view::draw(frame, &stage.state, styles)))
            .expect("memory takes it");
        stage.send(Msg::Drawn(geometry.expect("it was drawn")));
        self.written.get() - before
    }
}

impl std::io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
