//! A run as lines: where it is, each step with each of its targets, guards, what happened last.

use crate::app::detail::{Block, Detail};
use crate::app::format;
use crate::app::runs::head::{Head, tone};
use crate::app::runs::prose;
use crate::app::runs::watched::{Said, Waiting, Watched};
use crate::app::state::State;
use crate::app::table::{Cell, Tone};
use crate::domain::changes;
use crate::domain::ids::Kind;
use crate::domain::text;
use crate::runbook::machine::{Fate, Ledger, Question};
use crate::runbook::plan::{Plan, Role as StepRole, Step, Work};
use crate::runbook::record::{Act, End, RunId, Status, Then};
use crate::runbook::tell::{self, Commands, Line, Role, Standing};
use jiff::Timestamp;

/// Columns from which on there is room for what happens to the affected services beside the run.
pub const BESIDE: u16 = 150;
/// Lines of what happened last, where it shares the screen with the steps.
const LAST: usize = 12;

/// Columns of the run, and of what happens beside it: none where there is no room for both.
pub const fn columns(width: u16) -> (u16, u16) {
    if width < BESIDE {
        (width, 0)
    } else {
        let beside = width * 2 / 5;
        (width - beside, beside)
    }
}

/// The run's view.
pub fn detail(state: &State, run: &RunId) -> Detail {
    let head = state.runs.head(run);
    let Some(watched) = state.runs.watched.get(run) else {
        return Detail {
            title: format!("run {run}"),
            blocks: vec![Block::Lines(vec![vec![
                Cell::new("reading its journal …").tone(Tone::Muted),
            ]])],
        };
    };
    let name = watched
        .runbook()
        .or(head.map(|head| head.runbook.as_str()))
        .unwrap_or("run");
    let title = format!("{} {run}", text::clean(name));
    let mut blocks = vec![Block::Lines(opening(state, watched, head))];
    if let Some(ledger) = &watched.ledger {
        let mut lines = Vec::new();
        let standings = tell::standings(ledger);
        for (index, step) in ledger.plan().steps.iter().enumerate() {
            step_lines(state, watched, (index, step), (&standings, &mut lines));
        }
        if !ledger.plan().verify.is_empty() {
            lines.push(verify_line(watched, ledger));
        }
        blocks.push(Block::Heading("steps".to_owned()));
        blocks.push(Block::Lines(lines));
        let guards = guards(watched, ledger);
        if !guards.is_empty() {
            blocks.push(Block::Heading("guards".to_owned()));
            blocks.push(Block::Lines(guards));
        }
    }
    let width = usize::from(columns(state.geometry.body_width).0);
    let closing = closing(state, watched, head);
    if !closing.is_empty() {
        blocks.push(Block::Heading("what it came to".to_owned()));
        blocks.push(Block::Lines(closing));
    }
    let is_live = watched.is_ours() || head.is_some_and(Head::is_live);
    // What goes on is in sight at once; what is over is read from its beginning to its end.
    let most = if is_live { LAST * 2 } else { usize::MAX };
    let last = last(state, watched, (width, most));
    if !last.is_empty() {
        let title = if is_live { "last" } else { "journal, newest first" };
        blocks.push(Block::Heading(title.to_owned()));
        blocks.push(Block::Lines(last));
    }
    if state.geometry.body_width < BESIDE
        && let Some(ledger) = &watched.ledger
    {
        let events = events(state, ledger.plan());
        if !events.is_empty() {
            blocks.push(Block::Heading("what it touches".to_owned()));
            blocks.push(Block::Lines(events.into_iter().take(LAST).collect()));
        }
    }
    Detail { title, blocks }
}

/// What the run is and where it stands.
fn opening(state: &State, watched: &Watched, head: Option<&Head>) -> Vec<Vec<Cell>> {
    let mut lines = Vec::new();
    let status = shown_status(watched, head);
    let mut first = vec![Cell::new(status_words(watched, status)).tone(match status {
        Some(status) => tone(status),
        None => Tone::Muted,
    })];
    let began = watched
        .began
        .map(|at| at.wall)
        .or(head.map(|head| head.started_at));
    let ended = head.and_then(|head| head.ended_at);
    let is_over = !matches!(status, Some(Status::Running | Status::WaitingCredentials));
    if let Some(began) = began {
        let zone = &state.zone().zone;
        let mut words = format!("  began {}", format::clock(began, state.now, zone));
        let until = if is_over {
            ended.or_else(|| watched.last.back().map(|(at, _)| at.wall))
        } else {
            None
        };
        if let Some(until) = until {
            words = format!("{words}, took {}", format::span(until.duration_since(began)));
        }
        first.push(Cell::new(words).tone(Tone::Muted));
    }
    lines.push(first);
    if let Some(ledger) = &watched.ledger {
        let identity = &ledger.plan().identity;
        let mut place = vec![
            Cell::new(prose::place(identity)).tone(Tone::Strong),
            Cell::new(format!("  {}", identity.scope)).tone(Tone::Muted),
        ];
        if let Some((_, who, reason, _)) = ledger.started() {
            place.push(
                Cell::new(format!("  by {}@{} ({})", who.user, who.host, who.origin)).tone(Tone::Muted),
            );
            if let Some(reason) = reason {
                place.push(Cell::new(format!("  because {reason}")));
            }
        }
        lines.push(place);
    }
    if let Some(reason) = &watched.parked {
        lines.push(vec![
            Cell::new("waits for credentials and goes on by itself after a login: ").tone(Tone::Warn),
            Cell::new(reason),
        ]);
    }
    if let Some(holders) = &watched.waits_for_locks {
        lines.push(vec![
            Cell::new("waits for locks that others hold: ").tone(Tone::Warn),
            Cell::new(holders),
        ]);
    }
    if let Some(then) = watched.stopping {
        let words = match then {
            Then::Stop => "stopping: nothing more is begun, the call under way is waited for",
            Then::RollBack => "stopping, then taking back what was begun",
        };
        lines.push(vec![Cell::new(words).tone(Tone::Warn)]);
    }
    if let Some((_, question)) = &watched.asked {
        lines.push(vec![
            Cell::new("asks: ").tone(Tone::Warn),
            Cell::new(asked(question)),
            Cell::new("  Enter answers").tone(Tone::Accent),
        ]);
    }
    if let Some(why) = &watched.broke {
        lines.push(vec![
            Cell::new(format!("nothing more is known: {why}")).tone(Tone::Crit),
        ]);
    }
    if let Some(next) = watched.afterwards().first() {
        let more = watched.afterwards().len() - 1;
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let of = next
            .subject
            .as_ref()
            .map_or_else(String::new, |name| format!(" of {name}"));
        lines.push(vec![
            Cell::new("offered next: ").tone(Tone::Strong),
            Cell::new(format!("{}{of}{more}  ", next.runbook)),
            Cell::new("Enter opens it").tone(Tone::Accent),
        ]);
    }
    if !watched.is_ours()
        && let Some((why, what)) = head.and_then(ways)
    {
        lines.push(vec![
            Cell::new(why).tone(Tone::Warn),
            Cell::new(what).tone(Tone::Accent),
        ]);
    }
    lines
}

/// What a run that nobody drives needs of a person, and what Enter offers for it.
fn ways(head: &Head) -> Option<(&'static str, &'static str)> {
    let may_roll_back = head.takes_back;
    Some(match head.status {
        Status::Interrupted | Status::WaitingCredentials if !head.is_live() => (
            "nobody drives it: ",
            if may_roll_back {
                "Enter resumes it, rolls it back or gives it up"
            } else {
                "Enter resumes it or gives it up; nothing of it can be taken back"
            },
        ),
        Status::Partial => (
            "it is over, and something remains: ",
            if may_roll_back {
                "Enter rolls it back, or leaves it so for good"
            } else {
                "nothing of it can be taken back; Enter leaves it so for good"
            },
        ),
        Status::Abandoned if may_roll_back => ("it was given up: ", "Enter rolls it back"),
        Status::Interrupted
        | Status::WaitingCredentials
        | Status::Abandoned
        | Status::Running
        | Status::Succeeded
        | Status::Failed
        | Status::RolledBack => return None,
    })
}

/// What a person is asked, in a line.
pub fn asked(question: &Question) -> String {
    match question {
        Question::Confirm { .. } => "to confirm the plan".to_owned(),
        Question::RollBack { reason } => format!("take back what was begun? {reason}"),
        Question::Continue { step, message, .. } => format!("{step}: {message}"),
    }
}

/// The status by what knows best: the driver, the history, the journal alone.
pub fn shown_status(watched: &Watched, head: Option<&Head>) -> Option<Status> {
    if watched.is_ours() || watched.summary.is_some() {
        return watched.status();
    }
    head.map(|head| head.status).or_else(|| watched.status())
}

fn status_words(watched: &Watched, status: Option<Status>) -> String {
    let Some(status) = status else {
        return "beginning".to_owned();
    };
    let rolling = watched.ledger.as_ref().is_some_and(Ledger::is_rolling_back);
    match status {
        Status::Running if rolling => "running, rolling back".to_owned(),
        Status::Running
        | Status::Succeeded
        | Status::Failed
        | Status::RolledBack
        | Status::Partial
        | Status::WaitingCredentials
        | Status::Interrupted
        | Status::Abandoned => status.word().to_owned(),
    }
}

/// A step and each of its targets.
fn step_lines(
    state: &State,
    watched: &Watched,
    (index, step): (usize, &Step),
    (standings, lines): (&[Standing], &mut Vec<Vec<Cell>>),
) {
    let Some(ledger) = &watched.ledger else { return };
    let width = usize::from(columns(state.geometry.body_width).0);
    let id = Cell::new(format!("{:<14}", step.id)).tone(Tone::Strong);
    match &step.work {
        Work::Changes { lanes, wait, .. } => {
            let changes: Vec<usize> = lanes.iter().flat_map(|lane| &lane.changes).copied().collect();
            let mut first = vec![id];
            first.extend(tally(ledger, &changes, step.role));
            if let Some(waiting) = longest_wait(state, watched, &changes, wait.timeout_s) {
                first.push(Cell::new(format!(", {}", limits(&waiting))).tone(Tone::Muted));
            }
            lines.push(first);
            for change in changes {
                let (Some(planned), Some(standing)) =
                    (ledger.plan().changes.get(change), standings.get(change))
                else {
                    continue;
                };
                let mut line = Line::indented(2)
                    .with(standing.role(), format!("{} ", standing.sign()))
                    .padded(standing.role(), standing.word(), 12)
                    .hanging()
                    .with(
                        Role::Plain,
                        format!("{}: {}", ledger.plan().called(&planned.target), planned.summary),
                    );
                if let Some((words, tone)) = note(state, watched, ledger, (change, wait.timeout_s)) {
                    let words = prose::clock(state).in_zone(&words);
                    line = line.with(role_of(tone), format!("  {words}"));
                }
                lines.extend(prose::fitted([line], width));
            }
        }
        Work::Check { check } => {
            let (word, tone) = ended(ledger, index, "looked at");
            // The message says what is wrong: of what held it would be untrue.
            let said = match &check.message {
                Some(message) if tone == Tone::Crit => message,
                Some(_) | None => &check.check,
            };
            lines.push(vec![
                id,
                Cell::new(format!("{said}  ")),
                Cell::new(word).tone(tone),
            ]);
        }
        Work::Pause { message, .. } => {
            let (word, tone) = ended(ledger, index, "waits for a person");
            lines.push(vec![
                id,
                Cell::new(format!("{message}  ")),
                Cell::new(word).tone(tone),
            ]);
        }
    }
}

/// How a step without changes stands.
fn ended(ledger: &Ledger, step: usize, meanwhile: &str) -> (String, Tone) {
    match ledger.step_ended(step) {
        Some(0) => ("done".to_owned(), Tone::Ok),
        Some(_) => ("failed".to_owned(), Tone::Crit),
        None if reached(ledger, step) => (meanwhile.to_owned(), Tone::Accent),
        None => ("not begun".to_owned(), Tone::Muted),
    }
}

/// Whether everything before a step has ended, and the run goes forward.
fn reached(ledger: &Ledger, step: usize) -> bool {
    ledger.baseline().is_some()
        && ledger.halts().is_empty()
        && ledger.exit().is_none()
        && (0..step).all(|before| ledger.step_ended(before).is_some())
}

/// The part of a tone.
const fn role_of(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Plain,
        Tone::Strong => Role::Heading,
        Tone::Muted | Tone::Unknown => Role::Dim,
        Tone::Ok => Role::Good,
        Tone::Warn => Role::Warn,
        Tone::Crit => Role::Bad,
        Tone::Accent => Role::Change,
    }
}

/// How many of a step's changes are how far.
fn tally(ledger: &Ledger, changes: &[usize], role: StepRole) -> Vec<Cell> {
    let mut cells = Vec::new();
    let count = |is: &dyn Fn(usize) -> bool| changes.iter().filter(|change| is(**change)).count();
    let done = count(&|change| {
        matches!(
            ledger.fate(Act::make(change)),
            Some(Fate::Ended(End::Done | End::AlreadyThere))
        )
    });
    let failed = count(&|change| {
        matches!(
            ledger.fate(Act::make(change)),
            Some(Fate::Ended(End::Failed { .. } | End::Drifted { .. } | End::Gone))
        )
    });
    let under_way = count(&|change| {
        matches!(
            ledger.fate(Act::make(change)),
            Some(Fate::Intended { .. } | Fate::Applied(_))
        )
    });
    if role == StepRole::Always {
        cells.push(Cell::new("always  ").tone(Tone::Muted));
    }
    if changes.is_empty() {
        cells.push(Cell::new("nothing to change").tone(Tone::Muted));
        return cells;
    }
    let tone = if done == changes.len() {
        Tone::Ok
    } else {
        Tone::Plain
    };
    cells.push(Cell::new(format!("{done} of {} done", changes.len())).tone(tone));
    if under_way > 0 {
        cells.push(Cell::new(format!(", {under_way} under way")).tone(Tone::Accent));
    }
    if failed > 0 {
        cells.push(Cell::new(format!(", {failed} failed")).tone(Tone::Crit));
    }
    cells
}

/// The wait among a step's changes that has lasted longest.
fn longest_wait(state: &State, watched: &Watched, changes: &[usize], limit_s: u64) -> Option<Waiting> {
    let ledger = watched.ledger.as_ref()?;
    let waits = changes.iter().filter_map(|change| {
        let act = Act::make(*change);
        match ledger.fate(act)? {
            Fate::Applied(applied) => Some(so_far(state, watched.waits.get(&act), applied.at, limit_s)),
            Fate::Intended { .. } | Fate::Refused { .. } | Fate::Ended(_) => None,
        }
    });
    waits.max_by_key(|waiting| waiting.elapsed_s)
}

/// How long something is waited for by now: the driver tells it at every look, which may be a minute apart.
fn so_far(state: &State, told: Option<&Waiting>, applied: Timestamp, limit_s: u64) -> Waiting {
    let since = state.picture.at.duration_since(applied).as_secs();
    let elapsed_s = u64::try_from(since).unwrap_or_default();
    match told {
        None => Waiting {
            detail: String::new(),
            elapsed_s,
            limit_s,
        },
        Some(told) => Waiting {
            elapsed_s: told.elapsed_s.max(elapsed_s),
            ..told.clone()
        },
    }
}

/// How long something is waited for, and how long it may.
fn limits(waiting: &Waiting) -> String {
    format!(
        "{} of {}",
        tell::seconds(waiting.elapsed_s),
        tell::seconds(waiting.limit_s)
    )
}

/// What there is to say of a target beside its standing.
fn note(
    state: &State,
    watched: &Watched,
    ledger: &Ledger,
    (change, limit_s): (usize, u64),
) -> Option<(String, Tone)> {
    let undo = || {
        ledger
            .fates()
            .filter(|(act, _)| act.change == change && act.is_undo())
            .find_map(|(_, fate)| match fate {
                Fate::Ended(end) => why(end),
                Fate::Intended { .. } | Fate::Applied(_) | Fate::Refused { .. } => None,
            })
    };
    let act = Act::make(change);
    match ledger.fate(act)? {
        Fate::Intended { attempt: 1, .. } => None,
        Fate::Intended { attempt, .. } => Some((format!("attempt {attempt}"), Tone::Accent)),
        Fate::Refused { attempt, class } => {
            let why = class.map_or_else(String::new, |class| format!(": {}", class.word()));
            Some((format!("refused at attempt {attempt}{why}"), Tone::Warn))
        }
        Fate::Applied(applied) => {
            let waiting = so_far(state, watched.waits.get(&act), applied.at, limit_s);
            let detail = match waiting.detail.as_str() {
                "" => String::new(),
                detail => format!(", {detail}"),
            };
            Some((format!("{}{detail}", limits(&waiting)), Tone::Accent))
        }
        Fate::Ended(end) => why(end).or_else(undo),
    }
}

/// Why something ended as it did, where that says more than its standing.
fn why(end: &End) -> Option<(String, Tone)> {
    match end {
        End::Done => None,
        End::AlreadyThere => Some(("was so already".to_owned(), Tone::Muted)),
        End::Failed { reason, .. } => Some((reason.clone(), Tone::Crit)),
        End::Drifted { differences } => {
            let fields: Vec<&str> = differences.iter().map(|one| one.field.as_str()).collect();
            let words = format!("left alone: somebody changed {}", fields.join(", "));
            Some((words, Tone::Crit))
        }
        End::Gone => Some(("does not exist any more".to_owned(), Tone::Crit)),
        End::NotUndone { reason, .. } => Some((reason.clone(), Tone::Muted)),
    }
}

fn verify_line(watched: &Watched, ledger: &Ledger) -> Vec<Cell> {
    let all_done = (0..ledger.plan().steps.len()).all(|step| ledger.step_ended(step).is_some());
    let (word, tone) = if ledger.is_verified() {
        ("proved by reading".to_owned(), Tone::Ok)
    } else if ledger.exit().is_some() || !ledger.halts().is_empty() {
        ("not proved".to_owned(), Tone::Warn)
    } else if all_done && watched.ledger.is_some() {
        let longest = watched.awaited.values().max_by_key(|waiting| waiting.limit_s);
        let word = longest.map_or_else(
            || "being read".to_owned(),
            |waiting| {
                let (elapsed, limit) = (tell::seconds(waiting.elapsed_s), tell::seconds(waiting.limit_s));
                format!("does not hold yet, {elapsed} of {limit}")
            },
        );
        (word, Tone::Accent)
    } else {
        ("to come".to_owned(), Tone::Muted)
    };
    vec![
        Cell::new(format!("{:<14}", "verify")).tone(Tone::Strong),
        Cell::new(word).tone(tone),
    ]
}

fn guards(watched: &Watched, ledger: &Ledger) -> Vec<Vec<Cell>> {
    let state_of = |alarm: &String| {
        let seen = watched.guards.get(alarm);
        seen.or_else(|| ledger.baseline()?.get(alarm)).cloned()
    };
    ledger
        .plan()
        .guards
        .iter()
        .map(|guard| {
            let state = state_of(&guard.alarm);
            let tone = match state.as_deref() {
                Some("OK") => Tone::Ok,
                Some("ALARM") => Tone::Crit,
                Some(_) => Tone::Warn,
                None => Tone::Muted,
            };
            vec![
                Cell::new(format!("{}  ", guard.alarm)),
                Cell::new(state.unwrap_or_else(|| "not looked at yet".to_owned())).tone(tone),
            ]
        })
        .collect()
}

/// What the run came to: what stands, and why.
fn closing(state: &State, watched: &Watched, head: Option<&Head>) -> Vec<Vec<Cell>> {
    let width = usize::from(columns(state.geometry.body_width).0);
    if let Some(summary) = &watched.summary {
        let again = state.setup.again.iter().map(String::as_str);
        let told = tell::summary(summary, &Commands::of(again));
        return prose::fitted(tell::in_zone(told, &state.zone().zone), width);
    }
    let remains = head.into_iter().flat_map(|head| &head.remains);
    let lines = remains.map(|remains| {
        Line::of(Role::Warn, "remains ")
            .hanging()
            .with(Role::Plain, remains)
    });
    let warnings = head.into_iter().flat_map(|head| &head.warnings);
    let warnings = warnings.map(|warning| {
        Line::of(Role::Warn, "warning ")
            .hanging()
            .with(Role::Plain, warning)
    });
    let again = state.setup.again.iter().map(String::as_str);
    let next = tell::afterwards(watched.afterwards(), &Commands::of(again));
    let lines = lines.chain(warnings).chain(next).collect();
    prose::fitted(tell::in_zone(lines, &state.zone().zone), width)
}

/// What happened last, newest first.
fn last(state: &State, watched: &Watched, (width, most): (usize, usize)) -> Vec<Vec<Cell>> {
    let Some(plan) = watched.ledger.as_ref().map(Ledger::plan) else {
        return Vec::new();
    };
    let clock = prose::clock(state);
    let told = watched.last.iter().rev().filter_map(|(at, said)| match said {
        Said::Happened(happening) => {
            let line = tell::happening(happening, plan)?;
            let begin = Line::of(Role::Dim, format!("{} ", clock.hour(at.wall))).hanging();
            Some(line.spans.into_iter().fold(begin, |whole, span| {
                whole.with(span.role, clock.in_zone(&span.text))
            }))
        }
        Said::Recorded(entry) => Some(tell::record(entry, plan, &clock)),
    });
    prose::fitted(told.take(most), width)
}

/// A service's event without the name of the service, which each of them begins with.
fn without_name(message: &str) -> &str {
    let rest = message
        .strip_prefix("(service ")
        .and_then(|rest| rest.split_once(") "));
    rest.map_or(message, |(_, rest)| rest)
}

/// What happened to what the run touches: its services' events, and what changed there; newest first.
pub fn events(state: &State, plan: &Plan) -> Vec<Vec<Cell>> {
    let inventory = &state.picture.inventory;
    let zone = &state.zone().zone;
    let mut found: Vec<(jiff::Timestamp, Vec<Cell>)> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for change in &plan.changes {
        let key = change.target.key();
        if !seen.insert(key.clone()) {
            continue;
        }
        for change in changes::for_resource(inventory, &state.picture.changes, &key) {
            found.push((change.at, crate::app::changes::line(state, change)));
        }
        if key.kind != Kind::EcsService {
            continue;
        }
        let services = inventory.scope(&key.scope).and_then(|scope| scope.ecs.get());
        let services = services.into_iter().flat_map(|fleet| &fleet.services);
        for service in services.filter(|service| *service.arn == *key.id) {
            for event in service.events.iter().take(30) {
                let clock = format::clock(event.at, state.picture.at, zone);
                found.push((
                    event.at,
                    vec![
                        Cell::new(format!("{clock} ")).tone(Tone::Muted),
                        Cell::new(without_name(&event.message)),
                    ],
                ));
            }
        }
    }
    found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut lines: Vec<Vec<Cell>> = found.into_iter().map(|(_, line)| line).collect();
    lines.dedup();
    lines
}
