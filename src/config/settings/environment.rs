//! The layer of environment variables.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::file::{access, symbols};
use super::{Clipboard, ColorChoice, Layered, Notice, Settings};
use crate::domain::diagnostic::{nearest, quoted};
use crate::domain::policy::Zone;

/// The variables of this layer and what they set.
pub const VARIABLES: [(&str, &str); 10] = [
    ("QD_THEME", "name of a theme"),
    ("QD_COLOR", "auto, always or never"),
    ("QD_ASCII", "true draws with ASCII alone"),
    ("QD_TIME_ZONE", "IANA name of the zone in which times are shown"),
    ("QD_STATE_DIR", "folder for runs, locks and caches"),
    ("QD_LOG_FILE", "file for the program's own log"),
    ("QD_ESTATE", "estate to open, a file or the name of a shipped one"),
    ("QD_READ_ONLY", "true refuses all writes"),
    ("QD_CLIPBOARD", "osc52 or off"),
    ("NO_COLOR", "anything turns colours off (no-color.org)"),
];

/// Beginnings of variables that belong to other parts of the program.
const FOREIGN: [&str; 2] = ["QD_PARAM_", "QD_UPDATE_"];

impl Settings {
    /// Puts environment variables on top. Empty ones count as unset.
    ///
    /// A value that is not understood is left out with a notice; only `QD_READ_ONLY` is then taken
    /// for true, since whoever set it wanted to be safe.
    #[must_use]
    pub fn with_environment(mut self, variables: &BTreeMap<String, String>) -> Layered {
        let mut notices = Vec::new();
        let get = |name: &str| variables.get(name).filter(|value| !value.is_empty());
        if get("NO_COLOR").is_some() {
            self.color = ColorChoice::Never;
        }
        let mut refuse = |name: &str, value: &str, expected: &str| {
            let headline = format!("{name} cannot be {}, expected {expected}", quoted(value));
            notices.push(Notice {
                detail: headline.clone(),
                headline,
            });
        };
        if let Some(theme) = get("QD_THEME") {
            self.theme = Some(theme.clone());
        }
        if let Some(value) = get("QD_COLOR") {
            match value.as_str() {
                "auto" => self.color = ColorChoice::Auto,
                "always" => self.color = ColorChoice::Always,
                "never" => self.color = ColorChoice::Never,
                _ => refuse("QD_COLOR", value, "auto, always or never"),
            }
        }
        if let Some(value) = get("QD_ASCII") {
            match switch(value) {
                Some(ascii) => self.symbols = symbols(ascii),
                None => refuse("QD_ASCII", value, "true or false"),
            }
        }
        if let Some(value) = get("QD_TIME_ZONE") {
            match Zone::named(value) {
                Ok(zone) => self.time_zone = Some(zone),
                Err(unknown) => {
                    let example = unknown.nearest.as_deref().unwrap_or("Asia/Seoul");
                    refuse("QD_TIME_ZONE", value, &format!("a zone such as {example}"));
                }
            }
        }
        if let Some(path) = get("QD_STATE_DIR") {
            self.state_dir = Some(PathBuf::from(path));
        }
        if let Some(path) = get("QD_LOG_FILE") {
            self.log_file = Some(PathBuf::from(path));
        }
        if let Some(estate) = get("QD_ESTATE") {
            self.estate = Some(estate.clone());
        }
        if let Some(value) = get("QD_READ_ONLY") {
            let read_only = switch(value);
            self.access = access(read_only.unwrap_or(true));
            if read_only.is_none() {
                refuse("QD_READ_ONLY", value, "true or false, so it is taken for true");
            }
        }
        if let Some(value) = get("QD_CLIPBOARD") {
            match value.as_str() {
                "osc52" => self.clipboard = Clipboard::Osc52,
                "off" => self.clipboard = Clipboard::Off,
                _ => refuse("QD_CLIPBOARD", value, "osc52 or off"),
            }
        }
        notices.extend(variables.keys().filter_map(|name| unknown(name)));
        Layered {
            settings: self,
            notices,
            source: None,
        }
    }
}

/// A notice about a variable that looks like one of ours and is none.
fn unknown(name: &str) -> Option<Notice> {
    let ours = name.starts_with("QD_")
        && !FOREIGN.iter().any(|prefix| name.starts_with(prefix))
        && !VARIABLES.iter().any(|(known, _)| *known == name);
    if !ours {
        return None;
    }
    let known = VARIABLES.iter().map(|(known, _)| *known);
    let guess = nearest(name, known).map_or_else(String::new, |known| format!("; did you mean {known}?"));
    let headline = format!("the variable {} means nothing{guess}", quoted(name));
    Some(Notice {
        detail: headline.clone(),
        headline,
    })
}

/// The spellings of a switch that shells and service files are full of.
fn switch(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}
