//! What would come back and how soon, where somebody has decided what may be lost.

use crate::domain::counted::counted;
use crate::domain::units::HumanDuration;
use crate::headless::out::Page;
use crate::headless::paint::Tone;
use crate::headless::status::document::{RecoveryEntry, Status};
use crate::headless::table::{Cell, Column, Table};

use super::section;

/// A table of what has an objective; nothing if nothing has one.
pub fn recovery(status: &Status, page: &Page) -> String {
    let mut table = Table::new([
        Column::words("NAME", 14),
        Column::numbers("LOST NOW"),
        Column::fixed("RPO"),
        Column::numbers("RESTORE"),
        Column::fixed("RTO"),
        Column::fixed("SNAPSHOT").sheds(2),
        Column::fixed("BACKUPS").sheds(1),
    ]);
    let decided = |entry: &&RecoveryEntry| entry.rpo_s.is_some() || entry.rto_s.is_some();
    for entry in status.recovery.iter().filter(decided) {
        let restore = match (&entry.last_restore, entry.estimated_restore_s) {
            (Some(last), _) => Some(span(last.ready_s)),
            (None, Some(estimate)) => Some(format!("~{}", span(estimate))),
            (None, None) => None,
        };
        table.row([
            Cell::new(&entry.name),
            Cell::of(entry.exposure_s.map(span)),
            objective(entry.rpo_s, entry.rpo_met, entry.rpo_leeway_s),
            Cell::of(restore),
            objective(entry.rto_s, entry.rto_met, None),
            Cell::of(
                entry
                    .newest_snapshot
                    .as_ref()
                    .map(|newest| page.time(newest.at, status.at)),
            ),
            match entry.backup_days {
                0 => Cell::new("off").tone(Tone::Warn),
                days => Cell::new(counted(days, "day")),
            },
        ]);
    }
    section("recovery", &table, page)
}

/// An objective, with what is allowed on top of it, and whether it is met.
fn objective(wanted: Option<i64>, met: Option<bool>, leeway: Option<i64>) -> Cell {
    let Some(wanted) = wanted else {
        return Cell::new("none").tone(Tone::Muted);
    };
    let (word, tone) = match met {
        Some(true) => ("met", Tone::Ok),
        Some(false) => ("MISSED", Tone::Crit),
        None => ("unproven", Tone::Muted),
    };
    Cell::new(words(wanted, leeway, word)).tone(tone)
}

fn words(wanted: i64, leeway: Option<i64>, word: &str) -> String {
    let leeway = leeway.map_or_else(String::new, |more| format!("+{}", span(more)));
    format!("{}{leeway} {word}", span(wanted))
}

fn span(seconds: i64) -> String {
    HumanDuration::from_secs(seconds).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objective_that_is_met_by_the_interval_of_logs_alone_says_so() {
        assert_eq!(words(300, None, "met"), "5m met");
        assert_eq!(words(300, Some(300), "met"), "5m+5m met");
    }
}
