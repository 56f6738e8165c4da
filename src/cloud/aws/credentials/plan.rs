//! Where credentials are to come from, decided from the configuration files. The SDK decides this
//! too, but knows nothing of `mfa_serial`, asks AWS's own STS for roles whatever the endpoint, and
//! lets exported keys overrule a profile that was named, as the AWS CLI does not.

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
        let named = scope.profile.is_some();
        let by_environment = exported && !named;
        let mut plan = match profiles.get_profile(name) {
            // Exported keys overrule files, unless somebody names a profile.
            Some(section) if !by_environment => Self::of_profile(profiles, section, named)?,
            None if !by_environment && (named || name != "default") => {
                return Err(Problem::no_such_profile(name));
            }
            Some(_) | None => Self::at(Base::Chain),
        };
        if let Some(role) = &scope.role {
            plan.steps.push(Step::AssumeRole(Role {
                arn: role.role_arn.clone(),
                external_id: role.external_id.clone(),
                session_name: None,
                duration_seconds: None,
                serial: role.mfa_serial.clone(),
            }));
        }
        Ok(plan)
    }

    fn at(base: Base) -> Self {
        Self {
            base,
            steps: Vec::new(),
        }
    }

    /// The way to what the selected profile gives.
    fn of_profile(profiles: &ProfileSet, section: &Profile, named: bool) -> Result<Self, Problem> {
        if let Some(role) = role(section) {
            return Self::of_role(profiles, section, role, &mut Vec::new());
        }
        match (section.get("mfa_serial"), keys(section)) {
            // A session cannot open another one, so keys with a token are taken as they are.
            (Some(serial), Some(keys)) if keys.token.is_none() => Ok(Self {
                base: Base::Keys(keys),
                steps: vec![Step::SessionToken {
                    serial: serial.to_owned(),
                }],
            }),
            _ if named => Ok(Self::at(Base::Named(section.name().to_owned()))),
            _ => Ok(Self::at(Base::Chain)),
        }
    }

    /// The way to a role that a profile assumes, which may rest on another such profile.
    fn of_role(
        profiles: &ProfileSet,
        section: &Profile,
        role: Role,
        seen: &mut Vec<String>,
    ) -> Result<Self, Problem> {
        let name = section.name();
        if seen.iter().any(|before| before == name) {
            return Err(Problem::loops(name));
        }
        seen.push(name.to_owned());
        let source = section.get("source_profile");
        let mut plan = match (source, section.get("credential_source")) {
            // A profile may rest on its own keys.
            (Some(source), _) if source == name => {
                Self::at(Base::Keys(keys(section).ok_or_else(|| Problem::no_keys(source))?))
            }
            (Some(source), _) => {
                let below = profiles
                    .get_profile(source)
                    .ok_or_else(|| Problem::no_such_profile(source))?;
                match self::role(below) {
                    Some(role) => Self::of_role(profiles, below, role, seen)?,
                    None => Self::at(Base::Source(source.to_owned())),
                }
            }
            (None, Some("Environment")) => Self::at(Base::Environment),
            (None, Some("EcsContainer")) => Self::at(Base::Container),
            (None, Some("Ec2InstanceMetadata")) => Self::at(Base::Instance),
            (None, _) => return Err(Problem::no_keys(name)),
        };
        plan.steps.push(Step::AssumeRole(role));
        Ok(plan)
    }
}

/// The role that a profile assumes with other credentials. One that it assumes with a web identity
/// token is the SDK's affair: it takes nobody else's credentials.
fn role(section: &Profile) -> Option<Role> {
    if section.get("web_identity_token_file").is_some() {
        return None;
    }
    Some(Role {
        arn: section.get("role_arn")?.to_owned(),
        external_id: section.get("external_id").map(str::to_owned),
        session_name: section.get("role_session_name").map(str::to_owned),
        duration_seconds: section.get("duration_seconds").and_then(|text| text.parse().ok()),
        serial: section.get("mfa_serial").map(str::to_owned),
    })
}

impl Problem {
    fn no_such_profile(name: &str) -> Self {
        Self {
            fault: CredentialFault::NoSuchProfile,
            message: format!("profile {name} is not in the AWS configuration files"),
        }
    }

    fn loops(name: &str) -> Self {
        Self {
            fault: CredentialFault::Missing,
            message: format!("profile {name} rests on itself through its source profiles"),
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

#[cfg(test)]
mod tests;
