//! `notify.sns`: a message to an SNS topic.

use serde::Deserialize;

use super::{PACE, UNDO, progress, schema, sight};
use crate::domain::ids::{Kind, last_segment};
use crate::domain::ops::{Mutation, Query, sns};
use crate::domain::text::{clean, clean_multiline};
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site, Stamp,
    Undo, View, parse,
};
use crate::runbook::schema::{ActionSchema, FieldSchema};
use crate::runbook::types::Type;

/// Characters of the longest subject that SNS takes.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
const MOST_SUBJECT: usize = 99;

/// `notify.sns`.
pub struct Sns;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    topic: String,
    title: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

fn wanted(with: &Arguments) -> Result<With, BadArguments> {
    let with: With = parse(with)?;
    region_of(&with.topic)?;
    Ok(with)
}

/// The region that a topic is in.
fn region_of(arn: &str) -> Result<&str, BadArguments> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "sns", region, account, name]
            if account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && !region.is_empty()
                && !name.is_empty() =>
        {
            Ok(region)
        }
        _ => Err(BadArguments(format!(
            "`{}` is no ARN of an SNS topic",
            clean(arn)
        ))),
    }
}

impl Action for Sns {
    fn name(&self) -> &'static str {
        "notify.sns"
    }

    fn schema(&self) -> ActionSchema {
        schema(
            self.name(),
            "Publishes a message to an SNS topic: title, status, run and text.\n\
             It is sent at most once. Its failure changes no verdict unless the step says `allow_failure: false`.",
            FieldSchema::required(
                "topic",
                Type::Text,
                "The topic's ARN, in the region in which the runbook runs.",
            ),
        )
    }

    fn pace(&self) -> Pace {
        PACE
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with = wanted(with)?;
        Ok(vec![Query::Sns(sns::Read::Topic { arn: with.topic })])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let message = wanted(with)?;
        let region = region_of(&message.topic)?;
        if region != site.region {
            return Err(BadArguments(format!(
                "the topic is in {region}, and this runs in {}",
                site.region
            ))
            .into());
        }
        let name = last_segment(&message.topic).to_owned();
        let proposal = Proposal::one(Change {
            summary: format!("tell SNS topic {name}: {}", clean(&message.title)),
            ..Change::draft(self, site.target(Kind::Scope, &message.topic, &name), with)
        });
        // Nothing that is done waits for whether somebody can be told of it.
        Ok(match view.topic(&message.topic) {
            Ok(Some(topic)) if topic.confirmed == Some(0) => {
                proposal.warn(format!("nobody is subscribed to SNS topic {name}"))
            }
            Ok(Some(_)) => proposal,
            Ok(None) => proposal.warn(format!("there is no SNS topic {name}: nobody will be told")),
            Err(unread) => proposal.warn(format!("SNS topic {name} {unread}")),
        })
    }

    fn sight(&self, _change: &Change, _view: &View) -> Sight {
        sight()
    }

    fn apply(&self, change: &Change, stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with = wanted(&change.with)?;
        let status = with.status.as_deref().unwrap_or(stamp.status);
        let mut message = format!("{}\n\nstatus: {status}\nrun: {}", clean(&with.title), stamp.run);
        if let Some(text) = &with.text {
            message.push_str("\n\n");
            message.push_str(&clean_multiline(text));
        }
        Ok(Mutation::Sns(sns::Write::Publish {
            topic: with.topic,
            subject: subject(&with.title),
            message,
            group: stamp.run.to_owned(),
        }))
    }

    fn progress(&self, _change: &Change, applied: &Applied, _view: &View) -> Progress {
        progress(applied)
    }

    fn watch(&self, _change: &Change, _applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        Ok(Vec::new())
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::NotNeeded(UNDO)
    }

    fn leaves_trace(&self) -> bool {
        false
    }

    fn is_message(&self) -> bool {
        true
    }

    fn project(&self, _change: &Change, _view: &mut View) {}
}

/// A title as SNS takes it: printable ASCII, not beginning with a space, fewer than 100 characters.
fn subject(title: &str) -> String {
    let plain: String = clean(title)
        .trim()
        .chars()
        .map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' })
        .take(MOST_SUBJECT)
        .collect();
    if plain.is_empty() {
        "quarterdeck".to_owned()
    } else {
        plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_what_sns_takes() {
        assert_eq!(subject("롤백 done\nnow\u{1b}[31m"), "?? done?now");
        assert_eq!(subject(&"x".repeat(500)).len(), MOST_SUBJECT);
        assert_eq!(subject(" \u{200b} "), "quarterdeck");
    }

    #[test]
    fn a_topic_is_named_by_its_arn() {
        assert_eq!(
            region_of("arn:aws:sns:ap-northeast-2:123456789012:ops"),
            Ok("ap-northeast-2")
        );
        for bad in [
            "ops",
            "arn:aws:sqs:us-east-1:123456789012:ops",
            "arn:aws:sns::123456789012:ops",
        ] {
            assert!(region_of(bad).is_err(), "{bad}");
        }
    }
}
