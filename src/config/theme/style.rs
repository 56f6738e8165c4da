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
    /// The same style as far as a terminal can show it, still legible.
    ///
    /// Where a background cannot be shown, text and background are exchanged instead, so that the
    /// selection does not vanish. Where text and background come down to the same colour, the text
    /// becomes black or white, whichever stands out.
    #[must_use]
    pub fn at(self, depth: ColorDepth) -> Self {
        let fg = self.fg.map(|color| color.at(depth));
        let bg = self.bg.map(|color| color.at(depth));
        if depth == ColorDepth::None {
            let had_background = self.bg.is_some_and(|color| color != ThemeColor::Default);
            let mut modifiers = self.modifiers;
            modifiers.reverse |= had_background;
            return Self {
                fg: None,
                bg: None,
                modifiers,
            };
        }
        let vanishes =
            fg.is_some() && fg == bg && fg != Some(ThemeColor::Default) && self.fg != self.bg;
        let fg = if vanishes {
            let luminance = bg.and_then(ThemeColor::rgb).map_or(0.0, Rgb::luminance);
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
        let color =
            |text: &str| (!text.is_empty()).then(|| ThemeColor::parse(text).expect("a colour"));
        ThemeStyle {
            fg: color(fg),
            bg: color(bg),
            modifiers: ThemeModifiers::default(),
        }
    }

    #[test]
    fn without_colours_a_background_becomes_reversed_text() {
        assert!(style("#fff", "#00f").at(ColorDepth::None).modifiers.reverse);
        assert!(!style("#fff", "").at(ColorDepth::None).modifiers.reverse);
        assert!(
            !style("#fff", "default")
                .at(ColorDepth::None)
                .modifiers
                .reverse
        );
        assert_eq!(style("red", "").at(ColorDepth::None), ThemeStyle::default());
    }

    #[test]
    fn text_never_takes_the_colour_of_its_background() {
        let dark = style("#303030", "#101010").at(ColorDepth::Ansi16);
        assert_eq!(dark, style("bright-white", "black"));
        let bright = style("#fdfdfd", "#f4f4f4").at(ColorDepth::Ansi16);
        assert_eq!(bright, style("black", "bright-white"));
        let kept = style("red", "#000").at(ColorDepth::Ansi16);
        assert_eq!(kept, style("red", "black"));
    }
}
