//! CloudWatch's filter patterns: terms, `"phrases"`, `?either ?or`, `-not`, and conditions on
//! JSON lines. <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>

use serde_json::Value;

/// A filter pattern.
#[derive(Debug, Clone, PartialEq)]
pub enum Pattern {
    /// Words in the text.
    Words {
        /// All of these.
        all: Vec<String>,
        /// At least one of these, if there are any.
        any: Vec<String>,
        /// None of these.
        none: Vec<String>,
    },
    /// Conditions on a JSON line: of any group, all.
    Json(Vec<Vec<Condition>>),
}

/// A condition on a value of a JSON line.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    path: Vec<String>,
    compare: Compare,
    with: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Is,
    IsNot,
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Pattern {
    /// Parses a pattern; `None` if it is none. The empty one matches everything.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(inner) = text.strip_prefix('{') {
            return json(inner.strip_suffix('}')?).map(Self::Json);
        }
        let (mut all, mut any, mut none) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest = text;
        while !rest.is_empty() {
            let (list, term) = match rest.as_bytes()[0] {
                b'?' => (&mut any, &rest[1..]),
                b'-' => (&mut none, &rest[1..]),
                _ => (&mut all, rest),
            };
            let (word, after) = match term.strip_prefix('"') {
                Some(quoted) => {
                    let end = quoted.find('"')?;
                    (&quoted[..end], &quoted[end + 1..])
                }
                None => term.split_at(term.find(char::is_whitespace).unwrap_or(term.len())),
            };
            if word.is_empty() {
                return None;
            }
            list.push(word.to_owned());
            rest = after.trim_start();
        }
        Some(Self::Words { all, any, none })
    }

    /// Whether a line matches.
    pub fn matches(&self, line: &str) -> bool {
        match self {
            Self::Words { all, any, none } => {
                all.iter().all(|word| line.contains(word.as_str()))
                    && (any.is_empty() || any.iter().any(|word| line.contains(word.as_str())))
                    && !none.iter().any(|word| line.contains(word.as_str()))
            }
            Self::Json(groups) => serde_json::from_str::<Value>(line)
                .is_ok_and(|value| groups.iter().any(|all| all.iter().all(|one| one.holds(&value)))),
        }
    }
}

fn json(text: &str) -> Option<Vec<Vec<Condition>>> {
    text.split("||")
        .map(|all| {
            all.split("&&")
                .map(|one| condition(one.trim().trim_matches(['(', ')']).trim()))
                .collect()
        })
        .collect()
}

fn condition(text: &str) -> Option<Condition> {
    const OPERATORS: [(&str, Compare); 6] = [
        ("!=", Compare::IsNot),
        (">=", Compare::AtLeast),
        ("<=", Compare::AtMost),
        ("=", Compare::Is),
        (">", Compare::Above),
        ("<", Compare::Below),
    ];
    let (at, operator, compare) = OPERATORS
        .iter()
        .filter_map(|(operator, compare)| Some((text.find(operator)?, *operator, *compare)))
        .min_by_key(|(at, operator, _)| (*at, usize::MAX - operator.len()))?;
    let path = text[..at].trim().strip_prefix("$.")?;
    let with = text[at + operator.len()..].trim();
    let with = with
        .strip_prefix('"')
        .and_then(|with| with.strip_suffix('"'))
        .unwrap_or(with);
    (!path.is_empty() && !with.is_empty()).then(|| Condition {
        path: path.split('.').map(str::to_owned).collect(),
        compare,
        with: with.to_owned(),
    })
}

impl Condition {
    fn holds(&self, line: &Value) -> bool {
        let Some(value) = self.path.iter().try_fold(line, |value, name| value.get(name)) else {
            return false;
        };
        match self.compare {
            Compare::Is => self.is(value),
            Compare::IsNot => !self.is(value),
            Compare::Above => self.number(value, |value, with| value > with),
            Compare::AtLeast => self.number(value, |value, with| value >= with),
            Compare::Below => self.number(value, |value, with| value < with),
            Compare::AtMost => self.number(value, |value, with| value <= with),
        }
    }

    fn is(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => match self.with.split_once('*') {
                Some((start, end)) => {
                    text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
                }
                None => *text == self.with,
            },
            Value::Number(_) => self.number(value, |value, with| value == with),
            Value::Bool(yes) => self.with == yes.to_string(),
            Value::Null => self.with == "null",
            Value::Array(_) | Value::Object(_) => false,
        }
    }

    fn number(&self, value: &Value, holds: impl Fn(f64, f64) -> bool) -> bool {
        value
            .as_f64()
            .zip(self.with.parse().ok())
            .is_some_and(|(value, with)| holds(value, with))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, line: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(line)
    }

    #[test]
    fn words_are_matched_as_cloudwatch_does() {
        let line = "ERROR 결제 승인 실패 orderId=42";
        assert!(matches("", line));
        assert!(matches("ERROR 결제", line));
        assert!(matches("\"승인 실패\"", line) && !matches("\"실패 승인\"", line));
        assert!(matches("?WARN ?ERROR", line) && !matches("?WARN ?DEBUG", line));
        assert!(!matches("ERROR -orderId", line));
        assert!(!matches("error", line), "patterns are case-sensitive");
    }

    #[test]
    fn json_conditions_look_into_values() {
        let line = r#"{"level":"error","status":502,"user":{"plan":"pro"},"cached":false}"#;
        assert!(matches("{ $.level = \"error\" }", line));
        assert!(matches("{ $.status >= 500 && $.user.plan = \"pr*\" }", line));
        assert!(matches("{ ($.level = \"info\") || ($.cached = false) }", line));
        assert!(!matches("{ $.status != 502 }", line) && !matches("{ $.absent = 1 }", line));
        assert!(!matches("{ $.level = \"error\" }", "no JSON"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["{ $.level }", "{ level = 1 }", "\"open", "? x", "{ $.a = 1"] {
            assert_eq!(Pattern::parse(text), None, "{text}");
        }
    }
}
