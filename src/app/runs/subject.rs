//! What a runbook is wanted for: the marked resources, or the selected one.

use std::sync::Arc;

use crate::app::panes::scope_of;
use crate::app::state::State;
use crate::app::table::RowKey;
use crate::domain::certificate::Certificate;
use crate::domain::ids::{Kind, ResourceKey, last_segment};
use crate::domain::inventory::ScopeState;
use crate::domain::loadable::Loadable;
use crate::domain::ops::{Query, Reply, ReplyData};
use crate::domain::scope::ScopeName;
use crate::runbook::action::View;
use crate::runbook::observe;
use crate::runbook::value::Resource;

/// Resources of one scope, and perhaps the finding that they were chosen by.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// Where they are.
    pub scope: ScopeName,
    /// The resources, at least one, each once.
    pub resources: Vec<Chosen>,
    /// The rule of the finding that was selected.
    pub rule: Option<String>,
}

/// A resource that was marked or selected.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Which.
    pub key: ResourceKey,
    /// What it is called, safe for a terminal.
    pub name: String,
    /// Whether it is marked, and a filter hides it.
    pub is_hidden: bool,
}

impl Subject {
    /// What is marked in the pane in front, else what is selected; or why no runbook can be run for it.
    pub fn of(state: &State) -> Result<Self, String> {
        let marked = if state.levels.is_empty() {
            marked(state)
        } else {
            Vec::new()
        };
        let rows = if marked.is_empty() {
            state
                .subject()
                .map(|key| (key.clone(), false))
                .into_iter()
                .collect()
        } else {
            marked
        };
        let rule = match rows.as_slice() {
            [(RowKey::Finding(rule, _), _)] => Some(rule.clone()),
            _ => None,
        };
        let mut resources: Vec<Chosen> = Vec::new();
        for (row, is_hidden) in rows {
            let Some(key) = row.resource() else { continue };
            match resources.iter_mut().find(|known| known.key == *key) {
                Some(known) => known.is_hidden &= is_hidden,
                None => resources.push(Chosen {
                    key: key.clone(),
                    name: name_of(state, key),
                    is_hidden,
                }),
            }
        }
        let Some(first) = resources.first() else {
            return Err("runbooks are for resources: select one, or 9 lists all runbooks".to_owned());
        };
        let Some(scope) = scope_of(state, &first.key).map(|scope| scope.name().clone()) else {
            return Err("this resource is gone, or has not been read yet".to_owned());
        };
        if let Some(other) = resources
            .iter()
            .find(|chosen| chosen.key.scope != first.key.scope || chosen.key.kind != first.key.kind)
        {
            return Err(format!(
                "a run is of one kind in one account and region: {} and {} are marked together",
                first.name, other.name
            ));
        }
        Ok(Self {
            scope,
            resources,
            rule,
        })
    }

    /// What it is, in a line: names, and which of them a filter hides.
    pub fn title(&self) -> String {
        let kind = self.resources.first().map_or("", |one| one.key.kind.name());
        let names = |hidden: bool| {
            let names = self.resources.iter().filter(|one| one.is_hidden == hidden);
            names.map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        match (self.resources.as_slice(), names(true)) {
            ([one], _) => format!("{kind} {}", one.name),
            (many, hidden) if hidden.is_empty() => format!("{} marked: {}", many.len(), names(false)),
            (many, hidden) => {
                let seen = names(false);
                let comma = if seen.is_empty() { "" } else { ", " };
                format!(
                    "{} marked: {seen}{comma}and hidden by the filter: {hidden}",
                    many.len()
                )
            }
        }
    }
}

/// Rows that are marked in the pane in front, and whether a filter hides them.
fn marked(state: &State) -> Vec<(RowKey, bool)> {
    let view = state.view();
    let mut marked = Vec::new();
    for (section, rows) in state.tables.sections.iter().enumerate() {
        for (index, row) in rows.rows.iter().enumerate() {
            if state.marks.contains(&row.key) {
                marked.push((row.key.clone(), !view.visible.contains(&(section, index))));
            }
        }
    }
    marked
}

fn name_of(state: &State, key: &ResourceKey) -> String {
    let name = resource(state, key).map(|resource| resource.name.clone());
    let finding = || {
        let found = state.picture.findings.iter().chain(&state.picture.savings);
        found
            .filter(|finding| finding.resource == *key)
            .map(|finding| finding.name.clone())
            .next()
    };
    let name = name
        .or_else(finding)
        .unwrap_or_else(|| last_segment(&key.id).to_owned());
    crate::domain::text::clean(&name).into_owned()
}

/// A resource with what was read of it, as runbooks see it; `None` if it is not there or is of a kind
/// that they do not see.
pub fn resource(state: &State, key: &ResourceKey) -> Option<Arc<Resource>> {
    let scope = scope_of(state, key)?;
    let view = view(scope, key.kind)?;
    let found = observe::resources(key.kind, &view).ok()?;
    found
        .into_iter()
        .find(|resource| *resource.id == *key.id)
        .map(Arc::new)
}

/// What was read of a kind, as an answer of the cloud.
fn view(scope: &ScopeState, kind: Kind) -> Option<View> {
    fn read<T: Clone>(known: &Loadable<T>, data: impl Fn(T) -> ReplyData) -> Option<ReplyData> {
        known.get().map(|value| data(value.clone()))
    }
    let data = match kind {
        Kind::EcsService => read(&scope.ecs, ReplyData::EcsFleet),
        Kind::Asg => read(&scope.groups, ReplyData::Groups),
        Kind::Ec2Instance => read(&scope.instances, ReplyData::Instances),
        Kind::RdsInstance => read(&scope.db_instances, ReplyData::DbInstances),
        Kind::RdsCluster => read(&scope.db_clusters, ReplyData::DbClusters),
        Kind::Redis => read(&scope.caches, ReplyData::Caches),
        Kind::TargetGroup => read(&scope.balancing, ReplyData::Balancing),
        Kind::Alarm => read(&scope.alarms, ReplyData::Alarms),
        Kind::Queue => read(&scope.queues, ReplyData::Queues),
        Kind::LogGroup => read(&scope.log_groups, ReplyData::LogGroups),
        Kind::SagemakerEndpoint => read(&scope.endpoints, ReplyData::Endpoints),
        Kind::NotebookInstance => read(&scope.notebooks, ReplyData::Notebooks),
        Kind::Distribution => read(&scope.distributions, ReplyData::Distributions),
        Kind::EcrRepository => read(&scope.repositories, ReplyData::Repositories),
        Kind::Certificate => certificates(scope).map(ReplyData::Certificates),
        Kind::Pipeline => read(&scope.pipelines, ReplyData::Pipelines),
        Kind::Lambda => read(&scope.functions, ReplyData::Functions),
        Kind::Nodegroup | Kind::EksCluster => read(&scope.kubernetes, ReplyData::Kubernetes),
        Kind::Gpu
        | Kind::GpuHost
        | Kind::LoadBalancer
        | Kind::NatGateway
        | Kind::Budget
        | Kind::Scope
        | Kind::TrainingJob
        | Kind::CodebuildProject
        | Kind::Bucket
        | Kind::VpcEndpoint
        | Kind::HealthCheck
        | Kind::Secret
        | Kind::Parameter
        | Kind::ScalableTarget
        | Kind::Advice => None,
    }?;
    let answers: Vec<(Query, _)> = observe::queries(kind)
        .into_iter()
        .map(|query| {
            let reply = Reply {
                data: data.clone(),
                gaps: Vec::new(),
            };
            (query, Ok(reply))
        })
        .collect();
    Some(View::new(answers))
}

/// Certificates of the region and of CloudFront, as far as they were read.
fn certificates(scope: &ScopeState) -> Option<Vec<Certificate>> {
    let of = |known: &Loadable<Vec<Certificate>>| known.get().cloned();
    match (of(&scope.certificates), of(&scope.edge_certificates)) {
        (None, None) => None,
        (own, edge) => Some(own.into_iter().chain(edge).flatten().collect()),
    }
}
