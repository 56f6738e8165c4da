//! What the program says of itself: help, manual page, completions, keys, themes, policy.

use super::{assert_printed, is_safe, typed};

#[test]
fn help_is_as_reviewed() {
    for (name, line) in [
        ("help", "--help"),
        ("help-short", "-h"),
        ("help-status", "status --help"),
        ("help-spend", "spend --help"),
        ("help-completions", "completions -h"),
    ] {
        let finished = typed(line).run();
        assert_eq!((finished.code(), finished.stderr.as_str()), (0, ""), "{line}");
        assert_printed(name, &finished.stdout);
    }
}

#[test]
fn the_manual_page_is_as_reviewed() {
    let finished = typed("man").run();
    assert_eq!((finished.code(), finished.stderr.as_str()), (0, ""));
    assert_printed("man", &finished.stdout);
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let finished = typed(&format!("completions {shell}")).run();
        assert_eq!((finished.code(), finished.stderr.as_str()), (0, ""), "{shell}");
        // Values of flags are beyond what is generated for the last two.
        let values: &[&str] = match shell {
            "elvish" | "powershell" => &[],
            _ => &["invokeai", "bad-deploy"],
        };
        for word in ["status", "iam-policy", "fail-on", "scenario"]
            .iter()
            .chain(values)
        {
            assert!(finished.stdout.contains(word), "{shell} does not know {word}");
        }
    }
    assert_printed("completions-fish", &typed("completions fish").run().stdout);
}

#[test]
fn keys_and_themes_are_printed_in_every_form() {
    for command in ["keys", "themes"] {
        for form in ["table", "wide", "json", "jsonl", "yaml"] {
            let finished = typed(&format!("{command} -o {form}")).run();
            assert_eq!(
                (finished.code(), finished.stderr.as_str()),
                (0, ""),
                "{command} {form}"
            );
            assert!(finished.stdout.lines().count() > 1 && is_safe(&finished.stdout));
        }
    }
    let keys = typed("keys -o json").run().json();
    let quits = |row: &&serde_json::Value| row["command"] == "quit";
    let rows = keys["keys"].as_array().unwrap();
    assert!(rows.iter().any(|row| quits(&row) && row["title"].is_string()));
    let themes = typed("themes -o json").run().json();
    let used: Vec<_> = themes["themes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|theme| theme["used"] == true)
        .map(|theme| theme["name"].as_str().unwrap())
        .collect();
    assert_eq!(used, ["quarterdeck"]);
}

#[test]
fn the_policy_is_one_that_iam_takes() {
    let actions = |line: &str| {
        let policy = typed(line).run().json();
        assert_eq!(policy["Version"], "2012-10-17");
        let mut actions: Vec<String> = Vec::new();
        for statement in policy["Statement"].as_array().unwrap() {
            assert_eq!(statement["Effect"], "Allow");
            let of_statement = statement["Action"].as_array().unwrap();
            actions.extend(
                of_statement
                    .iter()
                    .map(|action| action.as_str().unwrap().to_owned()),
            );
        }
        actions
    };
    let all = actions("iam-policy");
    let reading = actions("iam-policy --read-only");
    let bare = actions("iam-policy --read-only --no-probe");
    assert!(all.contains(&"ecs:UpdateService".to_owned()));
    assert!(!reading.contains(&"ecs:UpdateService".to_owned()));
    assert!(reading.contains(&"ssm:SendCommand".to_owned()));
    assert!(!bare.contains(&"ssm:SendCommand".to_owned()));
    assert!(bare.contains(&"ecs:DescribeServices".to_owned()));
}
