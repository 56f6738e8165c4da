//! `saving.spot`: GPU groups on demand whose types are much cheaper on Spot.

use crate::domain::ec2::{Instance, Purchase};
use crate::domain::gpu::vendor_of;
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::price::PriceTable;
use crate::domain::rules::draft::Draft;
use crate::domain::rules::saving::{report, spot_prices};
use crate::domain::rules::{Context, Reach, Rule, words};
use crate::domain::units::UsdPerHour;

/// The rule.
pub const RULE: Rule = Rule {
    id: "saving.spot",
    kind: Kind::Asg,
    title: "GPU workers on demand that could be on Spot",
    what: "Running on-demand instances of GPU groups, and outside production GPU instances of no group, against \
           the highest Spot price of their type in the region now. Spot is taken back with two minutes' notice: \
           for work that can begin again.",
    severities: &[(Severity::Info, "always")],
    thresholds: &["saving_usd"],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let instances = context.state.instances.get();
    let on_demand: Vec<&Instance> = instances
        .into_iter()
        .flatten()
        .filter(|one| one.is_running() && one.purchase == Purchase::OnDemand)
        .filter(|one| vendor_of(&one.instance_type).is_some())
        .collect();
    for group in context.state.groups.get().into_iter().flatten() {
        let members: Vec<&Instance> = on_demand
            .iter()
            .copied()
            .filter(|one| one.group() == Some(&group.name))
            .collect();
        let draft = RULE.on(context, &group.arn, &group.name);
        findings.extend(on_spot(
            context,
            draft,
            &members,
            "on Spot, if they ran all month",
        ));
    }
    for one in on_demand.into_iter().filter(|one| one.group().is_none()) {
        let name = one.name.as_deref().unwrap_or(&one.id);
        if context.is_prod_resource(name, &one.tags) || one.foreign_owner().is_some() {
            continue;
        }
        let draft = RULE
            .on(context, &one.id, name)
            .of_kind(Kind::Ec2Instance)
            .because("It has to be launched anew for that, and nothing replaces it when it is taken back.");
        findings.extend(on_spot(context, draft, &[one], "on Spot, if it ran all month"));
    }
}

fn on_spot(context: &Context<'_>, draft: Draft, members: &[&Instance], how: &str) -> Option<Finding> {
    let spot = spot_prices(context);
    let region = context.state.scope.region.as_str();
    let first = members.first()?;
    let saved = |one: &&Instance| -> Option<UsdPerHour> {
        let listed = PriceTable::shipped().ec2(region, &one.instance_type)?.value;
        let bid = spot.get(region, &one.instance_type, None)?.value;
        Some(if bid < listed {
            listed - bid
        } else {
            UsdPerHour::ZERO
        })
    };
    let rate: Option<UsdPerHour> = members.iter().map(saved).sum();
    let price = spot.get(region, &first.instance_type, None);
    let draft = draft
        .because(format!(
            "{} on demand; {} costs {} on Spot now, and {} on demand.",
            words::count(members.len(), "instance"),
            first.instance_type,
            price.map_or_else(|| "an unknown price".to_owned(), |price| price.value.to_string()),
            PriceTable::shipped()
                .ec2(region, &first.instance_type)
                .map_or_else(|| "an unknown price".to_owned(), |price| price.value.to_string())
        ))
        .because("AWS takes Spot instances back with two minutes' notice.");
    let month = rate.map(UsdPerHour::per_month);
    report(context, draft, month, how)
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::ec2::SpotPrice;
    use crate::domain::ids::Tag;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::policy::Environment;
    use crate::domain::rules::sample::{Bench, at, group, instance};

    fn bench(instance_type: &str, purchase: Purchase) -> Bench {
        let mut bench = Bench::new();
        bench.know(Source::Groups, ReplyData::Groups(vec![group("workers", 1)]));
        let mut one = instance("i-1", instance_type);
        one.purchase = purchase;
        one.tags = vec![Tag {
            key: "aws:autoscaling:groupName".to_owned(),
            value: "workers".to_owned(),
        }];
        bench.know(Source::Instances, ReplyData::Instances(vec![one]));
        bench
    }

    #[test]
    fn the_difference_for_a_month() {
        let mut bench = bench("g5.xlarge", Purchase::OnDemand);
        let unknown = bench.check(&RULE);
        assert_eq!(unknown[0].saves, None);
        bench.know(
            Source::SpotPrices,
            ReplyData::SpotPrices(vec![SpotPrice {
                instance_type: "g5.xlarge".to_owned(),
                zone: "ap-northeast-2a".to_owned(),
                usd_per_hour: 0.437,
                at: at(0),
            }]),
        );
        // 1.237 − 0.437 = 0.8 an hour.
        assert_eq!(
            bench.check(&RULE)[0].title,
            "$584.00 a month: on Spot, if they ran all month"
        );
    }

    #[test]
    fn a_server_of_no_group_counts_outside_production() {
        let mut bench = Bench::new();
        bench.know(
            Source::Instances,
            ReplyData::Instances(vec![instance("i-1", "g5.xlarge")]),
        );
        bench.policy.environment = Environment::Dev;
        let finding = bench.check(&RULE).remove(0);
        assert_eq!(
            (finding.resource.kind, finding.saves, finding.title.as_str()),
            (
                Kind::Ec2Instance,
                None,
                "amount not known: on Spot, if it ran all month"
            )
        );
        bench.policy.environment = Environment::Prod;
        assert_eq!(bench.check(&RULE), []);
    }

    #[test]
    fn spot_itself_and_other_types_are_silent() {
        assert_eq!(bench("g5.xlarge", Purchase::Spot).check(&RULE), []);
        assert_eq!(bench("m6i.large", Purchase::OnDemand).check(&RULE), []);
    }
}
