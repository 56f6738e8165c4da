//! Ways out of the networks: NAT gateways and VPC endpoints.

use crate::app::format;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::ec2::{NatGateway, VpcEndpoint};
use crate::domain::edge_cost::{self, Bill};
use crate::domain::ids::Kind;
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::metric::MetricGroup;
use crate::domain::metric_catalog::nat;

/// NAT gateways with what flows through them and what that costs.
pub(super) fn nat_gateways(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("NAT GATEWAY", 20, 40, 0),
        Column::words("STATE", 9, 12, 2),
        Column::numbers("OUT/h", 9, 0),
        Column::numbers("IN/h", 9, 0),
        Column::numbers("$/month", 7, 0),
        Column::numbers("NO PORT", 7, 4),
        Column::words("VPC", 12, 24, 3),
        Column::names("WHERE", 5, 20, 1),
    ];
    let mut sketch = Sketch::new(state, Kind::NatGateway, columns, "no NAT gateways here");
    for scope in state.picture.inventory.shown() {
        for gateway in scope.nat_gateways.get().into_iter().flatten() {
            sketch.push(scope, &gateway.id, || nat_cells(state, scope, gateway));
        }
    }
    let sources = [Source::NatGateways, Source::Metrics(MetricGroup::Nat)];
    sketch.finish("NAT gateways", Told::of(state, &sources))
}

fn nat_cells(state: &State, scope: &ScopeState, gateway: &NatGateway) -> Vec<Cell> {
    let now = state.picture.at;
    let bytes = edge_cost::nat_bytes_per_hour(scope, &gateway.id, now);
    let bill = edge_cost::nat(scope, &gateway.id, now);
    let refused = scope.latest(&nat::PORT_ERRORS.of(&gateway.id).id(), now);
    let name = gateway
        .name
        .as_deref()
        .map_or_else(|| gateway.id.clone(), |name| format!("{name} ({})", gateway.id));
    vec![
        Cell::new(name).tone(Tone::Strong),
        state_cell(&gateway.state),
        Cell::number(bytes.map(|(out, _)| out), format::bytes),
        Cell::number(bytes.map(|(_, back)| back), format::bytes),
        Cell::number(bill.map(Bill::usd_per_month), format::usd),
        Cell::number(refused, format::number).tone(if refused.is_some_and(|count| count > 0.0) {
            Tone::Warn
        } else {
            Tone::Plain
        }),
        Cell::new(gateway.vpc.as_deref().unwrap_or(format::UNKNOWN)).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

fn state_cell(state: &str) -> Cell {
    Cell::new(state).tone(if state.eq_ignore_ascii_case("available") {
        Tone::Plain
    } else {
        Tone::Warn
    })
}

/// VPC endpoints.
pub(super) fn endpoints(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("VPC ENDPOINT", 20, 40, 0),
        Column::names("SERVICE", 10, 24, 0),
        Column::words("FORM", 9, 19, 0),
        Column::words("STATE", 9, 12, 0),
        Column::numbers("$/month", 7, 0),
        Column::words("VPC", 12, 24, 3),
        Column::names("WHERE", 5, 20, 1),
    ];
    let mut sketch = Sketch::new(state, Kind::VpcEndpoint, columns, "no VPC endpoints here");
    for scope in state.picture.inventory.shown() {
        for endpoint in scope.vpc_endpoints.get().into_iter().flatten() {
            sketch.push(scope, &endpoint.id, || endpoint_cells(state, scope, endpoint));
        }
    }
    sketch.finish("VPC endpoints", Told::of(state, &[Source::VpcEndpoints]))
}

fn endpoint_cells(state: &State, scope: &ScopeState, endpoint: &VpcEndpoint) -> Vec<Cell> {
    let cost = edge_cost::endpoint(scope, endpoint).map(|hour| hour.per_month().as_f64());
    vec![
        Cell::new(endpoint.name.as_deref().unwrap_or(&endpoint.id)).tone(Tone::Strong),
        Cell::new(endpoint.short_service()),
        Cell::new(&endpoint.form).tone(Tone::Muted),
        state_cell(&endpoint.state),
        Cell::number(cost, format::usd),
        Cell::new(endpoint.vpc.as_deref().unwrap_or(format::UNKNOWN)).tone(Tone::Muted),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}
