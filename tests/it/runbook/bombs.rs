//! Files that are meant to hurt are refused in bounded time, and whatever a file holds, it is read or
//! refused.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use quarterdeck::runbook::{File, NoLibrary, load};

use super::catalogue::catalogue;
use super::{file, fixtures};

/// What is said of a file, in a time that is short even on a slow machine.
fn refused(bytes: Vec<u8>) -> String {
    let began = Instant::now();
    let file = File {
        key: "x".to_owned(),
        name: "x.yaml".to_owned(),
        bytes,
    };
    let error = load(&file, &NoLibrary, catalogue()).expect_err("it is refused");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    error.to_string()
}

const HEAD: &str = "apiVersion: quarterdeck/v1\nkind: Runbook\nname: x\ntitle: x\n";

#[test]
fn what_is_no_text_is_refused() {
    let huge = format!("{HEAD}description: {}\n", "x".repeat(10 * 1024 * 1024));
    for (bytes, words) in [
        (huge.into_bytes(), "bytes, more than the 1048576 that are read"),
        (b"name: caf\xe9\n".to_vec(), "the byte 0xE9 is not UTF-8"),
        (b"\xff\xfea\x00".to_vec(), "the file is in UTF-16"),
        (Vec::new(), "the file is empty"),
        (b"a: 1\n---\nb: 2\n".to_vec(), "a second document begins here"),
        (b"a:\n\tb: 1\n".to_vec(), "YAML is indented with spaces"),
        (b"[1, 2]\n".to_vec(), "this file must be a mapping"),
        (b"just text\n".to_vec(), "this file must be a mapping"),
    ] {
        let said = refused(bytes);
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn bombs_do_not_go_off() {
    let mut aliases = format!("{HEAD}a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let last = vec![format!("*a{}", level - 1); 10].join(", ");
        aliases.push_str(&format!("a{level}: &a{level} [{last}]\n"));
    }
    let deep = format!("{HEAD}description: {}{}\n", "[".repeat(1000), "]".repeat(1000));
    let deep_block: String = (0..1000)
        .map(|level| format!("{}a:\n", " ".repeat(level)))
        .collect();
    let blocks = {
        let mut text = format!("{HEAD}steps:\n");
        for level in 0..200 {
            text.push_str(&format!("{}- block:\n", "    ".repeat(level)));
        }
        text
    };
    let steps = format!(
        "{HEAD}steps:\n{}",
        "  - {id: a, action: nope, with: {a: '${'}}\n".repeat(5_000)
    );
    let params: String = (0..6_000).map(|n| format!("  p{n}: {{type: strin}}\n")).collect();
    let params = format!("{HEAD}params:\n{params}steps: []\n");
    for (text, words) in [
        (aliases, "more than 20000 values"),
        (deep, "deeper than 32"),
        (deep_block, "deeper than 32"),
        (blocks, "deeper than 32"),
        (steps, "more than 20000 values"),
        (params, "`strin` is not a type"),
    ] {
        let said = refused(text.into_bytes());
        assert!(said.contains(words), "{}", &said[..said.len().min(2_000)]);
    }
}

#[test]
fn a_chain_of_defaults_takes_no_more_than_its_length() {
    let count = 2_000;
    let mut text = format!("{HEAD}params:\n  p0: {{type: string}}\n");
    // In the order that takes longest: each needs the one below it.
    for number in (1..count).rev() {
        text.push_str(&format!(
            "  p{number}: {{type: string, default: \"${{params.p{}}}\"}}\n",
            number - 1
        ));
    }
    text.push_str(&format!(
        "steps:\n  - {{action: notify.sns, with: {{topic: a, text: \"${{params.p{}}}\"}}}}\nverify:\n  - {{check: http.health, with: {{url: x}}}}\n",
        count - 1
    ));
    let began = Instant::now();
    let file = File {
        key: "x".to_owned(),
        name: "x.yaml".to_owned(),
        bytes: text.into_bytes(),
    };
    let loaded = load(&file, &NoLibrary, catalogue()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(loaded.runbook.params.len(), count);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    for path in fixtures("good") {
        let mut file = file(&path);
        let unix = load(&file, &super::Shelf::default(), catalogue())
            .unwrap()
            .runbook;
        let text = String::from_utf8(file.bytes).unwrap().replace('\n', "\r\n");
        file.bytes = format!("\u{feff}{text}").into_bytes();
        let windows =
            load(&file, &super::Shelf::default(), catalogue()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(unix.steps.len(), windows.runbook.steps.len());
        assert_eq!(unix.params.len(), windows.runbook.params.len());
        assert_ne!(unix.digest, windows.runbook.digest);
    }
}

/// A good file with a few bytes of it replaced.
fn spoilt() -> impl Strategy<Value = String> {
    let path = fixtures("good")
        .into_iter()
        .find(|path| path.ends_with("gpu-night-down.yaml"));
    let text = std::fs::read_to_string(path.expect("the fixture")).expect("a readable fixture");
    let length = text.len();
    (
        Just(text),
        prop::collection::vec(
            (
                0..length,
                0..12_usize,
                "[-a-z:{}\\[\\]\"'$#&*!|>%@?. \n0-9가]{0,6}",
            ),
            1..4,
        ),
    )
        .prop_map(|(mut text, changes)| {
            for (at, length, new) in changes {
                let mut start = at.min(text.len());
                while !text.is_char_boundary(start) {
                    start -= 1;
                }
                let mut end = (start + length).min(text.len());
                while !text.is_char_boundary(end) {
                    end += 1;
                }
                text.replace_range(start..end, &new);
            }
            text
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Nothing that anybody writes makes the reader panic, and every mistake has a place.
    #[test]
    fn any_file_is_read_or_refused(text in spoilt()) {
        let file = File { key: "x".to_owned(), name: "x.yaml".to_owned(), bytes: text.clone().into_bytes() };
        let reports = match load(&file, &NoLibrary, catalogue()) {
            Ok(loaded) => loaded.warnings,
            Err(unusable) => {
                prop_assert!(unusable.reports.iter().any(quarterdeck::domain::diagnostic::Report::has_errors));
                unusable.reports
            }
        };
        for report in reports {
            for diagnostic in report.diagnostics() {
                prop_assert!(diagnostic.span.end <= report.source().text().len());
                prop_assert!(!diagnostic.message.is_empty());
            }
            prop_assert!(!report.to_string().chars().any(|c| c.is_control() && c != '\n'));
        }
    }
}
