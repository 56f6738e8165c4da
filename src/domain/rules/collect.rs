//! `collect.unreadable`: what could not be read, so that silence is never taken for health.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::domain::fault::{Fault, FaultKind, NOT_IN_THIS_BUILD};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::inventory::{Source, Standing};
use crate::domain::metric::MetricGroup;
use crate::domain::rules::{Context, Reach, Rule, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "collect.unreadable",
    kind: Kind::Scope,
    title: "Something could not be read",
    what: "Kinds of resources whose list, metrics or events could not be read, or only in part, or not \
           for an hour and twice as long as the slowest that they are read. While old data is there, a failure that usually passes by itself has two minutes \
           to do so. When everything that was asked fails, the scope is named once instead of each kind. \
           What a region or endpoint does not offer is only good to know, and a forecast that AWS has not \
           enough history for is none of this. Failed credentials are `credentials.failing`; the kinds \
           that they take down are counted here in one line.",
    severities: &[
        (Severity::Crit, "nothing of a scope was read"),
        (
            Severity::Warn,
            "a kind could not be read, or not completely, or not lately",
        ),
        (Severity::Info, "a kind is not offered here"),
    ],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

/// How long a failure that usually passes may last while old data is there.
const PATIENCE: SignedDuration = SignedDuration::from_mins(2);

/// Every source that a scope has once, metrics by group.
pub fn sources() -> impl Iterator<Item = Source> {
    [
        Source::Identity,
        Source::EcsFleet,
        Source::TaskDefinitions,
        Source::Groups,
        Source::Activities,
        Source::GroupPolicies,
        Source::Instances,
        Source::InstanceTypes,
        Source::SpotPrices,
        Source::NatGateways,
        Source::Hosts,
        Source::GpuProbe,
        Source::GpuMetricList,
        Source::DbInstances,
        Source::DbClusters,
        Source::DbSnapshots,
        Source::Maintenance,
        Source::DbEvents,
        Source::ConnectionLimits,
        Source::Caches,
        Source::CacheEvents,
        Source::Balancing,
        Source::Alarms,
        Source::AlarmHistory,
        Source::Queues,
        Source::LogGroups,
        Source::Endpoints,
        Source::EndpointTargets,
        Source::TrainingJobs,
        Source::Notebooks,
        Source::Functions,
        Source::Kubernetes,
        Source::ClusterUpgrades,
        Source::Scaling,
        Source::Usage,
        Source::Forecast,
        Source::Anomalies,
        Source::Budgets,
        Source::Buckets,
        Source::BucketStorage,
        Source::Distributions,
        Source::Certificates,
        Source::EdgeCertificates,
        Source::Dns,
        Source::VpcEndpoints,
        Source::Listeners,
        Source::Secrets,
        Source::Parameters,
        Source::Pipelines,
        Source::PipelineExecutions,
        Source::BuildProjects,
        Source::Repositories,
    ]
    .into_iter()
    .chain(MetricGroup::ALL.iter().copied().map(Source::Metrics))
}

/// Why a source is not, or not wholly, known.
struct Trouble {
    source: Source,
    /// When its value was true, if it has one.
    at: Option<Timestamp>,
    since: Option<Timestamp>,
    what: What,
}

enum What {
    Failed(Arc<Fault>),
    /// Parts are missing.
    Partial(Vec<Fault>),
    /// Nothing failed, and nothing has come for too long.
    Old,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let standings: Vec<(Source, Standing)> = sources()
        .map(|source| {
            let standing = context.state.standing(&source);
            (source, standing)
        })
        .filter(|(_, standing)| standing.is_settled() && !is_left_out(standing))
        .collect();
    let known = standings
        .iter()
        .filter(|(_, standing)| standing.at.is_some())
        .count();
    let failing = standings
        .iter()
        .filter(|(_, standing)| standing.failing.is_some())
        .count();
    let troubles: Vec<Trouble> = standings
        .into_iter()
        .filter_map(|(source, standing)| trouble(context, source, standing))
        .collect();
    let total = failing > 0 && troubles.len() == failing && all_fail(context, failing);
    if let (true, Some(first)) = (total, troubles.first()) {
        findings.push(whole_scope(context, &troubles, first, known));
        return;
    }
    let (by_credentials, rest): (Vec<Trouble>, Vec<Trouble>) = troubles
        .into_iter()
        .partition(|trouble| matches!(&trouble.what, What::Failed(fault) if matches!(fault.kind, FaultKind::Credentials(_))));
    if let Some(first) = by_credentials.first() {
        findings.push(whole_scope(context, &by_credentials, first, known));
    }
    let mut by_kind: BTreeMap<Kind, Vec<Trouble>> = BTreeMap::new();
    for trouble in rest {
        by_kind.entry(trouble.source.kind()).or_default().push(trouble);
    }
    for (kind, troubles) in by_kind {
        findings.extend(of_kind(context, kind, &troubles));
    }
}

/// Whether this build has no client for the source: nobody's trouble.
fn is_left_out(standing: &Standing) -> bool {
    let failing = standing.failing.as_ref();
    failing.is_some_and(|failing| failing.fault.code.as_deref() == Some(NOT_IN_THIS_BUILD))
}

/// Whether every source that was settled fails.
fn all_fail(context: &Context<'_>, failing: usize) -> bool {
    let settled = sources()
        .map(|source| context.state.standing(&source))
        .filter(|standing| standing.is_settled() && !is_left_out(standing))
        .count();
    settled == failing
}

fn trouble(context: &Context<'_>, source: Source, standing: Standing) -> Option<Trouble> {
    if let Some(failing) = &standing.failing {
        let fault = &failing.fault;
        let passes = standing.at.is_some()
            && fault.is_transient()
            && context.now.duration_since(failing.since) < PATIENCE;
        let is_absent = fault.kind == FaultKind::Unsupported && source.is_optional();
        if passes || is_absent || fault.kind == FaultKind::NoData {
            return None;
        }
        return Some(Trouble {
            source,
            at: standing.at,
            since: Some(failing.since),
            what: What::Failed(fault.clone()),
        });
    }
    let gaps: Vec<Fault> = standing
        .gaps
        .iter()
        .filter(|gap| {
            !matches!(
                gap.kind,
                FaultKind::NotFound | FaultKind::NoData | FaultKind::Unsupported
            )
        })
        .cloned()
        .collect();
    // Lists that old are not trusted even if nothing failed.
    let lasting = context.state.lasting.list(&source);
    let is_old = standing.at.is_some_and(|at| context.now.duration_since(at) > lasting)
        && source.lists_kind()
        && !source.is_account_wide()
        // GPUs are asked only while somebody looks.
        && source != Source::GpuProbe;
    let what = if !gaps.is_empty() {
        What::Partial(gaps)
    } else if is_old {
        What::Old
    } else {
        return None;
    };
    Some(Trouble {
        source,
        at: standing.at,
        since: None,
        what,
    })
}

fn whole_scope(context: &Context<'_>, troubles: &[Trouble], first: &Trouble, known: usize) -> Finding {
    let scope = context.state.name().as_str();
    let kinds: BTreeSet<Kind> = troubles.iter().map(|trouble| trouble.source.kind()).collect();
    let why = match &first.what {
        What::Failed(fault) => fault.word(),
        What::Partial(_) | What::Old => "not lately",
    };
    let (severity, title) = if known == 0 {
        (Severity::Crit, format!("nothing can be read: {why}"))
    } else {
        (
            Severity::Warn,
            format!("{} not read: {why}", words::count(kinds.len(), "kind")),
        )
    };
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let mut draft = RULE
        .on(context, scope, scope)
        .hurts(Impact::Capacity)
        .since(troubles.iter().filter_map(|trouble| trouble.since).min())
        .because(format!("Not read: {}.", names.join(", ")));
    if let What::Failed(fault) = &first.what {
        draft = draft
            .because(words::excerpt(&fault.to_string()))
            .because(fault.hint(&context.state.scope));
    }
    draft.report(severity, title)
}

fn of_kind(context: &Context<'_>, kind: Kind, troubles: &[Trouble]) -> Option<Finding> {
    // The list of the kind says most, then whatever failed, then what is only partial.
    let worst = troubles.iter().min_by_key(|trouble| {
        (
            !trouble.source.lists_kind(),
            match trouble.what {
                What::Failed(_) => 0,
                What::Old => 1,
                What::Partial(_) => 2,
            },
        )
    })?;
    let is_unsupported = |trouble: &Trouble| matches!(&trouble.what, What::Failed(fault) if fault.kind == FaultKind::Unsupported);
    let severity = if troubles.iter().all(is_unsupported) {
        Severity::Info
    } else {
        Severity::Warn
    };
    let scope = if worst.source.is_account_wide() {
        context.state.scope.global_name()
    } else {
        context.state.name().clone()
    };
    let mut draft = RULE
        .on(context, kind.name(), kind.name())
        .of_kind(kind)
        .in_scope(scope)
        .hurts(Impact::Risk)
        .since(troubles.iter().filter_map(|trouble| trouble.since).min());
    for trouble in troubles {
        draft = draft.because(sentence(context, trouble));
    }
    if let What::Failed(fault) = &worst.what {
        draft = draft.because(fault.hint(&context.state.scope));
    }
    Some(draft.report(severity, title(context, worst)))
}

/// `last read 02:58, AccessDenied`; what is not the list itself is named.
fn title(context: &Context<'_>, trouble: &Trouble) -> String {
    let what = if trouble.source.lists_kind() {
        String::new()
    } else {
        format!("{}: ", name(&trouble.source))
    };
    match &trouble.what {
        What::Failed(fault) => {
            let code = fault.code.as_deref().unwrap_or_else(|| fault.word());
            let code = words::excerpt(code);
            match trouble.at {
                Some(at) => format!(
                    "{what}last read {}, {code}",
                    words::time_of_day(at, context.zone())
                ),
                None => format!("{what}not read, {code}"),
            }
        }
        What::Partial(gaps) => {
            let code = gaps
                .first()
                .map(|gap| words::excerpt(gap.code.as_deref().unwrap_or_else(|| gap.word())))
                .unwrap_or_default();
            format!("{what}{} not read, {code}", words::count(gaps.len(), "part"))
        }
        What::Old => match trouble.at {
            Some(at) => format!("{what}last read {} ago", words::since(at, context.now)),
            None => format!("{what}not read"),
        },
    }
}

fn sentence(context: &Context<'_>, trouble: &Trouble) -> String {
    let last = match trouble.at {
        Some(at) => format!("last read {}", words::moment(at, context.zone())),
        None => "never read".to_owned(),
    };
    let name = name(&trouble.source);
    match &trouble.what {
        What::Failed(fault) => format!("{name}: {last}; {}", words::excerpt(&fault.to_string())),
        What::Partial(gaps) => {
            let first = gaps.first().map(ToString::to_string).unwrap_or_default();
            let more = match gaps.len() {
                0 | 1 => String::new(),
                many => format!(" (and {} more)", many - 1),
            };
            format!("{name}: not complete; {}{more}", words::excerpt(&first))
        }
        What::Old => format!("{name}: {last}, and nothing since."),
    }
}

/// What a source is, for a person.
fn name(source: &Source) -> String {
    match source {
        Source::Identity => "identity".to_owned(),
        Source::EcsFleet => "services".to_owned(),
        Source::TaskDefinitions => "task definitions".to_owned(),
        Source::EcsTasks(_) => "tasks".to_owned(),
        Source::EcsDeployments(_) => "deployments".to_owned(),
        Source::Groups => "groups".to_owned(),
        Source::Activities => "scaling activities".to_owned(),
        Source::GroupPolicies => "scaling policies".to_owned(),
        Source::Instances => "instances".to_owned(),
        Source::InstanceTypes => "instance types".to_owned(),
        Source::SpotPrices => "Spot prices".to_owned(),
        Source::NatGateways => "NAT gateways".to_owned(),
        Source::Hosts => "SSM hosts".to_owned(),
        Source::GpuProbe => "GPUs".to_owned(),
        Source::GpuMetricList => "GPU metrics".to_owned(),
        Source::DbInstances => "DB instances".to_owned(),
        Source::DbClusters => "DB clusters".to_owned(),
        Source::DbSnapshots => "DB snapshots".to_owned(),
        Source::Maintenance => "maintenance".to_owned(),
        Source::DbEvents => "DB events".to_owned(),
        Source::ConnectionLimits => "connection limits".to_owned(),
        Source::Caches => "caches".to_owned(),
        Source::CacheEvents => "cache events".to_owned(),
        Source::Balancing => "load balancers".to_owned(),
        Source::Alarms => "alarms".to_owned(),
        Source::AlarmHistory => "alarm history".to_owned(),
        Source::Metrics(group) => format!("{} metrics", group.name()),
        Source::Queues => "queues".to_owned(),
        Source::LogGroups => "log groups".to_owned(),
        Source::Endpoints => "endpoints".to_owned(),
        Source::EndpointTargets => "scaling of endpoints".to_owned(),
        Source::TrainingJobs => "training jobs".to_owned(),
        Source::Notebooks => "notebooks".to_owned(),
        Source::Functions => "functions".to_owned(),
        Source::FunctionVersions(_) => "versions".to_owned(),
        Source::Kubernetes => "clusters and node groups".to_owned(),
        Source::ClusterUpgrades => "add-ons and insights".to_owned(),
        Source::Scaling => "scalable targets".to_owned(),
        Source::Usage => "spend".to_owned(),
        Source::Forecast => "forecast".to_owned(),
        Source::Anomalies => "anomalies".to_owned(),
        Source::Budgets => "budgets".to_owned(),
        Source::TrustedAdvisor => "Trusted Advisor".to_owned(),
        Source::Recommendations => "Compute Optimizer".to_owned(),
        Source::Trail(_) => "CloudTrail".to_owned(),
        Source::Buckets => "buckets".to_owned(),
        Source::BucketStorage => "bucket sizes".to_owned(),
        Source::Distributions => "distributions".to_owned(),
        Source::Certificates => "certificates".to_owned(),
        Source::EdgeCertificates => "certificates of us-east-1".to_owned(),
        Source::Dns => "health checks".to_owned(),
        Source::VpcEndpoints => "VPC endpoints".to_owned(),
        Source::Listeners => "listeners".to_owned(),
        Source::Secrets => "secrets".to_owned(),
        Source::Parameters => "parameters".to_owned(),
        Source::Pipelines => "pipelines".to_owned(),
        Source::PipelineExecutions => "pipeline executions".to_owned(),
        Source::BuildProjects => "build projects".to_owned(),
        Source::Repositories => "image repositories".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::CredentialFault;
    use crate::domain::inventory::Inventory;
    use crate::domain::ops::{Reply, ReplyData};
    use crate::domain::rules::sample::{Bench, at, prod};

    fn denied(service: &str, operation: &str) -> Fault {
        Fault::new(FaultKind::AccessDenied, service, operation, "not authorized").with_code("AccessDenied")
    }

    /// A scope of which services and databases were read at 02:58.
    fn bench() -> Bench {
        let mut bench = Bench::new();
        bench.now = at(178);
        bench.services(Vec::new());
        bench.know(Source::DbInstances, ReplyData::DbInstances(Vec::new()));
        bench.now = at(181);
        bench
    }

    #[test]
    fn a_denied_kind_keeps_its_last_time_in_the_estates_zone() {
        let mut bench = bench();
        bench.fail(Source::DbInstances, denied("rds", "DescribeDBInstances"));
        let findings = bench.with_policy(prod()).check(&RULE);
        assert_eq!(findings.len(), 1);
        let finding = &findings[0];
        assert_eq!(
            (finding.resource.kind, finding.severity),
            (Kind::RdsInstance, Severity::Warn)
        );
        assert_eq!(finding.title, "last read 11:58, AccessDenied");
        assert_eq!(finding.since, Some(at(181)));
        assert_eq!(
            finding.evidence,
            [
                "DB instances: last read 2026-11-21 11:58 KST; rds:DescribeDBInstances: AccessDenied: not authorized",
                "allow rds:DescribeDBInstances for profile default; `qd iam-policy` prints the whole policy",
            ]
        );
    }

    #[test]
    fn the_list_of_a_kind_says_most() {
        let mut bench = bench();
        bench.fail(Source::DbEvents, denied("rds", "DescribeEvents"));
        assert_eq!(bench.check(&RULE)[0].title, "DB events: not read, AccessDenied");
        bench.fail(Source::DbInstances, denied("rds", "DescribeDBInstances"));
        let findings = bench.check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "last read 02:58, AccessDenied");
        assert_eq!(findings[0].evidence.len(), 3);
    }

    #[test]
    fn a_failure_that_usually_passes_has_two_minutes() {
        let mut bench = bench();
        bench.fail(Source::DbInstances, Fault::timeout("rds", "DescribeDBInstances"));
        assert_eq!(bench.check(&RULE), []);
        bench.now = at(184);
        assert_eq!(bench.check(&RULE)[0].title, "last read 02:58, timeout");
        let mut unknown = Bench::new();
        unknown.fail(Source::Queues, Fault::timeout("sqs", "ListQueues"));
        assert_eq!(unknown.check(&RULE)[0].title, "not read, timeout");
    }

    #[test]
    fn when_everything_fails_the_scope_is_named_once() {
        let mut bench = bench();
        for source in [Source::Identity, Source::EcsFleet, Source::DbInstances] {
            bench.fail(
                source,
                Fault::new(
                    FaultKind::Unreachable,
                    "ecs",
                    "DescribeServices",
                    "connection refused",
                ),
            );
        }
        bench.now = at(190);
        let findings = bench.check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].resource.kind, findings[0].severity),
            (Kind::Scope, Severity::Warn)
        );
        assert_eq!(findings[0].title, "3 kinds not read: unreachable");

        let mut blank = Bench::new();
        blank.inventory = Inventory::new([blank.inventory.scopes[0].scope.clone()]);
        for source in [Source::Identity, Source::EcsFleet] {
            blank.fail(
                source,
                Fault::new(
                    FaultKind::Credentials(CredentialFault::Missing),
                    "sts",
                    "GetCallerIdentity",
                    "none",
                ),
            );
        }
        let findings = blank.check(&RULE);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Crit, "nothing can be read: no credentials")
        );
        assert_eq!(findings[0].evidence[0], "Not read: ecs-service, scope.");
    }

    #[test]
    fn parts_that_are_missing_are_told() {
        let mut bench = bench();
        let gone = Fault::new(FaultKind::NotFound, "ecs", "DescribeServices", "MISSING");
        let reply = |gaps: Vec<Fault>| {
            Ok(Arc::new(Reply {
                data: ReplyData::Queues(Vec::new()),
                gaps,
            }))
        };
        bench.answer(Source::Queues, reply(vec![gone.clone()]));
        assert_eq!(bench.check(&RULE), [], "what was deleted in between is no gap");
        bench.answer(
            Source::Queues,
            reply(vec![gone, denied("sqs", "GetQueueAttributes")]),
        );
        let findings = bench.check(&RULE);
        assert_eq!(findings[0].title, "1 part not read, AccessDenied");
        assert_eq!(
            findings[0].evidence,
            ["queues: not complete; sqs:GetQueueAttributes: AccessDenied: not authorized"]
        );
    }

    #[test]
    fn a_list_that_nobody_renews_is_told_after_an_hour() {
        let mut bench = bench();
        bench.now = at(178 + 61);
        let findings = bench.check(&RULE);
        let told: Vec<_> = findings
            .iter()
            .map(|finding| (finding.resource.kind, finding.title.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (Kind::EcsService, "last read 1h01m ago"),
                (Kind::RdsInstance, "last read 1h01m ago"),
            ]
        );
    }

    #[test]
    fn what_is_not_offered_is_good_to_know_and_a_missing_forecast_is_nothing() {
        let mut bench = bench();
        bench.fail(
            Source::Maintenance,
            Fault::new(
                FaultKind::Unsupported,
                "rds",
                "DescribePendingMaintenanceActions",
                "not here",
            ),
        );
        bench.fail(
            Source::Forecast,
            Fault::new(
                FaultKind::NoData,
                "ce",
                "GetCostForecast",
                "Insufficient amount of historical data.",
            ),
        );
        let findings = bench.check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].severity, findings[0].resource.kind),
            (Severity::Info, Kind::RdsInstance)
        );
    }

    #[test]
    fn what_this_build_leaves_out_is_nobodys_trouble() {
        use crate::domain::ops::Operation;
        let left_out = Fault::not_in_this_build(&[Operation::new("s3", "ListBuckets")]);
        let mut bench = bench();
        bench.fail(Source::Buckets, left_out.clone());
        assert_eq!(bench.check(&RULE), []);
        // Beside it everything that is asked may fail all the same.
        let mut dark = Bench::new();
        dark.fail(Source::Buckets, left_out);
        for source in [Source::Identity, Source::EcsFleet] {
            dark.fail(source, Fault::timeout("ecs", "ListClusters"));
        }
        dark.state().identity.value = None;
        let findings = dark.check(&RULE);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].severity, Severity::Crit);
    }

    #[test]
    fn what_was_read_and_what_was_never_asked_are_silent() {
        assert_eq!(bench().check(&RULE), []);
        assert_eq!(Bench::new().check(&RULE), []);
    }

    #[test]
    fn every_source_of_a_scope_is_watched() {
        let all: Vec<Source> = sources().collect();
        for &kind in Kind::ALL {
            let is_listed = all
                .iter()
                .any(|source| source.kind() == kind && source.lists_kind());
            let has_list = !matches!(
                kind,
                Kind::GpuHost | Kind::LoadBalancer | Kind::Scope | Kind::Advice
            );
            assert_eq!(is_listed, has_list, "{kind}");
        }
    }
}
