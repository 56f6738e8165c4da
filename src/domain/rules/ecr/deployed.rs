//! `ecr.image-gone` and `ecr.critical-scan`: images that services run.

use super::{deployed, repositories, running, short, short_digest};
use crate::domain::ecr::ImageName;
use crate::domain::ecr::needed::{self, Need, Needed};
use crate::domain::health::{Finding, Impact, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::draft::severity;
use crate::domain::rules::{Context, Reach, Rule, words};

/// `ecr.image-gone`.
pub const GONE: Rule = Rule {
    id: "ecr.image-gone",
    kind: Kind::EcrRepository,
    title: "An image that a service runs is gone",
    what: "The image of a task definition that a service with desired tasks runs, against the images of \
           its repository in this account and region. Running tasks go on; none can be started anew, so \
           the next failure, scaling or deployment takes the service down.",
    severities: &[(Severity::Crit, "the repository has no such image")],
    thresholds: &[],
    runbooks: &["rollback-deploy"],
    reach: Reach::Scope,
    check: gone,
};

/// `ecr.critical-scan`.
pub const CRITICAL: Rule = Rule {
    id: "ecr.critical-scan",
    kind: Kind::EcrRepository,
    title: "A deployed image has critical vulnerabilities",
    what: "Vulnerabilities of severity CRITICAL in the newest scan of an image that a service runs. \
           Images that were never scanned are silent.",
    severities: &[
        (Severity::Crit, "at the critical level"),
        (Severity::Warn, "at the warning level"),
    ],
    thresholds: &["ecr_critical_findings"],
    runbooks: &[],
    reach: Reach::Scope,
    check: critical,
};

fn gone(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let read_at = context.state.repositories.at();
    // What was registered after the images were listed may name one that was pushed after that.
    let is_newer = |image: &str| {
        let known = context.state.task_definitions.get().into_iter().flatten();
        known
            .filter(|definition| definition.containers.iter().any(|one| one.image == image))
            .any(|definition| definition.registered_at > read_at)
    };
    for repository in repositories(context).filter(|repository| repository.images.is_some()) {
        for (image, users) in deployed(context, repository) {
            if repository.image(&ImageName::parse(image)).is_some() || is_newer(image) {
                continue;
            }
            let name = short(repository, image);
            findings.push(
                GONE.on(context, &repository.arn, &repository.name)
                    .hurts(Impact::Capacity)
                    .because(format!("{} runs {image}.", users.join(", ")))
                    .because("The repository has no such image: no task of it can be started anew.")
                    .report(Severity::Crit, format!("{name} is deployed and gone")),
            );
        }
    }
}

fn critical(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let limit = context.limits().ecr_critical_findings;
    for repository in repositories(context) {
        let (services, definitions) = running(context);
        let all = needed::needed(repository, services, definitions).into_iter();
        for Needed {
            image,
            name,
            runs,
            users,
            ..
        } in all.filter(|one| one.need == Need::Deployed)
        {
            let Some(scan) = &image.scan else {
                continue;
            };
            let called = match runs.moved_to {
                None => short(repository, name),
                Some(_) => short_digest(&image.digest),
            };
            let count = scan.count("CRITICAL");
            let Some(breach) = limit.judge(f64::from(count)) else {
                continue;
            };
            let high = match scan.count("HIGH") {
                0 => String::new(),
                high => format!(" and {high} high ones"),
            };
            let when = scan
                .at
                .map(|at| format!(" The scan is of {}.", words::day(at, context.zone())))
                .unwrap_or_default();
            findings.push(
                CRITICAL
                    .on(context, &repository.arn, &repository.name)
                    .because(format!(
                        "{} runs {called}, which has {}{high}.{when}",
                        users.join(", "),
                        words::count_of(
                            count as usize,
                            "critical vulnerability",
                            "critical vulnerabilities"
                        ),
                    ))
                    .report(severity(breach), format!("{count} critical in {called}")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::sample;
    use super::*;
    use crate::domain::ecr::Scan;
    use crate::domain::rules::sample::at;

    #[test]
    fn an_image_that_is_deployed_and_not_there_is_critical() {
        let images = || sample::repository(vec![sample::image('a', &["1.2"], 1)]);
        let findings = sample::bench(images(), ":1.1").check(&GONE);
        assert_eq!(findings[0].severity, Severity::Crit);
        assert_eq!(findings[0].title, "api:1.1 is deployed and gone");
        assert_eq!(sample::bench(images(), ":1.2").check(&GONE), []);
        let digest = format!("@sha256:{}", "a".repeat(64));
        assert_eq!(sample::bench(images(), &digest).check(&GONE), []);
        let gone = format!("@sha256:{}", "b".repeat(64));
        assert_eq!(
            sample::bench(images(), &gone).check(&GONE)[0].title,
            "sha256:bbbbbbbbbbbb is deployed and gone"
        );
        // What the repository has is not known.
        let mut unread = images();
        unread.images = None;
        assert_eq!(sample::bench(unread, ":1.1").check(&GONE), []);
    }

    #[test]
    fn critical_vulnerabilities_count_only_in_what_is_deployed() {
        let scanned = |digit, tag: &str, critical: u32| {
            let mut image = sample::image(digit, &[tag], 5);
            image.scan = Some(Scan {
                status: Some("COMPLETE".to_owned()),
                at: Some(at(0)),
                counts: BTreeMap::from([("CRITICAL".to_owned(), critical), ("HIGH".to_owned(), 4)]),
            });
            image
        };
        let repository = sample::repository(vec![scanned('a', "new", 0), scanned('b', "old", 2)]);
        assert_eq!(sample::bench(repository.clone(), ":new").check(&CRITICAL), []);
        let findings = sample::bench(repository, ":old").check(&CRITICAL);
        assert_eq!(findings[0].title, "2 critical in api:old");
        assert_eq!(findings[0].severity, Severity::Warn);
        assert!(findings[0].evidence[0].contains("2 critical vulnerabilities and 4 high ones"));
    }
}
