//! Files that people write: each valid fixture loads, each invalid one has a reviewed report.

mod estate;
mod settings;
mod theme;

use std::fs;
use std::path::{Path, PathBuf};

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The fixtures of a folder in the order of their names; a folder without any is a mistake.
fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = root().join("tests/fixtures/config").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}

/// Name of a fixture as reports show it, the same on every machine.
fn short(path: &Path) -> String {
    path.file_name().expect("a file").to_string_lossy().into_owned()
}

/// Compares a report with the reviewed one of the same name.
fn assert_report(prefix: &str, path: &Path, report: &str) {
    let stem = path.file_stem().expect("a file").to_string_lossy();
    insta::with_settings!({
        snapshot_path => root().join("tests/fixtures/config/snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(format!("{prefix}-{stem}"), report);
    });
}

/// Compares a file with what the code makes of it, or rewrites it if `QD_UPDATE_SCHEMAS` is set.
fn assert_generated(path: &Path, made: &str) {
    if std::env::var_os("QD_UPDATE_SCHEMAS").is_some() {
        fs::write(path, made).expect("the file can be written");
    }
    let held = fs::read_to_string(path).unwrap_or_default();
    assert!(
        held == made,
        "{} is out of date; run the tests once with QD_UPDATE_SCHEMAS=1",
        path.display()
    );
}
