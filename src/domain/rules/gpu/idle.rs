//! `gpu.idle-paid`: cards that do nothing and cost as if they did.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::asg::NIGHT_TAG;
use crate::domain::ec2::Instance;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::{self, Kind};
use crate::domain::price::{PriceTable, SpotPrices};
use crate::domain::rules::draft::severity;
use crate::domain::rules::gpu::{self, Host, sight};
use crate::domain::rules::{Context, Reach, Rule, words};
use crate::domain::units::Usd;

/// The rule.
pub const RULE: Rule = Rule {
    id: "gpu.idle-paid",
    kind: Kind::Asg,
    title: "GPUs are idle while they are paid for",
    what: "Cards of a group, or of an instance of no group, that have no process and next to no memory \
           in use, and the share of the instance's price that they cost an hour: list price on-demand, \
           the newest Spot price for Spot. Utilisation does not make a card busy, since asking wakes it. \
           One sample of few cards is noise: until enough agree over time it is only good to know. A host \
           that could not be asked is not idle, nor is one that no longer runs, nor a group that was taken \
           down for the night and is as small as it shall be.",
    severities: &[
        (Severity::Crit, "idle for the critical time"),
        (
            Severity::Warn,
            "idle for the warning time, or at least two cards and half of all idle now",
        ),
        (Severity::Info, "idle for less, or for an unknown time"),
    ],
    thresholds: &["gpu_idle_min", "gpu_idle_util_percent", "gpu_idle_memory_mib"],
    runbooks: &["gpu-night-down", "eks-scale-nodegroup"],
    reach: Reach::Scope,
    check,
};

/// The cards of a group, or of an instance of no group.
#[derive(Default)]
struct Fleet<'a> {
    /// Hosts that told of their cards.
    asked: usize,
    /// Hosts that could not be asked: what they do is unknown, which is not idle.
    unread: usize,
    cards: u32,
    idle: u32,
    /// Those among them of which nobody lists the processes: the CloudWatch agent does not.
    by_use: u32,
    /// Since when every idle card has been idle; `None` once it is not known of one.
    since: Option<Timestamp>,
    is_since_known: bool,
    cost: Usd,
    /// Instance types of idle cards whose price is not known.
    unpriced: Vec<&'a str>,
    as_of: Option<jiff::civil::Date>,
    lone: Option<&'a Instance>,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let hosts = gpu::hosts(context);
    if hosts.is_empty() {
        return;
    }
    let spot = SpotPrices::known(&context.state.scope.region, &context.state.spot_prices);
    let mut fleets: BTreeMap<(Option<&str>, &str), Fleet<'_>> = BTreeMap::new();
    for host in &hosts {
        // What ends or has ended is not paid for much longer, whatever was read of it before.
        let Some(instance) = host.instance.filter(|instance| instance.is_running()) else {
            continue;
        };
        let group = instance.group();
        // An instance of no group stands for itself.
        let key = (group, if group.is_some() { "" } else { instance.id.as_str() });
        let fleet = fleets.entry(key).or_insert_with(|| Fleet {
            is_since_known: true,
            lone: group.is_none().then_some(instance),
            ..Fleet::default()
        });
        fleet.add(context, &spot, host, instance);
    }
    let arns: BTreeMap<&str, &str> = context
        .state
        .groups
        .get()
        .into_iter()
        .flatten()
        .map(|group| (group.name.as_str(), group.arn.as_str()))
        .collect();
    for ((group, _), fleet) in fleets {
        if fleet.idle > 0 {
            findings.extend(fleet.report(context, group.map(|name| (name, arns.get(name).copied()))));
        }
    }
}

impl<'a> Fleet<'a> {
    fn add(&mut self, context: &Context<'_>, spot: &SpotPrices, host: &Host<'a>, instance: &'a Instance) {
        if host.reading.cards.is_empty() {
            self.unread += 1;
            return;
        }
        self.asked += 1;
        let cards = host.reading.cards.len();
        self.cards += cards as u32;
        let mut idle = 0;
        for card in &host.reading.cards {
            if sight::is_idle(card, context.limits()) != Some(true) {
                continue;
            }
            idle += 1;
            self.by_use += u32::from(card.processes.is_none());
            match sight::idle_since(&context.state.gpu_history, host.reading, card) {
                Some(since) => self.since = Some(self.since.map_or(since, |known| known.max(since))),
                None => self.is_since_known = false,
            }
        }
        if idle == 0 {
            return;
        }
        self.idle += idle;
        match PriceTable::shipped().instance(&context.state.scope.region, instance, spot) {
            Some(hour) => {
                self.as_of = Some(self.as_of.map_or(hour.as_of(), |known| known.min(hour.as_of())));
                let share = hour.value.per_hour().scale(u64::from(idle), cards as u64);
                self.cost += share;
            }
            None => self.unpriced.push(&instance.instance_type),
        }
    }

    fn report(mut self, context: &Context<'_>, group: Option<(&str, Option<&str>)>) -> Option<Finding> {
        let at = context.state.gpu.at()?;
        if group.is_some_and(|(name, _)| is_at_night_size(context, name)) {
            return None;
        }
        let since = self.since.filter(|_| self.is_since_known);
        let breach = since.and_then(|since| {
            let minutes = at.duration_since(since).as_secs_f64() / 60.0;
            context.limits().gpu_idle_min.judge(minutes)
        });
        // One look is enough where much of a group does nothing: a single status has no history.
        let all = self.cards as usize + self.unread;
        let is_much = self.idle >= 2 && self.idle as usize * 2 >= all;
        let grade = match breach {
            Some(breach) => severity(breach),
            None if is_much => Severity::Warn,
            None => Severity::Info,
        };
        let draft = match (group, self.lone) {
            (Some((name, Some(arn))), _) => RULE.on(context, arn, name),
            // The group itself was not read: its name is all that is known.
            (Some((name, None)), _) => RULE.on(context, name, name),
            (None, Some(instance)) => RULE
                .on(
                    context,
                    &instance.id,
                    instance.name.as_deref().unwrap_or(&instance.id),
                )
                .of_kind(Kind::GpuHost),
            (None, None) => return None,
        };
        let idle = format!("{} of {} idle", self.idle, self.cards);
        let cost = words::usd(self.cost.as_f64());
        // How long it has idled nobody knows from before the first look; how long it is paid for AWS knows.
        let launched = self.lone.and_then(|instance| instance.launched_at);
        let up = launched.map(|launched| words::since(launched, context.now));
        let mut title = if self.cost > Usd::ZERO {
            format!("{idle}, {cost}/h")
        } else {
            idle
        };
        if let Some(up) = &up {
            title.push_str(&format!(", up {up}"));
        }
        self.unpriced.sort_unstable();
        self.unpriced.dedup();
        Some(
            draft
                .hurts(Impact::Cost)
                .since(since)
                .because(format!(
                    "{} of {} on {} {} no process{} and next to no memory in use{}.",
                    self.idle,
                    words::count(self.cards as usize, "card"),
                    words::count(self.asked, "host"),
                    if self.idle == 1 { "has" } else { "have" },
                    if self.by_use > 0 { " that is told of" } else { "" },
                    since
                        .map(|since| format!(", seen so for {}", words::since(since, at)))
                        .unwrap_or_default()
                ))
                .perhaps_because(up.map(|up| format!("The instance was started {up} ago.")))
                .perhaps_because((self.by_use > 0).then(|| {
                    format!(
                        "Nobody lists the processes of {}: by utilisation and memory nothing runs there.",
                        words::count(self.by_use as usize, "card")
                    )
                }))
                .perhaps_because(self.as_of.map(|as_of| {
                    format!("Their share of the instances' price is {cost} an hour (prices of {as_of}).")
                }))
                .perhaps_because(
                    (!self.unpriced.is_empty())
                        .then(|| format!("The price of {} is not known.", self.unpriced.join(", "))),
                )
                .perhaps_because((self.unread > 0).then(|| {
                    format!(
                        "{} could not be asked and {} not counted.",
                        words::count(self.unread, "host"),
                        if self.unread == 1 { "is" } else { "are" }
                    )
                }))
                .report(grade, title),
        )
    }
}

/// Whether a group has been taken down for the night, and nobody has made it larger since.
fn is_at_night_size(context: &Context<'_>, name: &str) -> bool {
    let night = context.policy.night_capacity.get(name);
    let mut groups = context.state.groups.get().into_iter().flatten();
    groups.any(|group| {
        group.name == name
            && ids::tag(&group.tags, NIGHT_TAG).is_some()
            && night.is_none_or(|night| group.desired <= night.desired)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ec2::Purchase;
    use crate::domain::gpu::{GpuCard, GpuProcess, HostReading, ReadingSource};
    use crate::domain::ids::Tag;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::policy::{NightCapacity, Policy};
    use crate::domain::rules::sample::{Bench, at, card, group, instance, reading};

    fn member(id: &str, purchase: Purchase) -> Instance {
        let mut member = instance(id, "g5.xlarge");
        member.purchase = purchase;
        member.tags = vec![Tag {
            key: "aws:autoscaling:groupName".to_owned(),
            value: "workers".to_owned(),
        }];
        member
    }

    /// One idle card on each of two hosts, the first one busy or not.
    fn readings(busy: bool) -> Vec<HostReading> {
        let mut first = card(0, 40.0, 0);
        first.uuid = Some("GPU-a".to_owned());
        if busy {
            first.processes = Some(vec![GpuProcess {
                pid: 77,
                name: "python3".to_owned(),
                mem_mib: None,
            }]);
        }
        let mut second = card(0, 40.0, 0);
        second.uuid = Some("GPU-b".to_owned());
        // The query itself wakes an idle card.
        second.util_percent = Some(100.0);
        vec![reading("i-1", vec![first]), reading("i-2", vec![second])]
    }

    /// Two hosts of one group, asked once a minute for that many minutes.
    fn bench(minutes: i64, busy: bool) -> Bench {
        let mut bench = Bench::new();
        bench.know(Source::Groups, ReplyData::Groups(vec![group("workers", 2)]));
        bench.know(
            Source::Instances,
            ReplyData::Instances(vec![
                member("i-1", Purchase::OnDemand),
                member("i-2", Purchase::OnDemand),
            ]),
        );
        for minute in (0..minutes).rev() {
            bench.now = at(180 - minute);
            bench.gpu_readings(readings(busy));
        }
        bench
    }

    fn list_price(cards: f64) -> String {
        let table = PriceTable::shipped();
        let hour = table
            .ec2("ap-northeast-2", "g5.xlarge")
            .expect("the estates use it");
        words::usd(hour.value.per_hour().as_f64() * cards)
    }

    #[test]
    fn idle_cards_of_a_group_cost_their_share() {
        let mut findings = bench(20, true).evaluate();
        findings.retain(|finding| finding.rule == RULE.id);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(
            (finding.resource.kind, finding.name.as_str()),
            (Kind::Asg, "workers")
        );
        assert_eq!(finding.title, format!("1 of 2 idle, {}/h", list_price(1.0)));
        assert_eq!((finding.severity, finding.impact), (Severity::Warn, Impact::Cost));
        assert_eq!(finding.since, Some(at(161)));
        assert_eq!(
            finding.evidence[0],
            "1 of 2 cards on 2 hosts has no process and next to no memory in use, seen so for 19m."
        );
        assert!(
            finding.evidence[1].contains(&list_price(1.0)),
            "{}",
            finding.evidence[1]
        );
        assert_eq!(finding.runbooks, ["gpu-night-down"]);
    }

    #[test]
    fn what_the_night_keeps_is_not_idle() {
        let mut night = group("workers", 2);
        night.desired = 2;
        night.tags = vec![Tag {
            key: NIGHT_TAG.to_owned(),
            value: "{}".to_owned(),
        }];
        let mut bench = bench(20, false);
        assert_eq!(bench.check(&RULE).len(), 1);
        bench.know(Source::Groups, ReplyData::Groups(vec![night]));
        assert_eq!(bench.check(&RULE), []);
        // Two are more than the night's one: somebody has made it larger again.
        let mut policy = Policy::default();
        let one = NightCapacity { min: 1, desired: 1 };
        policy.night_capacity.insert("workers".to_owned(), one);
        let grown = bench.with_policy(policy).check(&RULE).remove(0);
        assert_eq!(grown.severity, Severity::Warn);
    }

    #[test]
    fn a_host_that_could_not_be_asked_is_not_idle() {
        let mut bench = Bench::new();
        bench.know(Source::Groups, ReplyData::Groups(vec![group("workers", 5)]));
        let hosts = ["i-1", "i-2", "i-3", "i-4", "i-5"];
        let members = hosts.map(|id| member(id, Purchase::OnDemand)).to_vec();
        bench.know(Source::Instances, ReplyData::Instances(members));
        let mut told = readings(false);
        told.extend(hosts[2..].iter().map(|id| reading(id, Vec::new())));
        bench.gpu_readings(told);
        let finding = bench.check(&RULE).remove(0);
        // Two of five at the least: nobody knows of the other three.
        assert_eq!(finding.severity, Severity::Info);
        assert_eq!(
            finding.evidence[0],
            "2 of 2 cards on 2 hosts have no process and next to no memory in use."
        );
        let last = finding.evidence.last().expect("there is evidence");
        assert_eq!(last, "3 hosts could not be asked and are not counted.");
    }

    #[test]
    fn hosts_that_were_stopped_since_they_were_asked_are_silent() {
        let mut bench = bench(20, false);
        let stopped = ["i-1", "i-2"].map(|id| Instance {
            state: "shutting-down".to_owned(),
            ..member(id, Purchase::OnDemand)
        });
        bench.know(Source::Instances, ReplyData::Instances(stopped.to_vec()));
        assert_eq!(bench.check(&RULE), []);
    }

    #[test]
    fn one_sample_of_mostly_idle_cards_warns_without_a_start() {
        let findings = bench(1, false).check(&RULE);
        assert_eq!((findings[0].severity, findings[0].since), (Severity::Warn, None));
        assert_eq!(findings[0].title, format!("2 of 2 idle, {}/h", list_price(2.0)));
        assert_eq!(
            findings[0].evidence[0],
            "2 of 2 cards on 2 hosts have no process and next to no memory in use."
        );
    }

    #[test]
    fn a_card_whose_processes_nobody_lists_is_not_said_to_have_none() {
        let mut bench = Bench::new();
        let agent = GpuCard {
            processes: None,
            util_percent: Some(0.0),
            ..card(0, 40.0, 0)
        };
        bench.gpu_host("i-1", "g5.xlarge", vec![agent]);
        let finding = bench.check(&RULE).remove(0);
        assert_eq!(
            finding.evidence[..2],
            [
                "1 of 1 card on 1 host has no process that is told of and next to no memory in use.",
                "Nobody lists the processes of 1 card: by utilisation and memory nothing runs there."
            ]
        );
    }

    #[test]
    fn a_price_that_is_not_known_is_said_and_never_zero() {
        let mut bench = bench(1, false);
        bench.know(
            Source::Instances,
            ReplyData::Instances(vec![member("i-1", Purchase::Spot), member("i-2", Purchase::Spot)]),
        );
        let findings = bench.check(&RULE);
        assert_eq!(findings[0].title, "2 of 2 idle");
        assert_eq!(findings[0].evidence[1], "The price of g5.xlarge is not known.");
    }

    #[test]
    fn busy_cards_unknown_ones_and_unasked_hosts_are_silent() {
        let mut full = card(0, 40.0, 0);
        full.mem_used_mib = Some(9000);
        let mut unknown = card(1, 40.0, 0);
        unknown.mem_used_mib = None;
        let mut busy = Bench::new();
        busy.gpu_host("i-7", "g5.xlarge", vec![full, unknown]);
        assert_eq!(busy.check(&RULE), []);
        assert_eq!(Bench::new().check(&RULE), []);
    }

    #[test]
    fn without_a_list_of_processes_utilisation_has_to_be_low_too() {
        let from_agent = |util_percent: Option<f64>| {
            let mut blind = card(0, 40.0, 0);
            blind.processes = None;
            blind.util_percent = util_percent;
            let mut host = reading("i-7", vec![blind]);
            host.source = ReadingSource::CloudwatchAgent;
            let mut bench = Bench::new();
            bench.know(
                Source::Instances,
                ReplyData::Instances(vec![instance("i-7", "g5.xlarge")]),
            );
            bench.gpu_readings(vec![host]);
            bench.check(&RULE).len()
        };
        assert_eq!(from_agent(Some(2.0)), 1);
        assert_eq!(from_agent(Some(60.0)), 0);
        assert_eq!(from_agent(None), 0);
    }

    #[test]
    fn an_instance_of_no_group_stands_for_itself() {
        let mut lone = Bench::new();
        lone.gpu_host("i-7", "g5.xlarge", vec![card(0, 40.0, 0)]);
        let findings = lone.check(&RULE);
        assert_eq!(
            (findings[0].resource.kind, &*findings[0].resource.id),
            (Kind::GpuHost, "i-7")
        );
    }
}
