//! Asking for the code of an MFA device: by itself as soon as a scope waits for one, again when a code
//! was not accepted, and on demand after it was refused.

use crate::app::effect::Effects;
use crate::app::overlay::{Overlay, Prompt, Purpose};
use crate::app::state::State;
use crate::app::table::Tone;
use crate::domain::fault::{CredentialFault, FaultKind};
use crate::domain::inventory::ScopeState;
use crate::domain::scope::ScopeName;

/// How far asking for a scope's code has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The prompt was opened; whoever closed it opens it again with Enter or `r`.
    Opened,
    /// A code was given when this many attempts had failed.
    Given(u32),
}

/// Opens the prompt for the first scope that waits, whether or not it was opened before.
pub(super) fn prompt(state: &mut State) -> Option<Effects> {
    let scope = waiting(state).next()?.0.clone();
    Some(ask(state, scope))
}

/// Looks at a new picture: who waits newly is asked, unless something else is being typed.
pub(super) fn look(state: &mut State) {
    let waits: Vec<(ScopeName, u32)> = waiting(state)
        .map(|(scope, failures)| (scope.clone(), failures))
        .collect();
    state
        .mfa
        .retain(|scope, _| waits.iter().any(|(waiting, _)| waiting == scope));
    if state.overlay.is_some() {
        return;
    }
    let next = waits
        .into_iter()
        .find(|(scope, failures)| match state.mfa.get(scope) {
            None => true,
            Some(Asked::Given(before)) => failures > before,
            Some(Asked::Opened) => false,
        });
    if let Some((scope, _)) = next {
        if state.mfa.contains_key(&scope) {
            state.say("AWS did not accept the code; wait for the next one", Tone::Warn);
        }
        ask(state, scope);
    }
}

/// Remembers that a code was given.
pub(super) fn given(state: &mut State, scope: &ScopeName) {
    let failures = waiting(state)
        .find(|(name, _)| *name == scope)
        .map(|(_, failures)| failures);
    if let Some(failures) = failures {
        state.mfa.insert(scope.clone(), Asked::Given(failures));
    }
}

fn ask(state: &mut State, scope: ScopeName) -> Effects {
    state.mfa.insert(scope.clone(), Asked::Opened);
    state.overlay = Some(Overlay::Prompt(Prompt::new(Purpose::MfaCode(scope), "")));
    Effects::redraw()
}

/// The scopes that wait for a code, and how often they have failed.
fn waiting(state: &State) -> impl Iterator<Item = (&ScopeName, u32)> {
    let waits = |scope: &ScopeState| {
        let failing = scope.identity.failing.as_ref()?;
        matches!(
            failing.fault.kind,
            FaultKind::Credentials(CredentialFault::MfaRequired { .. })
        )
        .then_some(failing.count)
    };
    state
        .picture
        .inventory
        .scopes
        .iter()
        .filter_map(move |scope| Some((scope.name(), waits(scope)?)))
}
