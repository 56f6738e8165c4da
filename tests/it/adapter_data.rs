//! The AWS adapter against recorded answers: data stores, balancing, queues, metrics, logs, money.
//! What is sent, how pages are followed, and what becomes of an answer of which a part failed.

mod balancing;
mod changes;
mod datastores;
mod metrics;
mod money;
mod streams;

use quarterdeck::domain::fault::{Fault, FaultKind};
use quarterdeck::domain::ops::{Reply, ReplyData};

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
