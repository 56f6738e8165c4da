//! A service's deployment history: what ran, what succeeded, and what somebody has gone back from.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::ecs::{Service, ServiceDeployment};

/// What a deployment brought.
#[derive(Debug, Clone, Copy)]
struct Content<'h> {
    revision: &'h str,
    deployment: &'h ServiceDeployment,
}

/// The task definition that a deployment brings; `None` if AWS does not know it any more.
pub(super) fn brings(deployment: &ServiceDeployment) -> Option<&str> {
    deployment.target.as_ref()?.task_definition.as_deref()
}

/// The digests of what a deployment brought, by container; `None` if any is not known.
pub(super) fn digests(deployment: &ServiceDeployment) -> Option<BTreeMap<&str, &str>> {
    let images = &deployment.target.as_ref()?.images;
    images
        .iter()
        .map(|(container, _, digest)| Some((container.as_str(), digest.as_deref()?)))
        .collect::<Option<BTreeMap<_, _>>>()
        .filter(|known| !known.is_empty())
}

impl<'h> Content<'h> {
    fn of(deployment: &'h ServiceDeployment) -> Option<Self> {
        Some(Self {
            revision: brings(deployment)?,
            deployment,
        })
    }

    /// Whether both run the same: the digests say so where they are known, since one tag can be two
    /// images and one image can have two revisions; the revision does otherwise.
    fn is_same(&self, other: &Self) -> bool {
        match (digests(self.deployment), digests(other.deployment)) {
            (Some(own), Some(others)) => own == others,
            _ => self.revision == other.revision,
        }
    }
}

/// The deployment that is under way, if one is.
pub(super) fn under_way(history: &[ServiceDeployment]) -> Option<&ServiceDeployment> {
    newest(history, |status| matches!(status, "PENDING" | "IN_PROGRESS"))
}

/// The deployment that ECS is taking back by itself, or because somebody asked for it.
pub(super) fn going_back(history: &[ServiceDeployment]) -> Option<&ServiceDeployment> {
    newest(history, |status| {
        matches!(
            status,
            "STOP_REQUESTED" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS"
        )
    })
}

fn newest(history: &[ServiceDeployment], is_it: impl Fn(&str) -> bool) -> Option<&ServiceDeployment> {
    history
        .iter()
        .filter(|deployment| is_it(&deployment.status))
        .max_by_key(|deployment| deployment.started_at)
}

/// The newest successful deployment, to which ECS goes back when one under way is stopped.
pub(super) fn completed(history: &[ServiceDeployment]) -> Option<&ServiceDeployment> {
    newest(history, |status| status == "SUCCESSFUL")
}

/// The newest deployment, if it was rolled back and what runs is what it went back to.
pub(super) fn rolled_back_already<'h>(
    service: &Service,
    history: &'h [ServiceDeployment],
) -> Option<&'h ServiceDeployment> {
    let last = newest(history, |_| true)?;
    let bad = brings(last)?;
    (last.status == "ROLLBACK_SUCCESSFUL" && bad != service.task_definition).then_some(last)
}

/// Whether what runs came up, as far as the history tells; without one it is taken for well.
pub(super) fn is_well(service: &Service, history: &[ServiceDeployment]) -> bool {
    current(service, history).is_none_or(|current| current.status == "SUCCESSFUL")
}

/// Whether the history tells that what runs came up.
pub(super) fn succeeded(service: &Service, history: &[ServiceDeployment]) -> bool {
    current(service, history).is_some_and(|current| current.status == "SUCCESSFUL")
}

/// The deployment that brought what runs, if it is known.
fn current<'h>(service: &Service, history: &'h [ServiceDeployment]) -> Option<&'h ServiceDeployment> {
    history
        .iter()
        .filter(|deployment| brings(deployment) == Some(&service.task_definition))
        .max_by_key(|deployment| deployment.started_at)
}

/// What is good, and what was passed over on the way.
#[derive(Debug, PartialEq)]
pub(super) struct LastGood<'h> {
    /// The deployment that brought it.
    pub deployment: &'h ServiceDeployment,
    /// Revisions that succeeded later and that somebody went back from: they are not good.
    pub passed_over: BTreeSet<&'h str>,
}

/// The newest successful deployment that brought something else than what runs now, and that nobody has
/// gone back from since. Never simply the number before, which may not have been deployed at all.
///
/// A successful deployment was gone back from if a later one brought again what an earlier one had: else a
/// second rollback would lead to the build that the first one left.
pub(super) fn last_good<'h>(service: &Service, history: &'h [ServiceDeployment]) -> Option<LastGood<'h>> {
    let current = history
        .iter()
        .filter(|deployment| brings(deployment) == Some(&service.task_definition))
        .max_by_key(|deployment| deployment.started_at)
        .and_then(Content::of);
    let runs = |content: &Content<'_>| match &current {
        Some(current) => content.is_same(current),
        None => content.revision == service.task_definition,
    };
    let mut good: Vec<&ServiceDeployment> = history
        .iter()
        .filter(|deployment| deployment.status == "SUCCESSFUL")
        .collect();
    good.sort_by_key(|deployment| deployment.started_at);
    let contents: Vec<Content<'_>> = good.into_iter().filter_map(Content::of).collect();
    let gone_back_from = |nth: usize| {
        contents[nth + 1..].iter().any(|later| {
            !later.is_same(&contents[nth]) && contents[..nth].iter().any(|earlier| earlier.is_same(later))
        })
    };
    let mut passed_over = BTreeSet::new();
    for (nth, content) in contents.iter().enumerate().rev() {
        if runs(content) {
            continue;
        }
        if gone_back_from(nth) {
            passed_over.insert(content.revision);
            continue;
        }
        return Some(LastGood {
            deployment: content.deployment,
            passed_over,
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::ecs::ServiceRevision;
    use crate::domain::rules::sample;

    /// Deployments of `api`, oldest first: revision, digest or `-`, status.
    fn history(entries: &[(u32, &str, &str)]) -> Vec<ServiceDeployment> {
        entries
            .iter()
            .zip(0_i64..)
            .map(|((revision, digest, status), nth)| ServiceDeployment {
                arn: format!("d{nth}"),
                status: (*status).to_owned(),
                status_reason: None,
                started_at: Some(sample::at(nth)),
                finished_at: Some(sample::at(nth)),
                target: Some(ServiceRevision {
                    arn: format!("r{nth}"),
                    task_definition: Some(format!("api:{revision}")),
                    images: vec![(
                        "api".to_owned(),
                        "repo/api:latest".to_owned(),
                        (*digest != "-").then(|| (*digest).to_owned()),
                    )],
                }),
                rolled_back_to: None,
            })
            .collect()
    }

    fn found(running: u32, entries: &[(u32, &str, &str)]) -> Option<String> {
        let service = sample::service("api", running);
        let mut shuffled = history(entries);
        shuffled.reverse();
        last_good(&service, &shuffled).map(|good| good.deployment.arn.clone())
    }

    const GOOD: &str = "SUCCESSFUL";

    /// What runs, what was deployed, oldest first, and which of it is good.
    type Case = (
        u32,
        &'static [(u32, &'static str, &'static str)],
        Option<&'static str>,
    );

    #[test]
    fn the_newest_successful_other_one_is_good_whatever_its_number() {
        let cases: [Case; 8] = [
            (2, &[(1, "a", GOOD), (2, "b", GOOD)], Some("d0")),
            // The number before never ran well, or never ran.
            (
                3,
                &[(1, "a", GOOD), (2, "b", "ROLLBACK_SUCCESSFUL"), (3, "c", GOOD)],
                Some("d0"),
            ),
            (9, &[(4, "a", GOOD), (9, "c", "STOPPED")], Some("d0")),
            // The same image under another number is no way back.
            (3, &[(1, "a", GOOD), (2, "b", GOOD), (3, "b", GOOD)], Some("d0")),
            // One number with two images is.
            (1, &[(1, "a", GOOD), (1, "b", GOOD)], Some("d0")),
            // Without digests only the number tells.
            (1, &[(1, "-", GOOD), (1, "-", GOOD)], None),
            (2, &[(1, "-", GOOD), (2, "b", GOOD)], Some("d0")),
            (1, &[(1, "a", GOOD)], None),
        ];
        for (running, entries, expected) in cases {
            assert_eq!(
                found(running, entries).as_deref(),
                expected,
                "{running} {entries:?}"
            );
        }
    }

    #[test]
    fn a_second_rollback_does_not_bring_the_bad_build_back() {
        // 5 was bad, and somebody went back to 4.
        let went_back = [(2, "a", GOOD), (4, "b", GOOD), (5, "c", GOOD), (4, "b", GOOD)];
        assert_eq!(found(4, &went_back).as_deref(), Some("d0"));
        // The way back was a copy of 4 with its image pinned.
        let copied = [(2, "a", GOOD), (4, "b", GOOD), (5, "c", GOOD), (6, "b", GOOD)];
        assert_eq!(found(6, &copied).as_deref(), Some("d0"));
        // 5 was mended outside and deployed again: 4 is the way back from it.
        let again = [(4, "b", GOOD), (5, "c", GOOD), (4, "b", GOOD), (5, "c", GOOD)];
        assert_eq!(found(5, &again).as_deref(), Some("d0"));
        let service = sample::service("api", 4);
        let history = history(&went_back);
        let good = last_good(&service, &history).unwrap();
        assert_eq!(good.passed_over, BTreeSet::from(["api:5"]));
    }

    #[test]
    fn what_aws_rolled_back_already_is_told() {
        let entries = history(&[(4, "b", GOOD), (5, "c", "ROLLBACK_SUCCESSFUL")]);
        let runs = |revision| sample::service("api", revision);
        assert_eq!(
            rolled_back_already(&runs(4), &entries).map(|last| last.arn.as_str()),
            Some("d1")
        );
        assert_eq!(rolled_back_already(&runs(5), &entries), None);
        let stopped = history(&[(4, "b", GOOD), (5, "c", "STOPPED")]);
        assert_eq!(rolled_back_already(&runs(5), &stopped), None);
    }
}
