//! What is seen of runs: the list of them, one that another process drives, one that is driven here.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::Shared;
use crate::app::runs::head::Head;
use crate::app::runs::{Looking, News, RunsMsg};
use crate::domain::scope::ScopeName;
use crate::engine::run::{Followed, Follower, Notice, RunHandle, RunHead};
use crate::runbook::record::{RunId, Status};

/// How often the list is read while somebody looks at it, or a run is live.
const CLOSE: Duration = Duration::from_secs(2);
/// How often it is read otherwise: somebody else may begin a run.
const FAR: Duration = Duration::from_secs(15);
/// News of a run that are told at once: a journal that is read from its beginning comes in portions.
const PORTION: usize = 512;

/// Reads the list of runs again and again.
pub(super) async fn list(shared: Arc<Shared>, mut looking: watch::Receiver<Looking>) {
    let Some(store) = shared.engine.store().cloned() else {
        shared.tell(RunsMsg::Heads(Vec::new())).await;
        return;
    };
    let mut changed = shared.changed.subscribe();
    let mut known: Option<Vec<Head>> = None;
    loop {
        let store = store.clone();
        let read = tokio::task::spawn_blocking(move || store.list()).await;
        let heads: Option<Vec<Head>> = match read {
            Ok(Ok(heads)) => Some(heads.into_iter().map(head).collect()),
            // What was known stays; the next look may go better.
            Ok(Err(_)) | Err(_) => known.is_none().then(Vec::new),
        };
        let is_close = looking.borrow().list || heads.iter().flatten().any(Head::is_live);
        if let Some(heads) = heads
            && known.as_ref() != Some(&heads)
        {
            known = Some(heads.clone());
            shared.tell(RunsMsg::Heads(heads)).await;
        }
        let pause = if is_close { CLOSE } else { FAR };
        tokio::select! {
            () = shared.clocks.wall.sleep(pause) => {}
            seen = looking.changed() => if seen.is_err() { return },
            seen = changed.changed() => if seen.is_err() { return },
        }
    }
}

/// What the console knows of a run by the history.
pub(super) fn head(head: RunHead) -> Head {
    Head {
        id: head.id,
        runbook: head.runbook,
        status: head.status,
        started_at: head.started_at,
        ended_at: head.ended_at,
        exit: head.exit,
        who: format!("{}@{}", head.who.user, head.who.host),
        scope: ScopeName::new(&head.scope),
        account: head.account,
        region: head.region,
        targets: head.targets,
        changed: head.changed,
        takes_back: head.takes_back,
        remains: head.remains,
        warnings: head.warnings,
        reason: head.reason,
        trouble: head.trouble,
    }
}

/// Follows the run that is in front, unless it is driven here.
pub(super) async fn follow(shared: Arc<Shared>, mut looking: watch::Receiver<Looking>) {
    loop {
        let run = looking.borrow_and_update().run.clone();
        let Some(run) = run else {
            if looking.changed().await.is_err() {
                return;
            }
            continue;
        };
        let is_ours = shared.lock().contains_key(&run);
        tokio::select! {
            () = one(&shared, &run), if !is_ours => {}
            seen = looking.changed() => if seen.is_err() { return },
        }
        // What has ended, or is driven here, is looked at again once there is news of it.
        let same = looking.borrow().run.as_ref() == Some(&run);
        if same {
            let mut changed = shared.changed.subscribe();
            tokio::select! {
                () = shared.clocks.wall.sleep(CLOSE) => {}
                _ = changed.changed() => {}
                seen = looking.changed() => if seen.is_err() { return },
            }
        }
    }
}

/// Follows one run to its end.
async fn one(shared: &Shared, run: &RunId) {
    let mut follower = match shared.engine.follow(run) {
        Ok(follower) => follower,
        Err(error) => {
            let news = vec![News::Broke(error.to_string())];
            shared
                .tell(RunsMsg::News {
                    run: run.clone(),
                    news,
                })
                .await;
            return std::future::pending().await;
        }
    };
    let mut first = true;
    loop {
        let (entries, end) = portion(&mut follower).await;
        let mut news = Vec::new();
        if first {
            news.push(News::Journal(entries));
            first = false;
        } else {
            news.extend(entries.into_iter().map(|entry| News::Entry(Box::new(entry))));
        }
        let over = end.is_some();
        news.extend(end);
        shared
            .tell(RunsMsg::News {
                run: run.clone(),
                news,
            })
            .await;
        if over {
            // It is seen again only if somebody takes it up.
            return resting(shared, run).await;
        }
    }
}

/// Waits until a run that nobody drove is driven again.
async fn resting(shared: &Shared, run: &RunId) {
    loop {
        shared.clocks.wall.sleep(CLOSE).await;
        let Some(store) = shared.engine.store().cloned() else {
            return std::future::pending().await;
        };
        let id = run.clone();
        let driven = tokio::task::spawn_blocking(move || store.is_driven(&id)).await;
        if matches!(driven, Ok(Ok(true))) {
            return;
        }
    }
}

/// What there is to see now, and at least one thing.
async fn portion(follower: &mut Follower) -> (Vec<crate::runbook::record::Entry>, Option<News>) {
    let mut entries = Vec::new();
    loop {
        let next = if entries.is_empty() {
            follower.next().await
        } else {
            tokio::select! {
                biased;
                next = follower.next() => next,
                () = tokio::task::yield_now() => return (entries, None),
            }
        };
        match next {
            Ok(Followed::Entry(entry)) => entries.push(*entry),
            Ok(Followed::Ended(left)) => return (entries, Some(News::Left(Box::new(head(*left))))),
            Err(error) => return (entries, Some(News::Broke(error.to_string()))),
        }
        if entries.len() >= PORTION {
            return (entries, None);
        }
    }
}

/// Tells what the driver of a run says, to its last word; gives what the run has come to.
pub(super) async fn relay(shared: &Shared, mut handle: RunHandle) -> Status {
    let run = handle.id.clone();
    let mut news: Vec<News> = Vec::new();
    if !handle.entries.is_empty() {
        news.push(News::Journal(std::mem::take(&mut handle.entries)));
    }
    // A driver that falls silent without a last word has left the run as it was.
    let mut status = Status::Interrupted;
    let mut has_ended = false;
    loop {
        if !news.is_empty() {
            let run = run.clone();
            let news = std::mem::take(&mut news);
            shared.tell(RunsMsg::News { run, news }).await;
        }
        let Some(first) = handle.notices.recv().await else {
            break;
        };
        let mut next = Some(first);
        while let Some(notice) = next {
            if let Notice::Ended(summary) = &notice {
                status = summary.status;
            }
            has_ended |= matches!(notice, Notice::Ended(_) | Notice::Left { .. } | Notice::Broke(_));
            news.push(told(notice));
            next = if news.len() < PORTION {
                handle.notices.try_recv().ok()
            } else {
                None
            };
        }
    }
    if !has_ended {
        let news = vec![News::Broke("its driver has ended without a word".to_owned())];
        shared.tell(RunsMsg::News { run, news }).await;
    }
    status
}

fn told(notice: Notice) -> News {
    match notice {
        Notice::Happened { at, happening } => News::Happened(at, happening),
        Notice::Recorded(entry) => News::Entry(entry),
        Notice::Asked { ticket, question } => News::Asked(ticket, question),
        Notice::WaitingForLock { holders } => {
            let holders: Vec<String> = holders.iter().map(ToString::to_string).collect();
            News::WaitsForLocks(holders.join("; "))
        }
        Notice::Ended(summary) => News::Ended(summary),
        Notice::Left { signal } => News::Broke(format!("it was left at once, after a second {signal:?}")),
        Notice::Broke(why) => News::Broke(why),
    }
}
