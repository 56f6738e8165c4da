//! `eks.insight` and `eks.addon`: what stands in the way of an upgrade, and add-ons that are ill.

use super::clusters;
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::{Context, Reach, Rule, words};

/// An insight fails.
pub const INSIGHT: Rule = Rule {
    id: "eks.insight",
    kind: Kind::EksCluster,
    title: "EKS found what an upgrade would break",
    what: "Insights of EKS that fail: APIs that the next version has no more and that somebody still calls, \
           nodes or add-ons that do not go with it. EKS looks once a day.",
    severities: &[
        (Severity::Warn, "an insight fails"),
        (Severity::Info, "an insight warns"),
    ],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: insight,
};

/// An add-on is ill.
pub const ADDON: Rule = Rule {
    id: "eks.addon",
    kind: Kind::EksCluster,
    title: "An add-on is not healthy or old",
    what: "Add-ons that EKS manages and that are degraded or failed, and those of which EKS would install a \
           newer version on this cluster.",
    severities: &[
        (Severity::Warn, "degraded or failed"),
        (Severity::Info, "older than what EKS would install"),
    ],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: addon,
};

fn insight(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(upgrades) = context.state.cluster_upgrades.get() else {
        return;
    };
    for cluster in clusters(context) {
        let of = |status: &str| {
            let own = upgrades.insights.iter();
            own.filter(|one| one.cluster == cluster.name && one.status == status)
                .collect::<Vec<_>>()
        };
        let (failing, warning) = (of("ERROR"), of("WARNING"));
        let severity = match (failing.is_empty(), warning.is_empty()) {
            (false, _) => Severity::Warn,
            (true, false) => Severity::Info,
            (true, true) => continue,
        };
        let mut draft = INSIGHT.on(context, &cluster.arn, &cluster.name);
        for one in failing.iter().chain(&warning) {
            let reason = one.reason.as_deref().unwrap_or("no reason given");
            draft = draft.because(words::excerpt(&format!("{}: {}: {reason}", one.status, one.name)));
        }
        let title = match (failing.len(), warning.len()) {
            (0, warning) => format!("{} before an upgrade", words::count(warning, "warning")),
            (failing, _) => format!("{} before an upgrade", words::count(failing, "failing insight")),
        };
        findings.push(draft.report(severity, title));
    }
}

fn addon(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(upgrades) = context.state.cluster_upgrades.get() else {
        return;
    };
    for cluster in clusters(context) {
        let own = || {
            upgrades
                .addons
                .iter()
                .filter(|addon| addon.cluster == cluster.name)
        };
        let ill: Vec<_> = own()
            .filter(|addon| addon.status.contains("FAILED") || addon.status == "DEGRADED")
            .collect();
        let old: Vec<_> = own()
            .filter(|addon| addon.is_outdated() && !ill.contains(addon))
            .collect();
        let (severity, title) = match (ill.as_slice(), old.as_slice()) {
            ([], []) => continue,
            ([], [one]) => (
                Severity::Info,
                format!("add-on {} is not the newest", words::excerpt(&one.name)),
            ),
            ([], many) => (
                Severity::Info,
                format!("{} add-ons are not the newest", many.len()),
            ),
            ([one], _) => (
                Severity::Warn,
                format!(
                    "add-on {} {}",
                    words::excerpt(&one.name),
                    words::excerpt(&one.status)
                ),
            ),
            (many, _) => (Severity::Warn, format!("{} add-ons are not healthy", many.len())),
        };
        let mut draft = ADDON.on(context, &cluster.arn, &cluster.name);
        for one in &ill {
            let why = one.issues.first().map_or_else(
                || "EKS does not say why".to_owned(),
                |issue| format!("{}: {}", issue.code, issue.message),
            );
            draft = draft.because(words::excerpt(&format!("{} is {}: {why}", one.name, one.status)));
        }
        for one in &old {
            draft = draft.because(words::excerpt(&format!(
                "{} is {}; EKS would install {}.",
                one.name,
                one.version.as_deref().unwrap_or("of an unknown version"),
                one.default_version.as_deref().unwrap_or("another one")
            )));
        }
        findings.push(draft.report(severity, title));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bench, cluster};
    use super::*;
    use crate::domain::inventory::Source;
    use crate::domain::kubernetes::{Addon, Insight, Issue, Upgrades};
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::Bench;

    fn insight(status: &str) -> Insight {
        Insight {
            cluster: "main".to_owned(),
            id: status.to_owned(),
            name: "Deprecated APIs removed in Kubernetes v1.36".to_owned(),
            category: Some("UPGRADE_READINESS".to_owned()),
            version: Some("1.36".to_owned()),
            status: status.to_owned(),
            reason: Some("usage was found".to_owned()),
            refreshed_at: None,
        }
    }

    fn addon(name: &str, status: &str, versions: (&str, &str)) -> Addon {
        Addon {
            cluster: "main".to_owned(),
            name: name.to_owned(),
            version: Some(versions.0.to_owned()),
            default_version: Some(versions.1.to_owned()),
            status: status.to_owned(),
            issues: Vec::new(),
        }
    }

    fn known(insights: Vec<Insight>, addons: Vec<Addon>) -> Bench {
        let mut bench = bench(vec![cluster("main", "1.35")], Vec::new());
        bench.know(
            Source::ClusterUpgrades,
            ReplyData::ClusterUpgrades(Upgrades {
                versions: Vec::new(),
                addons,
                insights,
            }),
        );
        bench
    }

    #[test]
    fn failing_insights_come_before_warnings() {
        let of = |statuses: &[&str]| {
            let insights = statuses.iter().map(|status| insight(status)).collect();
            known(insights, Vec::new()).check(&INSIGHT)
        };
        assert_eq!(of(&["PASSING", "UNKNOWN"]), []);
        assert_eq!(of(&["WARNING"])[0].severity, Severity::Info);
        let failing = of(&["WARNING", "ERROR", "PASSING"]);
        assert_eq!(
            (
                failing[0].severity,
                failing[0].title.as_str(),
                failing[0].evidence.len()
            ),
            (Severity::Warn, "1 failing insight before an upgrade", 2)
        );
    }

    #[test]
    fn ill_add_ons_come_before_old_ones() {
        let of = |addons| known(Vec::new(), addons).check(&ADDON);
        assert_eq!(of(vec![addon("coredns", "ACTIVE", ("v1.12.1", "v1.12.1"))]), []);
        let old = of(vec![addon("coredns", "ACTIVE", ("v1.11.4", "v1.12.1"))]);
        assert_eq!(
            (old[0].severity, old[0].title.as_str()),
            (Severity::Info, "add-on coredns is not the newest")
        );
        let mut ill = addon("vpc-cni", "DEGRADED", ("v1.20.4", "v1.20.4"));
        ill.issues = vec![Issue {
            code: "InsufficientNumberOfReplicas".to_owned(),
            message: "The add-on is unhealthy because it has no running pods.".to_owned(),
            resources: Vec::new(),
        }];
        let findings = of(vec![ill, addon("coredns", "ACTIVE", ("v1.11.4", "v1.12.1"))]);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Warn, "add-on vpc-cni DEGRADED")
        );
    }
}
