//! The functions of the language; there are no others.

use super::ast::Argument;

/// A function, as the documentation shows it.
#[derive(Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// How it is called.
    pub usage: &'static str,
    /// What it gives, in a sentence.
    pub about: &'static str,
    pub(super) id: Id,
    takes: &'static [Takes],
}

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Value,
    OptionalValue,
    Lambda,
    OptionalLambda,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Id {
    Len,
    All,
    Any,
    Count,
    Filter,
    Map,
    Sum,
    Min,
    Max,
    First,
    Last,
    Unique,
    Sort,
    Join,
    Split,
    Lower,
    Upper,
    Trim,
    StartsWith,
    EndsWith,
    Replace,
    Matches,
    Text,
    Int,
    Round,
    Floor,
    Ceil,
    Abs,
    Seconds,
    Bytes,
    Get,
    Keys,
}

use Id as I;
use Takes::{Lambda, OptionalLambda, OptionalValue, Value};

const fn function(
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    id: Id,
    takes: &'static [Takes],
) -> Function {
    Function {
        name,
        usage,
        about,
        id,
        takes,
    }
}

/// All functions, lists first.
#[rustfmt::skip]
pub static FUNCTIONS: [Function; 32] = [
    function("len", "len(x)", "The number of items of a list or mapping, or of characters of a text.", I::Len, &[Value]),
    function("all", "all(list, item -> condition)", "Whether the condition holds for every item; true for an empty list.", I::All, &[Value, Lambda]),
    function("any", "any(list, item -> condition)", "Whether the condition holds for some item.", I::Any, &[Value, Lambda]),
    function("count", "count(list, item -> condition)", "For how many items the condition holds.", I::Count, &[Value, Lambda]),
    function("filter", "filter(list, item -> condition)", "The items for which the condition holds.", I::Filter, &[Value, Lambda]),
    function("map", "map(list, item -> value)", "The value for each item.", I::Map, &[Value, Lambda]),
    function("sum", "sum(list, item -> value)", "The sum of the values; 0 for an empty list. The second argument may be left out.", I::Sum, &[Value, OptionalLambda]),
    function("min", "min(list, item -> value)", "The least of the values; null for an empty list. The second argument may be left out.", I::Min, &[Value, OptionalLambda]),
    function("max", "max(list, item -> value)", "The greatest of the values; null for an empty list. The second argument may be left out.", I::Max, &[Value, OptionalLambda]),
    function("first", "first(list)", "The first item; null for an empty list.", I::First, &[Value]),
    function("last", "last(list)", "The last item; null for an empty list.", I::Last, &[Value]),
    function("unique", "unique(list)", "The items without repetitions, in the order in which each first stands.", I::Unique, &[Value]),
    function("sort", "sort(list)", "The items, least first.", I::Sort, &[Value]),
    function("join", "join(list, separator)", "The items as one text; the separator is `, ` if left out.", I::Join, &[Value, OptionalValue]),
    function("split", "split(text, separator)", "The pieces of a text between the separators.", I::Split, &[Value, Value]),
    function("lower", "lower(text)", "The text in small letters.", I::Lower, &[Value]),
    function("upper", "upper(text)", "The text in capital letters.", I::Upper, &[Value]),
    function("trim", "trim(text)", "The text without white space at both ends.", I::Trim, &[Value]),
    function("starts_with", "starts_with(text, beginning)", "Whether a text begins so.", I::StartsWith, &[Value, Value]),
    function("ends_with", "ends_with(text, ending)", "Whether a text ends so.", I::EndsWith, &[Value, Value]),
    function("replace", "replace(text, old, new)", "The text with every `old` replaced.", I::Replace, &[Value, Value, Value]),
    function("matches", "matches(text, pattern)", "Whether a whole name matches a pattern, in which `*` is any run of characters and `?` one.", I::Matches, &[Value, Value]),
    function("text", "text(x)", "The value as text.", I::Text, &[Value]),
    function("int", "int(text)", "The whole number that a text is; an error for other text.", I::Int, &[Value]),
    function("round", "round(number)", "The nearest whole number; halves away from 0.", I::Round, &[Value]),
    function("floor", "floor(number)", "The whole number at or below.", I::Floor, &[Value]),
    function("ceil", "ceil(number)", "The whole number at or above.", I::Ceil, &[Value]),
    function("abs", "abs(number)", "The number without its sign.", I::Abs, &[Value]),
    function("seconds", "seconds(duration)", "The whole seconds of a duration.", I::Seconds, &[Value]),
    function("bytes", "bytes(size)", "The bytes of a size.", I::Bytes, &[Value]),
    function("get", "get(mapping, key)", "The value of a key that is computed; null if the mapping does not have it.", I::Get, &[Value, Value]),
    function("keys", "keys(mapping)", "The keys, sorted.", I::Keys, &[Value]),
];

pub(super) fn get(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

impl Function {
    /// Whether the arguments are as many and of the kinds that it takes.
    pub(super) fn arity(&self, arguments: &[Argument]) -> Result<(), String> {
        let least = self
            .takes
            .iter()
            .filter(|takes| matches!(takes, Value | Lambda))
            .count();
        let most = self.takes.len();
        if !(least..=most).contains(&arguments.len()) {
            let wanted = match (least, most) {
                (1, 1) => "1 argument".to_owned(),
                (least, most) if least == most => format!("{least} arguments"),
                (least, most) => format!("{least} or {most} arguments"),
            };
            return Err(format!(
                "`{}` takes {wanted}, found {}",
                self.name,
                arguments.len()
            ));
        }
        for (takes, argument) in self.takes.iter().zip(arguments) {
            let wants_lambda = matches!(takes, Lambda | OptionalLambda);
            if wants_lambda != matches!(argument, Argument::Lambda { .. }) {
                return Err(if wants_lambda {
                    format!("the last argument of `{}` is written with `->`", self.name)
                } else {
                    format!("this argument of `{}` is a plain value", self.name)
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_found_and_shows_its_own_name() {
        for function in &FUNCTIONS {
            assert_eq!(get(function.name), Some(function));
            assert!(
                function.usage.starts_with(&format!("{}(", function.name)),
                "{}",
                function.usage
            );
            assert!(function.about.ends_with('.'), "{}", function.about);
        }
    }
}
