//! Load balancers and the target groups behind them.

use crate::app::format;
use crate::app::panes::data::graph;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::edge_cost::{self, Bill};
use crate::domain::elb::{self, LoadBalancer, TargetGroup};
use crate::domain::ids::{Kind, last_segment};
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::metric::{MetricGroup, MetricId, Series};
use crate::domain::metric_catalog::{Metric, load_balancer as balancer, target_group as metric};
use crate::domain::rules::Measured;

/// The columns of [`Served`].
const SERVED: [Column; 4] = [
    Column::numbers("REQ/min", 7, 0),
    Column::words("", 8, 16, 6),
    Column::numbers("5xx/min", 7, 0),
    Column::numbers("p95", 6, 0),
];

/// What is counted of requests, of a target group or of a whole load balancer.
struct Served<'a> {
    requests: Option<&'a Series>,
    per_minute: Option<f64>,
    errors: Option<f64>,
    p95: Option<f64>,
}

impl<'a> Served<'a> {
    /// From the metrics of requests, of errors, and of how long answers take, as `id` names them.
    fn of(
        state: &State,
        scope: &'a ScopeState,
        id: impl Fn(&Metric) -> Option<MetricId>,
        (requests, errors, p95): (&Metric, &[Metric], &Metric),
    ) -> Self {
        let now = state.picture.at;
        let latest = |metric: &Metric| scope.latest(&id(metric)?, now);
        let counted_by = id(requests).and_then(|id| scope.metric(&id));
        let minutes = counted_by.map_or(1.0, |series| f64::from(series.period_s) / 60.0);
        let per_minute = latest(requests).map(|sum| sum / minutes);
        // A minute without an error has no value, so beside requests no value means none.
        // The mean of five minutes, as findings and `qd status` have it.
        let counted = errors
            .iter()
            .filter_map(|metric| {
                let (series, as_of) = scope.lasting_metric(&id(metric)?, now)?;
                Some(Measured { series, as_of }.per_minute())
            })
            .reduce(|a, b| a + b);
        Self {
            requests: counted_by,
            per_minute,
            errors: counted.or(per_minute.map(|_| 0.0)),
            p95: latest(p95),
        }
    }

    fn cells(&self) -> [Cell; 4] {
        let bad = self.errors.is_some_and(|errors| errors > 0.0);
        [
            Cell::number(self.per_minute, format::number),
            graph(self.requests),
            Cell::number(self.errors, format::number).tone(if bad { Tone::Warn } else { Tone::Plain }),
            Cell::number(self.p95, format::seconds),
        ]
    }
}

/// Target groups with their targets.
pub(super) fn target_groups(state: &State) -> Section {
    let mut columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("TARGET GROUP", 14, 34, 0),
        Column::names("LOAD BALANCER", 10, 26, 5),
        Column::words("TARGETS", 10, 28, 0),
    ];
    columns.extend(SERVED);
    columns.push(Column::names("WHERE", 5, 20, 2));
    let mut sketch = Sketch::new(state, Kind::TargetGroup, columns, "no target groups here");
    for scope in state.picture.inventory.shown() {
        let balancing = scope.balancing.get();
        for group in balancing
            .into_iter()
            .flat_map(|balancing| &balancing.target_groups)
        {
            sketch.push(scope, &group.arn, || group_cells(state, scope, group));
        }
    }
    sketch.finish(
        "target groups",
        Told::of(state, &[Source::Balancing, Source::Metrics(MetricGroup::Elb)]),
    )
}

fn group_cells(state: &State, scope: &ScopeState, group: &TargetGroup) -> Vec<Cell> {
    let first = group.load_balancers.first();
    let dimensions = first.and_then(|arn| {
        Some((
            elb::target_group_dimension(&group.arn)?,
            elb::load_balancer_dimension(arn)?,
        ))
    });
    let id = |metric: &Metric| dimensions.map(|(group, balancer)| metric.of_both(group, balancer).id());
    let metrics = (
        &metric::REQUESTS,
        [metric::TARGET_5XX].as_slice(),
        &metric::LATENCY_P95,
    );
    let served = Served::of(state, scope, id, metrics);
    let mut cells = vec![
        Cell::new(&group.name).tone(Tone::Strong),
        Cell::new(first.map_or(format::UNKNOWN, |arn| balancer_name(arn))),
        targets(group),
    ];
    cells.extend(served.cells());
    cells.push(Cell::new(scope_label(state, scope)).tone(Tone::Muted));
    cells
}

/// Load balancers of all forms.
pub(super) fn load_balancers(state: &State) -> Section {
    let mut columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("LOAD BALANCER", 14, 34, 0),
        Column::words("FORM", 11, 11, 5),
        Column::words("STATE", 6, 15, 1),
    ];
    columns.extend(SERVED);
    columns.extend([
        Column::numbers("LCU/h", 5, 4),
        Column::numbers("$/month", 7, 3),
        Column::names("WHERE", 5, 20, 2),
    ]);
    let mut sketch = Sketch::new(state, Kind::LoadBalancer, columns, "no load balancers here");
    for scope in state.picture.inventory.shown() {
        let balancing = scope.balancing.get();
        for balancer in balancing
            .into_iter()
            .flat_map(|balancing| &balancing.load_balancers)
        {
            sketch.push(scope, &balancer.arn, || balancer_cells(state, scope, balancer));
        }
    }
    // The target groups above come with the same answer and have its note.
    let told = Told::of(state, &[Source::Balancing]).quiet();
    sketch.finish("load balancers", told)
}

fn balancer_cells(state: &State, scope: &ScopeState, one: &LoadBalancer) -> Vec<Cell> {
    let now = state.picture.at;
    let dimension = elb::load_balancer_dimension(&one.arn);
    let id = |metric: &Metric| dimension.map(|name| metric.of(name).id());
    let errors = [balancer::OWN_5XX, balancer::TARGET_5XX];
    let metrics = (&balancer::REQUESTS, errors.as_slice(), &balancer::LATENCY_P95);
    let served = Served::of(state, scope, id, metrics);
    let mut cells = vec![
        Cell::new(&one.name).tone(Tone::Strong),
        Cell::new(&one.form).tone(Tone::Muted),
        Cell::new(&one.state).tone(if one.state == "active" {
            Tone::Plain
        } else {
            Tone::Warn
        }),
    ];
    cells.extend(served.cells());
    let bill = edge_cost::balancer(scope, one, now);
    cells.extend([
        Cell::number(edge_cost::capacity_units(scope, one, now), format::number),
        Cell::number(bill.map(Bill::usd_per_month), format::usd),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]);
    cells
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
