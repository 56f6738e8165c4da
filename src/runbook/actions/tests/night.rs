//! What the evening and the morning of a GPU fleet do and refuse.

use std::collections::BTreeMap;

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::world::{self, BUSY, World, arguments, note, seen, world};
use crate::domain::asg::WarmPool;
use crate::domain::ec2::Purchase;
use crate::domain::ids::{Tag, tag};
use crate::domain::policy::{ConfirmLevel, Environment, NightCapacity, Policy, WorkQueue};
use crate::domain::units::UsdPerHour;
use crate::runbook::action::{
    Change, CostDelta, Decisions, Proposal, Refusal, RefusalKind, Site, View, find,
};
use crate::runbook::model::Source;

fn plan_in(name: &str, with: &Value, view: &View, policy: Policy) -> Result<Proposal, Refusal> {
    let decisions = Decisions {
        policy,
        ..Decisions::default()
    };
    let site = Site {
        decisions: &decisions,
        ..world::site()
    };
    find(name).unwrap().plan(&arguments(with), view, &site)
}

fn night(with: &Value, world: &World) -> Result<Proposal, Refusal> {
    plan_in("gpu.night_down", with, &seen(world), Policy::default())
}

fn actions(proposal: &Proposal) -> Vec<&str> {
    proposal
        .changes
        .iter()
        .map(|change| change.action.as_str())
        .collect()
}

/// The last sizes that a proposal sets: min, max, desired.
fn sizes(proposal: &Proposal) -> (u64, u64, u64) {
    let change = proposal
        .changes
        .iter()
        .rfind(|change| change.action == "asg.set_capacity")
        .unwrap();
    let size = |name: &str| change.after[name].as_u64().unwrap();
    (size("min"), size("max"), size("desired"))
}

fn apply(changes: &[Change], view: &mut View) {
    for change in changes {
        find(&change.action).unwrap().project(change, view);
    }
}

fn group<'w>(world: &'w mut World, name: &str) -> &'w mut crate::domain::asg::Group {
    world.groups.iter_mut().find(|group| group.name == name).unwrap()
}

#[test]
fn what_was_there_is_noted_before_anything_changes() {
    let proposal = night(&json!({"target": "training"}), &world()).unwrap();
    assert_eq!(
        actions(&proposal),
        ["tags.put", "asg.suspend_processes", "asg.set_capacity"]
    );
    assert_eq!(sizes(&proposal), (0, 0, 0));
    let noted = proposal.changes[0].after["tag"].as_str().unwrap();
    assert!(
        noted.starts_with("v1 was=0/5/2 left=0/0/0 held=AlarmNotification+ScheduledActions at="),
        "{noted}"
    );
    // Two g5.xlarge at list price.
    assert!(noted.contains(" usd-h="), "{noted}");
    assert_eq!(proposal.off_s, Some(10 * 3_600));
}

#[test]
fn a_second_night_changes_nothing_and_overwrites_nothing() {
    let mut view = seen(&world());
    let with = json!({"target": "training"});
    let first = plan_in("gpu.night_down", &with, &view, Policy::default()).unwrap();
    apply(&first.changes, &mut view);
    let second = plan_in("gpu.night_down", &with, &view, Policy::default()).unwrap();
    assert_eq!(second.changes, []);
    assert_eq!(second.skipped, ["training is down already"]);
    // Raised again by somebody, it goes down again, and the note of the first evening stays.
    let noted = |view: &View| {
        let group = view.group("training").unwrap().unwrap();
        tag(&group.tags, "quarterdeck:night").unwrap().to_owned()
    };
    let before = noted(&view);
    let raised = view.group_mut("training").unwrap();
    (raised.max, raised.desired) = (3, 1);
    let third = plan_in("gpu.night_down", &with, &view, Policy::default()).unwrap();
    assert_eq!(actions(&third), ["asg.set_capacity"]);
    apply(&third.changes, &mut view);
    assert_eq!(noted(&view), before);
    // And the morning brings back what the first evening saw.
    let up = plan_in("gpu.morning_up", &with, &view, Policy::default()).unwrap();
    assert_eq!(
        actions(&up),
        ["asg.resume_processes", "asg.set_capacity", "tags.remove"]
    );
    assert_eq!(sizes(&up), (0, 5, 2));
    apply(&up.changes, &mut view);
    let group = view.group("training").unwrap().unwrap();
    assert_eq!(group.suspended, []);
    assert_eq!(tag(&group.tags, "quarterdeck:night"), None);
}

#[test]
fn the_estates_night_capacity_counts_before_keep() {
    let mut policy = Policy::default();
    policy
        .night_capacity
        .insert("training".to_owned(), NightCapacity { min: 0, desired: 1 });
    let view = seen(&world());
    let plan = |with: &Value| plan_in("gpu.night_down", with, &view, policy.clone()).unwrap();
    assert_eq!(sizes(&plan(&json!({"target": "training"}))), (0, 1, 1));
    assert_eq!(sizes(&plan(&json!({"target": "training", "keep": 2}))), (0, 2, 2));
    // A night is never larger than the day.
    let proposal = night(&json!({"target": "training", "keep": 4}), &world()).unwrap();
    assert_eq!(sizes(&proposal), (2, 2, 2));
}

#[test]
fn work_is_refused_waited_for_or_ended_as_asked() {
    let mut world = world();
    world.probed.insert("i-t2".to_owned(), BUSY);
    let refusal = night(&json!({"target": "training"}), &world).unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::State);
    assert!(
        refusal.reason.contains("i-t2 is busy (card 0: python 11402 MiB"),
        "{refusal}"
    );
    let drained = night(&json!({"target": "training", "busy": "drain"}), &world).unwrap();
    assert_eq!(
        actions(&drained),
        [
            "tags.put",
            "asg.suspend_processes",
            "asg.protect",
            "asg.set_capacity",
            "gpu.await_idle",
            "asg.terminate_instance",
            "asg.set_capacity",
        ]
    );
    assert_eq!(sizes(&drained), (0, 0, 0));
    assert_eq!(drained.changes[5].with["instance"], json!("i-t2"));
    let forced = night(&json!({"target": "training", "busy": "force"}), &world).unwrap();
    assert_eq!(
        actions(&forced),
        ["tags.put", "asg.suspend_processes", "asg.set_capacity"]
    );
    assert!(
        forced.warnings.iter().any(|warning| warning.contains("ENDS")),
        "{forced:?}"
    );
    // With room at night the busy one stays, and nothing ends.
    let kept = night(&json!({"target": "training", "keep": 1}), &world).unwrap();
    assert_eq!(
        actions(&kept),
        [
            "tags.put",
            "asg.suspend_processes",
            "asg.protect",
            "asg.set_capacity",
            "asg.protect",
        ]
    );
    assert_eq!(kept.changes[2].after["protected"], json!(["i-t2"]));
    assert_eq!(kept.changes[4].after["protected"], json!([]));
}

#[test]
fn a_host_that_cannot_be_asked_counts_as_busy() {
    let mut world = world();
    world
        .probed
        .insert("i-t1".to_owned(), "#gpu 9\nNVIDIA-SMI has failed\n#end 0\n");
    let refusal = night(&json!({"target": "training"}), &world).unwrap_err();
    assert!(refusal.reason.contains("i-t1 cannot be asked"), "{refusal}");
    // It cannot be waited for either: it stays.
    let drained = night(&json!({"target": "training", "busy": "drain"}), &world).unwrap();
    assert_eq!(sizes(&drained), (0, 1, 1));
    assert!(
        drained
            .skipped
            .contains(&"i-t1 of training stays: it cannot be asked what it does".to_owned()),
        "{:?}",
        drained.skipped
    );
    // Nobody was asked at all.
    let mut blind = View::default();
    for query in find("gpu.night_down")
        .unwrap()
        .reads(&arguments(&json!({"target": "training"})))
        .unwrap()
    {
        blind.extend(View::new(vec![(query.clone(), Ok(world::read(&world, &query)))]));
    }
    let refusal = plan_in(
        "gpu.night_down",
        &json!({"target": "training"}),
        &blind,
        Policy::default(),
    )
    .unwrap_err();
    assert!(refusal.reason.contains("it was not asked"), "{refusal}");
}

#[test]
fn messages_in_flight_are_work() {
    let mut world = world();
    let policy = Policy {
        work_queues: vec![WorkQueue {
            queue: "jobs".to_owned(),
            feeds: vec!["training".to_owned()],
        }],
        ..Policy::default()
    };
    let with = json!({"target": "training"});
    let plan = |world: &World| plan_in("gpu.night_down", &with, &seen(world), policy.clone());
    assert!(plan(&world).is_ok());
    world.queues[0].visible = 4;
    let waiting = plan(&world).unwrap();
    assert!(
        waiting
            .warnings
            .iter()
            .any(|warning| warning.contains("4 messages of jobs wait")),
        "{waiting:?}"
    );
    world.queues[0].in_flight = 2;
    let refusal = plan(&world).unwrap_err();
    assert!(
        refusal.reason.contains("jobs has 2 messages in flight"),
        "{refusal}"
    );
    world.queues.clear();
    let refusal = plan(&world).unwrap_err();
    assert!(refusal.reason.contains("there is no queue jobs"), "{refusal}");
}

#[test]
fn what_others_run_protect_or_hold_is_left_alone() {
    let owned = night(&json!({"target": "owned"}), &world()).unwrap();
    assert_eq!(owned.changes, []);
    assert_eq!(
        owned.skipped,
        ["owned is run by EKS, which decides about its size"]
    );
    // By a tag of an instance alone, too.
    let mut by_member = world();
    by_member.instances.last_mut().unwrap().tags.push(Tag {
        key: "karpenter.sh/nodepool".to_owned(),
        value: "gpu".to_owned(),
    });
    let skipped = night(&json!({"target": "training"}), &by_member).unwrap();
    assert_eq!(skipped.changes, []);
    assert!(skipped.skipped[0].contains("Karpenter"), "{:?}", skipped.skipped);
    // Protected instances stay, unless forced.
    let mut protected = world();
    group(&mut protected, "training").instances[0].protected = true;
    let stays = night(&json!({"target": "training"}), &protected).unwrap();
    assert_eq!(sizes(&stays), (0, 1, 1));
    assert_eq!(
        stays.skipped,
        ["i-t1 of training stays: it is protected from scale-in"]
    );
    let forced = night(&json!({"target": "training", "busy": "force"}), &protected).unwrap();
    assert_eq!(sizes(&forced), (0, 0, 0));
    assert_eq!(
        actions(&forced),
        [
            "tags.put",
            "asg.suspend_processes",
            "asg.set_capacity",
            "asg.terminate_instance",
            "asg.set_capacity",
        ]
    );
    // What somebody had suspended is neither suspended again nor resumed.
    let mut held = world();
    group(&mut held, "training")
        .suspended
        .push(crate::domain::asg::SuspendedProcess {
            name: "ScheduledActions".to_owned(),
            reason: "User suspended".to_owned(),
        });
    let proposal = night(&json!({"target": "training"}), &held).unwrap();
    let noted = proposal.changes[0].after["tag"].as_str().unwrap();
    assert!(noted.contains(" held=AlarmNotification at="), "{noted}");
    let mut view = seen(&held);
    apply(&proposal.changes, &mut view);
    let up = plan_in(
        "gpu.morning_up",
        &json!({"target": "training"}),
        &view,
        Policy::default(),
    )
    .unwrap();
    apply(&up.changes, &mut view);
    let left: Vec<&str> = view
        .group("training")
        .unwrap()
        .unwrap()
        .suspended
        .iter()
        .map(|known| known.name.as_str())
        .collect();
    assert_eq!(left, ["ScheduledActions"]);
}

#[test]
fn forcing_in_production_asks_for_a_name() {
    let levels = |busy: &str, environment: Environment, world: &World| {
        let policy = Policy {
            environment,
            ..Policy::default()
        };
        let with = json!({"target": "training", "busy": busy});
        let proposal = plan_in("gpu.night_down", &with, &seen(world), policy).unwrap();
        proposal.changes.iter().map(|change| change.floor).max().unwrap()
    };
    let plain = world();
    assert_eq!(levels("refuse", Environment::Prod, &plain), ConfirmLevel::Ack);
    assert_eq!(levels("force", Environment::Dev, &plain), ConfirmLevel::Ack);
    assert_eq!(levels("force", Environment::Prod, &plain), ConfirmLevel::TypeName);
    let mut tagged = world();
    group(&mut tagged, "training").tags = vec![Tag {
        key: "env".to_owned(),
        value: "prod".to_owned(),
    }];
    assert_eq!(
        levels("force", Environment::Unknown, &tagged),
        ConfirmLevel::TypeName
    );
}

#[test]
fn warm_pools_refreshes_and_larger_maxima_are_thought_of() {
    let mut pool = world();
    group(&mut pool, "training").warm_pool = Some(WarmPool {
        state: "Running".to_owned(),
        min: 0,
        max_prepared: Some(3),
        reuse_on_scale_in: false,
        instances: Vec::new(),
    });
    let proposal = night(&json!({"target": "training"}), &pool).unwrap();
    let emptied = proposal
        .changes
        .iter()
        .find(|change| change.action == "asg.set_warm_pool")
        .unwrap();
    assert_eq!(
        (&emptied.before["pool_max"], &emptied.after["pool_max"]),
        (&json!(3), &json!(0))
    );
    // The night is noted with it, and the morning brings back exactly that.
    let mut asleep = seen(&pool);
    apply(&proposal.changes, &mut asleep);
    let down = asleep.group("training").unwrap().unwrap();
    assert!(
        tag(&down.tags, "quarterdeck:night")
            .unwrap()
            .contains(" pool=0/3")
    );
    let again = plan_in(
        "gpu.night_down",
        &json!({"target": "training"}),
        &asleep,
        Policy::default(),
    );
    assert_eq!(again.unwrap().changes, []);
    let up = plan_in(
        "gpu.morning_up",
        &json!({"target": "training"}),
        &asleep,
        Policy::default(),
    )
    .unwrap();
    apply(&up.changes, &mut asleep);
    let awake = asleep.group("training").unwrap().unwrap();
    assert_eq!(awake.warm_pool.as_ref().unwrap().max_prepared, Some(3));
    // A pool that only follows the group's maximum goes down with it.
    group(&mut pool, "training")
        .warm_pool
        .as_mut()
        .unwrap()
        .max_prepared = None;
    let plain = night(&json!({"target": "training"}), &pool).unwrap();
    assert!(!actions(&plain).contains(&"asg.set_warm_pool"));
    let refusal = night(&json!({"target": "refreshing"}), &world()).unwrap_err();
    assert!(
        refusal
            .reason
            .contains("instance refresh of refreshing is under way"),
        "{refusal}"
    );
    // A group at nothing that a policy may raise is held as well; one that cannot grow is left alone.
    let mut asleep = world();
    let training = group(&mut asleep, "training");
    training.instances.clear();
    training.desired = 0;
    let held = night(&json!({"target": "training"}), &asleep).unwrap();
    assert_eq!(sizes(&held), (0, 0, 0));
    group(&mut asleep, "training").max = 0;
    assert_eq!(
        night(&json!({"target": "training"}), &asleep).unwrap().changes,
        []
    );
}

#[test]
fn instances_on_their_own_are_stopped_and_started_again() {
    let mut view = seen(&world());
    let with = json!({"target": "i-alone", "busy": "force"});
    let down = plan_in("gpu.night_down", &with, &view, Policy::default()).unwrap();
    assert_eq!(actions(&down), ["tags.put", "ec2.stop"]);
    apply(&down.changes, &mut view);
    let again = plan_in("gpu.night_down", &with, &view, Policy::default()).unwrap();
    assert_eq!(again.changes, []);
    let up = plan_in(
        "gpu.morning_up",
        &json!({"target": "i-alone"}),
        &view,
        Policy::default(),
    )
    .unwrap();
    assert_eq!(actions(&up), ["ec2.start", "tags.remove"]);
    // What was stopped before the evening stays so in the morning.
    let asleep = plan_in(
        "gpu.morning_up",
        &json!({"target": "i-stopped"}),
        &view,
        Policy::default(),
    )
    .unwrap();
    assert_eq!(asleep.changes, []);
    let refused = night(&json!({"target": "i-alone"}), &world()).unwrap_err();
    assert!(refused.reason.contains("has work: busy"), "{refused}");
    let mut spot = world();
    spot.instances[0].purchase = Purchase::Spot;
    let skipped = night(&json!({"target": "i-alone"}), &spot).unwrap();
    assert!(
        skipped.changes.is_empty() && skipped.skipped[0].contains("Spot"),
        "{skipped:?}"
    );
    let member = night(&json!({"target": "i-t1"}), &world()).unwrap_err();
    assert!(member.reason.contains("name the group"), "{member}");
}

fn morning(world: &World) -> Result<Proposal, Refusal> {
    plan_in(
        "gpu.morning_up",
        &json!({"target": "down"}),
        &seen(world),
        Policy::default(),
    )
}

#[test]
fn the_morning_names_what_changed_and_does_nothing_without_a_note() {
    let mut world = world();
    let down = group(&mut world, "down");
    (down.max, down.desired) = (2, 1);
    down.suspended.retain(|known| known.name != "ScheduledActions");
    let up = morning(&world).unwrap();
    assert_eq!(sizes(&up), (1, 4, 2));
    let said = |part: &str| up.warnings.iter().any(|warning| warning.contains(part));
    assert!(
        said("left min/max/desired 0/0/0: it is at 0/2/1"),
        "{:?}",
        up.warnings
    );
    assert!(
        said("ScheduledActions was suspended in the evening and is not any more"),
        "{:?}",
        up.warnings
    );
    group(&mut world, "down").tags = vec![note("somebody's own")];
    assert_eq!(morning(&world).unwrap_err().kind, RefusalKind::State);
    let bare = group(&mut world, "down");
    bare.tags.clear();
    (bare.max, bare.desired) = (0, 0);
    let nothing = morning(&world).unwrap();
    assert_eq!(nothing.changes, []);
    assert_eq!(nothing.skipped, ["down: nothing was noted in the evening"]);
    assert!(
        nothing.warnings[0].contains("its maximum is 0"),
        "{:?}",
        nothing.warnings
    );
}

#[test]
fn an_estate_that_reaches_into_production_is_not_stopped() {
    let with = json!({"estate": "lab", "part": "groups"});
    let stop = |world: &World, policy: Policy| plan_in("estate.stop", &with, &seen(world), policy);
    let rests = stop(&world(), Policy::default()).unwrap();
    assert_eq!(
        actions(&rests),
        ["tags.put", "asg.suspend_processes", "asg.set_capacity"]
    );
    assert!(
        rests
            .changes
            .iter()
            .all(|change| change.target.name == "training")
    );
    // Whatever has no environment is listed.
    assert!(
        rests
            .skipped
            .iter()
            .any(|why| why.starts_with("workers has no tag")),
        "{:?}",
        rests.skipped
    );
    let mut mixed = world();
    group(&mut mixed, "workers").tags.push(Tag {
        key: "Environment".to_owned(),
        value: "production".to_owned(),
    });
    let refusal = stop(&mixed, Policy::default()).unwrap_err();
    assert!(
        refusal.reason.contains("workers is tagged production"),
        "{refusal}"
    );
    let prod = Policy {
        environment: Environment::Prod,
        ..Policy::default()
    };
    assert!(
        stop(&world(), prod)
            .unwrap_err()
            .reason
            .contains("production estate")
    );
    let elsewhere = json!({"estate": "shop", "part": "groups"});
    let refusal = plan_in("estate.stop", &elsewhere, &seen(&world()), Policy::default()).unwrap_err();
    assert!(refusal.reason.contains("the estate at hand is lab"), "{refusal}");
    // And back.
    let mut view = seen(&world());
    apply(&rests.changes, &mut view);
    let back = plan_in("estate.start", &with, &view, Policy::default()).unwrap();
    assert_eq!(
        actions(&back),
        ["asg.resume_processes", "asg.set_capacity", "tags.remove"]
    );
    assert_eq!(sizes(&back), (0, 5, 2));
}

#[test]
fn a_finished_refresh_is_rolled_back_by_another() {
    let mut world = world();
    let back = |world: &World| {
        plan_in(
            "asg.rollback_refresh",
            &json!({"group": "refreshing"}),
            &seen(world),
            Policy::default(),
        )
    };
    world.refreshes = vec![world::refresh("refreshing", "Successful", Some("7"))];
    assert!(back(&world).unwrap_err().reason.contains("none before it tells"));
    world
        .refreshes
        .push(world::refresh("refreshing", "Successful", Some("5")));
    let proposal = back(&world).unwrap();
    assert_eq!(actions(&proposal), ["asg.start_refresh"]);
    assert_eq!(proposal.changes[0].with["template_version"], json!("5"));
    world.refreshes = vec![world::refresh("refreshing", "InProgress", None)];
    assert!(back(&world).unwrap_err().reason.contains("cannot roll it back"));
    world.refreshes = vec![world::refresh("refreshing", "InProgress", Some("7"))];
    let template = group(&mut world, "refreshing").launch_template.as_mut().unwrap();
    "$Latest".clone_into(&mut template.version);
    assert!(back(&world).unwrap_err().reason.contains("which moves"));
}

#[test]
fn a_mixed_group_is_priced_where_it_is_known_which_instances_go() {
    let cost = |action: &str, protected: bool, with: Value| {
        let mut mixed = world();
        group(&mut mixed, "training").instances[0].protected = protected;
        let first = mixed.instances.iter_mut().find(|host| host.id == "i-t1").unwrap();
        first.purchase = Purchase::Spot;
        let proposal = plan_in(action, &with, &seen(&mixed), Policy::default()).unwrap();
        proposal.changes[0].cost.clone()
    };
    let smaller = json!({"group": "training", "desired": 1});
    let known = cost("asg.set_capacity", true, smaller.clone());
    match &known {
        CostDelta::Known { usd_per_hour, .. } => assert!(*usd_per_hour < UsdPerHour::ZERO, "{known:?}"),
        other => panic!("{other:?}"),
    }
    let named = |id: &str| json!({"group": "training", "instance": id, "even_protected": true});
    assert_eq!(cost("asg.terminate_instance", false, named("i-t2")), known);
    // What Spot costs was not read here, and either may go.
    for (cost, why) in [
        (cost("asg.set_capacity", false, smaller), "in several ways"),
        (cost("asg.terminate_instance", true, named("i-t1")), "(Spot)"),
    ] {
        match cost {
            CostDelta::Unknown(text) => assert!(text.contains(why), "{text}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_a_mixed_policy_adds_is_not_priced_as_its_members_are() {
    let told = |base: u32, types: &[&str]| {
        let mut mixed = world();
        let training = group(&mut mixed, "training");
        training.mix = Some(crate::domain::asg::Mix {
            on_demand_base: base,
            on_demand_percent: Some(0),
        });
        training.instance_types = types.iter().map(|one| (*one).to_owned()).collect();
        let with = json!({"group": "training", "desired": training.desired + 1, "max": 9});
        let proposal = plan_in("asg.set_capacity", &with, &seen(&mixed), Policy::default()).unwrap();
        match &proposal.changes[0].cost {
            CostDelta::Unknown(why) => why.clone(),
            other => format!("{other:?}"),
        }
    };
    // All its members are on demand, and the next one is Spot, whose price was not read.
    assert!(
        told(1, &["g5.xlarge"]).contains("(Spot)"),
        "{}",
        told(1, &["g5.xlarge"])
    );
    let several = told(1, &["g5.xlarge", "g6.xlarge"]);
    assert!(several.contains("g5.xlarge or g6.xlarge"), "{several}");
    assert!(told(9, &["g5.xlarge"]).starts_with("Known"), "still of the base");
}

#[test]
fn a_group_that_is_down_is_of_the_fleet_though_it_names_no_type() {
    let mut view = seen(&world());
    let with = json!({"target": "training"});
    let down = plan_in("gpu.night_down", &with, &view, Policy::default()).unwrap();
    apply(&down.changes, &mut view);
    // One that chooses its instances by their properties lists no types.
    let group = view.group_mut("training").unwrap();
    group.instances.clear();
    group.instance_types.clear();
    let fleet = |view: &View| -> Vec<String> {
        let found = crate::runbook::observe::candidates(Source::GpuFleet, &BTreeMap::new(), view)
            .unwrap()
            .found;
        found.iter().map(ToString::to_string).collect()
    };
    assert!(
        fleet(&view).contains(&"training".to_owned()),
        "{:?}",
        fleet(&view)
    );
    view.group_mut("training").unwrap().tags.clear();
    assert!(!fleet(&view).contains(&"training".to_owned()));
}

#[test]
fn a_morning_whose_price_nobody_knows_has_that_of_the_evening_with_its_day() {
    let mut world = world();
    let down = group(&mut world, "down");
    let text = "v1 was=1/4/2 left=0/0/0 at=2026-11-20T20:00:00Z usd-h=2.0100";
    down.tags = vec![note(text)];
    let cost = |up: &Proposal| {
        let change = up
            .changes
            .iter()
            .find(|change| change.action == "asg.set_capacity");
        change.unwrap().cost.clone()
    };
    let up = morning(&world).unwrap();
    let CostDelta::Known { usd_per_hour, as_of } = cost(&up) else {
        panic!("{:?}", cost(&up));
    };
    assert_eq!(usd_per_hour.per_hour().micros(), 2_010_000);
    assert_eq!(as_of.to_string(), "2026-11-20");
    let said = up.warnings.join("\n");
    assert!(
        said.contains("no instance shows how the group pays for them; it is priced at what the evening of 2026-11-20 noted"),
        "{said}"
    );
    // Another number than the evening's has another price.
    let down = group(&mut world, "down");
    (down.max, down.desired) = (4, 1);
    assert!(matches!(cost(&morning(&world).unwrap()), CostDelta::Unknown(_)));
    let down = group(&mut world, "down");
    (down.max, down.desired) = (0, 0);
    down.tags = vec![note(text.trim_end_matches(" usd-h=2.0100"))];
    assert!(matches!(cost(&morning(&world).unwrap()), CostDelta::Unknown(_)));
}
