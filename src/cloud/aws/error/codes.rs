//! What AWS's error codes mean. They differ by protocol and by service: `Throttling` here is
//! `ThrottlingException` there and `RequestLimitExceeded` in EC2.

use crate::domain::fault::{CredentialFault, FaultKind};

/// An error as a service gave it.
pub(super) struct Answer<'a> {
    pub(super) code: &'a str,
    pub(super) message: &'a str,
    /// The HTTP status.
    pub(super) status: u16,
    /// Whether this machine's clock is further from AWS's than signatures may be.
    pub(super) skewed: bool,
}

/// Asking for fewer calls. `LimitExceededException` is not among them, though the SDK retries it
/// as one: it is a quota. `ResourceContention` and ElastiCache's own code are, though it does not.
const THROTTLES: [&str; 16] = [
    "APICallRateForCustomerExceeded",
    "APICallRateForCustomerExceededFault",
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "ResourceContention",
    "ResourceContentionFault",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// The session has ended.
const ENDED: [&str; 4] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "TokenRefreshRequired",
];

/// The key or its signature is not accepted; a wrong clock says the same.
const REJECTED: [&str; 12] = [
    "AuthFailure",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// The identity may not do this.
const DENIED: [&str; 11] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "Forbidden",
    "NotAuthorized",
    "NotAuthorizedException",
    "OptInRequired",
    "UnauthorizedAccess",
    "UnauthorizedException",
    "UnauthorizedOperation",
];

/// This endpoint does not know the operation.
const UNSUPPORTED: [&str; 6] = [
    "InvalidAction",
    "NotImplemented",
    "NotImplementedException",
    "UnknownOperationException",
    "UnsupportedFeatureException",
    "UnsupportedOperationException",
];

/// There is too little history to answer.
const NO_DATA: [&str; 2] = ["DataUnavailable", "DataUnavailableException"];

/// The resource, or something about it, does not allow this now. Several name no state at all; a precondition
/// is the revision or ETag that was read, which somebody else's change has replaced.
const CONFLICTS: [&str; 11] = [
    "IncorrectInstanceState",
    "IncorrectState",
    "IrreversibleInstanceRefresh",
    "OperationAborted",
    "OperationNotPermitted",
    "PreconditionFailed",
    "PreconditionFailedException",
    "ServiceNotActiveException",
    "ScalingActivityInProgress",
    "TestFailoverNotAvailableFault",
    "UnsupportedOperation",
];

/// Whether a code asks for fewer calls.
pub(super) fn is_throttle(code: &str) -> bool {
    THROTTLES.contains(&plain(code))
}

/// Without the prefixes of older protocols: `AWS.SimpleQueueService.NonExistentQueue`.
fn plain(code: &str) -> &str {
    ["AWS.SimpleQueueService.", "Client.", "Server."]
        .iter()
        .find_map(|prefix| code.strip_prefix(prefix))
        .unwrap_or(code)
}

impl Answer<'_> {
    /// What it means for the user.
    pub(super) fn kind(&self) -> FaultKind {
        let code = plain(self.code);
        if is_throttle(code) {
            return FaultKind::Throttled;
        }
        if ENDED.contains(&code) || REJECTED.contains(&code) {
            return FaultKind::Credentials(self.credential(code));
        }
        if DENIED.contains(&code) {
            return FaultKind::AccessDenied;
        }
        if UNSUPPORTED.contains(&code) {
            return FaultKind::Unsupported;
        }
        if NO_DATA.contains(&code) {
            return FaultKind::NoData;
        }
        self.state(code)
    }

    fn credential(&self, code: &str) -> CredentialFault {
        let clock = ["Signature expired", "Signature not yet current", "clock"]
            .iter()
            .any(|words| self.message.contains(words));
        if self.skewed || clock || code == "RequestTimeTooSkewed" {
            CredentialFault::ClockSkew
        } else if ENDED.contains(&code) || self.message.contains("token included in the request is expired") {
            CredentialFault::SessionExpired
        } else {
            CredentialFault::Rejected
        }
    }

    /// Codes that name a state of the resource, mostly by their shape: there are hundreds.
    fn state(&self, code: &str) -> FaultKind {
        let has = |part: &str| code.contains(part);
        let missing = has("NotFound") || has("DoesNotExist") || has("NonExistent") || has("NoSuch");
        // Auto Scaling has one code for everything, and ECS for everything but services.
        let unknown = (code == "ValidationError" && self.message.contains("not found"))
            || (code == "ClientException" && self.message.starts_with("Unable to describe"));
        if missing || unknown {
            return FaultKind::NotFound;
        }
        let conflict = CONFLICTS.contains(&code)
            || has("InUse")
            || has("Conflict")
            || has("AlreadyExists")
            || has("InProgress")
            || has("ConcurrentUpdate")
            || has("ConcurrentModification")
            || (has("Invalid") && (has("State") || has("Status")));
        if conflict {
            return FaultKind::Conflict;
        }
        // Quotas are shown as what they are: waiting does not mend them, nor does another request.
        if has("LimitExceeded") || has("QuotaExceeded") || has("Insufficient") {
            return FaultKind::Other;
        }
        // Some of AWS's own failures come with a status of 400.
        if code.starts_with("Internal") || has("ServiceUnavailable") {
            return FaultKind::Server;
        }
        match self.status {
            500.. => FaultKind::Server,
            400..500 => FaultKind::Invalid,
            _ => FaultKind::Other,
        }
    }
}

/// What the words of failing credentials mean, where they are known.
pub(super) fn credential_words(message: &str) -> Option<CredentialFault> {
    let has = |part: &str| message.contains(part);
    let sso = has("SSO token") || has(".aws/sso/cache") || has("Session token not found or invalid");
    if sso || (has("UnauthorizedException") && has("GetRoleCredentials")) {
        return Some(CredentialFault::SsoExpired);
    }
    // Off EC2 there is no instance metadata to ask: that is no network problem.
    if has("IMDS") || has("no credentials found in chain") {
        return Some(CredentialFault::Missing);
    }
    if has("Login token") || has(".aws/login/cache") || has("Your session has expired") {
        return Some(CredentialFault::SessionExpired);
    }
    if has("was not defined") {
        return Some(CredentialFault::NoSuchProfile);
    }
    if has("ExpiredToken") {
        return Some(CredentialFault::SessionExpired);
    }
    if has("AccessDenied") && has("assum") {
        return Some(CredentialFault::RoleDenied);
    }
    if has("InvalidClientTokenId") || has("UnrecognizedClient") || has("SignatureDoesNotMatch") {
        return Some(CredentialFault::Rejected);
    }
    None
}
