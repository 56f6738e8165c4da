//! `--open ID`: waits for a resource to arrive and goes to it. It gives up aloud once everything has
//! been read without it, after a while, or when the user goes elsewhere.

use jiff::{SignedDuration, Timestamp};

use crate::app::notice::Notice;
use crate::app::pane::Pane;
use crate::app::panes;
use crate::app::state::{Level, State};
use crate::app::table::{RowKey, Tables, Tone};
use crate::app::update::{go, runs};
use crate::domain::focus::Probing;
use crate::domain::gpu::{Vendor, vendor_of};
use crate::domain::ids::{Kind, ResourceKey, last_segment};
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::rules;
use crate::domain::text;

/// How long a resource is waited for: most estates are read in a few seconds, and who has waited that
/// long has begun to read something else.
const PATIENCE: SignedDuration = SignedDuration::from_secs(30);

/// A resource that is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Its id or name, safe for a terminal.
    pub wanted: String,
    /// Until when, by the wall clock.
    pub until: Timestamp,
}

/// Begins to wait.
pub(super) fn begin(state: &mut State, wanted: &str) {
    let wanted = text::clean(wanted).into_owned();
    let until = state.now.saturating_add(PATIENCE).unwrap_or(Timestamp::MAX);
    // The notice stays as long as the wait, and its end is when the console wakes.
    state.notices.push_back(Notice {
        until,
        ..Notice::new(waiting(&wanted), Tone::Plain, state.now)
    });
    state.opening = Some(Opening { wanted, until });
}

/// Goes to the resource if it has arrived; says so if it cannot any more.
pub(super) fn look(state: &mut State) {
    let Some(opening) = state.opening.clone() else {
        return;
    };
    match find(state, &opening.wanted) {
        Found::One(pane, key) => {
            end(state);
            let resource = key.resource().cloned();
            go(state, pane);
            let tables = std::mem::take(&mut state.tables);
            state.views.entry(pane).or_default().select(&tables, key.clone());
            state.tables = tables;
            state.levels.clear();
            let run = match &key {
                RowKey::Run(run) => Some(run.clone()),
                _ => None,
            };
            // The detail of a log group is its tail, which is a question of its own.
            if resource.is_some() && pane != Pane::Logs {
                state.levels.push(Level::Detail {
                    key,
                    scroll: 0,
                    reveal: false,
                });
            }
            state.rebuild();
            if let Some(run) = run {
                runs::open(state, run);
            }
        }
        Found::Several(count) => {
            end(state);
            let words = format!(
                "open {}: {count} resources are called so; give the id",
                opening.wanted
            );
            state.say(words, Tone::Warn);
        }
        Found::Nothing
            if state.runs.heads.is_some()
                && state.runs.books.is_some()
                && state.picture.inventory.shown().all(|scope| is_read(state, scope)) =>
        {
            give_up(state);
        }
        Found::Nothing => {}
    }
}

/// Gives up when time is up; tells whether it did.
pub(super) fn tick(state: &mut State) -> bool {
    let is_late = state
        .opening
        .as_ref()
        .is_some_and(|opening| opening.until <= state.now);
    if is_late {
        give_up(state);
    }
    is_late
}

/// The user goes elsewhere: nobody is taken from there.
pub(super) fn leave(state: &mut State) {
    end(state);
}

fn end(state: &mut State) {
    if let Some(opening) = state.opening.take() {
        let waiting = waiting(&opening.wanted);
        state.notices.retain(|notice| notice.text != waiting);
    }
}

fn waiting(wanted: &str) -> String {
    format!("waiting for {wanted} to be read …")
}

fn give_up(state: &mut State) {
    let Some(opening) = state.opening.clone() else {
        return;
    };
    end(state);
    let unread: Vec<String> = state
        .picture
        .inventory
        .shown()
        .flat_map(|scope| {
            let faults = rules::sources()
                .filter(|source| source.lists_kind() || *source == Source::Identity)
                .filter_map(|source| Some((source.kind(), scope.standing(&source).failing?)));
            faults.map(|(kind, failing)| format!("{} {}", kind.short(), failing.fault.word()))
        })
        .collect();
    let why = match unread.as_slice() {
        [] => String::new(),
        [first, ..] => format!("; not read: {first}"),
    };
    let words = format!("open {}: not found here{why}", opening.wanted);
    state.say(words, Tone::Warn);
}

enum Found {
    One(Pane, RowKey),
    Several(usize),
    Nothing,
}

/// The row of the resource, by its id before its name.
fn find(state: &mut State, wanted: &str) -> Found {
    let shown = (state.pane, std::mem::take(&mut state.tables));
    let mut by_name: Vec<(Pane, RowKey)> = Vec::new();
    let mut by_id = None;
    for &pane in Pane::ALL {
        // What stands there stands in another pane too.
        if matches!(
            pane,
            Pane::Overview | Pane::Findings | Pane::Recovery | Pane::Incident
        ) {
            continue;
        }
        state.pane = pane;
        let tables: Tables = panes::build(state);
        for row in tables.sections.iter().flat_map(|section| &section.rows) {
            let key = match &row.key {
                RowKey::Resource(key) => key,
                RowKey::Run(run) if run.0 == wanted => {
                    by_id = by_id.or_else(|| Some((pane, row.key.clone())));
                    continue;
                }
                RowKey::Runbook(name, false) if name == wanted => {
                    by_name.push((pane, row.key.clone()));
                    continue;
                }
                _ => continue,
            };
            if *key.id == *wanted {
                by_id = by_id.or_else(|| Some((pane, row.key.clone())));
            } else if is_called(key, wanted) || row.cells.get(1).is_some_and(|cell| cell.text == wanted) {
                by_name.push((pane, row.key.clone()));
            }
        }
    }
    (state.pane, state.tables) = shown;
    // What scales a service is called like it, and nobody means it before the service itself.
    let is_beside = |key: &RowKey| key.resource().is_some_and(|one| one.kind == Kind::ScalableTarget);
    if by_name.iter().any(|(_, key)| !is_beside(key)) {
        by_name.retain(|(_, key)| !is_beside(key));
    }
    match (by_id, by_name.len()) {
        (Some((pane, key)), _) => Found::One(pane, key),
        (None, 0) => Found::Nothing,
        (None, 1) => {
            let (pane, key) = by_name.swap_remove(0);
            Found::One(pane, key)
        }
        (None, count) => Found::Several(count),
    }
}

fn is_called(key: &ResourceKey, name: &str) -> bool {
    last_segment(&key.id) == name
}

/// Whether everything that is listed of a scope has been read, or failed to be.
fn is_read(state: &State, scope: &ScopeState) -> bool {
    if scope.standing(&Source::Identity).failing.is_some() {
        return true;
    }
    let probes = state.setup.probing == Probing::Yes
        && scope.instances.get().into_iter().flatten().any(|instance| {
            instance.is_running() && vendor_of(&instance.instance_type) == Some(Vendor::Nvidia)
        });
    let mut leaders = state.picture.inventory.account_leaders();
    let leads = leaders.any(|leader| leader.name() == scope.name());
    rules::sources()
        .filter(Source::lists_kind)
        .filter(|source| probes || *source != Source::GpuProbe)
        // What is the account's is collected in one of its scopes; some of it can be opened by id.
        .filter(|source| match source {
            Source::Buckets | Source::Distributions | Source::Dns => leads,
            other => !other.is_account_wide(),
        })
        .all(|source| scope.standing(&source).is_settled())
}
