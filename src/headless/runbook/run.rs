//! `qd runbook run`: plan, confirm, apply, verify.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::domain::policy::ConfirmLevel;
use crate::domain::scope::Scope;
use crate::engine::run::{IfLocked, Patience, Start};
use crate::headless::Exit;
use crate::headless::runbook::desk::{Bench, Signals};
use crate::headless::runbook::detach;
use crate::headless::runbook::drive::{self, Tie, Watch};
use crate::headless::runbook::failure::Failure;
use crate::headless::runbook::keyboard::Keyboard;
use crate::headless::runbook::prepare::{self, Order, attended, prepare};
use crate::runbook::machine::{Answer, Question, Via};
use crate::runbook::model::Runbook;
use crate::runbook::plan::Plan;
use crate::runbook::tell::{self, confirm_advice};

/// What is to be run.
pub enum Work {
    /// A runbook, to be planned now.
    Order(Box<Order>),
    /// A plan that was made before, and the runbook that it should be of, if one was named.
    Planned(Box<Plan>, Option<Arc<Runbook>>),
}

/// How a run is confirmed, by flags.
#[derive(Debug, Clone, Default)]
pub struct Consent {
    /// `--yes`: enough for `ack` alone.
    pub yes: bool,
    /// `--confirm-name`.
    pub name: Option<String>,
    /// `--approve`: the digest of the plan.
    pub digest: Option<String>,
    /// Whoever started this process had the answer already, by flags or of a person: the digest then binds
    /// the plan and is not how it was confirmed.
    pub relayed: Option<Via>,
}

/// How it is run.
#[derive(Debug, Clone)]
pub struct How {
    /// How it is confirmed.
    pub consent: Consent,
    /// Why, in a person's words.
    pub reason: Option<String>,
    /// What to do while somebody else holds a lock.
    pub if_locked: IfLocked,
    /// In which process.
    pub process: Process,
}

/// In which process a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// In this one, to its end.
    Here,
    /// In one of its own, which outlives this one.
    Detached,
    /// In this one, which is that one.
    OnItsOwn,
}

/// Runs it.
pub async fn run(bench: &Bench, work: Work, how: How) -> Result<Exit, Failure> {
    bench.may_change()?;
    let tie = match how.process {
        Process::OnItsOwn => {
            // It fails only where the process leads a group already, and has what it needs.
            let _ = rustix::process::setsid();
            Tie::Own
        }
        Process::Here | Process::Detached => Tie::Terminal,
    };
    let mut signals = Signals::listen()?;
    let mut keyboard = Keyboard::new();
    let (plan, scope) = match work {
        Work::Order(order) => {
            let prepared = signals.unless(prepare(bench, *order, &mut keyboard)).await?;
            (prepared.plan, bench.only_scope()?)
        }
        Work::Planned(plan, runbook) => {
            of_runbook(&plan, runbook.as_deref())?;
            let scope = bench.scope_named(&plan.identity.scope)?;
            (*plan, scope)
        }
    };
    let place = &bench.place;
    if how.process != Process::OnItsOwn {
        place.teller.say(tell::plan(&plan, &place.clock()));
    }
    attended(&plan, place.can_ask() && how.process != Process::Detached)?;
    let confirmed = consent(&plan, &how.consent, place.can_ask())?;
    if how.process == Process::Detached {
        detach::has_its_secrets(&plan)?;
        let keyboard = Arc::new(Mutex::new(keyboard));
        let confirmed = match confirmed {
            Some(confirmed) => (confirmed, Via::Flags),
            None => (signals.unless(asked(bench, &plan, keyboard)).await?, Via::Person),
        };
        let begun = detach::begin(bench, &plan, (confirmed, &how))?;
        return signals.unless(detach::wait(bench, begun)).await;
    }
    signals
        .unless(prepare::secrets(bench, &plan, &mut keyboard))
        .await?;
    let identity = signals.unless(bench.identify(&scope)).await?;
    let start = start(bench, scope, (&identity.arn, confirmed, &how));
    let shared = Arc::new(plan.clone());
    let handle = bench
        .engine
        .start(plan, start)
        .map_err(|refused| Failure::new(refused.exit, refused.reason))?;
    let watch = Watch {
        if_locked: how.if_locked,
        tie,
    };
    drive::drive(bench, (handle, shared), (&mut signals, keyboard), watch).await
}

/// How a run is started or taken up again.
pub fn start(bench: &Bench, scope: Arc<Scope>, (arn, confirmed, how): (&str, Option<Answer>, &How)) -> Start {
    Start {
        scope,
        who: bench.place.who(arn),
        reason: how.reason.clone(),
        confirmed: confirmed.map(|answer| (answer, how.consent.relayed.unwrap_or(Via::Flags))),
        if_locked: how.if_locked,
        patience: if bench.place.can_ask() {
            Patience::Endless
        } else {
            Patience::For(bench.place.grace)
        },
    }
}

/// Whether a plan is of a runbook as it is now.
fn of_runbook(plan: &Plan, runbook: Option<&Runbook>) -> Result<(), Failure> {
    let Some(runbook) = runbook else { return Ok(()) };
    let planned = &plan.runbook;
    if planned.name != runbook.name.value {
        return Err(Failure::usage(format!(
            "the plan is of {}, not of {}",
            planned.name, runbook.name.value
        )));
    }
    if planned.digest != runbook.digest {
        return Err(Failure::new(
            Exit::Drift,
            format!("{} was changed since it was planned: plan again", planned.name),
        ));
    }
    Ok(())
}

/// The answer that flags give to the question for confirmation; `None` if a person is to be asked.
fn consent(plan: &Plan, consent: &Consent, can_ask: bool) -> Result<Option<Answer>, Failure> {
    if let Some(digest) = &consent.digest
        && *digest != plan.digest
    {
        return Err(Failure::new(
            Exit::Drift,
            format!(
                "what was approved is {digest}, and the plan is {}: plan again",
                plan.digest
            ),
        ));
    }
    let needed = || {
        Failure::new(
            Exit::NeedsTerminal,
            format!(
                "a confirmation is needed, and there is no terminal: {}",
                confirm_advice(plan)
            ),
        )
    };
    let name = consent.name.clone();
    let approved = consent.digest.as_ref().filter(|_| consent.relayed.is_none());
    let answer = match (plan.confirm.level, approved, name) {
        (ConfirmLevel::None, ..) => return Ok(None),
        // A name that was given is judged even where less would do.
        (ConfirmLevel::Ack, _, Some(name)) => Answer::Name(name),
        (ConfirmLevel::Ack, Some(digest), None) => Answer::Digest {
            digest: digest.clone(),
            name: None,
        },
        (ConfirmLevel::Ack, None, None) if consent.yes => Answer::Yes,
        (ConfirmLevel::TypeName, Some(digest), Some(name)) => Answer::Digest {
            digest: digest.clone(),
            name: Some(name),
        },
        (ConfirmLevel::TypeName, None, Some(name)) => Answer::Name(name),
        (ConfirmLevel::Ack | ConfirmLevel::TypeName, _, None) => {
            return if can_ask { Ok(None) } else { Err(needed()) };
        }
    };
    Ok(Some(answer))
}

/// Asks for confirmation before another process is started for the run.
pub async fn asked(bench: &Bench, plan: &Plan, keyboard: Arc<Mutex<Keyboard>>) -> Result<Answer, Failure> {
    if plan.confirm.level == ConfirmLevel::None {
        return Ok(Answer::Yes);
    }
    let question = Question::Confirm {
        level: plan.confirm.level,
        name: plan.confirm.name.clone(),
        digest: plan.digest.clone(),
    };
    let place = &bench.place;
    place.teller.say(tell::question(&question, plan, &place.clock()));
    let answer = drive::answer((keyboard, place.teller), question).await;
    let agreed = match &answer {
        Answer::Name(name) => *name == plan.confirm.name,
        Answer::Yes => true,
        Answer::Digest { .. } | Answer::No | Answer::NoTerminal => false,
    };
    if agreed {
        Ok(answer)
    } else {
        Err(Failure::new(Exit::Declined, "declined"))
    }
}
