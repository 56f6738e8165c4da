//! Where credentials are to come from, decided from the configuration files. The SDK decides this
//! too, but knows nothing of `mfa_serial` and lets exported keys overrule a profile that was
//! named, as the AWS CLI does not.

use aws_config::profile::{Profile, ProfileSet};

use crate::domain::fault::CredentialFault;
use crate::domain::scope::Scope;

/// First these credentials, then those that they lead to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) base: Base,
    pub(super) steps: Vec<Step>,
}

/// The first credentials.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// The SDK's chain: environment, files, web identity, container, instance.
    Chain,
    /// A profile that was named, then what stands in for a profile without credentials.
    Named(String),
    /// A profile that another one rests on, and nothing else.
    Source(String),
    /// Exported keys.
    Environment,
    /// The task's role.
    Container,
    /// The instance's role.
    Instance,
    /// Keys from the credentials file.
    Keys(Keys),
}

/// Long-lived keys.
#[derive(PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// From credentials to the next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Assumes a role.
    AssumeRole(Role),
    /// Opens a session of the same user with a code of an MFA device.
    SessionToken {
        /// The device.
        serial: String,
    },
}

/// A role to assume.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) external_id: Option<String>,
    pub(super) session_name: Option<String>,
    pub(super) duration_seconds: Option<i32>,
    pub(super) serial: Option<String>,
}

/// Why there is no plan.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) fault: CredentialFault,
    pub(super) message: String,
}

impl Step {
    /// The MFA device whose code it takes.
    pub(super) fn serial(&self) -> Option<&str> {
        match self {
            Self::AssumeRole(role) => role.serial.as_deref(),
            Self::SessionToken { serial } => Some(serial),
        }
    }
}

impl Plan {
    /// The way to a scope's credentials. `exported` is whether keys are in the environment.
    pub(super) fn of(profiles: &ProfileSet, scope: &Scope, exported: bool) -> Result<Self, Problem> {
        let name = profiles.selected_profile();
        let section = profiles.get_profile(name);
        let named = scope.profile.is_some();
        let by_environment = exported && !named;
        if section.is_none() && !by_environment && (named || name != "default") {
            return Err(Problem::no_such_profile(name));
        }
        let with_device = section
            .filter(|_| !by_environment)
            .and_then(|section| Some((section, section.get("mfa_serial")?)));
        let (base, mut steps) = match with_device {
            Some((section, serial)) => Self::with_device(profiles, section, serial)?,
            None => (Self::plain_base(scope), Vec::new()),
        };
        if let Some(role) = &scope.role {
            steps.push(Step::AssumeRole(Role {
                arn: role.role_arn.clone(),
                external_id: role.external_id.clone(),
                session_name: None,
                duration_seconds: None,
                serial: role.mfa_serial.clone(),
            }));
        }
        Ok(Self { base, steps })
    }

    fn plain_base(scope: &Scope) -> Base {
        scope
            .profile
            .as_ref()
            .map_or(Base::Chain, |name| Base::Named(name.clone()))
    }

    /// What the SDK cannot do: a profile that names an MFA device.
    fn with_device(
        profiles: &ProfileSet,
        section: &Profile,
        serial: &str,
    ) -> Result<(Base, Vec<Step>), Problem> {
        let serial = serial.to_owned();
        let Some(arn) = section.get("role_arn") else {
            let base = keys(section).map_or_else(|| Base::Named(section.name().to_owned()), Base::Keys);
            // A session cannot open another one.
            let steps = match &base {
                Base::Keys(Keys { token: None, .. }) => vec![Step::SessionToken { serial }],
                _ => Vec::new(),
            };
            return Ok((base, steps));
        };
        let role = Role {
            arn: arn.to_owned(),
            external_id: section.get("external_id").map(str::to_owned),
            session_name: section.get("role_session_name").map(str::to_owned),
            duration_seconds: section.get("duration_seconds").and_then(|text| text.parse().ok()),
            serial: Some(serial),
        };
        let base = match (section.get("source_profile"), section.get("credential_source")) {
            // A profile may rest on its own keys.
            (Some(source), _) if source == section.name() => {
                Base::Keys(keys(section).ok_or_else(|| Problem::no_keys(source))?)
            }
            (Some(source), _) if profiles.get_profile(source).is_none() => {
                return Err(Problem::no_such_profile(source));
            }
            (Some(source), _) => Base::Source(source.to_owned()),
            (None, Some("Environment")) => Base::Environment,
            (None, Some("EcsContainer")) => Base::Container,
            (None, Some("Ec2InstanceMetadata")) => Base::Instance,
            (None, _) => return Err(Problem::no_keys(section.name())),
        };
        Ok((base, vec![Step::AssumeRole(role)]))
    }
}

impl Problem {
    fn no_such_profile(name: &str) -> Self {
        Self {
            fault: CredentialFault::NoSuchProfile,
            message: format!("profile {name} is not in the AWS configuration files"),
        }
    }

    fn no_keys(name: &str) -> Self {
        Self {
            fault: CredentialFault::Missing,
            message: format!("profile {name} names neither keys nor where they come from"),
        }
    }
}

fn keys(section: &Profile) -> Option<Keys> {
    Some(Keys {
        id: section.get("aws_access_key_id")?.to_owned(),
        secret: section.get("aws_secret_access_key")?.to_owned(),
        token: section.get("aws_session_token").map(str::to_owned),
    })
}
