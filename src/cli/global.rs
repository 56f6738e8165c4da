//! Flags that every command takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Where to look, how to print, what may be changed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Where")]
pub struct Global {
    /// Estate file, or the name of one in ./estates or the configuration folder
    #[arg(long, global = true, value_name = "FILE|NAME")]
    pub estate: Option<String>,

    /// Profile of the AWS configuration files; repeat it to watch several
    #[arg(long, global = true, value_name = "P")]
    pub profile: Vec<String>,

    /// AWS region; repeat it to watch several
    #[arg(long, global = true, value_name = "R")]
    pub region: Vec<String>,

    /// Endpoint of every AWS service
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,

    /// Simulated estates instead of AWS: fashion, codemate, ecg, ecommerce or invokeai; all without a name
    #[arg(long, global = true, value_name = "WORLD", num_args = 0..=1, default_missing_value = "all", require_equals = false)]
    pub demo: Option<String>,

    /// What goes wrong in the demo
    #[arg(long, global = true, value_name = "NAME")]
    pub scenario: Option<String>,

    /// Another demo of the same kind
    #[arg(long, global = true, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// How many times faster the demo's time runs
    #[arg(long, global = true, value_name = "X", default_value_t = 1.0)]
    pub speed: f64,

    /// Where the demo remembers what was changed in it
    #[arg(long, global = true, value_name = "DIR")]
    pub demo_dir: Option<PathBuf>,

    /// Forget what was changed in the demo
    #[arg(long, global = true)]
    pub demo_fresh: bool,

    /// Refuse every change
    #[arg(long, global = true, conflicts_with = "read_write")]
    pub read_only: bool,

    /// Allow changes although the estate is read-only by default
    #[arg(long, global = true)]
    pub read_write: bool,

    /// Do not run nvidia-smi on the GPU hosts
    #[arg(long, global = true)]
    pub no_probe: bool,

    /// Start the console on this resource
    #[arg(long, global = true, value_name = "ID")]
    pub open: Option<String>,

    /// How results are printed
    #[arg(short, long, global = true, value_enum, default_value_t = Output::Table)]
    pub output: Output,

    /// Theme, see `qd themes`
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,

    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,

    /// Draw with plain ASCII
    #[arg(long, global = true)]
    pub ascii: bool,

    /// Write a log of what happens
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,

    /// Where runs, locks and caches are kept
    #[arg(long, global = true, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,

    /// More in the log; repeat for more still
    #[arg(short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Columns fitted to the terminal.
    Table,
    /// All columns, whatever the width.
    Wide,
    /// One JSON document.
    Json,
    /// One JSON document a line.
    Jsonl,
    /// YAML.
    Yaml,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
