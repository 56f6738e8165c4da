//! A few things that can be done, one of which is chosen.

use crate::app::tables::Step;
use crate::domain::text;
use crate::runbook::machine::{Answer, Question, Ticket};
use crate::runbook::record::{Resume, RunId, Then};

/// A menu over a pane.
#[derive(Debug, Clone, PartialEq)]
pub struct Menu {
    /// What it is about; safe for a terminal.
    pub title: String,
    /// What should be known before choosing; safe for a terminal.
    pub lines: Vec<String>,
    /// What can be chosen; never empty. The first does nothing that anybody could regret.
    pub items: Vec<Item>,
    /// The highlighted one.
    pub at: usize,
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What it does, in a few words.
    pub label: &'static str,
    /// What it means, in a line.
    pub about: &'static str,
    /// What it does.
    pub choice: Choice,
}

/// What is done once something is chosen.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// Nothing.
    Nothing,
    /// The run's view is left, and the run goes on.
    Leave,
    /// A run is stopped.
    Interrupt {
        /// Which.
        run: RunId,
        /// What then.
        then: Then,
    },
    /// The word for it is asked for.
    TakeUp {
        /// Which run.
        run: RunId,
        /// What for.
        to: Resume,
    },
    /// The word for an answer is asked for.
    Answer {
        /// Which run.
        run: RunId,
        /// Which question.
        ticket: Ticket,
        /// The answer.
        answer: Answer,
        /// The word that stands for it.
        word: &'static str,
    },
    /// Every run is handed to a process of its own, and the console leaves.
    HandOver,
}

impl Menu {
    /// A menu.
    pub const fn new(title: String, lines: Vec<String>, items: Vec<Item>) -> Self {
        Self {
            title,
            lines,
            items,
            at: 0,
        }
    }

    /// Moves the highlight.
    pub fn step(&mut self, step: Step) {
        let last = self.items.len().saturating_sub(1);
        self.at = match step {
            Step::First => 0,
            Step::Last => last,
            Step::By(by) => self.at.saturating_add_signed(by).min(last),
        };
    }

    /// What is highlighted.
    pub fn chosen(&self) -> Option<&Choice> {
        self.items.get(self.at).map(|item| &item.choice)
    }

    /// What Ctrl-C asks while a run of this console is in front; rolling back is offered where `takes_back`,
    /// since it would do something.
    pub fn of_running(run: &RunId, runbook: &str, takes_back: bool) -> Self {
        let interrupt = |then| Choice::Interrupt {
            run: run.clone(),
            then,
        };
        let mut items = vec![
            Item {
                label: "Let it run",
                about: "nothing happens",
                choice: Choice::Nothing,
            },
            Item {
                label: "Detach this view",
                about: "the run goes on in this console; 9 lists it",
                choice: Choice::Leave,
            },
            Item {
                label: "Stop",
                about: if takes_back {
                    "leave things as they are; resume or roll back later"
                } else {
                    "leave things as they are; resume later"
                },
                choice: interrupt(Then::Stop),
            },
        ];
        let mut lines = Vec::new();
        if takes_back {
            items.push(Item {
                label: "Stop and roll back",
                about: "take back what was begun, in reverse",
                choice: interrupt(Then::RollBack),
            });
        } else {
            lines.push("nothing of it can be taken back, so a rollback is not offered".to_owned());
        }
        Self::new(format!("{runbook} is running"), lines, items)
    }

    /// What Ctrl-C asks while a run of another process is in front.
    pub fn of_followed(run: &RunId, runbook: &str) -> Self {
        Self::new(
            format!("{runbook} is run by another process"),
            Vec::new(),
            vec![
                Item {
                    label: "Let it run",
                    about: "nothing happens",
                    choice: Choice::Nothing,
                },
                Item {
                    label: "Detach this view",
                    about: "the run goes on in its process; 9 lists it",
                    choice: Choice::Leave,
                },
                Item {
                    label: "Interrupt it",
                    about: "send its process SIGINT: it stops or rolls back, as its own flags say",
                    choice: Choice::Interrupt {
                        run: run.clone(),
                        then: Then::Stop,
                    },
                },
            ],
        )
    }

    /// What can be done about a run that nobody drives; `None` if there is nothing.
    pub fn of_left(run: &RunId, runbook: &str, allowed: &[Resume]) -> Option<Self> {
        let mut items = vec![Item {
            label: "Leave it",
            about: "nothing happens",
            choice: Choice::Nothing,
        }];
        for to in allowed {
            let (label, about) = match to {
                Resume::Forward => ("Resume", "read how far it came, and go on from there"),
                Resume::RollBack => ("Roll back", "take back what was begun, in reverse"),
                Resume::Abandon => (
                    "Abandon",
                    "leave things as they are, for good: it is listed as given up; needs a reason",
                ),
            };
            items.push(Item {
                label,
                about,
                choice: Choice::TakeUp {
                    run: run.clone(),
                    to: *to,
                },
            });
        }
        (items.len() > 1).then(|| Self::new(format!("{runbook} {run}"), Vec::new(), items))
    }

    /// How a question of a run can be answered.
    pub fn of_question(run: &RunId, (ticket, question): (Ticket, &Question)) -> Self {
        let answer = |answer, word| Choice::Answer {
            run: run.clone(),
            ticket,
            answer,
            word,
        };
        let (yes, no) = match question {
            Question::RollBack { .. } => (
                Item {
                    label: "Roll back",
                    about: "take back what was begun, in reverse",
                    choice: answer(Answer::Yes, "rollback"),
                },
                Item {
                    label: "Leave as it is",
                    about: "nothing more is done; what remains is said",
                    choice: answer(Answer::No, "leave"),
                },
            ),
            Question::Continue { .. } | Question::Confirm { .. } => (
                Item {
                    label: "Continue",
                    about: "the run goes on",
                    choice: answer(Answer::Yes, "continue"),
                },
                Item {
                    label: "Decline",
                    about: "the run stops here, and does what it does on failure",
                    choice: answer(Answer::No, "decline"),
                },
            ),
        };
        let lines = match question {
            Question::RollBack { reason } => vec![text::clean(reason).into_owned()],
            Question::Continue { step, message, .. } => {
                vec![text::clean(&format!("{step}: {message}")).into_owned()]
            }
            Question::Confirm { .. } => Vec::new(),
        };
        Self::new(
            "the run asks".to_owned(),
            lines,
            vec![
                Item {
                    label: "Not now",
                    about: "the run waits",
                    choice: Choice::Nothing,
                },
                yes,
                no,
            ],
        )
    }

    /// What leaving the console asks while runs of it are live.
    pub fn of_leaving(live: usize) -> Self {
        let (title, it) = match live {
            1 => ("a run of this console is live".to_owned(), "it"),
            some => (format!("{some} runs of this console are live"), "each"),
        };
        let lines = vec![format!(
            "To hand over, {it} is stopped between two calls and taken up at once by a process of its own, \
             which carries it to its end. Waits at AWS go on meanwhile, and any console on this host lists \
             it under 9."
        )];
        Self::new(
            title,
            lines,
            vec![
                Item {
                    label: "Stay",
                    about: "the console stays open",
                    choice: Choice::Nothing,
                },
                Item {
                    label: "Hand over and leave",
                    about: "a process of its own carries on, then the console leaves",
                    choice: Choice::HandOver,
                },
            ],
        )
    }
}
