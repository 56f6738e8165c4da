//! `ssm.run_document`: a command document on one host.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, ssm};
use crate::domain::policy::ConfirmLevel;
use crate::domain::ssm::{CommandState, Ping};
use crate::domain::text::clean;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Leave, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;
use crate::runbook::value::parse_duration;

/// Characters of a comment that Systems Manager takes.
const MOST_COMMENT: usize = 100;

/// Seconds within which a host must have taken a command unless the runbook says otherwise.
const DELIVER_WITHIN_S: u32 = 120;

/// Seconds that Systems Manager's clock may be behind ours.
const SKEW_S: i64 = 10;

/// `ssm.run_document`.
pub struct RunDocument;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    document: String,
    instance: String,
    #[serde(default)]
    parameters: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    deliver_within: Option<String>,
}

impl With {
    fn deliver_within_s(&self) -> Result<u32, BadArguments> {
        let Some(text) = &self.deliver_within else {
            return Ok(DELIVER_WITHIN_S);
        };
        let span = parse_duration(text).map_err(|error| BadArguments(error.to_string()))?;
        match u32::try_from(span.as_secs()) {
            Ok(seconds @ 30..=2_592_000) => Ok(seconds),
            _ => Err(BadArguments(format!(
                "`deliver_within` is between 30s and 30d, not {text}"
            ))),
        }
    }
}

impl Action for RunDocument {
    fn name(&self) -> &'static str {
        "ssm.run_document"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Runs a command document of Systems Manager on a host, and waits until it has ended well.\n\
                The document must be among `runbooks.documents` of the operator's settings: whoever may run \
                one is root on the host. What it did is not known here, so nothing takes it back unless the \
                step has an `undo` of its own. The end of what it prints is kept in the journal.",
            fields: vec![
                FieldSchema::required("document", Type::Text, "The document's name or ARN."),
                FieldSchema::required("instance", Type::Text, "The host: an instance id."),
                FieldSchema::optional(
                    "parameters",
                    Type::Map(Box::new(Type::list(Type::Text))),
                    "none",
                    "The document's parameters; each is a list.",
                ),
                FieldSchema::optional(
                    "deliver_within",
                    Type::Duration,
                    "`2m`",
                    "How long the host may take until it takes the command.",
                ),
            ],
            outputs: Vec::new(),
            live: vec![OutputSchema::new(
                "sent",
                Type::Bool,
                "Whether the command was sent.",
            )],
            risk: Risk::Irreversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Ec2Instance),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 5,
            timeout_s: 10 * 60,
            // A command is listed within seconds.
            settle_s: 30,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?.deliver_within_s()?;
        Ok(vec![Query::Ssm(ssm::Read::Hosts)])
    }

    fn leave(&self, with: &Arguments) -> Option<Leave> {
        let with: With = parse(with).ok()?;
        Some(Leave::Document(with.document))
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let host = view.managed_host(&wanted.instance)?.ok_or_else(|| {
            Refusal::absent(format!(
                "{} is not registered with Systems Manager",
                wanted.instance
            ))
        })?;
        if host.ping != Ping::Online {
            return Err(Refusal::state(format!(
                "the agent of {} does not answer",
                wanted.instance
            )));
        }
        Ok(Proposal::one(Change {
            summary: format!("run document {}", clean(&wanted.document)),
            before: fields([("sent", json!(false))]),
            after: fields([("sent", json!(true))]),
            reversible: false,
            ..Change::draft(
                self,
                site.target(Kind::Ec2Instance, &wanted.instance, &wanted.instance),
                with,
            )
        }))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = parse::<With>(&change.with) else {
            return Sight::Gone;
        };
        // Before it is sent nobody asks for the command: there is none.
        let asked = view
            .asked()
            .any(|query| matches!(query, Query::Ssm(ssm::Read::Command { .. })));
        if !asked {
            return match view.managed_host(&with.instance) {
                Ok(Some(_)) => Sight::Here(fields([("sent", json!(false))])),
                Ok(None) => Sight::Gone,
                Err(unread) => Sight::Unreadable(unread),
            };
        }
        match view.command(&with.document, &with.instance) {
            Ok(command) => Sight::Here(fields([("sent", json!(command.is_some()))])),
            Err(unread) => Sight::Unreadable(unread),
        }
    }

    fn apply(&self, change: &Change, stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        let deliver_within_s = with.deliver_within_s()?;
        Ok(Mutation::Ssm(ssm::Write::RunDocument {
            document: with.document,
            instance: with.instance,
            parameters: with.parameters,
            comment: format!("{}{}", ssm::COMMENT, stamp.run)
                .chars()
                .take(MOST_COMMENT)
                .collect(),
            deliver_within_s,
        }))
    }

    fn watch(&self, change: &Change, applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        let with: With = parse(&change.with)?;
        let skew = jiff::SignedDuration::from_secs(SKEW_S);
        Ok(vec![Query::Ssm(ssm::Read::Command {
            document: with.document,
            instance: with.instance,
            id: applied.receipt.created.clone(),
            since: applied.at.saturating_sub(skew).unwrap_or(applied.at),
        })])
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let Ok(with) = parse::<With>(&change.with) else {
            return Progress::Failed("the change is not this action's".to_owned());
        };
        let command = match view.command(&with.document, &with.instance) {
            Err(unread) => return Progress::Waiting(unread.to_string()),
            Ok(None) => return Progress::Waiting("not listed yet".to_owned()),
            Ok(Some(command)) => command,
        };
        let ended = |how: &str| {
            let code = command
                .exit_code
                .map_or_else(String::new, |code| format!(", exit code {code}"));
            let said = clean(command.output.trim());
            let said = if said.is_empty() {
                String::new()
            } else {
                format!(": {said}")
            };
            Progress::Failed(format!("command {} {how}{code}{said}", command.id))
        };
        match command.state {
            CommandState::Running => Progress::Waiting(format!("command {} runs", command.id)),
            CommandState::Done => Progress::Done,
            CommandState::Failed => ended("failed"),
            CommandState::TimedOut => ended("was not taken or not ended in time"),
            CommandState::Cancelled => ended("was called off"),
        }
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::Impossible("what the document did on the host is not known here".to_owned())
    }

    fn project(&self, _change: &Change, _view: &mut View) {}
}
