//! Runbooks as files: what is valid loads, and of what is not every mistake is reported where it is.

mod bombs;
mod catalogue;
mod failure_cases;
mod files;
mod params;
mod shipped;

use std::fs;
use std::path::{Path, PathBuf};

use quarterdeck::runbook::{File, Found, Library};

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The fixtures of a folder in the order of their names; a folder without any is a mistake.
fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = root().join("tests/fixtures/runbooks").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}

/// A fixture as a runbook's file; its name is the same on every machine.
fn file(path: &Path) -> File {
    let name = path.file_name().expect("a file").to_string_lossy().into_owned();
    File {
        key: name.clone(),
        name,
        bytes: fs::read(path).expect("a readable fixture"),
    }
}

/// Runbooks of the good fixtures by name, and of some texts.
#[derive(Default)]
struct Shelf(Vec<(&'static str, String)>);

impl Library for Shelf {
    fn find(&self, name: &str, _: &str) -> Found {
        if let Some((name, text)) = self.0.iter().find(|(own, _)| *own == name) {
            return Found::File(File {
                key: (*name).to_owned(),
                name: format!("{name}.yaml"),
                bytes: text.clone().into_bytes(),
            });
        }
        let good = fixtures("good");
        let stem = |path: &PathBuf| path.file_stem().expect("a file").to_string_lossy().into_owned();
        match good.iter().find(|path| stem(path) == name) {
            Some(path) => Found::File(file(path)),
            None => Found::Missing(good.iter().map(stem).collect()),
        }
    }
}
