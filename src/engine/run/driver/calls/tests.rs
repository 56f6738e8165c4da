use std::sync::Mutex;

use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::cloud::BoxFuture;
use crate::domain::ops::{ReplyData, cloudwatch, sts};
use crate::domain::scope::{Identity, ScopeName};

/// A cloud whose answers wait until a test lets them go.
#[derive(Default)]
struct Slow {
    asked: Mutex<Vec<(Query, oneshot::Sender<u64>)>>,
}

impl Cloud for Slow {
    fn read<'a>(&'a self, _: &'a Scope, query: &'a Query) -> BoxFuture<'a, Result<Reply, Fault>> {
        let (sender, receiver) = oneshot::channel();
        self.asked.lock().unwrap().push((query.clone(), sender));
        Box::pin(async move {
            let number = receiver.await.expect("the test answers");
            Ok(Reply {
                data: ReplyData::Identity(Identity {
                    account: number.to_string(),
                    arn: String::new(),
                    credentials_expire_at: None,
                    server_time: None,
                }),
                gaps: Vec::new(),
            })
        })
    }

    fn write<'a>(
        &'a self,
        _: &'a Scope,
        _: &'a crate::domain::ops::Mutation,
        _: &'a Token,
    ) -> BoxFuture<'a, Result<Receipt, Fault>> {
        Box::pin(std::future::pending())
    }

    fn supply_mfa_code(&self, _: &Scope, _: &str) {}

    fn forget(&self, _: &Scope) {}
}

struct Bench {
    calls: Calls,
    slow: Arc<Slow>,
    cloud: Arc<dyn Cloud>,
    scope: Arc<Scope>,
    inside: UnboundedSender<Inside>,
    inbox: mpsc::UnboundedReceiver<Inside>,
}

impl Bench {
    fn new() -> Self {
        let slow = Arc::new(Slow::default());
        let (inside, inbox) = mpsc::unbounded_channel();
        Self {
            calls: Calls::default(),
            cloud: slow.clone(),
            slow,
            scope: Arc::new(Scope {
                name: ScopeName::new("x/us-east-1"),
                profile: None,
                region: "us-east-1".to_owned(),
                role: None,
                expected_account: None,
                account_name: None,
            }),
            inside,
            inbox,
        }
    }

    fn begin(&mut self) {
        self.calls.begin(&self.cloud, &self.scope, &self.inside);
    }

    /// How many questions reached the cloud and wait there.
    async fn asked(&self, count: usize) {
        while self.slow.asked.lock().unwrap().len() < count {
            tokio::task::yield_now().await;
        }
        assert_eq!(self.slow.asked.lock().unwrap().len(), count);
    }

    /// Answers the oldest question, and takes in what comes of it.
    async fn answer(&mut self, number: u64) -> Vec<(Ticket, String)> {
        let (_, sender) = self.slow.asked.lock().unwrap().remove(0);
        sender.send(number).unwrap();
        self.take_in().await
    }

    async fn take_in(&mut self) -> Vec<(Ticket, String)> {
        let Some(Inside::Called(answered)) = self.inbox.recv().await else {
            panic!("a call was answered");
        };
        let events = self.calls.answered(answered);
        let told = events.into_iter().map(|event| match event {
            Event::Read { ticket, view } => {
                let all: Vec<String> = view
                    .asked()
                    .map(|query| match view.get(query) {
                        Some(Ok(Reply {
                            data: ReplyData::Identity(identity),
                            ..
                        })) => identity.account.clone(),
                        other => format!("{other:?}"),
                    })
                    .collect();
                (ticket, all.join(","))
            }
            other => panic!("{other:?}"),
        });
        told.collect()
    }
}

fn who() -> Query {
    Query::Sts(sts::Read::CallerIdentity)
}

fn alarms() -> Query {
    Query::CloudWatch(cloudwatch::Read::Alarms)
}

#[tokio::test]
async fn what_several_want_is_asked_once_and_never_answered_from_before() {
    let mut bench = Bench::new();
    for ticket in 1..=3 {
        assert_eq!(bench.calls.read(Ticket(ticket), vec![who(), who()]), None);
    }
    bench.begin();
    bench.asked(1).await;
    // Under way by now: this one wants an answer of its own.
    bench.calls.read(Ticket(4), vec![who()]);
    bench.begin();
    bench.asked(1).await;
    let told = bench.answer(10).await;
    let ten = |ticket| (Ticket(ticket), "10".to_owned());
    assert_eq!(told, [ten(1), ten(2), ten(3)]);
    bench.begin();
    bench.asked(1).await;
    assert_eq!(bench.answer(11).await, [(Ticket(4), "11".to_owned())]);
    bench.begin();
    assert!(bench.slow.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_ticket_has_its_answer_once_all_its_questions_have() {
    let mut bench = Bench::new();
    bench.calls.read(Ticket(1), vec![who(), alarms()]);
    bench.begin();
    bench.asked(2).await;
    assert_eq!(bench.answer(1).await, []);
    assert_eq!(bench.answer(2).await, [(Ticket(1), "1,2".to_owned())]);
    let nothing = bench.calls.read(Ticket(2), Vec::new());
    assert!(matches!(
        nothing,
        Some(Event::Read {
            ticket: Ticket(2),
            ..
        })
    ));
}

#[tokio::test]
async fn what_was_in_flight_at_an_interrupt_is_cut_off_and_what_came_later_is_not() {
    let mut bench = Bench::new();
    bench.calls.read(Ticket(1), vec![who()]);
    bench.begin();
    bench.asked(1).await;
    bench.calls.mark();
    bench.calls.read(Ticket(2), vec![alarms()]);
    bench.begin();
    bench.asked(2).await;
    bench.calls.cut_off();
    let told = bench.take_in().await;
    assert_eq!(told.len(), 1);
    assert!(told[0].1.contains("Timeout"), "{told:?}");
    bench.slow.asked.lock().unwrap().remove(0);
    assert_eq!(bench.answer(2).await, [(Ticket(2), "2".to_owned())]);
}
