//! Load balancers that do not work, and doors that let plain HTTP in.

use crate::domain::elb::LoadBalancer;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::{Context, Reach, Rule, words};

/// It does not work.
pub const NOT_ACTIVE: Rule = Rule {
    id: "alb.not-active",
    kind: Kind::LoadBalancer,
    title: "A load balancer does not work as it should",
    what: "Load balancers of all forms in the states failed and active_impaired.",
    severities: &[
        (Severity::Crit, "it has failed"),
        (Severity::Warn, "it cannot get the capacity that it needs"),
    ],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: not_active,
};

/// Plain HTTP is served though there is HTTPS.
pub const PLAIN_HTTP: Rule = Rule {
    id: "alb.plain-http",
    kind: Kind::LoadBalancer,
    title: "Plain HTTP is not sent on to HTTPS",
    what: "Application Load Balancers that face the internet and have an HTTPS listener, and beside it an \
           HTTP listener whose default action is to forward. Rules of the listener may still redirect \
           what matters: they are not read.",
    severities: &[(Severity::Info, "the HTTP listener forwards")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: plain_http,
};

fn all<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a LoadBalancer> {
    let balancing = context.state.balancing.get();
    balancing
        .into_iter()
        .flat_map(|balancing| &balancing.load_balancers)
}

fn not_active(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for one in all(context) {
        let grade = match one.state.as_str() {
            "failed" => Severity::Crit,
            "active_impaired" => Severity::Warn,
            _ => continue,
        };
        findings.push(
            NOT_ACTIVE
                .on(context, &one.arn, &one.name)
                .hurts(Impact::Customer)
                .because(format!("It is {}.", one.state))
                .report(grade, one.state.replace('_', " ")),
        );
    }
}

fn plain_http(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(listeners) = context.state.listeners.get() else {
        return;
    };
    for one in all(context).filter(|one| one.scheme.as_deref() == Some("internet-facing")) {
        let own = || {
            listeners
                .iter()
                .filter(|listener| listener.load_balancer == one.arn)
        };
        let is_secure = own().any(|listener| listener.protocol.as_deref() == Some("HTTPS"));
        let plain: Vec<String> = own()
            .filter(|listener| {
                listener.protocol.as_deref() == Some("HTTP")
                    && listener.default_action.as_deref() == Some("forward")
            })
            .map(crate::domain::elb::Listener::door)
            .collect();
        if !is_secure || plain.is_empty() {
            continue;
        }
        let doors = words::excerpt(&plain.join(", "));
        findings.push(
            PLAIN_HTTP
                .on(context, &one.arn, &one.name)
                .because(format!(
                    "{doors} forwards what no rule of it matches, though there is HTTPS."
                ))
                .report(Severity::Info, format!("{doors} is not redirected")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::elb::{Balancing, Listener};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn};

    fn bench(state: &str, listeners: &[(&str, u16, &str)]) -> Bench {
        let balancer = LoadBalancer {
            arn: arn("elasticloadbalancing", "loadbalancer/app/main/1"),
            name: "main".to_owned(),
            form: "application".to_owned(),
            state: state.to_owned(),
            dns_name: None,
            scheme: Some("internet-facing".to_owned()),
            created_at: None,
        };
        let listeners = listeners
            .iter()
            .map(|(protocol, port, action)| Listener {
                arn: format!("{}/{port}", balancer.arn),
                load_balancer: balancer.arn.clone(),
                protocol: Some((*protocol).to_owned()),
                port: Some(*port),
                default_action: Some((*action).to_owned()),
                certificates: Vec::new(),
            })
            .collect();
        let mut bench = Bench::new();
        bench.know(
            Source::Balancing,
            ReplyData::Balancing(Balancing {
                load_balancers: vec![balancer],
                target_groups: Vec::new(),
            }),
        );
        bench.know(Source::Listeners, ReplyData::Listeners(listeners));
        bench
    }

    #[test]
    fn plain_http_beside_https_is_told() {
        let findings =
            bench("active", &[("HTTP", 80, "forward"), ("HTTPS", 443, "forward")]).check(&PLAIN_HTTP);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].title, "HTTP:80 is not redirected");
        for well in [
            [("HTTP", 80, "redirect"), ("HTTPS", 443, "forward")].as_slice(),
            &[("HTTP", 80, "forward")],
            &[],
        ] {
            assert_eq!(bench("active", well).check(&PLAIN_HTTP), [], "{well:?}");
        }
    }

    #[test]
    fn a_state_that_is_none_is_told() {
        assert_eq!(bench("active", &[]).check(&NOT_ACTIVE), []);
        assert_eq!(bench("provisioning", &[]).check(&NOT_ACTIVE), []);
        let impaired = bench("active_impaired", &[]).check(&NOT_ACTIVE);
        assert_eq!(
            (impaired[0].severity, impaired[0].title.as_str()),
            (Severity::Warn, "active impaired")
        );
        assert_eq!(
            bench("failed", &[]).check(&NOT_ACTIVE)[0].severity,
            Severity::Crit
        );
    }
}
