//! Services that a region does not have: their names lead nowhere.

use jiff::SignedDuration;

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::{Fault, FaultKind};

/// How long ago another service must have answered for the network to be well.
const LATELY: SignedDuration = SignedDuration::from_mins(10);

/// The failure of a service's first call; one of a name that cannot be found, while other services of
/// the scope answer, means that the region does not have the service.
pub(super) fn or_absent(caller: &Caller<'_>, fault: Fault) -> Fault {
    let heard = caller.clients().server_time();
    let answers = heard.is_some_and(|at| caller.host().now().duration_since(at) < LATELY);
    if answers && is_unknown_name(&fault) {
        let message = format!("not offered in {}: {}", caller.scope().region, fault.message);
        return Fault {
            kind: FaultKind::Unsupported,
            message,
            ..fault
        };
    }
    fault
}

/// Whether the resolver says that there is no such name: in the words of Linux, musl and macOS.
fn is_unknown_name(fault: &Fault) -> bool {
    const WORDS: [&str; 4] = [
        "Name or service not known",
        "Name does not resolve",
        "No address associated with hostname",
        "nodename nor servname provided",
    ];
    fault.kind == FaultKind::Unreachable && WORDS.iter().any(|words| fault.message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_that_is_not_there_counts() {
        let fault = |kind, message: &str| Fault::new(kind, "codepipeline", "ListPipelines", message);
        let missing = "dns error: failed to lookup address information: Name or service not known";
        assert!(is_unknown_name(&fault(FaultKind::Unreachable, missing)));
        assert!(!is_unknown_name(&fault(FaultKind::Timeout, missing)));
        let refused = "tcp connect error: Connection refused (os error 111)";
        assert!(!is_unknown_name(&fault(FaultKind::Unreachable, refused)));
        // The resolver itself is out of reach.
        let away = "dns error: failed to lookup address information: Temporary failure in name resolution";
        assert!(!is_unknown_name(&fault(FaultKind::Unreachable, away)));
    }
}
