//! A style: two colours and what else a terminal can do to text.

use super::{Ansi, ColorDepth, Rgb, ThemeColor};

/// What a terminal does to text beside colouring it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ThemeModifiers {
    /// Bold or bright.
    pub bold: bool,
    /// Faint.
    pub dim: bool,
    /// Italic; many terminals show it reversed or not at all.
    pub italic: bool,
    /// Underlined.
    pub underline: bool,
    /// Text and background colour exchanged.
    pub reverse: bool,
}

/// The style of a role. What is not set is left as it is on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ThemeStyle {
    /// Colour of the text.
    pub fg: Option<ThemeColor>,
    /// Colour behind the text.
    pub bg: Option<ThemeColor>,
    /// What else.
    pub modifiers: ThemeModifiers,
}

impl ThemeStyle {
    /// The same style as far as a terminal can show it, still legible, on a screen with this
    /// background.
    ///
    /// Where a background of its own cannot be shown, or comes down to that of the screen, text and
    /// background are exchanged instead, so that the selection does not vanish. Where text and background come down to the same colour,
    /// the text becomes black or white, whichever stands out.
    #[must_use]
    pub fn at(self, depth: ColorDepth, screen: Option<ThemeColor>) -> Self {
        let at = |color: ThemeColor| color.at(depth);
        let has_own = self.bg.is_some_and(|bg| bg != ThemeColor::Default) && self.bg != screen;
        let is_lost = depth == ColorDepth::None || self.bg.map(at) == screen.map(at);
        if has_own && is_lost {
            let mut modifiers = self.modifiers;
            modifiers.reverse = true;
            return Self {
                fg: None,
                bg: None,
                modifiers,
            };
        }
        if depth == ColorDepth::None {
            return Self {
                fg: None,
                bg: None,
                ..self
            };
        }
        let fg = self.fg.map(at);
        let bg = self.bg.map(at);
        let behind = self.bg.or(screen);
        let vanishes =
            self.fg != behind && fg.is_some_and(|fg| fg != ThemeColor::Default) && fg == behind.map(at);
        let fg = if vanishes {
            let luminance = behind.and_then(ThemeColor::rgb).map_or(0.0, Rgb::luminance);
            // At this luminance black and white stand out equally.
            let readable = if luminance > 0.179 {
                Ansi::Black
            } else {
                Ansi::BrightWhite
            };
            Some(ThemeColor::Ansi(readable))
        } else {
            fg
        };
        Self { fg, bg, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(fg: &str, bg: &str) -> ThemeStyle {
        let color = |text: &str| (!text.is_empty()).then(|| ThemeColor::parse(text).expect("a colour"));
        ThemeStyle {
            fg: color(fg),
            bg: color(bg),
            modifiers: ThemeModifiers::default(),
        }
    }

    const SCREEN: Option<ThemeColor> = Some(ThemeColor::Rgb(Rgb::new(0, 0, 0)));

    #[test]
    fn without_colours_a_background_of_its_own_becomes_reversed_text() {
        let reversed = |style: ThemeStyle, screen| {
            let style = style.at(ColorDepth::None, screen);
            assert_eq!((style.fg, style.bg), (None, None));
            style.modifiers.reverse
        };
        assert!(reversed(style("#fff", "#00f"), SCREEN));
        assert!(reversed(style("#fff", "#00f"), None));
        assert!(!reversed(style("#fff", "#000"), SCREEN), "the screen itself");
        assert!(!reversed(style("#fff", ""), SCREEN));
        assert!(!reversed(style("#fff", "default"), SCREEN));
    }

    #[test]
    fn a_background_that_comes_down_to_the_screens_becomes_reversed_text() {
        let style = style("#ffffff", "#1b1b1b");
        let at16 = style.at(ColorDepth::Ansi16, SCREEN);
        assert_eq!((at16.fg, at16.bg, at16.modifiers.reverse), (None, None, true));
        assert_eq!(style.at(ColorDepth::TrueColor, SCREEN), style);
    }

    #[test]
    fn text_never_takes_the_colour_of_what_is_behind_it() {
        let at16 = |fg, bg, screen| style(fg, bg).at(ColorDepth::Ansi16, screen);
        assert_eq!(at16("#303030", "#101010", None), style("bright-white", "black"));
        assert_eq!(at16("#fdfdfd", "#f4f4f4", None), style("black", "bright-white"));
        assert_eq!(at16("#303030", "", SCREEN), style("bright-white", ""));
        assert_eq!(at16("red", "#000", None), style("red", "black"));
        assert_eq!(at16("default", "default", None), style("default", "default"));
    }
}
