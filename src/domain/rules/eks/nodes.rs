//! `eks.nodegroup-full` and `eks.version-skew`: nodes that have no room left, or are too old.

use super::{clusters, nodegroups};
use crate::domain::ec2::Instance;
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::kubernetes::{Minor, Nodegroup};
use crate::domain::metric_catalog::ec2 as metric;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};

/// A node group is as large as it may be, and busy.
pub const FULL: Rule = Rule {
    id: "eks.nodegroup-full",
    kind: Kind::Nodegroup,
    title: "A node group is full",
    what: "Node groups that want as many nodes as they may have, and whose nodes are busy: the mean CPU of \
           the nodes in service over a quarter of an hour. Whatever scales the group can add none, and pods \
           that do not fit wait; pods themselves are not seen.",
    severities: &[
        (Severity::Crit, "at the critical CPU"),
        (Severity::Warn, "at the warning CPU"),
    ],
    thresholds: &["nodegroup_cpu_percent"],
    runbooks: &["eks-scale-nodegroup"],
    reach: Reach::Scope,
    check: full,
};

/// Nodes are older than their control plane.
pub const SKEW: Rule = Rule {
    id: "eks.version-skew",
    kind: Kind::Nodegroup,
    title: "Nodes are behind their control plane",
    what: "How many minor versions the nodes of a group are behind the control plane. Kubernetes works with \
           nodes that are three behind and no more; the next upgrade of the control plane must wait for them.",
    severities: &[
        (Severity::Warn, "three minor versions or more"),
        (Severity::Info, "one or two"),
    ],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check: skew,
};

/// How far nodes may be behind. <https://kubernetes.io/releases/version-skew-policy/>
const MOST_BEHIND: i32 = 3;

fn full(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().nodegroup_cpu_percent;
    for group in nodegroups(context) {
        let Some((cpu, busy)) = cpu(context, group).filter(|_| is_full(group)) else {
            continue;
        };
        let Some(breach) = limit.judge(cpu) else { continue };
        findings.push(
            FULL.on(context, &group.arn, &group.name)
                .hurts(Impact::Capacity)
                .because(format!(
                    "It wants {} of at most {}, and the mean CPU of {} is {}; the limit is {}.",
                    words::count(group.desired as usize, "node"),
                    group.max,
                    words::count(busy, "node"),
                    words::percent(cpu),
                    words::percent(limit.level(breach))
                ))
                .because(
                    "Pods that do not fit wait: kubectl get pods -A --field-selector status.phase=Pending.",
                )
                .report(
                    severity(breach),
                    format!(
                        "{} of {} nodes, CPU {}",
                        group.desired,
                        group.max,
                        words::percent(cpu)
                    ),
                ),
        );
    }
}

/// The mean CPU of the nodes of a group that wants as many as it may have, where that is too high: there, and
/// only there, a higher maximum helps.
pub(in crate::domain::rules) fn shortage(context: &Context<'_>, group: &Nodegroup) -> Option<f64> {
    let (cpu, _) = cpu(context, group).filter(|_| is_full(group))?;
    context.limits().nodegroup_cpu_percent.judge(cpu).map(|_| cpu)
}

/// Whether a group has as many nodes as it may have.
const fn is_full(group: &Nodegroup) -> bool {
    group.max > 0 && group.desired >= group.max
}

/// The mean CPU of a quarter of an hour over the nodes of which it is known, and how many they are.
fn cpu(context: &Context<'_>, group: &Nodegroup) -> Option<(f64, usize)> {
    let known: Vec<f64> = nodes(context, group)
        .filter_map(|node| {
            context
                .metric(metric::CPU.of(&node.id))?
                .mean(jiff::SignedDuration::from_mins(15))
        })
        .collect();
    let many = known.len();
    (many > 0).then(|| (known.iter().sum::<f64>() / many as f64, many))
}

/// The running instances of a node group.
fn nodes<'a>(context: &Context<'a>, group: &'a Nodegroup) -> impl Iterator<Item = &'a Instance> {
    let instances = context.state.instances.get().into_iter().flatten();
    instances.filter(|instance| {
        let of = instance.group();
        instance.is_running() && of.is_some_and(|of| group.groups.iter().any(|name| name == of))
    })
}

fn skew(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for group in nodegroups(context) {
        let Some(cluster) = clusters(context).find(|cluster| cluster.name == group.cluster) else {
            continue;
        };
        let nodes = group.version.as_deref().and_then(Minor::parse);
        let Some((plane, nodes)) = Minor::parse(&cluster.version).zip(nodes) else {
            continue;
        };
        let Some(behind) = plane.ahead_of(nodes).filter(|behind| *behind > 0) else {
            continue;
        };
        let severity = if behind >= MOST_BEHIND {
            Severity::Warn
        } else {
            Severity::Info
        };
        findings.push(
            SKEW.on(context, &group.arn, &group.name)
                .because(format!(
                    "The control plane of {} is {plane}, its nodes are {nodes}.",
                    words::excerpt(&group.cluster)
                ))
                .perhaps_because((behind >= MOST_BEHIND).then(|| {
                    format!(
                        "Nodes may be at most {MOST_BEHIND} behind: the control plane cannot be upgraded."
                    )
                }))
                .report(severity, format!("nodes {nodes}, control plane {plane}")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bench, cluster, nodegroup};
    use super::*;
    use crate::domain::ids::Tag;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::instance;

    fn node(id: &str) -> Instance {
        let mut node = instance(id, "m6i.large");
        node.tags = vec![Tag {
            key: "aws:autoscaling:groupName".to_owned(),
            value: "app-asg".to_owned(),
        }];
        node
    }

    fn findings(desired: u32, cpu: f64) -> Vec<Finding> {
        let mut group = nodegroup("main", "app", "1.35");
        group.desired = desired;
        let mut bench = bench(vec![cluster("main", "1.35")], vec![group]);
        let nodes = vec![node("i-1"), node("i-2"), instance("i-9", "m6i.large")];
        bench.know(Source::Instances, ReplyData::Instances(nodes));
        let points: Vec<(i64, f64)> = (0..6).map(|bin| (150 + 5 * bin, cpu)).collect();
        for id in ["i-1", "i-2"] {
            bench.metric(metric::CPU.of(id), 300, &points);
        }
        bench.metric(metric::CPU.of("i-9"), 300, &[(175, 1.0)]);
        bench.check(&FULL)
    }

    #[test]
    fn a_full_group_is_told_only_while_it_is_busy() {
        let full = findings(3, 86.0);
        assert_eq!(full.len(), 1);
        assert_eq!(
            (full[0].severity, full[0].title.as_str()),
            (Severity::Warn, "3 of 3 nodes, CPU 86%")
        );
        assert_eq!(full[0].runbooks, ["eks-scale-nodegroup"]);
        assert_eq!(findings(3, 95.0)[0].severity, Severity::Crit);
        assert_eq!(findings(3, 40.0), []);
        assert_eq!(findings(2, 95.0), [], "whatever scales it can still add a node");
    }

    #[test]
    fn nodes_are_compared_with_their_own_control_plane() {
        let of = |nodes: &str| {
            bench(
                vec![cluster("other", "1.28"), cluster("main", "1.34")],
                vec![nodegroup("main", "app", nodes)],
            )
            .check(&SKEW)
        };
        assert_eq!(of("1.34"), []);
        assert_eq!(of("1.33")[0].severity, Severity::Info);
        let far = of("1.31");
        assert_eq!(
            (far[0].severity, far[0].title.as_str()),
            (Severity::Warn, "nodes 1.31, control plane 1.34")
        );
    }
}
