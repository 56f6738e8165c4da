//! Tables of functions, of clusters and node groups, and of what is scaled by itself.

use super::Sheet;
use crate::headless::paint::Tone;
use crate::headless::status::document::{EksCluster, Lambda, Nodegroup, Resource, ScalableTarget};
use crate::headless::table::{Cell, Column};

impl Sheet<'_> {
    pub(super) fn functions(&self, all: &[Resource<Lambda>]) -> String {
        let columns = [
            Column::words("ALIASES", 8).sheds(3),
            Column::numbers("CALLS/MIN"),
            Column::numbers("ERRORS/MIN"),
            Column::numbers("P95 MS").sheds(1),
            Column::numbers("TIMEOUT S").sheds(4),
            Column::fixed("RUNTIME").sheds(2),
        ];
        self.table("Lambda functions", all, &columns, |one| {
            let facts = &one.facts;
            let aliases = facts.aliases.as_ref().map(|aliases| {
                let words = aliases
                    .iter()
                    .map(|alias| format!("{} {}", alias.name, alias.version));
                words.collect::<Vec<_>>().join(", ")
            });
            vec![
                Cell::of(aliases),
                Cell::of(facts.invocations_per_minute.map(|rate| format!("{rate:.1}"))),
                Cell::of(facts.errors_per_minute.map(|rate| format!("{rate:.1}"))),
                Cell::of(facts.duration_p95_ms.map(|ms| format!("{ms:.0}"))),
                Cell::of(facts.timeout_s.map(|seconds| seconds.to_string())),
                Cell::new(facts.runtime.as_deref().unwrap_or("image")),
            ]
        })
    }

    pub(super) fn eks_clusters(&self, all: &[Resource<EksCluster>]) -> String {
        let columns = [
            Column::fixed("VERSION"),
            Column::fixed("STATUS"),
            Column::words("SUPPORT", 12).sheds(2),
            Column::words("NODE GROUPS", 8).sheds(1),
        ];
        self.table("EKS clusters", all, &columns, |one| {
            let facts = &one.facts;
            let support = match (facts.in_extended_support, facts.standard_support_until) {
                (Some(true), _) => facts
                    .extended_support_until
                    .map(|until| format!("extended until {until}")),
                (_, Some(until)) => Some(format!("until {until}")),
                (_, None) => None,
            };
            let tone = if facts.in_extended_support == Some(true) {
                Tone::Warn
            } else {
                Tone::Plain
            };
            vec![
                Cell::new(&facts.version),
                Cell::new(&facts.status),
                Cell::of(support).tone(tone),
                Cell::new(facts.nodegroups.join(", ")),
            ]
        })
    }

    pub(super) fn nodegroups(&self, all: &[Resource<Nodegroup>]) -> String {
        let columns = [
            Column::words("CLUSTER", 8).sheds(2),
            Column::fixed("STATUS"),
            Column::numbers("READY"),
            Column::numbers("MIN-MAX"),
            Column::words("TYPES", 8).sheds(1),
            Column::fixed("VERSION").sheds(3),
        ];
        self.table("node groups", all, &columns, |one| {
            let facts = &one.facts;
            let ready = facts
                .in_service
                .map_or_else(|| "–".to_owned(), |ready| ready.to_string());
            vec![
                Cell::new(&facts.cluster),
                Cell::new(&facts.status),
                Cell::new(format!("{ready}/{}", facts.desired)),
                Cell::new(format!("{}-{}", facts.min, facts.max)),
                Cell::new(facts.instance_types.join(", ")),
                Cell::of(facts.version.as_deref()),
            ]
        })
    }

    pub(super) fn scalable_targets(&self, all: &[Resource<ScalableTarget>]) -> String {
        let columns = [
            Column::fixed("OF"),
            Column::numbers("MIN-MAX"),
            Column::words("POLICIES", 10).sheds(2),
            Column::words("SUSPENDED", 9).sheds(1),
            Column::words("LAST", 12).sheds(3),
        ];
        self.table("Application Auto Scaling", all, &columns, |one| {
            let facts = &one.facts;
            let policies = facts.policies.as_ref().map(|policies| {
                let names = policies.iter().map(|policy| policy.name.as_str());
                names.collect::<Vec<_>>().join(", ")
            });
            let last = facts.last_activity.as_ref().map(|last| last.description.as_str());
            vec![
                Cell::new(&facts.namespace),
                Cell::new(format!("{}-{}", facts.min, facts.max)),
                Cell::of(policies),
                Cell::new(facts.suspended.join(", ")).tone(Tone::Warn),
                Cell::new(last.unwrap_or_default()),
            ]
        })
    }
}
