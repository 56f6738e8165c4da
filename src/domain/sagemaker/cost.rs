//! What SageMaker costs by the hour, at list price. What has no price in the table is unknown.

use jiff::Timestamp;

use crate::domain::price::{PriceTable, Priced};
use crate::domain::sagemaker::{Capacity, Endpoint, Notebook, TrainingJob, Variant};
use crate::domain::units::{Usd, UsdPerHour};

/// Prices of a region.
#[derive(Debug, Clone, Copy)]
pub struct Prices<'a> {
    /// The table.
    pub table: &'a PriceTable,
    /// The region.
    pub region: &'a str,
}

impl Prices<'_> {
    /// An instance of a type.
    pub fn instance(&self, instance_type: Option<&str>) -> Option<Priced<UsdPerHour>> {
        self.table.sagemaker(self.region, instance_type?)
    }

    /// The instances of a variant; `None` for a serverless one, which is paid by use.
    pub fn variant(&self, variant: &Variant) -> Option<Priced<UsdPerHour>> {
        match &variant.capacity {
            Capacity::Serverless(_) => None,
            Capacity::Instances {
                instance_type,
                current,
                ..
            } => {
                let count = u64::from((*current)?);
                let price = self.instance(instance_type.as_deref())?;
                Some(price.map(|each| each * count))
            }
        }
    }

    /// All instances of an endpoint; `None` if it has none, or one of them has no known price.
    pub fn endpoint(&self, endpoint: &Endpoint) -> Option<Priced<UsdPerHour>> {
        let mut total: Option<Priced<UsdPerHour>> = None;
        let with_instances = endpoint
            .variants
            .iter()
            .filter(|variant| matches!(variant.capacity, Capacity::Instances { .. }));
        for variant in with_instances {
            let price = self.variant(variant)?;
            total = Some(match total {
                Some(so_far) => so_far.with(price, |a, b| a + b),
                None => price,
            });
        }
        total
    }

    /// A running notebook.
    pub fn notebook(&self, notebook: &Notebook) -> Option<Priced<UsdPerHour>> {
        self.instance(notebook.instance_type.as_deref())
    }

    /// The instances of a training job, on demand.
    pub fn training(&self, job: &TrainingJob) -> Option<Priced<UsdPerHour>> {
        let count = u64::from(job.instances?);
        Some(
            self.instance(job.instance_type.as_deref())?
                .map(|each| each * count),
        )
    }

    /// What a training job has cost so far. On Spot that is known at its end alone.
    pub fn training_so_far(&self, job: &TrainingJob, now: Timestamp) -> Option<Usd> {
        let hours = job.billed_instance_hours(now)?;
        let each = self.instance(job.instance_type.as_deref())?.value;
        Some(each.for_seconds((hours * 3600.0).round().max(0.0) as u64))
    }

    /// What a training job that runs has cost at the most, where what it has cost is not known yet: all of
    /// its time at the price on demand.
    pub fn training_at_most(&self, job: &TrainingJob, now: Timestamp) -> Option<Usd> {
        if !job.is_running() || job.billed_instance_hours(now).is_some() {
            return None;
        }
        let seconds = u64::try_from(job.elapsed(now)?.as_secs()).ok()?;
        Some(self.training(job)?.value.for_seconds(seconds))
    }
}
