//! Patterns that lines are held against: our regular expressions and CloudWatch's own syntax.

use regex::{Regex, RegexBuilder};

/// A regular expression; without capitals it does not mind case.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

/// What is wrong with a pattern, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at character {column}")]
pub struct PatternError {
    /// The character, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// The most that a compiled expression may take, bytes.
const MOST_COMPILED: usize = 4 * 1024 * 1024;

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Pattern {
    /// Compiles an expression. `^` and `$` hold at every line of an event.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let regex = RegexBuilder::new(text)
            .case_insensitive(!has_capital(text))
            .multi_line(true)
            .size_limit(MOST_COMPILED)
            .build()
            .map_err(|error| explain(&error, text))?;
        Ok(Self {
            text: text.to_owned(),
            regex,
        })
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is anywhere in the text.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Where it is in the text, bytes.
    pub fn places<'a>(&'a self, text: &'a str) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
        self.regex.find_iter(text).map(|found| found.range())
    }
}

/// Whether it has a capital letter that is not the name of a class such as `\S`.
fn has_capital(text: &str) -> bool {
    let mut escaped = false;
    text.chars().any(|character| {
        let counts = !escaped && character.is_uppercase();
        escaped = !escaped && character == '\\';
        counts
    })
}

/// The library says where an expression is wrong only in a drawing: the expression, and below it
/// carets under the place.
fn explain(error: &regex::Error, text: &str) -> PatternError {
    let drawn = error.to_string();
    let column = drawn
        .lines()
        .find(|line| line.trim_start().starts_with('^') && line.trim().chars().all(|sign| sign == '^'))
        .map_or(text.chars().count(), |line| line.find('^').unwrap_or(4) - 3);
    let message = drawn
        .lines()
        .last()
        .map(|line| line.trim_start_matches("error: ").to_owned())
        .unwrap_or_default();
    PatternError { column, message }
}

/// Finds what CloudWatch would refuse in a filter pattern: what is opened and not closed.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>
pub fn check_filter_pattern(text: &str) -> Result<(), PatternError> {
    let text = text.trim();
    let problem = |column: usize, message: &str| PatternError {
        column: column + 1,
        message: message.to_owned(),
    };
    let closing = match text.chars().next() {
        Some('{') => Some('}'),
        Some('[') => Some(']'),
        _ => None,
    };
    if let Some(closing) = closing
        && !text.ends_with(closing)
    {
        return Err(problem(
            text.chars().count(),
            &format!("the pattern must end with {closing}"),
        ));
    }
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut quoted: Option<usize> = None;
    let mut escaped = false;
    for (column, character) in text.chars().enumerate() {
        match (quoted, character) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(_), '"') => quoted = None,
            (Some(_), _) => {}
            (None, '"') => quoted = Some(column),
            (None, '(') if closing.is_some() => open.push((column, character)),
            (None, ')') if closing.is_some() && open.pop().is_none() => {
                return Err(problem(column, "nothing is open that ) could close"));
            }
            (None, _) => {}
        }
    }
    match (quoted, open.last()) {
        (Some(column), _) => Err(problem(column, "the quotation is not closed")),
        (None, Some((column, _))) => Err(problem(*column, "the parenthesis is not closed")),
        (None, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn small_letters_match_capitals_and_capitals_only_themselves() {
        assert!(Pattern::new("error").unwrap().matches("an ERROR"));
        assert!(!Pattern::new("Error").unwrap().matches("an ERROR"));
        assert!(Pattern::new(r"\Sx").unwrap().matches("aX"));
        assert!(Pattern::new("^at").unwrap().matches("Exception\nat com.example"));
    }

    #[test]
    fn a_wrong_expression_says_where() {
        let wrong = |text| Pattern::new(text).unwrap_err();
        let unclosed = wrong("foo(bar");
        assert_eq!(
            (unclosed.column, unclosed.message.as_str()),
            (4, "unclosed group")
        );
        assert_eq!(wrong("한[").column, 2);
        assert_eq!(wrong("a**b{3,1}").column, 5);
        assert!(wrong("(?:x{1000}){1000}").message.contains("limit"));
    }

    #[test]
    fn filter_patterns_that_cloudwatch_refuses_are_caught_here() {
        for good in [
            "",
            "ERROR",
            "\"a b\" -c",
            "{ $.level = \"error\" }",
            "[ip, user, s=5*]",
            "?a ?b",
        ] {
            assert_eq!(check_filter_pattern(good), Ok(()), "{good}");
        }
        let column = |text| check_filter_pattern(text).unwrap_err().column;
        assert_eq!(column("{ $.a = 1"), 10);
        assert_eq!(column("\"a b"), 1);
        assert_eq!(column("{ ($.a = 1 }"), 3);
        assert_eq!(column("{ $.a = 1) }"), 10);
    }
}
