//! `--detach`: the run goes on in a process of its own, in a session of its own, and outlives this one.
//!
//! The process is this program once more. The plan goes to it through its standard input, so that no
//! file is left anywhere; it is started with the approval of that plan and nothing else. This one waits
//! until the run's first record is on the disk, or the process has said why there is none.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use crate::engine::run::IfLocked;
use crate::headless::Exit;
use crate::headless::runbook::desk::Bench;
use crate::headless::runbook::document::RunDocument;
use crate::headless::runbook::failure::Failure;
use crate::headless::runbook::run::How;
use crate::runbook::machine::Answer;
use crate::runbook::plan::Plan;
use crate::runbook::record::RunId;
use crate::runbook::tell::{Line, Role};
use crate::runbook::value::Value as Known;

/// Between two looks at the new process and its journal.
const LOOK_EACH: Duration = Duration::from_millis(50);

/// How much of what the process says of a failure is read.
const MOST: u64 = 1 << 20;

/// Starts the process, and tells where to look.
pub async fn run(bench: &Bench, plan: &Plan, (confirmed, how): (&Answer, &How)) -> Result<Exit, Failure> {
    let place = &bench.place;
    let store = bench.engine.store();
    let mut child = spawn(bench, plan, (confirmed, how))?;
    let text = plan.to_text();
    let stdin = child.stdin.take();
    // A process that ends before it has read everything says why itself.
    let handed_over = std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(text.as_bytes())));
    let id = run_of(plan);
    loop {
        if let Some(store) = store
            && let Some(id) = &id
            && store.head(id).is_ok()
        {
            // It reads everything before it writes anything.
            let _ = handed_over.join();
            let lines = vec![
                Line::of(Role::Good, "DETACHED").with(Role::Plain, format!(" {} {id}", plan.runbook.name)),
                Line::indented(2)
                    .padded(Role::Plain, "follow it:", 14)
                    .with(Role::Key, place.commands.attach(id)),
                Line::indented(2)
                    .padded(Role::Plain, "look at it:", 14)
                    .with(Role::Key, place.commands.status(id)),
            ];
            let document = RunDocument::detached(id, &plan.runbook.name, Some(store), lines);
            place.out.report(&document)?;
            return Ok(Exit::Done);
        }
        if let Some(status) = child.try_wait().context("the new process cannot be waited for")? {
            return ended(bench, plan, (&mut child, status.code()));
        }
        place.wall.sleep(LOOK_EACH).await;
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

fn spawn(bench: &Bench, plan: &Plan, (confirmed, how): (&Answer, &How)) -> Result<Child, Failure> {
    let program = std::env::current_exe().context("this program cannot find itself")?;
    let mut command = Command::new(program);
    command
        .args(&bench.place.words[1..])
        .args([
            "runbook",
            "run",
            "--plan",
            "-",
            "--on-its-own",
            "--output",
            "json",
        ])
        .args(["--approve", &plan.digest]);
    if let Answer::Name(name) | Answer::Digest { name: Some(name), .. } = confirmed {
        command.arg(format!("--confirm-name={name}"));
    }
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
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("a process for the run cannot be started")?;
    Ok(child)
}

/// What came of a process that has ended already: the run is over, or there was none.
fn ended(bench: &Bench, plan: &Plan, (child, code): (&mut Child, Option<i32>)) -> Result<Exit, Failure> {
    let mut said = String::new();
    if let Some(stdout) = child.stdout.take() {
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
                .report(&RunDocument::failed(&nothing, Some(&plan.runbook.name)).succeeded())?;
            return Ok(Exit::Done);
        };
        let lines = vec![Line::of(Role::Good, "SUCCEEDED").with(Role::Plain, format!(" {id}"))];
        let document = RunDocument::detached(&id, &plan.runbook.name, bench.engine.store(), lines);
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
