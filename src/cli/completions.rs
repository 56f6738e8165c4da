//! `qd completions`.

use clap::Args;
use clap_complete::Shell;

use crate::headless::Exit;

/// What `qd completions` takes.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Runs it.
pub fn run(arguments: &CompletionsArgs) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::command(), "qd", &mut script);
    super::show(&String::from_utf8_lossy(&script))
}
