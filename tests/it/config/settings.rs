//! Settings, layer by layer.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use quarterdeck::config::keys::{GLOBAL, Keymap};
use quarterdeck::config::settings::{
    Access, Cadences, Clipboard, ColorChoice, Flags, RunbookSettings, Runs, Settings, Symbols,
};
use quarterdeck::domain::policy::Zone;

use super::{assert_report, fixtures, short};

fn zone(name: &str) -> Zone {
    Zone::named(name).expect("it exists")
}

fn variables<const N: usize>(all: [(&str, &str); N]) -> BTreeMap<String, String> {
    all.map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// Settings that differ from the defaults everywhere, to see what a layer leaves alone.
fn unusual() -> Settings {
    Settings {
        theme: Some("night".to_owned()),
        color: ColorChoice::Always,
        symbols: Symbols::Ascii,
        time_zone: Some(zone("Europe/Berlin")),
        state_dir: Some("/state".into()),
        log_file: Some("/log".into()),
        estate: Some("ecg".to_owned()),
        access: Access::ReadOnly,
        clipboard: Clipboard::Off,
        cadences: Cadences {
            services_s: 99,
            ..Cadences::default()
        },
        runs: Runs {
            credential_grace_s: 9,
        },
        runbooks: RunbookSettings {
            programs: vec!["/usr/local/bin/drain".to_owned()],
            documents: vec!["drain-host".to_owned()],
        },
        keys: Vec::new(),
    }
}

#[test]
fn what_runbooks_may_run_is_nothing_until_the_file_says_so() {
    assert_eq!(Settings::default().runbooks, RunbookSettings::default());
    let file = b"[runbooks]\nprograms = [\"/usr/local/bin/drain\"]\ndocuments = [\"drain-host\"]\n";
    let layered = Settings::default().with_file("config.toml", file);
    assert!(layered.notices.is_empty(), "{:?}", layered.notices);
    assert_eq!(layered.settings.runbooks, unusual().runbooks);
    let relative = b"[runbooks]\nprograms = [\"drain\"]\n";
    let layered = Settings::default().with_file("config.toml", relative);
    assert_eq!(layered.settings.runbooks, RunbookSettings::default());
    assert!(
        layered.notices[0].detail.contains("absolute path"),
        "{:?}",
        layered.notices
    );
}

#[test]
fn the_defaults_ask_for_nothing_unusual() {
    let defaults = Settings::default();
    assert_eq!(defaults.theme, None);
    assert_eq!(defaults.color, ColorChoice::Auto);
    assert_eq!(defaults.symbols, Symbols::Unicode);
    assert_eq!(defaults.access, Access::EstateDefault);
    assert_eq!(defaults.clipboard, Clipboard::Osc52);
    assert_eq!(defaults.cadences.spend_s, 18 * 60 * 60);
    assert_eq!(defaults.keys, []);
}

#[test]
fn the_file_layer_sets_everything() {
    let path = fixtures("settings-valid")
        .into_iter()
        .find(|path| short(path) == "everything.toml")
        .expect("the fixture");
    let bytes = fs::read(&path).expect("a readable fixture");
    let layered = Settings::default().with_file("config.toml", &bytes);
    assert_eq!(layered.notices, []);
    let settings = layered.settings;
    assert_eq!(settings.theme.as_deref(), Some("light"));
    assert_eq!(settings.color, ColorChoice::Never);
    assert_eq!(settings.symbols, Symbols::Ascii);
    assert_eq!(settings.time_zone, Some(zone("Asia/Seoul")));
    assert_eq!(settings.state_dir, Some(PathBuf::from("~/state")));
    assert_eq!(settings.log_file, Some(PathBuf::from("/var/log/qd.log")));
    assert_eq!(settings.estate.as_deref(), Some("invokeai"));
    assert_eq!(settings.access, Access::ReadOnly);
    assert_eq!(settings.clipboard, Clipboard::Off);
    assert_eq!(
        settings.cadences,
        Cadences {
            services_s: 20,
            gpu_s: 60,
            ..Cadences::default()
        }
    );
    assert_eq!(
        settings.runs,
        Runs {
            credential_grace_s: 60
        }
    );
    let source = layered.source.expect("the text");
    let keys: Vec<(&str, &str, &str, Vec<String>)> = settings
        .keys
        .iter()
        .map(|key| {
            let chords = key.chords.iter().map(|(chord, _)| chord.to_string());
            (
                key.context.as_str(),
                key.command.as_str(),
                source.slice(key.command_at),
                chords.collect(),
            )
        })
        .collect();
    assert_eq!(
        keys,
        [
            ("global", "back", "back", vec!["ctrl-q".to_owned()]),
            ("global", "refresh", "refresh", vec![]),
            (
                "logs",
                "next-error",
                "\"next-error\"",
                vec!["e".to_owned(), "shift-down".to_owned()]
            ),
        ]
    );
    let first = &settings.keys[2];
    assert_eq!(source.slice(first.context_at), "logs");
    assert_eq!(source.slice(first.chords[1].1), "\"shift-down\"");
}

#[test]
fn the_file_layer_leaves_alone_what_it_does_not_name() {
    let layered = unusual().with_file("config.toml", b"theme = \"mono\"\n");
    assert_eq!(layered.notices, []);
    let expected = Settings {
        theme: Some("mono".to_owned()),
        ..unusual()
    };
    assert_eq!(layered.settings, expected);
    let empty = unusual().with_file("config.toml", b"");
    assert_eq!(empty.notices, []);
    assert_eq!(empty.settings, unusual());
}

#[test]
fn files_with_mistakes_are_not_used_and_reported_in_full() {
    for path in fixtures("settings-invalid") {
        let bytes = fs::read(&path).expect("a readable fixture");
        let layered = Settings::default().with_file(&short(&path), &bytes);
        let expected = Settings {
            access: layered.settings.access,
            ..Settings::default()
        };
        assert_eq!(layered.settings, expected, "{}", path.display());
        let [notice] = layered.notices.as_slice() else {
            panic!("{}: one notice, not {:?}", path.display(), layered.notices);
        };
        let text = format!("{}\n\n{}", notice.headline, notice.detail);
        assert_report("settings", &path, &text);
    }
}

#[test]
fn a_wish_for_read_only_survives_mistakes_elsewhere_in_the_file() {
    for text in [
        "read_only = true\ntheem = \"x\"\n",
        "theme = \"open\nread_only = true\n",
        "read_only = true\n[keys.logs]\nwrap = \"ctlr-x\"\n",
    ] {
        let layered = Settings::default().with_file("config.toml", text.as_bytes());
        assert_eq!(layered.settings.access, Access::ReadOnly, "{text}");
        assert!(
            layered.notices[0]
                .headline
                .ends_with("its `read_only = true` holds"),
            "{}",
            layered.notices[0].headline
        );
    }
    let layered = Settings::default().with_file("config.toml", b"read_only = false\nx = 1\n");
    assert_eq!(layered.settings.access, Access::EstateDefault);
}

#[test]
fn the_environment_layer_sets_everything_it_names() {
    let layered = Settings::default().with_environment(&variables([
        ("QD_THEME", "light"),
        ("QD_COLOR", "always"),
        ("QD_ASCII", "1"),
        ("QD_TIME_ZONE", "Asia/Seoul"),
        ("QD_STATE_DIR", "/state"),
        ("QD_LOG_FILE", "/log"),
        ("QD_ESTATE", "invokeai"),
        ("QD_READ_ONLY", "yes"),
        ("QD_CLIPBOARD", "off"),
        ("QD_PARAM_CLUSTER", "x"),
        ("HOME", "/home/kim"),
    ]));
    assert_eq!(layered.notices, []);
    let expected = Settings {
        theme: Some("light".to_owned()),
        color: ColorChoice::Always,
        symbols: Symbols::Ascii,
        time_zone: Some(zone("Asia/Seoul")),
        state_dir: Some("/state".into()),
        log_file: Some("/log".into()),
        estate: Some("invokeai".to_owned()),
        access: Access::ReadOnly,
        clipboard: Clipboard::Off,
        ..Settings::default()
    };
    assert_eq!(layered.settings, expected);
}

#[test]
fn empty_variables_count_as_unset() {
    let empty = variables([("NO_COLOR", ""), ("QD_THEME", ""), ("QD_READ_ONLY", "")]);
    let layered = unusual().with_environment(&empty);
    assert_eq!(layered.notices, []);
    assert_eq!(layered.settings, unusual());
}

#[test]
fn no_color_turns_colours_off_unless_ours_says_otherwise() {
    let color = |all: BTreeMap<String, String>| Settings::default().with_environment(&all).settings.color;
    assert_eq!(color(variables([("NO_COLOR", "0")])), ColorChoice::Never);
    assert_eq!(
        color(variables([("NO_COLOR", "1"), ("QD_COLOR", "always")])),
        ColorChoice::Always
    );
}

#[test]
fn what_the_environment_layer_does_not_understand_becomes_a_notice() {
    let layered = Settings::default().with_environment(&variables([
        ("QD_COLOR", "sometimes"),
        ("QD_ASCII", "perhaps"),
        ("QD_TIME_ZONE", "Seoul"),
        ("QD_READ_ONLY", "yess"),
        ("QD_CLIPBOARD", "x11"),
        ("QD_THEM", "night"),
        ("QD_UNHEARD_OF", "1"),
    ]));
    let headlines: Vec<&str> = layered
        .notices
        .iter()
        .map(|notice| notice.headline.as_str())
        .collect();
    assert_eq!(
        headlines,
        [
            "QD_COLOR cannot be `sometimes`, expected auto, always or never",
            "QD_ASCII cannot be `perhaps`, expected true or false",
            "QD_TIME_ZONE cannot be `Seoul`, expected a zone such as Asia/Seoul",
            "QD_READ_ONLY cannot be `yess`, expected true or false, so it is taken for true",
            "QD_CLIPBOARD cannot be `x11`, expected osc52 or off",
            "the variable `QD_THEM` means nothing; did you mean QD_THEME?",
            "the variable `QD_UNHEARD_OF` means nothing",
        ]
    );
    let expected = Settings {
        access: Access::ReadOnly,
        ..Settings::default()
    };
    assert_eq!(layered.settings, expected);
}

#[test]
fn the_flag_layer_wins_over_all_others() {
    let flags = Flags {
        theme: Some("mono".to_owned()),
        color: Some(ColorChoice::Never),
        symbols: Some(Symbols::Unicode),
        state_dir: Some("/flag/state".into()),
        log_file: Some("/flag/log".into()),
        estate: Some("fashion".to_owned()),
        access: Some(Access::ReadWrite),
    };
    let settings = unusual().with_flags(flags);
    let expected = Settings {
        theme: Some("mono".to_owned()),
        color: ColorChoice::Never,
        symbols: Symbols::Unicode,
        state_dir: Some("/flag/state".into()),
        log_file: Some("/flag/log".into()),
        estate: Some("fashion".to_owned()),
        access: Access::ReadWrite,
        ..unusual()
    };
    assert_eq!(settings, expected);
    assert_eq!(unusual().with_flags(Flags::default()), unusual());
}

#[test]
fn a_later_layer_wins_over_an_earlier_one() {
    let file = b"theme = \"light\"\nestate = \"ecg\"\ncolor = \"never\"\nread_only = true\n";
    let environment = variables([("QD_THEME", "night"), ("QD_ESTATE", "codemate")]);
    let flags = Flags {
        theme: Some("mono".to_owned()),
        ..Flags::default()
    };
    let settings = Settings::default()
        .with_file("config.toml", file)
        .settings
        .with_environment(&environment)
        .settings
        .with_flags(flags);
    assert_eq!(settings.theme.as_deref(), Some("mono"));
    assert_eq!(settings.estate.as_deref(), Some("codemate"));
    assert_eq!(settings.color, ColorChoice::Never);
    assert_eq!(settings.access, Access::ReadOnly);
}

#[test]
fn no_file_or_variable_can_lift_an_estates_protection() {
    let settings = Settings::default()
        .with_file("config.toml", b"read_only = false\n")
        .settings
        .with_environment(&variables([("QD_READ_ONLY", "false")]))
        .settings;
    assert!(settings.access.is_read_only(true));
}

#[test]
fn overrides_of_the_file_build_a_keymap_or_point_into_it() {
    let defaults = [
        (GLOBAL, "q", "back"),
        (GLOBAL, "r", "refresh"),
        ("logs", "e", "next-error"),
    ];
    let file = b"[keys.global]\nback = \"r\"\n[keys.lgos]\nwrap = \"w\"\n";
    let layered = Settings::default().with_file("config.toml", file);
    assert_eq!(layered.notices, []);
    let errors = Keymap::build(&defaults, &layered.settings.keys).expect_err("two mistakes");
    let source = layered.source.expect("the text");
    let diagnostics = errors
        .iter()
        .map(quarterdeck::config::keys::KeymapError::diagnostic);
    let report = quarterdeck::domain::diagnostic::Report::new(source, diagnostics.collect()).to_string();
    assert_eq!(
        report,
        "\
config.toml:2:8: error: `r` would mean both `refresh` and `back` in `global`
  |
2 | back = \"r\"
  |        ^^^ give `refresh` another key as well, or none: refresh = []

config.toml:3:7: error: there is no context `lgos`
  |
3 | [keys.lgos]
  |       ^^^^ did you mean `logs`?

2 errors in config.toml"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    /// Whatever is in the file, there are settings, and what is not used is said.
    #[test]
    fn any_file_is_used_or_refused(
        lines in prop::collection::vec(
            "(theme|read_only|color|\\[keys\\.global\\]|\\[refresh\\]|back|x)( = )?(true|\"[a-z-]{0,8}\"?|\\[\"q\"\\]?|-?[0-9]{1,4}|\u{7})?",
            0..6,
        ),
    ) {
        let text = lines.join("\n");
        let layered = Settings::default().with_file("config.toml", text.as_bytes());
        if !layered.notices.is_empty() {
            let expected = Settings { access: layered.settings.access, ..Settings::default() };
            prop_assert_eq!(layered.settings, expected);
            prop_assert!(!layered.notices[0].detail.contains(char::from(7)));
        }
    }
}
