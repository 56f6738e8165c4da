//! From SageMaker's types to ours.

use aws_sdk_sagemaker::operation::describe_endpoint::DescribeEndpointOutput;
use aws_sdk_sagemaker::operation::describe_endpoint_config::DescribeEndpointConfigOutput;
use aws_sdk_sagemaker::operation::describe_training_job::DescribeTrainingJobOutput;
use aws_sdk_sagemaker::types::{
    AppDetails, NotebookInstanceStatus, NotebookInstanceSummary, ProductionVariantServerlessConfig,
    ProductionVariantSummary, SecondaryStatusTransition, TrainingJobSummary,
};

use crate::cloud::aws::convert::{count, text, timestamp_of};
use crate::domain::sagemaker::{
    AppOwner, Capacity, ConfigVariant, Endpoint, EndpointConfig, Notebook, NotebookForm, PendingDeployment,
    Serverless, TrainingJob, Transition, Variant,
};

fn owned(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// An endpoint, without what only its configuration tells.
pub(super) fn endpoint(described: &DescribeEndpointOutput) -> Endpoint {
    Endpoint {
        arn: owned(described.endpoint_arn()),
        name: owned(described.endpoint_name()),
        status: described
            .endpoint_status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        failure_reason: text(described.failure_reason()),
        config: owned(described.endpoint_config_name()),
        created_at: timestamp_of(described.creation_time()),
        changed_at: timestamp_of(described.last_modified_time()),
        variants: described.production_variants().iter().map(variant).collect(),
        // The summary is there while an update is under way, and names no configuration while only counts
        // change.
        pending: described.pending_deployment_summary().and_then(|pending| {
            Some(PendingDeployment {
                config: text(pending.endpoint_config_name())?,
                since: timestamp_of(pending.start_time()),
            })
        }),
        tags: Vec::new(),
    }
}

fn variant(summary: &ProductionVariantSummary) -> Variant {
    let size = summary
        .current_serverless_config()
        .or(summary.desired_serverless_config());
    let phase = summary.variant_status().first().map(|phase| {
        let word = phase.status().map_or("", |status| status.as_str());
        match text(phase.status_message()) {
            Some(message) => format!("{word}: {message}"),
            None => word.to_owned(),
        }
    });
    Variant {
        name: owned(summary.variant_name()),
        model: None,
        capacity: match size {
            Some(size) => Capacity::Serverless(serverless(size)),
            None => Capacity::Instances {
                instance_type: None,
                current: summary.current_instance_count().map(count),
                desired: summary.desired_instance_count().map(count),
            },
        },
        weight: summary.current_weight().map(f64::from),
        desired_weight: summary.desired_weight().map(f64::from),
        phase: phase.filter(|phase| !phase.is_empty()),
    }
}

fn serverless(size: &ProductionVariantServerlessConfig) -> Serverless {
    Serverless {
        memory_mib: size.memory_size_in_mb().map(count),
        max_concurrency: size.max_concurrency().map(count),
        provisioned: size.provisioned_concurrency().map(count),
    }
}

/// Adds what only the configuration tells.
pub(super) fn complete(endpoint: &mut Endpoint, config: &EndpointConfig) {
    for variant in &mut endpoint.variants {
        let Some(own) = config.variant(&variant.name) else {
            continue;
        };
        variant.model.clone_from(&own.model);
        if let Capacity::Instances { instance_type, .. } = &mut variant.capacity {
            instance_type.clone_from(&own.instance_type);
        }
    }
}

/// A configuration.
pub(super) fn config(described: &DescribeEndpointConfigOutput) -> EndpointConfig {
    EndpointConfig {
        name: owned(described.endpoint_config_name()),
        created_at: timestamp_of(described.creation_time()),
        variants: described
            .production_variants()
            .iter()
            .map(|variant| ConfigVariant {
                name: owned(variant.variant_name()),
                model: text(variant.model_name()),
                instance_type: variant.instance_type().map(|kind| kind.as_str().to_owned()),
            })
            .collect(),
    }
}

/// A training job as the list tells it.
pub(super) fn job_summary(summary: &TrainingJobSummary) -> TrainingJob {
    TrainingJob {
        arn: owned(summary.training_job_arn()),
        name: owned(summary.training_job_name()),
        status: summary
            .training_job_status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        secondary: summary
            .secondary_status()
            .map(|status| status.as_str().to_owned()),
        failure_reason: None,
        created_at: timestamp_of(summary.creation_time()),
        started_at: None,
        ended_at: timestamp_of(summary.training_end_time()),
        instance_type: None,
        instances: None,
        max_runtime_s: None,
        spot: None,
        training_s: None,
        billable_s: None,
        transitions: Vec::new(),
        figures: Vec::new(),
    }
}

/// A training job as its description tells it.
pub(super) fn job(described: &DescribeTrainingJobOutput) -> TrainingJob {
    let seconds = |value: Option<i32>| value.and_then(|value| u64::try_from(value).ok());
    let resources = described.resource_config();
    // Jobs on several types of instances have groups instead of one type.
    let groups = resources.map_or(&[][..], |resources| resources.instance_groups());
    let single = resources.and_then(|resources| resources.instance_type());
    let instance_type = match (single, groups) {
        (Some(kind), _) => Some(kind.as_str().to_owned()),
        (None, [only]) => only.instance_type().map(|kind| kind.as_str().to_owned()),
        (None, _) => None,
    };
    let instances = match groups {
        [] => resources
            .and_then(aws_sdk_sagemaker::types::ResourceConfig::instance_count)
            .map(count),
        groups => groups.iter().map(|group| group.instance_count().map(count)).sum(),
    };
    TrainingJob {
        arn: owned(described.training_job_arn()),
        name: owned(described.training_job_name()),
        status: described
            .training_job_status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        secondary: described
            .secondary_status()
            .map(|status| status.as_str().to_owned()),
        failure_reason: text(described.failure_reason()),
        created_at: timestamp_of(described.creation_time()),
        started_at: timestamp_of(described.training_start_time()),
        ended_at: timestamp_of(described.training_end_time()),
        instance_type,
        instances,
        max_runtime_s: seconds(
            described
                .stopping_condition()
                .and_then(aws_sdk_sagemaker::types::StoppingCondition::max_runtime_in_seconds),
        ),
        spot: described.enable_managed_spot_training(),
        training_s: seconds(described.training_time_in_seconds()),
        billable_s: seconds(described.billable_time_in_seconds()),
        transitions: described
            .secondary_status_transitions()
            .iter()
            .map(transition)
            .collect(),
        figures: described
            .final_metric_data_list()
            .iter()
            .filter_map(|figure| Some((figure.metric_name()?.to_owned(), f64::from(figure.value()?))))
            .collect(),
    }
}

fn transition(transition: &SecondaryStatusTransition) -> Transition {
    Transition {
        status: transition
            .status()
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        started_at: timestamp_of(transition.start_time()),
        ended_at: timestamp_of(transition.end_time()),
        message: text(transition.status_message()),
    }
}

/// A notebook instance. It was changed last when it was started, if it runs.
pub(super) fn notebook(summary: &NotebookInstanceSummary) -> Notebook {
    let status = summary.notebook_instance_status();
    Notebook {
        arn: owned(summary.notebook_instance_arn()),
        name: owned(summary.notebook_instance_name()),
        form: NotebookForm::Instance,
        status: status
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        instance_type: summary.instance_type().map(|kind| kind.as_str().to_owned()),
        created_at: timestamp_of(summary.creation_time()),
        running_since: timestamp_of(summary.last_modified_time())
            .filter(|_| status == Some(&NotebookInstanceStatus::InService)),
    }
}

/// An application of Studio; `None` of one that is no more, or that runs on no instance of its own.
pub(super) fn app(details: &AppDetails) -> Option<Notebook> {
    let status = details.status()?.as_str();
    let domain = text(details.domain_id())?;
    let app = text(details.app_name())?;
    let kind = details.app_type()?.as_str().to_owned();
    let owner = match (text(details.space_name()), text(details.user_profile_name())) {
        (Some(space), _) => AppOwner::Space(space),
        (None, Some(user)) => AppOwner::User(user),
        (None, None) => return None,
    };
    let resources = details.resource_spec();
    let instance_type = resources
        .and_then(|resources| resources.instance_type())
        .map(|kind| kind.as_str().to_owned());
    // AWS lists what was deleted for a day; JupyterServer runs on the free type `system`.
    if matches!(status, "Deleted" | "Failed") || instance_type.as_deref() == Some("system") {
        return None;
    }
    let created_at = timestamp_of(details.creation_time());
    Some(Notebook {
        arn: format!("app/{domain}/{}/{kind}/{app}", owner.name()),
        name: format!("{}/{app}", owner.name()),
        status: status.to_owned(),
        instance_type,
        created_at,
        // An application runs from when it is created to when it is deleted.
        running_since: created_at.filter(|_| status == "InService"),
        form: NotebookForm::App {
            domain,
            owner,
            kind,
            app,
            image: resources.and_then(|resources| text(resources.sage_maker_image_arn())),
            image_version: resources.and_then(|resources| text(resources.sage_maker_image_version_arn())),
            lifecycle: resources.and_then(|resources| text(resources.lifecycle_config_arn())),
        },
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_sagemaker::types::{
        AppInstanceType, AppStatus, AppType, EndpointStatus, PendingDeploymentSummary, ProductionVariant,
        ProductionVariantInstanceType, ResourceConfig, ResourceSpec, StoppingCondition, TrainingInstanceType,
        TrainingJobStatus,
    };
    use aws_smithy_types::DateTime;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn an_endpoint_is_made_of_itself_and_its_configuration() {
        let described = DescribeEndpointOutput::builder()
            .endpoint_arn("arn:aws:sagemaker:ap-northeast-2:1:endpoint/render")
            .endpoint_name("render")
            .endpoint_config_name("render-v2")
            .endpoint_status(EndpointStatus::Updating)
            .production_variants(
                ProductionVariantSummary::builder()
                    .variant_name("AllTraffic")
                    .current_instance_count(1)
                    .desired_instance_count(2)
                    .current_weight(1.0)
                    .build(),
            )
            .production_variants(
                ProductionVariantSummary::builder()
                    .variant_name("small")
                    .current_serverless_config(
                        ProductionVariantServerlessConfig::builder()
                            .memory_size_in_mb(3072)
                            .max_concurrency(20)
                            .build(),
                    )
                    .build(),
            )
            .pending_deployment_summary(
                PendingDeploymentSummary::builder()
                    .endpoint_config_name("render-v3")
                    .start_time(DateTime::from_secs(1_763_690_400))
                    .build(),
            )
            .creation_time(DateTime::from_secs(1_763_000_000))
            .last_modified_time(DateTime::from_secs(1_763_690_400))
            .build();
        let mut endpoint = endpoint(&described);
        let config = config(
            &DescribeEndpointConfigOutput::builder()
                .endpoint_config_name("render-v2")
                .endpoint_config_arn("arn")
                .creation_time(DateTime::from_secs(1_763_000_000))
                .production_variants(
                    ProductionVariant::builder()
                        .variant_name("AllTraffic")
                        .model_name("render-model-v2")
                        .instance_type(ProductionVariantInstanceType::MlG4DnXlarge)
                        .build(),
                )
                .build(),
        );
        complete(&mut endpoint, &config);
        assert_eq!(endpoint.status, "Updating");
        assert_eq!(endpoint.pending.unwrap().config, "render-v3");
        assert_eq!(endpoint.variants[0].instance_type(), Some("ml.g4dn.xlarge"));
        assert_eq!(endpoint.variants[0].model.as_deref(), Some("render-model-v2"));
        assert_eq!(endpoint.variants[0].counts(), Some((1, 2)));
        assert_eq!(
            endpoint.variants[1].capacity,
            Capacity::Serverless(Serverless {
                memory_mib: Some(3072),
                max_concurrency: Some(20),
                provisioned: None,
            })
        );
        assert_eq!(endpoint.failure_reason, None);
    }

    #[test]
    fn a_job_says_what_spot_saved() {
        let described = DescribeTrainingJobOutput::builder()
            .training_job_name("tryon")
            .training_job_arn("arn")
            .training_job_status(TrainingJobStatus::Completed)
            .resource_config(
                ResourceConfig::builder()
                    .instance_type(TrainingInstanceType::MlG4DnXlarge)
                    .instance_count(2)
                    .build(),
            )
            .stopping_condition(StoppingCondition::builder().max_runtime_in_seconds(7200).build())
            .enable_managed_spot_training(true)
            .training_time_in_seconds(1000)
            .billable_time_in_seconds(300)
            .creation_time(DateTime::from_secs(1_763_000_000))
            .build();
        let job = job(&described);
        assert_eq!(job.spot_saving_percent().map(f64::round), Some(70.0));
        assert_eq!((job.instances, job.max_runtime_s), (Some(2), Some(7200)));
        assert_eq!(job.instance_type.as_deref(), Some("ml.g4dn.xlarge"));
    }

    #[test]
    fn what_runs_on_nothing_of_its_own_and_what_is_gone_is_no_notebook() {
        let details = |status: AppStatus, kind: AppInstanceType| {
            AppDetails::builder()
                .domain_id("d-1")
                .space_name("kim")
                .app_type(AppType::JupyterLab)
                .app_name("default")
                .status(status)
                .creation_time(DateTime::from_secs(1_763_000_000))
                .resource_spec(ResourceSpec::builder().instance_type(kind).build())
                .build()
        };
        let one = app(&details(AppStatus::InService, AppInstanceType::MlT3Large)).unwrap();
        assert_eq!(one.arn, "app/d-1/kim/JupyterLab/default");
        assert_eq!(one.name, "kim/default");
        assert!(one.running_since.is_some());
        assert_eq!(
            app(&details(AppStatus::Deleted, AppInstanceType::MlT3Large)),
            None
        );
        assert_eq!(app(&details(AppStatus::InService, AppInstanceType::System)), None);
    }
}
