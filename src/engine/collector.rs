//! The collector: asks every wanted question at its cadence, never one twice at a time, and
//! publishes the picture that results.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};

use crate::cloud::Cloud;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::focus::{Focus, Pace};
use crate::domain::health::Finding;
use crate::domain::inventory::{Answer, Applied, Inventory, ScopeState, Source, SourceKey};
use crate::domain::ops::Reply;
use crate::domain::picture::Picture;
use crate::domain::price::PriceTable;
use crate::domain::recovery::MeasuredRestore;
use crate::domain::scope::{Scope, ScopeName};
use crate::domain::{burn_rate, changes};
use crate::engine::clock::{Clock, Clocks};
use crate::engine::cost_cache::{CostCache, PaidQuestion, Recall};
use crate::engine::host::EngineHost;
use crate::engine::run::RunStore;
use crate::engine::schedule::{self, Want, Wishes};

/// What the console can tell the collector.
#[derive(Debug, Clone)]
pub enum Order {
    /// Something else is looked at.
    Focus(Focus),
    /// Ask everything in front again now, and try failed sources again.
    Refresh,
    /// The code of an MFA device, for a scope that asked for one.
    MfaCode {
        /// The scope.
        scope: ScopeName,
        /// The code.
        code: String,
    },
}

/// How findings are made of what is known; the estate's policy is inside.
pub type Assess = Arc<dyn Fn(&Inventory, Timestamp) -> Vec<Finding> + Send + Sync>;

/// Asks what [`schedule::wants`] wants, keeps the answers, and publishes pictures of them.
pub struct Collector {
    cloud: Arc<dyn Cloud>,
    host: Arc<EngineHost>,
    clock: Arc<dyn Clock>,
    wall: Arc<dyn Clock>,
    assess: Assess,
    cost_cache: Option<Arc<dyn CostCache>>,
    runs: Option<RunStore>,
    wishes: Wishes,
    inventory: Inventory,
    focus: Focus,
    /// Whether somebody asked for one refresh although collecting is paused.
    once_more: bool,
    asked: BTreeMap<SourceKey, Asked>,
    in_flight: usize,
    heard: (mpsc::Sender<Heard>, mpsc::Receiver<Heard>),
    picture: watch::Sender<Arc<Picture>>,
}

/// What comes back from a question.
#[derive(Debug)]
enum Heard {
    /// A part of the answer, while the rest is still waited for.
    Part(Answer),
    /// The answer.
    Whole(Answer),
    /// What runs have measured of restores.
    Restores(Arc<[MeasuredRestore]>),
}

/// What is remembered of a question.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    at: Option<Timestamp>,
    basis: u64,
    under_way: bool,
    failures: u32,
    /// Not before this, after a failure or an answer that was older than it should be.
    not_before: Option<Timestamp>,
    /// While everything is asked once: when to ask again for what AWS refused for the moment.
    again_at: Option<Timestamp>,
    /// How often it was asked again.
    agains: u32,
}

/// How often what was refused for the moment is asked again while everything is asked once.
const MOST_AGAIN: u32 = 2;
/// The longest that a failing source is left alone.
const LONGEST_BACKOFF: SignedDuration = SignedDuration::from_mins(5);
/// How often credentials that do not work are tried again.
const CREDENTIALS_RETRY: SignedDuration = SignedDuration::from_secs(10);
/// How long a remembered answer that is already due again is not asked for.
const REMEMBERED_RETRY: SignedDuration = SignedDuration::from_mins(15);
/// How soon to ask again for what was denied: whoever has just allowed it is looking.
const DENIED_RETRY: SignedDuration = SignedDuration::from_secs(60);
/// The least time between two questions of a source whose resources keep changing.
const CHANGED_BASIS: SignedDuration = SignedDuration::from_secs(10);
/// How often it is looked what runs have measured, on the user's clock: files are read, no call is made.
const RESTORES_EACH: Duration = Duration::from_secs(15);
/// Pictures are published at most this often.
const PUBLISH_EACH: Duration = Duration::from_millis(50);

impl Collector {
    /// A collector that has not asked anything yet, and where its pictures come out.
    pub fn new(
        cloud: Arc<dyn Cloud>,
        host: Arc<EngineHost>,
        clocks: Clocks,
        scopes: Vec<Arc<Scope>>,
        assess: Assess,
    ) -> (Self, watch::Receiver<Arc<Picture>>) {
        let inventory = Inventory::new(scopes);
        let mut first = Picture::empty(inventory.clone(), clocks.cloud.now());
        first.meter = host.meter();
        let (picture, pictures) = watch::channel(Arc::new(first));
        let collector = Self {
            cloud,
            host,
            clock: clocks.cloud,
            wall: clocks.wall,
            assess,
            cost_cache: None,
            runs: None,
            wishes: Wishes::default(),
            inventory,
            focus: Focus::default(),
            once_more: false,
            asked: BTreeMap::new(),
            in_flight: 0,
            heard: mpsc::channel(1024),
            picture,
        };
        (collector, pictures)
    }

    /// The same with a memory for answers that cost money.
    #[must_use]
    pub fn with_cost_cache(mut self, cache: Option<Arc<dyn CostCache>>) -> Self {
        self.cost_cache = cache;
        self
    }

    /// The same with the runs of this host or login, whose restores were measured.
    #[must_use]
    pub fn with_runs(mut self, runs: Option<RunStore>) -> Self {
        self.runs = runs;
        self
    }

    /// The same by what the estate and the settings say.
    #[must_use]
    pub fn with_wishes(mut self, wishes: Wishes) -> Self {
        self.inventory.select(&wishes.selection);
        for state in &mut self.inventory.scopes {
            state.lasting = wishes.lasting();
        }
        self.wishes = wishes;
        self
    }

    /// Collects until the sender of the orders is dropped, and publishes a picture whenever there is news. For
    /// the console.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        // It ends with the orders: nobody hears it then.
        let _restores = self.runs.clone().map(|runs| {
            let (sender, wall) = (self.heard.0.clone(), self.wall.clone());
            AbortOnDrop(tokio::spawn(async move {
                let mut told: Option<Arc<[MeasuredRestore]>> = None;
                loop {
                    let measured = measured(runs.clone()).await;
                    if told.as_ref() != Some(&measured)
                        && sender.send(Heard::Restores(measured.clone())).await.is_err()
                    {
                        return;
                    }
                    told = Some(measured);
                    wall.sleep(RESTORES_EACH).await;
                }
            }))
        });
        loop {
            let now = self.clock.now();
            let due = self.ask_due(now);
            if self.probe_began() {
                self.publish();
            }
            let wait = due.map_or(Duration::from_mins(1), |at| {
                Duration::try_from(at.duration_since(now))
                    .unwrap_or(Duration::ZERO)
                    .max(Duration::from_millis(20))
            });
            let timer = self.clock.sleep(wait);
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
                Some(heard) = self.heard.1.recv() => {
                    self.hear(&heard);
                    // Answers come in bursts: one picture for all that arrive within a moment.
                    self.wall.sleep(PUBLISH_EACH).await;
                    while let Ok(heard) = self.heard.1.try_recv() {
                        self.hear(&heard);
                    }
                    self.publish();
                }
                () = timer => {
                    if self.host.meter() != self.picture.borrow().meter {
                        self.publish();
                    }
                }
            }
        }
    }

    /// Asks everything of the focus once and waits for all answers, at most for `deadline` on the cloud's
    /// clock; what has not come by then is a failure in the picture. For commands that print.
    pub async fn once(mut self, focus: Focus, deadline: Duration) -> Arc<Picture> {
        self.focus = focus;
        if let Some(runs) = self.runs.clone() {
            self.hear(&Heard::Restores(measured(runs).await));
        }
        let timer = self.clock.sleep(deadline);
        tokio::pin!(timer);
        loop {
            let now = self.clock.now();
            let next = self.ask_due(now);
            if self.in_flight == 0 && next.is_none() {
                break;
            }
            let wait = next.map_or(deadline, |at| {
                Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO)
            });
            let again = self.clock.sleep(wait);
            tokio::select! {
                Some(heard) = self.heard.1.recv() => {
                    self.hear(&heard);
                    while let Ok(heard) = self.heard.1.try_recv() {
                        self.hear(&heard);
                    }
                }
                () = again, if next.is_some() => {}
                () = &mut timer => {
                    self.give_up_on_the_rest();
                    break;
                }
            }
        }
        self.publish();
        self.picture.borrow().clone()
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Focus(focus) => {
                let opened: Vec<SourceKey> = focus.details.difference(&self.focus.details).cloned().collect();
                for key in opened {
                    self.asked.remove(&key);
                }
                self.focus = focus;
            }
            Order::Refresh => {
                self.once_more = true;
                let focus = self.focus.clone();
                for (key, asked) in &mut self.asked {
                    let paid = matches!(key.source, Source::Usage | Source::Forecast | Source::Anomalies);
                    let wanted = focus.front.contains(&key.source.kind()) || asked.failures > 0;
                    if wanted && !paid {
                        asked.at = None;
                        asked.not_before = None;
                    }
                }
            }
            Order::MfaCode { scope, code } => {
                if let Some(state) = self.inventory.scope(&scope) {
                    self.cloud.supply_mfa_code(&state.scope, &code);
                }
                self.retry_scope(&scope);
            }
        }
    }

    /// Asks what is due; says when the next question is.
    fn ask_due(&mut self, now: Timestamp) -> Option<Timestamp> {
        let paused = self.focus.pace == Pace::Paused;
        if paused && !std::mem::take(&mut self.once_more) {
            return None;
        }
        self.once_more = false;
        let mut next: Option<Timestamp> = None;
        for want in schedule::wants(&self.inventory, &self.focus, &self.wishes, now) {
            let mut states = self.inventory.scopes.iter_mut();
            if let Some(state) = states.find(|state| *state.name() == want.key.scope) {
                state.lasting.note(&want.key.source, want.slowest);
            }
            let due = self.due(&want, now);
            match due {
                Some(at) if at <= now => self.ask(want, now),
                Some(at) => next = Some(next.map_or(at, |earliest| earliest.min(at))),
                None => {}
            }
        }
        next.filter(|_| !paused)
    }

    /// Whether the hosts with GPUs began to be asked since the last picture: that takes seconds, and
    /// rows are to say so.
    fn probe_began(&self) -> bool {
        let since = |inventory: &Inventory| -> Vec<Option<Timestamp>> {
            let scopes = inventory.scopes.iter();
            scopes.map(|state| state.gpu.pending).collect()
        };
        let shown = since(&self.picture.borrow().inventory);
        since(&self.inventory)
            .into_iter()
            .zip(shown)
            .any(|(now, before)| now.is_some() && now != before)
    }

    /// When a question is due; `None` while it is under way or need not be asked again.
    fn due(&self, want: &Want, now: Timestamp) -> Option<Timestamp> {
        let asked = self.asked.get(&want.key).copied().unwrap_or_default();
        if asked.under_way {
            return None;
        }
        let state = self.inventory.scope(&want.key.scope)?;
        if want.key.source != Source::Identity && !credentials_work(state) {
            return None;
        }
        let Some(at) = asked.at else {
            return Some(asked.not_before.unwrap_or(now));
        };
        if self.focus.pace == Pace::Once {
            let changed = asked.basis != want.basis && asked.failures == 0;
            return if changed { Some(now) } else { asked.again_at };
        }
        let scheduled = if asked.basis == want.basis {
            at.saturating_add(jittered(want.cadence, &want.key, at))
                .unwrap_or(Timestamp::MAX)
        } else {
            at.saturating_add(CHANGED_BASIS.min(want.cadence))
                .unwrap_or(Timestamp::MAX)
        };
        Some(asked.not_before.map_or(scheduled, |earliest| {
            if asked.failures > 0 {
                earliest
            } else {
                scheduled.max(earliest)
            }
        }))
    }

    fn ask(&mut self, want: Want, now: Timestamp) {
        let Some(state) = self.inventory.scope(&want.key.scope) else {
            return;
        };
        let (scope, epoch) = (state.scope.clone(), state.epoch);
        let asked = self.asked.entry(want.key.clone()).or_default();
        asked.at = Some(now);
        asked.basis = want.basis;
        asked.under_way = true;
        asked.again_at = None;
        self.in_flight += 1;
        let account = state.account().map(str::to_owned);
        self.inventory.asked(&want.key, now);
        let memory = self
            .cost_cache
            .clone()
            .zip(account)
            .zip(PaidQuestion::of(&want.query));
        let (cloud, clock, sender) = (self.cloud.clone(), self.clock.clone(), self.heard.0.clone());
        tokio::spawn(async move {
            let answer = |at, result| Answer {
                key: want.key.clone(),
                epoch,
                asked_at: now,
                at,
                result,
            };
            let part = |reply: Reply| {
                let heard = Heard::Part(answer(clock.now(), Ok(Arc::new(reply))));
                // With no room left the part is of no use: it comes again with the whole.
                let _ = sender.try_send(heard);
            };
            let ask = async {
                let result = cloud
                    .read_in_parts(&scope, &want.query, &part)
                    .await
                    .map(Arc::new);
                (clock.now(), result)
            };
            let (at, result) = match memory {
                Some(((cache, account), question)) => remembered(cache, account, question, now, ask).await,
                None => ask.await,
            };
            if let Err(fault) = &result {
                tracing::warn!(scope = %want.key.scope, source = ?want.key.source, %fault, "not read");
            }
            // The collector may be gone: then nobody wants the answer.
            let _ = sender.send(Heard::Whole(answer(at, result))).await;
        });
    }

    fn hear(&mut self, heard: &Heard) {
        match heard {
            Heard::Part(answer) => self.inventory.apply_part(answer),
            Heard::Whole(answer) => self.take(answer),
            Heard::Restores(restores) => {
                for state in &mut self.inventory.scopes {
                    state.restores = restores.clone();
                }
            }
        }
    }

    fn take(&mut self, answer: &Answer) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let asked = self.asked.entry(answer.key.clone()).or_default();
        asked.under_way = false;
        // An answer that was remembered is as old as it says, and due accordingly.
        asked.at = asked.at.map(|at| at.min(answer.at));
        match &answer.result {
            Ok(_) => {
                asked.failures = 0;
                asked.not_before = (answer.at < answer.asked_at)
                    .then(|| answer.asked_at.saturating_add(REMEMBERED_RETRY).ok())
                    .flatten();
            }
            Err(fault) => {
                asked.failures = asked.failures.saturating_add(1);
                asked.not_before = Some(
                    answer
                        .at
                        .saturating_add(backoff(fault, asked.failures))
                        .unwrap_or(Timestamp::MAX),
                );
            }
        }
        if asked.agains < MOST_AGAIN && refused_for_the_moment(answer) {
            asked.agains += 1;
            let pause = SignedDuration::from_secs(2 << asked.agains.min(4));
            asked.again_at = answer.at.saturating_add(pause).ok();
        }
        match self.inventory.apply(answer) {
            Applied::Stored => {}
            Applied::AccountChanged => {
                self.asked
                    .retain(|key, asked| key.scope != answer.key.scope || asked.under_way);
            }
            // It was asked of what the scope was before: ask again of what it is now.
            Applied::Dropped => {
                self.asked.remove(&answer.key);
                return;
            }
        }
        self.watch_credentials(answer);
    }

    /// Credentials that stop working anywhere are looked at again through the identity alone.
    fn watch_credentials(&mut self, answer: &Answer) {
        let scope = &answer.key.scope;
        match (&answer.key.source, &answer.result) {
            (Source::Identity, Ok(_)) => {
                if let Some(state) = self.inventory.scope(scope)
                    && let Some(account) = state.account()
                {
                    self.host.place(&state.scope, account);
                }
                let recovering = self
                    .asked
                    .iter()
                    .any(|(key, asked)| key.scope == *scope && asked.failures > 0);
                if recovering {
                    self.retry_scope(scope);
                }
            }
            (source, Err(fault)) if matches!(fault.kind, FaultKind::Credentials(_)) => {
                if let Some(state) = self.inventory.scope(scope) {
                    self.cloud.forget(&state.scope);
                }
                if *source != Source::Identity {
                    let key = SourceKey {
                        scope: scope.clone(),
                        source: Source::Identity,
                    };
                    let identity = self.asked.entry(key).or_default();
                    identity.at = None;
                }
            }
            _ => {}
        }
    }

    /// Lets every failed question of a scope be asked again at once.
    fn retry_scope(&mut self, scope: &ScopeName) {
        for (key, asked) in &mut self.asked {
            if key.scope == *scope && asked.failures > 0 {
                asked.at = None;
                asked.not_before = None;
                asked.failures = 0;
            }
        }
    }

    /// Marks what did not answer before the deadline, so that it is reported and not just missing.
    fn give_up_on_the_rest(&mut self) {
        let now = self.clock.now();
        let late: Vec<SourceKey> = self
            .asked
            .iter()
            .filter(|(_, asked)| asked.under_way)
            .map(|(key, _)| key.clone())
            .collect();
        for key in late {
            let Some(state) = self.inventory.scope(&key.scope) else {
                continue;
            };
            let operation = schedule::wants(&self.inventory, &self.focus, &self.wishes, now)
                .into_iter()
                .find(|want| want.key == key)
                .and_then(|want| want.query.operations().first().copied());
            let fault = match operation {
                Some(operation) => Fault::timeout(operation.service, operation.name),
                None => Fault::timeout("quarterdeck", ""),
            };
            let answer = Answer {
                epoch: state.epoch,
                key,
                asked_at: now,
                at: now,
                result: Err(fault),
            };
            self.inventory.apply(&answer);
        }
    }

    fn publish(&self) {
        let at = self.clock.now();
        let (mut savings, findings): (Vec<_>, Vec<_>) = (self.assess)(&self.inventory, at)
            .into_iter()
            .partition(Finding::is_saving);
        // What has no price comes last.
        savings.sort_by_key(|saving| Reverse(saving.saves));
        let picture = Picture {
            inventory: self.inventory.clone(),
            findings,
            savings,
            changes: changes::recent(&self.inventory, at, schedule::CHANGES_WINDOW),
            burn: burn_rate::of(&self.inventory, PriceTable::shipped()),
            meter: self.host.meter(),
            at,
        };
        self.picture.send_replace(Arc::new(picture));
    }
}

/// A task that ends with whoever holds this.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What the runs of a store have measured of restores, oldest first.
async fn measured(runs: RunStore) -> Arc<[MeasuredRestore]> {
    let read = tokio::task::spawn_blocking(move || runs.list()).await;
    match read {
        Ok(Ok(heads)) => heads.into_iter().rev().filter_map(|head| head.measured).collect(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "runs were not read");
            Arc::default()
        }
        Err(error) => {
            tracing::warn!(%error, "runs were not read");
            Arc::default()
        }
    }
}

/// The remembered answer to a paid question, or a new one that is remembered from then on.
async fn remembered(
    cache: Arc<dyn CostCache>,
    account: String,
    question: PaidQuestion,
    now: Timestamp,
    ask: impl Future<Output = (Timestamp, Result<Arc<Reply>, Fault>)>,
) -> (Timestamp, Result<Arc<Reply>, Fault>) {
    // Files may be slow to read, and this thread answers for every pane.
    let lookup = {
        let (cache, account, question) = (cache.clone(), account.clone(), question.clone());
        tokio::task::spawn_blocking(move || cache.recall(&account, &question, now))
    };
    match lookup.await {
        Ok(Recall::Answered { at, result }) => return (at, result),
        Ok(Recall::Spent(fault)) => return (now, Err(fault)),
        Ok(Recall::Ask) => {}
        Err(error) => tracing::warn!(%error, "the cost cache was not asked"),
    }
    let (at, result) = ask.await;
    let kept = result.clone();
    let keeping = tokio::task::spawn_blocking(move || cache.keep(&account, &question, at, &kept));
    if let Err(error) = keeping.await {
        tracing::warn!(%error, "the cost cache did not take an answer");
    }
    (at, result)
}

/// Whether the other sources of a scope are worth asking: not while its credentials fail.
fn credentials_work(state: &ScopeState) -> bool {
    match &state.identity.failing {
        Some(failing) => !matches!(failing.fault.kind, FaultKind::Credentials(_)),
        None => true,
    }
}

/// Whether AWS throttled or failed in a way that is over in seconds, for all or a part of an answer. A
/// second probe would be a second command on every host, and a second question to Cost Explorer costs.
fn refused_for_the_moment(answer: &Answer) -> bool {
    let passes = |fault: &Fault| matches!(fault.kind, FaultKind::Throttled | FaultKind::Server);
    match &answer.key.source {
        Source::GpuProbe | Source::Usage | Source::Forecast | Source::Anomalies => false,
        _ => match &answer.result {
            Ok(reply) => reply.gaps.iter().any(passes),
            Err(fault) => passes(fault),
        },
    }
}

/// How long to leave a failing source alone.
fn backoff(fault: &Fault, failures: u32) -> SignedDuration {
    match &fault.kind {
        FaultKind::Credentials(_) => CREDENTIALS_RETRY,
        FaultKind::AccessDenied => DENIED_RETRY,
        FaultKind::Unsupported | FaultKind::ReadOnly | FaultKind::NoData | FaultKind::Invalid => {
            LONGEST_BACKOFF
        }
        FaultKind::Throttled
        | FaultKind::NotFound
        | FaultKind::Timeout
        | FaultKind::Unreachable
        | FaultKind::Conflict
        | FaultKind::Server
        | FaultKind::Other => {
            let exponential = SignedDuration::from_secs(5 << failures.saturating_sub(1).min(6));
            let asked = fault
                .retry_after
                .and_then(|span| SignedDuration::try_from(span).ok());
            exponential
                .max(asked.unwrap_or(SignedDuration::ZERO))
                .min(LONGEST_BACKOFF)
        }
    }
}

/// The cadence, up to a tenth longer: different for each question and each time, so that
/// questions do not gather.
fn jittered(cadence: SignedDuration, key: &SourceKey, at: Timestamp) -> SignedDuration {
    let mut hasher = DefaultHasher::new();
    (key, at.as_millisecond()).hash(&mut hasher);
    let tenth = i64::try_from(cadence.as_millis()).unwrap_or(i64::MAX) / 10;
    cadence + SignedDuration::from_millis(i64::try_from(hasher.finish() % 1000).unwrap_or(0) * tenth / 1000)
}
