//! What each action takes, gives and risks, as data: lint, editors, documentation and the plan all
//! read it from here, and the actions themselves provide it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::types::Type;
use crate::domain::diagnostic::nearest;
use crate::domain::ids::Kind;
use crate::domain::policy::ConfirmLevel;

/// What a step may do, or what may be checked.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionSchema {
    /// `service.verb`, such as `asg.set_capacity`.
    pub name: &'static str,
    /// Whether it changes something or looks at something.
    pub role: Role,
    /// What it does: first a sentence on one line, then whatever an author must know.
    pub about: &'static str,
    /// What `with:` takes.
    pub fields: Vec<FieldSchema>,
    /// What the step gives under its `register:` name, once it is done.
    pub outputs: Vec<OutputSchema>,
    /// What expressions of `wait:` see as `live`, read again each time.
    pub live: Vec<OutputSchema>,
    /// How bad it can get.
    pub risk: Risk,
    /// The least that a person must confirm.
    pub floor: ConfirmLevel,
    /// Whether AWS goes on after the call has returned, so that the step has to say how long that
    /// may take.
    pub completion: Completion,
    /// Whether a plan can show what it will do. Nothing that cannot be planned may be run.
    pub planning: Planning,
    /// The kind of resource that it changes, where it is one kind.
    pub target: Option<Kind>,
}

impl ActionSchema {
    /// Of something that only looks: it changes nothing, gives nothing, and is answered at once.
    pub fn check(
        name: &'static str,
        about: &'static str,
        fields: Vec<FieldSchema>,
        target: Option<Kind>,
    ) -> Self {
        Self {
            name,
            role: Role::Check,
            about,
            fields,
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Read,
            floor: ConfirmLevel::None,
            completion: Completion::Immediate,
            planning: Planning::Planned,
            target,
        }
    }
}

/// Whether an action changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// It is used as `action:` of a step.
    Action,
    /// It only looks: used as `check:` of preconditions, guards and verify.
    Check,
}

/// How bad an action can get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// It changes nothing.
    Read,
    /// What it did can be put back as it was, and nobody notices in between.
    Reversible,
    /// It can be put back, but users or work may notice.
    Disruptive,
    /// It cannot be put back.
    Irreversible,
}

/// Whether an action is over when its call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Completion {
    /// It is.
    Immediate,
    /// AWS needs time; a step needs `wait: {timeout: …}`.
    Awaited,
}

/// Whether an action can be planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Planning {
    /// It can.
    Planned,
    /// It cannot; lint refuses every step that uses it.
    Impossible,
}

/// One key of `with:`.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldSchema {
    /// The key.
    pub name: &'static str,
    /// What its value must be.
    pub ty: Type,
    /// Whether it must be there; if not, what is taken without it, in words.
    pub presence: Presence,
    /// The only values that are valid; empty if any of the type is.
    pub one_of: &'static [&'static str],
    /// What it means, in a sentence.
    pub about: &'static str,
}

/// Whether a field must be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// It must.
    Required,
    /// Without it this holds, in words: `0`, `the service's own`.
    Otherwise(&'static str),
}

/// One value that a step gives.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputSchema {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// What it is, in a sentence.
    pub about: &'static str,
}

impl ActionSchema {
    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&FieldSchema> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The first sentence of what it does, without its full stop.
    pub fn summary(&self) -> &'static str {
        let line = self.about.lines().next().unwrap_or_default();
        line.split_once(". ")
            .map_or(line, |(first, _)| first)
            .trim_end_matches('.')
    }

    /// What a step of this action gives under its `register:` name.
    pub fn result_type(&self) -> Type {
        Type::Record(
            self.outputs
                .iter()
                .map(|output| (output.name.to_owned(), output.ty.clone()))
                .collect(),
        )
    }

    /// What `live` is in the `wait:` of a step of this action.
    pub fn live_type(&self) -> Type {
        Type::Record(
            self.live
                .iter()
                .map(|output| (output.name.to_owned(), output.ty.clone()))
                .collect(),
        )
    }
}

impl FieldSchema {
    /// A field that must be given.
    pub const fn required(name: &'static str, ty: Type, about: &'static str) -> Self {
        Self {
            name,
            ty,
            presence: Presence::Required,
            one_of: &[],
            about,
        }
    }

    /// A field that may be left out; `otherwise` says what holds then.
    pub const fn optional(
        name: &'static str,
        ty: Type,
        otherwise: &'static str,
        about: &'static str,
    ) -> Self {
        Self {
            name,
            ty,
            presence: Presence::Otherwise(otherwise),
            one_of: &[],
            about,
        }
    }

    /// The same, taking only these words.
    #[must_use]
    pub const fn one_of(mut self, words: &'static [&'static str]) -> Self {
        self.one_of = words;
        self
    }
}

impl OutputSchema {
    /// An output.
    pub const fn new(name: &'static str, ty: Type, about: &'static str) -> Self {
        Self { name, ty, about }
    }
}

/// All actions and checks that a runbook may use, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    by_name: BTreeMap<&'static str, ActionSchema>,
}

impl Catalogue {
    /// Collects schemas; of two with one name the later counts.
    pub fn new(schemas: impl IntoIterator<Item = ActionSchema>) -> Self {
        Self {
            by_name: schemas.into_iter().map(|schema| (schema.name, schema)).collect(),
        }
    }

    /// The schema of a name.
    pub fn get(&self, name: &str) -> Option<&ActionSchema> {
        self.by_name.get(name)
    }

    /// All of one role, by name.
    pub fn of_role(&self, role: Role) -> impl Iterator<Item = &ActionSchema> {
        self.by_name.values().filter(move |schema| schema.role == role)
    }

    /// The name that was probably meant.
    pub fn nearest(&self, role: Role, found: &str) -> Option<&'static str> {
        nearest(found, self.of_role(role).map(|schema| schema.name))
            .and_then(|name| self.by_name.get(name))
            .map(|schema| schema.name)
    }
}
