//! Answers without what they lack.

use std::sync::Arc;

use super::View;

impl View {
    /// The same answers as if nothing were missing from them: to list what was read, for a caller that
    /// tells what was not. Nothing that it does not show is thereby proven absent.
    #[must_use]
    pub fn gaps_aside(&self) -> Self {
        let mut answers = self.answers.clone();
        for (_, answer) in &mut answers {
            let has_gaps = matches!(&**answer, Ok(reply) if !reply.gaps.is_empty());
            if has_gaps && let Ok(reply) = Arc::make_mut(answer) {
                reply.gaps.clear();
            }
        }
        Self { answers }
    }
}
