//! A GPU fleet's evening and morning in the demo, the morning from another host.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use quarterdeck::cloud::Cloud;
use quarterdeck::cloud::demo::{Scenario, World};
use quarterdeck::domain::asg::Group;
use quarterdeck::domain::ec2::{Instance, Purchase};
use quarterdeck::domain::exit::Exit;
use quarterdeck::domain::ids::tag;
use quarterdeck::domain::ops::{Query, ReplyData, autoscaling, ec2};
use quarterdeck::domain::price::PriceTable;
use quarterdeck::domain::units::Usd;
use quarterdeck::runbook::action::CostDelta;
use quarterdeck::runbook::tell::{self, Commands, Line};

use super::stage::{EPOCH, Stage, given, run, who};

/// What the morning has to bring back: sizes and suspended processes by group, states by instance.
type Day = (
    BTreeMap<String, (u32, u32, u32, Vec<String>)>,
    BTreeMap<String, String>,
);

async fn groups(stage: &Stage) -> Vec<Group> {
    let query = Query::AutoScaling(autoscaling::Read::Groups);
    match stage.cloud.read(&stage.scope, &query).await.unwrap().data {
        ReplyData::Groups(groups) => groups,
        other => panic!("{other:?}"),
    }
}

async fn alone(stage: &Stage) -> Vec<Instance> {
    let query = Query::Ec2(ec2::Read::Instances);
    match stage.cloud.read(&stage.scope, &query).await.unwrap().data {
        ReplyData::Instances(mut instances) => {
            instances.retain(|instance| instance.group().is_none());
            instances
        }
        other => panic!("{other:?}"),
    }
}

async fn day(stage: &Stage) -> Day {
    let sizes = groups(stage).await.into_iter().map(|group| {
        let mut suspended: Vec<String> = group.suspended.into_iter().map(|known| known.name).collect();
        suspended.sort();
        (group.name, (group.min, group.max, group.desired, suspended))
    });
    let states = alone(stage)
        .await
        .into_iter()
        .map(|instance| (instance.id, instance.state));
    (sizes.collect(), states.collect())
}

fn is_noted(tags: &[quarterdeck::domain::ids::Tag]) -> bool {
    tag(tags, "quarterdeck:night").is_some()
}

async fn there_and_back(world: World) {
    let (evening, morning) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let now: Timestamp = EPOCH.parse().unwrap();
    let mut stage = Stage::new((world, Scenario::GpuIdleNight), Vec::new(), now, evening.path());
    let before = day(&stage).await;

    // Whatever works or cannot be asked goes too: what is where is not the point here.
    let set = [("busy", "force")];
    let plan = stage.plan("gpu-night-down", &set).await.plan;
    assert_eq!(stage.log.writes().len(), 0, "planning changes nothing");
    assert!(!plan.is_empty());
    assert!(
        plan.warnings
            .iter()
            .any(|warning| warning.contains("in this night of")),
        "{:#?}",
        plan.warnings
    );
    let promised = plan.cost.usd_per_hour.map(|rate| -rate);
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    let evening = summary.savings.as_deref().expect("it is measured");
    assert_eq!(
        (evening.currency.as_str(), evening.usd_per_hour),
        ("USD", promised)
    );
    assert_eq!(evening.usd_per_night.is_some(), promised.is_some());
    assert!(!evening.instances.is_empty());
    for off in &evening.instances {
        assert!(off.until.is_none() && off.instance.is_some(), "{off:?}");
        assert!(now <= off.from && off.from <= evening.measured_at, "{off:?}");
    }
    let ended: BTreeSet<_> = evening
        .instances
        .iter()
        .map(|off| (off.instance.clone(), off.from))
        .collect();
    for group in groups(&stage).await.iter().filter(|group| is_noted(&group.tags)) {
        assert_eq!((group.min, group.max, group.desired), (0, 0, 0), "{}", group.name);
        assert_eq!(group.instances, [], "{}", group.name);
    }
    for instance in alone(&stage)
        .await
        .iter()
        .filter(|instance| is_noted(&instance.tags))
    {
        assert_eq!(instance.state, "stopped", "{}", instance.id);
    }

    // A second night changes nothing and overwrites nothing.
    let notes = groups(&stage).await;
    let again = stage.plan("gpu-night-down", &set).await.plan;
    assert!(again.is_empty(), "{:#?}", again.changes);
    assert_eq!(groups(&stage).await, notes);

    // The morning comes from another host: all that it knows is in the tags.
    stage.engine = stage.another(morning.path());
    let plan = stage.plan("gpu-morning-up", &[]).await.plan;
    assert!(!plan.is_empty());
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    let night = summary.savings.as_deref().expect("it is measured");
    let was: BTreeSet<_> = night
        .instances
        .iter()
        .map(|off| (off.instance.clone(), off.from))
        .collect();
    assert_eq!(was, ended, "the same instances were off");
    let sum: Option<Usd> = night
        .instances
        .iter()
        .map(|off| off.saved(night.measured_at))
        .sum();
    assert_eq!((night.saved_usd, night.usd_per_night), (sum, sum));
    assert!(
        night
            .instances
            .iter()
            .all(|off| off.until.is_some_and(|until| until > off.from))
    );
    let said: Vec<String> = tell::summary(&summary, &Commands::of(["qd"]))
        .iter()
        .map(Line::text)
        .collect();
    assert!(
        said.iter()
            .any(|line| line.contains("savings: ") && line.contains("a night")),
        "{said:#?}"
    );
    assert_eq!(day(&stage).await, before);
    assert!(!groups(&stage).await.iter().any(|group| is_noted(&group.tags)));
    assert!(
        !alone(&stage)
            .await
            .iter()
            .any(|instance| is_noted(&instance.tags))
    );
    let idle = stage.plan("gpu-morning-up", &[]).await.plan;
    assert!(idle.is_empty(), "{:#?}", idle.changes);
}

#[tokio::test(start_paused = true)]
async fn a_fleet_of_groups_goes_down_and_comes_back_exactly() {
    there_and_back(World::Invokeai).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_on_its_own_is_stopped_and_started() {
    there_and_back(World::Ecg).await;
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_training_instance_is_stopped_by_its_id() {
    let home = tempfile::tempdir().unwrap();
    let now = EPOCH.parse().unwrap();
    let stage = Stage::new(
        (World::Fashion, Scenario::CreditBurn),
        Vec::new(),
        now,
        home.path(),
    );
    let forgotten = |all: Vec<Instance>| {
        all.into_iter()
            .find(|one| one.name.as_deref() == Some("fashion-ai-train-01"))
            .unwrap()
    };
    let before = forgotten(alone(&stage).await);
    assert_eq!(before.state, "running");
    let plan = stage.plan("gpu-night-down", &[("fleet", &before.id)]).await.plan;
    assert!(!plan.is_empty());
    let start = stage.unattended(&plan);
    let (summary, _) = run(&stage.engine, plan, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    assert_eq!(forgotten(alone(&stage).await).state, "stopped");
}

#[tokio::test(start_paused = true)]
async fn work_is_refused_with_its_reason_and_nothing_changes() {
    let home = tempfile::tempdir().unwrap();
    let now = EPOCH.parse().unwrap();
    let stage = Stage::new(
        (World::Invokeai, Scenario::Everyday),
        Vec::new(),
        now,
        home.path(),
    );
    let mut preparation = stage.preparation("gpu-night-down").await;
    let given = given(preparation.runbook(), &[]);
    let resolved = preparation.resolve(given).await.result.unwrap();
    let refused = preparation
        .plan(&resolved, (&who("alice"), None))
        .await
        .unwrap_err();
    assert_eq!(refused.exit, Exit::Precondition, "{refused}");
    assert!(
        refused
            .reasons
            .iter()
            .any(|reason| reason.contains("cannot be asked")),
        "{refused}"
    );
    assert_eq!(stage.log.writes().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_spot_saves_is_told_with_the_day_of_its_price() {
    const GROUP: &str = "invokeai-gpu-workers-spot";
    let home = tempfile::tempdir().unwrap();
    let now = EPOCH.parse().unwrap();
    let mut stage = Stage::new((World::Invokeai, Scenario::Quiet), Vec::new(), now, home.path());
    let mut scope = (*stage.scope).clone();
    scope.account_name = Some("inv-prod".to_owned());
    stage.scope = std::sync::Arc::new(scope);
    let query = Query::Ec2(ec2::Read::Instances);
    let ReplyData::Instances(instances) = stage.cloud.read(&stage.scope, &query).await.unwrap().data else {
        panic!("no instances");
    };
    let spot = instances
        .iter()
        .find(|instance| instance.group() == Some(GROUP) && instance.purchase == Purchase::Spot)
        .unwrap();
    let text = format!(
        "apiVersion: quarterdeck/v1\nkind: Runbook\nname: smaller\ntitle: Smaller\nsteps:\n  - id: bounds\n    \
         action: asg.set_capacity\n    with: {{group: {GROUP}, min: 0}}\n    wait: {{timeout: 5m}}\n  - id: end\n    \
         action: asg.terminate_instance\n    with: {{group: {GROUP}, instance: {}, even_protected: true}}\n    \
         wait: {{timeout: 20m}}\n",
        spot.id
    );
    let preparation = stage.preparation_of(super::stage::load_text(&text)).await;
    let resolved = quarterdeck::runbook::params::Resolved::default();
    let plan = preparation
        .plan(&resolved, (&who("alice"), None))
        .await
        .unwrap()
        .plan;
    let last = plan.changes.last().unwrap();
    let CostDelta::Known { usd_per_hour, as_of } = &last.cost else {
        panic!("{:?}", last.cost);
    };
    // A fraction of the list price, and of that day: nothing that the price table knows.
    let list = PriceTable::shipped()
        .ec2("us-east-1", &spot.instance_type)
        .unwrap();
    let saved = -*usd_per_hour;
    assert!(
        saved.per_hour() > Usd::ZERO && saved.per_hour() < list.value.per_hour(),
        "{saved:?} of {list:?}"
    );
    assert!(*as_of > list.as_of(), "{as_of}");
    assert_eq!(as_of.to_string(), EPOCH[..10]);
    // Whose account it is stands beside its number.
    assert_eq!(plan.identity.account_name.as_deref(), Some("inv-prod"));
}

#[tokio::test(start_paused = true)]
async fn an_estate_at_rest_saves_what_its_start_costs_again() {
    let home = tempfile::tempdir().unwrap();
    let mut stage = Stage::new(
        (World::Ecg, Scenario::Quiet),
        Vec::new(),
        EPOCH.parse().unwrap(),
        home.path(),
    );
    stage.estate = Some(("ecg", std::sync::Arc::default()));
    let set = [("estate", "ecg")];
    let down = stage.plan("stop-estate", &set).await.plan;
    assert_eq!(down.cost.unknown, Vec::<String>::new());
    // Fargate's tasks are part of it.
    let tasks = down
        .changes
        .iter()
        .find(|change| change.action == "ecs.scale")
        .expect("services go to no task");
    assert!(
        matches!(tasks.cost, CostDelta::Known { usd_per_hour, .. } if usd_per_hour.per_hour().is_negative()),
        "{:?}",
        tasks.cost
    );
    let saved = down.cost.usd_per_hour.expect("a saving per hour").per_hour();
    assert!(down.cost.usd_per_month.expect("and per month").is_negative());
    let start = stage.unattended(&down);
    let (summary, _) = run(&stage.engine, down, start).await;
    assert_eq!(summary.exit, Exit::Done, "{summary:#?}");
    let up = stage.plan("start-estate", &set).await.plan;
    let costs = up.cost.usd_per_hour.expect("what it costs again").per_hour();
    assert_eq!(costs.micros(), -saved.micros(), "{:?}", up.cost);
}
