//! `saving.night-scale-down`: what runs at night and at weekends although nobody works.

use crate::domain::asg::Group;
use crate::domain::datastore::DbInstance;
use crate::domain::ec2::Instance;
use crate::domain::ecs::{Service, TaskDefinition};
use crate::domain::gpu::vendor_of;
use crate::domain::health::Finding;
use crate::domain::ids::{Kind, Tag};
use crate::domain::policy::Environment;
use crate::domain::price::{DbEngine, Deployment, FargateSize, PriceTable, SpotPrices};
use crate::domain::rules::resting::helped;
use crate::domain::rules::saving::{report, share_off, spot_prices};
use crate::domain::rules::{Context, Reach, Rule, non_production, words};
use crate::domain::units::UsdPerHour;

/// The rule.
pub const RULE: Rule = Rule {
    id: "saving.night-scale-down",
    kind: Kind::Asg,
    title: "Nights and weekends could be smaller",
    what: "Groups that have a night size in the estate file, unless schedules of their own take them down to \
           it; outside production also GPU groups and GPU instances of no group, down to none; and Fargate services of \
           two tasks and more, down to one. In an estate of development or staging what a tag (`Environment`, `Env`, \
            `Stage`) calls that rests altogether, as `stop-estate` puts it to rest: Fargate services, and \
            databases, whose storage is billed on. The hours are those outside the estate's business hours; \
           without business hours the amount is not known. Instances at list or Spot price. A group that a \
           node group of EKS owns is made smaller through that.",
    severities: &[(crate::domain::health::Severity::Info, "always")],
    thresholds: &["saving_usd"],
    runbooks: &["gpu-night-down", "eks-scale-nodegroup", "asg-scale", STOP_ESTATE],
    reach: Reach::Scope,
    check,
};

/// The runbooks that make groups and instances smaller.
const SMALLER: &[&str] = &["gpu-night-down", "eks-scale-nodegroup"];
/// The runbook that puts an estate to rest.
const STOP_ESTATE: &str = "stop-estate";

/// Whether something is `stop-estate`'s to stop: the estate is not production, and a tag says so of the thing.
fn may_rest(context: &Context<'_>, tags: &[Tag]) -> bool {
    let of_estate = matches!(
        context.policy.environment,
        Environment::Dev | Environment::Staging
    );
    of_estate && non_production::says_so("", tags)
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let spot = spot_prices(context);
    for group in context.state.groups.get().into_iter().flatten() {
        findings.extend(of_group(context, &spot, group));
    }
    for instance in running(context).filter(|instance| instance.group().is_none()) {
        findings.extend(of_instance(context, &spot, instance));
    }
    for service in context
        .state
        .ecs
        .get()
        .into_iter()
        .flat_map(|fleet| &fleet.services)
    {
        findings.extend(of_service(context, service));
    }
    for database in context.state.db_instances.get().into_iter().flatten() {
        findings.extend(of_database(context, database));
    }
}

fn of_group(context: &Context<'_>, spot: &SpotPrices, group: &Group) -> Option<Finding> {
    let members: Vec<&Instance> = running(context)
        .filter(|instance| instance.group() == Some(&group.name))
        .collect();
    let is_gpu = members
        .iter()
        .any(|member| vendor_of(&member.instance_type).is_some());
    let night = match context.policy.night_capacity.get(&group.name) {
        Some(night) => night.desired,
        // Nobody has said so, but outside production a card at night is for nobody.
        None if is_gpu && !context.is_prod_resource(&group.name, &group.tags) => 0,
        None => return None,
    };
    let running = u32::try_from(members.len()).unwrap_or(u32::MAX);
    // A group that shrinks by itself in the evening does so already, as far as that goes.
    let by_itself = scheduled_night(group);
    let stays = by_itself.map_or(running, |size| size.min(running));
    let away = stays.checked_sub(night).filter(|away| *away > 0)?;
    // Which of them go is the group's choice: the mean of their prices.
    let priced: Option<Vec<UsdPerHour>> = members
        .iter()
        .map(|member| price(context, spot, member))
        .collect();
    let rate = priced.map(|prices| {
        let all: UsdPerHour = prices.iter().copied().sum();
        all.scale(u64::from(away), prices.len() as u64)
    });
    let month = rate
        .zip(share_off(context))
        .map(|(rate, share)| rate.per_month_for(share));
    let draft = RULE
        .on(context, &group.arn, &group.name)
        .helped_by(SMALLER)
        .because(format!(
            "{} of {stays} would not run outside business hours; the night size is {night}.",
            words::count(away as usize, "instance"),
        ))
        .perhaps_because(by_itself.map(|size| {
            format!("The group's own schedules take it down to {size}, not to {night}: change what they set.")
        }))
        .because(hours(context));
    // The night of GPU groups notes what it takes down; of others the size is set, and a schedule brings it back.
    let draft = if is_gpu {
        draft
    } else {
        draft.helped_by(&["asg-scale", "eks-scale-nodegroup"])
    };
    report(
        context,
        draft,
        month,
        &format!("{night} instead of {stays} at night"),
    )
}

/// The least that the schedules of a group set, where at least two of them move it down and up.
fn scheduled_night(group: &Group) -> Option<u32> {
    let schedules = &group.scheduled_actions;
    let sizes = schedules.iter().filter_map(|action| {
        // What stands in the schedule is the size unless a policy moves it, down to the least that it allows.
        let size = action.desired.or(action.min)?;
        Some(action.max.map_or(size, |max| size.min(max)))
    });
    sizes.min().filter(|_| schedules.len() >= 2)
}

fn of_instance(context: &Context<'_>, spot: &SpotPrices, instance: &Instance) -> Option<Finding> {
    vendor_of(&instance.instance_type)?;
    let name = instance.name.as_deref().unwrap_or(&instance.id);
    if context.is_prod_resource(name, &instance.tags) || instance.foreign_owner().is_some() {
        return None;
    }
    let month = price(context, spot, instance)
        .zip(share_off(context))
        .map(|(rate, share)| rate.per_month_for(share));
    let draft = RULE
        .on(context, &instance.id, name)
        .of_kind(Kind::Ec2Instance)
        .helped_by(SMALLER)
        .because(format!(
            "One {} that is not production would not run outside business hours.",
            instance.instance_type
        ))
        .because(hours(context));
    // What runs on it is not looked at here, and keeps a night down away.
    report(context, helped(context, draft), month, "stopped at night")
}

fn of_service(context: &Context<'_>, service: &Service) -> Option<Finding> {
    let is_fargate = service.capacity.iter().any(|one| one == "FARGATE");
    let rests = may_rest(context, &service.tags);
    let stay = u32::from(!rests);
    if service.desired <= stay || !is_fargate {
        return None;
    }
    let share = share_off(context)?;
    let definitions = context.state.task_definitions.get();
    let definition = definitions
        .into_iter()
        .flatten()
        .find(|definition: &&TaskDefinition| {
            format!("{}:{}", definition.family, definition.revision) == service.task_definition
        })?;
    let (arch, size) = FargateSize::of(definition)?;
    let task = PriceTable::shipped().fargate(&context.state.scope.region, arch, size);
    let away = service.desired - stay;
    let month = task
        .as_ref()
        .map(|task| (task.value * u64::from(away)).per_month_for(share));
    let spare = if rests {
        ""
    } else {
        "; the one that stays has no spare"
    };
    let draft = RULE
        .on(context, &service.arn, &service.name)
        .of_kind(Kind::EcsService)
        .helped_by(if rests { &[STOP_ESTATE] } else { &[] })
        .because(format!(
            "{} would not run outside business hours{spare}.",
            words::count(away as usize, "task")
        ))
        .perhaps_because(
            task.map(|task| format!("A task costs {} (prices of {}).", task.value, task.as_of())),
        )
        .because(hours(context));
    let left = if rests { "no task" } else { "1 task" };
    report(
        context,
        draft,
        month,
        &format!("{left} instead of {} at night", service.desired),
    )
}

/// An instance of no cluster that `stop-estate` would stop: members of Aurora go with their cluster.
fn of_database(context: &Context<'_>, db: &DbInstance) -> Option<Finding> {
    let share = share_off(context)?;
    if db.status != "available" || db.cluster.is_some() || !may_rest(context, &db.tags) {
        return None;
    }
    let engine = DbEngine::from_api(&db.engine, db.storage_type.as_deref())?;
    let price = PriceTable::shipped().rds(
        &context.state.scope.region,
        &db.class,
        engine,
        Deployment::of(db.multi_az),
    );
    let month = price.as_ref().map(|price| price.value.per_month_for(share));
    let draft = RULE
        .on(context, &db.arn, &db.name)
        .of_kind(Kind::RdsInstance)
        .helped_by(&[STOP_ESTATE])
        .because("It would be stopped outside business hours; its storage is billed on.".to_owned())
        .perhaps_because(price.map(|price| {
            format!(
                "{} costs {} (prices of {}).",
                db.class,
                price.value,
                price.as_of()
            )
        }))
        .because(hours(context));
    report(context, draft, month, "stopped at night")
}

fn hours(context: &Context<'_>) -> String {
    match share_off(context) {
        Some(share) => format!(
            "{} of the week's hours lie outside the estate's business hours.",
            words::percent(100.0 * share)
        ),
        None => "The estate file has no business_hours, so that the hours are not known.".to_owned(),
    }
}

fn running<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Instance> {
    let instances = context.state.instances.get().into_iter().flatten();
    instances.filter(|instance| instance.is_running())
}

fn price(context: &Context<'_>, spot: &SpotPrices, instance: &Instance) -> Option<UsdPerHour> {
    let price = PriceTable::shipped().instance(&context.state.scope.region, instance, spot);
    price.map(|price| price.value)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::asg::ScheduledAction;
    use crate::domain::ids::Tag;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::policy::{BusinessHours, NightCapacity, Policy};
    use crate::domain::rules::sample::{
        Bench, db, group, instance, office_hours, prod, service, task_definition,
    };

    fn office() -> Option<BusinessHours> {
        Some(office_hours())
    }

    fn bench(members: usize) -> Bench {
        let mut bench = Bench::new();
        bench.know(Source::Groups, ReplyData::Groups(vec![group("workers", 2)]));
        let instances = (0..members)
            .map(|at| {
                let mut one = instance(&format!("i-{at}"), "g5.xlarge");
                one.tags = vec![Tag {
                    key: "aws:autoscaling:groupName".to_owned(),
                    value: "workers".to_owned(),
                }];
                one
            })
            .collect();
        bench.know(Source::Instances, ReplyData::Instances(instances));
        bench
    }

    fn prod_with_night() -> Policy {
        let mut policy = Policy {
            business_hours: office(),
            ..prod()
        };
        policy
            .night_capacity
            .insert("workers".to_owned(), NightCapacity { min: 1, desired: 1 });
        policy
    }

    #[test]
    fn the_hours_outside_work_of_what_would_not_run() {
        let findings = bench(3).with_policy(prod_with_night()).check(&RULE);
        // 2 × 1.237 USD for 123 of 168 hours of 730.
        let expected = 2.0 * 1.237 * 730.0 * 123.0 / 168.0;
        let saved = findings[0].saves.unwrap().as_f64();
        assert!((saved - expected).abs() < 0.02, "{saved} {expected}");
        assert_eq!(findings[0].title, "$1,322.26 a month: 1 instead of 3 at night");
        let saving = |bench: &Bench| {
            let mut all = bench.evaluate().into_iter();
            all.find(|finding| finding.rule == RULE.id).expect("it saves")
        };
        let mut bench = bench(3);
        bench.with_policy(prod_with_night());
        assert_eq!(saving(&bench).runbooks, ["gpu-night-down"]);
        // What EKS owns is not gpu-night-down's to touch.
        let mut nodes = group("workers", 2);
        nodes.tags = vec![Tag {
            key: "eks:nodegroup-name".to_owned(),
            value: "gpu".to_owned(),
        }];
        bench.know(Source::Groups, ReplyData::Groups(vec![nodes]));
        assert_eq!(saving(&bench).runbooks, ["eks-scale-nodegroup"]);
    }

    #[test]
    fn an_estate_of_development_rests_altogether() {
        let dev = vec![Tag {
            key: "Environment".to_owned(),
            value: "dev".to_owned(),
        }];
        let mut bench = Bench::new();
        let mut api = service("api", 7);
        (api.desired, api.tags) = (1, dev.clone());
        api.capacity = vec!["FARGATE".to_owned()];
        let untagged = db("bare");
        let mut own = db("own");
        own.tags = dev;
        bench.know(Source::DbInstances, ReplyData::DbInstances(vec![untagged, own]));
        let (family, revision) = api.task_definition.split_once(':').unwrap();
        let definition = TaskDefinition {
            cpu_units: Some(1024),
            memory_mib: Some(2048),
            ..task_definition(family, revision.parse().unwrap())
        };
        bench.services(vec![api]);
        bench.know(
            Source::TaskDefinitions,
            ReplyData::TaskDefinitions(vec![definition]),
        );
        let policy = |environment| Policy {
            environment,
            business_hours: office(),
            ..Policy::default()
        };
        let told: Vec<(String, Vec<String>)> = bench
            .with_policy(policy(Environment::Dev))
            .check(&RULE)
            .into_iter()
            .map(|one| (format!("{} {}", one.name, one.title), one.runbooks))
            .collect();
        let ends: Vec<&str> = told
            .iter()
            .map(|(said, runbooks)| {
                assert_eq!(*runbooks, ["stop-estate"], "{said}");
                said.rsplit_once(": ").map_or(said.as_str(), |(_, end)| end)
            })
            .collect();
        assert_eq!(ends, ["no task instead of 1 at night", "stopped at night"]);
        assert_eq!(bench.with_policy(policy(Environment::Prod)).check(&RULE), []);
    }

    #[test]
    fn a_schedule_a_small_group_and_production_without_a_night_size_are_silent() {
        let mut scheduled = group("workers", 2);
        scheduled.scheduled_actions = ["down", "up"]
            .map(|name| ScheduledAction {
                name: name.to_owned(),
                recurrence: Some("0 22 * * *".to_owned()),
                time_zone: None,
                start: None,
                min: None,
                max: None,
                desired: Some(1),
            })
            .into();
        let mut by_itself = bench(3);
        by_itself.know(Source::Groups, ReplyData::Groups(vec![scheduled]));
        assert_eq!(by_itself.with_policy(prod_with_night()).check(&RULE), []);
        assert_eq!(bench(1).with_policy(prod_with_night()).check(&RULE), []);
        assert_eq!(bench(3).with_policy(prod()).check(&RULE), []);
    }

    #[test]
    fn without_business_hours_the_amount_is_not_known() {
        let findings = bench(2).with_policy(Policy::default()).check(&RULE);
        assert_eq!(findings[0].saves, None);
        assert_eq!(findings[0].title, "amount not known: 0 instead of 2 at night");
    }

    #[test]
    fn a_service_keeps_one_task() {
        let mut bench = Bench::new();
        let mut api = service("api", 7);
        api.desired = 3;
        api.capacity = vec!["FARGATE".to_owned()];
        let (family, revision) = api.task_definition.split_once(':').unwrap();
        let definition = TaskDefinition {
            cpu_units: Some(1024),
            memory_mib: Some(2048),
            ..task_definition(family, revision.parse().unwrap())
        };
        bench.services(vec![api]);
        bench.know(
            Source::TaskDefinitions,
            ReplyData::TaskDefinitions(vec![definition]),
        );
        let policy = Policy {
            business_hours: office(),
            ..prod()
        };
        let findings = bench.with_policy(policy).check(&RULE);
        assert_eq!(findings[0].title, "$60.69 a month: 1 task instead of 3 at night");
    }
}
