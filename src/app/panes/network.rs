//! Load balancers with their target groups, queues, NAT gateways.

use crate::app::format;
use crate::app::panes::{Sketch, note, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::ec2::NatGateway;
use crate::domain::elb::{self, LoadBalancer, TargetGroup};
use crate::domain::ids::{Kind, last_segment};
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::metric::MetricGroup;
use crate::domain::metric_catalog::{
    Metric, MetricRef, load_balancer as balancer, nat, queue, target_group as metric,
};
use crate::domain::queue::Queue;

/// Target groups, load balancers, queues, NAT gateways.
pub(super) fn sections(state: &State) -> Vec<Section> {
    vec![
        target_groups(state),
        load_balancers(state),
        queues(state),
        nat_gateways(state),
    ]
}

fn target_groups(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("TARGET GROUP", 14, 34, 0),
        Column::names("LOAD BALANCER", 10, 26, 5),
        Column::words("TARGETS", 10, 28, 0),
        Column::numbers("REQ/min", 7, 1),
        Column::words("", 8, 16, 6),
        Column::numbers("5xx/min", 7, 0),
        Column::numbers("p95", 6, 0),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::TargetGroup, columns, "no target groups here");
    for scope in state.picture.inventory.shown() {
        for group in scope
            .balancing
            .get()
            .map(|balancing| balancing.target_groups.as_slice())
            .unwrap_or_default()
        {
            sketch.push(scope, &group.arn, || group_cells(state, scope, group));
        }
    }
    sketch.finish(
        "target groups",
        note(state, &[Source::Balancing, Source::Metrics(MetricGroup::Elb)]),
    )
}

fn group_cells(state: &State, scope: &ScopeState, group: &TargetGroup) -> Vec<Cell> {
    let now = state.picture.at;
    let first = group.load_balancers.first();
    let dimensions = first.and_then(|arn| {
        Some((
            elb::target_group_dimension(&group.arn)?,
            elb::load_balancer_dimension(arn)?,
        ))
    });
    let series = |metric: Metric| {
        dimensions.and_then(|(group, balancer)| scope.metric(&metric.of_both(group, balancer).id()))
    };
    let latest = |metric: Metric| {
        let (group, balancer) = dimensions?;
        scope.latest(&metric.of_both(group, balancer).id(), now)
    };
    let requests = series(metric::REQUESTS);
    let per_minute = latest(metric::REQUESTS).map(|sum| sum / 5.0);
    // A minute without an error has no value, so beside requests no value means none.
    let errors =
        latest(metric::TARGET_5XX).or_else(|| series(metric::TARGET_5XX).and(per_minute).map(|_| 0.0));
    let bad = errors.is_some_and(|errors| errors > 0.0);
    vec![
        Cell::new(&group.name).tone(Tone::Strong),
        Cell::new(first.map_or(format::UNKNOWN, |arn| balancer_name(arn))),
        targets(group),
        Cell::number(per_minute, format::number),
        super::data::graph(requests),
        Cell::number(errors, format::number).tone(if bad { Tone::Warn } else { Tone::Plain }),
        Cell::number(latest(metric::LATENCY_P95), format::seconds),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

fn load_balancers(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("LOAD BALANCER", 14, 34, 0),
        Column::words("FORM", 11, 11, 3),
        Column::words("STATE", 6, 15, 1),
        Column::numbers("REQ/min", 7, 0),
        Column::words("", 8, 16, 6),
        Column::numbers("5xx/min", 7, 0),
        Column::numbers("p95", 6, 0),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::LoadBalancer, columns, "no load balancers here");
    for scope in state.picture.inventory.shown() {
        let balancing = scope.balancing.get();
        let balancers = balancing.map(|balancing| balancing.load_balancers.as_slice());
        for balancer in balancers.unwrap_or_default() {
            sketch.push(scope, &balancer.arn, || balancer_cells(state, scope, balancer));
        }
    }
    sketch.finish("load balancers", None)
}

fn balancer_cells(state: &State, scope: &ScopeState, one: &LoadBalancer) -> Vec<Cell> {
    let now = state.picture.at;
    let dimension = elb::load_balancer_dimension(&one.arn);
    let latest = |metric: Metric| scope.latest(&metric.of(dimension?).id(), now);
    let requests = dimension.and_then(|name| scope.metric(&balancer::REQUESTS.of(name).id()));
    let per_minute = latest(balancer::REQUESTS).map(|sum| sum / 5.0);
    // Beside requests, no error of its own and none of its targets means none.
    let own = latest(balancer::OWN_5XX);
    let targets = latest(balancer::TARGET_5XX);
    let errors = match (own, targets) {
        (None, None) => per_minute.map(|_| 0.0),
        (own, targets) => Some(own.unwrap_or(0.0) + targets.unwrap_or(0.0)),
    };
    let bad = errors.is_some_and(|errors| errors > 0.0);
    vec![
        Cell::new(&one.name).tone(Tone::Strong),
        Cell::new(&one.form).tone(Tone::Muted),
        Cell::new(&one.state).tone(if one.state == "active" {
            Tone::Plain
        } else {
            Tone::Warn
        }),
        Cell::number(per_minute, format::number),
        super::data::graph(requests),
        Cell::number(errors, format::number).tone(if bad { Tone::Warn } else { Tone::Plain }),
        Cell::number(latest(balancer::LATENCY_P95), format::seconds),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

/// `app/NAME/ID` → `NAME`.
fn balancer_name(arn: &str) -> &str {
    elb::load_balancer_dimension(arn)
        .and_then(|rest| rest.split('/').nth(1))
        .unwrap_or(last_segment(arn))
}

fn targets(group: &TargetGroup) -> Cell {
    let Some(targets) = &group.targets else {
        return Cell::new(format::UNKNOWN).tone(Tone::Unknown);
    };
    let healthy = group.count("healthy").unwrap_or(0);
    let mut text = format!("{healthy}/{} healthy", targets.len());
    for state in ["draining", "initial"] {
        if let Some(count) = group.count(state).filter(|count| *count > 0) {
            text.push_str(&format!(", {count} {state}"));
        }
    }
    let tone = if targets.is_empty() {
        Tone::Muted
    } else if healthy == 0 {
        Tone::Crit
    } else if group.count("unhealthy").unwrap_or(0) > 0 {
        Tone::Warn
    } else {
        Tone::Plain
    };
    Cell::new(text).tone(tone)
}

fn queues(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("QUEUE", 16, 44, 0),
        Column::numbers("WAITING", 8, 0),
        Column::words("", 8, 16, 4),
        Column::numbers("IN FLIGHT", 9, 0),
        Column::numbers("DELAYED", 8, 3),
        Column::numbers("OLDEST", 7, 0),
        Column::names("DEAD LETTERS TO", 12, 30, 5),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::Queue, columns, "no queues here");
    for scope in state.picture.inventory.shown() {
        for one in scope.queues.get().into_iter().flatten() {
            sketch.push(scope, &one.arn, || queue_cells(state, scope, one));
        }
    }
    sketch.finish("SQS queues", note(state, &[Source::Queues]))
}

fn queue_cells(state: &State, scope: &ScopeState, one: &Queue) -> Vec<Cell> {
    let now = state.picture.at;
    let series = |metric: MetricRef<'_>| scope.metric(&metric.id());
    let oldest = scope.latest(&queue::AGE.of(&one.name).id(), now);
    let count = |value: u64| Cell::number(Some(value as f64), |value| format::count(value as u64));
    vec![
        Cell::new(&one.name).tone(Tone::Strong),
        count(one.visible),
        super::data::graph(series(queue::VISIBLE.of(&one.name))),
        count(one.in_flight),
        count(one.delayed),
        Cell::number(oldest, |seconds| {
            format::span(jiff::SignedDuration::from_secs_f64(seconds))
        }),
        Cell::new(one.dead_letter.as_ref().map_or("", |(arn, _)| last_segment(arn))).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

fn nat_gateways(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("NAT GATEWAY", 22, 40, 0),
        Column::words("STATE", 9, 12, 0),
        Column::numbers("OUT/min", 10, 0),
        Column::numbers("IN/min", 10, 0),
        Column::words("VPC", 12, 24, 3),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::NatGateway, columns, "no NAT gateways here");
    for scope in state.picture.inventory.shown() {
        for gateway in scope.nat_gateways.get().into_iter().flatten() {
            sketch.push(scope, &gateway.id, || nat_cells(state, scope, gateway));
        }
    }
    sketch.finish("NAT gateways", note(state, &[Source::NatGateways]))
}

fn nat_cells(state: &State, scope: &ScopeState, gateway: &NatGateway) -> Vec<Cell> {
    let now = state.picture.at;
    let rate = |metric: MetricRef<'_>| {
        let value = scope.latest(&metric.id(), now);
        Cell::number(value.map(|sum| sum / 5.0), format::bytes)
    };
    let name = gateway
        .name
        .as_deref()
        .map_or_else(|| gateway.id.clone(), |name| format!("{name} ({})", gateway.id));
    vec![
        Cell::new(name).tone(Tone::Strong),
        Cell::new(&gateway.state).tone(if gateway.state == "available" {
            Tone::Plain
        } else {
            Tone::Warn
        }),
        rate(nat::BYTES_OUT.of(&gateway.id)),
        rate(nat::BYTES_IN.of(&gateway.id)),
        Cell::new(gateway.vpc.as_deref().unwrap_or(format::UNKNOWN)).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}
