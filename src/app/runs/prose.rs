//! Plans and runs in words, as cells: the words are those of [`crate::runbook::tell`].

use crate::app::detail::{Block, Detail};
use crate::app::runs::flow::{Flow, PlanState, Planning};
use crate::app::state::State;
use crate::app::table::{Cell, Tone};
use crate::domain::text;
use crate::runbook::plan::{Plan, PlanIdentity};
use crate::runbook::tell::{self, Clock, Line, Role};

/// Columns left free at both sides.
const MARGIN: usize = 2;

/// The tone of a part.
pub const fn tone(role: Role) -> Tone {
    match role {
        Role::Plain => Tone::Plain,
        Role::Heading => Tone::Strong,
        Role::Dim => Tone::Muted,
        Role::Add | Role::Good => Tone::Ok,
        Role::Change | Role::Key => Tone::Accent,
        Role::Remove | Role::Warn => Tone::Warn,
        Role::Bad => Tone::Crit,
    }
}

/// A line as cells that follow each other.
pub fn cells(line: &Line) -> Vec<Cell> {
    let indent = (line.indent > 0).then(|| Cell::new(" ".repeat(line.indent)));
    let spans = line
        .spans
        .iter()
        .map(|span| Cell::new(&span.text).tone(tone(span.role)));
    indent.into_iter().chain(spans).collect()
}

/// Lines as cells, broken where they are too long for so many columns.
pub fn fitted(lines: impl IntoIterator<Item = Line>, columns: usize) -> Vec<Vec<Cell>> {
    lines
        .into_iter()
        .flat_map(|line| line.fit(columns.saturating_sub(MARGIN)))
        .map(|mut line| {
            // Blanks at the end would be wrapped once more.
            if let Some(last) = line.spans.last_mut() {
                last.text.truncate(last.text.trim_end().len());
            }
            cells(&line)
        })
        .collect()
}

/// Which time it is for whoever looks.
pub fn clock(state: &State) -> Clock {
    Clock {
        zone: state.zone().zone.clone(),
        now: state.now,
    }
}

/// Environment, estate, account and region of a plan, the environment in capitals.
pub fn place(identity: &PlanIdentity) -> String {
    let environment = match identity.environment.as_str() {
        "unknown" => String::new(),
        known => format!("{} ", known.to_uppercase()),
    };
    let estate = identity
        .estate
        .as_ref()
        .map_or_else(String::new, |name| format!("{name}  "));
    let account = match &identity.account_name {
        Some(name) => format!("{} ({name})", identity.account),
        None => identity.account.clone(),
    };
    let place = format!("{environment}{estate}{account}  {}", identity.region);
    text::clean(&place).into_owned()
}

/// What is prepared, where it is shown as lines: the plan, or why there is none.
pub fn detail(state: &State) -> Detail {
    let planning = state.runs.flow.as_ref().and_then(Flow::planning);
    planning.map_or_else(Detail::default, |planning| of_planning(state, planning))
}

fn of_planning(state: &State, planning: &Planning) -> Detail {
    let columns = usize::from(state.geometry.body_width);
    let name = text::clean(&planning.book.name).into_owned();
    let note = |words: &str, tone| vec![Cell::new(words).tone(tone)];
    match &planning.state {
        PlanState::Making => Detail {
            title: format!("plan of {name}"),
            blocks: vec![Block::Lines(vec![note(
                "reading what there is; nothing is changed by a plan …",
                Tone::Muted,
            )])],
        },
        PlanState::Refused(reasons) => {
            let mut lines = vec![note("there is no plan, and nothing was changed:", Tone::Warn)];
            let reasons = reasons.iter().map(|reason| {
                Line::indented(2)
                    .with(Role::Bad, "- ")
                    .hanging()
                    .with(Role::Plain, reason)
            });
            lines.extend(fitted(reasons, columns));
            lines.push(Vec::new());
            lines.push(note(
                "r tries again, Esc goes back to the parameters",
                Tone::Muted,
            ));
            Detail {
                title: format!("no plan of {name}"),
                blocks: vec![Block::Lines(lines)],
            }
        }
        PlanState::Ready(prepared) => {
            let mut lines = Vec::new();
            let cautions = prepared
                .cautions
                .iter()
                .map(|caution| Line::of(Role::Warn, "! ").hanging().with(Role::Plain, caution));
            lines.extend(fitted(cautions, columns));
            let warnings = prepared.plan.warnings.len();
            if warnings > 0 {
                let words = format!("{}, under \"In all\"", tell::count(warnings, "warning"));
                let line = Line::of(Role::Warn, "! ").hanging().with(Role::Plain, words);
                lines.extend(fitted([line], columns));
            }
            lines.extend(fitted(tell::framed_plan(&prepared.plan, &clock(state)), columns));
            Detail {
                title: title(&prepared.plan),
                blocks: vec![Block::Lines(lines)],
            }
        }
    }
}

/// The line of a plan's detail that its first warning begins on.
pub fn first_warning(detail: &Detail) -> Option<usize> {
    let [Block::Lines(lines)] = detail.blocks.as_slice() else {
        return None;
    };
    lines
        .iter()
        .position(|line| line.first().is_some_and(|cell| cell.text.trim() == tell::WARNING))
}

fn title(plan: &Plan) -> String {
    let changes = tell::count(plan.changes.len(), "change");
    let name = text::clean(&plan.runbook.name);
    if plan.is_empty() {
        format!("{name}: nothing to change")
    } else {
        format!("{name}: {changes} on {}", place(&plan.identity))
    }
}
