//! Flags that every command takes.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::cloud::demo::{Scenario, World, Worlds};
use crate::config::settings::{Access, ColorChoice, Flags, Symbols};
use crate::headless::Format;

/// What stands for all worlds.
pub(super) const ALL_WORLDS: &str = "all";

/// Where to look, how to print, what may be changed.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Estate file, or the name of one in ./estates or the configuration folder
    #[arg(long, global = true, value_name = "FILE|NAME", help_heading = "Where")]
    pub estate: Option<String>,

    /// Profile of the AWS configuration files; repeat it to watch several
    #[arg(long, global = true, value_name = "P", help_heading = "Where")]
    pub profile: Vec<String>,

    /// AWS region; repeat it to watch several
    #[arg(long, global = true, value_name = "R", help_heading = "Where")]
    pub region: Vec<String>,

    /// Endpoint of every AWS service
    #[arg(long, global = true, value_name = "URL", help_heading = "Where")]
    pub endpoint_url: Option<String>,

    /// Refuse every change
    #[arg(long, global = true, conflicts_with = "read_write", help_heading = "Where")]
    pub read_only: bool,

    /// Allow changes although the estate is read-only by default
    #[arg(long, global = true, help_heading = "Where")]
    pub read_write: bool,

    /// Do not run nvidia-smi on the GPU hosts
    #[arg(long, global = true, help_heading = "Where")]
    pub no_probe: bool,

    /// Start the console on this resource
    #[arg(long, global = true, value_name = "ID", help_heading = "Where")]
    pub open: Option<String>,

    /// Simulated estates instead of AWS: `--demo ecg` is one of them, `--demo` all
    #[arg(
        long,
        global = true,
        value_name = "WORLD",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ALL_WORLDS,
        value_parser = worlds(),
        help_heading = "Demo"
    )]
    pub demo: Option<Worlds>,

    /// What goes wrong in the demo; without it days are ordinary
    #[arg(long, global = true, value_name = "NAME", value_parser = scenarios(), help_heading = "Demo")]
    pub scenario: Option<Scenario>,

    /// Another demo of the same kind
    #[arg(
        long,
        global = true,
        value_name = "N",
        default_value_t = 0,
        help_heading = "Demo"
    )]
    pub seed: u64,

    /// How many times faster the demo's time runs, 0.01 to 10000
    #[arg(
        long,
        global = true,
        value_name = "X",
        default_value_t = 1.0,
        help_heading = "Demo"
    )]
    pub speed: f64,

    /// Where the demo remembers what was changed in it; `demo` in the state folder unless said otherwise
    #[arg(long, global = true, value_name = "DIR", help_heading = "Demo")]
    pub demo_dir: Option<PathBuf>,

    /// Forget what was changed in the demo
    #[arg(long, global = true, help_heading = "Demo")]
    pub demo_fresh: bool,

    /// How results are printed; a table unless said otherwise
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    pub output: Option<Format>,

    /// Theme, see `qd themes`
    #[arg(long, global = true, value_name = "NAME", help_heading = "Output")]
    pub theme: Option<String>,

    /// When to use colour; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, value_name = "WHEN", help_heading = "Output")]
    pub color: Option<ColorChoice>,

    /// Draw with plain ASCII
    #[arg(long, global = true, help_heading = "Output")]
    pub ascii: bool,

    /// Write a log of what happens
    #[arg(long, global = true, value_name = "FILE", help_heading = "Output")]
    pub log_file: Option<PathBuf>,

    /// Where runs, locks and caches are kept
    #[arg(long, global = true, value_name = "DIR", help_heading = "Output")]
    pub state_dir: Option<PathBuf>,

    /// More in the log; repeat for more still
    #[arg(short, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,
}

impl Global {
    /// The flags that are settings.
    pub fn settings(&self) -> Flags {
        Flags {
            theme: self.theme.clone(),
            color: self.color,
            symbols: self.ascii.then_some(Symbols::Ascii),
            state_dir: self.state_dir.clone(),
            log_file: self.log_file.clone(),
            estate: self.estate.clone(),
            access: match (self.read_only, self.read_write) {
                (true, _) => Some(Access::ReadOnly),
                (false, true) => Some(Access::ReadWrite),
                (false, false) => None,
            },
        }
    }
}

impl Global {
    /// The words that call this program again for the same place: its name, and the flags that say
    /// where to look, where things are kept, and what may be changed.
    pub fn again(&self) -> Vec<String> {
        let mut words = vec!["qd".to_owned()];
        if let Some(worlds) = self.demo {
            words.push(match worlds {
                Worlds::All => "--demo".to_owned(),
                Worlds::One(world) => format!("--demo={}", world.name()),
            });
            if self.seed != 0 {
                words.push(format!("--seed={}", self.seed));
            }
            if (self.speed - 1.0).abs() > f64::EPSILON {
                words.push(format!("--speed={}", self.speed));
            }
        }
        let mut give = |flag: &str, value: Option<String>| {
            words.extend(value.map(|value| format!("--{flag}={value}")));
        };
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        give(
            "scenario",
            self.scenario.map(|scenario| scenario.name().to_owned()),
        );
        give("demo-dir", self.demo_dir.as_ref().map(path));
        give("state-dir", self.state_dir.as_ref().map(path));
        give("estate", self.estate.clone());
        give("endpoint-url", self.endpoint_url.clone());
        for profile in &self.profile {
            give("profile", Some(profile.clone()));
        }
        for region in &self.region {
            give("region", Some(region.clone()));
        }
        if self.read_write {
            words.push("--read-write".to_owned());
        }
        words
    }
}

fn worlds() -> impl TypedValueParser<Value = Worlds> {
    let names = World::ALL.map(World::name).into_iter().chain([ALL_WORLDS]);
    PossibleValuesParser::new(names).map(|name| name.parse().map_or(Worlds::All, Worlds::One))
}

fn scenarios() -> impl TypedValueParser<Value = Scenario> {
    // The parser lets no other word through than those that are scenarios.
    PossibleValuesParser::new(
        Scenario::NAMED
            .iter()
            .map(|scenario| scenario.name())
            .collect::<Vec<_>>(),
    )
    .map(|name| name.parse().unwrap_or(Scenario::Everyday))
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Table, Self::Wide, Self::Json, Self::Jsonl, Self::Yaml]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Table => PossibleValue::new("table").help("Columns fitted to the terminal"),
            Self::Wide => PossibleValue::new("wide").help("All columns, whatever the width"),
            Self::Json => PossibleValue::new("json").help("One JSON document"),
            Self::Jsonl => PossibleValue::new("jsonl").help("One JSON document a line"),
            Self::Yaml => PossibleValue::new("yaml").help("YAML"),
        })
    }
}

impl ValueEnum for ColorChoice {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Auto, Self::Always, Self::Never]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Auto => PossibleValue::new("auto").help("On a terminal"),
            Self::Always => PossibleValue::new("always").help("Even where the output is no terminal"),
            Self::Never => PossibleValue::new("never").help("Not at all"),
        })
    }
}
