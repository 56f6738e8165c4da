//! Where a run stands: every target of every step, from its ledger alone, so that it looks the same to
//! who drives it, who attaches to it and who reads about it tomorrow.

use super::happening::act as named;
use super::{Line, Role};
use crate::runbook::machine::{Fate, Ledger};
use crate::runbook::plan::{Role as StepRole, Work};
use crate::runbook::record::{Act, End, Made};

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Not begun.
    Pending,
    /// A call was or is being made, or AWS is waited for.
    UnderWay,
    /// As wanted.
    Done,
    /// It failed, drifted or is gone.
    Failed,
    /// Nobody knows.
    Unknown,
    /// It was taken back.
    TakenBack,
    /// It is being taken back.
    TakingBack,
    /// It was made and taking it back did not succeed, or cannot.
    Remains,
}

impl Standing {
    /// One word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::UnderWay => "under way",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::TakenBack => "taken back",
            Self::TakingBack => "taking back",
            Self::Remains => "remains",
        }
    }

    /// A sign that tells it apart without colour.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Pending => "·",
            Self::UnderWay => "~",
            Self::Done => "✓",
            Self::Failed => "✗",
            Self::Unknown => "?",
            Self::TakenBack => "↩",
            Self::TakingBack => "←",
            Self::Remains => "!",
        }
    }

    /// The part it plays.
    pub const fn role(self) -> Role {
        match self {
            Self::Pending => Role::Dim,
            Self::UnderWay | Self::TakingBack => Role::Change,
            Self::Done | Self::TakenBack => Role::Good,
            Self::Failed => Role::Bad,
            Self::Unknown | Self::Remains => Role::Warn,
        }
    }
}

/// Where every change of the plan stands, in its order.
pub fn standings(ledger: &Ledger) -> Vec<Standing> {
    (0..ledger.plan().changes.len())
        .map(|change| standing(ledger, change))
        .collect()
}

fn standing(ledger: &Ledger, change: usize) -> Standing {
    let undo: Vec<&Fate> = ledger
        .fates()
        .filter(|(act, _)| act.change == change && act.is_undo())
        .map(|(_, fate)| fate)
        .collect();
    if !undo.is_empty() {
        let remains = |fate: &&Fate| {
            matches!(
                fate,
                Fate::Ended(
                    End::Failed { .. }
                        | End::Drifted { .. }
                        | End::Gone
                        | End::NotUndone { remains: true, .. }
                )
            )
        };
        if undo.iter().any(remains) {
            return Standing::Remains;
        }
        let nothing = |fate: &&Fate| matches!(fate, Fate::Ended(End::NotUndone { .. }));
        if !undo.iter().all(nothing) {
            let ended = undo.iter().all(|fate| matches!(fate, Fate::Ended(_)));
            return if ended {
                Standing::TakenBack
            } else {
                Standing::TakingBack
            };
        }
    }
    match ledger.fate(Act::make(change)) {
        None | Some(Fate::Refused { .. }) => Standing::Pending,
        Some(Fate::Intended { .. } | Fate::Applied(_)) => Standing::UnderWay,
        Some(Fate::Ended(End::Done | End::AlreadyThere | End::NotUndone { .. })) => Standing::Done,
        Some(Fate::Ended(End::Failed {
            made: Made::Unknown, ..
        })) => Standing::Unknown,
        Some(Fate::Ended(End::Failed { .. } | End::Drifted { .. } | End::Gone)) => Standing::Failed,
    }
}

/// Every step with every target and where it stands.
pub fn state(ledger: &Ledger) -> Vec<Line> {
    let plan = ledger.plan();
    let standings = standings(ledger);
    let mut lines = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let (word, role) = match ledger.step_ended(index) {
            None => ("", Role::Dim),
            Some(0) => (" done", Role::Good),
            Some(_) => (" failed", Role::Bad),
        };
        let always = match step.role {
            StepRole::Main => "",
            StepRole::Always => " (always)",
        };
        lines.push(Line::of(Role::Heading, format!("step {}{always}", step.id)).with(role, word));
        let Work::Changes { lanes, .. } = &step.work else {
            continue;
        };
        for change in lanes.iter().flat_map(|lane| &lane.changes) {
            let Some(standing) = standings.get(*change) else {
                continue;
            };
            let mut line = Line::indented(2)
                .with(standing.role(), format!("{} ", standing.sign()))
                .padded(standing.role(), standing.word(), 12)
                .hanging()
                .with(Role::Plain, named(plan, Act::make(*change)));
            if let Some(Fate::Ended(End::Failed { reason, .. })) = ledger.fate(Act::make(*change)) {
                line = line.with(Role::Plain, format!(": {reason}"));
            }
            lines.push(line);
        }
    }
    lines
}
