//! Themes.

use std::collections::BTreeSet;
use std::fs;

use pretty_assertions::assert_eq;
use quarterdeck::config::theme::{
    self, Ansi, ColorDepth, Rgb, Role, Theme, ThemeColor, ThemeModifiers, ThemeStyle, Themes,
};

use super::{assert_report, fixtures, root, short};

fn shipped(name: &str) -> Theme {
    Themes::shipped()
        .get(name)
        .unwrap_or_else(|error| panic!("{error}"))
        .clone()
}

fn rgb(text: &str) -> ThemeColor {
    ThemeColor::parse(text).expect("a colour")
}

/// The colours that a role really has on the screen: what it does not set is that of text.
fn on_screen(theme: &Theme, role: Role) -> (Rgb, Rgb) {
    let (style, text) = (theme.style(role), theme.style(Role::Text));
    let part = |own: Option<ThemeColor>, base: Option<ThemeColor>| {
        own.or(base)
            .and_then(ThemeColor::rgb)
            .unwrap_or_else(|| panic!("{} of {} has no colour", role.name(), theme.name))
    };
    let (fg, bg) = (part(style.fg, text.fg), part(style.bg, text.bg));
    if style.modifiers.reverse {
        (bg, fg)
    } else {
        (fg, bg)
    }
}

#[test]
fn every_theme_in_the_folder_is_shipped_and_loads_without_a_notice() {
    let mut files: Vec<String> = fs::read_dir(root().join("themes"))
        .expect("the folder")
        .map(|entry| short(&entry.expect("an entry").path()))
        .collect();
    files.sort();
    let mut names = theme::SHIPPED.map(|(name, _)| format!("{name}.toml"));
    names.sort();
    assert_eq!(files, names);
    // As a user's file each is parsed with all its mistakes reported.
    let texts = theme::SHIPPED.map(|(name, text)| (name, text.as_bytes()));
    let (themes, notices) = Themes::shipped().with_user(texts);
    assert_eq!(notices, []);
    assert_eq!(themes, Themes::shipped());
}

#[test]
fn every_shipped_theme_is_complete_under_its_own_name() {
    for (name, text) in theme::SHIPPED {
        let theme = shipped(name);
        assert_eq!(theme.name, name);
        assert!(!theme.about.is_empty(), "{name} says nothing about itself");
        for role in Role::ALL {
            let line = format!("\n{} = ", role.name());
            assert!(text.contains(&line), "{name} has no style {}", role.name());
        }
    }
}

#[test]
fn the_default_theme_names_no_exact_colour() {
    let theme = shipped(theme::DEFAULT);
    for role in Role::ALL {
        let style = theme.style(*role);
        for color in [style.fg, style.bg].into_iter().flatten() {
            assert!(
                matches!(color, ThemeColor::Default | ThemeColor::Ansi(_)),
                "{} is {color}",
                role.name()
            );
        }
    }
    assert_eq!(theme.at(ColorDepth::Ansi16), theme);
}

#[test]
fn what_must_stand_out_does_so_at_every_depth() {
    for (name, _) in theme::SHIPPED {
        for depth in ColorDepth::ALL {
            let theme = shipped(name).at(depth);
            let text = theme.style(Role::Text);
            for role in [
                Role::Selection,
                Role::HeaderProd,
                Role::WriteMode,
                Role::SearchMatch,
            ] {
                let style = theme.style(role);
                let has_background = style.bg.is_some() && style.bg != text.bg;
                assert!(
                    has_background || style.modifiers.reverse,
                    "{} of {name} is lost at {depth:?}",
                    role.name()
                );
            }
            if depth == ColorDepth::None {
                assert_eq!(text.modifiers, ThemeModifiers::default(), "{name}");
            }
        }
    }
}

#[test]
fn severities_have_different_styles_at_every_depth_with_colours() {
    for (name, _) in theme::SHIPPED {
        for depth in [ColorDepth::Ansi16, ColorDepth::Indexed256, ColorDepth::TrueColor] {
            let theme = shipped(name).at(depth);
            let roles = [Role::Ok, Role::Warn, Role::Crit, Role::Unknown];
            for (index, one) in roles.iter().enumerate() {
                for other in &roles[index + 1..] {
                    assert_ne!(
                        theme.style(*one),
                        theme.style(*other),
                        "{} and {} of {name} at {depth:?}",
                        one.name(),
                        other.name()
                    );
                }
            }
        }
    }
}

#[test]
fn the_badge_of_write_mode_differs_from_every_header() {
    for (name, _) in theme::SHIPPED {
        for depth in [ColorDepth::Ansi16, ColorDepth::Indexed256, ColorDepth::TrueColor] {
            let theme = shipped(name).at(depth);
            for role in [
                Role::Header,
                Role::HeaderProd,
                Role::HeaderStaging,
                Role::HeaderDev,
                Role::HeaderDemo,
            ] {
                assert_ne!(
                    theme.style(role),
                    theme.style(Role::WriteMode),
                    "{} of {name}",
                    role.name()
                );
            }
        }
    }
}

#[test]
fn high_contrast_keeps_seven_to_one() {
    let theme = shipped("high-contrast");
    for role in Role::ALL {
        let (fg, bg) = on_screen(&theme, *role);
        let contrast = fg.contrast(bg);
        assert!(contrast >= 7.0, "{}: {contrast:.2} to 1", role.name());
    }
}

#[test]
fn the_other_exact_themes_are_legible() {
    for name in ["light", "night", "color-blind"] {
        let theme = shipped(name);
        for role in Role::ALL {
            let (fg, bg) = on_screen(&theme, *role);
            // WCAG AA: text 4.5, what is not text 3.
            let least = match role {
                Role::Frame | Role::FrameFocused | Role::FrameProd => 3.0,
                _ => 4.5,
            };
            let contrast = fg.contrast(bg);
            assert!(contrast >= least, "{} of {name}: {contrast:.2} to 1", role.name());
        }
    }
}

#[test]
fn text_stays_legible_in_sixteen_colours() {
    for name in ["light", "night", "high-contrast", "color-blind"] {
        let theme = shipped(name).at(ColorDepth::Ansi16);
        for role in Role::ALL {
            let (fg, bg) = on_screen(&theme, *role);
            let contrast = fg.contrast(bg);
            assert!(contrast >= 2.0, "{} of {name}: {contrast:.2}", role.name());
        }
    }
}

/// The colour by which a role is recognised.
fn mark(theme: &Theme, role: Role) -> Rgb {
    let style = theme.style(role);
    let color = style.bg.or(style.fg).and_then(ThemeColor::rgb);
    color.unwrap_or_else(|| panic!("{} has no colour", role.name()))
}

/// Coordinates in which distances are those that people see (CIE L*a*b*, white of sRGB).
fn lab(linear: [f64; 3]) -> [f64; 3] {
    let [red, green, blue] = linear;
    let scaled = |part: f64| {
        if part > 0.008_856 {
            part.cbrt()
        } else {
            7.787 * part + 16.0 / 116.0
        }
    };
    let x = scaled((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505);
    let y = scaled(0.2126 * red + 0.7152 * green + 0.0722 * blue);
    let z = scaled((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[test]
fn severities_can_be_told_apart_with_every_colour_vision() {
    // Machado, Oliveira, Fernandes 2009, severity 1, on linear RGB.
    let visions = [
        ("normal", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
        ),
        (
            "tritanopia",
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ),
    ];
    let theme = shipped("color-blind");
    let roles = [Role::Ok, Role::Warn, Role::Crit, Role::Unknown];
    for (vision, matrix) in visions {
        let seen = |role: Role| {
            let Rgb { r, g, b } = mark(&theme, role);
            let linear = [r, g, b].map(|part| {
                let part = f64::from(part) / 255.0;
                if part <= 0.040_45 {
                    part / 12.92
                } else {
                    ((part + 0.055) / 1.055).powf(2.4)
                }
            });
            lab(matrix.map(|row| {
                let sum: f64 = row.iter().zip(linear).map(|(m, part)| m * part).sum();
                sum.clamp(0.0, 1.0)
            }))
        };
        for (index, one) in roles.iter().enumerate() {
            for other in &roles[index + 1..] {
                let (a, b) = (seen(*one), seen(*other));
                let distance = a
                    .iter()
                    .zip(b)
                    .map(|(a, b)| (a - b) * (a - b))
                    .sum::<f64>()
                    .sqrt();
                assert!(
                    distance >= 15.0,
                    "{} and {} with {vision}: {distance:.1}",
                    one.name(),
                    other.name()
                );
            }
        }
    }
}

#[test]
fn the_color_blind_theme_uses_the_palette_of_okabe_and_ito() {
    let palette = [
        "#000000", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#ffffff",
        "#b8b8b8",
    ]
    .map(rgb);
    let theme = shipped("color-blind");
    let used: BTreeSet<ThemeColor> = Role::ALL
        .iter()
        .map(|role| theme.style(*role))
        .flat_map(|style| [style.fg, style.bg])
        .flatten()
        .collect();
    for color in used {
        assert!(palette.contains(&color), "{color}");
    }
}

#[test]
fn mono_has_no_colour() {
    let theme = shipped("mono");
    for role in Role::ALL {
        let style = theme.style(*role);
        for color in [style.fg, style.bg].into_iter().flatten() {
            assert_eq!(color, ThemeColor::Default, "{}", role.name());
        }
    }
}

#[test]
fn a_users_theme_is_a_patch_over_a_shipped_one() {
    let path = root().join("tests/fixtures/config/theme-valid/patch.toml");
    let bytes = fs::read(path).expect("a readable fixture");
    let (themes, notices) = Themes::shipped().with_user([("patch.toml", bytes.as_slice())]);
    assert_eq!(notices, []);
    let (patch, night) = (themes.get("patch").expect("added"), shipped("night"));
    let style = |role| patch.style(role);
    let base = |role| night.style(role);
    assert_eq!(
        style(Role::Accent),
        ThemeStyle {
            fg: Some(rgb("#2a6f97")),
            ..base(Role::Accent)
        }
    );
    assert_eq!(
        style(Role::Crit),
        ThemeStyle {
            fg: Some(rgb("#ff0044")),
            bg: None,
            modifiers: ThemeModifiers::default(),
        },
        "the palette comes before the sixteen names"
    );
    assert_eq!(
        style(Role::Warn),
        ThemeStyle {
            bg: Some(ThemeColor::Indexed(17)),
            ..base(Role::Warn)
        }
    );
    assert_eq!(style(Role::Ok).fg, Some(ThemeColor::Indexed(46)));
    assert_eq!(
        style(Role::Muted),
        ThemeStyle {
            fg: Some(ThemeColor::Ansi(Ansi::BrightBlack)),
            bg: None,
            modifiers: ThemeModifiers {
                dim: true,
                italic: true,
                ..ThemeModifiers::default()
            },
        }
    );
    assert_eq!(style(Role::Header), base(Role::Header));
}

#[test]
fn a_users_theme_of_a_shipped_name_replaces_it_and_may_extend_it() {
    let text = "name = \"night\"\nextends = \"night\"\n[styles]\nok = \"cyan\"\n";
    let (themes, notices) = Themes::shipped().with_user([("my.toml", text.as_bytes())]);
    assert_eq!(notices, []);
    let mine = themes.get("night").expect("replaced");
    assert_eq!(mine.style(Role::Ok).fg, Some(ThemeColor::Ansi(Ansi::Cyan)));
    assert_eq!(mine.style(Role::Text), shipped("night").style(Role::Text));
    assert_eq!(themes.iter().count(), theme::SHIPPED.len());
}

#[test]
fn files_with_mistakes_are_left_out_and_reported_in_full() {
    for path in fixtures("theme-invalid") {
        let bytes = fs::read(&path).expect("a readable fixture");
        let name = short(&path);
        let (themes, notices) = Themes::shipped().with_user([(name.as_str(), bytes.as_slice())]);
        assert_eq!(themes, Themes::shipped());
        let [notice] = notices.as_slice() else {
            panic!("{}: one notice, not {notices:?}", path.display());
        };
        let text = format!("{}\n\n{}", notice.headline, notice.detail);
        assert_report("theme", &path, &text);
    }
}

#[test]
fn an_unknown_name_is_refused_with_a_guess() {
    let themes = Themes::shipped();
    let error = themes.get("nihgt").expect_err("there is none");
    assert_eq!(
        error.to_string(),
        "there is no theme `nihgt`; did you mean `night`?"
    );
    assert_eq!(error.nearest.as_deref(), Some("night"));
}
