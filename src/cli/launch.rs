//! From flags, settings and estate files to what runs: scopes, policies, clocks, and which cloud.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::app::state::{Environment as Frame, Setup, WriteState, Zone};
use crate::cli::global::Global;
use crate::cli::preferences::Preferences;
use crate::cli::scopes;
use crate::cloud::Cloud;
use crate::cloud::demo::{
    self, FileLog, Keep, MemoryLog, OpenError, Opening, Past, Scenario, World, Worlds, WriteLog,
};
use crate::cloud::read_only::ReadOnlySwitch;
use crate::config::estate::{self, Estate, Loaded};
use crate::config::settings::{Notice, RunbookSettings};
use crate::console::runs::Kit;
use crate::console::session::Session;
use crate::domain::diagnostic::Severity;
use crate::domain::focus::Probing;
use crate::domain::glob::Glob;
use crate::domain::policy::{self, Policy, Selection};
use crate::domain::region_zone;
use crate::domain::rules::{self, Policies, Terms};
use crate::domain::scope::Scope;
use crate::engine::clock::{Clocks, SPEEDS, ScaledClock, SystemClock};
use crate::engine::collector::Assess;
use crate::engine::cost_cache::{CostCache, FileCostCache};
use crate::engine::environment::Environment;
use crate::engine::host::{EngineHost, MakeCloud};
use crate::engine::incident::IncidentStore;
use crate::engine::run::who::{self, Seat};
use crate::engine::run::{RunStore, Sites, StateFolder};
use crate::engine::runbooks::Runbooks;
use crate::engine::schedule::Wishes;
use crate::headless::Job;
use crate::headless::job::DEADLINE;
use crate::headless::out::complain;
use crate::headless::spend::Paid;
use crate::runbook::action::Allowances;

/// Something is wrong with what the user asked for: exit code 2.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// Which cloud is to be made.
#[derive(Debug, Clone)]
pub enum Place {
    /// AWS, or anything that speaks its protocols.
    Aws {
        /// Every service's endpoint.
        endpoint_url: Option<String>,
        /// SSM documents of the estate that may be run as GPU probe.
        probe_documents: Vec<String>,
        /// What runbooks may run.
        runbooks: RunbookSettings,
    },
    /// Simulated estates.
    Demo {
        /// Which, and what goes wrong.
        settings: demo::Settings,
        /// What remembers its writes.
        log: Arc<dyn WriteLog>,
    },
}

/// What a build says that was made without the adapter.
pub const NO_AWS: &str = "this build knows no AWS: `cargo build --release` makes one that does (this one was made with \
     --no-default-features); `qd --demo` needs none, nor credentials, and works in this one too";

/// Makes the cloud of a place. Only `main` knows how.
pub type Maker = fn(&Place, Arc<ReadOnlySwitch>, Arc<EngineHost>) -> anyhow::Result<Arc<dyn Cloud>>;

/// Everything that the console and the headless commands start from.
pub struct Launch {
    /// The estate's name, or the demo's.
    pub title: Option<String>,
    /// What the frame's colour says.
    pub frame: Frame,
    /// The switch that every change asks.
    pub read_only: Arc<ReadOnlySwitch>,
    /// Whether the console may ask GPU hosts.
    pub probing: Probing,
    /// What the console starts on.
    pub open: Option<String>,
    /// The zone that somebody chose for times; else the machine's.
    pub time_zone: Option<TimeZone>,
    /// Accounts and regions.
    pub scopes: Vec<Arc<Scope>>,
    /// What counts as wrong where.
    pub policies: Arc<Policies>,
    /// The estate's own policy, or the default.
    pub policy: Arc<Policy>,
    /// The estate's file, if there is one.
    pub estate: Option<Estate>,
    /// Both clocks.
    pub clocks: Clocks,
    /// Which cloud.
    pub place: Place,
    /// How it is made.
    pub maker: Maker,
    /// What the user prefers, and what the environment says.
    pub preferences: Arc<Preferences>,
    /// What the collector goes by.
    pub wishes: Wishes,
    /// What is doubtful about the estate's file.
    pub doubts: Option<Notice>,
    /// What the user should know before the rest.
    pub notices: Vec<String>,
    /// How many times faster than the machine's the cloud's clock runs.
    pub speed: f64,
    /// How this program is called again for the same place.
    pub again: Vec<String>,
}

impl Launch {
    /// What the operator's settings allow runbooks.
    pub fn allowances(&self) -> Allowances {
        let settings = &self.preferences.settings.runbooks;
        Allowances {
            programs: settings.programs.clone(),
            documents: settings.documents.clone(),
        }
    }

    /// Works out what the flags and settings mean.
    pub fn of(global: &Global, preferences: &Arc<Preferences>, maker: Maker) -> Result<Self, Usage> {
        let loaded = loaded(preferences)?;
        let doubts = loaded.as_ref().and_then(doubts);
        let estate = loaded.map(|loaded| loaded.estate);
        let settings = &preferences.settings;
        let mut launch = match global.demo {
            Some(worlds) => Self::demo(global, worlds, estate, preferences, maker)?,
            None => Self::aws(global, estate, preferences, maker)?,
        };
        let read_only = match &launch.place {
            // Nothing that anybody pays for can be changed in the demo; with an estate it shows what the
            // estate is like.
            Place::Demo { .. } if launch.estate.is_none() => settings.access.is_read_only(false),
            Place::Demo { .. } | Place::Aws { .. } => {
                settings.access.is_read_only(launch.policy.read_only_default)
            }
        };
        launch.read_only = Arc::new(if read_only {
            ReadOnlySwitch::on()
        } else {
            ReadOnlySwitch::off()
        });
        if global.no_probe {
            launch.probing = Probing::No;
        }
        launch.again = global.again();
        launch.open.clone_from(&global.open);
        launch.doubts = doubts;
        launch.wishes = Wishes {
            selection: Arc::new(launch.estate.as_ref().map(selection).unwrap_or_default()),
            probe_document: launch
                .estate
                .as_ref()
                .and_then(|estate| estate.probe_document.clone()),
            probing: launch.probing,
            cadences: settings.cadences,
            policies: launch.policies.clone(),
        };
        launch.time_zone = settings
            .time_zone
            .as_ref()
            .map(|zone| zone.rules().clone())
            .or(launch.time_zone);
        Ok(launch)
    }

    fn aws(
        global: &Global,
        estate: Option<Estate>,
        preferences: &Arc<Preferences>,
        maker: Maker,
    ) -> Result<Self, Usage> {
        if global.scenario.is_some() {
            return Err(Usage("--scenario is for --demo".to_owned()));
        }
        if cfg!(not(feature = "aws")) {
            return Err(Usage(NO_AWS.to_owned()));
        }
        let scopes = match &estate {
            Some(estate) if global.profile.is_empty() && global.region.is_empty() => {
                scopes::of_estate(&estate.scopes)
            }
            _ => scopes::of_flags(global, &preferences.environment)?,
        };
        let policy = estate
            .as_ref()
            .map_or_else(Arc::default, |estate| Arc::new(estate.policy.clone()));
        let clock = Arc::new(SystemClock);
        Ok(Self {
            title: estate.as_ref().map(|estate| estate.name.clone()),
            frame: frame(policy.environment),
            read_only: Arc::new(ReadOnlySwitch::on()),
            probing: Probing::Yes,
            open: None,
            time_zone: estate
                .as_ref()
                .map(|estate| estate.policy.time_zone.rules().clone()),
            scopes,
            policies: Arc::new(Policies {
                otherwise: policy.clone(),
                ..Policies::default()
            }),
            policy,
            clocks: Clocks {
                cloud: clock.clone(),
                wall: clock,
            },
            place: Place::Aws {
                endpoint_url: global.endpoint_url.clone(),
                probe_documents: estate
                    .iter()
                    .filter_map(|estate| estate.probe_document.clone())
                    .collect(),
                runbooks: preferences.settings.runbooks.clone(),
            },
            estate,
            maker,
            preferences: preferences.clone(),
            wishes: Wishes::default(),
            doubts: None,
            notices: Vec::new(),
            speed: 1.0,
            again: Vec::new(),
        })
    }

    fn demo(
        global: &Global,
        worlds: Worlds,
        estate: Option<Estate>,
        preferences: &Arc<Preferences>,
        maker: Maker,
    ) -> Result<Self, Usage> {
        let scenario = global.scenario.unwrap_or(Scenario::Everyday);
        let speed = global.speed;
        if !SPEEDS.contains(&speed) {
            return Err(Usage(format!(
                "--speed {speed}: a number from {} to {} is needed",
                SPEEDS.start(),
                SPEEDS.end()
            )));
        }
        let worlds = worlds_of(global, worlds, estate.as_ref())?;
        let kept = keep_demo(global, scenario, preferences)?;
        let scopes: Vec<Arc<Scope>> = demo::scopes(worlds).into_iter().map(Arc::new).collect();
        // The estate that was asked for decides; without one, each world's own.
        let mut policies = Policies {
            otherwise: estate
                .as_ref()
                .map_or_else(Arc::default, |estate| Arc::new(estate.policy.clone())),
            ..Policies::default()
        };
        for scope in scopes.iter().filter(|_| estate.is_none()) {
            if let Some(policy) = scope.profile.as_deref().and_then(shipped_policy) {
                policies.of_scope.insert(scope.name.clone(), Arc::new(policy));
            }
        }
        let policy = match (&estate, scopes.as_slice()) {
            (Some(estate), _) => Arc::new(estate.policy.clone()),
            (None, [one]) => policies.of_scope.get(&one.name).cloned().unwrap_or_default(),
            (None, _) => Arc::new(Policy {
                time_zone: zone_of_all_worlds(),
                ..Policy::default()
            }),
        };
        Ok(Self {
            title: Some(estate.as_ref().map_or_else(
                || demo::estate_name(worlds).to_owned(),
                |estate| estate.name.clone(),
            )),
            frame: estate
                .as_ref()
                .map_or(Frame::Demo, |estate| frame(estate.policy.environment)),
            read_only: Arc::new(ReadOnlySwitch::on()),
            probing: Probing::Yes,
            open: None,
            time_zone: Some(policy.time_zone.rules().clone()),
            scopes,
            policies: Arc::new(policies),
            policy,
            estate,
            clocks: Clocks {
                cloud: Arc::new(ScaledClock::new(kept.now, speed)),
                wall: Arc::new(SystemClock),
            },
            place: Place::Demo {
                settings: demo::Settings {
                    worlds,
                    scenario,
                    seed: global.seed,
                    epoch: kept.epoch,
                },
                log: kept.log,
            },
            maker,
            preferences: preferences.clone(),
            wishes: Wishes::default(),
            doubts: None,
            notices: kept.notices,
            speed,
            again: Vec::new(),
        })
    }

    /// Says on standard error what is doubtful about the estate's file.
    pub fn tell(&self) {
        if let Some(doubts) = &self.doubts {
            complain(&doubts.detail);
        }
    }

    /// How findings are made of what is known.
    pub fn assess(&self) -> Assess {
        let policies = self.policies.clone();
        Arc::new(move |inventory, now| {
            rules::evaluate(
                inventory,
                &Terms {
                    policies: &policies,
                    session: &[],
                },
                now,
            )
        })
    }

    /// How the cloud is made, once the engine has a host for it.
    pub fn cloud(&self) -> MakeCloud {
        let (place, read_only, maker) = (self.place.clone(), self.read_only.clone(), self.maker);
        Box::new(move |host| maker(&place, read_only, host))
    }

    /// What remembers the answers of Cost Explorer: nothing in the demo, which is free.
    fn cost_cache(&self, paid: Paid) -> Option<Arc<dyn CostCache>> {
        let Place::Aws { endpoint_url, .. } = &self.place else {
            return None;
        };
        let endpoint = endpoint_url
            .clone()
            .or_else(|| self.preferences.environment.variable("AWS_ENDPOINT_URL"));
        let cache = FileCostCache::new(&self.preferences.state_dir()?, endpoint.as_deref());
        Some(Arc::new(match paid {
            Paid::Reuse => cache,
            Paid::Renew => cache.renewing(),
        }))
    }

    /// What a headless command starts from; what the user should know is said here.
    pub fn job(&self, paid: Paid) -> Job {
        for notice in &self.notices {
            complain(&format!("qd: {notice}"));
        }
        Job {
            scopes: self.scopes.clone(),
            policies: self.policies.clone(),
            clocks: self.clocks.clone(),
            assess: self.assess(),
            cloud: self.cloud(),
            cost_cache: self.cost_cache(paid),
            runs: self.run_folder().as_ref().map(RunStore::new),
            wishes: self.wishes.clone(),
            // Nobody waits longer, or shorter, because the demo's time runs fast.
            deadline: DEADLINE.mul_f64(self.speed),
        }
    }

    /// The zone of times that are printed, and its short name.
    pub fn zone(&self) -> (TimeZone, String) {
        let zone = self.time_zone.clone().unwrap_or_else(TimeZone::system);
        let name = zone
            .to_offset_info(self.clocks.wall.now())
            .abbreviation()
            .to_owned();
        (zone, name)
    }

    /// A session of the console.
    pub fn console(&self) -> Result<Session, Usage> {
        let preferences = &self.preferences;
        let write = if self.read_only.is_on() {
            WriteState::ReadOnly
        } else {
            WriteState::ReadWrite
        };
        Ok(Session {
            setup: Setup {
                estate: self.title.clone(),
                environment: self.frame,
                write,
                zones: self.zones(),
                monthly_budget: self.policy.monthly_budget_usd,
                pinned_logs: self.pinned_logs(),
                probing: self.probing,
                open: self.open.clone(),
                keymap: preferences.keymap.clone(),
                themes: preferences
                    .themes
                    .iter()
                    .map(|theme| theme.name.clone())
                    .collect(),
                again: self.again.clone(),
                reach: self.run_folder().map(|folder| folder.reach),
                policies: self.policies.clone(),
                who: self.who(),
                notices: preferences
                    .notices
                    .iter()
                    .chain(&self.doubts)
                    .map(|notice| notice.headline.clone())
                    .chain(self.notices.iter().cloned())
                    .collect(),
            },
            styles: preferences.styles(preferences.settings.theme.as_deref())?,
            every_style: preferences.every_style(),
            read_only: self.read_only.clone(),
            scopes: self.scopes.clone(),
            clocks: self.clocks.clone(),
            assess: self.assess(),
            cloud: self.cloud(),
            cost_cache: self.cost_cache(Paid::Reuse),
            wishes: self.wishes.clone(),
            in_tmux: preferences.environment.in_tmux(),
            kit: self.kit(),
            folder: self.run_folder(),
            records: self.records(),
            allowed: self.allowances(),
        })
    }

    /// Who this is, for records: `user@host`.
    fn who(&self) -> String {
        let who = who::here(&self.preferences.environment, Seat::Console, "");
        format!("{}@{}", who.user, who.host)
    }

    /// Where runs, locks and records are kept.
    pub fn run_folder(&self) -> Option<StateFolder> {
        run_folder(&self.preferences, matches!(self.place, Place::Demo { .. }))
    }

    /// Records of incidents, and the runs that they tell of; `None` without a folder for them. A demo's
    /// scenario has its own.
    pub fn records(&self) -> Option<(IncidentStore, RunStore)> {
        let folder = self.run_folder()?;
        let store = match &self.place {
            Place::Aws { .. } => IncidentStore::new(&folder),
            Place::Demo { settings, .. } => {
                let world = demo::estate_name(settings.worlds);
                IncidentStore::of_demo(&folder, world, settings.scenario.name())
            }
        };
        Some((store, RunStore::new(&folder)))
    }

    /// What runs of the console need.
    fn kit(&self) -> Kit {
        let preferences = &self.preferences;
        Kit {
            runbooks: Runbooks::new(
                estate_file(preferences).as_deref(),
                preferences.environment.config_dir().as_deref(),
            ),
            sites: self.sites(),
            environment: preferences.environment.clone(),
            again: self.again.clone(),
        }
    }

    /// What runs are for.
    pub fn sites(&self) -> Sites {
        Sites {
            scopes: self.scopes.clone(),
            policies: self.policies.clone(),
            estate: self.estate_of_runs(),
            selection: self.wishes.selection.clone(),
        }
    }

    /// The estate that plans name: a world of the demo is one of its own.
    fn estate_of_runs(&self) -> Option<String> {
        let world = || match (&self.place, self.scopes.as_slice()) {
            (Place::Demo { .. }, [one]) => one.profile.clone(),
            _ => None,
        };
        self.estate
            .as_ref()
            .map(|estate| estate.name.clone())
            .or_else(world)
    }

    /// Log groups that the estate wants on top; in the demo those of the shown worlds' estates.
    fn pinned_logs(&self) -> Vec<Glob> {
        if let Some(estate) = &self.estate {
            return estate.log_groups.clone();
        }
        let is_shown = |name: &str| {
            matches!(self.place, Place::Demo { .. })
                && self
                    .scopes
                    .iter()
                    .any(|scope| scope.profile.as_deref() == Some(name))
        };
        estate::SHIPPED
            .iter()
            .filter(|(name, _)| is_shown(name))
            .filter_map(|(name, text)| estate::parse(name, text.as_bytes()).ok())
            .flat_map(|loaded| loaded.estate.log_groups)
            .collect()
    }

    /// The chosen zone, then the machine's, then UTC, then those of the regions.
    fn zones(&self) -> Vec<Zone> {
        let now = self.clocks.wall.now();
        let of_regions = self
            .scopes
            .iter()
            .filter_map(|scope| region_zone::of(scope.region.as_str()))
            .filter_map(|name| policy::Zone::named(name).ok())
            .map(|zone| zone.rules().clone());
        let mut zones: Vec<Zone> = Vec::new();
        for zone in [self.zone().0, TimeZone::system(), TimeZone::UTC]
            .into_iter()
            .chain(of_regions)
        {
            let info = zone.to_offset_info(now);
            let label = info.abbreviation().to_owned();
            // Two names of the same hours are one zone to whoever reads them now.
            let is_known = |known: &Zone| {
                known.label == label && known.zone.to_offset_info(now).offset() == info.offset()
            };
            if !zones.iter().any(is_known) {
                zones.push(Zone { label, zone });
            }
        }
        zones
    }
}

/// The worlds of a demo: an estate that is named like one chooses it, unless one was given. Fails if
/// the estate of the command line is of another world than the one given.
/// The policy of an estate that is shipped.
fn shipped_policy(name: &str) -> Option<Policy> {
    let (name, text) = estate::SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
    let loaded = estate::parse(name, text.as_bytes()).ok()?;
    Some(loaded.estate.policy)
}

/// The zone in which most of them are looked at.
fn zone_of_all_worlds() -> policy::Zone {
    policy::Zone::named("Asia/Seoul").unwrap_or_else(|_| policy::Zone::utc())
}

/// The zone of the estate at hand, for what asks no cloud; `None` if there is no estate. One that cannot
/// be read is for commands to refuse that need it.
pub fn estate_zone(global: &Global, preferences: &Preferences) -> Option<TimeZone> {
    let own = loaded(preferences).ok().flatten();
    let zone = match (own, global.demo) {
        (Some(loaded), _) => loaded.estate.policy.time_zone,
        (None, Some(Worlds::One(world))) => shipped_policy(world.name())?.time_zone,
        (None, Some(Worlds::All)) => zone_of_all_worlds(),
        (None, None) => return None,
    };
    Some(zone.rules().clone())
}

fn worlds_of(global: &Global, worlds: Worlds, estate: Option<&Estate>) -> Result<Worlds, Usage> {
    let own = estate.and_then(|estate| estate.name.parse::<World>().ok());
    match (worlds, own) {
        (Worlds::All, Some(own)) => Ok(Worlds::One(own)),
        (Worlds::One(given), Some(own)) if given != own && global.estate.is_some() => Err(Usage(format!(
            "--demo={} --estate {}: the estate is in another world; `--demo` alone chooses its own",
            given.name(),
            own.name()
        ))),
        (worlds, _) => Ok(worlds),
    }
}

/// A demo, and what remembers it.
struct Kept {
    log: Arc<dyn WriteLog>,
    epoch: Timestamp,
    now: Timestamp,
    notices: Vec<String>,
}

/// Finds the demo where it was left, in the folder that was named or below the state folder. Where
/// nobody named one and none can be used, the demo is forgotten with the process.
fn keep_demo(global: &Global, scenario: Scenario, preferences: &Preferences) -> Result<Kept, Usage> {
    let wall = Timestamp::now();
    let forgetful = |notices| Kept {
        log: Arc::new(MemoryLog::default()),
        epoch: wall,
        now: wall,
        notices,
    };
    let below = || preferences.state_dir().map(|state| state.join(demo::FOLDER));
    let Some(dir) = global.demo_dir.clone().or_else(below) else {
        return Ok(forgetful(Vec::new()));
    };
    let keep = Keep {
        dir,
        scenario,
        seed: global.seed,
        forgotten_after: global.demo_dir.is_none().then_some(demo::FORGOTTEN_AFTER),
    };
    let opening = Opening {
        wall,
        speed: global.speed,
        past: if global.demo_fresh {
            Past::Forgotten
        } else {
            Past::Kept
        },
    };
    match FileLog::open(&keep, opening) {
        Ok(opened) => Ok(Kept {
            log: Arc::new(opened.log),
            epoch: opened.epoch,
            now: opened.now,
            notices: opened.notices,
        }),
        Err(OpenError::Unusable(error)) if global.demo_dir.is_none() => Ok(forgetful(vec![format!(
            "what is changed in the demo is forgotten at its end: {error}"
        )])),
        Err(error) => Err(Usage(error.to_string())),
    }
}

fn frame(environment: policy::Environment) -> Frame {
    match environment {
        policy::Environment::Prod => Frame::Prod,
        policy::Environment::Staging => Frame::Staging,
        policy::Environment::Dev => Frame::Dev,
        policy::Environment::Unknown => Frame::Unknown,
    }
}

/// What belongs to an estate: what its file selects, and what the file names elsewhere as its own.
fn selection(estate: &Estate) -> Selection {
    let mut selection = estate.selection.clone();
    if !selection.is_everything() {
        let queues = estate.policy.work_queues.iter();
        selection
            .names
            .extend(queues.map(|queue| Glob::new(&queue.queue)));
        selection.names.extend(estate.log_groups.iter().cloned());
    }
    selection
}

/// What is doubtful about an estate's file: a line for the console, all of it for a terminal.
fn doubts(loaded: &Loaded) -> Option<Notice> {
    let report = loaded.warnings();
    let more = match report.count(Severity::Warning) {
        0 | 1 => String::new(),
        count => format!(" (and {} more; `qd status` prints them)", count - 1),
    };
    Some(Notice {
        headline: format!("{}{more}", report.headline()?),
        detail: report.to_string(),
    })
}

/// The estate's file that the settings name, if it is one on disk.
pub fn estate_file(preferences: &Preferences) -> Option<PathBuf> {
    let name = preferences.settings.estate.as_deref()?;
    estate_places(name, &preferences.environment)
        .into_iter()
        .find(|place| place.is_file())
}

/// Where an estate's file may be.
fn estate_places(name: &str, environment: &Environment) -> Vec<PathBuf> {
    let mut places = vec![PathBuf::from(name)];
    if !name.contains('/') {
        places.push(PathBuf::from(format!("estates/{name}.yaml")));
        places.extend(
            environment
                .config_dir()
                .map(|dir| dir.join("estates").join(format!("{name}.yaml"))),
        );
    }
    places
}

/// An estate file by path, or by name in `./estates`, the configuration folder, or among those
/// that are compiled in.
fn load_estate(name: &str, environment: &Environment) -> Result<Loaded, Usage> {
    let places = estate_places(name, environment);
    for place in &places {
        match std::fs::read(place) {
            Ok(bytes) => return parse_estate(&place.to_string_lossy(), &bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Usage(format!("{}: {error}", place.display()))),
        }
    }
    if let Some((shipped, text)) = estate::SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
        return parse_estate(shipped, text.as_bytes());
    }
    let looked: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
    let shipped: Vec<&str> = estate::SHIPPED.iter().map(|(name, _)| *name).collect();
    Err(Usage(format!(
        "no estate {name}: looked for {}; compiled in are {}",
        looked.join(", "),
        shipped.join(", ")
    )))
}

fn parse_estate(name: &str, bytes: &[u8]) -> Result<Loaded, Usage> {
    let now = Timestamp::now();
    match estate::parse(name, bytes) {
        Ok(mut loaded) => {
            let rules: Vec<&str> = rules::ALL.iter().map(|rule| rule.id).collect();
            loaded.check_rules(&rules);
            loaded.check_dates(now);
            Ok(loaded)
        }
        Err(report) => Err(Usage(report.to_string())),
    }
}

/// The estate of the settings, if there is one.
pub fn estate(preferences: &Preferences) -> Result<Option<Estate>, Usage> {
    Ok(loaded(preferences)?.map(|loaded| loaded.estate))
}

fn loaded(preferences: &Preferences) -> Result<Option<Loaded>, Usage> {
    let name = preferences.settings.estate.as_deref();
    name.map(|name| load_estate(name, &preferences.environment))
        .transpose()
}

/// Where runs and locks are kept: those of a demo apart, below the folder of demos.
pub fn run_folder(preferences: &Preferences, is_demo: bool) -> Option<StateFolder> {
    let folder = StateFolder::choose(
        preferences.settings.state_dir.as_deref(),
        &preferences.environment,
    )?;
    Some(if is_demo {
        folder.below(demo::FOLDER)
    } else {
        folder
    })
}

/// UTC, for commands that print no times.
pub fn utc() -> (TimeZone, String) {
    (TimeZone::UTC, "UTC".to_owned())
}

/// Runs the console until the user leaves.
pub fn run_console(launch: &Launch) -> anyhow::Result<crate::console::session::Ending> {
    crate::console::session::run(launch.console()?)
}
