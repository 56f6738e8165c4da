//! Where to look: one account and region, reached by one profile or role.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The name of a scope, `<profile>/<region>`, or `<profile>/global` for account-wide families.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeName(Arc<str>);

impl ScopeName {
    /// Wraps a name that is already complete.
    pub fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ScopeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A role that is assumed on top of the profile's credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssumeRole {
    /// The role's ARN.
    pub role_arn: String,
    /// The external id that the role's trust policy asks for.
    pub external_id: Option<String>,
    /// The MFA device whose code the trust policy asks for.
    pub mfa_serial: Option<String>,
}

/// One account and region, reached by one profile or role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Unique among the scopes of a process.
    pub name: ScopeName,
    /// The profile of the AWS configuration files; `None` is the credential chain's own choice.
    pub profile: Option<String>,
    /// The AWS region, such as `ap-northeast-2`.
    pub region: String,
    /// The role to assume with the profile's credentials.
    pub role: Option<AssumeRole>,
    /// The account that the estate file says this is; a different one is refused.
    pub expected_account: Option<String>,
    /// What the estate file calls the account: its name or alias. Shown beside the number, never relied on.
    pub account_name: Option<String>,
}

impl Scope {
    /// The profile's name as a person writes it.
    pub fn profile_name(&self) -> &str {
        self.profile.as_deref().unwrap_or("default")
    }

    /// The name under which account-wide resources are listed.
    pub fn global_name(&self) -> ScopeName {
        ScopeName::new(&format!("{}/global", self.profile_name()))
    }
}

/// Who the credentials of a scope are: the answer of STS `GetCallerIdentity`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The account's twelve digits.
    pub account: String,
    /// The caller's ARN.
    pub arn: String,
    /// When the credentials end, where that is known.
    pub credentials_expire_at: Option<Timestamp>,
    /// AWS's clock at the answer, from its `Date` header, for spotting a wrong clock here.
    pub server_time: Option<Timestamp>,
}

impl Identity {
    /// The role or user as people say it: `…assumed-role/oncall/alice` → `oncall`.
    pub fn principal(&self) -> &str {
        principal(&self.arn)
    }

    /// What sort of caller it is, in a word before its name: `user`, `account` (its root) or `role`. Whoever holds
    /// a user's temporary credentials is still that user.
    pub fn sort(&self) -> &'static str {
        let resource = self.arn.splitn(6, ':').nth(5).unwrap_or_default();
        match resource.split('/').next() {
            Some("user" | "federated-user") => "user",
            Some("root") => "account",
            _ => "role",
        }
    }
}

/// The role or user of a caller's ARN: `…assumed-role/oncall/alice` → `oncall`.
pub fn principal(arn: &str) -> &str {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
    let mut parts = resource.split('/');
    match (parts.next(), parts.next()) {
        (Some("assumed-role" | "user" | "role" | "federated-user"), Some(name)) => name,
        (Some(first), _) => first,
        (None, _) => resource,
    }
}
