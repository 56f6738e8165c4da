//! A source file as the paths that its code names.

/// A file of the program.
pub struct Module {
    /// Where it is, from the root of the repository.
    pub name: String,
    /// Every path in its code, from its first segment: `crate::domain::ids`, `std::fs`, `regex::Regex`.
    pub paths: Vec<String>,
    /// Every word in its code.
    pub words: Vec<String>,
}

impl Module {
    /// Reads a file. Comments, strings and what only tests compile are left out.
    pub fn parse(name: &str, text: &str) -> Self {
        let stem = name.rsplit('/').next().unwrap_or(name);
        let is_test = stem == "tests.rs" || name.contains("/tests/");
        let tokens = if is_test {
            Vec::new()
        } else {
            without_tests(tokens(text))
        };
        Self {
            name: name.to_owned(),
            paths: paths(&tokens),
            words: tokens
                .into_iter()
                .filter(|token| token.starts_with(|first: char| first.is_alphabetic() || first == '_'))
                .collect(),
        }
    }
}

/// Words and signs; `::` is one sign. Strings, characters, lifetimes and comments are left out.
fn tokens(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let rest = &characters[at..];
        at += match rest {
            ['/', '/', ..] => rest.iter().take_while(|one| **one != '\n').count(),
            ['/', '*', ..] => comment(rest),
            ['r' | 'b' | 'c', ..] if raw_string(rest) > 0 => raw_string(rest),
            ['b' | 'c', '"', ..] => 1 + string(&rest[1..]),
            ['"', ..] => string(rest),
            ['\'', ..] => quoted(rest),
            [':', ':', ..] => {
                tokens.push("::".to_owned());
                2
            }
            [first, ..] if first.is_alphanumeric() || *first == '_' => {
                let word: String = rest
                    .iter()
                    .take_while(|one| one.is_alphanumeric() || **one == '_')
                    .collect();
                let length = word.chars().count();
                tokens.push(word);
                length
            }
            [first, ..] => {
                if !first.is_whitespace() {
                    tokens.push(first.to_string());
                }
                1
            }
            [] => 1,
        };
    }
    tokens
}

/// The length of a block comment; they nest.
fn comment(rest: &[char]) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        match &rest[at..] {
            ['/', '*', ..] => {
                depth += 1;
                at += 2;
            }
            ['*', '/', ..] => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a string with escapes.
fn string(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a raw string, such as `br##"…"##`; 0 if this is none.
fn raw_string(rest: &[char]) -> usize {
    let prefix = rest
        .iter()
        .take_while(|one| matches!(one, 'b' | 'c' | 'r'))
        .count();
    if prefix > 2 || rest.get(prefix.wrapping_sub(1)) != Some(&'r') {
        return 0;
    }
    let hashes = rest[prefix..].iter().take_while(|one| **one == '#').count();
    let start = prefix + hashes;
    if rest.get(start) != Some(&'"') {
        return 0;
    }
    let end: Vec<char> = std::iter::once('"')
        .chain(std::iter::repeat_n('#', hashes))
        .collect();
    let inside = &rest[start + 1..];
    inside
        .windows(end.len())
        .position(|window| window == end)
        .map_or(rest.len(), |found| start + 1 + found + end.len())
}

/// The length of a character, or of the quote of a lifetime.
fn quoted(rest: &[char]) -> usize {
    match rest {
        ['\'', '\\', ..] => {
            let end = rest.iter().skip(3).position(|one| *one == '\'');
            end.map_or(rest.len(), |found| found + 4)
        }
        ['\'', _, '\'', ..] => 3,
        _ => 1,
    }
}

/// The tokens without what stands behind `#[cfg(test)]`.
fn without_tests(tokens: Vec<String>) -> Vec<String> {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at..].iter().map(String::as_str).take(7).eq(TEST) {
            at += TEST.len() + item(&tokens[at + TEST.len()..]);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// The length of an item: to its semicolon, or to the end of its braces.
fn item(tokens: &[String]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// Every path, those of grouped imports written out.
fn paths(tokens: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        // `impl Trait + use<'a>` imports nothing.
        if tokens[at] == "use" && tokens.get(at + 1).is_some_and(|next| next != "<") {
            let (end, imported) = tree(tokens, at + 1, "");
            found.extend(imported);
            at = end;
            continue;
        }
        let follows_a_path = at > 0 && matches!(tokens[at - 1].as_str(), "::" | ".");
        let begins = tokens.get(at + 1).is_some_and(|next| next == "::");
        if begins && is_word(&tokens[at]) && !follows_a_path {
            let (end, path) = plain(tokens, at);
            found.push(path);
            at = end;
            continue;
        }
        at += 1;
    }
    found
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// `a::b::c`, and where it ends.
fn plain(tokens: &[String], start: usize) -> (usize, String) {
    let mut path = tokens[start].clone();
    let mut at = start + 1;
    while tokens.get(at).is_some_and(|sign| sign == "::")
        && tokens.get(at + 1).is_some_and(|word| is_word(word))
    {
        path.push_str("::");
        path.push_str(&tokens[at + 1]);
        at += 2;
    }
    (at, path)
}

/// The paths of an import from here on below a prefix, and where it ends.
fn tree(tokens: &[String], start: usize, prefix: &str) -> (usize, Vec<String>) {
    let mut path = prefix.to_owned();
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "::" => at += 1,
            "{" => {
                let mut all = Vec::new();
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}" && token != ";") {
                    let (end, imported) = tree(tokens, at, &path);
                    all.extend(imported);
                    at = end;
                    if tokens.get(at).is_some_and(|token| token == ",") {
                        at += 1;
                    }
                }
                return (at + 1, all);
            }
            // The new name of an import is not a part of its path.
            "as" => at += 2,
            "," | "}" | ";" => break,
            word => {
                if !path.is_empty() {
                    path.push_str("::");
                }
                path.push_str(word);
                at += 1;
            }
        }
    }
    (at, vec![path])
}
