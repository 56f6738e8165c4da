//! A terminal that is not told what it knows: a frame in which nothing changed writes nothing.

use std::io;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// A backend that leaves out what would change nothing. The terminal library itself resets colours
/// and hides the cursor in every frame.
pub struct Quiet<B> {
    inner: B,
    cursor: Cursor,
}

/// The terminal's cursor as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cursor {
    /// Nobody has said, or another program had the terminal meanwhile.
    Unknown,
    /// Not shown; where it is does not matter.
    Hidden,
    /// Shown, somewhere.
    Shown,
    /// Shown there.
    At(Position),
}

impl<B> Quiet<B> {
    /// The same terminal, told less.
    pub fn new(inner: B) -> Self {
        Self {
            inner,
            cursor: Cursor::Unknown,
        }
    }
}

impl<B> Quiet<B> {
    /// From here on the terminal belongs to somebody else, and its cursor is shown already.
    pub(super) fn given_back(&mut self) {
        self.cursor = Cursor::Shown;
    }
}

impl<B: Backend<Error = io::Error>> Backend for Quiet<B> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        // Writing moves it.
        if let Cursor::At(_) = self.cursor {
            self.cursor = Cursor::Shown;
        }
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor != Cursor::Hidden {
            self.inner.hide_cursor()?;
            self.cursor = Cursor::Hidden;
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        match self.cursor {
            Cursor::Shown | Cursor::At(_) => {}
            Cursor::Unknown | Cursor::Hidden => {
                self.inner.show_cursor()?;
                self.cursor = Cursor::Shown;
            }
        }
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        match self.cursor {
            Cursor::At(known) if known == position => return Ok(()),
            Cursor::At(_) | Cursor::Shown => self.cursor = Cursor::At(position),
            Cursor::Unknown | Cursor::Hidden => {}
        }
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.cursor = Cursor::Unknown;
        self.inner.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::Write;
    use std::rc::Rc;

    use ratatui::Terminal;
    use ratatui::backend::CrosstermBackend;
    use ratatui::layout::Rect;
    use ratatui::{TerminalOptions, Viewport};

    use super::*;

    /// Counts what it is given.
    #[derive(Clone, Default)]
    struct Count(Rc<RefCell<usize>>);

    impl Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            *self.0.borrow_mut() += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_unchanged_frame_writes_nothing() {
        let count = Count::default();
        let options = TerminalOptions {
            viewport: Viewport::Fixed(Rect::new(0, 0, 20, 2)),
        };
        let backend = Quiet::new(CrosstermBackend::new(count.clone()));
        let mut terminal = Terminal::with_options(backend, options).expect("a terminal in memory");
        let there = Some(Position::new(3, 1));
        for (text, cursor, writes) in [
            ("one", None, true),
            ("one", None, false),
            ("two", None, true),
            ("two", there, true),
            ("two", there, false),
            ("six", there, true),
            ("six", None, true),
            ("six", None, false),
        ] {
            let before = *count.0.borrow();
            terminal
                .draw(|frame| {
                    frame.render_widget(text, frame.area());
                    if let Some(cursor) = cursor {
                        frame.set_cursor_position(cursor);
                    }
                })
                .expect("memory takes it");
            assert_eq!(*count.0.borrow() > before, writes, "{text}, cursor at {cursor:?}");
        }
    }
}
