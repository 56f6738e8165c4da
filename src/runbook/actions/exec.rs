//! `exec.run`: a program on the machine from which the runbook is run.

use serde::Deserialize;
use serde_json::json;

use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, exec};
use crate::domain::policy::ConfirmLevel;
use crate::domain::text::clean;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Leave, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;
use crate::runbook::value::parse_duration;

/// Seconds that a program may take unless the runbook says otherwise.
const TIMEOUT_S: u32 = 60;

/// `exec.run`.
pub struct Run;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    argv: Vec<String>,
    #[serde(default)]
    timeout: Option<String>,
}

struct Call {
    program: String,
    arguments: Vec<String>,
    timeout_s: u32,
}

fn call(with: &Arguments) -> Result<Call, BadArguments> {
    let with: With = parse(with)?;
    let mut argv = with.argv.into_iter();
    let program = argv.next().unwrap_or_default();
    if !program.starts_with('/') {
        return Err(BadArguments(
            "`argv` begins with a program by its absolute path".to_owned(),
        ));
    }
    let arguments: Vec<String> = argv.collect();
    if arguments.iter().chain([&program]).any(|word| word.contains('\0')) {
        return Err(BadArguments("`argv` has a zero byte in it".to_owned()));
    }
    let timeout_s = match &with.timeout {
        None => TIMEOUT_S,
        Some(text) => {
            let span = parse_duration(text).map_err(|error| BadArguments(error.to_string()))?;
            match u32::try_from(span.as_secs()) {
                Ok(seconds @ 1..=600) => seconds,
                _ => {
                    return Err(BadArguments(format!(
                        "`timeout` is between 1s and 10m, not {text}"
                    )));
                }
            }
        }
    };
    Ok(Call {
        program,
        arguments,
        timeout_s,
    })
}

impl Action for Run {
    fn name(&self) -> &'static str {
        "exec.run"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Runs a program on the machine from which the runbook is run, through no shell.\n\
                The program must be among `runbooks.programs` of the operator's settings, which allow none by \
                default. It gets no input, an environment of `PATH`, `HOME` and `LANG` alone, and no \
                credentials. Exit code 0 is success; the end of what it prints is kept in the journal. \
                Whether it ran cannot be read afterwards: if that is ever in doubt, it is neither repeated \
                nor taken back.",
            fields: vec![
                FieldSchema::required(
                    "argv",
                    Type::list(Type::Text),
                    "The program by its absolute path, then its arguments; no word is split or expanded.",
                ),
                FieldSchema::optional(
                    "timeout",
                    Type::Duration,
                    "`1m`",
                    "How long it may take, at most 10m; then it is killed, which counts as a failure.",
                ),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Irreversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Immediate,
            planning: Planning::Planned,
            target: None,
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 5,
            timeout_s: 60,
            settle_s: 0,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        call(with)?;
        Ok(Vec::new())
    }

    fn leave(&self, with: &Arguments) -> Option<Leave> {
        let call = call(with).ok()?;
        Some(Leave::Program(call.program))
    }

    fn plan(&self, with: &Arguments, _view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let call = call(with)?;
        let words: Vec<String> = std::iter::once(&call.program)
            .chain(&call.arguments)
            .map(|word| json!(clean(word)).to_string())
            .collect();
        Ok(Proposal::one(Change {
            summary: format!("run {}", words.join(" ")),
            after: fields([("ran", json!(true))]),
            reversible: false,
            ..Change::draft(self, site.target(Kind::Scope, &call.program, &call.program), with)
        }))
    }

    fn sight(&self, _change: &Change, _view: &View) -> Sight {
        // Nothing shows whether a program ran; that it did not is where a run begins.
        Sight::Here(fields([]))
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let Call {
            program,
            arguments,
            timeout_s,
        } = call(&change.with)?;
        Ok(Mutation::Exec(exec::Write::Run {
            program,
            arguments,
            timeout_s,
        }))
    }

    fn progress(&self, _change: &Change, applied: &Applied, _view: &View) -> Progress {
        let outcome = applied.receipt.created.as_deref().map(serde_json::from_str);
        let Some(Ok(outcome)) = outcome else {
            return Progress::Failed("nothing tells what it came to".to_owned());
        };
        let exec::Outcome {
            exit_code,
            timed_out,
            output,
        } = outcome;
        let said = match clean(output.trim()) {
            said if said.is_empty() => String::new(),
            said => format!(": {said}"),
        };
        match exit_code {
            Some(0) => Progress::Done,
            Some(code) => Progress::Failed(format!("it ended with exit code {code}{said}")),
            None if timed_out => Progress::Failed(format!("it took too long and was killed{said}")),
            None => Progress::Failed(format!("it was killed{said}")),
        }
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::Impossible("what the program did is not known here".to_owned())
    }

    fn leaves_trace(&self) -> bool {
        false
    }

    fn project(&self, _change: &Change, _view: &mut View) {}
}
