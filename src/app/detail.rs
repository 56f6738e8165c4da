//! Details: everything known of one resource, as blocks from top to bottom.

mod blocks;
mod compute;
mod data;
mod ecs;
mod edge;
mod functions;
mod kubernetes;
mod models;
mod network;
mod pipelines;
mod scaling;
mod spend;
mod web;
mod wrap;

pub(crate) use compute::purchase;
use jiff::Timestamp;
use unicode_width::UnicodeWidthStr;

use crate::app::format;
use crate::app::panes::{is_accepted, scope_of};
use crate::app::state::{Level, State};
use crate::app::table::{Cell, RowKey, Section, Tone};
use crate::domain::changes::for_resource;
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::trail::Lookup;

/// A detail.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Detail {
    /// What it is of.
    pub title: String,
    /// From top to bottom.
    pub blocks: Vec<Block>,
}

/// A part of a detail.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// Names and values.
    Facts(Vec<(String, Cell)>),
    /// Lines of text, each made of cells that follow each other.
    Lines(Vec<Vec<Cell>>),
    /// A table.
    Table(Section),
    /// Graphs, two beside each other where there is room.
    Charts(Vec<Chart>),
}

/// A graph of one metric over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows, with its unit.
    pub title: String,
    /// The newest value as text, or that there is none.
    pub latest: String,
    /// The largest value as text.
    pub largest: String,
    /// Values with the start of their period, oldest first.
    pub points: Vec<(Timestamp, f64)>,
    /// How it looks.
    pub tone: Tone,
}

/// Lines of a graph: its title, the graph, its axis.
pub const CHART_HEIGHT: usize = 6;

impl Block {
    /// Lines that it takes.
    pub fn height(&self) -> usize {
        match self {
            Self::Heading(_) => 1,
            Self::Facts(facts) => facts.len(),
            Self::Lines(lines) => lines.len(),
            Self::Table(section) => crate::app::panes::heading_height(section) + section.rows.len().max(1),
            Self::Charts(charts) => charts.len().div_ceil(2) * CHART_HEIGHT,
        }
    }
}

impl Detail {
    /// Lines that it takes.
    pub fn height(&self) -> usize {
        self.blocks.iter().map(Block::height).sum()
    }
}

/// Columns of the names of facts, so that their values stand below each other.
pub fn fact_names_width(facts: &[(String, Cell)]) -> usize {
    /// Longer names are cut: values matter more.
    const MOST: usize = 28;
    facts
        .iter()
        .map(|(name, _)| name.width())
        .max()
        .unwrap_or(0)
        .min(MOST)
}

/// The detail of a level.
pub fn build(state: &State, level: &Level) -> Detail {
    let mut detail = match level {
        Level::Detail { key, reveal, .. } => of_row(state, key, *reveal),
        Level::Changes { of, .. } => changes(state, of.as_ref()),
        Level::LogLine { key, .. } => crate::app::logs::line_detail(state, *key),
        Level::Prepare { .. } => crate::app::runs::prose::detail(state),
        Level::Run { run, .. } => crate::app::runs::story::detail(state, run),
        Level::Tail => Detail::default(),
    };
    wrap::wrap(&mut detail.blocks, width_of(state, level));
    for block in &mut detail.blocks {
        if let Block::Table(section) = block {
            section.measure();
        }
    }
    detail
}

/// Columns that a level has for its text.
fn width_of(state: &State, level: &Level) -> usize {
    let width = state.geometry.body_width;
    usize::from(match level {
        Level::Run { .. } => crate::app::runs::story::columns(width).0,
        Level::Detail { .. }
        | Level::Changes { .. }
        | Level::LogLine { .. }
        | Level::Prepare { .. }
        | Level::Tail => width,
    })
}

fn of_row(state: &State, key: &RowKey, reveal: bool) -> Detail {
    let Some(resource) = key.resource() else {
        if let Some(entry) = crate::app::panes::incident::entry(state, key) {
            return entry;
        }
        return Detail {
            title: "no detail".to_owned(),
            blocks: Vec::new(),
        };
    };
    // What somebody has just asked for is seen without scrolling.
    let mut blocks = trail(state, resource);
    blocks.extend(findings(state, resource));
    let scope = scope_of(state, resource);
    let own = scope.and_then(|scope| match resource.kind {
        Kind::EcsService => ecs::service(state, scope, &resource.id, reveal),
        Kind::Asg => compute::group(state, scope, &resource.id),
        Kind::Ec2Instance | Kind::GpuHost => compute::instance(state, scope, &resource.id),
        Kind::Gpu => compute::card(state, scope, &resource.id),
        Kind::RdsInstance => data::instance(state, scope, &resource.id),
        Kind::RdsCluster => data::cluster(state, scope, &resource.id),
        Kind::Redis => data::cache(state, scope, &resource.id),
        Kind::TargetGroup => network::target_group(state, scope, &resource.id),
        Kind::LoadBalancer => network::load_balancer(state, scope, &resource.id),
        Kind::Queue => network::queue(state, scope, &resource.id),
        Kind::NatGateway => network::nat_gateway(state, scope, &resource.id),
        Kind::SagemakerEndpoint => models::endpoint(state, scope, &resource.id),
        Kind::TrainingJob => models::training_job(state, scope, &resource.id),
        Kind::NotebookInstance => models::notebook(state, scope, &resource.id),
        Kind::Alarm => network::alarm(state, scope, &resource.id),
        Kind::LogGroup => network::log_group(scope, &resource.id),
        Kind::Budget => Some(spend::budget(state, scope, &resource.id)),
        Kind::Advice => spend::advice(state, scope, &resource.id),
        Kind::Scope => Some(scope_blocks(state, scope)),
        Kind::Distribution => web::distribution(state, scope, &resource.id),
        Kind::Bucket => web::bucket(state, scope, &resource.id),
        Kind::VpcEndpoint => edge::endpoint(scope, &resource.id),
        Kind::Certificate => edge::certificate(state, scope, &resource.id),
        Kind::HealthCheck => edge::health_check(state, scope, &resource.id),
        Kind::Secret => edge::secret(state, scope, &resource.id),
        Kind::Parameter => edge::parameter(state, scope, &resource.id),
        Kind::Pipeline => pipelines::pipeline(state, scope, &resource.id),
        Kind::CodebuildProject => pipelines::project(state, scope, &resource.id),
        Kind::EcrRepository => pipelines::repository(state, scope, &resource.id),
        Kind::Lambda => functions::function(state, scope, &resource.id),
        Kind::EksCluster => kubernetes::cluster(state, scope, &resource.id),
        Kind::Nodegroup => kubernetes::nodegroup(state, scope, &resource.id),
        Kind::ScalableTarget => scaling::target(state, scope, &resource.id),
    });
    match own {
        Some(own) => blocks.extend(own),
        None => blocks.push(Block::Lines(vec![vec![
            Cell::new("this resource is gone, or has not been read yet").tone(Tone::Warn),
        ]])),
    }
    let called = scope.and_then(|scope| called(scope, resource));
    let name = called.unwrap_or_else(|| name_of(resource));
    Detail {
        title: format!("{} {name}", resource.kind),
        blocks,
    }
}

/// What people call a resource whose id says nothing: a certificate by its domain, a distribution by its
/// first alias.
fn called<'a>(scope: &'a ScopeState, resource: &ResourceKey) -> Option<&'a str> {
    match resource.kind {
        Kind::Certificate => {
            let own = scope.certificates.get().into_iter().flatten();
            let mut all = own.chain(scope.edge_certificates.get().into_iter().flatten());
            all.find(|one| one.arn == *resource.id)
                .map(|one| one.domain.as_str())
        }
        Kind::Distribution => {
            let mut all = scope.distributions.get()?.iter();
            all.find(|one| one.arn == *resource.id)
                .map(|one| one.aliases.first().unwrap_or(&one.domain_name).as_str())
        }
        _ => None,
    }
}

/// The name in a resource's id.
fn name_of(resource: &ResourceKey) -> &str {
    match resource.kind {
        Kind::TargetGroup | Kind::LoadBalancer => resource.id.rsplit('/').nth(1).unwrap_or(&resource.id),
        Kind::LogGroup => resource
            .id
            .split_once(":log-group:")
            .map_or(&*resource.id, |(_, name)| name),
        // …:secret:NAME-AbCdEf
        Kind::Secret => resource
            .id
            .split_once(":secret:")
            .map_or(&*resource.id, |(_, name)| {
                name.rsplit_once('-').map_or(name, |(name, _)| name)
            }),
        Kind::EcrRepository => resource
            .id
            .split_once(":repository/")
            .map_or(&*resource.id, |(_, name)| name),
        // …:nodegroup/CLUSTER/NAME/UUID
        Kind::Nodegroup => resource.id.rsplit('/').nth(1).unwrap_or(&resource.id),
        _ => crate::domain::ids::last_segment(&resource.id),
    }
}

/// What is wrong with it, and what could be saved: each finding with its evidence.
fn findings(state: &State, resource: &ResourceKey) -> Vec<Block> {
    let now = state.picture.at;
    let mut lines = Vec::new();
    for finding in state
        .picture
        .findings
        .iter()
        .chain(&state.picture.savings)
        .filter(|finding| finding.resource == *resource)
    {
        lines.push(finding_line(state, finding, now));
        for evidence in &finding.evidence {
            lines.push(vec![Cell::new(format!("     {evidence}"))]);
        }
        if let Some(reason) = &finding.accepted {
            lines.push(vec![
                Cell::new(format!("     accepted: {reason}")).tone(Tone::Muted),
            ]);
        }
        if !finding.runbooks.is_empty() {
            lines.push(vec![
                Cell::new(format!("     x: {}", finding.runbooks.join(", "))).tone(Tone::Accent),
            ]);
        }
    }
    if lines.is_empty() {
        Vec::new()
    } else {
        vec![Block::Lines(lines)]
    }
}

fn finding_line(state: &State, finding: &Finding, now: Timestamp) -> Vec<Cell> {
    let (word, tone) = match (is_accepted(state, finding), finding.severity) {
        (true, _) => ("acc ", Tone::Muted),
        (false, Severity::Crit) => ("CRIT", Tone::Crit),
        (false, Severity::Warn) => ("WARN", Tone::Warn),
        (false, Severity::Info) => ("info", Tone::Muted),
    };
    let since = finding.since.map_or_else(String::new, |at| {
        format!(
            "  since {} {}",
            format::clock(at, now, &state.zone().zone),
            state.zone().label
        )
    });
    vec![
        Cell::new(word).tone(tone),
        Cell::new(format!(" {}", finding.title)).tone(Tone::Strong),
        Cell::new(format!("  {}{since}", finding.rule)).tone(Tone::Muted),
    ]
}

/// What changed in the last two hours, newest first: everything, or of a resource and what is behind it.
fn changes(state: &State, of: Option<&ResourceKey>) -> Detail {
    let all = &state.picture.changes;
    let lines: Vec<Vec<Cell>> = of
        .map_or_else(
            || all.iter().collect(),
            |of| for_resource(&state.picture.inventory, all, of),
        )
        .into_iter()
        .map(|change| crate::app::changes::line(state, change))
        .collect();
    let zone = &state.zone().label;
    let title = of.map_or_else(
        || format!("changed in the last 2 h, {zone}"),
        |of| format!("changed in the last 2 h, {zone}: {} {}", of.kind, name_of(of)),
    );
    let block = if lines.is_empty() {
        Block::Lines(vec![vec![
            Cell::new(crate::app::changes::nothing(state)).tone(Tone::Muted),
        ]])
    } else {
        Block::Lines(lines)
    };
    let mut blocks = vec![block];
    if let Some(of) = of {
        blocks.extend(trail(state, of));
    }
    Detail { title, blocks }
}

/// CloudTrail's writes, once somebody asked for them.
fn trail(state: &State, resource: &ResourceKey) -> Vec<Block> {
    let Some(back) = state.trails.get(resource).copied() else {
        return Vec::new();
    };
    let Some(scope) = scope_of(state, resource) else {
        return Vec::new();
    };
    let lookup = Lookup::of(scope, resource, back);
    let events = scope.trail.get(&lookup);
    let mut lines = Vec::new();
    match events.map_or((None, None), |events| (events.get(), events.failing.as_ref())) {
        (Some(events), _) if events.is_empty() => {
            let words = format!("no write in the last {}", back.words());
            lines.push(vec![Cell::new(words).tone(Tone::Muted)]);
        }
        (Some(events), _) => {
            for event in events {
                lines.push(vec![
                    Cell::new(format::clock(event.at, state.picture.at, &state.zone().zone))
                        .tone(Tone::Muted),
                    Cell::new(format!(" {}", event.name)).tone(Tone::Strong),
                    Cell::new(format!(
                        " by {}",
                        event.user.as_deref().unwrap_or(format::UNKNOWN)
                    )),
                ]);
            }
        }
        (None, Some(failing)) => {
            lines.push(vec![Cell::new(failing.fault.to_string()).tone(Tone::Warn)]);
        }
        (None, None) => lines.push(vec![Cell::new("asking CloudTrail …").tone(Tone::Muted)]),
    }
    // What was not looked at may hold more.
    for gap in events.iter().flat_map(|events| events.gaps.iter()) {
        lines.push(vec![Cell::new(&gap.message).tone(Tone::Warn)]);
    }
    if matches!(resource.kind, Kind::Bucket | Kind::Distribution) {
        let unseen = "who wrote an object is not in this history: a trail with data events has it";
        lines.push(vec![Cell::new(unseen).tone(Tone::Muted)]);
    }
    let further = back
        .wider()
        .map_or_else(String::new, |wider| format!("; w for {}", wider.words()));
    let heading = format!(
        "CloudTrail{}, last {}{further}, times in {}",
        lookup
            .region
            .as_deref()
            .map_or_else(String::new, |region| format!(" of {region}")),
        back.words(),
        state.zone().label
    );
    vec![Block::Heading(heading), Block::Lines(lines)]
}

/// A scope: who, where, and every source with its age and failure.
fn scope_blocks(state: &State, scope: &ScopeState) -> Vec<Block> {
    let identity = scope.identity.get();
    let mut facts = vec![
        blocks::fact("profile", scope.scope.profile_name()),
        blocks::fact("region", &scope.scope.region),
        blocks::fact("account", identity.map_or(format::UNKNOWN, |who| &who.account)),
        blocks::fact("identity", identity.map_or(format::UNKNOWN, |who| &who.arn)),
    ];
    if let Some(failing) = &scope.identity.failing {
        facts.push((
            "failing".to_owned(),
            Cell::new(failing.fault.to_string()).tone(Tone::Crit),
        ));
        facts.push((
            "what to do".to_owned(),
            Cell::new(failing.fault.hint(&scope.scope)).tone(Tone::Strong),
        ));
    }
    let sources = [
        Source::EcsFleet,
        Source::Groups,
        Source::Instances,
        Source::Hosts,
        Source::GpuProbe,
        Source::DbInstances,
        Source::DbClusters,
        Source::DbSnapshots,
        Source::Caches,
        Source::Balancing,
        Source::Alarms,
        Source::Queues,
        Source::LogGroups,
        Source::NatGateways,
        Source::Endpoints,
        Source::TrainingJobs,
        Source::Notebooks,
        Source::Functions,
        Source::Kubernetes,
        Source::Scaling,
        Source::Budgets,
        Source::Usage,
        Source::VpcEndpoints,
        Source::Certificates,
        Source::Secrets,
        Source::Parameters,
        Source::Distributions,
        Source::Buckets,
        Source::Dns,
        Source::Pipelines,
        Source::BuildProjects,
        Source::Repositories,
    ];
    let mut lines = Vec::new();
    for source in sources {
        let standing = scope.standing(&source);
        let age = standing.at.map_or_else(
            || "never read".to_owned(),
            |at| format!("{} ago", format::age(state.picture.at, at)),
        );
        let mut line = vec![Cell::new(format!("{:<16} {age:<12}", format!("{source:?}")))];
        if let Some(failing) = &standing.failing {
            line.push(
                Cell::new(format!("{}  {}", failing.fault, failing.fault.hint(&scope.scope)))
                    .tone(Tone::Warn),
            );
        }
        lines.push(line);
    }
    vec![
        Block::Facts(facts),
        Block::Heading("sources".to_owned()),
        Block::Lines(lines),
    ]
}
