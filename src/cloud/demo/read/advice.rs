//! What AWS advises: as the plan has it.

use super::super::plan::cost::AdvisedItem;
use super::super::sim::Sim;
use super::super::time::{HOUR, stamp};
use crate::domain::advice::{Advice, Advices, Adviser, Unavailable};

/// Checks of Trusted Advisor.
pub fn trusted_advisor(sim: &Sim) -> Advices {
    let items = sim
        .plan
        .cost
        .advice
        .as_ref()
        .and_then(|advised| advised.trusted_advisor.as_ref());
    match items {
        Some(items) => given(sim, Adviser::TrustedAdvisor, items),
        None => Advices::unavailable(Unavailable::SupportPlan),
    }
}

/// Recommendations of Compute Optimizer.
pub fn compute_optimizer(sim: &Sim) -> Advices {
    let items = sim
        .plan
        .cost
        .advice
        .as_ref()
        .and_then(|advised| advised.compute_optimizer.as_ref());
    match items {
        Some(items) => given(sim, Adviser::ComputeOptimizer, items),
        None => Advices::unavailable(Unavailable::NotEnrolled),
    }
}

fn given(sim: &Sim, adviser: Adviser, items: &[AdvisedItem]) -> Advices {
    let item = |item: &AdvisedItem| Advice {
        id: item.id.clone(),
        adviser,
        name: item.name.clone(),
        category: item.category.clone(),
        level: item.level,
        what: item.what.clone(),
        resources: item.resources.clone(),
        flagged: item.resources.len() as u64,
        saves_usd_per_month: item.saves,
        checked_at: Some(stamp(sim.now - 7 * HOUR)),
    };
    Advices::given(items.iter().map(item).collect())
}
