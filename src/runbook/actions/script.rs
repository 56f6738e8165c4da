//! Actions that are made of others: they plan changes of other actions, in order, and leave making and
//! judging each of them to its own action.

use serde_json::Value;

use crate::domain::ops::{Mutation, Query};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    self, Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View,
};
use crate::runbook::schema::ActionSchema;

/// What is peculiar to an action that is made of others.
pub trait Script: Sync {
    /// As of [`Action::schema`].
    fn schema(&self) -> ActionSchema;

    /// As of [`Action::reads`].
    ///
    /// # Errors
    /// As of [`Action::reads`].
    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments>;

    /// As of [`Action::follow_up`].
    fn follow_up(&self, _with: &Arguments, _view: &View) -> Vec<Query> {
        Vec::new()
    }

    /// Adds what has to be done to the draft.
    ///
    /// # Errors
    /// As of [`Action::plan`].
    fn write(&self, with: &Arguments, draft: &mut Draft<'_>) -> Result<(), Refusal>;
}

/// The changes of a script so far, and the answers as they leave them.
pub struct Draft<'a> {
    /// The answers, with every change so far written into them.
    pub view: View,
    /// Where and when it is planned.
    pub site: &'a Site<'a>,
    /// What is proposed so far.
    pub proposal: Proposal,
}

impl Draft<'_> {
    /// Plans an action against what the changes so far leave, and adds its changes.
    ///
    /// # Errors
    /// If the action refuses.
    pub fn add(&mut self, action: &dyn Action, with: Value) -> Result<(), Refusal> {
        let Value::Object(with) = with else {
            return Err(BadArguments("arguments are a mapping".to_owned()).into());
        };
        let more = action.plan(&with, &self.view, self.site)?;
        for change in more.changes {
            if let Some(own) = action::find(&change.action) {
                own.project(&change, &mut self.view);
            }
            self.proposal.changes.push(change);
        }
        self.proposal.warnings.extend(more.warnings);
        self.proposal.skipped.extend(more.skipped);
        Ok(())
    }

    /// Notes what somebody should know.
    pub fn warn(&mut self, warning: impl Into<String>) {
        self.proposal.warnings.push(warning.into());
    }

    /// Notes what is passed over, and why.
    pub fn skip(&mut self, why: impl Into<String>) {
        self.proposal.skipped.push(why.into());
    }

    /// Asks at least this confirmation for everything so far.
    pub fn ask_for(&mut self, level: ConfirmLevel) {
        for change in &mut self.proposal.changes {
            change.floor = change.floor.max(level);
        }
    }
}

/// A script as an action.
pub struct Composed<T> {
    name: &'static str,
    script: T,
}

impl<T> Composed<T> {
    /// Under this name.
    pub const fn new(name: &'static str, script: T) -> Self {
        Self { name, script }
    }

    /// The action of a change, which is never the script itself.
    fn own(&self, change: &Change) -> Option<&'static dyn Action> {
        action::find(&change.action).filter(|action| action.name() != self.name)
    }
}

impl<T: Script> Action for Composed<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn schema(&self) -> ActionSchema {
        self.script.schema()
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 15,
            timeout_s: 30 * 60,
            settle_s: 20,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        self.script.reads(with)
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        self.script.follow_up(with, view)
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let mut draft = Draft {
            view: view.clone(),
            site,
            proposal: Proposal::nothing(),
        };
        self.script.write(with, &mut draft)?;
        Ok(draft.proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        self.own(change)
            .map_or(Sight::Gone, |action| action.sight(change, view))
    }

    fn apply(&self, change: &Change, stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        self.own(change)
            .ok_or_else(|| BadArguments(format!("{} is no part of {}", change.action, self.name)))?
            .apply(change, stamp)
    }

    fn progress(&self, change: &Change, applied: &Applied, view: &View) -> Progress {
        self.own(change).map_or_else(
            || Progress::Failed(format!("{} is no part of {}", change.action, self.name)),
            |action| action.progress(change, applied, view),
        )
    }

    fn invert(&self, change: &Change) -> Undo {
        self.own(change).map_or_else(
            || Undo::Impossible(format!("{} is no part of {}", change.action, self.name)),
            |action| action.invert(change),
        )
    }

    fn project(&self, change: &Change, view: &mut View) {
        if let Some(action) = self.own(change) {
            action.project(change, view);
        }
    }
}
