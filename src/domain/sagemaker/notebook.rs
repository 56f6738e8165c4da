//! Notebooks: instances of their own, and the applications of Studio.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Something that somebody works in and that is paid while it runs, used or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notebook {
    /// The ARN; of an application of Studio, whose ARN lists do not tell, `app/DOMAIN/OWNER/KIND/NAME`.
    pub arn: String,
    /// The name; of an application `OWNER/NAME`.
    pub name: String,
    /// What it is.
    pub form: NotebookForm,
    /// `InService`, `Pending`, `Stopping`, `Stopped`, `Failed`, …
    pub status: String,
    /// The instance type, such as `ml.t3.medium`; `None` where AWS does not say.
    pub instance_type: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Since when it runs; `None` if it does not.
    pub running_since: Option<Timestamp>,
}

/// What a notebook is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotebookForm {
    /// A notebook instance.
    /// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_NotebookInstanceSummary.html>
    Instance,
    /// An application of Studio.
    /// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AppDetails.html>
    App {
        /// The domain's id.
        domain: String,
        /// Whose it is.
        owner: AppOwner,
        /// `KernelGateway`, `JupyterLab`, `CodeEditor`.
        kind: String,
        /// The application's own name.
        app: String,
        /// The image that it runs, by ARN, and the image's version: what it would be started with again.
        image: Option<String>,
        /// The version of the image, by ARN.
        image_version: Option<String>,
        /// The lifecycle configuration, by ARN.
        lifecycle: Option<String>,
    },
}

/// Whose an application of Studio is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppOwner {
    /// A user profile's, by name.
    User(String),
    /// A space's, by name.
    Space(String),
}

impl AppOwner {
    /// The name of the user profile or space.
    pub fn name(&self) -> &str {
        match self {
            Self::User(name) | Self::Space(name) => name,
        }
    }
}

impl NotebookForm {
    /// The word in JSON and on screen.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Instance => "notebook-instance",
            Self::App { .. } => "studio-app",
        }
    }
}

impl Notebook {
    /// Whether it is paid for now.
    pub fn is_running(&self) -> bool {
        matches!(self.status.as_str(), "InService" | "Updating")
    }
}
