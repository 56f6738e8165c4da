//! Calls in flight. A question that several want is asked once, but never answered with what was asked
//! before somebody wanted it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;

use super::Inside;
use crate::cloud::Cloud;
use crate::domain::fault::Fault;
use crate::domain::ops::{Query, Receipt, Reply, Token};
use crate::domain::scope::Scope;
use crate::engine::run::secrets::Opened;
use crate::runbook::action::{SharedReply, View};
use crate::runbook::machine::{Event, Ticket};

/// An answer, on its way to the driver.
pub(super) enum Answered {
    Read {
        question: u64,
        answer: Result<Reply, Fault>,
    },
    Written {
        ticket: Ticket,
        answer: Result<Receipt, Fault>,
    },
}

/// Where calls go, and their answers.
type Line<'a> = (&'a Arc<dyn Cloud>, &'a Arc<Scope>, &'a UnboundedSender<Inside>);

/// Calls in flight, and who waits for them.
#[derive(Default)]
pub(super) struct Calls {
    /// What was wanted together, as far as it is answered.
    wanted: BTreeMap<Ticket, Wanted>,
    questions: BTreeMap<u64, Question>,
    next_question: u64,
    writes: BTreeMap<Ticket, Flight>,
}

struct Wanted {
    queries: Vec<Query>,
    answers: Vec<(Query, SharedReply)>,
}

struct Question {
    query: Query,
    /// Present once it was asked.
    flight: Option<Flight>,
    /// Who wanted it before it was asked.
    now: Vec<Ticket>,
    /// Who wanted it since: it is asked again for them.
    again: Vec<Ticket>,
}

struct Flight {
    abort: AbortHandle,
    /// Whether it was in flight when the run was interrupted.
    is_marked: bool,
}

impl Calls {
    /// Notes what is wanted; [`Calls::begin`] asks. Nothing is answered at once.
    pub(super) fn read(&mut self, ticket: Ticket, queries: Vec<Query>) -> Option<Event> {
        let mut distinct: Vec<Query> = Vec::with_capacity(queries.len());
        for query in queries {
            if !distinct.contains(&query) {
                distinct.push(query);
            }
        }
        if distinct.is_empty() {
            return Some(Event::Read {
                ticket,
                view: View::default(),
            });
        }
        for query in &distinct {
            match self
                .questions
                .values_mut()
                .find(|question| question.query == *query)
            {
                Some(question) if question.flight.is_some() => question.again.push(ticket),
                Some(question) => question.now.push(ticket),
                None => {
                    self.next_question += 1;
                    self.questions.insert(
                        self.next_question,
                        Question {
                            query: query.clone(),
                            flight: None,
                            now: vec![ticket],
                            again: Vec::new(),
                        },
                    );
                }
            }
        }
        self.wanted.insert(
            ticket,
            Wanted {
                answers: Vec::with_capacity(distinct.len()),
                queries: distinct,
            },
        );
        None
    }

    /// Asks what is wanted and not yet asked.
    pub(super) fn begin(
        &mut self,
        cloud: &Arc<dyn Cloud>,
        scope: &Arc<Scope>,
        inside: &UnboundedSender<Inside>,
    ) {
        for (id, question) in &mut self.questions {
            if question.flight.is_some() {
                continue;
            }
            let (cloud, scope, query) = (Arc::clone(cloud), Arc::clone(scope), question.query.clone());
            let silence = silence(query.operations().first().copied());
            let task = tokio::spawn(async move { cloud.read(&scope, &query).await });
            question.flight = Some(Flight {
                abort: task.abort_handle(),
                is_marked: false,
            });
            let (inside, question) = (inside.clone(), *id);
            tokio::spawn(async move {
                // A call that was cut off, or that broke, has no answer.
                let answer = task.await.unwrap_or(Err(silence));
                let _ = inside.send(Inside::Called(Answered::Read { question, answer }));
            });
        }
    }

    /// Makes a change, once.
    pub(super) fn write(
        &mut self,
        (cloud, scope, inside): Line<'_>,
        ticket: Ticket,
        Opened { mutation, used }: Opened,
        token: &Token,
    ) {
        let token = token.clone();
        let (cloud, scope, inside) = (Arc::clone(cloud), Arc::clone(scope), inside.clone());
        let silence = silence(Some(mutation.operation()));
        let task = tokio::spawn(async move { cloud.write(&scope, &mutation, &token).await });
        self.writes.insert(
            ticket,
            Flight {
                abort: task.abort_handle(),
                is_marked: false,
            },
        );
        tokio::spawn(async move {
            let answer = used.mask(task.await.unwrap_or(Err(silence)));
            let _ = inside.send(Inside::Called(Answered::Written { ticket, answer }));
        });
    }

    /// Notes an answer; what the machine is to be told of it.
    pub(super) fn answered(&mut self, answered: Answered) -> Vec<Event> {
        match answered {
            Answered::Written { ticket, answer } => {
                self.writes.remove(&ticket);
                vec![Event::Written { ticket, answer }]
            }
            Answered::Read { question: id, answer } => {
                let Some(mut question) = self.questions.remove(&id) else {
                    return Vec::new();
                };
                let answer = Arc::new(answer);
                let waiting = std::mem::take(&mut question.now);
                let query = question.query.clone();
                if !question.again.is_empty() {
                    question.now = std::mem::take(&mut question.again);
                    question.flight = None;
                    self.questions.insert(id, question);
                }
                waiting
                    .into_iter()
                    .filter_map(|ticket| self.note(ticket, &query, &answer))
                    .collect()
            }
        }
    }

    /// One more answer for a ticket; the event once it has all.
    fn note(&mut self, ticket: Ticket, query: &Query, answer: &SharedReply) -> Option<Event> {
        let wanted = self.wanted.get_mut(&ticket)?;
        wanted.answers.push((query.clone(), Arc::clone(answer)));
        if wanted.answers.len() < wanted.queries.len() {
            return None;
        }
        let wanted = self.wanted.remove(&ticket)?;
        Some(Event::Read {
            ticket,
            view: View::shared(wanted.answers),
        })
    }

    /// Marks what is in flight now.
    pub(super) fn mark(&mut self) {
        for flight in self.flights() {
            flight.is_marked = true;
        }
    }

    /// Ends what was marked and is still in flight: it counts as not answered.
    pub(super) fn cut_off(&mut self) {
        for flight in self.flights() {
            if flight.is_marked {
                flight.abort.abort();
            }
        }
    }

    fn flights(&mut self) -> impl Iterator<Item = &mut Flight> {
        let reads = self
            .questions
            .values_mut()
            .filter_map(|question| question.flight.as_mut());
        reads.chain(self.writes.values_mut())
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        // A run that is over, or was left, wants no answers; a change that is under way may still happen,
        // which its intent in the journal says.
        for flight in self.flights() {
            flight.abort.abort();
        }
    }
}

/// What a call without an answer counts as.
fn silence(operation: Option<crate::domain::ops::Operation>) -> Fault {
    operation.map_or_else(
        || Fault::timeout("quarterdeck", "read"),
        |operation| Fault::timeout(operation.service, operation.name),
    )
}

#[cfg(test)]
mod tests;
