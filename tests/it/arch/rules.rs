//! What each layer may use.

use super::source::Module;

/// The dependencies by their names in code.
pub struct Crates(pub Vec<String>);

/// A layer: a folder below `src`, and the file of the same name.
struct Layer {
    name: &'static str,
    /// Layers that it may use beside itself.
    layers: &'static [&'static str],
    /// Whether it touches nothing outside the process and knows no time.
    purity: Purity,
    /// Crates that it may use.
    crates: Allowed,
}

#[derive(PartialEq)]
enum Purity {
    Pure,
    /// Draws: pure, and never waits.
    Drawing,
    Any,
}

enum Allowed {
    /// These alone.
    Only(&'static [&'static str]),
    /// All but these.
    AllBut(&'static [&'static str]),
}

/// Crates of AWS begin so.
const SDK: &str = "aws_";

const LAYERS: &[Layer] = &[
    Layer {
        name: "domain",
        layers: &[],
        purity: Purity::Pure,
        // The price files are JSON; estate files and runbooks are YAML, read by the same code.
        crates: Allowed::Only(&["serde", "serde_json", "serde_yaml", "jiff", "thiserror", "sha2"]),
    },
    Layer {
        name: "runbook",
        layers: &["domain"],
        purity: Purity::Pure,
        crates: Allowed::Only(&[
            "serde",
            "serde_json",
            "serde_yaml",
            "schemars",
            "jiff",
            "thiserror",
            "sha2",
            "regex",
            // Texts for people line up in columns.
            "unicode_width",
        ]),
    },
    Layer {
        name: "config",
        layers: &["domain"],
        purity: Purity::Pure,
        crates: Allowed::Only(&[
            "serde",
            "serde_json",
            "serde_yaml",
            "toml",
            "schemars",
            "jiff",
            "thiserror",
        ]),
    },
    Layer {
        name: "app",
        layers: &["runbook", "config", "domain"],
        purity: Purity::Pure,
        crates: Allowed::Only(&[
            "serde",
            "serde_json",
            "jiff",
            "thiserror",
            "regex",
            "unicode_width",
            "unicode_segmentation",
        ]),
    },
    Layer {
        name: "view",
        layers: &["app", "config", "domain"],
        purity: Purity::Drawing,
        crates: Allowed::Only(&["ratatui", "jiff", "unicode_width", "unicode_segmentation"]),
    },
    Layer {
        name: "cloud",
        layers: &["domain"],
        purity: Purity::Any,
        crates: Allowed::AllBut(&["ratatui", "clap"]),
    },
    Layer {
        name: "engine",
        layers: &["cloud", "runbook", "config", "domain"],
        purity: Purity::Any,
        crates: Allowed::AllBut(&["ratatui", "clap"]),
    },
    Layer {
        name: "headless",
        layers: &["engine", "cloud", "runbook", "config", "domain"],
        purity: Purity::Any,
        crates: Allowed::AllBut(&["ratatui", "clap"]),
    },
    Layer {
        name: "console",
        layers: &["view", "app", "engine", "cloud", "runbook", "config", "domain"],
        purity: Purity::Any,
        crates: Allowed::AllBut(&["clap"]),
    },
    // Puts everything together.
    Layer {
        name: "cli",
        layers: &[
            "headless", "console", "view", "app", "engine", "cloud", "runbook", "config", "domain",
        ],
        purity: Purity::Any,
        crates: Allowed::AllBut(&["ratatui", "tokio"]),
    },
];

/// Modules of the standard library that reach out of the process.
const OUTSIDE: [&str; 5] = ["std::fs", "std::env", "std::net", "std::process", "std::thread"];

/// Ends of paths that read a clock, or what the machine is set to.
const CLOCKS: [&str; 4] = ["Timestamp::now", "Zoned::now", "TimeZone::system", "Instant::now"];

/// What is wrong with a module, in words.
pub fn violations(module: &Module, crates: &Crates) -> Vec<String> {
    let Some(place) = module.name.strip_prefix("src/") else {
        return Vec::new();
    };
    let top = place.split('/').next().unwrap_or(place).trim_end_matches(".rs");
    // The root only names the layers, and `main` makes clouds out of all of them.
    if matches!(top, "lib" | "main") {
        return foreign_sdk(module);
    }
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == top) else {
        return vec![format!("{}: {top} is no layer", module.name)];
    };
    let mut found = foreign_sdk(module);
    let mut complain = |path: &str, why: &str| found.push(format!("{}: {path}: {why}", module.name));
    for path in &module.paths {
        let first = path.split("::").next().unwrap_or(path);
        if let Some(rest) = path.strip_prefix("crate::") {
            let used = rest.split("::").next().unwrap_or(rest);
            if used != layer.name && !layer.layers.contains(&used) {
                complain(path, &format!("{} may not use {used}", layer.name));
            }
        }
        if crates.0.iter().any(|name| name == first) {
            let allowed = match layer.crates {
                Allowed::Only(these) => these.contains(&first),
                Allowed::AllBut(these) => !these.contains(&first),
            };
            if !allowed {
                complain(path, &format!("{} may not use the crate {first}", layer.name));
            }
        }
        if layer.purity != Purity::Any {
            let outside = OUTSIDE
                .iter()
                .find(|module| path == *module || path.starts_with(&format!("{module}::")));
            if outside.is_some() {
                complain(path, &format!("{} is pure", layer.name));
            }
            if CLOCKS.iter().any(|clock| path.ends_with(clock)) || path.ends_with("SystemTime") {
                complain(path, &format!("{} does not know the time", layer.name));
            }
        }
    }
    if layer.purity == Purity::Drawing {
        for word in module
            .words
            .iter()
            .filter(|word| *word == "await" || *word == "async")
        {
            complain(word, "drawing never waits");
        }
    }
    found
}

/// The SDK is named in the adapter alone.
fn foreign_sdk(module: &Module) -> Vec<String> {
    if module.name.starts_with("src/cloud/aws") {
        return Vec::new();
    }
    module
        .paths
        .iter()
        .filter(|path| path.starts_with(SDK))
        .map(|path| format!("{}: {path}: only cloud::aws may name the SDK", module.name))
        .collect()
}
