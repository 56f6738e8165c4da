//! `qd logs`: several log groups merged in time order, printed as they are read.

mod print;
mod resolve;

use std::sync::Arc;

use jiff::SignedDuration;

use regex::Regex;
use tokio::sync::{mpsc, watch};

use crate::cloud::Cloud;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::logs::{TailLine, TailState, TailTarget};
use crate::domain::text;
use crate::domain::units::HumanDuration;
use crate::engine::clock::Clock;
use crate::engine::host::EngineHost;
use crate::engine::tail::{self, Attention, Ending, Update, WhenFull};
use crate::headless::job::{self, Outcome};
use crate::headless::out::complain;
use crate::headless::{Exit, Format, Job, Out};
use print::{Printer, Reader};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Groups by name or pattern.
    pub groups: Vec<String>,
    /// How far back to begin.
    pub since: HumanDuration,
    /// Whether to go on.
    pub follow: Follow,
    /// CloudWatch's filter pattern.
    pub pattern: Option<String>,
    /// At least one of these is in an event, if there are any.
    pub include: Vec<Regex>,
    /// None of these is.
    pub exclude: Vec<Regex>,
}

/// Whether to go on when what is there has been printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// Until a signal.
    Yes,
    /// No.
    No,
}

/// Questions in a row that may fail before a group is given up.
const ATTEMPTS: u32 = 4;
/// Updates that wait to be printed.
const WAITING: usize = 16;

impl Request {
    fn wants(&self, line: &TailLine) -> bool {
        let message = text::clean_multiline(&line.event.message);
        let found = |patterns: &[Regex]| patterns.iter().any(|pattern| pattern.is_match(&message));
        (self.include.is_empty() || found(&self.include)) && !found(&self.exclude)
    }
}

/// Prints what is asked for; tells how it ended.
pub fn run(job: Job, request: Request, out: &Out) -> anyhow::Result<Exit> {
    if request.follow == Follow::Yes && matches!(out.format(), Format::Json | Format::Yaml) {
        complain("qd: a document that never ends cannot be printed: use -o jsonl with --follow");
        return Ok(Exit::Usage);
    }
    let outcome = job::run(async {
        let host = EngineHost::new(job.clocks.cloud.clone());
        let cloud = (job.cloud)(host)?;
        let targets = match resolve::targets(cloud.as_ref(), &job.scopes, &request.groups).await {
            Ok(targets) => targets,
            Err(refusal) => {
                refusal.lines.iter().for_each(|line| complain(line));
                return Ok(refusal.exit);
            }
        };
        let printer = Printer::new(out, &targets);
        let cadence = job.wishes.log_cadence();
        print_all(cloud, (job.clocks.cloud, cadence), request, (targets, printer)).await
    })?;
    Ok(match outcome {
        Outcome::Done(exit) | Outcome::Stopped(exit) => exit,
    })
}

async fn print_all(
    cloud: Arc<dyn Cloud>,
    (clock, cadence): (Arc<dyn Clock>, SignedDuration),
    request: Request,
    (targets, mut printer): (Vec<TailTarget>, Printer),
) -> anyhow::Result<Exit> {
    let tailed = tail::Request {
        targets: targets.clone(),
        from: clock.now().saturating_sub(request.since.0)?,
        pattern: request.pattern.clone(),
        cadence,
        ending: match request.follow {
            Follow::Yes => Ending::Follow,
            Follow::No => Ending::AfterPast { attempts: ATTEMPTS },
        },
        full: WhenFull::Wait,
    };
    let (updates, mut taken) = mpsc::channel(WAITING);
    let (_attention, attended) = watch::channel(Attention::Shown);
    let polling = tail::run(cloud, clock, tailed, (updates, attended));
    // When printing ends it drops its end of the channel, and that ends polling.
    let printing = async move {
        let mut states: Vec<TailState> = vec![TailState::Waiting; targets.len()];
        if printer.begin()? == Reader::Gone {
            return Ok(Exit::Done);
        }
        while let Some(update) = taken.recv().await {
            match update {
                Update::Lines { mut lines, .. } => {
                    lines.retain(|line| request.wants(line));
                    if printer.lines(&lines)? == Reader::Gone {
                        return Ok(Exit::Done);
                    }
                }
                Update::State { group, state } => {
                    tell(&targets[group], &states[group], &state);
                    states[group] = state;
                }
            }
        }
        printer.end()?;
        let ended = targets.iter().zip(&states).map(|(target, state)| match state {
            TailState::Failing { fault, .. } => of_fault(fault),
            TailState::Refused(_) if request.groups.contains(&target.group) => Exit::Precondition,
            // What a pattern brought along beside others is not missed.
            TailState::Refused(_) | TailState::Waiting | TailState::Reading(_) | TailState::Live(_) => {
                Exit::Done
            }
        });
        anyhow::Ok(Exit::worst(ended))
    };
    let ((), exit) = tokio::join!(polling, printing);
    exit
}

/// Says on standard error what is wrong with a group, once for each change.
fn tell(target: &TailTarget, before: &TailState, state: &TailState) {
    match state {
        TailState::Failing { fault, .. } => {
            let known = matches!(before, TailState::Failing { fault: known, .. } if known.kind == fault.kind);
            if !known {
                complain(&format!(
                    "qd: {}: {fault}: {}",
                    target.group,
                    fault.hint(&target.scope)
                ));
            }
        }
        TailState::Refused(why) => complain(&format!("qd: {}: {why}", target.group)),
        TailState::Live(_) if matches!(before, TailState::Failing { .. }) => {
            complain(&format!("qd: {}: answers again", target.group));
        }
        TailState::Waiting | TailState::Reading(_) | TailState::Live(_) => {}
    }
}

fn of_fault(fault: &Fault) -> Exit {
    match fault.kind {
        FaultKind::Credentials(_) | FaultKind::AccessDenied => Exit::Credentials,
        FaultKind::Invalid | FaultKind::NotFound => Exit::Usage,
        FaultKind::Throttled
        | FaultKind::Timeout
        | FaultKind::Unreachable
        | FaultKind::Conflict
        | FaultKind::Server => Exit::Deadline,
        FaultKind::Unsupported | FaultKind::ReadOnly | FaultKind::NoData | FaultKind::Other => Exit::Internal,
    }
}
