//! SageMaker: endpoints, training jobs, notebooks.

use super::{Writing, rounded};
use crate::domain::ids::Kind;
use crate::domain::price::PriceTable;
use crate::domain::sagemaker::{Capacity, Endpoint, Prices, Traffic, Variant, scalable_resource};
use crate::headless::status::document::{
    EndpointVariant, NotebookInstance, Resource, SagemakerEndpoint, TrainingJob,
};

fn prices<'a>(writing: &'a Writing<'_>) -> Prices<'a> {
    Prices {
        table: PriceTable::shipped(),
        region: &writing.state.scope.region,
    }
}

pub(super) fn endpoints(writing: &Writing<'_>) -> Option<Vec<Resource<SagemakerEndpoint>>> {
    let endpoints = writing.state.endpoints.get()?.iter().map(|endpoint| {
        let facts = SagemakerEndpoint {
            status: endpoint.status.clone(),
            failure_reason: endpoint.failure_reason.clone(),
            config: endpoint.config.clone(),
            pending_config: endpoint.pending.as_ref().map(|pending| pending.config.clone()),
            changed_at: endpoint.changed_at.map(super::second),
            variants: endpoint
                .variants
                .iter()
                .map(|one| variant(writing, endpoint, one))
                .collect(),
            cost_usd_per_hour: prices(writing)
                .endpoint(endpoint)
                .map(|price| price.value.per_hour().as_f64()),
        };
        writing.resource(Kind::SagemakerEndpoint, &endpoint.arn, &endpoint.name, facts)
    });
    Some(endpoints.collect())
}

fn variant(writing: &Writing<'_>, endpoint: &Endpoint, one: &Variant) -> EndpointVariant {
    let resource = scalable_resource(&endpoint.name, &one.name);
    let target = writing
        .state
        .endpoint_targets
        .get()
        .and_then(|targets| targets.iter().find(|target| target.resource == resource));
    let traffic = Traffic::of(writing.state, endpoint, one, writing.now);
    let (serverless, memory, concurrency) = match &one.capacity {
        Capacity::Serverless(size) => (true, size.memory_mib, size.max_concurrency),
        Capacity::Instances { .. } => (false, None, None),
    };
    let counts = match one.capacity {
        Capacity::Instances { current, desired, .. } => (current, desired),
        Capacity::Serverless(_) => (None, None),
    };
    EndpointVariant {
        name: one.name.clone(),
        model: one.model.clone(),
        instance_type: one.instance_type().map(str::to_owned),
        current: counts.0,
        desired: counts.1,
        serverless,
        serverless_memory_mib: memory,
        serverless_max_concurrency: concurrency,
        weight: one.weight,
        scaling_min: target.map(|target| target.min),
        scaling_max: target.map(|target| target.max),
        requests_per_minute: traffic.requests_per_minute.map(rounded),
        errors_4xx_per_minute: traffic.errors_4xx_per_minute.map(rounded),
        errors_5xx_per_minute: traffic.errors_5xx_per_minute.map(rounded),
        latency_p95_s: traffic
            .latency_s
            .map(|seconds| (seconds * 1000.0).round() / 1000.0),
        gpu_percent: traffic.gpu_percent.map(rounded),
        gpu_memory_percent: traffic.gpu_memory_percent.map(rounded),
    }
}

pub(super) fn training_jobs(writing: &Writing<'_>) -> Option<Vec<Resource<TrainingJob>>> {
    let jobs = writing.state.training_jobs.get()?.iter().map(|job| {
        let facts = TrainingJob {
            status: job.status.clone(),
            secondary_status: job.secondary.clone(),
            failure_reason: job.failure_reason.clone(),
            created_at: job.created_at.map(super::second),
            started_at: job.started_at.map(super::second),
            ended_at: job.ended_at.map(super::second),
            instance_type: job.instance_type.clone(),
            instances: job.instances,
            elapsed_s: job.elapsed(writing.now).map(|span| span.as_secs()),
            max_runtime_s: job.max_runtime_s,
            spot: job.spot,
            spot_saving_percent: job.spot_saving_percent().map(rounded),
            interruptions: job.interruptions(),
            cost_usd: prices(writing)
                .training_so_far(job, writing.now)
                .map(|usd| rounded(usd.as_f64())),
            cost_at_most_usd: prices(writing)
                .training_at_most(job, writing.now)
                .map(|usd| rounded(usd.as_f64())),
        };
        writing.resource(Kind::TrainingJob, &job.arn, &job.name, facts)
    });
    Some(jobs.collect())
}

pub(super) fn notebooks(writing: &Writing<'_>) -> Option<Vec<Resource<NotebookInstance>>> {
    let notebooks = writing.state.notebooks.get()?.iter().map(|notebook| {
        let facts = NotebookInstance {
            form: notebook.form.word(),
            status: notebook.status.clone(),
            instance_type: notebook.instance_type.clone(),
            running_since: notebook.running_since.map(super::second),
            running_h: notebook
                .running_since
                .map(|since| rounded(writing.now.duration_since(since).as_secs_f64() / 3600.0)),
            cost_usd_per_hour: prices(writing)
                .notebook(notebook)
                .map(|price| price.value.per_hour().as_f64()),
        };
        writing.resource(Kind::NotebookInstance, &notebook.arn, &notebook.name, facts)
    });
    Some(notebooks.collect())
}
