//! Executions of pipelines: which change went through, and who let it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::last_segment;

/// An execution of a pipeline.
/// <https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PipelineExecutionSummary.html>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// The pipeline's name.
    pub pipeline: String,
    /// The execution's id.
    pub id: String,
    /// `InProgress`, `Succeeded`, `Failed`, `Stopped`, `Superseded`, …
    pub status: String,
    /// What AWS says of the status; foreign text.
    pub summary: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// What was delivered, one for each source.
    pub revisions: Vec<Revision>,
    /// What began it.
    pub trigger: Option<Trigger>,
    /// The execution that it goes back to, if it is a rollback.
    pub rollback_of: Option<String>,
}

/// The state of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The source action.
    pub action: String,
    /// The commit, or the version of an object.
    pub id: Option<String>,
    /// The commit's message; foreign text.
    pub message: Option<String>,
    /// Who wrote it, where the source tells; foreign text.
    pub author: Option<String>,
    /// Where it can be looked at.
    pub url: Option<String>,
}

/// What began an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// `WebhookV2`, `StartPipelineExecution`, `ManualRollback`, …
    pub kind: String,
    /// Who or what: an ARN.
    pub detail: Option<String>,
}

impl Execution {
    /// The commit and its message, short enough for a row; empty if no source tells.
    pub fn change(&self) -> String {
        self.revisions.first().map(Revision::brief).unwrap_or_default()
    }

    /// Who is behind it: the author of the change, else the person who started it.
    pub fn who(&self) -> Option<&str> {
        let author = self.revisions.iter().find_map(|one| one.author.as_deref());
        author.or_else(|| self.trigger.as_ref()?.person())
    }

    /// Whether it is still under way.
    pub fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "InProgress" | "Stopping")
    }
}

impl Revision {
    /// The short commit and the first line of its message.
    pub fn brief(&self) -> String {
        let id: String = self.id.as_deref().unwrap_or_default().chars().take(7).collect();
        let message = self.message.as_deref().unwrap_or_default();
        let message = message.lines().next().unwrap_or_default().trim();
        match (id.is_empty(), message.is_empty()) {
            (false, false) => format!("{id} {message}"),
            (false, true) => id,
            (true, _) => message.to_owned(),
        }
    }
}

impl Trigger {
    /// The person or role who started it; a webhook or a schedule is nobody.
    pub fn person(&self) -> Option<&str> {
        let detail = self.detail.as_deref()?;
        let is_person = detail.contains(":user/") || detail.contains(":assumed-role/");
        is_person.then(|| last_segment(detail))
    }

    /// In words.
    pub fn words(&self) -> String {
        match (self.person(), self.kind.as_str()) {
            (Some(person), kind) => format!("{kind} by {person}"),
            (None, kind) => kind.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_its_commit_and_the_first_line_of_its_message() {
        let revision = |id: Option<&str>, message: Option<&str>| Revision {
            id: id.map(str::to_owned),
            message: message.map(str::to_owned),
            ..Revision::default()
        };
        let cases = [
            (
                revision(Some("0123456789"), Some("fix: 로그인\n\nlong")),
                "0123456 fix: 로그인",
            ),
            (revision(Some("abc"), None), "abc"),
            (revision(None, Some("upload")), "upload"),
            (revision(None, None), ""),
        ];
        for (revision, expected) in cases {
            assert_eq!(revision.brief(), expected);
        }
    }

    #[test]
    fn who_is_behind_an_execution_is_the_author_before_who_started_it() {
        let mut execution = Execution {
            trigger: Some(Trigger {
                kind: "StartPipelineExecution".to_owned(),
                detail: Some("arn:aws:sts::1:assumed-role/oncall/jiwon.kim".to_owned()),
            }),
            revisions: vec![Revision::default()],
            ..Execution::default()
        };
        assert_eq!(execution.who(), Some("jiwon.kim"));
        execution.revisions[0].author = Some("Nharu".to_owned());
        assert_eq!(execution.who(), Some("Nharu"));
        execution = Execution {
            trigger: Some(Trigger {
                kind: "WebhookV2".to_owned(),
                detail: Some("arn:aws:codestar-connections:ap-northeast-2:1:connection/1".to_owned()),
            }),
            ..Execution::default()
        };
        assert_eq!(execution.who(), None);
    }
}
