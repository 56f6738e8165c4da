use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::domain::ids::Kind;
use crate::runbook::value::{Resource, SecretRef};

fn map(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::Map(
        entries
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
    )
}

fn group(name: &str, desired: Option<i64>, busy: i64) -> Value {
    let facts = [("desired", desired.into()), ("busy_gpus", busy.into())];
    Value::Resource(Arc::new(Resource {
        kind: Kind::Asg,
        id: format!("arn:{name}"),
        name: name.to_owned(),
        facts: facts
            .into_iter()
            .map(|(key, value): (_, Value)| (key.to_owned(), value))
            .collect(),
    }))
}

fn names() -> Names<'static> {
    let params = map([
        ("keep", 2.into()),
        ("name", "workers ${params.keep}".into()),
        ("nothing", Value::Null),
        ("limit", Value::Duration(jiff::SignedDuration::from_mins(20))),
        ("secret", Value::Secret(SecretRef::Ssm("/ops/webhook".to_owned()))),
        (
            "fleet",
            vec![
                group("a", Some(8), 0),
                group("b", Some(2), 3),
                group("c", None, 0),
            ]
            .into(),
        ),
        ("tags", map([("team", "ml".into())])),
        ("at", Value::Time("2026-11-21T02:00:00Z".parse().unwrap())),
    ]);
    Names::new().with("params", params).with("region", "us-east-1")
}

fn known() -> Known {
    let params = Type::record([
        ("keep", Type::Int),
        ("name", Type::Text),
        ("nothing", Type::optional(Type::Text)),
        ("limit", Type::Duration),
        ("secret", Type::Secret),
        ("fleet", Type::list(Type::Resource(vec![Kind::Asg]))),
        ("tags", Type::Map(Box::new(Type::Text))),
        ("at", Type::Time),
    ]);
    Known::new().with("params", params).with("region", Type::Text)
}

fn value(text: &str) -> Result<Value, String> {
    let expr = Expr::parse(text, Place::own()).map_err(|diagnostic| diagnostic.message)?;
    expr.evaluate(&names()).map_err(|error| error.message)
}

/// The value as it is shown, or what is wrong.
fn shown(text: &str) -> Result<String, String> {
    value(text).map(|value| value.to_string())
}

/// What lint says: the first mistake, or the type.
fn lint(text: &str) -> Result<String, String> {
    let expr = Expr::parse(text, Place::own()).map_err(|diagnostic| diagnostic.message)?;
    let mut found = Vec::new();
    let ty = expr.check(&known(), &mut found);
    match found.first() {
        Some(first) => Err(first.message.clone()),
        None => Ok(ty.to_string()),
    }
}

#[test]
fn expressions_have_one_value_and_its_type() {
    for (text, printed, ty) in [
        ("1 + 2 * 3", "7", "int"),
        ("(1 + 2) * 3", "9", "int"),
        ("7 / 2", "3.5", "number"),
        ("floor(7 / 2)", "3", "int"),
        ("-7 % 3", "2", "int"),
        ("2 - 3 - 4", "-5", "int"),
        ("1.5 + 1", "2.5", "number"),
        ("1 < 2 and not (2 < 1) or false", "true", "bool"),
        ("true ? 'a' : 'b'", "a", "string"),
        ("false ? 1 : true ? 2 : 3", "2", "int"),
        ("'a' + \"b\"", "ab", "string"),
        ("'it\\'s'", "it's", "string"),
        ("'한' in '한복'", "true", "bool"),
        ("90s == 1m30s", "true", "bool"),
        ("params.limit * 2", "40m", "duration"),
        ("params.limit / 1m", "20", "number"),
        ("512MiB + 512MiB", "1GiB", "size"),
        ("params.at + 1h", "2026-11-21T03:00:00Z", "timestamp"),
        ("params.at - (params.at - 90s)", "1m30s", "duration"),
        ("params.keep in [1, 2]", "true", "bool"),
        ("3 not in [1, 2]", "true", "bool"),
        ("params.nothing ?? 'other'", "other", "string"),
        ("params.nothing == null", "true", "bool"),
        ("len(params.fleet)", "3", "int"),
        ("all(params.fleet, f -> f.busy_gpus == 0)", "false", "bool"),
        (
            "any(params.fleet, f -> (f.desired ?? 0) > params.keep)",
            "true",
            "bool",
        ),
        ("count(params.fleet, f -> f.desired == null)", "1", "int"),
        ("sum(params.fleet, f -> f.busy_gpus ?? 0)", "3", "int"),
        ("sum([])", "0", "any"),
        ("max(params.fleet, f -> f.busy_gpus ?? 0)", "3", "int?"),
        ("min([3s, 1s])", "1s", "duration?"),
        ("join(map(params.fleet, f -> f.name), '+')", "a+b+c", "string"),
        (
            "filter(params.fleet, f -> f.name != 'a')",
            "b, c",
            "list<aws/asg>",
        ),
        ("first(params.fleet)?.name", "a", "string?"),
        ("params.fleet[-1].name", "c", "string"),
        ("params.fleet[0].desired", "8", "int?"),
        ("unique([1, 1, 2])", "1, 2", "list<int>"),
        ("sort(['b', 'a'])", "a, b", "list<string>"),
        ("split('a-b', '-')", "a, b", "list<string>"),
        ("params.tags.team", "ml", "string"),
        ("get(params.tags, 'no')", "null", "string?"),
        ("keys(params.tags)", "team", "list<string>"),
        ("matches(params.name, 'work*')", "true", "bool"),
        ("upper(trim(' a '))", "A", "string"),
        ("int('12') + 1", "13", "int"),
        ("round(2.5)", "3", "int"),
        ("text(params.limit)", "20m", "string"),
        ("seconds(params.limit)", "1200", "int"),
        ("replace('a.b', '.', '-')", "a-b", "string"),
        // What a value says is never read as an expression.
        ("params.name", "workers ${params.keep}", "string"),
        // Only what is needed is looked at.
        ("true or 1 / 0 > 1", "true", "bool"),
        // A function's own name hides what is outside.
        ("map([1], region -> region + 1)", "2", "list<int>"),
    ] {
        assert_eq!(shown(text), Ok(printed.to_owned()), "{text}");
        assert_eq!(lint(text), Ok(ty.to_owned()), "{text}");
    }
}

#[test]
fn what_is_wrong_is_found_before_the_run_and_in_it() {
    for (text, before, during) in [
        ("params.typo", "`params` has no `typo`", "this has no `typo`"),
        ("1 == params.typo", "`params` has no `typo`", "this has no `typo`"),
        (
            "null == params.typo",
            "`params` has no `typo`",
            "this has no `typo`",
        ),
        (
            "params.kep",
            "`params` has no `kep`",
            "this has no `kep`; did you mean `keep`?",
        ),
        (
            "parms.keep",
            "there is no `parms`",
            "there is no `parms`; did you mean `params`?",
        ),
        ("keep", "there is no `keep`", "there is no `keep`"),
        (
            "params.nothing.part",
            "`part` is read of what may be nothing",
            "`part` of nothing: write `?.part`, or give another value with `??`",
        ),
        (
            "params.keep.part == 1",
            "a whole number has no parts",
            "`part` is read of a whole number, which has no parts",
        ),
        (
            "params.fleet[0].desird",
            "asg has no `desird`",
            "asg has no `desird`; did you mean `desired`?",
        ),
        (
            "1 == 'a'",
            "a whole number and text are never equal",
            "a whole number and text cannot be equal",
        ),
        (
            "1 < 'a'",
            "a whole number and text have no order",
            "a whole number and text have no order",
        ),
        (
            "params.fleet[0] == 'a'",
            "a resource of kind asg and text are never equal",
            "a resource and text cannot be equal",
        ),
        (
            "params.limit > 5",
            "a duration and a whole number have no order",
            "a duration and a whole number have no order",
        ),
        (
            "1 + 'a'",
            "a whole number `+` text cannot be computed",
            "a whole number `+` text cannot be computed",
        ),
        (
            "not 1",
            "true or false is wanted here, this is a whole number",
            "`not` wants true or false, this is a whole number",
        ),
        (
            "1 and true",
            "true or false is wanted here, this is a whole number",
            "true or false is wanted here, this is a whole number",
        ),
        (
            "len(1)",
            "`len` wants a list, a mapping or text here, this is a whole number",
            "this function does not take a whole number",
        ),
        (
            "params.secret == 'x'",
            "a secret cannot be compared",
            "a secret cannot be compared",
        ),
        (
            "text(params.secret)",
            "a secret cannot be made text",
            "a secret cannot be made text",
        ),
        (
            "join([params.secret])",
            "a secret cannot be made text",
            "a secret cannot be made text",
        ),
        (
            "sum(map(params.fleet, f -> f.desired))",
            "a whole number, or nothing, cannot be summed",
            "a whole number `+` nothing cannot be computed",
        ),
        (
            "params.nothing + 'x'",
            "text, or nothing, `+` text cannot be computed",
            "nothing `+` text cannot be computed",
        ),
    ] {
        assert_eq!(lint(text), Err(before.to_owned()), "{text}");
        assert_eq!(shown(text), Err(during.to_owned()), "{text}");
    }
}

#[test]
fn what_only_the_run_can_know_is_refused_there() {
    for (text, message) in [
        ("1 / 0", "division by 0"),
        ("1 % 0", "division by 0"),
        ("9223372036854775807 + 1", "the result is too great"),
        ("-9223372036854775807 - 2", "the result is too great"),
        ("[1][3]", "there is no item 3 in a list of 1"),
        ("[1][-2]", "there is no item -2 in a list of 1"),
        ("1s - 2s", "a duration cannot be negative"),
        ("1B - 2B", "a size cannot be negative"),
        (
            "params.at - (params.at + 1s)",
            "the first time is before the second",
        ),
        ("int('x')", "`x` is not a whole number"),
        ("params.tags['no']", "this has no `no`"),
        ("params.tags.no", "this has no `no`"),
        ("split('a', '')", "the separator is empty"),
    ] {
        assert_eq!(shown(text), Err(message.to_owned()), "{text}");
        assert!(lint(text).is_ok(), "{text}: {:?}", lint(text));
    }
}

#[test]
fn other_languages_are_recognised() {
    for (text, message, label) in [
        ("a && b", "`&&` is not used in expressions", "write `and`"),
        ("a || b", "`||` is not used in expressions", "write `or`"),
        ("!a", "`!` is not used in expressions", "write `not`"),
        ("a = b", "`=` is not used in expressions", "write `==` to compare"),
        (
            "${params.keep}",
            "`${` is not used in expressions",
            "this field is an expression already: leave out `${` and `}`",
        ),
        (
            "{{ a }}",
            "`{{` is not used in expressions",
            "write the name alone",
        ),
        (
            "a | length",
            "`|` is not used in expressions",
            "there are no filters; functions are called, as in `len(x)`",
        ),
        (
            "a.len()",
            "`(` is out of place",
            "values have no methods; functions are called, as in `len(x)`",
        ),
        (
            "length(a)",
            "there is no function `length`",
            "did you mean `len`?",
        ),
        ("len(a, b)", "`len` takes 1 argument, found 2", "len(x)"),
        (
            "all(a, b)",
            "the last argument of `all` is written with `->`",
            "all(list, item -> condition)",
        ),
        (
            "1 < 2 < 3",
            "`<` is out of place",
            "comparisons cannot be chained: join two with `and`",
        ),
        (
            "a ? b",
            "the expression ends too early",
            "`condition ? one : other` needs a `:`",
        ),
        ("(a", "the expression ends too early", "`(` needs a `)`"),
        (
            "a b",
            "`b` is out of place",
            "the expression is complete before this",
        ),
        ("'a", "this text is never closed", "a quote is missing"),
        ("012", "012 begins with 0", "leave the 0 out"),
        (
            "5x",
            "`5x` is no number, duration or size",
            "such as 5, 2.5, 90s, 2h30m or 512MiB",
        ),
        ("99999999999999999999", "99999999999999999999 is too great", ""),
        ("", "the expression is empty", ""),
        (
            "a -> b",
            "`->` is out of place",
            "only the argument of a function such as `all` is written with `->`",
        ),
        (
            "'\\q'",
            "a backslash and `q` mean nothing",
            "write `\\\\` for a backslash",
        ),
        ("a # b", "`#` is out of place in an expression", ""),
    ] {
        let diagnostic = Expr::parse(text, Place::own()).expect_err(text);
        assert_eq!(
            (diagnostic.message.as_str(), diagnostic.label.as_str()),
            (message, label),
            "{text}"
        );
    }
}

#[test]
fn what_is_too_large_is_refused_in_bounded_time() {
    let began = Instant::now();
    let deep = format!("{}1{}", "(".repeat(60), ")".repeat(60));
    assert_eq!(
        value(&deep),
        Err("the expression is nested deeper than 48 levels".to_owned())
    );
    let chain = vec!["1"; 1_000].join("+");
    assert_eq!(
        value(&chain),
        Err("the expression has too many operators in a row".to_owned())
    );
    let dots = format!("params{}", ".a".repeat(1_500));
    assert_eq!(
        value(&dots),
        Err("the expression has too many operators in a row".to_owned())
    );
    let minus = "-".repeat(3_000);
    assert_eq!(
        value(&minus),
        Err("the expression is nested deeper than 48 levels".to_owned())
    );
    let long = "1".repeat(5_000);
    assert_eq!(
        value(&long),
        Err("the expression is longer than 4000 characters".to_owned())
    );
    let many: Vec<Value> = (0..10_000).map(Value::Int).collect();
    let names = Names::new().with("many", many).with("text", "x".repeat(40_000));
    for (text, message) in [
        (
            "all(many, a -> all(many, b -> a != b + 20000))",
            "this takes more than 1000000 steps",
        ),
        ("map(many, a -> many)", "the list holds more than 50000 values"),
        (
            "many + many + many + many + many + many",
            "the list holds more than 50000 values",
        ),
        ("text + text", "the text is longer than 65536 bytes"),
        ("replace(text, 'x', text)", "the text is longer than 65536 bytes"),
        (
            "join(map(many, a -> text))",
            "the text is longer than 65536 bytes",
        ),
        ("unique(many)", "this takes more than 1000000 steps"),
    ] {
        let error = Expr::parse(text, Place::own())
            .unwrap()
            .evaluate(&names)
            .expect_err(text);
        assert_eq!(error.message, message, "{text}");
    }
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

#[test]
fn ten_thousand_resources_are_within_the_limits() {
    let fleet: Vec<Value> = (0..10_000)
        .map(|number| group(&format!("g{number}"), Some(number), 0))
        .collect();
    let names = Names::new().with("fleet", fleet);
    for text in [
        "sum(fleet, f -> f.busy_gpus ?? 0) == 0",
        "len(filter(fleet, f -> f.desired != null and f.name != 'g1')) == 9999",
        "max(fleet, f -> f.desired ?? 0) == 9999",
    ] {
        let value = Expr::parse(text, Place::own()).unwrap().evaluate(&names);
        assert_eq!(value, Ok(Value::Bool(true)), "{text}");
    }
}

#[test]
fn mistakes_are_where_they_are() {
    for (text, part) in [
        ("1 + params.typo * 2", "params.typo"),
        ("all(params.fleet, f -> f.nam == 'x')", "f.nam"),
        ("params.keep > 'a'", "params.keep > 'a'"),
        ("region + 1", "region + 1"),
    ] {
        let mut found = Vec::new();
        Expr::parse(text, Place::own())
            .unwrap()
            .check(&known(), &mut found);
        let span = found.first().expect(text).span;
        assert_eq!(&text[span.start..span.end], part);
    }
}

#[test]
fn one_mistake_is_reported_once() {
    let mut found = Vec::new();
    let expr = Expr::parse("params.typo + 1 > 2 and params.typo.x == 'a'", Place::own()).unwrap();
    expr.check(&known(), &mut found);
    let messages: Vec<&str> = found
        .iter()
        .map(|diagnostic| diagnostic.message.as_str())
        .collect();
    assert_eq!(messages, ["`params` has no `typo`", "`params` has no `typo`"]);
}

#[test]
fn texts_with_expressions_in_them() {
    let text = |text: &str| match Text::parse(text, Place::own()) {
        Ok(Text::Plain(text)) => Ok(text),
        Ok(Text::Expr(expr)) => expr
            .evaluate(&names())
            .map(|value| format!("<{value}>"))
            .map_err(|error| error.message),
        Ok(Text::Template(template)) => template.evaluate(&names()).map_err(|error| error.message),
        Err(found) => Err(found[0].message.clone()),
    };
    for (written, expected) in [
        ("plain", Ok("plain")),
        ("", Ok("")),
        ("${params.keep}", Ok("<2>")),
        ("keep ${params.keep} of ${region}", Ok("keep 2 of us-east-1")),
        ("${params.name}!", Ok("workers ${params.keep}!")),
        ("$${params.keep}", Ok("${params.keep}")),
        ("$$ and $ and {}", Ok("$$ and $ and {}")),
        ("${'}'}x", Ok("}x")),
        ("a ${params.secret}", Err("a secret cannot be part of a text")),
        (
            "a ${params.nothing}",
            Err("`params.nothing` is nothing; write `?? \"…\"` behind it"),
        ),
        ("a ${params.keep", Err("this `${` is never closed")),
        ("${}", Err("the expression is empty")),
    ] {
        assert_eq!(
            text(written),
            expected.map(str::to_owned).map_err(str::to_owned),
            "{written}"
        );
    }
}

#[test]
fn references_are_those_from_outside() {
    let expr = Expr::parse(
        "any(params.fleet, f -> f.name == region) or results['x'].y",
        Place::own(),
    )
    .unwrap();
    let paths: Vec<String> = expr.references().iter().map(|path| path.join(".")).collect();
    assert_eq!(paths, ["params.fleet", "region", "results"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Whatever is written has a value or a reason, every place lies in the text, and what lint
    /// accepts with a type has a value of that type or fails in the run.
    #[test]
    fn any_text_is_an_expression_or_refused(
        text in "(params|keep|fleet|f|len|all|sum|map|and|or|not|in|null|true|[0-9]|s|m|'|\"|[-+*/%<>=!?:.,()\\[\\]> ]|->|\\?\\?|가){0,24}"
    ) {
        match Expr::parse(&text, Place::own()) {
            Err(diagnostic) => {
                prop_assert!(diagnostic.span.end <= text.len());
                prop_assert!(text.is_char_boundary(diagnostic.span.start));
            }
            Ok(expr) => {
                let mut found = Vec::new();
                let ty = expr.check(&known(), &mut found);
                let value = expr.evaluate(&names());
                if let (true, Ok(value)) = (found.is_empty(), &value) {
                    prop_assert!(ty.holds(value), "{} is {:?}, not {}", text, value, ty);
                }
            }
        }
    }

    #[test]
    fn values_survive_their_journal(number in any::<i64>(), float in -1e300_f64..1e300, text in ".{0,20}", secs in 0..1_000_000_i64) {
        let value = Value::Map(BTreeMap::from([
            ("a".to_owned(), vec![number.into(), Value::Number(float), Value::Text(text)].into()),
            ("b".to_owned(), Value::Duration(jiff::SignedDuration::from_secs(secs))),
            ("c".to_owned(), group("x", None, 1)),
        ]));
        let written = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
    }

    #[test]
    fn durations_are_read_as_they_are_shown(secs in 0..10_000_000_i64, bytes in any::<u64>()) {
        let duration = jiff::SignedDuration::from_secs(secs);
        let shown = crate::runbook::value::exact_duration(duration);
        prop_assert_eq!(crate::runbook::value::parse_duration(&shown), Ok(duration));
        let size = crate::domain::units::Bytes(bytes);
        let shown = crate::runbook::value::exact_size(size);
        prop_assert_eq!(crate::runbook::value::parse_size(&shown), Some(size));
    }
}
