//! Input: a thread of its own that reads the terminal, and can be paused while somebody else
//! has it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc;

use crate::config::keys::{Chord, Key, Modifiers};

/// What comes from the terminal.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A key.
    Key(Chord, Arrival),
    /// Pasted text.
    Paste(String),
    /// The terminal has another size.
    Resized,
    /// The terminal is gone.
    Gone,
}

/// How a key came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// By itself.
    Alone,
    /// Together with what came before it: terminals that do not mark pasted text give it so.
    AtOnce,
}

/// The reading thread.
pub struct Reader {
    paused: Arc<AtomicBool>,
}

/// How long a read waits before it looks whether it is paused.
const POLL: Duration = Duration::from_millis(200);

/// What follows a key within this time came with it: nobody types so fast. The reader looks at nothing at all
/// when it may not wait.
const AT_ONCE: Duration = Duration::from_millis(2);

impl Reader {
    /// Starts to read.
    pub fn start(sender: mpsc::Sender<Input>) -> io::Result<Self> {
        let paused = Arc::new(AtomicBool::new(false));
        let flag = paused.clone();
        thread::Builder::new().name("input".to_owned()).spawn(move || {
            let mut has_read = false;
            loop {
                if flag.load(Ordering::SeqCst) {
                    has_read = false;
                    thread::park_timeout(POLL);
                    continue;
                }
                let input = match next(has_read) {
                    Ok(None) => {
                        has_read = false;
                        continue;
                    }
                    Ok(Some((event, arrival))) => {
                        has_read = true;
                        match translate(event, arrival) {
                            Some(input) => input,
                            None => continue,
                        }
                    }
                    Err(_) => Input::Gone,
                };
                let gone = input == Input::Gone;
                if sender.blocking_send(input).is_err() || gone {
                    return;
                }
            }
        })?;
        Ok(Self { paused })
    }

    /// Stops reading until [`Reader::resume`].
    pub fn pause(&self) {
        self.paused.store(true, Ordering::SeqCst);
    }

    /// Reads again.
    pub fn resume(&self) {
        self.paused.store(false, Ordering::SeqCst);
    }
}

/// The next event, and whether it was there already when the one before had been read; none for a while.
fn next(has_read: bool) -> io::Result<Option<(Event, Arrival)>> {
    let arrival = if has_read && event::poll(AT_ONCE)? {
        Arrival::AtOnce
    } else if event::poll(POLL)? {
        Arrival::Alone
    } else {
        return Ok(None);
    };
    event::read().map(|event| Some((event, arrival)))
}

fn translate(event: Event, arrival: Arrival) -> Option<Input> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => {
            chord(key).map(|chord| Input::Key(chord, arrival))
        }
        Event::Paste(text) => Some(Input::Paste(text)),
        Event::Resize(..) => Some(Input::Resized),
        Event::Key(_) | Event::Mouse(_) | Event::FocusGained | Event::FocusLost => None,
    }
}

fn chord(event: KeyEvent) -> Option<Chord> {
    let key = match event.code {
        KeyCode::Char(character) => Key::Char(character),
        KeyCode::F(number) => Key::F(number),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => {
            return Some(Chord::new(
                Key::Tab,
                Modifiers {
                    shift: true,
                    ..Modifiers::NONE
                },
            ));
        }
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        _ => return None,
    };
    let held = |modifier| event.modifiers.contains(modifier);
    Some(Chord::new(
        key,
        Modifiers {
            ctrl: held(KeyModifiers::CONTROL),
            alt: held(KeyModifiers::ALT),
            shift: held(KeyModifiers::SHIFT),
        },
    ))
}
