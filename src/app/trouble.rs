//! What keeps credentials from working, in words that mend it.

use crate::app::state::State;
use crate::domain::fault::{CredentialFault, FaultKind};
use crate::domain::inventory::Source;

/// Sources of which one or another is asked soon, whichever pane is in front.
pub const WATCHED: [Source; 11] = [
    Source::Identity,
    Source::EcsFleet,
    Source::Groups,
    Source::Instances,
    Source::DbInstances,
    Source::Caches,
    Source::Balancing,
    Source::Alarms,
    Source::Queues,
    Source::LogGroups,
    Source::GpuProbe,
];

/// A line for each profile whose credentials fail, with the command that mends it.
pub fn lines(state: &State) -> Vec<String> {
    let mut lines = Vec::new();
    for scope in state.picture.inventory.shown() {
        let fault = WATCHED
            .iter()
            .filter_map(|source| scope.standing(source).failing)
            .map(|failing| failing.fault)
            .find(|fault| matches!(fault.kind, FaultKind::Credentials(_)));
        if let Some(fault) = fault {
            let line = match &fault.kind {
                FaultKind::Credentials(CredentialFault::MfaRequired { serial }) => format!(
                    "profile {} wants a code of {serial}: Enter asks for it",
                    scope.scope.profile_name()
                ),
                _ => fault.hint(&scope.scope),
            };
            // Both regions of a profile fail alike.
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
}
