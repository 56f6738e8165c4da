//! `saving.idle-balancer`: load balancers with nothing behind them.

use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::price::{LoadBalancerKind, PriceTable};
use crate::domain::rules::saving::report;
use crate::domain::rules::{Context, Reach, Rule};
use crate::domain::units::UsdPerHour;

/// The rule.
pub const RULE: Rule = Rule {
    id: "saving.idle-balancer",
    kind: Kind::LoadBalancer,
    title: "A load balancer with nothing behind it",
    what: "Active load balancers of which no target group has a target registered, and what their hours \
           cost. One that only redirects looks the same: check its rules before deleting it.",
    severities: &[(Severity::Info, "always")],
    thresholds: &["saving_usd"],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(balancing) = context.state.balancing.get() else {
        return;
    };
    for balancer in &balancing.load_balancers {
        let mut groups = balancing
            .target_groups
            .iter()
            .filter(|group| group.load_balancers.contains(&balancer.arn));
        // A group whose targets were not read may have some.
        let is_empty = groups.all(|group| group.targets.as_ref().is_some_and(Vec::is_empty));
        if !is_empty || balancer.state != "active" {
            continue;
        }
        let price = LoadBalancerKind::from_api(&balancer.form)
            .and_then(|kind| PriceTable::shipped().load_balancer(&context.state.scope.region, kind));
        let month = price.map(|price| UsdPerHour::per_month(price.value));
        let draft = RULE
            .on(context, &balancer.arn, &balancer.name)
            .because("No target group of it has a target registered.");
        findings.extend(report(context, draft, month, "without it"));
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::elb::Balancing;
    use crate::domain::rules::sample::{Bench, load_balancer};

    #[test]
    fn nothing_registered_is_said_and_something_is_not() {
        let mut bench = Bench::new();
        bench.balancing(Balancing {
            load_balancers: vec![load_balancer("old")],
            target_groups: Vec::new(),
        });
        assert_eq!(bench.check(&RULE)[0].title, "$16.43 a month: without it");
        let mut used = Bench::new();
        used.target_group("api", &[("10.0.0.1", "healthy")]);
        assert_eq!(used.check(&RULE), []);
    }
}
