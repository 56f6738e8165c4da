//! The estate in a few lines: one entry for each pane, for the overview.

mod functions;
mod further;
mod kubernetes;
mod recovery;

use jiff::civil::Date;

use crate::app::format;
use crate::app::pane::Pane;
use crate::app::panes::is_accepted;
use crate::app::state::State;
use crate::app::table::Tone;
use crate::domain::alarm::AlarmState;
use crate::domain::cost::DailyCost;
use crate::domain::counted::counted;
use crate::domain::ec2::Instance;
use crate::domain::elb;
use crate::domain::elb::served::{self, Served};
use crate::domain::focus::Probing;
use crate::domain::gpu::{ProbeOutcome, Vendor, is_gpu_type, vendor_of};
use crate::domain::health::{Health, Severity};
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::metric_catalog::{self, load_balancer as metric, target_group};
use crate::domain::rest;
use crate::domain::rules::Measured;
use crate::runbook::record::Status;

/// An entry: the pane, and what there is to say of it. Panes without a digit are opened by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The pane.
    pub pane: Pane,
    /// What it says.
    pub text: String,
    /// How it looks.
    pub tone: Tone,
    /// A small graph after the text, oldest value first; empty for none.
    pub trend: Vec<f64>,
}

/// Minutes of the graph of log errors.
const TREND_MINUTES: i64 = 8;

/// The entries: panes in their order, then the further families that the estate has.
pub fn entries(state: &State) -> Vec<Entry> {
    let mut entries = vec![
        entry(state, Pane::Services, services(state)),
        entry(state, Pane::Gpu, gpus(state)),
        entry(state, Pane::Data, stores(state)),
        entry(state, Pane::Network, network(state)),
        entry(state, Pane::Logs, logs(state)),
        entry(state, Pane::Spend, spend(state)),
        entry(state, Pane::Alarms, alarms(state)),
        runs(state),
    ];
    entries.extend(further::items(state));
    entries
}

/// What opens an entry's pane: its digit, else its name after a colon.
pub fn opener(pane: Pane) -> String {
    match pane.digit() {
        Some(digit) => digit.to_string(),
        None => format!(":{}", pane.name()),
    }
}

/// Runs that are live, and those that somebody must take up.
fn runs(state: &State) -> Entry {
    let live = state.runs.live();
    let left = state.runs.heads.iter().flatten();
    let left = left.filter(|head| head.status == Status::Interrupted).count();
    let (text, tone) = match (live, left) {
        (live, 0) => (
            format!("runs {live}"),
            if live > 0 { Tone::Accent } else { Tone::Plain },
        ),
        (0, left) => (format!("runs 0, {left} interrupted"), Tone::Warn),
        (live, left) => (format!("runs {live}, {left} interrupted"), Tone::Warn),
    };
    Entry {
        pane: Pane::Runs,
        text,
        tone,
        trend: Vec::new(),
    }
}

/// An entry in the tone of the pane's worst open finding.
fn entry(state: &State, pane: Pane, text: String) -> Entry {
    let worst = state
        .picture
        .findings
        .iter()
        .filter(|finding| Pane::of_kind(finding.resource.kind) == pane && !is_accepted(state, finding))
        .map(|finding| finding.severity)
        .max();
    let tone = match worst {
        Some(Severity::Crit) => Tone::Crit,
        Some(Severity::Warn) => Tone::Warn,
        Some(Severity::Info) | None => Tone::Plain,
    };
    let trend = match pane {
        Pane::Logs if state.logs.rates.per_minute(state.picture.at).is_some() => {
            state.logs.rates.history(state.picture.at, TREND_MINUTES)
        }
        _ => Vec::new(),
    };
    Entry {
        pane,
        text,
        tone,
        trend,
    }
}

/// Whether any of the sources behind the overview has answered in any scope.
pub fn knows_anything(state: &State) -> bool {
    state
        .picture
        .inventory
        .shown()
        .any(|scope| BEHIND.iter().any(|source| scope.standing(source).at.is_some()))
}

/// What to say beside counts while a source has not answered yet; `None` once each has, well or
/// badly: what failed has its own place on screen.
pub fn unread(state: &State) -> Option<&'static str> {
    let settled = state
        .picture
        .inventory
        .shown()
        .all(|scope| BEHIND.iter().all(|source| scope.standing(source).is_settled()));
    match (settled, knows_anything(state)) {
        (true, _) => None,
        (false, true) => Some("so far, reading …"),
        (false, false) => Some("reading …"),
    }
}

/// The listings that findings are made of.
const BEHIND: [Source; 6] = [
    Source::EcsFleet,
    Source::Groups,
    Source::Instances,
    Source::DbInstances,
    Source::Balancing,
    Source::Alarms,
];

/// Whether a source was read in none of the scopes: then there is nothing to count.
fn is_unknown(state: &State, source: &Source) -> bool {
    state
        .picture
        .inventory
        .shown()
        .all(|scope| scope.standing(source).at.is_none())
}

/// Scopes that are shown, and whether a source was read in all of them.
fn scopes<'a>(state: &'a State, source: &Source) -> (Vec<&'a ScopeState>, &'static str) {
    let all: Vec<&ScopeState> = state.picture.inventory.shown().collect();
    let read = all.iter().all(|scope| scope.standing(source).at.is_some());
    (all, if read { "" } else { "?" })
}

/// How many of these resources are not well: as many as the pane's lists show so.
fn troubled<'a>(
    state: &State,
    kind: Kind,
    resources: impl Iterator<Item = (&'a ScopeState, &'a String)>,
) -> usize {
    resources
        .filter(|(scope, id)| {
            let key = ResourceKey::new(scope.name(), kind, id);
            state.verdicts.health(&key) > Health::Unknown
        })
        .count()
}

fn bad(count: usize) -> String {
    if count > 0 {
        format!(", {count} bad")
    } else {
        String::new()
    }
}

fn services(state: &State) -> String {
    if is_unknown(state, &Source::EcsFleet) {
        return format!("ecs {}", format::UNKNOWN);
    }
    let (scopes, doubt) = scopes(state, &Source::EcsFleet);
    let services = || {
        scopes
            .iter()
            .filter_map(|scope| Some((*scope, scope.ecs.get()?)))
            .flat_map(|(scope, fleet)| fleet.services.iter().map(move |service| (scope, service)))
    };
    let total = services().count();
    if total == 0 {
        return format!("no ecs{doubt}");
    }
    let resting = services()
        .filter(|(_, service)| rest::of_service(service).is_some())
        .count();
    let resting = if resting > 0 {
        format!(", {resting} at rest")
    } else {
        String::new()
    };
    let full = services()
        .filter(|(_, service)| service.running >= service.desired)
        .count();
    let arns = services().map(|(scope, service)| (scope, &service.arn));
    let troubled = troubled(state, Kind::EcsService, arns);
    format!("ecs {full}/{total}{doubt}{resting}{}", bad(troubled))
}

fn gpus(state: &State) -> String {
    if is_unknown(state, &Source::Instances) {
        return format!("gpu {}", format::UNKNOWN);
    }
    let (scopes, doubt) = scopes(state, &Source::Instances);
    let instances = scopes.iter().filter_map(|scope| scope.instances.get()).flatten();
    let hosts = instances
        .filter(|one| one.is_running() && is_gpu_type(&one.instance_type))
        .count();
    let readings: Vec<_> = scopes
        .iter()
        .filter_map(|scope| scope.gpu.get())
        .flatten()
        .collect();
    let silent = readings
        .iter()
        .filter(|reading| reading.outcome != ProbeOutcome::Ok)
        .count();
    let cards: usize = readings.iter().map(|reading| reading.cards.len()).sum();
    let silent = if silent > 0 {
        format!(", {silent} silent")
    } else {
        String::new()
    };
    let plural = if hosts == 1 { "host" } else { "hosts" };
    match (hosts, readings.is_empty()) {
        (0, _) => {
            let groups = scopes
                .iter()
                .filter_map(|scope| scope.groups.get())
                .flatten()
                .count();
            format!("asg {groups}{doubt}, no GPUs")
        }
        (_, true) if is_probing(state) => format!("gpu {hosts} {plural}{doubt}, asking …"),
        (_, true) => format!("gpu {hosts} {plural}{doubt}, not asked"),
        (_, false) => format!("gpu {hosts} {plural}{doubt}, {}{silent}", counted(cards, "card")),
    }
}

/// Whether GPU hosts are being asked and have not answered yet.
pub fn is_probing(state: &State) -> bool {
    if state
        .picture
        .inventory
        .shown()
        .any(|scope| scope.gpu.pending.is_some())
    {
        return true;
    }
    let waits = |scope: &ScopeState| {
        // Where no host has a card nobody is ever asked.
        let has_hosts = |instances: &Vec<Instance>| {
            let mut instances = instances.iter();
            instances.any(|one| one.is_running() && vendor_of(&one.instance_type) == Some(Vendor::Nvidia))
        };
        !scope.standing(&Source::GpuProbe).is_settled() && scope.instances.get().is_none_or(has_hosts)
    };
    state.pane.focus().gpu == Probing::Yes
        && state.setup.probing == Probing::Yes
        && state.picture.inventory.shown().any(waits)
}

fn stores(state: &State) -> String {
    if is_unknown(state, &Source::DbInstances) && is_unknown(state, &Source::Caches) {
        return format!("data {}", format::UNKNOWN);
    }
    let (scopes, doubt) = scopes(state, &Source::DbInstances);
    let (_, cache_doubt) = self::scopes(state, &Source::Caches);
    let databases: Vec<_> = of_all(&scopes, |scope| scope.db_instances.get());
    let clusters: Vec<_> = of_all(&scopes, |scope| scope.db_clusters.get());
    let caches: Vec<_> = of_all(&scopes, |scope| scope.caches.get());
    if databases.len() + caches.len() == 0 {
        return format!("no data stores{doubt}");
    }
    let troubled = troubled(
        state,
        Kind::RdsInstance,
        databases.iter().map(|(scope, one)| (*scope, &one.arn)),
    ) + troubled(
        state,
        Kind::RdsCluster,
        clusters.iter().map(|(scope, one)| (*scope, &one.arn)),
    ) + troubled(
        state,
        Kind::Redis,
        caches.iter().map(|(scope, one)| (*scope, &one.arn)),
    );
    format!(
        "data {}{doubt} db {}{cache_doubt} cache{}",
        databases.len(),
        caches.len(),
        bad(troubled)
    )
}

/// What the scopes have of something, each with its scope.
fn of_all<'a, T>(
    scopes: &[&'a ScopeState],
    list: impl Fn(&'a ScopeState) -> Option<&'a Vec<T>>,
) -> Vec<(&'a ScopeState, &'a T)> {
    scopes
        .iter()
        .filter_map(|scope| Some((*scope, list(scope)?)))
        .flat_map(|(scope, items)| items.iter().map(move |item| (scope, item)))
        .collect()
}

fn network(state: &State) -> String {
    if is_unknown(state, &Source::Balancing) && is_unknown(state, &Source::Queues) {
        return format!("net {}", format::UNKNOWN);
    }
    let (scopes, doubt) = scopes(state, &Source::Queues);
    let waiting: u64 = scopes
        .iter()
        .filter_map(|scope| scope.queues.get())
        .flatten()
        .map(|queue| queue.visible)
        .sum();
    let queues = scopes
        .iter()
        .filter_map(|scope| scope.queues.get())
        .flatten()
        .count();
    let groups = scopes
        .iter()
        .filter_map(|scope| scope.balancing.get())
        .map(|balancing| balancing.target_groups.len())
        .sum::<usize>();
    let queued = if queues > 0 {
        format!(", {} queued{doubt}", format::count(waiting))
    } else {
        String::new()
    };
    let (_, unread) = self::scopes(state, &Source::Balancing);
    let target_groups = of_all(&scopes, |scope| Some(&scope.balancing.get()?.target_groups));
    let balancers = of_all(&scopes, |scope| Some(&scope.balancing.get()?.load_balancers));
    let queues = of_all(&scopes, |scope| scope.queues.get());
    let gateways = of_all(&scopes, |scope| scope.nat_gateways.get());
    let certificates = of_all(&scopes, |scope| scope.certificates.get());
    let troubled = troubled(
        state,
        Kind::TargetGroup,
        target_groups.iter().map(|(scope, one)| (*scope, &one.arn)),
    ) + troubled(
        state,
        Kind::LoadBalancer,
        balancers.iter().map(|(scope, one)| (*scope, &one.arn)),
    ) + troubled(
        state,
        Kind::Queue,
        queues.iter().map(|(scope, one)| (*scope, &one.arn)),
    ) + troubled(
        state,
        Kind::NatGateway,
        gateways.iter().map(|(scope, one)| (*scope, &one.id)),
    ) + troubled(
        state,
        Kind::Certificate,
        certificates.iter().map(|(scope, one)| (*scope, &one.arn)),
    );
    format!("net {groups}{unread} tg{queued}{}", bad(troubled))
}

fn logs(state: &State) -> String {
    let (scopes, doubt) = scopes(state, &Source::LogGroups);
    let groups = scopes
        .iter()
        .filter_map(|scope| scope.log_groups.get())
        .flatten()
        .count();
    match state.logs.rates.per_minute(state.picture.at) {
        None if is_unknown(state, &Source::LogGroups) => format!("logs {}", format::UNKNOWN),
        Some(errors) => format!("logs {errors} err/min"),
        None => format!(
            "logs {groups}{doubt} {}",
            if groups == 1 { "group" } else { "groups" }
        ),
    }
}

fn spend(state: &State) -> String {
    let today = state.picture.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let spent = spent_by_the_estate(state, today).unwrap_or_else(|| {
        // The bill is the account's: where the estate is a part of it, they are told apart.
        let is_part = state.picture.inventory.account_leaders().any(|scope| {
            let tag = &state.setup.policies.of(scope.name()).cost_tag;
            !scope.selection.is_everything() || tag.is_some()
        });
        let budget = if is_part {
            state.setup.monthly_budget
        } else {
            state.setup.monthly_budget.or_else(|| only_budget(state))
        };
        let amount = spent_by_accounts(state, today).map_or_else(|| format::UNKNOWN.to_owned(), format::usd);
        match (is_part, budget.map(format::usd)) {
            (true, None) => format!("account {amount}"),
            (true, Some(budget)) => format!("account {amount}, budget {budget}"),
            (false, None) => amount,
            (false, Some(budget)) => format!("{amount}/{budget}"),
        }
    });
    let burn = state
        .picture
        .burn
        .total
        // Nothing burns as far as is known before anything is.
        .filter(|_| !is_unknown(state, &Source::Instances))
        .map(|rate| format::usd(rate.per_hour().as_f64()));
    let burn = burn.map_or_else(String::new, |burn| format!("  burn {burn}/h"));
    format!("spend {spent}{burn}")
}

/// Month to date and budget of an estate whose cost allocation tag tells its part of the bill.
fn spent_by_the_estate(state: &State, today: Date) -> Option<String> {
    let mut leaders = state.picture.inventory.account_leaders();
    let scope = leaders.next().filter(|_| leaders.next().is_none())?;
    let policy = state.setup.policies.of(scope.name());
    policy.cost_tag.as_ref()?;
    let amount = scope.usage.get()?.of_estate(policy, false, today)?;
    // What AWS does not know is no part of the amount, so it is none of the budget here.
    let budget = policy.aws_monthly_budget_usd();
    let budget = budget.map_or_else(String::new, |budget| format!("/{}", format::usd(budget)));
    Some(format!("{}{budget}", format::usd(amount)))
}

/// Month to date of all accounts.
fn spent_by_accounts(state: &State, today: Date) -> Option<f64> {
    let leaders = state.picture.inventory.account_leaders();
    let usages: Vec<_> = leaders.filter_map(|scope| scope.usage.get()).collect();
    (!usages.is_empty()).then(|| {
        let days = usages.iter().flat_map(|usage| usage.days_of_month(today));
        days.map(DailyCost::total).sum()
    })
}

/// The budget of the only account, if it has one only: several may overlap, or be of parts of what was spent.
fn only_budget(state: &State) -> Option<f64> {
    let leaders = || state.picture.inventory.account_leaders();
    let mut limits = leaders()
        .filter_map(|scope| scope.budgets.get())
        .flatten()
        .filter_map(|budget| budget.limit);
    limits
        .next()
        .filter(|_| limits.next().is_none() && leaders().count() == 1)
}

fn alarms(state: &State) -> String {
    if is_unknown(state, &Source::Alarms) {
        return format!("alarms {}", format::UNKNOWN);
    }
    let (scopes, doubt) = scopes(state, &Source::Alarms);
    let alarms: Vec<_> = scopes
        .iter()
        .filter_map(|scope| scope.alarms.get())
        .flatten()
        .collect();
    let firing = alarms
        .iter()
        .filter(|alarm| alarm.state == AlarmState::Alarm)
        .count();
    format!("alarms {firing}/{}{doubt}", alarms.len())
}

/// What customers see, over all load balancers in the newest five minutes: the share of answers 5xx
/// and the slowest 95th percentile, as the findings count them. `None` while nothing is known or nobody asks for
/// anything.
pub fn impact(state: &State) -> Option<String> {
    let now = state.picture.at;
    let (mut requests, mut errors, mut slowest) = (0.0, 0.0, None::<f64>);
    for scope in state.picture.inventory.shown() {
        let Some(balancing) = scope.balancing.get() else {
            continue;
        };
        // What is closed on purpose answers with errors.
        let is_open = |arn: &String| {
            let key = ResourceKey::new(scope.name(), Kind::LoadBalancer, arn);
            rest::beneath(&state.picture.inventory, &key).is_none()
        };
        for balancer in balancing
            .load_balancers
            .iter()
            .filter(|balancer| is_open(&balancer.arn))
            .filter_map(|balancer| elb::load_balancer_dimension(&balancer.arn))
        {
            let read = |id| scope.lasting_metric(&id, now);
            let asked: Vec<_> = balancing
                .target_groups
                .iter()
                .flat_map(metric_catalog::target_group_dimensions)
                .filter(|(_, of)| *of == balancer)
                .filter_map(|(group, of)| read(target_group::REQUESTS.of_both(group, of).id()))
                .collect();
            let failed = [metric::OWN_5XX, metric::TARGET_5XX]
                .iter()
                .filter_map(|one| read(one.of(balancer).id()))
                .map(|(series, _)| series);
            let read_at = asked.first().map(|(_, at)| *at);
            let served = read_at.and_then(|at| Served::newest(asked.iter().map(|(one, _)| *one), failed, at));
            if let Some(served) = served {
                errors += served.errors;
                requests += served.requests.unwrap_or_default().max(served.errors);
            }
            let p95 = read(metric::LATENCY_P95.of(balancer).id())
                .and_then(|(series, as_of)| Measured { series, as_of }.mean(served::SPAN));
            if let Some(p95) = p95 {
                slowest = Some(slowest.map_or(p95, |known| known.max(p95)));
            }
        }
    }
    let p95 = slowest.map_or_else(String::new, |seconds| {
        format!(" p95 {}", format::seconds(seconds))
    });
    (requests > 0.0).then(|| format!("5xx {:.1}%{p95}", 100.0 * errors / requests))
}
