//! EKS control planes, with what extended support costs on top.

use super::Pricing;
use crate::domain::inventory::ScopeState;
use crate::domain::kubernetes::Stage;
use crate::domain::price::{BurnItem, BurnKind};

/// Control planes that are paid for; nodes are EC2's.
pub(super) fn clusters(state: &ScopeState, pricing: &Pricing<'_>, items: &mut Vec<BurnItem>) {
    let (Some(known), Some(as_of)) = (state.kubernetes.get(), state.kubernetes.at()) else {
        return;
    };
    let told = state
        .cluster_upgrades
        .get()
        .map(|known| known.versions.as_slice());
    for cluster in &known.clusters {
        if matches!(cluster.status.as_str(), "CREATING" | "FAILED" | "PENDING") {
            continue;
        }
        items.push(
            BurnItem::new(BurnKind::Eks, &cluster.arn, &cluster.name)
                .noted(format!("Kubernetes {}", cluster.version))
                .priced(pricing.table.eks_cluster(pricing.region)),
        );
        let support = cluster.support_of_version(told.unwrap_or_default());
        if support.is_some_and(|support| support.stage(as_of) != Stage::Standard) {
            items.push(
                BurnItem::new(
                    BurnKind::Eks,
                    format!("{}#extended-support", cluster.arn),
                    format!("{} extended support", cluster.name),
                )
                .noted(format!(
                    "on top of the control plane, for Kubernetes {}",
                    cluster.version
                ))
                .priced(pricing.table.eks_extended_support(pricing.region)),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::domain::inventory::Inventory;
    use crate::domain::kubernetes::{Cluster, Kubernetes};
    use crate::domain::price::PriceTable;
    use crate::domain::scope::{Scope, ScopeName};

    fn cluster(name: &str, version: &str) -> Cluster {
        Cluster {
            arn: format!("arn:aws:eks:us-east-1:1:cluster/{name}"),
            name: name.to_owned(),
            version: version.to_owned(),
            status: "ACTIVE".to_owned(),
            platform: None,
            support: None,
            auto_mode: false,
            created_at: None,
            issues: Vec::new(),
            tags: Vec::new(),
        }
    }

    #[test]
    fn extended_support_is_an_item_of_its_own() {
        let scope = Scope {
            name: ScopeName::new("default/us-east-1"),
            profile: None,
            region: "us-east-1".to_owned(),
            role: None,
            expected_account: None,
            account_name: None,
        };
        let mut inventory = Inventory::new([Arc::new(scope)]);
        let known = Kubernetes {
            clusters: vec![
                cluster("new", "1.35"),
                cluster("old", "1.32"),
                cluster("odd", "1.99"),
            ],
            nodegroups: Vec::new(),
        };
        let at = "2026-11-21T03:00:00Z".parse().unwrap();
        inventory.scopes[0].kubernetes.value = Some((Arc::new(known), at));
        let rate = super::super::of(&inventory, PriceTable::shipped());
        let items: Vec<(&str, String)> = rate
            .items
            .iter()
            .map(|item| (item.name.as_str(), item.per_hour().unwrap().to_string()))
            .collect();
        assert_eq!(
            items.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["old extended support", "new", "odd", "old"]
        );
        assert_eq!(rate.total.unwrap().per_hour().as_f64(), 0.8);
    }
}
