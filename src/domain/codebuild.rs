//! AWS CodeBuild: projects and their newest builds.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A build project.
/// <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Project.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// The project's ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// What somebody wrote about it; foreign text.
    pub description: Option<String>,
    /// `BUILD_GENERAL1_SMALL`, …
    pub compute: Option<String>,
    /// After how long a build is ended, minutes.
    pub timeout_min: Option<u32>,
    /// The log group that builds write to, where it is known.
    pub log_group: Option<String>,
    /// Images that its build specification pushes, variables filled in as far as they are known; empty
    /// also where the specification is a file of the source.
    pub pushes: Vec<String>,
    /// The newest builds, newest first; `None` if they could not be read.
    pub builds: Option<Vec<Build>>,
}

/// A build.
/// <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Build.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// `project:uuid`.
    pub id: String,
    /// Its number in the project.
    pub number: Option<u64>,
    /// `SUCCEEDED`, `FAILED`, `FAULT`, `TIMED_OUT`, `IN_PROGRESS`, `STOPPED`.
    pub status: String,
    /// The phase that it is in, or ended in.
    pub phase: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The commit that was built.
    pub source: Option<String>,
    /// Who began it: `codepipeline/NAME`, a user.
    pub initiator: Option<String>,
    /// What failed.
    pub failure: Option<FailedPhase>,
    /// Where its log is.
    pub log: Option<LogPlace>,
}

/// The phase of a build that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedPhase {
    /// `PRE_BUILD`, `BUILD`, `POST_BUILD`, …
    pub phase: String,
    /// `COMMAND_EXECUTION_ERROR`, …
    pub code: Option<String>,
    /// What went wrong; foreign text.
    pub message: Option<String>,
}

/// A stream of a log group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPlace {
    /// The group's name.
    pub group: String,
    /// The stream's name, where it is known.
    pub stream: Option<String>,
}

impl Project {
    /// The newest build.
    pub fn newest(&self) -> Option<&Build> {
        self.builds.as_ref()?.first()
    }

    /// How many of the newest builds failed in a row; one that is under way, or that somebody stopped,
    /// neither counts nor ends the row.
    pub fn failed_in_a_row(&self) -> usize {
        self.builds
            .iter()
            .flatten()
            .filter(|build| !build.is_open() && build.status != "STOPPED")
            .take_while(|build| build.has_failed())
            .count()
    }

    /// The newest build that is over and failed.
    pub fn newest_failure(&self) -> Option<&Build> {
        self.builds.iter().flatten().find(|build| build.has_failed())
    }

    /// A build by its id.
    pub fn build(&self, id: &str) -> Option<&Build> {
        self.builds.iter().flatten().find(|build| build.id == id)
    }

    /// Minutes that the known builds took which began within `window` before `now`, each begun minute
    /// counted, as AWS bills them.
    pub fn minutes(&self, window: SignedDuration, now: Timestamp) -> u64 {
        self.builds
            .iter()
            .flatten()
            .filter(|build| {
                build
                    .started_at
                    .is_some_and(|at| now.duration_since(at) <= window)
            })
            .filter_map(|build| build.lasted(now))
            .map(|lasted| u64::try_from(lasted.as_secs()).unwrap_or(0).div_ceil(60))
            .sum()
    }
}

impl Build {
    /// Whether it is under way.
    pub fn is_open(&self) -> bool {
        self.status == "IN_PROGRESS"
    }

    /// Whether it ended badly by itself.
    pub fn has_failed(&self) -> bool {
        matches!(self.status.as_str(), "FAILED" | "FAULT" | "TIMED_OUT")
    }

    /// How long it took, or takes by now.
    pub fn lasted(&self, now: Timestamp) -> Option<SignedDuration> {
        let until = self.ended_at.unwrap_or(now);
        Some(until.duration_since(self.started_at?).max(SignedDuration::ZERO))
    }
}

/// The images that commands push, with variables filled in: `docker push $REPO:latest`.
/// What is only known while it is built stays as it is written.
pub fn pushed_images(commands: &str, variables: &[(String, String)]) -> Vec<String> {
    let mut images: Vec<String> = Vec::new();
    for line in commands.lines() {
        let Some((_, rest)) = line.split_once("docker push ") else {
            continue;
        };
        let end = |one: char| one.is_whitespace() || matches!(one, ';' | '&' | '|' | '#');
        let image = rest
            .split(end)
            .map(|word| word.trim_matches(['"', '\'']))
            .find(|word| !word.is_empty() && !word.starts_with('-'));
        if let Some(image) = image {
            let image = filled(image, variables);
            if !images.contains(&image) {
                images.push(image);
            }
        }
    }
    images
}

/// Text with `$NAME` and `${NAME}` replaced where the variable is known.
fn filled(text: &str, variables: &[(String, String)]) -> String {
    let mut known: Vec<&(String, String)> = variables.iter().collect();
    // The longest name first, since `$REPO` is the beginning of `$REPO_NAME`.
    known.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    known.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("${{{name}}}"), value)
            .replace(&format!("${name}"), value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn build(status: &str, from: i64, to: Option<i64>) -> Build {
        Build {
            id: format!("p:{from}"),
            status: status.to_owned(),
            started_at: Some(at(from)),
            ended_at: to.map(at),
            ..Build::default()
        }
    }

    #[test]
    fn pushed_images_are_found_with_their_variables() {
        let spec = "\
phases:
    build:
        commands:
            - docker build -t $ECR_REPO:latest .
    post_build:
        commands:
            - docker push $ECR_REPO:latest
            - docker push \"${ECR_REPO}:$IMAGE_TAG\" && echo done
            - docker push --quiet $ECR_REPOSITORY
";
        let variables = [
            ("ECR_REPO".to_owned(), "1.dkr.ecr.r.amazonaws.com/web".to_owned()),
            ("ECR_REPOSITORY".to_owned(), "other".to_owned()),
        ];
        assert_eq!(
            pushed_images(spec, &variables),
            [
                "1.dkr.ecr.r.amazonaws.com/web:latest",
                "1.dkr.ecr.r.amazonaws.com/web:$IMAGE_TAG",
                "other",
            ]
        );
        assert_eq!(pushed_images("buildspec.yml", &variables), [] as [&str; 0]);
    }

    #[test]
    fn failures_in_a_row_end_with_a_success() {
        let project = |states: &[&str]| Project {
            builds: Some(states.iter().map(|status| build(status, 0, None)).collect()),
            ..Project::default()
        };
        let cases: [(&[&str], usize); 6] = [
            (&[], 0),
            (&["SUCCEEDED", "FAILED"], 0),
            (&["FAILED", "SUCCEEDED", "FAILED"], 1),
            (&["IN_PROGRESS", "FAILED", "TIMED_OUT", "SUCCEEDED"], 2),
            (&["FAILED", "STOPPED", "FAULT"], 2),
            (&["IN_PROGRESS"], 0),
        ];
        for (states, expected) in cases {
            assert_eq!(project(states).failed_in_a_row(), expected, "{states:?}");
        }
    }

    #[test]
    fn begun_minutes_are_counted() {
        let mut first = build("SUCCEEDED", 100, Some(103));
        first.ended_at = Some(at(103) + SignedDuration::from_secs(1));
        let project = Project {
            builds: Some(vec![
                build("IN_PROGRESS", 118, None),
                first,
                build("FAILED", 0, Some(9)),
            ]),
            ..Project::default()
        };
        assert_eq!(project.minutes(SignedDuration::from_hours(1), at(120)), 2 + 4);
    }
}
