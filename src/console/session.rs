//! One session of the console: from the first frame to the terminal given back.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::SignedDuration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::app::effect::Effect;
use crate::app::geometry::Geometry;
use crate::app::msg::Msg;
use crate::app::overlay::Overlay;
use crate::app::state::{Setup, State};
use crate::app::table::Tone;
use crate::app::update::{runs, update};
use crate::cloud::read_only::ReadOnlySwitch;
use crate::config::keys::Key;
use crate::console::clipboard;
use crate::console::incidents::IncidentRunner;
use crate::console::input::{Arrival, Input, Reader};
use crate::console::logs::LogRunner;
use crate::console::runs::{Kit, RunRunner};
use crate::console::terminal::Screen;
use crate::domain::picture::Picture;
use crate::domain::scope::Scope;
use crate::engine::clock::Clocks;
use crate::engine::collector::{Assess, Collector, Order};
use crate::engine::cost_cache::CostCache;
use crate::engine::host::{EngineHost, MakeCloud};
use crate::engine::incident::IncidentStore;
use crate::engine::run::{Equipment, RunEngine, RunStore, StateFolder};
use crate::engine::schedule::Wishes;
use crate::runbook::action::Allowances;
use crate::runbook::record::Signal as Stop;
use crate::view;
use crate::view::styles::Styles;

/// How messages of one turn are bounded, so that keys are seen between them.
const BATCH: usize = 256;

/// Messages of logs that are taken between two looks at the keys.
const MOST_LOG_MESSAGES: usize = 8;

/// What a session needs. The cloud is made only after the first frame: making it may read files.
pub struct Session {
    /// What the state is told.
    pub setup: Setup,
    /// How things look.
    pub styles: Styles,
    /// How they look in each theme, by name.
    pub every_style: Vec<(String, Styles)>,
    /// The switch that every change asks.
    pub read_only: Arc<ReadOnlySwitch>,
    /// The scopes.
    pub scopes: Vec<Arc<Scope>>,
    /// Both clocks.
    pub clocks: Clocks,
    /// How findings are made.
    pub assess: Assess,
    /// Makes the cloud.
    pub cloud: MakeCloud,
    /// Remembers answers that cost money.
    pub cost_cache: Option<Arc<dyn CostCache>>,
    /// What the collector goes by.
    pub wishes: Wishes,
    /// Whether the console runs inside tmux, which the clipboard must know.
    pub in_tmux: bool,
    /// What runs need.
    pub kit: Kit,
    /// Where runs and locks are kept.
    pub folder: Option<StateFolder>,
    /// Where records of incidents are, and the runs that they tell of; `None` without a place for them.
    pub records: Option<(IncidentStore, RunStore)>,
    /// What the operator's settings allow runbooks.
    pub allowed: Allowances,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The user left.
    Quit,
    /// SIGHUP: the terminal is gone.
    HangUp,
    /// SIGTERM.
    Terminated,
}

/// Runs the console until somebody leaves it; the terminal is given back in any case, after a failure too.
pub fn run(session: Session) -> anyhow::Result<Ending> {
    let Session {
        setup,
        mut styles,
        scopes,
        clocks,
        assess,
        cloud,
        cost_cache,
        wishes,
        in_tmux,
        every_style,
        read_only,
        kit,
        folder,
        records,
        allowed,
    } = session;
    let inventory = crate::domain::inventory::Inventory::new(scopes.iter().cloned());
    let first = Picture::empty(inventory, clocks.cloud.now());
    let mut state = State::new(setup, Arc::new(first), clocks.wall.now());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the engine cannot start")?;
    // Before the terminal is taken: from then on, whatever ends us must give it back.
    let signals = runtime.block_on(async { Signals::catch() })?;
    let mut screen = Screen::take().context("the terminal cannot be used")?;
    let geometry = screen.draw(|frame| view::draw(frame, &state, &styles))?;

    let ending = runtime.block_on(async {
        let host = EngineHost::new(clocks.cloud.clone());
        let cloud = cloud(host.clone())?;
        let (logs, happened) = LogRunner::new(cloud.clone(), clocks.cloud.clone());
        let logs = logs.every(wishes.log_cadence());
        let (incidents, recorded) =
            IncidentRunner::new(records, state.setup.estate.clone(), clocks.wall.clone());
        let engine = RunEngine::new(Equipment {
            cloud: cloud.clone(),
            clocks: clocks.clone(),
            read_only: read_only.clone(),
            folder,
            allowed,
        });
        let store = engine.store().cloned();
        let (collector, pictures) = Collector::new(cloud, host, clocks.clone(), scopes, assess);
        let (runs, told) = RunRunner::new((engine, kit), clocks.clone(), pictures.clone());
        let (orders, taken) = mpsc::channel(64);
        let collector = collector
            .with_cost_cache(cost_cache)
            .with_runs(store)
            .with_wishes(wishes);
        tokio::spawn(collector.run(taken));
        let mut desk = Desk {
            every_style: &every_style,
            read_only,
            state: &mut state,
            screen: &mut screen,
            styles: &mut styles,
            orders,
            logs,
            runs,
            incidents,
            in_tmux,
        };
        let news = News {
            pictures,
            logs: happened,
            runs: told,
            incidents: recorded,
        };
        let ending = desk.turn(geometry, news, signals, &clocks).await;
        desk.incidents.finish().await;
        ending
    })?;
    drop(screen);
    // Calls under way are not waited for: the user has left.
    runtime.shutdown_timeout(Duration::from_millis(50));
    Ok(ending)
}

/// The signals that end a session in order.
struct Signals {
    hangup: Signal,
    terminate: Signal,
}

impl Signals {
    /// Catches them from now on. Needs a runtime.
    fn catch() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }
}

/// How long `:write` lifts the read-only mode.
const WRITES_ALLOWED: SignedDuration = SignedDuration::from_mins(30);

/// What the loop holds.
struct Desk<'a> {
    every_style: &'a [(String, Styles)],
    read_only: Arc<ReadOnlySwitch>,
    state: &'a mut State,
    screen: &'a mut Screen,
    styles: &'a mut Styles,
    orders: mpsc::Sender<Order>,
    logs: LogRunner,
    runs: RunRunner,
    incidents: IncidentRunner,
    in_tmux: bool,
}

/// Where news comes from, beside the terminal.
struct News {
    pictures: watch::Receiver<Arc<Picture>>,
    logs: mpsc::Receiver<Msg>,
    runs: mpsc::Receiver<Msg>,
    incidents: mpsc::Receiver<Msg>,
}

impl Desk<'_> {
    async fn turn(
        &mut self,
        first: Geometry,
        mut news: News,
        mut signals: Signals,
        clocks: &Clocks,
    ) -> anyhow::Result<Ending> {
        let (sender, mut inputs) = mpsc::channel(BATCH);
        let reader = Reader::start(sender)?;
        // What follows from the first frame is done like all else: it tells the collector what is in
        // front.
        self.perform(Msg::Drawn(first), &reader)?;
        let mut dirty = self.perform(Msg::Tick(clocks.wall.now()), &reader)?.is_some();
        loop {
            if dirty {
                dirty = false;
                if self.draw()? == Painted::ToConfirm {
                    // What was typed before this frame was on screen is not meant for what it asks.
                    while let Ok(input) = inputs.try_recv() {
                        match input {
                            Input::Key(..) | Input::Paste(_) => {}
                            Input::Resized => {
                                self.perform(Msg::Resized, &reader)?;
                                dirty = true;
                            }
                            Input::Gone => return self.end(Ending::HangUp).await,
                        }
                    }
                    if dirty {
                        continue;
                    }
                }
            }
            let tick = self.next_tick(clocks);
            let mut quit = false;
            // Keys first: data never keeps them waiting, since each turn takes a bounded batch.
            tokio::select! {
                biased;
                _ = signals.hangup.recv() => return self.end(Ending::HangUp).await,
                _ = signals.terminate.recv() => return self.end(Ending::Terminated).await,
                Some(input) = inputs.recv() => {
                    self.state.now = clocks.wall.now();
                    let mut next = Some(input);
                    let mut taken = 0;
                    while let Some(input) = next {
                        taken += 1;
                        match self.input(input, &reader)? {
                            Turn::On(changed) => dirty |= changed,
                            Turn::Quit => { quit = true; break }
                            Turn::Gone => return self.end(Ending::HangUp).await,
                        }
                        next = if taken < BATCH { inputs.try_recv().ok() } else { None };
                    }
                }
                Ok(()) = news.pictures.changed() => {
                    let picture = news.pictures.borrow_and_update().clone();
                    dirty |= self.perform(Msg::Picture(picture), &reader)?.unwrap_or(false);
                }
                Some(msg) = news.logs.recv() => {
                    // A bounded number at a time: a burst of log lines is drawn once, and keys are
                    // seen after it.
                    let mut next = Some(msg);
                    let mut taken = 0;
                    while let Some(msg) = next {
                        taken += 1;
                        dirty |= self.perform(msg, &reader)?.unwrap_or(false);
                        next = if taken < MOST_LOG_MESSAGES { news.logs.try_recv().ok() } else { None };
                    }
                }
                Some(msg) = news.runs.recv() => {
                    self.state.now = clocks.wall.now();
                    let mut next = Some(msg);
                    let mut taken = 0;
                    while let Some(msg) = next {
                        taken += 1;
                        match self.perform(msg, &reader)? {
                            Some(changed) => dirty |= changed,
                            None => { quit = true; break }
                        }
                        next = if taken < MOST_LOG_MESSAGES { news.runs.try_recv().ok() } else { None };
                    }
                }
                Some(msg) = news.incidents.recv() => {
                    self.state.now = clocks.wall.now();
                    dirty |= self.perform(msg, &reader)?.unwrap_or(false);
                }
                () = tick => {
                    dirty |= self.perform(Msg::Tick(clocks.wall.now()), &reader)?.unwrap_or(false);
                }
            }
            if quit {
                return Ok(Ending::Quit);
            }
        }
    }

    /// Wakes when the first notice leaves; otherwise rarely, since nothing changes by itself.
    fn next_tick(&self, clocks: &Clocks) -> crate::cloud::BoxFuture<'static, ()> {
        let now = clocks.wall.now();
        let until = self
            .state
            .notices
            .iter()
            .map(|notice| notice.until.duration_since(now))
            .min();
        let span = until
            .unwrap_or(SignedDuration::from_secs(30))
            .max(SignedDuration::from_millis(50));
        clocks
            .wall
            .sleep(Duration::try_from(span).unwrap_or(Duration::from_secs(30)))
    }

    fn draw(&mut self) -> anyhow::Result<Painted> {
        let painted = if runs::awaits_paint(self.state) {
            Painted::ToConfirm
        } else {
            Painted::Else
        };
        let (state, styles) = (&*self.state, &*self.styles);
        let geometry = self.screen.draw(|frame| view::draw(frame, state, styles))?;
        if update(self.state, Msg::Drawn(geometry)).redraw {
            let (state, styles) = (&*self.state, &*self.styles);
            self.screen.draw(|frame| view::draw(frame, state, styles))?;
        }
        Ok(painted)
    }

    /// The terminal is gone, or somebody wants the process gone: runs are stopped in order, and can be
    /// resumed by whoever comes next.
    async fn end(&mut self, ending: Ending) -> anyhow::Result<Ending> {
        let signal = match ending {
            Ending::HangUp => Some(Stop::HangUp),
            Ending::Terminated => Some(Stop::Terminate),
            Ending::Quit => None,
        };
        if let Some(signal) = signal {
            self.runs.stop_all(signal).await;
        }
        Ok(ending)
    }

    /// Whether the box in which a change is confirmed is open.
    fn is_confirming(&self) -> bool {
        matches!(self.state.overlay, Some(Overlay::Confirm(_)))
    }

    fn input(&mut self, input: Input, reader: &Reader) -> anyhow::Result<Turn> {
        let msg = match input {
            // Text that ends in a new line confirms nothing, also where the terminal does not say that it
            // was pasted.
            Input::Key(chord, Arrival::AtOnce) if chord.key() == Key::Enter && self.is_confirming() => {
                Msg::Paste("\n".to_owned())
            }
            Input::Key(chord, _) => Msg::Key(chord),
            Input::Paste(text) => Msg::Paste(text),
            Input::Resized => Msg::Resized,
            Input::Gone => return Ok(Turn::Gone),
        };
        Ok(match self.perform(msg, reader)? {
            Some(changed) => Turn::On(changed),
            None => Turn::Quit,
        })
    }

    /// Updates the state and does what follows; `None` when the user leaves.
    fn perform(&mut self, msg: Msg, reader: &Reader) -> anyhow::Result<Option<bool>> {
        let effects = update(self.state, msg);
        let mut changed = effects.redraw;
        for effect in effects.list {
            match effect {
                Effect::Quit => return Ok(None),
                Effect::Focus(focus) => self.order(Order::Focus(focus)),
                Effect::Refresh => self.order(Order::Refresh),
                Effect::MfaCode { scope, code } => self.order(Order::MfaCode { scope, code }),
                Effect::Copy(text) => match clipboard::sequence(&text, self.in_tmux) {
                    Some(bytes) => self.screen.write(&bytes)?,
                    None => self
                        .state
                        .say("too long for the terminal's clipboard", Tone::Warn),
                },
                Effect::Suspend => {
                    reader.pause();
                    self.screen.suspend()?;
                    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP)
                        .context("cannot stop for the shell")?;
                    self.screen.resume()?;
                    reader.resume();
                    changed = true;
                }
                Effect::AllowWrites => {
                    self.read_only.turn_off();
                    let until = self
                        .state
                        .now
                        .saturating_add(WRITES_ALLOWED)
                        .unwrap_or(self.state.now);
                    update(self.state, Msg::WritesAllowed(Some(until)));
                    changed = true;
                }
                Effect::RefuseWrites => self.read_only.turn_on(),
                Effect::Theme(name) => {
                    if let Some((_, styles)) = self.every_style.iter().find(|(known, _)| *known == name) {
                        *self.styles = styles.clone();
                        self.screen.clear()?;
                    }
                    changed = true;
                }
                Effect::Logs(effect) => self.logs.perform(effect),
                Effect::Runs(effect) => self.runs.perform(*effect),
                Effect::Incident(effect) => self.incidents.perform(*effect),
            }
        }
        Ok(Some(changed))
    }

    fn order(&mut self, order: Order) {
        if self.orders.try_send(order).is_err() {
            // The collector has 64 orders waiting, or has ended: say so rather than hang.
            self.state.say("the collector is busy", Tone::Warn);
        }
    }
}

/// What a frame showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Painted {
    /// Something for the first time that keys may confirm from now on.
    ToConfirm,
    /// Anything else.
    Else,
}

/// What an input led to.
enum Turn {
    /// The session goes on; whether the screen may have changed.
    On(bool),
    /// The user leaves.
    Quit,
    /// The terminal is gone.
    Gone,
}
