//! The shape of the program, held to what ARCHITECTURE.md says: which layer may use which, that the
//! pure layers stay pure, that only the adapter names the SDK, and that no file grows without end.
//! The checker reads the sources as a compiler's first stage would (comments, strings and test code
//! left out), and is itself tested on sources that break each rule.

mod rules;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use rules::{Crates, violations};
use source::Module;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    let path = path.strip_prefix(root()).expect("a file of the repository");
    path.to_string_lossy().into_owned()
}

/// The dependencies of the manifest, as they are named in code.
fn crates() -> Crates {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = matches!(line, "[dependencies]" | "[dev-dependencies]");
        } else if inside && let Some((name, _)) = line.split_once('=') {
            names.push(name.trim().replace('-', "_"));
        }
    }
    assert!(names.iter().any(|name| name == "ratatui"), "{names:?}");
    Crates(names)
}

#[test]
fn every_layer_keeps_to_what_it_may_use() {
    let crates = crates();
    let mut found = Vec::new();
    for path in files(&root().join("src")) {
        let text = fs::read_to_string(&path).expect("a readable file");
        let name = relative(&path);
        found.extend(violations(&Module::parse(&name, &text), &crates));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn no_file_is_longer_than_eight_hundred_lines() {
    let mut long = Vec::new();
    for folder in ["src", "tests"] {
        for path in files(&root().join(folder)) {
            let lines = fs::read_to_string(&path)
                .expect("a readable file")
                .lines()
                .count();
            if lines > 800 {
                long.push(format!("{}: {lines} lines", relative(&path)));
            }
        }
    }
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

#[test]
fn modules_are_files_beside_their_folders() {
    let with_mod: Vec<String> = files(&root().join("src"))
        .iter()
        .filter(|path| path.ends_with("mod.rs"))
        .map(|path| relative(path))
        .collect();
    assert_eq!(with_mod, Vec::<String>::new());
}

/// What is wrong with one file of this name and text.
fn wrong(name: &str, text: &str) -> Vec<String> {
    violations(&Module::parse(name, text), &crates())
}

#[test]
fn the_checker_catches_each_violation() {
    for (name, text) in [
        ("src/domain/a.rs", "use crate::cloud::Cloud;"),
        ("src/domain/a.rs", "fn f() { crate::engine::run() }"),
        ("src/domain/a.rs", "use std::fs;"),
        (
            "src/domain/a.rs",
            "use std::{collections::BTreeMap, net::TcpStream};",
        ),
        (
            "src/domain/a.rs",
            "fn f() -> String { std::env::var(\"HOME\").unwrap_or_default() }",
        ),
        ("src/domain/a.rs", "use std::process::Command;"),
        ("src/domain/a.rs", "use tokio::time::sleep;"),
        ("src/domain/a.rs", "fn f() { let _ = regex::Regex::new(\"a\"); }"),
        (
            "src/domain/a.rs",
            "fn f() -> jiff::Timestamp { jiff::Timestamp::now() }",
        ),
        (
            "src/domain/a.rs",
            "use jiff::Zoned;\nfn f() { let _ = Zoned::now(); }",
        ),
        ("src/domain/a.rs", "fn f() { let _ = std::time::Instant::now(); }"),
        ("src/config/a.rs", "use std::time::SystemTime;"),
        (
            "src/config/a.rs",
            "fn f() { let _ = jiff::tz::TimeZone::system(); }",
        ),
        ("src/config/a.rs", "use crate::app::state::State;"),
        ("src/config/a.rs", "use ratatui::style::Color;"),
        ("src/app/a.rs", "use crate::engine::clock::Clock;"),
        ("src/app/a.rs", "use crate::view::draw;"),
        ("src/app/a.rs", "use std::thread::spawn;"),
        ("src/app/a.rs", "use ratatui::layout::Rect;"),
        ("src/view/a.rs", "use crate::engine::clock::Clock;"),
        ("src/view/a.rs", "use crate::cloud::Cloud;"),
        ("src/view/a.rs", "async fn f() {}"),
        ("src/view/a.rs", "fn f() { g().await }"),
        ("src/view/a.rs", "use tokio::sync::mpsc;"),
        ("src/cloud/a.rs", "use crate::engine::host::EngineHost;"),
        ("src/cloud/demo/a.rs", "use aws_sdk_ecs::Client;"),
        ("src/cloud/demo/a.rs", "use crate::config::estate::Estate;"),
        ("src/engine/a.rs", "use crate::console::session::run;"),
        ("src/engine/a.rs", "use crate::app::state::State;"),
        ("src/engine/a.rs", "use crate::headless::Exit;"),
        ("src/engine/a.rs", "use ratatui::crossterm::event;"),
        ("src/engine/a.rs", "use aws_config::Region;"),
        ("src/headless/a.rs", "use crate::app::command::REGISTRY;"),
        ("src/headless/a.rs", "use crate::view::draw;"),
        ("src/headless/a.rs", "use crate::cli::global::Global;"),
        ("src/headless/a.rs", "use ratatui::crossterm::terminal;"),
        ("src/headless/a.rs", "use clap::Parser;"),
        ("src/console/a.rs", "use crate::cli::launch::Launch;"),
        ("src/console/a.rs", "use crate::headless::Exit;"),
        ("src/cli/a.rs", "use aws_config::Region;"),
        ("src/cli/a.rs", "use ratatui::crossterm::tty::IsTty;"),
        ("src/main.rs", "use aws_sdk_ec2::Client;"),
        ("src/unheard_of/a.rs", "use std::fmt;"),
        // Neither grouping nor a new name hides what is used.
        ("src/domain/a.rs", "use crate::{cloud::{Cloud}, domain::ids};"),
        ("src/domain/a.rs", "use std::{fs as files};"),
        ("src/domain/a.rs", "use ::tokio::task;"),
        ("src/domain/a.rs", "pub use crate::engine::clock;"),
        ("src/domain/a.rs", "/* a /* nested */ comment */ use std::fs;"),
        ("src/domain/a.rs", "const A: &str = r#\"\"quote\"#; use std::fs;"),
        (
            "src/domain/a.rs",
            "const A: char = '\"'; use std::fs; const B: char = '\"';",
        ),
        ("src/domain/a.rs", "#[cfg(not(test))] mod x { use std::fs; }"),
        ("src/domain/a.rs", "#[cfg(test)] mod t { fn f() {} } use std::fs;"),
    ] {
        assert_ne!(wrong(name, text), Vec::<String>::new(), "{name}: {text}");
    }
}

#[test]
fn the_checker_lets_through_what_is_allowed() {
    for (name, text) in [
        (
            "src/domain/a.rs",
            "use crate::domain::ids; use std::collections::BTreeMap; use jiff::Timestamp;",
        ),
        (
            "src/domain/a.rs",
            "// use std::fs;\n/* crate::engine */ /// tokio::spawn\nfn f() {}",
        ),
        (
            "src/domain/a.rs",
            "const HINT: &str = \"std::fs \\\" tokio::spawn\"; const R: &str = r#\"std::env\"#;",
        ),
        (
            "src/domain/a.rs",
            "#[cfg(test)]\nmod tests { use std::fs; use proptest::prelude::*; }",
        ),
        (
            "src/domain/a/tests.rs",
            "use pretty_assertions::assert_eq; use serde_json::json;",
        ),
        ("src/domain/a.rs", "fn f<'a>(x: &'a str) -> &'a str { x }"),
        (
            "src/config/a.rs",
            "use serde_json::Value; use crate::domain::glob::Glob;",
        ),
        (
            "src/app/a.rs",
            "use regex::Regex; use crate::config::keys::Chord;",
        ),
        (
            "src/view/a.rs",
            "use ratatui::Frame; use crate::app::state::State;",
        ),
        (
            "src/cloud/aws/a.rs",
            "use aws_sdk_ecs::Client; async fn f() { g().await }",
        ),
        (
            "src/engine/a.rs",
            "use tokio::sync::mpsc; use std::fs; use crate::cloud::Cloud;",
        ),
        (
            "src/console/a.rs",
            "use ratatui::crossterm::event; use crate::engine::clock::Clock;",
        ),
        (
            "src/headless/a.rs",
            "use crate::engine::clock::Clock; use std::io;",
        ),
        (
            "src/cli/a.rs",
            "use clap::Parser; use crate::headless::Exit; use crate::app::command::REGISTRY;",
        ),
    ] {
        assert_eq!(wrong(name, text), Vec::<String>::new(), "{name}: {text}");
    }
}
