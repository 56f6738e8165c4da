//! SageMaker: endpoints, training jobs, notebooks.

use crate::app::format;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::ids::Kind;
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::metric::MetricGroup;
use crate::domain::metric_catalog::endpoint as metric;
use crate::domain::price::PriceTable;
use crate::domain::sagemaker::{Capacity, Endpoint, Notebook, Prices, Traffic, TrainingJob, Variant};
use crate::domain::units::{Usd, UsdPerHour};

/// Endpoints, training jobs, notebooks.
pub(super) fn sections(state: &State) -> Vec<Section> {
    vec![endpoints(state), training_jobs(state), notebooks(state)]
}

/// What instances of SageMaker cost in a scope.
pub(crate) fn prices(scope: &ScopeState) -> Prices<'_> {
    Prices {
        table: PriceTable::shipped(),
        region: &scope.scope.region,
    }
}

/// A rate by the hour, or that it is not known.
pub(crate) fn rate(rate: Option<UsdPerHour>) -> Cell {
    Cell::number(rate.map(|rate| rate.per_hour().as_f64()), |usd| {
        format!("{}/h", format::usd(usd))
    })
}

/// What a variant runs on: `2/3 ml.g4dn.xlarge`, `serverless 3 GiB x 20`.
pub(crate) fn capacity(variant: &Variant) -> String {
    match &variant.capacity {
        Capacity::Instances {
            instance_type,
            current,
            desired,
        } => {
            let kind = instance_type.as_deref().unwrap_or(format::UNKNOWN);
            let counts = match (current, desired) {
                (Some(current), Some(desired)) if current == desired => current.to_string(),
                (current, desired) => format!(
                    "{}/{}",
                    format::or_unknown(*current),
                    format::or_unknown(*desired)
                ),
            };
            format!("{counts} x {kind}")
        }
        Capacity::Serverless(size) => {
            let memory = size.memory_mib.map(|mib| format!(" {mib} MiB"));
            let most = size.max_concurrency.map(|most| format!(" x {most}"));
            format!(
                "serverless{}{}",
                memory.unwrap_or_default(),
                most.unwrap_or_default()
            )
        }
    }
}

/// The tone of a status of SageMaker.
pub(crate) fn status_tone(status: &str) -> Tone {
    match status {
        "InService" | "Completed" => Tone::Plain,
        "Failed" | "UpdateRollbackFailed" | "OutOfService" => Tone::Crit,
        "RollingBack" => Tone::Warn,
        "Stopped" => Tone::Muted,
        _ => Tone::Accent,
    }
}

fn endpoints(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("ENDPOINT", 16, 40, 0),
        Column::words("STATUS", 9, 14, 0),
        Column::names("CONFIG", 12, 36, 4),
        Column::words("ON", 12, 30, 2),
        Column::numbers("REQ/min", 7, 0),
        Column::words("", 8, 16, 6),
        Column::numbers("5xx", 5, 0),
        Column::numbers("p95", 6, 1),
        Column::numbers("GPU", 5, 3),
        Column::numbers("COST", 8, 1),
        Column::names("WHERE", 5, 20, 5),
    ];
    let mut sketch = Sketch::new(
        state,
        Kind::SagemakerEndpoint,
        columns,
        "no SageMaker endpoints here",
    );
    for scope in state.picture.inventory.shown() {
        for one in scope.endpoints.get().into_iter().flatten() {
            sketch.push(scope, &one.arn, || endpoint_cells(state, scope, one));
        }
    }
    sketch.finish(
        "SageMaker endpoints",
        Told::of(
            state,
            &[Source::Endpoints, Source::Metrics(MetricGroup::Sagemaker)],
        ),
    )
}

fn endpoint_cells(state: &State, scope: &ScopeState, one: &Endpoint) -> Vec<Cell> {
    let traffic = Traffic::of_all(scope, one, state.picture.at);
    let errors = traffic.errors_5xx_percent();
    let on: Vec<String> = one.variants.iter().map(capacity).collect();
    let first = one.variants.first();
    let series =
        first.and_then(|variant| scope.metric(&metric::INVOCATIONS.of_both(&one.name, &variant.name).id()));
    let config = match &one.pending {
        Some(pending) => format!("{} > {}", one.config, pending.config),
        None => one.config.clone(),
    };
    let percent = |value: f64| format!("{}%", format::number(value));
    vec![
        Cell::new(&one.name).tone(Tone::Strong),
        Cell::new(&one.status).tone(status_tone(&one.status)),
        Cell::new(config),
        Cell::new(on.join(", ")),
        Cell::number(traffic.requests_per_minute, format::number),
        super::data::graph(series),
        Cell::number(errors, percent).tone(if errors.is_some_and(|errors| errors >= 1.0) {
            Tone::Warn
        } else {
            Tone::Plain
        }),
        Cell::number(traffic.latency_s, format::seconds),
        Cell::number(traffic.gpu_percent, percent),
        rate(prices(scope).endpoint(one).map(|price| price.value)),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

fn training_jobs(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("TRAINING JOB", 16, 44, 0),
        Column::words("STATUS", 9, 14, 0),
        Column::words("ON", 12, 24, 2),
        Column::numbers("TRAINED", 7, 0),
        Column::numbers("OF", 6, 3),
        Column::numbers("SAVED", 6, 4),
        Column::numbers("COST", 8, 1),
        Column::words("WHY", 12, 70, 5),
        Column::names("WHERE", 5, 20, 6),
    ];
    let mut sketch = Sketch::new(
        state,
        Kind::TrainingJob,
        columns,
        "no training jobs in the last seven days",
    );
    // What runs first, then the newest.
    for running in [true, false] {
        for scope in state.picture.inventory.shown() {
            let jobs = scope.training_jobs.get().into_iter().flatten();
            for job in jobs.filter(|job| job.is_running() == running) {
                sketch.push(scope, &job.arn, || job_cells(state, scope, job));
            }
        }
    }
    sketch.finish_unsorted("training jobs", Told::of(state, &[Source::TrainingJobs]))
}

fn job_cells(state: &State, scope: &ScopeState, job: &TrainingJob) -> Vec<Cell> {
    let now = state.picture.at;
    let span = |span: jiff::SignedDuration| Cell::new(format::span(span)).ranked(span.as_secs_f64());
    let on = match (&job.instance_type, job.instances) {
        (Some(kind), Some(count)) => format!("{count} x {kind}"),
        (Some(kind), None) => kind.clone(),
        (None, _) => format::UNKNOWN.to_owned(),
    };
    let most = job
        .max_runtime_s
        .and_then(|seconds| i64::try_from(seconds).ok())
        .map(jiff::SignedDuration::from_secs);
    let unknown = || Cell::new(format::UNKNOWN).tone(Tone::Muted);
    let status = match (&job.secondary, job.is_running()) {
        (Some(secondary), true) => secondary,
        _ => &job.status,
    };
    vec![
        Cell::new(&job.name).tone(Tone::Strong),
        Cell::new(status).tone(status_tone(&job.status)),
        Cell::new(if job.spot == Some(true) {
            format!("{on}, Spot")
        } else {
            on
        }),
        job.elapsed(now).map_or_else(unknown, span),
        most.map_or_else(unknown, span),
        Cell::number(job.spot_saving_percent(), |percent| format!("{percent:.0}%")),
        match prices(scope).training_at_most(job, now).map(Usd::as_f64) {
            Some(most) => Cell::number(Some(most), |usd| format!("<{}", format::usd(usd))),
            None => Cell::number(
                prices(scope).training_so_far(job, now).map(Usd::as_f64),
                format::usd,
            ),
        },
        Cell::new(job.failure_reason.as_deref().unwrap_or_default()).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

fn notebooks(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("NOTEBOOK", 16, 44, 0),
        Column::words("FORM", 10, 17, 2),
        Column::words("STATUS", 9, 12, 0),
        Column::words("TYPE", 12, 18, 1),
        Column::numbers("ON FOR", 7, 0),
        Column::numbers("COST", 8, 0),
        Column::names("WHERE", 5, 20, 3),
    ];
    let mut sketch = Sketch::new(state, Kind::NotebookInstance, columns, "no notebooks here");
    for scope in state.picture.inventory.shown() {
        for one in scope.notebooks.get().into_iter().flatten() {
            sketch.push(scope, &one.arn, || notebook_cells(state, scope, one));
        }
    }
    sketch.finish("notebooks", Told::of(state, &[Source::Notebooks]))
}

fn notebook_cells(state: &State, scope: &ScopeState, one: &Notebook) -> Vec<Cell> {
    let on = one
        .running_since
        .map(|since| state.picture.at.duration_since(since));
    vec![
        Cell::new(&one.name).tone(Tone::Strong),
        Cell::new(one.form.word()).tone(Tone::Muted),
        Cell::new(&one.status).tone(status_tone(&one.status)),
        Cell::new(one.instance_type.as_deref().unwrap_or(format::UNKNOWN)),
        Cell::number(on.map(|span| span.as_secs_f64()), |seconds| {
            format::span(jiff::SignedDuration::from_secs_f64(seconds))
        }),
        if one.is_running() {
            rate(prices(scope).notebook(one).map(|price| price.value))
        } else {
            Cell::default()
        },
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}
