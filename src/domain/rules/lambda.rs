//! Lambda: functions that fail, are turned away, are too slow for their timeout, or were left stopped.

pub(super) mod concurrency;
pub(super) mod events;
pub(super) mod invocations;
pub(super) mod runtime;

use crate::domain::function::Function;
use crate::domain::rules::Context;

/// All functions.
fn functions<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Function> {
    context
        .state
        .functions
        .get()
        .into_iter()
        .flat_map(|known| &known.functions)
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
