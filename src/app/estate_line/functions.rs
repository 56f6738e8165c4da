//! Lambda in a few words.

use crate::app::state::State;
use crate::domain::ids::Kind;

use super::{bad, troubled};

/// Functions, and how many are not well.
pub(super) fn text(state: &State) -> Option<String> {
    let known = || {
        let scopes = state.picture.inventory.shown();
        scopes.flat_map(|scope| {
            let functions = scope
                .functions
                .get()
                .into_iter()
                .flat_map(|known| &known.functions);
            functions.map(move |function| (scope, &function.arn))
        })
    };
    let total = known().count();
    (total > 0).then(|| format!("fn {total}{}", bad(troubled(state, Kind::Lambda, known()))))
}
