//! `eks.cluster-health` and `eks.nodegroup-health`: what EKS itself finds wrong.

use super::{clusters, nodegroups};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::kubernetes::Issue;
use crate::domain::rules::{Context, Reach, Rule, words};

/// A cluster is ill.
pub const CLUSTER: Rule = Rule {
    id: "eks.cluster-health",
    kind: Kind::EksCluster,
    title: "A cluster is not healthy",
    what: "Clusters whose status is FAILED, and what EKS finds wrong with a cluster: a role or subnet that is \
           gone, no free addresses.",
    severities: &[
        (Severity::Crit, "the status is FAILED"),
        (Severity::Warn, "EKS names an issue"),
    ],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: cluster,
};

/// A node group is ill.
pub const NODEGROUP: Rule = Rule {
    id: "eks.nodegroup-health",
    kind: Kind::Nodegroup,
    title: "A node group is not healthy",
    what: "Node groups whose status is DEGRADED or failed, and what EKS finds wrong with one: instances that \
           cannot be launched or do not join. That fewer nodes are in service than wanted is \
           `asg.below-desired` of the group behind it.",
    severities: &[
        (Severity::Crit, "degraded or failed"),
        (Severity::Warn, "EKS names an issue"),
    ],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: nodegroup,
};

fn cluster(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for cluster in clusters(context) {
        let failed = cluster.status == "FAILED";
        if !failed && cluster.issues.is_empty() {
            continue;
        }
        let mut draft = CLUSTER
            .on(context, &cluster.arn, &cluster.name)
            .hurts(Impact::Capacity)
            .because(format!("The status is {}.", words::excerpt(&cluster.status)));
        for issue in &cluster.issues {
            draft = draft.because(sentence(issue));
        }
        let severity = if failed { Severity::Crit } else { Severity::Warn };
        findings.push(draft.report(severity, title(&cluster.status, &cluster.issues)));
    }
}

fn nodegroup(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for group in nodegroups(context) {
        let ill = matches!(
            group.status.as_str(),
            "DEGRADED" | "CREATE_FAILED" | "DELETE_FAILED"
        );
        if !ill && group.issues.is_empty() {
            continue;
        }
        let mut draft = NODEGROUP
            .on(context, &group.arn, &group.name)
            .hurts(Impact::Capacity)
            .because(format!(
                "The status is {} in the cluster {}.",
                words::excerpt(&group.status),
                words::excerpt(&group.cluster)
            ));
        for issue in &group.issues {
            draft = draft.because(sentence(issue));
        }
        let severity = if ill { Severity::Crit } else { Severity::Warn };
        findings.push(draft.report(severity, title(&group.status, &group.issues)));
    }
}

fn title(status: &str, issues: &[Issue]) -> String {
    match issues {
        [] => words::excerpt(status),
        [one] => words::excerpt(&one.code),
        [first, rest @ ..] => format!("{} and {} more", words::excerpt(&first.code), rest.len()),
    }
}

fn sentence(issue: &Issue) -> String {
    let about = if issue.resources.is_empty() {
        String::new()
    } else {
        format!(" ({})", issue.resources.join(", "))
    };
    words::excerpt(&format!("{}: {}{about}", issue.code, issue.message))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bench, cluster as sample, nodegroup as group};
    use super::*;

    fn issue() -> Issue {
        Issue {
            code: "AsgInstanceLaunchFailures".to_owned(),
            message: "Could not launch On-Demand Instances.".to_owned(),
            resources: vec!["app-asg".to_owned()],
        }
    }

    #[test]
    fn issues_are_told_in_the_words_of_eks() {
        let mut ill = group("main", "app", "1.35");
        ill.status = "DEGRADED".to_owned();
        ill.issues = vec![issue()];
        let mut odd = sample("main", "1.35");
        odd.issues = vec![Issue {
            code: "Ec2SubnetNotFound".to_owned(),
            ..issue()
        }];
        let bench = bench(
            vec![odd, sample("other", "1.35")],
            vec![ill, group("main", "gpu", "1.35")],
        );
        let findings = bench.check(&NODEGROUP);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].severity, findings[0].title.as_str()),
            (Severity::Crit, "AsgInstanceLaunchFailures")
        );
        assert_eq!(
            findings[0].evidence[1],
            "AsgInstanceLaunchFailures: Could not launch On-Demand Instances. (app-asg)"
        );
        let findings = bench.check(&CLUSTER);
        assert_eq!(
            (findings.len(), findings[0].severity, findings[0].title.as_str()),
            (1, Severity::Warn, "Ec2SubnetNotFound")
        );
    }
}
