//! Drives the machine: does its commands at once, moves the clock when nothing else is left to do, and
//! can die at any point of the journal.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::world::World;
use crate::domain::policy::ConfirmLevel;
use crate::domain::price::PriceTable;
use crate::domain::scope::ScopeName;
use crate::runbook::action::{self, Arguments, Decisions, Site, View};
use crate::runbook::machine::{Answer, Command, Event, Happening, Question, Run, Summary, Ticket, Via};
use crate::runbook::plan::{
    Assembly, CheckItem, FailurePolicy, Frame, Guard, Lane, Plan, PlanIdentity, Retry, Role, RunbookRef,
    Step, Wait, Work,
};
use crate::runbook::record::{self, Resume, RunId, Signal, Then, Who};
use crate::runbook::value::Value;

/// A plan in the making, with what tests vary.
pub struct Planned {
    pub frame: Frame,
    pub steps: Vec<StepSpec>,
}

pub struct StepSpec {
    pub id: &'static str,
    pub role: Role,
    pub action: &'static str,
    pub lanes: Vec<Json>,
    pub concurrency: u32,
    pub canary: u32,
    pub stop_after_failures: u32,
    pub attempts: u32,
    pub timeout_s: u64,
}

impl StepSpec {
    pub fn new(id: &'static str, action: &'static str, lanes: Vec<Json>) -> Self {
        Self {
            id,
            role: Role::Main,
            action,
            lanes,
            concurrency: 1,
            canary: 0,
            stop_after_failures: 1,
            attempts: 4,
            timeout_s: 600,
        }
    }
}

pub fn who() -> Who {
    Who {
        user: "alice".to_owned(),
        host: "bastion".to_owned(),
        pid: 1,
        arn: "arn:aws:sts::123456789012:assumed-role/oncall/alice".to_owned(),
        origin: "terminal".to_owned(),
        version: "test".to_owned(),
    }
}

impl Planned {
    pub fn new(steps: Vec<StepSpec>) -> Self {
        let at: Timestamp = super::world::START.parse().unwrap();
        Self {
            frame: Frame {
                runbook: RunbookRef {
                    name: "test".to_owned(),
                    digest: "sha256:0".to_owned(),
                },
                identity: PlanIdentity {
                    scope: ScopeName::new("default/us-east-1"),
                    account: "123456789012".to_owned(),
                    region: "us-east-1".to_owned(),
                    arn: who().arn,
                    account_name: None,
                    estate: None,
                    environment: "unknown".to_owned(),
                },
                params: BTreeMap::new(),
                names: BTreeMap::new(),
                created_at: at,
                expires_at: at + SignedDuration::from_mins(30),
                confirm_at_least: ConfirmLevel::None,
                preconditions: Vec::new(),
                guards: Vec::new(),
                guard_checks: Vec::new(),
                verify: Vec::new(),
                on_failure: FailurePolicy::RollBack,
                deadline_s: 3_600,
                rollback_deadline_s: 3_600,
                max_runs_per_hour: None,
                afterwards: Vec::new(),
            },
            steps,
        }
    }

    pub fn guard(mut self, guard: Guard) -> Self {
        self.frame.guards.push(guard);
        self
    }

    pub fn verify(mut self, item: CheckItem) -> Self {
        self.frame.verify.push(item);
        self
    }

    pub fn on_failure(mut self, policy: FailurePolicy) -> Self {
        self.frame.on_failure = policy;
        self
    }

    /// Reads the world and plans, as the planner does.
    pub fn plan(self, world: &mut World) -> Plan {
        let decisions = Decisions::default();
        let scope = self.frame.identity.scope.clone();
        let site = Site {
            scope: &scope,
            account: "123456789012",
            region: "us-east-1",
            now: world.now,
            prices: PriceTable::shipped(),
            estate: None,
            decisions: &decisions,
        };
        let mut answers = View::default();
        for step in &self.steps {
            let action = action::find(step.action).unwrap();
            for with in &step.lanes {
                for query in action.reads(&arguments(with)).unwrap() {
                    let answer = world.read(&query);
                    answers.extend(View::new(vec![(query, answer)]));
                }
            }
        }
        let mut assembly = Assembly::new(answers, site);
        for step in self.steps {
            let action = action::find(step.action).unwrap();
            let mut lanes = Vec::new();
            for with in &step.lanes {
                let changes = assembly.plan(action, &arguments(with)).unwrap();
                lanes.push(Lane::new(with.to_string(), changes, Value::Null));
            }
            assembly.push(Step::new(
                step.id.to_owned(),
                step.role,
                Work::Changes {
                    action: step.action.to_owned(),
                    lanes,
                    concurrency: step.concurrency,
                    canary: step.canary,
                    stop_after_failures: step.stop_after_failures,
                    retry: Retry {
                        attempts: step.attempts,
                        ..Retry::default()
                    },
                    wait: Wait {
                        timeout_s: step.timeout_s,
                        every_s: 15,
                        until: None,
                        fails_if: None,
                    },
                    allow_failure: false,
                    keep: None,
                },
            ));
        }
        assembly.finish(self.frame).unwrap()
    }
}

fn arguments(with: &Json) -> Arguments {
    with.as_object().unwrap().clone()
}

/// One lane of `asg.set_capacity`.
pub fn capacity(group: &str, size: u32) -> Json {
    json!({"group": group, "min": size, "desired": size})
}

/// Where a driver dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    Never,
    /// As soon as so many lines are on the disk.
    After(usize),
    /// Just before the line after so many would be: everything until then has had its effect.
    Before(usize),
}

type Hook<'h> = Box<dyn FnMut(&mut World, &Command) -> Vec<Event> + 'h>;

/// The process is no more.
struct Died;

pub struct Driver<'h> {
    pub run: Run,
    pub journal: String,
    pub death: Death,
    /// Answers to questions, in order; then yes.
    pub answers: VecDeque<Answer>,
    pub via: Via,
    /// Looks at each command before it is done, may change the world, and may interrupt.
    pub hook: Hook<'h>,
    pub happenings: Vec<Happening>,
    pub writes_in_flight: usize,
    pub most_in_flight: usize,
    pub locked: bool,
    pub refuse_lock: bool,
    pub journal_fails_at: Option<usize>,
    timers: Vec<(Timestamp, Ticket)>,
}

impl<'h> Driver<'h> {
    pub fn new(plan: Plan, world: &World) -> Self {
        let run = Run::new(
            RunId("r1".to_owned()),
            plan,
            who(),
            Some("test".to_owned()),
            world.moment(),
        );
        Self::of(run, String::new())
    }

    /// Another process takes a run up from its journal.
    pub fn resume(journal: &str, to: Resume, world: &World) -> Self {
        let read = record::read(journal).unwrap();
        let run = Run::resume(&read, to, (who(), None), world.moment()).unwrap();
        Self::of(run, journal[..read.whole_bytes].to_owned())
    }

    fn of(run: Run, journal: String) -> Self {
        Self {
            run,
            journal,
            death: Death::Never,
            answers: VecDeque::new(),
            via: Via::Person,
            hook: Box::new(|_, _| Vec::new()),
            happenings: Vec::new(),
            writes_in_flight: 0,
            most_in_flight: 0,
            locked: false,
            refuse_lock: false,
            journal_fails_at: None,
            timers: Vec::new(),
        }
    }

    pub fn hooked(mut self, hook: impl FnMut(&mut World, &Command) -> Vec<Event> + 'h) -> Self {
        self.hook = Box::new(hook);
        self
    }

    pub fn lines(&self) -> usize {
        self.journal.lines().count()
    }

    /// Runs to the end; `None` if it died.
    pub fn drive(&mut self, world: &mut World) -> Option<Summary> {
        let mut events = VecDeque::from([Event::Begin]);
        for _ in 0..2_000_000 {
            let Some(event) = events.pop_front() else {
                if let Some(summary) = self.run.summary().filter(|_| !self.locked) {
                    return Some(summary.clone());
                }
                // Nothing to do but wait.
                self.timers.sort_by_key(|(at, ticket)| (*at, ticket.0));
                assert!(
                    !self.timers.is_empty(),
                    "the machine waits for nothing: {:#?}\n{}",
                    self.run,
                    self.journal
                );
                let (at, ticket) = self.timers.remove(0);
                world.now = world.now.max(at);
                events.push_back(Event::Due { ticket });
                continue;
            };
            if matches!(event, Event::Written { .. }) {
                self.writes_in_flight -= 1;
            }
            for command in self.run.step(event, world.moment()) {
                events.extend((self.hook)(world, &command));
                if let Command::Emit(Happening::Over(summary)) = &command {
                    self.happenings.push(Happening::Over(summary.clone()));
                    return Some((**summary).clone());
                }
                match self.perform(command, world) {
                    Ok(event) => events.extend(event),
                    Err(Died) => return None,
                }
            }
        }
        panic!("no end in sight:\n{}", self.journal);
    }

    /// Does a command, if the process does not die of it.
    fn perform(&mut self, command: Command, world: &mut World) -> Result<Option<Event>, Died> {
        Ok(match command {
            Command::Read { ticket, queries } => {
                let answers = queries.into_iter().map(|query| {
                    let answer = world.read(&query);
                    (query, answer)
                });
                let view = View::new(answers.collect());
                Some(Event::Read { ticket, view })
            }
            Command::Write {
                ticket,
                mutation,
                token,
                ..
            } => {
                assert!(self.locked, "a call without a lock");
                self.writes_in_flight += 1;
                self.most_in_flight = self.most_in_flight.max(self.writes_in_flight);
                let answer = world.write(&mutation, &token);
                Some(Event::Written { ticket, answer })
            }
            Command::Journal { seq, line } => {
                if self.journal_fails_at == Some(self.lines()) {
                    return Ok(Some(Event::JournalFailed {
                        reason: "no space left on device".to_owned(),
                    }));
                }
                if self.death == Death::Before(self.lines()) {
                    // The beginning of the line reached the disk.
                    self.journal.push_str(&line[..line.len() / 2]);
                    return Err(Died);
                }
                self.journal.push_str(&line);
                if self.death == Death::After(self.lines()) {
                    return Err(Died);
                }
                Some(Event::Journaled { seq })
            }
            Command::Ask { ticket, question } => {
                let usual = match &question {
                    Question::Confirm { .. } | Question::RollBack { .. } | Question::Continue { .. } => {
                        Answer::Yes
                    }
                };
                let answer = self.answers.pop_front().unwrap_or(usual);
                let via = self.via;
                Some(Event::Answered { ticket, answer, via })
            }
            Command::Lock { keys } => {
                assert!(keys.is_sorted());
                if self.refuse_lock {
                    Some(Event::LockRefused {
                        holder: "bob on bastion".to_owned(),
                    })
                } else {
                    self.locked = true;
                    Some(Event::Locked)
                }
            }
            Command::Unlock => {
                self.locked = false;
                None
            }
            Command::Timer { ticket, at } => {
                self.timers.push((at, ticket));
                None
            }
            Command::Emit(happening) => {
                self.happenings.push(happening);
                None
            }
        })
    }
}

pub fn interrupt(then: Then) -> Event {
    Event::Interrupt {
        signal: Signal::Interrupt,
        then,
    }
}

/// That no token had its effect twice.
pub fn assert_nothing_twice(world: &World) {
    let mut tokens: Vec<&str> = world.writes.iter().map(|(_, token)| token.0.as_str()).collect();
    let all = tokens.len();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(
        tokens.len(),
        all,
        "a change was applied twice: {:#?}",
        world.writes
    );
}
