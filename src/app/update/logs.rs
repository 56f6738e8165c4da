//! What commands and messages do to logs.

use jiff::{SignedDuration, Timestamp};

use crate::app::command::Command;
use crate::app::effect::{Effect, Effects};
use crate::app::logs::buffer::Way;
use crate::app::logs::job::Test;
use crate::app::logs::pattern::{Pattern, PatternError, check_filter_pattern};
use crate::app::logs::tail::{Follow, Tail, Wrap};
use crate::app::logs::window::Frame;
use crate::app::logs::{LogsEffect, LogsMsg, Looked, list, related};
use crate::app::overlay::{Overlay, Prompt, Purpose};
use crate::app::pane::Pane;
use crate::app::state::{Level, State};
use crate::app::table::{RowKey, Tone};
use crate::app::tables::Step;
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::logs::TailTarget;
use crate::domain::units::HumanDuration;

/// How far back a tail begins unless somebody says otherwise.
const SINCE: HumanDuration = HumanDuration::from_secs(15 * 60);
/// The furthest back that a tail may begin: CloudWatch would read for hours.
const MOST_SINCE: HumanDuration = HumanDuration::from_secs(14 * 86_400);
/// Columns of a step to the side.
const SIDESTEP: usize = 16;

/// Takes in what happened to logs.
pub(super) fn message(state: &mut State, msg: LogsMsg) -> Effects {
    let shown = is_in_front(state);
    let Some(tail) = &mut state.logs.tail else {
        return Effects::none();
    };
    match msg {
        LogsMsg::Lines {
            tail: id,
            lines,
            lost,
        } if id == tail.id => {
            tail.receive(&lines, lost, &mut state.logs.rates);
        }
        LogsMsg::State {
            tail: id,
            group,
            state: how,
        } if id == tail.id => {
            if let Some(before) = tail.note(group, how) {
                let refused = tail.pattern.clone().unwrap_or_default();
                tail.pattern = before;
                let effects = reopen(state);
                state.say(
                    format!("CloudWatch refuses the pattern {refused}: the old one stays"),
                    Tone::Warn,
                );
                return effects;
            }
        }
        LogsMsg::Found {
            tail: id,
            epoch,
            task,
            keys,
            end,
        } if id == tail.id => {
            if !tail.found((task, epoch), keys, end) {
                return Effects::none();
            }
        }
        LogsMsg::Lines { .. } | LogsMsg::State { .. } | LogsMsg::Found { .. } => return Effects::none(),
    }
    Effects {
        redraw: shown,
        list: Vec::new(),
    }
}

/// Whether the tail is what the user looks at.
pub(super) fn is_in_front(state: &State) -> bool {
    matches!(state.levels.last(), Some(Level::Tail))
}

/// Works the window out again, after anything that may have changed it.
pub(super) fn arrange(state: &mut State) {
    if !is_in_front(state) {
        return;
    }
    let zone = state.setup.zones[state.zone].zone.clone();
    if let Some(tail) = &mut state.logs.tail {
        tail.arrange(Frame {
            height: usize::from(state.geometry.body),
            width: usize::from(state.geometry.body_width),
            zone: &zone,
            now: state.picture.at,
        });
    }
}

/// Tells the engine whether somebody looks at the tail, once for each change.
pub(super) fn changed_look(state: &mut State) -> Option<Effect> {
    state.logs.tail.as_ref()?;
    let looked = if state.levels.iter().any(|level| matches!(level, Level::Tail)) {
        Looked::At
    } else {
        Looked::Away
    };
    if state.logs.told == Some(looked) {
        return None;
    }
    state.logs.told = Some(looked);
    Some(Effect::Logs(LogsEffect::Look(looked)))
}

/// A command while a tail is in front; `None` if it means there what it means elsewhere.
pub(super) fn command(state: &mut State, command: Command) -> Option<Effects> {
    let page = isize::try_from(state.geometry.body.saturating_sub(1).max(1)).unwrap_or(1);
    if matches!(command, Command::Back | Command::Close) {
        return Some(close(state));
    }
    if command == Command::Pin {
        return Some(super::incident::pin(state));
    }
    let tail = state.logs.tail.as_mut()?;
    match command {
        Command::Up => tail.step(Step::By(-1)),
        Command::Down => tail.step(Step::By(1)),
        Command::PageUp => tail.step(Step::By(-page)),
        Command::PageDown => tail.step(Step::By(page)),
        Command::First => tail.step(Step::First),
        Command::Last => tail.step(Step::Last),
        Command::Left => tail.left = tail.left.saturating_sub(SIDESTEP),
        Command::Right if tail.wrap == Wrap::Cut => tail.left += SIDESTEP,
        Command::Right => {}
        Command::Wrap => {
            tail.left = 0;
            tail.wrap = match tail.wrap {
                Wrap::Cut => Wrap::Wrapped,
                Wrap::Wrapped => Wrap::Cut,
            };
        }
        Command::Follow | Command::Pause => match tail.follow {
            Follow::End => tail.hold(),
            Follow::Held(_) => tail.follow_end(),
        },
        Command::NextError => {
            let said = ("no error below", Command::PreviousError, "goes up");
            return Some(jump(state, said, |tail| tail.to_error(Way::Forward)));
        }
        Command::PreviousError => {
            let said = ("no error above", Command::NextError, "goes down");
            return Some(jump(state, said, |tail| tail.to_error(Way::Backward)));
        }
        Command::NextMatch => {
            let said = ("no match below", Command::PreviousMatch, "goes up");
            return Some(jump(state, said, |tail| tail.to_hit(Way::Forward)));
        }
        Command::PreviousMatch => {
            let said = ("no match above", Command::NextMatch, "goes down");
            return Some(jump(state, said, |tail| tail.to_hit(Way::Backward)));
        }
        Command::Open => {
            if let Some(key) = tail.cursor {
                tail.hold();
                state.levels.push(Level::LogLine { key, scroll: 0 });
                state.rebuild_detail();
            }
        }
        Command::CopyId => {
            let text = tail
                .cursor
                .and_then(|key| tail.buffer.line(key))
                .map(|line| line.text.to_owned())?;
            state.say("copied the line", Tone::Plain);
            return Some(Effects::of(Effect::Copy(text)));
        }
        Command::Refresh => return Some(reopen(state)),
        Command::Search | Command::Filter => ask(state, Command::Search),
        Command::Include | Command::Exclude | Command::Since | Command::Pattern | Command::Save => {
            ask(state, command);
        }
        Command::Mark | Command::Sort | Command::SortReverse | Command::LogsOf => {}
        _ => return None,
    }
    Some(Effects::redraw())
}

/// Goes to what `go` looks for; where there is none that way, says so and which key looks the other way.
fn jump(
    state: &mut State,
    (none, back, way): (&str, Command, &str),
    go: impl FnOnce(&mut Tail) -> bool,
) -> Effects {
    let Some(tail) = &mut state.logs.tail else {
        return Effects::none();
    };
    let searching = tail.is_searching();
    if !go(tail) {
        let said = if searching {
            "still searching".to_owned()
        } else {
            match state.key_of(back) {
                Some(key) => format!("{none}: {key} {way}"),
                None => none.to_owned(),
            }
        };
        state.say(said, Tone::Muted);
    }
    Effects::redraw()
}

/// Asks for the argument of a command; the line begins with what holds now.
fn ask(state: &mut State, command: Command) {
    let Some(tail) = &state.logs.tail else { return };
    let now = match command {
        Command::Search => tail.search.as_ref().map(|search| search.text().to_owned()),
        Command::Since => Some(tail.since.to_string()),
        Command::Pattern => tail.pattern.clone(),
        _ => None,
    };
    let prompt = Prompt::new(Purpose::Argument(command), &now.unwrap_or_default());
    state.overlay = Some(Overlay::Prompt(prompt));
}

/// Takes the argument of a command.
pub(super) fn argument(state: &mut State, command: Command, text: &str) -> Effects {
    let Some(tail) = &mut state.logs.tail else {
        state.say("no logs are open", Tone::Muted);
        return Effects::redraw();
    };
    let outcome = match command {
        Command::Search => search(tail, text),
        Command::Include | Command::Exclude => narrow(tail, command, text),
        Command::Since => {
            return match text.parse::<HumanDuration>() {
                Ok(since) if since <= MOST_SINCE && since.0.is_positive() => {
                    tail.since = since;
                    reopen(state)
                }
                Ok(_) => said(state, format!("{text}: between 1s and {MOST_SINCE}")),
                Err(error) => said(state, error.to_string()),
            };
        }
        Command::Pattern => {
            if let Err(error) = check_filter_pattern(text) {
                return said(state, format!("{error}: the old pattern stays"));
            }
            let before = tail.pattern.take();
            tail.pattern = (!text.is_empty()).then(|| text.to_owned());
            let effects = reopen(state);
            if let Some(tail) = &mut state.logs.tail {
                tail.pattern_before = Some(before);
            }
            return effects;
        }
        Command::Save if text.is_empty() => return said(state, "nothing saved: no name"),
        Command::Save => {
            let job = tail.save(text);
            state.say(format!("saving to {text} …"), Tone::Muted);
            return Effects::of(Effect::Logs(LogsEffect::Save(job)));
        }
        _ => return Effects::redraw(),
    };
    match outcome {
        Ok(Some(effect)) => Effects::of(effect),
        Ok(None) => Effects::redraw(),
        Err(error) => said(state, format!("{error}: nothing changed")),
    }
}

fn said(state: &mut State, text: impl AsRef<str>) -> Effects {
    state.say(text, Tone::Warn);
    Effects::redraw()
}

fn search(tail: &mut Tail, text: &str) -> Result<Option<Effect>, PatternError> {
    let pattern = if text.is_empty() {
        None
    } else {
        Some(Pattern::new(text)?)
    };
    Ok(tail
        .set_search(pattern)
        .map(|job| Effect::Logs(LogsEffect::Find(job))))
}

/// Adds a pattern to those that include or exclude; without text takes them all away.
fn narrow(tail: &mut Tail, command: Command, text: &str) -> Result<Option<Effect>, PatternError> {
    let mut test: Test = tail.test.clone();
    let list = if command == Command::Include {
        &mut test.include
    } else {
        &mut test.exclude
    };
    if text.is_empty() {
        list.clear();
    } else {
        let pattern = Pattern::new(text)?;
        if !list.contains(&pattern) {
            list.push(pattern);
        }
    }
    Ok(tail.set_test(test).map(|job| Effect::Logs(LogsEffect::Find(job))))
}

/// Opens what is marked in the list of groups, or what is selected.
pub(super) fn open_selected(state: &mut State) -> Effects {
    let is_group = |key: &&ResourceKey| key.kind == Kind::LogGroup;
    let marked: Vec<ResourceKey> = state
        .marks
        .iter()
        .filter_map(RowKey::resource)
        .filter(is_group)
        .cloned()
        .collect();
    let selected = state.view().selected().and_then(RowKey::resource).cloned();
    let keys = if marked.is_empty() {
        selected.into_iter().collect()
    } else {
        marked
    };
    let targets: Vec<TailTarget> = keys.iter().filter_map(|key| list::target(state, key)).collect();
    if targets.is_empty() {
        return said(state, "this log group is gone");
    }
    open(state, targets)
}

/// `l`: the groups that belong to what is selected.
pub(super) fn open_related(state: &mut State) -> Effects {
    let Some(key) = state.subject().and_then(RowKey::resource).cloned() else {
        return super::command::go(state, Pane::Logs);
    };
    match related::groups_of(state, &key) {
        Ok(targets) => open(state, targets),
        Err(why) => {
            state.say(why, Tone::Warn);
            Effects::redraw()
        }
    }
}

fn open(state: &mut State, mut targets: Vec<TailTarget>) -> Effects {
    if targets.len() > related::MOST_GROUPS {
        state.say(
            format!(
                "{} of {} groups: more take too long",
                related::MOST_GROUPS,
                targets.len()
            ),
            Tone::Warn,
        );
        targets.truncate(related::MOST_GROUPS);
    }
    state.levels.push(Level::Tail);
    let open_already = state
        .logs
        .tail
        .as_ref()
        .is_some_and(|tail| tail.targets == targets);
    if open_already {
        return Effects::redraw();
    }
    let now = state.picture.at;
    let usual = state.logs.tail.as_ref().map_or(SINCE, |tail| tail.since);
    // What is of one build begins where the build did, however long ago.
    let began = targets
        .iter()
        .filter_map(|target| target.stream.as_ref()?.began_at)
        .min();
    let since = began.map_or(usual, |began| since_beginning(began, now));
    state.logs.opened += 1;
    state.logs.told = Some(Looked::At);
    let tail = Tail::new(state.logs.opened, targets, since, state.picture.at);
    state.logs.tail = Some(tail);
    tell(state)
}

/// Begins the same tail anew: from another time, or with another pattern.
fn reopen(state: &mut State) -> Effects {
    let Some(old) = state.logs.tail.take() else {
        return Effects::none();
    };
    state.logs.opened += 1;
    let mut tail = Tail::new(state.logs.opened, old.targets, old.since, state.picture.at);
    tail.pattern = old.pattern;
    tail.wrap = old.wrap;
    // Both hold for the lines that are still to come; no job is needed over none.
    let jobs = (tail.set_test(old.test), tail.set_search(old.search));
    state.logs.tail = Some(tail);
    let mut effects = tell(state);
    for job in [jobs.0, jobs.1].into_iter().flatten() {
        effects.list.push(Effect::Logs(LogsEffect::Find(job)));
    }
    effects
}

/// How far back a beginning lies: in whole minutes, with one more for clocks that differ.
fn since_beginning(began: Timestamp, now: Timestamp) -> HumanDuration {
    let minutes = now.duration_since(began).as_mins().max(0) + 2;
    let since = SignedDuration::from_mins(minutes);
    HumanDuration(since.min(MOST_SINCE.0))
}

fn tell(state: &State) -> Effects {
    let Some(tail) = &state.logs.tail else {
        return Effects::none();
    };
    Effects::of(Effect::Logs(LogsEffect::Open {
        tail: tail.id,
        targets: tail.targets.clone(),
        from: tail.from,
        pattern: tail.pattern.clone(),
    }))
}

/// One level back from a tail: it ends.
fn close(state: &mut State) -> Effects {
    state.levels.pop();
    state.logs.tail = None;
    state.logs.told = None;
    state.rebuild();
    Effects::of(Effect::Logs(LogsEffect::Close))
}
