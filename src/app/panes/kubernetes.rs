//! EKS clusters and their node groups. Pods are Kubernetes' own: the pane says how to get to them.

use crate::app::format;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::asg::Group;
use crate::domain::ids::Kind;
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::kubernetes::{Autoscaler, Cluster, Nodegroup, Stage};

/// Clusters, node groups.
pub(super) fn sections(state: &State) -> Vec<Section> {
    vec![clusters(state), nodegroups(state)]
}

fn clusters(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("CLUSTER", 16, 40, 0),
        Column::words("STATUS", 7, 10, 0),
        Column::words("VERSION", 7, 8, 0),
        Column::words("SUPPORTED UNTIL", 15, 30, 1),
        Column::words("ADD-ONS", 8, 24, 3),
        Column::words("INSIGHTS", 8, 20, 4),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::EksCluster, columns, "no EKS clusters here");
    for scope in state.picture.inventory.shown() {
        let known = scope.kubernetes.get();
        for cluster in known.into_iter().flat_map(|known| &known.clusters) {
            sketch.push(scope, &cluster.arn, || cluster_cells(state, scope, cluster));
        }
    }
    let here = state.picture.inventory.shown().any(|scope| {
        scope
            .kubernetes
            .get()
            .is_some_and(|known| !known.clusters.is_empty())
    });
    let handover = here.then(|| {
        (
            "pods are not shown: o copies the way to k9s".to_owned(),
            Tone::Muted,
        )
    });
    let told = Told::of(state, &[Source::Kubernetes]).or_note(handover);
    sketch.finish("EKS clusters", told)
}

fn cluster_cells(state: &State, scope: &ScopeState, cluster: &Cluster) -> Vec<Cell> {
    let upgrades = scope.cluster_upgrades.get();
    let (addons, insights) = match upgrades {
        None => (unknown(), unknown()),
        Some(upgrades) => {
            let own: Vec<_> = upgrades
                .addons
                .iter()
                .filter(|addon| addon.cluster == cluster.name)
                .collect();
            let ill = own.iter().filter(|addon| addon.status != "ACTIVE").count();
            let old = own.iter().filter(|addon| addon.is_outdated()).count();
            let mut text = own.len().to_string();
            if ill > 0 {
                text.push_str(&format!(", {ill} not active"));
            }
            if old > 0 {
                text.push_str(&format!(", {old} older"));
            }
            let tone = if ill > 0 { Tone::Warn } else { Tone::Plain };
            let count = |status: &str| {
                let own = upgrades.insights.iter();
                own.filter(|one| one.cluster == cluster.name && one.status == status)
                    .count()
            };
            (
                Cell::new(text).tone(tone),
                insights(count("ERROR"), count("WARNING")),
            )
        }
    };
    vec![
        Cell::new(&cluster.name).tone(Tone::Strong),
        Cell::new(&cluster.status).tone(status_tone(&cluster.status)),
        Cell::new(&cluster.version),
        support(state, scope, cluster),
        addons,
        insights,
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

fn unknown() -> Cell {
    Cell::new(format::UNKNOWN).tone(Tone::Unknown)
}

fn insights(errors: usize, warnings: usize) -> Cell {
    match (errors, warnings) {
        (0, 0) => Cell::new("none open").tone(Tone::Muted),
        (0, warnings) => Cell::new(format!("{warnings} to look at")),
        (errors, 0) => Cell::new(format!("{errors} failing")).tone(Tone::Warn),
        (errors, warnings) => Cell::new(format!("{errors} failing, {warnings} more")).tone(Tone::Warn),
    }
}

fn status_tone(status: &str) -> Tone {
    match status {
        "ACTIVE" => Tone::Plain,
        "UPDATING" | "CREATING" => Tone::Accent,
        "FAILED" | "DEGRADED" => Tone::Crit,
        _ => Tone::Warn,
    }
}

/// Until when the version is supported, and how.
fn support(state: &State, scope: &ScopeState, cluster: &Cluster) -> Cell {
    let told = scope
        .cluster_upgrades
        .get()
        .map(|known| known.versions.as_slice());
    let Some(known) = cluster.support_of_version(told.unwrap_or_default()) else {
        return unknown();
    };
    match known.stage(state.picture.at) {
        Stage::Standard => Cell::new(known.standard_until.to_string()),
        Stage::Extended => Cell::new(format!("{}, extended", known.extended_until)).tone(Tone::Warn),
        Stage::Over => Cell::new(format!("ended {}", known.extended_until)).tone(Tone::Crit),
    }
}

fn nodegroups(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("NODE GROUP", 14, 34, 0),
        Column::names("CLUSTER", 10, 30, 4),
        Column::words("STATUS", 7, 10, 0),
        Column::numbers("READY", 7, 0),
        Column::numbers("MIN-MAX", 8, 1),
        Column::words("TYPES", 10, 24, 2),
        Column::words("VERSION", 7, 8, 3),
        Column::words("AMI RELEASE", 10, 22, 6),
        Column::words("SCALED BY", 8, 18, 5),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::Nodegroup, columns, "no managed node groups here");
    for scope in state.picture.inventory.shown() {
        let known = scope.kubernetes.get();
        for group in known.into_iter().flat_map(|known| &known.nodegroups) {
            sketch.push(scope, &group.arn, || group_cells(state, scope, group));
        }
    }
    sketch.finish("node groups", Told::of(state, &[Source::Kubernetes]))
}

fn group_cells(state: &State, scope: &ScopeState, group: &Nodegroup) -> Vec<Cell> {
    let ready = in_service(scope, group);
    let short = ready.is_some_and(|ready| ready < group.desired as usize);
    let capacity = match group.capacity.as_deref() {
        Some("SPOT") => " spot",
        _ => "",
    };
    vec![
        Cell::new(&group.name).tone(Tone::Strong),
        Cell::new(&group.cluster),
        Cell::new(&group.status).tone(status_tone(&group.status)),
        Cell::new(format!("{}/{}", format::or_unknown(ready), group.desired)).tone(if short {
            Tone::Warn
        } else {
            Tone::Plain
        }),
        Cell::new(format!("{}-{}", group.min, group.max)).tone(if group.desired >= group.max {
            Tone::Accent
        } else {
            Tone::Plain
        }),
        Cell::new(format!("{}{capacity}", group.instance_types.join(", "))),
        Cell::new(group.version.as_deref().unwrap_or(format::UNKNOWN)),
        Cell::new(group.release.as_deref().unwrap_or(format::UNKNOWN)).tone(Tone::Muted),
        Cell::new(autoscaler(scope, group).map_or("", Autoscaler::name)).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

/// Nodes that are in service, as the Auto Scaling groups behind the node group say; `None` if one of them
/// was not read.
pub(crate) fn in_service(scope: &ScopeState, group: &Nodegroup) -> Option<usize> {
    let known = scope.groups.get()?;
    group
        .groups
        .iter()
        .map(|name| known.iter().find(|one| one.name == *name).map(Group::in_service))
        .sum()
}

/// What scales a node group by itself, as its tags and those of its Auto Scaling groups say.
pub(crate) fn autoscaler(scope: &ScopeState, group: &Nodegroup) -> Option<Autoscaler> {
    let behind = scope
        .groups
        .get()
        .into_iter()
        .flatten()
        .filter(|one| group.groups.contains(&one.name));
    Autoscaler::of_tags(group.tags.iter().chain(behind.flat_map(|one| &one.tags)))
}
