//! The detail of an ECS service: deployments, tasks, events, the task definition.

use crate::app::detail::Block;
use crate::app::detail::blocks::{chart, fact, maybe, percent, tags, when};
use crate::app::format;
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::ecs::{
    Controller, Deployment, DeploymentRole, RolloutState, Service, Task, TaskDefinition,
};
use crate::domain::health::Health;
use crate::domain::inventory::ScopeState;
use crate::domain::loadable::Loadable;
use crate::domain::metric_catalog::ecs as metric;

/// Events shown.
const MOST_EVENTS: usize = 15;
/// Tasks shown.
const MOST_TASKS: usize = 20;

/// The blocks of a service.
pub(super) fn service(state: &State, scope: &ScopeState, arn: &str, reveal: bool) -> Option<Vec<Block>> {
    let service = scope
        .ecs
        .get()?
        .services
        .iter()
        .find(|service| service.arn == arn)?;
    let mut blocks = vec![Block::Facts(facts(state, service)), deployments(state, service)];
    blocks.push(Block::Charts(vec![
        chart(
            state,
            scope,
            "CPU, % of what is reserved",
            metric::CPU.of_both(&service.cluster, &service.name),
            percent,
        ),
        chart(
            state,
            scope,
            "memory, % of what is reserved",
            metric::MEMORY.of_both(&service.cluster, &service.name),
            percent,
        ),
    ]));
    blocks.extend(super::scaling::of_service(
        state,
        scope,
        &service.cluster,
        &service.name,
    ));
    blocks.extend(tasks(state, scope, arn));
    blocks.extend(history(state, scope, arn));
    blocks.push(Block::Heading(format!("events, times in {}", state.zone().label)));
    blocks.push(Block::Lines(events(state, service)));
    blocks.extend(definition(scope, service, reveal));
    blocks.extend(tags(&service.tags));
    Some(blocks)
}

fn facts(state: &State, service: &Service) -> Vec<(String, Cell)> {
    let controller = match service.controller {
        Controller::Ecs => service.strategy.clone().unwrap_or_else(|| "ECS".to_owned()),
        Controller::CodeDeploy => "CODE_DEPLOY".to_owned(),
        Controller::External => "EXTERNAL".to_owned(),
    };
    let breaker = service
        .circuit_breaker
        .map(|breaker| match (breaker.enabled, breaker.rollback) {
            (true, true) => "on, rolls back",
            (true, false) => "on, does not roll back",
            (false, _) => "off: a bad deployment never ends",
        });
    vec![
        fact("arn", &service.arn),
        fact(
            "status",
            format!(
                "{}: {} of {} running, {} pending",
                service.status, service.running, service.desired, service.pending
            ),
        ),
        fact("task definition", &service.task_definition),
        fact("deployments by", controller),
        maybe("circuit breaker", breaker),
        fact("capacity", service.capacity.join(", ")),
        maybe("created", service.created_at.map(|at| when(state, at))),
    ]
}

fn deployments(state: &State, service: &Service) -> Block {
    let columns = vec![
        Column::words("DEPLOYMENT", 8, 10, 0),
        Column::words("TASK DEFINITION", 16, 40, 0),
        Column::words("ROLLOUT", 11, 12, 0),
        Column::numbers("RUN/WANT", 8, 0),
        Column::numbers("FAILED", 6, 0),
        Column::numbers("AGE", 7, 0),
        Column::words("REASON", 10, 80, 1),
    ];
    let rows = service
        .deployments
        .iter()
        .map(|deployment| deployment_row(state, deployment))
        .collect();
    Block::Table(Section {
        title: "deployments".to_owned(),
        columns,
        rows,
        empty: "no deployments: another controller moves this service".to_owned(),
        ..Section::default()
    })
}

fn deployment_row(state: &State, deployment: &Deployment) -> Row {
    let role = match deployment.role {
        DeploymentRole::Primary => "PRIMARY",
        DeploymentRole::Active => "ACTIVE",
        DeploymentRole::Inactive => "INACTIVE",
    };
    let (rollout, tone) = match deployment.rollout {
        Some(RolloutState::Completed) => (RolloutState::Completed.word(), Tone::Ok),
        Some(RolloutState::Failed) => (RolloutState::Failed.word(), Tone::Crit),
        Some(RolloutState::InProgress) => (RolloutState::InProgress.word(), Tone::Accent),
        None => (format::UNKNOWN, Tone::Muted),
    };
    let failed = if deployment.failed > 0 {
        Tone::Crit
    } else {
        Tone::Plain
    };
    Row {
        key: RowKey::Line(deployment.id.clone()),
        cells: vec![
            Cell::new(role),
            Cell::new(&deployment.task_definition).tone(Tone::Strong),
            Cell::new(rollout).tone(tone),
            Cell::new(format!("{}/{}", deployment.running, deployment.desired)),
            Cell::new(deployment.failed.to_string()).tone(failed),
            Cell::new(
                deployment
                    .created_at
                    .map_or_else(String::new, |at| format::age(state.picture.at, at)),
            ),
            Cell::new(deployment.rollout_reason.as_deref().unwrap_or_default()).tone(Tone::Muted),
        ],
        health: Health::Ok,
    }
}

fn tasks(state: &State, scope: &ScopeState, arn: &str) -> Vec<Block> {
    let columns = vec![
        Column::words("TASK", 8, 8, 0),
        Column::words("STATUS", 8, 14, 0),
        Column::names("REVISION", 10, 34, 1),
        Column::numbers("AGE", 7, 0),
        Column::words("WHY IT STOPPED", 20, 120, 0),
    ];
    let Some(loaded) = scope.tasks.get(arn) else {
        return vec![waiting("tasks")];
    };
    let Some(tasks) = loaded.get() else {
        return vec![failed("tasks", loaded, scope)];
    };
    let mut rows: Vec<Row> = tasks
        .iter()
        .take(MOST_TASKS)
        .map(|task| task_row(state, task))
        .collect();
    if tasks.len() > MOST_TASKS {
        let more = format!("and {} more", tasks.len() - MOST_TASKS);
        rows.push(Row {
            key: RowKey::Line("more".to_owned()),
            cells: vec![
                Cell::new(""),
                Cell::new(""),
                Cell::new(""),
                Cell::new(""),
                Cell::new(more).tone(Tone::Muted),
            ],
            health: Health::Ok,
        });
    }
    vec![Block::Table(Section {
        title: format!("tasks {}", tasks.len()),
        columns,
        rows,
        empty: "no tasks, running or lately stopped".to_owned(),
        ..Section::default()
    })]
}

fn task_row(state: &State, task: &Task) -> Row {
    let id = crate::domain::ids::last_segment(&task.arn);
    let stopped = task.last_status == "STOPPED";
    let at = if stopped { task.stopped_at } else { task.started_at };
    let containers = task.containers.iter().filter_map(|container| {
        let exit = container
            .exit_code
            .map(|code| format!("{} exited {code}", container.name));
        exit.or_else(|| container.reason.clone())
    });
    let why: Vec<String> = task
        .stopped_reason
        .iter()
        .cloned()
        .chain(containers.filter(|_| stopped))
        .collect();
    Row {
        key: RowKey::Line(task.arn.clone()),
        cells: vec![
            Cell::new(&id[..id.len().min(8)]),
            Cell::new(&task.last_status).tone(if stopped { Tone::Warn } else { Tone::Plain }),
            Cell::new(&task.task_definition),
            Cell::new(at.map_or_else(String::new, |at| format::age(state.picture.at, at))),
            Cell::new(why.join("; ")).tone(if stopped { Tone::Warn } else { Tone::Plain }),
        ],
        health: Health::Ok,
    }
}

fn history(state: &State, scope: &ScopeState, arn: &str) -> Vec<Block> {
    let Some(loaded) = scope.deployments.get(arn) else {
        return Vec::new();
    };
    let Some(deployments) = loaded.get() else {
        return Vec::new();
    };
    let columns = vec![
        Column::numbers("AGE", 7, 0),
        Column::words("STATUS", 10, 22, 0),
        Column::words("TASK DEFINITION", 16, 40, 0),
        Column::words("IMAGES AND DIGESTS", 20, 120, 1),
    ];
    let rows = deployments
        .iter()
        .map(|deployment| {
            let revision = deployment.target.as_ref();
            let images = revision.map(|revision| {
                let each = revision.images.iter().map(|(name, image, digest)| {
                    let digest = digest
                        .as_deref()
                        .map_or("", |digest| &digest[..digest.len().min(19)]);
                    format!("{name} {} {digest}", image.rsplit('/').next().unwrap_or(image))
                });
                each.collect::<Vec<_>>().join(", ")
            });
            let good = deployment.status == "SUCCESSFUL";
            Row {
                key: RowKey::Line(deployment.arn.clone()),
                cells: vec![
                    Cell::new(
                        deployment
                            .started_at
                            .map_or_else(String::new, |at| format::age(state.picture.at, at)),
                    ),
                    Cell::new(&deployment.status).tone(if good { Tone::Ok } else { Tone::Warn }),
                    Cell::new(
                        revision
                            .and_then(|revision| revision.task_definition.as_deref())
                            .unwrap_or(format::UNKNOWN),
                    ),
                    Cell::new(images.unwrap_or_default()).tone(Tone::Muted),
                ],
                health: Health::Ok,
            }
        })
        .collect();
    vec![Block::Table(Section {
        title: "deployment history".to_owned(),
        columns,
        rows,
        empty: "AWS keeps no deployment history of this service".to_owned(),
        ..Section::default()
    })]
}

fn events(state: &State, service: &Service) -> Vec<Vec<Cell>> {
    if service.events.is_empty() {
        return vec![vec![Cell::new("none").tone(Tone::Muted)]];
    }
    service
        .events
        .iter()
        .take(MOST_EVENTS)
        .map(|event| {
            vec![
                Cell::new(format::clock(event.at, state.picture.at, &state.zone().zone)).tone(Tone::Muted),
                Cell::new(format!(" {}", event.message)),
            ]
        })
        .collect()
}

fn definition(scope: &ScopeState, service: &Service, reveal: bool) -> Vec<Block> {
    let known = scope.task_definitions.get().into_iter().flatten();
    let Some(definition) = known.into_iter().find(|definition| {
        format!("{}:{}", definition.family, definition.revision) == service.task_definition
    }) else {
        return Vec::new();
    };
    let mut blocks = vec![
        Block::Heading(format!("task definition {}", service.task_definition)),
        Block::Facts(size(definition)),
    ];
    for container in &definition.containers {
        let mut facts = vec![
            fact("container", &container.name),
            fact("image", &container.image),
        ];
        if let Some(group) = &container.log_group {
            facts.push(fact("log group", group));
        }
        for (name, value) in &container.environment {
            let shown = if reveal {
                value.reveal().to_owned()
            } else {
                value.masked()
            };
            facts.push((
                format!("env {name}"),
                Cell::new(shown).tone(if reveal { Tone::Warn } else { Tone::Muted }),
            ));
        }
        for (name, from) in &container.secrets {
            facts.push((format!("secret {name}"), Cell::new(from).tone(Tone::Muted)));
        }
        blocks.push(Block::Facts(facts));
    }
    blocks
}

fn size(definition: &TaskDefinition) -> Vec<(String, Cell)> {
    let cpu = definition
        .cpu_units
        .map(|units| format!("{} vCPU", format::number(f64::from(units) / 1024.0)));
    let memory = definition
        .memory_mib
        .map(|mib| format!("{} GiB", format::number(f64::from(mib) / 1024.0)));
    vec![
        maybe(
            "size",
            cpu.zip(memory).map(|(cpu, memory)| format!("{cpu}, {memory}")),
        ),
        maybe("architecture", definition.architecture.as_ref()),
        maybe("registered by", definition.registered_by.as_ref()),
    ]
}

/// Something that was asked for just now.
fn waiting(what: &str) -> Block {
    Block::Lines(vec![vec![
        Cell::new(format!("{what}: asking …")).tone(Tone::Muted),
    ]])
}

/// Something that could not be read.
fn failed<T>(what: &str, loaded: &Loadable<T>, scope: &ScopeState) -> Block {
    let text = loaded.failing.as_ref().map_or_else(
        || format!("{what}: asking …"),
        |failing| format!("{what}: {}  {}", failing.fault, failing.fault.hint(&scope.scope)),
    );
    Block::Lines(vec![vec![Cell::new(text).tone(Tone::Warn)]])
}
