//! Every question is answered, with numbers that belong together.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use pretty_assertions::assert_eq;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{self, Scenario, World, Worlds};
use quarterdeck::domain::cost::DailyCost;
use quarterdeck::domain::elb;
use quarterdeck::domain::fault::{CredentialFault, FaultKind};
use quarterdeck::domain::gpu::ProbeOutcome;
use quarterdeck::domain::metric::{MetricId, MetricSpec, Series, Stat};
use quarterdeck::domain::ops::{self, Query, ReplyData};

use super::stage::{self, Stage};

#[test]
fn every_world_answers_every_question_in_every_scenario() {
    let scenarios = Scenario::NAMED.iter().copied().chain([Scenario::Everyday]);
    for scenario in scenarios {
        for world in World::ALL {
            let stage = Stage::open(world, scenario);
            for query in stage::everything(&stage) {
                if let Err(fault) = stage.try_read(&query) {
                    panic!("{world}, {scenario}: {fault}");
                }
            }
        }
    }
}

#[test]
fn the_estates_are_those_of_their_documents() {
    let stage = Stage::open(World::Codemate, Scenario::Quiet);
    let counts: Vec<(String, String, u32, u32)> = stage
        .fleet()
        .services
        .into_iter()
        .map(|service| (service.cluster, service.name, service.desired, service.running))
        .collect();
    let row = |cluster: &str, name: &str, count| (cluster.to_owned(), name.to_owned(), count, count);
    assert_eq!(
        counts,
        [
            row("codemate-cluster", "codemate-backend-service", 3),
            row("codemate-cluster", "codemate-frontend-service", 2),
            row("codemate-cluster-dev", "codemate-backend-service", 1),
            row("codemate-cluster-dev", "codemate-frontend-service", 1),
        ]
    );
    let database = stage.database("codemate-db-prod").unwrap();
    assert_eq!(
        (database.class.as_str(), database.multi_az),
        ("db.t4g.small", true)
    );

    let stage = Stage::open(World::Invokeai, Scenario::Quiet);
    let workers = stage.group("invokeai-gpu-workers-spot");
    assert_eq!(
        (workers.min, workers.desired, workers.max, workers.in_service()),
        (0, 5, 20, 5)
    );
    let spot = stage
        .instances()
        .into_iter()
        .filter(|instance| instance.group() == Some("invokeai-gpu-workers-spot"))
        .filter(|instance| instance.purchase == quarterdeck::domain::ec2::Purchase::Spot)
        .count();
    assert_eq!(spot, 4, "one instance of the group is at list price");
}

#[test]
fn another_profile_or_region_has_no_credentials() {
    let stage = Stage::open(World::Ecg, Scenario::Quiet);
    for (profile, region) in [("nobody", "us-east-1"), ("ecg", "eu-west-1")] {
        let mut scope = stage.scope.clone();
        scope.profile = Some(profile.to_owned());
        scope.region = region.to_owned();
        let query = Query::Sqs(ops::sqs::Read::Queues);
        let fault = stage::wait(stage.demo.read(&scope, &query)).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Credentials(CredentialFault::NoSuchProfile));
    }
    assert_eq!(demo::scopes(Worlds::All).len(), 5);
}

#[test]
fn sessions_end_after_eight_hours_and_are_renewed() {
    let stage = Stage::open(World::Ecg, Scenario::Quiet);
    let left = || match stage.read(&Query::Sts(ops::sts::Read::CallerIdentity)) {
        ReplyData::Identity(identity) => {
            assert_eq!(identity.principal(), "oncall");
            identity
                .credentials_expire_at
                .unwrap()
                .duration_since(stage.now())
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(left(), SignedDuration::from_hours(8));
    stage.pass(SignedDuration::from_hours(7));
    assert_eq!(left(), SignedDuration::from_hours(1));
    stage.pass(SignedDuration::from_hours(2));
    assert_eq!(left(), SignedDuration::from_hours(7));
}

#[test]
fn the_meter_counts_what_aws_would_count() {
    let stage = Stage::open(World::Codemate, Scenario::Quiet);
    stage.read(&Query::Ecs(ops::ecs::Read::Fleet));
    let mut calls: BTreeMap<String, u32> = BTreeMap::new();
    for call in stage.bench.calls.lock().unwrap().drain(..) {
        *calls.entry(call.operation.to_string()).or_default() += 1;
    }
    // Two clusters of two services: one page of names and one of descriptions each.
    let expected = [
        ("ecs:DescribeServices", 2),
        ("ecs:ListClusters", 1),
        ("ecs:ListServices", 2),
    ];
    assert_eq!(
        calls,
        expected.map(|(name, count)| (name.to_owned(), count)).into()
    );

    let specs = stage::metric_specs(&stage);
    let asked = specs.len() as u64;
    stage.bench.calls.lock().unwrap().clear();
    stage.metrics(specs);
    let paid: u64 = stage
        .bench
        .calls
        .lock()
        .unwrap()
        .iter()
        .map(|call| call.paid_micro_usd)
        .sum();
    assert_eq!(paid, asked * 10, "a cent per thousand metrics");
}

fn cpu(stage: &Stage, period_s: u32, stat: Stat) -> Series {
    let id = MetricId::new(
        "AWS/ECS",
        "CPUUtilization",
        &[
            ("ClusterName", "codemate-cluster"),
            ("ServiceName", "codemate-backend-service"),
        ],
        stat,
    );
    stage.series(MetricSpec {
        id,
        period_s,
        lookback_s: 4 * 3600,
    })
}

#[test]
fn periods_are_made_of_the_same_minutes() {
    let stage = Stage::open(World::Codemate, Scenario::Everyday);
    for stat in [Stat::Average, Stat::Maximum, Stat::Minimum, Stat::Sum] {
        let minutes: BTreeMap<_, _> = cpu(&stage, 60, stat).points.into_iter().collect();
        for period_s in [300, 3600] {
            let longer = cpu(&stage, period_s, stat);
            let mut compared = 0;
            for (start, value) in &longer.points {
                let end = *start + SignedDuration::from_secs(i64::from(period_s));
                let inside: Vec<f64> = minutes.range(start..&end).map(|(_, value)| *value).collect();
                if inside.len() != (period_s / 60) as usize {
                    continue;
                }
                let expected = match stat {
                    Stat::Maximum => inside.iter().copied().fold(f64::MIN, f64::max),
                    Stat::Minimum => inside.iter().copied().fold(f64::MAX, f64::min),
                    Stat::Sum => inside.iter().sum(),
                    _ => inside.iter().sum::<f64>() / inside.len() as f64,
                };
                assert!((value - expected).abs() < 1e-6, "{stat:?} {period_s} {start}");
                compared += 1;
            }
            assert!(compared >= 2, "{stat:?} {period_s}");
        }
    }
}

#[test]
fn the_newest_minute_is_one_to_two_minutes_old() {
    let stage = Stage::open(World::Invokeai, Scenario::Everyday);
    for offset in [0, 13, 41, 59] {
        stage.pass(SignedDuration::from_secs(offset));
        let minutes: Vec<MetricSpec> = stage::metric_specs(&stage)
            .into_iter()
            .filter(|spec| spec.period_s == 60 && spec.id.namespace != "AWS/ApplicationELB")
            .collect();
        let mut seen = 0;
        for (id, series) in stage.metrics(minutes) {
            let Some((newest, _)) = series.points.last() else {
                continue;
            };
            let ended = *newest + SignedDuration::from_secs(60);
            let lag = stage.now().duration_since(ended);
            // Credits come by five minutes whatever is asked.
            let most = if id.name.starts_with("CPUCredit") || id.namespace == "AWS/EC2" {
                420
            } else {
                120
            };
            assert!(lag >= SignedDuration::from_secs(20), "{id:?} {lag:?}");
            assert!(lag <= SignedDuration::from_secs(most), "{id:?} {lag:?}");
            seen += 1;
        }
        assert!(seen > 20);
    }
}

#[test]
fn what_has_been_measured_does_not_change() {
    let stage = Stage::open(World::Invokeai, Scenario::BadDeploy);
    let before = stage.metrics(stage::metric_specs(&stage));
    stage.pass(SignedDuration::from_mins(20));
    let specs = before.iter().map(|(id, series)| MetricSpec {
        id: id.clone(),
        period_s: series.period_s,
        lookback_s: 8 * 86_400,
    });
    let after: BTreeMap<MetricId, BTreeMap<_, _>> = stage
        .metrics(specs.filter(|spec| spec.period_s == 60).collect())
        .into_iter()
        .map(|(id, series)| (id, series.points.into_iter().collect()))
        .collect();
    let mut compared = 0;
    for (id, series) in before.iter().filter(|(_, series)| series.period_s == 60) {
        for (at, value) in &series.points {
            assert_eq!(after[id].get(at), Some(value), "{id:?} at {at}");
            compared += 1;
        }
    }
    assert!(compared > 5_000, "{compared}");
}

#[test]
fn load_latency_and_requests_move_together() {
    let stage = Stage::open(World::Codemate, Scenario::Quiet);
    stage.pass(SignedDuration::from_hours(60));
    let group = stage.target_group("codemate-backend-tg");
    let of = |name: &str, stat| {
        let id = MetricId::new(
            "AWS/ApplicationELB",
            name,
            &[
                ("TargetGroup", elb::target_group_dimension(&group.arn).unwrap()),
                (
                    "LoadBalancer",
                    elb::load_balancer_dimension(&group.load_balancers[0]).unwrap(),
                ),
            ],
            stat,
        );
        let series = stage.series(id.by_five_minutes());
        series
            .points
            .into_iter()
            .map(|(_, value)| value)
            .collect::<Vec<f64>>()
    };
    let requests = of("RequestCount", Stat::Sum);
    let latency = of("TargetResponseTime", Stat::P95);
    assert!(
        correlation(&requests, &latency) > 0.6,
        "{}",
        correlation(&requests, &latency)
    );
    // A working day in Seoul is well above its night.
    let (least, most) = requests.iter().fold((f64::MAX, 0.0_f64), |(least, most), value| {
        (least.min(*value), most.max(*value))
    });
    assert!(most > least * 5.0, "{least} {most}");
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let count = a.len().min(b.len());
    let mean = |of: &[f64]| of[..count].iter().sum::<f64>() / count as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        both += (x - mean_a) * (y - mean_b);
        of_a += (x - mean_a).powi(2);
        of_b += (y - mean_b).powi(2);
    }
    both / (of_a * of_b).sqrt()
}

#[test]
fn every_metric_of_the_catalogue_exists() {
    for world in World::ALL {
        let stage = Stage::open(world, Scenario::Everyday);
        for (id, series) in stage.metrics(stage::metric_specs(&stage)) {
            // Counts that are zero are not published, nor the lag of a primary, nor credits of
            // classes that have none.
            let optional = ["5XX", "Lag", "Credit", "Balance", "FreeStorageSpace"]
                .iter()
                .any(|part| id.name.contains(part));
            let stopped = id.namespace == "AWS/EC2";
            assert!(
                optional || stopped || !series.points.is_empty(),
                "{world}: {id:?} has no values"
            );
            assert!(series.points.iter().all(|(_, value)| value.is_finite()), "{id:?}");
        }
    }
}

#[test]
fn no_call_of_a_function_takes_longer_than_its_timeout() {
    let stage = Stage::open(World::Fashion, Scenario::EventSourceLag);
    let ReplyData::Functions(known) = stage.read(&Query::Lambda(ops::lambda::Read::Functions)) else {
        panic!("functions are asked for");
    };
    assert!(known.functions.len() > 2);
    let mut ended = Vec::new();
    for function in &known.functions {
        let timeout_ms = f64::from(function.timeout_s.expect("the world has it")) * 1000.0;
        for stat in [Stat::Average, Stat::P95, Stat::Maximum] {
            let dimensions = [("FunctionName", function.name.as_str())];
            let id = MetricId::new("AWS/Lambda", "Duration", &dimensions, stat);
            let points = stage.series(id.by_five_minutes()).points;
            assert!(!points.is_empty(), "{}", function.name);
            let longest = points.iter().map(|(_, ms)| *ms).fold(0.0_f64, f64::max);
            assert!(
                longest <= timeout_ms,
                "{} takes {longest} ms, {stat:?}",
                function.name
            );
            if longest >= timeout_ms {
                ended.push(function.name.as_str());
            }
        }
    }
    // The slow one runs into it at its longest.
    assert_eq!(ended, ["fashion-ai-style-events"]);
}

#[test]
fn hosts_say_what_nvidia_smi_would() {
    let stage = Stage::open(World::Invokeai, Scenario::Everyday);
    let readings = stage.probe();
    let outcomes: Vec<ProbeOutcome> = readings.iter().map(|reading| reading.outcome).collect();
    assert_eq!(
        outcomes
            .iter()
            .filter(|outcome| **outcome == ProbeOutcome::Ok)
            .count(),
        6
    );
    assert_eq!(
        outcomes
            .iter()
            .filter(|outcome| **outcome == ProbeOutcome::DriverError)
            .count(),
        1
    );
    let cards: Vec<_> = readings.iter().flat_map(|reading| &reading.cards).collect();
    let (mut busy, mut idle) = (0, 0);
    for card in cards {
        let processes = card.processes.as_ref().unwrap();
        if card.looks_idle() == Some(true) {
            idle += 1;
            assert!(processes.is_empty());
            assert!(card.power_w.unwrap() < card.power_limit_w.unwrap() * 0.5);
        } else if card.util_percent.unwrap() > 50.0 {
            busy += 1;
            assert!(
                processes
                    .iter()
                    .any(|process| process.name.contains("invokeai.worker"))
            );
            assert!(card.temp_c.unwrap() > 35.0);
        }
        assert!(card.mem_used_mib.unwrap() <= card.mem_total_mib.unwrap());
    }
    assert_eq!(idle, 1, "one worker takes no jobs");
    assert!(busy >= 1, "{busy}");

    let fashion = Stage::open(World::Fashion, Scenario::Everyday).probe();
    assert!(
        fashion
            .iter()
            .any(|reading| reading.outcome == ProbeOutcome::NoAgent)
    );
    // Nothing is odd when it is quiet.
    for world in [World::Invokeai, World::Fashion, World::Ecg] {
        let stage = Stage::open(world, Scenario::Quiet);
        let readings = stage.probe();
        assert!(!readings.is_empty());
        assert!(
            readings.iter().all(|reading| reading.outcome == ProbeOutcome::Ok),
            "{world}"
        );
    }
}

#[test]
fn cards_and_the_cloudwatch_agent_agree() {
    let stage = Stage::open(World::Invokeai, Scenario::GpuIdleNight);
    let readings = stage.probe();
    let ReplyData::MetricList(ids) = stage.read(&Query::CloudWatch(ops::cloudwatch::Read::GpuMetricList))
    else {
        panic!("no metrics");
    };
    assert_eq!(ids.len(), 7 * 5, "five metrics of each of seven hosts");
    let total: BTreeMap<String, f64> = stage
        .metrics(
            ids.into_iter()
                .filter(|id| id.name == "nvidia_smi_memory_total")
                .map(MetricId::by_minute)
                .collect(),
        )
        .into_iter()
        .map(|(id, series)| (id.dimensions[0].1.clone(), series.recent(stage.now()).unwrap()))
        .collect();
    let mut compared = 0;
    for reading in readings {
        for card in &reading.cards {
            assert_eq!(total[&reading.instance_id], card.mem_total_mib.unwrap() as f64);
            compared += 1;
        }
    }
    assert_eq!(compared, 6);
}

#[test]
fn backups_are_taken_each_day_and_kept_as_long_as_asked() {
    let stage = Stage::open(World::Codemate, Scenario::Quiet);
    let automated = |stage: &Stage| {
        stage
            .snapshots()
            .into_iter()
            .filter(|snapshot| snapshot.source == "codemate-db-prod" && snapshot.snapshot_type == "automated")
            .map(|snapshot| snapshot.id)
            .collect::<Vec<_>>()
    };
    let before = automated(&stage);
    assert_eq!(before.len(), 7);
    stage.pass(SignedDuration::from_hours(24));
    let after = automated(&stage);
    assert_eq!(after.len(), 7);
    assert_eq!(after[1..], before[..6], "the newest is new, the oldest is gone");
    let database = stage.database("codemate-db-prod").unwrap();
    let behind = stage.now().duration_since(database.latest_restorable_at.unwrap());
    assert!(behind >= SignedDuration::from_mins(3) && behind < SignedDuration::from_mins(9));
}

#[test]
fn spend_adds_up_and_today_is_estimated() {
    let stage = Stage::open(World::Invokeai, Scenario::Everyday);
    let today = stage.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let first = today.first_of_month();
    let query = Query::Cost(ops::cost::Read::Usage {
        from: first,
        to: today.tomorrow().unwrap(),
        month: first,
        tag: None,
        credits_since: None,
    });
    let ReplyData::Usage(usage) = stage.read(&query) else {
        panic!("no usage");
    };
    assert_eq!(usage.daily.len(), usize::try_from(today.day()).unwrap());
    let sum: f64 = usage.daily.iter().map(DailyCost::total).sum();
    assert!(
        (sum - usage.by_account[0].1).abs() < 0.5,
        "{sum} {:?}",
        usage.by_account
    );
    let estimated: Vec<bool> = usage
        .daily
        .iter()
        .rev()
        .take(3)
        .map(|day| day.estimated)
        .collect();
    assert_eq!(estimated, [true, true, false]);
    let ReplyData::Budgets(budgets) = stage.read(&Query::Cost(ops::cost::Read::Budgets {
        account: usage.by_account[0].0.clone(),
    })) else {
        panic!("no budgets");
    };
    assert_eq!(budgets[0].limit, Some(4600.0));
    assert!((budgets[0].actual.unwrap() - usage.by_account[0].1).abs() < 1.0);
    assert!(budgets[0].forecast > budgets[0].actual);
}

#[test]
fn a_day_later_the_world_is_another_one() {
    let stage = Stage::open(World::Codemate, Scenario::Everyday);
    let before = stage.fleet();
    stage.pass(SignedDuration::from_hours(24));
    let after = stage.fleet();
    let revisions = |fleet: &quarterdeck::domain::ecs::Fleet| {
        fleet
            .services
            .iter()
            .map(|service| service.task_definition.clone())
            .collect::<Vec<_>>()
    };
    assert_ne!(revisions(&before), revisions(&after), "the pipeline has deployed");
    assert!(
        after
            .services
            .iter()
            .all(|service| service.running >= service.desired)
    );
}
