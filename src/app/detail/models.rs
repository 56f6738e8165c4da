//! Details of endpoints, training jobs and notebooks.

use jiff::Timestamp;

use crate::app::detail::Block;
use crate::app::detail::blocks::{chart, fact, maybe, percent, tags, when};
use crate::app::format;
use crate::app::panes::models::{capacity, prices, rate, status_tone};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::gpu::is_gpu_type;
use crate::domain::health::Health;
use crate::domain::inventory::ScopeState;
use crate::domain::metric_catalog::{Metric, endpoint as metric, training};
use crate::domain::sagemaker::{Endpoint, NotebookForm, Prices, Traffic, TrainingJob, scalable_resource};
use crate::domain::scalable::Scaled;

fn micros(value: f64) -> String {
    format::seconds(value / 1e6)
}

/// The blocks of an endpoint.
pub(super) fn endpoint(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let one = scope.endpoints.get()?.iter().find(|one| one.arn == arn)?;
    let price = prices(scope).endpoint(one);
    let mut facts = vec![
        fact("arn", &one.arn),
        (
            "status".to_owned(),
            Cell::new(&one.status).tone(status_tone(&one.status)),
        ),
        fact("configuration", &one.config),
    ];
    if let Some(reason) = &one.failure_reason {
        facts.push((
            "last update failed".to_owned(),
            Cell::new(reason).tone(Tone::Warn),
        ));
    }
    if let Some(pending) = &one.pending {
        facts.push(fact("update under way to", &pending.config));
        facts.push(maybe("since", pending.since.map(|at| when(state, at))));
    }
    facts.push(maybe("created", one.created_at.map(|at| when(state, at))));
    facts.push(maybe("changed", one.changed_at.map(|at| when(state, at))));
    facts.push(("cost".to_owned(), rate(price.as_ref().map(|price| price.value))));
    facts.push(maybe(
        "a month at that rate",
        price.map(|price| {
            format!(
                "{}, list prices of {}",
                format::usd(price.value.per_month().as_f64()),
                price.as_of()
            )
        }),
    ));
    let mut blocks = vec![Block::Facts(facts), Block::Table(variants(state, scope, one))];
    for variant in &one.variants {
        blocks.push(Block::Heading(variant.name.clone()));
        let of = |title: &str, one_metric: Metric, show: fn(f64) -> String| {
            chart(
                state,
                scope,
                title,
                one_metric.of_both(&one.name, &variant.name),
                show,
            )
        };
        let mut charts = vec![
            of("requests/5 min", metric::INVOCATIONS, format::number),
            of("5xx/min", metric::ERRORS_5XX, format::number),
            of("4xx/min", metric::ERRORS_4XX, format::number),
            of("model latency p95", metric::MODEL_LATENCY, micros),
        ];
        if variant.instance_type().is_some_and(is_gpu_type) {
            charts.push(of("GPU, % of one", metric::GPU, percent));
            charts.push(of("GPU memory, % of one", metric::GPU_MEMORY, percent));
        }
        if variant.instance_type().is_some() {
            charts.push(of("CPU, % of one core", metric::CPU, percent));
            charts.push(of("memory, %", metric::MEMORY, percent));
        }
        blocks.push(Block::Charts(charts));
    }
    for variant in &one.variants {
        let resource = scalable_resource(&one.name, &variant.name);
        blocks.extend(super::scaling::of_resource(state, scope, &resource));
    }
    blocks.extend(tags(&one.tags));
    Some(blocks)
}

/// What a job has cost so far; of one that runs on Spot what it has cost at the most.
fn cost_so_far(prices: &Prices<'_>, job: &TrainingJob, now: Timestamp) -> Option<String> {
    let exact = prices.training_so_far(job, now);
    exact.map(|usd| format::usd(usd.as_f64())).or_else(|| {
        let most = prices.training_at_most(job, now)?;
        Some(format!("at most {}", format::usd(most.as_f64())))
    })
}

fn variants(state: &State, scope: &ScopeState, one: &Endpoint) -> Section {
    let columns = vec![
        Column::names("VARIANT", 10, 30, 0),
        Column::words("ON", 14, 32, 0),
        Column::names("MODEL", 12, 44, 2),
        Column::numbers("WEIGHT", 6, 4),
        Column::words("SCALED BY ITSELF", 9, 36, 1),
        Column::numbers("REQ/min", 7, 0),
        Column::numbers("5xx", 5, 0),
        Column::numbers("p95", 6, 0),
        Column::numbers("COST", 8, 1),
        Column::words("", 8, 60, 3),
    ];
    let rows = one
        .variants
        .iter()
        .map(|variant| {
            let resource = scalable_resource(&one.name, &variant.name);
            let scaling = match scope.endpoint_targets.get() {
                None => Cell::new(format::UNKNOWN).tone(Tone::Muted),
                Some(targets) => match targets.iter().find(|target| target.resource == resource) {
                    None => Cell::new("no").tone(Tone::Muted),
                    Some(target) if target.suspended.is_empty() => {
                        let mut all = scope.scaling.get().into_iter().flatten();
                        let by = all.find(|one| one.resource == resource);
                        let by = by.and_then(Scaled::policies_in_words);
                        let by = by.map(|by| format!(" by {by}")).unwrap_or_default();
                        Cell::new(format!("{} to {}{by}", target.min, target.max))
                    }
                    Some(target) => {
                        Cell::new(format!("{} to {}, suspended", target.min, target.max)).tone(Tone::Warn)
                    }
                },
            };
            let traffic = Traffic::of(scope, one, variant, state.picture.at);
            Row {
                key: RowKey::Line(variant.name.clone()),
                cells: vec![
                    Cell::new(&variant.name).tone(Tone::Strong),
                    Cell::new(capacity(variant)),
                    Cell::new(variant.model.as_deref().unwrap_or(format::UNKNOWN)),
                    Cell::number(variant.weight, format::number),
                    scaling,
                    Cell::number(traffic.requests_per_minute, format::number),
                    Cell::number(traffic.errors_5xx_percent(), percent),
                    Cell::number(traffic.latency_s, format::seconds),
                    rate(prices(scope).variant(variant).map(|price| price.value)),
                    Cell::new(variant.phase.as_deref().unwrap_or_default()).tone(Tone::Muted),
                ],
                health: Health::Ok,
            }
        })
        .collect();
    Section {
        title: "variants".to_owned(),
        columns,
        rows,
        empty: "AWS names no variants".to_owned(),
        ..Section::default()
    }
}

/// The blocks of a training job.
pub(super) fn training_job(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let now = state.picture.at;
    let job = scope.training_jobs.get()?.iter().find(|job| job.arn == arn)?;
    let elapsed = job.elapsed(now).map(format::span);
    let used = job
        .runtime_percent(now)
        .map_or_else(String::new, |percent| format!(", {percent:.0}% of its time"));
    let most = job
        .max_runtime_s
        .and_then(|seconds| i64::try_from(seconds).ok())
        .map(|seconds| format::span(jiff::SignedDuration::from_secs(seconds)));
    let mut facts = vec![
        fact("arn", &job.arn),
        (
            "status".to_owned(),
            Cell::new(&job.status).tone(status_tone(&job.status)),
        ),
        maybe("phase", job.secondary.as_ref()),
    ];
    if let Some(reason) = &job.failure_reason {
        facts.push(("failed".to_owned(), Cell::new(reason).tone(Tone::Crit)));
    }
    facts.extend([
        maybe("asked for", job.created_at.map(|at| when(state, at))),
        maybe("began", job.started_at.map(|at| when(state, at))),
    ]);
    if let Some(ended) = job.ended_at {
        facts.push(fact("ended", when(state, ended)));
    }
    facts.extend([
        maybe("trained", elapsed.map(|elapsed| format!("{elapsed}{used}"))),
        maybe("may train", most),
        maybe(
            "runs on",
            job.instance_type
                .as_ref()
                .map(|kind| format!("{} x {kind}", format::or_unknown(job.instances))),
        ),
        fact(
            "Spot",
            match (job.spot, job.spot_saving_percent()) {
                (None, _) => format::UNKNOWN.to_owned(),
                (Some(false), _) => "no".to_owned(),
                (Some(true), Some(saved)) => {
                    format!(
                        "yes, saved {saved:.0}%, interrupted {} times",
                        job.interruptions()
                    )
                }
                (Some(true), None) => format!(
                    "yes, interrupted {} times so far; what it saves AWS says at the end",
                    job.interruptions()
                ),
            },
        ),
        maybe("cost so far", cost_so_far(&prices(scope), job, now)),
        (
            "price on demand".to_owned(),
            rate(prices(scope).training(job).map(|price| price.value)),
        ),
    ]);
    let mut blocks = vec![Block::Facts(facts)];
    if !job.figures.is_empty() {
        blocks.push(Block::Heading("what it reports".to_owned()));
        let figures = job.figures.iter();
        blocks.push(Block::Facts(
            figures
                .map(|(name, value)| fact(name, format!("{value:.4}")))
                .collect(),
        ));
    }
    blocks.push(Block::Table(transitions(state, job)));
    let host = job.first_host();
    let of = |title, one: Metric| chart(state, scope, title, one.of(&host), percent);
    let mut charts = vec![of("CPU of the first host, % of one core", training::CPU)];
    if job.instance_type.as_deref().is_some_and(is_gpu_type) {
        charts.insert(0, of("GPU of the first host, % of one", training::GPU));
    }
    blocks.push(Block::Charts(charts));
    Some(blocks)
}

fn transitions(state: &State, job: &TrainingJob) -> Section {
    let columns = vec![
        Column::words("PHASE", 11, 24, 0),
        Column::words("SINCE", 11, 11, 0),
        Column::numbers("LASTED", 7, 0),
        Column::words("", 20, 120, 0),
    ];
    let now = state.picture.at;
    let rows = job
        .transitions
        .iter()
        .enumerate()
        .map(|(nth, transition)| {
            let lasted = transition
                .started_at
                .map(|from| transition.ended_at.unwrap_or(now).duration_since(from));
            Row {
                key: RowKey::Line(format!("{nth}")),
                cells: vec![
                    Cell::new(&transition.status).tone(if transition.status == "Interrupted" {
                        Tone::Warn
                    } else {
                        Tone::Plain
                    }),
                    Cell::new(transition.started_at.map_or_else(
                        || format::UNKNOWN.to_owned(),
                        |at| format::clock(at, now, &state.zone().zone),
                    )),
                    Cell::new(lasted.map_or_else(|| format::UNKNOWN.to_owned(), format::span)),
                    Cell::new(transition.message.as_deref().unwrap_or_default()).tone(Tone::Muted),
                ],
                health: Health::Ok,
            }
        })
        .collect();
    Section {
        title: "phases".to_owned(),
        columns,
        rows,
        empty: "only of jobs that run or ended lately".to_owned(),
        ..Section::default()
    }
}

/// The blocks of a notebook.
pub(super) fn notebook(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let now = state.picture.at;
    let one = scope.notebooks.get()?.iter().find(|one| one.arn == arn)?;
    let price = prices(scope).notebook(one);
    let spent = one.running_since.zip(price.as_ref()).map(|(since, price)| {
        let seconds = now.duration_since(since).as_secs().max(0).unsigned_abs();
        format::usd(price.value.for_seconds(seconds).as_f64())
    });
    let mut facts = vec![
        fact("arn", &one.arn),
        fact("form", one.form.word()),
        (
            "status".to_owned(),
            Cell::new(&one.status).tone(status_tone(&one.status)),
        ),
        maybe("type", one.instance_type.as_ref()),
    ];
    if let NotebookForm::App {
        domain, owner, kind, ..
    } = &one.form
    {
        facts.push(fact("application", kind));
        facts.push(fact("domain", domain));
        facts.push(fact("of", owner.name()));
    }
    facts.extend([
        maybe("created", one.created_at.map(|at| when(state, at))),
        maybe("on since", one.running_since.map(|at| when(state, at))),
        ("cost while on".to_owned(), rate(price.map(|price| price.value))),
        maybe("since it is on", spent),
    ]);
    Some(vec![Block::Facts(facts)])
}
