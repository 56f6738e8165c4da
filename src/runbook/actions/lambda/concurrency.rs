//! `lambda.concurrency`: what of the account's concurrency is reserved for a function.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{function, query, target};
use crate::domain::function::Reserved;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, lambda};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Fields, Impact, Pace, Progress, Proposal, Refusal,
    Sight, Site, Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `lambda.concurrency`.
pub struct Concurrency;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    function: String,
    reserved: Option<u32>,
}

/// The name alone, whatever else the arguments say.
#[derive(Deserialize)]
struct Named {
    function: String,
}

/// What is reserved, as a field; nothing is null.
fn field(reserved: Option<u32>) -> Fields {
    fields([("reserved", json!(reserved))])
}

/// What a field says.
fn read(fields: &Fields) -> Result<Option<u32>, BadArguments> {
    let count = |number: &serde_json::Number| u32::try_from(number.as_u64()?).ok();
    match fields.get("reserved") {
        Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) if count(number).is_some() => Ok(count(number)),
        _ => Err(BadArguments("the change says no reservation".to_owned())),
    }
}

fn words(reserved: Option<u32>) -> String {
    match reserved {
        None => "none".to_owned(),
        Some(0) => "0, stopped".to_owned(),
        Some(count) => count.to_string(),
    }
}

fn summary(from: Option<u32>, to: Option<u32>) -> String {
    format!("reserved concurrency {} → {}", words(from), words(to))
}

impl Action for Concurrency {
    fn name(&self) -> &'static str {
        "lambda.concurrency"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Reserves concurrency for a function, or takes its reservation away.\n\
                A reservation is also the most that the function may run at once; with 0 it never runs, and \
                what calls it is turned away: events of asynchronous callers wait for up to six hours, queues \
                and streams keep theirs. AWS refuses a reservation that leaves less than 100 to functions \
                without one. Undo brings back what was reserved.",
            fields: vec![
                FieldSchema::required("function", Type::Text, "The function's name."),
                FieldSchema::optional("reserved", Type::Int, "no reservation", "So many at once."),
            ],
            outputs: Vec::new(),
            live: vec![OutputSchema::new(
                "reserved",
                Type::optional(Type::Int),
                "What is reserved; null is nothing.",
            )],
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Immediate,
            planning: Planning::Planned,
            target: Some(Kind::Lambda),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 5,
            timeout_s: 2 * 60,
            settle_s: 15,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with: Named = parse(with)?;
        Ok(vec![query(&with.function)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let function = function(view, &wanted.function)?;
        let before = match function.reserved {
            Reserved::Unread => {
                return Err(Refusal::state(format!(
                    "what is reserved for {} could not be read",
                    function.name
                )));
            }
            known => known.count(),
        };
        if before == wanted.reserved {
            return Ok(Proposal::nothing());
        }
        let stops = wanted.reserved == Some(0);
        let sources = function.sources.iter().filter(|source| source.state == "Enabled");
        Ok(Proposal::one(Change {
            summary: summary(before, wanted.reserved),
            before: field(before),
            after: field(wanted.reserved),
            risk: if stops { Risk::Disruptive } else { Risk::Reversible },
            impact: Impact {
                outage: stops.then(|| "every call of it is turned away".to_owned()),
                dependents: sources
                    .map(|source| format!("event source {}", source.name()))
                    .collect(),
                ..Impact::default()
            },
            ..Change::draft(self, target(site, function), with)
        }))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = parse::<Named>(&change.with) else {
            return Sight::Gone;
        };
        Sight::of(view.function(&with.function), |function| {
            field(function.reserved.count())
        })
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let Named { function } = parse(&change.with)?;
        let wanted = read(&change.after)?;
        Ok(Mutation::Lambda(match wanted {
            Some(reserved) => lambda::Write::PutConcurrency { function, reserved },
            None => lambda::Write::DeleteConcurrency { function },
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        self.sight(change, view).progress(
            change,
            "Lambda does not show it yet",
            Progress::gone("the function"),
        )
    }

    fn invert(&self, change: &Change) -> Undo {
        match (read(&change.before), read(&change.after)) {
            (Ok(before), Ok(after)) => {
                let mut back = change.swapped(summary(after, before));
                match before {
                    Some(count) => back.with.insert("reserved".to_owned(), json!(count)),
                    None => back.with.remove("reserved"),
                };
                back.impact = Impact::default();
                Undo::By(vec![back])
            }
            _ => Undo::Impossible("what was reserved before is not known".to_owned()),
        }
    }

    fn project(&self, change: &Change, view: &mut View) {
        let (Ok(with), Ok(reserved)) = (parse::<Named>(&change.with), read(&change.after)) else {
            return;
        };
        if let Some(function) = view.function_mut(&with.function) {
            function.reserved = reserved.map_or(Reserved::Nothing, Reserved::Of);
        }
    }
}
