//! The console's state, owned by its loop alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::app::command::{Command, Context, REGISTRY};
use crate::app::detail::Detail;
use crate::app::effect::Effect;
use crate::app::geometry::Geometry;
use crate::app::incident::Known;
use crate::app::logs::Logs;
use crate::app::logs::buffer::LineKey;
use crate::app::notice::Notice;
use crate::app::open::{self, Opening};
use crate::app::overlay::Overlay;
use crate::app::pane::Pane;
use crate::app::panes;
use crate::app::places::Places;
use crate::app::runs::Runs;
use crate::app::table::{RowKey, Tables};
use crate::app::tables::TableView;
use crate::app::update::mfa::Asked;
use crate::config::keys::{Chord, Keymap};
use crate::domain::changes::beneath;
use crate::domain::focus::{Focus, Pace, Probing};
use crate::domain::glob::Glob;
use crate::domain::health::{Impact, Severity};
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::{Source, SourceKey};
use crate::domain::picture::Picture;
use crate::domain::reach::Reach;
use crate::domain::rules::{Policies, Verdicts};
use crate::domain::scope::ScopeName;
use crate::domain::trail::{Back, Lookup};
use crate::runbook::record::RunId;

/// What the console is told at its start, and what does not change with data.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The estate's name, if an estate file was given; or the demo's.
    pub estate: Option<String>,
    /// What the frame's colour says.
    pub environment: Environment,
    /// Whether changes are allowed.
    pub write: WriteState,
    /// Zones that `T` goes through; the first is shown at the start. None of them is empty.
    pub zones: Vec<Zone>,
    /// The estate's budget for a month, US dollars.
    pub monthly_budget: Option<f64>,
    /// Log groups at the top of the logs pane.
    pub pinned_logs: Vec<Glob>,
    /// Key bindings.
    pub keymap: Keymap,
    /// Whether GPU hosts may be asked at all.
    pub probing: Probing,
    /// What the console starts on: a resource's id, or its name.
    pub open: Option<String>,
    /// Themes that can be switched to.
    pub themes: Vec<String>,
    /// How this program is called again for the same place: its name and flags.
    pub again: Vec<String>,
    /// Who sees runs and locks; `None` if there is no folder for them.
    pub reach: Option<Reach>,
    /// What the owners of the estates have decided, by scope: for gauges of their money, and for records.
    pub policies: Arc<Policies>,
    /// Who this is, for records: `user@host`.
    pub who: String,
    /// What is to be said at the start: settings that could not be used.
    pub notices: Vec<String>,
}

/// What sort of estate it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Environment {
    /// Production: shown in the frame's colour.
    Prod,
    /// Before production.
    Staging,
    /// Development.
    Dev,
    /// Simulated.
    Demo,
    /// Nobody said.
    #[default]
    Unknown,
}

impl Environment {
    /// The word in the header.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Prod => "PROD",
            Self::Staging => "STAGING",
            Self::Dev => "DEV",
            Self::Demo => "DEMO",
            Self::Unknown => "AWS",
        }
    }
}

/// Whether changes are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteState {
    /// None.
    ReadOnly,
    /// From `x`, with a plan and a confirmation.
    ReadWrite,
    /// The same, until then.
    ReadWriteUntil(Timestamp),
}

/// A time zone and the short name that stands beside times.
#[derive(Debug, Clone)]
pub struct Zone {
    /// The short name, such as `KST`.
    pub label: String,
    /// The zone.
    pub zone: TimeZone,
}

impl Zone {
    /// The zone's name and the label: `Asia/Seoul (KST)`.
    pub fn title(&self) -> String {
        match self.zone.iana_name() {
            Some(name) if name != self.label => format!("{name} ({})", self.label),
            Some(_) | None => self.label.clone(),
        }
    }
}

/// A level above a pane.
#[derive(Debug, Clone, PartialEq)]
pub enum Level {
    /// A resource's or a finding's detail, scrolled by so many lines.
    Detail {
        /// What it is of.
        key: RowKey,
        /// Lines scrolled.
        scroll: usize,
        /// Whether masked values are shown.
        reveal: bool,
    },
    /// What changed, for a resource or for everything.
    Changes {
        /// The resource.
        of: Option<ResourceKey>,
        /// Lines scrolled.
        scroll: usize,
    },
    /// The tail of logs that is open.
    Tail,
    /// A line of it.
    LogLine {
        /// Which.
        key: LineKey,
        /// Lines scrolled.
        scroll: usize,
    },
    /// A run that is being prepared; what of it is in the state's [`Runs`].
    Prepare {
        /// Lines of the plan scrolled.
        scroll: usize,
    },
    /// A run.
    Run {
        /// Which.
        run: RunId,
        /// Lines scrolled.
        scroll: usize,
    },
}

impl Level {
    /// How far it is scrolled, if it scrolls by lines.
    pub const fn scroll_mut(&mut self) -> Option<&mut usize> {
        match self {
            Self::Detail { scroll, .. }
            | Self::Changes { scroll, .. }
            | Self::LogLine { scroll, .. }
            | Self::Prepare { scroll }
            | Self::Run { scroll, .. } => Some(scroll),
            Self::Tail => None,
        }
    }
}

/// Everything that the console shows and remembers. Only [`update`](crate::app::update::update) changes it,
/// and drawing only reads it.
pub struct State {
    /// What it was told at its start.
    pub setup: Setup,
    /// What is shown.
    pub picture: Arc<Picture>,
    /// The newest picture while the view is paused.
    pub held: Option<Arc<Picture>>,
    /// Whether the view is paused.
    pub paused: bool,
    /// The pane in front.
    pub pane: Pane,
    /// The pane before it.
    pub previous: Pane,
    /// What the user did with each pane's tables.
    pub views: BTreeMap<Pane, TableView>,
    /// The tables of the pane in front.
    pub tables: Tables,
    /// Levels above the pane, the top one last.
    pub levels: Vec<Level>,
    /// The detail of the top level.
    pub detail: Detail,
    /// What lies over it all.
    pub overlay: Option<Overlay>,
    /// Marked rows.
    pub marks: BTreeSet<RowKey>,
    /// Findings accepted until the console ends: rule and resource.
    pub accepted: BTreeSet<(String, ResourceKey)>,
    /// Messages at the bottom.
    pub notices: VecDeque<Notice>,
    /// The measures of the last frame.
    pub geometry: Geometry,
    /// The zone that times are shown in, by its place in the setup.
    pub zone: usize,
    /// The wall clock as of the last message.
    pub now: Timestamp,
    /// CloudTrail lookups that somebody asked for: how far back, by resource.
    pub trails: BTreeMap<ResourceKey, Back>,
    /// The tail that is open, and what goes with it.
    pub logs: Logs,
    /// Runbooks and runs.
    pub runs: Runs,
    /// The record of the incident, open or just closed.
    pub incident: Option<Known>,
    /// The resource of `--open` that is still waited for.
    pub opening: Option<Opening>,
    /// Where the scopes turned out to be.
    pub places: Places,
    /// How well each resource is, by the picture and what the user accepted.
    pub verdicts: Verdicts,
    /// Scopes that wait for the code of an MFA device, and how far asking for it has come.
    pub mfa: BTreeMap<ScopeName, Asked>,
    /// The focus that the collector was last told.
    told: Option<Focus>,
}

/// The deployments of a service, for which its history is read.
fn history_of(resource: &ResourceKey) -> Option<SourceKey> {
    (resource.kind == Kind::EcsService).then(|| SourceKey {
        scope: resource.scope.clone(),
        source: Source::EcsDeployments(resource.id.to_string()),
    })
}

/// The published versions of a function.
fn versions_of(resource: &ResourceKey) -> Option<SourceKey> {
    (resource.kind == Kind::Lambda).then(|| SourceKey {
        scope: resource.scope.clone(),
        source: Source::FunctionVersions(resource.id.to_string()),
    })
}

impl State {
    /// The console before anything is known.
    pub fn new(setup: Setup, picture: Arc<Picture>, now: Timestamp) -> Self {
        let mut state = Self {
            setup,
            picture,
            held: None,
            paused: false,
            pane: Pane::Overview,
            previous: Pane::Overview,
            views: BTreeMap::new(),
            tables: Tables::default(),
            levels: Vec::new(),
            detail: Detail::default(),
            overlay: None,
            marks: BTreeSet::new(),
            accepted: BTreeSet::new(),
            mfa: BTreeMap::new(),
            notices: VecDeque::new(),
            geometry: Geometry::default(),
            zone: 0,
            now,
            trails: BTreeMap::new(),
            logs: Logs::default(),
            runs: Runs::default(),
            incident: None,
            opening: None,
            places: Places::default(),
            verdicts: Verdicts::default(),
            told: None,
        };
        for notice in std::mem::take(&mut state.setup.notices) {
            state.say(notice, crate::app::table::Tone::Warn);
        }
        if let Some(wanted) = state.setup.open.take() {
            open::begin(&mut state, &wanted);
        }
        state.rebuild();
        state
    }

    /// The user's view of the pane in front.
    pub fn view(&self) -> &TableView {
        static EMPTY: TableView = TableView {
            filter: String::new(),
            sort: None,
            chosen: false,
            selected: None,
            position: 0,
            offset: 0,
            visible: Vec::new(),
        };
        self.views.get(&self.pane).unwrap_or(&EMPTY)
    }

    /// The zone that times are shown in.
    pub fn zone(&self) -> &Zone {
        &self.setup.zones[self.zone]
    }

    /// The row that commands are about: of the top level, else the selected one.
    pub fn subject(&self) -> Option<&RowKey> {
        match self.levels.last() {
            Some(Level::Detail { key, .. }) => Some(key),
            Some(Level::Tail | Level::LogLine { .. } | Level::Prepare { .. } | Level::Run { .. }) => None,
            Some(Level::Changes { .. }) | None => self.view().selected(),
        }
    }

    /// Works everything out again that follows from the picture and what the user did.
    pub fn rebuild(&mut self) {
        let open = self.picture.findings.iter();
        let open = open.filter(|finding| !panes::is_accepted(self, finding));
        self.verdicts = Verdicts::new(&self.picture.inventory, open);
        self.tables = panes::build(self);
        let mut view = self.views.remove(&self.pane).unwrap_or_default();
        view.refresh(&self.tables);
        self.views.insert(self.pane, view);
        self.rebuild_detail();
        self.keep_selection_in_view();
    }

    /// Works the detail of the top level out again.
    pub fn rebuild_detail(&mut self) {
        self.detail = match self.levels.last() {
            Some(level) => crate::app::detail::build(self, level),
            None => Detail::default(),
        };
        let most = self
            .detail
            .height()
            .saturating_sub(usize::from(self.geometry.body));
        if let Some(scroll) = self.levels.last_mut().and_then(Level::scroll_mut) {
            *scroll = (*scroll).min(most);
        }
    }

    /// Scrolls the pane so that the selected row can be seen.
    pub fn keep_selection_in_view(&mut self) {
        let height = usize::from(self.geometry.body);
        let Some(mut view) = self.views.remove(&self.pane) else {
            return;
        };
        if let Some(position) = view.find(&self.tables) {
            let lines = panes::lines_of(&self.tables, &view, position);
            view.keep_in_view(lines, panes::height_of(&self.tables, &view), height);
        }
        self.views.insert(self.pane, view);
    }

    /// Kinds of which something is critical or hurts customers now: whoever looks at such a finding waits for
    /// it to go, and metrics at the slow cadence keep it for ten minutes after the cure.
    fn hurting(&self) -> impl Iterator<Item = Kind> {
        let open = self.picture.findings.iter();
        open.filter(|finding| {
            finding.severity == Severity::Crit
                || (finding.severity == Severity::Warn && finding.impact == Impact::Customer)
        })
        .filter(|finding| !panes::is_accepted(self, finding))
        .map(|finding| finding.resource.kind)
    }

    /// What the collector should attend to; `None` if it knows already.
    pub fn changed_focus(&mut self) -> Option<Effect> {
        let mut focus = self.pane.focus();
        if self.setup.probing == Probing::No {
            focus.gpu = Probing::No;
        }
        if self.paused {
            focus.pace = Pace::Paused;
        }
        if matches!(self.pane, Pane::Overview | Pane::Findings | Pane::Incident) {
            focus.front.extend(self.hurting());
        }
        for level in &self.levels {
            if let Level::Detail { key, .. } = level
                && let Some(resource) = key.resource()
                && resource.kind == Kind::EcsService
            {
                focus.details.insert(SourceKey {
                    scope: resource.scope.clone(),
                    source: Source::EcsTasks(resource.id.to_string()),
                });
                focus.details.extend(history_of(resource));
            }
            if let Level::Detail { key, .. } = level
                && let Some(resource) = key.resource()
            {
                focus.front.insert(resource.kind);
                focus.details.extend(versions_of(resource));
            }
            // What changed of a function are its versions, of a target group the deployments behind it.
            if let Level::Changes { of: Some(of), .. } = level {
                let mut told = beneath(&self.picture.inventory, of);
                told.push(of.clone());
                focus.details.extend(told.iter().filter_map(history_of));
                focus.details.extend(told.iter().filter_map(versions_of));
            }
        }
        crate::app::update::runs::attend(self, &mut focus);
        focus
            .details
            .extend(self.trails.iter().filter_map(|(resource, back)| {
                let scope = panes::scope_of(self, resource)?;
                Some(SourceKey {
                    scope: scope.name().clone(),
                    source: Source::Trail(Lookup::of(scope, resource, *back)),
                })
            }));
        if self.told.as_ref() == Some(&focus) {
            return None;
        }
        self.told = Some(focus.clone());
        Some(Effect::Focus(focus))
    }

    /// Says something at the bottom of the screen.
    pub fn say(&mut self, message: impl AsRef<str>, tone: crate::app::table::Tone) {
        self.notices.push_back(Notice::new(message, tone, self.now));
        while self.notices.len() > 3 {
            self.notices.pop_front();
        }
    }

    /// The first key of a command; `None` if the settings took it away.
    pub fn key_of(&self, command: Command) -> Option<Chord> {
        let entry = command.entry();
        let keys = self.setup.keymap.chords(entry.context.name(), entry.id);
        keys.into_iter().next()
    }

    /// The command of a chord, by what is in front.
    pub fn command_of(&self, chord: Chord) -> Option<Command> {
        let context = if matches!(self.levels.last(), Some(Level::Detail { .. })) {
            Context::Detail
        } else if matches!(self.levels.last(), Some(Level::Tail)) {
            Context::Logs
        } else {
            Context::Global
        };
        self.setup
            .keymap
            .command(context.name(), chord)
            .and_then(Command::of_id)
    }
}

/// The bindings that hold unless the settings say otherwise.
pub fn default_bindings() -> Vec<(&'static str, &'static str, &'static str)> {
    REGISTRY
        .iter()
        .flat_map(|entry| {
            // A command without a key is declared with an empty one, so that settings can bind it.
            let keys = if entry.keys.is_empty() { &[""] } else { entry.keys };
            keys.iter().map(move |key| (entry.context.name(), *key, entry.id))
        })
        .collect()
}
