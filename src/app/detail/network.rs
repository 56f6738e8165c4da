//! Details of load balancers, target groups, queues, NAT gateways, alarms, log groups.

use crate::app::detail::Block;
use crate::app::detail::blocks::{Graph, chart, charts, fact, maybe, when};
use crate::app::format;
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::counted::counted;
use crate::domain::edge_cost::{self, Bill};
use crate::domain::elb;
use crate::domain::health::Health;
use crate::domain::inventory::ScopeState;
use crate::domain::metric_catalog::{
    Metric, load_balancer as balancer_metric, nat, queue as queue_metric, target_group as metric,
};

/// The blocks of a target group.
pub(super) fn target_group(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let group = scope
        .balancing
        .get()?
        .target_groups
        .iter()
        .find(|group| group.arn == arn)?;
    let protocol = group.protocol.as_deref().unwrap_or(format::UNKNOWN);
    let mut blocks = vec![Block::Facts(vec![
        fact("arn", &group.arn),
        fact(
            "protocol",
            group
                .port
                .map_or_else(|| protocol.to_owned(), |port| format!("{protocol}:{port}")),
        ),
        maybe("targets are", group.target_type.as_ref()),
        maybe("health check", group.health_check_path.as_ref()),
        fact("behind", group.load_balancers.join(", ")),
    ])];
    let columns = vec![
        Column::words("TARGET", 16, 44, 0),
        Column::numbers("PORT", 5, 1),
        Column::words("ZONE", 10, 16, 2),
        Column::words("STATE", 9, 20, 0),
        Column::words("REASON", 16, 40, 0),
        Column::words("", 10, 120, 1),
    ];
    let rows = group
        .targets
        .iter()
        .flatten()
        .map(|target| {
            let well = target.state == "healthy";
            Row {
                key: RowKey::Line(target.id.clone()),
                cells: vec![
                    Cell::new(&target.id),
                    Cell::new(format::or_unknown(target.port)),
                    Cell::new(target.zone.as_deref().unwrap_or_default()),
                    Cell::new(&target.state).tone(if well { Tone::Ok } else { Tone::Warn }),
                    Cell::new(target.reason.as_deref().unwrap_or_default()),
                    Cell::new(target.description.as_deref().unwrap_or_default()).tone(Tone::Muted),
                ],
                health: Health::Ok,
            }
        })
        .collect();
    let empty = if group.targets.is_some() {
        "no targets are registered"
    } else {
        "target health has not been read"
    };
    blocks.push(Block::Table(Section {
        title: "targets".to_owned(),
        columns,
        rows,
        empty: empty.to_owned(),
        ..Section::default()
    }));
    for balancer in &group.load_balancers {
        if let (Some(group), Some(balancer)) = (
            elb::target_group_dimension(arn),
            elb::load_balancer_dimension(balancer),
        ) {
            let graphs: &[Graph] = &[
                ("requests/min", metric::REQUESTS, format::number),
                ("5xx/min", metric::TARGET_5XX, format::number),
                ("latency p95", metric::LATENCY_P95, format::seconds),
                // Minutes behind what the targets themselves say above.
                ("unhealthy, metric", metric::UNHEALTHY, format::number),
            ];
            let of = |metric: &Metric| metric.of_both(group, balancer);
            blocks.push(charts(state, scope, graphs, of));
        }
    }
    Some(blocks)
}

/// The blocks of a load balancer.
pub(super) fn load_balancer(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let balancer = scope
        .balancing
        .get()?
        .load_balancers
        .iter()
        .find(|balancer| balancer.arn == arn)?;
    let dimension = elb::load_balancer_dimension(arn)?;
    let now = state.picture.at;
    let bill = edge_cost::balancer(scope, balancer, now);
    let units = edge_cost::capacity_units(scope, balancer, now);
    let graphs: &[Graph] = &[
        ("requests/5 min", balancer_metric::REQUESTS, format::number),
        ("5xx of targets", balancer_metric::TARGET_5XX, format::number),
        ("5xx of its own", balancer_metric::OWN_5XX, format::number),
        ("latency p95", balancer_metric::LATENCY_P95, format::seconds),
        (
            "capacity units/h",
            balancer_metric::CAPACITY_UNITS,
            format::number,
        ),
    ];
    let mut facts = vec![
        fact("arn", &balancer.arn),
        fact("form", &balancer.form),
        fact("state", &balancer.state),
        maybe("dns name", balancer.dns_name.as_ref()),
        maybe("scheme", balancer.scheme.as_ref()),
        maybe("created", balancer.created_at.map(|at| when(state, at))),
        maybe("capacity units/h, last day", units.map(format::number)),
        maybe("a month at this rate", bill.map(|bill| cost_of(&bill))),
    ];
    let listeners = scope.listeners.get().into_iter().flatten();
    for listener in listeners.filter(|listener| listener.load_balancer == arn) {
        let action = listener.default_action.as_deref().unwrap_or(format::UNKNOWN);
        let certificates: Vec<&str> = listener
            .certificates
            .iter()
            .map(|arn| crate::domain::ids::last_segment(arn))
            .collect();
        let with = if certificates.is_empty() {
            String::new()
        } else {
            format!(", certificate {}", certificates.join(", "))
        };
        facts.push(fact(&listener.door(), format!("{action}{with}")));
    }
    let of = |metric: &Metric| metric.of(dimension);
    Some(vec![Block::Facts(facts), charts(state, scope, graphs, of)])
}

/// What something costs a month, and what of that is for being there.
fn cost_of(bill: &Bill) -> String {
    let standing = format::usd(bill.standing.per_month().as_f64());
    match bill.flowing {
        Some(flowing) => format!(
            "{}: {standing} for being there, {} for use (prices of {})",
            format::usd(bill.usd_per_month()),
            format::usd(flowing.per_month().as_f64()),
            bill.as_of
        ),
        None => format!(
            "{standing} for being there; use is not known (prices of {})",
            bill.as_of
        ),
    }
}

/// The blocks of a queue.
pub(super) fn queue(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let queue = scope.queues.get()?.iter().find(|queue| queue.arn == arn)?;
    let dead = queue
        .dead_letter
        .as_ref()
        .map(|(arn, after)| format!("{arn} after {after} receives"));
    Some(vec![
        Block::Facts(vec![
            fact("arn", &queue.arn),
            fact("url", &queue.url),
            fact("waiting", format::count(queue.visible)),
            fact("in flight", format::count(queue.in_flight)),
            fact("delayed", format::count(queue.delayed)),
            maybe(
                "visibility timeout",
                queue.visibility_timeout_s.map(|seconds| format!("{seconds}s")),
            ),
            maybe("dead letters", dead),
        ]),
        Block::Charts(vec![
            chart(
                state,
                scope,
                "messages waiting",
                queue_metric::VISIBLE.of(&queue.name),
                format::number,
            ),
            chart(
                state,
                scope,
                "age of the oldest",
                queue_metric::AGE.of(&queue.name),
                |seconds| format::span(jiff::SignedDuration::from_secs_f64(seconds)),
            ),
        ]),
    ])
}

/// The blocks of a NAT gateway.
pub(super) fn nat_gateway(state: &State, scope: &ScopeState, id: &str) -> Option<Vec<Block>> {
    let gateways = scope.nat_gateways.get()?;
    let gateway = gateways.iter().find(|gateway| gateway.id == id)?;
    let now = state.picture.at;
    let bytes = edge_cost::nat_bytes_per_hour(scope, id, now);
    let bill = edge_cost::nat(scope, id, now);
    let endpoints = scope.vpc_endpoints.get().map(|endpoints| {
        let own = endpoints
            .iter()
            .filter(|one| one.vpc.is_some() && one.vpc == gateway.vpc);
        let names: Vec<String> = own
            .map(|one| format!("{} ({})", one.short_service(), one.form))
            .collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    });
    let graphs: &[Graph] = &[
        ("out/5 min", nat::BYTES_OUT, format::bytes),
        ("in/5 min", nat::BYTES_IN, format::bytes),
        ("without a port/5 min", nat::PORT_ERRORS, format::number),
    ];
    Some(vec![
        Block::Facts(vec![
            fact("id", &gateway.id),
            maybe("name", gateway.name.as_ref()),
            fact("state", &gateway.state),
            maybe("vpc", gateway.vpc.as_ref()),
            maybe("subnet", gateway.subnet.as_ref()),
            maybe(
                "an hour, last day",
                bytes.map(|(out, back)| format!("{} out, {} in", format::bytes(out), format::bytes(back))),
            ),
            maybe("a month at this rate", bill.map(|bill| cost_of(&bill))),
            maybe("endpoints of the vpc", endpoints),
        ]),
        charts(state, scope, graphs, |metric| metric.of(id)),
    ])
}

/// The blocks of an alarm.
pub(super) fn alarm(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let alarm = scope.alarms.get()?.iter().find(|alarm| alarm.arn == arn)?;
    let actions = match (alarm.actions_enabled, alarm.alarm_actions.as_slice()) {
        (false, _) => "disabled: nobody is told".to_owned(),
        (true, []) => "none: nobody is told".to_owned(),
        (true, actions) => actions.join(", "),
    };
    let mut facts = vec![
        fact("arn", &alarm.arn),
        fact("state", alarm.state.word()),
        maybe("since", alarm.since.map(|at| when(state, at))),
        maybe("reason", alarm.reason.as_ref()),
        maybe("description", alarm.description.as_ref()),
        fact("actions", actions),
    ];
    if let Some(metric) = &alarm.metric {
        let dimensions: Vec<String> = metric
            .dimensions
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        facts.push(fact(
            "metric",
            format!("{} {} {}", metric.namespace, metric.name, dimensions.join(" ")),
        ));
        let number = if metric.is_in_bytes() {
            format::bytes
        } else {
            format::number
        };
        let threshold = metric
            .threshold
            .map_or_else(|| format::UNKNOWN.to_owned(), number);
        facts.push(fact("when", format!("{} {threshold}", metric.comparison)));
        facts.push(maybe("for", metric.lasting()));
    }
    facts.extend(alarm.composite_rule.as_ref().map(|rule| fact("rule", rule)));
    let mut blocks = vec![Block::Facts(facts)];
    let history: Vec<Vec<Cell>> = scope
        .alarm_history
        .get()
        .into_iter()
        .flatten()
        .filter(|transition| transition.alarm == alarm.name)
        .map(|transition| {
            vec![
                Cell::new(format::clock(transition.at, state.picture.at, &state.zone().zone))
                    .tone(Tone::Muted),
                Cell::new(format!(" {}", transition.summary)),
            ]
        })
        .collect();
    if !history.is_empty() {
        blocks.push(Block::Heading(format!(
            "history, times in {}",
            state.zone().label
        )));
        blocks.push(Block::Lines(history));
    }
    Some(blocks)
}

/// The blocks of a log group.
pub(super) fn log_group(scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let group = scope.log_groups.get()?.iter().find(|group| group.arn == arn)?;
    let kept = group
        .retention_days
        .map_or_else(|| "for ever".to_owned(), |days| counted(days, "day"));
    Some(vec![Block::Facts(vec![
        fact("arn", &group.arn),
        fact("kept", kept),
        maybe(
            "stored",
            group.stored_bytes.map(|bytes| format::bytes(bytes as f64)),
        ),
        maybe("class", group.class.as_ref()),
    ])])
}
