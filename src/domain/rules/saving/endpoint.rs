//! `saving.idle-endpoint`: what a month of a SageMaker endpoint costs that serves nobody.

use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::saving::report;
use crate::domain::rules::{Context, Reach, Rule, sagemaker};

/// The rule.
pub const RULE: Rule = Rule {
    id: "saving.idle-endpoint",
    kind: Kind::SagemakerEndpoint,
    title: "A month of an endpoint that serves nobody",
    what: "Endpoints that `sagemaker.endpoint-idle` is about, and what a month of their instances costs at \
           list price.",
    severities: &[(Severity::Info, "always")],
    thresholds: &["saving_usd", "sagemaker_idle_h"],
    runbooks: &["sagemaker-stop-idle"],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut idle = Vec::new();
    (sagemaker::idle::ENDPOINT.check)(context, &mut idle);
    for one in idle {
        let draft = RULE
            .on(context, &one.resource.id, &one.name)
            .since(one.since)
            .because(one.evidence.join(" "));
        findings.extend(report(context, draft, one.saves, "without the endpoint"));
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::metric_catalog::endpoint as metric;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::Bench;
    use crate::domain::sagemaker::sample::endpoint;

    #[test]
    fn an_idle_endpoint_saves_the_month_that_it_costs() {
        let mut bench = Bench::new();
        let render = endpoint("render");
        bench.metric(metric::INVOCATIONS.of_both("render", "AllTraffic"), 300, &[]);
        bench.know(Source::Endpoints, ReplyData::Endpoints(vec![render]));
        let found = bench.check(&RULE);
        let idle = bench.check(&sagemaker::idle::ENDPOINT);
        assert_eq!(found.len(), 1);
        assert!(found[0].saves.is_some());
        assert_eq!(found[0].saves, idle[0].saves);
        assert!(
            found[0].title.ends_with("a month: without the endpoint"),
            "{}",
            found[0].title
        );
        assert_eq!(Bench::new().check(&RULE), []);
    }
}
