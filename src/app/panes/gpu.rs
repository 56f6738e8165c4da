//! The GPU fleet: groups, cards as nvidia-smi shows them, and the other instances.

use std::collections::BTreeMap;

use crate::app::detail::purchase;
use crate::app::estate_line::is_probing;
use crate::app::format;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::asg::Group;
use crate::domain::ec2::Instance;
use crate::domain::focus::Probing;
use crate::domain::gpu::history::{CardKey, Measure};
use crate::domain::gpu::{self, GpuCard, HostReading, ProbeOutcome, ReadingSource};
use crate::domain::health::Health;
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::price::{PriceTable, SpotPrices};

/// Groups, cards, instances.
pub(super) fn sections(state: &State) -> Vec<Section> {
    vec![groups(state), cards(state), instances(state)]
}

fn groups(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("GROUP", 14, 36, 0),
        Column::numbers("IN/WANT", 7, 0),
        Column::numbers("MIN-MAX", 7, 1),
        Column::words("TYPES", 9, 24, 6),
        Column::words("CARDS", 8, 14, 0),
        Column::numbers("UTIL", 5, 0),
        Column::numbers("MEM", 5, 0),
        Column::numbers("POWER", 6, 3),
        Column::numbers("TEMP", 5, 1),
        Column::words("IDLE", 8, 20, 0),
        Column::words("HELD", 6, 30, 5),
        Column::names("WHERE", 5, 20, 2),
    ];
    let mut sketch = Sketch::new(state, Kind::Asg, columns, "no Auto Scaling groups here");
    for scope in state.picture.inventory.shown() {
        let readings = readings(scope);
        for group in scope.groups.get().into_iter().flatten() {
            sketch.push(scope, &group.arn, || group_cells(state, scope, group, &readings));
        }
    }
    sketch.finish("Auto Scaling groups", Told::of(state, &[Source::Groups]))
}

/// What was read of each host.
fn readings(scope: &ScopeState) -> BTreeMap<&str, &HostReading> {
    scope
        .gpu
        .get()
        .into_iter()
        .flatten()
        .map(|reading| (reading.instance_id.as_str(), reading))
        .collect()
}

fn group_cells(
    state: &State,
    scope: &ScopeState,
    group: &Group,
    readings: &BTreeMap<&str, &HostReading>,
) -> Vec<Cell> {
    let in_service = group.in_service();
    let short = (in_service as u32) < group.desired && !group.weighted;
    let has_gpu = group
        .instances
        .iter()
        .filter_map(|instance| instance.instance_type.as_deref())
        .chain(group.instance_types.iter().map(String::as_str))
        .any(gpu::is_gpu_type);
    let hosts: Vec<&&HostReading> = group
        .instances
        .iter()
        .filter_map(|instance| readings.get(instance.id.as_str()))
        .collect();
    let cards: Vec<&GpuCard> = hosts.iter().flat_map(|host| &host.cards).collect();
    let mean = |value: &dyn Fn(&GpuCard) -> Option<f64>| {
        let values: Vec<f64> = cards.iter().filter_map(|card| value(card)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let most = |value: &dyn Fn(&GpuCard) -> Option<f64>| {
        cards.iter().filter_map(|card| value(card)).reduce(f64::max)
    };
    let power: f64 = cards.iter().filter_map(|card| card.power_w).sum();
    let unread = hosts
        .iter()
        .filter(|host| host.outcome != ProbeOutcome::Ok)
        .count();
    let shown = match (has_gpu, hosts.is_empty()) {
        (false, _) => Cell::new("").tone(Tone::Muted),
        (true, true) if group.instances.is_empty() => Cell::new("no hosts").tone(Tone::Muted),
        (true, true) if is_probing(state) => Cell::new("asking …").tone(Tone::Muted),
        (true, true) => Cell::new("not asked").tone(Tone::Muted),
        (true, false) if unread > 0 => {
            Cell::new(format!("{}, {unread} silent", cards.len())).tone(Tone::Warn)
        }
        (true, false) => Cell::new(cards.len().to_string()),
    };
    let suspended: Vec<&str> = group
        .suspended
        .iter()
        .map(|process| process.name.as_str())
        .collect();
    let percent = |value: f64| format!("{}%", format::number(value));
    vec![
        Cell::new(&group.name).tone(Tone::Strong),
        Cell::new(format!("{in_service}/{}", group.desired)).tone(if short {
            Tone::Crit
        } else {
            Tone::Plain
        }),
        Cell::new(format!("{}-{}", group.min, group.max)),
        Cell::new(group.instance_types.join(",")),
        shown,
        Cell::number(mean(&|card| card.util_percent), percent),
        Cell::number(mean(&|card| card.mem_percent()), percent),
        Cell::number(Some(power).filter(|power| *power > 0.0), |watts| {
            format!("{watts:.0}W")
        }),
        Cell::number(most(&|card| card.temp_c), |degrees| format!("{degrees:.0}°C")),
        idle_cell(scope, group, readings),
        Cell::new(suspended.join(",")).tone(Tone::Warn),
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

/// Idle cards of a group, and what their hosts cost by the hour.
fn idle_cell(scope: &ScopeState, group: &Group, readings: &BTreeMap<&str, &HostReading>) -> Cell {
    let mut idle = 0;
    let mut cost = Some(0.0);
    for instance in &group.instances {
        let Some(host) = readings.get(instance.id.as_str()) else {
            continue;
        };
        let cards = host
            .cards
            .iter()
            .filter(|card| idle_since(scope, &host.instance_id, card).is_some())
            .count();
        idle += cards;
        if cards > 0 && cards == host.cards.len() {
            cost = cost
                .zip(hourly_usd(scope, &instance.id))
                .map(|(sum, price)| sum + price);
        }
    }
    match (idle, cost) {
        (0, _) => Cell::new(""),
        (count, Some(usd)) if usd > 0.0 => {
            Cell::new(format!("{count} {}/h", format::usd(usd))).tone(Tone::Warn)
        }
        (count, _) => Cell::new(count.to_string()).tone(Tone::Warn),
    }
}

/// What an instance costs by the hour: its Spot price, or the list price; nothing more for a Capacity Block.
pub(super) fn hourly_usd(scope: &ScopeState, id: &str) -> Option<f64> {
    let instance = scope.instances.get()?.iter().find(|instance| instance.id == id)?;
    price_of(scope, instance)
}

fn price_of(scope: &ScopeState, instance: &Instance) -> Option<f64> {
    let region = scope.scope.region.as_str();
    let spot = SpotPrices::known(region, &scope.spot_prices);
    let price = PriceTable::shipped().instance(region, instance, &spot)?;
    Some(price.value.per_hour().as_f64())
}

fn cards(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::words("HOST", 19, 20, 0),
        Column::numbers("#", 2, 0),
        Column::words("GPU", 8, 24, 3),
        Column::numbers("UTIL", 5, 0),
        Column::words("", 8, 16, 6),
        Column::numbers("MEMORY MiB", 12, 0),
        Column::numbers("TEMP", 5, 0),
        Column::numbers("POWER W", 9, 2),
        Column::numbers("ECC", 4, 4),
        Column::words("PROCESSES", 9, 40, 0),
        Column::names("GROUP", 10, 28, 5),
    ];
    let mut rows = Vec::new();
    for scope in state.picture.inventory.shown() {
        rows.extend(asked_rows(scope));
        for reading in scope.gpu.get().into_iter().flatten() {
            let group = scope
                .instances
                .get()
                .into_iter()
                .flatten()
                .find(|instance| instance.id == reading.instance_id)
                .and_then(Instance::group)
                .unwrap_or("standalone");
            if reading.outcome != ProbeOutcome::Ok {
                rows.push(silent_row(state, scope, reading, group));
            }
            for card in &reading.cards {
                rows.push(card_row(state, scope, reading, card, group));
            }
        }
    }
    rows.sort_by(|a, b| {
        b.health
            .cmp(&a.health)
            .then_with(|| a.cells[11].text.cmp(&b.cells[11].text))
    });
    let all = || {
        let shown = state.picture.inventory.shown();
        shown.flat_map(|scope| scope.gpu.get().into_iter().flatten())
    };
    let count: usize = all().map(|reading| reading.cards.len()).sum();
    let told = Told::of(state, &[Source::Instances]);
    let silent = match all()
        .filter(|reading| reading.outcome != ProbeOutcome::Ok)
        .count()
    {
        0 => String::new(),
        1 => ", 1 host did not answer".to_owned(),
        some => format!(", {some} hosts did not answer"),
    };
    let by_agent =
        all().any(|reading| reading.source == ReadingSource::CloudwatchAgent && !reading.cards.is_empty());
    // What the rows' mark means.
    let marked = if by_agent {
        ", cw: by the CloudWatch agent"
    } else {
        ""
    };
    let empty = match (state.setup.probing, is_probing(state)) {
        (Probing::No, _) => "nobody is asked: --no-probe",
        (Probing::Yes, true) => "asking the hosts with GPUs …",
        (Probing::Yes, false) => "no GPU hosts here",
    };
    Section {
        title: format!("GPU cards {}{silent}{marked}", told.count(count)),
        note: note_of_probe(state),
        columns,
        rows,
        empty: empty.to_owned(),
        ..Section::default()
    }
}

/// What is wrong with the probe; silence before the first answer is not an error.
fn note_of_probe(state: &State) -> Option<(String, Tone)> {
    let any = state
        .picture
        .inventory
        .shown()
        .any(|scope| scope.standing(&Source::GpuProbe).is_settled());
    if any {
        Told::of(state, &[Source::Instances]).note()
    } else {
        None
    }
}

/// Hosts that are being asked and of which nothing is known yet.
fn asked_rows(scope: &ScopeState) -> Vec<Row> {
    if scope.gpu.pending.is_none() {
        return Vec::new();
    }
    let known = readings(scope);
    let waiting = scope.instances.get().into_iter().flatten().filter(|one| {
        one.is_running()
            && gpu::vendor_of(&one.instance_type) == Some(gpu::Vendor::Nvidia)
            && !known.contains_key(one.id.as_str())
    });
    waiting
        .map(|instance| {
            let mut cells = vec![Cell::default(); 12];
            cells[0] = Cell::new(super::sketch::glyph(Health::Unknown)).tone(Tone::Unknown);
            cells[1] = Cell::new(&instance.id).tone(Tone::Strong);
            cells[3] = Cell::new("asking …").tone(Tone::Muted);
            cells[11] = Cell::new(instance.group().unwrap_or("standalone")).tone(Tone::Muted);
            Row {
                key: RowKey::Resource(ResourceKey::new(scope.name(), Kind::GpuHost, &instance.id)),
                cells,
                health: Health::Unknown,
            }
        })
        .collect()
}

/// A host that did not answer is its own row, with the reason.
fn silent_row(state: &State, scope: &ScopeState, reading: &HostReading, group: &str) -> Row {
    let key = ResourceKey::new(scope.name(), Kind::GpuHost, &reading.instance_id);
    let health = crate::app::panes::health_of(state, &key).max(Health::Unknown);
    let mut cells = vec![Cell::default(); 12];
    cells[0] = Cell::new(super::sketch::glyph(health)).tone(Tone::of(health));
    cells[1] = Cell::new(&reading.instance_id).tone(Tone::Strong);
    let why: Vec<&str> = reading
        .detail
        .iter()
        .chain(&reading.remedy)
        .map(String::as_str)
        .collect();
    let what = format!("{}: {}", reading.outcome.word(), why.join("; "));
    cells[2] = Cell::new(what).tone(Tone::Warn).to_the_end();
    cells[11] = Cell::new(group).tone(Tone::Muted);
    Row {
        key: RowKey::Resource(key),
        cells,
        health,
    }
}

/// Since when a card has been idle, by what was seen while the console ran.
fn idle_since(scope: &ScopeState, instance: &str, card: &GpuCard) -> Option<jiff::Timestamp> {
    scope
        .gpu_history
        .card(&CardKey::new(instance, card))?
        .idle_since()
}

fn card_row(state: &State, scope: &ScopeState, reading: &HostReading, card: &GpuCard, group: &str) -> Row {
    let key = ResourceKey::new(scope.name(), Kind::Gpu, &card.id(&reading.instance_id));
    let health = crate::app::panes::health_of(state, &key);
    let history = scope.gpu_history.card(&CardKey::new(&reading.instance_id, card));
    let values: Vec<f64> = history
        .into_iter()
        .flat_map(|history| history.values(Measure::Utilisation))
        .filter_map(|(_, value)| value)
        .collect();
    let memory = match (card.mem_used_mib, card.mem_total_mib) {
        (Some(used), Some(total)) => format!("{used}/{total}"),
        (used, _) => format::or_unknown(used),
    };
    let power = match (card.power_w, card.power_limit_w) {
        (Some(drawn), Some(limit)) => format!("{drawn:.0}/{limit:.0}"),
        (drawn, _) => format::or_unknown(drawn.map(format::number)),
    };
    let processes = match (card.processes.as_deref(), card.mig) {
        (None, _) => format::UNKNOWN.to_owned(),
        (Some([]), Some(true)) => "MIG: instances not asked".to_owned(),
        (Some([]), _) => match idle_since(scope, &reading.instance_id, card) {
            Some(at) => format!("idle {}", format::age(state.picture.at, at)),
            None => "none".to_owned(),
        },
        (Some([one]), _) => one.name.clone(),
        (Some(many), _) => format!("{} processes", many.len()),
    };
    let processes = match reading.source {
        ReadingSource::Ssm => processes,
        // The agent's numbers are minutes old; the detail says it in words.
        ReadingSource::CloudwatchAgent => format!("{processes} cw"),
    };
    let busy = card
        .processes
        .as_ref()
        .is_some_and(|processes| !processes.is_empty());
    let util = match (card.util_percent, card.mig) {
        (None, Some(true)) => Cell::new("MIG").tone(Tone::Muted),
        (value, _) => Cell::number(value, |value| format!("{}%", format::number(value))),
    };
    let product = card.product.as_deref().unwrap_or_default();
    Row {
        cells: vec![
            Cell::new(super::sketch::glyph(health)).tone(Tone::of(health)),
            Cell::new(&reading.instance_id).tone(Tone::Strong),
            Cell::number(Some(f64::from(card.index)), format::number),
            Cell::new(product.strip_prefix("NVIDIA ").unwrap_or(product)),
            util,
            Cell::spark(values).tone(Tone::Accent),
            Cell {
                text: memory,
                rank: card.mem_used_mib.map(|mib| mib as f64),
                ..Cell::default()
            },
            Cell::number(card.temp_c, |degrees| format!("{degrees:.0}°C")),
            Cell {
                text: power,
                rank: card.power_w,
                ..Cell::default()
            },
            Cell::number(card.ecc_uncorrected.map(|count| count as f64), format::number),
            Cell::new(processes).tone(if busy { Tone::Plain } else { Tone::Muted }),
            Cell::new(group).tone(Tone::Muted),
        ],
        key: RowKey::Resource(key),
        health,
    }
}

fn instances(state: &State) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::words("INSTANCE", 19, 20, 0),
        Column::names("NAME", 12, 32, 1),
        Column::words("TYPE", 10, 14, 0),
        Column::words("STATE", 8, 13, 0),
        Column::words("BOUGHT", 9, 10, 4),
        Column::words("ZONE", 10, 16, 6),
        Column::numbers("UP", 7, 3),
        Column::numbers("USD/h", 7, 2),
        Column::names("OWNER", 8, 32, 0),
    ];
    let mut sketch = Sketch::new(state, Kind::Ec2Instance, columns, "no EC2 instances here");
    for scope in state.picture.inventory.shown() {
        for instance in scope.instances.get().into_iter().flatten() {
            sketch.push(scope, &instance.id, || instance_cells(state, scope, instance));
        }
    }
    sketch.finish("EC2 instances", Told::of(state, &[Source::Instances]))
}

fn instance_cells(state: &State, scope: &ScopeState, instance: &Instance) -> Vec<Cell> {
    let running = instance.is_running();
    let up = instance
        .launched_at
        .filter(|_| running)
        .map(|at| state.picture.at.duration_since(at).as_secs_f64());
    let owner = instance
        .foreign_owner()
        .map(str::to_owned)
        .or_else(|| instance.group().map(str::to_owned));
    vec![
        Cell::new(&instance.id).tone(Tone::Strong),
        Cell::new(instance.name.as_deref().unwrap_or_default()),
        Cell::new(&instance.instance_type),
        Cell::new(&instance.state).tone(if running { Tone::Plain } else { Tone::Muted }),
        Cell::new(purchase(instance.purchase)),
        Cell::new(&instance.zone),
        Cell::number(up, |seconds| {
            format::span(jiff::SignedDuration::from_secs_f64(seconds))
        }),
        Cell::number(price_of(scope, instance).filter(|_| running), |usd| {
            format!("{usd:.3}")
        }),
        Cell::new(owner.unwrap_or_else(|| "standalone".to_owned())).tone(Tone::Muted),
    ]
}
