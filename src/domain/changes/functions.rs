//! Functions whose code changed, versions that were published, aliases that lead elsewhere.

use jiff::SignedDuration;

use crate::domain::changes::{Change, Span, Word, key};
use crate::domain::function::{Function, Version};
use crate::domain::ids::Kind;
use crate::domain::inventory::ScopeState;
use crate::domain::text::clean;

/// A version that is published this soon after a change of the function is of that change.
const SAME: SignedDuration = SignedDuration::from_secs(60);

pub(super) fn collect(state: &ScopeState, span: Span, changes: &mut Vec<Change>) {
    let Some(known) = state.functions.get() else {
        return;
    };
    for function in &known.functions {
        let versions = state.function_versions.get(&function.arn);
        let versions: &[Version] = versions.and_then(|read| read.get()).map_or(&[], Vec::as_slice);
        let name = clean(&function.name);
        let change = |at, what: String, id: String| Change {
            at,
            resource: Some(key(state, Kind::Lambda, &function.arn)),
            word: Word::Deploy,
            what,
            who: None,
            id: Some(id),
        };
        let mut published = Vec::new();
        for version in versions {
            let Some(at) = version.modified_at.filter(|at| span.has(*at)) else {
                continue;
            };
            published.push(at);
            let id = format!("{name} version {}", version.number);
            let what = format!(
                "{name}: version {} published{}",
                version.number,
                serves(function, version)
            );
            changes.push(change(at, what, id));
        }
        let modified = function.modified_at.filter(|at| {
            let is_told = published
                .iter()
                .any(|told| told.duration_since(*at).abs() <= SAME);
            span.has(*at) && !is_told
        });
        if let Some(at) = modified {
            let id = format!("{name} at {at}");
            changes.push(change(at, format!("{name}: code or configuration changed"), id));
        }
        for moved in &*state.alias_moves {
            if moved.function == function.arn && span.has(moved.seen_at) {
                let (alias, from, to) = (clean(&moved.alias), moved.from.words(), moved.to.words());
                let what = format!("{name}: {alias} leads to {to}, was {from}");
                let id = format!("{name} {alias} {from} {to} {}", moved.seen_at);
                changes.push(change(moved.seen_at, what, id));
            }
        }
    }
}

/// `, serves live`, where an alias sends calls to the version.
fn serves(function: &Function, version: &Version) -> String {
    let number = version.number.to_string();
    let serving: Vec<String> = function
        .aliases
        .iter()
        .flatten()
        .filter(|alias| alias.routing.shares().iter().any(|(served, _)| *served == number))
        .map(|alias| clean(&alias.name).into_owned())
        .collect();
    if serving.is_empty() {
        String::new()
    } else {
        format!(", serves {}", serving.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::changes::recent;
    use crate::domain::function::{Alias, Functions, Reserved, Routing};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn, at};

    fn function(leads_to: Routing, modified_at: Option<Timestamp>) -> Function {
        Function {
            arn: arn("lambda", "function:resize"),
            name: "resize".to_owned(),
            runtime: None,
            memory_mib: None,
            timeout_s: None,
            modified_at,
            state: None,
            log_group: String::new(),
            dead_letter: None,
            on_failure: None,
            aliases: Some(vec![Alias {
                name: "live".to_owned(),
                routing: leads_to,
                revision: None,
                description: None,
            }]),
            reserved: Reserved::Nothing,
            sources: Vec::new(),
            tags: Vec::new(),
        }
    }

    fn know(bench: &mut Bench, function: Function) {
        let functions = Functions {
            functions: vec![function],
            account: None,
        };
        bench.know(Source::Functions, ReplyData::Functions(functions));
    }

    fn version(number: u64, modified_at: Timestamp) -> Version {
        Version {
            number,
            modified_at: Some(modified_at),
            description: None,
            code_sha256: None,
            runtime: None,
        }
    }

    fn told(bench: &Bench) -> Vec<String> {
        recent(&bench.inventory, bench.now, SignedDuration::from_hours(2))
            .into_iter()
            .map(|change| format!("{} {}", change.word, change.what))
            .collect()
    }

    #[test]
    fn versions_and_changes_of_today_are_told_once() {
        let mut bench = Bench::new();
        let minute = bench.minute();
        know(&mut bench, function(Routing::to("7"), Some(at(minute - 20))));
        assert_eq!(told(&bench), ["deploy resize: code or configuration changed"]);
        let published = vec![version(7, at(minute - 20)), version(6, at(minute - 500))];
        let source = Source::FunctionVersions(arn("lambda", "function:resize"));
        bench.know(source, ReplyData::FunctionVersions(published));
        // The version is the change that was made.
        assert_eq!(told(&bench), ["deploy resize: version 7 published, serves live"]);
        // Somebody changes it again and publishes nothing.
        know(&mut bench, function(Routing::to("6"), Some(at(minute - 5))));
        assert_eq!(
            told(&bench)[1..],
            [
                "deploy resize: code or configuration changed",
                "deploy resize: version 7 published"
            ]
        );
    }

    #[test]
    fn an_alias_that_leads_elsewhere_than_it_did_is_a_change() {
        let mut bench = Bench::new();
        know(&mut bench, function(Routing::to("7"), None));
        know(&mut bench, function(Routing::to("7"), None));
        assert_eq!(told(&bench), [""; 0]);
        bench.now = at(bench.minute() + 1);
        let mut shared = Routing::to("7");
        shared.weights.insert("6".to_owned(), 0.9);
        know(&mut bench, function(shared, None));
        bench.now = at(bench.minute() + 1);
        know(&mut bench, function(Routing::to("6"), None));
        assert_eq!(
            told(&bench),
            [
                "deploy resize: live leads to 6, was 7, 90% to 6",
                "deploy resize: live leads to 7, 90% to 6, was 7",
            ]
        );
        // It is told of for as long as it is news.
        bench.now = at(bench.minute() + 121);
        assert_eq!(told(&bench), [""; 0]);
    }
}
