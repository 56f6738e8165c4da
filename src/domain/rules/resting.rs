//! `estate.at-rest`: what was stopped on purpose, and what is to be said of what stands in front of it.

use std::collections::BTreeMap;

use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::inventory::Inventory;
use crate::domain::policy::Environment;
use crate::domain::rest;
use crate::domain::rules::draft::Draft;
use crate::domain::rules::{Context, Reach, Rule, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "estate.at-rest",
    kind: Kind::Scope,
    title: "An estate was put to rest",
    what: "Services without tasks, groups of no instance, instances and databases that are stopped, where \
           each has the note of stop-estate. While all that a target group, a load balancer or an alarm stands on \
           rests, findings about customers and capacity there are only good to know: errors are what \
           a closed shop answers.",
    severities: &[(Severity::Info, "something rests")],
    thresholds: &[],
    runbooks: &[rest::WAKE],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let resting = rest::of_scope(context.state);
    if resting.is_empty() {
        return;
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for (kind, _) in &resting {
        *kinds.entry(noun(*kind)).or_default() += 1;
    }
    let what: Vec<String> = kinds
        .into_iter()
        .map(|(noun, count)| words::count(count, noun))
        .collect();
    let since = resting.iter().filter_map(|(_, rest)| rest.since).max();
    let title = match since {
        Some(since) => format!("at rest since {}", words::time_of_day(since, context.zone())),
        None => "at rest".to_owned(),
    };
    let name = context.state.scope.profile_name();
    findings.push(
        RULE.on(context, context.state.name().as_str(), name)
            .hurts(Impact::Cost)
            .since(since)
            .because(format!(
                "{} {} at rest with the note of stop-estate.",
                what.join(", "),
                if resting.len() == 1 { "is" } else { "are" }
            ))
            .because("start-estate brings back what the notes say.")
            .report(Severity::Info, title),
    );
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::EcsService => "service",
        Kind::Asg => "group",
        Kind::Ec2Instance => "instance",
        Kind::RdsCluster => "cluster",
        _ => "database",
    }
}

/// Puts what saves at night into the order in which it can be done. Where nothing has a night size, what runs is
/// in use as far as anybody can tell, and a night down is refused: resting comes first. Production never rests.
pub fn helped(context: &Context<'_>, draft: Draft) -> Draft {
    match context.policy.environment {
        Environment::Prod => draft.not_helped_by(rest::STOP),
        Environment::Dev | Environment::Staging if context.policy.night_capacity.is_empty() => {
            draft.helped_before("gpu-night-down", rest::STOP)
        }
        Environment::Dev | Environment::Staging | Environment::Unknown => draft,
    }
}

/// Makes a finding about customers or capacity good to know where all that it stands on was put to rest.
pub fn soften(inventory: &Inventory, finding: &mut Finding, context: &Context<'_>) {
    let hurts = matches!(finding.impact, Impact::Customer | Impact::Capacity);
    if !hurts || finding.severity == Severity::Info {
        return;
    }
    let Some(rest) = rest::beneath(inventory, &finding.resource) else {
        return;
    };
    finding.severity = Severity::Info;
    finding.runbooks = vec![rest::WAKE.to_owned()];
    let since = rest.since.map_or_else(String::new, |since| {
        format!(" since {}", words::time_of_day(since, context.zone()))
    });
    finding.evidence.insert(
        0,
        format!("What it stands on is at rest{since}, as stop-estate left it."),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cost::Budget;
    use crate::domain::ids::Tag;
    use crate::domain::inventory::Source;
    use crate::domain::metric_catalog::target_group;
    use crate::domain::ops::ReplyData;
    use crate::domain::policy::NightCapacity;
    use crate::domain::rules::sample::{Bench, MAIN, at, service, target_group_arn, target_group_dimension};

    fn bench(desired: u32) -> Bench {
        let mut bench = Bench::new();
        bench.target_group("api-tg", &[]);
        bench.steady(
            target_group::TARGET_5XX.of_both(&target_group_dimension("api-tg"), MAIN),
            146.0,
        );
        let mut api = service("api", 3);
        (api.desired, api.running) = (desired, desired);
        api.target_groups = vec![target_group_arn("api-tg")];
        api.tags = vec![Tag {
            key: rest::STOPPED_TAG.to_owned(),
            value: "v1 tasks=2 at=2026-11-21T02:47:00Z of=shop".to_owned(),
        }];
        bench.services(vec![api]);
        bench
    }

    #[test]
    fn errors_in_front_of_what_rests_are_only_good_to_know() {
        let found = bench(0).evaluate();
        let errors = found.iter().find(|one| one.rule == "alb.5xx").expect("errors");
        assert_eq!(
            (errors.severity, errors.title.as_str()),
            (Severity::Info, "5xx 146/min, limit 10")
        );
        assert_eq!(errors.runbooks, ["start-estate"]);
        assert_eq!(
            errors.evidence[0],
            "What it stands on is at rest since 02:47, as stop-estate left it."
        );
        let rest = found.iter().find(|one| one.rule == RULE.id).expect("the rest");
        assert_eq!(rest.title, "at rest since 02:47");
        assert_eq!(rest.since, Some(at(167)));
        assert_eq!(
            rest.evidence[0],
            "1 service is at rest with the note of stop-estate."
        );
        assert!(
            found.iter().all(|one| one.severity == Severity::Info),
            "{found:?}"
        );
    }

    #[test]
    fn what_saves_at_night_is_offered_in_the_order_in_which_it_can_be_done() {
        let offered = |environment, night: bool| {
            let mut bench = Bench::new();
            bench.policy.environment = environment;
            if night {
                let none = NightCapacity { min: 0, desired: 0 };
                bench.policy.night_capacity.insert("workers".to_owned(), none);
            }
            bench.know(
                Source::Budgets,
                ReplyData::Budgets(vec![Budget {
                    name: "all".to_owned(),
                    limit: Some(100.0),
                    unit: None,
                    period: "MONTHLY".to_owned(),
                    actual: Some(120.0),
                    forecast: None,
                }]),
            );
            bench.evaluate().remove(0).runbooks
        };
        assert_eq!(
            offered(Environment::Dev, false),
            ["stop-estate", "gpu-night-down"]
        );
        assert_eq!(offered(Environment::Dev, true), ["gpu-night-down", "stop-estate"]);
        assert_eq!(offered(Environment::Prod, false), ["gpu-night-down"]);
    }

    #[test]
    fn what_was_woken_is_judged_as_ever() {
        let found = bench(2).evaluate();
        let errors = found.iter().find(|one| one.rule == "alb.5xx").expect("errors");
        assert_eq!(errors.severity, Severity::Crit);
        assert!(found.iter().all(|one| one.rule != RULE.id));
    }
}
