//! Telling somebody: messages change no resource, are sent at most once, and their failure changes no
//! verdict unless the runbook says so.

mod sns;
mod webhook;

pub use sns::Sns;
pub use webhook::Webhook;

use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{Applied, Fields, Pace, Progress, Sight};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// What all messages have in common.
fn schema(name: &'static str, about: &'static str, to: FieldSchema) -> ActionSchema {
    ActionSchema {
        name,
        role: Role::Action,
        about,
        fields: vec![
            to,
            FieldSchema::required("title", Type::Text, "What it is about, in a few words."),
            FieldSchema::optional("text", Type::Text, "nothing more", "Everything else."),
            FieldSchema::optional(
                "status",
                Type::Text,
                "`running`, and in `always` what the run came to",
                "What the message says of the run.",
            ),
        ],
        outputs: Vec::new(),
        live: Vec::new(),
        risk: Risk::Reversible,
        floor: ConfirmLevel::None,
        completion: Completion::Immediate,
        planning: Planning::Planned,
        target: None,
    }
}

const PACE: Pace = Pace {
    every_s: 5,
    timeout_s: 60,
    settle_s: 0,
};

/// Nothing can be seen of a message: it is as it was before.
fn sight() -> Sight {
    Sight::Here(Fields::new())
}

/// A message is sent once the call has been accepted.
const fn progress(_applied: &Applied) -> Progress {
    Progress::Done
}

const UNDO: &str = "a message that was sent changes nothing";
