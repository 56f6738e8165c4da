//! Metrics of hosts: EC2, the cards in it, NAT gateways.

use super::super::plan::fleet::Host;
use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::instance::Instance;
use super::super::time::{DAY, MINUTE, Ms, part};
use super::{CardMetric, NatMetric, Sample};

/// What CloudWatch has of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostMetric {
    /// Percent.
    Cpu,
    /// 1 while a status check fails.
    StatusCheck,
    /// CPU credits.
    Credits,
    /// Percent.
    EbsIo,
    /// Percent.
    EbsBytes,
    /// Bytes.
    NetworkIn,
    /// Bytes.
    NetworkOut,
}

/// A card at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Card {
    /// Percent.
    pub utilisation: f64,
    /// Percent.
    pub memory_utilisation: f64,
    /// MiB.
    pub used_mib: f64,
    /// MiB.
    pub total_mib: f64,
    /// Degrees Celsius.
    pub temperature: f64,
    /// Watts.
    pub power: f64,
    /// Watts.
    pub limit: f64,
    /// Whether a process holds it.
    pub busy: bool,
}

/// What an instance type has in cards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CardType {
    /// nvidia-smi's product name.
    pub product: &'static str,
    /// EC2's model name.
    pub model: &'static str,
    /// How many.
    pub count: u8,
    /// Memory of one as nvidia-smi shows it, MiB.
    pub memory_mib: f64,
    /// Memory of one as EC2 states it, MiB.
    pub stated_mib: u32,
    /// The power limit, watts.
    pub limit: f64,
    /// The highest clock, MHz.
    pub clock: u32,
}

/// The cards of an instance type; `None` for a type without.
pub fn cards(instance_type: &str) -> Option<CardType> {
    let t4 = |count| CardType {
        product: "Tesla T4",
        model: "T4",
        count,
        memory_mib: 15_360.0,
        stated_mib: 16_384,
        limit: 70.0,
        clock: 1_590,
    };
    let a10g = |count| CardType {
        product: "NVIDIA A10G",
        model: "A10G",
        count,
        memory_mib: 23_028.0,
        stated_mib: 24_576,
        limit: 300.0,
        clock: 1_710,
    };
    match instance_type {
        "g4dn.xlarge" | "g4dn.2xlarge" | "g4dn.4xlarge" | "g4dn.8xlarge" => Some(t4(1)),
        "g4dn.12xlarge" => Some(t4(4)),
        "g5.xlarge" | "g5.2xlarge" | "g5.4xlarge" | "g5.8xlarge" => Some(a10g(1)),
        "g5.12xlarge" => Some(a10g(4)),
        _ => None,
    }
}

impl HostMetric {
    /// The metric of that name, if instances of the type have it.
    pub(super) fn named(name: &str, instance_type: &str) -> Option<Self> {
        let burstable = instance_type.starts_with('t');
        match name {
            "CPUUtilization" => Some(Self::Cpu),
            "StatusCheckFailed" | "StatusCheckFailed_Instance" | "StatusCheckFailed_System" => {
                Some(Self::StatusCheck)
            }
            "CPUCreditBalance" if burstable => Some(Self::Credits),
            "EBSIOBalance%" if burstable => Some(Self::EbsIo),
            "EBSByteBalance%" if burstable => Some(Self::EbsBytes),
            "NetworkIn" => Some(Self::NetworkIn),
            "NetworkOut" => Some(Self::NetworkOut),
            _ => None,
        }
    }

    /// Basic monitoring is by five minutes; status checks are always by the minute.
    pub(super) const fn step(self) -> Ms {
        match self {
            Self::StatusCheck => MINUTE,
            _ => 5 * MINUTE,
        }
    }
}

impl Sim {
    pub(super) fn host_sample(&self, id: &str, metric: HostMetric, minute: Ms) -> Option<Sample> {
        let instance = self.instances.get(id)?;
        let span = metric.step();
        if instance.up.mean(minute, minute + span) < 0.01 {
            return None;
        }
        let key = [self.seed, signal::name(id), part(minute)];
        let cpu = || {
            let base = match instance.group {
                Some(group) => self.group_cpu(group, minute).unwrap_or(4.0),
                None => self.own_share(instance, minute).mul_add(38.0, 5.0),
            };
            (base + signal::noise(&key) * 3.0).clamp(0.2, 100.0)
        };
        Some(match metric {
            HostMetric::Cpu => Sample::level(cpu(), 0.25),
            HostMetric::StatusCheck => Sample::level(0.0, 0.0),
            // A t3.small earns 24 credits an hour and holds 576; below its baseline it stays full.
            HostMetric::Credits => {
                let lately =
                    (0..4).filter_map(|back| self.group_cpu(instance.group?, minute - back * 40 * MINUTE));
                let over = (lately.sum::<f64>() / 4.0 - 20.0).max(0.0);
                Sample::level((576.0 - over * 9.0).clamp(12.0, 576.0), 0.0)
            }
            HostMetric::EbsIo | HostMetric::EbsBytes => {
                Sample::level((99.0 - cpu() / 20.0).clamp(1.0, 100.0), 0.0)
            }
            HostMetric::NetworkIn | HostMetric::NetworkOut => {
                Sample::level(cpu() * 2.4e6 * signal::noise(&key).mul_add(0.1, 1.0), 0.2)
            }
        })
    }

    /// How busy an instance outside of groups is: `0.0..=1.0`.
    fn own_share(&self, instance: &Instance, at: Ms) -> f64 {
        instance
            .traffic
            .as_ref()
            .map_or(0.02, |traffic| self.demand(traffic, at).min(1.0))
    }

    /// Whether an instance publishes metrics of its cards to CloudWatch.
    pub fn has_cloudwatch_agent(&self, instance: &Instance) -> bool {
        cards(&instance.kind).is_some()
            && instance
                .group
                .is_some_and(|group| self.plan.groups[group].cloudwatch_agent)
    }

    /// A card of an instance in a minute; `None` while the instance does not run.
    pub fn card(&self, instance: &Instance, nth: u8, at: Ms) -> Option<Card> {
        let kind = cards(&instance.kind)?;
        if instance.up.at(at) < 0.5 {
            return None;
        }
        let busy_at = |at: Ms| self.card_busy(instance, nth, at);
        let busy = busy_at(at);
        // Heat and clocks lag behind the work.
        let warmth = (0..4).filter(|back| busy_at(at - back * MINUTE)).count() as f64 / 4.0;
        let minute = part(at.div_euclid(MINUTE));
        let key = [self.seed, signal::name(&instance.id), u64::from(nth), minute];
        let noise = signal::noise(&key);
        let model = 0.55 + (signal::hash(&key[..3]) % 30) as f64 / 100.0;
        let hot = instance.host == Host::Hot;
        let work = if busy { noise.mul_add(11.0, 86.0) } else { 0.0 };
        Some(Card {
            utilisation: work.clamp(0.0, 100.0).round(),
            memory_utilisation: (work * 0.62).round(),
            used_mib: if busy {
                (kind.memory_mib * model).round()
            } else if self.keeps_model(instance, nth, at) {
                (kind.memory_mib * 0.31).round()
            } else {
                0.0
            },
            total_mib: kind.memory_mib,
            temperature: if hot {
                (noise.mul_add(1.5, 89.0)).round()
            } else {
                noise.mul_add(1.5, warmth.mul_add(38.0, 31.0)).round()
            },
            power: kind.limit * noise.mul_add(0.04, warmth.mul_add(0.62, 0.13)),
            limit: kind.limit,
            busy,
        })
    }

    /// Whether the program on a card that has nothing to do still holds memory: a server always
    /// does, a queue's worker lets go of it after a quarter of an hour.
    fn keeps_model(&self, instance: &Instance, nth: u8, at: Ms) -> bool {
        if !instance.is_worker(at) {
            return false;
        }
        let of_queue = instance
            .group
            .is_some_and(|group| self.worker_share(&self.plan.groups[group].name, at).is_some());
        !of_queue || (1..=8).any(|back| self.card_busy(instance, nth, at - back * 2 * MINUTE))
    }

    fn card_busy(&self, instance: &Instance, nth: u8, at: Ms) -> bool {
        if matches!(
            instance.host,
            Host::Idle | Host::DriverError | Host::NoNvidiaSmi | Host::Hangs
        ) || instance.up.at(at) < 0.5
        {
            return false;
        }
        let share = match instance.group {
            Some(group) => {
                let plan = &self.plan.groups[group];
                self.worker_share(&plan.name, at).unwrap_or_else(|| {
                    plan.gpu_traffic
                        .as_ref()
                        .map_or(0.0, |traffic| self.demand(traffic, at))
                })
            }
            None => self.own_share(instance, at),
        };
        let slot = part(at.div_euclid(2 * MINUTE));
        signal::unit(&[self.seed, signal::name(&instance.id), u64::from(nth), slot, 8]) < share
    }

    pub(super) fn card_sample(&self, id: &str, metric: CardMetric, minute: Ms) -> Option<Sample> {
        let instance = self.instances.get(id)?;
        let card = self.card(instance, 0, minute)?;
        Some(match metric {
            CardMetric::Utilisation => Sample::level(card.utilisation, 0.1),
            CardMetric::MemoryUsed => Sample::level(card.used_mib, 0.0),
            CardMetric::MemoryTotal => Sample::level(card.total_mib, 0.0),
            CardMetric::Temperature => Sample::level(card.temperature, 0.02),
            CardMetric::Power => Sample::level(card.power, 0.1),
        })
    }

    /// The id of a NAT gateway.
    pub fn nat_id(&self, index: usize) -> String {
        let plan = &self.plan.nat_gateways[index];
        format!("nat-0{}", signal::hex(&self.key(&plan.name, 1), 16))
    }

    pub(super) fn nat_sample(&self, index: usize, metric: NatMetric, minute: Ms) -> Sample {
        let plan = &self.plan.nat_gateways[index];
        let demand = self
            .plan
            .traffic
            .keys()
            .next()
            .map_or(0.5, |traffic| self.demand(traffic, minute));
        let key = [self.seed, signal::name(&plan.name), part(minute)];
        let share = MINUTE as f64 / DAY as f64;
        let bytes = plan.gb_per_day * 1e9 * share * demand * 1.7 * signal::noise(&key).mul_add(0.2, 1.0);
        match metric {
            NatMetric::Out => Sample::count(bytes.max(1_000.0).round()),
            NatMetric::In => Sample::count((bytes * 3.1).max(2_000.0).round()),
            NatMetric::PortErrors => Sample::count(0.0),
        }
    }
}
