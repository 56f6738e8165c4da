//! What a runbook can do: the actions, as pure descriptions of how to look, plan, change, wait and undo.
//!
//! An action never calls anything. It says what must be read ([`Action::reads`]), and from the answers
//! ([`View`]) what would change ([`Action::plan`]), what the resource looks like now
//! ([`Action::sight`]), whether a change has come about ([`Action::progress`]), and what takes it back
//! ([`Action::invert`]). No action can opt out of planning: without a [`Change`] there is nothing to
//! apply.
//!
//! [`Action::project`] writes a change into the answers, as it will be once made: the next step of a
//! plan is planned against that, and tests hold every action to its own words.

mod change;
mod cost;
mod error;
mod view;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, Receipt, Token};
use crate::domain::policy::{ConfirmLevel, Policy, Selection};
use crate::domain::price::{PriceTable, Priced, SpotPrices};
use crate::domain::savings::Off;
use crate::domain::scope::ScopeName;
use crate::domain::units::UsdPerHour;
use crate::runbook::schema::ActionSchema;
use crate::runbook::value::Value as LiveValue;

pub use change::{
    Change, Difference, Fields, Impact, Sight, Standing, Target, fields, is_known_after, known_after,
    standing, was_made,
};
pub use cost::CostDelta;
pub use error::{BadArguments, Effect, ErrorClass, Refusal, RefusalKind};
pub use view::{SharedReply, Unread, View, records_of};

/// The values of a step's `with`, resolved.
pub type Arguments = Map<String, Value>;

/// Something that a runbook can do to a resource. Implementations hold no state.
pub trait Action: Sync {
    /// The name in a runbook: `service.verb`.
    fn name(&self) -> &'static str;

    /// What it takes and gives, how bad it can be and the least confirmation that it needs; the source
    /// of lint, forms and documentation.
    fn schema(&self) -> ActionSchema;

    /// The least that a person must confirm where what it acts on is made by an earlier step of the same
    /// run, so that nobody works with it yet.
    fn floor_of_new(&self) -> ConfirmLevel {
        self.schema().floor
    }

    /// How often to look, and how long to wait.
    fn pace(&self) -> Pace;

    /// What must be read to plan it, to check for drift and to see how far it is.
    ///
    /// # Errors
    /// If the arguments are not what [`Action::schema`] says.
    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments>;

    /// What else must be read to plan it, once [`Action::reads`] is answered: what can only be named
    /// then, such as the revision that "last-good" means.
    fn follow_up(&self, _with: &Arguments, _view: &View) -> Vec<Query> {
        Vec::new()
    }

    /// What would change. No change is proposed where everything is as wanted already.
    ///
    /// # Errors
    /// If it cannot or must not be done here: the resource is missing, unreadable, or in a state that
    /// does not allow it.
    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal>;

    /// What the resource looks like now, in the terms of the change's `before` and `after`.
    fn sight(&self, change: &Change, view: &View) -> Sight;

    /// What goes on with the resource now that would make AWS refuse the change, and that ends by
    /// itself: it is waited for before anything is judged. Nothing unless said otherwise.
    fn busy(&self, _change: &Change, _view: &View) -> Option<String> {
        None
    }

    /// The call that makes the change.
    ///
    /// # Errors
    /// If the change is none of this action's; it would have to come from a journal that was edited.
    fn apply(&self, change: &Change, stamp: &Stamp<'_>) -> Result<Mutation, BadArguments>;

    /// What to read to see how far it is; the same as for planning unless said otherwise.
    ///
    /// # Errors
    /// As of [`Action::reads`].
    fn watch(&self, change: &Change, _applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        self.reads(&change.with)
    }

    /// How far an accepted change is.
    fn progress(&self, change: &Change, applied: &Applied, view: &View) -> Progress;

    /// What expressions of a wait see as `live`, by the names of [`ActionSchema::live`].
    fn live(&self, change: &Change, view: &View) -> BTreeMap<String, LiveValue> {
        match self.sight(change, view) {
            Sight::Here(fields) => fields
                .iter()
                .map(|(name, value)| (name.clone(), value_of(value)))
                .collect(),
            Sight::Gone | Sight::Unreadable(_) => BTreeMap::new(),
        }
    }

    /// AWS's own id of what the change made, as reading shows: for a call whose answer, which has it, was
    /// lost. Nothing unless it is certain that this run made it.
    fn made_id(&self, _change: &Change, _view: &View, _run: &str) -> Option<String> {
        None
    }

    /// Whether it removes its target altogether: once that is done, nothing of what the run did to it
    /// before is left, or has to be taken back.
    fn removes(&self, _change: &Change) -> bool {
        false
    }

    /// What takes the change back, from its `before`.
    fn invert(&self, change: &Change) -> Undo;

    /// What calls a change off that may still be under way, where nothing takes it back: made first when a run
    /// takes back what it did; what remains is said all the same. Nothing unless said otherwise.
    fn call_off(&self, _change: &Change) -> Option<Change> {
        None
    }

    /// Whether reading can show afterwards that a call was made. Where it cannot, a call without an
    /// answer stays unknown: it is neither repeated nor taken for made.
    fn leaves_trace(&self) -> bool {
        true
    }

    /// Whether it only tells somebody something. Such a step changes no resource: it takes no lock,
    /// counts in no limit, is never taken back, and its failure changes no verdict unless the runbook
    /// says `allow_failure: false`.
    fn is_message(&self) -> bool {
        false
    }

    /// What the operator's settings must allow before it may be planned; nothing for what AWS's own
    /// permissions govern well enough.
    fn leave(&self, _with: &Arguments) -> Option<Leave> {
        None
    }

    /// Writes the change into the answers, as if it had come about.
    fn project(&self, change: &Change, view: &mut View);
}

/// What an operator's settings must allow by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leave {
    /// To run this program on this machine.
    Program(String),
    /// To run this Systems Manager document on hosts.
    Document(String),
}

/// What an operator's settings allow. Nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowances {
    /// Programs that `exec` may run: absolute paths.
    pub programs: Vec<String>,
    /// Documents that `ssm.run_document` may run: names or ARNs.
    pub documents: Vec<String>,
}

impl Allowances {
    /// Whether that is allowed; else what would have to be set.
    ///
    /// # Errors
    /// The refusal, in words for the operator.
    pub fn check(&self, leave: &Leave) -> Result<(), String> {
        let (allowed, name, key) = match leave {
            Leave::Program(name) => (&self.programs, name, "runbooks.programs"),
            Leave::Document(name) => (&self.documents, name, "runbooks.documents"),
        };
        if allowed.contains(name) {
            Ok(())
        } else {
            Err(format!(
                "`{name}` is not allowed here: it is not in `{key}` of the settings"
            ))
        }
    }
}

/// How an action is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How often to look whether a change has come about, seconds.
    pub every_s: u64,
    /// How long it may take unless the runbook says otherwise, seconds.
    pub timeout_s: u64,
    /// After an unanswered call: how many seconds until a read that does not show the change proves that it was
    /// not made. AWS's reads lag its writes.
    pub settle_s: u64,
}

/// Where and when something is planned.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// The scope's name.
    pub scope: &'a ScopeName,
    /// The account's twelve digits.
    pub account: &'a str,
    /// The region.
    pub region: &'a str,
    /// Now, on the cloud's clock.
    pub now: Timestamp,
    /// List prices.
    pub prices: &'a PriceTable,
    /// The estate, if one was named.
    pub estate: Option<&'a str>,
    /// What its owners have decided.
    pub decisions: &'a Decisions,
}

impl Site<'_> {
    /// A moment as texts of a plan name it: in the estate's zone, which it names.
    pub fn time(&self, at: Timestamp) -> String {
        named_time(at, self.decisions.policy.time_zone.rules())
    }
}

/// A moment to the second in a zone, with the zone's name.
pub fn named_time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S %Z")
        .to_string()
}

/// What the owners of the estate have decided about it, as far as actions ask.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decisions {
    /// Sizes at night, queues of workers, business hours, what the estate is for.
    pub policy: Policy,
    /// What belongs to it.
    pub selection: Selection,
}

impl Site<'_> {
    /// The Spot price of an instance type in a zone, or the highest of the region, as far as the answers have it.
    pub fn spot_price(
        &self,
        view: &View,
        instance_type: &str,
        zone: Option<&str>,
    ) -> Option<Priced<UsdPerHour>> {
        let mut prices = SpotPrices::default();
        for price in view.spot_prices() {
            prices.record(self.region, price, self.now);
        }
        prices.get(self.region, instance_type, zone)
    }

    /// Names a resource of this place.
    pub fn target(&self, kind: Kind, id: &str, name: &str) -> Target {
        Target {
            scope: self.scope.clone(),
            kind,
            id: id.to_owned(),
            name: name.to_owned(),
            account: self.account.to_owned(),
            region: self.region.to_owned(),
        }
    }
}

/// What an action would do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proposal {
    /// The changes, in the order in which they are to be made; none if all is as wanted.
    pub changes: Vec<Change>,
    /// What somebody should know before saying yes.
    pub warnings: Vec<String>,
    /// What is passed over, and why.
    pub skipped: Vec<String>,
    /// How many seconds what it saves is saved for each time, where it is put back every morning.
    pub off_s: Option<u64>,
    /// Instances that were off until now, and that the changes bring back.
    pub was_off: Vec<Off>,
}

impl Proposal {
    /// Nothing to do.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// One change.
    pub fn one(change: Change) -> Self {
        Self {
            changes: vec![change],
            ..Self::default()
        }
    }

    /// Nothing to do here, and why.
    pub fn passed_over(why: impl Into<String>) -> Self {
        Self {
            skipped: vec![why.into()],
            ..Self::default()
        }
    }

    /// The same with a warning.
    #[must_use]
    pub fn warn(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }
}

/// In whose name a call is made.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// The run.
    pub run: &'a str,
    /// The call's token.
    pub token: &'a Token,
    /// What the run has come to so far, as history would list it: `running` until its end.
    pub status: &'a str,
    /// What the run has made so far; `None` in a plan, which asks for the operation only.
    pub made: Option<&'a Made>,
}

/// AWS's own ids of what a run has made, as AWS answered when it made it, by kind and the name at that
/// time.
pub type Made = BTreeMap<(Kind, String), String>;

/// That a change was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// When it was asked for, on the cloud's clock: just before the call.
    pub at: Timestamp,
    /// What AWS said; empty where the answer was lost and reading showed that it was made.
    pub receipt: Receipt,
}

/// How far an accepted change is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It has come about, as reading shows.
    Done,
    /// Not yet: in a few words, how far.
    Waiting(String),
    /// It will not come about: why.
    Failed(String),
}

impl Progress {
    /// How far a change of what was looked for is, by a function of it. What cannot be read is waited for;
    /// what is gone is called `what` in the sentence that says so: `the group`.
    pub fn of<T>(found: Result<Option<T>, Unread>, what: &str, how_far: impl FnOnce(T) -> Self) -> Self {
        match found {
            Err(unread) => Self::Waiting(unread.to_string()),
            Ok(None) => Self::gone(what),
            Ok(Some(found)) => how_far(found),
        }
    }

    /// What was to change is not there to change.
    pub fn gone(what: &str) -> Self {
        Self::Failed(format!("{what} does not exist any more"))
    }
}

/// What takes a change back.
#[derive(Debug, Clone, PartialEq)]
pub enum Undo {
    /// These changes, in this order.
    By(Vec<Change>),
    /// Nothing has to be: it leaves nothing behind, or what it leaves harms nobody.
    NotNeeded(&'static str),
    /// Nothing can: what remains, and what that costs.
    Impossible(String),
}

/// A field of a change as expressions see it.
pub fn value_of(json: &Value) -> LiveValue {
    match json {
        Value::Null => LiveValue::Null,
        Value::Bool(value) => LiveValue::Bool(*value),
        Value::Number(number) => number
            .as_i64()
            .map(LiveValue::Int)
            .or(number.as_f64().map(LiveValue::Number))
            .unwrap_or(LiveValue::Null),
        Value::String(text) => LiveValue::text(text),
        Value::Array(items) => LiveValue::List(items.iter().map(value_of).collect()),
        Value::Object(entries) => LiveValue::Map(
            entries
                .iter()
                .map(|(name, value)| (name.clone(), value_of(value)))
                .collect(),
        ),
    }
}

/// The arguments as an action's own type.
///
/// # Errors
/// If one is missing, unknown or of another type.
pub fn parse<T: DeserializeOwned>(with: &Arguments) -> Result<T, BadArguments> {
    Ok(serde_json::from_value(Value::Object(with.clone()))?)
}

/// The action of that name.
pub fn find(name: &str) -> Option<&'static dyn Action> {
    crate::runbook::actions::ALL
        .iter()
        .copied()
        .find(|action| action.name() == name)
}
