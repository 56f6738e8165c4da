//! The command line as a person or a script sees it: help, exit codes, and what goes to which stream.
//! The demo stands in for AWS, so that all of it runs on any machine.

mod carried;
mod kept;
mod printed;
mod refused;
mod runbook;
mod runs;
mod spoken;
mod status;

use std::path::PathBuf;

use crate::support::qd::{Qd, qd};

/// Every world of the demo.
const WORLDS: [&str; 5] = ["fashion", "codemate", "ecg", "ecommerce", "invokeai"];

/// An invocation with these arguments, as they are typed.
fn typed(line: &str) -> Qd {
    qd().args(line.split_whitespace())
}

/// Compares a text with the reviewed one of that name.
fn assert_printed(name: &str, text: &str) {
    let text = text.replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
    insta::with_settings!({
        snapshot_path => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cli"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}

/// Whether a terminal would only show this, and obey nothing in it.
fn is_safe(text: &str) -> bool {
    text.chars().all(|character| {
        character == '\n'
            || !(character.is_control()
                || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'))
    })
}
