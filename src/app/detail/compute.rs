//! Details of Auto Scaling groups, instances and GPU cards.

use crate::app::detail::blocks::{chart, fact, maybe, percent, tags, when};
use crate::app::detail::{Block, Chart};
use crate::app::format;
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::asg::Group;
use crate::domain::counted::counted;
use crate::domain::ec2::Purchase;
use crate::domain::gpu::history::{CardKey, Measure};
use crate::domain::gpu::{GpuCard, HostReading, ReadingSource, RecoveryAction};
use crate::domain::health::Health;
use crate::domain::inventory::ScopeState;
use crate::domain::metric_catalog::ec2 as metric;

/// Activities shown.
const MOST_ACTIVITIES: usize = 12;

/// The blocks of an Auto Scaling group.
pub(super) fn group(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let group = scope.groups.get()?.iter().find(|group| group.arn == arn)?;
    let unit = if group.weighted { " capacity units" } else { "" };
    let mut facts = vec![
        fact("arn", &group.arn),
        fact(
            "capacity",
            format!(
                "{} in service, {}{unit} desired, {} to {}",
                group.in_service(),
                group.desired,
                group.min,
                group.max
            ),
        ),
        fact("instance types", group.instance_types.join(", ")),
        maybe("created", group.created_at.map(|at| when(state, at))),
    ];
    for process in &group.suspended {
        facts.push((
            format!("suspended {}", process.name),
            Cell::new(&process.reason).tone(Tone::Warn),
        ));
    }
    for action in &group.scheduled_actions {
        let zone = action.time_zone.as_deref().unwrap_or("UTC");
        let when_text = match (&action.recurrence, action.start) {
            (Some(cron), _) => format!("{cron} {zone}"),
            (None, Some(at)) => when(state, at),
            (None, None) => format::UNKNOWN.to_owned(),
        };
        let number = |value: Option<u32>| format::or_unknown(value);
        facts.push(fact(
            &format!("schedule {}", action.name),
            format!(
                "{when_text}: min {} desired {} max {}",
                number(action.min),
                number(action.desired),
                number(action.max)
            ),
        ));
    }
    let policies = scope.group_policies.get();
    let own = policies.into_iter().flatten();
    for policy in own.filter(|policy| policy.group == group.name) {
        facts.push(fact(&format!("policy {}", policy.name), policy.in_words()));
    }
    if let Some(pool) = &group.warm_pool {
        facts.push(fact(
            "warm pool",
            format!("{}, {}", counted(pool.instances.len(), "instance"), pool.state),
        ));
    }
    let mut blocks = vec![Block::Facts(facts), instances(state, scope, group)];
    let activities: Vec<Vec<Cell>> = scope
        .activities
        .get()
        .into_iter()
        .flatten()
        .filter(|activity| activity.group == group.name)
        .take(MOST_ACTIVITIES)
        .flat_map(|activity| {
            let failed = activity.status == "Failed";
            let tone = if failed { Tone::Crit } else { Tone::Plain };
            let mut lines = vec![vec![
                Cell::new(format::clock(
                    activity.started_at,
                    state.picture.at,
                    &state.zone().zone,
                ))
                .tone(Tone::Muted),
                Cell::new(format!(" {:<10} {}", activity.status, activity.description)).tone(tone),
            ]];
            lines.extend(
                activity
                    .message
                    .iter()
                    .map(|message| vec![Cell::new(format!("      {message}")).tone(Tone::Warn)]),
            );
            lines
        })
        .collect();
    if !activities.is_empty() {
        blocks.push(Block::Heading(format!(
            "activities, times in {}",
            state.zone().label
        )));
        blocks.push(Block::Lines(activities));
    }
    blocks.extend(tags(&group.tags));
    Some(blocks)
}

fn instances(state: &State, scope: &ScopeState, group: &Group) -> Block {
    let columns = vec![
        Column::words("INSTANCE", 19, 20, 0),
        Column::words("TYPE", 10, 14, 0),
        Column::words("ZONE", 10, 16, 2),
        Column::words("LIFECYCLE", 10, 22, 0),
        Column::words("HEALTH", 9, 10, 0),
        Column::numbers("CPU", 5, 1),
        Column::words("BOUGHT", 9, 10, 1),
        Column::words("", 9, 12, 1),
    ];
    let known = scope.instances.get().map(Vec::as_slice).unwrap_or_default();
    let rows = group
        .instances
        .iter()
        .map(|instance| {
            let bought = known
                .iter()
                .find(|one| one.id == instance.id)
                .map(|one| purchase(one.purchase));
            Row {
                key: RowKey::Line(instance.id.clone()),
                cells: vec![
                    Cell::new(&instance.id),
                    Cell::new(instance.instance_type.as_deref().unwrap_or(format::UNKNOWN)),
                    Cell::new(&instance.zone),
                    Cell::new(&instance.lifecycle).tone(if instance.lifecycle == "InService" {
                        Tone::Plain
                    } else {
                        Tone::Accent
                    }),
                    Cell::new(if instance.healthy { "healthy" } else { "UNHEALTHY" })
                        .tone(if instance.healthy { Tone::Plain } else { Tone::Crit }),
                    Cell::number(
                        scope.latest(&metric::CPU.of(&instance.id).id(), state.picture.at),
                        percent,
                    ),
                    Cell::new(bought.unwrap_or(format::UNKNOWN)),
                    Cell::new(if instance.protected { "protected" } else { "" }).tone(Tone::Accent),
                ],
                health: Health::Ok,
            }
        })
        .collect();
    Block::Table(Section {
        title: format!("instances {}", group.instances.len()),
        columns,
        rows,
        empty: "no instances".to_owned(),
        ..Section::default()
    })
}

/// How an instance is paid for, in a word.
pub(crate) const fn purchase(purchase: Purchase) -> &'static str {
    match purchase {
        Purchase::OnDemand => "on-demand",
        Purchase::Spot => "spot",
        Purchase::CapacityBlock => "block",
    }
}

/// The blocks of an instance, with its GPUs where it has some.
pub(super) fn instance(state: &State, scope: &ScopeState, id: &str) -> Option<Vec<Block>> {
    let instance = scope.instances.get()?.iter().find(|instance| instance.id == id)?;
    let mut blocks = vec![Block::Facts(vec![
        fact("id", &instance.id),
        maybe("name", instance.name.as_ref()),
        fact(
            "type",
            format!("{}, {}", instance.instance_type, purchase(instance.purchase)),
        ),
        fact(
            "state",
            format!(
                "{} {}",
                instance.state,
                instance.state_reason.as_deref().unwrap_or_default()
            ),
        ),
        fact("zone", &instance.zone),
        maybe("launched", instance.launched_at.map(|at| when(state, at))),
        maybe("private address", instance.private_ip.as_ref()),
        maybe("public address", instance.public_ip.as_ref()),
        maybe("instance profile", instance.instance_profile.as_ref()),
        maybe("group", instance.group()),
        maybe("managed by", instance.foreign_owner()),
    ])];
    if let Some(reading) = scope
        .gpu
        .get()
        .into_iter()
        .flatten()
        .find(|reading| reading.instance_id == id)
    {
        blocks.extend(host(state, scope, reading));
    }
    blocks.push(Block::Charts(vec![
        chart(state, scope, "CPU, %", metric::CPU.of(id), percent),
        chart(
            state,
            scope,
            "CPU credits",
            metric::CREDITS.of(id),
            format::number,
        ),
    ]));
    blocks.extend(tags(&instance.tags));
    Some(blocks)
}

/// What nvidia-smi said on a host.
fn host(state: &State, scope: &ScopeState, reading: &HostReading) -> Vec<Block> {
    let mut facts = vec![
        fact("nvidia-smi", reading.outcome.word()),
        maybe("driver", reading.driver.as_ref()),
        fact("asked", when(state, reading.sampled_at)),
    ];
    if reading.source == ReadingSource::CloudwatchAgent {
        facts.push(fact("source", "the CloudWatch agent's metrics"));
    }
    if let Some(detail) = &reading.detail {
        facts.push(("what is wrong".to_owned(), Cell::new(detail).tone(Tone::Warn)));
    }
    if let Some(remedy) = &reading.remedy {
        facts.push(("what to do".to_owned(), Cell::new(remedy).tone(Tone::Strong)));
    }
    let mut blocks = vec![Block::Facts(facts)];
    for card in &reading.cards {
        blocks.extend(card_blocks(scope, &reading.instance_id, card));
    }
    blocks
}

/// The blocks of a card.
pub(super) fn card(state: &State, scope: &ScopeState, id: &str) -> Option<Vec<Block>> {
    let (reading, card) = scope.gpu.get()?.iter().find_map(|reading| {
        let found = reading
            .cards
            .iter()
            .find(|card| card.id(&reading.instance_id) == id)?;
        Some((reading, found))
    })?;
    let mut blocks = vec![Block::Facts(vec![
        fact("host", &reading.instance_id),
        maybe("driver", reading.driver.as_ref()),
        fact("asked", when(state, reading.sampled_at)),
    ])];
    blocks.extend(card_blocks(scope, &reading.instance_id, card));
    Some(blocks)
}

fn card_blocks(scope: &ScopeState, instance: &str, card: &GpuCard) -> Vec<Block> {
    let show = |value: Option<f64>, unit: &str| value.map(|value| format!("{}{unit}", format::number(value)));
    let pair = |a: Option<f64>, b: Option<f64>, unit: &str| {
        format!(
            "{} of {}{unit}",
            format::or_unknown(a.map(format::number)),
            format::or_unknown(b.map(format::number))
        )
    };
    let throttle = card
        .throttle
        .map(|reasons| reasons.to_string())
        .filter(|text| !text.is_empty());
    let mut blocks = vec![
        Block::Heading(format!(
            "GPU {} {}",
            card.index,
            card.product.as_deref().unwrap_or_default()
        )),
        Block::Facts(vec![
            maybe("uuid", card.uuid.as_ref()),
            maybe("utilisation", show(card.util_percent, "%")),
            fact(
                "memory",
                pair(mib(card.mem_used_mib), mib(card.mem_total_mib), " MiB"),
            ),
            maybe("temperature", show(card.temp_c, " °C")),
            fact("power", pair(card.power_w, card.power_limit_w, " W")),
            maybe("state", card.pstate.as_ref()),
            maybe("clock", show(mib(card.clocks_sm_mhz), " MHz")),
            maybe(
                "uncorrected ECC errors",
                card.ecc_uncorrected.map(|count| count.to_string()),
            ),
            maybe("clock held by", throttle),
            maybe("MIG", card.mig.map(|on| if on { "enabled" } else { "disabled" })),
            maybe(
                "driver asks for",
                card.recovery_action.as_ref().map(RecoveryAction::word),
            ),
        ]),
    ];
    let history = scope.gpu_history.card(&CardKey::new(instance, card));
    let values = |measure: Measure| -> Vec<(jiff::Timestamp, f64)> {
        let all = history.into_iter().flat_map(|history| history.values(measure));
        all.filter_map(|(at, value)| Some((at, value?))).collect()
    };
    let graph = |title: &str, values: Vec<(jiff::Timestamp, f64)>, latest: Option<String>| Chart {
        title: title.to_owned(),
        latest: latest.unwrap_or_else(|| "no data".to_owned()),
        largest: values
            .iter()
            .map(|(_, value)| *value)
            .reduce(f64::max)
            .map_or_else(String::new, format::number),
        points: values,
        tone: Tone::Accent,
    };
    blocks.push(Block::Charts(vec![
        graph(
            "utilisation, %, while the console ran",
            values(Measure::Utilisation),
            show(card.util_percent, "%"),
        ),
        graph(
            "memory, %",
            values(Measure::Memory),
            show(card.mem_percent(), "%"),
        ),
        graph("power, W", values(Measure::Power), show(card.power_w, " W")),
        graph(
            "temperature, °C",
            values(Measure::Temperature),
            show(card.temp_c, " °C"),
        ),
    ]));
    let Some(processes) = &card.processes else {
        blocks.push(Block::Lines(vec![vec![
            Cell::new("processes are not known").tone(Tone::Muted),
        ]]));
        return blocks;
    };
    let lines: Vec<Vec<Cell>> = processes
        .iter()
        .map(|process| {
            let memory = process
                .mem_mib
                .map_or_else(|| format::UNKNOWN.to_owned(), |mib| format!("{mib} MiB"));
            vec![Cell::new(format!(
                "{:>8}  {memory:>10}  {}",
                process.pid, process.name
            ))]
        })
        .collect();
    blocks.push(Block::Lines(if lines.is_empty() {
        vec![vec![Cell::new("no compute process").tone(Tone::Muted)]]
    } else {
        lines
    }));
    blocks
}

/// A whole number as one to show.
fn mib(value: Option<u64>) -> Option<f64> {
    value.map(|value| value as f64)
}
