//! Reads that are tried again: what AWS refuses for the moment it may answer seconds later, and a plan
//! should not fail for it.

use std::time::Duration;

use super::RunEngine;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::{Query, Reply, ssm};
use crate::domain::scope::Scope;

/// How often a read is tried that AWS throttles or fails at. The client tries each twice by itself.
const TRIES: u32 = 4;

/// How often a read is tried that is not answered: each try takes as long as the client's patience.
const TRIES_UNANSWERED: u32 = 2;

/// How long to wait before the second try; twice as long before each further one.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait that AWS may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

impl RunEngine {
    /// Asks, and asks again where a later try may go better with nobody doing anything.
    pub(super) async fn read_patiently(&self, scope: &Scope, query: &Query) -> Result<Reply, Fault> {
        let mut tried = 0;
        loop {
            let answer = self.0.cloud.read(scope, query).await;
            tried += 1;
            let Some(fault) = passing(query, &answer).filter(|fault| tried < tries(fault)) else {
                return answer;
            };
            let wait = FIRST_WAIT * (1 << (tried - 1));
            let wait = wait.max(fault.retry_after.unwrap_or_default()).min(LONGEST_WAIT);
            tracing::info!(%fault, tried, ?wait, "a read is tried again");
            self.0.clocks.cloud.sleep(wait).await;
        }
    }
}

/// What failed in an answer, wholly or in part, if it may be over soon.
fn passing<'a>(query: &Query, answer: &'a Result<Reply, Fault>) -> Option<&'a Fault> {
    // A second probe would be a second command on every host, unless none was sent.
    let is_probe = matches!(query, Query::Ssm(ssm::Read::GpuSamples { .. }));
    match answer {
        Err(fault) if is_probe => Some(fault).filter(|fault| fault.kind == FaultKind::Throttled),
        Ok(_) if is_probe => None,
        Err(fault) => Some(fault).filter(|fault| fault.is_transient()),
        Ok(reply) => reply.gaps.iter().find(|gap| gap.is_transient()),
    }
}

/// How often a read is tried in all that fails so.
const fn tries(fault: &Fault) -> u32 {
    match fault.kind {
        FaultKind::Timeout | FaultKind::Unreachable => TRIES_UNANSWERED,
        FaultKind::Throttled
        | FaultKind::Server
        | FaultKind::Credentials(_)
        | FaultKind::AccessDenied
        | FaultKind::NotFound
        | FaultKind::Invalid
        | FaultKind::Conflict
        | FaultKind::Unsupported
        | FaultKind::ReadOnly
        | FaultKind::NoData
        | FaultKind::Other => TRIES,
    }
}
