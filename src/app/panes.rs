//! What each pane shows: from the picture to tables.

mod alarms;
mod data;
mod functions;
mod gpu;
pub(crate) mod incident;
pub(crate) mod kubernetes;
pub(crate) mod models;
mod network;
mod overview;
pub(crate) mod pipelines;
mod recovery;
mod runs;
mod scaling;
mod secrets;
mod services;
mod sketch;
mod spend;
mod told;
mod web;

use std::collections::BTreeSet;

use crate::app::format;
use crate::app::pane::Pane;
use crate::app::state::State;
use crate::app::table::{Section, Tables};
use crate::app::tables::TableView;
use crate::domain::health::{Finding, Health};
use crate::domain::ids::ResourceKey;
use crate::domain::inventory::ScopeState;
pub(crate) use sketch::Sketch;
pub(crate) use spend::{ESTATE as ESTATE_BUDGET, gauge_of, month_to_date};
pub(crate) use told::Told;

/// The tables of the pane in front.
pub fn build(state: &State) -> Tables {
    let sections = match state.pane {
        Pane::Overview => overview::sections(state),
        Pane::Findings => vec![overview::findings(state)],
        Pane::Services => services::sections(state),
        Pane::Data => data::sections(state),
        Pane::Network => network::sections(state),
        Pane::Alarms => alarms::sections(state),
        Pane::Gpu => gpu::sections(state),
        Pane::Spend => spend::sections(state),
        Pane::Logs => crate::app::logs::list::sections(state),
        Pane::Runs => runs::sections(state),
        Pane::Models => models::sections(state),
        Pane::Pipelines => pipelines::sections(state),
        Pane::Recovery => recovery::sections(state),
        Pane::Incident => incident::sections(state),
        Pane::Kubernetes => kubernetes::sections(state),
        Pane::Functions => functions::sections(state),
        Pane::Web => web::sections(state),
        Pane::Secrets => secrets::sections(state),
    };
    let mut tables = Tables { sections };
    tables.sections.iter_mut().for_each(Section::measure);
    tables
}

/// The line of a pane's body on which a visible row stands: headings and column titles count.
pub fn line_of(tables: &Tables, view: &TableView, position: usize) -> usize {
    let mut line = 0;
    let mut index = 0;
    for (number, section) in tables.sections.iter().enumerate() {
        line += heading_height(section);
        let rows = view.visible.iter().filter(|(of, _)| *of == number).count();
        if position < index + rows {
            return line + position - index;
        }
        index += rows;
        line += rows.max(1);
    }
    line
}

/// The lines that go with a visible row, first and last: under the title of its section the first row is
/// shown with that title, and the first row of all with everything above it.
pub fn lines_of(tables: &Tables, view: &TableView, position: usize) -> (usize, usize) {
    let line = line_of(tables, view, position);
    let section = |position: usize| view.visible.get(position).map(|(section, _)| *section);
    let first = match (position.checked_sub(1), section(position)) {
        (None, _) => 0,
        (Some(before), Some(own)) if section(before) != Some(own) => {
            line - heading_height(&tables.sections[own]).min(line)
        }
        (Some(_), _) => line,
    };
    (first, line)
}

/// The lines of a pane's body, all together.
pub fn height_of(tables: &Tables, view: &TableView) -> usize {
    let rows_of = |number: usize| view.visible.iter().filter(|(of, _)| *of == number).count();
    let sections = tables.sections.iter().enumerate();
    sections
        .map(|(number, section)| heading_height(section) + rows_of(number).max(1))
        .sum()
}

/// Lines above the first row of a section: its title, if it has one, and the column titles.
pub fn heading_height(section: &Section) -> usize {
    usize::from(!section.title.is_empty())
        + usize::from(section.columns.iter().any(|column| !column.title.is_empty()))
}

/// The scope of a resource; for what belongs to a whole account the scope that it is read through.
pub(crate) fn scope_of<'a>(state: &'a State, key: &ResourceKey) -> Option<&'a ScopeState> {
    let inventory = &state.picture.inventory;
    inventory.scope(&key.scope).or_else(|| {
        inventory
            .account_leaders()
            .find(|scope| scope.scope.global_name() == key.scope)
    })
}

/// Findings of a resource that are not accepted.
pub(crate) fn findings_of<'a>(state: &'a State, key: &'a ResourceKey) -> impl Iterator<Item = &'a Finding> {
    let picture = &state.picture;
    picture
        .findings
        .iter()
        .chain(&picture.savings)
        .filter(move |finding| finding.resource == *key && !is_accepted(state, finding))
}

/// How well a resource is, by the verdicts that status shows too.
pub(crate) fn health_of(state: &State, key: &ResourceKey) -> Health {
    state.verdicts.health(key)
}

/// Whether somebody said that a finding is known and accepted.
pub(crate) fn is_accepted(state: &State, finding: &Finding) -> bool {
    finding.accepted.is_some()
        || state
            .accepted
            .contains(&(finding.rule.clone(), finding.resource.clone()))
}

/// What tells a row's scope from the others that are shown: the region where they differ in nothing
/// else, the profile where each has one region, else both. Empty for one scope.
pub(crate) fn scope_label(state: &State, scope: &ScopeState) -> String {
    let shown: Vec<&ScopeState> = state.picture.inventory.shown().collect();
    if shown.len() < 2 {
        return String::new();
    }
    let profiles: BTreeSet<&str> = shown.iter().map(|one| one.scope.profile_name()).collect();
    let region = format::region(&scope.scope.region);
    if profiles.len() == 1 {
        region
    } else if profiles.len() == shown.len() {
        scope.scope.profile_name().to_owned()
    } else {
        format!("{} {region}", scope.scope.profile_name())
    }
}
