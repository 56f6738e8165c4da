//! SageMaker: endpoints, running training jobs, notebooks that are on.

use super::Pricing;
use crate::domain::inventory::ScopeState;
use crate::domain::price::{BurnItem, BurnKind};
use crate::domain::sagemaker::Capacity;

/// Instances of endpoints, by variant.
pub(super) fn endpoints(state: &ScopeState, pricing: &Pricing<'_>, items: &mut Vec<BurnItem>) {
    let serving = state.endpoints.get().into_iter().flatten();
    for endpoint in serving.filter(|endpoint| endpoint.serves()) {
        for variant in &endpoint.variants {
            let name = if endpoint.variants.len() == 1 {
                endpoint.name.clone()
            } else {
                format!("{}/{}", endpoint.name, variant.name)
            };
            let item = BurnItem::new(BurnKind::Sagemaker, &endpoint.arn, name);
            items.push(match &variant.capacity {
                Capacity::Serverless(_) => item.noted("serverless, paid by use"),
                Capacity::Instances {
                    instance_type,
                    current,
                    ..
                } => {
                    let kind = instance_type.as_deref();
                    let price = current.and_then(|_| pricing.table.sagemaker(pricing.region, kind?));
                    item.times(current.unwrap_or(1))
                        .noted(kind.unwrap_or("instance type not known"))
                        .priced(price)
                }
            });
        }
    }
}

/// Instances of running training jobs.
pub(super) fn training(state: &ScopeState, pricing: &Pricing<'_>, items: &mut Vec<BurnItem>) {
    let jobs = state.training_jobs.get().into_iter().flatten();
    items.extend(jobs.filter(|job| job.is_running()).map(|job| {
        let kind = job.instance_type.as_deref();
        let mut note = kind.unwrap_or("instance type not known").to_owned();
        if job.spot == Some(true) {
            note.push_str(", at most: on Spot");
        }
        let price = job
            .instances
            .and_then(|_| pricing.table.sagemaker(pricing.region, kind?));
        BurnItem::new(BurnKind::Sagemaker, &job.arn, &job.name)
            .times(job.instances.unwrap_or(1))
            .noted(note)
            .priced(price)
    }));
}

/// Notebooks that are on.
pub(super) fn notebooks(state: &ScopeState, pricing: &Pricing<'_>, items: &mut Vec<BurnItem>) {
    let notebooks = state.notebooks.get().into_iter().flatten();
    items.extend(
        notebooks
            .filter(|notebook| notebook.is_running())
            .map(|notebook| {
                let kind = notebook.instance_type.as_deref();
                let price = kind.and_then(|kind| pricing.table.sagemaker(pricing.region, kind));
                BurnItem::new(BurnKind::Sagemaker, &notebook.arn, &notebook.name)
                    .noted(kind.unwrap_or("instance type not known"))
                    .priced(price)
            }),
    );
}
