//! `ecr.retag`: a tag that hosts pull points to another image. `ecr.keep`: a tag that a lifecycle policy spares.

mod keep;

pub(super) use keep::Keep;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::ecr::Image;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, ecr};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site, Stamp,
    Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// A tag stands at once, and shows within seconds.
const PACE: Pace = Pace {
    every_s: 5,
    timeout_s: 2 * 60,
    settle_s: 20,
};

/// What is told of a tag: before, meanwhile and afterwards.
fn digest_of_tag() -> OutputSchema {
    OutputSchema::new("digest", Type::Text, "The image that has the tag.")
}

fn images(repository: &str) -> Query {
    Query::Ecr(ecr::Read::Images {
        registry: None,
        repository: repository.to_owned(),
    })
}

/// `ecr.retag`.
pub struct Retag;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    repository: String,
    #[serde(default = "latest")]
    tag: String,
    to: String,
}

fn latest() -> String {
    "latest".to_owned()
}

/// The word for the image that was pushed before the one that has the tag.
const LAST_GOOD: &str = "last-good";

fn read(with: &Arguments) -> Result<With, BadArguments> {
    let with: With = parse(with)?;
    let is_digest = with
        .to
        .strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if with.to == LAST_GOOD || is_digest {
        Ok(with)
    } else {
        Err(BadArguments(format!(
            "{} is neither {LAST_GOOD} nor a digest (sha256: and 64 digits)",
            with.to
        )))
    }
}

fn tagged<'v>(images: &'v [Image], tag: &str) -> Option<&'v Image> {
    images
        .iter()
        .find(|image| image.tags.iter().any(|known| known == tag))
}

fn words(image: &Image) -> String {
    let tags = if image.tags.is_empty() {
        "no tag".to_owned()
    } else {
        image.tags.join(", ")
    };
    match image.pushed_at {
        Some(at) => format!("{} ({tags}, pushed {at:.0})", short(&image.digest)),
        None => format!("{} ({tags})", short(&image.digest)),
    }
}

/// A digest as people tell digests apart.
fn short(digest: &str) -> &str {
    digest.get(..19).unwrap_or(digest)
}

/// The image that is meant.
fn wanted<'v>(with: &With, images: &'v [Image], now: Option<&Image>) -> Result<&'v Image, Refusal> {
    let repository = &with.repository;
    if with.to != LAST_GOOD {
        return images
            .iter()
            .find(|image| image.digest == with.to)
            .ok_or_else(|| Refusal::absent(format!("{repository} has no image {}", with.to)));
    }
    let now = now.ok_or_else(|| {
        Refusal::state(format!(
            "no image of {repository} has the tag {}: name a digest",
            with.tag
        ))
    })?;
    images
        .iter()
        .filter(|image| image.digest != now.digest && image.pushed_at < now.pushed_at)
        // The parts of an image for several platforms have no tags of their own.
        .filter(|image| !image.tags.is_empty())
        .max_by_key(|image| image.pushed_at)
        .ok_or_else(|| {
            Refusal::state(format!(
                "{repository} has no tagged image that was pushed before {}: name a digest",
                short(&now.digest)
            ))
        })
}

/// Which image has a tag.
fn tag_sight(view: &View, repository: &str, tag: &str) -> Sight {
    match view.images(None, repository) {
        Err(unread) => Sight::Unreadable(unread),
        // A repository without the image is as good as none.
        Ok([]) => Sight::Gone,
        Ok(images) => {
            let digest = tagged(images, tag).map(|image| &image.digest);
            Sight::Here(fields([("digest", json!(digest))]))
        }
    }
}

/// The call that gives the image of a change a tag.
fn put_tag(change: &Change, repository: String, tag: String) -> Result<Mutation, BadArguments> {
    let digest = change
        .after
        .get("digest")
        .and_then(Value::as_str)
        .ok_or_else(|| BadArguments("the change has no digest".to_owned()))?
        .to_owned();
    Ok(Mutation::Ecr(ecr::Write::PutTag {
        repository,
        digest,
        tag,
    }))
}

/// Writes into the answers which image has a tag.
fn move_tag(change: &Change, view: &mut View, (repository, tag): (&str, &str)) {
    let Some(digest) = change.after.get("digest").and_then(Value::as_str) else {
        return;
    };
    for image in view.images_mut(repository).into_iter().flatten() {
        image.tags.retain(|known| known != tag);
        if image.digest == digest {
            image.tags.push(tag.to_owned());
        }
    }
}

impl Action for Retag {
    fn name(&self) -> &'static str {
        "ecr.retag"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Points a tag of an ECR repository to another of its images.\n\
                Nothing is pushed or deleted, and whatever runs goes on; only what is pulled from now on is the \
                other image. `last-good` is the newest tagged image that was pushed before the one that has the \
                tag: ECR does not know what was well, so look at what the plan names. A repository whose tags \
                cannot be moved refuses. Undo points the tag back.",
            fields: vec![
                FieldSchema::required("repository", Type::Text, "The repository, of this account."),
                FieldSchema::optional("tag", Type::Text, "`latest`", "The tag."),
                FieldSchema::required("to", Type::Text, "`last-good`, or a digest."),
            ],
            outputs: vec![digest_of_tag()],
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
        let with = read(with)?;
        Ok(vec![images(&with.repository)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let given = read(with)?;
        let images = view.images(None, &given.repository)?;
        if images.is_empty() {
            return Err(Refusal::absent(format!("{} has no images", given.repository)));
        }
        let now = tagged(images, &given.tag);
        let image = wanted(&given, images, now)?;
        if now.is_some_and(|now| now.digest == image.digest) {
            return Ok(Proposal::nothing());
        }
        let mut own = with.clone();
        own.insert("to".to_owned(), json!(image.digest));
        let from = now.map_or_else(|| "nothing".to_owned(), words);
        let mut proposal = Proposal::one(Change {
            summary: format!("{}: {from} → {}", given.tag, words(image)),
            before: fields([("digest", json!(now.map(|now| &now.digest)))]),
            after: fields([("digest", json!(image.digest))]),
            ..Change::draft(
                self,
                site.target(Kind::EcrRepository, &given.repository, &given.repository),
                &own,
            )
        });
        if given.to == LAST_GOOD {
            proposal = proposal.warn(format!(
                "{}: ECR does not record what was well; {} is merely the image that was pushed before",
                given.repository,
                words(image)
            ));
        }
        Ok(proposal.warn(format!(
            "{}: a build that pushes {} takes the tag away again",
            given.repository, given.tag
        )))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = read(&change.with) else {
            return Sight::Gone;
        };
        tag_sight(view, &with.repository, &with.tag)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let With { repository, tag, .. } = read(&change.with)?;
        put_tag(change, repository, tag)
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        self.sight(change, view).progress(
            change,
            "the tag does not show it yet",
            Progress::Failed("the repository has no images any more".to_owned()),
        )
    }

    fn invert(&self, change: &Change) -> Undo {
        match change.before.get("digest").and_then(Value::as_str) {
            Some(before) => {
                let tag = change.with.get("tag").and_then(Value::as_str).unwrap_or("latest");
                let mut back = change.swapped(format!("{tag} → {}", short(before)));
                back.with.insert("to".to_owned(), json!(before));
                Undo::By(vec![back])
            }
            None => Undo::Impossible("the tag did not exist before, and is not deleted".to_owned()),
        }
    }

    fn project(&self, change: &Change, view: &mut View) {
        if let Ok(with) = read(&change.with) {
            move_tag(change, view, (&with.repository, &with.tag));
        }
    }
}
