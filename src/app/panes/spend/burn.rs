//! What runs now by the hour, at list price.

use crate::app::format;
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::health::Health;
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::ScopeState;
use crate::domain::price::{BurnItem, BurnKind};
use crate::domain::units::UsdPerHour;

/// Items that are shown one by one.
const MOST_ITEMS: usize = 12;

/// The items, the dearest first; what is not shown one by one is counted.
pub(super) fn section(state: &State) -> Section {
    let burn = &state.picture.burn;
    let columns = vec![
        Column::names("RUNS NOW", 20, 44, 0),
        Column::words("KIND", 8, 14, 1),
        Column::numbers("COUNT", 6, 2),
        Column::numbers("EACH/h", 7, 4),
        Column::numbers("USD/h", 9, 0),
        Column::numbers("USD/month", 10, 0),
        Column::words("", 10, 60, 3),
        Column::words("PRICE OF", 10, 10, 5),
    ];
    // One more fits in the line that would count it.
    let shown = if burn.items.len() == MOST_ITEMS + 1 {
        MOST_ITEMS + 1
    } else {
        MOST_ITEMS
    };
    let mut rows: Vec<Row> = burn
        .items
        .iter()
        .take(shown)
        .map(|item| row(state, item))
        .collect();
    rows.extend(burn.items.get(shown..).and_then(rest));
    let total = burn.total.map_or_else(
        || format::UNKNOWN.to_owned(),
        |rate| format::usd(rate.per_hour().as_f64()),
    );
    let partial = if burn.is_partial() { ", partial" } else { "" };
    let date = burn
        .as_of
        .map_or_else(String::new, |date| format!(", prices of {date}"));
    Section {
        title: format!("burn rate {total}/h at list price{partial}{date}"),
        note: None,
        columns,
        rows,
        empty: "nothing that runs by the hour is known yet".to_owned(),
        ..Section::default()
    }
}

fn row(state: &State, item: &BurnItem) -> Row {
    let name = format!("burn {} {}", item.kind, item.id);
    Row {
        key: match resource_of(state, item) {
            Some(key) => RowKey::About(key, name),
            None => RowKey::Line(name),
        },
        cells: vec![
            Cell::new(&item.name),
            Cell::new(item.kind.to_string()).tone(Tone::Muted),
            Cell::new(item.count.to_string()),
            Cell::number(item.unit.map(|unit| unit.per_hour().as_f64()), |usd| {
                format!("{usd:.4}")
            })
            .tone(Tone::Muted),
            hourly(item.per_hour()),
            monthly(item.per_hour()),
            Cell::new(&item.note).tone(Tone::Muted),
            Cell::new(item.as_of.map(|day| day.to_string()).unwrap_or_default()).tone(Tone::Muted),
        ],
        health: Health::Ok,
    }
}

fn hourly(rate: Option<UsdPerHour>) -> Cell {
    Cell::number(rate.map(|rate| rate.per_hour().as_f64()), |usd| {
        format!("{usd:.3}")
    })
}

fn monthly(rate: Option<UsdPerHour>) -> Cell {
    Cell::number(rate.map(|rate| rate.per_month().as_f64()), format::usd)
}

/// One line for all that is not shown; nothing if that is nothing.
fn rest(items: &[BurnItem]) -> Option<Row> {
    if items.is_empty() {
        return None;
    }
    let priced: Vec<UsdPerHour> = items.iter().filter_map(BurnItem::per_hour).collect();
    let rate = (!priced.is_empty()).then(|| priced.iter().copied().sum());
    Some(Row {
        key: RowKey::Line("burn and more".to_owned()),
        cells: vec![
            Cell::new(format!("and {} more", items.len())).tone(Tone::Muted),
            Cell::default(),
            Cell::default(),
            Cell::default(),
            hourly(rate),
            monthly(rate),
            Cell::new("qd spend lists them").tone(Tone::Muted),
            Cell::default(),
        ],
        health: Health::Ok,
    })
}

/// What is paid for, where it has a detail of its own.
fn resource_of(state: &State, item: &BurnItem) -> Option<ResourceKey> {
    state.picture.inventory.shown().find_map(|scope| {
        // Instances of a group are one item under the group's name.
        let mut groups = scope.groups.get().into_iter().flatten();
        if let Some(group) = groups.find(|group| group.name == item.id) {
            return Some(ResourceKey::new(scope.name(), Kind::Asg, &group.arn));
        }
        let kind = kind_of(scope, item)?;
        Some(ResourceKey::new(scope.name(), kind, &item.id))
    })
}

fn kind_of(scope: &ScopeState, item: &BurnItem) -> Option<Kind> {
    let id = item.id.as_str();
    match item.kind {
        BurnKind::Ec2 | BurnKind::Ec2Spot => {
            any(scope.instances.get(), |one| one.id == id).then_some(Kind::Ec2Instance)
        }
        BurnKind::Fargate | BurnKind::FargateSpot => {
            let fleet = scope.ecs.get()?;
            let mut services = fleet.services.iter();
            services.any(|one| one.arn == id).then_some(Kind::EcsService)
        }
        BurnKind::Rds | BurnKind::RdsStorage if any(scope.db_instances.get(), |one| one.arn == id) => {
            Some(Kind::RdsInstance)
        }
        BurnKind::Rds | BurnKind::RdsStorage => {
            any(scope.db_clusters.get(), |one| one.arn == id).then_some(Kind::RdsCluster)
        }
        BurnKind::Elasticache => any(scope.caches.get(), |one| one.arn == id).then_some(Kind::Redis),
        BurnKind::NatGateway => any(scope.nat_gateways.get(), |one| one.id == id).then_some(Kind::NatGateway),
        BurnKind::LoadBalancer => {
            let mut balancers = scope.balancing.get()?.load_balancers.iter();
            balancers.any(|one| one.arn == id).then_some(Kind::LoadBalancer)
        }
        BurnKind::Sagemaker if any(scope.endpoints.get(), |one| one.arn == id) => {
            Some(Kind::SagemakerEndpoint)
        }
        BurnKind::Sagemaker if any(scope.training_jobs.get(), |one| one.arn == id) => Some(Kind::TrainingJob),
        BurnKind::Sagemaker => {
            any(scope.notebooks.get(), |one| one.arn == id).then_some(Kind::NotebookInstance)
        }
        BurnKind::Eks => {
            let mut clusters = scope.kubernetes.get()?.clusters.iter();
            clusters.any(|one| one.arn == id).then_some(Kind::EksCluster)
        }
        BurnKind::VpcEndpoint | BurnKind::PublicIpv4 | BurnKind::Ebs | BurnKind::Fixed => None,
    }
}

fn any<T>(list: Option<&Vec<T>>, is_meant: impl Fn(&T) -> bool) -> bool {
    list.into_iter().flatten().any(is_meant)
}
