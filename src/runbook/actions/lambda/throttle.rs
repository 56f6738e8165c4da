//! `lambda.throttle`: stops a function, and lets it run again as it did.

use serde::Deserialize;
use serde_json::json;

use super::{Concurrency, function, query};
use crate::domain::function::Reserved;
use crate::domain::ids::{Kind, tag};
use crate::domain::ops::Query;
use crate::domain::policy::ConfirmLevel;
use crate::domain::rules::THROTTLED_TAG;
use crate::runbook::action::{Arguments, BadArguments, Refusal, parse};
use crate::runbook::actions::saved::{Saved, What};
use crate::runbook::actions::script::{Composed, Draft, Script};
use crate::runbook::actions::tags;
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `lambda.throttle`.
pub const THROTTLE: Composed<Throttle> = Composed::new("lambda.throttle", Throttle);

/// Stops a function or lets it run again.
pub struct Throttle;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    function: String,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Stop,
    Release,
}

impl Script for Throttle {
    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: "lambda.throttle",
            role: Role::Action,
            about: "Stops a function by reserving no concurrency for it, or lets it run again.\n\
                What was reserved is noted in the function's tag quarterdeck:throttled first, so that another \
                host can bring it back exactly; releasing removes the note last. A function that somebody else \
                has stopped has no note: releasing it takes the reservation away and says so.",
            fields: vec![
                FieldSchema::required("function", Type::Text, "The function's name."),
                FieldSchema::required("state", Type::Text, "What it is to be.").one_of(&["stop", "release"]),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Lambda),
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with: With = parse(with)?;
        Ok(vec![query(&with.function)])
    }

    fn write(&self, with: &Arguments, draft: &mut Draft<'_>) -> Result<(), Refusal> {
        let with: With = parse(with)?;
        let (reserved, note) = {
            let function = function(&draft.view, &with.function)?;
            let note = tag(&function.tags, THROTTLED_TAG).map(str::to_owned);
            (function.reserved, note)
        };
        match (with.state, reserved) {
            (_, Reserved::Unread) => Err(Refusal::state(format!(
                "what is reserved for {} could not be read",
                with.function
            ))),
            (State::Stop, Reserved::Of(0)) => {
                draft.skip(format!("{} is stopped already", with.function));
                Ok(())
            }
            (State::Stop, Reserved::Nothing | Reserved::Of(_)) => stop(&with.function, reserved, draft),
            (State::Release, _) => release(&with.function, reserved, note.as_deref(), draft),
        }
    }
}

fn stop(name: &str, reserved: Reserved, draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let saved = Saved {
        what: What::Concurrency(reserved.count()),
        at: draft.site.now,
        estate: None,
        saves: None,
    };
    let value = saved
        .encode()
        .ok_or_else(|| Refusal::state("what was there is too long for a tag".to_owned()))?;
    draft.add(&tags::PUT, tagged(name, Some(&value)))?;
    draft.add(&Concurrency, json!({"function": name, "reserved": 0}))?;
    draft.warn(format!(
        "{name} stays stopped after this run; let it run again with: qd runbook run lambda-throttle --set \
         function={name} --set state=release"
    ));
    Ok(())
}

fn release(name: &str, reserved: Reserved, note: Option<&str>, draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let before = match note.map(Saved::decode) {
        Some(Ok(Saved {
            what: What::Concurrency(before),
            ..
        })) => before,
        Some(Ok(_)) => {
            return Err(Refusal::state(format!(
                "the tag {THROTTLED_TAG} on {name} is not about concurrency"
            )));
        }
        Some(Err(why)) => {
            return Err(Refusal::state(format!(
                "the tag {THROTTLED_TAG} on {name}: {why}"
            )));
        }
        None if reserved == Reserved::Of(0) => {
            draft.warn(format!(
                "{name} has no note of what was reserved before: its reservation is taken away"
            ));
            None
        }
        None => {
            draft.skip(format!("{name} is not stopped"));
            return Ok(());
        }
    };
    if reserved == Reserved::Of(0) {
        let with = match before {
            Some(count) => json!({"function": name, "reserved": count}),
            None => json!({"function": name}),
        };
        draft.add(&Concurrency, with)?;
    } else {
        draft.warn(format!(
            "{name} runs already, as somebody else has set it: only the note is removed"
        ));
    }
    if note.is_some() {
        draft.add(&tags::REMOVE, tagged(name, None))?;
    }
    Ok(())
}

fn tagged(name: &str, value: Option<&str>) -> serde_json::Value {
    let mut with = json!({"kind": "lambda", "resource": name, "key": THROTTLED_TAG});
    if let Some(value) = value {
        with["value"] = json!(value);
    }
    with
}
