//! `ecr.immutable-tag-moved`: a tag that is moved to each newer image, in a repository that forbids it.

use super::{deployed, repositories, short};
use crate::domain::ecr::{ImageName, Repository};
use crate::domain::health::{Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::rules::{Context, Reach, Rule, words};

/// The rule.
pub const RULE: Rule = Rule {
    id: "ecr.immutable-tag-moved",
    kind: Kind::EcrRepository,
    title: "A build pushes latest where tags cannot be moved",
    what: "Repositories whose tags are immutable, and of which a build pushes `latest`, or a service runs \
           it: the first push succeeds, every one after it fails. Seen in build specifications that are \
           part of the project, in the message of a failed build, and in task definitions. Tags that the \
           repository excludes are not meant.",
    severities: &[(Severity::Warn, "a tag that moves cannot be moved")],
    thresholds: &[],
    runbooks: &[],
    reach: Reach::Scope,
    check,
};

/// The tag that by convention moves to each newer image.
const MOVING: &str = "latest";

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for repository in repositories(context).filter(|repository| repository.keeps_tag(MOVING)) {
        let evidence: Vec<String> = built(context, repository)
            .into_iter()
            .chain(run(context, repository))
            .collect();
        if evidence.is_empty() {
            continue;
        }
        let mut draft = RULE.on(context, &repository.arn, &repository.name);
        for sentence in evidence {
            draft = draft.because(sentence);
        }
        findings.push(
            draft
                .because("Push a tag for each build and deploy that, or exclude latest from immutability.")
                .report(Severity::Warn, "latest is pushed, and tags are immutable"),
        );
    }
}

fn is_moving(repository: &Repository, image: &str) -> bool {
    let name = ImageName::parse(image);
    name.repository == repository.uri && name.digest.is_none() && name.tag.unwrap_or(MOVING) == MOVING
}

/// Builds that push it, or that were refused to.
fn built(context: &Context<'_>, repository: &Repository) -> Vec<String> {
    let mut evidence = Vec::new();
    for project in context.state.build_projects.get().into_iter().flatten() {
        if let Some(image) = project.pushes.iter().find(|image| is_moving(repository, image)) {
            evidence.push(format!("The build {} pushes {image}.", project.name));
            continue;
        }
        let refused = project
            .newest_failure()
            .and_then(|build| build.failure.as_ref()?.message.as_deref())
            .filter(|message| message.contains("immutable") && message.contains(&repository.name));
        if let Some(message) = refused {
            evidence.push(words::excerpt(&format!(
                "The build {} failed: {message}",
                project.name
            )));
        }
    }
    evidence
}

/// Services that run it.
fn run(context: &Context<'_>, repository: &Repository) -> Vec<String> {
    deployed(context, repository)
        .into_iter()
        .filter(|(image, _)| is_moving(repository, image))
        .map(|(image, users)| format!("{} runs {}.", users.join(", "), short(repository, image)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::codebuild::{Build, FailedPhase, Project};
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;

    fn repository(immutable: bool, excluded: &[&str]) -> Repository {
        Repository {
            immutable,
            excluded_tags: excluded.iter().map(|tag| (*tag).to_owned()).collect(),
            ..sample::repository(vec![sample::image('a', &["latest", "1"], 1)])
        }
    }

    fn evidence(repository: Repository, reference: &str, project: Project) -> Vec<String> {
        let mut bench = sample::bench(repository, reference);
        bench.know(Source::BuildProjects, ReplyData::BuildProjects(vec![project]));
        let findings = bench.check(&RULE);
        findings
            .into_iter()
            .flat_map(|finding| finding.evidence)
            .collect()
    }

    #[test]
    fn only_an_immutable_tag_that_moves_is_told() {
        let pushes = |tag: &str| Project {
            name: "build".to_owned(),
            pushes: vec![format!("{}:{tag}", sample::uri())],
            ..Project::default()
        };
        let told = evidence(repository(true, &[]), ":1", pushes("latest"));
        assert_eq!(
            told[0],
            format!("The build build pushes {}:latest.", sample::uri())
        );
        assert_eq!(
            evidence(repository(true, &[]), ":1", pushes("1")),
            [] as [&str; 0]
        );
        assert_eq!(
            evidence(repository(false, &[]), ":1", pushes("latest")),
            [] as [&str; 0]
        );
        assert_eq!(
            evidence(repository(true, &["late*"]), ":1", pushes("latest")),
            [] as [&str; 0]
        );
        // Mutable but for what is excluded.
        assert_eq!(
            evidence(repository(false, &["latest"]), ":1", pushes("latest")).len(),
            2
        );
    }

    #[test]
    fn a_service_that_runs_it_and_a_build_that_was_refused_tell_it_too() {
        let told = evidence(repository(true, &[]), ":latest", Project::default());
        assert_eq!(told[0], "api of main runs api:latest.");
        let refused = Project {
            name: "build".to_owned(),
            builds: Some(vec![Build {
                status: "FAILED".to_owned(),
                failure: Some(FailedPhase {
                    phase: "POST_BUILD".to_owned(),
                    code: None,
                    message: Some(
                        "tag invalid: The image tag 'latest' already exists in the 'api' repository and cannot be \
                         overwritten because the repository is immutable."
                            .to_owned(),
                    ),
                }),
                ..Build::default()
            }]),
            ..Project::default()
        };
        let told = evidence(repository(true, &[]), ":1", refused);
        assert!(
            told[0].starts_with("The build build failed: tag invalid"),
            "{told:?}"
        );
    }
}
