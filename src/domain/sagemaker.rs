//! Amazon SageMaker: endpoints that serve models, training jobs, notebooks.

mod cost;
mod endpoint;
mod notebook;
#[cfg(test)]
pub(crate) mod sample;
mod traffic;
mod training;

pub use cost::Prices;
pub use endpoint::{
    Capacity, ConfigVariant, Endpoint, EndpointConfig, PendingDeployment, Serverless, Variant, stem,
};
pub use notebook::{AppOwner, Notebook, NotebookForm};
pub use traffic::{Traffic, newest_whole};
pub use training::{TrainingJob, Transition};

/// The log group of an endpoint's containers.
pub fn endpoint_log_group(endpoint: &str) -> String {
    format!("/aws/sagemaker/Endpoints/{endpoint}")
}

/// The log group of all training jobs; the streams of a job begin with its name.
pub const TRAINING_LOG_GROUP: &str = "/aws/sagemaker/TrainingJobs";

/// The log group of all notebook instances; the streams of one begin with its name.
pub const NOTEBOOK_LOG_GROUP: &str = "/aws/sagemaker/NotebookInstances";

/// The log group of Studio's applications.
pub const STUDIO_LOG_GROUP: &str = "/aws/sagemaker/studio";

/// What Application Auto Scaling calls a variant.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-code-register.html>
pub fn scalable_resource(endpoint: &str, variant: &str) -> String {
    format!("endpoint/{endpoint}/variant/{variant}")
}
