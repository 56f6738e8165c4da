//! Functions whose code or configuration was changed. AWS tells when the last change was, and not what: where
//! an alias leads is no change of the function.

use crate::domain::changes::{Change, Span, Word, key};
use crate::domain::ids::Kind;
use crate::domain::inventory::ScopeState;
use crate::domain::text::clean;

pub(super) fn collect(state: &ScopeState, span: Span, changes: &mut Vec<Change>) {
    for function in state
        .functions
        .get()
        .into_iter()
        .flat_map(|known| &known.functions)
    {
        let Some(at) = function.modified_at.filter(|at| span.has(*at)) else {
            continue;
        };
        let mut aliases = function.aliases.iter().flatten();
        let leads = match (aliases.next(), aliases.next()) {
            (Some(alias), None) => {
                format!(", {} leads to version {}", alias.name, alias.routing.words())
            }
            _ => String::new(),
        };
        changes.push(Change {
            at,
            resource: Some(key(state, Kind::Lambda, &function.arn)),
            word: Word::Function,
            what: clean(&format!("{} changed{leads}", function.name)).into_owned(),
            who: None,
            // Where its alias leads may change after it.
            id: Some(format!("{} {at}", function.arn)),
        });
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use pretty_assertions::assert_eq;

    use crate::domain::changes::recent;
    use crate::domain::function::{Alias, Function, Functions, Reserved, Routing};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn, at};

    #[test]
    fn the_last_change_of_a_function_is_told_with_where_its_alias_leads() {
        let mut bench = Bench::new();
        let function = |name: &str, minute: i64| Function {
            arn: arn("lambda", &format!("function:{name}")),
            name: name.to_owned(),
            runtime: None,
            memory_mib: None,
            timeout_s: None,
            modified_at: Some(at(minute)),
            state: None,
            log_group: format!("/aws/lambda/{name}"),
            dead_letter: None,
            on_failure: None,
            aliases: Some(vec![Alias {
                name: "live".to_owned(),
                routing: Routing::to("5"),
                revision: None,
                description: None,
            }]),
            reserved: Reserved::Nothing,
            sources: Vec::new(),
            tags: Vec::new(),
        };
        bench.know(
            Source::Functions,
            ReplyData::Functions(Functions {
                functions: vec![function("resize", 170), function("old", -300)],
                account: None,
            }),
        );
        let changes = recent(&bench.inventory, bench.now, SignedDuration::from_hours(2));
        let told: Vec<&str> = changes.iter().map(|change| change.what.as_str()).collect();
        assert_eq!(told, ["resize changed, live leads to version 5"]);
    }
}
