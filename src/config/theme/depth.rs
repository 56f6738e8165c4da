//! How many colours a terminal shows.

use std::collections::BTreeMap;

use crate::config::settings::ColorChoice;

/// How many colours can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColorDepth {
    /// None.
    None,
    /// The sixteen names.
    Ansi16,
    /// The 256 of xterm.
    Indexed256,
    /// All.
    TrueColor,
}

impl ColorDepth {
    /// Every depth, the least first.
    pub const ALL: [Self; 4] = [Self::None, Self::Ansi16, Self::Indexed256, Self::TrueColor];

    /// What to use, given what the user wants, whether the output is a terminal, and the variables
    /// `COLORTERM` and `TERM`. (`NO_COLOR` is part of the choice already.)
    pub fn detect(choice: ColorChoice, is_terminal: bool, variables: &BTreeMap<String, String>) -> Self {
        let get = |name: &str| variables.get(name).map_or("", String::as_str);
        let term = get("TERM");
        match choice {
            ColorChoice::Never => return Self::None,
            ColorChoice::Auto if !is_terminal || term == "dumb" => return Self::None,
            ColorChoice::Auto | ColorChoice::Always => {}
        }
        if matches!(get("COLORTERM"), "truecolor" | "24bit") || term.ends_with("-direct") {
            Self::TrueColor
        } else if term.contains("256color") {
            Self::Indexed256
        } else {
            Self::Ansi16
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choice_output_and_variables_decide() {
        use ColorChoice::{Always, Auto, Never};
        for (choice, is_terminal, term, colorterm, expected) in [
            (Auto, true, "xterm-256color", "truecolor", ColorDepth::TrueColor),
            (Auto, true, "xterm-direct", "", ColorDepth::TrueColor),
            (Auto, true, "screen-256color", "", ColorDepth::Indexed256),
            (Auto, true, "linux", "", ColorDepth::Ansi16),
            (Auto, true, "", "", ColorDepth::Ansi16),
            (Auto, true, "dumb", "truecolor", ColorDepth::None),
            (Auto, false, "xterm-256color", "truecolor", ColorDepth::None),
            (Always, false, "xterm-256color", "", ColorDepth::Indexed256),
            (Always, false, "dumb", "", ColorDepth::Ansi16),
            (Never, true, "xterm-256color", "truecolor", ColorDepth::None),
        ] {
            let variables = BTreeMap::from([
                ("TERM".to_owned(), term.to_owned()),
                ("COLORTERM".to_owned(), colorterm.to_owned()),
            ]);
            assert_eq!(
                ColorDepth::detect(choice, is_terminal, &variables),
                expected,
                "{choice:?} {is_terminal} {term} {colorterm}"
            );
        }
    }
}
