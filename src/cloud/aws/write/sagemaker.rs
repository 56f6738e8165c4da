//! Changes of Amazon SageMaker.

use aws_sdk_sagemaker::operation::RequestId;
use aws_sdk_sagemaker::types::{
    AppInstanceType, AppType, DesiredWeightAndCapacity, ResourceSpec, Tag as SdkTag,
};

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ids::Tag;
use crate::domain::ops::sagemaker::Write;
use crate::domain::ops::{Operation, Receipt, Token};
use crate::domain::sagemaker::{AppOwner, NotebookForm};

/// Makes a change, once. The same twice is refused by AWS, or the same.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    let operation = change.operation();
    let client = caller.sagemaker();
    let request_id = match change {
        Write::UpdateEndpoint { endpoint, config } => {
            // Without it, counts and weights would go back to what the configuration says.
            let call = client
                .update_endpoint()
                .endpoint_name(endpoint)
                .endpoint_config_name(config)
                .retain_all_variant_properties(true);
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
        Write::ScaleVariant {
            endpoint,
            variant,
            count,
        } => {
            let wanted = DesiredWeightAndCapacity::builder()
                .variant_name(variant)
                .desired_instance_count(number(operation, *count)?)
                .build();
            let call = client
                .update_endpoint_weights_and_capacities()
                .endpoint_name(endpoint)
                .desired_weights_and_capacities(wanted);
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
        Write::DeleteEndpoint { endpoint } => {
            let call = client.delete_endpoint().endpoint_name(endpoint);
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
        Write::CreateEndpoint {
            endpoint,
            config,
            tags,
        } => {
            let call = client
                .create_endpoint()
                .endpoint_name(endpoint)
                .endpoint_config_name(config)
                .set_tags((!tags.is_empty()).then(|| tags.iter().map(tag).collect()));
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
        Write::StopNotebook { notebook } => {
            let call = client.stop_notebook_instance().notebook_instance_name(notebook);
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
        Write::StartNotebook { notebook } => {
            let call = client.start_notebook_instance().notebook_instance_name(notebook);
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
        Write::DeleteApp { app } => {
            let App {
                domain,
                owner,
                kind,
                name,
                ..
            } = App::of(operation, app)?;
            let (user, space) = owner_of(owner);
            let call = client
                .delete_app()
                .domain_id(domain)
                .set_user_profile_name(user)
                .set_space_name(space)
                .app_type(kind)
                .app_name(name);
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
        Write::CreateApp { app, instance_type } => {
            let App {
                domain,
                owner,
                kind,
                name,
                resources,
            } = App::of(operation, app)?;
            let (user, space) = owner_of(owner);
            let spec = resources
                .set_instance_type(instance_type.as_deref().map(AppInstanceType::from))
                .build();
            let call = client
                .create_app()
                .domain_id(domain)
                .set_user_profile_name(user)
                .set_space_name(space)
                .app_type(kind)
                .app_name(name)
                .resource_spec(spec);
            let answer = caller.call(operation, call.send()).await?;
            answer.request_id().map(str::to_owned)
        }
    };
    Ok(Receipt {
        request_id,
        created: None,
    })
}

/// An application in the SDK's words.
struct App<'a> {
    domain: &'a str,
    owner: &'a AppOwner,
    kind: AppType,
    name: &'a str,
    resources: aws_sdk_sagemaker::types::builders::ResourceSpecBuilder,
}

impl<'a> App<'a> {
    fn of(operation: Operation, form: &'a NotebookForm) -> Result<Self, Fault> {
        match form {
            NotebookForm::App {
                domain,
                owner,
                kind,
                app,
                image,
                image_version,
                lifecycle,
            } => Ok(Self {
                domain,
                owner,
                kind: AppType::from(kind.as_str()),
                name: app,
                resources: ResourceSpec::builder()
                    .set_sage_maker_image_arn(image.clone())
                    .set_sage_maker_image_version_arn(image_version.clone())
                    .set_lifecycle_config_arn(lifecycle.clone()),
            }),
            NotebookForm::Instance => Err(invalid(operation, "it is no application of Studio")),
        }
    }
}

fn owner_of(owner: &AppOwner) -> (Option<String>, Option<String>) {
    match owner {
        AppOwner::User(name) => (Some(name.clone()), None),
        AppOwner::Space(name) => (None, Some(name.clone())),
    }
}

fn tag(tag: &Tag) -> SdkTag {
    SdkTag::builder().key(&tag.key).value(&tag.value).build()
}

fn number(operation: Operation, count: u32) -> Result<i32, Fault> {
    i32::try_from(count).map_err(|_| invalid(operation, "more instances than SageMaker can count"))
}

fn invalid(operation: Operation, why: &str) -> Fault {
    Fault::new(FaultKind::Invalid, operation.service, operation.name, why)
}
