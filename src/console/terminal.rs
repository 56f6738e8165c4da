//! The terminal: taken at the start, given back on every way out.

use std::io::{self, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::Terminal;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use ratatui::crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{execute, queue};

use crate::console::quiet::Quiet;

/// Whether the terminal is ours, for the panic hook.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while the console has it.
pub struct Screen {
    terminal: Terminal<Quiet<CrosstermBackend<Buffered>>>,
}

/// Standard output, collected into one write a frame.
struct Buffered {
    out: Stdout,
    pending: Vec<u8>,
}

impl Write for Buffered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.pending.is_empty() {
            self.out.write_all(&self.pending)?;
            self.pending.clear();
        }
        self.out.flush()
    }
}

impl Screen {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste.
    pub fn take() -> io::Result<Self> {
        install_panic_hook();
        enter()?;
        let buffered = Buffered {
            out: io::stdout(),
            pending: Vec::with_capacity(16 * 1024),
        };
        Ok(Self {
            terminal: Terminal::new(Quiet::new(CrosstermBackend::new(buffered)))?,
        })
    }

    /// Draws a frame; only what changed is written, and nothing at all if nothing did.
    pub fn draw<T>(&mut self, render: impl FnOnce(&mut ratatui::Frame<'_>) -> T) -> io::Result<T> {
        let mut result = None;
        self.terminal.draw(|frame| result = Some(render(frame)))?;
        Ok(result.expect("draw calls its closure"))
    }

    /// Forgets what is on screen, so that the next frame is written whole.
    pub fn clear(&mut self) -> io::Result<()> {
        // `Terminal::clear` would ask the terminal where its cursor is, and the answer would have to
        // get past the thread that reads keys.
        self.terminal.swap_buffers();
        self.terminal.backend_mut().clear()
    }

    /// Gives the terminal back until [`Screen::resume`].
    pub fn suspend(&mut self) -> io::Result<()> {
        leave()
    }

    /// Takes the terminal again.
    pub fn resume(&mut self) -> io::Result<()> {
        enter()?;
        self.clear()
    }

    /// Writes bytes that are not part of a frame, such as a clipboard sequence.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(bytes)?;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // There is nobody left to tell, and nothing else to try.
        let _ = leave();
        // The terminal library would show the cursor once more, and complain where the line is cut.
        self.terminal.backend_mut().given_back();
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)
}

fn leave() -> io::Result<()> {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        queue!(
            out,
            EndSynchronizedUpdate,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        )?;
        out.flush()?;
        disable_raw_mode()?;
    }
    Ok(())
}

/// Restores the terminal before a panic is printed.
fn install_panic_hook() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // A panic is being handled: its message matters more than this error.
        let _ = leave();
        before(panic);
    }));
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use portable_pty::{CommandBuilder, PtySize, native_pty_system};

    use super::*;

    /// Set in the process that is to panic.
    const PANICS: &str = "QD_TEST_PANICS";

    #[test]
    fn a_panic_while_drawing_gives_the_terminal_back_before_it_is_told() {
        if std::env::var_os(PANICS).is_some() {
            let mut screen = Screen::take().unwrap();
            screen.draw::<()>(|_| panic!("a mistake of a pane")).unwrap();
            return;
        }
        let pair = native_pty_system()
            .openpty(PtySize {
                rows: 24,
                cols: 80,
                ..PtySize::default()
            })
            .unwrap();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args([
            "console::terminal::tests::a_panic_while_drawing_gives_the_terminal_back_before_it_is_told",
            "--exact",
            "--nocapture",
        ]);
        command.env(PANICS, "1");
        let mut child = pair.slave.spawn_command(command).unwrap();
        let mut output = pair.master.try_clone_reader().unwrap();
        drop(pair.slave);
        let mut said = Vec::new();
        // A terminal that nobody holds any more ends with an error.
        let _ = output.read_to_end(&mut said);
        assert!(!child.wait().unwrap().success());
        let said = String::from_utf8_lossy(&said);
        let at = |part: &str| {
            said.find(part)
                .unwrap_or_else(|| panic!("{part:?} is not in {said:?}"))
        };
        let (taken, given_back) = (at("\u{1b}[?1049h"), at("\u{1b}[?1049l"));
        assert!(taken < given_back, "{said:?}");
        assert!(at("\u{1b}[?25h") > taken, "the cursor shows again: {said:?}");
        assert!(given_back < at("a mistake of a pane"), "{said:?}");
    }
}
