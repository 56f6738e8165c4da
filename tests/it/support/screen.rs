//! A program in a real pseudo-terminal, and what a person would see there.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

use super::PATIENCE;
use super::wait::wait_for;

/// A terminal with a program in it. The program is killed when this is dropped.
pub struct Screen {
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<Seen>,
}

/// What came out of the terminal, and a bell that rings when more does.
#[derive(Default)]
struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    terminal: vt100::Parser,
    bytes: Vec<u8>,
    closed: bool,
}

impl Screen {
    /// Starts a program in a terminal of this size.
    pub fn spawn(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system()
            .openpty(size(columns, rows))
            .expect("there is a free pseudo-terminal");
        let child = pair.slave.spawn_command(command).expect("the program starts");
        // Ours would keep the terminal open after the program's end.
        drop(pair.slave);
        let output = pair.master.try_clone_reader().expect("the terminal can be read");
        let seen = Arc::new(Seen::default());
        seen.lock()
            .terminal
            .screen_mut()
            .set_size(at_least_one(rows), at_least_one(columns));
        let reader = Arc::clone(&seen);
        thread::spawn(move || reader.fill_from(output));
        Self {
            keyboard: pair.master.take_writer().expect("the terminal can be written to"),
            master: pair.master,
            child,
            seen,
        }
    }

    /// Types these characters; escape sequences are keys, such as `\x1b[A` for up and `\r` for Enter.
    pub fn send_keys(&mut self, keys: &str) {
        self.keyboard
            .write_all(keys.as_bytes())
            .expect("the terminal takes keys");
        self.keyboard.flush().expect("the terminal takes keys");
    }

    /// Changes the terminal's size, as a window manager does.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        let mut state = self.seen.lock();
        state
            .terminal
            .screen_mut()
            .set_size(at_least_one(rows), at_least_one(columns));
        self.master
            .resize(size(columns, rows))
            .expect("the terminal can be resized");
    }

    /// The text on the screen, without spaces at the ends of lines.
    pub fn contents(&self) -> String {
        self.seen.lock().terminal.screen().contents()
    }

    /// Looks at the whole terminal: cells with their colours, cursor, modes.
    pub fn look<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.seen.lock().terminal.screen())
    }

    /// Everything that the program has written so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.lock().bytes.clone()
    }

    /// How many bytes the program has written so far.
    pub fn bytes_received(&self) -> usize {
        self.seen.lock().bytes.len()
    }

    /// Waits until this text is somewhere on the screen; if it never is, shows the screen and fails.
    #[track_caller]
    pub fn wait_for_text(&self, text: &str) {
        self.wait_until(&format!("{text:?}"), |screen| screen.contents().contains(text));
    }

    /// Waits until the screen is so; if it never is, shows it and fails.
    #[track_caller]
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.seen.lock();
        while !is_so(state.terminal.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !state.closed,
                "the screen never showed {what}{}; it shows\n{}",
                if state.closed {
                    " before the program ended"
                } else {
                    ""
                },
                state.terminal.screen().contents(),
            );
            state = self
                .seen
                .changed
                .wait_timeout(state, left)
                .expect("no reader panics")
                .0;
        }
    }

    /// Waits until the program has been silent for that long, and tells how much it has written.
    #[track_caller]
    pub fn wait_for_silence(&self, silence: Duration) -> usize {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.seen.lock();
        loop {
            let before = state.bytes.len();
            assert!(
                Instant::now() < deadline,
                "the program never was silent for {silence:?}"
            );
            let (next, outcome) = self
                .seen
                .changed
                .wait_timeout(state, silence)
                .expect("no reader panics");
            state = next;
            if outcome.timed_out() && state.bytes.len() == before || state.closed {
                return state.bytes.len();
            }
        }
    }

    /// The program's process id.
    pub fn process_id(&self) -> u32 {
        self.child.process_id().expect("the program was started")
    }

    /// Waits for the program's end.
    #[track_caller]
    pub fn wait_for_end(&mut self) -> ExitStatus {
        let status = wait_for(PATIENCE, "the program to end", || {
            self.child.try_wait().expect("our own child can be waited for")
        });
        // What it wrote last may still be on its way.
        let mut state = self.seen.lock();
        while !state.closed {
            let (next, outcome) = self
                .seen
                .changed
                .wait_timeout(state, PATIENCE)
                .expect("no reader panics");
            assert!(
                !outcome.timed_out(),
                "the terminal stays open after the program's end"
            );
            state = next;
        }
        status
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Seen {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no reader panics")
    }

    fn fill_from(&self, mut output: impl Read) {
        let mut buffer = [0; 4096];
        loop {
            // The kernel says EIO, and not the end, once the other side is closed.
            let count = output.read(&mut buffer).unwrap_or(0);
            let mut state = self.lock();
            state.terminal.process(&buffer[..count]);
            state.bytes.extend_from_slice(&buffer[..count]);
            state.closed = count == 0;
            self.changed.notify_all();
            if state.closed {
                return;
            }
        }
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn at_least_one(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap_or(NonZeroU16::MIN)
}
