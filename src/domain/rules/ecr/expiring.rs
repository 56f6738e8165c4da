//! `ecr.image-expiring`: a lifecycle policy deletes what is deployed, or what a rollback needs.

use super::{repositories, running, short, short_digest};
use crate::domain::ecr::lifecycle::{Fate, Policy, Selects, When};
use crate::domain::ecr::needed::{self, Need, Needed};
use crate::domain::ecr::{Image, Repository};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::{Context, Reach, Rule, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "ecr.image-expiring",
    kind: Kind::EcrRepository,
    title: "A lifecycle policy deletes an image that is needed",
    what: "What the lifecycle policy of a repository does with the image that a service runs, and with \
           the one that was pushed before it, to which a rollback goes back: deleted at the next \
           evaluation, within the days of the threshold, or by the next push. Where a tag was moved after a \
           service's deployment began, what runs is the newest image from before, since ECS keeps to the digest \
           with which a deployment began. Services that stop-estate put to rest count: they start from it again. Rules are evaluated here as \
           AWS does, by tag status, prefixes, patterns, count, age and priority; a rule that counts \
           otherwise says nothing. Images that a manifest list names are kept by AWS, which is not seen \
           here.",
    severities: &[
        (Severity::Crit, "what is deployed goes at the next evaluation"),
        (
            Severity::Warn,
            "what is deployed goes soon, or what a rollback needs goes now or soon",
        ),
    ],
    thresholds: &["ecr_expiry_ahead_days"],
    runbooks: &["ecr-keep-image"],
    reach: Reach::Scope,
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let (services, definitions) = running(context);
    for repository in repositories(context) {
        let (Some(Some(policy)), Some(images)) = (&repository.policy, &repository.images) else {
            continue;
        };
        for needed in needed::needed(repository, services, definitions) {
            let fate = policy.fate(needed.image, images, context.now);
            let ahead = context.limits().ecr_expiry_ahead_days;
            let Some(fate) = fate.filter(|fate| fate.when.is_soon(context.now, ahead)) else {
                continue;
            };
            findings.push(finding(context, (repository, policy), &needed, fate));
        }
    }
}

fn finding(
    context: &Context<'_>,
    (repository, policy): (&Repository, &Policy),
    subject: &Needed<'_>,
    fate: Fate,
) -> Finding {
    let Needed {
        image: needed,
        need,
        name,
        runs,
        users,
    } = subject;
    let when = match fate.when {
        When::Due => "at the next evaluation, within a day".to_owned(),
        When::At(at) => format!("on {}", words::day(at, context.zone())),
        When::AfterPushes(1) => "by the next push".to_owned(),
        When::AfterPushes(pushes) => format!("after {pushes} more pushes"),
    };
    let severity = match (need, fate.when) {
        (Need::Deployed, When::Due) => Severity::Crit,
        (Need::Deployed | Need::Rollback, _) => Severity::Warn,
    };
    let what = match need {
        Need::Deployed => "deployed image expires",
        Need::Rollback => "rollback image expires",
    };
    let by = policy.rule(fate.rule);
    let rule = by.map_or_else(String::new, |rule| format!(": {}", rule.words()));
    let remedy = match by.map(|rule| &rule.selects) {
        Some(Selects::Untagged) => "Give the image a tag of its own, which takes it out of that rule.",
        _ => {
            "Keep more of them, or keep tags that begin with `keep-` by a rule of higher priority and give the \
             image such a tag."
        }
    };
    let (users, named) = (users.join(", "), short(repository, name));
    let running = match runs.moved_to {
        None => named.clone(),
        Some(_) => short_digest(&runs.image.digest),
    };
    let because = match need {
        Need::Deployed => format!("{users} runs {running}."),
        Need::Rollback => format!(
            "{users} runs {running}; before it {}{} was pushed, to which a rollback goes back.",
            short_digest(&needed.digest),
            tags(needed)
        ),
    };
    let moved = runs.moved_to.map(|moved| {
        format!(
            "That is what {named} was when the deployment began; it has been moved to {} since, which the next \
             deployment or restart starts.",
            short_digest(&moved.digest)
        )
    });
    let soon = match fate.when {
        When::Due => "now",
        When::At(_) | When::AfterPushes(_) => "soon",
    };
    RULE.on(context, &repository.arn, &repository.name)
        .hurts(if *need == Need::Deployed {
            Impact::Capacity
        } else {
            Impact::Risk
        })
        .because(because)
        .perhaps_because(moved)
        .because(words::excerpt(&format!(
            "Rule {} of the lifecycle policy deletes it {when}{rule}.",
            fate.rule
        )))
        .because(remedy)
        .report(severity, format!("{what} {soon}"))
}

fn tags(image: &Image) -> String {
    if image.tags.is_empty() {
        ", untagged".to_owned()
    } else {
        format!(" ({})", image.tags.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::ecr::lifecycle::{Expires, Rule as PolicyRule};
    use crate::domain::ids::Tag;
    use crate::domain::rest::STOPPED_TAG;
    use crate::domain::rules::sample::{at, service};

    fn findings(selects: Selects, expires: Expires, reference: &str) -> Vec<(Severity, String)> {
        let mut repository = sample::repository(vec![
            sample::image('a', &["latest"], 1),
            sample::image('b', &[], 30),
            sample::image('c', &[], 24 * 20),
        ]);
        repository.policy = Some(Some(Policy {
            rules: vec![PolicyRule {
                priority: 1,
                description: None,
                selects,
                expires,
            }],
            evaluated_at: None,
        }));
        let findings = sample::bench(repository, reference).check(&RULE);
        findings
            .into_iter()
            .map(|finding| (finding.severity, finding.title))
            .collect()
    }

    fn rollback(soon: &str) -> (Severity, String) {
        (Severity::Warn, format!("rollback image expires {soon}"))
    }

    #[test]
    fn what_was_deployed_before_goes_with_the_untagged() {
        let untagged = |days| findings(Selects::Untagged, Expires::DaysSincePushed(days), ":latest");
        assert_eq!(untagged(1), [rollback("now")]);
        assert_eq!(untagged(7), [rollback("soon")]);
        assert_eq!(untagged(14), []);
    }

    #[test]
    fn a_count_of_one_takes_the_way_back_and_the_next_push_what_is_deployed() {
        let any = |count, reference: &str| findings(Selects::Any, Expires::CountMoreThan(count), reference);
        let deployed = "deployed image expires soon".to_owned();
        assert_eq!(any(1, ":latest"), [(Severity::Warn, deployed), rollback("now")]);
        assert_eq!(any(2, ":latest"), [rollback("soon")]);
        assert_eq!(any(5, ":latest"), []);
    }

    #[test]
    fn what_runs_is_what_the_tag_meant_when_the_deployment_began() {
        let mut repository = sample::repository(vec![
            sample::image('a', &["latest"], 1),
            sample::image('b', &[], 30),
            sample::image('c', &[], 24 * 20),
        ]);
        repository.policy = Some(Some(Policy {
            rules: vec![PolicyRule {
                priority: 1,
                description: None,
                selects: Selects::Untagged,
                expires: Expires::DaysSincePushed(1),
            }],
            evaluated_at: None,
        }));
        let mut bench = sample::bench(repository, ":latest");
        let mut api = service("api", 3);
        api.deployments[0].created_at = Some(at(180 - 20 * 60));
        bench.services(vec![api.clone()]);
        let found = bench.check(&RULE);
        assert_eq!(
            (found[0].severity, found[0].title.as_str()),
            (Severity::Crit, "deployed image expires now")
        );
        assert_eq!(
            found[0].evidence[..2],
            [
                "api of main runs sha256:bbbbbbbbbbbb.",
                "That is what api:latest was when the deployment began; it has been moved to sha256:aaaaaaaaaaaa \
                 since, which the next deployment or restart starts.",
            ]
        );
        assert!(found[1].evidence[0].contains("before it sha256:cccccccccccc, untagged"));
        // Put to rest it starts from the same image again.
        (api.desired, api.running) = (0, 0);
        bench.services(vec![api.clone()]);
        assert_eq!(bench.check(&RULE), []);
        api.tags = vec![Tag {
            key: STOPPED_TAG.to_owned(),
            value: "v1 tasks=2 at=2026-11-21T02:47:00Z".to_owned(),
        }];
        bench.services(vec![api]);
        assert_eq!(
            bench.check(&RULE)[0].evidence[0],
            "api of main (at rest) runs sha256:bbbbbbbbbbbb."
        );
    }

    #[test]
    fn an_old_image_that_still_runs_is_critical() {
        let digest = format!("@sha256:{}", "c".repeat(64));
        let found = findings(Selects::Untagged, Expires::DaysSincePushed(14), &digest);
        assert_eq!(found, [(Severity::Crit, "deployed image expires now".to_owned())]);
    }

    #[test]
    fn without_a_policy_or_images_nothing_is_said() {
        let mut repository = sample::repository(vec![sample::image('a', &["latest"], 1)]);
        assert_eq!(sample::bench(repository.clone(), ":latest").check(&RULE), []);
        repository.policy = None;
        assert_eq!(sample::bench(repository, ":latest").check(&RULE), []);
    }
}
