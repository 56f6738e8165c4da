//! Pipelines, build projects and image repositories.

use crate::app::format;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::codebuild::{Build, Project};
use crate::domain::delivery::{Execution, Pipeline, Stage, StageAction};
use crate::domain::ecr::lifecycle::Rule;
use crate::domain::ecr::{Image, Repository};
use crate::domain::ids::Kind;
use crate::domain::inventory::{ScopeState, Source};

/// Three tables.
pub(super) fn sections(state: &State) -> Vec<Section> {
    vec![pipelines(state), projects(state), repositories(state)]
}

/// How a status looks.
pub(crate) fn tone_of(status: &str) -> Tone {
    match status {
        "Succeeded" | "SUCCEEDED" => Tone::Ok,
        "InProgress" | "IN_PROGRESS" => Tone::Accent,
        "Failed" | "FAILED" | "FAULT" | "TIMED_OUT" => Tone::Crit,
        _ => Tone::Muted,
    }
}

fn pipelines(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("PIPELINE", 16, 40, 0),
        Column::words("STAGES", 16, 60, 0),
        Column::words("CHANGE", 20, 60, 1),
        Column::numbers("BEGAN", 7, 2),
        Column::words("BY", 6, 20, 3),
        Column::names("WHERE", 5, 20, 4),
    ];
    let mut sketch = Sketch::new(state, Kind::Pipeline, columns, "no pipelines here");
    for scope in state.picture.inventory.shown() {
        for pipeline in scope.pipelines.get().into_iter().flatten() {
            sketch.push(scope, pipeline.id(), || pipeline_cells(state, scope, pipeline));
        }
    }
    sketch.finish(
        "pipelines",
        Told::of(state, &[Source::Pipelines, Source::PipelineExecutions]),
    )
}

fn pipeline_cells(state: &State, scope: &ScopeState, pipeline: &Pipeline) -> Vec<Cell> {
    let newest = newest(scope, pipeline);
    let began = newest
        .and_then(|execution| execution.started_at)
        .map(|at| state.picture.at.duration_since(at).as_secs_f64());
    let stages: Vec<String> = pipeline.stages.iter().map(brief).collect();
    let tone = if pipeline.failed().is_some() {
        Tone::Crit
    } else if pipeline.busy().is_some() {
        Tone::Accent
    } else {
        Tone::Plain
    };
    vec![
        Cell::new(&pipeline.name).tone(Tone::Strong),
        Cell::new(stages.join(" ")).tone(tone),
        Cell::new(newest.map(Execution::change).unwrap_or_default()),
        Cell::number(began, |seconds| {
            format::span(jiff::SignedDuration::from_secs_f64(seconds))
        }),
        Cell::new(newest.and_then(Execution::who).unwrap_or_default()).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

/// A stage with a sign for where it is: `+Build`, `>Deploy`, `xTest`, `?Approve`, `|` before one that is
/// held.
fn brief(stage: &Stage) -> String {
    let held = if stage.enabled { "" } else { "|" };
    let sign = if stage.actions.iter().any(StageAction::awaits_approval) {
        "?"
    } else {
        match stage.status.as_deref() {
            Some("Succeeded") => "+",
            Some("InProgress" | "Stopping") => ">",
            Some("Failed") => "x",
            Some(_) => "-",
            None => " ",
        }
    };
    format!("{held}{sign}{}", stage.name)
}

/// The newest execution of a pipeline.
pub(crate) fn newest<'a>(scope: &'a ScopeState, pipeline: &Pipeline) -> Option<&'a Execution> {
    let executions = scope.executions.get()?.iter();
    executions
        .filter(|execution| execution.pipeline == pipeline.name)
        .max_by_key(|execution| execution.started_at)
}

fn projects(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("BUILD PROJECT", 16, 40, 0),
        Column::words("LAST BUILDS", 10, 10, 0),
        Column::words("NEWEST", 9, 12, 0),
        Column::words("FAILED IN", 9, 16, 1),
        Column::numbers("BEGAN", 7, 2),
        Column::numbers("MIN 24h", 7, 3),
        Column::names("LOG GROUP", 16, 44, 4),
        Column::names("WHERE", 5, 20, 5),
    ];
    let mut sketch = Sketch::new(state, Kind::CodebuildProject, columns, "no build projects here");
    for scope in state.picture.inventory.shown() {
        for project in scope.build_projects.get().into_iter().flatten() {
            sketch.push(scope, &project.arn, || project_cells(state, scope, project));
        }
    }
    sketch.finish("build projects", Told::of(state, &[Source::BuildProjects]))
}

fn project_cells(state: &State, scope: &ScopeState, project: &Project) -> Vec<Cell> {
    let now = state.picture.at;
    let newest = project.newest();
    let status = newest.map_or("", |build| build.status.as_str());
    let failed_in = newest.and_then(|build| build.failure.as_ref());
    let began = newest
        .and_then(|build| build.started_at)
        .map(|at| now.duration_since(at).as_secs_f64());
    let day = jiff::SignedDuration::from_hours(24);
    let minutes = project.builds.as_ref().map(|_| project.minutes(day, now) as f64);
    vec![
        Cell::new(&project.name).tone(Tone::Strong),
        Cell::new(row_of(project.builds.as_deref().unwrap_or_default())),
        Cell::new(status.to_lowercase()).tone(tone_of(status)),
        Cell::new(failed_in.map_or("", |failure| failure.phase.as_str())).tone(Tone::Warn),
        Cell::number(began, |seconds| {
            format::span(jiff::SignedDuration::from_secs_f64(seconds))
        }),
        Cell::number(minutes, format::number),
        Cell::new(project.log_group.as_deref().unwrap_or(format::UNKNOWN)).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

/// A sign for each of the newest builds, oldest first.
fn row_of(builds: &[Build]) -> String {
    let sign = |build: &Build| match build.status.as_str() {
        "SUCCEEDED" => '+',
        "IN_PROGRESS" => '>',
        "STOPPED" => '-',
        _ => 'x',
    };
    builds.iter().take(10).rev().map(sign).collect()
}

fn repositories(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("REPOSITORY", 16, 44, 0),
        Column::numbers("IMAGES", 6, 0),
        Column::words("NEWEST", 10, 24, 0),
        Column::numbers("PUSHED", 7, 1),
        Column::numbers("SIZE", 9, 2),
        Column::words("SCAN", 8, 20, 1),
        Column::words("TAGS", 7, 9, 4),
        Column::words("KEEPS", 8, 40, 3),
        Column::names("WHERE", 5, 20, 5),
    ];
    let mut sketch = Sketch::new(state, Kind::EcrRepository, columns, "no image repositories here");
    for scope in state.picture.inventory.shown() {
        for repository in scope.repositories.get().into_iter().flatten() {
            sketch.push(scope, &repository.arn, || {
                repository_cells(state, scope, repository)
            });
        }
    }
    sketch.finish("image repositories", Told::of(state, &[Source::Repositories]))
}

fn repository_cells(state: &State, scope: &ScopeState, repository: &Repository) -> Vec<Cell> {
    let newest = repository.images.as_ref().and_then(|images| images.first());
    let pushed = newest
        .and_then(|image| image.pushed_at)
        .map(|at| state.picture.at.duration_since(at).as_secs_f64());
    let count = repository.images.as_ref().map(|images| images.len() as f64);
    vec![
        Cell::new(&repository.name).tone(Tone::Strong),
        Cell::number(count, format::number),
        Cell::new(newest.map(tags).unwrap_or_default()),
        Cell::number(pushed, |seconds| {
            format::span(jiff::SignedDuration::from_secs_f64(seconds))
        }),
        Cell::number(repository.size_bytes().map(|bytes| bytes as f64), format::bytes),
        newest.map_or_else(|| Cell::new(""), scan),
        Cell::new(if repository.immutable {
            "immutable"
        } else {
            "mutable"
        })
        .tone(Tone::Muted),
        Cell::new(keeps(repository)).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

/// The tags of an image, else its digest.
pub(crate) fn tags(image: &Image) -> String {
    if image.tags.is_empty() {
        image.digest.chars().take(19).collect()
    } else {
        image.tags.join(" ")
    }
}

/// What scanning an image found, the worst first.
pub(crate) fn scan(image: &Image) -> Cell {
    let Some(scan) = &image.scan else {
        return Cell::new("not scanned").tone(Tone::Muted);
    };
    let found: Vec<String> = [
        ("CRITICAL", "crit"),
        ("HIGH", "high"),
        ("MEDIUM", "med"),
        ("LOW", "low"),
    ]
    .into_iter()
    .filter(|(severity, _)| scan.count(severity) > 0)
    .map(|(severity, word)| format!("{} {word}", scan.count(severity)))
    .collect();
    let tone = if scan.count("CRITICAL") > 0 {
        Tone::Crit
    } else if scan.count("HIGH") > 0 {
        Tone::Warn
    } else {
        Tone::Plain
    };
    if found.is_empty() {
        Cell::new("nothing found").tone(Tone::Ok)
    } else {
        Cell::new(found.join(" ")).tone(tone)
    }
}

/// What the lifecycle policy keeps.
fn keeps(repository: &Repository) -> String {
    match &repository.policy {
        None => format::UNKNOWN.to_owned(),
        Some(None) => "everything".to_owned(),
        Some(Some(policy)) => {
            let rules: Vec<String> = policy.rules.iter().map(Rule::words).collect();
            rules.join("; ")
        }
    }
}
