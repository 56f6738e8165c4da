//! Details of pipelines, build projects and image repositories.

use crate::app::detail::Block;
use crate::app::detail::blocks::{fact, maybe, when};
use crate::app::format;
use crate::app::panes::pipelines::{scan, tags, tone_of};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::counted::counted;
use crate::domain::delivery::{Execution, Pipeline, Stage, StageAction, Trigger};
use crate::domain::ecr::lifecycle::When;
use crate::domain::health::Health;
use crate::domain::ids::last_segment;
use crate::domain::inventory::ScopeState;

/// The blocks of a pipeline: its stages with their actions, what waits, and its executions.
pub(super) fn pipeline(state: &State, scope: &ScopeState, id: &str) -> Option<Vec<Block>> {
    let pipelines = scope.pipelines.get()?;
    let pipeline = pipelines.iter().find(|one| one.id() == id || one.name == id)?;
    let mut blocks = vec![Block::Facts(vec![
        maybe("arn", pipeline.arn.as_ref()),
        maybe("type", pipeline.version.as_ref()),
    ])];
    blocks.push(Block::Heading("stages".to_owned()));
    for stage in &pipeline.stages {
        blocks.push(Block::Lines(stage_lines(state, scope, stage)));
    }
    blocks.push(executions(state, scope, pipeline));
    Some(blocks)
}

fn stage_lines(state: &State, scope: &ScopeState, stage: &Stage) -> Vec<Vec<Cell>> {
    let status = stage.status.as_deref().unwrap_or("never ran");
    let change = scope
        .executions
        .get()
        .into_iter()
        .flatten()
        .find(|execution| Some(&execution.id) == stage.execution.as_ref())
        .map(Execution::change)
        .unwrap_or_default();
    let mut lines = vec![vec![
        Cell::new(&stage.name).tone(Tone::Strong),
        Cell::new(format!("  {status}")).tone(tone_of(status)),
        Cell::new(format!("  {change}")),
    ]];
    if !stage.enabled {
        let who = stage.disabled_by.as_deref().map_or(format::UNKNOWN, last_segment);
        let since = stage
            .disabled_at
            .map_or_else(|| format::UNKNOWN.to_owned(), |at| when(state, at));
        let reason = stage.disabled_reason.as_deref().unwrap_or("no reason given");
        lines.push(vec![
            Cell::new(format!("  held by {who} since {since}: {reason}")).tone(Tone::Warn),
        ]);
    }
    if stage.waiting {
        lines.push(vec![Cell::new("  an execution waits before it").tone(Tone::Warn)]);
    }
    for action in &stage.actions {
        lines.extend(action_lines(state, scope, action));
    }
    lines
}

fn action_lines(state: &State, scope: &ScopeState, action: &StageAction) -> Vec<Vec<Cell>> {
    let status = action.status.as_deref().unwrap_or("never ran");
    let mut line = vec![
        Cell::new(format!("  {} ({})", action.name, action.provider)),
        Cell::new(format!("  {status}")).tone(tone_of(status)),
    ];
    if let Some(at) = action.changed_at {
        line.push(Cell::new(format!("  {}", when(state, at))).tone(Tone::Muted));
    }
    if let Some(by) = &action.changed_by {
        line.push(Cell::new(format!("  by {}", last_segment(by))).tone(Tone::Muted));
    }
    let mut lines = vec![line];
    if let Some(error) = &action.error {
        let code = error.code.as_deref().unwrap_or("error");
        lines.push(vec![
            Cell::new(format!("    {code}: {}", error.message)).tone(Tone::Crit),
        ]);
    } else if let Some(summary) = &action.summary {
        lines.push(vec![Cell::new(format!("    {summary}")).tone(Tone::Muted)]);
    }
    let build = action.external_id.as_deref().and_then(|id| {
        let mut projects = scope.build_projects.get()?.iter();
        projects.find_map(|project| project.build(id))
    });
    if let Some(build) = build {
        if let Some(failure) = &build.failure {
            let message = failure.message.as_deref().unwrap_or("no message");
            lines.push(vec![
                Cell::new(format!("    {} failed: {message}", failure.phase)).tone(Tone::Crit),
            ]);
        }
        if let Some(log) = &build.log {
            let stream = log.stream.as_deref().unwrap_or(format::UNKNOWN);
            lines.push(vec![
                Cell::new(format!("    log {} stream {stream}  l opens it", log.group)).tone(Tone::Muted),
            ]);
        }
    }
    lines
}

fn executions(state: &State, scope: &ScopeState, pipeline: &Pipeline) -> Block {
    let columns = vec![
        Column::words("BEGAN", 11, 11, 0),
        Column::words("STATUS", 10, 12, 0),
        Column::words("CHANGE", 20, 70, 0),
        Column::words("TRIGGER", 10, 40, 1),
        Column::words("EXECUTION", 8, 36, 2),
    ];
    let zone = &state.zone().zone;
    let known = scope.executions.get().into_iter().flatten();
    let rows = known
        .filter(|execution| execution.pipeline == pipeline.name)
        .map(|execution| {
            let began = execution.started_at.map_or_else(
                || format::UNKNOWN.to_owned(),
                |at| format::clock(at, state.picture.at, zone),
            );
            let change = match &execution.rollback_of {
                Some(of) => {
                    let short: String = of.chars().take(8).collect();
                    format!("back to {short}: {}", execution.change())
                }
                None => execution.change(),
            };
            let trigger = execution.trigger.as_ref();
            Row {
                key: RowKey::Line(execution.id.clone()),
                cells: vec![
                    Cell::new(began).tone(Tone::Muted),
                    Cell::new(&execution.status).tone(tone_of(&execution.status)),
                    Cell::new(change),
                    Cell::new(trigger.map(Trigger::words).unwrap_or_default()).tone(Tone::Muted),
                    Cell::new(&execution.id).tone(Tone::Muted),
                ],
                health: Health::Ok,
            }
        })
        .collect();
    let empty = if scope.executions.get().is_some() {
        "it never ran"
    } else {
        "its executions have not been read"
    };
    Block::Table(Section {
        title: "executions".to_owned(),
        columns,
        rows,
        empty: empty.to_owned(),
        ..Section::default()
    })
}

/// The blocks of a build project.
pub(super) fn project(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let projects = scope.build_projects.get()?;
    let project = projects.iter().find(|project| project.arn == arn)?;
    let mut facts = vec![
        fact("arn", &project.arn),
        maybe("description", project.description.as_ref()),
        maybe("compute", project.compute.as_ref()),
        maybe(
            "ended after",
            project.timeout_min.map(|minutes| counted(minutes, "minute")),
        ),
        maybe("log group", project.log_group.as_ref()),
    ];
    if !project.pushes.is_empty() {
        facts.push(fact("pushes", project.pushes.join(", ")));
    }
    let columns = vec![
        Column::numbers("NUMBER", 6, 2),
        Column::words("BEGAN", 11, 11, 0),
        Column::numbers("TOOK", 7, 1),
        Column::words("STATUS", 9, 12, 0),
        Column::words("COMMIT", 8, 40, 1),
        Column::words("BY", 10, 40, 3),
        Column::words("FAILED IN", 10, 120, 0),
    ];
    let zone = &state.zone().zone;
    let now = state.picture.at;
    let rows = project
        .builds
        .iter()
        .flatten()
        .map(|build| {
            let began = build
                .started_at
                .map_or_else(|| format::UNKNOWN.to_owned(), |at| format::clock(at, now, zone));
            let failed = build.failure.as_ref().map_or_else(String::new, |failure| {
                let message = failure.message.as_deref().unwrap_or_default();
                format!("{}: {message}", failure.phase)
            });
            Row {
                key: RowKey::Line(build.id.clone()),
                cells: vec![
                    Cell::number(build.number.map(|number| number as f64), format::number),
                    Cell::new(began).tone(Tone::Muted),
                    Cell::number(build.lasted(now).map(|took| took.as_secs_f64()), |seconds| {
                        format::span(jiff::SignedDuration::from_secs_f64(seconds))
                    }),
                    Cell::new(build.status.to_lowercase()).tone(tone_of(&build.status)),
                    Cell::new(build.source.as_deref().unwrap_or(format::UNKNOWN)),
                    Cell::new(build.initiator.as_deref().unwrap_or_default()).tone(Tone::Muted),
                    Cell::new(failed).tone(Tone::Crit),
                ],
                health: Health::Ok,
            }
        })
        .collect();
    let empty = if project.builds.is_some() {
        "it was never built"
    } else {
        "its builds have not been read"
    };
    Some(vec![
        Block::Facts(facts),
        Block::Table(Section {
            title: "newest builds".to_owned(),
            columns,
            rows,
            empty: empty.to_owned(),
            ..Section::default()
        }),
    ])
}

/// The blocks of a repository: its policy, and its newest images with what becomes of them.
pub(super) fn repository(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    /// Images that are listed.
    const MOST: usize = 30;
    let repositories = scope.repositories.get()?;
    let repository = repositories
        .iter()
        .find(|one| one.arn == arn || one.name == arn)?;
    let yes = |holds: bool| if holds { "yes" } else { "no" };
    let mut facts = vec![
        fact("arn", &repository.arn),
        fact("images are named", &repository.uri),
        maybe("created", repository.created_at.map(|at| when(state, at))),
        fact("tags are immutable", yes(repository.immutable)),
        fact("scans when pushed", yes(repository.scans_on_push)),
    ];
    if !repository.excluded_tags.is_empty() {
        facts.push(fact("mutable all the same", repository.excluded_tags.join(", ")));
    }
    let policy = match &repository.policy {
        None => vec![vec![
            Cell::new("the lifecycle policy could not be read").tone(Tone::Warn),
        ]],
        Some(None) => vec![vec![
            Cell::new("no lifecycle policy: everything stays").tone(Tone::Muted),
        ]],
        Some(Some(policy)) => policy
            .rules
            .iter()
            .map(|rule| {
                vec![
                    Cell::new(format!("{:>3} ", rule.priority)).tone(Tone::Muted),
                    Cell::new(rule.words()),
                    Cell::new(format!("  {}", rule.description.as_deref().unwrap_or_default()))
                        .tone(Tone::Muted),
                ]
            })
            .collect(),
    };
    let columns = vec![
        Column::words("TAGS", 10, 40, 0),
        Column::words("DIGEST", 19, 19, 1),
        Column::words("PUSHED", 11, 11, 0),
        Column::numbers("SIZE", 9, 2),
        Column::words("SCAN", 8, 24, 1),
        Column::words("EXPIRES", 8, 24, 0),
    ];
    let images = repository.images.as_deref().unwrap_or_default();
    let now = state.picture.at;
    let rows = images
        .iter()
        .take(MOST)
        .map(|image| {
            let fate = match &repository.policy {
                Some(Some(policy)) => policy.fate(image, images, now),
                Some(None) | None => None,
            };
            let expires = match fate.map(|fate| fate.when) {
                None => Cell::new(""),
                Some(When::Due) => Cell::new("within a day").tone(Tone::Warn),
                Some(When::At(at)) => Cell::new(format!("in {}", format::age(at, now))),
                Some(When::AfterPushes(pushes)) => {
                    Cell::new(format!("after {pushes} pushes")).tone(Tone::Muted)
                }
            };
            let digest: String = image.digest.chars().take(19).collect();
            let pushed = image.pushed_at.map_or_else(
                || format::UNKNOWN.to_owned(),
                |at| format::clock(at, now, &state.zone().zone),
            );
            Row {
                key: RowKey::Line(image.digest.clone()),
                cells: vec![
                    Cell::new(if image.tags.is_empty() {
                        String::new()
                    } else {
                        tags(image)
                    })
                    .tone(Tone::Strong),
                    Cell::new(digest).tone(Tone::Muted),
                    Cell::new(pushed),
                    Cell::number(image.size_bytes.map(|bytes| bytes as f64), format::bytes),
                    scan(image),
                    expires,
                ],
                health: Health::Ok,
            }
        })
        .collect();
    let empty = if repository.images.is_some() {
        "it has no images"
    } else {
        "its images have not been read"
    };
    Some(vec![
        Block::Facts(facts),
        Block::Heading("lifecycle policy".to_owned()),
        Block::Lines(policy),
        Block::Table(Section {
            title: format!("newest images of {}", images.len()),
            columns,
            rows,
            empty: empty.to_owned(),
            ..Section::default()
        }),
    ])
}
