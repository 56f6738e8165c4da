//! What can go wrong when a cloud is asked, in terms of what the user can do about it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::ops::Operation;
use crate::domain::scope::Scope;

/// The code of the fault with which a build answers that leaves a service's client out: no question
/// of permission or of trying again, and no finding.
pub const NOT_IN_THIS_BUILD: &str = "NotInThisBuild";

/// Why a read or a write did not happen, or may have happened without an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What sort of failure it is: decides what is shown, retried and exited with.
    pub kind: FaultKind,
    /// The service's IAM prefix, such as `ecs`.
    pub service: String,
    /// The API operation, such as `DescribeServices`; empty where none was reached.
    pub operation: String,
    /// The error code as AWS gave it, such as `ThrottlingException`.
    pub code: Option<String>,
    /// What AWS or the transport said; foreign text.
    pub message: String,
    /// AWS's request id, for a support case.
    pub request_id: Option<String>,
    /// How long AWS asked us to wait.
    pub retry_after: Option<Duration>,
}

/// The sorts of failure that differ in what to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The credentials are missing, have ended or are not accepted.
    Credentials(CredentialFault),
    /// The identity is known and may not do this.
    AccessDenied,
    /// Too many calls; ask again later.
    Throttled,
    /// The resource is not there.
    NotFound,
    /// No answer in time; a write may have happened.
    Timeout,
    /// The endpoint cannot be reached.
    Unreachable,
    /// The request was refused as wrong.
    Invalid,
    /// The resource is in a state that does not allow this now.
    Conflict,
    /// AWS failed (5xx).
    Server,
    /// This endpoint, region or build does not offer the operation.
    Unsupported,
    /// Refused here, before any call: the console is read-only.
    ReadOnly,
    /// There is not enough data to answer, such as a forecast of a new account.
    NoData,
    /// Anything else.
    Other,
}

/// How credentials fail in life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialFault {
    /// No provider of the chain had any.
    Missing,
    /// The profile is not in the configuration files.
    NoSuchProfile,
    /// The IAM Identity Center session has ended.
    SsoExpired,
    /// The session token has ended.
    SessionExpired,
    /// This machine's clock is too far off for signatures.
    ClockSkew,
    /// AWS does not know the key, or the signature is wrong.
    Rejected,
    /// The role could not be assumed.
    RoleDenied,
    /// The role wants a code of this MFA device.
    MfaRequired {
        /// The device's serial number or ARN.
        serial: String,
    },
    /// The account behind the credentials is not the one that the estate file names.
    WrongAccount,
}

impl Fault {
    /// A failure of this kind.
    pub fn new(kind: FaultKind, service: &str, operation: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            service: service.to_owned(),
            operation: operation.to_owned(),
            code: None,
            message: message.into(),
            request_id: None,
            retry_after: None,
        }
    }

    /// The same with AWS's error code.
    #[must_use]
    pub fn with_code(mut self, code: &str) -> Self {
        self.code = Some(code.to_owned());
        self
    }

    /// This build has no client for the service of these operations.
    pub fn not_in_this_build(operations: &[Operation]) -> Self {
        let (service, name) = operations
            .first()
            .map_or(("", ""), |operation| (operation.service, operation.name));
        let message = "this build leaves the service out: it was made without the feature aws-extra";
        Self::new(FaultKind::Unsupported, service, name, message).with_code(NOT_IN_THIS_BUILD)
    }

    /// No answer in time.
    pub fn timeout(service: &str, operation: &str) -> Self {
        Self::new(FaultKind::Timeout, service, operation, "no answer in time")
    }

    /// Whether new credentials or permissions would mend it (exit code 14 instead of 13).
    pub fn is_credential(&self) -> bool {
        matches!(self.kind, FaultKind::Credentials(_) | FaultKind::AccessDenied)
    }

    /// Whether asking again later may help without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::Throttled | FaultKind::Timeout | FaultKind::Unreachable | FaultKind::Server
        )
    }

    /// The word shown beside stale data, at most eleven columns.
    pub const fn word(&self) -> &'static str {
        match &self.kind {
            FaultKind::Credentials(fault) => fault.word(),
            FaultKind::AccessDenied => "denied",
            FaultKind::Throttled => "throttled",
            FaultKind::NotFound => "not found",
            FaultKind::Timeout => "timeout",
            FaultKind::Unreachable => "unreachable",
            FaultKind::Invalid => "refused",
            FaultKind::Conflict => "conflict",
            FaultKind::Server => "AWS error",
            FaultKind::Unsupported => "unsupported",
            FaultKind::ReadOnly => "read-only",
            FaultKind::NoData => "no data",
            FaultKind::Other => "error",
        }
    }

    /// One line that says what to do, naming the profile and, where there is one, the command.
    pub fn hint(&self, scope: &Scope) -> String {
        let profile = scope.profile_name();
        match &self.kind {
            FaultKind::Credentials(fault) => fault.hint(scope),
            FaultKind::AccessDenied => format!(
                "allow {}:{} for profile {profile}; `qd iam-policy` prints the whole policy",
                self.service, self.operation
            ),
            FaultKind::Throttled => {
                "too many calls in this account and region; asking less often by itself".to_owned()
            }
            FaultKind::Timeout | FaultKind::Unreachable => format!(
                "check the network, proxy and VPC endpoints to {} in {}",
                self.service, scope.region
            ),
            FaultKind::NotFound => {
                "it may have been deleted; it leaves the list at the next refresh".to_owned()
            }
            FaultKind::Invalid | FaultKind::Conflict | FaultKind::Other => {
                "see --log-file for the whole exchange".to_owned()
            }
            FaultKind::Server => "AWS failed; trying again by itself".to_owned(),
            FaultKind::Unsupported if self.code.as_deref() == Some(NOT_IN_THIS_BUILD) => {
                "not in this build".to_owned()
            }
            FaultKind::Unsupported => format!("{} does not offer {} here", scope.region, self.operation),
            FaultKind::ReadOnly => "start with --read-write, or type :write in the console".to_owned(),
            FaultKind::NoData => "AWS needs more history before it can answer".to_owned(),
        }
    }
}

impl CredentialFault {
    /// A word or two for a column.
    const fn word(&self) -> &'static str {
        match self {
            Self::Missing => "no credentials",
            Self::NoSuchProfile => "no profile",
            Self::SsoExpired | Self::SessionExpired => "expired",
            Self::ClockSkew => "clock",
            Self::Rejected => "bad key",
            Self::RoleDenied => "role denied",
            Self::MfaRequired { .. } => "MFA",
            Self::WrongAccount => "wrong account",
        }
    }

    fn hint(&self, scope: &Scope) -> String {
        let profile = scope.profile_name();
        let flag = scope
            .profile
            .as_ref()
            .map(|name| format!(" --profile {name}"))
            .unwrap_or_default();
        match self {
            Self::Missing => format!(
                "no credentials for profile {profile}: run `aws configure sso{flag}` or `aws configure{flag}`, or set AWS_PROFILE"
            ),
            Self::NoSuchProfile => {
                format!("profile {profile} is not in ~/.aws/config: run `aws configure list-profiles`")
            }
            Self::SsoExpired => {
                format!("the SSO session of profile {profile} has ended: run `aws sso login{flag}`")
            }
            Self::SessionExpired => format!(
                "the session of profile {profile} has ended: run `aws sso login{flag}` or renew the exported AWS_SESSION_TOKEN"
            ),
            Self::ClockSkew => format!(
                "this machine's clock is wrong, so AWS refuses profile {profile}: run `timedatectl set-ntp true` or `chronyc makestep`"
            ),
            Self::Rejected => format!(
                "AWS does not accept the keys of profile {profile}: run `aws sts get-caller-identity{flag}` and renew them"
            ),
            Self::RoleDenied => match &scope.role {
                Some(role) => format!(
                    "profile {profile} may not assume {}: check its trust policy, then `aws sts assume-role --role-arn {} --role-session-name test{flag}`",
                    role.role_arn, role.role_arn
                ),
                None => format!(
                    "profile {profile} may not assume its role: run `aws sts get-caller-identity{flag}`"
                ),
            },
            Self::MfaRequired { serial } => format!(
                "profile {profile} wants a code of {serial}: open `qd{flag}` and type it, or run `aws configure export-credentials{flag} --format env`, which asks for it, export what it prints and leave the profile out"
            ),
            Self::WrongAccount => format!(
                "profile {profile} reaches another account than the estate file says: check `account` in the file, or `aws sts get-caller-identity{flag}`"
            ),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.operation)?;
        match &self.code {
            Some(code) => write!(f, ": {code}: {}", self.message),
            None => write!(f, ": {}: {}", self.word(), self.message),
        }
    }
}

impl std::error::Error for Fault {}
