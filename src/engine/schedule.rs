//! What is to be asked, and how often: a pure function of what is known and what is looked at.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::domain::focus::{Focus, Pace, Probing};
use crate::domain::gpu::{Vendor, vendor_of};
use crate::domain::inventory::{Inventory, ScopeState, Source, SourceKey};
use crate::domain::metric::MetricGroup;
use crate::domain::metric_catalog;
use crate::domain::ops::{self, Query};

/// A question that should be asked again each `cadence`.
#[derive(Debug, Clone, PartialEq)]
pub struct Want {
    /// Where the answer goes.
    pub key: SourceKey,
    /// The question.
    pub query: Query,
    /// How often.
    pub cadence: SignedDuration,
    /// Changes when the question is about other resources than before: then it is asked at once.
    pub basis: u64,
}

/// How far back "what changed" looks.
pub const CHANGES_WINDOW: SignedDuration = SignedDuration::from_hours(2);
/// Metrics that nobody looks at: alarms carry detection meanwhile.
const METRICS_HIDDEN: SignedDuration = SignedDuration::from_mins(10);
/// Cost Explorer bills each call and knows nothing new for hours: four calls a day at most.
pub const COST_EXPLORER: SignedDuration = SignedDuration::from_hours(18);
/// Revisions read for one scope: each is a call of its own, and only their images are shown.
const MAX_TASK_DEFINITIONS: usize = 20;

/// Everything that should be asked, scope by scope.
pub fn wants(inventory: &Inventory, focus: &Focus, now: Timestamp) -> Vec<Want> {
    let mut wants = Vec::new();
    for state in inventory.shown() {
        wants_of_scope(state, focus, now, &mut wants);
    }
    for leader in inventory.account_leaders() {
        wants_of_account(leader, focus, now, &mut wants);
    }
    wants
}

struct Collecting<'a> {
    state: &'a ScopeState,
    focus: &'a Focus,
    wants: &'a mut Vec<Want>,
}

impl Collecting<'_> {
    fn is_front(&self, source: &Source) -> bool {
        self.focus.front.contains(&source.kind())
    }

    /// Wants a source at the quick cadence in front, and at the slow one hidden.
    fn want(&mut self, source: Source, query: Query, front_s: i64, hidden_s: i64, basis: impl Hash) {
        let seconds = if self.is_front(&source) { front_s } else { hidden_s };
        self.want_each(source, query, SignedDuration::from_secs(seconds), basis);
    }

    fn want_each(&mut self, source: Source, query: Query, cadence: SignedDuration, basis: impl Hash) {
        if self.focus.pace == Pace::Once
            && !self.focus.front.contains(&source.kind())
            && source != Source::Identity
        {
            return;
        }
        let mut hasher = DefaultHasher::new();
        basis.hash(&mut hasher);
        let key = SourceKey {
            scope: self.state.name().clone(),
            source,
        };
        self.wants.push(Want {
            key,
            query,
            cadence,
            basis: hasher.finish(),
        });
    }
}

fn wants_of_scope(state: &ScopeState, focus: &Focus, now: Timestamp, wants: &mut Vec<Want>) {
    use ops::{autoscaling, cloudwatch, ec2, ecs, elasticache, elb, logs, rds, sqs, ssm, sts};

    let since = now.saturating_sub(CHANGES_WINDOW).unwrap_or(Timestamp::MIN);
    let mut collect = Collecting { state, focus, wants };
    collect.want(
        Source::Identity,
        Query::Sts(sts::Read::CallerIdentity),
        300,
        300,
        (),
    );

    let deploying = state
        .ecs
        .get()
        .is_some_and(|fleet| fleet.services.iter().any(ecs_is_moving));
    let ecs_cadence = if deploying { (10, 15) } else { (30, 60) };
    collect.want(
        Source::EcsFleet,
        Query::Ecs(ecs::Read::Fleet),
        ecs_cadence.0,
        ecs_cadence.1,
        (),
    );
    let revisions = task_definitions(state);
    if !revisions.is_empty() {
        let query = Query::Ecs(ecs::Read::TaskDefinitions {
            revisions: revisions.clone(),
        });
        collect.want_each(
            Source::TaskDefinitions,
            query,
            SignedDuration::from_hours(24),
            revisions,
        );
    }

    collect.want(
        Source::Groups,
        Query::AutoScaling(autoscaling::Read::Groups),
        30,
        60,
        (),
    );
    collect.want(
        Source::Activities,
        Query::AutoScaling(autoscaling::Read::Activities { since }),
        60,
        120,
        (),
    );
    collect.want(Source::Instances, Query::Ec2(ec2::Read::Instances), 30, 60, ());
    collect.want(
        Source::NatGateways,
        Query::Ec2(ec2::Read::NatGateways),
        300,
        900,
        (),
    );
    wants_of_instances(&mut collect);

    collect.want(Source::DbInstances, Query::Rds(rds::Read::Instances), 30, 60, ());
    collect.want(Source::DbClusters, Query::Rds(rds::Read::Clusters), 30, 120, ());
    collect.want(
        Source::DbSnapshots,
        Query::Rds(rds::Read::Snapshots),
        120,
        900,
        (),
    );
    collect.want(
        Source::Maintenance,
        Query::Rds(rds::Read::PendingMaintenance),
        900,
        1800,
        (),
    );
    collect.want(
        Source::DbEvents,
        Query::Rds(rds::Read::Events { since }),
        60,
        300,
        (),
    );
    let parameter_groups: BTreeSet<String> = state
        .db_instances
        .get()
        .into_iter()
        .flatten()
        .filter_map(|instance| instance.parameter_group.as_ref().map(|(name, _)| name.clone()))
        .collect();
    if !parameter_groups.is_empty() {
        let parameter_groups: Vec<String> = parameter_groups.into_iter().collect();
        let query = Query::Rds(rds::Read::ConnectionLimits {
            parameter_groups: parameter_groups.clone(),
        });
        collect.want_each(
            Source::ConnectionLimits,
            query,
            SignedDuration::from_hours(6),
            parameter_groups,
        );
    }
    collect.want(
        Source::Caches,
        Query::ElastiCache(elasticache::Read::Caches),
        30,
        60,
        (),
    );
    collect.want(
        Source::CacheEvents,
        Query::ElastiCache(elasticache::Read::Events { since }),
        60,
        300,
        (),
    );

    collect.want(Source::Balancing, Query::Elb(elb::Read::Balancing), 30, 60, ());
    collect.want(
        Source::Alarms,
        Query::CloudWatch(cloudwatch::Read::Alarms),
        30,
        60,
        (),
    );
    collect.want(
        Source::AlarmHistory,
        Query::CloudWatch(cloudwatch::Read::AlarmHistory { since }),
        60,
        120,
        (),
    );
    collect.want(Source::Queues, Query::Sqs(sqs::Read::Queues), 15, 60, ());
    collect.want(Source::LogGroups, Query::Logs(logs::Read::Groups), 300, 900, ());
    if focus.gpu == Probing::Yes {
        collect.want_each(
            Source::GpuMetricList,
            Query::CloudWatch(cloudwatch::Read::GpuMetricList),
            SignedDuration::from_mins(30),
            (),
        );
        collect.want(Source::Hosts, Query::Ssm(ssm::Read::Hosts), 60, 300, ());
    }
    for group in MetricGroup::ALL {
        wants_of_metrics(&mut collect, group);
    }
    wants_of_details(&mut collect, since);
}

/// GPUs of the types in use, Spot prices of the Spot ones, and the probe of the GPU hosts.
fn wants_of_instances(collect: &mut Collecting<'_>) {
    use crate::domain::ec2::Purchase;
    let Some(instances) = collect.state.instances.get() else {
        return;
    };
    let types: BTreeSet<String> = instances
        .iter()
        .filter(|instance| has_nvidia(&instance.instance_type))
        .map(|instance| instance.instance_type.clone())
        .collect();
    if !types.is_empty() {
        let types: Vec<String> = types.into_iter().collect();
        let query = Query::Ec2(ops::ec2::Read::InstanceTypes { types: types.clone() });
        collect.want_each(
            Source::InstanceTypes,
            query,
            SignedDuration::from_hours(24),
            types,
        );
    }
    let spot: BTreeSet<String> = instances
        .iter()
        .filter(|instance| instance.purchase == Purchase::Spot && instance.is_running())
        .map(|instance| instance.instance_type.clone())
        .collect();
    if !spot.is_empty() {
        let types: Vec<String> = spot.into_iter().collect();
        let query = Query::Ec2(ops::ec2::Read::SpotPrices { types: types.clone() });
        collect.want_each(Source::SpotPrices, query, SignedDuration::from_mins(15), types);
    }
    if collect.focus.gpu == Probing::Yes {
        let hosts: Vec<String> = instances
            .iter()
            .filter(|instance| instance.is_running() && has_nvidia(&instance.instance_type))
            .map(|instance| instance.id.clone())
            .collect();
        if !hosts.is_empty() {
            let query = Query::Ssm(ops::ssm::Read::GpuProbe {
                instances: hosts.clone(),
                document: None,
            });
            collect.want_each(Source::GpuProbe, query, SignedDuration::from_secs(30), hosts);
        }
    }
}

/// A batch of metrics, once everything that it is about has been listed.
fn wants_of_metrics(collect: &mut Collecting<'_>, group: MetricGroup) {
    let listed: &[Source] = match group {
        MetricGroup::Ecs => &[Source::EcsFleet],
        MetricGroup::Ec2 => &[Source::Instances],
        MetricGroup::Rds => &[Source::DbInstances, Source::DbClusters],
        MetricGroup::Redis => &[Source::Caches],
        MetricGroup::Elb => &[Source::Balancing],
        MetricGroup::Queue => &[Source::Queues],
        MetricGroup::Gpu => &[Source::GpuMetricList],
        MetricGroup::Nat => &[Source::NatGateways],
    };
    if !listed
        .iter()
        .all(|source| collect.state.standing(source).is_settled())
    {
        return;
    }
    let source = Source::Metrics(group);
    let looked_at = collect.is_front(&source) && collect.focus.pace != Pace::Once;
    if !group.feeds_rules() && !looked_at && group != MetricGroup::Gpu {
        return;
    }
    let specs = metric_catalog::specs(group, collect.state);
    if specs.is_empty() {
        return;
    }
    let cadence = if collect.is_front(&source) {
        SignedDuration::from_secs(60)
    } else {
        METRICS_HIDDEN
    };
    let basis: Vec<_> = specs.iter().map(|spec| spec.id.clone()).collect();
    let query = Query::CloudWatch(ops::cloudwatch::Read::Metrics { specs });
    collect.want_each(source, query, cadence, basis);
}

/// What somebody opened: tasks and history of a service, CloudTrail of a resource.
fn wants_of_details(collect: &mut Collecting<'_>, since: Timestamp) {
    let state = collect.state;
    let service = |arn: &str| {
        state
            .ecs
            .get()
            .and_then(|fleet| fleet.services.iter().find(|one| one.arn == arn))
    };
    let details: Vec<Source> = collect
        .focus
        .details
        .iter()
        .filter(|key| key.scope == *state.name())
        .map(|key| key.source.clone())
        .collect();
    for source in details {
        match &source {
            Source::EcsTasks(arn) => {
                let Some(service) = service(arn) else { continue };
                let query = Query::Ecs(ops::ecs::Read::Tasks {
                    cluster: service.cluster.clone(),
                    service: service.name.clone(),
                });
                collect.want_each(source, query, SignedDuration::from_secs(15), ());
            }
            Source::EcsDeployments(arn) => {
                let Some(service) = service(arn) else { continue };
                let query = Query::Ecs(ops::ecs::Read::Deployments {
                    cluster: service.cluster.clone(),
                    service: service.name.clone(),
                });
                collect.want_each(source, query, SignedDuration::from_secs(60), ());
            }
            Source::Trail(resource) => {
                let query = Query::CloudTrail(ops::cloudtrail::Read::Lookup {
                    resource: resource.clone(),
                    since,
                });
                collect.want_each(source, query, SignedDuration::from_mins(15), ());
            }
            _ => {}
        }
    }
}

/// Spend, budgets and anomalies: of the account, not of a region.
fn wants_of_account(state: &ScopeState, focus: &Focus, now: Timestamp, wants: &mut Vec<Want>) {
    use ops::cost::Read;
    let Some(account) = state.account() else { return };
    // Cost Explorer counts in UTC days.
    let today = now.to_zoned(TimeZone::UTC).date();
    let month = today.first_of_month();
    let tomorrow = today.saturating_add(1.day());
    let from = today.saturating_sub(30.days()).min(month);
    let next_month = month.saturating_add(1.month());
    let mut collect = Collecting { state, focus, wants };
    collect.want(
        Source::Budgets,
        Query::Cost(Read::Budgets {
            account: account.to_owned(),
        }),
        900,
        3600,
        (),
    );
    let usage = Query::Cost(Read::Usage {
        from,
        to: tomorrow,
        month,
    });
    collect.want_each(Source::Usage, usage, COST_EXPLORER, ());
    let forecast = Query::Cost(Read::Forecast {
        from: today,
        to: next_month,
    });
    collect.want_each(Source::Forecast, forecast, COST_EXPLORER, ());
    let anomalies = Query::Cost(Read::Anomalies {
        from: today.saturating_sub(30.days()),
    });
    collect.want_each(Source::Anomalies, anomalies, COST_EXPLORER, ());
}

fn ecs_is_moving(service: &crate::domain::ecs::Service) -> bool {
    service.is_deploying() || service.pending > 0
}

/// Revisions to read: of every service while there are few, else only of those that are not well.
fn task_definitions(state: &ScopeState) -> Vec<String> {
    let Some(fleet) = state.ecs.get() else {
        return Vec::new();
    };
    let of = |all: bool| -> BTreeSet<&str> {
        fleet
            .services
            .iter()
            .filter(|service| all || service.is_deploying() || service.running < service.desired)
            .map(|service| service.task_definition.as_str())
            .collect()
    };
    let mut revisions = of(true);
    if revisions.len() > MAX_TASK_DEFINITIONS {
        revisions = of(false);
    }
    revisions
        .into_iter()
        .take(MAX_TASK_DEFINITIONS)
        .map(str::to_owned)
        .collect()
}

/// Whether nvidia-smi has something to say on instances of the type.
fn has_nvidia(instance_type: &str) -> bool {
    vendor_of(instance_type) == Some(Vendor::Nvidia)
}
