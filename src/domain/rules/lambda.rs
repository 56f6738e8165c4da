//! Lambda: functions that fail, are turned away, are too slow for their timeout, or were left stopped.

pub(super) mod concurrency;
pub(super) mod events;
pub(super) mod invocations;
pub(super) mod runtime;

use jiff::SignedDuration;

use crate::domain::function::Function;
use crate::domain::rules::draft::Draft;
use crate::domain::rules::{Context, words};

/// All functions.
fn functions<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Function> {
    context
        .state
        .functions
        .get()
        .into_iter()
        .flat_map(|known| &known.functions)
}

/// When a function was last changed, if that was today.
fn changed(context: &Context<'_>, function: &Function) -> Option<String> {
    let at = function.modified_at?;
    (context.now.duration_since(at) < SignedDuration::from_hours(24)).then(|| {
        format!(
            "Its code or configuration was last changed at {}.",
            words::moment(at, context.zone())
        )
    })
}

/// Where the aliases lead.
fn routes(function: &Function) -> Option<String> {
    let aliases = function.aliases.as_deref().filter(|all| !all.is_empty())?;
    let words: Vec<String> = aliases
        .iter()
        .map(|alias| format!("{} leads to version {}", alias.name, alias.routing.words()))
        .collect();
    Some(format!("Alias {}.", words.join("; ")))
}

/// What can be done for a function that has too little room: a version that was published today may be slower
/// than the one before, to which its alias is led back; otherwise only more room helps.
fn short_of_room(context: &Context<'_>, function: &Function, draft: Draft) -> Draft {
    match changed(context, function).zip(routes(function)) {
        Some((changed, routes)) => draft.because(routes).because(changed),
        None => draft.without_runbooks().because(
            "Nobody changed it today: what helps is a higher reserved concurrency (aws lambda \
             put-function-concurrency), or calls that take less time.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::function::{AccountConcurrency, Alias, Function, Functions, Reserved, Routing};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn};

    /// A function with nothing wrong: ten seconds, alias `live` on version 7.
    pub(super) fn function(name: &str) -> Function {
        Function {
            arn: arn("lambda", &format!("function:{name}")),
            name: name.to_owned(),
            runtime: Some("python3.13".to_owned()),
            memory_mib: Some(512),
            timeout_s: Some(10),
            modified_at: None,
            state: Some("Active".to_owned()),
            log_group: format!("/aws/lambda/{name}"),
            dead_letter: None,
            on_failure: None,
            aliases: Some(vec![Alias {
                name: "live".to_owned(),
                routing: Routing::to("7"),
                revision: None,
                description: None,
            }]),
            reserved: Reserved::Nothing,
            sources: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// An estate of these functions, in an account with a limit of a thousand.
    pub(super) fn bench(functions: Vec<Function>) -> Bench {
        let mut bench = Bench::new();
        let account = Some(AccountConcurrency {
            limit: 1000,
            unreserved: Some(900),
        });
        bench.know(
            Source::Functions,
            ReplyData::Functions(Functions { functions, account }),
        );
        bench
    }
}
