//! How a command ends, as the process tells it.

use std::process::ExitCode;

pub use crate::domain::exit::Exit;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
