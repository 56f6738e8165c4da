//! CloudFront: errors at the edge, caches that do not help, distributions that are switched off.

use jiff::{SignedDuration, Timestamp};

use crate::domain::distribution::{Distribution, METRIC_REGION};
use crate::domain::elb;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::metric_catalog::{Metric, distribution as metric, load_balancer};
use crate::domain::rules::draft::{Draft, severity};
use crate::domain::rules::{Context, Measured, Reach, Rule, words};

/// Viewers get errors.
pub const ERRORS: Rule = Rule {
    id: "distribution.errors",
    kind: Kind::Distribution,
    title: "Viewers get 5xx from CloudFront",
    what: "The share of a distribution's requests that are answered with 5xx, mean of five minutes, \
           where there are requests enough. Where its origin is a load balancer of the scope, that one's \
           errors are set beside it: errors that the origin does not have come from caches, from the \
           way to it, or from code at the edge. For ten minutes after an invalidation nothing is offered: the \
           mean needs that long to fall.",
    severities: &[
        (Severity::Crit, "at the critical share"),
        (Severity::Warn, "at the warning share"),
    ],
    thresholds: &["cdn_5xx_percent", "cdn_requests_least_per_minute"],
    runbooks: &["cloudfront-invalidate"],
    reach: Reach::Account,
    check: errors,
};

/// Caches hardly help.
pub const HIT_RATE: Rule = Rule {
    id: "distribution.hit-rate",
    kind: Kind::Distribution,
    title: "CloudFront's caches hardly help",
    what: "The share of requests that is answered from a cache, mean of an hour, where there are requests \
           enough. CloudFront tells it only where additional metrics are turned on; without them it is \
           not judged.",
    severities: &[
        (Severity::Crit, "at the critical share"),
        (Severity::Warn, "at the warning share"),
    ],
    thresholds: &["cdn_hit_rate_percent", "cdn_requests_least_per_minute"],
    runbooks: &[],
    reach: Reach::Account,
    check: hit_rate,
};

/// It answers nobody.
pub const DISABLED: Rule = Rule {
    id: "distribution.disabled",
    kind: Kind::Distribution,
    title: "A distribution with names of its own is switched off",
    what: "Distributions that have aliases and are disabled: viewers of these names get an error.",
    severities: &[(Severity::Warn, "it is disabled")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Account,
    check: disabled,
};

/// What is judged at once is the mean of these minutes.
const ERROR_SPAN: SignedDuration = SignedDuration::from_mins(5);
/// Caches fill slowly.
const HIT_SPAN: SignedDuration = SignedDuration::from_hours(1);

fn distributions<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Distribution> {
    context.state.distributions.get().into_iter().flatten()
}

fn measured<'a>(context: &Context<'a>, one: &Distribution, metric: &Metric) -> Option<Measured<'a>> {
    context.metric(metric.of_both(&one.id, METRIC_REGION))
}

/// Requests a minute, if they are enough to judge a share by.
fn requests(context: &Context<'_>, one: &Distribution) -> Option<f64> {
    let requests = measured(context, one, &metric::REQUESTS)?.mean(ERROR_SPAN)?;
    (requests >= context.limits().cdn_requests_least_per_minute).then_some(requests)
}

fn begin(rule: &Rule, context: &Context<'_>, one: &Distribution) -> Draft {
    rule.on(context, &one.arn, one.name())
        .in_scope(context.state.scope.global_name())
}

fn errors(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().cdn_5xx_percent;
    for one in distributions(context) {
        let Some(requests) = requests(context, one) else {
            continue;
        };
        let Some(rate) = measured(context, one, &metric::ERRORS_5XX) else {
            continue;
        };
        let Some((share, breach)) = rate
            .mean(ERROR_SPAN)
            .and_then(|share| Some((share, limit.judge(share)?)))
        else {
            continue;
        };
        let cured = invalidated(context, one);
        let draft = begin(&ERRORS, context, one);
        // Twice in a row helps no more than once.
        let draft = match cured {
            Some(_) => draft.without_runbooks(),
            None => draft,
        };
        let share_told = words::percent(share);
        let title = match cured {
            Some(at) => format!(
                "5xx {share_told}, invalidated {}",
                words::time_of_day(at, context.zone())
            ),
            None => format!("5xx {share_told} at the edge"),
        };
        findings.push(
            draft
                .hurts(Impact::Customer)
                .since(rate.since(|value| limit.judge(value).is_some()))
                .because(format!(
                    "{} of {} requests a minute are answered with 5xx; the limit is {}.",
                    words::percent(share),
                    words::number(requests),
                    words::percent(limit.level(breach))
                ))
                .perhaps_because(origin(context, one))
                .perhaps_because(
                    one.in_progress()
                        .filter(|count| *count > 0)
                        .map(|count| format!("{} in progress.", words::count(count, "invalidation"))),
                )
                .perhaps_because(cured.map(|at| {
                    format!(
                        "It was invalidated at {}. The share is a mean of five minutes that come late, and goes \
                         within ten; what stands longer is not in the caches, or the paths did not cover it.",
                        words::time_of_day(at, context.zone())
                    )
                }))
                .report(severity(breach), title),
        );
    }
}

/// How long the share of errors may still stand after what caused it has left the caches.
const SETTLES: SignedDuration = SignedDuration::from_mins(10);

/// When it was invalidated, if that is so recent that its errors need not be over.
fn invalidated(context: &Context<'_>, one: &Distribution) -> Option<Timestamp> {
    let all = one.invalidations.iter().flatten();
    let newest = all.filter_map(|invalidation| invalidation.created_at).max()?;
    (context.now.duration_since(newest) <= SETTLES).then_some(newest)
}

/// What the load balancer behind the distribution has in errors meanwhile.
fn origin(context: &Context<'_>, one: &Distribution) -> Option<String> {
    let balancers = &context.state.balancing.get()?.load_balancers;
    let balancer = balancers.iter().find(|balancer| {
        let own = balancer.dns_name.as_deref();
        own.is_some_and(|own| {
            one.origins
                .iter()
                .any(|(_, domain)| domain.eq_ignore_ascii_case(own))
        })
    })?;
    let dimension = elb::load_balancer_dimension(&balancer.arn)?;
    context.metric(load_balancer::REQUESTS.of(dimension))?.latest()?;
    let count = |metric: &Metric| {
        let measured = context.metric(metric.of(dimension));
        measured.map_or(0.0, |measured| measured.per_minute())
    };
    let errors = count(&load_balancer::OWN_5XX) + count(&load_balancer::TARGET_5XX);
    let name = words::excerpt(&balancer.name);
    Some(format!(
        "Its origin {name} answers {} with 5xx a minute meanwhile.",
        words::number(errors)
    ))
}

fn hit_rate(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().cdn_hit_rate_percent;
    for one in distributions(context) {
        let Some(requests) = requests(context, one) else {
            continue;
        };
        let rate = measured(context, one, &metric::HIT_RATE).and_then(|rate| rate.mean(HIT_SPAN));
        let Some((share, breach)) = rate.and_then(|share| Some((share, limit.judge(share)?))) else {
            continue;
        };
        findings.push(
            begin(&HIT_RATE, context, one)
                .hurts(Impact::Cost)
                .because(format!(
                    "{} of {} requests a minute come from a cache; the limit is {}. Each other one is \
                     fetched from an origin.",
                    words::percent(share),
                    words::number(requests),
                    words::percent(limit.level(breach))
                ))
                .report(
                    severity(breach),
                    format!("{} from the caches", words::percent(share)),
                ),
        );
    }
}

fn disabled(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let off = distributions(context).filter(|one| one.enabled == Some(false) && !one.aliases.is_empty());
    for one in off {
        findings.push(
            begin(&DISABLED, context, one)
                .hurts(Impact::Customer)
                .because(format!("{} lead here.", words::excerpt(&one.aliases.join(", "))))
                .perhaps_because(
                    one.modified_at
                        .map(|at| format!("It was changed last at {}.", words::moment(at, context.zone()))),
                )
                .report(Severity::Warn, "disabled"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::distribution::InvalidationSummary;
    use crate::domain::elb::{Balancing, LoadBalancer};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn, at};

    fn distribution() -> Distribution {
        Distribution {
            arn: "arn:aws:cloudfront::123456789012:distribution/E1".to_owned(),
            id: "E1".to_owned(),
            domain_name: "d1.cloudfront.net".to_owned(),
            comment: None,
            aliases: vec!["shop.example.com".to_owned()],
            status: "Deployed".to_owned(),
            enabled: Some(true),
            origins: vec![("alb".to_owned(), "main-1.elb.amazonaws.com".to_owned())],
            certificate: None,
            price_class: None,
            modified_at: None,
            invalidations: Some(Vec::new()),
        }
    }

    fn bench(rate: f64, requests: f64) -> Bench {
        let mut bench = Bench::new();
        bench.know(
            Source::Distributions,
            ReplyData::Distributions(vec![distribution()]),
        );
        bench.steady(metric::REQUESTS.of_both("E1", METRIC_REGION), requests);
        bench.steady(metric::ERRORS_5XX.of_both("E1", METRIC_REGION), rate);
        bench
    }

    #[test]
    fn errors_at_the_edge_are_set_beside_those_of_the_origin() {
        let mut bench = bench(7.5, 400.0);
        let balancer = LoadBalancer {
            arn: arn("elasticloadbalancing", "loadbalancer/app/main/1"),
            name: "main".to_owned(),
            form: "application".to_owned(),
            state: "active".to_owned(),
            dns_name: Some("Main-1.elb.amazonaws.com".to_owned()),
            scheme: None,
            created_at: None,
        };
        bench.know(
            Source::Balancing,
            ReplyData::Balancing(Balancing {
                load_balancers: vec![balancer],
                target_groups: Vec::new(),
            }),
        );
        bench.steady(load_balancer::REQUESTS.of("app/main/1"), 300.0);
        let findings = bench.check(&ERRORS);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (
                findings[0].severity,
                findings[0].title.as_str(),
                findings[0].name.as_str()
            ),
            (Severity::Crit, "5xx 7.5% at the edge", "shop.example.com")
        );
        assert_eq!(
            findings[0].evidence,
            [
                "7.5% of 400 requests a minute are answered with 5xx; the limit is 5%.",
                "Its origin main answers 0 with 5xx a minute meanwhile.",
            ]
        );
        assert_eq!(findings[0].runbooks, ["cloudfront-invalidate"]);
    }

    #[test]
    fn what_was_just_invalidated_is_not_to_be_invalidated_again() {
        let mut bench = bench(7.5, 400.0);
        let mut cured = distribution();
        cured.invalidations = Some(vec![InvalidationSummary {
            id: "I1".to_owned(),
            status: "Completed".to_owned(),
            created_at: Some(at(176)),
        }]);
        bench.know(Source::Distributions, ReplyData::Distributions(vec![cured]));
        let finding = bench.check(&ERRORS).remove(0);
        assert_eq!(finding.title, "5xx 7.5%, invalidated 02:56");
        assert_eq!(finding.runbooks, [""; 0]);
        assert!(
            finding.evidence[1].starts_with("It was invalidated at 02:56."),
            "{finding:?}"
        );
        // Ten minutes later it did not help.
        bench.now = at(187);
        bench.steady(metric::REQUESTS.of_both("E1", METRIC_REGION), 400.0);
        bench.steady(metric::ERRORS_5XX.of_both("E1", METRIC_REGION), 7.5);
        let finding = bench.check(&ERRORS).remove(0);
        assert_eq!(finding.title, "5xx 7.5% at the edge");
        assert_eq!(finding.runbooks, ["cloudfront-invalidate"]);
    }

    #[test]
    fn few_requests_few_errors_and_what_was_not_read_are_silent() {
        assert_eq!(bench(50.0, 3.0).check(&ERRORS), []);
        assert_eq!(bench(0.2, 400.0).check(&ERRORS), []);
        assert_eq!(
            bench(0.2, 400.0).check(&HIT_RATE),
            [],
            "additional metrics are off"
        );
        assert_eq!(bench(0.2, 400.0).check(&DISABLED), []);
        for rule in [&ERRORS, &HIT_RATE, &DISABLED] {
            assert_eq!(Bench::new().check(rule), [], "{}", rule.id);
        }
    }

    #[test]
    fn caches_that_hardly_help_and_names_that_lead_nowhere_are_told() {
        let mut bench = bench(0.0, 400.0);
        bench.steady(metric::HIT_RATE.of_both("E1", METRIC_REGION), 34.0);
        let findings = bench.check(&HIT_RATE);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Warn, "34% from the caches")
        );
        let mut off = distribution();
        off.enabled = Some(false);
        bench.know(Source::Distributions, ReplyData::Distributions(vec![off]));
        let findings = bench.check(&DISABLED);
        assert_eq!(findings[0].evidence, ["shop.example.com lead here."]);
    }
}
