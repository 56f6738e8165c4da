//! Tables of SageMaker.

use super::{Sheet, span};
use crate::headless::amount::usd;
use crate::headless::paint::Tone;
use crate::headless::status::document::{NotebookInstance, Resource, SagemakerEndpoint, TrainingJob};
use crate::headless::table::{Cell, Column};

impl Sheet<'_> {
    pub(super) fn endpoints(&self, all: &[Resource<SagemakerEndpoint>]) -> String {
        let columns = [
            Column::fixed("STATUS"),
            Column::words("CONFIG", 12).sheds(2),
            Column::words("ON", 10).sheds(1),
            Column::numbers("REQ/min"),
            Column::numbers("5xx/min"),
            Column::numbers("P95").sheds(3),
            Column::numbers("GPU").sheds(4),
            Column::numbers("PER HOUR"),
        ];
        self.table("SageMaker endpoints", all, &columns, |one| {
            let facts = &one.facts;
            let on: Vec<String> = facts
                .variants
                .iter()
                .map(|variant| match (&variant.instance_type, variant.current) {
                    _ if variant.serverless => "serverless".to_owned(),
                    (kind, count) => format!(
                        "{} x {}",
                        count.map_or_else(|| "?".to_owned(), |count| count.to_string()),
                        kind.as_deref().unwrap_or("?")
                    ),
                })
                .collect();
            let sum = |of: fn(&crate::headless::status::document::EndpointVariant) -> Option<f64>| {
                facts.variants.iter().filter_map(of).reduce(|a, b| a + b)
            };
            let most = |of: fn(&crate::headless::status::document::EndpointVariant) -> Option<f64>| {
                facts.variants.iter().filter_map(of).reduce(f64::max)
            };
            vec![
                Cell::new(&facts.status),
                Cell::new(&facts.config),
                Cell::new(on.join(", ")),
                Cell::of(sum(|one| one.requests_per_minute).map(|rate| format!("{rate:.0}"))),
                Cell::of(sum(|one| one.errors_5xx_per_minute).map(|rate| format!("{rate:.1}"))),
                Cell::of(most(|one| one.latency_p95_s).map(|seconds| format!("{seconds:.1}s"))),
                Cell::of(most(|one| one.gpu_percent).map(|percent| format!("{percent:.0}%"))),
                Cell::of(facts.cost_usd_per_hour.map(usd)),
            ]
        })
    }

    pub(super) fn training_jobs(&self, all: &[Resource<TrainingJob>]) -> String {
        let columns = [
            Column::fixed("STATUS"),
            Column::words("ON", 10).sheds(1),
            Column::numbers("TRAINED"),
            Column::numbers("OF").sheds(3),
            Column::numbers("SAVED").sheds(2),
            Column::numbers("COST"),
        ];
        self.table("SageMaker training jobs", all, &columns, |one| {
            let facts = &one.facts;
            let on = match (&facts.instance_type, facts.instances) {
                (Some(kind), Some(count)) => format!("{count} x {kind}"),
                (Some(kind), None) => kind.clone(),
                (None, _) => String::new(),
            };
            let status = match (&facts.secondary_status, facts.status.as_str()) {
                (Some(secondary), "InProgress") => secondary,
                _ => &facts.status,
            };
            vec![
                Cell::new(status).tone(if facts.status == "Failed" {
                    Tone::Warn
                } else {
                    Tone::Plain
                }),
                Cell::new(on),
                Cell::of(facts.elapsed_s.map(|seconds| span(seconds as f64))),
                Cell::of(facts.max_runtime_s.map(|seconds| span(seconds as f64))),
                Cell::of(facts.spot_saving_percent.map(|percent| format!("{percent:.0}%"))),
                Cell::of(
                    facts
                        .cost_usd
                        .map(usd)
                        .or_else(|| Some(format!("<{}", usd(facts.cost_at_most_usd?)))),
                ),
            ]
        })
    }

    pub(super) fn notebooks(&self, all: &[Resource<NotebookInstance>]) -> String {
        let columns = [
            Column::fixed("FORM").sheds(2),
            Column::fixed("STATUS"),
            Column::words("TYPE", 8),
            Column::numbers("ON FOR"),
            Column::numbers("PER HOUR"),
        ];
        self.table("SageMaker notebooks", all, &columns, |one| {
            let facts = &one.facts;
            vec![
                Cell::new(facts.form),
                Cell::new(&facts.status),
                Cell::of(facts.instance_type.as_deref()),
                Cell::of(facts.running_h.map(|hours| span(hours * 3600.0))),
                Cell::of(facts.cost_usd_per_hour.map(usd)),
            ]
        })
    }
}
