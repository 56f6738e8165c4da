//! One change of one resource: what it is now, what it will be, and how the two are told apart.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::cost::CostDelta;
use super::view::Unread;
use super::{Action, Arguments, Progress};
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::policy::ConfirmLevel;
use crate::domain::scope::ScopeName;
use crate::runbook::schema::Risk;

/// The part of a resource's state that a change is about, by name. Never a secret: what is masked
/// elsewhere has no place here.
pub type Fields = BTreeMap<String, Value>;

/// A resource, with the account and region in which it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target {
    /// What it is.
    pub kind: Kind,
    /// The ARN, or AWS's own id.
    pub id: String,
    /// Its name, as people say it; foreign text.
    pub name: String,
    /// The scope in which it was seen.
    pub scope: ScopeName,
    /// The account's twelve digits.
    pub account: String,
    /// The region.
    pub region: String,
}

impl Target {
    /// What the lock on it is called: the same for every login, profile and tool.
    pub fn lock_key(&self) -> String {
        format!("{}/{}/{}/{}", self.account, self.region, self.kind, self.id)
    }

    /// The name with what tells it from another of the same name: the cluster that it is in, else its id.
    pub fn full_name(&self) -> String {
        let parts: Vec<&str> = self
            .id
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .split('/')
            .collect();
        let place = parts.iter().position(|part| *part == self.name);
        match place {
            // `service/CLUSTER/NAME`, `nodegroup/CLUSTER/NAME/…`.
            Some(place @ 2..) => format!("{}/{}", parts[place - 1], self.name),
            _ if parts.last().is_none_or(|last| *last == self.name) => self.name.clone(),
            _ => format!("{} ({})", self.name, parts[parts.len() - 1]),
        }
    }

    /// The resource as the console selects it.
    pub fn key(&self) -> ResourceKey {
        ResourceKey::new(&self.scope, self.kind, &self.id)
    }
}

/// One change of one resource, planned: what it makes of what, what it costs and breaks, and all that is
/// needed to make it, follow it and take it back, in this process or another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The action that makes it.
    pub action: String,
    /// What is changed.
    pub target: Target,
    /// One line for people: `desired 8 → 0`.
    pub summary: String,
    /// The state that must hold when it is made; anything else is drift.
    pub before: Fields,
    /// The state once it is made.
    pub after: Fields,
    /// Whether undo brings `before` back.
    pub reversible: bool,
    /// What undo does, or why it cannot.
    pub undo: String,
    /// How bad it can be here.
    pub risk: Risk,
    /// The least confirmation that it needs here.
    pub floor: ConfirmLevel,
    /// What it does to the bill.
    pub cost: CostDelta,
    /// What else it touches.
    pub impact: Impact,
    /// API operations that making it calls.
    pub calls: Vec<String>,
    /// The action's arguments, resolved.
    pub with: Arguments,
}

impl Change {
    /// The beginning of a change: what the action says of all of them.
    pub fn draft(action: &dyn Action, target: Target, with: &Arguments) -> Self {
        let schema = action.schema();
        Self {
            action: schema.name.to_owned(),
            target,
            summary: String::new(),
            before: Fields::new(),
            after: Fields::new(),
            reversible: schema.risk != Risk::Irreversible,
            undo: String::new(),
            risk: schema.risk,
            floor: schema.floor,
            cost: CostDelta::None,
            impact: Impact::default(),
            calls: Vec::new(),
            with: with.clone(),
        }
    }

    /// Whether it only tells somebody something: it changes no resource, is never taken back, and two
    /// runs may do it at once.
    pub fn is_message(&self) -> bool {
        super::find(&self.action).is_some_and(Action::is_message)
    }

    /// The change that leads back: the same action with both ends exchanged.
    #[must_use]
    pub fn swapped(&self, summary: String) -> Self {
        let mut back = self.clone();
        std::mem::swap(&mut back.before, &mut back.after);
        std::mem::swap(
            &mut back.impact.instances_added,
            &mut back.impact.instances_removed,
        );
        back.cost = back.cost.reversed();
        back.summary = summary;
        back
    }
}

/// Fields from names and values.
pub fn fields<const N: usize>(pairs: [(&str, Value); N]) -> Fields {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What a change touches beside its target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// Instances that end or stop.
    pub instances_removed: u32,
    /// Instances that start.
    pub instances_added: u32,
    /// Tasks that are replaced or stopped.
    pub tasks_removed: u32,
    /// What depends on the target: load balancers, services, replicas; names as people say them.
    pub dependents: BTreeSet<String>,
    /// Whether users notice, in a few words; `None` if they should not.
    pub outage: Option<String>,
}

/// Text that marks a value as not known before a step has run.
const KNOWN_AFTER: &str = "known_after";

/// Stands for a value that only the step of that name will bring.
pub fn known_after(step: &str) -> Value {
    json!({ KNOWN_AFTER: step })
}

/// Whether a value is one that is only known later.
pub fn is_known_after(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|object| object.len() == 1 && object.contains_key(KNOWN_AFTER))
}

/// What a resource looks like now.
#[derive(Debug, Clone, PartialEq)]
pub enum Sight {
    /// So; it may have more fields than the change is about.
    Here(Fields),
    /// It does not exist, as a complete answer shows.
    Gone,
    /// That could not be read.
    Unreadable(Unread),
}

impl Sight {
    /// What was looked for, by a function of it.
    pub fn of<T>(found: Result<Option<T>, Unread>, fields: impl FnOnce(T) -> Fields) -> Self {
        match found {
            Err(unread) => Self::Unreadable(unread),
            Ok(None) => Self::Gone,
            Ok(Some(found)) => Self::Here(fields(found)),
        }
    }

    /// How far an accepted change is that has come about once it shows: what to say while it does not, and
    /// how far it is where nothing is left to show it.
    pub fn progress(self, change: &Change, not_yet: &str, gone: Progress) -> Progress {
        match self {
            Self::Here(live) if live == change.after => Progress::Done,
            Self::Here(_) => Progress::Waiting(not_yet.to_owned()),
            Self::Gone => gone,
            Self::Unreadable(unread) => Progress::Waiting(unread.to_string()),
        }
    }

    /// The same as an answer, for [`Progress::of`].
    ///
    /// # Errors
    /// If it could not be read.
    pub fn found(self) -> Result<Option<Fields>, Unread> {
        match self {
            Self::Here(fields) => Ok(Some(fields)),
            Self::Gone => Ok(None),
            Self::Unreadable(unread) => Err(unread),
        }
    }
}

/// Where a resource stands between a change's `before` and `after`.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// As planned: the change can be made.
    AsPlanned,
    /// As wanted: there is nothing to make.
    AlreadyThere,
    /// Somebody or something else changed it.
    Drifted(Vec<Difference>),
    /// It does not exist any more.
    Gone,
    /// Not known.
    Unreadable(Unread),
}

/// A field that is neither as planned nor as wanted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Its name.
    pub field: String,
    /// What it was when the plan was made.
    pub planned: Value,
    /// What it is.
    pub live: Value,
    /// What it was to become.
    pub wanted: Value,
}

/// Where a resource stands between a change's `before` and `after`. What is only known afterwards
/// proves nothing here: a change with such a field is never there already.
pub fn standing(change: &Change, sight: Sight) -> Standing {
    let live = match sight {
        Sight::Here(live) => live,
        Sight::Gone => return Standing::Gone,
        Sight::Unreadable(unread) => return Standing::Unreadable(unread),
    };
    if holds(&change.before, &live) {
        return Standing::AsPlanned;
    }
    if holds(&change.after, &live) && !change.after.values().any(is_known_after) {
        return Standing::AlreadyThere;
    }
    let names: BTreeSet<&String> = change.before.keys().chain(change.after.keys()).collect();
    let value = |fields: &Fields, name: &String| fields.get(name).cloned().unwrap_or(Value::Null);
    let differences = names
        .into_iter()
        .map(|name| Difference {
            field: name.clone(),
            planned: value(&change.before, name),
            live: value(&live, name),
            wanted: value(&change.after, name),
        })
        .filter(|difference| {
            !same(&difference.planned, &difference.live) && !same(&difference.wanted, &difference.live)
        })
        .collect::<Vec<_>>();
    // Each field may be at one of the two ends, and yet not all at the same: half of it is done.
    if differences.is_empty() {
        let halves = change
            .before
            .iter()
            .filter(|(name, planned)| !same(planned, &value(&live, name)));
        return Standing::Drifted(
            halves
                .map(|(name, planned)| Difference {
                    field: name.clone(),
                    planned: planned.clone(),
                    live: value(&live, name),
                    wanted: value(&change.after, name),
                })
                .collect(),
        );
    }
    Standing::Drifted(differences)
}

/// Whether a change that was asked for, and whose answer was lost, was made, as far as a read shows.
/// A field that is only known afterwards counts as reached once it is not what it was.
pub fn was_made(change: &Change, sight: &Sight) -> Option<bool> {
    let Sight::Here(live) = sight else { return None };
    let null = Value::Null;
    let reached = change.after.iter().all(|(name, wanted)| {
        let live = live.get(name).unwrap_or(&null);
        if is_known_after(wanted) {
            change.before.get(name).is_none_or(|before| before != live)
        } else {
            wanted == live
        }
    });
    if reached {
        Some(true)
    } else if holds(&change.before, live) {
        Some(false)
    } else {
        None
    }
}

/// Whether every field that is known is as expected.
fn holds(expected: &Fields, live: &Fields) -> bool {
    expected
        .iter()
        .all(|(name, value)| same(value, live.get(name).unwrap_or(&Value::Null)))
}

fn same(expected: &Value, live: &Value) -> bool {
    is_known_after(expected) || expected == live
}
