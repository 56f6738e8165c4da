use pretty_assertions::assert_eq;
use proptest::prelude::*;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::*;

#[test]
fn text_without_anything_to_remove_is_borrowed() {
    for text in [
        "",
        "plain ASCII, longer than one block of the fast path: ~!@#$%^&*()",
        "한글과 English, 日本語",
        "\u{1112}\u{1161}\u{11ab}", // 한 in conjoining jamo
        "e\u{301}tude",
        "🚀 👍🏽 🇰🇷",
        "שלום عربي",
        "\u{a0}no-break space",
    ] {
        assert!(matches!(clean(text), Cow::Borrowed(_)), "{text:?}");
        assert!(matches!(clean_multiline(text), Cow::Borrowed(_)), "{text:?}");
    }
    assert!(matches!(clean_multiline("two\nlines\n"), Cow::Borrowed(_)));
}

#[test]
fn each_attack_is_disarmed() {
    for (text, expected) in [
        // CSI: colours, cursor, private modes, intermediates, both spellings.
        ("\u{1b}[31mred\u{1b}[0m", "red"),
        ("a\u{1b}[2J\u{1b}[1;1Hb", "ab"),
        ("\u{1b}[?1049h\u{1b}[>4;2m\u{1b}[0 qx", "x"),
        ("\u{9b}31mred", "red"),
        // OSC: title, clipboard, hyperlink; ended by BEL, ST, 8-bit ST.
        ("\u{1b}]0;owned\u{7}text", "text"),
        ("\u{1b}]52;c;ZXZpbA==\u{1b}\\text", "text"),
        ("\u{1b}]8;;http://evil\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
        ("\u{9d}0;owned\u{9c}text", "text"),
        // DCS, SOS, PM, APC.
        (
            "\u{1b}P$q\"p\u{1b}\\a\u{1b}Xb\u{1b}\\c\u{1b}^d\u{1b}\\e\u{1b}_f\u{1b}\\",
            "ace",
        ),
        ("\u{90}q\u{9c}a\u{98}b\u{9c}c\u{9e}d\u{9c}e\u{9f}f\u{9c}", "ace"),
        // Short escapes, character sets, reset.
        ("\u{1b}ca\u{1b}(0b\u{1b}7\u{1b}=c\u{1b}#8", "abc"),
        // Cut or malformed: the introducer goes, the rest stays to be seen.
        ("end\u{1b}", "end"),
        ("end\u{1b}[", "end"),
        ("end\u{1b}[38;5", "end38;5"),
        ("\u{1b}]0;never ends", "0;never ends"),
        ("\u{1b}(", "("),
        ("\u{1b}한", "한"),
        ("\u{1b}[31한", "31한"),
        ("\u{1b}\u{1b}[31mx", "x"),
        // Controls.
        (
            "nul\0 bel\u{7} bs\u{8} del\u{7f} so\u{e} c1\u{84}",
            "nul bel bs del so c1",
        ),
        // Direction and invisibility.
        ("user\u{202e}nimda\u{202c}", "usernimda"),
        ("\u{2066}a\u{2069}\u{200f}b\u{61c}", "ab"),
        ("pass\u{200b}word\u{feff}\u{ad}", "password"),
        ("a\u{e0041}\u{e007f}b", "ab"),
        ("\u{3164}name\u{ffa0}", "name"),
        // What terminals cannot agree on the width of.
        ("👩\u{200d}🚀 ❤\u{fe0f} 1\u{fe0f}\u{20e3}", "👩🚀 ❤ 1\u{20e3}"),
        ("می\u{200c}خواهم", "میخواهم"),
        // White space.
        ("a\tb", "a    b"),
        ("one\ntwo\r\nthree\rfour\n\n", "one⏎two⏎three⏎four"),
        ("a\n\nb", "a⏎⏎b"),
        ("a\u{85}b\u{2028}c\u{2029}d\u{b}e\u{c}f", "a⏎b⏎c⏎d⏎e⏎f"),
        ("end\n\u{1b}[0m", "end"),
    ] {
        assert_eq!(clean(text), expected, "{text:?}");
    }
}

#[test]
fn an_endless_string_sequence_hides_no_line() {
    let log = "\u{1b}]0;x\nsecond line\u{7}\nthird";
    assert_eq!(clean_multiline(log), "0;x\nsecond line\nthird");
    assert_eq!(clean(log), "0;x⏎second line⏎third");
    assert_eq!(clean("\u{9d}0;x\u{2028}second\u{7}"), "0;x⏎second");
}

#[test]
fn several_lines_keep_their_breaks() {
    assert_eq!(
        clean_multiline("Traceback:\r\n\tFile \u{1b}[1m\"a.py\"\u{1b}[0m\r\n\n10%\r20%\n"),
        "Traceback:\n    File \"a.py\"\n\n10%\n20%\n"
    );
}

#[test]
fn clusters_that_terminals_draw_differently_have_one_width() {
    for text in [
        "👩\u{200d}👩\u{200d}👧",
        "❤\u{fe0f}",
        "☎\u{fe0e}",
        "🏳\u{fe0f}\u{200d}🌈",
        "한글\u{200b}",
    ] {
        let text = clean(text);
        let by_character: usize = text.chars().filter_map(UnicodeWidthChar::width).sum();
        assert_eq!(text.width(), by_character, "{text:?}");
    }
}

#[test]
fn a_change_is_found_at_every_offset_of_the_fast_path() {
    for offset in 0..100 {
        let text = format!("{}\u{7}{}", "a".repeat(offset), "b".repeat(40));
        assert_eq!(clean(&text), text.replace('\u{7}', ""));
    }
}

/// Strings full of what matters: introducers, terminators, parameters, breaks, the invisible.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => prop::sample::select(vec![
            "\u{1b}", "\u{1b}[", "\u{1b}]", "\u{1b}P", "\u{9b}", "\u{9d}", "\u{90}", "\u{9c}", "\u{7}",
            "\u{1b}\\", "\\", "31m", ";", "?", " ", "(", "\r", "\n", "\t", "\u{85}", "\u{2028}",
            "\u{200d}", "\u{202e}", "\u{e0041}", "\u{fe0f}", "한", "👩", "⏎",
        ])
        .prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[ -~]{0,40}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn nothing_that_a_terminal_obeys_gets_through(text in nasty()) {
        prop_assert!(!clean(&text).chars().any(char::is_control));
        prop_assert!(!clean(&text).chars().any(is_invisible));
        let lines = clean_multiline(&text);
        prop_assert!(!lines.chars().any(|character| character != '\n' && character.is_control()));
        prop_assert!(!lines.chars().any(is_invisible));
    }

    #[test]
    fn clean_text_is_left_alone(text in nasty()) {
        let once = clean(&text);
        let twice = clean(&once);
        prop_assert_eq!(&*twice, &*once);
        prop_assert!(matches!(twice, Cow::Borrowed(_)));
        let once = clean_multiline(&text);
        let twice = clean_multiline(&once);
        prop_assert_eq!(&*twice, &*once);
        prop_assert!(matches!(twice, Cow::Borrowed(_)));
    }

    #[test]
    fn printable_text_survives_whole(text in "[ -~가-힣ぁ-ん一-龯é😀]{0,80}") {
        prop_assert_eq!(clean(&text), text.as_str());
    }

    #[test]
    fn letters_outside_sequences_survive(words in prop::collection::vec("[a-z가-힣]{1,8}", 1..8)) {
        let coloured: Vec<String> = words
            .iter()
            .map(|word| format!("\u{1b}[3{}m{word}\u{1b}[0m", word.len() % 8))
            .collect();
        let coloured = coloured.concat();
        prop_assert_eq!(clean(&coloured), words.concat());
    }
}
