//! What the README lists is what there is.

use std::fs;
use std::path::Path;

use quarterdeck::app::command::REGISTRY;
use quarterdeck::cloud::demo::Scenario;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

#[test]
fn every_command_of_the_console_is_listed_with_its_keys() {
    let text = readme();
    for entry in REGISTRY {
        let keys: Vec<String> = entry.keys.iter().map(|key| format!("`{key}`")).collect();
        let keys = if keys.is_empty() {
            "–".to_owned()
        } else {
            keys.join(" ")
        };
        let row = format!("| {keys} | `:{}` | {} |", entry.id, entry.title);
        assert!(text.lines().any(|line| line == row), "README.md lacks {row}");
    }
}

#[test]
fn every_scenario_of_the_demo_is_listed() {
    let text = readme();
    for scenario in Scenario::NAMED {
        let row = format!("| `{scenario}` | ");
        assert!(
            text.lines().any(|line| line.starts_with(&row)),
            "README.md lacks {row}…"
        );
    }
}
