//! Data stores, balancing, queues, metrics, logs and money: what is sent, how pages are followed, and what becomes of an answer of which a part failed.

mod balancing;
mod changes;
mod datastores;
mod metrics;
mod money;
mod streams;

use jiff::Timestamp;
use quarterdeck::domain::fault::{Fault, FaultKind};
use quarterdeck::domain::ops::{Mutation, Query, Receipt, Reply, ReplyData};

use super::fixture::Fixture;
use super::server::{Answer, Request, Server};

/// The clock of these tests: the small hours of a Saturday.
fn now() -> Timestamp {
    "2026-11-21T02:34:56Z".parse().expect("a time")
}

/// A server, and an adapter that reaches it.
struct Canned {
    server: Server,
    fixture: Fixture,
}

impl Canned {
    fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        // AWS names each of its answers.
        let server = Server::start(move |request| answer(request).with("x-amzn-requestid", "req-1"));
        let fixture = Fixture::still(&server, now());
        Self { server, fixture }
    }

    async fn read(&self, query: Query) -> Result<Reply, Fault> {
        self.fixture.ask(query).await
    }

    async fn write(&self, change: Mutation) -> Result<Receipt, Fault> {
        self.fixture.change(change).await
    }

    /// What arrived, in order.
    fn arrived(&self) -> Vec<Request> {
        self.server.all()
    }

    /// What arrived of one operation.
    fn arrived_as(&self, operation: &str) -> Vec<Request> {
        self.server.requests(operation)
    }

    /// What all attempts together cost, micro-dollars.
    fn paid(&self) -> u64 {
        self.fixture.calls().iter().map(|call| call.paid_micro_usd).sum()
    }
}

/// An answer of a query protocol to this request.
fn result(request: &Request, result: &str) -> Answer {
    Answer::query(&request.operation(), result)
}

/// The data of an answer of which nothing is missing.
#[track_caller]
fn whole(answer: Result<Reply, Fault>) -> ReplyData {
    let reply = answer.expect("it is answered");
    assert_eq!(reply.gaps, []);
    reply.data
}

/// The data of an answer, and of each gap its kind, operation and words.
#[track_caller]
fn with_gaps(answer: Result<Reply, Fault>) -> (ReplyData, Vec<(FaultKind, String, String)>) {
    let reply = answer.expect("it is answered");
    let gaps = reply
        .gaps
        .into_iter()
        .map(|gap| (gap.kind, gap.operation, gap.message))
        .collect();
    (reply.data, gaps)
}

/// The data that a read of this sort brings.
macro_rules! data {
    ($sort:ident, $data:expr) => {
        match $data {
            quarterdeck::domain::ops::ReplyData::$sort(data) => data,
            other => panic!("not {}: {other:?}", stringify!($sort)),
        }
    };
}
use data;
