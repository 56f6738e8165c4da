//! Questions to and changes of Amazon SageMaker.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::Tag;
use crate::domain::ops::Operation;
use crate::domain::sagemaker::NotebookForm;

/// What can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// All endpoints with their variants, tags, and the configurations in use → `Endpoints`.
    Endpoints,
    /// The newest configurations of endpoints, or the one of that name, which is none if there is no
    /// such one → `EndpointConfigs`.
    EndpointConfigs {
        /// The one to read; the newest [`MOST_CONFIGS`] otherwise.
        name: Option<String>,
    },
    /// Training jobs that were asked for since then, newest first → `TrainingJobs`.
    TrainingJobs {
        /// Since when.
        since: Timestamp,
    },
    /// Notebook instances and running applications of Studio → `Notebooks`.
    Notebooks,
}

/// How many configurations of endpoints are read; each is a call of its own.
pub const MOST_CONFIGS: usize = 40;

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Write {
    /// Has an endpoint serve what another configuration says; weights and counts stay as they are.
    UpdateEndpoint {
        /// The endpoint's name.
        endpoint: String,
        /// The configuration's name.
        config: String,
    },
    /// Sets how many instances a variant has.
    ScaleVariant {
        /// The endpoint's name.
        endpoint: String,
        /// The variant's name.
        variant: String,
        /// Instances wanted.
        count: u32,
    },
    /// Deletes an endpoint; its configuration and models stay.
    DeleteEndpoint {
        /// The endpoint's name.
        endpoint: String,
    },
    /// Makes an endpoint from a configuration.
    CreateEndpoint {
        /// The endpoint's name.
        endpoint: String,
        /// The configuration's name.
        config: String,
        /// Its tags.
        tags: Vec<Tag>,
    },
    /// Stops a notebook instance; what is on its volume stays.
    StopNotebook {
        /// The notebook instance's name.
        notebook: String,
    },
    /// Starts a notebook instance.
    StartNotebook {
        /// The notebook instance's name.
        notebook: String,
    },
    /// Ends an application of Studio; files stay in the home folder or on the space's volume.
    DeleteApp {
        /// Which.
        app: NotebookForm,
    },
    /// Starts an application of Studio.
    CreateApp {
        /// Which.
        app: NotebookForm,
        /// The instance type.
        instance_type: Option<String>,
    },
}

impl Read {
    /// The API operations behind it.
    pub const fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Endpoints => {
                const {
                    &[
                        Operation::new("sagemaker", "ListEndpoints"),
                        Operation::new("sagemaker", "DescribeEndpoint"),
                        Operation::new("sagemaker", "DescribeEndpointConfig"),
                        Operation::new("sagemaker", "ListTags"),
                    ]
                }
            }
            Self::EndpointConfigs { .. } => {
                const {
                    &[
                        Operation::new("sagemaker", "ListEndpointConfigs"),
                        Operation::new("sagemaker", "DescribeEndpointConfig"),
                    ]
                }
            }
            Self::TrainingJobs { .. } => {
                const {
                    &[
                        Operation::new("sagemaker", "ListTrainingJobs"),
                        Operation::new("sagemaker", "DescribeTrainingJob"),
                    ]
                }
            }
            Self::Notebooks => {
                const {
                    &[
                        Operation::new("sagemaker", "ListNotebookInstances"),
                        Operation::new("sagemaker", "ListApps"),
                    ]
                }
            }
        }
    }
}

impl Write {
    /// The API operation behind it.
    pub const fn operation(&self) -> Operation {
        match self {
            Self::UpdateEndpoint { .. } => Operation::new("sagemaker", "UpdateEndpoint"),
            Self::ScaleVariant { .. } => Operation::new("sagemaker", "UpdateEndpointWeightsAndCapacities"),
            Self::DeleteEndpoint { .. } => Operation::new("sagemaker", "DeleteEndpoint"),
            Self::CreateEndpoint { .. } => Operation::new("sagemaker", "CreateEndpoint"),
            Self::StopNotebook { .. } => Operation::new("sagemaker", "StopNotebookInstance"),
            Self::StartNotebook { .. } => Operation::new("sagemaker", "StartNotebookInstance"),
            Self::DeleteApp { .. } => Operation::new("sagemaker", "DeleteApp"),
            Self::CreateApp { .. } => Operation::new("sagemaker", "CreateApp"),
        }
    }
}
