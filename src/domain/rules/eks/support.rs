//! `eks.version`: a Kubernetes version costs more, or AWS soon replaces it.

use jiff::tz::TimeZone;

use super::clusters;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::kubernetes::{CALENDAR_CHECKED, Stage};
use crate::domain::policy::Breach;
use crate::domain::price::PriceTable;
use crate::domain::rules::{Context, Reach, Rule, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "eks.version",
    kind: Kind::EksCluster,
    title: "A Kubernetes version grows old",
    what: "How long EKS supports the version of a control plane: as EKS says, else by a table of this program \
           that names the day on which it was compared with AWS's. After standard support comes extended \
           support, which costs more by the hour; after that AWS upgrades the cluster at a moment of its own.",
    severities: &[
        (
            Severity::Crit,
            "extended support is over or ends within the critical days",
        ),
        (Severity::Warn, "in extended support"),
        (Severity::Info, "standard support ends within the warning days"),
    ],
    thresholds: &["eks_support_days_left"],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().eks_support_days_left;
    let told = context
        .state
        .cluster_upgrades
        .get()
        .map(|known| known.versions.as_slice())
        .unwrap_or_default();
    let today = context.now.to_zoned(TimeZone::UTC).date();
    for cluster in clusters(context) {
        let Some(support) = cluster.support_of_version(told) else {
            continue;
        };
        let days = |until| (today.duration_until(until).as_hours() / 24) as f64;
        let version = words::excerpt(&cluster.version);
        let (severity, title) = match support.stage(context.now) {
            Stage::Standard if limit.judge(days(support.standard_until)).is_some() => (
                Severity::Info,
                format!("{version}: standard support until {}", support.standard_until),
            ),
            Stage::Standard => continue,
            Stage::Extended => {
                let soon = limit.judge(days(support.extended_until)) == Some(Breach::Crit);
                (
                    if soon { Severity::Crit } else { Severity::Warn },
                    format!("{version} in extended support until {}", support.extended_until),
                )
            }
            Stage::Over => (
                Severity::Crit,
                format!("{version} unsupported since {}", support.extended_until),
            ),
        };
        let surcharge = (support.stage(context.now) == Stage::Extended)
            .then(|| PriceTable::shipped().eks_extended_support(&context.state.scope.region))
            .flatten()
            .map(|price| {
                format!(
                    "Extended support costs {} an hour more, {} a month (price of {}).",
                    words::usd(price.value.per_hour().as_f64()),
                    words::usd(price.value.per_month().as_f64()),
                    price.as_of()
                )
            });
        let source = if told.iter().any(|known| known.version == support.version) {
            "as EKS says".to_owned()
        } else {
            format!("known as of {CALENDAR_CHECKED}")
        };
        findings.push(
            RULE.on(context, &cluster.arn, &cluster.name)
                .hurts(if surcharge.is_some() {
                    Impact::Cost
                } else {
                    Impact::Risk
                })
                .because(format!(
                    "Kubernetes {version}: standard support until {}, extended support until {} ({source}).",
                    support.standard_until, support.extended_until
                ))
                .perhaps_because(surcharge)
                .report(severity, title),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bench, cluster};
    use super::*;

    #[test]
    fn versions_are_judged_by_the_day() {
        // It is 2026-11-21.
        let of = |version: &str| bench(vec![cluster("main", version)], Vec::new()).check(&RULE);
        let told = |version: &str| {
            let findings = of(version);
            findings
                .first()
                .map(|finding| (finding.severity, finding.title.clone()))
        };
        for (version, severity, title) in [
            ("1.30", Severity::Crit, "1.30 unsupported since 2026-07-23"),
            (
                "1.31",
                Severity::Crit,
                "1.31 in extended support until 2026-11-26",
            ),
            (
                "1.32",
                Severity::Warn,
                "1.32 in extended support until 2027-03-23",
            ),
            ("1.34", Severity::Info, "1.34: standard support until 2026-12-02"),
        ] {
            assert_eq!(told(version), Some((severity, title.to_owned())));
        }
        assert_eq!(told("1.35"), None);
        assert_eq!(told("1.99"), None, "unknown is not old");
        assert!(
            of("1.32")[0].evidence[1].starts_with("Extended support costs $0.50 an hour more, $365 a month"),
            "{:?}",
            of("1.32")[0].evidence
        );
    }
}
