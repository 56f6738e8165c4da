//! The detail of a Lambda function.

use crate::app::detail::Block;
use crate::app::detail::blocks::{chart, fact, maybe, tags, when};
use crate::app::format;
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::function::{Function, Reserved, Version, supported_until};
use crate::domain::health::Health;
use crate::domain::ids::last_segment;
use crate::domain::inventory::ScopeState;
use crate::domain::metric_catalog::lambda as metric;
use crate::domain::numbers;

/// Versions shown.
const MOST_VERSIONS: usize = 15;

/// The blocks of a function.
pub(super) fn function(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let known = scope.functions.get()?;
    let function = known.functions.iter().find(|function| function.arn == arn)?;
    let name = function.name.as_str();
    let mut facts = facts(state, function);
    if let Some(account) = known.account {
        let left = account.unreserved.map_or_else(String::new, |left| {
            format!(", {left} of it for functions without a reservation")
        });
        facts.push(fact(
            "account's limit",
            format!("{} at once{left}", account.limit),
        ));
    }
    let per_minute = |title, metric| chart(state, scope, title, metric, format::number);
    let milliseconds: fn(f64) -> String = |ms| format::seconds(ms / 1000.0);
    let mut charts = vec![
        per_minute("calls/min", metric::INVOCATIONS.of(name)),
        per_minute("errors/min", metric::ERRORS.of(name)),
        chart(
            state,
            scope,
            "duration p95",
            metric::DURATION_P95.of(name),
            milliseconds,
        ),
        chart(
            state,
            scope,
            "longest",
            metric::DURATION_MAX.of(name),
            milliseconds,
        ),
        per_minute("at once", metric::CONCURRENT.of(name)),
        per_minute("throttled/min", metric::THROTTLES.of(name)),
    ];
    if function.dead_letter.is_some() {
        charts.push(per_minute(
            "dead letters lost/min",
            metric::DEAD_LETTER_ERRORS.of(name),
        ));
    }
    if function.on_failure.is_some() {
        charts.push(per_minute(
            "not delivered/min",
            metric::DESTINATION_FAILURES.of(name),
        ));
    }
    if function.reads_streams() {
        charts.push(chart(
            state,
            scope,
            "behind the stream",
            metric::ITERATOR_AGE.of(name),
            milliseconds,
        ));
    }
    let mut blocks = vec![Block::Facts(facts), aliases(function), Block::Charts(charts)];
    blocks.extend(sources(state, scope, function));
    blocks.extend(versions(state, scope, function));
    blocks.extend(tags(&function.tags));
    Some(blocks)
}

fn facts(state: &State, function: &Function) -> Vec<(String, Cell)> {
    let reserved = match function.reserved {
        Reserved::Unread => format::UNKNOWN.to_owned(),
        Reserved::Nothing => "none: it shares with all others".to_owned(),
        Reserved::Of(0) => "0: it never runs".to_owned(),
        Reserved::Of(count) => format!("{count} at once"),
    };
    let runtime = function
        .runtime
        .as_deref()
        .map(|runtime| match supported_until(runtime) {
            Some(until) => format!("{runtime}, supported until {until}"),
            None => runtime.to_owned(),
        });
    vec![
        fact("arn", &function.arn),
        fact("runtime", runtime.as_deref().unwrap_or("of its container image")),
        maybe("memory", function.memory_mib.map(|mib| format!("{mib} MiB"))),
        maybe("timeout", function.timeout_s.map(|seconds| format!("{seconds}s"))),
        maybe("changed", function.modified_at.map(|at| when(state, at))),
        maybe("state", function.state.as_ref()),
        fact("reserved", reserved),
        fact("log group", &function.log_group),
        fact(
            "dead letters",
            function
                .dead_letter
                .as_deref()
                .unwrap_or(match function.on_failure {
                    Some(_) => "none: an asynchronous call that fails thrice goes where failures go, below",
                    None => "none: an asynchronous call that fails thrice is lost",
                }),
        ),
        fact(
            "on failure",
            function.on_failure.as_deref().unwrap_or("nothing is sent"),
        ),
    ]
}

fn aliases(function: &Function) -> Block {
    let columns = vec![
        Column::names("ALIAS", 10, 30, 0),
        Column::words("VERSION", 8, 30, 0),
        Column::words("DESCRIPTION", 12, 80, 1),
    ];
    let rows = function
        .aliases
        .iter()
        .flatten()
        .map(|alias| Row {
            key: RowKey::Line(alias.name.clone()),
            cells: vec![
                Cell::new(&alias.name).tone(Tone::Strong),
                Cell::new(alias.routing.words()).tone(if alias.routing.weights.is_empty() {
                    Tone::Plain
                } else {
                    Tone::Accent
                }),
                Cell::new(alias.description.as_deref().unwrap_or_default()).tone(Tone::Muted),
            ],
            health: Health::Ok,
        })
        .collect();
    let empty = if function.aliases.is_some() {
        "no alias: callers name a version, or the newest code"
    } else {
        "aliases have not been read"
    };
    Block::Table(Section {
        title: "aliases".to_owned(),
        columns,
        rows,
        empty: empty.to_owned(),
        ..Section::default()
    })
}

fn sources(state: &State, scope: &ScopeState, function: &Function) -> Option<Block> {
    if function.sources.is_empty() {
        return None;
    }
    let columns = vec![
        Column::names("READS", 14, 40, 0),
        Column::words("STATE", 8, 12, 0),
        Column::numbers("BATCH", 6, 1),
        Column::numbers("BEHIND", 8, 0),
        Column::words("LAST RESULT", 12, 60, 0),
    ];
    let now = state.picture.at;
    let rows = function
        .sources
        .iter()
        .map(|source| Row {
            key: RowKey::Line(source.id.clone()),
            cells: vec![
                Cell::new(source.name()).tone(Tone::Strong),
                Cell::new(&source.state).tone(if source.state == "Enabled" {
                    Tone::Ok
                } else {
                    Tone::Warn
                }),
                Cell::new(format::or_unknown(source.batch_size)),
                Cell::number(numbers::behind_s(scope, function, source, now), |seconds| {
                    format::span(jiff::SignedDuration::from_secs_f64(seconds))
                }),
                Cell::new(
                    source
                        .last_result
                        .as_deref()
                        .or(source.reason.as_deref())
                        .unwrap_or_default(),
                )
                .tone(Tone::Muted),
            ],
            health: Health::Ok,
        })
        .collect();
    Some(Block::Table(Section {
        title: "event sources".to_owned(),
        columns,
        rows,
        ..Section::default()
    }))
}

fn versions(state: &State, scope: &ScopeState, function: &Function) -> Option<Block> {
    let versions: &[Version] = scope.function_versions.get(&function.arn)?.get()?;
    let columns = vec![
        Column::numbers("VERSION", 8, 0),
        Column::numbers("AGE", 7, 0),
        Column::words("SERVES", 8, 24, 0),
        Column::words("CODE", 8, 14, 1),
        Column::words("DESCRIPTION", 12, 80, 1),
    ];
    let rows = versions
        .iter()
        .take(MOST_VERSIONS)
        .map(|version| {
            let number = version.number.to_string();
            let serves: Vec<&str> = function
                .aliases
                .iter()
                .flatten()
                .filter(|alias| alias.routing.shares().iter().any(|(served, _)| *served == number))
                .map(|alias| alias.name.as_str())
                .collect();
            let code = version.code_sha256.as_deref().unwrap_or_default();
            Row {
                key: RowKey::Line(number.clone()),
                cells: vec![
                    Cell::new(&number).tone(Tone::Strong),
                    Cell::new(
                        version
                            .modified_at
                            .map_or_else(String::new, |at| format::age(state.picture.at, at)),
                    ),
                    Cell::new(serves.join(", ")).tone(Tone::Accent),
                    Cell::new(code.chars().take(12).collect::<String>()).tone(Tone::Muted),
                    Cell::new(version.description.as_deref().unwrap_or_default()).tone(Tone::Muted),
                ],
                health: Health::Ok,
            }
        })
        .collect();
    Some(Block::Table(Section {
        title: format!("versions {} of {}", versions.len(), last_segment(&function.arn)),
        columns,
        rows,
        empty: "no version was ever published: an alias has nowhere to go back to".to_owned(),
        ..Section::default()
    }))
}
