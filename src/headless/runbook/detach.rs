//! `--detach`: the run goes on in a process of its own, in a session of its own, and outlives this one.
//!
//! The process is this program once more. A new plan goes to it through its standard input, so that no
//! file is left anywhere; it is started with the approval of that plan and nothing else. A run that is taken
//! up again is in its journal. This process waits until the other drives the run, or has said why it does not.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use crate::engine::run::{IfLocked, RunStore, secrets};
use crate::headless::Exit;
use crate::headless::runbook::desk::Bench;
use crate::headless::runbook::document::RunDocument;
use crate::headless::runbook::failure::Failure;
use crate::headless::runbook::run::How;
use crate::runbook::machine::{Answer, Via};
use crate::runbook::plan::Plan;
use crate::runbook::record::{Resume, RunId};
use crate::runbook::tell::{Line, Role};
use crate::runbook::value::{SecretRef, Value as Known};

/// Between two looks at the new process and its journal.
const LOOK_EACH: Duration = Duration::from_millis(50);

/// How much of what the process says of a failure is read.
const MOST: u64 = 1 << 20;

/// A process that was started for a run.
pub struct Begun {
    child: Child,
    runbook: String,
    id: Option<RunId>,
    sign: Sign,
    /// Hands the plan over; it ends once everything was read, or nobody reads.
    handing_over: Option<JoinHandle<()>>,
}

/// What shows that the process drives the run.
enum Sign {
    /// Its first record is on the disk.
    Recorded,
    /// Its journal is held.
    Held,
}

/// Refuses a plan with secrets that were to be typed: there is nobody to type them, and they are put nowhere.
pub fn has_its_secrets(plan: &Plan) -> Result<(), Failure> {
    let typed = secrets::wanted(plan).into_iter().find_map(|place| match place {
        SecretRef::Asked(name) => Some(name),
        SecretRef::Ssm(_) | SecretRef::SecretsManager(_) | SecretRef::Environment(_) => None,
    });
    match typed {
        None => Ok(()),
        Some(name) => Err(Failure::usage(format!(
            "the secret {name} would have to be typed into a process without a terminal: plan with {}{} set",
            crate::runbook::params::ENVIRONMENT_PREFIX,
            name.to_ascii_uppercase()
        ))),
    }
}

/// Starts the process of a new run.
pub fn begin(
    bench: &Bench,
    plan: &Plan,
    ((confirmed, via), how): ((Answer, Via), &How),
) -> Result<Begun, Failure> {
    let mut command = command(bench, &["run", "--plan", "-"], how)?;
    command.args(["--approve", &plan.digest]);
    name(&mut command, &confirmed);
    if confirmed == Answer::Yes {
        command.arg("--yes");
    }
    // The journal says how it was confirmed, not how the answer came to the process.
    if !matches!(confirmed, Answer::Digest { .. }) {
        command.arg(match via {
            Via::Flags => "--relayed=flags",
            Via::Person => "--relayed=person",
        });
    }
    let mut child = spawned(command.stdin(Stdio::piped()))?;
    let text = plan.to_text();
    let stdin = child.stdin.take();
    let handing_over = std::thread::spawn(move || {
        if let Some(mut stdin) = stdin {
            // A process that ends before it has read everything says why itself.
            let _ = stdin.write_all(text.as_bytes());
        }
    });
    Ok(Begun {
        child,
        runbook: plan.runbook.name.clone(),
        id: run_of(plan),
        sign: Sign::Recorded,
        handing_over: Some(handing_over),
    })
}

/// Starts the process that takes a run up again.
pub fn take_up(
    bench: &Bench,
    (id, plan): (&RunId, &Plan),
    to: Resume,
    (confirmed, how): (Option<&Answer>, &How),
) -> Result<Begun, Failure> {
    let verb = match to {
        Resume::Forward => "resume",
        Resume::RollBack => "rollback",
        Resume::Abandon => "abandon",
    };
    let mut command = command(bench, &[verb, &id.0], how)?;
    if how.consent.yes || matches!(confirmed, Some(Answer::Yes)) {
        command.arg("--yes");
    }
    match (confirmed, &how.consent.name) {
        (Some(answer), _) => name(&mut command, answer),
        (None, Some(given)) => {
            command.arg(format!("--confirm-name={given}"));
        }
        (None, None) => {}
    }
    Ok(Begun {
        child: spawned(command.stdin(Stdio::null()))?,
        runbook: plan.runbook.name.clone(),
        id: Some(id.clone()),
        sign: Sign::Held,
        handing_over: None,
    })
}

/// Waits until the process drives the run, and tells where to look.
pub async fn wait(bench: &Bench, mut begun: Begun) -> Result<Exit, Failure> {
    let place = &bench.place;
    let store = bench.engine.store();
    loop {
        if let (Some(store), Some(id)) = (store, &begun.id)
            && begun.sign.shows(store, id)
        {
            if let Some(handing_over) = begun.handing_over.take() {
                // It reads everything before it writes anything.
                let _ = handing_over.join();
            }
            let lines = vec![
                Line::of(Role::Good, "DETACHED").with(Role::Plain, format!(" {} {id}", begun.runbook)),
                Line::indented(2)
                    .padded(Role::Plain, "follow it:", 14)
                    .with(Role::Key, place.commands.attach(id)),
                Line::indented(2)
                    .padded(Role::Plain, "look at it:", 14)
                    .with(Role::Key, place.commands.status(id)),
            ];
            let document = RunDocument::detached(id, &begun.runbook, Some(store), lines);
            place.out.report(&document)?;
            return Ok(Exit::Done);
        }
        let ended = begun
            .child
            .try_wait()
            .context("the new process cannot be waited for")?;
        if let Some(status) = ended {
            return self::ended(bench, begun, status.code());
        }
        place.wall.sleep(LOOK_EACH).await;
    }
}

impl Sign {
    fn shows(&self, store: &RunStore, id: &RunId) -> bool {
        match self {
            Self::Recorded => store.head(id).is_ok(),
            Self::Held => store.is_driven(id).unwrap_or(false),
        }
    }
}

/// The run that a plan will be.
fn run_of(plan: &Plan) -> Option<RunId> {
    let Known::Map(run) = plan.names.get("run")? else {
        return None;
    };
    match run.get("id")? {
        Known::Text(id) => Some(RunId(id.clone())),
        _ => None,
    }
}

/// This program once more, for a command about runs.
fn command(bench: &Bench, words: &[&str], how: &How) -> Result<Command, Failure> {
    let program = std::env::current_exe().context("this program cannot find itself")?;
    let mut command = Command::new(program);
    command
        .args(bench.place.words.get(1..).unwrap_or_default())
        .arg("runbook")
        .args(words)
        .args(["--on-its-own", "--output", "json"]);
    if let Some(reason) = &how.reason {
        command.arg(format!("--reason={reason}"));
    }
    match how.if_locked {
        IfLocked::Fail => {}
        IfLocked::Skip => {
            command.arg("--if-locked=skip");
        }
        IfLocked::Wait(span) => {
            command.arg(format!("--if-locked=wait={}s", span.as_secs()));
        }
    }
    Ok(command)
}

/// The name that somebody typed, for the process.
fn name(command: &mut Command, confirmed: &Answer) {
    if let Answer::Name(name) | Answer::Digest { name: Some(name), .. } = confirmed {
        command.arg(format!("--confirm-name={name}"));
    }
}

fn spawned(command: &mut Command) -> Result<Child, Failure> {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("a process for the run cannot be started")?;
    Ok(child)
}

/// What came of a process that has ended already: the run is over, or there was none.
fn ended(bench: &Bench, mut begun: Begun, code: Option<i32>) -> Result<Exit, Failure> {
    let runbook = &begun.runbook;
    let mut said = String::new();
    if let Some(stdout) = begun.child.stdout.take() {
        // What cannot be read leaves the exit code.
        let _ = stdout.take(MOST).read_to_string(&mut said);
    }
    let said: Value = serde_json::from_str(&said).unwrap_or_default();
    let exit = Exit::ALL
        .into_iter()
        .find(|exit| Some(i32::from(exit.code())) == code)
        .unwrap_or(Exit::Internal);
    if exit == Exit::Done {
        let id = said["run_id"].as_str().map(|id| RunId(id.to_owned()));
        let Some(id) = id else {
            bench.place.teller.note("nothing to do");
            let nothing = Failure::new(Exit::Done, "nothing to do");
            bench
                .place
                .out
                .report(&RunDocument::failed(&nothing, Some(runbook)).succeeded())?;
            return Ok(Exit::Done);
        };
        let status = said["status"].as_str().unwrap_or("succeeded").to_uppercase();
        let lines = vec![Line::of(Role::Good, status).with(Role::Plain, format!(" {id}"))];
        let document = RunDocument::detached(&id, runbook, bench.engine.store(), lines);
        bench.place.out.report(&document)?;
        return Ok(Exit::Done);
    }
    let reasons: Vec<String> = said["reasons"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|reason| Some(reason.as_str()?.to_owned()))
        .collect();
    Err(Failure {
        exit,
        reasons: if reasons.is_empty() {
            vec![format!("the run's process ended: {}", exit.meaning())]
        } else {
            reasons
        },
    })
}
