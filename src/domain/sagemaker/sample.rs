//! Endpoints, training jobs and notebooks for tests.

use crate::domain::rules::sample::{arn, at};
use crate::domain::sagemaker::{
    Capacity, Endpoint, Notebook, NotebookForm, TrainingJob, Transition, Variant,
};

/// An endpoint with one variant of two GPU instances, changed long ago.
pub fn endpoint(name: &str) -> Endpoint {
    Endpoint {
        arn: arn("sagemaker", &format!("endpoint/{name}")),
        name: name.to_owned(),
        status: "InService".to_owned(),
        failure_reason: None,
        config: format!("{name}-v2"),
        created_at: Some(at(-20_000)),
        changed_at: Some(at(-10_000)),
        variants: vec![Variant {
            name: "AllTraffic".to_owned(),
            model: Some(format!("{name}-model-v2")),
            capacity: Capacity::Instances {
                instance_type: Some("ml.g4dn.xlarge".to_owned()),
                current: Some(2),
                desired: Some(2),
            },
            weight: Some(1.0),
            desired_weight: Some(1.0),
            phase: None,
        }],
        pending: None,
        tags: Vec::new(),
    }
}

/// A job that trains since the first minute, of three hours that it may.
pub fn job(name: &str) -> TrainingJob {
    TrainingJob {
        arn: arn("sagemaker", &format!("training-job/{name}")),
        name: name.to_owned(),
        status: "InProgress".to_owned(),
        secondary: Some("Training".to_owned()),
        failure_reason: None,
        created_at: Some(at(-5)),
        started_at: Some(at(0)),
        ended_at: None,
        instance_type: Some("ml.g4dn.xlarge".to_owned()),
        instances: Some(1),
        max_runtime_s: Some(3 * 3600),
        spot: Some(false),
        training_s: None,
        billable_s: None,
        transitions: vec![Transition {
            status: "Training".to_owned(),
            started_at: Some(at(0)),
            ended_at: None,
            message: None,
        }],
        figures: Vec::new(),
    }
}

/// A notebook instance that is on since a minute.
pub fn notebook(name: &str, since: i64) -> Notebook {
    Notebook {
        arn: arn("sagemaker", &format!("notebook-instance/{name}")),
        name: name.to_owned(),
        form: NotebookForm::Instance,
        status: "InService".to_owned(),
        instance_type: Some("ml.t3.medium".to_owned()),
        created_at: Some(at(since - 10_000)),
        running_since: Some(at(since)),
    }
}
