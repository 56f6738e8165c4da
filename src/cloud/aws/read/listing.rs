//! From listings to replies.

use crate::cloud::aws::caller::{Paged, gather};
use crate::domain::fault::Fault;
use crate::domain::ops::{Reply, ReplyData};

/// The reply that a listing makes.
pub(super) fn reply<T>(listed: Paged<T>, data: impl FnOnce(Vec<T>) -> ReplyData) -> Reply {
    Reply {
        data: data(listed.items),
        gaps: listed.gap.into_iter().collect(),
    }
}

/// What was read of several listings, and the gaps between; fails, with the first failure, only if
/// each of them failed.
pub(super) fn some<T>(answers: Vec<Result<Paged<T>, Fault>>) -> Result<(Vec<T>, Vec<Fault>), Fault> {
    let nothing = !answers.is_empty() && answers.iter().all(Result::is_err);
    let (items, mut gaps) = gather(answers);
    if nothing {
        return Err(gaps.swap_remove(0));
    }
    Ok((items, gaps))
}

/// One thing as a listing of one.
pub(super) fn one<T>(item: T) -> Paged<T> {
    Paged {
        items: vec![item],
        gap: None,
    }
}

/// The failure of one part, naming the part: AWS's words for a throttled or refused call do not.
pub(super) fn of_part(mut fault: Fault, part: &str) -> Fault {
    if !fault.message.contains(part) {
        fault.message = format!("{part}: {}", fault.message);
    }
    fault
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::FaultKind;

    fn denied(message: &str) -> Fault {
        Fault::new(FaultKind::AccessDenied, "sqs", "GetQueueAttributes", message)
    }

    fn listed(answers: Vec<Result<Paged<u8>, Fault>>) -> Result<(Vec<u8>, Vec<Fault>), Fault> {
        some(answers)
    }

    #[test]
    fn an_answer_fails_only_if_every_part_did() {
        assert_eq!(listed(vec![]), Ok((vec![], vec![])));
        assert_eq!(
            listed(vec![Ok(one(1)), Err(denied("b"))]),
            Ok((vec![1], vec![denied("b")]))
        );
        assert_eq!(listed(vec![Err(denied("a")), Err(denied("b"))]), Err(denied("a")));
        // Nothing there is an answer too.
        let empty = Paged {
            items: vec![],
            gap: None,
        };
        assert_eq!(
            listed(vec![Ok(empty), Err(denied("b"))]),
            Ok((vec![], vec![denied("b")]))
        );
    }

    #[test]
    fn a_listing_that_was_cut_has_a_gap() {
        let cut = Paged {
            items: vec![1],
            gap: Some(denied("page 2")),
        };
        let cut = reply(cut, |items| {
            assert_eq!(items, [1]);
            ReplyData::Queues(Vec::new())
        });
        assert_eq!(cut.gaps, [denied("page 2")]);
    }

    #[test]
    fn a_failed_part_is_named_once() {
        assert_eq!(
            of_part(denied("no access"), "orders").message,
            "orders: no access"
        );
        assert_eq!(
            of_part(denied("no access to orders"), "orders").message,
            "no access to orders"
        );
    }
}
