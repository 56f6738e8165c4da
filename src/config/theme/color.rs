//! Colours: the terminal's own, the sixteen names, the 256 indices, and exact ones.

use std::fmt;

use super::ColorDepth;
use crate::domain::diagnostic::{nearest, quoted};

/// An exact colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rgb {
    /// Red, 0 to 255.
    pub r: u8,
    /// Green, 0 to 255.
    pub g: u8,
    /// Blue, 0 to 255.
    pub b: u8,
}

impl Rgb {
    /// An exact colour of its three parts.
    pub const fn new(r: u8, g: u8, b: u8) -> Self {
        Self { r, g, b }
    }

    /// Relative luminance, 0 (black) to 1 (white), as WCAG 2 defines it.
    pub fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(self.r) + 0.7152 * linear(self.g) + 0.0722 * linear(self.b)
    }

    /// Contrast with another colour, 1 (none) to 21 (black on white), as WCAG 2 defines it.
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Hue in degrees, red 0, green 120, blue 240; none if the colour is too grey to have one.
    fn hue(self) -> Option<f64> {
        let [r, g, b] = [self.r, self.g, self.b].map(f64::from);
        let most = r.max(g).max(b);
        let chroma = most - r.min(g).min(b);
        if chroma < 64.0 {
            return None;
        }
        let sixth = if most == r {
            (g - b) / chroma
        } else if most == g {
            (b - r) / chroma + 2.0
        } else {
            (r - g) / chroma + 4.0
        };
        Some((sixth * 60.0).rem_euclid(360.0))
    }

    /// How different two colours look; only for comparing differences with each other.
    fn difference(self, other: Self) -> u32 {
        // "Redmean", close to perception at the price of a few multiplications.
        let delta = |a: u8, b: u8| i32::from(a) - i32::from(b);
        let mean = i32::midpoint(i32::from(self.r), i32::from(other.r));
        let (r, g, b) = (
            delta(self.r, other.r),
            delta(self.g, other.g),
            delta(self.b, other.b),
        );
        let sum = (((512 + mean) * r * r) >> 8) + 4 * g * g + (((767 - mean) * b * b) >> 8);
        sum.unsigned_abs()
    }
}

/// The sixteen colours that every terminal has and its user may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ansi {
    /// Index 0.
    Black,
    /// Index 1.
    Red,
    /// Index 2.
    Green,
    /// Index 3.
    Yellow,
    /// Index 4.
    Blue,
    /// Index 5.
    Magenta,
    /// Index 6.
    Cyan,
    /// Index 7, a light grey.
    White,
    /// Index 8, a dark grey.
    BrightBlack,
    /// Index 9.
    BrightRed,
    /// Index 10.
    BrightGreen,
    /// Index 11.
    BrightYellow,
    /// Index 12.
    BrightBlue,
    /// Index 13.
    BrightMagenta,
    /// Index 14.
    BrightCyan,
    /// Index 15.
    BrightWhite,
}

impl Ansi {
    /// The colours in the order of their indices.
    pub const ALL: [Self; 16] = [
        Self::Black,
        Self::Red,
        Self::Green,
        Self::Yellow,
        Self::Blue,
        Self::Magenta,
        Self::Cyan,
        Self::White,
        Self::BrightBlack,
        Self::BrightRed,
        Self::BrightGreen,
        Self::BrightYellow,
        Self::BrightBlue,
        Self::BrightMagenta,
        Self::BrightCyan,
        Self::BrightWhite,
    ];

    /// Its name in a theme file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Black => "black",
            Self::Red => "red",
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Blue => "blue",
            Self::Magenta => "magenta",
            Self::Cyan => "cyan",
            Self::White => "white",
            Self::BrightBlack => "bright-black",
            Self::BrightRed => "bright-red",
            Self::BrightGreen => "bright-green",
            Self::BrightYellow => "bright-yellow",
            Self::BrightBlue => "bright-blue",
            Self::BrightMagenta => "bright-magenta",
            Self::BrightCyan => "bright-cyan",
            Self::BrightWhite => "bright-white",
        }
    }

    /// What xterm shows for it by default; any other terminal may differ.
    pub fn rgb(self) -> Rgb {
        match self {
            Self::Black => Rgb::new(0, 0, 0),
            Self::Red => Rgb::new(205, 0, 0),
            Self::Green => Rgb::new(0, 205, 0),
            Self::Yellow => Rgb::new(205, 205, 0),
            Self::Blue => Rgb::new(0, 0, 238),
            Self::Magenta => Rgb::new(205, 0, 205),
            Self::Cyan => Rgb::new(0, 205, 205),
            Self::White => Rgb::new(229, 229, 229),
            Self::BrightBlack => Rgb::new(127, 127, 127),
            Self::BrightRed => Rgb::new(255, 0, 0),
            Self::BrightGreen => Rgb::new(0, 255, 0),
            Self::BrightYellow => Rgb::new(255, 255, 0),
            Self::BrightBlue => Rgb::new(92, 92, 255),
            Self::BrightMagenta => Rgb::new(255, 0, 255),
            Self::BrightCyan => Rgb::new(0, 255, 255),
            Self::BrightWhite => Rgb::new(255, 255, 255),
        }
    }
}

/// A colour as a theme names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ThemeColor {
    /// Whatever the terminal uses by itself.
    Default,
    /// One of the sixteen names.
    Ansi(Ansi),
    /// One of the 256 colours of xterm.
    Indexed(u8),
    /// An exact colour.
    Rgb(Rgb),
}

/// Why a text is not a colour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is no colour", quoted(.found))]
pub struct ColorError {
    /// The text.
    pub found: String,
    /// The name that was probably meant.
    pub nearest: Option<&'static str>,
}

impl ThemeColor {
    /// Reads `default`, one of the sixteen names, `#rrggbb` or `#rgb`.
    pub fn parse(text: &str) -> Result<Self, ColorError> {
        let error = |nearest| ColorError {
            found: text.to_owned(),
            nearest,
        };
        if let Some(hex) = text.strip_prefix('#') {
            return hex_color(hex).map(Self::Rgb).ok_or_else(|| error(None));
        }
        match text {
            "default" => return Ok(Self::Default),
            "gray" | "grey" => return Ok(Self::Ansi(Ansi::BrightBlack)),
            _ => {}
        }
        Ansi::ALL
            .into_iter()
            .find(|ansi| ansi.name() == text)
            .map(Self::Ansi)
            .ok_or_else(|| {
                let names = Ansi::ALL.into_iter().map(Ansi::name);
                error(nearest(text, names.chain(["default"])))
            })
    }

    /// What it looks like; none for the terminal's own colour, which nobody knows.
    pub fn rgb(self) -> Option<Rgb> {
        match self {
            Self::Default => None,
            Self::Ansi(ansi) => Some(ansi.rgb()),
            Self::Indexed(index) => Some(indexed_rgb(index)),
            Self::Rgb(rgb) => Some(rgb),
        }
    }

    /// The nearest colour that a terminal can show.
    #[must_use]
    pub fn at(self, depth: ColorDepth) -> Self {
        match (depth, self) {
            (ColorDepth::None, _) => Self::Default,
            (ColorDepth::TrueColor, _)
            | (_, Self::Default | Self::Ansi(_))
            | (ColorDepth::Indexed256, Self::Indexed(_)) => self,
            (ColorDepth::Indexed256, Self::Rgb(rgb)) => Self::Indexed(nearest_index(rgb)),
            (ColorDepth::Ansi16, Self::Indexed(index)) => match Ansi::ALL.get(usize::from(index)) {
                Some(ansi) => Self::Ansi(*ansi),
                None => Self::Ansi(nearest_ansi(indexed_rgb(index))),
            },
            (ColorDepth::Ansi16, Self::Rgb(rgb)) => Self::Ansi(nearest_ansi(rgb)),
        }
    }
}

impl fmt::Display for ThemeColor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Ansi(ansi) => f.write_str(ansi.name()),
            Self::Indexed(index) => write!(f, "{index}"),
            Self::Rgb(Rgb { r, g, b }) => write!(f, "#{r:02x}{g:02x}{b:02x}"),
        }
    }
}

fn hex_color(hex: &str) -> Option<Rgb> {
    if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let part = |text: &str| u8::from_str_radix(text, 16).ok();
    match hex.len() {
        6 => Some(Rgb::new(part(&hex[..2])?, part(&hex[2..4])?, part(&hex[4..])?)),
        3 => {
            let double = |text: &str| part(text).map(|digit| digit * 17);
            Some(Rgb::new(
                double(&hex[..1])?,
                double(&hex[1..2])?,
                double(&hex[2..])?,
            ))
        }
        _ => None,
    }
}

/// Levels of each part in the colour cube of xterm.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn indexed_rgb(index: u8) -> Rgb {
    match index {
        0..=15 => Ansi::ALL[usize::from(index)].rgb(),
        16..=231 => {
            let place = usize::from(index - 16);
            Rgb::new(CUBE[place / 36], CUBE[place / 6 % 6], CUBE[place % 6])
        }
        232..=255 => {
            let grey = 8 + (index - 232) * 10;
            Rgb::new(grey, grey, grey)
        }
    }
}

/// The nearest of the 240 colours that are the same on every terminal.
fn nearest_index(rgb: Rgb) -> u8 {
    (16..=255)
        .min_by_key(|&index| rgb.difference(indexed_rgb(index)))
        .unwrap_or(16)
}

/// The nearest of the sixteen names, grey for a grey. For any other colour only a name of about its
/// hue and brightness will do, so that a warning does not turn into an alarm and a dark colour stays
/// legible where it was; else it is the nearest grey.
fn nearest_ansi(rgb: Rgb) -> Ansi {
    let nearest = |among: &dyn Fn(Rgb) -> bool| {
        Ansi::ALL
            .into_iter()
            .filter(|ansi| among(ansi.rgb()))
            .min_by_key(|ansi| rgb.difference(ansi.rgb()))
    };
    let is_alike = |hue: f64, other: Rgb| {
        let apart = other.hue().map(|other| (hue - other).abs());
        apart.is_some_and(|apart| apart.min(360.0 - apart) <= 30.0)
            && (rgb.luminance() - other.luminance()).abs() <= 0.25
    };
    rgb.hue()
        .and_then(|hue| nearest(&|other| is_alike(hue, other)))
        .or_else(|| nearest(&|other| other.hue().is_none()))
        .unwrap_or(Ansi::White)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings() {
        for (text, expected) in [
            ("default", ThemeColor::Default),
            ("red", ThemeColor::Ansi(Ansi::Red)),
            ("bright-black", ThemeColor::Ansi(Ansi::BrightBlack)),
            ("grey", ThemeColor::Ansi(Ansi::BrightBlack)),
            ("#1a2B3c", ThemeColor::Rgb(Rgb::new(0x1a, 0x2b, 0x3c))),
            ("#f0a", ThemeColor::Rgb(Rgb::new(0xff, 0x00, 0xaa))),
        ] {
            assert_eq!(ThemeColor::parse(text), Ok(expected), "{text}");
        }
        for (text, guess) in [
            ("rde", Some("red")),
            ("bright_red", Some("bright-red")),
            ("#12345", None),
            ("#12345é", None),
            ("#+12345", None),
            ("orange", None),
            ("", None),
        ] {
            let error = ThemeColor::parse(text).expect_err(text);
            assert_eq!(error.nearest, guess, "{text}");
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        let (black, white) = (Rgb::new(0, 0, 0), Rgb::new(255, 255, 255));
        assert!((black.contrast(white) - 21.0).abs() < 1e-9);
        assert!((white.contrast(white) - 1.0).abs() < 1e-9);
        let grey = Rgb::new(0x76, 0x76, 0x76);
        assert!((white.contrast(grey) - 4.54).abs() < 0.01);
    }

    #[test]
    fn exact_colours_come_down_to_their_neighbours() {
        let rgb = |text| ThemeColor::parse(text).expect("a colour");
        for (text, index, ansi) in [
            ("#000000", 16, Ansi::Black),
            ("#ffffff", 231, Ansi::BrightWhite),
            ("#ff0000", 196, Ansi::BrightRed),
            ("#cc0000", 160, Ansi::Red),
            ("#00cdcd", 44, Ansi::Cyan),
            ("#808080", 244, Ansi::BrightBlack),
            ("#5f87af", 67, Ansi::BrightBlue),
            ("#7b2d8e", 90, Ansi::Magenta),
            ("#0e1726", 234, Ansi::Black),
            ("#8a5300", 94, Ansi::BrightBlack),
        ] {
            let color = rgb(text);
            assert_eq!(color.at(ColorDepth::TrueColor), color);
            let indexed = ThemeColor::Indexed(index);
            assert_eq!(color.at(ColorDepth::Indexed256), indexed, "{text}");
            assert_eq!(color.at(ColorDepth::Ansi16), ThemeColor::Ansi(ansi), "{text}");
            assert_eq!(color.at(ColorDepth::None), ThemeColor::Default);
        }
        let first = ThemeColor::Indexed(9).at(ColorDepth::Ansi16);
        assert_eq!(first, ThemeColor::Ansi(Ansi::BrightRed));
    }

    fn any_color() -> impl Strategy<Value = ThemeColor> {
        prop_oneof![
            Just(ThemeColor::Default),
            proptest::sample::select(Ansi::ALL.to_vec()).prop_map(ThemeColor::Ansi),
            any::<u8>().prop_map(ThemeColor::Indexed),
            any::<[u8; 3]>().prop_map(|[r, g, b]| ThemeColor::Rgb(Rgb::new(r, g, b))),
        ]
    }

    proptest! {
        #[test]
        fn coming_down_twice_is_coming_down_once(color in any_color()) {
            for depth in ColorDepth::ALL {
                let once = color.at(depth);
                prop_assert_eq!(once.at(depth), once);
            }
        }

        #[test]
        fn no_colour_is_beyond_its_depth(color in any_color()) {
            prop_assert!(!matches!(color.at(ColorDepth::Indexed256), ThemeColor::Rgb(_)));
            prop_assert!(matches!(
                color.at(ColorDepth::Ansi16),
                ThemeColor::Default | ThemeColor::Ansi(_)
            ));
            prop_assert_eq!(color.at(ColorDepth::None), ThemeColor::Default);
        }
    }
}
