//! The table of cases in which runbook engines fail: whole, and true about the tests that it names.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::root;

/// How many cases there are.
const CASES: usize = 91;

/// What a row says where nothing can be shown yet.
const CANNOT: &str = "cannot come up yet";

/// Every function of the sources that a test runner finds.
fn tests(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            tests(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("a readable source");
            let mut is_test = false;
            for line in text.lines().map(str::trim) {
                if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                    is_test = true;
                } else if let (true, Some(at)) = (is_test, line.find("fn ")) {
                    let name = line[at + 3..].split('(').next().unwrap_or_default();
                    found.insert(name.to_owned());
                    is_test = false;
                } else if !line.starts_with("#[") && !line.is_empty() && !line.starts_with("//") {
                    is_test = false;
                }
            }
        }
    }
}

/// Whether a word between backticks is meant as the name of a test: several words, all small.
fn is_name(word: &str) -> bool {
    word.matches('_').count() >= 3 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[test]
fn every_case_names_tests_that_exist_or_says_why_it_cannot_come_up() {
    let mut known = BTreeSet::new();
    for folder in ["src", "tests"] {
        tests(&root().join(folder), &mut known);
    }
    assert!(known.len() > 500, "{}", known.len());
    let text = fs::read_to_string(root().join("docs/failure-cases.md")).expect("a readable table");
    let mut cases = Vec::new();
    let mut wrong = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let Ok(number) = cells[0].parse::<usize>() else {
            continue;
        };
        cases.push(number);
        let shown = cells.get(1..).unwrap_or_default().join(" ");
        let names: Vec<&str> = shown
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|word| is_name(word))
            .collect();
        for name in &names {
            if !known.contains(*name) {
                wrong.push(format!("{number}: there is no test {name}"));
            }
        }
        if names.is_empty() && !shown.to_lowercase().contains(CANNOT) {
            wrong.push(format!("{number} names no test and gives no reason"));
        }
    }
    assert_eq!(cases, (1..=CASES).collect::<Vec<_>>());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
