//! Disaster recovery: what would be lost and how long being back takes, against what may be.

use jiff::SignedDuration;

use crate::app::format;
use crate::app::panes::{Sketch, Told, scope_label};
use crate::app::state::State;
use crate::app::table::{Cell, Column, Section, Tone};
use crate::domain::counted::counted;
use crate::domain::ids::Kind;
use crate::domain::inventory::{ScopeState, Source};
use crate::domain::recovery::{Standing, Verdict, standings};

/// Databases, clusters, caches.
pub(super) fn sections(state: &State) -> Vec<Section> {
    vec![
        section(
            state,
            (Kind::RdsInstance, "Databases"),
            "no RDS instances here",
            &[Source::DbInstances, Source::DbSnapshots],
        ),
        section(
            state,
            (Kind::RdsCluster, "Clusters"),
            "no DB clusters here",
            &[Source::DbClusters, Source::DbSnapshots],
        ),
        section(
            state,
            (Kind::Redis, "Caches"),
            "no caches here",
            &[Source::Caches],
        ),
    ]
}

fn section(
    state: &State,
    (kind, title): (Kind, &'static str),
    empty: &'static str,
    sources: &[Source],
) -> Section {
    let columns = vec![
        Column::words("", 1, 1, 0),
        Column::names("NAME", 14, 36, 0),
        Column::numbers("LOST NOW", 8, 0),
        Column::words("RPO", 4, 12, 0),
        Column::numbers("RESTORE", 7, 0),
        Column::words("RTO", 4, 14, 0),
        Column::numbers("SNAPSHOT", 8, 2),
        Column::words("BACKUPS", 7, 9, 1),
        Column::words("AZ", 6, 6, 3),
        Column::words("OTHER REGION", 12, 12, 4),
        Column::names("WHERE", 5, 20, 5),
    ];
    let mut sketch = Sketch::new(state, kind, columns, empty);
    for scope in state.picture.inventory.shown() {
        let policy = state.setup.policies.of(scope.name());
        for standing in standings(scope, policy) {
            if standing.kind == kind {
                let lasts = policy.thresholds.recovery_drill_days * 86_400.0;
                let lasts = SignedDuration::from_secs_f64(lasts);
                sketch.push(scope, standing.arn, || cells(state, scope, (&standing, lasts)));
            }
        }
    }
    sketch.finish(title, Told::of(state, sources))
}

fn cells(state: &State, scope: &ScopeState, (standing, lasts): (&Standing<'_>, SignedDuration)) -> Vec<Cell> {
    let (rpo, rto) = (standing.rpo(), standing.rto(lasts));
    let seconds = |span: SignedDuration| span.as_secs_f64();
    let span = |value: f64| format::span(SignedDuration::from_secs_f64(value));
    let restore = match (standing.last, standing.estimate()) {
        (Some(last), _) => Cell::number(Some(seconds(last.took())), span).tone(tone(rto)),
        (None, Some((took, _))) => {
            Cell::number(Some(seconds(took)), |value| format!("~{}", span(value))).tone(Tone::Unknown)
        }
        (None, None) => Cell::number(None, span),
    };
    let snapshot = standing
        .snapshot
        .map(|(_, at)| seconds(state.picture.at.duration_since(at)));
    vec![
        Cell::new(standing.name).tone(Tone::Strong),
        Cell::number(standing.exposure().map(seconds), span).tone(tone(rpo)),
        objective(standing.objectives.rpo, rpo, standing.leeway()),
        restore,
        objective(standing.objectives.rto, rto, None),
        Cell::number(snapshot, |value| format!("{} ago", span(value))),
        match standing.backup_days {
            0 => Cell::new("off").tone(Tone::Warn),
            days => Cell::new(counted(days, "day")),
        },
        Cell::new(if standing.multi_az { "multi" } else { "single" }),
        match standing.other_region {
            Some(true) => Cell::new("copied").tone(Tone::Ok),
            Some(false) => Cell::new("no").tone(Tone::Muted),
            None => Cell::new(format::UNKNOWN).tone(Tone::Muted),
        },
        Cell::new(scope_label(state, scope)).tone(Tone::Muted),
    ]
}

/// An objective, with what is allowed on top of it, and whether it is met, in words: colour is never the
/// only sign.
fn objective(wanted: Option<SignedDuration>, verdict: Verdict, leeway: Option<SignedDuration>) -> Cell {
    let Some(wanted) = wanted else {
        return Cell::new("none").tone(Tone::Muted);
    };
    let word = match verdict {
        Verdict::NotSet => "",
        Verdict::Met => " met",
        Verdict::Missed => " MISSED",
        Verdict::Unknown => " unproven",
    };
    let leeway = leeway.map_or_else(String::new, |more| format!("+{}", format::span(more)));
    Cell::new(format!("{}{leeway}{word}", format::span(wanted))).tone(tone(verdict))
}

const fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::NotSet => Tone::Plain,
        Verdict::Met => Tone::Ok,
        Verdict::Missed => Tone::Crit,
        Verdict::Unknown => Tone::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::recovery::LOG_INTERVAL;

    #[test]
    fn an_objective_that_is_met_by_the_interval_of_logs_alone_says_so() {
        let five = SignedDuration::from_mins(5);
        let text = |leeway| objective(Some(five), Verdict::Met, leeway).text;
        assert_eq!(text(None), "5m met");
        assert_eq!(text(Some(LOG_INTERVAL)), "5m+5m met");
    }
}
