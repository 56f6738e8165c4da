//! Details of EKS clusters and node groups.

use crate::app::detail::Block;
use crate::app::detail::blocks::{chart, fact, maybe, percent, tags, when};
use crate::app::format;
use crate::app::link;
use crate::app::panes::kubernetes::{autoscaler, in_service};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Row, RowKey, Section, Tone};
use crate::domain::health::Health;
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::ScopeState;
use crate::domain::kubernetes::{Addon, Autoscaler, Cluster, Insight, Issue, Nodegroup, Stage};
use crate::domain::metric_catalog::ec2 as metric;

/// Instances of a node group whose CPU is drawn.
const MOST_CHARTS: usize = 8;

/// The blocks of a cluster.
pub(super) fn cluster(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let known = scope.kubernetes.get()?;
    let cluster = known.clusters.iter().find(|cluster| cluster.arn == arn)?;
    let mut blocks = vec![Block::Facts(facts(state, scope, cluster))];
    blocks.extend(issues(&cluster.issues));
    blocks.extend(to_the_pods(scope, Kind::EksCluster, arn));
    let rows = known
        .nodegroups_of(&cluster.name)
        .map(|group| group_row(scope, group))
        .collect();
    let columns = vec![
        Column::names("NODE GROUP", 12, 34, 0),
        Column::words("STATUS", 7, 10, 0),
        Column::numbers("READY", 7, 0),
        Column::numbers("MIN-MAX", 8, 0),
        Column::words("TYPES", 10, 30, 1),
        Column::words("VERSION", 7, 10, 0),
    ];
    let empty = if cluster.auto_mode {
        "none: EKS Auto Mode runs the nodes"
    } else {
        "none: nodes are Fargate's, self-managed, or Karpenter's"
    };
    blocks.push(Block::Table(Section {
        title: "node groups".to_owned(),
        columns,
        rows,
        empty: empty.to_owned(),
        ..Section::default()
    }));
    if let Some(upgrades) = scope.cluster_upgrades.get() {
        let addons = upgrades
            .addons
            .iter()
            .filter(|addon| addon.cluster == cluster.name);
        blocks.push(addons_of(addons));
        let insights = upgrades.insights.iter().filter(|one| one.cluster == cluster.name);
        blocks.push(insights_of(insights));
    }
    blocks.extend(tags(&cluster.tags));
    Some(blocks)
}

fn facts(state: &State, scope: &ScopeState, cluster: &Cluster) -> Vec<(String, Cell)> {
    let told = scope
        .cluster_upgrades
        .get()
        .map(|known| known.versions.as_slice());
    let support = cluster.support_of_version(told.unwrap_or_default());
    let stage = support.map(|support| match support.stage(state.picture.at) {
        Stage::Standard => format!("standard until {}", support.standard_until),
        Stage::Extended => format!(
            "extended until {}, at a higher price; standard ended {}",
            support.extended_until, support.standard_until
        ),
        Stage::Over => format!("ended {}: AWS upgrades the cluster", support.extended_until),
    });
    let policy = cluster.support.as_deref().map(|policy| match policy {
        "EXTENDED" => "goes on in extended support",
        "STANDARD" => "AWS upgrades it at the end of standard support",
        other => other,
    });
    vec![
        fact("arn", &cluster.arn),
        fact("status", &cluster.status),
        fact("version", &cluster.version),
        maybe("platform", cluster.platform.as_ref()),
        maybe("support", stage),
        maybe("then", policy),
        fact(
            "nodes by",
            if cluster.auto_mode {
                "EKS Auto Mode"
            } else {
                "node groups and others"
            },
        ),
        maybe("created", cluster.created_at.map(|at| when(state, at))),
    ]
}

/// How somebody gets to what runs in it.
fn to_the_pods(scope: &ScopeState, kind: Kind, arn: &str) -> Vec<Block> {
    let key = ResourceKey::new(scope.name(), kind, arn);
    let Some(commands) = link::kubernetes_commands(scope, &key) else {
        return Vec::new();
    };
    let mut lines = vec![vec![
        Cell::new("pods are not seen from here; o copies the way to them:").tone(Tone::Muted),
    ]];
    lines.extend(
        commands
            .iter()
            .map(|command| vec![Cell::new(format!("  {command}"))]),
    );
    vec![Block::Lines(lines)]
}

fn issues(issues: &[Issue]) -> Option<Block> {
    let line = |issue: &Issue| {
        let about = if issue.resources.is_empty() {
            String::new()
        } else {
            format!(" ({})", issue.resources.join(", "))
        };
        vec![
            Cell::new(&issue.code).tone(Tone::Warn),
            Cell::new(format!(" {}{about}", issue.message)),
        ]
    };
    (!issues.is_empty()).then(|| Block::Lines(issues.iter().map(line).collect()))
}

fn group_row(scope: &ScopeState, group: &Nodegroup) -> Row {
    Row {
        key: RowKey::Line(group.arn.clone()),
        cells: vec![
            Cell::new(&group.name).tone(Tone::Strong),
            Cell::new(&group.status),
            Cell::new(format!(
                "{}/{}",
                format::or_unknown(in_service(scope, group)),
                group.desired
            )),
            Cell::new(format!("{}-{}", group.min, group.max)),
            Cell::new(group.instance_types.join(", ")),
            Cell::new(group.version.as_deref().unwrap_or(format::UNKNOWN)),
        ],
        health: Health::Ok,
    }
}

fn addons_of<'a>(addons: impl Iterator<Item = &'a Addon>) -> Block {
    let columns = vec![
        Column::names("ADD-ON", 12, 34, 0),
        Column::words("STATUS", 8, 16, 0),
        Column::words("VERSION", 10, 26, 0),
        Column::words("EKS'S OWN CHOICE NOW", 12, 26, 0),
        Column::words("", 10, 80, 1),
    ];
    let rows = addons
        .map(|addon| Row {
            key: RowKey::Line(addon.name.clone()),
            cells: vec![
                Cell::new(&addon.name).tone(Tone::Strong),
                Cell::new(&addon.status).tone(if addon.status == "ACTIVE" {
                    Tone::Ok
                } else {
                    Tone::Warn
                }),
                Cell::new(addon.version.as_deref().unwrap_or(format::UNKNOWN)),
                Cell::new(addon.default_version.as_deref().unwrap_or(format::UNKNOWN)).tone(
                    if addon.is_outdated() {
                        Tone::Accent
                    } else {
                        Tone::Muted
                    },
                ),
                Cell::new(
                    addon
                        .issues
                        .iter()
                        .map(|issue| format!("{}: {}", issue.code, issue.message))
                        .collect::<Vec<_>>()
                        .join("; "),
                )
                .tone(Tone::Warn),
            ],
            health: Health::Ok,
        })
        .collect();
    Block::Table(Section {
        title: "add-ons".to_owned(),
        columns,
        rows,
        empty: "none that EKS manages".to_owned(),
        ..Section::default()
    })
}

fn insights_of<'a>(insights: impl Iterator<Item = &'a Insight>) -> Block {
    let columns = vec![
        Column::words("INSIGHT", 20, 60, 0),
        Column::words("STATUS", 7, 8, 0),
        Column::words("FOR", 5, 6, 1),
        Column::words("REASON", 16, 120, 0),
    ];
    let rows = insights
        .map(|insight| Row {
            key: RowKey::Line(insight.id.clone()),
            cells: vec![
                Cell::new(&insight.name),
                Cell::new(&insight.status).tone(match insight.status.as_str() {
                    "PASSING" => Tone::Ok,
                    "ERROR" => Tone::Crit,
                    "WARNING" => Tone::Warn,
                    _ => Tone::Unknown,
                }),
                Cell::new(insight.version.as_deref().unwrap_or_default()),
                Cell::new(insight.reason.as_deref().unwrap_or_default()).tone(Tone::Muted),
            ],
            health: Health::Ok,
        })
        .collect();
    Block::Table(Section {
        title: "insights".to_owned(),
        columns,
        rows,
        empty: "EKS has none of it".to_owned(),
        ..Section::default()
    })
}

/// The blocks of a node group.
pub(super) fn nodegroup(state: &State, scope: &ScopeState, arn: &str) -> Option<Vec<Block>> {
    let group = scope.kubernetes.get()?.nodegroup(arn)?;
    let by = autoscaler(scope, group).map_or("no tag says so", Autoscaler::name);
    let mut blocks = vec![Block::Facts(vec![
        fact("arn", &group.arn),
        fact("cluster", &group.cluster),
        fact("status", &group.status),
        fact(
            "nodes",
            format!(
                "{} in service, {} wanted, {} to {}",
                format::or_unknown(in_service(scope, group)),
                group.desired,
                group.min,
                group.max
            ),
        ),
        fact("scaled by", by),
        fact("instance types", group.instance_types.join(", ")),
        maybe("capacity", group.capacity.as_ref()),
        maybe("version", group.version.as_ref()),
        maybe("ami", group.ami.as_ref()),
        maybe("ami release", group.release.as_ref()),
        fact("groups behind it", group.groups.join(", ")),
    ])];
    blocks.extend(issues(&group.issues));
    blocks.extend(to_the_pods(scope, Kind::Nodegroup, arn));
    let instances = scope.instances.get().into_iter().flatten();
    let charts: Vec<_> = instances
        .filter(|instance| {
            let of = instance.group();
            instance.is_running() && of.is_some_and(|of| group.groups.iter().any(|one| one == of))
        })
        .take(MOST_CHARTS)
        .map(|instance| {
            let title = format!("{} CPU", instance.id);
            chart(state, scope, &title, metric::CPU.of(&instance.id), percent)
        })
        .collect();
    if !charts.is_empty() {
        blocks.push(Block::Charts(charts));
    }
    blocks.extend(tags(&group.tags));
    Some(blocks)
}
