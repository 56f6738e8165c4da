//! Watches over a run that this process drives: says what happens, asks whom it can, and passes on
//! signals. A reader that has gone away, or a terminal, ends nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;
use tokio::sync::Mutex;

use crate::cloud::BoxFuture;
use crate::domain::policy::ConfirmLevel;
use crate::engine::run::{Control, IfLocked, Notice, RunHandle};
use crate::headless::Exit;
use crate::headless::format::{self, Format};
use crate::headless::out::print;
use crate::headless::runbook::desk::{Bench, Signals, exit_of_signal};
use crate::headless::runbook::document::RunDocument;
use crate::headless::runbook::failure::Failure;
use crate::headless::runbook::keyboard::Keyboard;
use crate::headless::runbook::teller::Teller;
use crate::runbook::machine::{Answer, Happening, Question, Summary, Ticket};
use crate::runbook::plan::{FailurePolicy, Plan};
use crate::runbook::record::{Act, RunId, Signal, Then};
use crate::runbook::tell::{self, Line, Role, confirm_advice};

/// How long a second signal waits for the run to let go.
const PATIENCE: Duration = Duration::from_secs(2);

/// A wait without news is told of again after so many seconds of the cloud's time.
const AGAIN_AFTER_S: u64 = 60;

/// Whether signals that come because a terminal goes away mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// The run belongs to the terminal in which it was started.
    Terminal,
    /// It has a session of its own.
    Own,
}

/// How a run is watched.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    /// What it means that locks are held.
    pub if_locked: IfLocked,
    /// Whether it belongs to a terminal.
    pub tie: Tie,
}

/// Watches a run to its end, prints what it came to, and tells how the command ends.
pub async fn drive(
    bench: &Bench,
    (mut handle, plan): (RunHandle, Arc<Plan>),
    (signals, keyboard): (&mut Signals, Keyboard),
    watch: Watch,
) -> Result<Exit, Failure> {
    let mut show = Show::new(bench, handle.id.clone(), plan.clone());
    let keyboard = Arc::new(Mutex::new(keyboard));
    let mut pending: Option<(Ticket, BoxFuture<'static, Answer>)> = None;
    let mut told = 0_u32;
    loop {
        let leaving = told >= 2;
        tokio::select! {
            biased;
            signal = signals.next() => {
                if signal == Signal::HangUp && watch.tie == Tie::Own {
                    continue;
                }
                told += 1;
                show.interrupted(signal, told);
                pending = None;
                // It may have ended just now; then its last notice is on its way.
                let _ = handle.control.send(Control::Interrupt { signal, then: then(&plan, signal) });
                if told > 2 {
                    return show.left(signal);
                }
            }
            answer = answered(&mut pending) => {
                if let Some((ticket, _)) = pending.take() {
                    let _ = handle.control.send(Control::Answer { ticket, answer });
                }
            }
            notice = handle.notices.recv() => match notice {
                Some(Notice::Happened { at, happening }) => show.happened(at.wall, &happening),
                Some(Notice::Recorded(_)) => {}
                Some(Notice::Asked { ticket, question }) => {
                    if bench.place.can_ask() {
                        bench.place.teller.say(tell::question(&question, &plan, &bench.place.clock()));
                        pending = Some((ticket, Box::pin(answer((keyboard.clone(), bench.place.teller), question))));
                    } else {
                        show.nobody(&question);
                        let _ = handle.control.send(Control::Answer { ticket, answer: Answer::NoTerminal });
                    }
                }
                Some(Notice::WaitingForLock { holders }) => {
                    for holder in holders {
                        bench.place.teller.warn(format!("waits for {holder}"));
                    }
                }
                Some(Notice::Ended(summary)) => return show.ended(*summary, watch.if_locked),
                Some(Notice::Left { signal }) => return show.left(signal),
                Some(Notice::Broke(why)) => return show.broke(&why),
                None => return show.broke("the run ended without a word"),
            },
            () = bench.place.wall.sleep(PATIENCE), if leaving => return show.left(Signal::Interrupt),
        }
    }
}

/// The answer that is waited for, if there is one.
async fn answered(pending: &mut Option<(Ticket, BoxFuture<'static, Answer>)>) -> Answer {
    match pending {
        Some((_, answer)) => answer.await,
        None => std::future::pending().await,
    }
}

/// What somebody types in answer to a question.
pub async fn answer((keyboard, teller): (Arc<Mutex<Keyboard>>, Teller), question: Question) -> Answer {
    let typed = keyboard.lock().await.line(|| teller.ask("> ")).await;
    judged(&question, typed)
}

/// What typed text means as an answer. Exactly the word, or no.
fn judged(question: &Question, typed: Option<String>) -> Answer {
    let Some(typed) = typed else {
        return Answer::No;
    };
    let wanted = match question {
        Question::Confirm {
            level: ConfirmLevel::TypeName,
            ..
        } => return Answer::Name(typed),
        Question::Confirm { .. } => "apply",
        Question::RollBack { .. } => "rollback",
        Question::Continue { .. } => "continue",
    };
    if typed == wanted { Answer::Yes } else { Answer::No }
}

/// What the first signal asks for: what the plan says of failures, unless nobody may be there any more
/// to see it.
const fn then(plan: &Plan, signal: Signal) -> Then {
    match (signal, plan.on_failure) {
        (Signal::HangUp | Signal::HandOver, _) | (_, FailurePolicy::Ask | FailurePolicy::Stop) => Then::Stop,
        (Signal::Interrupt | Signal::Terminate, FailurePolicy::RollBack) => Then::RollBack,
    }
}

/// Something that happened, for programs: a line of JSON.
#[derive(Serialize)]
struct EventLine<'a> {
    schema: &'static str,
    run_id: &'a RunId,
    at: Timestamp,
    event: String,
    data: Json,
    text: Option<String>,
}

/// Whether something that lasts says something else than before, or was not said for long.
fn is_new<K: Ord>(said: &mut BTreeMap<K, (String, u64)>, key: K, (detail, at_s): (&str, u64)) -> bool {
    let known = said
        .get(&key)
        .is_some_and(|(before, before_s)| before == detail && at_s.saturating_sub(*before_s) < AGAIN_AFTER_S);
    if !known {
        said.insert(key, (detail.to_owned(), at_s));
    }
    !known
}

/// What is shown of a run.
struct Show<'a> {
    bench: &'a Bench,
    run: RunId,
    plan: Arc<Plan>,
    /// What was last said of each wait: how far, and after how many seconds.
    waits: BTreeMap<Act, (String, u64)>,
    awaited: BTreeMap<String, (String, u64)>,
    guards: BTreeMap<String, String>,
    /// What was warned of: the reasons, where the summary has none.
    warnings: Vec<String>,
}

impl<'a> Show<'a> {
    fn new(bench: &'a Bench, run: RunId, plan: Arc<Plan>) -> Self {
        Self {
            bench,
            run,
            plan,
            waits: BTreeMap::new(),
            awaited: BTreeMap::new(),
            guards: BTreeMap::new(),
            warnings: Vec::new(),
        }
    }

    fn happened(&mut self, at: Timestamp, happening: &Happening) {
        if let Happening::Warning(text) = happening {
            self.warnings.push(text.clone());
        }
        let line = tell::happening(happening, &self.plan);
        if self.bench.place.out.format() == Format::Jsonl && !matches!(happening, Happening::Over(_)) {
            self.event(at, happening, line.as_ref().map(Line::text));
        }
        if self.is_news(happening)
            && let Some(line) = line
        {
            let zone = self.bench.place.clock().zone;
            self.bench.place.teller.say(tell::in_zone(vec![line], &zone));
        }
    }

    /// Whether it was not just said.
    fn is_news(&mut self, happening: &Happening) -> bool {
        match happening {
            Happening::Waiting {
                act,
                detail,
                elapsed_s,
                ..
            } => is_new(&mut self.waits, *act, (detail, *elapsed_s)),
            Happening::Awaited {
                check,
                detail,
                elapsed_s,
                ..
            } => is_new(&mut self.awaited, check.clone(), (detail, *elapsed_s)),
            Happening::Guarded { alarm, state } => {
                self.guards.insert(alarm.clone(), state.clone()).as_ref() != Some(state)
            }
            _ => true,
        }
    }

    fn event(&self, at: Timestamp, happening: &Happening, text: Option<String>) {
        let (event, data) = match serde_json::to_value(happening) {
            Ok(Json::String(event)) => (event, Json::Null),
            Ok(Json::Object(fields)) => fields
                .into_iter()
                .next()
                .unwrap_or_else(|| ("unknown".to_owned(), Json::Null)),
            Ok(_) | Err(_) => return,
        };
        let line = format::json_line(&EventLine {
            schema: "quarterdeck.event/1",
            run_id: &self.run,
            at,
            event,
            data,
            text: text.map(|text| text.trim().to_owned()),
        });
        if let Ok(line) = line {
            // A run does not end because its output cannot be written.
            let _ = print(&line);
        }
    }

    fn interrupted(&self, signal: Signal, times: u32) {
        let teller = &self.bench.place.teller;
        if times > 1 {
            return teller.warn("leaves at once");
        }
        let what = match then(&self.plan, signal) {
            Then::Stop => "it stops, and can be taken up again",
            Then::RollBack => "it stops, and takes back what it has begun",
        };
        teller.warn(format!("{what}; once more to leave at once"));
    }

    /// Nobody can be asked: what to pass.
    fn nobody(&mut self, question: &Question) {
        let reason = match question {
            Question::Confirm { .. } => format!(
                "a confirmation is needed, and there is no terminal: {}",
                confirm_advice(&self.plan)
            ),
            Question::RollBack { reason } => {
                format!("{reason}; there is no terminal to ask whether to take back what was begun")
            }
            Question::Continue { step, .. } => {
                format!("{step} waits for a person, and there is no terminal")
            }
        };
        self.bench.place.teller.warn(&reason);
        self.warnings.push(reason);
    }

    fn ended(&self, mut summary: Summary, if_locked: IfLocked) -> Result<Exit, Failure> {
        let place = &self.bench.place;
        if summary.reasons.is_empty() && summary.exit != Exit::Done {
            summary.reasons.clone_from(&self.warnings);
        }
        let document = RunDocument::of(&summary, self.bench.engine.store(), &place.commands);
        if if_locked == IfLocked::Skip && summary.exit == Exit::LockHeld {
            let mut lines = vec![Line::of(Role::Warn, "SKIPPED").with(
                Role::Plain,
                format!(" {}: somebody else is at it", summary.runbook),
            )];
            lines.extend(
                summary
                    .reasons
                    .iter()
                    .map(|reason| Line::indented(2).with(Role::Plain, reason)),
            );
            let reason = "skipped: somebody else is at it".to_owned();
            self.print(&document.ending_as(Exit::Done, reason).told(lines));
            return Ok(Exit::Done);
        }
        self.print(&document);
        Ok(summary.exit)
    }

    /// What can be said of a run that was left at once.
    fn left(&self, signal: Signal) -> Result<Exit, Failure> {
        let found = self.bench.engine.store().and_then(|store| {
            let head = store.head(&self.run).ok()?;
            Some((store, head, store.summary(&self.run).ok()?))
        });
        let Some((store, head, summary)) = found else {
            return Err(Failure::new(
                exit_of_signal(signal),
                "stopped before anything was changed",
            ));
        };
        let exit = if head.changed {
            Exit::Partial
        } else {
            exit_of_signal(signal)
        };
        let commands = &self.bench.place.commands;
        let lines = vec![
            Line::of(Role::Warn, "LEFT AT ONCE").with(Role::Plain, format!(" {}", self.run)),
            Line::indented(2)
                .padded(Role::Plain, "go on:", 14)
                .with(Role::Key, commands.resume(&self.run)),
            Line::indented(2)
                .padded(Role::Plain, "take back:", 14)
                .with(Role::Key, commands.roll_back(&self.run)),
        ];
        self.bench.place.teller.say(lines.clone());
        let document = RunDocument::of_head(&head, &summary, (store, commands))
            .ending_as(exit, "left at once".to_owned())
            .told(lines);
        self.print(&document);
        Ok(exit)
    }

    fn broke(&self, why: &str) -> Result<Exit, Failure> {
        let changed = self
            .bench
            .engine
            .store()
            .and_then(|store| store.head(&self.run).ok())
            .is_some_and(|head| head.changed);
        let exit = if changed { Exit::Partial } else { Exit::Internal };
        Err(Failure::new(
            exit,
            format!(
                "{why}; what it did is in its journal: {}",
                self.bench.place.commands.status(&self.run)
            ),
        ))
    }

    /// Prints what it came to. The exit code says it too, if nobody reads.
    fn print(&self, document: &RunDocument) {
        if let Err(error) = self.bench.place.out.report(document) {
            self.bench
                .place
                .teller
                .warn(format!("the result cannot be written: {error:#}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confirm(level: ConfirmLevel) -> Question {
        Question::Confirm {
            level,
            name: "orders".to_owned(),
            digest: "sha256:0".to_owned(),
        }
    }

    #[test]
    fn only_the_word_itself_agrees() {
        let typed = |text: &str| judged(&confirm(ConfirmLevel::Ack), Some(text.to_owned()));
        assert_eq!(typed("apply"), Answer::Yes);
        for other in ["", "y", "yes", "Apply", "apply ", " apply"] {
            assert_eq!(typed(other), Answer::No, "{other:?}");
        }
        assert_eq!(judged(&confirm(ConfirmLevel::Ack), None), Answer::No);
    }

    #[test]
    fn a_name_is_passed_on_as_it_was_typed() {
        let typed = |text: Option<&str>| judged(&confirm(ConfirmLevel::TypeName), text.map(str::to_owned));
        assert_eq!(typed(Some("orders ")), Answer::Name("orders ".to_owned()));
        assert_eq!(typed(Some("apply")), Answer::Name("apply".to_owned()));
        assert_eq!(typed(None), Answer::No);
    }

    #[test]
    fn other_questions_have_words_of_their_own() {
        let back = Question::RollBack {
            reason: "x".to_owned(),
        };
        assert_eq!(judged(&back, Some("rollback".to_owned())), Answer::Yes);
        assert_eq!(judged(&back, Some("apply".to_owned())), Answer::No);
    }
}
