//! Answers that a person types. What was typed before a question stood there does not answer it.

use std::io::{self, BufRead};
use std::sync::mpsc as threads;
use std::thread;

use rustix::termios::{LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
use tokio::sync::mpsc;

/// Reads lines, each only once it is asked for: a process that reads without need is stopped by the
/// kernel as soon as it is put into the background.
pub struct Keyboard {
    wants: threads::Sender<()>,
    lines: mpsc::UnboundedReceiver<Option<String>>,
    /// Whether a line was asked for that has not come.
    outstanding: bool,
}

impl Keyboard {
    /// The next line that is typed, not shown while it is; `None` at the end of input, and where the terminal
    /// would show it.
    pub async fn secret(&mut self, ask: impl FnOnce()) -> Option<String> {
        let quiet = Quiet::begin();
        quiet.0.as_ref()?;
        self.line(ask).await
    }

    /// Standard input.
    pub fn new() -> Self {
        let (wants, wanted) = threads::channel();
        let (sender, lines) = mpsc::unbounded_channel();
        // It ends with the process: a read of a terminal cannot be called off.
        thread::spawn(move || {
            while wanted.recv().is_ok() {
                if sender.send(read()).is_err() {
                    return;
                }
            }
        });
        Self {
            wants,
            lines,
            outstanding: false,
        }
    }

    /// The next line that is typed from now on, without its line break; `None` at the end of input.
    /// `ask` shows that it is awaited, once everything older is thrown away: who types after that is
    /// heard. May be dropped and called again.
    pub async fn line(&mut self, ask: impl FnOnce()) -> Option<String> {
        while self.lines.try_recv().is_ok() {
            self.outstanding = false;
        }
        // Where input is no terminal nothing is discarded, and nobody is asked either.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        ask();
        if !self.outstanding {
            if self.wants.send(()).is_err() {
                return None;
            }
            self.outstanding = true;
        }
        let line = self.lines.recv().await.flatten();
        self.outstanding = false;
        line
    }
}

/// A terminal that does not show what is typed, until this is dropped.
struct Quiet(Option<Termios>);

impl Quiet {
    fn begin() -> Self {
        let Ok(before) = tcgetattr(io::stdin()) else {
            return Self(None);
        };
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        // The end of the line is shown all the same: what comes next begins a line of its own.
        quiet.local_modes.insert(LocalModes::ECHONL);
        match tcsetattr(io::stdin(), OptionalActions::Now, &quiet) {
            Ok(()) => Self(Some(before)),
            Err(_) => Self(None),
        }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // The terminal is gone if this fails.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

impl Default for Keyboard {
    fn default() -> Self {
        Self::new()
    }
}

fn read() -> Option<String> {
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => {
            if line.ends_with('\n') {
                line.pop();
            }
            Some(line)
        }
    }
}
