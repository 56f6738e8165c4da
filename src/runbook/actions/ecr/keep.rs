//! `ecr.keep`: images that are needed get a tag by which the repository's lifecycle policy spares them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{PACE, digest_of_tag, images, move_tag, put_tag, tag_sight, tagged, words};
use crate::domain::ecr::lifecycle::{Fate, Policy, Rule, Selects, When};
use crate::domain::ecr::needed::{self, Need};
use crate::domain::ecr::{Image, Repository};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, ecr, ecs};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site, Stamp,
    Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `ecr.keep`.
pub struct Keep;

/// What services run and what a rollback goes back to, as far as the policy deletes it soon.
const NEEDED: &str = "needed";

/// What tags begin with unless said otherwise.
const PREFIX: &str = "keep-";

/// Digits of the digest in a tag: enough to tell the images of a repository apart.
const DIGITS: usize = needed::KEPT_DIGITS;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    repository: String,
    #[serde(default = "needed_images")]
    image: String,
    #[serde(default = "prefix")]
    prefix: String,
    /// Written by the plan.
    tag: Option<String>,
}

fn needed_images() -> String {
    NEEDED.to_owned()
}

fn prefix() -> String {
    PREFIX.to_owned()
}

/// The tag that an image gets: always the same, so that it gets it once.
fn tag_of(prefix: &str, image: &Image) -> String {
    let hex = image.digest.strip_prefix("sha256:").unwrap_or(&image.digest);
    let digits: String = hex.chars().take(DIGITS).collect();
    format!("{prefix}{digits}")
}

fn with_tag(change: &Change) -> Result<(String, String), BadArguments> {
    let with: With = parse(&change.with)?;
    match with.tag {
        Some(tag) => Ok((with.repository, tag)),
        None => Err(BadArguments("the change names no tag".to_owned())),
    }
}

/// Revisions that services with desired tasks run.
fn revisions(view: &View) -> Vec<String> {
    let services = view.services().unwrap_or_default();
    let running = services.iter().filter(|service| service.desired > 0);
    let names: BTreeSet<String> = running.map(|service| service.task_definition.clone()).collect();
    names.into_iter().collect()
}

/// A repository whose policy is looked at.
struct Keeping<'a> {
    repository: &'a Repository,
    policy: &'a Policy,
    images: &'a [Image],
    prefix: &'a str,
    now: Timestamp,
    /// Within so many days is soon.
    ahead_days: f64,
}

/// What a tag would do.
struct Kept {
    tag: String,
    warnings: Vec<String>,
}

impl Keeping<'_> {
    fn is_soon(&self, fate: Fate) -> bool {
        fate.when.is_soon(self.now, self.ahead_days)
    }

    /// Gives an image a tag, if that takes it out of what the policy deletes.
    fn keep(&self, image: &Image, fate: Fate) -> Result<Kept, Refusal> {
        let name = &self.repository.name;
        let tag = tag_of(self.prefix, image);
        if let Some(other) = tagged(self.images, &tag).filter(|other| other.digest != image.digest) {
            return Err(Refusal::state(format!(
                "{} has the tag {tag} already: give another prefix",
                words(other)
            )));
        }
        let after: Vec<Image> = self
            .images
            .iter()
            .map(|one| {
                let mut one = one.clone();
                if one.digest == image.digest && !one.tags.contains(&tag) {
                    one.tags.push(tag.clone());
                }
                one
            })
            .collect();
        let fate_of = |all: &[Image], digest: &str| {
            let one = all.iter().find(|one| one.digest == digest)?;
            self.policy.fate(one, all, self.now)
        };
        let mut warnings = Vec::new();
        if let Some(then) = fate_of(&after, &image.digest) {
            if self.is_soon(then) {
                return Err(self.refusal(image, fate, then));
            }
            warnings.push(format!(
                "{name}: rule {} of the lifecycle policy keeps {tag} only {}",
                then.rule,
                until(then.when)
            ));
        }
        let due =
            |all: &[Image], digest: &str| fate_of(all, digest).is_some_and(|fate| fate.when == When::Due);
        for other in self.images.iter().filter(|other| other.digest != image.digest) {
            if due(&after, &other.digest) && !due(self.images, &other.digest) {
                warnings.push(format!(
                    "{name}: with the tag on, the lifecycle policy deletes {} instead",
                    words(other)
                ));
            }
        }
        Ok(Kept { tag, warnings })
    }

    /// Why no tag helps, and what would.
    fn refusal(&self, image: &Image, fate: Fate, then: Fate) -> Refusal {
        let rule = self.policy.rule(then.rule);
        let said = rule.map_or_else(String::new, |rule| format!(" ({})", rule.words()));
        let name = &self.repository.name;
        let what = words(image);
        let selects_all = rule.is_some_and(|rule| rule.selects == Selects::Any);
        Refusal::state(if selects_all {
            format!(
                "no tag takes {what} out of rule {} of the lifecycle policy of {name}{said}: let it keep more, or put \
                 a rule of higher priority before it that selects tags beginning with {} and keeps as many as you \
                 need, and run this again",
                fate.rule, self.prefix
            )
        } else {
            format!(
                "with a tag beginning with {} {what} would go by rule {} of the lifecycle policy of {name}{said}: \
                 give another prefix, or let that rule keep more",
                self.prefix, then.rule
            )
        })
    }
}

/// How long a rule keeps what it does not delete soon.
fn until(when: When) -> String {
    match when {
        When::Due => "until the next evaluation".to_owned(),
        When::At(at) => format!("until {at:.0}"),
        When::AfterPushes(pushes) => format!("for {pushes} more pushes"),
    }
}

/// What the policy does with an image, in words.
fn doomed(rule: Option<&Rule>, fate: Fate) -> String {
    let when = match fate.when {
        When::Due => "at the next evaluation".to_owned(),
        When::At(at) => format!("at {at:.0}"),
        When::AfterPushes(1) => "with the next push".to_owned(),
        When::AfterPushes(pushes) => format!("after {pushes} more pushes"),
    };
    let said = rule.map_or_else(String::new, |rule| format!(" ({})", rule.words()));
    format!("rule {}{said} deletes it {when}", fate.rule)
}

impl Action for Keep {
    fn name(&self) -> &'static str {
        "ecr.keep"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Gives images that are needed a tag by which the lifecycle policy of their ECR repository spares \
                them.\n\
                `needed` is what services run and what was pushed before it, as far as the policy deletes it within \
                the days of `ecr_expiry_ahead_days`. The tag is the prefix and the first twelve digits of the \
                digest. The policy is evaluated with the tag on first: where a rule selects all images, or tags \
                that begin so, no such tag helps, and it is refused with what to change. Nothing is pushed or \
                deleted. The tag stays when a run is taken back: taking the only tag away would delete the image.",
            fields: vec![
                FieldSchema::required("repository", Type::Text, "The repository, of this account."),
                FieldSchema::optional(
                    "image",
                    Type::Text,
                    "`needed`",
                    "`needed`, a digest, or a tag that the image has.",
                ),
                FieldSchema::optional("prefix", Type::Text, "`keep-`", "What the tag begins with."),
            ],
            outputs: vec![OutputSchema::new("tag", Type::Text, "The tag that an image got.")],
            live: vec![digest_of_tag()],
            risk: Risk::Reversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Immediate,
            planning: Planning::Planned,
            target: Some(Kind::EcrRepository),
        }
    }

    fn pace(&self) -> Pace {
        PACE
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with: With = parse(with)?;
        let mut queries = vec![images(&with.repository)];
        // A change that is planned is looked at by its tag alone.
        if with.tag.is_none() {
            queries.push(Query::Ecr(ecr::Read::Repositories));
            queries.push(Query::Ecs(ecs::Read::Fleet));
        }
        Ok(queries)
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        let is_wanted = parse::<With>(with).is_ok_and(|with| with.image == NEEDED);
        let revisions = revisions(view);
        if !is_wanted || revisions.is_empty() {
            return Vec::new();
        }
        vec![Query::Ecs(ecs::Read::TaskDefinitions { revisions })]
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let given: With = parse(with)?;
        let name = &given.repository;
        let images = view.images(None, name)?;
        let known = view
            .repository(name)?
            .ok_or_else(|| Refusal::absent(format!("there is no repository {name}")))?;
        let policy = match &known.policy {
            None => {
                return Err(Refusal::state(format!(
                    "the lifecycle policy of {name} could not be read"
                )));
            }
            Some(None) => {
                return Ok(Proposal::passed_over(format!(
                    "{name} has no lifecycle policy: nothing is deleted"
                )));
            }
            Some(Some(policy)) => policy,
        };
        // The list of images is the newer answer, and the one that a change is projected into.
        let repository = Repository {
            images: Some(images.to_vec()),
            ..known.clone()
        };
        let keeping = Keeping {
            repository: &repository,
            policy,
            images,
            prefix: &given.prefix,
            now: site.now,
            ahead_days: site.decisions.policy.thresholds.ecr_expiry_ahead_days,
        };
        let revisions = revisions(view);
        let definitions = if given.image == NEEDED && !revisions.is_empty() {
            view.task_definitions(&revisions)?
        } else {
            &[]
        };
        let subjects: Vec<(&Image, String)> = if given.image == NEEDED {
            needed::needed(&repository, view.services()?, definitions)
                .into_iter()
                .map(|needed| {
                    let users = needed.users.join(", ");
                    let why = match needed.need {
                        Need::Deployed => format!("{users} runs it"),
                        Need::Rollback => format!("{users} would be rolled back to it"),
                    };
                    (needed.image, why)
                })
                .collect()
        } else {
            let by_tag = || tagged(images, &given.image);
            let image = images
                .iter()
                .find(|image| image.digest == given.image)
                .or_else(by_tag)
                .ok_or_else(|| Refusal::absent(format!("{name} has no image {}", given.image)))?;
            vec![(image, "it was named".to_owned())]
        };
        let mut proposal = Proposal::nothing();
        let mut seen = BTreeSet::new();
        for (image, why) in subjects {
            let fate = policy.fate(image, images, site.now);
            let is_meant = |fate: &Fate| given.image != NEEDED || keeping.is_soon(*fate);
            let Some(fate) = fate.filter(is_meant) else {
                continue;
            };
            if !seen.insert(&image.digest) {
                continue;
            }
            let Kept { tag, warnings } = keeping.keep(image, fate)?;
            proposal.warnings.extend(warnings);
            if image.tags.contains(&tag) {
                continue;
            }
            proposal.warnings.push(format!(
                "{name}: {}: {}, {why}",
                words(image),
                doomed(policy.rule(fate.rule), fate)
            ));
            let mut own = with.clone();
            own.insert("image".to_owned(), json!(image.digest));
            own.insert("prefix".to_owned(), json!(given.prefix));
            own.insert("tag".to_owned(), json!(tag));
            proposal.changes.push(Change {
                summary: format!("{tag} → {}", words(image)),
                before: fields([("digest", json!(null)), ("tag", json!(tag))]),
                after: fields([("digest", json!(image.digest)), ("tag", json!(tag))]),
                ..Change::draft(self, site.target(Kind::EcrRepository, name, name), &own)
            });
        }
        if proposal.changes.is_empty() {
            proposal.skipped.push(if given.image == NEEDED {
                format!(
                    "{name}: the lifecycle policy deletes nothing within {} days that a service runs or that was pushed \
                     before it",
                    keeping.ahead_days
                )
            } else {
                format!("{name}: the lifecycle policy spares {}", given.image)
            });
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok((repository, tag)) = with_tag(change) else {
            return Sight::Gone;
        };
        match tag_sight(view, &repository, &tag) {
            Sight::Here(mut seen) => {
                seen.insert("tag".to_owned(), json!(tag));
                Sight::Here(seen)
            }
            other => other,
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let (repository, tag) = with_tag(change)?;
        put_tag(change, repository, tag)
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        self.sight(change, view).progress(
            change,
            "the tag does not show yet",
            Progress::Failed("the repository has no images any more".to_owned()),
        )
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::NotNeeded("the tag stays: it keeps an image, and changes nothing else")
    }

    fn project(&self, change: &Change, view: &mut View) {
        if let Ok((repository, tag)) = with_tag(change) {
            move_tag(change, view, (&repository, &tag));
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::ecr::lifecycle::Expires;

    const NOW: &str = "2026-11-21T03:00:00Z";

    fn image(digit: char, tags: &[&str], days: i64) -> Image {
        let now: Timestamp = NOW.parse().unwrap();
        Image {
            digest: format!("sha256:{}", digit.to_string().repeat(64)),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            pushed_at: Some(now - SignedDuration::from_hours(24 * days)),
            ..Image::default()
        }
    }

    fn rule(priority: u32, selects: Selects, expires: Expires) -> Rule {
        Rule {
            priority,
            description: None,
            selects,
            expires,
        }
    }

    /// What becomes of the older of two images.
    fn kept(rules: Vec<Rule>, prefix: &str) -> Result<(String, Vec<String>), String> {
        let images = [image('a', &["latest"], 1), image('b', &[], 9)];
        let policy = Policy {
            rules,
            evaluated_at: None,
        };
        let repository = Repository {
            name: "api".to_owned(),
            ..Repository::default()
        };
        let keeping = Keeping {
            repository: &repository,
            policy: &policy,
            images: &images,
            prefix,
            now: NOW.parse().unwrap(),
            ahead_days: 7.0,
        };
        let fate = policy.fate(&images[1], &images, keeping.now).unwrap();
        match keeping.keep(&images[1], fate) {
            Ok(kept) => Ok((kept.tag, kept.warnings)),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    fn prefixes(prefix: &str) -> Selects {
        Selects::Prefixes(vec![prefix.to_owned()])
    }

    #[test]
    fn a_tag_takes_an_image_out_of_the_untagged() {
        let untagged = || rule(1, Selects::Untagged, Expires::DaysSincePushed(1));
        assert_eq!(
            kept(vec![untagged()], PREFIX),
            Ok(("keep-bbbbbbbbbbbb".to_owned(), Vec::new()))
        );
        let others = rule(2, prefixes("prod-"), Expires::CountMoreThan(1));
        assert!(kept(vec![untagged(), others], PREFIX).is_ok());
    }

    #[test]
    fn no_tag_escapes_a_rule_for_all_images() {
        for expires in [Expires::CountMoreThan(1), Expires::DaysSincePushed(5)] {
            let why = kept(vec![rule(1, Selects::Any, expires)], PREFIX).unwrap_err();
            assert!(
                why.contains("no tag takes") && why.contains("put a rule of higher priority"),
                "{why}"
            );
        }
        // Unless a rule that is applied before it selects the tag.
        let rules = vec![
            rule(1, prefixes(PREFIX), Expires::CountMoreThan(20)),
            rule(2, Selects::Any, Expires::CountMoreThan(1)),
        ];
        let (tag, warnings) = kept(rules, PREFIX).unwrap();
        assert_eq!(tag, "keep-bbbbbbbbbbbb");
        assert_eq!(
            warnings,
            ["api: rule 1 of the lifecycle policy keeps keep-bbbbbbbbbbbb only for 20 more pushes"]
        );
    }

    #[test]
    fn a_rule_for_the_prefix_that_deletes_it_too_is_seen() {
        let rules = || {
            vec![
                rule(1, Selects::Untagged, Expires::DaysSincePushed(1)),
                rule(2, prefixes("keep"), Expires::DaysSincePushed(3)),
            ]
        };
        let why = kept(rules(), PREFIX).unwrap_err();
        assert!(
            why.contains("would go by rule 2") && why.contains("another prefix"),
            "{why}"
        );
        assert!(kept(rules(), "stay-").is_ok());
    }
}
