//! Reads of AWS's advisers. An account without the support plan, the opt-in or the service is told so
//! in the answer: it is no failure.

#[cfg(feature = "aws-extra")]
mod optimizer;
#[cfg(feature = "aws-extra")]
mod trusted;

use crate::cloud::aws::caller::Caller;
use crate::domain::advice::{Advices, Unavailable};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::advice::Read;
use crate::domain::ops::{Reply, ReplyData};

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    let answer = match read {
        Read::TrustedAdvisor => trusted_advisor(caller).await,
        Read::ComputeOptimizer { .. } => compute_optimizer(caller).await,
    };
    match answer {
        Err(fault) => match unavailable(&fault) {
            Some(why) => Ok(Reply::whole(ReplyData::Advices(Advices::unavailable(why)))),
            None => Err(fault),
        },
        answer => answer,
    }
}

/// Why there is no advice, where the fault says only that.
fn unavailable(fault: &Fault) -> Option<Unavailable> {
    match fault.code.as_deref() {
        Some("SubscriptionRequiredException") => Some(Unavailable::SupportPlan),
        Some("OptInRequiredException") => Some(Unavailable::NotEnrolled),
        _ if fault.kind == FaultKind::Unsupported => Some(Unavailable::Region),
        _ => None,
    }
}

#[cfg(feature = "aws-extra")]
async fn trusted_advisor(caller: &Caller<'_>) -> Result<Reply, Fault> {
    trusted::read(caller).await
}

#[cfg(feature = "aws-extra")]
async fn compute_optimizer(caller: &Caller<'_>) -> Result<Reply, Fault> {
    optimizer::read(caller).await
}

#[cfg(not(feature = "aws-extra"))]
async fn trusted_advisor(_caller: &Caller<'_>) -> Result<Reply, Fault> {
    Ok(Reply::whole(ReplyData::Advices(Advices::unavailable(
        Unavailable::Build,
    ))))
}

#[cfg(not(feature = "aws-extra"))]
async fn compute_optimizer(_caller: &Caller<'_>) -> Result<Reply, Fault> {
    Ok(Reply::whole(ReplyData::Advices(Advices::unavailable(
        Unavailable::Build,
    ))))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_is_not_there_is_no_failure_and_what_is_denied_is() {
        let of = |kind, code: &str| unavailable(&Fault::new(kind, "support", "X", "").with_code(code));
        assert_eq!(
            of(FaultKind::Other, "SubscriptionRequiredException"),
            Some(Unavailable::SupportPlan)
        );
        assert_eq!(
            of(FaultKind::AccessDenied, "OptInRequiredException"),
            Some(Unavailable::NotEnrolled)
        );
        assert_eq!(
            of(FaultKind::Unsupported, "UnknownOperation"),
            Some(Unavailable::Region)
        );
        assert_eq!(of(FaultKind::AccessDenied, "AccessDeniedException"), None);
        assert_eq!(of(FaultKind::Throttled, "ThrottlingException"), None);
    }
}
