//! How databases, clusters and caches would come back.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::second;
use crate::domain::ids::Kind;
use crate::domain::picture::Picture;
use crate::domain::recovery::{Standing, standings};
use crate::domain::rules::Policies;
use crate::domain::scope::ScopeName;
use crate::headless::status::document::{RecoveryEntry, SnapshotName};

/// Those of the kinds, scope by scope.
pub fn entries(picture: &Picture, policies: &Policies, kinds: &BTreeSet<Kind>) -> Vec<RecoveryEntry> {
    let mut entries = Vec::new();
    for state in picture.inventory.shown() {
        let policy = policies.of(state.name());
        let lasts = SignedDuration::from_secs_f64(policy.thresholds.recovery_drill_days * 86_400.0);
        for standing in standings(state, policy) {
            if kinds.contains(&standing.kind) {
                entries.push(entry(state.name(), &standing, lasts));
            }
        }
    }
    entries
}

fn entry(scope: &ScopeName, standing: &Standing<'_>, lasts: SignedDuration) -> RecoveryEntry {
    let seconds = |span: SignedDuration| span.as_secs();
    RecoveryEntry {
        kind: standing.kind.name(),
        id: standing.arn.to_owned(),
        scope: scope.to_string(),
        name: standing.name.to_owned(),
        rpo_s: standing.objectives.rpo.map(seconds),
        rto_s: standing.objectives.rto.map(seconds),
        latest_restorable_at: standing.restorable_at.map(second),
        exposure_s: standing.exposure().map(seconds),
        rpo_met: standing.rpo().met(),
        rpo_leeway_s: standing.leeway().map(seconds),
        newest_snapshot: standing.snapshot.map(|(id, at)| SnapshotName {
            id: id.to_owned(),
            at: second(at),
        }),
        backup_days: standing.backup_days,
        multi_az: standing.multi_az,
        other_region: standing.other_region,
        last_restore: standing.last.cloned(),
        estimated_restore_s: standing.estimate().map(|(took, _)| seconds(took)),
        rto_met: standing.rto(lasts).met(),
    }
}
